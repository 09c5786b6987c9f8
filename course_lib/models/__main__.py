"""``python -m course_lib.models``: the table of slide 42; with a name: the layers of that network, and their cost."""

import argparse
import sys

import torch

from ..errors import CourseError
from . import MODELS, build, costs, input_shape, names, parameters
from .table import rows, text

SILENT = {"ReLU", "Dropout", "Identity"}  # they neither learn nor multiply, and keep the shape


def layers(name: str) -> str:
    """One line per layer that learns, multiplies or changes the shape, in the order of computation, and the sums."""
    shape = input_shape(name)
    with torch.device("meta"):
        model = build(name, shape[0])
    lines = [line for line in costs(model, shape) if type(line.layer).__name__ not in SILENT]
    wide = max(len(line.name) for line in lines)
    out = [f"{name}: {type(model).__name__} for images {_sides(shape)}, see {MODELS[name].file}.py", "",
           f"{'layer':{wide}}  {'kind':24} {'output':>14} {'parameters':>12} {'multiply-adds':>15}"]
    for line in lines:
        out.append(f"{line.name:{wide}}  {_kind(line.layer):24} {_sides(line.shape):>14} {line.parameters:12,} "
                   f"{line.macs:15,}")
    out.append(f"{'together':{wide}}  {'':24} {'':>14} {parameters(model):12,} {sum(line.macs for line in lines):15,}")
    unused = parameters(model) - sum(line.parameters for line in lines)
    if unused:
        out.append(f"{unused:,} of the parameters are used while training only.")
    return "\n".join(out)


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _kind(layer: torch.nn.Module) -> str:
    kind = type(layer).__name__.removesuffix("2d")
    if isinstance(layer, torch.nn.Conv2d):
        stride = f" stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
        groups = f" groups {layer.groups}" if layer.groups > 1 else ""
        return f"{kind} {layer.kernel_size[0]}x{layer.kernel_size[1]}{stride}{groups}"
    return kind


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m course_lib.models", description=__doc__.replace("``", ""),
                                     epilog="Networks: " + ", ".join(names()))
    parser.add_argument("name", nargs="?", help="a network; without one, the table")
    name = parser.parse_args(arguments).name
    try:
        print(layers(name) if name else text(rows()))
    except CourseError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
