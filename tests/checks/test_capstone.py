"""Notebook 12: by-hand answers recomputed, classic mistakes named, the threshold held against the measured runs."""

import csv
import tomllib
from collections import defaultdict
from statistics import mean, stdev

import numpy as np
import pytest

from course_lib import timeline
from course_lib.checks import capstone as check
from course_lib.checks.report import CheckFailed
from course_lib.instructor.source import read_cells
from tests.harness import ROOT, as_made, lesson, verdict

SOURCE = ROOT / "solutions" / "12_capstone" / "12_capstone.py"
DATA = tomllib.loads((SOURCE.parent / "lesson.toml").read_text())
TEXT = SOURCE.read_text()
ARMS = defaultdict(list)
with open(ROOT / "data" / "capstone.csv", newline="") as file:
    for row in csv.DictReader(file):
        ARMS[row["arm"]].append(row)
PLAIN = [check.count_budget, check.paired_effect, check.confusion_pairs, check.worst_mistakes, check.records]
MISTAKES = [pytest.param(one, mistake, id=f"{one.name}-{mistake.says[:30]}")
            for one in PLAIN for mistake in one.mistakes]


@pytest.mark.parametrize(("one", "mistake"), MISTAKES)
def test_every_mistake_is_called_by_its_name(one, mistake):
    told = verdict(one, as_made(one, mistake))
    assert told is not None and mistake.says in told


@pytest.mark.parametrize("one", PLAIN, ids=lambda one: one.name)
@pytest.mark.parametrize("seed", [0, 7, 128])
def test_the_reference_passes(one, seed):
    one(one.reference, seed)


# --------------------------------------------------------------------------------------------------- by hand

ABLATIONS = {  # per cent, as in the text
    "A": ([90.1, 91.0, 89.5, 90.7, 90.2], [88.0, 89.1, 87.3, 88.8, 88.1]),
    "B": ([92.0, 88.0, 95.0, 90.0, 85.0], [89.0, 90.0, 91.0, 92.0, 83.0]),
    "C": ([85.0, 91.0, 79.0, 88.0, 82.0], [84.2, 90.1, 78.4, 87.1, 81.2]),
    "D": ([90.5, 90.9, 91.2], [91.0, 91.3, 91.9]),
    "E": ([91.5, 90.3, 93.4], [90.0, 90.0, 91.0]),
}


def test_can_say():
    signs = []
    for name, (there, gone) in ABLATIONS.items():
        assert f"{name}  with  {' '.join(map(str, there))}" in TEXT and f"without {' '.join(map(str, gone))}" in TEXT
        _, low, high = check._effect(np.array(there), np.array(gone), {3: 4.303, 5: 2.776}[len(there)])
        signs.append(int(low > 0) - int(high < 0))
    assert DATA["answers"]["can_say"] == signs
    there, gone = ABLATIONS["C"]
    assert max(gone) > min(there) and max(there) - min(there) == 12, "its ranges overlap by far"
    assert all(a > b for a, b in zip(*ABLATIONS["E"], strict=True)), "all three say better"


def test_the_factors_are_students():
    from scipy.stats import t

    assert [round(t.ppf(0.975, n - 1), 3) for n in (2, 3, 4, 5)] == [12.706, 4.303, 3.182, 2.776]
    assert "12.71 for two" in TEXT and all(f"{factor}" in TEXT for factor in (4.303, 3.182, 2.776))


def stretch(before: str, after: str) -> tuple[float, float]:
    """Points a year, and per cent of the errors that went."""
    points = {one.name: one for one in timeline.points()}
    first, last = points[before], points[after]
    years = int(last.date[:4]) - int(first.date[:4])
    return round((last.top1 - first.top1) / years, 1), round(100 * (last.top1 - first.top1) / (100 - first.top1))


def test_progress():
    told = [stretch("AlexNet", "ResNet-152"), stretch("ResNet-152", "NFNet-F6"),
            stretch("ViT-G/14", "BASIC-L with Lion")]
    assert DATA["answers"]["progress"] == [one[0] for one in told] + [one[1] for one in told]


def test_errata_44():
    points = timeline.points()
    by_name = {one.name: one for one in points}
    free = [one for one in points if not one.extra_data]
    bit = by_name["BiT-L (ResNet-152x4)"]
    assert DATA["answers"]["errata_44"] == [int(truth) for truth in (
        False, "EfficientNet" in by_name["FixEfficientNet-L2"].name, False,
        bit.family == "convolution" and bit.extra_data == "JFT-300M",
        all(one.extra_data for one in points if one.top1 > 87),
        max(free, key=lambda one: one.top1).family == "transformer",
        by_name["SIFT + FV"].evaluation.split(",")[0] == by_name["AlexNet"].evaluation.split(",")[0])]


def test_the_quiz_counts_rightly():
    assert round(100 * np.sqrt(0.88 * 0.12 / 2000), 1) == 0.7
    assert round(2000 * (0.889 - 0.880)) == 18


# ------------------------------------------------------------------------------------------------- threshold

def accuracies(arm: str) -> list[float]:
    return [float(row["test_accuracy"]) for row in ARMS[arm]]


def test_the_threshold_lies_between_the_naive_and_the_good():
    """Further from both than their seeds spread; and a network without crops, or a better one, passes as well."""
    naive, good = accuracies("naive") + accuracies("naive, crops"), accuracies("good")
    assert min(map(len, ARMS.values())) == 5
    assert max(naive) + 3 * stdev(naive) < check.THRESHOLD < min(good) - 3 * stdev(good)
    assert check.THRESHOLD < min(accuracies("good, no crops")) and max(accuracies("flat")) < min(naive)


def test_the_table_of_section_1_is_the_measured_one():
    for arm, parameters in (("flat", "132,490"), ("naive", "18,346"), ("good", "80,122"), ("better", "135,674")):
        shares = [100 * share for share in accuracies(arm)]
        seconds = round(mean(float(row["cpu_seconds"]) for row in ARMS[arm]))
        assert {f"{int(row['parameters']):,}" for row in ARMS[arm]} == {parameters}
        row = next(line for line in TEXT.splitlines() if line.startswith(f"# | {arm}:"))
        spread = f"{mean(shares):.1f} % [{min(shares):.1f}, {max(shares):.1f}]"
        assert row.endswith(f"| {parameters} | {seconds} | {spread} |")
    assert all(float(row["cpu_seconds"]) < 60 for rows in ARMS.values() for row in rows)


# -------------------------------------------------------------------------------------- what is not plain data

def test_bad_networks_are_told():
    for got in ([[[3]], np.ones((3, 10))], ["a", "b", "c"], [[[3]], np.ones((3, 10), dtype=int), np.ones((1, 10))]):
        with pytest.raises(CheckFailed, match="^my_network must return a network"):
            check.my_network(lambda x, channels, classes, got=got: got)
    with pytest.raises(CheckFailed, match="finite"):
        check.my_network(lambda x, channels, classes: [[[3]], np.full((len(x), classes), np.nan),
                                                       np.ones((1, classes))])


def test_a_classifier_is_judged_on_scenes_that_it_has_not_seen():
    shown, hidden = check._unseen(0), check._unseen(1212)
    assert (len(shown), len(hidden)) == (500, 2000)
    with pytest.raises(CheckFailed, match="^classify gets .*82% are asked for"):
        check.classify(lambda x: np.full(len(x), 3))
    answers = {x.tobytes(): int(y) for x, y in zip(shown.x.numpy(), shown.y.numpy(), strict=True)}
    check.classify(lambda x: np.array([answers[one.tobytes()] for one in x]))
    with pytest.raises(CheckFailed, match="^classify"):
        check.classify(lambda x: np.array([answers.get(one.tobytes(), 0) for one in x]), seed=1212)


def test_the_written_answer_is_worth_points_that_no_cell_gives():
    (written,) = [cell for cell in read_cells(SOURCE) if cell.is_written]
    assert (written.grade_id, written.points, written.kind) == ("explanation", 4, "markdown")
    assert lesson(SOURCE).worth() == 31
    assert "explanation" not in lesson(SOURCE).exercises


def test_what_the_solved_report_says_of_crops():
    """A few points, with every seed, and an interval that does not hold 0."""
    there, gone = accuracies("good"), accuracies("good, no crops")
    average, low, _ = check._effect(np.array(there), np.array(gone), 2.776)
    assert all(a > b for a, b in zip(there, gone, strict=True)) and low > 0 and 0.02 < average < 0.05
