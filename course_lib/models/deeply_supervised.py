"""Deeply supervised nets: every stage is asked for the class."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import CourseError
from .network_in_network import NetworkInNetwork


class DeeplySupervised(NetworkInNetwork):
    """Images (N, channels, 32, 32) -> logits (N, classes).

    C.-Y. Lee, S. Xie, P. Gallagher, Z. Zhang, Z. Tu: Deeply-Supervised Nets, AISTATS 2015 (arXiv:1409.5185),
    sections 2 and 3. Network in Network, and a linear classifier of the maps of each of its three larger convolutions:
    the "companions", needed while training only. 966,986 parameters without and 3,547,496 with them. While training,
    it gives a list of four logits, its own first; ``loss`` adds them up. Where companions sit is as in the authors'
    code (s9xie/DSN).
    """

    def __init__(self, channels: int = 3, classes: int = 10, *, dropout: float = 0.5):
        super().__init__(channels, classes, dropout=dropout)
        self.companions = nn.ModuleList(nn.Linear(192 * side * side, classes) for side in (32, 16, 8))

    def forward(self, X: Tensor) -> Tensor | list[Tensor]:
        if not self.training:
            return super().forward(X)
        if X.shape[2:] != (32, 32):
            raise CourseError(f"the companions read whole maps of 32x32 images; got images {tuple(X.shape[1:])}.")
        extra = []
        for number, (stage, companion) in enumerate(zip(self.stages, self.companions, strict=True)):
            Y = stage.conv(self.shrink(X) if number else X)
            extra.append(companion(Y.flatten(1)))
            X = stage.mix(Y)
        return [X.mean(dim=(2, 3)), *extra]

    def loss(self, outputs: Tensor | list[Tensor], y: Tensor, share: float = 0.1, enough: float = 0.0) -> Tensor:
        """Squared hinge loss, and ``share`` times what each companion's exceeds ``enough`` by (equation 3).

        The paper lets the share fall to 0 while training; the weights' own terms are the optimizer's weight decay.
        """
        logits, *extra = outputs if isinstance(outputs, list) else [outputs]
        return _squared_hinge(logits, y) + share * sum((_squared_hinge(each, y) - enough).relu() for each in extra)


def _squared_hinge(logits: Tensor, y: Tensor) -> Tensor:
    """max(0, 1 - score)^2 of the right class and max(0, 1 + score)^2 of all others, summed; mean over images."""
    signs = 2 * F.one_hot(y, logits.shape[1]) - 1
    return torch.clamp(1 - signs * logits, min=0).square().sum(dim=1).mean()
