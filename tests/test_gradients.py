"""Norms of gradients by layer: against autograd by hand, and what measuring must not change."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import training
from course_lib.errors import CourseError
from course_lib.gradients import gradient_norms
from course_lib.models.resnet_cifar import ResNetCIFAR


@pytest.fixture(scope="module")
def batch() -> training.Images:
    return training.images("digits")[:32]


def network(depth: int = 8, **settings) -> ResNetCIFAR:
    torch.manual_seed(0)
    return ResNetCIFAR(depth, channels=1, width=4, **settings)


def test_norms_are_those_of_the_loss_in_training_mode(batch):
    model = network()
    norms = gradient_norms(model.eval(), batch)
    F.cross_entropy(model.train()(batch.normalised()), batch.y).backward()
    convolutions = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
    assert list(norms) == list(convolutions) and len(norms) == 7
    for name, layer in convolutions.items():
        assert norms[name] == pytest.approx(layer.weight.grad.square().sum().sqrt().item(), rel=1e-5)


def test_layers_come_from_the_first_to_the_last(batch):
    order = []
    model = network(14)
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda *_, name=name: order.append(name))
    assert list(gradient_norms(model, batch)) == order and len(order) == 13


def test_nothing_changes(batch):
    model = nn.Sequential(network().eval(), nn.Dropout(0.5))
    model[0].stem.train()
    weight = next(model.parameters())
    weight.grad = torch.ones_like(weight)
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    one = gradient_norms(model, batch)
    assert torch.equal(random, torch.get_rng_state())
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in state.items())
    assert torch.equal(weight.grad, torch.ones_like(weight)) and next(iter(one.values())) > 0
    with torch.no_grad():
        assert gradient_norms(model, batch) == one, "the same random numbers for dropout, and a gradient all the same"


def test_frozen_layers_are_left_out(batch):
    model = network()
    model.stem.requires_grad_(False)
    assert len(gradient_norms(model, batch)) == 6
    with pytest.raises(CourseError, match="ResNetCIFAR has no convolution that learns"):
        gradient_norms(model.requires_grad_(False), batch)


def test_bad_input_gets_a_sentence(batch):
    with pytest.raises(CourseError, match="the set is empty"):
        gradient_norms(network(), batch[:0])
    with pytest.raises(CourseError, match="Sequential has no convolution"):
        gradient_norms(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), batch)
