"""CPU and wall seconds of grading a class: plain nbgrader, and the course's grader with one and with two workers.

    OMP_NUM_THREADS=1 python -m benchmarks.grading [submissions] [notebook ...]

60 submissions each of a NumPy and a torch notebook, made of the solution and of the bank of wrong answers, are
graded one way after the other, each from a fresh copy of the course. CPU is that of the command and of everything
that it started. Rows of other notebooks, and of classes of another size, stay as they are.
"""

import copy
import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from course_lib.instructor import release
from course_lib.instructor.source import read_cells
from tests.harness import ROOT, SOURCES, bank_of, course

from . import record

SUBMISSIONS = 60
NOTEBOOKS = ("02_kernels_by_hand", "10_what_filters_see")
PACKAGES = ["nbgrader", "nbclient", "ipykernel", "numpy", "torch"]
PR_SET_CHILD_SUBREAPER = 36
PAUSE = 0.05
# nbgrader as it comes executes notebooks; the other lines of the course's configuration stay.
PLAIN = '\nc.Autograde.autograde_preprocessors[0] = "nbgrader.preprocessors.Execute"\n'
GRADE = [sys.executable, "-m", "course_lib.instructor.grade"]
WAYS = {
    "nbgrader autograde": [sys.executable, "-m", "nbgrader", "autograde"],
    "grade, one worker": [*GRADE, "--workers", "1"],
    "grade, two workers": [*GRADE, "--workers", "2"],
}


def hand_in(root: Path, source: Path, count: int) -> None:
    """Release a notebook below `root`, and put so many submissions beside it, the same ones each time."""
    root.mkdir()
    course(root, source)
    release.release(root)
    blank = nbformat.read(root / "notebooks" / source.stem / f"{source.stem}.ipynb", as_version=4)
    solved = {cell.grade_id: cell.source for cell in read_cells(source) if cell.is_solution}
    wrong = [answer for answer in bank_of(source) if answer.kind == "wrong"]
    rng = random.Random(0)
    for number in range(count):
        mistakes = {answer.exercise: answer.code for answer in rng.sample(wrong, 2)}
        notebook = copy.deepcopy(blank)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = mistakes.get(name, solved.get(name, cell.source))
        place = root / "submitted" / f"student{number:03}" / source.stem / f"{source.stem}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)


class Meter(threading.Thread):
    """Adds up the CPU seconds of all descendants of this process, looked at every `PAUSE` seconds.

    What a process has used is told to its parent only if that parent waits for it, and a sandbox that is killed
    takes its processes along without waiting. A process loses what it used after it was last looked at.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.used: dict[tuple[str, str], float] = {}
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(PAUSE):
            self.look()

    def look(self) -> None:
        todo = _children(str(os.getpid()))
        while todo:
            pid = todo.pop()
            todo += _children(pid)
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            self.used[pid, fields[19]] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: str) -> list[str]:
    try:
        return [child for task in Path(f"/proc/{pid}/task").iterdir()
                for child in (task / "children").read_text().split()]
    except OSError:
        return []


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """(CPU, wall) seconds of a command and of all that it starts. Raises SystemExit where it fails."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
                                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    meter, start = Meter(), time.perf_counter()
    meter.start()
    with tempfile.TemporaryFile() as said:
        code = subprocess.run(command, cwd=folder, env=environment, stdout=said, stderr=said).returncode
        wall = time.perf_counter() - start
        if code:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode()[-3000:]}")
    while _children(str(os.getpid())):  # what outlived it came to this process
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        time.sleep(PAUSE)
    meter.done.set()
    meter.join()
    return sum(meter.used.values()), wall


def points(root: Path, name: str) -> float:
    """All points of the class, which must not depend on the way."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        return sum(one.score for one in gradebook.assignment_submissions(name))


def main(count: int = SUBMISSIONS, *names: str) -> None:
    """Measures every way and writes data/grading.csv."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    rows = []
    for name in names or NOTEBOOKS:
        source = next(source for source in SOURCES if source.stem == name)
        with tempfile.TemporaryDirectory() as folder:
            hand_in(Path(folder) / "course", source, int(count))
            measured, totals = {}, set()
            for number, (way, command) in enumerate(WAYS.items()):
                root = shutil.copytree(Path(folder) / "course", Path(folder) / str(number))
                if "nbgrader" in way:
                    with open(root / "nbgrader_config.py", "a") as file:
                        file.write(PLAIN)
                measured[way] = measure([*command, name], root)
                totals.add(points(root, name))
                print(f"{name}, {way}: {measured[way]}", flush=True)
        if len(totals) > 1:
            raise SystemExit(f"The ways do not agree on the points of {name}: {sorted(totals)}")
        plain, one = measured["nbgrader autograde"][0], measured["grade, one worker"][1]
        rows += [{"notebook": name, "way": way, "submissions": count, "points": totals.copy().pop(),
                  "cpu_s_per_submission": round(cpu / int(count), 2), "times_nbgrader": round(cpu / plain, 2),
                  "submissions_per_minute": round(60 * int(count) / wall, 2), "times_one_worker": round(one / wall, 2)}
                 for way, (cpu, wall) in measured.items()]
    record.update("grading", rows, PACKAGES, lambda row: (row["notebook"], -int(row["submissions"])))


if __name__ == "__main__":
    main(*sys.argv[1:])
