"""What comes out of grading: tables that platforms import, feedback without hidden tests, a class report, flags."""

import csv
import datetime
import os
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.errors import CourseError
from course_lib.instructor import class_report, collect, export, feedback, flags, grade, release, results
from course_lib.instructor.source import read_cells
from tests.harness import ROOT, SOURCES, course

pytestmark = pytest.mark.xdist_group("export")

NAME, REAL = "90_sample", "02_kernels_by_hand"
PLAIN = '\nc.Autograde.autograde_preprocessors[0] = "course_lib.instructor.nbgrader_extras.RecoveringExecute"\n'
RIGHT = {"double": "# exercise: double\ndef double(x):\n    return 2 * x",
         "by_hand": "# exercise: by_hand\nby_hand = 42"}
LONG = '''# exercise: double
def double(x):
    """Twice x."""
    # I add the number to what I have, twice
    total = 0
    for step in range(2):
        total = total + x
    if total == 1000000000:
        print("that is a lot")
    return total'''
# The same, written by somebody else: other names, layout and docstring.
RENAMED = re.sub(r"\btotal\b", "s", re.sub(r"\bstep\b", "i", LONG)).replace('"""Twice x."""', "'''2x'''")
STUDENTS = {
    "Ada Right": RIGHT,
    "Hid Den": RIGHT | {"double": "# exercise: double\ndef double(x):\n    return 4"},
    "Sam Long": {"double": LONG, "by_hand": "# exercise: by_hand\nby_hand = [41, 7]"},
    "Sue Long": {"double": RENAMED, "by_hand": "# exercise: by_hand\nby_hand = [41,  7]  # I think"},
    "Odd One": {"double": "# exercise: double\nimport sys, os\ndef double(x):\n    sys.modules['nbgrader'] = None\n"
                          "    return os._exit(1) if x == 2 else 2 * x",
                "by_hand": "# exercise: by_hand\nby_hand = 41"},
}


def lay_out(root: Path, source: Path) -> Path:
    """A released course of one notebook, graded by nbgrader in this process and without a sandbox."""
    course(root, source)
    with open(root / "nbgrader_config.py", "a") as file:
        file.write(PLAIN)
    release.release(root)
    return root


def filled(root: Path, name: str, answers: dict[str, str]) -> nbformat.NotebookNode:
    notebook = nbformat.read(root / "notebooks" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    return notebook


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A class that handed in through Moodle, collected and graded."""
    root = lay_out(tmp_path_factory.mktemp("class"), ROOT / "tests" / "fixtures" / f"{NAME}.py")
    source, times = root / "moodle.zip", root / "worksheet.csv"
    with zipfile.ZipFile(source, "w") as archive, times.open("w") as table:
        table.write("Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (submission)\n")
        for number, (student, answers) in enumerate(STUDENTS.items(), start=1):
            notebook = filled(root, NAME, answers)
            if student == "Odd One":
                for cell in notebook.cells:
                    if cell.metadata.get("nbgrader", {}).get("grade_id") == "test_by_hand":
                        cell.source = "print('✓ by_hand: right')"
                        cell.execution_count = 3
                        cell.outputs = [nbformat.v4.new_output("stream", text="✓ by_hand: right\n")]
            archive.writestr(f"{student}_{number}_assignsubmission_file_/{NAME}.ipynb", nbformat.writes(notebook))
            table.write(f"Participant {number},{student},p{number}@example.org,,30.00,2026-11-{10 + number} 12:00\n")
        table.write("Participant 9,Not There,p9@example.org,,30.00,-\n")
    collect.collect(root, NAME, source, times)
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cnn-by-hand") as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=datetime.datetime(2026, 11, 14, 23))
    assert len(grade.grade(root, NAME, grade.local_lanes(1, "fork")).graded) == len(STUDENTS)
    # One more that cannot be graded.
    broken = root / "submitted" / "broken" / NAME / f"{NAME}.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text("no notebook")
    assert list(grade.grade(root, NAME, grade.local_lanes(1, "fork")).failed) == ["broken"]
    return root


@pytest.fixture(scope="module")
def read(root) -> results.Results:
    return results.read_results(root, NAME)


def rows(path: Path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_moodle_s_worksheet_is_filled_in_and_scaled(root, tmp_path):
    _, notes = export.export(root, NAME, tmp_path, moodle=root / "worksheet.csv")
    made = {row["Identifier"]: row for row in rows(tmp_path / NAME / "moodle.csv")}
    assert {key: row["Grade"] for key, row in made.items()} == {
        "Participant 1": "30", "Participant 2": "10", "Participant 3": "20", "Participant 4": "20",
        "Participant 5": "0", "Participant 9": ""}
    assert made["Participant 1"]["Feedback comments"] == "3 of 3 points."
    assert made["Participant 2"]["Feedback comments"] == "1 of 3 points. Points missing in double."
    assert any("gives 30 points" in note and "3: the grades were scaled" in note for note in notes)
    assert any("1 submissions could not be graded" in note for note in notes)


def test_canvas_s_gradebook_is_filled_in_by_number_login_or_name(root, tmp_path):
    roster = tmp_path / "canvas.csv"
    roster.write_text(f"Student,ID,SIS User ID,SIS Login ID,Section,Other (1),{NAME} (77),Final Score\n"
                      "    Points Possible,,,,,10,3,(read only)\n"
                      '"Right, Ada",1,u1,ada,A,9,,50\n"Long, Sam",33,u3,p3@example.org,A,,,\n'
                      '"Nobody, N",8,u8,n,A,,2,\n')
    _, notes = export.export(root, NAME, tmp_path, canvas=roster)
    assert (tmp_path / NAME / "canvas.csv").read_text().splitlines() == [
        f"Student,ID,SIS User ID,SIS Login ID,Section,{NAME} (77)", "    Points Possible,,,,,3",
        '"Right, Ada",1,u1,ada,A,3', '"Long, Sam",33,u3,p3@example.org,A,2', '"Nobody, N",8,u8,n,A,2']
    assert any("3 graded students are not in canvas.csv" in note for note in notes)


def test_without_a_list_the_tables_hold_those_who_were_graded(root, tmp_path):
    export.export(root, NAME, tmp_path)
    canvas = rows(tmp_path / NAME / "canvas.csv")
    assert canvas[0]["Student"] == "Points Possible" and canvas[0][NAME] == "3"
    assert {row["Student"]: (row["ID"], row[NAME]) for row in canvas[1:]}["Hid Den"] == ("2", "1")
    marks = {row["name"]: row for row in rows(tmp_path / NAME / "marks.csv")}
    assert (marks["Sue Long"]["double"], marks["Sue Long"]["by_hand"]) == ("2", "0")
    assert marks["broken"]["points"] == ""
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_the_class_report_counts_exercises_and_mistakes(root, read, tmp_path):
    export.export(root, NAME, tmp_path)
    double, by_hand = rows(tmp_path / NAME / "exercises.csv")
    assert double | {"mean_share": ""} == {"exercise": "double", "points": "2", "students": "5", "all_points": "3",
                                           "some_points": "0", "mean_share": ""}
    assert (by_hand["all_points"], by_hand["mean_share"]) == ("2", "0.4")
    mistakes = {(row["exercise"], row["what"]): row["students"] for row in rows(tmp_path / NAME / "mistakes.csv")}
    assert mistakes["double", "double(#) is #, expected #"] == "1"
    page = (tmp_path / NAME / "report.html").read_text()
    assert "http" not in page and "<script" not in page
    assert "Ada Right" not in page and "Odd One" in page  # names stand only where there is something to look at
    assert "60 % have all" in page


def test_flags_say_whom_to_look_at_and_why(read):
    found = {}
    for flag in flags.find_flags(read):
        found.setdefault(flag.student, {})[flag.kind] = flag
    names = {student.id: student.name for student in read.students}
    by_name = {names[student]: kinds for student, kinds in found.items()}
    assert "Ada Right" not in by_name and "Hid Den" not in by_name
    for one, other in (("Sam Long", "Sue Long"), ("Sue Long", "Sam Long")):
        assert by_name[one]["wrong answer shared"].others == tuple(key for key in names if names[key] == other)
        assert "[41, 7]" in by_name[one]["wrong answer shared"].reason
        assert "Comments are the same, too, in double" in by_name[one]["code alike"].reason
    odd = by_name["Odd One"]
    assert set(odd) == {"kernel ended", "late", "outputs say otherwise", "test cells changed", "unusual code"}
    assert "test_by_hand" in odd["test cells changed"].reason and "13 hours" in odd["late"].reason
    assert set(by_name["broken"]) == {"not graded"} and "NotJSONError" in by_name["broken"]["not graded"].reason


def test_words_that_the_release_itself_holds_and_comments_are_no_flags():
    work = flags.Work({}, ["# a gradebook\nx = 1", "requests.get('y')", "import subprocess"], {})
    release = {"cells": [{"source": ["import subprocess"]}]}
    found = list(flags._about_text("s", work, release))
    assert [flag.reason for flag in found] == ["The code mentions processes, files or the network: requests."]


def test_normalised_code_forgets_names_layout_and_comments_and_nothing_else():
    assert flags.normalised(LONG) == flags.normalised(RENAMED)
    assert flags.normalised(LONG) != flags.normalised(LONG.replace("range(2)", "range(3)"))
    assert flags.normalised("def f(:\n") == "deff(:"


def test_feedback_holds_no_hidden_test_and_says_what_failed(root, read):
    students = [student.id for student in read.graded]
    assert feedback.make_feedback(root, NAME, students) == {}
    pages = {student.name: (root / "feedback" / student.id / NAME / f"{NAME}.html").read_text()
             for student in read.graded}
    for page in pages.values():
        assert "HIDDEN TESTS" not in page and "-3" not in re.sub(r"<style.*?</style>|[\w-]*-3[\w-]*=", "", page,
                                                                 flags=re.DOTALL)
    assert "HiddenTestFailed" in pages["Hid Den"] and "(Score: 1.0 / 3.0)" in pages["Hid Den"]
    assert "by_hand is a list" in pages["Sam Long"]
    assert "passed, hidden tests included" in pages["Ada Right"]
    assert not list((root / "feedback").rglob(grade.RECORD))

    count = export.feedback_archive(read, root / "feedback.zip")
    with zipfile.ZipFile(root / "feedback.zip") as archive:
        assert count == len(STUDENTS) and f"Ada Right_1_assignsubmission_file_/{NAME}.html" in archive.namelist()


VISIBLE = 'check.double(double)\nsame(x, 3, "x")'
SECRET = 'check.double(double, seed=20)\nsame(double(-3), -6, "a hidden value")'


def test_no_feedback_is_made_where_the_configuration_would_show_hidden_tests(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    with pytest.raises(CourseError, match="does not name HideHiddenTests"):
        feedback.make_feedback(tmp_path, "90_sample", ["ann"])


@pytest.mark.parametrize("printed, error, in_sight", [
    ("", ("CheckFailed", "double(1) is 3, expected 2.", []), True),  # its check has no tick
    ("✓ double\n", ("CheckFailed", "x is 4, expected 3.", []), True),  # a name that only the visible part gives
    ("✓ double\n", ("CheckFailed", "a hidden value is 6, expected -6.", []), False),
    ("✓ double\n✓ double\n", ("CheckFailed", "a hidden value is 6, expected -6.", []), False),
    ("✓ double\n", ("CheckFailed", "double(3) is 5, expected 6.", []), False),  # in doubt
    ("", ("NameError", "name 'x' is not defined", ["----> 2 same(x, 3, \"x\")"]), True),
    ("", ("NameError", "name 'double' is not defined", ["      1 check.double(double)", "----> 4 same(double(-3), -6, "
                                                         '"a hidden value")']), False),
    ("", ("HiddenTestFailed", "a hidden test does not pass", []), False),
])
def test_only_what_surely_failed_in_sight_is_shown(printed, error, in_sight):
    outputs = [nbformat.v4.new_output("stream", text=printed)] if printed else []
    outputs.append(nbformat.v4.new_output("error", ename=error[0], evalue=error[1], traceback=error[2]))
    assert feedback.failed_in_sight(outputs, VISIBLE, SECRET) is in_sight


def test_a_real_notebook_from_canvas_to_grades_and_feedback(tmp_path):
    source = next(path for path in SOURCES if path.stem == REAL)
    root = lay_out(tmp_path, source)
    solved = {cell.grade_id: cell.source for cell in read_cells(source) if cell.is_solution}
    flipped = solved | {"correlate2d": solved["correlate2d"].replace("* w)", "* w[::-1, ::-1])")}
    with zipfile.ZipFile(root / "canvas.zip", "w") as archive:
        for number, answers in enumerate((solved, flipped), start=1):
            notebook = filled(root, REAL, answers)
            notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata
                              or "setup" in cell.metadata.get("tags", [])]
            archive.writestr(f"student{number}_{number}_{number}_{REAL} (1).ipynb", nbformat.writes(notebook))
    collect.collect(root, REAL, root / "canvas.zip")
    assert len(grade.grade(root, REAL, grade.local_lanes(1, "fork")).graded) == 2
    read, _ = export.export(root, REAL)
    right, wrong = (next(one for one in read.students if one.row["platform_id"] == str(number)) for number in (1, 2))
    assert right.total == read.points and not right.failures
    assert wrong.total < read.points
    standing = {one.exercise.name: one for one in class_report.standings(read)}
    (label, classic), = standing["correlate2d"].labels
    assert classic and "your kernel is flipped" in label
    feedback.make_feedback(root, REAL, [wrong.id])
    page = (root / "feedback" / wrong.id / REAL / f"{REAL}.html").read_text()
    assert "seed=20" not in page and "a hidden 3 x 3 picture" not in page and "CheckFailed" in page
    assert os.path.getsize(root / "grades" / REAL / "report.html") < 200_000
