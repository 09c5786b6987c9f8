"""Sizes, receptive fields and costs: against torch, against what windows really read, and the lecture's numbers."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings, strategies as st
from torch.utils.flop_counter import FlopCounterMode

from course_lib import geometry, ops
from course_lib.errors import CourseError
from course_lib.geometry import NETWORKS, Conv, Flatten, GlobalAverage, Linear, Pool

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=200, database=None)
sides = st.tuples(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(0, 4), st.integers(1, 3))


def fits(size, kernel, stride, padding, dilation):
    return dilation * (kernel - 1) + 1 <= size + 2 * padding


# --------------------------------------------------------------------------------------------- one side

@EXAMPLES
@given(sides)
def test_floor_is_the_size_of_torchs_convolution_and_of_ours(side):
    assume(fits(*side))
    size, kernel, stride, padding, dilation = side
    y = torch.nn.functional.conv1d(torch.ones(1, 1, size), torch.ones(1, 1, kernel), None, stride, padding, dilation)
    assert geometry.output_size(*side) == y.shape[-1]
    row = ops.correlate2d(np.ones((1, size)), np.ones((1, kernel)), (1, stride), (0, padding), (1, dilation))
    assert geometry.output_size(*side) == row.shape[1]


@EXAMPLES
@given(sides)
def test_ceil_is_the_size_of_torchs_ceil_mode(side):
    size, kernel, stride, padding, dilation = side
    assume(fits(*side) and padding <= kernel // 2)
    y = torch.nn.functional.max_pool1d(torch.ones(1, 1, size), kernel, stride, padding, dilation, ceil_mode=True)
    assert geometry.output_size(*side, "ceil") == y.shape[-1]


@EXAMPLES
@given(sides)
def test_refusing_refuses_exactly_what_does_not_come_out_even(side):
    assume(fits(*side))
    size, kernel, stride, padding, dilation = side
    exact = (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
    if exact == int(exact):
        assert {geometry.output_size(*side, convention) for convention in geometry.CONVENTIONS} == {int(exact)}
    else:
        with pytest.raises(CourseError, match="is not a whole number"):
            geometry.output_size(*side, "refuse")


@EXAMPLES
@given(sides, st.sampled_from(["floor", "ceil"]))
def test_unread_pixels_are_those_without_a_gradient(side, convention):
    assume(fits(*side))
    size, kernel, stride, padding, dilation = side
    windows = geometry.output_size(*side, convention)
    x = torch.zeros(1, 1, size, requires_grad=True)
    # Room enough for windows that hang over, then only as many windows as there are.
    padded = torch.nn.functional.pad(x, (padding, padding + stride + kernel * dilation))
    y = torch.nn.functional.conv1d(padded, torch.ones(1, 1, kernel), None, stride, 0, dilation)
    y[..., :windows].sum().backward()
    assert geometry.unread_pixels(*side, convention) == (x.grad[0, 0] == 0).nonzero().ravel().tolist()


@EXAMPLES
@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 4))
@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
def test_same_padding_keeps_the_size(size, kernel, dilation):
    before, after = geometry.same_padding_sides(kernel, dilation)
    y = torch.nn.functional.conv1d(torch.arange(1.0, size + 1)[None, None], torch.ones(1, 1, kernel), padding="same",
                                   dilation=dilation)
    padded = np.pad(np.arange(1.0, size + 1), (before, after))
    assert ops.correlate2d(padded[None], np.ones((1, kernel)), dilation=dilation)[0].tolist() == y[0, 0].tolist()
    if before == after:
        assert geometry.output_size(size, kernel, 1, geometry.same_padding(kernel, dilation), dilation) == size
    else:
        with pytest.raises(CourseError, match=f"{before} before and {after} after; use an odd kernel"):
            geometry.same_padding(kernel, dilation)


@pytest.mark.parametrize("side, want", [
    ((28, 5), 24),  # slides 9-11
    ((4, 2), 3),  # slides 17-21
    ((4, 2, 2), 2),  # slides 22-25
    ((4, 2, 2, 1), 3),  # slides 26-28, erratum 1: the heading says 2
    ((4, 2, 1, 1), 5),  # erratum 2
    ((5, 2, 2), 2),  # erratum 3
    ((5, 2, 2, 0, 1, "ceil"), 3),
    ((224, 7, 2, 3), 112),
])
def test_sizes_of_the_lecture(side, want):
    assert geometry.output_size(*side) == want


def test_erratum_2_no_padding_keeps_the_size_with_an_even_kernel():
    with pytest.raises(CourseError, match="kernel 2 and dilation 1: it would take 0 before and 1 after"):
        geometry.same_padding(2)
    assert [geometry.same_padding(k) for k in (1, 3, 5, 7)] == [0, 1, 2, 3]


def test_erratum_3_the_last_pixel_is_dropped_and_a_stride_can_jump_over_pixels():
    assert geometry.unread_pixels(5, 2, 2) == [4]
    assert geometry.unread_pixels(5, 2, 2, convention="ceil") == []
    assert geometry.unread_pixels(7, 1, 3) == [1, 2, 4, 5]
    assert geometry.unread_pixels(4, 2, 2, 1) == []


# --------------------------------------------------------------------------------------------- receptive fields

def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


layer_lists = st.lists(min_size=1, max_size=3, elements=st.one_of(
    st.builds(Conv, st.just(1), pairs(1, 3), pairs(1, 2), pairs(0, 2), pairs(1, 2)),
    st.builds(Pool, pairs(2, 3), pairs(1, 2), pairs(0, 1)),
))


@EXAMPLES
@given(layer_lists, st.integers(0, 1))
def test_the_window_of_a_unit_is_where_its_gradient_lies(layers, axis):
    shape = (1, 80, 83)  # large enough that the unit in the middle meets no padding
    x = torch.zeros(1, *shape, requires_grad=True)
    y = x
    for layer in layers:
        if isinstance(layer, Conv):
            y = torch.nn.functional.conv2d(y, torch.ones(1, 1, *layer.kernel), None, *layer.window[1:])
        else:
            y = torch.nn.functional.avg_pool2d(y, *layer.window[:3])
    assert y.shape[1:] == geometry.costs(layers, shape)[-1].shape
    middle = [side // 2 for side in y.shape[2:]]
    y[0, 0, *middle].backward()
    seen = x.grad[0, 0].any(dim=1 - axis).nonzero().ravel().tolist()
    assert geometry.receptive_fields(layers, axis)[-1].window(middle[axis]) == (seen[0], seen[-1])


def resnet20():
    """The 3x3 convolutions on the longest path of the CIFAR ResNet-20."""
    return [Conv(16, 3, padding=1), *[Conv(16, 3, padding=1)] * 6, Conv(32, 3, 2, 1), *[Conv(32, 3, padding=1)] * 5,
            Conv(64, 3, 2, 1), *[Conv(64, 3, padding=1)] * 5]


def test_receptive_fields_of_the_course():
    last = {name: geometry.receptive_fields(network.layers) for name, network in NETWORKS.items()}
    assert geometry.receptive_fields([Conv(1, 3)] * 2)[-1].size == 5
    assert geometry.receptive_fields([Conv(1, 3)] * 3)[-1].size == 7
    assert geometry.receptive_fields(resnet20())[-1].size == 81
    assert last["AlexNet"][-1].size == 195
    assert [field.size for field in last["VGG-16"][-2:]] == [196, 212]
    assert last["VGG-16"][-1].jump == 32 and last["LeNet-5"][-1][:2] == (16, 4)
    assert last["LeNet-5"][-1].start == -2 and last["LeNet-5"][-1].window(1) == (2, 17)


# --------------------------------------------------------------------------------------------- counts

def test_slide_3_one_layer_from_an_image_to_1000_classes():
    assert geometry.linear_parameters(224 * 224 * 3, 1000, bias=False) == 150_528_000
    assert geometry.linear_parameters(224 * 224 * 3, 1000) == 150_529_000


def test_slides_9_to_14_parameters_and_multiply_adds():
    assert geometry.conv_parameters(3, 1, 5, bias=False) == 75
    assert geometry.conv_parameters(3, 1, 5) == 76
    assert geometry.conv_parameters(3, 4, 5, bias=False) == 300
    assert geometry.conv_parameters(3, 4, 5) == 304
    assert geometry.linear_parameters(3 * 28 * 28, 4 * 24 * 24, bias=False) == 5_419_008
    [row] = geometry.costs([Conv(4, 5)], (3, 28, 28))
    assert row == (Conv(4, 5), (4, 24, 24), 304, 172_800, 2304)


def test_slides_34_to_37_heads_small_kernels_and_groups():
    assert geometry.linear_parameters(512 * 7 * 7, 4096) == 102_764_544
    assert geometry.count_parameters([GlobalAverage(), Linear(1000)], (512, 7, 7)) == 513_000
    assert [many * geometry.conv_parameters(64, 64, k, bias=False) for many, k in ((2, 3), (1, 5), (3, 3), (1, 7))] == [
        73_728, 102_400, 110_592, 200_704]
    whole, halves = (geometry.conv_parameters(96, 256, 5, groups, bias=False) for groups in (1, 2))
    assert whole == 2 * halves


@pytest.mark.parametrize("name, parameters, linear, macs", [
    ("LeNet-5", 61_706, 59_134, 416_520),
    ("AlexNet", 61_100_840, 58_631_144, 714_188_480),
    ("VGG-16", 138_357_544, 123_642_856, 15_470_264_320),
])
def test_the_networks_of_the_lecture(name, parameters, linear, macs):
    shape, layers = NETWORKS[name]
    rows = geometry.costs(layers, shape)
    assert geometry.count_parameters(layers, shape) == parameters
    assert sum(row.parameters for row in rows if isinstance(row.layer, Linear)) == linear
    assert geometry.count_macs(layers, shape) == macs


def test_vgg_16_is_14_714_688_in_its_convolutions_and_most_macs_too():
    shape, layers = NETWORKS["VGG-16"]
    convolutions = [row for row in geometry.costs(layers, shape) if isinstance(row.layer, Conv)]
    assert sum(row.parameters for row in convolutions) == 14_714_688
    assert sum(row.macs for row in convolutions) / geometry.count_macs(layers, shape) > 0.99
    assert {row.layer.kernel for row in convolutions} == {3}  # erratum 8


def as_torch(layer, shape):
    """The same layer as a torch module."""
    match layer:
        case Conv():
            return torch.nn.Conv2d(shape[0], layer.out_channels, *layer.window, layer.groups, layer.bias)
        case Pool():
            return torch.nn.MaxPool2d(*layer.window, ceil_mode=layer.convention == "ceil")
        case GlobalAverage():
            return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        case Flatten():
            return torch.nn.Flatten()
        case Linear():
            return torch.nn.Linear(*shape, layer.outputs, layer.bias)


CURIOUS = (Conv(6, (3, 2), (2, 1), (1, 0), (1, 2), bias=False), Pool((2, 3), 2, convention="ceil"),
           Conv(4, 3, groups=2), GlobalAverage(), Linear(5, bias=False))


@pytest.mark.parametrize("shape, layers", [*NETWORKS.values(), ((3, 31, 26), CURIOUS)], ids=[*NETWORKS, "curious"])
def test_shapes_parameters_and_macs_are_those_of_torch(shape, layers):
    with torch.device("meta"):  # no memory, no arithmetic
        x = torch.ones(1, *shape)
        for row in geometry.costs(layers, shape):
            module = as_torch(row.layer, x.shape[1:])
            with FlopCounterMode(display=False) as counter:
                x = module(x)
            assert x.shape[1:] == row.shape
            assert sum(parameter.numel() for parameter in module.parameters()) == row.parameters
            assert counter.get_total_flops() == 2 * row.macs


def test_bytes_of_activations():
    shape, layers = (3, 28, 28), (Conv(4, 5), Pool(2), Flatten(), Linear(10))
    values = [3 * 28 * 28, 4 * 24 * 24, 4 * 12 * 12, 10]  # Flatten takes no memory
    assert geometry.activation_bytes(layers, shape) == 4 * sum(values)
    assert geometry.activation_bytes(layers, shape, training=False) == 4 * (values[0] + values[1])
    assert geometry.activation_bytes(layers, shape, batch=32, number_bytes=2) == 32 * 2 * sum(values)
    assert geometry.activation_bytes([], shape, training=False) == 4 * values[0]
    # VGG-16: 15.2 million values, 61 MB; CS231n's notes add the same column up to 24 million.
    shape, layers = NETWORKS["VGG-16"]
    assert geometry.activation_bytes(layers, shape, number_bytes=1) == 15_237_608


def test_a_deeper_net_costs_more_memory_in_training_only():
    shape = (8, 16, 16)
    training, inference = ([geometry.activation_bytes([Conv(8, 3, padding=1)] * depth, shape, training=learning)
                            for depth in (2, 20)] for learning in (True, False))
    assert training[1] == 7 * training[0] and inference[1] == inference[0]


# --------------------------------------------------------------------------------------------- what is refused

@pytest.mark.parametrize("call, sentence", [
    (lambda: geometry.output_size(0, 1), "size must be a whole number of at least 1; got 0"),
    (lambda: geometry.output_size(5, 2.5), "kernel must be a whole number .*got 2.5"),
    (lambda: geometry.output_size(5, 2, True), "stride must be a whole number"),
    (lambda: geometry.output_size(5, 2, 1, math.nan), "padding must be a whole number"),
    (lambda: geometry.output_size(5, 2, 1, 0, "x"), "dilation must be a whole number of at least 1; got 'x'"),
    (lambda: geometry.output_size(5, 3, dilation=3), "covers 7 pixels and the padded side has only 5"),
    (lambda: geometry.output_size(5, 2, convention="round"), "one of floor, ceil, refuse; got 'round'"),
    (lambda: geometry.output_size(5, 2, 2, convention="refuse"), r"\(5 \+ 2\*0 - 2\)/2 \+ 1 is not a whole"),
    (lambda: geometry.conv_parameters(4, 6, 3, groups=4), "groups=4 must divide 4 input and 6 output channels"),
    (lambda: geometry.costs([Conv(4, 5), Linear(10)], (3, 28, 28)), r"layer 2: Linear .* shape \(4, 24, 24\)"),
    (lambda: geometry.costs([Flatten(), Conv(4, 5)], (3, 28, 28)), r"layer 2: Conv takes an image .*\(2352,\)"),
    (lambda: geometry.costs([Pool(2), Pool(30)], (3, 28, 28)), "layer 2: the kernel covers 30 pixels"),
])
def test_what_does_not_fit_is_told_in_a_sentence(call, sentence):
    with pytest.raises(CourseError, match=sentence):
        call()


def test_neither_module_imports_torch():
    code = "import sys, course_lib.ops, course_lib.geometry; print(*{'torch', 'scipy', 'matplotlib'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
