"""The checks of notebook 06, the first convnet (slides 33-35 and the lecture's coding session).

Networks and loops are no plain data: the test cells build them in probes, hand arrays in and get arrays back,
in float64. What the arrays must be is worked out here, with the same layers of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checks.by_hand import judge_by_hand, rounded
from course_lib.checks.compare import Difference, describe
from course_lib.checks.kit import Case, FunctionCheck, Mistake
from course_lib.checks.networks import NetworkCheck, ProbeCheck, random_weights
from course_lib.checks.report import fail

LESSON = "06_first_convnet"
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("heads", heads)``; losses to two decimals."""
    judge_by_hand(LESSON, name, rounded(answer, 2) if name == "first_losses" else answer)


# -------------------------------------------------------------------------------------------- trace_shapes

Layers = list[tuple]


def _shape_after(layer: tuple, shape: tuple) -> tuple | None:
    """The shape after one layer, None where it does not fit."""
    kind, *numbers = layer
    if kind == "relu":
        return shape
    if kind == "flatten":
        return (prod(shape),)
    if kind == "linear":
        return (numbers[1],) if shape == (numbers[0],) else None
    if len(shape) != 3:
        return None
    if kind == "global":
        return (shape[0],)
    if kind == "pool":
        after = (shape[0], *(side // numbers[0] for side in shape[1:]))
    else:
        channels, maps, k, stride, padding = numbers
        if shape[0] != channels:
            return None
        after = (maps, *((side + 2 * padding - k) // stride + 1 for side in shape[1:]))
    return after if min(after[1:]) > 0 else None


def _trace(layers: Layers, shape: tuple, after: Callable = _shape_after) -> list:
    shapes = []
    for layer in layers:
        shape = after(layer, tuple(shape))
        shapes.append(shape)
        if shape is None:
            break
    return shapes


def _step(kind: str, wrong: Callable) -> Callable:
    """A mistake in one kind of layer: `wrong(numbers, shape)` where the layer fits."""
    def after(layer: tuple, shape: tuple) -> tuple | None:
        right = _shape_after(layer, shape)
        return right if layer[0] != kind or right is None else wrong(layer[1:], shape)
    return lambda layers, shape: (_trace(layers, shape, after) if any(layer[0] == kind for layer in layers)
                                  else NotImplemented)


def _conv(numbers: tuple, shape: tuple, twice: int = 2, more: int = 1, up: bool = False) -> tuple:
    _, maps, k, stride, padding = numbers
    return (maps, *((-((k - side - twice * padding) // stride) if up else (side + twice * padding - k) // stride) + more
                    for side in shape[1:]))


def _lenient(layer: tuple, shape: tuple) -> tuple | None:
    """A linear layer that takes whatever comes."""
    return (layer[2],) if layer[0] == "linear" else _shape_after(layer, shape)


def _last_axis(layer: tuple, shape: tuple) -> tuple | None:
    """A linear layer that looks at the last axis alone, as torch's does."""
    return (layer[2],) if layer[0] == "linear" and shape[-1] == layer[1] else _shape_after(layer, shape)


def _careless(layer: tuple, shape: tuple) -> tuple | None:
    """A convolution that takes any number of channels."""
    if layer[0] == "conv" and len(shape) == 3:
        return _shape_after((layer[0], shape[0], *layer[2:]), shape)
    return _shape_after(layer, shape)


def _unflattened(layer: tuple, shape: tuple) -> tuple | None:
    """A linear layer that flattens by itself."""
    return (layer[2],) if layer[0] == "linear" and prod(shape) == layer[1] else _shape_after(layer, shape)


def _to_the_end(layers: Layers, shape: tuple) -> list:
    shapes = _trace(layers, shape)
    return shapes + [None] * (len(layers) - len(shapes)) if shapes and shapes[-1] is None else shapes


def _only_if_it_stops(wrong: Callable) -> Callable:
    return lambda layers, shape: (wrong(layers, shape) if _trace(layers, shape)[-1:] == [None] else NotImplemented)


TRACE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The shape that goes in is no layer's output: the list begins with the shape after the first layer.",
     lambda layers, shape: [tuple(shape), *_trace(layers, shape)]),
    ("Only the last shape is returned; the list has one shape for each layer.",
     lambda layers, shape: _trace(layers, shape)[-1]),
    ("ReLU works on every number by itself and keeps the shape; it is a layer all the same and has its place in the "
     "list.",
     lambda layers, shape: _trace([layer for layer in layers if layer[0] != "relu"], shape)
     if any(layer[0] == "relu" for layer in layers) else NotImplemented),
    ("Flatten keeps every number: C * H * W of them, and not only the channels.",
     _step("flatten", lambda numbers, shape: (shape[0],))),
    ("Flatten leaves one axis, and its shape is a tuple: (C * H * W,), with the comma.",
     _step("flatten", lambda numbers, shape: prod(shape))),
    ("Flatten merges the channels too: C * H * W numbers in one axis.",
     _step("flatten", lambda numbers, shape: (shape[0], prod(shape[1:])))),
    ("Global average pooling leaves one number for each channel: (C,).",
     _step("global", lambda numbers, shape: (shape[0], 1, 1))),
    ("Global average pooling leaves one number for each channel, (C,); it does not flatten.",
     _step("global", lambda numbers, shape: (prod(shape),))),
    ("A pooling drops what does not fill a window: round down.",
     _step("pool", lambda numbers, shape: (shape[0], *(-(-side // numbers[0]) for side in shape[1:])))),
    ("A pooling divides rows and columns by its size, which need not be 2.",
     _step("pool", lambda numbers, shape: (shape[0], *(side // 2 for side in shape[1:])))),
    ("Pooling is no halving of the channels: it divides rows and columns only.",
     _step("pool", lambda numbers, shape: tuple(side // numbers[0] for side in shape))),
    ("The padding of a convolution is ignored.",
     _step("conv", lambda numbers, shape: _conv(numbers, shape, twice=0))),
    ("The padding of a convolution lies on both sides, so it counts twice.",
     _step("conv", lambda numbers, shape: _conv(numbers, shape, twice=1))),
    ("The stride of a convolution is ignored.",
     _step("conv", lambda numbers, shape: _conv((*numbers[:3], 1, numbers[4]), shape))),
    ("A convolution's + 1 is missing: the first place counts too.",
     _step("conv", lambda numbers, shape: _conv(numbers, shape, more=0))),
    ("A convolution rounds down: there are no half windows.",
     _step("conv", lambda numbers, shape: _conv(numbers, shape, up=True))),
    ("A convolution gives as many maps as its second number says, and not as many channels as came in.",
     _step("conv", lambda numbers, shape: (numbers[0], *_conv(numbers, shape)[1:]))),
    ("A linear layer gives its second number; the first is how many numbers must come in.",
     _step("linear", lambda numbers, shape: (numbers[0],))),
    ("A linear layer does not flatten: where channels, rows and columns come in, it does not fit, and the answer is "
     "None.",
     _only_if_it_stops(lambda layers, shape: _trace(layers, shape, _unflattened))),
    ("A linear layer must fit all numbers that come in, and not the last axis alone: it takes exactly (n,).",
     _only_if_it_stops(lambda layers, shape: _trace(layers, shape, _last_axis))),
    ("A linear layer takes exactly as many numbers as its first number says; where others come, the answer is None.",
     _only_if_it_stops(lambda layers, shape: _trace(layers, shape, _lenient))),
    ("A convolution takes exactly as many channels as its first number says; where others come, the answer is None.",
     _only_if_it_stops(lambda layers, shape: _trace(layers, shape, _careless))),
    ("After the first None nothing comes: the picture does not get any further, so stop there.",
     _only_if_it_stops(_to_the_end)),
    ("The layer that does not fit is left out; its place in the list holds None.",
     _only_if_it_stops(lambda layers, shape: _trace(layers, shape)[:-1])),
))


def _explain_trace(found: Difference, case: Case) -> str | None:
    if found.rung == "type" and "expected None" not in found.sentence:
        return "Return a list with the shape, a tuple, after each layer, and None for a layer that does not fit."
    kinds = [layer[0] for layer in case["layers"]]
    steps = [f"{kind} {'does not fit' if shape is None else ' x '.join(map(str, shape))}"
             for kind, shape in zip(kinds, _trace(**case), strict=False)]
    return f"Layer by layer: {', '.join(steps)}."


DIGITS = [("conv", 1, 6, 5, 1, 2), ("relu",), ("pool", 2), ("conv", 6, 16, 5, 1, 0), ("relu",), ("pool", 2),
          ("flatten",), ("linear", 400, 120), ("relu",), ("linear", 120, 84), ("relu",), ("linear", 84, 10)]


def _trace_cases(rng: Generator) -> Iterator[Case]:
    yield {"layers": [("conv", 2, 5, 3, 2, 1), ("relu",)], "shape": (2, 8, 11)}
    yield {"layers": [("pool", 3), ("flatten",)], "shape": (4, 11, 7)}
    yield {"layers": [("flatten",), ("linear", 24, 7), ("relu",), ("linear", 7, 2)], "shape": (2, 3, 4)}
    yield {"layers": [("conv", 1, 8, 3, 1, 0), ("global",), ("linear", 8, 5)], "shape": (1, 9, 6)}
    yield {"layers": DIGITS, "shape": (1, 28, 28)}
    yield {"layers": DIGITS, "shape": (1, 32, 32)}
    yield {"layers": [("conv", 3, 4, 3, 1, 1), ("relu",), ("flatten",)], "shape": (1, 10, 10)}
    yield {"layers": [("conv", 1, 4, 5, 1, 2), ("pool", 2), ("linear", 36, 10)], "shape": (1, 6, 6)}
    yield {"layers": [("pool", 2), ("conv", 3, 4, 5, 1, 0), ("flatten",)], "shape": (3, 9, 6)}
    yield {"layers": [("pool", 5), ("relu",)], "shape": (2, 4, 9)}
    yield {"layers": [("conv", 2, 3, 4, 3, 2), ("pool", 2), ("global",)], "shape": (2, 17, 12)}
    yield {"layers": [("flatten",), ("pool", 2)], "shape": (1, 4, 4)}
    # What fits by a hair or not at all, in rows or in columns, and layers on the wrong number of axes.
    yield {"layers": [("conv", 1, 2, 5, 1, 1), ("relu",)], "shape": (1, 3, 4)}
    yield {"layers": [("conv", 1, 2, 4, 2, 0)], "shape": (1, 3, 9)}
    yield {"layers": [("conv", 1, 2, 5, 1, 0)], "shape": (1, 9, 3)}
    yield {"layers": [("conv", 1, 2, 7, 1, 0)], "shape": (1, 4, 4)}
    yield {"layers": [("pool", 5)], "shape": (2, 9, 4)}
    yield {"layers": [("flatten",), ("global",)], "shape": (2, 2, 2)}
    yield {"layers": [("linear", 6, 3)], "shape": (2, 3, 6)}
    yield {"layers": [("flatten",), ("conv", 4, 2, 1, 1, 0)], "shape": (1, 2, 2)}
    yield {"layers": [("flatten",), ("flatten",)], "shape": (2, 3, 4)}
    maps, k, stride, padding, height, width = (int(rng.integers(low, high)) for low, high in (
        (2, 9), (1, 6), (1, 4), (0, 3), (12, 30), (12, 30)))
    yield {"layers": [("conv", 3, maps, k, stride, padding), ("relu",), ("pool", 2), ("flatten",)],
           "shape": (3, height, width)}


trace_shapes = FunctionCheck(
    call="trace_shapes(layers, shape)",
    reference=_trace,
    example={"layers": [("conv", 3, 4, 5, 1, 0), ("relu",), ("pool", 2), ("flatten",), ("linear", 220, 10)],
             "shape": (3, 14, 27)},
    cases=_trace_cases,
    mistakes=TRACE_MISTAKES,
    explain=_explain_trace,
)


# ---------------------------------------------------------------------------- networks with given weights

Weights = list[Array]


def _forward(x: Array, weights: Weights, padding: list[int], *, relu: Callable = F.relu, fc_relu: Callable = F.relu,
             pool: Callable = F.max_pool2d, last: Callable = lambda logits: logits) -> Array:
    """Convolutions, each with its padding, an activation and a pool; then linear layers. The weights in order."""
    pairs = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in zip(weights[::2], weights[1::2], strict=True)]
    X = torch.from_numpy(x)
    for (w, b), p in zip(pairs, padding, strict=False):
        X = pool(relu(F.conv2d(X, w, b, padding=p)), 2)
    X = X.flatten(1)
    for w, b in pairs[len(padding):-1]:
        X = fc_relu(F.linear(X, w, b))
    return last(F.linear(X, *pairs[-1])).numpy()


def _same(X: Tensor) -> Tensor:
    return X


ENDS = (
    ("Your network ends with a softmax. The loss, F.cross_entropy, has one inside, and two in a row learn badly: "
     "return the ten numbers as they are, the logits.", {"last": lambda X: X.softmax(1)}),
    ("Your network ends with log_softmax. F.cross_entropy does that itself: return the logits as they are.",
     {"last": lambda X: X.log_softmax(1)}),
    ("The last layer has a ReLU behind it, so no logit can be negative: return the logits as they are.",
     {"last": F.relu}),
    ("The last layer has a sigmoid behind it: return the logits as they are.", {"last": torch.sigmoid}),
    ("There is no activation at all: layers without a ReLU between them add up to one linear layer.",
     {"relu": _same, "fc_relu": _same}),
    ("The linear layers have no ReLU between them, so together they are no more than one.", {"fc_relu": _same}),
    ("The convolutions have no ReLU behind them.", {"relu": _same}),
    ("The activations are tanh, as in 1998; this exercise asks for ReLU.",
     {"relu": torch.tanh, "fc_relu": torch.tanh}),
    ("The activations are sigmoids; this exercise asks for ReLU.",
     {"relu": torch.sigmoid, "fc_relu": torch.sigmoid}),
    ("The pools are average pools; this exercise asks for max pools.", {"pool": F.avg_pool2d}),
)


CLASS = "It returns a class; make a network of it, with brackets: `return Net()`."


def _explain_network(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and "required positional argument: 'self'" in found.sentence:
        return CLASS
    if found.rung == "run" and "shapes cannot be multiplied" in found.sentence:
        return ("Something else goes into a linear layer than it was built for. Print the shape in front of it; and "
                "flatten with nn.Flatten(), or x.flatten(1): the batch stays an axis of its own.")
    if found.rung == "shape":
        return "One row of logits for each picture: (N, classes). Was the batch flattened away?"
    if found.rung == "values":
        return ("The parameters have the right shapes, so look at what lies between them: activations, pools, "
                "flatten, and the order in which forward calls them.")
    return None


def _networks(call: str, side: int, padding: list[int], shapes: list[list[int]], hints: dict) -> NetworkCheck:
    """The check of a whole network: convolutions with these paddings, then linear layers, of these shapes."""
    channels = shapes[0][1]

    def case(rng: Generator, count: int) -> Case:
        return {"x": rng.normal(size=(count, channels, side, side)), "weights": random_weights(rng, shapes)}

    def reference(x: Array, weights: Weights, **changes: Callable) -> Array:
        return _forward(x, weights, padding, **changes)

    return NetworkCheck(
        call=call,
        reference=reference,
        example=case(np.random.default_rng(0), 1),
        cases=lambda rng: (case(rng, count) for count in (3, 2)),
        mistakes=tuple(Mistake(says, lambda x, weights, changes=changes: reference(x, weights, **changes))
                       for says, changes in ENDS),
        explain=_explain_network,
        writes=lambda case: f"{call}(x)",
        shapes=lambda case: shapes,
        hints=hints,
        covers=("the parameters",),
    )


BIAS = "Every convolution and every linear layer has a bias: leave bias=True, and add no layer that was not asked for."

lenet = _networks(
    "lenet()", 28, [2, 0],
    [[6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 400], [120], [84, 120], [84], [10, 84], [10]],
    {(-1, ()): BIAS, (1, (16, 6, 5, 5)): BIAS, (1, (120, 400)): BIAS,
     (0, (6, 3, 5, 5)): "Digits are grey: one channel comes in.",
     (0, (6, 1, 3, 3)): "The kernels are 5 x 5.",
     (4, (120, 256)): "Without the padding of 2 in the first convolution 28 becomes 24 - 12 - 8 - 4, and 16 * 4 * 4 "
                      "is 256.",
     (4, (120, 784)): "The second convolution has no padding: 14 becomes 10, then 5.",
     (4, (120, 576)): "The padding belongs to the first convolution, and not to the second.",
     (4, (84, 400)): "The first linear layer has 120 units, the second 84.",
     (4, (120, 25)): "All 16 maps are flattened: 16 * 5 * 5 = 400 numbers.",
     (4, (10, 400)): "Between the convolutions and the ten logits lie two linear layers, of 120 and 84 units."})

practice_net = _networks(
    "practice_net()", 32, [2, 2, 2],
    [[32, 3, 5, 5], [32], [64, 32, 5, 5], [64], [64, 64, 5, 5], [64], [1000, 1024], [1000], [10, 1000], [10]],
    {(-1, ()): BIAS, (1, (64, 32, 5, 5)): BIAS,
     (0, (32, 1, 5, 5)): "Photographs have three channels.",
     (6, (1000, 64)): "That is 32 - 14 - 5 - 1 - ... without padding: to keep rows and columns, 5 x 5 kernels need a "
                      "padding of (5 - 1) / 2.",
     (6, (1000, 256)): "To keep rows and columns, 5 x 5 kernels need a padding of (5 - 1) / 2 in every convolution.",
     (6, (1000, 576)): "To keep rows and columns, 5 x 5 kernels need a padding of (5 - 1) / 2 in every convolution.",
     (6, (1000, 4096)): "There is a pool after each of the three convolutions: 32 - 16 - 8 - 4.",
     (6, (10, 1024)): "Between the convolutions and the ten logits lies a linear layer of 1000 units."})


def _gap(x: Array, weights: Weights, channels: int, classes: int, pool: Callable = lambda X: X.mean((2, 3)),
         last: Callable = _same) -> Array:
    return last(F.linear(pool(torch.from_numpy(x)), *map(torch.from_numpy, weights))).numpy()


GAP_MISTAKES = tuple(Mistake(says, lambda *case, changes=changes: _gap(*case, **changes)) for says, changes in (
    ("That is global max pooling: it takes the largest number of each map; take the mean.",
     {"pool": lambda X: X.amax((2, 3))}),
    ("That is the sum over each map, and it grows with the picture: take the mean.", {"pool": lambda X: X.sum((2, 3))}),
    ("That is one pixel of each map; take the mean over all of them.", {"pool": lambda X: X[:, :, 0, 0]}),
    ("That is the mean over the batch as well: every picture keeps its own numbers.",
     {"pool": lambda X: X.mean((0, 2, 3), keepdim=True)[:, :, 0, 0].expand(len(X), -1)}),
    ("A softmax follows the linear layer: return the logits as they are.", {"last": lambda X: X.softmax(1)}),
    ("A ReLU follows the linear layer, so no logit can be negative: return the logits as they are.", {"last": F.relu}),
    ("A ReLU lies in front of the pooling; the maps come in as they are, and some of their numbers are negative.",
     {"pool": lambda X: F.relu(X).mean((2, 3))}),
))


def _head_case(rng: Generator, shape: tuple[int, int, int, int], classes: int) -> Case:
    return {"x": rng.normal(size=shape), "weights": [rng.normal(size=(classes, shape[1])), rng.normal(size=classes)],
            "channels": shape[1], "classes": classes}


def _head_cases(rng: Generator) -> Iterator[Case]:
    yield _head_case(rng, (2, 3, 5, 5), 10)
    yield _head_case(rng, (2, 3, 7, 4), 10)
    yield _head_case(rng, (1, 6, 1, 1), 4)
    yield _head_case(rng, (4, 5, 2, 9), 2)


def _explain_head(found: Difference, case: Case) -> str | None:
    height, width = case["x"].shape[2:]
    if found.rung == "run" and "required positional argument: 'self'" in found.sentence:
        return CLASS
    if found.rung == "run":
        return (f"Here the maps have {height} x {width} pixels, and the head must take any size: pool each map to one "
                "number, flatten (N, C, 1, 1) to (N, C), then one linear layer.")
    if found.rung == "shape":
        return "One row of logits for each picture: (N, classes)."
    return None


gap_head = NetworkCheck(
    call="gap_head(channels, classes=10)",
    reference=_gap,
    example={"x": np.arange(8.0).reshape(1, 2, 2, 2) - 3,
             "weights": [np.array([[1.0, 2], [0, -1], [3, 1]]), np.array([0.0, 10, 0])], "channels": 2, "classes": 3},
    cases=_head_cases,
    mistakes=GAP_MISTAKES,
    explain=_explain_head,
    writes=lambda case: f"gap_head({case['channels']}, {case['classes']})(x)",
    shapes=lambda case: [[case["classes"], case["channels"]], [case["classes"]]],
    hints={(-1, ()): "Pooling has no parameters; the one linear layer has weights and biases.",
           (0, (10, 2)): "The second argument is the number of classes, which need not be 10.",
           (0, (2, 3)): "A linear layer is nn.Linear(in, out): channels come in, classes go out.",
           (0, (3, 8)): "Flattening the maps makes the head depend on their size; pool each map to one number."},
    covers=("the parameters", "maps of any size"),
)


# --------------------------------------------------------------------------------------------------- evaluate

def _network(kind: str, channels: int, w: Array, b: Array) -> nn.Sequential:
    """The little networks that the probes build: a linear layer with these weights, and something in front."""
    front = {"linear": [], "dropout": [nn.Dropout(0.5)], "batch norm": [nn.BatchNorm2d(channels)]}[kind]
    head = nn.Linear(*w.shape[::-1])
    model = nn.Sequential(*front, nn.Flatten(), head).double()
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(w))
        head.bias.copy_(torch.from_numpy(b))
    return model


def _split(x: Array, y: Array, sizes: list[int]) -> list[tuple[Tensor, Tensor]]:
    ends = list(accumulate(sizes))
    return [(torch.from_numpy(x[end - size:end]), torch.from_numpy(y[end - size:end]))
            for size, end in zip(sizes, ends, strict=True)]


@dataclass(frozen=True)
class Seen:
    """What an honest evaluation notes of each batch: how many, mean loss, how many right."""

    size: int
    loss: float
    right: int


def _look(kind: str, x: Array, y: Array, sizes: list[int], w: Array, b: Array, training: bool = False,
          twice: bool = False, axis: int = 1) -> list[Seen]:
    model = _network(kind, x.shape[1], w, b).train(training)
    rows = []
    for X, Y in _split(x, y, sizes):
        with torch.no_grad():
            logits = model(X)
        loss = F.cross_entropy(logits.softmax(1) if twice else logits, Y).item()
        rows.append(Seen(len(X), loss, int((logits.argmax(axis) == Y).sum())))
    return rows


def _verdict(rows: list[Seen]) -> tuple[float, float]:
    count = sum(row.size for row in rows)
    return sum(row.loss * row.size for row in rows) / count, sum(row.right for row in rows) / count


def _evaluate(*case: object) -> tuple[float, float]:
    return _verdict(_look(*case))


def _noted(change: Callable[[list[Seen]], tuple[float, float]]) -> Callable:
    """A mistake in what is made of the batches' numbers; a single batch hides most of these."""
    return lambda *case: change(_look(*case))


def _means(rows: list[Seen]) -> tuple[float, float]:
    return (float(np.mean([row.loss for row in rows])), float(np.mean([row.right / row.size for row in rows])))


EVALUATE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Your network was in training mode: model.eval() is missing, so dropout goes on dropping and batch norm "
     "normalises by the batch at hand.",
     lambda kind, *case: _evaluate_in_training(kind, *case) if kind == "batch norm" else NotImplemented),
    ("Both numbers are means of the batches' means, in which the two pictures of a short last batch count as much as "
     "a whole batch: weight each batch by its size.", _noted(_means)),
    ("The loss is the mean of the batches' means (the practice notebook does that too): F.cross_entropy gives a mean, "
     "so multiply it by the size of the batch before adding, and divide by the number of pictures.",
     _noted(lambda rows: (_means(rows)[0], _verdict(rows)[1]))),
    ("The loss is right; the accuracy is the mean of the batches' accuracies: count the right ones, and divide by the "
     "number of pictures at the end.",
     _noted(lambda rows: (_verdict(rows)[0], _means(rows)[1]))),
    ("The accuracy is in percent; return a fraction between 0 and 1.",
     _noted(lambda rows: (_verdict(rows)[0], 100 * _verdict(rows)[1]))),
    ("The accuracy is a count; divide it by the number of pictures.",
     _noted(lambda rows: (_verdict(rows)[0], sum(row.right for row in rows)))),
    ("The accuracy is divided by the number of batches; divide the count by the number of pictures.",
     _noted(lambda rows: (_verdict(rows)[0], sum(row.right for row in rows) / len(rows)))),
    ("Loss and accuracy changed places: return loss, accuracy.", _noted(lambda rows: _verdict(rows)[::-1])),
    ("That is the first batch alone: the return stands inside the loop.", _noted(lambda rows: _verdict(rows[:1]))),
    ("That is the last batch alone: add up over all of them.", _noted(lambda rows: _verdict(rows[-1:]))),
    ("The accuracy is 0, for there was nothing left to count: batches can be gone through once only, so work out loss "
     "and accuracy in the same loop.", _noted(lambda rows: (_verdict(rows)[0], 0.0))),
    ("The loss is the sum over the batches; divide by the number of pictures, after weighting each batch by its size.",
     _noted(lambda rows: (sum(row.loss for row in rows), _verdict(rows)[1]))),
    ("The loss adds up the batches' means and divides by the number of pictures: F.cross_entropy is a mean already, so "
     "multiply it by the size of the batch first.",
     _noted(lambda rows: (sum(row.loss for row in rows) / sum(row.size for row in rows), _verdict(rows)[1]))),
    ("The loss is a sum over all pictures; divide it by their number.",
     _noted(lambda rows: (sum(row.loss * row.size for row in rows), _verdict(rows)[1]))),
    ("The softmax was taken twice: F.cross_entropy wants the logits as they are.",
     lambda *case: _verdict(_look(*case, twice=True))),
    ("The accuracy counts the mistakes; count where the largest logit is at the label.",
     _noted(lambda rows: (_verdict(rows)[0], 1 - _verdict(rows)[1]))),
    ("argmax goes along the wrong axis: each picture is a row of logits, so it is argmax(dim=1).",
     lambda kind, x, y, sizes, w, b: _verdict(_look(kind, x, y, sizes, w, b, axis=0))
     if set(sizes) == {len(w)} else NotImplemented),
))


def _evaluate_in_training(*case: object) -> tuple[float, float]:
    return _verdict(_look(*case, training=True))


def _batches_in_words(case: Case) -> str:
    sizes = [str(size) for size in case["sizes"]]
    return f"batches of {', '.join(sizes[:-1])} and {sizes[-1]}" if len(sizes) > 1 else f"one batch of {sizes[0]}"


def _evaluate_case(rng: Generator, kind: str, sizes: list[int], classes: int = 4) -> Case:
    count, shape = sum(sizes), (int(rng.integers(1, 4)), 2, int(rng.integers(1, 4)))
    return {"model": kind, "x": rng.normal(2, 3, size=(count, *shape)), "y": rng.integers(classes, size=count),
            "sizes": sizes, "w": rng.normal(size=(classes, prod(shape))) / 2, "b": rng.normal(size=classes)}


def _evaluate_cases(rng: Generator) -> Iterator[Case]:
    yield _evaluate_case(rng, "linear", [4, 4, 4])
    yield _evaluate_case(rng, "linear", [5, 5, 2], 3)
    yield _evaluate_case(rng, "batch norm", [6], 5)
    yield _evaluate_case(rng, "batch norm", [5, 5, 2], 3)
    yield _evaluate_case(rng, "dropout", [6, 6, 1], 3)
    yield _evaluate_case(rng, "linear", [7, 1], 10)


ANY_ITERABLE = "batches may be any iterable: go through it with for, once only, and count pictures as you go."


def _asks_batches(sentence: str) -> bool:
    """Whether batches were asked for their length, or for the dataset behind them."""
    return "len()" in sentence or "no attribute 'dataset'" in sentence


def _explain_evaluate(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return "Return two numbers: return loss, accuracy."
    if found.rung == "run" and _asks_batches(found.sentence):
        return ANY_ITERABLE
    if found.rung == "run" and "size" in found.sentence:
        return "Each picture is a row of logits, so the largest is found by argmax(dim=1)."
    if found.rung == "values" and case["model"] != "linear":
        return (f"Without {case['model']} it was right, so the mode is wrong: call model.eval() before the first "
                "batch.")
    return None


evaluate = ProbeCheck(
    call="evaluate(model, batches)",
    reference=_evaluate,
    example={"model": "linear", "x": np.array([[[[1.0, 0]]], [[[0, 2]]], [[[1, 1]]]]), "y": np.array([0, 1, 1]),
             "sizes": [2, 1], "w": np.array([[2.0, 0], [0, 1]]), "b": np.zeros(2)},
    cases=_evaluate_cases,
    mistakes=EVALUATE_MISTAKES,
    explain=_explain_evaluate,
    writes=lambda case: f"evaluate(a network with {case['model']}, {_batches_in_words(case)})".replace(
        "with linear", "of one linear layer"),
    covers=("a short last batch", "dropout", "batch norm"),
)


# What evaluate leaves behind. The probe's network is a batch norm, then a part of dropout and batch norm, flatten
# and a linear layer: with the whole and the part as modules of their own, seven modules.
MODULES = ("the network", "its first batch norm", "its inner part", "the dropout in there",
           "the batch norm in there", "flatten", "the linear layer")


def _habits(modes: list[bool], x: Array, y: Array, sizes: list[int], w: Array, b: Array) -> dict:
    return {"graphs": [False] * len(sizes), "gradients on": True, "means": [0.0] * x.shape[1], "trainable": True,
            "modes": list(modes)}


def _behind(**changes: Callable) -> Callable:
    """A mistake in what is left behind: `changes` of the right answer, from a case's values."""
    return lambda *case: _habits(*case) | {key.replace("_", " "): change(*case) for key, change in changes.items()}


def _all_true(modes: list[bool], *rest: object) -> list[bool]:
    return [True] * len(modes)


def _moved_means(modes: list[bool], x: Array, y: Array, sizes: list[int], w: Array, b: Array) -> list[float]:
    if not modes[1]:
        return [0.0] * x.shape[1]
    means = np.zeros(x.shape[1])
    for end, size in zip(accumulate(sizes), sizes, strict=True):
        means = 0.9 * means + 0.1 * x[end - size:end].mean((0, 2, 3))
    return means.tolist()


HABITS_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("You ended with model.train(), and that puts *every* module into training mode, the frozen ones too. The practice "
     "notebook does the same, so its frozen batch norms thaw after the first evaluation. Note each module's "
     "`training` before, and set it back.",
     _behind(modes=_all_true)),
    ("The network is left in eval mode: the next epoch would train without dropout, and with batch norm's running "
     "numbers. Note each module's `training` before, and set it back.",
     _behind(modes=lambda modes, *rest: [False] * len(modes))),
    ("model.train(was_training) gives *every* module the mode of the whole; a part that was frozen, or the other way "
     "round, is changed. Note each module's `training` in model.modules(), and set it back.",
     _behind(modes=lambda modes, *rest: [modes[0]] * len(modes))),
    ("The modes of the network's direct parts came back, but not those of the modules within them: go through "
     "model.modules(), which finds all, and not through model.children().",
     _behind(modes=lambda modes, *rest: [modes[0], *modes[1:3], modes[2], modes[2], *modes[5:]])),
    ("Each batch kept the graph that gradients are worked out from, which costs memory and time for nothing: put the "
     "forward pass under torch.no_grad().",
     _behind(graphs=lambda modes, x, y, sizes, *rest: [True] * len(sizes))),
    ("Gradients are still switched off after the call, so that no network can learn any more: use "
     "`with torch.no_grad():`, which ends by itself.",
     _behind(gradients_on=lambda *case: False)),
    ("The parameters are left with requires_grad = False, so that the network can learn no more: use "
     "`with torch.no_grad():`, which keeps no graphs and leaves the parameters alone.",
     _behind(trainable=lambda *case: False)),
    ("A running mean of batch norm moved, though you only looked: model.eval() is missing.",
     _behind(means=_moved_means)),
    ("A running mean of batch norm moved, though you only looked, and graphs were kept: model.eval() and "
     "torch.no_grad() are missing.",
     _behind(means=_moved_means, graphs=lambda modes, x, y, sizes, *rest: [True] * len(sizes))),
))


def _explain_habits(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and _asks_batches(found.sentence):
        return ANY_ITERABLE
    if "['modes']" in found.sentence and found.differs is not None and found.differs.shape == (len(MODULES),):
        first = int(np.argmax(found.differs))
        mode = "training" if case["modes"][first] else "eval"
        return (f"{MODULES[first].capitalize()} came in {mode} mode and left in the other: note module.training of "
                "every module in model.modules() before, and set it back.")
    for key, says in (("graphs", "Put the forward pass under torch.no_grad(): nobody will ask for gradients."),
                      ("means", "The running mean of a batch norm moved: call model.eval() before the first batch."),
                      ("trainable", "Leave requires_grad of the parameters alone."),
                      ("gradients on", "Use `with torch.no_grad():`, which ends by itself.")):
        if f"['{key}']" in found.sentence:
            return says
    return None


def _habits_case(rng: Generator, modes: str, sizes: list[int]) -> Case:
    channels, classes = int(rng.integers(1, 4)), 3
    return {"modes": [letter == "t" for letter in modes], "x": rng.normal(2, 3, size=(sum(sizes), channels, 2, 2)),
            "y": rng.integers(classes, size=sum(sizes)), "sizes": sizes,
            "w": rng.normal(size=(classes, channels * 4)), "b": rng.normal(size=classes)}


evaluate_habits = ProbeCheck(
    call="evaluate(model, batches)",
    reference=_habits,
    example=_habits_case(np.random.default_rng(0), "ttttttt", [4, 2]),
    cases=lambda rng: (_habits_case(rng, modes, [4, 4, 2]) for modes in ("ttetett", "eeeeeee", "eettete", "teeeett",
                                                                         "ttttett")),
    mistakes=HABITS_MISTAKES,
    explain=_explain_habits,
    part="the traces",
    writes=lambda case: f"evaluate(a network with {sum(not mode for mode in case['modes'])} of its 7 modules frozen, "
                        f"{_batches_in_words(case)})",
    covers=("modes", "gradients", "running means", "parameters"),
)


# -------------------------------------------------------------------------------------------- train_one_epoch

def _epoch(model: str, x: Array, y: Array, sizes: list[int], w: Array, b: Array, lr: float, momentum: float = 0.0, *,
           zero: str = "before", order: str = "backward step", training: bool = True, twice: bool = False,
           total: bool = False, batches: slice = slice(None), steps: str = "each") -> tuple[nn.Sequential, list[Seen]]:
    """One epoch with all its possible mistakes; the network after it, and what the batches' losses were."""
    network = _network(model, x.shape[1], w, b).train(training)
    optimizer = torch.optim.SGD(network.parameters(), lr=lr, momentum=momentum)
    rows = []
    for X, Y in _split(x, y, sizes)[batches]:
        if zero == "before":
            optimizer.zero_grad()
        logits = network(X)
        loss = F.cross_entropy(logits.softmax(1) if twice else logits, Y, reduction="sum" if total else "mean")
        if order == "step backward":
            optimizer.step()
            optimizer.zero_grad()
        loss.backward()
        if order == "backward step" and steps == "each":
            optimizer.step()
        rows.append(Seen(len(X), loss.item(), 0))
    if steps == "once":
        optimizer.step()
    return network, rows


def _weights_after(*case: object, **changes: object) -> Array:
    return _epoch(*case, **changes)[0][-1].weight.detach().numpy()


STEP_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Nothing was learned, the weights are what they were: is optimizer.step() called, after loss.backward(), and no "
     "zero_grad() between the two?",
     lambda model, x, y, sizes, w, *rest: w),
    ("Gradients pile up from batch to batch: loss.backward() *adds* to what is there, so clear it with "
     "optimizer.zero_grad() before each backward pass.",
     lambda *case: _weights_after(*case, zero="never")),
    ("optimizer.step() comes before loss.backward(), so that each step uses the gradients of the batch before.",
     lambda *case: _weights_after(*case, zero="never", order="step backward")),
    ("Only the first batch was learned from: a return or a break stands inside the loop.",
     lambda *case: _weights_after(*case, batches=slice(1))),
    ("Only the last batch was learned from: forward, backward and step belong inside the loop.",
     lambda *case: _weights_after(*case, batches=slice(-1, None))),
    ("There was one step for the whole epoch; take one after each batch.",
     lambda *case: _weights_after(*case, zero="never", steps="once")),
    ("The network was in eval mode: call model.train() before the loop, for the evaluation before may have left it "
     "otherwise.",
     lambda model, *case: _weights_after(model, *case, training=False) if model == "batch norm" else NotImplemented),
    ("The softmax was taken twice: F.cross_entropy wants the logits as they are.",
     lambda *case: _weights_after(*case, twice=True)),
    ("The steps are as many times too long as the batch has pictures: take the mean loss of the batch, F.cross_entropy "
     "as it is, and not the sum.",
     lambda *case: _weights_after(*case, total=True)),
    ("The epoch was trained twice: go through the batches once.",
     lambda model, x, y, sizes, *rest: _weights_after(model, np.concatenate([x, x]), np.concatenate([y, y]),
                                                      sizes + sizes, *rest)),
))


def _train_case(rng: Generator, kind: str, sizes: list[int], lr: float, momentum: float = 0.0) -> Case:
    return _evaluate_case(rng, kind, sizes, 3) | {"lr": lr, "momentum": momentum}


def _train_cases(rng: Generator) -> Iterator[Case]:
    yield _train_case(rng, "linear", [5], 0.3)
    yield _train_case(rng, "linear", [4, 4, 2], 0.05)
    yield _train_case(rng, "batch norm", [5, 5, 3], 0.2)
    yield _train_case(rng, "linear", [3, 3, 3, 1], 0.02, 0.9)


def _explain_training(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and _asks_batches(found.sentence):
        return ANY_ITERABLE
    if found.rung == "values":
        return ("For each batch: zero_grad, forward, loss, backward, step, with the optimizer that is handed in; "
                "once before all of them: model.train().")
    return None


EXAMPLE_EPOCH = {**evaluate.example, "lr": 0.5, "momentum": 0.0}


def _writes_training(case: Case) -> str:
    network = "one linear layer" if case["model"] == "linear" else f"a network with {case['model']}"
    momentum = f" and momentum {case['momentum']}" if case["momentum"] else ""
    return f"train_one_epoch({network}, {_batches_in_words(case)}, SGD with rate {case['lr']}{momentum})"


train_one_epoch = ProbeCheck(
    call="train_one_epoch(model, batches, optimizer)",
    reference=_weights_after,
    example=EXAMPLE_EPOCH,
    cases=_train_cases,
    mistakes=STEP_MISTAKES,
    explain=_explain_training,
    part="the weights",
    writes=_writes_training,
    roles=(("x", "input"), ("w", "kernel")),
    covers=("batch norm", "momentum"),
)


def _epoch_loss(*case: object, **changes: object) -> float:
    return _verdict(_epoch(*case, **changes)[1])[0]


def _losses(change: Callable[[list[Seen]], float]) -> Callable:
    return lambda *case: float(change(_epoch(*case)[1]))


def _loss_afterwards(model: str, x: Array, y: Array, sizes: list[int], *rest: object) -> float:
    network, _ = _epoch(model, x, y, sizes, *rest)
    with torch.no_grad():
        return F.cross_entropy(network.eval()(torch.from_numpy(x)), torch.from_numpy(y)).item()


LOSS_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the loss of the last batch; return the mean over all pictures of the epoch.",
     _losses(lambda rows: rows[-1].loss)),
    ("That is the loss of the first batch; return the mean over all pictures of the epoch.",
     _losses(lambda rows: rows[0].loss)),
    ("That is the mean of the batches' means, in which a short last batch counts as much as a whole one: weight each "
     "by its size.", _losses(lambda rows: np.mean([row.loss for row in rows]))),
    ("That is the sum of the batches' losses; return the mean over the pictures.",
     _losses(lambda rows: sum(row.loss for row in rows))),
    ("That is the sum over all pictures; divide it by their number.",
     _losses(lambda rows: sum(row.loss * row.size for row in rows))),
    ("The batches' means are added up and divided by the number of pictures: F.cross_entropy is a mean already, so "
     "multiply it by the size of the batch first.",
     _losses(lambda rows: sum(row.loss for row in rows) / sum(row.size for row in rows))),
    ("That is the loss *after* the epoch; return the mean of the losses that the batches had on the way.",
     _loss_afterwards),
    ("Your loss takes the softmax twice: F.cross_entropy wants the logits as they are.",
     lambda *case: _epoch_loss(*case, twice=True)),
    ("Gradients pile up from batch to batch, so the losses on the way are those of other weights: "
     "optimizer.zero_grad() before each backward pass.",
     lambda *case: _epoch_loss(*case, zero="never")),
    ("The weights never moved, so these are the losses of the network as it came: is optimizer.step() called after "
     "loss.backward()?",
     lambda *case: _epoch_loss(*case[:6], 0.0)),
))


def _explain_loss(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return "Return one plain number, the mean loss over the pictures: add up loss.item() * len(x)."
    return _explain_training(found, case)


train_one_epoch_loss = ProbeCheck(
    call="train_one_epoch(model, batches, optimizer)",
    reference=_epoch_loss,
    example=EXAMPLE_EPOCH,
    cases=_train_cases,
    mistakes=LOSS_MISTAKES,
    explain=_explain_loss,
    part="the loss",
    writes=_writes_training,
    covers=("a short last batch",),
)


# ------------------------------------------------------------------------------------- the practice notebook

def _grey(x: Array) -> Array:
    return x.mean(axis=1, keepdims=True)


GREY_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the practice notebook's bug: axis 0 is the batch, so you averaged over pictures (over one picture that "
     "changes nothing at all). The channels are axis 1.",
     lambda x: x.mean(axis=0, keepdims=True)),
    ("The channel axis is gone: a network wants (N, 1, H, W), so keep it with keepdim=True.",
     lambda x: x.mean(axis=1)),
    ("Axis 2 holds the rows: you averaged over the height. The channels are axis 1.",
     lambda x: x.mean(axis=2, keepdims=True)),
    ("Axis 3 holds the columns: you averaged over the width. The channels are axis 1.",
     lambda x: x.mean(axis=3, keepdims=True)),
    ("That is one of the three channels; take the mean of all three.", lambda x: x[:, :1]),
    ("That is the sum of the channels; take the mean.", lambda x: x.sum(axis=1, keepdims=True)),
    ("The weights 0.299, 0.587 and 0.114 are another kind of grey, that of television; here it is the plain mean.",
     lambda x: np.einsum("c,nchw->nhw", np.array([0.299, 0.587, 0.114]), x)[:, None] if x.shape[1] == 3
     else NotImplemented),
    ("That is the mean over pictures and channels; every picture keeps its own.",
     lambda x: np.repeat(x.mean(axis=(0, 1), keepdims=True), len(x), axis=0)),
))


def _grey_cases(rng: Generator) -> Iterator[Case]:
    yield {"batch": rng.normal(size=(3, 3, 4, 5))}
    yield {"batch": rng.normal(size=(1, 3, 2, 3))}
    yield {"batch": rng.normal(size=(4, 3, 3, 2))}


to_grey = ProbeCheck(
    call="to_grey(batch)",
    reference=_grey,
    example={"batch": np.array([[[[9.0, 0]], [[0, 6]], [[3, 3]]], [[[1, 1]], [[2, 2]], [[6, 0]]]])},
    cases=_grey_cases,
    mistakes=GREY_MISTAKES,
    explain=lambda found, case: ("batch has the axes picture, channel, row, column; only the channels are averaged, to "
                                 "one.") if found.rung in ("shape", "values") else None,
    roles=(("batch", "input"),),
)


@dataclass(frozen=True)
class SplitCheck(ProbeCheck):
    """A check of split_with_transforms by what the two sets hold.

    The probe's ``run(count, held_out, seed)`` splits a set whose picture i is the number i with label i % 7. It
    answers with the items of both sets, [which transform, number, label] each, and with how often the transform of
    training was called when its first picture was asked for twice.
    """

    TRANSFORMS: ClassVar[dict] = {0: "no transform", 1: "the training transform", 2: "the validation transform"}

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        rng = np.random.default_rng(seed)
        for case in (self.example, *self.cases(rng)):
            held = self._judge_split(function, case)
            again = self._judge_split(function, case)
            other = self._judge_split(function, case | {"seed": case["seed"] + 1})
            if held != again:
                fail("split_with_transforms draws another split when it is called again with the same seed, so that a "
                     "network may be validated on what it was trained on the day before: draw the order with a "
                     "torch.Generator() that has this manual_seed.")
            if held and held == other:
                fail("split_with_transforms draws the same split for every seed: hand the seed to the generator that "
                     "draws the order.")
        print("✓ split_with_transforms: sizes, no picture in both, labels, transforms and seeds are right "
              f"(seed {seed}).")

    def _judge_split(self, function: Callable, case: Case) -> list[int]:
        """One split, judged; returns the numbers held out."""
        got = self._run(function, case)
        training, validation, draws = self._parts(got)
        count, wanted = case["count"], round(case["held_out"] * case["count"])
        called = self._called(case)
        if (len(training), len(validation)) != (count - wanted, wanted):
            swapped = (len(training), len(validation)) == (wanted, count - wanted)
            more = f" Of {count} pictures, round({case['held_out']} * {count}) = {wanted} are held out."
            if swapped:
                more = " They changed places: return training, validation." if wanted else (
                    f"{more} A cut from the end goes wrong there, for order[-0:] is the whole order: cut from the "
                    "front, order[k:] and order[:k].")
            fail(f"{called} gave {len(training)} pictures for training and {len(validation)} for validation, expected "
                 f"{count - wanted} and {wanted}.{more}")
        self._judge_pictures(called, training, validation, count)
        kinds_of = {"validation": {item[0] for item in validation}, "training": {item[0] for item in training}}
        if kinds_of == {"validation": {1}, "training": {2}}:
            fail(f"{called}: the two transforms changed places.")
        for name, right in (("validation", 2), ("training", 1)):
            strange = kinds_of[name] - {right}
            if strange:
                wrong = min(strange)
                fail(f"{called}: the {name} pictures get {self.TRANSFORMS.get(wrong, 'another transform')}. "
                     f"{self._blame(name, wrong)}")
        held = [item[1] for item in validation]
        if held and held in (list(range(wanted)), list(range(count - wanted, count))):
            fail(f"{called} holds out {wanted} pictures in a row. Many sets are sorted by class, so that whole classes "
                 "would be missing in training: shuffle the order first.")
        if draws < 2:
            fail(f"{called}: the first training picture was asked for twice, and its transform drew only once. "
                 "Augmentation must be drawn anew each time a picture is read: keep the transform in the dataset, and "
                 "do not store its results.")
        return held

    @staticmethod
    def _parts(got: object) -> tuple[list, list, int]:
        """The probe's answer, taken apart; anything else gets a sentence."""
        def items(value: object) -> bool:
            return isinstance(value, list) and all(isinstance(item, list) and len(item) == 3 for item in value)

        if (not isinstance(got, (list, tuple)) or len(got) != 3 or not items(got[0]) or not items(got[1])
                or not isinstance(got[2], int)):
            fail("split_with_transforms must return two datasets, training and validation, each with a len and with "
                 f"items (picture, label); the check got {describe(got)}.")
        return got[0], got[1], got[2]

    @staticmethod
    def _judge_pictures(called: str, training: list, validation: list, count: int) -> None:
        there, held = [item[1] for item in training], [item[1] for item in validation]
        both = sorted(set(there) & set(held))
        if both:
            fail(f"{called}: {len(both)} pictures are in both sets, number {both[0]} for one. Whoever is trained on "
                 "what he is validated on, validates his memory: draw one order, and cut it in two.")
        if sorted(there + held) != list(range(count)):
            what = ("some pictures are there twice" if len(set(there + held)) < count
                    else "some numbers are no picture of the set")
            lost = len(set(range(count)) - set(there + held))
            fail(f"{called}: {what}, and {lost} are in neither half: every picture belongs to one half, once.")
        wrong = [item for item in training + validation if item[2] != item[1] % 7]
        if wrong:
            fail(f"{called}: picture {wrong[0][1]} has label {wrong[0][2]}, expected {wrong[0][1] % 7}: pictures and "
                 "labels must move together.")

    @staticmethod
    def _blame(name: str, kind: int) -> str:
        if name == "validation" and kind == 1:
            return ("That is the practice notebook's bug: a Subset only passes indices on, and a transform set on it "
                    "is read by nobody. Make two whole datasets, one for each transform, and cut both by the same "
                    "order.")
        if name == "training" and kind == 2:
            return ("Both halves look into one dataset, so that setting its transform changes both. Make two whole "
                    "datasets, one for each transform, and cut both by the same order.")
        return "Make each of the two datasets with its transform: make_dataset(training_transform), and so on."


split_with_transforms = SplitCheck(
    call="split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0)",
    reference=lambda count, held_out, seed: None,
    example={"count": 20, "held_out": 0.2, "seed": 0},
    cases=lambda rng: ({"count": count, "held_out": held_out, "seed": int(rng.integers(1000))}
                       for count, held_out in ((51, 0.25), (30, 0.1), (3, 0.1))),
    writes=lambda case: f"split_with_transforms on {case['count']} pictures with held_out={case['held_out']}",
)
