"""ActivationBrowser in Python: maps, windows against gradients, patches against explain's, pictures, what travels."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_lib import data, explain, pretrained
from course_lib.errors import CourseError
from course_lib.models.lenet import LeNet5
from course_lib.models.resnet_cifar import ResNetCIFAR
from course_lib.tracing import trace
from course_lib.widgets import ActivationBrowser
from course_lib.widgets.activation_browser import LARGEST, fitted, packed, tiles, tint, unpacked, window_of, windows

SHAPE = (3, 16, 16)
RNG = np.random.default_rng(31)
PICTURES = RNG.integers(0, 256, (9, 16, 16, 3), dtype=np.uint8)


class Small(nn.Module):
    """Two convolutions, one strided, and what a browser must leave out or follow."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.second = nn.Conv2d(4, 5, (5, 3), stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(5, 2)

    def forward(self, X):
        X = self.dropout(self.relu(self.first(X)))
        return self.head(self.pool(self.relu(self.second(X))).flatten(1))


@pytest.fixture
def small():
    return Small()


def browser(network, picture=PICTURES[0], **more) -> ActivationBrowser:
    return ActivationBrowser(network, picture, **{"input": SHAPE, "pictures": PICTURES, **more})


def test_maps_are_those_of_the_network_and_values_those_of_the_maps(small):
    small.train()
    widget = browser(small, layer="second", channel=2, unit=(1, 3))
    X = torch.from_numpy(PICTURES[:1]).permute(0, 3, 1, 2) / 255
    wanted = explain.feature_maps(small, X)
    assert [one["name"] for one in widget._layers] == ["first", "relu", "second", "relu (2)", "pool"]
    for layer in ("first", "relu", "second", "relu (2)", "pool"):
        widget.layer = layer
        np.testing.assert_allclose(widget.maps, wanted[layer][0], rtol=1e-5, atol=1e-6)
    widget.layer = "second"
    assert widget.value == pytest.approx(float(wanted["second"][0, 2, 1, 3]), rel=1e-5)
    assert small.training and small.dropout.training, "the network is left as it was"


@pytest.mark.parametrize("network, shape", [
    (Small(), SHAPE), (LeNet5(), (1, 28, 28)), (ResNetCIFAR(8, width=2), (3, 18, 20)),
    (nn.Sequential(nn.Conv2d(3, 2, 3, dilation=2), nn.AvgPool2d(3, 2, 1), nn.Conv2d(2, 2, 2)), (3, 13, 18)),
], ids=["small", "lenet", "resnet", "sequential"])
def test_windows_by_the_formula_are_those_by_gradients(network, shape):
    traced = trace(network, shape)
    maps = {name: one for name, one in explain.feature_maps(network, torch.randn(2, *shape)).items()
            if one.dim() == 4 and "(" not in name}
    for name in list(maps)[::2]:
        height, width = maps[name].shape[2:]
        told = windows(network, name, traced, shape, (height, width))
        assert (len(told["rows"]), len(told["columns"])) == (height, width)
        places = [(0, 0), (height // 2, width // 2), (height - 1, width - 1), (height - 1, 0)]
        for (row, column), seen in zip(places, explain.receptive_windows(network, name, shape, places), strict=True):
            assert window_of(told, row, column, shape[1:]) == tuple(seen), (name, row, column)


def test_where_the_formula_cannot_follow_gradients_do():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ConvTranspose2d(2, 2, 2, stride=2))
    told = windows(network, "1", trace(network, SHAPE), SHAPE, (28, 28))
    assert told["rows"][:4] == [[0, 2], [0, 2], [1, 3], [1, 3]] and told["field"] == [3, 3]
    pooled = windows(Small(), "pool", trace(Small(), SHAPE), SHAPE, (1, 1))
    assert pooled["rows"] == [[0, 15]] and pooled["columns"] == [[0, 15]]


def test_the_strongest_patches_are_those_that_explain_finds(small):
    widget = browser(small)
    X = torch.from_numpy(PICTURES).permute(0, 3, 1, 2) / 255
    for layer, channel in (("first", 3), ("second", 0), ("pool", 4)):
        widget.layer, widget.channel = layer, channel
        wanted = explain.strongest_patches(small, X, layer, channel, 5)
        assert [(one["picture"], one["place"]) for one in widget.patches] == [
            (one.picture, one.place) for one in wanted]
        assert [one["answer"] for one in widget.patches] == pytest.approx([one.answer for one in wanted], rel=1e-5)
        assert [one["window"] for one in widget.patches] == [tuple(one.window) for one in wanted]


def test_a_byte_per_unit_keeps_zero_and_the_rest_to_half_a_step():
    maps = RNG.normal(size=(4, 7, 6))
    maps[1] = 0
    maps[2] = np.maximum(maps[2], 0)
    maps[3] = 1 + maps[3] ** 2
    again = unpacked(packed(maps), maps.shape)
    step = np.maximum(maps.max((1, 2)), 0) - np.minimum(maps.min((1, 2)), 0)
    assert (np.abs(again - maps) <= step[:, None, None] / 510 + 1e-5).all()
    assert (again[1] == 0).all() and (again[2][maps[2] == 0] == 0).all()


def test_every_layer_of_the_shipped_network_travels_along():
    widget = ActivationBrowser(pretrained.load("fast_cifar10"), "coffee", pictures=PICTURES)
    names = [one["name"] for one in widget._layers]
    assert sorted(widget._maps) == sorted(widget._patches) == sorted(names) and "groups.2.6" in names
    saved = sum(len(json.dumps(getattr(widget, name))) for name in ("_maps", "_patches", "_layers", "_picture"))
    assert saved < LARGEST + 20_000
    assert widget._picture["says"].count(".") == 3, "three classes with their probabilities"


def test_a_kernel_sends_what_did_not_travel_along(small, monkeypatch):
    monkeypatch.setattr("course_lib.widgets.activation_browser.LARGEST", 1500)
    widget, sent = browser(small, layer="second"), []
    assert "second" in widget._maps and "first" not in widget._maps, "the open one and the smallest others"
    widget.send = sent.append
    widget._handle_custom_msg({"layer": "first"}, [])
    widget._handle_custom_msg({"layer": "unknown"}, [])
    assert [one["layer"] for one in sent] == ["first"]
    widget.layer = "first"
    again = unpacked(sent[0]["maps"], widget.maps.shape)
    assert np.abs(again - widget.maps).max() < 0.02


def test_pictures_of_many_kinds(small, tmp_path):
    file = tmp_path / "own.png"
    Image.fromarray(PICTURES[3]).save(file)
    widget = browser(small, file)
    assert widget._picture["name"] == "own.png"
    np.testing.assert_array_equal(widget.picture, PICTURES[3])
    before = widget.maps
    widget.picture = PICTURES[5]
    np.testing.assert_array_equal(widget.picture, PICTURES[5])
    assert not np.allclose(widget.maps, before)
    widget.picture = str(file)
    widget.picture = RNG.random((40, 30))  # grey, from 0 to 1, upright
    assert widget.picture.shape == (16, 16, 3)
    widget._handle_custom_msg({"photograph": "camera"}, [])
    assert widget._picture["name"] == "camera" and widget.picture.shape == (16, 16, 3)
    pixels = {"name": "me.jpg", "shape": [16, 16, 3], "pixels": widget._picture["pixels"]}
    widget._handle_custom_msg(pixels, [])
    assert widget._picture["name"] == "me.jpg"


def test_the_middle_of_a_picture_is_taken_and_photographs_are_cut_into_tiles():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert (fitted(wide, (3, 10, 10)) == 200).all() and fitted(wide, (1, 5, 5)).shape == (5, 5, 1)
    cut, names = tiles((3, 8, 8))
    assert cut.shape == (9 * len(data.photographs()), 8, 8, 3) and names[9] == list(data.photographs())[1]
    whole = fitted(data.photograph("chelsea"), (3, 24, 24))
    np.testing.assert_array_equal(cut[4], whole[8:16, 8:16])
    assert tiles((1, 65, 40))[0].shape == (len(data.photographs()), 65, 40, 1)


def test_what_a_layer_does_not_have_counts_as_the_nearest(small):
    widget = browser(small, layer="first", channel=3, unit=(15, 2))
    assert widget.chosen == (3, 15, 2)
    widget.layer = "second"
    assert widget.chosen == (3, 5, 2)
    widget.layer, widget.channel = "pool", 99
    assert widget.chosen == (4, 0, 0) and widget.window == (0, 15, 0, 15)


def test_a_module_is_prepared_like_something_else(small):
    trained = pretrained.load("fast_cifar10")
    widget = browser(small, like=trained)
    X = trained.normalised(torch.from_numpy(PICTURES[:1]))
    np.testing.assert_allclose(widget.maps, explain.feature_maps(small, X, ["first"])["first"][0], rtol=1e-4, atol=1e-5)
    twice = browser(small, like=lambda x: x.permute(0, 3, 1, 2) * 2.0)
    assert np.abs(twice.maps).max() > 100


class Flat(nn.Module):
    def forward(self, X):
        return X.flatten(1) * 2


@pytest.mark.parametrize("arguments, more, sentence", [
    ((7,), {}, "network must be a torch module or what pretrained.load gives; got 7"),
    ((Small(),), {"like": 3}, "like must be what pretrained.load gives, or Images, or a function"),
    ((Small(),), {"input": (3, 16)}, r"input must be the shape \(C, H, W\) of one picture"),
    ((Small(),), {"input": (5, 16, 16)}, "C 1 for grey or 3 for colour"),
    ((LeNet5(), PICTURES[0]), {}, r"cannot take an input of 3.16.16"),
    ((Small(), "catt.jpg"), {}, "there is no file 'catt.jpg' and no photograph of that name: give the path"),
    ((Small(), __file__), {}, "cannot be read as a picture: try a PNG or JPEG file"),
    ((Small(), PICTURES), {}, r"photo must be \(H, W\) for grey or \(H, W, 3\)"),
    ((Small(), None), {}, "photo must be an array of numbers or a photograph's name; got None"),
    ((Small(),), {"layers": ["head"]}, r"layer 'head' gives \(1, 2\) and no maps"),
    ((Small(),), {"layers": ["body"]}, "the network has no layer 'body'"),
    ((nn.Sequential(nn.Flatten(), nn.Linear(768, 2)),), {}, "no layer of this network gives maps"),
    ((Small(),), {"pictures": PICTURES / 255}, "images must be whole numbers from 0 to 255"),
    ((Small(),), {"layer": "third"}, "there is no layer 'third' with maps; choose one of 'first', 'relu'"),
    ((Small(),), {"channel": -1}, "channel must be a whole number from 0"),
    ((Small(),), {"unit": 3}, r"unit must be \(row, column\); got 3"),
    ((Small(),), {"scale": "log"}, "scale must be one of 'each map', 'whole layer'; got 'log'"),
    ((Small(),), {"place": 1}, "has no setting 'place'; it has channel"),
])
def test_bad_input_gets_a_sentence(arguments, more, sentence):
    with pytest.raises(CourseError, match=sentence):
        browser(*arguments, **more)


def test_static_form_and_text_need_no_script_and_stay_the_same(small):
    one, other = (browser(small, layer="second", unit=(0, 5))._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == other["text/plain"] and one["text/html"] == other["text/html"]
    assert one["text/plain"].startswith("ActivationBrowser(Small on your array: second, channel 0, unit (0, 5) = ")
    html = one["text/html"]
    assert "<script" not in html and "<svg" not in html and html.count("<img ") == 2 and html.count("<tr>") == 6
    assert "It sees rows 0 to 5 and columns 9 to 13 of the picture of 16\u00d716" in html
    np.testing.assert_array_equal(tint(np.array([0.0, 1, -1])), [[22, 25, 29], [143, 188, 255], [255, 143, 156]])
