"""Every answer of every bank scores the same in the trusted path as in a plain one, test cell by test cell."""

import pytest

from tests import replay
from tests.harness import SOURCES, bank_of, lesson

every_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@every_notebook
def test_the_solved_notebook_scores_full_points(source):
    result = replay.grade(lesson(source))
    assert result.messages == {}
    assert result.total == lesson(source).worth() > 0


@every_notebook
def test_every_answer_scores_the_same(source):
    one, differ = lesson(source), {}
    for answer in bank_of(source):
        plain = one.grade({answer.exercise: answer.code}, only=answer.exercise)
        trusted = replay.grade(one, {answer.exercise: answer.code}, only=answer.exercise)
        if plain.points != trusted.points:
            differ[str(answer)] = plain, trusted
    assert differ == {}
