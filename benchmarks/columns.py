"""How many columns ``ops.conv2d`` should work on at a time: forward and backward of numpy_conv's shape B, beside torch.

    python -m benchmarks.columns

All amounts take turns; times are CPU time, medians of REPEATS. data/columns.csv holds them.
"""

from . import one_thread

if __name__ == "__main__":
    one_thread.restart()

import statistics  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402

from course_lib import ops  # noqa: E402

from . import numpy_conv, record  # noqa: E402

ROOMS = (160, 320, 480, 640, 1280)  # KiB
REPEATS, CALLS = 9, 4


def main() -> None:
    """Measures every amount and writes data/columns.csv."""
    torch.set_num_threads(1)
    x, w, stride, padding = numpy_conv.SHAPES["B"]
    random = np.random.default_rng(0)
    X, W = random.standard_normal(x, np.float32), random.standard_normal(w, np.float32)
    rivals = numpy_conv.contestants(X, W, stride, padding)
    rows = []
    for direction, name in (("forward", "FORWARD"), ("backward", "BACKWARD")):
        times = {room: [] for room in ("torch", *ROOMS)}
        for _ in range(REPEATS):
            times["torch"].append(numpy_conv.seconds(rivals[direction]["torch"], CALLS))
            for room in ROOMS:
                setattr(ops, name, room * 2**10)
                times[room].append(numpy_conv.seconds(rivals[direction]["course_lib.ops"], CALLS))
        middle = {room: statistics.median(each) for room, each in times.items()}
        rows += [{"pass": direction, "room_kib": room, "median_ms": f"{1e3 * middle[room]:.2f}",
                  "lowest_highest_ms": f"{1e3 * min(times[room]):.2f}-{1e3 * max(times[room]):.2f}",
                  "times_torch": f"{middle[room] / middle['torch']:.2f}", "repeats": REPEATS} for room in ROOMS]
    record.write("columns", rows, ["numpy", "torch"])


if __name__ == "__main__":
    main()
