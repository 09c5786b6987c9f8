"""ArchitectureStrip: networks as rows of coloured boxes, drawn from the real modules (slides 35-39)."""

import base64
import math
from collections import Counter
from dataclasses import asdict
from html import escape
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import traitlets

from .. import look
from ..errors import CourseError
from .base import Choice, CourseWidget, Pair, Switch, style, view

HERE = Path(__file__)
SHAPE = (3, 224, 224)
MOST_NETWORKS = 8
MEASURES = {"channels": "channels", "parameters": "parameters", "MACs": "multiply-adds"}
WEIGHTED = ("convolution", "fully connected")
FOLDED = ("activation", "normalisation")
# What a step does not say where it is so: ResNet-152 would take half as much space again.
UNSAID = {"shared": False, "parts": (), "kernel": (), "stride": (), "padding": (), "dilation": (), "groups": 1}
# Pixels; the browser goes by the same numbers.
LOWEST, HIGHEST = 14, 84  # height of a box
GAP = 2  # between two boxes
GUTTER = 7  # before and after parallel branches
LANE = 5  # between two branches
ARC = 9  # a shortcut's height above what it passes
WIDTH = 16  # of a box in the static form; in the browser what fits
LABEL = 20  # below blocks that are repeated


# --------------------------------------------------------------------------------------------------- structure

def owners(steps: list[dict], everything: bool) -> list[int]:
    """For each step the step in whose box it is drawn: activations and normalisations go to the one before.

    So does what only multiplies what comes from that one box, as x * sigmoid(x). A sum that only another sum reads
    goes to that one, so that a + b + c is one box. With ``everything`` activations and normalisations, too, have
    boxes of their own.
    """
    readers = {}
    for n, step in enumerate(steps):
        for i in step["inputs"]:
            readers.setdefault(i, set()).add(n)
    into = {n: n for n in range(-1, len(steps))}
    for n in reversed(range(len(steps))):
        only = readers[n].copy().pop() if len(readers.get(n, ())) == 1 else n
        if all(steps[m]["kind"] == "residual add" for m in (n, only)):
            into[n] = into[only]
    for n, step in enumerate(steps):
        sources = {into[i] for i in step["inputs"]}
        source = min(sources)
        light = step["kind"] in FOLDED or step["kind"] == "multiply" and not step["parameters"]
        if light and len(sources) == 1 and source >= 0 and not everything:
            into[n] = source
    return [into[n] for n in range(len(steps))]


def _sources(steps: list[dict], owner: list[int]) -> dict[int, list[int]]:
    """Of each box the other boxes that it reads.

    A concat that repeats an earlier one and appends to it reads that earlier one: DenseNet's layers, which name all
    maps so far, hand the growing stack on.
    """
    stacks, read = {}, {}
    for n, step in enumerate(steps):
        inputs = tuple(step["inputs"])
        if step["kind"] == "concat":
            starts = [m for m, stack in stacks.items() if inputs[:len(stack)] == stack]
            stacks[n] = inputs
            if starts:
                longest = max(starts, key=lambda m: len(stacks[m]))
                inputs = (longest, *inputs[len(stacks[longest]):])
        boxes = (owner[i] if i >= 0 else i for i in inputs)
        read.setdefault(owner[n], {}).update((box, None) for box in boxes if box != owner[n])
    return {n: list(boxes) for n, boxes in read.items()}


def structure(steps: list[dict], owner: list[int]) -> list:
    """The boxes in series and in parallel, as nested lists.

    An element is the number of a step; or {"branches": [...], "skip"}, parallel branches, each a list of elements,
    and whether a shortcut passes them; or {"copies": [...], "same"}, blocks of one structure in a row, equal or not
    in their widths; or, where branches cross, {"tangle": steps, "arcs": [[from, to], ...]}, in order of execution.
    """
    read = _sources(steps, owner)
    taken = {i for inputs in read.values() for i in inputs}
    edges = {(i, n) for n, inputs in read.items() for i in inputs} | {(n, len(steps)) for n in read if n not in taken}
    return _repeats(_series(sorted(read), edges, -1, len(steps)), steps)


def _series(nodes: list[int], edges: set, entry: int, end: int) -> list:
    """Elements of the boxes between ``entry`` and ``end``: cut where no connection jumps over a box."""
    order = {n: place for place, n in enumerate([entry, *nodes, end])}
    passed = [0] * (len(order) + 1)
    for start, stop in edges:
        passed[order[start] + 1] += 1
        passed[order[stop]] -= 1
    cuts, over = [entry], 0
    for n in nodes:
        over += passed[order[n]]
        if not over:
            cuts.append(n)
    cuts.append(end)
    elements = []
    for start, stop in pairwise(cuts):
        between = [n for n in nodes if order[start] < order[n] < order[stop]]
        if between:
            elements.append(_parallel(between, edges, start, stop))
        if stop != end:
            elements.append(stop)
    return elements


def _parallel(nodes: list[int], edges: set, start: int, stop: int):
    """Branches between two boxes, and the shortcut past them if there is one."""
    group = {n: {n} for n in nodes}
    for one, other in edges:
        if one in group and other in group and group[one] is not group[other]:
            group[one] |= group[other]
            for n in group[other]:
                group[n] = group[one]
    branches = list({id(members): sorted(members) for members in group.values()}.values())
    branches.sort()
    skip = (start, stop) in edges
    if len(branches) == 1 and not skip:
        place = {n: i for i, n in enumerate([start, *nodes, stop], -1)}
        arcs = sorted([place[a], place[b]] for a, b in edges if a in place and b in place and place[b] - place[a] > 1)
        return {"tangle": nodes, "arcs": arcs}
    inner = [{(a, b) for a, b in edges if (a in members or b in members)} for members in map(set, branches)]
    return {"branches": [_series(*branch, start, stop) for branch in zip(branches, inner, strict=True)], "skip": skip}


def _signature(element, steps: list[dict], widths: bool):
    """What two blocks must have in common to be repeats of each other."""
    if isinstance(element, int):
        step = steps[element]
        alike = tuple(tuple(step.get(name, ())) for name in ("kernel", "stride", "dilation"))
        size = tuple(step["shape_out"]) if widths else tuple(step["shape_out"][1:])
        return step["kind"], step["call"], *alike, size, tuple(step["shape_in"]) if widths else ()
    if "branches" in element:
        return element["skip"], *(
            tuple(_signature(one, steps, widths) for one in branch) for branch in element["branches"])
    if "tangle" in element:
        return "tangle", str(element["arcs"]), *(_signature(n, steps, widths) for n in element["tangle"])
    return (id(element),)


def _repeats(elements: list, steps: list[dict]) -> list:
    """Blocks of one structure in a row (each starts with branches or a shortcut) as one element."""
    for element in elements:
        if isinstance(element, dict) and "branches" in element:
            element["branches"] = [_repeats(branch, steps) for branch in element["branches"]]
    loose = [_signature(element, steps, False) for element in elements]
    tight = [_signature(element, steps, True) for element in elements]
    folded, at = [], 0
    while at < len(elements):
        best = (1, 0)  # copies, elements of a copy
        if isinstance(elements[at], dict):
            for long in range(1, 9):
                many = 1
                while (loose[at:at + long] == loose[at + many * long:at + (many + 1) * long]
                       and at + (many + 1) * long <= len(elements)):
                    many += 1
                if many > 1 and many * long > best[0] * best[1]:
                    best = many, long
        many, long = best
        if many == 1:
            folded.append(elements[at])
            at += 1
            continue
        starts = range(at, at + many * long, long)
        same = all(tight[start:start + long] == tight[at:at + long] for start in starts)
        folded.append({"copies": [elements[start:start + long] for start in starts], "same": same})
        at += many * long
    return folded


# ------------------------------------------------------------------------------------------- numbers and places

def values(network: dict, owner: list[int], measure: str) -> dict[int, int]:
    """Of each box its channels, or the parameters or macs of all that is drawn in it. Twin: `values` in the view.

    A flat vector has as many channels as numbers; dropout has those of the box before, flattened or not.
    """
    boxes = {}
    for n, step in enumerate(network["steps"]):
        if measure != "channels":
            boxes[owner[n]] = boxes.get(owner[n], 0) + step[measure.lower()]
        elif owner[n] == n:
            before = owner[step["inputs"][0]] if step["kind"] == "dropout" and step["inputs"][0] >= 0 else None
            boxes[n] = (*step["shape_out"], 1)[0] if before is None else boxes[before]
    return boxes


def box_height(value: int, most: int) -> int:
    """Pixels of a box: it grows with the cube root, eight times as much is twice as tall. Twin: `boxHeight`."""
    return max(LOWEST, math.floor(HIGHEST * math.cbrt(value / most) + 0.5)) if most else LOWEST


def totals(network: dict) -> dict:
    """Sums over a network, and how many layers with weights lie on its longest path. Twin: `totals` in the view."""
    deep = []
    for step in network["steps"]:
        weighs = step["kind"] in WEIGHTED and (step["parameters"] > 0 or "shared" in step)
        deep.append(weighs + max(deep[i] if i >= 0 else 0 for i in step["inputs"]))
    used = sum(step["parameters"] for step in network["steps"])
    return {
        "depth": max(deep),
        "weighted": sum(step["kind"] in WEIGHTED and step["parameters"] > 0 for step in network["steps"]),
        "parameters": used + network["unused"],
        "fully_connected": sum(s["parameters"] for s in network["steps"] if s["kind"] == "fully connected"),
        "unused": network["unused"],
        "macs": sum(step["macs"] for step in network["steps"]),
    }


def place(elements: list, heights: dict[int, int], width: int, toggled=(), fold: bool = True) -> dict:
    """Where everything stands, in pixels from the left and from the middle line, downwards. Twin: `place`.

    ``boxes`` [step, x, top], each ``width`` wide; ``wires`` [x, y, x, y]; ``arcs`` [x, x, top, bottom]; ``frames`` of
    repeated blocks [x, x, y, first step, copies, same, open]; the whole reaches from -up to down. ``toggled``: first
    steps of the blocks that are drawn otherwise than ``fold`` says.
    """
    out = _empty()
    for element in elements:
        start = out["width"] + (GAP if out["width"] else 0)
        if start:
            out["wires"].append([out["width"], 0, start, 0])
        _put(out, _placed(element, heights, width, toggled, fold), start, 0)
    return out


def _empty() -> dict:
    return {"width": 0, "up": 0, "down": 0, "boxes": [], "wires": [], "arcs": [], "frames": []}


def _put(out: dict, piece: dict, x: float, y: float) -> None:
    """Add a piece at a place."""
    out["boxes"] += [[n, a + x, b + y] for n, a, b in piece["boxes"]]
    out["wires"] += [[a + x, b + y, c + x, d + y] for a, b, c, d in piece["wires"]]
    out["arcs"] += [[a + x, b + x, c + y, d + y] for a, b, c, d in piece["arcs"]]
    out["frames"] += [[a + x, b + x, c + y, *rest] for a, b, c, *rest in piece["frames"]]
    out["width"] = max(out["width"], x + piece["width"])
    out["up"], out["down"] = max(out["up"], piece["up"] - y), max(out["down"], piece["down"] + y)


def _placed(element, heights, width, toggled, fold) -> dict:
    out = _empty()
    if isinstance(element, int):
        half = heights[element] / 2
        return out | {"width": width, "up": half, "down": half, "boxes": [[element, 0, -half]]}
    if "copies" in element:
        copies, first = element["copies"], first_step(element)
        is_open = (first in toggled) == fold
        _put(out, place(sum(copies, []) if is_open else copies[0], heights, width, toggled, fold), 0, 0)
        out["frames"].append([0, out["width"], out["down"] + 4, first, len(copies), element["same"], is_open])
        out["down"] += LABEL
        return out
    if "tangle" in element:
        _put(out, place(element["tangle"], heights, width), 0, 0)
        ceiling = out["up"]
        for a, b in element["arcs"]:
            top = ceiling + min(6 + 2 * (b - a), 40)
            left, right = (a + 1) * (width + GAP) - GAP / 2, b * (width + GAP) - GAP / 2
            out["arcs"].append([max(0, left), min(out["width"], right), -top, 0])
            out["up"] = max(out["up"], top)
        return out
    lanes = [place(branch, heights, width, toggled, fold) for branch in element["branches"]]
    wide = max(lane["width"] for lane in lanes) + 2 * GUTTER
    tall = sum(lane["up"] + lane["down"] for lane in lanes) + LANE * (len(lanes) - 1)
    top, centres = -tall / 2 if len(lanes) > 1 else -lanes[0]["up"], [0]
    for lane in lanes:
        centre = top + lane["up"]
        _put(out, lane, GUTTER, centre)
        out["wires"] += [[0, centre, GUTTER, centre], [GUTTER + lane["width"], centre, wide, centre]]
        centres.append(centre)
        top = centre + lane["down"] + LANE
    if len(lanes) > 1:
        out["wires"] += [[x, min(centres), x, max(centres)] for x in (0, wide)]
    out["width"] = wide
    if element["skip"]:
        out["up"] += ARC
        out["arcs"].append([0, wide, -out["up"], 0])
    return out


def first_step(element) -> int:
    """The first step of an element, by which a repeated block is known."""
    while not isinstance(element, int):
        element = next(iter(element.get("copies") or element.get("branches") or [element["tangle"]]))[0]
    return element


# ------------------------------------------------------------------------------------------------- the widget

def _times(shape) -> str:
    return "\u00d7".join(map(str, shape))


def _shapes(networks: dict, given) -> dict:
    """The input shape of every network."""
    if given is None or isinstance(given, dict):
        given = given or {}
        strange = [name for name in given if name not in networks]
        if strange:
            raise CourseError(f"input names {strange[0]!r}, but the networks are {', '.join(map(repr, networks))}.")
        return {name: given.get(name, SHAPE) for name in networks}
    return dict.fromkeys(networks, given)


class ArchitectureStrip(CourseWidget):
    """Networks as on slides 35-39, a box for each layer, one network below the other, from the real modules.

    ``ArchitectureStrip(LeNet5(), input=(1, 28, 28))``, or several by name: ``ArchitectureStrip({"LeNet-5": LeNet5(),
    "VGG-16": vgg16()}, input={"LeNet-5": (1, 28, 28)})``. ``input`` is the shape (C, H, W) of one image, for all or
    by name; without it, (3, 224, 224). Each network runs once, as a copy without numbers (``course_lib.tracing``),
    so any torch module can be drawn, and none is changed. State, each readable and writable from Python: ``height``,
    what a box's height shows ("channels", "parameters", "MACs"; it grows with the cube root); ``everything``: boxes
    for activations and normalisations, too, which else belong to the box before; ``fold``: blocks that repeat are
    drawn once; ``chosen``, (network, layer), counted from 0. Computed: ``layers(name)``, ``totals``. Errors:
    CourseError.
    """

    _esm = view(HERE.with_suffix(".js"))
    _css = style(HERE.with_suffix(".css"))

    height = Choice(*MEASURES)
    everything = Switch()
    fold = Switch(True)
    chosen = Pair((0, 0), "(network, layer)")
    _networks = traitlets.List().tag(sync=True)
    _letters = traitlets.Dict(look.LETTERS).tag(sync=True)

    def __init__(self, networks, input=None, **state):
        from ..tracing import trace  # torch is imported only where a network is drawn

        if not isinstance(networks, dict):
            networks = {type(networks).__name__: networks}
        if not 1 <= len(networks) <= MOST_NETWORKS:
            raise CourseError(f"the widget draws 1 to {MOST_NETWORKS} networks; got {len(networks)}.")
        shapes = _shapes(networks, input)
        self._networks = [self._told(str(name), trace(network, shapes[name], str(name)))
                          for name, network in networks.items()]
        super().__init__(**state)

    @staticmethod
    def _told(name: str, seen) -> dict:
        steps = [{key: value for key, value in asdict(step).items() if key not in UNSAID or value != UNSAID[key]}
                 for step in seen.steps]
        drawn = {}
        for key, everything in (("folded", False), ("everything", True)):
            owner = owners(steps, everything)
            drawn[key] = {"owner": owner, "elements": structure(steps, owner)}
        return {"name": name, "shape": seen.shape, "steps": steps, "unused": seen.unused, **drawn}

    @traitlets.validate("chosen")
    def _is_there(self, proposal):
        network, layer = proposal["value"]
        if not 0 <= network < len(self._networks):
            raise CourseError(f"chosen must name a network from 0 to {len(self._networks) - 1}; got {network}.")
        if not 0 <= layer < len(self._networks[network]["steps"]):
            last = len(self._networks[network]["steps"]) - 1
            raise CourseError(f"the layers of {self._networks[network]['name']} are 0 to {last}; got {layer}.")
        return network, layer

    def layers(self, name: str | None = None) -> list[dict]:
        """Every layer of a network (of the first, without a name) in order, as ``tracing.Step`` tells it, in dicts."""
        names = [network["name"] for network in self._networks]
        if name is not None and name not in names:
            raise CourseError(f"there is no network {name!r}; the strip shows {', '.join(map(repr, names))}.")
        return [UNSAID | step for step in self._networks[names.index(name) if name else 0]["steps"]]

    @property
    def totals(self) -> dict[str, dict]:
        """By network: parameters, those of fully connected layers and those unused; macs; layers with weights, and
        depth, how many of these the longest path passes."""
        return {network["name"]: totals(network) for network in self._networks}

    def __repr__(self) -> str:
        told = ", ".join(f"{name}: {sums['parameters']:,} parameters" for name, sums in self.totals.items())
        return f"ArchitectureStrip({told})"

    def static_html(self) -> str:
        def line(tag, *cells):
            return "<tr>" + "".join(
                f'<{tag} style="padding:3px 10px;text-align:right">{one}</{tag}>' for one in cells) + "</tr>"

        rows = [line("th", "network", "input", "layers deep", "parameters", "fully connected", "multiply-adds")]
        for network in self._networks:
            sums = totals(network)
            connected = f"{sums['fully_connected']:,} ({sums['fully_connected'] / max(1, sums['parameters']):.0%})"
            rows.append(line("td", escape(network["name"]), _times(network["shape"]), sums["depth"],
                             f"{sums['parameters']:,}", connected, f"{sums['macs']:,}"))
        return (f'<div style="max-width:760px;overflow-x:auto">{self._picture()}'
                f"<p>Heights grow with the cube root of the {MEASURES[self.height]}; a hollow box has none.</p>"
                f'<table style="border-collapse:collapse"><tbody>{"".join(rows)}</tbody></table></div>')

    def _picture(self) -> str:
        """The strips as a PNG, told in words for those who do not see it."""
        shown = "everything" if self.everything else "folded"
        numbers = [values(network, network[shown]["owner"], self.height) for network in self._networks]
        most = max(max(of.values()) for of in numbers)
        heights = [{n: box_height(of[n], most) for n in of} for of in numbers]
        plans = [place(network[shown]["elements"], tall, WIDTH)
                 for network, tall in zip(self._networks, heights, strict=True)]
        told = [
            f"{network['name']}: " + ", ".join(
                f"{many} {kind}" for kind, many in Counter(network["steps"][n]["kind"] for n in of).items())
            for network, of in zip(self._networks, numbers, strict=True)
        ]
        hollow = [{n for n in of if not of[n]} for of in numbers]
        address = _drawn(list(zip(self._networks, plans, heights, hollow, strict=True)))
        return f'<img src="{address}" alt="{escape("; ".join(told))}." style="width:100%;border-radius:8px">'


def _drawn(strips: list[tuple]) -> str:
    """The data address of a PNG: a legend, and every strip (network, plan, heights, hollow) below its name."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    kinds = {network["steps"][n]["kind"] for network, _, heights, _ in strips for n in heights}
    present = [kind for kind in look.LETTERS if kind in kinds]
    legend, name, below, left = 22 * math.ceil(len(present) / 4) + 8, 26, 12, 16
    across = max(560, *(plan["width"] + 2 * left for _, plan, *_ in strips))
    down = legend + sum(name + plan["up"] + plan["down"] + below for _, plan, *_ in strips)
    buffer = BytesIO()
    with rc_context(look.matplotlib_style()):
        figure = Figure(figsize=(across / 72, down / 72))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, across), ylim=(down, 0))
        axes.set_axis_off()
        swatches = [Patch(facecolor=look.colour(look.layer_token(kind)), edgecolor=look.colour("muted"),
                          label=f"{look.LETTERS[kind]}  {kind}") for kind in present]
        axes.legend(handles=swatches, ncols=4, loc="upper left", frameon=False, fontsize=10, borderaxespad=0.3)
        middle = legend
        for network, plan, heights, hollow in strips:
            axes.text(left / 2, middle + 16, network["name"], weight="bold", size=12)
            middle += name + plan["up"]
            _paint(axes, plan, left, middle, network["steps"], heights, hollow)
            middle += plan["down"] + below
        figure.savefig(buffer, format="png", dpi=144)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _paint(axes, plan, left, middle, steps, heights, hollow) -> None:
    """One strip, from ``left``, its middle line at ``middle``."""
    from matplotlib.patches import FancyBboxPatch

    grey = look.colour("muted")
    for a, b, c, d in [[-left / 2, 0, 0, 0], *plan["wires"]]:
        axes.plot([a + left, c + left], [b + middle, d + middle], color=grey, linewidth=1, zorder=1)
    for a, b, top, bottom in plan["arcs"]:
        axes.plot([a + left, a + left, b + left, b + left], [middle + y for y in (bottom, top, top, bottom)],
                  color=look.colour("residual-add"), linewidth=1.5, zorder=1)
    for a, b, y, _, copies, _, is_open in plan["frames"]:
        axes.plot([a + left, a + left, b + left, b + left], [middle + y + tip for tip in (-3, 0, 0, -3)],
                  color=grey, linewidth=0.8)
        axes.text((a + b) / 2 + left, middle + y + 12, f"{copies}" if is_open else f"\u00d7 {copies}",
                  ha="center", size=9, weight="bold")
    for n, x, y in plan["boxes"]:
        kind = steps[n]["kind"]
        fill, ink = (look.colour(look.layer_token(kind) + end) for end in ("", "-ink"))
        face, edge = (look.colour("surface"), fill) if n in hollow else (fill, grey)
        axes.add_patch(FancyBboxPatch(
            (x + left + 2, middle + y + 2), WIDTH - 4, heights[n] - 4, boxstyle="round,pad=2,rounding_size=3",
            facecolor=face, edgecolor=edge, linewidth=1.5 if n in hollow else 0.6, zorder=2))
        axes.text(x + left + WIDTH / 2, middle + y + heights[n] / 2, look.LETTERS[kind], ha="center",
                  va="center_baseline", size=8, weight="bold", color=grey if n in hollow else ink, zorder=3)
