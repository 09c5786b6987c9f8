"""Running a network in another way for a while: in evaluation mode, or as far as one layer."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Eval mode; afterwards every module is in the mode in which it came, for some may be frozen."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def run_until(model: nn.Module, X: Tensor, module: nn.Module, *, before: bool = False) -> object:
    """What ``module`` gives when ``model`` runs on X, or what it is given, ``before`` it runs; None if it never does.

    What comes behind the module does not run, so nothing writes over what it gave. The model's mode is not changed.
    """
    caught: list[object] = []

    def stop(_: nn.Module, inputs: tuple, output: object = None) -> None:
        caught.append(inputs[0] if before else output)
        raise _ReachedError

    handle = module.register_forward_pre_hook(stop) if before else module.register_forward_hook(stop)
    try:
        model(X)
    except _ReachedError:
        pass
    finally:
        handle.remove()
    return caught[0] if caught else None


class _ReachedError(Exception):
    """The layer that was asked for has run, or is about to."""
