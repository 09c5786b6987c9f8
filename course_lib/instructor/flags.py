"""Submissions that a human should look at, each with the reason. A flag is a question, never a verdict.

Students who work in the same room write the same lines; whoever edited a notebook after running it has old outputs
in it. So nothing here costs a point, nothing is told to students, and each flag says what to look at.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from rapidfuzz import fuzz

from course_lib.instructor.nbgrader_extras import FIRST_LINE
from course_lib.instructor.results import DEAD, TIMED_OUT, Results, Student
from course_lib.instructor.source import read_cells

LONG = 120  # characters that normalised code needs before its being equal tells anything
FEW = 3  # students who share something: more have it from somewhere else, as from a book
ALIKE = 90  # per cent of two students' code, cell by cell
# What code of a notebook has no need of, and what tampering with grading may need.
WORDS = {
    "the grading": r"nbgrader|gradebook|autograd(?:e\b|ed)|hidden.?tests?|course_lib\.instructor|lesson\.json",
    "the interpreter's hooks": r"settrace|setprofile|sys\.modules|builtins|__builtins__|_getframe|gc\.get_|"
                               r"meta_path|path_hooks|sitecustomize|atexit|\bctypes\b|__subclasses__|__del__|audithook",
    "the notebook's own machinery": r"get_ipython|input_transformers|ipykernel|register_magic|events\.register|"
                                    r"showtraceback|display_pub|parent_header",
    "comparison functions": r"__eq__|__array_ufunc__|__array_function__|(?:allclose|array_equal|isclose|same|fail|"
                            r"CheckFailed)\s*=[^=]|setattr\(",
    "processes, files or the network": r"subprocess|os\.(?:system|popen|kill|fork|exec|environ|_exit|getppid)|pty\b|"
                                       r"socket|requests|urllib|urlopen|shutil|open\(\s*['\"]/|\.\./|/proc/|signal\.(?:signal|alarm|setitimer)",
}


@dataclass(frozen=True)
class Flag:
    """One thing to look at: whose, what kind, the reason in a sentence, and whom else it concerns."""

    student: str
    kind: str
    reason: str
    others: tuple[str, ...] = ()


@dataclass
class Work:
    """What flags look at in one student's submitted notebook."""

    code: dict[str, str]  # solution cells, by exercise
    own: list[str]  # code that is not the release's
    tests: dict[str, dict]  # test cells as handed in, by grade id


def find_flags(results: Results) -> list[Flag]:
    """Return all flags of an assignment, student by student."""
    release = json.loads((results.root / "notebooks" / results.assignment / f"{results.assignment}.ipynb").read_bytes())
    given = _read(release["cells"])
    source = results.root / "solutions" / results.assignment / f"{results.assignment}.py"
    solution = {normalised(cell.source) for cell in read_cells(source) if cell.is_solution}
    works = {student.id: work for student in results.students if (work := _work(results, student)) is not None}
    texts = Counter((name, _squeezed(cell["source"])) for work in works.values() for name, cell in work.tests.items())
    flags = [flag for student in results.students
             for flag in [*_about_grading(student), *_about_text(student.id, works.get(student.id), release),
                          *_about_tests(student, works.get(student.id), given, texts)]]
    flags += [*_alike(works, given, solution), *_same_answers(results, works)]
    order = {student.id: number for number, student in enumerate(results.students)}
    return sorted(flags, key=lambda flag: (order[flag.student], flag.kind, flag.reason))


# ------------------------------------------------------------------------------------------------- one by one

def _about_grading(student: Student) -> Iterable[Flag]:
    if student.reason:
        yield Flag(student.id, "not graded", student.reason)
    if student.errors & set(DEAD):
        yield Flag(student.id, "kernel ended", "The kernel ended while the notebook was graded; the cells after that "
                   "were run in a new one, or not at all.")
    if TIMED_OUT in student.errors:
        yield Flag(student.id, "out of time", "A cell ran longer than a cell may and was interrupted.")
    if "NotJudged" in student.errors:
        yield Flag(student.id, "not judged", "A test could not be finished by the grader itself: grade this submission "
                   "again, with --again --student.")
    if student.late > 0:
        yield Flag(student.id, "late", f"Handed in {_span(student.late)} after the deadline.")
    if student.row.get("late"):
        yield Flag(student.id, "late", "The platform marked the submission as late.")


def _about_text(student: str, work: Work | None, release: dict) -> Iterable[Flag]:
    """Code that mentions what a notebook has no need of, unless the release itself does."""
    known = "\n".join("".join(cell["source"]) for cell in release["cells"])
    for kind, pattern in WORDS.items():
        found = {match[0].strip() for text in (work.own if work else ())
                 for match in re.finditer(pattern, _code_of(text))}
        found = sorted(word for word in found if word not in known)
        if found:
            yield Flag(student, "unusual code", f"The code mentions {kind}: {', '.join(found[:5])}.")


def _about_tests(student: Student, work: Work | None, given: Work, texts: Counter) -> Iterable[Flag]:
    """Test cells that were edited, unless many have that text: then it is an earlier release's."""
    if work is None:
        return
    changed = [name for name, cell in work.tests.items() if name in given.tests
               and _squeezed(cell["source"]) != _squeezed(given.tests[name]["source"])
               and texts[name, _squeezed(cell["source"])] <= FEW]
    if changed:
        yield Flag(student.id, "test cells changed", f"Handed in with another text in {_listed(changed)}; graded with "
                   "the original text.")
    gone = [name for name in given.tests if name not in work.tests]
    if gone:
        yield Flag(student.id, "test cells missing", f"Handed in without {_listed(gone)}; graded with the original "
                   "cells.")
    claimed = [failure.cell for failure in student.failures
               if (cell := work.tests.get(failure.cell)) and cell.get("execution_count") and _says_passed(cell)
               and failure.error not in ("HiddenTestFailed", *DEAD)]
    if claimed:
        yield Flag(student.id, "outputs say otherwise", f"Handed in with outputs that say {_listed(claimed)} passed, "
                   "and failed when graded: edited after running, run in another order, or written by hand.")


def _says_passed(cell: dict) -> bool:
    outputs = cell.get("outputs", [])
    return any(output["output_type"] == "stream" and "✓" in "".join(output["text"]) for output in outputs) and not any(
        output["output_type"] == "error" for output in outputs)


# ------------------------------------------------------------------------------------------- one beside another

def _alike(works: dict[str, Work], given: Work, solution: set[str]) -> Iterable[Flag]:
    """Pairs whose code is the same, or nearly, although few others wrote it so, nor is it the course's own."""
    sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
    normal = {student: {name: normalised(code) for name, code in work.code.items()
                        if _squeezed(code) != _squeezed(given.code.get(name, ""))} for student, work in works.items()}
    for student, cells in normal.items():
        for name, code in cells.items():
            if len(code) >= LONG and code not in solution:
                sharing[name, code].append(student)
    pairs: Counter[tuple[str, str]] = Counter()
    for students in sharing.values():
        if 2 <= len(students) <= FEW:
            pairs.update(combinations(sorted(students), 2))
    for one, other in pairs:
        both = sorted(name for name in normal[one].keys() & normal[other].keys()
                      if len(normal[one][name]) >= LONG and len(normal[other][name]) >= LONG)
        equal = [name for name in both if normal[one][name] == normal[other][name]]
        alike = sum(fuzz.ratio(normal[one][name], normal[other][name]) for name in both) / len(both)
        rare = [name for name in equal if (_comments(works[one].code[name]) & _comments(works[other].code[name]))
                - _comments(given.code.get(name, ""))]
        if (len(both) >= 2 and alike >= ALIKE) or rare:
            reason = (f"The code of {_listed(equal)} is the same but for names, layout and comments; over {len(both)} "
                      f"exercises the code is {alike:.0f} % alike.")
            reason += f" Comments are the same, too, in {_listed(rare)}." if rare else ""
            yield Flag(one, "code alike", reason, (other,))
            yield Flag(other, "code alike", reason, (one,))


def _same_answers(results: Results, works: dict[str, Work]) -> Iterable[Flag]:
    """By-hand answers that are wrong in a way of their own, and the same wrong way as somebody else's."""
    sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for student in results.students:
        wrong = {failure.cell: failure for failure in student.failures}
        for name, code in (works[student.id].code.items() if student.id in works else ()):
            failure = wrong.get(f"test_{name}")
            answer = _literal(code, name)
            # A classic mistake is made by many, each alone; and a single small number is soon the same.
            if failure and not failure.mistake and answer is not None and len(re.findall(r"\d+", answer)) >= 2:
                sharing[name, answer].append(student.id)
    for (name, answer), students in sharing.items():
        if 2 <= len(students) <= FEW:
            for student in students:
                yield Flag(student, "wrong answer shared", f"The answer to {name} is wrong and the same, "
                           f"{answer[:80]}: no known mistake leads there.",
                           tuple(one for one in students if one != student))


def _literal(code: str, name: str) -> str | None:
    """The value that the last assignment to `name` gives it, written in one way; None where it is no plain value."""
    try:
        values = [node.value for node in ast.parse(code).body
                  if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name]
        return repr(ast.literal_eval(values[-1])) if values else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def normalised(code: str) -> str:
    """Return code without what two people may write differently: layout, comments, docstrings, names of their own."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _squeezed(_code_of(code))
    names: dict[str, str] = {}
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in own:
            node.id = names.setdefault(node.id, f"v{len(names)}")
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = names.setdefault(node.arg, f"v{len(names)}"), None
    try:
        return ast.unparse(tree)
    except (ValueError, RecursionError):
        return _squeezed(_code_of(code))


# ------------------------------------------------------------------------------------------------ reading notebooks

def _work(results: Results, student: Student) -> Work | None:
    folder = Path(results.coursedir.format_path(results.coursedir.submitted_directory, student.id, results.assignment))
    path = folder / f"{results.assignment}.ipynb"
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 64 * 2**20:
        return None
    try:
        return _read(json.loads(path.read_bytes())["cells"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # grading said so already


def _read(cells: list[dict]) -> Work:
    work = Work({}, [], {})
    for cell in cells:
        cell["source"] = source = "".join(cell["source"])
        meta = cell.get("metadata", {}).get("nbgrader", {})
        meta = meta if isinstance(meta, dict) else {}
        first = FIRST_LINE.match(source)
        name = str(meta.get("grade_id") or (first[1] if first else ""))
        is_test = bool(meta.get("grade") and not meta.get("solution")) or source.startswith("# test:")
        if cell.get("cell_type") == "code" and is_test:
            work.tests[name] = cell
        elif cell.get("cell_type") == "code":
            work.own.append(source)
            if name:
                work.code[name] = source
    return work


def _code_of(text: str) -> str:
    """Code without its comments, where it can be told apart."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    return tokenize.untokenize(token for token in tokens if token.type != tokenize.COMMENT)


def _comments(text: str) -> set[str]:
    """The comments of some length in code."""
    return {line.split("#", 1)[1].strip() for line in text.splitlines() if "#" in line and len(line) > 25}


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _listed(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
