"""The checks of notebook 09: references, mistakes, by-hand numbers, bad input, and what its text says of its runs."""

import csv
import re
import tomllib
from itertools import groupby

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import models, training
from course_lib.checks import residual_networks as check
from course_lib.checks.report import CheckFailed
from course_lib.gradients import gradient_norms
from course_lib.models.densenet import DenseNetCIFAR
from course_lib.models.resnet_cifar import BasicBlock, ResNetCIFAR
from course_lib.models.squeeze_excitation import SqueezeExcite
from tests.harness import ROOT, SOURCES, as_made, lesson, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
DATA = tomllib.loads((SOURCE.parent / "lesson.toml").read_text(encoding="utf-8"))
LAYERS = {"BasicBlock": check.BasicBlock, "resnet_cifar": check.resnet_cifar, "DenseLayer": check.DenseLayer,
          "SEBlock": check.SEBlock}


def with_shapes(one: check.WeightsCheck, output):
    """What a probe answers: the right shapes when no weights come, else `output` of the case."""
    return lambda x, weights, *arguments: output(x, weights, *arguments) if weights else one.shapes(*arguments)


# ----------------------------------------------------------------------------------------------- references

def shortcuts_last(module: nn.Module) -> list[nn.Parameter]:
    """Kernels, then vectors, in the order that the notebook asks for; the library makes a block's shortcut first."""
    blocks = {name: re.sub(r"\.?(conv|bn|shortcut).*", "", name) for name, _ in module.named_parameters()}
    order = list(dict.fromkeys(blocks.values()))
    return [parameter for name, parameter in sorted(module.named_parameters(), key=lambda named: (
        named[1].ndim == 1, order.index(blocks[named[0]]), "shortcut" in named[0]))]


def running(build):
    """The probe of the test cells, for modules of the library."""
    def run(x, weights, *arguments):
        module = build(*arguments).double()
        parameters = shortcuts_last(module)
        if not weights:
            return [list(parameter.shape) for parameter in parameters]
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.data = torch.tensor(weight).reshape(parameter.shape)
        return module(torch.from_numpy(x)).detach().numpy()
    return run


def the_block(channels_in, channels_out, stride, option):
    return BasicBlock(channels_in, channels_out, stride, option or "A", residual=option is not None)


def the_network(depth, option, width, channels, classes):
    return ResNetCIFAR(depth, channels, classes, option=option or "A", residual=option is not None, width=width)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("one", "build"), [(check.BasicBlock, the_block), (check.resnet_cifar, the_network)],
                         ids=["BasicBlock", "resnet_cifar"])
def test_the_residual_networks_of_the_library_pass(one, build, seed, capsys):
    """An independent implementation: the check works with torch's functions, these are modules."""
    assert one(running(build), seed=seed) is None
    assert f"✓ {one.name}" in capsys.readouterr().out


class Dense(nn.Module):
    """A layer of DenseNet, of modules; that of the library gives its new maps alone."""

    def __init__(self, channels, growth, bottleneck):
        super().__init__()
        norm, relu = nn.BatchNorm2d, nn.ReLU()
        self.new = nn.Sequential(norm(channels), relu, nn.Conv2d(channels, growth, 3, padding=1, bias=False))
        if bottleneck:
            self.new = nn.Sequential(norm(channels), relu, nn.Conv2d(channels, 4 * growth, 1, bias=False),
                                     norm(4 * growth), relu, nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False))

    def forward(self, X):
        return torch.cat([X, self.new(X)], 1)


def test_layers_as_modules_pass(capsys):
    assert check.DenseLayer(running(Dense), seed=3) is None

    def run(x, weights, channels, reduction):
        made = running(SqueezeExcite)(x, weights, channels, reduction)
        return made if weights else [shape[:2] for shape in made]

    assert check.SEBlock(run, seed=3) is None
    assert capsys.readouterr().out.count("✓") == 2


@pytest.mark.parametrize("seed", range(3))
def test_densenet_param_count_agrees_with_networks(seed, capsys):
    def count(depth, growth, bottleneck=False, classes=10):
        with torch.device("meta"):
            return models.parameters(DenseNetCIFAR(depth, growth, 3, classes, bc=bottleneck))

    assert check.densenet_param_count(count, seed=seed) is None
    assert capsys.readouterr().out.startswith("✓ densenet_param_count")


# -------------------------------------------------------------------------------------------------- mistakes

CASES = {f"{name}: {mistake.says[:50]}": (one, with_shapes(one, as_made(one, mistake)), mistake)
         for name, one in LAYERS.items() for mistake in one.mistakes}
CASES |= {f"densenet_param_count: {mistake.says[:50]}": (
    check.densenet_param_count, as_made(check.densenet_param_count, mistake), mistake)
    for mistake in check.densenet_param_count.mistakes}


@pytest.mark.parametrize(("one", "wrong", "mistake"), CASES.values(), ids=CASES)
def test_every_mistake_is_caught_and_named(one, wrong, mistake):
    told = verdict(one, wrong)
    assert told and mistake.says in told


def conv(*shape):
    return list(shape) if len(shape) == 4 else [*shape, 3, 3]


V = [[5]] * 4
BLOCK = [conv(5, 2), conv(5, 5)]
WRONG_SHAPES = {
    "BasicBlock": ((2, 5, 2, "A"), [
        ([conv(2, 5), conv(5, 5), *V], "channels_in come in"),
        ([conv(5, 2), conv(5, 2), *V], "the second keeps channels_out"),
        ([conv(2, 2), conv(5, 2), *V], "the second keeps channels_out"),
        ([*BLOCK, conv(5, 2, 1, 1), *V, [5], [5]], "With option 'A' the shortcut has no parameters"),
        (BLOCK, "followed by its own nn.BatchNorm2d"),
        ([*BLOCK, *V, [5], [5]], "which the batch norms behind them take away again"),
        ([*BLOCK, [5], [5]], "One cannot serve both"),
    ]),
    "BasicBlock, projected": ((2, 5, 2, "B"), [
        ([*BLOCK, *V], "With option B a 1 x 1 convolution"),
        ([*BLOCK, conv(5, 2), *V, [5], [5]], "is 1 x 1"),
        ([conv(5, 2, 1, 1), *BLOCK, *V, [5], [5]], "come last in __init__"),
        ([*BLOCK, conv(5, 2, 1, 1), *V], "a batch norm of its own"),
        ([*BLOCK, conv(5, 2, 1, 1), *V, [5], [5], [5]], "has no bias either"),
    ]),
    "BasicBlock, halved": ((5, 5, 2, "B"), [([conv(5, 5)] * 2 + V, "The stride changes the shape too")]),
    "BasicBlock, unchanged": ((5, 5, 1, "B"), [
        ([conv(5, 5)] * 2 + [conv(5, 5, 1, 1), *V, [5], [5]], "with option B too")]),
    "DenseLayer": ((6, 2, False), [
        ([conv(8, 6, 1, 1), conv(2, 8), [6], [6], [8], [8]], "Only with bottleneck=True"),
        ([conv(6, 6), [6], [6]], "makes `growth` new maps"),
        ([conv(2, 6, 1, 1), [6], [6]], "The convolution is 3 x 3"),
        ([conv(2, 6), [6], [6], [2]], "have no bias"),
        ([conv(2, 6), [2], [2]], "Batch norm comes first"),
        ([conv(2, 6)], "Batch norm comes before each"),
    ]),
    "DenseLayer, narrow": ((6, 2, True), [
        ([conv(2, 6), [6], [6]], "With bottleneck=True a 1 x 1"),
        ([conv(2, 6, 1, 1), conv(2, 2), [6], [6], [2], [2]], "makes 4 * growth maps, and"),
        ([conv(24, 6, 1, 1), conv(2, 24), [6], [6], [24], [24]], "and not 4 * channels"),
        ([conv(8, 6), conv(2, 8, 1, 1), [6], [6], [8], [8]], "comes before the 3 x 3 one"),
        ([conv(8, 6, 1, 1), conv(2, 8), [6], [6]], "Each of the two convolutions"),
        ([conv(8, 6, 1, 1), conv(2, 8), [6], [6], [2], [2]], "on the 4 * growth maps"),
    ]),
    "SEBlock": ((12, 4), [
        ([[3, 12], [12, 3], [3], [12]], "neither layer has a bias"),
        ([[12, 12], [12, 12]], "The first layer squeezes"),
        ([[12, 3], [3, 12]], "nn.Linear(in, out)"),
        ([[4, 12], [12, 4]], "and not `reduction`"),
        ([[0, 12], [12, 0]], "need not be 16"),
        ([[3, 12]], "There are two layers"),
    ]),
}
RESNET = (14, "A", 2, 3, 10)


def network(depth=14, option="A", width=2, channels=3, classes=10, **changes):
    """The shapes of a network that is built otherwise, of the library's blocks."""
    return check._resnet_shapes(depth, option, width, channels, classes)


RIGHT = network()
WRONG_SHAPES["resnet_cifar"] = (RESNET, [
    ([conv(2, 3), [10, 8], [2], [2], [10]], "hides its layers"),
    ([conv(2, 3, 7, 7), *RIGHT[1:]], "7 x 7, with stride 2"),
    (network(channels=1), "takes the channels of the pictures, here 3"),
    (network(width=4), "makes `width` maps, here 2"),
    (network(depth=26), "A block has two convolutions"),
    (network(depth=8), "is one of its (depth - 2) / 6 = 2 blocks."),
    (network(depth=20), "and not one more"),
    (network(depth=44), "Depth 14 means 12 convolutions"),
    (network(option="B"), "only B has 1 x 1 convolutions"),
    (network(classes=3), "one logit for each class, here 10"),
    ([shape if shape != [10, 8] else [10, 512] for shape in RIGHT], "takes the mean of each map"),
    ([*RIGHT[:5], conv(2, 2), *RIGHT[6:]], "width, 2 * width and 4 * width"),
    ([RIGHT[0], *network(width=16)[1:]], "width, 2 * width and 4 * width"),
    ([*RIGHT[:14], *RIGHT[16:]], "is followed by a batch norm too"),
    ([*RIGHT, [2]], "has a bias, which the batch norm"),
    ([*RIGHT, [2], [2], [2]], "the linear layer has one"),
])
WRONG_SHAPES["resnet_cifar, option B"] = ((14, "B", 2, 3, 10), [
    (RIGHT, "B has a 1 x 1 convolution where"),
    ([*network(option="B")[:1], conv(2, 2, 1, 1), *network(option="B")[1:]], "whose shape should stay"),
])
SHAPES = [pytest.param(name.partition(",")[0], arguments, shapes, says, id=f"{name}: {says[:30]}")
          for name, (arguments, wrong) in WRONG_SHAPES.items() for shapes, says in wrong]


@pytest.mark.parametrize(("name", "arguments", "shapes", "says"), SHAPES)
def test_every_wrong_shape_has_its_reason(name, arguments, shapes, says):
    one = LAYERS[name]
    keys = [parameter for parameter in one.parameters if parameter not in ("x", "weights")]
    case = {"x": None, "weights": []} | dict(zip(keys, arguments, strict=True))
    with pytest.raises(CheckFailed, match=f"(?s)^{name}: .*expected") as failed:
        one._judge_shapes(shapes, case)
    assert says in str(failed.value)


@pytest.mark.parametrize("shapes", [None, 3, [3], [[2.5]], "ab", [["a"]]])
def test_what_is_no_list_of_shapes_is_told(shapes):
    with pytest.raises(CheckFailed, match="^SEBlock must make layers of torch"):
        check.SEBlock(lambda x, weights, *arguments: shapes)


@pytest.mark.parametrize("word", ["vanish", "STAY", " explode "])
def test_no_prediction_is_wrong(word, capsys):
    check.prediction("gradients_will", word)
    assert f"noted, '{word.strip().lower()}'" in capsys.readouterr().out


@pytest.mark.parametrize("given", [None, "", "larger", 1, [], np.nan, ["vanish"], object()])
def test_no_prediction_at_all_is_told(given):
    with pytest.raises(CheckFailed, match=r"^gradients_will is .*'vanish', 'stay', 'explode'"):
        check.prediction("gradients_will", given)


# --------------------------------------------------------------------------------------------------- by hand

def resnet_stages(blocks: tuple[int, ...]) -> int:
    """Layers of a ResNet of bottlenecks, without those of shortcuts, counted on the network."""
    name = {16: "resnet50", 33: "resnet101", 50: "resnet152"}[sum(blocks)]
    with torch.device("meta"):
        model = models.build(name)
    assert tuple(map(len, model.stages)) == blocks
    assert [[not isinstance(block.shortcut, nn.Identity) for block in stage] for stage in model.stages] == [
        [True, *[False] * (many - 1)] for many in blocks], "the first block of each stage projects, and no other"
    return sum(isinstance(module, nn.Conv2d | nn.Linear) and "shortcut" not in name
               for name, module in model.named_modules())


def parts_of_resnet20() -> list[int]:
    model = ResNetCIFAR(20)
    return [models.parameters(part) for part in (model.stem, *model.stages, model.head)]


def test_by_hand_answers():
    x = torch.tensor(3.0, requires_grad=True)
    f = -0.25 * F.relu(2 * x)
    residual, plain = F.relu(f + x), F.relu(f)
    slopes = [torch.autograd.grad(y, x, retain_graph=True)[0].item() for y in (residual, plain)]
    counts = {depth: models.parameters(ResNetCIFAR(depth)) for depth in (20, 56, 110)}
    with torch.device("meta"):
        deepest = models.parameters(models.build("resnet1202"))
        gates = [models.parameters(SqueezeExcite(256 * 2**stage)) * many for stage, many in enumerate((3, 4, 6, 3))]
        gated = models.parameters(models.build("seresnet50")) - models.parameters(models.build("resnet50"))
    maps = [16]
    for _block in range(3):
        maps.append(maps[-1] + (40 - 4) // 3 * 12)
    assert DATA["answers"] == {
        "one_block": [f.item(), residual.item(), slopes[0], plain.item(), slopes[1]],
        "layers": [resnet_stages((3, 4, 6, 3)), resnet_stages((3, 4, 23, 3)), 3 + 8 + 36 + 3,
                   resnet_stages((3, 8, 36, 3)), 3 * (3 + 8 + 36 + 3 + 3) + 2],
        "resnet20_parameters": [*parts_of_resnet20(), counts[20]],
        "borne_out": [int(truth) for truth in borne_out()],
        "dense_channels": [(40 - 4) // 3, *maps[1:]],
        "recount": [(counts[56] - counts[20]) // 6, counts[110], deepest],
        "se_weights": [*gates, gated],
    }


def test_mistakes_by_hand():
    wrong = {name: [entry["answer"] for entry in entries] for name, entries in DATA["mistakes"].items()}

    def whole(parts: list[int]) -> list[int]:
        return [*parts, sum(parts)]

    def counted(**options) -> list[int]:
        model = ResNetCIFAR(20, **options)
        return whole([models.parameters(part) for part in (model.stem, *model.stages, model.head)])

    kernels = ResNetCIFAR(20)
    for module in kernels.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight = module.bias = None
    parts = [models.parameters(part) for part in (kernels.stem, *kernels.stages, kernels.head)]
    assert whole(parts) in wrong["resnet20_parameters"]
    assert counted(option="B") in wrong["resnet20_parameters"] and counted(channels=1) in wrong["resnet20_parameters"]
    for answer in wrong["resnet20_parameters"]:
        assert sum(answer[:5]) == answer[5] or answer[:5] == DATA["answers"]["resnet20_parameters"][:5]
    gates = [models.parameters(SqueezeExcite(256 * 2**stage, bias=True)) * many
             for stage, many in enumerate((3, 4, 6, 3))]
    assert whole(gates) in wrong["se_weights"]
    for answer in wrong["se_weights"]:
        assert sum(answer[:4]) == answer[4]
    step, start = 97_216, 853_018
    assert [6 * step, start + 9 * 6 * step, start + 191 * 6 * step] in wrong["recount"]
    assert [step, 18 * step, 200 * step] in wrong["recount"]
    assert [step, *(round(269_722 * depth / 20) for depth in (110, 1202))] in wrong["recount"]


def test_the_quiz_counts_rightly():
    texts = " ".join(option[key] for question in DATA["quiz"] for option in question["options"] for key in option
                     if key in ("text", "why"))
    narrow, wide = 256 * 64 + 9 * 64 * 64 + 64 * 256, 2 * 9 * 256 * 256
    assert f"{narrow:,}" in texts and f"{wide:,}" in texts and round(wide / narrow) == 17
    added = [models.parameters(ResNetCIFAR(56, **options)) - models.parameters(ResNetCIFAR(56, residual=False))
             for options in ({}, {"option": "B"})]
    assert added == [0, 2752] and "2,752" in texts
    assert [check._densenet_params(100, k, False, 10) for k in (12, 24)] == [6_979_642, 27_249_082]


def test_the_stretch_puzzle_has_its_kernel():
    W, X = torch.randn(6, 6, 3, 3), torch.randn(2, 6, 8, 9)
    torch.testing.assert_close(F.conv2d(X, W + nn.init.dirac_(torch.empty_like(W)), padding=1),
                               F.conv2d(X, W, padding=1) + X, atol=1e-4, rtol=1e-4)


# ------------------------------------------------------------------------------- what the text says of its runs

def table(name: str) -> list[dict[str, str]]:
    with open(ROOT / "data" / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def last_errors(kind: str, depth: int) -> list[float]:
    """Training errors after the last epoch, a number for each seed."""
    rows = [row for row in table("depth_runs") if (row["kind"], row["depth"]) == (kind, str(depth))]
    return [float(list(group)[-1]["training_error"]) for _, group in groupby(rows, key=lambda row: row["seed"])]


def ratios(kind: str, depth: int, when: str) -> list[float]:
    """The gradient's norm at the first convolution over that at the last, a number for each seed."""
    rows = [row for row in table("depth_gradients") if (row["kind"], row["depth"]) == (kind, str(depth))]
    runs = [[float(row[f"norm_at_{when}"]) for row in group] for _, group in groupby(rows, key=lambda row: row["seed"])]
    return [run[0] / run[-1] for run in runs]


def borne_out() -> list[bool]:
    """The sentences of `borne_out`, by the recorded runs: the same recipe, the same networks, three seeds."""
    plain, deep_plain = last_errors("plain", 20), last_errors("plain", 56)
    residual, deep = last_errors("residual", 20), last_errors("residual", 56)
    assert len(plain) == len(deep) == 3
    return [
        max(deep_plain) < 0.05,  # whoever overfits is good on what he has seen
        min(deep_plain) > max(plain),
        max(ratios("plain", 56, "start")) < 1,
        all(0.1 < ratio < 10 for ratio in ratios("residual", 56, "start")),
        min(deep) - max(residual) >= min(deep_plain) - max(plain),
        False,  # nothing but the gradient would have to change
    ]


def test_what_section_4_says_of_the_gradients():
    assert all(100 < ratio < 1000 for ratio in ratios("plain", 56, "start")), "hundreds of times as large"
    assert all(ratio < 1 for ratio in ratios("plain", 56, "end")), "its first layer now gets less than its last"


def test_more_layers_hardly_hurt_the_residual_networks():
    plain, deep_plain = last_errors("plain", 20), last_errors("plain", 56)
    residual, deep = last_errors("residual", 20), last_errors("residual", 56)
    assert 0 < np.mean(deep) - np.mean(residual) < 0.01, "tenths of a percent"
    assert np.mean(deep_plain) - np.mean(plain) > 0.1, "the plain ones are much worse"


def without_norms(depth: int, residual: bool, seed: int = 0, as_in_the_paper: bool = True) -> ResNetCIFAR:
    """The network of section 4 without its batch norms, with He's first weights or with PyTorch's own."""
    torch.manual_seed(seed)
    model = ResNetCIFAR(depth, channels=1, residual=residual, width=8)
    for module in list(model.modules()):
        if isinstance(module, nn.Conv2d) and not as_in_the_paper:
            module.reset_parameters()
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return model


@pytest.mark.parametrize("as_in_the_paper", [True, False])
def test_without_batch_norm_the_picture_dies_away(as_in_the_paper):
    model = without_norms(56, residual=False, as_in_the_paper=as_in_the_paper)
    norms = list(gradient_norms(model, training.images("digits")[:64]).values())
    assert max(norms) < 1e-3 if as_in_the_paper else max(norms) == 0
    assert not as_in_the_paper or 0.1 < norms[0] / norms[-1] < 10, "in every layer, not more at the one end"


def test_the_smallest_gradients_are_no_zeros():
    """With PyTorch's own weights: their squares are too small for float32, and so is the norm."""
    few = training.images("digits")[:64]
    for seed in range(3):
        model = without_norms(56, residual=False, seed=seed, as_in_the_paper=False).train()
        F.cross_entropy(model(few.normalised()), few.y).backward()
        largest = max(layer.weight.grad.abs().max().item() for layer in model.modules() if isinstance(layer, nn.Conv2d))
        assert 1e-28 < largest < 1e-26, "about 1e-27"


def test_the_padding_wears_the_picture_down_and_less_so_a_larger_one():
    few = training.images("digits")[:64].normalised()
    for seed in range(3):
        model = without_norms(56, residual=False, seed=seed)
        sizes = []
        model.head.register_forward_pre_hook(lambda head, inputs, sizes=sizes: sizes.append(inputs[0].norm().item()))
        with torch.no_grad():
            model(few)
            model(F.interpolate(few, size=32))
            for layer in model.modules():
                if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3):
                    layer.padding_mode = "circular"  # no zeros: the other side of the map comes in
            model(few)
        zeros, larger, none = sizes
        assert larger > 100 * zeros and none > 100 * zeros


def test_without_batch_norm_residual_gradients_grow_with_the_depth():
    few = training.images("digits")[:64]
    deep, shallow = (list(gradient_norms(without_norms(depth, residual=True), few).values()) for depth in (56, 20))
    assert deep[0] > 50 * shallow[0] and deep[-1] > 50 * shallow[-1]


def test_the_gates_of_the_last_block_depend_on_the_digit():
    """As section 6 trains them, with the solved cells and the library's loop; one seed instead of three."""
    space = {"nn": nn, "F": F, "torch": torch}
    for cell in lesson(SOURCE).cells:
        if cell.grade_id in ("BasicBlock", "resnet_cifar"):
            exec(cell.source, space)
    digits, unseen = training.images("digits"), training.images("digits", "test")
    torch.manual_seed(0)
    model = space["resnet_cifar"](8, width=8, channels=1)
    blocks = [module for module in model.modules() if isinstance(module, space["BasicBlock"])]
    for block in blocks:
        block.f.append(SqueezeExcite(block.f[-1].num_features, 4))
    training.train(model, digits, training.RECIPES["depth"], epochs=10, show=False)
    training.evaluate(model, unseen)
    varies = []
    for block in blocks:
        gates = block.f[-1].last_gates
        by_class = torch.stack([gates[unseen.y == digit].mean(0) for digit in range(10)])
        varies.append(by_class.std(0).mean().item())
        if block is blocks[0]:
            assert (by_class - 0.5).abs().max() < 0.15, "they stay near 0.5"
    assert varies[-1] > 5 * varies[0]
