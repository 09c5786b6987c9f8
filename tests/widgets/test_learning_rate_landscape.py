"""LearningRateLandscape in Python: the walk against torch's SGD, its limit, static form, a sentence for bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import LearningRateLandscape


def test_without_momentum_each_step_multiplies_by_one_minus_lr_times_curvature():
    widget = LearningRateLandscape(curvatures=(1, 10), start=(-4, 1.5), lr=0.18, steps=3)
    np.testing.assert_allclose(widget.path, [(-4 * 0.82**k, 1.5 * (-0.8) ** k) for k in range(4)])
    assert widget.losses[0] == 19.25
    np.testing.assert_allclose(widget.factors, [0.82, 0.8])


@pytest.mark.parametrize("momentum", [0, 0.5, 0.9])
def test_takes_the_steps_of_torch(momentum):
    torch = pytest.importorskip("torch")
    widget = LearningRateLandscape(curvatures=(0.3, 7), start=(2, -1), lr=0.15, momentum=momentum, steps=20)
    w = torch.nn.Parameter(torch.tensor([2.0, -1.0], dtype=torch.float64))
    optimizer = torch.optim.SGD([w], lr=0.15, momentum=momentum)
    for point, expected in zip(widget.path, widget.losses, strict=True):
        np.testing.assert_allclose(point, w.detach().numpy(), rtol=1e-12, atol=1e-12)
        loss = (torch.tensor([0.3, 7.0], dtype=torch.float64) * w**2).sum() / 2
        assert expected == pytest.approx(loss.item(), rel=1e-12)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("momentum", [0, 0.3, 0.8])
@pytest.mark.parametrize("curvatures", [(1, 10), (5, 0.5), (2, 2)])
def test_it_diverges_just_beyond_the_limit_and_not_before(momentum, curvatures):
    widget = LearningRateLandscape(curvatures=curvatures, start=(1, 1), momentum=momentum, steps=200)
    assert widget.limit == pytest.approx(2 * (1 + momentum) / max(curvatures))
    widget.lr = 0.97 * widget.limit
    assert max(widget.factors) < 1 and widget.losses[-1] < widget.losses[0]
    widget.lr = 1.03 * widget.limit
    assert max(widget.factors) > 1 and widget.losses[-1] > widget.losses[0]


def test_a_walk_that_blows_up_ends_and_stays_finite():
    widget = LearningRateLandscape(curvatures=(100, 100), lr=100, steps=200)
    assert 1 < len(widget.path) < 10 and np.isfinite(widget.losses).all() and widget.losses[-1] > 1e12


@pytest.mark.parametrize("state, sentence", [
    ({"curvatures": (1, -1)}, "curvatures must be two numbers from 0.01 to 100, one for each weight; got"),
    ({"curvatures": 3}, "curvatures must be two numbers"),
    ({"start": (1, 2, 3)}, "start must be two numbers from -5 to 5"),
    ({"start": (0, np.nan)}, "start must be two numbers"),
    ({"start": "origin"}, "start must be two numbers"),
    ({"lr": 0}, "lr must be a number from 1e-06 to 100; got 0"),
    ({"lr": True}, "lr must be a number"),
    ({"momentum": 1}, "momentum must be a number from 0 to 0.999; got 1"),
    ({"steps": 0}, "steps must be a whole number from 1 to 200"),
    ({"learning_rate": 1}, "has no setting 'learning_rate'; it has .*lr"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        LearningRateLandscape(**state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (LearningRateLandscape()._repr_mimebundle_()[0] for _ in range(2))
    start = "LearningRateLandscape(curvatures 1 and 10, lr=0.05, momentum=0; loss 19.25 to "
    assert one["text/plain"].startswith(start)
    assert one["text/html"] == other["text/html"] and "<script" not in one["text/html"]
    assert one["text/html"].count("<tr>") == 1 + 10 + 1, "a head, the first ten points and the last"
    assert "2·(1 + 0) / 10 = 0.2" in one["text/html"]
