"""The table of slide 42 (G. Huang et al., arXiv:1608.06993, table 2): as published, beside what our networks count.

``published.csv`` has the paper's numbers as printed, its stars kept ("run by ourselves") and its bold type not, "-"
where it has none; then the source of each row, the network here and its options, and the key of a note in NOTES.
What is counted and what was reached are never in that file: the first is counted when asked for, the second read
from ``data/``.
"""

import csv
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from . import build, parameters

ERRORS = ("C10", "C10+", "C100", "C100+", "SVHN")
MEASURED = Path(__file__).resolve().parents[2] / "data"

# Why a row's own network counts otherwise than the paper prints; tests/models/test_table.py checks every number.
NOTES = {
    "fractal": "FractalNet's 38.6M cannot be reproduced from what is published. Five blocks of three columns with 64, "
               "128, 256, 512 and 512 channels, as the network generator of its authors has them too, make 33.7M. "
               "38.6M would come out if a 1x1 convolution widened the maps before a block, and all seven 3x3 "
               "convolutions in it had the full width; the generator has nothing of the kind.",
    "stochastic": "Printed wrongly: stochastic depth adds and takes away no parameter, so this network has as many as "
                  "ResNet-1202, 19.4M (He et al., arXiv:1512.03385, table 6). 10.2M is what the table also prints for "
                  "the pre-activation network of 1001 layers.",
    "preactivation": "10.3M with all that is learned, for the unit in the paper's Torch code: a 1x1 convolution as "
                     "shortcut where the shape changes. Without these three, 10.29M, which is still 10.3M. 10.2M comes "
                     "out if the scales and shifts of batch normalisation are not counted: 10.18M.",
}


@dataclass(frozen=True)
class Reached:
    """What a trained network reached: test error in percent, seconds of training, on what, and the file it is from."""

    error: float
    seconds: float
    device: str
    file: str


@dataclass(frozen=True)
class Row:
    """One row of the table. ``params`` and ``errors`` are as printed; ``counted`` is our network's."""

    method: str
    depth: str
    params: str
    errors: dict[str, str]
    reference: str
    source: str
    name: str
    options: dict[str, float]
    note: str
    counted: int
    reached: list[Reached]

    @property
    def rounded(self) -> str:
        """What is counted, as the paper prints it: 1.7M."""
        return f"{self.counted / 1e6:.1f}M"

    @property
    def verdict(self) -> str:
        """"same", "differs", or "-" where the paper prints no number."""
        return "-" if self.params == "-" else "same" if self.params == self.rounded else "differs"


def rows(measured: Path = MEASURED) -> list[Row]:
    """The 21 rows in the paper's order; the networks are built on the meta device, with ten classes."""
    found = list(_measurements(measured))
    with open(Path(__file__).with_name("published.csv"), newline="") as file:
        return [_row(line, found) for line in csv.DictReader(file)]


def _row(line: dict[str, str], found: list[tuple[str, Reached]]) -> Row:
    options = {key: float(value) for key, value in (pair.split("=") for pair in line["options"].split())}
    counted = _count(line["name"], tuple(options.items()))
    return Row(line["method"], line["depth"], line["params"], {key: line[key] for key in ERRORS}, line["reference"],
               line["source"], line["name"], options, line["note"], counted,
               [reached for name, reached in found if name == line["name"]])


@cache
def _count(name: str, options: tuple[tuple[str, float], ...]) -> int:
    with torch.device("meta"):
        return parameters(build(name, **dict(options)))


def _measurements(folder: Path) -> Iterator[tuple[str, Reached]]:
    """(network, what it reached) of every line about CIFAR-10 in the folder's CSVs that say so.

    Such a CSV has the columns model (a name in MODELS), data, test_accuracy (from 0 to 1), seconds and device.
    """
    for path in sorted(folder.glob("*.csv")):
        with open(path, newline="") as file:
            for line in csv.DictReader(file):
                if {"model", "data", "test_accuracy", "seconds", "device"} <= {*line} and line["data"] == "cifar10":
                    error = 100 * (1 - float(line["test_accuracy"]))
                    yield line["model"], Reached(error, float(line["seconds"]), line["device"], path.name)


def text(table: list[Row], width: int = 118) -> str:
    """The table for a terminal, with the notes below it."""
    numbers = {key: index for index, key in enumerate(dict.fromkeys(row.note for row in table if row.note), 1)}
    lines = [["method", "depth", "printed", "counted", "", "", *map(_number, ERRORS), "reached, C10+"]]
    for row in table:
        mark = {"same": "=", "differs": f"({numbers.get(row.note, '?')})", "-": ""}[row.verdict]
        best = min(row.reached, key=lambda reached: reached.error, default=None)
        indent = "  " if row.method.startswith("with ") else ""  # of the method in the line above
        lines.append([indent + row.method, row.depth, row.params, row.rounded, f"{row.counted:,}", mark,
                      *map(_number, row.errors.values()),
                      f"{best.error:.2f} (best of {len(row.reached)})" if best else ""])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    out = [" ".join(cell.ljust(wide) if place in (0, 5, 11) else cell.rjust(wide)
                    for place, (cell, wide) in enumerate(zip(line, widths, strict=True))).rstrip() for line in lines]
    out = ["Test error in %, as printed in table 2 of arXiv:1608.06993 (slide 42), and parameters: printed there, and",
           "counted on the course's networks with ten classes.", "",
           out[0], "-" * max(map(len, out)), *out[1:]]
    out += ["", "-  the paper prints none     *  run by the authors of DenseNet     +  with standard augmentation",
            "=  the same, rounded as printed", ""]
    for key, number in numbers.items():
        out.append(textwrap.fill(f"({number}) {NOTES[key]}", width, subsequent_indent="    "))
    return "\n".join(out)


def _number(printed: str) -> str:
    """With the place of a star, so that numbers with and without one stand below each other."""
    return printed if printed.endswith("*") else printed + " "
