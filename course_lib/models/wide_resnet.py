"""Wide ResNets: fewer layers than ResNets, with many more channels each."""

from functools import partial

from .preact import PreActBlock, PreActResNet


class WideResNet(PreActResNet):
    """Images (N, channels, 32, 32) -> logits (N, classes): WRN-depth-k, which is 6 n + 4 layers deep.

    S. Zagoruyko, N. Komodakis: Wide Residual Networks, BMVC 2016 (arXiv:1605.07146), sections 2 and 3, table 1.
    The pre-activation ResNet of two 3x3 convolutions per block, with ``k`` times its channels. Depth is here the
    number of all convolutions: the first stage changes the width too, so that three 1x1 convolutions stand in
    shortcuts, and with the first of all make the 4. ``dropout`` stands between the two convolutions of a block; the
    paper takes 0.3 on CIFAR and 0.4 on SVHN.
    """

    outside = 4  # the first, and the three in shortcuts

    def __init__(self, depth: int, k: int, channels: int = 3, classes: int = 10, *, dropout: float = 0.0):
        super().__init__(depth, channels, classes, block=PreActBlock, width=16 * k, dropout=dropout)


# Parameters with ten classes: 2,748,890; 10,961,370; 36,479,194.
wrn16_4, wrn16_8, wrn28_10 = (partial(WideResNet, depth, k) for depth, k in ((16, 4), (16, 8), (28, 10)))
