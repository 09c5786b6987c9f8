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
# # 10 · What filters see
#
# Nobody told the network what to look for. It was given pictures and labels, and its filters are what training made of
# them. Slide 31 opens the box: filters that answer to contours, then textures, shapes, parts, objects. In this notebook
# you open one yourself, with five small tools that work on any network: you read what a layer gives, measure how far a
# unit sees, paint what it likes best, and ask which pixels decided.
#
# **By the end you can**
# - read the maps of any layer with a hook, and leave the network as you found it;
# - work out a receptive field by hand, by a formula and by gradients, and say why a unit uses less than it sees;
# - make a picture that excites a unit, and say how much of it is the network's and how much is your regulariser's;
# - ask with occlusion and with Grad-CAM what decided, and test whether the answer depends on the network at all.
#
# It covers slide 31 and takes about 80 minutes. No GPU and no network connection are needed: the course ships a network
# that was trained on CIFAR-10, and it looks at photographs that came with the packages, or at yours.

# %% tags=["setup"]
import course_lib  # before torch, so that it can say how torch's threads wait for each other
import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import data, explain, figures, geometry, pretrained
from course_lib.budget import budget, full
from course_lib.checks import hint, probe, same, what_filters_see as check
from course_lib.quiz import quiz, recall
from course_lib.widgets import ActivationBrowser
from course_lib.widgets.activation_browser import fitted
from course_lib.widgets.crude_to_fine import crude_to_fine

trained = pretrained.load("fast_cifar10")
model, classes = trained.model, trained.classes


def small_network(weights):
    """The network that the checks look into, with given weights."""
    first, second, head = map(torch.as_tensor, weights)
    network = nn.Sequential(
        nn.Conv2d(first.shape[1], len(first), 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(len(first), len(second), 3, bias=False), nn.ReLU(), nn.Flatten(),
        nn.Linear(head.shape[1], len(head), bias=False)).double()
    for parameter, weight in zip(network.parameters(), (first, second, head), strict=True):
        parameter.data = weight.clone()
    return network


print(f"Budget: {budget()}. The network knows {', '.join(classes)}.")

# %% [markdown]
# ## Play first
#
# The network looks at a cat. Go through its layers, click on a map, move over its units: the frame in the picture shows
# what a unit sees, and below stand the patches of other photographs to which its channel answers most. How does the
# frame grow from layer to layer? Do you find a channel whose best patches have something in common?
#
# Put your own picture in: `ActivationBrowser(trained, "me.jpg")`.

# %%
PICTURE = "chelsea"  # or the path of a picture of yours
browser = ActivationBrowser(trained, PICTURE)
browser

# %% [markdown]
# Three cards from earlier notebooks. Say the answer aloud, then open the card.

# %%
recall("10_what_filters_see")

# %% [markdown]
# ## 1 · Reading along
#
# The network is six $3\times3$ convolutions in three groups, with one small convolution in front of them:
#
# | | layers | maps for a picture of 32×32 |
# |---|---|---|
# | `whitening` | convolution 2×2, ReLU | 24 of 31×31 |
# | `groups.0` | convolution 3×3, max pool 2×2, batch norm, ReLU, convolution 3×3, batch norm, ReLU | 32 of 15×15 |
# | `groups.1` | the same | 96 of 7×7 |
# | `groups.2` | the same | 176 of 3×3 |
# | `head` | the maximum of each map, fully connected | 10 logits |
#
# `model(X)` gives the logits and forgets the rest. A **hook** is a function that PyTorch calls whenever a module has
# run: `handle = module.register_forward_hook(called)` makes it call `called(module, inputs, output)` from now on, and
# the handle's `remove()` takes it off again. So one can listen to a network without changing a line of it.
#
# ### Code: `feature_maps`
# *Difficulty 3/5 · about 10 minutes · 4 points*
#
# What *every* layer gives. A layer here is a module that holds no other modules; `model.named_modules()` goes through
# all levels and gives names such as `groups.0.4`. Three things to mind: many networks have ReLUs that work *in place*
# and write over what they are given, so keep copies (`output.clone()`); a function made in a loop sees the loop's
# variable as it is at the *end*; and a hook that is not removed runs for ever. Stuck? Run `hint("feature_maps")` in a
# cell of your own; each call opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "feature_maps", "locked": false, "schema_version": 3, "solution": true}
# exercise: feature_maps
def feature_maps(model, X):
    """What every layer without layers of its own gives for X (N, C, H, W): dict, name -> tensor, as they ran."""
    ### BEGIN SOLUTION
    maps = {}

    def listener(name):
        def remember(module, inputs, output):
            maps[name] = output.detach().clone()
        return remember

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_feature_maps", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_feature_maps (4 points)
# A network whose first two layers lie within another module, and whose ReLUs work in place.
def run(x, weights):
    flat = small_network(weights)
    flat[1].inplace = flat[4].inplace = True
    nested = nn.Sequential(flat[:2], *flat[2:])
    maps = feature_maps(nested, torch.from_numpy(x))
    left = sum(len(module._forward_hooks) for module in nested.modules())
    return [list(maps), [each.detach().numpy() for name, each in maps.items()], left]


check.feature_maps(probe(run))
### BEGIN HIDDEN TESTS
check.feature_maps(probe(run), seed=100)
### END HIDDEN TESTS

# %% [markdown]
# What does a layer hear of the cat? **Predict first:** behind a ReLU many numbers are 0. Are there more zeros in the
# first group, or in the last? (The ReLU behind `whitening` is missing in the list: it is a call of `F.relu` and no
# module, and so no hook hears it.)

# %% tags=["raises-exception"]
def photo(name, shape=(3, 32, 32)):
    """The middle of a photograph, uint8 (H, W, 3)."""
    return fitted(data.photograph(name), shape)


def X_of(*pictures):
    """Pictures uint8 (H, W, 3) as the network takes them, (N, 3, H, W)."""
    return trained.normalised(torch.from_numpy(np.stack(pictures)).to(next(model.parameters()).device))


several = X_of(*(photo(name) for name in ("chelsea", "astronaut", "coffee", "rocket")))
maps = feature_maps(model, several)
for name, each in maps.items():
    if type(model.get_submodule(name)) is nn.ReLU:
        print(f"{name:11} {list(each.shape[1:])!s:14} {(each == 0).float().mean():6.1%} of the numbers are 0")

# %% [markdown]
# About half of them, everywhere: the batch norm in front of a ReLU centres its numbers, and so about half lie below 0.
# Which half, that is what a unit has to say.
#
# ### The first filters
#
# A filter of the first layer reads colours, so it can be shown as what it is, a small picture. (One of a later layer
# reads 24 or 96 channels, and has no colours of its own.) Grey is 0.

# %%
filters = model.whitening.weight.detach().cpu().permute(0, 2, 3, 1).numpy()  # (24, 2, 2, 3)


def enlarged(picture, times):
    return np.asarray(picture).repeat(times, axis=0).repeat(times, axis=1)


figures.gallery({f"{number}": enlarged(127.5 + 127.5 * each / np.abs(each).max(), 24)
                 for number, each in enumerate(filters[:12])},
                "The first twelve filters of the network, 2x2 pixels; the other twelve are their negatives.")

# %% [markdown]
# The last ones are plain colours (11 is white, and hard to see on a white page) and edges of brightness, upright and
# flat; the first ones fine checks and edges of colour. These were not learned, but *computed* from the training
# pictures before the first step: they are the directions in which patches of $2\times2$ pixels differ, the rarest
# first. But what networks learn in their first layer looks alike, and so does what was measured in the visual cortex of
# cats (Hubel and Wiesel, 1962). What the network did learn, its six convolutions, you will see in section 3. First: how
# much of the picture do they see?

# %% [markdown]
# ## 2 · How far a unit sees
#
# In notebook 03 you wrote the formula of the receptive field: behind a convolution a unit sees $k-1$ *jumps* more than
# before, a jump being the distance between two neighbours of the map that it reads, and strides multiply the jump.
#
# ### By hand: `sees`
# *Difficulty 3/5 · about 10 minutes · 3 points*
#
# How many pixels of a side does one unit see, behind
#
# 1. two convolutions 3×3? (Stride 1 unless it is said.)
# 2. three of them?
# 3. the last convolution of ResNet-20: one 3×3 in front, then three stages of six 3×3; the *first* convolution of the
#    second stage and of the third has stride 2?
# 4. the last max pool of AlexNet: 11×11 stride 4, pool 3×3 stride 2, 5×5, pool 3×3 stride 2, three 3×3, pool 3×3
#    stride 2?
# 5. the last convolution of VGG-16: 2, 2, 3, 3 and 3 convolutions 3×3, with a pool 2×2 stride 2 between the groups?
# 6. the last pool of VGG-16, 2×2, right behind that?

# %% nbgrader={"grade": false, "grade_id": "sees", "locked": false, "schema_version": 3, "solution": true}
# exercise: sees
sees = [None,  # two 3x3
        None,  # three 3x3
        None,  # ResNet-20, last convolution
        None,  # AlexNet, last pool
        None,  # VGG-16, last convolution
        None]  # VGG-16, last pool
### BEGIN SOLUTION
sees = [5, 7, 81, 195, 196, 212]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sees", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_sees (3 points)
check.by_hand("sees", sees)
### BEGIN HIDDEN TESTS
same(sees, [5, 7, 81, 195, 196, 212], "sees")
### END HIDDEN TESTS

# %% [markdown]
# A unit of ResNet-20 sees 81 pixels of a side, and the pictures have 32. **Question:** what does it see there? And the
# network that we look into:

# %%
conv, pool = geometry.Conv(1, 3, padding=1), geometry.Pool(2)
formula = geometry.receptive_fields([geometry.Conv(1, 2), *3 * [conv, pool, conv]])
for name, place in (("whitening", 1), ("groups.0", 4), ("groups.1", 7), ("groups.2", 10)):
    print(f"{name:10}one unit sees {formula[place].size:2} pixels of a side")

# %% [markdown]
# ### Predict: `rim_will`
# *Difficulty 1/5 · about 2 minutes · 1 point, for daring*
#
# A unit sees a window. Take a pixel at the *rim* of the window, and one in its middle. Will a small change of the one at
# the rim move the unit `"less"` than the one in the middle, `"as much"`, or `"more"`?

# %% nbgrader={"grade": false, "grade_id": "rim_will", "locked": false, "schema_version": 3, "solution": true}
# exercise: rim_will
rim_will = None
### BEGIN SOLUTION
rim_will = "as much"  # the formula knows no difference; no guess is wrong
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_rim_will", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_rim_will (1 point)
check.prediction("rim_will", rim_will)

# %% [markdown]
# ### Code: `effective_receptive_field`
# *Difficulty 3/5 · about 10 minutes · 4 points*
#
# “How much does the unit move if this pixel does?” is a gradient: of the unit, with respect to the *picture*. Luo and
# others (2016) took the gradient for every pixel and called what they saw the **effective** receptive field.
#
# Take the units of one place of a layer's maps, all channels of `maps[:, :, row, column]` and all pictures, and add them
# up. Of the gradient with respect to X take the absolute value, the sum over the colours, the mean over the pictures,
# and divide by the largest number. X must be told that a gradient will be asked for, `requires_grad_()` on a detached X,
# *before* the network runs; `torch.autograd.grad(what, X)[0]` gives it. You need a hook again.

# %% nbgrader={"grade": false, "grade_id": "effective_receptive_field", "locked": false, "schema_version": 3, "solution": true}
# exercise: effective_receptive_field
def effective_receptive_field(model, X, layer, row, column):
    """How much each pixel of X (N, C, H, W) moves the units at a place of a layer: tensor (H, W), the largest value 1.

    layer: a module of the model.
    """
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_effective_receptive_field", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_effective_receptive_field (4 points)
def run(x, weights, at, row, column):
    network = small_network(weights)
    return effective_receptive_field(network, torch.from_numpy(x), network[at], row, column).detach().numpy()


check.effective_receptive_field(probe(run))
### BEGIN HIDDEN TESTS
check.effective_receptive_field(probe(run), seed=101)
### END HIDDEN TESTS

# %% [markdown]
# Now all three ways beside each other: your formula of notebook 03 (here `geometry.receptive_fields`), and your
# gradients, for the unit in the middle of each group. The next cell waits for your prediction. The pictures are noise of
# 64×64 pixels, so that the whole window fits in. Beside the sizes: how much a pixel at the rim moves the unit, if one in
# the middle moves it by 1, and the square in the middle of the window that has half of all influence.

# %% tags=["raises-exception"]
check.prediction("rim_will", rim_will)
torch.manual_seed(0)
noise = torch.randn(64, 3, 64, 64, device=next(model.parameters()).device)
pictures = {}
print(f"{'':10}{'formula':>9}{'gradient':>10}{'rim / middle':>14}{'half of it within':>20}")
for number, middle in ((0, 15), (1, 7), (2, 3)):
    field = effective_receptive_field(model, noise, model.groups[number], middle, middle).cpu()
    lit = (field > 0).nonzero()
    top, left = lit.amin(dim=0).tolist()
    size = lit[:, 0].max().item() - top + 1
    window = field[top:top + size, left:left + size]
    rim = torch.cat([window[0], window[-1], window[:, 0], window[:, -1]]).mean()
    inner = next(side for side in range(size % 2 or 2, size + 1, 2) if window[
        (size - side) // 2:(size + side) // 2, (size - side) // 2:(size + side) // 2].sum() > window.sum() / 2)
    core = window[size // 2 - 1:size // 2 + 2, size // 2 - 1:size // 2 + 2].mean()
    print(f"groups.{number:<3}{formula[3 * number + 4].size:9}{size:10}{rim / core:14.4f}{f'{inner}x{inner}':>20}")
    pictures[f"groups.{number}"] = enlarged(255 * field.numpy(), 3)
figures.gallery(pictures, "How much each pixel of 64x64 moves the unit in the middle of three layers. White: most.")

# %% [markdown]
# The *size* agrees to the pixel: 9, 23 and 51. But within it the influence is a hill, and at the rim of the last
# window nearly nothing is left. Count ways and it is clear: a pixel in the middle reaches the unit by many ways, one in
# the corner by a single one, and so the sum of many layers tends to a bell (Luo and others, section 2). “It sees 212
# pixels” says what a unit *could* use.
#
# And the largest networks of exercise `sees`? The same method, with small copies of them (fewer channels change no
# window). `explain.receptive_windows` gives a copy random *positive* weights, so that no two ways cancel.

# %%
for name, last in (("AlexNet", 8), ("VGG-16", 17), ("VGG-16", 18)):
    layers, modules, channels = geometry.NETWORKS[name].layers[:last], [], 3
    for layer in layers:
        if isinstance(layer, geometry.Conv):
            modules.append(nn.Conv2d(channels, 4, layer.kernel, layer.stride, layer.padding))
            channels = 4
        else:
            modules.append(nn.MaxPool2d(*layer.window[:2]))
    stack = nn.Sequential(*modules)
    window = explain.receptive_windows(stack, str(last - 1), (3, 448, 448), draws=1)[0]
    print(f"{name:8}behind layer {last}: by formula {geometry.receptive_fields(layers)[-1].size},",
          f"by gradient {window.height} rows and {window.width} columns")

# %% [markdown]
# ## 3 · From crude to fine
#
# A filter of the first layer is a picture. For a unit further back, let us *make* the picture that it answers to most:
# start from noise, and do with the picture what training does with weights, but uphill (Erhan and others, 2009).
#
# ### Code: `activation_maximise_step`
# *Difficulty 3/5 · about 9 minutes · 3 points*
#
# One step. The answer of a unit (a channel of the layer) for one picture is the *mean* over its map; the gradient is
# that of the sum over the pictures, with respect to X. Gradients of different units differ by thousands in length, so
# divide each picture's by the root of the mean of its squares (plus $10^{-8}$, lest it be 0). Add `rate` times that,
# and keep the pixels between 0 and 1 with `clamp(0, 1)`.

# %% nbgrader={"grade": false, "grade_id": "activation_maximise_step", "locked": false, "schema_version": 3, "solution": true}
# exercise: activation_maximise_step
def activation_maximise_step(model, X, layer, unit, rate):
    """X (N, C, H, W), pixels between 0 and 1, after one step uphill for a unit of a layer: the same shape."""
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_activation_maximise_step", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_activation_maximise_step (3 points)
def run(x, weights, at, unit, rate):
    network = small_network(weights)
    return activation_maximise_step(network, torch.from_numpy(x), network[at], unit, rate).detach().numpy()


check.activation_maximise_step(probe(run))
### BEGIN HIDDEN TESTS
check.activation_maximise_step(probe(run), seed=102)
### END HIDDEN TESTS

# %% [markdown]
# Forty of your steps for three units of the last group, taken before the ReLU (behind it a silent unit has no gradient
# to follow). Beside them the same units painted by `explain.activation_maximise`, with what Olah and others (2017)
# added: the picture is kept as a sum of *waves*, of which the coarse ones move faster, colours move less than
# brightness, and it is shifted at random before each step. And the third row starts from other noise.

# %% tags=["raises-exception"]
class FromPixels(nn.Module):
    """Pixels between 0 and 1, normalised as in training, and then the network."""

    def forward(self, X):
        return model((X - trained.mean.view(-1, 1, 1)) / trained.std.view(-1, 1, 1))


last, units = model.groups[2][5], (0, 2, 20)
look = {"mean": trained.mean, "std": trained.std}
plain, painted, again = {}, {}, {}
for unit in units:
    torch.manual_seed(0)
    X = 0.5 + 0.02 * torch.randn(1, 3, 32, 32, device=trained.mean.device)
    for _step in range(40):
        X = activation_maximise_step(FromPixels(), X, last, unit, rate=0.02)
    plain[unit] = X[0]
for result, seed in ((painted, 0), (again, 1)):
    result.update(zip(units, explain.activation_maximise(model, last, units, seed=seed, **look), strict=True))
for title, result in (("your step", plain), ("waves", painted), ("waves, other noise", again)):
    figures.gallery({f"unit {unit}": enlarged(255 * X.cpu().permute(1, 2, 0).numpy(), 4)
                     for unit, X in result.items()}, f"Made to excite three units of the last group: {title}.")

# %% [markdown]
# The plain steps excite the unit too, but with a pattern that no photograph has. **Question:** both are
# pictures of what the unit answers to. What of the second row is the network's, and what did *we* put in? And what do
# the second and the third row have in common?
#
# Now the whole of slide 31, made from the network on your machine: a row for each layer, in each row some units, beside
# each the patches of photographs that excite it most. (Those are twelve photographs cut into tiles, so the patches of
# the last layers are what happened to be there.) It takes some seconds.

# %%
gallery = crude_to_fine(trained, ["whitening", "groups.0.5", "groups.1.5", "groups.2.5"],
                        {"whitening": (0, 5, 8, 9, 10, 11), "groups.0.5": (0, 4, 6, 10, 12, 16),
                         "groups.1.5": (4, 8, 10, 14, 18, 22), "groups.2.5": (0, 2, 4, 12, 20, 22)})
gallery

# %% [markdown]
# First the question: the antlers, the bird's breast and the neck come back from other noise, so they are the network's.
# The soft tones and smooth curves are not in your plain steps: they came with the waves, and are ours.
#
# And the gallery? This is what we see. The first row: one colour (10 and 11), edges (5, 8 and 9), and at 0 the check of
# colours from above, so fine that it looks like noise. `groups.0`: coloured stripes and small curves. `groups.1`: a
# grid (its best patches are bricks), curls, arcs (rims of cups and coins), spikes. `groups.2`: antlers, a bird with its
# breast and tail, the neck of an ostrich, a boat with its sail; and some that are a muddle. The units are our choice:
# put other numbers in, and more of them will be one. Among twelve photographs without deer, birds or boats, the patches
# of this last row are of little help: section 5 looks among ten thousand.
#
# Mind two things. We *look for* meaning, as in clouds: no one told the unit “antlers”, and it may answer to other things
# as well. And a made picture excites a unit of the last groups several times as much as any patch does: it is no
# photograph, but an exaggeration, like a caricature. What was made is a question; what was found is evidence.
#
# ### Find the error in the lecture: `slide_31`
# *Difficulty 2/5 · about 6 minutes · 3 points*
#
# Slide 31 has the title “Crude to fine” over a row of pictures from contours to objects. Here are this network's numbers
# once more:

# %%
print(f"{'':12}{'map':>8}{'one unit sees':>16}{'neighbours see windows':>28}")
for name, place, side in (("whitening", 1, 31), ("groups.0", 4, 15), ("groups.1", 7, 7), ("groups.2", 10, 3)):
    print(f"{name:12}{f'{side}x{side}':>8}{formula[place].size:10} pixels{formula[place].jump:17} pixels apart")

# %% [markdown]
# Which of these sentences do the table and your pictures bear out? 1 if they do, 0 if they do not.
#
# 1. From group to group a unit sees more of the picture.
# 2. From group to group, the maps tell more finely *where* something is.
# 3. From group to group, what it takes to excite a unit gets more complex.
# 4. As to places, the network goes from crude to fine, as the title says.
# 5. As to what units answer to, the slide's row goes from simple to complex.
# 6. A unit of the last group sees 51 pixels a side, so it uses every pixel of a 32×32 picture as much as any other.

# %% nbgrader={"grade": false, "grade_id": "slide_31", "locked": false, "schema_version": 3, "solution": true}
# exercise: slide_31
slide_31 = [None, None, None, None, None, None]
### BEGIN SOLUTION
slide_31 = [1, 0, 1, 0, 1, 0]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_slide_31", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_slide_31 (3 points)
check.by_hand("slide_31", slide_31)
### BEGIN HIDDEN TESTS
same(slide_31, [1, 0, 1, 0, 1, 0], "slide_31")
### END HIDDEN TESTS

# %% [markdown]
# So the title says the opposite of the picture. What the row shows goes from *simple to complex*; and *where* goes from
# fine to crude, for a later map has fewer and wider units. A network trades place for meaning. **Explain it to a
# friend:** why would a network that finds *where* each pixel of a cat is have to look at early maps again?

# %% [markdown]
# ## 4 · What decided?
#
# The network says “cat”. Because of the cat? Two ways to ask, neither of which needs to know what is inside.
#
# ### By hand: `squares`
# *Difficulty 2/5 · about 4 minutes · 2 points*
#
# **Occlusion** (Zeiler and Fergus, 2014): cover a square of the picture, run the network, see by how much the logit of
# the class falls. Move the square on, again. A square of 8×8 moves over 32×32 in steps of 4, and only where it fits. How
# many squares are there? How many for one of 16×16 in steps of 8 on 224×224? Back to the small picture: how many of
# its squares cover the pixel in row 0, column 0, and how many that in row 15, column 15?

# %% nbgrader={"grade": false, "grade_id": "squares", "locked": false, "schema_version": 3, "solution": true}
# exercise: squares
squares = [None,  # 8x8, step 4, on 32x32
           None,  # 16x16, step 8, on 224x224
           None,  # that cover the pixel (0, 0)
           None]  # that cover the pixel (15, 15)
### BEGIN SOLUTION
squares = [49, 729, 1, 4]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_squares", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_squares (2 points)
check.by_hand("squares", squares)
### BEGIN HIDDEN TESTS
same(squares, [49, 729, 1, 4], "squares")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `occlusion_map`
# *Difficulty 2/5 · about 8 minutes · 4 points*
#
# One number for each place of the square: the logit of class `target` for X, minus that for X with the square set to
# `fill`, in all colours. It is positive where the square hid what spoke for the class, and negative where it hid what
# spoke against it. Neither X nor the sign may get lost.

# %% nbgrader={"grade": false, "grade_id": "occlusion_map", "locked": false, "schema_version": 3, "solution": true}
# exercise: occlusion_map
def occlusion_map(model, X, target, size, stride, fill=0.0):
    """How much the logit of class target falls where a square is covered: X (N, C, H, W) -> tensor (N, rows, columns).

    The corner of the square at (row, column) of the map lies in row * stride, column * stride of the picture.
    """
    ### BEGIN SOLUTION
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():  # no gradient is asked for
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_occlusion_map", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_occlusion_map (4 points)
def run(x, weights, target, size, stride, fill):
    return occlusion_map(small_network(weights), torch.from_numpy(x), target, size, stride, fill).detach().numpy()


check.occlusion_map(probe(run))
### BEGIN HIDDEN TESTS
check.occlusion_map(probe(run), seed=103)
### END HIDDEN TESTS

# %% [markdown]
# Occlusion asks the network again for each square. **Grad-CAM** (Selvaraju and others, 2017) asks once, and looks at the
# maps of a late layer $A_1, A_2, \ldots$: the weight $w_c$ of channel $c$ is the *mean*, over its map, of the gradient
# of the class's logit with respect to $A_c$. Then
#
# $$\mathrm{cam} = \mathrm{relu}\Big(\sum_c w_c A_c\Big)$$
#
# ### By hand: `cam`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# A layer with two channels, and the gradient of the logit with respect to them:
#
# | | channel 1 | channel 2 |
# |---|---|---|
# | maps | `[[1, 2], [0, 3]]` | `[[4, 0], [1, 1]]` |
# | gradients | `[[1, 0], [0, 1]]` | `[[-1, 0], [0, 0]]` |
#
# What are the two weights, and the four numbers of the cam, row by row?

# %% nbgrader={"grade": false, "grade_id": "cam", "locked": false, "schema_version": 3, "solution": true}
# exercise: cam
cam = [None,  # weight of channel 1
       None,  # weight of channel 2
       None, None,  # first row of the cam
       None, None]  # second row
### BEGIN SOLUTION
cam = [0.5, -0.25, 0, 1, 0, 1.25]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_cam", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_cam (2 points)
check.by_hand("cam", cam)
### BEGIN HIDDEN TESTS
same(cam, [0.5, -0.25, 0, 1, 0, 1.25], "cam")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `grad_cam`
# *Difficulty 3/5 · about 9 minutes · 4 points*
#
# The same for pictures and a layer of any network. Several pictures go at once: the gradient of
# `logits[:, target].sum()` is that of each picture's own logit, since no picture's maps touch another's.

# %% nbgrader={"grade": false, "grade_id": "grad_cam", "locked": false, "schema_version": 3, "solution": true}
# exercise: grad_cam
def grad_cam(model, X, target, layer):
    """Where a layer's maps (N, channels, H', W') speak for class target: X (N, C, H, W) -> tensor (N, H', W')."""
    ### BEGIN SOLUTION
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_grad_cam", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_grad_cam (4 points)
def run(x, weights, target, at):
    network = small_network(weights)
    return grad_cam(network, torch.from_numpy(x), target, network[at]).detach().numpy()


check.grad_cam(probe(run))
### BEGIN HIDDEN TESTS
check.grad_cam(probe(run), seed=104)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: a cat and a ship
#
# Alone, the cat is a cat for this network, and the rocket on its tower is a ship, the first and the last row of
# `model(several)`; it does not know rockets, nor coffee, which it calls a cat, too. (It was trained on 32×32; as the
# head takes maxima, it accepts larger pictures.) Put the two side by side, 32×64 pixels, and ask for both classes.
# Where are they?
#
# ### Predict: `random_will`
# *Difficulty 1/5 · about 2 minutes · 1 point, for daring*
#
# A picture with a bright spot on the cat is convincing. Is it about *the network*? Adebayo and others (2018) proposed a
# test: throw away all that was learned, put random weights in every layer, and make the map again. Will Grad-CAM light
# up `"the same"` places as before, or `"others"`?

# %% nbgrader={"grade": false, "grade_id": "random_will", "locked": false, "schema_version": 3, "solution": true}
# exercise: random_will
random_will = None
### BEGIN SOLUTION
random_will = "the same"  # it might follow the edges of the picture; no guess is wrong
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_random_will", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_random_will (1 point)
check.prediction("random_will", random_will)

# %% tags=["raises-exception"]
check.prediction("random_will", random_will)
pair = np.concatenate([photo("chelsea"), photo("rocket")], axis=1)
X = X_of(pair)


def random_copy(seed):
    """The network with fresh weights in all its layers."""
    torch.manual_seed(seed)
    fresh = copy.deepcopy(model)
    for module in fresh.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.reset_parameters()
    return fresh


def on_picture(cam):
    """Maps enlarged to the size of the picture, (H, W) of numbers."""
    return F.interpolate(cam[:, None], X.shape[2:], mode="bilinear")[0, 0].detach().cpu().numpy()


def alike(one, other):
    """The correlation of two maps: 1 if they agree, 0 if they have nothing to do with each other."""
    return np.corrcoef(one.ravel(), other.ravel())[0, 1] if one.any() and other.any() else 0.0


def over(heat):
    """The picture, dark where the map is low."""
    heat = heat.clip(0) / max(heat.max(), 1e-12)
    return enlarged(pair * (0.25 + 0.75 * heat[..., None]), 4)


found = {}
for name in ("cat", "ship"):
    target = classes.index(name)
    found[name, "Grad-CAM"] = on_picture(grad_cam(model, X, target, model.groups[2]))
    found[name, "occlusion"] = on_picture(occlusion_map(model, X, target, size=16, stride=4))
random_maps = []
for seed in range(3):
    fresh = random_copy(seed)
    random_maps.append(on_picture(grad_cam(fresh, X, classes.index("cat"), fresh.groups[2])))
found["cat", "random network"] = random_maps[0]
for (name, way), heat in found.items():
    light = heat.clip(0)
    print(f"{name:5}{way:15} {light[:, :32].sum() / max(light.sum(), 1e-12):4.0%} of its light on the cat's half")
for name in ("cat", "ship"):
    print(f"{name}: Grad-CAM and occlusion correlate by {alike(found[name, 'Grad-CAM'], found[name, 'occlusion']):.2f}")
print("cat: Grad-CAM correlates with that of three random networks by",
      *(f"{alike(found['cat', 'Grad-CAM'], heat):.2f}" for heat in random_maps))
figures.gallery({", ".join(key): over(heat) for key, heat in found.items()},
                "What decided? Bright: what speaks for the class. The night stays dark in any map: go by the numbers.")

# %% [markdown]
# ### Explain it: `maps_say`
# *Difficulty 3/5 · about 5 minutes · 3 points*
#
# Which of these sentences do your numbers bear out? 1 if they do, 0 if they do not.
#
# 1. Asked for the cat, Grad-CAM has more than three quarters of its light on the cat's half.
# 2. Asked for the ship, it has more than three quarters of its light on the rocket's half.
# 3. Asked for the cat, Grad-CAM and occlusion agree: they correlate by more than 0.5.
# 4. Asked for the ship, they agree as well as that.
# 5. Grad-CAM of a random network lights up the same places: for each of the three, they correlate by more than 0.5.
# 6. Where two ways disagree, the one with the clearer picture is right.

# %% nbgrader={"grade": false, "grade_id": "maps_say", "locked": false, "schema_version": 3, "solution": true}
# exercise: maps_say
maps_say = [None, None, None, None, None, None]
### BEGIN SOLUTION
maps_say = [1, 1, 1, 0, 0, 0]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_maps_say", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_maps_say (3 points)
check.by_hand("maps_say", maps_say)
### BEGIN HIDDEN TESTS
same(maps_say, [1, 1, 1, 0, 0, 0], "maps_say")
### END HIDDEN TESTS

# %% [markdown]
# For the cat the two agree, and a random network knows nothing of either (0.00 is a map without any light): Grad-CAM
# passes the test of Adebayo and others. (Some famous methods failed it: their maps showed the edges of the picture,
# whatever the network.) For the ship they part. They ask different things: Grad-CAM, what in *these maps* would raise
# the logit; occlusion, what happens when a grey square is there, and a grey square is something, too: it hides, but it
# also has edges, and over the cat it may look more like a hull than whiskers do. Neither proves where the network
# “looked”.
#
# Now your own picture: change `PICTURE` at the top, and see what the network takes it for, and why.

# %% tags=["raises-exception"]
mine = browser.picture
logits = model(X_of(mine))[0]
for target in logits.argsort(descending=True)[:2].tolist():
    heat = explain.grad_cam(model, X_of(mine), target, "groups.2")[0].cpu().numpy()
    heat = heat / max(heat.max(), 1e-12)
    figures.gallery({"your picture": enlarged(mine, 5),
                     f"for {classes[target]}": enlarged(mine * (0.25 + 0.75 * heat[..., None]), 5)},
                    f"{classes[target]}, logit {logits[target].item():.2f}: bright is what speaks for it.")

# %% [markdown]
# ## 5 · The full budget: patches from CIFAR-10
#
# Twelve photographs are few. Among the ten thousand test pictures of CIFAR-10 a unit finds what it was trained for.

# %% tags=["raises-exception"]
if full("the strongest of 10,000 pictures for each unit: a minute, and a download of 170 MB unless it is there"):
    from IPython.display import display

    test_pictures = data.load("cifar10", "test")[0]
    display(crude_to_fine(trained, ["groups.0.5", "groups.1.5", "groups.2.5"], 6, pictures=test_pictures, patches=6))

# %% [markdown]
# ## Quiz
#
# Seven questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("10_what_filters_see")
questions

# %% [markdown]
# ## Stretch puzzle: a window without a network
#
# The receptive field of a stack of $3\times3$ convolutions is a window; the *number of ways* from each of its pixels to
# the unit makes the hill that you saw. For one row, and ten layers with kernel 3, that number is a row of 21. Compute it.
# The rule: one line, no loop that you write yourself; `np.convolve` or `np.polynomial` are enough. What curve is it, and
# how wide is it after 40 layers, beside the window of 81? No points, no hints.

# %% tags=["raises-exception"]
ways = np.ones(21)  # change this

print("solved!" if ways.sum() == 3**10 and len(ways) == 21 and ways.max() == 8953 else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | any layer can be read without changing the network | `feature_maps` | |
# | a unit sees 5, 7, 81, 195, 196 or 212 pixels: by hand, by formula and by gradient | `sees`, `effective_receptive_field` | slides 31, 37; notebook 03 |
# | it uses the middle of its window most | section 2 | Luo, Li, Urtasun, Zemel, [arXiv:1701.04128](https://arxiv.org/abs/1701.04128) |
# | early units answer to edges and colours, later ones to textures, many of the last ones to parts or whole animals | `activation_maximise_step`, section 3 | slide 31; Olah, Mordvintsev, Schubert, [Distill 2017](https://distill.pub/2017/feature-visualization/) |
# | that is simple to complex; places go from fine to crude | `slide_31` | slide 31, corrected |
# | covering shows what a decision hangs on | `squares`, `occlusion_map` | Zeiler and Fergus, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901) |
# | Grad-CAM shows it with one pass, and depends on what was learned | `cam`, `grad_cam`, `maps_say` | Selvaraju and others, [arXiv:1610.02391](https://arxiv.org/abs/1610.02391); Adebayo and others, [arXiv:1810.03292](https://arxiv.org/abs/1810.03292) |
#
# **Next:** notebook 11 puts all these filters to work on pictures that they have never been trained for.
