"""Every answer of every bank through the real test cells: wrong ones lose points and are told why, right ones pass."""

import re
from collections import Counter

import nbformat
import pytest

from tests.harness import ROOT, SOURCES, Answer, bank_of, lesson

BANKS = [pytest.param(source, answer, id=f"{source.stem}-{answer}") for source in SOURCES for answer in bank_of(source)]
every_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@every_notebook
def test_the_solved_notebook_scores_full_points(source):
    result = lesson(source).grade()
    assert result.messages == {}
    assert result.total == lesson(source).worth() > 0


@every_notebook
def test_the_release_scores_zero(source):
    released = nbformat.read(ROOT / "notebooks" / source.stem / f"{source.stem}.ipynb", as_version=4)
    unsolved = {cell.metadata.nbgrader.grade_id: cell.source for cell in released.cells
                if cell.metadata.get("nbgrader", {}).get("solution")}
    assert set(unsolved) == set(lesson(source).exercises)
    result = lesson(source).grade(unsolved)
    assert result.points == dict.fromkeys(result.points, 0)


@every_notebook
def test_every_exercise_has_five_wrong_and_two_right_answers(source):
    counts = Counter((answer.exercise, answer.kind) for answer in bank_of(source))
    assert {exercise for exercise, _ in counts} == set(lesson(source).exercises)
    short = {exercise: (counts[exercise, "wrong"], counts[exercise, "right"]) for exercise in lesson(source).exercises
             if counts[exercise, "wrong"] < 5 or counts[exercise, "right"] < 2}
    assert short == {}, "exercise: (wrong, right), where there are fewer than 5 or 2"


@every_notebook
def test_no_answer_is_there_twice(source):
    bank = bank_of(source)
    assert len({str(answer) for answer in bank}) == len({(a.exercise, a.code.strip()) for a in bank}) == len(bank)


@pytest.mark.parametrize(("source", "answer"), BANKS)
def test_answer(source, answer: Answer):
    result = lesson(source).grade({answer.exercise: answer.code}, only=answer.exercise)
    if answer.kind == "right":
        assert result.messages == {}
        assert result.total == lesson(source).worth(answer.exercise)
    else:
        assert result.total < lesson(source).worth(answer.exercise)
        told = "\n".join(result.messages.values())
        assert re.search(answer.says, told, re.IGNORECASE | re.DOTALL), told
