"""Transfer: a network that was trained on one thing put to work on another (slides 46-51), on any torch network.

    trained = pretrained.load("fast_cifar10")                     # 1. take a trained network,
    few = as_seen_by(trained, images("faces"))                    #    show it pictures as it knows them,
    few = few[labelled_subset(few.y, per_class=5, seed=0)]
    replace_head(trained.model, classes=2)                        # 2. give it a head for the new classes,
    freeze(trained.model)                                         # 3. keep the rest as it is, or not,
    fine_tune(trained.model, few, lr=0.1)                         # 4. and train: the body at a tenth of the head's rate

Or without a step of gradient descent: ``probe(extract_features(model, few), few.y).score(...)``.
"""

import hashlib
import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .batches import Images
from .errors import CourseError
from .modes import eval_mode, run_until
from .recipes import Recipe
from .training import Run, save, train

# The head


def head_name(model: nn.Module) -> str:
    """The name of the layer that gives the logits: the last nn.Linear, else the last convolution if it is 1x1.

    "Last" is by definition, as ``named_modules`` lists them. SqueezeNet is one of those that end in a 1x1
    convolution. CourseError where there is no such layer, or more than one that gives as many numbers (GoogLeNet has
    heads for training alone): then name it.
    """
    layers = list(model.named_modules())
    linear = [(name, layer) for name, layer in layers if isinstance(layer, nn.Linear)]
    last_conv = [(name, layer) for name, layer in layers if isinstance(layer, nn.Conv2d)][-1:]
    found = linear or [(name, layer) for name, layer in last_conv if layer.kernel_size == (1, 1)]
    if not found or not found[-1][0]:
        raise CourseError(f"{type(model).__name__} has no layer that looks like a head: no nn.Linear inside, and its "
                          "last convolution is not 1x1. Give the layer's name.")
    name, head = found[-1]
    alike = [other for other, layer in found if _outputs(layer) == _outputs(head)]
    if len(alike) > 1:
        raise CourseError(f"{type(model).__name__} has {len(alike)} layers that could be its head, each with "
                          f"{_outputs(head)} outputs: {', '.join(alike)}. Give the name of the right one.")
    return name


def replace_head(model: nn.Module, classes: int, name: str | None = None) -> nn.Module:
    """Put a fresh layer with ``classes`` outputs in the place of the head, and return the network, changed in place.

    nn.Linear for nn.Linear, a 1x1 convolution for a 1x1 convolution, with a bias if the old one had it, on the same
    device, initialised as torch does. ``name`` where ``head_name`` cannot decide. Slide 46, step 2.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
        raise CourseError(f"classes must be a whole number of at least 1; got {classes!r}.")
    name = name or head_name(model)
    old = _layer(model, name)
    there = {"bias": old.bias is not None, "device": old.weight.device, "dtype": old.weight.dtype}
    match old:
        case nn.Linear():
            new = nn.Linear(old.in_features, classes, **there)
        case nn.Conv2d(kernel_size=(1, 1), groups=1):
            new = nn.Conv2d(old.in_channels, classes, 1, stride=old.stride, padding=old.padding, **there)
        case _:
            raise CourseError(f"{name} is no head but {type(old).__name__}: name an nn.Linear or a 1x1 nn.Conv2d.")
    parent, _, own = name.rpartition(".")
    setattr(model.get_submodule(parent), own, new)
    return model


def _outputs(layer: nn.Module) -> int:
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def _layer(model: nn.Module, name: str) -> nn.Module:
    try:
        return model.get_submodule(name)
    except AttributeError:
        names = ", ".join(known for known, _ in model.named_modules() if known)
        raise CourseError(f"{type(model).__name__} has no layer {name!r}; it has {names}.") from None


# Freezing


class _Frozen:
    """Comes before a frozen module's own class: the module stays in eval mode, whatever ``train()`` says.

    To set ``requires_grad`` to False is not enough: a batch norm in training mode normalises by the batch at hand and
    moves its running statistics, and every loop begins with ``model.train()``.
    """

    def train(self, mode: bool = True):
        return super().train(False)


def freeze(model: nn.Module, *learning: str) -> nn.Module:
    """Freeze all but the modules named, by default the head: no gradient, and eval mode through every ``train()``.

    So batch norm keeps its statistics and dropout is off in what is frozen. ``freeze(net, "head", "groups.2")`` also
    lets the last group learn. In place; returns the network. ``thaw`` undoes it. Slide 47.
    """
    learning = learning or (head_name(model),)
    for name in learning:
        _layer(model, name)
    for name, module in model.named_modules():
        inside = any(name == one or name.startswith(f"{one}.") for one in learning)
        around = not name or any(one.startswith(f"{name}.") for one in learning)
        if not inside and not around:
            _fix(module)
        elif around:  # its own parameters only: what it contains has its own turn
            _stop(module)
    return model


def freeze_norms(model: nn.Module) -> nn.Module:
    """Keep batch norm's statistics as they are, through every ``train()``, while all weights go on learning.

    For fine-tuning on a handful of images, whose own mean and variance say little. In place; returns the network.
    """
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not isinstance(module, _Frozen):
            _hold(module)
    return model


def thaw(model: nn.Module) -> nn.Module:
    """Undo ``freeze`` and ``freeze_norms``: what learned before learns again, in training mode. In place."""
    for module in model.modules():
        if isinstance(module, _Frozen):
            module.__class__ = type(module).__mro__[2]  # _Frozen's own place is 1
            module.train(model.training)
        for name in module.__dict__.pop("_stopped", ()):
            getattr(module, name).requires_grad_(True)
    return model


def _fix(module: nn.Module) -> None:
    _stop(module)
    if not isinstance(module, _Frozen):
        _hold(module)


def _hold(module: nn.Module) -> None:
    """Eval mode for good. A class of its own, for a function set on the module would not survive a deepcopy."""
    kind = type(module)
    module.__class__ = type(kind.__name__, (_Frozen, kind), {})
    module.eval()


def _stop(module: nn.Module) -> None:
    """No gradient for the module's own parameters; those that had one are remembered, for ``thaw``."""
    stopped = [name for name, value in module.named_parameters(recurse=False) if value.requires_grad]
    module.__dict__.setdefault("_stopped", []).extend(stopped)
    for name in stopped:
        getattr(module, name).requires_grad_(False)


# Training


def param_groups(model: nn.Module, lr: float, body_factor: float = 0.1, head: str | None = None) -> list[dict]:
    """Parameter groups for torch's optimizers: the head at ``lr``, all else that learns at ``body_factor`` times that.

    ``torch.optim.SGD(param_groups(model, lr=1e-2), momentum=0.9)``. What is frozen is in no group. ``head`` where
    ``head_name`` cannot decide. Slide 48: a learning rate ten times lower.
    """
    of_head = set(_layer(model, head or head_name(model)).parameters())
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [{"params": [weight for weight in learning if weight not in of_head], "lr": lr * body_factor},
              {"params": [weight for weight in learning if weight in of_head], "lr": lr}]
    return [group for group in groups if group["params"]]


def fine_tune(model: nn.Module, training_set: Images, *, lr: float, body_factor: float = 0.1, steps: int = 100,
              batch_size: int = 32, optimizer: str = "adamw", weight_decay: float = 0.0, flip: bool = False,
              crop: int = 0, seed: int = 0, head: str | None = None) -> Run:
    """Train what is not frozen for ``steps`` batches by ``training.train``, the body at ``body_factor`` times ``lr``.

    ``body_factor=1`` trains a network from scratch in the same way. The learning rate rises for a fifth of the steps
    and falls to 0. Slides 46 and 48.
    """
    if not len(training_set) or steps < 1:
        raise CourseError(f"fine-tuning needs an image and a step; got {len(training_set)} and {steps}.")
    recipe = Recipe(model="", epochs=1, batch_size=batch_size, optimizer=optimizer, lr=lr, weight_decay=weight_decay,
                    flip=flip, crop=crop)
    # A handful of images is soon known by heart. Then gradients become so small that their squares, which Adam keeps,
    # are denormal numbers, and a processor computes with those several times more slowly: they count as 0.
    torch.set_flush_denormal(True)
    try:
        return train(model, training_set, recipe, groups=param_groups(model, lr, body_factor, head), rows=1, seed=seed,
                     epochs=steps / (len(training_set) // min(batch_size, len(training_set))), show=False)
    finally:
        torch.set_flush_denormal(False)  # as torch has it by default; it cannot be asked for


# Images, features, probes


def as_seen_by(trained, images: Images, side: int = 32) -> Images:
    """Images as a network of ``pretrained`` knows them: side x side, its channels, its mean and deviation.

    Grey becomes colour by three equal channels, colour grey by the mean of the three. What is left to the network is
    to see anything in them.
    """
    X = images.x.permute(0, 3, 1, 2).float() * (255 / images.white)
    if X.shape[1] != len(trained.mean):
        X = X.mean(1, keepdim=True).expand(-1, len(trained.mean), -1, -1)
    if X.shape[2:] != (side, side):
        X = F.interpolate(X, (side, side), mode="bilinear", antialias=True)
    x = X.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    return replace(images, x=x, mean=trained.mean, std=trained.std, white=255)


@torch.no_grad()
def extract_features(model: nn.Module, images: Images | Tensor, layer: str | None = None, *, pool: str | None = "mean",
                     batch_size: int = 256, cache: str | Path | None = None) -> np.ndarray:
    """What a layer says of each image, float32 (N, features), in eval mode; every module's mode is put back.

    ``images``: a labelled set, which is normalised as it says, or a normalised tensor (N, C, H, W). ``layer``: a name
    out of ``named_modules``, whose output is taken; by default what the head gets to see. Maps (N, C, H, W) become
    their mean, or with ``pool="max"`` their largest value, per channel; tokens (N, T, C) likewise; with ``pool=None``
    they stay as they are.

    ``cache``, a folder: features of the same weights, layer and images are computed once and then read. The file's
    name is a hash of all of them, so a network that was trained further, or another normalisation, gets its own.
    CourseError for an unknown layer or pooling, where there is no image, and where the layer is never reached.
    """
    if pool not in ("mean", "max", None):
        raise CourseError(f'pool must be "mean", "max" or None; got {pool!r}.')
    X = images.normalised() if isinstance(images, Images) else images
    if X.ndim != 4 or not len(X):
        raise CourseError(f"images must be (N, C, H, W) with N at least 1; got {tuple(X.shape)}.")
    file = Path(cache) / f"{_fingerprint(model, X, layer, pool)}.pt" if cache is not None else None
    if file is not None and (read := _read(file)) is not None:
        return read
    watched = _layer(model, layer or head_name(model))
    where, parts = next(iter(model.parameters()), X).device, []
    with eval_mode(model):
        for batch in X.split(batch_size):
            output = run_until(model, batch.to(where), watched, before=not layer)
            if output is None:
                raise CourseError(f"the layer {layer!r} is not used when {type(model).__name__} sees an image.")
            parts.append(_pooled(output, pool).float().cpu())
    features = torch.cat(parts)
    if file is not None:
        save(file, {"features": features})
    return features.numpy()


def _pooled(output: Tensor, pool: str | None) -> Tensor:
    if pool is None or output.ndim == 2:
        return output
    axes = (2, 3) if output.ndim == 4 else 1
    return output.mean(axes) if pool == "mean" else output.amax(axes)


def _fingerprint(model: nn.Module, X: Tensor, *settings) -> str:
    """A name for a network with its weights, images and settings together."""
    said = hashlib.sha256(f"{type(model).__module__}.{model!r} {settings} {tuple(X.shape)}".encode())
    for value in (*model.state_dict().values(), X):
        said.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return said.hexdigest()[:32]


def _read(file: Path) -> np.ndarray | None:
    """Features that were saved; None where there are none, or where the file is damaged."""
    try:
        return torch.load(file, weights_only=True)["features"].numpy()
    except Exception:
        return None


def probe(features: np.ndarray, labels):
    """A linear classifier on features (N, F), fitted: ``probe(...).score(test_features, test_labels)`` from 0 to 1.

    scikit-learn's ridge classifier; how strongly it is regularised is chosen among nine values by leaving out one
    image at a time, so there is no learning rate to tune. With one image of a class nothing can be left out: then it
    is regularised in the middle. Each feature is divided by its deviation plus that of an average feature, since the
    deviation of a handful of numbers is mostly chance. G. Alain and Y. Bengio 2016 (arXiv:1610.01644) put such probes
    on every layer.
    """
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = _whole(labels)
    fewest = np.unique(labels, return_counts=True)[1].min(initial=len(labels))
    strengths = np.logspace(-1, 7, 9) if fewest > 1 else np.array([features.shape[1] / 40])
    scaler = StandardScaler().fit(features)
    scaler.scale_ = np.sqrt(scaler.var_) + max(np.sqrt(scaler.var_.mean()), 1e-12)
    return make_pipeline(scaler, RidgeClassifierCV(strengths).fit(scaler.transform(features), labels))


# Labels


def labelled_subset(labels, per_class: int, seed: int = 0) -> np.ndarray:
    """Indices of ``per_class`` images of every class, int64 (classes * per_class,), drawn by the seed.

    A larger budget of the same seed contains the smaller one. CourseError where a class has too few images.
    """
    labels = _whole(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if isinstance(per_class, bool) or not 1 <= per_class <= min(counts, default=0):
        raise CourseError(f"per_class must be from 1 to {min(counts, default=0)}, the images of the smallest class; "
                          f"got {per_class!r}.")
    random = np.random.default_rng(seed)
    return np.concatenate([random.permutation(np.flatnonzero(labels == one))[:per_class] for one in classes])


def labels_needed(rows: Iterable[Mapping], accuracy: float) -> dict[str, float | None]:
    """How many labels per class each arm needs for an accuracy, read off its curve: slide 50.

    ``rows`` have "arm", "labels_per_class" and "test_accuracy" (from 0 to 1), as data/transfer_runs.csv. The curve is
    the median over seeds, straight between two budgets when labels are drawn on a logarithmic axis. An arm that is as
    good with its fewest labels gets that number, and one that is never as good None.
    """
    curves: dict[str, dict[float, list[float]]] = {}
    for row in rows:
        points = curves.setdefault(row["arm"], {})
        points.setdefault(float(row["labels_per_class"]), []).append(float(row["test_accuracy"]))
    return {arm: _crossing(sorted((labels, statistics.median(reached)) for labels, reached in points.items()), accuracy)
            for arm, points in curves.items()}


def _crossing(curve: list[tuple[float, float]], accuracy: float) -> float | None:
    """The labels at which a curve of (labels, accuracy) first reaches an accuracy."""
    if curve[0][1] >= accuracy:
        return curve[0][0]
    for (fewer, below), (more, above) in zip(curve, curve[1:], strict=False):
        if above >= accuracy:
            share = (accuracy - below) / (above - below)
            return math.exp(math.log(fewer) + share * (math.log(more) - math.log(fewer)))
    return None


def _whole(labels) -> np.ndarray:
    return np.asarray(labels.cpu() if isinstance(labels, Tensor) else labels)
