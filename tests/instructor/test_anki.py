"""The Anki deck, read back out of the package as Anki reads it: every card, its identity, and nothing too much."""

import json
import re
import shutil
import sqlite3
import tomllib
import zipfile
from collections import Counter
from html import unescape
from pathlib import Path

import pytest

from course_lib import look
from course_lib.instructor import anki
from course_lib.instructor.source import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
    read_cells,
    source_files,
)
from course_lib.quiz import rich

ROOT = Path(__file__).resolve().parents[2]
LESSONS = {path.parent.name: tomllib.loads(path.read_text(encoding="utf-8"))
           for path in sorted(ROOT.glob("solutions/*/lesson.toml"))}
SMALL = """
title = "Small & <b>bold</b>"
[[recall]]
id = "card"
question = "Is a < b & `c<d>`?"
answer = "<script>alert(1)</script> and `x &amp; y`"
[[quiz]]
id = "one"
slides = [7]
question = "1 + 1 < 3?"
grid = { input = [[1, 0.5]] }
options = [{ text = "<i>2</i>", right = true, why = "Yes & no." }, { text = "11", why = "Beside <1>." }]
"""


def read(package: Path) -> dict[str, list[tuple]]:
    """Notes (guid, model, tags, fields...), cards (deck of each note) and decks of a package."""
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None and json.loads(archive.read("media")) == {}
        path = archive.extract("collection.anki2", package.parent)
    with sqlite3.connect(path) as database:
        notes = [(guid, model, set(tags.split()), *fields.split("\x1f")) for guid, model, tags, fields
                 in database.execute("SELECT guid, mid, tags, flds FROM notes")]
        cards = database.execute("SELECT notes.guid, did FROM cards JOIN notes ON notes.id = nid").fetchall()
        models, decks = map(json.loads, database.execute("SELECT models, decks FROM col").fetchone())
    database.close()
    return {"notes": notes, "cards": cards, "models": models, "decks": decks}


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("anki") / "deck.apkg"
    assert anki.main(["-o", str(path), "--root", str(ROOT)]) == 0
    return path


@pytest.fixture(scope="module")
def deck(package) -> dict:
    return read(package)


@pytest.fixture
def small(tmp_path) -> Path:
    (tmp_path / "solutions" / "00_small").mkdir(parents=True)
    (tmp_path / "solutions" / "00_small" / "lesson.toml").write_text(SMALL)
    return tmp_path


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_every_question_and_every_recall_card_is_there_once(deck):
    wanted = Counter((name, kind) for name, lesson in LESSONS.items() for kind in ("recall", "quiz")
                     for _ in lesson.get(kind, []))
    found = Counter((next(tag for tag in tags if "::" in tag and tag[0] == "n").removeprefix("notebook::"),
                     "quiz" if "quiz" in tags else "recall") for _, _, tags, *_ in deck["notes"])
    assert found == wanted and sum(wanted.values()) > 90
    texts = {(next(tag for tag in tags if tag.startswith("notebook")), plain(question).split("kernel0")[0])
             for _, _, tags, question, *_ in deck["notes"]}
    for name, lesson in LESSONS.items():
        for card in [*lesson.get("recall", []), *lesson.get("quiz", [])]:
            shown = plain(rich(card["question"]))
            assert any(notebook == f"notebook::{name}" and text.startswith(shown) for notebook, text in texts), shown


def test_no_identity_is_there_twice_and_each_note_is_one_card_of_its_notebook(deck):
    guids = [guid for guid, *_ in deck["notes"]]
    assert len(set(guids)) == len(guids) == len(deck["cards"])
    assert {guid for guid, _ in deck["cards"]} == set(guids)
    decks = {int(number): entry["name"] for number, entry in deck["decks"].items()}
    own = {name: number for number, name in decks.items() if name.startswith(f"{anki.COURSE}::")}
    assert len(own) == len(LESSONS)
    where = dict(deck["cards"])
    for guid, _, tags, *_ in deck["notes"]:
        number = next(tag for tag in tags if tag.startswith("notebook::")).removeprefix("notebook::")[:2]
        assert decks[where[guid]].startswith(f"{anki.COURSE}::{number} ")


def test_a_second_build_keeps_every_identity(deck, tmp_path):
    again = tmp_path / "again.apkg"
    anki.write(anki.build(ROOT), again)
    other = read(again)
    assert [note[:2] for note in other["notes"]] == [note[:2] for note in deck["notes"]]
    assert other["decks"].keys() == deck["decks"].keys() and other["models"].keys() == deck["models"].keys()
    assert str(anki.MODEL_ID) in deck["models"]


def test_identities_are_those_of_earlier_builds(deck):
    """Learners' collections hold these; a change here would duplicate every card that they have."""
    assert anki.MODEL_ID == 1607392319 and anki._number("deck/02_kernels_by_hand") == 1852551200
    (one_hot,) = [guid for guid, _, tags, question, *_ in deck["notes"]
                  if "notebook::02_kernels_by_hand" in tags and question.startswith("You cross-correlate a picture")]
    assert one_hot == "e-_s^`A|uS"


def test_a_corrected_text_keeps_its_identity(small):
    (before,) = anki.build(small)
    source = small / "solutions" / "00_small" / "lesson.toml"
    source.write_text(SMALL.replace("1 + 1 < 3?", "Is 1 + 1 below 3?").replace("Small", "Tiny"))
    (after,) = anki.build(small)
    assert [note.guid for note in after.notes] == [note.guid for note in before.notes]
    assert after.deck_id == before.deck_id and after.notes[1].fields != before.notes[1].fields


def test_the_answer_is_on_the_back_only(deck):
    (model,) = [model for number, model in deck["models"].items() if int(number) == anki.MODEL_ID]
    (template,) = model["tmpls"]
    assert "{{Answer}}" in template["afmt"] and "Answer" not in template["qfmt"]
    assert [field["name"] for field in model["flds"]] == list(anki.FIELDS)
    for name, lesson in LESSONS.items():
        notes = [note for note in deck["notes"] if f"notebook::{name}" in note[2]]
        fronts = [plain(question + options + source) for _, _, _, question, options, _, source in notes]
        backs = [plain(answer) for *_, answer, _ in notes]
        told = [card["answer"] for card in lesson.get("recall", [])]
        told += [option["why"] for question in lesson["quiz"] for option in question["options"]]
        for text in (plain(rich(text)) for text in told):
            assert any(text in back for back in backs) and not any(text in front for front in fronts)
    assert not any(mark in question + options for _, _, _, question, options, _, _ in deck["notes"]
                   for mark in ("✓", "✗", "class=\"right\"", "class=\"wrong\""))


def test_the_right_options_are_named_and_no_others(deck):
    for name, lesson in LESSONS.items():
        backs = [answer for _, _, tags, _, _, answer, _ in deck["notes"]
                 if {f"notebook::{name}", "quiz"} <= tags]
        for question, back in zip(lesson["quiz"], backs, strict=True):
            right = [option.get("right", False) for option in question["options"]]
            assert [kind == "right" for kind in re.findall(r'<li class="(\w+)">', back)] == right
            letters = ", ".join("abcdef"[k] for k, one in enumerate(right) if one)
            assert back.startswith(f"<p><b>Right: {letters}</b></p>")


def test_no_solution_and_no_hidden_test_is_on_a_card(package, deck):
    text = "\n".join(plain(field) for _, _, _, *fields in deck["notes"] for field in fields)
    checked = 0
    for source in source_files(ROOT):
        for cell in read_cells(source):
            for line in cell.region(BEGIN_SOLUTION, END_SOLUTION) + cell.region(BEGIN_HIDDEN, END_HIDDEN):
                if len(line.strip()) > 20:
                    checked += 1
                    assert line.strip() not in text, f"{source.stem}: {line}"
    assert checked > 500


def test_text_is_escaped_and_code_is_code(small):
    (deck,) = anki.build(small)
    recall, quiz = deck.notes
    assert recall.fields == ["Is a &lt; b &amp; <code>c&lt;d&gt;</code>?", "",
                             "&lt;script&gt;alert(1)&lt;/script&gt; and <code>x &amp;amp; y</code>",
                             "notebook 00 Small &amp; &lt;b&gt;bold&lt;/b&gt;"]
    question, options, answer, source = quiz.fields
    assert question.startswith("1 + 1 &lt; 3?<table") and "<td>1</td><td>0.5</td>" in question
    assert options == '<ol type="a"><li>&lt;i&gt;2&lt;/i&gt;</li><li>11</li></ol>'
    assert "Yes &amp; no." in answer and "Beside &lt;1&gt;." in answer and source.endswith(" · slide 7")
    assert set(quiz.tags) == {"notebook::00_small", "quiz", "slide::07"}


def test_cards_name_their_slides(deck):
    """Slides that docs/slides.md leads somewhere from; recall cards look back, so their notebook's need not do."""
    page = (ROOT / "docs" / "slides.md").read_text(encoding="utf-8").partition("## The coding session")[0]
    covered = set()
    for first, last in re.findall(r"^\|(?:[^|]*, )? ?(\d+)(?:-(\d+))?[ ,]", page, re.MULTILINE):
        covered |= set(range(int(first), int(last or first) + 1))
    assert len(covered) > 40
    for _, _, tags, question, *_ in deck["notes"]:
        slides = {int(tag.removeprefix("slide::")) for tag in tags if tag.startswith("slide::")}
        assert slides <= covered, question
        assert slides or next(tag for tag in tags if tag.startswith("notebook::")) > "notebook::10", question


@pytest.mark.parametrize("slides", ["7", "[0]", "[57]", "[true]", '["7"]'])
def test_slides_that_are_none_are_told(small, capsys, slides):
    source = small / "solutions" / "00_small" / "lesson.toml"
    source.write_text(SMALL.replace("slides = [7]", f"slides = {slides}"))
    assert anki.main(["-o", str(small / "x.apkg"), "--root", str(small)]) == 1
    assert "question 'one': slides is" in capsys.readouterr().err and not (small / "x.apkg").exists()


def test_dark_and_light_are_the_courses_colours(deck):
    style = anki.css()
    light, night = re.findall(r"\{ (--surface.*?) \}", style)
    for dark, block in ((False, light), (True, night)):
        assert block == " ".join(f"--{name}: {look.colour(name, dark)};" for name in anki.COLOURS)
    assert {"nightMode", "night_mode"} <= set(re.findall(r"night\w+", style))
    used = set(re.findall(r"var\(--([\w-]+)\)", style))
    assert used == set(anki.COLOURS)
    assert all("<img" not in field for _, _, _, *fields in deck["notes"] for field in fields)


def test_named_notebooks_only_and_what_is_wrong_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "two.apkg"
    assert anki.main(["03_stride_and_padding", "-o", str(path), "--root", str(ROOT)]) == 0
    count = len(LESSONS["03_stride_and_padding"]["recall"]) + len(LESSONS["03_stride_and_padding"]["quiz"])
    assert capsys.readouterr().out == f"{path}: {count} cards of 1 notebooks\n"
    assert len(read(path)["notes"]) == count
    assert anki.main(["03_absent", "--root", str(ROOT)]) == 1
    assert "no lesson 03_absent" in capsys.readouterr().err
    assert anki.main(["--root", str(tmp_path)]) == 1
    assert "There is no lesson in" in capsys.readouterr().err
    before = path.read_bytes()
    assert anki.main(["-o", str(tmp_path / "no" / "folder.apkg"), "--root", str(ROOT)]) == 1
    assert path.read_bytes() == before
    shutil.rmtree(tmp_path)
