"""AugmentationGrid: one picture as a network meets it in twelve epochs, and every random number behind it."""

from collections.abc import Iterator
from functools import cache
from html import escape
from math import cos, pi, sin
from pathlib import Path

import numpy as np
import traitlets

from .. import data, figures
from ..errors import CourseError
from .base import Choice, CourseWidget, Whole, style, view
from .pictures import as_images, as_labels, shrunk, sprite

HERE = Path(__file__)
COPIES = 12
MOST_PICTURES = 12
LEAST_SIDE, DEFAULT_SIDE = 8, 56
MOST_PADDING, MOST_JITTER = 16, 80
ALPHAS = (0, 0.2, 0.4, 1)
NO_DIGIT, ON_ITS_SIDE = "no digit", "on its side"
# Digits that a left-right mirror, or an up-down one, leaves as they are; what a half turn makes of a digit.
_MIRRORED, _UPSIDE_DOWN = "018", "0138"
_TURNED = {"0": "0", "1": "1", "2": "2", "5": "5", "6": "9", "8": "8", "9": "6"}


def uniforms(seed: int, copy: int) -> Iterator[float]:
    """Random numbers of one copy, each from 0 to below 1: the browser draws the same.

    Generator: mulberry32, a counter that is scrambled by 32-bit multiplications.
    """
    mask = 0xFFFFFFFF
    state = (seed * 0x9E3779B1 + copy * 0x85EBCA77) & mask
    while True:
        state = (state + 0x6D2B79F5) & mask
        t = (state ^ state >> 15) * (state | 1) & mask
        t ^= t + ((t ^ t >> 7) * (t | 61) & mask) & mask
        yield (t ^ t >> 14) / 2**32


def draw(seed: int, copy: int, shape: tuple[int, int], pictures: int, picture: int, settings: dict) -> dict:
    """What chance decides for one copy of a picture of ``shape`` (H, W).

    Every number is drawn whether it is used or not, so that one setting does not disturb the others' chance.
    ``row``, ``column``: where the window begins in the padded picture; ``angle`` in degrees, anticlockwise;
    ``hole``: the middle of the cut-out square; ``partner``: the other picture; ``share``: mixup's lambda.
    """
    stream = uniforms(seed, copy)
    u = [next(stream) for _ in range(10)]
    room = 2 * settings["padding"] + 1
    jitter = settings["jitter"] / 100
    other = int(u[9] * (pictures - 1))
    return {
        "u": u,
        "flipped": settings["flip"] != "none" and u[0] < 0.5,
        "row": int(u[1] * room),
        "column": int(u[2] * room),
        "angle": (2 * u[3] - 1) * settings["rotation"],
        "factors": [1 + (2 * number - 1) * jitter for number in u[4:7]],
        "hole": [int(u[7] * shape[0]), int(u[8] * shape[1])],
        "partner": other + (other >= picture) if pictures > 1 else picture,
        "share": _beta(stream, settings["mixup"]),
    }


def _beta(stream: Iterator[float], alpha: float) -> float:
    """A number from Beta(alpha, alpha), by Johnk's rejection; 1 where alpha is 0."""
    if alpha == 0:
        return 1.0
    while True:
        a, b = next(stream) ** (1 / alpha), next(stream) ** (1 / alpha)
        if 0 < a + b <= 1:
            return a / (a + b)


def _beyond(index: np.ndarray, length: int) -> np.ndarray:
    """Indices mirrored back into 0 to length - 1; the edge itself is not repeated."""
    period = 2 * (length - 1)
    index = index % period
    return np.where(index < length, index, period - index)


def _take(picture: np.ndarray, rows: np.ndarray, columns: np.ndarray, border: str) -> np.ndarray:
    """The pixels at whole coordinates, which may lie outside the picture."""
    height, width = picture.shape[:2]
    taken = picture[_beyond(rows, height), _beyond(columns, width)]
    if border == "reflect":
        return taken
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return taken * inside[..., None]


def _rotate(picture: np.ndarray, angle: float, border: str) -> np.ndarray:
    """Turned about its middle, each pixel mixed from the four around the place that it comes from."""
    height, width = picture.shape[:2]
    middle = (height - 1) / 2, (width - 1) / 2
    down, right = np.mgrid[:height, :width].astype(float) - np.reshape(middle, (2, 1, 1))
    c, s = cos(angle * pi / 180), sin(angle * pi / 180)
    y, x = middle[0] + (right * s + down * c), middle[1] + (right * c - down * s)
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    v, h = (y - i)[..., None], (x - j)[..., None]
    return (
        (1 - v) * (1 - h) * _take(picture, i, j, border)
        + (1 - v) * h * _take(picture, i, j + 1, border)
        + v * (1 - h) * _take(picture, i + 1, j, border)
        + v * h * _take(picture, i + 1, j + 1, border)
    )


def _grey(picture: np.ndarray) -> np.ndarray:
    """Brightness (H, W, 1)."""
    if picture.shape[2] == 1:
        return picture
    return (0.299 * picture[..., 0] + 0.587 * picture[..., 1] + 0.114 * picture[..., 2])[..., None]


def augment(pictures: np.ndarray, picture: int, drawn: dict, settings: dict) -> np.ndarray:
    """One of the pictures uint8 (n, H, W, C) after flip, crop, rotation, colours, hole and mixup: uint8 (H, W, C)."""
    original = pictures[picture].astype(float)
    out, border = original, settings["border"]
    if drawn["flipped"]:
        out = out[:, ::-1] if settings["flip"] == "left-right" else out[::-1]
    height, width = out.shape[:2]
    if settings["padding"]:
        rows, columns = np.mgrid[:height, :width] - settings["padding"]
        out = _take(out, rows + drawn["row"], columns + drawn["column"], border)
    if settings["rotation"]:
        out = _rotate(out, drawn["angle"], border)
    if settings["jitter"]:
        brightness, contrast, saturation = drawn["factors"]
        out = np.clip(brightness * out, 0, 255)
        mean = _grey(out).mean()
        out = np.clip(mean + contrast * (out - mean), 0, 255)
        grey = _grey(out)
        out = np.clip(grey + saturation * (out - grey), 0, 255)
    if side := settings["cutout"]:
        top, left = (middle - side // 2 for middle in drawn["hole"])
        out = out.copy()
        out[max(top, 0):max(top + side, 0), max(left, 0):max(left + side, 0)] = original.mean(axis=(0, 1))
    share = drawn["share"]
    out = share * out + (1 - share) * pictures[drawn["partner"]]
    return np.floor(np.clip(out, 0, 255) + 0.5).astype(np.uint8)


def reading(label: str, mirrored: bool, angle: float) -> str:
    """What a digit reads as after a mirror (left-right) and a turn; other labels stay as they are.

    That is a digit, NO_DIGIT, or ON_ITS_SIDE for turns of more than 45 and less than 135 degrees: a rule of
    thumb, not a measurement.
    """
    if label not in tuple("0123456789"):
        return label
    turn = abs((angle + 180) % 360 - 180)
    if 45 < turn < 135:
        return label if label == "0" else ON_ITS_SIDE
    if not mirrored:
        return label if turn <= 45 else _TURNED.get(label, NO_DIGIT)
    return label if label in (_MIRRORED if turn <= 45 else _UPSIDE_DOWN) else NO_DIGIT


class Alpha(traitlets.TraitType):
    """Mixup's alpha, one of a few."""

    def validate(self, obj, value):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value not in ALPHAS:
            raise CourseError(f"mixup must be one of {', '.join(map(str, ALPHAS))} (0: off); got {value!r:.40}.")
        return value


@cache
def _default() -> tuple[np.ndarray, tuple[str, ...]]:
    """Four photographs and four digits, 56x56 in colour."""
    from PIL import Image

    names = {"cat": "chelsea", "astronaut": "astronaut", "coffee": "coffee", "rocket": "rocket"}
    pictures = []
    for name in names.values():
        photo = data.photograph(name)
        side = min(photo.shape[:2])
        top, left = ((length - side) // 2 for length in photo.shape[:2])
        square = Image.fromarray(photo[top:top + side, left:left + side])
        pictures.append(np.asarray(data.scaled(square, DEFAULT_SIDE)))
    digits, labels = data.load("mnist5k")
    written = tuple("6283")
    for digit in written:
        grey = digits[np.flatnonzero(labels == int(digit))[4]]  # a neatly written one
        pictures.append(grey.repeat(2, axis=0).repeat(2, axis=1).repeat(3, axis=2))
    return np.stack(pictures), (*names, *written)


def _named(labels, classes, count: int) -> list[str]:
    """What each picture shows, in words."""
    if labels is None:
        return [f"picture {n}" for n in range(count)]
    words = isinstance(labels, (list, tuple)) and all(isinstance(label, str) for label in labels)
    if not words:
        numbers = as_labels(labels, "labels", None if classes is None else len(classes))
        labels = [str(n if classes is None else classes[n]) for n in numbers]
    if len(labels) != count:
        raise CourseError(f"there must be one label for each picture; got {len(labels):,} labels, {count:,} images.")
    return list(labels)


class AugmentationGrid(CourseWidget):
    """See what random changes make of a picture, which numbers were drawn, and whether the label still holds.

    ``images``: whole numbers (n, H, W, C) or (n, H, W), of which up to 12 are kept, one of each label first;
    default: photographs and digits. ``labels``: class numbers or words (n,); ``classes``: their names. State,
    readable and writable: ``picture``, ``flip`` "none", "left-right" or "up-down" (one time in two), ``padding``
    (pixels on each side before a window of the old size is cut out), ``border`` "reflect" or "zeros",
    ``rotation`` (at most so many degrees to either side), ``jitter`` (brightness, contrast and saturation, at
    most so many percent), ``cutout`` (side of a hole), ``mixup`` (alpha; 0: off) and ``seed``. Computed:
    ``draws``, a dict for each of the 12 copies; ``output``, uint8 (12, H, W, C); ``targets``, a dict of label:
    weight for each copy. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    picture = Whole(0, 0, MOST_PICTURES - 1)
    flip = Choice("left-right", "none", "up-down")
    padding = Whole(0, 0, MOST_PADDING)
    border = Choice("reflect", "zeros")
    rotation = Whole(0, 0, 180)
    jitter = Whole(0, 0, MOST_JITTER)
    cutout = Whole(0, 0, 64)
    mixup = Alpha(0).tag(sync=True)
    seed = Whole(9, 0, 2**31 - 1)
    # The pictures travel as bytes: {"shape": [n, H, W, C], "pixels", "labels", "of": how many were given}.
    _images = traitlets.Dict().tag(sync=True)

    def __init__(self, images=None, labels=None, classes=None, **state):
        if images is None:
            pictures, names = _default()
            if labels is not None:
                raise CourseError("labels were given without images; give both, or neither for the course's own.")
            given = len(pictures)
        else:
            pictures = as_images(images)
            given = len(pictures)
            names = _named(labels, classes, given)
            kept = _one_of_each(names)
            pictures, names = shrunk(pictures[kept]), [names[n] for n in kept]
            if min(pictures.shape[1:3]) < LEAST_SIDE:
                raise CourseError(f"a picture needs at least {LEAST_SIDE}x{LEAST_SIDE} pixels; got "
                                  f"{pictures.shape[1]}x{pictures.shape[2]}.")
        # Set before the widget opens, so that the pixels travel to the browser once.
        self._images = {"shape": list(pictures.shape), "pixels": pictures.tobytes(), "labels": list(names), "of": given}
        state.setdefault("padding", min(pictures.shape[1:3]) // 8)
        super().__init__(**state)

    @traitlets.validate("picture")
    def _is_there(self, proposal):
        count = self._images["shape"][0]
        if proposal["value"] >= count:
            raise CourseError(f"picture must be 0 to {count - 1} of these pictures; got {proposal['value']}.")
        return proposal["value"]

    @traitlets.validate("padding", "cutout")
    def _fits(self, proposal):
        name, half = proposal["trait"].name, min(self._images["shape"][1:3]) // 2
        if proposal["value"] > half:
            raise CourseError(f"{name} must be at most half of the picture's side, {half}; got {proposal['value']}.")
        return proposal["value"]

    @traitlets.validate("mixup")
    def _has_partner(self, proposal):
        if proposal["value"] and self._images["shape"][0] < 2:
            raise CourseError("mixup needs two pictures to mix; give more images, or mixup=0.")
        return proposal["value"]

    @property
    def images(self) -> np.ndarray:
        """The pictures that are kept, uint8 (n, H, W, C), read-only."""
        return np.frombuffer(self._images["pixels"], np.uint8).reshape(self._images["shape"])

    @property
    def labels(self) -> list[str]:
        """What each of them shows."""
        return list(self._images["labels"])

    @property
    def settings(self) -> dict:
        """What is done to the picture, as ``draw`` and ``augment`` take it."""
        return {name: getattr(self, name) for name in
                ("flip", "padding", "border", "rotation", "jitter", "cutout", "mixup")}

    @property
    def draws(self) -> list[dict]:
        """What chance decided for each copy (see ``draw``)."""
        count, height, width, _ = self._images["shape"]
        return [draw(self.seed, copy, (height, width), count, self.picture, self.settings) for copy in range(COPIES)]

    @property
    def output(self) -> np.ndarray:
        """The copies as the network would get them, before normalisation: uint8 (12, H, W, C)."""
        return np.stack([augment(self.images, self.picture, drawn, self.settings) for drawn in self.draws])

    @property
    def targets(self) -> list[dict[str, float]]:
        """What each copy is trained to be: {label: weight}; the weights sum to 1."""
        made = []
        for drawn in self.draws:
            target = {self.labels[self.picture]: drawn["share"]}
            if drawn["share"] < 1:
                other = self.labels[drawn["partner"]]
                target[other] = target.get(other, 0) + 1 - drawn["share"]
            made.append(target)
        return made

    @property
    def readings(self) -> list[str]:
        """What each copy reads as, where it is a digit, by a rule of thumb (see ``reading``); else its label."""
        turn = 180 if self.flip == "up-down" else 0
        return [reading(self.labels[self.picture], drawn["flipped"], drawn["angle"] + turn * drawn["flipped"])
                for drawn in self.draws]

    def __repr__(self) -> str:
        on = ", ".join(f"{name}={value!r}" for name, value in self.settings.items() if value not in (0, "none"))
        return f"AugmentationGrid({COPIES} copies of {self.labels[self.picture]!r}, seed {self.seed}: {on})"

    def static_html(self) -> str:
        label = self.labels[self.picture]
        lines = []
        for n, (drawn, reads, target) in enumerate(zip(self.draws, self.readings, self.targets, strict=True), 1):
            told = " + ".join(f"{weight:.2f} {escape(name)}" for name, weight in target.items()) \
                if self.mixup else escape(label)
            risk = "" if reads == label else f", {reads if reads in (NO_DIGIT, ON_ITS_SIDE) else f'reads as {reads}'}"
            lines.append(f"{n}. {told}: {escape(self._in_words(drawn))}{risk}")
        own, tiles = sprite(self.images[self.picture][None]), sprite(self.output, columns=6)
        style = "width:100%;border-radius:6px;max-width:"
        return (
            f'<div style="max-width:760px"><p>The picture, {escape(label)}, and what a network meets in {COPIES} '
            f'epochs, row by row:</p><img src="{own["url"]}" alt="{escape(label)}" style="{style}96px"><br><img '
            f'src="{tiles["url"]}" alt="{COPIES} changed copies" style="{style}620px;margin-top:6px">'
            f'<p>{"; ".join(lines)}.</p></div>'
        )

    def _in_words(self, drawn: dict) -> str:
        words = []
        if self.flip != "none":
            words.append(f"flipped {self.flip}" if drawn["flipped"] else "not flipped")
        if self.padding:
            words.append(f"window at row {drawn['row']}, column {drawn['column']}")
        if self.rotation:
            words.append(f"turned by {figures.number(drawn['angle'], 0)}\u00b0")
        if self.jitter:
            words.append("colours \u00d7 " + ", ".join(f"{factor:.2f}" for factor in drawn["factors"]))
        if self.cutout:
            words.append(f"hole at row {drawn['hole'][0]}, column {drawn['hole'][1]}")
        return ", ".join(words) or "as it is"


def _one_of_each(names: list[str]) -> list[int]:
    """Indices of up to 12 pictures: the first of each label, then the second of each, and so on."""
    met: dict[str, int] = {}
    ranked = []
    for index, name in enumerate(names):
        met[name] = met.get(name, 0) + 1
        ranked.append((met[name], index))
    return [index for _, index in sorted(ranked)[:MOST_PICTURES]]
