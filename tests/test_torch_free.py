"""Notebooks 01 to 05 open in a second and run where torch cannot: they import none, but for one timing column."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.instructor.source import read_cells, source_files

ROOT = Path(__file__).resolve().parents[1]
NUMPY_HALF = [path for path in source_files(ROOT) if path.stem[:2] <= "05"]
IMPORTS_TORCH = re.compile(r"^\s*(import|from) torch", re.MULTILINE)
each = pytest.mark.parametrize("source", NUMPY_HALF, ids=lambda path: path.stem)


def python(code: str) -> str:
    """What a fresh Python prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@each
def test_setup_imports_neither_torch_nor_matplotlib(source):
    setup = next(cell.source for cell in read_cells(source) if cell.is_setup)
    asked = "import sys; print(sorted({'torch', 'torchvision', 'matplotlib', 'scipy', 'sklearn'} & {*sys.modules}))"
    assert python(f"{setup}\n{asked}") == "[]"


@each
def test_only_the_timing_column_imports_torch(source):
    importing = [cell for cell in read_cells(source) if cell.kind == "code" and IMPORTS_TORCH.search(cell.source)]
    if source.stem == "04_channels_pooling_and_cost":
        assert len(importing) == 1 and "except ImportError" in importing[0].source
    else:
        assert importing == []


def test_nothing_that_they_import_can_import_torch_later():
    modules = "course_lib.figures, course_lib.data, course_lib.numpy_net, course_lib.quiz, course_lib.widgets"
    files = "(m.__file__ for n, m in sys.modules.items() if n.startswith('course_lib') and m.__file__)"
    listed = python(f"import sys, {modules}\nfrom course_lib.checks import kit\nprint(*{files}, sep='\\n')").split()
    assert len(listed) > 10
    assert [path for path in listed if IMPORTS_TORCH.search(Path(path).read_text(encoding="utf-8"))] == []
