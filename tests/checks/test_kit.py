"""The ladder of a check, rung by rung, `same`, hints, by-hand answers, and the drawing of what went wrong."""

import functools
import re
import subprocess
import sys

import numpy as np
import pytest

from course_lib import lessons
from course_lib.checks import hint, hints, probe, same
from course_lib.checks.by_hand import judge_by_hand
from course_lib.checks.kit import Claim, FunctionCheck, Mistake
from course_lib.checks.report import SIGN, CheckFailed, Report, Table
from course_lib.errors import CourseError

LESSON = "02_kernels_by_hand"


def doubles(call, rng):
    x = rng.normal(size=(2, 3))
    yield Claim("Twice must be the sum.", call(x, 2), x + x, {"x": x}, ("twice x", "x + x"))


def cases(rng):
    yield {"x": rng.normal(size=(3, 2)), "times": 2}
    yield {"x": rng.integers(1, 9, (2, 2))}
    yield {"x": rng.normal(size=(1, 4)), "times": 0.5}


scale = FunctionCheck(
    call="scale(x, times=3)",
    reference=lambda x, times=3: times * x.astype(float),
    example={"x": np.array([[1, 2, 3], [4, 5, 6]])},
    cases=cases,
    properties=(doubles,),
    mistakes=(Mistake("You divided.", lambda x, times=3: x / times),
              Mistake("Fractions were left alone.",
                      lambda x, times=3: x if x.dtype.kind == "f" else NotImplemented)),
    explain=lambda found, case: f"({found.rung} of {sorted(case)})",
    covers=("doubling",),
)


def right(x, times=3):
    return times * x


def told(function, **how):
    """The sentence that a check raises for a student's function."""
    with pytest.raises(CheckFailed) as caught:
        scale(function, **how)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------- the ladder

def test_a_right_function_gets_one_line_and_nothing_is_returned(capsys):
    assert scale(right) is None
    line = "✓ scale: the tiny case, doubling and 3 more cases (seed 0) are right.\n"
    assert capsys.readouterr().out == line


def test_a_function_is_only_ever_called(capsys):
    """A proxy has no name and no source, takes arguments by position, and gives read-only copies."""
    class Proxy:
        __slots__ = ()

        def __call__(self, *arguments):
            result = np.array(right(*arguments), dtype=np.float32)
            result.flags.writeable = False
            return result

    assert scale(Proxy()) is None
    assert scale(functools.partial(right)) is None


def stops(x, times=3):
    return x[len(x)]


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


def raises(error):
    def function(x, times=3):
        raise error
    return function


def leaves():
    results = []

    def function(x, times=3):
        results.append(x)
        return times * x * len(results)
    return function


def shares():
    buffer = np.zeros((9, 9))

    def function(x, times=3):
        view = buffer[:x.shape[0], :x.shape[1]]
        view[:] = times * x
        return view
    return function


def in_place(x, times=3):
    x *= 3
    return x


def draws_nothing(x, times=3):
    return np.random.default_rng(0).integers(0, 0)


def calls_another(x, times=3):
    return unwritten(x)


def unwritten(x):
    raise NotImplementedError


WRONG = {
    "None": (None, r"scale is None: write the function first"),
    "result": (right(np.ones(3)), r"must be a function, .* an array of shape \(3,\): .*without brackets"),
    "text": ("scale", r"must be a function, .* the text 'scale'"),
    "not written": (raises(NotImplementedError()),
                    r"which scale calls, is not written yet|scale is not written"),
    "calls what is not written": (calls_another, r"unwritten, which scale calls, is not written yet"),
    "NotImplemented": (lambda x, times=3: NotImplemented,
                       r"scale is not written yet: it returns NotImplemented"),
    "no return": (lambda x, times=3: None, r"tiny case the result of scale\(x\) is None: .*`return` missing"),
    "list": (lambda x, times=3: (3 * x).tolist(),
             r"is a list, expected an array of shape \(2, 3\).*np.array\("),
    "number": (lambda x, times=3: 3.0, r"is the number 3, expected an array"),
    "shape": (lambda x, times=3: (3 * x).T,
              r"is of shape \(3, 2\), expected shape \(2, 3\)\. \(shape of \['x'\]\)"),
    "empty": (lambda x, times=3: np.array([[]]), r"is empty, of shape \(1, 0\), expected"),
    "text dtype": (lambda x, times=3: (3 * x).astype(str), r"holds text, expected numbers"),
    "bool dtype": (lambda x, times=3: x > 0, r"holds truth values \(True, False\), expected numbers"),
    "object dtype": (lambda x, times=3: x.astype(object), r"holds object values, expected numbers"),
    "complex dtype": (lambda x, times=3: 3 * x + 0j, r"holds complex numbers.*np.real"),
    "float16": (lambda x, times=3: (3 * x).astype(np.float16), r"holds float16 numbers.*3 digits"),
    "cut": (lambda x, times=3: (times * x).astype(int),
            r"On another case .*whole numbers.*every fraction was cut"),
    "wrapped": (lambda x, times=3: (x * 20).astype(np.int8) if times == 3 else x,
                r"differs in 6 of 6 cells; the first is \[0, 0\]: yours 20, expected 3"),
    "NaN": (lambda x, times=3: np.where(x == 5, np.nan, 3.0 * x),
            r"holds nan in 1 of 6 cells, first at \[1, 1\]"),
    "infinity": (lambda x, times=3: np.full(x.shape, np.inf), r"holds inf in 6 of 6 cells"),
    "value": (lambda x, times=3: 3 * x + (x == 4),
              r"1 of 6 cells; the first is \[1, 0\]: yours 13, expected 12"),
    "a named mistake": (lambda x, times=3: x / times, r"You divided\.$"),
    "property": (lambda x, times=3: 3 * x,
                 r"Twice must be the sum\. Twice x differs from x \+ x in 6 of 6 cells\.$"),
    "random": (lambda x, times=3: times * x if x.size > 4 else x,
               r"On case 2 of seed 0 .* differs in 4 of 4 cells; .* \(values of \['x'\]\)"),
    "keeps": (leaves(), r"another result when it is called a second time"),
    "shares": (shares(), r"changes an earlier one"),
    "in place": (in_place, r"changed its argument x: .*x\.copy\(\)"),
    "IndexError": (stops, r"scale\(x\) stopped with IndexError: .* in line \d+: `return x\[len\(x\)\]`\. "
                   r"Here x has shape \(2, 3\)\. An index runs past the edge"),
    "parameters": (lambda: 3,
                   r"stopped with TypeError: .*calls it as scale\(x, times=3\); keep these parameters"),
    "exit": (raises(SystemExit(1)), r"stopped with SystemExit: 1.*Do not call exit"),
    "unprintable": (raises(Unprintable()), r"stopped with Unprintable, in line"),
    "in NumPy's compiled files": (draws_nothing, r"high <= 0, in line \d+: `return np\.random\.default_rng"),
    "no forward": (raises(NotImplementedError('Module [Net] is missing the required "forward" function')),
                   r"^scale: the network has no method `forward`\. Is it misspelt"),
    "said already": (raises(CheckFailed("Said once.")), r"^Said once\.$"),
    "long message": (raises(ValueError("a" * 999)), r"ValueError: a{297}\.\.\., in line"),
}


@pytest.mark.parametrize(("function", "sentence"), WRONG.values(), ids=WRONG)
def test_each_rung_has_its_own_sentence(function, sentence):
    assert re.search(sentence, told(function), re.DOTALL)


def test_a_mistake_is_named_only_if_it_explains_every_case():
    def divides_where_all_are_whole(x, times=3):
        return x / times if x.dtype.kind == "i" and x.size == 6 else times * x

    assert "You divided" not in told(divides_where_all_are_whole)


def test_a_mistake_behind_a_broken_property_is_named():
    sentence = told(lambda x, times=3: x if x.dtype.kind == "f" else times * x)
    assert "Twice must be the sum" in sentence and "Fractions were left alone" in sentence


def test_the_seed_decides_on_the_random_cases():
    def remembers(x, times=3):
        seen.append(x.copy())
        return times * x

    runs = []
    for seed in (0, 0, 5):
        seen = []
        scale(remembers, seed=seed)
        runs.append(np.concatenate([x.ravel() for x in seen]))
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None, True])
def test_a_seed_is_a_whole_number(seed):
    assert "seed must be a whole number" in told(right, seed=seed)


def test_a_keyboard_interrupt_is_the_students_own():
    with pytest.raises(KeyboardInterrupt):
        scale(raises(KeyboardInterrupt()))


# ------------------------------------------------------------------------------------------------------- same

AGREE = [
    (np.array([1.0, 2.0]), np.array([1, 2])),
    (np.array([1, 2], dtype=np.float32), np.array([1.0, 2.0])),
    (np.float32(1 / 3) * np.ones((2, 2), dtype=np.float32), np.full((2, 2), 1 / 3)),
    (np.array([1e-17]), np.array([0.0])),
    (np.ma.array([[1.0]]), np.array([[1.0]])),
    ([1, 2.0], [1, 2]), ((1, 2), [1, 2]), (np.array([1, 2]), [1, 2]),
    ([[1, 2], [3, 4]], ((1, 2), (3, 4))),
    (5, 5.0), (np.int64(5), 5), (np.array(5), 5), (5.000001, 5.0), (5, np.array(5.0)),
    (True, True), (np.bool_(False), False), (np.array([True]), np.array([True])),
    ("a", "a"), (None, None), ([], []), ((1, "a", None), (1, "a", None)),
    ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1.0}),
]


@pytest.mark.parametrize(("got", "want"), AGREE)
def test_same_agrees_and_returns_none(got, want, capsys):
    assert same(got, want, "it") is None
    assert capsys.readouterr().out == ""


DISAGREE = [
    (None, 1, r"it is None"), (None, np.ones(2), r"it is None"), (None, [1], r"it is None"),
    (None, "a", "it is None"), (None, {}, "it is None"), (None, True, "it is None"),
    (np.zeros((0, 2)), np.ones((2, 2)), r"it is empty, of shape \(0, 2\)"),
    (np.array([]), [1, 2], r"empty"), ([], [1, 2], r"empty"),
    ([1], [1, 2], r"of shape \(1,\), expected shape \(2,\)"),
    ([[1, 2], [3]], [[1, 2], [3, 4]], "unequal length"),
    (np.array([np.nan]), np.array([1.0]), "holds nan"), (float("nan"), 1.0, "is nan, expected a finite"),
    (float("inf"), 1, "finite"),
    (1, True, "is the number 1, expected True or False"), (True, 1, "is True, expected one number"),
    (np.array([1]), np.array([True]), "expected truth values"), ([True, False], [1, 0], "truth values"),
    ([True, 0, 1], [1, 0, 1], "truth values"), (np.array([True, False]), True, "an array of shape"),
    (1 + 0j, 1.0, "complex"), ("1", 1, "the text '1', expected one number"), (1, "1", "expected text"),
    ("a", "b", "is 'a', expected 'b'"), (False, True, "is False, expected True"),
    (0, None, "expected None"), ([1], 1, "a list, expected one number"), (1, [1], "expected a list of 1"),
    ("ab", ["a", "b"], "expected a list of 2"), (["a"], ["a", "b"], "has 1 entries, expected 2"),
    (["a", "c"], ["a", "b"], r"it\[1\] is 'c'"), ((1, None), (1, "x"), r"it\[1\] is None"),
    ({"a": 1}, {"a": 1, "b": 2}, "keys 'a', expected 'a', 'b'"),
    ({"a": 2}, {"a": 1}, r"it\['a'\] is 2, expected 1"),
    ([("a", 1)], {"a": 1}, "expected a dict"), (object(), 1, "is an object, expected one number"),
    (np.ones((2, 2)), np.ones(4), r"of shape \(2, 2\), expected shape \(4,\)"),
    ([1.0], np.ones(1), "is a list, expected an array of shape"),
    (150_528_001, 150_528_000, "150528001, expected 150528000"), (1.0001, 1.0, r"is 1\.0001, expected 1"),
    (np.array([150_528_000.0]), np.array([150_529_000]), "yours 150528000"),
    (1.00002, 1.0, r"1\.00002, expected 1\."), (np.array(["1"]), np.ones(1), "holds text"),
    (np.array([200], dtype=np.uint8), np.array([-56.0]), "holds uint8 numbers, which stop at 0 and 255"),
]


@pytest.mark.parametrize(("got", "want", "sentence"), DISAGREE)
def test_same_says_what_differs(got, want, sentence):
    with pytest.raises(CheckFailed, match=sentence):
        same(got, want, "it")


@pytest.mark.parametrize("want", [np.array([1.0, np.nan]), float("inf"), object(), np.array(["a"])])
def test_same_refuses_what_it_cannot_expect(want):
    with pytest.raises(CourseError, match="The expected value of it"):
        same(1.0 if np.ndim(want) == 0 else np.ones(np.shape(want)), want, "it")


def test_same_takes_a_tolerance():
    assert same(1.05, 1.0, "it", tolerance=0.1) is None
    with pytest.raises(CheckFailed):
        same(1.05, 1.0, "it", tolerance=0.01)


# ---------------------------------------------------------------------------------------------- what is shown

def failure(function) -> Report:
    with pytest.raises(CheckFailed) as caught:
        scale(function)
    return caught.value.report


def test_both_arrays_are_drawn_and_what_differs_is_marked_by_a_sign():
    page = failure(lambda x, times=3: 3 * x + (x == 4))._repr_html_()
    assert page.count("<table") == 3
    assert re.findall(rf"{SIGN}&nbsp;(\d+)", page) == ["13"]
    for number in (1, 2, 3, 4, 5, 6, 9, 12, 15, 18):
        assert f">{number}</td>" in page
    assert page.count('scope="col"') and page.count('scope="row"') and "<caption>" in page
    assert "<script" not in page and "overflow-x" in page


def test_the_text_form_is_aligned():
    lines = repr(failure(lambda x, times=3: 3 * x + (x == 4))).splitlines()
    assert lines == [
        "scale(x), the tiny case",
        "Right so far: type, shape, dtype.",
        "x, shape (2, 3)",
        "  1  2  3",
        "  4  5  6",
        "yours, shape (2, 3)    expected, shape (2, 3)",
        "    3    6    9           3   6   9",
        "  ≠13   15   18          12  15  18",
    ]


def test_outside_ipython_the_report_is_printed():
    code = ("from course_lib.checks import same\nimport numpy as np\n"
            "try: same(np.array([[1.5]]), np.array([[2]]), 'it')\n"
            "except AssertionError as error: print(error)")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "≠1.5" in shown and "it differs in 1 of 1 cells" in shown


def test_ipython_shows_the_sentence_without_a_traceback():
    code = "from course_lib.checks import same; import numpy as np; same(np.zeros(2), np.ones(2), 'it')"
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "CheckFailed: it differs in 2 of 2 cells" in run.stdout
    assert "≠0" in run.stdout and "Traceback" not in run.stdout and ".py" not in run.stdout


def test_numbers_that_differ_late_are_printed_to_where_they_differ():
    with pytest.raises(CheckFailed) as caught:
        same(np.array([1.0001, 2.5]), np.array([1.0, 2.5]), "it")
    assert "≠1.0001" in repr(caught.value.report)


class Hostile:
    def __repr__(self):
        raise RuntimeError

    def __array__(self, *arguments, **options):
        raise RuntimeError


def objects(*values):
    array = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        array[index] = value
    return array


NASTY = [
    np.zeros((300, 400)), np.zeros((2, 3, 40, 50)), np.zeros((0, 3)), np.zeros((2, 0, 3)),
    np.zeros(()), 5, "text", None,
    [[1], [2, 3]], [Hostile()], Hostile(), objects(Hostile(), None, "a" * 99, [1]), {"a": 1},
    np.zeros(3, dtype=[("a", int), ("b", float)]), np.array(["2020-01-01"], dtype="datetime64[D]"),
    np.array([np.nan, np.inf, -np.inf, 1e300, 1e-300, -0.0]), np.array([1 + 2j]), np.array([True]),
    np.ma.masked_all(3),
    np.array([2**63], dtype=np.uint64), np.array(["<script>alert(1)</script>"]), np.longdouble(1) / 3,
]


@pytest.mark.parametrize("values", NASTY, ids=lambda values: type(values).__name__)
def test_drawing_never_raises(values):
    marks = np.ones(np.shape(values), dtype=bool) if isinstance(values, np.ndarray) else None
    report = Report("<title>", (), ((Table("a", values), Table("b", values, "kernel", marks, np.zeros(3))),))
    assert "<script" not in report._repr_html_() and "<title>" not in report._repr_html_()
    assert max(map(len, repr(report).splitlines())) < 400
    assert len(report._repr_html_()) < 60_000


def test_a_large_array_is_cropped_around_the_first_difference():
    got = np.zeros((300, 400))
    got[200, 100] = 7
    with pytest.raises(CheckFailed, match=r"the first is \[200, 100\]") as caught:
        same(got, np.zeros((300, 400)), "it")
    assert "≠7" in repr(caught.value.report)
    assert "rows 199 to 206, columns 99 to 108" in repr(caught.value.report)


# ------------------------------------------------------------------------------------------------------ hints

@pytest.fixture(autouse=True)
def no_hints_opened():
    hints.opened.clear()


def test_hints_open_one_after_the_other(capsys):
    texts = lessons.lesson(LESSON)["hints"]["correlate2d"]
    for count in (1, 2, 3, 3):
        assert hint("correlate2d") is None
        shown = capsys.readouterr().out
        assert [text in shown for text in texts] == [index < count for index in range(3)]
        assert hints.opened["correlate2d"] == count
    assert "That was the last one." in shown


def test_a_number_opens_so_many(capsys):
    hint("shift", 2)
    assert hints.opened["shift"] == 2
    hint("shift", 99)
    assert hints.opened["shift"] == 3
    hint("shift", 1)
    assert hints.opened["shift"] == 1
    assert "1. " in capsys.readouterr().out


@pytest.mark.parametrize("name, advice", [
    ("zzzz", 'such as "correlate2d"'), (None, "as text"), (3, "as text"), (right, "as text"),
    (np.ones(2), "as text"), (["shift"], "did you mean shift"), ("feature map", "did you mean feature_map"),
    ("corelate2d", "did you mean correlate2d"),
])
def test_an_unknown_exercise_gets_the_nearest_names(name, advice):
    with pytest.raises(CourseError, match=f"There is no hint for .*{advice}"):
        hint(name)


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", True])
def test_hint_takes_a_count(count):
    with pytest.raises(CourseError, match="hint takes the number of hints"):
        hint("shift", count)


def test_a_hint_is_text_and_no_markup():
    page = hints.Hints("a", ("x < y & z",), 2)._repr_html_()
    assert "x &lt; y &amp; z" in page and "<script" not in page


# ---------------------------------------------------------------------------------------------------- by hand

BY_HAND = {
    "None": (None, "kernel_sums is not answered yet"),
    "None inside": ([1, None, 1], r"kernel_sums\[1\] is not answered yet: replace None"),
    "dots": ([1, ..., 1], r"kernel_sums\[1\] is not answered yet: replace \.\.\."),
    "too short": ([1, 0], "is a list of 2; expected a list of 3"),
    "one number": (1, "is the number 1; expected a list of 3"),
    "text": ("1 0 1", "is the text '1 0 1'; expected a list of 3"),
    "empty": ([], "empty, of shape"),
    "ragged": ([[1], [0, 1]], "rows of unequal length"),
    "dict": ({"a": 1}, "is a dict; expected"),
    "set": ({1, 0}, "is a set; expected"),
    "function": (right, "is a function; expected"),
    "numbers as text": (["1", "0", "1"],
                        r"kernel_sums\[0\] is the text '1'; write the number without quotes"),
    "words": (["one", "zero", "one"], "all 3 cells are wrong"),
    "NaN": ([1, np.nan, 1], r"kernel_sums\[1\] is nan; expected a finite number"),
    "infinity": (np.array([1, np.inf, 1]), r"\[1\] is inf"),
    "truth": ([1, False, 1], r"kernel_sums\[1\] is False; expected a number"),
    "complex": ([1, 0j, 1], "complex; expected a number"),
    "object": ([1, object(), 1], "an object; expected a number"),
    "one wrong": ([1, 7, 1], r"1 of 3 cells is wrong: \[1\] \(7\)"),
    "classic": ([1, 8, 5], "These are the centres"),
    "nearly": ([1, 0.001, 1], r"1 of 3 cells is wrong"),
}


@pytest.mark.parametrize(("answer", "sentence"), BY_HAND.values(), ids=BY_HAND)
def test_a_wrong_by_hand_answer_gets_a_sentence(answer, sentence):
    with pytest.raises(CheckFailed, match=sentence):
        judge_by_hand(LESSON, "kernel_sums", answer)


@pytest.mark.parametrize("answer", [
    [1, 0, 1], (1.0, 0, 1), np.array([1, 0, 1], dtype=np.int8), [np.float32(1), -0.0, 1], [np.array(1), 0, 1],
    np.array([1, 0, 1], dtype=object),
])
def test_a_right_by_hand_answer_passes_in_any_form(answer, capsys):
    assert judge_by_hand(LESSON, "kernel_sums", answer) is None
    assert capsys.readouterr().out == "✓ kernel_sums: all 3 cells are right.\n"


@pytest.mark.parametrize("name", ["nonsense", None, 3, ["kernel_sums"]])
def test_an_unknown_answer_gets_the_names(name):
    with pytest.raises(CourseError, match="There is no by-hand answer .*kernel_sums"):
        judge_by_hand(LESSON, name, 1)


def test_the_right_numbers_are_not_shown_to_who_is_wrong(capsys):
    with pytest.raises(CheckFailed) as caught:
        judge_by_hand(LESSON, "feature_map", np.full((3, 3), 77))
    shown = str(caught.value) + capsys.readouterr().out + caught.value.report._repr_html_()
    assert "77" in shown
    assert not re.search(r"\b(17|19)\b(?!px)", re.sub(r"<style>.*</style>", "", shown, flags=re.DOTALL))


# ------------------------------------------------------------------------------------------------------ probe

def test_probe_is_the_identity_here():
    assert probe(right) is right


@pytest.mark.parametrize("given", [None, 3, "run", np.ones(2)])
def test_probe_wants_a_function(given):
    with pytest.raises(CourseError, match="probe takes a function"):
        probe(given)


def test_checks_import_nothing_heavy():
    code = ("import sys; from course_lib.checks import hint, kernels_by_hand, probe, same; "
            "print({'torch', 'matplotlib', 'PIL', 'scipy', 'IPython'} & set(sys.modules))")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"
