"""BatchNormHistogram in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import BatchNormHistogram

from .drive import unnamed_controls

MODULE = "/widgets/batch_norm_histogram.js"


@pytest.fixture
def norm(bare_page):
    """Mounts the widget with the given state in the page."""

    def mount(**state):
        widget = BatchNormHistogram(**{"preset": "by hand", **state})
        bare_page.mount(MODULE, widget.get_state([*widget.state_names(), "_drawn"]), BatchNormHistogram._css)
        return bare_page

    return mount


def near(got, want) -> bool:
    return got is want if want is None else got == pytest.approx(want, rel=1e-9, abs=1e-9)


def sums(page) -> str:
    return page.locator(".cnn-sums").inner_text().replace("\u2212", "-")


def company(page) -> list[str]:
    return [text.replace("\u2212", "-") for text in page.locator(".cnn-company .cnn-number").all_inner_texts()]


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(55)
    widgets, states = [], []
    for _ in range(120):
        pictures = int(rng.integers(1, 20))
        widget = BatchNormHistogram(
            activations=rng.normal(rng.normal(0, 5), 2, (pictures, rng.integers(1, 6))).round(2),
            labels=rng.integers(0, 3, pictures).tolist() if rng.random() < 0.7 else [],
            batch_size=int(rng.integers(1, 9)), order=str(rng.choice(["shuffled", "class by class"])),
            batch=int(rng.integers(0, 5)), picture=int(rng.integers(0, 8)), mode=str(rng.choice(["train", "eval"])),
            gamma=rng.normal(), beta=rng.normal(), momentum=rng.random(), eps=10 ** rng.uniform(-8, -1),
            running_mean=rng.normal(), running_var=rng.random(),
        )
        widgets.append(widget)
        states.append(widget.get_state(widget.state_names()))
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute, advance} = await import(address);
        return states.map((state) => [compute(state), advance(state, 7)]);
    }""", [MODULE, states])
    refused = 0
    for widget, (now, later) in zip(widgets, results, strict=True):
        numbers = widget.numbers
        assert now["places"] == widget.places
        for name in numbers.keys() - {"company"}:
            assert near(now[name], numbers[name]), name
        for name, value in numbers["company"].items():
            assert near(now["company"][name], value), name
        try:
            normalised, output = widget.normalised, widget.output
        except CourseError:
            refused += 1
            assert now["refused"] and now["output"] is None
        else:
            np.testing.assert_allclose(now["normalised"], normalised, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(now["output"], output, rtol=1e-9, atol=1e-9)
        widget.next_batch(7)
        for name, value in later.items():
            assert near(value, getattr(widget, name)), name
    assert 0 < refused < 60, "the cases must hold batches that are refused and batches that are not"


def test_a_scale_is_round_and_holds_everything(bare_page):
    for low, high, most in ((-1.34, 4, 28), (0, 0, 16), (0.001, 0.0034, 16), (-7, 913, 28)):
        scale = bare_page.call(MODULE, "scale", low, high, most)
        assert 1 <= scale["bins"] <= most + 2
        assert scale["first"] * scale["width"] <= low + 1e-9
        assert (scale["first"] + scale["bins"]) * scale["width"] >= high - 1e-9


def test_the_numbers_of_the_by_hand_exercise_are_written_out(norm):
    bare = norm()
    page = bare.page
    text = sums(page)
    for line in ("(1 + 2 + 3 + 4) / 4 = 2.5", "((-1.5)² + (-0.5)² + 0.5² + 1.5²) / 4 = 1.25",
                 "(1 - 2.5) / √(1.25 + 0.00001) = -1.3416", "0.9 · 0 + 0.1 · 2.5 = 0.25",
                 "0.9 · 1 + 0.1 · 1.6667 = 1.0667"):
        assert line in text
    page.get_by_role("button", name="Next batch").click()
    assert (bare.get("running_mean"), bare.get("updates")) == (0.25, 1)
    page.get_by_role("button", name="eval()").click()
    assert "the batch’s own 2.5 plays no part" in sums(page)
    page.get_by_role("button", name="Restart").click()
    assert "these are still 0 and 1" in page.locator(".cnn-verdict").inner_text()


def test_a_typed_number_is_normalised_at_once(norm):
    bare = norm()
    page = bare.page
    cell = page.get_by_label("x[0, 3]")
    cell.fill("10")
    cell.press("Enter")
    assert bare.get("activations") == [[1], [2], [3], [10]]
    assert "(1 + 2 + 3 + 10) / 4 = 4" in sums(page)
    assert page.get_by_label("numbers").input_value() == "your own"
    page.get_by_label("numbers").select_option("1, 2, 3, 4 (by hand first)")
    assert bare.get("activations")[3] == [4]
    page.get_by_label("numbers").select_option("your own")
    assert bare.get("activations")[3] == [10], "one's own numbers are kept"
    cell.fill("ten")
    cell.press("Enter")
    assert "“ten” is not a number" in page.get_by_role("alert").inner_text()


def test_a_forgotten_eval_changes_a_picture_with_its_company(norm):
    bare = norm(preset="drawn")
    page = bare.page
    page.get_by_role("button", name="20 batches").click()
    assert bare.get("updates") == 20
    mixed = company(page)
    verdict = page.locator(".cnn-verdict")
    page.get_by_label("batches", exact=True).select_option("class by class")
    assert "Only class" in verdict.inner_text()
    assert company(page)[0] == mixed[1], "the batch is now its class"
    assert company(page)[3] == mixed[3], "eval() does not mind"
    page.get_by_role("slider", name="batch size").fill("1")
    assert "one picture: its mean becomes β = 0" in verdict.inner_text() and company(page)[0] == "0"
    page.get_by_role("button", name="eval()").click()
    assert "the same in any company" in verdict.inner_text()
    before = bare.get("running_mean")
    page.get_by_role("button", name="20 batches").click()
    assert bare.get("running_mean") == before


def test_the_picture_in_focus_stays_when_batches_change(norm):
    bare = norm(preset="drawn", batch=2, picture=5)
    focus = 2 * 16 + 5
    page = bare.page
    page.get_by_role("slider", name="batch size").fill("5")
    assert (bare.get("batch"), bare.get("picture")) == divmod(focus, 5)
    page.get_by_label("batches", exact=True).select_option("class by class")
    assert page.locator(".cnn-company caption").inner_text().startswith(f"Picture {focus} ")


def test_counts_add_up_and_gamma_and_beta_move_them(norm):
    bare = norm(preset="drawn")
    page = bare.page
    counts = [int(text) for text in page.locator("svg .cnn-count").all_text_contents()]
    assert sum(counts) == 2 * 144
    page.get_by_role("slider", name="γ").fill("2")
    page.get_by_role("slider", name="β").fill("-1.5")
    assert (bare.get("gamma"), bare.get("beta")) == (2, -1.5)
    assert "all of y mean -1.5, variance 4" in sums(page)


def test_one_value_is_refused_in_a_sentence_and_controls_stay(norm):
    page = norm(activations=[5]).page
    assert "PyTorch refuses too" in page.locator(".cnn-verdict").inner_text()
    page.get_by_role("button", name="eval()").click()
    assert company(page)[-1] == "5"


def test_values_that_hardly_differ_are_told(norm):
    page = norm(activations=[3, 3, 3]).page
    assert "variance 0 is no match for ε" in page.locator(".cnn-verdict").inner_text()


def test_python_sets_the_state_and_the_picture_follows(norm):
    bare = norm()
    bare.set("running_mean", 0.123)
    bare.set("mode", "eval")
    bare.page.get_by_text("the running one, 0.123").wait_for()
    bare.set("momentum", 0.37)
    bare.page.locator("output", has_text="0.37").wait_for()


def test_keyboard_alone_reaches_everything(norm):
    bare = norm()
    page = bare.page
    names = []
    for _ in range(13):
        page.keyboard.press("Tab")
        names.append(page.evaluate("""() => {
            const {ariaLabel, labels, textContent} = document.activeElement;
            return (ariaLabel || labels?.[0]?.textContent || textContent).trim();
        }"""))
    assert names[:8] == ["numbers", "train()", "eval()", "batch size", "picture", "γ", "β", "momentum"]
    assert "x[0, 0]" in names
    page.get_by_label("x[0, 0]").focus()
    page.keyboard.press("ArrowRight")
    assert bare.get("picture") == 1, "arrows walk the cells, and the focus follows"
    page.get_by_role("slider", name="picture").focus()
    page.keyboard.press("End")
    assert bare.get("picture") == 3 and "(4 - 2.5)" in sums(page)
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="train()").press("b")
    assert page.evaluate("leaked") == []
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("state", [{}, {"activations": [-123456.789] * 3 + [1e6]}, {"preset": "drawn"}])
@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(norm, width, state):
    page = norm(**state).page
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
