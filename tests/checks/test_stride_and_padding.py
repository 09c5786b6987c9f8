"""The checks of notebook 03: symbolic sums, references, by-hand numbers recomputed, recall and quiz."""

import re
import tomllib

import numpy as np
import pytest

from course_lib import geometry
from course_lib.checks import stride_and_padding as check
from course_lib.checks.report import CheckFailed
from course_lib.lessons import lesson
from course_lib.ops import correlate2d
from course_lib.sealed import matches, recognise
from tests.harness import ROOT

PLAIN = tomllib.loads((ROOT / "solutions" / check.LESSON / "lesson.toml").read_text(encoding="utf-8"))
COMPILED = lesson(check.LESSON)
FUNCTIONS = {name: getattr(check, name) for name in (
    "pad2d", "same_padding", "output_size", "correlate2d_strided", "unread_pixels", "receptive_field")}

X = np.arange(1, 17).reshape(4, 4)
W = np.array([[1, 2], [3, 4]])
LETTERS = np.array([["a", "b"], ["c", "d"]])


def symbolic(x, letters=LETTERS, stride=1, dilation=1):
    """Each output cell as a canonical sum: the letters over the picture, in steps of `stride`."""
    last = [side - dilation for side in x.shape]
    return [[check.canonical_sum("+".join(
        f"{x[i + a * dilation, j + b * dilation]}{letters[a, b]}" for a in (0, 1) for b in (0, 1)))
        for j in range(0, last[1], stride)] for i in range(0, last[0], stride)]


# ------------------------------------------------------------------------------------------- symbolic sums

@pytest.mark.parametrize(("text", "canonical"), [
    ("1a+2b+5c+6d", "1a+2b+5c+6d"), ("6d + 5c + 2b + a", "1a+2b+5c+6d"), ("1A+2B+5C+6D", "1a+2b+5c+6d"),
    ("1*a + 2·b + 5×c + (6d)", "1a+2b+5c+6d"), ("a*1+b*2+c5+d·6", "1a+2b+5c+6d"), ("(1·a)+(2·b)", "1a+2b"),
    ("d", "1d"), ("1d", "1d"), ("0a+0b+0c+1d", "1d"), ("0 + 0 + 0 + d", "1d"), ("+d", "1d"), ("0", "0"), ("0a", "0"),
    ("a+a", "2a"), ("3a-2a", "1a"), ("2b\N{MINUS SIGN}3a", "-3a+2b"), ("10a+11b+14c+15d", "10a+11b+14c+15d"),
])
def test_equal_sums_have_one_form(text, canonical):
    assert check.canonical_sum(text) == canonical
    assert check.canonical_sum(canonical) == canonical


@pytest.mark.parametrize("text", ["", "  ", "44", "1a+2b+5c+6", "1a 2b", "ab", "1.5a", "y=1a", "1a++2b", "a+", "(1a",
                                  "*a", "1a+2b)", "a²"])
def test_what_is_no_sum_is_not_taken_for_one(text):
    assert check.canonical_sum(text) is None


def test_different_sums_stay_different():
    rng = np.random.default_rng(0)
    texts = ["+".join(f"{n}{letter}" for n, letter in zip(row, "abcd", strict=True))
             for row in rng.integers(0, 3, (60, 4))]
    values = {text: tuple(map(int, re.findall(r"\d", text))) for text in texts}
    assert len({check.canonical_sum(text) for text in texts}) == len(set(values.values()))


def test_sealed_sums_are_in_canonical_form():
    for name in [name for name in PLAIN["answers"] if name.startswith("sums_")]:
        for answer in [PLAIN["answers"][name], *(one["answer"] for one in PLAIN["mistakes"][name])]:
            for text in np.ravel(np.array(answer, dtype=object)):
                assert check.canonical_sum(text) == text, name


@pytest.mark.parametrize(("answer", "says"), [
    (None, "not answered yet"), ([[None] * 3] * 3, r"\[0, 0\] is not answered yet"), ([[...] * 3] * 3, "not answered"),
    ([[1, 2, 3]] * 3, r"\[0, 0\] is the number 1; expected a sum"), ([["1a+2b+5c+6d", "2a"], ["3a"]], "unequal length"),
    ("1a+2b", "expected 3 x 3"), ([["one"] * 3] * 3, '"one", which cannot be read as a sum'),
    ({"a": 1}, "is a dict; expected a sum"),
])
def test_strange_answers_get_a_sentence(answer, says):
    with pytest.raises(CheckFailed, match=says):
        check.by_hand("sums_stride_1", answer)


# ---------------------------------------------------------------------------------------------- by hand

PADDED = np.pad(X, 1)
SIDES = [((4 - 2 + 2 * p) / s + 1) for s, p in ((1, 0), (2, 0), (2, 1), (1, 1))]
SETTINGS = ((5, 2, 2, 0), (7, 3, 2, 0), (224, 11, 4, 0), (8, 3, 2, 1))
STACKS = ([(3, 1)] * 2, [(3, 1)] * 3, [(3, 2), (3, 1)], [(5, 1), (2, 2), (5, 1), (2, 2)])


def conventions():
    exact = [(w - k + 2 * p) / s + 1 for w, k, s, p in SETTINGS]
    return [[np.floor(one), np.ceil(one), one if one % 1 == 0 else "no"] for one in exact]


RIGHT = {
    "sums_stride_1": symbolic(X),
    "values_stride_1": correlate2d(X, W),
    "sums_stride_2": symbolic(X, stride=2),
    "values_stride_2": correlate2d(X, W, 2),
    "sums_padded": symbolic(PADDED, stride=2),
    "values_padded": correlate2d(X, W, 2, 1),
    "sides": [geometry.output_size(4, 2, s, p) for s, p in ((1, 0), (2, 0), (2, 1), (1, 1))],
    "padding_that_keeps": [(k - 1) // 2 if k % 2 else "no" for k in range(1, 8)],
    "conventions": conventions(),
    "fields": [geometry.receptive_fields([geometry.Conv(1, k, s) for k, s in stack])[-1].size for stack in STACKS],
}
TURNED, ONES = W[::-1, ::-1], np.ones((2, 2))
EDGE = np.pad(X, 1, mode="edge")


def transposed(sums):
    return [list(row) for row in zip(*sums, strict=True)]


def in_a_row():
    return [[f"{x}a+{x + 1}b+{x + 2}c+{x + 3}d" for x in row[:3]] for row in X[:3]]


def fields_by(step):
    sizes = []
    for stack in STACKS:
        size, jump = 1, 1
        for kernel, stride in stack:
            size, jump = step(size, jump, kernel, stride)
        sizes.append(size)
    return sizes


HALVES = [(k - 1) / 2 for k in range(1, 8)]
ROUNDED = conventions()
# A phrase of the sentence, and the wrong answer that it is about, made as a student would make it.
MISTAKES = {
    "sums_stride_1": [
        ("true convolution", symbolic(X, LETTERS[::-1, ::-1])), ("b and c changed", symbolic(X, LETTERS.T)),
        ("column by column", transposed(symbolic(X))), ("windows of stride 2", symbolic(X, stride=2)),
        ("four numbers in a row", in_a_row())],
    "values_stride_1": [
        ("true convolution", correlate2d(X, TURNED)), ("transposed the kernel", correlate2d(X, W.T)),
        ("column by column", correlate2d(X, W).T), ("without multiplying", correlate2d(X, ONES)),
        ("the mean", correlate2d(X, W) / 4), ("windows of stride 2", correlate2d(X, W, 2))],
    "sums_stride_2": [
        ("one pixel only", [row[:2] for row in symbolic(X)[:2]]), ("dilation 2", symbolic(X, dilation=2)),
        ("dilation 2", [[symbolic(X, dilation=2)[0][0]]]), ("column by column", transposed(symbolic(X, stride=2))),
        ("true convolution", symbolic(X, LETTERS[::-1, ::-1], 2)),
        ("down by one only", [row[::2] for row in symbolic(X)[:2]])],
    "values_stride_2": [
        ("one pixel only", correlate2d(X, W)[:2, :2]), ("column by column", correlate2d(X, W, 2).T),
        ("true convolution", correlate2d(X, TURNED, 2)), ("down by one only", correlate2d(X, W)[:2, ::2]),
        ("dilation 2", correlate2d(X, W, dilation=2)), ("without multiplying", correlate2d(X, ONES, 2))],
    "sums_padded": [
        ("stride 1 with padding 1", symbolic(PADDED)), ("without the frame", symbolic(X, stride=2)),
        ("heading of the slide, 2 by 2, is wrong", [row[:2] for row in symbolic(PADDED, stride=2)[:2]]),
        ("true convolution", symbolic(PADDED, LETTERS[::-1, ::-1], 2)),
        ("column by column", transposed(symbolic(PADDED, stride=2))),
        ("frame holds zeros", symbolic(np.pad(X, 1, constant_values=1), stride=2)),
        ("repeats the border", symbolic(EDGE, stride=2))],
    "values_padded": [
        ("stride 1 with padding 1", correlate2d(X, W, 1, 1)), ("without the frame", correlate2d(X, W, 2)),
        ("heading of the slide, 2 by 2, is wrong", correlate2d(X, W, 2, 1)[:2, :2]),
        ("true convolution", correlate2d(X, TURNED, 2, 1)), ("column by column", correlate2d(X, W, 2, 1).T),
        ("without multiplying", correlate2d(X, ONES, 2, 1)), ("repeats the border", correlate2d(EDGE, W, 2))],
    "sides": [
        ("claims twice", [3, 2, 2, 4]), ("heading of slide 28", [3, 2, 2, 5]),
        ("what the slide claims. Put p = 1", [3, 2, 4, 4]),
        ("last one stays 4", [3, 2, 3, 4]), ("third stays 4", [3, 2, 4, 5]), ("+ 1", [side - 1 for side in SIDES]),
        ("2p in the formula", [(4 - 2 + p) / s + 1 for s, p in ((1, 0), (2, 0), (2, 1), (1, 1))]),
        ("after the division", [(4 - 2 + 2 * p + 1) / s for s, p in ((1, 0), (2, 0), (2, 1), (1, 1))])],
    "padding_that_keeps": [
        ("up for even", np.ceil(HALVES)), ("down for even", np.floor(HALVES)), ("half a row", HALVES),
        ("twice what is needed", [k - 1 for k in range(1, 8)]), ("for one kernel only", [1] * 7),
        ("0 is a whole number", ["no", *RIGHT["padding_that_keeps"][1:]])],
    "conventions": [
        ("formula of the slides", [[(w - k + 2 * p) / s + 1] * 2 + [row[2]]
                                   for (w, k, s, p), row in zip(SETTINGS, ROUNDED, strict=True)]),
        ("changed places", [[up, down, third] for down, up, third in ROUNDED]),
        ("+ 1", [[down - 1, up - 1, third if third == "no" else third - 1] for down, up, third in ROUNDED]),
        ("whole number is not rounded", [[down, down + 1, third] for down, up, third in ROUNDED]),
        ("nothing is refused", [[down, up, "no"] for down, up, third in ROUNDED]),
        ("All but the last row", [*ROUNDED[:3], [(8 - 3 + 1) / 2 + 1] * 3]),
        ("does not round", [[down, up, down] for down, up, third in ROUNDED])],
    "fields": [
        ("added the kernels", fields_by(lambda size, jump, k, s: (size - (jump == 1) + k, 2))),
        ("multiplied the kernels", fields_by(lambda size, jump, k, s: (size * k, 1))),
        ("strides are missing", fields_by(lambda size, jump, k, s: (size + k - 1, 1))),
        ("own stride", fields_by(lambda size, jump, k, s: (size + (k - 1) * jump * s, jump * s))),
        ("started from 0", [size - 1 for size in RIGHT["fields"]]),
        ("whole square", [size**2 for size in RIGHT["fields"]]), ("Only the third", [5, 7, 5, 16])],
}


@pytest.mark.parametrize("name", PLAIN["answers"])
def test_by_hand_answers_recomputed(name):
    assert matches(RIGHT[name], COMPILED["answers"][name]).all()


@pytest.mark.parametrize("name", PLAIN["answers"])
def test_classic_mistakes_recomputed(name):
    told = []
    for phrase, wrong in MISTAKES[name]:
        says = recognise(wrong, COMPILED["answers"][name])
        assert says and phrase in says, f"{np.array(wrong, dtype=object).tolist()}: expected {phrase!r} in {says!r}"
        told.append(says)
    assert len(told) == len(COMPILED["answers"][name]["mistakes"]), "a mistake of lesson.toml is not recomputed here"


def test_sums_and_values_agree():
    """a, b, c, d = 1, 2, 3, 4 in each sealed sum gives the sealed value."""
    for kind in ("stride_1", "stride_2", "padded"):
        sums, values = (PLAIN["answers"][f"{what}_{kind}"] for what in ("sums", "values"))
        worth = [[sum(int(term[:-1]) * " abcd".index(term[-1]) for term in text.split("+")) for text in row]
                 for row in sums]
        assert worth == values


# ------------------------------------------------------------------------------------------- references

@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("seed", range(8))
def test_the_reference_passes_whatever_the_seed(name, seed, capsys):
    one = FUNCTIONS[name]
    assert one(one.reference, seed=seed) is None
    assert capsys.readouterr().out.startswith(f"✓ {name}: the tiny case")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_mistake_is_caught_and_named(name):
    """Each classic mistake, run as a student's function, fails and is told its own sentence or one as true of it."""
    one = FUNCTIONS[name]
    sentences = {mistake.says for mistake in one.mistakes}
    own = 0
    for mistake in one.mistakes:
        def wrong(*values, mistake=mistake):
            result = mistake.wrong(*values)
            return one.reference(*values) if result is NotImplemented else result
        with pytest.raises(CheckFailed) as caught:
            one(wrong)
        assert any(says in str(caught.value) for says in sentences), (mistake.says, str(caught.value))
        own += mistake.says in str(caught.value)
    assert own >= 0.75 * len(one.mistakes), "most mistakes must be told apart"


def test_strided_correlation_is_torchs():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    for _ in range(40):
        height, width, k_h, k_w, stride, padding = (int(rng.integers(*ends)) for ends in (
            (4, 11), (4, 11), (1, 5), (1, 5), (1, 5), (0, 3)))
        x, w = rng.normal(size=(height, width)), rng.normal(size=(k_h, k_w))
        want = torch.nn.functional.conv2d(torch.tensor(x)[None, None], torch.tensor(w)[None, None],
                                          stride=stride, padding=padding)[0, 0].numpy()
        np.testing.assert_allclose(check.correlate2d_strided.reference(x, w, stride, padding), want, atol=1e-12)
        sizes = [check.output_size.reference(n, k, stride, padding) for n, k in ((height, k_h), (width, k_w))]
        assert tuple(sizes) == want.shape


def test_what_the_quiz_says_is_so():
    size, unread = geometry.output_size, geometry.unread_pixels
    assert size(224, 7, 2, 3) == 112 and (224 - 7 + 6) / 2 == 111.5 and size(224, 7, 2) == 109
    assert size(4, 2, 2, 1) == 3 and size(4, 2, 1, 1) == 5
    assert [size(32, 5, 1, 2), size(32, 4, 1, 2), size(32, 3, 1, 2, 2), size(32, 3, 2, 1)] == [32, 33, 32, 16]
    assert unread(10, 3, 2) == [9] and 100 - 9**2 == 19
    assert len(unread(28, 1, 2)) == 14, "a quarter of the pixels is read"
    assert all(len(unread(28, 1, 2, padding)) == 14 for padding in (0, 1, 2))

    def field(*stack):
        return geometry.receptive_fields([geometry.Conv(1, *layer) for layer in stack])[-1].size
    assert field((3,), (3,)) == field((5,)) == 5
    assert field((3, 2), (3,), (3,)) == 1 + 2 + 4 + 4
    assert field(*[(3, 1, 0, 2)] * 3) == 13
    offsets = {a + b + c for a in (-2, 0, 2) for b in (-2, 0, 2) for c in (-2, 0, 2)}
    assert sorted(offsets) == [-6, -4, -2, 0, 2, 4, 6] and 3**3 == 27
