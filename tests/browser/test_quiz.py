"""The quiz in a real browser: on a bare page, and by keyboard in JupyterLab and Notebook 7."""

import html
import random
import re
import tomllib

import nbformat
import pytest
from playwright.sync_api import expect

from course_lib.quiz import quiz, rich
from course_lib.sealed import open_option, seal_options

from .drive import ROOT, unnamed_controls

NAME = "02_kernels_by_hand"
QUESTIONS = tomllib.loads((ROOT / "solutions" / NAME / "lesson.toml").read_text())["quiz"]
EXPLANATIONS = [html.unescape(re.sub("<[^>]*>", "", rich(option["why"]))) for question in QUESTIONS
                for option in question["options"]]
SHORTCUTS = "[data-lm-suppress-shortcuts=true]"


@pytest.fixture
def quiz_page(bare_page):
    """The quiz of notebook 02 on a bare page."""
    q = quiz(NAME)
    state = {name: getattr(q, name) for name in q.state_names()}
    bare_page.mount("/quiz.js", state, q._css)
    return bare_page


def test_stress_and_code_are_shown_as_in_python(bare_page):
    q = quiz("12_capstone")
    state = {name: getattr(q, name) for name in q.state_names()}
    text = "best *on the test set*: `a * b * c`, *no*, 2 * 3 * 4 < 5"
    bare_page.mount("/quiz.js", state | {"questions": [state["questions"][0] | {"question": text}]})
    assert bare_page.page.locator("legend span").last.inner_html() == rich(text)


def right(question: dict) -> list[int]:
    return [k for k, option in enumerate(question["options"]) if option.get("right")]


def focused(page) -> str:
    """Text of the control that has the focus, of an option its words."""
    return page.evaluate("(document.activeElement.closest('label') ?? document.activeElement).textContent")


def tab_to(page, text: str) -> None:
    """Press Tab until the control that shows `text` has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if text in focused(page):
            return
    raise AssertionError(f"Tab never reached {text!r}")


def answer_by_keyboard(page, question: dict, picks: list[int]) -> None:
    """Answer a question whose first option has the focus, with keys alone."""
    if len(right(question)) == 1:
        page.keyboard.press("Space")
        for _ in range(picks[0]):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        return
    for k in range(len(question["options"])):
        if k in picks:
            page.keyboard.press("Space")
        page.keyboard.press("Tab")
    assert focused(page) == "Check"
    page.keyboard.press("Enter")


def test_python_and_javascript_seal_alike(bare_page):
    letters = "ab ,.\"\\'\n\t{}[]0é–≠漢😀\u0000\ud7ff"
    draw = random.Random(0)
    for _ in range(40):
        def text():
            return "".join(draw.choices(letters, k=draw.randrange(40)))  # noqa: B023
        options = [(text(), draw.random() < 0.5, text()) for _ in range(draw.randint(1, 4))]
        key = text()
        for (name, verdict, why), sealed in zip(options, seal_options(options, key), strict=True):
            assert open_option(sealed, key, name) == (verdict, why)
            opened = bare_page.call("/quiz.js", "unseal", sealed, f"{key}/{name}")
            assert opened == {"right": verdict, "why": why}


def test_python_and_javascript_judge_alike(bare_page):
    q = quiz(NAME)
    for question in q.questions:
        for bits in range(1, 2 ** len(question["options"])):
            picked = [k for k in range(len(question["options"])) if bits >> k & 1]
            q.chosen = {question["id"]: picked}
            judged = bare_page.call("/quiz.js", "judge", question, NAME, picked)
            assert judged["right"] == (q.score.right == 1), (question["id"], picked)


def test_the_page_shows_no_explanation_before_an_answer(quiz_page):
    page = quiz_page.page
    source = page.content()
    assert QUESTIONS[0]["question"].replace("`", "")[:20] in source
    assert not [why for why in EXPLANATIONS if why in source]
    assert "is-right" not in page.locator("section").inner_html()
    # Options of one question differ in their words alone.
    shapes = page.evaluate("""() => [...document.querySelectorAll("form")].map(form => new Set(
        [...form.querySelectorAll("label")].map(label => {
            const copy = label.cloneNode(true);
            copy.querySelector("span").textContent = "";
            copy.querySelector("input").value = "";
            return copy.outerHTML;
        })).size)""")
    assert shapes == [1] * len(QUESTIONS)


def test_roles_and_names(quiz_page):
    page = quiz_page.page
    root = page.get_by_role("region", name="Quiz: Kernels by hand")
    assert unnamed_controls(page, root) == []
    for k, question in enumerate(QUESTIONS):
        page.get_by_role("button", name=f"Question {k + 1}, not answered").click()
        group = page.get_by_role("group", name=f"Question {k + 1} of {len(QUESTIONS)}")
        role = "radio" if len(right(question)) == 1 else "checkbox"
        for option in question["options"]:
            expect(group.get_by_role(role, name=option["text"].replace("`", ""), exact=True)).to_have_count(1)
        expect(page.get_by_role("group")).to_have_count(1)
    unmarked = f":is(a, button, input, select, summary, textarea, [tabindex]):not({SHORTCUTS})"
    assert root.locator(unmarked).count() == 0


def test_a_wrong_answer_is_explained_and_can_be_tried_again(quiz_page):
    page, question = quiz_page.page, QUESTIONS[0]
    wrong, good = question["options"][0], question["options"][1]
    status, check = page.get_by_role("status"), page.get_by_role("button", name="Check")
    check.click()
    expect(status).to_have_text("Choose an answer first.")
    assert quiz_page.get("chosen") == {}
    page.get_by_role("radio", name=wrong["text"], exact=True).check()
    check.click()
    expect(status).to_have_text(f"Not right. {wrong['why']}")
    expect(page.get_by_text("1 of 8 answered, 0 right")).to_be_visible()
    page.get_by_role("radio", name=good["text"], exact=True).check()
    expect(status).to_be_empty()
    check.click()
    expect(status).to_contain_text(f"Right. {good['why']}")
    expect(page.get_by_text("1 of 8 answered, 1 right")).to_be_visible()
    expect(page.get_by_role("button", name="Question 1, right")).to_be_visible()
    page.get_by_text("Why not the others?").click()
    expect(status.get_by_text(wrong["why"])).to_be_visible()


def test_several_right_answers(quiz_page):
    page = quiz_page.page
    k, question = next((k, question) for k, question in enumerate(QUESTIONS) if len(right(question)) > 1)
    page.get_by_role("button", name=f"Question {k + 1},").click()
    boxes, status = page.get_by_role("checkbox"), page.get_by_role("status")
    boxes.nth(right(question)[0]).check()
    page.get_by_role("button", name="Check").click()
    expect(status).to_contain_text("Not complete. Another answer is right as well.")
    boxes.nth(right(question)[1]).check()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Question {k + 1}, right")).to_be_visible()
    assert quiz_page.get("chosen") == {question["id"]: right(question)}


def test_the_whole_quiz_by_keyboard(quiz_page):
    page = quiz_page.page
    page.locator("body").press("Tab")
    tab_to(page, QUESTIONS[0]["options"][0]["text"])
    for k, question in enumerate(QUESTIONS):
        answer_by_keyboard(page, question, right(question))
        expect(page.get_by_text(f"{k + 1} of {len(QUESTIONS)} answered, {k + 1} right")).to_be_visible()
        if k + 1 < len(QUESTIONS):
            tab_to(page, "Next")
            page.keyboard.press("Enter")
            assert focused(page).startswith(QUESTIONS[k + 1]["options"][0]["text"])
    assert quiz_page.get("chosen") == {question["id"]: right(question) for question in QUESTIONS}


def test_python_may_set_and_clear_what_is_chosen(quiz_page):
    page = quiz_page.page
    quiz_page.set("chosen", {QUESTIONS[0]["id"]: [0]})
    expect(page.get_by_text("1 of 8 answered, 0 right")).to_be_visible()
    expect(page.get_by_role("radio").first).to_be_checked()
    quiz_page.set("chosen", {})
    expect(page.get_by_text("0 of 8 answered, 0 right")).to_be_visible()
    expect(page.get_by_role("radio").first).not_to_be_checked()
    expect(page.get_by_role("status")).to_be_empty()


def test_a_pick_is_kept_while_another_question_is_answered(quiz_page):
    page = quiz_page.page
    page.get_by_role("radio").nth(2).check()
    quiz_page.set("chosen", {QUESTIONS[1]["id"]: [0]})
    expect(page.get_by_text("1 of 8 answered, 0 right")).to_be_visible()
    expect(page.get_by_role("radio").nth(2)).to_be_checked()


@pytest.mark.parametrize("width", [320, 700])
def test_it_fits_its_column(quiz_page, width):
    page = quiz_page.page
    page.set_viewport_size({"width": width, "height": 800})
    for k in range(len(QUESTIONS)):
        page.get_by_role("button", name=f"Question {k + 1},").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_by_keyboard_in_jupyter(front_end, tmp_path):
    """Jupyter takes none of the keys, Python hears the answers, and the quiz outlives its kernel."""
    path = tmp_path / "quiz.ipynb"
    sources = [f"from course_lib.quiz import quiz, recall\nrecall('{NAME}')", f"q = quiz('{NAME}')\nq"]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    notebook = front_end.open_notebook(path)
    notebook.run_all()
    assert notebook.errors() == []
    page = notebook.page

    card = notebook.show("recall(").locator("details").first
    before = notebook.state()
    card.locator("summary").focus()
    for key in ("Enter", "ArrowDown", "b"):
        page.keyboard.press(key)
    expect(card).to_have_attribute("open", "")
    assert notebook.state() == before

    root = notebook.show("q = quiz").locator(".cnn-quiz")
    before = notebook.state()
    root.get_by_role("radio").first.focus()
    answer_by_keyboard(page, QUESTIONS[0], right(QUESTIONS[0]))
    expect(root.get_by_role("status")).to_contain_text("Right.")
    for key in ("a", "b", "j"):
        page.keyboard.press(key)
    assert notebook.state() == before
    heard = notebook.run("print(tuple(q.score), *q.answers)")
    assert heard == f"(1, 1, {len(QUESTIONS)}) {QUESTIONS[0]['id']}\n"

    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    root = notebook.show("q = quiz").locator(".cnn-quiz")
    root.get_by_role("button", name="Next").click()
    answer_by_keyboard(page, QUESTIONS[1], [0])
    expect(root.get_by_role("status")).to_contain_text(re.compile("^Not right. "))
