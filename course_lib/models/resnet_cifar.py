"""ResNets for CIFAR, and the plain networks of the same depths.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv:1512.03385),
section 4.2.
"""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import CourseError


class Block(nn.Module):
    """relu(branch(X) + shortcut(X)): what BasicBlock and Bottleneck share; ``branch`` is theirs.

    Where the shape stays, the shortcut is the identity. Where it changes, ``option`` says what it is (section 4.1):
    "A", every second pixel, and zeros as the new channels: no parameters; "B", a 1x1 convolution.
    Without ``residual`` there is no shortcut: the block of a plain network. ``gate`` is where
    squeeze_excitation.py puts its own.
    """

    layers: int  # with weights, on the branch
    expansion = 1  # channels that come out, over those of the 3x3 convolution

    def __init__(self, channels_in: int, channels_out: int, stride: int, option: str, residual: bool):
        super().__init__()
        if not residual:
            self.shortcut = None
        elif stride == 1 and channels_in == channels_out:
            self.shortcut = nn.Identity()
        elif option == "A":
            self.shortcut = ZeroPadded(channels_out - channels_in, stride)
        else:
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                                          nn.BatchNorm2d(channels_out))
        self.channels = channels_out
        self.gate = nn.Identity()

    def branch(self, X: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, X: Tensor) -> Tensor:
        Y = self.gate(self.branch(X))
        return F.relu(Y if self.shortcut is None else Y + self.shortcut(X))


class BasicBlock(Block):
    """Two 3x3 convolutions beside a shortcut: (N, C_in, H, W) -> (N, C_out, H / stride, W / stride); see Block."""

    layers = 2

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, option: str = "A", residual: bool = True):
        super().__init__(channels_in, channels_out, stride, option, residual)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)

    def branch(self, X: Tensor) -> Tensor:
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X)))))


class Bottleneck(Block):
    """1x1 down to a quarter of C_out, 3x3, 1x1 up, beside a shortcut: shapes as BasicBlock (figure 5, right).

    The stride is the 3x3 convolution's, as in torchvision; in the paper it is the first 1x1 convolution's.
    """

    layers = 3
    expansion = 4

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, option: str = "A", residual: bool = True):
        super().__init__(channels_in, channels_out, stride, option, residual)
        narrow = channels_out // self.expansion
        self.conv1 = nn.Conv2d(channels_in, narrow, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(narrow)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(narrow)
        self.conv3 = nn.Conv2d(narrow, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)

    def branch(self, X: Tensor) -> Tensor:
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = F.relu(self.bn2(self.conv2(Y)))
        return self.bn3(self.conv3(Y))


class ZeroPadded(nn.Module):
    """Every ``stride``-th pixel, and ``more`` channels of zeros behind the others."""

    def __init__(self, more: int, stride: int):
        super().__init__()
        self.more, self.stride = more, stride

    def forward(self, X: Tensor) -> Tensor:
        # A pool of one pixel is that slice, and its way back is much quicker than a slice's.
        return F.pad(F.avg_pool2d(X, 1, self.stride), (0, 0, 0, 0, 0, self.more))


class ResNetCIFAR(nn.Module):
    """Images (N, channels, 32, 32) -> logits (N, classes).

    A 3x3 convolution, three stages of (depth - 2) / 6 blocks each, with ``width``, twice and four times as many
    channels on maps of full, half and quarter size, the mean over each map, one linear layer. With Bottleneck as
    ``block`` there are (depth - 2) / 9 blocks, and four times the channels come out of each. Convolutions start
    as in He et al. 2015 (arXiv:1502.01852). CourseError for a depth that does not come out or an unknown option.
    """

    def __init__(self, depth: int = 20, channels: int = 3, classes: int = 10, *, option: str = "A",
                 residual: bool = True, width: int = 16, block: type[Block] = BasicBlock):
        per_block = 3 * block.layers
        if depth < per_block + 2 or (depth - 2) % per_block:
            known = ", ".join(str(per_block * n + 2) for n in (1, 2, 3, 5, 7, 9, 18))
            raise CourseError(f"depth is {depth}, but these networks have {per_block} n + 2 layers: {known}.")
        if option not in ("A", "B"):
            raise CourseError(f'option is {option!r}; it must be "A" (zeros) or "B" (1x1 convolution).')
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages, before = [], width
        for stage in range(3):
            after = width * 2**stage * block.expansion
            first = block(before, after, stride=1 if stage == 0 else 2, option=option, residual=residual)
            others = (block(after, after, residual=residual) for _ in range((depth - 2) // per_block - 1))
            stages.append(nn.Sequential(first, *others))
            before = after
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(before, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, X: Tensor) -> Tensor:
        X = self.stages(self.stem(X))
        return self.head(F.avg_pool2d(X, X.shape[2:]).flatten(1))


# Parameters with ten classes: 269,722; 464,154; 658,586; 853,018; 1,727,962; 19,421,274. Plain networks have the same.
resnet20, resnet32, resnet44, resnet56, resnet110, resnet1202 = (
    partial(ResNetCIFAR, depth) for depth in (20, 32, 44, 56, 110, 1202))
plain20, plain32, plain44, plain56 = (partial(ResNetCIFAR, depth, residual=False) for depth in (20, 32, 44, 56))
# What K. He et al. 2016 (arXiv:1603.05027) compare preact.py's with: 1,661,274; with option B 1,704,154.
resnet164 = partial(ResNetCIFAR, 164, block=Bottleneck)
