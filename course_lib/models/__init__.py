"""Networks of the lecture, one file per paper; ``build(name, channels, classes)`` builds one by name."""

from importlib import import_module

from torch import nn

from ..errors import CourseError

# name: (module, class or function); a module is imported when one of its networks is asked for.
MODELS = {
    "lenet5": ("lenet", "LeNet5"),
    "author_lenet": ("lenet", "AuthorLeNet"),
    "fast": ("fast", "Fast"),
    **{f"{kind}{depth}": ("resnet_cifar", f"{kind}{depth}") for kind, depths in
       (("resnet", (20, 32, 44, 56, 110)), ("plain", (20, 32, 44, 56))) for depth in depths},
}


def names() -> list[str]:
    """The networks that ``build`` knows."""
    return list(MODELS)


def build(name: str, channels: int = 3, classes: int = 10) -> nn.Module:
    """A fresh network by its name in MODELS, for images of that many channels; CourseError for an unknown name."""
    if name not in MODELS:
        raise CourseError(f"there is no network {name!r}; choose one of {', '.join(MODELS)}.")
    module, builder = MODELS[name]
    return getattr(import_module(f"{__name__}.{module}"), builder)(channels=channels, classes=classes)
