"""DepthExplorer: slide 40, from recorded runs. Does a deeper network train worse, and what do its gradients do?"""

import json
from html import escape
from itertools import groupby
from pathlib import Path
from statistics import median

import numpy as np
import traitlets

from .. import figures
from ..errors import CourseError
from .base import Choice, CourseWidget, Switch, Whole, style, view

HERE = Path(__file__)
RECORDED = HERE.with_suffix(".json")  # data/depth_*.csv in short, made by python -m benchmarks.depth
NAMES = {"plain": "plain", "residual": "ResNet"}
MEASURES = ("training error", "test error")
MUCH = 10  # a gradient that changes by less than this factor is said to stay
LISTS = {"training_error": "errors", "test_error": "errors", "gradients_at_start": "norms", "gradients_at_end": "norms"}
MOST_RUNS, MOST_NUMBERS, DEEPEST = 100, 1000, 9999


def recorded() -> dict:
    """The runs that the course ships: ``{"setting": text, "made_by": command, "runs": [dict, ...]}``."""
    return json.loads(RECORDED.read_text())


class Runs(traitlets.TraitType):
    """A trait that holds runs as plain dicts; it takes ``course_lib.training.Run`` too. Empty where there are none."""

    def __init__(self, **metadata):
        super().__init__(default_value=[], **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        if isinstance(value, (str, dict)) or not hasattr(value, "__len__"):
            raise CourseError(f"{self.name} must be a list of runs, each a Run or a dict; got {value!r:.60}.")
        if len(value) > MOST_RUNS:
            raise CourseError(f"{self.name} holds {len(value)} runs, and this widget shows at most {MOST_RUNS}.")
        return [_entry(one, f"run {number}", obj.watched) for number, one in enumerate(value, 1)]


def _entry(one, which: str, watched: str) -> dict:
    """One run with all its keys, as plain numbers, or a CourseError that names what is wrong in it."""
    if hasattr(one, "history") and hasattr(one, "model"):
        one = {"run": one, **_told_by(one.model, which)}
    if not isinstance(one, dict) or not {"kind", "depth"} <= one.keys():
        raise CourseError(f"{which} must be a Run of a ResNetCIFAR, or a dict with kind, depth and what was measured; "
                          f"got {one!r:.60}.")
    if unknown := one.keys() - {"kind", "depth", "seed", "run", *LISTS}:
        raise CourseError(f"{which} has a key {sorted(unknown)[0]!r}; a run may have kind, depth, seed, run, "
                          f"{', '.join(LISTS)}.")
    if one["kind"] not in NAMES:
        raise CourseError(f"kind of {which} must be 'plain' or 'residual'; got {one['kind']!r}.")
    whole = {name: one.get(name, 0) for name in ("depth", "seed")}
    for name, value in whole.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value <= DEEPEST:
            raise CourseError(f"{name} of {which} must be a whole number from 0 to {DEEPEST}; got {value!r:.60}.")
    lists = {name: one.get(name, ()) for name in LISTS}
    if "run" in one:
        lists[watched.replace(" ", "_")] = _errors(one["run"], which)
    lists = {name: _list(value, name, which) for name, value in lists.items()}
    if not any(lists.values()):
        raise CourseError(f"{which} has nothing to show: give it run=, or any of {', '.join(LISTS)}.")
    return {"kind": one["kind"], **{name: int(value) for name, value in whole.items()}, **lists}


def _told_by(model, which: str) -> dict:
    from ..models.resnet_cifar import ResNetCIFAR

    if not isinstance(model, ResNetCIFAR):
        raise CourseError(f"{which} is of a {type(model).__name__}, which does not say how deep it is: give a dict, "
                          'such as {"kind": "residual", "depth": 20, "run": run}.')
    blocks = [block for stage in model.stages for block in stage]
    kind = "plain" if blocks[0].shortcut is None else "residual"
    return {"kind": kind, "depth": sum(block.layers for block in blocks) + 2}


def _errors(run, which: str) -> list[float]:
    """Errors after each epoch, by a Run's history."""
    rows = run.history
    if not rows or "validation_accuracy" not in rows[0]:
        raise CourseError(f"{which} was trained without a validation set, so it has no errors: train with validation=.")
    if [row["epoch"] for row in rows] != list(range(1, len(rows) + 1)):
        raise CourseError(f"{which} was not measured once an epoch: train it with a whole number of epochs, and leave "
                          "rows and seconds out.")
    return [1 - row["validation_accuracy"] for row in rows]


def _list(value, name: str, which: str) -> list[float]:
    """Errors by epoch or norms by layer; of what ``gradient_norms`` gives, its values."""
    try:
        array = np.array(list(value.values() if isinstance(value, dict) else value), dtype=float)
    except (TypeError, ValueError):
        raise CourseError(f"{name} of {which} must be a list of numbers; got {value!r:.60}.") from None
    if array.ndim != 1 or array.size > MOST_NUMBERS or not (np.isfinite(array) & (array >= 0)).all():
        raise CourseError(f"{name} of {which} must be at most {MOST_NUMBERS} finite numbers from 0; got {value!r:.60}.")
    if LISTS[name] == "errors" and (array > 1).any():
        raise CourseError(f"{name} of {which} must be shares from 0 to 1, not per cent; got {array.max():g}.")
    return array.tolist()


class Depths(traitlets.TraitType):
    """A trait that holds some depths, each once, from shallow to deep."""

    def __init__(self, default, **metadata):
        super().__init__(default_value=list(default), **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        fits = isinstance(value, (list, tuple, set, np.ndarray)) and all(
            isinstance(one, (int, np.integer)) and not isinstance(one, (bool, np.bool_)) for one in value)
        if not fits:
            raise CourseError(f"{self.name} must be a list of whole numbers, such as [20, 56]; got {value!r:.60}.")
        return sorted({int(one) for one in value})


def _range(lists: list[list[float]]) -> list[list[float]]:
    """Median, lowest and highest of the runs at each place; as long as the shortest run that has any."""
    return [[median(values), min(values), max(values)] for values in zip(*filter(None, lists), strict=False)]


class DepthExplorer(CourseWidget):
    """Compare plain with residual networks of several depths: errors by epoch and by depth, gradients by layer.

    The runs that the course ships are of scikit-learn's digits (data/depth_runs.csv). ``DepthExplorer(runs)`` adds
    your own: a ``training.Run`` of a ResNetCIFAR, or a dict with ``kind`` "plain" or "residual", ``depth``, and any
    of ``seed``, ``run``, ``training_error`` and ``test_error`` (shares from 0 to 1 after each epoch),
    ``gradients_at_start`` and ``gradients_at_end`` (by layer, or what ``gradients.gradient_norms`` returns).
    ``watched`` says what a Run's validation set was: it measured the "test error" or the "training error".

    State, each readable and writable from Python: ``runs``, your own; ``source`` "recorded" or "yours"; ``measure``
    "training error" or "test error"; ``depths``, those whose curves are shown; ``epoch``, the one whose numbers are
    printed; ``gradient_depth`` and ``layer``, whose gradients are; ``predict``, whether the gradients wait for a
    ``prediction`` ("vanish", "stay" or "explode") and for ``revealed``. What the runs do not have counts as the
    nearest that they have. Computed: ``numbers``. Errors: CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    runs = Runs()
    source = Choice("recorded", "yours")
    measure = Choice(*MEASURES)
    depths = Depths((20, 56))
    epoch = Whole(1000, 1, MOST_NUMBERS)
    gradient_depth = Whole(56, 1, DEEPEST)
    layer = Whole(28, 1, MOST_NUMBERS)
    predict = Switch(True)
    prediction = Choice("", "vanish", "stay", "explode")
    revealed = Switch()
    _recorded = traitlets.Dict().tag(sync=True)

    def __init__(self, runs=(), *, watched: str = "test error", **state):
        if watched not in MEASURES:
            raise CourseError(f"watched must be 'training error' or 'test error'; got {watched!r}.")
        self.watched = watched
        if not hasattr(runs, "__len__") or len(runs):
            state = {"runs": runs, "source": "yours", "measure": watched, **state}
        super().__init__(**state)

    @traitlets.default("_recorded")
    def _shipped(self):
        return recorded()

    @traitlets.validate("source")
    def _there_are_some(self, proposal):
        if proposal["value"] == "yours" and not self.runs:
            raise CourseError("source is 'yours', but there are no runs of your own: set runs first.")
        return proposal["value"]

    @traitlets.observe("runs")
    def _back_to_the_recorded(self, _):
        if not self.runs:
            self.source = "recorded"

    @property
    def numbers(self) -> dict:
        """Every number that the widget prints.

        ``nets``: for each network its ``kind``, ``depth``, ``seeds``, ``errors`` after each epoch, ``start`` and
        ``end`` (norms by layer before the first step and after the last), ``start_ratio`` and ``end_ratio`` (first
        layer's norm / last layer's): each [median, lowest, highest] over the seeds, or None. ``depths``, all of them;
        ``with_gradients``, those that have any; ``shown``, ``epoch``, ``epochs``, ``gradient_depth``, ``layer``,
        ``layers``: what is shown and how much there is; ``measured``: what the gradients do towards the first layer
        at the start, by kind.
        """
        runs = self.runs if self.source == "yours" else self._recorded["runs"]
        order = {kind: place for place, kind in enumerate(NAMES)}
        runs = sorted(runs, key=lambda run: (order[run["kind"]], run["depth"]))
        key = self.measure.replace(" ", "_")
        nets = []
        for (kind, depth), group in groupby(runs, key=lambda run: (run["kind"], run["depth"])):
            group = list(group)
            net = {"kind": kind, "depth": depth, "seeds": [run["seed"] for run in group],
                   "errors": _range([run[key] for run in group])}
            for moment in ("start", "end"):
                norms = [run[f"gradients_at_{moment}"] for run in group]
                ratios = [[one[0] / one[-1]] for one in norms if one and one[-1] > 0]
                net |= {moment: _range(norms), f"{moment}_ratio": _range(ratios)[0] if ratios else None}
            nets.append(net)
        depths = sorted({net["depth"] for net in nets})
        epochs = max(len(net["errors"]) for net in nets)
        deep = sorted({net["depth"] for net in nets if net["start"] or net["end"]})
        gradient_depth = min(deep, key=lambda depth: abs(depth - self.gradient_depth), default=0)
        layers = max([len(net[moment]) for moment in ("start", "end") for net in nets
                      if net["depth"] == gradient_depth], default=0)
        return {
            "nets": nets, "depths": depths, "shown": [one for one in depths if one in self.depths] or depths,
            "epochs": epochs, "epoch": min(self.epoch, epochs), "with_gradients": deep,
            "gradient_depth": gradient_depth, "layers": layers, "layer": min(self.layer, layers),
            "measured": {net["kind"]: _word(net["start_ratio"][0]) for net in nets
                         if net["depth"] == gradient_depth and net["start_ratio"]},
        }

    def __repr__(self) -> str:
        numbers = self.numbers
        return (f"DepthExplorer({self.source} runs: {len(numbers['nets'])} networks of {numbers['depths'][0]} to "
                f"{numbers['depths'][-1]} layers, {self.measure})")

    def static_html(self) -> str:
        numbers = self.numbers
        nets, epoch = numbers["nets"], numbers["epoch"]
        lines = {f"{NAMES[net['kind']]}-{net['depth']}":
                 (list(range(1, len(net["errors"]) + 1)), [100 * errors[0] for errors in net["errors"]])
                 for net in nets if net["errors"] and net["depth"] in {numbers["shown"][0], numbers["shown"][-1]}}
        setting = self._recorded["setting"] if self.source == "recorded" else "your own runs"
        caption = f"{self.measure.capitalize()} after each epoch, median over seeds: {setting}"
        pieces = [figures.panels({f"{self.measure}, %": lines}, "epoch", caption)] if lines else []
        rows = []
        for depth in numbers["depths"]:
            errors = [next((net["errors"] for net in nets if (net["kind"], net["depth"]) == (kind, depth)), [])
                      for kind in NAMES]
            rows.append((str(depth), *(_percent(one[min(epoch, len(one)) - 1]) if one else "" for one in errors)))
        pieces.append(_table(f"{self.measure.capitalize()} after epoch {epoch}, %: median [lowest, highest]",
                             ("depth", *NAMES.values()), rows))
        rows = [(f"{NAMES[net['kind']]}, {words}", *(brief(net[moment][place][0]) for place in (0, -1)),
                 brief(net[f"{moment}_ratio"][0]) if net[f"{moment}_ratio"] else "")
                for moment, words in (("start", "before training"), ("end", "after training")) for net in nets
                if net["depth"] == numbers["gradient_depth"] and net[moment]]
        if rows:
            pieces.append(
                "<details><summary>Gradients by layer: vanish, stay, or explode towards the first? Predict, then open"
                "</summary>" + _table(f"Norms at depth {numbers['gradient_depth']}: medians",
                                      ("network", "first layer", "last layer", "first / last"), rows) + "</details>")
        return "".join(pieces)


def _word(ratio: float) -> str:
    """What gradients do on their way back, by the first layer's norm over the last's."""
    return "explode" if ratio > MUCH else "vanish" if ratio < 1 / MUCH else "stay"


def brief(value: float) -> str:
    """A norm or a ratio as people read it, with three digits: 147, 4.71, 0.212, 3.4·10⁻⁶."""
    if value == 0:
        return "0"
    power = int(f"{value:.2e}".split("e")[1])
    if -4 <= power < 5:
        return figures.number(value, max(0, 2 - power))
    digits = str(power).replace("-", "\u207b").translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{figures.number(value / 10.0**power, 2)}\u00b710{digits}"


def _percent(values: list[float]) -> str:
    middle, low, high = (figures.number(100 * value, 1) for value in values)
    return middle if low == high else f"{middle} [{low}, {high}]"


def _table(caption: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"
