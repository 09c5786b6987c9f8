"""Replay answers through the trusted path, as `harness` does through the plain one: `grade(lesson, {...})`.

The test cells run here as in the trusted process, and the student's names live in a forked process that is reached
through `course_lib.exchange` alone. Kernels, sandbox and relay are left out: they make no points.
"""

from __future__ import annotations

import ast
import os
import signal
import socket

from course_lib.exchange import serve
from course_lib.instructor.lint import assigned
from course_lib.instructor.worker import Notebook, Student
from tests import harness
from tests.harness import Hangs, Lesson, Result

_notebooks: dict[str, Notebook] = {}


def grade(lesson: Lesson, answers: dict[str, str] | None = None, only: str | None = None) -> Result:
    """Do what `lesson.grade` does, with the student's names in another process."""
    notebook, answers, result = _notebook(lesson), answers or {}, Result()
    for name, tests in lesson.exercises.items():
        if only not in (None, name):
            continue
        link, child = _student(lesson, notebook, answers)
        try:
            for cell in tests:
                # As in harness: what trains a network the first time that it is asked may take long.
                seconds = 10 * harness.SECONDS if "trains" in cell.metadata.get("tags", []) else harness.SECONDS
                failed = _judge(notebook, link, cell.grade_id, cell.source, seconds)
                result.points[cell.grade_id] = 0 if failed else cell.points
                if failed:
                    result.messages[cell.grade_id] = f"{failed['ename']}: {failed['evalue']}"
        finally:
            link.close()
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return result


def _notebook(lesson: Lesson) -> Notebook:
    if lesson.name not in _notebooks:
        setup = "\n".join(cell.source for cell in lesson.cells if cell.is_setup)
        student = {name for cell in lesson.cells if cell.is_solution for name in assigned(ast.parse(cell.source))}
        _notebooks[lesson.name] = Notebook(setup, sorted(student))
    return _notebooks[lesson.name]


def _judge(notebook: Notebook, link: socket.socket, name: str, text: str, seconds: float) -> dict | None:
    """Run one test cell; a student's function that hangs ends with the time limit."""
    try:
        with harness._time_limit(seconds):
            return notebook.run(Student(link), name, text)["failed"]
    except Hangs:
        return {"ename": "TimeoutError", "evalue": f"ran for more than {seconds} seconds"}


def _student(lesson: Lesson, notebook: Notebook, answers: dict[str, str]) -> tuple[socket.socket, int]:
    """Fork a process that runs the solution cells and then answers questions about what they define."""
    mine, theirs = socket.socketpair()
    child = os.fork()
    if child:
        theirs.close()
        return mine, child
    try:
        mine.close()
        names = dict(notebook.names)
        for cell in lesson.cells:
            if cell.is_solution:
                harness._run(answers.get(cell.grade_id, cell.source), f"{lesson.name}/{cell.name}", names,
                             harness.SECONDS)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            serve(theirs.detach(), names)
    finally:
        os._exit(0)
