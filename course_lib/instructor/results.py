"""What grading an assignment came to, read from the gradebook and the graded notebooks: marks, mistakes, times."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory

from course_lib.checks.kit import Mistake
from course_lib.errors import CourseError
from course_lib.instructor.autograde import load_config
from course_lib.instructor.collect import read_students
from course_lib.instructor.grade import failures, read_record
from course_lib.instructor.source import exercise_of, read_cells

ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Outputs of a cell whose kernel ended, or that was never run because of it.
DEAD = ("DeadKernelError", "NotRun")
TIMED_OUT = "CellTimeoutError"


@dataclass(frozen=True)
class Exercise:
    """One exercise: its test cells, or itself where a person grades the answer; and its points."""

    name: str
    cells: tuple[str, ...]
    points: float


@dataclass
class Failure:
    """Why a test cell gave no points: the sentence for the student, and the mistake it names, if one is known."""

    cell: str
    error: str
    sentence: str
    mistake: str | None

    @property
    def label(self) -> str:
        """What to count it as: the classic mistake, or else the sentence without its numbers."""
        if self.mistake:
            return self.mistake
        if "not written yet" in self.sentence or "not answered yet" in self.sentence:
            return "not written yet"
        if found := re.search(r"stopped with (\w+)", self.sentence):
            return f"stopped with {found[1]}"
        if self.error not in ("CheckFailed", "AssertionError"):
            return f"stopped with {self.error}"
        return re.sub(r"(?<!\w)-?\d+(\.\d+)?", "#", self.sentence.split(". ")[0].rstrip("."))[:120] or self.error


@dataclass
class Student:
    """One student's results; `scores` by cell, `failures` of test cells in the order of the notebook."""

    id: str
    row: dict = field(default_factory=dict)
    submitted: bool = False
    reason: str = ""  # why it could not be graded
    score: float = 0
    penalty: float = 0
    scores: dict[str, float] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)  # cells that a person must grade yet
    failures: list[Failure] = field(default_factory=list)
    errors: set[str] = field(default_factory=set)  # names of all errors in the graded notebook
    timestamp: object = None
    late: float = 0  # seconds
    seconds: float = 0

    @property
    def name(self) -> str:
        return self.row.get("name") or self.id

    @property
    def total(self) -> float:
        return max(0, self.score - self.penalty)


@dataclass
class Results:
    """All of an assignment."""

    root: Path
    assignment: str
    points: float
    exercises: list[Exercise]
    students: list[Student]
    coursedir: CourseDirectory

    @property
    def graded(self) -> list[Student]:
        return [student for student in self.students if student.scores and not student.reason]


def read_results(root: Path, assignment: str) -> Results:
    """Read the results of an assignment below `root`. Raises CourseError when nothing of it is graded."""
    root = root.resolve()
    coursedir = CourseDirectory(config=load_config(root, assignment))
    table, failed = read_students(root), failures(root, assignment)
    known = known_mistakes(root, assignment)
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            points = gradebook.find_assignment(assignment).max_score
        except MissingEntry:
            raise CourseError(f"The gradebook has no assignment {assignment!r}; run `make release` and grade first."
                              ) from None
        submissions = {one.student_id: one for one in gradebook.assignment_submissions(assignment)}
        everybody = sorted({*submissions, *table, *failed})
        students = [_student(coursedir, assignment, one, table.get(one, {}), submissions.get(one), known)
                    for one in everybody]
    for student in students:
        student.reason = failed.get(student.id, "")
    if not any(student.scores for student in students):
        raise CourseError(f"Nothing of {assignment} is graded yet: run `make grade ASSIGNMENT={assignment}` first.")
    return Results(root, assignment, points, read_exercises(root, assignment), students, coursedir)


def read_exercises(root: Path, assignment: str) -> list[Exercise]:
    """Return the exercises of a source notebook, in its order."""
    cells = read_cells(root / "solutions" / assignment / f"{assignment}.py")
    solutions = [cell for cell in cells if cell.is_solution]
    tests = {cell.grade_id: [] for cell in solutions}
    for cell in cells:
        if cell.is_test and (owner := exercise_of(cell, solutions)):
            tests[owner.grade_id].append(cell)
    for cell in cells:
        if cell.is_written:
            tests[cell.grade_id] = [cell]
    return [Exercise(name, tuple(cell.grade_id for cell in found), sum(cell.points for cell in found))
            for name, found in tests.items() if found]


def _student(coursedir: CourseDirectory, assignment: str, name: str, row: dict,
             submission: SubmittedAssignment | None, known: tuple[str, ...]) -> Student:
    student = Student(name, row)
    student.submitted = Path(coursedir.format_path(coursedir.submitted_directory, name, assignment)).is_dir()
    folder = Path(coursedir.format_path(coursedir.autograded_directory, name, assignment))
    if submission is None or not folder.is_dir():
        return student
    student.score, student.penalty = submission.score, submission.late_submission_penalty or 0
    student.timestamp, student.late = submission.timestamp, submission.total_seconds_late
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            student.scores[grade.name] = grade.score
            if grade.needs_manual_grade:
                student.waits.append(grade.name)
    student.seconds = read_record(folder).get("seconds", 0)
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_bytes())["cells"]:
            errors = [output for output in cell.get("outputs", []) if output["output_type"] == "error"]
            student.errors |= {error["ename"] for error in errors}
            meta = cell["metadata"].get("nbgrader", {})
            if errors and meta.get("grade") and not meta.get("solution"):
                sentence = ANSI.sub("", errors[0]["evalue"]).strip()
                mistake = next((says for says in known if says in sentence), None)
                student.failures.append(Failure(meta["grade_id"], errors[0]["ename"], sentence, mistake))
    return student


@cache
def known_mistakes(root: Path, assignment: str) -> tuple[str, ...]:
    """Return the sentences that name a classic mistake of this notebook, longest first.

    They stand in the mistake tables of its checks and, for by-hand answers, in its `lesson.toml`.
    """
    try:
        checks = importlib.import_module(f"course_lib.checks.{assignment.partition('_')[2]}")
    except ImportError:
        checks = None
    says = {mistake.says for mistake in _mistakes(list(vars(checks).values()) if checks else [], 4)}
    lesson = root / "solutions" / assignment / "lesson.toml"
    if lesson.exists():
        tables = tomllib.loads(lesson.read_text(encoding="utf-8")).get("mistakes", {})
        says |= {one["says"] for answers in tables.values() for one in answers}
    return tuple(sorted((one.strip() for one in says if one.strip()), key=len, reverse=True))


def _mistakes(values: Iterable, depth: int) -> Iterator[Mistake]:
    """Every mistake in tables and checks, and in tables within them."""
    for value in values if depth else ():
        if isinstance(value, Mistake):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _mistakes(value, depth - 1)
        elif isinstance(value, dict):
            yield from _mistakes(value.values(), depth - 1)
        elif is_dataclass(value) and not isinstance(value, type):
            yield from _mistakes([getattr(value, one.name) for one in fields(value)], depth - 1)
