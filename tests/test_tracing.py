"""What a network does with one image is seen whatever its forward does, and the network stays as it was."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import geometry, models
from course_lib.errors import CourseError
from course_lib.models.lenet import LeNet5
from course_lib.tracing import Step, trace


def kinds(network, shape):
    return [step.kind for step in trace(network, shape).steps]


class Written(nn.Module):
    """Nothing but plain calls on its own parameters."""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.bias = nn.Parameter(torch.randn(4, 1, 1))
        self.weight = nn.Parameter(torch.randn(8, 5))

    def forward(self, X):
        X = F.relu(F.conv2d(X, self.kernel, padding=1) + self.bias)
        X = torch.cat([F.max_pool2d(X, 2), F.avg_pool2d(X, kernel_size=2)], dim=1)
        return F.softmax(X.mean((2, 3)) @ self.weight, dim=1)


def test_plain_calls_are_seen_like_modules():
    first, bias, relu, *pools, concat, mean, linear, softmax = trace(Written(), (3, 8, 6)).steps
    assert first == Step("convolution", "conv2d", "", (-1,), (3, 8, 6), (4, 8, 6), 108, 108 * 48, ((3, 3), (1, 1)),
                         kernel=(3, 3), stride=(1, 1), padding=(1, 1), dilation=(1, 1))
    assert (bias.kind, bias.parameters, relu.kind) == ("normalisation", 4, "activation")
    assert [(pool.kind, pool.inputs, pool.stride) for pool in pools] == [
        ("max pool", (2,), (2, 2)), ("average pool", (2,), (2, 2))]
    assert (concat.kind, concat.inputs, concat.parts, concat.shape_out) == ("concat", (3, 4), (4, 4), (8, 4, 3))
    assert (mean.kind, mean.shape_out, mean.field) == ("average pool", (8,), "all")
    assert (linear.kind, linear.parameters, linear.macs) == ("fully connected", 40, 40)
    assert softmax.kind == "softmax"


@pytest.mark.parametrize("name, known", [("lenet5", "LeNet-5"), ("alexnet", "AlexNet"), ("vgg16", "VGG-16")])
def test_shapes_and_costs_are_those_of_geometry(name, known):
    """A second way to count: course_lib.geometry works without any network."""
    layers, shape = geometry.NETWORKS[known].layers, geometry.NETWORKS[known].shape
    with torch.device("meta"):
        steps = trace(models.build(name, shape[0], layers[-1].outputs), shape).steps
    mine = [(s.shape_out, s.parameters, s.macs) for s in steps if s.kind not in ("activation", "dropout")]
    rows = [row for row in geometry.costs(layers, shape) if not isinstance(row.layer, geometry.Flatten)]
    assert mine == [(row.shape, row.parameters, row.macs) for row in rows]
    fields = [s.field[0] for s in steps if s.kind in ("convolution", "max pool")]
    assert fields == [(field.size,) * 2 for field in geometry.receptive_fields(layers)[1:]]


def test_the_network_is_left_as_it_was():
    network = models.build("resnet20").train()
    network.stem[1].eval()
    seen = []
    network.head.register_forward_hook(lambda *_: seen.append(1))
    before, modes = copy.deepcopy(network.state_dict()), [module.training for module in network.modules()]
    torch.manual_seed(0)
    trace(network, (3, 32, 32))
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert drawn == torch.rand(1) and not seen
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    network(torch.zeros(2, 3, 32, 32))
    assert seen == [1], "the hook is the network's own, and still there"


class Deciding(nn.Module):
    """Looks at values, keeps a plain tensor, counts its calls and normalises as in training."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
        self.scale, self.calls = torch.ones(2, 1, 1), 0

    def forward(self, X):
        self.calls += 1
        X = self.norm(self.conv(X)) * self.scale
        return X.flatten(1) if X.mean() > 1e9 or (X.cpu().numpy() > 1e9).any() else F.relu(X)


@pytest.mark.filterwarnings("error")
def test_a_forward_that_asks_for_values_runs_on_a_copy():
    network = Deciding()
    running = network.norm.running_mean.clone()
    assert kinds(network, (1, 5, 5)) == ["convolution", "normalisation", "activation"]
    assert network.calls == 0 and network.training and torch.equal(network.norm.running_mean, running)
    with torch.device("meta"):
        assert kinds(Deciding(), (1, 5, 5)) == ["convolution", "normalisation", "activation"]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding="same", dilation=2, groups=2)

    def forward(self, X):
        Y = X
        Y = self.conv(Y)
        Y += X
        return Y * torch.sigmoid(Y.amax((2, 3), keepdim=True))


def test_in_place_sums_gates_groups_and_shared_weights():
    block = Block()
    steps = trace(nn.Sequential(block, nn.Dropout(0.0), block), (4, 8, 8)).steps
    conv, add, pool, gate, product = steps[:5]
    assert (conv.groups, conv.padding, conv.parameters, conv.macs) == (2, (2, 2), 76, 4 * 2 * 9 * 64)
    assert (add.kind, add.inputs, add.name, add.field) == ("residual add", (0, -1), "0", ((5, 5), (1, 1)))
    assert (pool.kind, pool.field, gate.kind, product.kind) == ("max pool", "all", "activation", "multiply")
    assert product.inputs == (1, 3) and product.field == "all"
    assert len(steps) == 10, "dropout of nothing is no layer"
    assert steps[5].kind == "convolution" and steps[5].shared and not steps[5].parameters and not conv.shared


def test_what_only_reshapes_or_subsamples_is_no_layer():
    class Reshaping(nn.Module):
        def forward(self, X):
            first, second = X.chunk(2, dim=1)
            zeros = torch.zeros_like(first)
            X = torch.cat([first, zeros], 1) + F.avg_pool2d(second, 1, 1).repeat(1, 2, 1, 1)
            return F.adaptive_avg_pool2d(X, X.shape[-2:]).permute(0, 2, 3, 1)

    assert kinds(nn.Sequential(nn.Conv2d(1, 4, 1), Reshaping(), nn.ReLU()), (1, 6, 6)) == ["convolution", "activation"]
    option_a = trace(models.build("resnet20"), (3, 32, 32)).steps
    assert [step.kind for step in option_a].count("average pool") == 1


def test_parameters_that_did_not_run_are_counted_as_unused():
    network = LeNet5()
    network.auxiliary = nn.Linear(7, 3)
    seen = trace(network, (1, 28, 28))
    assert seen.unused == 24 and sum(step.parameters for step in seen.steps) == 61_706


def test_layers_of_other_kinds_are_told_as_such():
    network = nn.Sequential(nn.ConvTranspose2d(2, 3, 2, stride=2), nn.Upsample(scale_factor=2), nn.PixelShuffle(1))
    up, *others = trace(network, (2, 4, 4)).steps
    assert (up.kind, up.field, up.macs) == ("convolution", None, 2 * 3 * 4 * 16)
    assert [(step.kind, step.call) for step in others] == [("other", "interpolate"), ("other", "pixel_shuffle")]
    attention = trace(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (5, 8)).steps
    assert attention[0].call == "multi_head_attention_forward" and attention[0].parameters == 4 * 8 * 8 + 4 * 8


@pytest.mark.parametrize("network, shape, sentence", [
    ("LeNet5", (1, 28, 28), r"net must be a torch module \(nn.Module\); got 'LeNet5'"),
    (nn.ReLU, (1, 28, 28), r"net is the class ReLU itself: make a network of it, ReLU\(\)"),
    (nn.LazyLinear(3), (4,), "net has lazy layers"),
    (nn.ReLU(), 28, "the input of net must be the shape of one image, such as .* got 28"),
    (nn.ReLU(), (1, 0, 28), r"the shape of one image.* got \(1, 0, 28\)"),
    (LeNet5(), (3, 32, 32), r"net cannot take an input of 3×32×32: its layer features.0, Conv2d\(1, 6, .* 3×32×32 "),
    (LeNet5(), (1, 40, 40), r"its layer classifier.1, Linear\(in_features=400, .*\), fails on 1024 .*input=\(channels"),
    (nn.Identity(), (3, 8, 8), "net ran, but none of its layers could be seen"),
])
def test_bad_input_gets_a_sentence(network, shape, sentence):
    with pytest.raises(CourseError, match=sentence):
        trace(network, shape, "net")
