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
# # 01 · Why convolutions
#
# Before you learn how a convolution works, find out what it is good for. You count what a fully connected layer costs
# on a photograph, you take the neighbours away from a convolutional network and watch it stumble, and you give the
# methods from before deep learning a fair chance.
#
# **By the end you can**
# - count the parameters of a fully connected layer and of a convolution, with and without biases;
# - say what “an MLP has no prior on spatiality” means, and show it with one permutation;
# - compute a feature from before deep learning, a histogram of oriented gradients, and say when it still wins;
# - compare methods honestly: the same pictures, several runs, the range beside the mean.
#
# It covers slides 3, 4, 5 and 8 of the lecture and takes about 75 minutes. NumPy is all you need: no network, no GPU.

# %% tags=["setup"]
import numpy as np

from course_lib import figures
from course_lib.checks import hint, same, why_convolutions as check
from course_lib.data import load
from course_lib.numpy_net import Conv, Flatten, Linear, MaxPool, Network, ReLU, train
from course_lib.quiz import quiz, recall
from course_lib.widgets import ParameterCounter

# %% [markdown]
# ## Play first
#
# A small photograph in three colours, and one layer that sorts it into 1000 classes. Move **image side** from end to
# end. Which numbers grow, and which do not move at all? (Slide 3 has $224\times224$ pixels: soon you work that one out
# yourself.)

# %%
counter = ParameterCounter(side=32)
counter

# %% [markdown]
# This is the first notebook, so the three cards ask for what you bring along. Say the answer aloud, then open the card.

# %%
recall("01_why_convolutions")

# %% [markdown]
# ## 1 · One weight for every pair
#
# A **fully connected** layer (also *dense*, *linear*) lays all numbers of the picture in one row and gives every
# output a weight for each of them. An $H \times W$ picture with $C$ channels is $H \cdot W \cdot C$ numbers, so a
# layer with $K$ outputs has
#
# $$H \cdot W \cdot C \cdot K \;\text{ weights, and } K \text{ biases more.}$$
#
# ### By hand: `dense_layer`
# *Difficulty 1/5 · about 5 minutes · 2 points*
#
# **Predict first:** is it nearer to one million, to ten, or to a hundred? Then multiply it out, to the last digit,
# for slide 3: $224\times224\times3$ to 1000 classes. Stuck? Run `hint("dense_layer")` in a cell of your own; each
# call opens one hint more.

# %% nbgrader={"grade": false, "grade_id": "dense_layer", "locked": false, "schema_version": 3, "solution": true}
# exercise: dense_layer
# The number of weights, then the number of all parameters: weights and biases together.
dense_layer = [None, None]
### BEGIN SOLUTION
dense_layer = [150_528_000, 150_529_000]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dense_layer", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_dense_layer (2 points)
check.by_hand("dense_layer", dense_layer)
### BEGIN HIDDEN TESTS
same(dense_layer, [150528000, 150529000], "dense_layer")
### END HIDDEN TESTS

# %% [markdown]
# Slide 3 says “more than 150M”, and it is right with and without the biases. At four bytes each that is 602 MB, for one
# layer, before it has learnt anything.
#
# ### Code: `linear_param_count`
# *Difficulty 1/5 · about 3 minutes · 1 point*

# %% nbgrader={"grade": false, "grade_id": "linear_param_count", "locked": false, "schema_version": 3, "solution": true}
# exercise: linear_param_count
def linear_param_count(inputs, outputs, bias=True):
    """How many parameters a fully connected layer has.

    inputs, outputs: whole numbers. bias: whether each output also has a bias.
    Returns a whole number.
    """
    ### BEGIN SOLUTION
    weights = inputs * outputs
    return weights + outputs if bias else weights
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_linear_param_count", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_linear_param_count (1 point)
check.linear_param_count(linear_param_count)
### BEGIN HIDDEN TESTS
check.linear_param_count(linear_param_count, seed=11)
same(linear_param_count(28 * 28, 128), 100480, "the parameters of a layer from 28 x 28 to 128")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · One small kernel for every place
#
# A **convolution** (slides 6 to 16, and the next notebooks) has a small grid of weights, the **kernel**, and moves it
# over the picture: the same few weights look at one place after the other. For a picture with three channels a kernel
# has three slices, one for each, so a “$3\times5\times5$ kernel” is a block of weights. It makes one map of outputs.
# A layer has several such kernels, and each makes a map of its own.
#
# ### By hand: `kernel_weights`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# How many weights has one $3\times5\times5$ kernel (slide 9)? And the four kernels $4\times3\times5\times5$ of slide
# 14? No biases this time.

# %% nbgrader={"grade": false, "grade_id": "kernel_weights", "locked": false, "schema_version": 3, "solution": true}
# exercise: kernel_weights
# One 3x5x5 kernel, then four of them.
kernel_weights = [None, None]
### BEGIN SOLUTION
kernel_weights = [75, 300]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_kernel_weights", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_kernel_weights (1 point)
check.by_hand("kernel_weights", kernel_weights)
### BEGIN HIDDEN TESTS
same(kernel_weights, [75, 300], "kernel_weights")
### END HIDDEN TESTS

# %% [markdown]
# What did *not* appear in your product: the height and the width of the picture.
#
# ### Code: `conv_param_count`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# Kernels need not be square. A bias belongs to a whole kernel: it is added once, to the sum over all slices.

# %% nbgrader={"grade": false, "grade_id": "conv_param_count", "locked": false, "schema_version": 3, "solution": true}
# exercise: conv_param_count
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    """How many parameters a convolution has: channels_out kernels of channels_in x k_h x k_w weights.

    All but bias are whole numbers. bias: whether each kernel also has a bias.
    Returns a whole number.
    """
    ### BEGIN SOLUTION
    weights_of_a_kernel = channels_in * k_h * k_w
    return channels_out * (weights_of_a_kernel + 1 if bias else weights_of_a_kernel)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv_param_count", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_conv_param_count (2 points)
check.conv_param_count(conv_param_count)
### BEGIN HIDDEN TESTS
check.conv_param_count(conv_param_count, seed=12)
same(conv_param_count(3, 4, 5, 5), 304, "the parameters of the four kernels of slide 14")
same(conv_param_count(2, 5, 3, 7, bias=False), 210, "the weights of five kernels of 2 x 3 x 7")
### END HIDDEN TESTS

# %% [markdown]
# Your two functions over the side of the picture. Both axes are logarithmic, so that 300 and 150 million fit on one
# page.

# %% tags=["raises-exception"]
sides = [8, 16, 32, 64, 128, 224, 448]
figures.curves(
    sides,
    {
        "fully connected, to 1000 outputs": [linear_param_count(side * side * 3, 1000) for side in sides],
        "64 kernels of 3×5×5": [conv_param_count(3, 64, 5, 5) for _ in sides],
        "4 kernels of 3×5×5": [conv_param_count(3, 4, 5, 5) for _ in sides],
    },
    "image side (pixels)", "parameters",
    "Twice the side, four times the parameters of the fully connected layer. A convolution keeps its own.",
    log="xy",
)

# %% [markdown]
# ## 3 · Find the error in the lecture
#
# Slide 3 concludes: *“Need some dimension reduction tool”*, and the lecture goes on to convolutions. You have just seen
# what they reduce: **parameters**. Do they reduce the *dimension* as well, that is, how many numbers describe the
# picture?
#
# ### By hand: `numbers_in_and_out`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# Slide 14 slides four kernels of $3\times5\times5$ over a $3\times28\times28$ picture. A kernel of 5 has
# $28 - 5 + 1 = 24$ places along each side, so each of the four maps is $24\times24$. How many numbers go in? How many
# come out? And how many if the layer has 64 kernels, as first layers often have?

# %% nbgrader={"grade": false, "grade_id": "numbers_in_and_out", "locked": false, "schema_version": 3, "solution": true}
# exercise: numbers_in_and_out
# In, out with 4 kernels, out with 64 kernels.
numbers_in_and_out = [None, None, None]
### BEGIN SOLUTION
numbers_in_and_out = [2352, 2304, 36864]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_numbers_in_and_out", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_numbers_in_and_out (2 points)
check.by_hand("numbers_in_and_out", numbers_in_and_out)
### BEGIN HIDDEN TESTS
same(numbers_in_and_out, [2352, 2304, 36864], "numbers_in_and_out")
### END HIDDEN TESTS

# %% [markdown]
# So a convolution is no tool for dimension reduction: with many kernels it makes *more* numbers out of a picture.
# Pooling and strides reduce them (slides 22 and 30). What a convolution saves is weights, because it uses each of
# them again at every place.
#
# The next line of the slide reads *“Fewly structured data”*. The wording is a slip, and it hides the point: nobody
# hands the network a table with named columns, but the pixels *are* structured, since neighbours belong together. The
# rest of this notebook is about who makes use of that.

# %% [markdown]
# ## 4 · Who notices when the neighbours are gone?
#
# *“MLPs have no prior on spatiality”*, says slide 3. A **prior** is what a model takes for granted before it has seen
# any data. Here is a test. Draw *one* random order of the pixels and rearrange every picture by it, those for
# training and those for testing. Nothing is lost: the permutation can be undone. Only the neighbours are gone.
#
# ### Code: `permute_pixels`
# *Difficulty 2/5 · about 8 minutes · 3 points*
#
# Count the pixels of a picture row by row. Pixel number $k$ of the result is pixel number `permutation[k]` of the
# picture.

# %% nbgrader={"grade": false, "grade_id": "permute_pixels", "locked": false, "schema_version": 3, "solution": true}
# exercise: permute_pixels
def permute_pixels(images, permutation):
    """Rearrange the pixels of all images (N, H, W) in one and the same way.

    permutation: array of the numbers 0 to H * W - 1 in some order.
    Returns a new array (N, H, W).
    """
    ### BEGIN SOLUTION
    rows = images.reshape(len(images), -1)
    return rows[:, permutation].reshape(images.shape)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_permute_pixels", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_permute_pixels (3 points)
check.permute_pixels(permute_pixels)
### BEGIN HIDDEN TESTS
check.permute_pixels(permute_pixels, seed=13)
same(permute_pixels(np.array([[[3, 1], [4, 1], [5, 9]]]), np.array([5, 0, 4, 1, 3, 2])),
     np.array([[[9, 3], [5, 1], [1, 4]]]), "a hidden 3 x 2 picture")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `error_rate`
# *Difficulty 1/5 · about 3 minutes · 1 point*
#
# To compare methods we need one number for each: the share of pictures that it gets wrong.

# %% nbgrader={"grade": false, "grade_id": "error_rate", "locked": false, "schema_version": 3, "solution": true}
# exercise: error_rate
def error_rate(predicted, labels):
    """The share of wrong predictions, from 0 to 1.

    predicted, labels: arrays (N,) of class numbers, one for each picture.
    """
    ### BEGIN SOLUTION
    return np.mean(predicted != labels)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_error_rate", "locked": true, "points": 1, "schema_version": 3, "solution": false}
# test: test_error_rate (1 point)
check.error_rate(error_rate)
### BEGIN HIDDEN TESTS
check.error_rate(error_rate, seed=14)
same(error_rate(np.array([2, 7, 1, 8, 2, 8, 1, 8]), np.array([2, 7, 1, 8, 2, 8, 4, 5])), 0.25,
     "the error rate of hidden predictions")
### END HIDDEN TESTS

# %% [markdown]
# The pictures are handwritten digits, $28\times28$ pixels from black (0) to white (1). Training and test pictures
# never overlap.

# %% tags=["raises-exception"]
images, labels = load("mnist5k", "train")
test_images, test_labels = load("mnist5k", "test")
images, labels = images[:2000, :, :, 0] / np.float32(255), labels[:2000]
test_images, test_labels = test_images[:1000, :, :, 0] / np.float32(255), test_labels[:1000]

permutation = np.random.default_rng(0).permutation(28 * 28)
permuted_images, permuted_test_images = permute_pixels(images, permutation), permute_pixels(test_images, permutation)

enlarged = np.ones((3, 3))
figures.gallery(
    {f"a {labels[n]}, as it is": np.kron(images[n], enlarged) * 255 for n in range(4)}
    | {f"the same {labels[n]}, permuted": np.kron(permuted_images[n], enlarged) * 255 for n in range(4)},
    "Four digits, as they are and after one permutation. No human can read the permuted ones; can a network?",
)

# %% [markdown]
# Two networks take the test. The **MLP** is two fully connected layers. The **convnet** has two small layers of
# kernels, each followed by a pooling that keeps the largest of $2\times2$ neighbours, and one fully connected layer
# at the end. You will build all of these yourself in notebooks 02 to 05; here they come ready made, from
# `course_lib/numpy_net.py`, in plain NumPy.

# %% tags=["raises-exception"]
def mlp(rng):
    return Network(Flatten(), Linear(28 * 28, 128, rng), ReLU(), Linear(128, 10, rng))


def convnet(rng):
    return Network(Conv(1, 8, 3, rng), ReLU(), MaxPool(2), Conv(8, 16, 3, rng), ReLU(), MaxPool(2),
                   Flatten(), Linear(16 * 5 * 5, 10, rng))


def linear(rng, inputs=28 * 28):
    return Network(Flatten(), Linear(inputs, 10, rng))


def test_errors(model, count, inputs, test_inputs, rate, steps=160, seeds=(0, 1, 2)):
    """Test error in per cent of one training for each seed.

    Each seed draws `count` training pictures of its own and the first weights. All models make the same number of
    steps, of 32 pictures each; `rate` is the learning rate.
    """
    errors = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(inputs))[:count]
        network = model(rng)
        train(network, inputs[chosen, None], labels[chosen], epochs=steps // (count // 32), rate=rate, seed=seed)
        predicted = network.forward(test_inputs[:, None]).argmax(axis=1)
        errors.append(100 * error_rate(predicted, test_labels))
    return errors


for model in (mlp, convnet):
    print(f"{model.__name__:8}{model(np.random.default_rng(0)).size:8,} parameters")

# %% [markdown]
# ### Experiment: one permutation for all pictures
#
# **Predict first.** Each network is trained twice on 1000 digits, once as they are and once permuted, and tested on
# 1000 others, permuted in the same way. Write your four guesses for the test error, in per cent, into the cell before
# you run it. Guessing wrong costs nothing; not guessing costs you the surprise.

# %% tags=["raises-exception"]
my_guess = {"mlp": [None, None], "convnet": [None, None]}  # per cent wrong: as they are, permuted

as_they_are, permuted = (images, test_images), (permuted_images, permuted_test_images)
permutation_errors = {
    # A run of the MLP takes a tenth of the time, so it gets twice as many.
    "mlp": [test_errors(mlp, 1000, *pictures, rate=0.01, seeds=range(6)) for pictures in (as_they_are, permuted)],
    "convnet": [test_errors(convnet, 1000, *pictures, rate=0.02) for pictures in (as_they_are, permuted)],
}
for name, (before, after) in permutation_errors.items():
    for what, runs, guess in zip(("as they are", "permuted"), (before, after), my_guess[name], strict=True):
        print(f"{name:8} {what:12}{np.mean(runs):5.1f} % wrong, from {min(runs):.1f} to {max(runs):.1f}; you said {guess}")
    apart = "the ranges are apart" if min(after) > max(before) or min(before) > max(after) else "the ranges overlap"
    print(f"{name:8} changes by {np.mean(after) - np.mean(before):+.1f} points: {apart}\n")

figures.spread(
    ["as they are", "permuted"], permutation_errors, "pixels", "test error (%)",
    "Every run is a point, the line joins the means, the band spans the range.",
)

# %% [markdown]
# The MLP does not care, and it cannot: the sum over its weights is the same sum in another order, so every order of
# the pixels is the same problem to it. The convnet fares worse without neighbours: its kernels look at small windows,
# and in a small window of a shuffled picture there is nothing to see. That is what a *prior on spatiality* is: it
# helps when it is true, and harms when it is not.
#
# **Explain it to a friend:** the MLP never had the neighbours, and yet it gets most digits right. What did it have to
# learn from data that the convnet was given? Write two sentences.

# %% [markdown]
# ## 5 · Before: features made by hand
#
# Before 2012 most systems did not learn from raw pixels (slide 4). People wrote the features themselves, and trained
# only a simple classifier on top. One of the most successful of these features was the **histogram of oriented
# gradients**, HOG: cut the picture into cells, and ask in each how strong its edges are in every direction.
#
# For each pixel of a cell,
#
# $$g_x = \text{right} - \text{left}, \qquad g_y = \text{lower} - \text{upper}, \qquad
# \text{magnitude} = \sqrt{g_x^2 + g_y^2}.$$
#
# Its *orientation* is the angle of $(g_x, g_y)$ in degrees, modulo 180: a dark-to-light edge counts as the
# light-to-dark edge of the same direction. The 180 degrees are cut into nine bins of 20: bin 0 holds 0 up to 20, bin
# 1 holds 20 up to 40, and so on. Each pixel gives its magnitude to its bin.
#
# ### By hand: `one_pixel`
# *Difficulty 2/5 · about 5 minutes · 2 points*
#
# A pixel has these four neighbours: 7 above it, 1 to its left, 4 to its right, 3 below it. Rows run downwards, as in
# arrays. The angle of $(3, -4)$ is about $-53$ degrees, and so on round the clock.

# %% tags=["raises-exception"]
figures.show_tables({"the pixel (here 2) and its neighbours": (np.array([[0, 7, 5], [1, 2, 4], [6, 3, 8]]), "input")})

# %% nbgrader={"grade": false, "grade_id": "one_pixel", "locked": false, "schema_version": 3, "solution": true}
# exercise: one_pixel
# g_x, g_y, the magnitude, and the number of the bin (0 to 8)
one_pixel = [None, None, None, None]
### BEGIN SOLUTION
one_pixel = [3, -4, 5, 6]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_one_pixel", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_one_pixel (2 points)
check.by_hand("one_pixel", one_pixel)
### BEGIN HIDDEN TESTS
same(one_pixel, [3, -4, 5, 6], "one_pixel")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `hog_cell`
# *Difficulty 3/5 · about 12 minutes · 4 points*
#
# The pixels at the edge of a cell have neighbours outside it. So the function is given a `patch`, the cell and a frame
# of one pixel around it: the frame lends its values, and casts no votes. `np.arctan2(g_y, g_x)` gives the angle, in
# radians.

# %% nbgrader={"grade": false, "grade_id": "hog_cell", "locked": false, "schema_version": 3, "solution": true}
# exercise: hog_cell
def hog_cell(patch):
    """Histogram of the oriented gradients of one cell.

    patch: array (h + 2, w + 2), a cell of h x w pixels and a frame of one pixel. For each pixel of the cell:
      g_x = right neighbour - left neighbour, g_y = lower neighbour - upper neighbour;
      magnitude = square root of g_x^2 + g_y^2;
      orientation = angle of (g_x, g_y) in degrees, modulo 180;
      the magnitude is added to bin number floor(orientation / 20), whole.
    Returns an array (9,) of floats.
    """
    ### BEGIN SOLUTION
    patch = patch.astype(float)
    g_x = patch[1:-1, 2:] - patch[1:-1, :-2]
    g_y = patch[2:, 1:-1] - patch[:-2, 1:-1]
    magnitude = np.sqrt(g_x**2 + g_y**2)
    orientation = np.degrees(np.arctan2(g_y, g_x)) % 180
    bins = (orientation // 20).astype(int) % 9  # rounding may turn a tiny negative angle into 180 itself
    return np.bincount(bins.ravel(), weights=magnitude.ravel(), minlength=9)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_hog_cell", "locked": true, "points": 4, "schema_version": 3, "solution": false}
# test: test_hog_cell (4 points)
check.hog_cell(hog_cell)
### BEGIN HIDDEN TESTS
check.hog_cell(hog_cell, seed=15)
same(hog_cell(np.array([[0, 7, 5], [1, 2, 4], [6, 3, 8]])), np.array([0, 0, 0, 0, 0, 0, 5, 0, 0]),
     "the histogram of a hidden cell of one pixel")
### END HIDDEN TESTS

# %% [markdown]
# Sixteen cells of $7\times7$ pixels make a digit into $16 \cdot 9 = 144$ features. Two habits of the trade follow:
# the square root, so that one strong edge does not drown ten weak ones, and one length for all pictures, so that
# thick pens and thin pens look alike.

# %% tags=["raises-exception"]
def hog(picture, side=7):
    """All histograms of a picture (H, W), cell by cell, as one row of features."""
    framed = np.pad(picture, 1, mode="edge")
    corners = [(i, j) for i in range(0, picture.shape[0], side) for j in range(0, picture.shape[1], side)]
    features = np.sqrt(np.concatenate([hog_cell(framed[i : i + side + 2, j : j + side + 2]) for i, j in corners]))
    return (4 * features / np.linalg.norm(features)).astype(np.float32)


hog_images, hog_test_images = (np.array([hog(picture) for picture in some]) for some in (images, test_images))
print(f"a digit is {images[0].size} pixels, or {hog_images[0].size} HOG features")
figures.show_tables({f"a {labels[0]}: its 16 cells (rows) by 9 orientations": (hog_images[0].reshape(16, 9), "output")})

# %% [markdown]
# ### Experiment: hand-made features against learned ones
#
# Three competitors, as on slides 4 and 5:
# - **raw pixels**, and a linear classifier on them;
# - **HOG**, and the same linear classifier: features made by hand, and only the classifier learns;
# - the **convnet**: the features are learned too, and the classifier at its end is linear as well.
#
# They see 100, 300 or 1000 labelled digits, three draws of each; within a draw all three methods see the same digits,
# so their errors can be compared draw by draw. **Predict first:** who wins at 100? Who at 1000? Write it down, then
# run the cell: it takes some seconds.

# %% tags=["raises-exception"]
my_winner = {100: None, 300: None, 1000: None}  # "raw pixels", "HOG" or "convnet"


def linear_on_hog(rng):
    return linear(rng, inputs=144)


counts = [100, 300, 1000]
label_errors = {
    "raw pixels": [test_errors(linear, n, images, test_images, rate=0.01) for n in counts],
    "HOG": [test_errors(linear_on_hog, n, hog_images, hog_test_images, rate=0.03) for n in counts],
    # The 1000 are those of the experiment above.
    "convnet": [test_errors(convnet, n, images, test_images, rate=0.02) for n in counts[:2]]
               + permutation_errors["convnet"][:1],
}
for k, n in enumerate(counts):
    print(f"{n} labels")
    for name, errors in label_errors.items():
        print(f"    {name:11}{np.mean(errors[k]):5.1f} % wrong, from {min(errors[k]):.1f} to {max(errors[k]):.1f}")
    ahead = np.less(label_errors["HOG"][k], label_errors["convnet"][k])  # draw by draw
    print(f"    HOG makes fewer errors than the convnet in {ahead.sum()} of {ahead.size} draws. You said {my_winner[n]}.")

figures.spread(
    counts, label_errors, "labelled digits", "test error (%)",
    "Three runs for each method and number of labels: points, means and ranges.", log="x",
)

# %% [markdown]
# Read what the cell found, and beware of the story “and then deep learning beat everything”. With few labels,
# features that somebody thought out carry knowledge that the convnet must first pay for with labels. Its line falls
# faster: whoever has enough labels need not know beforehand which features are good. Slide 5 is true, and it has a
# price.
#
# Is this comparison fair? Every method gets the same pictures and the same number of steps, with a learning rate that
# suits him. The convnet is tiny and sees each digit just as it is; shifting and tilting the training digits a little
# (slide 53, notebook 07) helps it much with few labels, and using features learned elsewhere even more (slide 46,
# notebook 11).

# %% [markdown]
# **Slide 8, in one sentence.** A gradient filter like $(-1, 0, 1)$ is a convolution kernel that somebody chose; in a
# convnet the kernels are parameters, found by gradient descent like any other weight. HOG and the convnet begin with
# the same operation, and differ in who picks the numbers.

# %% [markdown]
# ## Quiz
#
# Eight questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("01_why_convolutions")
questions

# %% [markdown]
# ## Stretch puzzle: who sat next to me?
#
# The permutation of section 4 hid the neighbours from *you*. It did not remove them from the *data*: two neighbouring
# pixels are often bright together. Scrambled pixel number `me` sat left of the middle. Find the four pixels that sat
# above, below, left and right of it, from `permuted_images` alone. The rule: `my_neighbours` comes from `scrambled`
# by *one line* of NumPy. No points, no hints.

# %% tags=["raises-exception"]
scrambled = permuted_images.reshape(len(permuted_images), -1)  # (pictures, pixels)
me = np.flatnonzero(permutation == 14 * 28 + 10)[0]

my_neighbours = [0, 0, 0, 0]
places = {divmod(int(pixel), 28) for pixel in permutation[my_neighbours]}
print("solved!" if places == {(13, 10), (15, 10), (14, 9), (14, 11)} else "not yet")

# %% [markdown]
# If you solved it: an MLP could in principle learn the neighbourhood too, and it would take data to do so. That is
# what slide 3 means by *“need more data”*.
#
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | $224\times224\times3$ to 1000 classes takes 150,528,000 weights, 150,529,000 parameters | `dense_layer`, by hand | slide 3 |
# | a $3\times5\times5$ kernel has 75 weights, four have 300, at any image side | `kernel_weights`, `conv_param_count` | slides 9, 14 |
# | a convolution saves weights; it does not reduce the dimension | `numbers_in_and_out`, by hand | slide 3, corrected |
# | an MLP has no prior on spatiality, a convnet has one | `permute_pixels`, the first experiment | slide 3 |
# | hand-made features can win while labels are few | `hog_cell`, the second experiment | slides 4 and 5; HOG: Dalal and Triggs, *Histograms of oriented gradients for human detection* (CVPR 2005) |
#
# **Next:** notebook 02 takes one kernel in hand, and does by paper and pencil what all of this is made of.
