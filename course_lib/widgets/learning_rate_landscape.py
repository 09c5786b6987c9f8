"""LearningRateLandscape: gradient descent with momentum down a valley, and the rate beyond which it diverges."""

import cmath
from html import escape
from pathlib import Path

import numpy as np
import traitlets

from .. import figures
from ..errors import CourseError
from .base import CourseWidget, Real, Whole, style, view

HERE = Path(__file__)
MOST_STEPS = 200
BLOWN_UP = 1e12  # a loss at which the walk ends
SHOWN = 10


class TwoReals(traitlets.TraitType):
    """A trait that holds two finite numbers between two bounds, one for each weight."""

    def __init__(self, default, least: float, most: float, **metadata):
        super().__init__(default_value=list(default), **metadata)
        self.least, self.most = least, most
        self.tag(sync=True)

    def validate(self, obj, value):
        try:
            pair = np.array(value, dtype=float)
        except (TypeError, ValueError):
            pair = np.array(())
        if pair.shape != (2,) or not ((self.least <= pair) & (pair <= self.most)).all():
            raise CourseError(
                f"{self.name} must be two numbers from {self.least:g} to {self.most:g}, one for each weight; "
                f"got {value!r:.60}."
            )
        return pair.tolist()


class LearningRateLandscape(CourseWidget):
    """Walk down the loss (curvature_1 w_1^2 + curvature_2 w_2^2) / 2 as torch.optim.SGD does, and see where it ends.

    State, each readable and writable from Python: ``curvatures``, how steeply the valley curves along each weight;
    ``start``, the first weights; ``lr``; ``momentum``; ``steps``, how many are taken; ``step``, the one written out.
    Computed: ``path``, ``losses``, ``limit`` (the learning rate beyond which it diverges) and ``factors``.
    Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    curvatures = TwoReals((1, 10), 0.01, 100)
    start = TwoReals((-4, 1.5), -5, 5)
    lr = Real(0.05, 1e-6, 100)
    momentum = Real(0, 0, 0.999)
    steps = Whole(30, 1, MOST_STEPS)
    step = Whole(0, 0, MOST_STEPS - 1)

    def _walk(self) -> tuple[np.ndarray, np.ndarray]:
        curvatures, w = np.array(self.curvatures), np.array(self.start)
        velocity = np.zeros(2)
        path, losses = [w], [float(curvatures @ w**2 / 2)]
        while len(path) <= self.steps and losses[-1] <= BLOWN_UP:
            velocity = self.momentum * velocity + curvatures * w
            w = w - self.lr * velocity
            path.append(w)
            losses.append(float(curvatures @ w**2 / 2))
        return np.array(path), np.array(losses)

    @property
    def path(self) -> np.ndarray:
        """The weights at the start and after each step, (steps + 1, 2); it ends where the loss passes 10^12."""
        return self._walk()[0]

    @property
    def losses(self) -> np.ndarray:
        """The loss at each point of ``path``, (steps + 1,)."""
        return self._walk()[1]

    @property
    def limit(self) -> float:
        """The learning rate beyond which the steeper direction diverges: 2 (1 + momentum) / its curvature."""
        return 2 * (1 + self.momentum) / max(self.curvatures)

    @property
    def factors(self) -> list[float]:
        """By how much the distance to the valley's floor shrinks a step, in the long run, along each weight.

        Without momentum |1 - lr curvature|, and exactly so at every step. With momentum the larger root of
        z^2 - (1 + momentum - lr curvature) z + momentum = 0, in size.
        """
        sizes = []
        for curvature in self.curvatures:
            middle = 1 + self.momentum - self.lr * curvature
            root = cmath.sqrt(middle**2 - 4 * self.momentum)
            sizes.append(max(abs(middle + root), abs(middle - root)) / 2)
        return sizes

    def __repr__(self) -> str:
        one, two = self.curvatures
        return (f"LearningRateLandscape(curvatures {one:g} and {two:g}, lr={self.lr:g}, momentum={self.momentum:g}; "
                f"loss {self.losses[0]:.4g} to {self.losses[-1]:.4g})")

    def static_html(self) -> str:
        path, losses = self._walk()
        rows = [(k, *path[k], losses[k]) for k in sorted({*range(min(SHOWN, len(path))), len(path) - 1})]
        told = [(str(k), *(f"{value:.4g}".replace("-", "\u2212") for value in numbers)) for k, *numbers in rows]
        lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in told)
        head = "".join(f"<th>{name}</th>" for name in ("step", "w\u2081", "w\u2082", "loss"))
        limit = (f"<p>Learning rate {self.lr:g}; it diverges beyond 2\u00b7(1 + {self.momentum:g}) / "
                 f"{max(self.curvatures):g} = {figures.number(self.limit, 4)}.</p>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{limit}"
