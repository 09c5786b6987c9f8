"""Convolution in NumPy beside torch, a bare matrix product, CS231n's im2col layout and SciPy: one thread each.

All take turns in one process, A B C A B C ..., so that a busy neighbour slows them alike; times are CPU time of
the process, and the ratios to torch are ratios of medians. Shapes A, B and C, float32, no bias:

    A    8 images  3x32x32   16 kernels 3x3, padding 1              7.1 MFLOP
    B   64 images 16x28x28   32 kernels 5x5, padding 2           1284   MFLOP
    C    1 image  3x224x224  64 kernels 7x7, padding 3, stride 2  236   MFLOP

"bare product" is what any im2col must do: one matrix product per image, of ready-made columns (backward: two).

    python -m benchmarks.numpy_conv
"""

from . import one_thread

if __name__ == "__main__":
    one_thread.restart()

import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402

import numpy as np  # noqa: E402
import scipy.signal  # noqa: E402
import torch  # noqa: E402

from course_lib import ops  # noqa: E402

from . import record  # noqa: E402

REPEATS = 15
AT_LEAST = 0.03  # CPU seconds that one repeat lasts: a short call is made several times
SHAPES = {  # X, W, stride, padding
    "A": ((8, 3, 32, 32), (16, 3, 3, 3), 1, 1),
    "B": ((64, 16, 28, 28), (32, 16, 5, 5), 1, 2),
    "C": ((1, 3, 224, 224), (64, 3, 7, 7), 2, 3),
}


def places(X, W, stride, padding):
    """CS231n's layout: for each number of each column, its channel, row and column in the padded image."""
    _, C, H, width = X.shape
    _, _, k_h, k_w = W.shape
    h, w = (H + 2 * padding - k_h) // stride + 1, (width + 2 * padding - k_w) // stride + 1
    channel, down, right = (axis.reshape(-1, 1) for axis in np.indices((C, k_h, k_w)))
    row, column = (stride * axis.reshape(1, -1) for axis in np.indices((h, w)))
    return channel, down + row, right + column


def cs231n_forward(X, W, stride, padding):
    """All columns of all images in one matrix, gathered by index arrays, images innermost; one matrix product."""
    padded = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    columns = padded[:, *places(X, W, stride, padding)]  # (N, C k_h k_w, h w)
    columns = columns.transpose(1, 2, 0).reshape(W[0].size, -1)
    h = (X.shape[2] + 2 * padding - W.shape[2]) // stride + 1
    Y = (W.reshape(len(W), -1) @ columns).reshape(len(W), h, -1, len(X)).transpose(3, 0, 1, 2)
    return Y, columns


def cs231n_backward(dY, columns, X, W, stride, padding):
    """Columns are those kept by the forward pass; their gradients are scattered with np.add.at."""
    flat = dY.transpose(1, 2, 3, 0).reshape(len(W), -1)
    dW = (flat @ columns.T).reshape(W.shape)
    dcolumns = (W.reshape(len(W), -1).T @ flat).reshape(W[0].size, -1, len(X)).transpose(2, 0, 1)
    N, C, H, width = X.shape
    dX = np.zeros((N, C, H + 2 * padding, width + 2 * padding), X.dtype)
    np.add.at(dX, (slice(None), *places(X, W, stride, padding)), dcolumns)
    return dX[:, :, padding:padding + H, padding:padding + width], dW, dY.sum(axis=(0, 2, 3))


def scipy_forward(X, W, stride, padding):
    """One scipy.signal.correlate for each image and kernel, over all channels."""
    padded = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    method = scipy.signal.choose_conv_method(padded[0], W[0], mode="valid")
    return np.array([[scipy.signal.correlate(image, kernel, "valid", method)[0, ::stride, ::stride] for kernel in W]
                     for image in padded])


def contestants(X, W, stride, padding) -> dict[str, dict[str, Callable]]:
    """By pass, then by name, what is to be timed; each is first held against torch."""
    x, w = torch.from_numpy(X), torch.from_numpy(W)
    settings = [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1

    def torch_backward():
        return torch.ops.aten.convolution_backward(dy, x, w, [len(W)], *settings, [True] * 3)

    y = torch.nn.functional.conv2d(x, w, None, stride, padding)
    dY = np.random.default_rng(1).standard_normal(y.shape, np.float32)
    dy = torch.from_numpy(dY)
    _, kept = cs231n_forward(X, W, stride, padding)
    kernels, columns, flat = W.reshape(len(W), -1), kept[:, :dY[0, 0].size].copy(), dY.reshape(len(X), len(W), -1)
    product, dcolumns, dkernels = np.empty_like(flat[0]), np.empty_like(columns), np.empty_like(kernels)

    def bare_forward():
        for _ in X:
            np.matmul(kernels, columns, out=product)

    def bare_backward():
        for image in flat:
            np.matmul(image, columns.T, out=dkernels)
            np.matmul(kernels.T, image, out=dcolumns)

    forward = {
        "torch": lambda: torch.nn.functional.conv2d(x, w, None, stride, padding),
        "course_lib.ops": lambda: ops.conv2d(X, W, None, stride, padding),
        "bare product": bare_forward,
        "CS231n layout": lambda: cs231n_forward(X, W, stride, padding)[0],
    }
    if len(X) * len(W) < 1000:  # beyond that many calls SciPy takes seconds
        forward["scipy.signal"] = lambda: scipy_forward(X, W, stride, padding)
    backward = {
        "torch": torch_backward,
        "course_lib.ops": lambda: ops.conv2d_backward(dY, X, W, stride, padding),
        "bare product": bare_backward,
        "CS231n layout": lambda: cs231n_backward(dY, kept, X, W, stride, padding),
    }
    for name in forward.keys() - {"torch", "bare product"}:
        np.testing.assert_allclose(forward[name](), y, rtol=1e-4, atol=1e-4)
    for name in ("course_lib.ops", "CS231n layout"):
        for got, want in zip(backward[name](), torch_backward(), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-3 * float(want.abs().max()))
    return {"forward": forward, "backward": backward}


def seconds(f: Callable, calls: int) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    for _ in range(calls):
        f()
    return (time.process_time() - start) / calls


def measure(functions: dict, repeats: int = REPEATS) -> dict:
    """By their names CPU seconds of each, in turns; the first call of each, which warms up, does not count."""
    calls = {name: 1 + int(AT_LEAST / max(seconds(f, 1), 1e-5)) for name, f in functions.items()}
    times = {name: [] for name in functions}
    for _ in range(repeats):
        for name, f in functions.items():
            times[name].append(seconds(f, calls[name]))
    return times


def main() -> None:
    """Measures every shape and writes data/numpy_conv.csv."""
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    rows = []
    for shape, (x, w, stride, padding) in SHAPES.items():
        X, W = random.standard_normal(x, np.float32), random.standard_normal(w, np.float32)
        for direction, functions in contestants(X, W, stride, padding).items():
            times = measure(functions)
            median = {name: statistics.median(each) for name, each in times.items()}
            for name, each in times.items():
                quarter, _, three_quarters = statistics.quantiles(each, n=4)
                rows.append({
                    "shape": shape, "pass": direction, "name": name,
                    "median_ms": f"{1e3 * median[name]:.3f}",
                    "quartiles_ms": f"{1e3 * quarter:.3f}-{1e3 * three_quarters:.3f}",
                    "best_ms": f"{1e3 * min(each):.3f}",
                    "times_torch": f"{median[name] / median['torch']:.2f}",
                    "best_times_torch": f"{min(each) / min(times['torch']):.2f}",
                    "ours_is_faster": f"{median[name] / median['course_lib.ops']:.2f}",
                    "repeats": REPEATS, "threads": 1,
                })
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    record.write("numpy_conv", rows, ["numpy", "torch", "scipy"], **{blas["name"]: blas["version"]})


if __name__ == "__main__":
    main()
