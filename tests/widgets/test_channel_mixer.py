"""ChannelMixer in Python: state, twin, static form, and a sentence for each bad input."""

import numpy as np
import pytest

from course_lib import ops
from course_lib.errors import CourseError
from course_lib.widgets import ChannelMixer
from course_lib.widgets.channel_mixer import grey, preset, presets

RNG = np.random.default_rng(9)


def test_starts_with_the_shapes_of_slides_9_to_16():
    mixer = ChannelMixer()
    assert mixer.photo.shape == (3, 28, 28) and mixer.weights.shape == (4, 3, 5, 5)
    assert mixer.output.shape == (4, 24, 24) and mixer.partials.shape == (4, 3, 24, 24)
    assert mixer.weights.size + mixer.bias.size == 304


@pytest.mark.parametrize("outputs, size", [(1, 1), (2, 3), (4, 5)])
def test_output_is_the_convolution_layer_and_the_sum_of_the_shares(outputs, size):
    X = RNG.integers(0, 256, (3, 9, 12))
    W, b = RNG.normal(size=(outputs, 3, size, size)), RNG.normal(size=outputs)
    mixer = ChannelMixer(X, weights=W, bias=b)
    np.testing.assert_allclose(mixer.output, ops.conv2d(X[None], W, b)[0], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(mixer.partials.sum(1) + b[:, None, None], mixer.output)
    channel = ops.correlate2d(X[1], W[-1, 1])
    np.testing.assert_allclose(mixer.partials[-1, 1], channel, rtol=1e-12, atol=1e-9)


def test_presets_in_numbers():
    assert preset("luminance", 1).ravel().tolist() == [0.299, 0.587, 0.114]
    assert preset("red minus green").sum(axis=(1, 2)).tolist() == [1, -1, 0]
    assert preset("edges", 3)[1, 1, 1] == pytest.approx(8 * 0.587)
    np.testing.assert_array_equal(preset("blur", 5)[:, 1:4, 1:4], preset("blur", 3))
    assert preset("edges").sum() == pytest.approx(0) and preset("blur").sum() == pytest.approx(1)
    assert "edges" not in presets(1) and "edges" in presets(3)


def test_state_can_be_read_and_set():
    mixer = ChannelMixer(weights=["luminance", "edges"], bias=[1, 2], chosen=(1, 2))
    assert mixer.weights.shape == (2, 3, 5, 5) and mixer.chosen == (1, 2)
    mixer.weights = "blur"
    assert mixer.bias.tolist() == [1] and mixer.chosen == (0, 2), "what there is no room for is dropped"
    mixer.weights = np.zeros((3, 3, 1, 1))
    assert mixer.bias.tolist() == [1, 0, 0] and (mixer.output[0] == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        mixer.weights[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        mixer.photo[0] = 0


def test_photographs_by_name_are_square_and_arrays_stay_what_they_are():
    mixer = ChannelMixer("coffee", side=40)
    assert mixer.photo.shape == (3, 40, 40)
    mixer.side = 64
    assert mixer.photo.shape == (3, 64, 64)
    X = RNG.integers(0, 256, (3, 10, 20), dtype=np.uint8)
    for array in (X, X.transpose(1, 2, 0), X.astype(float), X.tolist()):
        mixer.photo = array
        np.testing.assert_array_equal(mixer.photo, X)
    mixer.side = 28
    assert mixer.photo.shape == (3, 10, 20), "the side is that of photographs by name"
    assert ChannelMixer(np.zeros((200, 100, 3))).photo.shape == (3, 64, 32)
    assert ChannelMixer(X / 255.0).photo.tolist() == X.tolist(), "0 to 1 is taken as 0 to 255"
    assert ChannelMixer("camera").photo.shape == (3, 28, 28), "a grey photograph has three equal channels"


def test_the_browser_can_change_outputs_and_ask_for_a_photograph():
    mixer = ChannelMixer()
    mixer.set_state({"weights": preset("blur", 3)[None].tolist(), "bias": [5], "chosen": [0, 1]})
    assert mixer.output.shape == (1, 26, 26) and mixer.chosen == (0, 1)
    mixer._handle_custom_msg({"photo": "coffee"}, [])
    assert "coffee 3x28x28" in repr(mixer)


@pytest.mark.parametrize("state, sentence", [
    ({"photo": "lena"}, "no photograph 'lena'"),
    ({"photo": np.zeros((9, 9))}, r"three channels of at least 8x8 pixels, .* got shape \(9, 9\)"),
    ({"photo": np.zeros((3, 4, 9))}, r"at least 8x8 pixels"),
    ({"photo": [[1, 2], [3]]}, "photo must be an array of numbers"),
    ({"photo": np.full((3, 9, 9), np.nan)}, "photo holds NaN"),
    ({"photo": np.full((3, 9, 9), 300)}, "values from 300 to 300"),
    ({"photo": []}, "photo must be"),
    ({"weights": np.zeros((4, 3, 5))}, r"weights must have shape \(C_out, 3, k, k\) .* got \(4, 3, 5\)"),
    ({"weights": np.zeros((5, 3, 3, 3))}, "with 1 to 4 outputs"),
    ({"weights": np.zeros((0, 3, 3, 3))}, "with 1 to 4 outputs"),
    ({"weights": np.zeros((1, 4, 3, 3))}, "weights must have shape"),
    ({"weights": np.zeros((1, 3, 2, 2))}, "k = 1, 3, 5"),
    ({"weights": np.full((1, 3, 1, 1), np.inf)}, "weights hold NaN or infinity"),
    ({"weights": np.full((1, 3, 1, 1), 1e9)}, r"weights hold 1e\+09; use numbers up to 1e\+06"),
    ({"weights": "sharpen"}, "there are no weights 'sharpen' of size 5; the mixer knows 'luminance'"),
    ({"weights": [["a"]]}, "weights must hold numbers only"),
    ({"weights": []}, r"weights must have shape .* got \(0,\)"),
    ({"bias": [0, 0]}, "bias must have one number per output, 4; got 2"),
    ({"bias": 3}, r"bias must have one number per output; got shape \(\)"),
    ({"bias": "none"}, "bias must hold numbers only"),
    ({"chosen": (4, 0)}, r"chosen must be \(0 to 3, 0 to 2\); got \(4, 0\)"),
    ({"chosen": 1}, r"chosen must be \(output, input channel\); got 1"),
    ({"side": 100}, "side must be a whole number from 8 to 64; got 100"),
    ({"kernel": 1}, "has no setting 'kernel'; it has .*weights"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        ChannelMixer(**state)


def test_bad_input_leaves_the_state_as_it_was():
    mixer = ChannelMixer()
    before = repr(mixer), mixer.bias.tolist(), mixer.chosen
    for name, value in (("photo", []), ("weights", [[1]]), ("bias", [1]), ("chosen", (9, 9)), ("side", 0)):
        with pytest.raises(CourseError):
            setattr(mixer, name, value)
    assert (repr(mixer), mixer.bias.tolist(), mixer.chosen) == before


def test_maps_of_one_output_share_one_scale():
    assert grey(np.array([[-100.0, 0, 300]])).tolist() == [[0, 64, 255]]
    assert grey(np.array([[50.0, 100]])).tolist() == [[128, 255]], "0 stays black"
    assert grey(np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = ChannelMixer()._repr_mimebundle_()[0], ChannelMixer()._repr_mimebundle_()[0]
    assert one["text/plain"] == other["text/plain"] == (
        "ChannelMixer(astronaut 3x28x28, weights 4x3x5x5, output 4x24x24)")
    html = one["text/html"]
    assert html == other["text/html"] and "<script" not in html and "<svg" not in html
    assert html.count("<img") == 3 + 4 * 4 and "304 parameters" in html
