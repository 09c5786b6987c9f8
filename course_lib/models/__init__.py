"""Networks of the lecture, one file per paper; ``build(name, channels, classes)`` builds one by name.

    model = build("resnet20")
    names(), parameters(model), macs(model, input_shape("resnet20"))

From a shell, ``python -m course_lib.models`` prints the table of slide 42, published beside counted, and
``python -m course_lib.models resnet20`` the layers of one network.
"""

from importlib import import_module
from inspect import signature
from typing import NamedTuple

from torch import nn

from ..errors import CourseError
from .count import Line, costs, macs, parameters
from .squeeze_excitation import squeeze_and_excite
from .weights import from_torchvision

__all__ = ["MODELS", "Entry", "Line", "build", "costs", "from_torchvision", "input_shape", "macs", "names",
           "parameters", "squeeze_and_excite"]

_CIFAR, _IMAGENET = (3, 32, 32), (3, 224, 224)


class Entry(NamedTuple):
    """Where a network is found, and the images (C, H, W) that it was made for. Its file is imported when asked for."""

    file: str
    builder: str  # class or function in that file
    shape: tuple[int, int, int] = _CIFAR


def _entries(file: str, names: str, shape: tuple[int, int, int] = _CIFAR) -> dict[str, Entry]:
    """Networks whose builders have their names."""
    return {name: Entry(file, name, shape) for name in names.split()}


MODELS = {
    "lenet5": Entry("lenet", "LeNet5", (1, 28, 28)),
    "author_lenet": Entry("lenet", "AuthorLeNet"),
    "fast": Entry("fast", "Fast"),
    "alexnet": Entry("alexnet", "AlexNet", _IMAGENET),
    "network_in_network": Entry("network_in_network", "NetworkInNetwork"),
    **_entries("vgg", "vgg11 vgg13 vgg16 vgg16_c vgg19", _IMAGENET),
    "googlenet": Entry("googlenet", "GoogLeNet", _IMAGENET),
    "all_cnn": Entry("all_cnn", "AllCNN"),
    "deeply_supervised": Entry("deeply_supervised", "DeeplySupervised"),
    "highway": Entry("highway", "HighwayNetwork"),
    **_entries("resnet", "resnet18 resnet34 resnet50 resnet101 resnet152", _IMAGENET),
    **_entries("resnet_cifar", "resnet20 resnet32 resnet44 resnet56 resnet110 resnet164 resnet1202"),
    **_entries("resnet_cifar", "plain20 plain32 plain44 plain56"),
    **_entries("stochastic_depth", "stochastic20 stochastic56 stochastic110 stochastic1202"),
    **_entries("preact", "preactresnet110 preactresnet164 preactresnet1001"),
    **_entries("wide_resnet", "wrn16_4 wrn16_8 wrn28_10"),
    "fractalnet": Entry("fractalnet", "FractalNet"),
    **_entries("densenet", "densenet40_12 densenet100_12 densenet100_24"),
    **_entries("densenet", "densenet_bc100_12 densenet_bc250_24 densenet_bc190_40"),
    **_entries("densenet", "densenet121 densenet169 densenet201", _IMAGENET),
    **_entries("squeeze_excitation", "seresnet18 seresnet34 seresnet50 seresnet101 seresnet152", _IMAGENET),
    **_entries("squeeze_excitation", "seresnet20 seresnet56 seresnet110 seresnet164"),
}


def names() -> list[str]:
    """The networks that ``build`` knows, roughly by year."""
    return list(MODELS)


def input_shape(name: str) -> tuple[int, int, int]:
    """The images (C, H, W) that a network was made for; CourseError for an unknown name."""
    return _entry(name).shape


def build(name: str, channels: int = 3, classes: int | None = None, **options) -> nn.Module:
    """A fresh network by its name in MODELS, for images of that many channels: (N, channels, H, W) -> (N, classes).

    ``classes`` defaults to what the network was made for: 1000 for ImageNet's, else 10. ``options`` are its own, such
    as ``option="B"`` of the ResNets for CIFAR; its class says which. CourseError for an unknown name or option.
    """
    entry = _entry(name)
    builder = getattr(import_module(f"{__name__}.{entry.file}"), entry.builder)
    chosen = {"channels": channels, **({} if classes is None else {"classes": classes}), **options}
    try:
        return builder(**chosen)
    except TypeError as error:
        if not options or "argument" not in str(error):
            raise
        known = [key for key, value in signature(builder).parameters.items()
                 if value.kind is value.KEYWORD_ONLY and key not in chosen]
        raise CourseError(f"{name} cannot be built with {options}: {error}. Options: "
                          f"{', '.join(known) or 'none'}; {entry.file}.py tells more.") from None


def _entry(name: str) -> Entry:
    if name not in MODELS:
        raise CourseError(f"there is no network {name!r}; choose one of {', '.join(MODELS)}.")
    return MODELS[name]
