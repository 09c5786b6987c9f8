"""ConfusionMatrix in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import numpy as np
import pytest

from course_lib.widgets import ConfusionMatrix

from .drive import unnamed_controls

MODULE = "/widgets/confusion_matrix.js"
STATE = ["chosen", "percent", "_classes", "_counts", "_pictures", "_sprite", "_sure"]
RNG = np.random.default_rng(6)
LABELS = np.array([0] * 5 + [1] * 60 + [2] * 4)
PREDICTIONS = np.array([0, 0, 0, 1, 2] + [1] * 7 + [2] * 53 + [2, 2, 2, 0])
NAMES = ["cat", "automobile", "bird"]
# Each picture is of one brightness, its own number.
IMAGES = np.arange(69, dtype=np.uint8)[:, None, None].repeat(6, axis=1).repeat(5, axis=2) + 100


def probabilities():
    table = RNG.dirichlet([1, 1, 1], size=69)
    row = np.arange(69)
    best = table.argmax(axis=1)
    table[row, best], table[row, PREDICTIONS] = table[row, PREDICTIONS], table[row, best]
    return table


@pytest.fixture
def matrix(bare_page):
    """Mounts a matrix in the page, and keeps its Python side as `bare_page.python`."""

    def mount(*arguments, **state):
        bare_page.python = ConfusionMatrix(*(arguments or (LABELS, PREDICTIONS, IMAGES, NAMES)), **state)
        bare_page.mount(MODULE, bare_page.python.get_state(STATE), ConfusionMatrix._css)
        return bare_page

    return mount


def told(page):
    return page.locator(".cnn-scroll + .cnn-status").inner_text()


def shown(page):
    """Brightness of each picture that is shown."""
    page.wait_for_function("""() => [...document.querySelectorAll(".cnn-tile canvas")].every(
        canvas => canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] === 255)""")
    return page.locator(".cnn-tile canvas").evaluate_all("""all => all.map(canvas => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return [canvas.width, canvas.height, ...new Set(data.filter((_, t) => t % 4 === 0))];
    })""")


def test_javascript_and_python_compute_the_same(bare_page):
    for classes in (2, 3, 10):
        labels, predictions = RNG.integers(0, classes, (2, 40))
        labels[:2], predictions[:2] = [0, classes - 1], [classes - 1, 0]
        labels[labels == 1] = 0  # perhaps a row without pictures
        python = ConfusionMatrix(labels, predictions, np.zeros((40, 2, 2), np.uint8), range(classes))
        result = bare_page.call(MODULE, "compute", python.counts.tolist())
        assert result["accuracy"] == python.accuracy and result["total"] == 40
        for name in ("recall", "precision"):
            np.testing.assert_array_equal(np.array(result[name], dtype=float), getattr(python, name))
        assert sum(pair["count"] for pair in result["pairs"]) == result["total"] - result["right"]


def test_only_none_and_all_read_0_and_100(bare_page):
    written = [bare_page.call(MODULE, "percentage", fraction)
               for fraction in (0, 1e-6, 0.0004, 0.036, 0.5, 0.96, 0.994, 0.9996, 0.999999, 1, None)]
    assert written == ["0", "<0.01", "0.04", "3.6", "50", "96", "99.4", "99.96", ">99.99", "100", "–"]
    assert [bare_page.call(MODULE, "certainty", p) for p in (0, 0.001, 0.5, 0.999, 1)] == [
        "0.00", "<0.01", "0.50", ">0.99", "1.00"]


def test_every_count_is_printed_with_its_margins(matrix):
    page = matrix().page
    cells = page.locator(".cnn-counts tr").evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.innerText))")
    assert cells[1:] == [["cat", "3", "1", "1", "60"], ["automobile", "0", "7", "53", "12"],
                         ["bird", "1", "0", "3", "75"], ["precision %", "75", "88", "5.3", ""]]
    assert cells[0][1:] == ["cat", "automobile", "bird", "recall %"]
    summary = page.locator(".cnn-summary").inner_text()
    assert summary == "13 of 69 right: accuracy 18.84\N{NO-BREAK SPACE}%, 56 mistakes."


def test_a_click_opens_the_pictures_of_that_count(matrix):
    bare = matrix()
    page = bare.page
    assert "53 of 60 = 88 % of the row. The reverse, bird taken for automobile: 0" in told(page)
    assert len(shown(page)) == 48 and "48 of 53 shown" in page.locator("section").inner_text()
    page.get_by_role("button", name="true cat, predicted bird: 1 picture").click()
    assert bare.get("chosen") == [0, 2]
    assert shown(page) == [[5, 6, 104]]
    assert "Picture 4 is of class cat; the network says bird." in page.locator("section").inner_text()
    page.get_by_role("button", name="true bird, predicted automobile").click()
    assert shown(page) == [] and "No picture is counted here" in page.locator("section").inner_text()
    page.get_by_role("button", name="true cat, predicted cat").click()
    assert shown(page) == [[5, 6, 100], [5, 6, 101], [5, 6, 102]]
    assert told(page) == ("cat: recall 3 / 5 = 60 % of its pictures were found; precision 3 / 4 = 75 % of what was "
                          "called cat is right.")


def test_most_frequent_mistakes_are_one_click_away(matrix):
    bare = matrix()
    names = bare.page.locator(".cnn-pairs button").all_inner_texts()
    assert names == ["automobile → bird: 53", "cat → automobile: 1", "cat → bird: 1", "bird → cat: 1"]
    bare.page.get_by_role("button", name="bird taken for cat: 1 picture").click()
    assert bare.get("chosen") == [2, 0] and shown(bare.page) == [[5, 6, 168]]


def test_surest_mistakes_come_first_and_tell_what_came_second(matrix):
    bare = matrix(LABELS, PREDICTIONS, IMAGES, NAMES, probabilities())
    page, python = bare.page, bare.python
    assert [brightness for *_, brightness in shown(page)] == (python.members[:48] + 100).tolist()
    sure = [float(text.strip("<>")) for text in page.locator(".cnn-tile small").all_inner_texts()]
    assert sure == sorted(sure, reverse=True)
    assert "the surest first" in page.locator("section").inner_text()
    tile = page.locator(".cnn-tile").nth(2)
    tile.hover()
    index, top = python.members[2], python._top(python.members[2])
    assert f"Picture {index} is of class automobile; the network says bird with {top[0][1]:.2f}" in (
        page.locator(".cnn-tiles + .cnn-status").inner_text())


def test_percent_of_each_row(matrix):
    bare = matrix()
    bare.page.get_by_label("percent of each row").check()
    assert bare.get("percent") is True
    assert bare.page.locator(".cnn-counts button").all_inner_texts() == [
        "60", "20", "20", "0", "12", "88", "25", "0", "75"]
    bare.set("percent", False)
    bare.page.get_by_text("53", exact=True).wait_for()


def test_python_opens_a_cell_too(matrix):
    bare = matrix()
    bare.set("chosen", [2, 0])
    bare.page.locator(".cnn-tile").first.wait_for()
    assert shown(bare.page) == [[5, 6, 168]]
    pressed = bare.page.locator(".cnn-counts button[aria-pressed=true]")
    assert pressed.count() == 1 and pressed.get_attribute("aria-label") == "true bird, predicted cat: 1 picture"


def test_a_kernel_is_asked_once_for_pictures_that_are_not_here(matrix):
    bare = matrix()
    page, python = bare.page, bare.python
    state = python.get_state(STATE)
    # As if nothing of that count had travelled along.
    state["_pictures"] = [one for one in state["_pictures"] if one["cell"] != [1, 2]]
    page.evaluate("document.body.replaceChildren()")
    bare.mount(MODULE, state, ConfusionMatrix._css)
    assert "0 of 53 shown; a running kernel brings the others" in page.locator("section").inner_text()
    assert page.evaluate("window.model.sent") == [{"cell": [1, 2]}]
    answers = []
    python.send = answers.append
    python._handle_custom_msg({"cell": [1, 2]}, [])
    page.evaluate("answer => window.model.receive(answer)", answers[0])
    assert [brightness for *_, brightness in shown(page)] == list(range(112, 160))
    page.get_by_role("button", name="true cat, predicted cat").click()
    page.get_by_role("button", name="true automobile, predicted bird").click()
    assert len(shown(page)) == 48
    assert len(page.evaluate("window.model.sent")) == 1


def test_keyboard_alone_reaches_everything(matrix):
    bare = matrix()
    page = bare.page
    page.get_by_label("percent of each row").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "true cat, predicted cat: 3 pictures"
    assert told(page).startswith("cat: recall 3 / 5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # the margin cannot be entered
    assert told(page).startswith("True cat, predicted bird: 1 of 5")
    assert bare.get("chosen") == [1, 2], "moving alone opens nothing"
    page.keyboard.press("Enter")
    assert bare.get("chosen") == [0, 2]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert bare.get("chosen") == [1, 2]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "cnn-tile"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    described = page.locator(".cnn-tiles + .cnn-status")
    assert described.inner_text().startswith("Picture 59 ")
    page.keyboard.press("Home")
    assert described.inner_text().startswith("Picture 12 ")
    assert unnamed_controls(page, page.locator("section")) == []
    unmarked = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert unmarked.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column(matrix, width):
    labels = np.arange(25).repeat(40)
    images, names = IMAGES[:1].repeat(1000, axis=0), [f"a long name {n}" for n in range(25)]
    page = matrix(labels, labels[::-1], images, names).page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
