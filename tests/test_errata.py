"""docs/errata.md: its programs print what it says, and each erratum leads to exercises that exist."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from course_lib.instructor.source import source_files
from tests.test_slides import SECTIONS, names, slides

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "errata.md").read_text(encoding="utf-8")
PIECES = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
HEADING = re.compile(r"(\d+) · slides? ([\d, -]+): \S.*")
NUMBERS = [piece.partition(" ")[0] for piece in PIECES]
NOTEBOOKS = {path.stem: path.stem[:2] for path in source_files(ROOT)}
every_erratum = pytest.mark.parametrize("piece", PIECES, ids=NUMBERS)


def line(piece: str, label: str) -> str:
    """The paragraph of an erratum that a bold label begins, or nothing."""
    found = re.search(rf"^\*\*{label}:\*\* (.*?)(?:\n\n|\Z)", piece, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def exercises(piece: str) -> list[tuple[str, str]]:
    """The exercises in which students meet an erratum, each with the notebook whose link stands before it."""
    _, *parts = re.split(r"\[notebook (\d\d)\]\((\S+)\)", line(piece, "In the course"))
    return [(number, name) for number, after in zip(parts[::3], parts[2::3], strict=True) for name in names(after)]


def test_the_page_says_at_once_that_it_holds_answers():
    assert "holds answers" in PAGE.split("\n\n")[1]


def test_numbers_leave_no_gap():
    assert NUMBERS == [str(number) for number in range(1, len(PIECES) + 1)]


@every_erratum
def test_an_erratum_names_its_slides(piece):
    assert slides(HEADING.fullmatch(piece.splitlines()[0])[2]) <= set(range(1, 57))


@every_erratum
def test_an_erratum_quotes_or_describes_its_slide(piece):
    """Whether a quotation is exact no test can say: the lecture's text is not in the repository."""
    quoted = re.findall(r"^>.*", piece, re.MULTILINE)
    assert len(quoted) == 1 or (not quoted and "picture" in piece)
    assert all(re.fullmatch(r"> \S.*\S", words) for words in quoted)


@every_erratum
def test_an_erratum_leads_to_exercises_that_exist(piece):
    found = exercises(piece)
    assert found or "no exercise" in line(piece, "In the course")
    assert [(number, name) for number, name in found if name not in SECTIONS[number]] == []
    assert set(names(line(piece, "Answered above"))) <= {name for _, name in found}
    for number, link in re.findall(r"\[notebook (\d\d)\]\((\S+)\)", piece):
        path = (ROOT / "docs" / link).resolve()
        assert path.is_file() and NOTEBOOKS[path.stem] == number


def test_no_section_called_find_the_error_is_left_out():
    wanted = {(number, name) for number, found in SECTIONS.items() for name, title in found.items()
              if "Find the error" in title}
    assert wanted <= {pair for piece in PIECES for pair in exercises(piece)}


@every_erratum
def test_a_program_prints_what_stands_below_it(piece, monkeypatch):
    monkeypatch.chdir(ROOT)  # as the page tells its readers
    programs = re.findall(r"^```python\n(.*?)^```$", piece, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"^```python\n.*?^```\n\n```text\n(.*?)^```$", piece, re.MULTILINE | re.DOTALL)
    assert len(programs) == len(shown) == piece.count("```") / 4
    for program, text in zip(programs, shown, strict=True):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(program, "docs/errata.md", "exec"), {})
        assert printed.getvalue() == text
