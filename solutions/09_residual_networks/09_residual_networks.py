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
# # 09 · Residual networks
#
# From year to year networks got deeper and better, until deeper was *worse*. Not on new pictures, which would be no
# surprise: on the very pictures they were trained on. Slide 40 shows the riddle, slide 41 the answer, and the answer is
# one plus sign. You will write it, build every ResNet for CIFAR with it, and watch what it changes. Then you hold the
# slide's explanation against your own numbers.
#
# **By the end you can**
# - tell a network that overfits from one that cannot be trained;
# - write a residual block with each of its shortcuts, and count what it costs;
# - measure what gradients do on their way through 56 layers, and believe what you find;
# - say what DenseNet and squeeze-and-excitation change, in a few lines of code each;
# - recount a famous table, and find the row that is wrong.
#
# It covers slides 39 to 43 and takes about 90 minutes. A GPU is used if there is one, and not needed.

# %% tags=["setup"]
from dataclasses import replace

import course_lib  # before torch, so that it can say how torch's threads wait for each other
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import figures, models, training
from course_lib.budget import budget, full
from course_lib.checks import hint, probe, residual_networks as check, same
from course_lib.gradients import gradient_norms
from course_lib.quiz import quiz, recall
from course_lib.widgets import ArchitectureStrip, DepthExplorer

print(f"Budget: {budget()}. PyTorch {torch.__version__} computes on: {training.device()}.")

# %% [markdown]
# ## Play first
#
# Slide 40, with networks that we trained on small digits, three times each: some plain, some residual. Add depths one
# by one, and watch the *training* error. From which depth on does a plain network get worse? Do the residual ones?
# (Below the curves the widget asks for a prediction about gradients. Leave that closed; we come back to it in section
# 4.)

# %%
explorer = DepthExplorer()
explorer

# %% [markdown]
# Three cards from earlier notebooks. Say the answer aloud, then open the card.

# %%
recall("09_residual_networks")

# %% [markdown]
# ## 1 · One plus sign
#
# Look at slide 40 again. The network with 56 layers is worse on the *training* set. So it does not overfit: whoever
# overfits is good on what he has seen. It is a riddle, too. The 56 layers could do everything that the 20 can: let
# twenty of them do the work, and the others hand on what they get. That solution is there, and training does not find
# it.
#
# How hard is it to hand on what you get? A convolution can do it, with a 1 in the middle of the right kernels and 0
# everywhere else, and a ReLU lets pass what is not negative; but all those numbers have to be *learned*. Slide 41 turns
# the question round. Hand the input on for nothing, and let the layers learn only what is to be *added* to it:
#
# $$y = \mathrm{relu}\big(f(x) + x\big)$$
#
# To do nothing, $f$ must be 0, and for that it is enough that its last batch norm multiplies by 0 and adds 0. $f$ is
# called the *residual*, what is left to do; the $+\,x$ is the **shortcut**. (The slide cites “ECCV 2015”. There is no
# ECCV in odd years: the paper was put on arXiv in December 2015, and presented at CVPR 2016.)
#
# ### By hand: `one_block`
# *Difficulty 2/5 · about 4 minutes · 2 points*
#
# A block of single numbers: $f(x) = -0.25 \cdot \mathrm{relu}(2x)$, and $x = 3$. What is $f(3)$? What are $y$ and the
# derivative $dy/dx$ of the residual block, $y = \mathrm{relu}(f(x) + x)$? And what are they for the plain one,
# $y = \mathrm{relu}(f(x))$? Stuck? Run `hint("one_block")` in a cell of your own; each call opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "one_block", "locked": false, "schema_version": 3, "solution": true}
# exercise: one_block
one_block = [None,  # f(3)
             None,  # residual: y
             None,  # residual: dy/dx
             None,  # plain: y
             None]  # plain: dy/dx
### BEGIN SOLUTION
one_block = [-1.5, 1.5, 0.5, 0, 0]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_one_block", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_one_block (2 points)
check.by_hand("one_block", one_block)
### BEGIN HIDDEN TESTS
same(one_block, [-1.5, 1.5, 0.5, 0, 0], "one_block")
### END HIDDEN TESTS

# %% [markdown]
# The same $f$, and one block learns while the other is dead: the derivative of $f(x) + x$ is $f'(x) + 1$.
#
# ### Code: `BasicBlock`
# *Difficulty 3/5 · about 12 minutes · 5 points*
#
# The block of slide 41 for pictures. $f$ is: a $3\times3$ convolution with the stride, batch norm, ReLU, a second
# $3\times3$ convolution, batch norm. Both convolutions pad by 1 and have no bias. Then comes the addition, then a ReLU.
#
# But one can only add what has the same shape. Where the stride is 2, or the number of channels changes, the shortcut
# has to do something about it, and the paper offers several ways (section 4.1):
#
# | `option` | shortcut where the shape stays | shortcut where stride or channels change it |
# |---|---|---|
# | `"A"` | X itself | every `stride`-th pixel of X, from the first one on, and channels of zeros behind its own: no parameters |
# | `"B"` | X itself | a $1\times1$ convolution with the stride and without bias, then batch norm |
# | `None` | none at all | none at all: a plain network, for comparison |
#
# `F.pad(X, (0, 0, 0, 0, 0, more))` puts `more` channels of zeros behind those of X: its numbers go from the last axis
# to the first, two for each. Make the layers in `__init__` in the order in which X meets them, those of the shortcut
# last, for the check puts weights of its own in. (A residual block is a TODO of the lecture's coding session, too.)

# %% nbgrader={"grade": false, "grade_id": "BasicBlock", "locked": false, "schema_version": 3, "solution": true}
# exercise: BasicBlock
class BasicBlock(nn.Module):
    """relu(f(X) + shortcut(X)), f two convolutions with batch norm: (N, channels_in, H, W) -> (N, channels_out, H', W').

    H' and W' are H and W divided by stride, rounded up. option: "A", "B" or None, as in the table above.
    """

    def __init__(self, channels_in, channels_out, stride=1, option="A"):
        super().__init__()
        ### BEGIN SOLUTION
        self.f = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out))
        self.stride, self.more, self.option = stride, channels_out - channels_in, option
        self.projection = None
        if option == "B" and (stride != 1 or self.more):
            self.projection = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))
        ### END SOLUTION

    def forward(self, X):
        ### BEGIN SOLUTION
        Y = self.f(X)
        if self.option is None:
            return F.relu(Y)
        if self.projection:
            return F.relu(Y + self.projection(X))
        # Where the shape stays, this is X itself.
        return F.relu(Y + F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more)))
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_BasicBlock", "locked": true, "points": 5, "schema_version": 3, "solution": false}
# test: test_BasicBlock (5 points)
# The check hands in kernels first, then the numbers of the batch norms, each in the order of your __init__.
def run(x, weights, channels_in, channels_out, stride, option):
    block = BasicBlock(channels_in, channels_out, stride, option).double()
    parameters = sorted(block.parameters(), key=lambda parameter: parameter.ndim == 1)
    if not weights:
        return [list(parameter.shape) for parameter in parameters]
    for parameter, weight in zip(parameters, weights, strict=True):
        parameter.data = torch.tensor(weight)
    return block(torch.from_numpy(x)).detach().numpy()


check.BasicBlock(probe(run))
### BEGIN HIDDEN TESTS
check.BasicBlock(probe(run), seed=90)
### END HIDDEN TESTS

# %% tags=["raises-exception"]
maps = torch.randn(1, 16, 32, 32)
for stride, channels_out in ((1, 16), (2, 32)):
    for option in ("A", "B", None):
        block = BasicBlock(16, channels_out, stride, option)
        count = sum(parameter.numel() for parameter in block.parameters())
        print(f"16 -> {channels_out} channels, stride {stride}, option {option!s:4} gives {list(block(maps).shape)},",
              f"{count:,} parameters")

# %% [markdown]
# ## 2 · Counting to 152
#
# For ImageNet the deeper networks use another block. A **bottleneck** has three layers: a $1\times1$ convolution to few
# channels, the $3\times3$ one on those, and a $1\times1$ convolution back to many. Slide 39 draws ResNet-152 with four
# boxes: 3×, 8×, 36× and 3× such a block. In front of them stands one convolution, behind them one fully connected
# layer.
#
# ### By hand: `layers`
# *Difficulty 1/5 · about 4 minutes · 2 points*
#
# What is counted are convolutions and fully connected layers along the way; pools, batch norms and what lies in a
# shortcut are not. How many layers have ResNet-50, with 3, 4, 6 and 3 blocks, and ResNet-101, with 3, 4, 23 and 3? How
# many *blocks* has ResNet-152, and how many layers? And **find the error in the lecture**: between its boxes the slide
# draws three more blocks, each with a convolution in its shortcut. How many layers would its picture have?

# %% nbgrader={"grade": false, "grade_id": "layers", "locked": false, "schema_version": 3, "solution": true}
# exercise: layers
layers = [None,  # layers of ResNet-50
          None,  # layers of ResNet-101
          None,  # blocks of ResNet-152
          None,  # layers of ResNet-152
          None]  # layers of slide 39, as it is drawn
### BEGIN SOLUTION
layers = [50, 101, 50, 152, 161]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_layers", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_layers (2 points)
check.by_hand("layers", layers)
### BEGIN HIDDEN TESTS
same(layers, [50, 101, 50, 152, 161], "layers")
### END HIDDEN TESTS

# %% [markdown]
# The three extra blocks of the slide are no extra blocks. The *first* block of each stage has a convolution in its
# shortcut, since the shape changes there, and it is one of the 3, 8, 36 and 3. There are four of them, and not three.
# See for yourself, in the network as it is built: in its strip every stage is one block with a convolution below it, and
# then the others.

# %%
with torch.device("meta"):  # shapes without numbers: nothing is allocated
    deepest = models.build("resnet152")
for stage, blocks in enumerate(deepest.stages, start=1):
    projections = [number for number, block in enumerate(blocks, start=1) if not isinstance(block.shortcut, nn.Identity)]
    print(f"stage {stage}: {len(blocks):2} blocks, with a convolution in the shortcut of number {projections}")
ArchitectureStrip({"ResNet-152": deepest}, input=(3, 224, 224))

# %% [markdown]
# ## 3 · All ResNets for CIFAR
#
# For pictures of $32\times32$ pixels the paper uses a simpler family (section 4.2), of which every depth $6n + 2$
# exists:
#
# | | layers | channels | size |
# |---|---|---|---|
# | first | convolution $3\times3$, batch norm, ReLU | 16 | $32\times32$ |
# | stage 1 | $n$ basic blocks | 16 | $32\times32$ |
# | stage 2 | $n$ basic blocks, the first with stride 2 | 32 | $16\times16$ |
# | stage 3 | $n$ basic blocks, the first with stride 2 | 64 | $8\times8$ |
# | head | mean of each map, fully connected layer | classes | |
#
# ### By hand: `resnet20_parameters`
# *Difficulty 2/5 · about 7 minutes · 2 points*
#
# ResNet-20 has $n = 3$, option A and ten classes. Convolutions have no bias, a batch norm has two parameters for each
# channel. How many parameters have the first row, the three stages and the head, and how many are they together?

# %% nbgrader={"grade": false, "grade_id": "resnet20_parameters", "locked": false, "schema_version": 3, "solution": true}
# exercise: resnet20_parameters
resnet20_parameters = [None,  # first convolution and its batch norm
                       None,  # stage 1
                       None,  # stage 2
                       None,  # stage 3
                       None,  # head
                       None]  # together
### BEGIN SOLUTION
resnet20_parameters = [464, 14_016, 51_072, 203_520, 650, 269_722]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_resnet20_parameters", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_resnet20_parameters (2 points)
check.by_hand("resnet20_parameters", resnet20_parameters)
### BEGIN HIDDEN TESTS
same(resnet20_parameters, [464, 14_016, 51_072, 203_520, 650, 269_722], "resnet20_parameters")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `resnet_cifar`
# *Difficulty 3/5 · about 9 minutes · 4 points*
#
# All of them in one function, of your blocks. `width` is the number of channels of stage 1; the stages have `width`,
# `2 * width` and `4 * width`. PyTorch finds layers only inside of modules, so put the list of blocks into
# `nn.Sequential(*blocks)`.

# %% nbgrader={"grade": false, "grade_id": "resnet_cifar", "locked": false, "schema_version": 3, "solution": true}
# exercise: resnet_cifar
def resnet_cifar(depth, option="A", width=16, channels=3, classes=10):
    """The network of the table, an nn.Module: pictures (N, channels, H, W) -> logits (N, classes).

    depth: 6 n + 2. option: that of every BasicBlock.
    """
    ### BEGIN SOLUTION
    stem = [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    blocks, before = [], width
    for stage in range(3):
        for number in range((depth - 2) // 6):
            blocks.append(BasicBlock(before, width * 2**stage, 2 if stage and not number else 1, option))
            before = width * 2**stage
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes)]
    return nn.Sequential(*stem, *blocks, *head)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_resnet_cifar", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_resnet_cifar (4 points)
def run(x, weights, depth, option, width, channels, classes):
    model = resnet_cifar(depth, option, width, channels, classes).double()
    parameters = sorted(model.parameters(), key=lambda parameter: parameter.ndim == 1)
    if not weights:
        return [list(parameter.shape) for parameter in parameters]
    for parameter, weight in zip(parameters, weights, strict=True):
        parameter.data = torch.tensor(weight)
    return model(torch.from_numpy(x)).detach().numpy()


check.resnet_cifar(probe(run))
### BEGIN HIDDEN TESTS
check.resnet_cifar(probe(run), seed=91)
### END HIDDEN TESTS

# %% [markdown]
# What do depth and shortcuts cost? **Predict first:** by how many parameters do the plain network and option A differ,
# at the same depth? Is ResNet-56 about three times as large as ResNet-20, or more?

# %% tags=["raises-exception"]
def parameters_of(build, *arguments):
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build(*arguments).parameters())


print("depth", *(f"{name:>12}" for name in ("plain", "option A", "option B")))
for depth in (20, 32, 44, 56, 110):
    print(f"{depth:5}", *(f"{parameters_of(resnet_cifar, depth, option):12,}" for option in (None, "A", "B")))

# %% [markdown]
# ## 4 · Plain against residual
#
# Now slide 40, for you to repeat. CIFAR-10 takes hours without a GPU, so we take small digits, $8\times8$ pixels, your
# networks with 8 channels, and six epochs. The paper starts its convolutions with weights of a particular size (He and
# others, 2015), so that numbers neither grow nor shrink through many ReLUs; we do the same. **Predict first:** put the
# four in order, by their error on the pictures that they are trained on.

# %% tags=["raises-exception"]
digits, unseen = training.images("digits"), training.images("digits", "test")


def new(depth, option, seed=0):
    """Your network for digits, its convolutions started as in the paper."""
    torch.manual_seed(seed)
    model = resnet_cifar(depth, option, width=8, channels=1)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model.to(training.device())


FOUR = {"plain-20": (20, None), "ResNet-20": (20, "A"), "plain-56": (56, None), "ResNet-56": (56, "A")}
runs = {}
print(f"{'':12}{'training error':>15}{'test error':>12}{'seconds':>9}")
for name, (depth, option) in FOUR.items():
    # Judged after each epoch on what it is trained on: that is what the riddle is about.
    runs[name] = training.train(new(depth, option), digits, training.RECIPES["depth"], validation=digits, show=False)
    errors = [1 - training.evaluate(runs[name].model, images).accuracy for images in (digits, unseen)]
    print(f"{name:12}{errors[0]:15.1%}{errors[1]:12.1%}{runs[name].seconds:9.1f}")
errors = {name: [100 * (1 - row["validation_accuracy"]) for row in run.history] for name, run in runs.items()}
figures.curves(range(1, 7), errors, "epoch", "training error, %",
               "Four of your networks, judged on the digits that they are trained on.")

# %% [markdown]
# There it is again. (One seed is an anecdote, as you know from notebook 07; the widget above holds three of each
# depth. ResNet-56 is a little behind ResNet-20 here: six epochs are short, and $8\times8$ digits do not need 56
# layers.) Now the explanation. “Gradient struggles to reach earlier layers”, says slide 40. It sounds right: the
# gradient comes from behind, and is multiplied at every layer on its way to the front.
#
# ### Predict: `gradients_will`
# *Difficulty 1/5 · about 2 minutes · 1 point, for daring*
#
# Take the plain network of 56 layers *before its first step*, show it 64 digits, and compute the gradient of each
# convolution's weights. On the way from the last layer to the first, will the size of the gradient `"vanish"`, `"stay"`
# about the same, or `"explode"`?

# %% nbgrader={"grade": false, "grade_id": "gradients_will", "locked": false, "schema_version": 3, "solution": true}
# exercise: gradients_will
gradients_will = None
### BEGIN SOLUTION
gradients_will = "vanish"  # as the slide says; no guess is wrong
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_gradients_will", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_gradients_will (1 point)
check.prediction("gradients_will", gradients_will)

# %% [markdown]
# Now measure; the next cell waits for your prediction. `gradient_norms` (in `course_lib/gradients.py`, twenty lines) does
# what one step of training does, up to the step, and gives the length of the gradient for each convolution.

# %% tags=["raises-exception"]
check.prediction("gradients_will", gradients_will)
few = digits[:64]
norms = {name: list(gradient_norms(new(depth, option), few).values()) for name, (depth, option) in FOUR.items()}
print(f"{'before training':16}{'first layer':>12}{'last layer':>12}{'first / last':>14}")
for name, each in norms.items():
    print(f"{name:16}{each[0]:12.3g}{each[-1]:12.3g}{each[0] / each[-1]:14.3g}")
deep = {name: each for name, each in norms.items() if name.endswith("56")}
figures.curves(range(1, 56), deep, "convolution, from the input on", "norm of its gradient",
               "How much gradient arrives at each of the 55 convolutions, before the first step.", log="y")

# %% [markdown]
# Read the picture from right to left, as the gradient goes. And who is right? Let us be fair to the slide, and take
# away what networks did not have when the saying about vanishing gradients was young: batch norm.

# %% tags=["raises-exception"]
def without_norms(model):
    """The same network, each batch norm replaced by nothing."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return model


print(f"{'no batch norm':16}{'first layer':>12}{'last layer':>12}{'first / last':>14}")
for name, (depth, option) in FOUR.items():
    each = list(gradient_norms(without_norms(new(depth, option)), few).values())
    print(f"{name:16}{each[0]:12.3g}{each[-1]:12.3g}{each[0] / each[-1]:14.3g}")

# %% [markdown]
# ### Find the error in the lecture: `borne_out`
# *Difficulty 3/5 · about 5 minutes · 3 points*
#
# Which of these sentences do your own numbers bear out? 1 if they do, 0 if they do not. All of them speak of the
# networks *with* batch norm.
#
# 1. The plain network with 56 layers overfits.
# 2. More layers made the plain network worse on the very pictures it was trained on.
# 3. Before training, the gradient in the plain network with 56 layers gets smaller and smaller on its way to the first
#    layer.
# 4. Before training, first and last convolution of ResNet-56 get gradients of a similar size: less than a factor of 10
#    lies between them.
# 5. More layers hurt the residual network as much as the plain one.
# 6. The size of the first gradients is now *proved* to be the reason why plain-56 learns so little.

# %% nbgrader={"grade": false, "grade_id": "borne_out", "locked": false, "schema_version": 3, "solution": true}
# exercise: borne_out
borne_out = [None, None, None, None, None, None]
### BEGIN SOLUTION
borne_out = [0, 1, 0, 1, 0, 0]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_borne_out", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_borne_out (3 points)
check.by_hand("borne_out", borne_out)
### BEGIN HIDDEN TESTS
same(borne_out, [0, 1, 0, 1, 0, 0], "borne_out")
### END HIDDEN TESTS

# %% [markdown]
# With batch norm, the gradient does not struggle to reach the first layers of the plain network: before training it is
# hundreds of times as large there as at the last one. Without batch norm it is tiny, but in *every* layer: the picture
# itself has died away on its way forward, and what does not come through cannot be learned from. (He's weights should
# prevent that, but they do not reckon with the padding: on maps of $2\times2$ a $3\times3$ kernel sees 4 numbers and 5
# zeros, layer after layer. On larger pictures much less is lost. With PyTorch's own first weights, which are smaller,
# the gradients are about $10^{-27}$: `gradient_norms` gives 0, since even the square of such a number is too small for
# float32.)
#
# In ResNet-56 it is the other way round: each block adds to what comes in, nothing takes it back, and numbers and
# gradients grow. Shortcuts alone are not enough; batch norm keeps their sum in bounds.
#
# The paper knew. Its section 4.1 calls vanishing gradients an unlikely reason, for its plain networks had batch norm,
# and their gradients were found healthy; it guesses that deep plain networks converge exponentially slowly. That batch
# norm itself makes gradients *explode* with depth, where there are no shortcuts, was shown three years later, for wide
# fully connected networks (Yang and others, 2019).
#
# So much for the start. And afterwards? Go back to the widget, and look at the gradients *after training*. There
# plain-56 has turned round: its first layer now gets less than its last. A sentence about “the gradient” has to say
# when it was measured.
#
# **Explain it to a friend:** which one number would you look at first, to tell a network that overfits from one that
# cannot be trained?

# %% [markdown]
# ## 5 · DenseNet, and a table to recount
#
# Slide 42 says “more residuals!” over DenseNet (Huang and others, 2017). **Find the error in the lecture:** a residual
# block *adds*, and what was there before cannot be told from what came new. A DenseNet *concatenates*: each layer reads
# the maps of *all* layers before it in its block, and puts $k$ new ones behind them. $k$ is the **growth rate**.
#
# | | DenseNet | DenseNet-BC |
# |---|---|---|
# | first convolution, $3\times3$ | 16 maps | $2k$ maps |
# | three blocks of | (depth − 4) / 3 layers | (depth − 4) / 6 layers |
# | a layer | batch norm, ReLU, $3\times3$ to $k$ maps | batch norm, ReLU, $1\times1$ to $4k$ maps, batch norm, ReLU, $3\times3$ to $k$ maps |
# | between two blocks: a transition | batch norm, ReLU, $1\times1$ to as many maps, $2\times2$ average pool | the same, but to half as many maps |
# | head | batch norm, ReLU, mean of each map, fully connected | the same |
#
# No convolution has a bias; the fully connected layer has.
#
# ### By hand: `dense_channels`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# DenseNet with depth 40 and $k = 12$: how many layers has a block, and how many maps come out of each of the three
# blocks?

# %% nbgrader={"grade": false, "grade_id": "dense_channels", "locked": false, "schema_version": 3, "solution": true}
# exercise: dense_channels
dense_channels = [None,  # layers of a block
                  None,  # maps after block 1
                  None,  # after block 2
                  None]  # after block 3
### BEGIN SOLUTION
dense_channels = [12, 160, 304, 448]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dense_channels", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_dense_channels (1 point)
check.by_hand("dense_channels", dense_channels)
### BEGIN HIDDEN TESTS
same(dense_channels, [12, 160, 304, 448], "dense_channels")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `DenseLayer`
# *Difficulty 2/5 · about 7 minutes · 3 points*
#
# One layer of a block, with the bottleneck or without. Note the order: batch norm and ReLU come *before* the
# convolution. And what goes out is what came in, as it came in, with the new maps behind: `torch.cat([X, Y], dim=1)`.
# Make the layers in the order in which X meets them.

# %% nbgrader={"grade": false, "grade_id": "DenseLayer", "locked": false, "schema_version": 3, "solution": true}
# exercise: DenseLayer
class DenseLayer(nn.Module):
    """X, and growth new maps behind it: (N, channels, H, W) -> (N, channels + growth, H, W)."""

    def __init__(self, channels, growth, bottleneck=False):
        super().__init__()
        ### BEGIN SOLUTION
        steps = []
        if bottleneck:
            steps += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False)]
            channels = 4 * growth
        steps += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, growth, 3, padding=1, bias=False)]
        self.new = nn.Sequential(*steps)
        ### END SOLUTION

    def forward(self, X):
        ### BEGIN SOLUTION
        return torch.cat([X, self.new(X)], dim=1)
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_DenseLayer", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_DenseLayer (3 points)
def run(x, weights, channels, growth, bottleneck):
    layer = DenseLayer(channels, growth, bottleneck).double()
    parameters = sorted(layer.parameters(), key=lambda parameter: parameter.ndim == 1)
    if not weights:
        return [list(parameter.shape) for parameter in parameters]
    for parameter, weight in zip(parameters, weights, strict=True):
        parameter.data = torch.tensor(weight)
    return layer(torch.from_numpy(x)).detach().numpy()


check.DenseLayer(probe(run))
### BEGIN HIDDEN TESTS
check.DenseLayer(probe(run), seed=92)
### END HIDDEN TESTS

# %% tags=["raises-exception"]
X = torch.randn(1, 16, 8, 8)
came_in, channels = X, [16]
for _layer in range(12):
    X = DenseLayer(X.shape[1], 12)(X)
    channels.append(X.shape[1])
print("channels, layer by layer:", *channels)
print("The first 16 of the last are still what came in:", torch.equal(X[:, :16], came_in))

# %% [markdown]
# ### Code: `densenet_param_count`
# *Difficulty 3/5 · about 9 minutes · 4 points*
#
# All parameters of a DenseNet for colour pictures, *without* building it: go through the second table with a variable
# for the channels. With `bottleneck=True` it is a DenseNet-BC, and half of the maps means rounded down. Six rows of the
# slide's table wait for your function.

# %% nbgrader={"grade": false, "grade_id": "densenet_param_count", "locked": false, "schema_version": 3, "solution": true}
# exercise: densenet_param_count
def densenet_param_count(depth, growth, bottleneck=False, classes=10):
    """The parameters of a DenseNet (of a DenseNet-BC with bottleneck=True) for pictures of three channels, an int."""
    ### BEGIN SOLUTION
    channels = 2 * growth if bottleneck else 16
    count = 3 * channels * 9
    for number in range(3):
        for _layer in range((depth - 4) // (6 if bottleneck else 3)):
            wide = channels
            if bottleneck:
                count += 2 * channels + channels * 4 * growth
                wide = 4 * growth
            count += 2 * wide + wide * growth * 9
            channels += growth
        if number < 2:
            kept = channels // 2 if bottleneck else channels
            count += 2 * channels + channels * kept
            channels = kept
    return count + 2 * channels + (channels + 1) * classes
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_densenet_param_count", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_densenet_param_count (4 points)
check.densenet_param_count(densenet_param_count)
### BEGIN HIDDEN TESTS
check.densenet_param_count(densenet_param_count, seed=93)
same([densenet_param_count(*row) for row in ((40, 12), (100, 12), (100, 24))], [1_019_722, 6_979_642, 27_249_082],
     "three hidden rows of slide 42")
same([densenet_param_count(*row, True) for row in ((100, 12), (250, 24), (190, 40))], [769_162, 15_324_406, 25_624_430],
     "three hidden rows of slide 42, with the bottleneck")
### END HIDDEN TESTS

# %% [markdown]
# ### Find the error in the table: `recount`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# The table of slide 42 comes from the DenseNet paper. One of its rows says: *ResNet with Stochastic Depth*, depth 1202,
# 10.2M parameters. Stochastic depth leaves out blocks at random in training, and neither adds parameters nor takes any
# away. So it is ResNet-1202, and that you can count in your head, nearly. One block more in each stage adds the same
# number of parameters each time; ResNet-20, with three in each, has 269,722, and ResNet-56, with nine, has 853,018.
#
# How many parameters does one more block in each stage add? How many have ResNet-110 and ResNet-1202?

# %% nbgrader={"grade": false, "grade_id": "recount", "locked": false, "schema_version": 3, "solution": true}
# exercise: recount
recount = [None,  # for one more block in each stage
           None,  # ResNet-110
           None]  # ResNet-1202
### BEGIN SOLUTION
recount = [97_216, 1_727_962, 19_421_274]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_recount", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_recount (2 points)
check.by_hand("recount", recount)
### BEGIN HIDDEN TESTS
same(recount, [97_216, 1_727_962, 19_421_274], "recount")
### END HIDDEN TESTS

# %% [markdown]
# Here is the whole table, as it is printed and as it counts. Every network of it stands in `course_lib/models/`, built
# as its own paper describes it, and is counted there; beside the rows that your functions know stands what *they*
# count.

# %% tags=["raises-exception"]
from course_lib.models.table import NOTES, rows

counts = {depth: parameters_of(resnet_cifar, depth) for depth in (110, 1202)}
yours = {f"{kind}{depth}": counts[depth] for kind in ("resnet", "stochastic") for depth in counts}
for depth, growth in ((40, 12), (100, 12), (100, 24)):
    yours[f"densenet{depth}_{growth}"] = densenet_param_count(depth, growth)
for depth, growth in ((100, 12), (250, 24), (190, 40)):
    yours[f"densenet_bc{depth}_{growth}"] = densenet_param_count(depth, growth, bottleneck=True)

table = rows()
print(f"{'':29}{'depth':>5}{'printed':>9}{'counted':>13}{'yours':>13}")
for row in table:
    mine = f"{yours[row.name]:,}" if row.name in yours else ""
    mark = {"differs": "  <-- differs", "same": "  the same, rounded"}.get(row.verdict, "")
    print(f"{row.method:29}{row.depth:>5}{row.params:>9}{row.counted:13,}{mine:>13}{mark}")
for key in dict.fromkeys(row.note for row in table if row.verdict == "differs"):
    print(f"\n{NOTES[key]}")

# %% [markdown]
# One row is plainly wrong, by a factor of nearly two. The others that differ have their reasons, or none that we could
# find: read the notes. **Question:** the table's message is that DenseNets need fewer parameters for the same error. Does
# the wrong row help that message, or hurt it?

# %% [markdown]
# ## 6 · Squeeze, excite
#
# Slide 43: “Attention per channels”. A squeeze-and-excitation block (Hu and others, 2018) lets the *whole picture*
# decide how much each channel counts. **Squeeze:** the mean of each map, C numbers. **Excite:** a fully connected layer
# to $C/r$ numbers, ReLU, a second one back to C, sigmoid. So each channel of each picture gets a **gate** between 0 and
# 1, and its map is multiplied by it.
#
# ### By hand: `se_weights`
# *Difficulty 2/5 · about 4 minutes · 2 points*
#
# SE-ResNet-50 has such a block in each of its 3, 4, 6 and 3 bottlenecks, on the 256, 512, 1024 and 2048 channels that
# these give, with $r = 16$ and without biases. How many weights does each of the four stages get, and how many are they
# together?

# %% nbgrader={"grade": false, "grade_id": "se_weights", "locked": false, "schema_version": 3, "solution": true}
# exercise: se_weights
se_weights = [None,  # stage 1, 3 blocks with 256 channels
              None,  # stage 2, 4 blocks with 512
              None,  # stage 3, 6 blocks with 1024
              None,  # stage 4, 3 blocks with 2048
              None]  # together
### BEGIN SOLUTION
se_weights = [24_576, 131_072, 786_432, 1_572_864, 2_514_944]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_se_weights", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_se_weights (2 points)
check.by_hand("se_weights", se_weights)
### BEGIN HIDDEN TESTS
same(se_weights, [24_576, 131_072, 786_432, 1_572_864, 2_514_944], "se_weights")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `SEBlock`
# *Difficulty 2/5 · about 7 minutes · 3 points*
#
# The hidden layer has `channels // reduction` units, and neither layer a bias.

# %% nbgrader={"grade": false, "grade_id": "SEBlock", "locked": false, "schema_version": 3, "solution": true}
# exercise: SEBlock
class SEBlock(nn.Module):
    """X, each channel of each picture times its gate: (N, channels, H, W) -> the same shape."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        ### BEGIN SOLUTION
        self.excite = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False), nn.ReLU(),
            nn.Linear(channels // reduction, channels, bias=False), nn.Sigmoid())
        ### END SOLUTION

    def forward(self, X):
        ### BEGIN SOLUTION
        return X * self.excite(X.mean(dim=(2, 3)))[:, :, None, None]
        ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_SEBlock", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_SEBlock (3 points)
# A linear layer, or a 1x1 convolution, which does the same: only the first two sides of a shape count.
def run(x, weights, channels, reduction):
    block = SEBlock(channels, reduction).double()
    if not weights:
        return [list(parameter.shape[:2]) for parameter in block.parameters()]
    for parameter, weight in zip(block.parameters(), weights, strict=True):
        parameter.data = torch.tensor(weight).reshape(parameter.shape)
    return block(torch.from_numpy(x)).detach().numpy()


check.SEBlock(probe(run))
### BEGIN HIDDEN TESTS
check.SEBlock(probe(run), seed=94)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: whom do the gates favour?
#
# A small ResNet for digits, with your block at the end of each $f$, before the addition, beside the same one without.
# **Predict first:** is it better? And will a gate of the *first* block depend on which digit it sees, or rather one of
# the last?

# %% tags=["raises-exception"]
def with_gates(model, reduction=4):
    """The same network, with your SEBlock behind the last batch norm of each of your blocks."""
    for block in [module for module in model.modules() if isinstance(module, BasicBlock)]:
        norms = [name for name, module in block.named_modules() if isinstance(module, nn.BatchNorm2d)]
        place, _, name = norms[-1].rpartition(".")
        norm = block.get_submodule(norms[-1])
        gated = nn.Sequential(norm, SEBlock(norm.num_features, reduction))
        setattr(block.get_submodule(place), name, gated)
    return model.to(training.device())


recipe = replace(training.RECIPES["depth"], epochs=10)
right = {"without gates": [], "with gates": []}
for seed in range(3):
    plainer, gated = new(8, "A", seed), with_gates(new(8, "A", seed))
    for name, model in (("without gates", plainer), ("with gates", gated)):
        training.train(model, digits, recipe, seed=seed, show=False)
        right[name].append(training.evaluate(model, unseen).accuracy)
for name, shares in right.items():
    print(f"{name:14}", *(f"{share:6.1%}" for share in shares), " of the test digits right, three seeds")

# %% [markdown]
# When we ran it, a few of the 599 test digits lay between the two: nearly all are right anyway, and the paper gained
# its percent on ImageNet. But what did the gates learn? Here is the mean gate of each digit, in the first block and in
# the last.

# %% tags=["raises-exception"]
def gates_of(model, images):
    """For each SEBlock its gates (N, C): what came out, divided by what went in."""
    found = []

    def note(block, inputs, out):
        found.append(out.abs().sum((2, 3)) / inputs[0].abs().sum((2, 3)))

    hooks = [block.register_forward_hook(note) for block in model.modules() if isinstance(block, SEBlock)]
    with torch.no_grad():
        model.eval()(images.normalised())
    for hook in hooks:
        hook.remove()
    return found


by_class = [torch.stack([each[unseen.y == digit].mean(dim=0) for digit in range(10)]).cpu()
            for each in gates_of(gated, unseen)]  # (10, channels) for each block
for number, each in enumerate(by_class, start=1):
    print(f"block {number}: mean gates of a digit from {each.min():.2f} to {each.max():.2f};",
          f"from digit to digit a gate varies by {each.std(dim=0).mean():.3f}")
print("Below: a row for each digit from 0 to 9, a column for each of eight channels.")
figures.show_tables({f"block {number}": (by_class[number - 1][:, :8].numpy().round(2), "output")
                     for number in (1, 3)})

# %% [markdown]
# In the first block they stay near 0.5, where a sigmoid begins, whatever the digit; in the last, digits open and close
# different channels. The paper found the same order in a network of fifty layers, but for its very last blocks, whose
# gates stood open for all. **Question:** do the first layers not *need* gates, or have theirs not been taught yet? Which
# experiment could tell?

# %% [markdown]
# ## 7 · The full budget: what a GPU adds
#
# Slide 40 and the table come from CIFAR-10. ResNet-20 alone keeps two CPU cores busy for an hour or more there; a GPU
# changes that. What `training.train` does on one, and what you would have to write yourself without it:
#
# - **The data lie on the GPU**, as bytes, and a batch is cut out there. Otherwise the GPU waits for the processor to
#   decode pictures.
# - **bfloat16**, `with torch.autocast("cuda", torch.bfloat16):` around forward pass and loss. Products are computed
#   with 8 bits of precision instead of 24, in units built for that; weights and sums stay in float32. On most
#   processors it is emulated, and slower.
# - **channels_last**, `model.to(memory_format=torch.channels_last)`: the channels of a pixel lie beside each other in
#   memory, as the kernels of the convolution want them. Shapes stay (N, C, H, W). It pays on processors as well.
# - **`torch.compile(model)`** joins batch norm, ReLU and addition into one pass over memory. The first step takes long,
#   for the code is made then; in a short lesson it never pays back.
# - **Several GPUs** share each batch, and their gradients are averaged before the step, so that all take the same one:
#
# ```
# python -m course_lib.training --recipe resnet20 --data cifar10
# torchrun --nproc-per-node 2 -m course_lib.training --recipe resnet20 --data cifar10
# ```

# %% tags=["raises-exception"]
if full("slide 40 itself, four networks on CIFAR-10: minutes on a GPU, a night on two cores, and a download of 170 MB"
        " unless it is there"):
    photographs, unseen_photographs = training.images("cifar10"), training.images("cifar10", "test")
    learning, validation = photographs.split(held_out=0.1, seed=0)
    errors = {}
    for name, (depth, option) in FOUR.items():
        torch.manual_seed(0)
        run = training.train(resnet_cifar(depth, option), learning, training.RECIPES["resnet20"], validation=validation,
                             compiled=torch.cuda.is_available())
        errors[name] = [100 * (1 - row["validation_accuracy"]) for row in run.history]
        on_test = 1 - training.evaluate(run.model, unseen_photographs).accuracy
        print(f"{name}: {on_test:.2%} of the test wrong; {run.images_per_second:,.0f} pictures a second")
    figures.curves(range(1, len(errors[name]) + 1), errors, "epoch", "validation error, %",
                   "Four networks on CIFAR-10, by the recipe of the ResNets.")

# %% [markdown]
# The paper's ResNet-20 is wrong on 8.75 % of the test, ResNet-56 on 6.97 % (He and others, table 6). **Question:** our
# recipe takes 40 epochs and the paper's 164. What else would have to be equal, before you call a difference a finding?

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("09_residual_networks")
questions

# %% [markdown]
# ## Stretch puzzle: the shortcut that disappears
#
# Leave one convolution of a block beside its shortcut, without batch norm and ReLU: `conv(X, W) + X`. Find a kernel that
# does both *alone*. The rule: one line, no loop; `torch.eye` and indexing are enough, or a function of `nn.init`. Once
# you have it, say what it tells about section 1: could a plain layer have handed its input on all the time? What, then,
# does a shortcut change? No points, no hints.

# %% tags=["raises-exception"]
W, X = torch.randn(6, 6, 3, 3), torch.randn(2, 6, 8, 9)

your_W = W  # change this

difference = F.conv2d(X, your_W, padding=1) - (F.conv2d(X, W, padding=1) + X)
print("solved!" if difference.abs().max() < 1e-4 else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | a block learns what is to be added, and passes the gradient on | `one_block`, `BasicBlock` | slide 41; He, Zhang, Ren, Sun, [arXiv:1512.03385](https://arxiv.org/abs/1512.03385), of CVPR 2016 and no ECCV |
# | 152 = 3 · 50 + 2, and the picture draws 53 blocks | `layers` | slide 39, corrected |
# | ResNet-20 has 269,722 parameters, with its shortcuts or without | `resnet20_parameters`, `resnet_cifar` | the paper, section 4.2 |
# | 56 plain layers are much worse on what they were trained on, 56 residual ones hardly (tenths of a percent) | section 4 | slide 40; your own runs |
# | with batch norm the plain network's first gradients explode; shortcuts keep them in bounds | `gradients_will`, `borne_out` | slide 40, corrected; the paper, section 4.1; Yang and others, [arXiv:1902.08129](https://arxiv.org/abs/1902.08129) |
# | DenseNet concatenates | `dense_channels`, `DenseLayer` | slide 42, corrected; Huang, Liu, van der Maaten, Weinberger, [arXiv:1608.06993](https://arxiv.org/abs/1608.06993) |
# | a famous table has a wrong row: 19,421,274 parameters, and not 10.2M | `densenet_param_count`, `recount` | slide 42, corrected |
# | a gate for each channel costs 2,514,944 weights in ResNet-50 | `se_weights`, `SEBlock` | slide 43; Hu, Shen, Albanie, Sun, Wu, [arXiv:1709.01507](https://arxiv.org/abs/1709.01507) |
#
# **Next:** notebook 10 looks inside: what do all these filters see?
