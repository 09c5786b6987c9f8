"""How large the course is: what is committed, its notebooks, and course_lib as a wheel. No time is taken.

    python -m benchmarks.sizes

Of the last commit, as ``git archive`` hands it out. `packed` is what is downloaded: a tar.gz, a wheel, or the files
deflated one by one. What a notebook holds once it was run stands in data/notebook_times.csv.
"""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

from . import record

# Parts of the wheel by the beginning of their names; what is left is code.
PARTS = {"trained networks": "course_lib/pretrained/", "widgets": "course_lib/widgets/",
         "lessons": "course_lib/lessons/"}


def row(what: str, sizes: list[int], packed: int) -> dict:
    return {"what": what, "files": len(sizes), "kib": round(sum(sizes) / 1024, 1),
            "packed_kib": round(packed / 1024, 1)}


def of_files(what: str, paths: list[Path]) -> dict:
    texts = [path.read_bytes() for path in paths]
    return row(what, [len(text) for text in texts], sum(len(zlib.compress(text)) for text in texts))


def of_wheel(folder: Path) -> list[dict]:
    """course_lib as a wheel, as a whole and in parts."""
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(folder / "wheels")]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(folder / "course")], check=True)
    (wheel,) = (folder / "wheels").glob("cnn_by_hand-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = archive.infolist()
    rows = [row("course_lib, the wheel", [file.file_size for file in files], wheel.stat().st_size)]
    for part, beginning in PARTS.items():
        inside = [file for file in files if file.filename.startswith(beginning)]
        files = [file for file in files if not file.filename.startswith(beginning)]
        rows.append(row(f"its {part}", [f.file_size for f in inside], sum(f.compress_size for f in inside)))
    return [*rows, row("its code and the rest", [f.file_size for f in files], sum(f.compress_size for f in files))]


def main() -> None:
    """Takes all sizes and writes data/sizes.csv."""
    made = subprocess.run(["git", "archive", "--format=tar.gz", "HEAD"], cwd=record.ROOT, capture_output=True)
    if made.returncode:
        raise SystemExit("Sizes are those of a commit: run this in a clone of the repository, with git installed.")
    with tempfile.TemporaryDirectory() as name:
        folder, course = Path(name), Path(name, "course")
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
            archive.extractall(course, filter="data")
        files = [path for path in course.rglob("*") if path.is_file()]
        notebooks = sorted((course / "notebooks").glob("*/*.ipynb"))
        rows = [row("the repository", [path.stat().st_size for path in files], len(made.stdout)),
                *of_wheel(folder), of_files("notebooks", notebooks),
                *(of_files(path.stem, [path]) for path in notebooks)]
    record.write("sizes", rows, ["setuptools"])


if __name__ == "__main__":
    main()
