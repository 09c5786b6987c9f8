"""The checks of notebook 02: their references, their tables of mistakes and operations, and bad input."""

import types

import numpy as np
import pytest
from scipy import signal

from course_lib.checks import kernels_by_hand as check
from course_lib.checks.report import CheckFailed
from tests.harness import SOURCES, lesson

FUNCTIONS = {
    "correlate2d": check.correlate2d, "correlate2d_shapes": check.correlate2d_shapes,
    "convolve2d": check.convolve2d, "make_kernel": check.make_kernel, "shift": check.shift,
    "is_equivariant": check.is_equivariant,
}
every_function = pytest.mark.parametrize("one", FUNCTIONS.values(), ids=FUNCTIONS)


# ----------------------------------------------------------------------------------------------- references

@every_function
@pytest.mark.parametrize("seed", range(12))
def test_the_reference_passes_whatever_the_seed(one, seed, capsys):
    assert one(one.reference, seed=seed) is None
    out = capsys.readouterr().out
    assert out.startswith(f"✓ {one.name}: the tiny case") and out.count("\n") == 1


@pytest.mark.parametrize("seed", range(5))
def test_scipy_passes(seed):
    """An independent implementation of both sums, in float32 too."""
    def in_float32(x, w):
        return signal.convolve2d(np.float32(x), np.float32(w), "valid")

    assert check.correlate2d(lambda x, w: signal.correlate2d(x, w, "valid"), seed=seed) is None
    assert check.correlate2d_shapes(lambda x, w: signal.correlate2d(x * 1.0, w, "valid"), seed=seed) is None
    assert check.convolve2d(in_float32, seed=seed) is None


def test_kernels_are_those_of_slide_7():
    assert np.array_equal(check.make_kernel.reference("identity"), [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert np.array_equal(check.make_kernel.reference("edge"), [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])
    assert np.array_equal(check.make_kernel.reference("sharpen"), [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    assert np.array_equal(check.make_kernel.reference("box", 5), np.full((5, 5), 0.04))
    for size in (1, 3, 5, 7):
        for name, total in [("identity", 1), ("box", 1), ("edge", 0), ("sharpen", 1)]:
            assert check.make_kernel.reference(name, size).sum() == pytest.approx(total)


def test_a_shift_in_numbers():
    x = np.array([[1, 2, 3], [4, 5, 6]])
    shift = check.shift.reference
    assert np.array_equal(shift(x, 1, 0), [[0, 0, 0], [1, 2, 3]])
    assert np.array_equal(shift(x, 0, -2), [[3, 0, 0], [6, 0, 0]])
    assert np.array_equal(shift(x, -1, 1, True), [[6, 4, 5], [3, 1, 2]])
    assert np.array_equal(shift(x, 2, 0), np.zeros((2, 3)))
    assert np.array_equal(shift(x, 0, 0), x)


# ------------------------------------------------------------------------------------------------- mistakes

def runs(one, mistake):
    """Whether a slip can be made at all on these shapes; the matrix product wants a square kernel."""
    try:
        mistake.wrong(*one.example.values())
    except ValueError:
        return False
    return True


MISTAKES = [pytest.param(one, mistake, id=f"{name}-{index}") for name, one in FUNCTIONS.items()
            for index, mistake in enumerate(one.mistakes) if runs(one, mistake)]


@pytest.mark.parametrize(("one", "mistake"), MISTAKES)
def test_every_mistake_is_called_by_its_name(one, mistake):
    """A student who errs in just this way is told just that, whatever the seed."""
    def student(*arguments):
        result = mistake.wrong(*arguments)
        return one.reference(*arguments) if result is NotImplemented else result

    for seed in (0, 1, 2):
        with pytest.raises(CheckFailed) as caught:
            one(student, seed=seed)
        assert str(caught.value).endswith(mistake.says)


# ------------------------------------------------------------------------------------------------ operations

def test_the_table_of_operations_is_true_of_those_in_the_test_cell():
    """The test cell's probe builds the operations; here it hands them out instead of asking the student."""
    source = next(path for path in SOURCES if path.stem == check.LESSON)
    cell = next(cell for cell in lesson(source).cells if cell.grade_id == "test_is_equivariant")
    caught = []
    namespace = {
        "np": np, "probe": lambda run: run, "is_equivariant": lambda f, x, *move: f,
        "check": types.SimpleNamespace(is_equivariant=lambda run, seed=0: caught.append(run)),
    }
    exec(cell.source, namespace)
    rng = np.random.default_rng(0)
    for name in check.OPERATIONS:
        for down, right in [(1, 2), (1, 0), (2, 0), (-1, 0), (0, 1), (0, 2), (-2, 3), (0, 0)]:
            for shape in [(5, 7), (7, 5), (6, 8)]:
                x = rng.uniform(1, 9, shape)
                f = caught[0](name, x, down, right)
                before, after = f(np.roll(x, (down, right), (0, 1))), np.roll(f(x), (down, right), (0, 1))
                truth = before.shape == after.shape and np.allclose(before, after, rtol=0, atol=1e-9)
                assert check.is_equivariant.reference(name, x, down, right) == truth, (name, down, right)


def test_each_answer_is_asked_for():
    cases = check.is_equivariant.cases(np.random.default_rng(0))
    assert {check.is_equivariant.reference(*case.values()) for case in cases} == {True, False}


# ------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("pair", [
    None, 3, "ab", "text", (), (1,), (1, 2, 3), (None, [[1]]), ([[1, 2]], None), (np.nan, np.nan), {}, {1, 2},
    len, object(), np.zeros(0), np.array(5), ("a", "b"), ([["a"]], [[1]]), ([[]], [[1]]),
    ([[1, 2], [3]], [[1]]), ([[1, np.nan], [0, 1]], [[1]]),
    ([[1, np.inf], [0, 1]], [[1]]), ([[1, 2], [3, 4]], np.ones((3, 3))),
    (np.ones((2, 4)), np.ones((1, 3))), (np.ones((2, 2, 2)), [[1]]), (np.arange(900).reshape(30, 30), [[1]]),
    ([[1, 2], [2, 1]], [[1]]), ([[0, 1j], [0, 0]], [[1]]), ([[object(), 1]], [[1]]), (b"ab", b"c"),
])
def test_no_counterexample_gets_a_sentence(pair):
    with pytest.raises(CheckFailed, match=r"(counterexample|Your).*\."):
        check.transpose_counterexample(pair)


@pytest.mark.parametrize("pair", [
    ([[0, 1], [0, 0]], [[1]]), (np.arange(6).reshape(2, 3), np.ones((1, 1))),
    np.arange(8).reshape(2, 2, 2), ([[1, 2, 0], [2, 5, 1], [0, 1, 7]], [[1, 0], [0, 0]]),
])
def test_any_counterexample_is_right(pair, capsys):
    assert check.transpose_counterexample(pair) is None
    assert "the footnote is wrong" in capsys.readouterr().out
