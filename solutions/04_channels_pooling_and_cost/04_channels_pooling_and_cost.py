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
# # 04 · Channels, pooling and cost
#
# So far a picture was one grid of numbers, and a layer had one kernel. A photograph has three grids, a layer has
# dozens of kernels, and somebody has to pay for all of it. Here you add the channels, shrink what comes out, catch
# the lecture in two errors and its practice notebook in a bug, and work out the bill before you run anything.
#
# **By the end you can**
# - say how many 2-D kernels a layer has, and write the convolution of many channels to many maps;
# - follow a shape through a stack of layers without running it;
# - code max, average and global average pooling, and say what each does to an edge;
# - tell parameters from multiply-adds from memory, and say where each of them sits in a real network.
#
# It covers slides 9 to 16, 29 and 30 of the lecture and takes about 90 minutes. NumPy is all you need; one cell
# compares with PyTorch, if you have it.

# %% tags=["setup"]
import numpy as np

from course_lib import figures
from course_lib.checks import channels_pooling_and_cost as check, hint, probe, same
from course_lib.data import photograph
from course_lib.quiz import quiz, recall
from course_lib.widgets import ChannelMixer, CostCalculator, Pooling

# %% [markdown]
# ## Play first
#
# Three channels come in, one to four maps go out. Click one of the small kernels and see its share of the sum. How many
# of them are there when two maps go out? Which of them touch the *second* map?

# %%
mixer = ChannelMixer()
mixer

# %% [markdown]
# Before you go on, three cards from notebooks 01 to 03. Say the answer aloud, then open the card.

# %%
recall("04_channels_pooling_and_cost")

# %% [markdown]
# ## 1 · Three channels in, one map out
#
# A colour photograph is three pictures: how much red, how much green, how much blue. Libraries for pictures keep the
# channel last, $(H, W, 3)$; deep learning puts it first, $(3, H, W)$. One `transpose` leads from the one to the other.

# %%
photo = photograph("astronaut", side=120)
rgb = photo.transpose(2, 0, 1).astype(float)
figures.gallery(
    {"photograph": photo, "rgb[0], red": rgb[0], "rgb[1], green": rgb[1], "rgb[2], blue": rgb[2]},
    "One photograph and its three channels, each drawn as a grey picture: the suit is bright in red and dark in blue.",
)

# %% [markdown]
# On slides 9 to 11 a $3\times28\times28$ picture meets a $3\times5\times5$ kernel. That is one $5\times5$ kernel *for each
# channel*: the first slides over red, the second over green, the third over blue. The three results are added, cell by
# cell, and a number of the map's own, its **bias** $b$, is added to every cell:
#
# $$y \;=\; b + \sum_{c_i=1}^{C_i} x_{c_i} * w_{c_i}$$
#
# Three channels come in and a *single* map comes out. Colours are no longer kept apart.
#
# ### By hand: `side`
# *Difficulty 1/5 · about 1 minute · 1 point*
#
# How many rows and columns has the map of slides 9 to 11?

# %% nbgrader={"grade": false, "grade_id": "side", "locked": false, "schema_version": 3, "solution": true}
# exercise: side
side = None
### BEGIN SOLUTION
side = 24
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_side", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_side (1 point)
check.by_hand("side", side)
### BEGIN HIDDEN TESTS
same(side, 24, "side")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `mixed`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# Two channels, two kernels, and the bias $b = 1$. Work out the four cells of the map. **Predict first:** is the map
# $2\times2$, or $2\times2\times2$? Stuck? Run `hint("mixed")` in a cell of your own; each call opens one hint more.

# %%
small_x = np.array([[[1, 2, 0], [0, 1, 3], [2, 1, 0]],
                    [[0, 1, 1], [2, 0, 1], [1, 0, 2]]])
small_w = np.array([[[1, 0], [0, 2]],
                    [[1, 0], [-1, 2]]])
figures.show_tables({
    "channel 0": (small_x[0], "input"), "its kernel": (small_w[0], "kernel"),
    "channel 1": (small_x[1], "input"), "its kernel ": (small_w[1], "kernel"),
})

# %% nbgrader={"grade": false, "grade_id": "mixed", "locked": false, "schema_version": 3, "solution": true}
# exercise: mixed
# Replace each None by your number.
mixed = [[None, None],
         [None, None]]
### BEGIN SOLUTION
mixed = [[2, 12],
         [4, 6]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_mixed", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_mixed (2 points)
check.by_hand("mixed", mixed)
### BEGIN HIDDEN TESTS
same(mixed, [[2, 12], [4, 6]], "mixed")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Many maps out
#
# “Only produce one set of features...”, sighs slide 11, and slides 12 to 14 add more: a whole stack of kernels for every
# map that is wanted. Map number $c_o$ is
#
# $$y_{c_o} \;=\; b_{c_o} + \sum_{c_i=1}^{C_i} x_{c_i} * w_{c_o, c_i}$$
#
# so that the weights are an array of four axes, $(C_o, C_i, k, k)$: which map, which channel, which row, which column.
#
# ### By hand: `planes`
# *Difficulty 1/5 · about 2 minutes · 1 point*
#
# How many 2-D kernels of $5\times5$ does each of these layers have?

# %% nbgrader={"grade": false, "grade_id": "planes", "locked": false, "schema_version": 3, "solution": true}
# exercise: planes
planes = [None,  # slide 9:  3x5x5, one map
          None,  # slide 12: 2x3x5x5
          None,  # slide 13: 3x3x5x5
          None]  # slide 14: 4x3x5x5
### BEGIN SOLUTION
planes = [3, 6, 9, 12]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_planes", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_planes (1 point)
check.by_hand("planes", planes)
### BEGIN HIDDEN TESTS
same(planes, [3, 6, 9, 12], "planes")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `conv2d_multi`
# *Difficulty 3/5 · about 12 minutes · 5 points*
#
# The layer of every convolutional network, for one picture. NumPy helps: `x[:, i : i + k_h, j : j + k_w]` is the window through
# *all* channels at once, and has the shape of one `w[c_o]`. Three loops are fine.

# %% nbgrader={"grade": false, "grade_id": "conv2d_multi", "locked": false, "schema_version": 3, "solution": true}
# exercise: conv2d_multi
def conv2d_multi(x, w, b=None):
    """Cross-correlate the channels of x with the kernels of w, and sum over the channels (stride 1, no padding).

    x: array (C_in, H, W). w: array (C_out, C_in, k_h, k_w); w[c_o, c_i] slides over x[c_i].
    b: array (C_out,), added to every cell of map c_o; None for no bias.
    Returns an array (C_out, H - k_h + 1, W - k_w + 1).
    """
    ### BEGIN SOLUTION
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for c_o in range(C_out):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                y[c_o, i, j] = np.sum(x[:, i : i + k_h, j : j + k_w] * w[c_o])
    return y if b is None else y + b[:, None, None]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_multi", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_conv2d_multi (3 points)
# Square pictures and square kernels, no bias.
check.conv2d_multi(conv2d_multi)
### BEGIN HIDDEN TESTS
check.conv2d_multi(conv2d_multi, seed=40)
same(conv2d_multi(np.array([[[3, 1], [4, 1]], [[5, 9], [2, 6]]]), np.array([[[[2]], [[1]]], [[[0]], [[-1]]]])),
     np.array([[[11, 11], [10, 8]], [[-5, -9], [-2, -6]]]), "two hidden channels mixed by 1 x 1 kernels")
### END HIDDEN TESTS

# %% [markdown]
# And with a bias, on shapes where no two sides are equal. If you mixed up two axes, you learn it here.

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_multi_bias", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_conv2d_multi_bias (2 points)
check.conv2d_multi_bias(conv2d_multi)
### BEGIN HIDDEN TESTS
check.conv2d_multi_bias(conv2d_multi, seed=41)
same(conv2d_multi(np.array([[[3, 1, 4]], [[1, 5, 9]]]), np.array([[[[2, 1]], [[0, -1]]]]), np.array([100])),
     np.array([[[102, 97]]]), "a hidden row of two channels with a bias of 100")
### END HIDDEN TESTS

# %% [markdown]
# Your layer on the photograph: 3 channels in, 4 maps out, twelve kernels of $5\times5$. The biases lift the maps that can
# be negative to a middle grey. **Predict first:** in which map does the orange suit light up?

# %% tags=["raises-exception"]
w = np.zeros((4, 3, 5, 5))
w[0] = 1 / 75                               # the mean of 75 numbers: a grey blur
w[1, 0, 2, 2], w[1, 2, 2, 2] = 1, -1        # red minus blue
w[2, :, :, 0], w[2, :, :, 4] = -1/15, 1/15  # from left to right, all colours alike
w[3, 1, 0, :], w[3, 1, 4, :] = -1/5, 1/5    # from top to bottom, in green only
b = np.array([0, 0, 128, 128])

maps = conv2d_multi(rgb, w, b)
figures.gallery(
    {"grey blur": maps[0], "red minus blue": maps[1], "left to right": maps[2], "top to bottom, green": maps[3]},
    f"Four maps of {maps.shape[1]}×{maps.shape[2]} from one call of conv2d_multi.",
)

# %% [markdown]
# None of the four maps is a colour any more. A layer further up sees four channels with meanings of their own, which in a
# trained network nobody chose.

# %% [markdown]
# ## 3 · Find the error in the lecture
#
# Slides 12 to 16 all print the sum like this:
#
# $$(X * W)_{c_o} = \sum_{c_i}^{3} X_{c_i} * W_{c_o, c_i}$$
#
# It has no lower bound, no bias, and a 3 where $C_i$ belongs. Does it matter? Slide 15 goes on: “Likewise, these
# 4-channels features will be input to another kernel”.
#
# ### By hand: `products`
# *Difficulty 1/5 · about 2 minutes · 1 point*
#
# How many products are added for *one* cell of a map, in the layer of slide 14 ($4\times3\times5\times5$, on the photograph), and in
# a next layer with six maps ($6\times4\times5\times5$, on those four)? For which of the two is the slide's 3 wrong?

# %% nbgrader={"grade": false, "grade_id": "products", "locked": false, "schema_version": 3, "solution": true}
# exercise: products
# first layer, second layer
products = [None, None]
### BEGIN SOLUTION
products = [75, 100]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_products", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_products (1 point)
check.by_hand("products", products)
### BEGIN HIDDEN TESTS
same(products, [75, 100], "products")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `layouts`
# *Difficulty 2/5 · about 3 minutes · 1 point*
#
# The slides and PyTorch order the axes of the weights as $C_o \times C_i \times k \times k$. The lecture's own practice notebook writes
# $C_i \times C_o \times k \times k$. You are given weights of shape $(8, 3, 5, 5)$ and are not told whose they are. How many channels
# come in and how many maps go out, by each of the two readings?

# %% nbgrader={"grade": false, "grade_id": "layouts", "locked": false, "schema_version": 3, "solution": true}
# exercise: layouts
#           in,   out
layouts = [[None, None],  # read as the slides and PyTorch do
           [None, None]]  # read as the practice notebook does
### BEGIN SOLUTION
layouts = [[3, 8],
           [8, 3]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_layouts", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_layouts (1 point)
check.by_hand("layouts", layouts)
### BEGIN HIDDEN TESTS
same(layouts, [[3, 8], [8, 3]], "layouts")
### END HIDDEN TESTS

# %% [markdown]
# With an RGB picture the wrong reading stops with an error, and that is the lucky case. **Predict first:** what happens when as
# many maps go out as channels come in?

# %% tags=["raises-exception"]
square = np.random.default_rng(4).normal(size=(3, 3, 5, 5))
as_the_slides = conv2d_multi(rgb, square)
as_the_notebook = conv2d_multi(rgb, square.swapaxes(0, 1))
print("shapes:", as_the_slides.shape, as_the_notebook.shape)
print("largest difference:", np.abs(as_the_slides - as_the_notebook).max().round(1))

# %% [markdown]
# Same shape, no error, other numbers. A check of shapes cannot find such a bug; a check of one small case against numbers
# worked out by hand finds it at once.

# %% [markdown]
# ## 4 · Layer after layer
#
# “Notice features spatial dimension changed?”, asks slide 16. Notice it before you run anything: a shape
# that you can say in advance is an error that you need not search for.
#
# ### By hand: `shapes`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# A $3\times28\times28$ picture goes through four layers. Write down the shape after each.

# %% nbgrader={"grade": false, "grade_id": "shapes", "locked": false, "schema_version": 3, "solution": true}
# exercise: shapes
#          channels, rows, columns
shapes = [[None, None, None],  # 4 maps, kernels 5x5 (slide 14)
          [None, None, None],  # 6 maps, kernels 5x5
          [None, None, None],  # pooling 2x2 with stride 2: every side is halved
          [None, None, None]]  # 8 maps, kernels 3x3
### BEGIN SOLUTION
shapes = [[4, 24, 24],
          [6, 20, 20],
          [6, 10, 10],
          [8, 8, 8]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_shapes", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_shapes (2 points)
check.by_hand("shapes", shapes)
### BEGIN HIDDEN TESTS
same(shapes, [[4, 24, 24], [6, 20, 20], [6, 10, 10], [8, 8, 8]], "shapes")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `output_shape`
# *Difficulty 2/5 · about 8 minutes · 2 points*
#
# Now for good. From here on a network is a list of layers, and each layer is a tuple that begins with its kind:
#
# | layer | what it does |
# |---|---|
# | `("conv", maps, k, stride, padding)` | a convolution with k×k kernels, to so many maps |
# | `("pool", size)` | windows of size×size, side by side; what does not fit is dropped |
# | `("dense", units)` | every unit is connected with every number that comes in |
#
# The side after a convolution is that of notebook 03, rounded down: `(side + 2 * padding - k) // stride + 1`.

# %% nbgrader={"grade": false, "grade_id": "output_shape", "locked": false, "schema_version": 3, "solution": true}
# exercise: output_shape
def output_shape(layer, shape):
    """The shape of what comes out of one layer.

    layer: ("conv", maps, k, stride, padding), ("pool", size) or ("dense", units); the windows fit.
    shape: what goes in, (C, H, W); into a dense layer also (n,).
    Returns a tuple of ints: (maps, H_out, W_out), (C, H_out, W_out) or (units,).
    """
    ### BEGIN SOLUTION
    kind, *numbers = layer
    if kind == "conv":
        maps, k, stride, padding = numbers
        return (maps, *((side + 2 * padding - k) // stride + 1 for side in shape[1:]))
    if kind == "pool":
        size = numbers[0]
        return (shape[0], shape[1] // size, shape[2] // size)
    return (numbers[0],)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_output_shape", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_output_shape (2 points)
check.output_shape(output_shape)
### BEGIN HIDDEN TESTS
check.output_shape(output_shape, seed=42)
same(output_shape(("conv", 96, 11, 4, 2), (3, 224, 227)), (96, 55, 56), "the first layer of an AlexNet")
same(output_shape(("pool", 2), (16, 9, 5)), (16, 4, 2), 'output_shape(("pool", 2), (16, 9, 5))')
### END HIDDEN TESTS

# %% tags=["raises-exception"]
network = [("conv", 4, 5, 1, 0), ("conv", 6, 5, 1, 0), ("pool", 2), ("conv", 8, 3, 1, 0), ("dense", 10)]
shape = (3, 28, 28)
for layer in network:
    shape = output_shape(layer, shape)
    print(f"{layer!s:24} {shape}")

# %% [markdown]
# ## 5 · Pooling
#
# A window slides over each channel by itself and keeps one number: the largest (**max pooling**) or the mean (**average
# pooling**). Nothing is learned, and no channel meets another. With windows of $2\times2$ and stride 2, three of four
# cells are gone.
#
# ### By hand: `averages` and `maxima`
# *Difficulty 1/5 · about 4 minutes · 1 point each*
#
# Slide 30 pools the numbers 1 to 16. Do it yourself first; you may then look at the widget below.

# %%
x = np.arange(1, 17).reshape(1, 4, 4)
figures.show_tables({"x[0]": (x[0], "input")})

# %% nbgrader={"grade": false, "grade_id": "averages", "locked": false, "schema_version": 3, "solution": true}
# exercise: averages
averages = [[None, None],
            [None, None]]
### BEGIN SOLUTION
averages = [[3.5, 5.5],
            [11.5, 13.5]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_averages", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_averages (1 point)
check.by_hand("averages", averages)
### BEGIN HIDDEN TESTS
same(averages, [[3.5, 5.5], [11.5, 13.5]], "averages")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "maxima", "locked": false, "schema_version": 3, "solution": true}
# exercise: maxima
maxima = [[None, None],
          [None, None]]
### BEGIN SOLUTION
maxima = [[6, 8],
          [14, 16]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_maxima", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_maxima (1 point)
check.by_hand("maxima", maxima)
### BEGIN HIDDEN TESTS
same(maxima, [[6, 8], [14, 16]], "maxima")
### END HIDDEN TESTS

# %% [markdown]
# Change a number of the input by a little, and watch which outputs follow. With max pooling most changes leave no trace
# at all; with average pooling every one does. Show the gradient's route and you see the same backwards: notebook 05
# needs it.

# %%
pooling = Pooling()
pooling

# %% [markdown]
# ### Code: `max_pool2d`
# *Difficulty 2/5 · about 7 minutes · 3 points*
#
# Windows of `size` × `size`, a new one every `stride` pixels. Beware of pictures with negative numbers only.

# %% nbgrader={"grade": false, "grade_id": "max_pool2d", "locked": false, "schema_version": 3, "solution": true}
# exercise: max_pool2d
def max_pool2d(x, size=2, stride=None):
    """The largest number of each window, channel by channel.

    x: array (C, H, W). size: side of the square windows. stride: pixels from window to window; None means size.
    Windows that do not fit are dropped.
    Returns an array (C, H_out, W_out), where H_out = (H - size) // stride + 1, and W_out alike.
    """
    ### BEGIN SOLUTION
    stride = size if stride is None else stride
    channels, height, width = x.shape
    y = np.zeros((channels, (height - size) // stride + 1, (width - size) // stride + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, top : top + size, left : left + size].max(axis=(1, 2))
    return y
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_max_pool2d", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_max_pool2d (3 points)
check.max_pool2d(max_pool2d)
### BEGIN HIDDEN TESTS
check.max_pool2d(max_pool2d, seed=43)
same(max_pool2d(np.array([[[-3, -1, -4, -1, -5], [-9, -2, -6, -5, -3], [-5, -8, -9, -7, -9]]]), 2, 1),
     np.array([[[-1, -1, -1, -1], [-2, -2, -5, -3]]]), "a hidden 3 x 5 picture pooled with stride 1")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `avg_pool2d`
# *Difficulty 1/5 · about 3 minutes · 2 points*

# %% nbgrader={"grade": false, "grade_id": "avg_pool2d", "locked": false, "schema_version": 3, "solution": true}
# exercise: avg_pool2d
def avg_pool2d(x, size=2, stride=None):
    """The mean of each window, channel by channel.

    x: array (C, H, W). size: side of the square windows. stride: pixels from window to window; None means size.
    Windows that do not fit are dropped.
    Returns an array (C, H_out, W_out), where H_out = (H - size) // stride + 1, and W_out alike.
    """
    ### BEGIN SOLUTION
    stride = size if stride is None else stride
    channels, height, width = x.shape
    y = np.zeros((channels, (height - size) // stride + 1, (width - size) // stride + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, top : top + size, left : left + size].mean(axis=(1, 2))
    return y
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_avg_pool2d", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_avg_pool2d (2 points)
check.avg_pool2d(avg_pool2d)
### BEGIN HIDDEN TESTS
check.avg_pool2d(avg_pool2d, seed=44)
same(avg_pool2d(np.array([[[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9]]]), 3, 2),
     np.array([[[47 / 9, 49 / 9]]]), "a hidden 3 x 5 picture averaged over 3 x 3")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `global_avg_pool`
# *Difficulty 1/5 · about 2 minutes · 1 point*
#
# The extreme case, on slide 34: one window over the whole channel, one number for each. That number no longer says
# *where*, only *how much*, and its shape does not depend on the size of the picture. One line.

# %% nbgrader={"grade": false, "grade_id": "global_avg_pool", "locked": false, "schema_version": 3, "solution": true}
# exercise: global_avg_pool
def global_avg_pool(x):
    """The mean of each channel: x (C, H, W) gives an array (C,)."""
    ### BEGIN SOLUTION
    return x.mean(axis=(1, 2))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_global_avg_pool", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_global_avg_pool (1 point)
check.global_avg_pool(global_avg_pool)
### BEGIN HIDDEN TESTS
check.global_avg_pool(global_avg_pool, seed=45)
same(global_avg_pool(np.array([[[3, 1, 4]], [[1, 5, 9]]])), np.array([8 / 3, 5]), "two hidden channels")
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Find the error in the lecture, once more
#
# Slide 30 writes “Blur the edges” below average pooling, and below max pooling: “Sharpen the edges”. The first is
# true. Test the second.
#
# ### By hand: `step_edge`
# *Difficulty 2/5 · about 4 minutes · 1 point*
#
# A picture all of whose rows are `0 0 0 1 1 1`: dark on the left, bright on the right. Write down one row of the output of
# (a) max pooling with windows of $3\times3$ and *stride 1*, and (b) slide 7's sharpen kernel, $0\;{-1}\;0 \,/\, {-1}\;5\;{-1} \,/\, 0\;{-1}\;0$. Only whole
# windows count, so that four cells remain, those around pixels 1 to 4.

# %% nbgrader={"grade": false, "grade_id": "step_edge", "locked": false, "schema_version": 3, "solution": true}
# exercise: step_edge
step_edge = [[None, None, None, None],  # max pooling
             [None, None, None, None]]  # the sharpen kernel
### BEGIN SOLUTION
step_edge = [[0, 1, 1, 1],
             [0, -1, 2, 1]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_step_edge", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_step_edge (1 point)
check.by_hand("step_edge", step_edge)
### BEGIN HIDDEN TESTS
same(step_edge, [[0, 1, 1, 1], [0, -1, 2, 1]], "step_edge")
### END HIDDEN TESTS

# %% [markdown]
# Sharpening makes the step *higher*: it undershoots to −1 on the dark side and overshoots to 2 on the bright one. Max
# pooling leaves the step as high as it was and *moves* it: the bright side has grown by one pixel. That is called
# **dilation** of the bright regions (the dilation of image processing, not the holes in a kernel of notebook 03).
#
# ### Refute it: `edges_that_vanish`
# *Difficulty 3/5 · about 6 minutes · 2 points*
#
# A sharpening filter never makes an edge disappear. Give a picture that has edges, and of which $2\times2$ max pooling leaves
# none: `max_pool2d(x[None])` must be flat. Sides even, at least two windows, at most $8\times8$.

# %% nbgrader={"grade": false, "grade_id": "edges_that_vanish", "locked": false, "schema_version": 3, "solution": true}
# exercise: edges_that_vanish
# Replace None by a small picture, an array (H, W).
edges_that_vanish = None
### BEGIN SOLUTION
edges_that_vanish = np.indices((4, 4)).sum(axis=0) % 2
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_edges_that_vanish", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_edges_that_vanish (2 points)
check.edges_that_vanish(edges_that_vanish)

# %% [markdown]
# On a photograph of handwriting, dark ink on bright paper, everything is decided by the windows' largest number: the
# paper. **Predict first:** what do windows of $3\times3$ do to thin strokes?

# %% tags=["raises-exception"]
page = photograph("text", side=180, grey=True).astype(float)[None]
sharpen = np.array([[[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]]])
figures.gallery(
    {"photograph": page[0], "average pooling, 3×3": avg_pool2d(page, 3, 1)[0],
     "max pooling, 3×3": max_pool2d(page, 3, 1)[0], "sharpen": conv2d_multi(page, sharpen)[0]},
    "Stride 1 in all of them. Average pooling blurs the ink, max pooling eats it, the sharpen kernel darkens it.",
)

# %% [markdown]
# So why do networks like it? A cell of a feature map says “here is a whisker”, and the largest one of four says “a whisker is
# somewhere in here”: for features, and not for pictures, that is the right question.

# %% [markdown]
# ## 7 · The bug that looked right
#
# The lecture comes with a practice notebook, where average pooling is written as a convolution. The idea is good: a
# $2\times2$ kernel of equal weights, and stride 2. But the weights were copied from a $5\times5$ blur, and they are
# $1/25$ each. The picture on the screen looked fine, and nobody noticed.
#
# ### By hand: `bugged`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# What does a $2\times2$ kernel with weights $1/25$ and stride 2 make of the numbers 1 to 16? (You have added up the windows before.)

# %% nbgrader={"grade": false, "grade_id": "bugged", "locked": false, "schema_version": 3, "solution": true}
# exercise: bugged
bugged = [[None, None],
          [None, None]]
### BEGIN SOLUTION
bugged = [[0.56, 0.88],
          [1.84, 2.16]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_bugged", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_bugged (1 point)
check.by_hand("bugged", bugged)
### BEGIN HIDDEN TESTS
same(bugged, [[0.56, 0.88], [1.84, 2.16]], "bugged")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `rescaled`
# *Difficulty 2/5 · about 4 minutes · 1 point*
#
# Before it was shown, the result went through one more step, as pictures often do: $(y - \min y)\,/\,(\max y - \min y)$, so that the darkest
# cell becomes 0 and the brightest 1. Do that to `averages` and to `bugged`.

# %% nbgrader={"grade": false, "grade_id": "rescaled", "locked": false, "schema_version": 3, "solution": true}
# exercise: rescaled
# the four cells in the order top left, top right, bottom left, bottom right
rescaled = [[None, None, None, None],  # of averages
            [None, None, None, None]]  # of bugged
### BEGIN SOLUTION
rescaled = [[0, 0.2, 0.8, 1],
            [0, 0.2, 0.8, 1]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_rescaled", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_rescaled (1 point)
check.by_hand("rescaled", rescaled)
### BEGIN HIDDEN TESTS
same(rescaled, [[0, 0.2, 0.8, 1], [0, 0.2, 0.8, 1]], "rescaled")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `avg_pool_as_conv`
# *Difficulty 3/5 · about 6 minutes · 3 points*
#
# Mend it, for any number of channels and any size: return the weights for which `conv2d_multi` with stride `size` *is* average
# pooling. **Predict first:** how many of the $C^2$ planes are zero?

# %% nbgrader={"grade": false, "grade_id": "avg_pool_as_conv", "locked": false, "schema_version": 3, "solution": true}
# exercise: avg_pool_as_conv
def avg_pool_as_conv(channels, size=2):
    """The weights that turn average pooling of `channels` channels into a convolution with stride `size`.

    conv2d_multi(x, w)[:, ::size, ::size] equals avg_pool2d(x, size) for every x (channels, H, W) whose sides are
    multiples of size.
    Returns an array w (channels, channels, size, size).
    """
    ### BEGIN SOLUTION
    w = np.zeros((channels, channels, size, size))
    for c in range(channels):
        w[c, c] = 1 / size**2
    return w
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_avg_pool_as_conv", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_avg_pool_as_conv (3 points)
check.avg_pool_as_conv(avg_pool_as_conv)
### BEGIN HIDDEN TESTS
check.avg_pool_as_conv(avg_pool_as_conv, seed=46)
same(avg_pool_as_conv(2, 1), np.array([[[[1]], [[0]]], [[[0]], [[1]]]]), "avg_pool_as_conv(2, 1)")
### END HIDDEN TESTS

# %% [markdown]
# The bug and the cure, on the photograph: first as the practice notebook showed it, rescaled, then as it is.

# %% tags=["raises-exception"]
grey = photograph("astronaut", side=240, grey=True).astype(float)[None]
cured = conv2d_multi(grey, avg_pool_as_conv(1))[:, ::2, ::2]
bug = conv2d_multi(grey, np.full((1, 1, 2, 2), 1 / 25))[:, ::2, ::2]


def rescale(y):
    """The darkest pixel becomes 0, the brightest 255."""
    return 255 * (y - y.min()) / (y.max() - y.min())


figures.gallery(
    {"1/25, rescaled": rescale(bug)[0], "1/4, rescaled": rescale(cured)[0], "1/25 as it is": bug[0],
     "1/4 as it is": cured[0]},
    "Rescaled, the bug cannot be seen; as it is, it cannot be overlooked.",
)
print(f"the bug has {bug.mean() / cured.mean():.2f} of the brightness of average pooling")
print("1/4 equals avg_pool2d:", np.allclose(cured, avg_pool2d(grey)))

# %% [markdown]
# One line of comparison, the last of that cell, would have caught it. A picture that looks right proves nothing:
# **compare numbers.**

# %% [markdown]
# ## 8 · What it costs
#
# Slide 29 has two lines: more compute, slower; more activations to store, heavier. Let us put numbers to them.
# Three different things are called the size of a network:
# - its **parameters**: the numbers that are learned;
# - its **multiply-adds** (MACs): the products that are worked out and added for one picture;
# - its **activations**: the numbers that flow through it and need a place in memory.
#
# ### By hand: `costs`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# For slide 14: $3\times28\times28$ in, kernels $4\times3\times5\times5$ with a bias for each map, $4\times24\times24$ out.

# %% nbgrader={"grade": false, "grade_id": "costs", "locked": false, "schema_version": 3, "solution": true}
# exercise: costs
costs = [None,  # parameters, biases included
         None,  # multiply-adds
         None]  # weights (no biases) of a dense layer from all numbers of the picture to all of the maps
### BEGIN SOLUTION
costs = [304, 172_800, 5_419_008]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_costs", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_costs (2 points)
check.by_hand("costs", costs)
### BEGIN HIDDEN TESTS
same(costs, [304, 172_800, 5_419_008], "costs")
### END HIDDEN TESTS

# %% [markdown]
# Dense, the same map would take 5,419,008 weights instead of 300, and as many multiply-adds as weights. The
# convolution saves twice: it *looks* at 75 numbers instead of 2352, and it *shares* its weights over 576 places. Only the first
# of the two makes it faster; the second makes it small.
#
# ### By hand: `memory`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# In float32 every number takes 4 bytes. How many bytes take the 304 parameters of slide 14? The four maps of one
# picture? The maps of a batch of 64 pictures?

# %% nbgrader={"grade": false, "grade_id": "memory", "locked": false, "schema_version": 3, "solution": true}
# exercise: memory
memory = [None,  # the parameters
          None,  # the maps of one picture
          None]  # the maps of 64 pictures
### BEGIN SOLUTION
memory = [1_216, 9_216, 589_824]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_memory", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_memory (1 point)
check.by_hand("memory", memory)
### BEGIN HIDDEN TESTS
same(memory, [1_216, 9_216, 589_824], "memory")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `count_macs`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# For a list of layers, as above. What a convolution costs depends on the shape that comes in *and* on the one that goes out, so
# walk through the list with `output_shape`.

# %% nbgrader={"grade": false, "grade_id": "count_macs", "locked": false, "schema_version": 3, "solution": true}
# exercise: count_macs
def count_macs(layers, shape):
    """Multiply-adds of a list of layers for one picture of that shape, (C, H, W).

    layers: as in output_shape. Only products with a weight count: none for a bias, none for a pooling.
    Returns an int.
    """
    ### BEGIN SOLUTION
    macs = 0
    for layer in layers:
        after = output_shape(layer, shape)
        if layer[0] == "conv":
            k = layer[2]
            macs += after[0] * after[1] * after[2] * shape[0] * k * k
        if layer[0] == "dense":
            macs += after[0] * int(np.prod(shape))
        shape = after
    return macs
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_count_macs", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_count_macs (3 points)
check.count_macs(count_macs)
### BEGIN HIDDEN TESTS
check.count_macs(count_macs, seed=47)
same(count_macs([("conv", 64, 3, 1, 1), ("conv", 64, 3, 1, 1), ("pool", 2)], (3, 224, 224)), 1_936_392_192,
     "the multiply-adds of VGG-16's first block")
vgg16 = []
for maps, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
    vgg16 += [("conv", maps, 3, 1, 1)] * repeats + [("pool", 2)]
vgg16 += [("dense", 4096), ("dense", 4096), ("dense", 1000)]
same(count_macs(vgg16, (3, 224, 224)), 15_470_264_320, "the multiply-adds of VGG-16")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `activation_bytes`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# **In training** the backward pass will need what came into each layer, so the picture and every output are kept to the end.
# **In inference** a layer's input can go as soon as its output is there: at any moment there are only these two, and the worst
# moment decides.

# %% nbgrader={"grade": false, "grade_id": "activation_bytes", "locked": false, "schema_version": 3, "solution": true}
# exercise: activation_bytes
def activation_bytes(layers, shape, batch=1, training=True):
    """Bytes of the activations of a list of layers, as float32 (4 bytes each), for a batch of pictures.

    layers: as in output_shape, one or more. shape: one picture, (C, H, W). batch: how many pictures.
    training=True: the picture and the output of every layer. training=False: the input and the output of one
    layer, for that layer where they are largest together.
    Returns an int.
    """
    ### BEGIN SOLUTION
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    if training:
        most = sum(sizes)
    else:
        most = max(sizes[i] + sizes[i + 1] for i in range(len(layers)))
    return 4 * batch * most
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_activation_bytes", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_activation_bytes (3 points)
check.activation_bytes(activation_bytes)
### BEGIN HIDDEN TESTS
check.activation_bytes(activation_bytes, seed=48)
same(activation_bytes([("conv", 4, 5, 1, 0)], (3, 28, 28), 64), 1_191_936, "slide 14 with a batch of 64, training")
same(activation_bytes([("conv", 4, 5, 1, 0), ("pool", 2)], (3, 28, 28), 2, False), 37_248,
     "slide 14 and a pooling with a batch of 2, inference")
### END HIDDEN TESTS

# %% [markdown]
# ### Where does it sit?
#
# VGG-16 (slide 37) is five blocks of $3\times3$ convolutions, a pooling after each, and three dense layers. **Predict first**, and write it
# down: which part has most of the parameters? Which most of the multiply-adds? Which most of the activations?

# %% tags=["raises-exception"]
parts = {}
for number, (convolutions, channels) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], start=1):
    parts[f"block {number}"] = [("conv", channels, 3, 1, 1)] * convolutions + [("pool", 2)]
parts["dense layers"] = [("dense", 4096), ("dense", 4096), ("dense", 1000)]
vgg = [layer for part in parts.values() for layer in part]


def count_parameters(layers, shape):
    total = 0
    for kind, units, *rest in layers:
        if kind == "conv":
            total += units * (shape[0] * rest[0] ** 2 + 1)
        if kind == "dense":
            total += units * (int(np.prod(shape)) + 1)
        shape = output_shape((kind, units, *rest), shape)
    return total


shape = (3, 224, 224)
print(f"{'':14}{'parameters':>14}{'multiply-adds':>17}{'activations':>14}")
for name, layers in parts.items():
    outputs = activation_bytes(layers, shape) - 4 * int(np.prod(shape))
    print(f"{name:14}{count_parameters(layers, shape):14,}{count_macs(layers, shape):17,}{outputs / 2**20:10.1f} MiB")
    for layer in layers:
        shape = output_shape(layer, shape)
picture = (3, 224, 224)
print(f"{'VGG-16':14}{count_parameters(vgg, picture):14,}{count_macs(vgg, picture):17,}"
      f"{activation_bytes(vgg, picture) / 2**20:10.1f} MiB with the picture, for training")
print(f"{'':45}{activation_bytes(vgg, picture, training=False) / 2**20:10.1f} MiB for inference")

# %% [markdown]
# Three questions, three different answers: the dense layers hold nearly nine of ten parameters, the convolutions do nearly all
# of the work, and the first block alone keeps nearly half of the activations. Whoever says “a large network” has to say
# which of the three is meant. Now build your own, or take one of the presets:

# %%
calculator = CostCalculator()
calculator

# %% [markdown]
# ### Experiment: do multiply-adds tell the time?
#
# One layer of $3\times3$ kernels with 8 channels in and out, on a $16\times16$ picture, padded so that the size stays. Now let it grow in
# two ways. Either the picture doubles its side, or the channels double, in and out. **Predict first:** by what factor do
# the multiply-adds grow each time, in the one and in the other? And at the same number of multiply-adds, which of the two is
# faster?
#
# The convolution below is the course's own, in NumPy: quick enough that the processor, and not Python's loops, sets the
# time. It is held to one thread, so that nothing but the work differs.

# %% tags=["raises-exception"]
from time import perf_counter

from threadpoolctl import threadpool_limits  # it comes with scikit-learn

from course_lib import ops

rng = np.random.default_rng(0)
settings = {"larger picture": [(8, 16 * 2**step) for step in range(6)],
            "more channels": [(8 * 2**step, 16) for step in range(6)]}


def milliseconds(layer, repeats=15):
    """The best of several runs: whatever else the computer does can only make one slower."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        layer()
        times.append(1000 * (perf_counter() - start))
    return min(times)


def arrays(channels, side):
    """A picture, as a batch of one, and kernels for it, float32 as usual."""
    return (rng.normal(size=(1, channels, side, side)).astype(np.float32),
            rng.normal(size=(channels, channels, 3, 3)).astype(np.float32))


macs = {name: [count_macs([("conv", channels, 3, 1, 1)], (channels, side, side)) for channels, side in pairs]
        for name, pairs in settings.items()}
numpy_times = {name: [] for name in settings}
for name, pairs in settings.items():
    for channels, side in pairs:
        X, W = arrays(channels, side)
        with threadpool_limits(1):
            numpy_times[name].append(milliseconds(lambda X=X, W=W: ops.conv2d(X, W, padding=1)))

print("the same multiply-adds in both:", macs["larger picture"] == macs["more channels"])
figures.curves(
    macs["larger picture"],
    numpy_times,
    "multiply-adds", "milliseconds",
    "From 8 channels of 16×16 on the left to 8 channels of 512×512, or to 256 channels of 16×16, on the right; both axes"
    " logarithmic. A straight line of slope 1 would mean: twice the work, twice the time.",
    log="xy",
)
for name, times in numpy_times.items():
    first, last = (np.diff(np.log(times))[part].mean() / np.log(4) for part in (slice(0, 2), slice(-2, None)))
    print(f"{name:15} slope of the first two steps {first:.2f}, of the last two {last:.2f};",
          f"{macs[name][-1] / times[-1] / 1e6:.1f} G multiply-adds a second at the end")

# %% [markdown]
# **Questions**, to answer from your own curves:
# - Each step makes four times the multiply-adds. Which slope do your curves have at the left end, and why is it below 1? (What
#   does a call of a function cost, whatever the size?)
# - Where the curves part: both do the same arithmetic. Which of the two has more *activations* to move through memory, and how many
#   times more? `activation_bytes` knows.
# - So which half of slide 29 is it that makes a layer slow?
#
# And how good is NumPy at it? If PyTorch is installed, the next cell times its convolution on the same arrays; it is the only one in
# this notebook that imports it, and takes a few seconds.

# %% tags=["raises-exception"]
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, so there is no column to compare with; nothing later needs it.")
else:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    print(f"{'':15}{'channels':>9}{'side':>6}{'multiply-adds':>15}{'NumPy ms':>10}{'torch ms':>10}{'ratio':>7}")
    for name, pairs in settings.items():
        for (channels, side), count, ours in zip(pairs, macs[name], numpy_times[name], strict=True):
            X, W = map(torch.from_numpy, arrays(channels, side))
            theirs = milliseconds(lambda X=X, W=W: torch.nn.functional.conv2d(X, W, padding=1))
            print(f"{name:15}{channels:9}{side:6}{count:15,}{ours:10.3f}{theirs:10.3f}{ours / theirs:7.1f}")
    torch.set_num_threads(threads)

# %% [markdown]
# torch is held to one thread as well. **Explain it to a friend:** in which rows does NumPy come close to torch, and in which does it
# fall behind? Both leave the products to code written for this processor; so what else has to be done, before and around them?
# Notebook 05 opens the box: `im2col`.

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("04_channels_pooling_and_cost")
questions

# %% [markdown]
# ## Stretch puzzle: no loop, no slice
#
# Two lines of NumPy, each *one expression* without a loop or a comprehension. No points, no hints.
# 1. `max_pool2d` with size 2, for a picture with even sides. The rule: `reshape` and `max` only.
# 2. A $1\times1$ convolution (weights $(C_o, C_i, 1, 1)$) is a matrix product. The rule: `@` and `reshape` only.

# %% tags=["raises-exception"]
def pool_in_one_line(x):
    return x  # replace this expression


def one_by_one_in_one_line(x, w):
    return x  # replace this expression


def solved(got, want):
    return "solved!" if got.shape == want.shape and np.allclose(got, want) else "not yet"


puzzle_x, puzzle_w = rng.normal(size=(3, 4, 6)), rng.normal(size=(5, 3, 1, 1))
print("1:", solved(pool_in_one_line(puzzle_x), max_pool2d(puzzle_x)))
print("2:", solved(one_by_one_in_one_line(puzzle_x, puzzle_w), conv2d_multi(puzzle_x, puzzle_w)))

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | a layer has one 2-D kernel for each pair of map and channel | `planes`, `conv2d_multi` | slides 9-14 |
# | the sum runs over all $C_i$ channels, not over 3, and has a bias | `mixed`, `products` | slides 9-16, corrected |
# | two layouts of the weights give other numbers and no error | `layouts` | slides 12-16 against the practice notebook |
# | both poolings of 1 to 16 | `averages`, `maxima`, by hand | slide 30 |
# | max pooling does not sharpen: it dilates, and can wipe out edges | `step_edge`, `edges_that_vanish` | slide 30, corrected |
# | average pooling is a convolution with weights 1/4, not 1/25 | `bugged`, `rescaled`, `avg_pool_as_conv` | practice notebook, corrected |
# | 304 parameters and 172,800 multiply-adds instead of 5,419,008 weights | `costs`, by hand | slides 12-14 |
# | VGG-16 has 138,357,544 parameters and 15,470,264,320 multiply-adds | `count_macs` and its table | Simonyan and Zisserman, [arXiv:1409.1556](https://arxiv.org/abs/1409.1556) |
# | parameters, multiply-adds and activations sit in different places | the same table | slide 29 |
#
# **Next:** notebook 05 runs all of this backwards, and learns a kernel.
