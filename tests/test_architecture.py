"""The picture of the architecture is true: its rooms exist, and no file imports from a floor above its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import look
from tools import architecture

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "course_lib"
FLOOR = {room: number for number, _, rooms in architecture.FLOORS for room in rooms}
TORCH_FREE = [room for room, floor in FLOOR.items() if floor == 0]


def imported(path: Path) -> set[str]:
    """Rooms of course_lib that a file imports, anywhere in it; what is for type checkers aside."""
    here, found = ["course_lib", *path.relative_to(COURSE).parts[:-1]], set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = here[:len(here) - node.level + 1] if node.level else []
            base = ".".join(filter(None, [*package, node.module]))
            modules = [f"{base}.{alias.name}" for alias in node.names] if base == "course_lib" else [base]
        else:
            continue
        found |= {module.split(".")[1] for module in modules if module.startswith("course_lib.")}
    return found


def files(room: str) -> list[Path]:
    return sorted((COURSE / room).rglob("*.py")) or [COURSE / f"{room}.py"]


@pytest.mark.parametrize("room", FLOOR)
def test_a_room_is_there_and_imports_from_no_floor_above(room):
    for path in files(room):
        above = {other for other in imported(path) if FLOOR.get(other, 0) > FLOOR[room]}
        assert not above, f"{path.relative_to(ROOT)}, on floor {FLOOR[room]}, imports {above}"


def test_the_ground_floor_imports_no_torch():
    modules = ", ".join(f"course_lib.{room}" for room in TORCH_FREE)
    code = f"import {modules}, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_what_stands_beside_the_house_is_there():
    for where, _ in architecture.BESIDE:
        assert (ROOT / where).is_dir()
    assert (ROOT / architecture.WAY[0][1]).is_dir() and (ROOT / architecture.WAY[1][1]).is_dir()


def test_the_committed_picture_is_drawn_from_this_and_has_both_themes():
    text = architecture.PICTURE.read_text(encoding="utf-8")
    assert text == architecture.picture(), "run `python -m tools.architecture` and commit"
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    assert look.colour("ink") in light and look.colour("ink", dark=True) in dark
    assert all(f">{room}</text>" in text for room in FLOOR)
