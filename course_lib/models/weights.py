"""Weights trained elsewhere, under this course's names."""

import re
from collections.abc import Mapping

from torch import Tensor

# In torchvision and timm, and here. Names that no rule touches are the same: AlexNet's and VGG's are.
RULES = [
    # GoogLeNet
    (r"conv(\d)\.(conv|bn)\.", r"stem.conv\1.\2."),
    (r"inception(\d\w)\.", r"blocks.\1."),
    # DenseNet: dense blocks and transitions take turns in ``stages``.
    (r"features\.conv0\.", "stem.0."),
    (r"features\.norm0\.", "stem.1."),
    (r"features\.denseblock(\d)\.denselayer(\d+)\.", lambda m: f"stages.{2 * int(m[1]) - 2}.{int(m[2]) - 1}."),
    (r"features\.transition(\d)\.", lambda m: f"stages.{2 * int(m[1]) - 1}."),
    (r"features\.norm5\.", "norm."),
    (r"classifier\.(weight|bias)", r"head.\1"),
    # ResNet, and timm's with squeeze and excitation
    (r"conv1\.weight", "stem.0.weight"),
    (r"bn1\.", "stem.1."),
    (r"layer(\d)\.(\d+)\.downsample\.", lambda m: f"stages.{int(m[1]) - 1}.{m[2]}.shortcut."),
    (r"layer(\d)\.(\d+)\.se\.", lambda m: f"stages.{int(m[1]) - 1}.{m[2]}.gate."),
    (r"layer(\d)\.", lambda m: f"stages.{int(m[1]) - 1}."),
    (r"fc\.", "head."),
]


def from_torchvision(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of torchvision's under our names: ``model.load_state_dict(from_torchvision(weights))``.

    For alexnet, vgg11 to vgg19 (vgg16_c is not theirs), resnet18 to resnet152, densenet121 to densenet201, and
    googlenet in torchvision's form, ``build("googlenet", kernel=3, batch_norm=True)``, with ``aux=True`` if the weights
    have the heads. timm's resnet and densenet have the same names, and its seresnet50 fits
    ``build("seresnet50", bias=True)``.
    """
    return {_ours(name): value for name, value in weights.items()}


def _ours(name: str) -> str:
    for pattern, replacement in RULES:
        new, found = re.subn(f"^{pattern}", replacement, name)
        if found:
            return new
    return name
