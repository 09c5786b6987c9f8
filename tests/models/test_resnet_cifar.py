"""ResNets for CIFAR: parameters, operations, shortcuts and shapes as in He et al. 2016, section 4.2."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib import models
from course_lib.errors import CourseError
from course_lib.models.resnet_cifar import BasicBlock, ResNetCIFAR, ZeroPadded

COUNTS = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}
MILLIONS_OF_MACS = {20: 40.6, 32: 68.9, 44: 97.2, 56: 125.5, 110: 252.9}


@pytest.mark.parametrize("depth", COUNTS)
def test_size_and_cost_are_the_papers(depth):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = models.build(f"resnet{depth}")
        model(torch.empty(1, 3, 32, 32))
    assert models.parameters(model) == COUNTS[depth]
    assert round(counter.get_total_flops() / 2e6, 1) == MILLIONS_OF_MACS[depth]
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in model.modules()) == depth


@pytest.mark.parametrize("depth", [20, 32, 44, 56])
def test_a_plain_network_is_the_same_without_shortcuts(depth):
    torch.manual_seed(0)
    plain = models.build(f"plain{depth}")
    torch.manual_seed(0)
    residual = models.build(f"resnet{depth}")
    assert models.parameters(plain) == COUNTS[depth] and plain.state_dict().keys() == residual.state_dict().keys()
    X = torch.randn(2, 3, 32, 32)
    assert torch.equal(plain.stem(X), residual.stem(X)) and not torch.equal(plain(X), residual(X))


def test_option_b_adds_two_projections():
    count = models.parameters(ResNetCIFAR(20, option="B"))
    assert count == COUNTS[20] + (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64) == 272_474


def test_the_shortcut_of_option_a_by_hand():
    X = torch.arange(32.).reshape(1, 2, 4, 4)
    Y = ZeroPadded(2, 2)(X)
    assert Y.tolist() == [[[[0, 2], [8, 10]], [[16, 18], [24, 26]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]]]


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("shape, stride", [((2, 16, 8, 8), 1), ((2, 32, 4, 4), 2)])
def test_a_block_whose_branch_gives_nothing_gives_its_shortcut(residual, shape, stride):
    block = BasicBlock(16, shape[1], stride, residual=residual)
    nn.init.zeros_(block.bn2.weight)
    X = torch.randn(2, 16, 8, 8)
    want = torch.zeros(shape)
    if residual:
        want[:, :16] = X[:, :, ::stride, ::stride].clamp_min(0)
    assert torch.equal(block(X), want)


@pytest.mark.parametrize("option", "AB")
def test_stages_halve_maps_and_double_channels(option):
    model, sizes = ResNetCIFAR(14, channels=1, classes=7, option=option), []
    for stage in model.stages:
        stage.register_forward_hook(lambda module, inputs, output: sizes.append(tuple(output.shape[1:])))
    assert model(torch.randn(2, 1, 32, 32)).shape == (2, 7)
    assert sizes == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


def test_every_block_keeps_channels_last():
    model, kept = ResNetCIFAR(20).to(memory_format=torch.channels_last), []
    for module in model.modules():
        if isinstance(module, BasicBlock | ZeroPadded):
            module.register_forward_hook(
                lambda module, inputs, Y: kept.append(Y.is_contiguous(memory_format=torch.channels_last)))
    model(torch.randn(2, 3, 32, 32).to(memory_format=torch.channels_last))
    assert kept == [True] * 11


def test_convolutions_start_as_he_et_al_2015():
    torch.manual_seed(0)
    weight = ResNetCIFAR(20).stages[2][2].conv2.weight
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


@pytest.mark.parametrize("wrong, told", [({"depth": 18}, "depth is 18.*6 n"), ({"depth": 2}, "depth is 2"),
                                         ({"option": "C"}, "option is 'C'")])
def test_what_cannot_be_built_is_told(wrong, told):
    with pytest.raises(CourseError, match=told):
        ResNetCIFAR(**wrong)
