"""Make .venv, the course's environment, and fill it from pyproject.toml; silent when there is nothing to do.

Standard library only, and nothing that Python 3.6 cannot read, so that an old Python can say what is wrong.
Every failure is one sentence on stderr and exit status 1. pip is used as the machine has it configured.
"""
import argparse
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "course-setup.json"  # what the environment holds; written last, so its absence means half made
OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")  # tried in turn where `python3` is too old
GB = 10 ** 9
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # as tests/browser looks for them
DISK_FULL = ("No space left on device", "[Errno 28]", "Disk quota exceeded")
NO_NETWORK = (
    "NewConnectionError", "Failed to establish a new connection", "Max retries exceeded", "ProxyError",
    "NameResolutionError", "ConnectTimeoutError", "ReadTimeoutError", "IncompleteRead", "SSLError",
    "Connection aborted",
)


class Stop(Exception):
    """One sentence for the reader: what is wrong and what to do."""


def dotted(version: tuple) -> str:
    """(3, 11, 7, ...) as "3.11"."""
    return "%d.%d" % version[:2]


def newer_python() -> str:
    """Path of a Python on PATH that is new enough and really starts (a pyenv shim may not), or ""."""
    test = "import sys, ensurepip; sys.exit(sys.version_info < %r)" % (OLDEST,)
    for name in NEWER:
        path = shutil.which(name)
        if path and subprocess.call([path, "-I", "-c", test], stderr=subprocess.DEVNULL) == 0:
            return path
    return ""


def need_new_python() -> None:
    """Return when this Python will do; otherwise start again under a newer one, or say that there is none."""
    if sys.version_info >= OLDEST:
        return
    chosen = os.environ.get("PYTHON")  # make passes PYTHON on only where the reader gave it
    newer = "" if chosen else newer_python()
    if newer:
        sys.stdout.flush()
        os.execv(newer, [newer] + sys.argv)
    raise Stop(
        "the course needs Python %s or newer, and %s is Python %s: install a newer one, then run "
        "`make PYTHON=/path/to/python3.13 ...`" % (dotted(OLDEST), sys.executable, dotted(sys.version_info))
    )


def need_venv() -> None:
    """Say what to install where this Python cannot make environments (Debian ships venv apart)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as lacking:
        cure = "install the rest of Python's library"
        if shutil.which("apt-get"):
            cure = "run `apt-get install python%s-venv` as root" % dotted(sys.version_info)
        raise Stop(
            "%s cannot make an environment because its module %s is missing: %s, then run make again"
            % (sys.executable, lacking.name, cure)
        ) from None


def need_disk() -> None:
    """Refuse a disk on which nothing could fit; warn where torch with its GPU libraries may not."""
    free = shutil.disk_usage(str(ROOT)).free
    has_torch = any(VENV.glob("lib/python*/site-packages/torch"))
    if free < (0.2 * GB if has_torch else 2 * GB):
        raise disk_full()
    if not has_torch and free < 7 * GB and sys.platform == "linux":
        print("setup: %.1f GB of disk are free; torch with its GPU libraries takes 6" % (free / GB))


def disk_full() -> Stop:
    """The sentence for a full disk, with what is free where .venv and temporary files go."""
    import tempfile

    try:
        temporary = tempfile.gettempdir()
    except OSError:  # not a byte left for its trial file
        temporary = "/tmp"
    free = ["%.1f GB free in %s" % (shutil.disk_usage(str(p)).free / GB, p) for p in (ROOT, temporary)]
    return Stop(
        "the disk is too full (%s): the course takes 2 GB, on Linux 6; make room, then run make again"
        % ", ".join(free)
    )


def read_stamp() -> dict:
    """What the last complete run left, or {}."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def complete(extras: set, digest: str) -> bool:
    """Whether the last run got to its end here, for this pyproject.toml, these extras and a right Python."""
    stamp = read_stamp()
    return (
        stamp.get("venv") == str(VENV)
        and stamp.get("pyproject") == digest
        and extras <= set(stamp.get("extras", []))
        and right_python(stamp.get("python"))
        and PYTHON.exists()  # false too where it links to a Python that is gone
    )


def venv_version() -> str:
    """The version of .venv's Python, as "3.11"."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([str(PYTHON), "-c", ask], universal_newlines=True).strip()


def right_python(version: str) -> bool:
    """Whether an environment of this version will do: any, unless the reader named a Python of another."""
    return "PYTHON" not in os.environ or version == dotted(sys.version_info)


def repairable(stamp: dict) -> bool:
    """Whether .venv can be built on: made here, its Python and pip start, no package half written."""
    if stamp.get("venv", str(VENV)) != str(VENV):
        return False  # moved or copied: its scripts still name the old place
    if not PYTHON.exists() or subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL):
        return False
    # pip writes RECORD last; a package without it would pass for installed.
    packages = VENV.glob("lib/python%s/site-packages/*.dist-info" % venv_version())
    return right_python(venv_version()) and all((package / "RECORD").exists() for package in packages)


def make_venv() -> None:
    """Make .venv anew with this Python (where this one is itself a .venv's, with the one below it)."""
    print("setup: making .venv with Python %s" % sys.version.split()[0], flush=True)
    base = getattr(sys, "_base_executable", None) or sys.executable
    run([base, "-m", "venv", "--clear", "--without-pip", str(VENV)], "venv could not make .venv")
    # venv would do this step itself, and keep the reason of a failure to itself.
    run([str(PYTHON), "-I", "-m", "ensurepip", "--default-pip"], "ensurepip could not put pip into .venv")


def run(command: list, failed: str) -> None:
    """Run a command with its progress and warnings shown; where it fails, say why in one sentence."""
    child = subprocess.Popen(command, cwd=str(ROOT), stderr=subprocess.PIPE, universal_newlines=True)
    text = ""
    for line in child.stderr:
        text += line
        if line.startswith("WARNING: "):  # pip's "Retrying" is all that is seen of a slow network
            sys.stderr.write(line)
    if child.wait() == 0:
        return
    if any(sign in text for sign in DISK_FULL):
        raise disk_full()
    if any(sign in text for sign in NO_NETWORK):
        raise Stop(
            "pip could not reach its package index: check the network or the proxy, then run make again; "
            "what is already installed is kept"
        )
    if "No matching distribution found" in text:
        raise Stop(
            "pip found no version of a package for Python %s: try another Python, say "
            "`make PYTHON=python3.13 ...`" % dotted(sys.version_info)
        )
    sys.stderr.write(text)
    raise Stop("%s (exit status %d): the reason stands above" % (failed, child.returncode))


def ensure_environment(extras: set) -> None:
    """Bring .venv to what pyproject.toml asks for, with these extras and those it already has."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if complete(extras, digest):
        return
    need_venv()
    need_disk()
    stamp = read_stamp()
    if not repairable(stamp):
        make_venv()
    elif STAMP.exists():
        STAMP.unlink()
    print("setup: installing the course; the first time takes some minutes", flush=True)
    names = sorted(extras | set(stamp.get("extras", [])))
    target = ".[%s]" % ",".join(names) if names else "."
    quiet = ["--no-input", "--disable-pip-version-check", "--root-user-action=ignore"]
    run([str(PYTHON), "-m", "pip", "install"] + quiet + ["-e", target], "pip could not install the course")
    stamp = {"venv": str(VENV), "python": venv_version(), "extras": names, "pyproject": digest}
    STAMP.write_text(json.dumps(stamp))


def has_browser() -> bool:
    """Whether the tests will find a browser: the one named in $CHROMIUM, or one on PATH."""
    return bool(os.environ.get("CHROMIUM")) or any(map(shutil.which, BROWSERS))


def ensure_browser() -> None:
    """Have a browser for the tests that drive one: installed by apt-get for root, else asked for."""
    if not has_browser():
        apt_install("chromium", "fonts-dejavu-core", why="for the tests in a browser")
    if not has_browser():
        print(
            "setup: there is no Chromium here, so tests in a browser cannot run: install the package "
            "chromium (Debian: `sudo apt-get install chromium`), or name your browser in $CHROMIUM"
        )


def ensure_sandbox() -> None:
    """Have bubblewrap, in which students' code is graded: installed by apt-get for root, else asked for."""
    if not shutil.which("bwrap"):
        apt_install("bubblewrap", why="for grading in a sandbox")
    if not shutil.which("bwrap"):
        print(
            "setup: there is no bubblewrap here, so nothing can be graded in a sandbox: install the package "
            "bubblewrap (Debian: `sudo apt-get install bubblewrap`); it is there for Linux only"
        )


def apt_install(*packages: str, why: str) -> None:
    """Install Debian packages, where this is Debian and we are root; whether it worked shows afterwards."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("setup: installing %s %s" % (packages[0], why), flush=True)
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "-y", "--no-install-recommends"] + list(packages)):
            apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"] + command
            subprocess.call(apt, env=environment, stdin=subprocess.DEVNULL)


def main() -> int:
    """Set up; 0, or 1 after one sentence on stderr (130 where interrupted)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extras", default="", help="extras of pyproject.toml, with commas between them")
    parser.add_argument("--browser", action="store_true", help="also have a Chromium for the tests")
    parser.add_argument("--sandbox", action="store_true", help="also have bubblewrap for grading")
    options = parser.parse_args()
    try:
        need_new_python()
        ensure_environment(set(filter(None, options.extras.split(","))))
        if options.browser:
            ensure_browser()
        if options.sandbox:
            ensure_sandbox()
        return 0
    except Stop as problem:
        sentence = str(problem)
    except KeyboardInterrupt:
        print("\nsetup: stopped; run make again and it goes on", file=sys.stderr)
        return 130
    except OSError as problem:
        sentence = str(disk_full() if problem.errno == errno.ENOSPC else problem)
    print("setup: " + sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
