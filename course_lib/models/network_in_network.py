"""Network in Network: small perceptrons as kernels, and no fully connected layer at the end."""

from torch import Tensor, nn

from .initial import he_normal


class MLPConv(nn.Module):
    """A convolution that keeps the size and two 1x1 convolutions, each but maybe the last before ReLU (equation 2)."""

    def __init__(self, channels: int, widths: tuple[int, int, int], kernel: int, last_relu: bool = True):
        super().__init__()
        first, second, third = widths
        self.conv = nn.Conv2d(channels, first, kernel, padding=kernel // 2)
        self.mix = nn.Sequential(nn.ReLU(), nn.Conv2d(first, second, 1), nn.ReLU(), nn.Conv2d(second, third, 1),
                                 nn.ReLU() if last_relu else nn.Identity())

    def forward(self, X: Tensor) -> Tensor:
        return self.mix(self.conv(X))


class NetworkInNetwork(nn.Module):
    """Images (N, channels, H, W), H and W meant to be 32 -> logits (N, classes); 966,986 parameters.

    M. Lin, Q. Chen, S. Yan: Network In Network, ICLR 2014 (arXiv:1312.4400), sections 3 and 4. Three MLPConv with a
    3x3 max pooling of stride 2 and dropout after the first two; the last gives one map per class, whose mean is the
    logit. The paper does not print the widths; these are its authors' for CIFAR-10, as Caffe's model zoo has them. The
    zoo has one ReLU more, before that mean; it is left out, since with it all logits easily end at 0 for good.
    """

    def __init__(self, channels: int = 3, classes: int = 10, *, dropout: float = 0.5):
        super().__init__()
        self.stages = nn.ModuleList([
            MLPConv(channels, (192, 160, 96), 5), MLPConv(96, (192, 192, 192), 5),
            MLPConv(192, (192, 192, classes), 3, last_relu=False)])
        self.shrink = nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(dropout))
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor:
        first, second, third = self.stages
        return third(self.shrink(second(self.shrink(first(X))))).mean(dim=(2, 3))
