# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · Architectures
#
# On the slides an architecture is a row of coloured boxes. In this notebook you read the boxes: what each one costs,
# why the kernels shrank from 11×11 to 3×3, what a 1×1 kernel is good for. You build the bricks yourself, and recount
# the famous networks down to the last parameter. Three statements of the lecture will not survive it.
#
# **By the end you can**
# - say where the parameters of a network sit and where its work is done, and why these are two places;
# - replace one large kernel by small ones, and say what that saves and what it adds;
# - build a VGG block, the block convolution, batch norm, ReLU, and an Inception block;
# - take a number that somebody prints, such as 134M, and find out which network it belongs to;
# - compare two bricks so that the difference is the brick, and not the seed, the size or the learning rate.
#
# It covers slides 35 to 38 and two tasks of the coding session, and takes about 75 minutes. No GPU and no network
# connection are needed.

# %% tags=["setup"]
import course_lib  # before torch, so that it can say how torch's threads wait for each other
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import figures, models
from course_lib.budget import budget, full
from course_lib.checks import architectures as check, hint, probe, same
from course_lib.quiz import quiz, recall
from course_lib.training import Recipe, evaluate, images, train
from course_lib.widgets import ArchitectureStrip

print(f"Budget: {budget()}.")

# %% [markdown]
# ## Play first
#
# Five networks of the lecture, drawn from the real modules, eighteen years from top to bottom. (They are built on
# PyTorch's *meta* device, where tensors have a shape and no numbers; so 138 million parameters cost nothing.)
#
# Click a box: it tells its kernel, its shape, its parameters, its multiply-adds and how far a unit sees. Let the height
# of the boxes be parameters, then multiply-adds. In which networks do the two pictures look alike?

# %%
with torch.device("meta"):
    zoo = {"LeNet-5 (1998)": models.build("lenet5", channels=1),
           "AlexNet (2012)": models.build("alexnet"),
           "VGG-16 (2015)": models.build("vgg16"),
           "Inception v1 (2015)": models.build("googlenet"),
           "ResNet-152 (2016)": models.build("resnet152")}
shapes = {name: (1, 28, 28) if "LeNet" in name else (3, 224, 224) for name in zoo}
ArchitectureStrip(zoo, input=shapes)

# %% [markdown]
# Three cards from earlier notebooks. Say the answer aloud, then open the card.

# %%
recall("08_architectures")

# %% [markdown]
# ## 1 · Find the error in the lecture: LeNet-5
#
# Slide 35 shows LeNet-5 with max pools and a softmax, and so does everybody who builds it today. The network of 1998
# had neither. (Nor was it the first of its kind: LeCun had trained convolutions on handwritten digits in 1989, and
# Fukushima's neocognitron is of 1980.) Here is the paper's network; its first layer is the one that you know.
#
# | layer | what it does | what it learns |
# |---|---|---|
# | C1 | 6 maps, 5×5 | 156 parameters |
# | S2 | adds up 2×2 cells of a map, multiplies the sum by a coefficient, adds a bias, and squashes it | one coefficient and one bias *for each map* |
# | C3 | 16 maps, 5×5; **6** of them read 3 maps of S2 each, **9** read 4, and **1** reads all 6 | kernels, and a bias for each map |
# | S4 | as S2, on 16 maps | as S2 |
# | C5, F6 | 120 and 84 units, as today | 48,120 and 10,164 parameters |
# | output | the squared distance from F6's 84 numbers to ten little drawings of the digits | nothing: the drawings were fixed by hand |
#
# ### By hand: `lenet_1998`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# How many trained parameters have S2, C3 and S4, and how many has the whole network? **Predict first:** more or fewer
# than the 61,706 of today's form? Stuck? Run `hint("lenet_1998")` in a cell of your own; each call opens one hint
# more.

# %% nbgrader={"grade": false, "grade_id": "lenet_1998", "locked": false, "schema_version": 3, "solution": true}
# exercise: lenet_1998
lenet_1998 = [None,  # S2
              None,  # C3
              None,  # S4
              None]  # the whole network
### BEGIN SOLUTION
lenet_1998 = [12, 1_516, 32, 60_000]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_lenet_1998", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_lenet_1998 (2 points)
check.by_hand("lenet_1998", lenet_1998)
### BEGIN HIDDEN TESTS
same(lenet_1998, [12, 1_516, 32, 60_000], "lenet_1998")
### END HIDDEN TESTS

# %% [markdown]
# A rounder number than one expects, and it stands in the paper: *only 60,000 trainable free parameters*. You can
# trust a picture of an architecture as far as you can recount it.
#
# Keep C3 in mind. Its maps read a few channels only, which saved connections, and forced the maps to become
# different. That idea comes back in the next section, for another reason.

# %% [markdown]
# ## 2 · AlexNet, and its two halves
#
# Slide 36: the network that won ImageNet in 2012, trained on two GPUs. Its form for one GPU, the one that PyTorch's
# zoo has:
#
# | layer | | layer | |
# |---|---|---|---|
# | convolution | 64 maps, 11×11, stride 4, padding 2 | convolution | 256 maps, 3×3, padding 1 |
# | max pool | 3×3, stride 2 | convolution | 256 maps, 3×3, padding 1 |
# | convolution | 192 maps, 5×5, padding 2 | max pool | 3×3, stride 2 |
# | max pool | 3×3, stride 2 | fully connected | 4096 units |
# | convolution | 384 maps, 3×3, padding 1 | fully connected, twice | 4096 units, 1000 logits |
#
# ### By hand: `alexnet`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# A picture of $224\times224$ goes 55, 27, 13, 6: those are the sides after the first convolution and after the three
# pools. The five convolutions have 2,469,696 parameters together. How many numbers does flatten give? How many
# parameters, biases included, has the *first* fully connected layer, how many have all three, and how many has the
# network?
#
# (The strip above prints two of these numbers. Work them out all the same: that is what makes it yours.)

# %% nbgrader={"grade": false, "grade_id": "alexnet", "locked": false, "schema_version": 3, "solution": true}
# exercise: alexnet
alexnet = [None,  # numbers after flatten
           None,  # parameters of the first fully connected layer
           None,  # of all three
           None]  # of the network
### BEGIN SOLUTION
alexnet = [9_216, 37_752_832, 58_631_144, 61_100_840]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_alexnet", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_alexnet (2 points)
check.by_hand("alexnet", alexnet)
### BEGIN HIDDEN TESTS
same(alexnet, [9_216, 37_752_832, 58_631_144, 61_100_840], "alexnet")
### END HIDDEN TESTS

# %% [markdown]
# So 96 percent of the weights of a famous *convolutional* network are fully connected.
#
# “Model parallelism on 2 GPUs”, says the slide. Each had 3 GB, too little for the network. So each got half of the
# maps of every layer; and because copying between them is slow, the maps of the second, fourth and fifth convolution
# read only what lies on *their own* GPU. Today this is `nn.Conv2d(..., groups=2)`: channels and maps are cut into as
# many equal parts, and a map reads the channels of its part.
#
# ### Code: `grouped_conv_params`
# *Difficulty 2/5 · about 4 minutes · 2 points*

# %% nbgrader={"grade": false, "grade_id": "grouped_conv_params", "locked": false, "schema_version": 3, "solution": true}
# exercise: grouped_conv_params
def grouped_conv_params(channels, maps, k, groups=1, bias=True):
    """How many parameters a convolution with k x k kernels has, an int.

    channels, maps: how many come in and go out; groups divides both. bias: whether each map has one.
    """
    ### BEGIN SOLUTION
    return maps * (channels // groups * k * k + bias)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_grouped_conv_params", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_grouped_conv_params (2 points)
check.grouped_conv_params(grouped_conv_params)
### BEGIN HIDDEN TESTS
check.grouped_conv_params(grouped_conv_params, seed=80)
same([grouped_conv_params(256, 384, 3, 2), grouped_conv_params(30, 45, 7, 15, False)], [442_752, 4_410],
     "two hidden groupings")
### END HIDDEN TESTS

# %% [markdown]
# The paper's second layer, on one GPU and on two. We change *one* channel of what comes in, number 10 of 96, and look
# which of the 256 maps notice. **Predict first:** which, in the layer with two groups? And by how much does grouping
# shrink the *whole* network?

# %% tags=["raises-exception"]
torch.manual_seed(0)
before = torch.randn(1, 96, 27, 27)
after = before.clone()
after[:, 10] += 1
for groups in (1, 2):
    layer = nn.Conv2d(96, 256, 5, padding=2, groups=groups)
    with torch.no_grad():
        changed = (layer(after) - layer(before)).abs().amax(dim=(0, 2, 3)) > 1e-6
    which = changed.nonzero().flatten().tolist()
    counted = grouped_conv_params(96, 256, 5, groups)
    print(f"groups={groups}: {models.parameters(layer):7,} parameters in the module, {counted:7,} by your count; "
          f"maps {which[0]} to {which[-1]} noticed, {len(which)} of them")

print("\nthe network of 2012, with the 96, 256, 384, 384 and 256 maps of its two halves together")
for groups in (1, 2):
    convolutions = sum(grouped_conv_params(*layer) for layer in (
        (3, 96, 11), (96, 256, 5, groups), (256, 384, 3), (384, 384, 3, groups), (384, 256, 3, groups)))
    whole = convolutions + 58_631_144  # the fully connected layers, from above
    print(f"groups={groups}: {convolutions:9,} parameters in convolutions, {whole:10,} in all")

# %% [markdown]
# Grouping halves the three layers, to the last weight; and the network shrinks by two percent, since the weights sit
# elsewhere. That is no contradiction, and not what it was for: it saved *traffic between two GPUs*. As an idea of its
# own, many groups and few weights, it came back years later (in ResNeXt, and as depthwise convolution in MobileNet).

# %% [markdown]
# ## 3 · VGG: small kernels, many of them
#
# Slide 37. The idea of VGG is simple: wherever others take one large kernel, take several of 3×3. Two of them in a
# row see $5\times5$ pixels, three see $7\times7$.
#
# ### By hand: `stacked`
# *Difficulty 1/5 · about 3 minutes · 2 points*
#
# Every layer takes 64 channels to 64 maps. Count *weights* only, no biases: two layers of 3×3, one of 5×5, three of
# 3×3, one of 7×7.

# %% nbgrader={"grade": false, "grade_id": "stacked", "locked": false, "schema_version": 3, "solution": true}
# exercise: stacked
stacked = [None,  # two of 3x3
           None,  # one of 5x5
           None,  # three of 3x3
           None]  # one of 7x7
### BEGIN SOLUTION
stacked = [73_728, 102_400, 110_592, 200_704]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_stacked", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_stacked (2 points)
check.by_hand("stacked", stacked)
### BEGIN HIDDEN TESTS
same(stacked, [73_728, 102_400, 110_592, 200_704], "stacked")
### END HIDDEN TESTS

# %% [markdown]
# And do they really see as far? Ask the gradient: which pixels change the middle unit, and how much? All weights are
# 1 here, so the gradient counts the *paths* from a pixel to the unit. **Predict first:** how many paths lead from a
# corner of the $5\times5$ window through two 3×3 layers, and how many from its middle?

# %% tags=["raises-exception"]
def paths(*kernels, side=7):
    """How many paths lead from each pixel to the middle unit of a stack of convolutions."""
    picture = torch.zeros(1, 1, side, side, requires_grad=True)
    out = picture
    for k in kernels:
        out = F.conv2d(out, torch.ones(1, 1, k, k), padding=k // 2)
    out[0, 0, side // 2, side // 2].backward()
    seen = picture.grad[0, 0]
    rows = seen.any(dim=1).sum().item()
    print(f"kernels {kernels}: the unit sees {rows} x {rows} pixels")
    return seen.numpy()


figures.show_tables({"3×3, then 3×3": (paths(3, 3), "output"), "one 5×5": (paths(5), "output"),
                     "3×3 three times": (paths(3, 3, 3), "output"), "one 7×7": (paths(7), "output")})

# %% [markdown]
# The same window, 28 percent and 45 percent fewer weights, and a ReLU more, or two. So much for the saving. Is it the
# *same layer* in cheaper? No: a 5×5 kernel can weigh each of its 25 pixels as it likes; two 3×3 kernels have only 18
# numbers for that, and favour the middle. Whether it is as good is a question for an experiment, and section 5 makes
# it.
#
# ### Code: `vgg_block`
# *Difficulty 2/5 · about 5 minutes · 3 points*
#
# VGG is five blocks of one kind: some convolutions of 3×3 that keep rows and columns, a ReLU behind each, and at the
# end a $2\times2$ max pool that halves them. The first convolution goes from `channels` to `maps`, the others from
# `maps` to `maps`. If you write a class, make the layers in the order in which X meets them, for the check puts in
# weights of its own.

# %% nbgrader={"grade": false, "grade_id": "vgg_block", "locked": false, "schema_version": 3, "solution": true}
# exercise: vgg_block
def vgg_block(channels, maps, convolutions):
    """A block of VGG, an nn.Module: (N, channels, H, W) -> (N, maps, H // 2, W // 2).

    convolutions: how many there are, 1 or more. Each has biases.
    """
    ### BEGIN SOLUTION
    layers = []
    for _ in range(convolutions):
        layers += [nn.Conv2d(channels, maps, 3, padding=1), nn.ReLU()]
        channels = maps
    return nn.Sequential(*layers, nn.MaxPool2d(2))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_vgg_block", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_vgg_block (3 points)
def run(x, weights, channels, maps, convolutions):
    block = vgg_block(channels, maps, convolutions).double().eval()
    if not weights:
        return [list(parameter.shape) for parameter in block.parameters()]
    for parameter, weight in zip(block.parameters(), weights, strict=True):
        parameter.data = torch.tensor(weight)
    return block(torch.from_numpy(x)).detach().numpy()


check.vgg_block(probe(run))
### BEGIN HIDDEN TESTS
check.vgg_block(probe(run), seed=81)
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `vgg16`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# VGG-16 has $2 + 2 + 3 + 3 + 3 = 13$ convolutions, with 64, 128, 256, 512 and 512 maps, and three fully connected
# layers, of 4096, 4096 and 1000 units. From 224 pixels five pools leave 7. How many parameters, biases included, has
# *one* convolution from 512 to 512? All thirteen? The three fully connected layers? (You had the first of those in
# notebook 06.) The network? A pocket calculator is welcome, and Python is one.

# %% nbgrader={"grade": false, "grade_id": "vgg16", "locked": false, "schema_version": 3, "solution": true}
# exercise: vgg16
vgg16 = [None,  # one convolution from 512 to 512
         None,  # all thirteen convolutions
         None,  # the three fully connected layers
         None]  # the network
### BEGIN SOLUTION
vgg16 = [2_359_808, 14_714_688, 123_642_856, 138_357_544]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_vgg16", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_vgg16 (2 points)
check.by_hand("vgg16", vgg16)
### BEGIN HIDDEN TESTS
same(vgg16, [2_359_808, 14_714_688, 123_642_856, 138_357_544], "vgg16")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `vgg_param_count`
# *Difficulty 3/5 · about 8 minutes · 4 points*
#
# There is a family of VGGs, and soon you will need to tell one from another. So let a function count. A network is a
# list of blocks, a block is a list of pairs `(maps, k)`, one for each convolution. All convolutions keep rows and
# columns, each block ends with a pool that halves them, rounded down. Behind the last block: flatten, two layers of
# `hidden` units, and the classes.

# %% nbgrader={"grade": false, "grade_id": "vgg_param_count", "locked": false, "schema_version": 3, "solution": true}
# exercise: vgg_param_count
def vgg_param_count(blocks, classes=1000, side=224, channels=3, hidden=4096):
    """Parameters of the convolutions and of the fully connected layers, biases included: two ints.

    blocks: list of lists of pairs (maps, k). side, channels: of the pictures, which are square.
    """
    ### BEGIN SOLUTION
    convolutional = 0
    for block in blocks:
        for maps, k in block:
            convolutional += grouped_conv_params(channels, maps, k)
            channels = maps
        side //= 2
    fully_connected, inputs = 0, channels * side * side
    for units in (hidden, hidden, classes):
        fully_connected += (inputs + 1) * units
        inputs = units
    return convolutional, fully_connected
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_vgg_param_count", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_vgg_param_count (4 points)
check.vgg_param_count(vgg_param_count)
### BEGIN HIDDEN TESTS
check.vgg_param_count(vgg_param_count, seed=82)
vgg19 = [[(64, 3)] * 2, [(128, 3)] * 2] + [[(maps, 3)] * 4 for maps in (256, 512, 512)]
same(vgg_param_count(vgg19, side=32, hidden=512), [20_024_384, 1_038_312], "a hidden VGG-19 for small pictures")
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Find the error in the lecture: VGG
#
# Slide 37 says of VGG-16: “Super large (134M parameters), mainly because of the flatten + fully-connected layers”,
# and “Large kernel sizes (7x7 and 5x5)”. You have the means to judge both.
#
# ### By hand: `largest_kernels`
# *Difficulty 1/5 · about 2 minutes · 1 point*
#
# How many pixels is the side of the largest convolution kernel in each of these networks? Click through the first
# boxes of the strip at the beginning if you do not know it by heart.

# %% nbgrader={"grade": false, "grade_id": "largest_kernels", "locked": false, "schema_version": 3, "solution": true}
# exercise: largest_kernels
largest_kernels = [None,  # LeNet-5
                   None,  # AlexNet
                   None,  # VGG-16
                   None]  # Inception v1
### BEGIN SOLUTION
largest_kernels = [5, 11, 3, 7]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_largest_kernels", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_largest_kernels (1 point)
check.by_hand("largest_kernels", largest_kernels)
### BEGIN HIDDEN TESTS
same(largest_kernels, [5, 11, 3, 7], "largest_kernels")
### END HIDDEN TESTS

# %% [markdown]
# So the slide turns VGG upside down: its whole point was to have *no* large kernels. 7×7 and 5×5 are what it
# replaced. (The network of this lecture with both a 7×7 and 5×5 kernels is the one on the next slide.)
#
# ### By hand: `candidates`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# And 134M? VGG-16 has 138,357,544 parameters, which nobody rounds to 134. But the number is too good to be invented.
# Three suspects:
# - **configuration C** of the paper: as VGG-16, but the third convolution of blocks 3, 4 and 5 is 1×1;
# - **VGG-16 with 10 classes** instead of 1000, as one builds it for a smaller task;
# - **VGG-16 without its last layer**, as one uses it when another network is to go on from the 4096 numbers.
#
# Let your function count, for pictures of $224\times224$, and give the parameters of each whole network.

# %% nbgrader={"grade": false, "grade_id": "candidates", "locked": false, "schema_version": 3, "solution": true}
# exercise: candidates
candidates = [None,  # configuration C, 1000 classes
              None,  # VGG-16, 10 classes
              None]  # VGG-16 without its last layer
### BEGIN SOLUTION
candidates = [133_638_952, 134_301_514, 134_260_544]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_candidates", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_candidates (2 points)
check.by_hand("candidates", candidates)
### BEGIN HIDDEN TESTS
same(candidates, [133_638_952, 134_301_514, 134_260_544], "candidates")
### END HIDDEN TESTS

# %% [markdown]
# All three round to 134 million. Which one was it? The number alone cannot tell. But table 2 of the paper lists its
# configurations in millions, and there 134 stands under C, right beside the 138 of D, which is VGG-16: one column is
# quickly mistaken for the next. (The other half of the sentence is right: you counted that 89 percent sit behind
# flatten.)
#
# **Explain it to a friend:** somebody reports the size of a network. Which three things must you know besides its
# name, before you can recount it?

# %% [markdown]
# ## 5 · Convolution, batch norm, ReLU
#
# Since 2015 hardly any network is built of bare convolutions. The usual brick is **convolution, batch norm, ReLU**,
# in this order, and the coding session asks for it too.
#
# ### Code: `conv_block`
# *Difficulty 2/5 · about 6 minutes · 3 points*
#
# Two details. With stride 1 and an odd `k` the block keeps rows and columns, so you know the padding. And the
# convolution has **no bias**: batch norm subtracts the mean of each channel, and a bias with it, whatever its value;
# the bias of batch norm itself takes that place. (`bias=False` is the argument; `nn.BatchNorm2d(maps)` is the layer.)
# If you write a class, make the layers in the order in which X meets them, for the check puts in weights of its own.

# %% nbgrader={"grade": false, "grade_id": "conv_block", "locked": false, "schema_version": 3, "solution": true}
# exercise: conv_block
def conv_block(channels, maps, k=3, stride=1):
    """Convolution, batch norm, ReLU, an nn.Module: (N, channels, H, W) -> (N, maps, H / stride, W / stride).

    k: side of the kernel, odd. The sides that come out are rounded up.
    """
    ### BEGIN SOLUTION
    convolution = nn.Conv2d(channels, maps, k, stride=stride, padding=k // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(maps), nn.ReLU())
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv_block", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_conv_block (3 points)
# In both modes, with running statistics that differ from those of the batch.
def run(x, weights, channels, maps, k, stride, statistics, training):
    block = conv_block(channels, maps, k, stride).double()
    if not weights:
        return [list(parameter.shape) for parameter in block.parameters()]
    for parameter, weight in zip(block.parameters(), weights, strict=True):
        parameter.data = torch.tensor(weight)
    for buffer, value in zip(block.buffers(), statistics, strict=False):  # the running mean and variance come first
        buffer.data = torch.tensor(value)
    return block.train(training)(torch.from_numpy(x)).detach().numpy()


check.conv_block(probe(run))
### BEGIN HIDDEN TESTS
check.conv_block(probe(run), seed=83)


def by_default():
    return [list(conv_block(2, 4)(torch.zeros(3, 2, 6, 7)).shape),
            *[list(parameter.shape) for parameter in conv_block(2, 4).parameters()]]


same(probe(by_default)(), [[3, 4, 6, 7], [4, 2, 3, 3], [4], [4]], "conv_block(2, 4) without k and stride")
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: two of 3×3, or one of 5×5?
#
# Now the question of section 3, on 500 digits. Four networks that differ in one brick, which stands in each of them
# twice:
#
# - **one 5×5**, 16 maps wide;
# - **two 3×3**, as wide: the same window with 28 percent fewer weights;
# - **two 3×3, wider**: 19 maps, which makes its parameters almost equal to those of the first;
# - **two 3×3, straight**: the second network without the ReLU *between* the two. Two linear layers in a row are one
#   linear layer.
#
# Three seeds each; the seed draws the digits, the weights and the batches. **Predict first:** put the four in order.
# If the second beats the first, what will the fourth tell you?

# %% tags=["raises-exception"]
def straight(block):
    """The layers of a block without its ReLU."""
    return nn.Sequential(*(layer for layer in block.modules() if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))))


BRICKS = {
    "one 5×5": (16, lambda w: [conv_block(w, w, 5)]),
    "two 3×3": (16, lambda w: [conv_block(w, w), conv_block(w, w)]),
    "two 3×3,\nwider": (19, lambda w: [conv_block(w, w), conv_block(w, w)]),
    "two 3×3,\nstraight": (16, lambda w: [straight(conv_block(w, w)), conv_block(w, w)]),
}


def network(width, brick, channels=1):
    return nn.Sequential(conv_block(channels, width), nn.MaxPool2d(2), *brick(width), nn.MaxPool2d(2), *brick(width),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def compared(pool, test, count, recipe, channels=1):
    """The errors in percent of three seeds of each of BRICKS, and their picture."""
    wrong = {}
    for name, (width, brick) in BRICKS.items():
        wrong[name] = []
        for seed in range(3):
            order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))
            torch.manual_seed(seed)
            net = network(width, brick, channels)
            train(net, pool[order[:count]], recipe, seed=seed, rows=1, show=False)
            wrong[name].append(100 - 100 * evaluate(net, test).accuracy)
        print(f"{' '.join(name.split()):18} {models.parameters(net):7,} parameters   wrong, %:",
              "  ".join(f"{share:5.1f}" for share in wrong[name]))
    figures.spread(list(wrong), {"test": np.array(list(wrong.values()))}, "brick", "wrong, %",
                   "Each point is one run, the line their mean. All else is equal: digits, epochs, learning rate.")


recipe = Recipe("", epochs=10, batch_size=32, optimizer="adamw", lr=0.03, weight_decay=0.01)
compared(images("mnist5k"), images("mnist5k", "test"), 500, recipe)

# %% [markdown]
# Read your own numbers first; here is what we found. The two small kernels were at least as good as the large one,
# with fewer weights, though at this learning rate a seed can turn the order round. And the straight network came
# last, at every rate that we tried, points behind the second one, whose window and weights it has. (It is behind the
# one 5×5 as well, which has just as many ReLUs: taken apart without a ReLU, two 3×3 can only make some of the 5×5
# kernels, and are harder to train. The ReLU in between makes up for that, and more.) So what the stack adds is not the
# window, and not the saving. It is *the ReLU in the middle*.
#
# Now spoil the comparison: set `lr=0.01` in the cell above, and run it again. The gap between the first two grows to
# two or three points. Which of the two gaps would you print? A comparison is fair if each side has the learning rate
# that is best *for it*; the larger gap is mostly that of a network that had not finished learning. So “smaller
# kernels are better” is a hint here, and “the ReLU counts” a finding.
#
# **Question:** the wider network costs more multiply-adds than the one beside it. How much more, for how many points?

# %% tags=["raises-exception"]
if full("the same on all of CIFAR-10, which a GPU makes short and two cores make long"):
    recipe = Recipe("", epochs=10, batch_size=128, optimizer="adamw", lr=0.01, weight_decay=0.01, flip=True, crop=2)
    compared(images("cifar10"), images("cifar10", "test"), 50_000, recipe, channels=3)

# %% [markdown]
# ## 6 · Four kernels side by side
#
# Slide 38. How large should a kernel be? Inception's answer: take several sizes *in parallel*, and lay their maps
# side by side (**concat**). All branches read the same maps and keep rows and columns; their channels add up.
#
# Done naively that is expensive: a 5×5 kernel on 192 channels has 4,800 weights, for a single map. So a **1×1
# convolution** goes in front. It sees one pixel, and mixes all channels there: a little fully connected layer at each
# place. With it 192 channels become 16, and then 5×5 is cheap.
#
# ### By hand: `inception_3a`
# *Difficulty 3/5 · about 7 minutes · 2 points*
#
# The first block of Inception v1 gets 192 channels:
#
# | branch | as published | naive |
# |---|---|---|
# | 1 | 1×1 to **64** maps | the same |
# | 2 | 1×1 to 96, then 3×3 to **128** | 3×3 to **128** |
# | 3 | 1×1 to 16, then 5×5 to **32** | 5×5 to **32** |
# | 4 | 3×3 max pool with stride 1, then 1×1 to **32** | the pool alone |
#
# How many maps does the concat give, and how many *weights* (no biases) has the block: as published, then naive?

# %% nbgrader={"grade": false, "grade_id": "inception_3a", "locked": false, "schema_version": 3, "solution": true}
# exercise: inception_3a
inception_3a = [None,  # maps, as published
                None,  # weights, as published
                None,  # maps, naive
                None]  # weights, naive
### BEGIN SOLUTION
inception_3a = [256, 163_328, 416, 387_072]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_inception_3a", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_inception_3a (2 points)
check.by_hand("inception_3a", inception_3a)
### BEGIN HIDDEN TESTS
same(inception_3a, [256, 163_328, 416, 387_072], "inception_3a")
### END HIDDEN TESTS

# %% [markdown]
# Look at the naive maps. Its pool hands on all 192 channels, so every block would be wider than the one before,
# without end. The 1×1 behind the pool is there to stop that.
#
# ### Code: `inception_block`
# *Difficulty 4/5 · about 10 minutes · 5 points*
#
# The coding session's second brick. As in the network of 2014: every convolution has a bias and a ReLU behind it, and
# there is no batch norm yet. An `nn.Sequential` runs one layer *after* another; here four have to run on the same
# input, so begin with a module of your own that does just that. The check takes your parameters in any order.

# %% nbgrader={"grade": false, "grade_id": "inception_block", "locked": false, "schema_version": 3, "solution": true}
# exercise: inception_block
class SideBySide(nn.Module):
    """Runs branches, each an nn.Module, on the same input, and lays their maps side by side."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)  # a plain list would hide their parameters

    def forward(self, X):
        ### BEGIN SOLUTION
        return torch.cat([branch(X) for branch in self.branches], dim=1)
        ### END SOLUTION


def inception_block(channels, one, three, five, pool):
    """An Inception block, an nn.Module: (N, channels, H, W) -> (N, one + three[1] + five[1] + pool, H, W).

    one: maps of the 1x1 branch. three, five: pairs, maps of the 1x1 reduction and of the 3x3 or 5x5 convolution
    behind it. pool: maps of the 1x1 convolution behind the pool. In the output the maps lie in this order.
    """
    ### BEGIN SOLUTION
    def convolve(inputs, maps, k):
        return nn.Sequential(nn.Conv2d(inputs, maps, k, padding=k // 2), nn.ReLU())

    return SideBySide(
        convolve(channels, one, 1),
        nn.Sequential(convolve(channels, three[0], 1), convolve(*three, 3)),
        nn.Sequential(convolve(channels, five[0], 1), convolve(*five, 5)),
        nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolve(channels, pool, 1)))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_inception_block", "locked": true, "points": 5, "schema_version": 3, "solution": false}
# test: test_inception_block (5 points)
# No two of the parameters have one shape, so each gets its numbers by its shape.
def run(x, weights, channels, one, three, five, pool):
    block = inception_block(channels, one, three, five, pool).double().eval()
    if not weights:
        return [list(parameter.shape) for parameter in block.parameters()]
    given = {weight.shape: weight for weight in weights}
    for parameter in block.parameters():
        parameter.data = torch.tensor(given[tuple(parameter.shape)])
    return block(torch.from_numpy(x)).detach().numpy()


check.inception_block(probe(run))
### BEGIN HIDDEN TESTS
check.inception_block(probe(run), seed=84)
### END HIDDEN TESTS

# %% [markdown]
# Nine of your blocks, and you have Inception v1, also known as GoogLeNet, winner of ImageNet 2014. The table is that
# of the paper. **Predict first:** AlexNet has 61.1 million parameters. How many has this one?

# %% tags=["raises-exception"]
TABLE = [(192, 64, (96, 128), (16, 32), 32), (256, 128, (128, 192), (32, 96), 64), "pool",
         (480, 192, (96, 208), (16, 48), 64), (512, 160, (112, 224), (24, 64), 64),
         (512, 128, (128, 256), (24, 64), 64), (512, 112, (144, 288), (32, 64), 64),
         (528, 256, (160, 320), (32, 128), 128), "pool",
         (832, 256, (160, 320), (32, 128), 128), (832, 384, (192, 384), (48, 128), 128)]


def googlenet():
    """The whole network: a few layers in front, nine blocks, global average pooling and one linear layer."""
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    front = [nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), pool, nn.Conv2d(64, 64, 1), nn.ReLU(),
             nn.Conv2d(64, 192, 3, padding=1), nn.ReLU(), pool]
    blocks = [pool if row == "pool" else inception_block(*row) for row in TABLE]
    return nn.Sequential(*front, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))


with torch.device("meta"):
    first, yours = inception_block(*TABLE[0]), googlenet()
    print("block 3a:", list(first(torch.empty(1, 192, 28, 28)).shape), f"and {models.parameters(first):,} parameters")
    print("yours:   ", list(yours(torch.empty(1, 3, 224, 224)).shape), f"and {models.parameters(yours):,} parameters")
    print("the zoo's:", " " * 11, f"{models.parameters(zoo['Inception v1 (2015)']):,}")
    print(f"AlexNet has {models.parameters(zoo['AlexNet (2012)']) / models.parameters(yours):.1f} times as many")

# %% [markdown]
# Two things came together here: 1×1 reductions, and a head that does not flatten: global average pooling leaves 1,024
# numbers. (The paper says “12 times fewer” than AlexNet. You have counted; so you may say otherwise. And if you meet
# a GoogLeNet of 6.6 million parameters in torchvision: it has batch norm, and in the third branch, by a mistake that
# was found when its weights were already out, 3×3 kernels.)

# %% [markdown]
# ## 7 · Who pays where?
#
# Parameters take memory, multiply-adds take time. Section 2 said that AlexNet's parameters sit in its fully connected
# layers. Is that where it works, too?
#
# ### Experiment: parameters against multiply-adds
#
# Each of the five networks is counted layer by layer on the meta device (`models.costs`), and the layers are added up
# in two heaps, convolutions and fully connected ones. **Predict first:** which network does most multiply-adds *for
# each parameter*? Which fewest?

# %% tags=["raises-exception"]
def heaps(model, shape):
    """Two pairs (parameters, multiply-adds): those of the convolutions, and those of the fully connected layers."""
    lines = models.costs(model, shape)
    return [[sum(line.parameters for line in lines if isinstance(line.layer, kind)),
             sum(line.macs for line in lines if isinstance(line.layer, kind))] for kind in (nn.Conv2d, nn.Linear)]


bill = np.array([heaps(model, shapes[name]) for name, model in zoo.items()])  # network, kind of layer, number
print(f"{'(FC: fully connected)':21}{'parameters':>11}{'in FC':>9}{'multiply-adds':>19}{'in FC':>9}{'for each parameter':>20}")
for (name, model), (_, (dense, work)) in zip(zoo.items(), bill, strict=True):
    size, macs = models.parameters(model), models.macs(model, shapes[name])
    print(f"{name:20} {size:11,} {dense / size:8.1%} {macs:18,} {work / macs:8.1%} {macs / size:19.1f}")
places = [name.replace(" v1", "").replace(" (", "\n(") for name in zoo]
for number, what in enumerate(("parameters", "multiply-adds")):
    figures.spread(places, {"convolutions": bill[:, [0], number], "fully connected": bill[:, [1], number]}, "", what,
                   f"Where the {what} are. The scale is logarithmic: each line is ten times the one below.", log="y")

# %% [markdown]
# In AlexNet and VGG-16 the two pictures are mirror images: the fully connected layers have nearly all of the
# parameters, and do 8 and 1 percent of the work. There is a reason, and it makes a law. *A weight of a convolution is
# used once for each cell of its map, a weight of a fully connected layer once for each picture.* So the last column
# is simply the number of places at which an average weight is used. Inception does most, 226 for each parameter; LeNet
# fewest, 7.
#
# **Questions**
# - Take VGG-16's three fully connected layers away and put global average pooling and one linear layer there instead.
#   What share of the parameters do you save, and what share of the multiply-adds?
# - ResNet-152 has fewer parameters than AlexNet. Which of the two would you rather run on a phone?
# - Click the second convolution of each of VGG-16's first four blocks, in the strip above. What do you notice about
#   their multiply-adds? Channels and sides tell you why.

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("08_architectures")
questions

# %% [markdown]
# ## Stretch puzzle: two kernels in one
#
# Without a ReLU between them, two 3×3 convolutions are *one* 5×5 convolution. Find its kernel: a tensor of shape
# `(1, 1, 5, 5)` made from `a` and `b`. The rule: one call of `F.conv2d`, and `.flip`. (Then think the other way
# round: why can most 5×5 kernels not be taken apart?) No points, no hints.

# %% tags=["raises-exception"]
torch.manual_seed(8)
a, b = torch.randn(2, 1, 1, 3, 3)
picture = torch.randn(1, 1, 12, 12)

your_kernel = F.pad(a, (1, 1, 1, 1)) * F.pad(b, (1, 1, 1, 1))  # replace this

two = F.conv2d(F.conv2d(picture, a), b)
print("solved!" if torch.allclose(F.conv2d(picture, your_kernel), two, atol=1e-4) else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | LeNet-5 of 1998 has exactly 60,000 trained parameters, and neither max pool nor softmax | `lenet_1998` | slide 35, corrected; LeCun, Bottou, Bengio, Haffner (1998), section II.B |
# | AlexNet: 61,100,840 parameters, 58,631,144 of them fully connected | `alexnet` | slide 36; Krizhevsky, [arXiv:1404.5997](https://arxiv.org/abs/1404.5997) |
# | two groups halve a layer, and shrink AlexNet by two percent | `grouped_conv_params` and its experiment | slide 36; Krizhevsky, Sutskever, Hinton (2012) |
# | two 3×3 see what a 5×5 sees, with 73,728 weights against 102,400 | `stacked`, the gradient | Simonyan, Zisserman, [arXiv:1409.1556](https://arxiv.org/abs/1409.1556), section 2.3 |
# | VGG-16: 138,357,544 = 14,714,688 + 123,642,856 | `vgg16`, `vgg_param_count` | slide 37 |
# | VGG has no large kernels, and 134M is another network's number | `largest_kernels`, `candidates` | slide 37, corrected; Simonyan, Zisserman, tables 1 and 2 |
# | what a stack of two adds is the ReLU between them | the experiment of section 5, three seeds | your own run |
# | before batch norm a bias does nothing | `conv_block` | coding session; Ioffe, Szegedy, [arXiv:1502.03167](https://arxiv.org/abs/1502.03167), section 3.2 |
# | 1×1 reductions: 163,328 weights instead of 387,072 | `inception_3a`, `inception_block` | slide 38, coding session; Szegedy and others, [arXiv:1409.4842](https://arxiv.org/abs/1409.4842), table 1 |
# | parameters and multiply-adds sit in different places | section 7 | slides 29 and 36-39, recounted |
#
# **Next:** notebook 09 asks why one cannot just go on and stack 152 of these layers, and what a little sum changes
# about that.
