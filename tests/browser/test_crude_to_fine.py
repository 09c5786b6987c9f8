"""CrudeToFine in a bare page: pictures on their places, the chosen unit large, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import CrudeToFine
from course_lib.widgets.crude_to_fine import times

from .drive import unnamed_controls

MODULE = "/widgets/crude_to_fine.js"
STATE = ["chosen", "_rows", "_sheets"]


def unit(number: int, **more) -> dict:
    """Every picture has a brightness of its own."""
    return {"unit": number, "picture": np.full((8, 8), 10 * number, np.uint8), "value": 12.0, "typical": 0.5,
            "patches": [np.full((5, 3), 10 * number + 100, np.uint8), np.full((4, 5), 10 * number + 105, np.uint8)],
            "answers": [2.0, 1.25], **more}


GALLERY = [
    {"layer": "first", "field": 5, "units": [unit(1), unit(4), unit(6)]},
    {"layer": "last", "field": (9, 7), "units": [unit(2, patches=[], answers=[]), unit(3, typical=-0.5)]},
]


@pytest.fixture
def gallery(bare_page):
    def mount(layers=GALLERY, **state):
        bare_page.mount(MODULE, CrudeToFine(layers, **state).get_state(STATE), CrudeToFine._css)
        return bare_page

    return mount


def facts(page) -> dict[str, str]:
    names, texts = (page.locator(f".cnn-detail {tag}").all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, texts, strict=True))


def brightness(page, selector: str) -> list[tuple]:
    """Height, width and grey of the middle of each canvas."""
    page.wait_for_function("""(selector) => [...document.querySelectorAll(selector)].every(
        canvas => canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] === 255)""", arg=selector)
    return [tuple(one) for one in page.locator(selector).evaluate_all("""all => all.map((canvas) => [
        canvas.height, canvas.width,
        canvas.getContext("2d").getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data[0]])""")]


def test_every_unit_stands_in_its_row_with_its_pictures(gallery):
    page = gallery().page
    rows = page.get_by_role("group")
    assert [rows.nth(n).get_attribute("aria-label") for n in range(2)] == [
        "first, a unit sees 5\u00d75 pixels", "last, a unit sees 9\u00d77 pixels"]
    made = brightness(page, ".cnn-pair > canvas")
    assert [one[:2] for one in made] == [(8, 8)] * 5
    np.testing.assert_allclose([one[2] for one in made], [10, 40, 60, 20, 30], atol=3)
    found = brightness(page, ".cnn-small > canvas")
    assert [one[:2] for one in found] == [(5, 3), (4, 5)] * 4
    np.testing.assert_allclose([one[2] for one in found], [110, 115, 140, 145, 160, 165, 130, 135], atol=5)
    assert page.locator(".cnn-tile small").all_inner_texts() == ["1 12", "4 12", "6 12", "2 12", "3 12"]


def test_a_click_enlarges_a_unit_with_its_numbers(gallery):
    bare = gallery()
    page = bare.page
    assert facts(page) == {
        "layer": "first", "it sees": "5\u00d75 pixels", "answer to its picture": "12", "to the strongest patch": "2",
        "picture over patch": "\u00d7\u00a06", "typical answer": "0.5"}
    page.get_by_role("button", name="last, unit 3:").click()
    assert bare.get("chosen") == [1, 1] and facts(page)["typical answer"] == "\u22120.5"
    assert page.locator(".cnn-patches figcaption").all_inner_texts() == ["2", "1.25"]
    (large,) = brightness(page, ".cnn-detail > figure canvas")
    assert abs(large[2] - 30) <= 3
    assert [one[:2] for one in brightness(page, ".cnn-patches canvas")] == [(5, 3), (4, 5)]
    bare.set("chosen", [1, 0])
    page.get_by_text("unit 2", exact=True).wait_for()
    assert facts(page)["to the strongest patch"] == facts(page)["picture over patch"] == "\u2013"
    assert page.locator(".cnn-patches canvas").count() == 0


def test_times_is_as_in_python(bare_page):
    for value, other in ((12.0, 2.0), (3.0, 0.0), (-1.0, 2.0), (1.0, -2.0)):
        assert bare_page.call(MODULE, "times", value, other) == times(value, other)


def test_arrow_keys_go_through_the_gallery(gallery):
    bare = gallery()
    page = bare.page
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.keyboard.press("Tab")
    for key, chosen in (("ArrowRight", [0, 1]), ("End", [0, 2]), ("ArrowRight", [0, 2]), ("ArrowDown", [1, 1]),
                        ("ArrowDown", [1, 1]), ("ArrowLeft", [1, 0]), ("ArrowLeft", [1, 0]), ("ArrowUp", [0, 0])):
        page.keyboard.press(key)
        assert bare.get("chosen") == chosen
        here = page.evaluate("document.activeElement.ariaPressed")
        assert here == "true", "the focus is on what is chosen"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body"), "one tab stop"
    assert page.evaluate("leaked") == ["Tab"], "the one that went in from outside"
    assert unnamed_controls(page, page.locator("section")) == []
    unmarked = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert unmarked.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(gallery, width):
    layers = [{"layer": "features.10.block.conv2", "field": 212, "units": [unit(n) for n in range(12)]}] * 3
    page = gallery(layers).page
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
