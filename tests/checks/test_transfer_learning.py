"""The checks of notebook 11: references, mistakes, by-hand numbers, and what its text says of the recorded runs."""

import csv
import tomllib

import numpy as np
import pytest

from course_lib import transfer
from course_lib.checks import transfer_learning as check
from course_lib.checks.report import CheckFailed
from tests.harness import ROOT, SOURCES, as_made, verdict

SOURCE = next(path for path in SOURCES if path.stem == check.LESSON)
DATA = tomllib.loads((SOURCE.parent / "lesson.toml").read_text(encoding="utf-8"))
FUNCTIONS = (check.replace_head, check.freeze, check.param_groups, check.extract_features, check.labels_needed)
CASES = {f"{one.name}: {mistake.says[:60]}": (one, mistake) for one in FUNCTIONS for mistake in one.mistakes}


@pytest.mark.parametrize(("one", "mistake"), CASES.values(), ids=CASES)
def test_every_mistake_is_caught_and_named(one, mistake):
    told = verdict(one, as_made(one, mistake))
    assert told and mistake.says in told


def test_labels_needed_is_the_librarys():
    for case in check.labels_needed.cases(np.random.default_rng(3)):
        rows = [{"arm": "a", "labels_per_class": n, "test_accuracy": y}
                for n, y in zip(case["labels"], case["accuracies"], strict=True)]
        assert check.labels_needed.reference(*case.values()) == pytest.approx(
            transfer.labels_needed(rows, case["wanted"])["a"])


def test_predictions_take_any_of_their_words():
    for name, words in check.WORDS.items():
        for word in words:
            check.prediction(name, f" {word.upper()}")
        for answer in (None, "perhaps", 1, [words[0]]):
            with pytest.raises(CheckFailed):
                check.prediction(name, answer)


def test_head_and_rates():
    assert DATA["answers"]["head_and_rates"] == pytest.approx([512 * 2 + 2, 2048 * 2 + 2, 1e-2 / 10, 1e-4 * 10])


def reached(name, **about):
    """Test accuracies, in percent, of the rows of a CSV that have these values."""
    with (ROOT / "data" / f"{name}.csv").open() as file:
        found = [100 * float(row["test_accuracy"]) for row in csv.DictReader(file)
                 if {key: str(value) for key, value in about.items()}.items() <= row.items()]
    assert found
    return found


def in_text(says):
    return says in " ".join(SOURCE.read_text(encoding="utf-8").replace("\n# ", " ").split())


@pytest.mark.parametrize(("name", "about", "says"), [
    ("transfer_runs", {"source": "fast_digits", "target": "digits", "arm": "probe", "labels_per_class": 2},
     "97.4 % [96.2, 98.7]"),
    ("transfer_runs", {"target": "digits", "arm": "from scratch", "labels_per_class": 2}, "81.5 % [78.1, 86.1]"),
    ("transfer_runs", {"source": "fast_cifar10", "target": "faces", "arm": "probe", "labels_per_class": 2},
     "97.8 % [97.0, 99.0]"),
    ("transfer_runs", {"target": "faces", "arm": "from scratch", "labels_per_class": 2}, "86.2 % [67.0, 95.0]"),
    ("transfer_runs", {"source": "fast_cifar10", "target": "digits", "arm": "probe", "labels_per_class": 2},
     "73.3 % [69.0, 80.5]"),
    ("transfer_runs", {"source": "fast_digits", "target": "faces", "arm": "probe", "labels_per_class": 2},
     "86.6 % [74.0, 95.0]"),
    ("transfer_layers", {"source": "fast_cifar10", "target": "textures", "layer": "groups.0"}, "95.5 % [93.8, 96.8]"),
    ("transfer_layers", {"source": "fast_cifar10", "target": "textures", "layer": "groups.2"}, "78.3 % [71.2, 81.5]"),
    ("transfer_mistakes", {"lr": 0.003, "body_factor": 0.1, "moving_norms": False}, "97.0 % [95.0, 99.0]"),
    ("transfer_mistakes", {"lr": 0.003, "body_factor": 1.0, "moving_norms": False}, "89.0 % [81.0, 96.0]"),
])
def test_the_text_says_what_was_recorded(name, about, says):
    found = reached(name, **about)
    assert f"{np.mean(found):.1f} % [{min(found):.1f}, {max(found):.1f}]" == says and in_text(says)


@pytest.mark.parametrize("near, far, target", [("fast_digits", "fast_cifar10", "digits"),
                                               ("fast_cifar10", "fast_digits", "faces")])
def test_near_beats_from_scratch_with_ranges_apart_and_far_gains_little(near, far, target):
    scratch, close, distant = (
        reached("transfer_runs", source=source, target=target, arm=arm, labels_per_class=2)
        for source, arm in (("", "from scratch"), (near, "probe"), (far, "probe")))
    assert len(scratch) == len(close) == len(distant) == 5
    assert min(close) > max(scratch) and np.mean(close) >= np.mean(scratch) + 5
    assert np.mean(distant) < np.mean(scratch) + 1


def test_a_gap_over_random_features_does_not_prove_that_transfer_pays():
    far, random, scratch = (
        np.mean(reached("transfer_runs", source=source, target="digits", arm=arm, labels_per_class=5))
        for source, arm in (("fast_cifar10", "probe"), ("", "probe, random network"), ("", "from scratch")))
    assert random + 20 < far < scratch - 5
    assert in_text(f"features from photographs reach {far:.1f} % and those of a random network {random:.1f} %, but a "
                   f"network from scratch reaches {scratch:.1f} %")


def test_from_digits_to_digits_the_last_layer_is_the_best():
    first, last = (np.mean(reached("transfer_layers", source="fast_digits", target="digits", layer=layer))
                   for layer in ("groups.0", "groups.2"))
    assert in_text(f"from {first:.1f} % to {last:.1f} %")


def test_normalisation_forgotten():
    right, forgotten = (np.mean(reached("transfer_normalisation", source="fast_cifar10", target="faces",
                                        tested=tested)) for tested in ("as in training", "0 to 1"))
    assert in_text(f"{right:.1f} % become {forgotten:.1f} %")


def test_ants_and_bees_with_the_weights_of_imagenet():
    def values(arm):
        return reached("transfer_ants_bees", arm=arm, labels_per_class="all")

    (probe,), random, (forgotten,) = map(values, ("probe", "probe, random network", "probe, tested from 0 to 1"))
    collapsed, tenth = values("last block at ten times"), values("last block at a tenth")
    assert probe >= 93 and max(random) < 70 and forgotten <= probe - 15
    assert len(collapsed) == len(tenth) == 3 and max(collapsed) < 50 and min(tenth) > 80
    assert in_text(f"a probe {probe:.1f} %") and in_text(f"{min(random):.1f} to {max(random):.1f} %")
    assert in_text(f"and {forgotten:.1f} % where") and in_text(f"collapsed to {max(collapsed):.1f} %")
