"""The checks of notebook 04 that are about lists of layers: shapes, multiply-adds, activations (slides 15-16, 29).

A layer is a tuple, as students write it: ("conv", maps, k, stride, padding), ("pool", size) or ("dense", units).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np

from course_lib import geometry
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, FunctionCheck, Mistake

Generator = np.random.Generator
Layers = list[tuple]


def _course_layers(layers: Layers) -> list[geometry.Layer]:
    """The student's tuples as the layers of course_lib.geometry."""
    made: list[geometry.Layer] = []
    for kind, *numbers in layers:
        if kind == "dense":
            made += [geometry.Flatten(), geometry.Linear(*numbers)]
        else:
            made.append({"conv": geometry.Conv, "pool": geometry.Pool}[kind](*numbers))
    return made


def layer_costs(layers: Layers, shape: tuple) -> list[tuple[tuple, tuple, int, int]]:
    """For each of the student's layers: the shapes of its input and output, its multiply-adds, its parameters."""
    rows, shape = [], tuple(shape)
    for layer in layers:
        costs = geometry.costs(_course_layers([layer]), shape)
        rows.append((shape, costs[-1].shape, sum(one.macs for one in costs), sum(one.parameters for one in costs)))
        shape = costs[-1].shape
    return rows


def _output_shape(layer: tuple, shape: tuple) -> tuple:
    return layer_costs([layer], shape)[0][1]


def _for(kind: str, wrong: Callable) -> Callable:
    """A mistake in one kind of layer; `wrong` takes the layer's numbers and the shape."""
    return lambda layer, shape: wrong(*layer[1:], shape=shape) if layer[0] == kind else NotImplemented


def _conv_shape(k: int, stride: int, padding: int, maps: int, shape: tuple) -> tuple:
    return _output_shape(("conv", maps, k, stride, padding), shape)


SHAPE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("A convolution has as many maps as kernels w[c_o]: the first number of the layer, not the channels of its "
     "input.",
     _for("conv", lambda maps, k, s, p, shape: _conv_shape(k, s, p, shape[0], shape))),
    ("The stride of the convolution is ignored.",
     _for("conv", lambda maps, k, s, p, shape: _conv_shape(k, 1, p, maps, shape))),
    ("The padding of the convolution is ignored.",
     _for("conv", lambda maps, k, s, p, shape: _conv_shape(k, s, 0, maps, shape) if p else NotImplemented)),
    ("The padding lies on both sides, so it counts twice.",
     _for("conv", lambda maps, k, s, p, shape: (
         maps, *((side + p - k) // s + 1 for side in shape[1:])) if p else NotImplemented)),
    ("The + 1 is missing: the first place counts too.",
     _for("conv", lambda maps, k, s, p, shape: (maps, *((side + 2 * p - k) // s for side in shape[1:])))),
    ("Round down: there are no half windows.",
     _for("conv", lambda maps, k, s, p, shape: (maps, *(-((k - side - 2 * p) // s) + 1 for side in shape[1:])))),
    ("Rows and columns changed places.",
     _for("conv", lambda maps, k, s, p, shape: (_conv_shape(k, s, p, maps, (*shape[:1], *shape[:0:-1]))))),
    ("The channels belong in front: (C, H, W).",
     _for("conv", lambda maps, k, s, p, shape: (*_conv_shape(k, s, p, maps, shape)[1:], maps))),
    ("Stride and padding changed places: a layer is (\"conv\", maps, k, stride, padding).",
     _for("conv", lambda maps, k, s, p, shape: _conv_shape(k, p, s, maps, shape) if p else NotImplemented)),
    ("Pooling keeps the number of channels.",
     _for("pool", lambda size, shape: (size, *(side // size for side in shape[1:])))),
    ("The windows of a pooling lie side by side: its stride is its size.",
     _for("pool", lambda size, shape: (shape[0], *(side - size + 1 for side in shape[1:])))),
    ("Pooling rounds down: a window that does not fit is dropped.",
     _for("pool", lambda size, shape: (shape[0], *(-(-side // size) for side in shape[1:])))),
    ("Pooling is not ignored: it divides the sides.",
     _for("pool", lambda size, shape: tuple(shape))),
    ("The pooling halves the sides whatever its size is.",
     _for("pool", lambda size, shape: (shape[0], *(side // 2 for side in shape[1:])) if size != 2
          else NotImplemented)),
    ("A dense layer answers with one row of numbers: the shape is (units,), with the comma.",
     _for("dense", lambda units, shape: units)),
    ("A dense layer answers with one row of numbers: the shape is (units,), without axes of length 1.",
     _for("dense", lambda units, shape: (units, 1, 1))),
    ("A dense layer mixes everything: only its units are left, and no channels or sides.",
     _for("dense", lambda units, shape: (units, *shape[1:]))),
    ("That is what goes into the dense layer; its output has as many numbers as it has units.",
     _for("dense", lambda units, shape: (prod(shape),))),
))


def _explain_shape(found: Difference, case: Case) -> str | None:
    if found.rung == "type":
        return "A shape is a tuple, for instance (4, 24, 24)."
    kind = case["layer"][0]
    return {"conv": "A convolution gives (maps, H_out, W_out): (side + 2 padding - k) / stride, rounded down, plus 1.",
            "pool": "A pooling keeps the channels and divides the sides by its size, rounded down.",
            "dense": "A dense layer gives (units,)."}[kind]


def _shape_cases(rng: Generator) -> Iterator[Case]:
    for layer, shape in ((("conv", 6, 5, 1, 0), (4, 24, 24)), (("pool", 2), (6, 20, 20)),
                         (("dense", 10), (8, 8, 8)), (("conv", 64, 7, 2, 3), (3, 224, 224)),
                         (("conv", 5, 3, 1, 1), (2, 9, 14)), (("pool", 3), (7, 10, 14)), (("dense", 3), (120,)),
                         (("conv", 2, 3, 2, 1), (3, 8, 11)), (("conv", 9, 1, 1, 0), (3, 5, 6)),
                         (("pool", 2), (4, 7, 9)), (("conv", 3, 4, 3, 0), (1, 12, 9)), (("pool", 4), (2, 9, 17))):
        yield {"layer": layer, "shape": shape}
    for _ in range(4):
        maps, k, stride, padding, channels, height, width = (int(rng.integers(low, high)) for low, high in (
            (1, 9), (1, 6), (1, 4), (0, 3), (1, 9), (6, 20), (6, 20)))
        yield {"layer": ("conv", maps, k, stride, padding), "shape": (channels, height, width)}


output_shape = FunctionCheck(
    call="output_shape(layer, shape)",
    reference=_output_shape,
    example={"layer": ("conv", 4, 5, 1, 0), "shape": (3, 28, 28)},
    cases=_shape_cases,
    mistakes=SHAPE_MISTAKES,
    explain=_explain_shape,
)


def _count_macs(layers: Layers, shape: tuple) -> int:
    return sum(macs for _, _, macs, _ in layer_costs(layers, shape))


def _recount(conv: Callable | None = None, dense: Callable | None = None, pool: Callable | None = None) -> Callable:
    """A mistake in the count of one kind of layer; each takes the layer's numbers, shape before, shape after."""
    kinds = {"conv": conv, "dense": dense, "pool": pool}

    def wrong(layers: Layers, shape: tuple) -> int:
        if not any(kinds[layer[0]] for layer in layers):
            return NotImplemented
        rows = zip(layers, layer_costs(layers, shape), strict=True)
        return sum(kinds[kind](*numbers, before=before, after=after) if kinds[kind] else macs
                   for (kind, *numbers), (before, after, macs, _) in rows)
    return wrong


def _several(wrong: Callable) -> Callable:
    """A mistake that shows only in lists of several layers."""
    return lambda layers, shape, *rest: wrong(layers, shape, *rest) if len(layers) > 1 else NotImplemented


def _first_shape(layers: Layers, shape: tuple) -> int:
    """Every layer counted as if the picture itself came in."""
    return sum(_count_macs([layer], shape) for layer in layers)


MAC_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("These are the parameters. A weight of a convolution is used once for each cell of its map.",
     lambda layers, shape: sum(parameters for *_, parameters in layer_costs(layers, shape))),
    ("These are the weights. A weight of a convolution is used once for each cell of its map.",
     _recount(conv=lambda maps, k, s, p, before, after: maps * before[0] * k * k)),
    ("Each multiply-add counts once: not once for the product and once for the sum.",
     lambda layers, shape: 2 * _count_macs(layers, shape)),
    ("The input channels are missing: a cell of a map adds up C_in * k * k products.",
     _recount(conv=lambda maps, k, s, p, before, after: prod(after) * k * k)),
    ("The output channels are missing: each map has sums of its own.",
     _recount(conv=lambda maps, k, s, p, before, after: prod(after[1:]) * before[0] * k * k)),
    ("The kernel counts k only once: a cell adds up C_in * k * k products.",
     _recount(conv=lambda maps, k, s, p, before, after: prod(after) * before[0] * k)),
    ("The bias is not counted: it is added, and multiplied with nothing.",
     _recount(conv=lambda maps, k, s, p, before, after: prod(after) * (before[0] * k * k + 1),
              dense=lambda units, before, after: units * (prod(before) + 1))),
    ("You counted one window for each pixel of the input; there is one for each cell of the output.",
     _recount(conv=lambda maps, k, s, p, before, after: maps * prod(before[1:]) * before[0] * k * k)),
    ("A map need not be square: it has H_out * W_out cells.",
     _recount(conv=lambda maps, k, s, p, before, after: maps * after[1] ** 2 * before[0] * k * k)),
    ("Pooling multiplies nothing: it counts 0 here.",
     _recount(pool=lambda size, before, after: prod(after) * size**2)),
    ("Pooling multiplies nothing: it counts 0 here.",
     _recount(pool=lambda size, before, after: prod(after))),
    ("Dense layers are missing: units times all numbers that come in.",
     _recount(dense=lambda units, before, after: 0)),
    ("A dense layer multiplies every number that comes in, C * H * W of them, and not only the channels.",
     _recount(dense=lambda units, before, after: units * before[0])),
    ("Only the last layer is counted: add the layers up.",
     _several(lambda layers, shape: layer_costs(layers, shape)[-1][2])),
    ("Only the first layer is counted: is the return inside the loop?",
     _several(lambda layers, shape: layer_costs(layers, shape)[0][2])),
    ("Every layer was counted with the shape of the picture: after each layer, go on with its output.",
     _several(_first_shape)),
))


def _explain_macs(found: Difference, case: Case) -> str | None:
    if found.rung not in ("values", "run"):
        return None
    rows = layer_costs(case["layers"], case["shape"])
    steps = [f"{layer[0]} {' x '.join(map(str, after))}: {macs:,}"
             for layer, (_, after, macs, _) in zip(case["layers"], rows, strict=True)]
    return f"Layer by layer, with the shape of each output: {'; '.join(steps)}." if len(steps) < 6 else None


def _network_cases(rng: Generator) -> Iterator[Case]:
    yield {"layers": [("conv", 4, 5, 1, 0), ("pool", 2)], "shape": (3, 28, 28)}
    yield {"layers": [("conv", 3, 3, 1, 0)], "shape": (2, 6, 9)}
    yield {"layers": [("dense", 10)], "shape": (3, 4, 5)}
    yield {"layers": [("conv", 5, 3, 2, 1), ("conv", 7, 1, 1, 0), ("dense", 6), ("dense", 2)], "shape": (3, 9, 12)}
    yield {"layers": [("conv", 6, 5, 1, 2), ("pool", 2), ("conv", 16, 5, 1, 0), ("pool", 2), ("dense", 120),
                      ("dense", 84), ("dense", 10)], "shape": (1, 28, 28)}
    yield {"layers": [("pool", 2), ("pool", 3)], "shape": (2, 13, 19)}
    yield {"layers": [("conv", 8, 7, 3, 0), ("pool", 2), ("dense", 4)], "shape": (4, 31, 22)}
    maps, k, channels = (int(rng.integers(2, 7)) for _ in range(3))
    yield {"layers": [("conv", maps, k, 1, 1), ("pool", 3), ("dense", 5)], "shape": (channels, 17, 12)}


count_macs = FunctionCheck(
    call="count_macs(layers, shape)",
    reference=_count_macs,
    example={"layers": [("conv", 2, 2, 1, 0), ("pool", 2), ("dense", 3)], "shape": (3, 5, 7)},
    cases=_network_cases,
    mistakes=MAC_MISTAKES,
    explain=_explain_macs,
)


def _activation_bytes(layers: Layers, shape: tuple, batch: int = 1, training: bool = True) -> int:
    return geometry.activation_bytes(_course_layers(layers), tuple(shape), batch, training=training)


def _sizes(layers: Layers, shape: tuple) -> list[int]:
    """How many numbers the picture and each output have."""
    return [prod(shape), *(prod(after) for _, after, _, _ in layer_costs(layers, shape))]


def _memory(train: Callable | None = None, infer: Callable | None = None) -> Callable:
    """A mistake in one of the two cases, in numbers for one picture; each takes the layers and the shape."""
    def wrong(layers: Layers, shape: tuple, batch: int = 1, training: bool = True) -> int:
        count = train if training else infer
        return 4 * batch * count(layers, shape) if count else NotImplemented
    return wrong


def _scaled(factor: Callable) -> Callable:
    """A mistake in bytes or batch; `factor(batch)` is what the right answer is multiplied by."""
    return lambda layers, shape, batch=1, training=True: (
        _activation_bytes(layers, shape, batch, training) * factor(batch))


BYTE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("These are numbers and not bytes: a float32 takes 4 bytes.", _scaled(lambda batch: 0.25)),
    ("A float32 takes 4 bytes and not 8.", _scaled(lambda batch: 2)),
    ("The batch is ignored: every picture of it has activations of its own.",
     lambda layers, shape, batch=1, training=True: _activation_bytes(layers, shape, 1, training)
     if batch > 1 else NotImplemented),
    ("training is understood the wrong way round: it is training that keeps everything.",
     lambda layers, shape, batch=1, training=True: _activation_bytes(layers, shape, batch, not training)),
    ("training is ignored: for inference you need one layer's input and output at a time, not everything.",
     lambda layers, shape, batch=1, training=True: NotImplemented if training
     else _activation_bytes(layers, shape, batch)),
    ("training is ignored: training keeps the picture and all outputs.",
     lambda layers, shape, batch=1, training=True: _activation_bytes(layers, shape, batch, False)
     if training else NotImplemented),
    ("The picture itself is missing: the first layer needs it for the backward pass.",
     _memory(train=lambda layers, shape: sum(_sizes(layers, shape)[1:]))),
    ("The last output is missing: it is an activation too.",
     _memory(train=lambda layers, shape: sum(_sizes(layers, shape)[:-1]))),
    ("You counted parameters; activations are the numbers that flow through the layers.",
     _memory(train=lambda layers, shape: sum(parameters for *_, parameters in layer_costs(layers, shape)))),
    ("Every layer's input and output were counted, so all but the first and the last count twice; each is kept "
     "once.",
     _memory(train=lambda layers, shape: sum(a + b for a, b in zip(
         _sizes(layers, shape), _sizes(layers, shape)[1:], strict=False)))),
    ("For inference a layer needs its input and its output at the same time; you took the largest one alone.",
     _memory(infer=lambda layers, shape: max(_sizes(layers, shape)))),
    ("For inference you took the last layer; the layer that needs most decides.",
     _memory(infer=lambda layers, shape: sum(_sizes(layers, shape)[-2:]))),
    ("For inference you took the first layer; the layer that needs most decides.",
     _memory(infer=lambda layers, shape: sum(_sizes(layers, shape)[:2]))),
    ("For inference you took the two largest numbers of all; they must be the input and the output of one layer.",
     _memory(infer=lambda layers, shape: sum(sorted(_sizes(layers, shape))[-2:]))),
))


def _explain_bytes(found: Difference, case: Case) -> str | None:
    if found.rung not in ("values", "run"):
        return None
    sizes = _sizes(case["layers"], case["shape"])
    if len(sizes) > 6:
        return None
    training = case.get("training", True)
    what = "all of them, for training" if training else "the largest pair of neighbours, for inference"
    return (f"For one picture the numbers are, from the picture to the last output, "
            f"{', '.join(f'{size:,}' for size in sizes)}: {what}.")


def _byte_cases(rng: Generator) -> Iterator[Case]:
    for index, case in enumerate(_network_cases(rng)):
        yield case | {"batch": (1, 8, 3)[index % 3], "training": index % 2 == 0}
        yield case | {"batch": (2, 1, 5)[index % 3], "training": index % 2 == 1}


activation_bytes = FunctionCheck(
    call="activation_bytes(layers, shape, batch=1, training=True)",
    reference=_activation_bytes,
    example={"layers": [("conv", 2, 2, 1, 0), ("conv", 4, 2, 1, 1), ("pool", 2), ("dense", 3)], "shape": (3, 5, 7)},
    cases=_byte_cases,
    mistakes=BYTE_MISTAKES,
    explain=_explain_bytes,
)
