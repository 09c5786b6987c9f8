"""The course's architecture in one picture, for the contributors' guide: `python -m tools.architecture`.

Writes docs/images/architecture.svg, which follows the reader's light or dark theme. The floors drawn here are those
that tests/test_architecture.py holds the imports of course_lib/ to.
"""

from html import escape
from pathlib import Path

from course_lib import look

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
WIDTH, HEIGHT = 940, 580

# From the roof down: number, what the floor is for, its rooms (files or folders of course_lib/).
FLOORS = (
    (3, "for those who teach", ("instructor",)),
    (2, "what notebooks show and ask", ("widgets", "checks", "quiz")),
    (1, "PyTorch: networks and training", ("models", "training", "transfer", "explain", "tracing", "gradients",
                                           "pretrained", "batches", "optimizers", "devices", "modes", "capstone",
                                           "figures", "progress")),
    (0, "no torch: numbers, data, words", ("ops", "geometry", "data", "numpy_net", "recipes", "lessons", "sealed",
                                           "look", "budget", "download", "archives", "errors")),
)
# What happens to a notebook, from left to right: what it is, where it lies, what brings it to the next box.
WAY = (
    ("one source", "solutions/", "make release"),
    ("what students open", "notebooks/", "they work"),
    ("what they hand in", "submitted/", "grading"),
    ("marks, feedback", "feedback/", ""),
)
BESIDE = (
    ("tests/", "mirrors course_lib/ and solutions/"),
    ("benchmarks/", "measure; their CSVs lie in data/"),
    ("data/", "results that texts and tests read"),
    ("docs/", "guides; their figures are tested"),
    ("tools/", "set-up, upgrades, pictures"),
)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" class="{kind}"/>'


def _style() -> str:
    def colours(dark: bool) -> str:
        ink, muted, line, panel = (look.colour(name, dark) for name in ("ink", "muted", "line", "panel"))
        fills = "".join(f".{name} {{ fill: {look.colour(name, dark)}; stroke: {line}; }}"
                        f".{name}-ink {{ fill: {look.colour(f'{name}-ink', dark)}; }}"
                        for name in ("input", "kernel", "output"))
        return (f"text {{ fill: {ink}; }} .muted {{ fill: {muted}; }} .floor {{ fill: {panel}; stroke: {line}; }} "
                f".paper {{ fill: {look.colour('surface', dark)}; }} .arrow {{ stroke: {muted}; fill: none; }} "
                f".head {{ fill: {muted}; }} {fills}")

    return (f"text {{ font: 14px {look.FONT}; }} .small {{ font-size: 12.5px; }} .strong {{ font-weight: 650; }} "
            f"{colours(False)} @media (prefers-color-scheme: dark) {{ {colours(True)} }}")


def _way() -> list[str]:
    """The row of boxes on top."""
    parts, width, gap, y = [], 140, 100, 20
    for number, (what, where, then) in enumerate(WAY):
        x = (WIDTH - len(WAY) * width - (len(WAY) - 1) * gap) / 2 + number * (width + gap)
        kind = ("input", "output", "input", "output")[number]
        parts += [_box(x, y, width, 56, kind), _text(x + width / 2, y + 23, where, f"strong {kind}-ink"),
                  _text(x + width / 2, y + 43, what, f"small {kind}-ink")]
        if then:
            start, end = x + width + 6, x + width + gap - 6
            parts += [f'<path d="M{start:g} {y + 28}H{end - 7:g}" class="arrow" stroke-width="1.5"/>',
                      f'<path d="M{end:g} {y + 28}l-8 -4.5v9z" class="head"/>',
                      _text((start + end) / 2, y + 18, then, "small muted")]
    return parts


def _house() -> list[str]:
    """The floors of course_lib/, a room a chip."""
    left, width, y = 40, 580, 130
    parts = [_text(left, y - 14, "course_lib/: a file imports from its own floor and the floors below", "strong",
                   "start")]
    for number, title, rooms in FLOORS:
        rows, line, used = [[]], 0, 0.0
        for room in rooms:
            wide = 9 * len(room) + 22
            if used + wide > width - 32:
                rows.append([])
                line, used = line + 1, 0.0
            rows[line].append((room, used, wide))
            used += wide + 8
        tall = 40 + 34 * len(rows)
        parts += [_box(left, y, width, tall, "floor"),
                  _text(left + 16, y + 23, f"floor {number}", "strong", "start"),
                  _text(left + 78, y + 23, title, "muted", "start")]
        for line, row in enumerate(rows):
            for room, x, wide in row:
                top = y + 34 + 34 * line
                parts += [_box(left + 16 + x, top, wide, 27, "kernel"),
                          _text(left + 16 + x + wide / 2, top + 18, room, "small kernel-ink")]
        y += tall + 10
    return parts


def _beside() -> list[str]:
    parts, x, y = [], 650, 130
    for where, what in BESIDE:
        parts += [_box(x, y, 250, 56, "floor"), _text(x + 14, y + 23, where, "strong", "start"),
                  _text(x + 14, y + 43, what, "small muted", "start")]
        y += 66
    return parts


def picture() -> str:
    """The picture as SVG."""
    title = ("One source per notebook becomes what students open, hand in and get back; course_lib has four floors, "
             "each importing only from its own and those below; tests, benchmarks, data, docs and tools stand beside.")
    body = "\n".join([_box(0, 0, WIDTH, HEIGHT, "paper"), *_way(), *_house(), *_beside()])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
            f"<title>{title}</title>\n<style>{_style()}</style>\n{body}\n</svg>\n")


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
