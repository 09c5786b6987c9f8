"""docs/slides.md against the notebooks: every row is true, no exercise and no slide is left out."""

import re
import tomllib
from pathlib import Path

import pytest

from course_lib.instructor.source import Cell, exercise_of, read_cells, source_files

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "slides.md").read_text(encoding="utf-8")
SOURCES = {path.stem[:2]: path for path in source_files(ROOT)}
COVERED = {*range(3, 32), *range(33, 45), *range(46, 52), *range(53, 57)}  # all but titles and contents


CELLS = {number: read_cells(path) for number, path in SOURCES.items()}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, cell by cell."""
    lines = PAGE[PAGE.index(heading):].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[start + 1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def slides(cell: str) -> set[int]:
    found = set()
    for part in cell.split(","):
        first, _, last = part.strip().partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def sections(cells: list[Cell]) -> dict[str, str]:
    """Each exercise of a notebook, and the title of the section that it stands in."""
    found, title = {}, ""
    for cell in cells:
        if cell.kind == "markdown" and (heading := re.search(r"^## (.*)$", cell.source, re.MULTILINE)):
            title = heading[1]
        if cell.is_solution:
            found[cell.grade_id] = title
    return found


SLIDES, NUMBERS = table("# From slide to exercise"), table("## The numbers")
SECTIONS = {number: sections(cells) for number, cells in CELLS.items()}


@pytest.mark.parametrize("row", SLIDES, ids=lambda row: f"{row[0]}-{row[2]}-{row[3][:12]}")
def test_each_row_leads_to_its_exercises(row):
    _, _, notebook, section, exercises = row
    assert names(exercises), "a slide that nobody does is not covered"
    for name in names(exercises):
        assert SECTIONS[notebook].get(name) == section


def test_no_exercise_is_left_out():
    listed = [(row[2], name) for row in SLIDES for name in names(row[4])]
    there = [(number, name) for number, found in SECTIONS.items() for name in found]
    assert [one for one in there if one not in listed] == [], "write each into the row of its section in docs/slides.md"
    assert len(listed) == len(set(listed)), "an exercise stands in two rows of docs/slides.md"
    assert sorted(listed) == sorted(there)


def test_no_slide_is_left_out():
    assert set().union(*(slides(row[0]) for row in SLIDES)) == COVERED


def test_every_todo_of_the_coding_session_has_its_exercise():
    todos = table("## The coding session")
    assert [row[0] for row in todos] == ["Convolutions"] * 5 + ["CNN"] * 4 + ["Transfer"] * 2
    for _, _, notebook, exercise in todos:
        assert names(exercise) and set(names(exercise)) <= set(SECTIONS[notebook])


@pytest.mark.parametrize("row", table("And the bugs"), ids=lambda row: row[0])
def test_every_bug_of_the_coding_session_has_its_exercise(row):
    _, notebook, exercises = row
    assert names(exercises) and set(names(exercises)) <= set(SECTIONS[notebook])


def tokens(value: object) -> list[str]:
    """The numbers and sums of an answer, row by row."""
    if isinstance(value, list):
        return [token for part in value for token in tokens(part)]
    return [f"{value:g}" if isinstance(value, float) else str(value)]


def contains(all_tokens: list[str], wanted: list[str]) -> bool:
    width = len(wanted)
    return any(all_tokens[start:start + width] == wanted for start in range(len(all_tokens) - width + 1))


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: f"{row[0]}-{row[3]}")
def test_each_number_stands_in_its_exercise(row):
    _, shown, notebook, exercise = row
    (name,) = names(exercise)
    wanted = re.findall(r"[^\s,/]+", shown)
    answers = tomllib.loads(SOURCES[notebook].with_name("lesson.toml").read_text(encoding="utf-8")).get("answers", {})
    if name in answers:
        assert contains(tokens(answers[name]), wanted)
        return
    solutions = [cell for cell in CELLS[notebook] if cell.is_solution]
    tests = [cell.source for cell in CELLS[notebook] if cell.is_test and exercise_of(cell, solutions).grade_id == name]
    assert all(re.search(rf"(?<![\d_]){number}(?!\d)", "\n".join(tests).replace("_", "")) for number in wanted)
