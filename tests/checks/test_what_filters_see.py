"""The checks of notebook 10: references, mistakes, by-hand numbers, bad input, and what its text says of its runs."""

import copy
import tomllib

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, Occlusion
from torch import nn

from course_lib import data, explain, geometry, models, pretrained
from course_lib.checks import what_filters_see as check
from course_lib.checks.report import CheckFailed
from course_lib.tracing import trace
from course_lib.widgets.activation_browser import fitted, tiles
from tests.harness import ROOT, SOURCES, as_made, lesson, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
DATA = tomllib.loads((SOURCE.parent / "lesson.toml").read_text(encoding="utf-8"))
ARRAYS = {"effective_receptive_field": check.effective_receptive_field, "occlusion_map": check.occlusion_map,
          "activation_maximise_step": check.activation_maximise_step, "grad_cam": check.grad_cam}


def network(weights) -> nn.Sequential:
    """The small network of the checks as modules; the checks work with torch's functions."""
    first, second, head = map(torch.as_tensor, weights)
    made = nn.Sequential(
        nn.Conv2d(first.shape[1], len(first), 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(len(first), len(second), 3, bias=False), nn.ReLU(), nn.Flatten(),
        nn.Linear(head.shape[1], len(head), bias=False)).double()
    for parameter, weight in zip(made.parameters(), (first, second, head), strict=True):
        parameter.data = weight.clone()
    return made


# ----------------------------------------------------------------------------------------------- references

def captums_cam(x, weights, target, at):
    model = network(weights)
    cam = LayerGradCam(model, model[at]).attribute(torch.from_numpy(x), target, relu_attributions=True)
    return cam[:, 0].detach().numpy()


def captums_occlusion(x, weights, target, size, stride, fill):
    """Squares that do not touch leave the number of each square in its first pixel."""
    made = Occlusion(network(weights)).attribute(
        torch.from_numpy(x), (x.shape[1], size, size), (x.shape[1], size, size), fill, target)[:, 0]
    rows, columns = ((side - size) // size + 1 for side in x.shape[2:])
    return made[:, ::size, ::size][:, :rows, :columns].detach().numpy()


@pytest.mark.parametrize("seed", range(2))
def test_captums_grad_cam_passes(seed, capsys):
    assert check.grad_cam(captums_cam, seed=seed) is None
    assert "✓ grad_cam" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(3))
def test_occlusion_is_captums_where_squares_do_not_overlap(seed):
    for case in check.occlusion_map.cases(np.random.default_rng(seed)):
        case["stride"] = case["size"]
        np.testing.assert_allclose(check.occlusion_map.reference(*case.values()), captums_occlusion(*case.values()),
                                   atol=1e-10)


def test_functions_of_the_library_pass(capsys):
    def maps(x, weights):
        flat = network(weights)
        flat[1].inplace = flat[4].inplace = True
        made = explain.feature_maps(nn.Sequential(flat[:2], *flat[2:]), torch.from_numpy(x))
        return [list(made), [each.numpy() for each in made.values()], 0]

    assert check.feature_maps(maps, seed=3) is None
    assert check.grad_cam(lambda x, weights, target, at: explain.grad_cam(
        network(weights), torch.from_numpy(x), target, str(at), enlarge=False).numpy(), seed=3) is None
    assert capsys.readouterr().out.count("✓") == 2


def test_the_gradient_is_that_of_small_differences():
    """The reference of the step, by moving each pixel a little."""
    for case in list(check.activation_maximise_step.cases(np.random.default_rng(0)))[1:3]:
        x, weights, at, unit, rate = case.values()

        def answer(x, at=at, unit=unit, weights=weights):
            return network(weights)[:at + 1](torch.from_numpy(x)).detach().numpy()[:, unit].mean((1, 2)).sum()

        gradient = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            moved = x.copy()
            moved[place] += 1e-6
            gradient[place] = (answer(moved) - answer(x)) / 1e-6
        gradient /= np.sqrt((gradient**2).mean((1, 2, 3), keepdims=True)) + 1e-8
        np.testing.assert_allclose(check.activation_maximise_step.reference(*case.values()),
                                   np.clip(x + rate * gradient, 0, 1), atol=1e-4)


# -------------------------------------------------------------------------------------------------- mistakes

CASES = {f"{name}: {mistake.says[:60]}": (one, mistake) for name, one in ARRAYS.items() for mistake in one.mistakes}


@pytest.mark.parametrize(("one", "mistake"), CASES.values(), ids=CASES)
def test_every_mistake_is_caught_and_named(one, mistake):
    told = verdict(one, as_made(one, mistake))
    assert told and mistake.says in told


@pytest.mark.parametrize("mistake", check.feature_maps.mistakes, ids=lambda mistake: mistake.says[:40])
def test_every_mistake_of_feature_maps_is_caught_and_named(mistake):
    def wrong(x, weights):
        made = mistake.wrong(x, weights)
        return [list(made), list(made.values()), 0]

    told = verdict(check.feature_maps, wrong)
    assert told and mistake.says in told


@pytest.mark.parametrize(("names", "left", "says"), [
    (check.NAMES, 3, "leaves 3 hooks"),
    (("0.0", "0.1", "1", "2", "3", "4"), 0, "'5' is missing"),
    (("", "0", *check.NAMES), 0, "A container only calls"),
    (tuple(reversed(check.NAMES)), 0, "in the order in which the layers run"),
    (tuple(range(7)), 0, "and not the modules themselves"),
    (("Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"), 0, "two may be of one kind"),
])
def test_names_and_hooks_are_judged_before_the_maps(names, left, says):
    told = verdict(check.feature_maps, lambda x, weights: [list(names), [x] * len(names), left])
    assert says in told


@pytest.mark.parametrize("one", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize("result", [None, 3, [1.0], np.zeros(()), np.full((2, 3), np.nan), "map"], ids=repr)
def test_strange_results_get_a_sentence(one, result):
    assert one.name in verdict(one, lambda *case: result)


# ----------------------------------------------------------------------------------------------- predictions

def test_predictions_take_any_of_their_words(capsys):
    for name, words in check.WORDS.items():
        for word in words:
            check.prediction(name, f" {word.upper()}")
            assert "No guess is wrong" in capsys.readouterr().out
        with pytest.raises(CheckFailed, match="Only an empty answer"):
            check.prediction(name, None)
        for answer in ("perhaps", 1, [words[0]], True):
            with pytest.raises(CheckFailed, match="it must be one of"):
                check.prediction(name, answer)


# -------------------------------------------------------------------------------------------- by-hand numbers

def test_sees():
    def size(layers, last=None):
        return geometry.receptive_fields(layers[:last])[-1].size

    alexnet, vgg = (geometry.NETWORKS[name].layers for name in ("AlexNet", "VGG-16"))
    last = [step for step in trace(models.build("resnet20"), (3, 32, 32)).steps if step.kind == "convolution"][-1]
    three = [geometry.Conv(1, 3)] * 3
    assert DATA["answers"]["sees"] == [size(three, 2), size(three), last.field[0][0], size(alexnet, 8), size(vgg, 17),
                                       size(vgg, 18)]


def test_squares():
    def starts(side, size, step):
        return range(0, side - size + 1, step)

    def over(pixel):
        return sum(start <= pixel < start + 8 for start in starts(32, 8, 4)) ** 2

    assert DATA["answers"]["squares"] == [len(starts(32, 8, 4))**2, len(starts(224, 16, 8))**2, over(0), over(15)]


def test_cam():
    maps = np.array([[[1, 2], [0, 3]], [[4, 0], [1, 1]]])
    gradients = np.array([[[1, 0], [0, 1]], [[-1, 0], [0, 0]]])
    weights = gradients.mean((1, 2))
    assert DATA["answers"]["cam"] == [*weights, *np.maximum(np.tensordot(weights, maps, 1), 0).ravel()]


def test_answers_in_the_notebook_are_those_of_the_lesson():
    code = {cell.grade_id: cell.source for cell in lesson(SOURCE).cells if cell.is_solution}
    for name, answer in DATA["answers"].items():
        namespace = {}
        exec(code[name], namespace)
        assert namespace[name] == answer


# ---------------------------------------------------------------------------------- what the text says of its runs

@pytest.fixture(scope="module")
def shipped():
    return pretrained.load("fast_cifar10")


def seen(shipped, *names):
    pictures = np.stack([fitted(data.photograph(name), (3, 32, 32)) for name in names])
    return shipped.normalised(torch.from_numpy(pictures))


def test_the_cat_is_a_cat_and_the_rocket_a_ship(shipped):
    said = shipped.model(seen(shipped, "chelsea", "rocket")).argmax(1)
    assert [shipped.classes[number] for number in said] == ["cat", "ship"]


def test_the_shapes_of_the_table(shipped):
    maps = explain.feature_maps(shipped.model, seen(shipped, "chelsea"),
                                ["whitening", "groups.0", "groups.1", "groups.2", "head"])
    assert [tuple(each.shape[1:]) for each in maps.values()] == [
        (24, 31, 31), (32, 15, 15), (96, 7, 7), (176, 3, 3), (10,)]


def test_windows_by_formula_by_gradient_and_in_the_text(shipped):
    conv, pool = geometry.Conv(1, 3, padding=1), geometry.Pool(2)
    fields = geometry.receptive_fields([geometry.Conv(1, 2), *3 * [conv, pool, conv]])
    assert [(fields[place].size, fields[place].jump) for place in (1, 4, 7, 10)] == [(2, 1), (9, 2), (23, 4), (51, 8)]
    for number in range(3):
        (window,) = explain.receptive_windows(shipped.model, f"groups.{number}", (3, 64, 64), draws=1)
        assert window.height == window.width == fields[3 * number + 4].size
        middle = (15, 7, 3)[number]
        assert (window.top, window.bottom) == fields[3 * number + 4].window(middle)


def test_the_rim_counts_less_and_less(shipped):
    torch.manual_seed(0)
    field = explain.effective_receptive_field(shipped.model, "groups.2", torch.randn(16, 3, 64, 64), (3, 3))
    window = field[3:54, 3:54]
    assert field.sum() == pytest.approx(float(window.sum()), rel=1e-5)
    rim = torch.cat([window[0], window[-1], window[:, 0], window[:, -1]]).mean()
    assert 0 < rim < 0.05 * window[24:27, 24:27].mean()


def test_the_first_filters_are_as_the_text_says(shipped):
    filters = shipped.model.whitening.weight.detach()
    assert torch.equal(filters[12:], -filters[:12])
    signs = filters[8:10].mean(1).sign()  # upright and flat edges of brightness
    assert (signs[0, :, 0] == -signs[0, :, 1]).all() and (signs[1, 0] == -signs[1, 1]).all()
    brightness = filters[11]
    assert (brightness.sign() == brightness.sign()[0, 0, 0]).all()


def test_maps_say(shipped):
    """Each sentence of the exercise, with the library's functions; squares of 16 pixels in steps of 4."""
    pair = np.concatenate([fitted(data.photograph(name), (3, 32, 32)) for name in ("chelsea", "rocket")], axis=1)
    X, model = shipped.normalised(torch.from_numpy(pair[None])), shipped.model
    maps = {}
    for name in ("cat", "ship"):
        target = shipped.classes.index(name)
        maps[name, "cam"] = explain.grad_cam(model, X, target, "groups.2")[0].numpy()
        maps[name, "occlusion"] = explain.occlusion_map(model, X, target, 16, 4)[0].numpy()

    def alike(one, other):
        return np.corrcoef(one.ravel(), other.ravel())[0, 1]

    share = {name: float(maps[name, "cam"][:, :32].sum() / maps[name, "cam"].sum()) for name in ("cat", "ship")}
    randoms = []
    for seed in range(3):
        torch.manual_seed(seed)
        fresh = copy.deepcopy(model)
        for module in fresh.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.reset_parameters()
        cam = explain.grad_cam(fresh, X, shipped.classes.index("cat"), "groups.2")[0].numpy()
        randoms.append(alike(maps["cat", "cam"], cam) if cam.any() else 0.0)
    agree = {name: alike(maps[name, "cam"], maps[name, "occlusion"]) for name in ("cat", "ship")}
    by_numbers = [share["cat"] > 0.8, 1 - share["ship"] > 0.8, agree["cat"] > 0.6, agree["ship"] > 0.4,
                  max(randoms) > 0.4]
    assert [int(answer) for answer in by_numbers] == DATA["answers"]["maps_say"][:5]


@pytest.mark.parametrize("units", [(0, 2, 20)])
def test_the_painted_pictures_are_smoother_than_plain_ascent(shipped, units):
    """What the second row of section 3 has over the first: less of the finest checks."""
    look = {"mean": shipped.mean, "std": shipped.std, "steps": 20}
    painted = explain.activation_maximise(shipped.model, "groups.2.5", units, **look)
    rough = explain.activation_maximise(shipped.model, "groups.2.5", units, smooth=0.0, jitter=0, **look)

    def fine(X):
        """The share of waves shorter than three pixels."""
        power = torch.fft.fft2(X - X.mean((2, 3), keepdim=True)).abs().square().sum((0, 1))
        frequency = torch.fft.fftfreq(32).abs()
        return float(power[torch.maximum(frequency[:, None], frequency[None]) > 1 / 3].sum() / power.sum())

    assert fine(painted) < fine(rough) / 2


def test_a_made_picture_excites_several_times_as_much_as_any_patch(shipped):
    X = shipped.normalised(torch.from_numpy(tiles((3, 32, 32))[0]))
    units = [0, 2, 12, 20]
    best = explain.feature_maps(shipped.model, X, ["groups.2.5"])["groups.2.5"][:, units].amax((0, 2, 3))
    made = explain.activation_maximise(shipped.model, "groups.2.5", units, mean=shipped.mean, std=shipped.std)
    made = (made - shipped.mean.view(-1, 1, 1)) / shipped.std.view(-1, 1, 1)
    maps = explain.feature_maps(shipped.model, made, ["groups.2.5"])["groups.2.5"]
    assert (maps[range(4), units].amax((1, 2)) > 3 * best).all()


def test_about_half_of_the_numbers_are_0_everywhere(shipped):
    maps = explain.feature_maps(shipped.model, seen(shipped, "chelsea", "astronaut", "coffee", "rocket"))
    relus = [each for name, each in maps.items() if isinstance(shipped.model.get_submodule(name), nn.ReLU)]
    assert len(relus) == 6 and all(0.4 < float((each == 0).float().mean()) < 0.6 for each in relus)


def test_bricks_are_the_best_patches_of_the_grid(shipped):
    pictures, names = tiles((3, 32, 32))
    X = shipped.normalised(torch.from_numpy(pictures))
    patches = explain.strongest_patches(shipped.model, X, "groups.1.5", 4, 3)
    assert {names[patch.picture] for patch in patches} == {"brick"}


def test_the_puzzle_has_its_answer():
    ways = np.polynomial.polynomial.polypow([1, 1, 1], 10)
    assert len(ways) == 21 and ways.sum() == 3**10 and ways.max() == 8953


def test_the_source_is_where_the_tests_look_for_it():
    assert SOURCE.parent == ROOT / "solutions" / check.LESSON
