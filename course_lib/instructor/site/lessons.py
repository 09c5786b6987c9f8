"""The notebooks as pages: run, then rendered with their outputs, their widgets live.

A page is made from the release that students open, so it holds no solution: where a cell waits for the reader's answer
it says so. Only with `solutions` are the solved notebooks rendered.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from html import escape
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from course_lib.instructor import release
from course_lib.instructor.results import ANSI
from course_lib.instructor.site import explorables
from course_lib.instructor.site.pages import markdown
from course_lib.instructor.source import source_files

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
# What cells say while their exercise is not written yet; a cell that needs an earlier one may miss its name.
WAITING = ("CourseError", "CheckFailed", "NotImplementedError", "NameError")
# What ipywidgets and anywidget keep in a widget's state besides the course's own.
NOT_OURS = re.compile(r"_model_|_view_|_dom_|_esm$|_css$|_anywidget_id$|layout$|tabbable$|tooltip$")
LONGEST = 900  # seconds of one cell


def read(root: Path, name: str, solutions: bool) -> NotebookNode:
    """A notebook as it is released, or solved, without its launch cells."""
    source = next(path for path in source_files(root) if path.stem == name)
    if solutions:
        notebook = nbformat.reads(release.solved(source, release.repository(root)), as_version=4)
    else:
        notebook = nbformat.read(root / "notebooks" / name / f"{name}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "launch" not in cell.metadata.get("tags", [])]
    return notebook


def run(root: Path, notebooks: dict[str, NotebookNode], solutions: bool, workers: int | None = None) -> Iterator[str]:
    """Run notebooks, some at a time, each in a copy of its folder; gives the name of each that is done."""
    def execute(name: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            place = shutil.copytree(root / "notebooks" / name, Path(folder) / name)
            NotebookClient(notebooks[name], timeout=LONGEST, kernel_name="python3", allow_errors=not solutions,
                           resources={"metadata": {"path": str(place)}}).execute()
        return name

    # Kernels inherit these: one thread each, as several run side by side, and this checkout's course_lib.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        for done in as_completed([pool.submit(execute, name) for name in notebooks]):
            yield done.result()


def render(notebook: NotebookNode) -> str:
    """The HTML of a notebook's cells; of its widgets live ones, with their state at the end."""
    models = dict(_models(notebook))
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+ (.*)$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        else:
            cell.outputs = [_output(output, models, section) for output in cell.outputs]
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.register_filter("markdown2html", markdown)
    body, _ = exporter.from_notebook_node(notebook)
    states = [f'<script type="application/json" id="{key}">{text}</script>' for key, (_, text) in models.items()]
    return "\n".join([body, *states])


def _models(notebook: NotebookNode) -> Iterator[tuple[str, tuple[str, str]]]:
    """Of every widget of the course that was shown: its id, its view and its state as JSON."""
    names = {kind._esm: name for name, kind in explorables.views().items()}
    states = notebook.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
    for key, model in states.items():
        if (name := names.get(model["state"].get("_esm"))) is None:
            continue
        state = {part: value for part, value in model["state"].items() if not NOT_OURS.match(part)}
        for buffer in model.get("buffers", []):
            *way, last = buffer["path"]
            place = state
            for step in way:
                place = place[step]
            place[last] = {"bytes64": buffer["data"]}
        text = json.dumps({"state": state, "asks": {}, "again": {}}).replace("</", "<\\/")
        yield key, (name, text)


def _output(output: NotebookNode, models: dict, section: str) -> NotebookNode:
    if output.output_type == "error" and output.ename in WAITING:
        said = "something further up is not written yet"  # a stub, or a name that one should have made
        if output.ename not in ("NameError", "NotImplementedError"):
            said = re.split(r"[\n:.](?:\s|$)", ANSI.sub("", output.evalue).strip(), maxsplit=1)[0]
        return _html(f'<p class="waits">Waits for you: {escape(said)}.</p>')
    data = output.get("data", {})
    if (model := data.get(VIEW, {}).get("model_id")) in models:
        view, _ = models[model]
        return _html(f'<div class="live" data-view="{view}" data-model="{model}">{data.get("text/html", "")}</div>')
    for kind in data.keys() & {"image/png", "image/jpeg"}:
        output.metadata.setdefault(kind, {}).setdefault("alt", f"What this cell draws, in the section “{section}”")
    return output


def _html(text: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": text})
