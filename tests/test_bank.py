"""Every answer of every bank through the real test cells: wrong ones are told why, right ones pass."""

import re
from collections import Counter

import nbformat
import pytest

from tests import harness
from tests.harness import ROOT, SOURCES, Answer, bank_of, lesson

BANKS = [pytest.param(source, answer, id=f"{source.stem}-{answer}")
         for source in SOURCES for answer in bank_of(source)]
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
                if (graded := cell.metadata.get("nbgrader", {})).get("solution") and not graded.get("grade")}
    assert set(unsolved) == set(lesson(source).exercises)
    result = lesson(source).grade(unsolved)
    assert result.points == dict.fromkeys(result.points, 0)


@every_notebook
def test_every_exercise_has_five_wrong_and_two_right_answers(source):
    counts = Counter((answer.exercise, answer.kind) for answer in bank_of(source))
    assert {exercise for exercise, _ in counts} == set(lesson(source).exercises)
    short = {exercise: (counts[exercise, "wrong"], counts[exercise, "right"])
             for exercise in lesson(source).exercises
             if counts[exercise, "wrong"] < 5 or counts[exercise, "right"] < 2}
    assert short == {}, "exercise: (wrong, right), where there are fewer than 5 or 2"


@every_notebook
def test_no_answer_is_there_twice(source):
    bank = bank_of(source)
    assert len({str(answer) for answer in bank}) == len(bank)
    assert len({(answer.exercise, answer.code.strip()) for answer in bank}) == len(bank)


@pytest.mark.parametrize(("source", "answer"), BANKS)
def test_answer(source, answer: Answer):
    result = lesson(source).grade({answer.exercise: answer.code}, only=answer.exercise)
    if answer.kind == "right":
        assert result.messages == {}
        assert result.total == lesson(source).worth(answer.exercise)
    else:
        assert result.total < lesson(source).worth(answer.exercise)
        told = list(result.messages.values())
        assert any(re.search(answer.says, message, re.IGNORECASE | re.DOTALL) for message in told), told


def test_an_answer_that_hangs_ends(monkeypatch):
    monkeypatch.setattr(harness, "SECONDS", 0.2)
    sample = lesson(ROOT / "tests" / "fixtures" / "90_sample.py")
    result = sample.grade({"double": "def double(x):\n    while True:\n        pass\n"})
    assert result.points == {"test_double": 0, "test_by_hand": 1}
    assert "ran for more than" in result.messages["test_double"]


@pytest.mark.parametrize(("text", "says"), [
    ("# %% wrong double: no says\ndef double(x): ...\n", "needs '# says: regex'"),
    ("# %% wrong double: nothing below", "needs '# says: regex'"),
    ("# %% right double: says too much\n# says: fine\n", "none if right"),
    ("# %% doubtful double: what is it\n", "is not '# %% wrong|right exercise: title'"),
])
def test_a_malformed_bank_is_told(tmp_path, text, says):
    path = tmp_path / "90_sample.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(says)):
        harness.read_bank(path)
