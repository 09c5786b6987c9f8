"""Scripts in a submission: gone from what formgrader and the feedback pages show, and text and pictures stay."""

from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import PyFileConfigLoader

from course_lib.figures import table
from course_lib.instructor.disarm import DisarmOutputs, disarm

ROOT = Path(__file__).resolve().parents[2]
ATTACKS = [
    "<script>fetch('/formgrader/api/grades', {method: 'PUT'})</script>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>", "<a href='javascript:alert(1)'>x</a>", "<iframe src='https://example.org'></iframe>",
    "<form action='/formgrader/api/grade/1'><button>Go</button></form>", "<style>body{display:none}</style>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>", "<div style='position:fixed;inset:0'>over all</div>",
    "<p style='background:url(javascript:alert(1))'>x</p>", "<details ontoggle=alert(1) open>x</details>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>", "[x](javascript:alert(1))", "<meta http-equiv=refresh content=0>",
]
ARMED = ("<script", "onerror", "onload", "ontoggle", 'href="javascript', "<iframe", "<form", "<button", "<style",
         "<svg", "position:", "url(", "<meta")


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_page_runs(attack):
    cells = [new_markdown_cell(f"Before {attack} after"),
             new_code_cell("1", outputs=[new_output("display_data", {"text/html": f"Before {attack} after"}),
                                         new_output("display_data", {"text/markdown": f"Before {attack} after"})])]
    notebook = new_notebook(cells=cells)
    config = PyFileConfigLoader("nbgrader_config.py", str(ROOT)).load_config()
    for cell in notebook.cells:
        DisarmOutputs().preprocess_cell(cell, {}, 0)
    exporter = HTMLExporter(config=config, template_name="basic")
    body, _ = exporter.from_notebook_node(notebook)
    assert [sign for sign in ARMED if sign in body] == []
    assert body.count("Before") == 3 and body.count("after") == 3


def test_the_attacks_are_armed_without_it():
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(
        new_notebook(cells=[new_markdown_cell(attack) for attack in ATTACKS]))
    assert {sign for sign in ARMED if sign in body} >= {"<script", "onerror", "<iframe", "<form", "position:"}


def test_forms_of_an_output_that_need_a_script_are_taken_out():
    data = {"text/plain": "x", "application/javascript": "alert(1)", "image/svg+xml": "<svg onload=alert(1)/>",
            "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    cell = new_code_cell("1", outputs=[new_output("display_data", data), new_output("stream", text="x")])
    DisarmOutputs().preprocess_cell(cell, {}, 0)
    assert cell.outputs[0].data == {"text/plain": "x"} and cell.outputs[1].text == "x"


def test_text_tables_and_pictures_stay():
    shown = disarm(table([[1, 2], [3, 4]], "input", "x"))
    assert shown.count("<td") == 4 and "background" in shown and "caption" in shown
    picture = '<img src="data:image/png;base64,AAAA" alt="a map">'
    assert disarm(picture) == picture
    assert disarm("<p>a &lt; b</p>") == "<p>a &lt; b</p>"


def test_formgrader_uses_the_filter():
    """Its pages come from an HTMLExporter with nbgrader's configuration and a template of its own."""
    config = PyFileConfigLoader("nbgrader_config.py", str(ROOT)).load_config()
    exporter = HTMLExporter(config=config, template_name="formgrade", extra_template_basedirs=[handlers.template_path])
    source = exporter.environment.from_string("{{ text | markdown2html }}").render(text="**bold** <script>1</script>")
    assert "<strong>bold</strong>" in source and "<script" not in source
