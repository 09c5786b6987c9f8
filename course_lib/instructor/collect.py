"""Collect submissions: `python -m course_lib.instructor.collect 02_kernels_by_hand download.zip [--times list.csv]`.

Takes what a learning platform gives, as a zip or unpacked: Moodle's folders ("Full Name_123_assignsubmission_file_"),
Canvas's files ("lastname_123_456_name.ipynb"), or one folder a student. Each student's latest notebook goes to
`submitted/STUDENT/ASSIGNMENT/`, with its time where the platform's list gives one; everything else is left where
it is. Nothing is done silently: a report lists, student by student, each repair, refusal and choice.

Nothing of an archive is unpacked: notebooks are read out of it, within limits, and written anew, so that a link, a
path that leads elsewhere or a file that unpacks to no end has nothing to act on.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import io
import json
import os
import re
import stat
import sys
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import nbformat
from dateutil import parser as dates

from course_lib.errors import CourseError
from course_lib.instructor.nbgrader_extras import FIRST_LINE
from course_lib.instructor.tables import original, read_csv, write_csv

NOTEBOOK = 64 * 2**20  # bytes, the most that one notebook may have
HEAVY = 8 * 2**20  # a notebook with more loses its outputs
ARCHIVE = 256 * 2**20  # bytes, the most of an archive in an archive
ENTRIES, TOTAL = 200_000, 20 * 2**30  # files and bytes, the most that are looked at altogether
STUDENTS = "students.csv"  # in submitted/: who is behind each student id
COLUMNS = ("id", "name", "platform", "platform_id", "email", "login", "late")

MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)$")
CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<submission>\d+)_(?P<file>.+)$")
# What browsers, Jupyter and Canvas add to a file's name: "name (1)", "name-Copy1", "name-2", "Copy of name".
COPY = re.compile(r"(?:\s*\((\d+)\)|[-_ ]?Copy(\d*)|-(\d+))$")
ASTRAY = "its path leads out of the archive"
SAFE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
STRAY = re.compile(r"(^|/)(__MACOSX|\.ipynb_checkpoints|\.git)/|(^|/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$")


@dataclass(frozen=True)
class Entry:
    """One file that was handed in: its path as given, how to read it (at most so many bytes), and its own time."""

    path: str
    size: int
    read: Callable[[int], bytes]
    modified: float = 0
    refused: str = ""


@dataclass
class Found:
    """A notebook of the assignment in one entry, ready to be written, with what was repaired on the way."""

    entry: Entry
    notebook: dict
    name: str
    copy: int
    repairs: list[str] = field(default_factory=list)


@dataclass
class Owner:
    """A student as the platform names one, the notebooks found, and what else was: (what, file, detail)."""

    name: str
    platform: str
    platform_id: str = ""
    late: bool = False
    found: list[Found] = field(default_factory=list)
    others: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A line of the report: `what` is collected, repaired, duplicate, refused, ignored, missing or time."""

    student: str
    what: str
    file: str
    detail: str


def collect(root: Path, assignment: str, source: Path, times: Path | None = None,
            zone: str = "UTC") -> list[Line]:
    """Collect one assignment's submissions from a zip or folder into `submitted/` below `root`; return the report.

    `times` is the platform's own list, a CSV; a time in it without a zone is one of `zone`. Raises CourseError for
    what cannot be read at all.
    """
    known = _released(root)
    if assignment not in known:
        raise CourseError(f"There is no notebook {assignment!r} below {root / 'notebooks'} but "
                          f"{', '.join(known) or 'none'}; run `make release` first.")
    lines: list[Line] = []
    owners: dict[tuple[str, str], Owner] = {}
    entries = list(_entries(source))
    prefix = _common(entries)
    for entry in entries:
        owner = None if entry.refused == ASTRAY else _owner(entry.path.removeprefix(prefix))
        if owner is None:
            lines.append(Line("", "refused" if entry.refused else "ignored", entry.path,
                              entry.refused or "it lies in no student's folder"))
            continue
        first = owners.setdefault((owner.platform, owner.platform_id or owner.name), owner)
        first.late |= owner.late
        try:
            first.found.append(_read(entry, assignment, known))
        except _Ignored as reason:
            first.others.append(("ignored", entry.path, str(reason)))
        except CourseError as reason:
            first.others.append(("refused", entry.path, str(reason)))
    listed = _Times(times, zone) if times else None
    table = read_students(root)
    ids = {(row["platform"], row["platform_id"] or row["name"]): student for student, row in table.items()}
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=_submitted(root)) as folder:
        for key, owner in sorted(owners.items(), key=lambda item: (item[1].name.casefold(), item[0])):
            student = ids.get(key) or _new_id(owner, table)
            row = table.setdefault(student, dict.fromkeys(COLUMNS, "") | {
                "id": student, "name": owner.name, "platform": owner.platform, "platform_id": owner.platform_id})
            row["late"] = "late" if owner.late else ""
            lines += [Line(student, *other) for other in owner.others]
            lines += _place(root, assignment, row, owner.found, listed, Path(folder))
    if listed:
        lines += [Line("", "missing", "", f"{who} is in the list and handed nothing in") for who in listed.absent()]
    write_students(root, table)
    write_csv(_submitted(root) / f"collected_{assignment}.csv", [vars(line) for line in lines],
              ("student", "what", "file", "detail"))
    return lines


def _submitted(root: Path) -> Path:
    place = root / "submitted"
    place.mkdir(exist_ok=True)
    return place


# --------------------------------------------------------------------------------------------------- what is there

def _entries(source: Path) -> Iterator[Entry]:
    """Go through a zip or a folder; refuse, by their entry, links and paths that lead elsewhere."""
    if source.is_dir():
        yield from _limited(_folder(source))
    elif source.is_file() and zipfile.is_zipfile(source):
        yield from _limited(_zip(source, ""))
    else:
        raise CourseError(f"{source} is neither a zip nor a folder: give the platform's download as it came.")


def _limited(entries: Iterator[Entry]) -> Iterator[Entry]:
    total = 0
    for count, entry in enumerate(entries, start=1):
        total += entry.size if entry.path.endswith((".ipynb", ".zip")) else 0
        if count > ENTRIES or total > TOTAL:
            raise CourseError(f"There are more than {ENTRIES} files or {TOTAL // 2**30} GB: no class hands in so much; "
                              "look at the download.")
        yield entry


def _folder(source: Path) -> Iterator[Entry]:
    for place, folders, names in os.walk(source):
        folders.sort()
        for name in sorted([*names, *(one for one in folders if (Path(place) / one).is_symlink())]):
            path = Path(place) / name
            state = path.lstat()

            def read(most: int, path: Path = path) -> bytes:
                with path.open("rb") as file:
                    return file.read(most)

            entry = Entry(path.relative_to(source).as_posix(), state.st_size, read, state.st_mtime)
            if not stat.S_ISREG(state.st_mode):
                yield Entry(entry.path, 0, entry.read, refused="a link, or no file at all; it is not followed")
            elif name.endswith(".zip"):
                yield from _nested(entry)
            else:
                yield entry


def _zip(source: Path | io.BytesIO, prefix: str) -> Iterator[Entry]:
    """The files of an archive; it stays open as long as one of them may be read."""
    archive = zipfile.ZipFile(source)
    for info in archive.infolist():
        if info.is_dir():
            continue
        path = info.filename.replace("\\", "/")
        parts = PurePosixPath(path).parts
        modified = datetime.datetime(*info.date_time, tzinfo=datetime.UTC).timestamp() if _dated(info) else 0

        def read(most: int, info: zipfile.ZipInfo = info) -> bytes:
            with archive.open(info) as file:
                return file.read(most)

        entry = Entry(prefix + path, info.file_size, read, modified)
        if stat.S_ISLNK(info.external_attr >> 16):
            yield Entry(entry.path, 0, read, refused="a link; it is not followed")
        elif path.startswith("/") or ".." in parts or ":" in parts[0]:
            yield Entry(entry.path, 0, read, refused=ASTRAY)
        elif info.flag_bits & 1:
            yield Entry(entry.path, 0, read, refused="encrypted")
        elif path.endswith(".zip") and not prefix:
            yield from _nested(entry)
        else:
            yield entry


def _dated(info: zipfile.ZipInfo) -> bool:
    try:
        datetime.datetime(*info.date_time)
    except ValueError:
        return False
    return True


def _nested(entry: Entry) -> Iterator[Entry]:
    """The files of an archive that a student handed in; archives in it are not opened."""
    data = entry.read(ARCHIVE + 1)
    if len(data) > ARCHIVE:
        yield Entry(entry.path, 0, entry.read, refused=f"an archive of more than {ARCHIVE // 2**20} MB")
    elif not zipfile.is_zipfile(io.BytesIO(data)):
        yield Entry(entry.path, 0, entry.read, refused="no archive, or a damaged one")
    else:
        yield from _zip(io.BytesIO(data), f"{entry.path}/")


def _common(entries: list[Entry]) -> str:
    """The folder that everything lies in, as an unpacked download often has one; "" where that is a student's."""
    tops = {entry.path.split("/")[0] for entry in entries if not STRAY.search(entry.path)}
    if len(tops) != 1:
        return ""
    top = tops.pop()
    below = {entry.path.split("/")[1] for entry in entries if entry.path.count("/") >= 2}
    deep = all(entry.path.count("/") >= 2 for entry in entries if entry.path.startswith(f"{top}/"))
    named = any(MOODLE.match(one) for one in below) or any(
        CANVAS.match(entry.path.split("/")[1]) for entry in entries if entry.path.count("/") == 1)
    return f"{top}/" if not MOODLE.match(top) and (named or (deep and len(below) > 1)) else ""


def _owner(path: str) -> Owner | None:
    """Who a file belongs to, from its path; None where nothing tells."""
    first, _, rest = path.partition("/")
    if found := MOODLE.match(first):
        return Owner(found["name"], "moodle", found["id"])
    if not rest and (found := CANVAS.match(first)):
        return Owner(found["name"], "canvas", found["id"], bool(found["late"]))
    return Owner(first, "folder") if rest and first != "__MACOSX" else None


# ------------------------------------------------------------------------------------------------- reading notebooks

class _Ignored(Exception):
    """A file that is nobody's notebook."""


def _released(root: Path) -> dict[str, set[str]]:
    """The grade ids of each released notebook, by its name."""
    return {path.stem: {cell["metadata"]["nbgrader"]["grade_id"]
                        for cell in json.loads(path.read_bytes())["cells"] if "nbgrader" in cell["metadata"]}
            for path in sorted(root.glob("notebooks/*/*.ipynb")) if path.stem == path.parent.name}


def _read(entry: Entry, assignment: str, known: dict[str, set[str]]) -> Found:
    """Read an entry as this assignment's notebook. Raises _Ignored for another file, CourseError for a broken one."""
    if STRAY.search(entry.path):
        raise _Ignored("left by an editor or a system")
    if entry.refused:
        raise CourseError(entry.refused)
    inside = MOODLE.match(entry.path.split("/")[-1]) or CANVAS.match(entry.path.split("/")[-1])
    name = (inside["file"] or entry.path) if inside else entry.path
    stem, _, suffix = name.split("/")[-1].rpartition(".")
    if suffix.lower() != "ipynb":
        raise _Ignored("no notebook")
    try:
        data = entry.read(NOTEBOOK + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError) as error:
        raise CourseError(f"it cannot be unpacked: {error}") from None
    if len(data) > NOTEBOOK:
        raise CourseError(f"it has more than {NOTEBOOK // 2**20} MB: ask for the notebook without its outputs")
    found = _parse(entry, data)
    found.name, found.copy = _plain_name(stem)
    ids = _ids(found.notebook)
    if found.name != assignment:
        match = max(known, key=lambda one: len(known[one] & ids))
        if not known[match] & ids:
            raise _Ignored("a notebook that is none of the course's")
        if match != assignment:
            raise CourseError(f"it is the notebook {match}, and {assignment} is collected")
    elif ids and not known[assignment] & ids:
        match = max(known, key=lambda one: len(known[one] & ids))
        raise CourseError(f"it has this notebook's name and the cells of {match}" if known[match] & ids else
                          "it has this notebook's name and none of its cells")
    if stem != assignment:
        found.repairs.append(f"renamed from {stem}.ipynb")
    _mend(found, len(data), known[assignment])
    return found


def _plain_name(stem: str) -> tuple[str, int]:
    """The name without what was added to it for a copy, and the number of the copy."""
    stem, copy = stem.removeprefix("Copy of ").removeprefix("Copy_of_"), 0
    while found := COPY.search(stem):
        copy, stem = max(copy, int(next(filter(None, found.groups()), 0) or 0)), stem[:found.start()]
    return stem, copy


def _parse(entry: Entry, data: bytes) -> Found:
    try:
        encoding = json.detect_encoding(data)
        content = json.loads(data.decode(encoding))
        notebook = nbformat.from_dict(content)
        if notebook["nbformat"] < 4:
            notebook = nbformat.convert(notebook, 4)
        if not isinstance(notebook["cells"], list):
            raise TypeError("its cells are no list")
        for cell in notebook["cells"]:
            if not isinstance(cell["cell_type"], str):
                raise TypeError("a cell has no type")
            cell["source"] = "".join(cell["source"])
            cell.setdefault("metadata", nbformat.from_dict({}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, nbformat.ValidationError) as error:
        raise CourseError(f"it is no notebook: {type(error).__name__}: {str(error)[:120]}") from None
    found = Found(entry, notebook, "", 0)
    if encoding not in ("utf-8", "ascii"):
        found.repairs.append(f"written in {encoding}, now in utf-8")
    if content.get("nbformat") != 4:
        found.repairs.append(f"of notebook format {content.get('nbformat')}, now 4")
    return found


def _ids(notebook: dict) -> set[str]:
    """The grade ids that a notebook's cells claim in their metadata or name in their first line."""
    claimed = {_claimed(cell) for cell in notebook["cells"]}
    named = {line.group(1) for cell in notebook["cells"] if (line := FIRST_LINE.match(cell["source"]))}
    return (claimed | named) - {None}


def _claimed(cell: dict) -> str | None:
    meta = cell["metadata"].get("nbgrader")
    grade_id = meta.get("grade_id") if isinstance(meta, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _mend(found: Found, size: int, wanted: set[str]) -> None:
    """Note what grading will restore, and drop outputs that are too heavy to carry along."""
    cells = found.notebook["cells"]
    claimed = [_claimed(cell) for cell in cells if _claimed(cell) in wanted]
    named = {line.group(1) for cell in cells if (line := FIRST_LINE.match(cell["source"]))} & wanted
    if lost := sorted(named - set(claimed)):
        found.repairs.append(f"{len(lost)} of {len(wanted)} graded cells had lost their metadata and are known by "
                             "their first line; grading restores it")
    if gone := sorted(wanted - set(claimed) - named):
        found.repairs.append(f"without {', '.join(gone[:6])}{' ...' if len(gone) > 6 else ''}; grading puts missing "
                             "test cells back")
    if twice := sorted({one for one in claimed if claimed.count(one) > 1}):
        found.repairs.append(f"{', '.join(twice)} there more than once; the last copy counts")
    if size > HEAVY:
        for cell in cells:
            if "outputs" in cell:
                cell["outputs"] = []
        found.repairs.append(f"{size / 2**20:.0f} MB large, so its outputs were dropped")


# ------------------------------------------------------------------------------------------------------- placing

def _place(root: Path, assignment: str, row: dict, candidates: list[Found], listed: _Times | None,
           folder: Path) -> list[Line]:
    """Write a student's latest notebook and its time; return the lines of the report."""
    student = row["id"]
    when = listed.of(row) if listed else None
    lines = [Line(student, "time", "", listed.fault(row))] if listed and not when else []
    if not candidates:
        return [*lines, Line(student, "missing", "", "nothing that can be collected")]
    *others, best = sorted(candidates, key=_age)
    text = nbformat.writes(nbformat.from_dict(best.notebook)) + "\n"
    lines += [Line(student, "duplicate", one.entry.path, "the same as the one collected" if
                   one.notebook == best.notebook else f"older than {best.entry.path}, not collected")
              for one in others]
    place = root / "submitted" / student / assignment
    files = {f"{assignment}.ipynb": text}
    if when:
        files["timestamp.txt"] = f"{when:%Y-%m-%d %H:%M:%S} UTC\n"
    before = {path.name: path.read_text(encoding="utf-8") for path in place.glob("*") if path.is_file()}
    if before == files:
        return [*lines, Line(student, "collected", best.entry.path, "as before")]
    if before and _stamp(before) and when and _stamp(before) > when:
        return [*lines, Line(student, "duplicate", best.entry.path,
                             f"of {when:%Y-%m-%d %H:%M} UTC, and one of {_stamp(before):%Y-%m-%d %H:%M} was collected")]
    made = folder / hashlib.sha256(student.encode()).hexdigest()
    made.mkdir()
    for name, content in files.items():
        (made / name).write_text(content, encoding="utf-8")
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        place.rename(made.with_suffix(".old"))
        lines.append(Line(student, "duplicate", "", "takes the place of what was collected earlier"))
    made.rename(place)
    lines.append(Line(student, "collected", best.entry.path,
                      f"handed in {when:%Y-%m-%d %H:%M} UTC" if when else "time not known"))
    if row["late"]:
        lines.append(Line(student, "time", best.entry.path, "marked LATE by the platform"))
    return lines + [Line(student, "repaired", best.entry.path, repair) for repair in best.repairs]


def _age(found: Found) -> tuple:
    """Later is larger: Canvas numbers its files as they come; else the file's own time, then the number of the copy."""
    canvas = CANVAS.match(found.entry.path.split("/")[-1])
    return int(canvas["submission"]) if canvas else 0, found.entry.modified, found.copy, found.entry.path


def _stamp(files: dict[str, str]) -> datetime.datetime | None:
    text = files.get("timestamp.txt", "").removesuffix(" UTC\n")
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC) if text else None


# ----------------------------------------------------------------------------------------------- ids, names, times

def read_students(root: Path) -> dict[str, dict]:
    """Return who is behind each student id: rows of `submitted/students.csv`, by id."""
    path = root / "submitted" / STUDENTS
    if not path.exists():
        return {}
    rows = [{key: original(value) for key, value in row.items()} for row in read_csv(path)[0]]
    return {row["id"]: row for row in rows}


def write_students(root: Path, table: dict[str, dict]) -> None:
    """Write `submitted/students.csv`, as a whole."""
    write_csv(_submitted(root) / STUDENTS, [table[key] for key in sorted(table)], COLUMNS)


def _new_id(owner: Owner, table: dict[str, dict]) -> str:
    """An id for a new student that every file system takes: ASCII letters, digits and hyphens, unique in any case."""
    taken = {student.casefold() for student in table}
    if owner.platform == "folder" and SAFE.match(owner.name) and owner.name.casefold() not in taken:
        return owner.name
    plain = unicodedata.normalize("NFKD", owner.name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "student"
    return f"{slug}-{owner.platform_id or hashlib.sha256(owner.name.encode()).hexdigest()[:8]}"


class _Times:
    """The platform's own list: a CSV with a column that tells students apart and one with the time."""

    WHO = ("identifier", "id", "user_id", "canvas user id", "email address", "email", "sis login id", "username",
           "full name", "student", "name")
    WHEN = ("last modified (submission)", "submitted_at", "submitted at", "submission time", "last modified",
            "timestamp", "time")

    def __init__(self, path: Path, zone: str) -> None:
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise CourseError(f"There is no time zone {zone!r}; name one as Europe/Paris.") from None
        rows = [{(key or "").strip().casefold(): (value or "").strip() for key, value in row.items()
                 if not isinstance(value, list)} for row in read_csv(path)[0]]
        columns = set(rows[0]) if rows else set()
        self.when = next((one for one in self.WHEN if one in columns), None)
        self.who = [one for one in self.WHO if one in columns]
        if not self.when or not self.who:
            raise CourseError(f"{path} has the columns {', '.join(sorted(columns)) or 'of an empty file'}; expected "
                              f"one of {', '.join(self.WHO)} and one of {', '.join(self.WHEN)}.")
        self.rows, self.used = rows, set()
        self.index: dict[tuple[str, str], int] = {}
        for number, row in enumerate(rows):
            for column in self.who:
                self.index.setdefault((column, self._key(column, row[column])), number)

    @staticmethod
    def _key(column: str, value: str) -> str:
        if column == "identifier":  # Moodle's "Participant 123", in the language of the site
            return (re.findall(r"\d+", value) or [""])[-1]
        # Canvas's files are called after the name without anything but its letters.
        return "".join(filter(str.isalnum, value.casefold())) if column in ("full name", "student", "name") else value

    def _row(self, student: dict) -> dict | None:
        for column in self.who:
            values = [student["platform_id"], student["email"], student["login"]]
            if column in ("full name", "student", "name"):
                values = [student["name"]]
            for value in filter(None, values):
                number = self.index.get((column, self._key(column, value)))
                if number is not None:
                    self.used.add(number)
                    return self.rows[number]
        return None

    def of(self, student: dict) -> datetime.datetime | None:
        """When a student handed in, in UTC; None where the list does not tell. Completes the student's row."""
        row = self._row(student)
        if row is None:
            return None
        student["email"] = row.get("email address") or row.get("email") or student["email"]
        student["login"] = row.get("sis login id") or row.get("username") or student["login"]
        if student["platform"] == "canvas" or student["name"].casefold().startswith("participant"):
            student["name"] = row.get("full name") or row.get("student") or student["name"]
        try:
            when = dates.parse(row[self.when])
        except (ValueError, OverflowError):
            return None
        when = when if when.tzinfo else when.replace(tzinfo=self.zone)
        return when.astimezone(datetime.UTC)

    def fault(self, student: dict) -> str:
        """Why `of` found no time."""
        row = self._row(student)
        return "not in the list of times" if row is None else f"the list's time {row[self.when]!r} cannot be read"

    def absent(self) -> list[str]:
        """Those in the list of whom nothing was found."""
        names = ("full name", "student", "name", *self.who)
        return [next((row[one] for one in names if row.get(one)), "?")
                for number, row in enumerate(self.rows) if number not in self.used]


def main(arguments: list[str]) -> int:
    """Collect, and print the report; return 1 if there is a student of whom nothing could be collected."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.collect",
                                     description="Collect the submissions of an assignment.")
    parser.add_argument("assignment", help="as 02_kernels_by_hand")
    parser.add_argument("source", type=Path, help="the platform's download: a zip or a folder")
    parser.add_argument("--times", type=Path, help="the platform's list, a CSV with the times of submission")
    parser.add_argument("--zone", default="UTC", help="time zone of times that name none, as Europe/Paris (UTC)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the course (here)")
    options = parser.parse_args(arguments)
    try:
        lines = collect(options.root, options.assignment, options.source, options.times, options.zone)
    except (CourseError, OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    for line in lines:
        if line.what != "collected":
            print(": ".join(filter(None, (line.student, line.what, line.file, line.detail))))
    empty = [line.student for line in lines if line.what == "missing" and line.student]
    count = len({line.student for line in lines if line.what == "collected"})
    print(f"{count} submissions of {options.assignment} in {options.root / 'submitted'}; "
          f"{len(empty)} students of whom nothing could be collected")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
