"""One batch of hostile submissions, through nbgrader as it is configured: see `attacks`."""

import json
import logging
import os
import re
import socket
import tempfile
import threading
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from course_lib.instructor import release, sandbox
from course_lib.instructor.source import read_cells
from tests.attacks.attacks import ATTACKS, TRIES
from tests.harness import ROOT, course

SOURCE = ROOT / "tests" / "fixtures" / "91_attacked.py"
NAME = SOURCE.stem
SOLVED = {cell.grade_id: cell.source for cell in read_cells(SOURCE) if cell.is_solution}
WORTH = {cell.grade_id: cell.points for cell in read_cells(SOURCE) if cell.is_test}
DESERVED = dict.fromkeys(WORTH, 0) | {"test_first": 1, "test_last": 1}
ERASES = ("faked: the messages of a kernel",)  # what it printed before
UNGRADED = {name for name in ATTACKS if name.startswith("links")} | \
    {"archives: a notebook that is none", "archives: a pipe"}
CELL_TIMEOUT = 8  # seconds; an honest cell here takes a fraction of one

pytestmark = [pytest.mark.xdist_group("attacks"), pytest.mark.timeout(3600),  # the first test grades them all
              pytest.mark.skipif(bool(sandbox.unusable()), reason=f"no sandbox: {sandbox.unusable()}")]


def student(name: str) -> str:
    return re.sub(r"\W+", "_", name)


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Hand in every attack, with an honest submission before and after, and grade all in one batch."""
    root = course(tmp_path_factory.mktemp("course"), SOURCE)
    host = tmp_path_factory.mktemp("host")
    host.chmod(0o777)
    (host / "canary").write_text("alive")
    (host / "canary").chmod(0o666)
    release.release(root)
    listener = _Listener(host)
    blank = nbformat.read(root / "notebooks" / NAME / f"{NAME}.ipynb", as_version=4)
    for name, attack in ATTACKS.items():
        code = attack.code.format(host=host, root=root, port=listener.port)
        answers = {"first": SOLVED["first"], "last": SOLVED["last"], "by_hand": "# is above", "Adder": "# is above",
                   "double": f"print('the attack begins', flush=True)\n{TRIES}\n{code}"}
        folder = _hand_in(root, student(name), blank, answers, attack.change)
        attack.folder(folder, root)
    for name in ("aa_honest", "zz_honest"):
        _hand_in(root, name, blank, SOLVED)
    before = _state(root)
    log, messages = logging.getLogger("tests.attacks"), []
    log.propagate = False
    log.addHandler(_Collect(messages))
    scratch = tempfile.TemporaryDirectory(prefix="c-")
    os.environ["COURSE_CELL_TIMEOUT"] = str(CELL_TIMEOUT)
    try:
        config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config())
    finally:
        del os.environ["COURSE_CELL_TIMEOUT"]
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = NAME
    tempfile.tempdir = scratch.name
    try:
        Autograde(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
    except NbGraderException:
        pass  # of those in UNGRADED
    finally:
        tempfile.tempdir = None
    listener.close()
    yield root, host, listener, before, messages, Path(scratch.name)
    scratch.cleanup()


class _Collect(logging.Handler):
    def __init__(self, messages):
        super().__init__(logging.WARNING)
        self.messages = messages

    def emit(self, record):
        self.messages.append(record.getMessage())


class _Listener(threading.Thread):
    """Somebody on this host who listens, on a port and on a socket without a file."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.sockets[1].bind(f"\0{host}")
        self.sockets[1].listen()
        self.port = self.sockets[0].getsockname()[1]
        self.heard = []
        self.start()

    def run(self):
        import select

        while self.sockets:
            for one in select.select(self.sockets, [], [], 0.2)[0]:
                self.heard.append(one.accept())

    def close(self):
        self.sockets, closing = [], self.sockets
        self.join()
        for one in closing:
            one.close()


def _hand_in(root, name, blank, answers, change=lambda notebook: None):
    notebook = nbformat.from_dict(json.loads(json.dumps(blank)))
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    change(notebook)
    folder = root / "submitted" / name / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(nbformat.writes(notebook))
    return folder


def _state(root):
    """Everything below the course's folder that no submission may change."""
    return {path: path.read_bytes() for place in ("solutions", "notebooks", "submitted")
            for path in (root / place).rglob("*") if path.is_file() and not path.is_symlink()}


@pytest.fixture(scope="module")
def scores(batch):
    root = batch[0]
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        return {submission.student_id: {grade.name: grade.score for notebook in submission.notebooks
                                        for grade in notebook.grades}
                for submission in gradebook.assignment_submissions(NAME)}


def _outputs(batch, name):
    path = batch[0] / "autograded" / student(name) / NAME / f"{NAME}.ipynb"
    if not path.exists():
        return ""
    return json.dumps([cell.outputs for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"])


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_gains_a_point(batch, scores, name):
    got = scores[student(name)] if name not in UNGRADED else scores.get(student(name), {})
    assert {test: points for test, points in got.items() if points > DESERVED[test]} == {}
    if not ATTACKS[name].ends:
        assert got == DESERVED
        assert name in ERASES or "the attack begins" in _outputs(batch, name)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_sees_a_hidden_test(batch, name):
    outputs = _outputs(batch, name)
    for secret in ("CANARY-in", "170141183460469", "BEGIN HIDDEN"):
        assert secret not in outputs


@pytest.mark.parametrize("name", ATTACKS)
def test_no_notebook_grows(batch, name):
    assert len(_outputs(batch, name)) < 12 << 20


def test_nobody_else_loses_anything(scores):
    assert scores["aa_honest"] == scores["zz_honest"] == WORTH


def test_the_host_is_as_it_was(batch):
    root, host, listener, before, *_ = batch
    assert {path.name: path.read_text() for path in host.iterdir()} == {"canary": "alive"}
    assert _state(root) == before
    assert listener.heard == []


def test_what_cannot_be_graded_is_reported(batch):
    lost = {match[1] for message in batch[4]
            if (match := re.match(r"There was an error processing assignment '\w+' for student '(\w+)'", message))}
    assert lost == {student(name) for name in UNGRADED}


def test_there_are_enough():
    assert len(ATTACKS) >= 40 and len({student(name) for name in ATTACKS}) == len(ATTACKS)


def test_nothing_is_left_behind(batch):
    assert list(batch[5].iterdir()) == []
