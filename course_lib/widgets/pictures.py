"""Sets of pictures as widgets show them: any array in, uint8 (N, H, W, C) out, and many pictures in one file."""

import base64
import io

import numpy as np

from ..errors import CourseError

LARGEST_SIDE = 64  # pixels of a picture in a widget


def as_numpy(value, name: str) -> np.ndarray:
    """Anything array-like as a NumPy array; a torch tensor may lie on a GPU or need a gradient."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        raise CourseError(f"{name} must be an array of numbers; got {value!r:.60}.")
    return array


def as_labels(value, name: str, classes: int | None = None) -> np.ndarray:
    """Class numbers 0 to ``classes`` - 1, or of any size: int64 (N,). Errors: CourseError."""
    array = as_numpy(value, name)
    if array.ndim == 2:
        raise CourseError(f"{name} must have shape (N,); got {array.shape}. Of scores or one-hot rows take .argmax(1).")
    if array.ndim != 1:
        raise CourseError(f"{name} must have shape (N,), a class number for each picture; got {array.shape}.")
    if array.size == 0:
        raise CourseError(f"{name} is empty; give at least one class number.")
    if array.dtype.kind not in "iu":
        raise CourseError(f"{name} must hold whole numbers, one class each; got {array.dtype}.")
    if array.min() < 0 or classes is not None and array.max() >= classes:
        bad = array.min() if array.min() < 0 else array.max()
        end = "" if classes is None else f" to {classes - 1}, as there are {classes} classes"
        raise CourseError(f"{name} holds {bad}; class numbers go from 0{end}.")
    return array.astype(np.int64)


def as_images(value) -> np.ndarray:
    """Pictures as integers (N, H, W), (N, H, W, 1) or (N, H, W, 3), white = 255 or the set's largest number.

    Returned: uint8 (N, H, W, C), white = 255. Errors: CourseError that says what was found instead.
    """
    array = as_numpy(value, "images")
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[3] not in (1, 3):
        advice = ""
        if array.ndim == 4 and array.shape[1] in (1, 3):
            advice = " Here the channels come first: give images.transpose(0, 2, 3, 1), or permute in torch."
        raise CourseError(
            f"images must have shape (N, H, W, C) with C = 1 for grey or 3 for colour; got {np.shape(value)}.{advice}"
        )
    if array.size == 0:
        raise CourseError(f"images is empty: its shape is {array.shape}; give at least one picture.")
    if array.dtype.kind not in "iu":
        raise CourseError(
            f"images must be whole numbers from 0 to 255 (uint8); got {array.dtype}. Give the pictures as they were "
            "loaded, before any normalisation."
        )
    low, white = int(array.min()), int(array.max())
    if low < 0 or white > 255:
        raise CourseError(f"images has values from {low} to {white}; expected 0 to 255.")
    if 0 < white <= 16:  # scikit-learn's digits go from 0 to 16, which a screen shows as black
        array = np.floor(array * (255 / white) + 0.5)
    return array.astype(np.uint8)


def shrunk(images: np.ndarray, side: int = LARGEST_SIDE) -> np.ndarray:
    """Pictures uint8 (N, H, W, C), made smaller where a side is longer than ``side``."""
    height, width = images.shape[1:3]
    if max(height, width) <= side or len(images) == 0:
        return images
    from PIL import Image

    from .. import data

    small = [np.asarray(data.scaled(Image.fromarray(_plain(picture)), side)) for picture in images]
    return np.stack(small).reshape(len(images), *small[0].shape[:2], images.shape[3])


def _plain(picture: np.ndarray) -> np.ndarray:
    """(H, W, C) as PIL takes it: a grey picture has no channel."""
    return picture[..., 0] if picture.shape[2] == 1 else picture


def sprite(images: np.ndarray, columns: int = 16, lossless: bool = False) -> dict:
    """Pictures uint8 (N, H, W, C) in one file, row by row: {"url", "columns", "side": [H, W], "cell": [h, w]}.

    Grey ones as PNG. In colour a PNG is three times as large as a JPEG that looks the same at this size; its
    cells are as large as a multiple of 8 pixels, so that no picture shines into the next.
    """
    from PIL import Image

    count, height, width, channels = images.shape
    lossless = lossless or channels == 1
    room = [0 if lossless else -side % 8 for side in (height, width)]
    rows = -(-count // columns)
    columns = min(columns, count)
    filled = np.pad(images, [(0, rows * columns - count), (0, 0), (0, 0), (0, 0)], constant_values=255)
    filled = np.pad(filled, [(0, 0), (0, room[0]), (0, room[1]), (0, 0)], mode="edge")
    cell = filled.shape[1:3]
    whole = filled.reshape(rows, columns, *cell, channels).swapaxes(1, 2)
    picture = Image.fromarray(_plain(whole.reshape(rows * cell[0], columns * cell[1], channels)))
    buffer = io.BytesIO()
    if lossless:
        picture.save(buffer, "PNG", optimize=True)
    else:
        picture.save(buffer, "JPEG", quality=85, subsampling=0)
    kind = "png" if lossless else "jpeg"
    url = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"url": url, "columns": columns, "side": [height, width], "cell": list(cell)}
