"""Wall and CPU seconds of each solved notebook, executed headless in a fresh kernel, beside its budget.

    python -m benchmarks.notebooks [06 07 ...] [--repeats 1]

Beside them the most memory that the kernel held, and what the outputs add to the file when it is saved. With lessons
named, their rows take the place of the earlier ones, and the others stay.
"""

import argparse
import math
import os
import re
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from course_lib.instructor.source import read_notebook, source_files

from . import record

REPEATS = 3
PACKAGES = ["numpy", "matplotlib", "ipywidgets", "anywidget", "nbclient", "ipykernel", "torch"]
# Seconds that a whole notebook may take on two cores (SYLLABUS.md), by the lesson's number.
BUDGETS = {"01": 40, "02": 15, "03": 10, "04": 30, "05": 40, "06": 90,
           "07": 120, "08": 40, "09": 120, "10": 60, "11": 150, "12": 120}


def peak_mib(client: NotebookClient) -> float:
    """The most memory that a client's kernel has held so far, in MiB; NaN where the system does not tell."""
    status = Path(f"/proc/{client.km.provisioner.pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else math.nan


def execute(source: Path) -> tuple[float, float, float, float]:
    """Wall and CPU seconds of running every cell of a source, the kernel's MiB, and the KiB of the outputs.

    CPU is that of the client and of the kernel.
    """
    notebook, memory = read_notebook(source), []
    empty = len(nbformat.writes(notebook))
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": folder}},
                                on_cell_complete=lambda **_: memory.append(peak_mib(client)))
        before, start = os.times(), time.perf_counter()
        client.execute()
        wall, after = time.perf_counter() - start, os.times()
    # user, system, and the same of the children that have ended: the kernel
    return wall, sum(after[:4]) - sum(before[:4]), max(memory), (len(nbformat.writes(notebook)) - empty) / 1024


def measure(sources: list[Path], repeats: int) -> list[dict]:
    """A row for each source, which take turns."""
    times = {source: [] for source in sources}
    for _ in range(repeats):
        for source in sources:
            times[source].append(execute(source))
    rows = []
    for source, measured in times.items():
        wall, cpu, memory, outputs = zip(*measured, strict=True)
        rows.append({"notebook": source.stem, "repeats": repeats, "budget_s": BUDGETS[source.stem[:2]],
                     "wall_median_s": round(statistics.median(wall), 2), "wall_max_s": round(max(wall), 2),
                     "cpu_median_s": round(statistics.median(cpu), 2), "peak_mib": round(max(memory), 1),
                     "outputs_kib": round(statistics.median(outputs), 1)})
    return rows


def main() -> None:
    """Measures notebooks, by default all, and writes data/notebook_times.csv."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="NN", help="by default all")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    chosen = parser.parse_args()
    sources = [source for source in source_files(record.ROOT)
               if not chosen.lessons or source.stem[:2] in chosen.lessons]
    record.update("notebook_times", measure(sources, chosen.repeats), PACKAGES, lambda row: (row["notebook"],))


if __name__ == "__main__":
    main()
