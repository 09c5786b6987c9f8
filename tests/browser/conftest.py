"""Fixtures of the browser tests: a bare page that serves the course's modules, JupyterLab and Notebook 7."""

import contextlib
import functools
import http.server
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from .drive import PATIENCE, ROOT, Notebook, Server, chromium, find_chromium

HERE = Path(__file__).parent
EMPTY_PAGE = b'<!doctype html><html lang="en"><title>A bare page</title><link rel="icon" href="data:,">'


class _Modules(http.server.SimpleHTTPRequestHandler):
    """Serves course_lib/ with the fake model and an empty page beside it."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def translate_path(self, path: str) -> str:
        return str(HERE / "fake_model.js") if path == "/fake_model.js" else super().translate_path(path)

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(EMPTY_PAGE)

    def log_message(self, *_) -> None:
        """Keeps the test's output to the test."""


class BarePage:
    """A page without Jupyter on which a widget's own module is mounted with a fake model."""

    def __init__(self, page: Page, address: str):
        self.page = page
        page.goto(address)

    def mount(self, module: str, state: dict | None = None, css: str = "") -> None:
        """Renders `module`, such as "/widgets/convolution_stepper.js", with `state` as its traits."""
        self.page.evaluate("""async ([module, state, css]) => {
            const {mount} = await import("/fake_model.js");
            await mount(module, state, css);
        }""", [module, state or {}, css])

    def call(self, module: str, function: str, *arguments: object) -> object:
        """What an exported function of `module` returns for arguments that JSON can hold."""
        return self.page.evaluate("async ([module, name, values]) => (await import(module))[name](...values)",
                                  [module, function, list(arguments)])

    def get(self, name: str) -> object:
        """A trait as the view has set it."""
        return self.page.evaluate("name => window.model.get(name)", name)

    def set(self, name: str, value: object) -> None:
        """Sets a trait as Python would."""
        self.page.evaluate("([name, value]) => window.model.set(name, value)", [name, value])


@pytest.fixture(scope="session")
def failures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures of pages on which a test failed."""
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="session")
def browser(failures: Path) -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    if find_chromium() is None:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say("No chromium on the PATH: install one (apt install chromium) or name it in $CHROMIUM.")
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; any uncaught error of its scripts fails the test."""
    context = browser.new_context(viewport={"width": 760, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    context.close()
    assert not thrown, f"the page threw: {thrown}"


@pytest.fixture(scope="session")
def modules() -> Iterator[str]:
    """Address of a server of course_lib/'s modules."""
    handler = functools.partial(_Modules, directory=ROOT / "course_lib")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def bare_page(page: Page, modules: str) -> BarePage:
    """A page without Jupyter, ready to mount a widget."""
    return BarePage(page, modules)


@pytest.fixture(scope="session")
def servers(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """A running server of each front end, started when first asked for."""
    running: dict[str, Server] = {}

    def server(app: str) -> Server:
        if app not in running:
            running[app] = Server(app, tmp_path_factory.mktemp(app))
        return running[app]

    yield server
    for one in running.values():
        one.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Keeps a picture of every open page, and names the servers' logs, where a test fails."""
    report = yield
    used = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "browser" in used:
        pages = [page for context in used["browser"].contexts for page in context.pages]
        for number, page in enumerate(pages):
            name = re.sub(r"[^-\w]", "_", item.name)
            picture = used["failures"] / f"{name}-{number}.png"
            with contextlib.suppress(Error):
                page.screenshot(path=picture)
                report.sections.append(("page", f"{page.url}\n{picture}"))
        logs = used["failures"].parent.glob("*0/*.log")
        report.sections.append(("server logs", "\n".join(map(str, logs))))
    return report


def pytest_terminal_summary(terminalreporter) -> None:
    """Says how long what tests have opened took, for information: no test asserts a time."""
    said = [value for report in terminalreporter.stats.get("passed", [])
            for name, value in report.user_properties if name == "took"]
    if said:
        terminalreporter.section("in the browser")
        for line in sorted(said):
            terminalreporter.write_line(line)


class FrontEnd:
    """JupyterLab or Notebook 7, in which a test opens notebooks; each has its own workspace and kernel."""

    def __init__(self, server: Server, browser: Browser):
        self.server = server
        self.browser = browser
        self.notebooks: list[Notebook] = []

    def open_notebook(self, path: Path) -> Notebook:
        """Opens a copy of the notebook at `path`."""
        self.notebooks.append(self.server.open(self.browser, path))
        return self.notebooks[-1]


def _front_end(server: Server, browser: Browser) -> Iterator[FrontEnd]:
    front_end = FrontEnd(server, browser)
    yield front_end
    for notebook in front_end.notebooks:
        notebook.close()


@pytest.fixture
def jupyterlab(servers: Callable[[str], Server], browser: Browser) -> Iterator[FrontEnd]:
    """JupyterLab."""
    yield from _front_end(servers("jupyterlab"), browser)


@pytest.fixture
def notebook7(servers: Callable[[str], Server], browser: Browser) -> Iterator[FrontEnd]:
    """Notebook 7."""
    yield from _front_end(servers("notebook"), browser)


@pytest.fixture(params=["jupyterlab", "notebook7"])
def front_end(request: pytest.FixtureRequest, browser: Browser) -> FrontEnd:
    """Each of the two front ends."""
    return request.getfixturevalue(request.param)
