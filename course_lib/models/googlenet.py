"""GoogLeNet, or Inception v1 (2015): kernels of several sizes side by side.

C. Szegedy et al.: Going deeper with convolutions, CVPR 2015 (arXiv:1409.4842), sections 4 and 5, table 1.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .initial import he_normal

# Table 1: of each module, the channels 1x1; 3x3 reduce, 3x3; 5x5 reduce, 5x5; pool proj.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}


class ConvUnit(nn.Module):
    """Convolution that keeps the size but for its stride - batch normalisation, if wanted - ReLU."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, batch_norm: bool = False):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=not batch_norm)
        self.bn = nn.BatchNorm2d(channels_out, eps=1e-3) if batch_norm else nn.Identity()

    def forward(self, X: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(X)))


class Inception(nn.Module):
    """Four branches of the same input, their maps concatenated (figure 2b): (N, C, H, W) -> (N, C_out, H, W).

    ``widths`` is a row of MODULES; C_out is the sum of four of its numbers. 1x1 convolutions before the large
    kernels, and after the pooling, keep the cost down.
    """

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int, int], kernel: int, batch_norm: bool):
        super().__init__()
        one, three_reduce, three, five_reduce, five, pool = widths
        self.branch1 = ConvUnit(channels, one, 1, batch_norm=batch_norm)
        self.branch2 = nn.Sequential(ConvUnit(channels, three_reduce, 1, batch_norm=batch_norm),
                                     ConvUnit(three_reduce, three, 3, batch_norm=batch_norm))
        self.branch3 = nn.Sequential(ConvUnit(channels, five_reduce, 1, batch_norm=batch_norm),
                                     ConvUnit(five_reduce, five, kernel, batch_norm=batch_norm))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, padding=1, ceil_mode=True),
                                     ConvUnit(channels, pool, 1, batch_norm=batch_norm))
        self.channels = one + three + five + pool

    def forward(self, X: Tensor) -> Tensor:
        return torch.cat([self.branch1(X), self.branch2(X), self.branch3(X), self.branch4(X)], dim=1)


class AuxiliaryHead(nn.Module):
    """A small classifier in the middle of the network, to bring gradients there (section 5)."""

    def __init__(self, channels: int, classes: int, batch_norm: bool):
        super().__init__()
        self.conv = ConvUnit(channels, 128, 1, batch_norm=batch_norm)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(1024, classes)

    def forward(self, X: Tensor) -> Tensor:
        X = self.conv(F.adaptive_avg_pool2d(X, 4)).flatten(1)
        return self.fc2(self.dropout(F.relu(self.fc1(X))))


class GoogLeNet(nn.Module):
    """Images (N, channels, H, W), H and W at least 15 and meant to be 224 -> logits (N, classes).

    As published: 6,998,552 parameters, and 13,378,280 with the two auxiliary heads (``aux``). While training,
    a network with auxiliary heads gives a list of three logits, its own first; ``loss`` adds them up.

    kernel=3, batch_norm=True is torchvision's form, made from code that had a 3x3 kernel where the paper has 5x5 and
    was changed for batch normalisation, which came a year later: 6,624,904 parameters, 13,004,888 with the heads.
    """

    def __init__(self, channels: int = 3, classes: int = 1000, *, kernel: int = 5, batch_norm: bool = False,
                 aux: bool = False, dropout: float = 0.4):
        super().__init__()
        normalise = (lambda: nn.Identity()) if batch_norm else lambda: nn.LocalResponseNorm(5)
        self.stem = nn.Sequential(OrderedDict(
            conv1=ConvUnit(channels, 64, 7, 2, batch_norm), pool1=nn.MaxPool2d(3, 2, ceil_mode=True), norm1=normalise(),
            conv2=ConvUnit(64, 64, 1, 1, batch_norm), conv3=ConvUnit(64, 192, 3, 1, batch_norm), norm2=normalise(),
            pool2=nn.MaxPool2d(3, 2, ceil_mode=True)))
        self.blocks, before = nn.ModuleDict(), 192
        for name, widths in MODULES.items():
            self.blocks[name] = Inception(before, widths, kernel, batch_norm)
            before = self.blocks[name].channels
        self.aux1 = AuxiliaryHead(self.blocks["4a"].channels, classes, batch_norm) if aux else None
        self.aux2 = AuxiliaryHead(self.blocks["4d"].channels, classes, batch_norm) if aux else None
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(before, classes)
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor | list[Tensor]:
        X, extra = self.stem(X), []
        for name, block in self.blocks.items():
            if name in ("4a", "5a"):
                X = F.max_pool2d(X, 3 if name == "4a" else 2, 2, ceil_mode=True)
            X = block(X)
            head = {"4a": self.aux1, "4d": self.aux2}.get(name)
            if self.training and head is not None:
                extra.append(head(X))
        logits = self.head(self.dropout(X.mean(dim=(2, 3))))
        return [logits, *extra] if extra else logits

    def loss(self, outputs: Tensor | list[Tensor], y: Tensor) -> Tensor:
        """Cross-entropy of the logits, and 0.3 times that of each auxiliary head's (section 5)."""
        logits, *extra = outputs if isinstance(outputs, list) else [outputs]
        return F.cross_entropy(logits, y) + 0.3 * sum(F.cross_entropy(each, y) for each in extra)
