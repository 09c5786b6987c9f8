"""Highway networks: a gate decides, pixel by pixel, how much a layer changes."""

from torch import Tensor, nn
from torch.nn import functional as F

from .initial import he_normal


class Highway(nn.Module):
    """Y = T(X) * H(X) + (1 - T(X)) * X, H a 3x3 convolution and ReLU, T one and a sigmoid; shapes stay (equation 3).

    The gate's bias starts at ``gate_bias``, below 0, so that at first most passes through unchanged (section 2.2).
    """

    def __init__(self, channels: int, gate_bias: float):
        super().__init__()
        self.transform = nn.Conv2d(channels, channels, 3, padding=1)
        self.gate_conv = nn.Conv2d(channels, channels, 3, padding=1)
        he_normal(self)
        nn.init.constant_(self.gate_conv.bias, gate_bias)

    def forward(self, X: Tensor) -> Tensor:
        T = self.gate_conv(X).sigmoid()
        return T * F.relu(self.transform(X)) + (1 - T) * X


class HighwayNetwork(nn.Module):
    """Images (N, channels, H, W), H and W meant to be 32 -> logits (N, classes).

    R. Srivastava, K. Greff, J. Schmidhuber: Training Very Deep Networks, NIPS 2015 (arXiv:1507.06228), section 3.3.
    The paper's network of 19 layers and about 2.3M parameters takes the shape of FitNet 4 (Romero et al.,
    arXiv:1412.6550), whose widths are the default here; its fully connected layers became a 1x1 convolution and a mean
    over each map. Where the width changes there is nothing to carry, so a plain convolution stands there, which the
    paper leaves open. 2,274,186 parameters with ten classes.
    """

    def __init__(self, channels: int = 3, classes: int = 10, *, gate_bias: float = -2.0,
                 stages: tuple[tuple[int, ...], ...] = ((32, 32, 32, 48, 48), (80,) * 6, (128,) * 6)):
        super().__init__()
        layers: list[nn.Module] = []
        for number, widths in enumerate(stages):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in widths:
                if width == channels:
                    layers.append(Highway(width, gate_bias))
                else:
                    plain = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU())
                    he_normal(plain)
                    layers.append(plain)
                channels = width
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels, classes, 1)

    def forward(self, X: Tensor) -> Tensor:
        return self.head(self.layers(X)).mean(dim=(2, 3))
