"""StrideExplorer in Python: state, twin, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import StrideExplorer


def test_slides_17_to_28():
    assert StrideExplorer().output.tolist() == [[44, 54, 64], [84, 94, 104], [124, 134, 144]]
    assert StrideExplorer().sums[0] == ["1a+2b+5c+6d", "2a+3b+6c+7d", "3a+4b+7c+8d"]
    assert StrideExplorer(stride=2).output.tolist() == [[44, 64], [124, 144]]
    padded = StrideExplorer(stride=2, padding=1)
    assert padded.output.tolist() == [[4, 18, 12], [46, 94, 44], [26, 44, 16]]
    assert padded.sums == [["1d", "2c+3d", "4c"], ["5b+9d", "6a+7b+10c+11d", "8a+12c"], ["13b", "14a+15b", "16a"]]


def test_three_conventions_for_a_stride_that_does_not_fit():
    explorer = StrideExplorer(size=5, stride=2)
    assert explorer.side == 2 and explorer.unread == [4]
    explorer.convention = "ceil"
    assert explorer.side == 3 and explorer.unread == []
    assert explorer.sums[2] == ["21a+22b", "23a+24b", "25a"], "beyond the edge there are zeros"
    explorer.convention = "refuse"
    with pytest.raises(CourseError, match="not a whole number"):
        _ = explorer.output


def test_output_is_the_value_of_the_sums():
    rng = np.random.default_rng(3)
    for _ in range(60):
        size, kernel, stride, padding, dilation = (int(rng.integers(*ends)) for ends in (
            (1, 10), (1, 5), (1, 5), (0, 4), (1, 4)))
        explorer = StrideExplorer(size=size, kernel=kernel, stride=stride, padding=padding, dilation=dilation,
                                  convention=str(rng.choice(["floor", "ceil"])))
        try:
            output = explorer.output
        except CourseError:
            continue
        letters = {letter: value for value, letter in enumerate("abcdefghijklmnop", 1)}
        values = [[sum(int(term[:-1]) * letters[term[-1]] for term in text.split("+")) if text != "0" else 0
                   for text in row] for row in explorer.sums]
        assert output.tolist() == values, explorer


@pytest.mark.parametrize("state, sentence", [
    ({"size": 0}, "size must be a whole number from 1 to 9; got 0"),
    ({"kernel": 5}, "kernel must be a whole number from 1 to 4"),
    ({"stride": 1.5}, "stride must be a whole number"),
    ({"padding": -1}, "padding must be a whole number from 0 to 3"),
    ({"dilation": True}, "dilation must be a whole number"),
    ({"convention": "round"}, "'floor', 'ceil', 'refuse'; got 'round'"),
    ({"strides": 2}, "has no setting 'strides'"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        StrideExplorer(**state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (StrideExplorer(size=5, stride=2)._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == other["text/plain"] == repr(StrideExplorer(size=5, stride=2))
    assert one["text/html"] == other["text/html"]
    assert one["text/html"].count("<table") == 3 and ">25*</td>" in one["text/html"]
    assert "covers 4 pixels" in StrideExplorer(size=1, kernel=4).static_html()
