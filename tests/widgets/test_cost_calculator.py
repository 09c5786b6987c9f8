"""CostCalculator in Python: state, twin, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib import geometry
from course_lib.errors import CourseError
from course_lib.widgets import CostCalculator
from course_lib.widgets.cost_calculator import describe, memory

LINEAR = {"kind": "linear", "outputs": 10}


@pytest.mark.parametrize("name, parameters, linear, macs", [
    ("LeNet-5", 61_706, 59_134, 416_520),
    ("AlexNet", 61_100_840, 58_631_144, 714_188_480),
    ("VGG-16", 138_357_544, 123_642_856, 15_470_264_320),
])
def test_totals_of_the_known_networks(name, parameters, linear, macs):
    totals = CostCalculator(name).totals
    assert (totals["parameters"], totals["linear_parameters"], totals["macs"]) == (parameters, linear, macs)
    assert totals["parameter_bytes"] == 4 * parameters


def test_starts_with_lenet_and_reads_as_plain_dicts():
    calculator = CostCalculator()
    assert calculator.network == "LeNet-5" and calculator.shape == (1, 28, 28)
    assert calculator.layers[0] == {"kind": "conv", "channels": 6, "kernel": 5, "stride": 1, "padding": 2}
    assert [row["shape"] for row in calculator.rows][:5] == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,)]
    assert calculator.rows[0] == {
        "kind": "conv", "shape": (6, 28, 28), "parameters": 156, "macs": 117_600, "values": 4704}


def test_slides_9_to_16_in_numbers():
    one = CostCalculator(layers=[{"kind": "conv", "channels": 4, "kernel": 5}], shape=(3, 28, 28))
    assert one.totals["parameters"] == 304 and one.totals["macs"] == 172_800
    assert one.rows[0]["shape"] == (4, 24, 24)


def test_memory_counts_batch_and_numbers_and_inference_holds_the_largest_neighbours():
    layers = [{"kind": "max pool", "kernel": 2}, {"kind": "flatten"}, LINEAR]
    calculator = CostCalculator(layers=layers, shape=(2, 4, 4))
    assert calculator.totals["training_bytes"] == 4 * (32 + 8 + 10)
    assert calculator.totals["inference_bytes"] == 4 * (32 + 8)
    calculator.batch, calculator.numbers = np.int64(8), "float16"
    assert calculator.totals["training_bytes"] == 2 * 8 * 50
    assert CostCalculator(layers=[]).totals["inference_bytes"] == 28 * 28 * 4


def test_network_can_be_set_and_is_known_again():
    calculator = CostCalculator()
    calculator.network = "VGG-16"
    assert calculator.network == "VGG-16" and calculator.shape == (3, 224, 224) and len(calculator.layers) == 22
    calculator.shape = [3, 32, 32]
    assert calculator.network == "your own"
    assert CostCalculator("AlexNet", batch=2).network == "AlexNet"


def test_takes_layers_of_geometry():
    convolution = geometry.Conv(8, 3, stride=2, padding=1)
    layers = (convolution, geometry.Pool(3, 2), geometry.GlobalAverage(), geometry.Linear(5))
    calculator = CostCalculator(layers=layers, shape=(3, 32, 20))
    assert [layer["kind"] for layer in calculator.layers] == ["conv", "max pool", "global average", "linear"]
    assert calculator.totals["parameters"] == geometry.count_parameters(layers, (3, 32, 20))


def test_changes_of_what_was_read_do_not_reach_the_state_and_defaults_are_filled_in():
    given = {"kind": "average pool", "kernel": 3}
    calculator = CostCalculator(layers=[given])
    given["kernel"] = 5
    assert calculator.layers == [{"kind": "average pool", "kernel": 3, "stride": 3, "padding": 0}]


@pytest.mark.parametrize("state, sentence", [
    ({"network": "ResNet"}, "no network 'ResNet'; write one of 'LeNet-5', 'AlexNet', 'VGG-16'"),
    ({"layers": "conv"}, "layers must be a list of dicts; got 'conv'"),
    ({"layers": None}, "layers must be a list of dicts"),
    ({"layers": ["conv"]}, "layer 1 must be a dict such as {'kind': 'linear'"),
    ({"layers": [LINEAR, {"kind": "dropout"}]}, "layer 2: kind must be one of 'conv', 'max pool'"),
    ({"layers": [{"outputs": 10}]}, "layer 1: kind must be one of .* got None"),
    ({"layers": [{"kind": "conv", "kernel": 3}]}, "layer 1: a conv layer lacks 'channels'; it is told channels"),
    ({"layers": [{"kind": "max pool"}]}, "a max pool layer lacks 'kernel'; it is told kernel, stride, padding"),
    ({"layers": [{"kind": "flatten", "outputs": 3}]}, "does not know 'outputs'; it is told nothing but its kind"),
    ({"layers": [{"kind": "linear", "outputs": 0}]}, "layer 1: outputs must be a whole number from 1 to 100000; got 0"),
    ({"layers": [{"kind": "linear", "outputs": float("nan")}]}, "outputs must be a whole number .* got nan"),
    ({"layers": [{"kind": "conv", "channels": 4, "kernel": 999}]}, "kernel must be a whole number from 1 to 64"),
    ({"layers": [LINEAR] * 61}, "at most 60 layers; got 61"),
    ({"layers": [geometry.Conv(8, 3, groups=2)]}, "no groups, dilation, .* geometry.costs counts those"),
    ({"shape": 28}, r"shape must be \(channels, height, width\); got 28"),
    ({"shape": (28, 28)}, r"shape must be \(channels, height, width\)"),
    ({"shape": (3, 0, 28)}, "shape's height must be a whole number from 1 to 2048; got 0"),
    ({"shape": (3, 28, "28")}, "shape's width must be a whole number from 1 to 2048; got '28'"),
    ({"batch": 0}, "batch must be a whole number from 1 to 65536; got 0"),
    ({"numbers": "float64"}, "numbers must be one of 'float32', 'float16'"),
    ({"depth": 3}, "has no setting 'depth'; it has batch, layers, network"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        CostCalculator(**state)


def test_bad_input_leaves_the_state_as_it_was():
    calculator = CostCalculator()
    for name, value in (("layers", [{}]), ("shape", ()), ("network", "no"), ("batch", None)):
        with pytest.raises(CourseError):
            setattr(calculator, name, value)
    assert calculator.network == "LeNet-5"


def test_layers_that_do_not_fit_are_named():
    calculator = CostCalculator(layers=[{"kind": "max pool", "kernel": 2}, LINEAR], shape=(1, 8, 8))
    with pytest.raises(CourseError, match="layer 2: Linear takes a vector"):
        _ = calculator.totals
    assert "layer 2: Linear takes a vector" in calculator.static_html()


def test_words_and_units():
    assert [memory(size) for size in (0, 999, 1000, 35_512, 411_000_000, 1_950_000_000)] == [
        "0 B", "999 B", "1.00 kB", "35.5 kB", "411 MB", "1.95 GB"]
    assert describe(CostCalculator("AlexNet").layers[0]) == "64 kernels 11×11, stride 4, padding 2"
    assert describe(CostCalculator("AlexNet").layers[1]) == "3×3, stride 2"


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = CostCalculator("VGG-16")._repr_mimebundle_()[0], CostCalculator("VGG-16")._repr_mimebundle_()[0]
    assert one["text/plain"] == other["text/plain"] == (
        "CostCalculator(VGG-16: 22 layers on a 3x224x224 image, batch=1, numbers='float32')")
    assert one["text/html"] == other["text/html"] and "<script" not in one["text/html"]
    assert "138,357,544" in one["text/html"] and "15,470,264,320" in one["text/html"] and "25.7 MB" in one["text/html"]
