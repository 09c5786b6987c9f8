"""The GitHub workflows are valid YAML, and call what exists, on the Pythons that the course supports."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = {path.name: path for path in sorted((ROOT / ".github" / "workflows").iterdir())}


def read(name: str) -> dict:
    # YAML 1.1, which PyYAML reads, takes the key `on` for a truth value; GitHub does not.
    loaded = yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}


def steps(name: str) -> list[dict]:
    return [step for job in read(name)["jobs"].values() for step in job["steps"]]


def commands(name: str) -> str:
    return "\n".join(step.get("run", "") for step in steps(name))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_whole(name):
    workflow = read(name)
    assert {"name", "on", "permissions", "jobs"} <= workflow.keys() and workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["runs-on"] and job["timeout-minutes"] and job["steps"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))
    used = set(re.findall(r"\$\{\{ matrix\.(\w+) \}\}", WORKFLOWS[name].read_text()))
    assert all(used <= job["strategy"]["matrix"].keys() for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_shell_that_can_be_read(name):
    for step in steps(name):
        if "run" in step:
            done = subprocess.run(["bash", "-n", "-c", step["run"]], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr


def test_ci_runs_the_readmes_test_command_on_every_python():
    assert commands("ci.yml").splitlines()[-1] == ".ci/run"
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"
    assert re.search(r"^make test ", (ROOT / "README.md").read_text(), re.MULTILINE)
    (job,) = read("ci.yml")["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert oldest == f">={job['strategy']['matrix']['python'][0]}"
    assert {"push", "pull_request"} <= read("ci.yml")["on"].keys()


def test_upgrades_run_weekly_by_a_command_that_takes_these_options():
    (when,) = read("upgrades.yml")["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", when["cron"]), "once a week"
    (command,) = re.findall(r"python -m tools\.upgrades(.*?) \|", commands("upgrades.yml"))
    done = subprocess.run([sys.executable, "-m", "tools.upgrades", *command.split(), "--help"], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0 and all(option in done.stdout for option in command.split())
    assert {job["strategy"]["matrix"]["python"][0] for job in read("upgrades.yml")["jobs"].values()} == {"3.11"}
