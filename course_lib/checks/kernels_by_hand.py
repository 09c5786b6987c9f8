"""The checks of notebook 02, kernels by hand (slides 6-8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from course_lib import ops
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference, describe, difference
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.report import Report, Table, fail, number
from course_lib.checks.sliding import (
    CONVOLUTION_MISTAKES,
    CORRELATION_MISTAKES,
    SIDES,
    convolve,
    correlate,
    explain_window,
    linear,
    moves,
    one_hot,
    random_case,
)
from course_lib.errors import CourseError

LESSON = "02_kernels_by_hand"
Generator = np.random.Generator


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("feature_map", feature_map)``."""
    judge_by_hand(LESSON, name, answer)


# ----------------------------------------------------------------------------- cross-correlation, convolution

def _square_cases(rng: Generator) -> Iterator[Case]:
    yield random_case(rng, (6, 6), (3, 3), whole=True)
    yield random_case(rng, (5, 5), (2, 2))
    yield random_case(rng, (7, 7), (4, 4))
    yield {"x": rng.integers(-9, 10, (5, 5)), "w": rng.normal(size=(3, 3))}
    yield random_case(rng, (8, 8), (5, 5))


def _all_cases(rng: Generator) -> Iterator[Case]:
    yield random_case(rng, (6, 4), (3, 2), whole=True)
    yield random_case(rng, (5, 8), (2, 4))
    yield random_case(rng, (7, 5), (1, 3))
    yield random_case(rng, (4, 6), (3, 1), whole=True)
    yield random_case(rng, (3, 5), (1, 1))
    yield random_case(rng, (4, 3), (4, 3))
    yield random_case(rng, (1, 6), (1, 2), whole=True)
    yield random_case(rng, (6, 7), (3, 2), dtype=np.float32)
    yield {"x": rng.integers(0, 256, (5, 6), dtype=np.uint8), "w": rng.integers(-4, 5, (2, 3))}
    height, width = rng.integers(4, 9, 2)
    yield random_case(rng, (height, width), (rng.integers(1, height), rng.integers(1, width)))


correlate2d = FunctionCheck(
    call="correlate2d(x, w)",
    reference=correlate,
    example={"x": np.array([[1, 2, 0, 3], [0, 1, 4, 1], [2, 0, 1, 5], [3, 1, 2, 0]]),
             "w": np.array([[1, -2], [0, 3]])},
    properties=(linear, moves, one_hot(turned=False)),
    cases=_square_cases,
    mistakes=CORRELATION_MISTAKES,
    explain=explain_window,
    covers=("linearity", "shift equivariance", "kernels with a single 1"),
)
# The same function where height and width differ, and on bytes, float32, and a kernel as large as the
# picture.
correlate2d_shapes = replace(
    correlate2d,
    example={"x": np.array([[1, 2, 0, 3, 1], [0, 1, 4, 1, 2], [2, 0, 1, 5, 0]]),
             "w": np.array([[1, 0, 2], [-1, 3, 0]])},
    properties=(),
    cases=_all_cases,
    mistakes=(*CORRELATION_MISTAKES, *SIDES),
    covers=(),
)
convolve2d = replace(
    correlate2d_shapes,
    call="convolve2d(x, w)",
    reference=convolve,
    properties=(linear, moves, one_hot(turned=True)),
    mistakes=CONVOLUTION_MISTAKES,
    covers=("linearity", "shift equivariance", "kernels with a single 1"),
)


def transpose_counterexample(pair: object) -> None:
    """Judge (x, w), a counterexample to slide 6's footnote (erratum 5).

    Any pair of small 2-D arrays is right whose kernel fits into x and into x.T, if correlate2d(x.T, w) is not
    the true convolution of x with w. Prints one line, or raises CheckFailed.
    """
    if pair is None:
        fail("transpose_counterexample is not answered yet: replace None by a pair (x, w) of small arrays.")
    countable = isinstance(pair, (tuple, list)) or (isinstance(pair, np.ndarray) and pair.ndim > 0)
    if not countable or len(pair) != 2:
        entries = f" of {len(pair)}" if countable else ""
        fail(f"transpose_counterexample is {describe(pair)}{entries}; expected a pair (x, w) of small "
             f"arrays.")
    if pair[0] is None or pair[1] is None:
        fail("transpose_counterexample is not answered yet: replace None by a small array, for x and for w.")
    x, w = _part(pair[0], "the picture x"), _part(pair[1], "the kernel w")
    if max(x.shape) > 20:
        fail(f"Your x has shape {x.shape}; a counterexample should be small enough to read: at most 20 x 20.")
    if max(w.shape) > min(x.shape):
        fail(f"Your kernel of shape {w.shape} must fit into x of shape {x.shape} and into its transpose of "
             f"shape {x.T.shape}: take a larger picture or a smaller kernel.")
    transposed, convolved = correlate(x.T, w), convolve(x, w)
    if difference(transposed, convolved, "") is None:
        rows = ((Table("x", x, "input"), Table("w", w, "kernel")),
                (Table("x.T correlated with w", transposed, "output"),
                 Table("true convolution", convolved, "output")))
        fail(f"This is no counterexample: for your x and w both results are the same. {_why_the_same(x, w)}",
             Report("Both results are the same", (), rows))
    seen = ("they even differ in shape" if transposed.shape != convolved.shape
            else f"{int((transposed != convolved).sum())} of {convolved.size} cells differ")
    print(f"✓ transpose_counterexample: for your x and w the footnote is wrong, {seen}.")


def _part(value: object, what: str) -> np.ndarray:
    try:
        return ops.picture(value, what).astype(float)
    except CourseError as error:
        fail(f"transpose_counterexample: {error}")


def _why_the_same(x: np.ndarray, w: np.ndarray) -> str:
    if not w.any():
        return "A kernel of zeros gives zeros whatever the picture is."
    if (x == x.flat[0]).all():
        return "In a flat picture every window looks alike: put different numbers into x."
    if x.shape == x.T.shape and (x == x.T).all() and (w == w[::-1, ::-1]).all():
        return ("Your x is its own transpose and half a turn leaves your kernel as it is: take an x whose "
                "top "
                "right and bottom left corners differ.")
    return "Change one number of x away from its diagonal and look again."


# ----------------------------------------------------------------------------------------------- make_kernel

def _make_kernel(name: str, size: int = 3) -> np.ndarray:
    w, middle = np.zeros((size, size)), size // 2
    if name == "box":
        return w + 1 / size**2
    if name == "edge":
        w -= 1
    if name == "sharpen":
        w[middle], w[:, middle] = -1, -1
    return _centred(w, 0 if name == "edge" else 1)


def _centred(w: np.ndarray, total: float) -> np.ndarray:
    """The kernel with the number in its centre that makes the sum `total`."""
    middle = w.shape[0] // 2
    w[middle, middle] += total - w.sum()
    return w


def _with_centre(name: str, centre: Callable[[int], float]) -> Callable[[int], np.ndarray]:
    def kernel(size: int) -> np.ndarray:
        w = _make_kernel(name, size)
        w[size // 2, size // 2] = centre(size)
        return w
    return kernel


def _cross(total: float) -> Callable[[int], np.ndarray]:
    """-1 in the four neighbours of the centre only, whatever the size."""
    def kernel(size: int) -> np.ndarray:
        i, j = np.indices((size, size)) - size // 2
        return _centred(-1.0 * (abs(i) + abs(j) == 1), total)
    return kernel


def _filled(value: Callable[[int], float]) -> Callable[[int], np.ndarray]:
    return lambda size: np.full((size, size), value(size))


def _single_one(place: int) -> Callable[[int], np.ndarray]:
    return lambda size: np.eye(size) * (np.arange(size) == place)


def _only(kernel: str, wrong: Callable[[int], np.ndarray]) -> Callable:
    """A mistake in one of the kernels, which says nothing about the others."""
    return lambda name, size=3: wrong(size) if name == kernel else NotImplemented


FOUR_NEIGHBOURS = "These are four neighbours only; slide 7's edge kernel has -1 in every cell but the centre."

KERNEL_MISTAKES = (
    Mistake("The size is ignored: your kernel is always 3 x 3.",
            lambda name, size=3: _make_kernel(name) if size != 3 else NotImplemented),
    *(Mistake(says, _only(kernel, wrong)) for kernel, says, wrong in (
        ("identity", "That is the identity matrix, with ones all along its diagonal; the identity kernel has "
                     "a "
         "single 1, in the centre.", np.eye),
        ("identity", "A 1 everywhere adds up every window; the identity kernel has a single 1, in the "
                     "centre.",
         _filled(lambda size: 1)),
        ("identity", "The 1 is in the top left corner; the centre is at [size // 2, size // 2].",
         _single_one(0)),
        ("identity", "The 1 stays at [1, 1]; in a larger kernel the centre is at [size // 2, size // 2].",
         _single_one(1)),
        ("box", "These ones add up the window instead of taking its mean: divide by the number of cells.",
         _filled(lambda size: 1)),
        ("box", "You divided by 9, which is right for 3 x 3 only: divide by size * size.",
         _filled(lambda size: 1 / 9)),
        ("box", "You divided by 25, which is right for 5 x 5 only: divide by size * size.",
         _filled(lambda size: 1 / 25)),
        ("box", "You divided by size; the kernel has size * size cells.",
         _filled(lambda size: 1 / size)),
        ("edge", "The centre stays 8, which is right for 3 x 3 only: it must make the sum 0, size * size - "
                 "1.",
         _with_centre("edge", lambda size: 8)),
        ("edge", "The centre is -1 too: set it so that all numbers add up to 0.",
         _filled(lambda size: -1)),
        ("edge", "The centre is size * size, which makes the sum 1; for edge the sum must be 0, so it is one "
                 "less.",
         _with_centre("edge", lambda size: size**2)),
        ("edge", "All signs are reversed: -1 around, and a positive centre.",
         lambda size: -_make_kernel("edge", size)),
        ("edge", FOUR_NEIGHBOURS, lambda size: _centred(_make_kernel("sharpen", size), 0)),
        ("edge", FOUR_NEIGHBOURS, _cross(0)),
        ("sharpen", "The centre stays 5, which is right for 3 x 3 only: it must make the sum 1, 2 * size - "
                    "1.",
         _with_centre("sharpen", lambda size: 5)),
        ("sharpen", "The sum is 0, so this kernel finds edges; to sharpen, the sum must be 1: add 1 in the "
                    "centre.",
         lambda size: _centred(_make_kernel("sharpen", size), 0)),
        ("sharpen", "You put -1 in every cell; slide 7's sharpen has it only along the middle row and "
                    "column.",
         lambda size: _centred(_make_kernel("edge", size), 1)),
        ("sharpen", "The -1 stand only next to the centre; they fill the whole middle row and middle column.",
         _cross(1)),
        ("sharpen", "The signs around the centre are reversed: they must be -1.",
         lambda size: np.abs(_make_kernel("sharpen", size))),
    )),
)


def _explain_kernel(found: Difference, case: Case) -> str | None:
    size = case.get("size", 3)
    if found.rung == "shape":
        return f"make_kernel returns size x size numbers, here {size} x {size}."
    if found.rung == "values" and np.isfinite(found.got).all():
        mine, wanted = number(found.got.sum()), number(found.want.sum())
        if mine != wanted:
            return f"The numbers of your kernel add up to {mine}; those of {case['name']} add up to {wanted}."
    return None


def _kernel_cases(rng: Generator) -> Iterator[Case]:
    names = ("identity", "box", "edge", "sharpen")
    yield from ({"name": name} for name in names[1:])
    for size in (5, int(rng.choice([7, 9, 11])), 1):
        yield from ({"name": name, "size": size} for name in names)


make_kernel = FunctionCheck(
    call="make_kernel(name, size=3)",
    reference=_make_kernel,
    example={"name": "identity"},
    cases=_kernel_cases,
    mistakes=KERNEL_MISTAKES,
    explain=_explain_kernel,
)


# ----------------------------------------------------------------------------------------------------- shift

def _shift(x: np.ndarray, down: int, right: int, wrap: bool = False) -> np.ndarray:
    if wrap:
        return np.roll(x, (down, right), (0, 1))
    i, j = np.indices(x.shape)
    inside = (i - down >= 0) & (i - down < x.shape[0]) & (j - right >= 0) & (j - right < x.shape[1])
    return np.where(inside, np.roll(x, (down, right), (0, 1)), 0)


def _clamped(x: np.ndarray, down: int, right: int) -> np.ndarray:
    rows = np.clip(np.arange(x.shape[0]) - down, 0, x.shape[0] - 1)
    columns = np.clip(np.arange(x.shape[1]) - right, 0, x.shape[1] - 1)
    return x[np.ix_(rows, columns)]


def _wrapped(wrong: Callable) -> Callable:
    """A mistake that shows only with wrap=True; `wrong` takes x, down, right."""
    return lambda x, down, right, wrap=False: wrong(x, down, right) if wrap else NotImplemented


def _unwrapped(wrong: Callable) -> Callable:
    """A mistake that shows only with wrap=False; `wrong` takes x, down, right."""
    return lambda x, down, right, wrap=False: NotImplemented if wrap else wrong(x, down, right)


def _rows_wrap(x: np.ndarray, down: int, right: int) -> np.ndarray:
    return _shift(_shift(x, down, 0, True), 0, right)


def _columns_wrap(x: np.ndarray, down: int, right: int) -> np.ndarray:
    return _shift(_shift(x, down, 0), 0, right, True)


SHIFT_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The picture did not move at all.",
     lambda x, down, right, wrap=False: x),
    ("wrap is understood the wrong way round: wrap=True brings pixels back, wrap=False brings in zeros.",
     lambda x, down, right, wrap=False: _shift(x, down, right, not wrap)),
    ("Pixels come back at the other edge although wrap is False: zeros must come in there.",
     _unwrapped(lambda x, down, right: _shift(x, down, right, True))),
    ("wrap=True is ignored: what leaves at one edge must come back at the other.",
     _wrapped(_shift)),
    ("It moves the wrong way: positive `down` moves the picture down, positive `right` to the right.",
     lambda x, down, right, wrap=False: _shift(x, -down, -right, wrap)),
    ("It moves up instead of down.",
     lambda x, down, right, wrap=False: _shift(x, -down, right, wrap)),
    ("It moves left instead of right.",
     lambda x, down, right, wrap=False: _shift(x, down, -right, wrap)),
    ("`down` and `right` changed places: axis 0 runs down the rows, axis 1 to the right.",
     lambda x, down, right, wrap=False: _shift(x, right, down, wrap)),
    ("It only moves down; `right` is ignored.",
     lambda x, down, right, wrap=False: _shift(x, down, 0, wrap)),
    ("It only moves to the right; `down` is ignored.",
     lambda x, down, right, wrap=False: _shift(x, 0, right, wrap)),
    ("The edge's own pixels are repeated where zeros must come in.",
     _unwrapped(_clamped)),
    ("Negative moves are ignored: down=-1 moves the picture up, right=-1 to the left.",
     lambda x, down, right, wrap=False: _shift(x, max(down, 0), max(right, 0), wrap)),
    ("Negative moves go the wrong way: down=-1 moves the picture up, right=-1 to the left.",
     lambda x, down, right, wrap=False: _shift(x, abs(down), abs(right), wrap)),
    ("After a move by a negative number the pixels that came back must become zero too.",
     _unwrapped(lambda x, down, right: np.where(_shift(np.ones_like(x), max(down, 0), max(right, 0)),
                                                _shift(x, down, right, True), 0))),
    ("A move by 0 empties the picture: the slice [:-0] is empty, so treat 0 on its own.",
     lambda x, down, right, wrap=False: _shift(x, down, right, wrap) if down and right else np.zeros_like(x)),
    ("Only the rows wrap around; the columns must too.",
     _wrapped(_rows_wrap)),
    ("Only the columns wrap around; the rows must too.",
     _wrapped(_columns_wrap)),
    ("Zeros come in at the top and bottom only; columns that leave must not come back either.",
     _unwrapped(_columns_wrap)),
    ("Zeros come in at the left and right only; rows that leave must not come back either.",
     _unwrapped(_rows_wrap)),
    ("The rows run into each other: the picture was moved as one long row; move each axis on its own.",
     _wrapped(lambda x, down, right: np.roll(x, down * x.shape[1] + right))),
))


def _explain_shift(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return "A shift keeps the shape: what is pushed over an edge is lost or wraps, nothing grows."
    if abs(case["down"]) >= case["x"].shape[0] or abs(case["right"]) >= case["x"].shape[1]:
        return "This move is as large as the picture or larger: all is pushed out, or wraps more than once."
    if 0 in (case["down"], case["right"]):
        return "One of the two moves is 0: beware of the slice [:-0], which is empty."
    return None


def _there_and_back(call: Callable, rng: Generator) -> Iterator[Claim]:
    x = rng.integers(1, 10, (4, 5))
    yield Claim("Moving there and back with wrap=True must give the picture again.",
                call(call(x, 1, 2, True), -1, -2, True), x, {"x": x}, ("there and back", "x"))
    yield Claim("Two moves must add up.", call(call(x, 1, 0), 1, 2), call(x, 2, 2), {"x": x},
                ("(1, 0), then (1, 2)", "(2, 2) at once"))


def _shift_cases(rng: Generator) -> Iterator[Case]:
    moved = [(1, 2, True), (2, 1), (-1, 2), (1, -2), (-2, -1, True), (0, 1), (-1, 0), (0, 0), (4, 1), (-7, 9),
             (7, -9, True)]
    for move in moved:
        x = rng.integers(1, 10, (4, 5)) if move[0] % 2 else rng.normal(size=(5, 3))
        yield {"x": x, **dict(zip(("down", "right", "wrap"), move, strict=False))}
    height, width, down, right = (int(side) for side in rng.integers(2, 7, 4))
    yield {"x": rng.normal(size=(height, width)), "down": -down, "right": right, "wrap": True}


shift = FunctionCheck(
    call="shift(x, down, right, wrap=False)",
    reference=_shift,
    example={"x": np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]), "down": 1, "right": 2},
    cases=_shift_cases,
    properties=(_there_and_back,),
    mistakes=SHIFT_MISTAKES,
    explain=_explain_shift,
    covers=("there and back again",),
)


# -------------------------------------------------------------------------------------------- is_equivariant

@dataclass(frozen=True)
class Operation:
    """Which shifts an operation commutes with, and what to say to someone who thinks otherwise.

    The operations themselves are written in the test cell, whose probe runs them among the student's names; a
    test holds this table against them.
    """

    commutes: str  # with shifts: "always", "never", only straight "down" or up, only straight "right" or left
    says: str


OPERATIONS = {
    "double": Operation("always", (
        "Doubling treats every pixel alike, so it may come first or last. If you compare f(shift(x)) with "
        "f(x), that is invariance; equivariance compares it with shift(f(x)).")),
    "brighten": Operation("always", (
        "Adding 10 to every pixel commutes with a shift that wraps; without wrap=True zeros come in, before "
        "the 10 or after it. Give both shifts wrap=True.")),
    "circular blur": Operation("always", (
        "Its window wraps around the edges, so every place is treated alike. Give both shifts wrap=True, and "
        "the same down and right.")),
    "Fourier blur": Operation("always", (
        "Both ways agree but for rounding errors of about 1e-16: do not compare with ==, allow a difference "
        "of 1e-9.")),
    "multiply by a ramp": Operation("down", (
        "The ramp brightens what is further right, so it matters where the picture is when it is multiplied."
    )),
    "zero-padded blur": Operation("never", (
        "Only cells at the border differ, where zeros are mixed in; every cell has to agree.")),
    "every second pixel": Operation("never", (
        "After a shift by one pixel, other pixels are kept: that is another picture and not a moved one.")),
    "sort the pixels": Operation("never", (
        "The sorted picture stays where it is when x moves, which is invariance. Equivariance wants it to "
        "move "
        "along, cell by cell.")),
    "mirror left to right": Operation("down", (
        "A mirrored picture still moves down with x, but to the left when x moves to the right. Are down and "
        "right both handed on to both shifts?")),
    "mirror top to bottom": Operation("right", (
        "A mirrored picture still moves right with x, but up when x moves down. Are down and right both "
        "handed "
        "on to both shifts?")),
    "global average": Operation("always", (
        "One cell that wraps around stays as it is, so both ways agree.")),
    "add a faint ramp": Operation("down", "Both ways differ by about 0.000001, which is little, but more than the 1e-9 "
                                  "that rounding may take; np.allclose on its own forgives more."),
    "cut at the brightest pixel": Operation("never", (
        "The two ways give pictures of different shapes here; then the answer is False. Compare the shapes "
        "before the values.")),
}


def _is_equivariant(name: str, x: np.ndarray, down: int = 1, right: int = 2) -> bool:
    commutes = OPERATIONS[name].commutes
    return (commutes == "always" or (down, right) == (0, 0)
            or (commutes == "down" and right == 0) or (commutes == "right" and down == 0))


def _explain_operation(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return "End with one truth value, for instance bool(...), and not with one for each cell."
    if (case.get("down"), case.get("right")) == (0, 0):
        return "A shift by (0, 0) moves nothing, so everything commutes with it: hand on down and right."
    return OPERATIONS[case["f"]].says if found.rung != "run" or case["f"].startswith("cut") else None


def _operation_cases(rng: Generator) -> Iterator[Case]:
    for name in OPERATIONS:
        yield {"f": name, "x": rng.uniform(1, 9, rng.permutation([5, 7]))}
    for name, down, right in [
        ("mirror left to right", 1, 0), ("mirror left to right", 0, 2), ("mirror top to bottom", 0, 1),
        ("mirror top to bottom", 2, 0), ("multiply by a ramp", -1, 0), ("multiply by a ramp", 0, 1),
        ("every second pixel", 0, 0), ("circular blur", -2, 3), ("zero-padded blur", 1, 0),
    ]:
        yield {"f": name, "x": rng.uniform(1, 9, (6, 8)), "down": down, "right": right}


is_equivariant = FunctionCheck(
    call="is_equivariant(f, x, down=1, right=2)",
    reference=_is_equivariant,
    example={"f": "double", "x": np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])},
    cases=_operation_cases,
    explain=_explain_operation,
)
