"""How much of the loss's gradient reaches each layer: slide 40's claim, as numbers."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from .batches import Images
from .devices import device
from .errors import CourseError


def gradient_norms(model: nn.Module, images: Images) -> dict[str, float]:
    """The norm of the gradient of each convolution's weight, by the layer's name, in the order of their definition.

    The loss is the mean cross-entropy of ``images``, all in one batch, with the network in training mode, as in a
    step of training: batch norm takes the batch's own mean and variance. A copy is measured, so the network and the
    random numbers stay as they are. Frozen layers are left out. K. He et al. 2016 (arXiv:1512.03385), section 4.1,
    say of these norms that they are healthy in plain networks with batch norm, and print none.
    CourseError where there is no image, or no convolution that learns.
    """
    if not len(images):
        raise CourseError("there is no image to measure gradients on: the set is empty. Take images[:64].")
    with torch.random.fork_rng(), torch.enable_grad():
        measured = copy.deepcopy(model).to(device()).train()
        measured.zero_grad(set_to_none=True)
        weights = {name: layer.weight for name, layer in measured.named_modules()
                   if isinstance(layer, nn.Conv2d) and layer.weight.requires_grad}
        if not weights:
            raise CourseError(f"{type(model).__name__} has no convolution that learns: give a network with nn.Conv2d "
                              "layers that are not frozen.")
        F.cross_entropy(measured(images.normalised(images.x.to(device()))), images.y.to(device())).backward()
    return {name: weight.grad.norm().item() for name, weight in weights.items() if weight.grad is not None}
