"""Every source notebook obeys the rules for graded cells, and the lint catches each kind of bad cell."""

import re
import textwrap

import pytest

from course_lib.errors import CourseError
from course_lib.instructor import lint
from course_lib.instructor.source import read_cells
from tests.harness import SOURCES

SETUP = """\
import numpy as np
from course_lib import ops
from course_lib.checks import hint, kernels_by_hand as check, probe, same
"""
SOLUTION = """\
# exercise: double
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
class Block:
    pass
by_hand = 3
"""
TEST = """\
# test: test_double (2 points)
check.double(double)
### BEGIN HIDDEN TESTS
check.double(double, seed=1)
### END HIDDEN TESTS
"""


def marker(grade_id: str, points: int = 0) -> str:
    kind = f'"locked": true, "points": {points}, "schema_version": 3, "solution": false' if points else \
        '"locked": false, "schema_version": 3, "solution": true'
    return f'# %% nbgrader={{"grade": {str(bool(points)).lower()}, "grade_id": "{grade_id}", {kind}}}\n'


def notebook(test: str = TEST, *, solution: str = SOLUTION, setup: str = SETUP, more: str = "") -> str:
    cells = ['# %% tags=["setup"]\n', setup, marker("double"), solution, marker("test_double", 2), test, more]
    return "".join(cells)


def findings(tmp_path, text: str) -> list[lint.Finding]:
    path = tmp_path / "99_sample.py"
    path.write_text(text)
    return lint.lint(path)


def graded(body: str) -> str:
    return "# test: test_double (2 points)\n" + textwrap.dedent(body)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_notebook_obeys_the_rules(source):
    assert [str(finding) for finding in lint.lint(source)] == []


GOOD = {
    "as in the contract": TEST,
    "data in, data out": """\
        for size in range(3, 6):
            x = np.ones((size, size))
            same(double(x), 2 * x, f"double of {size} ones")
        print("fine")
        """,
    "a by-hand value": 'check.by_hand("by_hand", by_hand)\nsame(by_hand, 3, "by_hand")',
    "a reference outside": 'same(double(np.eye(2)), ops.correlate2d(np.eye(2), np.ones((1, 1))), "double")',
    "a probe with everything that belongs there": """\
        def run(name, x):
            operations = {"threshold": lambda a: a > 0.5, "double": double}
            block = Block()
            if name == "block" and isinstance(block, Block):
                return [value for value in x if value > 0]
            return operations[name](x)[x > 0]
        check.double(probe(run))
        run_there = probe(run)
        same(run_there("double", np.ones(2)), np.full(2, 2.0), "run")
        """,
    "a function within a check's arguments": "check.double({'yours': double}, seed=3)",
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD)
def test_good_cell_is_accepted(tmp_path, body):
    assert findings(tmp_path, notebook(body if body is TEST else graded(body))) == []


PROBE = "def run(x):\n    {}\ncheck.double(probe(run))\n"
BAD = {
    "np.allclose": ("np.allclose(double(1), 2)\n", r"calls \.allclose"),
    "np.allclose in a value": ("ok = np.allclose(double(1), 2)\n", r"calls \.allclose"),
    ".all()": ("ok = double(np.ones(2)).all()\n", r"calls \.all"),
    ".any()": ("ok = double(np.ones(2)).any()\n", r"calls \.any"),
    "np.testing": ("np.testing.assert_equal(double(1), 2)\n", "bare expression"),
    "zip": ("for a, b in zip([1], [2]):\n    same(double(a), b, 'double')\n", "too short"),
    "all": ("ok = all([double(1)])\n", "too short"),
    "bare assert": ("assert double(1)\n", "asserts"),
    "comparison": ("ok = double(1) == 2\n", "compares"),
    "comparison in an if": ("if double(1) != 2:\n    print('wrong')\n", "compares"),
    "getattr": ("f = getattr(np, 'ones')\n", "inside a probe"),
    "globals": ("f = globals()['double']\n", "has no place"),
    "eval": ("same(eval('double(1)'), 2, 'double')\n", "has no place"),
    "exec": ("exec('x = 1')\n", "has no place"),
    "isinstance": ("ok = isinstance(double(1), int)\n", "inside a probe"),
    "lambda to a student's function": ("same(double(lambda x: x), 2, 'double')\n", "lambda"),
    "function to a student's function": ("same(double(np.mean), 2, 'double')\n", "hands a function"),
    "builtin to a student's function": ("same(double(len), 2, 'double')\n", "hands a function"),
    "probe to a student's function": (
        "def run(x):\n    return x\nf = probe(run)\nsame(double(f), 1, 'double')\n", "hands a function"),
    "own function to a student's function": (
        "def f(x):\n    return x\nsame(double(f), 1, 'double')\n", "outside a probe"),
    "class in the cell": ("class Net:\n    pass\nsame(double(1), 2, 'double')\n", "class 'Net'"),
    "student's class": ("block = Block()\n", "student's class"),
    "student's class to a check": ("check.double(Block)\n", "passes the student's class"),
    "student's function to same": ("same(double, 1, 'double')\n", "passes the student's function"),
    "alias of a student's function": ("f = double\n", "passes the student's function"),
    "attribute of the student's": ("same(double.__name__, 'double', 'name')\n", "attribute of the student's"),
    "attribute of a by-hand value": ("same(by_hand.shape, (3,), 'shape')\n", "attribute of the student's"),
    "probe's function called": (
        "def run(x):\n    return x\nprobe(run)(1)\nsame(run(1), 1, 'run')\n", "calls 'run' itself"),
    "probe of something else": ("same(probe(double)(1), 2, 'double')\n", "something else than one function"),
    "probe of a lambda": ("same(probe(lambda x: x)(1), 1, 'x')\n", "something else than one function"),
    "import": ("import math\nsame(double(1), 2, 'double')\n", "imports"),
    "try": ("try:\n    check.double(double)\nexcept ValueError:\n    pass\n", "catches"),
    "unknown name": ("same(double(picture), 2, 'double')\n", "neither the setup cell"),
    "takes the student's name": ("double = 1\ncheck.double(double)\n", "belongs to the student"),
    "takes a setup name": ("for np in [1]:\n    same(double(np), 2, 'double')\n", "belongs to the student"),
    "valued expression": ("check.double(double)\ndouble(1)\n", "bare expression"),
    "valued name": ("x = 2\nx\n", "bare expression"),
    "magic": ("%timeit double(1)\n", "plain Python"),
    "nothing visible": (
        "### BEGIN HIDDEN TESTS\ncheck.double(double)\n### END HIDDEN TESTS\n", "shows the student nothing"),
    "broken without hidden tests": (
        "for x in [1]:\n    ### BEGIN HIDDEN TESTS\n    check.double(double)\n    ### END HIDDEN TESTS\n",
        "no whole Python"),
    "probe: cell's name": ("y = 1\n" + PROBE.format("return double(x) + y"), "'y' of the test cell"),
    "probe: same": (PROBE.format("same(double(x), 2, 'double')"), "'same' of the course"),
    "probe: check": (PROBE.format("check.double(double)"), "'check' of the course"),
    "probe: reference": (PROBE.format("return ops.correlate2d(x, x)"), "'ops' of the course"),
    "probe: unknown name": (PROBE.format("return treble(x)"), "neither the setup cell"),
    "probe: verdict": (PROBE.format("return double(x) == 2 * x"), "returns a verdict"),
    "probe: verdict wrapped": (PROBE.format("return {'ok': bool(double(x) == 2)}"), "returns a verdict"),
    "probe: verdict named": (PROBE.format("ok = not (double(x) > 2)\n    return ok"), "returns a verdict"),
    "probe: verdict reduced": (PROBE.format("return (double(x) - 2 * x).any()"), "returns a verdict"),
    "probe: allclose": (PROBE.format("return np.allclose(double(x), 2)"), r"uses \.allclose"),
    "probe: assert": (PROBE.format("assert double(x)"), "asserts"),
    "probe: import": (PROBE.format("import math"), "imports"),
    "probe: eval": (PROBE.format("return eval('double')(x)"), "has no place"),
    "probe: computed default": (
        "def run(x=np.ones(2)):\n    return x\ncheck.double(probe(run))\n", "computed default"),
}


@pytest.mark.parametrize(("body", "says"), BAD.values(), ids=BAD)
def test_bad_cell_is_caught(tmp_path, body, says):
    found = findings(tmp_path, notebook(graded(body)))
    assert found
    assert all(finding.notebook == "99_sample" and finding.cell == "test_double" for finding in found)
    assert any(re.search(says, finding.sentence) for finding in found), found


STRUCTURE = {
    "broken JSON": (notebook().replace('"grade_id": "double",', '"grade_id": "double,'), "valid JSON"),
    "nbgrader without =": (notebook().replace("# %% nbgrader={", "# %% nbgrader {", 1), "valid JSON"),
    "missing key": (notebook().replace('"schema_version": 3, "solution": true', '"solution": true'),
                    "lacks schema_version"),
    "missing points": (notebook().replace('"points": 2, ', ""), "lacks points"),
    "odd grade_id": (notebook().replace('"grade_id": "double"', '"grade_id": "dou ble"'), "letters, digits"),
    "long grade_id": (notebook().replace('"grade_id": "double"', f'"grade_id": "{"d" * 65}"'), "1 to 64"),
    "old schema": (notebook().replace('"schema_version": 3', '"schema_version": 1'), "Outdated schema"),
    "no points": (notebook().replace('"points": 2', '"points": 0'), "above 0"),
    "half points": (notebook().replace('"points": 2', '"points": 1.5'), "above 0"),
    "duplicate": (notebook(more=marker("test_double", 2) + TEST), "already used in line"),
    "no end": (notebook(solution=SOLUTION.replace("    ### END SOLUTION\n", "")), "do not alternate"),
    "no begin": (notebook(solution=SOLUTION.replace("    ### BEGIN SOLUTION\n", "")), "do not alternate"),
    "nested": (notebook(TEST.replace("### BEGIN", "### BEGIN HIDDEN TESTS\n### BEGIN")), "do not alternate"),
    "no region": (notebook(solution="# exercise: double\ndouble = abs\n"), "would be published"),
    "solution elsewhere": (
        notebook(setup=SETUP + "### BEGIN SOLUTION\n### END SOLUTION\n"), "no solution cell"),
    "hidden test elsewhere": (
        notebook(more="# %%\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n"), "no test cell"),
    "no first line": (notebook(solution=SOLUTION.split("\n", 1)[1]), "must be '# exercise: double'"),
    "other points": (notebook(TEST.replace("2 points", "3 points")), r"must be '# test: test_double \(2"),
    "lost marker": (notebook(more="# %%\n# test: test_double_more (1 point)\ncheck.double(double)\n"),
                    "holds no nbgrader metadata"),
}


@pytest.mark.parametrize(("text", "says"), STRUCTURE.values(), ids=STRUCTURE)
def test_broken_structure_is_caught(tmp_path, text, says):
    found = findings(tmp_path, text)
    assert any(re.search(says, finding.sentence) for finding in found), found


PAIRS = {
    "no setup": (notebook().replace(' tags=["setup"]', ""), "0 cells carry the tag"),
    "two setups": (notebook(more='# %% tags=["setup"]\nimport math\n'), "2 cells carry the tag"),
    "test of nothing": (
        notebook(more=marker("test_treble", 1) + "# test: test_treble (1 point)\nsame(1, 1, 'one')\n"),
        "no solution cell before it"),
    "exercise without test": (
        notebook(more=marker("treble") + SOLUTION.replace("double", "treble")), "has no test cell"),
    "solution leans on another cell": (notebook(solution=SOLUTION.replace("2 * x", "two * x"),
                                                more="# %%\ntwo = 2\n"), "neither the setup cell"),
}


@pytest.mark.parametrize(("text", "says"), PAIRS.values(), ids=PAIRS)
def test_cells_that_do_not_belong_together_are_caught(tmp_path, text, says):
    found = findings(tmp_path, text)
    assert any(re.search(says, finding.sentence) for finding in found), found


def test_finding_names_notebook_line_and_cell(tmp_path):
    text = notebook(graded("check.double(double)\nassert double(1)\n"))
    (finding,) = findings(tmp_path, text)
    assert text.splitlines()[finding.line - 1] == "assert double(1)"
    assert str(finding).startswith(f"99_sample.py, line {finding.line}, cell test_double: asserts")


def test_total_points(tmp_path):
    path = tmp_path / "99_sample.py"
    more = TEST.replace("test_double (2", "test_double_more (3")
    path.write_text(notebook(more=marker("test_double_more", 3) + more))
    assert lint.lint(path) == []
    assert lint.total_points(read_cells(path)) == 5


def test_text_outside_cells_is_an_error(tmp_path):
    with pytest.raises(CourseError, match="put all text below"):
        findings(tmp_path, "import numpy\n" + notebook())


def test_command_prints_findings(tmp_path, capsys):
    path = tmp_path / "99_sample.py"
    path.write_text(notebook(graded("assert double(1)\n")))
    assert lint.main([str(path)]) == 1
    assert "99_sample.py, line 16, cell test_double: asserts" in capsys.readouterr().out
    path.write_text(notebook())
    assert lint.main([str(path)]) == 0
    assert lint.main([str(tmp_path / "absent.py")]) == 1
