"""Compare a student's value with the expected one: type, shape, dtype, finiteness, then values.

Nothing here calls a method of the student's value: it is looked at from outside and copied into a plain
array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real

import numpy as np

from course_lib.checks.report import number, position
from course_lib.errors import CourseError

# Relative to the largest expected magnitude: a right answer in float32 passes, no classic mistake is that
# small.
TOLERANCE = 1e-5
FLOOR = 1e-12  # and never stricter than this, so that 0 and 1e-17 are the same number
WHOLE = 1e-3  # expected whole numbers are counts: 150,528,000 is not 150,528,001

RUNGS = ("type", "shape", "dtype", "values")


@dataclass(frozen=True)
class Difference:
    """The first rung on which a value falls short, the sentence about it, and what can be drawn."""

    rung: str
    sentence: str
    got: np.ndarray | None = None
    want: np.ndarray | None = None
    differs: np.ndarray | None = None


def difference(got: object, want: object, what: str, tolerance: float = TOLERANCE) -> Difference | None:
    """The first way in which `got` is not `want`, or None when they agree.

    `want` is an array, a number, a truth value, text, None, or lists, tuples and dicts of those. An array is
    wanted as an array; a list or tuple may also come as an array. Raises CourseError for any other `want`.
    """
    if isinstance(want, np.ndarray) and want.ndim == 0:
        want = want.item()
    if isinstance(want, np.ndarray) and want.dtype.kind in "iufb":
        return _array(got, want, what, tolerance)
    if isinstance(want, dict):
        return _mapping(got, want, what, tolerance)
    if isinstance(want, (list, tuple)):
        return _sequence(got, want, what, tolerance)
    if want is None or isinstance(want, (str, bool, np.bool_)):
        return _plain(got, want, what)
    if isinstance(want, Real):
        return _number(got, want, what, tolerance)
    raise CourseError(f"The expected value of {what} is {describe(want)}; compare arrays, numbers, text or "
                      f"lists.")


def describe(value: object) -> str:
    """Name a value in a few words: "a list", "the number 5", "an array of shape (3, 3)"."""
    if value is None or isinstance(value, (bool, np.bool_)):
        return str(value)
    if isinstance(value, str):
        return f"the text {number(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, Real):
        return f"the number {number(value)}"
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def missing(got: object, what: str) -> Difference | None:
    """The sentence about a value that is not there at all."""
    if got is None:
        return Difference("type", f"{what} is None: is the answer still to be written, or a `return` missing "
                                  "on some path?")
    return None


def _array(got: object, want: np.ndarray, what: str, tolerance: float) -> Difference | None:
    if not isinstance(got, np.ndarray):
        advice = " Turn it into one with np.array(...)." if isinstance(got, (list, tuple)) else ""
        sentence = f"{what} is {describe(got)}, expected an array of shape {want.shape}.{advice}"
        return missing(got, what) or Difference("type", sentence)
    array = np.asarray(got)
    if array.shape != want.shape:
        empty = "empty, " if array.size == 0 else ""
        sentence = f"{what} is {empty}of shape {array.shape}, expected shape {want.shape}."
        return Difference("shape", sentence, array, want)
    problem = _dtype_problem(array, want)
    if problem:
        return Difference("dtype", f"{what} {problem}", array, want)
    if want.dtype.kind == "b":
        differs = array != want
    else:
        margin = _margin(want, tolerance)
        array, want = np.array(array, dtype=float, subok=False), _finite(want, what)
        strange = ~np.isfinite(array)
        if strange.any():
            first = tuple(np.argwhere(strange)[0].tolist())
            sentence = (f"{what} holds {number(array[first])} in {_count(strange)}, first at "
                        f"{position(first)}; every cell must be a finite number. Was a cell never filled, or "
                        "something divided by zero?")
            return Difference("values", sentence, array, want, strange)
        differs = np.abs(array - want) > margin
    if not differs.any():
        return None
    first = tuple(np.argwhere(differs)[0].tolist())
    mine, theirs = _pair(array[first], want[first])
    sentence = (f"{what} differs in {_count(differs)}; the first is {position(first)}: "
                f"yours {mine}, expected {theirs}.")
    return Difference("values", sentence, array, want, differs)


def _dtype_problem(array: np.ndarray, want: np.ndarray) -> str | None:
    kind = array.dtype.kind
    if want.dtype.kind == "b":
        return None if kind == "b" else f"holds {array.dtype}, expected truth values (True, False)."
    if kind == "b":
        return "holds truth values (True, False), expected numbers."
    if kind in "US":
        return "holds text, expected numbers."
    if kind == "c":
        return "holds complex numbers, expected real ones: take the real part with np.real(...)."
    if kind not in "iuf":
        return f"holds {array.dtype} values, expected numbers: were its rows of unequal length?"
    if array.dtype == np.float16:
        return "holds float16 numbers, which keep only 3 digits: use float."
    if kind in "iu":
        limits = np.iinfo(array.dtype)
        if (want != np.round(want)).any():
            return (f"holds whole numbers ({array.dtype}), so every fraction was cut off: make it of floats, "
                    "for instance with np.zeros(shape); np.zeros_like(x) takes over the whole numbers of x.")
        if want.min(initial=0) < limits.min or want.max(initial=0) > limits.max:
            return (f"holds {array.dtype} numbers, which stop at {limits.min} and {limits.max}, so results "
                    "wrapped around: make it of floats, for instance with np.zeros(shape).")
    return None


def _number(got: object, want: Real, what: str, tolerance: float) -> Difference | None:
    if isinstance(got, np.ndarray) and got.ndim == 0 and got.dtype.kind in "iuf":
        got = got.item()
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, Real):
        return missing(got, what) or Difference("type", f"{what} is {describe(got)}, expected one number.")
    wanted = _finite(np.array(want), what)
    got = _as_float(got)
    if not np.isfinite(got):
        return Difference("values", f"{what} is {number(got)}, expected a finite number.")
    if abs(got - float(want)) <= _margin(np.array(want), tolerance):
        return None
    mine, theirs = _pair(got, want)
    return Difference("values", f"{what} is {mine}, expected {theirs}.", np.array(got), wanted)


def _as_float(value: Real) -> float:
    """The number as a float; Python's whole numbers may be too large for one."""
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _plain(got: object, want: str | bool | None, what: str) -> Difference | None:
    kind = str if isinstance(want, str) else (bool, np.bool_) if want is not None else type(None)
    if not isinstance(got, kind):
        names = {str: "text", type(None): "None"}
        expected = names.get(kind, "True or False")
        return missing(got, what) or Difference("type", f"{what} is {describe(got)}, expected {expected}.")
    if got == want:
        return None
    return Difference("values", f"{what} is {number(got)}, expected {number(want)}.")


def _sequence(got: object, want: list | tuple, what: str, tolerance: float) -> Difference | None:
    if not isinstance(got, (list, tuple, np.ndarray)) or (isinstance(got, np.ndarray) and got.ndim == 0):
        wrong = Difference("type", f"{what} is {describe(got)}, expected a list of {len(want)}.")
        return missing(got, what) or wrong
    wanted = _regular(want)
    if wanted is not None and wanted.dtype.kind in "iufb" and wanted.size:
        array = _regular(got)
        if array is None:
            return Difference("shape", f"{what} has rows of unequal length, expected shape {wanted.shape}.")
        if wanted.dtype.kind != "b" and any(isinstance(value, bool) for value in _leaves(got)):
            return Difference("dtype", f"{what} holds truth values (True, False), expected numbers.")
        return _array(array, wanted, what, tolerance)
    if len(got) != len(want):
        return Difference("shape", f"{what} has {len(got)} entries, expected {len(want)}.")
    return _first(difference(mine, theirs, f"{what}[{index}]", tolerance)
                  for index, (mine, theirs) in enumerate(zip(got, want, strict=True)))


def _mapping(got: object, want: dict, what: str, tolerance: float) -> Difference | None:
    if not isinstance(got, dict):
        return missing(got, what) or Difference("type", f"{what} is {describe(got)}, expected a dict.")
    if set(got) != set(want):
        sentence = f"{what} has the keys {_keys(got)}, expected {_keys(want)}."
        return Difference("shape", sentence)
    return _first(difference(got[key], want[key], f"{what}[{key!r}]", tolerance) for key in want)


def _first(found: Iterator[Difference | None]) -> Difference | None:
    return next((one for one in found if one is not None), None)


def _keys(mapping: dict) -> str:
    return ", ".join(sorted(number(key) for key in mapping)) or "none"


def _regular(values: object) -> np.ndarray | None:
    """Nested lists as an array, or None when the rows are of unequal length."""
    try:
        return np.array(values, subok=False)
    except ValueError:
        return None


def _leaves(values: object) -> Iterator[object]:
    if isinstance(values, (list, tuple)):
        for value in values:
            yield from _leaves(value)
    else:
        yield values


def _finite(want: np.ndarray, what: str) -> np.ndarray:
    wanted = np.array(want, dtype=float)
    if not np.isfinite(wanted).all():
        raise CourseError(f"The expected value of {what} holds NaN or infinity; expect finite numbers.")
    return wanted


def _margin(want: np.ndarray, tolerance: float) -> float:
    margin = tolerance * float(np.abs(want).max(initial=0)) + FLOOR
    return min(margin, WHOLE) if want.dtype.kind in "iu" else margin


def _pair(mine: float, theirs: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (4, 9, 17):
        pair = number(mine, digits), number(theirs, digits)
        if pair[0] != pair[1]:
            break
    return pair


def _count(differs: np.ndarray) -> str:
    return f"{int(differs.sum())} of {differs.size} cells"
