"""The first cell of every notebook in a simulated Colab: a Python with its own numpy and torch, and no network.

The cell is the real one, but for the address: what it would fetch lies in a folder. The numpy and torch of this Colab
are older than the course asks for, and newer ones lie in that folder, so a pip that looked at what the course depends
on would replace them; one test shows that it would.
"""

import json
import os
import shutil
import subprocess
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from course_lib.instructor import release
from tests.wheels import wheel

ROOT = Path(__file__).resolve().parents[1]
COURSE = "cnn_by_hand-1-py3-none-any.whl"
ASK = """
import importlib.metadata, json, numpy, torch
names = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
print(json.dumps({"installed": names, "numpy": numpy.whose, "torch": torch.whose}))
"""


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """What pip finds: the course with the needs that pyproject.toml states, what it needs, newer numpy and torch."""
    folder = tmp_path / "fetched"
    folder.mkdir()
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    wheel(folder, "cnn_by_hand", "1", {"course_lib/__init__.py": ""}, needs)
    for need in needs:
        name = need.partition(">=")[0]
        wheel(folder, name.replace("-", "_"), "9999", {f"{name}.py": "whose = 'new'\n"})
    wheel(folder, "psygnal", "9999", {"psygnal.py": ""})
    return folder


class Colab:
    """A Python as Colab's: its own numpy and torch, and a package google.colab in every kernel."""

    def __init__(self, folder: Path, fetched: Path):
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"
        (self.site,) = folder.glob("lib/python*/site-packages")
        own = Path(distribution("pip").locate_file("pip"))
        shutil.copytree(own, self.site / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("numpy", "torch"):
            (self.site / f"{name}.py").write_text("whose = \"Colab's\"\n")
            info = self.site / f"{name}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            (info / "RECORD").write_text(f"{name}.py,,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n")
        self.environment = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(fetched),
                                         "PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}
        self.environment.pop("PYTHONPATH", None)
        address = "https://github.com/someone/course"
        cell = release._launch_cells(Path("02_x.py"), address)[1].source
        assert cell.count(f"git+{address}") == 1
        self.cell = cell.replace(f"git+{address}", str(fetched / COURSE))

    def run(self, code: str) -> str:
        """What code prints in a kernel of this Colab."""
        kernel = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
        done = subprocess.run([self.python, "-c", kernel + code], cwd=self.site.parent, env=self.environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def installed(self) -> dict:
        return json.loads(self.run(ASK))


@pytest.fixture
def colab(tmp_path: Path, fetched: Path) -> Colab:
    return Colab(tmp_path / "colab", fetched)


def test_the_first_cell_installs_the_course_and_leaves_numpy_and_torch(colab):
    before = colab.installed()
    assert before["installed"] == {"numpy": "1.0", "torch": "1.0"}
    assert colab.run(colab.cell + "\nimport course_lib, anywidget, psygnal") == "", "the next cell can import at once"
    after = colab.installed()
    assert after["installed"] == before["installed"] | {"cnn_by_hand": "1", "anywidget": "9999", "psygnal": "9999"}
    assert (after["numpy"], after["torch"]) == ("Colab's", "Colab's")


def test_without_its_option_pip_would_replace_them(colab):
    """The simulated Colab can tell: else the test above could not fail."""
    assert colab.cell.count('"--no-deps", ') == 1
    colab.run(colab.cell.replace('"--no-deps", ', ""))
    after = colab.installed()
    assert (after["numpy"], after["torch"]) == ("new", "new")


def test_the_cell_does_nothing_a_second_time(colab, fetched):
    colab.run(colab.cell)
    shutil.rmtree(fetched)
    assert colab.run(colab.cell) == ""


def test_a_failed_install_says_what_to_do_and_leaves_nothing_half_done(colab, fetched):
    before = colab.installed()
    for path in fetched.glob("psygnal*"):
        path.unlink()
    said = colab.run(colab.cell)
    assert "run this cell again" in said and "Runtime > Restart session" in said and "Runtime > Run all" in said
    assert "No matching distribution found for psygnal" in said, "and why, in pip's words"
    assert colab.installed() == before
    wheel(fetched, "psygnal", "9999", {"psygnal.py": ""})
    assert colab.run(colab.cell + "\nimport course_lib") == "", "run again, it works"
