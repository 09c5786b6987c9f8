"""Writes what a benchmark measured to data/, with where, when and how it was measured."""

import csv
import datetime
import importlib.metadata
import os
import platform
import re
import sys
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
    """Writes rows to data/<name>.csv, each with machine, its load, versions, date and command.

    `packages` are installed distributions whose versions are noted beside those given by name.
    """
    versions = {package: importlib.metadata.version(package) for package in packages} | versions
    module = sys.modules["__main__"].__spec__.name
    where = {
        "machine": machine(),
        "cores": os.cpu_count(),
        "load": round(LOAD, 1),
        "python": platform.python_version(),
        "versions": "; ".join(f"{package} {version}" for package, version in versions.items()),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": " ".join(["python -m", module, *sys.argv[1:]]),
    }
    path = DATA / f"{name}.csv"
    part = path.with_suffix(".part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], *where], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | where for row in rows)
    # A run that is stopped half-way leaves the earlier file as it was.
    part.replace(path)
    for row in rows:
        print("  ".join(f"{column} {value}" for column, value in row.items()))
    return path
