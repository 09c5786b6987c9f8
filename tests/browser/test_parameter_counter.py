"""ParameterCounter in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import ParameterCounter
from course_lib.widgets.parameter_counter import count, memory

from .drive import unnamed_controls

MODULE = "/widgets/parameter_counter.js"


@pytest.fixture
def counter(bare_page):
    """Mounts a counter with the given state in the page."""

    def mount(**state):
        widget = ParameterCounter(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), ParameterCounter._css)
        return bare_page

    return mount


def text(page, selector):
    """The text of an element, on one line."""
    return " ".join(page.locator(selector).inner_text().split())


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(3)
    most = {name: trait.most for name, trait in ParameterCounter.class_traits().items() if hasattr(trait, "most")}
    fitted = 0
    for _ in range(200):
        # Logarithmically, so that small pictures are there too, and kernels that do not fit.
        state = {name: int(np.exp(rng.uniform(0, np.log(bound + 0.99)))) for name, bound in most.items()}
        state |= {"dense": str(rng.choice(["classes", "same maps"])), "bias": bool(rng.integers(2))}
        got = bare_page.call(MODULE, "count", state)
        fits = got.pop("fits")
        try:
            expected = count(**state)
        except CourseError:
            assert not fits, state
            continue
        fitted += 1
        assert fits and got == expected, state
        for name in ("dense_bytes", "convolution_bytes"):
            assert bare_page.call(MODULE, "memory", got[name]) == memory(expected[name]), state
        assert bare_page.call(MODULE, "commas", got["dense"]) == f"{expected['dense']:,}"
    assert 100 < fitted < 200, "the cases must hold kernels that fit and kernels that do not"
    for size in (999, 999_500, 999_499, 1_125_000, 1_375_000):
        assert bare_page.call(MODULE, "memory", size) == memory(size)


def test_slide_3_is_written_out(counter):
    page = counter().page
    assert text(page, ".cnn-full .cnn-product") == "224 rows · 224 columns · 3 channels · 1,000 classes = 150,528,000"
    assert text(page, ".cnn-shared .cnn-product") == "4 kernels · 3 channels · 5 rows · 5 columns = 300"
    assert "602 MB" in text(page, ".cnn-full") and "1.2 kB" in text(page, ".cnn-shared")
    assert "501,760 times" in text(page, "section")
    page.get_by_label("count biases").check()
    assert text(page, ".cnn-full .cnn-product").endswith("+ 1,000 biases = 150,529,000")
    assert text(page, ".cnn-shared .cnn-product").endswith("+ 4 biases = 304")


def test_the_side_moves_the_dense_layer_only(counter):
    bare = counter()
    side = bare.page.get_by_role("slider", name="image side")
    side.focus()
    bare.page.keyboard.press("ArrowRight")
    assert bare.get("side") == 225
    product = text(bare.page, ".cnn-full .cnn-product")
    assert product == "225 rows · 225 columns · 3 channels · 1,000 classes = 151,875,000"
    assert text(bare.page, ".cnn-shared .cnn-product").endswith("= 300")
    label = bare.page.get_by_role("img").get_attribute("aria-label")
    assert "At 225 pixels: fully connected 151,875,000, convolution 300." in label
    bare.page.get_by_role("button", name="Slide 3").click()
    assert bare.get("side") == 224


def test_the_same_maps_made_dense(counter):
    bare = counter(side=28)
    bare.page.get_by_label("fully connected layer makes").select_option("same maps")
    assert bare.get("dense") == "same maps"
    assert text(bare.page, ".cnn-full .cnn-product").endswith("4 maps · 24 rows · 24 columns = 5,419,008")
    assert not bare.page.get_by_label("classes", exact=True).is_visible(), "the number of classes plays no part"


def test_python_sets_the_state_and_the_picture_follows(counter):
    bare = counter()
    bare.set("kernels", 7)
    bare.set("outputs", 37)
    bare.page.get_by_text("= 525").or_(bare.page.get_by_text("525", exact=True)).first.wait_for()
    assert bare.page.get_by_label("kernels").input_value() == "7", "a number that is not on the list is shown as well"
    assert bare.page.get_by_label("classes", exact=True).input_value() == "37"
    bare.page.get_by_label("kernels").select_option("64")
    assert bare.get("kernels") == 64


def test_a_kernel_that_does_not_fit_is_explained_and_controls_stay_usable(counter):
    page = counter(side=4).page
    explained = page.get_by_role("status").filter(has_text="does not fit")
    assert "A kernel of 5×5 does not fit into a picture of 4×4" in explained.inner_text()
    page.get_by_role("slider", name="kernel side").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("48,000").first.wait_for()
    assert not explained.is_visible()


def test_keyboard_alone_reaches_everything_and_all_has_a_name(counter):
    page = counter().page
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"))
    assert names == ["image side", "Slide 3", "channels", "fully connected layer makes", "classes", "kernel side",
                     "kernels", "count biases"]
    assert unnamed_controls(page, page.locator("section")) == []


def test_keys_do_not_reach_the_notebook(counter):
    page = counter().page
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_role("slider", name="image side").press("ArrowRight")
    page.get_by_label("channels").press("b")
    assert page.evaluate("leaked") == []
    assert page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])").count() == 0


@pytest.mark.parametrize("state", [
    {}, {"dense": "same maps", "bias": True, "kernels": 512, "channels": 128, "side": 512}])
def test_fits_a_phone(counter, state):
    page = counter(**state).page
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
