"""ReceptiveField in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import ReceptiveField
from course_lib.widgets.receptive_field import PRESETS

from .drive import unnamed_controls

MODULE = "/widgets/receptive_field.js"


@pytest.fixture
def field(bare_page):
    """Mounts an explorer with the given state in the page."""

    def mount(**state):
        widget = ReceptiveField(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), ReceptiveField._css)
        return bare_page

    return mount


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(30)
    whole = 0
    for _ in range(150):
        layers = [{"kernel": int(rng.integers(1, 5)), "stride": int(rng.integers(1, 4)),
                   "dilation": int(rng.integers(1, 4)), "padding": int(rng.integers(0, 3))}
                  for _ in range(rng.integers(0, 5))]
        widget = ReceptiveField(size=int(rng.integers(1, 40)), layers=layers)
        levels = bare_page.call(MODULE, "levels", widget.size, widget.layers)
        assert levels == widget.fields, widget
        level = len(levels) - 1
        unit = int(rng.integers(levels[level]["units"]))
        seen = bare_page.call(MODULE, "window", widget.size, widget.layers, level, unit)
        assert seen[0]["units"] == widget.sees(level, unit), widget
        assert all(0 <= pixel < widget.size for pixel in seen[0]["units"])
        whole += len(levels) == len(layers) + 1 > 1
    assert 40 < whole < 150, "the cases must hold stacks that fit and stacks that do not"


def test_both_sides_know_the_same_presets(bare_page):
    presets = bare_page.page.evaluate("async (module) => (await import(module)).PRESETS", MODULE)
    assert list(presets) == list(PRESETS)
    for name, preset in presets.items():
        widget = ReceptiveField(preset=name)
        assert (widget.size, widget.layers) == (preset["size"], preset["layers"]), name


def test_paths_are_counted(bare_page):
    """Three 3x3 layers: (1 + x + x^2)^3 has the coefficients 1 3 6 7 6 3 1."""
    widget = ReceptiveField()
    seen = bare_page.call(MODULE, "window", widget.size, widget.layers, 3, 1)
    assert seen[0]["paths"] == np.polynomial.polynomial.polypow([1, 1, 1], 3).tolist()
    assert sum(seen[0]["paths"]) == 27


def test_hovering_a_unit_shows_its_window_at_every_level(field):
    page = field(preset="LeNet-5").page
    page.get_by_label("layer 3, unit 1").hover()

    def lit(level):
        return [int(unit) for unit in page.locator(f"button.cnn-seen[data-level='{level}']").evaluate_all(
            "units => units.map((unit) => unit.dataset.unit)")]

    assert [lit(level) for level in (4, 3, 2, 1, 0)] == [
        [], [1], [1, 2, 3, 4, 5], list(range(2, 12)), list(range(2, 16))]
    told = "Unit 1 of layer 3 (5×5) has a receptive field of 14 pixels, 2 to 15."
    assert told in page.locator("section").inner_text()
    page.get_by_label("example").hover()
    assert lit(0) == list(range(32)), "when the pointer leaves, the chosen unit on top is shown again"


def test_holes_and_frames_are_told(field):
    page = field(preset="dilated 2-2-2: holes").page
    assert "13 pixels, 1 to 13. It reads only 7 of them" in page.locator(".cnn-says").inner_text()
    page.get_by_label("example").select_option("VGG blocks")
    page.get_by_label("layer 6, unit 0").click()
    assert "16 pixels, −6 to 9, 6 of them in the frame of zeros" in page.locator(".cnn-says").inner_text()
    assert page.locator(".cnn-ghost.cnn-seen").count() > 0


def test_keyboard_walks_the_levels(field):
    bare = field()
    page = bare.page
    page.get_by_label("layer 3, unit 1").focus()
    page.keyboard.press("ArrowDown")
    assert bare.get("unit") == [2, 2]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert bare.get("unit") == [1, 4]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    assert bare.get("unit") == [2, 0]
    assert page.locator(".cnn-stage button[tabindex='0']").count() == 1, "the stage is one stop of the Tab key"


def test_layers_can_be_added_edited_and_removed(field):
    bare = field()
    page = bare.page
    page.get_by_role("button", name="Add a layer").click()
    assert len(bare.get("layers")) == 4 and bare.get("unit") == [4, 0]
    kernel = page.get_by_label("kernel of layer 4")
    kernel.fill("1")
    kernel.press("Enter")
    assert bare.get("layers")[3]["kernel"] == 1
    page.get_by_label("stride of layer 1").fill("2")
    page.get_by_label("stride of layer 1").press("Enter")
    unfit = "Layer 3 does not fit: its kernel covers 3 units, and the level below has only 2"
    assert unfit in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="remove layer 3").click()
    assert page.get_by_text("does not fit").count() == 0
    page.get_by_label("kernel of layer 1").fill("99")
    page.get_by_label("kernel of layer 1").press("Enter")
    assert "kernel of layer 1 must be a whole number from 1 to 11; it stays 3" in page.get_by_role("alert").inner_text()
    assert bare.get("layers")[0]["kernel"] == 3 and page.get_by_label("kernel of layer 1").input_value() == "3"


def test_python_sets_the_state_and_the_picture_follows(field):
    bare = field()
    bare.set("unit", [1, 0])
    bare.page.get_by_text("Unit 0 of layer 1 (3×3) has a receptive field of 3 pixels, 0 to 2").wait_for()
    bare.set("layers", ReceptiveField(layers=[(5, 2)]).layers)
    bare.page.get_by_text("a receptive field of 5 pixels").wait_for()
    bare.set("unit", [7, 99])
    bare.page.get_by_text("Unit 2 of layer 1").wait_for()


def test_controls_have_names_and_keys_stay_inside(field):
    page = field().page
    assert unnamed_controls(page, page.locator("section")) == []
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_label("layer 2, unit 1").press("a")
    page.get_by_label("stride of layer 1").press("b")
    assert page.evaluate("leaked") == []
    assert page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])").count() == 0


@pytest.mark.parametrize("preset", PRESETS)
def test_fits_a_phone(field, preset):
    page = field(preset=preset).page
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
