"""The checks of notebook 05, learning a kernel (slides 5 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib import ops
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference, describe, difference
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.report import Report, Table, fail
from course_lib.checks.several import SeveralCheck
from course_lib.errors import CourseError

LESSON = "05_learning_a_kernel"
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("kernel_gradient", kernel_gradient)``."""
    judge_by_hand(LESSON, name, answer)


# ------------------------------------------------------------------------------- numerical_grad, grad_check

@dataclass(frozen=True)
class Loss:
    """A function from arrays to one number, known by name, with its gradient.

    The test cell's probe writes the same functions once more, among the student's names; a test holds the two
    lists against each other.
    """

    value: Callable[[Array], float]
    gradient: Callable[[Array], Array]


LOSSES = {
    "sum of squares": Loss(lambda x: float((x**2).sum()), lambda x: 2 * x),
    "sum of cubes": Loss(lambda x: float((x**3).sum()), lambda x: 3 * x**2),
    "weighted sum": Loss(lambda x: float((x.ravel() * np.arange(x.size)).sum()),
                         lambda x: np.arange(x.size, dtype=float).reshape(x.shape)),
    "square of the sum": Loss(lambda x: float(x.sum()**2), lambda x: np.full(x.shape, 2.0 * x.sum())),
    "sum of sines": Loss(lambda x: float(np.sin(x).sum()), np.cos),
}


def _slope(f: str, x: Array, h: float = 1e-5, ahead: float = 1, behind: float = 1) -> Array:
    """The difference quotient of a known loss, by default the central one."""
    value, x = LOSSES[f].value, x.astype(float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = (value(x + ahead * step) - value(x - behind * step)) / ((ahead + behind) * h)
    return gradient


def _steps_stay(f: str, x: Array, h: float = 1e-5, left: float = -1) -> Array:
    """The quotients of a loop that leaves x changed by `left` steps behind it."""
    value, x = LOSSES[f].value, x.astype(float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = (value(x + step) - value(x - step)) / (2 * h)
        x = x + left * step
    return gradient


def _all_at_once(f: str, x: Array, h: float = 1e-5) -> Array:
    return np.full(x.shape, (LOSSES[f].value(x + h) - LOSSES[f].value(x - h)) / (2 * h))


def _whole_steps(f: str, x: Array, h: float = 1e-5) -> Array:
    if x.dtype.kind not in "iu":
        return NotImplemented
    value, gradient = LOSSES[f].value, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] = x[place] + h
        down[place] = x[place] - h
        gradient[place] = (value(up) - value(down)) / (2 * h)
    return gradient


SLOPE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the forward difference, (f(x + h) - f(x)) / h; step to both sides, (f(x + h) - f(x - h)) / 2h.",
     lambda f, x, h=1e-5: _slope(f, x, h, 1, 0)),
    ("That is the backward difference, (f(x) - f(x - h)) / h; step to both sides, (f(x + h) - f(x - h)) / 2h.",
     lambda f, x, h=1e-5: _slope(f, x, h, 0, 1)),
    ("Everything is twice too large: from x - h to x + h it is 2h, so divide by 2 * h.",
     lambda f, x, h=1e-5: 2 * _slope(f, x, h)),
    ("Everything is too small by h²: it is (2 * h), in brackets, or / 2 / h; `/ 2 * h` multiplies by h.",
     lambda f, x, h=1e-5: h * h * _slope(f, x, h)),
    ("You took the difference and did not divide it by 2 * h.",
     lambda f, x, h=1e-5: 2 * h * _slope(f, x, h)),
    ("Signs are reversed: it is f(x + h) minus f(x - h).",
     lambda f, x, h=1e-5: -_slope(f, x, h)),
    ("h is ignored: use the h that the function is given, not a number of your own.",
     lambda f, x, h=1e-5: _slope(f, x) if h != 1e-5 else NotImplemented),
    ("All entries of x were moved at once; move one at a time, and put it back before the next.",
     _all_at_once),
    ("x was not put back: after each entry it must hold its old value again, or the next ones start elsewhere.",
     _steps_stay),
    ("x was not put back: after each entry it must hold its old value again, or the next ones start elsewhere.",
     lambda f, x, h=1e-5: _steps_stay(f, x, h, 1)),
    ("x holds whole numbers here, so a small step written into it is cut off: work on x.astype(float).",
     _whole_steps),
    ("Every entry is still 0: is nothing written into the gradient?",
     lambda f, x, h=1e-5: np.zeros(x.shape)),
))


def _slope_cases(rng: Generator) -> Iterator[Case]:
    # A large h tells a central difference from a forward one beyond doubt.
    yield {"f": "sum of cubes", "x": rng.integers(-4, 5, (2, 3)) / 2, "h": 0.5}
    yield {"f": "square of the sum", "x": rng.normal(size=(3, 2)), "h": 0.1}
    yield {"f": "weighted sum", "x": rng.normal(size=5)}
    yield {"f": "sum of cubes", "x": rng.integers(1, 6, (2, 2))}
    yield {"f": "sum of sines", "x": rng.normal(size=(2, 1, 2, 3)), "h": 0.01}
    yield {"f": "sum of squares", "x": rng.normal(size=(1, 4)), "h": 1e-3}


def _explain_slope(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return "There is one slope for each entry of x, so the gradient has the shape of x."
    if found.rung == "run" and "UFunc" in found.sentence:
        return "x may hold whole numbers, to which a small step cannot be added: work on x.astype(float)."
    if found.rung == "values" and case["x"].ndim not in (1, 2):
        return "x may have any number of axes: np.ndindex(x.shape) goes through all of its entries."
    return None


numerical_grad = FunctionCheck(
    call="numerical_grad(f, x, h=1e-5)",
    reference=_slope,
    example={"f": "sum of squares", "x": np.array([[1.0, 2.0], [-3.0, 0.5]])},
    cases=_slope_cases,
    mistakes=SLOPE_MISTAKES,
    explain=_explain_slope,
)


def _relative_error(f: str, x: Array, gradient: Array, h: float = 1e-5) -> float:
    numerical = _slope(f, x, h)
    largest = max(np.abs(gradient).max(), np.abs(numerical).max())
    return float(np.abs(gradient - numerical).max() / largest) if largest > 0 else 0.0


def _error(combine: Callable[[Array, Array], float]) -> Callable[..., float]:
    """A mistake in comparing the gradient `g` that was given with the numerical one, `n`."""
    return lambda f, x, gradient, h=1e-5: float(combine(gradient, _slope(f, x, h)))


def _largest(*arrays: Array) -> float:
    return max(np.abs(array).max() for array in arrays)


ERROR_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the largest distance itself; divide it by the largest magnitude in either gradient.",
     _error(lambda g, n: _largest(g - n))),
    ("That is the mean of the distances; one wrong entry must show, so take the largest.",
     _error(lambda g, n: np.abs(g - n).mean() / _largest(g, n))),
    ("Distances below 0 were lost: take their absolute values before the largest.",
     _error(lambda g, n: (g - n).max() / _largest(g, n))),
    ("The sum of the distances is taken; it must be the largest one.",
     _error(lambda g, n: np.abs(g - n).sum() / _largest(g, n))),
    ("You divide by the numerical gradient's magnitude only; take the larger one of both.",
     _error(lambda g, n: _largest(g - n) / _largest(n))),
    ("You divide by the given gradient's magnitude only; take the larger one of both.",
     _error(lambda g, n: _largest(g - n) / _largest(g))),
    ("You divide by the sum of both magnitudes; take the larger one of both.",
     _error(lambda g, n: _largest(g - n) / (_largest(g) + _largest(n)))),
    ("Magnitudes are absolute values: a large negative entry counts too.",
     _error(lambda g, n: _largest(g - n) / max(g.max(), n.max()))),
    ("You divide entry by entry and take the largest ratio, so an entry near 0 decides all; take the largest "
     "distance, then divide it by the largest magnitude.",
     _error(lambda g, n: (np.abs(g - n) / np.maximum(np.abs(g), np.abs(n))).max())),
    ("h is ignored: hand it on to numerical_grad.",
     lambda f, x, gradient, h=1e-5: _relative_error(f, x, gradient) if h != 1e-5 else NotImplemented),
))


def _error_cases(rng: Generator) -> Iterator[Case]:
    # Steps and entries are halves, for which the sums are exact: a right gradient has the error 0 and not 1e-12.
    x = rng.integers(1, 6, (2, 3)) / 2
    yield {"f": "sum of squares", "x": x, "gradient": 2 * x, "h": 0.5}
    off = 2 * x
    off[1, 2] += 3
    yield {"f": "sum of squares", "x": x, "gradient": off, "h": 0.5}
    yield {"f": "sum of squares", "x": x, "gradient": -2 * x, "h": 0.5}
    yield {"f": "sum of cubes", "x": x, "gradient": 3 * x**2, "h": 0.5}
    yield {"f": "sum of sines", "x": rng.normal(size=4), "gradient": rng.normal(size=4), "h": 1e-4}
    yield {"f": "sum of squares", "x": -x, "gradient": -4 * x, "h": 0.5}
    yield {"f": "square of the sum", "x": rng.normal(size=(2, 2)), "gradient": rng.normal(size=(2, 2))}
    yield {"f": "sum of squares", "x": np.zeros(3), "gradient": np.zeros(3), "h": 0.5}


def _explain_error(found: Difference, case: Case) -> str | None:
    if not case["gradient"].any() and not case["x"].any():
        return "Here both gradients are 0 everywhere, so there is nothing to divide by: the error is 0.0."
    if found.rung == "type":
        return "The error is one number, the largest distance divided by the largest magnitude: end with float(...)."
    return None


grad_check = FunctionCheck(
    call="grad_check(f, x, gradient, h=1e-5)",
    reference=_relative_error,
    example={"f": "sum of squares", "x": np.array([[1.0, 2.0], [-3.0, 0.5]]),
             "gradient": np.array([[2.0, 4.0], [-6.0, 2.0]])},
    cases=_error_cases,
    mistakes=ERROR_MISTAKES,
    explain=_explain_error,
    roles=(("x", "input"), ("gradient", "output")),
)


# ----------------------------------------------------------------------------------- gradients of a convolution

def _strided(X: Array, W: Array, dY: Array, stride: int) -> Array:
    """Every window that an output reads, (N, C_in, H_out, W_out, k_h, k_w)."""
    windows = sliding_window_view(X.astype(float), W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return windows[:, :, :dY.shape[2], :dY.shape[3]]


def _dW(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    return np.einsum("nohw,nchwab->ocab", dY, _strided(X, W, dY, stride))


def _dX(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    return ops.conv2d_backward(dY.astype(float), X.astype(float), W.astype(float), stride)[0]


def _db(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    return dY.astype(float).sum(axis=(0, 2, 3))


def _last_stamp(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    """dX when each stamp replaces what lies below it: `=` in place of `+=`."""
    dX = np.zeros(X.shape)
    for i, j in np.ndindex(*dY.shape[2:]):
        top, left = i * stride, j * stride
        dX[:, :, top:top + W.shape[2], left:left + W.shape[3]] = np.einsum("no,ocab->ncab", dY[:, :, i, j], W)
    return dX


def _unstrided(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    """X cut so that stride 1 reads it as often as there are outputs."""
    if stride == 1:
        return NotImplemented
    return X[:, :, :dY.shape[2] + W.shape[2] - 1, :dY.shape[3] + W.shape[3] - 1]


def _dX_unstrided(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    cut = _unstrided(dY, X, W, stride)
    if cut is NotImplemented:
        return cut
    dX = np.zeros(X.shape)
    dX[:, :, :cut.shape[2], :cut.shape[3]] = _dX(dY, cut, W)
    return dX


def _dW_unstrided(dY: Array, X: Array, W: Array, stride: int = 1) -> Array:
    cut = _unstrided(dY, X, W, stride)
    return cut if cut is NotImplemented else _dW(dY, cut, W)


def _first(dY: Array, axis: int, last: bool = False) -> Array:
    """dY with all but its first, or last, entry along an axis set to 0."""
    kept = np.zeros(dY.shape)
    only = [slice(None)] * dY.ndim
    only[axis] = slice(-1, None) if last else slice(1)
    kept[tuple(only)] = dY[tuple(only)]
    return kept


def _square_transposed(W: Array) -> Array:
    if W.shape[2] != W.shape[3]:
        raise ValueError("a rectangular kernel cannot be transposed in place")
    return W.swapaxes(2, 3)


DW_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("dW is still 0 everywhere: is nothing added to it?",
     lambda dY, X, W, stride=1: np.zeros(W.shape)),
    ("dW was overwritten by each output; every output adds its share, so use += on it.",
     lambda dY, X, W, stride=1: np.einsum("no,ncab->ocab", dY[:, :, -1, -1], _strided(X, W, dY, stride)[:, :, -1, -1])),
    ("dW adds up the windows and leaves out dY: multiply each window by the dY of its output.",
     lambda dY, X, W, stride=1: _dW(np.ones(dY.shape), X, W, stride)),
    ("dW multiplies the windows by the kernel: that is the output once more. A weight's gradient is what it was "
     "multiplied with, the window, times dY.",
     lambda dY, X, W, stride=1: np.einsum("nohw,nchwab->ocab", dY, _strided(X, W, dY, stride)) * W),
    ("dW is turned by half a turn: dW[a, b] belongs to the weight at [a, b] as it lay on the window.",
     lambda dY, X, W, stride=1: _dW(dY, X, W, stride)[:, :, ::-1, ::-1]),
    ("dW is transposed: its rows and columns changed places.",
     lambda dY, X, W, stride=1: _square_transposed(_dW(dY, X, W, stride))),
    ("dW has the opposite sign: the minus comes later, in w -= rate * dW.",
     lambda dY, X, W, stride=1: -_dW(dY, X, W, stride)),
    ("dW is the mean over the outputs; every output adds its share, nothing is divided.",
     lambda dY, X, W, stride=1: _dW(dY, X, W, stride) / dY[0, 0].size),
    ("dW is the mean over the batch; dY already holds whatever the loss divides by, so only add.",
     lambda dY, X, W, stride=1: _dW(dY, X, W, stride) / len(X)),
    ("dW counts the first picture of the batch only; all pictures share the kernel and add to its gradient.",
     lambda dY, X, W, stride=1: _dW(_first(dY, 0), X, W, stride)),
    ("dW counts the last picture of the batch only; all pictures share the kernel and add to its gradient.",
     lambda dY, X, W, stride=1: _dW(_first(dY, 0, last=True), X, W, stride)),
    ("dW ignores the stride: the window of output (i, j) starts at row i * stride and column j * stride of X.",
     _dW_unstrided),
    ("dW adds up all output channels; kernel o gets its gradient from channel o of dY alone.",
     lambda dY, X, W, stride=1: np.broadcast_to(_dW(dY, X, W, stride).sum(axis=0), W.shape)),
    ("dW adds up the input channels; its plane c comes from channel c of X alone.",
     lambda dY, X, W, stride=1: np.broadcast_to(_dW(dY, X, W, stride).sum(axis=1, keepdims=True), W.shape)),
))

DX_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("dX is still 0 everywhere: is nothing added to it?",
     lambda dY, X, W, stride=1: np.zeros(X.shape)),
    ("dX was overwritten where windows overlap; an input takes part in several outputs, and their shares add up, "
     "so use += on it.",
     _last_stamp),
    ("In dX the kernel is turned by half a turn: x[i + a, j + b] was multiplied by w[a, b], and gets w[a, b] back. "
     "Lay the kernel on its window as it is.",
     lambda dY, X, W, stride=1: _dX(dY, X, W[:, :, ::-1, ::-1], stride)),
    ("dX leaves out dY: each output lays down the kernel multiplied by its dY.",
     lambda dY, X, W, stride=1: _dX(np.ones(dY.shape), X, W, stride)),
    ("dX is multiplied by X once more; an input's gradient is the weight it met, times dY.",
     lambda dY, X, W, stride=1: _dX(dY, X, W, stride) * X),
    ("In dX the kernel is transposed: its rows were taken for columns.",
     lambda dY, X, W, stride=1: _dX(dY, X, _square_transposed(W), stride)),
    ("dX has the opposite sign: the minus comes later, in the step of gradient descent.",
     lambda dY, X, W, stride=1: -_dX(dY, X, W, stride)),
    ("dX is divided by the size of the kernel; the shares of the outputs are only added.",
     lambda dY, X, W, stride=1: _dX(dY, X, W, stride) / W[0, 0].size),
    ("dX ignores the stride: the window of output (i, j) starts at row i * stride and column j * stride of X.",
     _dX_unstrided),
    ("dX counts the first output channel only; an input feeds all of them.",
     lambda dY, X, W, stride=1: _dX(_first(dY, 1), X, W, stride)),
    ("dX counts the last output channel only; an input feeds all of them: add (+=) over the channels.",
     lambda dY, X, W, stride=1: _dX(_first(dY, 1, last=True), X, W, stride)),
    ("dX is divided by the number of pictures; the pictures do not mix in dX.",
     lambda dY, X, W, stride=1: _dX(dY, X, W, stride) / len(X)),
    ("dX adds up the pictures of the batch; each picture has a gradient of its own.",
     lambda dY, X, W, stride=1: np.broadcast_to(_dX(dY, X, W, stride).sum(axis=0), X.shape)),
))

DB_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("db is 0: the bias is added to every output of its channel, so its gradient is the sum of dY there.",
     lambda dY, X, W, stride=1: np.zeros(dY.shape[1])),
    ("db is the mean of dY; the bias is added to every output, so take the sum.",
     lambda dY, X, W, stride=1: dY.mean(axis=(0, 2, 3))),
    ("db is divided by the number of pictures; only add.",
     lambda dY, X, W, stride=1: _db(dY, X, W) / len(dY)),
    ("db counts the outputs; it is the sum of their dY.",
     lambda dY, X, W, stride=1: np.full(dY.shape[1], dY[:, 0].size)),
    ("db adds up all channels; each output channel has a bias of its own.",
     lambda dY, X, W, stride=1: np.full(dY.shape[1], dY.sum())),
    ("db counts the first picture only; the whole batch shares the bias.",
     lambda dY, X, W, stride=1: dY[0].sum(axis=(1, 2))),
    ("db counts the last picture only; the whole batch shares the bias.",
     lambda dY, X, W, stride=1: dY[-1].sum(axis=(1, 2))),
))


def _explain_gradient(shape_of: str) -> Callable[[Difference, Case], str | None]:
    def explain(found: Difference, case: Case) -> str | None:
        if found.rung == "run" and "broadcast" in found.sentence:
            return ("A window and the gradient below it must have the same shape: there are as many windows as dY "
                    "has rows and columns.")
        if found.rung == "shape":
            return f"A gradient has one number for each entry of {shape_of}, and so its shape."
        if found.rung == "values" and case.get("stride", 1) > 1:
            return (f"Here the stride is {case['stride']}: output (i, j) read the window that starts at row i * stride "
                    "and column j * stride.")
        return None
    return explain


def _linear_in_dY(call: Callable, rng: Generator, case: Case) -> Iterator[Claim]:
    dY, rest = case["dY"], [value for name, value in case.items() if name != "dY"]
    other = rng.normal(size=dY.shape)
    yield Claim("A gradient is linear in dY: the gradients of two dY must add up.",
                call(dY + 2 * other, *rest), call(dY, *rest) + 2 * call(other, *rest),
                {"dY": dY, "other dY": other}, ("the gradient for dY + 2 other", "the two gradients added"))


ROLES = (("x", "input"), ("X", "input"), ("w", "kernel"), ("W", "kernel"), ("dY", "output"))


def _gradient_check(call: str, part: str, shape_of: str, reference: Callable, mistakes: tuple[Mistake, ...],
                    example: Case, cases: Callable) -> FunctionCheck:
    return FunctionCheck(
        call=call, reference=reference, example=example, cases=cases, mistakes=mistakes, roles=ROLES, part=part,
        properties=(lambda call, rng: _linear_in_dY(call, rng, next(iter(cases(rng)))),),
        explain=_explain_gradient(shape_of), covers=("linearity in dY",),
    )


def _flat(wrong: Callable) -> Callable:
    """The version for one picture and one kernel of a function of batches and channels."""
    def flat(dY: Array, x: Array, w: Array) -> Array:
        answer = wrong(dY[None, None], x[None, None], w[None, None])
        return answer if answer is NotImplemented else answer[0, 0]
    return flat


def _plane_cases(rng: Generator) -> Iterator[Case]:
    for (height, width), (k_h, k_w) in (((4, 4), (2, 2)), ((5, 5), (3, 3)), ((5, 3), (2, 3)), ((4, 6), (3, 1)),
                                        ((3, 4), (1, 1)), ((3, 3), (3, 3))):
        yield {"dY": rng.normal(size=(height - k_h + 1, width - k_w + 1)), "x": rng.normal(size=(height, width)),
               "w": rng.normal(size=(k_h, k_w))}
    yield {"dY": rng.integers(-3, 4, (3, 2)), "x": rng.integers(0, 256, (4, 4), dtype=np.uint8),
           "w": rng.integers(-4, 5, (2, 3))}


_PLANE = {"dY": np.array([[1, 0, -1], [2, 1, 0]]), "x": np.array([[1, 2, 0, 3], [0, 1, 4, 1], [2, 0, 1, 5]]),
          "w": np.array([[1, -2], [0, 3]])}

correlate2d_backward = SeveralCheck(tuple(
    _gradient_check("correlate2d_backward(dY, x, w)", part, shape_of, _flat(reference),
                    tuple(Mistake(one.says, _flat(one.wrong)) for one in mistakes), _PLANE, _plane_cases)
    for part, shape_of, reference, mistakes in (("dX", "x", _dX, DX_MISTAKES), ("dW", "w", _dW, DW_MISTAKES))))


def _batch_case(rng: Generator, X: tuple[int, ...], W: tuple[int, ...], stride: int = 1, kind: type = float) -> Case:
    outputs = [(side - k) // stride + 1 for side, k in zip(X[2:], W[2:], strict=True)]
    case = {"dY": rng.normal(size=(X[0], W[0], *outputs)), "X": rng.normal(size=X), "W": rng.normal(size=W)}
    case = {name: array.astype(kind) for name, array in case.items()}
    return case if stride == 1 else {**case, "stride": stride}


def _batch_cases(rng: Generator) -> Iterator[Case]:
    yield _batch_case(rng, (2, 1, 4, 4), (1, 1, 2, 2))
    yield _batch_case(rng, (1, 2, 4, 5), (3, 2, 2, 2))
    yield _batch_case(rng, (3, 2, 5, 4), (2, 2, 3, 2))
    yield _batch_case(rng, (2, 3, 3, 3), (4, 3, 1, 1), kind=np.float32)
    yield _batch_case(rng, (2, 2, 3, 4), (2, 2, 3, 4))


def _stride_cases(rng: Generator) -> Iterator[Case]:
    yield _batch_case(rng, (1, 1, 4, 4), (1, 1, 2, 2), 2)
    yield _batch_case(rng, (2, 2, 5, 6), (3, 2, 2, 3), 2)
    yield _batch_case(rng, (2, 1, 7, 5), (2, 1, 2, 2), 3)
    yield _batch_case(rng, (1, 2, 6, 7), (2, 2, 3, 3), 2, np.float32)
    yield _batch_case(rng, (2, 3, 4, 3), (2, 3, 2, 1), 1)


def _example(stride: int) -> Case:
    """A batch of one picture with one channel: the widget's case, but for dY."""
    dY = np.array([[1, 0, -1], [2, 1, 0], [0, 1, 3]]) if stride == 1 else np.array([[1, -1], [2, 3]])
    case = {"dY": dY[None, None], "X": np.arange(1, 17).reshape(1, 1, 4, 4),
            "W": np.arange(1, 5).reshape(1, 1, 2, 2)}
    return case if stride == 1 else {**case, "stride": stride}


def _conv_check(cases: Callable, stride: int) -> SeveralCheck:
    return SeveralCheck(tuple(
        _gradient_check("conv2d_backward(dY, X, W, stride=1)", part, shape_of, reference, mistakes,
                        _example(stride), cases)
        for part, shape_of, reference, mistakes in (
            ("dX", "X", _dX, DX_MISTAKES), ("dW", "W", _dW, DW_MISTAKES), ("db", "b", _db, DB_MISTAKES))))


conv2d_backward = _conv_check(_batch_cases, 1)
conv2d_backward_stride = _conv_check(_stride_cases, 2)


# ------------------------------------------------------------------------------------------- max_pool_backward

def _route(dY: Array, X: Array, size: int = 2, shares: Callable[[Array], Array] | None = None) -> Array:
    """dX of a max pool when `shares` says which part of dY each cell of a flat window gets."""
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(dY.shape):
        box = np.s_[n, c, i * size:(i + 1) * size, j * size:(j + 1) * size]
        window = X[box].astype(float).ravel()
        part = np.arange(window.size) == window.argmax() if shares is None else shares(window)
        dX[box] = (part * dY[n, c, i, j]).reshape(X[box].shape)
    return dX


def _split(window: Array) -> Array:
    """The same share for each of the largest cells."""
    largest = window == window.max()
    return largest / largest.sum()


POOL_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("All cells that share the largest number got the gradient; of equal ones the first in reading order takes it "
     "all, as argmax does.",
     lambda dY, X, size=2: _route(dY, X, size, lambda window: window == window.max())),
    ("The gradient was split among equal cells; the first in reading order takes it all, as argmax does.",
     lambda dY, X, size=2: _route(dY, X, size, _split)),
    ("Of equal cells the last one got the gradient; the first in reading order takes it, as argmax does.",
     lambda dY, X, size=2: _route(dY, X, size, lambda window: np.arange(window.size)[::-1] == window[::-1].argmax())),
    ("The gradient was spread evenly over the window: that is average pooling. Only the largest cell gets it.",
     lambda dY, X, size=2: _route(dY, X, size, lambda window: np.full(window.size, 1 / window.size))),
    ("Every cell of a window got its whole gradient; only the largest one does, the others get 0.",
     lambda dY, X, size=2: _route(dY, X, size, np.ones_like)),
    ("dY is left out: the largest cells hold 1, and each should hold the dY of its window.",
     lambda dY, X, size=2: _route(np.ones(dY.shape), X, size)),
    ("The largest cells hold the maximum itself; they should hold the dY of their window.",
     lambda dY, X, size=2: _route(np.ones(dY.shape), X, size) * X),
    ("The gradient went to the smallest cell of each window; it belongs to the largest.",
     lambda dY, X, size=2: _route(dY, -X.astype(float), size)),
    ("The gradient went to the top left cell of each window; it belongs to the largest.",
     lambda dY, X, size=2: _route(dY, np.zeros(X.shape), size)),
    ("The size is ignored: your windows are always 2 x 2.",
     lambda dY, X, size=2: _route(dY, X, 2) if size != 2 else NotImplemented),
    ("dX is still 0 everywhere: is nothing written into it?",
     lambda dY, X, size=2: np.zeros(X.shape)),
))


def _pool_cases(rng: Generator) -> Iterator[Case]:
    for shape, size in (((1, 1, 4, 4), 2), ((2, 3, 4, 6), 2), ((2, 2, 6, 3), 3), ((1, 2, 5, 7), 2), ((2, 1, 4, 5), 4)):
        pooled = (*shape[:2], shape[2] // size, shape[3] // size)
        case = {"dY": rng.normal(size=pooled), "X": rng.normal(size=shape)}
        yield case if size == 2 else {**case, "size": size}
    yield {"dY": rng.normal(size=(1, 1, 2, 2)), "X": rng.integers(0, 2, (1, 1, 4, 4))}
    yield {"dY": rng.normal(size=(1, 2, 2, 1)), "X": -rng.integers(1, 3, (1, 2, 4, 2)).astype(float)}


def _explain_pool(found: Difference, case: Case) -> str | None:
    height, width = case["X"].shape[2:]
    size = case.get("size", 2)
    if found.rung == "shape":
        return "dX has one number for each cell of X, and so its shape."
    if height % size or width % size:
        return "Rows and columns at the end that fill no window were not read, so their gradient is 0."
    return None


max_pool_backward = FunctionCheck(
    call="max_pool_backward(dY, X, size=2)",
    reference=_route,
    example={"dY": np.array([[[[1, 2], [3, 4]]]]),
             "X": np.array([[[[1, 5, 2, 0], [3, 4, 1, 6], [7, 0, 2, 3], [2, 1, 9, 4]]]])},
    cases=_pool_cases,
    mistakes=POOL_MISTAKES,
    explain=_explain_pool,
    roles=ROLES,
)


# --------------------------------------------------------------------------------------------------- im2col

def _columns(X: Array, k_h: int, k_w: int, stride: int = 1, order: str = "cabij") -> Array:
    """Windows as columns; `order` says how channel, kernel cell and place follow each other."""
    windows = sliding_window_view(X, (k_h, k_w), axis=(2, 3))[:, :, ::stride, ::stride]
    height = X.shape[1] * k_h * k_w
    return np.einsum(f"ncijab->n{order}", windows).reshape(len(X), height, -1)


IM2COL_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The channels come last in your columns; all of channel 0's window comes first, then channel 1's: "
     "(C, k_h, k_w).",
     lambda X, k_h, k_w, stride=1: _columns(X, k_h, k_w, stride, "abcij")),
    ("Each window is read column by column; read it row by row, as ravel() does.",
     lambda X, k_h, k_w, stride=1: _columns(X, k_h, k_w, stride, "cbaij")),
    ("The places come column by column; j runs fastest, as in reading.",
     lambda X, k_h, k_w, stride=1: _columns(X, k_h, k_w, stride, "cabji")),
    ("The windows lie in rows and were reshaped into columns: transpose them instead, a reshape mixes them up.",
     lambda X, k_h, k_w, stride=1: _columns(X, k_h, k_w, stride, "ijcab")),
    ("The stride is ignored: window (i, j) starts at row i * stride and column j * stride.",
     lambda X, k_h, k_w, stride=1: _columns(_cut(X, k_h, k_w, stride), k_h, k_w)),
    ("Every column is still 0: are the windows written into the matrix?",
     lambda X, k_h, k_w, stride=1: np.zeros_like(_columns(X, k_h, k_w, stride))),
))


def _cut(X: Array, k_h: int, k_w: int, stride: int) -> Array:
    """X cut so that stride 1 gives as many windows."""
    if stride == 1:
        raise ValueError("nothing to ignore")
    return X[:, :, :(X.shape[2] - k_h) // stride + k_h, :(X.shape[3] - k_w) // stride + k_w]


def _explain_im2col(found: Difference, case: Case) -> str | None:
    if found.rung != "shape":
        return None
    (n, c, height, width), k_h, k_w, s = case["X"].shape, case["k_h"], case["k_w"], case.get("stride", 1)
    rows, columns = (height - k_h) // s + 1, (width - k_w) // s + 1
    if found.got.shape == (n, rows * columns, c * k_h * k_w):
        return "Your windows lie in rows; each should be a column: swap the last two axes."
    return (f"For each picture: {c} · {k_h} · {k_w} = {c * k_h * k_w} rows, one for each number of a window, and "
            f"{rows} · {columns} = {rows * columns} columns, one for each window.")


def _im2col_cases(rng: Generator) -> Iterator[Case]:
    for shape, k_h, k_w, stride in (((1, 1, 3, 4), 2, 2, 1), ((2, 1, 4, 3), 2, 3, 1), ((2, 3, 4, 4), 2, 2, 1),
                                    ((1, 2, 5, 7), 3, 2, 2), ((2, 2, 3, 3), 1, 1, 1), ((2, 1, 7, 5), 2, 2, 3)):
        case = {"X": rng.normal(size=shape), "k_h": k_h, "k_w": k_w}
        yield case if stride == 1 else {**case, "stride": stride}
    yield {"X": rng.integers(0, 256, (1, 2, 3, 3), dtype=np.uint8), "k_h": 2, "k_w": 1}


im2col = FunctionCheck(
    call="im2col(X, k_h, k_w, stride=1)",
    reference=_columns,
    example={"X": np.arange(1, 13).reshape(1, 1, 3, 4), "k_h": 2, "k_w": 2},
    cases=_im2col_cases,
    mistakes=IM2COL_MISTAKES,
    explain=_explain_im2col,
    roles=ROLES,
)


# ---------------------------------------------------------------------------------------------- learn_kernel

def _learned(X: Array, Y: Array, size: int = 3, rate: float = 0.1, steps: int = 100, start: float = 0,
             scale: Callable[[Array], float] = lambda Y: 2 / Y.size, turned: bool = False) -> Array:
    """Gradient descent on the mean square error; the last three arguments make the classic mistakes."""
    W = np.full((1, 1, size, size), float(start))
    for _ in range(steps):
        missed = ops.conv2d(X, W) - Y
        step = rate * _dW(scale(Y) * missed, X, W)
        W = W - (step[:, :, ::-1, ::-1] if turned else step)
    return W[0, 0]


def _slip(**changes: object) -> Callable:
    return lambda X, Y, size=3, rate=0.1, steps=100: _learned(X, Y, size, rate, steps, **changes)


LEARNING_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Your kernel walks uphill: subtract rate times the gradient, and mind the sign of (output - Y).",
     _slip(scale=lambda Y: -2 / Y.size)),
    ("The loss is the mean of the squares; yours is their sum: divide by Y.size.",
     _slip(scale=lambda Y: 2)),
    ("The derivative of a square holds a factor 2: dY = 2 * (output - Y) / Y.size.",
     _slip(scale=lambda Y: 1 / Y.size)),
    ("Neither the 2 of the square nor the division by Y.size is there: dY = 2 * (output - Y) / Y.size.",
     _slip(scale=lambda Y: 1)),
    ("You divide by the number of pictures; the mean goes over all numbers of Y: divide by Y.size.",
     _slip(scale=lambda Y: 2 / len(Y))),
    ("Your kernel does not start at zero.",
     _slip(start=1)),
    ("The gradient is turned by half a turn before it is used.",
     _slip(turned=True)),
    ("That is the kernel after a single step: repeat it `steps` times.",
     lambda X, Y, size=3, rate=0.1, steps=100: _learned(X, Y, size, rate, 1) if steps > 1 else NotImplemented),
    ("The number of steps is off by one: it should be `steps`, yours is one less.",
     lambda X, Y, size=3, rate=0.1, steps=100: _learned(X, Y, size, rate, steps - 1) if steps > 1 else NotImplemented),
    ("The number of steps is off by one: it should be `steps`, yours is one more.",
     lambda X, Y, size=3, rate=0.1, steps=100: _learned(X, Y, size, rate, steps + 1)),
    ("rate is ignored: use the rate that the function is given.",
     lambda X, Y, size=3, rate=0.1, steps=100: _learned(X, Y, size, 0.1, steps) if rate != 0.1 else NotImplemented),
    ("steps is ignored: take as many as the function is given.",
     lambda X, Y, size=3, rate=0.1, steps=100: _learned(X, Y, size, rate) if steps != 100 else NotImplemented),
    ("The kernel is still all zeros: is it ever changed?",
     lambda X, Y, size=3, rate=0.1, steps=100: np.zeros((size, size))),
))


def _pictures(rng: Generator, W: Array, number: int = 2, side: int = 6) -> dict[str, Array]:
    X = rng.normal(size=(number, 1, side, side + 1))
    return {"X": X, "Y": ops.conv2d(X, W[None, None].astype(float))}


def _learning_cases(rng: Generator) -> Iterator[Case]:
    yield {**_pictures(rng, rng.integers(-3, 4, (3, 3))), "size": 3, "rate": 0.1, "steps": 1}
    yield {**_pictures(rng, rng.integers(-3, 4, (3, 3))), "size": 3, "rate": 0.05, "steps": 4}
    yield {**_pictures(rng, rng.normal(size=(2, 2)), 3), "size": 2, "rate": 0.2, "steps": 7}
    yield {**_pictures(rng, np.array([[2.0]]), 1, 4), "size": 1, "rate": 0.1, "steps": 3}


def _explain_learning(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return f"The kernel is returned as (size, size), here {case['size']} x {case['size']}: W[0, 0]."
    if found.rung == "values" and found.got is not None and not np.isfinite(found.got).all():
        return "Numbers that grow without end: the step goes uphill, or is too long."
    return None


EDGE = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])


def _finds_the_edge_kernel(call: Callable, rng: Generator) -> Iterator[Claim]:
    pair = _pictures(rng, EDGE, 20, 5)
    yield Claim("From enough noise and enough steps, the kernel that made Y must come out.",
                np.round(call(pair["X"], pair["Y"], 3, 0.3, 80), 3), EDGE.astype(float), {},
                ("your kernel", "the edge kernel"))


learn_kernel = FunctionCheck(
    call="learn_kernel(X, Y, size=3, rate=0.1, steps=100)",
    reference=_learned,
    example={"X": np.array([[[[1, 2, 0], [0, 1, 3], [2, 0, 1]]]]) / 2, "Y": np.array([[[[1, -1], [2, 3]]]]) / 2,
             "size": 2, "rate": 0.1, "steps": 2},
    cases=_learning_cases,
    properties=(_finds_the_edge_kernel,),
    mistakes=LEARNING_MISTAKES,
    explain=_explain_learning,
    roles=ROLES + (("Y", "output"),),
    covers=("the edge kernel recovered from noise",),
)


# ----------------------------------------------------------------------------------------------- two_kernels

def two_kernels(answer: object) -> None:
    """Judge (x, w1, w2): a picture that is not flat, and two kernels with the same feature map on it.

    Prints one line, or raises CheckFailed.
    """
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        entries = f" of {len(answer)}" if isinstance(answer, (tuple, list)) else ""
        fail(f"two_kernels is {describe(answer)}{entries}; expected (x, w1, w2): a picture and two kernels.")
    if any(part is None for part in answer):
        fail("two_kernels is not answered yet: replace each None by a small array, for x, w1 and w2.")
    x, w1, w2 = (_plane(part, what) for part, what in zip(answer, ("x", "w1", "w2"), strict=True))
    if w1.shape != w2.shape:
        fail(f"w1 has shape {w1.shape} and w2 {w2.shape}; two kernels of one layer have the same shape.")
    if max(x.shape) > 20:
        fail(f"Your x has shape {x.shape}; an example should be small enough to read: at most 20 x 20.")
    if w1.shape[0] > x.shape[0] or w1.shape[1] > x.shape[1]:
        fail(f"Your kernels of shape {w1.shape} do not fit into x of shape {x.shape}: take a larger picture.")
    if difference(w1, w2, "") is None:
        fail("w1 and w2 are the same kernel: change w2 so that its feature map stays as it is.")
    if (x == x.flat[0]).all():
        fail("Your x is flat, which is too easy: put at least two different numbers into it.")
    y1, y2 = ops.correlate2d(x, w1), ops.correlate2d(x, w2)
    found = difference(y1, y2, "the feature map of w1")
    if found:
        rows = ((Table("x", x, "input"), Table("w1", w1, "kernel"), Table("w2", w2, "kernel")),
                (Table("feature map of w1", y1, "output", found.differs, y2),
                 Table("feature map of w2", y2, "output")))
        fail("The two feature maps differ: w1 - w2 must give 0 on every window of x. Try a picture whose rows "
             "are all equal.", Report("The two feature maps", (), rows))
    cells = "one cell" if y1.size == 1 else f"all {y1.size} cells"
    print(f"✓ two_kernels: {cells} of both feature maps agree, so no loss can tell w1 from w2 on this picture.")


def _plane(value: object, what: str) -> Array:
    try:
        return ops.picture(value, what).astype(float)
    except CourseError as error:
        fail(f"two_kernels: {error}")
