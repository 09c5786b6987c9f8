"""All-CNN: convolutions of stride 2 instead of pooling, and nothing else."""

from torch import Tensor, nn

from .initial import he_normal


class AllCNN(nn.Module):
    """Images (N, channels, H, W), H and W at least 9 and meant to be 32 -> logits (N, classes); 1,369,738 parameters.

    J. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller: Striving for Simplicity: The All Convolutional Net, ICLR
    2015 workshop (arXiv:1412.6806), table 2, All-CNN-C; the paper prints about 1.4M. ReLU after every convolution,
    the last included. ``dropout`` of the input, and of what the two convolutions of stride 2 give.
    """

    def __init__(self, channels: int = 3, classes: int = 10, *, dropout: tuple[float, float] = (0.2, 0.5)):
        super().__init__()
        of_input, inside = dropout
        # channels out, kernel, stride, padding
        plan = [(96, 3, 1, 1), (96, 3, 1, 1), (96, 3, 2, 1), (192, 3, 1, 1), (192, 3, 1, 1), (192, 3, 2, 1),
                (192, 3, 1, 0), (192, 1, 1, 0), (classes, 1, 1, 0)]
        layers: list[nn.Module] = [nn.Dropout(of_input)]
        for after, kernel, stride, padding in plan:
            layers += [nn.Conv2d(channels, after, kernel, stride, padding), nn.ReLU()]
            if stride == 2:
                layers.append(nn.Dropout(inside))
            channels = after
        self.layers = nn.Sequential(*layers)
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor:
        return self.layers(X).mean(dim=(2, 3))
