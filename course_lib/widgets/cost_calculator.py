"""CostCalculator: what the layers of a network cost in parameters, multiply-adds and memory (slide 29)."""

from html import escape
from math import prod
from pathlib import Path

import numpy as np
import traitlets

from .. import geometry, look
from ..errors import CourseError
from .base import Choice, CourseWidget, Whole, style, view

HERE = Path(__file__)
OWN = "your own"
MOST_LAYERS = 60
BYTES = {"float32": 4, "float16": 2}
# What may be said of a layer, and its bounds; the browser goes by the same table.
LIMITS = {
    "channels": (1, 16384),
    "outputs": (1, 100_000),
    "kernel": (1, 64),
    "stride": (1, 64),
    "padding": (0, 64),
    "height": (1, 2048),
    "width": (1, 2048),
}
# kind: what is said of it; the defaults of what may be left out (a pooling's stride: its kernel).
FIELDS = {
    "conv": ("channels", "kernel", "stride", "padding"),
    "max pool": ("kernel", "stride", "padding"),
    "average pool": ("kernel", "stride", "padding"),
    "global average": (),
    "flatten": (),
    "linear": ("outputs",),
}


def _bounded(value, name: str, field: str) -> int:
    least, most = LIMITS[field]
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        raise CourseError(f"{name} must be a whole number from {least} to {most}; got {value!r:.60}.")
    return int(value)


def _as_dict(layer) -> dict:
    """A layer of ``course_lib.geometry`` as a dict; anything else as it is."""
    match layer:
        case geometry.Conv(channels, kernel, stride, padding, dilation=1, groups=1, bias=True):
            return {"kind": "conv", "channels": channels, "kernel": kernel, "stride": stride, "padding": padding}
        case geometry.Pool(kernel, stride, padding, convention="floor"):
            stride = kernel if stride is None else stride
            return {"kind": "max pool", "kernel": kernel, "stride": stride, "padding": padding}
        case geometry.GlobalAverage():
            return {"kind": "global average"}
        case geometry.Flatten():
            return {"kind": "flatten"}
        case geometry.Linear(outputs, bias=True):
            return {"kind": "linear", "outputs": outputs}
        case geometry.Layer():
            raise CourseError(
                f"the calculator has no groups, dilation, rounding up or layers without bias; got {layer!r}. "
                "geometry.costs counts those."
            )
    return layer


def _checked(layer, number: int) -> dict:
    """A layer as a dict with all its fields in order, or a CourseError that names it by its number."""
    layer = _as_dict(layer)
    if not isinstance(layer, dict):
        example = {"kind": "linear", "outputs": 10}
        raise CourseError(f"layer {number} must be a dict such as {example}; got {layer!r:.60}.")
    kind = layer.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise CourseError(f"layer {number}: kind must be one of {', '.join(map(repr, FIELDS))}; got {kind!r:.60}.")
    defaults = {"stride": 1 if kind == "conv" else layer.get("kernel"), "padding": 0}
    given = defaults | {name: value for name, value in layer.items() if name != "kind"}
    unknown = [name for name in layer if name != "kind" and name not in FIELDS[kind]]
    missing = [name for name in FIELDS[kind] if name not in given]
    if unknown or missing:
        wanted = ", ".join(FIELDS[kind]) or "nothing but its kind"
        problem = f"does not know {unknown[0]!r}" if unknown else f"lacks {missing[0]!r}"
        raise CourseError(f"layer {number}: a {kind} layer {problem}; it is told {wanted}.")
    return {"kind": kind} | {name: _bounded(given[name], f"layer {number}: {name}", name) for name in FIELDS[kind]}


def _as_layer(layer: dict) -> geometry.Layer:
    told = {name: value for name, value in layer.items() if name not in ("kind", "channels")}
    if layer["kind"] == "conv":
        return geometry.Conv(layer["channels"], **told)
    kinds = {"global average": geometry.GlobalAverage, "flatten": geometry.Flatten, "linear": geometry.Linear}
    return kinds.get(layer["kind"], geometry.Pool)(**told)


class Layers(traitlets.TraitType):
    """A list of layers: dicts, or layers of ``course_lib.geometry``."""

    def validate(self, obj, value):
        if not isinstance(value, (list, tuple)):
            raise CourseError(f"layers must be a list of dicts; got {value!r:.60}.")
        if len(value) > MOST_LAYERS:
            raise CourseError(f"this widget shows at most {MOST_LAYERS} layers; got {len(value)}.")
        return [_checked(layer, number) for number, layer in enumerate(value, 1)]


class ImageShape(traitlets.TraitType):
    """The shape (C, H, W) of one image."""

    def validate(self, obj, value):
        if not isinstance(value, (list, tuple)) or len(value) != 3:
            raise CourseError(f"shape must be (channels, height, width); got {value!r:.60}.")
        names = ("channels", "height", "width")
        return tuple(_bounded(side, f"shape's {name}", name) for name, side in zip(names, value, strict=True))


def memory(size: int) -> str:
    """Bytes as people write them, three digits or more: 1 kB is 1000 bytes."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if size >= scale:
            value = size / scale
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"
    return f"{size} B"


def describe(layer: dict) -> str:
    """A layer in a few words, such as "6 kernels 5\u00d75, padding 2"."""
    if layer["kind"] == "linear":
        return f"{layer['outputs']} units"
    if "kernel" not in layer:
        return ""
    window = f"{layer['kernel']}\u00d7{layer['kernel']}"
    said = [f"{layer['channels']} kernels {window}" if layer["kind"] == "conv" else window]
    usual = 1 if layer["kind"] == "conv" else layer["kernel"]
    said += [f"stride {layer['stride']}"] if layer["stride"] != usual else []
    said += [f"padding {layer['padding']}"] if layer["padding"] else []
    return ", ".join(said)


class CostCalculator(CourseWidget):
    """Count a network layer by layer: shapes, parameters, multiply-adds, memory, and where they sit (slide 29).

    ``CostCalculator("VGG-16")`` starts from a network of ``course_lib.geometry.NETWORKS``. State, each readable
    and writable from Python: ``layers``, a list of dicts such as ``{"kind": "conv", "channels": 6, "kernel": 5,
    "stride": 1, "padding": 2}`` (kinds: conv, max pool, average pool, global average, flatten, linear; layers of
    ``course_lib.geometry`` are taken, too), ``shape`` (C, H, W) of one image, ``batch`` and ``numbers``,
    "float32" or "float16". ``network`` names the network, or is "your own"; set it to load one. ``rows`` and
    ``totals`` are computed: parameters, multiply-adds for one image, and bytes of activations for the batch, kept
    for the backward pass (training) or for the largest neighbours (inference). ReLU works in place, every
    convolution and linear layer has its bias. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    layers = Layers(default_value=[]).tag(sync=True)
    shape = ImageShape(default_value=(1, 28, 28)).tag(sync=True)
    batch = Whole(1, 1, 65536)
    numbers = Choice(*BYTES)
    _networks = traitlets.Dict(
        {
            name: {"shape": list(net.shape), "layers": [_as_dict(layer) for layer in net.layers]}
            for name, net in geometry.NETWORKS.items()
        }
    ).tag(sync=True)
    _limits = traitlets.Dict(LIMITS).tag(sync=True)
    _fields = traitlets.Dict(FIELDS).tag(sync=True)

    def __init__(self, network: str | None = None, **state):
        if network is None and "layers" not in state:
            network = "LeNet-5"
        super().__init__(**({} if network is None else self._known(network)) | state)

    @classmethod
    def state_names(cls) -> list[str]:
        return ["network", *super().state_names()]

    @staticmethod
    def _known(network) -> dict:
        if not isinstance(network, str) or network not in geometry.NETWORKS:
            names = ", ".join(map(repr, geometry.NETWORKS))
            raise CourseError(f"there is no network {network!r:.60}; write one of {names}, or give layers=[...].")
        return geometry.NETWORKS[network]._asdict()

    @property
    def network(self) -> str:
        """The name of the network whose layers and image shape these are, or "your own"."""
        mine = {"shape": list(self.shape), "layers": self.layers}
        return next((name for name, network in self._networks.items() if network == mine), OWN)

    @network.setter
    def network(self, name: str) -> None:
        known = self._known(name)
        with self.hold_trait_notifications():
            self.shape, self.layers = known["shape"], known["layers"]

    @property
    def rows(self) -> list[dict]:
        """One dict a layer: kind, shape, parameters, macs, values; CourseError where a layer does not fit."""
        costs = geometry.costs([_as_layer(layer) for layer in self.layers], self.shape)
        return [
            {"kind": layer["kind"], "shape": cost.shape, "parameters": cost.parameters, "macs": cost.macs,
             "values": cost.values}
            for layer, cost in zip(self.layers, costs, strict=True)
        ]

    @property
    def totals(self) -> dict:
        """Sums over the layers: parameters and those of linear layers, macs, and bytes; CourseError as ``rows``."""
        rows, layers = self.rows, [_as_layer(layer) for layer in self.layers]
        held = {
            name: geometry.activation_bytes(layers, self.shape, self.batch, BYTES[self.numbers], name == "training")
            for name in ("training", "inference")
        }
        return {
            "parameters": sum(row["parameters"] for row in rows),
            "linear_parameters": sum(row["parameters"] for row in rows if row["kind"] == "linear"),
            "macs": sum(row["macs"] for row in rows),
            "parameter_bytes": sum(row["parameters"] for row in rows) * BYTES[self.numbers],
            "training_bytes": held["training"],
            "inference_bytes": held["inference"],
        }

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        return (
            f"CostCalculator({self.network}: {len(self.layers)} layers on a {shape} image, batch={self.batch}, "
            f"numbers={self.numbers!r})"
        )

    def static_html(self) -> str:
        cell = "padding:3px 10px;text-align:{}"

        def line(tag, first, *rest):
            cells = "".join(f'<{tag} style="{cell.format("right")}">{text}</{tag}>' for text in rest)
            return f'<tr><{tag} style="{cell.format("left")}">{first}</{tag}>{cells}</tr>'

        def size(values):
            return memory(values * self.batch * BYTES[self.numbers])

        def shaped(shape):
            return "\u00d7".join(map(str, shape))

        fault, rows = "", []
        try:
            rows, totals = self.rows, self.totals
        except CourseError as error:
            fault = f'<p style="color:{look.colour("wrong")}">{escape(str(error))}</p>'
        body = [line("td", "input", shaped(self.shape), "", "", size(prod(self.shape)))]
        for number, layer in enumerate(self.layers):
            said = f"{number + 1} <b>{layer['kind']}</b> {describe(layer)}"
            row = rows[number] if rows else None
            body.append(line("td", said, *(
                (shaped(row["shape"]), f"{row['parameters']:,}", f"{row['macs']:,}", size(row["values"]))
                if row else ("",) * 4)))
        if not fault:
            body.append(line("th", "total", "", f"{totals['parameters']:,}", f"{totals['macs']:,}",
                             memory(totals["training_bytes"])))
            fault = f"<p>Inference holds {memory(totals['inference_bytes'])} of activations at most.</p>"
        head = line("th", "layer", "output", "parameters", "multiply-adds", f"activations, batch {self.batch}")
        return (
            '<div style="max-width:760px;overflow-x:auto"><table style="border-collapse:collapse">'
            f"<thead>{head}</thead><tbody>{''.join(body)}</tbody></table>{fault}</div>"
        )
