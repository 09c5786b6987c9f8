"""tools/upgrades.py: run for real on a tiny course with releases made here, and its parts one by one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wheels import wheel
from tools import upgrades

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "cnn-by-hand"
version = "1"
dependencies = ["breaks>=1", "harmless>=1"]
[project.optional-dependencies]
test = ["pytest>=1"]
instructor = []
"""
BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "cnn_by_hand-1-py3-none-any.whl", "cnn_by_hand-1.dist-info/"
    needs = "".join(f"Requires-Dist: {each}\\n" for each in ("breaks>=1", "harmless>=1", "pytest>=1; extra == 'test'"))
    extras = "Provides-Extra: test\\nProvides-Extra: instructor\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("cnn_by_hand.pth", os.getcwd())
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: cnn-by-hand\\nVersion: 1\\n" + extras + needs)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""
# A pytest that knows three tests: one that the newer `breaks` breaks, one that never passes, one that always does.
PYTEST = """
import sys
from importlib.metadata import version
report = next(word.partition("=")[2] for word in sys.argv if word.startswith("--junitxml="))
fails = {"test_of_breaks": version("breaks") == "2", "test_broken_anyway": True, "test_fine": False}
asked = [word.partition("::")[2] for word in sys.argv if "::" in word] or list(fails)
cases = [f'<testcase classname="tests.test_a" file="tests/test_a.py" name="{name}">'
         + ('<failure message="it is broken" />' if fails[name] else "") + "</testcase>" for name in asked]
open(report, "w").write(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
sys.exit(any(fails[name] for name in asked))
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A course with two packages, of which there are two releases each; the older ones are known to be good."""
    releases, root = tmp_path / "releases", tmp_path / "the course"
    releases.mkdir()
    for version in ("1", "2"):
        wheel(releases, "breaks", version, {})
        wheel(releases, "harmless", version, {})
    wheel(releases, "pytest", "9", {"pytest/__init__.py": "", "pytest/__main__.py": PYTEST})
    (root / "tools").mkdir(parents=True)
    for name in ("setup.py", "upgrades.py"):
        shutil.copy(ROOT / "tools" / name, root / "tools")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    upgrades.record({"breaks": "1", "harmless": "1", "pytest": "9"}, "whole", root / "tools" / "known_good.txt")
    return root


def run(root: Path, *options: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(root.parent / "releases"),
                                "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run([sys.executable, "-m", "tools.upgrades", *options], cwd=root, env=environment,
                          capture_output=True, text=True)


def test_it_says_what_changed_what_broke_and_which_package_it_was(tiny):
    before = (tiny / "tools" / "known_good.txt").read_text()
    done = run(tiny, "--bisect", "--record")
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stdout.splitlines() if "setuptools" not in line]
    assert lines[0].endswith("changed since tools/known_good.txt")
    rest = [line.strip() for line in lines[1:]]
    assert " ".join(rest[0].split()) == "breaks 1 -> 2" and " ".join(rest[1].split()) == "harmless 1 -> 2"
    assert rest[2:] == [
        "whole tests: 2 fail",
        "tests/test_a.py::test_of_breaks", "it is broken", "tests/test_a.py::test_broken_anyway", "it is broken",
        "bisect: with all 2 packages back: 1 of 2 still fail",
        "bisect: with breaks 1: 1 of 1 pass again",
        "no upgrade's fault:", "tests/test_a.py::test_broken_anyway",
        "breaks 1 -> 2 breaks", "tests/test_a.py::test_of_breaks"]
    assert (tiny / "tools" / "known_good.txt").read_text() == before, "nothing is recorded where something broke"


def test_an_environment_that_cannot_be_made_is_a_sentence(tiny):
    (tiny / "in the way").touch()
    done = run(tiny, "--quick", "--folder", "in the way")
    assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith("upgrades: venv could not make ")
    assert "Traceback" not in done.stderr


def test_a_record_is_read_back_and_is_what_pip_takes(tmp_path):
    path = tmp_path / "known_good.txt"
    assert upgrades.read_known_good(path) == {}
    versions = {"torch": "2.9.1", "numpy": "2.4.6"}
    upgrades.record(versions, "quick", path)
    assert upgrades.read_known_good(path) == versions
    head, *_, last = path.read_text().splitlines()
    assert "the quick tests" in head and last == "torch==2.9.1"


@pytest.mark.skipif(not upgrades.KNOWN_GOOD.exists(), reason="not recorded yet: python -m tools.upgrades --record")
def test_the_committed_record_holds_what_the_course_needs():
    """It is what one goes back to, so nothing that pyproject.toml names may be missing."""
    assert upgrades.direct() <= upgrades.read_known_good().keys()


def test_changes_tell_old_new_come_and_gone():
    old, new = {"a": "1", "same": "3", "gone": "1"}, {"a": "2", "same": "3", "came": "5"}
    assert upgrades.changes(old, new) == ["a     1 -> 2", "came  not there -> 5", "gone  1 -> gone"]


REPORT = """<testsuites><testsuite>
<testcase classname="tests.models.test_zoo" file="tests/models/test_zoo.py" name="test_there[a.b-1]">
<failure message="AssertionError: no&#10;more">text</failure></testcase>
<testcase classname="tests.test_x.TestClass" file="tests/test_x.py" name="test_in">
<error>RuntimeError: x</error></testcase>
<testcase classname="tests.test_x" file="tests/test_x.py" name="test_fine" />
<testcase classname="tests.test_x" file="tests/test_x.py" name="test_left_out"><skipped /></testcase>
<testcase classname="" name="tests.test_y"><error message="collection failure" /></testcase>
</testsuite></testsuites>"""


def test_failures_are_told_by_ids_that_pytest_takes(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    assert upgrades.read_report(tmp_path / "report.xml") == {
        "tests/models/test_zoo.py::test_there[a.b-1]": "AssertionError: no",
        "tests/test_x.py::TestClass::test_in": "RuntimeError: x",
        "tests/test_y.py": "collection failure"}


class Fake(upgrades.Environment):
    """An environment in which tests fail by the versions in it; "b" needs "a" as old as itself."""

    def __init__(self, versions: dict[str, str], rules: dict):
        self.now, self.rules = dict(versions), rules

    def versions(self):
        return dict(self.now)

    def install(self, *wanted):
        for pin in wanted:
            if "==" in pin:
                name, version = pin.split("==")
                if version == "missing":
                    raise upgrades.Stop("pip found no version")
                self.now[name] = version
                if name == "b" and "--no-deps" not in wanted:
                    self.now["a"] = version

    def failures(self, arguments):
        return {test: "no" for test in arguments if self.rules[test](self.now)}


def test_bisecting_names_each_culprit_and_what_moved_along(monkeypatch):
    monkeypatch.setattr(upgrades, "direct", lambda: {"b"})
    rules = {"t::a": lambda v: v["a"] == "2", "t::c": lambda v: v["c"] == "2",
             "t::both": lambda v: "2" in v["a"] + v["c"], "t::never": lambda v: True}
    new = {"a": "2", "b": "2", "c": "2", "d": "2", "came": "1"}
    environment, said = Fake(new, rules), []
    old = {"a": "1", "b": "1", "c": "1"}
    found = upgrades.bisect(environment, old, new, dict.fromkeys(rules, "no"), said.append)
    assert found == {"": ["t::never"], "b": ["t::a"], "c": ["t::c"]}, "b first: pyproject.toml names it"
    assert said[1] == "with b 1 (and a 1): 1 of 3 pass again" and said[-1] == "with c 1: 1 of 2 pass again"


def test_an_old_release_that_is_gone_does_not_end_the_search(monkeypatch):
    monkeypatch.setattr(upgrades, "direct", set)
    new = {"a": "2", "c": "2"}
    environment, said = Fake(new, {"t::c": lambda v: v["c"] == "2"}), []
    environment.restore = lambda wanted: environment.now.update(
        {name: version for name, version in wanted.items() if version != "missing"})
    found = upgrades.bisect(environment, {"a": "missing", "c": "1"}, new, {"t::c": "no"}, said.append)
    assert found == {"": [], "c": ["t::c"]} and "a missing: pip found no version" in said


@pytest.mark.parametrize("status, report", [(5, None), (4, None), (1, "<testsuites />"), (3, REPORT)])
def test_tests_that_did_not_run_are_not_taken_for_passed(tmp_path, status, report):
    python = tmp_path / "python"
    write = f"cat > ${{word#--junitxml=}} <<'END'\n{report}\nEND\n" if report else ":"
    python.write_text(f'#!/bin/sh\nfor word in "$@"; do case "$word" in --junitxml=*) \n{write}\n;; esac; done\n'
                      f"echo no tests ran\nexit {status}\n")
    python.chmod(0o755)
    environment = Fake({}, {})
    environment.python, environment.variables = str(python), dict(os.environ)
    with pytest.raises(upgrades.Stop, match="did not run to its end.*no tests ran"):
        upgrades.Environment.failures(environment, [])


def test_a_record_of_prereleases_is_refused(capsys):
    with pytest.raises(SystemExit):
        upgrades.main(["--pre", "--record"])
    assert "leave out --pre" in capsys.readouterr().err
