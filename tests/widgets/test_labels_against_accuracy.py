"""LabelsAgainstAccuracy in Python: labels read off, ratios and their bounds, own runs, a sentence for bad input."""

import json
import math

import pytest

from course_lib import look
from course_lib.errors import CourseError
from course_lib.widgets import LabelsAgainstAccuracy
from course_lib.widgets.labels_against_accuracy import RECORDED, count_text, packed, recorded


def runs(arm: str, accuracies: dict[int, float | tuple], **more) -> list[dict]:
    """Rows of an arm: labels -> accuracy, or one for each seed."""
    return [{"arm": arm, "labels": labels, "seed": seed, "accuracy": accuracy, **more}
            for labels, some in accuracies.items()
            for seed, accuracy in enumerate(some if isinstance(some, tuple) else (some,))]


SCRATCH = runs("from scratch", {1: 0.2, 10: 0.4, 100: 0.6, 1000: 0.8}, target="near")
FROZEN = runs("frozen", {1: 0.5, 10: 0.7, 100: 0.75}, target="near", source="cifar")
PIXELS = runs("raw pixels", {1: 0.1, 10: 0.2}, target="near")


@pytest.fixture(autouse=True)
def nothing_recorded(monkeypatch, tmp_path):
    """The arithmetic is tested on runs known by hand alone."""
    file = tmp_path / "nothing.json"
    file.write_text(packed([], "", "", [["cifar", "near"]]))
    monkeypatch.setattr("course_lib.widgets.labels_against_accuracy.RECORDED", file)


def series_of(widget, arm):
    return next(one for one in widget.numbers["series"] if one["arm"] == arm)


# What is shipped

def test_the_shipped_runs_are_those_of_the_csv():
    from benchmarks import labels

    assert RECORDED.read_text() == labels.text(), "python -m benchmarks.labels writes it anew"


def test_a_file_keeps_every_run(tmp_path, monkeypatch):
    rows = [{"source": "cifar10", "target": "lfw", "arm": "fine-tuned", "labels_per_class": "5", "seed": "3",
             "test_accuracy": "0.875", "seconds": "1.2"}, *SCRATCH]
    file = tmp_path / "runs.json"
    file.write_text(packed(rows, "a setting", "a command"))
    monkeypatch.setattr("course_lib.widgets.labels_against_accuracy.RECORDED", file)
    told = recorded()
    assert (told["setting"], told["made_by"]) == ("a setting", "a command")
    assert told["runs"][0] == {"arm": "fine-tuned", "source": "cifar10", "target": "lfw", "labels": 5, "seed": 3,
                               "accuracy": 0.875}
    assert len(told["runs"]) == 5


# Labels needed

@pytest.mark.parametrize("wanted, needed", [
    (0.4, 10), (0.5, 10 * 10**0.5), (0.45, 10**1.25), (0.2, 1), (0.1, 1), (0.8, 1000), (0.81, None),
])
def test_labels_are_read_off_on_the_log_axis(wanted, needed):
    labels, accuracies = [1, 10, 100, 1000], [0.2, 0.4, 0.6, 0.8]
    widget = LabelsAgainstAccuracy(runs("an arm", dict(zip(labels, accuracies, strict=True))), wanted=wanted)
    (one,) = widget.numbers["series"]
    assert one["needed"] == (needed if needed is None else pytest.approx(needed))
    assert one["at_most"] == (wanted <= 0.2)


def test_the_first_crossing_counts_where_a_line_goes_up_and_down():
    widget = LabelsAgainstAccuracy(runs("an arm", {1: 0.2, 10: 0.6, 100: 0.3, 1000: 0.9}), wanted=0.4)
    assert widget.numbers["series"][0]["needed"] == pytest.approx(10**0.5)


# Ratios and bounds

def test_a_ratio_by_hand():
    widget = LabelsAgainstAccuracy([*SCRATCH, *FROZEN], wanted=0.6)
    assert series_of(widget, "from scratch")["needed"] == pytest.approx(100)
    frozen = series_of(widget, "frozen")
    assert frozen["needed"] == pytest.approx(10**0.5) and not frozen["at_most"]
    assert (frozen["ratio"], frozen["bound"]) == (pytest.approx(10**1.5), "")
    assert widget.numbers["measured"] == "tenfold" and widget.numbers["series"][widget.numbers["best"]] == frozen


def test_where_a_line_ends_too_early_or_starts_too_late_there_is_only_a_bound():
    bounds = {}
    for wanted in (0.05, 0.15, 0.45, 0.78, 0.9):
        widget = LabelsAgainstAccuracy([*SCRATCH, *FROZEN, *PIXELS], wanted=wanted)
        bounds[wanted] = {one["arm"]: (one["ratio"] and round(one["ratio"], 6), one["bound"])
                          for one in widget.numbers["series"]}
    assert bounds[0.05]["frozen"] == (None, ""), "both are good enough at once"
    assert bounds[0.15]["raw pixels"] == (round(10**-0.5, 6), "at most"), "scratch may need less than one label"
    assert bounds[0.45]["frozen"] == (round(10**1.25, 6), "at least"), "frozen may need less than one label"
    assert bounds[0.45]["raw pixels"] == (round(10**1.25 / 10, 6), "at most"), "raw pixels get no farther than 10"
    assert bounds[0.78]["frozen"] == (round(10**2.9 / 100, 6), "at most")
    assert bounds[0.9]["frozen"] == (None, "") and bounds[0.9]["from scratch"] == (None, "")


@pytest.mark.parametrize("other, wanted, measured", [
    ({1: 0.35, 10: 0.5, 100: 0.7}, 0.6, "some"), ({1: 0.2, 10: 0.42, 100: 0.62}, 0.6, "no"),
    ({1: 0.1, 10: 0.3, 100: 0.5, 1000: 0.7}, 0.6, "no"), ({1: 0.3, 10: 0.5}, 0.6, ""), ({1000: 0.3}, 0.6, "no"),
    ({10: 0.7}, 0.6, "tenfold"), ({20: 0.7}, 0.6, ""),
])
def test_what_is_saved_in_a_word(other, wanted, measured):
    widget = LabelsAgainstAccuracy([*SCRATCH, *runs("frozen", other, target="near")], wanted=wanted)
    assert widget.numbers["measured"] == measured


def test_nothing_is_said_where_two_arms_are_good_enough_at_once():
    numbers = LabelsAgainstAccuracy([*SCRATCH, *FROZEN, *PIXELS], wanted=0.15).numbers
    assert numbers["series"][numbers["best"]]["arm"] == "frozen", "not the one that a bound is known of"
    assert numbers["series"][numbers["best"]]["ratio"] is None and numbers["measured"] == ""


def test_the_best_is_the_one_that_needs_least():
    better = runs("fine-tuned", {1: 0.55, 10: 0.9}, target="near", source="cifar")
    numbers = LabelsAgainstAccuracy([*SCRATCH, *FROZEN, *better, *PIXELS], wanted=0.6).numbers
    assert numbers["series"][numbers["best"]]["arm"] == "fine-tuned"
    numbers = LabelsAgainstAccuracy([*SCRATCH, *FROZEN, *better], wanted=0.6, against="fine-tuned").numbers
    assert numbers["series"][numbers["best"]]["arm"] == "frozen" and numbers["measured"] == "no"


# What is shown

def test_lines_are_medians_and_bands_ranges_over_the_seeds():
    widget = LabelsAgainstAccuracy(runs("frozen", {5: (0.5, 0.9, 0.6), 1: (0.2, 0.4)}))
    (one,) = widget.numbers["series"]
    assert one["labels"] == [1, 5] and one["own"]
    assert one["values"] == [[pytest.approx(0.3), 0.2, 0.4], [0.6, 0.5, 0.9]]
    assert one["points"] == [[1, 0.2], [1, 0.4], [5, 0.5], [5, 0.6], [5, 0.9]]


def test_an_arm_without_a_source_stands_beside_every_source():
    mnist = runs("frozen", {1: 0.3}, target="near", source="mnist")
    far = runs("frozen", {1: 0.3}, target="far", source="none")
    widget = LabelsAgainstAccuracy([*SCRATCH, *FROZEN, *mnist, *far])
    assert (widget.target, widget.source) == ("near", "cifar")
    assert widget.numbers["sources"] == ["cifar", "mnist"] and widget.numbers["targets"] == ["near", "far"]
    assert [len(one["points"]) for one in widget.numbers["series"]] == [4, 3]
    assert widget.numbers["distance"] == "near"
    widget.source = "mnist"
    assert widget.numbers["distance"] == "", "nothing is known of that one"
    assert [len(one["points"]) for one in widget.numbers["series"]] == [4, 1]
    widget.target = "far"
    assert widget.numbers["source"] == "" and len(widget.numbers["series"]) == 1


def test_own_runs_stand_beside_recorded_ones_and_are_compared_with_their_like():
    widget = LabelsAgainstAccuracy()
    assert widget.numbers["series"] == [] and "no runs" in widget.static_html()
    widget._recorded = json.loads(packed([*SCRATCH, *FROZEN], "", "", [["cifar", "near"]]))
    widget.runs = runs("frozen", {1: 0.3, 100: 0.7}, target="near", source="cifar")
    widget.wanted = 0.6
    recorded_, mine = [one for one in widget.numbers["series"] if one["arm"] == "frozen"]
    assert (recorded_["own"], mine["own"]) == (False, True) and recorded_["style"] == mine["style"]
    assert mine["needed"] == pytest.approx(10**1.5) and mine["ratio"] == pytest.approx(10**0.5)
    widget.runs = [*widget.runs, *runs("from scratch", {1: 0.4, 10: 0.6}, target="near")]
    mine = next(one for one in widget.numbers["series"] if one["arm"] == "frozen" and one["own"])
    assert mine["ratio"] == pytest.approx(10**-0.5), "now there is a scratch of one's own"


def test_the_nearest_count_is_printed():
    widget = LabelsAgainstAccuracy(SCRATCH, labels=40)
    assert widget.numbers["labels"] == 100, "on the log axis"
    widget.labels = 30
    assert widget.numbers["labels"] == 10


@pytest.mark.parametrize("value, written", [
    (1.62, "1.6"), (9.94, "9.9"), (9.96, "10"), (47.4, "47"), (99.4, "99"), (104, "100"), (1234, "1,200"), (0.3, "0.3"),
])
def test_counts_are_written_with_two_digits(value, written):
    assert count_text(value) == written


def test_colours_are_those_of_the_course():
    for style in look.LINE_STYLES:
        assert f"light-dark({style['color']}," in LabelsAgainstAccuracy._css


ROW = SCRATCH[0]


@pytest.mark.parametrize("state, sentence", [
    ({"runs": 3}, "runs must be a list of runs, each a dict with arm, labels and accuracy; got 3"),
    ({"runs": [ROW] * 2001}, "runs holds 2001 runs, and this widget shows at most 2000"),
    ({"runs": [ROW, 7]}, "run 2 must be a dict with arm, source"),
    ({"runs": [{"arm": "x", "labels": 3}]}, "run 1 has no 'accuracy'; a run needs arm, labels .per class. and acc"),
    ({"runs": [ROW | {"arm": ""}]}, "arm of run 1 must be a name, such as 'fine-tuned'; got ''"),
    ({"runs": [ROW | {"target": 3}]}, "target of run 1 must be a name"),
    ({"runs": [ROW | {"labels": 0}]}, "labels of run 1 must be a whole number from 1 to 10,000,000; got 0"),
    ({"runs": [ROW | {"labels": 2.5}]}, "labels of run 1 must be a whole number"),
    ({"runs": [ROW | {"seed": "x"}]}, "seed of run 1 must be a whole number from 0"),
    ({"runs": [ROW | {"accuracy": 67.4}]}, "accuracy of run 1 must be a share from 0 to 1, not per cent; got 67.4"),
    ({"runs": [ROW | {"accuracy": math.nan}]}, "accuracy of run 1 must be a share"),
    ({"runs": [ROW | {"accuracy": True}]}, "accuracy of run 1 must be a share"),
    ({"target": "far"}, "target needs runs, and there are none; got 'far'"),
    ({"runs": SCRATCH, "against": "frozen"}, "against must be one of 'from scratch'; got 'frozen'"),
    ({"wanted": 80}, "wanted must be a number from 0 to 1; got 80"),
    ({"prediction": "yes"}, "prediction must be one of '', 'no', 'some', 'tenfold'; got 'yes'"),
    ({"arm": "x"}, "has no setting 'arm'; it has against, labels"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        LabelsAgainstAccuracy(**state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    given = [*SCRATCH, *FROZEN, *runs("<b>", {1: (0.1, 0.3)}, target="near")]
    one, other = (LabelsAgainstAccuracy(given, wanted=0.6)._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == "LabelsAgainstAccuracy(cifar to near: 3 arms, 9 runs of your own)"
    html = one["text/html"]
    assert html == other["text/html"] and "<script" not in html and "<b>" not in html
    shown, hidden = html.split("<details>")
    assert "<td>from scratch, yours</td><td>20</td><td>40</td><td>60</td><td>80</td><td>100</td>" in shown
    assert "frozen" not in shown and "<td>3.2</td><td>\u00d7 32</td>" in hidden and "20 [10, 30]" in hidden
    revealed = LabelsAgainstAccuracy(given, wanted=0.6, revealed=True).static_html()
    assert "<details>" not in revealed and "frozen" in revealed
