"""Every notebook in a real browser: all cells run, and the widgets of notebook 02 obey keyboard and mouse."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Locator, expect

from course_lib.instructor.source import read_notebook, source_files

from .drive import ROOT, Notebook, unnamed_controls

SOURCES = {source.stem: source for source in source_files(ROOT)}
RELEASES = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*/*.ipynb"))}
KERNELS = "02_kernels_by_hand"
# What cells may say while their exercise is not written yet: one sentence, or the stub's own error. A cell tagged
# "raises-exception" may also miss what an earlier one of its kind did not come to define.
POLITE = ("CourseError", "CheckFailed", "NotImplementedError")
# In a notebook these keys insert, cut, interrupt, restart, delete, change the cell's type, undo and move.
SHORTCUTS = ["a", "b", "x", "i", "i", "0", "0", "d", "d", "m", "y", "z", "j", "k"]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each solved notebook, made from its source, by name."""
    folder = tmp_path_factory.mktemp("solved")
    paths = {name: folder / f"{name}.ipynb" for name in SOURCES}
    for name, path in paths.items():
        nbformat.write(read_notebook(SOURCES[name]), path)
    return paths


@pytest.fixture(scope="module")
def notebook(request, servers, browser: Browser, solved: dict[str, Path]) -> Iterator[Notebook]:
    """A solved notebook, given as (front end, name), with all cells run."""
    app, name = request.param
    notebook = servers(app).open(browser, solved[name])
    notebook.run_all()
    yield notebook
    notebook.close()


def opened(*cases: tuple[str, str]) -> pytest.MarkDecorator:
    """Runs a test with `notebook` being each of these."""
    return pytest.mark.parametrize("notebook", cases, indirect=True, ids="-".join)


in_both = opened(("jupyterlab", KERNELS), ("notebook", KERNELS))


def test_there_is_a_notebook_for_every_source():
    assert SOURCES.keys() == RELEASES.keys() and SOURCES


@opened(*(("jupyterlab", name) for name in SOURCES), ("notebook", KERNELS))
def test_a_solved_notebook_runs_without_an_error(notebook):
    assert notebook.errors() == []


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_shows_its_widgets_and_fails_politely(jupyterlab, name, record_property):
    start = time.perf_counter()
    notebook = jupyterlab.open_notebook(RELEASES[name])
    opened = time.perf_counter()
    before = notebook.cells()
    notebook.run_all()
    record_property("took", f"{name} opened in JupyterLab in {opened - start:.1f} s, all cells run in "
                            f"{time.perf_counter() - opened:.1f} s")
    assert [cell["source"] for cell in notebook.cells()] == [cell["source"] for cell in before]
    for cell in notebook.cells():
        tolerated = ("NameError",) if "raises-exception" in cell["metadata"].get("tags", []) else ()
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                assert output["ename"] in POLITE + tolerated, output
            text = "".join(output.get("data", {}).get("text/plain", ""))
            assert " at 0x" not in text, "an address in memory changes the saved notebook at each run"


def region(notebook: Notebook, code: str, name: str) -> Locator:
    """The widget called `name` in the outputs of the cell that contains `code`."""
    widget = notebook.show(code).get_by_role("region", name=name)
    widget.wait_for()
    return widget


def stepper_of(notebook: Notebook) -> Locator:
    return region(notebook, "stepper = ConvolutionStepper(", "Convolution stepper")


def painter_of(notebook: Notebook) -> Locator:
    return region(notebook, "painter = KernelPainter()", "Kernel painter")


def press(notebook: Notebook, control: Locator, *keys: str) -> None:
    """Presses keys on a control; fails if one of them did anything to the notebook around it."""
    control.focus()
    before = notebook.state()
    for key in keys:
        notebook.page.keyboard.press(key)
    assert notebook.state() == before


@in_both
def test_every_control_has_a_name(notebook):
    quiz = region(notebook, 'quiz("02_kernels_by_hand")', "Quiz: Kernels by hand")
    assert unnamed_controls(notebook.page, quiz) == []
    assert unnamed_controls(notebook.page, stepper_of(notebook)) == []
    assert unnamed_controls(notebook.page, painter_of(notebook)) == []


@in_both
def test_the_stepper_by_keyboard(notebook):
    notebook.run("stepper.set_trait('predict', False); stepper.step = 0")
    stepper = stepper_of(notebook)
    step = stepper.get_by_role("slider", name="step")
    press(notebook, step, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", *SHORTCUTS)
    expect(step).to_have_value("3")
    expect(stepper.locator(".cnn-sum")).to_contain_text("= 17")

    weight = stepper.get_by_role("textbox", name=re.compile(r"^kernel w\[0, 1\]"))
    press(notebook, weight, *SHORTCUTS)
    assert len(weight.input_value()) == len(SHORTCUTS), "letters are typed, not obeyed"
    press(notebook, weight, "Escape", "ControlOrMeta+a", "-", "5", "Enter")
    expect(stepper.get_by_role("button", name=re.compile(r"^output y\[0, 0\]"))).to_have_text("\u22126")

    press(notebook, stepper.get_by_role("checkbox", name="predict first"), "Space")
    guess = stepper.get_by_role("textbox", name=re.compile(r"^your y\[0, 2\]"))
    press(notebook, guess, "1", "7", "Enter")
    expect(stepper.get_by_role("status").filter(has_text=re.compile("Right|You said"))).to_be_visible()

    assert notebook.run("print(stepper.kernel.tolist()[0], stepper.predict)") == "[0.0, -5.0, 2.0] True\n"
    assert notebook.run("print(len(stepper.predictions), stepper.predictions[0]['guess'])") == "1 17\n"


@in_both
def test_the_stepper_by_mouse(notebook):
    notebook.run("stepper.set_trait('kernel', [[0, 1, 2], [2, 2, 0], [0, 1, 2]]); stepper.predict = False")
    notebook.run("stepper.step = 8")
    stepper = stepper_of(notebook)
    # What Python sets, the page shows.
    expect(stepper.get_by_role("slider", name="step")).to_have_value("9")

    total = stepper.locator(".cnn-sum")
    output = stepper.get_by_role("button", name=re.compile(r"^output y\[1, 2\]"))
    output.hover()
    expect(stepper.locator(".cnn-input .cnn-window")).to_have_count(9)
    expect(total).to_contain_text("y[1, 2]")
    expect(total).to_contain_text("= 19")
    stepper.get_by_role("button", name="Next").hover()
    expect(total).to_contain_text("y[2, 2]")

    output.click()
    stepper.get_by_role("button", name="Back").click()
    expect(total).to_contain_text("y[1, 1]")
    stepper.get_by_role("button", name="Play").click()
    stepper.get_by_role("button", name="Pause").click()
    stepper.get_by_role("combobox", name="operation").select_option("convolution")
    expect(stepper.get_by_role("button", name=re.compile(r"^output y\[0, 0\]"))).to_have_text("18")
    assert notebook.run("print(stepper.operation, stepper.output[0])") == "convolution [18. 20. 19.]\n"


def picture(painter: Locator) -> str:
    """The pixels that the painter shows."""
    return painter.locator("canvas").first.evaluate("canvas => canvas.toDataURL()")


@in_both
def test_the_painter_by_keyboard(notebook):
    painter = painter_of(notebook)
    before = picture(painter)
    press(notebook, painter.get_by_role("button", name="sharpen"), "Enter", *SHORTCUTS)
    expect(painter.get_by_role("button", name="sharpen")).to_have_attribute("aria-pressed", "true")
    sharpened = picture(painter)
    assert sharpened != before

    weight = painter.get_by_role("textbox", name=re.compile(r"^kernel w\[0, 0\]"))
    press(notebook, weight, *SHORTCUTS)
    press(notebook, weight, "Escape", "ControlOrMeta+a", "-", "1", "Enter")
    expect(painter.get_by_role("button", name="sharpen")).to_have_attribute("aria-pressed", "false")
    painted = picture(painter)
    assert painted not in (before, sharpened)

    divider = painter.get_by_role("slider", name="before | after")
    value = int(divider.input_value())
    press(notebook, divider, "ArrowRight", "ArrowRight")
    expect(divider).to_have_value(str(value + 2))
    assert picture(painter) != painted

    press(notebook, painter.locator("canvas").first, "Home", "ArrowRight", "ArrowDown", *SHORTCUTS)
    expect(painter.get_by_text(re.compile(r"^pixel \[\d+, 1\]"))).to_be_visible()
    assert notebook.run("print(painter.kernel.tolist()[0], painter.show)") == "[-1.0, -1.0, 0.0] clip\n"


@in_both
def test_the_painter_by_mouse(notebook):
    painter = painter_of(notebook)
    painter.get_by_role("button", name="box blur").click()
    expect(painter.get_by_role("button", name="box blur")).to_have_attribute("aria-pressed", "true")
    blurred = picture(painter)
    painter.get_by_role("checkbox", name="grey").click()
    expect(painter.get_by_role("checkbox", name="grey")).to_be_checked()
    assert picture(painter) != blurred

    canvas = painter.locator("canvas").first
    place = painter.get_by_text(re.compile(r"^pixel \["))
    before = place.inner_text()
    canvas.hover(position={"x": 20, "y": 20})
    expect(place).not_to_have_text(before)
    said = notebook.run("print(painter.grey, round(painter.kernel.sum(), 9), painter.filtered.shape)")
    assert re.fullmatch(r"True 1\.0 \(\d+, \d+\)\n", said)

    # What Python sets, the page shows.
    notebook.run("painter.kernel = 'identity'")
    painter = painter_of(notebook)
    expect(painter.get_by_role("button", name="identity")).to_have_attribute("aria-pressed", "true")


@pytest.fixture(scope="module")
def executed(solved: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notebook 02 with its outputs, as one would commit it: without the widgets' state."""
    notebook = nbformat.read(solved[KERNELS], as_version=4)
    NotebookClient(notebook, kernel_name="python3").execute()
    notebook.metadata.pop("widgets")
    path = tmp_path_factory.mktemp("executed") / solved[KERNELS].name
    nbformat.write(notebook, path)
    return path


def test_a_page_without_scripts_shows_the_static_forms(browser, executed):
    html, _ = HTMLExporter().from_filename(executed)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(html, wait_until="domcontentloaded")
    expect(page.get_by_role("cell", name="19", exact=True).first).to_be_visible()
    photograph = page.get_by_role("img", name=re.compile("chelsea"))
    expect(photograph.first).to_be_visible()
    expect(page.get_by_text("Run this cell to answer.")).to_be_visible()
    context.close()


def test_an_untrusted_notebook_shows_the_static_forms(jupyterlab, executed):
    notebook = jupyterlab.open_notebook(executed)
    stepper = notebook.show("stepper = ConvolutionStepper(")
    expect(stepper.get_by_role("cell", name="19", exact=True)).to_be_visible()
    painter = notebook.show("painter = KernelPainter()")
    expect(painter.get_by_role("img", name=re.compile("chelsea"))).to_be_visible()
    quiz = notebook.show('quiz("02_kernels_by_hand")')
    expect(quiz.get_by_text("Run this cell to answer.")).to_be_visible()
