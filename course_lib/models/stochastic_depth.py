"""Stochastic depth: ResNets that leave out some of their blocks at random while they train.

G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger: Deep Networks with Stochastic Depth, ECCV 2016
(arXiv:1603.09382), section 3.
"""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import CourseError
from .resnet_cifar import BasicBlock, ResNetCIFAR


class StochasticBlock(BasicBlock):
    """A BasicBlock that is there with probability ``survival``: one draw per batch while training.

    Left out, only its shortcut is computed (equation 2), which saves the time. In evaluation every block is there,
    its branch multiplied by that probability, the mean of what training has seen (equation 5).
    """

    survival = 1.0

    def forward(self, X: Tensor) -> Tensor:
        if not self.training:
            return F.relu(self.survival * self.gate(self.branch(X)) + self.shortcut(X))
        if torch.rand((), device="cpu") < self.survival:
            return super().forward(X)
        return F.relu(self.shortcut(X))


class StochasticDepth(ResNetCIFAR):
    """ResNetCIFAR of StochasticBlocks; as many parameters, since chance has none.

    Block l of L survives with probability 1 - (l / L) (1 - ``last``): nearly surely at the start, since all others
    build on it, and with probability ``last`` at the end (equation 4). CourseError unless 0 < last <= 1.
    """

    def __init__(self, depth: int, channels: int = 3, classes: int = 10, *, last: float = 0.5, option: str = "A",
                 width: int = 16):
        if not 0 < last <= 1:
            raise CourseError(f"last is {last}; the probability that the last block survives lies above 0 and up to 1.")
        super().__init__(depth, channels, classes, block=StochasticBlock, option=option, width=width)
        blocks = [block for stage in self.stages for block in stage]
        for number, block in enumerate(blocks, 1):
            block.survival = 1 - number / len(blocks) * (1 - last)


# Parameters with ten classes as resnet_cifar.py's: 269,722; 853,018; 1,727,962; 19,421,274.
stochastic20, stochastic56, stochastic110, stochastic1202 = (
    partial(StochasticDepth, depth) for depth in (20, 56, 110, 1202))
