"""A plot for each benchmark, drawn from its CSV: docs/images/benchmarks/, light and dark.

    python -m benchmarks.plots [names]

The same CSV gives the same bytes, as long as matplotlib is the same.
"""

import io
import math
import re
import statistics
import sys
from collections.abc import Callable

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from course_lib import look

from . import record

FOLDER = record.ROOT / "docs" / "images" / "benchmarks"
THEMES = {"": False, "-dark": True}  # by the ending of the file's name
WIDTH = 7  # inches, shown 700 pixels wide
STYLE = {"svg.hashsalt": "cnn-by-hand", "svg.fonttype": "none", "font.size": 8.5, "legend.frameon": False,
         "legend.fontsize": 8.5, "axes.titlelocation": "left", "ytick.major.size": 0, "lines.markersize": 5.5}
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def rows(name: str) -> list[dict]:
    """The rows of data/NAME.csv, or a sentence that says how to come by them."""
    if found := record.read(record.DATA / f"{name}.csv"):
        return found
    raise SystemExit(f"data/{name}.csv is not there: `python -m benchmarks --list` says what makes it.")


def lesson(row: dict) -> str:
    """01 of 01_why_convolutions."""
    return row["notebook"][:2]


class Pen:
    """What the drawings share: a figure, its colours, and bars with their spread and their numbers."""

    def __init__(self, dark: bool) -> None:
        self.lines = look.line_styles(dark)
        self.ink, self.muted, self.surface = (look.colour(name, dark) for name in ("ink", "muted", "surface"))
        self.figure = Figure(layout="constrained")

    def panels(self, height: float, columns: int = 1, down: int = 1, **options) -> list[Axes]:
        self.figure.set_size_inches(WIDTH, height)
        return list(self.figure.subplots(down, columns, squeeze=False, **options).flat)

    def bars(self, axes: Axes, labels: list[str], values: list[float], texts: Callable[[float], str] | list[str], *,
             lows: list[float] | None = None, highs: list[float] | None = None, style: int | list[int] = 0) -> None:
        """Bars from left to right, the first on top, each with its spread as a line, and its number at the end.

        ``highs`` without ``lows``: where else something stands that the numbers are to stand behind.
        """
        styles = style if isinstance(style, list) else [style] * len(labels)
        texts = texts if isinstance(texts, list) else [texts(value) for value in values]
        places, ends = range(len(labels)), highs or values
        axes.barh(places, values, 0.62, color=[self.lines[each]["color"] for each in styles])
        if lows:
            for colour, width in ((self.surface, 3.5), (self.ink, 1.2)):
                axes.hlines(places, lows, highs, colour, linewidth=width)
        axes.set_xlim(0, 1.25 * max(ends))  # room for the numbers
        for place, text, end in zip(places, texts, ends, strict=True):
            axes.annotate(text, (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8,
                          color=self.ink)
        axes.set_yticks(places, labels, color=self.ink)
        axes.invert_yaxis()
        axes.spines["left"].set_visible(False)

    def ticks(self, axes: Axes, values: list[float], label: str) -> None:
        """A mark across each bar, named above the plot."""
        places = range(len(values))
        axes.vlines(values, [place - 0.42 for place in places], [place + 0.42 for place in places],
                    self.lines[1]["color"], linewidth=2.5, label=label)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.98), borderaxespad=0)

    @staticmethod
    def decades(axis: Axis) -> None:
        """Ticks at powers of ten alone, written out."""
        axis.set_major_locator(LogLocator(10))
        axis.set_major_formatter(PLAIN)
        axis.set_minor_locator(NullLocator())


def convolution(pen: Pen) -> None:
    found = rows("numpy_conv")
    shapes = sorted({row["shape"] for row in found})
    shown = {"course_lib.ops": "course_lib.ops", "bare product": "bare matrix product",
             "CS231n layout": "CS231n's layout", "scipy.signal": "scipy.signal"}
    for axes, direction in zip(pen.panels(2.6, 2, sharey=True, sharex=True), ("forward", "backward"), strict=True):
        for place, (name, style) in enumerate(zip(shown, pen.lines, strict=False)):
            points = [(float(row["times_torch"]), shapes.index(row["shape"]) + 0.16 * (place - 1.5)) for row in found
                      if (row["pass"], row["name"]) == (direction, name)]
            axes.plot(*(zip(*points, strict=True) if points else ([], [])), style["marker"], color=style["color"],
                      label=shown[name])
        axes.axvline(1, color=pen.muted, linewidth=1)
        axes.set(title=direction, xlabel="times torch's CPU time (1 is torch)", xscale="log", xlim=(0.2, 400),
                 ylim=(2.5, -0.5))
        axes.set_yticks(range(len(shapes)), [f"shape {shape}" for shape in shapes], color=pen.ink)
        pen.decades(axes.xaxis)
    pen.figure.legend(*pen.figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)


def loops(pen: Pen) -> None:
    found = rows("training_loop")
    (axes,) = pen.panels(3.2)
    spread = [[float(end) for end in row["lowest_highest"].split("-")] for row in found]
    course = next(number for number, row in enumerate(found) if row["loop"] == "in memory")
    kinds = [1] * course + [0] * (len(found) - course - 1) + [4]
    pen.bars(axes, [row["loop"] for row in found], [float(row["times_akamaster"]) for row in found],
             lambda value: f"{value:.2f}", lows=[low for low, _ in spread], highs=[high for _, high in spread],
             style=kinds)
    axes.set_xlabel("images per CPU second, as a multiple of akamaster's; the line spans the turns")


def accuracy(pen: Pen) -> None:
    found = rows("cifar10_budget")
    (axes,) = pen.panels(3)
    labels = {"fast": "the course's network fast", "author": "the lecture's network and recipe"}
    for recipe, style in zip(labels, pen.lines, strict=False):
        reached = {}
        for row in found:
            if row["recipe"] == recipe:
                reached.setdefault(int(row["budget"]), []).append(100 * float(row["test_accuracy"]))
        seconds = sorted(reached)
        medians = [statistics.median(reached[each]) for each in seconds]
        axes.plot(seconds, medians, label=labels[recipe], **style)
        axes.fill_between(seconds, [min(reached[each]) for each in seconds], [max(reached[each]) for each in seconds],
                          color=style["color"], alpha=0.25, linewidth=0)
        for second, median in zip(seconds, medians, strict=True):
            axes.annotate(f"{median:.1f}", (second, median), (0, 7), textcoords="offset points", ha="center",
                          color=style["color"])
    axes.set(xscale="log", ylim=(30, 100), xlabel="CPU seconds of training, one thread",
             ylabel="test accuracy on CIFAR-10, %")
    axes.set_xticks(sorted({int(row["budget"]) for row in found}))
    axes.xaxis.set_major_formatter(PLAIN)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend(loc="lower right")


def latency(pen: Pen) -> None:
    found = rows("widget_latency")
    (axes,) = pen.panels(2.1)
    moments = {"dom": "page changed", "painted": "frame painted", "next_frame": "next frame began"}
    bars = [(f"{row['stepper']}: {told}", float(row[f"{moment}_median_ms"]), float(row[f"{moment}_p95_ms"]), number)
            for number, row in enumerate(found) for moment, told in moments.items()]
    labels, medians, highs, styles = (list(each) for each in zip(*bars, strict=True))
    pen.bars(axes, labels, medians, lambda value: f"{value:.0f} ms", lows=medians, highs=highs, style=styles)
    axes.set_xlabel("ms from the key press: median, and as a line up to the 95th percentile")


def first_cells(pen: Pen) -> None:
    found = rows("first_cells")
    cpu, memory = pen.panels(3.2, 2)
    labels = [lesson(row) for row in found]
    pen.bars(cpu, labels, [float(row["cpu_median_s"]) for row in found], lambda value: f"{value:.1f} s",
             lows=[float(row["cpu_lowest_s"]) for row in found], highs=[float(row["cpu_highest_s"]) for row in found])
    cpu.set_xlabel("CPU seconds of the first cells, imports included")
    pen.bars(memory, labels, [float(row["peak_mib"]) for row in found], lambda value: f"{value:.0f} MiB", style=2)
    memory.set_xlabel("the kernel's memory by then")


def imports(pen: Pen) -> None:
    found = rows("import_times")
    (axes,) = pen.panels(3.8)
    pen.bars(axes, [row["imports"].replace("_", " ") for row in found], [float(row["cpu_median_s"]) for row in found],
             lambda value: f"{value:.2f} s", lows=[float(row["cpu_min_s"]) for row in found],
             highs=[float(row["cpu_max_s"]) for row in found],
             style=[0 if row["imports"].startswith("setup") else 4 for row in found])
    axes.set_xlabel("CPU seconds of a fresh Python that imports this; the line spans the repeats")


def notebooks(pen: Pen) -> None:
    found = rows("notebook_times")
    (axes,) = pen.panels(3.3)
    walls, budgets = ([float(row[column]) for row in found] for column in ("wall_median_s", "budget_s"))
    pen.bars(axes, [row["notebook"].replace("_", " ") for row in found],
             walls, [f"{wall:.0f} of {budget:.0f} s" for wall, budget in zip(walls, budgets, strict=True)],
             highs=[max(pair) for pair in zip(walls, budgets, strict=True)])
    pen.ticks(axes, budgets, "budget")
    axes.set_xlabel("wall seconds of the solved notebook, quick budget, two cores")


def sizes(pen: Pen) -> None:
    found, after = {row["what"]: row for row in rows("sizes")}, rows("notebook_times")
    parts, saved = pen.panels(3.3, 2, width_ratios=(1, 1.15))
    whole = [what for what in found if what[:2] not in {lesson(row) for row in after}]
    pen.bars(parts, whole, [float(found[what]["packed_kib"]) for what in whole], kib,
             style=[4 if what.startswith("its ") else 0 for what in whole])
    parts.set_xlabel("KiB packed, as downloaded")
    empty = [float(found[row["notebook"]]["kib"]) for row in after]
    full = [kept + float(row["outputs_kib"] or 0) for kept, row in zip(empty, after, strict=True)]
    pen.bars(saved, [lesson(row) for row in after], full, kib, style=2)
    pen.ticks(saved, empty, "as released")
    saved.set_xlabel("KiB of a notebook saved with all outputs")


def kib(value: float) -> str:
    return f"{value / 1024:.1f} MiB" if value >= 1024 else f"{value:.0f} KiB"


def grading(pen: Pen) -> None:
    found = largest(rows("grading"))
    cpu, speed = pen.panels(0.8 + 0.28 * len(found), 2, width_ratios=(1.15, 1))
    labels = [f"{lesson(row)}: {row['way']}" for row in found]
    kinds = [1 if "nbgrader" in row["way"] else 0 for row in found]
    pen.bars(cpu, labels, [float(row["cpu_s_per_submission"]) for row in found], lambda value: f"{value:.2f} s",
             style=kinds)
    cpu.set_xlabel("CPU seconds per submission")
    pen.bars(speed, [""] * len(labels), [float(row["submissions_per_minute"]) for row in found],
             lambda value: f"{value:.0f}", style=kinds)
    speed.set_xlabel("submissions per minute")


def largest(found: list[dict]) -> list[dict]:
    """Of data/grading.csv the rows of each notebook's largest class."""
    most = {}
    for row in found:
        most[row["notebook"]] = max(most.get(row["notebook"], 0), int(row["submissions"]))
    return [row for row in found if int(row["submissions"]) == most[row["notebook"]]]


def growth(pen: Pen) -> None:
    points, fits = rows("growth"), rows("growth_exponents")
    whats = list(dict.fromkeys(row["grows"] for row in fits))
    panels = pen.panels(4.6, 3, 2)
    styles = dict(zip(("course_lib.ops", "torch", "grade, one worker"), pen.lines, strict=False))
    for axes, what in zip(panels, whats, strict=False):
        for fit in (row for row in fits if row["grows"] == what):
            line = [row for row in points if (row["grows"], row["who"]) == (what, fit["who"])]
            style, sizes = styles[fit["who"]], [int(row["size"]) for row in line]
            axes.plot(sizes, [float(row["cpu_median_s"]) for row in line], style["marker"], color=style["color"])
            ends = [int(fit["fitted_from"]), int(fit["fitted_to"])]
            axes.plot(ends, [math.exp(float(fit["intercept"])) * size ** float(fit["exponent"]) for size in ends],
                      style["linestyle"], color=style["color"], label=f"{fit['exponent']} ± {fit['standard_error']}")
        axes.set(title=f"{what}: theory {fit['theory']}", xscale="log", yscale="log")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.xaxis.set_minor_locator(NullLocator())
        pen.decades(axes.yaxis)
        low, high = axes.get_ylim()
        if high / low < 40:
            axes.yaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
        axes.set_ylim(low, high * (high / low) ** 0.35)  # room for the legend
        axes.legend(loc="upper left", handlelength=2.6)
    panels[0].set_ylabel("CPU seconds")
    panels[3].set_ylabel("CPU seconds")
    panels[-1].axis("off")
    for who, style in styles.items():
        panels[-1].plot([], [], label=who, **style)
    panels[-1].legend(loc="center left", title="forward and backward by\nor a whole run of", alignment="left")


PLOTS = {"convolution": convolution, "training_loop": loops, "accuracy": accuracy, "widget_latency": latency,
         "first_cells": first_cells, "imports": imports, "notebooks": notebooks, "sizes": sizes, "grading": grading,
         "growth": growth}


def picture(name: str, dark: bool) -> str:
    """A plot as SVG."""
    file = io.StringIO()
    with rc_context(look.matplotlib_style(dark) | STYLE):
        pen = Pen(dark)
        PLOTS[name](pen)
        pen.figure.savefig(file, format="svg", metadata={"Date": None})
    return small(file.getvalue())


def small(svg: str) -> str:
    """The same picture in a third of the bytes: its fonts named once, hundredths of a point, no indentation."""
    svg = svg.replace("<svg ", f'<svg font-family="{look.FONT}" ', 1)

    def tag(found: re.Match) -> str:
        text = re.sub(r" font-family: [^;]+;", "", found[0])
        text = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", text)
        return re.sub(r"(\d\.\d\d)\d+", r"\1", text)

    return re.sub(r"\n\s+", "\n", re.sub(r"<[^>]+>", tag, svg))


def main(names: list[str]) -> None:
    """Draws the named plots, or all, in both themes."""
    if unknown := set(names) - set(PLOTS):
        raise SystemExit(f"There is no plot {', '.join(sorted(unknown))}; choose from: {', '.join(PLOTS)}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or PLOTS:
        for ending, dark in THEMES.items():
            (FOLDER / f"{name}{ending}.svg").write_text(picture(name, dark), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
