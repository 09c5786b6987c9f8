"""KernelPainter: type a kernel, watch what it does to a photograph (slides 6 to 8)."""

from base64 import b64encode
from collections.abc import Callable
from html import escape
from io import BytesIO
from math import comb
from pathlib import Path

import numpy as np
import traitlets

from .. import data, figures
from ..errors import CourseError
from .base import Choice, CourseWidget, Matrix, Switch, style, view

HERE = Path(__file__)
# Longer side in pixels: of a bundled photograph, and of the largest picture that is filtered at once.
USUAL_SIDE, LARGEST_SIDE = 320, 360
SIZES = (3, 5, 7)
# Keeps every sum finite, so that the browser and NumPy agree on it.
LARGEST_WEIGHT = 1e6


def _identity(size: int) -> np.ndarray:
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1
    return kernel


def _edge(size: int) -> np.ndarray:
    return size * size * _identity(size) - 1


def _sharpen(size: int) -> np.ndarray:
    cross = np.zeros((size, size))
    cross[size // 2, :] = cross[:, size // 2] = 1
    return 2 * size * _identity(size) - cross


def _box(size: int) -> np.ndarray:
    return np.full((size, size), 1 / size**2)


def _gaussian(size: int) -> np.ndarray:
    row = np.array([comb(size - 1, k) for k in range(size)]) / 2 ** (size - 1)
    return np.outer(row, row)


def _centred(rows: list) -> Callable[[int], np.ndarray]:
    return lambda size: np.pad(np.array(rows, dtype=float), (size - 3) // 2)


# name: (kernel of a size, how its response is best shown)
_PRESETS = {
    "identity": (_identity, "clip"),
    "edge": (_edge, "absolute"),
    "sharpen": (_sharpen, "clip"),
    "box blur": (_box, "clip"),
    "Gaussian blur": (_gaussian, "clip"),
    "Sobel vertical edges": (_centred([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), "absolute"),
    "Sobel horizontal edges": (_centred([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]), "absolute"),
    "emboss": (_centred([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]]), "mid-grey"),
}


def presets() -> list[str]:
    """Names of the kernels that the painter knows."""
    return list(_PRESETS)


def preset(name: str, size: int = 3) -> np.ndarray:
    """A known kernel of ``size`` 3, 5 or 7: float (size, size). The beginning of its name is enough.

    identity, edge and sharpen are those of slide 7. The Gaussian is binomial: 1 2 1, 1 4 6 4 1, ..., divided
    by its sum. Sobel and emboss are 3x3 by definition; larger ones are surrounded by zeros.
    Errors: CourseError for an unknown or ambiguous name, or another size.
    """
    if size not in SIZES:
        raise CourseError(f"a preset kernel has size {', '.join(map(str, SIZES))}; got {size!r}.")
    return _PRESETS[_full_name(name)][0](size)


def _full_name(name: str) -> str:
    found = [known for known in _PRESETS if known.lower().startswith(name.strip().lower())]
    if len(found) != 1:
        problem = "could be several kernels" if found else "is no kernel that the painter knows"
        raise CourseError(f"{name!r} {problem}; write one of {', '.join(map(repr, found or _PRESETS))}.")
    return found[0]


class Kernel(Matrix):
    """A kernel with odd sides, or the name of a preset."""

    def validate(self, obj, value):
        if isinstance(value, str):
            value = preset(value)
        array = super().validate(obj, value)
        if not all(side % 2 for side in array.shape):
            raise CourseError(
                f"{self.name} has shape {array.shape}; its sides must be odd (such as 3x3), so that it has a "
                "middle pixel. Add a row or column of zeros."
            )
        largest = np.abs(array).max()
        if largest > LARGEST_WEIGHT:
            raise CourseError(f"{self.name} holds {largest:g}; use weights up to {LARGEST_WEIGHT:g}.")
        return array


def as_photo(value) -> np.ndarray:
    """A picture given as an array, as uint8 (H, W) or (H, W, 3) with no side over 360 pixels.

    Floats from 0 to 1 are scaled to 0..255, integers and larger floats are taken as 0..255.
    Errors: CourseError that says which shape or range was found instead.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind == "b":
            array = array.astype(float)
        if array.dtype.kind not in "iuf":
            raise TypeError
    except (TypeError, ValueError):
        raise CourseError(
            f"photo must be an array of numbers or a photograph's name; got {repr(value):.80}."
        ) from None
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or array.ndim == 3 and array.shape[2] != 3:
        advice = ""
        if array.ndim == 3 and array.shape[2] == 4:
            advice = " Here the fourth channel is transparency: give photo[:, :, :3]."
        elif array.ndim == 3 and array.shape[0] in (1, 3):
            advice = " Here the channels come first: give photo.transpose(1, 2, 0)."
        raise CourseError(
            f"photo must be (H, W) for grey or (H, W, 3) for colour; got shape {array.shape}.{advice}"
        )
    if array.size == 0:
        raise CourseError(f"photo is empty: its shape is {array.shape}; give it at least one pixel.")
    if not np.isfinite(array).all():
        raise CourseError("photo holds NaN or infinity; give it finite numbers.")
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise CourseError(
            f"photo has values from {low:g} to {high:g}; expected 0 to 1 or 0 to 255. "
            "Rescale it, such as (photo - photo.min()) / (photo.max() - photo.min())."
        )
    if array.dtype.kind == "f":
        array = np.floor(array * (255 if high <= 1 else 1) + 0.5)
    array = array.astype(np.uint8)
    if max(array.shape[:2]) > LARGEST_SIDE:
        from PIL import Image

        array = np.array(data.scaled(Image.fromarray(array), LARGEST_SIDE))
    return array


def as_grey(photo: np.ndarray) -> np.ndarray:
    """Brightness of a colour picture: uint8 (H, W, 3) -> (H, W), 0.299 R + 0.587 G + 0.114 B as in PIL."""
    red, green, blue = np.moveaxis(photo.astype(np.int64), 2, 0)
    return (19595 * red + 38470 * green + 7471 * blue + 32768 >> 16).astype(np.uint8)


def respond(photo: np.ndarray, kernel: np.ndarray, operation: str) -> np.ndarray:
    """Every pixel's sum of products, float of the photo's shape; beyond the border its edge pixels repeat.

    The browser adds the same products in the same order (kernel row by row), so the floats are the same.
    """
    if operation == "convolution":
        kernel = kernel[::-1, ::-1]
    (height, width), (rows, columns) = photo.shape[:2], kernel.shape
    border = [(rows // 2,) * 2, (columns // 2,) * 2] + [(0, 0)] * (photo.ndim - 2)
    padded = np.pad(photo.astype(float), border, mode="edge")
    total = np.zeros(photo.shape)
    for (a, b), weight in np.ndenumerate(kernel):
        total += weight * padded[a : a + height, b : b + width]
    return total


def display(response: np.ndarray, show: str) -> np.ndarray:
    """A response as it is shown, uint8: "clip" to 0..255, "absolute" value, or "mid-grey" (128 + value)."""
    value = {"clip": lambda r: r, "absolute": np.abs, "mid-grey": lambda r: r + 128}[show](response)
    return np.clip(np.floor(value + 0.5), 0, 255).astype(np.uint8)


class KernelPainter(CourseWidget):
    """Paint with a kernel: it runs over every pixel of a photograph, and the result is shown as you type.

    ``photo``: a name (see ``course_lib.data.photographs()``), or an array (H, W) or (H, W, 3) with values
    0..1 or 0..255; more than 360 pixels a side are shrunk to that. ``kernel``: rows with odd sides up to 7x7,
    or the name of a preset (see ``presets()``). ``operation``: "cross-correlation" or "convolution".
    ``show``: how values outside 0..255 are shown, "clip", "absolute" or "mid-grey"; a preset given here
    brings its own. ``grey``: work on the brightness only. All of these can be read and set later, too.
    ``response`` is the float result, ``filtered`` the uint8 picture that is shown. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    kernel = Kernel(_edge(3), (max(SIZES),) * 2)
    operation = Choice("cross-correlation", "convolution")
    show = Choice("clip", "absolute", "mid-grey")
    grey = Switch()
    # The photograph travels as bytes: {"name", "shape": [H, W, channels], "pixels"}; see `photo`.
    _photo = traitlets.Dict().tag(sync=True)
    # What the browser offers: kernels and photographs, so that they are written down in one place.
    _presets = traitlets.Dict(
        {
            name: {"show": show, "kernels": {str(size): make(size).tolist() for size in SIZES}}
            for name, (make, show) in _PRESETS.items()
        }
    ).tag(sync=True)
    _photographs = traitlets.Dict(data.photographs()).tag(sync=True)

    def __init__(self, photo=None, kernel=None, **state):
        kernel = "edge" if kernel is None else kernel
        if isinstance(kernel, str):
            state.setdefault("show", _PRESETS[_full_name(kernel)][1])
        # Set before the widget opens, so that the pixels travel to the browser once.
        self.photo = "chelsea" if photo is None else photo
        super().__init__(kernel=kernel, **state)
        self.on_msg(lambda _, message, __: setattr(self, "photo", message["photo"]))

    @classmethod
    def state_names(cls) -> list[str]:
        return ["photo", *super().state_names()]

    @property
    def photo(self) -> np.ndarray:
        """The photograph, uint8 (H, W) or (H, W, 3), read-only; set it to an array or a name."""
        array = np.frombuffer(self._photo["pixels"], np.uint8).reshape(self._photo["shape"])
        return array[:, :, 0] if array.shape[2] == 1 else array

    @photo.setter
    def photo(self, value) -> None:
        named = isinstance(value, str)
        array = data.photograph(value, USUAL_SIDE) if named else as_photo(value)
        self._photo = {
            "name": value if named else "your array",
            "shape": [*array.shape[:2], 1 if array.ndim == 2 else 3],
            "pixels": array.tobytes(),
        }

    @property
    def source(self) -> np.ndarray:
        """What is filtered: the photograph, or its brightness if ``grey`` is set."""
        return as_grey(self.photo) if self.grey and self.photo.ndim == 3 else self.photo

    @property
    def response(self) -> np.ndarray:
        """Every pixel's sum of products, float, (H, W) or (H, W, 3)."""
        return respond(self.source, self.kernel, self.operation)

    @property
    def filtered(self) -> np.ndarray:
        """The picture that is shown, uint8, (H, W) or (H, W, 3)."""
        return display(self.response, self.show)

    def __repr__(self) -> str:
        height, width = self.photo.shape[:2]
        rows, columns = self.kernel.shape
        return (
            f"KernelPainter({self.operation} of {self._photo['name']} ({height}x{width}) with a "
            f"{rows}x{columns} kernel of sum {figures.number(self.kernel.sum())}, show={self.show!r}, "
            f"grey={self.grey})"
        )

    def static_html(self) -> str:
        from PIL import Image

        before, after = (Image.fromarray(pixels).convert("RGB") for pixels in (self.source, self.filtered))
        width, height = before.size
        pair = Image.new("RGB", (2 * width + 8, height), "white")
        pair.paste(before, (0, 0))
        pair.paste(after, (width + 8, 0))
        file = BytesIO()
        # 256 colours look the same at this size and keep the saved notebook small.
        pair.quantize(256, Image.Quantize.FASTOCTREE).save(file, "PNG")
        alt = (
            f"{self._photo['name']}: on the left as it is, on the right after {self.operation} with the "
            f"kernel below (shown: {self.show})"
        )
        picture = (
            f'<img alt="{escape(alt)}" src="data:image/png;base64,{b64encode(file.getvalue()).decode()}" '
            'style="max-width:100%;border-radius:6px"/>'
        )
        kernel = figures.table(self.kernel, "kernel", "kernel w")
        return f'<div style="max-width:760px">{picture}</div>{kernel}'
