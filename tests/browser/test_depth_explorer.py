"""DepthExplorer in a bare page: the JavaScript against its Python twin, the prediction, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import DepthExplorer
from course_lib.widgets.depth_explorer import brief

from .drive import unnamed_controls
from .twins import same

MODULE = "/widgets/depth_explorer.js"
OWN = [
    {"kind": "plain", "depth": 20, "training_error": [0.8, 0.5, 0.2], "gradients_at_start": [0.01, 0.1, 1]},
    {"kind": "residual", "depth": 20, "training_error": [0.5, 0.25, 0.1], "gradients_at_start": [2, 1, 1]},
]


def state_of(widget: DepthExplorer) -> dict:
    return widget.get_state([*widget.state_names(), "_recorded"])


@pytest.fixture
def explorer(bare_page):
    """Mounts the widget with the given state in the page."""

    def mount(**state):
        bare_page.mount(MODULE, state_of(DepthExplorer(**state)), DepthExplorer._css)
        return bare_page

    return mount


def text(page, selector: str) -> str:
    return " ".join(page.locator(selector).inner_text().replace("\u2212", "-").split())


def drawn(rng) -> dict:
    """A run of random length, with some of what a run may have."""
    layers, epochs = int(rng.integers(1, 9)), int(rng.integers(1, 7))
    norms = 10 ** rng.uniform(-3, 3, (2, layers))
    norms[rng.random(norms.shape) < 0.1] = 0
    run = {"kind": str(rng.choice(["plain", "residual"])), "depth": int(rng.integers(6, 10)),
           "seed": int(rng.integers(9)), "training_error": rng.random(epochs), "test_error": rng.random(epochs),
           "gradients_at_start": norms[0], "gradients_at_end": norms[1]}
    lists = [name for name in run if "error" in name or "gradients" in name]
    return {name: value for name, value in run.items() if name not in lists[:3] or rng.random() < 0.7}


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(40)
    widgets = [DepthExplorer(gradient_depth=depth, epoch=3) for depth in (20, 56)]
    for _ in range(60):
        widgets.append(DepthExplorer(
            [drawn(rng) for _ in range(rng.integers(1, 9))], measure=str(rng.choice(["training error", "test error"])),
            depths=rng.integers(6, 10, 2).tolist(), epoch=int(rng.integers(1, 9)),
            gradient_depth=int(rng.integers(5, 12)), layer=int(rng.integers(1, 12)),
        ))
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute} = await import(address);
        return states.map((state) => compute(state));
    }""", [MODULE, [state_of(widget) for widget in widgets]])
    words = set()
    for widget, result in zip(widgets, results, strict=True):
        same(result, widget.numbers)
        words |= set(result["measured"].values())
    assert words == {"vanish", "stay", "explode"}, "the cases must hold all three"


@pytest.mark.parametrize("value", [0, 462.3, 12345.6, 4.706, 0.0689, 0.00021, 3.4e-6, 2.5e7])
def test_norms_are_written_as_in_python(bare_page, value):
    assert bare_page.call(MODULE, "brief", value) == brief(value)


def test_errors_are_told_and_tabled(explorer):
    bare = explorer()
    page = bare.page
    verdict = page.locator(".cnn-verdict >> nth=0")
    assert verdict.inner_text() == (
        "Training error after epoch 6. Plain: 0.8 % with 20 layers, 67.4 % with 56. ResNet: 0 % with 20 layers, 0.3 % "
        "with 56. No overfitting: these are the very images that they were trained on.")
    assert text(page, ".cnn-errors tbody tr >> nth=4") == "56 67.4 % [61.6, 70.4] 0.3 % [0.1, 0.4]"
    page.get_by_label("show").select_option("test error")
    assert bare.get("measure") == "test error" and "Look at the training error" in verdict.inner_text()
    page.get_by_role("slider", name="epoch").fill("1")
    assert bare.get("epoch") == 1 and "after epoch 1" in verdict.inner_text()
    assert "epoch 1" in page.locator(".cnn-caption", has_text="By depth").inner_text()


def test_ticked_depths_are_drawn_and_one_always_stays(explorer):
    bare = explorer()
    page = bare.page
    plain = page.get_by_role("img", name="Plain, training error")
    assert plain.locator(".cnn-end").all_text_contents() == ["20 layers", "56 layers"]
    page.get_by_role("checkbox", name="32").check()
    assert bare.get("depths") == [20, 32, 56] and plain.locator(".cnn-end").count() == 3
    dashes = plain.locator("polyline").evaluate_all("all => all.map((one) => one.getAttribute('stroke-dasharray'))")
    assert len(set(dashes)) == 3, "depths differ by more than their names"
    for depth in ("20", "32", "56"):
        page.get_by_role("checkbox", name=depth).click()
    assert bare.get("depths") == [56] and page.get_by_role("checkbox", name="56").is_checked()
    assert "Plain-56: 67.4 %. ResNet-56: 0.3 %" in page.locator(".cnn-verdict >> nth=0").inner_text()


def test_names_at_the_ends_of_lines_do_not_overlap(explorer):
    page = explorer(depths=[8, 20, 32, 44, 56]).page
    for kind in ("Plain", "ResNet"):
        chart = page.get_by_role("img", name=f"{kind}, training error")
        names = chart.locator(".cnn-end")
        places = sorted(names.evaluate_all("all => all.map((one) => Number(one.getAttribute('y')))"))
        assert len(places) == 5 and min(np.diff(places)) >= 13.9
        height = float(chart.get_attribute("height"))
        assert places[0] > 8 and places[-1] < height - 10


@pytest.mark.parametrize("answer, said", [
    ("they vanish", "You predicted that they vanish. Not so: before training"),
    ("they stay about as large", "You predicted that they stay about as large. Not so: before training"),
    ("they explode", "As you predicted, before training"),
])
def test_gradients_wait_for_a_prediction(explorer, answer, said):
    bare = explorer()
    page = bare.page
    assert "462" not in page.locator("section").inner_text(), "nothing is given away"
    assert page.get_by_role("img", name="Before the first step").count() == 0
    show = page.get_by_role("button", name="Show what was measured")
    assert show.is_disabled()
    page.get_by_label(answer).check()
    assert bare.get("prediction") == answer.split()[1] and not bare.get("revealed")
    show.click()
    told = text(page, ".cnn-gradients .cnn-verdict")
    assert told.startswith(said)
    assert "the gradients of plain-56 explode towards the first layer" in told and "462 times [453, 916]" in told
    assert page.locator(".cnn-gradients .cnn-verdict").evaluate("e => e === document.activeElement")
    page.get_by_label("predict first").uncheck()
    page.get_by_label("predict first").check()
    assert bare.get("prediction") == "" and show.is_visible(), "one can predict anew"


def test_without_the_switch_gradients_are_shown_at_once(explorer):
    bare = explorer(predict=False, layer=1)
    page = bare.page
    assert text(page, ".cnn-gradients .cnn-verdict").startswith("Before training the gradients of plain-56 explode")
    row = page.locator(".cnn-norms tbody tr >> nth=0")
    cells = [cell.split()[0] for cell in row.locator("td").all_inner_texts()]
    assert cells[0] == cells[1] and cells[3] == "462"
    page.get_by_role("slider", name="layer", exact=True).fill("55")
    assert bare.get("layer") == 55
    cells = [cell.split()[0] for cell in row.locator("td").all_inner_texts()]
    assert cells[1] == cells[2]
    page.locator(".cnn-gradients select").select_option("20")
    assert bare.get("gradient_depth") == 20
    assert "plain-20 stay within a factor of 10" in text(page, ".cnn-gradients .cnn-verdict")
    assert page.get_by_role("slider", name="layer", exact=True).get_attribute("max") == "19"


def test_a_click_on_a_chart_chooses_epoch_and_layer(explorer):
    bare = explorer(predict=False)
    for name, trait, value in (("ResNet, training error", "epoch", 3), ("After training", "layer", 10)):
        chart = bare.page.get_by_role("img", name=name)
        x = chart.evaluate("""(chart, n) => {
            const line = chart.querySelector("polyline").points[n];
            return line.x * chart.getBoundingClientRect().width / chart.viewBox.baseVal.width;
        }""", value - 1)
        chart.click(position={"x": x, "y": 60})
        assert bare.get(trait) == value


def test_own_runs_stand_beside_the_recorded_ones(explorer):
    bare = explorer(runs=OWN, watched="training error", prediction="vanish", revealed=True)
    page = bare.page
    assert "Plain-20: 20 %. ResNet-20: 10 %" in page.locator(".cnn-verdict >> nth=0").inner_text()
    assert text(page, ".cnn-gradients .cnn-verdict").startswith("As you predicted, before training the gradients")
    assert "not measured" in page.get_by_role("img", name="After training").text_content()
    page.get_by_label("show").select_option("test error")
    assert "hold no test error" in page.locator(".cnn-verdict >> nth=0").inner_text()
    page.get_by_label("runs").select_option("recorded")
    assert page.get_by_role("checkbox", name="44").count() == 1
    bare.set("source", "yours")
    bare.set("runs", [{**OWN[0], "seed": 0, "test_error": [], "gradients_at_start": [], "gradients_at_end": []}])
    page.get_by_text("These runs hold no gradients: give each").wait_for()


def test_keyboard_alone_reaches_everything(explorer):
    bare = explorer(depths=[20])
    page = bare.page
    names = []
    for _ in range(11):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.labels?.[0]?.textContent.trim()"
                                   " ?? document.activeElement.textContent"))
    assert names == ["show", "8", "20", "32", "44", "56", "epoch", "layers", "predict first", "they vanish", names[10]]
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.get_by_label("they vanish").focus()
    page.keyboard.press("ArrowDown")
    assert bare.get("prediction") == "stay"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert bare.get("revealed") and page.get_by_role("img", name="After training").is_visible()
    page.get_by_role("slider", name="epoch").focus()
    page.keyboard.press("Home")
    assert bare.get("epoch") == 1
    page.get_by_role("checkbox", name="56").press("Space")
    assert bare.get("depths") == [20, 56]
    assert page.evaluate("leaked") == []
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("state", [
    {}, {"predict": False, "depths": [8, 20, 32, 44, 56]}, {"runs": OWN, "predict": False},
    {"runs": [{**OWN[0], "depth": 9999, "gradients_at_start": [1.234e-17, 9.87e15]}], "predict": False},
])
@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(explorer, width, state):
    page = explorer(**state).page
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
