"""ReceptiveField: a stack of layers from the side. What one unit sees at every level below it."""

from html import escape
from pathlib import Path

import traitlets

from .. import geometry
from ..errors import CourseError
from .base import CourseWidget, Whole, style, view

HERE = Path(__file__)
LARGEST = 48
MOST_LAYERS = 8
BOUNDS = {"kernel": (1, 11), "stride": (1, 4), "dilation": (1, 16), "padding": (0, 16)}
DEFAULTS = {"name": "", "stride": 1, "dilation": 1, "padding": 0}

CONV3 = {"kernel": 3}
POOL = {"kernel": 2, "stride": 2, "name": "pool"}
PRESETS = {
    "three 3×3": (9, (CONV3,) * 3),
    "one 7×7": (9, ({"kernel": 7},)),
    "LeNet-5": (32, ({"kernel": 5}, POOL, {"kernel": 5}, POOL, {"kernel": 5})),
    "VGG blocks": (16, ({"kernel": 3, "padding": 1}, {"kernel": 3, "padding": 1}, POOL) * 2),
    "stride 2, three times": (16, ({"kernel": 3, "stride": 2, "padding": 1},) * 3),
    "dilated 1-2-4": (17, tuple({"kernel": 3, "dilation": dilation} for dilation in (1, 2, 4))),
    "dilated 2-2-2: holes": (15, ({"kernel": 3, "dilation": 2},) * 3),
}


class Layers(traitlets.TraitType):
    """A trait that holds a stack: dicts with kernel, stride, dilation, padding and name; or pairs (kernel, stride)."""

    def __init__(self, default, **metadata):
        super().__init__(default_value=[_layer(layer, 1) for layer in default], **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        if isinstance(value, (str, dict)) or not hasattr(value, "__len__"):
            raise CourseError(f"{self.name} must be a list of layers, such as [(3, 1), (3, 2)]; got {value!r:.60}.")
        if len(value) > MOST_LAYERS:
            raise CourseError(f"{self.name} holds {len(value)} layers, and this widget shows at most {MOST_LAYERS}.")
        return [_layer(layer, number) for number, layer in enumerate(value, 1)]


def _layer(layer, number: int) -> dict:
    """One layer with all its settings, or a CourseError that names what is wrong in it."""
    if isinstance(layer, (tuple, list)) and len(layer) == 2:
        layer = {"kernel": layer[0], "stride": layer[1]}
    if not isinstance(layer, dict) or "kernel" not in layer or set(layer) - {*BOUNDS, "name"}:
        raise CourseError(f"layer {number} must be a pair (kernel, stride), or a dict with kernel and any of stride, "
                          f"dilation, padding, name; got {layer!r:.60}.")
    layer = DEFAULTS | layer
    for name, (least, most) in BOUNDS.items():
        value = layer[name]
        if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value <= most:
            raise CourseError(f"{name} of layer {number} must be a whole number from {least} to {most}; got {value!r}.")
    return {"name": str(layer["name"]), **{name: int(layer[name]) for name in BOUNDS}}


class Unit(traitlets.TraitType):
    """A trait that holds [level, unit]: level 0 is the input, the unit is counted from 0."""

    def __init__(self, default, **metadata):
        super().__init__(default_value=list(default), **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        fits = isinstance(value, (tuple, list)) and len(value) == 2 and all(
            hasattr(one, "__index__") and not isinstance(one, bool) and one >= 0 for one in value)
        if not fits:
            raise CourseError(f"{self.name} must be a pair (level, unit), both counted from 0; got {value!r:.60}.")
        return [int(one) for one in value]


class ReceptiveField(CourseWidget):
    """Stack layers and see the window of any unit at every level below it, one dimension at a time.

    State, each readable and writable from Python: ``size`` of the input (1-48), ``layers`` (the first lies next to the
    input; pairs (kernel, stride), or dicts with kernel, stride, dilation, padding, name), and ``unit``, the pair
    (level, unit) whose window is shown; level 0 is the input. ``ReceptiveField(preset="LeNet-5")`` starts from one of
    `PRESETS`. Computed: ``fields`` and ``sees(level, unit)``. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    size = Whole(9, 1, LARGEST)
    layers = Layers((CONV3,) * 3)
    unit = Unit((3, 1))

    def __init__(self, preset: str | None = None, **state):
        if preset is not None:
            if preset not in PRESETS:
                raise CourseError(f"There is no preset {preset!r}; choose one of {', '.join(map(repr, PRESETS))}.")
            size, layers = PRESETS[preset]
            state = {"size": size, "layers": layers, **state}
        super().__init__(**state)
        if "unit" not in state:
            top = self.fields[-1]
            self.unit = (len(self.fields) - 1, (top["units"] - 1) // 2)

    @property
    def fields(self) -> list[dict]:
        """Level by level, the input first: units, jump, field (side in pixels), start (pixel where unit 0's begins).

        The list ends below the first layer that does not fit.
        """
        stack = [geometry.Conv(1, layer["kernel"], layer["stride"], layer["padding"], layer["dilation"])
                 for layer in self.layers]
        levels, units = [], self.size
        for conv, (field, jump, start) in zip([None, *stack], geometry.receptive_fields(stack), strict=True):
            try:
                units = units if conv is None else conv.sides((1, units, units))[0]
            except CourseError:
                break
            levels.append({"units": units, "jump": jump, "field": field, "start": start})
        return levels

    def sees(self, level: int, unit: int) -> list[int]:
        """The pixels of the input that one unit reads, zeros of a frame aside; CourseError if there is no such unit."""
        levels = self.fields
        if not 0 <= level < len(levels) or not 0 <= unit < levels[level]["units"]:
            units = levels[level]["units"] if 0 <= level < len(levels) else None
            what = f"level {level} has {units} units" if units else f"the levels are 0 to {len(levels) - 1}"
            raise CourseError(f"There is no unit {unit} at level {level}: {what}, counted from 0.")
        seen = {unit}
        for below in range(level - 1, -1, -1):
            layer = self.layers[below]
            reads = {one * layer["stride"] - layer["padding"] + a * layer["dilation"]
                     for one in seen for a in range(layer["kernel"])}
            seen = {one for one in reads if 0 <= one < levels[below]["units"]}
        return sorted(seen)

    def __repr__(self) -> str:
        stack = ", ".join(f"{layer['kernel']}/{layer['stride']}" for layer in self.layers)
        return f"ReceptiveField(size={self.size}, kernel/stride {stack or 'none'}; field {self.fields[-1]['field']})"

    def static_html(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("level", *BOUNDS, "units", "jump", "field"))
        rows = [("input", *[""] * 4, self.size, 1, 1)]
        for number, (layer, level) in enumerate(zip(self.layers, self.fields[1:], strict=False), 1):
            name = f"{number} · {layer['name']} {layer['kernel']}×{layer['kernel']}"
            settings = [layer[key] for key in BOUNDS]
            rows.append((name.replace("  ", " "), *settings, level["units"], level["jump"], level["field"]))
        lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
        return (f"<table><caption>Receptive fields, in pixels</caption><thead><tr>{head}</tr></thead>"
                f"<tbody>{lines}</tbody></table>")
