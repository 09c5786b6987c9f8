"""ConfusionMatrix: what a network takes for what, and the pictures behind every number."""

from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np
import traitlets

from .. import look
from ..errors import CourseError
from .base import CourseWidget, Pair, Switch, style, view
from .pictures import as_images, as_labels, as_numpy, shrunk, sprite

HERE = Path(__file__)
MOST_CLASSES = 25
MOST_SHOWN = 48  # pictures of one cell
IN_PICTURE = 24  # mistakes in the static form
# Characters of the embedded pictures: keeps a saved notebook's output below 400 kB in all.
LARGEST_SPRITE = 200_000


def _class_names(classes, needed: int) -> tuple[str, ...]:
    """Names of the classes; without any, their numbers."""
    if classes is None:
        classes = range(max(needed, 2))
    if isinstance(classes, str) or not hasattr(classes, "__len__"):
        raise CourseError(f"classes must be the classes' names, in order of their numbers; got {classes!r:.60}.")
    names = tuple(map(str, classes))
    if not 2 <= len(names) <= MOST_CLASSES:
        advice = ""
        if len(names) > MOST_CLASSES:
            advice = " Keep the pictures of a few classes, or give several classes one number."
        raise CourseError(f"a confusion matrix shows 2 to {MOST_CLASSES} classes; got {len(names)}.{advice}")
    return names


def _probabilities(value, predictions: np.ndarray, classes: int) -> np.ndarray | None:
    """Probabilities float64 (N, K) that belong to the predictions, or a CourseError."""
    if value is None:
        return None
    array = as_numpy(value, "probabilities").astype(float)
    wanted = (len(predictions), classes)
    if array.shape != wanted:
        raise CourseError(f"probabilities must have shape {wanted}, a row for each picture; got {array.shape}.")
    if not np.isfinite(array).all():
        raise CourseError("probabilities hold NaN or infinity; give the softmax of the network's finite scores.")
    if array.min() < -1e-6 or np.abs(array.sum(axis=1) - 1).max() > 0.01:
        raise CourseError(
            f"probabilities must be 0 or more and sum to 1 in each row; got {array.min():.3g} to {array.max():.3g}, "
            f"first row's sum {array[0].sum():.3g}. If these are scores (logits), give their softmax."
        )
    chosen = np.take_along_axis(array, predictions[:, None], axis=1)[:, 0]
    other = int((chosen < array.max(axis=1) - 1e-6).sum())
    if other:
        raise CourseError(
            f"in {other:,} of {len(array):,} rows the prediction is not the most probable class: predictions and "
            "probabilities must be of the same pictures in the same order."
        )
    return array


class ConfusionMatrix(CourseWidget):
    """Count what was taken for what, and open every count to see its pictures.

    ``labels`` and ``predictions``: class numbers (N,). ``images``: whole numbers (N, H, W, C), C 1 or 3, or
    (N, H, W). ``classes``: up to 25 names. ``probabilities``: (N, K), the softmax, so that the surest mistakes
    come first. NumPy arrays or torch tensors. State, readable and writable: ``chosen``, the open cell (true,
    predicted), and ``percent`` (of each row, in place of counts). Computed: ``counts`` (K, K), row true, column
    predicted; ``recall`` and ``precision`` (K,), NaN for 0 of 0; ``accuracy``; ``members``, the indices of the
    chosen cell's pictures in the order shown. At most 48 of a cell are shown; of a large set a sample travels
    with the notebook, and a running kernel brings the others. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    chosen = Pair((0, 0), "(true class, predicted class)")
    percent = Switch()
    _classes = traitlets.List().tag(sync=True)
    _counts = traitlets.List().tag(sync=True)
    # One for each picture in the sprite: {"cell": [true, predicted], "index", "top": [[class, probability], ...]}.
    _pictures = traitlets.List().tag(sync=True)
    _sprite = traitlets.Dict().tag(sync=True)
    # Of the mistakes, how many were made with a probability of 0.9 or more; None without probabilities.
    _sure = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, labels, predictions, images, classes=None, probabilities=None, **state):
        count = None if classes is None else len(_class_names(classes, 0))
        true, predicted = as_labels(labels, "labels", count), as_labels(predictions, "predictions", count)
        pictures = as_images(images)
        sizes = {"labels": len(true), "predictions": len(predicted), "images": len(pictures)}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{size:,} {name}" for name, size in sizes.items())
            raise CourseError(f"there must be one label and one prediction for each picture; got {told}.")
        names = _class_names(classes, 1 + int(max(true.max(), predicted.max())))
        self._true, self._predicted, self._images = true, predicted, pictures
        self._probabilities = _probabilities(probabilities, predicted, len(names))
        counts = np.zeros((len(names),) * 2, np.int64)
        np.add.at(counts, (true, predicted), 1)
        self._order = self._in_order()
        shown = self._sample()
        mistakes = counts - np.diag(counts.diagonal())
        state.setdefault("chosen", tuple(map(int, np.unravel_index(mistakes.argmax(), mistakes.shape))))
        # Set before the widget opens, so that the pictures travel to the browser once.
        self._classes, self._counts = list(names), counts.tolist()
        self._pictures, self._sprite = self._told(shown), sprite(shrunk(pictures[shown]))
        self._sure = self._sure_mistakes()
        super().__init__(**state)
        self.on_msg(lambda _, message, __: self._send_cell(message["cell"]))

    @traitlets.validate("chosen")
    def _is_there(self, proposal):
        if not all(0 <= n < len(self._classes) for n in proposal["value"]):
            last = len(self._classes) - 1
            raise CourseError(f"chosen must be two classes, each 0 to {last}; got {proposal['value']}.")
        return proposal["value"]

    def _in_order(self) -> dict[tuple[int, int], np.ndarray]:
        """For each cell the indices of its pictures: the surest mistakes first, of the right ones the least sure."""
        keys = [np.arange(len(self._true))]
        if self._probabilities is not None:
            sure = self._probabilities.max(axis=1)
            keys.append(np.where(self._true == self._predicted, sure, -sure))
        order = np.lexsort((*keys, self._predicted, self._true))
        cells = groupby(order, key=lambda n: (int(self._true[n]), int(self._predicted[n])))
        return {cell: np.array(list(members)) for cell, members in cells}

    def _sample(self) -> np.ndarray:
        """Indices of the pictures that travel along: the first of every cell, more of the cells that count more."""
        ranked = []
        for (true, predicted), members in self._order.items():
            depth = len(members) ** 0.5 / (4 if true == predicted else 1)
            ranked += [(rank / depth, index) for rank, index in enumerate(members[:MOST_SHOWN])]
        indices = np.array([index for _, index in sorted(ranked)])
        while (size := len(sprite(shrunk(self._images[indices]))["url"])) > LARGEST_SPRITE:
            indices = indices[:max(1, int(0.97 * len(indices) * LARGEST_SPRITE / size))]
        return indices

    def _told(self, indices) -> list[dict]:
        """What the browser knows of these pictures."""
        return [
            {"cell": [int(self._true[n]), int(self._predicted[n])], "index": int(n), "top": self._top(n)}
            for n in indices
        ]

    def _top(self, index: int, most: int = 3) -> list:
        """The most probable classes of a picture, the prediction first: [[class, probability], ...]."""
        if self._probabilities is None:
            return []
        row = self._probabilities[index]
        best = sorted(range(len(row)), key=lambda n: (-row[n], n != self._predicted[index]))[:most]
        return [[n, round(float(row[n]), 6)] for n in best]

    def _sure_mistakes(self) -> int | None:
        if self._probabilities is None:
            return None
        return int(((self._true != self._predicted) & (self._probabilities.max(axis=1) >= 0.9)).sum())

    def _send_cell(self, cell) -> None:
        """All the pictures of a cell that can be shown, where the embedded sample has fewer."""
        members = self._order.get(tuple(cell), np.array([], int))[:MOST_SHOWN]
        if len(members):
            pictures = sprite(shrunk(self._images[members]))
            self.send({"cell": list(cell), "pictures": self._told(members), "sprite": pictures})

    @property
    def counts(self) -> np.ndarray:
        """How often row's class was taken for column's, int64 (K, K)."""
        return np.array(self._counts)

    @property
    def accuracy(self) -> float:
        """The fraction of the pictures whose class was found."""
        return float(self.counts.trace() / self.counts.sum())

    @property
    def recall(self) -> np.ndarray:
        """Of each class, the fraction that was found: (K,)."""
        return _share(self.counts.diagonal(), self.counts.sum(axis=1))

    @property
    def precision(self) -> np.ndarray:
        """Of what was called a class, the fraction that is of it: (K,)."""
        return _share(self.counts.diagonal(), self.counts.sum(axis=0))

    @property
    def members(self) -> np.ndarray:
        """Indices of the pictures counted in the chosen cell, in the order in which they are shown."""
        return self._order.get(self.chosen, np.array([], np.int64)).copy()

    def __repr__(self) -> str:
        right, total = self.counts.trace(), self.counts.sum()
        share = f"{100 * right / total:.2f} %"
        return f"ConfusionMatrix({len(self._classes)} classes: {right:,} of {total:,} right, {share})"

    def static_html(self) -> str:
        names, counts = list(map(escape, self._classes)), self.counts
        style = "text-align:center;padding:3px 4px;border:0"
        head = "".join(f'<th style="{style}">{name}</th>' for name in ("true \\ predicted", *names, "recall %"))
        rows = [f"<tr>{head}</tr>"]
        for i, (name, line) in enumerate(zip(names, counts, strict=True)):
            tint = [look.cell_style("output") if i == j else "" for j in range(len(names))]
            cells = "".join(f'<td style="{style};{how}">{n}</td>' for n, how in zip(line, tint, strict=True))
            cells += f'<td style="{style}">{_percent(self.recall[i])}</td>'
            rows.append(f'<tr><th style="{style}">{name}</th>{cells}</tr>')
        last = "".join(f'<td style="{style}">{_percent(value)}</td>' for value in self.precision)
        rows.append(f'<tr><th style="{style}">precision %</th>{last}<td style="{style}"></td></tr>')
        right, total = counts.trace(), counts.sum()
        summary = f"{right:,} of {total:,} right: accuracy {100 * right / total:.2f} %."
        return (
            f'<div style="max-width:760px;overflow-x:auto"><p>{summary}</p>'
            f'<table style="border-collapse:collapse;font-size:13px">'
            f"<tbody>{''.join(rows)}</tbody></table>{self._static_mistakes()}</div>"
        )

    def _static_mistakes(self) -> str:
        """A picture of the first mistakes, told in words for those who do not see it."""
        wrong = np.flatnonzero(self._true != self._predicted)
        if not len(wrong):
            return ""
        order = "the first"
        if self._probabilities is not None:
            wrong = wrong[np.argsort(-self._probabilities[wrong].max(axis=1), kind="stable")]
            order = "the surest"
        first = wrong[:IN_PICTURE]
        tiles = sprite(shrunk(self._images[first]), columns=12)
        told = ", ".join(f"{self._classes[self._true[n]]} taken for {self._classes[self._predicted[n]]}" for n in first)
        title = f"{len(wrong):,} mistakes" + (f", {order} {len(first)} of them" if len(wrong) > len(first) else "")
        width = min(640, 52 * tiles["columns"])
        return (
            f'<p style="margin:8px 0 2px">{title}, row by row: {escape(told)}.</p><img src="{tiles["url"]}" '
            f'alt="{escape(told)}" style="width:100%;max-width:{width}px;image-rendering:pixelated;border-radius:6px">'
        )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _percent(value: float) -> str:
    return "\u2013" if np.isnan(value) else f"{100 * value:.1f}"
