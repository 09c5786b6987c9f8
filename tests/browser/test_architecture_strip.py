"""ArchitectureStrip in a bare page: the JavaScript against its Python twin, by mouse and by keyboard."""

import functools

import pytest

from course_lib import models
from course_lib.models.lenet import LeNet5
from course_lib.widgets import ArchitectureStrip
from course_lib.widgets.architecture_strip import box_height, place, totals, values
from tests.networks import Crossed, Dense, Inception

from .drive import unnamed_controls

MODULE = "/widgets/architecture_strip.js"
SHAPES = {"LeNet-5": (1, 28, 28), "ResNet-20": (3, 32, 32), "Inception": (3, 8, 8), "dense": (3, 8, 8),
          "crossed": (3, 8, 8)}


@functools.cache
def strip():
    networks = {"LeNet-5": LeNet5(), "ResNet-20": models.build("resnet20"), "Inception": Inception(3, 4),
                "dense": Dense(4), "crossed": Crossed()}
    return ArchitectureStrip(networks, input=SHAPES)


def plain(widget):
    return widget.get_state([*ArchitectureStrip.state_names(), "_networks", "_letters"])


@pytest.fixture
def mounted(bare_page):
    def mount(**state):
        bare_page.mount(MODULE, {**plain(strip()), **state}, strip()._css)
        bare_page.page.add_style_tag(content=".cnn * { transition: none !important; }")
        return bare_page
    return mount


def boxes(bare, network):
    return bare.page.get_by_role("group", name=f"{network}, layer by layer").locator(".cnn-box")


def focused(page, what="dataset.step"):
    return page.evaluate(f"document.activeElement.{what}")


def test_numbers_and_places_are_those_of_python(bare_page):
    for network in plain(strip())["_networks"]:
        assert bare_page.call(MODULE, "totals", network) == totals(network)
        for variant in ("folded", "everything"):
            owner, elements = network[variant]["owner"], network[variant]["elements"]
            for measure in ("channels", "parameters", "MACs"):
                mine = values(network, owner, measure)
                theirs = bare_page.call(MODULE, "values", network, owner, measure)
                assert theirs == {str(n): value for n, value in mine.items()}
                most = max(mine.values())
                heights = {n: box_height(value, most) for n, value in mine.items()}
                assert bare_page.page.evaluate(
                    "async ([module, values, most]) => { const {boxHeight} = await import(module);"
                    "return values.map((value) => boxHeight(value, most)); }",
                    [MODULE, list(mine.values()), most]) == list(heights.values())
            toggled = [frame[3] for frame in place(elements, heights, 15)["frames"][:1]]
            for settings in ((15, [], True), (15, [], False), (22, toggled, True)):
                assert bare_page.call(MODULE, "place", elements, heights, *settings) == place(
                    elements, heights, *settings)


def test_totals_and_legend_are_told(mounted):
    bare = mounted()
    text = bare.page.locator("section").inner_text()
    assert "5 layers deep" in text and "61,706 parameters, 96% fully connected (59,134)" in text
    assert "20 layers deep" in text and "40.55 million multiply-adds" in text
    legend = bare.page.get_by_label("legend").inner_text()
    assert "convolution" in legend and "residual add" in legend and "concat" in legend and "activation" not in legend
    bare.page.get_by_label("ReLU and norms too").check()
    bare.page.get_by_label("legend").get_by_text("normalisation").wait_for()
    assert boxes(bare, "LeNet-5").count() == 11 and bare.get("everything") is True


def test_a_click_tells_of_a_layer(mounted):
    bare = mounted()
    boxes(bare, "ResNet-20").nth(1).click()
    assert bare.get("chosen") == [1, 3]
    card = bare.page.locator(".cnn-details")
    told = card.inner_text()
    for words in ("convolution stages.0.0.conv1", "16 kernels 3×3, each over all 16 maps, padding 1",
                  "16×32×32 → 16×32×32", "2,336, 0.9% of the network’s (2,304 of the convolution itself)",
                  "2,359,296, 5.8% of the network’s", "5×5 pixels of the input; neighbours’ windows are 1 pixel apart",
                  "batch norm stages.0.0.bn1, ReLU stages.0.0", "3 boxes like it in repeated blocks, 7,008 parameters"):
        assert words in told, told
    assert card.evaluate("card => card.parentElement.querySelector('h3').textContent").startswith("ResNet-20")
    card.get_by_role("button", name="next layer").click()
    assert bare.get("chosen") == [1, 6]
    boxes(bare, "LeNet-5").nth(4).click()
    assert "120 units, each with a weight for every one of 400 numbers" in card.inner_text()
    assert "the whole input" in card.inner_text()
    boxes(bare, "Inception").last.click()
    assert "Stacks the maps of its inputs: 4 + 4 + 4 channels" in card.inner_text()


def test_arrow_keys_move_within_a_strip_which_is_one_tab_stop(mounted):
    bare = mounted()
    page = bare.page
    boxes(bare, "LeNet-5").first.focus()
    page.keyboard.press("ArrowRight")
    assert bare.get("chosen") == [0, 2]
    page.keyboard.press("End")
    assert bare.get("chosen") == [0, 10]
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert bare.get("chosen") == [1, 0], "past the card's one button that is not greyed out, to the next strip"
    for strips in range(len(SHAPES)):
        stops = page.locator(".cnn-canvas").nth(strips).locator("button[tabindex='0']")
        assert stops.count() == 1
    assert unnamed_controls(page, page.locator("section")) == []
    unmarked = page.locator("section :is(input, button, select, [tabindex]):not([data-lm-suppress-shortcuts])")
    assert unmarked.count() == 0, "Notebook 7 listens in the capture phase: each control needs its mark"


def test_up_and_down_change_the_branch(mounted):
    bare = mounted()
    boxes(bare, "Inception").first.focus()
    steps = [focused(bare.page)]
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        bare.page.keyboard.press(key)
        steps.append(focused(bare.page))
    assert steps == ["0", "2", "6", "6", "2"], "the first box of each of three branches, and no farther"


def test_repeats_open_and_close_one_by_one_and_all_at_once(mounted):
    bare = mounted()
    page, inside = bare.page, boxes(bare, "ResNet-20")
    assert inside.count() == 18
    label = page.get_by_role("button", name="3 blocks alike: draw all")
    label.focus()
    page.keyboard.press("Enter")
    assert inside.count() == 24 and focused(page, "textContent") == "fold 3", "the focus stays"
    page.keyboard.press("Enter")
    assert inside.count() == 18
    assert page.get_by_role("button", name="4 blocks of one structure, of different widths: draw all").count() == 1
    page.get_by_label("repeats drawn once").uncheck()
    assert inside.count() == 30 and bare.get("fold") is False
    page.get_by_role("button", name="3 blocks alike: draw one").click()
    assert inside.count() == 24


def test_a_layer_of_a_block_that_is_not_drawn_is_marked_in_its_like(mounted):
    bare = mounted()
    bare.set("chosen", [1, 17])
    bare.page.get_by_text("stages.0.2.conv1").wait_for()
    marked = bare.page.locator(".cnn-chosen")
    assert marked.count() == 1 and marked.get_attribute("data-step") == "3"
    assert "cnn-stands-in" in marked.get_attribute("class")
    bare.set("fold", False)
    bare.page.locator(".cnn-chosen[data-step='17']:not(.cnn-stands-in)").wait_for()
    bare.set("chosen", [0, 1])
    bare.page.locator(".cnn-chosen[data-step='0']").wait_for()


def test_height_shows_what_was_chosen_and_a_box_of_nothing_is_hollow(mounted):
    bare = mounted()
    hollow = boxes(bare, "LeNet-5").and_(bare.page.locator(".cnn-none"))
    assert hollow.count() == 0
    bare.page.get_by_label("height shows").select_option("parameters")
    assert bare.get("height") == "parameters" and hollow.count() == 2
    tall = boxes(bare, "LeNet-5").evaluate_all("all => all.map((box) => box.offsetHeight)")
    assert max(tall) == tall[4] == 84, "the first fully connected layer has the most of all"
    assert "The tallest box: 48,120 parameters" in bare.page.locator("section").inner_text()


@pytest.mark.parametrize("width", [320, 700])
def test_fits_its_column_and_brings_the_chosen_box_into_view(mounted, width):
    bare = mounted(fold=False)
    bare.page.set_viewport_size({"width": width, "height": 800})
    bare.set("chosen", [1, 60])
    box = bare.page.locator(".cnn-chosen")
    box.wait_for()
    assert bare.page.evaluate("document.documentElement.scrollWidth") <= width
    around = box.evaluate("box => [box, box.closest('.cnn-strip')].map((one) => one.getBoundingClientRect().toJSON())")
    assert around[0]["left"] >= around[1]["left"] and around[0]["right"] <= around[1]["right"]
