"""Ships the best of the networks that the CIFAR-10 benchmark trained for 900 CPU seconds.

    OMP_NUM_THREADS=1 python -m benchmarks.cifar10_budget fast --seconds 900 --weights FOLDER
    python -m benchmarks.pretrained FOLDER

Of the three seeds the one with the highest accuracy on the *validation* set is taken: the test set was read once per
run, and does not choose. The file, course_lib/pretrained/fast_cifar10.pt, holds its weights in half precision.
"""

import argparse
from pathlib import Path

import torch

from course_lib import pretrained, training

from . import cifar10_budget

NAME, RECIPE, SECONDS = "fast_cifar10", "fast", "900"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretrained", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where cifar10_budget saved the weights")
    folder = parser.parse_args().folder
    rows = [row for row in cifar10_budget.read(cifar10_budget.RESULT)
            if (row["recipe"], row["budget"]) == (RECIPE, SECONDS)]
    best = max(rows, key=lambda row: float(row["validation_accuracy"]))
    images = training.images("cifar10").split(0.1)[0]
    told = {column: best[column] for column in ("test_accuracy", "validation_accuracy", "seed", "epochs", "command")}
    training.save(pretrained.FOLDER / f"{NAME}.pt", {
        "network": training.RECIPES[RECIPE].model, "classes": list(images.classes), "mean": images.mean,
        "std": images.std, "about": told,
        "weights": torch.load(folder / f"{RECIPE}_{SECONDS}_{best['seed']}.pt", weights_only=True)})
    print(NAME, *(f"{column} {value}" for column, value in told.items()), sep="\n")


if __name__ == "__main__":
    main()
