"""Release, hand in, autograde, feedback, export with real nbgrader: every score of every simulated student.

One batch of all students through the plain command line. Some answer right, partly or not at all; some loop
for ever; some hand in a notebook that nbgrader alone would score 0 or stop the whole batch at.
"""

import copy
import csv
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from course_lib.instructor import release, sandbox
from course_lib.instructor.source import read_cells
from tests.harness import ROOT, SOURCES, course, lesson

# One process does all, in this order, so its tests belong to one worker.
pytestmark = pytest.mark.xdist_group("grading_loop")

NAME = "02_kernels_by_hand"
SOURCE = next(path for path in SOURCES if path.stem == NAME)
SOLVED = {cell.grade_id: cell.source for cell in read_cells(SOURCE) if cell.is_solution}
WORTH = {cell.grade_id: cell.points for cell in read_cells(SOURCE) if cell.is_test}
CELL_TIMEOUT = 20  # seconds; an honest cell must not need so long, however busy the machine

BEGUN = ("feature_map", "correlate2d", "kernel_sums")  # what the student `partly` has right
MEAN = "# exercise: convolve2d\ndef convolve2d(x, w):\n    return correlate2d(x, w)\n"
LOOP = "# exercise: is_equivariant\ndef is_equivariant(f, x, *move):\n    while True:\n        pass\n"
DEAF = """\
# exercise: is_equivariant
def is_equivariant(f, x, down=1, right=2):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
EXIT = "# exercise: is_equivariant\nimport os\ndef is_equivariant(f, x, down=1, right=2):\n    os._exit(1)\n"
NOISE = """
import sys, warnings
warnings.warn("this is only a warning")
_correlate2d = correlate2d
def correlate2d(x, w):
    print("looking at a window", file=sys.stderr)
    return _correlate2d(x, w)
"""


def edited(nb: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """Return the released notebook with these solution cells filled in."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    return nb


def position(nb: nbformat.NotebookNode, grade_id: str) -> int:
    return next(index for index, cell in enumerate(nb.cells)
                if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def duplicate(nb: nbformat.NotebookNode) -> None:
    """Copy a solution and its test below the test; edit the first test, as one does to look around."""
    solution, test = position(nb, "correlate2d"), position(nb, "test_correlate2d")
    nb.cells[test + 1:test + 1] = copy.deepcopy([nb.cells[solution], nb.cells[test]])
    nb.cells[test].source = "correlate2d(np.ones((3, 3)), 1 / 0)"


def strip(nb: nbformat.NotebookNode) -> None:
    """Take all metadata away, as some editors and converters do."""
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict({})


def age(nb: nbformat.NotebookNode) -> None:
    """Give the cells the metadata of other versions of nbgrader, and nonsense."""
    records = [cell.metadata.nbgrader for cell in nb.cells if "nbgrader" in cell.metadata]
    for number, record in enumerate(records):
        if number % 4 == 0:
            del record["schema_version"]
            record["points"] = "100"
        else:
            record["schema_version"] = (1, 2, 99)[number % 4 - 1]
    nb.cells[position(nb, "test_shift")].metadata["nbgrader"] = {"grade_id": "test_shift", "grade": "yes"}
    nb.cells[position(nb, "shift")].metadata["nbgrader"] = "nonsense"
    nb.cells[0].metadata["nbgrader"] = {"grade_id": "no_such_cell", "grade": True, "points": 50}


def delete(nb: nbformat.NotebookNode) -> None:
    """Delete two neighbouring tests and an exercise whole; turn a test into text; drop the cell ids."""
    for grade_id in ("test_correlate2d", "test_correlate2d_shapes", "convolve2d", "test_convolve2d"):
        del nb.cells[position(nb, grade_id)]
    test = nb.cells[position(nb, "test_shift")]
    test.cell_type = "markdown"
    del test["outputs"], test["execution_count"]
    nb.nbformat_minor = 4
    for cell in nb.cells:
        del cell["id"]


def move(nb: nbformat.NotebookNode) -> None:
    """Write the solution into a cell of one's own and delete the one that was meant for it, and its test."""
    own = nb.cells[position(nb, "shift")]
    own.source = own.source.split("\n", 1)[1]
    own.metadata = nbformat.from_dict({})
    del nb.cells[position(nb, "test_shift")]


def but(*lost: str) -> dict[str, int]:
    """Return full points for every test cell but those of some exercises."""
    zero = {test.grade_id for exercise in lost for test in lesson(SOURCE).exercises[exercise]}
    return {name: 0 if name in zero else points for name, points in WORTH.items()}


# student: answers, what is done to the notebook then, and the points expected
STUDENTS: dict[str, tuple[dict[str, str], Callable | None, dict[str, int]]] = {
    "right": (SOLVED, None, WORTH),
    "partly": ({name: SOLVED[name] for name in BEGUN} | {"convolve2d": MEAN}, None,
               but(*(set(SOLVED) - set(BEGUN)))),
    "empty": ({}, None, dict.fromkeys(WORTH, 0)),
    "syntax_error": (SOLVED | {"is_equivariant": "# exercise: is_equivariant\ndef is_equivariant(f, x\n"},
                     None, but("is_equivariant")),
    "endless": (SOLVED | {"is_equivariant": LOOP}, None, but("is_equivariant")),
    "endless_and_deaf": (SOLVED | {"is_equivariant": DEAF}, None, but("is_equivariant")),
    "exits": (SOLVED | {"is_equivariant": EXIT}, None, but("is_equivariant")),
    "duplicated": (SOLVED, duplicate, WORTH),
    "stripped": (SOLVED, strip, WORTH),
    "old_schema": (SOLVED, age, WORTH),
    "deleted": (SOLVED, delete, but("convolve2d")),
    "moved": (SOLVED, move, WORTH),
    "noisy": (SOLVED | {"correlate2d": SOLVED["correlate2d"] + NOISE}, None, WORTH),
}
WHOLE = ("right", "partly", "empty")  # the others deleted the cells that nobody grades: half the time
BROKEN = "broken"  # hands in a file that is no notebook


def nbgrader(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run one nbgrader command in the course's folder, as an instructor does."""
    folder = Path(sys.executable).parent
    without = {sandbox.UNSAFE: "1"} if sandbox.unusable() else {}  # these students mean no harm
    environment = os.environ | without | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
                                "COURSE_CELL_TIMEOUT": str(CELL_TIMEOUT), "OMP_NUM_THREADS": "1"}
    return subprocess.run([str(folder / "nbgrader"), *arguments], cwd=root, env=environment,
                          capture_output=True, text=True)


@pytest.fixture(scope="module")
def course_root(tmp_path_factory) -> Path:
    root = course(tmp_path_factory.mktemp("course"), SOURCE)
    release.release(root)
    return root


@pytest.fixture(scope="module")
def batch(course_root) -> subprocess.CompletedProcess:
    """Hand in for every student, and grade them all with one command."""
    blank = nbformat.read(course_root / "notebooks" / NAME / f"{NAME}.ipynb", as_version=4)
    for student in [*STUDENTS, BROKEN]:
        place = course_root / "submitted" / student / NAME / f"{NAME}.ipynb"
        place.parent.mkdir(parents=True)
        if student == BROKEN:
            place.write_text("this is no notebook")
            continue
        answers, change, _ = STUDENTS[student]
        nb = edited(blank, answers)
        if student not in WHOLE:
            nb.cells = [cell for cell in nb.cells
                        if cell.cell_type == "markdown" or "nbgrader" in cell.metadata
                        or "setup" in cell.metadata.get("tags", [])]
        if change:
            change(nb)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # these notebooks are meant to be odd
            nbformat.write(nb, place)
    return nbgrader(course_root, "autograde", NAME)


@pytest.fixture(scope="module")
def scores(course_root, batch) -> dict[str, dict[str, float]]:
    """Return the gradebook: student to grade_id to score."""
    with Gradebook(f"sqlite:///{course_root}/gradebook.db", "cnn-by-hand") as gradebook:
        return {submission.student_id: {grade.name: grade.score for notebook in submission.notebooks
                                        for grade in notebook.grades}
                for submission in gradebook.assignment_submissions(NAME)}


def test_the_batch_loses_nobody_but_the_broken_file(batch):
    lost = re.findall(r"There was an error processing assignment '\w+' for student '(\w+)'", batch.stderr)
    assert lost == [BROKEN], batch.stderr[-5000:]
    assert batch.returncode != 0  # the instructor must look at it


@pytest.mark.parametrize("student", STUDENTS)
def test_every_score(scores, student):
    assert scores[student] == STUDENTS[student][2]


def test_release_scores_nothing_and_the_solved_notebook_everything(scores):
    assert sum(scores["empty"].values()) == 0
    assert sum(scores["right"].values()) == lesson(SOURCE).worth() == sum(WORTH.values())


def test_deleted_test_cell_is_back_where_it_was(course_root, batch):
    graded = nbformat.read(course_root / "autograded" / "deleted" / NAME / f"{NAME}.ipynb", as_version=4)
    order = [cell.metadata.nbgrader.grade_id for cell in graded.cells if "nbgrader" in cell.metadata]
    assert order == [cell.grade_id for cell in read_cells(SOURCE) if cell.nbgrader]
    nbformat.validate(graded)


def test_feedback_and_export(course_root, scores):
    feedback = nbgrader(course_root, "generate_feedback", NAME)
    assert feedback.returncode == 0, feedback.stderr[-5000:]
    for student in STUDENTS:
        page = (course_root / "feedback" / student / NAME / f"{NAME}.html").read_text()
        assert f"(Score: {sum(scores[student].values())} / {float(sum(WORTH.values()))})" in page

    # In this process: one more start of the nbgrader command would take as long as grading a student.
    with Gradebook(f"sqlite:///{course_root}/gradebook.db", "cnn-by-hand") as gradebook:
        CsvExportPlugin(to=str(course_root / "grades.csv")).export(gradebook)
    with open(course_root / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: float(row["score"]) for name, row in rows.items()} == \
        {name: sum(points.values()) for name, (_, _, points) in STUDENTS.items()} | {BROKEN: 0}
    assert {float(row["max_score"]) for row in rows.values()} == {sum(WORTH.values())}
