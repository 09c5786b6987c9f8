"""Convolution and pooling in NumPy against torch in float64, numerical gradients, and the lecture's own numbers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings, strategies as st

from course_lib import ops
from course_lib.errors import CourseError

# The same examples in every run, and no time limit for one of them.
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=120, database=None,
                    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture])
FEW = settings(EXAMPLES, max_examples=40)

GRID = np.arange(1.0, 17).reshape(4, 4)  # slides 17-30: 1..16
ABCD = np.array([[1.0, 2], [3, 4]])  # a, b, c, d


def two(low: int, high: int):
    """Two different whole numbers."""
    return st.tuples(st.integers(low, high), st.integers(low, high)).filter(lambda pair: pair[0] != pair[1])


@st.composite
def layers(draw, most_images=5, side=9):
    """Arrays X, W, b, dY and a layer's settings, in which no two numbers of a pair are the same."""
    kernel, stride, padding, dilation = draw(two(1, 4)), draw(two(1, 3)), draw(two(0, 3)), draw(two(1, 3))
    groups, inputs, outputs = draw(st.sampled_from([1, 1, 2, 3])), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    sides = draw(st.tuples(*(st.integers(low, low + side) for low in least)).filter(lambda hw: hw[0] != hw[1]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    X = random.normal(size=(draw(st.integers(1, most_images)), groups * inputs, *sides))
    W = random.normal(size=(groups * outputs, inputs, *kernel))
    b = random.normal(size=len(W))
    setting = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    h, w = ((n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(sides, kernel, stride, padding, dilation, strict=True))
    return X, W, b, random.normal(size=(len(X), len(W), h, w)), setting


@st.composite
def pools(draw):
    """X, dY and a pooling's settings; every number of X is another one."""
    kernel, stride = draw(two(1, 4)), draw(st.one_of(st.none(), two(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    least = [max(1, k - 2 * p) for k, p in zip(kernel, padding, strict=True)]
    sides = draw(st.tuples(*(st.integers(low, low + 7) for low in least)).filter(lambda hw: hw[0] != hw[1]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 3)), *sides
    X = random.permutation(np.prod(shape)).reshape(shape) / 7 - 3
    h, w = ((n + 2 * p - k) // s + 1 for n, k, s, p in zip(sides, kernel, stride or kernel, padding, strict=True))
    return X, random.normal(size=(*shape[:2], h, w)), (kernel, stride, padding)


def leaf(array):
    return torch.tensor(array, requires_grad=True)


def close(got, want, relative=1e-12):
    """Equal shape, and no difference above 1e-12 of the largest number, or of 1."""
    want = want.detach().numpy() if isinstance(want, torch.Tensor) else np.asarray(want)
    assert got.shape == want.shape
    assert np.abs(got - want).max() <= relative * max(1, np.abs(want).max())


def slopes(f, x, dy, step):
    """The gradient of sum(f(x) * dy), by central differences."""
    gradient, x = np.zeros_like(x), x.copy()
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + step
        above = f(x)
        x[place] = kept - step
        gradient[place] = ((above - f(x)) * dy).sum() / (2 * step)
        x[place] = kept
    return gradient


@pytest.fixture(params=[1, 3000, ops.BACKWARD], ids=["one image at a time", "a few", "all"])
def cache(request, monkeypatch):
    """How many bytes of columns are worked on at a time: one image, a few with a rest, or the whole batch."""
    monkeypatch.setattr(ops, "FORWARD", request.param)
    monkeypatch.setattr(ops, "BACKWARD", request.param)


# ------------------------------------------------------------------------------------------- against torch

@pytest.mark.usefixtures("cache")
@EXAMPLES
@given(layers())
def test_convolution_and_its_gradients_are_those_of_torch(layer):
    X, W, b, dY, setting = layer
    x, w, bias = leaf(X), leaf(W), leaf(b)
    y = F.conv2d(x, w, bias, **setting)
    close(ops.conv2d(X, W, b, **setting), y)
    close(ops.conv2d(X, W, **setting), F.conv2d(x, w, **setting))
    y.backward(torch.tensor(dY))
    for got, want in zip(ops.conv2d_backward(dY, X, W, **setting), (x, w, bias), strict=True):
        close(got, want.grad)


@FEW
@given(layers(most_images=2, side=3))
def test_gradients_of_the_convolution_are_slopes(layer):
    X, W, b, dY, setting = layer
    # The layer is linear in each argument by itself, so a long step is exact and loses no digits.
    dX, dW, db = ops.conv2d_backward(dY, X, W, **setting)
    close(dX, slopes(lambda x: ops.conv2d(x, W, b, **setting), X, dY, 1.0), 1e-11)
    close(dW, slopes(lambda w: ops.conv2d(X, w, b, **setting), W, dY, 1.0), 1e-11)
    close(db, slopes(lambda bias: ops.conv2d(X, W, bias, **setting), b, dY, 1.0), 1e-11)


@EXAMPLES
@given(layers(most_images=1))
def test_pictures_are_images_of_one_channel(layer):
    X, W, _, _, setting = layer
    x, w = X[0, 0], W[0, 0]
    del setting["groups"]
    want = F.conv2d(torch.tensor(x)[None, None], torch.tensor(w)[None, None], **setting)[0, 0]
    close(ops.correlate2d(x, w, **setting), want)
    close(ops.convolve2d(x, w[::-1, ::-1], **setting), want)


@EXAMPLES
@given(layers())
def test_columns_are_those_of_unfold_and_their_product_is_the_convolution(layer):
    X, W, _, _, setting = layer
    groups = setting.pop("groups")
    columns = ops.im2col(X, W.shape[2:], **setting)
    assert np.array_equal(columns, F.unfold(torch.tensor(X), W.shape[2:], **setting).numpy())
    if groups == 1:
        close((W.reshape(len(W), -1) @ columns).ravel(), ops.conv2d(X, W, **setting).ravel())


@EXAMPLES
@given(pools())
def test_pooling_and_its_gradients_are_those_of_torch(pooling):
    X, dY, setting = pooling
    for forward, backward, torchs in (
        (ops.max_pool2d, ops.max_pool2d_backward, F.max_pool2d), (ops.avg_pool2d, ops.avg_pool2d_backward, F.avg_pool2d)
    ):
        x = leaf(X)
        y = torchs(x, *setting)
        close(forward(X, *setting), y)
        y.backward(torch.tensor(dY))
        close(backward(dY, X, *setting), x.grad)


@FEW
@given(pools())
def test_gradients_of_the_poolings_are_slopes(pooling):
    X, dY, setting = pooling
    # Numbers of X are 1/7 apart: a step of 1/100 changes no maximum.
    for forward, backward in ((ops.max_pool2d, ops.max_pool2d_backward), (ops.avg_pool2d, ops.avg_pool2d_backward)):
        close(backward(dY, X, *setting), slopes(lambda x, f=forward: f(x, *setting), X, dY, 0.01), 1e-10)


@FEW
@given(pools(), st.integers(0, 2**32))
def test_ties_of_a_maximum_go_to_the_first_as_in_torch(pooling, seed):
    X, dY, setting = pooling
    X = np.random.default_rng(seed).integers(0, 3, X.shape).astype(float)
    x = leaf(X)
    F.max_pool2d(x, *setting).backward(torch.tensor(dY))
    close(ops.max_pool2d_backward(dY, X, *setting), x.grad)


@EXAMPLES
@given(layers(most_images=2), st.floats(-3, 3))
def test_padding_is_that_of_torch(layer, value):
    X, _, _, _, setting = layer
    down, right = setting["padding"]
    want = F.pad(torch.tensor(X), (right, right, down, down), value=value).numpy()
    assert np.array_equal(ops.pad2d(X, (down, right), value), want)
    assert np.array_equal(ops.pad2d(X[0, 0], (down, right), value), want[0, 0])


# --------------------------------------------------------------------------------------------- kinds of numbers

def everything(X, W, b, dY):
    """The results of every function on a batch."""
    pooled = ops.max_pool2d(X, 2)
    return [ops.pad2d(X), ops.im2col(X, 2), ops.correlate2d(X[0, 0], W[0, 0]), ops.convolve2d(X[0, 0], W[0, 0]),
            ops.conv2d(X, W, b), *ops.conv2d_backward(dY, X, W), pooled, ops.avg_pool2d(X, 2),
            ops.max_pool2d_backward(pooled, X, 2), ops.avg_pool2d_backward(pooled, X, 2)]


@pytest.mark.parametrize("kind, digits", [(np.float32, 1e-5), (np.float64, 0)])
def test_a_float_type_stays_what_it_is(kind, digits):
    random = np.random.default_rng(1)
    arrays = [random.normal(size=shape) for shape in ((3, 2, 7, 8), (4, 2, 3, 2), (4,), (3, 4, 5, 7))]
    for got, want in zip(everything(*(array.astype(kind) for array in arrays)), everything(*arrays), strict=True):
        assert got.dtype == kind
        close(got, want, digits)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64])
def test_whole_numbers_are_exact_and_do_not_wrap_round(kind):
    x, w = np.full((5, 6), 120, kind), np.full((2, 3), 110, kind)
    y = ops.correlate2d(x, w)
    assert y.dtype == np.int64 and (y == 6 * 120 * 110).all()
    big = np.full((1, 1, 3, 3), 2**60, np.int64) + np.arange(9).reshape(3, 3)
    assert ops.conv2d(big, np.ones((1, 1, 2, 2), int))[0, 0, 0, 0] == 4 * 2**60 + 8
    assert ops.max_pool2d(big, 2, 1, 1)[0, 0, -1, -1] == 2**60 + 8
    assert np.array_equal(ops.conv2d_backward(np.full((1, 1, 2, 2), 0.5), big * 0 + 3, np.ones((1, 1, 2, 2), int))[1],
                          np.full((1, 1, 2, 2), 6.0))


def test_arguments_are_left_alone_and_results_are_new():
    X, W, b = np.ones((2, 2, 4, 5)), np.ones((2, 2, 1, 1)), np.ones(2)
    kept = [array.copy() for array in (X, W, b)]
    for array in (X, W, b):
        array.flags.writeable = False
    for result in everything(X, W, b, np.ones((2, 2, 4, 5))):
        result[...] = 7
    assert all(np.array_equal(array, before) for array, before in zip((X, W, b), kept, strict=True))


def test_nan_shows_up_where_a_window_meets_it_and_nowhere_else():
    X = np.ones((3, 1, 5, 6))
    X[0, 0, 0, 0] = np.nan
    for Y in (ops.conv2d(X, np.ones((1, 1, 2, 3))), ops.avg_pool2d(X, (2, 3), 1), ops.max_pool2d(X, (2, 3), 1)):
        assert np.isnan(Y[0, 0, 0, 0]) and np.isnan(Y).sum() == 1


# --------------------------------------------------------------------------------------------- the lecture's numbers

def test_slide_6_both_operations():
    x = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
    w = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]
    assert ops.correlate2d(x, w).tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    assert ops.convolve2d(x, w).tolist() == [[18, 20, 19], [10, 9, 17], [11, 8, 14]]
    # Erratum 5: transposing the image is something else again.
    assert ops.correlate2d(np.transpose(x), w).tolist() == [[17, 11, 8], [15, 13, 6], [20, 19, 12]]


def test_slides_9_to_16_one_kernel_per_input_channel_and_output_channel():
    X, W = np.random.default_rng(2).normal(size=(1, 3, 28, 28)), np.random.default_rng(3).normal(size=(4, 3, 5, 5))
    Y = ops.conv2d(X, W)
    assert Y.shape == (1, 4, 24, 24)
    by_hand = [[sum(ops.correlate2d(X[0, c], W[o, c]) for c in range(3)) for o in range(4)]]
    close(Y, by_hand)


@pytest.mark.parametrize("stride, padding, want", [
    (1, 0, [[44, 54, 64], [84, 94, 104], [124, 134, 144]]),  # slides 17-21
    (2, 0, [[44, 64], [124, 144]]),  # slides 22-25
    (2, 1, [[4, 18, 12], [46, 94, 44], [26, 44, 16]]),  # slides 26-28: 3x3, erratum 1
])
def test_slides_17_to_28_the_grid_of_1_to_16(stride, padding, want):
    assert ops.correlate2d(GRID, ABCD, stride, padding).tolist() == want


def test_slide_17_symbols_the_last_cell_is_11a_12b_15c_16d():
    assert ops.im2col(GRID[None, None], 2)[0].T.tolist()[::8] == [[1, 2, 5, 6], [11, 12, 15, 16]]


def test_erratum_2_padding_of_1_makes_4_into_5_at_stride_1():
    assert ops.correlate2d(GRID, ABCD, 1, 1).shape == (5, 5)


def test_erratum_3_the_size_is_rounded_down():
    assert ops.correlate2d(np.ones((5, 5)), ABCD, 2).shape == (2, 2)


def test_slide_30_both_poolings_and_where_their_gradients_go():
    X, ones = GRID[None, None], np.ones((1, 1, 2, 2))
    assert ops.avg_pool2d(X, 2).ravel().tolist() == [3.5, 5.5, 11.5, 13.5]
    assert ops.max_pool2d(X, 2).ravel().tolist() == [6, 8, 14, 16]
    assert X.ravel()[ops.max_pool2d_backward(ones, X, 2).ravel() == 1].tolist() == [6, 8, 14, 16]
    assert (ops.avg_pool2d_backward(ones, X, 2) == 0.25).all()
    close(ops.avg_pool2d(X, 2), ops.conv2d(X, np.full((1, 1, 2, 2), 1 / 4), stride=2))


def test_erratum_7_max_pooling_dilates_where_the_sharpen_kernel_overshoots():
    step = np.array([0.0, 0, 0, 1, 1, 1])
    assert ops.max_pool2d(step[None, None, None], (1, 3), 1, (0, 1)).ravel().tolist() == [0, 0, 1, 1, 1, 1]
    sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    assert ops.correlate2d(np.tile(step, (3, 1)), sharpen)[0].tolist() == [0, -1, 2, 1]


@pytest.mark.parametrize("stride, dW, dX", [
    (1, [[54, 63], [90, 99]], [[1, 3, 3, 2], [4, 10, 10, 6], [4, 10, 10, 6], [3, 7, 7, 4]]),
    (2, [[24, 28], [40, 44]], [[1, 2, 1, 2], [3, 4, 3, 4], [1, 2, 1, 2], [3, 4, 3, 4]]),
])
def test_notebook_05_gradients_by_hand(stride, dW, dX):
    side = (4 - 2) // stride + 1
    grads = ops.conv2d_backward(np.ones((1, 1, side, side)), GRID[None, None], ABCD[None, None], stride)
    assert [grad.squeeze().tolist() for grad in grads] == [dX, dW, side**2]


def test_slide_36_groups_are_two_layers_side_by_side():
    random = np.random.default_rng(4)
    X, W = random.normal(size=(2, 4, 6, 7)), random.normal(size=(6, 2, 3, 2))
    halves = [ops.conv2d(X[:, :2], W[:3]), ops.conv2d(X[:, 2:], W[3:])]
    close(ops.conv2d(X, W, groups=2), np.concatenate(halves, axis=1))


# --------------------------------------------------------------------------------------------- what is refused

X, W = np.ones((2, 4, 5, 6)), np.ones((6, 4, 3, 2))


@pytest.mark.parametrize("call, sentence", [
    (lambda: ops.conv2d(X[0], W), r"X must be 4-D \(images, channels, rows, columns\); got shape \(4, 5, 6\)"),
    (lambda: ops.conv2d(X, W[0]), r"W must be 4-D \(output channels.*; got shape \(4, 3, 2\)"),
    (lambda: ops.conv2d(X, W[:, :3]), r"X has 4 channels, so W must have shape \(C_out, 4, .*got \(6, 3, 3, 2\)"),
    (lambda: ops.conv2d(X, W, groups=2), r"4 channels in 2 groups, so W must have shape \(C_out, 2, k_h, k_w\)"),
    (lambda: ops.conv2d(X, W, groups=4), "groups=4 must divide X's 4 channels and W's 6 output channels"),
    (lambda: ops.conv2d(X, W, np.ones(5)), r"b must have shape \(6,\); got \(5,\)"),
    (lambda: ops.conv2d(X, W, stride=0), "stride must be a whole number of at least 1, or a pair of them; got 0"),
    (lambda: ops.conv2d(X, W, stride=(1, 2, 1)), r"stride must be .*got \(1, 2, 1\)"),
    (lambda: ops.conv2d(X, W, padding=-1), "padding must be a whole number of at least 0"),
    (lambda: ops.conv2d(X, W, dilation=1.5), "dilation must be a whole number .*got 1.5"),
    (lambda: ops.conv2d(X, W, groups=True), "groups must be a whole number"),
    (lambda: ops.conv2d(X, W, dilation=3), "covers 7x4 pixels and the padded input has only 5x6: use a smaller kernel"),
    (lambda: ops.conv2d(X[:0], W), r"X is empty: its shape is \(0, 4, 5, 6\)"),
    (lambda: ops.conv2d("abc", W), "X must hold numbers only"),
    (lambda: ops.conv2d_backward(np.ones((2, 6, 3, 4)), X, W), r"dY must have .*\(2, 6, 3, 5\); got \(2, 6, 3, 4\)"),
    (lambda: ops.correlate2d(X, W), r"the input must be 2-D \(rows, columns\); got shape \(2, 4, 5, 6\)"),
    (lambda: ops.correlate2d(X[0, 0], [[1, 2], [3]]), "the kernel must hold numbers only, in rows of equal length"),
    (lambda: ops.correlate2d([[np.inf]], [[1]]), "the input holds NaN or infinity"),
    (lambda: ops.pad2d(X[0]), r"the input must be 2-D \(rows, columns\) or 4-D \(images"),
    (lambda: ops.pad2d(X, 0.5), "padding must be a whole number of at least 0"),
    (lambda: ops.im2col(X, 7), "covers 7x7 pixels and the padded input has only 5x6"),
    (lambda: ops.max_pool2d(X, 2, padding=2), r"padding=\(2, 2\) is more than half of kernel_size.*at most \(1, 1\)"),
    (lambda: ops.avg_pool2d(X, (5, 2), padding=(2, 2)), r"padding=\(2, 2\) is more than half .*at most \(2, 1\)"),
    (lambda: ops.avg_pool2d(X, (6, 2)), "covers 6x2 pixels and the padded input has only 5x6"),
    (lambda: ops.max_pool2d_backward(X, X, 2), r"dY must have shape \(2, 4, 2, 3\); got \(2, 4, 5, 6\)"),
    (lambda: ops.avg_pool2d_backward(X, X, 2), r"dY must have shape \(2, 4, 2, 3\)"),
])
def test_what_does_not_fit_is_told_in_a_sentence(call, sentence):
    with pytest.raises(CourseError, match=sentence):
        call()
