"""FractalNet: very deep without residuals.

G. Larsson, M. Maire, G. Shakhnarovich: FractalNet: Ultra-Deep Neural Networks without Residuals, ICLR 2017
(arXiv:1605.07648), sections 3 and 4; details as in the network generator that the authors published
(gustavla/fractalnet).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .initial import he_normal

Join = Callable[[list[Tensor]], Tensor]


class Fractal(nn.Module):
    """f_C of equation 1: ``columns`` paths of 1, 2, 4 ... convolutions side by side.

    f_1 is one convolution; f_C is one convolution beside f_(C-1) twice, one after the other. Given is the list of
    the columns' outputs (N, C_out, H, W), the shortest first, which the caller joins.
    """

    def __init__(self, columns: int, channels_in: int, channels_out: int, dropout: float):
        super().__init__()
        self.short = nn.Sequential(nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False), nn.Dropout(dropout),
                                   nn.BatchNorm2d(channels_out), nn.ReLU())
        self.first = Fractal(columns - 1, channels_in, channels_out, dropout) if columns > 1 else None
        self.second = Fractal(columns - 1, channels_out, channels_out, dropout) if columns > 1 else None

    def forward(self, X: Tensor, join: Join) -> list[Tensor]:
        if self.first is None:
            return [self.short(X)]
        return [self.short(X), *self.second(join(self.first(X, join)), join)]


class FractalNet(nn.Module):
    """Images (N, channels, 32, 32) -> logits (N, classes); with three columns 20 convolutions deep, and a linear layer.

    Five blocks of ``columns`` columns, each followed by a 2x2 max pooling (of every column, before they are joined),
    down to one pixel. A join is the mean. ``drop_path``, the paper's 0.15, drops columns while training: in every
    other batch, by chance, each input of each join on its own ("local", one always stays); in the rest all but one
    column of the whole network ("global"). ``dropout`` grows from 0 in the first block to its value in the last; the
    paper's is 0.4.

    33,724,618 parameters with ten classes, where the paper prints 38.6M: see table.py.
    """

    def __init__(self, channels: int = 3, classes: int = 10, *, columns: int = 3, drop_path: float = 0.0,
                 dropout: float = 0.0, widths: tuple[int, ...] = (64, 128, 256, 512, 512)):
        super().__init__()
        self.columns, self.drop_path = columns, drop_path
        rates = [dropout * block / max(1, len(widths) - 1) for block in range(len(widths))]
        before = (channels, *widths)
        self.blocks = nn.ModuleList(
            Fractal(columns, before[i], before[i + 1], rates[i]) for i in range(len(widths)))
        self.head = nn.Linear(widths[-1], classes)
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor:
        join = self._join()
        for block in self.blocks:
            X = join([F.max_pool2d(Y, 2) for Y in block(X, join)])
        return self.head(X.mean(dim=(2, 3)))

    def _join(self) -> Join:
        """How this batch's joins work: the mean, the mean of some, or one column."""
        if not (self.training and self.drop_path):
            return _mean
        if torch.rand((), device="cpu") < 0.5:
            return self._some
        column = torch.randint(self.columns, (), device="cpu").item()  # 0 is the deepest
        # A join of fewer inputs has the deepest columns only; what it gives is dropped further on if not ours.
        return lambda inputs: inputs[-1 - column] if column < len(inputs) else _mean(inputs)

    def _some(self, inputs: list[Tensor]) -> Tensor:
        kept = [X for X in inputs if torch.rand((), device="cpu") >= self.drop_path]
        return _mean(kept or [inputs[torch.randint(len(inputs), (), device="cpu").item()]])


def _mean(inputs: list[Tensor]) -> Tensor:
    return sum(inputs[1:], inputs[0]) / len(inputs)
