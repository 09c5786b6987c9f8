import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from course_lib.errors import CourseError
from course_lib.sealed import canonical, digest, matches, open_option, recognise, seal_answer, seal_options

SALT = "00_test/answer"


@pytest.mark.parametrize("same", [
    [3, 3.0, np.int8(3), np.float32(3), np.array(3), 2.9999999999999996],
    [0, -0.0, 0.0, np.float64(-0.0), 1e-17],
    [0.1 + 0.2, 0.3, np.float32(0.3), 0.30000004],
    [1 / 3, 0.333333],
    [150_528_000, 150_528_000.0],
    ["1a+2b", " 1A + 2b\n", "1a\N{NO-BREAK SPACE}+ 2b"],
    ["a-b", "A \N{MINUS SIGN} b"],
    [True, np.True_],
])
def test_one_answer_in_many_forms(same):
    assert len({canonical(value) for value in same}) == 1


@pytest.mark.parametrize("one, other", [
    (3, -3), (150_528_000, 150_528_001), (1, True), (1, "1"), (0, ""), (0.333333, 0.333334), (1e300, 1e301),
])
def test_different_answers_stay_different(one, other):
    assert canonical(one) != canonical(other)
    assert digest(one, SALT) != digest(other, SALT)


@pytest.mark.parametrize("bad", [None, float("nan"), np.inf, -np.inf, 1j, [1], {}, np.zeros(2)])
def test_what_is_no_answer(bad):
    with pytest.raises(CourseError, match="expected a finite number or a text"):
        canonical(bad)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.integers(-99, 99), min_size=3, max_size=3), min_size=2, max_size=2),
       st.integers(0, 1), st.integers(0, 2), st.integers(1, 9))
def test_matches_names_the_wrong_cells(answer, row, column, by):
    sealed = seal_answer(answer, SALT)
    assert matches(np.array(answer, dtype=float), sealed).all()
    wrong = np.array(answer)
    wrong[row, column] += by
    expected = np.ones((2, 3), dtype=bool)
    expected[row, column] = False
    np.testing.assert_array_equal(matches(wrong.tolist(), sealed), expected)


def test_matches_takes_scalars_texts_and_unfinished_answers():
    assert matches(24, seal_answer(24, SALT))[()]
    sealed = seal_answer([["1a+2b", 3]], SALT)
    assert matches([["2A", 3.0]], sealed).tolist() == [[False, True]]
    assert matches([[None, float("nan")]], sealed).tolist() == [[False, False]]


@pytest.mark.parametrize("other", [
    3, [1, 2, 3], [[1, 2], [3]], [[[1]]], None, [np.zeros((1, 2)), np.zeros((1, 3))],
])
def test_another_shape_is_told_in_a_sentence(other):
    with pytest.raises(CourseError, match=r"Your answer has shape .*; expected shape \(2, 2\)"):
        matches(other, seal_answer([[1, 2], [3, 4]], SALT))


def test_equal_cells_and_equal_answers_do_not_look_equal():
    one, other = seal_answer([5, 5], SALT), seal_answer([5, 5], "00_test/other")
    assert len({*one["cells"], *other["cells"]}) == 4
    assert one == seal_answer(np.array([5.0, 5.0]), SALT)


def test_a_classic_mistake_is_recognised_whatever_its_shape():
    says = "Das war’s nicht – “same” ✗"
    sealed = seal_answer([1, 2], SALT, [([2, 1], says), ([[1, 2]], "one row too many")])
    assert recognise((2.0, 1), sealed) == says
    assert recognise(np.array([[1, 2]]), sealed) == "one row too many"
    for other in ([1, 2], [2, 2], [2, 1, 0], None, "x", [[2], [1, 1]]):
        assert recognise(other, sealed) is None
    assert says not in str(sealed) and "row" not in str(sealed)


@given(st.lists(st.tuples(st.text(), st.booleans(), st.text()), min_size=1, max_size=5), st.text())
def test_options_come_back_and_look_alike(options, key):
    sealed = seal_options(options, key)
    assert len(set(map(len, sealed))) == 1
    for (text, right, why), data in zip(options, sealed, strict=True):
        assert open_option(data, key, text) == (right, why)


def test_verdicts_leave_no_common_byte():
    """The sealed text of a right option begins in no way of its own."""
    first = {right: {seal_options([("text", right, "why")], f"question {k}")[0][:4] for k in range(64)}
             for right in (True, False)}
    assert len(first[True]) > 32 and len(first[False]) > 32
