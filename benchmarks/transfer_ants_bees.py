"""Transfer for real: SqueezeNet with ImageNet's weights on photographs of ants and bees.

    OMP_NUM_THREADS=1 python -m benchmarks.transfer_ants_bees

Needs the photographs (``python -m course_lib.data ants_bees``) and torchvision's weights, which torchvision downloads
into TORCH_HOME where they are not there. The network comes by torchvision's enum, and so does the preprocessing. Every
photograph goes through the network once; what a probe or a last block learns from are those features. Tested is on all
photographs of "val". A seed draws the labels, or the random network, or the order of the batches; the probe on all
labels draws nothing.
"""

import copy
import time
from collections.abc import Iterable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.datasets import ImageFolder
from torchvision.models import SqueezeNet1_0_Weights, squeezenet1_0

from course_lib import data
from course_lib.transfer import extract_features, labelled_subset, param_groups, probe, replace_head

from . import transfer

RESULT = "transfer_ants_bees"
WEIGHTS = SqueezeNet1_0_Weights.IMAGENET1K_V1
BEFORE_LAST = "features.11"  # its output is what the last fire block, features.12, gets: (N, 512, 13, 13)
SEEDS = range(3)
STEPS, BATCH = 60, 32
# Peak learning rates of the last block and of the head
RATES = {"last block at a tenth": (1e-4, 1e-3), "last block as the head": (1e-3, 1e-3),
         "last block at ten times": (1e-2, 1e-3)}


def photographs(split: str) -> tuple[torch.Tensor, np.ndarray]:
    """Normalised as the weights want it, (N, 3, 224, 224), and labels (N,)."""
    every = ImageFolder(data.ants_bees_folder() / split, WEIGHTS.transforms())
    return torch.stack([x for x, _ in every]), np.array(every.targets)


def untouched(X: torch.Tensor) -> torch.Tensor:
    """From 0 to 1: what a photograph is where normalisation was forgotten."""
    told = WEIGHTS.transforms()
    mean, std = (torch.tensor(value)[:, None, None] for value in (told.mean, told.std))
    return X * std + mean


def fine_tuned(last: nn.Module, maps: dict, y: dict, rates: tuple[float, float], seed: int) -> float:
    """Trains the last fire block and a new head on the maps that go into it; accuracy on "val"."""
    torch.manual_seed(seed)
    model = replace_head(copy.deepcopy(last), 2).train()
    body, head = rates
    optimizer = torch.optim.AdamW(param_groups(model, head, body / head))
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, [body, head], STEPS)
    labels = torch.from_numpy(y["train"])
    for _ in range(STEPS):
        batch = torch.randint(len(labels), (BATCH,))
        F.cross_entropy(model(maps["train"][batch]), labels[batch]).backward()
        optimizer.step()
        optimizer.zero_grad()
        plan.step()
    with torch.no_grad():
        return (model.eval()(maps["val"]).argmax(1).numpy() == y["val"]).mean().item()


def cells() -> Iterable[tuple[dict, object]]:
    X, y = {}, {}
    for split in ("train", "val"):
        X[split], y[split] = photographs(split)
    model = squeezenet1_0(weights=WEIGHTS).eval()
    last = nn.Sequential(model.features[12], model.classifier, nn.Flatten())
    start = time.process_time()
    maps = {split: torch.from_numpy(extract_features(model, X[split], BEFORE_LAST, pool=None, batch_size=32))
            for split in X}
    features = {split: extract_features(last, maps[split]) for split in X}
    each = (time.process_time() - start) / sum(map(len, X.values()))

    def probed(known, unknown, labels: int | None, seed: int, each: float = each) -> dict:
        chosen = np.arange(len(known)) if labels is None else labelled_subset(y["train"], labels, seed)
        start = time.process_time()
        score = probe(known[chosen], y["train"][chosen]).score(unknown, y["val"])
        return told(score, time.process_time() - start + each * len(chosen))

    def told(score: float, seconds: float) -> dict:
        return {"test_accuracy": round(score, 4), "cpu_seconds": round(seconds, 2)}

    def tuned(rates, seed: int) -> dict:
        start = time.process_time()
        return told(fine_tuned(last, maps, y, rates, seed), time.process_time() - start + each * len(X["train"]))

    def random(seed: int) -> dict:
        torch.manual_seed(seed)
        start = time.process_time()
        drawn = squeezenet1_0(weights=None)
        of = [extract_features(drawn, X[split], batch_size=32) for split in X]
        each = (time.process_time() - start) / sum(map(len, X.values()))
        return probed(*of, None, seed, each)

    def about(arm: str, labels: int | str, seed: int, **more) -> dict:
        return {"arm": arm, "labels_per_class": labels, "seed": seed, "lr_body": "", "lr_head": ""} | more

    yield about("probe", "all", 0), lambda: probed(features["train"], features["val"], None, 0)
    for labels in (5, 10, 20, 50):
        for seed in range(5):
            yield (about("probe", labels, seed),
                   lambda k=labels, e=seed: probed(features["train"], features["val"], k, e))
    for seed in SEEDS:
        for arm, rates in RATES.items():
            yield (about(arm, "all", seed, lr_body=rates[0], lr_head=rates[1]), lambda r=rates, e=seed: tuned(r, e))
    for arm, change in (("probe, tested from 0 to 1", untouched),
                        ("probe, tested from 0 to 255", lambda x: untouched(x) * 255)):
        yield (about(arm, "all", 0), lambda c=change: probed(
            features["train"], extract_features(model, c(X["val"]), batch_size=32), None, 0))
    for seed in SEEDS:
        yield about("probe, random network", "all", seed), lambda e=seed: random(e)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transfer.fill(RESULT, cells(), ["torch", "torchvision", "scikit-learn"])
