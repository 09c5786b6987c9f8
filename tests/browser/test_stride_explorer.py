"""StrideExplorer in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib import geometry
from course_lib.errors import CourseError
from course_lib.widgets import StrideExplorer

from .drive import unnamed_controls

MODULE = "/widgets/stride_explorer.js"


@pytest.fixture
def explorer(bare_page):
    """Mounts an explorer with the given state in the page."""

    def mount(**state):
        widget = StrideExplorer(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), StrideExplorer._css)
        return bare_page

    return mount


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(17)
    outcomes = {"refused": 0, "too large": 0, "hangs over": 0, "gaps": 0}
    for _ in range(250):
        size, kernel, stride, padding, dilation = (int(rng.integers(*ends)) for ends in (
            (1, 10), (1, 5), (1, 5), (0, 4), (1, 4)))
        widget = StrideExplorer(size=size, kernel=kernel, stride=stride, padding=padding, dilation=dilation,
                                convention=str(rng.choice(geometry.CONVENTIONS)))
        result = bare_page.call(MODULE, "compute", widget.get_state(widget.state_names()))
        try:
            expected = widget.output
        except CourseError:
            outcomes["refused" if result["room"] >= 0 else "too large"] += 1
            assert result["count"] == 0 and result["output"] == [] and result["unread"] == [], widget
            continue
        assert result["output"] == expected.tolist(), widget
        assert result["sums"] == widget.sums and result["unread"] == widget.unread, widget
        outcomes["hangs over"] += widget.convention == "ceil" and result["hangs"]
        outcomes["gaps"] += bool(result["unread"])
    assert min(outcomes.values()) >= 5, f"each kind of case must be among them: {outcomes}"


def test_starts_with_slide_17_and_writes_the_sum(explorer):
    page = explorer().page
    assert page.locator(".cnn-sum").inner_text().replace("\n", "").replace(" ", "") == "y[0,0]=1a+2b+5c+6d"
    assert "1·1 + 2·2 + 5·3 + 6·4 = 44" in page.locator("section").inner_text()
    assert "⌊(4 − 2 + 2·0) / 1⌋ + 1 = 3." in page.locator(".cnn-formula").inner_text()
    page.get_by_label("output y[2, 1]").hover()
    window = page.locator(".cnn-input td.cnn-window")
    assert window.all_inner_texts() == ["10\na", "11\nb", "14\nc", "15\nd"]
    page.locator(".cnn-input td").nth(5).hover()
    assert page.locator(".cnn-output td.cnn-uses").count() == 4


def test_unread_pixels_are_hatched_and_counted(explorer):
    bare = explorer(size=5, stride=2)
    page = bare.page
    assert page.locator(".cnn-input td.cnn-unread").count() == 9
    assert "Never read: 9 of 25 pixels, hatched (row 4 and column 4)." in page.locator("section").inner_text()
    assert page.locator(".cnn-bar-window.cnn-dropped").count() == 1
    assert "⌊1.5⌋ + 1 = 2." in page.locator(".cnn-formula").inner_text()
    bare.set("size", 4)
    page.get_by_text("Every one of the 16 pixels is read").wait_for()


def test_three_conventions(explorer):
    bare = explorer(size=5, stride=2)
    page = bare.page
    page.get_by_role("radio", name="ceil").check()
    assert bare.get("convention") == "ceil"
    assert page.locator(".cnn-output button").count() == 9 and page.locator(".cnn-input td.cnn-beyond").count() == 11
    assert "⌈1.5⌉ + 1 = 3." in page.locator(".cnn-formula").inner_text()
    page.get_by_role("radio", name="refuse").check()
    refused = page.get_by_role("status").filter(has_text="There is no output: 2.5 is no whole number")
    assert "Change the padding or the stride by one" in refused.inner_text()
    assert page.locator(".cnn-card b").all_inner_texts() == ["2×2", "3×3", "no output"]
    bare.set("size", 6)
    page.get_by_label("output y[2, 2]").wait_for()


def test_a_kernel_that_does_not_fit_is_explained(explorer):
    page = explorer(size=2, kernel=3).page
    assert "the kernel covers 3 pixels and the row has only 2" in page.locator(".cnn-fault").inner_text()
    page.get_by_role("slider", name="padding").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("output y[0, 0]").wait_for()
    assert not page.locator(".cnn-fault").is_visible()


def test_examples_and_sliders_set_the_state(explorer):
    bare = explorer()
    example = bare.page.get_by_label("example")
    example.select_option("slide 26: stride 2, padding 1")
    assert [bare.get(name) for name in ("size", "kernel", "stride", "padding")] == [4, 2, 2, 1]
    assert bare.page.locator(".cnn-output button").all_inner_texts() == "4 18 12 46 94 44 26 44 16".split()
    bare.page.get_by_role("slider", name="dilation").press("ArrowRight")
    assert bare.get("dilation") == 2 and example.input_value() == "your own"


def test_keyboard_walks_the_output(explorer):
    bare = explorer()
    page = bare.page
    page.get_by_label("output y[0, 0]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert bare.get("step") == 5
    page.get_by_role("button", name="Next").press("Enter")
    assert bare.get("step") == 6
    bare.set("stride", 2)
    page.get_by_label("output y[1, 1]").wait_for()
    assert bare.get("step") == 3, "the step stays among the cells that there are"


def test_controls_have_names_and_keys_stay_inside(explorer):
    page = explorer().page
    assert unnamed_controls(page, page.locator("section")) == []
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    page.get_by_label("output y[0, 0]").press("b")
    assert page.evaluate("leaked") == []
    assert page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])").count() == 0


@pytest.mark.parametrize("state", [{}, {"size": 9, "kernel": 4, "padding": 3, "dilation": 2}])
def test_fits_a_phone(explorer, state):
    page = explorer(**state).page
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
