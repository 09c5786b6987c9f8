"""ConvolutionStepper in Python: state, twin, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import ConvolutionStepper


def test_starts_with_slide_6():
    assert ConvolutionStepper().output.tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    assert ConvolutionStepper(operation="convolution").output.tolist() == [[18, 20, 19], [10, 9, 17], [11, 8, 14]]


def test_takes_and_gives_arrays():
    stepper = ConvolutionStepper(input=np.eye(4, dtype=np.uint8), kernel=[[True, False]], padding=np.int64(1))
    assert stepper.input.dtype == float and stepper.output.shape == (6, 5)
    stepper.kernel = ((1.0, 2.0),)
    assert stepper.kernel.tolist() == [[1, 2]]
    assert stepper.get_state("kernel") == {"kernel": [[1.0, 2.0]]}, "what travels to the browser is plain data"
    with pytest.raises(ValueError, match="read-only"):
        stepper.input[0, 0] = 5


@pytest.mark.parametrize("state, sentence", [
    ({"input": np.zeros((0, 3))}, r"input is empty: its shape is \(0, 3\)"),
    ({"input": np.zeros((2, 2, 2))}, r"input must be 2-D .* got shape \(2, 2, 2\)"),
    ({"input": "slide 6"}, "input must hold numbers only"),
    ({"input": [[1, 2], [3]]}, "rows of equal length"),
    ({"input": [[1, None]]}, "numbers only|NaN"),
    ({"input": np.zeros((20, 3))}, "input has 20x3 cells, and this widget shows at most 16x16"),
    ({"kernel": [[np.nan]]}, "kernel holds NaN"),
    ({"kernel": np.ones((8, 8))}, "at most 7x7"),
    ({"stride": 0}, "stride must be a whole number from 1 to 4; got 0"),
    ({"padding": 1.5}, "padding must be a whole number"),
    ({"dilation": "two"}, "dilation must be a whole number"),
    ({"operation": "multiply"}, "'cross-correlation', 'convolution'; got 'multiply'"),
    ({"predict": "yes"}, "predict must be True or False"),
    ({"strides": 2}, "has no setting 'strides'; it has .*stride"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        ConvolutionStepper(**state)


def test_bad_input_leaves_the_state_as_it_was():
    stepper = ConvolutionStepper()
    with pytest.raises(CourseError):
        stepper.kernel = []
    assert stepper.kernel.shape == (3, 3)


def test_kernel_that_does_not_fit_is_explained():
    stepper = ConvolutionStepper(dilation=3)
    with pytest.raises(CourseError, match="covers 7x7 pixels and the padded input has only 5x5: use"):
        _ = stepper.output
    assert "covers 7x7 pixels" in stepper.static_html()


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = ConvolutionStepper()._repr_mimebundle_()[0], ConvolutionStepper()._repr_mimebundle_()[0]
    assert one["text/plain"] == other["text/plain"] == repr(ConvolutionStepper())
    assert one["text/html"] == other["text/html"]
    assert one["text/html"].count("<table") == 3 and ">19</td>" in one["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in one
