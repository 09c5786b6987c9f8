"""BatchNormHistogram: slide 55, live. One channel before and after its batch is normalised, and what eval() changes."""

from html import escape
from pathlib import Path

import numpy as np
import traitlets

from .. import figures
from ..errors import CourseError
from .base import Choice, CourseWidget, Real, Whole, style, view

HERE = Path(__file__)
MOST_PICTURES, MOST_VALUES, LARGEST = 64, 4096, 1e6
FEW = 16  # so many values are shown one by one, more as a histogram


def _drawn() -> dict:
    """Three classes of 16 pictures, each a 3x3 map of one channel that answers to each class differently."""
    rng = np.random.default_rng(55)
    names = rng.permutation(np.repeat(["A", "B", "C"], 16))
    centres = np.select([names == "A", names == "B"], [2.0, 5.0], 9.0)
    maps = centres[:, None] + rng.normal(0, 0.8, (48, 1)) + rng.normal(0, 1.2, (48, 9))
    return {"activations": maps.round(2).tolist(), "labels": names.tolist(), "batch_size": 16}


PRESETS = {"by hand": {"activations": [[1], [2], [3], [4]], "batch_size": 4}, "drawn": _drawn()}


class Activations(traitlets.TraitType):
    """A trait that holds one channel of several pictures: (N,), (N, P) or (N, H, W), kept as read-only (N, P)."""

    def __init__(self, default, **metadata):
        super().__init__(default_value=np.array(default, dtype=float), **metadata)
        self.tag(sync=True, to_json=lambda array, _: array.tolist())

    def validate(self, obj, value):
        try:
            array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            raise CourseError(f"{self.name} must hold numbers only, pictures first; got {value!r:.60}.") from None
        if array.ndim not in (1, 2, 3) or not array.size:
            raise CourseError(
                f"{self.name} must be one channel, of shape (N,), (N, P) or (N, H, W), and not empty; got shape "
                f"{array.shape}. Take one channel of (N, C, H, W) with activations[:, channel]."
            )
        array = array.reshape(len(array), -1)
        if len(array) > MOST_PICTURES or array.size > MOST_VALUES:
            raise CourseError(
                f"{self.name} has {len(array)} pictures of {array.shape[1]} values, and this widget shows at most "
                f"{MOST_PICTURES} pictures and {MOST_VALUES} values. Take fewer, such as "
                "activations[:32, channel, ::2, ::2]."
            )
        if not np.isfinite(array).all() or np.abs(array).max() > LARGEST:
            raise CourseError(f"{self.name} holds NaN, infinity or a number beyond {LARGEST:,.0f}: nothing to average.")
        array.flags.writeable = False
        return array


class Labels(traitlets.TraitType):
    """A trait that holds the class of each picture, as text; empty where classes are not told."""

    def __init__(self, **metadata):
        super().__init__(default_value=[], **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        if value is None:
            return []
        if isinstance(value, str) or np.ndim(value) != 1:
            raise CourseError(f"{self.name} must be a list with one class per picture; got {value!r:.60}.")
        return [str(one) for one in value]


class BatchNormHistogram(CourseWidget):
    """See a batch of one channel before and after batch norm, in training and with eval() (slide 55, Algorithm 1).

    State, each readable and writable from Python: ``activations`` (N, P), the P values of one channel in each of N
    pictures ((N,) and (N, H, W) are taken too); ``labels``, the pictures' classes, or none; ``batch_size``;
    ``order``, in which batches are filled; ``batch``, which of them is shown, and ``picture``, the place in it of the
    picture in focus, both counted from 0; ``mode`` "train" or "eval"; ``gamma``, ``beta``, ``eps``; ``momentum``,
    ``running_mean``, ``running_var`` as in torch.nn.BatchNorm2d, and ``updates``, how often they were updated.
    It starts from 48 drawn pictures of three classes, ``BatchNormHistogram(preset="by hand")`` from 1, 2, 3, 4.
    Computed: ``x``, ``normalised``, ``output``, ``numbers``; ``next_batch()`` goes on as the button does.
    Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    activations = Activations(PRESETS["by hand"]["activations"])
    labels = Labels()
    batch_size = Whole(4, 1, MOST_PICTURES)
    order = Choice("shuffled", "class by class")
    batch = Whole(0, 0, MOST_PICTURES - 1)
    picture = Whole(0, 0, MOST_PICTURES - 1)
    mode = Choice("train", "eval")
    gamma = Real(1, -100, 100)
    beta = Real(0, -100, 100)
    eps = Real(1e-5, 1e-12, 1)
    momentum = Real(0.1, 0, 1)
    running_mean = Real(0, -10 * LARGEST, 10 * LARGEST)
    running_var = Real(1, 0, 1e13)
    updates = Whole(0, 0, 10**9)
    _drawn = traitlets.Dict(default_value=PRESETS["drawn"]).tag(sync=True)

    def __init__(self, preset: str = "drawn", **state):
        if preset not in PRESETS:
            raise CourseError(f"There is no preset {preset!r}; choose one of {', '.join(map(repr, PRESETS))}.")
        super().__init__(**(state if "activations" in state else {**PRESETS[preset], **state}))

    @traitlets.validate("labels")
    def _one_per_picture(self, proposal):
        labels, pictures = proposal["value"], len(self.activations)
        if labels and len(labels) != pictures:
            raise CourseError(f"labels must name the class of each of the {pictures} pictures; got {len(labels)}.")
        return labels

    @traitlets.observe("activations")
    def _forget_labels(self, _):
        if len(self.labels) != len(self.activations):
            self.labels = []

    @property
    def places(self) -> list[int]:
        """The pictures of the batch that is shown, as places in ``activations``; the last batch may be smaller."""
        everyone = list(range(len(self.activations)))
        if self.order == "class by class" and self.labels:
            everyone.sort(key=lambda n: self.labels.index(self.labels[n]))  # classes as they first appear
        size = min(self.batch_size, len(everyone))
        first = self.batch % -(-len(everyone) // size) * size
        return everyone[first : first + size]

    @property
    def x(self) -> np.ndarray:
        """What the layer is given, (pictures of the batch, P)."""
        return self.activations[self.places]

    @property
    def numbers(self) -> dict:
        """Every number that the widget prints; None where there is none, as for a batch of one value.

        ``mean`` and ``variance`` (divided by m), ``unbiased`` (by m - 1); ``used_mean`` and ``used_variance``, what the
        layer normalises with; ``running_mean`` and ``running_var`` after this pass; ``company``: what becomes of the
        mean activation of the picture in focus in this batch, with its class only, alone, and with eval().
        """
        x, places = self.x, self.places
        training = self.mode == "train"
        mean, variance = float(x.mean()), float(x.var())
        unbiased = float(x.var(ddof=1)) if x.size > 1 else None
        updated = training and unbiased is not None
        share = self.momentum if updated else 0.0
        focus = places[min(self.picture, len(places) - 1)]
        value = float(self.activations[focus].mean())
        peers = [n for n, label in enumerate(self.labels) if label == self.labels[focus]]
        own_class = self.activations[peers] if len(set(self.labels)) > 1 else None
        groups = {"batch": x, "class": own_class, "alone": self.activations[focus]}
        company = {name: None if group is None or group.size < 2 else
                   self._normalise(value, group.mean(), group.var()) for name, group in groups.items()}
        company["eval"] = self._normalise(value, self.running_mean, self.running_var)
        return {
            "mean": mean, "variance": variance, "unbiased": unbiased,
            "used_mean": mean if training else self.running_mean,
            "used_variance": variance if training else self.running_var,
            "running_mean": (1 - share) * self.running_mean + share * mean,
            "running_var": (1 - share) * self.running_var + share * (unbiased if updated else 0),
            "focus": focus, "value": value, "company": company,
        }

    def _normalise(self, value, mean, variance):
        return self.gamma * ((value - mean) / np.sqrt(variance + self.eps)) + self.beta

    @property
    def normalised(self) -> np.ndarray:
        """x minus the mean, over the standard deviation, (pictures, P); CourseError for one value in training."""
        x, numbers = self.x, self.numbers
        if self.mode == "train" and x.size == 1:
            raise CourseError(
                "The batch holds one value: its variance is 0 and nothing of it would be left, so PyTorch refuses too. "
                "Take a larger batch, or eval()."
            )
        return (x - numbers["used_mean"]) / np.sqrt(numbers["used_variance"] + self.eps)

    @property
    def output(self) -> np.ndarray:
        """gamma * normalised + beta, (pictures, P); CourseError as for ``normalised``."""
        return self.gamma * self.normalised + self.beta

    def next_batch(self, times: int = 1) -> None:
        """Go to the next batch; in training, this one first updates the running mean and variance."""
        batches = -(-len(self.activations) // self.batch_size)
        for _ in range(times):
            numbers = self.numbers
            if self.mode == "train" and numbers["unbiased"] is not None:
                self.running_mean, self.running_var = numbers["running_mean"], numbers["running_var"]
                self.updates += 1
            self.batch = (self.batch + 1) % batches

    def __repr__(self) -> str:
        pictures, values = self.activations.shape
        return (f"BatchNormHistogram({pictures} pictures of {values} value{'s' * (values > 1)}, "
                f"batch_size={self.batch_size}, mode={self.mode!r})")

    def static_html(self) -> str:
        x, numbers = self.x, self.numbers
        rows = [("this batch", numbers["mean"], numbers["variance"]),
                (f"running, after {self.updates} batches", self.running_mean, self.running_var)]
        pieces = [self._picture(x, "input", "x, into the layer")]
        try:
            rows.append(("output y", self.output.mean(), self.output.var()))
            pieces.append(self._picture(self.output, "output", f"y, out of the layer, {self.mode}()"))
        except CourseError as error:
            pieces.append(f"<p>{error}</p>")
        told = [(name, figures.number(mean, 4), figures.number(variance, 4)) for name, mean, variance in rows]
        lines = "".join(f"<tr><th>{name}</th><td>{mean}</td><td>{variance}</td></tr>" for name, mean, variance in told)
        head = "<thead><tr><th></th><th>mean</th><th>variance</th></tr></thead>"
        return figures.beside(*pieces, f"<table>{head}<tbody>{lines}</tbody></table>")

    @staticmethod
    def _picture(values: np.ndarray, kind: str, caption: str) -> str:
        """A few values as they are, many as a table of how many fall between two numbers."""
        if values.size <= FEW:
            return figures.table(values.T, kind, caption)
        counts, edges = np.histogram(values, bins=10)
        between = [f"{figures.number(low, 2)} to {figures.number(high, 2)}"
                   for low, high in zip(edges, edges[1:], strict=False)]
        bars = "".join(f"<tr><td>{name}</td><td>{'█' * -(-20 * count // counts.max())} {count}</td></tr>"
                       for name, count in zip(between, counts, strict=True))
        return f"<table><caption>{escape(caption)}</caption><tbody>{bars}</tbody></table>"
