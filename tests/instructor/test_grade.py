"""Grading many at once: the same marks as nbgrader's own command, whatever happens on the way.

Real nbgrader on a small course of two exercises. Where a run is killed, it runs in a fork of this process, so that
a start costs nothing; the command as it is typed is tried once, with two workers.
"""

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from course_lib.errors import CourseError
from course_lib.instructor import autograde, grade, release
from tests.harness import ROOT, course

pytestmark = pytest.mark.xdist_group("grade")

NAME = "90_sample"
RIGHT = {"double": "# exercise: double\ndef double(x):\n    return 2 * x",
         "by_hand": "# exercise: by_hand\nby_hand = 42"}
ANSWERS = {
    "right": RIGHT,
    "empty": {},
    "half": {"double": RIGHT["double"]},
    "other": {"by_hand": RIGHT["by_hand"]},
}
POINTS = {"right": 3, "empty": 0, "half": 2, "other": 1}
# Configuration of these courses: nbgrader in this process and no sandbox, so that these tests need none.
PLAIN = '\nc.Autograde.autograde_preprocessors[0] = "course_lib.instructor.nbgrader_extras.RecoveringExecute"\n'


def hand_in(root: Path, student: str, answers: dict[str, str]) -> Path:
    """Put the released notebook, with these solution cells filled in, where a student's submission lies."""
    notebook = nbformat.read(root / "notebooks" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    place = root / "submitted" / student / NAME / f"{NAME}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place)
    return place


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A released course, which tests copy."""
    root = course(tmp_path_factory.mktemp("released"), ROOT / "tests" / "fixtures" / f"{NAME}.py")
    with open(root / "nbgrader_config.py", "a") as file:
        file.write(PLAIN)
    release.release(root)
    return root


@pytest.fixture
def root(released, tmp_path) -> Path:
    return shutil.copytree(released, tmp_path / "course")


def marks(root: Path) -> dict[str, dict[str, tuple]]:
    """All that the gradebook holds of the submissions, but the random ids of its rows."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        return {one.student_id: {"time": one.timestamp} | {
                    row.name: (row.auto_score, row.manual_score, row.needs_manual_grade)
                    for notebook in one.notebooks for row in notebook.grades} | {
                    f"{row.name} said": (row.auto_comment, row.manual_comment)
                    for notebook in one.notebooks for row in notebook.comments}
                for one in gradebook.assignment_submissions(NAME)}


def scores(root: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        return {one.student_id: one.score for one in gradebook.assignment_submissions(NAME)}


def in_fork(root: Path, *arguments: object) -> multiprocessing.Process:
    """Start a grading run in a fork of this process, with one worker."""
    def run() -> None:
        os.setpgrp()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        grade.grade(root, NAME, grade.local_lanes(1, "fork"), *arguments)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    return process


def test_the_command_with_two_workers_gives_the_marks_of_nbgrader_and_one_broken_file_costs_nobody_else(root, tmp_path):
    for student in ("half", "empty"):
        hand_in(root, student, ANSWERS[student])
    hand_in(root, "broken", {}).write_text("this is no notebook")
    hand_in(root, "late", RIGHT).with_name("timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    other = shutil.copytree(root, tmp_path / "other")

    command = [sys.executable, "-m", "course_lib.instructor.grade", NAME, "--workers", "2"]
    run = subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)

    assert run.returncode == 1, run.stderr
    assert "3 submissions graded, 0 were already, 1 could not be" in run.stdout
    assert "NotJSONError" in run.stdout
    assert scores(root) == {"half": 2, "empty": 0, "late": 3, "broken": 0}
    assert not list((root / "autograded" / "broken").glob("*"))

    api = NbGraderAPI(config=autograde.load_config(other, NAME))
    for student in ("half", "empty", "late"):
        assert api.autograde(NAME, student)["success"]
    mine = marks(root)
    mine.pop("broken")
    assert mine == marks(other)
    for student in ("half", "empty", "late"):
        mine, theirs = (nbformat.read(place / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4).cells
                        for place in (root, other))
        assert [(cell.source, cell.get("outputs")) for cell in mine] == \
            [(cell.source, cell.get("outputs")) for cell in theirs]


def test_killed_at_ten_random_moments_it_ends_with_the_same_marks_and_grades_nothing_twice(root, tmp_path, monkeypatch):
    students = [f"{name}{number}" for name in ANSWERS for number in range(1 + (name == "right"))]
    for student in students:
        hand_in(root, student, ANSWERS[student[:-1]])
    undisturbed = shutil.copytree(root, tmp_path / "undisturbed")
    log = tmp_path / "log"
    record = grade.Desk.record

    def noted(desk: grade.Desk, graded: autograde.Graded) -> None:
        record(desk, graded)
        with log.open("a") as file:
            file.write(f"{graded.student}\n")

    monkeypatch.setattr(grade.Desk, "record", noted)
    rng, kills = random.Random(7), 0
    for kill in range(10):
        process = in_fork(root)
        process.join(rng.uniform(0.2, 2.5))
        if process.is_alive():
            os.kill(process.pid, (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[kill % 3])
            kills += 1
        process.join()
    process = in_fork(root)
    process.join()

    assert process.exitcode == 0 and kills >= 3
    done = log.read_text().split()
    assert sorted(done) == sorted(set(done)), "graded twice"
    assert scores(root) == {student: POINTS[student[:-1]] for student in students}
    in_fork(undisturbed).join()
    assert marks(root) == marks(undisturbed)
    assert [path.name for path in (root / "autograded" / ".grading" / NAME).iterdir() if path.is_dir()] == ["failed"]


@pytest.mark.parametrize("step", ["rename", "commit", "replace", "unlink"])
def test_a_result_that_reached_the_journal_is_never_graded_again(root, step, monkeypatch):
    hand_in(root, "right", RIGHT)
    with grade.Desk(root, NAME) as desk:
        result = autograde.autograde(desk.kit(), desk.take("right"))

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(*{
            "rename": (grade.Desk, "_finish"), "commit": (grade.Desk, "_enter"),
            "replace": (grade.Desk, "_folder"), "unlink": (grade.Desk, "_failure")}[step], stop)
        if step == "replace":
            monkeypatch.setattr(grade.Desk, "_digest", lambda desk, student: "as it was")
        with pytest.raises(KeyboardInterrupt):
            desk.record(result)
    monkeypatch.undo()

    monkeypatch.setattr(grade.Lane, "submit", lambda *_: pytest.fail("it was graded again"))
    if step == "replace":
        monkeypatch.setattr(grade.Desk, "_digest", lambda desk, student: "as it was")
    again = grade.grade(root, NAME, grade.local_lanes(1))
    assert again.before == ["right"] and not again.graded
    assert scores(root) == {"right": 3}
    assert not (root / "autograded" / "right" / NAME / f"{NAME}.ipynb").stat().st_mode & 0o222


class Crashing(autograde.Submission):
    """A submission that ends the process of whoever grades it."""

    def __getattribute__(self, name: str) -> object:
        if name == "files" and multiprocessing.parent_process():
            os._exit(9)
        return super().__getattribute__(name)


def test_a_submission_that_ends_its_worker_is_tried_alone_once_more_and_reported(root, monkeypatch):
    for student in ("empty", "right", "crash"):
        hand_in(root, student, ANSWERS.get(student, {}))
    take, tried = grade.Desk.take, []

    def spy(desk: grade.Desk, student: str) -> autograde.Submission:
        tried.append(student)
        taken = take(desk, student)
        return Crashing(taken.student, taken.files, taken.rows) if student == "crash" else taken

    monkeypatch.setattr(grade.Desk, "take", spy)
    result = grade.grade(root, NAME, grade.local_lanes(2, "fork"))
    assert sorted(result.graded) == ["empty", "right"]
    assert list(result.failed) == ["crash"] and "ended twice (BrokenProcessPool" in result.failed["crash"]
    assert tried.count("crash") == 2 and tried[-1] == "crash" and len(tried) == 4
    assert scores(root)["right"] == 3
    assert grade.failures(root, NAME) == result.failed


def test_a_submission_that_takes_too_long_costs_only_itself(root):
    hand_in(root, "slow", {"double": "import time\ntime.sleep(60)"})
    result = grade.grade(root, NAME, grade.local_lanes(1, "fork"), minutes=1.5 / 60)
    assert "longer than 0.025 minutes" in result.failed["slow"]


def test_what_cannot_be_graded_is_said_before_any_worker_sees_it(root, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("{}")
    hand_in(root, "link", {}).unlink()
    (root / "submitted" / "link" / NAME / f"{NAME}.ipynb").symlink_to(secret)
    elsewhere = hand_in(root, "elsewhere", {}).parent
    (root / "submitted" / "linked").symlink_to(elsewhere.parent)
    hand_in(root, "named", {}).rename(root / "submitted" / "named" / NAME / "mine.ipynb")
    with hand_in(root, "huge", {}).open("ab") as file:
        file.truncate(200 * 2**20)
    many = hand_in(root, "many", {}).parent
    for number in range(grade.FILES):
        (many / f"{number}.txt").touch()
    os.rename(hand_in(root, "bytes", {}).parent.parent, root / "submitted" / os.fsdecode(b"by\xfftes"))
    os.mkfifo(hand_in(root, "pipe", {}).with_name("pipe"))
    shutil.rmtree(root / "submitted" / "elsewhere")

    monkeypatch.setattr(grade.Lane, "submit", lambda *_: pytest.fail("a worker saw it"))
    failed = grade.grade(root, NAME, grade.local_lanes(1)).failed
    words = ("link", "is no text", "no 90_sample.ipynb but mine.ipynb", "200 MB", "201 files")
    assert {name: [word for word in words if word in said] for name, said in failed.items()} == {
        "link": ["link"], "named": ["no 90_sample.ipynb but mine.ipynb"], "huge": ["200 MB"],
        "many": ["201 files"], "pipe": ["link"], os.fsdecode(b"by\xfftes"): ["is no text"]}


def test_a_changed_submission_is_graded_anew_and_a_person_s_marks_stay(root):
    hand_in(root, "half", ANSWERS["half"])
    assert grade.grade(root, NAME, grade.local_lanes(1, "fork")).graded == ["half"]
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        gradebook.find_grade("test_by_hand", NAME, NAME, "half").manual_score = 0.5
        gradebook.find_comment("by_hand", NAME, NAME, "half").manual_comment = "Nearly."
        gradebook.db.commit()
    assert grade.grade(root, NAME, grade.local_lanes(1)).before == ["half"]
    assert scores(root) == {"half": 2.5}

    hand_in(root, "half", {"double": RIGHT["double"].replace("2 * x", "3 * x")})
    assert grade.grade(root, NAME, grade.local_lanes(1, "fork")).graded == ["half"]
    assert marks(root)["half"]["test_double"] == (0, None, False)
    assert marks(root)["half"]["test_by_hand"] == (0, 0.5, True)
    assert marks(root)["half"]["by_hand said"][1] == "Nearly."


def test_two_runs_at_once_and_an_unknown_assignment_are_refused(root):
    with grade.Desk(root, NAME), pytest.raises(CourseError, match="Another run is grading"), grade.Desk(root, NAME):
        pass
    with pytest.raises(CourseError, match="no assignment '91_none' but 90_sample"), grade.Desk(root, "91_none"):
        pass
    with pytest.raises(CourseError, match="collect some first"):
        grade.grade(root, NAME, [])


def test_workers_end_with_the_run_that_started_them(root, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # no later run removes what this one leaves
    hand_in(root, "slow", {"double": "import time\ntime.sleep(600)"})
    process = in_fork(root)
    deadline = time.monotonic() + 60
    while not (workers := _children(process.pid)) or not any(map(_children, workers)):
        assert time.monotonic() < deadline, "no kernel was started"
        time.sleep(0.05)
    kernels = [kernel for worker in workers for kernel in _children(worker)]
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in [*workers, *kernels]):
        assert time.monotonic() < deadline, "a worker or a kernel lives on"
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for task in Path(f"/proc/{pid}/task").iterdir()
                for one in (task / "children").read_text().split()]
    except OSError:
        return []


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_dask_cluster_grades_on_when_one_of_its_two_workers_is_killed(root):
    distributed = pytest.importorskip("distributed")
    students = [f"right{number}" for number in range(6)]
    for student in students:
        hand_in(root, student, RIGHT)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                  worker_dashboard_address=None) as cluster:
        lanes = grade.dask_lanes(cluster.scheduler_address)
        killed = []
        submit = grade.Lane.submit

        def killing(lane: grade.Lane, kit: autograde.Kit, submission: autograde.Submission) -> object:
            if submission.student == "right4" and not killed:  # the fifth of six: half-way
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)
            return submit(lane, kit, submission)

        grade.Lane.submit = killing
        try:
            result = grade.grade(root, NAME, lanes)
        finally:
            grade.Lane.submit = submit
    assert killed and sorted(result.graded) == students and not result.failed
    assert scores(root) == dict.fromkeys(students, 3)


def test_the_record_tells_what_was_graded_and_what_it_took(root):
    hand_in(root, "right", RIGHT)
    grade.grade(root, NAME, grade.local_lanes(1, "fork"))
    record = grade.read_record(root / "autograded" / "right" / NAME)
    assert record["student"] == "right" and record["seconds"] > 0 and record["cpu"] > 0
    assert json.dumps(record)


def test_without_a_sandbox_grading_refuses_and_says_what_to_install(root, monkeypatch, capsys):
    hand_in(root, "right", RIGHT)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    monkeypatch.setattr(grade.sandbox, "unusable", lambda: "bubblewrap (the command bwrap) is not installed")
    monkeypatch.delenv(grade.sandbox.UNSAFE, raising=False)
    monkeypatch.setattr(grade, "grade", lambda *_, **__: pytest.fail("it began"))
    handler = signal.getsignal(signal.SIGTERM)
    assert grade.main([NAME, "--root", str(root)]) == 1
    assert "bwrap" in capsys.readouterr().err

    monkeypatch.setattr(grade, "grade", lambda *_, **__: grade.Result())
    monkeypatch.setenv(grade.sandbox.UNSAFE, "0")  # so that it is put back
    assert grade.main([NAME, "--root", str(root), "--unsafe-no-sandbox"]) == 0
    assert os.environ[grade.sandbox.UNSAFE] == "1"
    signal.signal(signal.SIGTERM, handler)
