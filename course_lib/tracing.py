"""What a network does with one image, layer by layer, seen by running it once: shapes, costs, receptive fields.

Works for any torch module, whatever its ``forward`` does: every call of a torch function is watched, so layers that
are modules and layers that are plain calls (``F.relu``, ``torch.cat``, ``x + y``) are seen alike. A copy without
numbers (torch's "meta" device) runs, so even VGG-16 multiplies nothing, and the network itself is not touched.
"""

import copy
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from .errors import CourseError

BATCH = 2  # one image alone would lose its batch axis in networks that squeeze
ACTIVATIONS = {
    "celu", "clamp", "clamp_min", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "leaky_relu", "logsigmoid", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu", "softplus",
    "softshrink", "softsign", "tanh", "threshold",
}
NORMALISATIONS = {"batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"}
# Calls that show the same numbers otherwise, or some of them, or more copies: no layer of its own.
RESHAPES = {
    "chunk", "expand", "expand_as", "get", "getitem", "index_select", "narrow", "pad", "repeat", "select", "setitem",
    "split", "split_with_sizes", "tensor_split", "unbind",
}
SCRAMBLES = {"channel_shuffle", "flip", "pixel_shuffle", "pixel_unshuffle", "roll"}
# A fresh tensor of another's size or kind: nothing of the image is in it.
FRESH = re.compile(r"new_\w+|(empty|full|ones|rand|randn|zeros)_like")
PLUS, TIMES = {"add", "iadd", "radd"}, {"imul", "mul", "multiply", "rmul"}
SCALES = PLUS | TIMES | {"div", "sub"}
CONCATS = {"cat", "concat", "concatenate", "stack"}
WHOLE = "all"  # the receptive field of what sees the whole image

Field = tuple[tuple[int, ...], tuple[int, ...]] | str | None


@dataclass(frozen=True)
class Step:
    """One layer as it ran. Shapes are those of one image, without the batch.

    ``kind``: "convolution", "max pool", "average pool", "concat", "dropout", "fully connected", "softmax",
    "residual add", "activation", "normalisation", "multiply" or "other"; ``call``: the torch function; ``name``: the
    path of the module that called it; ``inputs``: the steps whose outputs it reads, -1 for the image; ``parts``: the
    channels of each of them (concat). ``parameters`` counts weights where they are first used, so a layer that
    shares an earlier one's has none and is ``shared``. ``macs``: multiply-adds for one image. ``field``: the side of
    the window of the input that one output sees and the jump between neighbours' windows, ((down, right), (down,
    right)), along the path where it is largest; "all" for the whole image, None where it cannot be followed.
    """

    kind: str
    call: str
    name: str
    inputs: tuple[int, ...]
    shape_in: tuple[int, ...]
    shape_out: tuple[int, ...]
    parameters: int
    macs: int
    field: Field
    shared: bool = False
    parts: tuple[int, ...] = ()
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    groups: int = 1


@dataclass(frozen=True)
class Trace:
    """What one image (``shape``) went through, in order, and the parameters of the network that no step used."""

    shape: tuple[int, ...]
    steps: list[Step] = field(repr=False)
    unused: int


def trace(network: nn.Module, shape: Sequence[int] = (3, 224, 224), name: str = "the network") -> Trace:
    """Run a network once, as in evaluation, on one image of ``shape`` (C, H, W) and tell what it did.

    The network stays as it is: its mode, weights, running statistics and hooks, and torch's random numbers, too.
    Where ``forward`` asks for values (``if x.mean() > 0``), a copy with the real weights runs on the processor.
    Errors: CourseError if it is no module, if it cannot take such an image (the layer is named), if nothing was
    seen. ``name`` is what these sentences call it.
    """
    network = _checked(network, name)
    sizes = tuple(shape) if isinstance(shape, list | tuple | torch.Size) else ()
    if not 1 <= len(sizes) <= 4 or not all(hasattr(n, "__index__") and int(n) > 0 for n in sizes):
        raise CourseError(f"the input of {name} must be the shape of one image, such as (3, 224, 224); got {shape!r}.")
    sizes = tuple(map(int, sizes))
    try:
        steps = _run(network, sizes, name, "meta")
    except _NeedsNumbers:
        steps = _run(network, sizes, name, "cpu")
    if not steps:
        raise CourseError(f"{name} ran, but none of its layers could be seen: it must call torch functions on the "
                          "image that it is given (a scripted module cannot be watched).")
    used = sum(step.parameters for step in steps)
    return Trace(sizes, steps, sum(p.numel() for p in network.parameters()) - used)


class _NeedsNumbers(Exception):
    """A run without numbers failed only because it has none."""


def _checked(network, name: str) -> nn.Module:
    """The module itself, out of the wrappers of torch.compile and of several GPUs; or a CourseError."""
    if isinstance(network, type) and issubclass(network, nn.Module):
        raise CourseError(f"{name} is the class {network.__name__} itself: make a network of it, "
                          f"{network.__name__}().")
    if not isinstance(network, nn.Module):
        raise CourseError(f"{name} must be a torch module (nn.Module); got {network!r:.60}.")
    network = getattr(network, "_orig_mod", network)
    if isinstance(network, nn.DataParallel | nn.parallel.DistributedDataParallel):
        network = network.module
    if any(nn.parameter.is_lazy(p) for p in network.parameters()):
        raise CourseError(f"{name} has lazy layers, which learn their sizes from the first batch: "
                          "run it on one batch, then draw it.")
    return network


def _copy(network: nn.Module, device: str) -> nn.Module:
    """A copy in evaluation mode whose tensors are on ``device``, without hooks that would tell others of the run."""

    def moved(tensor):
        if device == "meta" or tensor.is_meta:  # a network made without numbers gets zeros
            new = torch.zeros_like(tensor, device=device)
        else:
            new = tensor.detach().to(device, copy=True)
        return nn.Parameter(new, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else new

    held = [tensor for module in network.modules() for values in (module._parameters, module._buffers, vars(module))
            for tensor in values.values() if isinstance(tensor, torch.Tensor)]
    # deepcopy takes what its memo holds as already copied.
    twin = copy.deepcopy(network, {id(tensor): moved(tensor) for tensor in held})
    for module in twin.modules():
        module.training = False
        module._forward_hooks.clear()
    return twin


def _run(network: nn.Module, shape: tuple[int, ...], name: str, device: str) -> list[Step]:
    try:
        twin = _copy(network, device)
    except Exception as error:
        raise CourseError(f"{name} could not be copied, and it is a copy that is run: {_first(error)}") from error
    watch = _Watch(twin)
    kind = next((p.dtype for p in twin.parameters() if p.is_floating_point()), torch.float32)
    with torch.no_grad(), torch.random.fork_rng(devices=[]), torch.device(device):
        image = torch.zeros(BATCH, *shape, dtype=kind)
        if device == "cpu":
            image.normal_()
        watch.start(image)
        try:
            with watch:
                result = twin(image)
        except Exception as error:
            if device == "meta" and (isinstance(error, NotImplementedError) or "meta" in str(error)):
                raise _NeedsNumbers from error
            raise CourseError(_refusal(watch, name, shape, error)) from error
    return _alive(watch.steps, {watch.data[id(t)][1] for t in _tensors(result) if id(t) in watch.data})


def _alive(steps: list[Step], ends: set[int]) -> list[Step]:
    """The steps that lead to the output or have weights; what was only looked at (``if x.mean() > 0``) goes."""
    kept = set(ends) or set(range(len(steps)))
    for n in reversed(range(len(steps))):
        if n in kept or steps[n].parameters:
            kept |= {n, *steps[n].inputs}
    order = {-1: -1} | {n: place for place, n in enumerate(sorted(kept - {-1}))}
    return [replace(steps[n], inputs=tuple(order[i] for i in steps[n].inputs)) for n in order if n >= 0]


def _first(error: Exception) -> str:
    """The first line of an error, or its kind."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _refusal(watch: "_Watch", name: str, shape: tuple[int, ...], error: Exception) -> str:
    """What failed, on what: torch itself says little where it runs without numbers."""
    where = "its forward fails"
    if watch.path and watch.path[-1].name:
        last = watch.path[-1]
        told = type(last.module).__name__ if [*last.module.children()] else repr(last.module)
        where = f"its layer {last.name}, {told}, fails on {_times(last.shape)}"
    return (f"{name} cannot take an input of {_times(shape)}: {where} ({_first(error)}). "
            "Give the shape of one image that it is made for, input=(channels, height, width).")


def _times(shape: Sequence[int]) -> str:
    return "\u00d7".join(map(str, shape))


class _Call(NamedTuple):
    """A module that runs: its name, itself, and the shape of what it was given."""

    name: str
    module: nn.Module
    shape: tuple[int, ...]


class _Watch(TorchFunctionMode):
    """Sees every call of a torch function, and knows of every tensor where it comes from."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.steps: list[Step] = []
        self.path: list[_Call] = []
        # id: (tensor, step that made it, field) for what comes from the image; the tensor is kept, so that no
        # other gets its id. Likewise for what comes from parameters alone, with those parameters.
        self.data: dict[int, tuple[torch.Tensor, int, Field]] = {}
        self.weights: dict[int, tuple[torch.Tensor, frozenset[int]]] = {}
        self.sizes = {id(p): p.numel() for p in network.parameters()}
        self.used: set[int] = set()
        for p in network.parameters():
            self.weights[id(p)] = p, frozenset({id(p)})
        for name, module in network.named_modules():
            module.register_forward_pre_hook(lambda module, given, name=name: self._enter(name, module, given))
            module.register_forward_hook(lambda *_: self.path.pop() and None)

    def _enter(self, name: str, module: nn.Module, given: tuple) -> None:
        shapes = (_one(tensor) for tensor in _tensors(given))
        self.path.append(_Call(name, module, next(shapes, ())))

    def start(self, image: torch.Tensor) -> None:
        sides = image.dim() - 2
        self.data[id(image)] = image, -1, ((1,) * sides, (1,) * sides) if sides > 0 else WHOLE

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        call, given = func.__name__.strip("_"), list(_tensors((args, kwargs)))
        sources = [self.data[id(t)] for t in given if id(t) in self.data]
        parameters = frozenset().union(*(self.weights[id(t)][1] for t in given if id(t) in self.weights))
        with FlopCounterMode(display=False) as counter:
            out = func(*args, **kwargs)
        made = list(_tensors(args[0] if func.__name__ == "__setitem__" else out))
        if not made:
            return out
        if not sources or FRESH.fullmatch(func.__name__):
            self.weights.update((id(t), (t, parameters)) for t in made if parameters and id(t) not in self.weights)
            return out
        macs = counter.get_total_flops() // 2 // BATCH
        step, place = self._step(call, args, kwargs, made[0], sources, parameters, macs)
        if step is not None:
            self.steps.append(step)
            self.used |= parameters
            origin = len(self.steps) - 1
        else:
            origin = sources[0][1]
        self.data.update((id(t), (t, origin, place)) for t in made)
        return out

    def _step(self, call, args, kwargs, made, sources, parameters, macs) -> tuple[Step | None, Field]:
        """The layer that a call is, or None where it is none, and the receptive field of what it made."""
        taken = sources[0][0]
        before = _widest([place for *_, place in sources])
        origins = [origin for _, origin, _ in sources]
        window, place, parts = {}, before, ()
        if match := re.fullmatch(r"conv(_transpose)?[123]d", call):
            kind, window = "convolution", _conv_window(args, kwargs, taken.dim(), bool(match[1]))
            place = None if match[1] else _slide(before, **window)
        elif (match := re.fullmatch(r"(adaptive_)?(max|avg)_pool[123]d(_with_indices)?", call)) or self._is_mean(
                call, taken, made):
            kind = "max pool" if "max" in call else "average pool"
            if match and not match[1]:
                window = _pool_window(args, kwargs, taken, kind)
            else:
                window = _adaptive_window(taken, made)
            place = _slide(before, **window)
            if not match or match[1] and made.shape[2:].numel() == 1:
                place = WHOLE
            if set(window["kernel"]) == {1}:  # one pixel is no window: every stride-th pixel stays, or all
                return None, place
        elif call in CONCATS:
            if len(sources) == 1 and not parameters:
                return None, before
            kind, parts = "concat", tuple(t.shape[1] for t, *_ in sources if t.dim() > 1)
        elif "dropout" in call:
            kind = "dropout"
            if _named(args, kwargs, "input", "p").get("p") == 0:
                return None, before
        elif call in ("softmax", "log_softmax"):
            kind = "softmax"
        elif call in ACTIVATIONS:
            kind = "activation"
        elif call in NORMALISATIONS:
            kind = "normalisation"
        elif call in ("linear", "matmul", "rmatmul", "mm", "addmm") and parameters:
            kind = "fully connected"
            place = WHOLE if taken.dim() == 2 else before
        elif len(set(origins)) > 1:
            kind = "residual add" if call in PLUS else "multiply" if call in TIMES else "other"
        elif parameters and call in SCALES:
            kind = "normalisation"
        elif parameters or macs or call in SCRAMBLES:
            kind, place = "other", None
        elif made.numel() == taken.numel() or call in RESHAPES:
            return None, before
        else:
            kind, place = "other", None
        return Step(
            kind, call, self.path[-1].name if self.path else "", tuple(origins), _one(taken), _one(made),
            sum(self.sizes[p] for p in parameters - self.used), macs, place,
            shared=bool(parameters) and parameters <= self.used, parts=parts, **window), place

    @staticmethod
    def _is_mean(call: str, taken: torch.Tensor, made: torch.Tensor) -> bool:
        """Whether a mean or a maximum was taken over the whole of every map."""
        maps = taken.shape[:2]
        return call in ("mean", "amax") and taken.dim() > 2 and made.shape in (maps, (*maps, *(1,) * (taken.dim() - 2)))


def _tensors(nested):
    """Every tensor in nested lists, tuples and dicts."""
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, list | tuple):
        for one in nested:
            yield from _tensors(one)
    elif isinstance(nested, dict):
        yield from _tensors(list(nested.values()))


def _one(tensor: torch.Tensor) -> tuple[int, ...]:
    """The shape for one image of the batch."""
    if not tensor.dim() or tensor.shape[0] % BATCH:
        return tuple(tensor.shape)
    images, *rest = tensor.shape
    return tuple(rest) if images == BATCH else (images // BATCH, *rest)


def _named(args, kwargs, *names: str) -> dict:
    """The arguments of a call by their names."""
    return dict(zip(names, args, strict=False)) | kwargs


def _each(value, sides: int) -> tuple[int, ...]:
    """A number, or a list of one or several, as one for each side."""
    value = tuple(value) if isinstance(value, list | tuple) else (value,)
    return value * sides if len(value) == 1 else value


def _conv_window(args, kwargs, dim: int, transposed: bool) -> dict:
    order = ("output_padding", "groups", "dilation") if transposed else ("dilation", "groups")
    given = _named(args, kwargs, "input", "weight", "bias", "stride", "padding", *order)
    sides = dim - 2
    kernel, dilation = tuple(given["weight"].shape[2:]), _each(given.get("dilation", 1), sides)
    padding = given.get("padding", 0)
    if isinstance(padding, str):
        padding = [d * (k - 1) // 2 if padding == "same" else 0 for d, k in zip(dilation, kernel, strict=True)]
    return {"kernel": kernel, "stride": _each(given.get("stride", 1), sides), "padding": _each(padding, sides),
            "dilation": dilation, "groups": given.get("groups", 1)}


def _pool_window(args, kwargs, taken: torch.Tensor, kind: str) -> dict:
    given = _named(args, kwargs, "input", "kernel_size", "stride", "padding", *["dilation"] * (kind == "max pool"))
    sides = taken.dim() - 2
    kernel = _each(given["kernel_size"], sides)
    return {"kernel": kernel, "stride": _each(given.get("stride") or kernel, sides),
            "padding": _each(given.get("padding", 0), sides), "dilation": _each(given.get("dilation", 1), sides)}


def _adaptive_window(taken: torch.Tensor, made: torch.Tensor) -> dict:
    """The window of a pool that is told its output's size: the one that divides the map most evenly."""
    outs = made.shape[2:] or (1,) * (taken.dim() - 2)
    kernel = tuple(math.ceil(side / out) for side, out in zip(taken.shape[2:], outs, strict=True))
    stride = tuple(max(1, side // out) for side, out in zip(taken.shape[2:], outs, strict=True))
    zero, one = (0,) * len(kernel), (1,) * len(kernel)
    return {"kernel": kernel, "stride": stride, "padding": zero, "dilation": one}


def _slide(place: Field, kernel, stride, dilation, **_) -> Field:
    """The field after a window slid over what had the field ``place`` (Araujo, Norris and Sim, Distill 2019)."""
    if not isinstance(place, tuple) or len(place[0]) != len(kernel):
        return place if place == WHOLE else None
    sizes, jumps = place
    grown = tuple(s + d * (k - 1) * j for s, d, k, j in zip(sizes, dilation, kernel, jumps, strict=True))
    return grown, tuple(j * s for j, s in zip(jumps, stride, strict=True))


def _widest(places: list[Field]) -> Field:
    """The largest of the fields that meet, side by side."""
    if None in places or WHOLE in places or len({len(place[0]) for place in places}) > 1:
        return None if None in places or WHOLE not in places else WHOLE
    sides = range(len(places[0][0]))
    best = [max((place[0][n], place[1][n]) for place in places) for n in sides]
    return tuple(size for size, _ in best), tuple(jump for _, jump in best)
