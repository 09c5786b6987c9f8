"""ResNets whose normalisation and ReLU come before the convolution, so that the shortcut is never touched.

K. He, X. Zhang, S. Ren, J. Sun: Identity Mappings in Deep Residual Networks, ECCV 2016 (arXiv:1603.05027),
sections 3 and 4 and the appendix.
"""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import CourseError
from .initial import he_normal


class PreActBlock(nn.Module):
    """shortcut(X) + branch: BN - ReLU - 3x3, twice: (N, C_in, H, W) -> (N, C_out, H / stride, W / stride).

    Where the shape changes, the shortcut is a 1x1 convolution, and reads what the first BN and ReLU give, as the
    branch does (appendix). ``dropout``, between the convolutions, is wide_resnet.py's; ``gate`` is where
    squeeze_excitation.py puts its own.
    """

    layers = 2
    expansion = 1

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, dropout: float = 0.0):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.shortcut = _shortcut(channels_in, channels_out, stride)
        self.channels = channels_out
        self.gate = nn.Identity()

    def forward(self, X: Tensor) -> Tensor:
        A = F.relu(self.norm1(X))
        Y = self.conv2(self.dropout(F.relu(self.norm2(self.conv1(A)))))
        return self.gate(Y) + (X if self.shortcut is None else self.shortcut(A))


class PreActBottleneck(nn.Module):
    """The same with BN - ReLU - 1x1 down to a quarter of C_out, BN - ReLU - 3x3, BN - ReLU - 1x1 up."""

    layers = 3
    expansion = 4

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__()
        narrow = channels_out // self.expansion
        self.norm1 = nn.BatchNorm2d(channels_in)
        self.conv1 = nn.Conv2d(channels_in, narrow, 1, stride, bias=False)
        self.norm2 = nn.BatchNorm2d(narrow)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(narrow)
        self.conv3 = nn.Conv2d(narrow, channels_out, 1, bias=False)
        self.shortcut = _shortcut(channels_in, channels_out, stride)
        self.channels = channels_out
        self.gate = nn.Identity()

    def forward(self, X: Tensor) -> Tensor:
        A = F.relu(self.norm1(X))
        Y = self.conv2(F.relu(self.norm2(self.conv1(A))))
        Y = self.conv3(F.relu(self.norm3(Y)))
        return self.gate(Y) + (X if self.shortcut is None else self.shortcut(A))


def _shortcut(channels_in: int, channels_out: int, stride: int) -> nn.Conv2d | None:
    same = stride == 1 and channels_in == channels_out
    return None if same else nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)


class PreActResNet(nn.Module):
    """Images (N, channels, 32, 32) -> logits (N, classes); CourseError for a depth that does not come out.

    A 3x3 convolution to 16 channels; three stages of (depth - 2) / (3 * layers of a block) blocks, on maps of full,
    half and quarter size; BN and ReLU once more; the mean over each map; one linear layer. ``width`` is that of the
    first stage's 3x3 convolutions. ``options`` go to every block.
    """

    outside = 2  # layers that count, and are on no block's branch: the first and the last

    def __init__(self, depth: int, channels: int = 3, classes: int = 10, *, block: type[nn.Module] = PreActBottleneck,
                 width: int = 16, **options):
        per_block = 3 * block.layers
        if depth < per_block + self.outside or (depth - self.outside) % per_block:
            known = ", ".join(str(per_block * n + self.outside) for n in (1, 2, 3, 4, 6, 18))
            raise CourseError(
                f"depth is {depth}, but these networks have {per_block} n + {self.outside} layers: {known}.")
        super().__init__()
        self.stem = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        stages, before = [], 16
        for stage in range(3):
            after = width * 2**stage * block.expansion
            first = block(before, after, stride=1 if stage == 0 else 2, **options)
            others = (block(after, after, **options) for _ in range((depth - self.outside) // per_block - 1))
            stages.append(nn.Sequential(first, *others))
            before = after
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(before)
        self.head = nn.Linear(before, classes)
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor:
        return self.head(F.relu(self.norm(self.stages(self.stem(X)))).mean(dim=(2, 3)))


# Parameters with ten classes: 1,730,522; 1,703,258; 10,327,706. The paper prints 1.7M, 1.7M and 10.2M; the last comes
# out if scales and shifts of batch normalisation, 1.4 % of all, are not counted (table.py).
preactresnet110 = partial(PreActResNet, 110, block=PreActBlock)
preactresnet164, preactresnet1001 = (partial(PreActResNet, depth) for depth in (164, 1001))
