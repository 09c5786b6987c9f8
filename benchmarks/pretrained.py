"""Trains the networks that the course ships, three seeds each, and ships the best.

    OMP_NUM_THREADS=1 python -m benchmarks.cifar10_budget fast --seconds 900 --weights FOLDER
    OMP_NUM_THREADS=1 python -m benchmarks.pretrained fast_cifar10 FOLDER
    OMP_NUM_THREADS=1 python -m benchmarks.pretrained fast_cifar8 FOLDER/8

All train with the recipe `fast` for 900 CPU seconds: `fast_cifar10` on all classes of CIFAR-10, in the benchmark that
has its curves, `fast_cifar8` here, without cats and dogs, for the notebook on transfer. Of the three seeds the one
with the highest accuracy on the *validation* set is shipped: the test set was read once per run, and does not choose.
Weights are stored in half precision. A seed that is in the CSV already is not run again.
"""

import argparse
from pathlib import Path

import torch

from course_lib import pretrained, training

from . import cifar10_budget, record

RECIPE, SECONDS = "fast", 900
WITHOUT = {"fast_cifar10": (), "fast_cifar8": ("cat", "dog")}
RESULT = record.DATA / "pretrained.csv"


def measured(name: str) -> list[dict]:
    """The rows of a network's seeds, as far as they have been trained."""
    if WITHOUT[name]:
        return [row for row in cifar10_budget.read(RESULT) if row["name"] == name]
    return [row for row in cifar10_budget.read(cifar10_budget.RESULT)
            if (row["recipe"], row["budget"]) == (RECIPE, str(SECONDS))]


def train(name: str, folder: Path) -> None:
    """Trains the seeds that are missing, and adds their rows to data/pretrained.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in cifar10_budget.SEEDS:
        if str(seed) not in {row["seed"] for row in measured(name)}:
            row, _ = cifar10_budget.run(RECIPE, SECONDS, seed, str(folder), WITHOUT[name])
            record.replace(RESULT, [*cifar10_budget.read(RESULT), {"name": name} | row])
            print(name, seed, row["test_accuracy"], flush=True)


def ship(name: str, folder: Path) -> None:
    """Writes course_lib/pretrained/<name>.pt from the best seed."""
    best = max(measured(name), key=lambda row: float(row["validation_accuracy"]))
    images = training.images("cifar10").without(*WITHOUT[name])
    told = {column: best[column] for column in ("test_accuracy", "validation_accuracy", "seed", "epochs", "command")}
    training.save(pretrained.FOLDER / f"{name}.pt", {
        "network": training.RECIPES[RECIPE].model, "classes": list(images.classes), "mean": images.mean,
        "std": images.std, "about": told,
        "weights": torch.load(folder / f"{RECIPE}_{SECONDS}_{best['seed']}.pt", weights_only=True)})
    print(name, *(f"{column} {value}" for column, value in told.items()), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretrained", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=WITHOUT)
    parser.add_argument("folder", type=Path, help="for the weights of all seeds")
    chosen = parser.parse_args()
    if WITHOUT[chosen.name]:
        train(chosen.name, chosen.folder)
    ship(chosen.name, chosen.folder)


if __name__ == "__main__":
    main()
