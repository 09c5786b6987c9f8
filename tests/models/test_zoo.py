"""Every network of models.names(): parameters, multiply-adds, a pass there and back, and a step that helps."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from course_lib import models
from course_lib.errors import CourseError
from course_lib.models.densenet import DenseNetCIFAR
from course_lib.models.fractalnet import FractalNet
from course_lib.models.highway import HighwayNetwork
from course_lib.models.preact import PreActResNet
from course_lib.models.resnet_cifar import Bottleneck, ResNetCIFAR
from course_lib.models.stochastic_depth import StochasticDepth
from course_lib.models.wide_resnet import WideResNet

# With three channels (lenet5: one) and the classes that each was made for. Torchvision and timm count the same where
# they have the network; Caffe's model zoo has network_in_network and googlenet.
COUNTS = {
    "lenet5": 61_706, "author_lenet": 1_191_170, "fast": 560_832, "alexnet": 61_100_840, "network_in_network": 966_986,
    "vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544, "vgg16_c": 133_638_952, "vgg19": 143_667_240,
    "googlenet": 6_998_552, "all_cnn": 1_369_738, "deeply_supervised": 3_547_496, "highway": 2_274_186,
    "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnet20": 269_722, "resnet32": 464_154, "resnet44": 658_586, "resnet56": 853_018, "resnet110": 1_727_962,
    "resnet164": 1_661_274, "resnet1202": 19_421_274,
    "plain20": 269_722, "plain32": 464_154, "plain44": 658_586, "plain56": 853_018,
    "stochastic20": 269_722, "stochastic56": 853_018, "stochastic110": 1_727_962, "stochastic1202": 19_421_274,
    "preactresnet110": 1_730_522, "preactresnet164": 1_703_258, "preactresnet1001": 10_327_706,
    "wrn16_4": 2_748_890, "wrn16_8": 10_961_370, "wrn28_10": 36_479_194, "fractalnet": 33_724_618,
    "densenet40_12": 1_019_722, "densenet100_12": 6_979_642, "densenet100_24": 27_249_082,
    "densenet_bc100_12": 769_162, "densenet_bc250_24": 15_324_406, "densenet_bc190_40": 25_624_430,
    "densenet121": 7_978_856, "densenet169": 14_149_480, "densenet201": 20_013_928,
    "seresnet18": 11_776_552, "seresnet34": 21_954_856, "seresnet50": 28_071_976, "seresnet101": 49_292_328,
    "seresnet152": 66_770_984,
    "seresnet20": 271_738, "seresnet56": 859_066, "seresnet110": 1_740_058, "seresnet164": 1_854_810,
}
TORCHVISION = {"kernel": 3, "batch_norm": True}
OTHER_FORMS = [
    ("googlenet", {"aux": True}, 13_378_280), ("googlenet", TORCHVISION, 6_624_904),
    ("googlenet", {**TORCHVISION, "aux": True}, 13_004_888), ("alexnet", {"groups": 2}, 60_209_960),
    ("alexnet", {"groups": 2, "widths": (96, 256, 384, 384, 256)}, 60_965_224), ("vgg16", {"batch_norm": True},
                                                                                138_365_992),
    ("seresnet50", {"bias": True}, 28_088_024), ("resnet164", {"option": "B"}, 1_704_154),
    ("wrn16_4", {"dropout": 0.4}, 2_748_890), ("fractalnet", {"dropout": 0.4, "drop_path": 0.15}, 33_724_618),
]
# In millions, measured with torchvision 0.29.1 and timm 1.0.31 or with networks written apart from these.
MILLIONS_OF_MACS = [
    ("lenet5", {}, 0.4), ("author_lenet", {}, 23.2), ("alexnet", {}, 714), ("vgg16", {}, 15_470),
    ("googlenet", TORCHVISION, 1498), ("resnet18", {}, 1814), ("resnet34", {}, 3664), ("resnet50", {}, 4089),
    ("resnet152", {}, 11_514), ("densenet121", {}, 2834), ("seresnet50", {"bias": True}, 4092), ("wrn16_4", {}, 393),
    ("wrn28_10", {}, 5243), ("densenet40_12", {}, 265), ("densenet100_12", {}, 1770), ("densenet_bc100_12", {}, 288),
    ("densenet_bc190_40", {}, 9302),
]
LARGE = 30_000_000  # parameters; networks beyond are built on the meta device alone
COUNTED_ONLY = {"resnet101", "resnet152", "seresnet101", "seresnet152", "stochastic1202", "densenet100_24",
                "densenet_bc250_24", "densenet_bc190_40"}  # longer, but otherwise like one that is not in this list


def on_meta(name: str, **options) -> nn.Module:
    with torch.device("meta"):
        return models.build(name, models.input_shape(name)[0], **options)


def first(outputs: torch.Tensor | list[torch.Tensor]) -> torch.Tensor:
    return outputs[0] if isinstance(outputs, list) else outputs


def test_every_network_has_its_count():
    assert list(COUNTS) == models.names(), "give each network its number of parameters, in the order of MODELS"


@pytest.mark.parametrize("name", COUNTS)
def test_parameters(name):
    assert models.parameters(on_meta(name)) == COUNTS[name]


@pytest.mark.parametrize("name, options, count", OTHER_FORMS)
def test_parameters_of_other_forms(name, options, count):
    assert models.parameters(on_meta(name, **options)) == count


def test_gates_add_what_the_paper_says():
    """Hu et al., section 4: 2/r times the sum over blocks of C squared; 2.51M for ResNet-50."""
    added = sum(2 * many * channels**2 // 16 for many, channels in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
    assert COUNTS["seresnet50"] - COUNTS["resnet50"] == added == 2_514_944


@pytest.mark.parametrize("name, options, millions", MILLIONS_OF_MACS)
def test_multiply_adds(name, options, millions):
    model, shape = on_meta(name, **options), models.input_shape(name)
    with FlopCounterMode(display=False) as counter:
        macs = models.macs(model, shape)
    assert macs * 2 == counter.get_total_flops()
    assert round(macs / 1e6, 1 if millions < 100 else None) == millions


def test_costs_line_by_line():
    model = models.build("lenet5", 1)
    model.train().features.eval()  # a part of it is frozen
    modes = [layer.training for layer in model.modules()]
    lines = models.costs(model, (1, 28, 28))
    learning = [(line.name, line.shape, line.parameters, line.macs) for line in lines if line.parameters]
    assert learning == [
        ("features.0", (6, 28, 28), 156, 117_600), ("features.3", (16, 10, 10), 2416, 240_000),
        ("classifier.1", (120,), 48_120, 48_000), ("classifier.3", (84,), 10_164, 10_080),
        ("classifier.5", (10,), 850, 840)]
    assert [layer.training for layer in model.modules()] == modes
    assert sum(line.parameters for line in lines) == models.parameters(model)
    assert not any(layer._forward_hooks for layer in model.modules())


def test_grouped_convolutions_cost_a_share():
    alone, split = ([line.macs for line in models.costs(on_meta("alexnet", groups=groups), (3, 224, 224)) if line.macs]
                    for groups in (1, 2))
    assert [one / two for one, two in zip(alone, split, strict=True)] == [1, 2, 1, 2, 2, 1, 1, 1]


@pytest.mark.parametrize("name", [name for name in COUNTS if name not in COUNTED_ONLY])
def test_there_and_back(name):
    """Two grey images of the smallest sensible size, seven classes: logits, and a gradient for every parameter."""
    side = {224: 63, 28: 28}.get(models.input_shape(name)[1], 32)
    device = torch.device("meta" if COUNTS[name] > LARGE else "cpu")
    torch.manual_seed(0)
    with device:
        # last: blocks that are left out get no gradient.
        model = models.build(name, channels=1, classes=7, **({"last": 1} if name.startswith("stochastic") else {}))
        X = torch.randn(2, 1, side, side)
    outputs = model(X)
    for logits in outputs if isinstance(outputs, list) else [outputs]:
        assert logits.shape == (2, 7)
    sum(logits.square().mean() for logits in (outputs if isinstance(outputs, list) else [outputs])).backward()
    without = [key for key, value in model.named_parameters() if value.requires_grad and value.grad is None]
    assert without == []
    if device.type == "cpu":
        assert first(outputs).isfinite().all() and first(outputs).std() > 0


STEPS = {
    "author_lenet": lambda: models.build("author_lenet"), "fast": lambda: models.build("fast"),
    "network_in_network": lambda: models.build("network_in_network"), "all_cnn": lambda: models.build("all_cnn"),
    "deeply_supervised": lambda: models.build("deeply_supervised"), "highway": lambda: models.build("highway"),
    "highway, short": lambda: HighwayNetwork(stages=((8, 8), (12, 12))),
    "vgg11": lambda: models.build("vgg11", classes=10, hidden=64),
    "vgg16_c": lambda: models.build("vgg16_c", classes=10, hidden=64, batch_norm=True),
    "googlenet": lambda: models.build("googlenet", classes=10),
    "googlenet of torchvision": lambda: models.build("googlenet", classes=10, aux=True, **TORCHVISION),
    "resnet18": lambda: models.build("resnet18", classes=10), "seresnet18": lambda: models.build("seresnet18"),
    "resnet20": lambda: models.build("resnet20"), "plain20": lambda: models.build("plain20"),
    "resnet of bottlenecks": lambda: ResNetCIFAR(20, block=Bottleneck),
    "stochastic depth": lambda: StochasticDepth(20), "seresnet20": lambda: models.build("seresnet20"),
    "preactivation": lambda: PreActResNet(20), "wide": lambda: WideResNet(10, 2, dropout=0.3),
    "fractal": lambda: FractalNet(widths=(8, 8, 16, 16, 16), drop_path=0.15, dropout=0.4),
    "dense": lambda: DenseNetCIFAR(13, 8, dropout=0.2), "dense, bc": lambda: DenseNetCIFAR(16, 8, bc=True),
    "densenet121": lambda: models.build("densenet121", classes=10),
}


OTHER_SIDES = {
    "lenet5": (28, lambda: models.build("lenet5")), "alexnet": (63, lambda: models.build("alexnet", classes=10)),
    "alexnet of two": (63, lambda: models.build("alexnet", classes=10, groups=2, widths=(8, 16, 16, 16, 16))),
}


@pytest.mark.parametrize("side, make", [*((32, make) for make in STEPS.values()), *OTHER_SIDES.values()],
                         ids=[*STEPS, *OTHER_SIDES])
def test_a_small_step_down_the_gradient_lowers_the_loss(side, make):
    torch.manual_seed(0)
    model, images, labels = make(), torch.randn(8, 3, side, side), torch.arange(8) % 4

    def loss() -> torch.Tensor:
        torch.manual_seed(1)  # the same units and blocks are dropped
        outputs = model(images)
        return model.loss(outputs, labels) if hasattr(model, "loss") else F.cross_entropy(outputs, labels)

    before = loss()
    before.backward()
    learned = [parameter for parameter in model.parameters() if parameter.grad is not None]
    with torch.no_grad():
        # A line down the gradient would take 2 % off the loss.
        rate = 0.02 * before / sum(parameter.grad.square().sum() for parameter in learned)
        for parameter in learned:
            parameter -= rate * parameter.grad
    assert loss() < 0.99 * before


def test_classes_default_to_what_a_network_was_made_for():
    assert models.build("densenet40_12").head.out_features == 10 and on_meta("resnet18").head.out_features == 1000
    assert models.build("lenet5", 1).features[0].in_channels == 1
    assert on_meta("seresnet50", classes=3).head.out_features == 3


@pytest.mark.parametrize("name, options, told", [
    ("lenet", {}, "no network 'lenet'.*lenet5.*densenet121"),
    ("wrn16_8", {"depth": 3, "width": 2}, "wrn16_8 cannot be built with.*Options: dropout; wide_resnet.py"),
    ("resnet20", {"residuals": False}, "Options: option, residual, width, block"),
    ("seresnet20", {"gates": 1}, "Options: reduction, bias"),
    ("lenet5", {"width": 2}, "Options: none; lenet.py"),
])
def test_what_cannot_be_built_is_told(name, options, told):
    with pytest.raises(CourseError, match=told):
        models.build(name, **options)


def test_the_shape_of_an_unknown_network_is_told():
    with pytest.raises(CourseError, match="no network 'resnet21'"):
        models.input_shape("resnet21")
