"""Where to compute and in what precision."""

import ctypes
import os
import subprocess
import sys

import pytest
import torch

from course_lib import devices


@pytest.fixture
def fresh(monkeypatch):
    """A function whose answer is not remembered from before."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    devices.bfloat16_pays.cache_clear()
    yield
    devices.bfloat16_pays.cache_clear()


@pytest.mark.parametrize("slow, pays", [(torch.bfloat16, False), (torch.float32, True)])
def test_a_processor_multiplies_in_bfloat16_only_where_it_is_faster(fresh, monkeypatch, slow, pays):
    clock = [0.0]

    def conv2d(X, W, padding):
        clock[0] += 2.0 if X.dtype == slow else 1.0

    monkeypatch.setattr(devices.F, "conv2d", conv2d)
    monkeypatch.setattr(devices.time, "process_time", lambda: clock[0])
    assert devices.bfloat16_pays() is pays


def test_the_first_accelerator_that_is_there_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.device() == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert devices.device() == torch.device("cuda", 1)


def test_memory_is_kept_where_the_allocator_can_be_told_and_nothing_breaks_elsewhere(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    devices.keep_memory.cache_clear()
    devices.keep_memory()
    devices.keep_memory.cache_clear()


def test_torchruns_variables_are_read(monkeypatch):
    assert (devices.rank(), devices.processes()) == (0, 1)
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert (devices.rank(), devices.processes()) == (2, 4)


@pytest.mark.parametrize("given, kept", [(None, "1000"), ("77", "77")])
def test_threads_are_told_to_spin_shortly_unless_the_user_says_otherwise(given, kept):
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    program = "import os, course_lib; print(os.environ['GOMP_SPINCOUNT'])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          env=environment | ({"GOMP_SPINCOUNT": given} if given else {}))
    assert told.stdout.strip() == kept
