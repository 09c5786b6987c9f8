"""KernelPainter in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from course_lib.data import photograph
from course_lib.widgets import KernelPainter
from course_lib.widgets.kernel_painter import presets

MODULE = "/widgets/kernel_painter.js"
RAMP = np.arange(60, dtype=np.uint8).reshape(6, 10) * 4


def plain(painter):
    """The state as JSON can hold it; the view takes a list where Jupyter gives bytes."""
    state = painter.get_state(["kernel", "operation", "show", "grey", "_photo", "_presets", "_photographs"])
    return {**state, "_photo": {**state["_photo"], "pixels": list(state["_photo"]["pixels"])}}


@pytest.fixture
def painter(bare_page):
    """Mounts a painter with the given state in the page."""

    def mount(*arguments, **state):
        bare_page.mount(MODULE, plain(KernelPainter(*arguments, **state)), KernelPainter._css)
        return bare_page

    return mount


def shown(page):
    """Red, green and blue of the picture as it stands on the canvas, (H, W, 3)."""
    address = page.evaluate("document.querySelector('canvas').toDataURL('image/png')")
    return np.array(Image.open(BytesIO(b64decode(address.split(",")[1]))).convert("RGB"))


def divide_at(page, percent):
    page.get_by_role("slider", name="before | after").fill(str(percent))


def test_javascript_and_python_compute_the_same_floats_and_bytes(bare_page):
    rng = np.random.default_rng(21)
    painters, cases = [], []
    for n in range(120):
        height, width = rng.integers(1, 14, 2).tolist()
        shape = (height, width, 3) if n % 2 else (height, width)
        kernel = rng.normal(size=2 * rng.integers(0, 4, 2) + 1) * 10.0 ** rng.integers(-2, 2)
        kernel[rng.random(kernel.shape) < 0.3] = 0
        painters.append(KernelPainter(
            rng.integers(0, 256, shape, dtype=np.uint8), kernel, grey=bool(rng.integers(2)),
            operation=str(rng.choice(["cross-correlation", "convolution"])),
            show=str(rng.choice(["clip", "absolute", "mid-grey"]))))
        cases.append(plain(painters[-1]))
    results = bare_page.page.evaluate("""async ([address, cases]) => {
        const {respond, display, toGrey} = await import(address);
        return cases.map(({kernel, operation, show, grey, _photo}) => {
            const {shape: [height, width, channels], pixels} = _photo;
            const fades = grey && channels === 3;
            const bytes = Uint8Array.from(fades ? toGrey(pixels) : pixels);
            const response = respond(bytes, [height, width, fades ? 1 : channels], kernel, operation);
            const {shown, low, high, cut} = display(response, show);
            return {response: Array.from(response), shown: Array.from(shown), low, high, cut};
        });
    }""", [MODULE, cases])
    for widget, result in zip(painters, results, strict=True):
        response = widget.response
        assert result["response"] == response.ravel().tolist(), "the same order of sums gives the same floats"
        assert result["shown"] == widget.filtered.ravel().tolist()
        assert (result["low"], result["high"]) == (response.min(), response.max())
        assert 0 <= result["cut"] <= 1


@pytest.mark.parametrize("photo", [
    photograph("chelsea", 48), photograph("camera", 40), np.full((1, 1), 77), np.tile(np.arange(250), (2, 1)),
], ids=["colour", "grey", "one pixel", "very wide"])
def test_canvas_shows_the_photograph_before_and_after(painter, photo):
    widget = KernelPainter(photo, "sharpen")
    page = painter(photo, "sharpen").page
    in_colour = lambda pixels: pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)  # noqa: E731
    before, after = in_colour(widget.photo), in_colour(widget.filtered)
    divide_at(page, 0)
    np.testing.assert_array_equal(shown(page), after)
    divide_at(page, 100)
    np.testing.assert_array_equal(shown(page), before)
    divide_at(page, 50)
    middle = int(np.floor(before.shape[1] / 2 + 0.5))
    np.testing.assert_array_equal(shown(page), np.hstack([before[:, :middle], after[:, middle:]]))
    box = page.locator("canvas").bounding_box()
    assert box["width"] >= 24 and box["height"] >= 24, "there is something to point at"


def test_picture_follows_every_key_while_a_weight_is_typed(painter):
    bare = painter(RAMP, "identity")
    page = bare.page
    divide_at(page, 0)
    cell = page.get_by_label("kernel w[1, 1]")
    cell.focus()
    assert shown(page)[2, 3, 0] == 92
    for typed, weight, value in [("-", 1, 92), ("1", -1, 0), ("/", -1, 0), ("2", -0.5, 0)]:
        page.keyboard.type(typed)
        assert bare.get("kernel")[1][1] == weight and shown(page)[2, 3, 0] == value
    assert cell.input_value() == "-1/2", "the text stays as typed"
    page.keyboard.press("Escape")
    assert bare.get("kernel")[1][1] == 1 and cell.input_value() == "1", "Escape takes it back"
    cell.fill("0.5")
    assert shown(page)[2, 3, 0] == 46
    cell.fill("half")
    cell.press("Enter")
    assert "“half” is not a number" in page.get_by_role("alert").inner_text()
    assert cell.input_value() == "0.5" and bare.get("kernel")[1][1] == 0.5
    cell.fill("2e6")
    assert "Weights go up to 1000000" in page.get_by_role("alert").inner_text()
    assert bare.get("kernel")[1][1] == 0.5


def test_presets_bring_their_kernel_and_the_way_to_show_it(painter):
    bare = painter(RAMP, "identity")
    page = bare.page
    for name in presets():
        page.get_by_role("button", name=name, exact=True).click()
        expected = KernelPainter(kernel=name)
        assert bare.get("kernel") == expected.kernel.tolist() and bare.get("show") == expected.show
        assert page.locator(".cnn-presets [aria-pressed=true]").all_inner_texts() == [name]
    page.get_by_label("kernel w[0, 0]").fill("9")
    assert page.locator(".cnn-presets [aria-pressed=true]").count() == 0, "a changed kernel is no preset"


def test_size_grows_a_preset_and_pads_or_cuts_another_kernel(painter):
    bare = painter(RAMP, "box")
    page = bare.page
    page.get_by_label("size").select_option("5")
    assert bare.get("kernel") == np.full((5, 5), 1 / 25).tolist()
    page.get_by_label("kernel w[2, 2]").fill("7")
    page.get_by_label("size").select_option("7")
    assert bare.get("kernel")[3][3] == 7 and bare.get("kernel")[0] == [0] * 7
    page.get_by_label("size").select_option("3")
    assert bare.get("kernel") == [[0.04, 0.04, 0.04], [0.04, 7, 0.04], [0.04, 0.04, 0.04]]
    bare.set("kernel", [[-1, 0, 1]])
    assert page.get_by_label("size").locator("option:checked").inner_text() == "1×3"


def test_sum_is_told_and_can_be_divided_away(painter):
    bare = painter(RAMP, [[1, 1, 1], [1, 2, 1], [1, 1, 1]])
    page = bare.page
    told = page.get_by_role("status").filter(has_text="The weights sum to")
    assert "10: a flat patch of value v becomes 10 × v." in told.text_content().replace("\u00a0", " ")
    divide = page.get_by_role("button", name="divide by the sum")
    divide.click()
    assert bare.get("kernel")[1][1] == 0.2 and "sum to 1:" in told.inner_text()
    assert divide.is_disabled()
    page.get_by_role("button", name="edge", exact=True).click()
    assert "a flat patch of value v becomes 0." in told.inner_text() and divide.is_disabled()


def test_hovering_a_pixel_shows_its_neighbours_and_its_arithmetic(painter):
    widget = KernelPainter(RAMP, [[0, 1, 0], [2, 0, 0], [0, 0, -3]])
    page = painter(widget.photo, widget.kernel).page
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 7.5 / 10 * box["width"], box["y"] + 2.5 / 6 * box["height"])
    cells = page.get_by_role("table", name="pixels under the kernel").locator("td span").all_inner_texts()
    assert cells == [str(value) for value in RAMP[1:4, 6:9].ravel()]
    terms = "".join(page.locator(".cnn-sum").inner_text().split())
    # RAMP[1, 7] = 68, RAMP[2, 6] = 104, RAMP[3, 8] = 152
    assert terms == "y[2,7]=68·1+104·2+152·(−3)=−180" and widget.response[2, 7] == -180
    assert f"Shown as {widget.filtered[2, 7]} " in page.locator(".cnn-inspect").inner_text()
    page.get_by_label("operation").select_option("convolution")
    assert page.locator("td small").first.inner_text() == "×−3", "the kernel is rotated"


def test_dragging_the_picture_moves_the_divider_and_a_click_pins_a_pixel(painter):
    page = painter(photograph("coins", 80)).page
    slider = page.get_by_role("slider", name="before | after")
    box = page.locator("canvas").bounding_box()
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    page.mouse.move(*at(0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*at(0.8, 0.4), steps=3)
    page.mouse.up()
    assert slider.input_value() == "80"
    page.mouse.click(*at(0.25, 0.5))
    assert slider.input_value() == "80", "a click does not move the divider"
    page.mouse.move(5, 5)
    assert page.locator(".cnn-inspect .cnn-caption").inner_text() == "pixel [31, 20]"


def test_keyboard_alone_does_it_all(painter):
    bare = painter(photograph("chelsea", 60), "edge")
    page = bare.page
    names = []
    for _ in range(21):
        page.keyboard.press("Tab")
        names.append(page.evaluate("""() => {
            const {ariaLabel, labels, textContent} = document.activeElement;
            return (ariaLabel || labels?.[0]?.textContent || textContent).trim();
        }"""))
    assert names[:3] == ["photograph", "your own…", "grey"] and names[3:11] == presets()
    assert names[11].startswith("photograph, filtered") and names[12:14] == ["before | after", "size"]
    assert names[14:18] == ["kernel w[0, 0]", "operation", "show as", "channel"]
    page.locator("canvas").focus()
    for key in ("Home", "ArrowRight", "Shift+ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    page.get_by_text("pixel [31, 1]").wait_for()
    assert "row 31, column 1: " in page.get_by_role("status").filter(has_text="row 31").inner_text()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("pixel [31, 0]").wait_for()
    assert "the edge pixels are repeated" in page.locator(".cnn-inspect").inner_text()
    page.get_by_role("slider", name="before | after").press("ArrowRight")
    assert page.get_by_role("slider", name="before | after").input_value() == "51"
    page.get_by_role("button", name="sharpen").press("Enter")
    assert bare.get("kernel")[1][1] == 5
    page.get_by_label("kernel w[1, 1]").press("ArrowDown")
    page.keyboard.type("4")
    assert bare.get("kernel")[2][1] == 4


def test_keys_do_not_reach_the_notebook(painter):
    page = painter(RAMP).page
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.locator("canvas").press("ArrowDown")
    page.get_by_label("kernel w[0, 0]").press("b")
    assert page.evaluate("leaked") == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


def test_students_own_picture_is_read_and_shrunk_in_the_browser(painter):
    bare = painter(RAMP)
    page = bare.page
    picture = Image.new("RGBA", (720, 360), (200, 100, 50, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 360, 360))
    file = BytesIO()
    picture.save(file, "PNG")
    own = page.get_by_label("your own…")
    own.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.wait_for_function("() => window.model.get('_photo').name === 'me.png'")
    assert bare.get("_photo")["shape"] == [180, 360, 3]
    pixels = page.evaluate("Array.from(new Uint8Array(window.model.get('_photo').pixels.buffer))")
    sent = np.array(pixels).reshape(180, 360, 3)
    assert sent[90, 90].tolist() == [255, 255, 255], "transparent pixels are laid on white"
    assert sent[90, 270].tolist() == [200, 100, 50]
    assert page.get_by_label("photograph", exact=True).locator("option:checked").inner_text() == "me.png"
    assert page.evaluate("window.model.saves") == 1
    own.set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.get_by_role("alert").filter(has_text="cannot read “notes.png” as a picture").wait_for()
    assert bare.get("_photo")["name"] == "me.png"


def test_another_photograph_is_asked_from_python(painter):
    bare = painter(RAMP)
    page = bare.page
    page.get_by_label("photograph", exact=True).select_option(label="a brick wall (grey)")
    assert page.evaluate("window.model.sent") == [{"photo": "brick"}]
    waiting = page.get_by_role("status").filter(has_text="Asking Python for brick")
    assert "needs a running kernel" in waiting.inner_text()
    bare.set("_photo", plain(KernelPainter("brick"))["_photo"])
    waiting.wait_for(state="hidden")
    assert page.locator("canvas").get_attribute("width") == "320"


def test_python_sets_the_state_and_the_picture_follows(painter):
    photo = photograph("chelsea", 48)
    bare = painter(photo, "identity")
    page = bare.page
    divide_at(page, 0)
    bare.set("grey", True)
    expected = KernelPainter(photo, "identity", grey=True).filtered
    np.testing.assert_array_equal(shown(page)[:, :, 0], expected)
    assert not page.get_by_label("channel").is_visible()
    bare.set("show", "mid-grey")
    np.testing.assert_array_equal(shown(page)[:, :, 0], np.minimum(expected.astype(int) + 128, 255))


@pytest.mark.parametrize("size", [3, 7])
def test_fits_a_phone(painter, size):
    page = painter(RAMP, np.full((size, size), -0.123)).page
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
