"""Figures in docs/ are those of the CSVs in data/."""

from pathlib import Path

import pytest

from benchmarks import cifar10_budget, cifar10_networks, record, training_loop

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("benchmark", [cifar10_budget, cifar10_networks, training_loop])
def test_a_table_of_docs_training_is_that_of_its_csv(benchmark):
    table = benchmark.table()
    assert table.count("\n") >= 2, "the CSV has no results"
    assert table in (ROOT / "docs" / "training.md").read_text()


def test_what_docs_training_says_of_resnet20_on_the_way():
    crops, end = (f"{100 * float(row['validation_accuracy']):.1f} %" for row in
                  record.read(cifar10_networks.CURVES) if row["epoch"] in ("24.0", "40.0"))
    text = (ROOT / "docs" / "training.md").read_text()
    assert f"After 24 passes its validation accuracy is {crops}" in text and f"bring it to {end}" in text
