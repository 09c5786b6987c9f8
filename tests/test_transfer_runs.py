"""What the course claims of transfer is what data/transfer_*.csv hold: near, far, and real photographs."""

import csv
import statistics

import pytest

from tests.harness import ROOT


def reached(name: str, **wanted: str) -> list[float]:
    """Test accuracies, in percent, of the rows that have the wanted values."""
    with (ROOT / "data" / f"{name}.csv").open(newline="") as file:
        return [100 * float(row["test_accuracy"]) for row in csv.DictReader(file)
                if all(row[column] == value for column, value in wanted.items())]


@pytest.mark.parametrize("near, far, target", [("fast_digits", "fast_cifar10", "digits"),
                                               ("fast_cifar10", "fast_digits", "faces")])
def test_near_beats_from_scratch_with_ranges_apart_and_far_gains_little(near, far, target):
    scratch, close, distant = (
        reached("transfer_runs", source=source, target=target, arm=arm, labels_per_class="2")
        for source, arm in (("", "from scratch"), (near, "probe"), (far, "probe")))
    assert len(scratch) == len(close) == len(distant) == 5
    assert min(close) > max(scratch) and statistics.mean(close) >= statistics.mean(scratch) + 5
    assert statistics.mean(distant) < statistics.mean(scratch) + 1


def test_a_gap_over_random_features_does_not_prove_that_transfer_pays():
    far, random, scratch = (
        statistics.mean(reached("transfer_runs", source=source, target="digits", arm=arm, labels_per_class="5"))
        for source, arm in (("fast_cifar10", "probe"), ("", "probe, random network"), ("", "from scratch")))
    assert random + 20 < far < scratch - 5


def test_ants_and_bees_with_the_weights_of_imagenet():
    def values(arm: str) -> list[float]:
        return reached("transfer_ants_bees", arm=arm, labels_per_class="all")

    (probe,), random, (forgotten,) = map(values, ("probe", "probe, random network", "probe, tested from 0 to 1"))
    assert probe >= 93 and max(random) < 70 and forgotten <= probe - 15
    assert max(values("last block at ten times")) < 50, "it collapses to chance or below"
    assert len(values("last block at a tenth")) == 3 and min(values("last block at a tenth")) > 80
