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
# # 05 · Learning a kernel
#
# So far you chose the weights. From here on they are found: a loss says how wrong the output is, and every weight
# moves a little in the direction that makes it less wrong. Which direction that is, is what a *backward pass* works
# out. You will do it by hand, write it, prove it right, and then train a network with nothing but your own code.
#
# **By the end you can**
# - check any gradient, whoever wrote it, and say how small its error should be;
# - work out by hand what a convolution's kernel and its input receive from the outputs, and code it;
# - recover a kernel from pictures alone, and say when that cannot work;
# - train a convolutional network in NumPy, and tell what learning its kernels was worth.
#
# It covers slides 5 and 8 of the lecture and takes about 90 minutes. NumPy is all you need: no network, no GPU.

# %% tags=["setup"]
import numpy as np

from course_lib import figures, ops
from course_lib.checks import hint, learning_a_kernel as check, probe, same
from course_lib.data import load, photograph
from course_lib.numpy_net import Conv, Flatten, Linear, MaxPool, Network, ReLU, accuracy, train
from course_lib.quiz import quiz, recall
from course_lib.widgets import GradientFlow

# %% [markdown]
# ## Play first
#
# Above, the way forward: input, kernel, output. Below, the way back: `dY` says how much the loss grows when an
# output grows by one. Click an output and see which cells below receive something from it. Then hover over a cell
# of `dX` or of `dW` and read where its number comes from. Set a `dY` to 0, or to $-1$. What changes?

# %%
flow = GradientFlow()
flow

# %% [markdown]
# Three cards from earlier notebooks. Say the answer aloud, then open the card.

# %%
recall("05_learning_a_kernel")

# %% [markdown]
# ## 1 · A gradient is something you can measure
#
# A **loss** $L$ is one number: how wrong we are. Its **gradient** with respect to an array holds one slope for each
# entry: how fast the loss grows when this entry grows and all others stay. You need no calculus to get it. Nudge
# the entry a bit up, nudge it a bit down, and look at what the loss does:
#
# $$\frac{\partial L}{\partial x_i} \;\approx\; \frac{L(x + h\,e_i) - L(x - h\,e_i)}{2h}$$
#
# where $e_i$ is 1 at entry $i$ and 0 elsewhere. This is called a central difference. It is slow, two losses for
# each entry, and it is the judge of everything that follows.
#
# ### Code: `numerical_grad`
# *Difficulty 2/5 · about 8 minutes · 3 points*
#
# Here `f` is a function: it takes an array and gives the loss. Your function calls it. Stuck? Run
# `hint("numerical_grad")` in a cell of your own; each call opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "numerical_grad", "locked": false, "schema_version": 3, "solution": true}
# exercise: numerical_grad
def numerical_grad(f, x, h=1e-5):
    """The gradient of f at x by central differences.

    f: function from an array of x's shape to one number. x: array of any shape, perhaps of whole numbers.
    Returns an array of x's shape; x itself stays as it was.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_numerical_grad", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_numerical_grad (3 points)
# Your function is asked for the gradients of these losses, some with a large h on purpose.
def run(name, x, *h):
    losses = {
        "sum of squares": lambda x: (x**2).sum(),
        "sum of cubes": lambda x: (x**3).sum(),
        "weighted sum": lambda x: (x.ravel() * np.arange(x.size)).sum(),
        "square of the sum": lambda x: x.sum()**2,
        "sum of sines": lambda x: np.sin(x).sum(),
    }
    return numerical_grad(losses[name], x, *h)


check.numerical_grad(probe(run))
### BEGIN HIDDEN TESTS
check.numerical_grad(probe(run), seed=50)
same(probe(run)("sum of cubes", np.array([[1.0, 2.0]]), 0.5), np.array([[3.25, 12.25]]), "a hidden numerical gradient")
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: how small should $h$ be?
#
# The formula is exact only for $h \to 0$. **Predict first:** so is the smallest $h$ the best? We try 25 step sizes
# on a loss whose slopes we know ($\sum \sin x_i$, with the slopes $\cos x_i$), once with your central difference,
# once with the one-sided $(L(x + h) - L(x))/h$, and once with yours on numbers of half the precision, float32.

# %% tags=["raises-exception"]
points = np.linspace(0.1, 3, 40)
steps = np.logspace(-12, 0, 25)


def loss(x):
    return np.sin(x).sum()


def loss32(x):
    return np.sin(x.astype(np.float32)).sum(dtype=np.float32)


def one_sided(f, x, h):
    return np.array([(f(x + h * (np.arange(x.size) == i)) - f(x)) / h for i in range(x.size)])


def error(gradient):
    return np.abs(gradient - np.cos(points)).max() + 1e-16


curves = {
    "central": [error(numerical_grad(loss, points, h)) for h in steps],
    "one-sided": [error(one_sided(loss, points, h)) for h in steps],
    "central, float32": [error(numerical_grad(loss32, points, h)) for h in steps],
}
figures.curves(
    steps, curves, "step h", "largest error",
    "Each curve is a U. On the right the formula is too coarse; on the left the two losses are so alike that their"
    " difference is mostly rounding.", log="xy",
)
for name, errors in curves.items():
    print(f"{name:17} best error {min(errors):.0e} at h = {steps[np.argmin(errors)]:.0e}")

# %% [markdown]
# On the right side of the U the **truncation error** rules: it shrinks like $h^2$ for the central difference (ten
# times smaller step, a hundred times smaller error) and like $h$ for the one-sided. On the left side **rounding**
# rules: a float64 keeps about 16 digits, the two losses agree in most of them, and dividing by a tiny $2h$ blows up
# what is left. So $h = 10^{-5}$ is no superstition: it is near the bottom. And gradients are checked in float64,
# because in float32 the bottom is too high to see a small bug.
#
# **Question:** why does the float32 curve end in a flat line on the left? (What is $x + h$ in float32 when $h =
# 10^{-9}$?)

# %% [markdown]
# ### Code: `grad_check`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# Somebody hands you a gradient and says it is right. Compare it with the numerical one, in one number that does not
# depend on how large the slopes are:
#
# $$\text{error} = \frac{\max_i |g_i - n_i|}{\max\left(\max_i |g_i|,\; \max_i |n_i|\right)}$$
#
# where $g$ is the gradient that you were given and $n$ the numerical one. If both are 0 everywhere, the error is 0.

# %% nbgrader={"grade": false, "grade_id": "grad_check", "locked": false, "schema_version": 3, "solution": true}
# exercise: grad_check
def grad_check(f, x, gradient, h=1e-5):
    """The relative error of a gradient that is claimed for f at x, as a float.

    f, x, h: as in numerical_grad. gradient: array of x's shape.
    """
    ### BEGIN SOLUTION
    numerical = numerical_grad(f, x, h)
    largest = max(np.abs(gradient).max(), np.abs(numerical).max())
    return float(np.abs(gradient - numerical).max() / largest) if largest > 0 else 0.0
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_grad_check", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_grad_check (2 points)
# Right gradients and wrong ones, of these losses.
def run(name, x, gradient, *h):
    losses = {
        "sum of squares": lambda x: (x**2).sum(),
        "sum of cubes": lambda x: (x**3).sum(),
        "square of the sum": lambda x: x.sum()**2,
        "sum of sines": lambda x: np.sin(x).sum(),
    }
    return grad_check(losses[name], x, gradient, *h)


check.grad_check(probe(run))
### BEGIN HIDDEN TESTS
check.grad_check(probe(run), seed=51)
same(probe(run)("sum of squares", np.array([3.0, -4.0]), np.array([6.0, -10.0]), 0.5), 0.2, "a hidden relative error")
### END HIDDEN TESTS

# %% [markdown]
# How small should it be? For a right gradient, in float64 and with $h = 10^{-5}$, expect $10^{-7}$ or less. Around
# $10^{-3}$ look for a kink (a ReLU or a maximum that changes its mind within the step). At $10^{-1}$ it is a bug.

# %% [markdown]
# ## 2 · What each weight, and each input, receives
#
# Now a convolution. Every output is a sum of products,
#
# $$y[i, j] = \sum_{a}\sum_{b} x[i + a,\; j + b]\; w[a, b],$$
#
# and `dY` holds, for each output, how much the loss grows when that output grows. Look at one product, $x \cdot w$.
# When the weight grows by a bit, the product grows by $x$ times that bit. When the input grows, it grows by $w$
# times that bit. So **each product sends back `dY` times the other factor**, and who takes part in several products
# collects the sum:
#
# $$\mathrm{dW}[a, b] = \sum_{i, j} \mathrm{dY}[i, j]\; x[i + a,\; j + b] \qquad\qquad
# \mathrm{dX}[i + a,\; j + b] \mathrel{+}= \mathrm{dY}[i, j]\; w[a, b]$$
#
# That is all there is. The rest is to keep the indices in order.
#
# ### By hand: `kernel_gradient`
# *Difficulty 1/5 · about 5 minutes · 2 points*
#
# The input is 1 to 16 in four rows of four, the kernel is $\begin{bmatrix}1&2\\3&4\end{bmatrix}$, the stride is 1,
# and the loss is simply the sum of the nine outputs, so that every `dY` is 1. What is `dW`? (**Predict first:**
# which of the four is the largest?)

# %% nbgrader={"grade": false, "grade_id": "kernel_gradient", "locked": false, "schema_version": 3, "solution": true}
# exercise: kernel_gradient
# Replace each None by your number.
kernel_gradient = [[None, None],
                   [None, None]]
### BEGIN SOLUTION
kernel_gradient = [[54, 63],
                   [90, 99]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_kernel_gradient", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_kernel_gradient (2 points)
check.by_hand("kernel_gradient", kernel_gradient)
### BEGIN HIDDEN TESTS
same(kernel_gradient, [[54, 63], [90, 99]], "kernel_gradient")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `input_gradient`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# The same convolution: what does each of the sixteen inputs receive? Think of a rubber stamp with the kernel on it,
# pressed once for each output. Where the prints overlap, add.

# %% nbgrader={"grade": false, "grade_id": "input_gradient", "locked": false, "schema_version": 3, "solution": true}
# exercise: input_gradient
# Replace each None by your number.
input_gradient = [[None, None, None, None],
                  [None, None, None, None],
                  [None, None, None, None],
                  [None, None, None, None]]
### BEGIN SOLUTION
input_gradient = [[1, 3, 3, 2],
                  [4, 10, 10, 6],
                  [4, 10, 10, 6],
                  [3, 7, 7, 4]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_input_gradient", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_input_gradient (2 points)
check.by_hand("input_gradient", input_gradient)
### BEGIN HIDDEN TESTS
same(input_gradient, [[1, 3, 3, 2], [4, 10, 10, 6], [4, 10, 10, 6], [3, 7, 7, 4]], "input_gradient")
### END HIDDEN TESTS

# %% [markdown]
# Two things to see in those sixteen numbers. The four in the middle are 10, the sum of the kernel: an inner pixel
# meets every weight once. And the corners are the kernel itself: a corner meets one weight. (The values of the
# input do not matter for `dX`, nor those of the kernel for `dW`. That is so because a convolution is linear in each
# of the two.)
#
# ### By hand: `kernel_gradient_stride2`
# *Difficulty 2/5 · about 3 minutes · 1 point*
#
# Now the kernel moves by two, so there are four outputs, again each with `dY` 1. What is `dW`?

# %% nbgrader={"grade": false, "grade_id": "kernel_gradient_stride2", "locked": false, "schema_version": 3, "solution": true}
# exercise: kernel_gradient_stride2
# Replace each None by your number.
kernel_gradient_stride2 = [[None, None],
                           [None, None]]
### BEGIN SOLUTION
kernel_gradient_stride2 = [[24, 28],
                           [40, 44]]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_kernel_gradient_stride2", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_kernel_gradient_stride2 (1 point)
check.by_hand("kernel_gradient_stride2", kernel_gradient_stride2)
### BEGIN HIDDEN TESTS
same(kernel_gradient_stride2, [[24, 28], [40, 44]], "kernel_gradient_stride2")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `correlate2d_backward`
# *Difficulty 3/5 · about 10 minutes · 3 points*
#
# One picture, one kernel, stride 1. Two loops over the outputs are enough; inside them one line for `dX` and one
# for `dW`.

# %% nbgrader={"grade": false, "grade_id": "correlate2d_backward", "locked": false, "schema_version": 3, "solution": true}
# exercise: correlate2d_backward
def correlate2d_backward(dY, x, w):
    """What the input and the kernel of y = correlate2d(x, w) receive.

    dY: array (H - k_h + 1, W - k_w + 1), the loss's gradient with respect to y. x: (H, W). w: (k_h, k_w).
    Returns dX, of x's shape, and dW, of w's shape.
    """
    ### BEGIN SOLUTION
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i in range(dY.shape[0]):
        for j in range(dY.shape[1]):
            dX[i : i + k_h, j : j + k_w] += dY[i, j] * w
            dW += dY[i, j] * x[i : i + k_h, j : j + k_w]
    return dX, dW
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_correlate2d_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_correlate2d_backward (3 points)
check.correlate2d_backward(correlate2d_backward)
### BEGIN HIDDEN TESTS
check.correlate2d_backward(correlate2d_backward, seed=52)
same(correlate2d_backward(np.array([[2, -1]]), np.array([[2, 7, 1, 8], [2, 8, 1, 8]]),
                          np.array([[3, 1, 4], [1, 5, 9]])),
     (np.array([[6, -1, 7, -4], [2, 9, 13, -9]]), np.array([[-3, 13, -6], [-4, 15, -6]])), "a hidden pair dX, dW")
### END HIDDEN TESTS

# %% [markdown]
# Is it right? Do not believe the tests, nor us: you have a judge of your own. The loss below is the sum of the
# outputs, each multiplied by its own `dY`, which makes `dY` its gradient.

# %% tags=["raises-exception"]
rng = np.random.default_rng(5)
x, w, dY = rng.normal(size=(5, 6)), rng.normal(size=(3, 2)), rng.normal(size=(3, 5))
dX, dW = correlate2d_backward(dY, x, w)
print("error of dX:", grad_check(lambda x: (ops.correlate2d(x, w) * dY).sum(), x, dX))
print("error of dW:", grad_check(lambda w: (ops.correlate2d(x, w) * dY).sum(), w, dW))

# %% [markdown]
# ## 3 · Batches, channels, stride
#
# A real layer has a batch of pictures, several channels, several kernels, a bias and a stride. Nothing new happens,
# there is only more to add up:
#
# - a kernel is shared by all pictures and all places, so `dW` adds over both;
# - an input channel feeds every kernel, so `dX` adds over the output channels;
# - a bias is added to every output of its channel, so `db` is the sum of that channel's `dY`;
# - with stride $s$, output $(i, j)$ read the window that starts at row $i\,s$ and column $j\,s$.
#
# ### Code: `conv2d_backward`
# *Difficulty 4/5 · about 15 minutes · 5 points*
#
# Shapes as in notebook 04: `X` (N, C_in, H, W), `W` (C_out, C_in, k_h, k_w). Keep the two loops over $i$ and $j$,
# and let NumPy do the batch and the channels at once: a loop over every number would be right too, but then the
# training below takes minutes. `np.einsum` says it plainly: `"no,ncab->ocab"` multiplies (N, C_out) with windows
# (N, C_in, k_h, k_w), adds over the pictures $n$, and gives something of the shape of `W`.

# %% nbgrader={"grade": false, "grade_id": "conv2d_backward", "locked": false, "schema_version": 3, "solution": true}
# exercise: conv2d_backward
def conv2d_backward(dY, X, W, stride=1):
    """What input, kernels and bias of a convolution layer receive.

    dY: array (N, C_out, H_out, W_out). X: (N, C_in, H, W). W: (C_out, C_in, k_h, k_w).
    Returns dX, dW and db, of the shapes of X, W and (C_out,).
    """
    ### BEGIN SOLUTION
    k_h, k_w = W.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            window = (..., slice(i * stride, i * stride + k_h), slice(j * stride, j * stride + k_w))
            dX[window] += np.tensordot(dY[:, :, i, j], W, 1)
            dW += np.tensordot(dY[:, :, i, j].T, X[window], 1)
    return dX, dW, dY.sum(axis=(0, 2, 3))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_backward", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_conv2d_backward (2 points)
# Batches and channels, stride 1.
check.conv2d_backward(conv2d_backward)
### BEGIN HIDDEN TESTS
check.conv2d_backward(conv2d_backward, seed=53)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_backward_stride", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_conv2d_backward_stride (3 points)
# The same with a stride; where it does not fit, some pixels are never read.
check.conv2d_backward_stride(conv2d_backward)
### BEGIN HIDDEN TESTS
check.conv2d_backward_stride(conv2d_backward, seed=54)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Recover the edge kernel
#
# “A convolution kernel is a learned weight of the network”, says slide 8. Now you can see it happen. Somebody
# filtered pictures `X` with a kernel and shows you only the results `Y`. Start with a kernel of zeros, and repeat:
# filter, look at the mean of the squared misses, work out its gradient, take a step against it.
#
# $$L = \frac{1}{\text{number of outputs}} \sum (\hat y - y)^2 \qquad
# \mathrm{dY} = \frac{2\,(\hat y - y)}{\text{number of outputs}}
# \qquad w \leftarrow w - \text{rate} \cdot \mathrm{dW}$$
#
# ### Code: `learn_kernel`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# `ops.conv2d(X, W)` is the way forward that you wrote in notebook 04; the way back is yours.

# %% nbgrader={"grade": false, "grade_id": "learn_kernel", "locked": false, "schema_version": 3, "solution": true}
# exercise: learn_kernel
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    """The kernel that makes Y from X, found by gradient descent from zeros on the mean squared error.

    X: pictures (N, 1, H, W). Y: their outputs (N, 1, H - size + 1, W - size + 1).
    Returns the kernel after so many steps, an array (size, size).
    """
    ### BEGIN SOLUTION
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        missed = ops.conv2d(X, W) - Y
        dX, dW, db = conv2d_backward(2 * missed / Y.size, X, W)
        W -= rate * dW
    return W[0, 0]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_learn_kernel", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_learn_kernel (3 points)
check.learn_kernel(learn_kernel)
### BEGIN HIDDEN TESTS
check.learn_kernel(learn_kernel, seed=55)
### END HIDDEN TESTS

# %% [markdown]
# ### Experiment: which picture teaches faster?
#
# The same edge kernel and the same number of pixels: once the pictures are noise, once they are patches of the cat
# (both with mean 0 and spread 1). **Predict first:** from which of the two does your function find the kernel
# sooner, and why? The third curve learns from the noise again, with a rate ten times lower.

# %% tags=["raises-exception"]
edge = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])
noise = np.random.default_rng(0).normal(size=(36, 1, 6, 6))
cat = photograph("chelsea", side=300, grey=True)[82:118, 132:168].astype(float)
cat = cat.reshape(6, 6, 6, 6).swapaxes(1, 2).reshape(noise.shape)
cat = (cat - cat.mean()) / cat.std()

steps = [1, 3, 10, 30, 100, 300]
settings = {"noise, rate 0.1": (noise, 0.1), "noise, rate 0.01": (noise, 0.01), "the cat, rate 0.1": (cat, 0.1)}
learned = {
    name: [learn_kernel(X, ops.conv2d(X, edge[None, None]), rate=rate, steps=n) for n in steps]
    for name, (X, rate) in settings.items()
}
figures.curves(
    steps, {name: [np.abs(kernel - edge).max() for kernel in kernels] for name, kernels in learned.items()},
    "steps", "largest error of a weight", "The same kernel, learned from noise and from a photograph.", log="x",
)
figures.show_tables({f"{name}, after {steps[-1]} steps": (learned[name][-1], "kernel") for name in list(learned)[::2]})

# %% [markdown]
# In noise every pixel is news, and each of the nine weights gets a gradient of its own. In a photograph neighbours
# are nearly equal: what one weight does, its neighbour can nearly undo, so the loss hardly says which of the two it
# should be. The *sum* of the kernel is learned at once; the differences between neighbouring weights, which are all
# that an edge kernel is about, come last.
#
# **Question:** why not simply raise the rate for the cat? Try 0.2 in a cell of your own, with 30 steps, and explain
# what you see.
#
# ### Refute it: `two_kernels`
# *Difficulty 3/5 · about 6 minutes · 2 points*
#
# **Find the error in the lecture?** Slide 8 is right as far as it goes. Its gap is what most listeners add to it:
# *the pictures decide what the kernel will be*. Take that to the extreme. Give a picture `x` that is not flat, and
# two different kernels of one size whose feature maps on it, `ops.correlate2d(x, w1)` and `ops.correlate2d(x, w2)`,
# are the same. From this picture no amount of training can tell the two apart. (A well-known textbook learns a
# $1\times2$ kernel from a picture of vertical stripes, all rows equal. With a $2\times2$ kernel, would that have
# worked?)

# %% nbgrader={"grade": false, "grade_id": "two_kernels", "locked": false, "schema_version": 3, "solution": true}
# exercise: two_kernels
# Replace each None by your array: (x, w1, w2).
two_kernels = (None, None, None)
### BEGIN SOLUTION
two_kernels = (np.array([[0, 1, 1, 0]] * 3), np.array([[1, -1], [0, 0]]), np.array([[0, 0], [1, -1]]))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_two_kernels", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_two_kernels (2 points)
check.two_kernels(two_kernels)

# %% [markdown]
# ## 5 · One matrix product, and the way back through a pool
#
# ### Code: `im2col`
# *Difficulty 3/5 · about 8 minutes · 2 points*
#
# Libraries are fast because they turn a convolution into one big matrix product. Write every window as a *column*,
# every kernel as a *row*; then each output is a row times a column. The column of output $(i, j)$ holds the window
# of channel 0, row by row, then that of channel 1, and so on; the columns come in reading order of $(i, j)$.

# %% nbgrader={"grade": false, "grade_id": "im2col", "locked": false, "schema_version": 3, "solution": true}
# exercise: im2col
def im2col(X, k_h, k_w, stride=1):
    """Every window of the pictures X (N, C, H, W) as a column.

    Returns an array (N, C * k_h * k_w, H_out * W_out): W.reshape(C_out, -1) @ im2col(X, k_h, k_w) is the convolution.
    """
    ### BEGIN SOLUTION
    h_out, w_out = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    columns = [X[:, :, i * stride : i * stride + k_h, j * stride : j * stride + k_w].reshape(len(X), -1)
               for i in range(h_out) for j in range(w_out)]
    return np.stack(columns, axis=2)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_im2col", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_im2col (2 points)
check.im2col(im2col)
### BEGIN HIDDEN TESTS
check.im2col(im2col, seed=56)
### END HIDDEN TESTS

# %% [markdown]
# With it the whole layer, forward and back, is matrix products: the output is `kernels @ columns`, and `dW` is `dY`
# times the columns transposed. That is the rule of section 2 once more, *dY times the other factor*. The price:
# each pixel is copied up to $k_h \cdot k_w$ times.

# %% tags=["raises-exception"]
X, W, dY = rng.normal(size=(2, 3, 8, 8)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=(2, 4, 6, 6))
columns = im2col(X, 3, 3)
output = (W.reshape(4, -1) @ columns).reshape(2, 4, 6, 6)
dW = (dY.reshape(2, 4, 36) @ columns.swapaxes(1, 2)).sum(axis=0).reshape(W.shape)
print("output, largest difference:", np.abs(output - ops.conv2d(X, W)).max())
print("dW, largest difference:    ", np.abs(dW - conv2d_backward(dY, X, W)[1]).max())
print(f"numbers: {X.size} in the pictures, {columns.size} in the columns")

# %% [markdown]
# ### Code: `max_pool_backward`
# *Difficulty 3/5 · about 8 minutes · 3 points*
#
# One layer is missing. A max pool passes on the largest number of each window, so that one cell takes the whole
# gradient and the others get nothing: nudging them changes no output. If several are equally large, the first in
# reading order takes it.

# %% nbgrader={"grade": false, "grade_id": "max_pool_backward", "locked": false, "schema_version": 3, "solution": true}
# exercise: max_pool_backward
def max_pool_backward(dY, X, size=2):
    """What the input of a max pool receives; windows are size x size and lie side by side.

    dY: array (N, C, H // size, W // size). X: (N, C, H, W). Returns dX, of X's shape; what no window covers gets 0.
    """
    ### BEGIN SOLUTION
    dX = np.zeros(X.shape)
    n, c = np.indices(X.shape[:2])
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            window = X[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size]
            winner = window.reshape(*X.shape[:2], -1).argmax(axis=2)
            dX[n, c, i * size + winner // size, j * size + winner % size] = dY[:, :, i, j]
    return dX
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_max_pool_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_max_pool_backward (3 points)
check.max_pool_backward(max_pool_backward)
### BEGIN HIDDEN TESTS
check.max_pool_backward(max_pool_backward, seed=57)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · A network on your own gradients
#
# Now put them to work. The digits are 8 by 8 pixels; a frame of zeros keeps the strokes at the border in reach of a
# $3\times3$ kernel. The network is two convolutions, a max pool and a linear layer; `course_lib/numpy_net.py` holds
# it, and you can read that file in ten minutes. What it does *not* hold is the way back through convolution and
# pool: it gets those from you.

# %%
def prepared(images):
    """Whole numbers 0 to 16 in (N, 8, 8, 1) -> 0 to 1 in (N, 1, 10, 10), with a frame of zeros."""
    channels_first = images.transpose(0, 3, 1, 2).astype(np.float32) / 16
    return np.pad(channels_first, ((0, 0), (0, 0), (1, 1), (1, 1)))


X_train, labels_train = load("digits", "train")
X_test, labels_test = load("digits", "test")
X_train, X_test = prepared(X_train), prepared(X_test)
print(f"{len(X_train)} digits to learn from, {len(X_test)} others to be tested on, each of shape {X_train.shape[1:]}")
print("how many of each digit are in the test:", np.bincount(labels_test))

# %% tags=["raises-exception"]
def digits_network(conv_backward, seed=0):
    rng = np.random.default_rng(seed)
    return Network(
        Conv(1, 16, 3, rng, backward_of=conv_backward), ReLU(),
        Conv(16, 32, 3, rng, backward_of=conv_backward), ReLU(),
        MaxPool(2, backward_of=max_pool_backward), Flatten(), Linear(32 * 3 * 3, 10, rng),
    )


network = digits_network(conv2d_backward)
first_kernels = network.layers[0].W.copy()
losses = train(network, X_train, labels_train, epochs=6)
figures.curves(
    range(1, len(losses) + 1), {"training loss": losses}, "epoch", "cross-entropy",
    "Every step of this curve was taken along gradients that you wrote.", log="y",
)
share = accuracy(network, X_test, labels_test)
print(f"{network.size} numbers learned; right on {share:.1%} of the digits it never saw")

# %% [markdown]
# ### Does a wrong gradient show?
#
# It is tempting to skip `grad_check` and look at the accuracy instead. Here are two sabotaged versions of your
# backward pass. One transposes the kernels, so that `dX` is wrong; the other tells the convolutions nothing at all,
# so that their kernels stay as random as they began. The fourth is a linear layer on the bare pixels. **Predict
# first:** how far below your network will each be?

# %% tags=["raises-exception"]
def transposed(dY, X, W, stride=1):
    return conv2d_backward(dY, X, W.swapaxes(2, 3), stride)


def silent(dY, X, W, stride=1):
    dX, dW, db = conv2d_backward(dY, X, W, stride)
    return dX, 0 * dW, 0 * db


contenders = {
    "yours": network,
    "dX with transposed kernels": digits_network(transposed),
    "kernels stay random": digits_network(silent),
    "pixels and a linear layer": Network(Flatten(), Linear(100, 10, np.random.default_rng(0))),
}
for name, contender in contenders.items():
    if contender is not network:
        train(contender, X_train, labels_train, epochs=6)
    print(f"{name:27} {accuracy(contender, X_test, labels_test):.1%} right")

# %% [markdown]
# A bug in a gradient seldom crashes. The other layers make up for it, and you are left with a number that looks
# fine; on these digits the first sabotage may not show at all. That is why gradients are checked by number, and not
# by accuracy.
#
# It is also an honest measure of slides 4 and 5. Slide 4 draws features made by hand, $e$, and a learned
# classifier, $g$; slide 5 has the features learned as well, $f$. On these little digits even random kernels do
# well, as long as $g$ is trained. What learning $f$ is worth here is the distance between the first and the third
# line, and no more. Notebooks 06 to 09 have harder pictures.
#
# ### What did it learn?
#
# Slide 8 shows three kernels below its sentence: identity, edge and sharpen. People made those. Compare them with
# the sixteen that your network began with and with what they became. Grey is 0, white is positive, black is
# negative.

# %% tags=["raises-exception"]
def picture(kernel):
    return np.kron(127.5 + 127.5 * kernel / np.abs(kernel).max(), np.ones((14, 14)))


def strip(kernels):
    framed = [np.pad(picture(kernel), 1, constant_values=90) for kernel in kernels]
    return np.hstack([np.pad(picture, 3, constant_values=255) for picture in framed])


hand_made = [np.eye(3)[[1]].T @ np.eye(3)[[1]], edge, np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
             np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), np.ones((3, 3)) / 9]
figures.gallery({"made by hand: identity, edge, sharpen, Sobel, blur": strip(hand_made)}, "Chosen by people.")
figures.gallery({"before training": strip(first_kernels[:, 0]), "after training": strip(network.layers[0].W[:, 0])},
                "Nobody chose these. Some resemble edges in one direction, many resemble nothing that has a name.")

# %% [markdown]
# **Explain it to a friend:** most kernels look like what they were before training, and few have a name. Why does
# the network nevertheless know its digits? (The second layer has $16 \cdot 32 = 512$ kernels that these pictures do
# not show.) Write two sentences before you take the quiz.

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("05_learning_a_kernel")
questions

# %% [markdown]
# ## Stretch puzzle: the way back is a convolution
#
# `dX` was made with a rubber stamp, two loops and a `+=`. It can be had in *one line*, as a sliding window over
# `dY`: no loop, no `+=`. Which padding does it take, and what must be done with the kernel? No points, no hints.
# You may use `ops.correlate2d` and `ops.convolve2d` of notebook 02, which take a `padding`; and then say which of
# the two names you have to use so that the kernel needs no turn.

# %% tags=["raises-exception"]
puzzle_x, puzzle_w = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
puzzle_dY = rng.normal(size=(4, 4))

your_dX = np.zeros((6, 6))
print("solved!" if np.allclose(your_dX, correlate2d_backward(puzzle_dY, puzzle_x, puzzle_w)[0]) else "not yet")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | a numerical gradient has a best step: truncation against rounding | the experiment of section 1 | Press et al., *Numerical Recipes* (2007), section 5.7 |
# | dW is 54 63 / 90 99, dX is 1 3 3 2 / 4 10 10 6 / 4 10 10 6 / 3 7 7 4 | `kernel_gradient`, `input_gradient`, by hand | slides 17-21's numbers |
# | each product sends back dY times the other factor | `correlate2d_backward`, `conv2d_backward`, `grad_check` | Goodfellow, Bengio, Courville, *Deep Learning* (2016), section 9.5 |
# | a kernel is a learned weight | `learn_kernel` | slide 8 |
# | pictures do not always decide which kernel | the experiment of section 4, `two_kernels` | slide 8, completed |
# | a convolution is a matrix product | `im2col` | Chellapilla, Puri, Simard, *High Performance CNNs for Document Processing* (2006) |
# | learned features and a learned classifier, in NumPy | section 6 | slide 5 |
# | a wrong gradient may still train | the sabotaged networks | your own run |
#
# **Next:** notebook 06 hands the bookkeeping to PyTorch, and you will know what it does.
