"""Parameters and multiply-adds of a network, counted on the network itself; geometry.py counts without one."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..modes import eval_mode


def parameters(model: nn.Module) -> int:
    """How many numbers it has to learn, those that are kept fixed included; running statistics are none."""
    return sum(parameter.numel() for parameter in model.parameters())


def macs(model: nn.Module, shape: tuple[int, int, int]) -> int:
    """Multiply-adds of convolutions and fully connected layers for one image (C, H, W); FLOPs are twice that."""
    return sum(line.macs for line in costs(model, shape))


class Line(NamedTuple):
    """One layer in the order of computation: its shape for one image, what it learns, what it multiplies."""

    name: str
    layer: nn.Module
    shape: tuple[int, ...]
    parameters: int
    macs: int


@torch.no_grad()
def costs(model: nn.Module, shape: tuple[int, int, int]) -> list[Line]:
    """Layer by layer, for one image (C, H, W), in evaluation mode; the model stays as it was.

    On the "meta" device it takes neither memory nor arithmetic: ``with torch.device("meta"): model = build(...)``.
    """
    lines: list[Line] = []

    def note(name: str):
        def hook(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            lines.append(Line(name, layer, tuple(output.shape[1:]), parameters(layer), _macs(layer, output)))
        return hook

    leaves = {name: layer for name, layer in model.named_modules() if not any(layer.children())}
    hooks = [layer.register_forward_hook(note(name)) for name, layer in leaves.items()]
    try:
        with eval_mode(model):
            model(torch.zeros(1, *shape, device=next(model.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return lines


def _macs(layer: nn.Module, output: Tensor) -> int:
    """Each number of the output is a sum over what it reads."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        return output.numel() * layer.weight[0].numel()
    return 0
