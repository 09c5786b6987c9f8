"""The training engine: it learns, repeats itself, resumes at the exact step, shares work, and says what is wrong."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import models, training
from course_lib.errors import CourseError
from course_lib.training import RECIPES, Images, Recipe, evaluate, train

RECIPE = Recipe("lenet5", epochs=2, batch_size=32, optimizer="sgd", lr=0.05, crop=1, flip=True)


@pytest.fixture(scope="module")
def digits() -> Images:
    return training.images("digits")


def small(channels: int = 1) -> nn.Module:
    """A network for 8x8 digits, with batch norm and dropout, whose states a resumed run must restore too."""
    return nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Dropout(0.2), nn.Linear(8 * 16, 10))


def trained(images: Images, recipe: Recipe = RECIPE, seed: int = 0, **settings):
    torch.manual_seed(seed)
    return train(small(), images, recipe, seed=seed, show=False, **settings)


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# Learning

@pytest.mark.parametrize("optimizer, lr", [("sgd", 0.1), ("adamw", 0.01), ("muon", 0.1)])
def test_every_optimizer_learns_the_digits(digits, optimizer, lr):
    run = trained(digits, replace(RECIPE, optimizer=optimizer, lr=lr, flip=False, crop=0), epochs=4)
    assert evaluate(run.model, training.images("digits", "test")).accuracy > 0.9


def test_lenet_learns_bundled_mnist():
    training_set, _ = training.images("mnist5k").split(0.1)
    run = train(models.build("lenet5", channels=1), training_set, RECIPES["lenet"], epochs=5, show=False)
    assert evaluate(run.model, training.images("mnist5k", "test")).accuracy > 0.95


@pytest.mark.parametrize("schedule, half", [("constant", 1.0), ("triangle", 0.625), ("cosine", None)])
def test_the_learning_rate_rises_and_falls(schedule, half):
    recipe = replace(RECIPE, schedule=schedule, warmup=0.2)
    assert recipe.rate(0.1) == pytest.approx(0.5) and recipe.rate(0.2) == pytest.approx(1)
    assert recipe.rate(0.5) == pytest.approx(half if half else (1 - np.cos(np.pi * 0.625)) / 2)
    assert recipe.rate(1.0) == pytest.approx(1.0 if schedule == "constant" else 0.0)


def test_averaging_keeps_the_running_mean_of_the_weights(digits):
    """One weight whose gradient is constant moves in a line, and its average lags behind as the recursion says."""
    recipe = replace(RECIPE, optimizer="sgd", momentum=0.0, averaging=0.5, schedule="constant", warmup=0.0)
    model = small()
    learner = training.Learner(model, recipe)
    values, average = [], None
    for _ in range(4):
        loss = model[0].bias.sum()
        loss.backward()
        learner.step(loss, 1.0)
        values.append(model[0].bias[0].item())
        average = values[-1] if average is None else 0.5 * average + 0.5 * values[-1]
    assert learner.kept[0].bias[0].item() == pytest.approx(average)
    assert learner.kept is not model


def test_the_average_is_what_is_kept(digits):
    plain = trained(digits, replace(RECIPE, schedule="constant", warmup=0.0))
    averaged = trained(digits, replace(RECIPE, schedule="constant", warmup=0.0, averaging=0.9))
    assert not same_weights(plain.model, averaged.model)


def test_muons_steps_are_orthogonal():
    from course_lib.optimizers import orthogonal

    for shape in ((16, 72), (72, 16)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        values = torch.linalg.svdvals(orthogonal(matrix, iterations=6))
        assert 0.6 < values.min() and values.max() < 1.3


# Evaluation

def test_evaluate_agrees_with_the_formulas_and_puts_the_mode_back(digits):
    model = small().train()
    result = evaluate(model, digits, batch_size=100)
    assert model.training
    model.eval()
    with torch.no_grad():
        logits = model(digits.normalised())
    assert result.loss == pytest.approx(nn.functional.cross_entropy(logits, digits.y).item(), rel=1e-5)
    np.testing.assert_allclose(result.probabilities, logits.softmax(1), atol=1e-5)
    assert result.accuracy == pytest.approx((result.predictions == digits.y.numpy()).mean())


def test_flipped_evaluation_does_not_care_for_mirroring(digits):
    mirrored = replace(digits, x=digits.x.flip(2))
    one, other = (evaluate(small_seeded(), images, flip=True) for images in (digits, mirrored))
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)


def small_seeded() -> nn.Module:
    torch.manual_seed(0)
    return small()


# Repeating, stopping, going on

def test_a_seed_repeats_itself_and_another_does_not(digits):
    assert same_weights(trained(digits).model, trained(digits).model)
    assert not same_weights(trained(digits).model, trained(digits, seed=1).model)


def test_showing_and_evaluating_change_nothing(digits, capsys):
    training_set, validation = digits.split(0.2)
    quiet = trained(training_set, rows=1)
    torch.manual_seed(0)
    shown = train(small(), training_set, RECIPE, seed=0, validation=validation, rows=6)
    assert same_weights(quiet.model, shown.model) and len(shown.history) == 6
    assert not capsys.readouterr().err


class Stop(Exception):
    pass


@pytest.mark.parametrize("optimizer, averaging", [("sgd", 0.0), ("adamw", 0.9), ("muon", 0.0)])
@pytest.mark.parametrize("at", [1, 23, 37, 60])
def test_a_run_that_is_cut_off_ends_as_if_it_had_not_been(digits, tmp_path, monkeypatch, optimizer, averaging, at):
    recipe = replace(RECIPE, optimizer=optimizer, averaging=averaging, lr=0.01)
    training_set, validation = digits.split(0.1)
    whole = trained(training_set, recipe, validation=validation)
    monkeypatch.setattr(training.Checkpoint, "due", property(lambda self: True))  # at every step
    tick = training.Budget.tick

    def stopping(budget):
        tick(budget)
        if budget.step == at:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(training.Budget, "tick", stopping)
        with pytest.raises(Stop):
            trained(training_set, recipe, validation=validation, checkpoint=tmp_path / "run.pt")
    torch.rand(5)  # another state of the random numbers, as another process would have
    resumed = trained(training_set, recipe, validation=validation, checkpoint=tmp_path / "run.pt")
    assert same_weights(whole.model, resumed.model)
    for row, other in zip(whole.history, resumed.history, strict=True):
        assert {key: row[key] for key in row if key != "seconds"} == pytest.approx(
            {key: other[key] for key in other if key != "seconds"})


SHELL = """
import sys, torch
from course_lib import models, training
from dataclasses import replace
training.Checkpoint.__init__.__defaults__ = (0.05,)
torch.manual_seed(0)
images = training.images("mnist5k")
recipe = replace(training.RECIPES["lenet"], averaging=0.9)
print("ready", flush=True)
run = training.train(models.build("lenet5", 1), images, recipe, epochs=2, show=False,
                     checkpoint=None if sys.argv[1] == "none" else sys.argv[1])
torch.save(run.model.state_dict(), sys.argv[2])
"""


def test_killed_at_random_moments_a_process_resumes_to_the_same_weights(tmp_path):
    """SIGKILL leaves no time to tidy up: what counts is what lies on the disk."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def start(*arguments):
        return subprocess.Popen([sys.executable, "-c", SHELL, *map(str, arguments)], stdout=subprocess.PIPE,
                                env=environment)

    assert start("none", tmp_path / "whole.pt").wait() == 0
    moments = random.Random(os.urandom(8))
    kills = 0
    for _ in range(3):
        process = start(tmp_path / "run.pt", tmp_path / "resumed.pt")
        process.stdout.readline()
        time.sleep(moments.uniform(0.2, 1.2))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills, "every run was over before it was killed"
    assert start(tmp_path / "run.pt", tmp_path / "resumed.pt").wait() == 0
    whole, resumed = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("whole", "resumed"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_finished_run_is_not_run_again(digits, tmp_path):
    first = trained(digits, checkpoint=tmp_path / "run.pt")
    again = trained(digits, checkpoint=tmp_path / "run.pt")
    assert same_weights(first.model, again.model) and again.history == first.history


def test_a_checkpoint_of_another_run_or_a_broken_one_gets_a_sentence(digits, tmp_path):
    trained(digits, checkpoint=tmp_path / "run.pt")
    with pytest.raises(CourseError, match="another seed"):
        trained(digits, seed=1, checkpoint=tmp_path / "run.pt")
    with pytest.raises(CourseError, match="another recipe"):
        trained(digits, replace(RECIPE, lr=1e-3), checkpoint=tmp_path / "run.pt")
    (tmp_path / "run.pt").write_bytes(b"half a file")
    with pytest.raises(CourseError, match="cannot|not a checkpoint"):
        trained(digits, checkpoint=tmp_path / "run.pt")


def test_a_checkpoint_is_plain_and_written_whole(digits, tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    trained(digits, checkpoint=path)
    before = path.read_bytes()
    assert set(torch.load(path, weights_only=True)["learner"]["model"]) == set(small().state_dict())

    def filling_the_disk(state, stream):
        stream.write(b"half")
        raise OSError("full")

    monkeypatch.setattr(torch, "save", filling_the_disk)
    with pytest.raises(OSError):
        training.save(path, {})
    assert path.read_bytes() == before


def test_an_interrupt_keeps_the_best_so_far(digits, monkeypatch):
    training_set, validation = digits.split(0.2)
    row = training._row

    def interrupting(run, learner, *rest):
        best = row(run, learner, *rest)
        if len(run.history) == 3:  # the best so far is of the third row at the latest; then spoil the weights
            for weight in learner.model.parameters():
                weight.data.zero_()
            raise_now.append(True)
        return best

    raise_now: list[bool] = []
    tick = training.Budget.tick

    def ticking(budget):
        if raise_now:
            raise KeyboardInterrupt
        tick(budget)

    monkeypatch.setattr(training, "_row", interrupting)
    monkeypatch.setattr(training.Budget, "tick", ticking)
    run = trained(training_set, validation=validation, rows=6)
    best = max(one["validation_accuracy"] for one in run.history)
    assert run.interrupted and len(run.history) == 3
    assert evaluate(run.model, validation).accuracy == pytest.approx(best)


def test_divergence_stops_with_a_sentence(digits):
    with pytest.raises(CourseError, match=r"loss became (nan|inf).*learning rate"):
        # Without batch norm, which divides any length of the weights away.
        train(nn.Sequential(nn.Flatten(), nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 10)), digits,
              replace(RECIPE, lr=1e15), show=False)


class Watch:
    """A clock that a test moves: by itself at each look, and by hand."""

    def __init__(self, per_look: float):
        self.now, self.per_look = 0.0, per_look

    def __call__(self) -> float:
        self.now += self.per_look
        return self.now


def test_a_time_budget_ends_in_time_and_runs_the_whole_schedule(digits):
    recipe = replace(RECIPE, epochs=1000)
    run = trained(digits, recipe, seconds=0.5, clock=Watch(0.01), rows=4)
    assert 0.5 <= run.seconds < 0.54 and len(run.history) == 4
    assert run.history[-1]["learning_rate"] < recipe.lr * 0.1
    assert [row["seconds"] for row in run.history] == pytest.approx([0.13, 0.25, 0.38, 0.5], abs=0.011)


def test_a_time_budget_is_counted_by_the_clock_that_is_given(digits):
    before = time.process_time()
    run = trained(digits, seconds=0.3, clock=time.process_time)
    assert 0.3 <= run.seconds <= time.process_time() - before


def test_evaluation_does_not_count_as_training_time(digits, monkeypatch):
    watch = Watch(0.01)

    def slow(*_, **__):
        watch.now += 0.3
        return training.Evaluation(1.0, 0.5, None, None)

    monkeypatch.setattr(training, "evaluate", slow)
    run = trained(digits, validation=digits, seconds=0.3, clock=watch, rows=3)
    assert len(run.history) == 3 and run.seconds < 0.34  # with the three evaluations it would be 1.2


@pytest.mark.parametrize("change, settings, says", [
    ({}, {"epochs": 1, "seconds": 1}, "not both"),
    ({}, {"epochs": 0}, "more than 0"),
    ({}, {"seconds": -1}, "more than 0"),
    ({"optimizer": "adamm"}, {}, "adamm"),
    ({"schedule": "linear"}, {}, "linear"),
    ({"crop": 8}, {}, "crop"),
])
def test_arguments_that_do_not_fit_get_a_sentence(digits, change, settings, says):
    with pytest.raises(CourseError, match=says):
        trained(digits, replace(RECIPE, **change), **settings)


def test_empty_sets_get_a_sentence(digits):
    with pytest.raises(CourseError, match="empty"):
        trained(digits[:0])
    with pytest.raises(CourseError, match="empty"):
        evaluate(small(), digits[:0])


@pytest.mark.parametrize("network, says", [
    (nn.Sequential(nn.Flatten(), nn.Linear(63, 10)), "cannot take images of shape"),
    (nn.Sequential(nn.Flatten(), nn.Linear(64, 9)), "labels go up to 9"),
    (nn.Conv2d(1, 10, 3), "one row of 10 logits"),
])
def test_a_network_that_does_not_fit_the_images_gets_a_sentence(digits, network, says):
    with pytest.raises(CourseError, match=says):
        train(network, digits, RECIPE, show=False)


def test_a_set_smaller_than_a_batch_is_one_batch(digits):
    run = trained(digits[:10], epochs=3)
    assert run.history[-1]["step"] == 3
    assert run.images_per_second * run.seconds == pytest.approx(3 * 10)


def test_a_batch_can_be_altered_on_its_way_to_the_network(digits):
    """Left as it is, nothing changes; one-hot labels are the same labels; other pictures are other training."""
    def one_hot(X, y):
        return X, torch.eye(10)[y]

    plain = trained(digits, epochs=1).model
    assert same_weights(plain, trained(digits, epochs=1, alter=lambda X, y: (X, y)).model)
    hot = trained(digits, epochs=1, alter=one_hot).model
    for one, other in zip(plain.parameters(), hot.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    assert not same_weights(plain, trained(digits, epochs=1, alter=lambda X, y: (-X, y)).model)


def test_a_network_with_heads_for_training_brings_its_own_loss():
    images = training.images("textures")[:60]
    images = replace(images, x=images.x.repeat(1, 1, 1, 3), mean=images.mean.repeat(3), std=images.std.repeat(3))
    recipe = Recipe("deeply_supervised", epochs=4, batch_size=20, optimizer="sgd", lr=1e-4, schedule="constant",
                    warmup=0)
    run = train(models.build("deeply_supervised"), images, recipe, show=False)
    assert run.history[-1]["training_loss"] < run.history[0]["training_loss"]
    assert evaluate(run.model, images).probabilities.shape == (60, 10)


# From a shell

def shell(*arguments, processes: int = 0) -> dict:
    launcher = [sys.executable, "-m"]
    if processes:
        launcher += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    done = subprocess.run([*launcher, "course_lib.training", *arguments], capture_output=True, text=True,
                          env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_shell_command_prints_one_line_of_json_at_the_end():
    result = shell("--recipe", "lenet", "--data", "mnist5k", "--epochs", "2", "--seed", "3")
    assert result["parameters"] == 61_706 and result["test_accuracy"] > 0.85 and result["seed"] == 3
    assert {"seconds", "cpu_seconds_with_evaluations", "torch", "device", "history"} <= set(result)


def test_two_processes_draw_the_same_loss_curve_as_one():
    arguments = ("--recipe", "lenet", "--data", "mnist5k", "--epochs", "2", "--rows", "8")
    one, two = shell(*arguments), shell(*arguments, processes=2)
    assert two["processes"] == 2 and len(one["history"]) == 8
    for row, other in zip(one["history"], two["history"], strict=True):
        assert other["validation_loss"] == pytest.approx(row["validation_loss"], rel=0.02, abs=2e-3)
        assert other["step"] == row["step"]


def test_the_shell_command_says_what_is_wrong():
    command = [sys.executable, "-m", "course_lib.training", "--recipe", "lenet", "--data", "digits", "--epochs", "-1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "more than 0" in done.stderr and "Traceback" not in done.stderr
