# Answers to the exercises of notebook 09: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# ---------------------------------------------------------------------------------------------- by hand

# %% wrong one_block: not answered
# says: \[0\] is not answered yet
one_block = [None] * 5

# %% wrong one_block: the shortcut has no derivative
# says: the shortcut adds 1
one_block = [-1.5, 1.5, -0.5, 0, 0]

# %% wrong one_block: only the shortcut has one
# says: shortcut alone
one_block = [-1.5, 1.5, 1, 0, 0]

# %% wrong one_block: ReLU before adding
# says: add, then ReLU
one_block = [-1.5, 3, 1, 0, 0]

# %% wrong one_block: the plain block without its ReLU
# says: ends in a ReLU too
one_block = [-1.5, 1.5, 0.5, -1.5, -0.5]

# %% wrong one_block: a slope below zero
# says: its slope is 0
one_block = [-1.5, 1.5, 0.5, 0, -0.5]

# %% wrong one_block: a sign lost
# says: minus sign
one_block = [1.5, 4.5, 1.5, 1.5, 0.5]

# %% wrong one_block: the slope without its sign
# says: The slope of f is negative
one_block = [-1.5, 1.5, 1.5, 0, 0]

# %% wrong one_block: one slip
# says: 1 of 5 cells is wrong: \[3\]
one_block = [-1.5, 1.5, 0.5, 1, 0]

# %% right one_block: a tuple
one_block = (-1.5, 1.5, 0.5, 0.0, 0.0)

# %% right one_block: worked out
one_block = [-0.25 * 6, 3 - 0.25 * 6, 1 - 0.25 * 2, max(0, -1.5), 0]

# %% right one_block: by torch
x = torch.tensor(3.0, requires_grad=True)
f = -0.25 * torch.relu(2 * x)
y, z = torch.relu(f + x), torch.relu(f)
one_block = [f.item(), y.item(), torch.autograd.grad(y, x, retain_graph=True)[0].item(), z.item(), torch.autograd.grad(z, x)[0].item()]

# %% wrong layers: not answered
# says: is not answered yet
layers = [None] * 5

# %% wrong layers: blocks only
# says: Two layers lie outside
layers = [48, 99, 50, 150, 159]

# %% wrong layers: the slide's shortcuts too
# says: lies in a shortcut is not counted
layers = [50, 101, 50, 152, 164]

# %% wrong layers: one outside
# says: two layers, one in front
layers = [49, 100, 50, 151, 160]

# %% wrong layers: basic blocks
# says: two has the basic block
layers = [34, 68, 50, 102, 108]

# %% wrong layers: shortcuts counted
# says: beside the way
layers = [54, 105, 50, 156, 165]

# %% wrong layers: as drawn
# says: Only the last number asks
layers = [50, 101, 53, 161, 161]

# %% wrong layers: one layer for each block more
# says: Each of the slide's three blocks more has three layers
layers = [50, 101, 50, 152, 155]

# %% wrong layers: the error not found
# says: three blocks more than that
layers = [50, 101, 50, 152, 152]

# %% right layers: worked out
layers = [3 * sum(b) + 2 for b in ((3, 4, 6, 3), (3, 4, 23, 3))] + [3 + 8 + 36 + 3, 3 * 50 + 2, 3 * 53 + 2]

# %% right layers: an array
layers = np.array([50, 101, 50, 152, 161])

# %% wrong resnet20_parameters: not answered
# says: is not answered yet
resnet20_parameters = [None] * 6

# %% wrong resnet20_parameters: no batch norm
# says: followed by a batch norm
resnet20_parameters = [432, 13_824, 50_688, 202_752, 650, 268_346]

# %% wrong resnet20_parameters: half a batch norm
# says: gamma and beta
resnet20_parameters = [448, 13_920, 50_880, 203_136, 650, 269_034]

# %% wrong resnet20_parameters: nothing widens
# says: reads 16 channels
resnet20_parameters = [464, 14_016, 55_680, 221_952, 650, 292_762]

# %% wrong resnet20_parameters: one convolution for each block
# says: two convolutions
resnet20_parameters = [464, 7_008, 23_232, 92_544, 650, 123_898]

# %% wrong resnet20_parameters: option B
# says: That is option B
resnet20_parameters = [464, 14_016, 51_648, 205_696, 650, 272_474]

# %% wrong resnet20_parameters: biases
# says: They have none
resnet20_parameters = [480, 14_112, 51_264, 203_904, 650, 270_410]

# %% wrong resnet20_parameters: no bias in the head
# says: for each of the ten classes
resnet20_parameters = [464, 14_016, 51_072, 203_520, 640, 269_712]

# %% right resnet20_parameters: worked out
stages = [6 * (16 * 16 * 9 + 32), (16 * 32 * 9 + 64) + 5 * (32 * 32 * 9 + 64), (32 * 64 * 9 + 128) + 5 * (64 * 64 * 9 + 128)]
resnet20_parameters = [464, *stages, 650, 464 + sum(stages) + 650]

# %% right resnet20_parameters: floats
resnet20_parameters = (464.0, 14016.0, 51072.0, 203520.0, 650.0, 269722.0)

# %% wrong gradients_will: not answered
# says: replace None by your guess
gradients_will = None

# %% wrong gradients_will: another word
# says: is the text 'shrink'; it must be one of 'vanish', 'stay', 'explode'
gradients_will = "shrink"

# %% wrong gradients_will: a number
# says: is the number 0\.1; it must be one of
gradients_will = 0.1

# %% wrong gradients_will: a list
# says: is a list; it must be one of
gradients_will = ["vanish"]

# %% wrong gradients_will: a truth value
# says: is True; it must be one of
gradients_will = True

# %% wrong gradients_will: all three
# says: it must be one of
gradients_will = "vanish, stay, explode"

# %% right gradients_will: explode
gradients_will = "explode"

# %% right gradients_will: in capitals
gradients_will = "Stay "

# %% wrong borne_out: not answered
# says: is not answered yet
borne_out = [None] * 6

# %% wrong borne_out: the slide's explanation
# says: Sentence 3 is the slide's
borne_out = [0, 1, 1, 1, 0, 0]

# %% wrong borne_out: it overfits
# says: whoever overfits
borne_out = [1, 1, 0, 1, 0, 0]

# %% wrong borne_out: it is proved
# says: seen together
borne_out = [0, 1, 0, 1, 0, 1]

# %% wrong borne_out: depth hurts both
# says: Sentence 5
borne_out = [0, 1, 0, 1, 1, 0]

# %% wrong borne_out: not similar
# says: between 0\.1 and 10
borne_out = [0, 1, 0, 0, 0, 0]

# %% wrong borne_out: the slide's whole story
# says: what would a proof
borne_out = [0, 1, 1, 1, 0, 1]

# %% wrong borne_out: truth values
# says: is False; expected a number
borne_out = [False, True, False, True, False, False]

# %% right borne_out: a tuple
borne_out = (0, 1, 0, 1, 0, 0)

# %% right borne_out: an array
borne_out = np.array([0, 1, 0, 1, 0, 0])

# %% wrong dense_channels: not answered
# says: is not answered yet
dense_channels = [None] * 4

# %% wrong dense_channels: without the first maps
# says: 16 maps of the first convolution
dense_channels = [12, 144, 288, 432]

# %% wrong dense_channels: each block anew
# says: does not begin anew
dense_channels = [12, 160, 160, 160]

# %% wrong dense_channels: a third of the depth
# says: lie outside of the blocks
dense_channels = [13, 172, 328, 484]

# %% wrong dense_channels: halved
# says: Halving belongs to DenseNet-BC
dense_channels = [12, 160, 224, 256]

# %% wrong dense_channels: BC's layers
# says: where a layer has two convolutions
dense_channels = [6, 88, 160, 232]

# %% wrong dense_channels: a block adds k
# says: Each of the 12 layers
dense_channels = [12, 28, 40, 52]

# %% right dense_channels: worked out
dense_channels = [(40 - 4) // 3, *(16 + 12 * 12 * n for n in (1, 2, 3))]

# %% right dense_channels: an array
dense_channels = np.array([12, 160, 304, 448])

# %% wrong recount: steps from nothing, added to ResNet-20
# says: 18 − 3 = 15 steps
recount = [97_216, 2_019_610, 19_712_922]

# %% wrong recount: not answered
# says: is not answered yet
recount = [None, None, None]

# %% wrong recount: six steps at once
# says: difference of six steps
recount = [583_296, 6_102_682, 112_262_554]

# %% wrong recount: from 0
# says: do not begin at 0
recount = [97_216, 1_749_888, 19_443_200]

# %% wrong recount: in proportion
# says: not in proportion
recount = [97_216, 1_483_471, 16_210_292]

# %% wrong recount: depth for blocks
# says: 1202 is the depth
recount = [97_216, 1_727_962, 116_831_706]

# %% wrong recount: one step too many
# says: One step too many
recount = [97_216, 1_825_178, 19_518_490]

# %% wrong recount: the table believed
# says: what the table prints
recount = [97_216, 1_727_962, 10_200_000]

# %% right recount: worked out
recount = [(853_018 - 269_722) // 6, 853_018 + 9 * 97_216, 853_018 + 191 * 97_216]

# %% right recount: floats
recount = (97216.0, 1727962.0, 19421274.0)

# %% wrong se_weights: not answered
# says: is not answered yet
se_weights = [None] * 5

# %% wrong se_weights: only one layer
# says: down and up again
se_weights = [12_288, 65_536, 393_216, 786_432, 1_257_472]

# %% wrong se_weights: one block
# says: 3, 4, 6 and 3 of them
se_weights = [8_192, 32_768, 131_072, 524_288, 696_320]

# %% wrong se_weights: no reduction
# says: C / 16 units
se_weights = [393_216, 2_097_152, 12_582_912, 25_165_824, 40_239_104]

# %% wrong se_weights: biases
# says: counted biases
se_weights = [25_392, 133_248, 792_960, 1_579_392, 2_530_992]

# %% wrong se_weights: the inner channels
# says: at the end of a bottleneck
se_weights = [1_536, 8_192, 49_152, 98_304, 157_184]

# %% right se_weights: worked out
each = [blocks * 2 * channels * channels // 16 for blocks, channels in ((3, 256), (4, 512), (6, 1024), (3, 2048))]
se_weights = [*each, sum(each)]

# %% right se_weights: an array
se_weights = np.array([24_576, 131_072, 786_432, 1_572_864, 2_514_944])

# ---------------------------------------------------------------------------------------------- BasicBlock

# %% wrong BasicBlock: not written
# says: is not written yet
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        raise NotImplementedError("Write your code here")

# %% wrong BasicBlock: forward not written
# says: forward, which BasicBlock calls, is not written yet
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.shortcut = nn.Identity()
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        raise NotImplementedError("Write your code here")

# %% wrong BasicBlock: super forgotten
# says: super\(\).__init__\(\) comes first
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)

# %% wrong BasicBlock: no module
# says: It must be an nn.Module
class BasicBlock:
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)

# %% wrong BasicBlock: never adds
# says: The shortcut is not there
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        return F.relu(self.f(X))

# %% wrong BasicBlock: always adds
# says: With option None there is no shortcut
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut = stride, channels_out - channels_in, None
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: ReLU before the addition
# says: The second ReLU comes before the addition
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU())
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return self.f(X)
        if self.shortcut:
            return self.f(X) + self.shortcut(X)
        return self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more))

# %% wrong BasicBlock: no ReLU at the end
# says: The ReLU after the addition is missing
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return self.f(X)
        if self.shortcut:
            return self.f(X) + self.shortcut(X)
        return self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more))

# %% wrong BasicBlock: plain without the last ReLU
# says: plain block ends in a ReLU too
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.option, self.shortcut = stride, channels_out - channels_in, option, None
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return self.f(X)
        if self.shortcut is not None:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: a bias in the shortcut
# says: shortcut has no bias either
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.option, self.shortcut = stride, channels_out - channels_in, option, None
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut is not None:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: no ReLU between
# says: Between the two convolutions the ReLU is missing
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: the input overwritten
# says: the name of the input was given to something else
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        X = self.f(X)
        if self.option is None:
            return F.relu(X)
        if self.shortcut:
            return F.relu(X + self.shortcut(X))
        return F.relu(X + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: concatenates
# says: a residual block adds them
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.shortcut = stride, None
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        return F.relu(torch.cat([self.f(X), X[:, :, ::self.stride, ::self.stride]], 1))

# %% wrong BasicBlock: biases
# says: The convolutions have biases
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1), nn.BatchNorm2d(channels_out))

# %% wrong BasicBlock: no batch norm
# says: followed by its own nn.BatchNorm2d
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)

# %% wrong BasicBlock: one batch norm for both
# says: cannot serve both
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)

# %% wrong BasicBlock: a convolution in every shortcut of B
# says: a 1 x 1 convolution stands only where
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.option = stride, channels_out - channels_in, option
        if option == "B":
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.option == "B":
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: B forgets its batch norm
# says: followed by a batch norm of its own
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: the shortcut made first
# says: The layers of the shortcut come last
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: A averages
# says: yours takes the mean of the pixels
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(F.avg_pool2d(X, self.stride, ceil_mode=True), (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: zeros on both sides
# says: zeros lie on both sides
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        half = self.more // 2
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, half, self.more - half)))

# %% wrong BasicBlock: the stride in the second convolution
# says: stride belongs to the first convolution
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.shortcut, self.option = stride, channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))

# %% wrong BasicBlock: the shortcut without its stride
# says: takes the stride too
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out))
        self.more, self.shortcut, self.option = channels_out - channels_in, None, option
        if option == "B" and (stride != 1 or channels_in != channels_out):
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out))

    def forward(self, X):
        if self.option is None:
            return F.relu(self.f(X))
        if self.shortcut:
            return F.relu(self.f(X) + self.shortcut(X))
        return F.relu(self.f(X) + F.pad(X, (0, 0, 0, 0, 0, self.more)))

# %% right BasicBlock: name by name, convolutions made before the batch norms
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.bn2 = nn.BatchNorm2d(channels_out)
        changes = stride > 1 or channels_in != channels_out
        if option is None:
            self.shortcut = None
        elif not changes:
            self.shortcut = nn.Identity()
        elif option == "A":
            self.shortcut = lambda X: torch.cat([X[:, :, ::stride, ::stride], torch.zeros_like(X[:, :1, ::stride, ::stride]).expand(-1, channels_out - channels_in, -1, -1)], dim=1)
        else:
            self.conv3 = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.bn3 = nn.BatchNorm2d(channels_out)
            self.shortcut = lambda X: self.bn3(self.conv3(X))

    def forward(self, X):
        out = torch.relu(self.bn1(self.conv1(X)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            out = out + self.shortcut(X)
        return torch.relu(out)

# %% right BasicBlock: a pool of one pixel, and the sum into the first channels
class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        def conv(a, b, k, s):
            return nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b))
        self.first, self.second = conv(channels_in, channels_out, 3, stride), conv(channels_out, channels_out, 3, 1)
        self.option, self.pool = option, nn.MaxPool2d(1, stride)
        self.third = conv(channels_in, channels_out, 1, stride) if option == "B" and (stride, channels_in) != (1, channels_out) else None

    def forward(self, X):
        Y = self.second(self.first(X).relu())
        if self.third is not None:
            Y = Y + self.third(X)
        elif self.option is not None:
            X = self.pool(X)
            Y = torch.cat([Y[:, :X.shape[1]] + X, Y[:, X.shape[1]:]], 1)
        return Y.clamp(min=0)

# -------------------------------------------------------------------------------------------- resnet_cifar

# %% wrong resnet_cifar: not written
# says: resnet_cifar is not written yet
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    raise NotImplementedError

# %% wrong resnet_cifar: nothing returned
# says: must be an nn.Module|NoneType
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    net = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False))

# %% wrong resnet_cifar: twice as many blocks
# says: A block has two convolutions
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 3):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: a first block too many
# says: and not one more
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        blocks.append(BasicBlock(before, width * 2**stage, 2 if stage else 1, option))
        before = width * 2**stage
        blocks += [BasicBlock(before, before, 1, option) for _ in range((depth - 2) // 6)]
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: no stride
# says: maps keep their size all the way
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: stride 2 in the first stage too
# says: whose shape should stay
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 1 if number else 2, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: stride 2 in every block
# says: whose shape should stay
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: a list of blocks
# says: A plain Python list hides its layers
class Net(nn.Module):
    def __init__(self, depth, option, width, channels, classes):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks, before = [], width
        for stage in range(3):
            for number in range((depth - 2) // 6):
                self.blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
                before = width * 2**stage
        self.head = nn.Linear(before, classes)

    def forward(self, X):
        X = self.stem(X)
        for block in self.blocks:
            X = block(X)
        return self.head(X.mean((2, 3)))


def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    return Net(depth, option, width, channels, classes)

# %% wrong resnet_cifar: option not handed on
# says: Hand the option on|told nothing of the option
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: always 16 channels
# says: makes `width` maps
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], 16
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, 16 * 2**stage, 2 if stage and not number else 1, option))
            before = 16 * 2**stage
    return nn.Sequential(nn.Conv2d(channels, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: stages of 16, 32 and 64 channels
# says: width, 2 \* width and 4 \* width channels
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, 16 * 2**stage, 2 if stage and not number else 1, option))
            before = 16 * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: a pool for 32 x 32 alone
# says: AvgPool2d\(8\) fits pictures of 32 x 32 only
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: no ReLU behind the first convolution
# says: The ReLU behind the first convolution is missing
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: no batch norm behind the first convolution
# says: The first convolution is followed by a batch norm too
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: begins as on ImageNet
# says: On ImageNet it is 7 x 7
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: a pool behind the first convolution
# says: A pool follows the first convolution
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))

# %% wrong resnet_cifar: flattened
# says: as many numbers as the third stage has channels
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.Flatten(), nn.Linear(before * 64, classes))

# %% wrong resnet_cifar: softmax
# says: ends with a softmax
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes), nn.Softmax(dim=1))

# %% right resnet_cifar: a class, stage by stage
class Net(nn.Module):
    def __init__(self, depth, option, width, channels, classes):
        super().__init__()
        n = (depth - 2) // 6
        self.conv, self.bn = nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.stage1 = self.stage(n, width, width, 1, option)
        self.stage2 = self.stage(n, width, 2 * width, 2, option)
        self.stage3 = self.stage(n, 2 * width, 4 * width, 2, option)
        self.head = nn.Linear(4 * width, classes)

    @staticmethod
    def stage(n, before, after, stride, option):
        return nn.Sequential(BasicBlock(before, after, stride, option), *(BasicBlock(after, after, 1, option) for _ in range(n - 1)))

    def forward(self, X):
        X = torch.relu(self.bn(self.conv(X)))
        return self.head(self.stage3(self.stage2(self.stage1(X))).mean(dim=[2, 3]))


def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    return Net(depth, option, width, channels, classes)

# %% right resnet_cifar: a list of (in, out, stride)
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    n = depth // 6
    plan = [(width, width, 1)] * n + [(width, 2 * width, 2)] + [(2 * width, 2 * width, 1)] * (n - 1) + [(2 * width, 4 * width, 2)] + [(4 * width, 4 * width, 1)] * (n - 1)
    net = nn.Sequential(nn.Conv2d(channels, width, 3, padding="same", bias=False), nn.BatchNorm2d(width), nn.ReLU())
    for a, b, s in plan:
        net.append(BasicBlock(a, b, s, option))
    net.append(nn.AdaptiveAvgPool2d(1)).append(nn.Flatten()).append(nn.Linear(4 * width, classes))
    return net

# ---------------------------------------------------------------------------------------------- DenseLayer

# %% wrong DenseLayer: not written
# says: is not written yet
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        raise NotImplementedError("Write your code here")

# %% wrong DenseLayer: adds
# says: the layer adds, as a residual block|1 are new, and all of them go out
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return X + self.new(X)

# %% wrong DenseLayer: new maps first
# says: The new maps come first
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([self.new(X), X], dim=1)

# %% wrong DenseLayer: only the new maps
# says: returns its new maps alone
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return self.new(X)

# %% wrong DenseLayer: convolution first
# says: the convolution comes first|Batch norm comes first
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.Conv2d(channels, 4 * growth, 1, bias=False), nn.BatchNorm2d(4 * growth), nn.ReLU()] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.Conv2d(last, growth, 3, padding=1, bias=False), nn.BatchNorm2d(growth), nn.ReLU())

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: no ReLU
# says: The ReLU is missing
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.Conv2d(channels, 4 * growth, 1, bias=False)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.Conv2d(last, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: no bottleneck
# says: With bottleneck=True a 1 x 1 convolution
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        self.new = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: a narrow bottleneck
# says: The bottleneck makes 4 \* growth maps
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, growth, 1, bias=False)] if bottleneck else []
        last = growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: a bottleneck of 4 times the channels
# says: and not 4 \* channels
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        wide = 4 * channels if bottleneck else channels
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, wide, 1, bias=False)] if bottleneck else []
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(wide), nn.ReLU(), nn.Conv2d(wide, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: one ReLU in the bottleneck
# says: second ReLU of the bottleneck is missing
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        wide = 4 * growth if bottleneck else channels
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, wide, 1, bias=False)] if bottleneck else []
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(wide), *([] if bottleneck else [nn.ReLU()]), nn.Conv2d(wide, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: biases
# says: The convolutions have no bias
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, padding=1))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: no padding
# says: pads by 1
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], dim=1)

# %% wrong DenseLayer: X is changed on the way
# says: handed on changed|changed its argument
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        steps = [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)] if bottleneck else []
        last = 4 * growth if bottleneck else channels
        self.new = nn.Sequential(*steps, nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X.relu(), self.new(X)], dim=1)

# %% right DenseLayer: name by name
class DenseLayer(nn.Module):
    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        self.bottleneck = bottleneck
        self.bn1 = nn.BatchNorm2d(channels)
        if bottleneck:
            self.conv1 = nn.Conv2d(channels, 4 * growth, kernel_size=1, bias=False)
            self.bn2 = nn.BatchNorm2d(4 * growth)
            self.conv2 = nn.Conv2d(4 * growth, growth, kernel_size=3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(channels, growth, kernel_size=3, padding=1, bias=False)

    def forward(self, X):
        out = self.conv1(F.relu(self.bn1(X)))
        if self.bottleneck:
            out = self.conv2(F.relu(self.bn2(out)))
        return torch.cat((X, out), 1)

# %% right DenseLayer: written into one tensor
class DenseLayer(nn.Sequential):
    def __init__(self, channels, growth, bottleneck=False):
        layers = []
        for out, k in [(4 * growth, 1), (growth, 3)] if bottleneck else [(growth, 3)]:
            layers += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, out, k, padding=k // 2, bias=False)]
            channels = out
        super().__init__(*layers)

    def forward(self, X):
        Y = super().forward(X)
        out = X.new_empty(len(X), X.shape[1] + Y.shape[1], *X.shape[2:])
        out[:, :X.shape[1]], out[:, X.shape[1]:] = X, Y
        return out

# ------------------------------------------------------------------------------------ densenet_param_count

# %% wrong densenet_param_count: not written
# says: is not written yet
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    raise NotImplementedError

# %% wrong densenet_param_count: nothing returned
# says: is None
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    count = 0

# %% wrong densenet_param_count: no batch norms
# says: Batch norms are left out everywhere
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            total += c * 4 * growth + 4 * growth * growth * 9 if bottleneck else c * growth * 9
            c += growth
        if block < 2:
            kept = c // 2 if bottleneck else c
            total += c * kept
            c = kept
    return total + (c + 1) * classes

# %% wrong densenet_param_count: 16 maps always
# says: makes 16 maps only without the bottleneck
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            total += 2 * c + c * 4 * growth + 8 * growth + 4 * growth * growth * 9 if bottleneck else 2 * c + c * growth * 9
            c += growth
        if block < 2:
            kept = c // 2 if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: never halves
# says: a transition keeps half of its channels
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            total += 2 * c + c * 4 * growth + 8 * growth + 4 * growth * growth * 9 if bottleneck else 2 * c + c * growth * 9
            c += growth
        if block < 2:
            total += 2 * c + c * c
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: a third transition
# says: A transition follows the third block too
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            total += 2 * c + c * 4 * growth + 8 * growth + 4 * growth * growth * 9 if bottleneck else 2 * c + c * growth * 9
            c += growth
        kept = c // 2 if bottleneck else c
        total += 2 * c + c * kept
        c = kept
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: no last batch norm
# says: batch norm behind the last block is missing
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            total += 2 * c + c * 4 * growth + 8 * growth + 4 * growth * growth * 9 if bottleneck else 2 * c + c * growth * 9
            c += growth
        if block < 2:
            kept = c // 2 if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + (c + 1) * classes

# %% wrong densenet_param_count: as many layers with the bottleneck
# says: a block has half as many layers
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // 3):
            total += 2 * c + c * 4 * growth + 8 * growth + 4 * growth * growth * 9 if bottleneck else 2 * c + c * growth * 9
            c += growth
        if block < 2:
            kept = c // 2 if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: the channels do not grow
# says: The channels do not grow
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            total += 2 * c + c * 4 * growth + 8 * growth + 4 * growth * growth * 9 if bottleneck else 2 * c + c * growth * 9
        if block < 2:
            kept = c // 2 if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: half rounded to even
# says: is rounded down: channels // 2
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            wide = 4 * growth if bottleneck else c
            total += (2 * c + c * wide if bottleneck else 0) + 2 * wide + wide * growth * 9
            c += growth
        if block < 2:
            kept = round(c / 2) if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: half rounded up
# says: is rounded down: channels // 2
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            wide = 4 * growth if bottleneck else c
            total += (2 * c + c * wide if bottleneck else 0) + 2 * wide + wide * growth * 9
            c += growth
        if block < 2:
            kept = (c + 1) // 2 if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + 2 * c + (c + 1) * classes

# %% wrong densenet_param_count: a float
# says: is a float, .*// divides whole numbers
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in range(3):
        for _ in range((depth - 4) // (6 if bottleneck else 3)):
            wide = 4 * growth if bottleneck else c
            total += (2 * c + c * wide if bottleneck else 0) + 2 * wide + wide * growth * 9
            c += growth
        if block < 2:
            kept = c // 2 if bottleneck else c
            total += 2 * c + c * kept
            c = kept
    return total + 2 * c + (c + 1) * classes + 0.0

# %% wrong densenet_param_count: a text
# says: expected one number. Return one whole number
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    return f"{depth * growth} parameters"

# %% right densenet_param_count: built on the meta device
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    with torch.device("meta"):
        c = 2 * growth if bottleneck else 16
        parts = [nn.Conv2d(3, c, 3, bias=False)]
        for block in range(3):
            for _ in range((depth - 4) // (6 if bottleneck else 3)):
                wide = c
                if bottleneck:
                    parts += [nn.BatchNorm2d(c), nn.Conv2d(c, 4 * growth, 1, bias=False)]
                    wide = 4 * growth
                parts += [nn.BatchNorm2d(wide), nn.Conv2d(wide, growth, 3, bias=False)]
                c += growth
            if block < 2:
                kept = c // 2 if bottleneck else c
                parts += [nn.BatchNorm2d(c), nn.Conv2d(c, kept, 1, bias=False)]
                c = kept
        parts += [nn.BatchNorm2d(c), nn.Linear(c, classes)]
    return sum(p.numel() for part in parts for p in part.parameters())

# %% right densenet_param_count: sums in closed form
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    n = (depth - 4) // (6 if bottleneck else 3)
    c = 2 * growth if bottleneck else 16
    total = 27 * c
    for block in (1, 2, 3):
        read = n * c + growth * n * (n - 1) // 2  # channels, summed over the layers of the block
        total += read * (2 + 4 * growth) + n * 4 * growth * (2 + 9 * growth) if bottleneck else read * (2 + 9 * growth)
        c += n * growth
        if block < 3:
            total += c * (2 + (c // 2 if bottleneck else c))
            c = c // 2 if bottleneck else c
    return total + c * (2 + classes) + classes

# ------------------------------------------------------------------------------------------------- SEBlock

# %% wrong SEBlock: not written
# says: is not written yet
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        raise NotImplementedError("Write your code here")

# %% wrong SEBlock: the gates alone
# says: Those are the gates
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return self.f(X.mean((2, 3)))

# %% wrong SEBlock: no sigmoid
# says: The sigmoid is missing
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False))

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: softmax
# says: went through a softmax
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Softmax(dim=1))

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: no ReLU
# says: The ReLU between the two linear layers is missing
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: squeezes by the maximum
# says: The squeeze takes the maximum
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.amax((2, 3)))[:, :, None, None]

# %% wrong SEBlock: one squeeze for the whole batch
# says: averages over the pictures as well
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((0, 2, 3)))[:, None, None]

# %% wrong SEBlock: added
# says: The gates are added
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X + self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: a shortcut too many
# says: X is added once more
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X + X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: two axes missing
# says: gates\[:, :, None, None\]
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))

# %% wrong SEBlock: biases
# says: neither layer has a bias
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction), nn.ReLU(), nn.Linear(channels // reduction, channels), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: as many units as the reduction
# says: and not `reduction`
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, reduction, bias=False), nn.ReLU(), nn.Linear(reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% wrong SEBlock: the squeeze keeps two axes
# says: squeeze is the mean over rows and columns
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(), nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((2, 3), keepdim=True))

# %% wrong SEBlock: always a sixteenth
# says: reduction need not be 16
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(channels, channels // 16, bias=False), nn.ReLU(), nn.Linear(channels // 16, channels, bias=False), nn.Sigmoid())

    def forward(self, X):
        return X * self.f(X.mean((2, 3)))[:, :, None, None]

# %% right SEBlock: convolutions of 1x1
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, X):
        gates = F.relu(self.fc1(F.adaptive_avg_pool2d(X, 1)))
        return torch.sigmoid(self.fc2(gates)) * X

# %% right SEBlock: einsum, and matrices of its own
class SEBlock(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = channels // reduction
        self.down = nn.Parameter(torch.randn(hidden, channels))
        self.up = nn.Parameter(torch.randn(channels, hidden))

    def forward(self, X):
        squeezed = X.flatten(2).mean(2)
        gates = (squeezed @ self.down.T).clamp(min=0) @ self.up.T
        return torch.einsum("nchw,nc->nchw", X, 1 / (1 + torch.exp(-gates)))
