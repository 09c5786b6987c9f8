"""Checks of what is no plain data: networks with given weights, and the counts of their parameters.

Several notebooks share them. The test cells build the networks in probes, hand arrays in and get arrays back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np
from torch import Tensor

from course_lib.checks.compare import describe
from course_lib.checks.kit import Case, FunctionCheck
from course_lib.checks.report import fail

HIDDEN = "Layers in a plain list are hidden from PyTorch: keep them in an nn.Sequential or an nn.ModuleList."
ORDER = ("The shapes are right and their order is not. It is that in which `__init__` makes the layers, so make them "
         "in the order in which they are used.")
WHOLE = "Return one whole number; // divides whole numbers."


@dataclass(frozen=True)
class ProbeCheck(FunctionCheck):
    """A check of a function that takes what is no data; the test cell's probe makes that from the case.

    `writes` gives a case's call as a student would write it.
    """

    writes: Callable[[Case], str] | None = None

    def _called(self, case: Case) -> str:
        return self.writes(case) if self.writes else super()._called(case)

    def _run(self, function: Callable, case: Case) -> object:
        got = super()._run(function, case)
        values = got if isinstance(got, (tuple, list)) else [got]
        if any(isinstance(value, Tensor) for value in values):
            plain = ("both numbers must be plain, with `.item()` for the loss and for the count."
                     if isinstance(got, (tuple, list)) else "add up loss.item(), a plain number, and not loss.")
            fail(f"{self.name} returned a tensor, and a tensor may hold on to everything it was worked out from: "
                 f"{plain}")
        return got


@dataclass(frozen=True)
class NetworkCheck(ProbeCheck):
    """A check of a function that builds a network: which parameters it has, then what it makes of given ones.

    The probe's ``run(x, weights, ...)`` gives the shapes of the parameters when `weights` is empty, else the
    network's output with those weights. `shapes(case)` are the right ones, `hints` says what a wrong shape of
    parameter number i may mean.
    """

    shapes: Callable[[Case], list[list[int]]] = field(default=lambda case: [])
    hints: dict[tuple[int, tuple[int, ...]], str] = field(default_factory=dict)

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        for case in (self.example, *self.cases(np.random.default_rng(seed))):
            self._judge_shapes(self._run(function, case | {"weights": []}), self.shapes(case))
        super().__call__(function, seed)

    def _judge_shapes(self, got: object, want: list[list[int]]) -> None:
        shapes = got if isinstance(got, (list, tuple)) else None
        if shapes is None or not all(isinstance(shape, (list, tuple)) for shape in shapes):
            fail(f"{self.name} must return a network of torch, an nn.Module; its parameters came as {describe(got)}.")
        shapes = [list(shape) for shape in shapes]
        if shapes == want:
            return
        for number, (mine, right) in enumerate(zip(shapes, want, strict=False)):
            if mine != right:
                extra = ORDER if sorted(shapes) == sorted(want) else self.hints.get((number, tuple(mine)), "")
                wrong = f"parameter {number} has shape {tuple(mine)}, expected {tuple(right)}."
                break
        else:
            wrong = f"it has {len(shapes)} parameters, expected {len(want)}."
            extra = self.hints.get((-1, ()), "") if shapes else HIDDEN
        total, right = (sum(map(prod, some)) for some in (shapes, want))
        counts = f" In all these are {total:,} numbers, and it must be {right:,}." if total != right else ""
        fail(f"{self.name}: counted from 0 in the order of model.parameters(), {wrong}{counts} {extra}".rstrip())


@dataclass(frozen=True)
class CountCheck(FunctionCheck):
    """A check of a function that counts parameters: a float is told, though it may have the right value."""

    def _run(self, function: Callable, case: Case) -> object:
        got = super()._run(function, case)
        if isinstance(got, (float, np.floating)):
            fail(f"{self._called(case)} is a float, {got}, expected an int. {WHOLE}")
        return got


def random_weights(rng: np.random.Generator, shapes: list[list[int]]) -> list[np.ndarray]:
    """Weights under which the numbers keep their size from layer to layer, and biases that are not 0."""
    return [rng.normal(size=shape) * (0.3 if len(shape) == 1 else np.sqrt(2 / prod(shape[1:]))) for shape in shapes]
