"""How OpenMP's threads wait for each other: images per wall second, alone and beside a busy neighbour.

    python -m benchmarks.thread_waiting

LeNet-5 on 28x28 digits and the network `fast` on made-up 32x32 images; two threads that spin long (the default of GNU's
OpenMP), shortly (what course_lib sets) or not at all, and one thread. Medians of interleaved repeats, each a process
of its own; the neighbour is a Python loop that never rests.
"""

import os
import statistics
import subprocess
import sys

from . import record

REPEATS = 3
SETTINGS = {
    "default": {"GOMP_SPINCOUNT": ""},  # empty is as good as unset to libgomp, and keeps course_lib from setting it
    "course_lib": {"GOMP_SPINCOUNT": "1000"},
    "passive": {"GOMP_SPINCOUNT": "", "OMP_WAIT_POLICY": "PASSIVE"},
    "one thread": {"GOMP_SPINCOUNT": "", "OMP_NUM_THREADS": "1"},
}
MEASURE = """
from dataclasses import replace
import numpy as np
from course_lib import models, training
rng = np.random.default_rng(0)
photos = training.Images.of(rng.integers(0, 256, (2560, 32, 32, 3)).astype(np.uint8), rng.integers(0, 10, 2560))
for recipe, images, epochs in (("lenet", training.images("mnist5k"), 1.0), ("fast", photos, 0.4)):
    recipe = replace(training.RECIPES[recipe], sides=())
    model = models.build(recipe.model, channels=images.x.shape[3])
    training.train(model, images, recipe, epochs=0.1, show=False)
    print(training.train(model, images, recipe, epochs=epochs, show=False).images_per_second)
"""


def measure(setting: dict) -> list[float]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    done = subprocess.run([sys.executable, "-c", MEASURE], env=environment | setting, capture_output=True, text=True,
                          check=True)
    return [float(line) for line in done.stdout.split()]


def main() -> None:
    rows = []
    for neighbours in (0, 1):
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(neighbours)]
        try:
            measured = [{name: measure(setting) for name, setting in SETTINGS.items()} for _ in range(REPEATS)]
        finally:
            for process in busy:
                process.kill()
        for place, network in enumerate(("lenet5", "fast")):
            for name in SETTINGS:
                speeds = [one[name][place] for one in measured]
                rows.append({"network": network, "busy_neighbours": neighbours, "waiting": name,
                             "images_per_second": round(statistics.median(speeds)),
                             "lowest": round(min(speeds)), "highest": round(max(speeds))})
    record.write("thread_waiting", rows, ["torch", "numpy"])


if __name__ == "__main__":
    main()
