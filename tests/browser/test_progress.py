"""The live display of training in JupyterLab and Notebook 7: it moves while a cell runs, and leaves one picture."""

import nbformat
from playwright.sync_api import expect

# Goes on until the test has seen enough, which it says by making the file.
RUN = """
import time
from pathlib import Path
from course_lib.progress import Progress
with Progress(10, "epochs", "A net") as shown:
    step = 0
    while not Path({enough!r}).exists():
        step += 1
        time.sleep(0.02)
        shown.update(min(step / 1000, 10), 32 * step, training_loss=1 + 1 / step)
        if step in (10, 20, 30):
            shown.point(dict(epoch=step / 1000, validation_loss=1.5, validation_accuracy=step / 40))
"""


def test_it_moves_and_then_leaves_one_picture(front_end, tmp_path):
    path, enough = tmp_path / "training.ipynb", tmp_path / "enough"
    code = RUN.format(enough=str(enough))
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), path)
    notebook = front_end.open_notebook(path)
    page = notebook.page
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")

    output = page.locator(".jp-OutputArea-output")
    expect(output.locator("progress")).to_be_visible()
    expect(output.locator("svg polyline")).to_have_count(3)  # training loss, validation loss, validation accuracy
    expect(output).to_contain_text("validation accuracy 75.0 %")
    seen = output.inner_text()
    expect(output).not_to_have_text(seen)
    expect(output).to_have_count(1)

    enough.touch()
    picture = output.get_by_role("img")
    expect(picture).to_be_visible()
    expect(output.locator("svg")).to_have_count(0)
    notebook.wait_idle()
    assert "accuracy, validation: 0.25, 0.5, 0.75" in picture.get_attribute("alt")
    assert picture.evaluate("image => image.naturalWidth") > 700
    assert [kept["output_type"] for kept in notebook.cells()[0]["outputs"]] == ["display_data"]
