"""CIFAR-10 on one thread: test accuracy after 60, 200, 400 and 900 CPU seconds of training, three seeds each.

    OMP_NUM_THREADS=1 python -m benchmarks.cifar10_budget fast author

Needs CIFAR-10 (``python -m course_lib.data cifar10``). The network `fast` stands beside the network and the recipe of
the lecture's coding session, trained by the same loop. A tenth of the training images is held out for the
validation curve; the test set is read once per run, at the end. A run that is in the CSV already is not
run again: delete the file to start anew.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys

from course_lib.training import RECIPES

from . import record

BUDGETS = {60: 3, 200: 4, 400: 5, 900: 15}  # CPU seconds: how often to evaluate
SEEDS = (0, 1, 2)
RESULT = record.DATA / "cifar10_budget.csv"
CURVES = record.DATA / "cifar10_budget_curves.csv"


def run(recipe: str, seconds: int, seed: int, weights: str | None,
        without: tuple[str, ...] = ()) -> tuple[dict, list[dict]]:
    """One run in a process of its own: its row, and the rows of its curve; ``without`` names classes to leave out."""
    command = ["-m", "course_lib.training", "--recipe", recipe, "--data", "cifar10", "--seconds", str(seconds),
               "--clock", "cpu", "--seed", str(seed), "--rows", str(BUDGETS[seconds])]
    if without:
        command += ["--without", *without]
    if weights:
        command += ["--weights", f"{weights}/{recipe}_{seconds}_{seed}.pt"]
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True,
                          env=os.environ | {"OMP_NUM_THREADS": "1"})
    told = json.loads(done.stdout.splitlines()[-1])
    name = {"recipe": recipe, "budget": seconds, "seed": seed}
    columns = ("parameters", "test_accuracy", "test_accuracy_without_flip", "validation_accuracy", "epochs", "seconds",
               "cpu_seconds_with_evaluations", "wall_seconds_with_evaluations", "images_per_second", "device",
               "threads", "torch")
    row = name | {column: told[column] for column in columns} | {
        "date": record.today(), "machine": record.machine(), "load": round(os.getloadavg()[0], 1),
        "command": " ".join(["python", *command])}
    return row, [name | point for point in told["history"]]


def table() -> str:
    """The results as the table of docs/training.md: medians over the seeds, lowest and highest in brackets."""
    rows, lines = record.read(RESULT), ["| CPU seconds | `fast` | `author` |", "|---|---|---|"]
    for seconds in BUDGETS:
        cells = []
        for recipe in ("fast", "author"):
            reached = [100 * float(row["test_accuracy"]) for row in rows
                       if (row["recipe"], row["budget"]) == (recipe, str(seconds))]
            cells.append("" if len(reached) < len(SEEDS) else
                         f"{statistics.median(reached):.1f} % [{min(reached):.1f}, {max(reached):.1f}]")
        if any(cells):
            lines.append(f"| {seconds} | {' | '.join(cell or 'not run yet' for cell in cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cifar10_budget", description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="*", default=["fast", "author"], metavar="RECIPE", help=", ".join(RECIPES))
    parser.add_argument("--seconds", nargs="*", type=int, choices=BUDGETS, default=list(BUDGETS))
    parser.add_argument("--weights", metavar="FOLDER", help="save the trained networks there")
    parser.add_argument("--table", action="store_true", help="run nothing, print the table of docs/training.md")
    chosen = parser.parse_args()
    if chosen.table:
        print(table())
        return
    if unknown := set(chosen.recipes) - set(RECIPES):
        parser.error(f"unknown recipe {', '.join(unknown)}")
    for recipe, seconds, seed in itertools.product(chosen.recipes, chosen.seconds, SEEDS):
        known = {(row["recipe"], row["budget"], row["seed"]) for row in record.read(RESULT)}
        if (recipe, str(seconds), str(seed)) in known:
            continue
        row, curve = run(recipe, seconds, seed, chosen.weights)
        # Read again: another process may have written meanwhile.
        record.replace(RESULT, [*record.read(RESULT), row])
        record.replace(CURVES, [*record.read(CURVES), *curve])
        print(recipe, seconds, seed, row["test_accuracy"], flush=True)


if __name__ == "__main__":
    main()
