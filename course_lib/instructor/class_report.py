"""The class report: one page that needs nothing else, in the course's look, and the same numbers as CSV."""

from __future__ import annotations

import datetime
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from course_lib import look
from course_lib.instructor.flags import Flag
from course_lib.instructor.results import Exercise, Results, Student

BINS = 10
LISTED = 6  # mistakes of an exercise that the page shows; the CSV has all

CSS = """
html { color-scheme: light dark; }
body { margin: 0; background: light-dark(%(surface)s); }
.cnn-class { box-sizing: border-box; max-width: 760px; margin: 0 auto; padding: 16px; background: var(--cnn-surface);
  color: var(--cnn-ink); font: 15px/1.5 var(--cnn-font); font-variant-numeric: tabular-nums; }
.cnn-class h1 { font-size: 22px; line-height: 1.25; margin: 8px 0 2px; overflow-wrap: anywhere; }
.cnn-class h2 { font-size: 17px; margin: 28px 0 6px; }
.cnn-class h3 { font-size: 15px; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.cnn-class p { margin: 4px 0; }
.cnn-class .muted { color: var(--cnn-muted); font-size: 13px; }
.cnn-class .facts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; margin: 12px 0; }
@media (max-width: 480px) { .cnn-class .facts { grid-template-columns: repeat(2, 1fr); } }
.cnn-class .facts div { border: 1px solid var(--cnn-line); border-radius: 10px; padding: 8px 12px;
  background: var(--cnn-panel); }
.cnn-class .facts b { display: block; font-size: 20px; }
.cnn-class .row { display: grid; grid-template-columns: 92px 1fr 44px; gap: 8px; align-items: center; }
.cnn-class .row span:last-child { text-align: right; }
.cnn-class .bar { height: 14px; border-radius: 3px; background: var(--cnn-pad); overflow: hidden; display: flex; }
.cnn-class .bar i { background: var(--cnn-kernel); }
.cnn-class .bar i + i { background: var(--cnn-input); }
.cnn-class .key i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 4px 0 10px;
  vertical-align: -1px; background: var(--cnn-kernel); }
.cnn-class .key i + i { background: var(--cnn-input); }
.cnn-class .card { border: 1px solid var(--cnn-line); border-radius: 10px; padding: 10px 14px; margin: 8px 0; }
.cnn-class .card .head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; }
.cnn-class ul { margin: 6px 0 0; padding: 0; list-style: none; }
.cnn-class li { display: grid; grid-template-columns: 44px 1fr; gap: 8px; padding: 3px 0;
  border-top: 1px solid var(--cnn-line); overflow-wrap: anywhere; }
.cnn-class li > b { text-align: right; }
.cnn-class li.wide { grid-template-columns: 1fr; }
.cnn-class .tag { border: 1px solid var(--cnn-line); border-radius: 6px; padding: 0 6px; font-size: 12px;
  color: var(--cnn-muted); white-space: nowrap; }
"""


@dataclass(frozen=True)
class Standing:
    """How one exercise went: students graded, how many have all its points, the mean share, and what went wrong."""

    exercise: Exercise
    students: int
    full: int
    some: int
    mean: float
    labels: Counter[tuple[str, bool]]  # (label, whether it is a known mistake) to students


def standings(results: Results) -> list[Standing]:
    """Return how each exercise went, in the order of the notebook."""
    found = []
    for exercise in results.exercises:
        shares, labels = [], Counter()
        for student in results.graded:
            points = sum(student.scores.get(cell, 0) for cell in exercise.cells)
            shares.append(points / exercise.points if exercise.points else 1)
            first = next((failure for failure in student.failures if failure.cell in exercise.cells), None)
            if first:
                labels[first.label, first.mistake is not None] += 1
        full = sum(share >= 1 for share in shares)
        some = sum(0 < share < 1 for share in shares)
        found.append(Standing(exercise, len(shares), full, some, statistics.fmean(shares or [0]), labels))
    return found


def exercise_rows(results: Results) -> list[dict]:
    """Return the table of exercises: one row each."""
    return [{"exercise": one.exercise.name, "points": one.exercise.points, "students": one.students,
             "all_points": one.full, "some_points": one.some, "mean_share": round(one.mean, 4)}
            for one in standings(results)]


def mistake_rows(results: Results) -> list[dict]:
    """Return what went wrong, exercise by exercise, the most frequent first."""
    return [{"exercise": one.exercise.name, "students": count, "classic": "yes" if classic else "no", "what": label}
            for one in standings(results) for (label, classic), count in one.labels.most_common()]


def page(results: Results, flags: list[Flag]) -> str:
    """Return the report as one HTML page."""
    graded = results.graded
    totals = [student.total for student in graded]
    surface = ", ".join(look.TOKENS["surface"])
    parts = [_facts(results, totals, flags), _distribution(results, totals), _exercises(results), _times(graded),
             _flags(results, flags), _open(results)]
    title = escape(f"{results.assignment}: class report")
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{look.css()}{CSS % {'surface': surface}}</style></head>\n"
            f'<body><main class="cnn cnn-class"><h1>{title}</h1>'
            f'<p class="muted">Made {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC. For instructors only: it '
            f"names students.</p>\n" + "\n".join(filter(None, parts)) + "\n</main></body></html>\n")


def _facts(results: Results, totals: list[float], flags: list[Flag]) -> str:
    waiting = sum(bool(student.waits) for student in results.graded)
    failed = sum(bool(student.reason) for student in results.students)
    facts = [(len(totals), "graded"), (failed, "could not be graded"),
             (f"{_short(statistics.fmean(totals))} of {_short(results.points)}", "mean points"),
             (_short(statistics.median(totals)), "median points"), (waiting, "wait for a person's grade"),
             (len({flag.student for flag in flags}), "to be looked at")]
    return '<div class="facts">' + "".join(f"<div><b>{value}</b>{what}</div>" for value, what in facts) + "</div>"


def _distribution(results: Results, totals: list[float]) -> str:
    counts = Counter(min(int(BINS * total / results.points), BINS - 1) if results.points else 0 for total in totals)
    most, step = max(counts.values()), results.points / BINS
    rows = "".join(_row(f"{_short(number * step)} to {_short((number + 1) * step)}", [counts[number] / most],
                        counts[number]) for number in range(BINS))
    return (f"<h2>Distribution of points</h2>{rows}"
            '<p class="muted">Students by points, in tenths of all; the last row holds full marks too.</p>')


def _row(label: str, shares: list[float], value: object) -> str:
    bars = "".join(f'<i style="width:{100 * share:.1f}%"></i>' for share in shares)
    return f'<div class="row"><span>{escape(label)}</span><span class="bar">{bars}</span><span>{value}</span></div>'


def _exercises(results: Results) -> str:
    cards = []
    for one in standings(results):
        full, some = (count / max(one.students, 1) for count in (one.full, one.some))
        items = "".join(f"<li><b>{count}</b><span>{escape(label)}"
                        f"{' <span class=tag>classic mistake</span>' if classic else ''}</span></li>"
                        for (label, classic), count in one.labels.most_common(LISTED))
        more = len(one.labels) - LISTED
        items += f'<li><b>+</b><span class="muted">{more} more in mistakes.csv</span></li>' if more > 0 else ""
        cards.append(f'<section class="card"><div class="head"><h3>{escape(one.exercise.name)}</h3>'
                     f'<span class="muted">{_short(one.exercise.points)} points: {100 * full:.0f} % have all, '
                     f"{100 * some:.0f} % some; mean {100 * one.mean:.0f} %</span></div>"
                     + _row("all points", [full, some], f"{100 * full:.0f} %") + (f"<ul>{items}</ul>" if items else "")
                     + "</section>")
    return ('<h2>Exercises</h2><p class="muted key">Share of students with<i></i>all points and<i></i>some. Below: how '
            "many made which mistake; only the first of a student's in an exercise counts.</p>" + "".join(cards))


def _times(graded: list[Student]) -> str:
    facts = []
    if stamps := sorted(student.timestamp for student in graded if student.timestamp):
        facts.append(f"Handed in between {stamps[0]:%Y-%m-%d %H:%M} and {stamps[-1]:%Y-%m-%d %H:%M} UTC, half of them "
                     f"by {stamps[len(stamps) // 2]:%Y-%m-%d %H:%M}; {sum(one.late > 0 for one in graded)} late.")
    else:
        facts.append("The times of submission are not known: collect with --times.")
    if seconds := [student.seconds for student in graded if student.seconds]:
        facts.append(f"Grading took {statistics.median(seconds):.1f} s a submission (median), {max(seconds):.0f} s at "
                     f"most, {sum(seconds) / 60:.1f} minutes altogether.")
    return "<h2>Time</h2>" + "".join(f"<p>{fact}</p>" for fact in facts)


def _flags(results: Results, flags: list[Flag]) -> str:
    if not flags:
        return "<h2>To be looked at</h2><p>Nothing was flagged.</p>"
    names = {student.id: student.name for student in results.students}
    grouped: dict[str, list[Flag]] = defaultdict(list)
    for flag in flags:
        grouped[flag.student].append(flag)
    cards = "".join(
        f'<section class="card"><div class="head"><h3>{escape(names[student])}</h3>'
        f'<span class="muted">{escape(student)}</span></div><ul>' + "".join(
            f'<li class="wide"><span><span class="tag">{escape(flag.kind)}</span> {escape(flag.reason)}'
            f"{_with(flag.others, names)}</span></li>" for flag in found) + "</ul></section>"
        for student, found in grouped.items())
    return ("<h2>To be looked at</h2><p class=\"muted\">Flagged for a human to look at. A flag is a question: there is "
            f"often a good answer, and none of these cost a point.</p>{cards}")


def _with(others: Iterable[str], names: dict[str, str]) -> str:
    listed = ", ".join(escape(names[one]) for one in others)
    return f" Compare with {listed}." if listed else ""


def _open(results: Results) -> str:
    waiting = [student for student in results.graded if student.waits]
    absent = [student for student in results.students if not student.submitted and not student.scores]
    parts = []
    if waiting:
        parts.append(f"<h2>Waiting for a person's grade</h2><p>{_named(waiting)}</p>")
    if absent:
        parts.append(f"<h2>Nothing handed in, or nothing that could be collected</h2><p>{_named(absent)}</p>")
    return "".join(parts)


def _named(students: list[Student]) -> str:
    return ", ".join(escape(student.name) for student in students)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
