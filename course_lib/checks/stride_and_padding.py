"""The checks of notebook 03, stride and padding (slides 17-28)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import numpy as np

from course_lib import geometry, ops
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.compare import Difference, describe
from course_lib.checks.kit import Case, Claim, FunctionCheck, Mistake
from course_lib.checks.report import fail, position
from course_lib.checks.sliding import CORRELATION_MISTAKES, random_case

LESSON = "03_stride_and_padding"
Generator = np.random.Generator


# The references: those of course_lib.geometry, but that a kernel which does not fit has 0 outputs instead of an error.

def _output_size(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    fits = _room(n, k, stride, padding, dilation) >= 0
    return geometry.output_size(n, k, stride, padding, dilation) if fits else 0


def _unread_pixels(n: int, k: int, stride: int = 1, padding: int = 0) -> list[int]:
    fits = _room(n, k, stride, padding) >= 0
    return geometry.unread_pixels(n, k, stride, padding) if fits else list(range(n))


def _receptive_field(layers: list) -> int:
    return geometry.receptive_fields([geometry.Conv(1, kernel, stride) for kernel, stride in layers])[-1].size


def _same_padding(k: int, dilation: int = 1) -> int | None:
    before, after = geometry.same_padding_sides(k, dilation)
    return before if before == after else None


# --------------------------------------------------------------------------------------------------- by hand

# 3b, b3, 3*b, (3·b), b, or a bare 0; the sign before it is read apart. \u00b7 is the middle dot, \u00d7 the cross.
_TERM = re.compile(
    "(?P<sign>[+-]?)(?:"
    "(?P<open>\\()?(?:(?P<late>[a-z])[*\u00b7\u00d7]?(?P<after>\\d+)"
    "|(?:(?P<before>\\d+)[*\u00b7\u00d7]?)?(?P<letter>[a-z]))(?(open)\\))"
    "|(?P<zero>0))"
)


def canonical_sum(text: str) -> str | None:
    """A symbolic sum in one form: letters in order, like terms added, none that is 0, every factor written.

    "6d + 2*b+1A+5c" and "1a+2b+5c+6d" are one sum, as are "0a+0b+0c+1d", "1d" and "d". A sum of nothing is
    "0". Returns None for text that is no sum of whole multiples of single letters.
    """
    text = "".join(text.casefold().replace("\N{MINUS SIGN}", "-").split())
    totals: dict[str, int] = {}
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if not term or (place and not term["sign"]):
            return None
        letter = term["letter"] or term["late"]
        if letter:
            factor = int(term["before"] or term["after"] or 1)
            totals[letter] = totals.get(letter, 0) + (-factor if term["sign"] == "-" else factor)
        place = term.end()
    terms = [f"{totals[letter]:+d}{letter}" for letter in sorted(totals) if totals[letter]]
    return ("".join(terms).removeprefix("+") or "0") if text else None


def by_hand(name: str, answer: object) -> None:
    """Hold a by-hand answer against the sealed one, e.g. ``check.by_hand("sides", sides)``.

    The answers called sums_... are symbolic: any way to write a sum is accepted (see `canonical_sum`).
    """
    symbolic = isinstance(name, str) and name.startswith("sums_") and answer is not None
    judge_by_hand(LESSON, name, _canonical_cells(name, answer) if symbolic else answer)


def _canonical_cells(name: str, answer: object, place: tuple[int, ...] = ()) -> object:
    """The answer with each of its texts in canonical form; a cell that is no sum ends the check."""
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple)):
        return [_canonical_cells(name, cell, (*place, index)) for index, cell in enumerate(answer)]
    if answer is None or answer is Ellipsis:
        return answer
    where = f"{name}{position(place)}"
    if not isinstance(answer, str):
        fail(f'{where} is {describe(answer)}; expected a sum of a, b, c, d in quotes, such as "2a+3b+6c+7d".')
    sum_ = canonical_sum(answer)
    if sum_ is None:
        fail(f'{where} is "{answer:.40}", which cannot be read as a sum: write whole multiples of a, b, c and '
             f'd with + between them, such as "2a+3b+6c+7d".')
    return sum_


# ----------------------------------------------------------------------------------------------------- pad2d

def _pad2d(x: np.ndarray, padding: int, value: float = 0.0) -> np.ndarray:
    return np.pad(x.astype(float), padding, constant_values=value)


def _padded_like(mode: str) -> Callable:
    return lambda x, padding, value=0.0: np.pad(x.astype(float), padding, mode=mode) if padding else NotImplemented


PAD_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("The value is ignored: the frame holds zeros whatever it is.",
     lambda x, padding, value=0.0: _pad2d(x, padding) if value else NotImplemented),
    ("The frame took over the type of whole numbers, so its value lost its fraction: make the new array of "
     "floats.",
     lambda x, padding, value=0.0: _pad2d(x, padding, int(value)) if value % 1 else NotImplemented),
    ("The frame lies below and to the right only: half of it belongs above and to the left.",
     lambda x, padding, value=0.0: np.pad(x.astype(float), (0, 2 * padding), constant_values=value)),
    ("The frame lies above and to the left only: half of it belongs below and to the right.",
     lambda x, padding, value=0.0: np.pad(x.astype(float), (2 * padding, 0), constant_values=value)),
    ("The frame is one row and one column wide whatever `padding` is.",
     lambda x, padding, value=0.0: _pad2d(x, 1, value)),
    ("The frame repeats the border of the picture; it must hold `value` everywhere.", _padded_like("edge")),
    ("The frame mirrors the picture; it must hold `value` everywhere.", _padded_like("symmetric")),
    ("The picture itself is gone: write it into the middle of the new array.",
     lambda x, padding, value=0.0: np.full(_pad2d(x, padding).shape, float(value))),
    ("Rows and columns of the picture changed places.",
     lambda x, padding, value=0.0: _pad2d(x.T, padding, value)),
))


def _explain_pad(found: Difference, case: Case) -> str | None:
    (height, width), padding = case["x"].shape, case["padding"]
    if found.rung == "run":
        return "With padding 0 the slice [0:-0] is empty: write [padding : padding + H]." if padding == 0 else None
    if found.rung != "shape":
        return None
    expected = f"({height} + 2·{padding}, {width} + 2·{padding}) = {found.want.shape}"
    shape = found.got.shape
    if padding and shape == (height + padding, width + padding):
        return f"The frame goes around all four sides, so each side grows by twice the padding: {expected}."
    if padding and shape == (height + 2 * padding, width):
        return f"Only rows were added; the columns of the frame are missing: {expected}."
    if padding and shape == (height, width + 2 * padding):
        return f"Only columns were added; the rows of the frame are missing: {expected}."
    if padding and shape == (height, width):
        return f"Nothing was added to the picture: {expected}."
    return f"Each side grows by twice the padding: {expected}."


def _pad_cases(rng: Generator) -> Iterator[Case]:
    yield {"x": rng.integers(-9, 10, (3, 4)), "padding": 2}
    yield {"x": rng.normal(size=(4, 2)), "padding": 1, "value": 7}
    yield {"x": rng.integers(-9, 10, (2, 3)), "padding": 1, "value": 0.5}
    yield {"x": rng.normal(size=(3, 3)), "padding": 0}
    yield {"x": rng.normal(size=(1, 5)), "padding": 3, "value": -1.25}
    yield {"x": rng.integers(0, 256, (2, 2), dtype=np.uint8), "padding": int(rng.integers(1, 4)), "value": -1}


pad2d = FunctionCheck(
    call="pad2d(x, padding, value=0.0)",
    reference=_pad2d,
    example={"x": np.array([[1, 2, 3], [4, 5, 6]]), "padding": 1},
    cases=_pad_cases,
    mistakes=PAD_MISTAKES,
    explain=_explain_pad,
)


# ---------------------------------------------------------------------------------------------- same_padding

SAME_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("You rounded down where no whole number keeps the size: return None there.",
     lambda k, dilation=1: dilation * (k - 1) // 2),
    ("You rounded up where no whole number keeps the size: return None there.",
     lambda k, dilation=1: -(-dilation * (k - 1) // 2)),
    ("k // 2 is right for odd kernels without dilation only.",
     lambda k, dilation=1: k // 2),
    ("There is no half a row of zeros: return None where (k - 1) / 2 is not whole.",
     lambda k, dilation=1: dilation * (k - 1) / 2),
    ("The padding lies on both sides, so half of what is lost is enough.",
     lambda k, dilation=1: dilation * (k - 1)),
    ("The dilation is ignored: the kernel covers dilation * (k - 1) + 1 pixels.",
     lambda k, dilation=1: _same_padding(k) if dilation > 1 else NotImplemented),
    ("An even kernel with an even dilation covers an odd number of pixels, and then there is a padding.",
     lambda k, dilation=1: None if k % 2 == 0 else _same_padding(k, dilation)),
    ("The spread kernel covers dilation * (k - 1) + 1 pixels and not dilation * k.",
     lambda k, dilation=1: _same_padding(dilation * k) if dilation > 1 else NotImplemented),
    ("A 1 x 1 kernel needs no padding at all, which is 0 and not None (and `if not p` takes 0 for nothing).",
     lambda k, dilation=1: None if k == 1 else _same_padding(k, dilation)),
    ("None stands for an even kernel here; an odd one gets a number.",
     lambda k, dilation=1: None),
))


def _explain_same(found: Difference, case: Case) -> str | None:
    k, dilation = case["k"], case.get("dilation", 1)
    return (f"Such a kernel covers {dilation * (k - 1) + 1} pixels, so at stride 1 a side shrinks by "
            f"{dilation * (k - 1)}; the padding p must give back 2p.")


def _same_cases(rng: Generator) -> Iterator[Case]:
    yield from ({"k": k} for k in (2, 5))
    for k, dilation in ((3, 2), (2, 2), (2, 3), (5, 3), (4, 2), (1, 4)):
        yield {"k": k, "dilation": dilation}
    yield from ({"k": k} for k in (1, 4, 7))
    for _ in range(4):
        yield {"k": int(rng.integers(1, 12)), "dilation": int(rng.integers(1, 6))}


same_padding = FunctionCheck(
    call="same_padding(k, dilation=1)",
    reference=_same_padding,
    example={"k": 3},
    cases=_same_cases,
    mistakes=SAME_MISTAKES,
    explain=_explain_same,
)


# ----------------------------------------------------------------------------------------------- output_size

def _room(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Pixels of the padded row that are left over once the kernel lies in its first place."""
    return n + 2 * padding - dilation * (k - 1) - 1


def _where_it_fits(wrong: Callable[[int, int], object]) -> Callable:
    """A mistake about the division, given the room and the stride; it says nothing where nothing fits."""
    def formula(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> object:
        room = _room(n, k, stride, padding, dilation)
        return wrong(room, stride) if room >= 0 else NotImplemented
    return formula


def _where_it_does_not(wrong: Callable[[int, int], object]) -> Callable:
    """A mistake about a kernel that does not fit, given the room (below 0) and the stride."""
    def formula(n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> object:
        room = _room(n, k, stride, padding, dilation)
        return wrong(room, stride) if room < 0 else NotImplemented
    return formula


SIZE_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("That is the formula of the slides, without its floor: there are no fractions of a cell.",
     _where_it_fits(lambda room, stride: room / stride + 1)),
    ("You rounded up: the last window would hang over the edge. That is the ceil convention; here we want "
     "floor.",
     _where_it_fits(lambda room, stride: math.ceil(room / stride) + 1)),
    ("You rounded to the nearest whole number; floor rounds down.",
     _where_it_fits(lambda room, stride: round(room / stride) + 1)),
    ("The + 1 is missing: the first place counts too.",
     _where_it_fits(lambda room, stride: room // stride)),
    ("You added the 1 before dividing by the stride; it comes after.",
     _where_it_fits(lambda room, stride: (room + 1) // stride)),
    ("You refuse where the stride does not fit; here such sizes are rounded down.",
     _where_it_fits(lambda room, stride: NotImplemented if room % stride == 0 else 0)),
    ("A kernel that does not fit has no output: return 0 and no number below it.",
     _where_it_does_not(lambda room, stride: room // stride + 1)),
    ("int(...) cuts off towards 0, so a room just below 0 becomes 0, and then 1 place. A kernel that does not "
     "fit has no output: 0.",
     _where_it_does_not(lambda room, stride: int(room / stride) + 1)),
    ("The kernel does not fit into the padded picture, so there is no output: 0.",
     _where_it_does_not(lambda room, stride: 1)),
    ("The stride is ignored.",
     lambda n, k, stride=1, padding=0, dilation=1: _output_size(n, k, 1, padding, dilation)),
    ("The padding is ignored.",
     lambda n, k, stride=1, padding=0, dilation=1: _output_size(n, k, stride, 0, dilation)),
    ("The padding lies on both sides, so it counts twice.",
     lambda n, k, stride=1, padding=0, dilation=1: _output_size(n + padding, k, stride, 0, dilation)),
    ("The dilation is ignored: the kernel covers dilation * (k - 1) + 1 pixels.",
     lambda n, k, stride=1, padding=0, dilation=1: _output_size(n, k, stride, padding)),
    ("The kernel covers dilation * (k - 1) + 1 pixels and not dilation * k.",
     lambda n, k, stride=1, padding=0, dilation=1: _output_size(n, dilation * k, stride, padding)),
    ("That is the size of the input divided by the stride, as if the padding always gave back what the kernel "
     "costs.",
     lambda n, k, stride=1, padding=0, dilation=1: -(-n // stride)),
    ("Stride and padding changed places: after n and k comes the stride, then the padding.",
     lambda n, k, stride=1, padding=0, dilation=1: _output_size(n, k, padding, stride, dilation)
     if padding else NotImplemented),
))


def _explain_size(found: Difference, case: Case) -> str | None:
    defaults = {"stride": 1, "padding": 0, "dilation": 1}
    room = _room(**{**defaults, **case})
    stride, padding = case.get("stride", 1), case.get("padding", 0)
    spread = case.get("dilation", 1) * (case["k"] - 1) + 1
    if found.rung == "type":
        return None
    if room < 0:
        return f"The kernel covers {spread} pixels and the padded row has only {case['n'] + 2 * padding}: 0."
    return (f"{case['n']} + 2·{padding} - {spread} = {room} pixels are left beside the kernel, and steps of "
            f"{stride} fit into them {room // stride} times; the first place makes one more.")


def _one_step_more(call: Callable, rng: Generator) -> Iterator[Claim]:
    n, k, stride = int(rng.integers(8, 20)), int(rng.integers(1, 6)), int(rng.integers(2, 5))
    case = {"n": n, "k": k, "stride": stride}
    yield Claim("A picture that is larger by one stride has room for exactly one place more.",
                call(n + stride, k, stride), call(n, k, stride) + 1, case,
                (f"output_size({n + stride}, {k}, {stride})", f"output_size({n}, {k}, {stride}) + 1"))


def _size_cases(rng: Generator) -> Iterator[Case]:
    for values in ((4, 2, 1, 1), (4, 2, 2, 1), (4, 2, 2), (4, 2), (7, 3, 2), (8, 3, 3, 1), (9, 3, 1, 0, 2),
                   (10, 3, 2, 2, 3), (5, 5), (6, 4, 4), (4, 6, 2), (3, 4, 3), (5, 9, 2, 1), (3, 3, 1, 0, 2), (2, 9, 3),
                   (6, 2, 3), (224, 7, 2, 3)):
        yield dict(zip(("n", "k", "stride", "padding", "dilation"), values, strict=False))
    for _ in range(12):
        n, k, stride, padding, dilation = (int(rng.integers(low, high)) for low, high in (
            (1, 33), (1, 8), (1, 6), (0, 4), (1, 4)))
        yield {"n": n, "k": k, "stride": stride, "padding": padding, "dilation": dilation}


output_size = FunctionCheck(
    call="output_size(n, k, stride=1, padding=0, dilation=1)",
    reference=_output_size,
    example={"n": 5, "k": 2, "stride": 2},
    cases=_size_cases,
    properties=(_one_step_more,),
    mistakes=SIZE_MISTAKES,
    explain=_explain_size,
    covers=("one stride more, one place more",),
)


# --------------------------------------------------------------------------------------- correlate2d_strided

def _correlate(x: np.ndarray, w: np.ndarray, stride: int | tuple[int, int] = 1, padding: int = 0) -> np.ndarray:
    down, right = (stride, stride) if isinstance(stride, int) else stride
    return ops.correlate2d(x.astype(float), w, 1, padding)[::down, ::right]


def _summed(mistake: Mistake) -> Mistake:
    """A slip of the summing alone, at any stride and padding."""
    return Mistake(mistake.says, lambda x, w, stride=1, padding=0: mistake.wrong(
        _pad2d(x, padding), w)[::stride, ::stride])


def _with_stride(wrong: Callable) -> Callable:
    """A mistake that shows only where the stride is more than 1."""
    return lambda x, w, stride=1, padding=0: wrong(x, w, stride, padding) if stride > 1 else NotImplemented


def _with_padding(wrong: Callable) -> Callable:
    """A mistake that shows only where there is padding."""
    return lambda x, w, stride=1, padding=0: wrong(x, w, stride, padding) if padding else NotImplemented


def _rounded_up(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """The ceil convention: the picture grows by zeros below and to the right until the stride fits."""
    x = _pad2d(x, padding)
    missing = [(0, -(n - k) % stride) for n, k in zip(x.shape, w.shape, strict=True)]
    return _correlate(np.pad(x, missing), w, stride)


def _steps_of_one(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """The right number of windows, each only one pixel further than the last."""
    rows, columns = _correlate(x, w, stride, padding).shape
    return _correlate(x, w, 1, padding)[:rows, :columns]


def _dilated(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    return ops.correlate2d(x.astype(float), w, 1, padding, stride)


def _spread_out(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """Every cell computed, but written into an array of the size of stride 1, with zeros between."""
    y = np.zeros_like(_correlate(x, w, 1, padding))
    y[::stride, ::stride] = _correlate(x, w, stride, padding)
    return y


STRIDED_MISTAKES = (*(Mistake(says, wrong) for says, wrong in (
    ("The stride is ignored: windows start every `stride` pixels, at row i * stride and column j * stride.",
     _with_stride(lambda x, w, stride, padding: _correlate(x, w, 1, padding))),
    ("The output has the right size, but each window is only one pixel further: it starts at row i * stride "
     "and column j * stride.",
     _with_stride(_steps_of_one)),
    ("You spread the kernel instead of its steps: that is dilation. The window stays whole and moves by "
     "`stride` pixels.",
     _with_stride(_dilated)),
    ("The windows are right, but the output is as large as for stride 1, with zeros between: it has one cell "
     "for each window.",
     _with_stride(_spread_out)),
    ("The stride holds for the rows only; the columns must take the same steps.",
     _with_stride(lambda x, w, stride, padding: _correlate(x, w, (stride, 1), padding))),
    ("The stride holds for the columns only; the rows must take the same steps.",
     _with_stride(lambda x, w, stride, padding: _correlate(x, w, (1, stride), padding))),
    ("You rounded up: the last windows hang over the edge. Drop the windows that do not fit (floor).",
     _with_stride(_rounded_up)),
    ("The padding is ignored.",
     _with_padding(lambda x, w, stride, padding: _correlate(x, w, stride))),
    ("The padding was put below and to the right only; half of it belongs above and to the left.",
     _with_padding(lambda x, w, stride, padding: _correlate(np.pad(x, (0, 2 * padding)), w, stride))),
    ("The padding must hold zeros; yours repeats the border of the picture.",
     _with_padding(lambda x, w, stride, padding: _correlate(np.pad(x, padding, "edge"), w, stride))),
    ("The output was padded; it is the picture that gets a frame, before the sums.",
     _with_padding(lambda x, w, stride, padding: np.pad(_correlate(x, w, stride), padding))),
    ("The padding is one row and one column wide whatever `padding` is.",
     lambda x, w, stride=1, padding=0: _correlate(x, w, stride, 1)),
)), *map(_summed, CORRELATION_MISTAKES))


def _explain_strided(found: Difference, case: Case) -> str | None:
    (height, width), (k_h, k_w) = case["x"].shape, case["w"].shape
    stride, padding = case.get("stride", 1), case.get("padding", 0)
    if found.rung == "run" and "broadcast" in found.sentence:
        return ("A window and the kernel differ in shape: is its size that of w, is x padded, and is the padding "
                "counted once only in the output's size?")
    if found.rung != "shape":
        return None
    expected = (f"floor(({height} + 2·{padding} - {k_h}) / {stride}) + 1 = {found.want.shape[0]} rows and "
                f"floor(({width} + 2·{padding} - {k_w}) / {stride}) + 1 = {found.want.shape[1]} columns")
    if found.got.shape == found.want.shape[::-1]:
        return f"Rows and columns changed places: there are {expected}."
    return f"There are {expected}."


def _every_second(call: Callable, rng: Generator) -> Iterator[Claim]:
    x, w = rng.integers(-9, 10, (7, 8)), rng.integers(-3, 4, (3, 2))
    yield Claim("A stride of 2 keeps every second cell of every second row, and computes nothing new.",
                call(x, w, 2, 1), call(x, w, 1, 1)[::2, ::2], {"x": x, "w": w},
                ("stride 2", "every second cell of stride 1"))


def _strided_cases(rng: Generator) -> Iterator[Case]:
    settings = (((6, 6), (3, 3), 2), ((4, 4), (2, 2), 2, 1), ((7, 5), (3, 2), 2, 1), ((5, 8), (2, 3), 3),
                ((6, 7), (1, 1), 2), ((4, 5), (3, 3), 1, 2), ((6, 9), (2, 4), 4, 1), ((5, 5), (5, 5), 3, 0),
                ((3, 4), (2, 2), 5, 1), ((5, 6), (3, 2)))
    for number, (x_shape, w_shape, *rest) in enumerate(settings):
        yield random_case(rng, x_shape, w_shape, whole=number % 2 == 0) | dict(
            zip(("stride", "padding"), rest, strict=False))
    for _ in range(3):
        height, width = (int(side) for side in rng.integers(4, 10, 2))
        kernel = int(rng.integers(1, height)), int(rng.integers(1, width))
        yield random_case(rng, (height, width), kernel) | {
            "stride": int(rng.integers(1, 5)), "padding": int(rng.integers(0, 3))}


correlate2d_strided = FunctionCheck(
    call="correlate2d_strided(x, w, stride=1, padding=0)",
    reference=_correlate,
    example={"x": np.array([[1, 2, 0, 3, 1], [0, 1, 4, 1, 2], [2, 0, 1, 5, 0], [3, 1, 2, 0, 1]]),
             "w": np.array([[1, -2], [0, 3]]), "stride": 2},
    cases=_strided_cases,
    properties=(_every_second,),
    mistakes=STRIDED_MISTAKES,
    explain=_explain_strided,
    covers=("every second cell",),
)


# --------------------------------------------------------------------------------------------- unread_pixels

def _ends(n: int, k: int, stride: int, padding: int) -> tuple[int, int]:
    """First pixel of the first window, and the pixel after the last window; both counted without padding."""
    windows = _output_size(n, k, stride, padding)
    return -padding, (windows - 1) * stride + k - padding


def _reads(n: int, k: int, stride: int, padding: int) -> list[int]:
    unread = set(_unread_pixels(n, k, stride, padding))
    return [pixel for pixel in range(n) if pixel not in unread]


def _one_more_window(n: int, k: int, stride: int, padding: int) -> list[int]:
    start = _output_size(n, k, stride, padding) * stride - padding
    return [pixel for pixel in _unread_pixels(n, k, stride, padding) if not start <= pixel < start + k]


def _pixels(wrong: Callable) -> Callable:
    """A mistake with the defaults of stride and padding filled in."""
    return lambda n, k, stride=1, padding=0: wrong(n, k, stride, padding)


UNREAD_MISTAKES = tuple(Mistake(says, _pixels(wrong)) for says, wrong in (
    ("These are the pixels that are read; the others are asked for.",
     _reads),
    ("That is how many there are; return their indices as a list.",
     lambda n, k, stride, padding: len(_unread_pixels(n, k, stride, padding))),
    ("The gaps between the windows are missing: where the stride is larger than the kernel, pixels between two "
     "windows are skipped.",
     lambda n, k, stride, padding: list(range(max(0, _ends(n, k, stride, padding)[1]), n))),
    ("The pixels after the last window are missing: the next window would not fit, so it is dropped.",
     lambda n, k, stride, padding: [pixel for pixel in _unread_pixels(n, k, stride, padding)
                                    if pixel < _ends(n, k, stride, padding)[1]]),
    ("One window too many: the last one does not fit whole, and is dropped.",
     _one_more_window),
    ("These are indices of the padded row; pixel 0 of the picture is at index `padding` there.",
     lambda n, k, stride, padding: [pixel + padding for pixel in _unread_pixels(n, k, stride, padding)]
     if padding else NotImplemented),
    ("Zeros of the frame are no pixels: count only indices from 0 to n - 1.",
     lambda n, k, stride, padding: [pixel - padding for pixel in _unread_pixels(n + 2 * padding, k, stride)]
     if padding else NotImplemented),
    ("Zeros of the frame are no pixels, and the frame shifts the indices: pixel 0 is at index `padding` of the "
     "padded row.",
     lambda n, k, stride, padding: _unread_pixels(n + 2 * padding, k, stride, 0) if padding else NotImplemented),
    ("The padding is ignored: it moves the windows to the left, and makes room for more.",
     lambda n, k, stride, padding: _unread_pixels(n, k, stride) if padding else NotImplemented),
    ("Only the number of windows knows of the padding; their first pixel must move to -padding as well.",
     lambda n, k, stride, padding: sorted(set(range(n)) - {
         start * stride + a for start in range(_output_size(n, k, stride, padding)) for a in range(k)})
     if padding else NotImplemented),
    ("Negative indices of the frame were taken for pixels at the end of the row: Python's x[-1] is the last "
     "pixel.",
     lambda n, k, stride, padding: sorted(set(range(n)) - {
         (start * stride + a - padding) % n for start in range(_output_size(n, k, stride, padding))
         for a in range(k) if start * stride + a - padding < n})
     if padding else NotImplemented),
    ("No window fits, so no pixel is read: all of them are unread.",
     lambda n, k, stride, padding: [] if not _output_size(n, k, stride, padding) else NotImplemented),
    ("The stride is ignored.",
     lambda n, k, stride, padding: _unread_pixels(n, k, 1, padding)),
))


def _explain_unread(found: Difference, case: Case) -> str | None:
    n, k, stride, padding = case["n"], case["k"], case.get("stride", 1), case.get("padding", 0)
    if found.rung == "type":
        return "Return the indices as a list, for instance sorted(...) of a set."
    count = _output_size(n, k, stride, padding)
    if not count:
        return "No window fits here, so all pixels are unread."
    starts = [window * stride - padding for window in range(min(count, 4))]
    return f"The windows start at {', '.join(map(str, starts))}{' ...' if count > 4 else ''} and read {k} each."


def _unread_cases(rng: Generator) -> Iterator[Case]:
    for values in ((4, 2, 2), (7, 3, 4, 1), (9, 2, 4, 1), (7, 2, 3), (8, 1, 3), (6, 2, 4), (10, 3, 2), (4, 2),
                   (4, 2, 2, 1), (5, 2, 3, 2), (3, 5, 2), (3, 5, 2, 1), (11, 3, 5, 2), (2, 3, 4), (6, 1, 4, 1)):
        yield dict(zip(("n", "k", "stride", "padding"), values, strict=False))
    for _ in range(10):
        n, k, stride, padding = (int(rng.integers(low, high)) for low, high in ((3, 20), (1, 5), (1, 6), (0, 3)))
        yield {"n": n, "k": k, "stride": stride, "padding": padding}


unread_pixels = FunctionCheck(
    call="unread_pixels(n, k, stride=1, padding=0)",
    reference=_unread_pixels,
    example={"n": 5, "k": 2, "stride": 2},
    cases=_unread_cases,
    mistakes=UNREAD_MISTAKES,
    explain=_explain_unread,
)


# ------------------------------------------------------------------------------------------- receptive_field

def _field(step: Callable[[int, int, int, int], tuple[int, int]]) -> Callable:
    """A wrong recurrence from the picture upwards: (size, jump, kernel, stride) -> (size, jump)."""
    def receptive(layers: list) -> int:
        size, jump = 1, 1
        for kernel, stride in layers:
            size, jump = step(size, jump, kernel, stride)
        return size
    return receptive


FIELD_MISTAKES = tuple(Mistake(says, wrong) for says, wrong in (
    ("You added the kernels; windows of neighbouring units overlap, so each layer adds kernel - 1 steps.",
     lambda layers: sum(kernel for kernel, _ in layers)),
    ("You multiplied the kernels, as if the windows of neighbouring units did not overlap.",
     lambda layers: math.prod(kernel for kernel, _ in layers)),
    ("The strides are ignored: above a layer with stride 2, one step is two pixels long.",
     _field(lambda size, jump, kernel, stride: (size + kernel - 1, jump))),
    ("A layer's own stride lengthens the steps of the layers above it, and not its own window: multiply the "
     "jump after its size is added.",
     _field(lambda size, jump, kernel, stride: (size + (kernel - 1) * jump * stride, jump * stride))),
    ("Only the layer's own stride counts in your sum; it is the strides of all layers below that lengthen its "
     "steps.",
     _field(lambda size, jump, kernel, stride: (size + (kernel - 1) * stride, jump))),
    ("Only the stride of the layer just below counts in your sum; multiply the strides of all layers below.",
     _field(lambda size, jump, kernel, stride: (size + (kernel - 1) * jump, stride))),
    ("The strides were added up; they multiply.",
     _field(lambda size, jump, kernel, stride: (size + (kernel - 1) * jump, jump + stride - 1))),
    ("The strides were added up; they multiply, starting from a jump of 1.",
     _field(lambda size, jump, kernel, stride: (size + (kernel - 1) * jump, jump + stride))),
    ("You started from 0: a unit of the picture itself sees 1 pixel.",
     lambda layers: _receptive_field(layers) - 1),
    ("Each layer adds kernel - 1 steps and not kernel.",
     _field(lambda size, jump, kernel, stride: (size + kernel * jump, jump * stride))),
    ("The layers were taken in the wrong order: the first of the list lies next to the picture.",
     lambda layers: _receptive_field(list(layers)[::-1])),
    ("Going down one layer, r units become (r - 1) * stride + kernel, and not r * stride + kernel.",
     lambda layers: _top_down(layers, lambda r, kernel, stride: r * stride + kernel)),
    ("That is the number of pixels of the whole square; its side is asked for.",
     lambda layers: _receptive_field(layers) ** 2),
    ("That is the jump, how far apart two neighbouring units see; the size of what one unit sees is asked for.",
     lambda layers: math.prod(stride for _, stride in layers)),
))


def _top_down(layers: list, step: Callable[[int, int, int], int]) -> int:
    size = 1
    for kernel, stride in reversed(layers):
        size = step(size, kernel, stride)
    return size


def _explain_field(found: Difference, case: Case) -> str | None:
    layers, jump, parts = case["layers"], 1, ["1"]
    if not layers:
        return "Without any layer a unit is a pixel, and sees 1."
    for kernel, stride in layers:
        parts.append(f"{kernel - 1}·{jump}")
        jump *= stride
    return f"From the picture upwards it is {' + '.join(parts)}."


def _one_by_one(call: Callable, rng: Generator) -> Iterator[Claim]:
    layers = [(int(k), int(s)) for k, s in zip(rng.integers(1, 6, 3), rng.integers(1, 4, 3), strict=True)]
    yield Claim("A 1 x 1 layer with stride 1 changes nothing.", call([*layers, (1, 1)]), call(layers),
                {"layers": layers}, ("with a 1 x 1 layer on top", "without"))


def _field_cases(rng: Generator) -> Iterator[Case]:
    for layers in ([(3, 1), (3, 1)], [(3, 2), (3, 1)], [(5, 1), (2, 2), (5, 1), (2, 2)], [(4, 1)], [],
                   [(2, 2), (2, 2), (2, 2)], [(7, 2), (3, 2), (3, 1), (3, 2)], [(1, 3), (5, 1)],
                   [(3, 1), (5, 1), (9, 1)], [(11, 4), (3, 2), (5, 1), (3, 2)]):
        yield {"layers": layers}
    for _ in range(6):
        depth = int(rng.integers(2, 7))
        yield {"layers": [(int(rng.integers(1, 8)), int(rng.integers(1, 4))) for _ in range(depth)]}


receptive_field = FunctionCheck(
    call="receptive_field(layers)",
    reference=_receptive_field,
    example={"layers": [(3, 2), (2, 1)]},
    cases=_field_cases,
    properties=(_one_by_one,),
    mistakes=FIELD_MISTAKES,
    explain=_explain_field,
    covers=("a 1 x 1 layer on top",),
)
