"""The checks of notebook 11, transfer learning (slides 46-51).

The test cells build a small network (convolution, batch norm, ReLU, maximum of each map, head) in probes, hand it to
the student's function, and report what became of it as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.checks.by_hand import judge_by_hand, judge_prediction
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, FunctionCheck, Mistake
from course_lib.checks.networks import ProbeCheck

LESSON = "11_transfer_learning"
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("faults", faults)``."""
    judge_by_hand(LESSON, name, answer)


WORDS = {"near_will": ("win", "tie", "lose"), "layer_will": ("first", "middle", "last"),
         "norm_will": ("both", "test", "the same")}


def prediction(name: str, answer: object) -> None:
    """Note a prediction, one of WORDS, e.g. ``check.prediction("near_will", near_will)``: none is wrong."""
    judge_prediction(name, answer, WORDS[name])


@dataclass(frozen=True)
class PartsCheck(ProbeCheck):
    """A check of a function that changes or asks a network: the probe's arguments are those of the case."""

    @property
    def parameters(self) -> list[str]:
        return list(self.example)


def _explain(found: Difference, case: Case) -> str | None:
    said = found.sentence
    if found.rung == "run" and "'NoneType' object" in said:
        return "Something is None: does your function return what it should?"
    return None


# ---------------------------------------------------------------------------------------------- replace_head
# outputs of the head in the model given and in the one returned, inputs, rows of the weight, weights that are not 0,
# biases, the sum of the body's weights, which are 1 with three channels and kernels 3x3

def _head(width: int, before: int, classes: int, bias: bool, *, outputs: int | None = None) -> Array:
    outputs = outputs or classes
    return np.array([outputs, outputs, width, outputs, outputs * width, bias, 27 * width], dtype=float)


def _head_cases(rng: Generator) -> Iterator[Case]:
    for bias in (True, False, True):
        yield {"width": int(rng.integers(4, 20)), "before": int(rng.integers(21, 30)),
               "classes": int(rng.integers(31, 40)), "bias": bias}


replace_head = PartsCheck(
    call="replace_head(model, classes)",
    reference=_head,
    example={"width": 3, "before": 10, "classes": 2, "bias": True},
    cases=_head_cases,
    mistakes=(
        Mistake("The fresh head always has a bias; it has one only if the old one does: bias=old.bias is not None.",
                lambda width, before, classes, bias: NotImplemented if bias else _head(width, before, classes, True)),
        Mistake("The fresh head never has a bias; it has one if the old one does.",
                lambda width, before, classes, bias: _head(width, before, classes, False) if bias else NotImplemented),
        Mistake("The head is still the old one: nothing was replaced.", lambda width, before, classes, bias: np.array(
            [before, before, width, before, 0, bias, 27 * width], dtype=float)),
        Mistake("Only the number out_features was changed; make a new nn.Linear, with new weights.",
                lambda width, before, classes, bias: np.array(
                    [classes, classes, width, before, 0, bias, 27 * width], dtype=float)),
        Mistake("The fresh head has as many outputs as the old one; it needs `classes`.",
                lambda width, before, classes, bias: _head(width, before, classes, bias, outputs=before)),
        Mistake("A copy of the model was changed; change the one that you were given.",
                lambda width, before, classes, bias: np.array(
                    [before, classes, width, classes, classes * width, bias, 27 * width], dtype=float)),
    ),
    explain=_explain,
    writes=lambda case: f"replace_head(model, {case['classes']})",
)


# ---------------------------------------------------------------------------------------------------- freeze
# batch norm of the returned model in training mode, parameters that learn in the body and in the head, batch norm in
# training mode, channels whose statistics moved, the head in training mode

def _frozen(x: Array, width: int, classes: int, *, body: int = 0, head: int = 2, norm: int = 0, ends: int = 1) -> Array:
    return np.array([norm, body, head, norm, norm * width, ends], dtype=float)


def _is(**slips: int) -> Callable:
    return lambda *case: _frozen(*case, **slips)


freeze = PartsCheck(
    call="freeze(model)",
    reference=_frozen,
    example={"x": np.arange(18.0).reshape(2, 1, 3, 3), "width": 2, "classes": 2},
    cases=lambda rng: ({"x": rng.normal(size=(4, channels, 5, 6)), "width": channels + 2, "classes": 3}
                       for channels in (1, 3)),
    mistakes=tuple(Mistake(says, _is(**slips)) for says, slips in (
        ("train() thaws the batch norm: it is back in training mode, and its statistics moved. Give each frozen part a "
         "method train that changes nothing.", {"norm": 1}),
        ("The head is frozen too, and so nothing can learn.", {"head": 0, "norm": 1}),
        ("The head has no gradients either, and so nothing can learn.", {"head": 0}),
        ("The head is frozen too, eval mode and all, and so nothing can learn.", {"head": 0, "ends": 0}),
        ("The head must follow train(): only the rest stays in eval mode.", {"ends": 0}),
        ("The body stays in eval mode, but its weights still have gradients: requires_grad_(False).", {"body": 4}),
        ("Nothing is frozen.", {"body": 4, "norm": 1}),
        ("You froze the head and let the body learn; it is the other way round.", {"body": 4, "head": 0, "norm": 1}),
        ("The head is frozen, eval mode and all, and the body learns; it is the other way round.",
         {"body": 4, "head": 0, "norm": 1, "ends": 0}),
        ("The batch norm's own two parameters still learn.", {"body": 2, "norm": 1}),
    )),
    explain=_explain,
    writes=lambda case: "freeze(model)",
)


# ---------------------------------------------------------------------------------------------- param_groups

def _groups(width: int, classes: int, lr: float, frozen: bool, factor: float = 0.1) -> Array:
    body = 2 * width + (0 if frozen else 28 * width)
    return np.array([[lr * factor, body], [lr, (width + 1) * classes]])


def _with_frozen(width: int, classes: int, lr: float, frozen: bool) -> Array:
    return _groups(width, classes, lr, False)


param_groups = PartsCheck(
    call="param_groups(model, lr)",
    reference=_groups,
    example={"width": 2, "classes": 2, "lr": 0.01, "frozen": False},
    cases=lambda rng: ({"width": int(rng.integers(3, 9)), "classes": int(rng.integers(2, 6)),
                        "lr": float(rng.uniform(0.01, 1)), "frozen": frozen} for frozen in (True, False, True)),
    mistakes=(
        Mistake("What is frozen is in a group; leave out weights whose requires_grad is False.", _with_frozen),
        Mistake("Both groups have the same rate; the body's is a tenth.", lambda *case: _groups(*case, factor=1.0)),
        Mistake("The body has ten times the head's rate; it is a tenth.", lambda *case: _groups(*case, factor=10.0)),
        Mistake("First the body, then the head.", lambda *case: _groups(*case)[::-1]),
        Mistake("The body has the rate lr and the head ten times that; lr is the head's.",
                lambda width, classes, lr, frozen: _groups(width, classes, 10 * lr, frozen)),
        Mistake("The two rates are swapped.", lambda *case: np.stack(
            [_groups(*case)[::-1, 0], _groups(*case)[:, 1]], 1)),
        Mistake("The head is in both groups; then it would be moved twice.", lambda *case: _groups(*case) + [
            [0, (case[0] + 1) * case[1]], [0, 0]]),
    ),
    explain=_explain,
    writes=lambda case: f"param_groups(model, {case['lr']:.3g})",
)


# ------------------------------------------------------------------------------------------ extract_features

def _features(x: Array, weight: Array, mean: Array, training: bool, *, by_batch: bool = False,
              after: tuple | None = None, pool: Callable = lambda maps: maps.amax((2, 3))) -> dict[str, Array]:
    maps = F.conv2d(torch.from_numpy(x), torch.from_numpy(weight), padding=1)
    var = torch.ones(len(weight), dtype=torch.float64)
    maps = F.batch_norm(maps, torch.from_numpy(mean).clone(), var, training=by_batch)
    return {"features": pool(F.relu(maps)).numpy(), "afterwards": np.array(after or (training, 0, 0), dtype=float)}


def _slip(**slips: object) -> Callable:
    return lambda *case: _features(*case, **slips)


def _in_training(x: Array, weight: Array, mean: Array, training: bool, after: tuple = (1, 0, 0)) -> object:
    return _features(x, weight, mean, training, by_batch=True, after=after) if training else NotImplemented


def _after(came: bool, **wrong: int) -> Callable:
    """What is left behind by a slip that shows only where the model came in one of the modes."""
    def slip(*case: object) -> object:
        left = {"training": case[3], "hooks": 0, "gradients": 0} | wrong
        return _features(*case, after=tuple(left.values())) if bool(case[3]) == came else NotImplemented
    return slip


def _feature_case(rng: Generator, shape: tuple, width: int, training: bool) -> Case:
    return {"x": rng.normal(size=shape), "weight": rng.normal(size=(width, shape[1], 3, 3)),
            "mean": rng.normal(size=width), "training": training}


def _feature_cases(rng: Generator) -> Iterator[Case]:
    for shape, width, training in (((3, 2, 6, 5), 4, True), ((4, 1, 5, 5), 3, False), ((2, 3, 4, 6), 5, True)):
        yield _feature_case(rng, shape, width, training)


extract_features = PartsCheck(
    call="extract_features(model, X)",
    reference=_features,
    example={"x": np.arange(9.0).reshape(1, 1, 3, 3), "weight": np.ones((2, 1, 3, 3)) / 9, "mean": np.zeros(2),
             "training": True},
    cases=_feature_cases,
    mistakes=(
        Mistake("The features were taken in training mode: batch norm worked with the batch's statistics, and changed "
                "its own. Call model.eval() first.", _in_training),
        Mistake("Afterwards the model is not in the mode in which it was: remember model.training, and put it back.",
                _after(True, training=0)),
        Mistake("A model that came in eval mode is in training mode afterwards: put it back as it was.",
                _after(False, training=1)),
        Mistake("The hook is still there: keep what register_forward_pre_hook returns, and call its remove().",
                _after(True, hooks=1)),
        Mistake("The features still need gradients: run the model under torch.no_grad().", _after(True, gradients=1)),
        Mistake("Those are the maps before the pooling; asked is what goes into the head.",
                _slip(pool=lambda maps: maps)),
        Mistake("The maps are averaged; take what this network's head gets, by a hook.",
                _slip(pool=lambda maps: maps.mean((2, 3)))),
    ),
    explain=_explain,
    writes=lambda case: "extract_features(model, X)",
)


# --------------------------------------------------------------------------------------------- labels_needed

def _needed(labels: list, accuracies: list, wanted: float, *, between: str = "log",
            never: float | None = None) -> float | None:
    if accuracies[0] >= wanted:
        return float(labels[0])
    for k in range(1, len(labels)):
        if accuracies[k] >= wanted:
            (fewer, more), (below, above) = labels[k - 1:k + 1], accuracies[k - 1:k + 1]
            share = (wanted - below) / (above - below)
            return float({"log": fewer * (more / fewer) ** share, "linear": fewer + share * (more - fewer),
                          "more": more, "fewer": fewer, "swapped": fewer * (more / fewer) ** (1 - share)}[between])
    return never


def _curves(rng: Generator) -> Iterator[Case]:
    for count, wanted in ((4, 0.8), (5, 0.99), (6, 0.7), (3, 0.1), (5, 0.75)):
        accuracies = np.sort(rng.uniform(0.4, 0.95, count))
        accuracies[0], accuracies[-1] = 0.35, 0.97
        yield {"labels": np.cumsum(rng.integers(1, 30, count)).tolist(), "accuracies": accuracies.tolist(),
               "wanted": wanted}
    # Curves of few seeds fall again.
    yield {"labels": np.cumsum(rng.integers(1, 30, 4)).tolist(), "accuracies": [0.35, 0.9, 0.7, 0.6], "wanted": 0.8}


def _interpolated(labels: list, accuracies: list, wanted: float) -> float | None:
    return None if max(accuracies) < wanted else float(np.exp(np.interp(wanted, accuracies, np.log(labels))))


labels_needed = FunctionCheck(
    call="labels_needed(labels, accuracies, wanted)",
    reference=_needed,
    example={"labels": [1, 10, 100], "accuracies": [0.5, 0.7, 0.9], "wanted": 0.8},
    cases=_curves,
    mistakes=tuple(Mistake(says, lambda *case, slip=slip: _needed(*case, **slip)) for says, slip in (
        ("Between two points the line is straight on a *logarithmic* axis; yours is straight in the labels themselves.",
         {"between": "linear"}),
        ("That is the first point that is good enough; the curve reaches it earlier.", {"between": "more"}),
        ("That is the last point that is not good enough; the curve reaches it later.", {"between": "fewer"}),
        ("The share is counted from the wrong end of the piece.", {"between": "swapped"}),
        ("A curve that never gets there needs None.", {"never": 0.0}),
    )) + (Mistake("A curve that never gets there needs None; you give its last number of labels.",
                  lambda labels, accuracies, wanted: _needed(labels, accuracies, wanted, never=float(labels[-1]))),
         Mistake("A curve may fall again, and np.interp wants accuracies that only rise: look for the first point "
                 "that is good enough, and interpolate before it.", _interpolated)),
)
