"""Writes what a benchmark measured to data/, with where, when and how it was measured."""

import csv
import datetime
import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
LOAD = os.getloadavg()[0]  # before the benchmark adds its own


def machine() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def write(name: str, rows: list[dict], packages: list[str], **versions: str) -> Path:
    """Writes rows to data/<name>.csv, each with what `where` says of it."""
    path = DATA / f"{name}.csv"
    replace(path, [row | where(packages, **versions) for row in rows])
    for row in rows:
        print("  ".join(f"{column} {value}" for column, value in row.items()))
    return path


def update(name: str, rows: list[dict], packages: list[str], order: Callable[[dict], tuple]) -> Path:
    """As `write`, but earlier rows stay where `order`, by which all are sorted, tells them from the new ones."""
    path = DATA / f"{name}.csv"
    others = [row for row in read(path) if order(row) not in {order(new) for new in rows}]
    write(name, rows, packages)
    replace(path, sorted([*others, *read(path)], key=order))
    return path


def read(path: Path) -> list[dict]:
    """The rows of a CSV; none where it is not there."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def where(packages: list[str], **versions: str) -> dict:
    """Machine, its load, versions, date and command.

    `packages` are installed distributions whose versions are noted beside those given by name.
    """
    versions = {package: importlib.metadata.version(package) for package in packages} | versions
    module = sys.modules["__main__"].__spec__.name.removesuffix(".__main__")
    return {
        "machine": machine(),
        "cores": os.cpu_count(),
        "load": round(LOAD, 1),
        "python": platform.python_version(),
        "versions": "; ".join(f"{package} {version}" for package, version in versions.items()),
        "date": today(),
        "command": " ".join(["python -m", module, *sys.argv[1:]]),
    }


def replace(path: Path, rows: list[dict]) -> None:
    """Writes rows to a CSV, as a whole: a run that is stopped half-way leaves the earlier file as it was."""
    part = path.with_suffix(".part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def today() -> str:
    """The date, in UTC, as 2026-11-22."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()
