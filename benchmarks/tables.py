"""The tables of README.md, docs/performance.md and docs/training.md, made from the CSVs of data/.

    python -m benchmarks.tables            # writes them
    python -m benchmarks.tables --check    # says which is not that of its CSV

A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import argparse
import re
import statistics

import numpy as np

from . import cifar10_budget, cifar10_networks, record, training_loop
from .plots import kib, largest, lesson, rows

PAGES = [record.ROOT / page for page in ("README.md", "docs/performance.md", "docs/training.md")]
PLACE = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
# What was promised before it was measured: times torch's CPU time, and test accuracy by CPU seconds.
TIMES_TORCH = {"forward": 1.8, "backward": 3.5}
ACCURACY = {60: 76, 200: 86, 900: 91}
MINUTES = 12  # of all solved notebooks on two cores
BENCH_MINUTES = 30


def table(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def short(value: float) -> str:
    """A number with three digits that count, or more where it is larger."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def several(values, show=short) -> str:
    return " / ".join(show(value) for value in values)


def source(module: str, name: str) -> str:
    """What measures, with a link to what it wrote."""
    return f"[{module}](data/{name}.csv)"


# ------------------------------------------------------------------------------------------- what the CSVs say

def timed(direction: str, name: str) -> list[dict]:
    """Rows of NumPy's convolution, in the order of the shapes."""
    return [row for row in rows("numpy_conv") if (row["pass"], row["name"]) == (direction, name)]


def halves(found: list[dict]) -> list[float]:
    """Half the distance of the quartiles, in per cent of the median."""
    ends = [[float(end) for end in row["quartiles_ms"].split("-")] for row in found]
    return [50 * (high - low) / float(row["median_ms"]) for row, (low, high) in zip(found, ends, strict=True)]


def reached(recipe: str) -> dict[int, list[float]]:
    """Test accuracies in per cent, by the CPU seconds of training, seed by seed."""
    found = {}
    for row in rows("cifar10_budget"):
        if row["recipe"] == recipe:
            found.setdefault(int(row["budget"]), []).append(100 * float(row["test_accuracy"]))
    return found


def notebook_seconds() -> tuple[float, float, dict]:
    """Wall seconds of all notebooks, their budgets together, and the row that is nearest to its budget."""
    found = rows("notebook_times")
    return (sum(float(row["wall_median_s"]) for row in found), sum(float(row["budget_s"]) for row in found),
            max(found, key=lambda row: float(row["wall_median_s"]) / float(row["budget_s"])))


def graded() -> dict[str, dict[str, dict]]:
    """Rows of the largest class of each notebook, by notebook and way."""
    found = {}
    for row in largest(rows("grading")):
        found.setdefault(row["notebook"], {})[row["way"]] = row
    return found


# ---------------------------------------------------------------------------------------------------- README

def summary() -> str:
    """The README's table: what, the course, beside it, how many times, spread, where from."""
    lines = [*(_convolution(direction, name) for name in ("torch", "CS231n layout") for direction in TIMES_TORCH),
             _loops(), _cifar10(), _latency(), _first_cells(), _notebooks(),
             *(_graded(name) for name in graded()), _workers(), _sizes(), _growth()]
    return table(["What", "The course", "Beside it", "Ratio", "Spread", "Measured by"], lines)


def _convolution(direction: str, name: str) -> list[str]:
    ours, theirs = timed(direction, "course_lib.ops"), timed(direction, name)
    milliseconds = [several(float(row["median_ms"]) for row in found) for found in (ours, theirs)]
    ratios = [float(mine["median_ms"]) / float(row["median_ms"]) for mine, row in zip(ours, theirs, strict=True)]
    return [f"convolution {direction}, NumPy, shapes A / B / C", f"{milliseconds[0]} ms",
            f"{name}: {milliseconds[1]} ms", several(ratios, lambda value: f"{value:.2f}"),
            f"±{several(halves(ours), lambda value: f'{value:.0f}')} %", source("numpy_conv", "numpy_conv")]


def _loops() -> list[str]:
    found = {row["loop"]: row for row in rows("training_loop")}
    mine, others = found["train"], [name for name in ("akamaster", "lecture author", "d2l") if name in found]
    speeds = [float(found[name]["images_per_cpu_s"]) for name in others]
    return ["training ResNet-20, images per CPU second", mine["images_per_cpu_s"],
            "; ".join(f"{name}'s loop: {speed:.0f}" for name, speed in zip(others, speeds, strict=True)),
            several((float(mine["images_per_cpu_s"]) / speed for speed in speeds), lambda value: f"{value:.2f}"),
            f"first ratio {mine['lowest_highest'].replace('-', ' to ')} in {mine['turns']} turns",
            source("training_loop", "training_loop")]


def _cifar10() -> list[str]:
    ours, author = reached("fast"), reached("author")
    budgets = [second for second in sorted(ours) if second in ACCURACY]
    medians = [[statistics.median(found[each]) if each in found else None for each in budgets]
               for found in (ours, author)]
    shown = [several(median, lambda value: "not run" if value is None else f"{value:.1f}") for median in medians]
    gained = [mine - theirs for mine, theirs in zip(*medians, strict=True) if theirs is not None]
    return [f"CIFAR-10, test accuracy in % after {several(budgets, str)} CPU seconds", shown[0],
            f"lecture's network and recipe: {shown[1]}", f"+{several(gained, lambda value: f'{value:.0f}')} points",
            f"{several((max(ours[each]) - min(ours[each]) for each in budgets), lambda value: f'{value:.1f}')} points, "
            f"{len(ours[budgets[0]])} seeds", source("cifar10_budget", "cifar10_budget")]


def _latency() -> list[str]:
    ours, theirs = rows("widget_latency")
    median, high = ([float(row[f"painted_{which}_ms"]) for row in (ours, theirs)] for which in ("median", "p95"))
    return ["widget, key press to painted frame", f"{short(median[0])} ms",
            f"{theirs['stepper']}: {short(median[1])} ms", f"{median[0] / median[1]:.2f}",
            f"95th percentile {several(high)} ms", source("widget_latency", "widget_latency")]


def _first_cells() -> list[str]:
    found = rows("first_cells")
    numpy, torch = ([row for row in found if (lesson(row) < "06") == early] for early in (True, False))
    cpu, memory = ([statistics.median(float(row[column]) for row in part) for part in (numpy, torch)]
                   for column in ("cpu_median_s", "peak_mib"))
    ends = [float(row["cpu_median_s"]) for row in numpy]
    return ["first cells of a notebook, CPU seconds and memory", f"01-05: {cpu[0]:.1f} s, {memory[0]:.0f} MiB",
            f"06-12, with torch: {cpu[1]:.1f} s, {memory[1]:.0f} MiB", f"{cpu[0] / cpu[1]:.2f}",
            f"01-05 {min(ends):.1f} to {max(ends):.1f} s", source("first_cells", "first_cells")]


def _notebooks() -> list[str]:
    wall, budget, nearest = notebook_seconds()
    share = float(nearest["wall_median_s"]) / float(nearest["budget_s"])
    return ["all twelve notebooks solved, two cores", f"{wall / 60:.1f} min", f"their budgets: {budget / 60:.1f} min",
            f"{wall / budget:.2f}", f"{lesson(nearest)} is nearest to its budget, {100 * share:.0f} %",
            source("notebooks", "notebook_times")]


def _graded(name: str) -> list[str]:
    ways = graded()[name]
    plain, mine = (float(ways[way]["cpu_s_per_submission"]) for way in ("nbgrader autograde", "grade, one worker"))
    return [f"grading {lesson(ways['grade, one worker'])}, sandboxed, CPU seconds per submission", f"{mine:.2f}",
            f"plain nbgrader: {plain:.2f}", f"{mine / plain:.2f}",
            f"one run of {ways['grade, one worker']['submissions']}", source("grading", "grading")]


def _workers() -> list[str]:
    ways = graded().values()
    one, two = ([float(each[f"grade, {count}"]["submissions_per_minute"]) for each in ways]
                for count in ("one worker", "two workers"))
    return [f"grading {several((lesson(each['grade, one worker']) for each in ways), str)} with two workers, "
            "submissions per minute", several(two, lambda value: f"{value:.0f}"),
            f"one worker: {several(one, lambda value: f'{value:.0f}')}",
            several((b / a for a, b in zip(one, two, strict=True)), lambda value: f"{value:.2f}"), "one run each",
            source("grading", "grading")]


def _sizes() -> list[str]:
    found = {row["what"]: float(row["kib"]) for row in rows("sizes")}
    after, empty = rows("notebook_times"), found["notebooks"]
    added = [float(row["outputs_kib"] or 0) for row in after]
    heaviest = max(after, key=lambda row: float(row["outputs_kib"] or 0))
    return ["the twelve notebooks, as released", kib(empty), f"saved with all outputs: {kib(empty + sum(added))}",
            f"{empty / (empty + sum(added)):.2f}", f"{lesson(heaviest)} is the largest, outputs {kib(max(added))}",
            source("sizes", "sizes")]


def _growth() -> list[str]:
    fits = [row for row in rows("growth_exponents") if row["who"] != "torch"]
    return [f"cost grows with {several((row['grows'] for row in fits), str)} to the power",
            several((row["exponent"] for row in fits), str), f"theory: {several((row['theory'] for row in fits), str)}",
            "", f"±{several((row['standard_error'] for row in fits), str)}", source("growth", "growth_exponents")]


# --------------------------------------------------------------------------------------- docs/performance.md

def promises() -> str:
    """What was promised, and what came of it."""
    lines = []
    for direction, most in TIMES_TORCH.items():
        worst = max(float(row["times_torch"]) for row in timed(direction, "course_lib.ops"))
        lines.append([f"convolution {direction}, the worst of three shapes, one thread", f"at most {most} times torch",
                      f"{worst:.2f}", worst <= most])
    for seconds, least in ACCURACY.items():
        median = statistics.median(reached("fast")[seconds])
        lines.append([f"CIFAR-10 after {seconds} CPU seconds, median of three seeds", f"at least {least} %",
                      f"{median:.1f} %", median >= least])
    wall, _, nearest = notebook_seconds()
    share = float(nearest["wall_median_s"]) / float(nearest["budget_s"])
    lines += [["all twelve notebooks solved, two cores", f"at most {MINUTES} min", f"{wall / 60:.1f} min",
               wall <= 60 * MINUTES],
              ["each notebook", "within its budget", f"the nearest, {lesson(nearest)}, takes {100 * share:.0f} % of it",
               share <= 1]]
    if (record.DATA / "bench.csv").exists():  # a whole run writes it at its end
        minutes = sum(float(row["minutes"]) for row in rows("bench"))
        lines.append(["`make bench`, two cores", f"under {BENCH_MINUTES} min", f"{minutes:.0f} min",
                      minutes < BENCH_MINUTES])
    return table(["What", "Promised", "Measured", "Kept"],
                 [[*cells, "yes" if kept else "no"] for *cells, kept in lines])


def convolution() -> str:
    ours = {(row["shape"], row["pass"]): float(row["median_ms"]) for row in rows("numpy_conv")
            if row["name"] == "course_lib.ops"}
    return table(["Shape", "Pass", "", "Median, ms", "Quartiles, ms", "Times torch", "Times the course"],
                 [[row["shape"], row["pass"], row["name"], short(float(row["median_ms"])),
                   row["quartiles_ms"].replace("-", " to "), row["times_torch"],
                   f"{float(row['median_ms']) / ours[row['shape'], row['pass']]:.2f}"] for row in rows("numpy_conv")])


def latency() -> str:
    return table(["Stepper", "Page changed, ms", "Frame painted, ms", "Next frame began, ms"],
                 [[row["stepper"], *(f"{row[f'{moment}_median_ms']} (95 % within {row[f'{moment}_p95_ms']})"
                                     for moment in ("dom", "painted", "next_frame"))]
                  for row in rows("widget_latency")])


def start() -> str:
    whole = {row["notebook"]: row for row in rows("notebook_times")}
    return table(["Notebook", "Kernel starts, wall s", "First cells, wall s", "CPU s", "Lowest to highest",
                  "Memory, MiB", "Memory of the whole, solved, MiB"],
                 [[lesson(row), row["kernel_wall_s"], row["wall_median_s"], row["cpu_median_s"],
                   f"{row['cpu_lowest_s']} to {row['cpu_highest_s']}", row["peak_mib"],
                   short(float(whole[row["notebook"]]["peak_mib"] or "nan"))] for row in rows("first_cells")])


def notebooks() -> str:
    return table(["Notebook", "Budget, s", "Wall, s", "Highest", "CPU, s", "Repeats"],
                 [[row["notebook"].replace("_", " "), row["budget_s"], row["wall_median_s"], row["wall_max_s"],
                   row["cpu_median_s"], row["repeats"]] for row in rows("notebook_times")])


def sizes() -> str:
    outputs = {row["notebook"]: float(row["outputs_kib"] or 0) for row in rows("notebook_times")}
    return table(["What", "Files", "Size", "Packed", "Saved with outputs"],
                 [[row["what"].replace("_", " "), row["files"], kib(float(row["kib"])), kib(float(row["packed_kib"])),
                   kib(float(row["kib"]) + outputs[row["what"]]) if row["what"] in outputs else ""]
                  for row in rows("sizes")])


def grading() -> str:
    return table(["Notebook", "Submissions", "", "CPU s per submission", "Times nbgrader", "Submissions per minute",
                  "Times one worker"],
                 [[row["notebook"], row["submissions"], row["way"], row["cpu_s_per_submission"], row["times_nbgrader"],
                   row["submissions_per_minute"], row["times_one_worker"]] for row in rows("grading")])


def growth() -> str:
    return table(["Grows", "Who", "Theory", "Last four points", "From, to", "All points"],
                 [[row["grows"], row["who"], row["theory"], f"{row['exponent']} ± {row['standard_error']}",
                   f"{row['fitted_from']} to {row['fitted_to']}",
                   f"{row['exponent_of_all']} ± {row['standard_error_of_all']}"] for row in rows("growth_exponents")])


def rates() -> str:
    """How many thousand million operations a second the convolutions of data/growth.csv come to."""
    points = [row for row in rows("growth") if row["gflop_per_s"]]
    lines = {}
    for row in points:
        lines.setdefault((row["grows"], row["who"]), []).append(f"{float(row['gflop_per_s']):.0f}")
    sizes = {row["grows"]: [each["size"] for each in points if each["grows"] == row["grows"]
                            and each["who"] == row["who"]] for row in points}
    return table(["Grows", "Sizes", "Who", "GFLOP/s"],
                 [[what, several(sizes[what], str), who, several(speeds, str)]
                  for (what, who), speeds in lines.items()])


def start_up() -> str:
    """The straight line through grading's points, each weighing as much as it is exact."""
    points = [(int(row["size"]), float(row["cpu_median_s"])) for row in rows("growth")
              if row["grows"] == "submissions"]
    count, seconds = np.array(points).T
    each, first = np.polyfit(count, seconds, 1, w=1 / seconds)
    return (f"Grading costs {first:.1f} CPU seconds to start and {each:.1f} for each submission: the straight line "
            "through the points of `data/growth.csv`.")


# Of the steps of the training loop: what prototypes had promised, how many times the loop of the line before.
TRIED = (("channels innermost in memory (channels_last)", "1.25 to 1.32", "in memory", "+ channels_last"),
         ("a fused optimizer, and no loss read at each step", "nothing beyond the noise", "+ channels_last",
          "+ fused, no item"),
         ("all of it, against akamaster's loop", "1.35", "akamaster", "train"),
         ("compiling, on top", "1.23", "train", "train, compiled"),
         ("all of it, compiled, against akamaster's loop", "1.65 to 1.7", "akamaster", "train, compiled"))


def tried() -> str:
    speed = {row["loop"]: float(row["images_per_cpu_s"]) for row in rows("training_loop")}
    return table(["Tried", "Predicted, times as fast", "Got"],
                 [[what, predicted, f"{speed[after] / speed[before]:.2f}"]
                  for what, predicted, before, after in TRIED])


def columns() -> str:
    """Times torch, by the bytes of columns worked on at a time."""
    measured = {(row["pass"], row["room_kib"]): row["times_torch"] for row in rows("columns")}
    rooms = sorted({room for _, room in measured}, key=int)
    return table(["KiB of columns at a time", *rooms],
                 [[f"{way}, times torch", *(measured[way, room] for room in rooms)] for way in ("forward", "backward")])


TABLES = {"summary": summary, "promises": promises, "convolution": convolution, "latency": latency, "start": start,
          "notebooks": notebooks, "sizes": sizes, "grading": grading, "growth": growth, "rates": rates,
          "start-up": start_up, "tried": tried, "columns": columns, "training-loop": training_loop.table,
          "cifar10-budget": cifar10_budget.table, "cifar10-networks": cifar10_networks.table}


def filled(text: str) -> str:
    """A page with each of its tables made anew."""
    def make(place: re.Match) -> str:
        if place[2] not in TABLES:
            raise SystemExit(f"There is no table {place[2]}; choose from: {', '.join(TABLES)}.")
        return f"{place[1]}{TABLES[place[2]]()}\n{place[3]}"

    return PLACE.sub(make, text)


def stale() -> list[str]:
    """The pages whose tables are not those of the CSVs."""
    return [page.relative_to(record.ROOT).as_posix() for page in PAGES
            if page.read_text(encoding="utf-8") != filled(page.read_text(encoding="utf-8"))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a table is not that of its CSV")
    if not parser.parse_args().check:
        for page in PAGES:
            page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    elif pages := stale():
        raise SystemExit(f"{' and '.join(pages)}: tables differ from data/. Run `python -m benchmarks.tables`.")


if __name__ == "__main__":
    main()
