"""What the pages say was measured is what the CSVs of data/ hold, and every CSV, plot and benchmark is named."""

import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from benchmarks import __main__ as bench, growth, plots, tables
from benchmarks.record import DATA, ROOT

NOT_MEASURING = {"__main__", "labels", "one_thread", "plots", "record", "tables"}


def test_the_tables_of_the_pages_are_those_of_the_csvs():
    assert tables.stale() == [], "run `python -m benchmarks.tables`"
    placed = {name for page in tables.PAGES for _, name, _ in tables.PLACE.findall(page.read_text(encoding="utf-8"))}
    assert placed == set(tables.TABLES)


def test_a_changed_number_is_noticed():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cell = tables.summary().splitlines()[2].split(" | ")[1]
    assert tables.filled(readme.replace(cell, "0 ms")) == readme != readme.replace(cell, "0 ms")


def test_every_csv_has_a_row_in_its_readme_and_a_command_that_makes_it():
    there = {path.stem for path in DATA.glob("*.csv")}
    listed = set(re.findall(r"`(\w+)\.csv`", (DATA / "README.md").read_text(encoding="utf-8")))
    made = {name for part in bench.PARTS + bench.APART for name in part.results} | {"bench"}
    assert there <= listed and listed <= made and there <= made


def test_the_list_names_every_benchmark():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--list"], cwd=ROOT, capture_output=True, text=True,
                          check=True)
    there = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - NOT_MEASURING
    assert there == {part.name for part in bench.PARTS + bench.APART}
    assert all(f"python -m benchmarks.{name}" in done.stdout for name in there)
    assert bench.total(bench.PARTS) < tables.BENCH_MINUTES


def test_a_part_that_fails_is_named_and_the_others_still_run(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(bench, "run", lambda name, arguments="": ran.append(name) or name != "imports")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "imports", "sizes"])
    with pytest.raises(SystemExit, match="Failed, see above: imports."):
        bench.main()
    assert set(ran) == {"imports", "sizes", *bench.DRAWN}
    assert "[2/2] imports" in capsys.readouterr().out


@pytest.mark.parametrize("name", plots.PLOTS)
def test_a_plot_is_drawn_from_its_csv(name):
    for ending, dark in plots.THEMES.items():
        kept = (plots.FOLDER / f"{name}{ending}.svg").read_text(encoding="utf-8")
        drawn = plots.picture(name, dark)
        # Another matplotlib writes other bytes; that it draws at all is what can be asked of it.
        if f"Matplotlib v{matplotlib.__version__}," in kept:
            assert drawn == kept, "run `python -m benchmarks.plots`"
        assert len(kept.encode()) < 40_000


def test_the_exponent_of_a_power_is_found_whatever_the_first_points_cost():
    points = [growth.point("channels", size, "torch", [5e-4 * size ** 1.5 + (0.01 if size < 16 else 0)])
              for size in growth.GROWS["channels"]]
    (row,) = growth.exponents(points)
    assert (row["exponent"], row["standard_error"], row["theory"]) == ("1.50", "0.00", 2)
    assert float(row["exponent_of_all"]) < 1.5 and float(row["standard_error_of_all"]) > 0


def test_both_that_are_compared_in_growth_compute_the_same():
    chains = growth.chains({"image side": 7, "channels": 3, "depth": 3, "batch": 2})
    ours, theirs = (chain() for chain in chains.values())
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
