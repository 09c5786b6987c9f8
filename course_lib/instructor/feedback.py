"""Feedback for each student, made by nbgrader's generate_feedback, without a trace of hidden tests.

`HideHiddenTests` goes in front of nbgrader's own steps in `nbgrader_config.py`, so that `nbgrader
generate_feedback` and formgrader's button are as discreet.
"""

from __future__ import annotations

import ast
import logging
import re
import textwrap
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from course_lib.errors import CourseError
from course_lib.instructor.autograde import CONFIG, load_config
from course_lib.instructor.results import ANSI, known_mistakes
from course_lib.instructor.source import BEGIN_HIDDEN, END_HIDDEN

COLUMNS = 88
PASSED = "✓ passed, hidden tests included\n"
HIDDEN = ("HiddenTestFailed", "A hidden test, which tries other values, does not pass.")


class HideHiddenTests(NbGraderPreprocessor):
    """Take hidden tests out of a graded notebook: their text, what they printed and drew, and what they expected.

    What the visible part of a test cell said stays. Of the hidden part only that it failed is told and, where it
    names a classic mistake, which: that sentence is about the student's code. The outputs of all other cells go
    too: the student's own functions saw the hidden tests' values and may have kept them to print them later.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        root = Path(self.config.CourseDirectory.get("root", "."))
        self.known = known_mistakes(root.resolve(), resources["nbgrader"]["assignment"])
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        index: int) -> tuple[NotebookNode, ResourcesDict]:
        if cell.cell_type != "code":
            return cell, resources
        if not is_grade(cell) or is_solution(cell):
            cell.outputs = []
            return cell, resources
        visible, hidden = split(cell.source)
        if hidden:
            cell.outputs = self._outputs(cell.outputs, visible, hidden)
            cell.source = visible
        for output in cell.outputs:
            if output.output_type == "error":  # the page does not wrap it
                output.traceback = [textwrap.fill(line, COLUMNS, replace_whitespace=False) for line in output.traceback]
        return cell, resources

    def _outputs(self, outputs: list[NotebookNode], visible: str, hidden: str) -> list[NotebookNode]:
        """What a student may see of the outputs of a test cell that has a hidden part."""
        error = next((output for output in outputs if output.output_type == "error"), None)
        if error is None:
            return [new_output("stream", name="stdout", text=PASSED)]
        if failed_in_sight(outputs, visible, hidden):
            return outputs
        sentence = HIDDEN[1]
        mistake = next((says for says in self.known if says in error.evalue), None)
        if mistake and mistake not in hidden:
            sentence += f" {mistake}"
        return [new_output("error", ename=HIDDEN[0], evalue=sentence, traceback=[f"{HIDDEN[0]}: {sentence}"])]


def split(source: str) -> tuple[str, str]:
    """Return the visible and the hidden text of a test cell, both without nbgrader's marks."""
    parts, inside = ([], []), False
    for line in source.split("\n"):
        if BEGIN_HIDDEN in line or END_HIDDEN in line:
            inside = BEGIN_HIDDEN in line
        else:
            parts[inside].append(line)
    return "\n".join(parts[0]), "\n".join(parts[1])


def failed_in_sight(outputs: list[NotebookNode], visible: str, hidden: str) -> bool:
    """Tell whether a test cell surely failed in its visible part; in doubt it did not.

    Sure is: what ended the cell has a name of its own for hidden tests and it is not that; the traceback shows a
    line of the visible part; a check of the visible part has not printed its tick; or the sentence starts with a
    name that only the visible part gives.
    """
    error = next(output for output in outputs if output.output_type == "error")
    trace = ANSI.sub("", "\n".join(error.traceback))
    if error.ename in (HIDDEN[0], "NotRun", "NotJudged", "CellTimeoutError", "DeadKernelError"):
        return error.ename != HIDDEN[0] and hidden not in trace
    if shown := re.search(r"^-+> \d+ (.*)$", trace, re.MULTILINE):
        lines = [line.strip() for line in visible.split("\n")]
        return shown[1].strip() in lines and not any(line.strip() and line.strip() in trace
                                                     for line in hidden.split("\n"))
    printed = "".join("".join(output.text) for output in outputs if output.output_type == "stream")
    if printed.count("✓") < sum(_is_check(call) for call in _calls(visible)):
        return True
    names = {what for what in map(_what, _calls(visible)) if what} - {_what(call) for call in _calls(hidden)}
    return any(error.evalue.startswith(name) for name in names)


def _calls(source: str) -> list[ast.Call]:
    """The calls that are statements of a test cell."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    return [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]


def _is_check(call: ast.Call) -> bool:
    """A check of the course's, which prints a tick when it passes."""
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "check"


def _what(call: ast.Call) -> str:
    """The name that `same(got, want, what)` gives its value in a sentence."""
    third = call.args[2] if getattr(call.func, "id", "") == "same" and len(call.args) > 2 else None
    return third.value if isinstance(third, ast.Constant) and isinstance(third.value, str) else ""


def make_feedback(root: Path, assignment: str, students: Iterable[str], executor: Executor | None = None,
                  show: Callable[[Iterable], Iterable] = iter) -> dict[str, str]:
    """Write `feedback/STUDENT/ASSIGNMENT/` for these students; return those who got none, with the reason.

    `executor` spreads the work; `show` may draw the progress of the answers as they come.
    """
    students = list(students)
    work = partial(_feedback, root, assignment)
    answers = executor.map(work, students, chunksize=4) if executor else map(work, students)
    return {student: reason for student, reason in zip(students, show(answers), strict=True) if reason}


def _feedback(root: Path, assignment: str, student: str) -> str:
    """Make one student's feedback; return why not, where it failed."""
    config = load_config(root, assignment)
    config.CourseDirectory.student_id = _literally(student)
    if HideHiddenTests.__name__ not in str(config.GenerateFeedback.get("preprocessors", "")):
        raise CourseError(f"{CONFIG} does not name {HideHiddenTests.__name__} among GenerateFeedback.preprocessors, so "
                          "feedback would show hidden tests: put it there, first.")
    log = logging.getLogger("course_lib.feedback")
    log.propagate, log.handlers = False, [logging.NullHandler()]
    converter = GenerateFeedback(coursedir=CourseDirectory(config=config, log=log), config=config, log=log)
    converter.force = True
    try:
        converter.start()
    except (NbGraderException, SystemExit) as error:
        return str(error)
    return ""


def _literally(student: str) -> str:
    """A pattern that matches this student's folder only."""
    return re.sub(r"([*?[])", r"[\1]", student)
