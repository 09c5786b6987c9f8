"""Looking inside a network: what its filters answer to, what they see, and what decided (slide 31).

Works for any torch network that takes pictures X (N, C, H, W). A layer is one of its modules, or the name of one
("groups.2", as in ``model.named_modules()``); a unit is the number of a channel of its output. The network runs in
evaluation mode and stays as it is: its mode, weights, running statistics, gradients and hooks.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .errors import CourseError
from .modes import eval_mode, run_until

Layer = nn.Module | str
Place = tuple[int, int]  # row, column of a map
BATCH = 256  # pictures that run at once


# ------------------------------------------------------------------------------------------- what a layer gives

def feature_maps(model: nn.Module, X: Tensor, layers: Iterable[Layer] | None = None) -> dict[str, Tensor]:
    """What layers give for pictures X (N, C, H, W): name of the layer -> its output, such as (N, channels, H', W').

    In the order in which they ran. ``layers`` defaults to all modules without modules of their own. One that runs
    several times has one entry each: "relu", "relu (2)", ... Errors: CourseError for a layer that is not in the
    network, or did not run, or gave no tensor.
    """
    modules = ([module for module in model.modules() if not any(module.children())] if layers is None
               else [_module(model, layer) for layer in layers])
    with torch.no_grad(), _listening(model, modules) as heard:
        model(X)
    if layers is not None:
        ran = {module for module, _, _ in heard}
        for module in modules:
            if module not in ran:
                raise CourseError(f"layer {_name(model, module)!r} did not run, or gave no tensor: choose one that "
                                  "the network calls on the picture.")
    maps: dict[str, Tensor] = {}
    for _, name, output in heard:
        maps[name] = output
    return maps


@contextmanager
def _listening(model: nn.Module, modules: Iterable[nn.Module]) -> Iterator[list[tuple[nn.Module, str, Tensor]]]:
    """While it lasts, the network is in evaluation mode, and what the modules give is noted: (module, name, output).

    A copy is noted and the original handed on, or else a ReLU that works in place would change what was noted; the
    copy is on the way to the output, so that gradients reach it.
    """
    heard: list[tuple[nn.Module, str, Tensor]] = []

    def note(module: nn.Module, inputs: object, output: object) -> Tensor | None:
        if not isinstance(output, Tensor):
            return None
        times = sum(module is other for other, _, _ in heard) + 1
        name = _name(model, module) + (f" ({times})" if times > 1 else "")
        kept = output.clone()
        heard.append((module, name, kept))
        return kept.clone()

    hooks = [module.register_forward_hook(note) for module in dict.fromkeys(modules)]
    try:
        with eval_mode(model):
            yield heard
    finally:
        for hook in hooks:
            hook.remove()


def _name(model: nn.Module, module: nn.Module) -> str:
    return next(name for name, other in model.named_modules() if other is module)


def _module(model: nn.Module, layer: Layer) -> nn.Module:
    """The module that is meant, if it is one of the network's."""
    if isinstance(layer, str):
        found = dict(model.named_modules(remove_duplicate=False)).get(layer)
    else:
        found = next((module for module in model.modules() if module is layer), None)
    if found is None:
        told = repr(layer) if isinstance(layer, str) else type(layer).__name__
        some = ", ".join(repr(name) for name, _ in model.named_modules() if name)
        raise CourseError(f"the network has no layer {told:.60}; give one of its modules or names: {some:.400}.")
    return found


def _maps_of(model: nn.Module, X: Tensor, layer: Layer) -> Tensor:
    """The maps (N, C, H, W) of a layer, as part of the graph; what comes behind the layer does not run."""
    module = _module(model, layer)
    with eval_mode(model):
        return _checked_maps(model, module, run_until(model, X, module))


def _checked_maps(model: nn.Module, module: nn.Module, maps: object) -> Tensor:
    if not isinstance(maps, Tensor):
        raise CourseError(f"layer {_name(model, module)!r} did not run, or gave no tensor: choose another one.")
    if maps.dim() != 4:
        raise CourseError(f"layer {_name(model, module)!r} gives {tuple(maps.shape)} and no maps (N, C, H, W): "
                          "choose a layer before the maps are made flat.")
    return maps


# ------------------------------------------------------------------------------------------ what a unit sees

class Window(NamedTuple):
    """A part of the picture: its first and last row and column, the last ones included."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        return self.right - self.left + 1


@torch.enable_grad()
def effective_receptive_field(model: nn.Module, layer: Layer, X: Tensor, place: Place | None = None) -> Tensor:
    """How much each pixel matters to the units at one place of a layer: (H, W), the largest value 1.

    The gradient of each picture's units with respect to its pixels, its absolute value summed over the colours and
    averaged over the pictures X (N, C, H, W); noise, ``torch.randn(64, 3, 32, 32)``, does where there is none. The
    channels of the place are summed up with random signs, so that they do not cancel. ``place`` (row, column)
    defaults to the middle of the map. Luo, Li, Urtasun, Zemel, arXiv:1701.04128, section 2.
    Errors: CourseError for an unknown layer, one that gives no maps, a place outside of them, or no effect at all.
    """
    X = X.detach().clone().requires_grad_()
    maps = _maps_of(model, X, layer)
    row, column = _places(maps, [place])[0]
    units = maps[:, :, row, column]
    signs = torch.randn(units.shape, generator=torch.Generator().manual_seed(0)).to(units)
    gradient, = torch.autograd.grad((units * signs).sum(), X)
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    if not strength.max() > 0:
        raise CourseError(f"no pixel moves the units at {(row, column)}: all of them are dead for these pictures.")
    return strength / strength.max()


@torch.enable_grad()
def receptive_windows(
    model: nn.Module, layer: Layer, shape: Sequence[int], places: Iterable[Place | None] = (None,), draws: int = 4
) -> list[Window]:
    """The window of a picture (C, H, W) that the units at each place of a layer can see, by gradients.

    Which pixels have a gradient at all: for a copy of the network with random *positive* weights, on random positive
    pictures, so that no two ways cancel and no ReLU closes. A maximum asks for one of its pixels only, so max pools
    take the mean in the copy, and there are several ``draws`` for those that are no modules. Where the padding does
    not cut it off, it is the window of the formula, ``geometry.receptive_fields``. None is the middle of the map.
    Errors: as ``effective_receptive_field``.
    """
    name, places = _name(model, _module(model, layer)), list(places)
    generator = torch.Generator().manual_seed(0)
    twin = copy.deepcopy(model).to("cpu", torch.float64)
    _average_pools(twin)
    seen = torch.zeros(len(places), *shape[1:], dtype=torch.bool)
    for _ in range(draws):
        _make_positive(twin, generator)
        picture = torch.rand(1, *shape, generator=generator, dtype=torch.float64)
        # Picture number i is asked for place number i, so that one way back gives all windows.
        X = picture.repeat(len(places), 1, 1, 1).requires_grad_()
        maps = _maps_of(twin, X, name)
        rows, columns = zip(*_places(maps, places), strict=True)
        gradient, = torch.autograd.grad(maps[range(len(places)), :, rows, columns].sum(), X)
        seen |= gradient.abs().sum(dim=1) > 0
    return [_bounds(each) for each in seen]


def _average_pools(network: nn.Module) -> None:
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d) and child.dilation in (1, (1, 1)):
                setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode))
            elif isinstance(child, nn.AdaptiveMaxPool2d) and not child.return_indices:
                setattr(module, name, nn.AdaptiveAvgPool2d(child.output_size))


def _make_positive(network: nn.Module, generator: torch.Generator) -> None:
    """New weights: each output a weighted mean of its inputs, norms the identity."""
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.dim() > 1:
                weights = torch.rand(parameter.shape, generator=generator, dtype=parameter.dtype) + 0.1
                parameter.data = weights / weights.sum(dim=tuple(range(1, weights.dim())), keepdim=True)
            else:
                parameter.data = torch.full_like(parameter, float(name == "weight"))
        for name, buffer in module.named_buffers(recurse=False):
            if name in ("running_mean", "running_var"):
                buffer.fill_(float(name == "running_var"))


def _bounds(seen: Tensor) -> Window:
    """The smallest window around what is True in (H, W)."""
    if not seen.any():
        raise CourseError("no pixel of the picture reaches this unit: does the layer read the picture at all?")
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    return Window(int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1]))


def _places(maps: Tensor, places: Iterable[Place | None]) -> list[Place]:
    """The places as (row, column), None as the middle; CourseError outside of the maps."""
    height, width = maps.shape[2:]
    chosen = [(height // 2, width // 2) if place is None else place for place in places]
    for row, column in chosen:
        if not (0 <= row < height and 0 <= column < width):
            raise CourseError(f"place {(row, column)} is outside of the map, which has {height} rows and {width} "
                              "columns, counted from 0.")
    return chosen


class Patch(NamedTuple):
    """Where a unit answered: the number of the picture, the place in its map, how much, and the window it sees."""

    picture: int
    place: Place
    answer: float
    window: Window


def strongest_patches(model: nn.Module, X: Tensor, layer: Layer, unit: int, count: int = 9) -> list[Patch]:
    """Where a unit of a layer answers most, the strongest first: one place in each picture of X (N, C, H, W).

    The picture that goes with a patch is X[patch.picture, :, top : bottom + 1, left : right + 1]. Zeiler and Fergus,
    arXiv:1311.2901, section 4, show patches so. Errors: as ``receptive_windows``, and for a unit that is not there.
    """
    maps = _maps_in_parts(model, X, layer)
    _check_units(maps, [unit])
    answers, where = maps[:, unit].flatten(1).max(dim=1)
    best = answers.argsort(descending=True)[:count].tolist()
    places = [divmod(int(where[number]), maps.shape[3]) for number in best]
    distinct = list(dict.fromkeys(places))
    windows = dict(zip(distinct, receptive_windows(model, layer, X.shape[1:], distinct), strict=True))
    return [Patch(number, place, float(answers[number]), windows[place])
            for number, place in zip(best, places, strict=True)]


def _maps_in_parts(model: nn.Module, X: Tensor, layer: Layer) -> Tensor:
    with torch.no_grad():
        return torch.cat([_maps_of(model, part, layer) for part in X.split(BATCH)])


def _check_units(maps: Tensor, units: Sequence[int]) -> None:
    for unit in units:
        if not 0 <= unit < maps.shape[1]:
            raise CourseError(f"unit {unit} is not there: this layer has the units 0 to {maps.shape[1] - 1}.")


# --------------------------------------------------------------------------------------------- what decided

def occlusion_map(
    model: nn.Module, X: Tensor, target: int | Tensor | None = None, size: int = 8, stride: int = 4, fill: float = 0.0
) -> Tensor:
    """How much the logit of a class falls when a square around each pixel is covered: (N, H, W).

    A square of ``size`` pixels moves over the pictures X (N, C, H, W) in steps of ``stride``; the last ones of a row
    or column hang over the edge, where the steps do not fit. A pixel gets the mean of the squares that cover it, and
    0 if none does. ``fill`` is what covers (0 is the mean colour of normalised pictures). ``target``: the class, or
    one for each picture, or None for the one that the network says. Zeiler and Fergus, arXiv:1311.2901, section 4.2.
    """
    if size < 1 or stride < 1:
        raise CourseError(f"size and stride are at least 1 pixel; got {size} and {stride}.")
    tops, lefts = (range(0, max(side - size, 0) + stride, stride) for side in X.shape[2:])
    with eval_mode(model), torch.no_grad():
        logits = model(X)
        targets = _targets(logits, target)
        whole = logits.gather(1, targets)[:, 0]
        falls, covers = torch.zeros_like(X[:, 0]), torch.zeros_like(X[0, 0])
        squares = [(slice(top, top + size), slice(left, left + size)) for top in tops for left in lefts]
        at_once = max(1, BATCH // len(X))
        for start in range(0, len(squares), at_once):
            some = squares[start:start + at_once]
            covered = X.repeat(len(some), 1, 1, 1, 1)  # (squares, N, C, H, W)
            for each, (rows, columns) in zip(covered, some, strict=True):
                each[:, :, rows, columns] = fill
            scores = model(covered.flatten(0, 1)).gather(1, targets.repeat(len(some), 1)).view(len(some), -1)
            for score, (rows, columns) in zip(scores, some, strict=True):
                falls[:, rows, columns] += (whole - score)[:, None, None]
                covers[rows, columns] += 1
    return falls / covers.clamp_min(1)


@torch.enable_grad()
def grad_cam(
    model: nn.Module, X: Tensor, target: int | Tensor | None = None, layer: Layer | None = None, enlarge: bool = True
) -> Tensor:
    """Where a layer speaks for a class: (N, H, W), at least 0; (N, H', W') of the layer's maps with enlarge=False.

    Each map of the layer times the mean of the gradient of the class's logit over that map, the sum over the
    channels, and its ReLU; enlarged bilinearly to the size of X (N, C, H, W). ``layer``: usually the last that gives
    maps, the default; ``target`` as for ``occlusion_map``. Selvaraju and others, arXiv:1610.02391, section 3.
    """
    if layer is None:
        layer = _last_with_maps(model, X)
    with _listening(model, [_module(model, layer)]) as heard:
        logits = model(X.detach().clone().requires_grad_())
    maps = _checked_maps(model, _module(model, layer), heard[-1][2] if heard else None)
    chosen = logits.gather(1, _targets(logits, target)).sum()
    gradient, = torch.autograd.grad(chosen, maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    cam = F.relu((weights * maps).sum(dim=1, keepdim=True)).detach()
    if enlarge:
        cam = F.interpolate(cam, size=X.shape[2:], mode="bilinear", align_corners=False)
    return cam[:, 0]


def _last_with_maps(model: nn.Module, X: Tensor) -> nn.Module:
    """The last module that gives maps of more than one pixel."""
    with torch.no_grad(), _listening(model, [m for m in model.modules() if not any(m.children())]) as heard:
        model(X[:1])
    found = [module for module, _, output in heard if output.dim() == 4 and output[0, 0].numel() > 1]
    if not found:
        raise CourseError("no layer of this network gives maps (N, C, H, W): name one with layer=.")
    return found[-1]


def _targets(logits: Tensor, target: int | Tensor | None) -> Tensor:
    """A class for each picture, (N, 1)."""
    if logits.dim() != 2:
        raise CourseError(f"the network must give logits (N, classes); got {tuple(logits.shape)}.")
    if target is None:
        return logits.argmax(dim=1, keepdim=True)
    chosen = torch.as_tensor(target, device=logits.device).expand(len(logits))[:, None]
    if chosen.min() < 0 or chosen.max() >= logits.shape[1]:
        raise CourseError(f"target must be one of the classes 0 to {logits.shape[1] - 1}; got {target!r}.")
    return chosen


# ---------------------------------------------------------------------------------------- what a unit dreams of

@torch.enable_grad()
def activation_maximise(
    model: nn.Module, layer: Layer, units: int | Sequence[int], *,
    mean: Sequence[float] | Tensor = (0.0, 0.0, 0.0), std: Sequence[float] | Tensor = (1.0, 1.0, 1.0),
    size: int = 32, steps: int = 60, rate: float = 0.1, jitter: int = 2, smooth: float = 1.0, calm: float = 0.0,
    whole: bool = False, seed: int = 0,
) -> Tensor:
    """Pictures that excite units of a layer: (units, C, size, size) between 0 and 1; (C, size, size) for one unit.

    Gradient ascent from faint noise on what the unit answers in the middle of its map, or on the mean of its map
    with ``whole``. A gallery runs as one batch, and a unit's picture does not depend on the others'. ``mean`` and
    ``std`` (C,) are those by which the network's pictures are normalised. Regularisers: ``jitter``, the pixels by
    which a picture is shifted at random before each step; ``smooth``, the power by which coarse waves are easier to
    move than fine ones, and 0 for all alike; ``calm``, the price of differences between neighbouring pixels (total
    variation). Colours vary less than brightness, as in photographs. With three of 0 it is plain ascent. Takes the
    layer before a ReLU where there is one: behind it, a unit that is silent has no gradient to follow.
    Olah, Mordvintsev, Schubert, Distill 2017 (doi 10.23915/distill.00007), "Feature Visualization".
    Errors: CourseError for an unknown layer or unit.
    """
    single = hasattr(units, "__index__")
    chosen = [int(unit) for unit in ([units] if single else units)]
    mean, std = (torch.as_tensor(each, device=_device(model)).float().view(-1, 1, 1) for each in (mean, std))
    channels = len(mean)
    noise = torch.stack([torch.randn(channels, size, size // 2 + 1, 2, generator=_generator(seed, unit))
                         for unit in chosen])
    waves = (0.01 * noise).to(mean).requires_grad_()
    scale, colours = _wave_scale(size, smooth).to(mean), _colours(channels).to(mean)

    def painted() -> Tensor:
        spectrum = torch.view_as_complex(waves) * scale
        plane = torch.fft.irfft2(spectrum, s=(size, size), norm="ortho")
        return torch.sigmoid(torch.einsum("dc,nchw->ndhw", colours, plane))

    optimiser = torch.optim.Adam([waves], rate)
    shifts = torch.randint(-jitter, jitter + 1, (steps, 2), generator=_generator(seed)).tolist()
    for shift in shifts:
        picture = painted()
        maps = _maps_of(model, (picture.roll(shift, (2, 3)) - mean) / std, layer)
        _check_units(maps, chosen)
        answers = maps[range(len(chosen)), chosen]
        height, width = answers.shape[1:]
        answer = answers.mean(dim=(1, 2)) if whole else answers[:, height // 2, width // 2]
        loss = calm * total_variation(picture).sum() - answer.sum()
        waves.grad, = torch.autograd.grad(loss, [waves])
        optimiser.step()
    made = painted().detach()
    return made[0] if single else made


def total_variation(X: Tensor) -> Tensor:
    """The mean difference of neighbouring pixels of each picture (N, C, H, W), to the right and below: (N,)."""
    right, below = X.diff(dim=3), X.diff(dim=2)
    return right.abs().mean(dim=(1, 2, 3)) + below.abs().mean(dim=(1, 2, 3))


def _wave_scale(size: int, smooth: float) -> Tensor:
    """How far a step moves each wave, (size, size // 2 + 1, 1 for both parts): coarse ones more."""
    frequency = (torch.fft.fftfreq(size)[:, None] ** 2 + torch.fft.rfftfreq(size)[None] ** 2).sqrt()
    scale = frequency.clamp_min(1 / size) ** -smooth
    return scale / scale.square().mean().sqrt()


def _colours(channels: int) -> Tensor:
    """From brightness, blue-yellow and green-purple to colours: photographs vary in this order, about so much."""
    if channels != 3:
        return torch.eye(channels)
    axes = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]])
    return (axes / axes.norm(dim=1, keepdim=True) * torch.tensor([[1.0], [0.5], [0.25]])).T


def _device(model: nn.Module) -> torch.device:
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def _generator(seed: int, unit: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 100_003 + unit)
