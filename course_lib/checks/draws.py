"""Checks of functions that draw at random: what they did is read from what they return.

The student's function gets a generator, made from a seed inside the test cell's probe, so here `rng` is a seed.
Nobody prescribes in which order it draws. Where nothing is left to chance (dropout in evaluation, a crop without
padding) the result is compared as usual; elsewhere the picture, the mask and the factor of each result are found
again, and then the draws are judged by how they are spread. The bounds are five standard deviations wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from course_lib.checks.compare import Difference
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.report import Report, Table, fail, number

Generator = np.random.Generator
Array = np.ndarray

REPEATS = "The same seed must give the same result: draw from the given rng, and from nothing else."


def _expected(share: float, wanted: float, count: int) -> bool:
    """Whether `share` of `count` independent draws is what a probability of `wanted` gives."""
    return abs(share - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / count) + 1e-12


def _spread_seeds(rng: Generator, count: int) -> list[int]:
    return rng.choice(1_000_000, count, replace=False).tolist()


# ----------------------------------------------------------------------------------------- dropout_forward

DROPOUT_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("In evaluation your function multiplies by 1 - p. The figure of slide 54 does so; with inverted dropout training "
     "has divided by 1 - p already, and evaluation leaves x alone.",
     lambda x, p, training, rng: x * (1.0 if training else 1 - p)),
    ("In evaluation your function divides by 1 - p; that belongs to training, evaluation leaves x alone.",
     lambda x, p, training, rng: x / (1.0 if training else 1 - p)),
    ("In evaluation your function multiplies by p; evaluation leaves x alone.",
     lambda x, p, training, rng: x * (1.0 if training else p)),
    ("In evaluation nothing is left of x; dropout has to leave it alone there.",
     lambda x, p, training, rng: x * (1.0 if training else 0.0)),
))


def _explain_dropout(found: Difference, case: Case) -> str | None:
    if found.rung == "values" and found.got is not None and not case["training"]:
        if (found.got[case["x"] != 0] == 0).any():
            return "Units are dropped although training is False: in evaluation dropout does nothing at all."
    if found.rung == "values" and case["p"] == 0:
        return "With p = 0 no unit is dropped, and nothing is scaled."
    if found.rung == "shape":
        return "Dropout sets some numbers to 0 and removes none: the shape stays."
    return None


def _tell_dropout(sentence: str, x: Array, out: Array, p: float) -> None:
    flat = (len(x), -1)
    fail(f"dropout_forward: {sentence}",
         Report(f"dropout_forward(x, {p}, True, rng)", ("One row for each picture of the batch.",),
                ((Table("x", x.reshape(flat), "input"), Table("yours", out.reshape(flat), "plain")),)))


def _judge_mask(x: Array, out: Array, p: float) -> Array:
    """Which units were dropped, once the draw is as it should be."""
    if not np.isfinite(out).all():
        _tell_dropout("some numbers are not finite; was something divided by 0?", x, out, p)
    dropped = (out == 0).reshape(len(x), -1)
    share, rows = dropped.mean(), dropped.mean(axis=1)
    if share == 0:
        _tell_dropout(f"no unit is 0 although training is True and p is {p}.", x, out, p)
    if share == 1:
        _tell_dropout("every unit is 0; only some are dropped.", x, out, p)
    if (dropped == dropped[0]).all():
        _tell_dropout("all pictures of the batch lose the same units. Each unit of each picture has a draw of its "
                      "own: draw as many numbers as x has, rng.random(x.shape).", x, out, p)
    if np.isin(rows, (0, 1)).all():
        _tell_dropout("pictures are dropped whole, or not at all. Each unit of each picture has a draw of its own: "
                      "draw as many numbers as x has, rng.random(x.shape).", x, out, p)
    if x.ndim == 4 and np.isin((out == 0).mean(axis=(2, 3)), (0, 1)).all():
        _tell_dropout("channels are dropped whole. PyTorch has that too, as nn.Dropout2d; here each unit has a draw of "
                      "its own.", x, out, p)
    if not _expected(share, p, dropped.size):
        if _expected(share, 1 - p, dropped.size):
            _tell_dropout(f"{number(share, 2)} of the units are dropped for p = {p}: you took p for the probability to "
                          "keep, as the figure of slide 54 does. Here, as in PyTorch, p is the probability to drop.",
                          x, out, p)
        _tell_dropout(f"{number(share, 2)} of the units are dropped for p = {p}; the share should be near {p}.",
                      x, out, p)
    return dropped


def _judge_factor(x: Array, out: Array, p: float) -> None:
    """Every unit that stays is divided by 1 - p."""
    kept = out != 0
    factors = out[kept] / x[kept]
    factor, right = float(np.median(factors)), 1 / (1 - p)
    if np.abs(factors - factor).max() > 1e-5 * max(1, abs(factor)):
        _tell_dropout("the units that stay do not all get the same factor; each should be divided by 1 - p.", x, out, p)
    if abs(factor - right) <= 1e-5:
        return
    known = (
        (1, "the units that stay keep their size. Divide them by 1 - p in training, so that what the next layer adds "
            "up is on average as large as in evaluation."),
        (1 - p, "the units that stay are multiplied by 1 - p. That is what the figure of slide 54 does at test time; "
                "inverted dropout divides by 1 - p in training."),
        (1 / p, "the units that stay are divided by p; divide by the probability to stay, 1 - p."),
        (p, "the units that stay are multiplied by p; divide by the probability to stay, 1 - p."),
        (1 / kept.mean(), "you divide by the share that happened to stay; divide by 1 - p, the same number each time."),
    )
    named = next((says for value, says in known if abs(factor - value) <= 1e-5),
                 f"the units that stay are multiplied by {number(factor)}.")
    _tell_dropout(f"{named} For p = {p} the factor is 1 / (1 - p) = {number(right)}.", x, out, p)


def _dropout_draws(call: Callable, rng: Generator) -> Iterator[Claim]:
    for shape, p in (((24, 50), 0.2), ((6, 4, 5, 8), 0.5), ((40, 30), 0.75)):
        x = rng.uniform(0.5, 3, shape) * rng.choice((-1, 1), shape)
        seed, other = _spread_seeds(rng, 2)
        out = call(x, p, True, seed)
        dropped = _judge_mask(x, out, p)
        _judge_factor(x, out, p)
        if (dropped.sum() == np.array([(call(x, p, True, s) == 0).sum() for s in _spread_seeds(rng, 6)])).all():
            _tell_dropout("exactly the same number of units is dropped each time. Each unit has a draw of its own, so "
                          "that the number varies around its mean.", x, out, p)
        if np.array_equal(call(x, p, True, other), out):
            _tell_dropout("the same units are dropped at each call. Draw them from rng, and make no generator of your "
                          "own inside the function.", x, out, p)
        yield Claim(REPEATS, call(x, p, True, seed), out, {"x": x}, ("the second call", "the first call"))


def _dropout_cases(rng: Generator) -> Iterator[Case]:
    for shape, p, training in (((3, 4), 0.3, False), ((2, 3, 2, 2), 0.5, False), ((2, 5), 0.0, True)):
        yield {"x": rng.normal(size=shape), "p": p, "training": training, "rng": int(rng.integers(1000))}
    yield {"x": rng.normal(size=(4, 1)).astype(np.float32), "p": 0.9, "training": False, "rng": 3}


dropout_forward = FunctionCheck(
    call="dropout_forward(x, p, training, rng)",
    reference=lambda x, p, training, rng: x.astype(float),  # in training this gives the shape and nothing else
    example={"x": np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]), "p": 0.5, "training": False, "rng": 0},
    cases=_dropout_cases,
    properties=(_dropout_draws,),
    mistakes=DROPOUT_MISTAKES,
    explain=_explain_dropout,
    covers=("share, independence and scale of what is dropped",),
)


# ---------------------------------------------------------------------------------------- random_crop_flip

def _pieces(X: Array, padding: int, turn: int = 3, **pad: object) -> Array:
    """Every piece that can be cut from each picture, (top, left, mirrored, N, C, H, W); `turn` is the mirrored axis."""
    height, width = X.shape[2:]
    padded = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)), **(pad or {"mode": "constant"}))
    places = range(2 * padding + 1)
    cut = np.array([[padded[:, :, i:i + height, j:j + width] for j in places] for i in places])
    return np.stack([cut, np.flip(cut, turn + 2)], axis=2)


def _found(out: Array, pieces: Array) -> Array:
    """For each picture the place of its piece as (top, left, mirrored), or -1 three times: an array (N, 3)."""
    close = np.abs(pieces - out).max(axis=(4, 5, 6)) <= 1e-5 * np.abs(pieces).max()
    flat = close.reshape(-1, len(out))
    places = np.stack(np.unravel_index(flat.argmax(axis=0), close.shape[:3]), axis=1)
    return np.where(flat.any(axis=0)[:, None], places, -1)


def _tell_crop(sentence: str, X: Array, out: Array, which: int = 0, call: str = "") -> None:
    fail(f"random_crop_flip: {sentence}",
         Report(call, (f"Channel 0 of picture {which}.",),
                ((Table("X", X[which, 0], "input"), Table("yours", out[which, 0], "plain")),)))


def _strange_piece(X: Array, out: Array, padding: int, lost: Array) -> str:
    """The sentence about pictures (indices `lost`) that are no piece of their own."""
    lost = lost[:20]
    some, cut = X[lost], out[lost]

    def explained(pieces: Array) -> bool:
        return bool((_found(cut, pieces) >= 0).all())

    turned = "is turned upside down. Left and right change places, which are the last axis of (N, C, H, W)."
    if explained(_pieces(some, padding, turn=2)):
        return turned
    if explained(_pieces(some, padding, turn=1)):
        return "has its channels in reverse: mirror the last axis, which is the width, and not axis 1."
    for mode, says in (("edge", "repeats the pixels of its border where the padding should be"),
                       ("reflect", "has its own mirror image where the padding should be"),
                       ("symmetric", "has its own mirror image where the padding should be"),
                       ("wrap", "has what left at one side come back at the other")):
        if explained(_pieces(some, padding, mode=mode)):
            return f"{says}; here the frame holds zeros."
    colours = [value for value in np.unique(cut) if not np.isin(value, some)]
    if len(colours) == 1 and explained(_pieces(some, padding, mode="constant", constant_values=colours[0])):
        return "has a frame of another colour: pad with zeros."
    alone = [_found(cut[:, c:c + 1], _pieces(some[:, c:c + 1], padding)) for c in range(X.shape[1])]
    if all((places >= 0).all() for places in alone):
        return "has channels that were cut in different places: one draw for each picture, for all its channels."
    whole = _pieces(X, padding)
    others = [np.flatnonzero((np.abs(whole - one).max(axis=(4, 5, 6)) <= 1e-5).any(axis=(0, 1, 2))) for one in cut]
    if all(len(found) for found in others):
        return (f"is a piece of picture {others[0][0]}: the pictures changed places, and their labels no longer "
                "belong to them.")
    return (f"is none of the pieces of {X.shape[2]} x {X.shape[3]} that can be cut from picture {lost[0]} in its "
            f"frame of {padding} zeros, mirrored or not.")


def _judge_spread(places: Array, padding: int, flip: float, tell: Callable[[str], None]) -> None:
    """How the draws of one batch are spread."""
    top, left, mirrored = places.T
    count, last = len(places), 2 * padding
    if 0 < flip < 1:
        share = mirrored.mean()
        if share in (0, 1):
            tell(f"{'no picture is' if share == 0 else 'all pictures are'} mirrored for flip = {flip}: each picture "
                 f"has a draw of its own, {count} in all.")
        if not _expected(share, flip, count):
            if _expected(share, 1 - flip, count):
                tell(f"{number(share, 2)} of the pictures are mirrored for flip = {flip}: flip is the probability to "
                     "mirror, and yours is the probability to leave it.")
            tell(f"{number(share, 2)} of the pictures are mirrored for flip = {flip}: is flip used?")
    elif (mirrored != flip).any():
        tell(f"{int(mirrored.sum())} of {count} pictures are mirrored for flip = {flip}: is flip used?")
    if not padding:
        return
    if (top == padding).all() and (left == padding).all():
        tell("every picture is cut from the middle, so that nothing moves: draw where to cut.")
    if (top == top[0]).all() and (left == left[0]).all():
        tell("all pictures are cut in the same place: each has a draw of its own, rng.integers(..., size=len(X)).")
    for axis, drawn, end in (("rows", top, "up or down"), ("columns", left, "left or right")):
        if (drawn == drawn[0]).all():
            tell(f"all pictures are cut from the same {axis}: draw a place {end} for each picture.")
        if last not in drawn or 0 not in drawn:
            missing = last if last not in drawn else 0
            tell(f"no picture is cut at place {missing}. There are {last + 1} places, 0 to {last}; rng.integers(0, n) "
                 f"stops at n - 1, so n is 2 * padding + 1.")
        for place in range(last + 1):
            share = float((drawn == place).mean())
            if not _expected(share, 1 / (last + 1), count):
                tell(f"{share:.0%} of the pictures are cut {end} at place {place}, and it should be near "
                     f"{1 / (last + 1):.0%}: each of the {last + 1} places is as likely as the others, as "
                     "rng.integers(0, 2 * padding + 1, size) draws them.")
    if (top == left).all():
        tell("rows and columns are cut at the same place, so that pictures move only along the diagonal: draw twice.")
    groups = [mirrored[drawn == value] for drawn in (top, left) for value in range(last + 1)]
    if flip == 0.5 and any(len(group) > 20 and group.std() == 0 for group in groups):
        tell("whether a picture is mirrored depends on where it is cut: draw that anew.")


def _crop_draws(call: Callable, rng: Generator) -> Iterator[Claim]:
    count = 800  # of fewer, a place that is too frequent does not stand out from chance
    for (channels, height, width), padding, flip in (((2, 4, 6), 2, 0.5), ((1, 5, 4), 1, 0.2), ((3, 3, 4), 0, 0.5),
                                                     ((1, 4, 4), 2, 0.0)):
        X = rng.uniform(1, 9, (count, channels, height, width))
        seed, other = _spread_seeds(rng, 2)
        out = call(X, padding, flip, seed)
        called = f"random_crop_flip(X, {padding}, {flip}, rng), X of shape {X.shape}"

        def tell(sentence: str, which: int = 0, X: Array = X, out: Array = out, called: str = called) -> None:
            _tell_crop(sentence, X, out, which, called)

        places = _found(out, _pieces(X, padding))
        lost = np.flatnonzero(places[:, 0] < 0)
        if len(lost):
            tell(f"picture {lost[0]} {_strange_piece(X, out, padding, lost)}", lost[0])
        _judge_spread(places, padding, flip, tell)
        if np.array_equal(call(X, padding, flip, other), out):
            tell("every call draws the same. Draw from rng, and make no generator of your own inside the function.")
        yield Claim(REPEATS, call(X, padding, flip, seed), out, {}, ("the second call", "the first call"))


CROP_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The picture is turned upside down: mirror the last axis, X[..., ::-1].",
     lambda X, padding, flip, rng: X[:, :, ::-1] if flip else X),
    ("The channels are reversed: mirror the last axis, X[..., ::-1].",
     lambda X, padding, flip, rng: X[:, ::-1] if flip else X),
    ("The pictures of the batch are reversed, so that labels no longer fit: mirror the last axis, X[..., ::-1].",
     lambda X, padding, flip, rng: X[::-1] if flip else X),
    ("Rows and columns are both reversed, which is half a turn: mirror the last axis alone, X[..., ::-1].",
     lambda X, padding, flip, rng: X[:, :, ::-1, ::-1] if flip else X),
    ("With flip = 1 every picture is mirrored; yours stay as they are.",
     lambda X, padding, flip, rng: X if flip else NotImplemented),
    ("With flip = 0 no picture is mirrored; yours all are.",
     lambda X, padding, flip, rng: NotImplemented if flip else X[..., ::-1]),
))


def _explain_crop(found: Difference, case: Case) -> str | None:
    padding = case["padding"]
    if found.rung == "run" and ("low >= high" in found.sentence or "high <= 0" in found.sentence):
        return ("With padding 0 there is one place to cut, number 0: rng.integers(0, 2 * padding + 1) draws from the "
                "2 * padding + 1 places.")
    if found.rung == "shape":
        height, width = case["X"].shape[2:]
        return (f"Padding makes the picture {height + 2 * padding} x {width + 2 * padding}; what is cut out of it is "
                f"again {height} x {width}.")
    if found.rung == "values" and case["flip"] in (0, 1):
        return (f"With padding 0 and flip = {case['flip']} nothing is left to chance: every picture comes back "
                f"{'mirrored' if case['flip'] else 'as it was'}.")
    return None


def _crop_cases(rng: Generator) -> Iterator[Case]:
    for shape, flip in (((2, 3, 2, 4), 0.0), ((3, 1, 3, 2), 1.0), ((1, 2, 3, 3), 1.0), ((4, 2, 1, 5), 0.0)):
        yield {"X": rng.normal(size=shape), "padding": 0, "flip": flip, "rng": int(rng.integers(1000))}


random_crop_flip = FunctionCheck(
    call="random_crop_flip(X, padding, flip, rng)",
    # Where something is drawn this gives the shape and nothing else.
    reference=lambda X, padding, flip, rng: (X[..., ::-1] if flip >= 0.5 else X).astype(float),
    example={"X": np.array([[[[1, 2, 3], [4, 5, 6]]], [[[7, 8, 9], [0, 1, 2]]]]) / 2, "padding": 0, "flip": 1.0,
             "rng": 0},
    cases=_crop_cases,
    properties=(_crop_draws,),
    mistakes=CROP_MISTAKES,
    explain=_explain_crop,
    roles=(("X", "input"),),
    covers=("pieces, places and mirrorings of hundreds of pictures",),
)
