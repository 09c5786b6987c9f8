"""`python -m course_lib.instructor.site`: the course as a website that needs no kernel and no network."""

import argparse
import sys
import time
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.instructor.site.build import Site

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str] | None = None) -> int:
    """Build the site; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.site",
                                     description=__doc__.partition(": ")[2])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="the folder (default: build/site)")
    parser.add_argument("--solutions", action="store_true",
                        help="the solved notebooks in place of the released ones; do not publish those")
    parser.add_argument("--run", nargs="*", metavar="NOTEBOOK",
                        help="the notebooks to run first, all by default; the others come without outputs")
    chosen = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        Site(ROOT, chosen.out).build(chosen.solutions, chosen.run)
    except CourseError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{chosen.out / 'index.html'}: open it in a browser ({time.monotonic() - start:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
