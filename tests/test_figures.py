"""Still pictures: tables that show their numbers, images with alternative text, and nothing that needs a script."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from course_lib import figures


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as HTML."""
    pieces = []
    monkeypatch.setattr("IPython.display.display", lambda piece: pieces.append(piece.data))
    return pieces


def pictures(html: str) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"base64,([^\"]+)", html)]


@pytest.mark.parametrize("value, text", [(3, "3"), (0.5, "0.5"), (-1 / 3, "−0.333"), (-0.0001, "0"), (1e6, "1000000")])
def test_numbers_are_short_and_exact(value, text):
    assert figures.number(value) == text


def test_a_table_prints_every_number_and_marks_by_more_than_colour():
    html = figures.table([[1, -2], [0.25, 40]], "input", "x", marked=[[False, True], [False, False]])
    assert re.findall(r">([^<>]+)</td>", html) == ["1", "−2*", "0.25", "40"]
    assert "x 2×2" in html and "<script" not in html and "<svg" not in html


def test_a_large_table_is_cropped_and_says_so():
    html = figures.table(np.zeros((40, 20)), "output", "y & z")
    assert html.count("</td>") == 256 and "first 16 rows and columns" in html and "y &amp; z" in html


def test_a_gallery_shows_each_picture_as_it_is(shown):
    grey, colour = np.full((4, 6), 300.0), np.zeros((5, 3, 3))
    figures.gallery({"white": grey, "black": colour}, "Two <pictures>.")
    white, black = pictures(shown[0])
    assert white.size == (6, 4) and np.array(white).min() == 255, "values beyond 255 are clipped"
    assert black.size == (3, 5) and np.array(black).shape == (5, 3, 3)
    assert 'alt="white"' in shown[0] and "Two &lt;pictures&gt;." in shown[0]


def test_curves_carry_their_numbers_in_the_alternative_text(shown):
    figures.curves(range(3), {"a": [0, 0.5, 1], "b": [2, 2, 2]}, "shift", "miss", "What to see.")
    assert 'alt="miss over shift. a: 0, 0.5, 1; b: 2, 2, 2"' in shown[0] and "What to see." in shown[0]
    assert pictures(shown[0])[0].size[0] > 700


@pytest.mark.parametrize("x, log", [([100, 1000], "x"), (["plain", "permuted"], ""), ([1, 2], "xy")])
def test_a_spread_tells_mean_and_range(shown, x, log):
    figures.spread(x, {"a": [[1, 2, 6], [2, 2, 2]], "b": np.ones((2, 5))}, "labels", "error", "What to see.", log=log)
    told = f"error over labels. a: {x[0]} 3 [1, 6], {x[1]} 2 [2, 2]; b: {x[0]} 1 [1, 1], {x[1]} 1 [1, 1]"
    assert f'alt="{told}"' in shown[0] and "What to see." in shown[0]
    assert pictures(shown[0])[0].size[0] > 700


def test_tables_stand_side_by_side(shown):
    figures.show_tables({"one": (np.eye(2), "input"), "other": (np.eye(3), "output")})
    assert shown[0].count("<table") == 2


PLOTS = {"loss": {"training": ((1, 2, 3), (2.5, 1.25, 1)), "validation": ((1, 3), (3, 2))},
         "accuracy": {"validation": ((1, 3), (0.25, 0.5))}}


def test_panels_carry_their_numbers_in_the_alternative_text():
    html = figures.panels(PLOTS, "epochs", "Three <epochs>.")
    told = ("Over epochs. loss, training: 2.5, 1.25, 1, at last 1; loss, validation: 3, 2, at last 2; "
            "accuracy, validation: 0.25, 0.5, at last 0.5")
    assert f'alt="{told}"' in html and "Three &lt;epochs&gt;." in html
    assert pictures(html)[0].size == (1120, 416)


def test_the_alternative_text_of_long_lines_stays_short():
    html = figures.panels({"loss": {"training": (range(1000), [0.5] * 999 + [0.25])}}, "steps", "")
    assert html.count("0.5,") <= 13 and "at last 0.25" in html


def test_a_sketch_draws_every_line_to_scale_and_names_it():
    svg = figures.sketch(PLOTS, "epochs")
    lines = [[tuple(map(float, point.split(","))) for point in points.split()]
             for points in re.findall(r'points="([^"]+)"', svg)]
    first, second, _ = lines
    assert [len(line) for line in lines] == [3, 2, 2]
    assert first[2] == (330, 230) and second[0][1] == 44, "the last x at the right, lowest and highest at the edges"
    assert first[1][1] == pytest.approx(230 - (230 - 44) * 0.25 / 2, abs=0.1)
    assert "training loss 1<" in svg and "validation loss 2<" in svg and "validation accuracy 0.5<" in svg


def test_a_sketch_of_nothing_or_of_a_level_line_is_a_picture():
    assert "polyline" not in figures.sketch({}, "epochs")
    assert 'points="50.0,230.0 680.0,230.0"' in figures.sketch({"loss": {"training": ((0, 4), (1, 1))}}, "epochs")
