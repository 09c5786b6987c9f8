"""Widgets as a notebook loads them: each with its own copy of base.js, several on one page."""

import numpy as np

from course_lib.widgets import (
    AugmentationGrid,
    BatchNormHistogram,
    ChannelMixer,
    ConfusionMatrix,
    CostCalculator,
    LearningRateLandscape,
    Pooling,
)


def test_a_label_names_a_control_of_its_own_widget(bare_page):
    widgets = []
    confusion = ConfusionMatrix([0, 1, 1], [0, 1, 0], np.zeros((3, 4, 4), int))
    for widget in (Pooling(), CostCalculator(), ChannelMixer(), BatchNormHistogram(), LearningRateLandscape(),
                   confusion, AugmentationGrid(), Pooling()):
        own = [name for name, trait in widget.traits(sync=True).items() if "course_lib" in trait.this_class.__module__]
        state = widget.get_state(own)
        for name in {"_photo", "_images"} & state.keys():
            state[name] = {**state[name], "pixels": list(state[name]["pixels"])}
        widgets.append([widget._esm, state])
    strays = bare_page.page.evaluate("""async (widgets) => {
        const {fakeModel} = await import("/fake_model.js");
        for (const [source, state] of widgets) {
            const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
            const el = document.body.appendChild(document.createElement("main"));
            await (await import(address)).default.render({model: fakeModel(state), el});
        }
        const labels = [...document.querySelectorAll("label[for]")];
        const strays = labels.filter((label) => label.closest("section") !== label.control?.closest("section"));
        return [labels.length > 10, strays.map((label) => label.textContent)];
    }""", widgets)
    assert strays == [True, []]
