"""Pictures that the notebooks work on; this far the photographs that come with scikit-image."""

from importlib import util
from pathlib import Path

import numpy as np

from .errors import CourseError

# name: (file in skimage/data, what it shows, licence as the documentation of skimage.data states it)
_PHOTOGRAPHS = {
    "chelsea": ("chelsea.png", "Chelsea the cat", "CC0, Stefan van der Walt"),
    "astronaut": ("astronaut.png", "Eileen Collins, astronaut", "public domain, NASA"),
    "coffee": ("coffee.png", "a cup of coffee", "CC0, Rachel Michetti, courtesy of Pikolo Espresso Bar"),
    "rocket": ("rocket.jpg", "a rocket before its launch", "public domain, SpaceX"),
    "hubble": ("hubble_deep_field.jpg", "the Hubble extreme deep field", "public domain, NASA"),
    "camera": ("camera.png", "a photographer at work (grey)", "CC0, Lav Varshney"),
    "coins": ("coins.png", "Greek coins from Pompeii (grey)", "no known restrictions, Brooklyn Museum"),
    "brick": ("brick.png", "a brick wall (grey)", "CC0, CC0Textures"),
    "grass": ("grass.png", "grass (grey)", "CC0, linolafett"),
    "gravel": ("gravel.png", "gravel (grey)", "CC0, CC0Textures"),
    "text": ("text.png", "handwriting (grey)", "public domain, Wikipedia"),
    "clock": ("clock_motion.png", "a clock blurred by motion (grey)", "public domain, Stefan van der Walt"),
}


def photographs() -> dict[str, str]:
    """The photographs that ``photograph`` knows: name -> what it shows."""
    return {name: shows for name, (_, shows, _) in _PHOTOGRAPHS.items()}


def photograph(name: str = "chelsea", side: int | None = None, grey: bool = False) -> np.ndarray:
    """A photograph as uint8: (H, W, 3), or (H, W) for a grey one or with ``grey=True``.

    ``side`` shrinks or enlarges it so that its longer side has that many pixels; the default keeps the
    file's own size. Nothing is downloaded: the files are installed with scikit-image. CourseError for an
    unknown name, a side below 1, or where scikit-image is missing.

    Source: skimage.data. Its documentation states CC0 for chelsea, coffee, camera, brick, grass and
    gravel, the public domain for astronaut, rocket, hubble, text and clock, and no known restrictions
    for coins. Its moon and page come without a statement, so they are not offered here.
    """
    if not isinstance(name, str) or name not in _PHOTOGRAPHS:
        raise CourseError(f"there is no photograph {name!r}; choose one of {', '.join(_PHOTOGRAPHS)}.")
    if side is not None and (isinstance(side, bool) or not isinstance(side, (int, np.integer)) or side < 1):
        raise CourseError(f"side must be a whole number of pixels of at least 1; got {side!r}.")
    file, _, _ = _PHOTOGRAPHS[name]
    from PIL import Image

    with Image.open(_folder() / file) as image:
        picture = image.convert("L" if grey or image.mode == "L" else "RGB")
    return np.array(picture if side is None else scaled(picture, side))


def scaled(picture, side: int):
    """A PIL image resized so that its longer side has ``side`` pixels and no side fewer than one."""
    from PIL import Image

    factor = side / max(picture.size)
    size = [max(1, round(length * factor)) for length in picture.size]
    return picture.resize(size, Image.Resampling.LANCZOS)


def _folder() -> Path:
    # Importing skimage would cost more than reading the picture; its place is enough.
    spec = util.find_spec("skimage")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else None
    if folder is None or not folder.is_dir():
        raise CourseError("the photographs come with scikit-image, which is not installed here: "
                          "run `pip install scikit-image`, then restart the kernel.")
    return folder
