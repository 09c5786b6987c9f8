"""Read a source notebook, `solutions/NN_name/NN_name.py`: its cells, what they are for, and where they stand.

The release builder, the lint and the tests' harness all look at a notebook through this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

from course_lib.errors import CourseError

CELL_MARKER = re.compile(r"^# ?%%")
# As nbgrader looks for them: anywhere in a line.
BEGIN_SOLUTION, END_SOLUTION = "BEGIN SOLUTION", "END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"


@dataclass(frozen=True)
class Cell:
    """One cell of a source notebook; `line` is where its text starts in the file, counted from 1."""

    notebook: str
    index: int
    line: int
    kind: str
    source: str
    metadata: dict

    @property
    def nbgrader(self) -> dict:
        return self.metadata.get("nbgrader", {})

    @property
    def is_solution(self) -> bool:
        """A cell that the student fills in and test cells judge."""
        return bool(self.nbgrader.get("solution")) and not self.nbgrader.get("grade")

    @property
    def is_test(self) -> bool:
        """A cell that judges by itself (an answer that a person grades is marked both grade and solution)."""
        return bool(self.nbgrader.get("grade")) and not self.nbgrader.get("solution")

    @property
    def is_written(self) -> bool:
        """An answer in words, which a person reads and grades in nbgrader's form."""
        return bool(self.nbgrader.get("grade")) and bool(self.nbgrader.get("solution"))

    @property
    def is_setup(self) -> bool:
        return "setup" in self.metadata.get("tags", [])

    @property
    def grade_id(self) -> str:
        return self.nbgrader.get("grade_id", "")

    @property
    def name(self) -> str:
        """What messages call this cell: its grade_id, or its number in the notebook."""
        return self.grade_id or f"number {self.index + 1}"

    @property
    def points(self) -> int | float:
        return self.nbgrader.get("points", 0)

    def region(self, begin: str, end: str) -> list[str]:
        """Return the lines between two delimiters, all such regions joined, without the delimiters."""
        inside, lines = False, []
        for line in self.source.splitlines():
            if begin in line:
                inside = True
            elif end in line:
                inside = False
            elif inside:
                lines.append(line)
        return lines


def source_files(root: Path) -> list[Path]:
    """Return every source notebook below `root`, in the order of their numbers."""
    return sorted(path for path in (root / "solutions").glob("*/*.py") if path.stem == path.parent.name)


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a source notebook with jupytext; the cell ids and metadata are still jupytext's."""
    return jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")


def read_cells(path: Path) -> list[Cell]:
    """Read the cells of a source notebook. Raises CourseError where text stands outside every cell."""
    notebook = read_notebook(path)
    markers = [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
               if CELL_MARKER.match(line)]
    if len(markers) != len(notebook.cells):
        raise CourseError(f"{path.name} has {len(markers)} lines that start with '# %%' but jupytext reads "
                          f"{len(notebook.cells)} cells; put all text below a '# %%' line.")
    return [Cell(path.stem, index, marker + 1, cell.cell_type, cell.source, dict(cell.metadata))
            for index, (marker, cell) in enumerate(zip(markers, notebook.cells, strict=True))]


def exercise_of(test: Cell, solutions: list[Cell]) -> Cell | None:
    """Return the solution cell that a test cell belongs to: `test_<exercise>` or `test_<exercise>_<more>`."""
    owners = [cell for cell in solutions if f"{test.grade_id}_".startswith(f"test_{cell.grade_id}_")]
    return max(owners, key=lambda cell: len(cell.grade_id), default=None)
