"""The shipped networks load, fit their budget, know a cat or a digit, and reach what is said of them."""

import csv
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_lib import data, pretrained
from course_lib.errors import CourseError
from course_lib.training import Images, evaluate
from course_lib.transfer import as_seen_by

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def trained() -> pretrained.Pretrained:
    return pretrained.load("fast_cifar10")


@pytest.mark.parametrize("name", pretrained.names())
def test_it_is_small_and_stored_in_half_precision(name):
    path = pretrained.FOLDER / f"{name}.pt"
    assert path.stat().st_size < 1.2e6
    weights = torch.load(path, weights_only=True)["weights"]
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float16}


@pytest.mark.parametrize("name, classes", [
    ("fast_cifar10", ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]),
    ("fast_cifar8", ["airplane", "automobile", "bird", "deer", "frog", "horse", "ship", "truck"]),
    ("fast_digits", list("0123456789"))])
def test_it_comes_ready_to_use(name, classes):
    loaded = pretrained.load(name)
    assert not loaded.model.training and loaded.model.whitened
    assert list(loaded.classes) == classes
    # A smaller eps makes fine-tuning on few images diverge.
    assert all(layer.eps >= 1e-5 for layer in loaded.model.modules() if isinstance(layer, nn.BatchNorm2d))


def test_it_knows_a_cat(trained):
    """A photograph that is not of CIFAR-10, whole and in four cuts."""
    photograph = data.photograph("chelsea")
    corners = ((10, 85), (0, 60), (0, 110), (20, 60), (20, 110))
    cuts = [photograph[top:top + 280, left:left + 280] for top, left in corners]
    x = np.stack([np.asarray(Image.fromarray(cut).resize((32, 32), Image.Resampling.BOX)) for cut in cuts])
    result = evaluate(trained.model, Images.of(x, np.full(len(x), 3), trained.classes, like=trained))
    assert result.accuracy == 1 and result.probabilities[:, 3].min() > 0.5
    with torch.no_grad():
        np.testing.assert_allclose(trained.model(trained.normalised(torch.from_numpy(x).to(trained.mean.device)))
                                   .softmax(1).cpu(), result.probabilities, atol=1e-4)


def seeds(name: str) -> list[dict]:
    """The rows of a network's seeds in the measured results."""
    if name == "fast_cifar8":
        return list(csv.DictReader((ROOT / "data" / "pretrained.csv").open()))
    return [row for row in csv.DictReader((ROOT / "data" / "cifar10_budget.csv").open())
            if (row["recipe"], row["budget"]) == ("fast", "900")]


@pytest.mark.parametrize("name", ["fast_cifar10", "fast_cifar8"])
def test_what_it_is_said_to_reach_is_in_the_measured_results(name):
    rows = seeds(name)
    assert len(rows) == 3 and statistics.median(float(row["test_accuracy"]) for row in rows) >= 0.905
    best = max(rows, key=lambda row: float(row["validation_accuracy"]))
    about = pretrained.load(name).about
    assert about == {column: best[column] for column in about}


@pytest.mark.skipif(data.about("cifar10").found() is None, reason="CIFAR-10 is not on this machine")
@pytest.mark.parametrize("name, without", [("fast_cifar10", ()), ("fast_cifar8", ("cat", "dog"))])
def test_it_reaches_on_the_test_set_what_is_said(name, without):
    loaded = pretrained.load(name)
    test_set = Images.of(*data.load("cifar10", "test"), data.about("cifar10").classes, like=loaded).without(*without)
    accuracy = evaluate(loaded.model, test_set, flip=True).accuracy
    assert accuracy == pytest.approx(float(loaded.about["test_accuracy"]), abs=1e-3)  # stored in half precision


def test_the_digits_network_reaches_on_the_bundled_digits_what_is_said():
    loaded = pretrained.load("fast_digits")
    x, y = data.load("mnist5k", "test")
    cut = Images.of(x[:, 3:-3, 3:-3], y, loaded.classes, like=loaded)  # the box that digits are drawn in
    accuracy = evaluate(loaded.model, as_seen_by(loaded, cut)).accuracy
    assert accuracy == pytest.approx(float(loaded.about["test_accuracy"]), abs=2e-3)


def test_bad_input_gets_a_sentence(trained):
    with pytest.raises(CourseError, match="fast_cifar10"):
        pretrained.load("resnet9000")
    with pytest.raises(CourseError, match="uint8"):
        trained.normalised(torch.zeros(1, 32, 32, 3))
