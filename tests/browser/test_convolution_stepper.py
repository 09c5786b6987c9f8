"""ConvolutionStepper in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import ConvolutionStepper

MODULE = "/widgets/convolution_stepper.js"


@pytest.fixture
def stepper(bare_page):
    """Mounts a stepper with the given state in the page."""

    def mount(**state):
        widget = ConvolutionStepper(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), ConvolutionStepper._css)
        return bare_page

    return mount


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(20)
    fitted = 0
    for _ in range(150):
        state = {
            "input": rng.normal(size=rng.integers(1, 10, 2)).round(2),
            "kernel": rng.normal(size=rng.integers(1, 6, 2)).round(2),
            "stride": int(rng.integers(1, 5)),
            "padding": int(rng.integers(0, 4)),
            "dilation": int(rng.integers(1, 4)),
            "operation": str(rng.choice(["cross-correlation", "convolution"])),
        }
        widget = ConvolutionStepper(**state)
        result = bare_page.call(MODULE, "compute", widget.get_state(list(state)))
        try:
            expected = widget.output
        except CourseError:
            assert not result["fits"] and result["output"] == [], state
            continue
        fitted += 1
        assert result["fits"] and np.shape(result["output"]) == expected.shape, state
        np.testing.assert_allclose(result["output"], expected, rtol=1e-12, atol=1e-12)
    assert 50 < fitted < 150, "the cases must hold kernels that fit and kernels that do not"


def test_hovering_an_output_shows_its_window_and_the_reverse(stepper):
    page = stepper().page
    page.get_by_label("output y[2, 1]").hover()
    window = page.locator(".cnn-input td.cnn-window")
    assert [window.nth(n).get_attribute("data-row") + window.nth(n).get_attribute("data-column") for n in range(9)] == [
        "21", "22", "23", "31", "32", "33", "41", "42", "43"]
    assert "y[2, 1] =" in page.locator(".cnn-sum").inner_text() and "= 6" in page.locator(".cnn-sum").inner_text()
    page.get_by_label("input x[0, 0]").hover()
    assert page.locator(".cnn-output td.cnn-uses").count() == 1
    assert "x[0, 0] takes part in one output" in page.locator("section").inner_text()
    page.get_by_label("input x[2, 2]").hover()
    assert page.locator(".cnn-output td.cnn-uses").count() == 9


def test_editing_a_cell_recomputes_and_reaches_the_state(stepper):
    bare = stepper()
    kernel = bare.page.get_by_label("kernel w[0, 0]")
    kernel.fill("-1/2")
    kernel.press("Enter")
    assert bare.get("kernel")[0][0] == -0.5
    assert bare.page.get_by_label("output y[0, 0]: 10.5").is_visible()
    kernel.fill("three")
    kernel.press("Enter")
    assert "not a number, so the cell keeps" in bare.page.get_by_role("alert").inner_text()
    assert bare.get("kernel")[0][0] == -0.5 and kernel.input_value() == "\u22120.5"


def test_python_sets_the_state_and_the_picture_follows(stepper):
    bare = stepper()
    bare.set("input", [[1, 2], [3, 4]])
    bare.set("kernel", [[10]])
    bare.page.get_by_label("output y[1, 1]: 40").wait_for()
    bare.set("operation", "convolution")
    bare.page.get_by_text("rotated by 180").wait_for()


def test_sizes_that_do_not_fit_are_explained_and_controls_stay_usable(stepper):
    page = stepper(dilation=2).page
    dilation = page.get_by_role("slider", name="dilation")
    dilation.focus()
    page.keyboard.press("ArrowRight")
    explained = page.get_by_role("status").filter(has_text="There is no output")
    assert "covers 7×7 pixels (dilation 3 spreads 3×3 to 7×7), but the input has only 5×5" in explained.inner_text()
    assert "more padding" in explained.inner_text()
    page.get_by_role("slider", name="padding").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("output y[0, 0]").wait_for()
    assert not explained.is_visible()


def test_formula_shows_its_floor(stepper):
    page = stepper(stride=3).page
    assert "⌊(5 − 3 + 2·0) / 3⌋ + 1 = 1, where 2/3 = 0.667 is rounded down" in page.locator("section").inner_text()
    unread = page.locator(".cnn-input td.cnn-unread")
    assert unread.count() == 25 - 9, "the last two rows and columns are never read, and are hatched"


def test_predict_then_reveal(stepper):
    bare = stepper(predict=True)
    page = bare.page
    assert page.locator(".cnn-output button").all_inner_texts() == ["?"] * 9
    assert page.locator(".cnn-sum").inner_text().endswith("= ?")
    guess = page.get_by_label("your y[0, 0]")
    guess.fill("12")
    guess.press("Enter")
    assert bare.get("predictions") == [{"row": 0, "column": 0, "guess": 12, "value": 12}]
    assert "Right, it is 12" in page.get_by_role("status").filter(has_text="right so far").inner_text()
    page.keyboard.press("Enter")
    page.get_by_label("your y[0, 1]").fill("13")
    page.keyboard.press("Enter")
    assert "You said 13, it is 12" in page.get_by_role("status").filter(has_text="right so far").inner_text()
    assert page.locator(".cnn-output button").all_inner_texts() == ["12", "12"] + ["?"] * 7
    page.get_by_label("kernel w[0, 0]").fill("5")
    page.keyboard.press("Enter")
    assert bare.get("predictions") == [], "another kernel is another question"


def test_keyboard_alone_reaches_everything(stepper):
    bare = stepper()
    page = bare.page
    names = []
    for _ in range(14):
        page.keyboard.press("Tab")
        names.append(page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.textContent"
            " || document.activeElement.textContent).trim()"
        ))
    assert names[:12] == ["‹ Back", "▶ Play", "Next ›", "step", "predict first", "stride", "padding", "dilation",
                          "operation", "input x[0, 0]", "kernel w[0, 0]", "output y[0, 0]: 12"]
    page.get_by_label("output y[0, 0]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert bare.get("step") == 5, "arrows walk the output, and the step follows the focus"
    page.get_by_role("slider", name="step").focus()
    page.keyboard.press("ArrowRight")
    assert bare.get("step") == 6


def test_play_walks_to_the_end_and_stops(stepper):
    bare = stepper(step=7)
    bare.page.get_by_role("button", name="Play").click()
    bare.page.get_by_role("button", name="Pause").wait_for()
    bare.page.wait_for_function("() => window.model.get('step') === 8")
    bare.page.get_by_role("button", name="Play").wait_for()
    bare.page.get_by_role("button", name="Back").click()
    assert bare.get("step") == 7


def test_keys_do_not_reach_the_notebook(stepper):
    page = stepper().page
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_label("input x[0, 0]").press("b")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    assert page.evaluate("leaked") == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


def test_fits_a_phone(stepper):
    page = stepper(padding=3).page
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
