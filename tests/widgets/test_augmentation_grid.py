"""AugmentationGrid in Python: draws, each change by hand, labels at risk, static form, a sentence for bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import AugmentationGrid
from course_lib.widgets.augmentation_grid import NO_DIGIT, ON_ITS_SIDE, draw, reading, uniforms

OFF = {"flip": "none", "padding": 0, "border": "reflect", "rotation": 0, "jitter": 0, "cutout": 0, "mixup": 0}
RAMP = (np.arange(64).reshape(1, 8, 8) * 3).astype(np.uint8)
PAIR = np.concatenate([RAMP, 255 - RAMP])


def only(images=RAMP, **settings):
    return AugmentationGrid(images, **{**OFF, **settings})


def test_nothing_on_changes_nothing():
    grid = only()
    assert (grid.output == RAMP[0][..., None]).all() and grid.targets == [{"picture 0": 1}] * 12
    assert only(PAIR, picture=1).output[0, 0, 0, 0] == 255


def test_draws_are_even_and_the_same_for_the_same_seed():
    drawn = np.array([[next(stream) for _ in range(10)] for stream in (uniforms(seed, copy) for seed in range(40)
                                                                       for copy in range(12))])
    assert 0 <= drawn.min() and drawn.max() < 1
    # 4,800 uniform numbers: their mean is 0.5 with standard deviation 1/sqrt(12 * 4800) = 0.004.
    assert abs(drawn.mean() - 0.5) < 0.02 and abs(drawn.std() - 12**-0.5) < 0.02
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 0.06, "each draw on its own too"
    assert AugmentationGrid(seed=5).draws == AugmentationGrid(seed=5).draws != AugmentationGrid(seed=6).draws


def test_one_setting_does_not_disturb_the_chance_of_another():
    alone, together = only(PAIR, padding=2), only(PAIR, padding=2, flip="left-right", jitter=20, cutout=3, mixup=0.4)
    for one, other in zip(alone.draws, together.draws, strict=True):
        assert (one["row"], one["column"]) == (other["row"], other["column"])


def test_flips():
    for flip, axis in (("left-right", 1), ("up-down", 0)):
        grid = only(flip=flip)
        flipped = [drawn["flipped"] for drawn in grid.draws]
        assert 2 < sum(flipped) < 10
        for out, back in zip(grid.output[..., 0], flipped, strict=True):
            np.testing.assert_array_equal(out, np.flip(RAMP[0], axis) if back else RAMP[0])


@pytest.mark.parametrize("border, mode", [("reflect", "reflect"), ("zeros", "constant")])
def test_windows_are_cut_from_the_padded_picture(border, mode):
    grid = only(padding=3, border=border)
    padded = np.pad(RAMP[0], 3, mode=mode)
    places = set()
    for out, drawn in zip(grid.output[..., 0], grid.draws, strict=True):
        row, column = drawn["row"], drawn["column"]
        places.add((row, column))
        np.testing.assert_array_equal(out, padded[row:row + 8, column:column + 8])
    assert len(places) > 6 and all(0 <= row <= 6 and 0 <= column <= 6 for row, column in places)


def test_rotation_is_anticlockwise_and_exact_at_right_angles():
    from course_lib.widgets.augmentation_grid import _rotate

    picture = RAMP[0][..., None].astype(float)
    for turns in range(-2, 4):
        np.testing.assert_allclose(_rotate(picture, 90 * turns, "zeros"), np.rot90(picture, turns), atol=1e-9)
    grid = only(rotation=20)
    assert max(abs(drawn["angle"]) for drawn in grid.draws) <= 20
    assert (only(np.full((1, 9, 9), 77), rotation=180).output == 77).all(), "reflection brings nothing new"
    assert (only(np.full((1, 9, 9), 77), rotation=180, border="zeros").output == 0).any(), "corners come from outside"


def test_colours_by_hand():
    grid = only(np.full((1, 8, 8, 3), [100, 50, 200]), jitter=50)
    for out, drawn in zip(grid.output, grid.draws, strict=True):
        brightness, _, saturation = drawn["factors"]
        assert all(0.5 <= factor <= 1.5 for factor in drawn["factors"])
        if brightness > 1:
            continue  # nothing is cut off below
        colour = brightness * np.array([100, 50, 200])
        grey = colour @ [0.299, 0.587, 0.114]
        # Contrast draws each channel to the mean brightness first.
        colour = np.clip(grey + drawn["factors"][1] * (colour - grey), 0, 255)
        grey = colour @ [0.299, 0.587, 0.114]
        np.testing.assert_array_equal(out[3, 3], np.clip(np.floor(grey + saturation * (colour - grey) + 0.5), 0, 255))


def test_a_hole_holds_the_mean_and_may_hang_over_the_edge():
    bright = np.zeros((1, 8, 8), np.uint8)
    bright[0, :4] = 200
    sizes = set()
    for out, drawn in zip((grid := only(bright, cutout=4)).output[..., 0], grid.draws, strict=True):
        row, column = drawn["hole"]
        hole = np.zeros((8, 8), bool)
        hole[max(row - 2, 0):row + 2, max(column - 2, 0):column + 2] = True
        sizes.add(int(hole.sum()))
        np.testing.assert_array_equal(out, np.where(hole, 100, bright[0]))
    assert 16 in sizes and min(sizes) < 16


def test_mixup_mixes_pictures_and_labels_alike():
    grid = AugmentationGrid(PAIR, ["dark", "light"], **{**OFF, "mixup": 1})
    for out, drawn, target in zip(grid.output[..., 0], grid.draws, grid.targets, strict=True):
        share = drawn["share"]
        assert drawn["partner"] == 1 and 0 < share < 1
        assert target == {"dark": share, "light": 1 - share}
        np.testing.assert_allclose(out, share * PAIR[0] + (1 - share) * PAIR[1], atol=0.51)
    twins = AugmentationGrid(PAIR, ["cat", "cat"], **{**OFF, "mixup": 1})
    assert all(target == {"cat": pytest.approx(1)} for target in twins.targets)


@pytest.mark.parametrize("alpha", [0.2, 0.4, 1])
def test_mixups_share_follows_beta(alpha):
    settings = {**OFF, "mixup": alpha}
    shares = np.array([draw(seed, 0, (8, 8), 2, 0, settings)["share"] for seed in range(3000)])
    # Beta(a, a) has mean 1/2 and variance 1 / (8 a + 4).
    assert abs(shares.mean() - 0.5) < 0.03
    assert shares.var() == pytest.approx(1 / (8 * alpha + 4), rel=0.06)


def test_a_partner_is_any_other_picture():
    settings = {**OFF, "mixup": 1}
    for picture in range(4):
        partners = {draw(seed, 0, (8, 8), 4, picture, settings)["partner"] for seed in range(60)}
        assert partners == set(range(4)) - {picture}


@pytest.mark.parametrize("label, mirrored, angle, says", [
    ("6", False, 0, "6"), ("6", False, 180, "9"), ("9", False, -170, "6"), ("6", False, 90, ON_ITS_SIDE),
    ("6", False, 360, "6"), ("6", False, 44, "6"), ("6", True, 0, NO_DIGIT), ("6", True, 180, NO_DIGIT),
    ("8", True, 200, "8"), ("0", True, 90, "0"), ("3", True, 0, NO_DIGIT), ("3", True, 180, "3"),
    ("4", False, 180, NO_DIGIT), ("2", False, 180, "2"), ("cat", True, 180, "cat"), ("66", True, 180, "66"),
])
def test_what_a_digit_reads_as(label, mirrored, angle, says):
    assert reading(label, mirrored, angle) == says


def test_a_six_turned_is_a_nine():
    grid = AugmentationGrid(picture=4, **{**OFF, "rotation": 180})
    assert grid.labels[4] == "6" and "9" in grid.readings and "6" in grid.readings
    assert grid.draws[1]["angle"] == pytest.approx(-140, abs=0.5)
    assert "2. 6: turned by \u2212140\u00b0, reads as 9; " in grid.static_html()
    grid.flip, grid.rotation = "up-down", 0
    assert set(grid.readings) == {"6", NO_DIGIT}


def test_of_many_pictures_one_of_each_label_is_kept():
    images = np.arange(500, dtype=np.uint16)[:, None, None].repeat(70, axis=1).repeat(90, axis=2) // 2
    grid = AugmentationGrid(images, np.arange(500) // 60, [f"class {n}" for n in range(9)])
    assert grid.labels == [f"class {n}" for n in (*range(9), 0, 1, 2)]
    assert grid.images.shape == (12, 50, 64, 1) and grid._images["of"] == 500
    assert grid.images[9, 0, 0, 0] == 0 and grid.images[1, 0, 0, 0] == 30
    assert "9 pictures" not in repr(grid) and "'class 0'" in repr(grid)


def test_takes_torch_tensors():
    import torch

    grid = AugmentationGrid(torch.zeros(3, 9, 9, 1, dtype=torch.uint8), torch.tensor([2, 0, 1]))
    assert grid.labels == ["2", "0", "1"] and grid.padding == 1


@pytest.mark.parametrize("arguments, state, sentence", [
    ((RAMP / 255,), {}, "images must be whole numbers from 0 to 255"),
    ((RAMP[:0],), {}, "images is empty"),
    ((np.zeros((2, 3, 8, 8), int),), {}, "channels come first"),
    ((np.zeros((2, 4, 4), int),), {}, "a picture needs at least 8x8 pixels; got 4x4"),
    ((RAMP, [1, 2]), {}, "one label for each picture; got 2 labels, 1 images"),
    ((RAMP, [3], ["a", "b"]), {}, "labels holds 3; class numbers go from 0 to 1"),
    ((None, [3]), {}, "labels were given without images"),
    ((RAMP,), {"picture": 1}, "picture must be 0 to 0 of these pictures; got 1"),
    ((RAMP,), {"padding": 5}, "padding must be at most half of the picture's side, 4; got 5"),
    ((RAMP,), {"cutout": 5}, "cutout must be at most half of the picture's side, 4; got 5"),
    ((RAMP,), {"mixup": 0.2}, "mixup needs two pictures"),
    ((PAIR,), {"mixup": 0.3}, "mixup must be one of 0, 0.2, 0.4, 1 .0: off.; got 0.3"),
    ((PAIR,), {"mixup": "on"}, "mixup must be one of"),
    ((RAMP,), {"flip": True}, "flip must be one of 'left-right', 'none', 'up-down'; got True"),
    ((RAMP,), {"rotation": 270}, "rotation must be a whole number from 0 to 180; got 270"),
    ((RAMP,), {"jitter": 0.4}, "jitter must be a whole number from 0 to 80; got 0.4"),
    ((RAMP,), {"blur": 1}, "has no setting 'blur'; it has .*rotation"),
])
def test_bad_input_gets_a_sentence(arguments, state, sentence):
    with pytest.raises(CourseError, match=sentence):
        AugmentationGrid(*arguments, **state)


def test_what_travels_is_small_and_read_only():
    grid = AugmentationGrid()
    assert len(grid._images["pixels"]) * 4 / 3 + len(grid.static_html()) < 200_000
    with pytest.raises(ValueError, match="read-only"):
        grid.images[0] = 0


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (AugmentationGrid(RAMP, ["<b>"], jitter=20, cutout=2)._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == other["text/plain"] and one["text/html"] == other["text/html"]
    assert "<script" not in one["text/html"] and "<b>" not in one["text/html"]
    assert one["text/html"].count("<img") == 2 and "12. &lt;b&gt;: " in one["text/html"]
    assert one["text/plain"] == ("AugmentationGrid(12 copies of '<b>', seed 9: flip='left-right', padding=1, "
                                 "border='reflect', jitter=20, cutout=2)")
