"""The shipped network loads, fits its budget, and knows a cat; with CIFAR-10 at hand, it reaches what is said of it."""

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

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def trained() -> pretrained.Pretrained:
    return pretrained.load("fast_cifar10")


def test_it_is_small_and_stored_in_half_precision():
    path = pretrained.FOLDER / "fast_cifar10.pt"
    assert path.stat().st_size < 1.2e6
    weights = torch.load(path, weights_only=True)["weights"]
    assert {value.dtype for value in weights.values() if value.is_floating_point()} == {torch.float16}


def test_it_comes_ready_to_use(trained):
    assert not trained.model.training and trained.model.whitened
    assert len(trained.classes) == 10 and trained.classes[3] == "cat"
    # A smaller eps makes fine-tuning on few images diverge.
    assert all(layer.eps >= 1e-5 for layer in trained.model.modules() if isinstance(layer, nn.BatchNorm2d))


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


def test_what_it_is_said_to_reach_is_in_the_measured_results(trained):
    rows = [row for row in csv.DictReader((ROOT / "data" / "cifar10_budget.csv").open())
            if (row["recipe"], row["budget"]) == ("fast", "900")]
    assert len(rows) == 3 and statistics.median(float(row["test_accuracy"]) for row in rows) >= 0.905
    best = max(rows, key=lambda row: float(row["validation_accuracy"]))
    assert trained.about == {column: best[column] for column in trained.about}


@pytest.mark.skipif(data.about("cifar10").found() is None, reason="CIFAR-10 is not on this machine")
def test_it_reaches_on_the_test_set_what_is_said(trained):
    test_set = Images.of(*data.load("cifar10", "test"), trained.classes, like=trained)
    accuracy = evaluate(trained.model, test_set, flip=True).accuracy
    assert accuracy == pytest.approx(float(trained.about["test_accuracy"]), abs=1e-3)  # stored in half precision


def test_bad_input_gets_a_sentence(trained):
    with pytest.raises(CourseError, match="fast_cifar10"):
        pretrained.load("resnet9000")
    with pytest.raises(CourseError, match="uint8"):
        trained.normalised(torch.zeros(1, 32, 32, 3))
