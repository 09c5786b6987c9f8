"""The live display of a training run: throughput, time left and a curve, and one picture that stays.

    with Progress(10, "epochs", "lenet") as progress:
        for step, (X, y) in enumerate(batches, start=1):
            loss = ...
            progress.update(step / steps_per_epoch, step * batch_size, training_loss=loss.detach())
            if step % steps_per_epoch == 0:
                progress.point({"epoch": step // steps_per_epoch, "validation_accuracy": 0.93})

In a notebook it is one output, replaced in place by its display id (JupyterLab, Colab, VS Code, nbclient, nbgrader);
in a terminal one line, written over itself; in a pipe or a file a line now and then. All of it goes to standard
output, at most FASTEST times a second and at most SHARE of the time.
"""

import math
import shutil
import sys
from collections import deque
from html import escape
from time import perf_counter

from . import figures
from .errors import CourseError

FASTEST = 5  # updates a second
SHARE = 0.05  # of the time, at most, goes into drawing
PLAIN_PAUSE = 10  # seconds between two lines where lines cannot be written over
KEYS = {"epochs": "epoch", "seconds": "seconds", "steps": "step"}  # the unit, and the key of it in a row of the history
LOSSES, ACCURACIES = (("training_loss", "validation_loss"), ("training_accuracy", "validation_accuracy"))


class Progress:
    """Shows how far a run of ``total`` epochs, seconds or steps has come; a context manager.

    ``show=False`` shows nothing. An unknown unit raises CourseError.
    """

    def __init__(self, total: float, unit: str, title: str = "", show: bool = True):
        if unit not in KEYS:
            raise CourseError(f"unit is {unit!r}, but progress is counted in {', '.join(KEYS)}: name one of these.")
        self.total, self.unit, self.title = total, unit, title
        self.done, self.images, self.numbers = 0.0, 0, {}
        self.readings: list[dict] = []  # what update was told, where it was drawn
        self.rows: list[dict] = []  # what point was told
        self._output = _output() if show else None
        self._pause = PLAIN_PAUSE if self._output == "plain" else 1 / FASTEST
        self._handle = None  # of the notebook's display
        self._started = perf_counter()
        self._next = self._started + (PLAIN_PAUSE if self._output == "plain" else 0)
        self._first: tuple[float, float] | None = None  # (clock, done) of the first update
        self._latest: deque[tuple[float, int]] = deque(maxlen=50)  # (clock, images) of updates that were drawn

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def wants(self) -> bool:
        """Whether an update made now would be drawn, and its numbers read."""
        return self._output is not None and perf_counter() >= self._next

    def update(self, done: float, images: int, **numbers) -> None:
        """Tells that ``done`` of the total and ``images`` images, both since the start, are through.

        Call it at every step. ``numbers``, such as ``training_loss``, are floats, or tensors of one number: those
        are read only when they are drawn, since reading one makes a GPU wait.
        """
        self.done, self.images = done, images
        if self._first is None:  # the clock of the rates starts after the first step, which also loads and compiles
            self._first = (perf_counter(), done)
            self._latest.append((perf_counter(), images))
        if self.wants():
            read = {name: float(value) for name, value in numbers.items()}
            begin = perf_counter()
            self.readings.append({KEYS[self.unit]: done} | read)
            self.numbers |= read
            self._latest.append((begin, images))
            self._draw(final=False)
            end = perf_counter()
            self._next = end + max(self._pause, (end - begin) * (1 / SHARE - 1))

    def point(self, row: dict) -> None:
        """Adds an evaluation, a row of the history (``training.Run``), to the curve; the next update draws it."""
        self.rows.append(row)
        self.done = row.get(KEYS[self.unit], self.done)
        self.numbers |= {key: row[key] for key in ("training_loss", "validation_accuracy") if key in row}

    def close(self) -> None:
        """Leaves the final picture and a line of summary. A second call does nothing."""
        if self._output is not None:
            self._draw(final=True)
            self._output = None

    def line(self) -> list[str]:
        """How far the run is, how long it still takes, its numbers, how fast it is: the most wanted first."""
        parts = [self._share()]
        start, done = self._first
        if self.done > done:
            # Over the whole run, not the latest updates: evaluations between epochs take their share of what is left.
            left = (self.total - self.done) * (perf_counter() - start) / (self.done - done)
            parts.append(f"{_clock(max(left, 0))} left")
        parts += _told(self.numbers)
        (before, images), (now, _) = self._latest[0], self._latest[-1]
        return [*parts, f"{(self.images - images) / (now - before):,.0f} images/s"] if now > before else parts

    def summary(self) -> list[str]:
        """What has been done, in what time, and the last numbers."""
        seconds = perf_counter() - self._started
        spent = "" if self.unit == "seconds" else f" in {_clock(seconds)}"
        return [(f"{self.title}: " if self.title else "") + self._share(), *_told(self.numbers),
                f"{self.images:,} images{spent} ({self.images / seconds:,.0f} images/s)"]

    def _share(self) -> str:
        return f"{figures.number(self.done, 1)} of {figures.number(self.total, 1)} {self.unit}"

    def curves(self, final: bool) -> dict:
        """``{"loss": {"training": (x, values), ...}, "accuracy": ...}``: finite values, at most 200 or so a line."""
        plots = {}
        for name, keys in (("loss", LOSSES), ("accuracy", ACCURACIES)):
            lines = {}
            for key in keys:
                told, read = self._values(self.rows, key), self._values(self.readings, key)
                # While an epoch lasts, single batches tell more; a finished epoch's mean is the better number.
                points = told if len(told) > 1 and (final or len(told) >= len(read)) else read or told
                if len(points) > 1:
                    lines[key.removesuffix(f"_{name}")] = tuple(zip(*points, strict=True))
            if lines:
                plots[name] = lines
        return plots

    def _values(self, rows: list[dict], key: str) -> list[tuple[float, float]]:
        at, every = KEYS[self.unit], 1 + len(rows) // 200
        thinned = rows[::-every][::-1]  # the latest stays
        return [(row[at], row[key]) for row in thinned if at in row and math.isfinite(row.get(key, math.nan))]

    def _draw(self, final: bool) -> None:
        parts = self.summary() if final else self.line()
        text = ", ".join(parts)
        if self._output == "notebook":
            self._display(self._picture(text, final), text)
        elif self._output == "plain":
            print(text, flush=True)
        else:
            width = shutil.get_terminal_size().columns - 1
            while not final and len(text) > width and parts.pop():  # a line that wraps cannot be written over
                text = ", ".join(parts)
            print(f"\r{text:<{width}}", end="\n" if final else "", flush=True)

    def _display(self, html: str, text: str) -> None:
        from IPython.display import display

        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def _picture(self, text: str, final: bool) -> str:
        plots = self.curves(final)
        if final:
            return figures.panels(plots, self.unit, text) if plots else f"<p>{escape(text)}</p>"
        bar = f'<progress value="{self.done}" max="{self.total}" aria-label="training" style="width:100%"></progress>'
        return (f'<figure style="margin:6px 0;max-width:760px">{figures.sketch(plots, self.unit)}{bar}'
                f"<figcaption>{escape(text)}</figcaption></figure>")


def _output() -> str:
    """Where this process writes: a notebook's "notebook", a "terminal", or "plain" text."""
    ipython = sys.modules.get("IPython")
    if hasattr(ipython and ipython.get_ipython(), "kernel"):
        return "notebook"
    return "terminal" if sys.stdout.isatty() else "plain"


def _clock(seconds: float) -> str:
    """Seconds as people say them: 8 s, 3 min 05 s, 1 h 02 min."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s" if rest >= 10 else f"{seconds:.1f} s"
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _told(numbers: dict) -> list[str]:
    return [f"{name.replace('_', ' ')} " + (f"{100 * value:.1f} %" if "accuracy" in name else f"{value:.3g}")
            for name, value in numbers.items()]
