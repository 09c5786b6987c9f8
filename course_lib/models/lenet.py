"""LeNet-5 (1998), as it is built today, and the larger one of the lecture's coding session."""

from torch import Tensor, nn


class LeNet5(nn.Module):
    """Digits of 28x28 (N, channels, 28, 28) -> logits (N, classes); 61,706 parameters for grey and ten classes.

    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition,
    Proceedings of the IEEE 86, 1998, section II. As everywhere today, and unlike the paper: ReLU instead of
    a scaled tanh, max pooling without weights, every filter of the second layer reads all six maps, and ten
    logits instead of distances to drawn digits. The 28x28 image is padded by 2 to the paper's 32x32.
    """

    def __init__(self, channels: int = 1, classes: int = 10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(16 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes))

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.features(X))


class AuthorLeNet(nn.Module):
    """Colour images of 32x32 (N, channels, 32, 32) -> logits (N, classes); 1,191,170 parameters.

    The "modified LeNet" that the coding session after slide 56 asks for: three 5x5 convolutions of 32, 64 and 64
    filters that keep the size, each followed by ReLU and a 2x2 max pool, then 1,000 hidden units.
    """

    def __init__(self, channels: int = 3, classes: int = 10):
        super().__init__()
        widths = (channels, 32, 64, 64)
        self.features = nn.Sequential(*(
            layer for i in range(3)
            for layer in (nn.Conv2d(widths[i], widths[i + 1], 5, padding=2), nn.ReLU(), nn.MaxPool2d(2))))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 4 * 4, 1000), nn.ReLU(), nn.Linear(1000, classes))

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.features(X))
