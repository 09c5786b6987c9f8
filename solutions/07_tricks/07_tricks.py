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
# # 07 · Tricks
#
# A network that learns its training pictures by heart is of no use. Slides 53 to 55 offer three remedies: alter the
# pictures, drop units, normalise the features. You will do each of them by hand, write it in a few lines, and put your
# lines to work in a real network. Then comes what a lecture has no time for: you measure what each trick is worth *by
# itself*, on several seeds, and believe what you find.
#
# **By the end you can**
# - write random crops, mixup and dropout, and say which of them may cost a picture its label;
# - write batch norm, forward and back, with its running statistics;
# - recognise a forgotten `eval()` by its symptoms, and mend it;
# - measure a trick so that somebody else believes the number.
#
# It covers slides 53 to 55 of the lecture and takes about 90 minutes. No GPU and no network connection are needed.

# %% tags=["setup"]
from dataclasses import replace

import course_lib  # before torch, so that it can say how torch's threads wait for each other
import numpy as np
import torch
from torch import nn

from course_lib import figures, ops
from course_lib.budget import budget, full
from course_lib.checks import hint, probe, same, tricks as check
from course_lib.data import load
from course_lib.errors import CourseError
from course_lib.quiz import quiz, recall
from course_lib.training import Recipe, device, evaluate, images, train
from course_lib.widgets import AugmentationGrid, BatchNormHistogram

print(f"Budget: {budget()}.")

# %% [markdown]
# ## Play first
#
# One picture, as a network meets it in twelve epochs. Turn on one change at a time, and look for the first copy that
# you would no longer call by its old name. Then choose a digit. Which change turns a 6 into a 9?

# %%
grid = AugmentationGrid()
grid

# %% [markdown]
# Three cards from earlier notebooks. Say the answer aloud, then open the card.

# %%
recall("07_tricks")

# %% [markdown]
# ## 1 · New pictures out of old ones
#
# “Combine multiple image alterations to produce a *new* image”, says slide 53. A cat one pixel further to the right is
# still a cat, so you may tell the network so: in each epoch it sees every picture a little differently. Whether a
# change is allowed is no question of mathematics. It is allowed if the *label* survives it, and that depends on the
# data: a mirrored cat is a cat, a mirrored 3 is nothing.
#
# The workhorse is the **random crop**: put a frame of zeros around the picture, then cut a piece of the old size out
# of it, anywhere. That is a shift by up to the width of the frame, in any direction.
#
# ### Code: `random_crop_flip`
# *Difficulty 3/5 · about 12 minutes · 3 points*
#
# Each picture has draws of its own: where to cut up and down, where to cut left and right, and whether to mirror (left
# and right change places). All randomness comes from `rng`, a NumPy generator: `rng.integers(0, n, size)` draws whole
# numbers from 0 to $n - 1$, `rng.random(size)` numbers from 0 to 1. In which order you draw is up to you; the check
# finds out from your pictures what you did. Stuck? Run `hint("random_crop_flip")` in a cell of your own; each call
# opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "random_crop_flip", "locked": false, "schema_version": 3, "solution": true}
# exercise: random_crop_flip
def random_crop_flip(X, padding, flip, rng):
    """Every picture cut at random out of its frame of zeros, and mirrored at random.

    X: array (N, C, H, W). padding: width of the frame in pixels, 0 or more. flip: probability to mirror a picture.
    rng: NumPy generator. Returns an array of X's shape.
    """
    ### BEGIN SOLUTION
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    top, left = rng.integers(0, 2 * padding + 1, (2, N))
    mirrored = rng.random(N) < flip
    out = np.zeros(X.shape)
    for n in range(N):
        piece = framed[n, :, top[n] : top[n] + H, left[n] : left[n] + W]
        out[n] = piece[:, :, ::-1] if mirrored[n] else piece
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_random_crop_flip", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_random_crop_flip (3 points)
# The generator is made where your function runs, from a seed.
def run(X, padding, flip, seed):
    return random_crop_flip(X, padding, flip, np.random.default_rng(seed))


check.random_crop_flip(probe(run))
### BEGIN HIDDEN TESTS
check.random_crop_flip(probe(run), seed=70)
### END HIDDEN TESTS

# %% [markdown]
# Here is what yours does to one digit. No mirror, for a digit's sake; and the frame is zero, which on these pictures
# is the black around the strokes.

# %% tags=["raises-exception"]
digits, labels = load("mnist5k")
eight = digits[np.flatnonzero(labels == 8)[4]].transpose(2, 0, 1).astype(float)
crops = random_crop_flip(np.stack([eight] * 6), 4, 0.0, np.random.default_rng(7))


def enlarged(picture):
    return np.kron(picture, np.ones((3, 3)))


shown = {"the digit": enlarged(eight[0])}
for epoch, crop in enumerate(crops, start=1):
    shown[f"epoch {epoch}"] = enlarged(crop[0])
figures.gallery(shown, "One digit, as it is and in six epochs, moved by up to 4 pixels.")

# %% [markdown]
# ### Code: `mixup`
# *Difficulty 2/5 · about 8 minutes · 3 points*
#
# A bolder idea (Zhang and others, 2018): lay two pictures over each other, and mix their labels in the same shares.
#
# $$\tilde x_n = \lambda_n\, x_n + (1 - \lambda_n)\, x_{\text{partner}(n)} \qquad
# \tilde y_n = \lambda_n\, y_n + (1 - \lambda_n)\, y_{\text{partner}(n)}$$
#
# The labels $y_n$ are rows of zeros with a single 1 (*one-hot*), so that they can be mixed at all. The draws are given
# to you: $\lambda$ and the partners, one of each for every picture. (The paper's text draws $\lambda$ for each pair,
# its code once for the whole batch. We do what the text says.)

# %% nbgrader={"grade": false, "grade_id": "mixup", "locked": false, "schema_version": 3, "solution": true}
# exercise: mixup
def mixup(X, Y, lam, partner):
    """Every picture and its label, mixed with those of its partner.

    X: pictures (N, C, H, W); X may hold whole numbers. Y: labels, one-hot (N, K). lam: (N,), from 0 to 1.
    partner: (N,), whole numbers. Returns X_mixed and Y_mixed, of the shapes of X and Y.
    """
    ### BEGIN SOLUTION
    share = lam[:, None, None, None]
    X_mixed = share * X + (1 - share) * X[partner]
    Y_mixed = lam[:, None] * Y + (1 - lam[:, None]) * Y[partner]
    return X_mixed, Y_mixed
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_mixup", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_mixup (3 points)
check.mixup(mixup)
### BEGIN HIDDEN TESTS
check.mixup(mixup, seed=71)
same(mixup(np.array([[[[0.0, 10.0]]], [[[20.0, 0.0]]]]), np.eye(2), np.array([0.9, 0.3]), np.array([1, 0])),
     [np.array([[[[2.0, 9.0]]], [[[6.0, 7.0]]]]), np.array([[0.9, 0.1], [0.7, 0.3]])], "a hidden mixture")
### END HIDDEN TESTS

# %% tags=["raises-exception"]
three = digits[np.flatnonzero(labels == 3)[4]].transpose(2, 0, 1).astype(float)
X, Y = np.stack([three, eight] * 2), np.eye(10)[[3, 8, 3, 8]]
X_mixed, Y_mixed = mixup(X, Y, np.array([0.9, 0.7, 0.5, 0.3]), np.array([1, 0, 3, 2]))
figures.gallery(
    {f"{y[3]:.1f} of a 3, {y[8]:.1f} of an 8": enlarged(x[0]) for x, y in zip(X_mixed, Y_mixed, strict=True)},
    "Mixed digits and their labels, made by your function.",
)

# %% [markdown]
# ## 2 · Dropout
#
# Slide 54: in training, set each unit of a layer to 0 with probability $p$, each time anew. No unit can rely on
# another one being there. The sum that the next layer takes would then be too small in training, by the factor
# $1 - p$, compared with evaluation, when nobody is dropped. So the units that stay are divided by $1 - p$; and in
# evaluation there is nothing left to do. This is called *inverted* dropout, and it is what PyTorch does.
#
# ### By hand: `dropped`
# *Difficulty 1/5 · about 2 minutes · 1 point*
#
# Four units hold 2, 4, 6 and 8. Dropout has $p = 0.2$, and this time the dice drop the second one. What does the next
# layer get? (**Predict first:** can a number *grow* by dropout?)

# %% nbgrader={"grade": false, "grade_id": "dropped", "locked": false, "schema_version": 3, "solution": true}
# exercise: dropped
# Replace each None by your number.
dropped = [None, None, None, None]
### BEGIN SOLUTION
dropped = [2.5, 0, 7.5, 10]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dropped", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_dropped (1 point)
check.by_hand("dropped", dropped)
### BEGIN HIDDEN TESTS
same(dropped, [2.5, 0, 7.5, 10], "dropped")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `dropout_forward`
# *Difficulty 2/5 · about 7 minutes · 3 points*

# %% nbgrader={"grade": false, "grade_id": "dropout_forward", "locked": false, "schema_version": 3, "solution": true}
# exercise: dropout_forward
def dropout_forward(x, p, training, rng):
    """Inverted dropout.

    x: array of any shape, pictures first. p: probability to drop, from 0 to below 1. training: True or False.
    rng: NumPy generator, as in random_crop_flip. Returns an array of x's shape; every unit has a draw of its own.
    """
    ### BEGIN SOLUTION
    if not training:
        return x
    stays = rng.random(x.shape) >= p
    return x * stays / (1 - p)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dropout_forward", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_dropout_forward (3 points)
def run(x, p, training, seed):
    return dropout_forward(x, p, training, np.random.default_rng(seed))


check.dropout_forward(probe(run))
### BEGIN HIDDEN TESTS
check.dropout_forward(probe(run), seed=72)
### END HIDDEN TESTS

# %% [markdown]
# Does the scale do what it should? The same four units, dropped again and again: their mean should come back to 2, 4,
# 6, 8. **Predict first:** how many draws does it take until the first decimal is right?

# %% tags=["raises-exception"]
units = np.array([2.0, 4.0, 6.0, 8.0])
rng = np.random.default_rng(7)
for draws in (1, 10, 100, 10_000):
    mean = np.mean([dropout_forward(units, 0.2, True, rng) for _ in range(draws)], axis=0)
    print(f"mean of {draws:6,} draws: {np.round(mean, 2)}")

# %% [markdown]
# When we ran it, a hundred were not enough; ten thousand were.
#
# ## 3 · Batch norm
#
# Slide 55: normalise intermediary features. For each channel, over all pictures of the batch and all places (all
# together $m = N \cdot H \cdot W$ numbers):
#
# $$\mu = \frac1m \sum x_i \qquad \sigma^2 = \frac1m \sum (x_i - \mu)^2 \qquad
# \hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}} \qquad y_i = \gamma\, \hat x_i + \beta$$
#
# $\gamma$ and $\beta$ are learned, one of each per channel: the network may undo it all if it wants to. The small
# $\epsilon$ stands *under* the root, and keeps a channel that is alike everywhere from being divided by zero.
#
# Click through the batches, and watch the running mean and variance follow. Then press `eval()`. What happens to a
# picture's result when its company changes, in the one mode and in the other? At `numbers` you can choose 1, 2, 3, 4,
# which you will soon work out by hand.

# %%
histogram = BatchNormHistogram()
histogram

# %% [markdown]
# ### By hand: `normalised`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# A channel holds 1, 2, 3 and 4. With $\gamma = 1$ and $\beta = 0$, and $\epsilon$ too small to matter: what comes out,
# to four decimals? (Take a calculator for the root, and for nothing else.)

# %% nbgrader={"grade": false, "grade_id": "normalised", "locked": false, "schema_version": 3, "solution": true}
# exercise: normalised
# Replace each None by your number.
normalised = [None, None, None, None]
### BEGIN SOLUTION
normalised = [-1.3416, -0.4472, 0.4472, 1.3416]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_normalised", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_normalised (2 points)
check.by_hand("normalised", normalised)
### BEGIN HIDDEN TESTS
same(normalised, [-1.3416, -0.4472, 0.4472, 1.3416], "normalised", 1e-4)
### END HIDDEN TESTS

# %% [markdown]
# In training a batch can lend its own mean and variance. In evaluation there may be no batch, just one picture; so
# during training the layer keeps a **running mean** and a **running variance**, and evaluation uses those:
#
# $$\text{running} \leftarrow (1 - \text{momentum}) \cdot \text{running} + \text{momentum} \cdot \text{batch}$$
#
# PyTorch starts them at 0 and 1 and takes a momentum of 0.1. One subtlety, which is in the paper too (Ioffe and
# Szegedy, 2015, Algorithm 2): the variance that goes in here is the *unbiased* one, divided by $m - 1$ instead of $m$.
#
# ### By hand: `running`
# *Difficulty 2/5 · about 4 minutes · 2 points*
#
# The same channel, 1, 2, 3, 4, is the first batch that the layer ever sees. Running mean and running variance after it,
# to four decimals?

# %% nbgrader={"grade": false, "grade_id": "running", "locked": false, "schema_version": 3, "solution": true}
# exercise: running
# Replace each None by your number: the running mean, then the running variance.
running = [None, None]
### BEGIN SOLUTION
running = [0.25, 1.0667]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_running", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_running (2 points)
check.by_hand("running", running)
### BEGIN HIDDEN TESTS
same(running, [0.25, 1.0667], "running", 1e-4)
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `batchnorm2d_forward`
# *Difficulty 3/5 · about 10 minutes · 5 points*
#
# Both modes. The one question that matters is over which axes to average: (N, C, H, W) has four, and one of them
# stays. `keepdims=True` saves you from reshaping the result; `gamma` and the like need the shape $(1, C, 1, 1)$, which
# `gamma[:, None, None]` gives in broadcasting.

# %% nbgrader={"grade": false, "grade_id": "batchnorm2d_forward", "locked": false, "schema_version": 3, "solution": true}
# exercise: batchnorm2d_forward
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    """Batch norm of X (N, C, H, W): by the batch's own statistics in training, by the running ones in evaluation.

    gamma, beta, running_mean, running_var: (C,). training: True or False. Returns an array of X's shape.
    """
    ### BEGIN SOLUTION
    if training:
        mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    else:
        mean, var = running_mean, running_var
    x_hat = (X - mean[:, None, None]) / np.sqrt(var[:, None, None] + eps)
    return gamma[:, None, None] * x_hat + beta[:, None, None]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm2d_forward", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_batchnorm2d_forward (3 points)
# Training.
check.batchnorm2d_forward(batchnorm2d_forward)
### BEGIN HIDDEN TESTS
check.batchnorm2d_forward(batchnorm2d_forward, seed=73)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm2d_forward_eval", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_batchnorm2d_forward_eval (2 points)
# Evaluation.
check.batchnorm2d_forward_eval(batchnorm2d_forward)
### BEGIN HIDDEN TESTS
check.batchnorm2d_forward_eval(batchnorm2d_forward, seed=74)
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `running_update`
# *Difficulty 2/5 · about 5 minutes · 2 points*

# %% nbgrader={"grade": false, "grade_id": "running_update", "locked": false, "schema_version": 3, "solution": true}
# exercise: running_update
def running_update(running_mean, running_var, X, training, momentum=0.1):
    """The running statistics after the batch X (N, C, H, W) has passed.

    running_mean, running_var: (C,). Returns the new running_mean and running_var; in evaluation nothing changes.
    """
    ### BEGIN SOLUTION
    if not training:
        return running_mean, running_var
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_running_update", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_running_update (2 points)
check.running_update(running_update)
### BEGIN HIDDEN TESTS
check.running_update(running_update, seed=75)
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `batchnorm2d_backward`
# *Difficulty 5/5 · about 15 minutes · 5 points*
#
# Now the way back, in training. $\gamma$ and $\beta$ are quick: each product sends back `dY` times the other factor,
# and all $m$ numbers of a channel share them. For $x$ there is a catch. Nudge one $x_i$, and not only its own $y_i$
# moves: the mean moves, the variance moves, and with them *every* output of the channel. Worked out (on paper it takes
# a page), each of these two paths takes its share away:
#
# $$\mathrm{dX} = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \Big(\mathrm{dY}
# \;-\; \operatorname{mean}(\mathrm{dY}) \;-\; \hat x \cdot \operatorname{mean}(\mathrm{dY} \cdot \hat x)\Big)$$
#
# The means run over the channel's $m$ numbers, as on the way forward. **Predict first:** what is `dX` when `dY` is the
# same everywhere, and why must it be so?

# %% nbgrader={"grade": false, "grade_id": "batchnorm2d_backward", "locked": false, "schema_version": 3, "solution": true}
# exercise: batchnorm2d_backward
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    """What X, gamma and beta of batch norm receive, in training.

    dY, X: arrays (N, C, H, W). gamma: (C,). Returns dX, dgamma and dbeta, of the shapes of X, (C,) and (C,).
    """
    ### BEGIN SOLUTION
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    through_mean = dY.mean(axis=axes, keepdims=True)
    through_var = x_hat * (dY * x_hat).mean(axis=axes, keepdims=True)
    dX = gamma[:, None, None] / std * (dY - through_mean - through_var)
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm2d_backward", "locked": true, "points": 5, "schema_version": 3, "solution": false}
# test: test_batchnorm2d_backward (5 points)
check.batchnorm2d_backward(batchnorm2d_backward)
### BEGIN HIDDEN TESTS
check.batchnorm2d_backward(batchnorm2d_backward, seed=76)
### END HIDDEN TESTS

# %% [markdown]
# And the prediction? It is 0: what all outputs share is their mean, and that is $\beta$ whatever $X$ is.
#
# ### Your layer in a real network
#
# Three functions make a layer. The next cell wraps yours for PyTorch: what `forward` gives and what `backward` sends
# back is your NumPy. Then two equal networks learn the same digits, one with PyTorch's batch norm and one with yours.

# %% tags=["raises-exception"]
class Bridge(torch.autograd.Function):
    """Hands arrays to your functions, and tensors back to PyTorch."""

    @staticmethod
    def forward(ctx, X, gamma, beta, layer):
        ctx.arrays = [tensor.detach().cpu().double().numpy() for tensor in (X, gamma, beta)]
        statistics = [layer.running_mean.cpu().double().numpy(), layer.running_var.cpu().double().numpy()]
        Y = batchnorm2d_forward(*ctx.arrays, *statistics, layer.training, layer.eps)
        updated = running_update(*statistics, ctx.arrays[0], layer.training, layer.momentum)
        for kept, new in zip((layer.running_mean, layer.running_var), updated, strict=True):
            kept.copy_(torch.from_numpy(new))
        return torch.from_numpy(Y).to(X)

    @staticmethod
    def backward(ctx, dY):
        gradients = batchnorm2d_backward(dY.cpu().double().numpy(), *ctx.arrays[:2])
        return *(torch.from_numpy(gradient).to(dY) for gradient in gradients), None


class YourBatchNorm(nn.BatchNorm2d):
    def forward(self, X):
        return Bridge.apply(X, self.weight, self.bias, self)


def small_net(norm=None, drop=0.0, maps=(1, 8, 16), side=28):
    """Convolutions from maps to maps, each with a pool, and a linear layer. norm: a class of layers, or None."""
    layers = []
    for maps_in, maps_out in zip(maps, maps[1:], strict=False):
        layers += [nn.Conv2d(maps_in, maps_out, 3, padding=1), *([norm(maps_out)] if norm else []),
                   nn.ReLU(), nn.MaxPool2d(2)]
    inputs = maps[-1] * (side // 2 ** (len(maps) - 1)) ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(drop), nn.Linear(inputs, 10))


everything, test_set = images("mnist5k"), images("mnist5k", "test")
plain = Recipe("", epochs=10, batch_size=32, optimizer="adamw", lr=0.01, weight_decay=0.01)
losses = {}
for name, norm in {"PyTorch's": nn.BatchNorm2d, "yours": YourBatchNorm}.items():
    torch.manual_seed(0)
    run = train(small_net(norm), everything[:160], plain, epochs=6, rows=30, show=False)
    losses[name] = [row["training_loss"] for row in run.history]
    print(f"{name:10} {evaluate(run.model, test_set[:1000]).accuracy:.1%} of 1,000 test digits are right")
figures.curves(
    [row["step"] for row in run.history], losses, "step", "cross-entropy",
    "Training loss with PyTorch's batch norm and with yours: one curve lies on the other.", log="y",
)

# %% [markdown]
# Not a digit of difference, or next to none: PyTorch computes in single precision and you in double.

# %% [markdown]
# ## 4 · Two modes, and one line that is easily forgotten
#
# Dropout and batch norm behave one way in training and another in evaluation. `model.train()` and `model.eval()` turn
# the switch, for all layers at once. PyTorch cannot know which of the two you mean, and nothing crashes if you get it
# wrong.
#
# ### By hand: `lonely`
# *Difficulty 2/5 · about 3 minutes · 2 points*
#
# A channel has shrunk to a single place, and the batch to a single picture, so the layer sees one number: 7. It has
# $\gamma = 2$, $\beta = 0.5$, running mean 5 and running variance 4; leave $\epsilon$ aside, but where it saves you
# from $0/0$. What comes out in training mode, and what in evaluation mode? **Then say:** what would come out in
# training mode if the number were 1000?

# %% nbgrader={"grade": false, "grade_id": "lonely", "locked": false, "schema_version": 3, "solution": true}
# exercise: lonely
# Replace each None by your number: in training mode, then in evaluation mode.
lonely = [None, None]
### BEGIN SOLUTION
lonely = [0.5, 2.5]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_lonely", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_lonely (2 points)
check.by_hand("lonely", lonely)
### BEGIN HIDDEN TESTS
same(lonely, [0.5, 2.5], "lonely")
### END HIDDEN TESTS

# %% [markdown]
# PyTorch refuses this case, with a `ValueError`: a small mercy. Mostly it says nothing. Here is a network with batch
# norm and dropout, trained on 500 digits, and a colleague's function that measures it. Read the function, then the
# table. **Predict first:** one network, the same 2,000 digits; which lines will be equal?

# %%
torch.manual_seed(0)
patient = train(small_net(nn.BatchNorm2d, drop=0.5), everything[:500], plain, rows=1, show=False).model


def colleagues_accuracy(model, digits, batch_size):
    right = 0
    for X, y in zip(digits.normalised().split(batch_size), digits.y.split(batch_size), strict=True):
        right += (model(X).argmax(1) == y).sum().item()
    return right / len(digits)


by_class = test_set[test_set.y.argsort()]
negatives = replace(test_set, x=255 - test_set.x)  # white on black becomes black on white
print(f"{evaluate(patient, test_set).accuracy:6.1%}  measured properly")
patient.train()  # as it was during training
print(f"{colleagues_accuracy(patient, test_set, 100):6.1%}  the colleague")
print(f"{colleagues_accuracy(patient, test_set, 100):6.1%}  the colleague, once more")
print(f"{colleagues_accuracy(patient, by_class, 100):6.1%}  the colleague, digits sorted by class")
print(f"{colleagues_accuracy(patient, negatives, 100):6.1%}  the colleague, for fun, on negatives")
print(f"{evaluate(patient, test_set).accuracy:6.1%}  measured properly, once more")

# %% [markdown]
# Which of the two layers is behind each line? Dropout gives another number at each call. Batch norm lets the pictures
# of a batch judge each other, so their order counts. And the last line is the worst: nobody trained, and yet it is no
# longer the same network. Its running statistics are now those of negatives.
#
# ### Code: `predict`
# *Difficulty 2/5 · about 8 minutes · 3 points*
#
# Write the function that the colleague should have written. Four things: evaluation mode *before* the first batch, no
# gradients, every picture counted, and *every module* handed back in the mode in which it came. (The lecture's own
# practice notebook ends its evaluation with `net.train()`, whatever was before. A batch norm that had been frozen on
# purpose, inside a network that trains, is then frozen no more. `model.modules()` goes through all of them.)

# %% nbgrader={"grade": false, "grade_id": "predict", "locked": false, "schema_version": 3, "solution": true}
# exercise: predict
def predict(model, X, batch_size=100):
    """The logits of a network for the pictures X, batch by batch.

    model: nn.Module; module.training says in which mode each of model.modules() is. X: tensor (N, ...).
    Returns a tensor (N, classes).
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.inference_mode():
        parts = [model(batch) for batch in X.split(batch_size)]
    for module, mode in modes:
        module.training = mode
    return torch.cat(parts)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_predict", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_predict (3 points)
# A network with batch norm and dropout: your logits, its running mean and what else is left behind, the sizes of your
# batches.
def run(X, running_mean, running_var, W, p, modes, batch_size):
    model = nn.Sequential(nn.BatchNorm1d(X.shape[1]), nn.Dropout(p), nn.Linear(*W.T.shape, bias=False)).double()
    model.load_state_dict({"0.running_mean": torch.tensor(running_mean), "0.running_var": torch.tensor(running_var),
                           "2.weight": torch.tensor(W)}, strict=False)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    sizes, graphs = [], []

    def note(module, inputs, output):
        sizes.append(len(output))
        graphs.append(output.requires_grad)

    model[2].register_forward_hook(note)
    logits = predict(model, torch.tensor(X), batch_size)
    gradients = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    if not isinstance(logits, torch.Tensor):
        raise TypeError("predict must return one tensor (N, classes); join the batches with torch.cat")
    left_behind = np.array([*(module.training for module in model.modules()), any(graphs), gradients,
                            all(parameter.requires_grad for parameter in model.parameters())], dtype=int)
    return logits.detach().numpy(), model[0].running_mean.numpy(), left_behind, np.array(sizes, dtype=int)


check.predict(probe(run))
### BEGIN HIDDEN TESTS
check.predict(probe(run), seed=77)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Find the error in the lecture
#
# ### By hand: `keep_or_drop`
# *Difficulty 2/5 · about 4 minutes · 2 points*
#
# The figure of slide 54 comes from the paper (Srivastava and others, 2014; the slide misspells the name). There $p$ is
# the probability that a unit is *present*: in training it is there with probability $p$, at test time it is always
# there and its outgoing weights are multiplied by $p$. Say the figure's $p$ is 0.8. Three numbers:
# 1. what has to stand in `nn.Dropout(p=...)` for the same layer;
# 2. by what PyTorch multiplies a unit that stays, in training;
# 3. by what the figure multiplies the weights at test time.

# %% nbgrader={"grade": false, "grade_id": "keep_or_drop", "locked": false, "schema_version": 3, "solution": true}
# exercise: keep_or_drop
# Replace each None by your number.
keep_or_drop = [None, None, None]
### BEGIN SOLUTION
keep_or_drop = [0.2, 1.25, 0.8]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_keep_or_drop", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_keep_or_drop (2 points)
check.by_hand("keep_or_drop", keep_or_drop)
### BEGIN HIDDEN TESTS
same(keep_or_drop, [0.2, 1.25, 0.8], "keep_or_drop")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `two_roots`
# *Difficulty 2/5 · about 4 minutes · 2 points*
#
# “During testing with running mean and std”, says slide 55. What is kept is the *variance*, and the root is taken when
# it is used. Is that the same? Say the batches of a channel have the variances 1 and 9 in turn, and the running value
# has settled at their mean. By what does evaluation divide ($\epsilon$ aside)? And by what would it divide if the
# standard deviations had been averaged, as the slide says? Four decimals.

# %% nbgrader={"grade": false, "grade_id": "two_roots", "locked": false, "schema_version": 3, "solution": true}
# exercise: two_roots
# Replace each None by your number: with a running variance, then with a running std.
two_roots = [None, None]
### BEGIN SOLUTION
two_roots = [2.2361, 2]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_two_roots", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_two_roots (2 points)
check.by_hand("two_roots", two_roots)
### BEGIN HIDDEN TESTS
same(two_roots, [2.2361, 2], "two_roots", 1e-4)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · What is each trick worth?
#
# “Less overfit!”, says slide 53, and slide 54: “drastically reduce overfitting”. Let us see. The task: learn from 500
# digits, be tested on 2,000 others. The bare network has no trick at all. To it we add one trick *at a time*: dropout
# ($p = 0.5$, before the linear layer, where slide 54 wants it), batch norm (after each convolution), mixup, and crops;
# then each of the first three once more, on top of crops. Crops and mixup are your functions.
#
# How do you measure it so that somebody else believes the number?
# - **Several seeds.** The seed decides which 500 digits there are, how the weights begin, and how the batches are
#   drawn. One run is an anecdote.
# - **Paired.** The two sides of a comparison get the same seed, hence the same digits: a lucky draw helps both.
# - **One change at a time**, all else alike: epochs, learning rate, batches.
#
# **Predict first:** put the four in order, by what each adds to the bare network. We begin with three.

# %% tags=["raises-exception"]
def altered(seed, padding=0, alpha=0.0, flip=0.0):
    """What happens to every batch on its way to the network: your crops, then your mixup."""
    rng = np.random.default_rng(seed)

    def alter(X, y):
        X, Y = X.cpu().numpy(), np.eye(10)[y.cpu()]
        if padding:
            black = X.min(axis=(0, 2, 3), keepdims=True)  # after normalisation that is no longer 0
            X = random_crop_flip(X - black, padding, flip, rng) + black
        if alpha:
            X, Y = mixup(X, Y, rng.beta(alpha, alpha, len(X)), rng.permutation(len(X)))
        return [torch.tensor(array, dtype=torch.float32, device=device()) for array in (X, Y)]

    return alter if padding or alpha else None

# %% [markdown]
# The rest is bookkeeping: networks for every arm and every seed, and a table that sets each trick beside the network
# without it, seed by seed. It takes half a minute.

# %% tags=["raises-exception"]
def trained(pool, count, seed, recipe, alter=None, **net):
    some = pool[torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))[:count]]
    torch.manual_seed(seed)
    return train(small_net(**net), some, recipe, seed=seed, alter=alter, rows=1, show=False).model


def ablation(arms, pool, count, test, recipe, flip=0.0, **shape):
    """The trained networks of every arm, {arm: [one for each seed]}, and their accuracies in percent."""
    nets = {arm: [trained(pool, count, seed, recipe, altered(seed, **changes, flip=flip), **layers, **shape)
                  for seed in range(3)] for arm, (layers, changes) in arms.items()}
    return nets, {arm: np.array([100 * evaluate(net, test).accuracy for net in nets[arm]]) for arm in arms}


def told(differences):
    if (differences > 0).all():
        return "better each time"
    return "worse each time" if (differences < 0).all() else "the seeds disagree"


def report(accuracy):
    print(f"{'':21}{'right':>7}   {'added, seed by seed':23}")
    for arm, values in accuracy.items():
        line = f"{arm:20}{values.mean():7.2f}%"
        if arm != "bare":
            base = "crops" if "+" in arm else "bare"
            added = values - accuracy[base]
            line += f"   {' '.join(f'{x:+5.2f}' for x in added)}   to {base}: {told(added)}"
        print(line)


# Each arm: the layers of its network, and what happens to its pictures.
TRICKS = {
    "dropout": ({"drop": 0.5}, {}),
    "batch norm": ({"norm": nn.BatchNorm2d}, {}),
    "mixup": ({}, {"alpha": 0.4}),
}
WITHOUT_CROPS = {"bare": ({}, {})} | TRICKS

nets, accuracy = ablation(WITHOUT_CROPS, everything, 500, test_set, plain)
report(accuracy)

# %% [markdown]
# And now the crops. How much of each gain, or loss, will be left on top of them?

# %% tags=["raises-exception"]
CROPS = {"padding": 2}
WITH_CROPS = {"crops": ({}, CROPS)}
WITH_CROPS |= {f"crops + {name}": (layers, CROPS | changes) for name, (layers, changes) in TRICKS.items()}

nets_too, accuracy_too = ablation(WITH_CROPS, everything, 500, test_set, plain)
nets, accuracy = nets | nets_too, accuracy | accuracy_too
report(accuracy)
wrong = {"without crops": [100 - accuracy[arm] for arm in WITHOUT_CROPS],
         "with crops": [100 - accuracy[arm] for arm in WITH_CROPS]}
figures.spread(
    ["no other trick", *TRICKS], wrong, "", "wrong, %",
    "What dropout, batch norm and mixup do, without crops and with them. Each seed is a point.",
)

# %% [markdown]
# Read the columns of signs before the means. A trick that does nothing at all still gets three equal signs in one case
# of four, as three coins do; so “better each time” from three seeds is a hint, and a large, steady number is a finding.
# “The seeds disagree” is a finding too: whatever the trick does here is smaller than the luck of the draw.
#
# Then compare the two lines of the picture. Gains do not simply add up: what one trick has repaired, the next one
# cannot repair again, and a trick that makes training harder can cost something if the network has enough to do
# already. And none of this is a law. It holds for these digits, this small network and these ten epochs: where the
# network is large and the layers in front of the output are wide, as they were in 2012, dropout earned its name.
#
# **Explain it to a friend:** a paper reports that its new trick adds 0.4 points, in one run. What would you ask first?

# %%
if full("the same ablation on all of CIFAR-10, which a GPU makes short and two cores make long"):
    cifar, cifar_test = images("cifar10"), images("cifar10", "test")
    recipe = replace(plain, epochs=20, batch_size=256)
    larger = {"maps": (3, 32, 64, 128), "side": 32}
    arms = WITHOUT_CROPS | WITH_CROPS
    report(ablation(arms, cifar, len(cifar), cifar_test, recipe, flip=0.5, **larger)[1])

# %% [markdown]
# ### Experiment: do the tricks make it robust?
#
# Slide 53 promises a second thing: augmentation makes “the model more robust to image corruption”. The networks are
# trained; so disturb the *test* digits, with noise or with blur. None of them has met either in training. One more
# network shall have: it is trained on digits with noise of every strength up to 0.4, and never sees any blur.
# **Predict first:** which lines will stay high in noise, and which in blur? What has a crop to do with either?

# %% tags=["raises-exception"]
from scipy.ndimage import gaussian_filter


def noisy(x, strength):
    return (x + np.random.default_rng(0).normal(0, 255 * strength, x.shape)).clip(0, 255)


def blurred(x, width):
    return gaussian_filter(x.astype(float), (0, width, width, 0))


def practised_noise(seed):
    rng = np.random.default_rng(seed)

    def alter(X, y):
        strength = rng.uniform(0, 0.4, (len(X), 1, 1, 1)) / everything.std.item()  # X is normalised
        noise = torch.tensor(rng.normal(size=X.shape) * strength, dtype=X.dtype, device=X.device)
        return (X + noise).clip(X.min(), X.max()), y

    return alter


compared = {arm: nets[arm] for arm in ("bare", *TRICKS, "crops")}
compared["noise practised"] = [trained(everything, 500, seed, plain, practised_noise(seed))
                               for seed in range(3)]

some = test_set[:500]
clean = some.x.cpu().numpy()
figures.gallery(
    {f"noise {s}": enlarged(noisy(clean[7:8], s)[0, ..., 0]) for s in (0.1, 0.4)}
    | {f"blur {s}": enlarged(blurred(clean[7:8], s)[0, ..., 0]) for s in (0.5, 2)},
    "A test digit, a little disturbed and very.",
)


def robustness(xlabel, disturb, strengths):
    disturbed = [torch.from_numpy(disturb(clean, s).astype(np.uint8)).to(device()) for s in strengths]
    right = {arm: [[100 * evaluate(net, replace(some, x=x)).accuracy for net in group] for x in disturbed]
             for arm, group in compared.items()}
    figures.spread(strengths, right, xlabel, "right, %", "Means of three seeds, with their range.")


robustness("standard deviation of the noise (white is 1)", noisy, [0, 0.1, 0.2, 0.3, 0.4])
robustness("width of the blur, in pixels", blurred, [0, 0.5, 1, 1.5, 2])

# %% [markdown]
# Read the left end of each picture first, then the right end: does the network that is best on clean digits stay the
# best? When we ran it, it did not, and a trick that helped on clean digits made some things worse. So the slide's
# sentence needs four more words. Augmentation makes a network robust against corruptions *that it has practised*. Look
# at the one that practised noise: how does it do in noise, and how in blur, which it never met? Crops practise one
# thing, place.
#
# **Explain it to a friend:** if batch norm falls deepest in your pictures, as it did in ours, what is there in such a
# network that fits clean digits only? (The last line of the colleague's table has the answer.)
#
# ### Experiment: does batch norm learn faster?
#
# The curve on slide 55 is about speed. One epoch over 1,500 digits, plain SGD with momentum, at three learning rates.
# You may have heard that “batch norm allows larger learning rates”. **Predict first:** at which of the three does it
# help most, and where least?

# %% tags=["raises-exception"]
def after_one_epoch(norm, rate, seed):
    torch.manual_seed(seed)
    recipe = Recipe("", epochs=1, batch_size=32, optimizer="sgd", lr=rate, schedule="constant", warmup=0)
    try:
        net = train(small_net(norm), everything[:1500], recipe, seed=seed, rows=1, show=False).model
    except CourseError:  # the loss is no number any more: as good as guessing
        return 10.0
    return 100 * evaluate(net, test_set).accuracy


rates = [0.001, 0.01, 0.1]
figures.spread(
    rates, {name: [[after_one_epoch(norm, rate, seed) for seed in range(3)] for rate in rates]
            for name, norm in {"with batch norm": nn.BatchNorm2d, "without": None}.items()},
    "learning rate", "right, %", "After a single epoch. Each point is a seed.", log="x",
)

# %% [markdown]
# With a learning rate that is too small, normalised features make up for it. At 0.1 the network with batch norm may
# learn nothing at all and stay at 10 %: its first steps were so large that it never recovered. Is the saying about
# larger rates borne out here? If your picture says no, that is no mistake of yours: sayings come from particular networks, often very
# deep ones. (Why batch norm works is still argued about. The paper's own reason, less *internal covariate shift*, did
# not survive a closer look: Santurkar and others, 2018.)

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("07_tricks")
questions

# %% [markdown]
# ## Stretch puzzle: the layer that disappears
#
# In evaluation batch norm multiplies each channel by a number and adds a number, and so does the convolution before
# it. Make one layer of the two: find kernels and biases of a *single* convolution that gives the same. (Before a
# network is put on a phone, this is done with every such pair.) No points, no hints.

# %% tags=["raises-exception"]
rng = np.random.default_rng(55)
X, W, b = rng.normal(size=(2, 3, 6, 6)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
gamma, beta, running_mean, running_var = rng.normal(size=(4, 4)) ** 2

your_W, your_b = W, b  # change these two

two_layers = batchnorm2d_forward(ops.conv2d(X, W, b), gamma, beta, running_mean, running_var, False)
print("solved!" if np.allclose(ops.conv2d(X, your_W, your_b), two_layers) else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | a change is allowed if the label survives it | the widget, `random_crop_flip` | slide 53 |
# | pictures and labels can be mixed | `mixup` | Zhang, Cissé, Dauphin, Lopez-Paz, *mixup* (2018) |
# | units that stay are divided by $1 - p$, and in evaluation nothing happens | `dropped`, `dropout_forward` | Srivastava and others, *Dropout* (2014), there the other way round |
# | 1, 2, 3, 4 become −1.3416, −0.4472, 0.4472, 1.3416; running mean 0.25, running variance 1.0667 | `normalised`, `running`, by hand | slide 55; Ioffe, Szegedy, *Batch Normalization* (2015) |
# | two paths take their share from `dX` | `batchnorm2d_backward`, and two equal curves | Ioffe, Szegedy (2015), section 3 |
# | a forgotten `eval()` gives other answers, and changes the network | `lonely`, the colleague's table, `predict` | a bug of the lecture's practice notebook |
# | the figure's $p$ keeps, PyTorch's drops; the variance is kept, not the std | `keep_or_drop`, `two_roots` | slides 54 and 55, corrected |
# | what a trick is worth depends on what is there already | the ablation, three seeds, paired | your own run |
# | a network is robust against what it has practised | the two pictures of noise and blur | slide 53, completed; your own run |
#
# **Next:** notebook 08 reads the famous architectures box by box, and recounts them.
