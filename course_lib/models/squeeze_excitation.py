"""Squeeze and excitation: every channel multiplied by a number that the whole image decides (slide 43)."""

from functools import partial
from importlib import import_module

from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import CourseError


class SqueezeExcite(nn.Module):
    """X times a gate between 0 and 1 per image and channel; shapes (N, C, H, W) stay.

    J. Hu, L. Shen, S. Albanie, G. Sun, E. Wu: Squeeze-and-Excitation Networks, CVPR 2018 (arXiv:1709.01507),
    section 3. Squeeze: the mean of each map. Excite: down to C / ``reduction`` numbers, ReLU, up to C, sigmoid.
    2 C^2 / reduction weights, and with ``bias`` as many biases as numbers. ``last_gates`` (N, C) is kept for a look.
    """

    def __init__(self, channels: int, reduction: int = 16, bias: bool = False):
        super().__init__()
        narrow = max(1, channels // reduction)
        # 1x1 convolutions rather than linear layers, as in timm, whose weights then fit.
        self.fc1 = nn.Conv2d(channels, narrow, 1, bias=bias)
        self.fc2 = nn.Conv2d(narrow, channels, 1, bias=bias)
        self.last_gates: Tensor | None = None

    def forward(self, X: Tensor) -> Tensor:
        gates = self.fc2(F.relu(self.fc1(X.mean(dim=(2, 3), keepdim=True)))).sigmoid()
        if not self.training:
            self.last_gates = gates.detach().flatten(1)
        return X * gates


def squeeze_and_excite(model: nn.Module, reduction: int = 16, bias: bool = False) -> nn.Module:
    """The same residual network with a SqueezeExcite at the end of every branch, before the addition (figure 3).

    For the networks of resnet.py, resnet_cifar.py, preact.py, wide_resnet.py and stochastic_depth.py; CourseError
    for one without such blocks.
    """
    blocks = [module for module in model.modules() if hasattr(module, "gate")]
    if not blocks:
        raise CourseError(f"{type(model).__name__} has no residual blocks to put gates into; take a ResNet.")
    for block in blocks:
        like = next(block.parameters())
        block.gate = SqueezeExcite(block.channels, reduction, bias).to(like.device, like.dtype)
    return model


def _with_gates(file: str, name: str, channels: int = 3, classes: int | None = None, *, reduction: int = 16,
                bias: bool = False, **options) -> nn.Module:
    """The network of that name in that file, with gates."""
    chosen = options if classes is None else {"classes": classes, **options}
    builder = getattr(import_module(f".{file}", __package__), name)
    return squeeze_and_excite(builder(channels=channels, **chosen), reduction, bias)


# seresnet50: 28,071,976 parameters, 2,514,944 more than without gates; with bias=True, timm's 28,088,024.
seresnet18, seresnet34, seresnet50, seresnet101, seresnet152 = (
    partial(_with_gates, "resnet", f"resnet{depth}") for depth in (18, 34, 50, 101, 152))
seresnet20, seresnet56, seresnet110, seresnet164 = (
    partial(_with_gates, "resnet_cifar", f"resnet{depth}") for depth in (20, 56, 110, 164))
