"""CSV files that instructors open in a spreadsheet and that hold what strangers wrote."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, rows: Iterable[dict], columns: Sequence[str], checked: bool = True) -> None:
    """Write a CSV as a whole; unless not `checked`, no text in it can be taken for a formula (see `harmless`)."""
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: harmless(value) if checked else value for key, value in row.items()} for row in rows)
    partial.replace(path)


def read_csv(path: Path) -> tuple[list[dict], list[str]]:
    """Read a CSV, of a platform's or of `write_csv`; return its rows and the names of its columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader), list(reader.fieldnames or [])


def harmless(value: object) -> object:
    """Return a text that would start a formula with a quote in front, and anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def original(value: str) -> str:
    """Return a text as it was before `harmless`."""
    return value[1:] if value[:1] == "'" and value[1:].startswith(FORMULA) else value
