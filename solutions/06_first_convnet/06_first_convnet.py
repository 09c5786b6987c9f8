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
# # 06 · First convnet
#
# In notebook 05 a network ran on gradients that you wrote. From here on PyTorch keeps the books, and you build what the
# lecture's coding session asks for: a LeNet, the loop that trains it, the function that judges it. Then you hunt the
# bugs in the lecture's own practice notebooks, and answer the questions that it leaves open, by experiment.
#
# **By the end you can**
# - say every shape and every parameter of a network before it runs, and see where it will break;
# - say what loss and what accuracy a network must have *before* its first step;
# - write a training loop and an evaluation in which the classic bugs are absent, and prove it;
# - tell training, validation and test set apart, in code too;
# - choose between flattening and pooling, and say what each costs.
#
# It covers slides 33 to 35 and the coding session after slide 56, and takes about 90 minutes. A GPU is used if there is
# one, and not needed.

# %% tags=["setup"]
from dataclasses import replace

import course_lib  # before torch, so that it can say how torch's threads wait for each other
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import figures, training
from course_lib.budget import budget, full
from course_lib.checks import first_convnet as check, hint, probe, same
from course_lib.models.fast import Fast
from course_lib.quiz import quiz, recall
from course_lib.widgets import ConfusionMatrix, LearningRateLandscape

print(f"Budget: {budget()}. PyTorch {torch.__version__} computes on: {training.device()}.")

# %% [markdown]
# ## Play first
#
# Handwritten digits, 2,400 of them, a network of 1998, three passes over all: a few seconds. Watch the curve.

# %%
from course_lib.models.lenet import LeNet5 as Finished

digits = training.images("mnist5k")
learning, validation = digits.split(held_out=0.2, seed=0)
recipe = replace(training.RECIPES["lenet"], epochs=3)
torch.manual_seed(0)
first = Finished()
first_run = training.train(first, learning, recipe, validation=validation)

# %% [markdown]
# Here is what it makes of the 600 digits that it did not learn from. Rows say what a digit is, columns what the network
# says. Click a number away from the diagonal and look at the pictures. Would *you* have known?

# %%
verdict = training.evaluate(first, validation)
ConfusionMatrix(validation.y, verdict.predictions, validation.x, validation.classes,
                verdict.probabilities)

# %% [markdown]
# All of that you will now build yourself. Three cards from earlier notebooks first. Say the answer aloud, then open
# the card.

# %%
recall("06_first_convnet")

# %% [markdown]
# ## 1 · Shapes before anything runs
#
# Slides 33 to 35 draw the plan that most convnets follow: convolution, pool, convolution, pool, then flatten and a few
# fully connected layers. **LeNet-5**, in the form in which it is built today:
#
# | layer | | layer | |
# |---|---|---|---|
# | convolution | 6 maps, 5×5, padding 2, then ReLU | flatten | |
# | max pool | 2×2 | fully connected | 120 units, then ReLU |
# | convolution | 16 maps, 5×5, no padding, then ReLU | fully connected | 84 units, then ReLU |
# | max pool | 2×2 | fully connected | 10 logits |
#
# A **logit** is a score, any number; the largest one is the network's answer. (Slide 35 paints a softmax behind them. In
# PyTorch it belongs to the loss, and the network ends with the logits. The original of 1998 also pooled by trainable
# averages and ended with distances to drawn digits; what everybody calls LeNet-5 is a descendant.)
#
# ### By hand: `lenet_sides`
# *Difficulty 1/5 · about 3 minutes · 2 points*
#
# A digit has $28\times28$ pixels. How many rows have the maps after each of the first four layers, and how many numbers
# come out of flatten? Stuck? Run `hint("lenet_sides")` in a cell of your own; each call opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "lenet_sides", "locked": false, "schema_version": 3, "solution": true}
# exercise: lenet_sides
lenet_sides = [None,  # rows after the first convolution
               None,  # after the first pool
               None,  # after the second convolution
               None,  # after the second pool
               None]  # numbers after flatten
### BEGIN SOLUTION
lenet_sides = [28, 14, 10, 5, 400]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_lenet_sides", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_lenet_sides (2 points)
check.by_hand("lenet_sides", lenet_sides)
### BEGIN HIDDEN TESTS
same(lenet_sides, [28, 14, 10, 5, 400], "lenet_sides")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `parameters`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# How many parameters has each of the five layers that learn, biases included, and how many are they together?

# %% nbgrader={"grade": false, "grade_id": "parameters", "locked": false, "schema_version": 3, "solution": true}
# exercise: parameters
parameters = [None,  # first convolution
              None,  # second convolution
              None,  # 120 units
              None,  # 84 units
              None,  # 10 logits
              None]  # together
### BEGIN SOLUTION
parameters = [156, 2_416, 48_120, 10_164, 850, 61_706]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_parameters", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_parameters (2 points)
check.by_hand("parameters", parameters)
### BEGIN HIDDEN TESTS
same(parameters, [156, 2_416, 48_120, 10_164, 850, 61_706], "parameters")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `trace_shapes`
# *Difficulty 3/5 · about 8 minutes · 4 points*
#
# The commonest error message of all, `mat1 and mat2 shapes cannot be multiplied`, is about a shape that you could have
# known. Write the function that knows it. Layers come as tuples, with their numbers in PyTorch's order:
#
# | layer | takes | gives |
# |---|---|---|
# | `("conv", C, maps, k, stride, padding)` | exactly `C` channels | `(maps, rows, columns)`, rounded down |
# | `("pool", size)` | channels, rows, columns | both sides divided by `size`, rounded down |
# | `("relu",)` | anything | the same shape |
# | `("flatten",)` | anything | one axis with all the numbers, `(n,)` |
# | `("global",)` | channels, rows, columns | one number for each channel, `(channels,)` |
# | `("linear", n, units)` | exactly `(n,)` | `(units,)` |
#
# A layer **does not fit** if it gets something else than it takes, or if not even one window fits into the picture. Then
# its shape is `None`, and nothing comes after it.

# %% nbgrader={"grade": false, "grade_id": "trace_shapes", "locked": false, "schema_version": 3, "solution": true}
# exercise: trace_shapes
def trace_shapes(layers, shape):
    """The shape after each layer, for one picture.

    layers: list of tuples as in the table above. shape: what goes in, a tuple (C, H, W).
    Returns a list of tuples of ints, one for each layer; at the first layer that does not fit it ends with None.
    """
    ### BEGIN SOLUTION
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind != "relu" and len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = shape[:1]
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0])
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
            shape = (maps, rows, columns) if shape[0] == channels else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_trace_shapes", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_trace_shapes (4 points)
check.trace_shapes(trace_shapes)
### BEGIN HIDDEN TESTS
check.trace_shapes(trace_shapes, seed=60)
same(trace_shapes([("conv", 3, 64, 7, 2, 3), ("pool", 2), ("global",)], (3, 224, 225)),
     [(64, 112, 113), (64, 56, 56), (64,)], "a hidden stem and its global pool")
same(trace_shapes([("pool", 2), ("flatten",), ("linear", 12, 5), ("relu",)], (2, 4, 7)), [(2, 2, 3), (12,), (5,), (5,)],
     "a hidden pool and its linear layer")
### END HIDDEN TESTS

# %% [markdown]
# What does it say of LeNet-5, on a digit, and on a digit of $32\times32$ pixels? **Predict first:** where does the second
# one stop?

# %% tags=["raises-exception"]
lenet_layers = [("conv", 1, 6, 5, 1, 2), ("relu",), ("pool", 2), ("conv", 6, 16, 5, 1, 0), ("relu",), ("pool", 2),
                ("flatten",), ("linear", 400, 120), ("relu",), ("linear", 120, 84), ("relu",), ("linear", 84, 10)]
for side in (28, 32):
    print(f"{side} x {side}:", *trace_shapes(lenet_layers, (1, side, side)), sep="\n    ")

# %% [markdown]
# ## 2 · Build it
#
# ### Code: `lenet`
# *Difficulty 2/5 · about 6 minutes · 3 points*
#
# `nn.Conv2d`, `nn.ReLU`, `nn.MaxPool2d`, `nn.Flatten` and `nn.Linear` are all you need, in an `nn.Sequential` or in a
# class of your own. The check looks at the parameters, in the order of `model.parameters()`, which is the order in which
# `__init__` makes the layers; then it puts weights of its own in and compares what comes out.

# %% nbgrader={"grade": false, "grade_id": "lenet", "locked": false, "schema_version": 3, "solution": true}
# exercise: lenet
def lenet():
    """A new LeNet-5, an nn.Module: digits (N, 1, 28, 28) -> logits (N, 10)."""
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_lenet", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_lenet (3 points)
def run(x, weights):
    model = lenet().double().eval()
    if lenet() is model:
        raise ValueError("lenet gives the same network at each call; make a new one inside it, each time")
    if not weights:
        return [list(parameter.shape) for parameter in model.parameters()]
    for parameter, weight in zip(model.parameters(), weights, strict=True):
        parameter.data = torch.tensor(weight)
    return model(torch.from_numpy(x)).detach().numpy()


check.lenet(probe(run))
### BEGIN HIDDEN TESTS
check.lenet(probe(run), seed=61)
### END HIDDEN TESTS

# %% tags=["raises-exception"]
model = lenet()
for name, parameter in model.named_parameters():
    print(f"{name:12} {str(list(parameter.shape)):16} {parameter.numel():7,}")
print("together", sum(parameter.numel() for parameter in model.parameters()))
print("two digits in, out comes", list(model(torch.randn(2, 1, 28, 28)).shape))

# %% [markdown]
# ### Code: `practice_net`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# The coding session asks for a larger one, for colour photographs of $32\times32$ pixels: three times a convolution
# with $5\times5$ kernels, ReLU and a $2\times2$ max pool, with 32, 64 and 64 maps; then flatten, 1000 units with ReLU, and
# ten logits. The convolutions are to *keep* rows and columns. **Predict first:** where do most of its 1,191,170 parameters
# sit?

# %% nbgrader={"grade": false, "grade_id": "practice_net", "locked": false, "schema_version": 3, "solution": true}
# exercise: practice_net
def practice_net():
    """The coding session's network, an nn.Module: photographs (N, 3, 32, 32) -> logits (N, 10)."""
    ### BEGIN SOLUTION
    layers = []
    for channels, maps in ((3, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(channels, maps, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 1000), nn.ReLU(), nn.Linear(1000, 10))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_practice_net", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_practice_net (2 points)
def run(x, weights):
    model = practice_net().double().eval()
    if not weights:
        return [list(parameter.shape) for parameter in model.parameters()]
    for parameter, weight in zip(model.parameters(), weights, strict=True):
        parameter.data = torch.tensor(weight)
    return model(torch.from_numpy(x)).detach().numpy()


check.practice_net(probe(run))
### BEGIN HIDDEN TESTS
check.practice_net(probe(run), seed=62)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · What a network must know at the start
#
# “The initial accuracy and loss are around respectively 10 % and 2.3. Why?”, asks the coding session. The loss is the
# **cross-entropy**: minus the logarithm of the probability that the network gave to the right class.
#
# ### By hand: `first_losses`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# A network that knows nothing and admits it gives every class the same probability. What is its loss with 10 classes, with
# 2, and with the 1000 of ImageNet? Natural logarithms, to two decimals.

# %% nbgrader={"grade": false, "grade_id": "first_losses", "locked": false, "schema_version": 3, "solution": true}
# exercise: first_losses
first_losses = [None,  # 10 classes
                None,  # 2 classes
                None]  # 1000 classes
### BEGIN SOLUTION
first_losses = [2.30, 0.69, 6.91]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_first_losses", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_first_losses (1 point)
check.by_hand("first_losses", first_losses)
### BEGIN HIDDEN TESTS
same(first_losses, [2.30, 0.69, 6.91], "first_losses", 6e-4)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: does every new network start there?
#
# Twenty new LeNets look at the validation digits. Then the same twenty, with the weights of the last layer 10 times and
# 100 times as large. **Predict first:** which of the two numbers changes, the accuracy or the loss?

# %% tags=["raises-exception"]
X, y = validation.normalised(), validation.y
print(f"{'last layer':12}{'loss':>6}  {'from, to':14}{'accuracy':>8}  {'from, to':12}the commonest answer")
for scale in (1, 10, 100):
    losses, accuracies, shares = [], [], []
    for seed in range(20):
        torch.manual_seed(seed)
        model = lenet().to(X.device)
        with torch.no_grad():
            last = list(model.parameters())[-2]
            last *= scale
            logits = model(X)
        answers = logits.argmax(1)
        losses.append(F.cross_entropy(logits, y).item())
        accuracies.append((answers == y).float().mean().item())
        shares.append(answers.bincount().max().item() / len(y))
    between = f"{min(losses):.2f}, {max(losses):.2f}", f"{min(accuracies):.0%}, {max(accuracies):.0%}"
    print(f"times {scale:<6}{np.mean(losses):6.3f}  {between[0]:14}{np.mean(accuracies):8.1%}  {between[1]:12}"
          f"is given to {np.mean(shares):.0%} of the digits")

# %% [markdown]
# So there are two answers to one question. **10 %** is what any network gets on average that knows nothing, whatever it says:
# look at the last column, a new network gives nearly the same answer to everything, and one digit in ten is that one.
# **2.3** is more: it is what a network gets that is also *undecided*. One that knows nothing and is sure of it pays dearly.
#
# It is a free test. If your first loss is not near $\ln(\text{classes})$, something is wrong before training has begun:
# pixels that still run to 255, a loss that is a sum, last weights far too large. (It does not find everything: with a
# softmax too many a network also starts at 2.30, and then learns badly.)

# %% [markdown]
# ## 4 · The loop, and the judge
#
# Two functions do all the work of this notebook; in section 6 an engine takes over that does the same. Both get `batches`,
# anything a `for` loop can go through, once, that gives pairs: `x`, pictures (n, C, H, W), and `y`, labels (n,). The last
# batch may be shorter than the others.
#
# ### Code: `evaluate`
# *Difficulty 3/5 · about 10 minutes · 3 + 3 points*
#
# The judge. `F.cross_entropy(logits, y)` wants logits and gives the *mean* over the batch; `logits.argmax(dim=1)` is the
# answer. Three habits make it trustworthy:
#
# 1. **Eval mode.** Dropout and batch norm (notebook 07) behave differently in training; `model.eval()` tells them.
# 2. **No gradients.** Under `torch.no_grad()` nothing is kept for a backward pass.
# 3. **Look, do not touch.** Afterwards *every* module is in the mode in which it came: some may be in eval mode on purpose,
#    because they are frozen. `model.modules()` goes through all of them, and `module.training` is the switch.

# %% nbgrader={"grade": false, "grade_id": "evaluate", "locked": false, "schema_version": 3, "solution": true}
# exercise: evaluate
def evaluate(model, batches):
    """Mean loss over all pictures, and the fraction that is right: two floats.

    model: nn.Module, pictures -> logits. batches: pairs (x, y), perhaps of unequal sizes.
    The model, and the mode of each of its modules, stay as they were.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(dim=1) == y).sum().item()
            count += len(x)
    for module, mode in modes:
        module.training = mode
    return loss / count, right / count
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_evaluate", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_evaluate (3 points)
# The two numbers, for three little networks and for batches of unequal sizes.
def run(kind, x, y, sizes, w, b):
    front = {"linear": [], "dropout": [nn.Dropout(0.5)], "batch norm": [nn.BatchNorm2d(x.shape[1])]}[kind]
    head = nn.Linear(w.shape[1], w.shape[0])
    model = nn.Sequential(*front, nn.Flatten(), head).double()
    head.weight.data, head.bias.data = torch.tensor(w), torch.tensor(b)
    return evaluate(model, zip(torch.tensor(x).split(sizes), torch.tensor(y).split(sizes), strict=True))


check.evaluate(probe(run))
### BEGIN HIDDEN TESTS
check.evaluate(probe(run), seed=63)
same(probe(run)("batch norm", np.array([[[[1.0]]], [[[3.0]]], [[[-5.0]]]]), np.array([0, 1, 1]), [2, 1],
                np.array([[1.0], [0.0]]), np.array([0.0, 0.0])),
     [1.1228544, 2 / 3], "a hidden evaluation with batch norm", 1e-4)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_evaluate_habits", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_evaluate_habits (3 points)
# What it leaves behind: modes, graphs, running means. Some parts of these networks are frozen.
def run(modes, x, y, sizes, w, b):
    inner = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm2d(x.shape[1]))
    head = nn.Linear(w.shape[1], w.shape[0])
    model = nn.Sequential(nn.BatchNorm2d(x.shape[1]), inner, nn.Flatten(), head).double()
    head.weight.data, head.bias.data = torch.tensor(w), torch.tensor(b)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    graphs = []
    head.register_forward_hook(lambda module, inputs, output: graphs.append(output.requires_grad))
    evaluate(model, zip(torch.tensor(x).split(sizes), torch.tensor(y).split(sizes), strict=True))
    gradients = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    return {"graphs": graphs, "gradients on": gradients, "means": model[0].running_mean.tolist(),
            "trainable": all(parameter.requires_grad for parameter in model.parameters()),
            "modes": [module.training for module in model.modules()]}


check.evaluate_habits(probe(run))
### BEGIN HIDDEN TESTS
check.evaluate_habits(probe(run), seed=64)
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `train_one_epoch`
# *Difficulty 3/5 · about 8 minutes · 3 + 2 points*
#
# The loop. Training mode; then, for each batch, five lines whose order matters: `optimizer.zero_grad()` clears the
# gradients, `model(x)` goes forward and gives the logits, `loss = F.cross_entropy(logits, y)`, `loss.backward()` works out
# the gradient of every parameter, `optimizer.step()` takes a step. `loss.item()` turns the loss into a plain number: keep
# that, and not `loss` itself, which holds on to everything it was worked out from.

# %% nbgrader={"grade": false, "grade_id": "train_one_epoch", "locked": false, "schema_version": 3, "solution": true}
# exercise: train_one_epoch
def train_one_epoch(model, batches, optimizer):
    """Train on every batch once, in training mode, one step of the optimizer for each.

    model: nn.Module, pictures -> logits. batches: pairs (x, y). optimizer: made for the model's parameters.
    Returns the mean over all pictures of the losses that the batches had on the way, a float.
    """
    ### BEGIN SOLUTION
    model.train()  # an evaluation may have left it otherwise
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()  # backward adds to what is there
        loss = F.cross_entropy(model(x), y)
        loss.backward()  # fills every parameter's grad
        optimizer.step()  # moves every parameter
        total += loss.item() * len(x)
        count += len(x)
    return total / count
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_train_one_epoch", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_train_one_epoch (3 points)
# The weights of the last layer after one epoch. The network comes in eval mode.
def run(kind, x, y, sizes, w, b, lr, momentum):
    front = {"linear": [], "batch norm": [nn.BatchNorm2d(x.shape[1])]}[kind]
    head = nn.Linear(w.shape[1], w.shape[0])
    model = nn.Sequential(*front, nn.Flatten(), head).double().eval()
    head.weight.data, head.bias.data = torch.tensor(w), torch.tensor(b)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    train_one_epoch(model, zip(torch.tensor(x).split(sizes), torch.tensor(y).split(sizes), strict=True), optimizer)
    return head.weight.detach().numpy()


check.train_one_epoch(probe(run))
### BEGIN HIDDEN TESTS
check.train_one_epoch(probe(run), seed=65)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_train_one_epoch_loss", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_train_one_epoch_loss (2 points)
# The loss that it returns.
def run(kind, x, y, sizes, w, b, lr, momentum):
    front = {"linear": [], "batch norm": [nn.BatchNorm2d(x.shape[1])]}[kind]
    head = nn.Linear(w.shape[1], w.shape[0])
    model = nn.Sequential(*front, nn.Flatten(), head).double().eval()
    head.weight.data, head.bias.data = torch.tensor(w), torch.tensor(b)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    return train_one_epoch(model, zip(torch.tensor(x).split(sizes), torch.tensor(y).split(sizes), strict=True), optimizer)


check.train_one_epoch_loss(probe(run))
### BEGIN HIDDEN TESTS
check.train_one_epoch_loss(probe(run), seed=66)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: overfit a hundred pictures first
#
# Before you train on everything, train on almost nothing. A network of 61,706 parameters *must* be able to learn a hundred
# digits by heart; if it cannot, the bug is yours, and you have found it in two seconds instead of two hours.
# **Predict first:** the second curve learns the same hundred pictures with labels dealt out at random. Will it get there?

# %% tags=["raises-exception"]
def batches_of(images, size=50, shuffle=True):
    """Images of the course as PyTorch's usual batches."""
    pairs = torch.utils.data.TensorDataset(images.normalised(), images.y)
    return torch.utils.data.DataLoader(pairs, batch_size=size, shuffle=shuffle)


def new(build, seed=0):
    """A network drawn with a seed, on the device that computes."""
    torch.manual_seed(seed)
    return build().to(training.device())


hundred = learning[:100]
dealt = replace(hundred, y=hundred.y[np.random.default_rng(0).permutation(100)])
losses = {}
for name, few in {"their own labels": hundred, "labels at random": dealt}.items():
    model = new(lenet)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses[name] = [train_one_epoch(model, batches_of(few), optimizer) for epoch in range(60)]
    print(f"{name}: {evaluate(model, batches_of(few))[1]:.0%} of the hundred right,",
          f"{evaluate(model, batches_of(validation))[1]:.0%} of the validation digits")
figures.curves(range(1, 61), losses, "epoch", "training loss",
               "A hundred digits, learned by heart twice: once with their labels, once with labels that mean nothing.",
               log="y")

# %% [markdown]
# Both are learned by heart. So overfitting a handful proves that the *loop* works, and nothing about what was learned: only
# digits that were not in it can tell. **Question:** the first curve saw a hundred digits and got most of the others right.
# What did it learn that the second could not?

# %% [markdown]
# ## 5 · Find the bugs in the practice notebooks
#
# The lecture comes with three practice notebooks. We read them line by line, and ran them. One bug you met in notebook 04, the
# average pool with weights of 1/25. Here are the others, each boiled down to a few lines in our own words. All of these
# programs run without an error.
#
# ```
# A  edges of a photograph                          B  learn with random flips, judge without
# 1  batch = photo[None]     # 1, 3, H, W           1  whole = CIFAR10(train=True, transform=flips)
# 2  grey = batch.mean(dim=0, keepdim=True)         2  learning, validation = random_split(whole, [40000, 10000])
# 3  edges = F.conv2d(grey, edge_kernel)            3  validation.transform = no_flips
#                                                   4  test = CIFAR10(train=False, transform=no_flips)
#
# C  the body is frozen, its batch norms too        D  features of a trained network
# 1  for weight in body.parameters():               1  body = pretrained_network()
# 2      weight.requires_grad = False               2  body.train()   # as every new network is
# 3  body.eval()                                    3  with torch.no_grad():
# 4  for epoch in range(5):                         4      features = [body(x) for x, y in batches]
# 5      train_the_head(net, learning)
# 6      net.eval()                                 E  which learning rate?
# 7      print(accuracy(net, validation))           1  for rate in (0.1, 0.01, 0.001):
# 8      net.train()                                2      net = train(learning, rate)
#                                                   3      print(rate, accuracy(net, test))
# ```
#
# ### By hand: `bug_lines`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# In each program one line is wrong. Which?

# %% nbgrader={"grade": false, "grade_id": "bug_lines", "locked": false, "schema_version": 3, "solution": true}
# exercise: bug_lines
bug_lines = [None,  # A
             None,  # B
             None,  # C
             None,  # D
             None]  # E
### BEGIN SOLUTION
bug_lines = [2, 3, 8, 2, 3]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_bug_lines", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_bug_lines (3 points)
check.by_hand("bug_lines", bug_lines)
### BEGIN HIDDEN TESTS
same(bug_lines, [2, 3, 8, 2, 3], "bug_lines")
### END HIDDEN TESTS

# %% [markdown]
# Two of them your code no longer has. `evaluate` puts back the mode of *every* module, so it thaws nothing (C), and it goes
# into eval mode by itself (D). (Your `train_one_epoch` would thaw it, though: its `model.train()` reaches the body as well.
# Whoever freezes a batch norm calls `body.eval()` again after it, in every epoch.) Two you will mend now. And E is no error
# of code at all: whoever chooses by the test set has trained on it, with his eyes. The test set is opened once, at the end.
#
# (A sixth bug has no lines: data and programs that are gone. The archive of cats and dogs that one notebook fetches is no
# longer there, `pretrained=True` has been given up for `weights=`, `%pylab` too. A course that fetches its data from somewhere
# else ages by itself, and so this one brings its own.)
#
# ### Code: `to_grey`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# Mend A, and the first task of the coding session with it: a grey picture is the mean of the three channels.

# %% nbgrader={"grade": false, "grade_id": "to_grey", "locked": false, "schema_version": 3, "solution": true}
# exercise: to_grey
def to_grey(batch):
    """The mean over the channels: a tensor (N, C, H, W) gives a tensor (N, 1, H, W)."""
    ### BEGIN SOLUTION
    return batch.mean(dim=1, keepdim=True)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_to_grey", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_to_grey (1 point)
def run(batch):
    return to_grey(torch.from_numpy(batch)).numpy()


check.to_grey(probe(run))
### BEGIN HIDDEN TESTS
check.to_grey(probe(run), seed=67)
same(probe(run)(np.array([[[[3.0]], [[1.0]], [[8.0]]], [[[9.0]], [[9.0]], [[0.0]]]])), np.array([[[[4.0]]], [[[6.0]]]]),
     "two hidden pixels in grey")
### END HIDDEN TESTS

# %% [markdown]
# Why did nobody notice? Averaging over a batch of one changes nothing, the kernel had three channels of its own, and the picture
# that came out had edges. Compare shapes: where grey was meant, 3 channels went on.
#
# ### Code: `split_with_transforms`
# *Difficulty 3/5 · about 10 minutes · 4 points*
#
# Mend B. A `Subset`, which is what `random_split` gives, only passes indices on to the set behind it; a `transform` written on it
# is read by nobody. And the one behind both halves is *one* object: changing its transform changes both. So make two
# whole sets, each with its transform, and cut both by *one* order, drawn from the seed
# (`torch.randperm(n, generator=torch.Generator().manual_seed(seed))`, `torch.utils.data.Subset(dataset, indices)`).

# %% nbgrader={"grade": false, "grade_id": "split_with_transforms", "locked": false, "schema_version": 3, "solution": true}
# exercise: split_with_transforms
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    """A training and a validation set without a common picture, each with a transform of its own.

    make_dataset: function, make_dataset(transform) gives the whole set anew, with that transform.
    held_out: fraction; round(held_out * n) of the n pictures, drawn at random by the seed, are for validation.
    Returns training, validation: two datasets with a len and with items (transformed picture, label).
    """
    ### BEGIN SOLUTION
    training_set, validation_set = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(training_set), generator=torch.Generator().manual_seed(seed)).tolist()
    there = round(held_out * len(order))
    return (torch.utils.data.Subset(training_set, order[there:]),
            torch.utils.data.Subset(validation_set, order[:there]))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_split_with_transforms", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_split_with_transforms (4 points)
# A set in which picture i is the number i. Each transform notes which one it is.
def run(count, held_out, seed):
    class Numbers(torch.utils.data.Dataset):
        def __init__(self, transform):
            self.transform = transform

        def __len__(self):
            return count

        def __getitem__(self, i):
            if not 0 <= i < count:
                raise IndexError(i)
            return (self.transform(i) if self.transform else [0, i]), i % 7

    draws = []

    def flips(picture):
        draws.append(picture)
        return [1, picture]

    def no_flips(picture):
        return [2, picture]

    training, validation = split_with_transforms(Numbers, flips, no_flips, held_out, seed)
    halves = [[[int(value) for value in (*half[i][0], half[i][1])] for i in range(len(half))]
              for half in (training, validation)]
    draws.clear()
    for i in (0, 0) if halves[0] else ():
        training[i]
    return [*halves, len(draws)]


check.split_with_transforms(probe(run))
### BEGIN HIDDEN TESTS
check.split_with_transforms(probe(run), seed=68)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Train it
#
# Your two functions are a whole training program, and a slow one is not wrong. But there is an engine in
# `course_lib/training.py` that all later notebooks use, and **you are invited to read it**: begin with `train`. Find in it
# your five lines, your `evaluate`, and three things that yours does not have: where is the data while it trains? What draws the
# random crops? What happens when you interrupt it?
#
# First the coding session's second question: “After the first epoch, the validation accuracy is probably better than the train
# accuracy. Why?”
#
# ### By hand: `reported`
# *Difficulty 2/5 · about 2 minutes · 1 point*
#
# An epoch has four batches of the same size. The network is right on 10, 40, 70 and 80 % of them, each time *before* the step
# that it takes on that batch. After the epoch it is right on 85 % of everything, seen or not. Which training accuracy, in
# percent, does a loop report that adds up as it goes?

# %% nbgrader={"grade": false, "grade_id": "reported", "locked": false, "schema_version": 3, "solution": true}
# exercise: reported
reported = None
### BEGIN SOLUTION
reported = 50
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_reported", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_reported (1 point)
check.by_hand("reported", reported)
### BEGIN HIDDEN TESTS
same(reported, 50, "reported")
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: who is judged when?
#
# Six epochs with your own functions. After each we note three losses: what `train_one_epoch` reports, the training set
# evaluated *after* the epoch, and the validation set.

# %% tags=["raises-exception"]
model = new(lenet)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
curves = {"training, on the way": [], "training, afterwards": [], "validation, afterwards": []}
for _epoch in range(6):
    curves["training, on the way"].append(train_one_epoch(model, batches_of(learning), optimizer))
    curves["training, afterwards"].append(evaluate(model, batches_of(learning, 600))[0])
    curves["validation, afterwards"].append(evaluate(model, batches_of(validation, 600))[0])
figures.curves(range(1, 7), curves, "epoch", "loss",
               "The reported loss is a mean over a network that was still learning; the two others judge the one that came"
               " out.", log="y")

# %% [markdown]
# The validation digits are no easier. The reported curve lags: it is a mean over a whole epoch of networks, most of them worse than
# the last, and in the first epoch that costs most. Compare the two curves that are taken *afterwards*: there the network is better on what it
# has seen, from the first epoch on or soon after. (In notebook 07 a second reason joins: dropout and augmentation
# make the training harder than the validation.)
#
# ### To about 98 percent
#
# Now with the engine, your LeNet and its recipe: small random shifts, AdamW, a learning rate that rises and falls.

# %% tags=["raises-exception"]
print(training.RECIPES["lenet"])
best = new(lenet)
best_run = training.train(best, learning, training.RECIPES["lenet"], validation=validation)

# %% [markdown]
# “Compare the model performance on the different subsets train/val/test. What can you say?” is the third question. Everything is
# chosen by now, so the test digits may come out: once.

# %% tags=["raises-exception"]
unseen = training.images("mnist5k", "test")
for name, images in {"training": learning, "validation": validation, "test": unseen}.items():
    loss, share = evaluate(best, batches_of(images, 500))
    margin = 2 * (share * (1 - share) / len(images)) ** 0.5
    print(f"{name:11} {len(images):5} digits   loss {loss:.3f}   {share:.2%} right, give or take {margin:.2%}")

# %% [markdown]
# The last column is twice the standard error, $\sqrt{p\,(1-p)/n}$: with 600 validation digits, differences of half a percent are
# noise, and so are most of the improvements that one is proud of. **Question:** by how much is the training set better than
# the others, and what would you try if it were ten points?
#
# And which digits are left? Click on what is wrong.

# %% tags=["raises-exception"]
verdict = training.evaluate(best, unseen)
ConfusionMatrix(unseen.y, verdict.predictions, unseen.x, unseen.classes,
                verdict.probabilities)

# %% [markdown]
# ### Experiment: one improvement after the other
#
# “Try each improvements one after the other in order to see where the gain come from”, says the coding session, and means
# it: whoever changes three things at once learns nothing about any. We start from its own recipe, plain gradient descent at
# a rate of 0.1, in batches of 32, and change *one* thing at a time; the second column goes back to the session's batches of
# 256. Two epochs, three seeds. **Predict first:** which change helps most? Which ones hurt?

# %% tags=["raises-exception"]
start = replace(training.RECIPES["author"], epochs=2, batch_size=32)
changes = {"as it is": {}, "batches\nof 256": {"batch_size": 256}, "momentum": {"momentum": 0.9},
           "AdamW": {"optimizer": "adamw", "lr": 3e-3}, "shifts": {"crop": 2}, "mirrored": {"flip": True}}
results = []
for name, change in changes.items():
    shares = []
    for seed in range(3):
        model = new(lenet, seed)
        training.train(model, learning, replace(start, **change), seed=seed, show=False)
        shares.append(100 * training.evaluate(model, validation).accuracy)
    results.append(shares)
    print(f"{' '.join(name.split()):15}", "  ".join(f"{share:5.1f}" for share in shares))
figures.spread(list(changes), {"validation": np.array(results)}, "one change", "accuracy, %",
               "Every point is one run, the line their mean. What a change is worth must be more than what a seed"
               " is worth.")

# %% [markdown]
# **Questions**, to answer from your own numbers:
# - How far apart are three runs that differ in the seed alone? Which changes make a larger difference than that?
# - How many steps do two epochs of 2,400 digits have, in batches of 32 and of 256? What would you have to change *together
#   with* the size of the batch?
# - Momentum of 0.9 adds up about ten past steps, so each one goes ten times as far. Was momentum a bad idea, or was it the rate?
#   Try `{"momentum": 0.9, "lr": 0.01}`.
# - Mirrored photographs are photographs. What is a mirrored 4?
#
# Ten times as far: here is a loss of two weights only, a valley, on which you can watch it. Choose an example, or pull the
# learning rate until the path leaves the map. At which rate does it? What does momentum do to that limit?

# %%
LearningRateLandscape()

# %% [markdown]
# So “one after the other” has its own trap: a change may need another one to show what it is worth, and two epochs may be too
# few for it. Shifts cost something here; in the recipe that reached about 98 percent they have 15 epochs to pay off.
# Notebook 07 does this experiment properly.

# %% [markdown]
# ## 7 · Flatten, or pool?
#
# Between convolutions and classifier the maps have to become a row of numbers. Slides 33 and 34 offer two ways: **flatten** loses
# nothing, is huge, and depends on the size of the picture; **global average pooling** keeps one number for each channel, whatever
# the size.
#
# ### By hand: `heads`
# *Difficulty 2/5 · about 4 minutes · 1 point*
#
# The last maps of VGG-16 (slide 37) are $512\times7\times7$. How many parameters, biases included, has a fully connected layer of 4096
# units behind flatten? And one of 1000 classes behind global average pooling?

# %% nbgrader={"grade": false, "grade_id": "heads", "locked": false, "schema_version": 3, "solution": true}
# exercise: heads
heads = [None,  # flatten, then 4096 units
         None]  # global average pooling, then 1000 classes
### BEGIN SOLUTION
heads = [102_764_544, 513_000]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_heads", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_heads (1 point)
check.by_hand("heads", heads)
### BEGIN HIDDEN TESTS
same(heads, [102_764_544, 513_000], "heads")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `gap_head`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# The second way, for maps of *any* size: the mean of each map, then one linear layer. `nn.AdaptiveAvgPool2d(1)` pools down to one
# number, whatever comes in; mind the axes that it leaves.

# %% nbgrader={"grade": false, "grade_id": "gap_head", "locked": false, "schema_version": 3, "solution": true}
# exercise: gap_head
def gap_head(channels, classes=10):
    """Global average pooling and one linear layer, an nn.Module: maps (N, channels, H, W) -> logits (N, classes)."""
    ### BEGIN SOLUTION
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_gap_head", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_gap_head (2 points)
def run(x, weights, channels, classes):
    head = gap_head(channels, classes).double().eval()
    if not weights:
        return [list(parameter.shape) for parameter in head.parameters()]
    for parameter, weight in zip(head.parameters(), weights, strict=True):
        parameter.data = torch.tensor(weight)
    return head(torch.from_numpy(x)).detach().numpy()


check.gap_head(probe(run))
### BEGIN HIDDEN TESTS
check.gap_head(probe(run), seed=69)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: another size, another place
#
# Three networks with the same body, trained on digits of $28\times28$: one flattens, one takes the mean of each map, one its
# maximum. They are then shown *the same* digits enlarged to $40\times40$, and on a dark canvas of $40\times40$ somewhere.
# Slide 34 says that pooling does not depend on the size. **Predict first:** so what will the second network score on the enlarged
# digits?

# %% tags=["raises-exception"]
def body():
    return nn.Sequential(
        nn.Conv2d(1, 12, 5, stride=2, padding=2), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Conv2d(12, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(24, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU())


def flatten_head(side):
    return nn.Sequential(nn.Flatten(), nn.Linear(24 * (side // 4) ** 2, 10))


def max_head():
    return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(24, 10))


def enlarged(images, side=40):
    x = F.interpolate(images.x.permute(0, 3, 1, 2).float(), size=(side, side), mode="bilinear").round().byte()
    return replace(images, x=x.permute(0, 2, 3, 1))


def on_canvas(images, side=40, seed=None):
    """The digits on a dark canvas: in its middle, or with a seed anywhere."""
    room = side - images.x.shape[1]
    canvas = images.x.new_zeros(len(images), side, side, 1)
    places = np.full((len(images), 2), room // 2)
    if seed is not None:
        places = np.random.default_rng(seed).integers(room + 1, size=(len(images), 2))
    for picture, digit, (top, left) in zip(canvas, images.x, places, strict=True):
        picture[top:top + len(digit), left:left + len(digit)] = digit
    return replace(images, x=canvas)


def accuracy(model, images):
    try:
        return f"{training.evaluate(model, images).accuracy:8.1%}"
    except RuntimeError:  # the shapes do not fit
        return "   error"


recipe = replace(training.RECIPES["lenet"], epochs=5, batch_size=32, lr=1e-2, crop=0)
tests = {"28 x 28": validation, "enlarged": enlarged(validation), "anywhere": on_canvas(validation, seed=0)}
print("trained on 28 x 28  parameters", *(f"{name:>10}" for name in tests))
heads_at_28 = {"flatten": lambda: flatten_head(28), "mean (your head)": lambda: gap_head(24), "maximum": max_head}
for name, head in heads_at_28.items():
    model = new(lambda head=head: nn.Sequential(body(), head()))
    training.train(model, learning, recipe, show=False)
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name:19}{size:11,}", *(f"{accuracy(model, images):>10}" for images in tests.values()))
pictures = {name: images.x[0, :, :, 0].cpu().numpy() for name, images in tests.items()}
figures.gallery({name: np.kron(picture, np.ones((3, 3))) for name, picture in pictures.items()},
                "The same digit as the three columns show it.")

# %% [markdown]
# **The trap.** Pooling makes a network *accept* another size; nobody said that it still *works* there. On enlarged digits the strokes
# are thicker than any it has seen; on the dark canvas the mean is thinned by all that is dark around. A maximum does not care how much dark
# there is. So “not dependent on the image size” is true of the shapes. About the accuracy it says nothing, and you have
# to measure.
#
# Now the other way round: *train* on the canvas, always with the digit in its middle, and test with the digit anywhere. **Predict
# first:** which of the two finds it?

# %% tags=["raises-exception"]
centred = on_canvas(learning)
tests = {"centred": on_canvas(validation), "anywhere": on_canvas(validation, seed=0)}
print("trained centred     parameters", *(f"{name:>10}" for name in tests))
heads_at_40 = {"flatten": lambda: flatten_head(40), "mean (your head)": lambda: gap_head(24)}
for name, head in heads_at_40.items():
    model = new(lambda head=head: nn.Sequential(body(), head()))
    training.train(model, centred, recipe, show=False)
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name:19}{size:11,}", *(f"{accuracy(model, images):>10}" for images in tests.values()))

# %% [markdown]
# Flatten wins by a little where digits sit in the middle, for it knows *where* each stroke is; and it is lost when they do not,
# for that is all it knows. The mean threw the places away, and does not need them.
#
# **Explain it to a friend:** global average pooling turns equivariance into invariance (notebook 02, section 6). Which of the
# two properties does the flattening network have, and why does that not help its last layer?

# %% [markdown]
# ## 8 · The full budget
#
# The coding session trains its network on CIFAR-10, fifty thousand photographs of $32\times32$ pixels in ten classes. With
# `COURSE_BUDGET=full` the next cell gives your `practice_net`, with the session's own recipe, one minute, and
# then another minute to a network less than half its size, with another recipe (`course_lib/models/fast.py`: its first layer
# is not learned at all). **Predict first:** by how many points will they differ?

# %% tags=["raises-exception"]
if full("one minute on CIFAR-10 for each of two networks, and a download of 170 MB unless it is there"):
    photographs, unseen_photographs = training.images("cifar10"), training.images("cifar10", "test")
    learning_photographs, validation_photographs = photographs.split(held_out=0.1, seed=0)
    for build, name in ((practice_net, "author"), (Fast, "fast")):
        model, recipe = new(build), training.RECIPES[name]
        run = training.train(model, learning_photographs, recipe, validation=validation_photographs, seconds=60)
        share = training.evaluate(model, unseen_photographs, flip=recipe.test_flip).accuracy
        size = sum(parameter.numel() for parameter in model.parameters())
        print(f"{name}: {size:,} parameters, {run.images_per_second:,.0f} images a second,",
              f"{share:.1%} of the test right")

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("06_first_convnet")
questions

# %% [markdown]
# ## Stretch puzzle: a classifier without a linear layer
#
# Your `gap_head` takes the mean of each map, then mixes channels. Both are linear, so they may change places. Build the same head
# *without* `nn.Linear`: a convolution, and a mean. The rule: one `nn.Conv2d`, then `.mean(dim=(2, 3))`. Which kernel size
# does it take, and what do the ten maps show that it makes on the way? (Notebook 10 will call them class activation maps.) No points,
# no hints.

# %% tags=["raises-exception"]
head = gap_head(24).to("cpu")
maps = torch.randn(5, 24, 7, 9)
weight, bias = list(head.parameters())

your_convolution = nn.Conv2d(24, 10, 3)  # replace this, and give it the head's weight and bias

with torch.no_grad():
    difference = your_convolution(maps).mean(dim=(2, 3)) - head(maps)
print("solved!" if difference.abs().max() < 1e-5 else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | 28-28-14-10-5-400, and 61,706 parameters | `lenet_sides`, `parameters`, `lenet` | slide 35; LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition* (1998) |
# | shapes, and where they break, are known before anything runs | `trace_shapes` | slides 33-34 |
# | a new network starts at 10 % and ln 10 | `first_losses` and its experiment | coding session, first question |
# | judging must not touch: modes, graphs, running means | `evaluate` | practice notebooks, corrected |
# | a loop that works can learn a hundred pictures by heart, and that proves no more | section 4 | Karpathy, *A Recipe for Training Neural Networks* (2019) |
# | five programs that run and are wrong | `bug_lines`, `to_grey`, `split_with_transforms` | practice notebooks, corrected |
# | validation above training is a matter of when, not of what | `reported` and its experiment | coding session, second question |
# | one change at a time, and more than one seed | section 6 | coding session, its task |
# | flatten: 102,764,544 parameters; global average pooling: 513,000 | `heads` | slides 33-34, 37; Lin, Chen, Yan, [arXiv:1312.4400](https://arxiv.org/abs/1312.4400) |
# | pooling accepts any size, and need not work on it | `gap_head`, section 7 | slide 34, completed |
#
# **Next:** notebook 07 opens the three tricks of slides 53 to 55, and measures each by itself.
