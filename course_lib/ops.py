"""Convolution, pooling and their gradients in NumPy: what the students' own functions are compared with.

A batch of images is X (N, C, H, W), a set of kernels W (C_out, C / groups, k_h, k_w), a single picture (H, W).
Stride, padding, dilation and kernel_size count pixels: one whole number, or a pair (down, right). All
conventions are torch's: cross-correlation, called cross-correlation; sizes that do not fit are rounded down.
float32 and float64 stay what they are, whole numbers are worked out as int64. Bad input is a CourseError.

Why `conv2d` is quick is told at `_columns`; benchmarks/numpy_conv.py measures it.
"""

from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .errors import CourseError

PICTURE = "rows, columns"
BATCH = "images, channels, rows, columns"
KERNELS = "output channels, input channels / groups, rows, columns"
# Bytes of columns worked on at a time: they, and what comes of them, stay in a core's cache. Backward, where products
# sum over columns, wants more of them; docs/performance.md has the measurement.
FORWARD, BACKWARD = 480 * 2**10, 640 * 2**10
LINE = 64  # bytes of a cache line, and of the widest vector register

Pair = int | tuple[int, int]


# ------------------------------------------------------------------------------------------- what is let in

def _numbers(x, name: str, *kinds: str) -> np.ndarray:
    """``x`` as an array of numbers with the axes of one of ``kinds``, or a CourseError that says what it is instead."""
    try:
        array = np.asarray(x)
        if array.dtype.kind in "Ob" and array.size:
            array = array.astype(float)
        if array.dtype.kind not in "iuf":
            raise TypeError
    except (TypeError, ValueError):
        raise CourseError(f"{name} must hold numbers only, in rows of equal length; got {x!r:.80}.") from None
    if array.ndim not in (kind.count(",") + 1 for kind in kinds):
        wanted = " or ".join(f"{kind.count(',') + 1}-D ({kind})" for kind in kinds)
        raise CourseError(f"{name} must be {wanted}; got shape {array.shape}.")
    if array.size == 0:
        raise CourseError(f"{name} is empty: its shape is {array.shape}; every side must be at least 1.")
    return array if array.dtype.kind == "f" else array.astype(np.int64)


def picture(x, name: str = "the input") -> np.ndarray:
    """``x`` as a 2-D array of finite numbers, or a CourseError that says what it is instead."""
    array = _numbers(x, name, PICTURE)
    if not np.isfinite(array).all():
        raise CourseError(f"{name} holds NaN or infinity; give it finite numbers.")
    return array


def _pair(value, name: str, least: int) -> tuple[int, int]:
    """A whole number, or a pair of them, as a pair of ints of at least ``least``."""
    pair = tuple(value) if isinstance(value, (tuple, list, np.ndarray)) else (value, value)
    whole = all(isinstance(side, (int, np.integer)) and not isinstance(side, bool) for side in pair)
    if len(pair) != 2 or not whole or min(pair) < least:
        raise CourseError(f"{name} must be a whole number of at least {least}, or a pair of them; got {value!r}.")
    return int(pair[0]), int(pair[1])


def _output_sides(X, kernel, stride, padding, dilation=(1, 1)) -> tuple[int, int]:
    """(H_out, W_out), each floor((side + 2p - d (k - 1) - 1) / s) + 1; CourseError where the kernel does not fit."""
    spread = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padded = [side + 2 * p for side, p in zip(X.shape[-2:], padding, strict=True)]
    if spread[0] > padded[0] or spread[1] > padded[1]:
        raise CourseError(
            f"the kernel covers {spread[0]}x{spread[1]} pixels and the padded input has only "
            f"{padded[0]}x{padded[1]}: use a smaller kernel, less dilation or more padding."
        )
    return (padded[0] - spread[0]) // stride[0] + 1, (padded[1] - spread[1]) // stride[1] + 1


# ------------------------------------------------------------------------------------------------- pictures

def pad2d(X, padding: Pair = 1, value: float = 0) -> np.ndarray:
    """Surround a picture, or every image of a batch, by rows and columns of ``value`` (slides 26-28).

    (..., H, W) -> (..., H + 2 p_h, W + 2 p_w). Errors: CourseError for a negative or fractional padding.
    """
    X, (down, right) = _numbers(X, "the input", PICTURE, BATCH), _pair(padding, "padding", 0)
    height, width = X.shape[-2:]
    shape = (*X.shape[:-2], height + 2 * down, width + 2 * right)
    padded = np.full(shape, value, np.result_type(X.dtype, value))
    padded[..., down:down + height, right:right + width] = X
    return padded


def correlate2d(x, w, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1) -> np.ndarray:
    """Cross-correlation, what deep learning calls convolution: slide ``w`` over ``x``, multiply, sum.

    (H, W) and (k_h, k_w) -> (H_out, W_out) with H_out = floor((H + 2p - d (k_h - 1) - 1) / s) + 1.
    Errors: CourseError if an argument is not a picture, or the kernel does not fit (slides 6, 17-28).
    """
    x, w = picture(x), picture(w, "the kernel")
    return conv2d(x[None, None], w[None, None], None, stride, padding, dilation)[0, 0]


def convolve2d(x, w, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1) -> np.ndarray:
    """True convolution: cross-correlation with the kernel rotated by 180 degrees. Shapes as ``correlate2d``."""
    return correlate2d(x, picture(w, "the kernel")[::-1, ::-1], stride, padding, dilation)


# -------------------------------------------------------------------------------------------------- windows

def _slide(X: np.ndarray, axis: int, size: int, stride: int, dilation: int) -> np.ndarray:
    """A view of X: ``axis`` counts the windows, a new last axis the ``size`` numbers of each. Nothing is copied."""
    # sliding_window_view does the same, in three steps and as much time as a small convolution takes.
    windows = (X.shape[axis] - dilation * (size - 1) - 1) // stride + 1
    shape = (*X.shape[:axis], windows, *X.shape[axis + 1:], size)
    step = X.strides[axis]
    return as_strided(X, shape, (*X.strides[:axis], stride * step, *X.strides[axis + 1:], dilation * step))


def _windows(X: np.ndarray, kernel, stride, dilation=(1, 1)) -> np.ndarray:
    """A view of X (N, C, H, W) as windows (N, C, H_out, W_out, k_h, k_w)."""
    return _slide(_slide(X, 2, kernel[0], stride[0], dilation[0]), 3, kernel[1], stride[1], dilation[1])


def im2col(X, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1) -> np.ndarray:
    """Every window of an image as a column, so that one matrix product does the convolution.

    (N, C, H, W) -> (N, C k_h k_w, H_out W_out), in torch's ``unfold`` order: W.reshape(C_out, -1) @ im2col(X, ...)
    is the output, its rows and columns in one. Errors: CourseError if the kernel does not fit.
    """
    X, kernel = _numbers(X, "X", BATCH), _pair(kernel_size, "kernel_size", 1)
    stride, padding = _pair(stride, "stride", 1), _pair(padding, "padding", 0)
    dilation = _pair(dilation, "dilation", 1)
    h, w = _output_sides(X, kernel, stride, padding, dilation)
    windows = _windows(pad2d(X, padding), kernel, stride, dilation)
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(len(X), -1, h * w)


# ---------------------------------------------------------------------------------------------- convolution

class _Layer(NamedTuple):
    """What a convolution layer is told, checked, and the height and width of its output."""

    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    h: int
    w: int


def _layer(X, W, stride, padding, dilation, groups) -> tuple[np.ndarray, np.ndarray, _Layer]:
    """X and W as arrays of one type, and the layer's settings; CourseError where they do not go together."""
    X, W = _numbers(X, "X", BATCH), _numbers(W, "W", KERNELS)
    stride, padding = _pair(stride, "stride", 1), _pair(padding, "padding", 0)
    dilation, (groups, _) = _pair(dilation, "dilation", 1), _pair(groups, "groups", 1)
    if X.shape[1] % groups or len(W) % groups:
        raise CourseError(f"groups={groups} must divide X's {X.shape[1]} channels and W's {len(W)} output channels.")
    if W.shape[1] != X.shape[1] // groups:
        parts = f" in {groups} groups" if groups > 1 else ""
        raise CourseError(f"X has {X.shape[1]} channels{parts}, so W must have shape (C_out, {X.shape[1] // groups}, "
                          f"k_h, k_w); got {W.shape}.")
    h, w = _output_sides(X, W.shape[2:], stride, padding, dilation)
    return *_one_type(X, W), _Layer(stride, padding, dilation, groups, h, w)


def _one_type(*arrays: np.ndarray) -> list[np.ndarray]:
    """The arrays in the type that can hold them all."""
    dtype = np.result_type(*arrays)
    return [array.astype(dtype, copy=False) for array in arrays]


def _of_shape(x, name: str, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """``x`` as an array of that shape, or a CourseError."""
    array = _numbers(x, name, kind)
    if array.shape != shape:
        raise CourseError(f"{name} must have shape {shape}; got {array.shape}.")
    return array


def conv2d(X, W, b=None, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: int = 1) -> np.ndarray:
    """The convolution layer: every kernel cross-correlated with every image, summed over channels (slides 9-28).

    X (N, C, H, W), W (C_out, C / groups, k_h, k_w), b (C_out,) or None -> (N, C_out, H_out, W_out) with
    H_out = floor((H + 2p - d (k_h - 1) - 1) / s) + 1. Groups split the channels, and the kernels, into equal
    parts: each part of the kernels sees its own part of the channels (slide 36). Errors: CourseError for shapes
    that do not go together, or a kernel that does not fit.
    """
    X, W, layer = _layer(X, W, stride, padding, dilation, groups)
    Y = np.empty((len(X), groups, len(W) // groups, layer.h, layer.w), X.dtype)
    kernels = _kernel_rows(W, groups)
    for images, columns in _columns(X, W, layer, FORWARD):
        rows = (kernels @ columns)[..., :len(X[images]) * layer.w]  # (groups, h, C_out / groups, images * w)
        Y[images] = rows.reshape(*rows.shape[:3], -1, layer.w).transpose(3, 0, 2, 1, 4)
    Y = Y.reshape(len(X), len(W), layer.h, layer.w)
    return Y if b is None else Y + _of_shape(b, "b", "output channels", (len(W),))[:, None, None]


def conv2d_backward(dY, X, W, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: int = 1):
    """The gradients dX, dW, db of a loss, from its gradient dY with respect to the output of ``conv2d``.

    dY (N, C_out, H_out, W_out), X and W as for ``conv2d`` -> arrays shaped like X, W and b. A weight collects dY
    times every pixel that it met, a pixel collects dY times every weight that it met. Errors: as ``conv2d``.
    """
    X, W, layer = _layer(X, W, stride, padding, dilation, groups)
    X, W, dY = _one_type(X, W, _of_shape(dY, "dY", BATCH, (len(X), len(W), layer.h, layer.w)))
    dX, kernels = np.empty_like(X), _kernel_rows(W, groups)
    dcolumn = np.zeros_like(kernels[:, 0].swapaxes(1, 2), order="C")  # (groups, weights of a kernel, kernels)
    for images, columns in _columns(X, W, layer, BACKWARD):
        block = dY[images].reshape(-1, groups, len(W) // groups, layer.h, layer.w).transpose(1, 3, 2, 0, 4)
        drows = np.zeros((*block.shape[:3], columns.shape[-1]), X.dtype)  # as rows in conv2d, 0 where no window is
        drows[..., :block.shape[3] * layer.w] = block.reshape(*block.shape[:3], -1)
        turned = np.ascontiguousarray(drows.swapaxes(2, 3))
        for row in range(layer.h):
            dcolumn += columns[:, row] @ turned[:, row]
        dX[images] = _columns_backward(kernels.swapaxes(2, 3) @ drows, X[images].shape, W, layer)
    C_out, C, k_h, k_w = W.shape
    dW = dcolumn.reshape(groups, k_h, C, k_w, -1).transpose(0, 4, 2, 1, 3).reshape(W.shape)
    return dX, dW, dY.sum(axis=(0, 2, 3))


def _kernel_rows(W: np.ndarray, groups: int) -> np.ndarray:
    """Each kernel as a row, its numbers in the order of a column: (groups, 1, C_out / groups, k_h C k_w)."""
    C_out, C, k_h, k_w = W.shape
    kernels = W.reshape(groups, 1, C_out // groups, C, k_h, k_w).transpose(0, 1, 2, 4, 3, 5)
    return kernels.reshape(groups, 1, C_out // groups, -1)


def _columns(X: np.ndarray, W: np.ndarray, layer: _Layer, room: int) -> Iterator[tuple[slice, np.ndarray]]:
    """The windows of X as columns: pairs of a slice of the batch and (groups, h, k_h C k_w, columns).

    For row i of the output, columns[:, i] has one column for each window of each image, so a matrix product
    with the kernels' rows gives that row of every output channel. Three things make it quick:
    - a pixel is copied only k_w times, not k_h k_w times: windows that lie above each other share their
      memory, since k_h neighbouring rows of copies are, one after the other, the column of such a window;
    - the buffer, of about ``room`` bytes, used again for every few images, stays in the processor's cache;
    - columns fill whole cache lines: the last few may belong to no window, and are to be ignored.
    """
    (_, C, k_h, k_w), (stride, padding, dilation, groups, h, w) = W.shape, layer
    windows = _slide(pad2d(X, padding), 3, k_w, stride[1], dilation[1])  # (N, all channels, padded rows, w, k_w)
    N, _, H, _, _ = windows.shape
    windows = windows.reshape(N, groups, C, H, w, k_w).transpose(1, 3, 2, 5, 0, 4)
    at_once = min(N, max(1, max(room, W.nbytes) // windows[..., 0, :].nbytes))
    line = LINE // X.itemsize
    copies = np.zeros((groups, H, C * k_w, -(-at_once * w // line) * line), X.dtype)
    cells = copies[..., :at_once * w].reshape(groups, H, C, k_w, at_once, w)  # a view: to write by window
    columns = _slide(copies, 1, k_h, stride[0], dilation[0]).transpose(0, 1, 4, 2, 3)  # a view: to read by row
    for first in range(0, N, at_once):
        block = windows[..., first:first + at_once, :]
        cells[..., :block.shape[4], :] = block
        yield slice(first, first + at_once), columns.reshape(groups, h, k_h * C * k_w, -1)


def _columns_backward(dcolumns: np.ndarray, shape: tuple[int, ...], W: np.ndarray, layer: _Layer) -> np.ndarray:
    """From gradients of the columns of images of that shape to the images' own: what was copied is added up."""
    (N, _, H, width), (_, C, k_h, k_w), (stride, padding, dilation, groups, h, w) = shape, W.shape, layer
    dcopies = np.zeros((groups, H + 2 * padding[0], C * k_w, dcolumns.shape[-1]), dcolumns.dtype)
    shared = _slide(dcopies, 1, k_h, stride[0], dilation[0])  # (groups, h, C k_w, columns, k_h)
    for down in range(k_h):
        shared[..., down] += dcolumns.reshape(groups, h, k_h, C * k_w, -1)[:, :, down]
    dcells = dcopies[..., :N * w].reshape(groups, -1, C, k_w, N, w)
    dX = np.zeros((groups, H + 2 * padding[0], C, N, width + 2 * padding[1]), dcolumns.dtype)
    windows = _slide(dX, 4, k_w, stride[1], dilation[1])
    for right in range(k_w):
        windows[..., right] += dcells[:, :, :, right]
    dX = dX[:, padding[0]:padding[0] + H, ..., padding[1]:padding[1] + width]
    return dX.transpose(3, 0, 2, 1, 4).reshape(shape)


# -------------------------------------------------------------------------------------------------- pooling

def _pooling(X, kernel_size, stride, padding) -> tuple[np.ndarray, tuple, tuple, tuple]:
    """X as an array, and kernel_size, stride (None: kernel_size) and padding as pairs that fit it; else CourseError."""
    X, kernel = _numbers(X, "X", BATCH), _pair(kernel_size, "kernel_size", 1)
    stride, padding = _pair(kernel if stride is None else stride, "stride", 1), _pair(padding, "padding", 0)
    if padding[0] > kernel[0] // 2 or padding[1] > kernel[1] // 2:
        raise CourseError(f"padding={padding} is more than half of kernel_size={kernel}, so a window could miss the "
                          f"image: use at most {(kernel[0] // 2, kernel[1] // 2)}.")
    _output_sides(X, kernel, stride, padding)
    return X, kernel, stride, padding


def _max_windows(X: np.ndarray, kernel, stride, padding) -> np.ndarray:
    """The windows of X, surrounded by numbers that no maximum picks."""
    lowest = -np.inf if X.dtype.kind == "f" else np.iinfo(X.dtype).min
    return _windows(pad2d(X, padding, lowest), kernel, stride)


def max_pool2d(X, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """The largest number of every window, channel by channel: (N, C, H, W) -> (N, C, H_out, W_out) (slide 30).

    Sizes as in ``conv2d``; stride None means kernel_size; padding never wins. Errors: CourseError for a window
    that does not fit, or a padding of more than half a window.
    """
    X, kernel, stride, padding = _pooling(X, kernel_size, stride, padding)
    windows = _max_windows(X, kernel, stride, padding)
    return reduce(np.maximum, (windows[..., i, j] for i, j in np.ndindex(kernel)))


def avg_pool2d(X, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """The mean of every window, channel by channel, padded zeros counted: shapes and errors as ``max_pool2d``."""
    X, kernel, stride, padding = _pooling(X, kernel_size, stride, padding)
    windows = _windows(pad2d(X, padding), kernel, stride)
    return sum(windows[..., i, j] for i, j in np.ndindex(kernel)) / (kernel[0] * kernel[1])


def max_pool2d_backward(dY, X, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """dX (N, C, H, W) from dY (N, C, H_out, W_out): each window hands its gradient to its largest number.

    Of several that are largest, the first, row by row, gets it all. Errors: CourseError as ``max_pool2d``.
    """
    X, kernel, stride, padding = _pooling(X, kernel_size, stride, padding)
    windows = _max_windows(X, kernel, stride, padding)
    largest = reduce(np.maximum, (windows[..., i, j] for i, j in np.ndindex(kernel)))
    dY, waiting = _of_shape(dY, "dY", BATCH, largest.shape), np.ones(largest.shape, bool)

    def share(i, j):
        """What pixel (i, j) of every window gets."""
        gets = waiting & (windows[..., i, j] == largest)
        waiting[gets] = False
        return dY * gets

    return _hand_back(share, X.shape, dY.dtype, kernel, stride, padding)


def avg_pool2d_backward(dY, X, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> np.ndarray:
    """dX (N, C, H, W) from dY (N, C, H_out, W_out): each window hands every number of its own the same share.

    Of X only the shape matters. Errors: CourseError as ``max_pool2d``.
    """
    X, kernel, stride, padding = _pooling(X, kernel_size, stride, padding)
    shape = (*X.shape[:2], *_output_sides(X, kernel, stride, padding))
    equal = _of_shape(dY, "dY", BATCH, shape) / (kernel[0] * kernel[1])
    return _hand_back(lambda i, j: equal, X.shape, equal.dtype, kernel, stride, padding)


def _hand_back(share, shape, dtype, kernel, stride, padding) -> np.ndarray:
    """dX of that shape: the sum of ``share(i, j)`` (N, C, H_out, W_out) over the windows' pixels (i, j)."""
    dX = pad2d(np.zeros(shape, dtype), padding)
    windows = _windows(dX, kernel, stride)
    for i, j in np.ndindex(kernel):
        windows[..., i, j] += share(i, j)
    return dX[..., padding[0]:padding[0] + shape[2], padding[1]:padding[1] + shape[3]]
