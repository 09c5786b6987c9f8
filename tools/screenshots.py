"""Pictures of the widgets for the README, taken in JupyterLab, light and dark: docs/images/.

    python -m tools.screenshots [names]
"""

import io
import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image

from tests.browser.drive import ROOT, Server, chromium

IMAGES = ROOT / "docs" / "images"
SCENES = {
    "convolution_stepper": "from course_lib.widgets import ConvolutionStepper\nConvolutionStepper(step=5)",
    "kernel_painter": "from course_lib.widgets import KernelPainter\nKernelPainter(kernel='edge')",
    "receptive_field": "from course_lib.widgets import ReceptiveField\nReceptiveField(preset='LeNet-5')",
    "architecture_strip": "from course_lib.models import build\nfrom course_lib.widgets import ArchitectureStrip\n"
                          "ArchitectureStrip(build('resnet152'), input=(3, 224, 224))",
}
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}  # by the ending of the file's name


def main(names: list[str]) -> None:
    """Takes the named pictures, or all, in both themes and sharp on most screens and small."""
    if unknown := set(names) - set(SCENES):
        raise SystemExit(f"There is no scene {', '.join(sorted(unknown))}; choose from: {', '.join(SCENES)}.")
    scenes = {name: SCENES[name] for name in names or SCENES}
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        source = Path(folder, "scenes.ipynb")
        cells = [nbformat.v4.new_code_cell(code) for code in scenes.values()]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), source)
        server = Server("jupyterlab", Path(folder, "server"))
        try:
            notebook = server.open(browser, source, device_scale_factor=1.5,
                                   viewport={"width": 1280, "height": 1600})
            notebook.run_all()
            if notebook.errors():
                raise SystemExit(f"The widgets could not be shown: {notebook.errors()}")
            for ending, theme in THEMES.items():
                notebook.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
                                       theme)
                light = str(not ending).lower()
                notebook.page.locator(f"body[data-jp-theme-light='{light}']").wait_for(state="attached")
                for name, code in scenes.items():
                    widget = notebook.show(code).locator("[data-widget]")
                    widget.wait_for()
                    picture = Image.open(io.BytesIO(widget.screenshot(animations="disabled")))
                    # A fifth of what PNG takes, and letters stay sharp.
                    picture.convert("RGB").save(IMAGES / f"{name}{ending}.webp", quality=60, method=6)
            notebook.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
