"""GradientFlow in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import GradientFlow

MODULE = "/widgets/gradient_flow.js"


@pytest.fixture
def flow(bare_page):
    """Mounts the widget with the given state in the page."""

    def mount(**state):
        widget = GradientFlow(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), GradientFlow._css)
        return bare_page

    return mount


def numbers(page, label: str) -> list[str]:
    """The texts of a grid's buttons, row by row."""
    return page.get_by_role("table", name=label, exact=True).get_by_role("button").all_inner_texts()


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(21)
    fitted = 0
    for _ in range(120):
        state = {
            "input": rng.normal(size=rng.integers(1, 9, 2)).round(2),
            "kernel": rng.normal(size=rng.integers(1, 6, 2)).round(2),
            "upstream": rng.normal(size=rng.integers(1, 8, 2)).round(2),
            "stride": int(rng.integers(1, 4)),
            "padding": int(rng.integers(0, 3)),
        }
        widget = GradientFlow(**state)
        result = bare_page.call(MODULE, "compute", widget.get_state(list(state)))
        try:
            expected = {name: getattr(widget, name) for name in ("output", "dY", "dX", "dW")}
        except CourseError:
            assert not result["fits"] and result["output"] == [], state
            continue
        fitted += 1
        for name, array in expected.items():
            assert np.shape(result[name]) == array.shape, (name, state)
            np.testing.assert_allclose(result[name], array, rtol=1e-12, atol=1e-12)
    assert 40 < fitted < 120, "the cases must hold kernels that fit and kernels that do not"


def test_starts_with_the_by_hand_numbers(flow):
    page = flow().page
    assert numbers(page, "dW") == ["54", "63", "90", "99"]
    assert numbers(page, "dX") == "1 3 3 2 4 10 10 6 4 10 10 6 3 7 7 4".split()


def test_choosing_an_output_shows_what_it_sends_back(flow):
    bare = flow(upstream=[[1, 1, 1], [1, 1, 2], [1, 1, 1]])
    page = bare.page
    page.get_by_label("output y[1, 2]").click()
    assert bare.get("chosen") == 5
    assert page.locator(".cnn-told").inner_text().startswith("Output y[1, 2] has dY = 2.")
    sent = [text.replace("\n", "") for text in page.locator(".cnn-told .cnn-term").all_inner_texts()]
    assert sent == ["dW[0, 0] +=2·7", "dW[0, 1] +=2·8", "dW[1, 0] +=2·11", "dW[1, 1] +=2·12",
                    "dX[1, 2] +=2·1", "dX[1, 3] +=2·2", "dX[2, 2] +=2·3", "dX[2, 3] +=2·4"]
    window = page.get_by_role("table", name="dX", exact=True).locator("td.cnn-takes-part")
    assert [text.split("\n")[-1] for text in window.all_inner_texts()] == ["+2", "+4", "+6", "+8"]


def test_hovering_a_gradient_shows_where_it_comes_from(flow):
    page = flow().page
    page.get_by_label("dX[1, 1]").hover()
    told = page.locator(".cnn-told")
    assert "took part in 4 outputs" in told.inner_text() and "= 10" in told.locator(".cnn-total").inner_text()
    assert page.get_by_role("table", name="dY", exact=True).locator("td.cnn-takes-part").count() == 4
    page.get_by_label("dX[0, 0]").hover()
    assert "took part in one output," in told.inner_text()
    page.get_by_label("dW[0, 1]").hover()
    assert "met 9 inputs" in told.inner_text() and "= 63" in told.locator(".cnn-total").inner_text()
    assert page.get_by_role("table", name="input x", exact=True).locator("td.cnn-takes-part").count() == 9


def test_an_unread_input_receives_nothing(flow):
    page = flow(input=np.ones((5, 5)), stride=2).page
    page.get_by_label("dX[4, 4]").hover()
    assert "No output reads input x[4, 4]" in page.locator(".cnn-told").inner_text()


def test_editing_dY_recomputes_and_reaches_the_state(flow):
    bare = flow()
    cell = bare.page.get_by_label("dY[0, 0]")
    cell.fill("-1")
    cell.press("Enter")
    assert bare.get("upstream") == [[-1, 1, 1], [1, 1, 1], [1, 1, 1]]
    bare.page.get_by_label("dX[0, 0]: −1").wait_for()
    assert numbers(bare.page, "dW") == ["52", "59", "80", "87"]
    cell.fill("much")
    cell.press("Enter")
    assert "not a number, so the cell keeps" in bare.page.get_by_role("alert").inner_text()


def test_python_sets_the_state_and_the_picture_follows(flow):
    bare = flow(chosen=8)
    bare.set("stride", 2)
    bare.page.get_by_label("dW[1, 1]: 44").wait_for()
    assert bare.get("chosen") == 3, "the choice stays among the outputs"
    bare.set("kernel", [[10]])
    bare.page.get_by_label("dX[0, 0]: 10").wait_for()


def test_sizes_that_do_not_fit_are_explained_and_controls_stay_usable(flow):
    page = flow(input=[[1, 2]]).page
    explained = page.get_by_role("status").filter(has_text="There is no output")
    assert "covers 2×2 pixels, but the input has only 1×2" in explained.inner_text()
    page.get_by_role("slider", name="padding").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("output y[0, 0]").wait_for()
    assert not explained.is_visible()


def test_keyboard_alone_reaches_everything(flow):
    bare = flow()
    page = bare.page
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.ariaLabel"
                                   " || document.activeElement.labels?.[0]?.textContent"))
    assert names == ["stride", "padding", "input x[0, 0]", "kernel w[0, 0]", "output y[0, 0]: 44",
                     "dX[0, 0]: 1", "dW[0, 0]: 54", "dY[0, 0]"]
    assert bare.get("chosen") == 0
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert bare.get("chosen") == 5, "arrows walk dY, and the choice follows the focus"


def test_keys_do_not_reach_the_notebook(flow):
    page = flow().page
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_label("input x[0, 0]").press("b")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    assert page.evaluate("leaked") == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_phone(flow, scheme):
    page = flow(input=np.full((8, 8), -12.25), padding=2).page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
