"""KernelPainter in Python: state, twin, presets, static form, and a sentence for each bad input."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from course_lib.data import photograph
from course_lib.errors import CourseError
from course_lib.ops import convolve2d, correlate2d
from course_lib.widgets import KernelPainter
from course_lib.widgets.kernel_painter import as_grey, display, preset, presets

RNG = np.random.default_rng(8)


def test_starts_with_a_cat_and_the_edge_kernel_of_slide_7():
    painter = KernelPainter()
    assert painter.kernel.tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    np.testing.assert_array_equal(painter.photo, photograph("chelsea", side=320))
    assert painter.show == "absolute", "a preset brings the way in which it is best shown"
    assert KernelPainter(kernel="edge", show="clip").show == "clip"


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (1, 7)])
@pytest.mark.parametrize("operation, reference", [
    ("cross-correlation", correlate2d), ("convolution", convolve2d),
])
def test_response_is_the_reference_on_a_picture_with_repeated_edges(operation, reference, shape):
    kernel = RNG.normal(size=shape)
    photo = RNG.integers(0, 256, (9, 14, 3), dtype=np.uint8)
    painter = KernelPainter(photo, kernel, operation=operation)
    top, left = (side // 2 for side in kernel.shape)
    padded = np.pad(photo, [(top, top), (left, left), (0, 0)], mode="edge")
    for channel in range(3):
        expected = reference(padded[:, :, channel], kernel)
        np.testing.assert_allclose(painter.response[:, :, channel], expected, rtol=1e-12, atol=1e-9)


def test_values_outside_the_screen_are_shown_in_three_ways():
    response = np.array([-300.5, -128, -0.5, 0, 0.49, 0.5, 126.5, 254.5, 1e6])
    assert display(response, "clip").tolist() == [0, 0, 0, 0, 0, 1, 127, 255, 255]
    assert display(response, "absolute").tolist() == [255, 128, 1, 0, 0, 1, 127, 255, 255]
    assert display(response, "mid-grey").tolist() == [0, 0, 128, 128, 128, 129, 255, 255, 255]


@pytest.mark.parametrize("size", [3, 5, 7])
def test_presets_do_to_a_flat_patch_what_slide_7_says(size):
    sums = {name: preset(name, size).sum() for name in presets()}
    kept = ("identity", "sharpen", "box blur", "Gaussian blur")
    assert sums == pytest.approx({name: float(name in kept) for name in presets()}, abs=1e-12)
    assert all(preset(name, size).shape == (size, size) for name in presets())


def test_presets_in_numbers():
    assert preset("sharpen").tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert (16 * preset("gauss")).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert preset("SOBEL V").tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert preset("Sobel horizontal edges").tolist() == preset("Sobel vertical edges").T.tolist()
    assert preset("identity", 5).sum() == preset("identity", 5)[2, 2] == 1
    assert preset("emboss", 5)[1:4, 1:4].tolist() == preset("emboss").tolist()


def test_state_can_be_read_and_set():
    painter = KernelPainter("coins", "box")
    assert painter.photo.shape == (252, 320) and painter.kernel.shape == (3, 3)
    painter.kernel = [[0, 2, 0]]
    painter.photo = photo = RNG.integers(0, 256, (4, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(painter.filtered, np.minimum(2 * photo.astype(int), 255))
    painter.grey = True
    assert painter.response.shape == painter.filtered.shape == (4, 6)
    painter.kernel, painter.operation, painter.show = "emboss", "convolution", "mid-grey"
    assert painter.kernel[0, 0] == -1
    with pytest.raises(ValueError, match="read-only"):
        painter.photo[0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        painter.kernel[0, 0] = 0


def test_what_travels_to_the_browser_is_plain_data_and_one_block_of_bytes():
    state = KernelPainter(np.zeros((2, 3), dtype=np.uint8), "identity").get_state()
    assert state["_photo"] == {"name": "your array", "shape": [2, 3, 1], "pixels": bytes(6)}
    assert state["kernel"] == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_the_browser_can_send_a_picture_and_ask_for_a_photograph():
    painter = KernelPainter("coins")
    pixels = memoryview(bytes(range(6)))
    painter.set_state({"_photo": {"name": "me.jpg", "shape": [1, 2, 3], "pixels": pixels}})
    assert painter.photo.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert "me.jpg (1x2)" in repr(painter)
    painter._handle_custom_msg({"photo": "brick"}, [])
    assert "brick (320x320)" in repr(painter)


def test_grey_is_the_grey_of_the_photographs():
    for name in ("chelsea", "coffee"):
        np.testing.assert_array_equal(as_grey(photograph(name)), photograph(name, grey=True))


@pytest.mark.parametrize("given, expected", [
    ([[0.0, 0.5, 1.0]], [[0, 128, 255]]),
    ([[0.0, 1.4, 254.5]], [[0, 1, 255]]),
    ([[0, 1, 255]], [[0, 1, 255]]),
    ([[True, False]], [[255, 0]]),
    (np.full((2, 2, 1), 7, dtype=np.int64), [[7, 7], [7, 7]]),
    (Image.new("L", (2, 1), 9), [[9, 9]]),
])
def test_takes_pictures_in_their_usual_forms(given, expected):
    assert KernelPainter(given).photo.tolist() == expected


@pytest.mark.parametrize("shape, becomes", [
    ((1000, 500, 3), (360, 180, 3)), ((2, 2000), (1, 360)), ((360, 360), (360, 360)), ((1, 1), (1, 1)),
])
def test_large_pictures_are_shrunk_to_what_is_filtered_at_once(shape, becomes):
    painter = KernelPainter(np.full(shape, 100, dtype=np.uint8), np.ones((7, 7)))
    assert painter.photo.shape == painter.filtered.shape == becomes
    assert (painter.response == 4900).all()


@pytest.mark.parametrize("state, sentence", [
    ({"photo": "lena"}, "no photograph 'lena'; choose one of chelsea"),
    ({"photo": []}, r"photo must be \(H, W\) for grey or \(H, W, 3\) for colour; got shape \(0,\)"),
    ({"photo": np.zeros((0, 5))}, r"photo is empty: its shape is \(0, 5\)"),
    ({"photo": np.zeros((3, 8, 9))}, r"channels come first: give photo.transpose\(1, 2, 0\)"),
    ({"photo": np.zeros((8, 9, 4))}, r"transparency: give photo\[:, :, :3\]"),
    ({"photo": [["a"]]}, "photo must be an array of numbers or a photograph's name"),
    ({"photo": [[1, 2], [3]]}, "photo must be an array of numbers"),
    ({"photo": {"chelsea": 1}}, "photo must be an array of numbers"),
    ({"photo": [[0.5, np.nan]]}, "photo holds NaN"),
    ({"photo": [[0, 256]]}, "values from 0 to 256; expected 0 to 1 or 0 to 255. Rescale it"),
    ({"photo": [[-0.5, 0.5]]}, "values from -0.5 to 0.5"),
    ({"kernel": "sobel"}, "'sobel' could be several kernels; write one of 'Sobel vertical edges'"),
    ({"kernel": "blur"}, "'blur' is no kernel that the painter knows; write one of 'identity'"),
    ({"kernel": [[1, 2], [3, 4]]}, r"shape \(2, 2\); its sides must be odd .* Add a row or column of zeros"),
    ({"kernel": []}, "kernel must be 2-D"),
    ({"kernel": [[np.inf]]}, "kernel holds NaN or infinity"),
    ({"kernel": [["x"]]}, "kernel must hold numbers only"),
    ({"kernel": [[2e6]]}, "kernel holds 2e\\+06; use weights up to 1e\\+06"),
    ({"kernel": np.ones((9, 9))}, "at most 7x7"),
    ({"operation": "correlate"}, "'cross-correlation', 'convolution'; got 'correlate'"),
    ({"show": "abs"}, "show must be one of 'clip', 'absolute', 'mid-grey'; got 'abs'"),
    ({"grey": "yes"}, "grey must be True or False"),
    ({"image": 1}, "has no setting 'image'; it has .*photo"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        KernelPainter(**state)


def test_bad_input_leaves_the_state_as_it_was():
    painter = KernelPainter("coins", "sharpen")
    before = repr(painter)
    for name, value in (("photo", []), ("kernel", [[1, 2]]), ("show", None)):
        with pytest.raises(CourseError):
            setattr(painter, name, value)
    assert repr(painter) == before


def test_static_form_and_text_need_no_script_and_stay_the_same():
    painter, again = KernelPainter("coins", "sharpen"), KernelPainter("coins", "sharpen")
    html = painter.static_html()
    assert "<table" in html and "\u22121" in html and "alt=\"coins: on the left as it is" in html
    assert "<script" not in html and "<svg" not in html
    png = Image.open(BytesIO(b64decode(re.search(r'src="data:image/png;base64,([^"]+)"', html)[1])))
    assert png.size == (2 * 320 + 8, 252)
    halves = np.array(png.convert("L"))[:, :320], np.array(png.convert("L"))[:, 328:]
    for half, pixels in zip(halves, (painter.photo, painter.filtered), strict=True):
        assert np.abs(half.astype(int) - pixels).mean() < 4, "few colours, but the same picture"
    assert html == again.static_html() and repr(painter) == repr(again)
    assert repr(painter) == (
        "KernelPainter(cross-correlation of coins (252x320) with a 3x3 kernel of sum 1, "
        "show='clip', grey=False)"
    )
    bundle, _ = painter._repr_mimebundle_()
    assert bundle["text/plain"] == repr(painter) and bundle["text/html"] == html


def test_a_file_name_cannot_break_the_static_form():
    painter = KernelPainter([[0]])
    painter.set_state({"_photo": {**painter._photo, "name": '"><script>alert(1)</script>'}})
    assert "<script" not in painter.static_html()
