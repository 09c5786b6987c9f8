"""CrudeToFine in Python: a gallery from plain data, a gallery from a network, a sentence for bad input."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_lib import explain
from course_lib.errors import CourseError
from course_lib.widgets import CrudeToFine
from course_lib.widgets.crude_to_fine import crude_to_fine

RNG = np.random.default_rng(31)


def flat(brightness: int, *sides: int) -> np.ndarray:
    return np.full((*sides, 3), brightness, np.uint8)


def unit(number: int, **more) -> dict:
    return {"unit": number, "picture": flat(10 * number, 8, 8), "value": 4.0, "typical": 0.5,
            "patches": [flat(10 * number + 100, 5, 3), flat(10 * number + 105, 4, 5)], "answers": [2.0, 1.0], **more}


GALLERY = [
    {"layer": "first", "field": 5, "units": [unit(1), unit(4)]},
    {"layer": "last", "field": (9, 7), "units": [unit(2, patches=[], answers=[]), unit(3, typical=-0.5), unit(7)]},
]


def cut(sheet: dict, place: int, sides: list[int]) -> np.ndarray:
    """A picture cut out of its sheet, where the browser looks for it."""
    whole = np.asarray(Image.open(BytesIO(b64decode(sheet["url"].split(",")[1]))))
    row, column = divmod(place, sheet["columns"])
    return whole[row * sheet["cell"][0]:, column * sheet["cell"][1]:][:sides[0], :sides[1]]


def test_every_picture_is_where_the_browser_looks_for_it():
    widget = CrudeToFine(GALLERY)
    for row, sheets in zip(widget._rows, widget._sheets, strict=True):
        place = 0
        for n, one in enumerate(row["units"]):
            made = cut(sheets["made"], n, one["side"])
            assert np.abs(made.astype(int) - 10 * one["unit"]).max() <= 4 and made.shape == (8, 8, 3)
            for k, sides in enumerate(one["sides"]):
                patch = cut(sheets["found"], place, sides)
                assert np.abs(patch[1:-1, 1:-1].astype(int) - (10 * one["unit"] + 100 + 5 * k)).max() <= 12
                place += 1
    assert widget._rows[0]["units"][0]["sides"] == [[5, 3], [4, 5]]


def test_numbers_of_a_unit():
    widget = CrudeToFine(GALLERY, chosen=(1, 1))
    assert widget.unit == {"layer": "last", "field": (9, 7), "unit": 3, "value": 4.0, "typical": -0.5, "best": 2.0,
                           "times": 2.0}
    widget.chosen = (1, 0)
    assert widget.unit["best"] is None and widget.unit["times"] is None
    assert [one["unit"] for one in widget.numbers] == [1, 4, 2, 3, 7]
    weak = CrudeToFine([{"layer": "x", "field": 3, "units": [unit(1, answers=[-2.0, -3.0])]}])
    assert weak.unit["best"] == -2 and weak.unit["times"] is None, "a share of what is below zero says nothing"


def test_pictures_of_many_kinds():
    tensor = torch.zeros(3, 6, 4)
    tensor[0] = 1
    given = [tensor, np.ones((6, 4)), np.full((6, 4, 1), 77, np.uint8), RNG.random((300, 200, 3))]
    widget = CrudeToFine([{"layer": "x", "field": 3, "units": [unit(n, picture=one) for n, one in enumerate(given)]}])
    units, sheet = widget._rows[0]["units"], widget._sheets[0]["made"]
    assert [one["side"] for one in units] == [[6, 4]] * 3 + [[96, 64]]
    red, white, grey = (cut(sheet, n, [6, 4]).mean(axis=(0, 1)) for n in range(3))
    np.testing.assert_allclose([red, white, grey], [[255, 0, 0], [255] * 3, [77] * 3], atol=12)


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ReLU(), nn.Flatten(),
                         nn.Linear(200, 2))


def test_a_gallery_from_a_network():
    model = network()
    pictures = RNG.integers(100, 156, (7, 16, 16, 3), dtype=np.uint8)
    widget = crude_to_fine(model, units=3, input=(3, 16, 16), pictures=pictures, patches=2, steps=40, show=False)
    first, last = widget._rows
    assert [row["layer"] for row in widget._rows] == ["0", "3"]
    assert [one["unit"] for one in first["units"]] == [0, 2, 4] and [one["unit"] for one in last["units"]] == [0, 2, 5]
    assert (first["field"], last["field"]) == ([3, 3], [8, 8])
    assert (first["units"][0]["side"], last["units"][0]["side"]) == ([7, 7], [12, 12]), "what a unit sees, and around"
    X = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    maps = explain.feature_maps(model, X, ["3"])["3"]
    found = explain.strongest_patches(model, X, "3", 2, 2)
    told = last["units"][1]
    assert told["typical"] == pytest.approx(float(maps[:, 2].flatten(1).amax(1).median()), rel=1e-5)
    assert told["answers"] == pytest.approx([one.answer for one in found], rel=1e-5)
    assert all(one["value"] > one["typical"] for one in widget.numbers), "what was made excites more than is usual"


def test_layers_and_units_by_name():
    pictures = RNG.integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    model = network()
    more = {"input": (3, 16, 16), "pictures": pictures, "steps": 2, "show": False}
    widget = crude_to_fine(model, ["0", model[3]], {"0": [5], "3": 2}, **more)
    assert [one["unit"] for one in widget.numbers] == [5, 0, 4]
    for arguments, sentence in [
        ((model, ["conv"]), "layers must be 1 to 16 modules of the network or their names, such as '0', '1', '2'"),
        ((model, []), "layers must be 1 to 16 modules"),
        ((model, ["6"]), r"layer '6' gives \(3, 2\) and no maps"),
        ((model, ["0"], [9]), "units must be a number from 1 to 12, or that many channels of layer '0', 0 to 5; got"),
        ((model, ["0"], {"3": 1}), "units has no entry for layer '0'; it has '3'"),
        ((nn.Flatten(),), "this network has no convolution: name the layers to show"),
        ((3,), "network must be a torch module"),
    ]:
        with pytest.raises(CourseError, match=sentence):
            crude_to_fine(*arguments, **more)


def changed(**more) -> list[dict]:
    return [{"layer": "x", "field": 3, "units": [unit(1), unit(2, **more)]}]


@pytest.mark.parametrize("gallery, state, sentence", [
    ([], {}, r"gallery must be a list of 1 to 16 layers.*; got \[\]. crude_to_fine\(network\) makes one"),
    ("fast_cifar10", {}, "gallery must be a list of 1 to 16 layers"),
    ([3], {}, "layer 1 of the gallery must be a dict with layer, field and units; got 3"),
    ([GALLERY[0] | {"layer": 3}], {}, "layer 1 of the gallery must have a name; got 3"),
    ([GALLERY[0] | {"field": "all"}], {}, r"field of layer 'first' must be a number of pixels, or a pair"),
    ([GALLERY[0] | {"units": []}], {}, "layer 'first' must have 1 to 12 units in a list"),
    ([GALLERY[0] | {"units": [{"unit": 3}]}], {}, "unit 1 of layer 'first' must be a dict with unit, picture,"),
    (changed(unit=-1), {}, "unit 2 of layer 'x' must have the number of its channel; got -1"),
    (changed(answers=[1]), {}, "must have an answer for each patch, and at most 9; got 2 patches and 1 answers"),
    (changed(picture=np.zeros((3, 8, 8))), {}, "the picture of unit 2 of layer 'x': photo .*channels come first"),
    (changed(picture="cat"), {}, "the picture of unit 2 of layer 'x' must be an array of numbers"),
    (changed(value=np.nan), {}, "value of unit 2 of layer 'x' must be a finite number; got nan"),
    (changed(typical="low"), {}, "typical of unit 2 of layer 'x' must be a finite number; got 'low'"),
    (GALLERY, {"chosen": (2, 0)}, "chosen must name a row from 0 to 1; got 2"),
    (GALLERY, {"chosen": (0, 2)}, "row 0, layer 'first', has the places 0 to 1; got 2"),
    (GALLERY, {"layer": "x"}, "has no setting 'layer'; it has chosen"),
])
def test_bad_input_gets_a_sentence(gallery, state, sentence):
    with pytest.raises(CourseError, match=sentence):
        CrudeToFine(gallery, **state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (CrudeToFine(GALLERY)._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == "CrudeToFine(5 units of 2 layers, first to last)"
    html = one["text/html"]
    assert html == other["text/html"] and "<script" not in html and "<svg" not in html and html.count("<img ") == 2
    assert "<td>first</td><td>4</td><td>5\u00d75</td><td>4</td><td>2</td><td>0.5</td>" in html
    assert "last, a unit sees 9\u00d77 pixels: pictures made for units 2, 3, 7" in html
