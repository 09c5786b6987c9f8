"""ResNet-20 at batch 128 on one thread: the loops of three well-known sources, and the course's, step by step.

All three are written anew here, after their sources: akamaster/pytorch_resnet_cifar10, trainer.py, the CNN notebook of
the lecture's author, and the book Dive into Deep Learning (d2l), chapters 7 and 8. All train the same network (option
A, 269,722 parameters). Each loop has a process of its own, and they take turns, A B C A B C ..., so that a busy
neighbour slows them alike. What counts is CPU time, user and system, of the process and of its workers; ratios are
medians of the ratios turn by turn.

    python -m benchmarks.training_loop [turns [steps]]

CIFAR-10 is used where it has been downloaded (course_lib.data); otherwise images are made up, which takes as long.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

import numpy as np

from . import record

BATCH = 128
IMAGES = 20_000
EPOCH = 50_000
# Compiling in the process itself, and one thread: CPU time is then easily counted.
SETTINGS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1",
            "PYTHONWARNINGS": "ignore"}
LOOPS = {
    "akamaster": "DataLoader with 4 workers, flip and crop by torchvision; SGD, .item() at each step",
    "lecture author": "DataLoader with 2 workers, no augmentation; SGD, .item() at each step",
    "d2l": "DataLoader with 4 workers, no augmentation, no normalisation; SGD, loss and accuracy read at each step",
    "in memory": "akamaster's, but crop and flip by one gather from a tensor (batches.Batches)",
    "+ channels_last": "and weights and images with the channels innermost",
    "+ fused, no item": "and a fused optimizer, and no loss read at each step",
    "+ memory kept": "and freed memory kept for the next layer (devices.keep_memory)",
    "+ shortcut": "and the shortcut that changes size as a pool of one pixel, in place of a slice "
                  "(models.resnet_cifar)",
    "train": "course_lib.training.train, as the course uses it",
    "train, compiled": "the same with compiled=True, after the first call",
    "convolutions alone": "the network's convolutions, forward and back, and nothing else: what no loop can save",
}


def network(sliced: bool = True):
    """ResNet-20; ``sliced``: with option A's shortcut as akamaster/pytorch_resnet_cifar10, resnet.py, writes it."""
    from torch import nn
    from torch.nn import functional as F

    from course_lib.models.resnet_cifar import ZeroPadded, resnet20

    class Sliced(ZeroPadded):
        def forward(self, X):
            return F.pad(X[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.more))

    model = resnet20()
    for block in [block for stage in model.stages for block in stage]:
        if sliced and not isinstance(block.shortcut, nn.Identity):
            block.shortcut = Sliced(block.shortcut.more, block.shortcut.stride)
    return model


def load() -> tuple[np.ndarray, np.ndarray, str]:
    """Images uint8 (N, 32, 32, 3), labels and where they are from."""
    from course_lib import data

    if data.about("cifar10").found():
        x, y = data.load("cifar10")
        return x[:IMAGES], y[:IMAGES], "CIFAR-10"
    random = np.random.default_rng(0)
    return random.integers(0, 256, (IMAGES, 32, 32, 3), np.uint8), random.integers(0, 10, IMAGES), "made up"


def with_loader(x, y, workers: int, augment: bool = False, normalise: bool = True, momentum: float = 0.0,
                weight_decay: float = 0.0) -> Callable[[int], None]:
    """A loop over a DataLoader, as in most repositories; returns what makes n steps of it."""
    import torch
    from PIL import Image
    from torch.nn import functional as F
    from torchvision import transforms

    class Pictures(torch.utils.data.Dataset):
        """As torchvision.datasets.CIFAR10: an array, of which each image becomes a PIL image, then is altered."""

        altered = transforms.Compose([
            *([transforms.RandomHorizontalFlip(), transforms.RandomCrop(32, 4)] if augment else []),
            transforms.ToTensor(),
            *([transforms.Normalize((0.491, 0.482, 0.447), (0.247, 0.243, 0.262))] if normalise else [])])

        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, i: int):
            return self.altered(Image.fromarray(x[i])), int(y[i])

    loader = torch.utils.data.DataLoader(Pictures(), BATCH, shuffle=True, num_workers=workers)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum, weight_decay=weight_decay)

    def epochs() -> Iterator:
        while True:
            yield from loader

    batches, told = epochs(), []

    def run(steps: int) -> None:
        for _ in range(steps):
            X, labels = next(batches)
            logits = model(X)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            told.append((loss.item(), (logits.argmax(1) == labels).float().mean().item()))

    return run


def in_memory(x, y, channels_last: bool = False, fused: bool = False, kept: bool = False,
              sliced: bool = True) -> Callable[[int], None]:
    """The same steps on batches from the course's own pipeline; returns what makes n steps of it."""
    import torch
    from torch.nn import functional as F

    from course_lib.batches import Batches, Images
    from course_lib.devices import keep_memory

    if kept:
        keep_memory()
    batches = Batches(Images.of(x, y), recipe(), seed=0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = network(sliced).to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=1e-4, fused=fused)
    numbers, told = itertools.count(), []

    def run(steps: int) -> None:
        for step in itertools.islice(numbers, steps):
            X, labels = batches.draw(step, 0.0)
            logits = model(X.contiguous(memory_format=layout))
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if not fused:
                told.append((loss.item(), (logits.argmax(1) == labels).float().mean().item()))

    return run


def engine(x, y, compiled: bool) -> Callable[[int], None]:
    """course_lib.training.train; returns what makes n steps of it."""
    from course_lib.batches import Images
    from course_lib.training import train

    images, model = Images.of(x, y), network(sliced=False)

    def run(steps: int) -> None:
        train(model, images[:steps * BATCH], recipe(), epochs=1, show=False, compiled=compiled)

    return run


def convolutions(x, y) -> Callable[[int], None]:
    """The convolutions of ResNet-20 without all that stands between them; returns what makes n steps of them."""
    import torch
    from torch import nn

    from course_lib.devices import keep_memory

    keep_memory()
    model, layers = network().to(memory_format=torch.channels_last), []

    def note(layer: nn.Conv2d, inputs: tuple, output) -> None:
        # The image needs no gradient, so the first layer computes none for it.
        layers.append((layer, inputs[0].detach().requires_grad_(inputs[0].requires_grad), torch.ones_like(output)))

    hooks = [layer.register_forward_hook(note) for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    model(torch.from_numpy(x[:BATCH]).permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last))
    for hook in hooks:
        hook.remove()

    def run(steps: int) -> None:
        for _ in range(steps):
            for layer, X, gradient in layers:
                layer(X).backward(gradient)
                X.grad = layer.weight.grad = None

    return run


def recipe():
    """akamaster's settings."""
    from course_lib.recipes import Recipe

    return Recipe("resnet20", epochs=200, batch_size=BATCH, optimizer="sgd", lr=0.1, weight_decay=1e-4,
                  schedule="constant", warmup=0.0, flip=True, crop=4)


def build(name: str, x, y) -> Callable[[int], None]:
    """The loop of that name in LOOPS: a function that makes so many steps."""
    match name:
        case "akamaster":
            return with_loader(x, y, workers=4, augment=True, momentum=0.9, weight_decay=1e-4)
        case "lecture author":
            return with_loader(x, y, workers=2)
        case "d2l":
            return with_loader(x, y, workers=4, normalise=False)
        case "in memory":
            return in_memory(x, y)
        case "+ channels_last":
            return in_memory(x, y, channels_last=True)
        case "+ fused, no item":
            return in_memory(x, y, channels_last=True, fused=True)
        case "+ memory kept":
            return in_memory(x, y, channels_last=True, fused=True, kept=True)
        case "+ shortcut":
            return in_memory(x, y, channels_last=True, fused=True, kept=True, sliced=False)
        case "convolutions alone":
            return convolutions(x, y)
    return engine(x, y, compiled=name == "train, compiled")


def table() -> str:
    """The results as the table of docs/training.md, and what compiling comes to."""
    rows = record.read(record.DATA / "training_loop.csv")
    lines = ["| loop | what it does | images per CPU second | times akamaster's, lowest and highest turn |",
             "|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['loop']} | {row['what']} | {row['images_per_cpu_s']} | {row['times_akamaster']} "
                     f"[{row['lowest_highest'].replace('-', ', ')}] |")
    compiled = next(row for row in rows if row["loop"] == "train, compiled")
    return "\n".join([*lines, "", (
        f"Compiling pays after {compiled['pays_after_epochs']} epochs of CIFAR-10, so not in a lesson. With its first "
        f"call counted it is {compiled['times_akamaster_over_40_epochs']} times akamaster's over the 40 epochs of the "
        "recipe `resnet20`.")])


def cpu_seconds() -> float:
    """User and system time of this process, of the children that have ended, and of those that live."""
    import psutil

    def spent(times) -> float:
        return times.user + times.system + times.children_user + times.children_system

    me = psutil.Process()
    return spent(me.cpu_times()) + sum(spent(child.cpu_times()) for child in me.children())


def serve(name: str) -> None:
    """Be one loop: for each number on standard input make so many steps, and print what they took."""
    import torch

    torch.set_num_threads(1)
    *data, kind = load()
    run = build(name, *data)
    for line in sys.stdin:
        cpu, wall = cpu_seconds(), time.perf_counter()
        run(int(line))
        print(json.dumps({"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall, "data": kind}), flush=True)


class Contestant:
    """A loop in a process of its own."""

    def __init__(self, name: str, cache: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.training_loop", "--serve", name], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=os.environ | SETTINGS | {"TORCHINDUCTOR_CACHE_DIR": cache})

    def steps(self, count: int) -> dict:
        """CPU and wall seconds of so many steps."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        """Lets the process end."""
        self.process.stdin.close()
        self.process.wait()


def measure(turns: int, steps: int) -> tuple[dict[str, list[dict]], dict[str, float], float]:
    """Of each loop its turns and the CPU seconds of its first step; last, those of a first step with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        first = Contestant("train, compiled", cache)
        cold = first.steps(1)["cpu"]
        first.end()
        contestants = {name: Contestant(name, cache) for name in LOOPS}
        firsts = {name: one.steps(1)["cpu"] for name, one in contestants.items()}
        for one in contestants.values():
            one.steps(2)
        taken = {name: [] for name in LOOPS}
        for turn in range(turns):
            for name, one in contestants.items():
                taken[name].append(one.steps(steps))
            print(f"turn {turn + 1} of {turns}", flush=True)
        for one in contestants.values():
            one.end()
    return taken, firsts, cold


def main(turns: int = 7, steps: int = 20) -> None:
    """Measures all loops and writes data/training_loop.csv."""
    taken, firsts, cold = measure(turns, steps)
    base, images, rows = taken["akamaster"], steps * BATCH, []
    for name, measured in taken.items():
        cpu = [one["cpu"] for one in measured]
        times_faster = [one["cpu"] / mine for one, mine in zip(base, cpu, strict=True)]
        row = {
            "loop": name, "what": LOOPS[name],
            "images_per_cpu_s": f"{images / statistics.median(cpu):.0f}", "best": f"{images / min(cpu):.0f}",
            "images_per_wall_s": f"{images / statistics.median(one['wall'] for one in measured):.0f}",
            "times_akamaster": f"{statistics.median(times_faster):.2f}",
            "lowest_highest": f"{min(times_faster):.2f}-{max(times_faster):.2f}",
            "first_step_cpu_s": f"{firsts[name]:.1f}", "first_step_empty_cache_cpu_s": "",
            "times_akamaster_over_40_epochs": "", "pays_after_epochs": "", "data": measured[0]["data"],
            "turns": turns, "steps": steps, "threads": 1,
        }
        if name == "train, compiled":
            row |= with_first_call(cold, EPOCH / images * statistics.median(cpu), {
                name: EPOCH / images * statistics.median(one["cpu"] for one in taken[name])
                for name in ("akamaster", "train")}, firsts["train"])
        rows.append(row)
    record.write("training_loop", rows, ["torch", "torchvision", "numpy", "pillow"])


def with_first_call(cold: float, epoch: float, others: dict[str, float], first: float) -> dict[str, str]:
    """What compiling comes to when its first call, with an empty cache, is counted; CPU seconds of an epoch each."""
    epochs, saved = 40, others["train"] - epoch  # the recipe resnet20 has 40 epochs
    return {"first_step_empty_cache_cpu_s": f"{cold:.1f}",
            "times_akamaster_over_40_epochs": f"{epochs * others['akamaster'] / (cold + epochs * epoch):.2f}",
            "pays_after_epochs": f"{(cold - first) / saved:.2f}" if saved > 0 else "never"}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        main(*map(int, sys.argv[1:]))
