"""The trusted process: runs test cells from the instructor's source, and nothing that a student wrote.

`course_lib.instructor.trusted` starts it, once for many submissions, hands it the setup cell of a notebook and
then one test cell after the other, and carries its questions about the student's names to the student's process.
Here such a name is plain data, an exact copy, or a function that asks the other process and returns plain data;
what a student's code raised is raised again from its description.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import linecache
import resource
import socket
import sys
import traceback
from collections.abc import Callable, Iterator

import numpy as np

from course_lib.checks.report import CheckFailed
from course_lib.errors import CourseError
from course_lib.exchange import CLASS, Packer, Refused, Unpacker, dumps, loads, receive, send
from course_lib.instructor.source import BEGIN_HIDDEN

MEMORY = 6 << 30  # bytes of data: an answer of the largest size, and room to look at it
TEXT = 20_000  # characters that one test cell may print
TOO_LONG = "it took too long"
NOWHERE = "<the student's notebook>"
# What a student's exception may be on this side: the first of these among its classes.
RAISED = {kind.__name__: kind for kind in (
    NotImplementedError, RecursionError, IndexError, KeyError, ZeroDivisionError, OverflowError, NameError, TypeError,
    ValueError, AttributeError, AssertionError, ImportError, MemoryError, OSError, StopIteration, SyntaxError,
    ArithmeticError, LookupError, RuntimeError, SystemExit, Exception)}


class Gone(Exception):
    """The student's process does not answer any more, with the reason."""


class Student:
    """The student's names, seen from here."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link

    def ask(self, question: dict, packer: Packer | None = None) -> tuple[dict, Unpacker]:
        """Send a question; return its answer and what reads the values in it."""
        send(self.link, b"question".ljust(16), dumps(question), packer.body if packer else b"")
        kind, head, body = receive(self.link)
        if kind.rstrip() == b"gone":
            raise Gone(head.decode())
        answer = loads(head)
        if "refused" in answer:
            raise Refused(_short(answer["refused"]))
        return answer, Unpacker(body)

    def names(self, wanted: list[str]) -> Iterator[tuple[str, object]]:
        """The values of those names that the student has."""
        answer, arrays = self.ask({"do": "names", "names": wanted})
        found = answer.get("found")
        if type(found) is not dict:
            raise Refused("it is no plain data")
        for name in wanted:  # in the order of the arrays, which is that of the question
            if name in found:
                kind, value = _pair(found[name])
                if kind == "function":
                    yield name, self.function(name, name, value)
                elif kind == "data":
                    yield name, arrays.unpack(value)
                else:
                    raise Refused(f"{name} cannot be judged: {_short(value)}")

    def function(self, who: str, called: str, class_name: object = "function") -> Callable:
        """A function of this side that calls one of the student's; its class has the name of theirs."""
        def call(self: object, *given: object, **keywords: object) -> object:
            return student.call(who, called, given, keywords)

        student = self
        name = class_name if type(class_name) is str and CLASS.fullmatch(class_name) else "function"
        return type(name, (), {"__call__": call, "__name__": called, "__slots__": ()})()

    def call(self, who: str, called: str, given: tuple, keywords: dict) -> object:
        packer = Packer()
        try:
            question = {"do": "call", "who": who, "given": [packer.pack(value) for value in given],
                        "keywords": {name: packer.pack(value) for name, value in keywords.items()}}
        except Refused as refusal:
            raise CourseError(f"{called} is handed what cannot cross to the student's process: {refusal}.") from None
        try:
            answer, arrays = self.ask(question, packer)
            if "raised" in answer:
                raise _raised(answer["raised"])
            value = arrays.unpack(answer.get("gave"))
            arrays.finished()
        except Refused as refusal:
            raise CheckFailed(f"What {called} returned cannot be judged: {refusal}.") from None
        changed = answer.get("changed")
        if type(changed) is not list or not all(type(place) is int for place in changed):
            raise CheckFailed(f"What {called} returned cannot be judged: it is no plain data.")
        for place in changed:
            if 0 <= place < len(given) and isinstance(given[place], np.ndarray) and given[place].flags.writeable:
                _spoil(given[place])
        return value


def _spoil(array: np.ndarray) -> None:
    """Show that an argument was changed. Not by what to: the student's process has no say in the test's data."""
    if array.size:
        flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
        flat[0] = not flat[0] if array.dtype.kind == "b" else flat[0] + 1


def _raised(described: object) -> BaseException:
    """The exception that a description stands for, with one step of traceback in the student's own line."""
    if type(described) is not dict:
        raise Refused("it is no plain data")
    classes, where = described.get("classes"), described.get("where")
    classes = [one for one in classes if type(one) is str and CLASS.fullmatch(one)] if type(classes) is list else []
    base = next((RAISED[one] for one in classes if one in RAISED), Exception)
    message = _short(described.get("message"), 2000)
    made = type(classes[0] if classes else "Exception", (base,), {"__str__": lambda self: message})
    error = Exception.__new__(made) if issubclass(made, Exception) else made()
    lines = described.get("lines")
    error.lines = [_short(line) for line in lines[:40]] if type(lines) is list else []
    if type(where) is list and len(where) == 3 and type(where[0]) is str and type(where[1]) is int:
        return _standing(error, where[0], where[1], _short(where[2]))
    return error


def _standing(error: BaseException, name: str, line: int, text: str) -> BaseException:
    """Give an exception a traceback that ends in one line of the student's notebook."""
    line = min(max(line, 1), 10_000)
    linecache.cache[NOWHERE] = (0, None, ["\n"] * (line - 1) + [text + "\n"], NOWHERE)
    code = compile("\n" * (line - 1) + "raise error", NOWHERE, "exec").replace(co_name=name[:80])
    try:
        exec(code, {"error": error})
    except BaseException as raised:
        error = raised
    error.__traceback__ = error.__traceback__.tb_next  # without the step in here
    return error


def _pair(value: object) -> tuple[str, object]:
    if type(value) is not list or len(value) != 2 or type(value[0]) is not str:
        raise Refused("it is no plain data")
    return value[0], value[1]


def _short(text: object, most: int = 300) -> str:
    text = text if type(text) is str else ""
    text = "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text[:most])
    return text


# ---- cells

class Notebook:
    """What the setup cell of a notebook defines; every test cell starts from a fresh copy of it."""

    def __init__(self, setup: str, student: list[str]) -> None:
        self.names: dict[str, object] = {"__name__": "__main__", "__builtins__": builtins}
        self.student = student
        with contextlib.redirect_stdout(None):
            exec(compile(setup, "<setup>", "exec"), self.names)

    def run(self, student: Student, name: str, text: str, hide: Callable[[], None] = lambda: None) -> dict:
        """Run one test cell; return what it shows, and what stopped it. Of the hidden part only whether it passed.

        `hide` is called before the hidden part: what the student's code prints from then on is not shown.
        """
        tree, shown = ast.parse(text), _Shown()
        hidden_from = next((number for number, line in enumerate(text.splitlines(), start=1)
                            if BEGIN_HIDDEN in line), len(text))
        visible = [part for part in tree.body if part.lineno < hidden_from]
        hidden = tree.body[len(visible):]
        names = dict(self.names)
        names["probe"] = _prober(student, tree)
        try:
            with shown:
                names |= dict(student.names([one for one in self.student if one in _loaded(tree)]))
                exec(compile(ast.Module(visible, []), f"<{name}>", "exec"), names)
        except BaseException as error:
            return {"outputs": shown.outputs, "failed": _failure(error, f"<{name}>", text)}
        if hidden:
            hide()
            try:
                with _Shown():
                    exec(compile(ast.Module(hidden, []), f"<{name}>", "exec"), names)
            except BaseException as error:
                return {"outputs": shown.outputs, "failed": _hidden_failure(error)}
        return {"outputs": shown.outputs, "failed": None}


def _loaded(tree: ast.Module) -> set[str]:
    """The names that a test cell reads, those in its probes aside."""
    parts = [part for part in tree.body if not isinstance(part, ast.FunctionDef)]
    return {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}


def _prober(student: Student, tree: ast.Module) -> Callable:
    """What `probe` is here: it sends the text of a function of the cell to the student's process."""
    functions = {part.lineno: part for part in tree.body if isinstance(part, ast.FunctionDef)}

    def probe(run: Callable) -> Callable:
        part = functions[run.__code__.co_firstlineno]
        who = f"{part.name} in line {part.lineno}"
        student.ask({"do": "probe", "as": who, "name": part.name, "text": ast.unparse(part)})
        return student.function(who, part.name)

    return probe


class _Shown:
    """Collect what a test cell prints and displays, up to a limit."""

    def __init__(self) -> None:
        self.outputs: list[dict] = []

    def __enter__(self) -> _Shown:
        from IPython.utils.capture import capture_output

        self.stack = contextlib.ExitStack()
        self.captured = self.stack.enter_context(capture_output())
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()
        for display in self.captured.outputs:
            data = {kind: text for kind, text in display.data.items() if kind in ("text/plain", "text/html")}
            if sum(map(len, data.values())) <= 20 * TEXT:
                self.outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
        if self.captured.stdout:
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": self.captured.stdout[:TEXT]})


def _failure(error: BaseException, filename: str, text: str) -> dict:
    """What stopped the visible part: kind, sentence, and the lines that lead there."""
    kind, sentence = type(error).__name__, _message(error)
    if isinstance(error, Gone):  # as nbclient calls the two
        kind = "CellTimeoutError" if sentence == TOO_LONG else "DeadKernelError"
        sentence = f"Your notebook's process was called and gave no answer: {sentence}."
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == filename]
    lines = []
    if steps:
        lines.append(f"----> {steps[-1].lineno} {text.splitlines()[steps[-1].lineno - 1]}")  # as IPython shows it
    lines += getattr(error, "lines", [])
    return {"ename": kind, "evalue": sentence, "traceback": [*lines, f"{kind}: {sentence}"]}


def _hidden_failure(error: BaseException) -> dict:
    """What stopped the hidden part, in words that tell nothing of it."""
    what = ("the process of this notebook ended, or took too long" if isinstance(error, Gone)
            else "the result is another one than expected" if isinstance(error, CheckFailed)
            else "it stopped with an error")
    sentence = f"The tests above pass. A hidden test, which tries other values, does not: {what}."
    return {"ename": "HiddenTestFailed", "evalue": sentence, "traceback": [f"HiddenTestFailed: {sentence}"]}


def _message(error: BaseException) -> str:
    try:
        return str(error)[:4000]
    except Exception:
        return ""


def main(fd: int) -> None:
    """Serve the grader until it hangs up."""
    from IPython.core.interactiveshell import InteractiveShell

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    InteractiveShell.instance()
    notebooks: dict[str, Notebook] = {}
    with socket.socket(fileno=fd) as link:
        def hide() -> None:
            send(link, b"hidden".ljust(16), b"{}")
            receive(link)

        while True:
            try:
                kind, head, _ = receive(link)
            except EOFError:
                return
            task = loads(head)
            try:
                if kind.rstrip() == b"setup":
                    notebooks[task["notebook"]] = Notebook(task["text"], task["student"])
                    answer = {"outputs": [], "failed": None}
                else:
                    answer = notebooks[task["notebook"]].run(Student(link), task["name"], task["text"], hide)
            except EOFError:
                return
            except BaseException as error:
                answer = {"outputs": [], "failed": _failure(error, "", "")}
            send(link, b"done".ljust(16), dumps(answer))


if __name__ == "__main__":
    main(int(sys.argv[1]))
