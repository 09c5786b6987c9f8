"""torchvision's networks and ours give the same numbers with the same weights, carried over by one function."""

import pytest
import torch
import torchvision
from torch import nn

from course_lib import models

OPTIONS = {"googlenet": {"kernel": 3, "batch_norm": True, "aux": True}}
OUTPUTS = ["alexnet", "vgg11", "googlenet", "resnet18", "resnet50", "densenet121"]
NAMES_ONLY = ["vgg13", "vgg16", "vgg19", "resnet34", "resnet101", "resnet152", "densenet169", "densenet201"]


def theirs(name: str) -> nn.Module:
    """torchvision's, not trained, and without the slow start of its two networks that have one."""
    quick = {"init_weights": False} if name.startswith(("vgg", "googlenet")) else {}
    return torchvision.models.get_model(name, weights=None, **quick)


def ours(name: str) -> nn.Module:
    with torch.device("meta"):
        return models.build(name, **OPTIONS.get(name, {}))


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_agree(name):
    torch.manual_seed(0)
    reference, model = theirs(name).eval(), ours(name).eval()
    for layer in reference.modules():
        if isinstance(layer, nn.BatchNorm2d):  # as if trained: else swapped normalisations would go unseen
            for value, low, high in ((layer.running_mean, -0.1, 0.1), (layer.running_var, 0.5, 1.5),
                                     (layer.weight, 0.5, 1.0), (layer.bias, -0.1, 0.1)):
                nn.init.uniform_(value, low, high)
    model.load_state_dict(models.from_torchvision(reference.state_dict()), assign=True)
    X = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted, got = reference(X), model(X)
    assert wanted.std() > 1e-3
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5 * wanted.abs().max().item())


@pytest.mark.parametrize("name", NAMES_ONLY)
def test_names_and_shapes_agree(name):
    with torch.device("meta"):
        reference = theirs(name)
    renamed = models.from_torchvision(reference.state_dict())
    assert {key: value.shape for key, value in renamed.items()} == \
        {key: value.shape for key, value in ours(name).state_dict().items()}


def test_timms_gates_have_a_place():
    """timm is not installed here: its names, as version 1.0.31 has them."""
    names = {f"layer3.5.se.{layer}.{value}": torch.empty(0) for layer in ("fc1", "fc2") for value in ("weight", "bias")}
    with torch.device("meta"):
        known = models.build("seresnet50", bias=True).state_dict().keys()
    assert models.from_torchvision(names).keys() <= known
