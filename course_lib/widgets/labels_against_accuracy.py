"""LabelsAgainstAccuracy: slide 50 drawn from runs. How many labels does a network need, and how many does one save?"""

import json
import math
from html import escape
from pathlib import Path
from statistics import median

import traitlets

from .. import figures
from ..errors import CourseError
from .base import Choice, CourseWidget, Real, Switch, Whole, style, view

HERE = Path(__file__)
RECORDED = HERE.with_suffix(".json")  # data/transfer_runs.csv in short, made by python -m benchmarks.labels
ALIASES = {"labels": "labels_per_class", "accuracy": "test_accuracy"}
NO_SOURCE = ("", "none", "-")  # of an arm that was trained from nothing: it belongs to every source
FEW, MANY = 2, 10  # labels saved by less than FEW times are said to be hardly saved
MOST_RUNS, MOST_LABELS = 2000, 10**7


def recorded() -> dict:
    """The runs that the course ships: ``{"setting": text, "made_by": command, "near": pairs, "runs": [dict, ...]}``.

    ``near``: the pairs [source, target] whose pictures resemble each other; the others are far.
    """
    told = json.loads(RECORDED.read_text())
    return told | {"runs": _rows(told)}


def _rows(told: dict) -> list[dict]:
    """A dict for each run of the file, where the runs of an arm stand together."""
    return [{key: group[key] for key in ("arm", "source", "target")}
            | dict(zip(("labels", "seed", "accuracy"), point, strict=True))
            for group in told["runs"] for point in group["points"]]


class TransferRuns(traitlets.TraitType):
    """A trait that holds runs as plain dicts: arm, source, target, labels, seed, accuracy."""

    def __init__(self, **metadata):
        super().__init__(default_value=[], **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        if isinstance(value, (str, dict)) or not hasattr(value, "__len__"):
            raise CourseError(f"{self.name} must be a list of runs, each a dict with arm, labels and accuracy; "
                              f"got {value!r:.60}.")
        if len(value) > MOST_RUNS:
            raise CourseError(f"{self.name} holds {len(value)} runs, and this widget shows at most {MOST_RUNS}.")
        return [row(one, f"run {number}") for number, one in enumerate(value, 1)]


def row(one: dict, which: str = "a run") -> dict:
    """One run as plain words and numbers, or a CourseError that names what is wrong in it.

    Numbers may be text, as in a row of a CSV; what else a row holds is left out.
    """
    if not isinstance(one, dict):
        raise CourseError(f"{which} must be a dict with arm, source, target, labels, seed and accuracy; "
                          f"got {one!r:.60}.")
    one = {name: one[alias] for name, alias in ALIASES.items() if alias in one} | one
    if missing := [name for name in ("arm", "labels", "accuracy") if name not in one]:
        raise CourseError(f"{which} has no {missing[0]!r}; a run needs arm, labels (per class) and accuracy, and may "
                          "have source, target and seed.")
    words = {name: one.get(name, "") for name in ("arm", "source", "target")}
    for name, value in words.items():
        if not isinstance(value, str) or name == "arm" and not value:
            raise CourseError(f"{name} of {which} must be a name, such as 'fine-tuned'; got {value!r:.60}.")
    if words["source"] in NO_SOURCE:
        words["source"] = ""
    labels, seed = (_whole(one.get(name, 0), name, which, least) for name, least in (("labels", 1), ("seed", 0)))
    try:
        accuracy = math.nan if isinstance(one["accuracy"], bool) else float(one["accuracy"])
    except (TypeError, ValueError):
        accuracy = math.nan
    if not 0 <= accuracy <= 1:
        raise CourseError(f"accuracy of {which} must be a share from 0 to 1, not per cent; "
                          f"got {one['accuracy']!r:.60}.")
    return words | {"labels": labels, "seed": seed, "accuracy": accuracy}


def _whole(value, name: str, which: str, least: int) -> int:
    try:
        number = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not least <= number <= MOST_LABELS or not isinstance(value, str) and number != value:
        raise CourseError(f"{name} of {which} must be a whole number from {least} to {MOST_LABELS:,}; "
                          f"got {value!r:.60}.")
    return number


class LabelsAgainstAccuracy(CourseWidget):
    """Accuracy against labels per class, arm by arm, and how many labels each arm needs and saves (slide 50).

    The runs that the course ships are in data/transfer_runs.csv. ``LabelsAgainstAccuracy(runs)`` draws your own
    beside them: dicts with ``arm`` ("from scratch", "fine-tuned", ...), ``labels`` per class, ``accuracy`` (from
    0 to 1), and any of ``source``, ``target`` and ``seed``; rows of a CSV with ``labels_per_class`` and
    ``test_accuracy`` do too. An arm without a source stands beside every source. Points are runs, lines are medians
    over the seeds, bands go from lowest to highest.

    State, each readable and writable from Python: ``runs``, your own; ``target`` and ``source``, by name; ``wanted``,
    the accuracy whose labels are read off; ``against``, the arm with which the others are compared; ``labels``, the
    count whose accuracies are printed; ``predict``, whether the other arms wait for a ``prediction`` of the labels
    that the best of them saves ("no": less than 2 times, "some", "tenfold": 10 times or more) and for ``revealed``.
    What the runs do not have counts as the first or nearest that they have. Computed: ``numbers``. Errors:
    CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    runs = TransferRuns()
    target = traitlets.Unicode("").tag(sync=True)
    source = traitlets.Unicode("").tag(sync=True)
    wanted = Real(0.9, 0, 1)
    against = traitlets.Unicode("").tag(sync=True)
    labels = Whole(10, 1, MOST_LABELS)
    predict = Switch(True)
    prediction = Choice("", "no", "some", "tenfold")
    revealed = Switch()
    _recorded = traitlets.Dict().tag(sync=True)

    def __init__(self, runs=(), **state):
        if not hasattr(runs, "__len__") or len(runs):
            state = {"runs": runs, **state}
        super().__init__(**state)
        if self.runs and "target" not in state:  # open on what is your own
            self.target = self.runs[0]["target"]
        if self.runs and "source" not in state:
            self.source = next((run["source"] for run in self.runs if run["source"]), "")

    @traitlets.default("_recorded")
    def _shipped(self):
        return json.loads(RECORDED.read_text())

    @traitlets.validate("target", "source", "against")
    def _is_there(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        key = "arm" if name == "against" else name
        there = list(dict.fromkeys(run[key] for run, _ in self._all() if run[key]))
        if value and value not in there:
            known = f"must be one of {', '.join(map(repr, there))}" if there else "needs runs, and there are none"
            raise CourseError(f"{name} {known}; got {value!r:.60}.")
        return value

    def _all(self) -> list[tuple[dict, bool]]:
        """All runs, and whether each is your own."""
        return [(run, False) for run in _rows(self._recorded)] + [(run, True) for run in self.runs]

    @property
    def numbers(self) -> dict:
        """Every number that the widget prints. Twin: ``compute`` in the view.

        ``targets``, ``target``, ``sources``, ``source``, ``against``, ``counts`` and ``labels``: what there is and what
        is shown; ``distance``, whether the source is "near" or "far", or "" where that is not known. ``series``: for
        each arm (``own`` tells whether the runs are yours) its ``labels``, ``values`` [median, lowest, highest] and
        ``points`` [labels, accuracy]; ``needed``, the labels that reach ``wanted``, as ``transfer.labels_needed`` reads
        them off, and ``at_most`` where the first count is enough; ``ratio``, the labels that ``against`` needs over
        them, with ``bound`` "at least" or "at most" where a line ends too early or starts too late, or None. ``best``:
        the number of the other series that needs fewest labels, or None; ``measured``: what that one saves, "no",
        "some", "tenfold", or "" where the runs do not say.
        """
        from ..transfer import labels_needed

        runs, near = self._all(), self._recorded["near"]
        arms = list(dict.fromkeys(run["arm"] for run, _ in runs))
        targets = list(dict.fromkeys(run["target"] for run, _ in runs))
        first = [one for _, one in near if one in targets] or targets or [""]
        target = self.target if self.target in targets else first[0]
        here = [(run, own) for run, own in runs if run["target"] == target]
        sources = list(dict.fromkeys(run["source"] for run, _ in here if run["source"]))
        close = [one for one, other in near if other == target]
        source = self.source if self.source in sources else next((one for one in close if one in sources),
                                                                 (sources or [""])[0])
        here = [(run, own) for run, own in here if run["source"] in ("", source)]
        series = []
        for arm, own in dict.fromkeys((run["arm"], own) for run, own in here):
            points = sorted([run["labels"], run["accuracy"]] for run, mine in here if (run["arm"], mine) == (arm, own))
            labels = sorted({count for count, _ in points})
            values = []
            for count in labels:
                some = [accuracy for n, accuracy in points if n == count]
                values.append([median(some), min(some), max(some)])
            rows = [{"arm": arm, "labels_per_class": count, "test_accuracy": accuracy} for count, accuracy in points]
            needed = labels_needed(rows, self.wanted)[arm]
            series.append({"arm": arm, "own": own, "style": arms.index(arm), "labels": labels, "values": values,
                           "points": points, "needed": needed,
                           "at_most": needed is not None and values[0][0] >= self.wanted})
        names = list(dict.fromkeys(one["arm"] for one in series))
        against = self.against if self.against in names else next(
            (name for name in names if "scratch" in name.lower()), (names or [""])[0])
        for one in series:
            bases = [base for base in series if base["arm"] == against]
            base = next((base for base in bases if base["own"] == one["own"]), bases[0])
            one["ratio"], one["bound"] = _saved(base, one)
        best = _best(series, against)
        counts = sorted({count for one in series for count in one["labels"]})
        return {
            "targets": targets, "target": target, "sources": sources, "source": source, "series": series,
            "distance": "near" if [source, target] in near else "far" if source in {one for one, _ in near} else "",
            "counts": counts, "against": against, "best": best,
            "labels": min(counts, key=lambda count: abs(math.log(count / self.labels)), default=0),
            "measured": "" if best is None else _word(series[best]["ratio"], series[best]["bound"]),
        }

    def __repr__(self) -> str:
        numbers = self.numbers
        own = f", {len(self.runs)} runs of your own" if self.runs else ""
        where = f"{numbers['source'] or 'no source'} to {numbers['target']}" if numbers["series"] else "no runs"
        return f"LabelsAgainstAccuracy({where}: {len(numbers['series'])} arms{own})"

    def static_html(self) -> str:
        numbers = self.numbers
        if not numbers["series"]:
            return "<p>There are no runs to show: give some, LabelsAgainstAccuracy(runs).</p>"
        where = f"from {numbers['source']} to {numbers['target']}" if numbers["source"] else numbers["target"]
        head = ("arm", *(f"{count:,}" for count in numbers["counts"]), f"labels for {_percent(self.wanted)} %", "saved")
        lines = {True: [], False: []}
        for one in numbers["series"]:
            values = dict(zip(one["labels"], one["values"], strict=True))
            cells = [_range(values[count]) if count in values else "" for count in numbers["counts"]]
            name = one["arm"] + (", yours" if one["own"] else "")
            lines[one["arm"] == numbers["against"]].append((name, *cells, _needed(one), _ratio(one)))
        caption = f"Accuracy in per cent by labels per class, {where}: median [lowest, highest] over the seeds"
        if not self.predict or self.revealed:
            return _table(caption, head, lines[True] + lines[False])
        return (f"{_table(caption, head, lines[True])}<details><summary>How many labels do the other arms save? "
                f"Predict, then open</summary>{_table(caption, head, lines[False])}</details>")


def _saved(base: dict, one: dict) -> tuple[float | None, str]:
    """How many times fewer labels than ``base``, and whether that is a bound."""
    mine = one["labels"][-1] if one["needed"] is None else one["needed"]
    its = base["labels"][-1] if base["needed"] is None else base["needed"]
    less = [one["needed"] is None, base["at_most"]]  # the true ratio is at most what is known
    more = [base["needed"] is None, one["at_most"]]
    if one is base:
        return (None, "") if base["needed"] is None else (1.0, "")
    if any(less) and any(more):
        return None, ""
    return its / mine, "at most" if any(less) else "at least" if any(more) else ""


def _best(series: list[dict], against: str) -> int | None:
    """The other series that needs the fewest labels; where none is there, the one of which most could be said."""
    others = [n for n, one in enumerate(series) if one["arm"] != against]
    reached = [n for n in others if series[n]["needed"] is not None]
    if reached:
        return min(reached, key=lambda n: series[n]["needed"])
    return max((n for n in others if series[n]["ratio"] is not None), key=lambda n: series[n]["ratio"], default=None)


def _word(ratio: float | None, bound: str) -> str:
    if ratio is None:
        return ""
    if ratio >= MANY and bound != "at most":
        return "tenfold"
    if ratio < FEW and bound != "at least":
        return "no"
    return "" if bound else "some"


def count_text(value: float) -> str:
    """A number of labels, or how many times, as people read it: 1.6, 47, 1,200. Twin: ``countText`` in the view."""
    if value < 9.95:
        return figures.number(value, 1)
    return f"{round(float(f'{value:.2g}')) if value >= 99.5 else math.floor(value + 0.5):,}"


def _needed(one: dict) -> str:
    if one["needed"] is None:
        return "not reached"
    return ("at most " if one["at_most"] else "") + count_text(one["needed"])


def _ratio(one: dict) -> str:
    if one["ratio"] is None:
        return "\u2013"
    return f"{one['bound']} \u00d7 {count_text(one['ratio'])}".strip()


def _percent(value: float) -> str:
    return figures.number(100 * value, 1)


def _range(values: list[float]) -> str:
    middle, low, high = map(_percent, values)
    return middle if low == high else f"{middle} [{low}, {high}]"


def _table(caption: str, head: tuple, rows: list[tuple]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in rows)
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    return (f'<div style="max-width:760px;overflow-x:auto"><table><caption>{escape(caption)}</caption><thead><tr>'
            f"{names}</tr></thead><tbody>{lines}</tbody></table></div>")


def packed(rows: list[dict], setting: str, made_by: str, near: list[list[str]] = ()) -> str:
    """The widget's file: runs of a CSV, those of an arm, source and target together, a line each."""
    groups = {}
    for number, one in enumerate(rows, 1):
        one = row(one, f"row {number}")
        groups.setdefault((one["arm"], one["source"], one["target"]), []).append(
            [one["labels"], one["seed"], one["accuracy"]])
    lines = ",\n".join(json.dumps(dict(zip(("arm", "source", "target"), key, strict=True)) | {"points": points},
                                  separators=(",", ":")) for key, points in groups.items())
    return f'{json.dumps({"setting": setting, "made_by": made_by, "near": list(near)})[:-1]}, "runs": [\n{lines}\n]}}\n'
