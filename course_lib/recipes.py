"""How to train, as data: a Recipe, and those that the course has measured or quotes."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. ``dataclasses.replace(recipe, flip=False)`` makes a variant."""

    model: str  # what the shell command builds, a name in models.MODELS
    epochs: float  # passes over the training set, unless the caller gives epochs or seconds
    batch_size: int
    optimizer: str  # "sgd" (Nesterov momentum), "adamw" or "muon"
    lr: float  # learning rate at its peak; with muon, of the convolutions
    lr_vectors: float | None = None  # of biases and normalisation, where it differs
    lr_head: float | None = None  # of fully connected layers, where it differs
    momentum: float = 0.9  # of sgd
    weight_decay: float = 0.0
    schedule: str = "triangle"  # "constant", "triangle" or "cosine", over the whole budget
    warmup: float = 0.2  # the fraction of the budget in which the learning rate rises from 0
    flip: bool = False  # mirror every image in every second epoch (arXiv:2404.00498, section 3.6)
    crop: int = 0  # move every image by up to so many pixels, reflecting the border
    sides: tuple[tuple[float, int], ...] = ()  # (0.6, 24): crops of 24 pixels in the first 60 % of the budget
    label_smoothing: float = 0.0  # the share of the target spread over all classes
    averaging: float = 0.0  # decay per step of the running average of the weights that is kept in the end
    test_flip: bool = False  # evaluate on each image and its mirror image, and average

    def rate(self, done: float) -> float:
        """The learning rate as a fraction of its peak, when a fraction ``done`` of the budget is spent."""
        if done < self.warmup:
            return max(done / self.warmup, 0.02)
        left = (1 - done) / (1 - self.warmup)
        return {"constant": 1.0, "triangle": left, "cosine": (1 - math.cos(math.pi * left)) / 2}[self.schedule]

    def side(self, done: float) -> int | None:
        """The side of the crops at that time; None for whole images."""
        return next((side for until, side in self.sides if done < until), None)


RECIPES: dict[str, Recipe] = {
    # Digits lose their meaning when mirrored, so there is no flip.
    "lenet": Recipe("lenet5", epochs=15, batch_size=64, optimizer="adamw", lr=5e-3, weight_decay=1e-2, crop=2),
    # The coding session after slide 56, its cell 15, to the letter.
    "author": Recipe("author_lenet", epochs=20, batch_size=256, optimizer="sgd", lr=0.1, momentum=0.0,
                     schedule="constant", warmup=0.0),
    "fast": Recipe("fast", epochs=10, batch_size=256, optimizer="muon", lr=0.12, lr_vectors=0.05, lr_head=0.5,
                   momentum=0.85, warmup=0.05, flip=True, crop=2, sides=((0.6, 24),), label_smoothing=0.2,
                   test_flip=True),
    # He et al. (arXiv:1512.03385, section 4.2), but a learning rate that falls steadily, and 40 epochs instead of 164.
    "resnet20": Recipe("resnet20", epochs=40, batch_size=128, optimizer="sgd", lr=0.1, weight_decay=1e-4, flip=True,
                       crop=4),
    # The same network and epochs by the means of `fast`: what is fastest to 91 % without a GPU.
    "resnet20_fast": Recipe("resnet20", epochs=40, batch_size=128, optimizer="muon", lr=0.12, lr_vectors=0.05,
                            lr_head=0.1, momentum=0.85, warmup=0.05, flip=True, crop=4, sides=((0.6, 24),),
                            test_flip=True),
    # Six passes over digits, for slide 40's question alone: how well do plain and residual networks train?
    # Nothing is done against overfitting, for it is the training error that is compared (data/depth_runs.csv).
    "depth": Recipe("resnet56", epochs=6, batch_size=64, optimizer="sgd", lr=0.1, weight_decay=1e-4),
}
