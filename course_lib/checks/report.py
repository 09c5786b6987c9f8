"""What a failed check shows: one sentence, and the arrays drawn side by side, in HTML and in text.

Numbers are always printed; a cell that differs carries a sign and a border, colour comes second. Drawing
never raises: large arrays are cropped around the first difference, and what is no number is shown by its
repr.
"""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass
from numbers import Real
from typing import NoReturn

import numpy as np

from course_lib import look
from course_lib.errors import CourseError

ROWS, COLUMNS = 8, 10  # the most that is drawn of an array
SIGN = "≠"

CSS = """
.cnn-report { box-sizing: border-box; max-width: 760px; margin: 6px 0; padding: 10px 14px;
  border: 1px solid var(--cnn-line); border-radius: 12px; background: var(--cnn-surface);
  color: var(--cnn-ink); font: 14px/1.5 var(--cnn-font); font-variant-numeric: tabular-nums; }
.cnn-report h4 { margin: 0; font-size: 15px; color: var(--cnn-ink); }
.cnn-report p { margin: 2px 0; }
.cnn-report .muted, .cnn-report th { color: var(--cnn-muted); font-weight: 400; font-size: 12px; }
.cnn-report .tables { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 10px 28px; }
.cnn-report .scroll { max-width: 100%; overflow-x: auto; }
.cnn-report table { width: auto; margin: 4px 0; border: 0; border-collapse: separate; border-spacing: 2px; }
.cnn-report caption { text-align: left; white-space: nowrap; color: var(--cnn-ink); font-weight: 600; }
.cnn-report caption small { color: var(--cnn-muted); font-weight: 400; font-size: 12px; }
.cnn-report tr { background: none !important; }
.cnn-report th, .cnn-report td { padding: 3px 6px; border: 0; text-align: right; white-space: nowrap; }
.cnn-report td { min-width: 34px; border-radius: 5px; background: var(--cnn-pad) !important;
  color: var(--cnn-ink) !important; }
.cnn-report .input td { background: var(--cnn-input) !important; color: var(--cnn-input-ink) !important; }
.cnn-report .kernel td { background: var(--cnn-kernel) !important; color: var(--cnn-kernel-ink) !important; }
.cnn-report .output td { background: var(--cnn-output) !important; color: var(--cnn-output-ink) !important; }
.cnn-report td.differs { background: var(--cnn-surface) !important; color: var(--cnn-wrong) !important;
  border: 2px solid var(--cnn-wrong) !important; font-weight: 700; }
"""


class CheckFailed(CourseError, AssertionError):
    """A check that did not pass; the message is the sentence for the student."""

    report: Report | None = None


@dataclass(frozen=True)
class Table:
    """One array to draw.

    `role` is "input", "kernel", "output" or "plain"; `differs` a Boolean array that marks cells; `beside` an
    array of the same shape whose numbers must stay distinguishable from these at the marked cells.
    """

    caption: str
    values: object
    role: str = "plain"
    differs: np.ndarray | None = None
    beside: np.ndarray | None = None


@dataclass(frozen=True, repr=False)
class Report:
    """A title, remarks and rows of tables; shown by IPython as HTML, elsewhere as text."""

    title: str
    remarks: tuple[str, ...]
    rows: tuple[tuple[Table, ...], ...]

    def _repr_html_(self) -> str:
        title = html.escape(self.title)
        remarks = "".join(f'<p class="muted">{html.escape(remark)}</p>' for remark in self.remarks)
        rows = "".join(f'<div class="tables">{"".join(map(_html, row))}</div>' for row in self.rows)
        return (
            f"<style>{look.css()}{CSS}</style>"
            f'<div class="cnn cnn-report" role="group" aria-label="{title}"><h4>{title}</h4>{remarks}'
            f"{rows}</div>"
        )

    def __repr__(self) -> str:
        rows = (line for row in self.rows for line in _side_by_side([_text(table) for table in row]))
        return "\n".join([self.title, *self.remarks, *rows])


def show(item: object) -> None:
    """Display `item` in IPython; anywhere else print its repr."""
    if "IPython" in sys.modules:
        from IPython.display import display

        display(item)
    else:
        print(repr(item))


def fail(sentence: str, report: Report | None = None) -> NoReturn:
    """Show the report, if there is one with something drawn, and raise CheckFailed with the sentence."""
    error = CheckFailed(sentence)
    error.report = report
    if report is not None and any(report.rows):
        show(report)
    raise error from None


def number(value: object, digits: int = 4) -> str:
    """Print one cell: whole numbers in full, others to so many digits, anything else by its repr."""
    try:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
            text = repr(bool(value) if isinstance(value, np.bool_) else value)
            return text if len(text) <= 24 else text[:21] + "..."
        if np.isfinite(value) and value == int(value) and abs(value) < 1e15:
            return str(int(value))
        return f"{float(value):.{digits}g}"
    except Exception:  # a student's object may fail even to print itself
        return f"<{type(value).__name__}>"


def position(index: tuple[int, ...]) -> str:
    """A cell's place as it is written in Python: [0, 2]; the place of a single number is empty."""
    return f"[{', '.join(map(str, index))}]" if index else ""


@dataclass(frozen=True)
class _Grid:
    """The cells of a table that are drawn, already printed, with their row and column numbers."""

    rows: list[int]
    columns: list[int]
    cells: list[list[str]]
    marks: list[list[bool]]
    note: str


def _grid(table: Table) -> _Grid:
    values = _as_array(table.values)
    shape = values.shape
    marks, beside = (extra if extra is not None and extra.shape == shape and values.size else None
                     for extra in (table.differs, table.beside))
    if not values.size:
        values = np.empty((0, 0))
    marks = np.zeros(values.shape, dtype=bool) if marks is None else marks
    first = tuple(np.argwhere(marks)[0].tolist()) if marks.any() else (0,) * values.ndim
    leading = first[:-2]  # of an array of more than two axes, the plane with the first difference is drawn
    top, left = (0, 0, *first)[-2:]

    values, marks = np.atleast_2d(values[(*leading, ...)]), np.atleast_2d(marks[(*leading, ...)])
    rows, columns = _window(values.shape[0], ROWS, top), _window(values.shape[1], COLUMNS, left)
    box = np.ix_(rows, columns)
    theirs = None if beside is None else np.atleast_2d(beside[(*leading, ...)])[box]
    digits = _digits(values[box], theirs, marks[box])

    note = [f"shape {shape}"] if shape else []
    note += [f"plane {position(leading)} drawn"] if leading else []
    note += [f"rows {rows[0]} to {rows[-1]}"] if len(rows) < values.shape[0] else []
    note += [f"columns {columns[0]} to {columns[-1]}"] if len(columns) < values.shape[1] else []
    cells = [[number(value, digits) for value in row] for row in values[box].tolist()]
    return _Grid(list(rows), list(columns), cells, marks[box].tolist(), ", ".join(note))


def _as_array(values: object) -> np.ndarray:
    """The values as an array that can be drawn; what cannot be an array becomes one cell."""
    try:
        array = np.asarray(values)
    except Exception:  # ragged lists and objects that refuse
        array = None
    if array is None or array.dtype.names:
        array = np.empty((), dtype=object)
        array[()] = values
    return array


def _window(length: int, most: int, first: int) -> range:
    """So many indices of an axis, among them the first difference."""
    start = max(0, min(int(first) - 1, length - most))
    return range(start, min(length, start + most))


def _digits(values: np.ndarray, beside: np.ndarray | None, marks: np.ndarray) -> int:
    """The fewest digits that tell marked cells from the cells beside them."""
    if beside is not None:
        for digits in (4, 6, 9, 12):
            pairs = zip(values[marks].tolist(), beside[marks].tolist(), strict=True)
            if all(number(mine, digits) != number(theirs, digits) for mine, theirs in pairs):
                return digits
        return 17
    return 4


def _html(table: Table) -> str:
    grid, caption = _grid(table), html.escape(table.caption)
    head = "".join(f'<th scope="col">{column}</th>' for column in grid.columns)
    body = []
    for row, cells, marks in zip(grid.rows, grid.cells, grid.marks, strict=True):
        tds = "".join(_html_cell(cell, mark, table.role) for cell, mark in zip(cells, marks, strict=True))
        body.append(f'<tr><th scope="row">{row}</th>{tds}</tr>')
    return (
        f'<div class="scroll" style="overflow-x:auto" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="{table.role}"><caption>{caption} <small>{grid.note}</small></caption>'
        f'<thead><tr><th scope="col" aria-label="row"></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _html_cell(text: str, differs: bool, role: str) -> str:
    """One cell; its inline style is for pages that strip style sheets."""
    text = html.escape(text)
    if differs:
        style = f"border:2px solid {look.colour('wrong')};font-weight:700"
        return f'<td class="differs" style="{style}">{SIGN}&nbsp;{text}</td>'
    return f'<td style="{look.cell_style(role)}">{text}</td>' if role != "plain" else f"<td>{text}</td>"


def _text(table: Table) -> list[str]:
    grid = _grid(table)
    cells = [[f"{SIGN}{cell}" if mark else cell for cell, mark in zip(*row, strict=True)]
             for row in zip(grid.cells, grid.marks, strict=True)]
    width = max((len(cell) for row in cells for cell in row), default=1)
    lines = ["  ".join(cell.rjust(width) for cell in row) for row in cells]
    return [f"{table.caption}, {grid.note}" if grid.note else table.caption, *(f"  {line}" for line in lines)]


def _side_by_side(blocks: list[list[str]], most: int = 100) -> list[str]:
    """Set blocks of lines beside each other as long as they fit the width."""
    lines: list[str] = []
    row: list[list[str]] = []
    for block in [*blocks, None]:
        wanted = [*row, block] if block is not None else None
        if wanted is not None and sum(max(map(len, one)) + 4 for one in wanted) <= most:
            row = wanted
            continue
        widths = [max(map(len, one)) for one in row]
        for index in range(max((len(one) for one in row), default=0)):
            cells = [one[index] if index < len(one) else "" for one in row]
            line = "    ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            lines.append(line.rstrip())
        row = [block] if block is not None else []
    return lines
