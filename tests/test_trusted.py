"""Test cells in the trusted process: what crosses, what a student is told, and that plain nbgrader scores the same."""

import json
import logging
import shutil
import socket
import threading

import nbformat
import numpy as np
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from course_lib.errors import CourseError
from course_lib.exchange import send, serve
from course_lib.instructor import release, sandbox
from course_lib.instructor.source import read_cells
from course_lib.instructor.worker import Notebook, Student
from tests.attacks.attacks import CODES, TRIES
from tests.harness import ROOT, course

SETUP = "import numpy as np\nfrom course_lib.checks import kernels_by_hand as check, probe, same\n"
HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


class Watched(Student):
    """Keeps every byte that goes to the student's process."""

    def __init__(self, link):
        super().__init__(link)
        self.sent = b""

    def ask(self, question, packer=None):
        self.sent += json.dumps(question).encode() + (packer.body if packer else b"")
        return super().ask(question, packer)


@pytest.fixture
def judge():
    """Run test cells against a student's code, which here is answered for by a thread."""
    links, notebook = [], Notebook(SETUP, ["f", "g", "answer", "Thing"])

    def run(student, *tests):
        here, there = socket.socketpair()
        links.append(here)
        names = {"np": np}
        exec(student, names)
        threading.Thread(target=serve, args=[there.detach(), names], daemon=True).start()
        watched = Watched(here)
        results = [notebook.run(watched, "test_f", test) for test in tests]
        return (*results, watched.sent)

    yield run
    for link in links:
        send(link, bytes(16), b'{"do": "end"}')
        link.close()


def failure(result):
    return result["failed"]["ename"], result["failed"]["evalue"]


def test_right_answers_pass_and_print(judge):
    test = 'print("here")\nsame(f(np.ones(2), y=3), np.full(2, 4.0), "f(x)")\nsame(answer, [1, 2], "answer")'
    result, _ = judge("def f(x, y):\n    return x + y\nanswer = [1, 2]", test)
    assert result == {"outputs": [{"output_type": "stream", "name": "stdout", "text": "here\n"}], "failed": None}


def test_a_wrong_answer_is_told_and_drawn(judge):
    result, _ = judge("def f(x):\n    return x", 'same(f(np.ones(2)), np.zeros(2), "f(x)")')
    assert failure(result) == ("CheckFailed", "f(x) differs in 2 of 2 cells; the first is [0]: yours 1, expected 0.")
    assert "≠1" in result["outputs"][0]["text"]  # drawn as text: there is no IPython in this process
    assert '----> 1 same(f(np.ones(2)), np.zeros(2), "f(x)")' in result["failed"]["traceback"]


def test_an_exception_comes_with_the_students_own_line(judge):
    student = "def f(x):\n    return g(x)\ndef g(x):\n    return [][3]"
    result, _ = judge(student, 'same(f(1), 2, "f(1)")')
    assert failure(result) == ("IndexError", "list index out of range")
    assert [line for line in result["failed"]["traceback"] if line.startswith("g, line 4")]
    checked, _ = judge(student.replace("g(x)", "correlate2d(x, w)"), "check.correlate2d(f)")
    assert failure(checked)[0] == "CheckFailed"


def test_a_missing_name_and_a_name_that_is_no_function(judge):
    test = 'same(f(1), 2, "f(1)")'
    missing, _ = judge("", test)
    assert failure(missing) == ("NameError", "name 'f' is not defined")
    data, _ = judge("f = 3", test)
    assert failure(data)[0] == "TypeError"


def test_every_cell_starts_clean(judge):
    first, second, _ = judge("", "mine = 3", 'same(mine, 3, "mine")')
    assert first["failed"] is None
    assert failure(second)[0] == "NameError"


@pytest.mark.parametrize("hidden", [
    'same(f(1), "CANARY", "CANARY")', 'print("CANARY", f(2))\nraise ValueError("CANARY")', 'print(CANARY)',
    'same(g("CANARY"), 1, "CANARY")', "probe(3)"])
def test_a_hidden_test_tells_only_that_it_failed(judge, hidden):
    student = "def f(x):\n    return x\ndef g(x):\n    raise KeyError(x)"
    result, _ = judge(student, f'same(f(1), 1, "f(1)")\n{HIDDEN.format(hidden)}')
    assert "CANARY" not in json.dumps(result)
    assert failure(result)[0] == "HiddenTestFailed"
    assert "The tests above pass" in failure(result)[1]
    assert result["outputs"] == []


def test_only_data_and_probes_enter_the_students_process(judge):
    test = ('# a remark that stays\ndef run(x):\n    # one that goes\n    return Thing()(x)\n\n\n'
            'same(probe(run)(np.ones(2)), np.array([123456.0, 123456.0]), "Thing()(x)")\n'
            + HIDDEN.format('same(f("in"), "CANARY-out", "CANARY-what")'))
    student = "class Thing:\n    def __call__(self, x):\n        return x * 123456\ndef f(x):\n    return 'CANARY-out'"
    result, sent = judge(student, test)
    assert result["failed"] is None
    assert b"return Thing()(x)" in sent and b'"in"' in sent
    for text in (b"123456", b"CANARY", b"same", b"remark", b"one that goes", b"HIDDEN"):
        assert text not in sent


def test_an_argument_that_is_changed_is_told_but_not_by_what(judge):
    student = "def f(x, w):\n    x[:] = 77\n    return np.zeros((1, 1))"
    result, _ = judge(student, "x = np.arange(3.0)\ny = f(x, 1)\nprint(x.tolist())")
    assert result["outputs"][0]["text"] == "[1.0, 1.0, 2.0]\n"


def test_without_bubblewrap_grading_refuses_and_says_what_to_install(monkeypatch):
    monkeypatch.delenv(sandbox.UNSAFE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    sandbox.unusable.cache_clear()
    try:
        with pytest.raises(CourseError, match=r"bwrap\) is not installed. Install bubblewrap .*NO_SANDBOX=1"):
            sandbox.SandboxedKernelManager(kernel_name="python3")
        monkeypatch.setenv(sandbox.UNSAFE, "1")
        assert sandbox.SandboxedKernelManager(kernel_name="python3").unsafe_without_sandbox
    finally:
        sandbox.unusable.cache_clear()


def test_a_course_inside_what_students_can_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "data" / "course").mkdir(parents=True)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    sandbox.keep_apart(tmp_path)
    with pytest.raises(CourseError, match="lies inside .*data, which students' code can read"):
        sandbox.keep_apart(tmp_path / "data" / "course")


# ---- a small course, graded in three ways

SOURCE = ROOT / "tests" / "fixtures" / "91_attacked.py"
SOLVED = {cell.grade_id: cell.source for cell in read_cells(SOURCE) if cell.is_solution}
WORTH = {cell.grade_id: cell.points for cell in read_cells(SOURCE) if cell.is_test}
WRONG = SOLVED | {"double": "def double(x):\n    return x + 2\n", "Adder": "class Adder:\n    pass\n"}
TAMPERED = SOLVED | {"double": TRIES + CODES["tampering: checks, same and probe"].replace("{{", "{").replace("}}", "}"),
                     "by_hand": "", "Adder": ""}
STUDENTS = {"right": SOLVED, "wrong": WRONG, "partly": {"first": SOLVED["first"], "by_hand": SOLVED["by_hand"]},
            "tampers": TAMPERED}
PLAIN = {"course_lib.instructor.trusted.TrustedExecute": "nbgrader.preprocessors.Execute"}


@pytest.fixture(scope="module")
def small_course(tmp_path_factory):
    root = course(tmp_path_factory.mktemp("course"), SOURCE)
    release.release(root)
    blank = nbformat.read(root / "notebooks" / SOURCE.stem / f"{SOURCE.stem}.ipynb", 4)
    for student, answers in STUDENTS.items():
        notebook = nbformat.from_dict(json.loads(json.dumps(blank)))
        for cell in notebook.cells:
            cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        folder = root / "submitted" / student / SOURCE.stem
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{SOURCE.stem}.ipynb")
    return root


def grade(root, students="*", replaced=None):
    """Grade with nbgrader as it is configured, some of its steps replaced; return student, grade_id to score."""
    config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config())
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id, config.CourseDirectory.student_id = SOURCE.stem, students
    config.Autograde.autograde_preprocessors = [(replaced or {}).get(one, one)
                                                for one in config.Autograde.autograde_preprocessors]
    log = logging.getLogger("tests.trusted")
    converter = Autograde(coursedir=CourseDirectory(config=config, log=log), config=config, log=log)
    converter.force = True
    converter.start()
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        return {submission.student_id: {grade.name: grade.score for notebook in submission.notebooks
                                        for grade in notebook.grades}
                for submission in gradebook.assignment_submissions(SOURCE.stem)}


@pytest.mark.skipif(bool(sandbox.unusable()), reason=f"no sandbox: {sandbox.unusable()}")
def test_one_line_brings_plain_nbgrader_back_and_both_score_the_same(small_course):
    config = (small_course / "nbgrader_config.py").read_text().splitlines()
    assert sum(next(iter(PLAIN)) in line for line in config) == 1
    trusted = grade(small_course)
    assert trusted["right"] == WORTH
    assert trusted["wrong"] == WORTH | {"test_double": 0, "test_Adder": 0}
    assert trusted["partly"] == dict.fromkeys(WORTH, 0) | {"test_first": 1, "test_by_hand": 2}
    cheat = trusted.pop("tampers")
    assert cheat == dict.fromkeys(WORTH, 0) | {"test_first": 1, "test_last": 1}
    graded = nbformat.read(small_course / "autograded" / "wrong" / SOURCE.stem / f"{SOURCE.stem}.ipynb", 4)
    outputs = next(cell.outputs for cell in graded.cells if cell.metadata.get("nbgrader", {}).get("grade_id") ==
                   "test_Adder")
    assert [output.ename for output in outputs] == ["TypeError"]
    assert "Adder() takes no arguments" in outputs[0].evalue
    plain = grade(small_course, replaced=PLAIN)
    assert sum(plain.pop("tampers").values()) > sum(cheat.values())  # what the trusted process is for
    assert plain == trusted


def test_without_a_sandbox_if_one_says_so(small_course, monkeypatch):
    monkeypatch.setenv(sandbox.UNSAFE, "1")
    assert grade(small_course, "right")["right"] == WORTH


def test_a_source_that_has_changed_since_the_release_is_told(small_course, caplog):
    source = small_course / "solutions" / SOURCE.stem / SOURCE.name
    text = source.read_text()
    source.write_text(text.replace("same(double(2), 4", "same(double(3), 6"))
    try:
        with pytest.raises(Exception, match="error"):
            grade(small_course, "right")
    finally:
        source.write_text(text)
    assert "The gradebook holds another version of test_double" in caplog.text
