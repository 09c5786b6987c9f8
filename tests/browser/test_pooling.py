"""Pooling in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import Pooling

from .drive import unnamed_controls

MODULE = "/widgets/pooling.js"


@pytest.fixture
def pooling(bare_page):
    """Mounts a pooling widget with the given state in the page."""

    def mount(**state):
        widget = Pooling(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), Pooling._css)
        return bare_page

    return mount


def numbers(page, selector):
    return [float(text.replace("\u2212", "-")) for text in page.locator(selector).all_inner_texts()]


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(30)
    widgets, states = [], []
    for _ in range(150):
        widget = Pooling(
            input=rng.integers(-4, 5, rng.integers(1, 13, 2)) / 2,  # with many ties
            operation=str(rng.choice(["max", "average"])),
            size=int(rng.integers(1, 7)),
            stride=rng.choice([None, 1, 2, 3, 4]),
        )
        try:
            widget.upstream = rng.normal(size=widget.output.shape)
        except CourseError:
            pass
        widgets.append(widget)
        states.append(widget.get_state(widget.state_names()))
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute} = await import(address);
        return states.map((state) => {
            const {fits, output, inputGradient} = compute(state);
            return {fits, output, inputGradient};
        });
    }""", [MODULE, states])
    fitted = 0
    for widget, result in zip(widgets, results, strict=True):
        try:
            expected = widget.output
        except CourseError:
            assert not result["fits"] and result["output"] == [], widget
            continue
        fitted += 1
        assert result["fits"] and np.shape(result["output"]) == expected.shape, widget
        np.testing.assert_allclose(result["output"], expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(result["inputGradient"], widget.input_gradient, rtol=1e-12, atol=1e-12)
    assert 50 < fitted < 150, "the cases must hold windows that fit and windows that do not"


def test_the_arithmetic_of_slide_30_is_written_out(pooling):
    page = pooling().page
    line = page.locator(".cnn-sum").first
    assert "".join(line.inner_text().split()) == "y[0,0]=max(1,2,5,6)=6"
    page.get_by_label("output y[1, 1]: 16").hover()
    assert "".join(line.inner_text().split()) == "y[1,1]=max(11,12,15,16)=16"
    page.get_by_label("operation").select_option("average")
    page.get_by_label("output y[0, 0]: 3.5").hover()
    assert "".join(line.inner_text().split()) == "y[0,0]=(1+2+5+6)/4=3.5"


def test_hovering_shows_the_window_its_winner_and_the_reverse(pooling):
    page = pooling(stride=1).page
    page.get_by_label("output y[1, 2]").hover()
    cells = page.locator(".cnn-input td.cnn-window")
    assert [cell.get_attribute("data-row") + cell.get_attribute("data-column") for cell in cells.all()] == [
        "12", "13", "22", "23"]
    winner = page.locator(".cnn-at-input td.cnn-winner input")
    assert winner.input_value() == "12"
    page.get_by_label("input x[1, 1]").hover()
    assert page.locator(".cnn-at-output td.cnn-uses").count() == 4
    assert "x[1, 1] is in 4 windows (outlined); it is the one that counts in 1" in page.locator("section").inner_text()


def test_the_gradient_goes_back(pooling):
    bare = pooling(gradient=True)
    page = bare.page
    gradient = ".cnn-at-gradient td"
    assert numbers(page, gradient) == [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1]
    assert "goes to x[1, 1] alone" in page.locator(".cnn-back").inner_text()
    cell = page.get_by_label("gradient of y[0, 0]")
    cell.fill("-2")
    cell.press("Enter")
    assert bare.get("upstream") == [[-2, 1], [1, 1]] and numbers(page, gradient)[5] == -2
    page.get_by_label("operation").select_option("average")
    assert numbers(page, gradient)[:4] == [-0.5, -0.5, 0.25, 0.25]
    page.get_by_role("button", name="all 1").click()
    assert bare.get("upstream") is None and set(numbers(page, gradient)) == {0.25}
    page.get_by_label("stride").select_option("1")
    page.get_by_label("input x[1, 1]").hover()
    line = "".join(page.locator(".cnn-back").inner_text().split())
    assert line == "∂L/∂x[1,1]=0.25fromy[0,0]+0.25fromy[0,1]+0.25fromy[1,0]+0.25fromy[1,1]=1"


def test_ties_are_told(pooling):
    page = pooling(input=np.full((2, 2), 3), gradient=True).page
    assert "4 numbers of this window are equally large: the first" in page.locator("section").inner_text()
    assert numbers(page, ".cnn-at-gradient td") == [1, 0, 0, 0]


def test_a_gradient_of_another_size_is_forgotten(pooling):
    bare = pooling(gradient=True, upstream=[[5, 6], [7, 8]])
    bare.page.get_by_label("stride").select_option("1")
    assert bare.get("upstream") is None and bare.get("stride") == 1
    bare.page.get_by_label("stride").select_option("size")
    assert bare.get("stride") is None


def test_editing_examples_and_python_all_reach_the_picture(pooling):
    bare = pooling()
    page = bare.page
    cell = page.get_by_label("input x[0, 0]")
    cell.fill("99")
    cell.press("Enter")
    page.get_by_label("output y[0, 0]: 99").wait_for()
    assert page.get_by_label("input", exact=True).input_value() == "your own"
    cell.fill("lots")
    cell.press("Enter")
    assert "“lots” is not a number" in page.get_by_role("alert").inner_text()
    page.get_by_label("input", exact=True).select_option("a step edge")
    assert np.shape(bare.get("input")) == (4, 6)
    assert [one.inner_text() for one in page.locator(".cnn-at-output td").all()] == ["0", "1", "1"] * 2
    bare.set("input", [[1, 2], [3, 4]])
    page.get_by_label("output y[0, 0]: 4").wait_for()


def test_sizes_that_do_not_fit_are_explained(pooling):
    page = pooling(size=4).page
    size = page.get_by_role("slider", name="size")
    size.focus()
    page.keyboard.press("ArrowRight")
    explained = page.get_by_role("status").filter(has_text="There is no output")
    assert "covers 5×5 numbers, but the input has only 4×4" in explained.inner_text()
    page.keyboard.press("ArrowLeft")
    page.get_by_label("output y[0, 0]: 16").wait_for()
    assert not explained.is_visible()


def test_keyboard_alone_reaches_everything(pooling):
    page = pooling(gradient=True).page
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("""() => {
            const {ariaLabel, labels, textContent} = document.activeElement;
            return (ariaLabel || labels?.[0]?.textContent || textContent).trim();
        }"""))
    assert names == ["operation", "size", "stride", "input", "the gradient’s route", "input x[0, 0]",
                     "output y[0, 0]: 6", "gradient of y[0, 0]"]
    page.get_by_label("output y[0, 0]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert "".join(page.locator(".cnn-sum").first.inner_text().split()).endswith("=16")
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(pooling, width):
    page = pooling(input=np.arange(144).reshape(12, 12) - 70, size=3, stride=1, gradient=True).page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
