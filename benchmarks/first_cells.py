"""What a student waits for first: a kernel, and the first cells of a released notebook up to its imports; and memory.

    python -m benchmarks.first_cells [repeats]

Each notebook of notebooks/ gets a fresh kernel and runs its code cells up to the setup cell, which imports. CPU is the
kernel's own, without its start; memory is the most that the kernel has held by then. Notebooks take turns.
Linux only. What a whole notebook takes, in time and memory, is in data/notebook_times.csv.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from . import record
from .notebooks import PACKAGES, peak_mib

REPEATS = 3


def first_cells(path: Path) -> nbformat.NotebookNode:
    """A released notebook, cut off behind its setup cell."""
    notebook = nbformat.read(path, as_version=4)
    last = next(number for number, cell in enumerate(notebook.cells) if "setup" in cell.metadata.get("tags", []))
    notebook.cells = notebook.cells[:last + 1]
    return notebook


def measure(notebook: nbformat.NotebookNode) -> tuple[float, float, float, float]:
    """Wall seconds until the kernel answers; then wall seconds, CPU seconds and MiB of the cells."""
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": folder}})
        start = time.perf_counter()
        with client.setup_kernel():
            kernel = psutil.Process(client.km.provisioner.pid)
            ready, before = time.perf_counter(), kernel.cpu_times()
            for number, cell in enumerate(notebook.cells):
                client.execute_cell(cell, number)
            wall, after = time.perf_counter() - ready, kernel.cpu_times()
            return ready - start, wall, after.user + after.system - before.user - before.system, peak_mib(client)


def main(repeats: int = REPEATS) -> None:
    """Measures all notebooks and writes data/first_cells.csv."""
    paths = sorted((record.ROOT / "notebooks").glob("*/*.ipynb"))
    measured = {path: [] for path in paths}
    for _ in range(repeats):
        for path in paths:
            measured[path].append(measure(first_cells(path)))
    rows = []
    for path, values in measured.items():
        start, wall, cpu, memory = zip(*values, strict=True)
        rows.append({"notebook": path.stem, "repeats": repeats, "kernel_wall_s": round(statistics.median(start), 2),
                     "wall_median_s": round(statistics.median(wall), 2),
                     "cpu_median_s": round(statistics.median(cpu), 2), "cpu_lowest_s": round(min(cpu), 2),
                     "cpu_highest_s": round(max(cpu), 2), "peak_mib": round(max(memory))})
    record.write("first_cells", rows, PACKAGES)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
