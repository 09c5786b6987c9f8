"""An answer in words through nbgrader: released without its text, open after autograding, graded by hand, fed back."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from course_lib.instructor import lint, release
from course_lib.instructor.source import read_cells
from tests.harness import ROOT, course

# ruff: noqa: E501  (nbgrader's markers are as long as they are)
NAME = "91_words"
SOURCE = '''\
# %% tags=["setup"]
from course_lib.checks import kernels_by_hand as check, same

# %% nbgrader={"grade": false, "grade_id": "two", "locked": false, "schema_version": 3, "solution": true}
# exercise: two
two = None
### BEGIN SOLUTION
two = 2
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_two", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_two (1 point)
same(two, 2, "two")

# %% [markdown] nbgrader={"grade": true, "grade_id": "words", "locked": false, "points": 4, "schema_version": 3, "solution": true}
# <!-- exercise: words -->
# ### BEGIN SOLUTION
# Because a secret reason.
# ### END SOLUTION
'''
ANSWERS = {"wrote": "<!-- exercise: words -->\nBecause of the pool.", "silent": None,
           "stripped": "<!-- exercise: words -->\nOf the norm."}


def nbgrader(root, *arguments: str) -> None:
    folder = os.path.dirname(sys.executable)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
                                "OMP_NUM_THREADS": "1"}
    done = subprocess.run([f"{folder}/nbgrader", *arguments], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A course of one notebook, released, handed in by three students, and autograded by nbgrader's own Execute."""
    folder = tmp_path_factory.mktemp("words")
    source = folder / f"{NAME}.py"
    source.write_text(SOURCE)
    root = course(folder, source)
    config = root / "nbgrader_config.py"
    # The sandbox is tested elsewhere; here the words matter.
    config.write_text(config.read_text().replace("course_lib.instructor.trusted.TrustedExecute",
                                                 "course_lib.instructor.nbgrader_extras.RecoveringExecute"))
    release.release(root)
    blank = root / "notebooks" / NAME / f"{NAME}.ipynb"
    for student, words in ANSWERS.items():
        notebook = nbformat.read(blank, as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if words and grade_id in ("two", "words"):
                cell.source = words if grade_id == "words" else "# exercise: two\ntwo = 2"
            if student == "stripped":
                cell.metadata = nbformat.from_dict({})
        place = root / "submitted" / student / NAME / f"{NAME}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    nbgrader(root, "autograde", NAME)
    return root


def test_the_release_asks_for_words_and_holds_none(root):
    notebook = nbformat.read(root / "notebooks" / NAME / f"{NAME}.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "words"]
    assert cell.cell_type == "markdown" and cell.source == "<!-- exercise: words -->\nYOUR ANSWER HERE"
    assert "tags" not in cell.metadata and cell.metadata.nbgrader.points == 4


def test_the_formgrader_is_told_who_must_be_read(root):
    """What its lists show comes from this interface: "needs manual grading"."""
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "cnn-by-hand"
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    api = NbGraderAPI(config=config)
    told = {one["student"]: one for one in api.get_submissions(NAME)}
    assert {name: one["needs_manual_grade"] for name, one in told.items()} == \
        {"wrote": True, "silent": False, "stripped": True}
    assert all(one["max_score"] == 5 for one in told.values())


def test_a_grade_by_hand_counts_and_is_fed_back(root):
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        silent = gradebook.find_grade("words", NAME, NAME, "silent")
        assert (silent.auto_score, silent.score) == (0, 0)
        grade = gradebook.find_grade("words", NAME, NAME, "wrote")
        assert grade.auto_score is None and grade.needs_manual_grade
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment("words", NAME, NAME, "wrote").manual_comment = "Which numbers?"
        gradebook.db.commit()
        assert gradebook.find_submission(NAME, "wrote").score == 1 + 3
    nbgrader(root, "generate_feedback", NAME, "--student=wrote")
    page = (root / "feedback" / "wrote" / NAME / f"{NAME}.html").read_text()
    assert "(Score: 4.0 / 5.0)" in page and "Which numbers?" in page and "Because of the pool." in page


@pytest.mark.parametrize("old, new, says", [
    ("<!-- exercise: words -->", "<!-- words -->", "must be '<!-- exercise: words -->'"),
    ('"points": 4', '"points": 0', "an answer in words is worth 0 points"),
    ("[markdown] nbgrader", "nbgrader", "stands in a Markdown cell"),
    ("# ### BEGIN SOLUTION\n# Because a secret reason.\n# ### END SOLUTION", "# Because a secret reason.",
     "all would be published"),
])
def test_the_lint_says_what_an_answer_in_words_lacks(tmp_path, old, new, says):
    path = tmp_path / f"{NAME}.py"
    path.write_text(SOURCE)
    assert [cell.is_written for cell in read_cells(path)] == [False, False, False, True] and not lint.lint(path)
    path.write_text(SOURCE.replace(old, new))
    assert any(says in finding.sentence for finding in lint.lint(path))
