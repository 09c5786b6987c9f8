"""Pictures of the widgets of notebook 02 for the README, taken in JupyterLab: docs/images/.

    python -m tools.screenshots
"""

import io
import tempfile
from pathlib import Path

import nbformat
from PIL import Image

from tests.browser.drive import ROOT, Server, chromium

IMAGES = ROOT / "docs" / "images"
SCENES = {
    "convolution_stepper": "from course_lib.widgets import ConvolutionStepper\nConvolutionStepper(step=5)",
    "kernel_painter": "from course_lib.widgets import KernelPainter\nKernelPainter(kernel='edge')",
}


def main() -> None:
    """Takes every picture, in the light theme and at twice the resolution of the page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        source = Path(folder, "scenes.ipynb")
        cells = [nbformat.v4.new_code_cell(code) for code in SCENES.values()]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), source)
        server = Server("jupyterlab", Path(folder, "server"))
        try:
            notebook = server.open(browser, source, device_scale_factor=2,
                                   viewport={"width": 1280, "height": 1600})
            notebook.run_all()
            if notebook.errors():
                raise SystemExit(f"The widgets could not be shown: {notebook.errors()}")
            for name, code in SCENES.items():
                widget = notebook.show(code).locator("[data-widget]")
                widget.wait_for()
                picture = Image.open(io.BytesIO(widget.screenshot(animations="disabled")))
                # 256 colours are enough here, and a third of the bytes.
                picture.convert("RGB").quantize(256).save(IMAGES / f"{name}.png", optimize=True)
            notebook.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
