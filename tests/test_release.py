"""notebooks/ is what the sources give, byte for byte, and holds neither a solution nor a hidden test."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.errors import CourseError
from course_lib.instructor import release
from course_lib.instructor.source import BEGIN_HIDDEN, BEGIN_SOLUTION, END_HIDDEN, END_SOLUTION, read_cells
from tests.harness import ROOT, SOURCES, course

SAMPLE = ROOT / "tests" / "fixtures" / "90_sample.py"
every_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def tree(root: Path) -> dict[str, bytes]:
    """Return what a release makes below `root`: notebooks and compiled lessons."""
    return {str(path.relative_to(root)): path.read_bytes()
            for top in ("notebooks", "course_lib/lessons", "solutions")
            for path in sorted((root / top).rglob("*"))
            if path.suffix in {".ipynb", ".json", ".py", ".toml"} and path.name != "__init__.py"
            and ".ipynb_checkpoints" not in path.parts}


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    root = course(tmp_path_factory.mktemp("course"))
    release.release(root)
    return root


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """The sample notebook, released; a fresh gradebook takes seconds to make."""
    root = course(tmp_path_factory.mktemp("sample"), SAMPLE)
    release.release(root)
    return root


@pytest.fixture
def sample(template, tmp_path) -> Path:
    return shutil.copytree(template, tmp_path / "course")


def test_committed_notebooks_and_lessons_are_a_fresh_release(released):
    fresh = {name: text for name, text in tree(released).items() if not name.startswith("solutions")}
    committed = {name: text for name, text in tree(ROOT).items() if not name.startswith("solutions")}
    assert sorted(fresh) == sorted(committed)
    assert [name for name in fresh if fresh[name] != committed[name]] == [], "run `make release` and commit"


def test_second_release_leaves_the_tree_unchanged(released):
    before = tree(released)
    assert release.release(released) == []
    assert tree(released) == before


def words(path: Path) -> list[str]:
    """Return every line of text in a published file; of a notebook, of its sources, outputs and metadata."""
    def strings(value: object) -> list[str]:
        if isinstance(value, str):
            return value.splitlines()
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [line for inner in values for line in strings(inner)]

    text = path.read_text(encoding="utf-8")
    return strings(json.loads(text)) if path.suffix == ".ipynb" else text.splitlines()


def secrets(source: Path) -> set[str]:
    """Return the lines of solutions and hidden tests that stand nowhere else, brackets aside."""
    hidden, open_lines = set(), set()
    for cell in read_cells(source):
        closed = set(cell.region(BEGIN_SOLUTION, END_SOLUTION)) | set(cell.region(BEGIN_HIDDEN, END_HIDDEN))
        hidden |= {line.strip() for line in closed}
        open_lines |= {line.strip() for line in set(cell.source.splitlines()) - closed}
    return {line for line in hidden - open_lines if re.search(r"\w.*\w", line)}


@every_notebook
def test_no_solution_and_no_hidden_test_is_published(source):
    known = secrets(source)
    assert len(known) > 20, "the notebook has hardly any solution: is the test looking at the right thing?"
    published = {path: {line.strip() for line in words(path)} for path in (ROOT / "notebooks").rglob("*")
                 if path.is_file()}
    text = "\n".join(line for lines in published.values() for line in lines)
    # Its own release must hold none of these lines; elsewhere `return kernel` may well be given, a whole thought not.
    for path, lines in published.items():
        assert {line for line in known & lines if source.stem in path.name or len(line) > 20} == set()
    own = "\n".join(line for path, lines in published.items() if source.stem in path.name for line in lines)
    assert [line for line in known if len(line) > 12 and line in own] == []
    assert [line for line in known if len(line) > 30 and line in text] == []
    for marker in (BEGIN_SOLUTION, END_SOLUTION, BEGIN_HIDDEN, END_HIDDEN):
        assert marker not in text


def test_only_notebooks_and_pictures_are_published():
    suffixes = {path.suffix for path in (ROOT / "notebooks").rglob("*")
                if path.is_file() and ".ipynb_checkpoints" not in path.parts}
    assert suffixes <= {".ipynb", ".png", ".jpg", ".svg", ".csv"}


@every_notebook
def test_released_notebook_is_clean(source):
    notebook = nbformat.read(ROOT / "notebooks" / source.stem / f"{source.stem}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == release.METADATA
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            assert cell.id == cell.metadata.nbgrader.grade_id


@every_notebook
def test_launch_cells_come_first_and_carry_the_one_address(source):
    notebook = nbformat.read(ROOT / "notebooks" / source.stem / f"{source.stem}.ipynb", as_version=4)
    badges, launch = notebook.cells[:2]
    slug = release.repository(ROOT).removeprefix("https://github.com/")
    links = re.findall(r"\]\((https://[^)]+)\)\n?", badges.source)
    page = f"notebooks/{source.stem}/{source.stem}.ipynb"
    assert [link for link in links if not link.endswith(".svg")] == [
        f"https://colab.research.google.com/github/{slug}/blob/main/{page}",
        f"https://mybinder.org/v2/gh/{slug}/main?labpath={page}"]
    assert f"git+https://github.com/{slug}" in launch.source
    assert "--no-deps" in launch.source and "torch" not in launch.source and "numpy" not in launch.source


def launch_code() -> str:
    return release._launch_cells(Path("02_x.py"), "https://github.com/a/b")[1].source


def test_launch_cell_does_nothing_outside_colab():
    # A pip that is called would leave its mark: sys.executable is replaced by a program that prints and
    # fails.
    code = "import sys; sys.executable = '/bin/false'\n" + launch_code()
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("works", [True, False])
def test_launch_cell_in_colab(tmp_path, works):
    log, pip = tmp_path / "log", tmp_path / "python"
    pip.write_text(f"#!/bin/sh\necho \"$@\" > {log}\necho no network >&2\nexit {0 if works else 1}\n")
    pip.chmod(0o755)
    # -S -I: no site-packages, so course_lib is not there, as in a fresh Colab.
    code = (f"import sys; sys.modules['google.colab'] = sys; sys.executable = {str(pip)!r}\n" + launch_code())
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert log.read_text().split() == ["-m", "pip", "install", "--quiet", "--no-deps",
                                       "git+https://github.com/a/b", "anywidget", "psygnal"]
    assert ("run this cell again" in ran.stdout) == (not works)
    assert ("no network" in ran.stdout) == (not works)


def cells_of(root: Path) -> dict[str, str]:
    notebook = nbformat.read(root / "notebooks" / SAMPLE.stem / f"{SAMPLE.stem}.ipynb", as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


def test_stubs_let_the_release_run_to_its_end(sample):
    cells = cells_of(sample)
    assert cells["double"].splitlines()[-1] == '    raise NotImplementedError("Write your code here")'
    assert cells["by_hand"] == "# exercise: by_hand\nby_hand = None"
    assert cells["test_double"] == '# test: test_double (2 points)\nsame(double(2), 4, "double(2)")'


def test_cell_ids_survive_an_insertion_and_twins_differ(sample):
    before = cells_of(sample)
    source = sample / "solutions" / SAMPLE.stem / SAMPLE.name
    new = "# %% [markdown]\n# New.\n\n# %% [markdown]"
    source.write_text(source.read_text().replace("# %% [markdown]", new, 1))
    release.release(sample)
    after = cells_of(sample)
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()
    twins = [name for name, text in before.items() if text == "print(double(1))"]
    assert len(twins) == 2 and twins[1] == f"{twins[0]}-2"


def test_files_beside_a_source_are_published_but_never_the_source(sample):
    folder = sample / "solutions" / SAMPLE.stem
    (folder / "picture.svg").write_text("<svg/>")
    for name in (f"{SAMPLE.name}~", f".{SAMPLE.name}.swp", "lesson.bak", "helper.py", "notes.toml"):
        (folder / name).write_text("### BEGIN SOLUTION")
    release.release(sample)
    place = sample / "notebooks" / SAMPLE.stem
    assert {path.name for path in place.iterdir()} == {f"{SAMPLE.stem}.ipynb", "picture.svg"}
    (folder / "picture.svg").unlink()
    assert release.release(sample) == [place / "picture.svg"]
    (folder / "notes.txt").write_text("### BEGIN SOLUTION")
    with pytest.raises(CourseError, match="notes.txt would publish a solution"):
        release.release(sample)


FAULTS = {
    "bad marker": ('"grade_id": "double",', '"grade_id": "double,', "valid JSON"),
    "duplicate grade_id": ('"grade_id": "by_hand"', '"grade_id": "double"', "already used in line"),
    "missing BEGIN": ("    ### BEGIN SOLUTION\n", "", "do not alternate"),
    "missing END": ("### END HIDDEN TESTS\n", "", "do not alternate"),
}


@pytest.mark.parametrize(("old", "new", "says"), FAULTS.values(), ids=FAULTS)
def test_fault_in_a_source_is_one_sentence_and_loses_nothing(sample, capsys, old, new, says):
    before = tree(sample)
    source = sample / "solutions" / SAMPLE.stem / SAMPLE.name
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new, 1))
    assert release.main(["--root", str(sample)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(rf"90_sample\.py, line \d+, cell [\w ]+: .*{says}.*\n", printed.err)
    assert {k: v for k, v in tree(sample).items() if not k.endswith(".py")} == \
        {k: v for k, v in before.items() if not k.endswith(".py")}


def test_command_says_what_it_did(sample, capsys):
    for path in sample.rglob("*.ipynb"):
        path.unlink()
    assert release.main([SAMPLE.stem, "--root", str(sample)]) == 0
    name = f"{SAMPLE.stem}/{SAMPLE.stem}.ipynb"
    assert capsys.readouterr().out.splitlines() == [
        f"changed solutions/{name}", f"changed notebooks/{name}", "1 notebooks released, 2 files changed"]
    assert release.main(["03_absent", "--root", str(sample)]) == 1
    assert "no source notebook 03_absent" in capsys.readouterr().err


def test_repository_must_be_on_github(sample):
    text = (sample / "pyproject.toml").read_text()
    (sample / "pyproject.toml").write_text(text.replace("https://github.com/", "https://example.org/"))
    with pytest.raises(CourseError, match="Colab and Binder need"):
        release.release(sample)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_release_of_a_notebook_that_has_submissions(sample):
    """Cells may not come and go under students who handed in; the sentence says what to do instead."""
    with Gradebook(f"sqlite:///{sample}/gradebook.db") as gradebook:
        gradebook.add_student("someone")
        gradebook.update_or_create_submission(SAMPLE.stem, "someone")
    assert release.release(sample) == []
    source = sample / "solutions" / SAMPLE.stem / SAMPLE.name
    text = source.read_text()
    source.write_text(text.replace('"test_double"', '"test_double_again"')
                      .replace("test: test_double ", "test: test_double_again "))
    with pytest.raises(CourseError, match="Cannot add or remove cells.*keep that file elsewhere"):
        release.release(sample)
