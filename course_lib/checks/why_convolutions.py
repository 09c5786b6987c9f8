"""The checks of notebook 01, why convolutions (slides 3-5 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from course_lib import geometry
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake

LESSON = "01_why_convolutions"
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("dense_layer", dense_layer)``."""
    judge_by_hand(LESSON, name, answer)


# -------------------------------------------------------------------------------------- counting parameters

LINEAR_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("bias is understood the wrong way round.",
     lambda inputs, outputs, bias=True: (inputs + (not bias)) * outputs),
    ("The biases are missing: with bias=True each output has one more parameter.",
     lambda inputs, outputs, bias=True: inputs * outputs if bias else NotImplemented),
    ("bias=False is ignored: then the layer has weights only.",
     lambda inputs, outputs, bias=True: NotImplemented if bias else (inputs + 1) * outputs),
    ("There is one bias for each output, and not one for each input.",
     lambda inputs, outputs, bias=True: inputs * outputs + inputs if bias else NotImplemented),
    ("There is one bias for each output, and not one for the whole layer.",
     lambda inputs, outputs, bias=True: inputs * outputs + 1 if bias else NotImplemented),
    ("Every input has a weight to every output: multiply the two numbers instead of adding them.",
     lambda inputs, outputs, bias=True: inputs + outputs + (outputs if bias else 0)),
    ("Only the biases are counted.",
     lambda inputs, outputs, bias=True: outputs if bias else 0),
    ("The outputs are ignored: each of them has a whole set of weights of its own.",
     lambda inputs, outputs, bias=True: inputs + bool(bias)),
))


def _linear_cases(rng: Generator) -> Iterator[Case]:
    yield {"inputs": 224 * 224 * 3, "outputs": 1000}
    yield {"inputs": 224 * 224 * 3, "outputs": 1000, "bias": False}
    yield {"inputs": 1, "outputs": 1}
    yield {"inputs": 1, "outputs": 7, "bias": False}
    for bias in (True, False, True):
        inputs, outputs = (int(number) for number in rng.integers(2, 5000, 2))
        yield {"inputs": inputs, "outputs": outputs, "bias": bias}


linear_param_count = FunctionCheck(
    call="linear_param_count(inputs, outputs, bias=True)",
    reference=geometry.linear_parameters,
    example={"inputs": 4, "outputs": 3},
    cases=_linear_cases,
    mistakes=LINEAR_MISTAKES,
)


def _conv_parameters(channels_in: int, channels_out: int, k_h: int, k_w: int, bias: bool = True) -> int:
    return geometry.conv_parameters(channels_in, channels_out, (k_h, k_w), bias=bias)


CONV_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("bias is understood the wrong way round.",
     lambda c, k, h, w, bias=True: k * (c * h * w + (not bias))),
    ("The biases are missing: with bias=True each kernel has one more parameter.",
     lambda c, k, h, w, bias=True: k * c * h * w if bias else NotImplemented),
    ("bias=False is ignored: then the layer has weights only.",
     lambda c, k, h, w, bias=True: NotImplemented if bias else k * (c * h * w + 1)),
    ("There is one bias for each kernel, and not one for each of its slices.",
     lambda c, k, h, w, bias=True: k * c * (h * w + 1) if bias else NotImplemented),
    ("There is one bias for each kernel, and not one for the whole layer.",
     lambda c, k, h, w, bias=True: k * c * h * w + 1 if bias else NotImplemented),
    ("There is one bias for each kernel, and not one for each input channel.",
     lambda c, k, h, w, bias=True: k * c * h * w + c if bias else NotImplemented),
    ("The input channels are missing: a kernel has a slice of k_h x k_w weights for each of them.",
     lambda c, k, h, w, bias=True: k * (h * w + bool(bias))),
    ("This is one kernel only; the layer has channels_out of them.",
     lambda c, k, h, w, bias=True: c * h * w + bool(bias)),
    ("You squared the height of the kernel; kernels need not be square: k_h times k_w.",
     lambda c, k, h, w, bias=True: k * (c * h * h + bool(bias))),
    ("You squared the width of the kernel; kernels need not be square: k_h times k_w.",
     lambda c, k, h, w, bias=True: k * (c * w * w + bool(bias))),
    ("You added the sides of the kernel; it has k_h times k_w weights in each slice.",
     lambda c, k, h, w, bias=True: k * (c * (h + w) + bool(bias))),
    ("Every kernel reads all input channels: multiply the two numbers of channels instead of adding them.",
     lambda c, k, h, w, bias=True: (c + k) * h * w + (k if bias else 0)),
))


def _conv_cases(rng: Generator) -> Iterator[Case]:
    def case(*numbers: int, **bias: bool) -> Case:
        names = ("channels_in", "channels_out", "k_h", "k_w")
        return {**dict(zip(names, map(int, numbers), strict=True)), **bias}

    yield case(3, 1, 5, 5, bias=False)
    yield case(3, 4, 5, 5, bias=False)
    yield case(3, 4, 5, 5)
    yield case(1, 6, 5, 3)
    yield case(5, 2, 1, 7, bias=False)
    yield case(1, 1, 1, 1)
    yield case(*rng.integers(2, 300, 2), *rng.integers(1, 8, 2))
    yield case(*rng.integers(2, 300, 2), *rng.integers(1, 8, 2), bias=False)


conv_param_count = FunctionCheck(
    call="conv_param_count(channels_in, channels_out, k_h, k_w, bias=True)",
    reference=_conv_parameters,
    example={"channels_in": 2, "channels_out": 4, "k_h": 3, "k_w": 5},
    cases=_conv_cases,
    mistakes=CONV_MISTAKES,
)


# -------------------------------------------------------------------------------------------- permute_pixels

def _permute(images: Array, permutation: Array) -> Array:
    return images.reshape(len(images), -1)[:, permutation].reshape(images.shape)


def _rows_only(images: Array, permutation: Array) -> Array:
    height = images.shape[1]
    return images[:, permutation[permutation < height]]


def _each_its_own(images: Array, permutation: Array) -> Array:
    """The permutation applied once to the first image, twice to the second, and so on."""
    rows, order, results = images.reshape(len(images), -1), permutation, []
    for row in rows:
        results.append(row[order])
        order = order[permutation]
    return np.array(results).reshape(images.shape)


def _down_the_columns(images: Array, permutation: Array) -> Array:
    """Pixels counted column by column, on the way in and on the way out."""
    turned = np.ascontiguousarray(images.transpose(0, 2, 1))
    return _permute(turned, permutation).transpose(0, 2, 1)


PERMUTATION_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The images did not change at all.",
     lambda images, permutation: images),
    ("That is the inverse: pixel k of the result is pixel permutation[k] of the image, so permutation goes "
     "into the brackets on the right of the equals sign.",
     lambda images, permutation: _permute(images, np.argsort(permutation))),
    ("The pixels of each image are in the right order but still in one long row: give them their shape back.",
     lambda images, permutation: images.reshape(len(images), -1)[:, permutation]),
    ("The pixels are counted row by row; you counted them column by column.",
     _down_the_columns),
    ("Every image was shuffled in another way; one and the same permutation goes to all of them.",
     _each_its_own),
    ("Only whole rows changed places; every single pixel has its own new place.",
     _rows_only),
    ("The images changed places and their pixels did not: axis 0 counts the images.",
     lambda images, permutation: images[permutation[permutation < len(images)]]),
    ("The pixels were sorted or reversed, whatever the permutation says.",
     lambda images, permutation: images[:, ::-1, ::-1]),
    ("Pixels went from one image to another: give each image a row of its own before you permute.",
     lambda images, permutation: np.concatenate(
         [images.ravel()[permutation], images.ravel()[len(permutation):]]).reshape(images.shape)),
))


def _explain_permutation(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        n, height, width = case["images"].shape
        return (f"The result has the shape of images, ({n}, {height}, {width}): flatten each image to "
                f"{height * width} pixels, take them in the new order, and reshape back.")
    if found.rung == "run":
        return "permutation has one entry for each pixel of an image, H * W of them."
    return None


def _there_and_back(call: Callable, rng: Generator) -> Iterator[Claim]:
    images, order = rng.integers(0, 10, (2, 3, 4)), rng.permutation(12)
    yield Claim("A permutation and then its inverse, np.argsort(permutation), must give the images again.",
                call(call(images, order), np.argsort(order)), images, {"images": images, "permutation": order},
                ("there and back", "images"))


def _permutation_cases(rng: Generator) -> Iterator[Case]:
    for shape in [(3, 2, 5), (4, 4, 4), (1, 3, 2), (2, 1, 6), (5, 6, 1), (2, 1, 1)]:
        order = rng.permutation(shape[1] * shape[2])
        yield {"images": rng.integers(0, 256, shape, dtype=np.uint8), "permutation": order}
    yield {"images": rng.normal(size=(3, 5, 4)), "permutation": rng.permutation(20)}
    yield {"images": rng.normal(size=(2, 3, 3)).astype(np.float32), "permutation": np.arange(9)}
    n, height, width = rng.integers(2, 7, 3)
    yield {"images": rng.integers(0, 10, (n, height, width)), "permutation": rng.permutation(height * width)}


permute_pixels = FunctionCheck(
    call="permute_pixels(images, permutation)",
    reference=_permute,
    example={"images": np.array([[[1, 2, 3], [4, 5, 6]], [[10, 20, 30], [40, 50, 60]]]),
             "permutation": np.array([2, 0, 1, 5, 3, 4])},
    cases=_permutation_cases,
    properties=(_there_and_back,),
    mistakes=PERMUTATION_MISTAKES,
    explain=_explain_permutation,
    roles=(("images", "input"),),
    covers=("there and back again",),
)


# ------------------------------------------------------------------------------------------------ error_rate

def _error_rate(predicted: Array, labels: Array) -> float:
    return float(np.mean(predicted != labels))


ERROR_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the accuracy, the share that is right; the error rate is the share that is wrong.",
     lambda predicted, labels: float(np.mean(predicted == labels))),
    ("That counts the errors; divide by the number of pictures.",
     lambda predicted, labels: int(np.sum(predicted != labels))),
    ("That is per cent; give the share itself, from 0 to 1.",
     lambda predicted, labels: 100 * _error_rate(predicted, labels)),
    ("That is the mean distance of the numbers; a 7 taken for a 1 is one error, as is a 7 taken for a 6.",
     lambda predicted, labels: float(np.mean(np.abs(1.0 * predicted - labels)))),
    ("That is the mean squared distance of the numbers; labels are names, and a name is right or wrong.",
     lambda predicted, labels: float(np.mean((1.0 * predicted - labels) ** 2))),
    ("That is the mean difference of the numbers; labels are names, and a name is right or wrong.",
     lambda predicted, labels: float(np.mean(1.0 * predicted - labels))),
    ("The share was rounded down to a whole number: use / and not //.",
     lambda predicted, labels: int(np.sum(predicted != labels)) // len(labels)),
    ("You divided by the number of classes; divide by the number of pictures.",
     lambda predicted, labels: float(np.sum(predicted != labels) / len(np.unique(labels)))),
    ("You divided the errors by the number that are right; divide by the number of all pictures.",
     lambda predicted, labels: float(np.sum(predicted != labels) / max(np.sum(predicted == labels), 1))),
))


def _error_cases(rng: Generator) -> Iterator[Case]:
    labels = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    yield {"predicted": labels.copy(), "labels": labels}
    yield {"predicted": (labels + 1) % 10, "labels": labels}
    yield {"predicted": np.array([7]), "labels": np.array([7])}
    for count in (5, 12, int(rng.integers(20, 200))):
        labels = rng.integers(0, 10, count)
        slips = (np.arange(count) % 4 == 0) * rng.integers(1, 10, count)
        yield {"predicted": (labels + slips) % 10, "labels": labels}
    labels = rng.integers(0, 3, 9, dtype=np.uint8)
    yield {"predicted": rng.integers(0, 3, 9, dtype=np.uint8), "labels": labels}


error_rate = FunctionCheck(
    call="error_rate(predicted, labels)",
    reference=_error_rate,
    example={"predicted": np.array([7, 1, 1, 0, 4]), "labels": np.array([7, 2, 1, 0, 9])},
    cases=_error_cases,
    mistakes=ERROR_MISTAKES,
    roles=(("labels", "output"),),
)


# -------------------------------------------------------------------------------------------------- hog_cell

def _central(patch: Array) -> tuple[Array, Array]:
    x = patch.astype(float)
    return x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]


def _forward(patch: Array) -> tuple[Array, Array]:
    x = patch.astype(float)
    return x[1:-1, 2:] - x[1:-1, 1:-1], x[2:, 1:-1] - x[1:-1, 1:-1]


def _vote(g_x: Array, g_y: Array, votes: Array | None = None, turn: float = 180, bins: int = 9) -> Array:
    """Votes (by default the magnitudes) by orientation, folded at `turn` degrees into equal bins."""
    angle = np.degrees(np.arctan2(g_y, g_x)) % turn
    chosen = (angle // (turn / bins)).astype(int) % bins
    votes = np.hypot(g_x, g_y) if votes is None else votes
    return np.bincount(chosen.ravel(), votes.ravel(), bins)


def _hog_cell(patch: Array) -> Array:
    return _vote(*_central(patch))


def _interpolated(patch: Array) -> Array:
    """Each vote shared between the two nearest bins, as Dalal and Triggs do."""
    g_x, g_y = _central(patch)
    place = np.degrees(np.arctan2(g_y, g_x)) % 180 / 20 - 0.5
    low, share = np.floor(place).astype(int), place - np.floor(place)
    magnitude, histogram = np.hypot(g_x, g_y), np.zeros(9)
    np.add.at(histogram, low % 9, magnitude * (1 - share))
    np.add.at(histogram, (low + 1) % 9, magnitude * share)
    return histogram


def _in_bytes(patch: Array) -> Array:
    """Differences taken in the bytes of the picture, so that they wrap around."""
    if patch.dtype != np.uint8:
        return NotImplemented
    return _vote((patch[1:-1, 2:] - patch[1:-1, :-2]).astype(float),
                 (patch[2:, 1:-1] - patch[:-2, 1:-1]).astype(float))


def _arctan(patch: Array) -> Array:
    """Orientation by arctan of the quotient, in which the upright gradient divides by zero."""
    g_x, g_y = _central(patch)
    slope = np.divide(g_y, g_x, out=np.zeros_like(g_x), where=g_x != 0)
    angle = np.degrees(np.arctan(slope)) % 180
    return np.bincount((angle // 20).astype(int).ravel() % 9, np.hypot(g_x, g_y).ravel(), 9)


def _unit(histogram: Array) -> Array:
    return histogram / max(np.linalg.norm(histogram), 1e-12)


HOG_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Every pixel voted with 1; a vote weighs as much as the magnitude of its gradient.",
     lambda patch: _vote(*_central(patch), np.ones(np.subtract(patch.shape, 2)))),
    ("A vote weighs the magnitude, the square root of g_x^2 + g_y^2; yours is its square.",
     lambda patch: _vote(*_central(patch), sum(g**2 for g in _central(patch)))),
    ("A vote weighs the magnitude, the square root of g_x^2 + g_y^2; yours is |g_x| + |g_y|.",
     lambda patch: _vote(*_central(patch), sum(abs(g) for g in _central(patch)))),
    ("The difference of the two neighbours is not halved here: yours is half of it.",
     lambda patch: _hog_cell(patch) / 2),
    ("g_x and g_y changed places: g_x is right minus left, along axis 1; the angle is arctan2(g_y, g_x).",
     lambda patch: _vote(*_central(patch)[::-1])),
    ("One of the two differences has the wrong sign: right minus left, and lower minus upper.",
     lambda patch: _vote(_central(patch)[0], -_central(patch)[1])),
    ("The orientation is unsigned: opposite gradients go into the same bin. Take the angle modulo 180, not 360.",
     lambda patch: _vote(*_central(patch), turn=360)),
    ("The angles are in radians; np.degrees turns them into degrees.",
     lambda patch: np.bincount((np.arctan2(*_central(patch)[::-1]) % np.pi // 20).astype(int).ravel(),
                               np.hypot(*_central(patch)).ravel(), 9)),
    ("Negative angles all landed in the first bin: take the angle modulo 180 before you choose the bin.",
     lambda patch: np.bincount(np.clip(np.degrees(np.arctan2(*_central(patch)[::-1])) // 20, 0, 8).astype(int)
                               .ravel(), np.hypot(*_central(patch)).ravel(), 9)),
    ("The sign of the angle was dropped: -30 degrees is the orientation 150, not 30. Use modulo 180, not abs.",
     lambda patch: _vote(_central(patch)[0], abs(_central(patch)[1]))),
    ("Where g_x is 0 the gradient is upright, 90 degrees; np.arctan2(g_y, g_x) knows, arctan(g_y / g_x) does not.",
     _arctan),
    ("The angle was rounded to the nearest bin; bin b holds b * 20 up to (b + 1) * 20 degrees: round down.",
     lambda patch: np.bincount(np.round(np.degrees(np.arctan2(*_central(patch)[::-1])) % 180 / 20).astype(int)
                               .ravel() % 9, np.hypot(*_central(patch)).ravel(), 9)),
    ("Your votes are shared between two bins; here each vote goes to one bin whole.",
     _interpolated),
    ("You took the next pixel minus the pixel itself; a central difference takes the two neighbours.",
     lambda patch: _vote(*_forward(patch))),
    ("The differences wrapped around, because bytes have no negative numbers: patch.astype(float) first.",
     _in_bytes),
    ("The histogram was divided by its sum; here it stays as it is.",
     lambda patch: _hog_cell(patch) / max(_hog_cell(patch).sum(), 1e-12)),
    ("The histogram was divided by its length; here it stays as it is.",
     lambda patch: _unit(_hog_cell(patch))),
    ("The histogram was divided by the number of pixels; the votes are added, not averaged.",
     lambda patch: _hog_cell(patch) / np.prod(np.subtract(patch.shape, 2))),
    ("The frame took part in the votes, with zeros beyond it; it only lends its values to the pixels inside.",
     lambda patch: _hog_cell(np.pad(patch, 1))),
    ("The frame took part in the votes; it only lends its values to the pixels inside.",
     lambda patch: _hog_cell(np.pad(patch, 1, mode="edge"))),
    ("The frame took part in the votes: np.gradient also answers for the border, and there differently.",
     lambda patch: _vote(*np.gradient(patch.astype(float))[::-1])),
))


def _explain_hog(found: Difference, case: Case) -> str | None:
    if found.rung == "shape":
        return "A histogram has 9 numbers, one for each 20 degrees from 0 to 180."
    height, width = (side - 2 for side in case["patch"].shape)
    if found.rung == "run":
        return f"patch is the cell of {height} x {width} pixels and a frame of one pixel around it."
    if found.rung == "values" and found.got is not None and np.isfinite(found.got).all():
        mine, wanted = found.got.sum(), found.want.sum()
        if abs(mine - wanted) <= 1e-6 * max(wanted, 1):
            return "The votes have the right sum, but some of them are in the wrong bin."
    return None


def _brightness(call: Callable, rng: Generator) -> Iterator[Claim]:
    patch = rng.integers(0, 60, (5, 6))
    yield Claim("A brighter picture has the same edges: adding 30 to every pixel must change nothing.",
                call(patch + 30), call(patch), {"patch": patch}, ("of the brighter patch", "of the patch itself"))
    yield Claim("The negative of a picture has the same unsigned orientations.",
                call(99 - patch), call(patch), {"patch": patch}, ("of the negative", "of the patch itself"))


def _hog_cases(rng: Generator) -> Iterator[Case]:
    # Whole numbers: no gradient then lies on the border of a bin but at 0 degrees, so rounding decides nothing.
    for shape in [(5, 5), (4, 7), (9, 3), (3, 3), (9, 9)]:
        yield {"patch": rng.integers(0, 40, shape)}
    yield {"patch": rng.integers(0, 256, (6, 5), dtype=np.uint8)}
    yield {"patch": np.tile(np.arange(6), (5, 1)) ** 2}  # 0 degrees
    yield {"patch": np.tile(np.arange(6), (5, 1))[:, ::-1]}  # 180 degrees, which is 0 again
    yield {"patch": np.tile(np.arange(5), (6, 1)).T * 3}  # 90 degrees
    yield {"patch": np.full((4, 4), 7)}
    yield {"patch": rng.integers(0, 256, (7, 6)).astype(np.float32) / 256}
    yield {"patch": rng.integers(0, 9, rng.integers(3, 10, 2))}


hog_cell = FunctionCheck(
    call="hog_cell(patch)",
    reference=_hog_cell,
    example={"patch": np.array([[0, 7, 2, 1], [1, 5, 4, 0], [6, 3, 3, 8], [2, 9, 1, 4]])},
    cases=_hog_cases,
    properties=(_brightness,),
    mistakes=HOG_MISTAKES,
    explain=_explain_hog,
    roles=(("patch", "input"),),
    covers=("brightness", "the negative"),
)
