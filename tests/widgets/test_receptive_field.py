"""ReceptiveField in Python: state, twin, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import ReceptiveField
from course_lib.widgets.receptive_field import PRESETS


def test_fields_of_known_stacks():
    assert [level["field"] for level in ReceptiveField().fields] == [1, 3, 5, 7]
    lenet = ReceptiveField(preset="LeNet-5").fields
    assert [level["units"] for level in lenet] == [32, 28, 14, 10, 5, 1]
    assert [(level["field"], level["jump"]) for level in lenet] == [(1, 1), (5, 1), (6, 2), (14, 2), (16, 4), (32, 4)]
    assert ReceptiveField(preset="one 7×7").fields[-1]["field"] == 7
    assert ReceptiveField(preset="dilated 1-2-4").fields[-1]["field"] == 15


def test_a_unit_sees_what_reaches_it():
    """Switch on one pixel at a time, with all weights 1: the unit sees the pixels that change it."""
    for preset in PRESETS:
        widget = ReceptiveField(preset=preset)
        level, top = len(widget.layers), widget.fields[-1]["units"] - 1
        reached = []
        for pixel in range(widget.size):
            row = np.eye(widget.size)[pixel]
            for layer in widget.layers:
                padded = np.pad(row, layer["padding"])
                reach = layer["dilation"] * (layer["kernel"] - 1)
                starts = range(0, len(padded) - reach, layer["stride"])
                row = np.array([padded[start:start + reach + 1:layer["dilation"]].sum() for start in starts])
            reached.append(row[top] > 0)
        assert widget.sees(level, top) == np.flatnonzero(reached).tolist(), preset


def test_takes_pairs_and_dicts():
    widget = ReceptiveField(layers=[(3, 2), {"kernel": np.int64(3), "dilation": 2, "name": "wide"}], size=20)
    assert widget.fields[-1]["field"] == 3 + 2 * 2 * 2
    assert widget.layers[0] == {"name": "", "kernel": 3, "stride": 2, "dilation": 1, "padding": 0}
    assert widget.unit == [2, (widget.fields[-1]["units"] - 1) // 2], "it starts at the middle of the top"
    assert ReceptiveField(layers=[]).fields == [{"units": 9, "jump": 1, "field": 1, "start": 0}]


def test_levels_end_where_a_layer_does_not_fit():
    widget = ReceptiveField(size=4, layers=[(3, 1), (3, 1), (1, 1)])
    assert [level["units"] for level in widget.fields] == [4, 2]
    with pytest.raises(CourseError, match="no unit 0 at level 2: the levels are 0 to 1"):
        widget.sees(2, 0)
    with pytest.raises(CourseError, match="level 1 has 2 units"):
        widget.sees(1, 2)


@pytest.mark.parametrize("state, sentence", [
    ({"size": 49}, "size must be a whole number from 1 to 48"),
    ({"layers": 3}, "layers must be a list of layers"),
    ({"layers": "3x3"}, "layers must be a list of layers"),
    ({"layers": [(3, 1)] * 9}, "holds 9 layers, and this widget shows at most 8"),
    ({"layers": [(3, 1), 3]}, r"layer 2 must be a pair \(kernel, stride\)"),
    ({"layers": [{"stride": 2}]}, "layer 1 must be a pair"),
    ({"layers": [{"kernel": 3, "pad": 1}]}, "layer 1 must be a pair"),
    ({"layers": [(3, 0)]}, "stride of layer 1 must be a whole number from 1 to 4; got 0"),
    ({"layers": [(2.5, 1)]}, "kernel of layer 1 must be a whole number from 1 to 11"),
    ({"unit": 3}, "unit must be a pair"),
    ({"unit": (1, -1)}, "unit must be a pair"),
    ({"preset": "AlexNet"}, "no preset 'AlexNet'; choose one of 'three 3×3'"),
    ({"depth": 2}, "has no setting 'depth'"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        ReceptiveField(**state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (ReceptiveField(preset="LeNet-5")._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == other["text/plain"] == (
        "ReceptiveField(size=32, kernel/stride 5/1, 2/2, 5/1, 2/2, 5/1; field 32)")
    assert one["text/html"] == other["text/html"]
    assert one["text/html"].count("<tr>") == 1 + 6
