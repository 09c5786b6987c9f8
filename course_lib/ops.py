"""Reference operations in NumPy: what the students' own functions are compared with.

Shapes: a picture is (H, W), a kernel (k_h, k_w). Cross-correlation is called cross-correlation.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .errors import CourseError


def picture(x, name: str = "the input") -> np.ndarray:
    """``x`` as a 2-D array of finite numbers, or a CourseError that says what it is instead."""
    try:
        array = np.asarray(x)
        if array.dtype == bool or array.dtype.kind not in "iuf":
            array = array.astype(float) if array.dtype.kind in "Ob" and array.size else array
        if array.dtype.kind not in "iuf":
            raise TypeError
    except (TypeError, ValueError):
        raise CourseError(f"{name} must hold numbers only, in rows of equal length; got {x!r:.80}.") from None
    if array.ndim != 2:
        raise CourseError(f"{name} must be 2-D (rows, columns); got shape {array.shape}.")
    if array.size == 0:
        raise CourseError(f"{name} is empty: its shape is {array.shape}; give it at least one row and one column.")
    if not np.isfinite(array).all():
        raise CourseError(f"{name} holds NaN or infinity; give it finite numbers.")
    return array


def _whole(value, name: str, least: int) -> int:
    """``value`` as an int of at least ``least``, or a CourseError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise CourseError(f"{name} must be a whole number of at least {least}; got {value!r}.")
    return int(value)


def pad2d(x, padding: int = 1, value: float = 0.0) -> np.ndarray:
    """Surround a picture by ``padding`` rows and columns of ``value``: (H, W) -> (H + 2p, W + 2p)."""
    return np.pad(picture(x), _whole(padding, "padding", 0), constant_values=value)


def correlate2d(x, w, stride: int = 1, padding: int = 0, dilation: int = 1) -> np.ndarray:
    """Cross-correlation, what deep learning calls convolution: slide ``w`` over ``x``, multiply, sum.

    (H, W) and (k_h, k_w) -> (H_out, W_out) with H_out = floor((H + 2p - d (k_h - 1) - 1) / s) + 1.
    Errors: CourseError if an argument is not a picture, or the kernel does not fit (slides 6, 17-28).
    """
    x, w = pad2d(x, padding), picture(w, "the kernel")
    stride, dilation = _whole(stride, "stride", 1), _whole(dilation, "dilation", 1)
    spread = [dilation * (side - 1) + 1 for side in w.shape]
    if spread[0] > x.shape[0] or spread[1] > x.shape[1]:
        raise CourseError(
            f"the kernel covers {spread[0]}x{spread[1]} pixels and the padded input has only "
            f"{x.shape[0]}x{x.shape[1]}: use a smaller kernel, less dilation or more padding."
        )
    windows = sliding_window_view(x, spread)[::stride, ::stride, ::dilation, ::dilation]
    return np.einsum("ijab,ab->ij", windows, w)


def convolve2d(x, w, stride: int = 1, padding: int = 0, dilation: int = 1) -> np.ndarray:
    """True convolution: cross-correlation with the kernel rotated by 180 degrees. Shapes as ``correlate2d``."""
    return correlate2d(x, picture(w, "the kernel")[::-1, ::-1], stride, padding, dilation)
