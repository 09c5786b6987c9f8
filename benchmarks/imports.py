"""CPU seconds of importing what a notebook's setup cell imports, beside a few packages alone.

Each import runs in a fresh process; user and system seconds of that process are counted, the bare
interpreter included. Subjects take turns, so that a busy moment of the machine hits all alike.

    python -m benchmarks.imports [repeats]
"""

import os
import statistics
import subprocess
import sys
import time

from course_lib.instructor.source import read_cells, source_files

from . import record

REPEATS = 9
PACKAGES = ["numpy", "matplotlib", "ipywidgets", "anywidget", "torch"]
PEERS = {
    "python": "pass",
    "numpy": "import numpy",
    "ipywidgets": "import ipywidgets",
    "matplotlib.pyplot": "import matplotlib.pyplot",
    "torch": "import torch",
}


def setup_cells() -> dict[str, str]:
    """The setup cell of each lesson in solutions/, by the lesson's name."""
    return {source.stem: "\n".join(cell.source for cell in read_cells(source) if cell.is_setup)
            for source in source_files(record.ROOT)}


def cost(code: str) -> tuple[float, float]:
    """(CPU seconds, wall seconds) of a fresh interpreter that runs `code`."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], cwd=record.ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"This failed, and was not measured:\n{code}")
    return usage.ru_utime + usage.ru_stime, wall


def main(repeats: int = REPEATS) -> None:
    """Measures every subject and writes data/import_times.csv."""
    subjects = PEERS | {f"setup of {name}": code for name, code in setup_cells().items()}
    for code in subjects.values():
        cost(code)  # the first run compiles, and fills the disk's cache
    times = {name: [] for name in subjects}
    for _ in range(repeats):
        for name, code in subjects.items():
            times[name].append(cost(code))
    rows = []
    for name, measured in times.items():
        cpu, wall = zip(*measured, strict=True)
        rows.append({"imports": name, "repeats": repeats, "cpu_median_s": round(statistics.median(cpu), 3),
                     "cpu_min_s": round(min(cpu), 3), "cpu_max_s": round(max(cpu), 3),
                     "wall_median_s": round(statistics.median(wall), 3)})
    record.write("import_times", rows, PACKAGES)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
