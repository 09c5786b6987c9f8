"""The checks of notebook 10, what filters see (slide 31).

The test cells build a small network in probes, put given weights in, hand its parts to the student's function, and
get arrays back, in float64. What the arrays must be is worked out here, with the functions of torch and no hook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checks.by_hand import judge_by_hand, judge_prediction
from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, Claim, Mistake
from course_lib.checks.networks import ProbeCheck
from course_lib.checks.report import fail

LESSON = "10_what_filters_see"
Generator = np.random.Generator
Array = np.ndarray


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("sees", sees)``."""
    judge_by_hand(LESSON, name, answer)


WORDS = {"rim_will": ("less", "as much", "more"), "random_will": ("the same", "others")}


def prediction(name: str, answer: object) -> None:
    """Note a prediction, one of WORDS, e.g. ``check.prediction("rim_will", rim_will)``: none is wrong."""
    judge_prediction(name, answer, WORDS[name])


# ------------------------------------------------------------------------ the small network of all the checks

NAMES = ("0.0", "0.1", "1", "2", "3", "4", "5")  # as the probe of feature_maps nests them
LAST = 4  # convolution, ReLU, pool, convolution, ReLU: from here on no maps


def _forward(X: Tensor, weights: list[Array]) -> list[Tensor]:
    """What each of the seven layers gives: 3x3 convolution padded by 1, ReLU, 2x2 max pool, 3x3 convolution, ReLU,
    flatten, linear."""
    first, second, head = map(torch.as_tensor, weights)
    outputs = [F.conv2d(X, first, padding=1)]
    outputs.append(F.relu(outputs[-1]))
    outputs.append(F.max_pool2d(outputs[-1], 2))
    outputs.append(F.conv2d(outputs[-1], second))
    outputs.append(F.relu(outputs[-1]))
    outputs.append(outputs[-1].flatten(1))
    outputs.append(F.linear(outputs[-1], head))
    return outputs


def _logits(X: Tensor, weights: list[Array]) -> Tensor:
    return _forward(X, weights)[-1]


def _case(rng: Generator, shape: tuple[int, int, int, int], widths: tuple[int, int], classes: int = 4) -> Case:
    """A picture and weights; each ReLU opens for about half of what comes."""
    _, channels, height, width = shape
    flat = widths[1] * (height // 2 - 2) * (width // 2 - 2)
    shapes = ((widths[0], channels, 3, 3), (widths[1], widths[0], 3, 3), (classes, flat))
    return {"x": rng.normal(size=shape),
            "weights": [rng.normal(size=one) * np.sqrt(2 / np.prod(one[1:])) for one in shapes]}


def _tiny() -> Case:
    """One map everywhere: the first kernel copies, the second adds up what lies in its window."""
    x = np.arange(1.0, 43.0).reshape(1, 1, 6, 7)
    copies = np.zeros((1, 1, 3, 3))
    copies[0, 0, 1, 1] = 1.0
    return {"x": x, "weights": [copies, np.ones((1, 1, 3, 3)) / 9, np.array([[2.0], [-1.0]])]}


def _explain(found: Difference, case: Case) -> str | None:
    """What the errors of torch mean that any of these functions may raise."""
    said = found.sentence
    if found.rung != "run":
        return None
    if "does not require grad" in said:
        return ("No gradient can flow: the picture needs requires_grad_() *before* the network runs, and nothing on "
                "the way may be detached or run under torch.no_grad().")
    if "can't be called on tensor that requires grad" in said.lower() or "use tensor.detach()" in said.lower():
        return "Detach what you return."
    if "have been used in the graph" in said:
        return ("The gradient is asked for something that the result does not depend on. Keep what the hook gets "
                "(no copy of it, and not detached), and run the network with it.")
    if "leaf variable" in said and "in-place" in said:
        return "A tensor that needs a gradient may not be changed in place: make a new one, or a clone without it."
    if "second time" in said:
        return "backward() uses up what forward kept; run the network anew for each gradient, or take one gradient."
    if "'NoneType' object has no attribute" in said and "'items'" not in said:
        return ("Something is None: did the hook run? .grad is kept for leaves only; torch.autograd.grad(what, of)[0] "
                "gives the gradient of anything.")
    if "has no attribute 'items'" in said or "'NoneType' object is not iterable" in said:
        return "Return a dict, name -> tensor."
    return None


@dataclass(frozen=True)
class InsideCheck(ProbeCheck):
    """A check of a function that looks into a network: the probe's arguments are those of the case."""

    @property
    def parameters(self) -> list[str]:
        return list(self.example)


# -------------------------------------------------------------------------------------------- feature_maps

@dataclass(frozen=True)
class MapsCheck(InsideCheck):
    """The probe gives [names, arrays, hooks that are left]: names and hooks are judged here, the arrays as a dict."""

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        super().__call__(lambda *case: self._judged(function(*case)), seed)

    def _judged(self, got: object) -> object:
        if not isinstance(got, (list, tuple)) or len(got) != 3:
            return got
        names, maps, left = got
        missing = [name for name in NAMES if name not in names]
        strange = [name for name in names if name not in NAMES]
        if strange:
            fail(f"{self.name}: the names must be those of the modules without modules of their own, "
                 f"{', '.join(map(repr, NAMES))}; yours has {', '.join(map(repr, strange))}.{_blame_names(strange)}")
        if list(names) == [NAMES[-1]]:
            fail(f"{self.name}: only {NAMES[-1]!r}, the last one, is there: all hooks use the loop's variable as it is "
                 "when they run, after the loop. Give each hook a name of its own, for instance by functools.partial.")
        if missing:
            fail(f"{self.name}: {', '.join(map(repr, missing))} is missing; the names must be "
                 f"{', '.join(map(repr, NAMES))}. model.named_modules() goes through all levels; "
                 "model.named_children() through the first one only.")
        if list(names) != list(NAMES):
            fail(f"{self.name}: the names come as {', '.join(map(repr, names))}; they must come in the order in which "
                 f"the layers run, {', '.join(map(repr, NAMES))}.")
        if left:
            fail(f"{self.name} leaves {left} hooks in the network, which will run with every picture from now on: keep "
                 "what register_forward_hook returns, and call its remove().")
        return dict(zip(names, maps, strict=True))


def _blame_names(strange: list) -> str:
    if "" in strange or "0" in strange:
        return (" A container only calls what it holds: leave out modules that have children, "
                "list(module.children()).")
    if any(not isinstance(name, str) for name in strange):
        return " The keys are names, texts, and not the modules themselves."
    if any(name in ("Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear") for name in strange):
        return " The kind of a module is no name, for two may be of one kind."
    return ""


def _maps(x: Array, weights: list[Array], slip: Callable = lambda outputs, X: outputs) -> dict[str, Array]:
    X = torch.from_numpy(x)
    return {name: each.numpy() for name, each in zip(NAMES, slip(_forward(X, weights), X), strict=True)}


def _one_early(outputs: list[Tensor], X: Tensor) -> list[Tensor]:
    """What each module gets, when it has run: a ReLU that works in place has written over it."""
    return [X, outputs[1], outputs[1], outputs[2], outputs[4], outputs[4], outputs[5]]


def _overwritten(outputs: list[Tensor], X: Tensor) -> list[Tensor]:
    """Where a ReLU works in place, what came in is gone."""
    return [outputs[1], outputs[1], outputs[2], outputs[4], outputs[4], *outputs[5:]]


feature_maps = MapsCheck(
    call="feature_maps(model, X)",
    reference=_maps,
    example=_tiny(),
    cases=lambda rng: iter([_case(rng, (2, 3, 8, 10), (4, 5)), _case(rng, (3, 1, 7, 6), (3, 2), 3),
                            _case(rng, (1, 2, 9, 8), (6, 4))]),
    mistakes=tuple(Mistake(says, lambda *case, slip=slip: _maps(*case, slip)) for says, slip in (
        ("The ReLUs of this network work in place and write over what they are given, so the maps before them are lost "
         "when you look: keep a copy, output.clone().", _overwritten),
        ("That is what each module *gets*; a hook is called as hook(module, inputs, output), and asked is the output.",
         _one_early),
        ("Every layer has the output of the last one: the hooks share one variable. A function that is made in a loop "
         "sees the loop's variable as it is at the end.",
         lambda outputs, X: [outputs[-1]] * 7),
        ("The values are those of the first picture only; keep all of them.",
         lambda outputs, X: [each[:1] for each in outputs]),
        ("Each map was averaged over its pixels; keep the maps themselves.",
         lambda outputs, X: [each.mean((2, 3)) if each.ndim == 4 else each for each in outputs]),
    )),
    explain=_explain,
    writes=lambda case: "feature_maps(model, X)",
    covers=("the names", "the hooks, which are gone afterwards"),
)


# ------------------------------------------------------------------------------- effective_receptive_field

def _field(x: Array, weights: list[Array], at: int, row: int, column: int, *,
           join: Callable = lambda G: G.abs().sum(1).mean(0), scale: Callable = lambda S: S / S.max(),
           units: Callable = lambda maps, row, column: maps[:, :, row, column].sum()) -> Array:
    X = torch.from_numpy(x).requires_grad_()
    gradient, = torch.autograd.grad(units(_forward(X, weights)[at], row, column), X)
    return scale(join(gradient)).numpy()


def _fielded(**slips: object) -> Callable:
    return lambda *case: _field(*case, **slips)


def _field_case(rng: Generator, shape: tuple, widths: tuple, at: int, row: int, column: int) -> Case:
    return _case(rng, shape, widths) | {"at": at, "row": row, "column": column}


def _field_cases(rng: Generator) -> Iterator[Case]:
    for shape, widths, at, row, column in (
            ((5, 3, 10, 12), (4, 5), 3, 1, 2), ((4, 2, 11, 8), (5, 3), 2, 3, 1), ((6, 1, 8, 14), (6, 6), 3, 0, 4),
            ((3, 3, 12, 9), (4, 4), 1, 7, 2), ((6, 2, 7, 7), (5, 6), 3, 0, 0)):  # the last sees everything
        yield _field_case(rng, shape, widths, at, row, column)


def _nothing_outside(call: Callable, rng: Generator) -> Iterator[Claim]:
    """Unit (1, 2) after convolution 3x3, pool, convolution 3x3 sees 8 pixels a side, from 2 * place - 1 on."""
    case = _field_case(rng, (6, 2, 14, 16), (5, 6), 3, 1, 2)
    field = call(*case.values())
    outside = np.array(field) if isinstance(field, np.ndarray) else np.zeros((14, 16))
    outside[1:9, 3:11] = 0
    yield Claim("The unit in row 1, column 2 sees rows 1 to 8 and columns 3 to 10; pixels outside of that have no "
                "gradient.", outside, np.zeros_like(outside), {}, ("what lies outside of the window", "zero"))


FIELD_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("Row and column are swapped: maps have the axes (picture, channel, row, column).",
     lambda x, weights, at, row, column: _field(x, weights, at, column, row)),
    ("The gradients were added up with their signs, so that they cancel: take the absolute value first, then the sum.",
     _fielded(join=lambda G: G.sum(1).mean(0).abs())),
    ("The pictures were averaged with their signs, so that they cancel: take the absolute value before the mean.",
     _fielded(join=lambda G: G.mean(0).abs().sum(0))),
    ("The colours were added up with their signs, so that they cancel: take the absolute value first.",
     _fielded(join=lambda G: G.sum(1).abs().mean(0))),
    ("The gradient has signs, and yours are still there: take its absolute value.",
     _fielded(join=lambda G: G.sum(1).mean(0))),
    ("It is not scaled: divide by the largest value, so that this becomes 1.", _fielded(scale=lambda S: S)),
    ("It is scaled so that all values together make 1; the largest must be 1.",
     _fielded(scale=lambda S: S / S.sum())),
    ("It is scaled from the smallest to the largest value. But 0 means no influence, and must stay 0.",
     _fielded(scale=lambda S: (S - S.min()) / (S.max() - S.min()))),
    ("The gradients are squared; take their absolute value.",
     _fielded(join=lambda G: G.square().sum(1).mean(0))),
    ("That is the length of the gradient over the colours; take the sum of the absolute values.",
     _fielded(join=lambda G: G.square().sum(1).sqrt().mean(0))),
    ("It asks all units of the map at once; asked are those of one place, maps[:, :, row, column].",
     _fielded(units=lambda maps, row, column: maps.sum())),
    ("It asks the first channel only; take the sum over all channels of that place.",
     _fielded(units=lambda maps, row, column: maps[:, 0, row, column].sum())),
    ("It uses the first picture only; take the mean over all of them.",
     _fielded(join=lambda G: G.abs().sum(1)[0])),
    ("It takes the largest picture at each pixel; take the mean over the pictures.",
     _fielded(join=lambda G: G.abs().sum(1).amax(0))),
    ("It takes the largest colour at each pixel; take the sum over the colours.",
     _fielded(join=lambda G: G.abs().amax(1).mean(0))),
))


def _explain_field(found: Difference, case: Case) -> str | None:
    if found.rung == "shape" and found.got is not None:
        maps = _forward(torch.from_numpy(case["x"]), case["weights"])[case["at"]].shape[2:]
        if found.got.shape[-2:] == tuple(maps) and tuple(maps) != case["x"].shape[2:]:
            return "That is the size of the layer's maps; asked is the picture's: the gradient with respect to X."
        if found.got.ndim > 2:
            return "One number for each pixel: sum over the colours, mean over the pictures."
    if found.rung == "values":
        return ("In order: the sum of maps[:, :, row, column], its gradient with respect to X, absolute value, sum "
                "over the colours, mean over the pictures, divided by the largest.")
    return _explain(found, case)


effective_receptive_field = InsideCheck(
    call="effective_receptive_field(model, X, layer, row, column)",
    reference=_field,
    example=_tiny() | {"at": 3, "row": 0, "column": 0},
    cases=_field_cases,
    properties=(_nothing_outside,),
    mistakes=FIELD_MISTAKES,
    explain=_explain_field,
    writes=lambda case: "effective_receptive_field(model, X, model[{at}], {row}, {column})".format(**case),
    covers=("nothing outside of the window",),
)


# ------------------------------------------------------------------------------ activation_maximise_step

def _rms(G: Tensor) -> Tensor:
    return G.square().mean((1, 2, 3), keepdim=True).sqrt()


def _step(x: Array, weights: list[Array], at: int, unit: int, rate: float, *,
          answer: Callable = lambda maps: maps.mean((1, 2)), scale: Callable = lambda G: G / (_rms(G) + 1e-8),
          move: Callable = torch.add, clip: Callable = lambda X: X.clamp(0, 1),
          pick: Callable = lambda maps, unit: maps[:, unit]) -> Array:
    X = torch.from_numpy(x).requires_grad_()
    gradient, = torch.autograd.grad(answer(pick(_forward(X, weights)[at], unit)).sum(), X)
    return clip(move(X.detach(), rate * scale(gradient))).numpy()


def _stepped(**slips: object) -> Callable:
    return lambda *case: _step(*case, **slips)


def _step_cases(rng: Generator) -> Iterator[Case]:
    for shape, widths, at, unit, rate in (
            ((3, 3, 8, 10), (4, 5), 3, 4, 0.2), ((2, 1, 9, 7), (5, 3), 0, 2, 0.05), ((4, 2, 7, 8), (6, 4), 3, 1, 0.5),
            ((2, 3, 10, 8), (3, 4), 2, 0, 0.1)):
        case = _case(rng, shape, widths)
        # Pictures of different contrast, so that their gradients differ in length.
        case["x"] = rng.uniform(0, 1, shape) * rng.permutation(np.linspace(0.2, 1, shape[0]))[:, None, None, None]
        yield case | {"at": at, "unit": unit, "rate": rate}


def _the_answer_grows(call: Callable, rng: Generator) -> Iterator[Claim]:
    case = _case(rng, (3, 3, 8, 8), (5, 4))
    case["x"] = rng.uniform(0.3, 0.7, case["x"].shape)
    case |= {"at": 3, "unit": 2, "rate": 0.01}
    before, after = (_forward(torch.from_numpy(np.array(x)), case["weights"])[3][:, 2].mean((1, 2)).numpy()
                     for x in (case["x"], call(*case.values())))
    yield Claim("After a small step the unit must answer more for each of the pictures.", after > before,
                np.ones(3, dtype=bool), {}, ("whether it does", "yes for each"))


STEP_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The step goes downhill, as in training; here the answer must grow: add the gradient.", _stepped(move=torch.sub)),
    ("The gradient is not divided by its root mean square.", _stepped(scale=lambda G: G)),
    ("The gradient is divided by its length; divide by the root of the *mean* of its squares.",
     _stepped(scale=lambda G: G / (G.square().sum((1, 2, 3), keepdim=True).sqrt() + 1e-8))),
    ("All pictures share one root mean square; each picture needs its own, or else one of them decides how far the "
     "others go.", _stepped(scale=lambda G: G / (G.square().mean().sqrt() + 1e-8))),
    ("Each colour has a root mean square of its own; it is one for each picture.",
     _stepped(scale=lambda G: G / (G.square().mean((2, 3), keepdim=True).sqrt() + 1e-8))),
    ("The gradient is divided by the mean of its absolute values; take the root of the mean of its squares.",
     _stepped(scale=lambda G: G / (G.abs().mean((1, 2, 3), keepdim=True) + 1e-8))),
    ("The gradient is divided by its largest value; take the root of the mean of its squares.",
     _stepped(scale=lambda G: G / (G.abs().amax((1, 2, 3), keepdim=True) + 1e-8))),
    ("The gradient is divided by its standard deviation, which takes the mean off first.",
     _stepped(scale=lambda G: G / (G.std((1, 2, 3), keepdim=True) + 1e-8))),
    ("The gradient is divided by the mean of its squares; the root is missing.",
     _stepped(scale=lambda G: G / (G.square().mean((1, 2, 3), keepdim=True) + 1e-8))),
    ("Only the signs of the gradient are used; take the gradient itself, divided by its root mean square.",
     _stepped(scale=torch.sign)),
    ("The picture is not kept between 0 and 1.", _stepped(clip=lambda X: X)),
    ("The picture is kept above 0, and not below 1.", _stepped(clip=lambda X: X.clamp(min=0))),
    ("The picture is kept between -1 and 1; its pixels lie between 0 and 1.", _stepped(clip=lambda X: X.clamp(-1, 1))),
    ("The picture is stretched to the range from 0 to 1; cut off what lies beyond, clamp(0, 1).",
     _stepped(clip=lambda X: (X - X.min()) / (X.max() - X.min()))),
    ("It raises the strongest answer of the map; raise the mean over the map.",
     _stepped(answer=lambda maps: maps.amax((1, 2)))),
    ("It raises the answer in the middle of the map; raise the mean over the map.",
     _stepped(answer=lambda maps: maps[:, maps.shape[1] // 2, maps.shape[2] // 2])),
    ("It raises all units of the layer; asked is one, maps[:, unit].",
     _stepped(pick=lambda maps, unit: maps.sum(1))),
    ("It takes picture number `unit`; the units are the second axis, maps[:, unit].",
     _stepped(pick=lambda maps, unit: maps[unit])),
    ("It always raises unit 0.", lambda *case: NotImplemented if case[3] == 0 else _step(*case[:3], 0, case[4])),
    ("Nothing has moved: was the new picture returned?", lambda x, *rest: x),
))


def _explain_step(found: Difference, case: Case) -> str | None:
    if found.rung == "values":
        return ("In order: the mean over the unit's map, the gradient of its sum over the pictures, divided by the "
                "root of the mean of its squares (plus 1e-8) for each picture, times rate, added to X, clamp(0, 1).")
    return _explain(found, case)


activation_maximise_step = InsideCheck(
    call="activation_maximise_step(model, X, layer, unit, rate)",
    reference=_step,
    example=_tiny() | {"x": np.linspace(0, 1, 42).reshape(1, 1, 6, 7), "at": 3, "unit": 0, "rate": 0.1},
    cases=_step_cases,
    properties=(_the_answer_grows,),
    mistakes=STEP_MISTAKES,
    explain=_explain_step,
    writes=lambda case: "activation_maximise_step(model, X, model[{at}], {unit}, {rate})".format(**case),
    covers=("an answer that grows",),
)


# --------------------------------------------------------------------------------------------- occlusion_map

def _covered(X: Tensor, top: int, left: int, size: int, fill: float) -> Tensor:
    X = X.clone()
    X[:, :, top:top + size, left:left + size] = fill
    return X


def _occlusion(x: Array, weights: list[Array], target: int, size: int, stride: int, fill: float, *,
               cover: Callable = _covered, score: Callable = lambda logits, target: logits[:, target],
               fall: Callable = lambda whole, covered: whole - covered, keep: bool = False,
               starts: Callable = lambda side, size, stride: range(0, side - size + 1, stride),
               swap: bool = False) -> Array:
    X = torch.from_numpy(x)
    tops, lefts = (starts(side, size, stride) for side in X.shape[2:])
    whole, hidden, rows = score(_logits(X, weights), target), X, []
    for top in tops:
        row = []
        for left in lefts:
            hidden = cover(hidden if keep else X, top, left, size, fill)
            row.append(fall(whole, score(_logits(hidden, weights), target)))
        rows.append(torch.stack(row, 1))
    made = torch.stack(rows, 1)
    return (made.transpose(1, 2) if swap else made).numpy()


def _occluded(**slips: object) -> Callable:
    return lambda *case: _occlusion(*case, **slips)


def _only_the_square(X: Tensor, top: int, left: int, size: int, fill: float) -> Tensor:
    new = torch.full_like(X, fill)
    new[:, :, top:top + size, left:left + size] = X[:, :, top:top + size, left:left + size]
    return new


def _first_colour(X: Tensor, top: int, left: int, size: int, fill: float) -> Tensor:
    new = X.clone()
    new[:, 0, top:top + size, left:left + size] = fill
    return new


def _colours_only(made: Callable) -> Callable:
    """A slip that pictures of one colour do not show."""
    return lambda *case: NotImplemented if case[0].shape[1] == 1 else made(*case)


OCCLUSION_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The sign is wrong: a map of how much the logit *falls* is the logit before minus the logit after.",
     _occluded(fall=lambda whole, covered: covered - whole)),
    ("The squares stay: each next one is laid over a picture in which the last ones are still covered. Start from a "
     "copy of X for each square.", _occluded(keep=True)),
    ("Those are the logits of the covered pictures; asked is by how much they fall.",
     _occluded(fall=lambda whole, covered: covered)),
    ("The fall lost its sign: where a square hid what spoke *against* the class, the logit rises, and the map is "
     "negative.", _occluded(fall=lambda whole, covered: (whole - covered).abs())),
    ("What is negative was cut off: where a square hid what spoke *against* the class, the map is negative.",
     _occluded(fall=lambda whole, covered: (whole - covered).clamp(min=0))),
    ("The fall is divided by the logit; asked is the difference alone.",
     _occluded(fall=lambda whole, covered: (whole - covered) / whole)),
    ("It compares probabilities; asked are logits, without softmax.",
     _occluded(score=lambda logits, target: logits.softmax(1)[:, target])),
    ("It compares logarithms of probabilities; asked are logits.",
     _occluded(score=lambda logits, target: logits.log_softmax(1)[:, target])),
    ("It looks at the largest logit, whichever that is; asked is that of the class `target`.",
     _occluded(score=lambda logits, target: logits.amax(1))),
    ("`fill` is not used: the squares are 0.", lambda *case: NotImplemented if case[5] == 0 else _occlusion(
        *case[:5], 0.0)),
    ("It leaves the square and covers all around it; cover the square and leave the rest.",
     _occluded(cover=_only_the_square)),
    ("Only the first colour is covered: X[:, :, top:top + size, left:left + size] covers all of them.",
     _colours_only(_occluded(cover=_first_colour))),
    ("Rows and columns of the map are swapped.", _occluded(swap=True)),
    ("The squares lie beside each other: they move by `stride`, and not by `size`.",
     lambda *case: NotImplemented if case[3] == case[4] else _occlusion(*case[:4], case[3], case[5])),
    ("The squares move by one pixel; they move by `stride`.",
     lambda *case: NotImplemented if case[4] == 1 else _occlusion(*case[:4], 1, case[5])),
    ("The last squares hang over the edge; take only those that fit, floor((H - size) / stride) + 1 in a column.",
     _occluded(starts=lambda side, size, stride: range(0, side, stride))),
    ("The last square in each row and column is missing: there are floor((H - size) / stride) + 1, as with any window "
     "that slides.", _occluded(starts=lambda side, size, stride: range(0, side - size, stride))),
    ("The squares have their middle, and not their corner, at the multiples of the stride.",
     _occluded(cover=lambda X, top, left, size, fill: _covered(
         X, max(0, top - size // 2), max(0, left - size // 2), size, fill))),
))


def _occlusion_cases(rng: Generator) -> Iterator[Case]:
    for shape, target, size, stride, fill in (
            ((2, 3, 8, 10), 1, 3, 2, 0.0), ((3, 1, 9, 7), 3, 4, 1, 0.5), ((1, 2, 10, 12), 0, 5, 3, -1.0),
            ((2, 3, 7, 9), 2, 2, 2, 0.0)):
        yield _case(rng, shape, (4, 3)) | {"target": target, "size": size, "stride": stride, "fill": fill}


def _nothing_hidden(call: Callable, rng: Generator) -> Iterator[Claim]:
    """A picture that is all `fill` loses nothing where it is covered."""
    case = _case(rng, (2, 3, 8, 9), (4, 3)) | {"target": 1, "size": 3, "stride": 3, "fill": 0.7}
    case["x"] = np.full_like(case["x"], 0.7)
    yield Claim("Where the picture is already as `fill`, covering changes nothing, so the map must be 0.",
                call(*case.values()), np.zeros((2, 2, 3)), {}, ("yours", "zeros"))


def _explain_occlusion(found: Difference, case: Case) -> str | None:
    if found.rung == "shape" and found.got is not None:
        if found.got.ndim == 2 and found.want.ndim == 3:
            return "One map for each picture: (N, rows, columns)."
        if found.got.shape[1:] == case["x"].shape[2:]:
            return "One number for each place of the square, and not for each pixel."
        return "There are floor((H - size) / stride) + 1 rows of squares, and the same with W for the columns."
    if found.rung == "values":
        return ("For each place: a copy of X with the square set to fill, the logits of the copy, and the logit of the "
                "target of X minus that of the copy.")
    return _explain(found, case)


occlusion_map = InsideCheck(
    call="occlusion_map(model, X, target, size, stride, fill=0.0)",
    reference=_occlusion,
    example=_tiny() | {"target": 0, "size": 3, "stride": 3, "fill": 0.0},
    cases=_occlusion_cases,
    properties=(_nothing_hidden,),
    mistakes=OCCLUSION_MISTAKES,
    explain=_explain_occlusion,
    writes=lambda case: "occlusion_map(model, X, {target}, {size}, {stride}, {fill})".format(**case),
    covers=("a picture that is all fill",),
)


# ------------------------------------------------------------------------------------------------- grad_cam

def _cam(x: Array, weights: list[Array], target: int, at: int, *,
         score: Callable = lambda logits, target: logits[:, target].sum(),
         weigh: Callable = lambda G: G.mean((2, 3), keepdim=True),
         join: Callable = lambda weights, maps: (weights * maps).sum(1), last: Callable = F.relu) -> Array:
    outputs = _forward(torch.from_numpy(x).requires_grad_(), weights)
    gradient, = torch.autograd.grad(score(outputs[-1], target), outputs[at])
    return last(join(weigh(gradient), outputs[at])).detach().numpy()


def _cammed(**slips: object) -> Callable:
    return lambda *case: _cam(*case, **slips)


def _scaled(cam: Tensor) -> Tensor:
    cam = F.relu(cam)
    return cam / cam.amax((1, 2), keepdim=True).clamp_min(1e-12)


CAM_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The ReLU at the end is missing: what speaks against the class is cut off.", _cammed(last=lambda cam: cam)),
    ("The absolute value stands where the ReLU belongs: what speaks against the class would light up.",
     _cammed(last=torch.abs)),
    ("The gradient is multiplied pixel by pixel; Grad-CAM takes its *mean* over each map first: one weight for each "
     "channel.", _cammed(weigh=lambda G: G)),
    ("The weights are the sums of the gradients; take the means.",
     _cammed(weigh=lambda G: G.sum((2, 3), keepdim=True))),
    ("The weights are the largest gradients of each map; take the means.",
     _cammed(weigh=lambda G: G.amax((2, 3), keepdim=True))),
    ("The weights lost their signs: a channel may speak against the class.",
     _cammed(weigh=lambda G: G.mean((2, 3), keepdim=True).abs())),
    ("The gradients lost their signs before the mean was taken: a channel may speak against the class.",
     _cammed(weigh=lambda G: G.abs().mean((2, 3), keepdim=True))),
    ("Negative weights were cut off; the ReLU comes at the end, after the sum over the channels.",
     _cammed(weigh=lambda G: F.relu(G.mean((2, 3), keepdim=True)))),
    ("Negative gradients were cut off before the mean; the ReLU comes at the end.",
     _cammed(weigh=lambda G: F.relu(G).mean((2, 3), keepdim=True))),
    ("The ReLU comes before the sum over the channels; it comes after it, since channels may cancel.",
     _cammed(join=lambda weights, maps: F.relu(weights * maps).sum(1))),
    ("It takes the mean over the channels; take the sum.",
     _cammed(join=lambda weights, maps: (weights * maps).mean(1))),
    ("It takes the largest channel at each place; take the sum.",
     _cammed(join=lambda weights, maps: (weights * maps).amax(1))),
    ("The maps are not weighted at all.", _cammed(weigh=lambda G: torch.ones_like(G))),
    ("It shows the gradient alone, without the maps.",
     _cammed(join=lambda weights, maps: weights.expand_as(maps).sum(1))),
    ("The weights are averaged over the pictures as well: each picture has weights of its own.",
     _cammed(weigh=lambda G: G.mean((0, 2, 3), keepdim=True))),
    ("The gradient is that of the probability; take that of the logit, without softmax.",
     _cammed(score=lambda logits, target: logits.softmax(1)[:, target].sum())),
    ("The gradient is that of log softmax, or of the loss; take that of the logit.",
     _cammed(score=lambda logits, target: logits.log_softmax(1)[:, target].sum())),
    ("The gradient is that of minus log softmax, the loss; take that of the logit.",
     _cammed(score=lambda logits, target: -logits.log_softmax(1)[:, target].sum())),
    ("The gradient is that of all logits together; take that of the class `target`.",
     _cammed(score=lambda logits, target: logits.sum())),
    ("The gradient is that of the largest logit; take that of the class `target`.",
     _cammed(score=lambda logits, target: logits.amax(1).sum())),
    ("The gradient is that of the mean over the pictures, so everything is divided by N; take the sum.",
     lambda *case: NotImplemented if len(case[0]) == 1 else _cam(
         *case, score=lambda logits, target: logits[:, target].mean())),
    ("The map is scaled so that its largest value is 1; leave it as it is.", _cammed(last=_scaled)),
    ("The sign is wrong: it lights up what speaks against the class.",
     _cammed(score=lambda logits, target: -logits[:, target].sum())),
))


def _cam_cases(rng: Generator) -> Iterator[Case]:
    for shape, widths, target, at in (
            ((2, 3, 10, 12), (4, 6), 1, LAST), ((3, 1, 9, 14), (5, 4), 3, 2), ((2, 2, 12, 10), (6, 5), 0, 3),
            ((1, 3, 11, 13), (4, 7), 2, 0)):
        yield _case(rng, shape, widths) | {"target": target, "at": at}


def _twice_the_head(call: Callable, rng: Generator) -> Iterator[Claim]:
    case = _case(rng, (2, 3, 10, 12), (4, 6)) | {"target": 1, "at": LAST}
    once = call(*case.values())
    case["weights"][2] = 2 * case["weights"][2]
    yield Claim("When the weights of the last layer are doubled, the logits are, and so must be the map.",
                call(*case.values()), 2 * once, {}, ("with a doubled last layer", "twice the map"))


def _explain_cam(found: Difference, case: Case) -> str | None:
    if found.rung == "shape" and found.got is not None:
        if found.got.shape == (case["x"].shape[0], *case["x"].shape[2:]):
            return "Not enlarged yet: the map has the size of the layer's maps."
        if found.got.ndim == 4:
            return "Sum over the channels, axis 1: (N, H', W')."
    if found.rung == "values":
        return ("In order: the gradient of logits[:, target].sum() with respect to the layer's maps, its mean over "
                "rows and columns, times the maps, sum over the channels, ReLU.")
    return _explain(found, case)


grad_cam = InsideCheck(
    call="grad_cam(model, X, target, layer)",
    reference=_cam,
    example=_case(np.random.default_rng(7), (1, 1, 8, 10), (2, 2), 2) | {"target": 0, "at": LAST},
    cases=_cam_cases,
    properties=(_twice_the_head,),
    mistakes=CAM_MISTAKES,
    explain=_explain_cam,
    writes=lambda case: "grad_cam(model, X, {target}, model[{at}])".format(**case),
    covers=("a doubled last layer",),
)
