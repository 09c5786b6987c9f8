"""The checks of notebook 09, residual networks (slides 39-43).

Blocks and networks are no plain data: the test cells build them in probes, put given weights in, hand arrays in and
get arrays back, in float64 and with batch norm in training mode. What the arrays must be is worked out here, with the
functions of torch and no layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.by_hand import judge_by_hand, judge_prediction
from course_lib.checks.compare import Difference, describe
from course_lib.checks.kit import Case, Claim, Mistake
from course_lib.checks.networks import WHOLE, CountCheck, ProbeCheck
from course_lib.checks.report import fail

LESSON = "09_residual_networks"
Generator = np.random.Generator
Array = np.ndarray
Shapes = list[list[int]]


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("layers", layers)``."""
    judge_by_hand(LESSON, name, answer)


WORDS = ("vanish", "stay", "explode")


def prediction(name: str, answer: object) -> None:
    """Note a prediction, one of WORDS, e.g. ``check.prediction("gradients_will", gradients_will)``: none is wrong."""
    judge_prediction(name, answer, WORDS)


# ------------------------------------------------------------------------------- layers with given weights

@dataclass(frozen=True)
class WeightsCheck(ProbeCheck):
    """A check of a class or function that makes layers: first their weights, then what they give with given ones.

    The probe's ``run(x, weights, ...)`` hands over parameters with more than one axis first (kernels and matrices),
    then those with one axis (batch norms and biases), each group in the order in which they were made. With empty
    `weights` it gives their shapes, else the output. `shapes` gives the right ones for the further arguments of a
    case, `blame(kernels, vectors, *arguments)` the classic reason for wrong ones.
    """

    shapes: Callable[..., Shapes] = field(default=lambda *arguments: [])
    blame: Callable[..., str | None] = field(default=lambda kernels, vectors, *arguments: None)

    @property
    def parameters(self) -> list[str]:
        return ["x", "weights", *super().parameters]

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        # The tiny case comes last: where all sizes are 1, a wrong shape looks like another.
        for case in (*self.cases(np.random.default_rng(seed)), self.example):
            self._judge_shapes(self._run(function, case | {"weights": []}), case)
        super().__call__(function, seed)

    def _judge_shapes(self, got: object, case: Case) -> None:
        arguments = list(case.values())[2:]
        want = self.shapes(*arguments)
        if not _are_shapes(got):
            fail(f"{self.name} must make layers of torch, in an nn.Module; its weights came as {describe(got)}.")
        shapes = [list(shape) for shape in got]
        if shapes == want:
            return
        kernels, vectors = ([shape for shape in shapes if (len(shape) > 1) == many] for many in (True, False))
        right, right_vectors = ([shape for shape in want if (len(shape) > 1) == many] for many in (True, False))
        called = self._called(case)
        pairs = zip(kernels, right, strict=False)
        number = next((number for number, (mine, theirs) in enumerate(pairs, start=1) if mine != theirs), None)
        if number:
            wrong = (f"the weights of layer {number} have shape {_written(kernels[number - 1])}, expected "
                     f"{_written(right[number - 1])}.")
        elif len(kernels) != len(right):
            wrong = f"{len(kernels)} layers have weights, expected {len(right)}: {', '.join(map(_written, right))}."
        else:
            wrong = (f"there are {len(vectors)} vectors (weights and biases of batch norms, and biases of layers), of "
                     f"{_sizes(vectors)} numbers, expected {len(right_vectors)}, of {_sizes(right_vectors)}.")
        named = self.blame(kernels, vectors, *arguments)
        fail(f"{self.name}: in {called} {wrong}{' ' + named if named else ''}")


def _are_shapes(got: object) -> bool:
    return isinstance(got, (list, tuple)) and all(
        isinstance(shape, (list, tuple)) and all(isinstance(side, int) for side in shape) for shape in got)


def _written(shape: list[int]) -> str:
    return f"({', '.join(map(str, shape))})"


def _sizes(vectors: Shapes) -> str:
    return ", ".join(str(shape[0]) if shape else "1" for shape in vectors) or "no"


def _random_weights(rng: Generator, shapes: Shapes) -> list[Array]:
    """Kernels under which the numbers keep their size; vectors that are neither 0 nor 1."""
    return [rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1
            else rng.uniform(0.4, 1.6, shape) * rng.choice((-1, 1, 1), shape) for shape in shapes]


def _tensors(weights: list[Array]) -> tuple[Iterator[Tensor], Iterator[Tensor]]:
    """The kernels and the vectors of a list of weights, each to be taken one after the other."""
    tensors = [torch.from_numpy(weight) for weight in weights]
    return (iter([one for one in tensors if one.ndim > 1]), iter([one for one in tensors if one.ndim == 1]))


def _normalised(X: Tensor, vectors: Iterator[Tensor]) -> Tensor:
    return F.batch_norm(X, None, None, next(vectors), next(vectors), training=True)


def _not_normalised(X: Tensor, vectors: Iterator[Tensor]) -> Tensor:
    next(vectors), next(vectors)
    return X


def _same(X: Tensor) -> Tensor:
    return X


def _explain_layers(found: Difference, case: Case) -> str | None:
    """What the errors of torch mean that any of these layers may raise."""
    said = found.sentence
    if found.rung != "run":
        return None
    if "super().__init__" in said or "before Module.__init__() call" in said:
        return "super().__init__() comes first in __init__."
    if "has no attribute 'double'" in said or "has no attribute 'parameters'" in said:
        return "It must be an nn.Module: `class ...(nn.Module):`, with super().__init__() first in __init__."
    if "has no attribute" in said:
        return "A name that forward uses must be made in __init__, as self.name = ..."
    if "must match the size" in said:
        return ("Two maps of different sizes met. Print both shapes in front of that line: rows and columns change "
                "with the stride, channels with the convolutions.")
    if "channels, but got" in said:
        return "A layer got another number of channels than it was made for: is each one made for what comes before it?"
    return None


# ------------------------------------------------------------------------------------------------ BasicBlock

Option = str | None


def _every(X: Tensor, stride: int) -> Tensor:
    return X[:, :, ::stride, ::stride]


def _padded(X: Tensor, channels: int) -> Tensor:
    """Channels of zeros behind those of X, so that there are `channels`."""
    return F.pad(X, (0, 0, 0, 0, 0, channels - X.shape[1]))


def _in_front(X: Tensor, channels: int) -> Tensor:
    return F.pad(X, (0, 0, 0, 0, channels - X.shape[1], 0))


def _around(X: Tensor, channels: int) -> Tensor:
    more = channels - X.shape[1]
    return F.pad(X, (0, 0, 0, 0, more // 2, more - more // 2))


def _repeated(X: Tensor, channels: int) -> Tensor:
    return torch.cat([X] * (channels // X.shape[1] + 1), 1)[:, :channels]


def _block(X: Tensor, kernels: Iterator[Tensor], vectors: Iterator[Tensor], stride: int, option: Option, *,
           inner: Callable = F.relu, outer: Callable = F.relu, before: Callable = _same, join: Callable = torch.add,
           pick: Callable = _every, widen: Callable = _padded, strides: tuple[int, int] | None = None,
           norm: Callable = _normalised, shortcut_norm: Callable = _normalised) -> Tensor:
    """relu(f(X) + shortcut(X)); the keywords are its slips. `before` acts on f(X) before it is added."""
    first, second = next(kernels), next(kernels)
    one, two = strides or (stride, 1)
    Y = inner(norm(F.conv2d(X, first, stride=one, padding=1), vectors))
    Y = before(norm(F.conv2d(Y, second, stride=two, padding=1), vectors))
    if option is None:
        return outer(Y)
    if stride == 1 and X.shape[1] == len(first):
        return outer(join(Y, X))
    if option == "A":
        return outer(join(Y, widen(pick(X, stride), len(first))))
    return outer(join(Y, shortcut_norm(F.conv2d(X, next(kernels), stride=stride), vectors)))


def _basic_block(x: Array, weights: list[Array], channels_in: int, channels_out: int, stride: int, option: Option,
                 **slips: object) -> Array:
    return _block(torch.from_numpy(x), *_tensors(weights), stride, option, **slips).numpy()


def _block_shapes(channels_in: int, channels_out: int, stride: int, option: Option) -> Shapes:
    projects = option == "B" and (stride != 1 or channels_in != channels_out)
    return [[channels_out, channels_in, 3, 3], [channels_out, channels_out, 3, 3],
            *([[channels_out, channels_in, 1, 1]] if projects else []), *[[channels_out]] * (6 if projects else 4)]


def _plain_only(made: Callable) -> Callable:
    """A mistake that only a block without shortcut shows."""
    return lambda *case: made(*case) if case[5] is None else NotImplemented


def _joined_only(made: Callable) -> Callable:
    """A mistake in the shortcut."""
    return lambda *case: NotImplemented if case[5] is None else made(*case)


def _changed_only(made: Callable) -> Callable:
    """A mistake in option A's shortcut where the shape changes."""
    return lambda *case: (made(*case) if case[5] == "A" and (case[4] != 1 or case[2] != case[3]) else NotImplemented)


def _slip(**slips: object) -> Callable:
    return lambda *case: _basic_block(*case, **slips)


def _added_anyway(x: Array, weights: list[Array], channels_in: int, channels_out: int, stride: int,
                  option: Option) -> Array:
    return _basic_block(x, weights, channels_in, channels_out, stride, "A")


def _overwritten(x: Array, weights: list[Array], channels_in: int, channels_out: int, stride: int,
                 option: Option) -> Array:
    """What is added is f(X), where its shape is that of X; elsewhere the shapes do not fit."""
    if option is None or stride != 1 or channels_in != channels_out:
        return NotImplemented
    return _basic_block(x, weights, channels_in, channels_out, stride, option, join=lambda Y, S: Y + Y)


BLOCK_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The shortcut is not there: that is the block of a plain network. Add the input to what the two convolutions "
     "give.", _joined_only(_slip(join=lambda Y, S: Y))),
    ("With option None there is no shortcut: the block of a plain network, in which nothing is added.",
     _plain_only(_added_anyway)),
    ("The second ReLU comes before the addition: f(X) is cut at 0, so that a block can only ever add. The order of "
     "slide 41 is: second batch norm, addition, ReLU.",
     _joined_only(_slip(before=F.relu, outer=_same))),
    ("There is a ReLU before the addition and one after it: f(X) must be free to be negative.",
     _joined_only(_slip(before=F.relu))),
    ("The plain block ends in a ReLU too: relu(f(X)).", _plain_only(_slip(outer=_same))),
    ("The ReLU after the addition is missing.", _slip(outer=_same)),
    ("Between the two convolutions the ReLU is missing.", _slip(inner=_same)),
    ("Batch norm is made, but not used: each convolution is followed by its own.", _slip(norm=_not_normalised)),
    ("f(X) and the shortcut are multiplied; they are added.", _joined_only(_slip(join=torch.mul))),
    ("The shortcut is subtracted; it is added.", _joined_only(_slip(join=torch.sub))),
    ("The stride belongs to the first convolution, and not to the second.",
     lambda *case: _basic_block(*case, strides=(1, case[4])) if case[4] > 1 else NotImplemented),
    ("Option A takes every second pixel as it is, X[:, :, ::stride, ::stride]; yours takes the mean of the pixels "
     "around it.", _changed_only(_slip(pick=lambda X, s: F.avg_pool2d(X, s, ceil_mode=True)))),
    ("Option A takes every second pixel as it is, X[:, :, ::stride, ::stride]; yours takes the largest of the pixels "
     "around it.", _changed_only(_slip(pick=lambda X, s: F.max_pool2d(X, s, ceil_mode=True)))),
    ("Option A takes the pixels 0, 2, 4 ...; yours begins at pixel 1. The first window of the strided convolution has "
     "its middle at pixel 0.",
     _changed_only(lambda *case: NotImplemented if case[4] == 1 else _basic_block(
         *case, pick=lambda X, s: X[:, :, 1::s, 1::s]))),
    ("The channels of zeros lie in front; in this exercise they come behind those of X.",
     _changed_only(_slip(widen=_in_front))),
    ("The channels of zeros lie on both sides; in this exercise they come behind those of X.",
     _changed_only(_slip(widen=_around))),
    ("The new channels repeat those of X; with option A they hold zeros.", _changed_only(_slip(widen=_repeated))),
    ("Where the shape changes, nothing is added; option A adds every second pixel, with channels of zeros behind.",
     _changed_only(_slip(join=lambda Y, S: Y))),
    ("The shortcut of option B has a batch norm, and yours is not used.",
     lambda *case: _basic_block(*case, shortcut_norm=_not_normalised) if len(case[1]) == 9 else NotImplemented),
    ("The shortcut of option B ends in a ReLU; it is linear: convolution and batch norm, and nothing behind.",
     lambda *case: _basic_block(*case, shortcut_norm=lambda X, vectors: F.relu(_normalised(X, vectors)))
     if len(case[1]) == 9 else NotImplemented),
    ("What is added is f(X) once more: the name of the input was given to something else on the way. Keep the input "
     "under a name of its own.", _overwritten),
))


def _blame_block(kernels: Shapes, vectors: Shapes, channels_in: int, channels_out: int, stride: int,
                 option: Option) -> str | None:
    right = _block_shapes(channels_in, channels_out, stride, option)
    projects = len(right) == 9
    first, second = right[:2]
    if kernels[:1] != [first] and kernels[:1] == [[channels_in, channels_out, 3, 3]]:
        return "A convolution is nn.Conv2d(in, out, 3): channels_in come in, channels_out go out."
    if kernels[:2] != [first, second] and (kernels[:2] == [first, [channels_out, channels_in, 3, 3]]
                                           or kernels[:1] == [[channels_in, channels_in, 3, 3]]):
        return "The first convolution goes from channels_in to channels_out; the second keeps channels_out."
    if any(shape[2:] == [1, 1] for shape in kernels[:2]) and any(shape[2:] == [3, 3] for shape in kernels[2:]):
        return "The layers of the shortcut come last in __init__: first the two convolutions, then the shortcut."
    if not projects and len(kernels) > 2:
        if option == "B":
            return ("Where the shape stays, the shortcut is the input itself, with option B too: a 1 x 1 convolution "
                    "stands only where stride or channels change.")
        return f"With option {option!r} the shortcut has no parameters: no layer of its own."
    if projects and len(kernels) == 2:
        if stride != 1 and channels_in == channels_out:
            return "The stride changes the shape too: option B needs its 1 x 1 convolution here as well."
        return "With option B a 1 x 1 convolution is the shortcut where the shape changes."
    if projects and len(kernels) == 3 and kernels[2][2:] != [1, 1]:
        return "The convolution of option B's shortcut is 1 x 1."
    if len(vectors) == 0:
        return "Each convolution is followed by its own nn.BatchNorm2d."
    if len(vectors) == 3 * len(kernels):
        return "The convolutions have biases, which the batch norms behind them take away again: bias=False."
    if len(vectors) == 2:
        return ("Each convolution is followed by a batch norm of its own, with two vectors. One cannot serve both, for "
                "each learns its own numbers and keeps its own statistics.")
    if projects and len(vectors) == 7:
        return "The 1 x 1 convolution of the shortcut has no bias either."
    if projects and len(vectors) == 4:
        return "The 1 x 1 convolution of the shortcut is followed by a batch norm of its own."
    return None


def _explain_block(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and "must match the size" in found.sentence:
        return ("f(X) and the shortcut have different shapes. The first convolution takes the stride, both pad by 1; "
                "the shortcut goes from X itself, takes the stride too, and has channels_out channels.")
    if found.rung == "shape" and found.got is not None and found.got.ndim == 4:
        if found.got.shape[1] == case["channels_in"] + case["channels_out"]:
            return "The two are concatenated, which DenseNet does; a residual block adds them."
        if found.got.shape[2:] != found.want.shape[2:]:
            return "Both convolutions pad by 1, the first one takes the stride, and so does the shortcut."
    if found.rung == "values":
        return ("In order: convolution (stride), batch norm, ReLU, convolution, batch norm, then add the shortcut, "
                "then ReLU. The weights were put in in the order in which __init__ makes the layers.")
    return _explain_layers(found, case)


def _block_case(rng: Generator, shape: tuple[int, int, int, int], channels_out: int, stride: int,
                option: Option) -> Case:
    arguments = {"channels_in": shape[1], "channels_out": channels_out, "stride": stride, "option": option}
    return {"x": rng.normal(size=shape), "weights": _random_weights(rng, _block_shapes(*arguments.values())),
            **arguments}


def _block_cases(rng: Generator) -> Iterator[Case]:
    for shape, channels_out, stride, option in (
            ((2, 3, 5, 4), 3, 1, "A"), ((2, 4, 6, 8), 4, 2, "A"), ((3, 2, 7, 6), 5, 2, "A"), ((2, 3, 4, 4), 6, 1, "A"),
            ((2, 2, 7, 4), 3, 2, "B"), ((3, 3, 4, 3), 5, 1, "B"), ((2, 3, 5, 5), 3, 2, "B"), ((2, 4, 3, 5), 4, 1, "B"),
            ((2, 3, 6, 5), 3, 1, None), ((2, 2, 5, 6), 4, 2, None)):
        yield _block_case(rng, shape, channels_out, stride, option)


def _nothing_to_add(call: Callable, rng: Generator) -> Iterator[Claim]:
    """With a last batch norm of zeros f is 0, and the block hands its input on."""
    case = _block_case(rng, (2, 3, 4, 5), 3, 1, "A")
    case["weights"][-2:] = [np.zeros(3), np.zeros(3)]
    yield Claim("When the second batch norm multiplies by 0 and adds 0, f(X) is 0, and the block must give the ReLU of "
                "its input.", call(*case.values()), np.maximum(case["x"], 0), {"x": case["x"]},
                ("the block whose f is 0", "the ReLU of x"))


BasicBlock = WeightsCheck(
    call="BasicBlock(channels_in, channels_out, stride=1, option='A')",
    reference=_basic_block,
    example={"x": np.array([[[[4.0, -3.0], [1.0, 2.0]]]]),
             "weights": [np.array([[[[0, 0, 0], [0, 2, 0], [0, 0, 0]]]], dtype=float),
                         np.array([[[[0, 0, 0], [0, -1, 0], [0, 0, 0]]]], dtype=float),
                         np.array([1.0]), np.array([0.5]), np.array([2.0]), np.array([-0.25])],
             "channels_in": 1, "channels_out": 1, "stride": 1, "option": "A"},
    cases=_block_cases,
    properties=(_nothing_to_add,),
    mistakes=BLOCK_MISTAKES,
    explain=_explain_block,
    writes=lambda case: ("BasicBlock({channels_in}, {channels_out}, stride={stride}, option={option!r})(x)"
                         .format(**case)),
    shapes=_block_shapes,
    blame=_blame_block,
    covers=("the weights", "a block that adds nothing"),
)


# ---------------------------------------------------------------------------------------------- resnet_cifar

@dataclass(frozen=True)
class Plan:
    """A network of three stages, and the slips that one can make in building it."""

    strides: tuple[int, int, int] = (1, 2, 2)  # of the first block of each stage
    others: tuple[int, int, int] = (1, 1, 1)  # of the other blocks
    stem_relu: Callable = F.relu
    stem_norm: Callable = _normalised
    pool: Callable = _same  # behind the stem
    head: Callable = lambda X: X.mean((2, 3))
    last: Callable = _same
    option: Callable = lambda option: option  # what the blocks are told


def _resnet(x: Array, weights: list[Array], depth: int, option: Option, width: int, channels: int, classes: int,
            plan: Plan | None = None) -> Array:
    plan = plan or Plan()
    kernels, vectors = _tensors(weights)
    X = plan.stem_relu(plan.stem_norm(F.conv2d(torch.from_numpy(x), next(kernels), padding=1), vectors))
    X = plan.pool(X)
    for first, other in zip(plan.strides, plan.others, strict=True):
        for block in range((depth - 2) // 6):
            X = _block(X, kernels, vectors, other if block else first, plan.option(option))
    return plan.last(F.linear(plan.head(X), next(kernels), next(vectors))).numpy()


def _resnet_shapes(depth: int, option: Option, width: int, channels: int, classes: int) -> Shapes:
    kernels, vectors = [[width, channels, 3, 3]], [[width]] * 2
    before = width
    for stage in range(3):
        after = width * 2**stage
        for block in range((depth - 2) // 6):
            shapes = _block_shapes(before, after, 2 if stage and not block else 1, option)
            kernels += [shape for shape in shapes if len(shape) > 1]
            vectors += [shape for shape in shapes if len(shape) == 1]
            before = after
    return [*kernels, [classes, before], *vectors, [classes]]


def _planned(**slips: object) -> Callable:
    return lambda *case: _resnet(*case, plan=Plan(**slips))


RESNET_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The maps keep their size all the way: the first block of the second stage and of the third has stride 2.",
     _planned(strides=(1, 1, 1))),
    ("The first stage keeps the full size; yours begins with stride 2.", _planned(strides=(2, 2, 2))),
    ("The third stage keeps the size of the second: it begins with stride 2 as well.", _planned(strides=(1, 2, 1))),
    ("The second stage keeps the size of the first: it begins with stride 2 as well.", _planned(strides=(1, 1, 2))),
    ("Every block of the later stages has stride 2; only the first block of a stage halves the maps.",
     lambda *case: _resnet(*case, plan=Plan(others=(1, 2, 2))) if case[2] > 8 and case[3] != "B" else NotImplemented),
    ("The ReLU behind the first convolution is missing.", _planned(stem_relu=_same)),
    ("The batch norm behind the first convolution is made, but not used.", _planned(stem_norm=_not_normalised)),
    ("A pool follows the first convolution. That is how ResNet begins on ImageNet; for the small pictures of CIFAR "
     "there is none.", _planned(pool=lambda X: F.max_pool2d(X, 3, 2, 1))),
    ("A pool follows the first convolution; there is none here.", _planned(pool=lambda X: F.max_pool2d(X, 2))),
    ("The head takes the maximum of each map; take the mean.", _planned(head=lambda X: X.amax((2, 3)))),
    ("The head takes the sum of each map; take the mean.", _planned(head=lambda X: X.sum((2, 3)))),
    ("Your network ends with a softmax. F.cross_entropy has one inside: return the logits as they are.",
     _planned(last=lambda X: X.softmax(1))),
    ("The last layer has a ReLU behind it, so no logit can be negative: return the logits as they are.",
     _planned(last=F.relu)),
    ("Your blocks are told nothing of the option, and take A: hand it on to each BasicBlock.",
     lambda *case: _resnet(*case, plan=Plan(option=lambda option: "A")) if case[3] is None else NotImplemented),
    ("The first block of a stage has no shortcut; every block gets the option.",
     lambda *case: NotImplemented if case[3] != "A" else _resnet_without_first(*case)),
))


def _resnet_without_first(*case: object) -> Array:
    """A network whose first blocks of the stages 2 and 3 are plain."""
    x, weights, depth, option, *_ = case
    kernels, vectors = _tensors(weights)
    X = F.relu(_normalised(F.conv2d(torch.from_numpy(x), next(kernels), padding=1), vectors))
    for stage in range(3):
        for block in range((depth - 2) // 6):
            first = bool(stage) and not block
            X = _block(X, kernels, vectors, 2 if first else 1, None if first else option)
    return F.linear(X.mean((2, 3)), next(kernels), next(vectors)).numpy()


def _blame_resnet(kernels: Shapes, vectors: Shapes, depth: int, option: Option, width: int, channels: int,
                  classes: int) -> str | None:
    right = [shape for shape in _resnet_shapes(depth, option, width, channels, classes) if len(shape) > 1]
    blocks = (depth - 2) // 6
    convolutions = sum(shape[2:] == [3, 3] for shape in kernels)
    sides = kernels[0][2:] if kernels else []
    if len(kernels) <= 2:
        return ("Where are the blocks? A plain Python list hides its layers from PyTorch: unpack it into "
                "nn.Sequential(*blocks).")
    if sides and sides != [3, 3]:
        return ("The first convolution is 3 x 3: pictures are small here. (On ImageNet it is 7 x 7, with stride 2 and "
                "a pool behind it.)")
    if kernels[0][1:2] != [channels]:
        return f"The first convolution takes the channels of the pictures, here {channels}."
    if kernels[0][0] != width:
        return f"The first convolution makes `width` maps, here {width}."
    if convolutions != depth - 1:
        if convolutions == 1 + 12 * blocks:
            return f"A block has two convolutions: (depth - 2) / 6 blocks in each of three stages, here {blocks}."
        if convolutions == 1 + 6 * (blocks - 1) and blocks > 1:
            return f"The first block of a stage is one of its (depth - 2) / 6 = {blocks} blocks."
        if convolutions == 1 + 6 * (blocks + 1):
            return f"The first block of a stage is one of its (depth - 2) / 6 = {blocks} blocks, and not one more."
        return (f"Depth {depth} means {depth - 2} convolutions in the blocks, 2 for each block, in three stages: "
                f"{blocks} in each.")
    if len(kernels) != len(right):
        if option == "B" and len(kernels) > len(right):
            return ("A block got a 1 x 1 convolution whose shape should stay: only the first blocks of the second and "
                    "of the third stage have stride 2, and wider maps.")
        if option == "B":
            return "Hand the option on to each BasicBlock: B has a 1 x 1 convolution where the shape changes."
        return "Hand the option on to each BasicBlock: only B has 1 x 1 convolutions."
    if kernels[-1][0] != classes and len(kernels[-1]) == 2:
        return f"The last layer gives one logit for each class, here {classes}."
    if kernels[:-1] != right[:-1]:
        return "The three stages have width, 2 * width and 4 * width channels; the first block of a stage widens them."
    if kernels[-1] != right[-1] and len(kernels[-1]) == 2:
        return "The head takes the mean of each map: as many numbers as the third stage has channels, 4 * width."
    if len(vectors) == len(_resnet_shapes(depth, option, width, channels, classes)) - len(right) + 1:
        return "The first convolution has a bias, which the batch norm behind it takes away again: bias=False."
    if len(vectors) == len(_resnet_shapes(depth, option, width, channels, classes)) - len(right) - 2:
        return "The first convolution is followed by a batch norm too."
    return "Batch norm follows each convolution, which has no bias; the linear layer has one."


def _explain_resnet(found: Difference, case: Case) -> str | None:
    if found.rung == "run" and "shapes cannot be multiplied" in found.sentence:
        return ("The linear layer gets another shape than it was made for. Take the mean of each map, and flatten: "
                "nn.AdaptiveAvgPool2d(1), nn.Flatten().")
    if found.rung == "run" and "Output size is too small" in found.sentence:
        return ("AvgPool2d(8) fits pictures of 32 x 32 only; nn.AdaptiveAvgPool2d(1) takes the mean of maps of any "
                "size.")
    if found.rung == "shape":
        return "One row of logits for each picture: (N, classes)."
    if found.rung == "values":
        return ("The weights have the right shapes, so look at what lies between them: strides, the ReLU behind the "
                "first convolution, the mean over each map. And does your BasicBlock pass its own check?")
    return _explain_layers(found, case)


def _resnet_case(rng: Generator, shape: tuple[int, int, int, int], depth: int, option: Option, width: int,
                 classes: int) -> Case:
    arguments = {"depth": depth, "option": option, "width": width, "channels": shape[1], "classes": classes}
    return {"x": rng.normal(size=shape), "weights": _random_weights(rng, _resnet_shapes(*arguments.values())),
            **arguments}


def _resnet_cases(rng: Generator) -> Iterator[Case]:
    for shape, depth, option, width, classes in (
            ((2, 3, 8, 8), 14, "A", 4, 10), ((3, 1, 9, 11), 8, "B", 2, 4), ((2, 2, 12, 8), 20, "A", 3, 5),
            ((2, 3, 8, 10), 14, None, 2, 3), ((2, 1, 8, 8), 14, "B", 3, 10)):
        yield _resnet_case(rng, shape, depth, option, width, classes)


resnet_cifar = WeightsCheck(
    call="resnet_cifar(depth, option='A', width=16, channels=3, classes=10)",
    reference=_resnet,
    example=_resnet_case(np.random.default_rng(0), (2, 1, 8, 8), 8, "A", 2, 3),
    cases=_resnet_cases,
    mistakes=RESNET_MISTAKES,
    explain=_explain_resnet,
    writes=lambda case: ("resnet_cifar({depth}, {option!r}, width={width}, channels={channels}, classes={classes})(x)"
                         .format(**case)),
    shapes=_resnet_shapes,
    blame=_blame_resnet,
    covers=("the weights", "plain and residual, options A and B"),
)


# ------------------------------------------------------------------------------------------------ DenseLayer

def _dense_layer(x: Array, weights: list[Array], channels: int, growth: int, bottleneck: bool, *,
                 relu: Callable = F.relu, second: Callable | None = None, norm: Callable = _normalised,
                 join: Callable | None = None) -> Array:
    """X and the new maps; the keywords are its slips. `second` is the bottleneck's second ReLU."""
    kernels, vectors = _tensors(weights)
    X = torch.from_numpy(x)
    Y = relu(norm(X, vectors))
    if bottleneck:
        Y = (second or relu)(norm(F.conv2d(Y, next(kernels)), vectors))
    Y = F.conv2d(Y, next(kernels), padding=1)
    return (join(X, Y) if join else torch.cat([X, Y], 1)).numpy()


def _dense_shapes(channels: int, growth: int, bottleneck: bool) -> Shapes:
    if bottleneck:
        return [[4 * growth, channels, 1, 1], [growth, 4 * growth, 3, 3], *[[channels]] * 2, *[[4 * growth]] * 2]
    return [[growth, channels, 3, 3], *[[channels]] * 2]


def _dense(**slips: object) -> Callable:
    return lambda *case: _dense_layer(*case, **slips)


def _conv_first(x: Array, weights: list[Array], channels: int, growth: int, bottleneck: bool) -> Array:
    """Convolution, batch norm, ReLU, where the shapes allow it."""
    if bottleneck or channels != growth:
        return NotImplemented
    kernels, vectors = _tensors(weights)
    X = torch.from_numpy(x)
    return torch.cat([X, F.relu(_normalised(F.conv2d(X, next(kernels), padding=1), vectors))], 1).numpy()


DENSE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The new maps come first; here they come behind those that were there: torch.cat([X, Y], dim=1).",
     _dense(join=lambda X, Y: torch.cat([Y, X], 1))),
    ("The layer returns its new maps alone: hand on what was there as well, torch.cat([X, Y], dim=1).",
     _dense(join=lambda X, Y: Y)),
    ("The layer adds, as a residual block does; DenseNet concatenates: torch.cat([X, Y], dim=1).",
     _dense(join=torch.add)),
    ("What was there is handed on changed; DenseNet hands on X as it came, before batch norm and ReLU.",
     _dense(join=lambda X, Y: torch.cat([F.relu(X), Y], 1))),
    ("The ReLU is missing: batch norm, ReLU, convolution.", _dense(relu=_same)),
    ("The second ReLU of the bottleneck is missing: batch norm, ReLU, convolution, twice.",
     lambda *case: _dense_layer(*case, second=_same) if case[4] else NotImplemented),
    ("Batch norm is made, but not used: it comes first, before the ReLU.", _dense(norm=_not_normalised)),
    ("The new maps end in a ReLU; the layer ends with the convolution.",
     _dense(join=lambda X, Y: torch.cat([X, F.relu(Y)], 1))),
    ("The order is batch norm, ReLU, convolution; in your layer the convolution comes first.", _conv_first),
    ("X and the new maps are concatenated along the wrong axis: channels are dim=1.",
     _dense(join=lambda X, Y: torch.cat([X, Y], 2))),
    ("X and the new maps are concatenated along the wrong axis: channels are dim=1.",
     _dense(join=lambda X, Y: torch.cat([X, Y], 0))),
))


def _blame_dense(kernels: Shapes, vectors: Shapes, channels: int, growth: int, bottleneck: bool) -> str | None:
    if kernels == _dense_shapes(channels, growth, bottleneck)[:1 + bottleneck]:
        pass
    elif not bottleneck:
        if [growth, channels, 3, 3] in kernels and len(kernels) > 1 or kernels[:1] == [[4 * growth, channels, 1, 1]]:
            return "Only with bottleneck=True a 1 x 1 convolution goes before."
        if kernels == [[channels, channels, 3, 3]] or kernels == [[channels + growth, channels, 3, 3]]:
            return "The convolution makes `growth` new maps; the others are handed on by concatenation."
        if kernels == [[growth, channels, 1, 1]]:
            return "The convolution is 3 x 3; 1 x 1 is the bottleneck before it."
    elif kernels == [[growth, channels, 3, 3]]:
        return ("With bottleneck=True a 1 x 1 convolution to 4 * growth maps goes before, with batch norm and ReLU of "
                "its own.")
    elif kernels[:1] == [[4 * channels, channels, 1, 1]]:
        return "The bottleneck makes 4 * growth maps, and not 4 * channels."
    elif kernels[:1] == [[growth, channels, 1, 1]]:
        return "The bottleneck makes 4 * growth maps, and the 3 x 3 convolution makes `growth` of them."
    elif kernels[:1] == [[4 * growth, channels, 3, 3]] or kernels[:1] == [[growth, channels, 3, 3]]:
        return "The 1 x 1 convolution comes before the 3 x 3 one: it makes the latter's input small."
    if len(vectors) == 3 * (1 + bottleneck):
        return "The convolutions have no bias: bias=False."
    if vectors and vectors[0] == [growth] and channels != growth:
        return "Batch norm comes first, on the channels that come in: batch norm, ReLU, convolution."
    if not vectors:
        return "Batch norm comes before each convolution."
    if bottleneck and len(vectors) == 2:
        return "Each of the two convolutions has a batch norm and a ReLU before it."
    if bottleneck and vectors[2:3] == [[growth]]:
        return ("The second batch norm works on the 4 * growth maps of the bottleneck: batch norm, ReLU, convolution, "
                "twice.")
    return None


def _explain_dense(found: Difference, case: Case) -> str | None:
    unpadded = "Sizes of tensors must match", "Kernel size can't be greater"
    if found.rung == "run" and any(words in found.sentence for words in unpadded):
        return "The 3 x 3 convolution pads by 1, so that rows and columns stay; then the maps fit beside each other."
    if found.rung == "run" and "running_mean should contain" in found.sentence:
        return ("A batch norm got another number of channels than it was made for: it comes before its convolution, on "
                "the channels that come in.")
    if found.rung == "shape":
        return f"{case['channels']} channels come in, {case['growth']} are new, and all of them go out."
    if found.rung == "values":
        return "In order: batch norm, ReLU, convolution (twice with the bottleneck), then torch.cat([X, Y], dim=1)."
    return _explain_layers(found, case)


def _dense_case(rng: Generator, shape: tuple[int, int, int, int], growth: int, bottleneck: bool) -> Case:
    arguments = {"channels": shape[1], "growth": growth, "bottleneck": bottleneck}
    return {"x": rng.normal(size=shape), "weights": _random_weights(rng, _dense_shapes(*arguments.values())),
            **arguments}


def _dense_cases(rng: Generator) -> Iterator[Case]:
    for shape, growth, bottleneck in (((2, 3, 4, 5), 2, False), ((3, 4, 5, 3), 4, False), ((2, 5, 4, 4), 3, True),
                                      ((2, 2, 3, 6), 2, True), ((1, 1, 6, 4), 5, False)):
        yield _dense_case(rng, shape, growth, bottleneck)


DenseLayer = WeightsCheck(
    call="DenseLayer(channels, growth, bottleneck=False)",
    reference=_dense_layer,
    example={"x": np.array([[[[4.0, -2.0], [1.0, 0.0]]]]),
             "weights": [np.array([[[[0, 0, 0], [0, 3, 0], [0, 0, 0]]]], dtype=float), np.array([1.0]),
                         np.array([0.5])], "channels": 1, "growth": 1, "bottleneck": False},
    cases=_dense_cases,
    mistakes=DENSE_MISTAKES,
    explain=_explain_dense,
    writes=lambda case: "DenseLayer({channels}, {growth}, bottleneck={bottleneck})(x)".format(**case),
    shapes=_dense_shapes,
    blame=_blame_dense,
    covers=("the weights", "with and without the bottleneck"),
)


# -------------------------------------------------------------------------------------- densenet_param_count

def _densenet_params(depth: int, growth: int, bottleneck: bool, classes: int, *, start: int | None = None,
                     per_block: int | None = None, stem_norm: bool = False, layer_norm: int = 2, narrow: int = 4,
                     between_norm: int = 2, transitions: int = 2, last_norm: int = 2, head_bias: bool = True,
                     keep: float | None = None, half: Callable = lambda maps: maps // 2, grows: bool = True,
                     kernel: int = 9, biases: bool = False, stem: bool = True, transition_kernel: int = 1) -> int:
    """The parameters of a DenseNet for CIFAR; the keywords are the slips."""
    layers = per_block or (depth - 4) // (6 if bottleneck else 3)
    channels = start or (2 * growth if bottleneck else 16)
    count = stem * 3 * channels * 9 + (2 * channels if stem_norm else 0) + biases * channels
    for block in range(3):
        for _ in range(layers):
            wide = channels
            if bottleneck:
                count += layer_norm * channels + channels * narrow * growth + biases * narrow * growth
                wide = narrow * growth
            count += layer_norm * wide + wide * growth * kernel + biases * growth
            channels += growth if grows else 0
        if block < transitions:
            after = int(channels * keep) if keep else half(channels) if bottleneck else channels
            count += between_norm * channels + channels * after * transition_kernel + biases * after
            channels = after
    return count + last_norm * channels + (channels + head_bias) * classes


def _counted(**slips: object) -> Callable:
    return lambda *case: _densenet_params(*case, **slips)


def _with_bottleneck(**slips: object) -> Callable:
    """A slip that only a DenseNet-BC shows."""
    return lambda *case: _densenet_params(*case, **slips) if case[2] else NotImplemented


COUNT_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Batch norms are left out everywhere: each has two numbers for each of its channels.",
     _counted(layer_norm=0, between_norm=0, last_norm=0)),
    ("The batch norm behind the last block is missing.", _counted(last_norm=0)),
    ("The batch norms of the transitions are missing.", _counted(between_norm=0)),
    ("The batch norms of the layers are missing.", _counted(layer_norm=0)),
    ("A batch norm has two parameters for each channel, gamma and beta, and yours has one.",
     _counted(layer_norm=1, between_norm=1, last_norm=1)),
    ("A batch norm has two parameters for each channel. Its running mean and running variance are kept, but not "
     "learned, and do not count.", _counted(layer_norm=4, between_norm=4, last_norm=4)),
    ("A transition follows the third block too; there are two, each between two blocks.", _counted(transitions=3)),
    ("The transitions are missing: between two blocks lie a batch norm and a 1 x 1 convolution.",
     _counted(transitions=0)),
    ("The convolutions of the transitions are 1 x 1, and yours are 3 x 3.", _counted(transition_kernel=9)),
    ("The first convolution is missing: 3 * channels * 9.", _counted(stem=False)),
    ("The first convolution has no batch norm in the networks for CIFAR.", _counted(stem_norm=True)),
    ("The last layer has a bias for each class.", _counted(head_bias=False)),
    ("The convolutions have no biases.", _counted(biases=True)),
    ("The channels do not grow: after each layer there are `growth` more of them, and the next layer reads them all.",
     _counted(grows=False)),
    ("The first convolution makes 16 maps only without the bottleneck; with it, it makes 2 * growth.",
     _with_bottleneck(start=16)),
    ("The first convolution makes 2 * growth maps only with the bottleneck; without it, it makes 16.",
     lambda *case: NotImplemented if case[2] else _densenet_params(*case, start=2 * case[1])),
    ("With the bottleneck a transition keeps half of its channels.", _with_bottleneck(keep=1)),
    ("Half of the maps is rounded down: channels // 2.", _with_bottleneck(half=lambda maps: -(-maps // 2))),
    ("Half of the maps is rounded down: channels // 2. But round(6.5) is 6, and round(7.5) is 8.",
     _with_bottleneck(half=lambda maps: round(maps / 2))),
    ("Only with the bottleneck a transition keeps half of its channels; without it, it keeps all.",
     lambda *case: NotImplemented if case[2] else _densenet_params(*case, keep=0.5)),
    ("With the bottleneck a layer has two convolutions, so a block has half as many layers: (depth - 4) / 6.",
     lambda *case: _densenet_params(*case, per_block=(case[0] - 4) // 3) if case[2] else NotImplemented),
    ("The bottleneck makes 4 * growth maps, and yours makes `growth`.", _with_bottleneck(narrow=1)),
    ("A block has (depth - 4) / 3 layers, and (depth - 4) / 6 with the bottleneck: of the depth, four belong to the "
     "first convolution, the two transitions and the last layer.",
     lambda *case: _densenet_params(*case, per_block=case[0] // (6 if case[2] else 3))),
    ("The number of classes is not always 10.",
     lambda depth, growth, bottleneck, classes: _densenet_params(depth, growth, bottleneck, 10)
     if classes != 10 else NotImplemented),
))


def _explain_count(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return WHOLE
    depth, growth, bottleneck, classes = case.values()
    layers = (depth - 4) // (6 if bottleneck else 3)
    channels = 2 * growth if bottleneck else 16
    told = [f"{channels} channels go into the first block of {layers} layers"]
    for block in range(3):
        channels += layers * growth
        told.append(f"{channels} come out of block {block + 1}")
        if bottleneck and block < 2:
            channels //= 2
            told.append(f"{channels} of the transition")
    return f"Channel by channel: {', '.join(told)}."


def _count_cases(rng: Generator) -> Iterator[Case]:
    drawn = [(4 + layers * int(rng.integers(2, 9)), int(rng.integers(3, 20)), layers == 6, int(rng.integers(2, 9)))
             for layers in (6, 3)]
    for depth, growth, bottleneck, classes in (
            (40, 12, False, 10), (16, 6, True, 7), (100, 12, True, 10), (13, 5, False, 3), (10, 5, True, 4), *drawn):
        yield {"depth": depth, "growth": growth, "bottleneck": bottleneck, "classes": classes}


densenet_param_count = CountCheck(
    call="densenet_param_count(depth, growth, bottleneck=False, classes=10)",
    reference=_densenet_params,
    example={"depth": 10, "growth": 4, "bottleneck": False, "classes": 10},
    cases=_count_cases,
    mistakes=COUNT_MISTAKES,
    explain=_explain_count,
)


# --------------------------------------------------------------------------------------------------- SEBlock

def _gates(X: Tensor, first: Tensor, second: Tensor, *, squeeze: Callable = lambda X: X.mean((2, 3)),
           inner: Callable = F.relu, gate: Callable = torch.sigmoid) -> Tensor:
    return gate(F.linear(inner(F.linear(squeeze(X), first)), second))


def _se_block(x: Array, weights: list[Array], channels: int, reduction: int, *,
              join: Callable = lambda X, gates: X * gates[:, :, None, None], **slips: object) -> Array:
    X = torch.from_numpy(x)
    return join(X, _gates(X, *(torch.from_numpy(weight) for weight in weights), **slips)).numpy()


def _se(**slips: object) -> Callable:
    return lambda *case: _se_block(*case, **slips)


SE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Those are the gates, one for each channel; the block multiplies X by them.", _se(join=lambda X, gates: gates)),
    ("The gates are added to the maps; they multiply them.",
     _se(join=lambda X, gates: X + gates[:, :, None, None])),
    ("X is added once more, as in a residual block; here each channel is multiplied by its gate, and that is all.",
     _se(join=lambda X, gates: X + X * gates[:, :, None, None])),
    ("The sigmoid is missing: a gate lies between 0 and 1.", _se(gate=_same)),
    ("The gates went through a softmax, so that the channels compete; a sigmoid judges each by itself.",
     _se(gate=lambda X: X.softmax(1))),
    ("The gates went through a tanh, which may be negative; take a sigmoid.", _se(gate=torch.tanh)),
    ("The gates went through a ReLU; take a sigmoid.", _se(gate=F.relu)),
    ("The ReLU between the two linear layers is missing.", _se(inner=_same)),
    ("Between the two linear layers stands a sigmoid; take a ReLU.", _se(inner=torch.sigmoid)),
    ("The squeeze takes the maximum of each map; take the mean.", _se(squeeze=lambda X: X.amax((2, 3)))),
    ("The squeeze takes the sum of each map; take the mean.", _se(squeeze=lambda X: X.sum((2, 3)))),
    ("The squeeze averages over the pictures as well: every picture has gates of its own.",
     _se(squeeze=lambda X: X.mean((0, 2, 3))[None].expand(len(X), -1))),
    ("The gates multiply the squeezed numbers; they multiply the maps.",
     _se(join=lambda X, gates: X.mean((2, 3)) * gates)),
))


def _blame_se(kernels: Shapes, vectors: Shapes, channels: int, reduction: int) -> str | None:
    hidden = channels // reduction
    if vectors:
        return "In this exercise neither layer has a bias: bias=False."
    if kernels[:1] == [[channels, channels]]:
        return "The first layer squeezes: channels // reduction units."
    if kernels[:1] == [[channels, hidden]] and channels != hidden:
        return "A linear layer is nn.Linear(in, out): first channels -> channels // reduction, then back."
    if kernels[:1] == [[reduction, channels]] and reduction != hidden:
        return "The first layer has channels // reduction units, and not `reduction`."
    if kernels[:1] == [[channels // 16, channels]] and reduction != 16:
        return "reduction need not be 16."
    if len(kernels) == 1:
        return "There are two layers: channels -> channels // reduction -> channels."
    return None


def _explain_se(found: Difference, case: Case) -> str | None:
    said = found.sentence
    if found.rung == "run" and "cannot be multiplied" in said:
        return "The squeeze is the mean over rows and columns, X.mean((2, 3)), of shape (N, C)."
    if found.rung == "run" and "must match the size" in said:
        return ("The mean over rows and columns has shape (N, C), and so have the gates; to multiply X (N, C, H, W) "
                "they need two axes more, gates[:, :, None, None].")
    if found.rung == "run" and "is invalid for input of size" in said:
        return "Both layers are fully connected, nn.Linear; a 1 x 1 convolution does the same."
    if found.rung == "shape":
        return "The block changes no shape: every channel is multiplied by one number."
    if found.rung == "values":
        return "In order: mean of each map, linear, ReLU, linear, sigmoid, and X times that."
    return _explain_layers(found, case)


def _se_case(rng: Generator, shape: tuple[int, int, int, int], reduction: int) -> Case:
    hidden = shape[1] // reduction
    return {"x": rng.normal(1, 2, shape), "weights": [rng.normal(size=(hidden, shape[1])),
                                                      rng.normal(size=(shape[1], hidden))],
            "channels": shape[1], "reduction": reduction}


def _se_cases(rng: Generator) -> Iterator[Case]:
    for shape, reduction in (((2, 6, 3, 4), 2), ((3, 8, 5, 2), 4), ((1, 32, 2, 2), 16), ((2, 9, 1, 3), 3)):
        yield _se_case(rng, shape, reduction)


SEBlock = WeightsCheck(
    call="SEBlock(channels, reduction=16)",
    reference=_se_block,
    example={"x": np.array([[[[4.0, 0.0, 2.0], [2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0], [-4.0, 8.0, 2.0]]]]),
             "weights": [np.array([[1.0, -0.5]]), np.array([[1.0], [-2.0]])], "channels": 2, "reduction": 2},
    cases=_se_cases,
    mistakes=SE_MISTAKES,
    explain=_explain_se,
    writes=lambda case: "SEBlock({channels}, reduction={reduction})(x)".format(**case),
    shapes=lambda channels, reduction: [[channels // reduction, channels], [channels, channels // reduction]],
    blame=_blame_se,
    covers=("the weights",),
)
