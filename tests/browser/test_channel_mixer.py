"""ChannelMixer in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import ChannelMixer
from course_lib.widgets.channel_mixer import SIZES, grey, preset

from .drive import unnamed_controls

MODULE = "/widgets/channel_mixer.js"
RAMP = np.arange(3 * 8 * 10).reshape(3, 8, 10)


def plain(widget):
    """The state as JSON can hold it; the view takes a list where Jupyter gives bytes."""
    state = widget.get_state(["weights", "bias", "chosen", "side", "_photo", "_presets", "_photographs"])
    return {**state, "_photo": {**state["_photo"], "pixels": list(state["_photo"]["pixels"])}}


@pytest.fixture
def mixer(bare_page):
    """Mounts a mixer with the given state in the page."""

    def mount(*arguments, **state):
        bare_page.mount(MODULE, plain(ChannelMixer(*arguments, **state)), ChannelMixer._css)
        return bare_page

    return mount


def told(page):
    return "".join(page.locator(".cnn-told").inner_text().split())


def pixels_of(page, label):
    """The red channel of a picture as it stands on its canvas, (H, W)."""
    rows = page.get_by_label(label, exact=True).evaluate("""canvas => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return Array.from({length: canvas.height}, (_, i) =>
            Array.from({length: canvas.width}, (__, j) => data[4 * (i * canvas.width + j)]));
    }""")
    return np.array(rows)


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(16)
    widgets = []
    for _ in range(60):
        size, outputs = int(rng.choice(SIZES)), int(rng.integers(1, 5))
        weights = rng.normal(size=(outputs, 3, size, size))
        weights[rng.random(weights.shape) < 0.3] = 0
        widgets.append(ChannelMixer(rng.integers(0, 256, (3, *rng.integers(8, 14, 2))), weights=weights,
                                    bias=rng.normal(size=outputs)))
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute, range, tone} = await import(address);
        return states.map(({_photo, weights, bias}) => {
            const result = compute(_photo.pixels, _photo.shape, weights, bias);
            const [parts, total] = [result.partials[0], result.output[0]];
            const scale = range([...parts, total]);
            return {partials: result.partials.map((maps) => maps.map((map) => Array.from(map))),
                    output: result.output.map((map) => Array.from(map)), shape: result.shape,
                    parameters: result.weights + weights.length, macs: result.macs,
                    shown: Array.from(total, (value) => tone(value, scale))};
        });
    }""", [MODULE, [plain(widget) for widget in widgets]])
    for widget, result in zip(widgets, results, strict=True):
        partials, output = widget.partials, widget.output
        assert tuple(result["shape"]) == output.shape
        np.testing.assert_allclose(np.reshape(result["partials"], partials.shape), partials, rtol=1e-10, atol=1e-9)
        np.testing.assert_allclose(np.reshape(result["output"], output.shape), output, rtol=1e-10, atol=1e-9)
        assert result["parameters"] == widget.weights.size + widget.bias.size
        assert result["macs"] == output.size * widget.weights[0].size
        shown = grey(np.concatenate([partials[0], output[:1]]))[-1]
        assert np.abs(np.array(result["shown"]) - shown.ravel()).max() <= 1, "a half may round either way"


def test_counts_of_slides_9_to_16(mixer):
    text = mixer().page.locator("section").inner_text()
    assert "3×28×28 → 4×24×24 (28 − 5 + 1 = 24)" in text
    assert "12 planes" in text and "300 weights + 4 biases = 304 parameters; 172,800 multiply-adds" in text


def test_maps_show_the_shares_and_their_sum_in_one_scale(mixer):
    widget = ChannelMixer(RAMP, weights=[preset("red minus green", 3)], bias=[4])
    page = mixer(RAMP, weights=[preset("red minus green", 3)], bias=[4]).page
    shown = grey(np.concatenate([widget.partials[0], widget.output]))
    for name, map_ in zip(("red", "green", "blue"), shown, strict=False):
        np.testing.assert_array_equal(pixels_of(page, f"share of {name} in output 0"), map_)
    canvas = page.get_by_role("application")
    label = canvas.get_attribute("aria-label")
    np.testing.assert_array_equal(pixels_of(page, label), shown[-1])
    assert page.locator(".cnn-result .cnn-muted").first.inner_text() == "−148 to 68"


def test_pointing_at_a_pixel_writes_out_its_sum(mixer):
    page = mixer(RAMP, weights=np.array([[[[2]], [[-1]], [[0.5]]]]), bias=[3]).page
    canvas = page.get_by_role("application")
    canvas.focus()
    page.keyboard.press("Home")
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    assert told(page) == "y[0,0,0]=0red+(−80)green+80blue+3bias=3"
    page.keyboard.press("End")
    assert told(page) == "y[0,0,9]=18red+(−89)green+84.5blue+3bias=16.5"
    assert told(page) == "".join(page.locator(".cnn-hidden[role=status]").inner_text().split())
    box = page.get_by_label("share of red in output 0").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.95)
    assert told(page).startswith("y[0,7,2]=144red")
    page.mouse.move(1, 1)
    assert told(page).startswith("y[0,0,9]="), "the pinned pixel comes back"


def test_choosing_a_plane_opens_it_and_editing_reaches_everything(mixer):
    bare = mixer(RAMP, weights=["luminance", "edges"])
    page = bare.page
    page.get_by_role("button", name="weights W[1, 2]").click()
    assert bare.get("chosen") == [1, 2]
    assert page.get_by_label("w[2, 2]").input_value() == "0.912", "8 * 0.114"
    page.get_by_label("w[2, 2]").fill("-1/2")
    assert bare.get("weights")[1][2][2][2] == -0.5
    assert page.get_by_label("weights", exact=True).nth(1).input_value() == "your own"
    page.get_by_role("button", name="set to 0").click()
    assert np.array(bare.get("weights"))[1, 2].any() == False  # noqa: E712
    assert "sum 0" in page.get_by_role("button", name="weights W[1, 2]").get_attribute("aria-label")
    cell = page.get_by_role("textbox", name="w[0, 0]")
    cell.fill("much")
    cell.press("Enter")
    assert "“much” is not a number" in page.get_by_role("alert").inner_text()
    cell.fill("2e6")
    assert "Numbers go up to 1000000 here" in page.get_by_role("alert").inner_text()
    bias = page.get_by_label("bias of output 1")
    bias.fill("7")
    bias.press("Enter")
    assert bare.get("bias") == [0, 7]


def test_outputs_kernel_size_and_presets(mixer):
    bare = mixer()
    page = bare.page
    outputs = page.get_by_role("slider", name="outputs")
    outputs.fill("1")
    assert np.shape(bare.get("weights")) == (1, 3, 5, 5) and bare.get("bias") == [0]
    assert page.locator(".cnn-result:visible").count() == 1
    outputs.fill("3")
    assert bare.get("weights")[1] == preset("red minus green").tolist(), "new outputs get presets not yet in use"
    page.get_by_label("kernel").select_option("3")
    assert bare.get("weights") == [preset(name, 3).tolist() for name in ("luminance", "red minus green", "edges")]
    page.get_by_label("kernel").select_option("1")
    assert np.shape(bare.get("weights")) == (3, 3, 1, 1)
    np.testing.assert_allclose(np.ravel(bare.get("weights")[2]), [8 * 0.299, 8 * 0.587, 8 * 0.114])
    page.get_by_label("weights", exact=True).nth(2).select_option("red only")
    assert np.ravel(bare.get("weights")[2]).tolist() == [1, 0, 0]
    assert "3×28×28 → 3×28×28" in page.locator("section").inner_text()


def test_python_sets_the_state_and_photographs_are_asked_for(mixer):
    bare = mixer()
    bare.set("weights", [preset("blur", 3).tolist()])
    bare.page.get_by_text("3×28×28 → 1×26×26").wait_for()
    bare.page.get_by_label("photograph", exact=True).select_option("coffee")
    assert bare.page.evaluate("window.model.sent") == [{"photo": "coffee"}]
    assert "Asking Python for coffee" in bare.page.locator("section").inner_text()
    bare.set("_photo", plain(ChannelMixer("coffee", side=48))["_photo"])
    bare.page.get_by_text("3×48×48 → 1×46×46").wait_for()
    assert "Asking Python" not in bare.page.locator("section").inner_text()
    bare.page.get_by_label("pixels", exact=True).select_option("64")
    assert bare.get("side") == 64


def test_keyboard_alone_reaches_everything(mixer):
    page = mixer(weights=["luminance"]).page
    names = []
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(page.evaluate("""() => {
            const {ariaLabel, labels, textContent} = document.activeElement;
            return (ariaLabel || labels?.[0]?.textContent || textContent).trim();
        }"""))
    assert [name.split(",")[0].split(";")[0] for name in names] == [
        "photograph", "pixels", "kernel", "outputs", "weights", "bias of output 0", "weights W[0", "weights W[0",
        "weights W[0", "output 0", "w[0", "set to 0"]
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(mixer, width):
    page = mixer("coffee", side=64, weights=["blur", "edges", "vertical edges", "red only"]).page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
