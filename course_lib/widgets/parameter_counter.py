"""ParameterCounter: slide 3, live. What a dense layer and a convolution cost as the picture grows."""

from decimal import ROUND_HALF_UP, Context
from pathlib import Path

from .. import geometry
from ..errors import CourseError
from .base import Choice, CourseWidget, Switch, Whole, style, view

HERE = Path(__file__)
BYTES = 4  # of a float32
_THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)  # as JavaScript's toPrecision(3)
CHART_SIDES = (8, 16, 32, 64, 128, 224, 448)


def count(side: int, channels: int, outputs: int, kernel: int, kernels: int,
          dense: str = "classes", bias: bool = False) -> dict[str, int]:
    """Parameters of both layers on a picture (channels, side, side): the widget's arithmetic, as in its JavaScript.

    ``dense`` says what the fully connected layer makes: "classes" (``outputs`` numbers), or "same maps" as the
    convolution without padding, kernels x (side - kernel + 1)^2 numbers. Returns ``inputs``, ``map`` (side of
    a map), ``dense_outputs``, ``dense`` and ``convolution`` (parameters), and ``dense_bytes`` and
    ``convolution_bytes`` at 4 bytes each. Errors: CourseError where the kernel is larger than the picture.
    """
    if kernel > side:
        raise CourseError(f"a kernel of {kernel}x{kernel} does not fit into a picture of {side}x{side}: "
                          "use a smaller kernel or a larger picture.")
    inputs, place = channels * side**2, side - kernel + 1
    dense_outputs = outputs if dense == "classes" else kernels * place**2
    full = geometry.linear_parameters(inputs, dense_outputs, bias)
    shared = geometry.conv_parameters(channels, kernels, kernel, bias=bias)
    return {"inputs": inputs, "map": place, "dense_outputs": dense_outputs, "dense": full, "convolution": shared,
            "dense_bytes": BYTES * full, "convolution_bytes": BYTES * shared}


def memory(size: int) -> str:
    """Bytes as people read them, with powers of ten: "300 bytes", "1.2 kB", "602 MB", "21.7 GB"."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        # What would be written as 1000 is one of the next unit.
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{_THREE_DIGITS.create_decimal_from_float(value).normalize():f} {unit}"


class ParameterCounter(CourseWidget):
    """Move the side of the picture and compare a fully connected layer with a convolution (slides 3 and 9-14).

    State, each readable and writable from Python: ``side`` of the picture 1-512, ``channels`` 1-128,
    ``outputs`` of the fully connected layer 1-100000, ``kernel`` (its side) 1-15, ``kernels`` 1-512,
    ``dense``: what the fully connected layer makes, "classes" or the "same maps" as the convolution, ``bias``.
    ``counts`` is computed (see ``count``). Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    # With these bounds every count stays below 2**53, where JavaScript's whole numbers are exact.
    side = Whole(224, 1, 512)
    channels = Whole(3, 1, 128)
    outputs = Whole(1000, 1, 100_000)
    kernel = Whole(5, 1, 15)
    kernels = Whole(4, 1, 512)
    dense = Choice("classes", "same maps")
    bias = Switch()

    @property
    def counts(self) -> dict[str, int]:
        """Parameters and bytes of both layers; CourseError where the kernel is larger than the picture."""
        return self._at(self.side)

    def _at(self, side: int) -> dict[str, int]:
        return count(side, self.channels, self.outputs, self.kernel, self.kernels, self.dense, self.bias)

    def __repr__(self) -> str:
        makes = f"{self.outputs} classes" if self.dense == "classes" else "the same maps"
        return (f"ParameterCounter({self.side}x{self.side}x{self.channels} to {makes}, against {self.kernels} kernels "
                f"of {self.channels}x{self.kernel}x{self.kernel}, bias={self.bias})")

    def static_html(self) -> str:
        try:
            self._at(self.side)
        except CourseError as error:
            return f"<p>{error}</p>"
        sides = sorted({side for side in (*CHART_SIDES, self.side) if side >= self.kernel})
        rows = "".join(self._row(side) for side in sides)
        cell = ' style="text-align:right"'
        head = "".join(f"<th{cell}>{name}</th>" for name in (
            "image side", "fully connected", "memory", "convolution", "memory"))
        return (f"<table><caption>Parameters{' with biases' if self.bias else ', no biases'}, 4 bytes each: "
                f"{self.channels} channels to {self._makes()}, against {self.kernels} kernels of {self.channels}×"
                f"{self.kernel}×{self.kernel}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")

    def _makes(self) -> str:
        return f"{self.outputs:,} classes" if self.dense == "classes" else "the same maps"

    def _row(self, side: int) -> str:
        counts, cell = self._at(side), "text-align:right"
        shown = f"{side}", f"{counts['dense']:,}", memory(counts["dense_bytes"]), \
            f"{counts['convolution']:,}", memory(counts["convolution_bytes"])
        weight = ";font-weight:700" if side == self.side else ""
        return "<tr>" + "".join(f'<td style="{cell}{weight}">{text}</td>' for text in shown) + "</tr>"
