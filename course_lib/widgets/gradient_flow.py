"""GradientFlow: the way back through a convolution, with every product written out (slide 8, on slide 17's grid)."""

from pathlib import Path

import numpy as np

from .. import figures, ops
from ..errors import CourseError
from .base import CourseWidget, Matrix, Whole, style, view

HERE = Path(__file__)
LARGEST = (8, 8)


class GradientFlow(CourseWidget):
    """See what each input and each weight receives from the outputs that it took part in.

    State, each readable and writable from Python: ``input`` (H, W) up to 8x8, ``kernel`` (k_h, k_w) up to 5x5,
    ``upstream``, the loss's gradient with respect to the output, ``stride`` 1-3, ``padding`` 0-2, and ``chosen``
    (index of the output in focus, row by row). ``upstream`` is read as ``dY``: cut to the size of the output, with
    ones where it has no number. ``output``, ``dX`` and ``dW`` are computed. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    input = Matrix(np.arange(1, 17).reshape(4, 4), LARGEST)
    kernel = Matrix(((1, 2), (3, 4)), (5, 5))
    upstream = Matrix(((1,),), (12, 12))
    stride = Whole(1, 1, 3)
    padding = Whole(0, 0, 2)
    chosen = Whole(0, 0, 12 * 12 - 1)

    @property
    def output(self) -> np.ndarray:
        """The output (H_out, W_out); CourseError where the kernel does not fit into the padded input."""
        return ops.correlate2d(self.input, self.kernel, self.stride, self.padding)

    @property
    def dY(self) -> np.ndarray:
        """The gradient that arrives at each output: ``upstream``, cut or filled up with ones."""
        gradient = np.ones(self.output.shape)
        rows, columns = np.minimum(gradient.shape, self.upstream.shape)
        gradient[:rows, :columns] = self.upstream[:rows, :columns]
        return gradient

    @property
    def dX(self) -> np.ndarray:
        """What each input receives, an array of the input's shape."""
        return self._backward()[0][0, 0]

    @property
    def dW(self) -> np.ndarray:
        """What each weight receives, an array of the kernel's shape."""
        return self._backward()[1][0, 0]

    def _backward(self) -> tuple[np.ndarray, ...]:
        arrays = (array[None, None] for array in (self.dY, self.input, self.kernel))
        return ops.conv2d_backward(*arrays, stride=self.stride, padding=self.padding)

    def __repr__(self) -> str:
        sizes = ["{}x{}".format(*array.shape) for array in (self.input, self.kernel)]
        return (f"GradientFlow({sizes[0]} input, {sizes[1]} kernel, "
                f"stride={self.stride}, padding={self.padding})")

    def static_html(self) -> str:
        given = (figures.table(self.input, "input", "input x"), figures.table(self.kernel, "kernel", "kernel w"))
        try:
            return figures.beside(
                *given, figures.table(self.dY, "output", "dY"), figures.table(self.dX, "input", "dX"),
                figures.table(self.dW, "kernel", "dW"),
            )
        except CourseError as error:
            return figures.beside(*given, f"<p>{error}</p>")
