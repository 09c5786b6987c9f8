"""The checks of notebook 08, architectures (slides 35 to 38, and two TODOs of the coding session).

Networks are no plain data: the test cells build them in probes, put given weights in and hand arrays back, in
float64. What the arrays must be is worked out here, with torch's functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from math import prod

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import geometry
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, FunctionCheck, Mistake
from course_lib.checks.networks import HIDDEN, WHOLE, CountCheck, NetworkCheck, random_weights
from course_lib.checks.report import fail

LESSON = "08_architectures"
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("vgg16", vgg16)``."""
    judge_by_hand(LESSON, name, answer)


# --------------------------------------------------------------------------------------- grouped_conv_params

GROUP_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("groups is ignored: a map reads the channels of its own group only, channels / groups of them.",
     lambda c, m, k, groups=1, bias=True: m * (c * k * k + bias) if groups > 1 else NotImplemented),
    ("The biases were divided too: every map keeps its bias, however many groups there are.",
     lambda c, m, k, groups=1, bias=True: m * (c * k * k + bias) // groups if groups > 1 and bias else NotImplemented),
    ("You divided channels *and* maps, and so counted one group alone; there are as many groups as groups says.",
     lambda c, m, k, groups=1, bias=True: m // groups * (c // groups * k * k + bias) if groups > 1
     else NotImplemented),
    ("The weights are one group's, and the biases those of all maps: count the weights of every group.",
     lambda c, m, k, groups=1, bias=True: m // groups * (c // groups) * k * k + m * bias if groups > 1 and bias
     else NotImplemented),
    ("More groups make it smaller, not larger: each map reads channels / groups channels.",
     lambda c, m, k, groups=1, bias=True: m * (c * groups * k * k + bias) if groups > 1 else NotImplemented),
    ("bias is ignored: with bias=False there is none.",
     lambda c, m, k, groups=1, bias=True: m * (c // groups * k * k + 1) if not bias else NotImplemented),
    ("The biases are missing: there is one for each map, unless bias is False.",
     lambda c, m, k, groups=1, bias=True: m * (c // groups) * k * k if bias else NotImplemented),
    ("A bias belongs to each map that comes out, and not to each channel that comes in.",
     lambda c, m, k, groups=1, bias=True: m * (c // groups) * k * k + c if bias else NotImplemented),
    ("One bias for each group is too few: there is one for each map.",
     lambda c, m, k, groups=1, bias=True: m * (c // groups) * k * k + groups if bias else NotImplemented),
    ("The kernel counts k only once: a plane of it has k * k weights.",
     lambda c, m, k, groups=1, bias=True: m * (c // groups * k + bias)),
    ("A map has a plane of weights for each channel that it reads: channels / groups of them, and not one.",
     lambda c, m, k, groups=1, bias=True: m * (k * k + bias)),
))


def _explain_groups(found: Difference, case: Case) -> str | None:
    if found.rung != "values":
        return WHOLE if found.rung == "type" else None
    channels, maps, k = (case[name] for name in ("channels", "maps", "k"))
    groups = case.get("groups", 1)
    return (f"Each of the {maps} maps reads {channels} / {groups} = {channels // groups} channels, with {k} * {k} "
            "weights for each.")


def _group_cases(rng: Generator) -> Iterator[Case]:
    yield {"channels": 4, "maps": 10, "k": 3, "groups": 2}
    yield {"channels": 3, "maps": 8, "k": 5}
    yield {"channels": 6, "maps": 9, "k": 3, "groups": 3, "bias": False}
    yield {"channels": 8, "maps": 8, "k": 3, "groups": 8}  # depthwise
    yield {"channels": 96, "maps": 256, "k": 5, "groups": 2}  # AlexNet's second layer, of 2012
    yield {"channels": 12, "maps": 4, "k": 1, "groups": 4, "bias": False}
    groups, a, b, k = (int(rng.integers(low, high)) for low, high in ((2, 5), (2, 7), (2, 7), (2, 7)))
    yield {"channels": groups * a, "maps": groups * b, "k": k, "groups": groups}


grouped_conv_params = CountCheck(
    call="grouped_conv_params(channels, maps, k, groups=1, bias=True)",
    reference=geometry.conv_parameters,
    example={"channels": 6, "maps": 4, "k": 3, "groups": 2},
    cases=_group_cases,
    mistakes=GROUP_MISTAKES,
    explain=_explain_groups,
)


# ------------------------------------------------------------------------------------------- vgg_param_count

Blocks = list[list[tuple[int, int]]]


def _vgg_counts(blocks: Blocks, classes: int = 1000, side: int = 224, channels: int = 3, hidden: int = 4096, *,
                convolution: Callable = lambda channels, maps, k: maps * (channels * k * k + 1),
                shrink: Callable = lambda side, block: side // 2,
                linear: Callable = lambda inputs, units: units * (inputs + 1),
                flat: Callable = lambda maps, side: maps * side * side,
                widths: Callable = lambda hidden, classes: (hidden, hidden, classes)) -> tuple[int, int]:
    """Parameters of a VGG's convolutions and of its fully connected layers; the keywords make mistakes."""
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += convolution(channels, maps, k)
            channels = maps
        side = shrink(side, block)
    inputs = flat(channels, side)
    for units in widths(hidden, classes):
        fully += linear(inputs, units)
        inputs = units
    return convolutional, fully


def _first_channels(blocks: Blocks, classes: int = 1000, side: int = 224, channels: int = 3,
                    hidden: int = 4096) -> tuple[int, int]:
    """Every convolution counted as if the picture came in."""
    fully = _vgg_counts(blocks, classes, side, channels, hidden)[1]
    return sum(maps * (channels * k * k + 1) for block in blocks for maps, k in block), fully


def _blocks_channels(blocks: Blocks, classes: int = 1000, side: int = 224, channels: int = 3,
                     hidden: int = 4096) -> tuple[int, int]:
    """The channels go on from block to block, and within a block they stay."""
    fully = _vgg_counts(blocks, classes, side, channels, hidden)[1]
    total = 0
    for block in blocks:
        total += sum(maps * (channels * k * k + 1) for maps, k in block)
        channels = block[-1][0]
    return total, fully


def _ignoring(name: str, default: int) -> Callable:
    """A mistake that takes a default for what it was given."""
    def wrong(*case: object) -> tuple[int, int]:
        names = ("blocks", "classes", "side", "channels", "hidden")
        given = dict(zip(names, case, strict=False))
        return _vgg_counts(**{**given, name: default}) if given.get(name, default) != default else NotImplemented
    return wrong


def _if_kernels(wanted: Callable, wrong: Callable) -> Callable:
    """A mistake that shows only where the kernels are so."""
    return lambda blocks, *rest: (wrong(blocks, *rest) if any(wanted(k) for block in blocks for _, k in block)
                                  else NotImplemented)


VGG_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The two numbers are right and changed places: return convolutional, fully_connected.",
     lambda *case: _vgg_counts(*case)[::-1]),
    ("You returned the sum; return the two numbers, convolutional, fully_connected.",
     lambda *case: sum(_vgg_counts(*case))),
    ("The biases are missing everywhere: one for each map, one for each unit.",
     partial(_vgg_counts, convolution=lambda c, m, k: m * c * k * k, linear=lambda n, units: n * units)),
    ("The convolutions have a bias for each map.",
     partial(_vgg_counts, convolution=lambda c, m, k: m * c * k * k)),
    ("The fully connected layers have a bias for each unit.",
     partial(_vgg_counts, linear=lambda n, units: n * units)),
    ("A bias belongs to each map that comes out, and not to each channel that comes in.",
     partial(_vgg_counts, convolution=lambda c, m, k: m * c * k * k + c)),
    ("A kernel has k * k weights for each channel, and k of them only are counted.",
     partial(_vgg_counts, convolution=lambda c, m, k: m * (c * k + 1))),
    ("Every kernel was counted as 3 x 3: take the k of each pair, which may be 1.",
     _if_kernels(lambda k: k != 3, partial(_vgg_counts, convolution=lambda c, m, k: m * (c * 9 + 1)))),
    ("Every convolution was counted with the picture's channels: after each one, its maps are the channels of the "
     "next.", _first_channels),
    ("Within a block the channels stay what they were: after *each convolution*, its maps are the channels of the "
     "next.", _blocks_channels),
    ("The convolutions are right. But flatten gives maps * side * side numbers, and not the maps alone.",
     partial(_vgg_counts, flat=lambda maps, side: maps)),
    ("The convolutions are right. But a map has side * side cells, and side is counted only once.",
     partial(_vgg_counts, flat=lambda maps, side: maps * side)),
    ("The convolutions are right. But the side never shrinks: every block ends with a pool that halves it.",
     partial(_vgg_counts, shrink=lambda side, block: side)),
    ("The convolutions are right. But the side is halved after every convolution; the pool stands at the end of a "
     "block.", partial(_vgg_counts, shrink=lambda side, block: side // 2 ** len(block))),
    ("The convolutions are right. But the pool rounds down: a half window is dropped.",
     partial(_vgg_counts, shrink=lambda side, block: -(-side // 2))),
    ("The convolutions are right. But you shrank the side by the convolutions as well, which are padded and keep it.",
     partial(_vgg_counts, shrink=lambda side, block: (side - sum(k - 1 for _, k in block)) // 2)),
    ("The convolutions are right. But there are three fully connected layers: hidden, hidden, classes.",
     partial(_vgg_counts, widths=lambda hidden, classes: (hidden, classes))),
    ("The convolutions are right. But there are three fully connected layers, and only the first is counted.",
     partial(_vgg_counts, widths=lambda hidden, classes: (hidden,))),
    ("The convolutions are right. But there are three fully connected layers, and the last, for the classes, is "
     "missing.", partial(_vgg_counts, widths=lambda hidden, classes: (hidden, hidden))),
    ("The convolutions are right. But the classes come behind two layers of hidden units, and not at once.",
     partial(_vgg_counts, widths=lambda hidden, classes: (classes,))),
    ("classes is ignored: they need not be 1000.", _ignoring("classes", 1000)),
    ("side is ignored: it need not be 224.", _ignoring("side", 224)),
    ("The flattened maps were counted as 7 x 7: that is right for a side of 224 only.",
     lambda blocks, classes=1000, side=224, *rest: (
         _vgg_counts(blocks, classes, side, *rest, flat=lambda maps, side: 49 * maps) if side != 224
         else NotImplemented)),
    ("channels is ignored: they need not be 3.", _ignoring("channels", 3)),
    ("hidden is ignored: it need not be 4096.", _ignoring("hidden", 4096)),
))


def _explain_vgg(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return "Return two whole numbers: return convolutional, fully_connected."
    if found.rung != "values" or found.got is None or found.got.shape != (2,):
        return None
    side, channels, sides = case.get("side", 224), case.get("channels", 3), []
    for block in case["blocks"]:
        side, channels = side // 2, block[-1][0]
        sides.append(str(side))
    right = [("fully connected layers", "convolutions"), ("convolutions", "fully connected layers")]
    wrong = np.flatnonzero(found.differs)
    only = f"The {right[wrong[0]][0]} are right. " if len(wrong) == 1 else ""
    return f"{only}The sides after the pools are {', '.join(sides)}, and {channels} maps are flattened."


D = [[(64, 3)] * 2, [(128, 3)] * 2, *([[(maps, 3)] * 3 for maps in (256, 512, 512)])]


def _vgg_cases(rng: Generator) -> Iterator[Case]:
    yield {"blocks": [[(4, 3)], [(5, 3), (6, 3)]], "classes": 7, "side": 11, "channels": 2, "hidden": 9}
    yield {"blocks": D}
    yield {"blocks": [[(8, 3), (8, 1)], [(12, 3)]], "classes": 10, "side": 28, "channels": 1, "hidden": 20}
    yield {"blocks": [[(64, 3)], [(128, 3)], [(256, 3)] * 2, [(512, 3)] * 2, [(512, 3)] * 2], "classes": 10}
    maps, more, k, side, classes, hidden = (int(rng.integers(low, high)) for low, high in (
        (2, 9), (2, 9), (1, 6), (9, 40), (2, 20), (5, 30)))
    yield {"blocks": [[(maps, k), (more, 3)], [(more + 1, 3)]], "classes": classes, "side": side, "channels": 3,
           "hidden": hidden}


vgg_param_count = FunctionCheck(
    call="vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096)",
    reference=_vgg_counts,
    example={"blocks": [[(2, 3)], [(4, 3), (4, 1)]], "classes": 5, "side": 10, "channels": 1, "hidden": 6},
    cases=_vgg_cases,
    mistakes=VGG_MISTAKES,
    explain=_explain_vgg,
)


# ----------------------------------------------------------------------------- blocks with given weights

def _same(X: Tensor) -> Tensor:
    return X


def _tensors(weights: list[Array]) -> list[Tensor]:
    return [torch.from_numpy(weight) for weight in weights]


def _vgg_shapes(case: Case) -> list[list[int]]:
    shapes, channels = [], case["channels"]
    for _ in range(case["convolutions"]):
        shapes += [[case["maps"], channels, 3, 3], [case["maps"]]]
        channels = case["maps"]
    return shapes


def _vgg(x: Array, weights: list[Array], channels: int, maps: int, convolutions: int, *, padding: int = 1,
         relu: Callable = F.relu, last: Callable = F.relu, pool: Callable = lambda X: F.max_pool2d(X, 2),
         between: Callable = _same, first: Callable = _same) -> Array:
    """Convolutions with ReLU, then a pool; the keywords make mistakes."""
    pairs = list(zip(*[iter(_tensors(weights))] * 2, strict=True))
    X = first(torch.from_numpy(x))
    for number, (w, b) in enumerate(pairs, 1):
        X = (last if number == len(pairs) else relu)(F.conv2d(X, w, b, padding=padding))
        X = between(X) if number < len(pairs) else X
    return pool(X).numpy()


def _two_up(wrong: Callable) -> Callable:
    """A mistake that shows only with two convolutions and more."""
    return lambda x, weights, channels, maps, convolutions: (
        wrong(x, weights, channels, maps, convolutions) if convolutions > 1 else NotImplemented)


VGG_BLOCK_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("There is no ReLU at all: convolutions without one between them add up to a single convolution.",
     partial(_vgg, relu=_same, last=_same)),
    ("Only the last convolution has a ReLU; without one between them the convolutions add up to a single one.",
     _two_up(partial(_vgg, relu=_same))),
    ("The last convolution has no ReLU behind it.", partial(_vgg, last=_same)),
    ("The convolutions have no padding: a 3 x 3 kernel keeps the side with padding=1, so that only the pool shrinks "
     "the maps.", partial(_vgg, padding=0)),
    ("The padding is 2; a 3 x 3 kernel keeps the side with (3 - 1) / 2 = 1.", partial(_vgg, padding=2)),
    ("The pool at the end is missing.", partial(_vgg, pool=_same)),
    ("The pool is an average pool; VGG takes the maximum.", partial(_vgg, pool=lambda X: F.avg_pool2d(X, 2))),
    ("The pool moves by 1; nn.MaxPool2d(2) moves by 2 and halves the side.",
     partial(_vgg, pool=lambda X: F.max_pool2d(X, 2, 1))),
    ("The pool has a window of 3 x 3, as AlexNet's; VGG's is 2 x 2.",
     partial(_vgg, pool=lambda X: F.max_pool2d(X, 3, 2))),
    ("There is a pool behind every convolution; a block has one, at its end.",
     _two_up(partial(_vgg, between=lambda X: F.max_pool2d(X, 2)))),
    ("The pool stands in front of the convolutions; it ends the block.",
     partial(_vgg, first=lambda X: F.max_pool2d(X, 2), pool=_same)),
    ("The activations are sigmoids; use ReLU.", partial(_vgg, relu=torch.sigmoid, last=torch.sigmoid)),
    ("The activations are tanh; use ReLU.", partial(_vgg, relu=torch.tanh, last=torch.tanh)),
))


def _vgg_case(rng: Generator, channels: int, maps: int, convolutions: int, shape: tuple[int, int, int]) -> Case:
    sizes = {"channels": channels, "maps": maps, "convolutions": convolutions}
    return {"x": rng.normal(size=(shape[0], channels, *shape[1:])), "weights": random_weights(rng, _vgg_shapes(sizes)),
            **sizes}


def _vgg_block_cases(rng: Generator) -> Iterator[Case]:
    yield _vgg_case(rng, 2, 3, 1, (1, 6, 8))
    yield _vgg_case(rng, 3, 4, 3, (2, 9, 6))
    yield _vgg_case(rng, 4, 2, 2, (2, 7, 10))


def _explain_block(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and "channels" in found.sentence:
        return "The first convolution reads channels channels; every later one reads the maps of the one before."
    if found.rung == "shape":
        return "Padding 1 keeps rows and columns in every convolution; the pool halves them once, rounded down."
    if found.rung == "values":
        return ("The parameters have the right shapes, so look at what lies between them: ReLU, padding, pool, and "
                "their order.")
    return None


vgg_block = NetworkCheck(
    call="vgg_block(channels, maps, convolutions)",
    reference=_vgg,
    example=_vgg_case(np.random.default_rng(0), 2, 3, 2, (1, 6, 8)),
    cases=_vgg_block_cases,
    mistakes=VGG_BLOCK_MISTAKES,
    explain=_explain_block,
    writes=lambda case: f"vgg_block({case['channels']}, {case['maps']}, {case['convolutions']})(x)",
    shapes=_vgg_shapes,
    hints={(-1, ()): "Each convolution has weights and biases, there are as many convolutions as the third argument "
                     "says, and nothing else in the block learns. (`[layer] * n` is n times the *same* layer, and its "
                     "weights count once: make a new one each time.)",
           (0, (3, 2, 5, 5)): "VGG's kernels are 3 x 3, all of them.",
           (0, (3, 2, 7, 7)): "VGG's kernels are 3 x 3, all of them.",
           (0, (2, 3, 3, 3)): "nn.Conv2d takes first the channels that come in, then the maps that go out.",
           (0, (2, 2, 3, 3)): "The first convolution goes from channels to maps.",
           (1, (3, 3, 3, 3)): "The convolutions have biases: VGG has no batch norm that would stand in for them.",
           (2, (3, 2, 3, 3)): "The second convolution reads the maps of the first, and no longer the channels of the "
                              "picture.",
           (2, (3,)): "Batch norm came a year after VGG: its block is convolutions, ReLU and a pool.",
           (2, (6, 3, 3, 3)): "The maps grow from block to block; within a block they stay."},
    covers=("the parameters", "one, two and three convolutions"),
)


# ------------------------------------------------------------------------------------------------ conv_block

def _conv_shapes(case: Case) -> list[list[int]]:
    return [[case["maps"], case["channels"], case["k"], case["k"]], [case["maps"]], [case["maps"]]]


def _conv(x: Array, weights: list[Array], channels: int, maps: int, k: int, stride: int, statistics: list[Array],
          training: bool, *, padding: Callable = lambda k: k // 2, step: int | None = None,
          norm: Callable = F.batch_norm, order: str = "conv norm relu", relu: Callable = F.relu,
          mode: bool | None = None) -> Array:
    """Convolution, batch norm, ReLU; the keywords make mistakes."""
    w, gamma, beta = _tensors(weights)
    mean, var = (statistic.clone() for statistic in _tensors(statistics))
    train = training if mode is None else mode
    parts = {"conv": lambda X: F.conv2d(X, w, stride=stride if step is None else step, padding=padding(k)),
             "norm": lambda X: norm(X, mean, var, gamma, beta, train), "relu": relu}
    X = torch.from_numpy(x)
    for part in order.split():
        X = parts[part](X)
    return X.numpy()


def _channel_norm(groups: Callable) -> Callable:
    """Layer norm or instance norm, which take no notice of the batch."""
    return lambda X, mean, var, gamma, beta, training: F.group_norm(X, groups(X.shape[1]), gamma, beta)


def _in(mode: bool, wrong: Callable) -> Callable:
    """A mistake that shows in training only, or in evaluation only."""
    return lambda *case: wrong(*case) if case[7] is mode else NotImplemented


CONV_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("ReLU comes before batch norm; the order is convolution, batch norm, ReLU.",
     partial(_conv, order="conv relu norm")),
    ("ReLU comes first of all; the order is convolution, batch norm, ReLU.", partial(_conv, order="relu conv norm")),
    ("The ReLU at the end is missing: batch norm changes the scale, and bends nothing.",
     partial(_conv, order="conv norm")),
    ("Batch norm is there, and forward does not use it.", partial(_conv, order="conv relu")),
    ("Every side is to be kept where the stride is 1; there is no padding.",
     partial(_conv, padding=lambda k: 0)),
    ("The padding is 1, whatever the kernel: to keep the side, k needs (k - 1) / 2, which is k // 2 for an odd k.",
     lambda *case: _conv(*case, padding=lambda k: 1) if case[4] != 3 else NotImplemented),
    ("The padding is k; to keep the side it must be (k - 1) / 2.", partial(_conv, padding=lambda k: k)),
    ("stride is ignored: hand it to the convolution.",
     lambda *case: _conv(*case, step=1) if case[5] != 1 else NotImplemented),
    ("That is layer norm: every picture is normalised by itself. Batch norm takes mean and variance over the pictures "
     "of the batch, and in eval mode the running ones.", partial(_conv, norm=_channel_norm(lambda maps: 1))),
    ("That is instance norm: every map of every picture is normalised by itself. Batch norm takes mean and variance "
     "over the pictures of the batch, and in eval mode the running ones.",
     partial(_conv, norm=_channel_norm(lambda maps: maps))),
    ("In eval mode the batch's own mean and variance are used: leave track_running_stats on.",
     _in(False, partial(_conv, mode=True))),
    ("In training mode the running mean and variance are used: the block must be free to change its mode, so do not "
     "freeze its batch norm.", _in(True, partial(_conv, mode=False))),
    ("The activation is a leaky ReLU; use ReLU.", partial(_conv, relu=F.leaky_relu)),
    ("The activation is a sigmoid; use ReLU.", partial(_conv, relu=torch.sigmoid)),
))


def _conv_case(rng: Generator, shape: tuple[int, int, int, int], maps: int, k: int, stride: int,
               training: bool) -> Case:
    sizes = {"channels": shape[1], "maps": maps, "k": k, "stride": stride}
    w, _, beta = random_weights(rng, _conv_shapes(sizes))
    gamma = rng.uniform(0.5, 2, maps) * rng.choice((-1, 1), maps)
    return {"x": rng.normal(1, 2, size=shape), "weights": [w, gamma, beta], **sizes,
            "statistics": [rng.normal(size=maps), rng.uniform(0.3, 3, maps)], "training": training}


def _conv_cases(rng: Generator) -> Iterator[Case]:
    yield _conv_case(rng, (3, 2, 5, 6), 3, 3, 1, False)
    yield _conv_case(rng, (2, 3, 6, 5), 4, 5, 1, True)
    yield _conv_case(rng, (2, 4, 4, 5), 5, 1, 1, False)
    yield _conv_case(rng, (3, 2, 7, 8), 3, 3, 2, True)
    yield _conv_case(rng, (2, 2, 9, 8), 3, 5, 2, False)
    yield _conv_case(rng, (2, 3, 7, 8), 2, 3, 3, True)  # a padding that depends on the stride shows here


def _explain_conv(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return (f"Here k is {case['k']} and the stride {case['stride']}: with a padding of k // 2, whatever the "
                "stride, H / stride and W / stride come out, rounded up.")
    if found.rung == "values":
        mode = "training" if case["training"] else "eval"
        return f"The block is in {mode} mode here: convolution, then nn.BatchNorm2d(maps), then ReLU."
    return None


@dataclass(frozen=True)
class ConvBlockCheck(NetworkCheck):
    """A check of conv_block: a bias in its convolution is told apart from a layer too many."""

    def _judge_shapes(self, got: object, want: list[list[int]]) -> None:
        if isinstance(got, (list, tuple)) and list(map(list, filter(_is_shape, got))) == [*want, want[1]]:
            fail("conv_block: the convolution has a bias, and it does nothing: batch norm subtracts the mean, and the "
                 "bias with it; its own bias takes that place. Give the convolution bias=False.")
        super()._judge_shapes(got, want)


def _is_shape(value: object) -> bool:
    return isinstance(value, (list, tuple))


conv_block = ConvBlockCheck(
    call="conv_block(channels, maps, k=3, stride=1)",
    reference=_conv,
    example=_conv_case(np.random.default_rng(0), (2, 2, 3, 4), 3, 3, 1, True),
    cases=_conv_cases,
    mistakes=CONV_MISTAKES,
    explain=_explain_conv,
    writes=lambda case: (f"conv_block({case['channels']}, {case['maps']}, {case['k']}, {case['stride']})(x) in "
                         f"{'training' if case['training'] else 'eval'} mode"),
    shapes=_conv_shapes,
    hints={(-1, ()): "Batch norm has a weight and a bias for each map; leave affine on.",
           (1, (2,)): "Batch norm comes behind the convolution: it has as many channels as that has maps.",
           (0, (2,)): "Batch norm comes behind the convolution, not before it.",
           (0, (2, 3, 3, 3)): "nn.Conv2d takes first the channels that come in, then the maps that go out.",
           (0, (3, 2, 5, 5)): "The kernel has k * k weights; here k is 3."},
    covers=("the parameters", "both modes", "strides and kernels"),
)


# ------------------------------------------------------------------------------------------- inception_block

BRANCHES = ("1 x 1", "3 x 3", "5 x 5", "pool")
NO_NORM = "There is no batch norm in this block: plain nn.Conv2d with its bias, then ReLU."


def _inception_shapes(case: Case) -> list[list[int]]:
    channels, (few, maps), (fewer, more) = case["channels"], case["three"], case["five"]
    kernels = [[case["one"], channels, 1, 1], [few, channels, 1, 1], [maps, few, 3, 3], [fewer, channels, 1, 1],
               [more, fewer, 5, 5], [case["pool"], channels, 1, 1]]
    return [shape for kernel in kernels for shape in (kernel, kernel[:1])]


def _inception(x: Array, weights: list[Array], channels: int, one: int, three: tuple, five: tuple, pool: int, *,
               reduced: Callable = F.relu, out: Callable = F.relu, pooled: Callable = F.relu,
               window: Callable = lambda X: F.max_pool2d(X, 3, 1, 1), late: bool = False,
               order: tuple[int, ...] = (0, 1, 2, 3)) -> Array:
    """The four branches side by side; the keywords make mistakes."""
    layers = list(zip(*[iter(_tensors(weights))] * 2, strict=True))
    X = torch.from_numpy(x)

    def convolve(Y: Tensor, number: int) -> Tensor:
        w, b = layers[number]
        return F.conv2d(Y, w, b, padding=w.shape[-1] // 2)

    projected = window(convolve(X, 5)) if late else convolve(window(X), 5)
    parts = (out(convolve(X, 0)), out(convolve(reduced(convolve(X, 1)), 2)), out(convolve(reduced(convolve(X, 3)), 4)),
             pooled(projected))
    return torch.cat([parts[branch] for branch in order], 1).numpy()


INCEPTION_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("There is no ReLU at all; every convolution has one behind it.",
     partial(_inception, reduced=_same, out=_same, pooled=_same)),
    ("The 1 x 1 reductions have no ReLU behind them: every convolution has one.", partial(_inception, reduced=_same)),
    ("ReLU stands behind the reductions only: the last convolution of each branch has one too.",
     partial(_inception, out=_same, pooled=_same)),
    ("The convolution behind the pool has no ReLU: every convolution has one.", partial(_inception, pooled=_same)),
    ("The pool is an average pool; the paper takes the maximum.",
     partial(_inception, window=lambda X: F.avg_pool2d(X, 3, 1, 1))),
    ("The pool is an average pool; the paper takes the maximum.",
     partial(_inception, window=lambda X: F.avg_pool2d(X, 3, 1, 1, count_include_pad=False))),
    ("The pool is missing in its branch: first the 3 x 3 maximum, with stride 1 and padding 1, then the 1 x 1.",
     partial(_inception, window=_same)),
    ("In the last branch the pool comes behind the 1 x 1 convolution; it comes first.",
     partial(_inception, late=True)),
))


def _explain_inception(found: Difference, case: Case) -> str | None:
    if found.rung == "run":
        if "Sizes of tensors must match" in found.sentence:
            return ("The branches can only lie side by side if all keep rows and columns: padding 1 for 3 x 3, 2 for "
                    "5 x 5, and a pool with stride=1 and padding=1; and they are joined along axis 1.")
        if "The size of tensor" in found.sentence:
            return "Branches of unequal width cannot be added; they are concatenated along axis 1, with torch.cat."
        return None
    if found.rung == "shape":
        total = case["one"] + case["three"][1] + case["five"][1] + case["pool"]
        return f"The maps of the four branches add up to {total}, and rows and columns stay."
    if found.rung != "values":
        return None
    for order in permutations(range(4)):
        if order != (0, 1, 2, 3) and np.allclose(found.got, _inception(*case.values(), order=order)):
            names = ", ".join(BRANCHES[branch] for branch in order)
            return f"The maps are right, in another order: you have {names}; it is {', '.join(BRANCHES)}."
    ends = np.cumsum([case["one"], case["three"][1], case["five"][1], case["pool"]])
    wrong = [name for name, part in zip(BRANCHES, np.split(found.differs, ends[:-1], axis=1), strict=True)
             if part.any()]
    return f"What differs lies in the maps of the branch {' and '.join(wrong)}." if len(wrong) < 4 else None


def _inception_case(rng: Generator, shape: tuple[int, int, int, int], one: int, three: tuple, five: tuple,
                    pool: int) -> Case:
    """No two of the numbers may be alike: the test cell finds each parameter by its shape."""
    sizes = {"channels": shape[1], "one": one, "three": three, "five": five, "pool": pool}
    return {"x": rng.normal(size=shape), "weights": random_weights(rng, _inception_shapes(sizes)), **sizes}


def _inception_cases(rng: Generator) -> Iterator[Case]:
    yield _inception_case(rng, (2, 3, 5, 4), 6, (2, 5), (1, 4), 7)
    yield _inception_case(rng, (1, 8, 3, 6), 2, (5, 9), (3, 6), 4)
    yield _inception_case(rng, (3, 2, 7, 7), 4, (3, 6), (5, 7), 8)


@dataclass(frozen=True)
class BranchesCheck(NetworkCheck):
    """A check of a block whose parameters may come in any order: each has a shape of its own.

    `hints` are keyed by a shape that is there and should not be, with 0 in front; by -1 and a shape that is not there.
    """

    def _judge_shapes(self, got: object, want: list[list[int]]) -> None:
        regular = isinstance(got, (list, tuple)) and all(map(_is_shape, got))
        mine, right = (Counter(map(tuple, shapes)) if regular else None for shapes in (got, want))
        if regular and mine != right:
            surplus, missing = list((mine - right).elements()), list((right - mine).elements())
            told = [f"one parameter has shape {surplus[0]}, which the block has no use for" if surplus else "",
                    f"none has shape {missing[0]}" if missing else ""]
            keys = [*((0, shape) for shape in surplus), *((-1, shape) for shape in missing)]
            # Weight and bias of a batch norm are as long as the bias of its convolution would be.
            norms = surplus and not missing and all(len(shape) == 1 for shape in surplus)
            extra = NO_NORM if norms else next((self.hints[key] for key in keys if key in self.hints), "")
            extra = extra if mine else HIDDEN
            total, all_right = (sum(map(prod, some.elements())) for some in (mine, right))
            fail(f"{self.name}: {', and '.join(filter(None, told))}. In all its parameters are {total:,} numbers, and "
                 f"it must be {all_right:,}. {extra}".rstrip())
        super()._judge_shapes(sorted(map(list, got)) if regular else got, sorted(want))


inception_block = BranchesCheck(
    call="inception_block(channels, one, three, five, pool)",
    reference=_inception,
    example=_inception_case(np.random.default_rng(0), (1, 4, 5, 6), 5, (2, 6), (1, 3), 7),
    cases=_inception_cases,
    mistakes=INCEPTION_MISTAKES,
    explain=_explain_inception,
    writes=lambda case: (f"inception_block({case['channels']}, {case['one']}, {case['three']}, {case['five']}, "
                         f"{case['pool']})(x)"),
    shapes=_inception_shapes,
    hints={(0, (6, 4, 3, 3)): "That is the naive block: in front of 3 x 3 and 5 x 5 stands a 1 x 1 convolution that "
                              "reduces the channels.",
           (0, (6, 4, 1, 1)): "The first number of three is the reduction, 1 x 1; the second is what 3 x 3 makes.",
           (0, (6, 5, 3, 3)): "Each branch reads the block's input, and not the branch before it.",
           (0, (3, 1, 3, 3)): "The third branch has 5 x 5 kernels. (torchvision's GoogLeNet has 3 x 3 here, taken "
                              "over from the network whose weights it ships.)",
           (-1, (7, 4, 1, 1)): "Behind the pool stands a 1 x 1 convolution, from channels to pool maps.",
           (-1, (5,)): "Every convolution has a bias: there is no batch norm in the network of 2014."},
    covers=("the parameters", "four branches and their order"),
)
