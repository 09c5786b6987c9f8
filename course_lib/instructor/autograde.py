"""Grade one submission in a private course folder: the work of one worker, whatever machine it runs on.

A `Kit` holds what grading needs of the course and a `Submission` what it needs of one student, both as plain
data. `autograde` lays them out below temporary folders (configuration and source once per process, gradebook and
submission each time), lets nbgrader's own Autograde grade as it is configured there, and hands back the autograded
files and the gradebook's rows. It writes nowhere else: `grade` records.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

from nbgrader.api import (
    Assignment,
    Base,
    BaseCell,
    Comment,
    Course,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, insert, select
from traitlets.config import Config, PyFileConfigLoader

CONFIG = "nbgrader_config.py"
TOO_LONG = 75  # exit status of a worker whose submission took too long

# A row of the gradebook: column to value.
Row = dict[str, object]
# Rows by the name of their table.
Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Kit:
    """What grading needs of the course; `files` are by path, `gradebook` is an sqlite file without students.

    `minutes` is the most that one submission may take; `environment` is set while grading, and `scratch` is
    the folder for private courses, by default the machine's own.
    """

    assignment: str
    course_id: str
    files: dict[str, bytes]
    gradebook: bytes
    minutes: float = 20
    environment: dict[str, str] = field(default_factory=dict)
    scratch: str | None = None


@dataclass(frozen=True)
class Submission:
    """A student's files, by path below the submission's folder, and the rows that the gradebook has of it."""

    student: str
    files: dict[str, bytes]
    rows: Rows


@dataclass(frozen=True)
class Graded:
    """What grading gave: the autograded files and the rows; or no files, and the reason why not.

    `messages` are nbgrader's warnings; `seconds` and `cpu` are what it took, kernels included.
    """

    student: str
    files: dict[str, bytes]
    rows: Rows
    reason: str
    messages: tuple[str, ...]
    seconds: float
    cpu: float


# nbgrader changes the working directory of its process.
_one_at_a_time = threading.Lock()
_courses: dict[str, tempfile.TemporaryDirectory] = {}


def start_worker() -> None:
    """Prepare a local worker process: Ctrl-C is the parent's to handle, and no worker outlives its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What kernels say there is said to nobody, and could be any amount.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def autograde(kit: Kit, submission: Submission) -> Graded:
    """Grade one submission with nbgrader and return what came out; a refusal of nbgrader's becomes the reason."""
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="cnn-", dir=_scratch(kit)) as folder:
        os.environ.update(kit.environment)
        limit = threading.Timer(60 * kit.minutes, os._exit, [TOO_LONG])
        limit.daemon = True
        limit.start()
        begin, before = time.perf_counter(), _cpu()
        try:
            files, rows, reason, messages = _autograde(kit, submission, Path(folder))
        finally:
            limit.cancel()
        return Graded(submission.student, files, rows, reason, tuple(messages),
                      time.perf_counter() - begin, _cpu() - before)


def _autograde(kit: Kit, submission: Submission, root: Path) -> tuple[dict[str, bytes], Rows, str, list[str]]:
    log = logging.getLogger("course_lib.autograde")
    log.propagate, log.handlers, messages = False, [], []
    log.setLevel(logging.WARNING)
    log.addHandler(_Collect(messages))
    course = _course(kit)
    config = load_config(course, kit.assignment)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = str(course / "solutions")
    config.CourseDirectory.submitted_directory = "submitted"
    config.CourseDirectory.autograded_directory = "autograded"
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    (root / "gradebook.db").write_bytes(kit.gradebook)
    coursedir = CourseDirectory(config=config, log=log)
    write_files(Path(coursedir.format_path("submitted", submission.student, kit.assignment)), submission.files)
    with Gradebook(coursedir.db_url, kit.course_id) as gradebook:
        for table in STUDENT_TABLES:
            if submission.rows.get(table.name):
                gradebook.db.execute(insert(table), submission.rows[table.name])
        gradebook.db.commit()
    try:
        Autograde(coursedir=coursedir, config=config, log=log).start()
    except (NbGraderException, SystemExit) as error:
        return {}, {}, _reason(messages, error), messages
    with Gradebook(coursedir.db_url, kit.course_id) as gradebook:
        rows = student_rows(gradebook, kit.assignment, submission.student)
    graded = Path(coursedir.format_path("autograded", submission.student, kit.assignment))
    return read_files(graded), rows, "", messages


def _course(kit: Kit) -> Path:
    """Lay out the course's files, once in the life of a process: what runs its tests may go by their place."""
    key = hashlib.sha256(repr(sorted(kit.files.items())).encode()).hexdigest()
    if key not in _courses or not os.path.isdir(_courses[key].name):
        _courses[key] = tempfile.TemporaryDirectory(prefix="cnn-", dir=_scratch(kit))  # removed when the process ends
        write_files(Path(_courses[key].name), kit.files)
    return Path(_courses[key].name)


def _scratch(kit: Kit) -> str | None:
    """Where temporary folders go; a worker may be on another machine than the folder that was meant."""
    return kit.scratch if kit.scratch and os.path.isdir(kit.scratch) else None


def load_config(root: Path, assignment: str) -> Config:
    """Return the configuration of the course below `root`, for one assignment."""
    config = Config(PyFileConfigLoader(CONFIG, path=str(root)).load_config())
    config.CourseDirectory.root = str(root.resolve())
    config.CourseDirectory.assignment_id = assignment
    return config


def _reason(messages: list[str], error: BaseException) -> str:
    """Return why nbgrader gave up, in a line: the exception at the end of the traceback it logged."""
    lines = [line for message in messages if "Traceback" in message for line in message.strip().splitlines()
             if line and not line[0].isspace() and ":" in line and not line.startswith(("Traceback", "During"))]
    return (lines[-1] if lines else str(error) or type(error).__name__)[:500]


class _Collect(logging.Handler):
    """Keep nbgrader's messages instead of printing them; some can be written out only at once."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _cpu() -> float:
    """CPU seconds of this process and of the kernels that have ended."""
    return sum(os.times()[:4])


# ------------------------------------------------------------------------------------------------ the gradebook

STUDENT_TABLES = [one.__table__ for one in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)]


def blank_gradebook(gradebook: Gradebook, assignment: str) -> bytes:
    """Return an sqlite gradebook that holds one assignment of another gradebook, and no student."""
    one = gradebook.find_assignment(assignment)
    notebooks = [notebook.id for notebook in one.notebooks]
    cells = list(gradebook.db.scalars(select(BaseCell.id).where(BaseCell.notebook_id.in_(notebooks))))
    wanted = [(Course, "id", [one.course_id]), (Assignment, "id", [one.id]), (Notebook, "id", notebooks),
              (BaseCell, "id", cells), (GradeCell, "id", cells), (SolutionCell, "id", cells),
              (TaskCell, "id", cells), (SourceCell, "notebook_id", notebooks)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        engine = create_engine(f"sqlite:///{path}")
        Base.metadata.create_all(engine)
        with engine.begin() as blank:
            for model, column, values in wanted:
                if rows := _select(gradebook, model.__table__, column, values):
                    blank.execute(insert(model.__table__), rows)
        engine.dispose()
        return path.read_bytes()


def student_rows(gradebook: Gradebook, assignment: str, student: str) -> Rows:
    """Return all rows of one student's submission of one assignment."""
    submission = gradebook.find_submission(assignment, student)
    notebooks = [notebook.id for notebook in submission.notebooks]
    keys = [("id", [student]), ("id", [submission.id]), ("id", notebooks), ("notebook_id", notebooks),
            ("notebook_id", notebooks)]
    return {table.name: _select(gradebook, table, column, values)
            for table, (column, values) in zip(STUDENT_TABLES, keys, strict=True)}


def _select(gradebook: Gradebook, table: object, column: str, values: Iterable[str]) -> list[Row]:
    return [dict(row) for row in gradebook.db.execute(select(table).where(table.c[column].in_(values))).mappings()]


# ---------------------------------------------------------------------------------------------------- files

def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by its path there; links are left out."""
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files by their paths below a folder, which need not exist."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
