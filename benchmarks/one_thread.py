"""What a benchmark of small numerical calls sets before NumPy and torch start: one thread, and memory that is kept."""

import os
import sys

# Read when the libraries start, so a program starts itself once more. The two sizes are those that glibc's malloc
# finds by itself in the long run; set from the start, the first arrays of some megabytes do not cost torch, or us,
# new pages from the system that later ones get for nothing.
SETTINGS = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}


def restart() -> None:
    """Starts the program that is running with the settings, if it does not have them; to be called first of all."""
    if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
        module = sys.modules["__main__"].__spec__.name
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], os.environ | SETTINGS)
