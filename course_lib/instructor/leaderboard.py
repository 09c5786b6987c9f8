"""The class's leaderboard of the capstone: `python -m course_lib.instructor.leaderboard FOLDER [--out FOLDER]`.

FOLDER holds one folder for each student, as nbgrader's submitted/ does. In it, or in a folder inside it, lie
report.json (or a notebook whose output holds the report) and, if the student handed it in, capstone_network.npz. From
that file the network is built again as data and measured here, on scenes that nobody has seen; nothing of a
submission is run. Where there is none, the accuracy is what the report claims, and the board says so.

leaderboard.csv and leaderboard.md are written to the folder of --out. A broken report is listed with its reason, and
stops nothing; symbolic links are refused.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib import capstone, capstone_report
from course_lib.errors import CourseError

SEED = 4404  # of the scenes that submissions are measured on; --seed takes another
NOTEBOOK = 50_000_000  # bytes of a notebook, at most
DEPTH = 3  # folders below a student's own, in which files are looked for
COLUMNS = ("rank", "student", "author", "title", "accuracy", "basis", "claimed", "parameters", "counted", "seconds",
           "device", "note")


@dataclass(frozen=True)
class Entry:
    """One line of the board; what is unknown is None."""

    student: str
    author: str = ""
    title: str = ""
    claimed: float | None = None
    measured: float | None = None
    parameters: int | None = None  # as the report says
    counted: int | None = None  # on the network that was handed in
    seconds: float | None = None
    device: str = ""
    note: str = ""
    rank: int | None = None  # None: not ranked

    @property
    def accuracy(self) -> float | None:
        return self.claimed if self.measured is None else self.measured

    @property
    def basis(self) -> str:
        return "" if self.accuracy is None else "claimed" if self.measured is None else "measured"

    def row(self) -> dict[str, object]:
        """The line as it is written, numbers rounded."""
        told = {name: getattr(self, name) for name in COLUMNS}
        for name in ("accuracy", "claimed"):
            told[name] = None if told[name] is None else f"{told[name]:.2%}"
        told["seconds"] = None if self.seconds is None else round(self.seconds, 1)
        return {name: "" if value is None else value for name, value in told.items()}


def board(folder: Path, seed: int = SEED) -> list[Entry]:
    """The entries of all students of a folder, best first; those without a sound report come last, unranked.

    Two of the same accuracy share a rank, the smaller network in front. Raises CourseError where there is no folder,
    or nothing in it.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder; give the one that holds a folder for each student.")
    students = sorted(path for path in folder.iterdir() if path.is_symlink() or path.is_dir())
    if not students:
        raise CourseError(f"{folder} holds no folders; expected one for each student.")
    entries = [entry(student, seed) for student in students]
    return _ranked(entries)


def entry(student: Path, seed: int = SEED) -> Entry:
    """One student's line; whatever is wrong with the submission is its note."""
    name = student.name
    if student.is_symlink():
        return Entry(name, note="the folder is a symbolic link, which is refused.")
    try:
        found, refused = _files(student)
        told = _report(found)
    except (CourseError, OSError) as fault:
        return Entry(name, note=str(fault))
    made = Entry(name, told["author"], told["title"], told["accuracy"]["test"], None, told["parameters"], None,
                 told["training"]["seconds"], told["training"]["device"], refused)
    return _measured(made, told["data"], found.get(capstone.FILE), seed)


def _files(student: Path) -> tuple[dict[str, Path], str]:
    """The files that count, by name, the notebook under "notebook"; and a note on links, none of which is followed."""
    found, links = {}, []
    for place, folders, names in os.walk(student, followlinks=False):
        depth = len(Path(place).relative_to(student).parts)
        links += [name for name in [*folders, *names] if (Path(place) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < DEPTH else []
        for name in sorted(names):
            path = Path(place) / name
            kind = "notebook" if path.suffix == ".ipynb" else name
            if kind in ("notebook", capstone_report.FILE, capstone.FILE) and path.is_file() and not path.is_symlink():
                found.setdefault(kind, path)
    note = f"refused symbolic links: {', '.join(links[:3])}{' ...' if len(links) > 3 else ''}." if links else ""
    if not found:
        raise CourseError(f"there is no {capstone_report.FILE} and no notebook. {note}".rstrip())
    return found, note


def _report(found: dict[str, Path]) -> dict:
    if capstone_report.FILE in found:
        return capstone_report.read(found[capstone_report.FILE])
    if "notebook" not in found:
        raise CourseError(f"there is no {capstone_report.FILE} and no notebook.")
    path = found["notebook"]
    if path.stat().st_size > NOTEBOOK:
        raise CourseError(f"{path.name} has more than {NOTEBOOK:,} bytes, and is not read.")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as fault:
        raise CourseError(f"{path.name} is no notebook: {fault}.") from None
    reports = list(_outputs(notebook))
    if not reports:
        raise CourseError(f"{path.name} shows no report: its cell was not run, or the notebook not saved afterwards.")
    return capstone_report.checked(reports[-1])


def _outputs(notebook: object) -> Iterator[object]:
    """The reports among the outputs of a notebook, which may be any JSON."""
    for name in ("cells", "outputs"):
        if isinstance(notebook, dict) and isinstance(notebook.get(name), list):
            for inner in notebook[name]:
                yield from _outputs(inner)
    if isinstance(notebook, dict) and isinstance(notebook.get("data"), dict):
        if capstone_report.MIME in notebook["data"]:
            yield notebook["data"][capstone_report.MIME]


def _measured(made: Entry, data: str, file: Path | None, seed: int) -> Entry:
    """The same entry with what its network does here, where it was handed in."""
    if file is None:
        return replace(made, note=f"{made.note} no {capstone.FILE}: the accuracy is a claim.".strip())
    if data != "scenes":
        return replace(made, note=f"{made.note} measured are scenes only, and this report is about {data}.".strip())
    try:
        model, _ = capstone.load(file)
        images = capstone.pictures("test", seed)
        share = capstone.accuracy(model.to(images.x.device), images)
    except (CourseError, OSError, RuntimeError) as fault:
        return replace(made, note=f"{made.note} the network is not measured: {fault}".strip())
    counted = capstone.models.parameters(model)
    notes = [made.note] if made.note else []
    if counted != made.parameters:
        notes.append(f"the report says {made.parameters:,} parameters.")
    # Three standard deviations of 2,000 pictures at 85 % are 2.4 points.
    if abs(share - made.claimed) > 0.03:
        notes.append(f"the report claims {made.claimed:.1%}.")
    return replace(made, measured=share, counted=counted, note=" ".join(notes))


def _ranked(entries: list[Entry]) -> list[Entry]:
    """Best first, ties on one rank and the smaller network in front; without an accuracy at the end, by name."""
    sound = [one for one in entries if one.accuracy is not None]
    sound.sort(key=lambda one: (-round(one.accuracy, 4), one.counted or one.parameters, one.student))
    ranked: list[Entry] = []
    for number, one in enumerate(sound, start=1):
        tied = ranked and round(ranked[-1].accuracy, 4) == round(one.accuracy, 4)
        ranked.append(replace(one, rank=ranked[-1].rank if tied else number))
    return ranked + sorted((one for one in entries if one.accuracy is None), key=lambda one: one.student)


def as_csv(entries: list[Entry]) -> str:
    """The board as CSV; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in entries:
        writer.writerow({name: f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
                         for name, value in one.row().items()})
    return stream.getvalue()


def as_markdown(entries: list[Entry]) -> str:
    """The board as a Markdown table, with what to make of it below."""
    lines = ["# Leaderboard", "", f"| {' | '.join(COLUMNS)} |", f"|{'|'.join('---' for _ in COLUMNS)}|"]
    lines += [f"| {' | '.join(_cell(value) for value in one.row().values())} |" for one in entries]
    lines += ["", "*measured*: the network that was handed in, on scenes that nobody had seen. *claimed*: what the "
                  "report says. Seconds are always claimed. On 2,000 pictures two networks within a point of each "
                  "other are as good as one another."]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    """A value that cannot leave its cell, nor put HTML or a link into the page."""
    text = " ".join(str(value).split())
    return re.sub(r"([\\|`*_\[\]<>#&!~])", lambda found: f"&#{ord(found[1])};", text)


def main(arguments: list[str]) -> int:
    """Write both files and say how many entries there are; return 1 after one sentence if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.leaderboard",
                                     description="Make the capstone's leaderboard from submissions.")
    parser.add_argument("folder", type=Path, help="holds a folder for each student, as nbgrader's submitted/")
    parser.add_argument("--out", type=Path, default=Path.cwd(), help="where leaderboard.csv and .md are written (here)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the scenes to measure on")
    options = parser.parse_args(arguments)
    try:
        entries = board(options.folder, options.seed)
        options.out.mkdir(parents=True, exist_ok=True)
        for name, text in (("leaderboard.csv", as_csv(entries)), ("leaderboard.md", as_markdown(entries))):
            (options.out / name).write_text(text, encoding="utf-8")
    except (CourseError, OSError) as fault:
        print(fault, file=sys.stderr)
        return 1
    ranked = sum(one.rank is not None for one in entries)
    measured = sum(one.measured is not None for one in entries)
    print(f"{ranked} ranked, {measured} of them measured, {len(entries) - ranked} without a sound report")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
