"""ConvolutionStepper: the lecture's slide 6, live. One output at a time, with its arithmetic in full."""

from pathlib import Path

import numpy as np
import traitlets

from .. import figures, ops
from ..errors import CourseError
from .base import Choice, CourseWidget, Matrix, Switch, Whole, style, view

HERE = Path(__file__)
SLIDE_6_INPUT = ((3, 3, 2, 1, 0), (0, 0, 1, 3, 1), (3, 1, 2, 2, 3), (2, 0, 0, 2, 2), (2, 0, 0, 0, 1))
SLIDE_6_KERNEL = ((0, 1, 2), (2, 2, 0), (0, 1, 2))


class ConvolutionStepper(CourseWidget):
    """Step a kernel over an input and see every product (slide 6; stride and padding: slides 17-28).

    State, each readable and writable from Python:
    ``input`` (H, W) up to 16x16, ``kernel`` (k_h, k_w) up to 7x7, ``stride`` 1-4, ``padding`` 0-3,
    ``dilation`` 1-3, ``operation`` "cross-correlation" or "convolution", ``step`` (index of the current
    output, row by row), ``predict`` (hide outputs until predicted) and ``predictions``, a list of
    ``{"row", "column", "guess", "value"}``. ``output`` is computed. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    input = Matrix(SLIDE_6_INPUT, (16, 16), "; KernelPainter takes whole photographs")
    kernel = Matrix(SLIDE_6_KERNEL, (7, 7))
    stride = Whole(1, 1, 4)
    padding = Whole(0, 0, 3)
    dilation = Whole(1, 1, 3)
    operation = Choice("cross-correlation", "convolution")
    step = Whole(0, 0, 22 * 22 - 1)
    predict = Switch()
    predictions = traitlets.List(traitlets.Dict()).tag(sync=True)

    @property
    def output(self) -> np.ndarray:
        """The output (H_out, W_out); CourseError where the kernel does not fit into the padded input."""
        operate = ops.convolve2d if self.operation == "convolution" else ops.correlate2d
        return operate(self.input, self.kernel, self.stride, self.padding, self.dilation)

    def __repr__(self) -> str:
        height, width = self.input.shape
        rows, columns = self.kernel.shape
        return (
            f"ConvolutionStepper({self.operation} of a {height}x{width} input with a {rows}x{columns} kernel, "
            f"stride={self.stride}, padding={self.padding}, dilation={self.dilation})"
        )

    def static_html(self) -> str:
        try:
            output = figures.table(self.output, "output", "output y")
        except CourseError as error:
            output = f"<p>{error}</p>"
        return figures.beside(
            figures.table(self.input, "input", "input x"), figures.table(self.kernel, "kernel", "kernel w"), output
        )
