"""The NumPy network: its gradients by central differences, and what it learns on digits."""

import numpy as np
import pytest

from course_lib import ops
from course_lib.data import load
from course_lib.errors import CourseError
from course_lib.numpy_net import (
    Conv,
    Flatten,
    Linear,
    MaxPool,
    Network,
    ReLU,
    accuracy,
    cross_entropy,
    train,
)


def digits_network(seed: int, conv_backward=ops.conv2d_backward) -> Network:
    """The network of notebook 05."""
    rng = np.random.default_rng(seed)
    return Network(
        Conv(1, 16, 3, rng, backward_of=conv_backward), ReLU(),
        Conv(16, 32, 3, rng, backward_of=conv_backward), ReLU(),
        MaxPool(2), Flatten(), Linear(32 * 3 * 3, 10, rng),
    )


def prepared(images: np.ndarray) -> np.ndarray:
    """As in notebook 05: (N, 8, 8, 1) to 0..1 in (N, 1, 10, 10), in a frame of zeros."""
    return np.pad(images.transpose(0, 3, 1, 2).astype(np.float32) / 16, ((0, 0), (0, 0), (1, 1), (1, 1)))


@pytest.fixture(scope="module")
def digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    sets = {split: load("digits", split) for split in ("train", "test")}
    return {split: (prepared(images), labels) for split, (images, labels) in sets.items()}


def slope(f, array: np.ndarray, place: tuple[int, ...], h: float = 1e-6) -> float:
    """The central difference of f() when one entry of the array moves, in place."""
    kept = array[place]
    array[place] = kept + h
    up = f()
    array[place] = kept - h
    down = f()
    array[place] = kept
    return (up - down) / (2 * h)


def double(network: Network) -> Network:
    """The network with every parameter in float64, so that central differences are worth something."""
    for layer in network.layers:
        if layer.parameters:
            layer.W, layer.b = (array.astype(float) for array in layer.parameters)
            layer.parameters = [layer.W, layer.b]
    network.parameters = [array for layer in network.layers for array in layer.parameters]
    return network


def test_cross_entropy_and_its_gradient():
    scores, labels = np.array([[0.0, 0, 0], [1, 2, 3]]), np.array([1, 2])
    loss, gradient = cross_entropy(scores, labels)
    assert loss == pytest.approx((np.log(3) + np.log(np.exp([-2, -1, 0]).sum())) / 2)
    assert gradient.sum(axis=1) == pytest.approx([0, 0]), "probabilities sum to one"
    for place in np.ndindex(scores.shape):
        numerical = slope(lambda: cross_entropy(scores, labels)[0], scores, place)
        assert gradient[place] == pytest.approx(numerical, abs=1e-8)


def test_huge_scores_do_not_overflow():
    loss, gradient = cross_entropy(np.array([[1e4, 0.0]]), np.array([1]))
    assert loss == pytest.approx(1e4) and np.isfinite(gradient).all()


@pytest.mark.parametrize("layer, shape", [
    (lambda rng: Conv(2, 3, 3, rng), (2, 2, 5, 6)),
    (lambda rng: Conv(1, 2, 2, rng, stride=2), (3, 1, 5, 4)),
    (lambda rng: ReLU(), (2, 3, 4)),
    (lambda rng: MaxPool(2), (2, 2, 5, 6)),
    (lambda rng: Flatten(), (2, 3, 2, 2)),
    (lambda rng: Linear(5, 4, rng), (3, 5)),
    (lambda rng: Network(Conv(1, 2, 3, rng), ReLU(), MaxPool(2), Flatten(), Linear(8, 3, rng)), (2, 1, 6, 6)),
], ids=["conv", "conv stride 2", "relu", "max pool", "flatten", "linear", "network"])
def test_gradients_of_every_layer(layer, shape):
    rng = np.random.default_rng(6)
    layer = layer(rng)
    network = double(layer if isinstance(layer, Network) else Network(layer))
    for parameter in network.parameters:
        parameter += rng.normal(size=parameter.shape) / 10  # biases start at zero, which would hide mistakes
    X = rng.normal(size=shape)
    dY = rng.normal(size=network.forward(X).shape)

    def loss():
        return float((network.forward(X) * dY).sum())

    network.forward(X)
    gradients = [network.backward(dY), *network.gradients]
    for array, gradient in zip([X, *network.parameters], gradients, strict=True):
        assert gradient.shape == array.shape
        for index in rng.choice(array.size, min(array.size, 12), replace=False):
            place = np.unravel_index(index, array.shape)
            assert gradient[place] == pytest.approx(slope(loss, array, place), rel=1e-6, abs=1e-7)


def test_the_first_loss_is_about_log_10_and_training_lowers_it(digits):
    X, labels = digits["train"]
    network = digits_network(0)
    scale = [0.01 * array for array in network.layers[-1].parameters]
    network.layers[-1].W[:], network.layers[-1].b[:] = scale
    assert cross_entropy(network.forward(X), labels)[0] == pytest.approx(np.log(10), abs=0.1)
    losses = train(network, X[:128], labels[:128], epochs=5)
    assert len(losses) == 5 and losses[-1] < losses[0] / 2


def test_digits_are_learned_to_97_percent(digits):
    scores = []
    for seed in range(3):
        network = digits_network(seed)
        train(network, *digits["train"], epochs=6, seed=seed)
        scores.append(accuracy(network, *digits["test"]))
    assert np.median(scores) >= 0.97, scores
    assert network.size == 16 * 9 + 16 + 32 * 16 * 9 + 32 + 288 * 10 + 10 == 7690


def test_the_same_seed_gives_the_same_network(digits):
    X, labels = digits["train"]
    networks = [digits_network(3) for _ in range(2)]
    histories = [train(network, X[:100], labels[:100], epochs=2, seed=9) for network in networks]
    assert histories[0] == histories[1]
    for one, other in zip(*(network.parameters for network in networks), strict=True):
        assert np.array_equal(one, other)
    assert train(digits_network(3), X[:100], labels[:100], epochs=2, seed=8) != histories[0]


def test_a_gradient_of_ones_own_is_used(digits):
    calls = []

    def mine(dY, X, W, stride):
        calls.append((X.shape[1], stride))
        return ops.conv2d_backward(dY, X, W, stride)

    X, labels = digits["train"]
    train(digits_network(0, mine), X[:64], labels[:64], epochs=1)
    assert calls == [(16, 1), (1, 1)] * 2, "two batches, the last layer first"


def test_train_and_test_never_overlap(digits):
    seen = {picture.tobytes() for picture in digits["train"][0]}
    assert not any(picture.tobytes() in seen for picture in digits["test"][0])


def test_too_few_pictures_are_refused(digits):
    X, labels = digits["train"]
    with pytest.raises(CourseError, match="10 pictures and 10 labels for batches of 32: give"):
        train(digits_network(0), X[:10], labels[:10])
    with pytest.raises(CourseError, match="100 pictures and 99 labels"):
        train(digits_network(0), X[:100], labels[:99])
