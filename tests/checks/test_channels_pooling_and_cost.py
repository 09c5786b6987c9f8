"""The checks of notebook 04: their references, their tables of mistakes, by-hand numbers, and bad input."""

import tomllib

import numpy as np
import pytest
from scipy import signal

from course_lib import lessons, ops
from course_lib.checks import channels_pooling_and_cost as check
from course_lib.checks.layer_lists import layer_costs
from course_lib.checks.report import CheckFailed
from tests.harness import ROOT

FUNCTIONS = {
    "conv2d_multi": check.conv2d_multi, "conv2d_multi_bias": check.conv2d_multi_bias,
    "max_pool2d": check.max_pool2d, "avg_pool2d": check.avg_pool2d, "global_avg_pool": check.global_avg_pool,
    "avg_pool_as_conv": check.avg_pool_as_conv, "output_shape": check.output_shape,
    "count_macs": check.count_macs, "activation_bytes": check.activation_bytes,
}
every_function = pytest.mark.parametrize("one", FUNCTIONS.values(), ids=FUNCTIONS)


# ----------------------------------------------------------------------------------------------- references

@every_function
@pytest.mark.parametrize("seed", range(12))
def test_the_reference_passes_whatever_the_seed(one, seed, capsys):
    assert one(one.reference, seed=seed) is None
    out = capsys.readouterr().out
    assert out.startswith(f"✓ {one.name}: the tiny case") and out.count("\n") == 1


def scipy_conv(x, w, b=None):
    maps = [sum(signal.correlate2d(plane * 1.0, kernel, "valid") for plane, kernel in zip(x, kernels, strict=True))
            for kernels in w]
    return np.array(maps) + (0 if b is None else b.reshape(-1, 1, 1))


@pytest.mark.parametrize("seed", range(4))
def test_independent_implementations_pass(seed):
    """Written with other means than the references: scipy, loops, and arithmetic without a layer list."""
    def pool(reduce):
        def pooled(x, size=2, stride=None):
            stride = stride or size
            rows, columns = ((side - size) // stride + 1 for side in x.shape[1:])
            return np.array([[[reduce(plane[i * stride:i * stride + size, j * stride:j * stride + size])
                               for j in range(columns)] for i in range(rows)] for plane in x])
        return pooled

    def kernel(channels, size=2):
        w = np.zeros((channels, channels, size, size))
        for c in range(channels):
            w[c, c] = 1 / size / size
        return w

    assert check.conv2d_multi(scipy_conv, seed=seed) is None
    assert check.conv2d_multi_bias(scipy_conv, seed=seed) is None
    assert check.max_pool2d(pool(np.max), seed=seed) is None
    assert check.avg_pool2d(pool(np.mean), seed=seed) is None
    assert check.avg_pool_as_conv(kernel, seed=seed) is None


@pytest.mark.parametrize(("channels", "size"), [(1, 2), (3, 2), (2, 3), (4, 1)])
def test_average_pooling_is_a_strided_convolution(channels, size):
    x = np.random.default_rng(0).normal(size=(channels, 12, 12))
    strided = check.conv2d_multi.reference(x, check.avg_pool_as_conv.reference(channels, size))[:, ::size, ::size]
    np.testing.assert_allclose(strided, check.avg_pool2d.reference(x, size), rtol=0, atol=1e-12)


VGG = [layer for many, maps in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
       for layer in (*[("conv", maps, 3, 1, 1)] * many, ("pool", 2))]
VGG += [("dense", 4096), ("dense", 4096), ("dense", 1000)]


def test_vgg_16_in_numbers():
    """COURSE.md, slides 29 and 37: 15.47 G multiply-adds, 138,357,544 parameters."""
    assert check.count_macs.reference(VGG, (3, 224, 224)) == 15_470_264_320
    assert sum(parameters for *_, parameters in layer_costs(VGG, (3, 224, 224))) == 138_357_544
    assert check.activation_bytes.reference(VGG, (3, 224, 224)) == 4 * 15_237_608
    assert check.activation_bytes.reference(VGG, (3, 224, 224), 1, False) == 4 * 2 * 64 * 224**2


# --------------------------------------------------------------------------------------------- by-hand numbers

X = np.arange(1, 17).reshape(1, 4, 4)
MIX = (np.array([[[1, 2, 0], [0, 1, 3], [2, 1, 0]], [[0, 1, 1], [2, 0, 1], [1, 0, 2]]]),
       np.array([[[[1, 0], [0, 2]], [[1, 0], [-1, 2]]]]), np.array([1]))
STEP = np.array([[0, 0, 0, 1, 1, 1]] * 3)
SHARPEN = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
TRACE = [("conv", 4, 5, 1, 0), ("conv", 6, 5, 1, 0), ("pool", 2), ("conv", 8, 3, 1, 0)]


def trace(layers, shape):
    shapes = []
    for layer in layers:
        shape = check.output_shape.reference(layer, shape)
        shapes.append(list(shape))
    return shapes


def rescaled(y):
    return ((y - y.min()) / (y.max() - y.min())).ravel().tolist()


SLIDE_14 = [("conv", 4, 5, 1, 0)]
COMPUTED = {
    "side": 28 - 5 + 1,
    "mixed": check.conv2d_multi.reference(*MIX)[0],
    "planes": [np.zeros((maps, 3)).size for maps in (1, 2, 3, 4)],
    "products": [np.zeros((4, 3, 5, 5))[0].size, np.zeros((6, 4, 5, 5))[0].size],
    "layouts": [list(np.zeros((8, 3, 5, 5)).shape[:2][::-1]), list(np.zeros((8, 3, 5, 5)).shape[:2])],
    "shapes": trace(TRACE, (3, 28, 28)),
    "averages": X.reshape(2, 2, 2, 2).mean(axis=(1, 3)),
    "maxima": X.reshape(2, 2, 2, 2).max(axis=(1, 3)),
    "step_edge": [check.max_pool2d.reference(STEP[None], 3, 1)[0, 0], ops.correlate2d(STEP, SHARPEN)[0]],
    "bugged": ops.correlate2d(X[0].astype(float), np.full((2, 2), 1 / 25))[::2, ::2],
    "rescaled": [rescaled(check.avg_pool2d.reference(X)), rescaled(check.avg_pool2d.reference(X) * 4 / 25)],
    "costs": [sum(row[3] for row in layer_costs(SLIDE_14, (3, 28, 28))),
              check.count_macs.reference(SLIDE_14, (3, 28, 28)), np.zeros((3, 28, 28)).size * 4 * 24 * 24],
    "memory": [4 * 304, 4 * np.zeros((4, 24, 24)).size, 64 * 4 * np.zeros((4, 24, 24)).size],
}


def test_the_numbers_of_the_course_description():
    assert COMPUTED["side"] == 24 and COMPUTED["costs"] == [304, 172_800, 5_419_008]
    assert COMPUTED["averages"].tolist() == [[3.5, 5.5], [11.5, 13.5]]
    assert COMPUTED["maxima"].tolist() == [[6, 8], [14, 16]]
    assert COMPUTED["step_edge"][0].tolist() == [0, 1, 1, 1] and COMPUTED["step_edge"][1].tolist() == [0, -1, 2, 1]
    np.testing.assert_allclose(COMPUTED["bugged"], 0.16 * COMPUTED["averages"], rtol=1e-12)


def test_every_by_hand_answer_is_what_numpy_computes(capsys):
    source = tomllib.loads((ROOT / "solutions" / check.LESSON / "lesson.toml").read_text())
    assert set(source["answers"]) == set(COMPUTED) == set(lessons.lesson(check.LESSON)["answers"])
    for name, value in COMPUTED.items():
        np.testing.assert_allclose(np.array(source["answers"][name], dtype=float), np.array(value, dtype=float),
                                   rtol=1e-12)
        check.by_hand(name, value)
    assert capsys.readouterr().out.count("✓") == len(COMPUTED)


# ------------------------------------------------------------------------------------------------- mistakes

def runs(one, mistake):
    """Whether a slip can be made on some case; the matrix product, for instance, wants a square kernel."""
    for case in (one.example, *one.cases(np.random.default_rng(0))):
        try:
            if mistake.wrong(*case.values()) is not NotImplemented:
                return True
        except ValueError:
            continue
    return False


MISTAKES = [pytest.param(one, mistake, id=f"{name}-{index}") for name, one in FUNCTIONS.items()
            for index, mistake in enumerate(one.mistakes) if runs(one, mistake)]


@pytest.mark.parametrize(("one", "mistake"), MISTAKES)
def test_every_mistake_is_called_by_its_name(one, mistake):
    """A student who errs in just this way is told just that, whatever the seed."""
    def student(*arguments):
        try:
            result = mistake.wrong(*arguments)
        except ValueError:
            result = NotImplemented
        return one.reference(*arguments) if result is NotImplemented else result

    for seed in (0, 1, 2):
        with pytest.raises(CheckFailed) as caught:
            one(student, seed=seed)
        assert str(caught.value).endswith(mistake.says)


# ----------------------------------------------------------------------------------------- edges_that_vanish

CHECKERBOARD = np.indices((4, 4)).sum(axis=0) % 2


@pytest.mark.parametrize("picture", [
    CHECKERBOARD, CHECKERBOARD.tolist(), [[0, 9, 0, 9], [0, 0, 0, 0]], np.tile([[5, -1], [2.5, 5]], (4, 4)),
    np.array([[True, False], [False, True], [True, True], [True, True]]),
])
def test_any_picture_whose_edges_vanish_is_right(picture, capsys):
    assert check.edges_that_vanish(picture) is None
    assert "neighbours differ by up to" in capsys.readouterr().out


@pytest.mark.parametrize(("picture", "says"), [
    (None, "not answered yet"), ([[None, 1], [2, 3]], "NaN or infinity"), ("text", "numbers"), (3, "2-D"), ([], "2-D"),
    ([[1, 2], [3]], "equal length"), ([[1, np.nan], [0, 1]], "NaN or infinity"), ([[np.inf, 0]] * 4, "NaN or infinity"),
    (np.zeros((2, 4, 4)), "2-D"), (np.zeros((3, 4)), "even"), (np.zeros((2, 2)), "two windows"),
    (np.zeros((4, 10)), "at most 8"), (np.full((4, 4), 7), "Every pixel of your picture is 7"),
    (np.arange(16).reshape(4, 4), "holds both 5 and 15"), (len, "numbers"), ({"x": 1}, "numbers"),
    ([["a", "b"], ["c", "d"]], "numbers"), ([[1j, 0], [0, 0]], "numbers"),
])
def test_no_such_picture_gets_a_sentence(picture, says):
    with pytest.raises(CheckFailed, match=rf"(?s){says}.*\."):
        check.edges_that_vanish(picture)


def test_sharpening_never_wipes_out_an_edge():
    """What the text says beside the exercise: no frequency is weakened by slide 7's sharpen kernel."""
    response = np.fft.fft2(SHARPEN, (16, 16))
    assert np.abs(response).min() == pytest.approx(1)
