import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.quiz import RecallCards, quiz, recall, rich

NAME = "02_kernels_by_hand"
SOURCE = tomllib.loads((Path(__file__).parent.parent / "solutions" / NAME / "lesson.toml").read_text())
RIGHT = {question["id"]: [k for k, option in enumerate(question["options"]) if option.get("right")]
         for question in SOURCE["quiz"]}


class Text(HTMLParser):
    """The text of a page and its tags; fails on a tag that is not closed."""

    def __init__(self, html: str):
        super().__init__()
        self.text, self.tags, self.open = "", [], []
        self.feed(html)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_score_and_answers_follow_what_was_chosen():
    q = quiz(NAME)
    total = len(SOURCE["quiz"])
    assert (q.score, q.answers) == ((0, 0, total), {})
    q.chosen = {"output-size": [1]}
    assert q.score == (0, 1, total) and q.answers == {"output-size": "4 rows and 2 columns"}
    q.chosen = {**q.chosen, "output-size": [0], "commutes-with-a-shift": [3, 0]}
    assert (q.score.right, q.score.answered) == (2, 2)
    assert q.answers["commutes-with-a-shift"] == ["A blur whose window wraps around the edges",
                                                  "Making every pixel twice as bright"]
    assert repr(q) == f"Quiz 'Kernels by hand': 2 of {total} answered, 2 right"
    q.chosen = {}
    assert q.score == (0, 0, total)


def test_all_right_answers_and_no_other_get_the_full_score():
    q = quiz(NAME)
    q.chosen = RIGHT
    assert q.score == (len(RIGHT), len(RIGHT), len(RIGHT))
    for question in SOURCE["quiz"]:
        others = [[k] for k in range(len(question["options"])) if [k] != RIGHT[question["id"]]]
        for wrong in others + [list(range(len(question["options"])))]:
            q.chosen = {**RIGHT, question["id"]: wrong}
            assert q.score.right == len(RIGHT) - 1


@pytest.mark.parametrize("bad", [3, {"no-such-id": [0]}, {"output-size": [4]}, {"output-size": 0},
                                 {"output-size": ["4 rows and 2 columns"]}])
def test_a_bad_choice_is_told_in_a_sentence(bad):
    q = quiz(NAME)
    with pytest.raises(CourseError, match="expected a dictionary from ids .*output-size.* to lists"):
        q.chosen = bad
    assert q.chosen == {}


def test_an_unknown_lesson_is_told_in_a_sentence():
    for show in (quiz, recall):
        with pytest.raises(CourseError, match="There is no lesson '2_kernels'"):
            show("2_kernels")


def test_the_static_form_asks_everything_and_answers_nothing():
    q = quiz(NAME)
    q.chosen = RIGHT
    bundle, _ = q._repr_mimebundle_()
    page = Text(bundle["text/html"])
    for question in SOURCE["quiz"]:
        assert question["question"].replace("`", "") in page.text
        for option in question["options"]:
            assert option["text"].replace("`", "") in page.text
            assert option["why"].replace("`", "") not in page.text
    tags = {tag for tag, _ in page.tags}
    assert "table" in tags and not tags & {"script", "svg", "style"}
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert not re.search("0x[0-9a-f]{6}", bundle["text/plain"])


def test_nothing_that_is_sent_to_the_page_holds_an_explanation():
    q = quiz(NAME)
    sent = repr(q.get_state())
    explanations = [option["why"] for question in SOURCE["quiz"] for option in question["options"]]
    assert q.questions[0]["question"] in sent and not [why for why in explanations if why in sent]


def test_recall_cards_are_details_that_jupyter_leaves_the_keys_to():
    cards = recall(NAME)
    page = Text(cards._repr_html_())
    summaries = [attributes for tag, attributes in page.tags if tag == "summary"]
    assert len(summaries) == len(SOURCE["recall"]) == 3
    assert all(attributes.get("data-lm-suppress-shortcuts") == "true" for attributes in summaries)
    assert not any("open" in attributes for _, attributes in page.tags)
    for card in SOURCE["recall"]:
        assert card["question"] in page.text and card["answer"] in page.text
    text = repr(cards)
    questions, answers = text.split("\nAnswers\n")
    for card in SOURCE["recall"]:
        assert card["question"] in questions and card["answer"] in answers


def test_stress_and_code_are_shown_as_such():
    assert rich("best *on the test set*: `a * b * c`, *no*") == (
        "best <em>on the test set</em>: <code>a * b * c</code>, <em>no</em>")
    assert rich("2 * 3 * 4 is 24") == "2 * 3 * 4 is 24"


def test_texts_cannot_become_markup():
    cards = RecallCards([{"id": "x", "question": "a < b & `<script>`?", "answer": "<b>"}])
    page = Text(cards._repr_html_())
    assert "a < b & <script>?" in page.text
    assert [tag for tag, _ in page.tags] == ["details", "summary", "code", "p"]


def test_quiz_imports_neither_torch_nor_matplotlib():
    code = "import sys, course_lib.quiz; print(*{'torch', 'matplotlib', 'scipy', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
