"""ParameterCounter in Python: state, twin, static form, and a sentence for each bad input."""

import math
import re

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import ParameterCounter
from course_lib.widgets.parameter_counter import count, memory


def test_starts_with_slide_3():
    counter = ParameterCounter()
    assert counter.counts["dense"] == 150_528_000 and counter.counts["convolution"] == 300
    assert counter.counts["dense_bytes"] == 602_112_000
    counter.bias = True
    assert counter.counts["dense"] == 150_529_000 and counter.counts["convolution"] == 304
    counter.kernels = 1
    assert counter.counts["convolution"] == 76


def test_the_same_map_made_dense():
    """Slides 9 to 14: four kernels on 3x28x28, and the number that COURSE.md gives for a dense layer."""
    counts = count(28, 3, 1000, 5, 4, "same maps")
    assert counts["map"] == 24 and counts["dense_outputs"] == 2304
    assert counts["dense"] == 5_419_008 == math.prod((4, 24, 24, 3, 28, 28))


def test_only_the_dense_layer_grows():
    small, large = count(32, 3, 10, 3, 8), count(64, 3, 10, 3, 8)
    assert large["dense"] == 4 * small["dense"] and large["convolution"] == small["convolution"]


def test_every_count_is_exact_in_a_browser():
    largest = {name: trait.most for name, trait in ParameterCounter.class_traits().items() if hasattr(trait, "most")}
    counter = ParameterCounter(**{**largest, "kernel": 1}, bias=True, dense="same maps")
    assert counter.counts["dense"] < 2**53


@pytest.mark.parametrize("size, text", [
    (4, "4 bytes"), (300, "300 bytes"), (999, "999 bytes"), (1000, "1 kB"), (1200, "1.2 kB"), (19456, "19.5 kB"),
    (999_499, "999 kB"), (999_600, "1 MB"), (1_125_000, "1.13 MB"), (602_112_000, "602 MB"),
    (21_676_032_000, "21.7 GB"), (3.6e16, "36 PB"), (5e19, "50000 PB"),
])
def test_memory_as_people_read_it(size, text):
    assert memory(size) == text


@pytest.mark.parametrize("state, sentence", [
    ({"side": 0}, "side must be a whole number from 1 to 512; got 0"),
    ({"side": 513}, "side must be a whole number from 1 to 512"),
    ({"channels": 2.5}, "channels must be a whole number"),
    ({"outputs": -1}, "outputs must be a whole number"),
    ({"kernel": "5x5"}, "kernel must be a whole number"),
    ({"kernels": None}, "kernels must be a whole number"),
    ({"kernels": True}, "kernels must be a whole number"),
    ({"dense": "maps"}, "dense must be one of 'classes', 'same maps'; got 'maps'"),
    ({"bias": 1}, "bias must be True or False"),
    ({"size": 3}, "has no setting 'size'; it has .*side"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        ParameterCounter(**state)


def test_a_kernel_that_does_not_fit_is_explained():
    counter = ParameterCounter(side=3)
    with pytest.raises(CourseError, match="5x5 does not fit into a picture of 3x3: use a smaller"):
        _ = counter.counts
    assert "does not fit" in counter.static_html() and "does not fit" not in ParameterCounter(side=5).static_html()


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (ParameterCounter(side=np.int64(100))._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == other["text/plain"] == (
        "ParameterCounter(100x100x3 to 1000 classes, against 4 kernels of 3x5x5, bias=False)")
    assert one["text/html"] == other["text/html"]
    assert "<table" in one["text/html"] and "<svg" not in one["text/html"]
    rows = re.findall(r"<tr><td[^>]*>(\d+)</td><td[^>]*>([\d,]+)</td><td[^>]*>([^<]*)</td><td[^>]*>300<",
                      one["text/html"])
    assert ("224", "150,528,000", "602 MB") in rows and ("100", "30,000,000", "120 MB") in rows
    assert [int(side) for side, *_ in rows] == sorted(int(side) for side, *_ in rows)
