"""The ladder of checks that a student's function climbs.

A check says the first thing that is wrong, in this order: is it a function, does it run, type, shape, dtype,
one tiny case with both arrays drawn, its properties, then seeded random cases against the reference. Where
the result is that of a classic mistake, it names the mistake.

A student's function is reached only as a call with plain data, and its result is copied into a plain array,
because in grading it lives in another process and what is called here is a proxy.
"""

from __future__ import annotations

import copy
import linecache
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from course_lib.checks.compare import RUNGS, TOLERANCE, Difference, describe, difference
from course_lib.checks.report import CheckFailed, Report, Table, fail
from course_lib.errors import CourseError

# The arguments of one call, by the names under which they are drawn; they are passed by position.
Case = dict[str, object]

ADVICE = {
    IndexError: "An index runs past the edge of an array: compare the ranges of your loops with the shapes.",
    KeyError: "A dictionary is asked for a key that it does not hold.",
    NameError: "That name is not defined: is it misspelt, or its cell not yet run?",
    RecursionError: "The function calls itself without end.",
    ZeroDivisionError: "Something is divided by zero.",
    SystemExit: "Do not call exit() in the notebook.",
}


@dataclass(frozen=True)
class Mistake:
    """A classic wrong version of a function, and the sentence that names it.

    `wrong` takes a case's values; it returns NotImplemented for a case that the mistake does not touch.
    """

    says: str
    wrong: Callable[..., object]


@dataclass(frozen=True)
class Claim:
    """One instance of a property: two values that must agree, and the sentence for when they do not."""

    says: str
    got: object
    want: object
    inputs: Case
    labels: tuple[str, str] = ("yours", "expected")


@dataclass(frozen=True)
class FunctionCheck:
    """A check of one function of the student's, called as ``check.correlate2d(correlate2d, seed=0)``.

    `call` is the call as a student writes it, "correlate2d(x, w)"; `reference` and each mistake's `wrong`
    take a case's values by position; `cases` and each property draw what they need from the seeded generator
    they are given. `explain` may add a sentence to a difference that is no known mistake. `roles` colours the
    arguments by name, and `covers` says in the line of success what the properties were. `part` names what is
    judged where a function returns several arrays and each has a check of its own: "dW".

    Calling it returns None, or raises CheckFailed with one sentence and draws what differs.
    """

    call: str
    reference: Callable[..., object]
    example: Case
    cases: Callable[[np.random.Generator], Iterable[Case]]
    properties: tuple[Callable[[Callable, np.random.Generator], Iterable[Claim]], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    explain: Callable[[Difference, Case], str | None] = lambda found, case: None
    roles: tuple[tuple[str, str], ...] = (("x", "input"), ("w", "kernel"))
    covers: tuple[str, ...] = ()
    part: str = "the result"
    tolerance: float = TOLERANCE

    @property
    def name(self) -> str:
        return self.call.partition("(")[0]

    @property
    def parameters(self) -> list[str]:
        inside = self.call.partition("(")[2].rstrip(")")
        return [parameter.partition("=")[0].strip() for parameter in inside.split(",")]

    def __call__(self, function: Callable, seed: int = 0) -> None:
        self._accept(function, seed)
        rng = np.random.default_rng(seed)
        self._judge(function, self.example, "the tiny case")
        self._call_again(function)
        for claims in self.properties:
            for claim in claims(self._trusting(function), rng):
                self._judge_claim(function, claim)
        count = 0
        for count, case in enumerate(self.cases(rng), start=1):
            self._judge(function, case, f"case {count} of seed {seed}")
        covers = ", ".join(("the tiny case", *self.covers))
        what = self.name if self.part == "the result" else f"{self.part} of {self.name}"
        print(f"✓ {what}: {covers} and {count} more cases (seed {seed}) are right.")

    def _accept(self, function: object, seed: object) -> None:
        """First rung: a function, and not what a call of it gave."""
        if function is None:
            fail(f"{self.name} is None: write the function first, then run its cell.")
        if not callable(function):
            fail(f"{self.name} must be a function, and the check was given {describe(function)}: "
                 f"pass the function itself, without brackets, as in check.{self.name}({self.name}).")
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            fail(f"seed must be a whole number from 0 on, and is {describe(seed)}.")

    def _judge(self, function: Callable, case: Case, where: str) -> None:
        """Climb type, shape, dtype and values with one case."""
        want = self.reference(*_copies(case))
        got = self._run(function, case)
        found = difference(got, want, f"On {where} {self.part} of {self._called(case)}", self.tolerance)
        if found is None:
            return
        named = self._name_mistake(function, case, got) or self.explain(found, case)
        rows = self._tables(case), _both(found)
        fail(_join(found.sentence, named), Report(f"{self._called(case)}, {where}", _remarks(found), rows))

    def _call_again(self, function: Callable) -> None:
        """A function answers the same when it is called again, and leaves earlier results alone."""
        first = self._run(function, self.example)
        before = _snapshot(first)
        self._run(function, next(iter(self.cases(np.random.default_rng(0)))))
        kept = np.array_equal(_snapshot(first), before)
        again = self._run(function, self.example)
        found = difference(again, self.reference(*_copies(self.example)), "", self.tolerance)
        if found or not kept:
            rows = self._tables(self.example), _both(found) if found else ()
            fail(f"{self.name} gives another result when it is called a second time, or changes an earlier "
                 "one: something is kept from call to call. Make the output anew inside the function.",
                 Report(f"{self._called(self.example)}, called again", (), rows))

    def _trusting(self, function: Callable) -> Callable:
        """The function for use in properties: what it returns has the right type, shape and dtype."""
        def call(*values: object) -> object:
            case = dict(zip(self.parameters, values, strict=False))
            got = self._run(function, case)
            found = difference(got, self.reference(*_copies(case)), "", self.tolerance)
            if found and found.rung != "values":
                self._judge(function, case, "another case")
            return np.array(got, subok=False) if isinstance(got, np.ndarray) else got
        return call

    def _judge_claim(self, function: Callable, claim: Claim) -> None:
        mine, theirs = claim.labels
        found = difference(claim.got, claim.want, f"{self.name}: {mine}", self.tolerance)
        if found is None:
            return
        sentence = (f"{self.name}: {claim.says} {_capital(mine)} differs from {theirs} in "
                    f"{int(found.differs.sum())} of {found.differs.size} cells."
                    if found.differs is not None else f"{found.sentence} {claim.says}")
        fail(_join(sentence, self._name_mistake_in_cases(function)),
             Report(f"{self.name}: {mine} against {theirs}", _remarks(found),
                    (self._tables(claim.inputs), _both(found, claim.labels))))

    def _name_mistake_in_cases(self, function: Callable) -> str | None:
        """The classic mistake behind a property that fails, looked for in the first case that goes wrong."""
        for case in self.cases(np.random.default_rng(0)):
            try:
                got = function(*_copies(case))
            except (Exception, SystemExit):
                continue
            if difference(got, self.reference(*_copies(case)), "", self.tolerance):
                return self._name_mistake(function, case, got)
        return None

    def _run(self, function: Callable, case: Case) -> object:
        """Call the student's function with copies; an exception of theirs becomes a sentence."""
        given, called = _copies(case), self._called(case)
        try:
            got = function(*given)
        except NotImplementedError as error:
            if 'required "forward"' in str(error):  # torch's own, for a module that has none
                fail(f"{self.name}: the network has no method `forward`. Is it misspelt, or indented into `__init__`?")
            frame = _student_frame(error.__traceback__)
            within = frame.tb_frame.f_code.co_name if frame else self.name
            who = self.name if within == self.name else f"{within}, which {self.name} calls,"
            fail(f"{who} is not written yet: replace the line `raise NotImplementedError` by your code.")
        except CheckFailed:  # said already, about one of several results
            raise
        except (Exception, SystemExit) as error:  # whatever a student's code raises, and exit() too
            line = _line(error.__traceback__)
            sentence = f"{called} stopped with {type(error).__name__}{_message(error)}{line}."
            advice = next((text for kind, text in ADVICE.items() if isinstance(error, kind)), None)
            if isinstance(error, TypeError) and not line:  # it did not even start
                advice = f"The check calls it as {self.call}; keep these parameters."
            advice = advice or self.explain(Difference("run", sentence), case)
            fail(_join(sentence, _shapes(case), advice),
                 Report(f"{called} stopped", (), (self._tables(case),)))
        if got is NotImplemented or got is Ellipsis:
            fail(f"{self.name} is not written yet: it returns {got!r}.")
        # In grading the arguments cross over as copies, so this rung teaches and does not grade.
        for name, before, after in zip(case, _copies(case), given, strict=True):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after):
                tables = Table(f"{name} before", before, "input"), Table(f"{name} after", after)
                fail(f"{self.name} changed its argument {name}: whoever called it loses the original. "
                     f"Work on a copy, {name}.copy(), or on a new array.",
                     Report(f"{called} changed {name}", (), (tables,)))
        return got

    def _name_mistake(self, function: Callable, case: Case, got: object) -> str | None:
        """The first classic mistake that gives this result, here and on a few further cases."""
        suspects = [one for one in self.mistakes if self._agrees(one, case, got) is True]
        for other in [self.example, *self.cases(np.random.default_rng(1))][:4] if suspects else []:
            try:
                got = function(*_copies(other))
            except (Exception, SystemExit):  # it may well crash elsewhere; that case then says nothing
                continue
            suspects = [one for one in suspects if self._agrees(one, other, got) is not False]
        return suspects[0].says if suspects else None

    def _agrees(self, mistake: Mistake, case: Case, got: object) -> bool | None:
        """Whether the mistake gives this result; None where it says nothing about the case."""
        try:
            with np.errstate(all="ignore"):
                wrong = mistake.wrong(*_copies(case))
            return None if wrong is NotImplemented else difference(got, wrong, "", self.tolerance) is None
        except Exception:  # a wrong version need not work on every case, nor give finite numbers
            return None

    def _called(self, case: Case) -> str:
        """The call of this case as it would be written, arrays by their names."""
        values = (name if isinstance(value, np.ndarray) else repr(value) for name, value in case.items())
        return f"{self.name}({', '.join(values)})"

    def _tables(self, case: Case) -> tuple[Table, ...]:
        roles = dict(self.roles)
        return tuple(Table(name, value, roles.get(name, "plain")) for name, value in case.items()
                     if isinstance(value, np.ndarray))


def same(got: object, want: object, what: str, tolerance: float = TOLERANCE) -> None:
    """Hold a student's value against the expected one: type, shape, dtype, finiteness, then values.

    `want` is an array, a number, a truth value, text, None, or lists, tuples and dicts of those; `tolerance`
    is relative to its largest magnitude. Returns None, or raises CheckFailed and draws both.
    """
    found = difference(got, want, str(what), tolerance)
    if found:
        fail(found.sentence, Report(str(what), _remarks(found), (_both(found),)))


def probe(run: Callable) -> Callable:
    """Mark the body of `run` as work to be done among the student's own names; here it is `run` itself.

    In a student's notebook a test cell and the student's functions share one process. In grading they do not:
    a function that needs more than data in and data out (callbacks, classes) runs in the student's process,
    and only the data that it returns comes back to be judged.
    """
    if not callable(run):
        raise CourseError(f"probe takes a function and got {describe(run)}: pass it without brackets.")
    return run


def _copies(case: Case) -> list:
    """The values of a case, arrays and lists anew: a function may change what it is given."""
    return [copy.deepcopy(value) if isinstance(value, (np.ndarray, list)) else value for value in case.values()]


def _snapshot(value: object) -> np.ndarray:
    """A value as it is now; what is no regular array, as lists of unequal length are none, by its text."""
    try:
        return np.array(value, subok=False)
    except ValueError:
        return np.array(repr(value))


def _both(found: Difference, labels: tuple[str, str] = ("yours", "expected")) -> tuple[Table, ...]:
    if found.got is None or found.want is None:
        return ()
    return (Table(labels[0], found.got, "plain", found.differs, found.want),
            Table(labels[1], found.want, "output"))


def _remarks(found: Difference) -> tuple[str, ...]:
    """How far up the ladder it went."""
    passed = RUNGS[: RUNGS.index(found.rung)] if found.got is not None else ()
    return (f"Right so far: {', '.join(passed)}.",) if passed else ()


def _shapes(case: Case) -> str:
    shapes = [f"{name} has shape {value.shape}" for name, value in case.items()
              if isinstance(value, np.ndarray)]
    return f"Here {', '.join(shapes)}." if shapes else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _join(*sentences: str | None) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _message(error: BaseException) -> str:
    try:
        text = str(error).strip().rstrip(".")
    except Exception:  # a student's own exception class
        return ""
    text = text if len(text) <= 300 else text[:297] + "..."
    return f": {text}" if text else ""


def _line(trace: TracebackType | None) -> str:
    """The student's own line that failed, when its source is at hand."""
    frame = _student_frame(trace)
    if frame is None:
        return ""
    source = linecache.getline(frame.tb_frame.f_code.co_filename, frame.tb_lineno).strip()
    return f", in line {frame.tb_lineno}: `{source}`" if source else f", in line {frame.tb_lineno}"


def _student_frame(trace: TracebackType | None) -> TracebackType | None:
    """The innermost step of a traceback that is neither ours nor a library's; None when there is none."""
    found = None
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(_LIBRARIES) and not name.endswith(".pyx"):  # NumPy's own compiled files
            found = trace
        trace = trace.tb_next
    return found


_LIBRARIES = (str(Path(__file__).parents[1]), "<frozen", "<__array_function__",
              *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))
