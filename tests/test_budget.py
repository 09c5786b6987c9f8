"""The budget of a notebook: quick unless the environment asks for full, and a sentence for anything else."""

import pytest

from course_lib.budget import VARIABLE, budget, full
from course_lib.errors import CourseError


@pytest.mark.parametrize(("asked", "given"), [
    (None, "quick"), ("", "quick"), ("  ", "quick"), ("quick", "quick"), ("full", "full"), (" Full ", "full"),
])
def test_the_environment_decides(monkeypatch, asked, given):
    monkeypatch.delenv(VARIABLE, raising=False)
    if asked is not None:
        monkeypatch.setenv(VARIABLE, asked)
    assert budget() == given


@pytest.mark.parametrize("ask", [budget, lambda: full("a long run")])
def test_anything_else_gets_a_sentence(monkeypatch, ask):
    monkeypatch.setenv(VARIABLE, "huge")
    with pytest.raises(CourseError, match="COURSE_BUDGET is 'huge'; set it to quick or full, or leave it unset"):
        ask()


def test_what_is_left_out_is_named(monkeypatch, capsys):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert full("ten minutes of CIFAR-10") is False
    assert "Left out with the quick budget: ten minutes of CIFAR-10. Set COURSE_BUDGET=full" in capsys.readouterr().out
    monkeypatch.setenv(VARIABLE, "full")
    assert full("ten minutes of CIFAR-10") is True
    assert capsys.readouterr().out == ""
