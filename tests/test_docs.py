"""Figures in docs/ are those of the CSVs in data/."""

from pathlib import Path

import pytest

from benchmarks import cifar10_budget, cifar10_networks, training_loop

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("benchmark", [cifar10_budget, cifar10_networks, training_loop])
def test_a_table_of_docs_training_is_that_of_its_csv(benchmark):
    table = benchmark.table()
    assert table.count("\n") >= 2, "the CSV has no results"
    assert table in (ROOT / "docs" / "training.md").read_text()
