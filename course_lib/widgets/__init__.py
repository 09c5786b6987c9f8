"""The course's widgets; each is loaded when it is first asked for."""

from importlib import import_module

_HOMES = {"ConvolutionStepper": "convolution_stepper", "KernelPainter": "kernel_painter"}
__all__ = ["ConvolutionStepper", "KernelPainter"]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
