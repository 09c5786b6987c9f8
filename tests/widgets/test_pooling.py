"""Pooling in Python: state, twin, gradient's route, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import Pooling


def test_starts_with_slide_30():
    assert Pooling().output.tolist() == [[6, 8], [14, 16]]
    assert Pooling(operation="average").output.tolist() == [[3.5, 5.5], [11.5, 13.5]]


def test_gradient_of_slide_30_goes_to_6_8_14_and_16_or_to_all_alike():
    pooling = Pooling()
    assert pooling.input[pooling.input_gradient == 1].tolist() == [6, 8, 14, 16]
    assert pooling.input_gradient.sum() == 4
    pooling.operation = "average"
    assert (pooling.input_gradient == 0.25).all()


def test_overlapping_windows_add_up_and_of_ties_the_first_gets_it():
    pooling = Pooling(input=[[0, 9, 0]], size=1, stride=1)
    pooling.input, pooling.size = [[0, 0, 0], [0, 9, 0], [0, 0, 0]], 2
    assert pooling.input_gradient.tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]
    ties = Pooling(input=np.ones((2, 2)), upstream=[[7]])
    assert ties.input_gradient.tolist() == [[7, 0], [0, 0]]


def test_upstream_is_forgotten_when_the_output_has_another_size():
    pooling = Pooling(upstream=[[1, 2], [3, 4]])
    assert pooling.input_gradient.max() == 4
    pooling.operation = "average"
    assert pooling.upstream.tolist() == [[1, 2], [3, 4]], "the output has the same size"
    pooling.stride = 1
    assert pooling.upstream is None and pooling.output.shape == (3, 3)
    pooling.upstream = np.ones((3, 3))
    pooling.size = 5
    assert pooling.upstream is None


def test_what_travels_to_the_browser_is_plain_data():
    assert Pooling().get_state(Pooling.state_names()) == {
        "input": [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]],
        "operation": "max", "size": 2, "stride": None, "gradient": False, "upstream": None,
    }
    pooling = Pooling()
    pooling.set_state({"stride": 1, "upstream": [[1, 0, 0], [0, 0, 0], [0, 0, -2]]})
    assert pooling.input_gradient[3, 3] == -2
    with pytest.raises(ValueError, match="read-only"):
        pooling.upstream[0, 0] = 5


@pytest.mark.parametrize("state, sentence", [
    ({"input": []}, "input must be 2-D"),
    ({"input": np.zeros((0, 3))}, "input is empty"),
    ({"input": np.zeros((1, 1, 4, 4))}, r"input must be 2-D .* got shape \(1, 1, 4, 4\)"),
    ({"input": "slide 30"}, "input must hold numbers only"),
    ({"input": [[1, np.nan]]}, "input holds NaN"),
    ({"input": np.zeros((13, 2))}, "input has 13x2 cells, and this widget shows at most 12x12"),
    ({"operation": "min"}, "'max', 'average'; got 'min'"),
    ({"size": 0}, "size must be a whole number from 1 to 6; got 0"),
    ({"size": 7}, "size must be a whole number from 1 to 6; got 7"),
    ({"stride": 0.5}, "stride must be a whole number from 1 to 6; got 0.5"),
    ({"gradient": 1}, "gradient must be True or False; got 1"),
    ({"upstream": [1, 2]}, "upstream must be 2-D"),
    ({"upstream": [[1, 2, 3]]}, r"upstream must have the output's shape \(2, 2\); got \(1, 3\)"),
    ({"upstream": [[np.inf, 0], [0, 0]]}, "upstream holds NaN or infinity"),
    ({"padding": 1}, "has no setting 'padding'; it has .*size"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        Pooling(**state)


def test_bad_input_leaves_the_state_as_it_was():
    pooling = Pooling(upstream=[[1, 2], [3, 4]])
    for name, value in (("upstream", [[1]]), ("size", None), ("input", [["a"]])):
        with pytest.raises(CourseError):
            setattr(pooling, name, value)
    assert pooling.upstream.tolist() == [[1, 2], [3, 4]] and pooling.size == 2 and pooling.input.shape == (4, 4)


def test_window_that_does_not_fit_is_explained():
    pooling = Pooling(size=5, gradient=True)
    for name in ("output", "input_gradient"):
        with pytest.raises(CourseError, match="covers 5x5 pixels"):
            getattr(pooling, name)
    assert "covers 5x5 pixels" in pooling.static_html()


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = Pooling(gradient=True)._repr_mimebundle_()[0], Pooling(gradient=True)._repr_mimebundle_()[0]
    assert one["text/plain"] == other["text/plain"] == "Pooling(max over a 4x4 input, size=2, stride=2)"
    assert one["text/html"] == other["text/html"] and "<script" not in one["text/html"]
    assert one["text/html"].count("<table") == 4 and ">14</td>" in one["text/html"]
    assert Pooling().static_html().count("<table") == 2
