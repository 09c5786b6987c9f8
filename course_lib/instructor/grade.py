"""Grade all submissions of an assignment at once: `python -m course_lib.instructor.grade 02_kernels_by_hand`.

Workers grade (see `autograde`): local processes, or a Dask cluster. This process alone writes: for each result
first a journal entry below `autograded/.grading/`, then the gradebook in one transaction, then the autograded
folder, moved into place as a whole. A run that was stopped, however, goes on where it was: journal entries are
finished first, and a submission whose folder and rows are in place is not graded again unless it changed.

A submission that breaks something costs only itself. One whose worker ended is tried once more, alone; what
cannot be graded is reported with the reason, and tried again by the next run.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import update
from sqlalchemy.exc import OperationalError, SAWarning
from tqdm import tqdm

from course_lib.errors import CourseError
from course_lib.instructor import sandbox
from course_lib.instructor.autograde import (
    CONFIG,
    Graded,
    Kit,
    Submission,
    autograde,
    blank_gradebook,
    load_config,
    read_files,
    start_worker,
    student_rows,
    write_files,
)

MEGABYTES, FILES = 64, 200  # the most that a submission may hold
RECORD = ".grading.json"  # in an autograded folder: what was graded, and how
# What autograding may change, by table; a person's marks and comments are nobody's but that person's.
WRITES = ((SubmittedAssignment, ("timestamp",)), (SubmittedNotebook, ("late_submission_penalty",)),
          (Grade, ("auto_score", "needs_manual_grade")), (Comment, ("auto_comment",)))


@dataclass
class Result:
    """What a run came to: students graded in it, graded before it, and those that could not be, with the reason."""

    graded: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class Desk:
    """The one place where submissions of an assignment are handed out and results are recorded.

    Use it as a context manager: it locks the course against a second run and finishes what the last one left.
    """

    def __init__(self, root: Path, assignment: str, minutes: float = 20) -> None:
        self.root, self.assignment, self.minutes = root.resolve(), assignment, minutes
        if not (self.root / CONFIG).exists():
            raise CourseError(f"There is no {CONFIG} in {self.root}: give the folder of the course as --root.")
        self.coursedir = CourseDirectory(config=load_config(self.root, assignment))
        self.journal = self._folder("autograded", ".grading") / assignment
        self.failures = self.journal / "failed"

    def __enter__(self) -> Desk:
        self.gradebook = Gradebook(self.coursedir.db_url, self.coursedir.course_id)
        try:
            self.gradebook.find_assignment(self.assignment)
        except MissingEntry:
            known = ", ".join(sorted(one.name for one in self.gradebook.assignments))
            self.gradebook.close()
            raise CourseError(f"The gradebook has no assignment {self.assignment!r} but {known or 'none at all'}; "
                              "run `make release` first.") from None
        self.failures.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.journal.parent / "lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            self.gradebook.close()
            raise CourseError(f"Another run is grading {self.root}; wait for it, or stop it.") from None
        self._tidy()
        self.scratch = tempfile.mkdtemp(prefix="cnn-")
        (self.journal / "scratch").write_text(self.scratch)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.gradebook.close()
        self._lock.release()

    def _tidy(self) -> None:
        """Finish the results that were journaled and not recorded; remove what was half-written."""
        note = self.journal / "scratch"
        if note.exists():
            shutil.rmtree(note.read_text(), ignore_errors=True)
        for entry in sorted(self.journal.glob("*")):
            if (entry / "entry.json").exists():
                self._finish(entry)
            elif entry.is_dir() and entry != self.failures:
                shutil.rmtree(entry)

    def kit(self) -> Kit:
        """Return what workers need of the course."""
        source = self._folder("solutions", ".")
        files = {f"solutions/{self.assignment}/{name}": data for name, data in read_files(source).items()}
        files[CONFIG] = (self.root / CONFIG).read_bytes()
        environment = {name: value for name, value in os.environ.items() if name.startswith("COURSE_")}
        # Each worker and each kernel has one thread: more would contend for the cores.
        environment["OMP_NUM_THREADS"] = "1"
        return Kit(self.assignment, self.coursedir.course_id, files,
                   blank_gradebook(self.gradebook, self.assignment), self.minutes, environment, self.scratch)

    def students(self) -> list[str]:
        """Return everybody who handed something in."""
        place = self.coursedir.format_path(self.coursedir.submitted_directory, "*", self.assignment)
        before, after = place.split("*")
        found = (str(path)[len(before):-len(after)] for path in Path(before).glob(f"*{after}"))
        return sorted(student for student in found if not student.startswith("."))

    def is_done(self, student: str) -> bool:
        """Tell whether a submission is graded: its folder and its rows are in place, and it is still the same."""
        folder = self._folder("autograded", student)
        if not folder.is_dir():
            return False
        try:
            row = self.gradebook.find_submission(self.assignment, student)
            if record := read_record(folder):
                return record["submission"] == row.id and record["digest"] == self._digest(student)
            # Graded by nbgrader's own command, which goes by the times.
            old, new = (self.coursedir.get_existing_timestamp(str(place))
                        for place in (folder, self._folder("submitted", student)))
            return old is None or new is None or new <= old
        except (MissingEntry, OSError, ValueError, AttributeError):  # nbgrader's, for a time that is none
            return False

    def take(self, student: str) -> Submission:
        """Return a submission to grade. Raises CourseError, in one sentence, for what cannot be graded at all."""
        folder = self._folder("submitted", student)
        if _printable(student) != student:
            raise CourseError("The name of the student's folder is no text: give it another.")
        files = _files(folder)
        odd = [name for name, path in files.items() if path.is_symlink() or not path.is_file()]
        if folder.is_symlink() or folder.parent.is_symlink() or odd:
            raise CourseError(f"The submission holds a link or a device, {', '.join(odd) or folder.name}: a link may "
                              "point anywhere and is never followed; ask for the file itself.")
        size = sum(path.stat().st_size for path in files.values())
        if size > MEGABYTES * 2**20:
            raise CourseError(f"The submission has {size / 2**20:.0f} MB and {MEGABYTES} MB may be graded: clear the "
                              "outputs, or ask for the notebook without them.")
        if len(files) > FILES:
            raise CourseError(f"The submission has {len(files)} files and {FILES} may be graded: take away what does "
                              "not belong to it.")
        wanted = {f"{one.name}.ipynb" for one in self.gradebook.find_assignment(self.assignment).notebooks}
        if not wanted & set(files):
            raise CourseError(f"There is no {' or '.join(sorted(wanted))} but {', '.join(files) or 'nothing'}: collect "
                              "the submission again, or rename its file.")
        self.gradebook.update_or_create_student(student)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's way of adding a submission
            self.gradebook.update_or_create_submission(self.assignment, student)
        return Submission(student, {name: path.read_bytes() for name, path in files.items()},
                          student_rows(self.gradebook, self.assignment, student))

    def record(self, graded: Graded) -> None:
        """Record a result so that it is never half there: journal, then gradebook, then folder."""
        row = self.gradebook.find_submission(self.assignment, graded.student)
        record = {"student": graded.student, "submission": row.id, "digest": self._digest(graded.student),
                  "messages": list(graded.messages), "seconds": round(graded.seconds, 2), "cpu": round(graded.cpu, 2),
                  "graded": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
        changes = {model.__tablename__: [{key: _plain(one[key]) for key in ("id", *columns)}
                                         for one in graded.rows[model.__tablename__]] for model, columns in WRITES}
        partial = Path(tempfile.mkdtemp(prefix=".part-", dir=self.journal))
        write_files(partial / "folder", graded.files | {RECORD: _json(record)})
        mode = 0o664 if self.coursedir.groupshared else 0o444
        for path in (partial / "folder").rglob("*"):
            if path.is_file():
                path.chmod(mode)
        (partial / "entry.json").write_bytes(_json({"student": graded.student, "changes": changes}))
        partial.chmod(0o755)
        entry = self.journal / f"{hashlib.sha256(os.fsencode(graded.student)).hexdigest()[:32]}"
        partial.rename(entry)
        self._finish(entry)

    def _finish(self, entry: Path) -> None:
        """Bring a journal entry into the gradebook and its folder into place; doing it twice changes nothing."""
        content = json.loads((entry / "entry.json").read_bytes())
        for pause in (1, 10, 60, None):
            try:
                known = self._enter(content["changes"])
                break
            except OperationalError:  # formgrader may be writing
                self.gradebook.db.rollback()
                if pause is None:
                    raise
                time.sleep(pause)
        if known and (entry / "folder").exists():
            place = self._folder("autograded", content["student"])
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                place.rename(entry / "old")
            (entry / "folder").rename(place)
        self._failure(content["student"]).unlink(missing_ok=True)
        # Without this file the rest is known to be of no use.
        (entry / "entry.json").unlink()
        shutil.rmtree(entry)

    def _enter(self, changes: dict[str, list[dict]]) -> bool:
        """Write a journal entry's changes in one transaction; False where the gradebook is not that of the entry."""
        session = self.gradebook.db
        if session.get(SubmittedAssignment, changes["submitted_assignment"][0]["id"]) is None:
            return False
        for model, _ in WRITES:
            if rows := changes[model.__tablename__]:
                session.execute(update(model), [{key: _stored(key, value) for key, value in row.items()}
                                                for row in rows])
        session.commit()
        return True

    def fail(self, student: str, reason: str) -> None:
        """Note why a submission could not be graded; what an earlier run graded stays."""
        _replace(self._failure(student), _json({"student": student, "reason": reason}))

    def _failure(self, student: str) -> Path:
        return self.failures / f"{hashlib.sha256(os.fsencode(student)).hexdigest()[:32]}.json"

    def _folder(self, step: str, student: str) -> Path:
        directory = {"submitted": self.coursedir.submitted_directory, "solutions": self.coursedir.source_directory,
                     "autograded": self.coursedir.autograded_directory}[step]
        place = Path(self.coursedir.format_path(directory, student, self.assignment))
        return place.parent if student == ".grading" else place

    def _digest(self, student: str) -> str:
        digest = hashlib.sha256()
        for name, path in _files(self._folder("submitted", student)).items():
            digest.update(os.fsencode(f"{name}\0{path.lstat().st_size}\0"))
            digest.update(path.read_bytes() if path.is_file() and not path.is_symlink() else b"")
        return digest.hexdigest()


def failures(root: Path, assignment: str) -> dict[str, str]:
    """Return the students whose submission could not be graded, each with the reason."""
    notes = [json.loads(path.read_bytes()) for path in sorted(Desk(root, assignment).failures.glob("*.json"))]
    return {note["student"]: note["reason"] for note in notes}


def read_record(folder: Path) -> dict:
    """Return what is noted of an autograded folder; nothing where nbgrader's own command made it."""
    path = folder / RECORD
    return json.loads(path.read_bytes()) if path.exists() else {}


def _files(folder: Path) -> dict[str, Path]:
    """Return every file and link below a folder by its path there; links are not followed."""
    return {(Path(place) / name).relative_to(folder).as_posix(): Path(place) / name
            for place, folders, names in os.walk(folder)
            for name in sorted([*names, *(one for one in folders if (Path(place) / one).is_symlink())])}


def _printable(name: str) -> str:
    """A name for people: a file system may hold names that are no text."""
    return name.encode("utf-8", "replace").decode()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime.datetime) else value


def _stored(key: str, value: object) -> object:
    return datetime.datetime.fromisoformat(value) if key == "timestamp" and value else value


def _json(data: dict) -> bytes:
    return (json.dumps(data, indent=1) + "\n").encode()


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_suffix(".part")
    partial.write_bytes(data)
    partial.replace(path)


# ------------------------------------------------------------------------------------------------ many at once

@dataclass
class Lane:
    """An executor and how many submissions it may hold at a time; `make` makes it anew when it is broken."""

    make: Callable[[], Executor]
    slots: int = 1
    executor: Executor | None = None

    def submit(self, kit: Kit, submission: Submission) -> Future:
        if self.executor is None:
            self.executor = self.make()
        return self.executor.submit(autograde, kit, submission)

    def drop(self, busy: bool = True) -> None:
        """Give the executor up, and what it is doing if it is `busy`."""
        executor, self.executor = self.executor, None
        if executor is None:
            return
        if busy and isinstance(executor, ProcessPoolExecutor):
            # A worker may be deep in a submission: there is a public way to end it only from Python 3.14 on.
            for process in list((executor._processes or {}).values()):
                process.kill()
        executor.shutdown(wait=isinstance(executor, ProcessPoolExecutor))


def local_lanes(workers: int, method: str = "spawn") -> list[Lane]:
    """Return so many worker processes, each an executor of its own, so that one that ends takes no other along."""
    context = multiprocessing.get_context(method)
    return [Lane(lambda: ProcessPoolExecutor(1, mp_context=context, initializer=start_worker))
            for _ in range(workers)]


def dask_lanes(address: str) -> list[Lane]:
    """Return a Dask cluster as one lane. Raises CourseError where Dask is missing or nobody answers."""
    try:
        from distributed import Client
    except ImportError:
        raise CourseError('Dask is not installed here: run pip install distributed, here and on the '
                          "cluster, or leave --dask away.") from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except OSError as error:
        raise CourseError(f"No Dask scheduler answers at {address}: {error}. Start one with `dask scheduler`."
                          ) from None
    threads = sum(client.nthreads().values())
    if not threads:
        raise CourseError(f"The Dask scheduler at {address} has no worker: start some with `dask worker {address}`.")
    # One more than it can do at once, so that no worker waits for its next.
    return [Lane(lambda: client.get_executor(pure=False), threads + 1)]


def grade(root: Path, assignment: str, lanes: Sequence[Lane], *, again: bool = False, students: Iterable[str] = (),
          minutes: float = 20, show: bool = False) -> Result:
    """Grade all submissions of an assignment below `root`, or the named students', and return what it came to.

    Submissions already graded are left alone unless `again`. `minutes` is the most that one may take; `show`
    draws the progress. Raises CourseError when there is nothing to grade or another run is at it.
    """
    with Desk(root, assignment, minutes) as desk:
        everybody = desk.students()
        if unknown := sorted(set(students) - set(everybody)):
            raise CourseError(f"No submission of {assignment} by {', '.join(unknown)} in {desk.root / 'submitted'}.")
        chosen = list(students) or everybody
        if not chosen:
            raise CourseError(f"There is no submission of {assignment} in {desk.root / 'submitted'}: collect some "
                              "first.")
        result = Result(before=[] if again else [one for one in chosen if desk.is_done(one)])
        todo = [one for one in chosen if one not in set(result.before)]
        bar = tqdm(total=len(chosen), initial=len(result.before), unit="submission", smoothing=0, disable=not show)
        busy = True
        try:
            for student, reason in _run(desk, lanes, todo):
                if reason:
                    result.failed[student] = reason
                else:
                    result.graded.append(student)
                bar.update()
            busy = False
        finally:
            bar.close()
            for lane in lanes:
                lane.drop(busy)
    return result


def _run(desk: Desk, lanes: Sequence[Lane], todo: list[str]) -> Iterable[tuple[str, str]]:
    """Grade these students' submissions; yield each when it is recorded, with the reason if it was not graded."""
    kit = desk.kit()
    queue, suspects = deque(todo), deque()
    running: dict[Future, tuple[Lane, str, bool]] = {}

    while queue or suspects or running:
        for lane in lanes:
            while queue or suspects:
                # A suspect has its lane to itself: whatever breaks then, it is its doing.
                alone = not queue
                if sum(one is lane for one, _, _ in running.values()) >= (1 if alone else lane.slots):
                    break
                student = suspects.popleft() if alone else queue.popleft()
                try:
                    running[lane.submit(kit, desk.take(student))] = lane, student, alone
                except (CourseError, OSError) as error:
                    desk.fail(student, str(error))
                    yield student, str(error)
        done, _ = wait(running, return_when=FIRST_COMPLETED) if running else ((), ())
        for future in done:
            lane, student, alone = running.pop(future)
            try:
                graded = future.result()
            except CancelledError:
                raise CourseError("The cluster went away. Nothing is lost: start it and run the same command."
                                  ) from None
            except Exception as error:  # whatever ended the worker; a Dask cluster has exceptions of its own for it
                if isinstance(error, BrokenExecutor):
                    lane.drop()
                if not alone:
                    suspects.append(student)
                    continue
                reason = _ended(error, desk.minutes)
            else:
                reason = graded.reason
            if reason:
                desk.fail(student, reason)
            else:
                desk.record(graded)
            yield student, reason


def _ended(error: BaseException, minutes: float) -> str:
    """Return why a worker gave no result, in a sentence."""
    return (f"Its worker ended twice ({type(error).__name__}: {str(error).splitlines()[0][:200]}): it crashed, ran out "
            f"of memory, or the submission took longer than {minutes:g} minutes.")


def _refuse_without_sandbox(root: Path, assignment: str) -> None:
    """Raise CourseError, before any submission is looked at, where the course wants a sandbox and there is none."""
    steps = load_config(root, assignment).Autograde.get("autograde_preprocessors", [])
    wanted = any("TrustedExecute" in str(step) for step in steps) and os.environ.get(sandbox.UNSAFE) != "1"
    if wanted and (why := sandbox.unusable()):
        raise CourseError(sandbox.MISSING.format(why=why))


def main(arguments: list[str]) -> int:
    """Grade, and say in a few lines what came out; return 1 if any submission could not be graded."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.grade",
                                     description="Grade all submissions of an assignment.")
    parser.add_argument("assignment", help="as 02_kernels_by_hand")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one for each core)")
    parser.add_argument("--dask", metavar="ADDRESS", help="grade on this Dask cluster, as tcp://host:8786")
    parser.add_argument("--again", action="store_true", help="also what is graded already")
    parser.add_argument("--student", action="append", default=[], help="only this student; may be given several times")
    parser.add_argument("--minutes", type=float, default=20, help="the most that one submission may take (20)")
    parser.add_argument("--unsafe-no-sandbox", action="store_true",
                        help="run students' code with all rights that you have")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the course (here)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.unsafe_no_sandbox:
        os.environ[sandbox.UNSAFE] = "1"
    try:
        if not options.dask:
            _refuse_without_sandbox(options.root, options.assignment)
        lanes = dask_lanes(options.dask) if options.dask else local_lanes(max(1, options.workers))
        result = grade(options.root, options.assignment, lanes, again=options.again, students=options.student,
                       minutes=options.minutes, show=True)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Nothing is lost: the same command goes on from here.", file=sys.stderr)
        return 130
    print(f"{len(result.graded)} submissions graded, {len(result.before)} were already, "
          f"{len(result.failed)} could not be")
    for student, reason in sorted(result.failed.items()):
        print(f"  {_printable(student)}: {_printable(reason)}")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
