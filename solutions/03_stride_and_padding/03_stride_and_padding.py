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
# # 03 · Stride and padding
#
# A kernel can take longer steps, and a picture can be given a frame of zeros: two numbers, one formula, and many
# an error of shape. Here you work every cell out by hand, find three errors in the lecture (a heading, a sentence
# and the formula itself), and end with the question that the formula cannot answer: how much of the picture does
# one unit see?
#
# **By the end you can**
# - work out a feature map for any stride and any padding, and say which pixels were never read;
# - write the formula for the output size *with its floor*, and name the three things people do when a stride
#   does not fit;
# - say for which kernels a padding keeps the size of the picture, and why the lecture's does not;
# - compute the receptive field of a stack of layers, and measure it.
#
# It covers slides 17 to 28 of the lecture and takes about two hours, in two sittings if you like. NumPy is all you need: no network, no
# GPU.

# %% tags=["setup"]
import numpy as np

from course_lib import figures
from course_lib.checks import hint, probe, same, stride_and_padding as check
from course_lib.quiz import quiz, recall
from course_lib.widgets import ReceptiveField, StrideExplorer

# %% [markdown]
# ## Play first
#
# A 3×3 kernel on a 6×6 input, stride 1, no padding. Change one number at a time. Which slider makes the output
# larger? Which leaves pixels *hatched*, that is, never read? (The corners ⌊ ⌋ in its formula round down; section 5
# is about them.)

# %%
explorer = StrideExplorer(size=6, kernel=3)
explorer

# %% [markdown]
# Before you go on, three cards from notebooks 01 and 02. Say the answer aloud, then open the card.

# %%
recall("03_stride_and_padding")

# %% [markdown]
# ## 1 · One step at a time
#
# Slides 17 to 21 slide the kernel `a b / c d` over the numbers 1 to 16, one pixel at a time. They work out
# two cells, $1a + 2b + 5c + 6d$ and $2a + 3b + 6c + 7d$, and leave seven to you.

# %%
x = np.arange(1, 17).reshape(4, 4)
figures.show_tables({"input x": (x, "input")})

# %% [markdown]
# ### By hand: `sums_stride_1`
# *Difficulty 1/5 · about 6 minutes · 2 points*
#
# Write all nine cells as sums, in quotes: `"1a+2b+5c+6d"`. Spaces, the order of the terms, `*` and capitals
# do not matter. **Predict first:** from one cell to its right neighbour, by how much does each number grow?
# And to the cell below? Stuck? Run `hint("sums_stride_1")` in a cell of your own; each call opens one hint
# more.

# %% nbgrader={"grade": false, "grade_id": "sums_stride_1", "locked": false, "schema_version": 3, "solution": true}
# exercise: sums_stride_1
# Replace each None by your sum, in quotes.
sums_stride_1 = [["1a+2b+5c+6d", "2a+3b+6c+7d", None],
                 [None, None, None],
                 [None, None, None]]
### BEGIN SOLUTION
sums_stride_1 = [["1a+2b+5c+6d", "2a+3b+6c+7d", "3a+4b+7c+8d"],
                 ["5a+6b+9c+10d", "6a+7b+10c+11d", "7a+8b+11c+12d"],
                 ["9a+10b+13c+14d", "10a+11b+14c+15d", "11a+12b+15c+16d"]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sums_stride_1", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_sums_stride_1 (2 points)
check.by_hand("sums_stride_1", sums_stride_1)

# %% [markdown]
# ### By hand: `values_stride_1`
# *Difficulty 1/5 · about 4 minutes · 1 point*
#
# Now let $a = 1$, $b = 2$, $c = 3$, $d = 4$. Once the first cell is there, the others need no multiplication:
# each step to the right adds the same number, namely $a + b + c + d$. Why?

# %% nbgrader={"grade": false, "grade_id": "values_stride_1", "locked": false, "schema_version": 3, "solution": true}
# exercise: values_stride_1
# Replace each None by your number.
values_stride_1 = [[None, None, None],
                   [None, None, None],
                   [None, None, None]]
### BEGIN SOLUTION
values_stride_1 = [[44, 54, 64],
                   [84, 94, 104],
                   [124, 134, 144]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_values_stride_1", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_values_stride_1 (1 point)
check.by_hand("values_stride_1", values_stride_1)
### BEGIN HIDDEN TESTS
same(values_stride_1, [[44, 54, 64], [84, 94, 104], [124, 134, 144]], "values_stride_1")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Longer steps: stride 2
#
# Slides 22 to 25 move the same kernel by two pixels at a time, to the right and down. The number of pixels
# per step is the **stride**, $s$.
#
# ### By hand: `sums_stride_2` and `values_stride_2`
# *Difficulty 1/5 · about 5 minutes · 1 point each*
#
# **Predict first:** how many cells will the output have, and does any of them need a new sum?

# %% nbgrader={"grade": false, "grade_id": "sums_stride_2", "locked": false, "schema_version": 3, "solution": true}
# exercise: sums_stride_2
# Replace each None by your sum, in quotes.
sums_stride_2 = [[None, None],
                 [None, None]]
### BEGIN SOLUTION
sums_stride_2 = [["1a+2b+5c+6d", "3a+4b+7c+8d"],
                 ["9a+10b+13c+14d", "11a+12b+15c+16d"]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sums_stride_2", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_sums_stride_2 (1 point)
check.by_hand("sums_stride_2", sums_stride_2)

# %% nbgrader={"grade": false, "grade_id": "values_stride_2", "locked": false, "schema_version": 3, "solution": true}
# exercise: values_stride_2
# The same four cells with a, b, c, d = 1, 2, 3, 4.
values_stride_2 = [[None, None],
                   [None, None]]
### BEGIN SOLUTION
values_stride_2 = [[44, 64],
                   [124, 144]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_values_stride_2", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_values_stride_2 (1 point)
check.by_hand("values_stride_2", values_stride_2)
### BEGIN HIDDEN TESTS
same(values_stride_2, [[44, 64], [124, 144]], "values_stride_2")
### END HIDDEN TESTS

# %% [markdown]
# A stride computes nothing new: it *keeps* every second cell of every second row, and does not pay for the
# others. Here 4 sums of 9 are left; on a large picture, about a quarter.

# %% [markdown]
# ## 3 · A frame of zeros: padding 1
#
# Slides 26 to 28 put a border of zeros, $p = 1$ pixel wide, around the picture, and keep stride 2. Now the
# kernel can hang over the edge, and most of the windows do.
#
# ### By hand: `sums_padded`
# *Difficulty 2/5 · about 8 minutes · 2 points*
#
# What is multiplied by a zero of the frame may be left out or written as `0a`, as you like: `"0a+0b+0c+1d"`,
# `"1d"` and `"d"` are the same sum.

# %% nbgrader={"grade": false, "grade_id": "sums_padded", "locked": false, "schema_version": 3, "solution": true}
# exercise: sums_padded
# Replace each None by your sum, in quotes.
sums_padded = [[None, None, None],
               [None, None, None],
               [None, None, None]]
### BEGIN SOLUTION
sums_padded = [["1d", "2c+3d", "4c"],
               ["5b+9d", "6a+7b+10c+11d", "8a+12c"],
               ["13b", "14a+15b", "16a"]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sums_padded", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_sums_padded (2 points)
check.by_hand("sums_padded", sums_padded)

# %% [markdown]
# ### By hand: `values_padded`
# *Difficulty 1/5 · about 4 minutes · 1 point*
#
# The same nine cells with $a, b, c, d = 1, 2, 3, 4$.

# %% nbgrader={"grade": false, "grade_id": "values_padded", "locked": false, "schema_version": 3, "solution": true}
# exercise: values_padded
# Replace each None by your number.
values_padded = [[None, None, None],
                 [None, None, None],
                 [None, None, None]]
### BEGIN SOLUTION
values_padded = [[4, 18, 12],
                 [46, 94, 44],
                 [26, 44, 16]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_values_padded", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_values_padded (1 point)
check.by_hand("values_padded", values_padded)
### BEGIN HIDDEN TESTS
same(values_padded, [[4, 18, 12], [46, 94, 44], [26, 44, 16]], "values_padded")
### END HIDDEN TESTS

# %% [markdown]
# Look at your nine numbers: the middle one is the largest by far, and the picture has nothing special in its
# middle. The zeros of the frame darken the border of this map, as of any kernel whose weights are all positive:
# that is the price of padding.

# %% [markdown]
# ### Code: `pad2d`
# *Difficulty 1/5 · about 5 minutes · 2 points*
#
# Make a larger array, and put the picture into its middle.

# %% nbgrader={"grade": false, "grade_id": "pad2d", "locked": false, "schema_version": 3, "solution": true}
# exercise: pad2d
def pad2d(x, padding, value=0.0):
    """Surround the picture x (H, W) by `padding` rows and columns of `value` on each of its four sides.

    padding: a whole number, 0 or more. value: any number, fractions too.
    Returns a new array (H + 2 padding, W + 2 padding).
    """
    ### BEGIN SOLUTION
    height, width = x.shape
    y = np.full((height + 2 * padding, width + 2 * padding), float(value))
    y[padding : padding + height, padding : padding + width] = x
    return y
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_pad2d", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_pad2d (2 points)
check.pad2d(pad2d)
### BEGIN HIDDEN TESTS
check.pad2d(pad2d, seed=30)
same(pad2d(np.array([[3, 1, 4]]), 1, 0.5),
     np.array([[0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 3, 1, 4, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5]]), "pad2d(x, 1, 0.5)")
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Find the error in the lecture
#
# All twelve slides print the same formula for the side of the output, with the input's side $w$, the kernel's
# $k$, the stride $s$ and the padding $p$:
#
# $$\frac{w - k + 2p}{s} + 1$$
#
# And slides 26 to 28 make two statements about $w = 4, k = 2, s = 2, p = 1$: the heading says “Output 2×2”,
# and the text says that padding 1 is “useful to keep spatial dimension constant”.
#
# ### By hand: `sides`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# Put the four settings below into the formula. Then compare: with the heading, with the text, and with the
# number of cells that you filled in yourself.

# %% nbgrader={"grade": false, "grade_id": "sides", "locked": false, "schema_version": 3, "solution": true}
# exercise: sides
# w = 4 and k = 2 each time; (s, p) = (1, 0), (2, 0), (2, 1), (1, 1)
sides = [None, None, None, None]
### BEGIN SOLUTION
sides = [3, 2, 3, 5]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sides", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_sides (1 point)
check.by_hand("sides", sides)
### BEGIN HIDDEN TESTS
same(sides, [3, 2, 3, 5], "sides")
### END HIDDEN TESTS

# %% [markdown]
# So the heading is wrong, and so is the sentence: with $k = 2$ and $p = 1$ the side of 4 becomes 3 or 5, and never
# stays 4. Is there a better padding?
#
# ### By hand: `padding_that_keeps`
# *Difficulty 2/5 · about 5 minutes · 1 point*
#
# Let the stride be 1. For $k = 1$ to $7$: which whole number $p$ makes the output as large as the input,
# whatever its side $w$ is? Where there is none, write `"no"`.

# %% nbgrader={"grade": false, "grade_id": "padding_that_keeps", "locked": false, "schema_version": 3, "solution": true}
# exercise: padding_that_keeps
# k = 1, 2, 3, 4, 5, 6, 7
padding_that_keeps = [None, None, None, None, None, None, None]
### BEGIN SOLUTION
padding_that_keeps = [0, "no", 1, "no", 2, "no", 3]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_padding_that_keeps", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_padding_that_keeps (1 point)
check.by_hand("padding_that_keeps", padding_that_keeps)

# %% [markdown]
# That is the practical reason why nearly every kernel you will ever meet has an *odd* side.
#
# ### Code: `same_padding`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# A **dilated** kernel has holes: its weights lie $d$ pixels apart, so that $k$ of them cover $d\,(k - 1) + 1$
# pixels. $d = 1$ is the ordinary kernel. Move the *dilation* slider of the first explorer to see one, then solve
# the question once and for all.

# %% nbgrader={"grade": false, "grade_id": "same_padding", "locked": false, "schema_version": 3, "solution": true}
# exercise: same_padding
def same_padding(k, dilation=1):
    """The padding that keeps the size of a picture at stride 1, for a kernel of side k.

    k and dilation: whole numbers, 1 or more; the kernel covers dilation * (k - 1) + 1 pixels.
    Returns an int, or None where no whole number does.
    """
    ### BEGIN SOLUTION
    both_sides = dilation * (k - 1)
    return both_sides // 2 if both_sides % 2 == 0 else None
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_same_padding", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_same_padding (2 points)
check.same_padding(same_padding)
### BEGIN HIDDEN TESTS
check.same_padding(same_padding, seed=31)
same(same_padding(11, 3), 15, "same_padding(11, 3)")
same(same_padding(8, 3), None, "same_padding(8, 3)")
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · When the stride does not fit
#
# One thing is missing from the formula of the slides. Let $w = 5$, $k = 2$, $s = 2$, $p = 0$: it gives 2.5,
# and nobody has ever seen half a cell. Three conventions are in use.
#
# | Convention | What it does | Who |
# |---|---|---|
# | **floor** | drops the window that does not fit; the last pixels are not read | PyTorch, TensorFlow's `"valid"`; Dumoulin and Visin, [arXiv:1603.07285](https://arxiv.org/abs/1603.07285), relationship 6 |
# | **ceil** | keeps it, and lets it hang over the edge | pooling in Caffe, and `ceil_mode=True` in PyTorch's pooling |
# | **refuse** | treats it as an error | the [CS231n notes](https://cs231n.github.io/convolutional-networks/) call such strides invalid; [CNN Explainer](https://poloclub.github.io/cnn-explainer/) turns its input field red |
#
# ### By hand: `conventions`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# One row for each setting, and in each row the side of the output under floor, ceil and refuse. Write `"no"`
# where the last one refuses. The third row is the first layer of AlexNet, as its paper gives it.

# %% nbgrader={"grade": false, "grade_id": "conventions", "locked": false, "schema_version": 3, "solution": true}
# exercise: conventions
#               floor, ceil, refuse
conventions = [[None, None, None],  # w = 5,   k = 2,  s = 2, p = 0
               [None, None, None],  # w = 7,   k = 3,  s = 2, p = 0
               [None, None, None],  # w = 224, k = 11, s = 4, p = 0
               [None, None, None]]  # w = 8,   k = 3,  s = 2, p = 1
### BEGIN SOLUTION
conventions = [[2, 3, "no"],
               [3, 3, 3],
               [54, 55, "no"],
               [4, 5, "no"]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conventions", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_conventions (2 points)
check.by_hand("conventions", conventions)

# %% [markdown]
# AlexNet's paper says 224 pixels and 55×55 cells. The CS231n notes infer that the pictures must really have
# had 227, which fits; others add padding. A formula without its floor has kept people busy for a decade.
#
# Compare the three: the cards at the bottom of the explorer change the convention.

# %%
does_not_fit = StrideExplorer(size=5, kernel=2, stride=2)
does_not_fit

# %% [markdown]
# ### Code: `output_size`
# *Difficulty 2/5 · about 7 minutes · 3 points*
#
# From here on we take the floor, as PyTorch does:
#
# $$\left\lfloor \frac{n + 2p - d\,(k - 1) - 1}{s} \right\rfloor + 1$$
#
# Beware of the case where the kernel is larger than the padded picture: then there is no output at all.

# %% nbgrader={"grade": false, "grade_id": "output_size", "locked": false, "schema_version": 3, "solution": true}
# exercise: output_size
def output_size(n, k, stride=1, padding=0, dilation=1):
    """Side of the output for an input of side n and a kernel of side k, rounded down.

    All whole numbers: n, k, stride and dilation 1 or more, padding 0 or more (on each side).
    Returns an int: the number of places where the whole kernel fits; 0 where it never does.
    """
    ### BEGIN SOLUTION
    room = n + 2 * padding - dilation * (k - 1) - 1
    return room // stride + 1 if room >= 0 else 0
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_output_size", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_output_size (3 points)
check.output_size(output_size)
### BEGIN HIDDEN TESTS
check.output_size(output_size, seed=32)
same(output_size(224, 7, 2, 3), 112, "output_size(224, 7, 2, 3)")
same(output_size(224, 11, 4, 2), 55, "output_size(224, 11, 4, 2)")
same(output_size(3, 5, 4), 0, "output_size(3, 5, 4)")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `correlate2d_strided`
# *Difficulty 3/5 · about 10 minutes · 3 points*
#
# Your `correlate2d` of notebook 02 with two more numbers. `output_size` tells how large the output is, and
# `pad2d` makes the frame. What changes in the line that cuts out the window?

# %% nbgrader={"grade": false, "grade_id": "correlate2d_strided", "locked": false, "schema_version": 3, "solution": true}
# exercise: correlate2d_strided
def correlate2d_strided(x, w, stride=1, padding=0):
    """Cross-correlate the picture x (H, W) with the kernel w (k_h, k_w), in steps of `stride` both ways.

    padding: rows and columns of zeros on each side of x. Sizes that do not fit are rounded down.
    Returns an array (H_out, W_out), where H_out = floor((H + 2 padding - k_h) / stride) + 1, and W_out alike.
    """
    ### BEGIN SOLUTION
    (height, width), (k_h, k_w) = x.shape, w.shape
    x = pad2d(x, padding)
    y = np.zeros((output_size(height, k_h, stride, padding), output_size(width, k_w, stride, padding)))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            top, left = i * stride, j * stride
            y[i, j] = np.sum(x[top : top + k_h, left : left + k_w] * w)
    return y
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_correlate2d_strided", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_correlate2d_strided (3 points)
check.correlate2d_strided(correlate2d_strided)
### BEGIN HIDDEN TESTS
check.correlate2d_strided(correlate2d_strided, seed=33)
same(correlate2d_strided(np.arange(1, 17).reshape(4, 4), np.array([[1, 2], [3, 4]]), 2, 1),
     np.array([[4, 18, 12], [46, 94, 44], [26, 44, 16]]), "slide 28 with a, b, c, d = 1, 2, 3, 4")
### END HIDDEN TESTS

# %% [markdown]
# All three by-hand results at once, from your own function:

# %% tags=["raises-exception"]
w = np.array([[1, 2], [3, 4]])
figures.show_tables({
    "stride 1": (correlate2d_strided(x, w), "output"),
    "stride 2": (correlate2d_strided(x, w, 2), "output"),
    "stride 2, padding 1": (correlate2d_strided(x, w, 2, 1), "output"),
})

# %% [markdown]
# ### Code: `unread_pixels`
# *Difficulty 3/5 · about 8 minutes · 2 points*
#
# The floor is silent: no error, no warning, and some pixels take part in nothing. Which ones? Think of one
# row of `n` pixels; the other direction works alike. **Predict first:** there are two different reasons why a
# pixel can be left out. One is the floor. What is the other?

# %% nbgrader={"grade": false, "grade_id": "unread_pixels", "locked": false, "schema_version": 3, "solution": true}
# exercise: unread_pixels
def unread_pixels(n, k, stride=1, padding=0):
    """Which of the n pixels of a row no window of a kernel of side k reads, at this stride and padding.

    Windows that do not fit are dropped (floor). Zeros of the padding are no pixels and are never counted.
    Returns the indices (from 0 to n - 1) in order, as a list of ints; all of them if no window fits.
    """
    ### BEGIN SOLUTION
    read = set()
    for window in range(output_size(n, k, stride, padding)):
        start = window * stride - padding
        read.update(range(start, start + k))
    return [pixel for pixel in range(n) if pixel not in read]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_unread_pixels", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_unread_pixels (2 points)
check.unread_pixels(unread_pixels)
### BEGIN HIDDEN TESTS
check.unread_pixels(unread_pixels, seed=34)
same(unread_pixels(10, 2, 3, 1), [1, 4, 7], "unread_pixels(10, 2, 3, 1)")
same(unread_pixels(224, 11, 4), [223], "unread_pixels(224, 11, 4)")
### END HIDDEN TESTS

# %% [markdown]
# How often does it happen? Below, every stride and every kernel up to 5 on a picture of 28×28 pixels. In a
# picture a whole row *and* a whole column goes with each unread index.

# %% tags=["raises-exception"]
side = 28
left_out = np.array([[side**2 - (side - len(unread_pixels(side, k, s))) ** 2 for s in range(1, 6)]
                     for k in range(1, 6)])
print("pixels of 784 that are never read; rows: kernel 1 to 5, columns: stride 1 to 5")
print(left_out)

# %% [markdown]
# Above the diagonal the stride is larger than the kernel, and the windows leave gaps between them. Elsewhere
# only the floor is at work, and it can cost a row and a column or more. **Before you read on:** does padding help
# the kernel of 2 with stride 3? Ask `len(unread_pixels(28, 2, 3, p))` for $p = 0$ to $3$: it saves a single pixel,
# for the gaps stay.

# %% [markdown]
# ## 6 · How much does one unit see?
#
# A unit of the first layer sees $k$ pixels of a row. A unit of the second layer sees $k$ units of the first,
# and each of these sees $k$ pixels, but they overlap. The pixels that a unit can see at all, through all
# layers below it, are its **receptive field**. Hover over a unit of the top row:

# %%
field = ReceptiveField()
field

# %% [markdown]
# ### By hand: `fields`
# *Difficulty 2/5 · about 6 minutes · 1 point*
#
# How many pixels wide is the receptive field of one unit on top of each of these stacks? Use the idea and not
# the widget, at first: going down one layer, a window of $r$ units becomes a window of $(r - 1)\,s + k$
# units.

# %% nbgrader={"grade": false, "grade_id": "fields", "locked": false, "schema_version": 3, "solution": true}
# exercise: fields
fields = [None,  # two layers, 3x3, stride 1
          None,  # three layers, 3x3, stride 1
          None,  # 3x3 with stride 2, then 3x3 with stride 1
          None]  # LeNet-5: 5x5, then 2x2 with stride 2, then 5x5, then 2x2 with stride 2
### BEGIN SOLUTION
fields = [5, 7, 7, 16]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_fields", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_fields (1 point)
check.by_hand("fields", fields)
### BEGIN HIDDEN TESTS
same(fields, [5, 7, 7, 16], "fields")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `receptive_field`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# Two ways lead to the same number: from the top down, as above; or from the bottom up, where every layer adds
# its $k - 1$ steps, and each step is as long as all strides *below* it multiplied together (the **jump**).

# %% nbgrader={"grade": false, "grade_id": "receptive_field", "locked": false, "schema_version": 3, "solution": true}
# exercise: receptive_field
def receptive_field(layers):
    """Side, in pixels, of the window of the input that one unit of the last layer can see.

    layers: list of pairs (kernel, stride), the layer next to the picture first; may be empty.
    A dilated kernel is given by the pixels that it covers. Padding makes no difference to the size.
    Returns an int; 1 for no layers.
    """
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_receptive_field", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_receptive_field (3 points)
check.receptive_field(receptive_field)
### BEGIN HIDDEN TESTS
check.receptive_field(receptive_field, seed=35)
same(receptive_field([(7, 2), (3, 2), (3, 1), (3, 1)]), 27, "receptive_field of a ResNet's first layers")
same(receptive_field([(5, 1), (2, 2), (5, 1), (2, 2)]), 16, "receptive_field of LeNet-5's feature layers")
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: what does depth buy?
#
# Three ways to stack 3×3 layers: *plain*; *stride 2 in every second layer*; and *dilation 1, 2, 4, 8, ...*,
# doubling with each layer. **Predict first**, on paper: sketch the receptive field against depth, from one to
# six layers. Which of the three grows by the same amount each time? Which doubles? And which of them pays for
# it with a smaller output?

# %% tags=["raises-exception"]
depths = range(1, 7)
plain = [(3, 1)] * 6
strided = [(3, 1), (3, 2)] * 3
dilated = [(2 * 2**depth + 1, 1) for depth in range(6)]  # a 3x3 kernel with dilation d covers 2 d + 1 pixels

figures.curves(
    depths,
    {
        "plain 3×3": [receptive_field(plain[:depth]) for depth in depths],
        "stride 2 every second layer": [receptive_field(strided[:depth]) for depth in depths],
        "dilation 1, 2, 4, 8, ...": [receptive_field(dilated[:depth]) for depth in depths],
    },
    "layers", "receptive field (pixels)",
    "Plain layers add 2 pixels each: linear growth. With strides the growth itself doubles every second layer, with"
    " doubling dilations in every layer: exponential growth.",
)

# %% [markdown]
# Strides shrink the output, dilations do not: that is why networks that must answer for every pixel, in
# segmentation or in sound, use dilation (Yu and Koltun,
# [arXiv:1511.07122](https://arxiv.org/abs/1511.07122)).
#
# ### Does every pixel of the field count the same?
#
# The formula tells how *far* a unit sees. Now measure it: switch on one pixel of a dark row, send the row
# through the layers, with all weights 1, and look at the one unit on top. Its value is the number of paths
# from that pixel to the unit. **Predict first:** 15 plain layers and 4 dilated ones both see 31 pixels. Which
# pixels count most, in the one and in the other?

# %% tags=["raises-exception"]
def influence(stack):
    """How much each pixel of the receptive field counts in the one unit that sees all of it, as shares of 1."""
    side = receptive_field([(kernel.shape[1], stride) for kernel, stride in stack])
    paths = []
    for pixel in range(side):
        row = np.zeros((1, side))
        row[0, pixel] = 1
        for kernel, stride in stack:
            row = correlate2d_strided(row, kernel, stride)
        paths.append(row.item())  # exactly one unit is left, or the receptive field is wrong
    return np.array(paths) / sum(paths)


def spread(dilation):
    """Three ones in a row, `dilation` apart."""
    kernel = np.zeros((1, 2 * dilation + 1))
    kernel[0, ::dilation] = 1
    return kernel


shares = {
    "15 plain layers": influence([(spread(1), 1)] * 15),
    "4 layers, dilation 1, 2, 4, 8": influence([(spread(d), 1) for d in (1, 2, 4, 8)]),
    "4 layers, every second with stride 2": influence([(spread(1), 1), (spread(1), 2)] * 2),
}
for name, share in shares.items():
    print(f"{name}: sees {len(share)} pixels, and half of all the weight lies on the middle "
          f"{min(n for n in range(1, len(share) + 1, 2) if share[(len(share) - n) // 2:][:n].sum() >= 0.5)}")
widest = max(map(len, shares.values()))
figures.curves(
    range(-(widest // 2), widest // 2 + 1),
    {name: np.pad(share, (widest - len(share)) // 2) for name, share in shares.items()},
    "pixels from the middle", "share of the unit's value",
    "Fifteen plain layers see 31 pixels, and hardly hear the outer ones. Dilated layers reach as far with four layers,"
    " and listen much more evenly, if not smoothly.",
)

# %% [markdown]
# The bell of the plain stack is the **effective receptive field**: the edge of the field is reached by one
# path only, its middle by very many. In trained networks it is bell-shaped too (Luo and others,
# [arXiv:1701.04128](https://arxiv.org/abs/1701.04128)); notebook 10 measures it there by gradients.
#
# **Explain it to a friend:** three layers with dilation 2 each also grow the field, to 13 pixels. Why is that
# a bad idea? Call `influence([(spread(2), 1)] * 3)` before you answer.

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("03_stride_and_padding")
questions

# %% [markdown]
# ## Stretch puzzle: all windows in one line
#
# Row $o$ of a table lists the indices that window $o$ reads: for `n = 5, k = 3, stride = 2, padding = 1` that
# is `[[-1, 0, 1], [1, 2, 3], [3, 4, 5]]`, where −1 and 5 are zeros of the frame. Write the table as *one
# expression*, with `np.arange`, arithmetic and your own `output_size`: no loop, no points, no hints.
# (Notebook 05 builds its fast convolution on this line.)

# %% tags=["raises-exception"]
def windows(n, k, stride=1, padding=0, dilation=1):
    return np.zeros((output_size(n, k, stride, padding, dilation), k))  # replace this expression


wanted = {(5, 3, 2, 1): [[-1, 0, 1], [1, 2, 3], [3, 4, 5]], (7, 2, 1, 0, 3): [[0, 3], [1, 4], [2, 5], [3, 6]]}
for setting, table in wanted.items():
    print(setting, "solved!" if np.array_equal(windows(*setting), table) else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | all 9 + 4 + 9 cells of the lecture's example | `sums_...` and `values_...`, by hand | slides 17-28 |
# | the output of slide 28 is 3×3, not 2×2 | `sums_padded`, `sides` | slides 26-28 (heading), corrected |
# | padding 1 does not keep the size for $k = 2$; only odd kernels have such a padding | `padding_that_keeps`, `same_padding` | slides 26-28 (text), corrected |
# | the formula needs a floor, or another convention | `conventions`, `output_size` | slides 17-28 (formula), corrected; arXiv:1603.07285 |
# | the floor leaves pixels unread, without a word | `unread_pixels` | slides 22-25 |
# | receptive fields grow linearly with depth, exponentially with strides or dilations | `receptive_field`, the experiment | Araujo, Norris, Sim, [*Computing Receptive Fields*](https://distill.pub/2019/computing-receptive-fields) (2019) |
# | not every pixel of the field counts the same | the measurement | arXiv:1701.04128 |
#
# **Next:** notebook 04 gives the picture its colours, and counts what all this costs.
