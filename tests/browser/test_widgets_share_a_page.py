"""Widgets as a notebook loads them: each with its own copy of base.js, several on one page."""

from course_lib.widgets import ChannelMixer, CostCalculator, Pooling


def test_a_label_names_a_control_of_its_own_widget(bare_page):
    widgets = []
    for kind in (Pooling, CostCalculator, ChannelMixer, Pooling):
        own = [name for name, trait in kind.class_traits(sync=True).items() if trait.this_class is kind]
        state = kind().get_state(own)
        if "_photo" in state:
            state["_photo"] = {**state["_photo"], "pixels": list(state["_photo"]["pixels"])}
        widgets.append([kind._esm, state])
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
