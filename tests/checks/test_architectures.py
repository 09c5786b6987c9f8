"""The checks of notebook 08: references, mistakes, by-hand numbers, and what the text says of the networks."""

import tomllib
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import models, training
from course_lib.checks import architectures as check
from course_lib.checks.report import CheckFailed
from course_lib.models.vgg import CONFIGURATIONS
from tests.harness import SOURCES, as_made, lesson, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
VALUES = {"grouped_conv_params": check.grouped_conv_params, "vgg_param_count": check.vgg_param_count}
BLOCKS = {"vgg_block": check.vgg_block, "conv_block": check.conv_block, "inception_block": check.inception_block}
ALL = {**VALUES, **BLOCKS}
BUILT = {"lenet5": {"channels": 1}, "alexnet": {}, "vgg16": {}, "googlenet": {}, "resnet152": {}}


def with_shapes(one, output):
    """What a probe answers for a network: its shapes when no weights come, else `output` of the case."""
    def run(x, weights, *more):
        names = list(one.example)
        return output(x, weights, *more) if weights else one.shapes(dict(zip(names, (x, weights, *more), strict=True)))
    return run


def answering(name, output):
    return with_shapes(BLOCKS[name], output) if name in BLOCKS else output


# ----------------------------------------------------------------------------------------------- references

@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("seed", range(4))
def test_the_reference_passes_whatever_the_seed(name, seed, capsys):
    assert ALL[name](answering(name, ALL[name].reference), seed=seed) is None
    assert capsys.readouterr().out.startswith("✓ ")


def torch_count(channels, maps, k, groups=1, bias=True):
    return models.parameters(nn.Conv2d(channels, maps, k, groups=groups, bias=bias, device="meta"))


@pytest.mark.parametrize("seed", range(3))
def test_torch_counts_alike(seed):
    assert check.grouped_conv_params(torch_count, seed=seed) is None


def blocks_of(configuration: str) -> list:
    widths = (64, 128, 256, 512, 512)
    return [[(maps, k) for k in kernels]
            for maps, kernels in zip(widths, CONFIGURATIONS[configuration], strict=True)]


@pytest.mark.parametrize(("name", "configuration", "classes"), [
    ("vgg11", "A", 1000), ("vgg13", "B", 10), ("vgg16_c", "C", 1000), ("vgg16", "D", 1000), ("vgg16", "D", 10),
    ("vgg19", "E", 1000)])
def test_the_zoo_has_as_many_parameters_as_vgg_param_count_says(name, configuration, classes):
    with torch.device("meta"):
        model = models.build(name, classes=classes)
    counted = models.parameters(model.features), models.parameters(model.classifier)
    assert check.vgg_param_count.reference(blocks_of(configuration), classes) == counted


def vgg_block(channels, maps, convolutions):
    layers = [nn.Sequential(nn.Conv2d(maps if n else channels, maps, 3, padding=1), nn.ReLU())
              for n in range(convolutions)]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def conv_block(channels, maps, k, stride):
    return nn.Sequential(nn.Conv2d(channels, maps, k, stride, k // 2, bias=False), nn.BatchNorm2d(maps), nn.ReLU())


def inception_block(channels, one, three, five, pool):
    from course_lib.models.googlenet import Inception
    return Inception(channels, (one, *three, *five, pool), kernel=5, batch_norm=False)


def running(name):
    """The probe of the test cell of a block, for the modules above."""
    def run(x, weights, *sizes):
        sizes, statistics, training_mode = (sizes[:4], *sizes[4:]) if name == "conv_block" else (sizes, [], False)
        block = {"vgg_block": vgg_block, "conv_block": conv_block, "inception_block": inception_block}[name](*sizes)
        if not weights:
            return [list(parameter.shape) for parameter in block.parameters()]
        given = {weight.shape: weight for weight in weights}
        for number, parameter in enumerate(block.parameters()):
            weight = given[tuple(parameter.shape)] if name == "inception_block" else weights[number]
            parameter.data = torch.tensor(weight)
        for buffer, value in zip(block.buffers(), statistics, strict=False):
            buffer.data = torch.tensor(value)
        return block.double().train(training_mode)(torch.from_numpy(x)).detach().numpy()
    return run


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("seed", range(3))
def test_modules_of_torch_pass(name, seed, capsys):
    """An independent implementation: the check works with torch's functions, these are modules."""
    assert BLOCKS[name](running(name), seed=seed) is None
    assert f"✓ {name}" in capsys.readouterr().out


def test_no_two_parameters_of_an_inception_case_have_one_shape():
    for seed in range(3):
        for case in (check.inception_block.example, *check.inception_block.cases(np.random.default_rng(seed))):
            shapes = list(map(tuple, check.inception_block.shapes(case)))
            assert len(set(shapes)) == len(shapes)


# -------------------------------------------------------------------------------------------------- mistakes

MISTAKES = {f"{name} {number}: {mistake.says[:40]}": (name, mistake)
            for name, one in ALL.items() for number, mistake in enumerate(one.mistakes)}


@pytest.mark.parametrize(("name", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_every_mistake_is_caught_and_named(name, mistake):
    told = verdict(ALL[name], answering(name, as_made(ALL[name], mistake)))
    assert told and mistake.says in told


HINTS = {f"{name} {number} {shape}": (one, number, shape, says)
         for name, one in BLOCKS.items() for (number, shape), says in one.hints.items()}


@pytest.mark.parametrize(("one", "number", "shape", "says"), HINTS.values(), ids=HINTS)
def test_every_wrong_shape_has_its_hint(one, number, shape, says):
    right = one.shapes(one.example)
    if one is check.inception_block:  # a shape too many, or one that is not there
        wrong = [*right, list(shape)] if number == 0 else [some for some in right if some != list(shape)]
    else:
        wrong = right[:-1] if number < 0 else [*right[:number], list(shape), *right[number + 1:]]
    with pytest.raises(CheckFailed) as failed:
        one._judge_shapes(wrong, right)
    assert str(failed.value).startswith(f"{one.name}: ") and str(failed.value).endswith(says)


@pytest.mark.parametrize("biased", [True, False])
def test_batch_norm_in_an_inception_block_is_told(biased):
    right = check.inception_block.shapes(check.inception_block.example)
    vectors = [shape for shape in right if len(shape) == 1]
    with pytest.raises(CheckFailed, match="There is no batch norm in this block"):
        check.inception_block._judge_shapes([*right, *vectors, *(vectors if biased else [])], right)


def test_layers_that_pytorch_does_not_see_are_told():
    with pytest.raises(CheckFailed, match=r"it has 0 parameters, expected 4\..* in a plain list are hidden"):
        check.vgg_block(lambda *case: [])


@pytest.mark.parametrize("result", [2.0, np.float32(2)])
def test_a_count_that_is_a_float_is_told(result):
    with pytest.raises(CheckFailed, match="is a float, 2.0, expected an int. Return one whole number; // divides"):
        check.grouped_conv_params(lambda *case: result)


def test_a_bias_before_batch_norm_is_told():
    right = check.conv_block.shapes(check.conv_block.example)
    with pytest.raises(CheckFailed, match="has a bias, and it does nothing"):
        check.conv_block._judge_shapes([right[0], right[1], *right[1:]], right)


@pytest.mark.parametrize(("shapes", "says"), [
    (None, "must return a network of torch"), ([3], "must return a network of torch"),
    ([], r"none has shape \(5, 4, 1, 1\)\. In all its parameters are 0 numbers, and it must be 267\. Layers in a plain "
     "list are hidden"),
    ([[9, 9]], r"one parameter has shape \(9, 9\), which the block has no use for, and none has shape"),
])
def test_what_are_no_parameters_of_an_inception_block_is_told(shapes, says):
    with pytest.raises(CheckFailed, match=says):
        check.inception_block(lambda *case: shapes)


@pytest.mark.parametrize("order", [order for order in permutations(range(4)) if order != (0, 1, 2, 3)])
def test_branches_in_another_order_are_told(order):
    run = with_shapes(check.inception_block, lambda *case: check._inception(*case, order=order))
    with pytest.raises(CheckFailed, match="in another order: you have " + check.BRANCHES[order[0]]):
        check.inception_block(run)


def test_the_branch_that_differs_is_named():
    def run(*case):
        out = check._inception(*case).copy()
        out[:, -1] += 1
        return out

    with pytest.raises(CheckFailed, match="lies in the maps of the branch pool"):
        check.inception_block(with_shapes(check.inception_block, run))


# --------------------------------------------------------------------------------------------------- by hand

def built(name: str, **options) -> nn.Module:
    with torch.device("meta"):
        return models.build(name, **options)


def linear(*sides: int) -> int:
    return models.parameters(nn.Linear(*sides, device="meta"))


def inception_weights(naive: bool) -> tuple[int, int]:
    """Maps and weights of block 3a, from modules."""
    layers = [(192, 64, 1), (192, 128, 3), (192, 32, 5)] if naive else [
        (192, 64, 1), (192, 96, 1), (96, 128, 3), (192, 16, 1), (16, 32, 5), (192, 32, 1)]
    return 64 + 128 + 32 + (192 if naive else 32), sum(torch_count(*layer, bias=False) for layer in layers)


def test_by_hand_answers():
    answers = tomllib.loads((SOURCE.parent / "lesson.toml").read_text(encoding="utf-8"))["answers"]
    alexnet, vgg16 = built("alexnet"), built("vgg16")
    third = 6 * torch_count(3, 1, 5) + 9 * torch_count(4, 1, 5) + torch_count(6, 1, 5)
    head = [linear(9216, 4096), linear(4096, 4096), linear(4096, 1000)]
    assert answers == {
        "lenet_1998": [2 * 6, third, 2 * 16, 156 + 2 * 6 + third + 2 * 16 + linear(400, 120) + linear(120, 84)],
        "alexnet": [alexnet.classifier[1].in_features, head[0], sum(head), models.parameters(alexnet)],
        "stacked": [many * torch_count(64, 64, k, bias=False) for many, k in ((2, 3), (1, 5), (3, 3), (1, 7))],
        "vgg16": [torch_count(512, 512, 3), models.parameters(vgg16.features), models.parameters(vgg16.classifier),
                  models.parameters(vgg16)],
        "largest_kernels": [max(layer.kernel_size[0] for layer in built(name, **options).modules()
                                if isinstance(layer, nn.Conv2d)) for name, options in list(BUILT.items())[:4]],
        "candidates": [models.parameters(built("vgg16_c")), models.parameters(built("vgg16", classes=10)),
                       models.parameters(vgg16) - models.parameters(vgg16.classifier[-1])],
        "inception_3a": [*inception_weights(naive=False), *inception_weights(naive=True)],
    }
    assert models.parameters(alexnet.features) == 2_469_696  # given in the text


def test_by_hand_mistakes_are_made_as_they_say():
    """Those that are sums of other numbers, recomputed."""
    data = tomllib.loads((SOURCE.parent / "lesson.toml").read_text(encoding="utf-8"))
    wrong = {name: [entry["answer"] for entry in entries] for name, entries in data["mistakes"].items()}
    for answer in wrong["lenet_1998"]:
        known = sum(answer[:3]) + 156 + 48_120 + 10_164
        assert answer[3] in {known, known + 850, known - 156, sum(answer[:3]), 61_706}
    for flat in (256, 256 * 6, 256 * 13 * 13, 384 * 36):
        head = [linear(flat, 4096), linear(4096, 4096), linear(4096, 1000)]
        assert [flat, head[0], sum(head), sum(head) + 2_469_696] in wrong["alexnet"]
    assert all(answer[3] in {answer[1] + answer[2], 134_000_000} for answer in wrong["vgg16"])
    count = check._vgg_counts
    d = blocks_of("D")
    for changed in (count(blocks_of("E")), count(d, flat=lambda maps, side: maps),
                    count(d, widths=lambda hidden, classes: (hidden, classes))):
        assert [2_359_808, *changed, sum(changed)] in wrong["vgg16"]
    one_by_one = [[*block[:-1], (block[-1][0], 1)] for block in d]
    firsts = {sum(count(one_by_one)), sum(count(blocks_of("B"))), sum(count(blocks_of("C"), 10)), sum(count(d))}
    assert firsts <= {entry[0] for entry in wrong["candidates"]}
    assert sum(count(d, 10, side=32)) in {entry[1] for entry in wrong["candidates"]}


# ------------------------------------------------------------------------------------ what the text says

def shares(name: str) -> tuple[float, float, float]:
    """Of a network's parameters and multiply-adds the share in fully connected layers; multiply-adds per parameter."""
    lines = models.costs(built(name, **BUILT[name]), models.input_shape(name))
    dense = [line for line in lines if isinstance(line.layer, nn.Linear)]
    parameters, macs = (sum(getattr(line, what) for line in lines) for what in ("parameters", "macs"))
    return (sum(line.parameters for line in dense) / parameters, sum(line.macs for line in dense) / macs,
            macs / parameters)


def test_who_pays_where():
    found = {name: shares(name) for name in BUILT}
    assert round(found["alexnet"][0], 2) == 0.96 and round(found["vgg16"][0], 2) == 0.89
    assert round(found["alexnet"][1], 2) == 0.08 and round(found["vgg16"][1], 2) == 0.01
    assert max(found, key=lambda name: found[name][2]) == "googlenet"
    assert min(found, key=lambda name: found[name][2]) == "lenet5"
    assert (round(found["googlenet"][2]), round(found["lenet5"][2])) == (226, 7)
    assert models.parameters(built("resnet152")) < models.parameters(built("alexnet"))
    costs = models.costs(built("vgg16"), (3, 224, 224))
    convolutions = [line.macs for line in costs if isinstance(line.layer, nn.Conv2d)]
    assert len({convolutions[number] for number in (1, 3, 5, 8)}) == 1, "the second of each of the first four blocks"
    # The quiz: VGG-16 with global average pooling, and a weight's work.
    assert f"{(models.parameters(built('vgg16').features) + linear(512, 1000)) / 1e6:.1f}" == "15.2"
    assert convolutions[0] == 224**2 * torch_count(3, 64, 3, bias=False) == 50_176 * 64 * 27
    # The three networks that 12 times fewer is said of.
    assert f"{models.parameters(built('alexnet')) / models.parameters(built('googlenet')):.1f}" == "8.7"


def test_the_alexnet_of_2012_with_and_without_its_groups():
    counted = [models.parameters(built("alexnet", groups=groups, widths=(96, 256, 384, 384, 256)))
               for groups in (1, 2)]
    assert round(1 - counted[1] / counted[0], 2) == 0.02
    layer = nn.Conv2d(96, 256, 5, padding=2, groups=2)
    before = torch.randn(1, 96, 5, 5)
    after = before.clone()
    after[:, 10] += 1
    changed = (layer(after) - layer(before)).abs().amax(dim=(0, 2, 3)) > 1e-6
    assert changed[:128].all() and not changed[128:].any()


def test_the_googlenet_made_of_the_notebook_s_blocks_is_the_published_one():
    space = {"nn": nn, "torch": torch, "F": F, "models": models, "zoo": {
        "Inception v1 (2015)": built("googlenet"), "AlexNet (2012)": built("alexnet")}}
    cells = {cell.grade_id: cell.source for cell in lesson(SOURCE).cells}
    exec(cells["inception_block"], space)
    with torch.device("meta"):
        parts = [space["inception_block"](channels, *row) for channels, row in (
            (192, (64, (96, 128), (16, 32), 32)), (832, (384, (192, 384), (48, 128), 128)))]
    zoo = built("googlenet").blocks
    assert [models.parameters(part) for part in parts] == [models.parameters(zoo[name]) for name in ("3a", "5b")]


def test_the_stretch_puzzle_has_its_kernel():
    a, b = torch.randn(2, 1, 1, 3, 3, dtype=torch.float64)
    picture = torch.randn(1, 1, 12, 12, dtype=torch.float64)
    kernel = F.conv2d(F.pad(a, (2, 2, 2, 2)), b.flip(2, 3))
    torch.testing.assert_close(F.conv2d(picture, kernel), F.conv2d(F.conv2d(picture, a), b))


def test_the_relu_in_the_middle_is_what_counts():
    """Three of the four networks of section 5, one seed: the straight one is the worst by far."""
    space = {"nn": nn, "torch": torch}
    exec(next(cell.source for cell in lesson(SOURCE).cells if cell.grade_id == "conv_block"), space)
    pool, test, block = training.images("mnist5k"), training.images("mnist5k", "test"), space["conv_block"]
    recipe = training.Recipe("", epochs=10, batch_size=32, optimizer="adamw", lr=0.03, weight_decay=0.01)

    def accuracy(brick):
        torch.manual_seed(0)
        net = nn.Sequential(block(1, 16), nn.MaxPool2d(2), *brick(), nn.MaxPool2d(2), *brick(),
                            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
        order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(0))
        training.train(net, pool[order[:500]], recipe, seed=0, rows=1, show=False)
        return training.evaluate(net, test).accuracy

    def straight():
        layers = [layer for layer in block(16, 16).modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)]
        return [*layers, block(16, 16)]

    worst = accuracy(straight)
    assert accuracy(lambda: [block(16, 16), block(16, 16)]) - worst > 0.015
    assert accuracy(lambda: [block(16, 16, 5)]) - worst > 0.015, "behind the one 5x5 as well"
