"""DenseNet: every layer reads the maps of all layers before it (slide 42; concatenated, not added: erratum 14).

G. Huang, Z. Liu, L. van der Maaten, K. Weinberger: Densely Connected Convolutional Networks, CVPR 2017
(arXiv:1608.06993), sections 3 and 4.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import CourseError
from .initial import he_normal


class DenseLayer(nn.Module):
    """BN - ReLU - 3x3 convolution to ``growth`` new maps: (N, C, H, W) -> (N, growth, H, W).

    With ``bottleneck``, DenseNet-B, BN - ReLU - 1x1 to 4 * growth maps goes before it.
    """

    def __init__(self, channels: int, growth: int, bottleneck: bool, dropout: float = 0.0):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        if bottleneck:
            self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(4 * growth)
            self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(channels, growth, 3, padding=1, bias=False)
            self.conv2 = None
        self.dropout = nn.Dropout(dropout)

    def forward(self, X: Tensor) -> Tensor:
        X = self.dropout(self.conv1(F.relu(self.norm1(X))))
        return X if self.conv2 is None else self.dropout(self.conv2(F.relu(self.norm2(X))))


class DenseBlock(nn.ModuleList):
    """``many`` layers, each reading the input and what all before it gave: C -> C + many * growth channels."""

    def __init__(self, many: int, channels: int, growth: int, bottleneck: bool, dropout: float):
        super().__init__(DenseLayer(channels + i * growth, growth, bottleneck, dropout) for i in range(many))

    def forward(self, X: Tensor) -> Tensor:
        for layer in self:
            X = torch.cat([X, layer(X)], dim=1)
        return X


class Transition(nn.Module):
    """BN - ReLU - 1x1 convolution - 2x2 average pooling: (N, C, H, W) -> (N, C_out, H // 2, W // 2)."""

    def __init__(self, channels_in: int, channels_out: int, dropout: float):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels_in)
        self.conv = nn.Conv2d(channels_in, channels_out, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, X: Tensor) -> Tensor:
        return F.avg_pool2d(self.dropout(self.conv(F.relu(self.norm(X)))), 2)


class DenseNet(nn.Module):
    """``stem``, which gives ``width`` channels; dense blocks with transitions between; BN and ReLU; mean; linear.

    A transition keeps the share ``compression`` of the channels (DenseNet-C: 0.5). ``dropout`` follows every
    convolution but the first; the paper takes 0.2 where it trains without augmentation.
    """

    def __init__(self, stem: nn.Module, width: int, blocks: tuple[int, ...], growth: int, classes: int, *,
                 bottleneck: bool, compression: float, dropout: float = 0.0):
        super().__init__()
        self.stem = stem
        stages, channels = [], width
        for number, many in enumerate(blocks):
            if number:
                before, channels = channels, int(channels * compression)
                stages.append(Transition(before, channels, dropout))
            stages.append(DenseBlock(many, channels, growth, bottleneck, dropout))
            channels += many * growth
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(channels)
        self.head = nn.Linear(channels, classes)
        he_normal(self)
        nn.init.zeros_(self.head.bias)

    def forward(self, X: Tensor) -> Tensor:
        return self.head(F.relu(self.norm(self.stages(self.stem(X)))).mean(dim=(2, 3)))


class DenseNetCIFAR(DenseNet):
    """Images (N, channels, 32, 32) -> logits (N, classes): three dense blocks of equal length.

    ``bc`` is DenseNet-BC: bottlenecks, and transitions that halve the channels; the first convolution then gives
    2 * growth maps instead of 16. CourseError for a depth that does not come out: 3 n + 4, with ``bc`` 6 n + 4.
    """

    def __init__(self, depth: int, growth: int, channels: int = 3, classes: int = 10, *, bc: bool = False,
                 dropout: float = 0.0):
        per_layer = 6 if bc else 3
        if depth < per_layer + 4 or (depth - 4) % per_layer:
            raise CourseError(f"depth is {depth}, but {'DenseNet-BC has 6' if bc else 'DenseNet has 3'} n + 4 layers, "
                              "for instance 40 or 100.")
        width = 2 * growth if bc else 16
        super().__init__(nn.Conv2d(channels, width, 3, padding=1, bias=False), width, ((depth - 4) // per_layer,) * 3,
                         growth, classes, bottleneck=bc, compression=0.5 if bc else 1, dropout=dropout)


class DenseNetImageNet(DenseNet):
    """Images (N, channels, H, W), H and W at least 29 and meant to be 224 -> logits (N, classes): table 1."""

    def __init__(self, blocks: tuple[int, int, int, int], growth: int, channels: int = 3, classes: int = 1000, *,
                 dropout: float = 0.0):
        width = 2 * growth
        stem = nn.Sequential(nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(width),
                             nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, padding=1))
        super().__init__(stem, width, blocks, growth, classes, bottleneck=True, compression=0.5, dropout=dropout)


# Parameters with ten classes: 1,019,722; 6,979,642; 27,249,082.
densenet40_12, densenet100_12, densenet100_24 = (
    partial(DenseNetCIFAR, depth, growth) for depth, growth in ((40, 12), (100, 12), (100, 24)))
# 769,162; 15,324,406; 25,624,430.
densenet_bc100_12, densenet_bc250_24, densenet_bc190_40 = (
    partial(DenseNetCIFAR, depth, growth, bc=True) for depth, growth in ((100, 12), (250, 24), (190, 40)))
# For ImageNet: 7,978,856; 14,149,480; 20,013,928.
densenet121, densenet169, densenet201 = (
    partial(DenseNetImageNet, blocks, 32) for blocks in ((6, 12, 24, 16), (6, 12, 32, 32), (6, 12, 48, 32)))
