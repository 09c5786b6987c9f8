"""Labelled images in the memory of the device that trains, and the batches drawn from them."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from . import data
from .devices import device, processes, rank
from .errors import CourseError
from .recipes import Recipe


@dataclass
class Images:
    """A labelled set, whole in the memory of the device that trains."""

    x: Tensor  # uint8 (N, H, W, C)
    y: Tensor  # int64 (N,)
    mean: Tensor  # (C,), of the training half, where white is 1
    std: Tensor  # (C,)
    classes: tuple[str, ...]
    white: int = 255

    @classmethod
    def of(cls, x, y, classes: tuple[str, ...] | None = None, white: int = 255,
           like: "Images | None" = None) -> "Images":
        """From arrays, uint8 (N, H, W, C) and whole numbers (N,); mean and std their own, or those of ``like``."""
        x, y = torch.as_tensor(np.ascontiguousarray(x)), torch.as_tensor(np.ascontiguousarray(y)).long()
        if x.dtype != torch.uint8 or x.ndim != 4 or y.shape != x.shape[:1]:
            raise CourseError(f"images must be uint8 (N, H, W, C) with N labels; got {x.dtype} {tuple(x.shape)} and "
                              f"{tuple(y.shape)} labels.")
        if like is None:
            # Counts of the 256 values: exact, and without a copy in floats, which would take four times the memory.
            counts = torch.stack([torch.bincount(x[..., channel].flatten(), minlength=256)
                                  for channel in range(x.shape[3])])
            values, shares = torch.arange(256) / white, counts / counts.sum(1, keepdim=True).clamp_min(1)
            mean = shares @ values
            std = (shares @ values**2 - mean**2).clamp_min(1e-12).sqrt()
        else:
            mean, std = like.mean, like.std
        classes = classes or tuple(str(label) for label in range(int(y.max()) + 1 if len(y) else 0))
        here = device()
        return cls(x.to(here), y.to(here), mean.to(here), std.to(here), classes, white)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index) -> "Images":
        return replace(self, x=self.x[index], y=self.y[index])

    def without(self, *names: str) -> "Images":
        """The images of all other classes, labels numbered anew from 0; CourseError for a class that is not there."""
        if unknown := [name for name in names if name not in self.classes]:
            raise CourseError(f"there is no class {', '.join(unknown)}; the classes are {', '.join(self.classes)}.")
        kept = [label for label, name in enumerate(self.classes) if name not in names]
        renumbered = torch.full((len(self.classes),), -1, device=self.y.device)
        renumbered[kept] = torch.arange(len(kept), device=self.y.device)
        y = renumbered[self.y]
        return replace(self, x=self.x[y >= 0], y=y[y >= 0], classes=tuple(self.classes[label] for label in kept))

    def split(self, held_out: float = 0.1, seed: int = 0) -> tuple["Images", "Images"]:
        """Two sets without a common image; ``held_out`` of them, drawn by the seed, are in the second."""
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed)).to(self.y.device)
        there = round(len(self) * held_out)
        return self[order[there:]], self[order[:there]]

    def normalised(self, x: Tensor | None = None) -> Tensor:
        """uint8 (n, H, W, C), by default the whole set -> float32 (n, C, H, W), mean 0 and deviation 1 per channel."""
        return normalised(self.x if x is None else x, self.mean * self.white, self.std * self.white)


def normalised(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """uint8 (n, H, W, C) -> float32 (n, C, H, W), less ``mean`` and divided by ``std``, both (C,) and in x's unit."""
    return x.to(torch.float32).sub_(mean).div_(std).permute(0, 3, 1, 2)


def images(name: str, split: str = "train") -> Images:
    """A set of ``course_lib.data`` as Images; mean and std are always those of its training half."""
    about = data.about(name)
    training = Images.of(*data.load(name, "train"), about.classes, about.brightest)
    return training if split == "train" else Images.of(
        *data.load(name, split), about.classes, about.brightest, like=training)


class Batches:
    """Batches of a set, altered as the recipe says. What is drawn follows from the seed and the step alone.

    Of a set that is no multiple of the batch size, each epoch leaves out a few other images. With torchrun every
    process gets its share of each batch.
    """

    def __init__(self, images: Images, recipe: Recipe, seed: int):
        self.images, self.recipe, self.seed = images, recipe, seed
        self.size = min(recipe.batch_size, len(images))
        self.padded = _reflected(images.x, recipe.crop)
        self.mirrored = torch.rand(len(images), generator=torch.Generator().manual_seed(seed)).to(images.x.device) < 0.5
        self.epoch = -1

    def __len__(self) -> int:
        return len(self.images) // self.size

    def draw(self, step: int, done: float) -> tuple[Tensor, Tensor]:
        """Batch number ``step``, (n, C, h, w) and (n,), when a fraction ``done`` of the budget is spent."""
        epoch, number = divmod(step, len(self))
        if epoch != self.epoch:
            # One draw, and one transfer to the device, per epoch.
            generator = torch.Generator().manual_seed((self.seed << 20) + epoch)
            here = self.images.x.device
            self.order = torch.randperm(len(self.images), generator=generator).to(here)
            self.place = torch.rand((len(self.images), 2), generator=generator).to(here)
            self.epoch = epoch
        index = self.order[number * self.size:(number + 1) * self.size][rank()::processes()]
        height, width = self.images.x.shape[1:3]
        side = self.recipe.side(done)
        mirrored = self.mirrored[index] ^ (epoch % 2 == 1) if self.recipe.flip else None
        x = crops(self.padded, index, self.place[index], (side or height, side or width), mirrored)
        return self.images.normalised(x), self.images.y[index]


def crops(padded: Tensor, index: Tensor, place: Tensor, size: tuple[int, int],
          mirrored: Tensor | None = None) -> Tensor:
    """Cut (n, h, w, C) out of padded images (N, H, W, C), by one gather.

    ``index`` (n,) says of which image, ``place`` (n, 2) from 0 to 1 where, ``mirrored`` (n,) which are mirrored.
    """
    _, height, width, _ = padded.shape
    room = torch.tensor([height - size[0] + 1, width - size[1] + 1], device=place.device)
    top, left = (place * room).long().unbind(1)
    rows = top[:, None] + torch.arange(size[0], device=place.device)
    columns = torch.arange(size[1], device=place.device).expand(len(index), -1)
    if mirrored is not None:
        columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    return padded[index[:, None, None], rows[:, :, None], (left[:, None] + columns)[:, None, :]]


def _reflected(x: Tensor, by: int) -> Tensor:
    """Images (N, H, W, C) with ``by`` pixels more on every side, mirrored at the border."""
    for axis in (1, 2):
        side = x.shape[axis]
        place = torch.arange(-by, side + by, device=x.device).abs()
        x = x.index_select(axis, (side - 1) - ((side - 1) - place).abs())
    return x
