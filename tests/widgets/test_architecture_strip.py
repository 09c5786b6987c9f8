"""ArchitectureStrip in Python: structure, numbers, state, static form, and a sentence for each bad input."""

import re

import pytest
import torch
from torch import nn

from course_lib import look, models
from course_lib.errors import CourseError
from course_lib.models.lenet import LeNet5
from course_lib.widgets import ArchitectureStrip
from course_lib.widgets.architecture_strip import HIGHEST, LOWEST, box_height, owners, place, structure, totals, values
from tests.networks import Crossed, Dense, Inception, conv


def told(network: dict, variant: str = "folded") -> str:
    """The structure in the legend's letters: [one|other branch|~ shortcut], 3(three copies), <tangle>."""
    def say(elements):
        text = ""
        for element in elements:
            if isinstance(element, int):
                text += look.LETTERS[network["steps"][element]["kind"]]
            elif "copies" in element:
                equal = "" if element["same"] else "~"
                text += f"{len(element['copies'])}{equal}({say(element['copies'][0])})"
            elif "branches" in element:
                text += f"[{'|'.join([*map(say, element['branches']), *['~'] * element['skip']])}]"
            else:
                text += f"<{say(element['tangle'])}>"
        return text
    return say(network[variant]["elements"])


def drawn(network, shape, variant="folded"):
    return told(ArchitectureStrip(network, input=shape)._networks[0], variant)


def test_lenet_as_on_slide_35():
    assert drawn(LeNet5(), (1, 28, 28)) == "CMCMFFF"
    assert drawn(LeNet5(), (1, 28, 28), "everything") == "CRMCRMFRFRF"


def test_residual_blocks_have_a_shortcut_and_repeats_are_found():
    assert drawn(models.build("resnet20"), (3, 32, 32)) == "C3([CC|~]+)[CC|~]+2([CC|~]+)[CC|~]+2([CC|~]+)AF"
    everything = drawn(models.build("resnet20"), (3, 32, 32), "everything")
    assert everything.startswith("CNR3([CNRCN|~]+R)[CNRCN|~]+R2(")


def test_parallel_branches_of_different_widths():
    network = nn.Sequential(Inception(3, 4), Inception(12, 5), nn.MaxPool2d(2), Inception(15, 6))
    assert drawn(network, (3, 8, 8)) == "2~([C|CC|MC]&)M[C|CC|MC]&"


def test_a_growing_stack_is_handed_on():
    assert drawn(Dense(4), (3, 8, 8)) == "4~([C|~]&)"


def test_sums_of_several_are_one_box_and_gates_are_no_shortcut_of_their_own():
    class Sums(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = conv(3, 3), conv(3, 3)

        def forward(self, X):
            X = X + self.a(X) + self.b(X)
            return X * torch.sigmoid(X)

    assert drawn(Sums(), (3, 8, 8)) == "[C|C|~]+"


def test_what_crosses_is_drawn_in_order_with_arcs():
    network = ArchitectureStrip(Crossed(), input=(3, 8, 8))._networks[0]
    tangle, last = network["folded"]["elements"]
    assert told(network) == "<CC+CC>+" and network["steps"][last]["kind"] == "residual add"
    assert tangle["arcs"] == [[-1, 1], [0, 2], [0, 4], [3, 5]], "by places in the tangle; 5 is the sum behind it"


@pytest.mark.parametrize("name, structure, depth, weighted, parameters, connected", [
    ("alexnet", "CMCMCCCMDFDFF", 8, 8, 61_100_840, 58_631_144),
    ("googlenet", "CMCCM2~([C|CC|CC|MC]&)M5~([C|CC|CC|MC]&)M2~([C|CC|CC|MC]&)ADF", 22, 58, 6_624_904, 1_025_000),
    ("resnet152", "CM[CCC|C]+2([CCC|~]+)[CCC|C]+7([CCC|~]+)[CCC|C]+35([CCC|~]+)[CCC|C]+2([CCC|~]+)AF", 152, 156,
     60_192_808, 2_049_000),
])
def test_the_lectures_networks(name, structure, depth, weighted, parameters, connected):
    torchvision = pytest.importorskip("torchvision")
    settings = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    with torch.device("meta"):
        strip = ArchitectureStrip({name: getattr(torchvision.models, name)(**settings)})
    assert told(strip._networks[0]) == structure
    sums = strip.totals[name]
    assert [sums[key] for key in ("depth", "weighted", "parameters", "fully_connected", "unused")] == [
        depth, weighted, parameters, connected, 0]


def test_a_box_counts_all_that_is_drawn_in_it():
    network = ArchitectureStrip(models.build("resnet20"), input=(3, 32, 32))._networks[0]
    owner = network["folded"]["owner"]
    first = values(network, owner, "parameters")[0]
    assert first == 3 * 16 * 9 + 2 * 16, "a convolution without bias and its batch norm"
    for measure in ("parameters", "MACs"):
        all_of_it = totals(network)[measure.lower()]
        assert sum(values(network, owner, measure).values()) == all_of_it
        assert sum(values(network, network["everything"]["owner"], measure).values()) == all_of_it
    assert values(network, owner, "channels")[0] == 16


def test_an_eighth_is_half_as_tall_and_no_box_vanishes():
    assert [box_height(value, 4096) for value in (4096, 512, 64, 1, 0)] == [HIGHEST, HIGHEST // 2, 21, LOWEST, LOWEST]
    assert box_height(0, 0) == LOWEST


@pytest.mark.parametrize("network, shape", [
    (LeNet5(), (1, 28, 28)), (models.build("resnet20"), (3, 32, 32)), (Inception(1, 3), (1, 8, 8)),
    (Crossed(), (3, 8, 8)),
], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("fold", [True, False])
def test_boxes_do_not_overlap_and_stay_inside(network, shape, fold):
    strip = ArchitectureStrip(network, input=shape)
    folded = strip._networks[0]["folded"]
    heights = {n: 14 + 3 * (n % 7) for n in values(strip._networks[0], folded["owner"], "channels")}
    plan = place(folded["elements"], heights, 15, fold=fold)
    spots = [(x, y, x + 15, y + heights[n]) for n, x, y in plan["boxes"]]
    assert fold or {n for n, *_ in plan["boxes"]} == set(heights)
    for n, (a, b, c, d) in enumerate(spots):
        assert a >= 0 and c <= plan["width"] and b >= -plan["up"] and d <= plan["down"]
        assert not any(a < g and e < c and b < h and f < d for e, f, g, h in spots[:n])


def test_toggled_blocks_are_drawn_the_other_way():
    folded = ArchitectureStrip(models.build("resnet20"), input=(3, 32, 32))._networks[0]["folded"]
    heights = dict.fromkeys(range(len(folded["owner"])), 14)
    few, all_of_it = (place(folded["elements"], heights, 15, fold=fold) for fold in (True, False))
    first = few["frames"][0][3]
    more, fewer = (place(folded["elements"], heights, 15, [first], fold) for fold in (True, False))
    counts = [len(plan["boxes"]) for plan in (few, more, fewer, all_of_it)]
    assert counts == [18, 24, 24, 30]
    assert [frame[4:] for frame in more["frames"]] == [[3, True, True], [2, True, False], [2, True, False]]


def test_layers_are_told_in_plain_dicts_and_cannot_be_changed_through_them():
    strip = ArchitectureStrip({"small": LeNet5(), "same": LeNet5()}, input=(1, 28, 28))
    first = strip.layers("same")[0]
    assert (first["name"], first["kernel"], first["groups"], first["shared"]) == ("features.0", (5, 5), 1, False)
    assert first["field"] == ((5, 5), (1, 1)) and first["macs"] == 117_600
    first["macs"] = 0
    assert strip.layers()[0]["macs"] == 117_600
    with pytest.raises(CourseError, match="there is no network 'large'; the strip shows 'small', 'same'"):
        strip.layers("large")


def test_every_network_has_its_input():
    strip = ArchitectureStrip({"a": nn.ReLU(), "b": nn.Tanh()}, input={"b": (1, 5, 4)})
    assert [network["shape"] for network in strip._networks] == [(3, 224, 224), (1, 5, 4)]


@pytest.mark.parametrize("networks, state, sentence", [
    ("LeNet-5", {}, r"str must be a torch module \(nn.Module\); got 'LeNet-5'"),
    (LeNet5, {}, "is the class LeNet5 itself"),
    ({}, {}, "draws 1 to 8 networks; got 0"),
    ({"net": LeNet5()}, {}, r"net cannot take an input of 3×224×224: its layer features.0, Conv2d\(1, 6"),
    ({"net": nn.Identity()}, {}, "net ran, but none of its layers could be seen"),
    ({"net": nn.ReLU()}, {"input": {"nut": (3,)}}, "input names 'nut', but the networks are 'net'"),
    (nn.ReLU(), {"input": 224}, "the input of ReLU must be the shape of one image"),
    (nn.ReLU(), {"height": "depth"}, "height must be one of 'channels', 'parameters', 'MACs'; got 'depth'"),
    (nn.ReLU(), {"fold": 1}, "fold must be True or False; got 1"),
    (nn.ReLU(), {"chosen": (1, 0)}, "chosen must name a network from 0 to 0; got 1"),
    (nn.ReLU(), {"chosen": (0, 1)}, "the layers of ReLU are 0 to 0; got 1"),
    (nn.ReLU(), {"depth": 3}, "has no setting 'depth'; it has chosen, everything, fold, height"),
])
def test_bad_input_gets_a_sentence(networks, state, sentence):
    with pytest.raises(CourseError, match=sentence):
        ArchitectureStrip(networks, **state)


def test_static_form_and_text_need_no_script_and_stay_the_same():
    strips = [ArchitectureStrip({"LeNet-5": LeNet5()}, input=(1, 28, 28)) for _ in range(2)]
    one, other = (strip._repr_mimebundle_()[0] for strip in strips)
    assert one["text/plain"] == other["text/plain"] == "ArchitectureStrip(LeNet-5: 61,706 parameters)"
    assert one["text/html"] == other["text/html"] and "<script" not in one["text/html"]
    assert "59,134 (96%)" in one["text/html"] and "416,520" in one["text/html"]
    assert 'alt="LeNet-5: 2 convolution, 2 max pool, 3 fully connected."' in one["text/html"]
    strips[0].height = "MACs"
    html = strips[0].static_html()
    assert "multiply-adds; a hollow box" in html
    pictures = [re.search(r"base64,([^\"]+)", text)[1] for text in (html, one["text/html"])]
    assert pictures[0] != pictures[1]


def test_a_step_without_a_box_before_it_has_its_own():
    steps = ArchitectureStrip(nn.Sequential(nn.ReLU(), nn.Conv2d(3, 2, 1)), input=(3, 4, 4)).layers()
    owner = owners(steps, False)
    assert owner == [0, 1] and structure(steps, owner) == [0, 1]
