"""The capstone's project on one thread: a naive network, a good one and a better one, five seeds each.

    python -m benchmarks.capstone

What it measures is the room between the naive and the good, by which the threshold of the graded exercise is chosen:
course_lib/checks/capstone.py, THRESHOLD. Accuracy is that on the test scenes, drawn anew with another seed, as the
grader draws them; CPU seconds are those of training.
"""

import sys
from dataclasses import replace

import torch
from torch import nn

from course_lib import capstone, models

from . import record

SEEDS = (0, 1, 2, 3, 4)
UNSEEN = 404  # the scenes' seed: any but those of the notebook


def convolution(before: int, after: int, side: int = 3, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, side, stride, padding=side // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


def flat() -> nn.Module:
    """Two layers, no convolution."""
    return nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 128), nn.ReLU(), nn.Linear(128, 10))


def naive() -> nn.Module:
    """LeNet's way: two convolutions, then flatten; no batch norm."""
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4), nn.Conv2d(8, 16, 3, padding=1),
                         nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 4 * 4, 64), nn.ReLU(),
                         nn.Linear(64, 10))


def good() -> nn.Module:
    """The network of the solved notebook."""
    return nn.Sequential(*convolution(1, 16, 5, stride=2), *convolution(16, 32), nn.MaxPool2d(2), *convolution(32, 64),
                         nn.MaxPool2d(2), *convolution(64, 96), nn.AdaptiveMaxPool2d(1), nn.Flatten(),
                         nn.Linear(96, 10))


def better() -> nn.Module:
    """Wider, deeper, and trained longer: most of the budget."""
    return nn.Sequential(*convolution(1, 16), nn.MaxPool2d(2), *convolution(16, 32), nn.MaxPool2d(2),
                         *convolution(32, 64), *convolution(64, 64), nn.MaxPool2d(2), *convolution(64, 128),
                         nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(128, 10))


BASE = capstone.RECIPE
ARMS = {
    "flat": (flat, replace(BASE, epochs=15, lr=3e-3)),
    "naive": (naive, replace(BASE, epochs=10, lr=3e-3)),
    "naive, crops": (naive, replace(BASE, epochs=10, lr=3e-3, crop=3)),
    "good, no crops": (good, BASE),
    "good": (good, replace(BASE, crop=3)),
    "better": (better, replace(BASE, crop=3, epochs=24)),
}


def main() -> None:
    torch.set_num_threads(1)
    unseen, rows = capstone.pictures("test", UNSEEN), []
    for name, (build, recipe) in ARMS.items():
        for seed in SEEDS:
            result = capstone.trained(build, recipe, seed=seed, file="none", show=False)
            rows.append({"arm": name, "seed": seed, "parameters": models.parameters(result.model),
                         "epochs": recipe.epochs, "test_accuracy": round(capstone.accuracy(result.model, unseen), 4),
                         "cpu_seconds": round(result.seconds, 1)})
            print(rows[-1], file=sys.stderr)
    record.write("capstone", rows, ["torch", "numpy", "mlxtend"])


if __name__ == "__main__":
    main()
