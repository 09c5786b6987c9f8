"""Figures in docs/ are those of the CSVs in data/."""

from pathlib import Path

from benchmarks import cifar10_budget

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_of_docs_training_is_that_of_the_csv():
    table = cifar10_budget.table()
    assert table.count("\n") >= 2, "the CSV has no results"
    assert table in (ROOT / "docs" / "training.md").read_text()
