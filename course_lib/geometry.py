"""Sizes, receptive fields and costs, worked out without a network: what the calculators and checks go by.

Lengths are in pixels along one side unless a shape says otherwise. A layer list is a list of the small
classes below; ReLU works in place and dropout has no weights, so neither is listed. `NETWORKS` has LeNet-5,
AlexNet and VGG-16. Whatever does not fit is a CourseError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from math import prod
from typing import NamedTuple

from .errors import CourseError

CONVENTIONS = ("floor", "ceil", "refuse")
Pair = int | tuple[int, int]


def _whole(value, name: str, least: int) -> int:
    """``value`` as an int of at least ``least``, or a CourseError."""
    try:
        if not isinstance(value, bool) and value == int(value) and value >= least:
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise CourseError(f"{name} must be a whole number of at least {least}; got {value!r}.")


def _pair(value: Pair) -> tuple[int, int]:
    """A whole number as a pair (down, right); a pair as it is."""
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


# ---------------------------------------------------------------------------------------------- one side

def output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, convention: str = "floor"
) -> int:
    """How many windows fit along a side: floor((size + 2p - d (k - 1) - 1) / s) + 1 (slides 17-28, errata 1-3).

    Where the stride does not go into the length, "floor" leaves the last pixels unread, as torch does; "ceil"
    adds a window that hangs over the edge, as torch's ceil_mode, unless it would start beyond the image and its
    padding before it; "refuse" raises. Errors: CourseError if the kernel is larger than the padded side.
    """
    size, kernel = _whole(size, "size", 1), _whole(kernel, "kernel", 1)
    stride, padding = _whole(stride, "stride", 1), _whole(padding, "padding", 0)
    dilation = _whole(dilation, "dilation", 1)
    if convention not in CONVENTIONS:
        raise CourseError(f"convention must be one of {', '.join(CONVENTIONS)}; got {convention!r}.")
    spread, padded = dilation * (kernel - 1) + 1, size + 2 * padding
    if spread > padded:
        raise CourseError(f"the kernel covers {spread} pixels and the padded side has only {padded}: "
                          "use a smaller kernel, less dilation or more padding.")
    steps, left_over = divmod(padded - spread, stride)
    if left_over and convention == "refuse":
        raise CourseError(f"({size} + 2*{padding} - {spread})/{stride} + 1 is not a whole number: {left_over} of "
                          f"{padded} pixels would be left over; change the stride, the kernel or the padding.")
    hangs_over = left_over and convention == "ceil" and (steps + 1) * stride < size + padding
    return steps + 1 + bool(hangs_over)


def same_padding(kernel: int, dilation: int = 1) -> int:
    """The padding, on each side, that keeps the size at stride 1: d (k - 1) / 2 (slides 26-28, erratum 2).

    Errors: CourseError for an even kernel (with odd dilation), for which there is none; see ``same_padding_sides``.
    """
    before, after = same_padding_sides(kernel, dilation)
    if before != after:
        raise CourseError(f"no padding keeps the size with kernel {kernel} and dilation {dilation}: it would take "
                          f"{before} before and {after} after; use an odd kernel.")
    return before


def same_padding_sides(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """The paddings (before, after) that keep the size at stride 1; the odd pixel goes after, as in torch's "same"."""
    total = _whole(dilation, "dilation", 1) * (_whole(kernel, "kernel", 1) - 1)
    return total // 2, total - total // 2


def unread_pixels(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, convention: str = "floor"
) -> list[int]:
    """Which pixels of a side (0 to size - 1) no window reads: what floor drops, what stride or dilation jumps over.

    In two dimensions, a pixel is unread if its row or its column is. Errors: as ``output_size``.
    """
    windows = output_size(size, kernel, stride, padding, dilation, convention)
    read = {i * stride + a * dilation - padding for i in range(windows) for a in range(kernel)}
    return [pixel for pixel in range(size) if pixel not in read]


# -------------------------------------------------------------------------------------------------- counts

def linear_parameters(inputs: int, outputs: int, bias: bool = True) -> int:
    """Weights of a fully connected layer, one per pair of input and output, and a bias per output (slide 3)."""
    return (_whole(inputs, "inputs", 1) + bool(bias)) * _whole(outputs, "outputs", 1)


def conv_parameters(in_channels: int, out_channels: int, kernel: Pair, groups: int = 1, bias: bool = True) -> int:
    """Weights of a convolution: each kernel has in_channels / groups slices, and a bias (slides 9-14, erratum 17).

    Errors: CourseError if groups do not divide both channel counts.
    """
    in_channels, out_channels = _whole(in_channels, "in_channels", 1), _whole(out_channels, "out_channels", 1)
    if in_channels % groups or out_channels % groups:
        raise CourseError(f"groups={groups} must divide {in_channels} input and {out_channels} output channels.")
    down, right = _pair(kernel)
    return out_channels * (in_channels // groups * down * right + bool(bias))


# ------------------------------------------------------------------------------------------------- layers

Shape = tuple[int, ...]  # of one image, (C, H, W), or of a vector, (features,)


class Layer:
    """What every layer answers for an input of a shape: by itself it changes, learns and multiplies nothing."""

    def output(self, shape: Shape) -> Shape:
        """The shape of its output; CourseError if it cannot take such an input."""
        return shape

    def parameters(self, shape: Shape) -> int:
        """How many numbers it learns."""
        return 0

    def macs(self, shape: Shape) -> int:
        """Multiply-adds for one image; adding a bias is not counted."""
        return 0


class Sliding(Layer):
    """A layer whose window (kernel, stride, padding, dilation) slides over images (C, H, W)."""

    window: tuple[Pair, Pair, Pair, Pair]

    def sides(self, shape: Shape, convention: str = "floor") -> tuple[int, int]:
        """Height and width of the output."""
        _, *sides = _image(self, shape)
        settings = zip(*map(_pair, self.window), strict=True)
        height, width = (output_size(side, *each, convention) for side, each in zip(sides, settings, strict=True))
        return height, width


@dataclass(frozen=True)
class Conv(Sliding):
    """A convolution; its input channels follow from what it is given."""

    out_channels: int
    kernel: Pair
    stride: Pair = 1
    padding: Pair = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True

    @property
    def window(self) -> tuple[Pair, Pair, Pair, Pair]:
        return self.kernel, self.stride, self.padding, self.dilation

    def output(self, shape: Shape) -> Shape:
        return self.out_channels, *self.sides(shape)

    def parameters(self, shape: Shape) -> int:
        return conv_parameters(_image(self, shape)[0], self.out_channels, self.kernel, self.groups, self.bias)

    def macs(self, shape: Shape) -> int:
        height, width = self.sides(shape)
        return height * width * conv_parameters(shape[0], self.out_channels, self.kernel, self.groups, bias=False)


@dataclass(frozen=True)
class Pool(Sliding):
    """Max or average pooling, which cost the same; stride None means the kernel's side."""

    kernel: Pair
    stride: Pair | None = None
    padding: Pair = 0
    convention: str = "floor"

    @property
    def window(self) -> tuple[Pair, Pair, Pair, Pair]:
        return self.kernel, self.kernel if self.stride is None else self.stride, self.padding, 1

    def output(self, shape: Shape) -> Shape:
        return shape[0], *self.sides(shape, self.convention)


@dataclass(frozen=True)
class GlobalAverage(Layer):
    """The mean of every channel: (C, H, W) -> (C,) (slides 33-34)."""

    def output(self, shape: Shape) -> Shape:
        return _image(self, shape)[:1]


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers of an image in one row: (C, H, W) -> (C * H * W,) (slides 33-34)."""

    def output(self, shape: Shape) -> Shape:
        return (prod(shape),)


@dataclass(frozen=True)
class Linear(Layer):
    """A fully connected layer: (features,) -> (outputs,)."""

    outputs: int
    bias: bool = True

    def output(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise CourseError(f"Linear takes a vector and got shape {shape}: "
                              "put Flatten() or GlobalAverage() before it.")
        return (self.outputs,)

    def parameters(self, shape: Shape) -> int:
        return linear_parameters(*shape, self.outputs, self.bias)

    def macs(self, shape: Shape) -> int:
        return linear_parameters(*shape, self.outputs, bias=False)


def _image(layer: Layer, shape: Shape) -> Shape:
    """The shape, if it is that of an image."""
    if len(shape) != 3:
        raise CourseError(f"{type(layer).__name__} takes an image (channels, rows, columns) and got shape {shape}.")
    return shape


class ReceptiveField(NamedTuple):
    """What units of one level see of the input, along one side.

    ``size`` pixels each; neighbouring units see windows ``jump`` pixels apart; the first unit's window begins at
    pixel ``start`` (negative: in the padding).
    """

    size: int = 1
    jump: int = 1
    start: int = 0

    def window(self, unit: int) -> tuple[int, int]:
        """The first and the last input pixel that a unit sees; padding counts as pixels before 0 and beyond the end."""
        first = self.start + unit * self.jump
        return first, first + self.size - 1


def receptive_fields(layers: Sequence[Layer], axis: int = 0) -> list[ReceptiveField]:
    """The receptive field after every layer with windows, the input's own first; axis 0 down, 1 right.

    A layer makes the window grow by d (k - 1) jumps, the jump by its stride, and the start go back by p jumps. The
    list ends at the first layer without a window (flatten, linear): from there every unit sees everything.
    """
    fields = [ReceptiveField()]
    for layer in takewhile(lambda layer: isinstance(layer, Sliding), layers):
        kernel, stride, padding, dilation = (_pair(value)[axis] for value in layer.window)
        size, jump, start = fields[-1]
        fields.append(ReceptiveField(size + dilation * (kernel - 1) * jump, jump * stride, start - padding * jump))
    return fields


# ---------------------------------------------------------------------------------------------- the whole

class Cost(NamedTuple):
    """What one layer costs for one image. ``values`` counts the numbers of its output that take memory of their own."""

    layer: Layer
    shape: Shape
    parameters: int
    macs: int
    values: int


def costs(layers: Sequence[Layer], shape: Shape) -> list[Cost]:
    """Layer by layer: shape of the output, parameters, multiply-adds and values, for an input (C, H, W) (slide 29).

    Errors: CourseError, with the layer's number, where a layer cannot take what the one before gives.
    """
    rows = []
    for number, layer in enumerate(layers, 1):
        try:
            output = layer.output(shape)
            # Flatten only reads the same numbers in another shape.
            values = 0 if isinstance(layer, Flatten) else prod(output)
            rows.append(Cost(layer, output, layer.parameters(shape), layer.macs(shape), values))
        except CourseError as error:
            raise CourseError(f"layer {number}: {error}") from None
        shape = output
    return rows


def count_parameters(layers: Sequence[Layer], shape: Shape) -> int:
    """How many numbers the layers learn, for an input (C, H, W)."""
    return sum(row.parameters for row in costs(layers, shape))


def count_macs(layers: Sequence[Layer], shape: Shape) -> int:
    """Multiply-adds for one image (C, H, W); a FLOP count is twice that."""
    return sum(row.macs for row in costs(layers, shape))


def activation_bytes(
    layers: Sequence[Layer], shape: Shape, batch: int = 1, number_bytes: int = 4, training: bool = True
) -> int:
    """Bytes of the numbers that flow through the layers, for a batch of images (C, H, W) (slide 29).

    Training keeps the input and every output until the backward pass has used them; inference needs one layer's
    input and output at a time, so the largest such pair. ReLU works in place, and is not counted; nor are
    parameters, gradients and the workspace of a library. number_bytes: 4 for float32, 2 for half precision.
    """
    values = [prod(shape), *(row.values for row in costs(layers, shape) if row.values)]
    most = sum(values) if training else max(map(sum, pairwise(values)), default=values[0])
    return most * _whole(batch, "batch", 1) * _whole(number_bytes, "number_bytes", 1)


class Network(NamedTuple):
    """A layer list and the shape of the image that it takes."""

    shape: Shape
    layers: tuple[Layer, ...]


def _vgg(*blocks: tuple[int, int]) -> list[Layer]:
    """Blocks of (how many) 3x3 convolutions to (channels), each block followed by a max pooling."""
    return [layer for many, channels in blocks for layer in (*[Conv(channels, 3, padding=1)] * many, Pool(2))]


NETWORKS = {
    # LeCun et al. 1998, section II.B, in today's form: 28x28 with padding 2, plain pooling, all maps connected.
    "LeNet-5": Network((1, 28, 28), (
        Conv(6, 5, padding=2), Pool(2), Conv(16, 5), Pool(2), Flatten(), Linear(120), Linear(84), Linear(10))),
    # Krizhevsky, arXiv:1404.5997: the one-GPU form of AlexNet (2012), as torchvision has it.
    "AlexNet": Network((3, 224, 224), (
        Conv(64, 11, stride=4, padding=2), Pool(3, 2), Conv(192, 5, padding=2), Pool(3, 2), Conv(384, 3, padding=1),
        Conv(256, 3, padding=1), Conv(256, 3, padding=1), Pool(3, 2), Flatten(),
        Linear(4096), Linear(4096), Linear(1000))),
    # Simonyan and Zisserman, arXiv:1409.1556, table 1, configuration D.
    "VGG-16": Network((3, 224, 224), (
        *_vgg((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), Flatten(), Linear(4096), Linear(4096), Linear(1000))),
}
