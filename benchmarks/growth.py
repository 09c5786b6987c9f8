"""How cost grows: a convolution's with the image's side, channels, depth and batch, grading with the submissions.

    python -m benchmarks.growth [repeats [classes]]

What grows is doubled time and again, all else stays as in BASE. A convolution is forward and backward through a chain
of 3x3 layers with as many channels out as in, in NumPy (course_lib.ops) and in torch, on one thread. Grading is a whole
run of ``course_lib.instructor.grade`` with one worker. All sizes take turns; times are CPU time, medians. The exponent
is the slope of a straight line through the logarithms, by least squares, with its standard error: once through the last
four points, once through all.

    data/growth.csv             the points
    data/growth_exponents.csv   the exponents, beside what theory predicts
"""

from . import one_thread

if __name__ == "__main__":
    one_thread.restart()

import ctypes  # noqa: E402
import itertools  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from scipy.stats import linregress  # noqa: E402

from course_lib import ops  # noqa: E402

from . import grading, numpy_conv, record  # noqa: E402

# The largest images take 8 MiB: with much more, memory is taken anew at each call, and that would be measured.
BASE = {"image side": 32, "channels": 16, "depth": 1, "batch": 8}
GROWS = {"image side": (4, 8, 16, 32, 64, 128), "channels": (4, 8, 16, 32, 64, 128), "depth": (1, 2, 4, 8, 16, 32),
         "batch": (1, 2, 4, 8, 16, 32), "submissions": (1, 2, 4, 8, 16)}
THEORY = {"image side": 2, "channels": 2, "depth": 1, "batch": 1, "submissions": 1}
UPPER = 4  # points: three doublings
REPEATS, CLASSES = 9, 2
NOTEBOOK = "02_kernels_by_hand"
PACKAGES = ["numpy", "torch", "scipy", "nbgrader"]


def multiplications(sizes: dict[str, int]) -> int:
    """Of one pass through the chain; each goes with an addition."""
    return sizes["batch"] * sizes["image side"] ** 2 * sizes["channels"] ** 2 * 9 * sizes["depth"]


def chains(sizes: dict[str, int]) -> dict[str, Callable]:
    """By who does it: forward and backward through a chain of layers of that size, to the gradient of the images."""
    random = np.random.default_rng(0)
    channels, side = sizes["channels"], sizes["image side"]
    X = random.standard_normal((sizes["batch"], channels, side, side), np.float32)
    spread = np.float32((9 * channels) ** -0.5)  # numbers stay as large as they are, however deep the chain
    kernels = [spread * random.standard_normal((channels, channels, 3, 3), np.float32) for _ in range(sizes["depth"])]
    x, weights = torch.from_numpy(X), [torch.from_numpy(W) for W in kernels]

    def ours() -> np.ndarray:
        kept = [X]
        for W in kernels:
            kept.append(ops.conv2d(kept[-1], W, None, 1, 1))
        gradient = kept.pop()
        while kept:
            gradient, _, _ = ops.conv2d_backward(gradient, kept.pop(), kernels[len(kept)], 1, 1)
        return gradient

    def theirs() -> torch.Tensor:
        kept = [x]
        for w in weights:
            kept.append(torch.nn.functional.conv2d(kept[-1], w, None, 1, 1))
        gradient = kept.pop()
        while kept:
            gradient, _, _ = torch.ops.aten.convolution_backward(
                gradient, kept.pop(), weights[len(kept)], [channels], [1, 1], [1, 1], [1, 1], False, [0, 0], 1,
                [True] * 3)
        return gradient

    return {"course_lib.ops": ours, "torch": theirs}


def convolution(repeats: int) -> list[dict]:
    """The points of everything but grading."""
    torch.set_num_threads(1)
    functions, work = {}, {}
    for what in BASE:
        for size in GROWS[what]:
            sizes = BASE | {what: size}
            for who, function in chains(sizes).items():
                functions[what, size, who] = function
                work[what, size, who] = 3 * 2 * multiplications(sizes)  # forward, and two gradients backward
    return [point(*about, times, gflop_per_s=round(work[about] / statistics.median(times) / 1e9, 1))
            for about, times in numpy_conv.measure(functions, repeats).items()]


def classes(repeats: int) -> list[dict]:
    """The points of grading: a class of each size, as often as asked for."""
    ctypes.CDLL(None).prctl(grading.PR_SET_CHILD_SUBREAPER, 1)
    for name in one_thread.SETTINGS:
        os.environ.pop(name, None)  # grading runs as it always does
    source = next(source for source in grading.SOURCES if source.stem == NOTEBOOK)
    command, sizes = [*grading.GRADE, "--workers", "1", NOTEBOOK], GROWS["submissions"]
    times = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            grading.hand_in(Path(folder, f"class{size}"), source, size)
        for turn, size in itertools.product(range(repeats), sizes):
            root = shutil.copytree(Path(folder, f"class{size}"), Path(folder, f"turn{turn}_{size}"))
            cpu, _ = grading.measure(command, root)
            times[size].append(cpu)
            print(f"{size} submissions: {cpu:.1f} CPU seconds", flush=True)
    return [point("submissions", size, "grade, one worker", times[size], gflop_per_s="") for size in sizes]


def point(what: str, size: int, who: str, times: list[float], **more) -> dict:
    return {"grows": what, "size": size, "who": who, "cpu_median_s": float(f"{statistics.median(times):.4g}"),
            "cpu_lowest_s": float(f"{min(times):.4g}"), "cpu_highest_s": float(f"{max(times):.4g}"), **more,
            "repeats": len(times)}


def exponents(points: list[dict]) -> list[dict]:
    """The slope of each line in the logarithms, through its last points and through all."""
    rows = []
    for (what, who), line in itertools.groupby(sorted(points, key=lambda row: (list(GROWS).index(row["grows"]),
                                                                               row["who"], row["size"])),
                                               lambda row: (row["grows"], row["who"])):
        line = list(line)
        sizes, seconds = np.log([row["size"] for row in line]), np.log([row["cpu_median_s"] for row in line])
        upper, whole = linregress(sizes[-UPPER:], seconds[-UPPER:]), linregress(sizes, seconds)
        rows.append({"grows": what, "who": who, "theory": THEORY[what], "exponent": f"{upper.slope:.2f}",
                     "standard_error": f"{upper.stderr:.2f}", "fitted_from": line[-UPPER]["size"],
                     "fitted_to": line[-1]["size"], "intercept": f"{upper.intercept:.4f}",
                     "exponent_of_all": f"{whole.slope:.2f}", "standard_error_of_all": f"{whole.stderr:.2f}",
                     "points": len(line)})
    return rows


def main(repeats: int = REPEATS, turns: int = CLASSES) -> None:
    """Measures all points and writes the two CSVs."""
    points = [*convolution(repeats), *classes(turns)]
    record.write("growth", points, PACKAGES)
    record.write("growth_exponents", exponents(points), PACKAGES)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
