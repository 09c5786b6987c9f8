"""A network made to learn small colour photographs in seconds.

Its shape follows K. Jordan, 94 % on CIFAR-10 in 3.29 seconds on a single GPU (arXiv:2404.00498), made
narrower, for a processor: where a GPU waits for its memory, a processor waits for its multiplications.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import CourseError


class Fast(nn.Module):
    """Images (N, channels, H, W), H and W at least 17 -> logits (N, classes).

    560,832 parameters for colour and ten classes, of which 288 are the filters of the first layer. Those are not
    learned but computed from the training images by ``whiten``, before the first step: 2x2 patches go in with their
    numbers correlated (neighbouring pixels resemble each other), and come out uncorrelated and of equal variance, so
    that no later layer has to spend steps on that. A filter and its negative both stay, since ReLU keeps one half of
    each. Unlike Jordan's it has no bias to learn either: on the way back no gradient need reach the largest maps.
    Then three groups of two 3x3 convolutions, each group at half the size.
    """

    def __init__(self, channels: int = 3, classes: int = 10, widths: tuple[int, int, int] = (32, 96, 176)):
        super().__init__()
        self.whitening = nn.Conv2d(channels, 2 * channels * 4, 2, bias=False)
        self.whitening.weight.requires_grad_(False)
        # Saved with the weights, so that a trained network keeps its filters.
        self.register_buffer("whitened", torch.tensor(False))
        before = (self.whitening.out_channels, *widths)
        self.groups = nn.Sequential(*(Group(before[i], before[i + 1]) for i in range(3)))
        self.head = nn.Linear(widths[-1], classes, bias=False)
        self.scale = 1 / 9  # keeps the first logits, and so the first gradients, small

    @torch.no_grad()
    def whiten(self, X: Tensor) -> None:
        """Set the first layer from normalised images (N, channels, H, W): once, before training.

        Eigenvectors of the covariance of all 2x2 patches, each divided by the root of its eigenvalue.
        """
        size = self.whitening.in_channels * 4
        patches = F.unfold(X.float(), 2).transpose(1, 2).reshape(-1, size)
        values, vectors = torch.linalg.eigh((patches.T @ patches / len(patches)).double().cpu())
        filters = (vectors / (values.clamp_min(0) + 5e-4).sqrt()).T.reshape(size, -1, 2, 2)
        self.whitening.weight.copy_(torch.cat([filters, -filters]))
        self.whitened.fill_(True)

    def forward(self, X: Tensor) -> Tensor:
        if min(X.shape[2:]) < 17:
            raise CourseError(f"Fast halves its maps three times, so it needs images of 17 pixels or more; "
                              f"got {tuple(X.shape)}.")
        X = self.groups(F.relu(self.whitening(X)))
        return self.head(X.amax(dim=(2, 3))) * self.scale


class Group(nn.Sequential):
    """conv - pool - normalise - ReLU - conv - normalise - ReLU: (N, C_in, H, W) -> (N, C_out, H // 2, W // 2)."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(_conv(channels_in, channels_out), nn.MaxPool2d(2), _norm(channels_out), nn.ReLU(),
                         _conv(channels_out, channels_out), _norm(channels_out), nn.ReLU())


def _conv(channels_in: int, channels_out: int) -> nn.Conv2d:
    """A 3x3 convolution that starts as the identity, as far as it has channels for it (arXiv:1706.00388)."""
    conv = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    nn.init.dirac_(conv.weight[:channels_in])
    return conv


def _norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation that forgets quickly, since runs are short; the scale is fixed, the shift is learned."""
    norm = nn.BatchNorm2d(channels, momentum=0.4)
    norm.weight.requires_grad_(False)
    return norm
