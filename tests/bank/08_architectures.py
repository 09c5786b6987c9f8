# Answers to the exercises of notebook 08: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# --------------------------------------------------------------------------------------------- by hand

# %% wrong lenet_1998: not answered
# says: \[0\] is not answered yet
lenet_1998 = [None, None, None, None]

# %% wrong lenet_1998: pools without parameters
# says: these pools learn
lenet_1998 = [0, 1_516, 0, 59_956]

# %% wrong lenet_1998: one number a map
# says: two numbers
lenet_1998 = [6, 1_516, 16, 59_978]

# %% wrong lenet_1998: C3 of today
# says: as it is built today
lenet_1998 = [12, 2_416, 32, 60_900]

# %% wrong lenet_1998: no biases in C3
# says: has a bias too
lenet_1998 = [12, 1_500, 32, 59_984]

# %% wrong lenet_1998: the output too
# says: fixed by hand
lenet_1998 = [12, 1_516, 32, 60_850]

# %% wrong lenet_1998: a coefficient for each cell
# says: added up first
lenet_1998 = [30, 1_516, 80, 60_066]

# %% wrong lenet_1998: without C1
# says: C1 has 156
lenet_1998 = [12, 1_516, 32, 59_844]

# %% wrong lenet_1998: one slip
# says: 1 of 4 cells is wrong: \[1\]
lenet_1998 = [12, 1_517, 32, 60_000]

# %% wrong lenet_1998: three of four
# says: expected a list of 4
lenet_1998 = [12, 1_516, 32]

# %% right lenet_1998: a tuple of floats
lenet_1998 = (12.0, 1516.0, 32.0, 60000.0)

# %% right lenet_1998: worked out
lenet_1998 = np.array([2 * 6, 6 * 76 + 9 * 101 + 151, 2 * 16, 156 + 12 + 1516 + 32 + 48120 + 10164])

# %% wrong alexnet: not answered
# says: is not answered yet
alexnet = [None, None, None, None]

# %% wrong alexnet: without biases
# says: has a bias as well
alexnet = [9_216, 37_748_736, 58_621_952, 61_091_648]

# %% wrong alexnet: maps only
# says: keeps all cells
alexnet = [256, 1_052_672, 21_930_984, 24_400_680]

# %% wrong alexnet: before the last pool
# says: before the last pool
alexnet = [43_264, 177_213_440, 198_091_752, 200_561_448]

# %% wrong alexnet: last layer forgotten
# says: of 1000 units, is missing
alexnet = [9_216, 37_752_832, 54_534_144, 57_003_840]

# %% wrong alexnet: two layers
# says: two layers of 4096
alexnet = [9_216, 37_752_832, 41_849_832, 44_319_528]

# %% wrong alexnet: convolutions forgotten
# says: its convolutions as well
alexnet = [9_216, 37_752_832, 58_631_144, 58_631_144]

# %% wrong alexnet: one off
# says: 1 of 4 cells is wrong: \[3\]
alexnet = [9_216, 37_752_832, 58_631_144, 61_100_841]

# %% right alexnet: worked out
alexnet = [256 * 36, 9217 * 4096, 9217 * 4096 + 4097 * 5096, 2_469_696 + 9217 * 4096 + 4097 * 5096]

# %% right alexnet: floats
alexnet = (9216.0, 37752832.0, 58631144.0, 61100840.0)

# %% wrong stacked: not answered
# says: is not answered yet
stacked = [None, None, None, None]

# %% wrong stacked: one layer each
# says: one layer of 3×3
stacked = [36_864, 102_400, 36_864, 200_704]

# %% wrong stacked: with biases
# says: weights alone
stacked = [73_856, 102_464, 110_784, 200_768]

# %% wrong stacked: one map
# says: for each of the 64 channels
stacked = [1_152, 1_600, 1_728, 3_136]

# %% wrong stacked: one plane
# says: 64 · 64 of them
stacked = [18, 25, 27, 49]

# %% wrong stacked: k once
# says: k · k weights
stacked = [24_576, 20_480, 36_864, 28_672]

# %% wrong stacked: two for three
# says: three
stacked = [73_728, 102_400, 73_728, 200_704]

# %% wrong stacked: text
# says: without quotes
stacked = ['73728', 102_400, 110_592, 200_704]

# %% right stacked: worked out
stacked = [many * k * k * 64 * 64 for many, k in ((2, 3), (1, 5), (3, 3), (1, 7))]

# %% right stacked: an array
stacked = np.array([18, 25, 27, 49]) * 64**2

# %% wrong vgg16: not answered
# says: is not answered yet
vgg16 = [None, None, None, None]

# %% wrong vgg16: without biases
# says: has a bias as well
vgg16 = [2_359_296, 14_710_464, 123_633_664, 138_344_128]

# %% wrong vgg16: one map
# says: single map
vgg16 = [4_609, 14_714_688, 123_642_856, 138_357_544]

# %% wrong vgg16: blocks from maps to maps
# says: which are fewer
vgg16 = [2_359_808, 16_298_112, 123_642_856, 139_940_968]

# %% wrong vgg16: VGG-19
# says: VGG-19
vgg16 = [2_359_808, 20_024_384, 123_642_856, 143_667_240]

# %% wrong vgg16: one layer
# says: add the two others
vgg16 = [2_359_808, 14_714_688, 102_764_544, 117_479_232]

# %% wrong vgg16: without the last layer
# says: last layer
vgg16 = [2_359_808, 14_714_688, 119_545_856, 134_260_544]

# %% wrong vgg16: the slide's number
# says: do not trust the slide
vgg16 = [2_359_808, 14_714_688, 123_642_856, 134_000_000]

# %% right vgg16: worked out
vgg16 = [512 * 4609, sum(m * (9 * c + 1) for c, m in ((3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512), *[(512, 512)] * 5)), 25089 * 4096 + 4097 * 5096, 138357544]

# %% right vgg16: an array
vgg16 = np.array([2359808, 14714688, 123642856, 14714688 + 123642856])

# %% wrong largest_kernels: not answered
# says: is not answered yet
largest_kernels = [None, None, None, None]

# %% wrong largest_kernels: seven from the slide
# says: 7 is what slide 37 says
largest_kernels = [5, 11, 7, 7]

# %% wrong largest_kernels: five from the slide
# says: 5 is what slide 37 says
largest_kernels = [5, 11, 5, 7]

# %% wrong largest_kernels: the stem overlooked
# says: first layer of Inception
largest_kernels = [5, 11, 3, 5]

# %% wrong largest_kernels: AlexNet's second layer
# says: look at the first one
largest_kernels = [5, 5, 3, 7]

# %% wrong largest_kernels: the pools
# says: pools' windows
largest_kernels = [2, 3, 2, 3]

# %% wrong largest_kernels: areas
# says: about its side
largest_kernels = [25, 121, 9, 49]

# %% wrong largest_kernels: one slip
# says: 1 of 4 cells is wrong: \[0\]
largest_kernels = [3, 11, 3, 7]

# %% right largest_kernels: a tuple
largest_kernels = (5, 11, 3, 7)

# %% right largest_kernels: an array
largest_kernels = np.array([5, 11, 3, 7])

# %% wrong candidates: not answered
# says: is not answered yet
candidates = [None, None, None]

# %% wrong candidates: convolutions only
# says: the network has both
candidates = [9_996_096, 14_714_688, 14_714_688]

# %% wrong candidates: VGG-16 for C
# says: VGG-16 itself
candidates = [138_357_544, 134_301_514, 134_260_544]

# %% wrong candidates: B for C
# says: configuration B
candidates = [133_047_848, 134_301_514, 134_260_544]

# %% wrong candidates: 1x1 in every block
# says: only blocks 3, 4 and 5
candidates = [133_475_112, 134_301_514, 134_260_544]

# %% wrong candidates: C with ten classes
# says: its 1000 classes
candidates = [129_582_922, 134_301_514, 134_260_544]

# %% wrong candidates: small pictures
# says: have 224 pixels
candidates = [133_638_952, 33_638_218, 134_260_544]

# %% wrong candidates: two layers gone
# says: second layer of 4096
candidates = [133_638_952, 134_301_514, 117_479_232]

# %% wrong candidates: in millions
# says: all 3 cells are wrong
candidates = [133.6, 134.3, 134.3]

# %% right candidates: from the function
candidates = [sum(vgg_param_count([[(64, 3)] * 2, [(128, 3)] * 2, *([(m, 3), (m, 3), (m, k)] for m in (256, 512, 512))], classes)) - less for k, classes, less in ((1, 1000, 0), (3, 10, 0), (3, 1000, 4_097_000))]

# %% right candidates: by differences
candidates = [138357544 - 8 * (256 * 256 + 2 * 512 * 512), 138357544 - 990 * 4097, 138357544 - 1000 * 4097]

# %% wrong inception_3a: the published width for the naive block
# says: hands on all its 192
inception_3a = [256, 163_328, 256, 387_072]

# %% wrong inception_3a: not answered
# says: is not answered yet
inception_3a = [None, None, None, None]

# %% wrong inception_3a: with biases
# says: weights alone
inception_3a = [256, 163_696, 416, 387_296]

# %% wrong inception_3a: the reductions' maps
# says: bold numbers only
inception_3a = [368, 163_328, 416, 387_072]

# %% wrong inception_3a: a projection in the naive block
# says: hands on its 192
inception_3a = [256, 163_328, 256, 393_216]

# %% wrong inception_3a: no maps from the naive pool
# says: part of the concat
inception_3a = [256, 163_328, 224, 387_072]

# %% wrong inception_3a: no reduction of channels
# says: that is the trick
inception_3a = [256, 414_720, 416, 387_072]

# %% wrong inception_3a: reductions not counted
# says: two reductions have weights
inception_3a = [256, 141_824, 416, 387_072]

# %% wrong inception_3a: 3x3 for 5x5
# says: kernels of 5×5
inception_3a = [256, 155_136, 416, 288_768]

# %% wrong inception_3a: changed places
# says: in another order
inception_3a = [416, 387_072, 256, 163_328]

# %% right inception_3a: worked out
inception_3a = [64 + 128 + 64, 192 * (64 + 96 + 16 + 32) + 128 * 96 * 9 + 32 * 16 * 25, 64 + 128 + 32 + 192, 192 * (64 + 128 * 9 + 32 * 25)]

# %% right inception_3a: an array
inception_3a = np.array([256, 163328, 416, 387072])

# --------------------------------------------------------------------------------- grouped_conv_params

# %% wrong grouped_conv_params: not written
# says: grouped_conv_params is not written yet
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    raise NotImplementedError

# %% wrong grouped_conv_params: nothing returned
# says: is None
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    maps * (channels // groups * k * k + bias)

# %% wrong grouped_conv_params: groups ignored
# says: groups is ignored
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels * k * k + bias)

# %% wrong grouped_conv_params: all divided
# says: biases were divided too
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels * k * k + bias) // groups

# %% wrong grouped_conv_params: one group alone
# says: one group alone
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps // groups * (channels // groups * k * k + bias)

# %% wrong grouped_conv_params: weights of one group
# says: one group's
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps // groups * (channels // groups) * k * k + (maps if bias else 0)

# %% wrong grouped_conv_params: multiplied
# says: smaller, not larger
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels * groups * k * k + bias)

# %% wrong grouped_conv_params: always a bias
# says: bias is ignored
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels // groups * k * k + 1)

# %% wrong grouped_conv_params: never a bias
# says: biases are missing
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels // groups) * k * k

# %% wrong grouped_conv_params: a bias for each channel
# says: maps? that comes out|map that comes out
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels // groups) * k * k + channels * bias

# %% wrong grouped_conv_params: k once
# says: k only once
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels // groups * k + bias)

# %% wrong grouped_conv_params: a plane for the bias
# says: each of the
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels // groups + bias) * k * k

# %% wrong grouped_conv_params: divided into a float
# says: is a float, .*// divides whole numbers
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return maps * (channels / groups * k * k + bias)

# %% right grouped_conv_params: counted by torch
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    return sum(p.numel() for p in nn.Conv2d(channels, maps, k, groups=groups, bias=bias, device='meta').parameters())

# %% right grouped_conv_params: group by group
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    total = 0
    for _ in range(groups):
        total += (maps // groups) * (channels // groups) * k**2
    return total + maps if bias else total

# ------------------------------------------------------------------------------------------- vgg_block

# %% wrong vgg_block: not written
# says: vgg_block is not written yet
def vgg_block(channels, maps, convolutions):
    raise NotImplementedError

# %% wrong vgg_block: no padding
# says: no padding
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: padding of 2
# says: padding is 2
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=2), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: no ReLU
# says: no ReLU at all
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1)]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: one ReLU
# says: Only the last convolution
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1)]
        channels = maps
    return nn.Sequential(*layers, nn.ReLU(), nn.MaxPool2d(2))

# %% wrong vgg_block: no last ReLU
# says: last convolution has no ReLU
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers[:-1], nn.MaxPool2d(2))

# %% wrong vgg_block: kernels of 5x5
# says: 3 x 3, all of them
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 5, padding=2), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: channels stay
# says: maps of the first
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: maps too early
# says: from channels to maps
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(maps if number else channels, maps if number == convolutions - 1 else channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: arguments changed places
# says: first the channels that come in
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(maps, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: batch norm
# says: a year after VGG
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.BatchNorm2d(maps), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: no biases
# says: have biases
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1, bias=False), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: average pool
# says: average pool
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.AvgPool2d(2))

# %% wrong vgg_block: no pool
# says: pool at the end is missing
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers)

# %% wrong vgg_block: a pool each time
# says: behind every convolution
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = maps
    return nn.Sequential(*layers)

# %% wrong vgg_block: the pool in front
# says: in front of the convolutions
def vgg_block(channels, maps, convolutions):
    layers = [nn.MaxPool2d(2)]
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers)

# %% wrong vgg_block: AlexNet's pool
# says: as AlexNet's
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(3, 2))

# %% wrong vgg_block: one convolution too few
# says: parameters, expected
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        if number == 0:
            continue
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))

# %% wrong vgg_block: a list
# says: must return a network|stopped with
def vgg_block(channels, maps, convolutions):
    layers = []
    for number in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return layers

# %% wrong vgg_block: one layer several times
# says: n times the \*same\* layer
def vgg_block(channels, maps, convolutions):
    return nn.Sequential(*[nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()] * convolutions, nn.MaxPool2d(2))

# %% wrong vgg_block: layers in a plain list
# says: in a plain list are hidden
class Block(nn.Module):
    def __init__(self, channels, maps, convolutions):
        super().__init__()
        sizes = [channels] + [maps] * convolutions
        self.layers = [nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return F.max_pool2d(x, 2)


def vgg_block(channels, maps, convolutions):
    return Block(channels, maps, convolutions)

# %% right vgg_block: a class
class Block(nn.Module):
    def __init__(self, channels, maps, convolutions):
        super().__init__()
        sizes = [channels] + [maps] * convolutions
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding="same") for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return F.max_pool2d(x, 2)


def vgg_block(channels, maps, convolutions):
    return Block(channels, maps, convolutions)

# %% right vgg_block: pool before the last ReLU
def vgg_block(channels, maps, convolutions):
    convs = [nn.Conv2d(channels if n == 0 else maps, maps, (3, 3), 1, 1) for n in range(convolutions)]
    layers = [layer for conv in convs[:-1] for layer in (conv, nn.ReLU(inplace=True))]
    return nn.Sequential(*layers, convs[-1], nn.MaxPool2d(2, 2), nn.ReLU())

# ------------------------------------------------------------------------------------- vgg_param_count

# %% wrong vgg_param_count: not written
# says: vgg_param_count is not written yet
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    raise NotImplementedError

# %% wrong vgg_param_count: nothing returned
# says: is None
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    convolutional, fully

# %% wrong vgg_param_count: the sum
# says: You returned the sum
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional + fully

# %% wrong vgg_param_count: changed places
# says: changed places
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return fully, convolutional

# %% wrong vgg_param_count: no biases
# says: biases are missing everywhere
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * channels * k * k
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += inputs * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: no biases in convolutions
# says: convolutions have a bias
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * channels * k * k
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: no biases in linear layers
# says: bias for each unit
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += inputs * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: k once
# says: k of them only
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: always 3x3
# says: counted as 3 x 3
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * 9 + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: channels only after a block
# says: Within a block
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
        channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: flatten gives the maps
# says: not the maps alone
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: side once
# says: side is counted only once
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: no pool
# says: side never shrinks
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: a pool after each convolution
# says: after every convolution
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
            side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: rounded up
# says: rounds down
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side = -(-side // 2)
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: convolutions shrink
# says: keep it
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
            side -= k - 1
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: one hidden layer
# says: three fully connected layers
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: no classes
# says: for the classes, is missing
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: classes fixed
# says: classes is ignored
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (hidden, hidden, 1000):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: hidden fixed
# says: hidden is ignored
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * side * side
    for n in (4096, 4096, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: seven fixed
# says: 7 x 7
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side //= 2
    inputs = channels * 49
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: a float side
# says: sides after the pools
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional, fully = 0, 0
    for block in blocks:
        for maps, k in block:
            convolutional += maps * (channels * k * k + 1)
            channels = maps
        side = side / 2
    inputs = channels * side * side
    for n in (hidden, hidden, classes):
        fully += (inputs + 1) * n
        inputs = n
    return convolutional, fully

# %% wrong vgg_param_count: channels never change
# says: counted with the picture's channels
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    convolutional = sum(maps * (channels * k * k + 1) for block in blocks for maps, k in block)
    last, cells = blocks[-1][-1][0], (side // 2 ** len(blocks)) ** 2
    return convolutional, (last * cells + 1) * hidden + (hidden + 1) * (hidden + classes)

# %% right vgg_param_count: by formulas
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    pairs = [pair for block in blocks for pair in block]
    before = [channels] + [maps for maps, _ in pairs]
    convolutional = sum(maps * (c * k**2 + 1) for c, (maps, k) in zip(before, pairs))
    cells = (side >> len(blocks)) ** 2
    return [convolutional, (before[-1] * cells + 1) * hidden + (hidden + 1) * (hidden + classes)]

# %% right vgg_param_count: counted by torch
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    with torch.device("meta"):
        convs, linears = [], []
        for block in blocks:
            for maps, k in block:
                convs.append(nn.Conv2d(channels, maps, k))
                channels = maps
            side = side // 2
        for inputs, units in ((channels * side**2, hidden), (hidden, hidden), (hidden, classes)):
            linears.append(nn.Linear(inputs, units))
    return tuple(sum(p.numel() for layer in layers for p in layer.parameters()) for layers in (convs, linears))

# ------------------------------------------------------------------------------------------ conv_block

# %% wrong conv_block: not written
# says: conv_block is not written yet
def conv_block(channels, maps, k=3, stride=1):
    raise NotImplementedError

# %% wrong conv_block: ReLU before batch norm
# says: ReLU comes before batch norm
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.ReLU(), nn.BatchNorm2d(maps))

# %% wrong conv_block: batch norm first
# says: behind the convolution
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(channels), convolution, nn.ReLU())

# %% wrong conv_block: no ReLU
# says: ReLU at the end is missing
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps))

# %% wrong conv_block: no batch norm
# says: weight and a bias for each map
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.ReLU())

# %% wrong conv_block: batch norm without affine
# says: leave affine on
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps, affine=False), nn.ReLU())

# %% wrong conv_block: a bias
# says: has a bias, and it does nothing
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: no padding
# says: there is no padding
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: padding of 1
# says: padding is 1, whatever
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: padding of k
# says: padding is k
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: padding that depends on the stride
# says: whatever the stride
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=(k - stride + 1) // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: stride ignored
# says: stride is ignored
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: k ignored
# says: parameter 0 has shape
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: arguments changed places
# says: first the channels that come in
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(maps, channels, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: layer norm
# says: layer norm
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(1, maps), nn.ReLU())

# %% wrong conv_block: instance norm
# says: instance norm
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.InstanceNorm2d(maps, affine=True), nn.ReLU())

# %% wrong conv_block: no running statistics
# says: track_running_stats
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps, track_running_stats=False), nn.ReLU())

# %% wrong conv_block: leaky ReLU
# says: leaky ReLU
def conv_block(channels, maps, k=3, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.LeakyReLU())

# %% wrong conv_block: other defaults
# says: conv_block\(2, 4\) without k and stride
def conv_block(channels, maps, k=5, stride=1):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% wrong conv_block: no defaults
# says: stopped with TypeError|missing
def conv_block(channels, maps, k, stride):
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())

# %% right conv_block: a class
class Block(nn.Module):
    def __init__(self, channels, maps, k, stride):
        super().__init__()
        self.convolution = nn.Conv2d(channels, maps, k, stride, (k - 1) // 2, bias=False)
        self.norm = nn.BatchNorm2d(maps)

    def forward(self, x):
        return F.relu(self.norm(self.convolution(x)))


def conv_block(channels, maps, k=3, stride=1):
    return Block(channels, maps, k, stride)

# %% right conv_block: a list of layers
def conv_block(channels, maps, k=3, stride=1):
    layers = nn.Sequential()
    layers.append(nn.ZeroPad2d(k // 2))
    layers.append(nn.Conv2d(channels, maps, (k, k), stride=(stride, stride), bias=False))
    layers.append(nn.BatchNorm2d(maps, momentum=0.05))
    layers.append(nn.ReLU(inplace=True))
    return layers

# ------------------------------------------------------------------------------------- inception_block

# %% wrong inception_block: not written
# says: is not written yet
def inception_block(channels, one, three, five, pool):
    raise NotImplementedError

# %% wrong inception_block: forward not written
# says: forward, which inception_block calls, is not written yet|forward.* is not written yet
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        raise NotImplementedError


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: added
# says: cannot be added
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return sum(branch(X) for branch in self.branches)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: along the batch
# says: Sizes of tensors must match|joined along axis 1
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches])


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: only the last branch
# says: add up to
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return [branch(X) for branch in self.branches][-1]


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: another order
# says: in another order
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)),
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)))

# %% wrong inception_block: no ReLU
# says: no ReLU at all
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Conv2d(inputs, maps, k, padding=k // 2)

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: no ReLU behind the reductions
# says: reductions have no ReLU
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return F.relu(torch.cat([branch(X) for branch in self.branches], dim=1))


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Conv2d(inputs, maps, k, padding=k // 2)

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: no padding
# says: padding 1 for 3 x 3
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: padding of 1
# says: padding 1 for 3 x 3, 2 for 5 x 5
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=min(1, k // 2)), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: a pool that halves
# says: stride=1 and padding=1
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: an average pool
# says: average pool
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: the pool last
# says: the pool comes behind
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(convolve(channels, pool, 1), nn.MaxPool2d(3, stride=1, padding=1)))

# %% wrong inception_block: no pool
# says: pool is missing
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        convolve(channels, pool, 1))

# %% wrong inception_block: no ReLU behind the pool's convolution
# says: behind the pool has no ReLU
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(channels, pool, 1)))

# %% wrong inception_block: the naive block
# says: naive block
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        convolve(channels, three[1], 3),
        convolve(channels, five[1], 5),
        nn.MaxPool2d(3, stride=1, padding=1))

# %% wrong inception_block: no projection
# says: Behind the pool stands
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.MaxPool2d(3, stride=1, padding=1))

# %% wrong inception_block: 3x3 in the third branch
# says: torchvision
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 3)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: pair turned round
# says: first number of three
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[1], 1), convolve(three[1], three[0], 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: no biases
# says: Every convolution has a bias
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2, bias=False), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: batch norm
# says: no batch norm in this block
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.BatchNorm2d(maps), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: of blocks with batch norm
# says: no batch norm in this block
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2, bias=False), nn.BatchNorm2d(maps), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% wrong inception_block: a plain list
# says: plain list are hidden
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = list(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))

# %% right inception_block: one class
class Inception(nn.Module):
    def __init__(self, channels, one, three, five, pool):
        super().__init__()
        self.pool = nn.Conv2d(channels, pool, 1)
        self.five_reduce, self.three_reduce = nn.Conv2d(channels, five[0], 1), nn.Conv2d(channels, three[0], 1)
        self.five, self.three = nn.Conv2d(five[0], five[1], 5, 1, 2), nn.Conv2d(three[0], three[1], 3, 1, 1)
        self.one = nn.Conv2d(channels, one, 1)

    def forward(self, x):
        a = F.relu(self.one(x))
        b = F.relu(self.three(F.relu(self.three_reduce(x))))
        c = F.relu(self.five(F.relu(self.five_reduce(x))))
        d = F.relu(self.pool(F.max_pool2d(x, 3, 1, 1)))
        return torch.cat((a, b, c, d), 1)


def inception_block(channels, one, three, five, pool):
    return Inception(channels, one, three, five, pool)

# %% right inception_block: ReLU once at the end
class SideBySide(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.relu(torch.cat([branch(X) for branch in self.branches], dim=-3))


def inception_block(channels, one, three, five, pool):
    def convolve(inputs, maps, k):
        return nn.Conv2d(inputs, maps, k, padding='same')

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), nn.ReLU(), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), nn.ReLU(), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))
