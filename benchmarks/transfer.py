"""Two sources, two targets, one network: what transfer saves in labels when the target is near, and when it is far.

    OMP_NUM_THREADS=1 python -m benchmarks.transfer probes layers normalisation tune runs mistakes

The network `fast` after photographs (fast_cifar10) and after digits (fast_digits) on scikit-learn's digits and on
faces, and on patches of textures, 1 to 50 labels per class, five seeds; a seed draws the labels and the fresh weights.
Near are digits to digits and photographs to faces; far are the other two. From scratch means the same network by the
recipe that it was made for, its learning rate and steps chosen for it; all that was chosen, for every arm, was chosen
on images of the training half that had no label in that run, with seeds that are not reported (transfer_tuning.csv).
The test half is read once per run. Each row is written when it is there, and what is in a CSV is not run again.

    data/transfer_runs.csv           probes, and `runs`: accuracy against labels, arm by arm
    data/transfer_layers.csv         a probe on every group of the networks, trained and random
    data/transfer_normalisation.csv  a probe tested on pictures that are not normalised as in training
    data/transfer_tuning.csv         `tune`: what was tried for the arms that train
    data/transfer_mistakes.csv       the body's learning rate as high as the head's, and batch norm in training mode
"""

import argparse
import copy
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from torch import nn
from torch.optim.swa_utils import update_bn

from course_lib import models, pretrained
from course_lib.errors import CourseError
from course_lib.training import RECIPES, Images, evaluate, images, train
from course_lib.transfer import (
    as_seen_by,
    extract_features,
    fine_tune,
    freeze_norms,
    labelled_subset,
    probe,
    replace_head,
)

from . import record

NETWORK = "fast"
SOURCES = ("fast_cifar10", "fast_digits")
TARGETS = ("digits", "faces", "textures")
BUDGETS = {"digits": (1, 2, 5, 10, 20, 50), "faces": (1, 2, 5, 10, 20), "textures": (1, 2, 5, 10, 20, 50)}
TRAINED_ON = {"digits": (2, 1, 5, 20), "faces": (2, 1, 5, 20), "textures": (2, 5, 20)}  # trained arms take longer
SEEDS, TUNING_SEEDS = range(5), (100, 101)
LAYERS = ("whitening", "groups.0", "groups.1", "groups.2")
STEPS = 60
# Peak rates as multiples of those of the recipe `fast` from scratch, and rates of the head for the others.
GRID = {"from scratch": [{"lr": lr, "steps": steps} for lr, steps in ((1.0, 60), (0.3, 60), (1.0, 120))],
        "fine-tuned": [{"lr": lr, "steps": STEPS} for lr in (0.003, 0.01)]}
TUNED_AT = 2  # labels per class


# Images, and their features

@cache
def seen(target: str, split: str, source: str) -> Images:
    """A target's images as a source knows them; for a network without a source by the target's own mean."""
    trained = pretrained.load(source or SOURCES[0])
    shown = as_seen_by(trained, images(target, split))
    if source:
        return shown
    own = Images.of(*(value.cpu().numpy() for value in (seen(target, "train", SOURCES[0]).x, images(target).y)))
    return replace(shown, mean=own.mean, std=own.std)


def untrained(target: str, seed: int) -> nn.Module:
    """The network with random weights, but for its first layer, whose filters come from the target's images."""
    torch.manual_seed(seed)
    model = models.build(NETWORK, channels=3, classes=len(images(target).classes))
    model.whiten(seen(target, "train", "").normalised())
    return model


def network(target: str, source: str, seed: int) -> nn.Module:
    """What gives the features. A random network gets its batch norm's statistics from the target: else it is unfair."""
    if source:
        return pretrained.load(source).model
    model = untrained(target, seed)
    update_bn([seen(target, "train", "").normalised()], model)
    return model


@cache
def features(target: str, source: str, layer: str | None, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Of the training and the test half, and the CPU seconds that one image takes."""
    model, start = network(target, source, seed), time.process_time()
    both = [extract_features(model, seen(target, split, source), layer) for split in ("train", "test")]
    return *both, (time.process_time() - start) / sum(map(len, both))


def pixels(target: str) -> tuple[np.ndarray, np.ndarray, float]:
    return *(images(target, split).x.flatten(1).float().numpy() for split in ("train", "test")), 0.0


def probed(target: str, given: tuple, labels: int, seed: int) -> dict:
    """A probe's accuracy on the test half, and its CPU seconds, features of the labelled images included."""
    known, unknown, each = given
    y, start = images(target).y.numpy(), time.process_time()
    chosen = labelled_subset(y, labels, seed)
    fitted = probe(known[chosen], y[chosen])
    seconds = time.process_time() - start + each * len(chosen)
    return {"test_accuracy": round(fitted.score(unknown, images(target, "test").y.numpy()), 4),
            "cpu_seconds": round(seconds, 2)}


# Training

def trained(target: str, source: str, arm: str, labels: int, seed: int, settings: dict, on_pool: bool = False) -> dict:
    """One run; accuracy on the test half, or ``on_pool``, for tuning, on the training half's unlabelled rest."""
    pool = seen(target, "train", source)
    chosen = labelled_subset(pool.y, labels, seed)
    few = pool[torch.from_numpy(chosen)]
    if arm == "from scratch":
        model = untrained(target, seed)
    else:
        torch.manual_seed(seed)
        model = replace_head(copy.deepcopy(pretrained.load(source).model), len(pool.classes))
        if not settings.get("moving_norms"):
            freeze_norms(model)
    start = time.process_time()
    try:
        if arm == "from scratch":
            _from_scratch(model, few, settings, seed)
        else:
            fine_tune(model, few, lr=settings["lr"], body_factor=settings.get("body_factor", 0.1), crop=2,
                      steps=settings["steps"], seed=seed)
    except CourseError:  # the loss is no number any more
        return {"test_accuracy": round(1 / len(pool.classes), 4), "cpu_seconds": "", "diverged": True}
    seconds = time.process_time() - start
    rest = pool[torch.from_numpy(np.setdiff1d(np.arange(len(pool)), chosen))]
    result = evaluate(model, rest if on_pool else seen(target, "test", source))
    return {"test_accuracy": round(result.accuracy, 4), "cpu_seconds": round(seconds, 2), "diverged": False}


def _from_scratch(model: nn.Module, few: Images, settings: dict, seed: int) -> None:
    recipe, batch = RECIPES[NETWORK], min(32, len(few))
    rates = {name: getattr(recipe, name) * settings["lr"] for name in ("lr", "lr_vectors", "lr_head")}
    recipe = replace(recipe, batch_size=batch, flip=False, sides=(), **rates)
    train(model, few, recipe, epochs=settings["steps"] / (len(few) // batch), rows=1, seed=seed, show=False)


# Tables

def read(name: str) -> list[dict]:
    return record.read(record.DATA / f"{name}.csv")


def fill(name: str, cells: Iterable[tuple[dict, object]], packages: list[str]) -> None:
    """Adds the rows that are missing: ``cells`` are what a row is about, and a function that measures it."""
    for about, measure in cells:
        about = {column: str(value) for column, value in about.items()}
        if not any(about.items() <= row.items() for row in read(name)):
            row = about | measure() | record.where(packages)
            with FileLock(Path(tempfile.gettempdir(), f"{name}.lock")):  # several may run at once
                record.replace(record.DATA / f"{name}.csv", [*read(name), row])
            print(name, *row.values(), flush=True)


def probes(targets) -> Iterable[tuple[dict, object]]:
    arms = [(source, *arm) for source in SOURCES for arm in (("probe", None), ("probe, middle", "groups.1"))]
    for target in targets:
        for labels, seed in itertools.product(BUDGETS[target], SEEDS):
            for source, arm, layer in [*arms, ("", "probe, random network", None)]:
                yield (about(source, target, arm, labels, seed), lambda t=target, s=source, y=layer, k=labels, e=seed:
                       UNTUNED | probed(t, features(t, s, y, 0 if s else e), k, e))
            yield (about("", target, "raw pixels", labels, seed),
                   lambda t=target, k=labels, e=seed: UNTUNED | probed(t, pixels(t), k, e))


def about(source: str, target: str, arm: str, labels: int, seed: int) -> dict:
    return {"source": source, "target": target, "arm": arm, "labels_per_class": labels, "seed": seed}


UNTUNED = {"lr": "", "steps": "", "diverged": ""}  # what a probe does not have


def layers(targets) -> Iterable[tuple[dict, object]]:
    for target, source, layer, seed in itertools.product(targets, (*SOURCES, ""), LAYERS, SEEDS):
        yield ({"source": source, "target": target, "layer": layer, "labels_per_class": 5, "seed": seed},
               lambda t=target, s=source, y=layer, e=seed: probed(t, features(t, s, y, 0 if s else e), 5, e))


def normalisation(targets) -> Iterable[tuple[dict, object]]:
    """Trained on features of pictures that were normalised, tested on others."""
    ways = {"as in training": lambda x, X: X, "0 to 1": lambda x, X: x / 255, "0 to 255": lambda x, X: x}
    near = {"fast_cifar10": "faces", "fast_digits": "digits"}
    for source, (way, change), seed in itertools.product(SOURCES, ways.items(), SEEDS):
        if near[source] not in targets:
            continue
        def measure(source=source, change=change, seed=seed) -> dict:
            target = near[source]
            test = seen(target, "test", source)
            X = change(test.x.permute(0, 3, 1, 2).float(), test.normalised())
            known, _, each = features(target, source, None, 0)
            return probed(target, (known, extract_features(pretrained.load(source).model, X), each), 5, seed)
        yield ({"source": source, "target": near[source], "tested": way, "labels_per_class": 5, "seed": seed}, measure)


def tune(targets) -> Iterable[tuple[dict, object]]:
    for target in targets:
        for arm, source in (("from scratch", ""), *(("fine-tuned", source) for source in SOURCES)):
            for settings, seed in itertools.product(GRID[arm], TUNING_SEEDS):
                yield (about(source, target, arm, TUNED_AT, seed) | settings,
                       lambda t=target, s=source, a=arm, e=seed, g=settings: _renamed(
                           trained(t, s, a, TUNED_AT, e, g, on_pool=True)))


def _renamed(measured: dict) -> dict:
    return {"validation_accuracy": measured.pop("test_accuracy")} | measured


@cache
def best(source: str, target: str, arm: str) -> dict:
    """The settings that did best in tuning, on the mean over its seeds."""
    def reached(settings: dict) -> float:
        found = {"source": source, "target": target, "arm": arm} | {key: str(value) for key, value in settings.items()}
        rows = [row for row in read("transfer_tuning") if found.items() <= row.items()]
        if len(rows) < len(TUNING_SEEDS):
            raise SystemExit(f"{arm} on {target} has not been tuned: run `tune` first.")
        return statistics.mean(float(row["validation_accuracy"]) for row in rows)

    return max(GRID[arm], key=reached)


def runs(targets) -> Iterable[tuple[dict, object]]:
    for target in targets:
        for labels, seed in itertools.product(TRAINED_ON[target], SEEDS):
            for arm, source in (("from scratch", ""), *(("fine-tuned", source) for source in SOURCES)):
                def measure(t=target, s=source, a=arm, k=labels, e=seed) -> dict:
                    settings = best(s, t, a)
                    return settings | trained(t, s, a, k, e, settings)
                yield about(source, target, arm, labels, seed), measure


def mistakes(targets) -> Iterable[tuple[dict, object]]:
    source, target, labels = "fast_cifar10", "faces", 5
    if target not in targets:
        return
    settings = [{"lr": lr, "body_factor": factor, "steps": STEPS} for lr in (0.003, 0.03) for factor in (0.1, 1.0)]
    settings += [{"lr": 0.003, "body_factor": 0.1, "steps": STEPS, "moving_norms": True}]
    for chosen, seed in itertools.product(settings, SEEDS):
        yield (about(source, target, "fine-tuned", labels, seed) | {"moving_norms": False} | chosen,
               lambda e=seed, g=chosen: trained(target, source, "fine-tuned", labels, e, g))


PARTS = {"probes": ("transfer_runs", probes), "layers": ("transfer_layers", layers),
         "normalisation": ("transfer_normalisation", normalisation), "tune": ("transfer_tuning", tune),
         "runs": ("transfer_runs", runs), "mistakes": ("transfer_mistakes", mistakes)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=TARGETS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for part in chosen.parts:
        name, cells = PARTS[part]
        fill(name, cells(chosen.targets), ["torch", "numpy", "scikit-learn"])


if __name__ == "__main__":
    main()
