"""A short check of an environment: every module imports, every solved notebook runs. No part of `make test`.

    .venv/bin/python -m pytest tests/quick.py

tools/upgrades.py runs it against the newest releases. What it needs is imported inside the tests, so that a package
that is broken breaks those that use it and not the whole file.
"""

from importlib import import_module
from pathlib import Path

import pytest

# A release that makes a notebook slower has not broken it.
pytestmark = pytest.mark.timeout(3600)
ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                 for path in (ROOT / "course_lib").rglob("*.py"))
SOURCES = {path.stem: path for path in sorted(ROOT.glob("solutions/*/*.py")) if path.stem == path.parent.name}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports(name):
    import_module(name)


@pytest.mark.parametrize("name", SOURCES)
def test_a_solved_notebook_runs(name, tmp_path):
    from nbclient import NotebookClient

    from course_lib.instructor.source import read_notebook

    notebook = read_notebook(SOURCES[name])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
