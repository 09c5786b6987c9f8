"""Trains the networks that the course ships; of those that see photographs three seeds, and ships the best.

    OMP_NUM_THREADS=1 python -m benchmarks.cifar10_budget fast --seconds 900 --weights FOLDER
    OMP_NUM_THREADS=1 python -m benchmarks.pretrained fast_cifar10 FOLDER
    OMP_NUM_THREADS=1 python -m benchmarks.pretrained fast_cifar8 FOLDER/8
    OMP_NUM_THREADS=1 python -m benchmarks.pretrained fast_digits

The first two train with the recipe `fast` for 900 CPU seconds: `fast_cifar10` on all classes of CIFAR-10, in the
benchmark that has its curves, `fast_cifar8` here, without cats and dogs, for the notebook on transfer. Of the three
seeds the one with the highest accuracy on the *validation* set is shipped: the test set was read once per run, and
does not choose. A seed that is in the CSV already is not run again.

`fast_digits` is the same network after eight passes over the digits of `mnist5k`, in less than a minute, one seed. Its
digits are turned, sheared, stretched, moved, thickened, thinned and blurred at random, as other people's digits are.
Weights are stored in half precision.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import models, pretrained, training
from course_lib.transfer import as_seen_by

from . import cifar10_budget, record

RECIPE, SECONDS = "fast", 900
WITHOUT = {"fast_cifar10": (), "fast_cifar8": ("cat", "dog")}
RESULT = record.DATA / "pretrained.csv"


def measured(name: str) -> list[dict]:
    """The rows of a network's seeds, as far as they have been trained."""
    if WITHOUT[name]:
        return [row for row in record.read(RESULT) if row["name"] == name]
    return [row for row in record.read(cifar10_budget.RESULT)
            if (row["recipe"], row["budget"]) == (RECIPE, str(SECONDS))]


def train(name: str, folder: Path) -> None:
    """Trains the seeds that are missing, and adds their rows to data/pretrained.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in cifar10_budget.SEEDS:
        if str(seed) not in {row["seed"] for row in measured(name)}:
            row, _ = cifar10_budget.run(RECIPE, SECONDS, seed, str(folder), WITHOUT[name])
            record.replace(RESULT, [*record.read(RESULT), {"name": name} | row])
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


DIGITS = replace(training.RECIPES[RECIPE], batch_size=128, epochs=8, flip=False, crop=0, sides=(), test_flip=False)


def digits(split: str) -> training.Images:
    """MNIST's digits, cut to the box that they are drawn in, as colour images of 32 x 32, from -1 to 1."""
    every = training.images("mnist5k", split)
    half = pretrained.Pretrained(torch.nn.Identity(), every.classes, torch.full((3,), 0.5), torch.full((3,), 0.5), {})
    return as_seen_by(half, replace(every, x=every.x[:, 3:-3, 3:-3]))


def altered(X: Tensor, y: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Digits from -1 (black) to 1, (N, 3, 32, 32), as other hands and coarser scanners would have left them."""
    def draw(most: float) -> Tensor:
        return (torch.rand(len(X), generator=random) * 2 - 1) * most

    turn, wide, high, shear = draw(0.3), draw(0.3).exp(), draw(0.3).exp(), draw(0.3)
    place = torch.stack([torch.stack([turn.cos() * wide, shear - turn.sin(), draw(0.15)], 1),
                         torch.stack([turn.sin(), turn.cos() * high, draw(0.15)], 1)], 1)
    X = F.grid_sample(X + 1, F.affine_grid(place, list(X.shape), align_corners=False), align_corners=False)
    match int(torch.randint(4, (), generator=random)):  # strokes: one batch in four thicker, one thinner
        case 1:
            X = F.max_pool2d(X, 3, 1, 1)
        case 2:
            X = -F.max_pool2d(-X, 3, 1, 1)
    if torch.rand((), generator=random) < 0.6:
        side = int(torch.randint(8, 17, (), generator=random))
        for size in (side, X.shape[-1]):
            X = F.interpolate(X, (size, size), mode="bilinear", antialias=True)
    return X - 1, y


def ship_digits() -> None:
    """Trains and writes course_lib/pretrained/fast_digits.pt."""
    training_set, start, random = digits("train"), time.process_time(), torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    model = models.build(DIGITS.model, channels=3, classes=10)
    training.train(model, training_set, DIGITS, alter=lambda X, y: altered(X, y, random), show=False)
    told = {"test_accuracy": round(training.evaluate(model, digits("test")).accuracy, 4), "seed": 0,
            "epochs": DIGITS.epochs, "cpu_seconds": round(time.process_time() - start, 1),
            "torch": str(torch.__version__), "date": record.today(),
            "command": "python -m benchmarks.pretrained fast_digits"}
    training.save(pretrained.FOLDER / "fast_digits.pt", {
        "network": DIGITS.model, "classes": list(training_set.classes), "mean": training_set.mean.cpu(),
        "std": training_set.std.cpu(), "about": told,
        "weights": {name: value.half() if value.is_floating_point() else value
                    for name, value in model.cpu().state_dict().items()}})
    print(*(f"{column} {value}" for column, value in told.items()), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretrained", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=[*WITHOUT, "fast_digits"])
    parser.add_argument("folder", type=Path, nargs="?", help="for the weights of all seeds, for networks of CIFAR-10")
    chosen = parser.parse_args()
    if chosen.name == "fast_digits":
        ship_digits()
        return
    if chosen.folder is None:
        parser.error("name a folder for the weights of all seeds")
    if WITHOUT[chosen.name]:
        train(chosen.name, chosen.folder)
    ship(chosen.name, chosen.folder)


if __name__ == "__main__":
    main()
