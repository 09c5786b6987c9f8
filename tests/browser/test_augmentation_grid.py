"""AugmentationGrid in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import AugmentationGrid
from course_lib.widgets.augmentation_grid import ALPHAS, augment, draw, reading

from .drive import unnamed_controls

MODULE = "/widgets/augmentation_grid.js"
OFF = {"flip": "none", "padding": 0, "border": "reflect", "rotation": 0, "jitter": 0, "cutout": 0, "mixup": 0}


def plain(widget):
    """The state as JSON can hold it; the view takes a list where Jupyter gives bytes."""
    state = widget.get_state([*AugmentationGrid.state_names(), "_images"])
    return {**state, "_images": {**state["_images"], "pixels": list(state["_images"]["pixels"])}}


@pytest.fixture
def grid(bare_page):
    """Mounts a grid in the page, and keeps its Python side as `bare_page.python`."""

    def mount(*arguments, **state):
        bare_page.python = AugmentationGrid(*arguments, **state)
        bare_page.mount(MODULE, plain(bare_page.python), AugmentationGrid._css)
        return bare_page

    return mount


def pixels_of(page):
    """What the copies' canvases show: (12, H, W, 3)."""
    return np.array(page.locator(".cnn-copy canvas").evaluate_all("""all => all.map(canvas => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return Array.from({length: canvas.height}, (_, i) => Array.from({length: canvas.width}, (__, j) =>
            Array.from(data.slice(4 * (i * canvas.width + j), 4 * (i * canvas.width + j) + 3))));
    })"""))


def words(page):
    return " ".join(page.locator(".cnn-drawn").inner_text().split())


def test_javascript_and_python_draw_and_compute_the_same(bare_page):
    rng = np.random.default_rng(53)
    cases = []
    for _ in range(150):
        shape = [int(rng.integers(2, 5)), *map(int, rng.integers(8, 13, 2)), int(rng.choice([1, 3]))]
        settings = {
            "flip": str(rng.choice(["none", "left-right", "up-down"])), "padding": int(rng.integers(0, 5)),
            "border": str(rng.choice(["reflect", "zeros"])), "rotation": int(rng.choice([0, 15, 180])),
            "jitter": int(rng.choice([0, 40, 80])), "cutout": int(rng.integers(0, 5)),
            "mixup": float(rng.choice(ALPHAS)),
        }
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        seed, copy, picture = (int(rng.integers(most)) for most in (2**31, 12, shape[0]))
        cases.append((seed, copy, picture, pixels, settings))
    results = bare_page.page.evaluate("""async ([address, cases]) => {
        const {draw, augment} = await import(address);
        return cases.map(([seed, copy, picture, [count, ...shape], pixels, settings]) => {
            const drawn = draw(seed, copy, shape, count, picture, settings);
            return [drawn, Array.from(augment(Uint8Array.from(pixels), shape, picture, drawn, settings))];
        });
    }""", [MODULE, [[seed, copy, picture, pixels.shape, pixels.ravel().tolist(), settings]
                    for seed, copy, picture, pixels, settings in cases]])
    differ = 0
    for (seed, copy, picture, pixels, settings), (drawn, out) in zip(cases, results, strict=True):
        count, height, width, _ = pixels.shape
        expected = draw(seed, copy, (height, width), count, picture, settings)
        assert drawn.pop("share") == pytest.approx(expected.pop("share"), rel=1e-12)
        assert drawn.pop("angle") == pytest.approx(expected.pop("angle"), rel=1e-12)
        assert drawn == expected
        want = augment(pixels, picture, draw(seed, copy, (height, width), count, picture, settings), settings)
        difference = np.abs(np.array(out) - want.ravel())
        assert difference.max() <= 1, "a half may round either way"
        differ += (difference > 0).sum()
    assert differ <= 3


def test_readings_are_the_same(bare_page):
    cases = [(label, mirrored, angle) for label in [*"0123456789", "cat", "10"] for mirrored in (False, True)
             for angle in (-360, -181, -180, -135, -134, -46, -45, 0, 45, 46, 90, 134, 135, 180, 225, 359)]
    results = bare_page.page.evaluate("""async ([address, cases]) => {
        const {reading} = await import(address);
        return cases.map((one) => reading(...one));
    }""", [MODULE, cases])
    assert results == [reading(*one) for one in cases]


def test_twelve_copies_are_shown_as_python_computes_them(grid):
    images = np.random.default_rng(1).integers(0, 256, (3, 10, 8, 3))
    bare = grid(images, ["a", "b", "c"], **{**OFF, "flip": "left-right", "padding": 3, "mixup": 1, "cutout": 2})
    assert np.abs(pixels_of(bare.page) - bare.python.output).max() <= 1
    bare.page.get_by_role("button", name="another draw").click()
    assert bare.get("seed") == 10
    bare.python.seed = 10
    assert np.abs(pixels_of(bare.page) - bare.python.output).max() <= 1
    labels = bare.page.locator(".cnn-copy b").all_inner_texts()
    assert labels == [" + ".join(f"{weight:.2f} {name}" for name, weight in target.items())
                      for target in bare.python.targets]


def test_grey_pictures_are_shown_grey(grid):
    bare = grid(np.arange(100).reshape(1, 10, 10), **OFF)
    assert (pixels_of(bare.page) == np.arange(100).reshape(1, 10, 10, 1)).all()
    assert bare.page.get_by_label("mixup").is_disabled(), "there is no second picture"


def test_the_numbers_drawn_are_written_out(grid):
    bare = grid(**{**OFF, "flip": "left-right", "padding": 7, "rotation": 30, "jitter": 40, "cutout": 9, "mixup": 0.2})
    page, drawn = bare.page, bare.python.draws[3]
    page.locator(".cnn-copy").nth(3).hover()
    u, told = drawn["u"], words(page)
    assert f"flip: {u[0]:.3f} is below 0.5, so flipped left-right" in told and drawn["flipped"]
    assert f"56×56 in 70×70: row ⌊{u[1]:.3f} · 15⌋ = {drawn['row']}, column" in told
    assert f"angle: (2 · {u[3]:.3f} − 1) · 30° = {drawn['angle']:.1f}°".replace("= -", "= −") in told
    assert "brightness × {:.2f}, contrast × {:.2f}, saturation × {:.2f}".format(*drawn["factors"]) in told
    assert "hole of 9×9 around row {}, column {}, filled".format(*drawn["hole"]) in told
    assert f"λ = {drawn['share']:.3f} from Beta(0.2, 0.2)" in told
    assert bare.python.labels[drawn["partner"]] in told
    page.locator("summary").click()
    assert page.locator(".cnn-table tbody tr").count() == 12
    assert page.locator(".cnn-table tbody tr").nth(3).locator("td").nth(1).inner_text() == (
        f"{drawn['row']}, {drawn['column']}")


def test_a_six_turned_is_a_nine(grid):
    bare = grid()
    page = bare.page
    assert "Is each of them still what its label says?" in page.locator(".cnn-copies + .cnn-status").inner_text()
    page.get_by_role("button", name="picture 4: 6").click()
    page.get_by_role("button", name="too much").click()
    assert (bare.get("picture"), bare.get("rotation")) == (4, 180)
    labels = page.locator(".cnn-copy b").all_inner_texts()
    bare.python.set_trait("picture", 4)
    for name in OFF:
        bare.python.set_trait(name, bare.get(name))
    readings = bare.python.readings
    assert [label == "6: reads as 9" for label in labels] == [one == "9" for one in readings]
    assert labels.count("6: reads as 9") == 2 and labels.count("6: no digit") == 3 and labels.count("6") == 2
    assert "In 5 of 12 epochs the picture no longer shows a 6, and in 5 it lies on its side" in (
        page.locator(".cnn-copies + .cnn-status").inner_text())
    page.get_by_role("button", name="picture 0: cat").click()
    assert set(page.locator(".cnn-copy b").all_inner_texts()) == {"cat"}


def test_controls_and_python_both_reach_the_picture(grid):
    bare = grid()
    page = bare.page
    assert page.get_by_role("button", name="usual for photographs").get_attribute("aria-pressed") == "true"
    page.get_by_label("flip").select_option("none")
    assert "15 × 15 windows: 225 versions of one picture" in page.locator("section").inner_text()
    page.get_by_label("pad and crop").focus()
    page.keyboard.press("Home")
    assert "Nothing is changed: there is one version of the picture." in page.locator("section").inner_text()
    assert page.locator(".cnn-copy small").all_inner_texts() == [""] * 12
    page.get_by_label("turn").focus()
    page.keyboard.press("ArrowRight")
    assert bare.get("rotation") == 5
    page.get_by_label("mixup").select_option("0.4")
    assert bare.get("mixup") == 0.4
    assert "Endlessly many angles and mixtures" in page.locator("section").inner_text()
    for name, value in {**OFF, "flip": "up-down", "padding": 2, "border": "zeros"}.items():
        bare.set(name, value)
    page.get_by_text("RandomVerticalFlip()").wait_for()
    assert page.locator(".cnn-code code").all_inner_texts() == ["RandomVerticalFlip()", "RandomCrop(56, padding=2)"]
    bare.python.set_trait("flip", "up-down")
    bare.python.set_trait("padding", 2)
    bare.python.set_trait("border", "zeros")
    assert (pixels_of(page) == bare.python.output).all()


def test_torchvision_takes_the_transforms_as_they_are_written(bare_page):
    from torchvision.transforms import v2

    settings = {"flip": "up-down", "padding": 3, "border": "reflect", "rotation": 20, "jitter": 35}
    for shape in ([28, 28], [28, 20]):
        steps = bare_page.call(MODULE, "torchvision", settings, shape)
        made = [eval(f"v2.{step}", {"v2": v2}) for step in steps]
        assert [type(one).__name__ for one in made] == [
            "RandomVerticalFlip", "RandomCrop", "RandomRotation", "ColorJitter"]
        assert list(made[1].size) == shape and made[1].padding_mode == "reflect"
        assert made[2].degrees == [-20, 20] and made[3].brightness == (0.65, 1.35)


def test_keyboard_alone_reaches_everything(grid):
    bare = grid()
    page = bare.page
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert bare.get("picture") == 7
    names = []
    for _ in range(14):
        page.keyboard.press("Tab")
        names.append(page.evaluate("""() => {
            const {ariaLabel, labels, textContent} = document.activeElement;
            return (ariaLabel || labels?.[0]?.textContent || textContent).trim();
        }"""))
    assert names[:12] == ["nothing", "usual for photographs", "usual for digits", "too much", "flip", "pad and crop",
                          "filled with", "turn", "colours", "hole", "mixup α", "another draw"]
    assert names[12].startswith("epoch 1: label 3") and names[13] == "the numbers drawn for all twelve"
    page.keyboard.press("Enter")
    assert page.locator(".cnn-table").is_visible()
    page.keyboard.press("Shift+Tab")
    walk = ("ArrowRight", 2), ("ArrowDown", 8), ("End", 12), ("ArrowRight", 12), ("ArrowUp", 6), ("Home", 1)
    for key, epoch in walk:
        page.keyboard.press(key)
        assert page.get_by_text(f"epoch {epoch}: what was drawn").is_visible()
    assert unnamed_controls(page, page.locator("section")) == []
    unmarked = page.locator("section :is(input, button, select, summary, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert unmarked.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(grid, width):
    images = np.zeros((12, 64, 30, 3), int)
    page = grid(images, [f"a long name {n}" for n in range(12)], rotation=90, jitter=40, cutout=9, mixup=0.4).page
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
