"""Where to compute, in what precision, and with how many processes: decided here and nowhere else."""

import contextlib
import ctypes
import os
import time
from functools import cache

import torch
from torch.nn import functional as F


def device() -> torch.device:
    """Where to compute: CUDA, else Apple's MPS, else the CPU; with torchrun each process has a CUDA device."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@cache
def bfloat16_pays() -> bool:
    """Whether to multiply in bfloat16: on GPUs that can, and on a CPU where a convolution is half again as fast in it.

    Many processors only emulate it, and are slower than in float32, so the CPU is timed, once.
    """
    here = device()
    if here.type != "cpu":
        return here.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    X = torch.ones(16, 32, 32, 32).to(memory_format=torch.channels_last)
    W = torch.ones(64, 32, 3, 3).to(memory_format=torch.channels_last)
    times = {torch.float32: [], torch.bfloat16: []}
    with torch.no_grad():
        for _ in range(4):  # in turn, so that a busy moment meets both
            for kind, taken in times.items():
                start = time.process_time()
                F.conv2d(X.to(kind), W.to(kind), padding=1)
                taken.append(time.process_time() - start)
    return min(times[torch.float32]) > 1.5 * min(times[torch.bfloat16])


@cache
def keep_memory() -> None:
    """Let freed memory stay with this process, under glibc: a training step wants the same amount again at once.

    By default the pages go back to the kernel after a layer and are faulted in anew for the next, which took 6 to 9 %
    of a step on a CPU. The two numbers name M_TRIM_THRESHOLD and M_MMAP_THRESHOLD (mallopt(3)).
    """
    with contextlib.suppress(OSError, AttributeError):  # another system, another allocator
        allocator = ctypes.CDLL("libc.so.6")
        allocator.mallopt(-1, 2**31 - 1)
        allocator.mallopt(-3, 2**30)


def rank() -> int:
    """This process's number among those that torchrun started; 0 without it."""
    return int(os.environ.get("RANK", 0))


def processes() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", 1))
