"""A small convolutional network in NumPy: layers, softmax cross-entropy, training.

Every layer has the same two methods. ``forward(X)`` gives its output and keeps what the way back needs;
``backward(dY)`` takes the gradient of the loss with respect to that output, keeps the gradients of the
layer's own parameters in ``gradients``, and gives the gradient with respect to X. Pictures are
(N, C, H, W), rows of features (N, D). Which function works out a convolution's gradient, or a max
pool's, is an argument: notebook 05 hands over the student's own.

A network for 8x8 digits, trained and tested:

    rng = np.random.default_rng(0)
    network = Network(Conv(1, 16, 3, rng), ReLU(), Conv(16, 32, 3, rng), ReLU(), MaxPool(2),
                      Flatten(), Linear(32 * 2 * 2, 10, rng))
    losses = train(network, X_train, labels_train)
    accuracy(network, X_test, labels_test)
"""

from collections.abc import Callable

import numpy as np

from . import ops
from .errors import CourseError


class Layer:
    """What all layers share; this one passes everything through and has no parameters."""

    def __init__(self):
        self.parameters: list[np.ndarray] = []
        self.gradients: list[np.ndarray] = []  # of the parameters, in the same order

    def forward(self, X: np.ndarray) -> np.ndarray:
        return X

    def backward(self, dY: np.ndarray) -> np.ndarray:
        return dY


class Conv(Layer):
    """Convolution: (N, C_in, H, W) -> (N, C_out, H_out, W_out), as ``ops.conv2d``.

    ``backward_of(dY, X, W, stride)`` returns dX, dW and db. Weights start as He et al. (arXiv:1502.01852,
    section 2.2) say for ReLU: normal, variance 2 / (inputs of one output).
    """

    def __init__(self, channels_in: int, channels_out: int, size: int, rng: np.random.Generator,
                 stride: int = 1, backward_of: Callable = ops.conv2d_backward):
        super().__init__()
        spread = np.sqrt(2 / (channels_in * size**2))
        self.W = rng.normal(0, spread, (channels_out, channels_in, size, size)).astype(np.float32)
        self.b = np.zeros(channels_out, np.float32)
        self.parameters = [self.W, self.b]
        self.stride, self.backward_of = stride, backward_of

    def forward(self, X):
        self.X = X
        return ops.conv2d(X, self.W, self.b, stride=self.stride)

    def backward(self, dY):
        dX, *self.gradients = self.backward_of(dY, self.X, self.W, self.stride)
        return dX


class ReLU(Layer):
    """max(x, 0), on any shape: negative numbers are lost, and so is their gradient."""

    def forward(self, X):
        self.alive = X > 0
        return X * self.alive

    def backward(self, dY):
        return dY * self.alive


class MaxPool(Layer):
    """The largest of each size x size window: (N, C, H, W) -> (N, C, H // size, W // size).

    ``backward_of(dY, X, size)`` returns dX.
    """

    def __init__(self, size: int = 2, backward_of: Callable = ops.max_pool2d_backward):
        super().__init__()
        self.size, self.backward_of = size, backward_of

    def forward(self, X):
        self.X = X
        return ops.max_pool2d(X, self.size)

    def backward(self, dY):
        return self.backward_of(dY, self.X, self.size)


class Flatten(Layer):
    """All numbers of a picture in one row: (N, C, H, W) -> (N, C * H * W)."""

    def forward(self, X):
        self.shape = X.shape
        return X.reshape(len(X), -1)

    def backward(self, dY):
        return dY.reshape(self.shape)


class Linear(Layer):
    """X W + b: (N, features) -> (N, outputs); weights start as in ``Conv``."""

    def __init__(self, features: int, outputs: int, rng: np.random.Generator):
        super().__init__()
        self.W = rng.normal(0, np.sqrt(2 / features), (features, outputs)).astype(np.float32)
        self.b = np.zeros(outputs, np.float32)
        self.parameters = [self.W, self.b]

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, dY):
        self.gradients = [self.X.T @ dY, dY.sum(axis=0)]
        return dY @ self.W.T


class Network(Layer):
    """Layers one after the other; backward goes through them in the opposite order."""

    def __init__(self, *layers: Layer):
        super().__init__()
        self.layers = layers
        self.parameters = [array for layer in layers for array in layer.parameters]

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, dY):
        for layer in reversed(self.layers):
            dY = layer.backward(dY)
        self.gradients = [array for layer in self.layers for array in layer.gradients]
        return dY

    @property
    def size(self) -> int:
        """How many numbers training may change."""
        return sum(array.size for array in self.parameters)


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of -log softmax(scores)[label], and its gradient: (N, classes) and (N,) -> number, (N, classes).

    The gradient is (softmax - one-hot) / N. The largest score is taken off first, so that no exp overflows.
    """
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    gradient = np.exp(log_probabilities)
    gradient[rows, labels] -= 1
    return float(-log_probabilities[rows, labels].mean()), gradient / len(labels)


def train(network: Network, X: np.ndarray, labels: np.ndarray, epochs: int = 12, batch: int = 32,
          rate: float = 0.01, seed: int = 0) -> list[float]:
    """Train in place with Adam (Kingma and Ba, arXiv:1412.6980); return the mean loss of each epoch.

    X is float32, (N, C, H, W). The learning rate falls in a straight line from ``rate`` to zero; ``seed``
    decides in which order the pictures come. A last batch that is not full waits for the next epoch.
    """
    if len(X) != len(labels) or len(X) < batch:
        raise CourseError(f"train got {len(X)} pictures and {len(labels)} labels for batches of {batch}: "
                          "give one label per picture, and at least one full batch.")
    rng = np.random.default_rng(seed)
    means = [np.zeros_like(p) for p in network.parameters]
    squares = [np.zeros_like(p) for p in network.parameters]
    steps, step, history = epochs * (len(X) // batch), 0, []
    for _ in range(epochs):
        losses = []
        for chosen in rng.permutation(len(X))[: len(X) // batch * batch].reshape(-1, batch):
            loss, gradient = cross_entropy(network.forward(X[chosen]), labels[chosen])
            network.backward(gradient)
            losses.append(loss)
            now, step = rate * (1 - step / steps), step + 1
            for p, g, m, s in zip(network.parameters, network.gradients, means, squares, strict=True):
                m += 0.1 * (g - m)
                s += 0.001 * (g * g - s)
                p -= now * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)
        history.append(float(np.mean(losses)))
    return history


def accuracy(network: Network, X: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose largest score is that of their label, from 0 to 1."""
    return float((network.forward(X).argmax(axis=1) == labels).mean())
