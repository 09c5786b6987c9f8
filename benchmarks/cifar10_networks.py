"""Networks of the zoo on CIFAR-10, trained until they are good: He et al. 2016, table 6, and slide 40.

    OMP_NUM_THREADS=1 python -m benchmarks.cifar10_networks resnet20 --recipe resnet20_fast --seeds 0 --clock cpu
    python -m benchmarks.cifar10_networks                    # all of them, three seeds: for a GPU

A tenth of the training images is held out for the validation curve; the test set is read once per run, at the end. A
run that is in the CSV already is not run again, and one that was stopped goes on at its last checkpoint. What the
networks of slide 42 reach here stands beside what the papers print: ``python -m course_lib.models``.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

from course_lib.training import RECIPES

from . import record

NETWORKS = ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "plain20", "plain56")
SEEDS = (0, 1, 2)
RESULT = record.DATA / "cifar10_networks.csv"
CURVES = record.DATA / "cifar10_networks_curves.csv"
COLUMNS = ("model", "data", "recipe", "seed", "parameters", "test_accuracy", "test_accuracy_without_flip",
           "validation_accuracy", "epochs", "seconds", "clock", "wall_seconds_with_evaluations", "images_per_second",
           "device", "processes", "threads", "torch")


def run(model: str, recipe: str, seed: int, clock: str, folder: Path) -> tuple[dict, list[dict]]:
    """One run in a process of its own: its row, and the rows of its curve."""
    name = f"{model}_{recipe}_{seed}"
    command = ["-m", "course_lib.training", "--recipe", recipe, "--model", model, "--data", "cifar10", "--epochs",
               str(RECIPES[recipe].epochs), "--clock", clock, "--seed", str(seed), "--compiled", "--checkpoint",
               str(folder / f"{name}.checkpoint"), "--weights", str(folder / f"{name}.pt")]
    done = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE, text=True)
    return rows(json.loads(done.stdout.splitlines()[-1]), " ".join(["python", *command]))


def rows(told: dict, command: str) -> tuple[dict, list[dict]]:
    """What the training command printed, as a row of each CSV."""
    row = {column: told[column] for column in COLUMNS} | {
        "date": record.today(), "machine": record.machine(), "load": round(os.getloadavg()[0], 1), "command": command}
    name = {column: told[column] for column in ("model", "recipe", "seed")}
    return row, [name | point for point in told["history"]]


def keep(row: dict, curve: list[dict]) -> None:
    """Add a run to the CSVs; read again, for another process may have written meanwhile."""
    record.replace(RESULT, [*record.read(RESULT), row])
    record.replace(CURVES, [*record.read(CURVES), *curve])
    print(row["model"], row["recipe"], row["seed"], row["test_accuracy"], flush=True)


def table() -> str:
    """The results as the table of docs/training.md, run by run."""
    lines = ["| network | recipe | seed | epochs | seconds | on | test accuracy | mean of image and mirror image |",
             "|---|---|---|---|---|---|---|---|"]
    for row in record.read(RESULT):
        flipped = row["test_accuracy_without_flip"]  # empty where the recipe does not look at mirror images
        plain, both = (flipped, row["test_accuracy"]) if flipped else (row["test_accuracy"], "")
        cells = [f"{100 * float(value):.1f} %" if value else "" for value in (plain, both)]
        lines.append(f"| {row['model']} | {row['recipe']} | {row['seed']} | {float(row['epochs']):.0f} | "
                     f"{float(row['seconds']):.0f} ({row['clock']}) | {row['device']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cifar10_networks", description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=NETWORKS, metavar="NETWORK")
    parser.add_argument("--recipe", default="resnet20", choices=RECIPES)
    parser.add_argument("--seeds", nargs="*", type=int, default=SEEDS)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="what `seconds` counts")
    parser.add_argument("--folder", type=Path, default=Path("runs"), help="for checkpoints and weights")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    known = {(row["model"], row["recipe"], row["seed"]) for row in record.read(RESULT)}
    for seed, network in itertools.product(chosen.seeds, chosen.networks):
        if (network, chosen.recipe, str(seed)) not in known:
            keep(*run(network, chosen.recipe, seed, chosen.clock, chosen.folder))


if __name__ == "__main__":
    main()
