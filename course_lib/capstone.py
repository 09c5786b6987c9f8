"""The project of notebook 12: its pictures, its budget, and a trained network as a file of plain numbers.

The pictures are *scenes*: a handwritten digit of ``mnist5k`` somewhere in a picture of 32 x 32 pixels, turned and
scaled a little, among pieces of other digits. V. Mnih and others (arXiv:1406.6247, section 4.1) made such a task,
cluttered translated MNIST, to ask whether a network looks at the right place.

A network that is a Sequential of well-known layers is kept as data: a list of layers, and arrays (``save``, ``load``).
So a grader can build it again, count it and measure it without running a line of its author's code.
"""

import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import data, models, training
from .batches import Images
from .devices import device
from .errors import CourseError
from .recipes import Recipe

PARAMETERS = 300_000  # at most
SECONDS = {"cpu": 60, "gpu": 300}  # of training, at most: CPU seconds on a processor, wall seconds on a GPU
SIDE = 32
PIECES, PIECE = 4, 7  # of clutter in each picture, and their side in pixels
VALIDATION = 500  # of the 3,000 digits to learn from, kept out to choose with
FILE = "capstone_network.npz"  # what is handed in beside the notebook
SPLITS = ("training", "validation", "test")

RECIPE = Recipe("a network of your own", epochs=8, batch_size=64, optimizer="adamw", lr=1e-2, weight_decay=1e-2)


# ------------------------------------------------------------------------------------------------------ pictures

def scenes(x, y, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Put digits into pictures: uint8 (N, 28, 28, 1) and labels (N,) -> uint8 (N, 32, 32, 1) and the same labels.

    Each digit is turned by up to 20 degrees, scaled by 0.75 to 1.1 and moved, and lies among four pieces of other
    digits of the same set. The same seed gives the same pictures.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[1:] != (28, 28, 1) or y.shape != x.shape[:1]:
        raise CourseError(f"scenes are made of digits, uint8 (N, 28, 28, 1) with N labels; got {x.dtype} {x.shape} "
                          f"and labels {y.shape}.")
    rng, many = np.random.default_rng(seed), len(x)
    angle, scale = np.radians(rng.uniform(-20, 20, many)), rng.uniform(0.75, 1.1, many)
    # The ink of a digit fills its middle 20 pixels, and stays inside. Places count from -1 to 1, as grid_sample does.
    room = np.maximum((SIDE - 24 * scale) / SIDE, 0)
    move = rng.uniform(-1, 1, (many, 2)) * room[:, None]
    turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], 1).reshape(-1, 2, 2)
    turn *= (SIDE / 28 / scale)[:, None, None]
    where = np.concatenate([turn, -(turn @ move[..., None])], axis=2)
    grid = F.affine_grid(torch.from_numpy(where), (many, 1, SIDE, SIDE), align_corners=False)
    digits = torch.from_numpy(x[..., 0]).double()[:, None]
    pictures = F.grid_sample(digits, grid, align_corners=False).round().to(torch.uint8).numpy()[:, 0]
    rows = np.arange(PIECE)[:, None], np.arange(PIECE)
    for _ in range(PIECES):
        other, origin = rng.integers(many, size=many), rng.integers(4, 24 - PIECE + 1, (2, many, 1, 1))
        place = rng.integers(SIDE - PIECE + 1, size=(2, many, 1, 1))
        patches = x[other[:, None, None], origin[0] + rows[0], origin[1] + rows[1], 0]
        here = np.arange(many)[:, None, None], place[0] + rows[0], place[1] + rows[1]
        pictures[here] = np.maximum(pictures[here], patches)
    return pictures[..., None], y.copy()


def pictures(split: str, seed: int = 0) -> Images:
    """The project's scenes: 2,500 for "training", 500 for "validation", 2,000 for "test", as ``training.train`` wants.

    No two splits share a digit, and other seeds put the same digits into other scenes. CourseError for another split.
    """
    if split not in SPLITS:
        raise CourseError(f"there is no split {split!r}; choose one of {', '.join(SPLITS)}.")
    return _pictures(split, seed)


@cache
def _pictures(split: str, seed: int) -> Images:
    classes = data.about("mnist5k").classes
    x, y = data.load("mnist5k", "train")
    learning = Images.of(*scenes(x[VALIDATION:], y[VALIDATION:], seed), classes)
    if split == "training":
        return learning
    if split == "validation":
        x, y = x[:VALIDATION], y[:VALIDATION]
    else:
        x, y = data.load("mnist5k", "test")
    # Normalised by one mean and deviation, whatever the seed.
    like = learning if seed == 0 else _pictures("training", 0)
    return Images.of(*scenes(x, y, seed + SPLITS.index(split)), classes, like=like)


# ------------------------------------------------------------------------------------------------------ training

@dataclass
class Trained:
    """A trained network, and what its training took."""

    model: nn.Module
    recipe: Recipe
    seed: int
    seconds: float  # CPU seconds on a processor, wall seconds on a GPU
    device: str  # "cpu" or "gpu"


_DONE: dict[str, Trained] = {}


def trained(build: Callable[[], nn.Module], recipe: Recipe, *, seed: int = 0, file: str | Path = FILE,
            show: bool = True) -> Trained:
    """The network that ``build()`` makes, trained on the project's pictures by ``recipe``; the first time only.

    The seed decides first weights and batches. Asked again for the same layers, recipe and seed, it gives the same
    network at once: from this session, or from ``file``, where ``save`` has put it. Training that takes longer than
    the budget is told, and not stopped.
    """
    if isinstance(build, nn.Module) or not callable(build):
        raise CourseError(f"trained takes the function that builds the network and got {type(build).__name__}: pass it "
                          "without brackets, as in trained(my_network, my_recipe).")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build()
    if not isinstance(model, nn.Module):
        raise CourseError(f"the function must build an nn.Module and gave {type(model).__name__}: is a `return` "
                          "missing?")
    key = _key(model, recipe, seed)
    if key not in _DONE:
        _DONE[key] = _kept(key, Path(file), recipe, seed, show) or _train(model, recipe, seed, show)
    return _DONE[key]


def _key(model: nn.Module, recipe: Recipe, seed: int) -> str:
    return json.dumps([repr(model), asdict(recipe), seed])


def _kept(key: str, path: Path, recipe: Recipe, seed: int, show: bool) -> Trained | None:
    if not path.is_file():
        return None
    try:
        model, told = load(path)
    except CourseError as fault:
        print(f"{fault} So the network is trained anew.")
        return None
    if json.dumps([repr(model), told.get("recipe"), told.get("seed")]) != key:
        if show:
            print(f"{path.name} holds another network, recipe or seed, so this one is trained anew.")
        return None
    return Trained(model.to(device()), recipe, seed, told["seconds"], told["device"])


def _train(model: nn.Module, recipe: Recipe, seed: int, show: bool) -> Trained:
    where = "cpu" if device().type == "cpu" else "gpu"
    run = training.train(model, pictures("training"), recipe, validation=pictures("validation"), seed=seed, show=show,
                         clock=time.process_time if where == "cpu" else time.perf_counter)
    if run.seconds > SECONDS[where]:
        print(f"Training took {run.seconds:.0f} seconds, and the budget is {SECONDS[where]}: make the network smaller, "
              "or train for fewer epochs.")
    # Pictures that pass in training mode would move the running statistics of a network that is kept.
    return Trained(run.model.eval(), recipe, seed, run.seconds, where)


# -------------------------------------------------------------------------------------------- networks as data

class Residual(nn.Sequential):
    """x + layers(x), which must have the shape of x (notebook 09)."""

    def forward(self, X: Tensor) -> Tensor:
        return X + super().forward(X)


class Beside(nn.Sequential):
    """Every layer reads x, and their maps are joined along the channels, as in an inception block (notebook 08)."""

    def forward(self, X: Tensor) -> Tensor:
        return torch.cat([layer(X) for layer in self], dim=1)


_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
_POOL = ("kernel_size", "stride", "padding")
CONTAINERS = {"Sequential": nn.Sequential, "Residual": Residual, "Beside": Beside}
# What may stand in a file, each with the arguments of its __init__ that are attributes too.
LAYERS = {
    "Conv2d": _CONVOLUTION, "Linear": ("in_features", "out_features"),
    "BatchNorm2d": ("num_features", "eps", "momentum", "affine"), "GroupNorm": ("num_groups", "num_channels", "eps"),
    "MaxPool2d": _POOL, "AvgPool2d": _POOL,
    "AdaptiveAvgPool2d": ("output_size",), "AdaptiveMaxPool2d": ("output_size",),
    "ReLU": (), "LeakyReLU": ("negative_slope",), "GELU": (), "SiLU": (), "Hardswish": (), "Sigmoid": (), "Tanh": (),
    "Flatten": ("start_dim", "end_dim"), "Dropout": ("p",), "Dropout2d": ("p",), "Identity": (),
}
_LARGEST = 100_000  # of any number in a description, so that a broken file cannot ask for a gigabyte
_NUMBERS = 5_000_000  # of any layer's output for one picture


def describe(model: nn.Module) -> list:
    """A network as nested lists of text and numbers, ``["Conv2d", {"in_channels": 1, ...}]``.

    CourseError for a layer that is not in LAYERS or CONTAINERS: a class of one's own is code, and no data.
    """
    kind = type(model).__name__
    if CONTAINERS.get(kind) is type(model):
        return [kind, [describe(layer) for layer in model]]
    if kind not in LAYERS or getattr(nn, kind) is not type(model):
        raise CourseError(f"{kind} is no layer that can be kept as data; use {', '.join([*LAYERS, *CONTAINERS])}.")
    told = {name: getattr(model, name) for name in LAYERS[kind]}
    if kind in ("Conv2d", "Linear"):
        told["bias"] = model.bias is not None
    return [kind, {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}]


def rebuild(description: object) -> nn.Module:
    """The network of ``describe``, untrained. CourseError for anything that ``describe`` would not have written."""
    match description:
        case [str(kind), list(inner)] if kind in CONTAINERS:
            return CONTAINERS[kind](*map(rebuild, inner))
        case [str(kind), dict(told)] if kind in LAYERS:
            if set(told) - {*LAYERS[kind], "bias"} or not all(map(_plain, told.values())):
                raise CourseError(f"{kind} is described by {told!r}, and those are not its arguments.")
            try:
                return getattr(nn, kind)(**{name: tuple(value) if isinstance(value, list) else value
                                            for name, value in told.items()})
            except (TypeError, ValueError, RuntimeError) as fault:
                raise CourseError(f"{kind} cannot be built from {told!r}: {fault}.") from None
    raise CourseError(f"{str(description)[:80]!r} describes no layer; use {', '.join([*LAYERS, *CONTAINERS])}.")


def _plain(value: object) -> bool:
    if isinstance(value, list):
        return len(value) == 2 and all(map(_plain, value))
    if isinstance(value, bool) or value is None or value in ("zeros", "reflect", "replicate", "circular", "same"):
        return True
    return isinstance(value, (int, float)) and abs(value) <= _LARGEST


def save(result: Trained, file: str | Path = FILE) -> Path:
    """Write a trained network to a file of plain numbers, in half precision; CourseError as in ``describe``."""
    path, state = Path(file), result.model.state_dict()
    told = {"network": describe(result.model), "recipe": asdict(result.recipe), "seed": result.seed,
            "seconds": result.seconds, "device": result.device}
    arrays = {name: value.detach().cpu().numpy() for name, value in state.items()}
    arrays = {name: value.astype(np.float16) if value.dtype.kind == "f" else value for name, value in arrays.items()}
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as stream:
        np.savez_compressed(stream, told=np.frombuffer(json.dumps(told).encode(), np.uint8), **arrays)
    partial.replace(path)
    return path


def load(file: str | Path, shape: tuple[int, int, int] = (1, SIDE, SIDE)) -> tuple[nn.Module, dict]:
    """The network of a file, on the CPU and in eval mode, and what the file says of its training.

    Nothing in the file is run. CourseError where it is no such file, or holds a network over the budget, or one that
    does not take pictures (C, H, W) of that ``shape``.
    """
    path = Path(file)
    told, arrays = _read(path)
    with torch.device("meta"):  # first without memory
        model = rebuild(told["network"])
    many = models.parameters(model)
    if not 0 < many <= PARAMETERS:
        raise CourseError(f"{path.name} holds a network of {many:,} parameters; {PARAMETERS:,} are allowed.")
    try:
        lines = models.costs(model, shape)
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError) as fault:
        raise CourseError(f"the network in {path.name} does not take pictures of shape {shape}: {fault}.") from None
    if max(int(np.prod(line.shape)) for line in lines) > _NUMBERS:
        raise CourseError(f"a layer of the network in {path.name} makes more than {_NUMBERS:,} numbers of one picture.")
    model = rebuild(told["network"])
    try:
        model.load_state_dict({name: torch.from_numpy(value.astype(np.float32) if value.dtype.kind == "f" else value)
                               for name, value in arrays.items()})
    except (RuntimeError, TypeError) as fault:
        raise CourseError(f"the numbers in {path.name} do not fit its network: {str(fault).splitlines()[-1].strip()}"
                          ) from None
    return model.eval(), told


def _read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """What a file says, and its arrays; CourseError where it is not one that ``save`` has written."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 20 * PARAMETERS:
                raise CourseError(f"{path.name} holds more numbers than a network of {PARAMETERS:,} parameters has.")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        told = json.loads(arrays.pop("told").tobytes())
        seconds, where, _ = float(told["seconds"]), str(told["device"]), told["network"]
    except CourseError:
        raise
    except Exception as fault:  # zip, NumPy and JSON each have their own errors for a broken file
        raise CourseError(f"{path.name} is no network that `save` has written ({type(fault).__name__}: {fault})."
                          ) from None
    return told | {"seconds": seconds, "device": where}, arrays


def accuracy(model: nn.Module, images: Images) -> float:
    """The share of pictures that it gets right, from 0 to 1."""
    return training.evaluate(model, images).accuracy
