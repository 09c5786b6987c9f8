"""Downloaded archives made into a data set's one file, and that file read.

``about`` is the set's ``course_lib.data.DataSet``: it has the classes and an image's shape (H, W, C).
"""

import os
import shutil
from pathlib import Path

import numpy as np

from .errors import CourseError

SPLITS = ("train", "test")


def _save_arrays(part: Path, images: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> None:
    arrays = {f"{split}_images": images[split] for split in SPLITS}
    arrays |= {f"{split}_labels": labels[split].astype(np.int64) for split in SPLITS}
    with open(part, "wb") as out:
        np.savez(out, **arrays)


def read_arrays(path: Path, split: str, about) -> tuple[np.ndarray, np.ndarray]:
    """A split out of a set's .npz; one with fewer images, made by hand, will do as well."""
    import zipfile
    import zlib

    keys = [f"{split}_{what}" for split in SPLITS for what in ("images", "labels")]
    shape = ", ".join(map(str, about.shape))
    try:
        with open(path, "rb") as stream:
            arrays = np.load(stream)
            found = getattr(arrays, "files", [])  # a lone array, from a .npy, has none
            if set(keys) <= set(found):
                images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
                fault = _fault(images, labels, about)
            else:
                fault = f"has the arrays {', '.join(found) or '(none by name)'}"
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
        fault = f"cannot be read ({problem})"
    if fault:
        raise CourseError(f"{path} {fault}; expected a NumPy .npz of {', '.join(keys)} with images uint8 "
                          f"(N, {shape}) and labels 0 to {len(about.classes) - 1}: delete it to have it "
                          "downloaded anew, or put the right file there.")
    return images, labels.astype(np.int64)


def _fault(images: np.ndarray, labels: np.ndarray, about) -> str:
    """What is wrong with the arrays of a split; "" where nothing is."""
    if images.dtype != np.uint8 or images.shape[1:] != about.shape or not len(images):
        return f"has images {images.dtype} {images.shape}"
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        return f"has labels {labels.dtype} {labels.shape} for {len(images)} images"
    if labels.min() < 0 or labels.max() >= len(about.classes):
        return f"has labels from {labels.min()} to {labels.max()}"
    return ""


def build_cifar10(archives: list[Path], part: Path) -> None:
    """From the archive's pickled batches: rows of 3072 bytes, all red, then all green, then all blue."""
    import pickle
    import tarfile

    images, labels = {}, {}
    with tarfile.open(archives[0]) as archive:
        members = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
        for split, names in members.items():
            # Safe to unpickle: the archive's checksum is the published one.
            batches = [pickle.load(archive.extractfile(f"cifar-10-batches-py/{name}"), encoding="bytes")
                       for name in names]
            rows = np.concatenate([batch[b"data"] for batch in batches])
            images[split] = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            labels[split] = np.concatenate([batch[b"labels"] for batch in batches])
    _save_arrays(part, images, labels)


def build_fashion_mnist(archives: list[Path], part: Path) -> None:
    """From four files of bytes in MNIST's form, after headers of 16 bytes (images) and 8 (labels)."""
    import gzip

    raw = [np.frombuffer(gzip.decompress(archive.read_bytes()), np.uint8) for archive in archives]
    images = {split: raw[i][16:].reshape(-1, 28, 28, 1) for split, i in (("train", 0), ("test", 2))}
    labels = {split: raw[i][8:] for split, i in (("train", 1), ("test", 3))}
    _save_arrays(part, images, labels)


def build_ants_bees(archives: list[Path], part: Path) -> None:
    """The zip as it came, as the photographs differ in size."""
    shutil.copyfile(archives[0], part)


def photo_root(path: Path):
    """Where train and val are: in a folder, or in a zip, or one level down in it."""
    import zipfile

    if path.is_dir():
        return path
    try:
        root = zipfile.Path(zipfile.ZipFile(path))
    except zipfile.BadZipFile as problem:
        raise CourseError(f"{path} is no zip file ({problem}): delete it to have it downloaded anew, or put "
                          "hymenoptera_data.zip there under that name.") from None
    return root if (root / "train").is_dir() else root / "hymenoptera_data"


def photos(root, split: str) -> list[tuple]:
    """(photograph, label) of a split in ImageFolder's order; CourseError where a class has none."""
    found = []
    for label, name in enumerate(("ants", "bees")):
        folder = root / {"train": "train", "test": "val"}[split] / name
        some = [photo for photo in folder.iterdir() if photo.suffix == ".jpg"] if folder.is_dir() else []
        if not some:
            raise CourseError(f"{folder} has no .jpg; expected train/ants, train/bees, val/ants and val/bees "
                              "with photographs: delete it to have it downloaded anew, or put them there.")
        found += [(photo, label) for photo in sorted(some, key=lambda photo: photo.name)]
    return found


def read_ants_bees(path: Path, split: str, about) -> tuple[np.ndarray, np.ndarray]:
    """A split's photographs: the middle square of each, scaled to the set's shape."""
    from PIL import Image, ImageOps

    found = photos(photo_root(path), split)
    images = np.empty((len(found), *about.shape), np.uint8)
    for i, (photo, _) in enumerate(found):
        try:
            with photo.open("rb") as stream, Image.open(stream) as image:
                images[i] = ImageOps.fit(image.convert("RGB"), about.shape[:2], Image.Resampling.BICUBIC)
        except OSError as problem:
            raise CourseError(f"{photo} cannot be read as a photograph ({problem}): delete {path} to have it "
                              "downloaded anew.") from None
    return images, np.array([label for _, label in found])


def unpack(archive, folder: Path) -> None:
    """The photographs of a zip as a folder, which is there only when it is complete."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for split in SPLITS:
        for photo, _ in photos(archive, split):
            target = part / photo.parent.parent.name / photo.parent.name / photo.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(photo.read_bytes())
    os.replace(part, folder)
