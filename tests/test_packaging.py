"""The package, environment.yml, the Makefile, .ci/run and the README say the same things."""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()
FIRST = "notebooks/01_why_convolutions/01_why_convolutions.ipynb"
# Where conda-forge calls a package otherwise: torch without CUDA, matplotlib without Qt.
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}


@functools.cache
def requirements() -> dict[str, str]:
    """What a student's environment needs: {package: its lower bound}."""
    pairs = [re.fullmatch(r"([a-z-]+)>=([\d.]+)", line) for line in PROJECT["dependencies"]]
    assert all(pairs), f"lower bounds only, in the form package>=1.2: {PROJECT['dependencies']}"
    return dict(pair.groups() for pair in pairs)


def headless() -> dict[str, str]:
    """This process's environment as on a server, with no Python chosen for make."""
    chosen = ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON", "MAKEFLAGS", "MAKELEVEL")
    return {name: value for name, value in os.environ.items() if name not in chosen}


def dry_run(target: str, **environment: str) -> str:
    """The commands that make would run for `target`."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    done = subprocess.run(command, cwd=ROOT, env=headless() | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_environment_yml_is_in_step() -> None:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())
    wanted = {f"{CONDA_NAMES.get(name, name)}>={bound}" for name, bound in requirements().items()}
    wanted |= {f"python{PROJECT['requires-python']}", "pip"}
    conda = [line for line in listed["dependencies"] if isinstance(line, str)]
    pip = [line["pip"] for line in listed["dependencies"] if isinstance(line, dict)]
    assert set(conda) == wanted and len(conda) == len(wanted)
    assert pip == [["-e ."]], "all else comes from conda-forge, so pip adds the course alone"
    assert listed["channels"] == ["conda-forge"]
    assert f"conda activate {listed['name']}\n" in README


def test_extras_have_lower_bounds_only() -> None:
    for name, extra in PROJECT["optional-dependencies"].items():
        for line in extra:
            assert re.fullmatch(r"[a-z\d-]+>=[\d.]+", line), f"extra {name}: {line}"


def test_the_package_imports_only_what_it_depends_on() -> None:
    """What students import is in `dependencies`; what instructors import besides is in their extra."""
    brought = {"ipywidgets": ["IPython", "traitlets"], "pillow": ["PIL"], "scikit-image": ["skimage"],
               "scikit-learn": ["sklearn"], "requests": ["urllib3"], "jupyterlab": ["ipykernel", "zmq"],
               "nbgrader": ["nbclient", "nbconvert", "nbformat", "jupyter_client", "jupyter_core", "dateutil",
                            "rapidfuzz", "sqlalchemy", "bleach", "jinja2"],
               "cnn-by-hand": ["course_lib"]}
    modules = {module: package for package, names in brought.items() for module in names}
    student = set(requirements()) | {"cnn-by-hand"}
    extras = PROJECT["optional-dependencies"]
    instructor = student | {line.split(">")[0] for extra in ("instructor", "dask") for line in extras[extra]}
    for file in (ROOT / "course_lib").rglob("*.py"):
        allowed = instructor if "instructor" in file.parts else student
        for name in re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(), re.MULTILINE):
            known = name in sys.stdlib_module_names or modules.get(name, name) in allowed
            assert known, f"{file.relative_to(ROOT)} imports {name}, which pyproject.toml does not list"


def test_a_wheel_has_every_file_of_the_package(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, source)
    skip = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "course_lib", source / "course_lib", ignore=skip)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], check=True)
    with zipfile.ZipFile(next(tmp_path.glob("cnn_by_hand-*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("course_lib/")}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "course_lib").rglob("*")
             if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.parts)}
    assert packed == there
    assert {Path(name).suffix for name in packed} >= {".py", ".js", ".css", ".json"}


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash" and "set -euo pipefail" in lines and lines[-1] == "make test"


@pytest.mark.parametrize("target, extras", [("setup", ""), ("lab", ""), ("test", "test,instructor"),
                                            ("release", "instructor"), ("bench", "test,instructor"),
                                            ("site", "instructor")])
def test_each_target_sets_up_what_it_needs_and_no_more(target: str, extras: str) -> None:
    first, *others = dry_run(target).splitlines()
    assert re.fullmatch(r"\S*python3\S* tools/setup\.py" + (f" --extras {extras}.*" if extras else ""), first)
    assert all(line.startswith(".venv/bin/") for line in others)
    assert set(filter(None, extras.split(","))) <= set(PROJECT["optional-dependencies"])


def test_make_takes_the_python_it_is_given() -> None:
    assert dry_run("setup", PYTHON="/opt/my/python").startswith("/opt/my/python tools/setup.py")


def test_make_finds_a_python_where_there_is_no_python3(tmp_path: Path) -> None:
    for program in ("make", "sh", "id", "uname"):
        (tmp_path / program).symlink_to(shutil.which(program))
    (tmp_path / "python3.12").symlink_to(sys.executable)
    assert dry_run("setup", PATH=str(tmp_path)).startswith(f"{tmp_path}/python3.12 tools/setup.py")


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has a display")
def test_lab_opens_a_browser_only_where_there_is_a_display() -> None:
    assert "--no-browser" in dry_run("lab")
    assert "--no-browser" not in dry_run("lab", DISPLAY=":0")
    assert "--no-browser" not in dry_run("lab", WAYLAND_DISPLAY="wayland-0")
    assert ("--allow-root" in dry_run("lab")) == (os.geteuid() == 0)


def test_make_lab_serves_the_first_notebook(tmp_path: Path) -> None:
    """`make lab` without a display prints an address at which JupyterLab and the notebook really are."""
    for name in ("Makefile", FIRST):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "setup.py").touch()  # this very environment is the one that is set up
    (tmp_path / ".venv").symlink_to(sys.prefix)
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    server = subprocess.Popen(["make", "lab"], stdin=nothing, stdout=nothing, stderr=pipe, text=True,
                              cwd=tmp_path, env=headless(), start_new_session=True)
    try:
        address = re.compile(rf"(http://(?:localhost|127\.0\.0\.1):\d+)/lab/tree/{FIRST}\?token=(\w+)")
        found = next(filter(None, map(address.search, server.stderr)), None)
        assert found, "make lab ended without an address"
        base, token = found.groups()
        assert b"jupyter-config-data" in fetch(found.group())
        assert fetch(f"{base}/files/{FIRST}?token={token}") == (ROOT / FIRST).read_bytes()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate()


def fetch(address: str) -> bytes:
    """What a server answers; one that has said its address may not listen quite yet."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.read()
        except urllib.error.URLError as problem:
            if not isinstance(problem.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise AssertionError(f"nobody listens at {address}")


def test_readme_names_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for file in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / file).read_text()
        named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text, re.MULTILINE))
        assert named and {a or b for a, b in named} <= targets
    assert re.search(r"^make lab ", README, re.MULTILINE) and re.search(r"^make test ", README, re.MULTILINE)


def test_links_lead_to_files_of_the_course() -> None:
    for file in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / file).read_text()):
            assert (ROOT / target).is_file(), f"{file} links to {target}"


def test_the_table_lists_the_notebooks_that_exist_with_their_launch_links() -> None:
    rows = re.findall(r"^\| (\d\d) \| (.*) \|$", README, re.MULTILINE)
    assert [number for number, _ in rows] == [f"{number:02}" for number in range(1, 13)]
    slug = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    notebooks = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("notebooks/*/*.ipynb")]
    exist = {path.split("/")[1][:2]: path for path in notebooks}
    for number, row in rows:
        path = exist[number]
        assert f"]({path})" in row
        assert f"(https://colab.research.google.com/github/{slug}/blob/main/{path})" in row
        assert f"(https://mybinder.org/v2/gh/{slug}/main?labpath={path})" in row


def test_the_code_keeps_to_the_house_style() -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--output-format=concise"], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
