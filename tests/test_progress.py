"""The live display of training: in a notebook one output, in a terminal one line, in a pipe a line now and then."""

import base64
import io
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from course_lib import progress
from course_lib.errors import CourseError
from course_lib.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
# Sixty steps of 32 images, ten to an epoch, in about a second.
RUN = """
import time
from course_lib.progress import Progress
with Progress(6, "epochs", "A net") as shown:
    for step in range(1, 61):
        time.sleep(0.02)
        shown.update(step / 10, 32 * step, training_loss=2 / step)
        if step % 10 == 0:
            shown.point({"epoch": step // 10, "training_loss": 3 / step, "validation_loss": 4 / step,
                         "validation_accuracy": 0.5 + step / 200})
"""
SUMMARY = (r"A net: 6 of 6 epochs, training loss 0\.05, validation accuracy 80\.0 %, "
           r"1,920 images in .+ s \(.+ images/s\)")


class Clock:
    """Time that passes only where a test lets it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "perf_counter", clock)
    return clock


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """What a notebook's display was given, one text for each drawing; the drawing itself is done."""
    texts = []
    monkeypatch.setattr(progress, "_output", lambda: "notebook")
    monkeypatch.setattr(Progress, "_display", lambda self, html, text: texts.append(text))
    return texts


def execute(code: str) -> tuple[list, bool]:
    """Outputs of one cell in a kernel of its own, and whether it raised."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    try:
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    except CellExecutionError:
        return notebook.cells[0].outputs, True
    return notebook.cells[0].outputs, False


def picture_of(html: str) -> tuple[Image.Image, str]:
    """The picture in an output, and its alternative text."""
    image = Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])))
    return image, re.search(r'alt="([^"]*)"', html)[1]


def test_a_notebook_keeps_one_output_with_one_picture():
    outputs, raised = execute(RUN)
    assert not raised and [output.output_type for output in outputs] == ["display_data"]
    html = outputs[0].data["text/html"]
    assert re.fullmatch(SUMMARY, outputs[0].data["text/plain"])
    assert "<svg" not in html and "<progress" not in html and "<script" not in html and len(html) < 200_000
    image, alt = picture_of(html)
    assert image.size[0] > 700 and "validation: 0.55, 0.6, 0.65, 0.7, 0.75, 0.8" in alt


def test_an_interrupted_cell_keeps_the_picture_so_far():
    outputs, raised = execute(RUN.replace("if step % 10 == 0:", "if step == 35: raise KeyboardInterrupt\n"
                                          "        if step % 10 == 0:"))
    assert raised and [output.output_type for output in outputs] == ["display_data", "error"]
    assert "A net: 3.5 of 6 epochs" in outputs[0].data["text/plain"]
    assert "validation: 0.55, 0.6, 0.65" in picture_of(outputs[0].data["text/html"])[1]


def test_in_a_pipe_there_are_whole_lines_and_nothing_on_stderr():
    often = "import course_lib.progress\ncourse_lib.progress.PLAIN_PAUSE = 0.3\n"
    done = subprocess.run([sys.executable, "-c", often + RUN], cwd=ROOT, capture_output=True, check=True)
    *lines, last = done.stdout.decode().splitlines()
    assert done.stderr == b"" and b"\r" not in done.stdout and re.fullmatch(SUMMARY, last)
    assert 0 < len(lines) < 10 and all(re.match(r"[\d.]+ of 6 epochs, .+ s left, ", line) for line in lines)


def test_a_short_run_in_a_pipe_says_one_line():
    done = subprocess.run([sys.executable, "-c", RUN], cwd=ROOT, capture_output=True, check=True)
    assert done.stderr == b"" and re.fullmatch(SUMMARY + r"\s*", done.stdout.decode())


def test_in_a_terminal_one_line_is_written_over():
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE,
                          env=os.environ | {"COLUMNS": "60"}) as process:
        os.close(theirs)
        shown = b""
        try:
            while read := os.read(ours, 1024):
                shown += read
        except OSError:  # how Linux tells that the other side is closed
            pass
        assert process.stderr.read() == b""
    os.close(ours)
    *updates, final, end = re.split(r"[\r\n]+", shown.decode().removeprefix("\r"))
    assert end == "" and re.fullmatch(SUMMARY, final)
    assert len(updates) >= 3 and shown.count(b"\n") == 1
    assert {len(update) for update in updates} == {59}, "each covers the one before, and none wraps"
    assert not any(update.rstrip().endswith(",") for update in updates)


def test_nothing_heavy_is_imported():
    asked = "import sys, course_lib.progress; print({'torch', 'matplotlib', 'IPython'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("cost, most", [(0.0, 5.0), (0.002, 5.0), (0.1, 0.51)])
def test_drawing_keeps_to_its_rate_and_its_share(clock, drawn, monkeypatch, cost, most):
    def slow(self, html: str, text: str) -> None:
        drawn.append(text)
        clock.now += cost

    monkeypatch.setattr(Progress, "_display", slow)
    shown = Progress(10_000, "steps")
    for step in range(10_000):
        clock.now += 0.01
        shown.update(step, step)
    assert 0.9 * most < len(drawn) / clock.now <= most * 1.01
    assert cost * len(drawn) <= 1.01 * progress.SHARE * clock.now


def test_a_number_is_read_only_when_it_is_drawn(clock, drawn):
    class OnTheDevice(float):
        read = 0

        def __float__(self) -> float:
            OnTheDevice.read += 1
            return 1.0

    shown = Progress(100, "steps")
    wanted = 0
    for step in range(100):
        clock.now += 0.01
        wanted += shown.wants()
        shown.update(step, step, training_loss=OnTheDevice())
    assert OnTheDevice.read == len(drawn) == wanted == 5


def test_rates_leave_out_the_first_step(clock, drawn):
    shown = Progress(10, "epochs")
    clock.now = 100  # compiling, loading
    shown.update(1, 500)
    clock.now += 4
    shown.update(3, 1500, training_loss=0.25)
    assert drawn[-1] == "3 of 10 epochs, 14 s left, training loss 0.25, 250 images/s"


@pytest.mark.parametrize("seconds, text", [(0.34, "0.3 s"), (59.7, "1 min 00 s"), (185, "3 min 05 s"),
                                           (3720, "1 h 02 min"), (9.96, "10 s"), (0, "0.0 s")])
def test_times_are_written_as_people_say_them(seconds, text):
    assert progress._clock(seconds) == text


def test_an_epoch_shows_its_batches_till_its_mean_is_known(clock, drawn):
    shown = Progress(2, "epochs")
    for step in range(1, 21):
        clock.now += 1
        shown.update(step / 10, step, training_loss=step)
        if step % 10 == 0:
            shown.point({"epoch": step // 10, "training_loss": -step})
    assert shown.curves(final=False)["loss"]["training"][1] == tuple(range(1, 21))
    assert shown.curves(final=True)["loss"]["training"] == ((1, 2), (-10, -20))


def test_long_runs_are_thinned_and_keep_the_latest(clock, drawn):
    shown = Progress(2000, "steps")
    for step in range(1999):
        clock.now += 1
        shown.update(step, step, training_loss=1 / (1 + step))
    x, _ = shown.curves(final=True)["loss"]["training"]
    assert len(x) <= 201 and x[-1] == 1998


def test_a_loss_that_is_no_number_is_told_and_not_drawn(clock, drawn):
    shown = Progress(4, "steps")
    for step, loss in enumerate([1.0, math.inf, math.nan, 0.5]):
        clock.now += 1
        shown.update(step, step, training_loss=loss)
        assert f"training loss {loss:.3g}" in drawn[-1]
    assert shown.curves(final=False)["loss"]["training"] == ((0, 3), (1.0, 0.5))


def test_closing_needs_no_update_and_happens_once(clock, drawn):
    with Progress(5, "seconds", "A net") as shown:
        clock.now += 2
    shown.close()
    assert drawn == ["A net: 0 of 5 seconds, 0 images (0 images/s)"]


def test_show_false_shows_nothing(capfd):
    with Progress(1, "epochs", show=False) as shown:
        assert not shown.wants()
        shown.update(1, 10, training_loss=1.0)
        shown.point({"epoch": 1, "validation_accuracy": 1.0})
    assert capfd.readouterr() == ("", "")


def test_an_unknown_unit_is_told():
    with pytest.raises(CourseError, match="'minutes'.*epochs, seconds, steps"):
        Progress(1, "minutes")
