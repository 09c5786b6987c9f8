"""Make `notebooks/` from `solutions/`: `python -m course_lib.instructor.release [names] [--root folder]`.

For each source `solutions/NN_name/NN_name.py`: check its structure (see `lint`), read it with jupytext, put
the launch cells in front, write the solved `solutions/NN_name/NN_name.ipynb`, and let nbgrader's
generate_assignment strip it, record it in `gradebook.db` and lock it. Last, compile the data of the lessons.
The same source always gives the same bytes, and a file that would not change is not written.

What a student finds where a solution was: in a function (the region is indented) `raise
NotImplementedError("Write your code here")`, which only a call of that function meets; at top level (no
indentation) nothing, below a line such as `feature_map = None` that the author leaves outside the region.
Test cells carry Jupyter's tag "raises-exception", so that Run All goes on past a check that fails. So the
release runs to its end, and scores 0.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import ValidationError
from traitlets.config import Config, PyFileConfigLoader

from course_lib.errors import CourseError
from course_lib.instructor import lessons
from course_lib.instructor.lint import structure
from course_lib.instructor.source import BEGIN_HIDDEN, BEGIN_SOLUTION, read_cells, read_notebook, source_files

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What the course imports and Colab does not have; installed without dependencies, so torch and NumPy stay as
# they are.
COLAB_LACKS = ["anywidget", "psygnal"]

# Where a notebook opens; `slug` is the repository's name on GitHub, `path` that of the notebook in it.
COLAB = "https://colab.research.google.com/github/{slug}/blob/main/{path}"
BINDER = "https://mybinder.org/v2/gh/{slug}/main?labpath={path}"
BADGES = f"""\
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]\
({COLAB})
[![Open in Binder](https://mybinder.org/badge_logo.svg)]\
({BINDER})"""

LAUNCH = """\
# In Colab this cell installs the course; anywhere else it does nothing.
import importlib.util
import subprocess
import sys

if "google.colab" in sys.modules and importlib.util.find_spec("course_lib") is None:
    packages = [{packages}]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *packages]
    installed = subprocess.run(command, capture_output=True, text=True)
    importlib.invalidate_caches()
    if installed.returncode != 0:
        print("The course could not be installed; run this cell again, or choose Runtime > Restart session",
              "and then Runtime > Run all. pip said:", installed.stderr.strip()[-500:])"""


def release(root: Path, names: Iterable[str] = ()) -> list[Path]:
    """Make the release notebooks below `root`, all or the named ones, and return the files that were changed.

    Raises CourseError, in one sentence, for an unknown name, a broken source or a refusal of nbgrader.
    """
    sources = {path.stem: path for path in source_files(root)}
    if unknown := sorted(set(names) - set(sources)):
        raise CourseError(f"There is no source notebook {', '.join(unknown)} in {root / 'solutions'}; "
                          f"choose from: {', '.join(sources) or 'nothing is there'}.")
    changed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names or sources:
            changed += _write(sources[name].with_suffix(".ipynb"), solved(sources[name], repository(root)))
            changed += _publish(_generate(root, name, Path(folder)), root / "notebooks" / name)
    return changed + list(lessons.compile_all(root))


def repository(root: Path) -> str:
    """Return the one address of the course, [project.urls] Repository, without a final slash."""
    with open(root / "pyproject.toml", "rb") as file:
        address = tomllib.load(file)["project"]["urls"]["Repository"].rstrip("/")
    if not address.startswith("https://github.com/"):
        raise CourseError(f"Repository in pyproject.toml is {address!r}; "
                          "Colab and Binder need https://github.com/...")
    return address


def solved(path: Path, address: str) -> str:
    """Return the text of the solved notebook that one source stands for, launch cells in front.

    Cell ids come from the grade_id, or else from the cell's content, so they last from run to run.
    Raises CourseError with the first finding that would break the release.
    """
    if findings := structure(read_cells(path)):
        raise CourseError(str(findings[0]))
    notebook = read_notebook(path)
    notebook.cells = [*_launch_cells(path, address), *notebook.cells]
    notebook.metadata = nbformat.from_dict(METADATA)
    taken: set[str] = set()
    for cell in notebook.cells:
        cell.id = _cell_id(cell, taken)
        graded = cell.metadata.get("nbgrader", {})
        if graded.get("grade") and not graded.get("solution"):
            cell.metadata["tags"] = ["raises-exception"]
    return _text(notebook)


def _launch_cells(path: Path, address: str) -> list[nbformat.NotebookNode]:
    """Return the badges, and the cell that installs the course in Colab."""
    slug = address.removeprefix("https://github.com/")
    badges = BADGES.format(slug=slug, path=f"notebooks/{path.stem}/{path.stem}.ipynb")
    launch = LAUNCH.format(packages=", ".join(f'"{package}"' for package in [f"git+{address}", *COLAB_LACKS]))
    metadata = {"tags": ["launch"]}
    return [nbformat.v4.new_markdown_cell(badges, metadata=metadata),
            nbformat.v4.new_code_cell(launch, metadata={**metadata, "jupyter": {"source_hidden": True}})]


def _cell_id(cell: nbformat.NotebookNode, taken: set[str]) -> str:
    """Return an id made from the cell alone, numbered where two are the same, and add it to `taken`."""
    wanted = cell.metadata.get("nbgrader", {}).get("grade_id")
    if not wanted:
        wanted = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted[:60]}-{number}"
    taken.add(found)
    return found


def _text(notebook: nbformat.NotebookNode) -> str:
    """Return a notebook as the text that is committed."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def _generate(root: Path, name: str, folder: Path) -> Path:
    """Let nbgrader make the release of one notebook below `folder`; return where it lies."""
    config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config())
    config.CourseDirectory.root = str(root.resolve())
    config.CourseDirectory.release_directory = str(folder)
    config.CourseDirectory.assignment_id = name
    log = logging.getLogger("course_lib.release")
    log.propagate, log.handlers, messages = False, [], []
    log.addHandler(_Collect(messages))
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config, log=log), config=config, log=log)
    converter.force = True
    search_path = os.environ.get("PATH", "")
    try:
        # nbgrader starts `alembic`, which lies beside this Python even where that folder is not on the PATH.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), search_path])
        converter.start()
    except (NbGraderException, ValidationError, RuntimeError) as error:
        reason = next((line for message in messages for line in reversed(message.strip().splitlines())
                       if "Error" in line), str(error))
        raise CourseError(f"nbgrader refuses {name}: {reason} (If gradebook.db holds submissions of an older "
                          "version, keep that file elsewhere and release again.)") from error
    finally:
        os.environ["PATH"] = search_path
    return folder / name


class _Collect(logging.Handler):
    """Keep nbgrader's error messages instead of printing them."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _publish(made: Path, place: Path) -> list[Path]:
    """Bring the folder of one notebook in line with what nbgrader made; return the files that changed."""
    files = {path.relative_to(made): path for path in sorted(made.rglob("*")) if path.is_file()}
    for relative, path in files.items():
        if any(marker.encode() in path.read_bytes() for marker in (BEGIN_SOLUTION, BEGIN_HIDDEN)):
            raise CourseError(f"{relative} would publish a solution or a hidden test; "
                              "keep such files out of solutions/.")
    changed = []
    for relative, path in files.items():
        if path.suffix == ".ipynb":
            changed += _write(place / relative, _text(nbformat.read(path, nbformat.NO_CONVERT)))
        elif not (place / relative).exists() or (place / relative).read_bytes() != path.read_bytes():
            (place / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / relative)
            changed.append(place / relative)
    for path in sorted(place.rglob("*")):
        if path.is_file() and path.relative_to(place) not in files and ".ipynb_checkpoints" not in path.parts:
            path.unlink()
            changed.append(path)
    return changed


def _write(path: Path, text: str) -> list[Path]:
    """Write a file whole, if its text is new; return it in a list if it was written."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".tmp")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return [path]


def main(arguments: list[str]) -> int:
    """Release, and say in a few lines what changed; return 1 after one sentence if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.release",
                                     description="Make notebooks/ from solutions/.")
    parser.add_argument("names", nargs="*", help="notebooks to release, as 02_kernels_by_hand; none: all")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the course (here)")
    options = parser.parse_args(arguments)
    try:
        changed = release(options.root, options.names)
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for path in changed:
        print(f"changed {path.relative_to(options.root)}")
    count = len(options.names) or len(source_files(options.root))
    print(f"{count} notebooks released, {len(changed)} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
