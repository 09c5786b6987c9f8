"""Hints: up to three for each exercise, from a question to pseudo-code, opened one after the other."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources

from course_lib import look
from course_lib.checks.compare import describe
from course_lib.checks.report import CSS, show
from course_lib.errors import CourseError
from course_lib.lessons import lesson

opened: Counter[str] = Counter()  # how many hints of each exercise this notebook has opened; it costs nothing


@dataclass(frozen=True, repr=False)
class Hints:
    """The opened hints of one exercise, as HTML and as text."""

    name: str
    texts: tuple[str, ...]
    total: int

    @property
    def more(self) -> str:
        if len(self.texts) < self.total:
            return f'For the next one: hint("{self.name}") once more.'
        return "That was the last one."

    def _repr_html_(self) -> str:
        items = "".join(f'<li style="white-space:pre-wrap">{html.escape(text)}</li>' for text in self.texts)
        title = html.escape(f"Hints for {self.name}")
        return (f"<style>{look.css()}{CSS}</style>"
                f'<div class="cnn cnn-report" role="group" aria-label="{title}"><h4>{title}</h4>'
                f'<ol>{items}</ol><p class="muted">{html.escape(self.more)}</p></div>')

    def __repr__(self) -> str:
        lines = [f"{number}. {text}" for number, text in enumerate(self.texts, start=1)]
        return "\n".join([f"Hints for {self.name}", *lines, self.more])


def hint(name: str, count: int | None = None) -> None:
    """Open one more hint for an exercise, or the first `count` of them.

    Raises CourseError for an exercise that has no hints (with the nearest names) and for a `count` below 1.
    """
    known = _all_hints()
    if not isinstance(name, str) or name not in known:
        given = f'"{name}"' if isinstance(name, str) else describe(name)
        near = get_close_matches(str(name).replace(" ", "_"), known, 3, 0.5)
        raise CourseError(f"There is no hint for {given}: give the name of an exercise as text"
                          + (f"; did you mean {' or '.join(near)}?" if near else ', such as "correlate2d".'))
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise CourseError(f'hint takes the number of hints to open, 1 or more, and got {describe(count)}: '
                          f'for instance hint("{name}", 1).')
    texts = known[name]
    opened[name] = min(len(texts), opened[name] + 1 if count is None else count)
    show(Hints(name, tuple(texts[: opened[name]]), len(texts)))


@cache
def _all_hints() -> dict[str, list[str]]:
    """Exercise name to hints, over all lessons: names of exercises are unique in the course."""
    found: dict[str, list[str]] = {}
    for entry in resources.files("course_lib.lessons").iterdir():
        if entry.name.endswith(".json"):
            found.update(lesson(entry.name.removesuffix(".json"))["hints"])
    return found
