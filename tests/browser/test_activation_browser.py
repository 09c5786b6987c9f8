"""ActivationBrowser in a bare page: the JavaScript against its Python twin, units by mouse and keyboard, messages."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_lib.widgets import ActivationBrowser
from course_lib.widgets.activation_browser import PALETTE, packed, tint, unpacked, window_of

from .drive import unnamed_controls

MODULE = "/widgets/activation_browser.js"
RNG = np.random.default_rng(31)
# Each picture has its own brightness, so that a patch tells where it is from.
PICTURES = (np.arange(8)[:, None, None, None] * 30 + RNG.integers(0, 6, (8, 16, 16, 3))).astype(np.uint8)
STATE = [name for name, trait in ActivationBrowser.class_traits(sync=True).items()
         if "course_lib" in trait.this_class.__module__]


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 12, 5, stride=3), nn.Flatten(),
                         nn.Linear(192, 2))


@pytest.fixture
def python():
    return ActivationBrowser(network(), PICTURES[4], input=(3, 16, 16), pictures=PICTURES)


@pytest.fixture
def browse(bare_page, python):
    """Mounts a browser in the page, with some of its state otherwise."""

    def mount(**state):
        bare_page.mount(MODULE, python.get_state(STATE) | state, ActivationBrowser._css)
        return bare_page

    return mount


def told(page) -> str:
    return page.locator(".cnn-told").inner_text().replace("\u2212", "-")


def frame(page, kind: str = ".cnn-frame:not(.cnn-cursor)") -> list[int]:
    """First and last row and column of a frame, in pixels of the picture or units of the map."""
    return page.locator(kind).evaluate("""(frame) => {
        const [whole, part] = [frame.parentElement, frame].map((one) => one.getBoundingClientRect());
        const {height, width} = frame.parentElement.querySelector("canvas");
        const rows = [part.top - whole.top, part.bottom - whole.top].map((y) => Math.round(y / whole.height * height));
        const columns = [part.left - whole.left, part.right - whole.left].map((x) =>
            Math.round(x / whole.width * width));
        return [rows[0], rows[1] - 1, columns[0], columns[1] - 1];
    }""")


def test_javascript_and_python_compute_the_same(bare_page, python):
    maps = RNG.normal(size=(3, 4, 5)) * [[[1]], [[100]], [[1e-3]]]
    pack = packed(maps)
    wanted = unpacked(pack, maps.shape)
    got = bare_page.page.evaluate("""async ([address, told, shape]) => {
        const {bytes, valueAt} = await import(address);
        const maps = {...told, maps: bytes(told.maps)};
        const [C, H, W] = shape;
        return Array.from({length: C * H * W}, (_, n) =>
            valueAt(maps, shape, Math.floor(n / (H * W)), Math.floor(n / W) % H, n % W));
    }""", [MODULE, pack, maps.shape])
    np.testing.assert_allclose(np.reshape(got, maps.shape), wanted, rtol=1e-12)
    for told in python._layers:
        for row, column in [(0, 0), (1, 2), (told["shape"][1] - 1, told["shape"][2] - 1)]:
            got = bare_page.call(MODULE, "windowOf", told, row, column, [16, 16])
            assert tuple(got) == window_of(told, row, column, (16, 16))
    for share in (0, 0.2, -0.7, 1, -1):
        assert bare_page.call(MODULE, "tint", share, PALETTE) == tint(np.array([share]))[0].tolist()


@pytest.mark.parametrize("low, high, digits", [
    (0, 0, 0), (-1, 1, 3), (0, 5, 2), (0, 255, 0), (-3, 500, 0), (0, 1e-9, 6),
])
def test_a_value_is_written_as_far_as_a_byte_tells(bare_page, low, high, digits):
    assert bare_page.call(MODULE, "decimals", low, high) == digits


def test_hovering_a_unit_shows_its_value_and_its_window(browse, python):
    page = browse(layer="2", channel=5, unit=[1, 1]).page
    python.layer, python.channel = "2", 5
    large = page.get_by_role("application")
    box = large.bounding_box()
    for row, column in ((0, 0), (2, 3), (3, 1)):
        page.mouse.move(box["x"] + box["width"] * (column + 0.5) / 4, box["y"] + box["height"] * (row + 0.5) / 4)
        python.unit = (row, column)
        text = told(page)
        value = float(text.split(": ")[1].split(". It")[0])
        spread = np.ptp([0, *python.maps[5].ravel()])
        assert text.startswith(f"Channel 5, unit ({row}, {column})") and abs(value - python.value) < spread / 200
        assert frame(page) == list(python.window) and frame(page, ".cnn-cursor") == [row, row, column, column]
    assert "goes beyond the edge, where there are zeros" not in text
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.1)
    assert "its field of 7\u00d77 goes beyond the edge" in told(page)
    page.mouse.move(1, 1)
    assert "unit (1, 1)" in told(page), "what was chosen stays"


def test_a_click_or_an_arrow_key_chooses_a_unit(browse):
    bare = browse(layer="2")
    page = bare.page
    box = page.get_by_role("application").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.4)
    assert bare.get("unit") == [1, 3]
    page.mouse.move(1, 1)
    page.get_by_role("application").focus()
    for key, unit in (("ArrowDown", [2, 3]), ("Home", [2, 0]), ("ArrowLeft", [2, 0]), ("ArrowUp", [1, 0]),
                      ("End", [1, 3])):
        page.keyboard.press(key)
        assert bare.get("unit") == unit and f"unit ({unit[0]}, {unit[1]})" in told(page)


def test_every_channel_has_a_tile_with_its_number(browse, python):
    bare = browse(layer="1")
    page = bare.page
    tiles = page.locator(".cnn-tile")
    python.layer = "1"
    largest = [float(text.split()[1]) for text in tiles.locator("small").all_inner_texts()]
    np.testing.assert_allclose(largest, python.maps.max(axis=(1, 2)), atol=0.006)
    tiles.nth(2).click()
    assert bare.get("channel") == 2 and page.locator(".cnn-tile[aria-pressed=true]").count() == 1
    assert "channel 2" in page.get_by_role("application").get_attribute("aria-label")
    page.get_by_label("layer", exact=True).select_option("2")
    assert bare.get("layer") == "2" and tiles.count() == 12 and bare.get("channel") == 2
    written = page.locator(".cnn-values > span").all_inner_texts()
    python.layer = "2"
    numbers = [float(text.replace("\u2212", "-")) for text in written]
    np.testing.assert_allclose(numbers, python.maps[2].ravel(), atol=0.011)


def test_brightness_is_of_each_map_or_of_the_whole_layer(browse, python):
    bare = browse(layer="1")
    page = bare.page
    python.layer = "1"
    brightest = """all => all.map((canvas) =>
        Math.max(...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.filter(
            (_, n) => n % 4 === 2)))"""
    tops = python.maps.max(axis=(1, 2))
    assert set(page.locator(".cnn-tile canvas").evaluate_all(brightest)) <= {255, 29}, "full or dead"
    page.get_by_label("brightness by").select_option("whole layer")
    assert bare.get("scale") == "whole layer"
    wanted = tint(tops / tops.max())[:, 2]
    np.testing.assert_allclose(page.locator(".cnn-tile canvas").evaluate_all(brightest), wanted, atol=2)


def test_patches_are_cut_from_the_pictures(browse, python):
    page = browse(layer="2", channel=3).page
    python.layer, python.channel = "2", 3
    figures = page.locator(".cnn-patches figure")
    page.wait_for_function("""() => [...document.querySelectorAll(".cnn-patches canvas")].every(
        canvas => canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] === 255)""")
    assert figures.count() == 5
    shown = figures.locator("canvas").evaluate_all("""all => all.map((canvas) => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const red = data.filter((_, n) => n % 4 === 0);
        return [canvas.height, canvas.width, red.reduce((a, b) => a + b) / red.length];
    })""")
    for (height, width, mean), text, patch in zip(shown, figures.all_inner_texts(), python.patches, strict=True):
        first, last, left, right = patch["window"]
        assert (height, width) == (last - first + 1, right - left + 1)
        assert mean == pytest.approx(30 * patch["picture"] + 2.5, abs=8)
        assert f"picture {patch['picture']}" in text
        number = float(text.replace("\u2212", "-").split()[0])
        assert number == pytest.approx(patch["answer"], abs=0.006)


def test_a_kernel_is_asked_once_for_a_layer_that_is_not_here(browse, python):
    bare = browse(layer="0")
    page = bare.page
    state = python.get_state(STATE) | {"layer": "2"}
    for name in ("_maps", "_patches"):
        state[name] = {layer: told for layer, told in state[name].items() if layer != "2"}
    page.evaluate("document.body.replaceChildren()")
    bare.mount(MODULE, state, ActivationBrowser._css)
    assert page.get_by_text("The maps of 2 did not travel along: a running kernel brings them.").is_visible()
    assert page.evaluate("window.model.sent") == [{"layer": "2"}] and not page.get_by_role("application").is_visible()
    answers, send = [], python.send
    python.send = answers.append
    python._handle_custom_msg({"layer": "2"}, [])
    python.send = send
    page.evaluate("answer => window.model.receive(answer)", answers[0])
    assert page.locator(".cnn-tile").count() == 12 and "unit (" in told(page)
    page.get_by_label("layer", exact=True).select_option("0")
    page.get_by_label("layer", exact=True).select_option("2")
    assert len(page.evaluate("window.model.sent")) == 1


def test_a_picture_of_ones_own_goes_to_python_and_comes_back(browse, python, tmp_path):
    bare = browse(layer="0")
    page = bare.page
    buffer = io.BytesIO()
    Image.fromarray(np.full((40, 60, 3), (200, 30, 90), np.uint8)).save(buffer, "PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
    page.get_by_text("Asking Python to run the network on me.png").wait_for()
    (message,) = page.evaluate("window.model.sent")
    assert message["shape"] == [40, 60, 3]
    mine = ActivationBrowser(network(), PICTURES[4], input=(3, 16, 16), pictures=PICTURES, layer="0")
    mine._handle_custom_msg(message, [])
    assert mine._picture["name"] == "me.png" and (mine.picture == [200, 30, 90]).all()
    for name in ("_maps", "_picture"):
        bare.set(name, mine.get_state([name])[name])
    page.locator(".cnn-caption", has_text="me.png").wait_for()
    assert "Asking Python" not in page.locator("section").inner_text()
    page.get_by_label("picture", exact=True).select_option("coffee")
    assert page.evaluate("window.model.sent")[-1] == {"photograph": "coffee"}
    page.locator("input[type=file]").set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"no"})
    page.get_by_text("This browser cannot read \u201cno.png\u201d as a picture").wait_for()


def test_keyboard_alone_reaches_everything(browse):
    bare = browse(layer="2")
    page = bare.page
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    stops = []
    page.get_by_label("layer", exact=True).focus()
    for _ in range(6):
        stops.append(page.evaluate(
            "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.ariaLabel"))
        page.keyboard.press("Tab")
    assert stops[:4] == ["layer", "picture", "your own\u2026", "brightness by"]
    assert stops[4].startswith("channel 0 of 2, 4 rows and 4 columns") and stops[5].startswith("channel 0, farthest")
    page.locator(".cnn-tile").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert bare.get("channel") == 1
    page.keyboard.press("End")
    page.keyboard.press("Space")
    assert bare.get("channel") == 11
    assert [key for key in page.evaluate("leaked") if key != "Tab"] == []
    assert unnamed_controls(page, page.locator("section")) == []
    unmarked = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert unmarked.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(browse, width):
    page = browse(layer="2").page
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
