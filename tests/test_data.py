"""The bundled photographs: all there, in the promised form, and a sentence where one is not."""

from importlib import util

import numpy as np
import pytest

from course_lib.data import photograph, photographs
from course_lib.errors import CourseError


@pytest.mark.parametrize("name", photographs())
def test_every_photograph_is_there_in_the_promised_form(name):
    picture = photograph(name, side=64)
    assert picture.dtype == np.uint8 and max(picture.shape[:2]) == 64 and min(picture.shape[:2]) >= 20
    assert picture.shape[2:] == (() if "grey" in photographs()[name] else (3,)), "as the list says"
    assert picture.std() > 5, "a photograph, not a blank"
    assert photograph(name, side=64, grey=True).shape == picture.shape[:2]


def test_keeps_the_files_own_size_and_the_proportions():
    assert photograph().shape == (300, 451, 3)
    assert photograph("coffee", side=300).shape == (200, 300, 3)
    assert photograph("coffee", side=1).shape == (1, 1, 3)
    assert photograph("camera", side=700).shape == (700, 700)


def test_same_pixels_as_scikit_image():
    skimage_data = pytest.importorskip("skimage.data")
    for name in ("chelsea", "astronaut", "camera", "brick"):
        np.testing.assert_array_equal(photograph(name), getattr(skimage_data, name)())


@pytest.mark.parametrize("arguments, sentence", [
    ({"name": "lena"}, "no photograph 'lena'; choose one of chelsea, .*coins"),
    ({"name": None}, "no photograph None; choose one of"),
    ({"name": ["coins"]}, r"no photograph \['coins'\]"),
    ({"side": 0}, "side must be a whole number of pixels of at least 1; got 0"),
    ({"side": 2.5}, "side must be a whole number .* got 2.5"),
])
def test_bad_input_gets_a_sentence(arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        photograph(**arguments)


def test_missing_scikit_image_is_told_with_its_cure(monkeypatch):
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="pip install scikit-image"):
        photograph()
