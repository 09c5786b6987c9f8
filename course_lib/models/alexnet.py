"""AlexNet (2012): what made convolutional networks win."""

from functools import partial

from torch import Tensor, nn

from ..errors import CourseError


class AlexNet(nn.Module):
    """Images (N, channels, H, W), H and W at least 63 and meant to be 224 -> logits (N, classes).

    A. Krizhevsky, I. Sutskever, G. Hinton: ImageNet classification with deep convolutional neural networks,
    NIPS 2012, section 3.5, in the form for one GPU (Krizhevsky, arXiv:1404.5997), which torchvision has too:
    61,100,840 parameters, 58,631,144 of them in the fully connected layers.

    groups=2 is the paper's split over two GPUs: the second, fourth and fifth convolution read only the half of the
    maps that lies on their own GPU, and so have half the weights: 60,209,960 parameters. With
    widths=(96, 256, 384, 384, 256), which the two halves have together in the paper, 60,965,224. Local response
    normalisation (section 3.3) is left out, as in torchvision. CourseError where groups do not divide the widths.
    """

    def __init__(self, channels: int = 3, classes: int = 1000, *, groups: int = 1, dropout: float = 0.5,
                 widths: tuple[int, int, int, int, int] = (64, 192, 384, 256, 256)):
        if groups < 1 or any(width % groups for width in widths):
            raise CourseError(f"groups={groups} must divide the widths {widths}; the paper has 2 groups, one per GPU.")
        super().__init__()
        a, b, c, d, e = widths
        relu = partial(nn.ReLU, inplace=True)
        self.features = nn.Sequential(
            nn.Conv2d(channels, a, 11, stride=4, padding=2), relu(), nn.MaxPool2d(3, 2),
            nn.Conv2d(a, b, 5, padding=2, groups=groups), relu(), nn.MaxPool2d(3, 2),
            nn.Conv2d(b, c, 3, padding=1), relu(),  # here the two GPUs exchange their maps
            nn.Conv2d(c, d, 3, padding=1, groups=groups), relu(),
            nn.Conv2d(d, e, 3, padding=1, groups=groups), relu(), nn.MaxPool2d(3, 2))
        self.resize = nn.AdaptiveAvgPool2d(6)  # nothing to do for images of 224 pixels
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(e * 6 * 6, 4096), relu(),
            nn.Dropout(dropout), nn.Linear(4096, 4096), relu(),
            nn.Linear(4096, classes))

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.resize(self.features(X)).flatten(1))
