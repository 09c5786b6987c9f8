"""The sandbox around a student's kernel: bubblewrap, limits, and a watch over its memory.

Inside there is no network and no process but the student's; the system, Python and the course are read-only;
`/tmp` and the home are empty, small and gone afterwards. Of the course folder nothing is there but `course_lib`
without its `instructor` part, and the files that belong to the one submission. See `docs/instructors.md` for what
this promises and what not.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets import Bool, Dict, Integer, Type, Unicode, default

import course_lib
from course_lib.data import cache_folder
from course_lib.errors import CourseError

HOME = "/home/student"
LAUNCHER = Path(__file__).with_name("launch_kernel.py").read_text(encoding="utf-8")
COURSE = Path(course_lib.__file__).resolve().parent
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
UNSAFE = "COURSE_UNSAFE_NO_SANDBOX"
# What a kernel may know of its surroundings.
ENVIRONMENT = ("LANG", "LC_ALL", "TZ", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
               "NBGRADER_EXECUTION", "COURSE_BUDGET", "GOMP_SPINCOUNT", "PYTHONHASHSEED")
# Of /etc: how libraries, fonts and clocks are found.
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "alternatives")

MISSING = (f"Submissions are graded in a sandbox, and {{why}}. Install bubblewrap (Debian, Ubuntu: apt install "
           f"bubblewrap; Fedora: dnf install bubblewrap; on Windows inside WSL 2); where it is installed and may not "
           f"make user namespaces, as in some containers and on Ubuntu 24.04, the system must allow them to bwrap. To "
           f"run students' code without a sandbox, with all rights that you have, set {UNSAFE}=1.")


class LimitedClient(AsyncKernelClient):
    """A client that a kernel cannot fill with messages."""

    largest, waiting = 64 << 20, 16  # bytes of one message, and messages that wait here

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> zmq.Socket:
        made = self.context.socket
        self.context.socket = lambda kind: self._limited(made(kind))
        try:
            return super()._create_connected_socket(channel, identity)
        finally:
            del self.context.socket

    def _limited(self, made: zmq.Socket) -> zmq.Socket:
        made.setsockopt(zmq.MAXMSGSIZE, self.largest)
        made.setsockopt(zmq.SNDTIMEO, 5000)
        made.setsockopt(zmq.RCVHWM, self.waiting)
        return made


class SandboxedKernelManager(AsyncKernelManager):
    """Starts a student's kernel in the sandbox, with sockets that only the grader's side has as files."""

    unsafe_without_sandbox = Bool(help="Run students' code with all rights that you have").tag(config=True)
    memory = Integer(3 << 30, help="Bytes of data of one process").tag(config=True)
    all_memory = Integer(4 << 30, help="Bytes of memory of all processes of a notebook").tag(config=True)
    cpu_seconds = Integer(900, help="CPU seconds of one process").tag(config=True)
    processes = Integer(200, help="Processes and threads of a notebook").tag(config=True)
    file_size = Integer(256 << 20, help="Bytes of one file, and of each of the three places to write").tag(config=True)
    open_files = Integer(512, help="Files that one process may have open").tag(config=True)
    files = Dict(help="Files of the submission, laid into the kernel's folder: path there to content")
    client_class = Unicode(f"{__name__}.LimitedClient")
    client_factory = Type(LimitedClient)
    limits = Dict()
    link: socket.socket | None = None  # to `course_lib.exchange.serve` in the kernel

    @default("unsafe_without_sandbox")
    def _unsafe(self) -> bool:
        return os.environ.get(UNSAFE) == "1"

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        for port, channel in enumerate(CHANNELS, start=1):
            setattr(self, f"{channel}_port", port)
        self.limits = {"RLIMIT_DATA": self.memory, "RLIMIT_CPU": self.cpu_seconds, "RLIMIT_NPROC": self.processes,
                       "RLIMIT_FSIZE": self.file_size, "RLIMIT_NOFILE": self.open_files, "RLIMIT_CORE": 0}
        if self.unsafe_without_sandbox:
            del self.limits["RLIMIT_NPROC"]  # it would count all processes of this user
        elif why := unusable():
            raise CourseError(MISSING.format(why=why))
        else:
            keep_apart(Path.cwd(), COURSE.parent / "solutions")
        self.folder = tempfile.mkdtemp(prefix="kernel-", dir=_short_folder())
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.transport, self.ip = "ipc", f"{self.folder}/s"
        self.connection_file = f"{self.folder}/kernel.json"

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        """Start the kernel; `kernel_cmd`, the kernel of the notebook's metadata, is not asked."""
        with _Inherited() as inherited:
            self._hang_up()
            self.link, theirs = socket.socketpair()
            fd = inherited.keep(theirs)
            user = 0 if self.unsafe_without_sandbox or os.geteuid() else _user()
            home = tempfile.mkdtemp(dir=self.folder) if self.unsafe_without_sandbox else HOME
            settings = {"limits": self.limits, "user": user, "check": [], "home": home,
                        "sandbox": not self.unsafe_without_sandbox,
                        "sockets": {port: inherited.keep(_listening(f"{self.ip}-{port}"))
                                    for port in range(1, len(CHANNELS) + 1)},
                        "connection": self.get_connection_info() | {"key": self.session.key.decode()}}
            command = [sys.executable, "-P", "-c", LAUNCHER, str(inherited.data(json.dumps(settings).encode()))]
            if self.unsafe_without_sandbox:
                _lay_out(self.files, Path(home))
                options["cwd"] = home
            else:
                command = [*bubblewrap(inherited, self.file_size, self.files), *command]
            self.student_fd = fd
            options.update(env=environment(home), pass_fds=tuple(inherited.numbers))
            options.update({name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")})
            await super()._async_launch_kernel(command, **options)
        threading.Thread(target=self._watch, args=[self.provisioner.pid], daemon=True).start()

    async def _async_interrupt_kernel(self) -> None:
        """By message: signals do not cross the border of the sandbox."""
        self._connect_control_socket()
        self._control_socket.sndtimeo = 500  # ms; the kernel may have hung up
        try:
            self.session.send(self._control_socket, self.session.msg("interrupt_request", content={}))
        except zmq.ZMQError:
            self.log.warning("A kernel cannot be interrupted")

    interrupt_kernel = _async_interrupt_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        self._hang_up()
        if not restart:
            shutil.rmtree(self.folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources

    def _hang_up(self) -> None:
        if self.link:
            self.link.close()
            self.link = None

    def _watch(self, pid: int) -> None:
        """End the kernel, whose first process is `pid`, when all its processes together take too much memory."""
        while self.provisioner and self.provisioner.pid == pid and Path(f"/proc/{pid}").exists():
            family = _family(pid)
            if _resident(family) > self.all_memory and _share(family) > self.all_memory:
                self.log.warning("A notebook took more than %d MB of memory; its kernel is ended",
                                 self.all_memory >> 20)
                for one in (pid, *family):
                    try:
                        os.kill(one, 9)
                    except OSError:
                        pass
            time.sleep(0.25)


class _Inherited:
    """Open files that a child process inherits; this side's ends are closed afterwards."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __enter__(self) -> _Inherited:
        return self

    def __exit__(self, *error: object) -> None:
        for number in self.numbers:
            os.close(number)

    def keep(self, made: socket.socket) -> int:
        self.numbers.append(made.detach())
        return self.numbers[-1]

    def data(self, content: bytes) -> int:
        """Return a file that holds `content`, without a name."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            self.numbers.append(os.dup(file.fileno()))
        return self.numbers[-1]


def _short_folder() -> str | None:
    """Where sockets lie: a socket's path may have 107 characters."""
    return None if len(tempfile.gettempdir()) < 70 else "/tmp"


def _listening(path: str) -> socket.socket:
    Path(path).unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen(16)
    return made


def _user() -> int:
    """A user who owns nothing and runs nothing else, so that limits count the sandbox alone."""
    return 61184 + secrets.randbelow(4000)


# ---- bubblewrap

def environment(home: str) -> dict[str, str]:
    """Return the environment of a kernel: nothing of the grader's but what `ENVIRONMENT` names."""
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return kept | {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", "HOME": home,
                   "USER": "student", "LOGNAME": "student", "PYTHONPATH": str(COURSE.parent), "TMPDIR": "/tmp",
                   "MPLCONFIGDIR": f"{home}/.matplotlib", "COURSE_DATA": str(cache_folder()),
                   "PYTHONDONTWRITEBYTECODE": "1"}


def bubblewrap(inherited: _Inherited, size: int, files: Mapping[str, bytes] = MappingProxyType({})) -> list[str]:
    """Return the command in front of a command that runs it in the sandbox, with the files of one submission."""
    command = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
               "--die-with-parent", "--new-session", "--hostname", "student"]
    if os.geteuid():
        command += ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    else:  # the launcher becomes another user, whose processes can be counted
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    if program := seccomp():
        command += ["--seccomp", str(inherited.data(program))]
    for place in ("/etc", "/home", "/sys", "/sys/devices", "/sys/devices/system"):
        command += ["--perms", "0755", "--dir", place]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64", "lib32"):
        path = Path("/", name)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    for name in SETTINGS:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    users = b"root:x:0:0::/:/bin/false\nstudent:x:1000:1000::/home/student:/bin/sh\n"
    command += ["--perms", "0444", "--ro-bind-data", str(inherited.data(users)), "/etc/passwd"]
    command += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu", "--proc", "/proc"]
    command += ["--dev", "/dev", "--perms", "1777", "--size", str(size), "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev"]
    for place in ("/tmp", HOME):
        command += ["--perms", "1777", "--size", str(size), "--tmpfs", place]
    for path in _needed():
        for parent in reversed(Path(path).parents[:-1]):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", path, path]
    command += ["--tmpfs", str(COURSE / "instructor"), "--remount-ro", str(COURSE / "instructor")]
    fonts = _font_list()
    if fonts:
        command += ["--perms", "0777", "--dir", f"{HOME}/.matplotlib",
                    "--perms", "0444", "--ro-bind-data", str(inherited.data(fonts.read_bytes())),
                    f"{HOME}/.matplotlib/{fonts.name}"]
    for name, content in files.items():
        for parent in reversed(Path(name).parents[:-1]):
            command += ["--perms", "0777", "--dir", f"{HOME}/{parent}"]
        command += ["--perms", "0666", "--file", str(inherited.data(content)), f"{HOME}/{name}"]
    return [*command, "--remount-ro", "/", "--chdir", HOME]


def _needed() -> list[str]:
    """What Python, its packages and the course need, each as it is called and as it is."""
    paths = [sys.base_prefix, sys.prefix, *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
             str(COURSE), str(cache_folder())]
    found = sorted({form for path in paths for form in (path, os.path.realpath(path)) if os.path.isdir(form)})
    inside = [path for path in found if not path.startswith("/usr/")]
    return [path for path in inside
            if not any(path.startswith(f"{other}/") for other in inside if other != path)]


def keep_apart(*folders: Path) -> None:
    """Raise CourseError where one of these folders, which hold secrets, lies inside something that students read."""
    for folder in folders:
        for path in ("/usr", *_needed()):
            if folder.is_dir() and folder.resolve().is_relative_to(path):
                raise CourseError(f"{folder} lies inside {path}, which students' code can read in the sandbox: move "
                                  "the course, or what COURSE_DATA names, to another place.")


@functools.cache
def _font_list() -> Path | None:
    """Matplotlib's list of fonts, which takes a second to make; on a new machine there may be none yet."""
    import matplotlib

    lists = sorted(Path(matplotlib.get_cachedir()).glob("fontlist-v*.json"))
    return lists[-1] if lists else None


@functools.cache
def unusable() -> str | None:
    """Return why the sandbox does not work on this machine, or None where it does."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap runs on Linux only"
    if not shutil.which("bwrap"):
        return "bubblewrap (the command bwrap) is not installed"
    with _Inherited() as inherited:
        settings = {"limits": {}, "user": 0 if os.geteuid() else _user(), "check": _needed(), "sandbox": True}
        command = [*bubblewrap(inherited, 1 << 20), sys.executable, "-I", "-S", "-c", LAUNCHER,
                   str(inherited.data(json.dumps(settings).encode()))]
        ran = subprocess.run(command, pass_fds=inherited.numbers, capture_output=True, text=True,
                             env=environment(HOME), stdin=subprocess.DEVNULL)
    if ran.returncode:
        lines = ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"]
        return f"bubblewrap does not work here ({lines[-1]})"
    return None


# ---- system calls that no notebook needs

# Each reaches into the kernel or hides memory from the limits: name, its number on x86-64 and on 64-bit ARM.
FORBIDDEN = {
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180), "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "pidfd_getfd": (438, 438), "mount_setattr": (442, 442),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "reboot": (169, 142),
    "clone3": (435, 435),  # its flags cannot be looked at; libraries fall back to clone
}
CLONE = (56, 220)
NAMESPACES = 0x7E020080  # the flags of clone that make one
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ENOSYS, EPERM, ALLOW, KILL = 0x00050026, 0x00050001, 0x7FFF0000, 0x80000000


def seccomp() -> bytes | None:
    """Return the filter of system calls for this machine, in the kernel's own form; None for other machines."""
    if platform.machine() not in MACHINES:
        return None
    column, machine = MACHINES[platform.machine()]
    load, equal, above, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    lines = [(load, 0, 0, 4), (equal, 1, 0, machine), (give, 0, 0, KILL), (load, 0, 0, 0)]
    if column == 0:
        lines += [(above, 0, 1, 0x40000000), (give, 0, 0, KILL)]  # the calls of another form of x86-64
    for numbers in FORBIDDEN.values():
        lines += [(equal, 0, 1, numbers[column]), (give, 0, 0, ENOSYS)]
    lines += [(equal, 0, 3, CLONE[column]), (load, 0, 0, 16), (any_bit, 0, 1, NAMESPACES), (give, 0, 0, EPERM),
              (give, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


# ---- processes

def _family(pid: int) -> list[int]:
    """The processes below one."""
    found, waiting = [], [pid]
    while waiting and len(found) < 1000:
        one = waiting.pop()
        for path in _listed(f"/proc/{one}/task"):
            children = [int(child) for child in _text(f"{path}/children").split()]
            found += children
            waiting += children
    return found


def _listed(folder: str) -> list[str]:
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder)]
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _resident(pids: Iterable[int]) -> int:
    """Bytes of memory of processes; what they share counts for each."""
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(int((_text(f"/proc/{pid}/statm").split() or [0, 0])[1]) for pid in pids) * page


def _share(pids: Iterable[int]) -> int:
    """Bytes of memory of processes; what they share counts once."""
    lines = (line for pid in pids for line in _text(f"/proc/{pid}/smaps_rollup").splitlines())
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
