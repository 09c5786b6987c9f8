"""Slide 40 on one thread: plain and residual networks of 8 to 56 layers on scikit-learn's digits, three seeds each.

    python -m benchmarks.depth

The networks of He et al. 2016, section 4.2, with 8 channels instead of 16, trained by the recipe `depth`. Errors are
measured in eval mode after every epoch, norms of gradients before the first step and after the last, on one batch
that stays the same. What the widget DepthExplorer shows is written from the two CSVs; `--json` writes it anew and
runs nothing.
"""

import argparse
import itertools
import json
import sys
import time

import torch

from course_lib.gradients import gradient_norms
from course_lib.models.resnet_cifar import ResNetCIFAR
from course_lib.training import RECIPES, Run, images, train

from . import record

RUNS, GRADIENTS = "depth_runs", "depth_gradients"
KINDS = {"plain": False, "residual": True}
DEPTHS = (8, 20, 32, 44, 56)
SEEDS = (0, 1, 2)
WIDTH = 8
MEASURED_ON = 64  # images of the batch for the gradients: as many as a step of training sees
RECIPE = RECIPES["depth"]
PACKED = record.ROOT / "course_lib" / "widgets" / "depth_explorer.json"


def network(kind: str, depth: int, seed: int) -> ResNetCIFAR:
    torch.manual_seed(seed)
    return ResNetCIFAR(depth, channels=1, width=WIDTH, residual=KINDS[kind])


def run(kind: str, depth: int, seed: int) -> tuple[list[dict], list[dict]]:
    """One network: its rows per epoch, and its rows per layer.

    It is trained twice, as the loop watches one set only: on a CPU a run repeats itself to the last bit.
    """
    training_set, test_set = images("digits"), images("digits", "test")

    def trained(watched) -> Run:
        return train(network(kind, depth, seed), training_set, RECIPE, validation=watched, clock=time.process_time,
                     seed=seed, show=False)

    seen, unseen = trained(training_set), trained(test_set)
    if [row["training_loss"] for row in seen.history] != [row["training_loss"] for row in unseen.history]:
        raise SystemExit(f"{kind}-{depth}, seed {seed}: the two trainings differ, so their errors do not belong "
                         "together.")
    name = {"kind": kind, "depth": depth, "seed": seed}
    epochs = [name | {
        "epoch": round(own["epoch"]), "step": own["step"], "training_loss": round(own["training_loss"], 5),
        "training_accuracy": round(own["validation_accuracy"], 5),
        "training_error": round(1 - own["validation_accuracy"], 5),
        "test_error": round(1 - other["validation_accuracy"], 5), "cpu_seconds": round(own["seconds"], 2),
    } for own, other in zip(seen.history, unseen.history, strict=True)]
    batch = training_set[:MEASURED_ON]
    start, end = gradient_norms(network(kind, depth, seed), batch), gradient_norms(seen.model, batch)
    layers = [name | {"layer": layer, "name": where, "norm_at_start": f"{start[where]:.4g}",
                      "norm_at_end": f"{end[where]:.4g}"} for layer, where in enumerate(start, 1)]
    return epochs, layers


def read(name: str) -> list[dict]:
    return record.read(record.DATA / f"{name}.csv")


def packed() -> dict:
    """Both CSVs as the widget takes them: a row per run, with its numbers per epoch and per layer as lists."""
    runs = {}
    for row in read(RUNS):
        one = runs.setdefault((row["kind"], row["depth"], row["seed"]), {
            "kind": row["kind"], "depth": int(row["depth"]), "seed": int(row["seed"]), "training_error": [],
            "test_error": [], "gradients_at_start": [], "gradients_at_end": []})
        for column in ("training_error", "test_error"):
            one[column].append(float(row[column]))
    for row in read(GRADIENTS):
        for moment in ("start", "end"):
            one = runs[row["kind"], row["depth"], row["seed"]]
            one[f"gradients_at_{moment}"].append(float(row[f"norm_at_{moment}"]))
    setting = (f"1,198 of scikit-learn\u2019s digits, batches of {RECIPE.batch_size}, {WIDTH} to {4 * WIDTH} channels, "
               f"{RECIPE.epochs} epochs, {len(SEEDS)} seeds")
    return {"setting": setting, "made_by": read(RUNS)[0]["command"], "runs": list(runs.values())}


def pack() -> None:
    """Write the widget's file, a run per line."""
    told = packed()
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in told.pop("runs"))
    PACKED.write_text(f'{json.dumps(told)[:-1]}, "runs": [\n{lines}\n]}}\n')


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.depth", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="run nothing, write the widget's file from the CSVs")
    if parser.parse_args().json:
        pack()
        return
    torch.set_num_threads(1)
    epochs, layers = [], []
    for kind, depth, seed in itertools.product(KINDS, DEPTHS, SEEDS):
        own = run(kind, depth, seed)
        epochs += own[0]
        layers += own[1]
        print(f"{kind}-{depth}, seed {seed}: training accuracy {epochs[-1]['training_accuracy']}", file=sys.stderr)
    record.write(RUNS, epochs, ["torch", "numpy", "scikit-learn"])
    record.write(GRADIENTS, layers, ["torch", "numpy", "scikit-learn"])
    pack()


if __name__ == "__main__":
    main()
