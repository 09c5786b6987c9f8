"""Widgets as a notebook loads them: each with its own copy of base.js and base.css, several on one page."""

import numpy as np
import pytest

from course_lib import widgets
from course_lib.models.lenet import LeNet5
from course_lib.widgets import (
    _HOMES,
    ActivationBrowser,
    ArchitectureStrip,
    ConfusionMatrix,
    CostCalculator,
    CrudeToFine,
    Pooling,
)

# Each element's box, colours and letters, as the browser has worked them out.
LOOK = """() => [...document.querySelectorAll("section, section *")].map((element) => {
    const {width, height, color, backgroundColor, display, gap, padding, margin, font, textAlign} =
        getComputedStyle(element);
    return [element.tagName, element.className.baseVal ?? element.className, width, height, color, backgroundColor,
            display, gap, padding, margin, font, textAlign].join(" | ");
})"""


def widget_of(name):
    if name == "ConfusionMatrix":
        return ConfusionMatrix([0, 1, 1], [0, 1, 0], np.zeros((3, 4, 4), int))
    if name == "ArchitectureStrip":
        return ArchitectureStrip(LeNet5(), input=(1, 28, 28))
    if name == "ActivationBrowser":
        return ActivationBrowser(LeNet5(), input=(1, 28, 28), pictures=np.zeros((2, 28, 28), int))
    if name == "CrudeToFine":
        unit = {"unit": 0, "picture": np.zeros((8, 8)), "value": 2.0, "typical": 1.0}
        return CrudeToFine([{"layer": "conv", "field": 3, "units": [unit] * 3}])
    return getattr(widgets, name)()


def state_of(widget):
    """The course's own traits as JSON can hold them; the views take a list where Jupyter gives bytes."""
    traits = widget.traits(sync=True).items()
    state = widget.get_state([name for name, trait in traits if "course_lib" in trait.this_class.__module__])
    for name in {"_photo", "_images"} & state.keys():
        state[name] = {**state[name], "pixels": list(state[name]["pixels"])}
    return state


def test_a_label_names_a_control_of_its_own_widget(bare_page):
    sources = [[widget._esm, state_of(widget)] for widget in map(widget_of, [*_HOMES, "Pooling"])]
    strays = bare_page.page.evaluate("""async (widgets) => {
        const {fakeModel} = await import("/fake_model.js");
        for (const [source, state] of widgets) {
            const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
            const el = document.body.appendChild(document.createElement("main"));
            await (await import(address)).default.render({model: fakeModel(state), el});
        }
        const labels = [...document.querySelectorAll("label[for]")];
        const strays = labels.filter((label) => label.closest("section") !== label.control?.closest("section"));
        return [labels.length > 30, strays.map((label) => label.textContent)];
    }""", sources)
    assert strays == [True, []]


@pytest.mark.parametrize("name", _HOMES)
def test_looks_the_same_beside_another_kind(bare_page, name):
    page, widget = bare_page.page, widget_of(name)
    bare_page.mount(f"/widgets/{_HOMES[name]}.js", state_of(widget), widget._css)
    page.add_style_tag(content=".cnn * { transition: none !important; }")
    other = CostCalculator if name == "Pooling" else Pooling
    for width in (760, 340):
        page.set_viewport_size({"width": width, "height": 800})
        # Charts are drawn anew for the new width at the end of the next frame.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        alone = page.evaluate(LOOK)
        sheet = page.add_style_tag(content=other._css)
        beside = page.evaluate(LOOK)
        assert beside == alone and len(alone) > 20
        sheet.evaluate("style => style.remove()")
