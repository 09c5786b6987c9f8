"""CrudeToFine: slide 31's gallery, layer by layer: pictures made to excite units, and what excites them."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import traitlets

from .. import figures
from ..errors import CourseError
from .activation_browser import SHAPE, as_pictures, network_of, shape_of, tiles, windows
from .base import CourseWidget, Pair, style, view
from .kernel_painter import as_photo
from .pictures import as_numpy, shrunk, sprite

HERE = Path(__file__)
MARGIN = 2  # pixels around what a unit sees that are shown of the picture made for it
MOST_LAYERS, MOST_UNITS, MOST_PATCHES = 16, 12, 9
PICTURE_SIDE = 96  # pixels of a picture or a patch as the browser shows it
STATIC_SIDE = 72  # pixels of a picture in the static form
GREY = 128  # around patches that the edge of their picture cut off
LAYER_KEYS = {"layer", "field", "units"}
UNIT_KEYS = {"unit", "picture", "value", "typical", "patches", "answers"}


# ------------------------------------------------------------------------------------------------- a gallery's data

def _picture(value, what: str) -> np.ndarray:
    """uint8 (H, W, 3) of an array (H, W) or (H, W, 3), or of a torch tensor (C, H, W); floats are from 0 to 1."""
    channels_first = hasattr(value, "detach")
    array = as_numpy(value, what)
    if channels_first and array.ndim == 3:
        array = array.transpose(1, 2, 0)
    try:
        photo = as_photo(array)
    except CourseError as error:
        raise CourseError(f"{what}: {error}") from None
    plain = np.repeat(photo[..., None], 3, axis=2) if photo.ndim == 2 else photo
    return shrunk(plain[None], PICTURE_SIDE)[0]


def _number(value, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise CourseError(f"{what} must be a finite number; got {value!r:.60}.")
    return number


def _layer(given, number: int) -> dict:
    """One layer of a gallery, checked: {"layer", "field": [down, right], "units": [...]}."""
    if not isinstance(given, dict) or set(given) != LAYER_KEYS:
        raise CourseError(f"layer {number} of the gallery must be a dict with layer, field and units; "
                          f"got {given!r:.80}.")
    name, field, units = given["layer"], given["field"], given["units"]
    if not isinstance(name, str) or not name:
        raise CourseError(f"layer {number} of the gallery must have a name; got {name!r:.60}.")
    sides = [field] * 2 if np.ndim(field) == 0 else list(field)
    if len(sides) != 2 or not all(hasattr(side, "__index__") and side > 0 for side in sides):
        raise CourseError(f"field of layer {name!r} must be a number of pixels, or a pair (down, right); "
                          f"got {field!r:.60}.")
    if not isinstance(units, Sequence) or not 1 <= len(units) <= MOST_UNITS:
        raise CourseError(f"layer {name!r} must have 1 to {MOST_UNITS} units in a list; got {units!r:.60}.")
    return {"layer": name, "field": [int(side) for side in sides],
            "units": [_unit(unit, f"unit {place} of layer {name!r}") for place, unit in enumerate(units, 1)]}


def _unit(given, what: str) -> dict:
    """One unit, checked, its pictures as uint8 (H, W, 3)."""
    if not isinstance(given, dict) or not {"unit", "picture", "value", "typical"} <= set(given) <= UNIT_KEYS:
        raise CourseError(f"{what} must be a dict with unit, picture, value and typical, and may have patches and "
                          f"answers; got {sorted(given) if isinstance(given, dict) else given!r:.80}.")
    if not hasattr(given["unit"], "__index__") or given["unit"] < 0:
        raise CourseError(f"{what} must have the number of its channel; got {given['unit']!r:.60}.")
    patches, answers = list(given.get("patches", ())), list(given.get("answers", ()))
    if len(patches) != len(answers) or len(patches) > MOST_PATCHES:
        raise CourseError(f"{what} must have an answer for each patch, and at most {MOST_PATCHES}; got {len(patches)} "
                          f"patches and {len(answers)} answers.")
    return {
        "unit": int(given["unit"]), "picture": _picture(given["picture"], f"the picture of {what}"),
        **{name: _number(given[name], f"{name} of {what}") for name in ("value", "typical")},
        "patches": [_picture(patch, f"a patch of {what}") for patch in patches],
        "answers": [_number(answer, f"an answer of {what}") for answer in answers],
    }


def _sheet(pictures: list[np.ndarray]) -> dict:
    """Pictures of several sizes in one file, each in the corner of a cell as large as the largest."""
    high, wide = (max(one.shape[axis] for one in pictures) for axis in (0, 1))
    cells = np.full((len(pictures), high, wide, 3), GREY, np.uint8)
    for cell, one in zip(cells, pictures, strict=True):
        cell[:one.shape[0], :one.shape[1]] = one
    return sprite(cells)


def times(value: float, other: float) -> float | None:
    """How many times ``other`` a value is; None where that says nothing. Twin: ``times`` in the view."""
    return value / other if other > 0 and value > 0 else None


class CrudeToFine(CourseWidget):
    """From crude to fine (slide 31): a row of units for each layer, each by the picture that was made to excite it.

    Beside it stand the patches of real pictures to which the unit answers most. ``gallery``: a list of layers, dicts
    with ``layer`` (its name), ``field`` (pixels that a unit sees, a number or a pair) and ``units``: dicts with
    ``unit`` (its channel), ``picture`` (the one made for it), ``value`` (what it answers to that), ``typical`` (what it
    usually answers), and perhaps ``patches`` and ``answers`` (to each of them). Pictures are arrays (H, W) or
    (H, W, 3), or torch tensors (C, H, W); floats go from 0 to 1. ``crude_to_fine(network)`` makes a gallery.

    State, readable and writable: ``chosen``, (row, place in the row), the unit that is enlarged. Computed: ``unit``,
    what is known of it; ``numbers``, a dict for each unit. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    chosen = Pair((0, 0), "(row, place in the row)")
    # Numbers: {"layer", "field", "units": [{"unit", "value", "typical", "answers", "side", "sides" (of patches)}]}.
    _rows = traitlets.List().tag(sync=True)
    # By layer: its made pictures, and its patches in order of the units.
    _sheets = traitlets.List().tag(sync=True)

    def __init__(self, gallery, **state):
        if isinstance(gallery, (str, dict)) or not hasattr(gallery, "__len__") or not 1 <= len(gallery) <= MOST_LAYERS:
            raise CourseError(f"gallery must be a list of 1 to {MOST_LAYERS} layers, each a dict with layer, field and "
                              f"units; got {gallery!r:.60}. crude_to_fine(network) makes one.")
        layers = [_layer(one, number) for number, one in enumerate(gallery, 1)]
        self._made = [[unit["picture"] for unit in one["units"]] for one in layers]
        self._sheets = [
            {"made": _sheet([unit["picture"] for unit in one["units"]]),
             "found": _sheet(patches) if (patches := sum((unit["patches"] for unit in one["units"]), [])) else None}
            for one in layers]
        self._rows = [one | {"units": [
            {**{key: unit[key] for key in ("unit", "value", "typical", "answers")},
             "side": list(unit["picture"].shape[:2]), "sides": [list(patch.shape[:2]) for patch in unit["patches"]]}
            for unit in one["units"]]} for one in layers]
        super().__init__(**state)

    @traitlets.validate("chosen")
    def _is_there(self, proposal):
        row, place = proposal["value"]
        if not 0 <= row < len(self._rows):
            raise CourseError(f"chosen must name a row from 0 to {len(self._rows) - 1}; got {row}.")
        if not 0 <= place < len(self._rows[row]["units"]):
            raise CourseError(f"row {row}, layer {self._rows[row]['layer']!r}, has the places 0 to "
                              f"{len(self._rows[row]['units']) - 1}; got {place}.")
        return proposal["value"]

    @property
    def numbers(self) -> list[dict]:
        """Of every unit: ``layer``, ``field``, ``unit``, ``value`` (to its picture), ``typical``, ``best`` (to the
        strongest patch, or None) and ``times`` (value over best, or None)."""
        return [
            {"layer": row["layer"], "field": tuple(row["field"]), "unit": unit["unit"], "value": unit["value"],
             "typical": unit["typical"], "best": (best := max(unit["answers"], default=None)),
             "times": None if best is None else times(unit["value"], best)}
            for row in self._rows for unit in row["units"]]

    @property
    def unit(self) -> dict:
        """The numbers of the chosen unit."""
        row, place = self.chosen
        return self.numbers[sum(len(one["units"]) for one in self._rows[:row]) + place]

    def __repr__(self) -> str:
        names = [row["layer"] for row in self._rows]
        units = sum(len(row["units"]) for row in self._rows)
        return f"CrudeToFine({units} units of {len(names)} layers, {names[0]} to {names[-1]})"

    def static_html(self) -> str:
        pieces, rows = [], []
        for row, made in zip(self._rows, self._made, strict=True):
            units = ", ".join(str(unit["unit"]) for unit in row["units"])
            title = f"{row['layer']}, a unit sees {_times(row['field'])} pixels: pictures made for units {units}"
            pieces.append(f'<p style="margin:8px 0 2px">{escape(title)}</p><img src="{figures.png(_strip(made))}" '
                          f'alt="{escape(title)}" style="max-width:100%">')
        for one in self.numbers:
            best = "" if one["best"] is None else figures.number(one["best"], 2)
            cells = (one["layer"], one["unit"], _times(one["field"]), figures.number(one["value"], 2), best,
                     figures.number(one["typical"], 2))
            rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
        head = "".join(f"<th>{name}</th>" for name in
                       ("layer", "unit", "sees", "answer to its picture", "to the best patch", "typical"))
        return (f'<div style="max-width:760px;overflow-x:auto">{"".join(pieces)}<table><thead><tr>{head}</tr></thead>'
                f"<tbody>{''.join(rows)}</tbody></table></div>")


def _strip(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures (H, W, 3) enlarged, side by side on white."""
    gap, parts = 255 * np.ones((STATIC_SIDE, 4, 3), np.uint8), []
    for picture in pictures:
        sides = [np.arange(STATIC_SIDE) * side // STATIC_SIDE for side in picture.shape[:2]]
        parts += [picture[np.ix_(*sides)], gap]
    return np.concatenate(parts[:-1], axis=1)


def _times(sides) -> str:
    return "\u00d7".join(map(str, sides))


# -------------------------------------------------------------------------------------------- made from a network

def crude_to_fine(
    network, layers=None, units=5, *, input=SHAPE, like=None, pictures=None, patches: int = 4, show: bool = True,
    **settings,
) -> CrudeToFine:
    """The gallery of a network, what ``CrudeToFine`` shows; with progress, unless ``show=False``.

    ``network``, ``input``, ``like`` and ``pictures`` as for ``ActivationBrowser``; ``like`` (or the network) must also
    tell ``mean`` and ``std`` by which its pictures are normalised, or white is 1. ``layers``: modules or names; by
    default up to 8 of its convolutions. ``units``: how many of each layer, evenly over its channels; or their numbers,
    the same for all or by the layer's name. ``settings`` go to ``explain.activation_maximise`` (steps, rate, jitter,
    smooth, ...). Of a made picture the part is shown that the unit sees, and 2 pixels around it. A unit's typical
    answer is the median over the pictures of its largest one; its answer to the picture made for it is the largest
    too. Errors: CourseError.
    """
    import torch

    from .. import explain
    from ..progress import Progress
    from ..tracing import trace

    model, prepare, _ = network_of(network, like)
    shape = shape_of(input)
    normalised = next((one for one in (like, network) if hasattr(one, "mean") and hasattr(one, "std")), None)
    scale = {} if normalised is None else {"mean": normalised.mean, "std": normalised.std}
    device = next((parameter.device for parameter in model.parameters()), "cpu")
    photographs = tiles(shape)[0] if pictures is None else as_pictures(pictures, shape)
    X = prepare(torch.from_numpy(photographs)).to(device)
    names = _layer_names(model, layers)
    traced = trace(model, shape)
    gallery = []
    with Progress(len(names), "steps", "crude to fine", show) as progress:
        for done, name in enumerate(names, 1):
            maps = explain.feature_maps(model, X, [name])[name]
            if maps.dim() != 4:
                raise CourseError(f"layer {name!r} gives {tuple(maps.shape)} and no maps (N, C, H, W): leave it out.")
            chosen = _units(units, name, maps.shape[1])
            seen = windows(model, name, traced, shape, tuple(maps.shape[2:]))
            made = explain.activation_maximise(model, name, chosen, **{"size": shape[1], **scale, **settings})
            answers = explain.feature_maps(model, _as_seen(made, scale), [name])[name]
            told = []
            for place, unit in enumerate(chosen):
                found = explain.strongest_patches(model, X, name, unit, patches)
                told.append({
                    "unit": unit, "picture": _middle(made[place], seen, shape, settings),
                    "value": float(answers[place, unit].max()),
                    "typical": float(maps[:, unit].flatten(1).amax(1).median()),
                    "patches": [photographs[one.picture, one.window.top:one.window.bottom + 1,
                                            one.window.left:one.window.right + 1] for one in found],
                    "answers": [one.answer for one in found],
                })
            gallery.append({"layer": name, "field": seen["field"], "units": told})
            progress.update(done, done * len(chosen))
    return CrudeToFine(gallery)


def _middle(made, seen: dict, shape: tuple[int, ...], settings: dict):
    """The part of a made picture (C, H, W) that the unit in the middle sees, and a little around it."""
    if settings.get("whole") or tuple(made.shape) != shape:  # then no one unit was excited, or another one
        return made
    (top, bottom), (left, right) = (seen[axis][len(seen[axis]) // 2] for axis in ("rows", "columns"))
    return made[:, max(0, top - MARGIN):bottom + MARGIN + 1, max(0, left - MARGIN):right + MARGIN + 1]


def _as_seen(made, scale: dict):
    """Made pictures (N, C, H, W) from 0 to 1 as the network takes them."""
    import torch

    if not scale:
        return made
    mean, std = (torch.as_tensor(scale[name], device=made.device).float().view(-1, 1, 1) for name in ("mean", "std"))
    return (made - mean) / std


def _layer_names(model, layers) -> list[str]:
    from torch import nn

    if layers is None:
        found = [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)]
        if not found:
            raise CourseError("this network has no convolution: name the layers to show, layers=[...].")
        return [found[n] for n in sorted({round(n) for n in np.linspace(0, len(found) - 1, min(8, len(found)))})]
    names = {module: name for name, module in model.named_modules()}
    given = [layers] if isinstance(layers, (str, nn.Module)) else list(layers)
    unknown = [one for one in given if (one not in names.values() if isinstance(one, str) else one not in names)]
    if unknown or not 1 <= len(given) <= MOST_LAYERS:
        raise CourseError(f"layers must be 1 to {MOST_LAYERS} modules of the network or their names, such as "
                          f"{', '.join(repr(name) for name in list(names.values())[1:4])}; got {layers!r:.80}.")
    return [one if isinstance(one, str) else names[one] for one in given]


def _units(units, name: str, channels: int) -> list[int]:
    if isinstance(units, dict):
        if name not in units:
            raise CourseError(f"units has no entry for layer {name!r}; it has {', '.join(map(repr, units))}.")
        units = units[name]
    if isinstance(units, (int, np.integer)) and not isinstance(units, bool) and 1 <= units <= MOST_UNITS:
        return sorted({int(n) for n in np.linspace(0, channels, min(int(units), channels), endpoint=False)})
    numbers = list(units) if hasattr(units, "__iter__") and not isinstance(units, str) else []
    if not 1 <= len(numbers) <= MOST_UNITS or not all(hasattr(n, "__index__") and 0 <= n < channels for n in numbers):
        raise CourseError(f"units must be a number from 1 to {MOST_UNITS}, or that many channels of layer {name!r}, 0 "
                          f"to {channels - 1}; got {units!r:.60}.")
    return [int(n) for n in numbers]
