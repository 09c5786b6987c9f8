"""Replay answers through the real test cells of a notebook, in this process: `Lesson(path).grade({...})`.

A bank, `tests/bank/NN_name.py`, holds answers to the exercises of one notebook:

    # %% wrong correlate2d: flips the kernel
    # says: flipped
    def correlate2d(x, w): ...

    # %% right correlate2d: einsum over windows
    def correlate2d(x, w): ...

The code below each heading takes the place of the exercise's solution cell. `says` is a regular expression
that the message of a failing test cell must match, case aside.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.checks.report import CheckFailed
from course_lib.instructor.source import Cell, exercise_of, read_cells, source_files

ROOT = Path(__file__).parents[1]
SOURCES = source_files(ROOT)
SECONDS = 20  # an answer that takes longer hangs
HEADING = re.compile(r"^# %% (wrong|right) ([\w-]+): (.+)$")
SAYS = re.compile(r"^# says: (.+)$")


@dataclass(frozen=True)
class Answer:
    """One entry of a bank: the code of a solution cell, and what is expected of it."""

    kind: str
    exercise: str
    title: str
    says: str
    code: str

    def __str__(self) -> str:
        return f"{self.exercise}-{self.kind}-{self.title}".replace(" ", "_")


@dataclass
class Result:
    """What some test cells gave: points by grade_id, and the message of each that failed."""

    points: dict[str, int | float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int | float:
        return sum(self.points.values())


class Hangs(BaseException):
    """An answer took too long; no `except Exception` of a student's catches this."""


class Lesson:
    """A source notebook, ready to grade answers: its setup cell, its exercises and their test cells."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.cells = [cell for cell in read_cells(path) if cell.is_setup or cell.is_solution or cell.is_test]
        solutions = [cell for cell in self.cells if cell.is_solution]
        self.exercises: dict[str, list[Cell]] = {cell.grade_id: [] for cell in solutions}
        for cell in self.cells:
            if cell.is_test:
                self.exercises[exercise_of(cell, solutions).grade_id].append(cell)

    def worth(self, *exercises: str) -> int | float:
        """Return the points of the named exercises, or of all."""
        return sum(cell.points for name in exercises or self.exercises for cell in self.exercises[name])

    def grade(self, answers: dict[str, str] | None = None, only: str | None = None) -> Result:
        """Run setup and solution cells in a fresh namespace, some replaced by `answers`, then test cells on
        top.

        `only` names one exercise whose test cells are run; without it all are. As in nbgrader, a cell that
        raises costs its own points and the others run on.
        """
        answers, result = answers or {}, Result()
        namespace = {"__name__": "__main__"}
        for cell in self.cells:
            if not cell.is_test:
                source = answers.get(cell.grade_id, cell.source) if cell.is_solution else cell.source
                # What the course imports is nobody's answer; torch alone may take as long on a busy machine.
                _run(source, f"{self.name}/{cell.name}", namespace, 10 * SECONDS if cell.is_setup else SECONDS)
        for name, tests in self.exercises.items():
            for cell in tests if only in (None, name) else ():
                # What trains a network the first time that it is asked may take long on a busy machine.
                seconds = 10 * SECONDS if "trains" in cell.metadata.get("tags", []) else SECONDS
                message = _run(cell.source, f"{self.name}/{cell.name}", namespace, seconds)
                result.points[cell.grade_id] = 0 if message else cell.points
                if message:
                    result.messages[cell.grade_id] = message
        return result


def _run(source: str, filename: str, namespace: dict, seconds: float) -> str | None:
    """Execute one cell without its printing; return the message of what it raised, if it did."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            with _time_limit(seconds):
                exec(compile(source, f"<{filename}>", "exec"), namespace)
        except Hangs:
            return f"TimeoutError: ran for more than {seconds} seconds"
        except (Exception, SystemExit) as error:
            return f"{type(error).__name__}: {error}"
    return None


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise Hangs in this thread when the time is up; pytest's own alarm is put back afterwards."""
    def ring(number: int, frame: object) -> None:
        raise Hangs

    handler = signal.signal(signal.SIGALRM, ring)
    remaining, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, remaining)
        signal.signal(signal.SIGALRM, handler)


def read_bank(path: Path) -> list[Answer]:
    """Read the answers of one bank. Raises ValueError for a bad heading or a wrong answer without says."""
    answers: list[Answer] = []
    for part in re.split(r"(?m)^(?=# %%)", path.read_text(encoding="utf-8"))[1:]:
        heading, *lines = part.splitlines()
        found = HEADING.match(heading)
        if not found:
            raise ValueError(f"{path.name}: {heading!r} is not '# %% wrong|right exercise: title'")
        kind, exercise, title = found.groups()
        says = SAYS.match(lines[0]) if lines else None
        if (kind == "wrong") != bool(says):
            raise ValueError(f"{path.name}: {heading!r} needs '# says: regex' below if wrong, none if right")
        answers.append(Answer(kind, exercise, title.strip(), says.group(1) if says else "", "\n".join(lines)))
    return answers


@cache
def lesson(path: Path) -> Lesson:
    """Return the Lesson of a source file; it is read once."""
    return Lesson(path)


def bank_of(source: Path) -> list[Answer]:
    """Return the bank of one source notebook, which is empty where there is none."""
    path = ROOT / "tests" / "bank" / source.name
    return read_bank(path) if path.exists() else []


def course(root: Path, sources: Path | None = None) -> Path:
    """Lay out a course to release below `root`: the real sources, or one sample notebook."""
    for name in ("pyproject.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    (root / "course_lib" / "lessons").mkdir(parents=True)
    if sources is None:
        ignored = shutil.ignore_patterns("*.ipynb", ".ipynb_checkpoints")
        shutil.copytree(ROOT / "solutions", root / "solutions", ignore=ignored)
    else:
        (root / "solutions" / sources.stem).mkdir(parents=True)
        shutil.copy(sources, root / "solutions" / sources.stem)
    return root


def as_made(check, mistake) -> Callable:
    """The function of a student who makes this mistake, and answers rightly where it cannot be made."""
    def wrong(*case):
        try:
            got = mistake.wrong(*case)
        except Exception:  # as in the kit: a wrong version need not work on every case
            got = NotImplemented
        return check.reference(*case) if got is NotImplemented else got

    return wrong


def verdict(check, function: Callable) -> str | None:
    """What a check tells a function; None where it passes."""
    try:
        with np.errstate(all="ignore"):
            check(function)
    except CheckFailed as failed:
        return str(failed)
    return None
