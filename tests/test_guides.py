"""The guides and the README: every link, picture, command and target that they name is there."""

import re
from pathlib import Path

import pytest

from course_lib.checks.hints import _all_hints

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
IMAGES = ROOT / "docs" / "images"
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def pictures(text: str) -> list[str]:
    return re.findall(r'(?:src|srcset)="([^"]+)"', text) + re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)


@each_page
def test_links_and_pictures_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)]+)\)", text) + pictures(text):
        file, _, heading = target.partition("#")
        assert (page.parent / file).is_file() or not file, f"{page.name} leads to {target}"
        if heading:
            headings = re.findall(r"^#+ (.*)$", (page.parent / file).read_text() if file else text, re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", one).lower().replace(" ", "-") for one in headings}


@each_page
def test_commands_and_targets_exist(page):
    text = page.read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m ((?:course_lib|tools|benchmarks|tests)[\w.]*)", text)):
        path = ROOT / module.rstrip(".").replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), f"{page.name}: {module}"
    named = set(re.findall(r"(?:^|`)(?:\w+=\w+ )?make ([a-z]+)", text, re.MULTILINE))
    assert named <= TARGETS, f"{page.name}: {named - TARGETS}"


@each_page
def test_every_picture_has_words_and_every_dark_one_its_light_twin(page):
    text = page.read_text(encoding="utf-8")
    words = re.findall(r'<img [^>]*alt="([^"]*)"', text) + re.findall(r"!\[([^\]]*)\]", text)
    assert all(len(one) > 40 for one in words)
    assert text.count("<img ") == len(re.findall(r"<img [^>]*alt=", text))
    for picture in re.findall(r'srcset="([^"]+)"', text):
        assert f'src="{picture.replace("-dark", "")}"' in text and "-dark." in picture


def test_pictures_are_small_and_none_is_left_over():
    used = {(page.parent / picture).resolve() for page in PAGES
            for picture in pictures(page.read_text(encoding="utf-8"))}
    there = {path for path in IMAGES.rglob("*") if path.is_file()}
    assert there == used
    assert all(path.stat().st_size < 120_000 for path in there)


def test_the_students_guide_names_a_hint_that_opens():
    (name,) = re.findall(r'hint\("(\w+)"\)', (ROOT / "docs" / "students.md").read_text())
    assert len(_all_hints()[name]) == 3


def test_the_readme_leads_to_every_guide():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"](docs/{page.name})" in readme for page in PAGES if page.parent.name == "docs")
