"""ConfusionMatrix in Python: counts, order and sample of the pictures, static form, a sentence for each bad input."""

import json
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from course_lib.errors import CourseError
from course_lib.widgets import ConfusionMatrix

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2])
PREDICTIONS = np.array([0, 0, 1, 1, 2, 1, 1, 2])
IMAGES = np.arange(8 * 16, dtype=np.uint8).reshape(8, 4, 4, 1) * 2


def rows(*most):
    """Probabilities (N, 3) in which the prediction has those probabilities and the others share what is left."""
    table = np.repeat((1 - np.array(most)[:, None]) / 2, 3, axis=1)
    table[np.arange(len(most)), PREDICTIONS] = most
    return table


SURE = rows(0.9, 0.6, 0.7, 0.8, 0.95, 0.5, 0.99, 0.4)


def test_counts_recall_precision_and_accuracy_by_hand():
    matrix = ConfusionMatrix(LABELS, PREDICTIONS, IMAGES, ["cat", "dog", "bird"])
    assert matrix.counts.tolist() == [[2, 1, 0], [0, 1, 1], [0, 2, 1]]
    np.testing.assert_allclose(matrix.recall, [2 / 3, 1 / 2, 1 / 3])
    np.testing.assert_allclose(matrix.precision, [1, 1 / 4, 1 / 2])
    assert matrix.accuracy == 0.5
    assert repr(matrix) == "ConfusionMatrix(3 classes: 4 of 8 right, 50.00 %)"


def test_opens_on_the_most_frequent_mistake_and_knows_its_pictures():
    matrix = ConfusionMatrix(LABELS, PREDICTIONS, IMAGES)
    assert matrix.chosen == (2, 1) and matrix.members.tolist() == [5, 6]
    matrix.chosen = (0, 2)
    assert matrix.members.tolist() == []
    assert ConfusionMatrix(LABELS, LABELS, IMAGES).chosen == (0, 0), "there is no mistake"


def test_surest_mistakes_and_least_sure_right_ones_come_first():
    matrix = ConfusionMatrix(LABELS, PREDICTIONS, IMAGES, probabilities=SURE)
    assert matrix.members.tolist() == [6, 5]
    matrix.chosen = (0, 0)
    assert matrix.members.tolist() == [1, 0]
    told = {picture["index"]: picture for picture in matrix._pictures}
    assert told[6]["cell"] == [2, 1] and told[6]["top"][0] == [1, 0.99] and len(told[6]["top"]) == 3
    assert matrix._sure == 2, "pictures 4 and 6 are mistakes of 0.9 or more"


def test_a_class_without_pictures_has_no_recall():
    matrix = ConfusionMatrix([0, 1], [1, 1], IMAGES[:2], ["a", "b", "c"])
    assert np.isnan(matrix.recall).tolist() == [False, False, True]
    assert np.isnan(matrix.precision).tolist() == [True, False, True]
    assert "–" in matrix.static_html()


def picture(matrix, index):
    """A picture cut out of the sprite, (H, W, C)."""
    sprite = matrix._sprite
    whole = np.asarray(Image.open(BytesIO(b64decode(sprite["url"].split(",")[1]))))
    whole = whole if whole.ndim == 3 else whole[..., None]
    place = [one["index"] for one in matrix._pictures].index(index)
    (row, column), (height, width) = divmod(place, sprite["columns"]), sprite["cell"]
    return whole[row * height:, column * width:][:sprite["side"][0], :sprite["side"][1]]


def test_every_picture_is_where_the_browser_looks_for_it():
    matrix = ConfusionMatrix(LABELS, PREDICTIONS, IMAGES)
    assert matrix._sprite["url"].startswith("data:image/png")
    for index in range(8):
        np.testing.assert_array_equal(picture(matrix, index), IMAGES[index])
    flat = np.repeat(np.random.default_rng(0).integers(0, 256, (8, 1, 1, 3)), 9, axis=1).repeat(7, axis=2)
    matrix = ConfusionMatrix(LABELS, PREDICTIONS, flat)
    assert matrix._sprite["url"].startswith("data:image/jpeg")
    for index in range(8):
        assert np.abs(picture(matrix, index).astype(int) - flat[index]).max() <= 4, "no picture shines into the next"


def test_large_sets_are_sampled_and_a_saved_notebook_stays_small():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 10_000)
    predictions = np.where(rng.random(10_000) < 0.7, labels, rng.integers(0, 10, 10_000))
    coarse = rng.integers(0, 256, (10_000, 8, 8, 3), dtype=np.uint8)
    matrix = ConfusionMatrix(labels, predictions, coarse.repeat(4, axis=1).repeat(4, axis=2))
    saved = len(json.dumps([matrix._pictures, matrix._sprite, matrix._counts])) + len(matrix.static_html())
    assert saved + len(matrix._esm) + len(matrix._css) < 400_000
    cells = [tuple(one["cell"]) for one in matrix._pictures]
    assert set(cells) == set(zip(labels.tolist(), predictions.tolist(), strict=True)), "every cell has a picture"
    assert 100 <= len(cells) < 10_000 and max(map(cells.count, cells)) <= 48


def test_a_kernel_sends_the_pictures_that_did_not_travel_along():
    labels, sent = np.zeros(100, int), []
    matrix = ConfusionMatrix(labels, labels + 1, np.zeros((100, 4, 4), np.uint8))
    matrix.send = sent.append
    matrix._handle_custom_msg({"cell": [0, 1]}, [])
    matrix._handle_custom_msg({"cell": [1, 0]}, [])
    assert [(one["cell"], len(one["pictures"])) for one in sent] == [([0, 1], 48)]


def test_takes_torch_tensors_and_pictures_of_any_size():
    import torch

    probabilities = torch.tensor(SURE, requires_grad=True)
    images = torch.zeros(8, 96, 200, 3, dtype=torch.uint8)
    matrix = ConfusionMatrix(torch.tensor(LABELS), torch.tensor(PREDICTIONS), images, probabilities=probabilities)
    assert matrix.accuracy == 0.5 and matrix._sprite["side"] == [31, 64]


def test_digits_from_0_to_16_are_shown_with_16_as_white():
    digits = np.zeros((8, 8, 8), np.uint8)
    digits[:, 2] = 16
    assert picture(ConfusionMatrix(LABELS, PREDICTIONS, digits), 3)[2, 0, 0] == 255


BAD = [
    ((LABELS[:7], PREDICTIONS, IMAGES), "one label and one prediction for each picture; got 7 labels, 8 predictions"),
    ((LABELS, PREDICTIONS, IMAGES[:5]), "got 8 labels, 8 predictions, 5 images"),
    ((LABELS + 0.0, PREDICTIONS, IMAGES), "labels must hold whole numbers, one class each; got float64"),
    ((LABELS, SURE, IMAGES), r"predictions must have shape \(N,\); got \(8, 3\). Of scores .* take .argmax\(1\)"),
    ((LABELS - 1, PREDICTIONS, IMAGES), "labels holds -1; class numbers go from 0"),
    ((LABELS, PREDICTIONS, IMAGES, "ab"), "classes must be the classes' names"),
    ((LABELS, PREDICTIONS, IMAGES, ["a", "b"]), "labels holds 2; class numbers go from 0 to 1, as there are 2 classes"),
    ((LABELS, PREDICTIONS, IMAGES, range(100)), "2 to 25 classes; got 100. Keep the pictures of a few classes"),
    ((LABELS * 30, PREDICTIONS, IMAGES), "2 to 25 classes; got 61"),
    (([], [], IMAGES[:0]), "labels is empty"),
    ((["cat"] * 8, PREDICTIONS, IMAGES), "labels must be an array of numbers; got"),
    ((LABELS, PREDICTIONS, IMAGES / 255), "images must be whole numbers from 0 to 255 .*float64.* before any normal"),
    ((LABELS, PREDICTIONS, IMAGES.astype(int) * 2), "images has values from 0 to 508"),
    ((LABELS, PREDICTIONS, IMAGES.transpose(0, 3, 1, 2)), r"channels come first: give images.transpose\(0, 2, 3, 1\)"),
    ((LABELS, PREDICTIONS, IMAGES[0]), "one prediction for each picture; got 8 labels, 8 predictions, 4 images"),
    ((LABELS, PREDICTIONS, IMAGES[0, 0]), r"images must have shape \(N, H, W, C\)"),
    ((LABELS, PREDICTIONS, IMAGES, None, SURE[:, :2]), r"probabilities must have shape \(8, 3\).* got \(8, 2\)"),
    ((LABELS, PREDICTIONS, IMAGES, None, SURE * 3), "If these are scores .logits., give their softmax"),
    ((LABELS, PREDICTIONS, IMAGES, None, SURE * np.nan), "probabilities hold NaN"),
    ((LABELS, PREDICTIONS, IMAGES, None, SURE[::-1]), "rows the prediction is not the most probable class"),
]


@pytest.mark.parametrize("arguments, sentence", BAD, ids=range(len(BAD)))
def test_bad_input_gets_a_sentence(arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        ConfusionMatrix(*arguments)


@pytest.mark.parametrize("state, sentence", [
    ({"chosen": (3, 0)}, r"chosen must be two classes, each 0 to 2; got \(3, 0\)"),
    ({"chosen": "cat"}, r"chosen must be \(true class, predicted class\); got 'cat'"),
    ({"percent": 1}, "percent must be True or False; got 1"),
    ({"normalise": True}, "has no setting 'normalise'; it has chosen, percent"),
])
def test_bad_state_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        ConfusionMatrix(LABELS, PREDICTIONS, IMAGES, **state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (ConfusionMatrix(LABELS, PREDICTIONS, IMAGES, ["<cat>", "dog", "bird"], SURE)._repr_mimebundle_()[0]
                  for _ in range(2))
    assert one["text/plain"] == other["text/plain"] and one["text/html"] == other["text/html"]
    html = one["text/html"]
    assert "<script" not in html and "<cat>" not in html
    assert re.findall(r">(\d+)</td>", html) == ["2", "1", "0", "0", "1", "1", "0", "2", "1"]
    assert "4 of 8 right: accuracy 50.00 %" in html
    assert "4 mistakes, row by row: bird taken for dog, dog taken for bird, &lt;cat&gt; taken for dog" in html
