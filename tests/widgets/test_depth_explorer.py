"""DepthExplorer in Python: the shipped runs against their CSVs, its numbers, own runs, a sentence for bad input."""

import csv
import json
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import DepthExplorer
from course_lib.widgets.depth_explorer import RECORDED, brief

OWN = [
    {"kind": "plain", "depth": 20, "training_error": [0.8, 0.5, 0.2], "gradients_at_start": [0.01, 0.1, 1]},
    {"kind": "plain", "depth": 20, "seed": 1, "training_error": [0.9, 0.7], "gradients_at_start": [0.03, 0.2, 0.5]},
    {"kind": "residual", "depth": 20, "test_error": [0.5, 0.25, 0.1], "gradients_at_start": {"stem": 2, "conv": 1}},
]


@pytest.fixture
def depth():
    """The benchmark that made the runs."""
    pytest.importorskip("torch")
    from benchmarks import depth

    return depth


def net_of(numbers: dict, kind: str, depth: int) -> dict:
    return next(net for net in numbers["nets"] if (net["kind"], net["depth"]) == (kind, depth))


# What is shipped

def test_the_shipped_runs_are_those_of_the_csvs(depth):
    assert json.loads(RECORDED.read_text()) == depth.packed()
    runs = json.loads(RECORDED.read_text())["runs"]
    assert len(runs) == len(depth.KINDS) * len(depth.DEPTHS) * len(depth.SEEDS)
    for run in runs:
        assert len(run["training_error"]) == len(run["test_error"]) == depth.RECIPE.epochs
        assert len(run["gradients_at_start"]) == len(run["gradients_at_end"]) == run["depth"] - 1


def test_56_plain_layers_train_worse_by_50_points_in_every_seed_and_a_pair_takes_less_than_a_minute(depth):
    last = {(row["kind"], row["depth"], row["seed"]): row for row in depth.read(depth.RUNS)
            if row["epoch"] == str(depth.RECIPE.epochs)}
    for seed in map(str, depth.SEEDS):
        plain, residual = (last[kind, "56", seed] for kind in depth.KINDS)
        assert float(residual["training_accuracy"]) - float(plain["training_accuracy"]) > 0.5
        assert float(residual["cpu_seconds"]) + float(plain["cpu_seconds"]) < 60


def test_the_recorded_networks_are_those_of_today(depth):
    batch = depth.images("digits")[:depth.MEASURED_ON]
    for kind in depth.KINDS:
        rows = [row for row in depth.read(depth.GRADIENTS)
                if (row["kind"], row["depth"], row["seed"]) == (kind, "20", "0")]
        norms = depth.gradient_norms(depth.network(kind, 20, 0), batch)
        assert [row["name"] for row in rows] == list(norms)
        np.testing.assert_allclose([float(row["norm_at_start"]) for row in rows], list(norms.values()), rtol=0.02)


# Numbers

def test_numbers_are_medians_and_ranges_of_the_csvs(depth):
    numbers = DepthExplorer(measure="test error", epoch=4).numbers
    assert (numbers["depths"], numbers["shown"], numbers["epoch"]) == ([8, 20, 32, 44, 56], [20, 56], 4)
    wanted = [float(row["test_error"]) for row in depth.read(depth.RUNS)
              if (row["kind"], row["depth"], row["epoch"]) == ("plain", "44", "4")]
    assert net_of(numbers, "plain", 44)["errors"][3] == [median(wanted), min(wanted), max(wanted)]
    norms = list(csv.DictReader((depth.record.DATA / "depth_gradients.csv").open()))
    ratios = [float(next(row["norm_at_start"] for row in norms if (row["kind"], row["depth"], row["seed"], row["layer"])
                         == ("plain", "56", seed, layer))) for seed in "012" for layer in ("1", "55")]
    ratios = [first / last for first, last in zip(ratios[::2], ratios[1::2], strict=True)]
    assert net_of(numbers, "plain", 56)["start_ratio"] == pytest.approx([median(ratios), min(ratios), max(ratios)])


def test_slide_40s_gradients_explode_where_it_says_that_they_vanish():
    widget = DepthExplorer()
    assert widget.numbers["measured"] == {"plain": "explode", "residual": "stay"}
    widget.gradient_depth = 20
    assert widget.numbers["measured"] == {"plain": "stay", "residual": "stay"}


def test_own_runs_are_grouped_by_kind_and_depth():
    numbers = DepthExplorer(OWN, watched="training error").numbers
    plain, residual = numbers["nets"]
    assert plain["seeds"] == [0, 1]
    assert plain["errors"] == [[pytest.approx(0.85), 0.8, 0.9], [0.6, 0.5, 0.7]], "as long as the shortest run"
    assert plain["start_ratio"] == pytest.approx([0.035, 0.01, 0.06]) and plain["end_ratio"] is None
    assert residual["errors"] == [] and residual["start"] == [[2, 2, 2], [1, 1, 1]]
    assert numbers["measured"] == {"plain": "vanish", "residual": "stay"}
    assert (numbers["gradient_depth"], numbers["layers"], numbers["layer"]) == (20, 3, 3), "the nearest there is"


@dataclass
class FakeRun:
    model: object
    history: list = field(default_factory=list)


def history(*accuracies: float, first: int = 1) -> list[dict]:
    return [{"epoch": float(epoch), "validation_accuracy": value} for epoch, value in enumerate(accuracies, first)]


def test_a_run_of_the_training_loop_is_taken_as_it_is():
    training = pytest.importorskip("course_lib.training")
    from course_lib.models.resnet_cifar import Bottleneck, ResNetCIFAR

    digits = training.images("digits")[:128]
    runs = [training.train(ResNetCIFAR(8, channels=1, width=2, residual=residual), digits, training.RECIPES["depth"],
                           validation=digits, epochs=2, show=False) for residual in (False, True)]
    widget = DepthExplorer(runs, watched="training error")
    assert (widget.source, widget.measure) == ("yours", "training error")
    for net, run, kind in zip(widget.numbers["nets"], runs, ("plain", "residual"), strict=True):
        assert (net["kind"], net["depth"], len(net["errors"])) == (kind, 8, 2)
        assert net["errors"][1][0] == pytest.approx(1 - run.history[1]["validation_accuracy"])
    deep = FakeRun(ResNetCIFAR(11, width=2, block=Bottleneck), history(0.5))
    assert DepthExplorer([deep]).numbers["depths"] == [11]
    with pytest.raises(CourseError, match="run 1 is of a list, which does not say how deep it is: give a dict, such"):
        DepthExplorer([FakeRun([], history(0.5))])


def test_a_run_in_a_dict_needs_no_network_of_the_courses():
    widget = DepthExplorer([{"kind": "residual", "depth": 6, "run": FakeRun(None, history(0.1, 0.75))}])
    assert widget.measure == "test error" and widget.runs[0]["test_error"] == [0.9, 0.25]
    widget.runs = []
    assert widget.source == "recorded" and len(widget.numbers["nets"]) == 10


@pytest.mark.parametrize("state, sentence", [
    ({"runs": 3}, "runs must be a list of runs, each a Run or a dict; got 3"),
    ({"runs": "slide 40"}, "runs must be a list of runs"),
    ({"runs": [OWN[0]] * 101}, "runs holds 101 runs, and this widget shows at most 100"),
    ({"runs": [OWN[0], 7]}, "run 2 must be a Run of a ResNetCIFAR, or a dict with kind, depth"),
    ({"runs": [{"kind": "plain"}]}, "run 1 must be .* a dict with kind, depth"),
    ({"runs": [OWN[0] | {"error": [1]}]}, "run 1 has a key 'error'; a run may have kind, depth, seed, run, training_"),
    ({"runs": [OWN[0] | {"kind": "resnet"}]}, "kind of run 1 must be 'plain' or 'residual'; got 'resnet'"),
    ({"runs": [OWN[0] | {"depth": 20.5}]}, "depth of run 1 must be a whole number from 0 to 9999; got 20.5"),
    ({"runs": [OWN[0] | {"training_error": [67.4]}]}, "shares from 0 to 1, not per cent; got 67.4"),
    ({"runs": [OWN[0] | {"gradients_at_end": [1, np.nan]}]}, "gradients_at_end of run 1 must be .*finite numbers from"),
    ({"runs": [OWN[0] | {"gradients_at_end": "steep"}]}, "gradients_at_end of run 1 must be a list of numbers"),
    ({"runs": [{"kind": "plain", "depth": 8}]}, "run 1 has nothing to show: give it run=, or any of training_error"),
    ({"runs": [{"kind": "plain", "depth": 8, "run": FakeRun(None, [{"epoch": 1.0}])}]}, "without a validation set"),
    ({"runs": [{"kind": "plain", "depth": 8, "run": FakeRun(None, history(0.5, first=2))}]}, "not measured once an"),
    ({"watched": "loss"}, "watched must be 'training error' or 'test error'; got 'loss'"),
    ({"source": "yours"}, "source is 'yours', but there are no runs of your own"),
    ({"measure": "loss"}, "measure must be one of 'training error', 'test error'; got 'loss'"),
    ({"depths": 56}, r"depths must be a list of whole numbers, such as \[20, 56\]; got 56"),
    ({"epoch": 0}, "epoch must be a whole number from 1"),
    ({"prediction": "shrink"}, "prediction must be one of '', 'vanish', 'stay', 'explode'; got 'shrink'"),
    ({"predict": 1}, "predict must be True or False; got 1"),
    ({"depth": 20}, "has no setting 'depth'; it has depths"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        DepthExplorer(**state)


@pytest.mark.parametrize("value, written", [
    (0, "0"), (462.3, "462"), (12345.6, "12346"), (4.706, "4.71"), (0.0689, "0.0689"), (1.2, "1.2"),
    (0.00021, "0.00021"), (3.4e-6, "3.4\u00b710\u207b\u2076"), (2.5e7, "2.5\u00b710\u2077"),
])
def test_norms_are_written_with_three_digits(value, written):
    assert brief(value) == written


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (DepthExplorer()._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == "DepthExplorer(recorded runs: 10 networks of 8 to 56 layers, training error)"
    html = one["text/html"]
    assert html == other["text/html"] and "<script" not in html and "<svg" not in html
    assert html.count("<img ") == 1 and "plain-56" in html and "ResNet-20" in html
    assert "<td>56</td><td>67.4 [61.6, 70.4]</td><td>0.3 [0.1, 0.4]</td>" in html
    shown, hidden = html.split("<details>")
    assert "<td>ResNet, before training</td>" in hidden and "462" in hidden and "462" not in shown
    bare = DepthExplorer([OWN[2]]).static_html()
    assert "ResNet-20" in bare and "after training" not in bare
