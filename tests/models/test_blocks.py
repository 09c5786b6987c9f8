"""What each paper adds, checked by hand or against its formula."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import models
from course_lib.errors import CourseError
from course_lib.models.deeply_supervised import DeeplySupervised
from course_lib.models.densenet import DenseBlock, DenseNetCIFAR, Transition
from course_lib.models.fractalnet import Fractal, FractalNet
from course_lib.models.googlenet import GoogLeNet, Inception
from course_lib.models.highway import Highway
from course_lib.models.preact import PreActBlock, PreActBottleneck, PreActResNet
from course_lib.models.resnet_cifar import BasicBlock, Bottleneck, ResNetCIFAR
from course_lib.models.squeeze_excitation import SqueezeExcite, squeeze_and_excite
from course_lib.models.stochastic_depth import StochasticBlock, StochasticDepth
from course_lib.models.vgg import VGG
from course_lib.models.wide_resnet import WideResNet


def test_two_gpus_keep_their_maps_to_themselves():
    with torch.device("meta"):
        second, third = (models.build("alexnet", groups=2).features[i] for i in (3, 6))
    assert (second.groups, third.groups) == (2, 1) and second.weight.shape == (192, 32, 5, 5)
    with pytest.raises(CourseError, match="groups=3"):
        models.build("alexnet", groups=3)


@pytest.mark.parametrize("configuration, depth, sizes", [
    ("A", 11, {3}), ("B", 13, {3}), ("C", 16, {1, 3}), ("D", 16, {3}), ("E", 19, {3})])
def test_vgg_has_small_kernels_only(configuration, depth, sizes):
    with torch.device("meta"):
        layers = list(VGG(configuration).modules())
    kernels = [layer.kernel_size[0] for layer in layers if isinstance(layer, nn.Conv2d)]
    assert set(kernels) == sizes and len(kernels) + sum(isinstance(layer, nn.Linear) for layer in layers) == depth


def test_inception_3a_costs_less_than_without_reductions():
    """COURSE.md: 163,328 weights against 387,072 (slide 38)."""
    block = Inception(192, (64, 96, 128, 16, 32, 32), kernel=5, batch_norm=True)
    weights = sum(layer.weight.numel() for layer in block.modules() if isinstance(layer, nn.Conv2d))
    assert weights == 163_328 and 192 * (64 + 128 * 9 + 32 * 25) == 387_072
    X = torch.randn(2, 192, 7, 6)
    Y = block.eval()(X)
    assert Y.shape == (2, 64 + 128 + 32 + 32, 7, 6)
    torch.testing.assert_close(Y[:, 64:192], block.branch2(X))


def test_auxiliary_heads_speak_while_training_only():
    torch.manual_seed(0)
    model, X, y = GoogLeNet(classes=5, aux=True), torch.randn(2, 3, 64, 64), torch.tensor([1, 4])
    outputs = model(X)
    one, two, three = (F.cross_entropy(logits, y) for logits in outputs)
    torch.testing.assert_close(model.loss(outputs, y), one + 0.3 * two + 0.3 * three)
    alone = model.eval()(X)
    assert alone.shape == (2, 5)
    torch.testing.assert_close(model.loss(alone, y), F.cross_entropy(alone, y))


def test_companions_speak_while_training_only():
    torch.manual_seed(0)
    model, X = DeeplySupervised(classes=3, dropout=0.0), torch.randn(2, 3, 32, 32)
    outputs = model(X)
    assert [logits.shape for logits in outputs] == [(2, 3)] * 4
    torch.testing.assert_close(model.eval()(X), outputs[0])
    with pytest.raises(CourseError, match="32x32"):
        model.train()(torch.zeros(1, 3, 40, 40))


def test_squared_hinge_by_hand():
    model = DeeplySupervised(classes=3)
    # The right class wants 1 or more, the others -1 or less: (1 - 0.5)^2 + (1 + 0)^2 + 0.
    scores, y = torch.tensor([[0.5, 0.0, -2.0]]), torch.tensor([0])
    assert model.loss(scores, y).item() == 1.25
    assert model.loss([scores, scores], y).item() == pytest.approx(1.25 + 0.1 * 1.25)
    assert model.loss([scores, scores], y, enough=1.0).item() == pytest.approx(1.25 + 0.1 * 0.25)
    assert model.loss([scores, scores], y, enough=2.0).item() == 1.25


def test_a_highway_carries_or_transforms():
    torch.manual_seed(0)
    layer, X = Highway(4, gate_bias=-1e4), torch.randn(2, 4, 5, 6)
    assert torch.equal(layer(X), X)
    nn.init.constant_(layer.gate_conv.bias, 1e4)
    assert torch.equal(layer(X), F.relu(layer.transform(X)))


def test_all_cnn_has_convolutions_alone():
    model = models.build("all_cnn")
    assert {type(layer) for layer in model.layers} == {nn.Conv2d, nn.ReLU, nn.Dropout}
    shapes = [line.shape for line in models.costs(model, (3, 32, 32)) if line.parameters]
    assert [shape[1] for shape in shapes] == [32, 32, 16, 16, 16, 8, 6, 6, 6]


@pytest.mark.parametrize("make, channels", [(PreActBlock, 16), (PreActBottleneck, 16)])
def test_the_shortcut_of_a_preactivation_block_is_untouched(make, channels):
    block = make(channels, channels)
    nn.init.zeros_([block.conv2, getattr(block, "conv3", None)][block.layers - 2].weight)
    X = torch.randn(2, channels, 5, 6)
    assert torch.equal(block(X), X)  # negative numbers too: no ReLU after the addition


def test_where_the_shape_changes_shortcut_and_branch_read_the_same_activation():
    block, X = PreActBlock(4, 8, stride=2), torch.randn(2, 4, 6, 6)
    read = []
    for layer in (block.conv1, block.shortcut):
        layer.register_forward_hook(lambda layer, inputs, output: read.append(inputs[0]))
    assert block(X).shape == (2, 8, 3, 3)
    assert read[0] is read[1] and read[0].min() == 0


def test_depths_are_those_of_the_names():
    """Layers with weights, those in shortcuts not counted; of a Wide ResNet, all convolutions (section 2)."""
    for model in (PreActResNet(20), ResNetCIFAR(20, block=Bottleneck), ResNetCIFAR(20)):
        layers = [name for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        assert sum("shortcut" not in name for name in layers) == 20
    assert sum(isinstance(layer, nn.Conv2d) for layer in WideResNet(16, 2).modules()) == 16


@pytest.mark.parametrize("make, told", [
    (lambda: PreActResNet(112), "depth is 112.*9 n . 2 layers: 11, 20"),
    (lambda: WideResNet(18, 2), "depth is 18.*6 n . 4 layers: 10, 16"),
    (lambda: ResNetCIFAR(112, block=Bottleneck), "depth is 112.*9 n . 2 layers: 11, 20"),
    (lambda: DenseNetCIFAR(41, 12), "depth is 41.*3 n"), (lambda: DenseNetCIFAR(43, 12, bc=True), "depth is 43.*6 n"),
    (lambda: StochasticDepth(20, last=0), "last is 0"),
])
def test_what_does_not_come_out_is_told(make, told):
    with pytest.raises(CourseError, match=told):
        make()


def test_survival_falls_in_a_line():
    model = StochasticDepth(20, last=0.5)
    survival = [block.survival for stage in model.stages for block in stage]
    assert survival == pytest.approx([1 - number / 9 / 2 for number in range(1, 10)])


@pytest.mark.parametrize("shape, stride", [((2, 16, 6, 6), 1), ((2, 32, 3, 3), 2)])
def test_a_block_that_does_not_survive_is_its_shortcut(shape, stride):
    torch.manual_seed(0)
    block, X = StochasticBlock(16, shape[1], stride), torch.randn(2, 16, 6, 6)
    block.survival = 0.0
    block.conv1.register_forward_hook(lambda *_: pytest.fail("a block that is left out must not be computed"))
    assert torch.equal(block(X), F.relu(block.shortcut(X))) and block(X).shape == shape


def test_in_evaluation_a_block_is_its_mean():
    torch.manual_seed(0)
    block, X = StochasticBlock(8, 8).eval(), torch.rand(2, 8, 4, 4) + 9  # so large that no ReLU changes the mean
    block.survival = 0.3
    torch.testing.assert_close(block(X), 0.3 * BasicBlock.forward(block, X) + 0.7 * X)


def test_how_often_a_block_survives():
    torch.manual_seed(0)
    block, calls = StochasticBlock(1, 1), []
    block.survival = 0.7
    block.conv1.register_forward_hook(lambda *_: calls.append(1))
    for _ in range(400):
        block(torch.zeros(1, 1, 3, 3))
    assert abs(len(calls) - 280) < 3 * (400 * 0.7 * 0.3) ** 0.5


def test_weights_of_a_resnet_fit_its_stochastic_twin():
    plain, stochastic = ResNetCIFAR(8), StochasticDepth(8, last=1.0)
    stochastic.load_state_dict(plain.state_dict())
    X = torch.randn(2, 3, 32, 32)
    assert torch.equal(plain(X), stochastic(X))


def test_a_dense_block_keeps_what_it_was_given():
    block, X = DenseBlock(3, 5, 4, bottleneck=True, dropout=0.0), torch.randn(2, 5, 6, 7)
    Y = block(X)
    assert Y.shape == (2, 5 + 3 * 4, 6, 7) and torch.equal(Y[:, :5], X)
    torch.testing.assert_close(Y[:, 9:13], block[1](Y[:, :9]))  # the second layer reads the input and the first
    assert Transition(17, 8, 0.0)(Y).shape == (2, 8, 3, 3)


@pytest.mark.parametrize("depth, growth, bc", [(40, 12, False), (100, 24, False), (100, 12, True), (190, 40, True)])
def test_densenets_counted_without_building_them(depth, growth, bc):
    """The count that notebook 09 asks for, layer by layer (section 3)."""
    many, width = (depth - 4) // (6 if bc else 3), 2 * growth if bc else 16
    total, channels = 3 * width * 9, width
    for block in range(3):
        for _ in range(many):
            if bc:
                total += 2 * channels + channels * 4 * growth + 2 * 4 * growth + 4 * growth * growth * 9
            else:
                total += 2 * channels + channels * growth * 9
            channels += growth
        if block < 2:
            after = channels // 2 if bc else channels
            total, channels = total + 2 * channels + channels * after, after
    total += 2 * channels + (channels + 1) * 10
    with torch.device("meta"):
        assert models.parameters(DenseNetCIFAR(depth, growth, bc=bc)) == total


def test_two_fractal_columns_by_hand():
    torch.manual_seed(0)
    block, X = Fractal(2, 3, 5, dropout=0.0).eval(), torch.randn(2, 3, 6, 6)
    short, deep = block(X, join=lambda inputs: sum(inputs) / len(inputs))
    assert torch.equal(short, block.short(X))
    torch.testing.assert_close(deep, block.second.short(block.first.short(X)))


def test_a_fractal_join_is_the_mean_of_all_columns():
    torch.manual_seed(0)
    model, X = FractalNet(columns=2, widths=(4,), drop_path=0.9, dropout=0.9).eval(), torch.randn(2, 3, 2, 2)
    short, deep = model.blocks[0](X, lambda inputs: inputs[0])
    want = model.head((F.max_pool2d(short, 2) + F.max_pool2d(deep, 2)).flatten(1) / 2)
    torch.testing.assert_close(model(X), want)


def test_drop_path_leaves_one_column_of_all_blocks_or_some_inputs():
    """With a rate of nearly 0 a local draw drops nothing, so all 35 convolutions learn; a global one leaves 5, 10 or
    20: one, two or four per block, the depth of that column."""
    model, X = FractalNet(widths=(2,) * 5, drop_path=1e-9), torch.randn(2, 3, 32, 32)
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    counts = []
    for seed in range(40):
        torch.manual_seed(seed)
        model.zero_grad()
        model(X).sum().backward()
        counts.append(sum(layer.weight.grad is not None for layer in convolutions))
    assert set(counts) == {5, 10, 20, 35} and abs(counts.count(35) - 20) < 10


def test_a_local_join_always_keeps_an_input():
    model, inputs = FractalNet(widths=(2,), drop_path=1.0), [torch.tensor(1.0), torch.tensor(2.0), torch.tensor(4.0)]
    torch.manual_seed(0)
    assert {model._some(inputs).item() for _ in range(40)} == {1.0, 2.0, 4.0}
    model.drop_path = 0.5
    assert {round(model._some(inputs).item(), 2) for _ in range(80)} == {1.0, 2.0, 4.0, 1.5, 2.5, 3.0, 2.33}


def test_gates_by_hand():
    block = SqueezeExcite(4, reduction=2)
    with torch.no_grad():
        block.fc1.weight.copy_(torch.tensor([[1.0, 0, 0, 0], [0, -1, 0, 0]])[:, :, None, None])
        block.fc2.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, 0]])[:, :, None, None])
    X = torch.tensor([[[[1.0, 3]], [[2, 2]], [[8, 8]], [[-5, 5]]]])  # means 2, 2, 8, 0; after fc1 and ReLU: 2, 0
    Y = block.eval()(X)
    gates = torch.tensor([2.0, 0, -2, 0]).sigmoid()
    torch.testing.assert_close(Y, X * gates[None, :, None, None])
    torch.testing.assert_close(block.last_gates, gates[None])


@pytest.mark.parametrize("name", ["resnet20", "plain20", "stochastic20", "preactresnet164", "wrn16_4"])
def test_any_residual_network_takes_gates(name):
    with torch.device("meta"):
        model = models.build(name)
        before, blocks = models.parameters(model), [module for module in model.modules() if hasattr(module, "gate")]
        squeeze_and_excite(model, reduction=4)
    added = sum(2 * (block.channels * (block.channels // 4)) for block in blocks)
    assert models.parameters(model) - before == added > 0
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}
    assert model(torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 10)


def test_gates_stand_before_the_addition():
    torch.manual_seed(0)
    model, X = squeeze_and_excite(ResNetCIFAR(8)), torch.rand(2, 16, 5, 5)
    block = model.stages[0][0]
    nn.init.zeros_(block.gate.fc2.weight)  # every gate is one half
    torch.testing.assert_close(block(X), F.relu(block.branch(X) / 2 + X))


def test_networks_without_residual_blocks_take_no_gates():
    with pytest.raises(CourseError, match="LeNet5 has no residual blocks"):
        squeeze_and_excite(models.build("lenet5"))
