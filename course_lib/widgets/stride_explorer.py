"""StrideExplorer: slides 17-28, live. Where the windows lie, what they read, and what nobody reads."""

from pathlib import Path

import numpy as np

from .. import figures, geometry, ops
from ..errors import CourseError
from .base import Choice, CourseWidget, Whole, style, view

HERE = Path(__file__)
LETTERS = "abcdefghijklmnop"


class StrideExplorer(CourseWidget):
    """Slide a kernel of letters a, b, c ... over the numbers 1, 2, 3 ... with any stride, padding and dilation.

    State, each readable and writable from Python: ``size`` 1-9 and ``kernel`` 1-4 (sides), ``stride`` 1-4,
    ``padding`` 0-3, ``dilation`` 1-3, ``convention`` for strides that do not fit ("floor", "ceil", "refuse"),
    ``step`` (index of the current output cell, row by row). The default is slide 17. Computed: ``output`` (with
    a, b, c ... = 1, 2, 3 ...), ``sums`` (the cells as text) and ``unread``. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    size = Whole(4, 1, 9)
    kernel = Whole(2, 1, 4)
    stride = Whole(1, 1, 4)
    padding = Whole(0, 0, 3)
    dilation = Whole(1, 1, 3)
    convention = Choice(*geometry.CONVENTIONS)
    step = Whole(0, 0, 15 * 15 - 1)

    def _settings(self) -> dict:
        names = ("size", "kernel", "stride", "padding", "dilation", "convention")
        return {name: getattr(self, name) for name in names}

    @property
    def input(self) -> np.ndarray:
        """The picture (size, size): 1, 2, 3 ... row by row."""
        return np.arange(1, self.size**2 + 1).reshape(self.size, self.size)

    @property
    def weights(self) -> np.ndarray:
        """The kernel (kernel, kernel): a, b, c ... = 1, 2, 3 ... row by row."""
        return np.arange(1, self.kernel**2 + 1).reshape(self.kernel, self.kernel)

    @property
    def side(self) -> int:
        """Side of the output; CourseError where the kernel does not fit, or the convention refuses."""
        return geometry.output_size(**self._settings())

    @property
    def unread(self) -> list[int]:
        """Rows (and columns) of the picture that no window reads; CourseError as for ``side``."""
        return geometry.unread_pixels(**self._settings())

    @property
    def output(self) -> np.ndarray:
        """The output (side, side); CourseError as for ``side``."""
        side = self.side
        # A window that hangs over the edge reads zeros there, as those of the frame.
        beyond = max(0, (side - 1) * self.stride + self.dilation * (self.kernel - 1) + 1 - self.size - 2 * self.padding)
        padded = np.pad(self.input, (self.padding, self.padding + beyond))
        return ops.correlate2d(padded, self.weights, self.stride, 0, self.dilation)[:side, :side]

    @property
    def sums(self) -> list[list[str]]:
        """The output's cells as symbolic sums, "1a+2b+5c+6d"; CourseError as for ``side``."""
        starts = [index * self.stride - self.padding for index in range(self.side)]
        return [[self._sum(row, column) for column in starts] for row in starts]

    def _sum(self, row: int, column: int) -> str:
        terms = []
        for letter, (a, b) in zip(LETTERS, np.ndindex(self.kernel, self.kernel), strict=False):
            y, x = row + a * self.dilation, column + b * self.dilation
            if 0 <= y < self.size and 0 <= x < self.size:
                terms.append(f"{self.input[y, x]}{letter}")
        return "+".join(terms) or "0"

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self._settings().items())
        return f"StrideExplorer({settings})"

    def static_html(self) -> str:
        try:
            unread = np.isin(np.arange(self.size), self.unread)
            output = figures.table(self.output, "output", "output y")
        except CourseError as error:
            unread = np.zeros(self.size, dtype=bool)
            output = f"<p>{error}</p>"
        never = unread[:, None] | unread
        note = "<p>Pixels with an asterisk are never read.</p>" if never.any() else ""
        pixels = figures.table(self.input, "input", "input x", never)
        return figures.beside(pixels, figures.table(self.weights, "kernel", "kernel w"), output) + note
