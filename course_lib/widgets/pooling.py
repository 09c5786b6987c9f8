"""Pooling: slide 30, live. Each window gives one number; switched round, each number's gradient goes back."""

from pathlib import Path

import numpy as np
import traitlets

from .. import figures, ops
from ..errors import CourseError
from .base import Choice, CourseWidget, Matrix, Switch, Whole, style, view

HERE = Path(__file__)
SLIDE_30_INPUT = np.arange(1, 17).reshape(4, 4)
LARGEST_SIDE, LARGEST_WINDOW = 12, 6


class Stride(Whole):
    """A whole number, or None for the window's own size."""

    def validate(self, obj, value):
        return None if value is None else super().validate(obj, value)


class Gradient(Matrix):
    """A 2-D array, or None for ones everywhere."""

    def __init__(self, **metadata):
        super().__init__([[1]], (LARGEST_SIDE,) * 2, **metadata)
        self.default_value = None
        self.tag(to_json=lambda array, _: None if array is None else array.tolist())

    def validate(self, obj, value):
        return None if value is None else super().validate(obj, value)


class Pooling(CourseWidget):
    """Pool a grid of numbers, see each window's arithmetic, and follow the gradient back (slide 30).

    State, each readable and writable from Python: ``input`` (H, W) up to 12x12, ``operation`` "max" or
    "average", ``size`` 1-6, ``stride`` 1-6 or None for the size, ``gradient`` (show where the gradient goes)
    and ``upstream``, the gradient of the loss with respect to ``output``, in its shape, or None for ones.
    Padding is 0. ``output`` and ``input_gradient`` are computed: of several largest numbers in a window the
    first, row by row, gets the gradient, as in torch. Another output size sets ``upstream`` back to None.
    Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    input = Matrix(SLIDE_30_INPUT, (LARGEST_SIDE,) * 2)
    operation = Choice("max", "average")
    size = Whole(2, 1, LARGEST_WINDOW)
    stride = Stride(None, 1, LARGEST_WINDOW)
    gradient = Switch()
    upstream = Gradient()

    @traitlets.validate("upstream")
    def _fits_output(self, proposal):
        upstream = proposal["value"]
        if upstream is not None and upstream.shape != self.output.shape:
            rows, columns = self.output.shape
            raise CourseError(
                f"upstream must have the output's shape ({rows}, {columns}); got {upstream.shape}. "
                "Give one gradient per output, or None for ones."
            )
        return upstream

    @traitlets.observe("input", "size", "stride")
    def _forget_upstream(self, _):
        if self.upstream is not None and (not self._fits() or self.upstream.shape != self.output.shape):
            self.upstream = None

    def _fits(self) -> bool:
        return self.size <= min(self.input.shape)

    @property
    def output(self) -> np.ndarray:
        """The output (H_out, W_out); CourseError where the window does not fit into the input."""
        pool = ops.max_pool2d if self.operation == "max" else ops.avg_pool2d
        return pool(self.input[None, None], self.size, self.stride)[0, 0]

    @property
    def input_gradient(self) -> np.ndarray:
        """The gradient that every number of the input receives, (H, W); CourseError as for ``output``."""
        back = ops.max_pool2d_backward if self.operation == "max" else ops.avg_pool2d_backward
        upstream = np.ones(self.output.shape) if self.upstream is None else self.upstream
        return back(upstream[None, None], self.input[None, None], self.size, self.stride)[0, 0]

    def __repr__(self) -> str:
        height, width = self.input.shape
        stride = self.size if self.stride is None else self.stride
        return f"Pooling({self.operation} over a {height}x{width} input, size={self.size}, stride={stride})"

    def static_html(self) -> str:
        tables = [figures.table(self.input, "input", "input x")]
        try:
            tables.append(figures.table(self.output, "output", f"{self.operation} of each window, y"))
            if self.gradient:
                upstream = np.ones(self.output.shape) if self.upstream is None else self.upstream
                tables.append(figures.table(upstream, "output", "gradient of y, given"))
                tables.append(figures.table(self.input_gradient, "input", "gradient of x"))
        except CourseError as error:
            tables.append(f"<p>{error}</p>")
        return figures.beside(*tables)
