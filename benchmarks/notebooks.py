"""Wall and CPU seconds of each solved notebook, executed headless in a fresh kernel, beside its budget.

    python -m benchmarks.notebooks [06 07 ...]

With lessons named, their rows take the place of the earlier ones, and the others stay.
"""

import csv
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nbclient import NotebookClient

from course_lib.instructor.source import read_notebook, source_files

from . import record

REPEATS = 3
PACKAGES = ["numpy", "matplotlib", "ipywidgets", "anywidget", "nbclient", "ipykernel", "torch"]
# Seconds that a whole notebook may take on two cores (SYLLABUS.md), by the lesson's number.
BUDGETS = {"01": 40, "02": 15, "03": 10, "04": 30, "05": 40, "06": 90,
           "07": 120, "08": 40, "09": 120, "10": 60, "11": 150, "12": 120}


def execute(source: Path) -> tuple[float, float]:
    """(wall, CPU) seconds of running every cell of a source; CPU is that of the client and of the kernel."""
    notebook = read_notebook(source)
    with tempfile.TemporaryDirectory() as folder:
        before, start = os.times(), time.perf_counter()
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
        wall, after = time.perf_counter() - start, os.times()
    # user, system, and the same of the children that have ended: the kernel
    return wall, sum(after[:4]) - sum(before[:4])


def main(*lessons: str) -> None:
    """Measures notebooks, by default all, and writes data/notebook_times.csv."""
    sources = [source for source in source_files(record.ROOT) if not lessons or source.stem[:2] in lessons]
    times = {source: [] for source in sources}
    for _ in range(REPEATS):
        for source in sources:
            times[source].append(execute(source))
    rows = []
    for source, measured in times.items():
        wall, cpu = zip(*measured, strict=True)
        rows.append({"notebook": source.stem, "repeats": REPEATS, "budget_s": BUDGETS[source.stem[:2]],
                     "wall_median_s": round(statistics.median(wall), 2), "wall_max_s": round(max(wall), 2),
                     "cpu_median_s": round(statistics.median(cpu), 2)})
    path = record.DATA / "notebook_times.csv"
    with path.open() as file:
        others = [row for row in csv.DictReader(file) if row["notebook"] not in {source.stem for source in sources}]
    record.write("notebook_times", rows, PACKAGES)
    with path.open() as file:
        record.replace(path, sorted([*others, *csv.DictReader(file)], key=lambda row: row["notebook"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
