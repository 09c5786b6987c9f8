"""tools/setup.py, run for real on a tiny course in a temporary folder: each failure is one sentence."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parents[1] / "tools" / "setup.py"

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1"
dependencies = [{dependencies}]
[project.optional-dependencies]
test = []
"""
# A build backend of its own, so that pip installs the tiny course without fetching anything.
BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    {trouble}
    name, info = "tiny-1-py3-none-any.whl", "tiny-1.dist-info/"
    metadata = "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\nProvides-Extra: test\\n{requires}"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("tiny.pth", os.getcwd())
        wheel.writestr("ballast", os.urandom({ballast}))
        wheel.writestr(info + "METADATA", metadata)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


Done = subprocess.CompletedProcess


def run(command: list, **options) -> Done:
    """subprocess.run with what was said kept as text."""
    return subprocess.run(command, capture_output=True, text=True, **options)


def environment(**changes: str) -> dict[str, str]:
    """This process's environment with `changes`, less what chooses a Python or a package index."""
    chosen = ("PYTHON", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX")
    kept = {name: value for name, value in os.environ.items() if name not in chosen}
    # A closed port on this machine: whoever asks the index after all fails at once.
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"}
    return kept | closed | changes


class Course:
    """A folder with a copy of tools/setup.py and a package that needs nothing."""

    def __init__(self, root: Path):
        self.root = root
        if not root.exists():
            (root / "tools").mkdir(parents=True)
            shutil.copy(SETUP, root / "tools")
            self.write()

    def copy(self, root: Path) -> "Course":
        """The same course, as it is, in another place."""
        return Course(shutil.copytree(self.root, root, symlinks=True))

    @property
    def stamp(self) -> Path:
        return self.root / ".venv" / "course-setup.json"

    def write(self, dependency: str = "", ballast: int = 0, trouble: str = "") -> None:
        """Writes the package: what it depends on, bytes it brings, a statement run while it is built."""
        quoted = f'"{dependency}"' if dependency else ""
        (self.root / "pyproject.toml").write_text(PYPROJECT.format(dependencies=quoted))
        requires = f"Requires-Dist: {dependency}\\n" if dependency else ""
        backend = BACKEND.format(requires=requires, ballast=ballast, trouble=trouble)
        (self.root / "backend.py").write_text(backend)

    def setup(self, *options: str, python: str = sys.executable, **changes: str) -> Done:
        """Runs tools/setup.py as make does."""
        return run([python, "tools/setup.py", *options], cwd=self.root, env=environment(**changes))

    def fails(self, *options: str, **changes: str) -> str:
        """The sentence with which setup.py fails: its last line, with no traceback before it."""
        done = self.setup(*options, **changes)
        assert done.returncode == 1, done
        last = done.stderr.splitlines()[-1]
        assert last.startswith("setup: ") and "Traceback" not in done.stderr, done.stderr
        assert not self.stamp.exists()
        return last

    def works(self) -> bool:
        """Whether the environment's Python starts and has the package."""
        code = "from importlib.metadata import version; print(version('tiny'))"
        return run([self.root / ".venv/bin/python", "-c", code]).stdout == "1\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path / "the course")  # a path with a space, as people have


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course that is set up from nothing; only read."""
    course = Course(tmp_path_factory.mktemp("first") / "the course")
    done = course.setup()
    assert done.returncode == 0, done.stderr
    return course


@pytest.fixture
def ready(first: Course, tmp_path: Path) -> Course:
    """A course that is set up, the test's own: a copy, told where it lies, as making one takes seconds."""
    copy = first.copy(tmp_path / "ready")
    stamp = json.loads(copy.stamp.read_text())
    copy.stamp.write_text(json.dumps(stamp | {"venv": str(copy.root / ".venv")}))
    return copy


@pytest.fixture
def half(ready: Course) -> Course:
    """A course whose set-up was interrupted: the environment is there and whole, but nothing says so."""
    ready.stamp.unlink()
    return ready


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A function that mounts an empty disk of a given size; only root may."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(size: str) -> Path:
        if run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk]).returncode:
            pytest.skip("this machine does not let us mount a small disk")
        return disk

    yield mount
    run(["umount", disk])


def program(path: Path, script: str) -> str:
    """A program at `path` that is this shell script; its path."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def pretend(folder: Path, code: str) -> str:
    """A Python interpreter that runs `code` before it starts, as a program in `folder`."""
    (folder / "stub").mkdir(parents=True)
    # The variable is for this one process, not for those it starts.
    code = f"import os, sys\nos.environ.pop('PYTHONPATH')\n{code}\n"
    (folder / "stub" / "sitecustomize.py").write_text(code)
    return program(folder / "python3", f'PYTHONPATH="{folder}/stub" exec "{sys.executable}" "$@"')


def old_python(folder: Path) -> str:
    """A Python that says it is 3.6."""
    return pretend(folder, "sys.version_info = (3, 6, 15, 'final', 0)")


def test_sets_up_then_has_nothing_to_do(first: Course) -> None:
    assert first.works()
    before = first.stamp.stat().st_mtime_ns
    again = first.setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert first.stamp.stat().st_mtime_ns == before


def test_a_changed_pyproject_is_installed_again(ready: Course) -> None:
    with (ready.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert "installing" in ready.setup().stdout
    assert ready.setup().stdout == ""


def test_extras_are_added_and_kept(ready: Course) -> None:
    assert json.loads(ready.stamp.read_text())["extras"] == []
    assert "installing" in ready.setup("--extras", "test").stdout
    assert ready.setup().stdout == "", "a student's set-up is part of the one for tests"
    (ready.root / "pyproject.toml").write_text(PYPROJECT.format(dependencies="") + "# changed\n")
    ready.setup()
    assert json.loads(ready.stamp.read_text())["extras"] == ["test"]


@pytest.mark.parametrize("damage", ["no pip", "python gone", "package half written", "empty folder"])
def test_a_half_made_environment_is_repaired(ready: Course, damage: str) -> None:
    inside = ready.root / ".venv"
    site = next(inside.glob("lib/python*/site-packages"))
    if damage == "no pip":
        shutil.rmtree(site / "pip")
    elif damage == "python gone":
        for link in inside.glob("bin/python*"):
            link.unlink()
        (inside / "bin" / "python").symlink_to("/nowhere/python3")
    elif damage == "package half written":
        (site / "tiny-1.dist-info" / "RECORD").unlink()
    else:
        shutil.rmtree(inside)
        inside.mkdir()
    ready.stamp.unlink(missing_ok=True)
    done = ready.setup()
    assert done.returncode == 0, done.stderr
    assert "making .venv" in done.stdout
    assert ready.works()


def test_an_interrupted_installation_is_completed_without_starting_over(half: Course) -> None:
    done = half.setup()
    assert done.returncode == 0
    assert "making .venv" not in done.stdout
    assert half.works()


def test_a_moved_course_gets_a_new_environment(first: Course, tmp_path: Path) -> None:
    moved = first.copy(tmp_path / "moved")
    assert "making .venv" in moved.setup().stdout
    assert str(tmp_path / "moved") in (moved.root / ".venv/bin/pip").read_text()


def test_a_gone_python_is_replaced_though_the_stamp_is_there(ready: Course) -> None:
    for link in ready.root.glob(".venv/bin/python*"):
        link.unlink()
    assert "making .venv" in ready.setup().stdout
    assert ready.works()


def test_an_old_python_can_read_the_file() -> None:
    ast.parse(SETUP.read_text(), feature_version=(3, 6))
    for python in filter(None, map(shutil.which, ("python3.6", "python3.7", "python3.8", "python3.9"))):
        done = run([python, SETUP, "--help"])
        # pyenv has a program for each Python it knows, which ends so where that one is not chosen
        assert done.returncode == 0 or "command not found" in done.stderr, done.stderr


def test_an_old_python_is_told(course: Course, tmp_path: Path) -> None:
    said = course.fails(python=old_python(tmp_path / "old"), PATH="/nonexistent")
    assert "needs Python 3.11 or newer" in said and "is Python 3.6" in said and "make PYTHON=" in said


def test_an_old_python_named_by_the_reader_is_not_swapped(course: Course, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "python3.13").symlink_to(sys.executable)
    said = course.fails(python=old_python(tmp_path / "old"), PATH=str(new), PYTHON="python3.6")
    assert "is Python 3.6" in said


def test_an_old_python_finds_a_newer_one(course: Course, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    program(new / "python3.13", "exit 127")  # as a pyenv shim whose version is not chosen
    program(new / "python3.12", f'exec "{sys.executable}" "$@"')
    done = course.setup(python=old_python(tmp_path / "old"), PATH=f"{new}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert course.works()


def test_a_python_without_ensurepip_is_told_which_package(course: Course, tmp_path: Path) -> None:
    python = pretend(tmp_path / "debian", "sys.modules['ensurepip'] = None")
    programs = tmp_path / "programs"
    programs.mkdir()
    assert "the rest of Python's library" in course.fails(python=python, PATH=str(programs) + ":/nonexistent")
    program(programs / "apt-get", "")
    said = course.fails(python=python, PATH=str(programs))
    assert re.search(r"module ensurepip is missing: run `apt-get install python3\.\d+-venv` as root", said)


def test_no_network(half: Course) -> None:
    half.write(dependency="some-package-that-is-not-here")
    assert "could not reach its package index" in half.fails()
    half.write()
    done = half.setup()
    assert done.returncode == 0 and "making .venv" not in done.stdout, "it goes on where it was"
    assert half.works()


def test_no_package_for_this_python(half: Course, tmp_path: Path) -> None:
    half.write(dependency="some-package-that-is-not-here")
    said = half.fails(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert "found no version of a package" in said and "make PYTHON=" in said


def test_another_failure_of_pip_points_at_its_own_words(half: Course) -> None:
    half.write(trouble="raise SystemExit('the build broke')")
    done = half.setup()
    assert "the build broke" in done.stderr
    assert "setup: pip could not install the course (exit status 1)" in done.stderr.splitlines()[-1]


def test_a_disk_that_fills_up_while_pip_works(half: Course) -> None:
    half.write(trouble="raise OSError(28, 'No space left on device')")
    said = half.fails()
    assert "the disk is too full" in said and "GB free in" in said


def test_a_full_temporary_folder(half: Course, small_disk: Callable[[str], Path]) -> None:
    half.write(ballast=12_000_000)
    assert "the disk is too full" in half.fails(TMPDIR=str(small_disk("8m")))


def test_a_temporary_folder_too_full_for_venv(course: Course, small_disk: Callable[[str], Path]) -> None:
    assert "the disk is too full" in course.fails(TMPDIR=str(small_disk("1m")))


def test_a_disk_too_small_for_the_course(small_disk: Callable[[str], Path]) -> None:
    assert "the disk is too full" in Course(small_disk("50m") / "course").fails()


def test_a_folder_that_cannot_be_written(course: Course) -> None:
    (course.root / ".venv").write_text("a file in the way")
    assert ".venv" in course.fails()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_a_browser_is_installed_for_root(ready: Course, tmp_path: Path) -> None:
    said, browser = tmp_path / "said", tmp_path / "chromium"
    program(tmp_path / "apt-get", f'echo "$@" >> "{said}"\nexec /bin/ln -sf /bin/true "{browser}"')
    done = ready.setup("--browser", PATH=str(tmp_path), CHROMIUM="")
    assert done.returncode == 0 and "no Chromium" not in done.stdout
    update, install = said.read_text().splitlines()
    assert update.endswith(" update") and " install -y " in install and " chromium " in install
    assert ready.setup("--browser", PATH=str(tmp_path), CHROMIUM="").stdout == ""


def test_without_a_browser_a_sentence_says_what_to_install(ready: Course, tmp_path: Path) -> None:
    done = ready.setup("--browser", PATH=str(tmp_path), CHROMIUM="")
    assert done.returncode == 0, "the other tests can run"
    assert done.stdout.startswith("setup: there is no Chromium here") and done.stdout.count("\n") == 1
    assert ready.setup("--browser", PATH=str(tmp_path), CHROMIUM="/opt/browser").stdout == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_the_sandbox_is_installed_for_root(ready: Course, tmp_path: Path) -> None:
    said, bwrap = tmp_path / "said", tmp_path / "bwrap"
    program(tmp_path / "apt-get", f'echo "$@" >> "{said}"\nexec /bin/ln -sf /bin/true "{bwrap}"')
    done = ready.setup("--sandbox", PATH=str(tmp_path))
    assert done.stdout == "setup: installing bubblewrap for grading in a sandbox\n"
    assert said.read_text().splitlines()[-1].endswith("install -y --no-install-recommends bubblewrap")
    assert ready.setup("--sandbox", PATH=str(tmp_path)).stdout == ""


def test_without_a_sandbox_a_sentence_says_what_to_install(ready: Course, tmp_path: Path) -> None:
    done = ready.setup("--sandbox", PATH=str(tmp_path))
    assert done.returncode == 0 and "apt-get install bubblewrap" in done.stdout
