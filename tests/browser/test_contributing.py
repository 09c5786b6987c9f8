"""The widget of the worked example in CONTRIBUTING.md, in a bare page."""

import numpy as np
import pytest

from course_lib import widgets
from tests.test_contributing import EXAMPLES, relu_row  # noqa: F401  (the fixture)

from .drive import unnamed_controls

MODULE = "/widgets/relu_row.js"


@pytest.fixture
def page_with_example(bare_page):
    """A page that finds the example where the course's widgets lie."""
    text = (EXAMPLES / "relu_row.js").read_text()
    bare_page.page.route(f"**{MODULE}", lambda route: route.fulfill(body=text, content_type="text/javascript"))
    return bare_page


def test_javascript_and_python_compute_the_same(page_with_example, relu_row):  # noqa: F811
    rng = np.random.default_rng(91)
    for _ in range(20):
        row, bias = rng.normal(size=(1, rng.integers(1, 13))), rng.uniform(-5, 5)
        got = page_with_example.call(MODULE, "relu", row[0].tolist(), bias)
        np.testing.assert_array_equal(got, relu_row(input=row, bias=bias).output[0])


def test_the_slider_moves_the_numbers(page_with_example, relu_row):  # noqa: F811
    widget, bare = relu_row(), page_with_example
    bare.mount(MODULE, widget.get_state(widget.state_names()), relu_row._css)
    page = bare.page
    assert page.get_by_label("output").inner_text() == "0   3   0.5   0"
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_label("bias").press("ArrowRight")
    assert page.evaluate("leaked") == []
    page.get_by_label("output").get_by_text("0   3.5   1   0").wait_for()
    assert bare.get("bias") == 0.5
    bare.set("bias", -3)
    page.get_by_label("output").get_by_text("0   0   0   0").wait_for()
    assert page.get_by_label("bias").input_value() == "-3"
    assert unnamed_controls(page, page.locator("section")) == []
    page.set_viewport_size({"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_example_is_no_widget_of_the_course():
    assert "ReluRow" not in widgets.__all__
