"""The check of a function that returns several arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from course_lib.checks.compare import describe
from course_lib.checks.kit import FunctionCheck
from course_lib.checks.report import fail


@dataclass(frozen=True)
class SeveralCheck:
    """A check of a function that returns several arrays: one check for each, in their order."""

    parts: tuple[FunctionCheck, ...]

    def __call__(self, function: Callable, seed: int = 0) -> None:
        first = self.parts[0]
        first._accept(function, seed)
        self._part(function, 0, first._run(function, first.example))
        for index, part in enumerate(self.parts):
            part(lambda *case, index=index: self._part(function, index, function(*case)), seed)

    def _part(self, function: Callable, index: int, got: object) -> object:
        names = ", ".join(part.part for part in self.parts)
        if got is None or got is NotImplemented or got is Ellipsis:
            fail(f"{self.parts[0].name} returns {got!r}: end it with `return {names}`.")
        if not isinstance(got, (tuple, list)) or len(got) != len(self.parts):
            given = f"{len(got)} results" if isinstance(got, (tuple, list)) else describe(got)
            fail(f"{self.parts[0].name} returns {given}, expected {len(self.parts)} arrays: `return {names}`.")
        return got[index]
