"""An Anki deck of every quiz question and recall card: `python -m course_lib.instructor.anki [-o FILE.apkg]`.

A note keeps its identity from build to build (its notebook, kind and id name it), so importing a newer deck updates
what a learner has and loses none of their progress. Each notebook is a deck below "CNN by Hand"; tags name the
notebook, the kind of card and the slides.

What may be on a card: quizzes and recall cards give no points and are answered in the students' own notebooks, so
their answers may. By-hand answers, solutions and hidden tests never are; they are not read here. A recall card looks
back, and may state a result that an earlier notebook asked for, as it does in the notebook itself; name the notebooks
to build the deck of those that are done.
"""

from __future__ import annotations

import argparse
import hashlib
import string
import sys
from collections.abc import Collection
from html import escape
from pathlib import Path

import genanki

from course_lib import look
from course_lib.errors import CourseError
from course_lib.instructor.lessons import read_lesson
from course_lib.quiz import rich

COURSE = "CNN by Hand"
# Learners' collections hold this number: another one, or other fields under it, would part old notes from new ones.
MODEL_ID = 1_607_392_319
FIELDS = ("Question", "Options", "Answer", "Source")
FRONT = '<p class="source">{{Source}}</p><div class="question">{{Question}}</div>{{Options}}'
BACK = '<p class="source">{{Source}}</p><div class="question">{{Question}}</div><hr id="answer">{{Answer}}'
COLOURS = ("surface", "ink", "muted", "line", "panel", "right", "wrong", "input", "input-ink", "kernel", "kernel-ink",
           "output", "output-ink")
LAYOUT = """\
.card { margin: 0; padding: 16px; background: var(--surface); color: var(--ink); text-align: left;
  font: 18px/1.5 %s; overflow-wrap: anywhere; }
.card > *, #qa > * { max-width: 640px; margin-left: auto; margin-right: auto; }
.source { margin: 0 0 8px; color: var(--muted); font-size: 14px; }
.question { font-weight: 600; }
ol { padding-left: 1.6em; }
li { margin: 8px 0; }
li p { margin: 2px 0 0; }
.right > b { color: var(--right); }
.wrong > b { color: var(--wrong); }
hr { border: 0; border-top: 1px solid var(--line); }
code { padding: 1px 4px; border-radius: 4px; background: var(--panel); font-size: 0.92em; white-space: pre-wrap; }
table { margin: 12px 0; border-spacing: 2px; font-variant-numeric: tabular-nums; font-weight: 400; }
caption { color: var(--muted); font-size: 14px; text-align: left; }
td { min-width: 2em; padding: 4px; border-radius: 4px; text-align: center; }
"""


def css() -> str:
    """The style sheet of the cards: the course's colours, and the dark ones where Anki is in night mode."""
    def variables(dark: bool) -> str:
        return " ".join(f"--{name}: {look.colour(name, dark)};" for name in COLOURS)

    # Anki and its phone apps put one of these classes on the card or on what is around it.
    night = ", ".join(f"{before}.card" for before in (".nightMode", ".nightMode ", ".night_mode", ".night_mode "))
    cells = "".join(f".{kind} td {{ background: var(--{kind}); color: var(--{kind}-ink); }}\n"
                    for kind in ("input", "kernel", "output"))
    return (f".card {{ {variables(False)} }}\n{night} {{ {variables(True)} }}\n"
            + LAYOUT % look.FONT + cells)


def build(root: Path, names: Collection[str] = ()) -> list[genanki.Deck]:
    """Return the decks below `root`, one for each notebook, all or the named ones, in their order.

    Raises CourseError, in one sentence, for an unknown name or a lesson with a fault.
    """
    sources = {path.parent.name: path for path in sorted(root.glob("solutions/*/lesson.toml"))}
    if unknown := sorted(set(names) - set(sources)):
        raise CourseError(f"There is no lesson {', '.join(unknown)} in {root / 'solutions'}; "
                          f"choose from: {', '.join(sources) or 'nothing is there'}.")
    model = genanki.Model(MODEL_ID, COURSE, fields=[{"name": name} for name in FIELDS], css=css(),
                          templates=[{"name": "Card", "qfmt": FRONT, "afmt": BACK}])
    return [_deck(name, source, model) for name, source in sources.items() if not names or name in names]


def _deck(name: str, source: Path, model: genanki.Model) -> genanki.Deck:
    lesson = read_lesson(source)
    number = name.partition("_")[0]
    title = f"{number} {lesson['title']}"
    deck = genanki.Deck(_number(f"deck/{name}"), f"{COURSE}::{title}")
    cards = [("recall", card, ("", rich(card["answer"]))) for card in lesson.get("recall", [])]
    cards += [("quiz", question, _options(question["options"])) for question in lesson.get("quiz", [])]
    for kind, card, (options, answer) in cards:
        slides = card.get("slides", [])
        told = [f"notebook {title}", *([_slides(slides)] if slides else [])]
        question = rich(card["question"]) + "".join(_grid(*grid) for grid in card.get("grid", {}).items())
        deck.add_note(genanki.Note(
            model, [question, options, answer, escape(" · ".join(told))],
            guid=genanki.guid_for("cnn-by-hand", name, kind, card["id"]),
            tags=[f"notebook::{name}", kind, *(f"slide::{slide:02}" for slide in slides)]))
    return deck


def _options(options: list[dict]) -> tuple[str, str]:
    """HTML of the options as they are asked, and as they are judged."""
    asked, judged = [], []
    for option in options:
        kind, mark = ("right", "✓ Right.") if option.get("right") else ("wrong", "✗ Not right.")
        asked.append(f"<li>{rich(option['text'])}</li>")
        judged.append(f'<li class="{kind}">{rich(option["text"])}<br><b>{mark}</b> {rich(option["why"])}</li>')
    several = "<p>Several may be right.</p>" if sum(option.get("right", False) for option in options) > 1 else ""
    asked_html, judged_html = (f'<ol type="a">{"".join(items)}</ol>' for items in (asked, judged))
    right = [letter for letter, option in zip(string.ascii_lowercase, options, strict=False) if option.get("right")]
    return several + asked_html, f"<p><b>Right: {', '.join(right)}</b></p>{judged_html}"


def _grid(kind: str, rows: list[list[float]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{value:g}</td>' for value in row)}</tr>" for row in rows)
    return f'<table class="{kind}"><caption>{kind}</caption>{body}</table>'


def _slides(slides: list[int]) -> str:
    return f"slide{'s' if len(slides) > 1 else ''} {', '.join(map(str, slides))}"


def _number(name: str) -> int:
    """A number for `name`, the same in every run, in the range that Anki wants."""
    return 2**30 + int.from_bytes(hashlib.sha256(f"cnn-by-hand/{name}".encode()).digest()[:4]) % 2**30


def write(decks: list[genanki.Deck], path: Path) -> None:
    """Write the decks as one package, whole or not at all."""
    partial = path.with_name(path.name + ".tmp")
    try:
        genanki.Package(decks).write_to_file(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Build the deck, and say where it lies; return 1 after one sentence if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.anki",
                                     description="Make an Anki deck of the quizzes and the recall cards.")
    parser.add_argument("names", nargs="*", help="notebooks to take, as 02_kernels_by_hand; none: all")
    parser.add_argument("-o", "--output", type=Path, default=Path("cnn-by-hand.apkg"), help="(cnn-by-hand.apkg)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the course (here)")
    options = parser.parse_args(arguments)
    try:
        decks = build(options.root, options.names)
        if not decks:
            raise CourseError(f"There is no lesson in {options.root / 'solutions'}: "
                              "start the command in the course's folder, or name it with --root.")
        write(decks, options.output)
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.output}: {sum(len(deck.notes) for deck in decks)} cards of {len(decks)} notebooks")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
