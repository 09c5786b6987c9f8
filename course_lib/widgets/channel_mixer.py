"""ChannelMixer: slides 9 to 16, live. Every output map is a sum over the channels, each with its own kernel."""

from html import escape
from pathlib import Path

import numpy as np
import traitlets

from .. import data, figures, ops
from ..errors import CourseError
from .base import CourseWidget, Pair, Whole, style, view
from .kernel_painter import as_photo

HERE = Path(__file__)
CHANNELS = ("red", "green", "blue")
SIZES = (1, 3, 5)
MOST_OUTPUTS = 4
LEAST_SIDE, LARGEST_SIDE = 8, 64
LARGEST_WEIGHT = 1e6  # keeps every sum finite, so that the browser and NumPy agree on it

_POINT, _BOX = np.ones((1, 1)), np.full((3, 3), 1 / 9)
_LUMINANCE = (0.299, 0.587, 0.114)
_EDGE = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])
_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
# name: (one kernel, its factor for red, green and blue)
_PRESETS = {
    "luminance": (_POINT, _LUMINANCE),
    "red minus green": (_POINT, (1, -1, 0)),
    "edges": (_EDGE, _LUMINANCE),
    "blur": (_BOX, _LUMINANCE),
    "vertical edges": (_SOBEL, _LUMINANCE),
    "red only": (_POINT, (1, 0, 0)),
    "blue minus yellow": (_POINT, (-0.5, -0.5, 1)),
}


def presets(size: int = 5) -> list[str]:
    """Names of the kernels that the mixer knows in that size."""
    return [name for name, (kernel, _) in _PRESETS.items() if len(kernel) <= size]


def preset(name: str, size: int = 5) -> np.ndarray:
    """The weights of one output map, one kernel per input channel: float (3, size, size), small ones amid zeros.

    Errors: CourseError for an unknown name, or a size that it does not come in.
    """
    if not isinstance(name, str) or name not in presets(size):
        known = ", ".join(map(repr, presets(size)))
        raise CourseError(f"there are no weights {name!r:.40} of size {size!r}; the mixer knows {known}.")
    kernel, factors = _PRESETS[name]
    around = (size - len(kernel)) // 2
    return np.multiply.outer(factors, np.pad(kernel.astype(float), around))


def _finite(value, name: str, shape: str) -> np.ndarray:
    """``value`` as an array of finite floats, none too large, or a CourseError."""
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise CourseError(f"{name} must hold numbers only, in shape {shape}; got {value!r:.60}.") from None
    if array.size and not np.isfinite(array).all():
        raise CourseError(f"{name} hold NaN or infinity; give finite numbers.")
    if array.size and np.abs(array).max() > LARGEST_WEIGHT:
        raise CourseError(f"{name} hold {np.abs(array).max():g}; use numbers up to {LARGEST_WEIGHT:g}.")
    array.flags.writeable = False
    return array


class Weights(traitlets.TraitType):
    """Kernels (C_out, 3, k, k), or a list of presets' names."""

    def validate(self, obj, value):
        if isinstance(value, str):
            value = [value]
        if isinstance(value, (list, tuple)) and value and all(isinstance(name, str) for name in value):
            value = [preset(name) for name in value]
        wanted = f"(C_out, 3, k, k) with 1 to {MOST_OUTPUTS} outputs and k = {', '.join(map(str, SIZES))}"
        array = _finite(value, "weights", wanted)
        outputs, channels, rows, columns = array.shape if array.ndim == 4 else (0,) * 4
        if not 1 <= outputs <= MOST_OUTPUTS or channels != len(CHANNELS) or rows != columns or rows not in SIZES:
            raise CourseError(f"weights must have shape {wanted}; got {array.shape}.")
        return array


class Biases(traitlets.TraitType):
    """One number per output map."""

    def validate(self, obj, value):
        array = _finite(value, "bias", "(C_out,)")
        if array.ndim != 1:
            raise CourseError(f"bias must have one number per output; got shape {array.shape}.")
        return array


def _channels_last(value):
    """(3, H, W) as (H, W, 3); whatever else it is, ``as_photo`` tells what is wrong with it."""
    try:
        array = np.asarray(value)
    except ValueError:
        return value
    return np.moveaxis(array, 0, 2) if array.ndim == 3 and len(array) == 3 else value


def _to_list(array, _):
    return array.tolist()


class ChannelMixer(CourseWidget):
    """See how an output map is summed over the channels of a photograph (slides 9 to 16).

    ``photo``: a name (see ``course_lib.data.photographs()``; its middle, ``side`` pixels square), or an array
    (3, H, W) or (H, W, 3) with values 0..1 or 0..255, shrunk to 64 pixels; read back as X, uint8 (3, H, W).
    ``weights``: W (C_out, 3, k, k) with up to 4 outputs and k 1, 3 or 5, or a list of names (see ``presets()``).
    ``bias``: one number per output. ``chosen``: the weight plane (output, input channel) that is explained.
    All can be read and set later, too; other weights keep the biases they have room for. ``partials``
    (C_out, 3, H', W') and ``output`` (C_out, H', W') are computed, as ``ops.conv2d`` does. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    weights = Weights(np.array([preset(name) for name in presets()[:MOST_OUTPUTS]])).tag(sync=True, to_json=_to_list)
    bias = Biases(np.zeros(MOST_OUTPUTS)).tag(sync=True, to_json=_to_list)
    chosen = Pair((0, 0), "(output, input channel)")
    side = Whole(28, LEAST_SIDE, LARGEST_SIDE)
    # The photograph travels as bytes: {"name", "shape": [3, H, W], "pixels"}; see `photo`.
    _photo = traitlets.Dict().tag(sync=True)
    # What the browser offers, so that it is written down in one place: size -> name -> (3, size, size).
    _presets = traitlets.Dict(
        {str(size): {name: preset(name, size).tolist() for name in presets(size)} for size in SIZES}
    ).tag(sync=True)
    _photographs = traitlets.Dict(data.photographs()).tag(sync=True)

    def __init__(self, photo=None, **state):
        # Before anything is computed from them, biases must be as many as outputs.
        if "weights" in state and "bias" not in state:
            state["bias"] = np.zeros(len(Weights().validate(None, state["weights"])))
        super().__init__(**state)
        self.photo = "astronaut" if photo is None else photo
        self.on_msg(lambda _, message, __: setattr(self, "photo", message["photo"]))

    @classmethod
    def state_names(cls) -> list[str]:
        return ["photo", *super().state_names()]

    @traitlets.validate("bias")
    def _one_per_output(self, proposal):
        given, wanted = len(proposal["value"]), len(self.weights)
        if given != wanted:
            raise CourseError(f"bias must have one number per output, {wanted}; got {given}.")
        return proposal["value"]

    @traitlets.validate("chosen")
    def _is_there(self, proposal):
        output, channel = proposal["value"]
        if not (0 <= output < len(self.weights) and 0 <= channel < len(CHANNELS)):
            raise CourseError(f"chosen must be (0 to {len(self.weights) - 1}, 0 to 2); got ({output}, {channel}).")
        return proposal["value"]

    @traitlets.observe("weights")
    def _follow_weights(self, _):
        outputs = len(self.weights)
        if len(self.bias) != outputs:
            self.bias = np.append(self.bias, np.zeros(MOST_OUTPUTS))[:outputs]
        if self.chosen[0] >= outputs:
            self.chosen = (outputs - 1, self.chosen[1])

    @traitlets.observe("side")
    def _take_again(self, _):
        if self._photo.get("name") in data.photographs():
            self.photo = self._photo["name"]

    @property
    def photo(self) -> np.ndarray:
        """X, the photograph, uint8 (3, H, W), read-only; set it to an array or a name."""
        return np.frombuffer(self._photo["pixels"], np.uint8).reshape(self._photo["shape"])

    @photo.setter
    def photo(self, value) -> None:
        from PIL import Image

        named = isinstance(value, str)
        if named:
            array = np.asarray(Image.fromarray(data.photograph(value)).convert("RGB"))
            middle = min(array.shape[:2])
            top, left = ((length - middle) // 2 for length in array.shape[:2])
            array = array[top:top + middle, left:left + middle]
        else:
            array = as_photo(_channels_last(value))
            if array.ndim != 3 or min(array.shape[:2]) < LEAST_SIDE:
                raise CourseError(
                    f"photo must have three channels of at least {LEAST_SIDE}x{LEAST_SIDE} pixels, (3, H, W) or "
                    f"(H, W, 3); got shape {np.shape(value)}."
                )
        side = self.side if named else LARGEST_SIDE
        if named or max(array.shape[:2]) > LARGEST_SIDE:
            array = np.asarray(data.scaled(Image.fromarray(array), side))
        X = array.transpose(2, 0, 1)
        self._photo = {"name": value if named else "your array", "shape": list(X.shape), "pixels": X.tobytes()}

    @property
    def partials(self) -> np.ndarray:
        """X_ci * W_co,ci for every pair of an output and an input channel: float (C_out, 3, H', W')."""
        outputs, channels, size, _ = self.weights.shape
        kernels = self.weights.swapaxes(0, 1).reshape(channels * outputs, 1, size, size)
        maps = ops.conv2d(self.photo[None].astype(float), kernels, groups=channels)[0]
        return maps.reshape(channels, outputs, *maps.shape[1:]).swapaxes(0, 1)

    @property
    def output(self) -> np.ndarray:
        """The output maps, float (C_out, H', W'): sums of the partial maps over the channels, and the bias."""
        return self.partials.sum(axis=1) + self.bias[:, None, None]

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.photo.shape))
        kernel, output = ("x".join(map(str, array.shape)) for array in (self.weights, self.output))
        return f"ChannelMixer({self._photo['name']} {shape}, weights {kernel}, output {output})"

    def static_html(self) -> str:
        def picture(array, alt):
            return (f'<img src="{figures.png(array)}" alt="{escape(alt)}" '
                    'style="width:104px;image-rendering:pixelated;border-radius:6px">')

        def row(first, *cells):
            return "".join(f'<td style="padding:4px;text-align:left">{cell}</td>' for cell in (first, *cells))

        X, partials, output = self.photo, self.partials, self.output
        planes = zip(X, CHANNELS, strict=True)
        lines = [row("input X", *(picture(plane, f"{name} channel") + f"<br>{name}" for plane, name in planes))]
        for c, (parts, total) in enumerate(zip(partials, output, strict=True)):
            shown = grey(np.concatenate([parts, total[None]]))
            cells = [picture(part, f"share of {name} in output {c}") + f"<br>weights of {name}: sum "
                     f"{figures.number(weights.sum())}"
                     for part, name, weights in zip(shown, CHANNELS, self.weights[c], strict=False)]
            lines.append(row(f"output {c}", *cells, "= " + picture(shown[-1], f"output {c}")))
        plane = figures.table(self.weights[self.chosen], "kernel", f"weights W[{self.chosen[0]}, {self.chosen[1]}]")
        size = "\u00d7".join(map(str, output.shape))
        learned = self.weights.size + len(self.bias)
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return (
            f'<div style="max-width:760px;overflow-x:auto"><table><tbody>{body}</tbody></table>{plane}'
            f"<p>Output {size}; {learned} parameters.</p></div>"
        )


def grey(maps: np.ndarray) -> np.ndarray:
    """The maps of one output in one scale, uint8: black is the least of their numbers and 0, white the largest."""
    low, high = min(0, maps.min()), max(0, maps.max())
    return np.floor(255 * (maps - low) / (high - low or 1) + 0.5).astype(np.uint8)
