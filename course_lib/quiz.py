"""The quiz and the recall cards of a lesson, over questions kept as data in `lesson.toml`."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import NamedTuple

import traitlets

from course_lib import look
from course_lib.errors import CourseError
from course_lib.lessons import lesson
from course_lib.sealed import open_option
from course_lib.widgets.base import CourseWidget, style, view

HERE = Path(__file__).parent
STRESS = re.compile(r"\*(\w(?:[^*]*\w)?)\*")  # not 2 * 3 * 4


class Score(NamedTuple):
    """How a quiz stands: questions right at the last try, questions answered, questions in all."""

    right: int
    answered: int
    total: int


class Chosen(traitlets.TraitType):
    """A trait that holds, for the id of each answered question, the sorted indices of the options chosen."""

    def validate(self, quiz, value):
        sizes = {question["id"]: len(question["options"]) for question in quiz.questions}
        fits = isinstance(value, dict) and all(
            key in sizes and isinstance(picked, (list, tuple)) and all(k in range(sizes[key]) for k in picked)
            for key, picked in value.items()
        )
        if not fits:
            raise CourseError(f"chosen is {value!r}; expected a dictionary from ids of questions "
                              f"({', '.join(sizes)}) to lists of option numbers, counted from 0.")
        return {key: sorted(map(int, picked)) for key, picked in value.items()}


class Quiz(CourseWidget):
    """The questions of one lesson, explained after each answer.

    `score` and `answers` tell how it stands; `chosen` may also be written, `q.chosen = {}` starts afresh.
    """

    _esm = view(HERE / "quiz.js")
    _css = style(HERE / "quiz.css")

    lesson = traitlets.Unicode(read_only=True).tag(sync=True)
    title = traitlets.Unicode(read_only=True).tag(sync=True)
    questions = traitlets.List(read_only=True).tag(sync=True)
    chosen = Chosen(default_value={}).tag(sync=True)

    def __init__(self, name: str):
        data = lesson(name)
        self.set_trait("lesson", name)
        self.set_trait("title", data["title"])
        self.set_trait("questions", data["quiz"])
        super().__init__()

    @property
    def answers(self) -> dict[str, str | list[str]]:
        """The text chosen for each answered question, by its id; a list where several may be right."""
        texts = {}
        for question in self._answered():
            picked = [question["options"][k]["text"] for k in self.chosen[question["id"]]]
            texts[question["id"]] = picked if question["several"] else picked[0]
        return texts

    @property
    def score(self) -> Score:
        """(right, answered, total), counted in questions, each at its last try."""
        answered = self._answered()
        return Score(sum(map(self._is_right, answered)), len(answered), len(self.questions))

    def _answered(self) -> list[dict]:
        return [question for question in self.questions if self.chosen.get(question["id"])]

    def _is_right(self, question: dict) -> bool:
        key, picked = f"{self.lesson}/{question['id']}", self.chosen[question["id"]]
        return all(open_option(option["sealed"], key, option["text"])[0] == (k in picked)
                   for k, option in enumerate(question["options"]))

    def static_html(self) -> str:
        """The questions and their options as a list, with no answers."""
        items = "".join(_static_question(question) for question in self.questions)
        return f"<h3>Quiz: {escape(self.title)}</h3><p>Run this cell to answer.</p><ol>{items}</ol>"

    def __repr__(self) -> str:
        score = self.score
        return f"Quiz {self.title!r}: {score.answered} of {score.total} answered, {score.right} right"


class RecallCards:
    """Questions from earlier lessons, each with an answer to open once one has tried."""

    def __init__(self, cards: list[dict]):
        self.cards = cards

    def _repr_html_(self) -> str:
        return "".join(
            f'<details style="max-width:640px;margin:8px 0;padding:10px 16px;border-radius:8px;'
            f'border-left:4px solid {look.colour("accent")};background:rgba(128,128,128,0.1)">'
            # Without this mark an arrow key here would leave the cell, and the letter b insert one.
            f'<summary data-lm-suppress-shortcuts="true" style="cursor:pointer">'
            f'{rich(card["question"])}</summary>'
            f'<p style="margin:8px 0 2px">{rich(card["answer"])}</p></details>'
            for card in self.cards
        )

    def __repr__(self) -> str:
        questions = [f"{k}. {card['question']}" for k, card in enumerate(self.cards, 1)]
        answers = [f"{k}. {card['answer']}" for k, card in enumerate(self.cards, 1)]
        return "\n".join(["Do you remember?", *questions, "", "Answers", *answers])


def quiz(name: str) -> Quiz:
    """Return the quiz widget of a lesson, for instance `q = quiz("02_kernels_by_hand")`; then `q.score`."""
    return Quiz(name)


def recall(name: str) -> RecallCards:
    """Return the recall cards of a lesson, to be shown as the last line of a cell."""
    return RecallCards(lesson(name)["recall"])


def rich(text: str) -> str:
    """HTML of a text in which `code` stands between backticks and *stress* between asterisks. Twin: rich in quiz.js."""
    return "".join(f"<code>{part}</code>" if k % 2 else STRESS.sub(r"<em>\1</em>", part)
                   for k, part in enumerate(escape(text).split("`")))


def _static_question(question: dict) -> str:
    grids = "".join(_static_grid(kind, rows) for kind, rows in question["grids"].items())
    options = "".join(f"<li>{rich(option['text'])}</li>" for option in question["options"])
    return f'<li>{rich(question["question"])}{grids}<ol type="a">{options}</ol></li>'


def _static_grid(kind: str, rows: list[list]) -> str:
    cell = f'<td style="{look.cell_style(kind)};text-align:center">'
    body = "".join(f"<tr>{''.join(f'{cell}{value:g}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><caption>{kind}</caption><tbody>{body}</tbody></table>"
