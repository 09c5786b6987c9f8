"""Training: one loop, recipes as data, on CUDA, Apple's MPS or the CPU.

    training_set, validation = images("mnist5k").split(0.1)
    run = train(LeNet5(), training_set, RECIPES["lenet"], validation=validation)
    evaluate(run.model, images("mnist5k", "test")).accuracy

Read ``train`` first: everything else is called from there. ``Images`` and the batches live in batches.py, recipes in
recipes.py, what runs where in devices.py. From a shell, with one line of JSON at the end:

    python -m course_lib.training --recipe fast --data cifar10 --seconds 60 --seed 0
    torchrun --nproc-per-node 2 -m course_lib.training --recipe resnet20 --data cifar10 --epochs 10
"""

import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from . import data, models
from .batches import Batches, Images, images
from .devices import bfloat16_pays, device, keep_memory, processes, rank
from .errors import CourseError
from .modes import eval_mode
from .optimizers import Muon
from .progress import Progress
from .recipes import RECIPES, Recipe


@dataclass
class Run:
    """What came of training: the network, and a row of numbers per evaluation."""

    model: nn.Module
    # epoch, step, seconds, learning_rate, training_loss, and with a validation set validation_loss and _accuracy
    history: list[dict] = field(default_factory=list)
    interrupted: bool = False
    seconds: float = 0.0  # by the clock of the budget, evaluations not counted
    images_per_second: float = 0.0


def train(model: nn.Module, training_set: Images, recipe: Recipe, *, validation: Images | None = None,
          epochs: float | None = None, seconds: float | None = None, clock: Callable[[], float] = time.perf_counter,
          rows: int | None = None, seed: int = 0, show: bool = True, checkpoint: str | Path | None = None,
          alter: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None, groups: list[dict] | None = None,
          compiled: bool = False, deterministic: bool = False) -> Run:
    """Train ``model``, images (n, C, H, W) -> logits (n, classes), in place.

    The budget is ``epochs``, or ``seconds`` on the ``clock`` (time.process_time counts CPU seconds). History gets
    ``rows`` rows, by default one per epoch or twenty per time budget; what an evaluation takes is not counted. With
    a ``checkpoint``, a file, a run that was stopped goes on at the step last saved, and a budget of epochs ends with
    the very weights that it would have had. Interrupted from the notebook, the network gets the weights that did best
    on the validation set.

    ``alter`` gets every batch, normalised, with its labels, and gives what the network is shown; its labels may be
    shares of the classes, (n, classes). ``groups``, torch's parameter groups with a learning rate each, take the place
    of those that the recipe makes, for sgd and adamw (transfer.param_groups). ``compiled`` calls torch.compile, which
    pays late: its first step takes long (data/training_loop.csv). ``deterministic`` makes a GPU repeat itself to the
    last bit, as the CPU does anyway, and slower. CourseError where the arguments do not fit together, and when the
    loss is no number any more.
    """
    _check(training_set, recipe, epochs, seconds)
    here = device()
    keep_memory()
    torch.manual_seed(seed)
    model.to(here, memory_format=torch.preserve_format if here.type == "mps" else torch.channels_last)
    if not getattr(model, "whitened", True):
        model.whiten(training_set[:5000].normalised())
    _try(model, training_set)
    learner = Learner(model, recipe, groups)
    # The sides of the images are few, so each gets code of its own; code for any side is slower.
    net = _distributed(torch.compile(model, dynamic=False) if compiled else model)
    batches = Batches(training_set, recipe, seed)
    budget = Budget(len(batches), recipe.epochs if epochs is None else epochs, seconds, clock, rows)
    run = Run(model)
    saved = Checkpoint(checkpoint, {"recipe": asdict(recipe), "seed": seed, "budget": [budget.steps, seconds]})
    best = saved.resume(learner, budget, run)  # accuracy and weights
    progress = Progress(budget.total, budget.unit, f"{type(model).__name__} on {len(training_set):,} images",
                        show=show and rank() == 0)
    # A network with heads for training alone brings a loss of its own for what they say.
    loss_of = getattr(model, "loss", partial(F.cross_entropy, label_smoothing=recipe.label_smoothing))
    model.train()
    with progress, _reproducible(deterministic), _interruptible(run), budget:
        while not budget.over:
            X, y = batches.draw(budget.step, budget.done)
            if alter:
                X, y = alter(X, y)
            with torch.autocast(here.type, torch.bfloat16, enabled=bfloat16_pays()):
                loss = loss_of(net(X), y)
            loss.backward()
            learner.step(loss, recipe.rate(budget.done))
            budget.tick()
            shown = {"training_loss": _number(loss, budget)} if progress.wants() else {}
            progress.update(budget.amount, budget.step * batches.size, **shown)
            if budget.row_due or saved.due:
                with budget.paused():
                    if budget.row_due:
                        best = _row(run, learner, budget, recipe, validation, progress, best)
                    saved.save(learner, budget, run, best)
    model.load_state_dict(best["weights"] if run.interrupted and best else learner.kept.state_dict())
    run.seconds = budget.spent
    run.images_per_second = budget.step * batches.size / max(budget.spent, 1e-9)
    return run


def _row(run, learner, budget, recipe, validation, progress, best: dict) -> dict:
    """Add a row to the history; returns the best weights so far."""
    row = {"epoch": budget.step / budget.per_epoch, "step": budget.step, "seconds": budget.spent,
           "learning_rate": recipe.lr * recipe.rate(budget.done), "training_loss": _number(learner.mean_loss(), budget)}
    if validation is not None:
        result = evaluate(learner.kept, validation, flip=recipe.test_flip)
        row |= {"validation_loss": result.loss, "validation_accuracy": result.accuracy}
        if result.accuracy > best.get("accuracy", -1):
            weights = {name: value.detach().clone() for name, value in learner.kept.state_dict().items()}
            best = {"accuracy": result.accuracy, "weights": weights}
    run.history.append(row)
    progress.point(row)
    return best


@dataclass
class Evaluation:
    """How a network did on a set."""

    loss: float  # mean cross-entropy, in nats
    accuracy: float  # from 0 to 1
    predictions: np.ndarray  # int64 (N,)
    probabilities: np.ndarray  # float32 (N, classes)


@torch.no_grad()
def evaluate(model: nn.Module, images: Images, *, flip: bool = False, batch_size: int = 1000) -> Evaluation:
    """Loss and accuracy in eval mode; every module's mode is put back. ``flip``: mean logits of image and mirror."""
    if not len(images):
        raise CourseError("there is no image to evaluate on: the set is empty.")
    logits = []
    with eval_mode(model):
        for x in images.x.to(device()).split(batch_size):
            X = images.normalised(x)
            with torch.autocast(X.device.type, torch.bfloat16, enabled=bfloat16_pays()):
                logits.append(((model(X) + model(X.flip(3))) / 2 if flip else model(X)).float())
    logits = torch.cat(logits)
    labels = images.y.to(logits.device)
    predictions = logits.argmax(1)
    return Evaluation(F.cross_entropy(logits, labels).item(), (predictions == labels).float().mean().item(),
                      predictions.cpu().numpy(), logits.softmax(1).cpu().numpy())


class Learner:
    """A network with all that training changes: its optimizers, the running averages of its weights and of its loss."""

    def __init__(self, model: nn.Module, recipe: Recipe, groups: list[dict] | None = None):
        self.model = model
        self.optimizers = _optimizers(model, recipe, groups)
        self.average = None
        if recipe.averaging:
            self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging), use_buffers=True)
        self.losses, self.steps = torch.zeros((), device=device()), 0

    @property
    def kept(self) -> nn.Module:
        """The network that is evaluated and kept: the average, where the recipe has one."""
        return self.model if self.average is None else self.average.module

    def step(self, loss: Tensor, rate: float) -> None:
        """Change the weights by their gradients, at ``rate`` times the peak learning rate."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update_parameters(self.model)
        self.losses += loss.detach()  # on the device: to ask for the number here would make the loop wait for it
        self.steps += 1

    def mean_loss(self) -> Tensor:
        """The mean of the losses since this was last asked."""
        mean, self.losses, self.steps = self.losses / max(self.steps, 1), torch.zeros_like(self.losses), 0
        return mean

    def state_dict(self) -> dict:
        return {"model": self.model.state_dict(), "optimizers": [one.state_dict() for one in self.optimizers],
                "average": self.average and self.average.state_dict(), "losses": self.losses, "steps": self.steps}

    def load_state_dict(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        for optimizer, one in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(one)
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.losses, self.steps = state["losses"], state["steps"]


def _optimizers(model: nn.Module, recipe: Recipe, given: list[dict] | None = None) -> list[torch.optim.Optimizer]:
    """The recipe's optimizers; every parameter group knows its "peak" learning rate."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    vectors = {"params": [weight for weight in weights if weight.ndim == 1], "peak": recipe.lr_vectors or recipe.lr,
               "weight_decay": 0.0}
    heads = {"params": [weight for weight in weights if weight.ndim == 2], "peak": recipe.lr_head or recipe.lr}
    convolutions = {"params": [weight for weight in weights if weight.ndim > 2], "peak": recipe.lr}
    settings = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    sgd = settings | {"momentum": recipe.momentum, "nesterov": recipe.momentum > 0}
    groups = [group for group in (convolutions, heads, vectors) if group["params"]]
    if given is not None:
        groups = [group | {"peak": group["lr"]} for group in given]
    match recipe.optimizer:
        case "sgd":
            return [torch.optim.SGD(groups, fused=_fuses(), **sgd)]
        case "adamw":
            return [torch.optim.AdamW(groups, fused=_fuses(), **settings)]
        case "muon" if given is None:
            rest = [group for group in groups if group is not convolutions]
            return [Muon([convolutions], recipe.lr), torch.optim.SGD(rest, fused=_fuses(), **sgd)]
    raise CourseError('optimizer must be "sgd", "adamw" or, without groups of your own, "muon"; got '
                      f"{recipe.optimizer!r}.")


class Budget:
    """Counts steps and time, and says when the run is over and when a row of history is due."""

    def __init__(self, per_epoch: int, epochs: float, seconds: float | None, clock: Callable[[], float],
                 rows: int | None):
        self.per_epoch, self.seconds, self.clock = per_epoch, seconds, clock
        self.steps = max(1, round(epochs * per_epoch)) if seconds is None else None
        self.rows = rows or (20 if seconds is not None else max(1, round(epochs)))
        self.total, self.unit = (epochs, "epochs") if seconds is None else (seconds, "seconds")
        self.step, self.spent, self.row_due = 0, 0.0, False

    def __enter__(self) -> "Budget":
        self.since = self.clock()
        return self

    def __exit__(self, *problem) -> None:
        self._stop()

    def _stop(self) -> None:
        now = self.clock()
        self.spent += now - self.since
        self.since = now

    def tick(self) -> None:
        """A step is done."""
        before = self.done
        self.step += 1
        self._stop()
        self.row_due = int(before * self.rows + 1e-9) < int(self.done * self.rows + 1e-9)

    @contextmanager
    def paused(self):
        """What happens in here does not count."""
        self._stop()
        try:
            yield
        finally:
            self.since = self.clock()

    @property
    def done(self) -> float:
        """The fraction of the budget that is spent, from 0 to 1."""
        return min(1.0, self.step / self.steps if self.seconds is None else self.spent / self.seconds)

    @property
    def amount(self) -> float:
        """What is spent, in the budget's unit."""
        return self.done * self.total

    @property
    def over(self) -> bool:
        return self.done >= 1


class Checkpoint:
    """Saves a run to a file, now and then, and takes it up again."""

    def __init__(self, path: str | Path | None, identity: dict, every: float = 20.0):
        self.path = Path(path) if path is not None else None
        self.identity, self.every, self.last = identity, every, time.monotonic()

    @property
    def due(self) -> bool:
        return self.path is not None and time.monotonic() - self.last > self.every

    def save(self, learner: Learner, budget: Budget, run: Run, best: dict) -> None:
        if self.path is None or rank():
            return
        save(self.path, {"identity": self.identity, "learner": learner.state_dict(), "step": budget.step,
                         "spent": budget.spent, "history": run.history, "best": best, "random": torch.get_rng_state()})
        self.last = time.monotonic()

    def resume(self, learner: Learner, budget: Budget, run: Run) -> dict:
        """Put everything back as it was saved, if it was; returns the best weights so far."""
        if self.path is None or not self.path.exists():
            return {}
        try:
            state = torch.load(self.path, map_location=device(), weights_only=True)
            identity = state["identity"]
        except Exception as problem:
            raise CourseError(f"{self.path} is not a checkpoint that can be read ({problem}): delete it, or give "
                              "another name.") from problem
        if identity != self.identity:
            other = ", ".join(key for key in self.identity if identity.get(key) != self.identity[key])
            raise CourseError(f"{self.path} belongs to a run with another {other}: delete it to start anew, or give "
                              "another name.")
        learner.load_state_dict(state["learner"])
        budget.step, budget.spent, run.history = state["step"], state["spent"], state["history"]
        torch.set_rng_state(state["random"].cpu())
        return state["best"]


def save(path: str | Path, state: dict) -> None:
    """Write a dict of tensors and plain values for torch.load; an interruption leaves the earlier file whole."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _fuses() -> bool:
    return device().type in ("cuda", "cpu")


def _number(loss: Tensor, budget: Budget) -> float:
    value = loss.item()
    if not math.isfinite(value):
        raise CourseError(f"the loss became {value} by step {budget.step} (epoch {budget.step / budget.per_epoch:.1f})"
                          ": most often the learning rate is too high; try a tenth of it, or look for a logarithm or a "
                          "division by zero in the network.")
    return value


@contextmanager
def _interruptible(run: Run):
    """Stop on the notebook's interrupt, or Ctrl-C, without a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        run.interrupted = True


@contextmanager
def _reproducible(wanted: bool):
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(wanted or before[0])
    torch.backends.cudnn.benchmark = not wanted
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


def _check(training_set: Images, recipe: Recipe, epochs: float | None, seconds: float | None) -> None:
    if not len(training_set):
        raise CourseError("there is no image to train on: the training set is empty.")
    if epochs is not None and seconds is not None:
        raise CourseError(f"give epochs or seconds, not both; got {epochs} epochs and {seconds} seconds.")
    for name, value in (("epochs", epochs), ("seconds", seconds)):
        if value is not None and not value > 0:
            raise CourseError(f"{name} must be more than 0; got {value!r}.")
    if recipe.schedule not in ("constant", "triangle", "cosine"):
        raise CourseError(f'schedule must be "constant", "triangle" or "cosine"; got {recipe.schedule!r}.')
    height, width = training_set.x.shape[1:3]
    if not 0 <= recipe.crop < min(height, width):
        raise CourseError(f"crop must be from 0 to {min(height, width) - 1} pixels for images of {height}x{width}; got "
                          f"{recipe.crop}.")
    if processes() > 1:
        if seconds is not None:
            raise CourseError("several processes keep step by epochs: give epochs instead of seconds.")
        if recipe.batch_size % processes():
            raise CourseError(f"the batch size {recipe.batch_size} cannot be shared by {processes()} processes: "
                              "choose a multiple.")


@torch.no_grad()
def _try(model: nn.Module, images: Images) -> None:
    """Show the network one image before anything else, so that what does not fit is said in a sentence."""
    X = images.normalised(images.x[:1])
    try:
        with eval_mode(model):
            logits = model(X)
    except RuntimeError as problem:
        raise CourseError(f"the network cannot take images of shape {tuple(X.shape)}: {problem}") from problem
    classes = int(images.y.max()) + 1
    if logits.ndim != 2 or logits.shape[0] != 1 or logits.shape[1] < classes:
        raise CourseError(f"the network gives {tuple(logits.shape)} for one image, and labels go up to {classes - 1}"
                          f": it should give one row of {len(images.classes)} logits.")


def _distributed(net: nn.Module) -> nn.Module:
    """Under torchrun, the network whose gradients are averaged over all processes."""
    if processes() == 1:
        return net
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if device().type == "cuda" else "gloo")
    return nn.parallel.DistributedDataParallel(net)


def main(arguments: list[str] | None = None) -> int:
    """Train by a recipe, print one line of JSON; returns the exit status."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m course_lib.training", description="Train by a recipe.")
    parser.add_argument("--recipe", required=True, choices=RECIPES)
    parser.add_argument("--model", choices=models.names(), metavar="NAME", help="a network other than the recipe's")
    parser.add_argument("--data", default="cifar10", choices=data.SETS)
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--seconds", type=float, help="of training, instead of epochs")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="what --seconds counts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", type=float, default=0.1, help="share of the training images for validation")
    parser.add_argument("--without", nargs="+", default=[], metavar="CLASS", help="classes to leave out everywhere")
    parser.add_argument("--rows", type=int, help="how often to evaluate")
    parser.add_argument("--checkpoint", help="file to save to, and to go on from")
    parser.add_argument("--weights", help="file to save the trained network's state dict to, in half precision")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--deterministic", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        print_result(chosen)
    except CourseError as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
    return 0


def print_result(chosen) -> None:
    """Train as the command line says, and print what came of it as one line of JSON."""
    recipe = RECIPES[chosen.recipe]
    name = chosen.model or recipe.model
    training_set, validation = images(chosen.data).without(*chosen.without).split(chosen.held_out)
    torch.manual_seed(chosen.seed)
    model = models.build(name, channels=training_set.x.shape[3], classes=len(training_set.classes))
    start, cpu = time.perf_counter(), time.process_time()
    run = train(model, training_set, recipe, validation=validation if len(validation) else None, epochs=chosen.epochs,
                seconds=chosen.seconds, clock=time.process_time if chosen.clock == "cpu" else time.perf_counter,
                rows=chosen.rows, seed=chosen.seed, checkpoint=chosen.checkpoint, compiled=chosen.compiled,
                deterministic=chosen.deterministic)
    total, cpu = time.perf_counter() - start, time.process_time() - cpu
    test_set = images(chosen.data, "test").without(*chosen.without)
    result = evaluate(model, test_set, flip=recipe.test_flip)
    if rank() == 0:
        if chosen.weights:
            save(chosen.weights, {name: value.half() if value.is_floating_point() else value
                                  for name, value in model.to("cpu").state_dict().items()})
            model.to(device())
        print(json.dumps({
            "recipe": chosen.recipe, "model": name, "data": chosen.data, "without": chosen.without, "seed": chosen.seed,
            "parameters": models.parameters(model),
            "test_accuracy": round(result.accuracy, 4),
            "test_accuracy_without_flip": round(evaluate(model, test_set).accuracy, 4) if recipe.test_flip else None,
            "validation_accuracy": run.history[-1].get("validation_accuracy") if run.history else None,
            "epochs": run.history[-1]["epoch"] if run.history else None,
            "seconds": round(run.seconds, 2), "clock": chosen.clock,
            "wall_seconds_with_evaluations": round(total, 2), "cpu_seconds_with_evaluations": round(cpu, 2),
            "images_per_second": round(run.images_per_second, 1), "interrupted": run.interrupted,
            "device": torch.cuda.get_device_name() if device().type == "cuda" else device().type,
            "processes": processes(), "threads": torch.get_num_threads(), "bfloat16": bfloat16_pays(),
            "python": ".".join(map(str, sys.version_info[:3])), "torch": torch.__version__, "numpy": np.__version__,
            "history": run.history}))


if __name__ == "__main__":
    sys.exit(main())
