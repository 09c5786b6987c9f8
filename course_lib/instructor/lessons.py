"""Compile each `solutions/NN_name/lesson.toml` into the `course_lib/lessons/NN_name.json` that students get.

Answers, mistakes, verdicts and explanations are sealed on the way (see `course_lib.sealed`).
"""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections import Counter
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.sealed import recognise, seal_answer, seal_options

# Keys of each table, True where one must be given.
LESSON = {"title": True, "hints": False, "answers": False, "mistakes": False, "recall": False, "quiz": False}
MISTAKE = {"answer": True, "says": True}
RECALL = {"id": True, "slides": False, "question": True, "answer": True}
QUESTION = {"id": True, "slides": False, "question": True, "grid": False, "options": True}
OPTION = {"text": True, "why": True, "right": False}
GRIDS = {"input": False, "kernel": False, "output": False}
LAST_SLIDE = 56


def compile_all(root: Path | str) -> list[Path]:
    """Compile every lesson below `root` and return the files that changed.

    The same sources give the same bytes, and a file is written only when its bytes change. A JSON file
    without a source is removed. Raises CourseError with one sentence for the first fault found.
    """
    root = Path(root)
    target = root / "course_lib" / "lessons"
    compiled = {}
    for source in sorted(root.glob("solutions/*/lesson.toml")):
        text = json.dumps(compile_lesson(source), ensure_ascii=False, indent=1) + "\n"
        compiled[target / f"{source.parent.name}.json"] = text.encode()
    changed = []
    for path, data in compiled.items():
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
            changed.append(path)
    for path in sorted(set(target.glob("*.json")) - set(compiled)):
        path.unlink()
        changed.append(path)
    return changed


def compile_lesson(source: Path) -> dict:
    """Return the sealed data of one `lesson.toml`; its folder's name is the lesson's name."""
    data = read_lesson(source)
    try:
        return _compile(data, source.parent.name)
    except CourseError as fault:
        raise CourseError(f"{source}: {fault}") from None


def read_lesson(source: Path) -> dict:
    """Return the plain data of one `lesson.toml`, its recall cards and questions checked.

    Raises CourseError with one sentence for the first fault found.
    """
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
        _check(data)
    except tomllib.TOMLDecodeError as fault:
        raise CourseError(f"{source}: not valid TOML: {fault}.") from None
    except CourseError as fault:
        raise CourseError(f"{source}: {fault}") from None
    return data


def _check(data: dict) -> None:
    _keys(data, LESSON, "the lesson")
    cards, questions = data.get("recall", []), data.get("quiz", [])
    for card in cards:
        where = f"recall card {card.get('id', '')!r}"
        _keys(card, RECALL, where)
        _slides(card, where)
    for question in questions:
        where = f"question {question.get('id', '')!r}"
        _keys(question, QUESTION, where)
        _slides(question, where)
        options = question["options"]
        for option in options:
            _keys(option, OPTION, f"an option of {where}")
        _unique(f"the options of {where}", [option["text"] for option in options])
        if len(options) < 2:
            raise CourseError(f"{where}: expected two options at least.")
        if not any(option.get("right", False) for option in options):
            raise CourseError(f"{where}: no option is right; give one of them right = true.")
        _keys(question.get("grid", {}), GRIDS, f"grid of {where}")
    _unique("the recall cards", [card["id"] for card in cards])
    _unique("the quiz", [question["id"] for question in questions])


def _compile(data: dict, name: str) -> dict:
    answers, mistakes = data.get("answers", {}), data.get("mistakes", {})
    for answer in mistakes:
        if answer not in answers:
            raise CourseError(f"mistakes.{answer}: there is no answer of that name.")
    return {
        "name": name,
        "title": data["title"],
        "hints": {exercise: _hints(exercise, hints) for exercise, hints in data.get("hints", {}).items()},
        "answers": {key: _answer(key, right, mistakes.get(key, []), name) for key, right in answers.items()},
        # The slides are for the Anki deck's tags; no notebook shows them.
        "recall": [{key: value for key, value in card.items() if key != "slides"} for card in data.get("recall", [])],
        "quiz": [_question(question, name) for question in data.get("quiz", [])],
    }


def _hints(exercise: str, hints: list[str]) -> list[str]:
    if not isinstance(hints, list) or not 1 <= len(hints) <= 3 or not all(_is_text(hint) for hint in hints):
        raise CourseError(f"hints.{exercise}: expected a list of one to three texts, "
                          "from a question to pseudo-code.")
    return [textwrap.dedent(hint).strip("\n").rstrip() for hint in hints]


def _answer(key: str, right: object, mistakes: list[dict], lesson: str) -> dict:
    for mistake in mistakes:
        _keys(mistake, MISTAKE, f"mistakes.{key}")
    pairs = [(mistake["answer"], mistake["says"]) for mistake in mistakes]
    sealed = seal_answer(right, f"{lesson}/{key}", pairs)
    if recognise(right, sealed):
        raise CourseError(f"mistakes.{key}: one of them is the right answer.")
    for wrong, says in pairs:
        if recognise(wrong, sealed) != says:
            raise CourseError(f"mistakes.{key}: the wrong answer {wrong} is there twice.")
    return sealed


def _question(question: dict, lesson: str) -> dict:
    options = question["options"]
    plain = [(option["text"], option.get("right", False), option["why"]) for option in options]
    sealed = seal_options(plain, f"{lesson}/{question['id']}")
    return {
        "id": question["id"],
        "question": question["question"],
        "grids": question.get("grid", {}),
        "several": sum(option.get("right", False) for option in options) > 1,
        "options": [{"text": option["text"], "sealed": data}
                    for option, data in zip(options, sealed, strict=True)],
    }


def _keys(table: dict, known: dict[str, bool], where: str) -> None:
    for key in table:
        if key not in known:
            raise CourseError(f"{where}: unknown key {key!r}; expected one of {', '.join(known)}.")
    for key, needed in known.items():
        if needed and not table.get(key):
            raise CourseError(f"{where}: {key!r} is missing or empty.")


def _slides(table: dict, where: str) -> None:
    slides = table.get("slides", [])
    if not isinstance(slides, list) or not all(type(n) is int and 1 <= n <= LAST_SLIDE for n in slides):
        raise CourseError(f"{where}: slides is {slides!r}; expected a list of slides, numbered 1 to {LAST_SLIDE}.")


def _unique(where: str, names: list[str]) -> None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise CourseError(f"{where}: {name!r} is there {count} times; give each its own.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
