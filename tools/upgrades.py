"""Run the course against the newest releases of all it depends on, and say what broke: `python -m tools.upgrades`.

    python -m tools.upgrades                  # a fresh environment, every test
    python -m tools.upgrades --quick          # every module imported, every solved notebook run (tests/quick.py)
    python -m tools.upgrades --pre            # pre-releases too
    python -m tools.upgrades --bisect         # where something broke, put one package back at a time to find it
    python -m tools.upgrades --record         # where nothing broke, write the versions to tools/known_good.txt

What changed is told by tools/known_good.txt, the versions with which the course last passed. Python itself is the one
that runs this. Exit status: 0 nothing broke, 1 something did, 2 the newest releases could not be tried.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.setup import ROOT, Stop, run

KNOWN_GOOD = ROOT / "tools" / "known_good.txt"
PIP = ["-m", "pip", "--disable-pip-version-check"]
PYTEST = ["-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "-o", "junit_family=xunit1",
          "--continue-on-collection-errors"]
SUITES = {"whole": ["--dist", "loadfile"], "quick": ["tests/quick.py"]}
OWN = {"cnn-by-hand", "pip"}  # no releases to follow

Versions = dict[str, str]
Failures = dict[str, str]  # a test's id, and the first line of what it said


class Environment:
    """A fresh virtual environment with the course in it."""

    def __init__(self, folder: Path):
        run([sys.executable, "-m", "venv", "--clear", str(folder)], f"venv could not make {folder}")
        self.python = str(folder / "bin" / "python")
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])
        self.variables = kept | {"PATH": path, "OMP_NUM_THREADS": "1"}

    def install(self, *wanted: str) -> None:
        """Install with pip, which takes the newest release that fits."""
        run([self.python, *PIP, "install", "--quiet", "--no-input", "--root-user-action=ignore", *wanted],
            f"pip could not install {' '.join(wanted)}")

    def versions(self) -> Versions:
        """What is installed, the course and pip aside."""
        listed = subprocess.check_output([self.python, *PIP, "list", "--format", "json"], env=self.variables)
        return {_plain(each["name"]): each["version"].partition("+")[0] for each in json.loads(listed)
                if _plain(each["name"]) not in OWN}

    def restore(self, wanted: Versions) -> None:
        """Bring packages back to these versions, and touch no other."""
        here = self.versions()
        if pins := [f"{name}=={version}" for name, version in wanted.items() if here.get(name) != version]:
            self.install("--no-deps", *pins)

    def failures(self, arguments: Iterable[str]) -> Failures:
        """The tests that fail. Raises Stop where pytest could not run them at all."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")
            command = [self.python, *PYTEST, f"--junitxml={report}", *arguments]
            done = subprocess.run(command, cwd=ROOT, env=self.variables, capture_output=True, text=True)
            failed = read_report(report) if done.returncode == 1 and report.exists() else {}
            if bool(failed) != bool(done.returncode):  # no test was found, a wrong option, a crash
                raise Stop(f"pytest did not run to its end (exit status {done.returncode}): {_last(done)}")
            return failed


def _last(done: subprocess.CompletedProcess) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _plain(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_report(path: Path) -> Failures:
    """The failed tests of a JUnit report, by ids that pytest takes, with the first line of each message."""
    failed = {}
    for case in ElementTree.parse(path).iter("testcase"):
        problem = next((case.find(kind) for kind in ("failure", "error") if case.find(kind) is not None), None)
        if problem is not None:
            message = (problem.get("message") or problem.text or "").strip().splitlines()
            failed[_test_id(case)] = message[0] if message else "no message"
    return failed


def _test_id(case: ElementTree.Element) -> str:
    name, file = case.get("name", ""), case.get("file")
    if not file:  # the file itself could not be imported
        return name.replace(".", "/") + ".py" if re.fullmatch(r"[\w.]+", name) else name
    inside = case.get("classname", "").removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
    return "::".join(filter(None, [file, *inside.split("."), name]))


def read_known_good(path: Path = KNOWN_GOOD) -> Versions:
    """The recorded versions; {} where there is no record."""
    if not path.exists():
        return {}
    return dict(line.split("==") for line in path.read_text(encoding="utf-8").splitlines() if "==" in line)


def record(versions: Versions, suite: str, path: Path = KNOWN_GOOD) -> None:
    """Write the versions in a form that pip takes as constraints."""
    head = [f"# The versions with which the course last passed `python -m tools.upgrades`: the {suite} tests, "
            f"{time.strftime('%Y-%m-%d')},",
            f"# Python {platform.python_version()}, {platform.system()} {platform.machine()}. "
            "If a newer release breaks something for you, go back to them:",
            "#     .venv/bin/pip install -c tools/known_good.txt -e .", ""]
    lines = [f"{name}=={version}" for name, version in sorted(versions.items())]
    partial = path.with_name(path.name + ".tmp")
    partial.write_text("\n".join(head + lines) + "\n", encoding="utf-8")
    partial.replace(path)


def changes(old: Versions, new: Versions) -> list[str]:
    """One line for each package that another version is of, that came, or that went."""
    wide = max(map(len, old.keys() | new.keys()), default=0)
    return [f"{name:{wide}}  {old.get(name, 'not there')} -> {new.get(name, 'gone')}"
            for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]


def direct() -> set[str]:
    """The packages that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {_plain(re.match(r"[\w.-]+", line)[0]) for lines in lists for line in lines}


def bisect(environment: Environment, old: Versions, new: Versions, broken: Failures,
           say: Callable[[str], None]) -> dict[str, list[str]]:
    """Put packages back to their old versions, one at a time; return the tests that each of them breaks.

    First all at once: what fails then too is no upgrade's fault (key ""). The packages that pyproject.toml names come
    first, and the search ends when every test has its culprit.
    """
    movable = {name: old[name] for name in new if name in old and old[name] != new[name]}
    environment.restore(movable)
    found = {"": sorted(environment.failures(broken))}
    say(f"with all {len(movable)} packages back: {len(found[''])} of {len(broken)} still fail")
    left = set(broken) - set(found[""])
    named = direct()
    for name in sorted(movable, key=lambda name: (name not in named, name)):
        if not left:
            break
        environment.restore(new)
        try:
            environment.install(f"{name}=={movable[name]}")  # what it needs may come back with it
        except Stop as problem:
            say(f"{name} {movable[name]}: {problem}")
            continue
        now = environment.versions()
        others = [f"{other} {now[other]}" for other in sorted(now) if other != name and now[other] != new.get(other)]
        healed = sorted(left - set(environment.failures(sorted(left))))
        along = f" (and {', '.join(others)})" if others else ""
        say(f"with {name} {movable[name]}{along}: {len(healed)} of {len(left)} pass again")
        if healed:
            found[name] = healed
            left -= set(healed)
    return found


def try_newest(options: argparse.Namespace, folder: Path) -> int:
    """The whole run, in an environment made in `folder`; return 0 where nothing broke and 1 where something did."""
    suite = "quick" if options.quick else "whole"
    environment = Environment(folder)
    environment.install(*(["--pre"] if options.pre else []), "-e", f"{ROOT}[test,instructor]")
    old, new = read_known_good(), environment.versions()
    lines = changes(old, new) if old else []
    compared = f"{len(lines)} changed since tools/known_good.txt" if old else "no tools/known_good.txt to compare with"
    say(f"Python {platform.python_version()}, {len(new)} packages, {compared}")
    for line in lines:
        say(f"  {line}")
    broken = environment.failures(SUITES[suite])
    say(f"{suite} tests: " + (f"{len(broken)} fail" if broken else "nothing broke"))
    for name, message in broken.items():
        say(f"  {name}\n      {message}")
    if broken and options.bisect:
        found = bisect(environment, old, new, broken, lambda line: say(f"bisect: {line}"))
        for name, tests in found.items():
            if tests:
                cause = f"{name} {old[name]} -> {new[name]} breaks" if name else "no upgrade's fault:"
                say("\n  ".join([cause, *tests]))
        if unexplained := sorted(set(broken) - {test for tests in found.values() for test in tests}):
            say("\n  ".join(["no single package explains", *unexplained]))
    if not broken and options.record:
        record(new, suite)
        say("wrote tools/known_good.txt")
    return 1 if broken else 0


def say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Try the newest releases; 0, 1 or 2 as the head of this file says."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrades", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="imports and solved notebooks, in place of every test")
    parser.add_argument("--pre", action="store_true", help="take pre-releases too")
    parser.add_argument("--bisect", action="store_true", help="find the package behind each test that broke")
    parser.add_argument("--record", action="store_true", help="write tools/known_good.txt where nothing broke")
    parser.add_argument("--folder", type=Path, help="make the environment here, anew, and keep it")
    options = parser.parse_args(arguments)
    if options.record and options.pre:
        parser.error("--record is for released versions: leave out --pre")
    try:
        if options.folder:
            return try_newest(options, options.folder.resolve())
        with tempfile.TemporaryDirectory(prefix="upgrades-") as folder:
            return try_newest(options, Path(folder))
    except (Stop, OSError) as problem:
        print(f"upgrades: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
