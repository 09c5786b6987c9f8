"""Writes what the widget LabelsAgainstAccuracy shows from data/transfer_runs.csv; runs nothing.

    python -m benchmarks.labels
"""

import csv

from course_lib.widgets.labels_against_accuracy import RECORDED, packed

from . import record

RUNS = record.DATA / "transfer_runs.csv"
NEAR = [["fast_cifar10", "faces"], ["fast_digits", "digits"]]  # as in benchmarks.transfer; the others are far


def text() -> str:
    """The widget's file as it should be."""
    if not RUNS.exists():
        return packed([], "", "", NEAR)
    with RUNS.open() as file:
        rows = list(csv.DictReader(file))
    seeds = len({row["seed"] for row in rows})
    setting = f"{len(rows)} runs, {seeds} seeds for each arm and count of labels"
    command = " ".join(rows[0]["command"].split()[:3])  # without the parts, which were recorded one by one
    return packed(rows, setting, command, NEAR)


if __name__ == "__main__":
    RECORDED.write_text(text())
