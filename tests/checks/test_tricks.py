"""The checks of notebook 07: references against PyTorch, every mistake named, random draws, the by-hand numbers."""

import inspect
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.checks import draws, tricks as check
from course_lib.checks.several import SeveralCheck
from tests.harness import SOURCES, as_made, lesson, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
FORWARD = {"training": check.batchnorm2d_forward, "evaluation": check.batchnorm2d_forward_eval}
SEVERAL = {"running_update": check.running_update, "batchnorm2d_backward": check.batchnorm2d_backward,
           "mixup": check.mixup, "predict": check.predict}
PARTS = {**FORWARD, **{f"{name}, {part.part}": part for name, one in SEVERAL.items() for part in one.parts}}


def everything(one: SeveralCheck):
    """The references of all parts as one function."""
    return lambda *case: tuple(part.reference(*case) for part in one.parts)


def double(*arrays):
    return [torch.tensor(np.asarray(array), dtype=torch.float64) for array in arrays]


# ----------------------------------------------------------------------------------------------- references

@pytest.mark.parametrize("one", PARTS.values(), ids=PARTS)
@pytest.mark.parametrize("seed", range(4))
def test_the_reference_passes_whatever_the_seed(one, seed, capsys):
    assert one(one.reference, seed=seed) is None
    assert capsys.readouterr().out.startswith("✓ ")


@pytest.mark.parametrize("one", SEVERAL.values(), ids=SEVERAL)
def test_several_results_pass_together(one, capsys):
    assert one(everything(one), seed=3) is None
    assert capsys.readouterr().out.count("✓ ") == len(one.parts)


def forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    X, gamma, beta, mean, var = double(X, gamma, beta, running_mean, running_var)
    return F.batch_norm(X, mean, var, gamma, beta, training, eps=eps).numpy()


def backward(dY, X, gamma, eps=1e-5):
    dY, X, gamma = double(dY, X, gamma)
    beta = torch.zeros_like(gamma)
    inputs = [tensor.requires_grad_() for tensor in (X, gamma, beta)]
    Y = F.batch_norm(X, None, None, gamma, beta, training=True, eps=eps)
    return tuple(gradient.numpy() for gradient in torch.autograd.grad(Y, inputs, dY))


def update(running_mean, running_var, X, training, momentum=0.1):
    X, mean, var = double(X, running_mean, running_var)
    F.batch_norm(X, mean, var, training=training, momentum=momentum)
    return mean.numpy(), var.numpy()


@pytest.mark.parametrize("seed", range(3))
def test_pytorch_passes(seed):
    """An independent implementation, in float64."""
    assert check.batchnorm2d_forward(forward, seed=seed) is None
    assert check.batchnorm2d_forward_eval(forward, seed=seed) is None
    assert check.batchnorm2d_backward(backward, seed=seed) is None
    assert check.running_update(update, seed=seed) is None


def test_dropout_of_pytorch_passes():
    def dropout(x, p, training, seed):
        torch.manual_seed(seed)
        return F.dropout(torch.tensor(x), p, training).numpy()

    for seed in range(10):
        assert check.dropout_forward(dropout, seed=seed) is None


# -------------------------------------------------------------------------------------------------- mistakes

GROUPS = {"batchnorm2d_forward": tuple(FORWARD.values()),
          **{name: (one,) for name, one in PARTS.items() if name not in FORWARD},
          # The named mistakes of these two are made where nothing is left to chance.
          **{one.name: (replace(one, properties=()),) for one in (check.dropout_forward, check.random_crop_flip)}}


@pytest.mark.parametrize("checks", GROUPS.values(), ids=GROUPS)
def test_every_mistake_is_caught_and_named(checks):
    """By one check at least, where two share the table: what is done in evaluation shows there."""
    named = {mistake.says for mistake in checks[0].mistakes}
    for mistake in checks[0].mistakes:
        told = [verdict(one, as_made(one, mistake)) for one in checks]
        assert any(told), mistake.says
        assert any(any(says in text for says in named) for text in told if text), (mistake.says, told)


@pytest.mark.parametrize("slip", [
    lambda *case: check._forward(*case, ddof=1), lambda *case: check._forward(*case)[0], lambda *case: 1 / 0])
def test_a_slip_in_training_costs_nothing_in_evaluation(slip):
    def function(*case):
        return slip(*case) if case[5] else check._forward(*case)

    assert verdict(check.batchnorm2d_forward, function)
    assert verdict(check.batchnorm2d_forward_eval, function) is None


# ----------------------------------------------------------------------------------------------------- draws

def crop(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    top, left = rng.integers(0, 2 * padding + 1, (2, N))
    pieces = np.stack([framed[n, :, i:i + H, j:j + W] for n, (i, j) in enumerate(zip(top, left, strict=True))])
    return np.where((rng.random(N) < flip)[:, None, None, None], pieces[..., ::-1], pieces)


def dropout(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (1 - p) if training else x


@pytest.mark.parametrize(("one", "function"), [(check.random_crop_flip, crop), (check.dropout_forward, dropout)])
def test_right_draws_pass_whatever_they_are(one, function):
    """The bounds are wide: of many generators none is unlucky enough to fail."""
    for seed in range(15):
        for offset in (0, 1):
            assert one(lambda *case, offset=offset: function(*case[:-1], np.random.default_rng([offset, case[-1]])),
                       seed=seed) is None


def test_a_piece_is_found_again():
    X = np.random.default_rng(0).uniform(1, 9, (3, 2, 4, 5))
    pieces = draws._pieces(X, 1)
    assert pieces.shape == (3, 3, 2, 3, 2, 4, 5)
    out = np.stack([pieces[0, 2, 1, 0], pieces[1, 1, 0, 1], np.zeros((2, 4, 5))])
    assert draws._found(out, pieces).tolist() == [[0, 2, 1], [1, 1, 0], [-1, -1, -1]]
    np.testing.assert_array_equal(pieces[1, 1, 0], X)
    np.testing.assert_array_equal(pieces[1, 1, 1], X[..., ::-1])
    np.testing.assert_array_equal(pieces[2, 1, 0][:, :, :-1], X[:, :, 1:])  # cut lower: moved up, zeros below
    assert not pieces[2, 1, 0][:, :, -1].any()


@pytest.mark.parametrize(("share", "wanted", "count", "fine"), [
    (0.5, 0.5, 100, True), (0.7, 0.5, 100, True), (0.8, 0.5, 100, False), (0.0, 0.2, 200, False), (0, 0, 9, True)])
def test_what_chance_may_do(share, wanted, count, fine):
    assert bool(draws._expected(share, wanted, count)) is fine


# ------------------------------------------------------------------------------------- predict and its probe

def probed(predict):
    """The run of the notebook's test cell, among these names."""
    cells = {cell.grade_id: cell.source for cell in lesson(SOURCE).cells}
    space = {"np": np, "nn": nn, "torch": torch, "predict": predict}
    exec(cells["test_predict"].split("\n\n\n")[0], space)
    return space["run"]


def test_the_network_of_the_probe_is_that_of_the_check():
    @torch.no_grad()
    def predict(model, X, batch_size):
        model.eval()
        return model(X)

    for case in check.predict.parts[0].cases(np.random.default_rng(0)):
        logits, mean, left, sizes = probed(predict)(*case.values())
        np.testing.assert_allclose(logits, check.predict.parts[0].reference(*case.values()), atol=1e-9)
        np.testing.assert_array_equal(mean, case["running_mean"])
        np.testing.assert_array_equal(left, [0, 0, 0, 0, 0, 1, 1])  # this predict puts no mode back
        np.testing.assert_array_equal(sizes, [len(case["X"])])


# --------------------------------------------------------------------------------------------------- by hand

DATA = tomllib.loads((SOURCE.parent / "lesson.toml").read_text())


def rounded(values) -> list:
    return np.round(values, check.DIGITS).tolist()


def test_by_hand_answers():
    x = np.array([1.0, 2, 3, 4])
    layer = nn.BatchNorm2d(1).double()
    y = layer(torch.tensor(x.reshape(2, 1, 1, 2))).detach().numpy().ravel()
    running = [layer.running_mean.item(), layer.running_var.item()]
    lonely = nn.BatchNorm2d(1, eps=0).double()
    for name, value in (("weight", 2.0), ("bias", 0.5), ("running_mean", 5.0), ("running_var", 4.0)):
        getattr(lonely, name).data.fill_(value)
    alone = check._forward(np.full((1, 1, 1, 1), 7.0), np.array([2.0]), np.array([0.5]), None, None, True)
    in_company = lonely.eval()(torch.full((1, 1, 1, 1), 7.0).double()).item()
    assert DATA["answers"] == {
        "dropped": (np.array([2, 0, 6, 8]) / (1 - 0.2)).tolist(),
        "normalised": rounded(y),
        "running": rounded(running),
        "lonely": [alone.item(), in_company],
        "keep_or_drop": rounded([1 - 0.8, 1 / 0.8, 0.8]),
        "two_roots": rounded([np.sqrt((1 + 9) / 2), (1 + 3) / 2]),
    }


def test_pytorch_refuses_what_is_lonely():
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.BatchNorm2d(1)(torch.full((1, 1, 1, 1), 7.0))


def test_classic_wrong_answers_are_known():
    wrong = {name: [entry["answer"] for entry in entries] for name, entries in DATA["mistakes"].items()}
    x = np.array([1.0, 2, 3, 4])
    centred, unbiased = x - 2.5, x.var(ddof=1)
    for values in (centred / np.sqrt(unbiased), centred / 1.25, centred, x / np.sqrt(1.25), centred / unbiased,
                   centred / np.sqrt(5), -centred / np.sqrt(1.25), centred / 3 + 0.5):
        assert rounded(values) in wrong["normalised"]
    for var in (1.25, np.sqrt(unbiased), np.sqrt(1.25)):
        assert rounded([0.25, 0.9 + 0.1 * var]) in wrong["running"]
    for values in ([0.9 * 2.5, 0.1 + 0.9 * unbiased], [0.9 * 2.5, 0.1 + 0.9 * 1.25], [2.5, unbiased],
                   [0.25, 0.1 * unbiased], [0.25, 1 + 0.1 * unbiased]):
        assert rounded(values) in wrong["running"]
    units = np.array([2, 0, 6, 8])
    for factor in (1, 1 / 0.2, 0.8, 0.2, 1 / 0.75):
        assert rounded(units * factor) in wrong["dropped"]


@pytest.mark.parametrize("answer", [(-1.5 / np.sqrt(1.25), -0.44721, 0.44721, 1.34164),
                                    np.array([-1.341635, -0.447212, 0.447212, 1.341635])])
def test_more_decimals_than_four_are_welcome(answer, capsys):
    check.by_hand("normalised", answer)
    assert capsys.readouterr().out.startswith("✓ ")


def test_the_entropy_of_the_quiz():
    """-0.7 ln 0.7 - 0.3 ln 0.3, as its explanation says."""
    (question,) = (one for one in DATA["quiz"] if one["id"] == "mixed-loss")
    label = torch.tensor([0.7, 0.3])
    assert f"{F.cross_entropy(label.log()[None], label[None]).item():.2f}" in question["options"][1]["why"]


def test_the_stretch_puzzle_has_its_answer():
    """Fill in the two names of the puzzle's cell, and it says so."""
    source = next(cell.source for cell in lesson_cells() if "your_W, your_b = W, b" in cell.source)
    factor = "(gamma / np.sqrt(running_var + 1e-5))"
    answer = f"your_W, your_b = W * {factor}[:, None, None, None], {factor} * (b - running_mean) + beta"
    space = {"np": np, "batchnorm2d_forward": check._forward}
    exec("from course_lib import ops", space)
    said = []
    exec(source.replace("your_W, your_b = W, b", answer), space | {"print": said.append})
    assert said == ["solved!"]


def lesson_cells():
    from course_lib.instructor.source import read_cells

    return [cell for cell in read_cells(SOURCE) if cell.kind == "code"]


def test_checks_take_the_parameters_that_the_notebook_defines():
    """The call in a check's sentences is the signature that a student sees."""
    space = {}
    for cell in lesson(SOURCE).cells:
        if cell.is_setup or cell.is_solution:
            exec(cell.source, space)
    for one in (*FORWARD.values(), check.dropout_forward, check.random_crop_flip,
                *(several.parts[0] for several in (check.running_update, check.batchnorm2d_backward, check.mixup))):
        assert one.parameters == list(inspect.signature(space[one.name]).parameters)
