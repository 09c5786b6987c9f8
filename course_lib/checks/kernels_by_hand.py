"""The checks of notebook 02, kernels by hand (slides 6-8): cross-correlation, convolution, kernels, shifts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib import ops
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference, describe, difference
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.report import Report, Table, fail, number
from course_lib.errors import CourseError

LESSON = "02_kernels_by_hand"
Generator = np.random.Generator


def by_hand(name: str, answer: object) -> None:
    """Hold an answer computed by hand against the sealed one, e.g. ``check.by_hand("feature_map", feature_map)``."""
    judge_by_hand(LESSON, name, answer)


# ------------------------------------------------------------------------------------- cross-correlation, convolution

def _correlate(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return ops.correlate2d(x.astype(float), w)


def _convolve(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return ops.convolve2d(x.astype(float), w)


def _windows(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return sliding_window_view(x.astype(float), w.shape)


def _without_last(y: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The output of loops that stop too early in an array of the right size."""
    y[y.shape[0] - rows:], y[:, y.shape[1] - columns:] = 0, 0
    return y


def _one_side(x: np.ndarray, w: np.ndarray, axis: int) -> np.ndarray:
    """The output when the kernel's height, or width, is taken for both of its sides, in the right shape."""
    inside = np.indices(w.shape).max(axis=0) < w.shape[axis]
    return _correlate(x, w * inside)


# Slips of the summing itself, the same for cross-correlation and convolution; w is the kernel as it lies on x.
SUMMING = (
    Mistake("Every cell is still 0: is nothing written into the output, or is it made anew inside the loop?",
            lambda x, w: np.zeros_like(_correlate(x, w))),
    Mistake("You took the mean of the products of each window; a cell is their sum.",
            lambda x, w: _correlate(x, w) / w.size),
    Mistake("You divided by the sum of the kernel; a cell is the plain sum of the products.",
            lambda x, w: _correlate(x, w) / w.sum()),
    Mistake("Only the last product of each window was kept: add them up (+=) instead of overwriting (=).",
            lambda x, w: _windows(x, w)[..., -1, -1] * w[-1, -1]),
    Mistake("The sum is never set back to 0, so each cell holds all the windows so far: start from 0 for every cell.",
            lambda x, w: _correlate(x, w).cumsum().reshape(_correlate(x, w).shape)),
    Mistake("The sum is set back to 0 for each row only; start from 0 for every cell.",
            lambda x, w: _correlate(x, w).cumsum(axis=1)),
    Mistake("That is the matrix product (@, np.dot) of window and kernel; multiply cell by cell (*), then add.",
            lambda x, w: (_windows(x, w) @ w).sum(axis=(-2, -1))),
    Mistake("You added the pixels of each window without multiplying them by the kernel.",
            lambda x, w: _windows(x, w).sum(axis=(-2, -1))),
    Mistake("Every kernel number was multiplied by the same pixel, the window's top left one; each has its own pixel.",
            lambda x, w: _windows(x, w)[..., 0, 0] * w.sum()),
    Mistake("The last row and the last column were never filled: range(n) stops at n - 1, so it is "
            "range(H - k_h + 1) and range(W - k_w + 1).", lambda x, w: _without_last(_correlate(x, w), 1, 1)),
    Mistake("The last row was never filled: range(n) stops at n - 1, so it is range(H - k_h + 1).",
            lambda x, w: _without_last(_correlate(x, w), 1, 0)),
    Mistake("The last column was never filled: range(n) stops at n - 1, so it is range(W - k_w + 1).",
            lambda x, w: _without_last(_correlate(x, w), 0, 1)),
    Mistake("The windows start one row and one column too early, at index -1, which in Python is the last one.",
            lambda x, w: _correlate(np.roll(x, (1, 1), (0, 1)), w)),
    Mistake("Negative results were set to 0; keep them.", lambda x, w: np.maximum(_correlate(x, w), 0)),
    Mistake("Negative results lost their sign; keep it.", lambda x, w: np.abs(_correlate(x, w))),
    Mistake("The kernel's height was taken for its width too: it has two sides, k_h, k_w = w.shape.",
            lambda x, w: _one_side(x, w, 0)),
    Mistake("The kernel's width was taken for its height too: it has two sides, k_h, k_w = w.shape.",
            lambda x, w: _one_side(x, w, 1)),
)

CORRELATION_MISTAKES = (
    Mistake("That is the true convolution: your kernel is flipped. Cross-correlation takes it as it is.", _convolve),
    Mistake("Your kernel is upside down: its rows run backwards.", lambda x, w: _correlate(x, w[::-1])),
    Mistake("Your kernel is mirrored left to right: its columns run backwards.",
            lambda x, w: _correlate(x, w[:, ::-1])),
    Mistake("Your kernel is transposed: its rows were taken for columns.", lambda x, w: _correlate(x, w.T)),
    Mistake("Your output is transposed: row i and column j changed places.", lambda x, w: _correlate(x, w).T),
    Mistake("The picture is transposed: its rows were taken for columns.", lambda x, w: _correlate(x.T, w)),
    *SUMMING,
)

CONVOLUTION_MISTAKES = (
    Mistake("That is the cross-correlation: the kernel was not turned. A true convolution turns it by half a turn.",
            _correlate),
    Mistake("The kernel was only turned upside down; half a turn also reverses its columns.",
            lambda x, w: _correlate(x, w[::-1])),
    Mistake("The kernel was only mirrored left to right; half a turn also reverses its rows.",
            lambda x, w: _correlate(x, w[:, ::-1])),
    Mistake("The kernel was transposed; a true convolution turns it by half a turn, w[::-1, ::-1].",
            lambda x, w: _correlate(x, w.T)),
    Mistake("The kernel was turned and transposed; half a turn alone is right.",
            lambda x, w: _correlate(x, w[::-1, ::-1].T)),
    Mistake("The kernel took a quarter turn; a true convolution wants half a turn (np.rot90 twice).",
            lambda x, w: _correlate(x, np.rot90(w))),
    Mistake("The kernel took a quarter turn; a true convolution wants half a turn (np.rot90 twice).",
            lambda x, w: _correlate(x, np.rot90(w, -1))),
    Mistake("The picture was transposed, as the footnote of slide 6 says; the footnote is wrong. Turn the kernel by half "
            "a turn and leave the picture alone.", lambda x, w: _correlate(x.T, w)),
    Mistake("All the sums are right, but in the opposite order: you turned the picture. Turn the kernel instead.",
            lambda x, w: _correlate(x[::-1, ::-1], w)),
    Mistake("You turned the output of the cross-correlation; it is the kernel that is turned, before the sums.",
            lambda x, w: _correlate(x, w)[::-1, ::-1]),
    Mistake("Your output is transposed: row i and column j changed places.", lambda x, w: _convolve(x, w).T),
    *(Mistake(one.says, lambda x, w, wrong=one.wrong: wrong(x, w[::-1, ::-1])) for one in SUMMING),
)


def _explain_window(found: Difference, case: Case) -> str | None:
    """A sentence about an output of the wrong shape, or windows that are cut off at the edge."""
    if found.rung == "run" and "broadcast" in found.sentence:
        return "A window at the edge is smaller than the kernel: there are H - k_h + 1 rows of windows, W - k_w + 1 columns."
    if found.rung != "shape":
        return None
    (height, width), (k_h, k_w), shape = case["x"].shape, case["w"].shape, found.got.shape
    formula = f"({height} - {k_h} + 1, {width} - {k_w} + 1) = {found.want.shape}"
    if shape == (height, width):
        return f"That is the size of the picture: were zeros padded around it? Only whole windows count, {formula}."
    if shape == (height + k_h - 1, width + k_w - 1):
        return f"Here the kernel also hangs over the edges; only whole windows count, {formula}."
    if shape == (height - k_h, width - k_w):
        return f"One row and one column are missing: the first place counts too, {formula}."
    if shape == found.want.shape[::-1]:
        return f"Rows and columns changed places: rows come first, {formula}."
    if shape in {(height - k_h + 1, width - k_h + 1), (height - k_w + 1, width - k_w + 1)}:
        return f"One side of the kernel was taken for both; it has {k_h} rows and {k_w} columns, so it is {formula}."
    if shape in {(width - k_h + 1, height - k_w + 1), (height - k_w + 1, width - k_h + 1)}:
        return f"A height was taken with a width: x has {height} rows, the kernel {k_h}, so it is {formula}."
    if shape == (height // k_h, width // k_w):
        return f"Windows overlap: the kernel moves by one pixel and not by its own size, {formula}."
    return f"The kernel fits in H - k_h + 1 places down and W - k_w + 1 across, {formula}."


def _linear(call: Callable, rng: Generator) -> Iterator[Claim]:
    x, other, w = rng.normal(size=(5, 5)), rng.normal(size=(5, 5)), rng.normal(size=(2, 2))
    yield Claim("It is not linear: twice one picture plus three times another must give twice one output plus three "
                "times the other.", call(2 * x + 3 * other, w), 2 * call(x, w) + 3 * call(other, w), {"w": w},
                ("the output of 2 x1 + 3 x2", "2 outputs of x1 + 3 of x2"))


def _moves(call: Callable, rng: Generator) -> Iterator[Claim]:
    x, w = rng.integers(-9, 10, (6, 6)), rng.integers(-3, 4, (2, 2))
    yield Claim("It is not shift equivariant: when the picture moves by one pixel, the output must move with it.",
                call(x[1:, 1:], w), call(x, w)[1:, 1:], {"x": x, "w": w},
                ("the output of the moved picture", "the moved output"))


def _one_hot(turned: bool) -> Callable:
    def claims(call: Callable, rng: Generator) -> Iterator[Claim]:
        x = rng.integers(-9, 10, (5, 5))
        for row, column in rng.permutation([(row, column) for row in range(3) for column in range(3)])[:4]:
            w = np.zeros((3, 3))
            w[row, column] = 1
            top, left = (2 - row, 2 - column) if turned else (row, column)
            yield Claim("A kernel with a single 1 must copy the picture, moved.", call(x, w),
                        x[top:top + 3, left:left + 3], {"x": x, "w": w})
    return claims


def _case(rng: Generator, x_shape: tuple, w_shape: tuple, whole: bool = False, dtype: type = float) -> Case:
    """A random picture and kernel, of whole numbers or not."""
    if whole:
        return {"x": rng.integers(-9, 10, x_shape), "w": rng.integers(-4, 5, w_shape)}
    return {"x": rng.normal(size=x_shape).astype(dtype), "w": rng.normal(size=w_shape).astype(dtype)}


def _square_cases(rng: Generator) -> Iterator[Case]:
    yield _case(rng, (6, 6), (3, 3), whole=True)
    yield _case(rng, (5, 5), (2, 2))
    yield _case(rng, (7, 7), (4, 4))
    yield {"x": rng.integers(-9, 10, (5, 5)), "w": rng.normal(size=(3, 3))}
    yield _case(rng, (8, 8), (5, 5))


def _all_cases(rng: Generator) -> Iterator[Case]:
    yield _case(rng, (6, 4), (3, 2), whole=True)
    yield _case(rng, (5, 8), (2, 4))
    yield _case(rng, (7, 5), (1, 3))
    yield _case(rng, (4, 6), (3, 1), whole=True)
    yield _case(rng, (3, 5), (1, 1))
    yield _case(rng, (4, 3), (4, 3))
    yield _case(rng, (1, 6), (1, 2), whole=True)
    yield _case(rng, (6, 7), (3, 2), dtype=np.float32)
    yield {"x": rng.integers(0, 256, (5, 6), dtype=np.uint8), "w": rng.integers(-4, 5, (2, 3))}
    height, width = rng.integers(4, 9, 2)
    yield _case(rng, (height, width), (rng.integers(1, height), rng.integers(1, width)))


correlate2d = FunctionCheck(
    call="correlate2d(x, w)",
    reference=_correlate,
    example={"x": np.array([[1, 2, 0, 3], [0, 1, 4, 1], [2, 0, 1, 5], [3, 1, 2, 0]]), "w": np.array([[1, -2], [0, 3]])},
    properties=(_linear, _moves, _one_hot(turned=False)),
    cases=_square_cases,
    mistakes=CORRELATION_MISTAKES,
    explain=_explain_window,
    covers=("linearity", "shift equivariance", "kernels with a single 1"),
)
# The same function on pictures and kernels that are not square, whole numbers, bytes, float32, a kernel as large as x.
correlate2d_shapes = replace(
    correlate2d,
    example={"x": np.array([[1, 2, 0, 3, 1], [0, 1, 4, 1, 2], [2, 0, 1, 5, 0]]), "w": np.array([[1, 0, 2], [-1, 3, 0]])},
    properties=(),
    cases=_all_cases,
    covers=(),
)
convolve2d = replace(
    correlate2d_shapes,
    call="convolve2d(x, w)",
    reference=_convolve,
    properties=(_linear, _moves, _one_hot(turned=True)),
    mistakes=CONVOLUTION_MISTAKES,
    covers=("linearity", "shift equivariance", "kernels with a single 1"),
)


def transpose_counterexample(pair: object) -> None:
    """Judge a counterexample to slide 6's footnote (erratum 5): (x, w) for which correlating x.T is no convolution of x.

    Any pair of small 2-D arrays whose kernel fits into x and into x.T is right, if correlate2d(x.T, w) and the true
    convolution of x with w differ. Prints one line, or raises CheckFailed.
    """
    if pair is None:
        fail("transpose_counterexample is not answered yet: replace None by a pair (x, w) of small arrays.")
    if not isinstance(pair, (tuple, list, np.ndarray)) or np.ndim(_safe(pair)) == 0 or len(pair) != 2:
        entries = f" of {len(pair)}" if isinstance(pair, (tuple, list)) else ""
        fail(f"transpose_counterexample is {describe(pair)}{entries}; expected a pair (x, w) of two small arrays.")
    if pair[0] is None or pair[1] is None:
        fail("transpose_counterexample is not answered yet: replace None by a small array, for x and for w.")
    x, w = _part(pair[0], "the picture x"), _part(pair[1], "the kernel w")
    if max(x.shape) > 20:
        fail(f"Your x has shape {x.shape}; a counterexample should be small enough to read: at most 20 x 20.")
    if w.shape[0] > min(x.shape) or w.shape[1] > min(x.shape):
        fail(f"Your kernel of shape {w.shape} must fit into x of shape {x.shape} and into its transpose of shape "
             f"{x.T.shape}: take a larger picture or a smaller kernel.")
    transposed, convolved = _correlate(x.T, w), _convolve(x, w)
    if difference(transposed, convolved, "") is None:
        fail(f"This is no counterexample: for your x and w both results are the same. {_why_the_same(x, w)}",
             Report("correlating x.T with w, and the true convolution of x with w", (),
                    (Table("x", x, "input"), Table("w", w, "kernel"), Table("x.T correlated with w", transposed, "output"),
                     Table("true convolution", convolved, "output"))))
    seen = ("they even differ in shape" if transposed.shape != convolved.shape
            else f"{int((transposed != convolved).sum())} of {convolved.size} cells differ")
    print(f"✓ transpose_counterexample: for your x and w the footnote is wrong, {seen}.")


def _safe(pair: object) -> object:
    """Something whose number of dimensions can be asked for."""
    return pair if isinstance(pair, np.ndarray) else [0] * len(pair)


def _part(value: object, what: str) -> np.ndarray:
    try:
        return ops.picture(value, what).astype(float)
    except CourseError as error:
        fail(f"transpose_counterexample: {error}")
        raise


def _why_the_same(x: np.ndarray, w: np.ndarray) -> str:
    if not w.any():
        return "A kernel of zeros gives zeros whatever the picture is."
    if (x == x.flat[0]).all():
        return "In a flat picture every window looks alike: put different numbers into x."
    if x.shape == x.T.shape and (x == x.T).all() and (w == w[::-1, ::-1]).all():
        return ("Your x is its own transpose and half a turn leaves your kernel as it is: take an x whose top right and "
                "bottom left corners differ.")
    return "Change one number of x away from its diagonal and look again."


# ------------------------------------------------------------------------------------------------------- make_kernel

def _make_kernel(name: str, size: int = 3) -> np.ndarray:
    w, middle = np.zeros((size, size)), size // 2
    if name == "box":
        return w + 1 / size**2
    if name == "edge":
        w -= 1
    if name == "sharpen":
        w[middle], w[:, middle] = -1, -1
    w[middle, middle] = 0
    w[middle, middle] = (0 if name == "edge" else 1) - w.sum()
    return w


def _with_centre(w: np.ndarray, centre: float) -> np.ndarray:
    w[w.shape[0] // 2, w.shape[1] // 2] = centre
    return w


def _only(kernel: str, wrong: Callable[[int], np.ndarray]) -> Callable:
    """A mistake in one of the kernels, which says nothing about the others."""
    return lambda name, size=3: wrong(size) if name == kernel else NotImplemented


def _cross(size: int, arm: float) -> np.ndarray:
    """-1 in the four neighbours of the centre only, whatever the size; the centre holds `arm`."""
    w, middle = np.zeros((size, size)), size // 2
    for row, column in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        w[middle + row, middle + column] = -1
    return _with_centre(w, arm)


KERNEL_MISTAKES = (
    Mistake("The size is ignored: your kernel is always 3 x 3.",
            lambda name, size=3: _make_kernel(name) if size != 3 else NotImplemented),
    Mistake("That is the identity matrix, with ones all along its diagonal; the identity kernel has a single 1, in the "
            "centre.", _only("identity", np.eye)),
    Mistake("A 1 everywhere adds up every window; the identity kernel has a single 1, in the centre.",
            _only("identity", lambda size: np.ones((size, size)))),
    Mistake("The 1 is in the top left corner; the centre is at [size // 2, size // 2].",
            _only("identity", lambda size: np.eye(size) * (np.arange(size) == 0))),
    Mistake("The 1 stays at [1, 1]; in a larger kernel the centre is at [size // 2, size // 2].",
            _only("identity", lambda size: np.eye(size) * (np.arange(size) == 1))),
    Mistake("These ones add up the window instead of taking its mean: divide by the number of cells.",
            _only("box", lambda size: np.ones((size, size)))),
    Mistake("You divided by 9, which is right for 3 x 3 only: divide by size * size.",
            _only("box", lambda size: np.ones((size, size)) / 9)),
    Mistake("You divided by 25, which is right for 5 x 5 only: divide by size * size.",
            _only("box", lambda size: np.ones((size, size)) / 25)),
    Mistake("You divided by size; the kernel has size * size cells.",
            _only("box", lambda size: np.ones((size, size)) / size)),
    Mistake("The centre stays 8, which is right for 3 x 3 only: it must make the sum 0, size * size - 1.",
            _only("edge", lambda size: _with_centre(_make_kernel("edge", size), 8))),
    Mistake("The centre is -1 too: set it so that all numbers add up to 0.",
            _only("edge", lambda size: -np.ones((size, size)))),
    Mistake("The centre is size * size: that makes the sum 1. For edge it must be 0, so the centre is size * size - 1.",
            _only("edge", lambda size: _with_centre(_make_kernel("edge", size), size**2))),
    Mistake("All signs are reversed: -1 around, and a positive centre.",
            _only("edge", lambda size: -_make_kernel("edge", size))),
    Mistake("These are the four neighbours only; slide 7's edge kernel has a -1 in every cell but the centre.",
            _only("edge", lambda size: _with_centre(_make_kernel("sharpen", size), 2 * size - 2))),
    Mistake("These are the four neighbours only; slide 7's edge kernel has a -1 in every cell but the centre.",
            _only("edge", lambda size: _cross(size, 4))),
    Mistake("The centre stays 5, which is right for 3 x 3 only: it must make the sum 1, 2 * size - 1.",
            _only("sharpen", lambda size: _with_centre(_make_kernel("sharpen", size), 5))),
    Mistake("The sum is 0, so this kernel finds edges; to sharpen, the sum must be 1: one more in the centre.",
            _only("sharpen", lambda size: _with_centre(_make_kernel("sharpen", size), 2 * size - 2))),
    Mistake("You put -1 in every cell; slide 7's sharpen kernel has it only along the middle row and column.",
            _only("sharpen", lambda size: _with_centre(_make_kernel("edge", size), size**2))),
    Mistake("The -1 stand only next to the centre; they fill the whole middle row and the whole middle column.",
            _only("sharpen", lambda size: _cross(size, 5))),
    Mistake("The signs around the centre are reversed: they must be -1.",
            _only("sharpen", lambda size: np.abs(_make_kernel("sharpen", size)))),
)


def _explain_kernel(found: Difference, case: Case) -> str | None:
    size = case.get("size", 3)
    if found.rung == "shape":
        return f"make_kernel returns size x size numbers, here {size} x {size}."
    if found.rung == "values" and found.got is not None and np.isfinite(found.got).all():
        mine, wanted = found.got.sum(), found.want.sum()
        if abs(mine - wanted) > 1e-6:
            return f"The numbers of your kernel add up to {number(mine)}; those of {case['name']} add up to {number(wanted)}."
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


# ------------------------------------------------------------------------------------------------------------- shift

def _shift(x: np.ndarray, down: int, right: int, wrap: bool = False) -> np.ndarray:
    if wrap:
        return np.roll(x, (down, right), (0, 1))
    rows, columns = np.indices(x.shape)
    rows, columns = rows - down, columns - right
    inside = (rows >= 0) & (rows < x.shape[0]) & (columns >= 0) & (columns < x.shape[1])
    return np.where(inside, x[rows % x.shape[0], columns % x.shape[1]], 0)


def _clamped(x: np.ndarray, down: int, right: int) -> np.ndarray:
    rows = np.clip(np.arange(x.shape[0]) - down, 0, x.shape[0] - 1)
    columns = np.clip(np.arange(x.shape[1]) - right, 0, x.shape[1] - 1)
    return x[np.ix_(rows, columns)]


def _not_negative(x: np.ndarray, down: int, right: int, wrap: bool = False) -> np.ndarray:
    return _shift(x, max(down, 0), max(right, 0), wrap)


SHIFT_MISTAKES = (
    Mistake("The picture did not move at all.", lambda x, down, right, wrap=False: x),
    Mistake("Pixels come back at the other edge although wrap is False: zeros must come in there.",
            lambda x, down, right, wrap=False: NotImplemented if wrap else _shift(x, down, right, True)),
    Mistake("wrap=True is ignored: what leaves at one edge must come back at the other.",
            lambda x, down, right, wrap=False: _shift(x, down, right) if wrap else NotImplemented),
    Mistake("wrap is understood the wrong way round: wrap=True brings pixels back, wrap=False brings in zeros.",
            lambda x, down, right, wrap=False: _shift(x, down, right, not wrap)),
    Mistake("It moves the wrong way: positive `down` moves the picture down, positive `right` to the right.",
            lambda x, down, right, wrap=False: _shift(x, -down, -right, wrap)),
    Mistake("It moves up instead of down.", lambda x, down, right, wrap=False: _shift(x, -down, right, wrap)),
    Mistake("It moves left instead of right.", lambda x, down, right, wrap=False: _shift(x, down, -right, wrap)),
    Mistake("`down` and `right` changed places: axis 0 runs down the rows, axis 1 to the right.",
            lambda x, down, right, wrap=False: _shift(x, right, down, wrap)),
    Mistake("It only moves down; `right` is ignored.", lambda x, down, right, wrap=False: _shift(x, down, 0, wrap)),
    Mistake("It only moves to the right; `down` is ignored.",
            lambda x, down, right, wrap=False: _shift(x, 0, right, wrap)),
    Mistake("The edge's own pixels are repeated where zeros must come in.",
            lambda x, down, right, wrap=False: NotImplemented if wrap else _clamped(x, down, right)),
    Mistake("Negative moves are ignored: down=-1 moves the picture up, right=-1 to the left.", _not_negative),
    Mistake("Negative moves go wrong way: down=-1 moves the picture up, right=-1 to the left.",
            lambda x, down, right, wrap=False: _shift(x, abs(down), abs(right), wrap)),
    Mistake("A move by 0 empties the picture: the slice [:-0] is empty, so treat 0 on its own.",
            lambda x, down, right, wrap=False: np.zeros_like(x) if 0 in (down, right) else _shift(x, down, right, wrap)),
    Mistake("Only the rows wrap around; the columns must too.", lambda x, down, right, wrap=False:
            _shift(_shift(x, down, 0, True), 0, right) if wrap else NotImplemented),
    Mistake("Only the columns wrap around; the rows must too.", lambda x, down, right, wrap=False:
            _shift(_shift(x, down, 0), 0, right, True) if wrap else NotImplemented),
    Mistake("Zeros come in at the top and bottom only; columns that leave must not come back either.",
            lambda x, down, right, wrap=False: NotImplemented if wrap else _shift(_shift(x, down, 0), 0, right, True)),
    Mistake("Zeros come in at the left and right only; rows that leave must not come back either.",
            lambda x, down, right, wrap=False: NotImplemented if wrap else _shift(_shift(x, down, 0, True), 0, right)),
)


def _explain_shift(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return "A shift keeps the shape: what is pushed over an edge is lost or wraps, the picture does not grow or shrink."
    if abs(case["down"]) >= case["x"].shape[0] or abs(case["right"]) >= case["x"].shape[1]:
        return "This move is as large as the picture or larger: without wrap all is pushed out, with wrap it goes round."
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
    moves = [(1, 2, True), (2, 1), (-1, 2), (1, -2), (-2, -1, True), (0, 1), (-1, 0), (0, 0), (4, 1), (-7, 9), (7, -9, True)]
    for move in moves:
        x = rng.integers(1, 10, (4, 5)) if move[0] % 2 else rng.normal(size=(5, 3))
        yield {"x": x, **dict(zip(("down", "right", "wrap"), move, strict=False))}
    height, width, down, right = rng.integers(2, 7, 4)
    yield {"x": rng.normal(size=(height, width)), "down": -int(down), "right": int(right), "wrap": True}


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


# ----------------------------------------------------------------------------------------------------- is_equivariant

@dataclass(frozen=True)
class Operation:
    """Which shifts an operation commutes with, and what to say to someone who thinks otherwise.

    The operations themselves are written in the test cell, whose probe runs them among the student's names; a test
    holds this table against them.
    """

    commutes: str  # "always", "never", "down" (with shifts straight down or up), "right" (straight right or left)
    says: str


OPERATIONS = {
    "double": Operation("always", "Doubling treats every pixel alike, so it may come first or last. If you compare "
                        "f(shift(x)) with f(x), that is invariance; equivariance compares it with shift(f(x))."),
    "brighten": Operation("always", "Adding 10 to every pixel commutes with a shift that wraps; without wrap=True the "
                          "zeros that come in are brightened or not, as the order is. Give both shifts wrap=True."),
    "circular blur": Operation("always", "Its window wraps around the edges, so every place is treated alike. Give both "
                               "shifts wrap=True, and the same down and right."),
    "Fourier blur": Operation("always", "Both ways agree but for rounding errors of about 1e-16: do not compare with ==, "
                              "allow a difference of 1e-9."),
    "multiply by a ramp": Operation("down", "The ramp brightens what is further right, so it matters where the picture "
                                    "is when it is multiplied."),
    "zero-padded blur": Operation("never", "Only cells at the border differ, where zeros are mixed in; every cell has to "
                                  "agree."),
    "every second pixel": Operation("never", "After a shift by one pixel, other pixels are kept: that is another picture "
                                    "and not a moved one."),
    "sort the pixels": Operation("never", "The sorted picture stays where it is when x moves, which is invariance. "
                                 "Equivariance wants it to move along, cell by cell."),
    "mirror left to right": Operation("down", "A mirrored picture still moves down with x, but to the left when x moves to "
                                      "the right. Are down and right both handed on to both shifts?"),
    "mirror top to bottom": Operation("right", "A mirrored picture still moves right with x, but up when x moves down. "
                                      "Are down and right both handed on to both shifts?"),
    "global average": Operation("always", "One cell that wraps around stays as it is, so both ways agree."),
    "cut at the brightest pixel": Operation("never", "The two ways give pictures of different shapes here; then the "
                                            "answer is False. Compare the shapes before the values."),
}


def _is_equivariant(name: str, x: np.ndarray, down: int = 1, right: int = 2) -> bool:
    commutes = OPERATIONS[name].commutes
    return (commutes == "always" or (down, right) == (0, 0)
            or (commutes == "down" and right == 0) or (commutes == "right" and down == 0))


def _explain_operation(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return "End with one truth value, for instance bool(...), and not with one for each cell."
    if (case.get("down"), case.get("right")) == (0, 0):
        return "A shift by (0, 0) moves nothing, so every operation commutes with it: hand on down and right."
    return OPERATIONS[case["f"]].says


def _operation_cases(rng: Generator) -> Iterator[Case]:
    for name in OPERATIONS:
        yield {"f": name, "x": rng.uniform(1, 9, rng.permutation([5, 7]))}
    moves = [("mirror left to right", 1, 0), ("mirror left to right", 0, 2), ("mirror top to bottom", 0, 1),
             ("mirror top to bottom", 2, 0), ("multiply by a ramp", -1, 0), ("multiply by a ramp", 0, 1),
             ("every second pixel", 0, 0), ("circular blur", -2, 3), ("zero-padded blur", 1, 0)]
    for name, down, right in moves:
        yield {"f": name, "x": rng.uniform(1, 9, (6, 8)), "down": down, "right": right}


is_equivariant = FunctionCheck(
    call="is_equivariant(f, x, down=1, right=2)",
    reference=_is_equivariant,
    example={"f": "double", "x": np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])},
    cases=_operation_cases,
    explain=_explain_operation,
)
