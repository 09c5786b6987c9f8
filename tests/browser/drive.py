"""Drives JupyterLab and Notebook 7 in a real browser, for tests, benchmarks and screenshots."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds to wait on a condition: only a broken page ever waits that long
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
                " --disable-background-networking --disable-component-update --disable-sync").split()
APPS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
CONTROL_ROLES = {"button", "checkbox", "combobox", "link", "listbox", "menuitem", "radio", "searchbox",
                 "slider", "spinbutton", "switch", "tab", "textbox"}
# One notebook panel, as JupyterLab and Notebook 7 both keep it.
PANEL = "window.jupyterapp.shell.currentWidget"


def find_chromium() -> str | None:
    """Path of the browser to use: $CHROMIUM, or the first chromium or chrome on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSER_NAMES)), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=BROWSER_ARGS)
        yield browser
        browser.close()


class Notebook:
    """A notebook open on a page, with a kernel of its own."""

    def __init__(self, page: Page):
        self.page = page
        page.wait_for_function(f"() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady"
                               f" && {PANEL}.context?.isReady && {PANEL}.content?.widgets.length > 0")
        self.wait_idle()

    def wait_idle(self) -> None:
        """Waits until the kernel has nothing to do."""
        self.page.wait_for_function(f"() => {PANEL}.sessionContext.session?.kernel?.status === 'idle'")

    def command(self, name: str) -> None:
        """Runs a command of the front end, as its menus do."""
        self.page.evaluate("name => window.jupyterapp.commands.execute(name).then(() => null)", name)

    def run_all(self) -> None:
        """Runs every cell, past cells that fail, until each has its number and the kernel is idle."""
        # Unlike "Run All Cells", which stops at the first error, as a student goes on by hand.
        self.page.evaluate(f"""async () => {{
            const {{content, sessionContext}} = {PANEL};
            for (const cell of content.widgets) {{
                content.activeCellIndex = content.widgets.indexOf(cell);
                if (cell.model.type === "code") await window.jupyterapp.commands.execute("notebook:run-cell");
            }}
        }}""")
        self.wait_idle()

    def cells(self) -> list[dict]:
        """Cells as in the file: cell_type, source and, of code cells, outputs."""
        return self.page.evaluate(f"() => {PANEL}.content.widgets.map(cell => cell.model.toJSON())")

    def errors(self) -> list[str]:
        """Each error output as 'cell number: name: message'."""
        return [f"{number}: {output['ename']}: {output['evalue']}"
                for number, cell in enumerate(self.cells())
                for output in cell.get("outputs", []) if output["output_type"] == "error"]

    def run(self, code: str) -> str:
        """Runs `code` in a new last cell and returns what it printed; an error is raised as RuntimeError."""
        self.page.evaluate(f"""async code => {{
            const {{content}} = {PANEL};
            content.activeCellIndex = content.widgets.length - 1;
            await window.jupyterapp.commands.execute("notebook:insert-cell-below");
            content.activeCell.model.sharedModel.setSource(code);
            await window.jupyterapp.commands.execute("notebook:run-cell");
        }}""", code)
        self.wait_idle()
        outputs = self.cells()[-1]["outputs"]
        for output in outputs:
            if output["output_type"] == "error":
                raise RuntimeError(f"{output['ename']}: {output['evalue']}")
        return "".join("".join(output.get("text", "")) for output in outputs)

    def state(self) -> dict:
        """What a stolen key would change: how many cells there are, which is active, and the mode."""
        return self.page.evaluate(f"""() => {{
            const {{content}} = {PANEL};
            return {{cells: content.widgets.length, active: content.activeCellIndex, mode: content.mode,
                     types: content.widgets.map(cell => cell.model.type).join(" ")}};
        }}""")

    def show(self, text: str) -> Locator:
        """Scrolls to the first cell whose source contains `text`, makes it active and returns its outputs."""
        index = next(number for number, cell in enumerate(self.cells()) if text in "".join(cell["source"]))
        self.page.evaluate(f"""async index => {{
            const {{content}} = {PANEL};
            content.activeCellIndex = index;
            await content.scrollToItem(index, "start");
        }}""", index)
        outputs = self.page.locator(f"[data-windowed-list-index='{index}'] .jp-OutputArea-output")
        outputs.first.wait_for(state="attached")
        return outputs

    def screenshot(self, path: Path) -> None:
        """A picture of the page as it stands."""
        self.page.screenshot(path=path)

    def close(self) -> None:
        """Shuts the kernel down and closes the page."""
        self.page.evaluate(f"() => {PANEL}.sessionContext.shutdown()")
        self.page.context.close()


class Server:
    """JupyterLab (`app="jupyterlab"`) or Notebook 7 (`app="notebook"`) in a folder of its own."""

    def __init__(self, app: str, folder: Path):
        self.app = app
        self.files = folder / "files"
        self.log = folder / f"{app}.log"
        self.files.mkdir(parents=True)
        self.token = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = self._start(folder)
        self._wait()

    def _start(self, folder: Path) -> subprocess.Popen:
        settings = folder / "settings"
        # The news pop-up would cover a corner of the page.
        news = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        news.parent.mkdir(parents=True)
        news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
        folders = {name: str(folder / name.lower()) for name in (
            "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR",
            "IPYTHONDIR")} | {"JUPYTERLAB_SETTINGS_DIR": str(settings)}
        with self.log.open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", self.app, "--allow-root", "--no-browser",
                 "--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0",
                 f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.files}",
                 f"--{APPS[self.app]}.expose_app_in_browser=True"],
                env=os.environ | folders | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                stdout=log, stderr=subprocess.STDOUT)

    def _wait(self) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/status",
                                         headers={"Authorization": f"token {self.token}"})
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(request, timeout=PATIENCE).close()
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"{self.app} did not start; its log:\n{self.log.read_text()[-4000:]}")

    def open(self, browser: Browser, notebook: Path, **context) -> Notebook:
        """Opens a copy of `notebook` in a workspace of its own; `context` goes to Browser.new_context."""
        name = uuid.uuid4().hex[:8]
        copy = self.files / name / notebook.name
        copy.parent.mkdir()
        content = json.loads(notebook.read_text())
        # A notebook that names no kernel would open with the question which one to start.
        content["metadata"].setdefault("kernelspec", {"name": "python3", "display_name": "Python 3"})
        copy.write_text(json.dumps(content))
        page = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}} | context).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        where = f"lab/workspaces/{name}/tree" if self.app == "jupyterlab" else "notebooks"
        page.goto(f"http://127.0.0.1:{self.port}/{where}/{name}/{notebook.name}?token={self.token}")
        return Notebook(page)

    def stop(self) -> None:
        """Ends the server and, with it, its kernels."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def unnamed_controls(page: Page, root: Locator) -> list[str]:
    """Roles of the controls under `root` that Chromium's accessibility tree knows no name for."""
    root.evaluate("element => { window.accessibilityRoot = element }")
    session = page.context.new_cdp_session(page)
    found = session.send("Runtime.evaluate", {"expression": "window.accessibilityRoot"})
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.queryAXTree", {"objectId": found["result"]["objectId"]})["nodes"]
    session.detach()
    return [node["role"]["value"] for node in nodes
            if not node["ignored"] and node["role"]["value"] in CONTROL_ROLES
            and not node.get("name", {}).get("value", "").strip()]
