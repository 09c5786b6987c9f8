"""The worked examples of CONTRIBUTING.md are built with the real tools, and the guide shows what is built."""

import ast
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

import course_lib.checks
from course_lib import models, widgets
from course_lib.errors import CourseError
from course_lib.instructor import lint, release
from course_lib.instructor.lessons import compile_lesson
from course_lib.models import Entry
from tests import harness

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "tests" / "fixtures" / "contributing"
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SOURCE = EXAMPLES / "91_mirror.py"
BLOCKS = re.findall(r"^```(python|js|css|toml)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def entry(name: str) -> str:
    """A line of the guide that registers something: `"name": value,`."""
    (line,) = [block for _, block in BLOCKS if block.startswith(f'"{name}": ')]
    return "{" + line + "}"


def test_what_the_guide_shows_is_what_is_built_here():
    files = [path.read_text(encoding="utf-8") for path in EXAMPLES.iterdir() if path.is_file()]
    shown = [part for _, block in BLOCKS if not block.startswith('"')
             for part in (re.split(r"(?m)^(?=# %% (?:wrong|right))", block))]
    assert len(shown) > 8
    for part in filter(str.strip, shown):
        assert any(part.strip("\n") in text for text in files), part


def test_commands_and_files_that_the_guide_names_exist():
    for module in set(re.findall(r"python -m ((?:course_lib|tools)[\w.]*)", GUIDE)):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
    for path in set(re.findall(r"(?<=[ `])((?:course_lib|tests|docs|tools)/[\w/.-]+\.(?:py|js|md))", GUIDE)):
        if "relu_row" not in path and not path.endswith(("/name.py", "/NN_name.py")):
            assert (ROOT / path).exists(), path


@pytest.fixture
def checks(monkeypatch):
    """The example's check module lies in course_lib.checks."""
    monkeypatch.setattr(course_lib.checks, "__path__", [*course_lib.checks.__path__, str(EXAMPLES)])


def test_the_exercise_obeys_the_rules_and_is_released(checks, tmp_path):
    assert [str(finding) for finding in lint.lint(SOURCE)] == []
    root = harness.course(tmp_path, SOURCE)
    (root / "solutions" / SOURCE.stem / "lesson.toml").write_bytes((EXAMPLES / "lesson.toml").read_bytes())
    assert len(release.release(root)) == 3, "solved, released, lesson"
    notebook = nbformat.read(root / "notebooks" / SOURCE.stem / f"{SOURCE.stem}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "Write your code here" in text and "x[:, ::-1]" not in text and "hidden picture" not in text


def test_the_exercise_judges_its_bank(checks):
    lesson = harness.Lesson(SOURCE)
    solved = lesson.grade()
    assert solved.messages == {} and solved.total == lesson.worth() == 2
    bank = harness.read_bank(EXAMPLES / "bank.py")
    assert [answer.kind for answer in bank].count("wrong") >= 5 and [answer.kind for answer in bank].count("right") >= 2
    for answer in bank:
        result = lesson.grade({answer.exercise: answer.code})
        if answer.kind == "right":
            assert result.messages == {}, answer
        else:
            assert result.total == 0
            assert re.search(answer.says, result.messages["test_mirror"], re.IGNORECASE | re.DOTALL), answer


def test_the_exercise_has_its_hints():
    assert set(compile_lesson(EXAMPLES / "lesson.toml")["hints"]) == set(harness.Lesson(SOURCE).exercises)


@pytest.fixture
def relu_row(monkeypatch):
    """The example's widget, registered as the guide says."""
    monkeypatch.setattr(widgets, "__path__", [*widgets.__path__, str(EXAMPLES)])
    monkeypatch.setattr(widgets, "_HOMES", widgets._HOMES | ast.literal_eval(entry("ReluRow")))
    return widgets.ReluRow


def test_the_widget_has_state_a_twin_a_static_form_and_sentences(relu_row):
    widget = relu_row(bias=1)
    np.testing.assert_array_equal(widget.output, [[0, 4, 1.5, 0]])
    bundle = widget._repr_mimebundle_()[0]
    assert bundle["text/html"].count("<td>") == 4
    assert bundle["text/plain"] == "ReluRow(bias=1, output=[0.0, 4.0, 1.5, 0.0])"
    told = "bias must be a number from -5 to 5"
    for state, says in (({"bias": 6}, told), ({"input": np.ones((2, 2))}, "at most 1x12")):
        with pytest.raises(CourseError, match=says):
            relu_row(**state)


def test_the_network_is_built_by_its_name_and_counts_as_it_says(monkeypatch):
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(EXAMPLES)])
    added = eval(entry("lenet1"), {"Entry": Entry})
    monkeypatch.setattr(models, "MODELS", models.MODELS | added)
    model = models.build("lenet1", channels=1)
    assert f"{models.parameters(model):,} parameters" in type(model).__doc__
    logits = model(torch.randn(2, *models.input_shape("lenet1")))
    logits.sum().backward()
    assert logits.shape == (2, 10) and all(parameter.grad is not None for parameter in model.parameters())
