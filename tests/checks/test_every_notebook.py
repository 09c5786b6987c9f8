"""Bad input to every check of every notebook gets a sentence that names what was given, never a traceback."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from course_lib.checks.kit import FunctionCheck
from course_lib.checks.report import CheckFailed
from course_lib.errors import CourseError
from course_lib.instructor.source import source_files
from course_lib.lessons import lesson

NOTEBOOKS = {path.stem: importlib.import_module(f"course_lib.checks.{path.stem[3:]}")
             for path in source_files(Path(__file__).resolve().parents[2])}
FUNCTIONS = {f"{notebook[:2]}-{name}": value for notebook, module in NOTEBOOKS.items()
             for name, value in vars(module).items() if isinstance(value, FunctionCheck)}
ANSWERS = {f"{notebook[:2]}-{name}": (module, name) for notebook, module in NOTEBOOKS.items()
           for name in lesson(notebook)["answers"]}
every_function = pytest.mark.parametrize("one", FUNCTIONS.values(), ids=FUNCTIONS)

BAD = {
    "None": None, "number": 3.5, "text": "a text", "array": np.ones((3, 3)), "empty": np.array([]),
    "NaN": np.nan, "object": object(), "list": [1, 2],
}
RETURNS = {
    **BAD, "wrong shape": np.ones((1, 2, 3, 4, 5)), "texts": np.array([["a"]]), "NaNs": np.full((3, 3), np.nan),
    "a function": len, "a dict": {"y": 1}, "a generator": (i for i in range(3)), "bytes": b"abc",
    "ragged": [[1], [2, 3]], "a type": int, "infinity": [np.inf], "huge": 10**30,
}


def test_every_notebook_has_its_checks_and_its_answers():
    assert all(any(key.startswith(name[:2]) for key in FUNCTIONS) for name in NOTEBOOKS)
    assert all(any(key.startswith(name[:2]) for key in ANSWERS) for name in NOTEBOOKS)


@every_function
@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_a_check_of_no_function_gets_a_sentence(one, given):
    with pytest.raises(CheckFailed, match=rf"^{one.name} (must be a function|is None)"):
        one(given)


@every_function
@pytest.mark.parametrize("returned", RETURNS.values(), ids=RETURNS)
def test_whatever_a_function_returns_gets_a_sentence(one, returned):
    with pytest.raises(CheckFailed, match=rf"^(On the tiny case the .*)?{one.name}\b(?s:.*)[.?]$"):
        one(lambda *arguments: returned)


@every_function
def test_the_wrong_number_of_parameters_gets_a_sentence(one):
    with pytest.raises(CheckFailed, match=r"stopped with TypeError.*keep these parameters"):
        one(lambda: 3)


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
@pytest.mark.parametrize(("module", "name"), ANSWERS.values(), ids=ANSWERS)
def test_a_bad_by_hand_answer_gets_a_sentence(module, name, answer):
    with pytest.raises(CheckFailed, match=rf"^{name}(?s:.*)\."):
        module.by_hand(name, answer)


@pytest.mark.parametrize("module", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_an_unknown_by_hand_answer_gets_the_names(module):
    known = list(lesson(module.LESSON)["answers"])
    with pytest.raises(CourseError, match=known[0]):
        module.by_hand("no such name", 1)
