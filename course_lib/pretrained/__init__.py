"""Networks that the course trained and ships, so that nobody has to train before looking inside or transferring.

    trained = load("fast_cifar10")
    logits = trained.model(trained.normalised(x))        # x uint8 (N, 32, 32, 3)
    evaluate(trained.model, Images.of(x, y, like=trained))
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import models
from ..batches import normalised
from ..devices import device
from ..errors import CourseError

FOLDER = Path(__file__).parent


@dataclass
class Pretrained:
    """A trained network with what it takes to feed it and to read its answer."""

    model: nn.Module  # images (N, 3, 32, 32), normalised -> logits (N, classes); in eval mode
    classes: tuple[str, ...]
    mean: Tensor  # (3,), of the images that it was trained on, where white is 1
    std: Tensor  # (3,)
    about: dict  # what it reached, and the command that made it

    def normalised(self, x: Tensor) -> Tensor:
        """uint8 (N, H, W, C) -> float32 (N, C, H, W), as the network saw its images in training."""
        if x.dtype != torch.uint8 or x.ndim != 4 or x.shape[3] != len(self.mean):
            raise CourseError(f"images must be uint8 (N, H, W, {len(self.mean)}); got {x.dtype} {tuple(x.shape)}.")
        return normalised(x.to(self.mean.device), self.mean * 255, self.std * 255)


def names() -> list[str]:
    """The networks that ``load`` knows."""
    return sorted(path.stem for path in FOLDER.glob("*.pt"))


def load(name: str) -> Pretrained:
    """A trained network by its name, on the device that computes; CourseError for an unknown one."""
    if name not in names():
        raise CourseError(f"there is no trained network {name!r}; choose one of {', '.join(names())}.")
    saved = torch.load(FOLDER / f"{name}.pt", map_location=device(), weights_only=True)
    model = models.build(saved["network"], channels=len(saved["mean"]), classes=len(saved["classes"]))
    model.load_state_dict(saved["weights"])  # stored in half precision, computed in single
    return Pretrained(model.to(device()).eval(), tuple(saved["classes"]), saved["mean"], saved["std"], saved["about"])
