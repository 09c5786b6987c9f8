"""LabelsAgainstAccuracy in a bare page: the JavaScript against its Python twin, the line, the prediction, by keys."""

import json

import numpy as np
import pytest

from course_lib.transfer import labels_needed
from course_lib.widgets import LabelsAgainstAccuracy
from course_lib.widgets.labels_against_accuracy import count_text, packed

from .drive import unnamed_controls
from .twins import same

MODULE = "/widgets/labels_against_accuracy.js"


def runs(arm: str, accuracies: dict[int, float], target: str = "near", source: str = "") -> list[dict]:
    """Three seeds around each accuracy."""
    return [{"arm": arm, "source": source, "target": target, "labels": labels, "seed": seed,
             "accuracy": accuracy + shift}
            for labels, accuracy in accuracies.items() for seed, shift in enumerate((0, -0.02, 0.01))]


RECORDED = [
    *runs("from scratch", {1: 0.2, 10: 0.4, 100: 0.6, 1000: 0.8}),
    *runs("frozen", {1: 0.5, 10: 0.7, 100: 0.8}, source="cifar"),
    *runs("fine-tuned", {1: 0.45, 10: 0.72, 100: 0.85}, source="cifar"),
    *runs("frozen", {1: 0.3, 10: 0.35}, source="mnist"),
    *runs("from scratch", {1: 0.3, 10: 0.62}, "far"), *runs("frozen", {1: 0.31, 10: 0.6}, "far", "cifar"),
]
NEAR = [["cifar", "near"], ["b", "far"]]
OWN = runs("fine-tuned", {10: 0.55, 100: 0.65}, source="cifar")


def widget_of(runs=(), recorded=RECORDED, **state) -> LabelsAgainstAccuracy:
    widget = LabelsAgainstAccuracy()
    widget._recorded = json.loads(packed(recorded, "3 seeds", "python -m benchmarks.something", NEAR))
    widget.runs = runs
    for name, value in state.items():
        setattr(widget, name, value)
    return widget


def state_of(widget: LabelsAgainstAccuracy) -> dict:
    return widget.get_state([*widget.state_names(), "_recorded"])


@pytest.fixture
def chart(bare_page):
    """Mounts the widget in the page, with an accuracy wanted of 60 % unless said otherwise."""

    def mount(**state):
        bare_page.mount(MODULE, state_of(widget_of(**{"wanted": 0.6, **state})), LabelsAgainstAccuracy._css)
        return bare_page

    return mount


def rows(page) -> list[list[str]]:
    return page.locator("tbody tr").evaluate_all(
        "all => all.map((row) => [...row.cells].map((cell) => cell.textContent.trim()))")


def verdict(page) -> str:
    return page.locator(".cnn-verdict").inner_text().replace("\u00a0", " ")


def drawn(rng) -> list[dict]:
    """Random runs of a few arms, targets and sources; some arms begin late or end early."""
    arms = ["from scratch", "frozen", "fine-tuned"][:int(rng.integers(1, 4))]
    return [{"arm": arm, "source": "" if arm == "from scratch" else str(rng.choice(["a", "b"])),
             "target": str(rng.choice(["near", "far"])), "labels": int(labels), "seed": seed,
             "accuracy": float(round(rng.random(), 2))}
            for arm in arms for labels in rng.choice([1, 2, 5, 10, 50], 3, replace=False) for seed in range(2)]


def test_javascript_and_python_compute_the_same(bare_page):
    rng = np.random.default_rng(50)
    widgets = [widget_of(drawn(rng) if n % 2 else (), drawn(rng), wanted=float(round(rng.random(), 2)),
                         labels=int(rng.integers(1, 80))) for n in range(80)]
    for widget in widgets:
        numbers = widget.numbers
        widget.target = str(rng.choice(numbers["targets"]))
        widget.against = str(rng.choice([one["arm"] for one in widget.numbers["series"]]))
        if sources := widget.numbers["sources"]:
            widget.source = str(rng.choice(sources))
    results = bare_page.page.evaluate("""async ([address, states]) => {
        const {compute} = await import(address);
        return states.map((state) => compute(state));
    }""", [MODULE, [state_of(widget) for widget in widgets]])
    words, bounds, distances = set(), set(), set()
    for widget, result in zip(widgets, results, strict=True):
        same(result, widget.numbers)
        words.add(result["measured"])
        distances.add(result["distance"])
        bounds |= {one["bound"] for one in result["series"]}
    assert words == {"", "no", "some", "tenfold"} and bounds == {"", "at least", "at most"}, "the cases must hold all"
    assert distances == {"", "near", "far"}


def test_labels_needed_and_their_text_are_as_in_python(bare_page):
    rng = np.random.default_rng(5)
    for _ in range(40):
        labels = sorted(rng.choice(1000, 5, replace=False) + 1)
        accuracies, wanted = rng.random(5).tolist(), float(rng.random())
        rows = [{"arm": "", "labels_per_class": n, "test_accuracy": one}
                for n, one in zip(labels, accuracies, strict=True)]
        needed = labels_needed(rows, wanted)[""]
        got = bare_page.call(MODULE, "labelsNeeded", [int(n) for n in labels], accuracies, wanted)
        assert got == (None if needed is None else pytest.approx(needed, rel=1e-12))
    for value in (0.32, 1.62, 9.94, 9.97, 10.2, 47.4, 99.4, 104.0, 1234.0):
        assert bare_page.call(MODULE, "countText", value) == count_text(value)


def test_the_other_arms_wait_for_a_prediction(chart):
    bare = chart()
    page = bare.page
    assert [row[0] for row in rows(page)] == ["from scratch"] and verdict(page).endswith("with 100 labels per class.")
    image = page.get_by_role("img", name="Accuracy by labels per class")
    assert "frozen" not in image.text_content() + image.get_attribute("aria-label"), "nothing is given away"
    show = page.get_by_role("button", name="Show the other arms")
    assert show.is_disabled()
    page.get_by_label("10 times fewer, or more").check()
    assert bare.get("prediction") == "tenfold" and not bare.get("revealed")
    show.click()
    assert [row[0] for row in rows(page)] == ["from scratch", "frozen", "fine-tuned"]
    assert verdict(page) == (
        "From scratch reaches 60 % with 100 labels per class, frozen with 3.2: labels saved, × 32. You predicted 10 "
        "times or more: so it is.")
    assert page.locator(".cnn-verdict").evaluate("e => e === document.activeElement")
    page.get_by_label("target").select_option("far")
    assert (bare.get("prediction"), bare.get("revealed")) == ("", False), "another target is another question"
    page.get_by_label("hardly any").check()
    show.click()
    assert "You predicted hardly any: so it is." in verdict(page)
    page.get_by_label("target").select_option("near")
    page.get_by_label("2 to 10 times fewer").check()
    show.click()
    assert verdict(page).endswith("You predicted 2 to 10 times: not so.")


def test_a_source_of_its_own(chart):
    bare = chart(predict=False)
    page = bare.page
    assert "a near target for cifar" in page.locator(".cnn-caption").inner_text()
    assert rows(page)[1] == ["frozen", "70\u00a0% [68, 71]", "3.2", "\u00d7\u00a032"]
    page.get_by_label("source").select_option("mnist")
    assert bare.get("source") == "mnist"
    assert rows(page) == [["from scratch", "40\u00a0% [38, 41]", "100", "compared with"],
                          ["frozen", "35\u00a0% [33, 36]", "not reached", "at most \u00d7\u00a010"]]
    assert "No other arm reaches it" in verdict(page)
    page.get_by_label("compared with").select_option("frozen")
    assert bare.get("against") == "frozen" and "at least" in rows(page)[0][3]


def test_the_line_is_dragged_and_a_click_chooses_a_count(chart):
    bare = chart(predict=False)
    page = bare.page
    image = page.get_by_role("img", name="Accuracy by labels per class")
    box = image.bounding_box()
    grip = page.locator(".cnn-grip").bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    page.mouse.move(x + 200, y + 3)
    page.mouse.down()
    page.mouse.move(x + 240, y - 40, steps=4)
    page.mouse.up()
    wanted = bare.get("wanted")
    assert wanted > 0.6 and round(200 * wanted) == pytest.approx(200 * wanted)
    moved = page.locator(".cnn-grip").bounding_box()
    assert moved["y"] == pytest.approx(grip["y"] - 40, abs=4)
    assert f"labels for {100 * wanted:g} %" in page.locator("thead").inner_text()
    page.mouse.move(x + 240, y - 140)
    assert bare.get("wanted") == wanted, "let go is let go"
    marks = page.locator(".cnn-arm-0 .cnn-mark").first.bounding_box()
    page.mouse.click(marks["x"] + marks["width"] / 2, box["y"] + box["height"] - 60)
    assert bare.get("labels") == 1 and "at 1 labels" in page.locator("thead").inner_text()


def test_own_runs_are_drawn_hollow_beside_the_recorded_ones(chart):
    page = chart(runs=OWN, predict=False).page
    assert [row[0] for row in rows(page)] == ["from scratch", "frozen", "fine-tuned", "fine-tuned, yours"]
    assert page.locator(".cnn-chart .cnn-own.cnn-arm-2 .cnn-mark").count() == 2
    assert "Hollow marks: your own runs, 6 of them." in page.locator("section").inner_text()
    hollow, full = (page.locator(f".cnn-chart .cnn-arm-2{own} .cnn-mark").first.evaluate(
        "mark => getComputedStyle(mark).fill") for own in (".cnn-own", ":not(.cnn-own)"))
    assert hollow != full


def test_names_at_the_ends_of_lines_do_not_overlap(chart):
    close = [row for n in range(6) for row in runs(f"arm {n}", {1: 0.3, 10: 0.9 + n / 1000})]
    page = chart(recorded=close, predict=False).page
    places = sorted(page.locator(".cnn-end").evaluate_all("all => all.map(one => Number(one.getAttribute('y')))"))
    assert len(places) == 6 and min(np.diff(places)) >= 13.9 and places[0] > 8
    lines = page.locator(".cnn-chart polyline")
    dashes = lines.evaluate_all("all => all.map((one) => one.getAttribute('stroke-dasharray'))")
    assert len(set(dashes)) == 6, "arms differ by more than their colours"


def test_without_runs_it_says_so(chart):
    bare = chart(recorded=[])
    assert bare.page.get_by_text("There are no runs to show").is_visible()
    bare.set("runs", widget_of(OWN).runs)
    bare.page.get_by_role("img", name="fine-tuned, yours").wait_for()


def test_keyboard_alone_reaches_everything(chart):
    bare = chart()
    page = bare.page
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.labels?.[0]?.textContent.trim()"))
    assert names == ["target", "source", "compared with", "predict first", "accuracy wanted", "labels per class",
                     "hardly any: less than 2 times"]
    page.evaluate("window.leaked = []; document.addEventListener('keydown', (e) => leaked.push(e.key))")
    page.keyboard.press("ArrowDown")
    assert bare.get("prediction") == "some"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert bare.get("revealed")
    page.get_by_role("slider", name="accuracy wanted").focus()
    page.keyboard.press("ArrowRight")
    assert bare.get("wanted") == 0.605
    page.get_by_role("slider", name="labels per class").focus()
    page.keyboard.press("End")
    assert bare.get("labels") == 1000
    assert page.evaluate("leaked") == []
    assert unnamed_controls(page, page.locator("section")) == []
    bare = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert bare.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(chart, width):
    long = [row | {"target": f"a long name of a target, {row['target']}", "arm": f"{row['arm']} of an arm with words"}
            for row in RECORDED]
    page = chart(recorded=long, predict=False).page
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
