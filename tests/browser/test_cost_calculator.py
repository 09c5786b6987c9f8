"""CostCalculator in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib import geometry
from course_lib.errors import CourseError
from course_lib.widgets import CostCalculator
from course_lib.widgets.cost_calculator import describe, memory

from .drive import unnamed_controls

MODULE = "/widgets/cost_calculator.js"


def plain(widget):
    return widget.get_state([*CostCalculator.state_names()[1:], "_networks", "_limits", "_fields"])


@pytest.fixture
def calculator(bare_page):
    """Mounts a calculator with the given state in the page."""

    def mount(*arguments, **state):
        bare_page.mount(MODULE, plain(CostCalculator(*arguments, **state)), CostCalculator._css)
        return bare_page

    return mount


def random_layers(rng):
    """A few layers that may or may not fit each other."""
    window = lambda: {"kernel": int(rng.integers(1, 6)), "stride": int(rng.integers(1, 4)),  # noqa: E731
                      "padding": int(rng.integers(0, 3))}
    makers = (
        lambda: {"kind": "conv", "channels": int(rng.integers(1, 20)), **window()},
        lambda: {"kind": str(rng.choice(["max pool", "average pool"])), **window()},
        lambda: {"kind": "conv", "channels": int(rng.integers(1, 20)), **window()},
    )
    ends = ([], [{"kind": "flatten"}], [{"kind": "global average"}], [{"kind": "linear", "outputs": 3}])
    tail = [{"kind": "linear", "outputs": int(rng.integers(1, 50))} for _ in range(rng.integers(0, 3))]
    return [makers[rng.integers(3)]() for _ in range(rng.integers(0, 5))] + ends[rng.integers(4)] + tail


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(29)
    widgets = [CostCalculator(name) for name in geometry.NETWORKS] + [
        CostCalculator(layers=random_layers(rng), shape=tuple(rng.integers(1, 30, 3).tolist()),
                       batch=int(rng.integers(1, 300)), numbers=str(rng.choice(["float32", "float16"])))
        for _ in range(200)]
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute} = await import(address);
        return states.map((state) => compute(state));
    }""", [MODULE, [plain(widget) for widget in widgets]])
    fitted = 0
    for widget, result in zip(widgets, results, strict=True):
        try:
            rows = widget.rows
        except CourseError as error:
            assert str(error).startswith(f"layer {result['stopped'] + 1}:"), (widget.layers, result)
            assert result["rows"][result["stopped"]]["fault"]
            continue
        fitted += 1
        assert result["stopped"] is None, (widget.layers, widget.shape)
        assert result["rows"] == [{**row, "shape": list(row["shape"])} for row in rows]
        assert result["totals"] == widget.totals
    assert 40 < fitted < 180, "the cases must hold networks that fit and networks that do not"


def test_words_and_units_are_those_of_python(bare_page):
    for size in (0, 7, 999, 1000, 9994, 35_512, 99_940, 411_041_792, 2_000_000_000):
        assert bare_page.call(MODULE, "memory", size) == memory(size)
    for network in geometry.NETWORKS:
        for layer in CostCalculator(network).layers:
            assert bare_page.call(MODULE, "describe", layer) == describe(layer)
    assert bare_page.call(MODULE, "grouped", 138357544) == "138,357,544"
    assert bare_page.call(MODULE, "grouped", 1e18) == "about 1.00·10^18"


def test_totals_of_vgg_are_told(calculator):
    bare = calculator()
    bare.page.get_by_label("network").select_option("VGG-16")
    told = bare.page.get_by_role("status").inner_text()
    assert "138,357,544 parameters, 553 MB: 123,642,856 (89%) in linear layers" in told
    assert "15.47 billion multiply-adds" in told and bare.get("shape") == [3, 224, 224]
    assert bare.page.locator("tfoot").inner_text().split()[1:3] == ["138,357,544", "15,470,264,320"]
    assert bare.page.locator("tbody tr").count() == 23


def test_bars_stand_where_the_numbers_are(calculator):
    page = calculator("VGG-16").page
    bars = page.locator("tbody .cnn-of-parameters i")
    widths = bars.evaluate_all("bars => bars.map((bar) => parseFloat(bar.style.width))")
    assert np.argmax(widths) == 19 and max(widths) == 100, "the first linear layer is the twentieth"
    row = page.locator("tbody tr").nth(20)
    assert "102,764,544" in row.inner_text() and "74%" in row.inner_text()


def test_a_layer_is_changed_moved_added_and_removed(calculator):
    bare = calculator()
    page = bare.page
    page.get_by_role("button", name="1 conv").click()
    page.get_by_label("kernels").fill("8")
    assert bare.get("layers")[0]["channels"] == 8 and "8 kernels" in page.locator("tbody").inner_text()
    assert page.get_by_label("network").input_value() == "your own"
    page.get_by_label("kind").select_option("average pool")
    assert bare.get("layers")[0] == {"kind": "average pool", "kernel": 5, "stride": 1, "padding": 2}
    page.get_by_role("button", name="later").click()
    assert [layer["kind"] for layer in bare.get("layers")[:2]] == ["max pool", "average pool"]
    assert page.evaluate("document.activeElement.textContent") == "↓ later", "the focus stays"
    page.get_by_role("button", name="layer below").click()
    assert len(bare.get("layers")) == 9 and bare.get("layers")[2]["kind"] == "conv"
    page.get_by_role("button", name="remove").click()
    assert len(bare.get("layers")) == 8
    assert page.evaluate("document.activeElement.className") == "cnn-opener"
    page.get_by_role("button", name="layer at the end").click()
    assert bare.get("layers")[8] == {"kind": "linear", "outputs": 10}, "after a vector comes a linear layer"


def test_layers_that_do_not_fit_say_so_in_their_row(calculator):
    bare = calculator()
    page = bare.page
    bare.set("layers", [layer for layer in bare.get("layers") if layer["kind"] != "flatten"])
    page.get_by_text("A linear layer takes a vector, but gets 16×5×5: put flatten or global average").wait_for()
    assert page.get_by_text("Waits for layer 5.").count() == 2
    assert "up to layer 4, as layer 5 does not fit" in page.get_by_role("status").inner_text()
    page.get_by_label("height").fill("9")
    page.get_by_text("Its window covers 5×5 pixels, but the input has only 4×14").wait_for()
    page.get_by_label("network").select_option("LeNet-5")
    assert page.locator(".cnn-trouble:visible").count() == 0


def test_numbers_out_of_bounds_are_refused_with_a_sentence(calculator):
    bare = calculator()
    for label, text, name in (("batch", "0", "batch"), ("height", "", "shape"), ("width", "2.5", "shape")):
        before = bare.get(name)
        field = bare.page.get_by_label(label)
        kept = field.input_value()
        field.fill(text)
        field.press("Enter")
        field.blur()
        assert f"{label} must be a whole number from 1 to" in bare.page.get_by_role("alert").inner_text()
        assert field.input_value() == kept and bare.get(name) == before


def test_batch_and_numbers_scale_the_memory(calculator):
    page = calculator().page
    assert "35.5 kB of activations" in page.get_by_role("status").inner_text()
    page.get_by_label("batch").fill("100")
    assert "3.55 MB of activations" in page.get_by_role("status").inner_text()
    page.get_by_label("numbers").select_option("float16")
    assert "1.78 MB of activations" in page.get_by_role("status").inner_text()


def test_everything_can_go_and_come_back(calculator):
    bare = calculator(layers=[{"kind": "flatten"}])
    page = bare.page
    page.get_by_role("button", name="1 flatten").press("Enter")
    page.get_by_role("button", name="remove").press("Enter")
    assert bare.get("layers") == [] and "0 parameters" in page.get_by_role("status").inner_text()
    page.keyboard.press("Enter")
    assert [layer["kind"] for layer in bare.get("layers")] == ["conv"], "the focus went to the button that adds a layer"


def test_keyboard_alone_reaches_everything(calculator):
    page = calculator().page
    first = page.get_by_role("button", name="1 conv")
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("3conv")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent").startswith("8linear")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.labels[0].textContent") == "kind"
    assert page.locator(".cnn-opener[tabindex='0']").count() == 1, "the list is one tab stop"
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(calculator, width):
    page = calculator("VGG-16", batch=4096).page
    page.get_by_role("button", name="20 linear").click()
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
