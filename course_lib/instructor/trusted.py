"""Grade with tests that never enter the student's process: `TrustedExecute`, in the place of nbgrader's Execute.

The cells of a submission run in a kernel of their own, inside the sandbox. A test cell does not: its text, from the
instructor's source and with its hidden tests, runs in the trusted process (`worker`), which is started once and
serves one submission after the other. Between the two stands this module, which carries questions and answers and
believes nothing: what a student's process sends is bytes for the worker to judge, and output of a limited size.
"""

from __future__ import annotations

import ast
import asyncio
import atexit
import hashlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import is_grade, is_solution
from traitlets import Integer

from course_lib.errors import CourseError
from course_lib.exchange import Refused, dumps, loads, receive, send
from course_lib.instructor.lint import assigned
from course_lib.instructor.nbgrader_extras import RecoveringExecute, failure
from course_lib.instructor.sandbox import COURSE, SandboxedKernelManager
from course_lib.instructor.source import read_cells
from course_lib.instructor.worker import TOO_LONG

SETUP_SECONDS = 300  # torch alone may take long on a busy machine
GRACE = 15  # seconds that the worker has to judge what came in the last moment
SERVE = "__import__('course_lib.exchange', fromlist=['serve']).serve({fd}, globals(), '{session}')"
# What is kept of what a student's code displays: nothing that acts in the browser of whoever looks at it.
SHOWN = ("text/plain", "image/png", "image/jpeg")
LARGEST_FILE = 50 << 20  # bytes of a file beside the notebook


@dataclass(frozen=True)
class Source:
    """What the instructor's source says of one notebook: the setup cell, the students' names, the test cells."""

    key: str
    setup: str
    student: tuple[str, ...]
    tests: dict[str, str]


def source(path: Path) -> Source:
    """Read a source notebook; the same text is read once, wherever it lies."""
    key = f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    if key not in _sources:
        cells = read_cells(path)
        student = {name for cell in cells if cell.is_solution for name in assigned(ast.parse(cell.source))}
        _sources[key] = Source(key, "\n".join(cell.source for cell in cells if cell.is_setup),
                               tuple(sorted(student)), {cell.grade_id: cell.source for cell in cells if cell.is_test})
    return _sources[key]


_sources: dict[str, Source] = {}


class Worker:
    """The trusted process of this one, started when it is first needed."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None
        self.known: set[str] = set()
        self.owner = 0

    def use(self, one: Source) -> None:
        """Have the worker run a notebook's setup cell, unless it has."""
        if self.owner != os.getpid():  # a copy of the process that started it
            self.process, self.owner = None, os.getpid()
        if self.process is None or self.process.poll() is not None:
            self._start()
        if one.key not in self.known:
            self.send("setup", {"notebook": one.key, "text": one.setup, "student": one.student})
            kind, head, _ = self.receive(time.monotonic() + SETUP_SECONDS)
            if failed := loads(head)["failed"]:
                raise CourseError(f"The setup cell of {one.key.split()[0]} does not run: {failed['evalue']}")
            self.known.add(one.key)

    def _start(self) -> None:
        self.end()
        self.link, theirs = socket.socketpair()
        environment = os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(COURSE.parent)}
        command = [sys.executable, "-P", "-m", "course_lib.instructor.worker", str(theirs.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        theirs.close()
        self.known.clear()

    def send(self, kind: str, head: dict, body: bytes = b"") -> None:
        self.forward(kind, dumps(head), body)

    def forward(self, kind: str, head: bytes, body: bytes = b"") -> None:
        self.link.settimeout(GRACE)
        send(self.link, kind.encode().ljust(16), head, body)

    def receive(self, deadline: float) -> tuple[str, bytes, bytes]:
        """Read what the worker says next. Raises OSError or EOFError where it does not in time, or has ended."""
        self.link.settimeout(max(0.1, deadline - time.monotonic()))
        kind, head, body = receive(self.link)
        return kind.decode().rstrip(), head, body

    def end(self) -> None:
        if self.process is not None and self.owner == os.getpid():
            self.process.kill()
            self.process.wait()
            self.link.close()
            self.process = None


_worker = Worker()
atexit.register(_worker.end)


class Relay(threading.Thread):
    """Carries the worker's questions to the student's process, as long as that serves one cell.

    `last` is what the worker said in the end, and `gone` why the student's process was given up, if it was.
    """

    def __init__(self, link: socket.socket, question: tuple[bytes, bytes], deadline: float) -> None:
        super().__init__(daemon=True)
        self.link, self.question, self.deadline = link, question, deadline
        self.session = secrets.token_bytes(8)
        self.last: tuple[str, bytes, bytes] | None = None
        self.gone = ""
        self.in_step = True  # whether the next byte from the student's process begins a frame
        self.stop_here, self.stop_there = socket.socketpair()

    def stop(self) -> None:
        """The student's process has ended or serves no longer."""
        self.stop_there.close()

    def run(self) -> None:
        try:
            head, body = self.question
            while True:
                if self.gone:
                    _worker.forward("gone", self.gone.encode())
                else:
                    try:
                        answer = self._ask(head, body)
                    except (OSError, EOFError, Refused) as error:
                        self.gone = str(error) or "it does not answer"
                        continue
                    _worker.forward("answer", *answer)
                kind, head, body = _worker.receive(self.deadline + GRACE)
                if kind != "question":
                    self.last = kind, head, body
                    return
        except (OSError, EOFError, Refused):  # of the worker: `last` stays None
            pass
        finally:
            try:
                self.link.settimeout(0.1)
                send(self.link, self.session.ljust(16), dumps({"do": "end"}))
            except OSError:
                self.gone = self.gone or "it has ended"
            self.stop_here.close()

    def _ask(self, head: bytes, body: bytes) -> tuple[bytes, bytes]:
        number = self.session + secrets.token_bytes(8)
        self.link.settimeout(max(0.1, self.deadline - time.monotonic()))
        self.in_step = False
        send(self.link, number, head, body)
        self.in_step = True
        for _ in range(100):  # an answer that comes too late, to a question of before, is no answer
            self._wait()
            self.in_step = False
            found, head, body = receive(self.link, self._wait)
            self.in_step = True
            if found == number:
                return head, body
        raise Refused("it answers what was not asked")

    def _wait(self) -> None:
        """Wait for bytes, but not beyond the deadline, nor for a process that serves no longer."""
        ready, _, _ = select.select([self.link, self.stop_here], [], [], max(0, self.deadline - time.monotonic()))
        if self.link not in ready:
            raise TimeoutError("it stopped answering" if ready else TOO_LONG)


class TrustedExecute(RecoveringExecute):
    """nbgrader's Execute, with the student's kernel in the sandbox and the test cells in the trusted process."""

    cell_output = Integer(1 << 20, help="Bytes of text that one cell may print").tag(config=True)
    cell_display = Integer(8 << 20, help="Bytes of pictures and tables that one cell may show").tag(config=True)
    notebook_output = Integer(30 << 20, help="Bytes of all that a notebook's cells may show").tag(config=True)

    def __init__(self, *args: Any, **traits: Any) -> None:
        super().__init__(*args, **traits)
        self.record_timing = False  # from messages of the student's process
        self.store_widget_state = False
        self.shutdown_kernel = "immediate"

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict,
                   km: KernelManager | None = None) -> tuple[NotebookNode, ResourcesDict]:
        where = resources["nbgrader"]
        folder = Path(self.config.CourseDirectory.get("source_directory", "source"))
        path = folder / where["assignment"] / f"{where['notebook']}.py"
        if not path.exists():
            raise CourseError(f"{path.resolve()} is not there: the tests are taken from the course's source.")
        self.source, self._all_left = source(path.resolve()), self.notebook_output
        self._place = Path(resources.get("metadata", {}).get("path") or ".")
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = []
            if _is_test(cell) and not cell.source.endswith(self.source.tests.get(_name(cell), "\0")):
                raise CourseError(f"The gradebook holds another version of {_name(cell)} than {path}: release again.")
        _worker.use(self.source)
        return super().preprocess(nb, resources, km)

    def create_kernel_manager(self) -> KernelManager:
        self.kernel_name = "python3"
        self.km = SandboxedKernelManager(kernel_name="python3", config=self.config, files=_files(self._place))
        return self.km

    # ---- cells

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        index: int) -> tuple[NotebookNode, ResourcesDict]:
        if not _is_test(cell):
            try:
                return super().preprocess_cell(cell, resources, index)
            except (CourseError, CellExecutionComplete):
                raise
            except Exception as error:  # messages that are none
                self.log.warning("Cell %d confused its kernel: %s", index, error)
                cell.outputs.append(failure("NotRun", "this cell confused the kernel"))
                self._lost.add(index)
                self._start_again(resources, index)
                return cell, resources
        cell.outputs = [failure("NotRun", "the kernel ended too often before this test")]
        if self._restarts <= self.max_restarts:
            self._test(cell, resources, index)
        return cell, resources

    def _start_again(self, resources: ResourcesDict, index: int) -> None:
        self._lost |= {place for place, cell in enumerate(self.nb.cells) if _is_test(cell)}  # they need no kernel
        super()._start_again(resources, index)

    def _get_timeout(self, cell: NotebookNode | None) -> int | None:
        if cell is not None and "deadline" in cell.metadata:
            return max(0.1, cell.metadata["deadline"] - time.monotonic())
        return super()._get_timeout(cell)

    def _test(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> None:
        """Run one test cell in the trusted process, and set the outputs that its points follow from."""
        _worker.use(self.source)
        name, deadline = _name(cell), time.monotonic() + (self.timeout or 3600)
        printed, hidden, broken, stopped = "", False, False, None
        try:
            _worker.send("cell", {"notebook": self.source.key, "name": name, "text": self.source.tests[name]})
            said = _worker.receive(deadline + GRACE)
            while said[0] != "done":
                if said[0] == "hidden":
                    hidden = True
                    _worker.send("go on", {})
                    said = _worker.receive(deadline + GRACE)
                    continue
                relay = Relay(self.km.link, said[1:], deadline)
                text, stopped = self._serve(relay, index, deadline)
                self.nb.cells[index] = cell
                printed += "" if hidden else text
                broken |= not relay.in_step or stopped is not None
                if relay.last is None:
                    raise EOFError("the trusted process ended")
                said = relay.last
            result = _clean(loads(said[1]))
        except (OSError, EOFError, Refused) as error:
            self.log.error("The trusted process was given up in %s: %s", name, error)
            _worker.end()
            result = {"outputs": [], "failed": {"ename": "NotJudged", "evalue": "the test could not be finished",
                                                "traceback": ["NotJudged: the test could not be finished"]}}
        cell.outputs = [NotebookNode(output) for output in result["outputs"]]
        if printed:
            cell.outputs.insert(0, new_output("stream", name="stdout", text=printed))
        if result["failed"]:
            cell.outputs.append(new_output("error", **result["failed"]))
        if broken:
            self._start_again(resources, index)

    def _serve(self, relay: Relay, index: int, deadline: float) -> tuple[str, Exception | None]:
        """Have the student's kernel answer what the relay asks; return what it printed, and how it ended badly."""
        text = SERVE.format(fd=self.km.student_fd, session=relay.session.hex())
        serving = new_code_cell(text, metadata={"deadline": deadline + 0.5})  # the relay gives up first
        relay.start()
        stopped = None
        try:
            self.execute_cell(serving, index, store_history=False)
        except Exception as error:
            stopped = error
        if not relay.last:
            relay.join(0.5 if stopped is None else 0)
        relay.stop()
        relay.join()
        if isinstance(stopped, (DeadKernelError, CellTimeoutError)):
            self.log.warning("The student's kernel ended in a test: %s", type(stopped).__name__)
        return "".join(output.text for output in serving.outputs if output.output_type == "stream"), stopped

    # ---- what comes from the student's kernel

    def on_cell_start(self, **kwargs: Any) -> None:
        self._left = {"text": min(self.cell_output, self._all_left), "data": min(self.cell_display, self._all_left)}
        self._over = 0

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> None:
        """Take one message of the student's kernel: output of a plain kind and a limited size, or nothing."""
        try:
            kind, content = msg["msg_type"], msg["content"]
            if kind == "status" and content.get("execution_state") == "idle":
                raise CellExecutionComplete()
            output = _output(kind, content)
            if kind == "clear_output" and "deadline" not in cell.metadata:
                cell.outputs = []
            count = content.get("execution_count")
            if type(count) is int and 0 <= count < 10**9:
                cell.execution_count = count
        except (KeyError, TypeError, AttributeError):
            return
        size = 200 + sum(map(len, msg.get("buffers") or ())) if output is None else 200 + len(json.dumps(output))
        where = "text" if output is None or output.output_type == "stream" else "data"
        if size > self._left[where]:
            if not self._over and output is not None and output.output_type == "stream":
                begins = output.text[:self._left["text"] // 6]  # a sign takes up to six bytes in a notebook
                _append(cell.outputs, new_output("stream", name=output.name, text=begins))
            self._too_much(cell, size)
            return
        self._left[where] -= size
        self._all_left -= size
        if output is not None:
            _append(cell.outputs, output)

    def _too_much(self, cell: NotebookNode, size: int) -> None:
        """Interrupt a cell that floods; end its kernel where that does not help."""
        if not self._over:
            _append(cell.outputs, new_output("stream", name="stdout",
                                             text="\n[This cell printed too much and was interrupted.]\n"))
            asyncio.ensure_future(self.km.interrupt_kernel())
        before, self._over = self._over, self._over + size
        limit = 200 * self.cell_output  # what it had printed when the interrupt came is on its way
        if before <= limit < self._over:
            asyncio.ensure_future(self.km.provisioner.kill())

    def on_cell_executed(self, **kwargs: Any) -> None:
        """Take the kernel's reply to a cell, which a student's code may have written."""
        reply = kwargs["execute_reply"]
        content = reply.get("content") if isinstance(reply, dict) else None
        content = content if isinstance(content, dict) else {}
        if content.get("status") == "ok":
            reply = {"content": {"status": "ok"}}
        else:
            error = _output("error", {"ename": "NoReply", "evalue": "", "traceback": []} | content)
            reply = {"content": {"status": "error", "ename": error.ename, "evalue": error.evalue,
                                 "traceback": error.traceback}}
        super().on_cell_executed(**kwargs | {"execute_reply": reply})


def _output(kind: str, content: dict) -> NotebookNode | None:
    """The output that a message stands for, rebuilt from its plain parts; None where it shows nothing."""
    if kind == "stream":
        name = "stderr" if content["name"] == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(content["text"], 8 << 20))
    if kind in ("display_data", "execute_result"):
        data = {mime: _text(text, 8 << 20) for mime, text in content["data"].items()
                if type(mime) is str and type(text) is str and mime in SHOWN}
        # Never as a result, which nbgrader may take for points.
        return new_output("display_data", data=NotebookNode(data)) if data else None
    if kind == "error":
        lines = content["traceback"] if type(content["traceback"]) is list else []
        return new_output("error", ename=_text(content["ename"], 200), evalue=_text(content["evalue"], 5000),
                          traceback=[_text(line, 5000) for line in lines[:100]])
    return None


def _append(outputs: list[NotebookNode], output: NotebookNode) -> None:
    """Add an output; text goes on where text of the same stream stands last."""
    last = outputs[-1] if outputs else None
    if last is not None and last.output_type == output.output_type == "stream" and last.name == output.name:
        last.text += output.text
    else:
        outputs.append(output)


def _clean(value: object) -> object:
    """The worker's result, which holds text of the student's, in signs that a file can hold."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else _text(value, 1 << 20) \
        if isinstance(value, str) else value


def _text(text: object, most: int) -> str:
    return text[:most].encode("utf-8", "replace").decode() if type(text) is str else ""


def _is_test(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def _name(cell: NotebookNode) -> str:
    return cell.metadata["nbgrader"]["grade_id"]


def _files(folder: Path) -> dict[str, bytes]:
    """The files beside a submitted notebook, notebooks aside: nbgrader has put the hidden tests into those."""
    found, room = {}, 4 * LARGEST_FILE
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".ipynb" or path.is_symlink() or not path.is_file():
            continue
        if path.resolve().is_relative_to(folder.resolve()) and path.stat().st_size <= min(LARGEST_FILE, room):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
            room -= len(found[path.relative_to(folder).as_posix()])
    return found
