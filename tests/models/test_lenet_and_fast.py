"""Parameter counts as published, shapes, and the whitening of the fast network."""

import pytest
import torch

from course_lib import models, training
from course_lib.errors import CourseError


@pytest.mark.parametrize("name, channels, parameters", [
    ("lenet5", 1, 61_706), ("author_lenet", 3, 1_191_170), ("fast", 3, 560_832),
])
def test_parameters(name, channels, parameters):
    assert models.parameters(models.build(name, channels)) == parameters


@pytest.mark.parametrize("name, channels, side", [
    ("lenet5", 1, 28), ("author_lenet", 3, 32), ("fast", 3, 32), ("fast", 3, 17),
])
def test_logits_have_a_row_per_image_and_a_column_per_class(name, channels, side):
    assert models.build(name, channels, classes=7)(torch.zeros(2, channels, side, side)).shape == (2, 7)


def test_unknown_networks_and_too_small_images_get_a_sentence():
    with pytest.raises(CourseError, match="lenet5"):
        models.build("lenet")
    with pytest.raises(CourseError, match="17"):
        models.build("fast")(torch.zeros(1, 3, 16, 32))


def test_whitening_decorrelates_patches():
    images = training.images("textures")
    X = images.normalised()
    net = models.build("fast", channels=1)
    assert not net.whitened
    net.whiten(X)
    with torch.no_grad():
        responses = net.whitening(X)[:, :4].transpose(0, 1).flatten(1)  # one of each pair of a filter and its negative
    covariance = (responses @ responses.T / responses.shape[1])
    assert net.whitened
    torch.testing.assert_close(covariance, torch.diag(covariance.diagonal()), atol=1e-2, rtol=0)
    # The regularisation shortens directions of little variance; the main ones come out at 1.
    assert covariance.diagonal().max() < 1.01 and covariance.diagonal()[-1] > 0.99


def test_training_leaves_the_filters_of_a_trained_network_alone():
    images = training.images("textures")
    recipe = training.Recipe("fast", epochs=0.2, batch_size=50, optimizer="muon", lr=0.1)
    run = training.train(models.build("fast", channels=1), images, recipe, show=False)
    filters = run.model.whitening.weight.clone()
    training.train(run.model, images[:100], recipe, show=False)
    assert torch.equal(run.model.whitening.weight, filters)
