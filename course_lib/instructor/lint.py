"""Hold source notebooks to the rules for graded cells: `python -m course_lib.instructor.lint [files]`.

`structure` finds what would break the release (markers, delimiters, first-line comments). `graded_cells`
finds what would break grading in a separate, trusted process, or lets a wrong answer pass. The rules, and why
each is there:

* Data in, data out. A test cell calls the student's functions with data, or hands them to a check; all else
  (classes, functions as arguments, isinstance, attributes of student objects) happens in a `probe`, whose
  body runs among the student's names.
* A probe uses only its arguments, builtins, libraries such as np, and the student's names: nothing of the
  test cell and nothing of the course. Its text enters the student's process, so it carries no verdict and no
  expected value.
* Comparisons go through `same(got, want, what)` or a check. np.allclose is true for an empty array, `.all()`
  and `.any()` let NaN or a wrong shape through, zip and all() a list that is too short, `assert f(x)`
  anything truthy.
* A test cell ends in no expression with a value: nbgrader would read it as partial credit.
* Graded cells depend on the setup cell and on solution cells, and on nothing else.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator, ValidationError
from nbgrader.nbgraderformat.common import SchemaMismatchError

from course_lib.errors import CourseError
from course_lib.instructor.source import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
    Cell,
    exercise_of,
    read_cells,
    source_files,
)

GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # nbgrader's alphabet, and the length that a cell id may have
BUILTINS = frozenset(dir(builtins))
# What a test cell may not call, and what to do instead.
LOOKING_AROUND = dict.fromkeys(
    ("getattr", "hasattr", "setattr", "vars", "dir", "isinstance", "issubclass", "type", "callable"),
    "belongs inside a probe")
NEVER = dict.fromkeys(("globals", "locals", "eval", "exec", "compile", "__import__", "open", "input"),
                      "has no place in a graded cell; name what the cell needs plainly")
TOO_SHORT = dict.fromkeys(("zip", "all", "any"), "accepts a list that is too short; use same(...)")
VERDICTS = {"allclose", "isclose", "array_equal", "array_equiv", "equal", "testing"}
REDUCTIONS = {"all", "any"}


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, and a sentence that says what to do."""

    notebook: str
    cell: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.notebook}.py, line {self.line}, cell {self.cell}: {self.sentence}"


def lint(path: Path) -> list[Finding]:
    """Return what breaks a rule in one source notebook; the finer rules only once the structure holds."""
    cells = read_cells(path)
    return structure(cells) or graded_cells(cells)


def total_points(cells: Iterable[Cell]) -> int | float:
    """Return the points that a notebook's graded cells are worth together."""
    return sum(cell.points for cell in cells)


# ---- structure

def structure(cells: list[Cell]) -> list[Finding]:
    """Return what is wrong with markers, delimiters and first lines: things that break the release."""
    findings, seen = [], {}
    for cell in cells:
        complaints = list(_marker(cell))
        if cell.grade_id and cell.grade_id in seen:
            complaints.append(f"grade_id {cell.grade_id!r} is already used in line {seen[cell.grade_id]}; "
                              "give every cell its own.")
        complaints += [*_delimiters(cell), *_first_line(cell)]
        seen.setdefault(cell.grade_id, cell.line)
        findings += [Finding(cell.notebook, cell.name, cell.line, sentence) for sentence in complaints]
    return findings


def _marker(cell: Cell) -> Iterator[str]:
    """Complain about nbgrader metadata in the cell's `# %%` line that nbgrader cannot use."""
    if "incorrectly_encoded_metadata" in cell.metadata or "nbgrader" in cell.metadata.get("title", ""):
        yield "the '# %%' line above it holds nbgrader metadata that is not nbgrader={...} with valid JSON."
        return
    meta = cell.nbgrader
    if not meta:
        return
    missing = {"grade", "grade_id", "locked", "schema_version", "solution"} - set(meta)
    if meta.get("grade"):
        missing |= {"points"} - set(meta)
    if missing:
        yield f"the nbgrader metadata lacks {', '.join(sorted(missing))}."
    elif not GRADE_ID.fullmatch(str(meta["grade_id"])):
        yield f"grade_id {meta['grade_id']!r} must be 1 to 64 letters, digits, '_' or '-'."
    else:
        try:
            metadata = NotebookNode(nbgrader=NotebookNode(meta))
            MetadataValidator().validate_cell(
                NotebookNode(cell_type=cell.kind, source=cell.source, metadata=metadata))
        except (ValidationError, SchemaMismatchError) as error:
            yield f"nbgrader refuses its metadata: {str(error).splitlines()[0]}."
    if (cell.is_test or cell.is_written) and not (isinstance(cell.points, int) and cell.points > 0):
        kind = "a test cell" if cell.is_test else "an answer in words"
        yield f"{kind} is worth {cell.points!r} points; give it a whole number above 0."
    if cell.is_written and cell.kind != "markdown":
        yield "an answer that a person grades stands in a Markdown cell; code is graded by a test cell."


def _delimiters(cell: Cell) -> Iterator[str]:
    """Complain about solution and hidden-test regions, unbalanced or in the wrong kind of cell."""
    rules = [(BEGIN_SOLUTION, END_SOLUTION, bool(cell.nbgrader.get("solution")), "solution cell"),
             (BEGIN_HIDDEN, END_HIDDEN, cell.is_test, "test cell")]
    for begin, end, belongs, kind in rules:
        found = [word for line in cell.source.splitlines() for word in (begin, end) if word in line]
        if found and not belongs:
            yield f"'{found[0]}' stands in a cell that is no {kind}; mark the cell or remove the line."
        elif found != [begin, end] * (len(found) // 2):
            yield f"'{begin}' and '{end}' do not alternate; every '{begin}' needs one '{end}' after it."
    if (cell.is_solution or cell.is_written) and BEGIN_SOLUTION not in cell.source:
        yield f"a solution cell has no '### {BEGIN_SOLUTION}', '### {END_SOLUTION}'; all would be published."


def _first_line(cell: Cell) -> Iterator[str]:
    """Complain where the first line does not name the cell: lost metadata are restored from it."""
    first = cell.source.split("\n", 1)[0].rstrip()
    plural = "point" if cell.points == 1 else "points"
    if cell.is_solution:
        wanted = f"# exercise: {cell.grade_id}"
    elif cell.is_test:
        wanted = f"# test: {cell.grade_id} ({cell.points} {plural})"
    elif cell.is_written:
        wanted = f"<!-- exercise: {cell.grade_id} -->"  # which Markdown does not show
    elif re.match(r"#\s*(exercise|test):", first) and cell.kind == "code":
        yield f"the first line is {first!r} but the '# %%' line above holds no nbgrader metadata."
        return
    else:
        return
    if first != wanted:
        yield f"the first line is {first!r}; it must be {wanted!r}."


# ---- graded cells

@dataclass(frozen=True)
class Names:
    """What a graded cell can see besides its own names.

    setup: name in the setup cell to the module it comes from ("" for a plain variable); checks: those that
    are modules of checks; student: name defined in a solution cell to "function", "class" or "data".
    """

    setup: dict[str, str]
    checks: frozenset[str]
    student: dict[str, str]

    @property
    def all(self) -> frozenset[str]:
        return BUILTINS | set(self.setup) | set(self.student)


def graded_cells(cells: list[Cell]) -> list[Finding]:
    """Return where solution and test cells break the rules at the top of this file."""
    graded = [cell for cell in cells if cell.is_solution or cell.is_test]
    if not graded:
        return []
    setups = [cell for cell in cells if cell.is_setup]
    if len(setups) != 1 or setups[0].index > graded[0].index:
        return [Finding(cell.notebook, cell.name, cell.line,
                        f"{len(setups)} cells carry the tag 'setup'; exactly one must, before this cell.")
                for cell in graded[:1]]
    findings = list(_pairs(graded))
    trees: dict[int, ast.Module] = {}
    for cell in [*setups, *graded]:
        try:
            trees[cell.index] = ast.parse(cell.source)
        except SyntaxError as error:
            findings.append(Finding(cell.notebook, cell.name, cell.line + (error.lineno or 1) - 1,
                                    f"is not plain Python: {error.msg}."))
    if len(trees) < len(graded) + 1:
        return findings
    names = _names(trees[setups[0].index], [trees[cell.index] for cell in graded if cell.is_solution])
    for cell in graded:
        if cell.is_solution:
            found = _unknown(symtable.symtable(cell.source, cell.name, "exec"), names.all)
        else:
            found = [*_visible_part(cell), *_TestCell(cell, names).findings(trees[cell.index])]
        findings += [Finding(cell.notebook, cell.name, cell.line + line - 1, sentence)
                     for line, sentence in sorted(found)]
    return findings


def _pairs(graded: list[Cell]) -> Iterator[Finding]:
    """Complain about a test without its exercise before it, and an exercise without a test."""
    solutions = [cell for cell in graded if cell.is_solution]
    tested = set()
    for cell in graded:
        if cell.is_test:
            owner = exercise_of(cell, solutions)
            if owner is None or owner.index > cell.index:
                yield Finding(cell.notebook, cell.name, cell.line,
                              "no solution cell before it is its exercise; a test cell's grade_id is "
                              "test_<exercise> or test_<exercise>_<more>.")
            else:
                tested.add(owner.grade_id)
    for cell in solutions:
        if cell.grade_id not in tested:
            yield Finding(cell.notebook, cell.name, cell.line,
                          f"the exercise has no test cell; add one with grade_id 'test_{cell.grade_id}'.")


def _names(setup: ast.Module, solutions: list[ast.Module]) -> Names:
    """Collect the names that the setup cell and the solution cells define."""
    origin, checks = dict.fromkeys(assigned(setup), ""), set()
    for node in ast.walk(setup):
        if isinstance(node, ast.Import):
            origin |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            if node.module == "course_lib.checks":
                checks |= {alias.asname or alias.name for alias in node.names}
    student = {}
    for tree in solutions:
        student |= dict.fromkeys(assigned(tree), "data")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                student[node.name] = "function"
            elif isinstance(node, ast.ClassDef):
                student[node.name] = "class"
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                student |= {target.id: "function" for target in node.targets if isinstance(target, ast.Name)}
    return Names(origin, frozenset(checks - {"hint", "probe", "same"}), student)


def assigned(tree: ast.Module) -> set[str]:
    """Return the names that a module binds at its top level, imports aside."""
    table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    return {symbol.get_name() for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_namespace()}


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a function, with everything nested in it, looks up outside itself."""
    here = {symbol.get_name() for symbol in table.get_symbols()
            if symbol.is_global() or (table.get_type() == "module" and symbol.is_referenced())}
    return here.union(*(_globals(child) for child in table.get_children()))


def _unknown(table: symtable.SymbolTable, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Complain about names that are neither the cell's own nor known."""
    own = {symbol.get_name() for symbol in table.get_symbols()
           if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()}
    for name in sorted(_globals(table) - own - known):
        yield 1, f"uses {name!r}, which neither the setup cell nor a solution cell defines."


def _visible_part(cell: Cell) -> Iterator[tuple[int, str]]:
    """Complain where nothing, or no whole Python, is left when the hidden tests are gone."""
    visible, hidden = [], False
    for line in cell.source.splitlines():
        hidden = (hidden or BEGIN_HIDDEN in line) and END_HIDDEN not in line
        if not hidden:
            visible.append(line)
    try:
        ast.parse("\n".join(visible))
        if not ast.parse(cell.source.split(BEGIN_HIDDEN)[0]).body:
            yield 1, "shows the student nothing; put a visible test before the hidden ones."
    except SyntaxError:
        yield 1, "is no whole Python without its hidden tests."


class _TestCell(ast.NodeVisitor):
    """Walk one test cell outside its probes; a probe's function goes to `_probe`."""

    def __init__(self, cell: Cell, names: Names) -> None:
        self.cell, self.names = cell, names
        self.found: list[tuple[int, str]] = []
        self.fine: set[ast.AST] = set()

    def findings(self, tree: ast.Module) -> list[tuple[int, str]]:
        self.table = symtable.symtable(self.cell.source, self.cell.name, "exec")
        self.own = assigned(tree)
        calls = [node for node in ast.walk(tree)
                 if isinstance(node, ast.Call) and _name(node.func) == "probe"]
        self.probed = {_name(node.args[0]) for node in calls if len(node.args) == 1}
        self.fine |= {argument for node in calls for argument in node.args if _name(argument)}
        self.from_probe = {target.id for node in ast.walk(tree)
                           if isinstance(node, ast.Assign) and node.value in calls
                           for target in node.targets if isinstance(target, ast.Name)}
        for name in sorted(self.own & (set(self.names.student) | set(self.names.setup))):
            self._say(tree.body[0], f"assigns {name!r}, which belongs to the student or to the setup cell.")
        self.found += _unknown(self.table, self.names.all)
        for statement in tree.body:
            self.visit(statement)
        return self.found

    def _say(self, node: ast.AST, sentence: str) -> None:
        self.found.append((getattr(node, "lineno", 1), sentence))

    # -- statements

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in self.probed:
            self.found += _probe(node, self.table, self.own, self.names)
        else:
            self._say(node, f"defines {node.name!r} outside a probe; "
                            f"use probe({node.name}), or move it to the library.")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._say(node, f"defines the class {node.name!r}; define it inside a probe.")

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._say(node, "uses a lambda; write a function and hand it to probe().")

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self._say(node, "imports; import in the setup cell.")

    def visit_Assert(self, node: ast.Assert) -> None:
        self._say(node, "asserts, and a bare assert accepts anything truthy; use same(...) or a check.")

    def visit_Try(self, node: ast.Try) -> None:
        self._say(node, "catches exceptions, so that a failing test could pass; leave them to the check.")

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value
        stands_alone = isinstance(call, ast.Call) and (
            _name(call.func) in {"same", "print"}
            or isinstance(call.func, ast.Attribute) and _name(call.func.value) in self.names.checks)
        if not stands_alone:
            self._say(node, "has a bare expression, whose value nbgrader could read as points; "
                            "only check.*(...), same(...) and print(...) stand alone.")
        self.generic_visit(node)

    visit_ImportFrom = visit_Import
    visit_TryStar = visit_Try

    # -- expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        self._say(node, "compares; use same(...) or a check, which look at type, shape and NaN first.")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in VERDICTS | REDUCTIONS:
            self._say(node, f"calls .{node.func.attr}(); use same(got, want, what) or a check.")
        elif reason := (LOOKING_AROUND | NEVER | TOO_SHORT).get(name):
            self._say(node, f"calls {name}(), which {reason}.")
        elif name == "probe" and not (len(node.args) == 1 and not node.keywords
                                      and _name(node.args[0]) in self.own):
            self._say(node, "calls probe() with something else than one function defined in this cell.")
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute) and _name(node.func.value) in self.names.checks:
            self.fine |= {part for argument in arguments for part in ast.walk(argument)
                          if self.names.student.get(_name(part)) == "function"}
        elif name in self.names.student:
            if self.names.student[name] == "class":
                self._say(node, f"makes an object of the student's class {name!r}; do so inside a probe.")
            for argument in arguments:
                if self._is_function(argument):
                    self._say(argument, f"hands a function to the student's {name!r}; do so inside a probe.")
            self.fine.add(node.func)
        elif name in self.probed:
            self._say(node, f"calls {name!r} itself; call probe({name}).")
            self.fine.add(node.func)
        self.generic_visit(node)

    def _is_function(self, node: ast.AST) -> bool:
        """Tell whether an argument is visibly a function, class or module: something that is no data."""
        if isinstance(node, ast.Attribute) and self.names.setup.get(_name(node.value)) == "numpy":
            return callable(getattr(np, node.attr, None))
        name = _name(node)
        return (name in self.from_probe or bool(self.names.setup.get(name))
                or (name in BUILTINS and name not in self.own and callable(vars(builtins)[name])))

    def visit_Name(self, node: ast.Name) -> None:
        if node in self.fine or isinstance(node.ctx, ast.Store):
            return
        if self.names.student.get(node.id) in {"function", "class"}:
            self._say(node, f"passes the student's {self.names.student[node.id]} {node.id!r} around; "
                            "call it with data, hand a function to a check, or use a probe.")
        elif node.id in self.probed:
            self._say(node, f"uses {node.id!r} outside probe({node.id}).")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if _name(node.value) in self.names.student:
            self._say(node, f"reads {ast.unparse(node)}, an attribute of the student's; "
                            "do so inside a probe.")
            self.fine.add(node.value)
        self.generic_visit(node)


def _probe(node: ast.FunctionDef, table: symtable.SymbolTable, own: set[str],
           names: Names) -> Iterator[tuple[int, str]]:
    """Complain about what a probe's function must not hold, since it runs in the student's process."""
    defaults = [default for default in [*node.args.defaults, *node.args.kw_defaults] if default]
    if node.decorator_list or not all(isinstance(default, ast.Constant) for default in defaults):
        yield node.lineno, (f"probe {node.name!r} has a decorator or a computed default; "
                            "hand data in as arguments.")
    inner = next(child for child in table.get_children()
                 if child.get_name() == node.name and child.get_lineno() == node.lineno)
    for name in sorted(_globals(inner) - set(names.student)):
        if name in own:
            yield node.lineno, (f"probe {node.name!r} uses {name!r} of the test cell; "
                                "hand it in as an argument.")
        elif names.setup.get(name, "").startswith("course_lib"):
            yield node.lineno, (f"probe {node.name!r} uses {name!r} of the course; "
                                "checks and references stay outside probes.")
        elif name in NEVER:
            yield node.lineno, f"probe {node.name!r} uses {name}(), which {NEVER[name]}."
    verdicts = {target.id for part in ast.walk(node)
                if isinstance(part, ast.Assign) and _has_verdict(part.value, set())
                for target in part.targets if isinstance(target, ast.Name)}
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            yield part.lineno, f"probe {node.name!r} asserts; return data and compare outside."
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            yield part.lineno, f"probe {node.name!r} imports; import in the setup cell."
        elif isinstance(part, ast.Attribute) and part.attr in VERDICTS:
            yield part.lineno, f"probe {node.name!r} uses .{part.attr}; return data and compare outside."
        elif isinstance(part, ast.Return) and part.value and _has_verdict(part.value, verdicts):
            yield part.lineno, f"probe {node.name!r} returns a verdict; return data and compare outside."


def _has_verdict(node: ast.AST, verdicts: set[str]) -> bool:
    """Tell whether an expression hands on a comparison's result (indices, conditions and lambdas aside)."""
    if isinstance(node, (ast.Compare, ast.Not)) or _name(node) in verdicts:
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REDUCTIONS:
        return True
    if isinstance(node, ast.Lambda):
        return False
    skipped = {ast.Subscript: "slice", ast.IfExp: "test", ast.comprehension: "ifs"}.get(type(node))
    return any(_has_verdict(child, verdicts)
               for field, value in ast.iter_fields(node) if field != skipped
               for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST))


def _name(node: ast.AST) -> str:
    """Return the name that an expression is, or "" if it is something else."""
    return node.id if isinstance(node, ast.Name) else ""


def main(arguments: list[str]) -> int:
    """Print every finding, one a line; return 1 if there is any."""
    files = [Path(argument) for argument in arguments] or source_files(Path.cwd())
    try:
        findings = [finding for path in files for finding in lint(path)]
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for finding in findings:
        print(finding)
    print(f"{len(files)} notebooks, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
