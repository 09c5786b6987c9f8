"""The checks of notebook 12, the capstone (slides 44, 49 and 56).

What is of the student's own making, a network and its training, is judged by what it does: `classify` gets pictures
that nobody has seen and answers with labels, and the accuracy is worked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import ClassVar

import numpy as np

from course_lib import capstone, capstone_report
from course_lib.batches import Images
from course_lib.checks.by_hand import judge_by_hand, rounded
from course_lib.checks.compare import Difference, describe
from course_lib.checks.kit import Case, FunctionCheck, Mistake
from course_lib.checks.networks import ProbeCheck
from course_lib.checks.report import fail

__all__ = ["by_hand", "classify", "confusion_pairs", "count_budget", "my_network", "paired_effect", "records", "report",
           "worst_mistakes"]

LESSON = "12_capstone"
Generator = np.random.Generator
Array = np.ndarray
# Of unseen scenes. A network that flattens stays below, a small sound one is above with every seed: data/capstone.csv.
THRESHOLD = 0.82


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, ``check.by_hand("can_say", can_say)``; rates to one decimal."""
    judge_by_hand(LESSON, name, rounded(answer, 1) if name == "progress" else answer)


# ---------------------------------------------------------------------------------------------- count_budget

def _sizes(layers: list[tuple]) -> list[tuple[int, int]]:
    """Of each layer: its parameters, and what it keeps besides (running statistics)."""
    told = []
    for kind, *numbers in layers:
        if kind == "conv":
            before, after, side, bias = numbers
            told.append((before * after * side**2 + after * bias, 0))
        elif kind == "norm":
            told.append((2 * numbers[0], 2 * numbers[0] + 1))
        else:
            before, after, bias = numbers
            told.append((before * after + after * bias, 0))
    return told


def _budget(layers: list[tuple], frozen: list[int], twice: list[int], limit: int, *, all_of: Callable | None = None,
            learned: Callable | None = None, left: Callable | None = None) -> dict:
    """The reference; the keywords are the slips, each of (parameters, trainable, what is kept, what is used twice)."""
    sizes = [size for size, _ in _sizes(layers)]
    facts = (sum(sizes), sum(size for i, size in enumerate(sizes) if i not in frozen),
             sum(kept for _, kept in _sizes(layers)), sum(sizes[i] for i in twice))
    parameters = all_of(*facts) if all_of else facts[0]
    trainable = learned(*facts) if learned else facts[1]
    return {"parameters": parameters, "trainable": trainable,
            "left": left(limit, parameters, trainable) if left else limit - parameters}


def _slip(**slips: Callable) -> Callable:
    return lambda *case: _budget(*case, **slips)


def _only_weights(layers: list[tuple], frozen: list[int], twice: list[int], limit: int) -> dict:
    """Without what has one axis: biases and batch norms."""
    bare = [(*layer[:-1], False) if layer[0] != "norm" else ("norm", 0) for layer in layers]
    return _budget(bare, frozen, twice, limit)


STATE = ("Running mean, running variance and the number of batches are counted. They are kept, and not learned: go "
         "through model.parameters() and not through state_dict().")
BUDGET_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Frozen parameters are left out. They are in the network and count; only `trainable` leaves them out.",
     _slip(all_of=lambda parameters, trainable, kept, twice: trainable)),
    ("Frozen parameters are counted as trainable: ask each for its requires_grad.",
     _slip(learned=lambda parameters, trainable, kept, twice: parameters)),
    (STATE, _slip(all_of=lambda parameters, trainable, kept, twice: parameters + kept)),
    # state_dict() lists a layer that is used twice under both its names.
    (STATE, _slip(all_of=lambda parameters, trainable, kept, twice: parameters + kept + twice)),
    ("A layer that is used twice is counted twice. It has its weights once; model.parameters() gives each once.",
     _slip(all_of=lambda parameters, trainable, kept, twice: parameters + twice)),
    ("What is left is counted from the trainable parameters; all parameters are held against the limit.",
     _slip(left=lambda limit, parameters, trainable: limit - trainable)),
    ("What is left has the wrong sign: limit - parameters, negative where the network is too large.",
     _slip(left=lambda limit, parameters, trainable: parameters - limit)),
    ("What is left stops at 0. It may be negative, which says by how much the network is too large.",
     _slip(left=lambda limit, parameters, trainable: max(0, limit - parameters))),
    ("The limit is not always 300,000: it is the second argument.",
     _slip(left=lambda limit, parameters, trainable: 300_000 - parameters)),
    ("Biases and batch norms are left out: whatever is learned counts, vectors too.", _only_weights),
))


def _budget_cases(rng: Generator) -> Iterator[Case]:
    a, b, c = (int(number) for number in rng.integers(3, 12, 3))
    yield {"layers": [("conv", 1, a, 3, False), ("norm", a), ("conv", a, b, 5, True), ("linear", b, 10, True)],
           "frozen": [], "twice": [], "limit": 300_000}
    yield {"layers": [("conv", 3, a, 5, True), ("norm", a), ("conv", a, c, 3, False), ("norm", c),
                      ("linear", c, 4, False)], "frozen": [0, 1], "twice": [], "limit": 5_000}
    yield {"layers": [("linear", b, b, True), ("linear", b, 3, True)], "frozen": [], "twice": [0], "limit": 100}
    yield {"layers": [("linear", 400, 800, True), ("linear", 800, 10, True)], "frozen": [1], "twice": [],
           "limit": 300_000}


def _writes_budget(case: Case) -> str:
    names = [f"{kind}({', '.join(map(str, numbers))})" for kind, *numbers in case["layers"]]
    names = [f"{name} frozen" if i in case["frozen"] else f"{name} used twice" if i in case["twice"] else name
             for i, name in enumerate(names)]
    return f"count_budget(network of {', '.join(names)}; limit={case['limit']})"


count_budget = ProbeCheck(
    call="count_budget(model, limit=300_000)",
    reference=_budget,
    example={"layers": [("linear", 2, 3, True), ("norm", 3)], "frozen": [1], "twice": [], "limit": 20},
    cases=_budget_cases,
    mistakes=BUDGET_MISTAKES,
    explain=lambda found, case: ("Each of model.parameters() is a tensor with numel() numbers; return whole numbers, "
                                 "by int or item." if found.rung in ("type", "dtype") else None),
    writes=_writes_budget,
    covers=("frozen and shared layers",),
)


# ------------------------------------------------------------------------------------------------ my_network

@dataclass(frozen=True)
class OwnNetworkCheck(ProbeCheck):
    """A check of a network of one's own: what comes out, and how many parameters go in.

    The probe's ``run(x, channels, classes)`` gives the shapes of the parameters, and the logits for x in eval mode:
    of all pictures, and of the first alone.
    """

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        counts = [self._judge_network(function, case)
                  for case in (self.example, *self.cases(np.random.default_rng(seed)))]
        print(f"✓ my_network: shapes and budget are right; for grey pictures and ten classes it has {counts[0]:,} "
              f"parameters of {capstone.PARAMETERS:,} (seed {seed}).")

    def _judge_network(self, function: Callable, case: Case) -> int:
        got, called = self._run(function, case), self._called(case)
        shapes, logits, alone = self._parts(got)
        many, wanted = sum(map(prod, shapes)), (len(case["x"]), case["classes"])
        if logits.shape != wanted:
            fail(f"{called}: {len(case['x'])} pictures of {case['channels']} channels gave an output of shape "
                 f"{logits.shape}, expected {wanted}: a logit for each class of each picture.")
        if not np.isfinite(logits).all():
            fail(f"{called}: the output holds {logits[~np.isfinite(logits)][0]}; every logit must be a finite number.")
        if np.abs(logits[:1] - alone).max() > 1e-3 * max(1, np.abs(logits).max()):
            fail(f"{called}: the logits of a picture depend on the other pictures of its batch. Does a layer average "
                 "over the batch, or is the batch norm your own and without running statistics?")
        if np.abs(logits - logits[:1]).max() < 1e-9:
            fail(f"{called}: all pictures get the same logits, so the network does not look at them.")
        if not many:
            fail(f"{called}: the network has no parameters. Layers in a plain list are hidden from PyTorch: keep them "
                 "in an nn.Sequential or an nn.ModuleList.")
        if many > capstone.PARAMETERS:
            largest = max(shapes, key=prod)
            fail(f"{called}: the network has {many:,} parameters and may have {capstone.PARAMETERS:,}. Its largest "
                 f"tensor, of shape {tuple(largest)}, has {prod(largest):,} of them.")
        return many

    @staticmethod
    def _parts(got: object) -> tuple[list[list[int]], Array, Array]:
        """The probe's answer, taken apart; anything else gets a sentence."""
        if (not isinstance(got, (list, tuple)) or len(got) != 3 or not isinstance(got[0], list)
                or not all(isinstance(part, np.ndarray) and part.dtype.kind == "f" for part in got[1:])):
            fail("my_network must return a network of torch, an nn.Module whose output is a tensor of logits; the "
                 f"check got {describe(got)}.")
        return got[0], got[1], got[2]


def _explain_own(found: Difference, case: Case) -> str | None:
    said = found.sentence
    if found.rung != "run":
        return None
    if "to have 1 channels" in said or "to have 3 channels" in said or "channels, but got" in said:
        return "The number of channels of the pictures is not always 1: the first layer needs `channels`."
    if "cannot be multiplied" in said:
        return "What reaches the linear layer has another length than it was made for: print the shape in front of it."
    return None


def _own_case(rng: Generator, many: int, channels: int, classes: int) -> Case:
    return {"x": rng.normal(size=(many, channels, capstone.SIDE, capstone.SIDE)), "channels": channels,
            "classes": classes}


my_network = OwnNetworkCheck(
    call="my_network(channels=1, classes=10)",
    reference=lambda x, channels, classes: None,
    example=_own_case(np.random.default_rng(0), 3, 1, 10),
    cases=lambda rng: (_own_case(rng, *numbers) for numbers in ((2, 1, 10), (4, 3, 7))),
    explain=_explain_own,
    writes=lambda case: f"my_network(channels={case['channels']}, classes={case['classes']})",
)


# -------------------------------------------------------------------------------------------------- classify

@cache
def _unseen(seed: int) -> Images:
    """The scenes that an answer is judged on: validation digits for seed 0, which students see, else test digits."""
    return capstone.pictures("test", seed) if seed else capstone.pictures("validation", 1)


@dataclass(frozen=True)
class AccuracyCheck(ProbeCheck):
    """A check of a classifier by its labels for scenes that it has not seen."""

    _run = FunctionCheck._run  # that a tensor is no answer is said below

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        unseen = _unseen(seed)
        x, y = unseen.x.cpu().numpy(), unseen.y.cpu().numpy()
        few = self._labels(function, x[:8])
        again = np.concatenate([self._labels(function, x[i:i + 1]) for i in range(8)])
        if (few != again).any():
            fail(f"classify gives {int((few != again).sum())} of 8 pictures another label when it sees each alone. "
                 "Is the network in eval mode (model.eval()), and normalised by the numbers of the training set?")
        guessed = self._labels(function, x)
        right = float((guessed == y).mean())
        if right < THRESHOLD:
            fail(f"classify gets {right:.1%} of {len(y):,} unseen scenes right, and {THRESHOLD:.0%} are asked for. "
                 f"{self._blame(guessed, right)}")
        print(f"✓ classify: {right:.1%} of {len(y):,} unseen scenes are right; {THRESHOLD:.0%} are asked for.")

    def _labels(self, function: Callable, x: Array) -> Array:
        got = self._run(function, {"x": x})
        if not isinstance(got, np.ndarray):
            fail(f"classify must return an array of labels, shape ({len(x)},), and returned {describe(got)}; a tensor "
                 "becomes an array by .numpy().")
        if got.shape != (len(x),):
            more = " These are logits or probabilities: take their argmax." if got.shape == (len(x), 10) else ""
            fail(f"classify returned an array of shape {got.shape} for {len(x)} pictures, expected ({len(x)},), a "
                 f"label for each.{more}")
        if got.dtype.kind not in "iu":
            fail(f"classify returned {got.dtype} values; labels are whole numbers from 0 to 9.")
        if got.min() < 0 or got.max() > 9:
            fail(f"classify returned labels from {got.min()} to {got.max()}; they go from 0 to 9.")
        return got

    @staticmethod
    def _blame(guessed: Array, right: float) -> str:
        counts = np.bincount(guessed, minlength=10)
        if counts.max() == len(guessed):
            return f"It says {counts.argmax()} of every picture: is that an answer, or was the network never trained?"
        if right < 0.2:
            return "That is nearly chance: is the network trained, and are its pictures normalised as in training?"
        return ("What do data/capstone.csv's better networks have that yours lacks: a last pool over the whole map "
                "instead of flatten, batch norm, crops, more epochs?")


classify = AccuracyCheck(
    call="classify(x)",
    reference=lambda x: np.zeros(len(x), dtype=int),
    example={"x": np.zeros((1, capstone.SIDE, capstone.SIDE, 1), dtype=np.uint8)},
    cases=lambda rng: (),
    writes=lambda case: f"classify({len(case['x'])} pictures)",
    explain=lambda found, case: ("x comes as the pictures lie in memory: uint8, (N, 32, 32, 1). Put the channels first "
                                 "and normalise, as Images.normalised does."
                                 if found.rung == "run" and ("channels" in found.sentence or "Byte" in found.sentence)
                                 else None),
)


# --------------------------------------------------------------------------------------------- paired_effect

def _effect(with_it: Array, without: Array, t: float, *, spread: Callable | None = None,
            middle: Callable | None = None) -> tuple[float, float, float]:
    """Mean of the paired differences, and the ends of Student's interval around it; the keywords are the slips."""
    differences = np.asarray(with_it, dtype=float) - np.asarray(without, dtype=float)
    mean = float(middle(with_it, without) if middle else differences.mean())
    half = (float(spread(with_it, without, t)) if spread
            else float(t * differences.std(ddof=1) / np.sqrt(len(differences))))
    return mean, mean - half, mean + half


def _spread(**slips: Callable) -> Callable:
    return lambda *case: _effect(*case, **slips)


def _d(a: Array, b: Array) -> Array:
    return np.asarray(a) - np.asarray(b)


EFFECT_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is without minus with: what the change brings is with_it - without.",
     lambda a, b, t: _effect(b, a, t)),
    ("The spread is that of all runs, and not of the differences: subtract first, seed by seed. That is what pairing "
     "is for: what both runs of a seed share falls out.",
     _spread(spread=lambda a, b, t: t * np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a)))),
    ("The standard deviation divides by n; with so few runs it must be n - 1: np.std(differences, ddof=1).",
     _spread(spread=lambda a, b, t: t * np.std(_d(a, b)) / np.sqrt(len(a)))),
    ("The standard deviation is divided by n, and not by the root of n.",
     _spread(spread=lambda a, b, t: t * np.std(_d(a, b), ddof=1) / len(a))),
    ("The root of n is missing: the mean of n differences varies less than one of them.",
     _spread(spread=lambda a, b, t: t * np.std(_d(a, b), ddof=1))),
    ("t is missing: without it the interval is one standard error to both sides.",
     _spread(spread=lambda a, b, t: np.std(_d(a, b), ddof=1) / np.sqrt(len(a)))),
    ("t is taken as 1.96 or 2. That holds for many runs; for few it is larger, and comes as an argument.",
     _spread(spread=lambda a, b, t: 1.96 * np.std(_d(a, b), ddof=1) / np.sqrt(len(a)))),
    ("t is taken as 1.96 or 2. That holds for many runs; for few it is larger, and comes as an argument.",
     _spread(spread=lambda a, b, t: 2 * np.std(_d(a, b), ddof=1) / np.sqrt(len(a)))),
    ("The first number is the median of the differences; take the mean.",
     _spread(middle=lambda a, b: np.median(_d(a, b)))),
    ("Those are the smallest and the largest difference. The interval is mean ± t · s / √n.",
     lambda a, b, t: (float(_d(a, b).mean()), float(_d(a, b).min()), float(_d(a, b).max()))),
    ("The last two are standard deviation or half width, and not the ends: mean - half and mean + half.",
     lambda a, b, t: (float(_d(a, b).mean()), float(t * np.std(_d(a, b), ddof=1) / np.sqrt(len(a))),
                      float(t * np.std(_d(a, b), ddof=1) / np.sqrt(len(a))))),
    ("The two ends changed places: low first, then high.",
     lambda a, b, t: (lambda mean, low, high: (mean, high, low))(*_effect(a, b, t))),
))


def _effect_cases(rng: Generator) -> Iterator[Case]:
    for many, t in ((3, 4.303), (5, 2.776), (2, 12.706), (10, 2.262)):
        seeds = rng.normal(0.9, 0.03, many)
        yield {"with_it": np.round(seeds + rng.normal(0.01, 0.01, many), 4), "without": np.round(seeds, 4), "t": t}


paired_effect = FunctionCheck(
    call="paired_effect(with_it, without, t)",
    reference=_effect,
    example={"with_it": np.array([0.9, 0.8, 0.7]), "without": np.array([0.88, 0.77, 0.69]), "t": 4.303},
    cases=_effect_cases,
    mistakes=EFFECT_MISTAKES,
    explain=lambda found, case: ("Return three numbers: mean, low, high." if found.rung in ("type", "shape") else
                                 "Subtract seed by seed; then mean and standard deviation of the differences, with "
                                 "n - 1; then mean ± t · s / √n." if found.rung == "values" else None),
    roles=(("with_it", "input"), ("without", "input")),
    covers=("2 to 10 seeds",),
)


# ------------------------------------------------------------------------------------------- confusion_pairs

def _pairs(labels: Array, predictions: Array, k: int, *, keep: Callable = lambda true, guess, count: true != guess,
           order: Callable = lambda pair: (-pair[2], pair[0], pair[1]), turn: bool = False,
           cut: bool = True) -> list[tuple[int, int, int]]:
    """The reference; the keywords are the slips."""
    counts: dict[tuple[int, int], int] = {}
    for true, guess in zip(np.asarray(labels).tolist(), np.asarray(predictions).tolist(), strict=True):
        counts[true, guess] = counts.get((true, guess), 0) + 1
    found = [(true, guess, count) for (true, guess), count in counts.items() if keep(true, guess, count)]
    found = sorted(found, key=order)[:k if cut else None]
    return [(guess, true, count) for true, guess, count in found] if turn else found


def _without_order(labels: Array, predictions: Array, k: int) -> list:
    """Seven taken for one and one taken for seven counted together."""
    low, high = np.minimum(labels, predictions), np.maximum(labels, predictions)
    return _pairs(low, high, k)


def _shares(labels: Array, predictions: Array, k: int) -> list:
    return [(true, guess, count / len(labels)) for true, guess, count in _pairs(labels, predictions, k)]


def _with_empty(labels: Array, predictions: Array, k: int) -> list:
    """All pairs of classes, those that never happened too."""
    there = {(true, guess): count for true, guess, count in _pairs(labels, predictions, k, cut=False)}
    classes = range(int(max(np.max(labels), np.max(predictions))) + 1)
    every = [(true, guess, there.get((true, guess), 0)) for true in classes for guess in classes if true != guess]
    return sorted(every, key=lambda pair: (-pair[2], pair[0], pair[1]))[:k]


def _pair_slip(**slips: object) -> Callable:
    return lambda *case: _pairs(*case, **slips)


PAIRS_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("What was right is among the pairs: true and predicted must differ.",
     _pair_slip(keep=lambda true, guess, count: True)),
    ("True and predicted class changed places: the true one comes first.", _pair_slip(turn=True)),
    ("All pairs are returned; only the k most frequent are asked for.", _pair_slip(cut=False)),
    ("The least frequent come first.", _pair_slip(order=lambda pair: (pair[2], pair[0], pair[1]))),
    ("The pairs are sorted by class, and not by how often they happen.",
     _pair_slip(order=lambda pair: (pair[0], pair[1]))),
    ("Of pairs that are equally frequent, those with the smaller true class come first, then the smaller predicted "
     "one.", _pair_slip(order=lambda pair: (-pair[2], -pair[0], -pair[1]))),
    ("Of pairs that are equally frequent, those with the smaller true class come first; yours go by the predicted "
     "one.", _pair_slip(order=lambda pair: (-pair[2], pair[1], pair[0]))),
    ("7 taken for 1 and 1 taken for 7 are two pairs, and yours are one.", _without_order),
    ("The counts are shares; return how many pictures.", _shares),
    ("Pairs that never happened are among yours; where there are fewer than k, return fewer.", _with_empty),
))


def _pair_cases(rng: Generator) -> Iterator[Case]:
    for many, classes, k, wrong in ((60, 4, 3, 0.5), (200, 10, 5, 0.3), (20, 3, 10, 0.4), (15, 5, 4, 0.0)):
        labels = rng.integers(classes, size=many)
        guesses = np.where(rng.random(many) < wrong, rng.integers(classes, size=many), labels)
        yield {"labels": labels, "predictions": guesses, "k": k}


confusion_pairs = FunctionCheck(
    call="confusion_pairs(labels, predictions, k=5)",
    reference=_pairs,
    example={"labels": np.array([7, 7, 7, 1, 1, 4, 4, 9]), "predictions": np.array([1, 1, 7, 7, 1, 9, 9, 9]), "k": 2},
    cases=_pair_cases,
    mistakes=PAIRS_MISTAKES,
    explain=lambda found, case: ("Return a list of (true, predicted, count), the most frequent first, k at most."
                                 if found.rung in ("type", "shape", "values") else None),
    roles=(("labels", "output"), ("predictions", "output")),
    covers=("ties", "no mistake at all"),
)


# -------------------------------------------------------------------------------------------- worst_mistakes

def _worst(probabilities: Array, labels: Array, k: int, *, score: Callable = lambda p, y: p.max(axis=1),
           which: Callable = lambda guess, y: guess != y, rise: bool = False, within: bool = False,
           cut: bool = True) -> Array:
    """The reference; the keywords are the slips."""
    guess = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(which(guess, labels))
    scores = score(probabilities, labels)[wrong]
    order = np.argsort(scores if rise else -scores, kind="stable")[:k if cut else None]
    return order if within else wrong[order]


def _true_share(p: Array, y: Array) -> Array:
    return p[np.arange(len(y)), y]


def _worst_slip(**slips: object) -> Callable:
    return lambda *case: _worst(*case, **slips)


def _reversed(p: Array, y: Array) -> Array:
    wrong = np.flatnonzero(p.argmax(axis=1) != y)
    return wrong[np.argsort(p.max(axis=1)[wrong], kind="stable")[::-1]]


WORST_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Pictures that were recognised are among them: keep only those whose argmax is not the label.",
     _worst_slip(which=lambda guess, y: np.ones(len(y), dtype=bool))),
    ("Those were recognised: keep the ones whose argmax is *not* the label.",
     _worst_slip(which=lambda guess, y: guess == y)),
    ("The least confident come first: sort by the largest probability, downwards.", _worst_slip(rise=True)),
    ("The numbers count within the mistakes; give the place of each picture in the whole set.",
     _worst_slip(within=True)),
    ("All mistakes are returned; only the k most confident are asked for.", _worst_slip(cut=False)),
    ("They are sorted by how little the *true* class got, which is the loss. Confident is who gives much to the class "
     "that he says.", _worst_slip(score=lambda p, y: -_true_share(p, y))),
    ("They are sorted by the lead over the true class; sort by the probability of the predicted one.",
     _worst_slip(score=lambda p, y: p.max(axis=1) - _true_share(p, y))),
    ("They are sorted by how much the true class got, the most first.", _worst_slip(score=_true_share)),
    ("They are in the order of the set: the most confident comes first.",
     lambda p, y, k: np.sort(_worst(p, y, k))),
    ("Of equally confident ones the last comes first: argsort(-score, kind='stable') keeps their order, and reversing "
     "an argsort does not.",
     lambda p, y, k: _reversed(p, y)[:k]),
    ("The probabilities are returned; return the places of the pictures.",
     lambda p, y, k: p.max(axis=1)[_worst(p, y, k)]),
))


def _worst_cases(rng: Generator) -> Iterator[Case]:
    for many, classes, k in ((12, 3, 4), (40, 10, 6), (6, 4, 9), (30, 5, 5)):
        p = rng.dirichlet(np.full(classes, 0.6), many)
        yield {"probabilities": p, "labels": rng.integers(classes, size=many), "k": k}
    tied = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.1, 0.1, 0.8], [0.25, 0.25, 0.5], [0.0, 1.0, 0.0]])
    yield {"probabilities": tied, "labels": np.array([1, 0, 2, 1, 1]), "k": 2}


worst_mistakes = FunctionCheck(
    call="worst_mistakes(probabilities, labels, k=8)",
    reference=_worst,
    example={"probabilities": np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.2, 0.1, 0.7], [0.05, 0.15, 0.8]]),
             "labels": np.array([0, 0, 1, 1]), "k": 2},
    cases=_worst_cases,
    mistakes=WORST_MISTAKES,
    explain=lambda found, case: ("Return an array of whole numbers, the places of the pictures in the set: k of them, "
                                 "or fewer where there are fewer mistakes." if found.rung in ("type", "shape") else
                                 "Of the pictures whose argmax is not the label, those with the largest probability, "
                                 "the largest first." if found.rung == "values" else None),
    roles=(("probabilities", "input"), ("labels", "output")),
    covers=("ties", "fewer mistakes than k"),
)


# ---------------------------------------------------------------------------------------------------- report

@dataclass(frozen=True)
class ReportCheck(FunctionCheck):
    """A check of a function that assembles the report: its schema first, then whether each number is in its place."""

    PLACES: ClassVar[dict] = {
        "parameters": ("parameters", lambda case: case["parameters"]),
        "training": ("training", lambda case: case["training"]),
        "accuracy": ("accuracy", lambda case: case["accuracy"]),
        "ablation.with": ("ablation", lambda case: case["runs"]["with"].tolist()),
        "ablation.without": ("ablation", lambda case: case["runs"]["without"].tolist()),
        "errors.pairs": ("errors", lambda case: [list(pair) for pair in case["pairs"]]),
    }

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        cases = [self.example, *self.cases(np.random.default_rng(seed))]
        for case in cases:
            self._judge_report(function, case)
        print(f"✓ report: {len(cases)} reports have no fault, and every number is in its place (seed {seed}).")

    def _judge_report(self, function: Callable, case: Case) -> None:
        got = self._run(function, case)
        if not isinstance(got, dict):
            fail(f"report must return a dict, and returned {describe(got)}.")
        if found := capstone_report.faults(got):
            more = f" And {len(found) - 1} more: capstone_report.faults(report(...)) lists them." if found[1:] else ""
            turn = " NumPy's numbers and arrays are no JSON: .tolist() turns them." if "array(" in found[0] or \
                "np." in found[0] else ""
            fail(f"report: {found[0]}{turn}{more}")
        for place, (outer, wanted) in self.PLACES.items():
            mine = got[outer][place.partition(".")[2]] if "." in place else got[outer]
            if mine != wanted(case):
                fail(f"report: {place} is {mine}, and the function was given {wanted(case)}. Hand every number on as "
                     "it came.")


def _report_case(rng: Generator, many: int, where: str) -> Case:
    seconds = round(float(rng.uniform(1, 59 if where == "cpu" else 290)), 2)
    with_it = np.round(rng.uniform(0.6, 0.9, many), 4)
    counts = sorted(rng.integers(1, 20, 3).tolist(), reverse=True)
    return {
        "parameters": int(rng.integers(1_000, 300_000)),
        "training": {"device": where, "seconds": seconds, "epochs": int(rng.integers(1, 30)),
                     "seed": int(rng.integers(9))},
        "accuracy": {name: round(float(rng.uniform(0.5, 0.9)), 4) for name in ("validation", "test")},
        "runs": {"with": with_it, "without": np.round(with_it - rng.uniform(0, 0.1, many), 4)},
        "pairs": [(int(true), int((true + shift) % 10), count) for true, shift, count in
                  zip(rng.integers(10, size=3), rng.integers(1, 10, size=3), counts, strict=True)],
    }


def _assembled(parameters: int, training: dict, accuracy: dict, runs: dict, pairs: list) -> dict:
    return capstone_report.report(
        author="Ada", title="A small network", parameters=parameters, training=training, **accuracy,
        ablation={"change": "crops", **runs, "says": "Crops help, by more than the seeds differ."},
        errors={"pairs": pairs, "says": "The worst pictures are covered by clutter."})


report = ReportCheck(
    call="report(parameters, training, accuracy, runs, pairs)",
    reference=_assembled,
    example=_report_case(np.random.default_rng(0), 3, "cpu"),
    cases=lambda rng: (_report_case(rng, *numbers) for numbers in ((5, "cpu"), (4, "gpu"))),
)


# --------------------------------------------------------------------------------------------------- records

def _records(points: list[tuple[str, str, float]], *, better: Callable = lambda top, best: top > best,
             order: Callable = lambda point: point[0]) -> list[str]:
    best, names = -1.0, []
    for _, name, top in sorted(points, key=order):
        if better(top, best):
            names.append(name)
        best = max(best, top)
    return names


def _better_than_the_last(points: list[tuple[str, str, float]]) -> list[str]:
    return [point[1] for number, point in enumerate(points) if not number or point[2] > points[number - 1][2]]


RECORDS_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Level with the record is no new record: it must be greater.",
     lambda points: _records(points, better=lambda top, best: top >= best)),
    ("The points are not in the order of their dates: sort them first.",
     lambda points: _records(points, order=lambda point: 0)),
    ("Each point is compared with the one before it. A record beats *all* before.",
     lambda points: _better_than_the_last(sorted(points, key=lambda point: point[0]))),
    ("The first point is missing: nothing was before it, so it is a record.", lambda points: _records(points)[1:]),
    ("All names are returned; only those of records are asked for.",
     lambda points: [name for _, name, _ in sorted(points, key=lambda point: point[0])]),
    ("The accuracies are returned; return the names.",
     lambda points: [top for _, name, top in sorted(points, key=lambda point: point[0]) if name in _records(points)]),
    ("The latest record comes first; begin with the earliest.", lambda points: _records(points)[::-1]),
    ("Those are sorted by accuracy, so that every one is a record. Go by date.",
     lambda points: _records(points, order=lambda point: point[2])),
    ("Of points of one date, the one that stands first in the list comes first; yours are sorted by name or accuracy "
     "as well. sorted(points, key=...) with the date alone leaves them as they stand.",
     lambda points: _records(points, order=lambda point: point)),
    ("Of points of one date, the one that stands first in the list comes first; yours are sorted by name or accuracy "
     "as well. sorted(points, key=...) with the date alone leaves them as they stand.",
     lambda points: _records(points, order=lambda point: (point[0], -point[2]))),
    ("Only the last record is returned; all of them are asked for.", lambda points: _records(points)[-1:]),
))


def _records_cases(rng: Generator) -> Iterator[Case]:
    names = "fable gale harbour inlet jetty kelp lagoon mast nave oar".split()
    for many in (10, 7, 4):
        years = rng.integers(2010, 2016, many)
        points = [(f"{year}-{month:02}", name, float(top)) for year, month, name, top in
                  zip(years.tolist(), rng.integers(1, 13, many).tolist(), names, rng.integers(50, 60, many).tolist(),
                      strict=False)]
        yield {"points": points}
    yield {"points": [("2012-05", "b", 60.0), ("2012-05", "a", 62.0), ("2012-05", "c", 61.0), ("2011-01", "d", 62.0),
                      ("2013-01", "e", 62.0), ("2013-01", "f", 70.5)]}
    yield {"points": [("2012-05", "z", 60.0), ("2012-05", "a", 61.0), ("2012-05", "b", 60.5)]}


records = FunctionCheck(
    call="records(points)",
    reference=_records,
    example={"points": [("2014-09", "C", 75.6), ("2012-12", "A", 59.3), ("2013-11", "B", 61.6), ("2016-02", "E", 80.1),
                        ("2015-12", "D", 80.6)]},
    cases=_records_cases,
    mistakes=RECORDS_MISTAKES,
    explain=lambda found, case: ("Return a list of names, the earliest record first."
                                 if found.rung in ("type", "shape", "values") else None),
    covers=("ties and equal dates",),
)
