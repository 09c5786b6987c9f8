"""Downloads from web servers that are slow, break off, send a wrong file, answer 404 or are away."""

import hashlib
import io
import pickle
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from course_lib import data
from course_lib.data import SETS
from course_lib.download import CHUNK, File, NoMirrorError, fetch
from course_lib.errors import CourseError

NAME = "cifar-10-python.tar.gz"
# A process that downloads: the checksum and the address are its arguments.
PROCESS = """
import sys
from dataclasses import replace
from course_lib import data
from course_lib.download import File
file = File("cifar-10-python.tar.gz", sys.argv[1], (sys.argv[2],))
data.SETS["cifar10"] = replace(data.SETS["cifar10"], files=(file,))
sys.exit(data.main(["cifar10"]))
"""


def cifar_archive() -> tuple[bytes, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """A tiny CIFAR-10 in the form of the real archive, and the images and labels of its splits."""
    rng, parts, out = np.random.default_rng(0), {"train": [], "test": []}, io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
            images = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
            labels = rng.integers(0, 10, 12)
            planes = images.transpose(0, 3, 1, 2).reshape(12, 3072)
            batch = pickle.dumps({b"data": planes, b"labels": labels.tolist()})
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(batch)
            archive.addfile(member, io.BytesIO(batch))
            parts["test" if name == "test_batch" else "train"].append((images, labels))
    splits = {split: tuple(map(np.concatenate, zip(*some, strict=True))) for split, some in parts.items()}
    return out.getvalue(), splits


ARCHIVE, WANTED = cifar_archive()
CHECKSUM = f"sha256:{hashlib.sha256(ARCHIVE).hexdigest()}"
HALF = len(ARCHIVE) // 2


class Mirrors(ThreadingHTTPServer):
    """A web server that has the archive; the first part of a path says how it behaves.

    good; slow: waits half-way for ``go``; silent: waits for ``go`` before it answers; breaks: sends half of
    what is asked for, then hangs up; breaks-once; no-range: sends all, whatever is asked for, and hangs up
    half-way the first time; wrong: sends other bytes; missing: answers 404; packed: calls the file a
    compressed transfer; askew: answers another range than the one that was asked for.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.go = threading.Event()
        self.asked: list[tuple[str, int]] = []  # (way, first byte)

    def file(self, *ways: str) -> File:
        """The archive, at mirrors that behave so; "away" is a port where nobody listens."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            ports = {"away": closed.getsockname()[1]}
        addresses = [f"http://127.0.0.1:{ports.get(way, self.server_port)}/{way}/{NAME}" for way in ways]
        return File(NAME, CHECKSUM, tuple(addresses))

    def cifar10(self, *ways: str):
        return replace(SETS["cifar10"], files=(self.file(*ways),))


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        way, server = self.path.split("/")[1], self.server
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        first = way not in [past for past, _ in server.asked]
        server.asked.append((way, start))
        if way == "silent":
            server.go.wait()
        if way == "missing":
            return self.send_error(404)
        if start >= len(ARCHIVE):
            return self.send_error(416)
        if way == "no-range":
            start = 0
        elif way == "askew":
            start //= 2
        body = (ARCHIVE[::-1] if way == "wrong" else ARCHIVE)[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(ARCHIVE) - 1}/{len(ARCHIVE)}")
        if way == "packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        if way == "breaks" or first and way in ("breaks-once", "no-range"):
            return
        if way == "slow":
            self.wfile.flush()
            server.go.wait()
        self.wfile.write(body[len(body) // 2:])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirrors():
    with Mirrors() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def files(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"cifar10.lock"}


def assert_whole(read, folder) -> None:
    for split, wanted in WANTED.items():
        for got, want in zip(read(split), wanted, strict=True):
            np.testing.assert_array_equal(got, want)
    assert files(folder) == {"cifar10.npz"}, "nothing is left over"


@pytest.mark.parametrize("ways, asked", [
    ("good", "good"),
    ("packed", "packed"),
    ("breaks-once", "breaks-once breaks-once+"),
    ("no-range", "no-range no-range+"),
    ("missing good", "missing good"),
    ("away good", "good"),
    ("wrong good", "wrong good"),
    ("away missing wrong no-range good", "missing wrong no-range no-range+"),
])
def test_resumed_or_redone(mirrors, folder, ways, asked):
    """``asked``: the requests that are expected, + for one that goes on with what is there."""
    assert_whole(mirrors.cifar10(*ways.split()).read, folder)
    assert [way + "+" * (start > 0) for way, start in mirrors.asked] == asked.split()


def test_the_next_mirror_goes_on_where_one_gave_up(mirrors, folder):
    assert_whole(mirrors.cifar10("breaks", "good").read, folder)
    starts = [start for _, start in mirrors.asked]
    assert len(starts) > 3 and starts == sorted(set(starts)), "each request begins after the one before"
    assert HALF - CHUNK <= starts[1] <= HALF and mirrors.asked[-1] == ("good", starts[-1])


def test_a_wrong_range_does_not_spoil_the_file(mirrors, folder):
    (folder / f"{NAME}.part").write_bytes(ARCHIVE[:HALF])
    with pytest.raises(NoMirrorError, match="sent another file"):
        fetch(mirrors.file("askew"), folder)
    assert_whole(mirrors.cifar10("good").read, folder)


@pytest.mark.parametrize("part, starts", [
    (ARCHIVE[:HALF], [HALF]),
    (ARCHIVE, []),  # only the move into place was missing
    (bytes(HALF), [HALF, 0]),
    (bytes(len(ARCHIVE) + 1), [len(ARCHIVE) + 1, 0]),
    (b"", [0]),
])
def test_what_an_earlier_call_left_is_used_if_it_is_any_good(mirrors, folder, part, starts):
    (folder / f"{NAME}.part").write_bytes(part)
    assert_whole(mirrors.cifar10("good").read, folder)
    assert [start for _, start in mirrors.asked] == starts


def test_no_mirror_left_is_told_with_the_reasons_and_what_to_do(mirrors, folder):
    with pytest.raises(CourseError) as told:
        mirrors.cifar10("missing", "wrong", "away", "breaks").read("train")
    sentence = str(told.value)
    for part in ("cifar10 could not be downloaded", "answered 404 Not Found", "sent another file",
                 "could not be reached", "connect to the internet", "/missing/cifar-10-python.tar.gz",
                 f"under its own name, into {folder}"):
        assert part in sentence
    assert files(folder) == {f"{NAME}.part"}, "what came is kept, and not under its name"
    assert_whole(mirrors.cifar10("good").read, folder)
    assert mirrors.asked[-1][1] > HALF


def test_a_server_that_never_answers_is_given_up(mirrors, folder):
    with pytest.raises(NoMirrorError, match="did not answer in time"):
        fetch(mirrors.file("silent"), folder, timeout=(5, 0.2))
    with pytest.raises(NoMirrorError, match="stopped sending"):
        fetch(mirrors.file("slow"), folder, timeout=(5, 0.2))
    assert files(folder) == {f"{NAME}.part"}


def test_an_archive_put_there_by_hand_needs_no_network(mirrors, folder):
    (folder / NAME).write_bytes(ARCHIVE)
    assert_whole(mirrors.cifar10("away").read, folder)


def test_a_wrong_archive_put_there_by_hand_is_told_and_left_alone(mirrors, folder):
    (folder / NAME).write_bytes(ARCHIVE[:HALF])
    with pytest.raises(CourseError, match=f"{NAME} is not the .* expected .*: delete it, then run this again"):
        mirrors.cifar10("good").read("train")
    assert (folder / NAME).read_bytes() == ARCHIVE[:HALF] and not mirrors.asked


def test_a_download_is_done_once(mirrors, folder):
    for _ in range(2):
        assert_whole(mirrors.cifar10("good").read, folder)
    assert len(mirrors.asked) == 1


def test_stopped_while_the_set_is_made(mirrors, folder):
    def half(fetched, part):
        part.write_bytes(b"half a set")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(mirrors.cifar10("good"), build=half).read("train")
    assert not (folder / "cifar10.npz").exists()
    assert_whole(mirrors.cifar10("away").read, folder)  # the archive was kept


def test_a_folder_that_cannot_be_written_in_is_told(mirrors, folder, monkeypatch):
    (folder / "file").touch()
    monkeypatch.setenv("COURSE_DATA", str(folder / "file" / "cache"))
    with pytest.raises(CourseError, match="cifar10 cannot be written into .*set COURSE_DATA to another folder"):
        mirrors.cifar10("good").read("train")


def start(mirrors, way: str) -> subprocess.Popen:
    command = [sys.executable, "-c", PROCESS, CHECKSUM, mirrors.file(way).mirrors[0]]
    # A shell that starts the tests in the background has them, and what they start, ignore Ctrl+C.
    heed = None if sys.platform == "win32" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed)


def wait_for(condition) -> None:
    while not condition():  # pytest's own timeout ends it
        time.sleep(0.02)


def test_two_processes_at_once_download_once(mirrors, folder):
    first = start(mirrors, "slow")
    wait_for(lambda: mirrors.asked)
    second = start(mirrors, "slow")
    assert second.stdout.readline() == "Another notebook is getting cifar10: waiting for it.\n"
    mirrors.go.set()
    for process in (first, second):
        out, error = process.communicate()
        assert process.returncode == 0, error
        assert "cifar10: 60 images for training" in out
    assert mirrors.asked == [("slow", 0)]
    assert_whole(mirrors.cifar10("away").read, folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("how, status", [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_stopped_download_goes_on_later(mirrors, folder, how, status):
    part = folder / f"{NAME}.part"
    process = start(mirrors, "slow")
    wait_for(lambda: part.exists() and part.stat().st_size >= HALF - CHUNK)
    process.send_signal(how)
    assert process.wait() == status and "Traceback" not in process.communicate()[1]
    assert files(folder) == {part.name}
    had = part.stat().st_size
    assert_whole(mirrors.cifar10("good").read, folder)
    assert mirrors.asked == [("slow", 0), ("good", had)]


def test_progress_is_one_line_with_amount_rate_and_time_left(mirrors, folder, capsys):
    mirrors.cifar10("good").read("train")
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.startswith(f"\r{NAME}:   0%")
    last = out.split("\r")[-1]
    assert "100%" in last and f"{len(ARCHIVE) / 1e3:.0f}k/{len(ARCHIVE) / 1e3:.0f}k" in last and "B/s]" in last


def test_nbgrader_is_shown_no_progress(mirrors, folder, capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    mirrors.cifar10("good").read("train")
    assert capsys.readouterr() == ("", "")


def test_the_files_of_the_sets_are_told_apart_by_published_checksums():
    files = [file for known in SETS.values() if isinstance(known, data.Downloaded) for file in known.files]
    assert len(files) == 6
    for file in files:
        algorithm, digest = file.checksum.split(":")
        assert len(bytes.fromhex(digest)) == hashlib.new(algorithm).digest_size
        assert all(address.endswith(f"/{file.name}") for address in file.mirrors)
    hosts = [address.split("/")[2] for address in SETS["cifar10"].files[0].mirrors]
    assert len(hosts) >= 3 and hosts[-1] == "www.cs.toronto.edu", "the throttled source comes last"
