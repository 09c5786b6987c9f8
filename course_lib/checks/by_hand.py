"""Numbers computed by hand, judged at once against sealed answers: nothing here can be read ahead of time."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np

from course_lib import sealed
from course_lib.checks.compare import describe
from course_lib.checks.report import SIGN, Report, Table, fail, number, position
from course_lib.errors import CourseError
from course_lib.lessons import lesson

LISTED = 6  # the most wrong cells that are listed by position


def judge_by_hand(lesson_name: str, name: str, answer: object) -> None:
    """Hold a by-hand answer (number, text, lists or array) against the sealed one of that lesson.

    Prints one line when it is right; else raises CheckFailed: not answered, wrong shape, cells that are no
    numbers, or which cells are wrong, with the name of the mistake where it is a classic one.
    """
    answers = lesson(lesson_name)["answers"]
    if not isinstance(name, str) or name not in answers:
        given = f'"{name}"' if isinstance(name, str) else describe(name)
        raise CourseError(f"There is no by-hand answer {given} in this notebook; the names are "
                          f"{', '.join(answers)}.")
    expected = answers[name]
    if answer is None:
        fail(f"{name} is not answered yet: replace None by your answer.")
    cells = _cells(answer)
    shape = tuple(expected["shape"])
    if cells is None:
        fail(f"{name} has rows of unequal length; expected {_shape_in_words(shape)}.")
    recognised = sealed.recognise(answer, expected)
    if cells.shape != shape:
        given = _shape_in_words(cells.shape) if cells.shape else describe(cells.item())
        sentence = f"{name} is {given}; expected {_shape_in_words(shape)}."
        fail(f"{sentence} {recognised}" if recognised else sentence)
    _reject_strange(name, cells)
    right = sealed.matches(answer, expected)
    if right.all():
        what = "your answer is right" if right.size == 1 else f"all {right.size} cells are right"
        print(f"✓ {name}: {what}.")
        return
    sentence = _which(name, ~right, cells)
    fail(f"{sentence} {recognised}" if recognised else sentence, _report(name, cells, ~right))


def judge_prediction(name: str, answer: object, words: Sequence[str]) -> None:
    """Note a prediction, one of the words, whatever their case: none is wrong. Raises CheckFailed for anything else."""
    told = ", ".join(map(repr, words))
    if answer is None:
        fail(f"{name} is not answered yet: replace None by your guess, one of {told}. Only an empty answer costs the "
             "point.")
    if not isinstance(answer, str) or answer.strip().lower() not in words:
        fail(f"{name} is {describe(answer)}; it must be one of {told}.")
    print(f"✓ {name}: noted, {answer.strip().lower()!r}. No guess is wrong; now let the next cell measure.")


def rounded(answer: object, digits: int) -> object:
    """An answer of which only so many decimals are asked for, rounded to them; what is no float stays as it is."""
    if isinstance(answer, (list, tuple)):
        return [rounded(value, digits) for value in answer]
    if isinstance(answer, np.ndarray) and answer.dtype.kind == "f":
        return np.round(answer, digits)
    return round(answer, digits) if isinstance(answer, float) else answer


def _cells(answer: object) -> np.ndarray | None:
    """The answer as an array of objects, or None for rows of unequal length."""
    try:
        cells = np.array(answer, dtype=object)
    except ValueError:
        return None
    for index, value in np.ndenumerate(cells):
        if isinstance(value, np.ndarray) and value.ndim == 0:
            cells[index] = value.item()
        elif isinstance(value, (list, tuple, np.ndarray)):
            return None
    return cells


def _shape_in_words(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    if 0 in shape:
        return f"empty, of shape {shape}"
    if len(shape) == 1:
        return f"a list of {shape[0]}"
    return " x ".join(map(str, shape)) + " (a list of rows)"


def _reject_strange(name: str, cells: np.ndarray) -> None:
    """Cells that are no answer at all get their own sentence."""
    for index, value in np.ndenumerate(cells):
        place = f"{name}{position(index)}"
        if value is None or value is Ellipsis:
            fail(f"{place} is not answered yet: replace {'...' if value is ... else value} by your answer.")
        if isinstance(value, str):
            if _looks_like_number(value):
                fail(f"{place} is the text {value!r}; write the number without quotes.")
        elif isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
            fail(f"{place} is {describe(value)}; expected a number.")
        elif not np.isfinite(value):
            fail(f"{place} is {number(value)}; expected a finite number.")


def _looks_like_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _which(name: str, wrong: np.ndarray, cells: np.ndarray) -> str:
    places = [tuple(place) for place in np.argwhere(wrong).tolist()]
    if wrong.ndim == 0:
        return f"{name}: {describe(cells.item())} is not right."
    if len(places) == wrong.size > 1:
        return f"{name}: all {wrong.size} cells are wrong."
    verb = "is" if len(places) == 1 else "are"
    listed = ", ".join(f"{position(place)} ({number(cells[place])})" for place in places[:LISTED])
    rest = f" and {len(places) - LISTED} more" if len(places) > LISTED else ""
    return f"{name}: {len(places)} of {wrong.size} cells {verb} wrong: {listed}{rest} (counted from 0)."


def _report(name: str, cells: np.ndarray, wrong: np.ndarray) -> Report | None:
    if wrong.ndim == 0:
        return None
    table = Table("yours", cells, "plain", wrong)
    return Report(f"{name}: the cells marked {SIGN} are wrong", (), ((table,),))
