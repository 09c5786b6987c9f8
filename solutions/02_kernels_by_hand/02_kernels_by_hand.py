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
# # 02 · Kernels by hand
#
# Everything a convolutional network does rests on one small act: lay a grid of weights over a picture,
# multiply, add, move on. In this notebook you do it by hand, then in code, then on a photograph.
#
# **By the end you can**
# - work out a feature map by hand, and write the function that does it;
# - tell cross-correlation from convolution, and say which of the two deep learning uses;
# - read from a kernel what it will do to a picture before you run it;
# - test whether an operation is *equivariant*, and say why that is not the same as *invariant*.
#
# It covers slides 6 to 8 of the lecture and takes about 90 minutes. NumPy is all you need: no network, no GPU.

# %% tags=["setup"]
import numpy as np

from course_lib import figures
from course_lib.checks import hint, kernels_by_hand as check, probe, same
from course_lib.data import photograph
from course_lib.quiz import quiz, recall
from course_lib.widgets import ConvolutionStepper, KernelPainter

# %% [markdown]
# ## Play first
#
# These are the numbers of slide 6. The results hide behind question marks: look at the sum, type what you expect, press
# Enter. Hover over the green cells and over the blue ones. Later untick **predict first**, press **Play**, change a number.

# %%
stepper = ConvolutionStepper(predict=True)
stepper

# %% [markdown]
# Before you go on, three cards from notebook 01. Say the answer aloud, then open the card.

# %%
recall("02_kernels_by_hand")

# %% [markdown]
# ## 1 · One window at a time
#
# The **kernel** (dark blue) is a small grid of weights. It lies on a **window** of the input (light blue).
# Each of its weights is multiplied with the number below it, and the products are added: that sum is one
# cell of the output (green), which is called a **feature map**.
#
# $$y[i, j] \;=\; \sum_{a}\sum_{b} x[i + a,\; j + b]\; w[a, b]$$
#
# Then the kernel moves one column to the right, and at the end of the line one row down. A $3\times3$ kernel
# has $5 - 3 + 1 = 3$ places to lie in a row of five, so a $5\times5$ input gives a $3\times3$ output.

# %%
x = np.array([[3, 3, 2, 1, 0],
              [0, 0, 1, 3, 1],
              [3, 1, 2, 2, 3],
              [2, 0, 0, 2, 2],
              [2, 0, 0, 0, 1]])
w = np.array([[0, 1, 2],
              [2, 2, 0],
              [0, 1, 2]])

# %% [markdown]
# ### By hand: `feature_map`
# *Difficulty 1/5 · about 8 minutes · 2 points*
#
# Work out all nine cells on paper. The widget above can check you cell by cell, but do at least the last row
# without it. Stuck? Run `hint("feature_map")` in a cell of your own; each call opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "feature_map", "locked": false, "schema_version": 3, "solution": true}
# exercise: feature_map
# Replace each None by your number.
feature_map = [[None, None, None],
               [None, None, None],
               [None, None, None]]
### BEGIN SOLUTION
feature_map = [[12, 12, 17],
               [10, 17, 19],
               [9, 6, 14]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_feature_map", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_feature_map (2 points)
check.by_hand("feature_map", feature_map)
### BEGIN HIDDEN TESTS
same(feature_map, [[12, 12, 17], [10, 17, 19], [9, 6, 14]], "feature_map")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · The same in code
#
# What you did nine times is a loop over output cells around one line of arithmetic. NumPy's slices cut the window
# out for you: `x[i : i + 3, j : j + 3]` is the window of output cell $(i, j)$.
#
# ### Code: `correlate2d`
# *Difficulty 2/5 · about 10 minutes · 4 points*
#
# Write the sum above for any picture and any kernel that fits into it. Kernels need not be square.
# Make it right first: two loops are fine.

# %% nbgrader={"grade": false, "grade_id": "correlate2d", "locked": false, "schema_version": 3, "solution": true}
# exercise: correlate2d
def correlate2d(x, w):
    """Slide the kernel w over the picture x; multiply and add at each place.

    x: array (H, W). w: array (k_h, k_w) with k_h <= H and k_w <= W.
    Returns an array (H - k_h + 1, W - k_w + 1).
    """
    ### BEGIN SOLUTION
    k_h, k_w = w.shape
    y = np.zeros((x.shape[0] - k_h + 1, x.shape[1] - k_w + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + k_h, j : j + k_w] * w)
    return y
    ### END SOLUTION

# %% [markdown]
# The next cell tries your function on a tiny picture, then tests what must hold for any such sum, then draws small
# pictures at random. When something is off it says what, and shows your numbers beside the right ones. Run it as often
# as you like.

# %% nbgrader={"grade": true, "grade_id": "test_correlate2d", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_correlate2d (2 points)
# Square pictures and square kernels: a tiny case, properties, random cases.
check.correlate2d(correlate2d)
### BEGIN HIDDEN TESTS
check.correlate2d(correlate2d, seed=20)
same(correlate2d(np.array([[2, 7, 1], [8, 2, 8], [1, 8, 2]]), np.array([[3, 1], [4, 1]])),
     np.array([[47, 38], [38, 48]]), "the cross-correlation of a hidden 3 x 3 picture")
### END HIDDEN TESTS

# %% [markdown]
# And on shapes of every kind: tall, wide, a kernel as large as the picture, a single pixel.

# %% nbgrader={"grade": true, "grade_id": "test_correlate2d_shapes", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_correlate2d_shapes (2 points)
# The same function on pictures and kernels that are not square, and on other types of numbers.
check.correlate2d_shapes(correlate2d)
### BEGIN HIDDEN TESTS
check.correlate2d_shapes(correlate2d, seed=21)
same(correlate2d(np.array([[2, 7, 1, 8], [2, 8, 1, 8]]), np.array([[3, 1, 4]])),
     np.array([[17, 54], [18, 57]]), "the cross-correlation of a hidden 2 x 4 picture with a 1 x 3 kernel")
### END HIDDEN TESTS

# %% [markdown]
# Your function, your picture. Put any numbers into `my_x` and `my_w`; the widget starts from them, and
# `mine.output` reads back what it computed.

# %% tags=["raises-exception"]
my_x = np.array([[0, 0, 0, 0, 0, 0],
                 [0, 1, 1, 1, 1, 0],
                 [0, 1, 1, 1, 1, 0],
                 [0, 1, 1, 1, 1, 0],
                 [0, 1, 1, 1, 1, 0],
                 [0, 0, 0, 0, 0, 0]])
my_w = np.array([[-1, 1]])

mine = ConvolutionStepper(input=my_x, kernel=my_w)
print("your function and the widget agree:", np.array_equal(correlate2d(my_x, my_w), mine.output))
mine

# %% [markdown]
# That $1\times2$ kernel subtracts each pixel from its right neighbour. It answers $+1$ where the square begins,
# $-1$ where it ends, and $0$ wherever nothing changes: two weights are enough to find an edge.

# %% [markdown]
# ## 3 · Convolution turns the kernel round
#
# You have just computed what every deep learning library calls a *convolution*. Mathematics calls it
# **cross-correlation**. A true **convolution** rotates the kernel by 180 degrees first:
#
# $$y[i, j] \;=\; \sum_{a}\sum_{b} x[i + a,\; j + b]\; w[k_h - 1 - a,\; k_w - 1 - b]$$
#
# A network learns its weights, so it would learn the rotated kernel just as well: the turn makes no difference to
# what it can do. It makes a difference as soon as *you* choose the weights.
#
# ### By hand: `true_convolution`
# *Difficulty 2/5 · about 8 minutes · 2 points*
#
# **Predict first:** which of the nine cells of slide 6 will stay as they are? Then turn the kernel on paper
# (top left goes to bottom right) and work out the nine cells again.

# %% nbgrader={"grade": false, "grade_id": "true_convolution", "locked": false, "schema_version": 3, "solution": true}
# exercise: true_convolution
# Replace each None by your number.
true_convolution = [[None, None, None],
                    [None, None, None],
                    [None, None, None]]
### BEGIN SOLUTION
true_convolution = [[18, 20, 19],
                    [10, 9, 17],
                    [11, 8, 14]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_true_convolution", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_true_convolution (2 points)
check.by_hand("true_convolution", true_convolution)
### BEGIN HIDDEN TESTS
same(true_convolution, [[18, 20, 19], [10, 9, 17], [11, 8, 14]], "true_convolution")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `convolve2d`
# *Difficulty 1/5 · about 4 minutes · 2 points*
#
# One line is enough if it calls the function that you have.

# %% nbgrader={"grade": false, "grade_id": "convolve2d", "locked": false, "schema_version": 3, "solution": true}
# exercise: convolve2d
def convolve2d(x, w):
    """True convolution of the picture x (H, W) with the kernel w (k_h, k_w).

    Returns an array (H - k_h + 1, W - k_w + 1).
    """
    ### BEGIN SOLUTION
    return correlate2d(x, w[::-1, ::-1])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_convolve2d", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_convolve2d (2 points)
check.convolve2d(convolve2d)
### BEGIN HIDDEN TESTS
check.convolve2d(convolve2d, seed=22)
same(convolve2d(np.array([[2, 7, 1, 8], [2, 8, 1, 8]]), np.array([[3, 1, 4], [1, 5, 9]])),
     np.array([[73, 133]]), "the convolution of a hidden 2 x 4 picture with a 2 x 3 kernel")
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Find the error in the lecture
#
# The lecture is a good one, and slide 6 still holds three slips. Two of them are about the turn that you
# just made. Finding them is the best proof that you understood it.
#
# ### By hand: `convolution_pairs`
# *Difficulty 2/5 · about 4 minutes · 1 point*
#
# Slide 6 writes, with the star of a convolution,
#
# $$\left(\begin{bmatrix}a&b&c\\d&e&f\\g&h&i\end{bmatrix} * \begin{bmatrix}1&2&3\\4&5&6\\7&8&9\end{bmatrix}\right)[2,2]
# = (a\cdot1)+(b\cdot2)+(c\cdot3)+(d\cdot4)+(e\cdot5)+(f\cdot6)+(g\cdot7)+(h\cdot8)+(i\cdot9)$$
#
# That is the cross-correlation. In the true convolution, by which numbers are $a$ to $i$ multiplied?

# %% nbgrader={"grade": false, "grade_id": "convolution_pairs", "locked": false, "schema_version": 3, "solution": true}
# exercise: convolution_pairs
# The factors of a, b, c, d, e, f, g, h, i, in this order.
convolution_pairs = [None, None, None, None, None, None, None, None, None]
### BEGIN SOLUTION
convolution_pairs = [9, 8, 7, 6, 5, 4, 3, 2, 1]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_convolution_pairs", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_convolution_pairs (1 point)
check.by_hand("convolution_pairs", convolution_pairs)
### BEGIN HIDDEN TESTS
same(convolution_pairs, [9, 8, 7, 6, 5, 4, 3, 2, 1], "convolution_pairs")
### END HIDDEN TESTS

# %% [markdown]
# ### Refute it: `transpose_counterexample`
# *Difficulty 3/5 · about 6 minutes · 2 points*
#
# A footnote of slide 6 says that cross-correlation differs from convolution only by a *transpose of the image*.
# One counterexample ends the discussion. Give a picture `x` and a kernel `w`, as small as you like, for which
# `correlate2d(x.T, w)` is not the true convolution of `x` with `w`.

# %% nbgrader={"grade": false, "grade_id": "transpose_counterexample", "locked": false, "schema_version": 3, "solution": true}
# exercise: transpose_counterexample
# Replace the two None by your arrays: (x, w).
transpose_counterexample = (None, None)
### BEGIN SOLUTION
transpose_counterexample = (np.array([[1, 2], [3, 4]]), np.array([[1]]))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_transpose_counterexample", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_transpose_counterexample (2 points)
check.transpose_counterexample(transpose_counterexample)

# %% [markdown]
# The third slip is the line below the picture: *“Translation invariance!”* Section 6 is about that one.

# %% [markdown]
# ## 5 · What a kernel will do, read from its numbers
#
# Slide 7 shows three famous kernels.
#
# | identity | edge detection | sharpen |
# |:---:|:---:|:---:|
# | $\begin{bmatrix}0&0&0\\0&1&0\\0&0&0\end{bmatrix}$ | $\begin{bmatrix}-1&-1&-1\\-1&8&-1\\-1&-1&-1\end{bmatrix}$ | $\begin{bmatrix}0&-1&0\\-1&5&-1\\0&-1&0\end{bmatrix}$ |
#
# Most of what such a kernel does can be read from one number: the **sum** of its weights.
#
# ### By hand: `kernel_sums` and `flat_patch`
# *Difficulty 1/5 · about 4 minutes · 1 point each*
#
# First the three sums. Then predict: somewhere in the picture is a flat patch, where every pixel is 7, like a clear
# sky. What value does the patch have after each of the three kernels?

# %% nbgrader={"grade": false, "grade_id": "kernel_sums", "locked": false, "schema_version": 3, "solution": true}
# exercise: kernel_sums
# identity, edge, sharpen
kernel_sums = [None, None, None]
### BEGIN SOLUTION
kernel_sums = [1, 0, 1]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_kernel_sums", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_kernel_sums (1 point)
check.by_hand("kernel_sums", kernel_sums)
### BEGIN HIDDEN TESTS
same(kernel_sums, [1, 0, 1], "kernel_sums")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "flat_patch", "locked": false, "schema_version": 3, "solution": true}
# exercise: flat_patch
# identity, edge, sharpen
flat_patch = [None, None, None]
### BEGIN SOLUTION
flat_patch = [7, 0, 7]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_flat_patch", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_flat_patch (1 point)
check.by_hand("flat_patch", flat_patch)
### BEGIN HIDDEN TESTS
same(flat_patch, [7, 0, 7], "flat_patch")
### END HIDDEN TESTS

# %% [markdown]
# So a kernel whose sum is 1 keeps the brightness of a picture, and one whose sum is 0 turns every flat region black
# and keeps only the changes. Now see it: under **edge**, compare the blurred background of the cat with its whiskers.
# Try the other presets, then forget them and paint a kernel of your own.

# %%
painter = KernelPainter()
painter

# %% [markdown]
# Questions to settle with it, before you read on:
# - What does a kernel do whose weights are all equal? And if their sum is 2?
# - Take **edge** and add 1 to its centre. Which preset does that resemble, and why?
# - Set the weights of the left column to $-1$, of the right column to $1$, the rest to 0. Which edges stay?
#
# `KernelPainter(photo=...)` takes a picture of your own, as an array; the widget also opens a file from your disk.

# %% [markdown]
# ### Code: `make_kernel`
# *Difficulty 2/5 · about 8 minutes · 3 points*
#
# The recipes work at any odd size: think in terms of the sum, not of the number 3.

# %% nbgrader={"grade": false, "grade_id": "make_kernel", "locked": false, "schema_version": 3, "solution": true}
# exercise: make_kernel
def make_kernel(name, size=3):
    """A square kernel of an odd size, as an array (size, size) of floats.

    "identity": 1 in the centre, 0 elsewhere.
    "box":      all weights equal, sum 1.
    "edge":     -1 everywhere but in the centre, which makes the sum 0.
    "sharpen":  -1 along the middle row and the middle column, 0 in the corners between them;
                the centre makes the sum 1.
    """
    ### BEGIN SOLUTION
    centre = size // 2
    kernel = np.zeros((size, size))
    if name == "box":
        return kernel + 1 / size**2
    if name == "edge":
        kernel[:] = -1
    if name == "sharpen":
        kernel[centre, :] = kernel[:, centre] = -1
    total = 0 if name == "edge" else 1
    kernel[centre, centre] = 0
    kernel[centre, centre] = total - kernel.sum()
    return kernel
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_make_kernel", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_make_kernel (3 points)
check.make_kernel(make_kernel)
### BEGIN HIDDEN TESTS
check.make_kernel(make_kernel, seed=23)
same(make_kernel("sharpen", 5),
     np.array([[0, 0, -1, 0, 0], [0, 0, -1, 0, 0], [-1, -1, 9, -1, -1], [0, 0, -1, 0, 0], [0, 0, -1, 0, 0]]),
     'make_kernel("sharpen", 5)')
same(make_kernel("edge"), np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]), 'make_kernel("edge")')
### END HIDDEN TESTS

# %% [markdown]
# Your own two functions on a photograph. Every picture below is one call of `correlate2d`.

# %% tags=["raises-exception"]
cat = photograph("chelsea", side=176, grey=True)
sizes = {"identity": 3, "box": 7, "edge": 3, "sharpen": 3}
figures.gallery(
    {f"{name}, size {size}": correlate2d(cat, make_kernel(name, size)) for name, size in sizes.items()},
    "One photograph through your four kernels. Flat regions keep their grey, but for edge, where they turn black.",
)

# %% [markdown]
# **Slide 8, in one sentence.** In a network nobody chooses these weights: each is a parameter, found by gradient
# descent. Notebook 05 lets you recover the edge kernel that way, from pictures alone.

# %% [markdown]
# ## 6 · Equivariant, not invariant
#
# Move the cat two pixels to the right: its whiskers are still found, two pixels to the right. The output *moves along*
# with the input. That is called **equivariance**: for every shift $S$,
#
# $$f(S\,x) = S\,f(x).$$
#
# **Invariance** is something else: $f(S\,x) = f(x)$, the output does not notice the shift at all. Slide 6 says
# “Translation invariance!”, and means equivariance.
#
# ### Code: `shift`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# To test such a claim you need a shift. At the border there are two ways: what leaves is lost and zeros come
# in, or it comes back at the other side, as on a screen without edges (`wrap=True`).

# %% nbgrader={"grade": false, "grade_id": "shift", "locked": false, "schema_version": 3, "solution": true}
# exercise: shift
def shift(x, down, right, wrap=False):
    """The picture x (H, W), moved by whole pixels; negative numbers move it up and to the left.

    wrap=False: zeros come in at the edges. wrap=True: what leaves at one edge comes in at the other.
    Returns a new array (H, W).
    """
    ### BEGIN SOLUTION
    y = np.roll(x, (down, right), axis=(0, 1))
    if not wrap:
        rows, columns = np.indices(x.shape)
        came_from = (rows - down >= 0) & (rows - down < x.shape[0])
        came_from &= (columns - right >= 0) & (columns - right < x.shape[1])
        y = np.where(came_from, y, 0)
    return y
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_shift", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_shift (2 points)
check.shift(shift)
### BEGIN HIDDEN TESTS
check.shift(shift, seed=24)
same(shift(np.array([[3, 1, 4], [1, 5, 9]]), -1, 1), np.array([[0, 1, 5], [0, 0, 0]]), "shift(x, -1, 1)")
same(shift(np.array([[3, 1, 4], [1, 5, 9]]), -1, 1, wrap=True), np.array([[9, 1, 5], [4, 3, 1]]),
     "shift(x, -1, 1, wrap=True)")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `is_equivariant`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# It takes a *function* `f` from pictures to pictures and tries it on one picture and one shift. Wrap at
# the borders, so that no pixel is lost and any difference is the fault of `f`.

# %% nbgrader={"grade": false, "grade_id": "is_equivariant", "locked": false, "schema_version": 3, "solution": true}
# exercise: is_equivariant
def is_equivariant(f, x, down=1, right=2):
    """Does f commute with a wrapped shift of the picture x (H, W) by (down, right)?

    True if f(shift(x)) and shift(f(x)) have the same shape and agree within 1e-9, else False.
    """
    ### BEGIN SOLUTION
    moved_before = f(shift(x, down, right, wrap=True))
    moved_after = shift(f(x), down, right, wrap=True)
    return moved_before.shape == moved_after.shape and bool(np.max(np.abs(moved_before - moved_after)) <= 1e-9)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_is_equivariant", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_is_equivariant (3 points)
# Your function is asked about these operations, for several pictures and moves (down, right).
def run(name, x, *move):
    window = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    operations = {
        "double": lambda x: 2 * x,
        "add a faint ramp": lambda x: x + 1e-6 * np.arange(x.shape[1]),
        "brighten": lambda x: x + 10,
        "circular blur": lambda x: sum(np.roll(x, place, (0, 1)) for place in window) / 9,
        "Fourier blur": lambda x: np.fft.ifft2(np.fft.fft2(x) * np.fft.fft2(np.ones((3, 3)) / 9, x.shape)).real,
        "multiply by a ramp": lambda x: x * np.arange(x.shape[1]),
        "zero-padded blur": lambda x: sum(np.pad(x, 1)[1 + i:1 + i + len(x), 1 + j:1 + j + len(x[0])]
                                          for i, j in window) / 9,
        "every second pixel": lambda x: x[::2, ::2],
        "sort the pixels": lambda x: np.sort(x, axis=None).reshape(x.shape),
        "mirror left to right": lambda x: x[:, ::-1],
        "mirror top to bottom": lambda x: x[::-1],
        "global average": lambda x: x.mean(keepdims=True),
        "cut at the brightest pixel": lambda x: x[:x.argmax() // x.shape[1] + 1, :x.argmax() % x.shape[1] + 1],
    }
    return is_equivariant(operations[name], x, *move)


check.is_equivariant(probe(run))
### BEGIN HIDDEN TESTS
check.is_equivariant(probe(run), seed=25)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: how equivariant is a network's first layer?
#
# Real layers pad with zeros and skip pixels. We blur one photograph in three ways, shift it by 0 to 8 pixels, and measure
# by how much $f(S\,x)$ misses $S\,f(x)$. **Predict first:** which of the three curves is zero? Which goes up and down?

# %% tags=["raises-exception"]
picture = photograph("camera", side=32, grey=True) / 255


def circular_blur(x):
    return correlate2d(np.pad(x, 1, mode="wrap"), make_kernel("box"))


def zero_padded_blur(x):
    return correlate2d(np.pad(x, 1), make_kernel("box"))


def every_second_pixel(x):
    return circular_blur(x)[::2, ::2]


def miss(f, pixels, scale=1):
    """Mean distance between f(shift(x)) and shift(f(x)), as a share of f's own spread.

    A picture at half the scale should move by half the pixels: by half a pixel it cannot, so take the better neighbour.
    """
    filtered = f(picture)
    moved_before = f(shift(picture, 0, pixels, wrap=True))
    candidates = {pixels // scale, -(-pixels // scale)}
    return min(np.abs(moved_before - shift(filtered, 0, p, wrap=True)).mean() for p in candidates) / filtered.std()


pixels = range(9)
curves = {
    "circular padding": [miss(circular_blur, p) for p in pixels],
    "zero padding": [miss(zero_padded_blur, p) for p in pixels],
    "circular padding, stride 2": [miss(every_second_pixel, p, scale=2) for p in pixels],
}
figures.curves(
    pixels, curves, "shift (pixels)", "miss, as a share of the spread",
    "Only circular padding is exactly equivariant. Zero padding errs by a little, from the first pixel on;"
    " stride 2 is right for even shifts and wrong for odd ones.",
)

# %% [markdown]
# Three things to take away.
# - **Zero padding** breaks equivariance, but only at the border: the shifted picture meets another frame.
# - **Stride 2** breaks it inside the picture. After an odd shift the layer sees *other* pixels, so no shift of the old
#   output can be the new one. That was `"every second pixel"` in the test above.
# - **Invariance** appears only when you throw the position away. The last line below averages the whole feature map, as
#   global average pooling does (slide 34), and now the shift leaves no trace:

# %% tags=["raises-exception"]
before = circular_blur(picture).mean()
after = circular_blur(shift(picture, 5, 11, wrap=True)).mean()
print(f"mean of the feature map, before and after a shift: {before:.6f} {after:.6f}")

# %% [markdown]
# **Explain it to a friend:** why is it good that a layer in the middle of a network is equivariant, and *not* invariant?
# Think of a cat's ear above a cat's eye. Write two sentences before you take the quiz.

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("02_kernels_by_hand")
questions

# %% [markdown]
# ## Stretch puzzle: who made this picture?
#
# Somebody slid a $3\times3$ kernel of whole numbers over `mystery_x` and kept the result, `mystery_y`. Which kernel was
# it? No points, no hints. The rule: `your_kernel` must come from the two arrays by *one line* of NumPy.

# %% tags=["raises-exception"]
mystery_x = np.array([[4, 5, 5, 3, 9, 3],
                      [6, 3, 4, 9, 1, 6],
                      [4, 6, 7, 3, 6, 6],
                      [4, 1, 6, 0, 8, 8],
                      [8, 0, 9, 9, 5, 8],
                      [7, 7, 1, 0, 2, 2]])
mystery_y = np.array([[8, 8, 8, 1],
                      [7, 0, 1, 14],
                      [7, 13, 4, 25],
                      [1, 11, -3, 2]])
figures.show_tables({"mystery_x": (mystery_x, "input"), "mystery_y": (mystery_y, "output")})

your_kernel = np.zeros((3, 3))
print("solved!" if np.allclose(correlate2d(mystery_x, your_kernel), mystery_y) else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | slide 6's feature map is 12 12 17 / 10 17 19 / 9 6 14 | `feature_map`, by hand | slide 6 |
# | deep learning's convolution is cross-correlation | `correlate2d`, `convolve2d` | Goodfellow, Bengio, Courville, *Deep Learning* (2016), section 9.1 |
# | convolution rotates the kernel; it does not transpose the image | `transpose_counterexample` | slide 6 (footnote), corrected |
# | a flat patch is multiplied by the kernel's sum | `kernel_sums`, `flat_patch` | slide 7 |
# | convolution is equivariant; pooling everything makes it invariant | `is_equivariant`, the experiment | slide 6, corrected |
# | zero padding and stride break equivariance | the experiment | Azulay and Weiss, [arXiv:1805.12177](https://arxiv.org/abs/1805.12177) |
#
# **Next:** notebook 03 lets the kernel take longer steps and gives the picture a frame.
