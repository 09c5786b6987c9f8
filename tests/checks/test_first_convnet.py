"""The checks of notebook 06: references, mistakes, by-hand numbers, bad input, and the accuracy that it promises."""

import tomllib
from math import log

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import training
from course_lib.checks import first_convnet as check
from course_lib.checks.report import CheckFailed
from course_lib.geometry import Conv, Flatten, Linear, Pool, costs
from course_lib.models.lenet import AuthorLeNet, LeNet5
from tests.harness import SOURCES, as_made, lesson, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
NETWORKS = {"lenet": (check.lenet, LeNet5), "practice_net": (check.practice_net, AuthorLeNet)}
VALUES = {"trace_shapes": check.trace_shapes, "evaluate": check.evaluate, "evaluate_habits": check.evaluate_habits,
          "train_one_epoch": check.train_one_epoch, "train_one_epoch_loss": check.train_one_epoch_loss,
          "to_grey": check.to_grey}
HEADS = {**{name: one for name, (one, _) in NETWORKS.items()}, "gap_head": check.gap_head}
every_value = pytest.mark.parametrize("one", VALUES.values(), ids=VALUES)


def with_shapes(one: check.NetworkCheck, output):
    """What a probe answers for a network: its shapes when no weights come, else `output` of the case."""
    def run(x, weights, *more):
        case = {"x": x, "weights": weights} | dict(zip(("channels", "classes"), more, strict=False))
        return output(x, weights, *more) if weights else one.shapes(case)
    return run


# ----------------------------------------------------------------------------------------------- references

@every_value
@pytest.mark.parametrize("seed", range(5))
def test_the_reference_passes_whatever_the_seed(one, seed, capsys):
    assert one(one.reference, seed=seed) is None
    assert capsys.readouterr().out.startswith("✓ ")


def running(build):
    """The probe of the networks' test cells."""
    def run(x, weights):
        model = build().double().eval()
        if not weights:
            return [list(parameter.shape) for parameter in model.parameters()]
        for parameter, weight in zip(model.parameters(), weights, strict=True):
            parameter.data = torch.tensor(weight)
        return model(torch.from_numpy(x)).detach().numpy()
    return run


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(2))
def test_the_networks_of_the_library_pass(name, seed, capsys):
    """An independent implementation: the check works with torch's functions, these are modules."""
    one, build = NETWORKS[name]
    assert one(running(build), seed=seed) is None
    assert "✓ " + name in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(3))
def test_gap_head_of_plain_numpy_passes(seed, capsys):
    def run(x, weights, channels, classes):
        return x.mean((2, 3)) @ weights[0].T + weights[1] if weights else [[classes, channels], [classes]]

    assert check.gap_head(run, seed=seed) is None


def test_shapes_agree_with_the_layers_of_torch():
    """trace_shapes' reference against modules on the meta device, where these fit."""
    made = {"conv": nn.Conv2d, "pool": nn.MaxPool2d, "relu": nn.ReLU, "flatten": nn.Flatten, "linear": nn.Linear}
    for case in check.trace_shapes.cases(np.random.default_rng(3)):
        x = torch.zeros(1, *case["shape"])
        for (kind, *numbers), shape in zip(case["layers"], check._trace(**case), strict=False):
            if kind == "global" and shape is not None:
                x = x.mean((2, 3))
            elif shape is None:
                # For torch a mean is no layer, and a linear layer works on the last axis of several.
                if kind != "global" and (kind != "linear" or x.dim() == 2):
                    with pytest.raises(RuntimeError):
                        made[kind](*numbers)(x if x.dim() == 4 else x[:, None, None][:, :, :, :1])
                break
            else:
                x = made[kind](*numbers)(x)
            assert tuple(x.shape[1:]) == shape


# -------------------------------------------------------------------------------------------------- mistakes

CASES = {f"{name}: {mistake.says[:50]}": (one, as_made(one, mistake), mistake)
         for name, one in VALUES.items() for mistake in one.mistakes}
CASES |= {f"{name}: {mistake.says[:50]}": (one, with_shapes(one, as_made(one, mistake)), mistake)
          for name, one in HEADS.items() for mistake in one.mistakes}


@pytest.mark.parametrize(("one", "wrong", "mistake"), CASES.values(), ids=CASES)
def test_every_mistake_is_caught_and_named(one, wrong, mistake):
    told = verdict(one, wrong)
    assert told and mistake.says in told


SHAPES = {f"{name} {number} {shape}": (one, number, shape, says)
          for name, one in HEADS.items() for (number, shape), says in one.hints.items()}


@pytest.mark.parametrize(("one", "number", "shape", "says"), SHAPES.values(), ids=SHAPES)
def test_every_wrong_shape_has_its_hint(one, number, shape, says):
    right = one.shapes(one.example)
    wrong = right[:-1] if number < 0 else [*right[:number], list(shape), *right[number + 1:]]
    with pytest.raises(CheckFailed, match=f"(?s)^{one.name}: .*expected") as failed:
        one._judge_shapes(wrong, right)
    assert says in str(failed.value)


@pytest.mark.parametrize(("shapes", "says"), [
    (None, "must return a network of torch"), ([3], "must return a network of torch"),
    ([], r"it has 0 parameters, expected 10\. In all these are 0 numbers, and it must be 61,706"),
])
def test_what_is_no_list_of_shapes_is_told(shapes, says):
    with pytest.raises(CheckFailed, match=says):
        check.lenet(lambda x, weights: shapes)


# --------------------------------------------------------------------------------------- split_with_transforms

def halves(training=(), validation=(), draws=2):
    return lambda count, held_out, seed: [list(training), list(validation), draws]


GOOD = [[[1, i, i % 7] for i in range(20) if i % 5], [[2, i, i % 7] for i in range(20) if not i % 5]]


def right_split(count, held_out, seed):
    """A right answer of the probe."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    there = round(held_out * count)
    return [[[kind, i, i % 7] for i in half] for kind, half in ((1, order[there:]), (2, order[:there]))] + [2]


@pytest.mark.parametrize("seed", range(5))
def test_a_right_split_passes(seed, capsys):
    assert check.split_with_transforms(right_split, seed=seed) is None
    assert "✓ split_with_transforms" in capsys.readouterr().out


@pytest.mark.parametrize(("run", "says"), [
    (lambda *case: 7, "must return two datasets"),
    (lambda *case: [[1], [2], 2], "must return two datasets"),
    (lambda *case: (*GOOD, "x"), "must return two datasets"),
    (halves(), "gave 0 pictures for training and 0 for validation, expected 16 and 4"),
    (halves(*GOOD[::-1]), "They changed places"),
    (halves(GOOD[0], [[2, i, i % 7] for i in (1, 2, 5, 10)]), "2 pictures are in both sets, number 1"),
    (halves(GOOD[0], [[2, i, i % 7] for i in (0, 5, 10, 10)]), "there twice, and 1 are in neither"),
    (halves(GOOD[0], [[2, i, i % 7] for i in (0, 5, 10, 99)]), "no picture of the set, and 1 are in neither"),
    (halves([[1, i, 0] for _, i, _ in GOOD[0]], GOOD[1]), "picture 1 has label 0, expected 1"),
    (halves(GOOD[0], [[1, i, label] for _, i, label in GOOD[1]]), "practice notebook's bug"),
    (halves([[2, i, label] for _, i, label in GOOD[0]], GOOD[1]), "look into one dataset"),
    (halves(*[[[kind, i, label] for _, i, label in half] for kind, half in ((2, GOOD[0]), (1, GOOD[1]))]),
     "transforms changed places"),
    (halves([[0, i, label] for _, i, label in GOOD[0]], GOOD[1]), "get no transform. Make each"),
    (halves([[1, i, i % 7] for i in range(16)], [[2, i, i % 7] for i in range(16, 20)]), "in a row"),
    (halves(*GOOD, draws=1), "drawn anew"),
    (lambda count, held_out, seed: [[], [[2, i, i % 7] for i in range(3)], 0] if count == 3 else
     right_split(count, held_out, seed), r"0 are held out\. A cut from the end goes wrong there"),
    (halves(*GOOD), "same split for every seed"),
])
def test_every_way_to_split_wrongly_is_told(run, says):
    with pytest.raises(CheckFailed, match=says):
        check.split_with_transforms(run)


# --------------------------------------------------------------------------------------------------- by hand

def parameters_of(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_by_hand_answers_and_their_mistakes():
    data = tomllib.loads((SOURCE.parent / "lesson.toml").read_text(encoding="utf-8"))
    layers = [Conv(6, 5, 1, 2), Pool(2), Conv(16, 5), Pool(2), Flatten(), Linear(120), Linear(84), Linear(10)]
    rows = costs(layers, (1, 28, 28))
    counts = [row.parameters for row in rows if row.parameters]
    assert parameters_of(LeNet5()) == sum(counts) == 61_706
    assert parameters_of(AuthorLeNet()) == 1_191_170
    fc6, classifier = (parameters_of(nn.Linear(*sides, device="meta")) for sides in ((512 * 7 * 7, 4096), (512, 1000)))
    assert data["answers"] == {
        "lenet_sides": [row.shape[-1] for row in rows[:5]],
        "parameters": [*counts, sum(counts)],
        "first_losses": [round(log(classes), 2) for classes in (10, 2, 1000)],
        "bug_lines": [2, 3, 8, 2, 3],
        "reported": np.mean([10, 40, 70, 80]),
        "heads": [fc6, classifier],
    }
    wrong = {name: [entry["answer"] for entry in entries] for name, entries in data["mistakes"].items()}
    unpadded = costs([Conv(6, 5), Pool(2), Conv(16, 5), Pool(2), Flatten(), Linear(120)], (1, 28, 28))
    assert [row.shape[-1] for row in unpadded[:5]] in wrong["lenet_sides"]
    few = [*counts[:2], unpadded[-1].parameters, *counts[3:]]
    assert [*few, sum(few)] in wrong["parameters"]
    weights = [prod.weight.numel() for prod in LeNet5().modules() if hasattr(prod, "weight")]
    assert [*weights, sum(weights)] in wrong["parameters"]
    for answer in wrong["parameters"]:
        assert sum(answer[:5]) == answer[5] or answer[:5] == data["answers"]["parameters"][:5]


def test_the_stretch_puzzle_has_its_convolution():
    linear, convolution, maps = nn.Linear(24, 10), nn.Conv2d(24, 10, 1), torch.randn(5, 24, 7, 9)
    convolution.weight.data, convolution.bias.data = linear.weight.data[:, :, None, None], linear.bias.data
    torch.testing.assert_close(convolution(maps).mean(dim=(2, 3)), linear(maps.mean(dim=(2, 3))))


# -------------------------------------------------------------------------------------------------- promises

def test_lenet_reaches_what_the_notebook_promises():
    """As section 6 trains it: 2,400 digits to learn from, 600 held out, the recipe "lenet"."""
    cells = [cell.source for cell in lesson(SOURCE).cells if cell.grade_id == "lenet"]
    space = {"nn": nn}
    exec(cells[0], space)
    learning, _ = training.images("mnist5k").split(held_out=0.2, seed=0)
    torch.manual_seed(0)
    run = training.train(space["lenet"](), learning, training.RECIPES["lenet"], show=False)
    assert training.evaluate(run.model, training.images("mnist5k", "test")).accuracy >= 0.975


@pytest.mark.parametrize("modes", ["ttttttttt", "teteteeet", "eeeettttt", "eeeeeeeee"])
def test_the_engine_has_the_habits_that_students_are_graded_for(modes):
    digits = training.images("digits")[:50]
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Sequential(nn.Dropout(0.5), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)),
                          nn.ReLU(), nn.Flatten(), nn.Linear(72, 10)).to(training.device())
    before = [mode == "t" for mode in modes]
    for module, mode in zip(model.modules(), before, strict=True):
        module.training = mode
    training.evaluate(model, digits)
    assert [module.training for module in model.modules()] == before
    assert not model[0].running_mean.any() and torch.is_grad_enabled()
