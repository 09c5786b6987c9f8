"""All benchmarks that fit into half an hour on two cores, one after the other; then their plots and tables.

    python -m benchmarks              # on a machine that does nothing else
    python -m benchmarks imports sizes
    python -m benchmarks --list       # all there are, those that take hours too

Each is a process of its own. One that fails is named at the end, and the others still run.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass

from . import record


@dataclass(frozen=True)
class Part:
    """A benchmark: module, arguments, minutes on two quiet cores, the CSVs that it writes, and what it measures."""

    name: str
    arguments: str
    minutes: float
    results: tuple[str, ...]
    what: str

    @property
    def command(self) -> str:
        return f"python -m benchmarks.{self.name} {self.arguments}".rstrip()


PARTS = (
    Part("sizes", "", 0.2, ("sizes",), "size of the repository, the wheel, the notebooks"),
    Part("notebooks", "--repeats 1", 6.5, ("notebook_times",), "each solved notebook against its budget; memory"),
    Part("first_cells", "3", 1.5, ("first_cells",), "first cells of each released notebook; memory"),
    Part("imports", "5", 1.5, ("import_times",), "imports of each setup cell beside single packages"),
    Part("numpy_conv", "", 0.5, ("numpy_conv",), "NumPy convolution beside torch, CS231n, SciPy, the bare product"),
    Part("columns", "", 0.5, ("columns",), "how many columns a convolution works on at a time"),
    Part("growth", "", 3.5, ("growth", "growth_exponents"), "how cost grows with side, channels, depth, batch, class"),
    Part("training_loop", "5 8", 4, ("training_loop",), "training loops, in images per CPU second"),
    Part("widget_latency", "", 1, ("widget_latency",), "a widget beside interact + matplotlib"),
    Part("grading", "8 02_kernels_by_hand", 1.5, ("grading",), "grading a small class beside plain nbgrader"),
)
DRAWN = ("plots", "tables")
# Not in it: what takes too long, needs a download, or asks what is learned and not how fast.
APART = (
    Part("grading", "", 45, ("grading",), "the same for two classes of 60"),
    Part("cifar10_budget", "fast author", 170, ("cifar10_budget", "cifar10_budget_curves"),
         "accuracy against CPU seconds; needs CIFAR-10"),
    Part("cifar10_networks", "", 0, ("cifar10_networks", "cifar10_networks_curves"),
         "networks of slide 40 until they are good; needs CIFAR-10 and a GPU"),
    Part("pretrained", "fast_cifar8 FOLDER", 50, ("pretrained",), "the networks that come trained; needs CIFAR-10"),
    Part("depth", "", 3, ("depth_runs", "depth_gradients"), "plain and residual networks of 8 to 56 layers"),
    Part("transfer", "probes layers normalisation tune runs mistakes", 20,
         ("transfer_runs", "transfer_layers", "transfer_normalisation", "transfer_tuning", "transfer_mistakes"),
         "accuracy against labels per class"),
    Part("transfer_ants_bees", "", 8, ("transfer_ants_bees",), "transfer to ants and bees; needs both downloads"),
    Part("capstone", "", 7, ("capstone",), "six networks on the capstone's scenes"),
    Part("thread_waiting", "", 4, ("thread_waiting",), "how threads wait for each other, beside a busy neighbour"),
)


def listed() -> str:
    """What --list prints."""
    def lines(parts: tuple[Part, ...]) -> list[str]:
        return [f"  {part.command}\n      {part.what}; {duration(part.minutes)}; "
                + ", ".join(f"data/{name}.csv" for name in part.results) for part in parts]

    return "\n".join([f"In `python -m benchmarks`, about {total(PARTS):.0f} minutes:", *lines(PARTS),
                      "then " + " and ".join(f"python -m benchmarks.{name}" for name in DRAWN),
                      "", "By themselves, each with OMP_NUM_THREADS=1:", *lines(APART)])


def duration(minutes: float) -> str:
    return f"about {minutes:g} minutes" if minutes else "hours"


def total(parts) -> float:
    return sum(part.minutes for part in parts)


def run(name: str, arguments: str = "") -> bool:
    """One module in a process of its own; whether it went well."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments.split()]
    return subprocess.run(command, cwd=record.ROOT).returncode == 0


def main() -> None:
    """Runs the named parts, or all, and what draws their results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(part.name for part in PARTS))
    parser.add_argument("--list", action="store_true", help="run nothing; say what there is and how long it takes")
    chosen = parser.parse_args()
    if chosen.list:
        print(listed())
        return
    if unknown := set(chosen.names) - {part.name for part in PARTS}:
        parser.error(f"no part is called {', '.join(sorted(unknown))}; --list shows all, with those that run alone")
    parts = [part for part in PARTS if part.name in chosen.names or not chosen.names]
    failed, took = [], []
    for number, part in enumerate(parts):
        print(f"\n[{number + 1}/{len(parts)}] {part.name}: {part.what}, {duration(part.minutes)}; "
              f"after it about {total(parts[number + 1:]):.0f} minutes are left", flush=True)
        start = time.monotonic()
        if not run(part.name, part.arguments):
            failed.append(part.name)
        took.append({"part": part.name, "minutes": round((time.monotonic() - start) / 60, 2)})
        print(f"{part.name} took {took[-1]['minutes']:.1f} minutes", flush=True)
    print(f"\n{sum(row['minutes'] for row in took):.1f} minutes in all", flush=True)
    if not chosen.names and not failed:
        record.write("bench", took, [])
    failed += [name for name in DRAWN if not run(name)]
    if failed:
        raise SystemExit(f"Failed, see above: {', '.join(failed)}. The results of the others are in data/.")


if __name__ == "__main__":
    main()
