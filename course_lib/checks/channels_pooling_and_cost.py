"""The checks of notebook 04, channels, pooling and cost (slides 9-16, 29-30)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib import ops
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.layer_lists import activation_bytes, count_macs, output_shape
from course_lib.checks.report import Report, Table, fail, number
from course_lib.checks.sliding import CORRELATION_MISTAKES, SIDES
from course_lib.errors import CourseError

__all__ = ["activation_bytes", "avg_pool2d", "avg_pool_as_conv", "by_hand", "conv2d_multi", "conv2d_multi_bias",
           "count_macs", "edges_that_vanish", "global_avg_pool", "max_pool2d", "output_shape"]
LESSON = "04_channels_pooling_and_cost"
Generator = np.random.Generator


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("mixed", mixed)``."""
    judge_by_hand(LESSON, name, answer)


# -------------------------------------------------------------------------------------------- conv2d_multi

def _conv(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    return ops.conv2d(x[None].astype(float), w.astype(float), b)[0]


def _plus(y: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    return y if b is None else y + b[:, None, None]


def _channels_apart(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The maps of the single channels before they are summed, (C_out, C_in, H_out, W_out)."""
    return np.stack([_conv(x[c:c + 1], w[:, c:c + 1]) for c in range(len(x))], axis=1)


def _one_map(mistake: Mistake) -> Mistake:
    """A slip made in sliding one kernel over one channel, made in every one of them."""
    def wrong(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
        maps = [sum(mistake.wrong(plane, kernel) for plane, kernel in zip(x, kernels, strict=True))
                for kernels in w]
        return _plus(np.array(maps), b)
    return Mistake(mistake.says, wrong)


def _summed(of_maps: Callable) -> Callable:
    """A mistake in putting the maps of the single channels, (C_out, C_in, H_out, W_out), together."""
    return lambda x, w, b=None: _plus(of_maps(_channels_apart(x, w)), b)


def _with_bias(wrong: Callable) -> Callable:
    """A mistake that shows only where there is a bias."""
    return lambda x, w, b=None: NotImplemented if b is None else wrong(x, w, b)


def _square(wrong: Callable) -> Callable:
    """A mistake that can only be made with as many output as input channels."""
    return lambda x, w, b=None: wrong(x, w, b) if w.shape[0] == w.shape[1] else NotImplemented


def _one_channel_each(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    channels = np.arange(len(w)) % len(x)
    return _plus(_channels_apart(x, w)[np.arange(len(w)), channels], b) if len(x) > 1 else NotImplemented


BIAS_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The bias is ignored: add b[c_o] to every cell of map c_o.",
     _with_bias(lambda x, w, b: _conv(x, w))),
    ("The bias was added once for each input channel; it is added once, after the sum over the channels.",
     _with_bias(lambda x, w, b: _conv(x, w, len(x) * b))),
    ("The bias was subtracted; add it.",
     _with_bias(lambda x, w, b: _conv(x, w, -b))),
    ("Every map got the first bias; map c_o has its own, b[c_o].",
     _with_bias(lambda x, w, b: _conv(x, w, np.full_like(b, b[0])))),
    ("The bias was added along the columns; it belongs to the maps: b[:, None, None].",
     _with_bias(lambda x, w, b: _conv(x, w) + b)),
    ("The bias was added along the rows; it belongs to the maps: b[:, None, None].",
     _with_bias(lambda x, w, b: _conv(x, w) + b[:, None])),
))

CHANNEL_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Only the first channel of x was used: sum over all of them.",
     _summed(lambda maps: maps[:, 0])),
    ("Only the last channel is left: add the channels up (+=) instead of overwriting (=).",
     _summed(lambda maps: maps[:, -1])),
    ("You took the mean over the channels; a map is their sum.",
     _summed(lambda maps: maps.mean(axis=1))),
    ("You took the mean of the products of each window; a cell is their sum.",
     lambda x, w, b=None: _plus(_conv(x, w) / prod(w.shape[1:]), b)),
    ("You took the largest of the channels; a map is their sum.",
     _summed(lambda maps: maps.max(axis=1))),
    ("Every map got the kernels of the first one, w[0]: map c_o has its own, w[c_o].",
     lambda x, w, b=None: _plus(np.repeat(_conv(x, w[:1]), len(w), axis=0), b)),
    ("Every channel got the kernel of the first one, w[c_o, 0]: channel c_i has its own, w[c_o, c_i].",
     lambda x, w, b=None: _conv(x, np.repeat(w[:, :1], len(x), axis=1), b)),
    ("All maps hold the sum of all: each map has its own kernels.",
     lambda x, w, b=None: _plus(np.repeat(_conv(x, w).sum(axis=0, keepdims=True), len(w), axis=0), b)),
    ("The channels of the kernel run backwards: w[c_o, c_i] belongs to channel x[c_i].",
     lambda x, w, b=None: _conv(x, w[:, ::-1], b)),
    ("The maps are in the opposite order: map c_o comes from w[c_o].",
     lambda x, w, b=None: _conv(x, w, b)[::-1]),
    ("You took w as C_in x C_out, the layout of the lecture's practice notebook; here it is C_out x C_in, "
     "w[c_o, c_i].",
     _square(lambda x, w, b: _conv(x, w.swapaxes(0, 1), b))),
    ("Each map saw only one channel, that of its own number; every map sums over all channels.", _one_channel_each),
    ("Map after map was added into the next: start each map from 0.",
     lambda x, w, b=None: _plus(_conv(x, w).cumsum(axis=0), b)),
    ("Only one map is filled: there is one for each w[c_o].",
     lambda x, w, b=None: _plus(_conv(x, w) * (np.arange(len(w)) == 0)[:, None, None], b)
     if len(w) > 1 else NotImplemented),
))

MULTI_MISTAKES = (*CHANNEL_MISTAKES, *map(_one_map, CORRELATION_MISTAKES))


def _explain_multi(found: Difference, case: Case) -> str | None:
    (channels, height, width), (maps, _, k_h, k_w) = case["x"].shape, case["w"].shape
    if found.rung == "run" and "broadcast" in found.sentence:
        bias = ", or the bias lacks its axes, b[:, None, None]" if "b" in case else ""
        return (f"A window at the edge is smaller than the kernel, or channels and maps changed places (w is "
                f"(C_out, C_in, k_h, k_w)){bias}.")
    if found.rung != "shape":
        return None
    rows, columns, shape = height - k_h + 1, width - k_w + 1, found.got.shape
    if shape == (rows, columns):
        return f"These are the rows and columns of one map; there are {maps} maps, also where that is 1."
    if shape in {(maps, channels, rows, columns), (channels, maps, rows, columns), (maps * channels, rows, columns)}:
        return f"Here the {channels} channels of each map were kept apart: they are summed."
    if shape == (channels, rows, columns):
        return f"There is one map for each of the {maps} kernels w[c_o], and none for a channel of x by itself."
    if shape == (rows, columns, maps):
        return "The maps come first in this course: (C_out, H_out, W_out)."
    if shape == (1, maps, rows, columns):
        return "x is one picture and no batch, so there is no axis in front of the maps."
    if shape == (maps, height, width):
        return "That is the size of x: were zeros padded around it? Only whole windows count."
    if shape == (maps, height - k_h, width - k_w):
        return "One row and one column are missing: the first place counts too."
    return (f"There are {maps} maps of {height} - {k_h} + 1 = {rows} rows and {width} - {k_w} + 1 = {columns} "
            f"columns.")


def _channels_add(call: Callable, rng: Generator) -> Iterator[Claim]:
    x, w = rng.integers(-9, 10, (3, 4, 4)), rng.integers(-3, 4, (2, 3, 2, 2))
    alone = [x * (np.arange(3) == c)[:, None, None] for c in range(3)]
    yield Claim("The channels must simply add up: the output of x is the sum of the outputs of its channels alone.",
                call(x, w), sum(call(one, w) for one in alone), {"x": x, "w": w},
                ("the output of x", "the sum over single channels"))


def _maps_are_their_own(call: Callable, rng: Generator) -> Iterator[Claim]:
    x, w = rng.integers(-9, 10, (2, 4, 5)), rng.integers(-3, 4, (3, 2, 2, 3))
    order = rng.permutation(3)
    yield Claim("Each map must depend on its own kernels only: kernels in another order give the same maps in "
                "that order.",
                call(x, w[order]), call(x, w)[order], {"x": x, "w": w},
                (f"the output of w[{order.tolist()}]", f"the output of w, [{order.tolist()}]"))


def _picks_one(call: Callable, rng: Generator) -> Iterator[Claim]:
    x, w = rng.integers(-9, 10, (3, 5, 5)), np.zeros((1, 3, 3, 3))
    channel, row, column = (int(index) for index in rng.integers(0, 3, 3))
    w[0, channel, row, column] = 1
    yield Claim(f"Kernels with a single 1, in w[0, {channel}], must copy channel {channel} of x, moved.",
                call(x, w), x[channel:channel + 1, row:row + 3, column:column + 3], {"x": x, "w": w},
                ("your output", "the copy"))


def _layer_case(rng: Generator, x_shape: tuple, maps: int, kernel: tuple, whole: bool = False, bias: bool = False,
                dtype: type = float) -> Case:
    if whole:
        case = {"x": rng.integers(-9, 10, x_shape), "w": rng.integers(-4, 5, (maps, x_shape[0], *kernel))}
    else:
        case = {"x": rng.normal(size=x_shape).astype(dtype),
                "w": rng.normal(size=(maps, x_shape[0], *kernel)).astype(dtype)}
    return case | ({"b": rng.integers(1, 9, maps).astype(dtype)} if bias else {})


def _multi_cases(rng: Generator) -> Iterator[Case]:
    yield _layer_case(rng, (3, 5, 5), 3, (2, 2), whole=True)
    yield _layer_case(rng, (3, 6, 6), 4, (3, 3))
    yield _layer_case(rng, (2, 5, 5), 3, (3, 3), whole=True)
    yield _layer_case(rng, (3, 6, 6), 1, (2, 2))
    yield _layer_case(rng, (1, 5, 5), 2, (2, 2))


def _multi_shapes(rng: Generator) -> Iterator[Case]:
    yield _layer_case(rng, (2, 6, 4), 3, (3, 2), whole=True, bias=True)
    yield _layer_case(rng, (3, 5, 7), 3, (2, 4), bias=True)
    yield _layer_case(rng, (4, 3, 5), 2, (1, 1), bias=True)
    yield _layer_case(rng, (2, 4, 3), 5, (4, 3))
    yield _layer_case(rng, (3, 6, 5), 2, (3, 1), bias=True, dtype=np.float32)
    yield {"x": rng.integers(0, 256, (3, 5, 6), dtype=np.uint8), "w": rng.integers(-4, 5, (4, 3, 2, 3)),
           "b": rng.normal(size=4)}
    channels, maps, height, width = (int(side) for side in rng.integers(2, 6, 4))
    yield _layer_case(rng, (channels, height, width), maps, (int(rng.integers(1, height)), 2), bias=True)


conv2d_multi = FunctionCheck(
    call="conv2d_multi(x, w, b=None)",
    reference=_conv,
    example={"x": np.array([[[1, 2, 0, 1], [0, 1, 3, 0], [2, 1, 0, 2]], [[0, 1, 1, 2], [2, 0, 1, 0], [1, 0, 2, 3]]]),
             "w": np.array([[[[1, 0], [0, 2]], [[1, 0], [-1, 2]]], [[[0, 1], [1, 0]], [[3, 0], [0, 0]]],
                            [[[0, 0], [1, -2]], [[0, 2], [0, 1]]]])},
    properties=(_channels_add, _maps_are_their_own, _picks_one),
    cases=_multi_cases,
    mistakes=MULTI_MISTAKES,
    explain=_explain_multi,
    covers=("channels that add up", "maps of their own", "kernels with a single 1"),
)
# The same function with a bias, where no two sides are equal, and on bytes and float32.
conv2d_multi_bias = FunctionCheck(
    call="conv2d_multi(x, w, b=None)",
    reference=_conv,
    example=conv2d_multi.example | {"b": np.array([10, -5, 3])},
    cases=_multi_shapes,
    mistakes=(*BIAS_MISTAKES, *MULTI_MISTAKES, *map(_one_map, SIDES)),
    explain=_explain_multi,
)


# ------------------------------------------------------------------------------------------------- pooling

def _windows(x: np.ndarray, size: int, stride: int | None) -> np.ndarray:
    """(C, H_out, W_out, size * size); a view where the sides allow it."""
    stride = stride or size
    windows = sliding_window_view(x.astype(float), (size, size), (1, 2))[:, ::stride, ::stride]
    return windows.reshape(*windows.shape[:3], -1)


def _max_pool(x: np.ndarray, size: int = 2, stride: int | None = None) -> np.ndarray:
    return ops.max_pool2d(x[None].astype(float), size, stride)[0]


def _avg_pool(x: np.ndarray, size: int = 2, stride: int | None = None) -> np.ndarray:
    return ops.avg_pool2d(x[None].astype(float), size, stride)[0]


def _of_windows(reduce: Callable) -> Callable:
    """A mistake in what is made of a window; `reduce` takes (C, H_out, W_out, size * size)."""
    return lambda x, size=2, stride=None: reduce(_windows(x, size, stride))


def _rounded_up(pool: Callable, fill: float) -> Callable:
    """Windows that hang over the edge are kept, and the missing pixels filled."""
    def wrong(x: np.ndarray, size: int = 2, stride: int | None = None) -> np.ndarray:
        missing = [(0, -(n - size) % (stride or size)) for n in x.shape[1:]]
        return pool(np.pad(x.astype(float), [(0, 0), *missing], constant_values=fill), size, stride)
    return wrong


def _like(pool: Callable, wrong: Callable) -> Callable:
    """A mistake that still gets the number of rows and columns right."""
    def cut(x: np.ndarray, size: int = 2, stride: int | None = None) -> np.ndarray:
        _, rows, columns = pool(x, size, stride).shape
        return wrong(x, size, stride)[:, :rows, :columns]
    return cut


def _unless(same: Callable, wrong: Callable) -> Callable:
    """A mistake that does not show where `same(size, stride)` is true."""
    return lambda x, size=2, stride=None: NotImplemented if same(size, stride) else wrong(x, size, stride)


def _one_for_all(wrong: Callable) -> Callable:
    """One channel's result in the place of every channel's."""
    return lambda x, size=2, stride=None: (
        np.repeat(wrong(x, size, stride), len(x), axis=0) if len(x) > 1 else NotImplemented)


def _pool_mistakes(reduce: Callable, fill: float) -> tuple[Mistake, ...]:
    """Slips in the windows, which both poolings share; `reduce` is np.max or np.mean."""
    pool = _of_windows(lambda windows: reduce(windows, axis=-1))
    return tuple(Mistake(says, wrong) for says, wrong in (
        ("The stride is ignored: the windows begin every `stride` pixels, and only without one every `size`.",
         _unless(lambda size, stride: stride in (None, size), lambda x, size, stride: pool(x, size))),
        ("Without a stride the windows lie side by side: stride=None means stride = size.",
         _unless(lambda size, stride: stride or size == 1, lambda x, size, stride: pool(x, size, 1))),
        ("Without a stride you take steps of 2 whatever the size is: stride=None means stride = size.",
         _unless(lambda size, stride: stride or size == 2, lambda x, size, stride: pool(x, size, 2))),
        ("The output has the right size, but each window is only one pixel further: it starts at row i * stride "
         "and column j * stride.",
         _like(pool, lambda x, size, stride: pool(x, size, 1))),
        ("The size is ignored: your windows are always 2 x 2.",
         _unless(lambda size, stride: size == 2,
                 _like(pool, lambda x, size, stride: pool(x, 2, stride or size)))),
        ("You rounded up: the last windows hang over the edge. Drop the windows that do not fit (floor).",
         _rounded_up(pool, fill)),
        ("That is the first pixel of each window: nothing was pooled.",
         _of_windows(lambda windows: windows[..., 0])),
        ("Only the first row of each window was used: take all of its size * size pixels.",
         _of_windows(lambda windows: reduce(windows[..., :round(windows.shape[-1] ** 0.5)], axis=-1))),
        ("The channels were pooled together; each channel is pooled by itself.",
         _one_for_all(lambda x, size, stride: pool(reduce(x, axis=0, keepdims=True), size, stride))),
        ("All channels hold the result of the first one.",
         _one_for_all(lambda x, size, stride: pool(x[:1], size, stride))),
        ("Your output is transposed: row i and column j changed places.",
         lambda x, size=2, stride=None: pool(x, size, stride).swapaxes(1, 2)),
        ("Every cell is still 0: is nothing written into the output, or is it made anew inside the loop?",
         _of_windows(lambda windows: np.zeros(windows.shape[:3]))),
    ))


MAX_MISTAKES = (*(Mistake(says, _of_windows(reduce)) for says, reduce in (
    ("That is the mean of each window; max pooling takes the largest number.",
     lambda windows: windows.mean(axis=-1)),
    ("That is the smallest number of each window; max pooling takes the largest.",
     lambda windows: windows.min(axis=-1)),
    ("The search for the largest number starts from 0, so a window of negative numbers gives 0: start from the "
     "window's first number.",
     lambda windows: windows.max(axis=-1, initial=0)),
    ("You took the largest number without its sign; max pooling compares the numbers themselves.",
     lambda windows: np.abs(windows).max(axis=-1)),
    ("That is where in the window the largest number lies; its value is wanted.",
     lambda windows: windows.argmax(axis=-1).astype(float)),
)), *_pool_mistakes(np.max, -np.inf))

AVG_MISTAKES = (*(Mistake(says, wrong) for says, wrong in (
    ("That is the largest number of each window; average pooling takes the mean.", _max_pool),
    ("That is the sum of each window: divide it by the number of its pixels.",
     _of_windows(lambda windows: windows.sum(axis=-1))),
    ("You divided by 25, as the lecture's practice notebook does; a window has size * size pixels.",
     _of_windows(lambda windows: windows.sum(axis=-1) / 25)),
    ("You divided by 4, which is right for 2 x 2 only: a window has size * size pixels.",
     lambda x, size=2, stride=None: _windows(x, size, stride).sum(axis=-1) / 4 if size != 2 else NotImplemented),
    ("You divided by size; a window has size * size pixels.",
     lambda x, size=2, stride=None: _windows(x, size, stride).sum(axis=-1) / size),
    ("You divided by size + size; a window has size * size pixels.",
     lambda x, size=2, stride=None: _windows(x, size, stride).sum(axis=-1) / (2 * size)
     if size != 2 else NotImplemented),
    ("The mean was rounded down to a whole number: use / and not //.",
     lambda x, size=2, stride=None: np.floor(_avg_pool(x, size, stride))),
    ("You took the middle number (the median) of each window; average pooling takes the mean.",
     _of_windows(lambda windows: np.median(windows, axis=-1))),
)), *_pool_mistakes(np.mean, 0))


def _explain_pool(found: Difference, case: Case) -> str | None:
    (channels, height, width), size = case["x"].shape, case.get("size", 2)
    stride = case.get("stride") or size
    if found.rung == "run" and "None" in found.sentence:
        return "stride is None unless somebody gives it: begin with `if stride is None: stride = size`."
    if found.rung != "shape":
        return None
    rows, columns, shape = *found.want.shape[1:], found.got.shape
    if shape == (rows, columns):
        return f"The channels are gone: x has {channels}, and each is pooled by itself."
    expected = (f"floor(({height} - {size}) / {stride}) + 1 = {rows} rows and "
                f"floor(({width} - {size}) / {stride}) + 1 = {columns} columns")
    if shape == (channels, height - size + 1, width - size + 1):
        return f"Your windows move by one pixel; they take steps of {stride}: {expected}."
    if shape == (channels, columns, rows):
        return f"Rows and columns changed places: there are {expected}."
    return f"The {channels} channels stay, and there are {expected}."


def _constant(call: Callable, rng: Generator) -> Iterator[Claim]:
    value = int(rng.integers(1, 9))
    x = np.full((2, 5, 6), -value)
    yield Claim("Pooling must leave a flat picture as it is.", call(x, 3, 2), np.full((2, 2, 2), -value), {"x": x},
                ("the output", "the flat picture"))


def _brightness(call: Callable, rng: Generator) -> Iterator[Claim]:
    x = rng.integers(-9, 10, (2, 4, 6))
    yield Claim("Whether a picture is made twice as bright before or after pooling must not matter.",
                call(2 * x), 2 * call(x), {"x": x}, ("brightened, then pooled", "pooled, then brightened"))


def _pool_cases(rng: Generator) -> Iterator[Case]:
    yield {"x": rng.integers(-9, 10, (3, 4, 6)), "size": 2}
    yield {"x": rng.integers(-20, 0, (2, 6, 6)), "size": 3}
    yield {"x": rng.normal(size=(2, 5, 7)), "size": 2, "stride": 2}
    yield {"x": rng.normal(size=(3, 6, 5)), "size": 3, "stride": 1}
    yield {"x": rng.normal(size=(1, 7, 9)), "size": 3, "stride": 2}
    yield {"x": rng.integers(0, 256, (2, 8, 6), dtype=np.uint8), "size": 2}
    yield {"x": rng.normal(size=(2, 5, 4)).astype(np.float32), "size": 4}
    yield {"x": rng.integers(-9, 10, (2, 3, 4)), "size": 1, "stride": 2}
    yield {"x": rng.normal(size=(2, 9, 8)), "size": 2, "stride": 3}
    height, width = (int(side) for side in rng.integers(4, 10, 2))
    yield {"x": rng.normal(size=(2, height, width)), "size": int(rng.integers(2, 5)),
           "stride": int(rng.integers(1, 4))}


max_pool2d = FunctionCheck(
    call="max_pool2d(x, size=2, stride=None)",
    reference=_max_pool,
    example={"x": np.array([[[1, 5, 2, 0], [3, 4, 7, 1], [0, 2, 6, 6], [9, 1, 3, 8]],
                            [[-4, -1, 0, 2], [-3, -2, 1, 5], [4, 0, -7, -9], [2, 3, -8, -6]]])},
    cases=_pool_cases,
    properties=(_constant, _brightness),
    mistakes=MAX_MISTAKES,
    explain=_explain_pool,
    covers=("flat pictures", "brightness"),
)
avg_pool2d = FunctionCheck(
    call="avg_pool2d(x, size=2, stride=None)",
    reference=_avg_pool,
    example=max_pool2d.example,
    cases=_pool_cases,
    properties=(_constant, _brightness),
    mistakes=AVG_MISTAKES,
    explain=_explain_pool,
    covers=("flat pictures", "brightness"),
)


# ------------------------------------------------------------------------------------------ global_avg_pool

def _global(x: np.ndarray) -> np.ndarray:
    return x.astype(float).mean(axis=(1, 2))


GLOBAL_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the largest number of each channel; take the mean.", lambda x: x.astype(float).max(axis=(1, 2))),
    ("That is the sum of each channel: divide it by its number of pixels, H * W.",
     lambda x: x.astype(float).sum(axis=(1, 2))),
    ("You divided by all numbers of x; a channel has H * W.", lambda x: _global(x) / len(x)),
    ("You divided by the number of rows only; a channel has H * W pixels.", lambda x: _global(x) * x.shape[2]),
    ("You divided by the number of columns only; a channel has H * W pixels.", lambda x: _global(x) * x.shape[1]),
    ("You divided by the number of channels; a channel has H * W pixels.",
     lambda x: x.astype(float).sum(axis=(1, 2)) / len(x)),
    ("The means were rounded down to whole numbers: use / and not //.", lambda x: np.floor(_global(x))),
    ("Every channel got the mean of the whole x; each has a mean of its own.",
     lambda x: np.full(len(x), x.astype(float).mean())),
    ("That is the middle number (the median) of each channel; take the mean.",
     lambda x: np.median(x.astype(float), axis=(1, 2))),
))


def _explain_global(found: Difference, case: Case) -> str | None:
    channels, height, width = case["x"].shape
    if found.rung not in ("type", "shape"):
        return None
    shape = getattr(found.got, "shape", ())
    if shape == (channels, 1, 1):
        return "The two axes of length 1 must go: keep one number for each channel."
    if shape == (height, width):
        return "You took the mean over the channels; take it over rows and columns, axis=(1, 2)."
    if shape in {(channels, width), (channels, height)}:
        return "You took the mean over one axis of each channel; take it over both, axis=(1, 2)."
    return f"One number for each of the {channels} channels, in one row."


def _global_cases(rng: Generator) -> Iterator[Case]:
    yield {"x": rng.integers(-9, 10, (3, 4, 5))}
    yield {"x": rng.normal(size=(4, 3, 3))}
    yield {"x": rng.normal(size=(1, 6, 2))}
    yield {"x": rng.integers(0, 256, (3, 7, 5), dtype=np.uint8)}
    yield {"x": rng.normal(size=(5, 1, 1))}
    yield {"x": rng.normal(size=tuple(rng.integers(2, 8, 3))).astype(np.float32)}


global_avg_pool = FunctionCheck(
    call="global_avg_pool(x)",
    reference=_global,
    example={"x": np.array([[[1, 2, 6, 3], [3, 4, 8, 5], [0, 1, 2, 1]], [[0, 0, 0, 0], [0, 0, 9, 0], [0, 0, 0, 0]]])},
    cases=_global_cases,
    mistakes=GLOBAL_MISTAKES,
    explain=_explain_global,
)


# ----------------------------------------------------------------------------------------- avg_pool_as_conv

def _average_kernel(channels: int, size: int = 2) -> np.ndarray:
    return np.eye(channels)[:, :, None, None] * np.ones((size, size)) / size**2


def _weight(value: Callable) -> Callable:
    """The right places, with `value(channels, size)` in them."""
    return lambda channels, size=2: _average_kernel(channels, size) * size**2 * value(channels, size)


def _corner(channels: int, size: int = 2) -> np.ndarray:
    w = np.zeros((channels, channels, size, size))
    w[range(channels), range(channels), 0, 0] = 1
    return w


KERNEL_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("1/25 is the weight of a 5 x 5 blur, and the bug of the practice notebook: the weights of a window must "
     "add up to 1.",
     _weight(lambda channels, size: 1 / 25)),
    ("1/4 is right for 2 x 2 only: a window has size * size pixels.",
     _weight(lambda channels, size: 1 / 4)),
    ("The weights are 1, which adds the window up: divide by its size * size pixels.",
     _weight(lambda channels, size: 1)),
    ("You divided by size; a window has size * size pixels.",
     _weight(lambda channels, size: 1 / size)),
    ("You also divided by the number of channels; a map averages one channel, the window of size * size pixels.",
     _weight(lambda channels, size: 1 / size**2 / channels)),
    ("Every map would mix all channels: w[c_o, c_i] is 0 where c_o and c_i differ.",
     lambda channels, size=2: np.full((channels, channels, size, size), 1 / size**2)),
    ("Every map would be the mean of all channels: w[c_o, c_i] is 0 where c_o and c_i differ.",
     lambda channels, size=2: np.full((channels, channels, size, size), 1 / size**2 / channels)),
    ("These kernels pick the first pixel of each window: spread the weight over all size * size.", _corner),
    ("The channels are in the opposite order: map c takes channel c.",
     lambda channels, size=2: _average_kernel(channels, size)[::-1]),
    ("All kernels are still 0.", _weight(lambda channels, size: 0)),
    ("Only the first map has its kernel: fill w[c, c] for every channel c.",
     lambda channels, size=2: _average_kernel(channels, size) * (np.arange(channels) == 0)[:, None, None, None]),
))


def _explain_kernel(found: Difference, case: Case) -> str | None:
    channels, size = case["channels"], case.get("size", 2)
    if found.rung == "shape":
        shape = found.got.shape
        wanted = f"({channels}, {channels}, {size}, {size})"
        if shape == (channels, 1, size, size):
            return (f"That is one kernel per channel, as libraries take it with groups=C; conv2d_multi wants "
                    f"C_out x C_in of them, {wanted}.")
        if shape == (1, channels, size, size):
            return f"That makes a single map of all channels; each channel needs a map of its own, {wanted}."
        if shape == (size, size):
            return f"That is one 2-D kernel; conv2d_multi wants C_out x C_in of them, {wanted}."
        return f"One kernel of size x size for each pair of map and channel, {wanted}."
    if found.rung == "values" and np.isfinite(found.got).all():
        total = number(found.got[0].sum())
        if total != "1":
            return f"The weights of your first map add up to {total}; a mean needs a sum of 1."
    return None


def _kernel_cases(rng: Generator) -> Iterator[Case]:
    for channels, size in ((1, 2), (3, 3), (2, 5), (4, 1), (1, 7)):
        yield {"channels": channels, "size": size}
    yield {"channels": 5}
    yield {"channels": int(rng.integers(2, 7)), "size": int(rng.integers(2, 7))}


avg_pool_as_conv = FunctionCheck(
    call="avg_pool_as_conv(channels, size=2)",
    reference=_average_kernel,
    example={"channels": 2},
    cases=_kernel_cases,
    mistakes=KERNEL_MISTAKES,
    explain=_explain_kernel,
)


# ---------------------------------------------------------------------------------- refute: max pooling sharpens

LARGEST = 8  # a counterexample should be small enough to read


def edges_that_vanish(x: object) -> None:
    """Judge a picture whose edges 2 x 2 max pooling wipes out (erratum 7).

    Right is any picture (H, W) of finite numbers, sides even and at most 8, with two cells of output at least,
    in which not all pixels are equal and all cells of max_pool2d(x) are. Prints one line, or raises
    CheckFailed.
    """
    if x is None:
        fail("edges_that_vanish is not answered yet: replace None by a small picture.")
    try:
        picture = ops.picture(x, "edges_that_vanish").astype(float)
    except CourseError as error:
        fail(str(error))
    height, width = picture.shape
    if max(height, width) > LARGEST or height % 2 or width % 2 or height * width < 8:
        fail(f"edges_that_vanish has shape {picture.shape}; both sides must be even and at most {LARGEST}, and at "
             f"least two windows must fit, for instance (4, 4).")
    if (picture == picture[0, 0]).all():
        fail(f"Every pixel of your picture is {number(picture[0, 0])}: it has no edge that could vanish. Give it "
             f"neighbours that differ.")
    pooled = _max_pool(picture[None])[0]
    if (pooled != pooled[0, 0]).any():
        first, other = number(pooled.min()), number(pooled.max())
        fail(f"Max pooling leaves edges in your picture: its output holds both {first} and {other}. Every window "
             f"needs the same largest number.",
             Report("Edges are left", (), ((Table("your picture", picture, "input"),
                                            Table("max_pool2d of it", pooled, "output")),)))
    strongest = max(np.abs(np.diff(picture, axis=axis)).max(initial=0) for axis in (0, 1))
    print(f"✓ edges_that_vanish: neighbours differ by up to {number(strongest)} before max pooling, and nowhere "
          f"after it.")
