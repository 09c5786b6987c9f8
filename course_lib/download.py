"""One file from the first of its mirrors that gives it whole: resumed, checked, then moved into place."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import CourseError

TRIES = 10  # of a mirror that keeps breaking off, as long as each brings more of the file
TIMEOUT = 10, 30  # seconds: to reach a server, and to wait for its next bytes
CHUNK = 1 << 14  # bytes; up to so many are lost where a connection breaks


@dataclass(frozen=True)
class File:
    """A file on the internet: its name, what tells it from any other file, and who has it."""

    name: str
    checksum: str  # "sha256:..." or "md5:..."
    mirrors: tuple[str, ...]  # addresses, tried in this order


class NoMirrorError(CourseError):
    """No mirror gave the file; says why of each."""


def quiet() -> bool:
    """Whether to tell nothing of progress: nbgrader would keep it in the graded notebook."""
    return "NBGRADER_EXECUTION" in os.environ


def fetch(file: File, folder: Path, timeout: tuple[float, float] = TIMEOUT) -> Path:
    """Where the file lies in ``folder``: put there by hand or earlier, or downloaded now.

    Until its last byte has come and its checksum is right it is called NAME.part, and a later call goes
    on with that, on another mirror too. NoMirrorError where no mirror gave it; CourseError where NAME is
    there but is another file; OSError where ``folder`` cannot take it.
    """
    whole, part = folder / file.name, folder / f"{file.name}.part"
    if whole.exists():
        if not _is_right(whole, file):
            raise CourseError(f"{whole} is not the {file.name} that was expected (its checksum differs): "
                              "delete it, then run this again.")
        return whole
    failures = []
    for address in file.mirrors:
        failure = _fill(part, file, address, timeout)
        if not failure:
            os.replace(part, whole)
            return whole
        failures.append(f"{address.split('/')[2]} {failure}")
    raise NoMirrorError("; ".join(failures))


def _fill(part: Path, file: File, address: str, timeout: tuple[float, float]) -> str:
    """Complete ``part`` from one mirror. Returns why that failed, or "" where it holds the file now."""
    import requests
    from urllib3.exceptions import HTTPError

    for _ in range(TRIES):
        had = part.stat().st_size if part.exists() else 0
        if had and _is_right(part, file):
            return ""  # stopped before the move into place
        try:
            resumed = _receive(part, had, address, timeout)
        except requests.Timeout:
            return "did not answer in time"
        except requests.HTTPError as problem:
            return f"answered {problem.response.status_code} {problem.response.reason}"
        except requests.RequestException:
            return "could not be reached"
        except HTTPError:  # of the stream: what has come is kept
            if part.stat().st_size <= had:
                return "stopped sending"
            continue
        if _is_right(part, file):
            return ""
        part.unlink()
        if not resumed:
            return "sent another file (its checksum differs)"
    return f"broke off {TRIES} times"


def _receive(part: Path, had: int, address: str, timeout: tuple[float, float]) -> bool:
    """Append what ``part`` lacks after its ``had`` bytes, or write it anew where the server sends all.

    True where what was there was built on, so that a wrong checksum may be its fault.
    """
    import requests
    from tqdm import tqdm

    # Identity, and raw bytes below: some servers take a .gz for a compressed transfer and have it unpacked.
    headers = {"Accept-Encoding": "identity"}
    if had:
        headers["Range"] = f"bytes={had}-"
    with requests.get(address, headers=headers, stream=True, timeout=timeout) as answer:
        if had and answer.status_code == 416:  # the file ends before: what was there is of another
            return True
        answer.raise_for_status()
        start = had if answer.headers.get("Content-Range", "").startswith(f"bytes {had}-") else 0
        length = answer.headers.get("Content-Length")
        with (open(part, "ab" if start else "wb") as out,
              tqdm(desc=part.stem, initial=start, total=start + int(length) if length else None, unit="B",
                   unit_scale=True, mininterval=0.2, miniters=1, disable=quiet(), file=sys.stdout) as bar):
            for chunk in answer.raw.stream(CHUNK, decode_content=False):
                out.write(chunk)
                bar.update(len(chunk))
    return start > 0


def _is_right(path: Path, file: File) -> bool:
    algorithm, _, digest = file.checksum.partition(":")
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest() == digest
