"""The site, opened from the file system with the network off: every page, every link, every widget."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, expect

from course_lib.errors import CourseError
from course_lib.instructor.release import repository
from course_lib.instructor.site import explorables, lessons
from course_lib.instructor.site.__main__ import main
from course_lib.instructor.site.build import TEXTS, Site
from course_lib.instructor.source import source_files
from course_lib.widgets import _HOMES

from .drive import PATIENCE, ROOT, unnamed_controls

RUN = "02_kernels_by_hand"
NAMES = [path.stem for path in source_files(ROOT)]
WIDGETS = {one.slug: one for one in explorables.catalogue()}
PAGES = [*("index", "explore", "notebooks", "results"), *(f"explore/{slug}" for slug in WIDGETS),
         *(f"notebooks/{name}" for name in NAMES), *(page.removesuffix(".html") for page in TEXTS.values())]
SEVERE = ("serious", "critical")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, one of its notebooks run."""
    folder = tmp_path_factory.mktemp("site") / "site"
    assert main(["--out", str(folder), "--run", RUN]) == 0
    return folder


@pytest.fixture
def visit(browser: Browser, site: Path) -> Iterator:
    """Opens a page from the file system, the network off; a request to anywhere else or an error fails the test."""
    contexts, faults = [], []

    def open_page(name: str, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: None if re.match(r"(data|blob):|file:///", asked.url) else
                faults.append(f"asks for {asked.url}"))
        page.goto((site / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


class Links(HTMLParser):
    """Addresses and ids of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.found, self.loaded, self.ids = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.found += [given[name] for name in ("href", "src", "srcset") if given.get(name)]
        self.loaded += [given[name] for name in ("href", "src", "srcset") if given.get(name) and tag != "a"]
        self.ids += [given["id"]] if given.get("id") else []
        if "data-model" in given and given["data-model"].startswith("explore/"):
            self.found.append(f"/assets/{given['data-model']}.js")
        if "data-view" in given:
            self.found.append(f"/assets/views/{given['data-view']}.js")


def test_every_widget_of_the_course_is_on_the_site():
    missing = set(_HOMES) - {one.name for one in WIDGETS.values()}
    assert not missing, f"explorables.toml has no entry for {', '.join(sorted(missing))}"


def test_no_link_is_dead(site):
    address, seen = repository(ROOT), {path: Links(path) for path in site.rglob("*.html")}
    assert {path.relative_to(site).with_suffix("").as_posix() for path in seen} == set(PAGES)
    dead, count = [], 0
    for path, page in seen.items():
        for link in page.found:
            count += 1
            parts = urlsplit(link)
            if link.startswith((address + "/blob/main/", address + "/tree/main/")):
                file = re.sub(r"^/(blob|tree)/main/", "", link.removeprefix(address)).partition("#")[0]
                alive = (ROOT / file).exists()
            elif parts.scheme in ("http", "https"):
                alive = link not in page.loaded  # to be followed by a person who has a network
            elif parts.scheme == "data":
                alive = True
            else:
                target = site / parts.path[1:] if parts.path.startswith("/") else path.parent / unquote(parts.path)
                target = (target if parts.path else path).resolve()
                alive = target.exists() and (not parts.fragment or {parts.fragment, unquote(parts.fragment)} &
                                             set(seen[target].ids))
            if not alive:
                dead.append((path.name, link))
        assert len(set(page.ids)) == len(page.ids), f"{path.name} has an id twice"
    assert dead == [] and count > 500


def test_every_page_can_be_reached_from_the_start(site):
    found, todo = set(), [site / "index.html"]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        todo += [(path.parent / urlsplit(link).path).resolve() for link in Links(path).found
                 if urlsplit(link).path.endswith(".html") and not urlsplit(link).scheme]
    assert found == set(site.rglob("*.html"))


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (320, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_fits_and_is_accessible(visit, name, width, scheme):
    page = visit(name, width, scheme)
    lives = page.locator("[data-view]")
    for number in range(lives.count() if lives.count() < 6 else 1):  # the previews become live when one scrolls to them
        lives.nth(number).scroll_into_view_if_needed()
        expect(lives.nth(number)).to_have_attribute("data-live", "")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Not preloaded: axe would ask for the style sheets, which a browser refuses from the file system.
    results = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response
    severe = [(fault["id"], node["html"][:200], node["failureSummary"]) for fault in results["violations"]
              if fault["impact"] in SEVERE for node in fault["nodes"][:3]]
    assert severe == []


# What a person does first with a widget: a control to be moved, and where it shows.
CONTROLS = ("input[type=range]:not([disabled]), select:not([disabled]), input[type=checkbox], button[aria-pressed], "
            "button")
# All that a reader sees of a widget.
LOOK = """element => [...element.querySelectorAll("canvas")].map(one => one.toDataURL()).join() + element.innerHTML +
    [...element.querySelectorAll("input")].map(one => [one.value, one.checked]).join()"""


PLACES = "button:enabled, input[type=checkbox], input[type=radio], canvas, svg rect, summary"


def press(page: Page, control: Locator) -> None:
    control.focus()
    kind = control.evaluate("one => one.type || one.tagName")
    page.keyboard.press({"range": "ArrowRight", "select-one": "ArrowDown", "checkbox": "Space"}.get(kind, "Enter"))


def moves(page: Page, live: Locator, places: str, act: Callable[[Locator], None]) -> bool:
    """Whether what a reader sees changes when the first of some places that does anything is acted on."""
    found = live.locator(places).locator("visible=true")
    for number in range(min(found.count(), 12)):
        before = live.evaluate(LOOK)
        act(found.nth(number))
        page.wait_for_timeout(50)
        if live.evaluate(LOOK) != before:
            return True
    return False


@pytest.mark.parametrize("slug", WIDGETS)
def test_a_widget_is_live_by_keyboard_and_by_mouse(visit, slug):
    page = visit(f"explore/{slug}")
    live = page.locator("main .live")
    expect(live).to_have_attribute("data-live", "")
    assert unnamed_controls(page, live) == []
    assert moves(page, live, CONTROLS, lambda control: press(page, control)), "no control answers to the keyboard"
    assert moves(page, live, PLACES, lambda place: place.click(force=True)), "nothing answers to the mouse"


@pytest.mark.parametrize("slug, label", [
    ("kernel_painter", "photograph"), ("channel_mixer", "photograph"), ("activation_browser", "picture"),
])
def test_what_python_would_answer_comes_without_python(visit, slug, label):
    page = visit(f"explore/{slug}")
    live = page.locator("main .live")
    expect(live).to_have_attribute("data-live", "")
    draw = "element => [...element.querySelectorAll('canvas')].map(one => one.toDataURL()).join()"
    before = live.evaluate(draw)
    live.get_by_label(label, exact=True).select_option("coffee")
    page.wait_for_function(f"([element, before]) => ({draw})(element) !== before", arg=[live.element_handle(), before])
    expect(live.get_by_text("running kernel").locator("visible=true")).to_have_count(0)


def test_another_side_of_the_channel_mixers_photograph_comes_too(visit):
    page = visit("explore/channel_mixer")
    live = page.locator("main .live")
    live.get_by_label("pixels").select_option("64")
    expect(live.get_by_text("running kernel").locator("visible=true")).to_have_count(0)
    page.wait_for_function("element => element.querySelector('canvas').width === 64", arg=live.element_handle())


def test_every_cell_of_the_confusion_matrix_opens(visit):
    page = visit("explore/confusion_matrix")
    live = page.locator("main .live")
    expect(live).to_have_attribute("data-live", "")
    cells = live.locator("table.cnn-grid button").filter(has_text=re.compile(r"^[1-9]\d*$"))
    for number in range(0, cells.count(), 7):
        count = int(cells.nth(number).inner_text())
        cells.nth(number).click()
        expect(live.locator(".cnn-tile")).to_have_count(min(count, 48))


def test_quiz_and_widgets_of_a_notebook_are_live(visit):
    page = visit(f"notebooks/{RUN}")
    lives = page.locator("[data-view]")
    kinds = set()
    for number in range(lives.count()):
        lives.nth(number).scroll_into_view_if_needed()
        expect(lives.nth(number)).to_have_attribute("data-live", "")
        kinds.add(lives.nth(number).get_attribute("data-view"))
    assert {"convolution_stepper", "kernel_painter", "quiz"} <= kinds
    quiz = page.locator("[data-view=quiz]")
    quiz.get_by_role("radio").first.check()
    quiz.get_by_role("button", name="Check").first.click()
    expect(quiz.get_by_text(re.compile("Right|Not right")).first).to_be_visible()


def test_a_page_holds_no_solution(site):
    """The release is rendered; an unanswered exercise says that it waits."""
    text = (site / "notebooks" / f"{RUN}.html").read_text(encoding="utf-8")
    assert "Waits for you: " in text and "Write your code here" in text and "BEGIN SOLUTION" not in text
    assert "Traceback" not in text and "sliding_window" not in text


def test_colours_follow_the_button(visit):
    page = visit("index")
    shown = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731
    light = shown()
    button = page.get_by_role("button", name=re.compile("^Colours"))
    for _ in range(2):
        button.click()
    expect(button).to_have_accessible_name("Colours: dark")
    assert shown() != light
    page.reload()
    assert shown() != light, "the choice is kept"


def test_solutions_only_when_asked(tmp_path):
    site = Site(ROOT, tmp_path / "solved", say=lambda _: None)
    site.assets()
    site.lessons(solutions=True, execute=[])
    text = (site.folder / "notebooks" / f"{RUN}.html").read_text(encoding="utf-8")
    assert "Write your code here" not in text and "Solved: for instructors." in text


def test_a_folder_of_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["--out", str(tmp_path)]) == 1
    assert "holds something else" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


def test_running_notebooks_leaves_their_folders_as_they_are(tmp_path):
    """The capstone writes a network and a report; the course's own folders are not the place for them."""
    folder = tmp_path / "notebooks" / "90_writes"
    folder.mkdir(parents=True)
    notebook = new_notebook(cells=[new_code_cell("open('report.json', 'w').close(); print(2 + 2)")])
    assert list(lessons.run(tmp_path, {"90_writes": notebook}, solutions=True)) == ["90_writes"]
    assert notebook.cells[0].outputs[0].text == "4\n" and list(folder.iterdir()) == []


def test_unknown_notebook_is_one_sentence(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "new"), "--run", "13_more"]) == 1
    assert "There is no notebook 13_more" in capsys.readouterr().err


def test_a_dead_link_in_a_text_stops_the_build(tmp_path):
    site = Site(ROOT, tmp_path / "new", say=lambda _: None)
    with pytest.raises(CourseError, match="no such file"):
        site.turn("docs/data.md", "docs/data.html")("../no/such/file.py")
    assert site.turn("docs/data.md", "docs/data.html")("slides.md#top") == "slides.html#top"


def test_answers_are_those_of_python():
    """What the site gives for a message is what the widget sends for it."""
    one = WIDGETS["confusion_matrix"]
    widget = one.make()
    kind, key, answer = next(explorables.answers(widget))
    assert kind == "cell" and key == [{"cell": [0, 0]}]
    (message,) = answer["messages"]
    assert message["cell"] == [0, 0] and len(message["pictures"]) == min(48, widget.counts[0, 0])
    assert json.loads(json.dumps(answer)) == answer
