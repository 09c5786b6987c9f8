"""The data in memory, and what is drawn from it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.batches import Batches, Images, _reflected, crops, images
from course_lib.errors import CourseError
from course_lib.recipes import Recipe

RECIPE = Recipe("lenet5", epochs=2, batch_size=32, optimizer="sgd", lr=0.05, crop=1, flip=True)


@pytest.fixture(scope="module")
def digits() -> Images:
    return images("digits")


# The data in memory

def test_images_are_normalised_by_their_training_half():
    learning, test = images("mnist5k"), images("mnist5k", "test")
    X = learning.normalised()
    assert X.shape == (3000, 1, 28, 28) and X.dtype == torch.float32
    assert X.mean().abs() < 1e-5 and (X.std() - 1).abs() < 1e-4
    assert torch.equal(learning.mean, test.mean) and torch.equal(learning.std, test.std)


def test_mean_and_deviation_are_per_channel_and_agree_with_numpy():
    x = np.random.default_rng(0).integers(0, 256, (7, 5, 6, 3)).astype(np.uint8) // np.array([1, 2, 4], np.uint8)
    made = Images.of(x, np.zeros(7, int))
    np.testing.assert_allclose(made.mean, (x / 255).mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(made.std, (x / 255).std((0, 1, 2)), rtol=1e-4)


def test_a_split_shares_no_image_and_follows_its_seed(digits):
    marked = replace(digits, y=torch.arange(len(digits)))
    training_set, validation = marked.split(0.25, seed=1)
    assert sorted(torch.cat([training_set.y, validation.y]).tolist()) == list(range(len(digits)))
    assert len(validation) == round(len(digits) / 4)
    assert torch.equal(validation.y, marked.split(0.25, seed=1)[1].y)
    assert not torch.equal(validation.y, marked.split(0.25, seed=2)[1].y)


@pytest.mark.parametrize("x, y", [
    (np.zeros((3, 8, 8, 1)), np.zeros(3, int)),
    (np.zeros((3, 8, 8), np.uint8), np.zeros(3, int)),
    (np.zeros((3, 8, 8, 1), np.uint8), np.zeros(4, int)),
])
def test_images_of_another_form_get_a_sentence(x, y):
    with pytest.raises(CourseError, match="uint8"):
        Images.of(x, y)


# Augmentation

def test_crops_are_what_slicing_and_mirroring_give():
    rng = np.random.default_rng(0)
    padded = torch.as_tensor(rng.integers(0, 256, (5, 9, 11, 3)).astype(np.uint8))
    index, place = torch.tensor([4, 0, 0, 2]), torch.as_tensor(rng.random((4, 2)))
    mirrored = torch.tensor([True, False, True, False])
    got = crops(padded, index, place, (6, 7), mirrored)
    for n in range(4):
        top, left = int(place[n, 0] * 4), int(place[n, 1] * 5)
        want = padded[index[n], top:top + 6, left:left + 7]
        assert torch.equal(got[n], want.flip(1) if mirrored[n] else want)


def test_every_place_of_the_crop_is_drawn_equally_often():
    columns = torch.arange(5, dtype=torch.uint8).expand(1, 5, 5)[..., None]
    place = torch.rand((6000, 2), generator=torch.Generator().manual_seed(0))
    lefts = crops(columns, torch.zeros(6000, dtype=torch.long), place, (3, 3))[:, 0, 0, 0]
    counts = torch.bincount(lefts.long())
    assert len(counts) == 3 and (counts - 2000).abs().max() < 150


def test_reflected_padding_is_numpys():
    x = torch.arange(2 * 4 * 5 * 3, dtype=torch.uint8).view(2, 4, 5, 3)
    np.testing.assert_array_equal(_reflected(x, 2), np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), "reflect"))


def test_an_epoch_shows_every_image_once_and_mirrors_it_every_second_epoch(digits):
    recipe = replace(RECIPE, crop=0, batch_size=1)
    few = digits[:40]
    batches = Batches(few, recipe, seed=3)
    seen = [{}, {}]
    for epoch in range(2):
        for step in range(40):
            X, _ = batches.draw(epoch * 40 + step, 0.0)
            plain = few.normalised()
            for n in range(40):
                if torch.equal(X[0], plain[n]) or torch.equal(X[0], plain[n].flip(2)):
                    seen[epoch][n] = torch.equal(X[0], plain[n])
    assert len(seen[0]) == len(seen[1]) == 40
    assert all(seen[0][n] != seen[1][n] for n in range(40))


def test_crops_grow_as_the_recipe_says(digits):
    batches = Batches(digits, replace(RECIPE, sides=((0.3, 4), (0.6, 6))), seed=0)
    assert [batches.draw(0, done)[0].shape[2:] for done in (0.0, 0.4, 0.9)] == [(4, 4), (6, 6), (8, 8)]


def test_without_some_classes_the_others_are_numbered_anew():
    textures = images("textures")
    fewer = textures.without("coins", "stars")
    assert fewer.classes == tuple(name for name in textures.classes if name not in ("coins", "stars"))
    assert len(fewer) == 400 and sorted(fewer.y.unique().tolist()) == [0, 1, 2, 3]
    for label, name in enumerate(fewer.classes):
        assert torch.equal(fewer.x[fewer.y == label], textures.x[textures.y == textures.classes.index(name)])
    assert torch.equal(textures.without().y, textures.y)
    with pytest.raises(CourseError, match="no class cat; the classes are"):
        textures.without("cat")
