"""GradientFlow in Python: state, twin, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import GradientFlow


def test_starts_with_the_numbers_of_the_by_hand_exercises():
    flow = GradientFlow()
    assert flow.output.tolist() == [[44, 54, 64], [84, 94, 104], [124, 134, 144]]
    assert flow.dY.tolist() == [[1, 1, 1]] * 3
    assert flow.dW.tolist() == [[54, 63], [90, 99]]
    assert flow.dX.tolist() == [[1, 3, 3, 2], [4, 10, 10, 6], [4, 10, 10, 6], [3, 7, 7, 4]]
    flow.stride = 2
    assert flow.dW.tolist() == [[24, 28], [40, 44]] and flow.dX[0].tolist() == [1, 2, 1, 2]


def test_upstream_is_cut_to_the_output_or_filled_up_with_ones():
    flow = GradientFlow(upstream=[[2, -1, 5, 7], [0, 3, 5, 7]])
    assert flow.dY.tolist() == [[2, -1, 5], [0, 3, 5], [1, 1, 1]]
    flow.stride = 3
    assert flow.dY.tolist() == [[2]]
    assert flow.dW.tolist() == [[2, 4], [10, 12]]


def test_gradients_are_those_of_central_differences():
    rng = np.random.default_rng(7)
    flow = GradientFlow(input=rng.normal(size=(5, 6)), kernel=rng.normal(size=(3, 2)),
                        upstream=rng.normal(size=(12, 12)), stride=2, padding=1)
    for name, gradient in (("input", flow.dX), ("kernel", flow.dW)):
        kept = getattr(flow, name)
        for place in np.ndindex(kept.shape):
            losses = []
            for h in (1e-5, -1e-5):
                moved = kept.copy()
                moved[place] += h
                setattr(flow, name, moved)
                losses.append((flow.output * flow.dY).sum())
            assert gradient[place] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)
        setattr(flow, name, kept)


@pytest.mark.parametrize("state, sentence", [
    ({"input": np.zeros((9, 3))}, "input has 9x3 cells, and this widget shows at most 8x8"),
    ({"kernel": np.ones((6, 6))}, "at most 5x5"),
    ({"upstream": [[np.nan]]}, "upstream holds NaN"),
    ({"upstream": 1}, "upstream must be 2-D"),
    ({"stride": 4}, "stride must be a whole number from 1 to 3; got 4"),
    ({"padding": -1}, "padding must be a whole number from 0 to 2"),
    ({"chosen": 0.5}, "chosen must be a whole number"),
    ({"dY": [[1]]}, "has no setting 'dY'; it has .*upstream"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        GradientFlow(**state)


def test_kernel_that_does_not_fit_is_explained():
    flow = GradientFlow(input=[[1, 2]])
    with pytest.raises(CourseError, match="2x2"):
        print(flow.dX)
    assert "<p>" in flow.static_html() and flow.static_html().count("<table") == 2


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = GradientFlow()._repr_mimebundle_()[0], GradientFlow()._repr_mimebundle_()[0]
    assert one["text/plain"] == other["text/plain"] == "GradientFlow(4x4 input, 2x2 kernel, stride=1, padding=0)"
    assert one["text/html"] == other["text/html"]
    assert one["text/html"].count("<table") == 5 and ">99</td>" in one["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in one
