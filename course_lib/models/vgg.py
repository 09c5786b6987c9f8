"""VGG (2015): only small kernels, and many of them.

K. Simonyan, A. Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015
(arXiv:1409.1556), table 1.
"""

from functools import partial

from torch import Tensor, nn

from .initial import he_normal

# Table 1: for each of five blocks, which end in a max pooling, the kernels of its convolutions.
CONFIGURATIONS = {
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)),
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}


class VGG(nn.Module):
    """Images (N, channels, H, W), H and W at least 32 and meant to be 224 -> logits (N, classes).

    Convolutions that keep the size, each followed by ReLU, with 64, 128, 256, 512 and 512 channels in the five
    blocks; then three fully connected layers. VGG-16 has 138,357,544 parameters, 14,714,688 of them in
    convolutions (erratum 8: all 3x3, in every configuration but C). ``batch_norm``, which the paper did not know,
    makes the deep ones easier to train from scratch (torchvision's vgg16_bn); ``hidden`` units in the first two fully
    connected layers need not be so many where images are small. Convolutions start as in He et al. 2015, without which
    the paper had to train A first and begin the others from it.
    """

    def __init__(self, configuration: str, channels: int = 3, classes: int = 1000, *, batch_norm: bool = False,
                 hidden: int = 4096, dropout: float = 0.5):
        super().__init__()
        features, before = [], channels
        for kernels, after in zip(CONFIGURATIONS[configuration], (64, 128, 256, 512, 512), strict=True):
            for kernel in kernels:
                features.append(nn.Conv2d(before, after, kernel, padding=kernel // 2))
                if batch_norm:
                    features.append(nn.BatchNorm2d(after))
                features.append(nn.ReLU(inplace=True))
                before = after
            features.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*features)
        self.resize = nn.AdaptiveAvgPool2d(7)  # nothing to do for images of 224 pixels
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(hidden, classes))
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.resize(self.features(X)).flatten(1))


# Parameters: 132,863,336; 133,047,848; 133,638,952 (the "134M" of slide 37, erratum 9); 138,357,544; 143,667,240.
vgg11, vgg13, vgg16_c, vgg16, vgg19 = (partial(VGG, configuration) for configuration in "ABCDE")
