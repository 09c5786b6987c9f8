"""The checks of notebook 01: their references, their tables of mistakes, by-hand numbers, and bad input."""

import math
import tomllib

import numpy as np
import pytest

from course_lib.checks import why_convolutions as check
from course_lib.checks.report import CheckFailed
from tests.harness import ROOT

FUNCTIONS = {
    "linear_param_count": check.linear_param_count, "conv_param_count": check.conv_param_count,
    "permute_pixels": check.permute_pixels, "error_rate": check.error_rate, "hog_cell": check.hog_cell,
}
every_function = pytest.mark.parametrize("one", FUNCTIONS.values(), ids=FUNCTIONS)


# ----------------------------------------------------------------------------------------------- references

@every_function
@pytest.mark.parametrize("seed", range(12))
def test_the_reference_passes_whatever_the_seed(one, seed, capsys):
    assert one(one.reference, seed=seed) is None
    out = capsys.readouterr().out
    assert out.startswith(f"✓ {one.name}: the tiny case") and out.count("\n") == 1


def test_parameters_are_those_of_real_layers():
    """An independent count; the shapes are those in which torch keeps the weights of Linear and Conv2d."""
    for inputs, outputs in [(150528, 1000), (3, 4)]:
        assert check.linear_param_count.reference(inputs, outputs) == math.prod((outputs, inputs)) + outputs
    for shape in [(4, 3, 5, 5), (6, 1, 5, 3), (64, 3, 7, 7)]:
        k, c, h, w = shape
        assert check.conv_param_count.reference(c, k, h, w, False) == math.prod(shape)
        assert check.conv_param_count.reference(c, k, h, w) == math.prod(shape) + k


def test_pixel_k_of_the_result_is_pixel_permutation_k_of_the_image():
    rng = np.random.default_rng(1)
    images, order = rng.normal(size=(3, 4, 5)), rng.permutation(20)
    got = check.permute_pixels.reference(images, order)
    for k in range(20):
        for n in range(3):
            assert got[n].flat[k] == images[n].flat[order[k]]


def test_a_histogram_in_numbers():
    hog = check.hog_cell.reference
    assert np.array_equal(hog(np.array([[0, 7, 5], [1, 2, 4], [6, 3, 8]])), [0, 0, 0, 0, 0, 0, 5, 0, 0])
    ramp = np.tile(np.arange(6), (5, 1))  # brighter to the right: 0 degrees, g_x = 2 at 3 x 4 pixels
    assert np.array_equal(hog(ramp), hog(ramp[:, ::-1])) and np.array_equal(hog(ramp), [24, 0, 0, 0, 0, 0, 0, 0, 0])
    assert np.flatnonzero(hog(ramp.T)).tolist() == [4], "90 degrees"
    assert np.flatnonzero(hog(np.add.outer(np.arange(5), np.arange(5)))).tolist() == [2], "45 degrees"
    assert not hog(np.full((4, 4), 9)).any()


def test_histograms_agree_with_scikit_image():
    """The middle one of 3 x 3 cells, whose pixels all have neighbours, up to the scale that skimage takes out."""
    feature = pytest.importorskip("skimage.feature")
    for seed in range(5):
        picture = np.random.default_rng(seed).integers(0, 50, (15, 15)).astype(float)
        theirs = feature.hog(picture, orientations=9, pixels_per_cell=(5, 5), cells_per_block=(1, 1),
                             block_norm="L1", feature_vector=False)[1, 1, 0, 0]
        mine = check.hog_cell.reference(picture[4:11, 4:11])
        np.testing.assert_allclose(mine / mine.sum(), theirs, atol=1e-5)


# ------------------------------------------------------------------------------------------------- mistakes

MISTAKES = [pytest.param(one, mistake, id=f"{name}-{index}") for name, one in FUNCTIONS.items()
            for index, mistake in enumerate(one.mistakes)]


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


# ------------------------------------------------------------------------------------------ by-hand numbers

GX, GY = 4 - 1, 3 - 7
RIGHT = {
    "dense_layer": [224 * 224 * 3 * 1000, (224 * 224 * 3 + 1) * 1000],
    "kernel_weights": [np.ones((3, 5, 5)).size, np.ones((4, 3, 5, 5)).size],
    "numbers_in_and_out": [3 * 28 * 28, 4 * (28 - 5 + 1) ** 2, 64 * (28 - 5 + 1) ** 2],
    "one_pixel": [GX, GY, math.hypot(GX, GY), math.degrees(math.atan2(GY, GX)) % 180 // 20],
}
PIXELS, PLACES = 224 * 224 * 3, 24 * 24
# A phrase of the sentence, and the wrong answer that it is about, made as a student would make it.
WRONG = {
    "dense_layer": [
        ("three colours are missing", [224**2 * 1000, 224**2 * 1000 + 1000]),
        ("one class only", [PIXELS, PIXELS + 1]),
        ("multiplied in twice", [224 * 3 * 1000, 224 * 3 * 1000 + 1000]),
        ("not one bias for the whole layer", [PIXELS * 1000, PIXELS * 1000 + 1]),
        ("not to the inputs", [PIXELS * 1000, PIXELS * 1000 + PIXELS]),
        ("wrong order", [PIXELS * 1000 + 1000, PIXELS * 1000]),
        ("counts the biases too", [PIXELS * 1000] * 2),
        ("both together", [PIXELS * 1000, 1000]),
        ("millions", [PIXELS / 1000, (PIXELS + 1) / 1000]),
        ("round number", [150e6, 150e6]),
    ],
    "kernel_weights": [
        ("one slice", [25, 4 * 25]), ("counted the biases", [75 + 1, 4 * (75 + 1)]), ("wrong order", [300, 75]),
        ("You added", [3 + 5 + 5, 4 * (3 + 5 + 5)]), ("Each of the four", [75, 4 * 25]), ("do not share", [75, 75]),
        ("multiplied in twice", [3 * 5, 4 * 3 * 5]), ("multiplications", [75 * PLACES, 300 * PLACES]),
    ],
    "numbers_in_and_out": [
        ("single maps", [28**2, PLACES, PLACES]), ("has three channels", [28**2, 4 * PLACES, 64 * PLACES]),
        ("one map and not three", [3 * 28**2, 12 * PLACES, 192 * PLACES]),
        ("a map of its own", [3 * 28**2, PLACES, PLACES]),
        ("Without padding", [3 * 28**2, 4 * 28**2, 64 * 28**2]),
        ("23×23", [3 * 28**2, 4 * 23**2, 64 * 23**2]), ("the weights of the layer", [3 * 28**2, 4 * 75, 64 * 75]),
        ("the multiplications", [3 * 28**2, 300 * PLACES, 64 * 75 * PLACES]),
    ],
    "one_pixel": [
        ("upper minus lower", [GX, -GY, 5, math.degrees(math.atan2(-GY, GX)) // 20]),
        ("left minus right", [-GX, GY, 5, math.degrees(math.atan2(GY, -GX)) % 180 // 20]),
        ("Both differences", [-GX, -GY, 5, math.degrees(math.atan2(-GY, -GX)) % 180 // 20]),
        ("changed places", [GY, GX, 5, math.degrees(math.atan2(GX, GY)) % 180 // 20]),
        ("added the two lengths", [GX, GY, abs(GX) + abs(GY), 6]), ("square root of that", [GX, GY, GX**2 + GY**2, 6]),
        ("modulo 180 first", [GX, GY, 5, math.degrees(math.atan2(GY, GX)) // 20]),
        ("sign of the angle", [GX, GY, 5, abs(math.degrees(math.atan2(GY, GX))) // 20]),
        ("counted from 0", [GX, GY, 5, 6 + 1]),
        ("modulo 360", [GX, GY, 5, math.degrees(math.atan2(GY, GX)) % 360 // 20]),
        ("orientation; the last", [GX, GY, 5, round(math.degrees(math.atan2(GY, GX)) % 180)]),
        ("halved", [GX / 2, GY / 2, 5 / 2, 6]),
    ],
}
PLAIN = tomllib.loads((ROOT / "solutions" / check.LESSON / "lesson.toml").read_text())


@pytest.mark.parametrize("name", RIGHT)
def test_by_hand_numbers_are_right_and_so_are_their_mistakes(name, capsys):
    assert set(PLAIN["answers"]) == set(RIGHT)
    assert PLAIN["answers"][name] == RIGHT[name]
    assert check.by_hand(name, RIGHT[name]) is None
    assert capsys.readouterr().out.startswith(f"✓ {name}")
    assert len(WRONG[name]) == len(PLAIN["mistakes"][name])
    for phrase, answer in WRONG[name]:
        with pytest.raises(CheckFailed) as caught:
            check.by_hand(name, answer)
        assert phrase in str(caught.value)


def test_numbers_in_the_quiz_are_those_of_the_layers():
    text = next(question for question in PLAIN["quiz"] if question["id"] == "dimension")["options"][0]["why"]
    assert f"{check.conv_param_count.reference(3, 64, 5, 5, False):,} weights" in text
    assert f"{check.linear_param_count.reference(3 * 28 * 28, 64 * 24 * 24, False):,}" in text
