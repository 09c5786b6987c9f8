"""The project's pictures, a network as data, the report, the timeline."""

import copy
import csv
import json
import re

import numpy as np
import pytest
import torch
from jsonschema import Draft202012Validator
from torch import nn

from course_lib import capstone, capstone_report, timeline
from course_lib.errors import CourseError

SMALL = capstone.Recipe("small", epochs=0.2, batch_size=64, optimizer="adamw", lr=1e-2)


def network() -> nn.Module:
    """One of every kind that a file may hold."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        capstone.Residual(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.GroupNorm(2, 8), nn.GELU()),
        capstone.Beside(nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 3, padding="same", padding_mode="reflect")),
        nn.MaxPool2d(2), nn.Dropout(0.1), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 10))


# ------------------------------------------------------------------------------------------------- pictures

def digits(many: int = 6) -> tuple[np.ndarray, np.ndarray]:
    x = np.zeros((many, 28, 28, 1), dtype=np.uint8)
    x[:, 6:22, 8:20] = 200
    return x, np.arange(many) % 10


def test_scenes_repeat_themselves_and_keep_their_labels():
    x, y = digits()
    first, labels = capstone.scenes(x, y, 3)
    assert first.shape == (6, 32, 32, 1) and first.dtype == np.uint8
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(first, capstone.scenes(x, y, 3)[0])
    assert (first != capstone.scenes(x, y, 4)[0]).any()


def test_a_digit_stays_inside_its_scene(monkeypatch):
    """Without clutter all its ink is there, whatever the turn: as much as its scale says."""
    monkeypatch.setattr(capstone, "PIECES", 0)
    x = np.zeros((300, 28, 28, 1), dtype=np.uint8)
    x[:, 6:22, 6:22] = 200
    ink = capstone.scenes(x, np.zeros(300), 0)[0].sum(axis=(1, 2, 3)) / x[0].sum()
    assert 0.75**2 * 0.95 < ink.min() and ink.max() < 1.1**2 * 1.05


def test_the_splits_share_no_digit(monkeypatch):
    seen = {}
    monkeypatch.setattr(capstone, "scenes", lambda x, y, seed: (seen.setdefault(len(x), x), y))
    capstone._pictures.cache_clear()
    for split in capstone.SPLITS:
        capstone.pictures(split)
    capstone._pictures.cache_clear()
    assert {2500, 500, 2000} == set(seen)
    every = [picture.tobytes() for x in seen.values() for picture in x]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("x, says", [
    (np.zeros((2, 28, 28, 1)), "float64"), (np.zeros((2, 8, 8, 1), np.uint8), "8, 8, 1")])
def test_bad_pictures_are_told(x, says):
    with pytest.raises(CourseError, match=f"scenes are made of digits.*{says}"):
        capstone.scenes(x, np.zeros(2))


def test_an_unknown_split_is_told():
    with pytest.raises(CourseError, match="no split 'train'; choose one of training, validation, test"):
        capstone.pictures("train")


# ------------------------------------------------------------------------------------------ networks as data

def test_a_network_comes_back_from_its_file(tmp_path):
    result = capstone.trained(network, SMALL, file=tmp_path / "none", show=False)
    path = capstone.save(result, tmp_path / capstone.FILE)
    model, told = capstone.load(path)
    X = torch.randn(3, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(model(X), result.model(X), rtol=1e-2, atol=1e-2)
    assert repr(model) == repr(result.model) and not model.training and not result.model.training
    assert told["seconds"] == result.seconds and [one.name for one in tmp_path.iterdir()] == [capstone.FILE]


def test_it_is_trained_once_and_taken_from_the_file_later(tmp_path, monkeypatch, capsys):
    file = tmp_path / capstone.FILE
    first = capstone.trained(network, SMALL, seed=1, file=file, show=False)
    assert capstone.trained(network, SMALL, seed=1, file=file, show=False) is first
    capstone.save(first, file)
    capstone._DONE.clear()
    monkeypatch.setattr(capstone, "_train", lambda *arguments: "trained anew")
    again = capstone.trained(network, SMALL, seed=1, file=file)
    assert again.seconds == first.seconds and repr(again.model) == repr(first.model)
    assert capstone.trained(network, SMALL, seed=2, file=file) == "trained anew"
    assert "another network, recipe or seed" in capsys.readouterr().out
    file.write_text("no zip")
    assert capstone.trained(network, SMALL, seed=3, file=file) == "trained anew"
    assert "is no network that `save` has written" in capsys.readouterr().out
    capstone._DONE.clear()


def test_the_seed_decides_the_first_weights_and_leaves_the_world_alone():
    state = torch.random.get_rng_state()
    made = []
    original = capstone._train
    capstone._train = lambda model, *rest: made.append(model) or capstone.Trained(model, *rest[:2], 1.0, "cpu")
    try:
        for seed in (5, 5, 6):
            capstone._DONE.clear()
            capstone.trained(network, SMALL, seed=seed, file="none")
    finally:
        capstone._train = original
        capstone._DONE.clear()
    first, same, other = (model[0].weight for model in made)
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


class Mine(nn.Module):
    def forward(self, X):
        return X


@pytest.mark.parametrize("model, says", [
    (Mine(), "Mine is no layer that can be kept as data"), (nn.LSTM(2, 2), "LSTM is no layer"),
    (nn.Sequential(type("Conv2d", (nn.Conv2d,), {})(1, 1, 1)), "Conv2d is no layer"),
])
def test_what_is_code_is_no_data(model, says):
    with pytest.raises(CourseError, match=says):
        capstone.describe(model)


@pytest.mark.parametrize("description, says", [
    (["Conv2d", {"in_channels": 1, "out_channels": 10**9, "kernel_size": [3, 3]}], "those are not its arguments"),
    (["Conv2d", {"device": "cpu"}], "those are not its arguments"),
    (["Linear", {"in_features": 3}], "cannot be built"),
    (["Module", {}], "describes no layer"), ("Conv2d", "describes no layer"), (None, "describes no layer"),
    (["Sequential", {"0": 1}], "describes no layer"),
])
def test_a_strange_description_is_told(description, says):
    with pytest.raises(CourseError, match=says):
        capstone.rebuild(description)


def written(path, network, **arrays):
    told = {"network": network, "seconds": 1.0, "device": "cpu", "recipe": {}, "seed": 0}
    np.savez(path, told=np.frombuffer(json.dumps(told).encode(), np.uint8), **arrays)
    return path


@pytest.mark.parametrize("description, arrays, says", [
    (["Sequential", [["Flatten", {}], ["Linear", {"in_features": 1024, "out_features": 1000}]]], {},
     "1,025,000 parameters"),
    (["Sequential", [["Linear", {"in_features": 7, "out_features": 3}]]], {}, "does not take pictures"),
    (["Conv2d", {"in_channels": 1, "out_channels": 9, "kernel_size": [1, 1], "padding": [5000, 5000]}], {},
     "makes more than"),
    (["Sequential", [["Flatten", {}], ["Linear", {"in_features": 1024, "out_features": 10}]]],
     {"1.weight": np.zeros((10, 3))}, "do not fit its network"),
])
def test_a_file_that_asks_for_too_much_or_does_not_fit_is_told(tmp_path, description, arrays, says):
    with pytest.raises(CourseError, match=says):
        capstone.load(written(tmp_path / "x.npz", description, **arrays))


def test_a_pickle_is_not_opened(tmp_path):
    path = written(tmp_path / "x.npz", ["Flatten", {}], bad=np.array([object()], dtype=object))
    with pytest.raises(CourseError, match="is no network that `save` has written"):
        capstone.load(path)


def test_a_file_that_unpacks_to_gigabytes_is_told(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", told=np.zeros(10_000_000, np.uint8))
    with pytest.raises(CourseError, match="holds more numbers"):
        capstone.load(tmp_path / "x.npz")


# --------------------------------------------------------------------------------------------------- report

def sound() -> dict:
    return capstone_report.report(
        author="Ada", title="A small net", parameters=np.int64(80122), validation=np.float32(0.5), test=0.89,
        training={"device": "cpu", "seconds": 7.5, "epochs": 8, "seed": 0},
        ablation={"change": "crops", "with": np.array([0.9, 0.8, 0.7]), "without": (0.8, 0.8, 0.8),
                  "says": "These runs do not let one say that crops help."},
        errors={"pairs": [(7, 1, 9), (1, 7, 9), (4, 9, 2)], "says": "They are covered by clutter, mostly."})


def changed(path: str, value: object) -> dict:
    made = sound()
    *outer, last = path.split(".")
    place = made
    for name in outer:
        place = place[name]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return made


def test_a_sound_report_has_no_faults_and_is_json():
    Draft202012Validator.check_schema(capstone_report.schema())
    assert capstone_report.faults(sound()) == []
    assert json.loads(json.dumps(sound())) == sound()


@pytest.mark.parametrize("path, value, says", [
    ("parameters", 300_001, "^parameters is 300001, and must be 300,000 at most. Take it from count_budget"),
    ("parameters", 0, "^parameters is 0, and must be 1 or more"),
    ("parameters", 1.5, "^parameters is 1.5, and must be a whole number"),
    ("parameters", True, "^parameters is True, and must be a whole number"),
    ("parameters", KeyError, "^parameters is missing. Take it from"),
    ("author", " ", "^author is the text ' ', of 0 characters, and must have 1 at least"),
    ("title", "x" * 99, "^title has 99 characters, and must have 80 at most"),
    ("data", "mnist", "^data is the text 'mnist', and must be one of 'scenes', 'cifar10'"),
    ("version", 2, "^version is 2, and must be 1"),
    ("training", None, "^training is None, and must be an object"),
    ("training.seconds", 61, "^training.seconds is 61, and must be 60 at most.*fewer epochs"),
    ("training.seconds", 0, "^training.seconds is 0, and must be more than 0"),
    ("training.secnods", 1, "^training.secnods is no field of the report: did you mean 'seconds'"),
    ("accuracy.test", 89.0, "^accuracy.test is 89.0, and must be 1 at most.*divide percent"),
    ("accuracy.test", float("nan"), "^accuracy.test is nan, and must be a finite number"),
    ("ablation.with", [0.9, 0.8], "^ablation.with has 2 entries, and must have 3 at least"),
    ("ablation.with", [0.9] * 4, "^ablation.with has 4 runs and ablation.without 3"),
    ("ablation.with", [0.9, "a", 0.7], r"^ablation.with\[1\] is the text 'a', and must be a number"),
    ("ablation.says", "good", "^ablation.says is the text 'good', of 4 characters, and must have 20 at least"),
    ("errors.pairs", [], "^errors.pairs has 0 entries"),
    ("errors.pairs", [[1, 1, 3]], r"^errors.pairs\[0\] says that class 1 was taken for itself"),
    ("errors.pairs", [[1, 2, 0]], r"^errors.pairs\[0\] counts 0"),
    ("errors.pairs", [[1, 2, 1], [2, 1, 5]], "^errors.pairs has the counts .*Sort them"),
    ("errors.pairs", [[1, 2]], r"^errors.pairs\[0\] has 2 entries, and must have 3"),
])
def test_each_fault_is_one_sentence(path, value, says):
    found = capstone_report.faults(changed(path, value))
    assert len(found) == 1 and re.search(says, found[0]), found
    assert found[0][-1] in ".?"


def test_all_faults_are_told_in_the_order_of_the_fields():
    made = changed("title", "x") | {"colour": "red", "size": 3}
    made["training"] = {}
    found = capstone_report.faults(made)
    assert [one.split()[0] for one in found] == ["colour", "size", "title", "training.device", "training.epochs",
                                                 "training.seconds", "training.seed"] or len(found) == 7
    with pytest.raises(CourseError, match="^The report has 7 faults, so nothing is written:\n"):
        capstone_report.publish(made)


@pytest.mark.parametrize("strange", [None, 3, "text", [], [1], {1: 2}, {"errors": 3}, {"ablation": {"with": {}}},
                                     {"training": {"device": []}}, object(), np.ones(3)],
                         ids=lambda given: repr(given).partition(" at ")[0])
def test_whatever_is_given_gets_sentences(strange):
    found = capstone_report.faults(strange)
    assert found and all(isinstance(one, str) and one for one in found)


def test_a_gpu_has_longer():
    made = changed("training.device", "gpu")
    made["training"]["seconds"] = 299
    assert capstone_report.faults(made) == []


def test_a_report_is_published_and_read(tmp_path):
    shown = capstone_report.publish(sound(), tmp_path / "report.json")
    assert capstone_report.read(tmp_path / "report.json") == sound()
    assert shown._repr_mimebundle_()[capstone_report.MIME] == sound() and json.loads(repr(shown)) == sound()
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("text, says", [
    ("{", "is no JSON"), ("[" * 100_000, "is no JSON"), ('{"version": 1}', r"author is missing.*\(and 7 faults more\)"),
    (" " * 300_000, "300,000 bytes"),
])
def test_a_broken_file_is_told(tmp_path, text, says):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(CourseError, match=says):
        capstone_report.read(path)


# ------------------------------------------------------------------------------------------------- timeline

def test_every_point_has_its_source():
    points = timeline.points()
    assert [one.date for one in points] == sorted(one.date for one in points) and len(points) > 25
    assert len({one.name for one in points}) == len(points)
    for one in points:
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[012])", one.date) and one.family in timeline.FAMILIES
        assert 50 < one.top1 < 95 and one.paper and one.table and one.evaluation
        assert re.fullmatch(r"\d{4}\.\d{5}|\d{4}\.\d{4}", one.arxiv) or one.date < "2013"
        assert not one.arxiv or one.date == f"20{one.arxiv[:2]}-{one.arxiv[2:4]}", "the month of the first version"


def test_what_the_caption_says_of_extra_data():
    best, records = 0.0, []
    for one in timeline.points():
        if one.top1 > best:
            best = one.top1
            records.append(one)
    assert all(one.extra_data for one in records if one.date > "2018-02")
    assert not any(one.extra_data for one in records if one.date <= "2018-02")


def test_the_figure_tells_its_points_in_words(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    timeline.show()
    alt = re.search(r'alt="([^"]+)"', shown[0].data)[1]
    assert all(one.name in alt for one in timeline.points()) and "<figcaption>" in shown[0].data
    assert set(timeline.LABELS) <= {one.name for one in timeline.points()}


def test_the_table_has_a_line_for_each_point():
    with timeline.FILE.open(newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    lines = timeline.table().splitlines()[1:]
    assert sorted(names) == sorted(line[8:45].strip() for line in lines)


def test_a_report_is_not_changed_by_looking_at_it():
    made = changed("title", "x")
    before = copy.deepcopy(made)
    capstone_report.faults(made)
    assert made == before
