"""ResNets for ImageNet.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv:1512.03385),
sections 3.3 and 4.1, table 1. The blocks are those of resnet_cifar.py.
"""

from functools import partial

from torch import Tensor, nn

from .initial import he_normal
from .resnet_cifar import BasicBlock, Block, Bottleneck


class ResNet(nn.Module):
    """Images (N, channels, H, W), H and W meant to be 224 -> logits (N, classes).

    A 7x7 convolution and a max pooling, both of stride 2; four stages of ``blocks`` blocks, on maps of a quarter of
    the image's side and then half of that each time, with 64, 128, 256 and 512 channels (four times that from a
    Bottleneck); the mean over each map; one linear layer. ResNet-152 has 3 + 8 + 36 + 3 bottlenecks of three layers,
    and two layers more (slide 39, erratum 13). ``option`` is that of Block; torchvision's is "B".
    """

    def __init__(self, block: type[Block], blocks: tuple[int, int, int, int], channels: int = 3, classes: int = 1000, *,
                 option: str = "B"):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64),
                                  nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, padding=1))
        stages, before = [], 64
        for stage, many in enumerate(blocks):
            after = 64 * 2**stage * block.expansion
            first = block(before, after, stride=1 if stage == 0 else 2, option=option)
            stages.append(nn.Sequential(first, *(block(after, after) for _ in range(many - 1))))
            before = after
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(before, classes)
        he_normal(self)

    def forward(self, X: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(X)).mean(dim=(2, 3)))


# Parameters: 11,689,512; 21,797,672; 25,557,032; 44,549,160; 60,192,808.
resnet18, resnet34 = (partial(ResNet, BasicBlock, blocks) for blocks in ((2, 2, 2, 2), (3, 4, 6, 3)))
resnet50, resnet101, resnet152 = (
    partial(ResNet, Bottleneck, blocks) for blocks in ((3, 4, 6, 3), (3, 4, 23, 3), (3, 8, 36, 3)))
