"""LearningRateLandscape in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import LearningRateLandscape

from .drive import unnamed_controls

MODULE = "/widgets/learning_rate_landscape.js"


@pytest.fixture
def landscape(bare_page):
    """Mounts the widget with the given state in the page."""

    def mount(**state):
        widget = LearningRateLandscape(**state)
        bare_page.mount(MODULE, widget.get_state(widget.state_names()), LearningRateLandscape._css)
        return bare_page

    return mount


def text(page, selector: str) -> str:
    return " ".join(page.locator(selector).inner_text().replace("\u2212", "-").split())


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(6)
    widgets = [LearningRateLandscape(
        curvatures=10 ** rng.uniform(-1, 1.5, 2), start=rng.uniform(-5, 5, 2), lr=10 ** rng.uniform(-3, 0.5),
        momentum=rng.choice([0, rng.uniform(0, 0.99)]), steps=int(rng.integers(1, 60)),
    ) for _ in range(120)]
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute} = await import(address);
        return states.map((state) => compute(state));
    }""", [MODULE, [widget.get_state(widget.state_names()) for widget in widgets]])
    ended = 0
    for widget, result in zip(widgets, results, strict=True):
        ended += len(widget.path) <= widget.steps
        np.testing.assert_allclose(result["points"], widget.path, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(result["losses"], widget.losses, rtol=1e-9, atol=1e-9)
        assert result["limit"] == pytest.approx(widget.limit, rel=1e-12)
        assert [one["size"] for one in result["factors"]] == pytest.approx(widget.factors, rel=1e-9)
    assert 10 < ended < 110, "the cases must hold walks that blow up and walks that do not"


@pytest.mark.parametrize("value, written", [
    (0, "0"), (-0.5, "-0.5"), (12.3456, "12.35"), (3425.37, "3425.4"), (0.000071234, "7.12·10⁻⁵"),
    (-7.29e12, "-7.29·10¹²"), (-7e-15, "0"), (1 / 3, "0.3333"),
])
def test_numbers_of_any_size_are_readable(bare_page, value, written):
    assert bare_page.call(MODULE, "brief", value).replace("\u2212", "-") == written


def test_the_limit_and_the_factors_are_written_with_their_numbers(landscape):
    bare = landscape(lr=0.18)
    page = bare.page
    assert text(page, ".cnn-formula").startswith("It diverges beyond 2 / λ = 2 / 10 = 0.2,")
    assert "1 - 0.18 = 0.82" in text(page, ".cnn-factors") and "1 - 1.8 = -0.8" in text(page, ".cnn-factors")
    assert text(page, ".cnn-verdict").startswith("It zigzags")
    bare.set("momentum", 0.5)
    page.get_by_text("2·(1 + momentum) / λ = 2·(1 + 0.5) / 10 = 0.3").wait_for()


@pytest.mark.parametrize("example, verdict", [
    ("too small: it crawls", "It crawls"), ("small: straight down", "It goes down without overshooting"),
    ("large: it zigzags", "It zigzags"), ("on the edge", "On the edge"),
    ("too large: it diverges", "It diverges: 0.21 is beyond the limit 0.2"),
    ("momentum: past the old edge", "Momentum carries it"),
    ("a round bowl", "It goes down without"), ("the ravine with momentum", "Momentum carries it"),
])
def test_every_example_shows_what_it_says(landscape, example, verdict):
    page = landscape(start=(1, 1)).page
    assert page.get_by_label("example").input_value() == "your own"
    page.get_by_label("example").select_option(example)
    assert text(page, ".cnn-verdict").startswith(verdict)


def test_momentum_takes_the_ravine_faster(landscape):
    page = landscape().page
    ends = []
    for example in ("a narrow ravine", "the ravine with momentum"):
        page.get_by_label("example").select_option(example)
        ends.append(float(text(page, ".cnn-charts .cnn-caption >> nth=0").split("→")[1].split()[0]))
    assert ends[1] < ends[0] / 5


def test_a_step_is_written_out(landscape):
    bare = landscape(lr=0.1, momentum=0.5)
    page = bare.page
    assert "(1·(-4), 10·1.5) = (-4, 15)" in text(page, ".cnn-sums")
    assert "(-4, 1.5) - 0.1·(-4, 15) = (-3.6, 0)" in text(page, ".cnn-sums")
    page.get_by_role("button", name="Next").click()
    assert bare.get("step") == 1
    assert "0.5·(-4, 15) + (-3.6, 0) = (-5.6, 7.5)" in text(page, ".cnn-sums")
    page.get_by_role("button", name="Back").click()
    assert page.get_by_role("button", name="Back").is_disabled()
    page.get_by_role("slider", name="step", exact=True).fill("30")
    assert bare.get("step") == 29 and page.get_by_role("button", name="Next").is_disabled()
    bare.set("steps", 10)
    page.wait_for_function("window.model.get('step') === 9")


def test_a_click_on_the_map_starts_there(landscape):
    bare = landscape()
    box = bare.page.locator(".cnn-map").bounding_box()
    bare.page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    assert bare.get("start") == pytest.approx([2.6, 1.1])
    assert "start w" in bare.page.get_by_role("slider", name="start w₁").evaluate("e => e.labels[0].textContent")
    assert bare.page.get_by_role("slider", name="start w₁").input_value() == "2.6"


def test_python_sets_any_learning_rate_and_it_is_shown_as_it_is(landscape):
    bare = landscape()
    bare.set("lr", 0.1234)
    bare.page.locator("output", has_text="0.1234").wait_for()
    assert "1 - 0.1234 = 0.8766" in text(bare.page, ".cnn-factors")


def test_a_walk_that_blows_up_is_told(landscape):
    page = landscape(curvatures=(100, 100), lr=3, steps=100).page
    assert "stopped at step 2, beyond 10¹²" in text(page, ".cnn-charts")
    assert "step 1 leaves the map" in text(page, "section")


def test_keyboard_alone_reaches_everything(landscape):
    bare = landscape()
    page = bare.page
    names = []
    for _ in range(10):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.labels?.[0]?.textContent"
                                   " ?? document.activeElement.textContent"))
    assert names == ["example", "steps", "learning rate", "momentum", "curvature λ₁", "curvature λ₂", "start w₁",
                     "start w₂", "Next ›", "step"]
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_role("slider", name="learning rate").focus()
    page.keyboard.press("ArrowRight")
    assert bare.get("lr") == 0.06 and page.locator("output", has_text="0.06").count() == 1
    page.keyboard.press("End")
    assert bare.get("lr") == 3 and text(page, ".cnn-verdict").startswith("It diverges")
    assert page.evaluate("leaked") == []
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("state", [{}, {"curvatures": (0.2, 20), "lr": 0.09, "momentum": 0.8},
                                   {"curvatures": (100, 33.33), "lr": 100, "start": (-4.321, 1.234)}])
@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(landscape, width, state):
    page = landscape(**state).page
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
