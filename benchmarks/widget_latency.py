"""From key press to painted frame: ConvolutionStepper beside the same stepper in interact + matplotlib.

Both stand in one notebook in JupyterLab, in a headless Chromium, and take turns: an arrow key walks the
step slider of one through its nine outputs, then that of the other, and next time back again. For each
press these moments are read from one clock:

    key         the keydown event's own time stamp, set when the browser received the key
    dom         a MutationObserver saw that what the reader looks at (the sum, the picture) has changed
    painted     after that, and after a new image was decoded, requestAnimationFrame named the next frame,
                and a task posted from it ran: a frame's style, layout and paint come before that task
    next_frame  the frame after that began: an upper bound, which leaves the compositor a whole frame

    python -m benchmarks.widget_latency [walks]
"""

import random
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat

from tests.browser.drive import Notebook, Server, chromium

from . import record

WALKS = 13  # of each stepper; the first warms up and is not counted
STEPS = 8  # key presses from the first of nine outputs to the last
MOMENTS = ["dom", "painted", "next_frame"]
PACKAGES = ["jupyterlab", "ipywidgets", "anywidget", "matplotlib"]

OURS = """
from course_lib.widgets import ConvolutionStepper
ConvolutionStepper()
"""

INTERACT = """
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

x = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
w = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])
y = np.array([[np.sum(x[i:i + 3, j:j + 3] * w) for j in range(3)] for i in range(3)])

def draw(axes, title, numbers, colours, focus):
    axes.imshow(numbers, cmap=colours, vmin=-10, vmax=40)
    axes.set(title=title, xticks=[], yticks=[])
    for i, j in np.ndindex(numbers.shape):
        axes.text(j, i, numbers[i, j], ha="center", va="center")
    i, j, size = focus
    axes.add_patch(plt.Rectangle((j - .5, i - .5), size, size, fill=False, edgecolor="red", linewidth=2))

@ipywidgets.interact(step=ipywidgets.IntSlider(0, 0, 8))
def show(step):
    i, j = divmod(step, 3)
    figure, axes = plt.subplots(1, 3, figsize=(8, 3))
    draw(axes[0], "input x", x, "Blues", (i, j, 3))
    draw(axes[1], "kernel w", w, "Blues", (0, 0, 3))
    draw(axes[2], "output y", y, "Greens", (i, j, 1))
    terms = zip(x[i:i + 3, j:j + 3].flat, w.flat)
    figure.suptitle(f"y[{i}, {j}] = " + " + ".join(f"{a}·{b}" for a, b in terms) + f" = {y[i, j]}")
    plt.show()
"""

# window.press(name) resolves to the ms from the next key to each of MOMENTS.
PROBE = """() => {
    const ours = document.querySelector("[data-widget=convolution-stepper]");
    const theirs = document.querySelector(".widget-interact");
    const image = () => theirs.querySelector(".widget-output img");
    const steppers = {
        "ConvolutionStepper": {
            root: ours, shown: () => ours.querySelector(".cnn-sum").textContent, ready: async () => {},
            slider: [...ours.querySelectorAll("input")].find(({labels}) => labels[0]?.textContent === "step"),
        },
        "interact + matplotlib": {
            root: theirs, shown: () => image()?.src, ready: () => image().decode(),
            slider: theirs.querySelector("[role=slider]"),
        },
    };
    window.press = async (name) => {
        const {root, slider, shown, ready} = steppers[name];
        slider.focus();
        await new Promise(requestIdleCallback);  // the notebook makes the cell of the focus its active one
        const before = shown();
        let pressed;
        addEventListener("keydown", (event) => { pressed = event.timeStamp; }, {capture: true, once: true});
        const changed = new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error(`${name} did not answer the key`)), 30000);
            const observer = new MutationObserver(() => {
                const now = shown();
                if (now === undefined || now === before) return;
                observer.disconnect();
                resolve(performance.now());
            });
            observer.observe(root, {subtree: true, childList: true, characterData: true, attributes: true});
        });
        window.armed = true;
        const dom = await changed;
        await ready();
        const [painted, next] = await new Promise((resolve) => requestAnimationFrame(() => {
            const {port1, port2} = new MessageChannel();
            port1.onmessage = () => {
                const now = performance.now();
                requestAnimationFrame(() => resolve([now, performance.now()]));
            };
            port2.postMessage(null);
        }));
        return [dom - pressed, painted - pressed, next - pressed];
    };
}"""


def write_notebook(path: Path) -> None:
    """Writes a notebook with the two steppers, one cell each."""
    cells = [nbformat.v4.new_code_cell(code.strip()) for code in (OURS, INTERACT)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def press(notebook: Notebook, name: str, key: str) -> list[float]:
    """Presses `key` on the step slider of one stepper; returns the ms from the key to each of MOMENTS."""
    page = notebook.page
    page.evaluate("name => { window.armed = false; window.measured = window.press(name); }", name)
    page.wait_for_function("() => window.armed")
    page.wait_for_timeout(random.uniform(20, 60))  # so that keys fall anywhere between two frames
    page.keyboard.press(key)
    measured = page.evaluate("() => window.measured")
    notebook.wait_idle()
    return measured


def main(walks: int = WALKS) -> None:
    """Measures both steppers in turns and writes data/widget_latency.csv."""
    times = {"ConvolutionStepper": [], "interact + matplotlib": []}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        source = Path(folder, "latency.ipynb")
        write_notebook(source)
        server = Server("jupyterlab", Path(folder, "server"))
        try:
            notebook = server.open(browser, source)
            notebook.run_all()
            if notebook.errors():
                raise SystemExit(f"The steppers could not be shown: {notebook.errors()}")
            notebook.page.locator(".widget-interact img").wait_for()
            notebook.page.locator("[data-widget=convolution-stepper]").wait_for()
            notebook.page.evaluate(PROBE)
            for walk in range(walks):
                for name, measured in times.items():
                    for _ in range(STEPS):
                        measured.append(press(notebook, name, "ArrowLeft" if walk % 2 else "ArrowRight"))
            version = browser.version
            notebook.close()
        finally:
            server.stop()
    rows = []
    for name, measured in times.items():
        counted = measured[STEPS:]
        row = {"stepper": name, "presses": len(counted)}
        for what, values in zip(MOMENTS, zip(*counted, strict=True), strict=True):
            row[f"{what}_median_ms"] = round(statistics.median(values), 1)
            row[f"{what}_p95_ms"] = round(statistics.quantiles(values, n=100, method="inclusive")[94], 1)
        rows.append(row)
    record.write("widget_latency", rows, PACKAGES, chromium=version)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
