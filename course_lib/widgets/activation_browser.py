"""ActivationBrowser: the maps of every layer for one's own picture, what a unit sees, and what it answers to most."""

from base64 import b64decode, b64encode
from html import escape
from pathlib import Path

import numpy as np
import traitlets

from .. import data, figures, look
from ..errors import CourseError
from .base import Choice, CourseWidget, Pair, Whole, style, view
from .kernel_painter import as_photo
from .pictures import as_images, shrunk, sprite

HERE = Path(__file__)
SHAPE = (3, 32, 32)
USUAL = "chelsea"
MOST_PATCHES = 5
TILED_UP_TO = 64  # pixels: a smaller input gets several tiles of each photograph to choose its patches from
TILES = 3  # along a side of a photograph
BATCH = 32 * 32 * 32  # pixels that run at once, since the maps of every layer are held
SPRITE_SIDE = 96  # pixels of a picture that patches are cut from, as the browser shows it
IN_PICTURE = 64  # maps in the static form
# Characters of maps and patches that travel along; a running kernel brings the layers that do not fit in.
LARGEST = 400_000
# Zero is dark in both themes, as in a photograph; what is above and below zero differs in colour.
PALETTE = {name: [int(look.colour(token, dark=True)[n:n + 2], 16) for n in (1, 3, 5)]
           for name, token in (("zero", "surface"), ("positive", "accent"), ("negative", "wrong"))}
SKIPPED = ("Identity", "Dropout")  # in evaluation they hand on what they get


# --------------------------------------------------------------------------------------------- network and picture

def network_of(given, like) -> tuple:
    """The module, what makes its input of uint8 (N, H, W, C), and its classes, if it says them."""
    from torch import nn

    model = getattr(given, "model", given)
    if not isinstance(model, nn.Module):
        raise CourseError(f"network must be a torch module or what pretrained.load gives; got {given!r:.60}.")
    like = given if like is None and model is not given else like
    prepare = _unit_range if like is None else getattr(like, "normalised", like)
    if not callable(prepare):
        raise CourseError("like must be what pretrained.load gives, or Images, or a function from pictures uint8 "
                          f"(N, H, W, C) to the network's input (N, C, H, W); got {like!r:.60}.")
    return model, prepare, getattr(given, "classes", None)


def _unit_range(x):
    """uint8 (N, H, W, C) -> float (N, C, H, W), white = 1."""
    return x.permute(0, 3, 1, 2).float() / 255


def shape_of(given) -> tuple[int, int, int]:
    fits = isinstance(given, (tuple, list)) and len(given) == 3 and all(
        isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n > 0 for n in given)
    if not fits or given[0] not in (1, 3):
        raise CourseError("input must be the shape (C, H, W) of one picture, C 1 for grey or 3 for colour, such as "
                          f"(3, 32, 32); got {given!r:.60}.")
    return tuple(map(int, given))


def _read(value) -> tuple[str, np.ndarray]:
    """A picture's name and itself, uint8 (H, W) or (H, W, 3), of a photograph's name, a path or an array."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if isinstance(value, str) and value in data.photographs():
        return value, data.photograph(value)
    if not isinstance(value, (str, Path)):
        return "your array", as_photo(value)
    path = Path(value).expanduser()
    try:
        with Image.open(path) as image:
            return path.name, np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except FileNotFoundError:
        raise CourseError(f"there is no file {str(value)!r} and no photograph of that name: give the path of a "
                          f"picture, or one of {', '.join(data.photographs())}.") from None
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise CourseError(f"{str(value)!r} cannot be read as a picture: try a PNG or JPEG file.") from None


def fitted(picture: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """A picture's middle, scaled to (C, H, W): uint8 (H, W, C)."""
    from PIL import Image, ImageOps

    channels, height, width = shape
    image = Image.fromarray(picture).convert("L" if channels == 1 else "RGB")
    return np.array(ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)).reshape(height, width, channels)


def as_pictures(images, shape: tuple[int, int, int]) -> np.ndarray:
    """Pictures uint8 (N, H, W, C) or (N, H, W), the middle of each scaled to (C, H, W): uint8 (N, H, W, C)."""
    return np.stack([fitted(one[..., 0] if one.shape[2] == 1 else one, shape) for one in as_images(images)])


def tiles(shape: tuple[int, int, int]) -> tuple[np.ndarray, list[str]]:
    """The bundled photographs as pictures of ``shape`` (C, H, W): uint8 (N, H, W, C), and each one's name.

    For a small input each photograph is cut into 3x3 tiles.
    """
    channels, height, width = shape
    times = TILES if max(height, width) <= TILED_UP_TO else 1
    cut, names = [], []
    for name in data.photographs():
        whole = fitted(data.photograph(name), (channels, times * height, times * width))
        parts = whole.reshape(times, height, times, width, channels).swapaxes(1, 2)
        cut += list(parts.reshape(times * times, height, width, channels))
        names += [name] * times * times
    return np.stack(cut), names


# ---------------------------------------------------------------------------------------------- what a unit sees

def _formula(steps) -> list:
    """Of each step of a trace, down and right: where unit 0's window starts, its side, and the jump; or None.

    Padding moves the first window to the left by as many jumps of the maps below (Araujo, Norris and Sim, Distill
    2019). Where maps meet, the widest window counts, as in ``Step.field``.
    """
    starts, told = {-1: (0, 0)}, []
    for number, step in enumerate(steps):
        if not isinstance(step.field, tuple) or len(step.field[0]) != 2:
            told.append(step.field)
            continue
        sides, jumps = step.field
        start = []
        for axis in (0, 1):
            known = [(steps[i].field[0][axis] if i >= 0 else 1, starts[i][axis]) for i in step.inputs if i in starts]
            moved = step.padding[axis] * jumps[axis] // step.stride[axis] if step.kernel else 0
            start.append(max(known, key=lambda one: one[0])[1] - moved)
        starts[number] = tuple(start)
        told.append([(start[axis], sides[axis], jumps[axis]) for axis in (0, 1)])
    return told


def windows(model, name: str, trace, shape: tuple[int, ...], sides: tuple[int, int]) -> dict:
    """The windows of a layer's units: {"rows": [[first, last], ...], "columns": ..., "field": [down, right]}.

    By the formula, which may reach beyond the picture, into padding; where it cannot be followed, by gradients.
    """
    from .. import explain
    from ..tracing import WHOLE

    bare, _, run = name.partition(" (")
    ran = [number for number, step in enumerate(trace.steps)
           if step.name == bare or not run and step.name.startswith(f"{bare}.")]
    place = int(run[:-1]) - 1 if run else -1
    told = _formula(trace.steps)[ran[place]] if ran and place < len(ran) else None
    if told == WHOLE:
        whole = [[[0, side - 1]] * units for side, units in zip(shape[1:], sides, strict=True)]
        return {"rows": whole[0], "columns": whole[1], "field": list(shape[1:])}
    if told is not None:
        rows, columns = ([[start + jump * n, start + jump * n + side - 1] for n in range(units)]
                         for (start, side, jump), units in zip(told, sides, strict=True))
        return {"rows": rows, "columns": columns, "field": [side for _, side, _ in told]}
    # Windows of a convnet are rectangles, so one place for each row and column is enough.
    longest = max(sides)
    places = [(min(n, sides[0] - 1), min(n, sides[1] - 1)) for n in range(longest)]
    seen = explain.receptive_windows(model, bare, shape, places)
    return {"rows": [[one.top, one.bottom] for one in seen[:sides[0]]],
            "columns": [[one.left, one.right] for one in seen[:sides[1]]],
            "field": [max(one.height for one in seen), max(one.width for one in seen)]}


# --------------------------------------------------------------------------------------------------- packed maps

def _text(array: np.ndarray) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()


def packed(maps: np.ndarray) -> dict:
    """Maps float (C, H, W) in a byte each: {"low": [...], "high": [...], "maps": base64}, a range for each map.

    Zero is in every range, so that a map without an answer stays exactly zero. Twin: ``unpacked`` in the view.
    """
    maps = maps.astype(float)
    low, high = np.minimum(maps.min(axis=(1, 2)), 0), np.maximum(maps.max(axis=(1, 2)), 0)
    spread = np.where(high > low, high - low, 1)
    bytes_ = np.floor((maps - low[:, None, None]) / spread[:, None, None] * 255 + 0.5).astype(np.uint8)
    return {"low": [float(f"{value:.6g}") for value in low], "high": [float(f"{value:.6g}") for value in high],
            "maps": _text(bytes_)}


def unpacked(told: dict, shape: tuple[int, int, int]) -> np.ndarray:
    """What ``packed`` packed, to half a 255th of each map's range: float (C, H, W)."""
    bytes_ = np.frombuffer(b64decode(told["maps"]), np.uint8).reshape(shape)
    low, high = (np.array(told[end])[:, None, None] for end in ("low", "high"))
    return low + (high - low) * bytes_ / 255


class ActivationBrowser(CourseWidget):
    """Your picture through a network: the maps of every layer, what each unit sees, and what a channel answers to most.

    ``ActivationBrowser(load("fast_cifar10"), "me.jpg")``. ``network``: what ``pretrained.load`` gives, or any torch
    module. ``picture``: a photograph's name (``data.photographs()``), the path of a picture, or an array (H, W) or
    (H, W, 3); its middle is scaled to ``input``, the shape (C, H, W) that the network takes. ``like``, for a module:
    whose ``normalised`` prepares pictures (a Pretrained, Images), or a function from uint8 (N, H, W, C) to (N, C, H,
    W); without it white becomes 1. ``layers``: modules or their names, all that give maps (N, C, H, W) by default.
    ``pictures``: uint8 (N, H, W, C), where the strongest patches are looked for; by default the bundled photographs,
    cut into tiles for a small input.

    State, each readable and writable from Python: ``layer``, ``channel``, ``unit`` (row, column), and ``scale``
    ("each map", "whole layer"), whose largest answer is brightest. What a layer does not have counts as the nearest
    that it has. ``picture`` is another one when it is set. Computed: ``maps`` of the layer, ``value`` and ``window``
    of the unit, ``patches`` of the channel. Maps travel to the browser in a byte per unit, so that it prints values
    to a 255th of a map's range; ``maps`` has them in full. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    layer = traitlets.Unicode("").tag(sync=True)
    channel = Whole(0, 0, 10**6)
    unit = Pair((0, 0), "(row, column)")
    scale = Choice("each map", "whole layer")
    _network = traitlets.Unicode("").tag(sync=True)
    # Of each layer: {"name", "kind", "shape": [C, H, W], "rows", "columns", "field"}.
    _layers = traitlets.List().tag(sync=True)
    _picture = traitlets.Dict().tag(sync=True)  # {"name", "shape": [H, W, C], "pixels": base64, "says"}
    _maps = traitlets.Dict().tag(sync=True)  # by layer, as ``packed``; those that travel along
    # By layer: {"places": base64 of int32 (C, count), (picture * H + row) * W + column; "answers": of float32}.
    _patches = traitlets.Dict().tag(sync=True)
    _sprite = traitlets.Dict().tag(sync=True)
    _names = traitlets.List().tag(sync=True)  # of the pictures that patches come from
    _photographs = traitlets.Dict(data.photographs()).tag(sync=True)
    _palette = traitlets.Dict(PALETTE).tag(sync=True)

    def __init__(self, network, picture=USUAL, *, input=SHAPE, like=None, layers=None, pictures=None, **state):
        from ..tracing import trace

        self._model, self._prepare, self._classes = network_of(network, like)
        self._input = shape_of(input)
        self._asked = layers
        traced = trace(self._model, self._input)
        name, photo = _read(picture)
        self._full, self._picture = self._seen(name, photo)
        kinds = dict(self._model.named_modules())
        self._layers = [
            {"name": one, "kind": type(kinds[one.partition(" (")[0]]).__name__, "shape": list(maps.shape),
             **windows(self._model, one, traced, self._input, maps.shape[1:])} for one, maps in self._full.items()]
        chosen = state.setdefault("layer", self._layers[0]["name"])
        shape = self._told(chosen)["shape"]
        state.setdefault("unit", (shape[1] // 2, shape[2] // 2))
        self._network = type(self._model).__name__
        self._strongest = self._search(pictures)
        self._send_along(chosen)
        super().__init__(**state)
        self.on_msg(lambda _, message, __: self._answer(message))

    # What the network does

    def _X(self, pictures: np.ndarray):
        """uint8 (N, H, W, C) as the network's input (N, C, H, W)."""
        import torch

        device = next((parameter.device for parameter in self._model.parameters()), "cpu")
        return self._prepare(torch.from_numpy(np.array(pictures))).to(device)

    def _run(self, X) -> dict[str, np.ndarray]:
        """Maps by layer: (N, C, H, W)."""
        from .. import explain

        kept = {}
        for name, one in explain.feature_maps(self._model, X, self._asked).items():
            kind = type(self._model.get_submodule(name.partition(" (")[0])).__name__
            if one.dim() == 4 and (self._asked is not None or not kind.startswith(SKIPPED)):
                kept[name] = one.float().cpu().numpy()
            elif self._asked is not None:
                raise CourseError(f"layer {name!r} gives {tuple(one.shape)} and no maps (N, C, H, W): leave it out.")
        if not kept:
            raise CourseError("no layer of this network gives maps (N, C, H, W), so there is nothing to browse.")
        return kept

    def _seen(self, name: str, photo: np.ndarray) -> tuple[dict, dict]:
        """Maps (C, H, W) by layer, and what the browser is told of the picture."""
        import torch

        from ..modes import eval_mode

        small = fitted(photo, self._input)
        X, says = self._X(small[None]), ""
        if self._classes is not None:
            with torch.no_grad(), eval_mode(self._model):
                best = self._model(X)[0].softmax(0).topk(min(3, len(self._classes)))
            says = ", ".join(f"{self._classes[n]} {probability:.2f}"
                             for n, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True))
        told = {"name": name, "shape": list(small.shape), "pixels": _text(small), "says": says}
        return {one: each[0] for one, each in self._run(X).items()}, told

    def _search(self, pictures) -> dict[str, tuple]:
        """Of every channel the places, one in each picture, where it answers most: (C, count, 3) and (C, count).

        As ``explain.strongest_patches`` finds them for one channel, but for all of them at once.
        """
        if pictures is None:
            pictures, names = tiles(self._input)
        else:
            pictures = as_pictures(pictures, self._input)
            names = [f"picture {n}" for n in range(len(pictures))]
        found, batch = {}, max(1, BATCH // (self._input[1] * self._input[2]))
        for start in range(0, len(pictures), batch):
            for name, one in self._run(self._X(pictures[start:start + batch])).items():
                flat = one.reshape(*one.shape[:2], -1)
                where = flat.argmax(axis=2)
                found.setdefault(name, []).append((where, np.take_along_axis(flat, where[..., None], 2)[..., 0]))
        strongest = {}
        for name, parts in found.items():
            where, answers = (np.concatenate([part[n] for part in parts]).T for n in (0, 1))
            best = np.argsort(-answers, axis=1, kind="stable")[:, :MOST_PATCHES]
            rows, columns = np.divmod(np.take_along_axis(where, best, 1), self._told(name)["shape"][2])
            strongest[name] = np.stack([best, rows, columns], axis=2), np.take_along_axis(answers, best, 1)
        self._names = names
        self._sprite = sprite(shrunk(pictures, SPRITE_SIDE))
        return strongest

    # What travels to the browser

    def _packed_patches(self, name: str) -> dict:
        places, answers = self._strongest[name]
        _, height, width = self._told(name)["shape"]
        flat = (places[..., 0] * height + places[..., 1]) * width + places[..., 2]
        return {"places": _text(flat.astype("<i4")), "answers": _text(answers.astype("<f4"))}

    def _send_along(self, first: str) -> None:
        """Maps and patches of the layer that is open and of the smallest others, as many as fit in."""
        sizes = {one["name"]: int(np.prod(one["shape"])) for one in self._layers}
        maps, patches, room = {}, {}, LARGEST
        for name in sorted(sizes, key=lambda name: (name != first, sizes[name])):
            told = packed(self._full[name]), self._packed_patches(name)
            room -= sum(len(str(value)) for one in told for value in one.values())
            if room < 0 and name != first:
                break
            maps[name], patches[name] = told
        self._maps, self._patches = maps, patches

    def _answer(self, message: dict) -> None:
        """To the browser: a layer that did not travel along; another picture."""
        if "layer" in message and message["layer"] in self._full:
            name = message["layer"]
            self.send({"layer": name, "maps": packed(self._full[name]), "patches": self._packed_patches(name)})
        elif "photograph" in message:
            self.picture = message["photograph"]
        elif "pixels" in message:
            shape, name = message["shape"], str(message.get("name", "your picture"))
            self._take(name, np.frombuffer(b64decode(message["pixels"]), np.uint8).reshape(shape))

    def _take(self, name: str, photo: np.ndarray) -> None:
        self._full, told = self._seen(name, photo)
        with self.hold_sync():
            self._send_along(self.layer)
            self._picture = told

    # What is chosen

    @property
    def picture(self) -> np.ndarray:
        """The picture as the network gets it, before it is normalised: uint8 (H, W, C). Set it to another one."""
        return np.frombuffer(b64decode(self._picture["pixels"]), np.uint8).reshape(self._picture["shape"])

    @picture.setter
    def picture(self, value) -> None:
        self._take(*_read(value))

    @traitlets.validate("layer")
    def _is_there(self, proposal):
        self._told(proposal["value"])
        return proposal["value"]

    def _told(self, name: str) -> dict:
        found = [one for one in self._layers if one["name"] == name]
        if not found:
            raise CourseError(f"there is no layer {name!r:.60} with maps; choose one of "
                              f"{', '.join(repr(one['name']) for one in self._layers)}.")
        return found[0]

    @property
    def chosen(self) -> tuple[int, int, int]:
        """Channel, row and column of the unit in the layer's maps."""
        shape = self._told(self.layer)["shape"]
        return tuple(min(max(0, n), side - 1) for n, side in zip((self.channel, *self.unit), shape, strict=True))

    @property
    def maps(self) -> np.ndarray:
        """The layer's maps for the picture, float32 (C, H, W)."""
        return self._full[self.layer].copy()

    @property
    def value(self) -> float:
        """What the unit answers."""
        return float(self._full[self.layer][self.chosen])

    @property
    def window(self) -> tuple[int, int, int, int]:
        """What the unit sees of the picture: first and last row, first and last column."""
        _, row, column = self.chosen
        return window_of(self._told(self.layer), row, column, self._input[1:])

    @property
    def patches(self) -> list[dict]:
        """The channel's strongest patches, the strongest first: picture, its name, place, answer and window."""
        told, (places, answers) = self._told(self.layer), self._strongest[self.layer]
        return [{"picture": int(picture), "name": self._names[picture], "place": (int(row), int(column)),
                 "answer": float(answer), "window": window_of(told, row, column, self._input[1:])}
                for (picture, row, column), answer in
                zip(places[self.chosen[0]], answers[self.chosen[0]], strict=True)]

    @classmethod
    def state_names(cls) -> list[str]:
        return ["picture", *super().state_names()]

    def __repr__(self) -> str:
        channel, row, column = self.chosen
        return (f"ActivationBrowser({self._network} on {self._picture['name']}: {self.layer}, channel {channel}, unit "
                f"({row}, {column}) = {self.value:.3g})")

    def static_html(self) -> str:
        told, (channel, row, column) = self._told(self.layer), self.chosen
        first, last, left, right = self.window
        height, width = self._input[1:]
        maps = self.maps[:IN_PICTURE]
        top = np.abs(maps).max(axis=(1, 2), keepdims=True) if self.scale == "each map" else np.abs(maps).max()
        mosaic = sprite(shrunk(tint(maps / np.where(top > 0, top, 1)), SPRITE_SIDE), columns=8, lossless=True)
        many = f"its {told['shape'][0]} maps" if told["shape"][0] <= IN_PICTURE else (
            f"the first {IN_PICTURE} of its {told['shape'][0]} maps")
        framed = _framed(self.picture, self.window)
        words = (f"{self._network}, layer {self.layer} ({told['kind']}, {told['shape'][1]}\u00d7{told['shape'][2]}): "
                 f"{many}, from left to right; dark is 0, blue above, red below.")
        unit = (f"Channel {channel}, unit ({row}, {column}): {figures.number(self.value)}. It sees rows {first} to "
                f"{last} and columns {left} to {right} of the picture of {height}\u00d7{width}, framed.")
        rows = "".join(
            f"<tr><td>{escape(one['name'])}</td><td>{one['place'][0]}, {one['place'][1]}</td>"
            f"<td>{figures.number(one['answer'])}</td></tr>" for one in self.patches)
        show = "image-rendering:pixelated;border-radius:6px"
        return (
            f'<div style="max-width:760px"><p>{escape(words)}</p><img src="{mosaic["url"]}" alt="{escape(words)}" '
            f'style="width:100%;max-width:560px;{show}"><p>{escape(unit)}</p><img src="{figures.png(framed)}" '
            f'alt="{escape(self._picture["name"])}, with the window framed" style="width:160px;{show}">'
            f"<table><caption>Strongest patches of channel {channel}</caption><thead><tr><th>picture</th><th>unit</th>"
            f"<th>answer</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )


def window_of(told: dict, row: int, column: int, sides: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of the picture in a unit's window: first and last row and column. Twin: ``windowOf`` in the view."""
    (first, last), (left, right) = told["rows"][row], told["columns"][column]
    height, width = sides
    return max(0, first), min(height - 1, last), max(0, left), min(width - 1, right)


def tint(shares: np.ndarray) -> np.ndarray:
    """Shares from -1 to 1 (..., ) as colours uint8 (..., 3): dark is 0. Twin: ``tint`` in the view."""
    zero, above, below = (np.array(PALETTE[name], dtype=float) for name in ("zero", "positive", "negative"))
    end = np.where(shares[..., None] >= 0, above, below)
    return np.floor(zero + (end - zero) * np.abs(shares)[..., None] + 0.5).astype(np.uint8)


def _framed(picture: np.ndarray, window: tuple[int, int, int, int], times: int = 8) -> np.ndarray:
    """A picture enlarged, uint8 (H, W, 3), with a window framed."""
    first, last, left, right = window
    large = np.repeat(np.broadcast_to(picture, (*picture.shape[:2], 3)), times, 0).repeat(times, 1).copy()
    red = [int(look.colour("focus")[n:n + 2], 16) for n in (1, 3, 5)]
    inside = large[first * times:(last + 1) * times, left * times:(right + 1) * times]
    for edge in (inside[:2], inside[-2:], inside[:, :2], inside[:, -2:]):
        edge[:] = red
    return large
