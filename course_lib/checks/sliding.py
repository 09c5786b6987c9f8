"""What every check of a sliding window shares: cross-correlation, convolution, and the slips made in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib import ops
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, Claim, Mistake


def correlate(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The cross-correlation in floats: (H, W) and (k_h, k_w) -> (H - k_h + 1, W - k_w + 1)."""
    return ops.correlate2d(x.astype(float), w)


def convolve(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The true convolution in floats, shapes as for `correlate`."""
    return ops.convolve2d(x.astype(float), w)


def _windows(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return sliding_window_view(x.astype(float), w.shape)


def _without_last(x: np.ndarray, w: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The output of loops that stop too early, in an array of the right size."""
    y = correlate(x, w)
    y[y.shape[0] - rows:], y[:, y.shape[1] - columns:] = 0, 0
    return y


def _one_side(x: np.ndarray, w: np.ndarray, axis: int) -> np.ndarray:
    """The output when the kernel's height, or width, is taken for both of its sides, in the right shape."""
    return correlate(x, w * (np.indices(w.shape).max(axis=0) < w.shape[axis]))


# Slips of the summing itself; w is the kernel as it lies on x.
SUMMING = tuple(Mistake(says, wrong) for says, wrong in (
    ("Every cell is still 0: is nothing written into the output, or is it made anew inside the loop?",
     lambda x, w: np.zeros_like(correlate(x, w))),
    ("You took the mean of the products of each window; a cell is their sum.",
     lambda x, w: correlate(x, w) / w.size),
    ("You divided by the sum of the kernel; a cell is the plain sum of the products.",
     lambda x, w: correlate(x, w) / w.sum() if w.sum() else NotImplemented),
    ("Only the last product of each window was kept: add them up (+=) instead of overwriting (=).",
     lambda x, w: _windows(x, w)[..., -1, -1] * w[-1, -1]),
    ("The sum is never set back to 0, so a cell holds all the windows before it: start from 0 for each cell.",
     lambda x, w: correlate(x, w).cumsum().reshape(correlate(x, w).shape)),
    ("The sum is set back to 0 for each row only; start from 0 for each cell.",
     lambda x, w: correlate(x, w).cumsum(axis=1)),
    ("That is the matrix product (@, np.dot) of window and kernel; multiply cell by cell (*), then add.",
     lambda x, w: (_windows(x, w) @ w).sum(axis=(-2, -1))),
    ("You added the pixels of each window without multiplying them by the kernel.",
     lambda x, w: _windows(x, w).sum(axis=(-2, -1))),
    ("Every kernel number was multiplied by the window's top left pixel; each has a pixel of its own.",
     lambda x, w: _windows(x, w)[..., 0, 0] * w.sum()),
    ("The last row and the last column were never filled: range(n) stops at n - 1, so it is "
     "range(H - k_h + 1) and range(W - k_w + 1).",
     lambda x, w: _without_last(x, w, 1, 1)),
    ("The last row was never filled: range(n) stops at n - 1, so it is range(H - k_h + 1).",
     lambda x, w: _without_last(x, w, 1, 0)),
    ("The last column was never filled: range(n) stops at n - 1, so it is range(W - k_w + 1).",
     lambda x, w: _without_last(x, w, 0, 1)),
    ("The windows start one row and one column too early: index -1 is Python's last row.",
     lambda x, w: correlate(np.roll(x, (1, 1), (0, 1)), w)),
    ("Negative results were set to 0; keep them.",
     lambda x, w: np.maximum(correlate(x, w), 0)),
    ("Negative results lost their sign; keep it.",
     lambda x, w: np.abs(correlate(x, w))),
))

# Slips that show only where the kernel is not square.
SIDES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The kernel's height was taken for its width too: it has two sides, k_h, k_w = w.shape.",
     lambda x, w: _one_side(x, w, 0)),
    ("The kernel's width was taken for its height too: it has two sides, k_h, k_w = w.shape.",
     lambda x, w: _one_side(x, w, 1)),
))

CORRELATION_MISTAKES = (*(Mistake(says, wrong) for says, wrong in (
    ("That is the true convolution: your kernel is flipped. Cross-correlation takes it as it is.",
     convolve),
    ("Your kernel is upside down: its rows run backwards.",
     lambda x, w: correlate(x, w[::-1])),
    ("Your kernel is mirrored left to right: its columns run backwards.",
     lambda x, w: correlate(x, w[:, ::-1])),
    ("Your kernel is transposed: its rows were taken for columns.",
     lambda x, w: correlate(x, w.T)),
    ("Your output is transposed: row i and column j changed places.",
     lambda x, w: correlate(x, w).T),
    ("The picture is transposed: its rows were taken for columns.",
     lambda x, w: correlate(x.T, w)),
)), *SUMMING)

CONVOLUTION_MISTAKES = (*(Mistake(says, wrong) for says, wrong in (
    ("That is the cross-correlation: the kernel was not turned. Convolution turns it by half a turn.",
     correlate),
    ("The kernel was only turned upside down; half a turn also reverses its columns.",
     lambda x, w: correlate(x, w[::-1])),
    ("The kernel was only mirrored left to right; half a turn also reverses its rows.",
     lambda x, w: correlate(x, w[:, ::-1])),
    ("The kernel was transposed; a true convolution turns it by half a turn, w[::-1, ::-1].",
     lambda x, w: correlate(x, w.T)),
    ("The kernel was turned and transposed; half a turn alone is right.",
     lambda x, w: correlate(x, w[::-1, ::-1].T)),
    ("The kernel took a quarter turn to the left; it wants half a turn (np.rot90 twice).",
     lambda x, w: correlate(x, np.rot90(w))),
    ("The kernel took a quarter turn to the right; it wants half a turn (np.rot90 twice).",
     lambda x, w: correlate(x, np.rot90(w, -1))),
    ("The picture was transposed, as the footnote of slide 6 says; the footnote is wrong. Turn the kernel by "
     "half a turn and leave the picture alone.",
     lambda x, w: correlate(x.T, w)),
    ("All the sums are right, but in the opposite order: you turned the picture or the output. Turn the "
     "kernel instead, before the sums.",
     lambda x, w: correlate(x[::-1, ::-1], w)),
    ("You turned the output of the cross-correlation; it is the kernel that is turned, before the sums.",
     lambda x, w: correlate(x, w)[::-1, ::-1]),
    ("Your output is transposed: row i and column j changed places.",
     lambda x, w: convolve(x, w).T),
)), *(Mistake(one.says, lambda x, w, wrong=one.wrong: wrong(x, w[::-1, ::-1])) for one in (*SUMMING, *SIDES)))


def explain_window(found: Difference, case: Case) -> str | None:
    """A sentence about an output of the wrong shape, or about windows that are cut off at the edge."""
    if found.rung == "run" and "broadcast" in found.sentence:
        return ("A window and the kernel differ in shape: take the window's height and width from w.shape, and stop "
                "at the edge, where H - k_h + 1 rows and W - k_w + 1 columns of windows have fitted.")
    if found.rung != "shape":
        return None
    (height, width), (k_h, k_w), shape = case["x"].shape, case["w"].shape, found.got.shape
    formula = f"({height} - {k_h} + 1, {width} - {k_w} + 1) = {found.want.shape}"
    if shape == (height, width):
        return f"That is the size of x: were zeros padded around it? Only whole windows count, {formula}."
    if shape == (height + k_h - 1, width + k_w - 1):
        return f"Here the kernel also hangs over the edges; only whole windows count, {formula}."
    if shape == (height - k_h, width - k_w):
        return f"One row and one column are missing: the first place counts too, {formula}."
    if shape == found.want.shape[::-1]:
        return f"Rows and columns changed places: rows come first, {formula}."
    if shape in {(height - k_h + 1, width - k_h + 1), (height - k_w + 1, width - k_w + 1)}:
        return f"One side of the kernel was taken for both; k_h is {k_h} and k_w is {k_w}: {formula}."
    if shape in {(width - k_h + 1, height - k_w + 1), (height - k_w + 1, width - k_h + 1)}:
        return f"A height was taken with a width: x has {height} rows, the kernel {k_h}, so it is {formula}."
    if shape == (height // k_h, width // k_w):
        return f"Windows overlap: the kernel moves by one pixel and not by its own size, {formula}."
    if len(shape) == 2 and shape[0] >= found.want.shape[0] and shape[1] >= found.want.shape[1]:
        return f"The whole kernel has fewer places than that: were zeros padded around x? {formula}."
    return f"The kernel fits in H - k_h + 1 places down and W - k_w + 1 across, {formula}."


def linear(call: Callable, rng: np.random.Generator) -> Iterator[Claim]:
    """Property: a sum of pictures gives the sum of their outputs."""
    x1, x2, w = rng.normal(size=(5, 5)), rng.normal(size=(5, 5)), rng.normal(size=(2, 2))
    yield Claim("It is not linear: a sum of two pictures must give the sum of their outputs.",
                call(2 * x1 + 3 * x2, w), 2 * call(x1, w) + 3 * call(x2, w), {"x1": x1, "x2": x2, "w": w},
                ("the output of 2 x1 + 3 x2", "2 outputs of x1 + 3 of x2"))


def moves(call: Callable, rng: np.random.Generator) -> Iterator[Claim]:
    """Property: the output moves with the picture, borders aside."""
    x, w = rng.integers(-9, 10, (6, 6)), rng.integers(-3, 4, (2, 2))
    yield Claim("It is not shift equivariant: when the picture moves by a pixel, the output must move with "
                "it.",
                call(x[1:, 1:], w), call(x, w)[1:, 1:], {"x": x, "w": w},
                ("the output of x[1:, 1:]", "the output of x, [1:, 1:]"))


def one_hot(turned: bool) -> Callable[[Callable, np.random.Generator], Iterator[Claim]]:
    """Property: a kernel with a single 1 copies the picture, moved; the other way round where w is turned."""
    def claims(call: Callable, rng: np.random.Generator) -> Iterator[Claim]:
        x = rng.integers(-9, 10, (5, 5))
        for row, column in rng.permutation([(row, column) for row in range(3) for column in range(3)])[:4]:
            w = np.zeros((3, 3))
            w[row, column] = 1
            top, left = (2 - row, 2 - column) if turned else (row, column)
            yield Claim("A kernel with a single 1 must copy the picture, moved.", call(x, w),
                        x[top:top + 3, left:left + 3], {"x": x, "w": w}, ("your output", "the copy"))
    return claims


def random_case(rng: np.random.Generator, x_shape: tuple[int, int], w_shape: tuple[int, int],
                whole: bool = False, dtype: type = float) -> Case:
    """A picture and a kernel of random numbers, whole or not."""
    if whole:
        return {"x": rng.integers(-9, 10, x_shape), "w": rng.integers(-4, 5, w_shape)}
    return {"x": rng.normal(size=x_shape).astype(dtype), "w": rng.normal(size=w_shape).astype(dtype)}
