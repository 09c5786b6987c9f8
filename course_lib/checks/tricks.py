"""The checks of notebook 07, tricks (slides 53 to 55)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from course_lib.checks.by_hand import judge_by_hand, rounded
from course_lib.checks.compare import Difference, difference
from course_lib.checks.draws import dropout_forward, random_crop_flip
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.report import fail
from course_lib.checks.several import SeveralCheck

__all__ = ["batchnorm2d_backward", "batchnorm2d_forward", "batchnorm2d_forward_eval", "by_hand", "dropout_forward",
           "mixup", "predict", "random_crop_flip", "running_update"]

LESSON = "07_tricks"
DIGITS = 4  # by-hand answers of this notebook are asked for with so many decimals
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, to four decimals: ``check.by_hand("normalised", normalised)``."""
    judge_by_hand(LESSON, name, rounded(answer, DIGITS))


# -------------------------------------------------------------------------------------- batchnorm2d_forward

def _column(values: Array) -> Array:
    """One value for each channel, as it lies on (N, C, H, W)."""
    return np.asarray(values, dtype=float).reshape(1, -1, 1, 1)


def _forward(X: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, training: bool,
             eps: float = 1e-5, *, axes: tuple[int, ...] | None = (0, 2, 3), ddof: int = 0,
             root: Callable = lambda var, eps: np.sqrt(var + eps), affine: Callable = lambda x, g, b: g * x + b,
             batch: bool | None = None, shape: tuple[int, ...] = (1, -1, 1, 1), centre: bool = True) -> Array:
    """Batch norm; the keywords make the classic mistakes."""
    X = X.astype(float)
    if training if batch is None else batch:
        mean, var = X.mean(axis=axes, keepdims=True), X.var(axis=axes, ddof=ddof, keepdims=True)
    else:
        mean, var = _column(running_mean), _column(running_var)
    return affine((X - centre * mean) / root(var, eps), gamma.reshape(shape), beta.reshape(shape))


def _in(mode: bool, wrong: Callable) -> Callable:
    """A mistake that is made in training only, or in evaluation only."""
    return lambda *case: (wrong if case[5] is mode else _forward)(*case)


def _on_width(*case: object) -> Array:
    X = case[0]
    if X.shape[1] != X.shape[3] or not case[5]:
        raise ValueError("numbers of channels do not fit on the width")
    return _forward(*case, shape=(1, 1, 1, -1))


def _ignores_eps(*case: object) -> Array:
    return _forward(*case[:6]) if len(case) > 6 and case[6] != 1e-5 else NotImplemented


AFFINE_MISTAKES = tuple(Mistake(says, partial(_forward, affine=affine)) for says, affine in (
    ("gamma and beta are left out: the result is gamma * x_hat + beta.", lambda x, g, b: x),
    ("beta is left out: the result is gamma * x_hat + beta.", lambda x, g, b: g * x),
    ("gamma is left out: the result is gamma * x_hat + beta.", lambda x, g, b: x + b),
    ("gamma and beta changed places: gamma multiplies, beta is added.", lambda x, g, b: b * x + g),
    ("beta is added before gamma multiplies: it is gamma * x_hat + beta.", lambda x, g, b: g * (x + b)),
    ("beta is subtracted; it is added.", lambda x, g, b: g * x - b),
))

ROOT_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("eps stands outside the root: it is added to the variance, sqrt(var + eps), and not to the standard deviation.",
     partial(_forward, root=lambda var, eps: np.sqrt(var) + eps)),
    ("You divide by the variance; divide by its root, sqrt(var + eps).",
     partial(_forward, root=lambda var, eps: var + eps)),
    ("eps is left out: divide by sqrt(var + eps).",
     partial(_forward, root=lambda var, eps: np.sqrt(var))),
    ("eps is ignored: use the eps that the function is given.", _ignores_eps),
    ("You multiply by the standard deviation; divide by it.",
     partial(_forward, root=lambda var, eps: 1 / np.sqrt(var + eps))),
    ("Nothing is divided: after the mean is subtracted, divide by sqrt(var + eps).",
     partial(_forward, root=lambda var, eps: np.ones_like(var))),
    ("eps is subtracted; it is added to the variance.",
     partial(_forward, root=lambda var, eps: np.sqrt(var - eps))),
))

ALWAYS_RUNNING = "training is True, and yet the running statistics are used; training takes those of the batch."
FORWARD_MISTAKES = (*(Mistake(says, wrong) for says, wrong in (
    ("Every pixel is normalised by itself: axis=0 alone averages over the pictures and leaves a mean for each place. A "
     "channel means the same everywhere, so average over pictures, rows and columns: axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=(0,)))),
    ("Every picture is normalised by itself: that is instance norm. Batch norm averages over the pictures too: "
     "axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=(2, 3)))),
    ("Every picture is normalised over all its channels: that is layer norm. Batch norm keeps the channels apart and "
     "averages over the pictures: axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=(1, 2, 3)))),
    ("All channels share one mean and one variance: each channel has its own, axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=None))),
    ("You average over the channels: axis 1 is the one that stays, axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=(1,)))),
    ("You took the last axis for the channels; in (N, C, H, W) they are axis 1, so average over axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=(0, 1, 2)))),
    ("Statistics are taken over pictures and rows, and the columns are left out: axis=(0, 2, 3).",
     _in(True, partial(_forward, axes=(0, 2)))),
    ("In training you divide by the unbiased variance (m - 1). Algorithm 1 divides by m; the unbiased one goes into "
     "the running variance only.",
     _in(True, partial(_forward, ddof=1))),
    ("The mean is not subtracted: the result is gamma * (X - mean) / sqrt(var + eps) + beta.",
     partial(_forward, centre=False)),
    ("gamma and beta lie along the width: they have one number for each channel, so give them the shape (1, C, 1, 1).",
     _on_width),
    (ALWAYS_RUNNING,
     lambda *case: _forward(*case, batch=False)),
    ("training is False, and yet the batch's own statistics are used; evaluation takes running_mean and running_var, "
     "so that a picture's result does not depend on its company.",
     lambda *case: _forward(*case, batch=True)),
)), *AFFINE_MISTAKES, *ROOT_MISTAKES, *(Mistake(says, wrong) for says, wrong in (
    ("In evaluation you divide by the running variance, as if it were a standard deviation: divide by "
     "sqrt(running_var + eps).",
     _in(False, partial(_forward, root=lambda var, eps: var + eps))),
    ("In evaluation you divide by the running variance, as if it were a standard deviation: divide by "
     "sqrt(running_var + eps).",
     _in(False, partial(_forward, root=lambda var, eps: var))),
    ("In evaluation eps is left out: divide by sqrt(running_var + eps).",
     _in(False, partial(_forward, root=lambda var, eps: np.sqrt(var)))),
    ("In evaluation gamma and beta are left out: they belong to the layer in both modes.",
     _in(False, partial(_forward, affine=lambda x, g, b: x))),
    ("In evaluation X comes back as it was: it is normalised with the running statistics.",
     _in(False, lambda X, *rest: X.astype(float))),
    ("The result is still 0 everywhere: is nothing written into it?",
     lambda X, *rest: np.zeros(X.shape)),
    ("X comes back as it was.",
     lambda X, *rest: X.astype(float)),
)))


def _layer(rng: Generator, shape: tuple[int, ...], training: bool, **more: float) -> Case:
    """A batch with channels of very different mean and spread, and running statistics of their own."""
    C = shape[1]
    X = rng.normal(size=shape) * rng.uniform(0.5, 3, (C, 1, 1)) + rng.normal(0, 4, (C, 1, 1))
    return {"X": X, "gamma": rng.uniform(0.5, 2, C) * rng.choice((-1, 1), C), "beta": rng.normal(size=C),
            "running_mean": rng.normal(size=C), "running_var": rng.uniform(0.2, 5, C), "training": training, **more}


def _forward_cases(rng: Generator) -> Iterator[Case]:
    yield _layer(rng, (3, 2, 2, 4), True)
    yield _layer(rng, (4, 3, 2, 3), True, eps=0.5)  # an eps that shows, and as many columns as channels
    yield _layer(rng, (1, 4, 3, 2), True, eps=0.1)
    yield _layer(rng, (5, 2, 1, 1), True)
    flat = _layer(rng, (2, 2, 3, 3), True, eps=0.01)
    flat["X"][:, 1] = 7  # a channel that is alike everywhere
    yield flat
    whole = _layer(rng, (2, 3, 2, 2), True)
    yield {**whole, "X": rng.integers(0, 256, (2, 3, 2, 2), dtype=np.uint8)}


def _eval_cases(rng: Generator) -> Iterator[Case]:
    yield _layer(rng, (3, 2, 2, 4), False)
    yield _layer(rng, (1, 3, 2, 3), False, eps=0.5)
    yield _layer(rng, (1, 2, 1, 1), False)
    yield _layer(rng, (2, 4, 3, 2), False, eps=0.1)


def _is_normalised(call: Callable, rng: Generator) -> Iterator[Claim]:
    case = _layer(rng, (4, 3, 3, 5), True)
    ones, zeros = np.ones(3), np.zeros(3)
    out = call(case["X"], ones, zeros, zeros, ones, True)
    yield Claim("With gamma 1 and beta 0 each channel must come out with mean 0.", out.mean(axis=(0, 2, 3)), zeros,
                {"X": case["X"]}, ("the mean of each channel", "zero"))
    yield Claim("With gamma 1 and beta 0 each channel must come out with variance 1.",
                np.round(out.var(axis=(0, 2, 3)), 3), ones, {"X": case["X"]}, ("the variance of each channel", "one"))


def _keeps_no_company(call: Callable, rng: Generator) -> Iterator[Claim]:
    case = _layer(rng, (4, 2, 2, 3), False)
    X, rest = case["X"], list(case.values())[1:]
    yield Claim("In evaluation a picture's result must not depend on the other pictures of its batch.",
                call(X[:1], *rest), call(X, *rest)[:1], {"the picture": X[:1]}, ("alone", "in the batch"))


def _explain_forward(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and ("broadcast" in found.sentence or "reshape" in found.sentence):
        return ("gamma, beta and the running statistics have one number for each channel: give them the shape "
                "(1, C, 1, 1), for instance with gamma[:, None, None].")
    if found.rung == "values" and found.got is not None and not np.isfinite(found.got).all():
        return "A channel that is alike everywhere has the variance 0; eps, inside the root, keeps it from being 0 / 0."
    if found.rung == "shape":
        return "Batch norm changes numbers and no shape."
    return None


NORM_ROLES = (("X", "input"), ("gamma", "kernel"), ("beta", "kernel"), ("dY", "output"))
# Not as wide as it has channels, so that what lies along the width by mistake does not fit.
_TINY = {"X": np.array([[[[1.0, 2.0, 6.0]], [[0.0, 10.0, 5.0]]], [[[3.0, 4.0, 2.0]], [[20.0, 30.0, 25.0]]]]),
         "gamma": np.array([1.0, 2.0]), "beta": np.array([0.0, 5.0]), "running_mean": np.array([2.0, 10.0]),
         "running_var": np.array([4.0, 100.0])}


class EvaluationCheck(FunctionCheck):
    """The check of batch norm in evaluation.

    Of training it asks only that the running statistics are not used there too: other slips in training have cost
    their points in the check of training already.
    """

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        case = _layer(np.random.default_rng(seed), (3, 2, 2, 3), True, eps=0.2)
        try:
            got = function(*(np.copy(value) if isinstance(value, np.ndarray) else value for value in case.values()))
        except (Exception, SystemExit):
            got = None
        if difference(got, _forward(*case.values(), batch=False), "") is None:
            fail(f"{self.name}: {ALWAYS_RUNNING}")
        super().__call__(function, seed)


def _forward_check(kind: type[FunctionCheck], training: bool, cases: Callable, properties: tuple,
                   covers: str) -> FunctionCheck:
    return kind(
        call="batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5)",
        reference=_forward, example={**_TINY, "training": training}, cases=cases, properties=properties,
        mistakes=FORWARD_MISTAKES, explain=_explain_forward, roles=NORM_ROLES, covers=(covers,),
    )


batchnorm2d_forward = _forward_check(
    FunctionCheck, True, _forward_cases, (_is_normalised,), "mean 0 and variance 1 in each channel")
batchnorm2d_forward_eval = _forward_check(
    EvaluationCheck, False, _eval_cases, (_keeps_no_company,), "a picture alone and in company")


# ------------------------------------------------------------------------------------------- running_update

def _update(running_mean: Array, running_var: Array, X: Array, training: bool, momentum: float = 0.1, *,
            axes: tuple[int, ...] | None = (0, 2, 3), ddof: int = 1, weights: Callable = lambda m: (1 - m, m),
            of_var: Callable = lambda var: var, ever: bool = False) -> tuple[Array, Array]:
    """Both running statistics after one batch; the keywords make the classic mistakes."""
    X, old_mean, old_var = X.astype(float), running_mean.astype(float), running_var.astype(float)
    if not (training or ever):
        return old_mean, old_var
    keep, take = weights(momentum)
    return (keep * old_mean + take * X.mean(axis=axes), keep * old_var + take * of_var(X.var(axis=axes, ddof=ddof)))


def _pictures_less_one(running_mean: Array, running_var: Array, X: Array, training: bool,
                       momentum: float = 0.1) -> tuple[Array, Array]:
    """The variance made unbiased with the number of pictures in place of m."""
    return _update(running_mean, running_var, X, training, momentum, ddof=0,
                   of_var=lambda var: var * len(X) / (len(X) - 1))


def _around_running_mean(running_mean: Array, running_var: Array, X: Array, training: bool,
                         momentum: float = 0.1) -> tuple[Array, Array]:
    mean = _update(running_mean, running_var, X, training, momentum)[0]
    m = X[:, 0].size
    spread = ((X - _column(mean))**2).sum(axis=(0, 2, 3)) / (m - 1)
    return mean, (1 - momentum) * running_var + momentum * spread if training else running_var


def _part(index: int, wrong: Callable) -> Callable:
    return lambda *case: _take(wrong(*case), index)


def _take(answer: object, index: int) -> object:
    return answer if answer is NotImplemented else answer[index]


SLIDING = (
    ("momentum is the wrong way round: the new value is (1 - momentum) * running + momentum * batch, so that with "
     "momentum 0.1 nine tenths of the old value stay.",
     partial(_update, weights=lambda m: (m, 1 - m))),
    ("The statistics moved although training is False: in evaluation they are read and never written.",
     partial(_update, ever=True)),
    ("The old value is thrown away: keep (1 - momentum) of it.",
     partial(_update, weights=lambda m: (0, 1))),
    ("The old value is thrown away: keep (1 - momentum) of it.",
     partial(_update, weights=lambda m: (0, m))),
    ("The old value is kept whole: keep (1 - momentum) of it.",
     partial(_update, weights=lambda m: (1, m))),
    ("Old and new are added without momentum: (1 - momentum) * running + momentum * batch.",
     partial(_update, weights=lambda m: (1, 1))),
    ("The running value did not move although training is True.",
     partial(_update, weights=lambda m: (1, 0))),
    ("momentum is ignored: use the one that the function is given.",
     lambda *case: _update(*case[:4]) if len(case) > 4 else NotImplemented),
    ("All channels share one statistic: each channel has its own, axis=(0, 2, 3).",
     lambda *case: tuple(np.broadcast_to(value, case[0].shape) for value in _update(*case, axes=None))),
)

RUNNING_MEAN_MISTAKES = tuple(Mistake(says, _part(0, wrong)) for says, wrong in SLIDING)

RUNNING_VAR_MISTAKES = tuple(Mistake(says, _part(1, wrong)) for says, wrong in (
    ("The batch's variance is the biased one (divided by m). Into the running variance goes the unbiased one, divided "
     "by m - 1, with m = N * H * W: var(..., ddof=1).",
     partial(_update, ddof=0)),
    ("That is a running standard deviation, as slide 55 has it; what is kept is the variance.",
     partial(_update, of_var=np.sqrt)),
    ("That is a running standard deviation, and a biased one; what is kept is the unbiased variance.",
     partial(_update, of_var=np.sqrt, ddof=0)),
    ("The variance is made unbiased with the number of pictures; m counts all numbers of a channel, N * H * W.",
     _pictures_less_one),
    ("The batch's variance is taken around the running mean; take it around the batch's own mean.",
     _around_running_mean),
    *SLIDING,
))


def _running_case(rng: Generator, shape: tuple[int, ...], training: bool, **more: float) -> Case:
    layer = _layer(rng, shape, training)
    return {name: layer[name] for name in ("running_mean", "running_var", "X", "training")} | more


def _running_cases(rng: Generator) -> Iterator[Case]:
    yield _running_case(rng, (3, 2, 2, 4), True)
    yield _running_case(rng, (2, 3, 1, 1), True, momentum=0.25)
    yield _running_case(rng, (1, 2, 3, 3), True, momentum=0.4)
    yield _running_case(rng, (4, 3, 2, 1), False)
    yield _running_case(rng, (2, 2, 2, 2), False, momentum=0.5)
    yield {**_running_case(rng, (2, 2, 2, 3), True), "X": rng.integers(0, 256, (2, 2, 2, 3), dtype=np.uint8)}


def _explain_running(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return "There is one running value for each channel, so the shape is (C,)."
    return None


def _running_check(part: str, index: int, mistakes: tuple[Mistake, ...]) -> FunctionCheck:
    return FunctionCheck(
        call="running_update(running_mean, running_var, X, training, momentum=0.1)", part=part,
        reference=_part(index, _update), mistakes=mistakes, cases=_running_cases, explain=_explain_running,
        example={"running_mean": np.zeros(1), "running_var": np.ones(1),
                 "X": np.array([1.0, 2.0, 3.0, 4.0]).reshape(2, 1, 1, 2), "training": True},
        roles=NORM_ROLES, covers=("training and evaluation",),
    )


running_update = SeveralCheck((_running_check("running_mean", 0, RUNNING_MEAN_MISTAKES),
                               _running_check("running_var", 1, RUNNING_VAR_MISTAKES)))


# ------------------------------------------------------------------------------------- batchnorm2d_backward

def _backward(dY: Array, X: Array, gamma: Array, eps: float = 1e-5, *, axes: tuple[int, ...] = (0, 2, 3),
              through_mean: float = 1, through_var: float = 1, ddof: int = 0,
              root: Callable = lambda var, eps: np.sqrt(var + eps)) -> Array:
    """dX of batch norm in training; the keywords make the classic mistakes."""
    X, dY = X.astype(float), dY.astype(float)
    std = root(X.var(axis=(0, 2, 3), ddof=ddof, keepdims=True), eps)
    x_hat = (X - X.mean(axis=(0, 2, 3), keepdims=True)) / std
    mean, along = dY.mean(axis=axes, keepdims=True), (dY * x_hat).mean(axis=axes, keepdims=True)
    return _column(gamma) / std * (dY - through_mean * mean - through_var * x_hat * along)


def _x_hat(X: Array, eps: float) -> Array:
    X = X.astype(float)
    return (X - X.mean(axis=(0, 2, 3), keepdims=True)) / np.sqrt(X.var(axis=(0, 2, 3), keepdims=True) + eps)


def _dgamma(dY: Array, X: Array, gamma: Array, eps: float = 1e-5) -> Array:
    return (dY * _x_hat(X, eps)).sum(axis=(0, 2, 3))


def _dbeta(dY: Array, X: Array, gamma: Array, eps: float = 1e-5) -> Array:
    return dY.astype(float).sum(axis=(0, 2, 3))


def _sums(dY: Array, X: Array, gamma: Array, eps: float = 1e-5) -> Array:
    m = dY[:, 0].size
    return _backward(dY, X, gamma, eps, through_mean=m, through_var=m)


NORM_DX_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("dX takes mean and variance for constants: gamma / std * dY. Both depend on every number of the channel, and each "
     "gives back its share.",
     partial(_backward, through_mean=0, through_var=0)),
    ("dX leaves out the path through the variance: subtract x_hat * mean(dY * x_hat) too.",
     partial(_backward, through_var=0)),
    ("dX leaves out the path through the mean: subtract mean(dY) too.",
     partial(_backward, through_mean=0)),
    ("dX subtracts sums where means belong: mean(dY) and x_hat * mean(dY * x_hat), over the channel's m numbers.",
     _sums),
    ("dX is m times too large: after m * dY - sum(dY) - x_hat * sum(dY * x_hat) divide by m.",
     lambda dY, X, *rest: dY[:, 0].size * _backward(dY, X, *rest)),
    ("gamma is missing in dX: x_hat was multiplied by it, so dY is too.",
     lambda dY, X, gamma, *rest: _backward(dY, X, np.ones(gamma.shape), *rest)),
    ("In dX the means run over the pictures only: axis=(0, 2, 3), as on the way forward.",
     partial(_backward, axes=(0,))),
    ("In dX the means run over each picture alone: axis=(0, 2, 3), as on the way forward.",
     partial(_backward, axes=(2, 3))),
    ("In dX the means run over all channels at once: axis=(0, 2, 3), as on the way forward.",
     partial(_backward, axes=(0, 1, 2, 3))),
    ("In dX a share is added that has to be subtracted: dY - mean(dY) - x_hat * mean(dY * x_hat).",
     partial(_backward, through_var=-1)),
    ("In dX a share is added that has to be subtracted: dY - mean(dY) - x_hat * mean(dY * x_hat).",
     partial(_backward, through_mean=-1)),
    ("In dX the variance is the unbiased one; the way forward divided by m.",
     partial(_backward, ddof=1)),
    ("In dX eps stands outside the root: sqrt(var + eps), as on the way forward.",
     partial(_backward, root=lambda var, eps: np.sqrt(var) + eps)),
    ("In dX you divide by the variance; divide by its root, sqrt(var + eps).",
     partial(_backward, root=lambda var, eps: var + eps)),
    ("In dX nothing is divided by std: gamma / std times the bracket.",
     lambda dY, X, gamma, eps=1e-5: _backward(dY, X, gamma, eps) * np.sqrt(_column(X.var(axis=(0, 2, 3))) + eps)),
    ("eps is ignored: use the eps that the function is given.",
     lambda *case: _backward(*case[:3]) if len(case) > 3 else NotImplemented),
    ("dX has the opposite sign.", lambda *case: -_backward(*case)),
    ("dX is still 0 everywhere.", lambda dY, *rest: np.zeros(dY.shape)),
))

NORM_DGAMMA_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("dgamma is made with X; gamma was multiplied with the normalised x_hat: sum(dY * x_hat).",
     lambda dY, X, gamma, eps=1e-5: (dY * X.astype(float)).sum(axis=(0, 2, 3))),
    ("In dgamma the mean is subtracted, but nothing is divided by std: sum(dY * x_hat).",
     lambda dY, X, gamma, eps=1e-5: _dgamma(dY, X, gamma, eps) * np.sqrt(X.var(axis=(0, 2, 3)) + eps)),
    ("dgamma is a mean; every number of the channel adds its share, so take the sum.",
     lambda dY, *rest: _dgamma(dY, *rest) / dY[:, 0].size),
    ("dgamma is divided by the number of pictures; only add.",
     lambda dY, *rest: _dgamma(dY, *rest) / len(dY)),
    ("dgamma adds up all channels; each has its own gamma.",
     lambda dY, *rest: np.full(dY.shape[1], _dgamma(dY, *rest).sum())),
    ("dgamma is multiplied by gamma; gamma's gradient is what it was multiplied with, x_hat, times dY.",
     lambda dY, X, gamma, *rest: _dgamma(dY, X, gamma, *rest) * gamma),
    ("dgamma is dbeta: multiply dY by x_hat before you add.", _dbeta),
    ("dgamma has the opposite sign.", lambda *case: -_dgamma(*case)),
    ("dgamma leaves out dY: sum(dY * x_hat).",
     lambda dY, X, gamma, eps=1e-5: _x_hat(X, eps).sum(axis=(0, 2, 3))),
))

NORM_DBETA_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("dbeta is a mean; beta was added to every number of the channel, so take the sum.",
     lambda dY, *rest: _dbeta(dY, *rest) / dY[:, 0].size),
    ("dbeta is divided by the number of pictures; only add.",
     lambda dY, *rest: _dbeta(dY, *rest) / len(dY)),
    ("dbeta adds up all channels; each has its own beta.",
     lambda dY, *rest: np.full(dY.shape[1], dY.sum())),
    ("dbeta is multiplied by gamma; beta is added after gamma, so its gradient is the plain sum of dY.",
     lambda dY, X, gamma, *rest: _dbeta(dY, X, gamma) * gamma),
    ("dbeta is dgamma: add up dY alone.", _dgamma),
    ("dbeta is 0: beta was added to every number of the channel, so its gradient is the sum of dY.",
     lambda dY, *rest: np.zeros(dY.shape[1])),
))


def _backward_cases(rng: Generator) -> Iterator[Case]:
    for shape, eps in (((3, 2, 2, 4), None), ((4, 3, 2, 3), 0.5), ((1, 4, 3, 2), 0.1), ((5, 2, 1, 1), None)):
        layer = _layer(rng, shape, True)
        case = {"dY": rng.normal(size=shape) + 0.5, "X": layer["X"], "gamma": layer["gamma"]}
        yield case if eps is None else {**case, "eps": eps}


def _explain_backward(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and ("broadcast" in found.sentence or "reshape" in found.sentence):
        return "gamma has one number for each channel: give it the shape (1, C, 1, 1), as with gamma[:, None, None]."
    if found.rung == "shape":
        return "dX has the shape of X; dgamma and dbeta have one number for each channel, (C,)."
    return None


def _constant_dY(call: Callable, rng: Generator) -> Iterator[Claim]:
    case = _layer(rng, (3, 2, 2, 2), True)
    yield Claim("When dY is the same everywhere, dX must be 0: adding a number to a whole channel changes nothing, for "
                "its mean is subtracted again.",
                np.round(call(np.ones(case["X"].shape), case["X"], case["gamma"]), 9), np.zeros(case["X"].shape),
                {"X": case["X"]}, ("dX for a dY of ones", "zero"))


def _backward_check(part: str, reference: Callable, mistakes: tuple[Mistake, ...], **more: object) -> FunctionCheck:
    return FunctionCheck(
        call="batchnorm2d_backward(dY, X, gamma, eps=1e-5)", part=part, reference=reference, mistakes=mistakes,
        cases=_backward_cases, explain=_explain_backward, roles=NORM_ROLES,
        example={"dY": np.array([[[[1.0, 0.0, 2.0]], [[2.0, -1.0, 0.0]]], [[[0.0, 0.0, 1.0]], [[1.0, 3.0, -2.0]]]]),
                 "X": _TINY["X"], "gamma": _TINY["gamma"]}, **more,
    )


batchnorm2d_backward = SeveralCheck((
    _backward_check("dX", _backward, NORM_DX_MISTAKES, properties=(_constant_dY,), covers=("a dY of ones",)),
    _backward_check("dgamma", _dgamma, NORM_DGAMMA_MISTAKES),
    _backward_check("dbeta", _dbeta, NORM_DBETA_MISTAKES),
))


# ---------------------------------------------------------------------------------------------------- mixup

def _mix(A: Array, lam: Array, partner: Array) -> Array:
    """lam of each entry and 1 - lam of its partner; A is (N, ...)."""
    A = A.astype(float)
    lam = np.broadcast_to(lam, len(A)).reshape(-1, *[1] * (A.ndim - 1))
    return lam * A + (1 - lam) * A[partner]


def _mix_in_place(A: Array, lam: Array, partner: Array) -> Array:
    """Entries that are mixed already become partners of later ones."""
    A = A.astype(float)
    for index, other in enumerate(partner):
        A[index] = lam[index] * A[index] + (1 - lam[index]) * A[other]
    return A


def _along(A: Array, lam: Array, partner: Array) -> Array:
    """lam laid along the last axis, where that fits."""
    if len(lam) != A.shape[-1]:
        raise ValueError("as many pictures as columns are needed")
    return lam * A + (1 - lam) * A[partner]


def _mixing(what: str) -> tuple[tuple[str, Callable], ...]:
    """Slips that pictures and labels have in common: (sentence, wrong version of the mix)."""
    return (
        (f"lam is the wrong way round in {what}: lam of the picture itself and 1 - lam of its partner.",
         lambda A, lam, partner: _mix(A, 1 - lam, partner)),
        (f"One lam is used for the whole batch in {what}: each picture has its own, lam[n].",
         lambda A, lam, partner: _mix(A, lam[:1], partner)),
        (f"The mean of lam is used in {what}: each picture has its own, lam[n].",
         lambda A, lam, partner: _mix(A, lam.mean(keepdims=True), partner)),
        (f"lam lies along the last axis in {what}; it has one number for each picture, so it belongs to the first one: "
         "lam[:, None] and so on.",
         _along),
        (f"In {what} lam is ignored: everything is mixed half and half.",
         lambda A, lam, partner: _mix(A, np.full(len(A), 0.5), partner)),
        (f"In {what} partner is ignored: the partner of picture n is picture partner[n].",
         lambda A, lam, partner: _mix(A, lam, np.arange(len(A))[::-1])),
        (f"In {what} partner is ignored: the partner of picture n is picture partner[n].",
         lambda A, lam, partner: _mix(A, lam, np.roll(np.arange(len(A)), 1))),
        (f"partner is read backwards in {what}: the partner of picture n is picture partner[n].",
         lambda A, lam, partner: _mix(A, lam, np.argsort(partner))),
        (f"{what} was overwritten while mixing, so that later pictures got partners that were mixed already: write "
         "into a new array.",
         _mix_in_place),
        (f"In {what} lam of the partner is used, not that of the picture itself.",
         lambda A, lam, partner: _mix(A, lam[partner], partner)),
    )


MIX_X_MISTAKES = tuple(Mistake(says, lambda X, Y, lam, partner, wrong=wrong: wrong(X, lam, partner))
                       for says, wrong in (
    *_mixing("X_mixed"),
    ("The pictures are not mixed: X_mixed is X.", lambda X, lam, partner: X.astype(float)),
    ("Only the partners are left in X_mixed.", lambda X, lam, partner: X[partner].astype(float)),
    ("The two are added without weights: lam of the picture itself and 1 - lam of its partner.",
     lambda X, lam, partner: X + X[partner].astype(float)),
))

MIX_Y_MISTAKES = tuple(Mistake(says, lambda X, Y, lam, partner, wrong=wrong: wrong(Y, lam, partner))
                       for says, wrong in (
    ("The labels are not mixed: a picture that is three tenths a 3 and seven tenths an 8 has the label three tenths 3 "
     "and seven tenths 8.", lambda Y, lam, partner: Y.astype(float)),
    ("The labels are those of the partners alone; they are mixed as the pictures are.",
     lambda Y, lam, partner: Y[partner].astype(float)),
    ("Each label is rounded to the larger share; keep both shares.",
     lambda Y, lam, partner: np.eye(Y.shape[1])[_mix(Y, lam, partner).argmax(axis=1)]),
    ("The labels are added without weights: each row must add up to 1.",
     lambda Y, lam, partner: Y + Y[partner].astype(float)),
    *_mixing("Y_mixed"),
))


def _mixup_cases(rng: Generator) -> Iterator[Case]:
    for shape, classes in (((4, 1, 2, 3), 3), ((5, 2, 3, 5), 5), ((3, 3, 2, 2), 10), ((6, 1, 1, 4), 2)):
        count = shape[0]
        yield {"X": rng.normal(size=shape), "Y": np.eye(classes)[rng.integers(0, classes, count)],
               "lam": rng.beta(0.8, 0.8, count), "partner": rng.permutation(count)}
    yield {"X": rng.integers(0, 256, (3, 1, 2, 2), dtype=np.uint8), "Y": np.eye(4)[[3, 0, 1]],
           "lam": np.array([1.0, 0.25, 0.0]), "partner": np.array([1, 2, 0])}


def _rows_add_up(call: Callable, rng: Generator) -> Iterator[Claim]:
    case = next(iter(_mixup_cases(rng)))
    yield Claim("A mixed label shares one whole among its classes: each row must add up to 1.",
                call(*case.values()).sum(axis=1), np.ones(len(case["X"])), {"Y": case["Y"]},
                ("the sums of the rows", "ones"))


def _explain_mixup(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and "broadcast" in found.sentence:
        return ("lam has one number for each picture: give it as many axes as what it multiplies, "
                "lam[:, None, None, None] for X and lam[:, None] for Y.")
    if found.rung == "shape":
        return "X_mixed has the shape of X and Y_mixed that of Y: there are as many mixed pictures as pictures."
    return None


def _mixup_check(part: str, which: str, mistakes: tuple[Mistake, ...], **more: object) -> FunctionCheck:
    return FunctionCheck(
        call="mixup(X, Y, lam, partner)", part=part, mistakes=mistakes, cases=_mixup_cases, explain=_explain_mixup,
        reference=lambda X, Y, lam, partner: _mix(X if which == "X" else Y, lam, partner),
        example={"X": np.array([[[[0.0, 8.0], [4.0, 0.0]]], [[[8.0, 8.0], [0.0, 4.0]]], [[[2.0, 0.0], [0.0, 6.0]]]]),
                 "Y": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), "lam": np.array([0.75, 0.5, 1.0]),
                 "partner": np.array([1, 2, 0])},
        roles=(("X", "input"), ("Y", "output"), ("lam", "kernel")), **more,
    )


mixup = SeveralCheck((
    _mixup_check("X_mixed", "X", MIX_X_MISTAKES),
    _mixup_check("Y_mixed", "Y", MIX_Y_MISTAKES, properties=(_rows_add_up,), covers=("rows that add up to 1",)),
))


# -------------------------------------------------------------------------------------------------- predict

# Of the whole network, its batch norm, its dropout and its linear layer: which are in training mode.
TRAINING, EVALUATION, FROZEN = (True,) * 4, (False,) * 4, (True, False, True, True)
Modes = tuple[bool, bool, bool, bool]


def _logits(X: Array, running_mean: Array, running_var: Array, W: Array, p: float, modes: Modes,
            batch_size: int) -> Array:
    """What the probe's network gives in evaluation: running statistics, no dropout, a linear layer."""
    return (X - running_mean) / np.sqrt(running_var + 1e-5) @ W.T


def _logits_of_batches(X: Array, running_mean: Array, running_var: Array, W: Array, p: float, modes: Modes,
                       batch_size: int) -> Array:
    """The same with the statistics of each batch; dropout cannot be foreseen."""
    if p or not modes[1]:
        return NotImplemented
    parts = [X[start:start + batch_size] for start in range(0, len(X), batch_size)]
    return np.concatenate([(part - part.mean(axis=0)) / np.sqrt(part.var(axis=0) + 1e-5) for part in parts]) @ W.T


def _left(*case: object, graphs: bool = False, gradients: bool = True, trainable: bool = True) -> Array:
    """The modes of the modules; were graphs made, are gradients on, and do all parameters still ask for them?"""
    return np.array([*case[5], graphs, gradients, trainable], dtype=int)


def _sizes(X: Array, running_mean: Array, running_var: Array, W: Array, p: float, modes: Modes,
           batch_size: int) -> Array:
    return np.array([min(batch_size, len(X) - start) for start in range(0, len(X), batch_size)])


def _moved(batches: list[Array], running_mean: Array, running_var: Array) -> tuple[Array, Array]:
    """The running statistics after some batches in training mode."""
    for batch in batches:
        running_mean = 0.9 * running_mean + 0.1 * batch.mean(axis=0)
        running_var = 0.9 * running_var + 0.1 * batch.var(axis=0, ddof=1)
    return running_mean, running_var


def _after_a_try(X: Array, running_mean: Array, running_var: Array, W: Array, p: float, modes: Modes,
                 batch_size: int) -> Array:
    """Logits in evaluation, after everything went through the network in training mode once."""
    if not modes[1]:
        return NotImplemented
    return _logits(X, *_moved([X], running_mean, running_var), W, p, EVALUATION, batch_size)


def _after_first_batch(X: Array, running_mean: Array, running_var: Array, W: Array, p: float, modes: Modes,
                       batch_size: int) -> Array:
    """Logits where evaluation mode begins after the first batch."""
    if p or not modes[1] or batch_size == 1:
        return NotImplemented
    first, rest = X[:batch_size], X[batch_size:]
    return np.concatenate([
        _logits_of_batches(first, running_mean, running_var, W, p, modes, batch_size),
        _logits(rest, *_moved([first], running_mean, running_var), W, p, EVALUATION, batch_size)])


LOGITS_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The batch norm took the statistics of each batch, so that a picture's answer depends on its company: the "
     "network was still in training mode. Call model.eval() first.",
     _logits_of_batches),
    ("The first batch went through in training mode, and moved the running statistics: call model.eval() before it.",
     _after_first_batch),
    ("The running statistics moved before you predicted: test pictures went through the network in training mode. "
     "Call model.eval() first.",
     _after_a_try),
))
STATISTICS_MISTAKES = (
    Mistake("The running statistics moved while you predicted: test pictures went into them. Call model.eval() before "
            "the first batch.",
            lambda X, running_mean, running_var, W, p, modes, batch_size: _moved(
                [X[start:start + batch_size] for start in range(0, len(X), batch_size)], running_mean, running_var,
            )[0] if modes[1] else NotImplemented),
)
MODES_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The first four numbers say which are in training mode afterwards: the network, its batch norm, its dropout, its "
     "linear layer. They came in training mode and are left in evaluation mode: all training after that goes without "
     "dropout and with frozen statistics.",
     lambda *case: np.array([0, 0, 0, 0, 0, 1, 1]) if case[5] == TRAINING else NotImplemented),
    ("The first four numbers say which are in training mode afterwards: the network, its batch norm, its dropout, its "
     "linear layer. They came in evaluation mode and are left in training mode: whoever predicts next gets other "
     "numbers.",
     lambda *case: np.array([1, 1, 1, 1, 0, 1, 1]) if case[5] == EVALUATION else NotImplemented),
    ("The network came in training mode, but with its batch norm frozen (the second number), and you thawed it, as the "
     "lecture's own notebook does: model.train() goes to every module within. Note the mode of each of "
     "model.modules(), and put each one back.",
     lambda *case: np.array([1, 1, 1, 1, 0, 1, 1]) if case[5] == FROZEN else NotImplemented),
    ("The fifth number says whether the network's output remembered how it came about. Nobody needs gradients here, "
     "and they keep all activations in memory: put the forward pass under `with torch.no_grad():`. A detach() "
     "afterwards comes too late.",
     partial(_left, graphs=True)),
    ("The sixth number says whether gradients are on afterwards. They are still switched off, so that no network can "
     "learn any more: use `with torch.no_grad():`, which ends by itself.",
     partial(_left, gradients=False)),
    ("The seventh number says whether every parameter still asks for its gradient. You left requires_grad = False, so "
     "that the network can learn no more: use `with torch.no_grad():`, which leaves the parameters alone.",
     partial(_left, trainable=False)),
))
SIZES_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("All pictures went through the network at once, and for many of them the memory is not there: hand it "
     "batch_size pictures at a time, X.split(batch_size).",
     lambda X, *rest: np.array([len(X)])),
    ("batch_size is ignored, and the pictures went through the network one by one: X.split(batch_size).",
     lambda X, *rest: np.ones(len(X), dtype=int)),
    ("The pictures went through the network twice; once is enough.",
     lambda *case: np.tile(_sizes(*case), 2)),
))


def _predict_cases(rng: Generator) -> Iterator[Case]:
    for count, features, classes, p, modes, batch_size in (
            (6, 3, 2, 0.0, TRAINING, 3), (7, 4, 3, 0.0, TRAINING, 3), (5, 3, 4, 0.5, TRAINING, 2),
            (4, 2, 2, 0.5, TRAINING, 1), (6, 3, 2, 0.5, EVALUATION, 4), (5, 2, 3, 0.5, FROZEN, 3)):
        yield {"X": rng.normal(2, 3, (count, features)), "running_mean": rng.normal(size=features),
               "running_var": rng.uniform(0.5, 4, features), "W": rng.normal(size=(classes, features)), "p": p,
               "modes": modes, "batch_size": batch_size}


def _explain_predict(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and "more than 1 value per channel" in found.sentence:
        return ("That is batch norm in training mode, which cannot take the variance of one picture: call model.eval() "
                "first.")
    if found.rung == "shape":
        return (f"There are {len(case['X'])} pictures in batches of {case['batch_size']}: each picture gets its row of "
                "logits, also those of the last, smaller batch.")
    if found.rung == "values" and found.got is not None and case["p"] and any(case["modes"]):
        return "The network has dropout, and it still drops: call model.eval(), for the whole network."
    return None


def _explain_sizes(found: Difference, case: Case) -> str | None:
    return (f"{len(case['X'])} pictures with batch_size {case['batch_size']}: the network gets that many at a time, "
            "the last time those that are left.")


def _predict_check(part: str, reference: Callable, mistakes: tuple[Mistake, ...],
                   explain: Callable = _explain_predict) -> FunctionCheck:
    return FunctionCheck(
        call="predict(model, X, batch_size)", part=part, reference=reference, mistakes=mistakes,
        cases=_predict_cases, explain=explain,
        example={"X": np.array([[1.0, 4.0], [3.0, 0.0], [5.0, 2.0], [1.0, 2.0]]), "running_mean": np.array([1.0, 2.0]),
                 "running_var": np.array([4.0, 1.0]), "W": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]), "p": 0.0,
                 "modes": TRAINING, "batch_size": 2},
        roles=(("X", "input"), ("W", "kernel")), covers=("with and without dropout",),
    )


predict = SeveralCheck((
    _predict_check("the answer", _logits, LOGITS_MISTAKES),
    _predict_check("the running mean afterwards", lambda X, running_mean, *rest: running_mean, STATISTICS_MISTAKES),
    _predict_check("what is left behind", _left, MODES_MISTAKES),
    _predict_check("the sizes of the batches", _sizes, SIZES_MISTAKES, _explain_sizes),
))
