"""The checks of notebook 05: their references, mistakes and losses, the by-hand numbers, and bad input."""

import tomllib

import numpy as np
import pytest
import torch

from course_lib import ops
from course_lib.checks import learning_a_kernel as check
from course_lib.checks.report import CheckFailed
from tests.harness import SOURCES, as_made, lesson, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
SINGLE = {"numerical_grad": check.numerical_grad, "grad_check": check.grad_check, "im2col": check.im2col,
          "max_pool_backward": check.max_pool_backward, "learn_kernel": check.learn_kernel}
SEVERAL = {"correlate2d_backward": check.correlate2d_backward, "conv2d_backward": check.conv2d_backward,
           "conv2d_backward_stride": check.conv2d_backward_stride}
PARTS = {**SINGLE, **{f"{name}, {part.part}": part for name, one in SEVERAL.items() for part in one.parts}}
every_part = pytest.mark.parametrize("one", PARTS.values(), ids=PARTS)


def everything(one: check.SeveralCheck):
    """The references of all parts as one function."""
    return lambda *case: tuple(part.reference(*case) for part in one.parts)


# ----------------------------------------------------------------------------------------------- references

@every_part
@pytest.mark.parametrize("seed", range(8))
def test_the_reference_passes_whatever_the_seed(one, seed, capsys):
    assert one(one.reference, seed=seed) is None
    assert capsys.readouterr().out.startswith("✓ ")


@pytest.mark.parametrize("one", SEVERAL.values(), ids=SEVERAL)
def test_several_results_pass_together(one, capsys):
    assert one(everything(one), seed=3) is None
    assert capsys.readouterr().out.count("✓ ") == len(one.parts)


@pytest.mark.parametrize("seed", range(3))
def test_torch_passes(seed):
    """An independent implementation: autograd in float64."""
    def conv2d_backward(dY, X, W, stride=1):
        X, W = (torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in (X, W))
        b = torch.zeros(len(W), dtype=torch.float64, requires_grad=True)
        Y = torch.nn.functional.conv2d(X, W, b, stride)
        return tuple(g.numpy() for g in torch.autograd.grad(Y, (X, W, b), torch.tensor(dY, dtype=torch.float64)))

    def correlate2d_backward(dY, x, w):
        return tuple(g[0, 0] for g in conv2d_backward(*(array[None, None] for array in (dY, x, w)))[:2])

    def im2col(X, k_h, k_w, stride=1):
        return torch.nn.functional.unfold(torch.tensor(X, dtype=torch.float64), (k_h, k_w), stride=stride).numpy()

    def max_pool_backward(dY, X, size=2):
        X = torch.tensor(X, dtype=torch.float64, requires_grad=True)
        (dX,) = torch.autograd.grad(torch.nn.functional.max_pool2d(X, size), X, torch.tensor(dY, dtype=torch.float64))
        return dX.numpy()

    assert check.conv2d_backward(conv2d_backward, seed=seed) is None
    assert check.conv2d_backward_stride(conv2d_backward, seed=seed) is None
    assert check.correlate2d_backward(correlate2d_backward, seed=seed) is None
    assert check.im2col(im2col, seed=seed) is None
    assert check.max_pool_backward(max_pool_backward, seed=seed) is None


# -------------------------------------------------------------------------------------------------- mistakes

TABLES = {**{name: (one,) for name, one in SINGLE.items()},
          **{f"gradients, {part}": tuple(one for name, one in PARTS.items() if name.endswith(f", {part}"))
             for part in ("dX", "dW", "db")}}


@pytest.mark.parametrize("checks", TABLES.values(), ids=TABLES)
def test_every_mistake_is_caught_and_named(checks):
    """By one check at least, where several share the table: a stride shows only with strides."""
    for one in zip(*(judge.mistakes for judge in checks), strict=True):
        told = [verdict(judge, as_made(judge, mistake)) for judge, mistake in zip(checks, one, strict=True)]
        assert any(told), one[0].says
        named = {mistake.says for judge in checks for mistake in judge.mistakes}
        assert all(any(says in text for says in named) for text in told if text), (one[0].says, told)


@pytest.mark.parametrize(("answer", "says"), [
    (None, "end it with `return dX, dW, db`"),
    (np.zeros(3), "an array of shape .* expected 3 arrays"),
    ((np.zeros(3), np.zeros(3)), "2 results, expected 3 arrays"),
])
def test_results_that_are_no_triple_are_told(answer, says):
    with pytest.raises(CheckFailed, match=says):
        check.conv2d_backward(lambda *case: answer)


def test_a_name_in_place_of_the_function_is_told():
    with pytest.raises(CheckFailed, match="must be a function"):
        check.conv2d_backward(3)


# ---------------------------------------------------------------------------------------------------- losses

@pytest.mark.parametrize("name", check.LOSSES)
def test_gradients_of_the_losses(name):
    x = np.random.default_rng(1).normal(size=(3, 2))
    np.testing.assert_allclose(check._slope(name, x), check.LOSSES[name].gradient(x), rtol=1e-6, atol=1e-6)


def test_the_losses_are_those_of_the_notebook():
    """Both test cells write the losses once more, for the student's process."""
    x = np.random.default_rng(2).normal(size=(2, 3))
    cells = {cell.grade_id: cell.source for cell in lesson(SOURCE).cells}
    for name, one, more in (("numerical_grad", check.numerical_grad, ()), ("grad_check", check.grad_check, (x,))):
        space = {"np": np, name: lambda f, x, *more: f(x)}
        exec(cells[f"test_{name}"].split("\n\n\n")[0], space)
        for loss in {case["f"] for case in one.cases(np.random.default_rng(0))}:
            assert space["run"](loss, x, *more) == pytest.approx(check.LOSSES[loss].value(x)), loss


# --------------------------------------------------------------------------------------------------- by hand

def test_by_hand_answers_and_their_mistakes():
    data = tomllib.loads((SOURCE.parent / "lesson.toml").read_text())
    x, w = np.arange(1.0, 17).reshape(1, 1, 4, 4), np.arange(1.0, 5).reshape(1, 1, 2, 2)
    dX, dW, _ = ops.conv2d_backward(np.ones((1, 1, 3, 3)), x, w)
    dX2, dW2, _ = ops.conv2d_backward(np.ones((1, 1, 2, 2)), x, w, 2)
    assert data["answers"] == {"kernel_gradient": dW[0, 0].tolist(), "input_gradient": dX[0, 0].tolist(),
                               "kernel_gradient_stride2": dW2[0, 0].tolist()}
    wrong = {name: [entry["answer"] for entry in entries] for name, entries in data["mistakes"].items()}
    turned = w[:, :, ::-1, ::-1]
    stamps = [ops.conv2d_backward(np.ones((1, 1, 3, 3)), x, kernel)[0][0, 0].tolist()
              for kernel in (turned, w.swapaxes(2, 3), np.ones((1, 1, 2, 2)))]
    for expected in [*stamps, dX2[0, 0].tolist(), (dX * x)[0, 0].tolist(), dW[0, 0].tolist()]:
        assert expected in wrong["input_gradient"]
    for expected in [(dW * w)[0, 0].tolist(), dW[0, 0, ::-1, ::-1].tolist(), dW[0, 0].T.tolist(),
                     (dW / 9)[0, 0].tolist(), dW2[0, 0].tolist(), ops.conv2d(x, w)[0, 0].tolist()]:
        assert expected in wrong["kernel_gradient"]
    for expected in [(dW2 * w)[0, 0].tolist(), dW[0, 0].tolist(), (dW2 / 4)[0, 0].tolist(),
                     ops.conv2d(x, w, stride=2)[0, 0].tolist(), dW2[0, 0].T.tolist()]:
        assert expected in wrong["kernel_gradient_stride2"]


def test_the_stretch_puzzle_has_its_one_line():
    rng = np.random.default_rng(4)
    x, w, dY = rng.normal(size=(6, 6)), rng.normal(size=(3, 3)), rng.normal(size=(4, 4))
    dX = check.correlate2d_backward.parts[0].reference(dY, x, w)
    np.testing.assert_allclose(ops.convolve2d(dY, w, padding=2), dX)


# ----------------------------------------------------------------------------------------------- two_kernels

@pytest.mark.parametrize(("answer", "says"), [
    (7, "the number 7; expected"),
    ((np.eye(3), np.eye(2)), "of 2; expected"),
    ((np.eye(3), None, np.eye(2)), "not answered yet"),
    (("x", np.eye(2), np.eye(2)), "must hold numbers"),
    ((np.ones((30, 2)) * np.arange(2), np.eye(2), np.ones((2, 2))), "at most 20 x 20"),
])
def test_what_is_no_answer_to_two_kernels(answer, says):
    with pytest.raises(CheckFailed, match=says):
        check.two_kernels(answer)
