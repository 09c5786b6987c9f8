"""Top-1 accuracy on ImageNet from 2011 on, every point with its paper: slide 44, rebuilt.

The slide is a picture of a site that no longer exists. Here the points lie in timeline.csv: the number as the paper
prints it and where it prints it, what kind of network it is, and which pictures beyond ImageNet it has seen. Points
whose source the course's authors could not name are left out.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from . import figures, look

FILE = Path(__file__).with_name("timeline.csv")
FAMILIES = ("hand-made features", "convolution", "transformer", "both")
# By name: where the label goes, in points from the mark. Most of the 29 points carry none.
LABELS = {"SIFT + FV": (8, -3), "AlexNet": (8, -3), "VGG": (8, -3), "ResNet-152": (-58, 3), "AmoebaNet-A": (-70, 0),
          "EfficientNet-B7": (8, -4), "FixEfficientNet-L2": (-104, 3), "BiT-L (ResNet-152x4)": (-122, -8),
          "NFNet-F6": (8, -4), "ViT-G/14": (6, -11), "Meta Pseudo Labels (EfficientNet-L2)": (-100, 8),
          "BASIC-L with Lion": (-24, 8)}


class Point(NamedTuple):
    """One network of the timeline."""

    date: str  # "2015-12", the month of the first version
    name: str
    top1: float  # per cent
    family: str  # one of FAMILIES
    extra_data: str  # labelled or unlabelled pictures beyond ImageNet's training set; "" for none
    arxiv: str  # "" where the paper is on no arXiv
    paper: str
    table: str  # where the number stands
    evaluation: str

    @property
    def time(self) -> float:
        """The middle of its month, in years."""
        year, month = map(int, self.date.split("-"))
        return year + (month - 0.5) / 12


def points() -> list[Point]:
    """The timeline, earliest first."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return sorted((Point(**row | {"top1": float(row["top1"])}) for row in csv.DictReader(file)),
                      key=lambda point: point.date)


def show(chosen: list[Point] | None = None) -> None:
    """Display the timeline: a mark for each kind of network, hollow where no picture beyond ImageNet was used."""
    chosen = points() if chosen is None else chosen
    styles = dict(zip(FAMILIES, (look.LINE_STYLES[index] for index in (4, 0, 1, 2)), strict=True))

    def draw(axes) -> None:
        for family, style in styles.items():
            for extra in (False, True):
                some = [point for point in chosen if point.family == family and bool(point.extra_data) == extra]
                if some:
                    label = f"{family}, {'with' if extra else 'without'} extra data"
                    axes.plot([point.time for point in some], [point.top1 for point in some], linestyle="none",
                              marker=style["marker"], color=style["color"], label=label, markersize=6,
                              markerfacecolor=style["color"] if extra else look.colour("surface"))
        for point in chosen:
            if point.name in LABELS:
                axes.annotate(
                    point.name.partition(" (Eff")[0], (point.time, point.top1), LABELS[point.name],
                    textcoords="offset points", fontsize=7.5, color=look.colour("ink"),
                    arrowprops={"arrowstyle": "-", "color": look.colour("muted"), "linewidth": 0.5, "shrinkB": 3})
        axes.set_ylim(50, 95)
        axes.grid(axis="y", color=look.colour("line"), linewidth=0.5)

    told = "; ".join(f"{point.date} {point.name} {figures.number(point.top1, 2)}, {point.family}, "
                     f"{point.extra_data or 'no extra data'}" for point in chosen)
    figures.plot(draw, "year", "top-1 accuracy on ImageNet, %",
                 "Slide 44 from its sources. Filled: trained with pictures beyond ImageNet. Since May 2018 no other "
                 "reaches the top, so what the curve says of architectures is mixed up with what it says of data.",
                 told, inside="lower right", height=4.6)


def table(chosen: list[Point] | None = None) -> str:
    """The timeline as lines of text, with the source of each number."""
    lines = [f"{'':8}{'':37}{'top-1':>6}  {'kind':20}{'extra data':20}source"]
    for point in points() if chosen is None else chosen:
        source = f"arXiv:{point.arxiv}" if point.arxiv else point.paper.rsplit(", ", 1)[-1]
        lines.append(f"{point.date:8}{point.name:37}{point.top1:6.2f}  {point.family:20}"
                     f"{point.extra_data or 'none':20}{source}, {point.table}")
    return "\n".join(lines)
