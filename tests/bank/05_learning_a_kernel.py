# Answers to the exercises of notebook 05: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong numerical_grad: not written
# says: numerical_grad is not written yet
def numerical_grad(f, x, h=1e-5):
    raise NotImplementedError

# %% wrong numerical_grad: forward difference
# says: forward difference
def numerical_grad(f, x, h=1e-5):
    x = x.astype(float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.copy()
        moved[place] += h
        gradient[place] = (f(moved) - f(x)) / h
    return gradient

# %% wrong numerical_grad: divides by h
# says: twice too large
def numerical_grad(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = (f(x + step) - f(x - step)) / h
    return gradient

# %% wrong numerical_grad: divides by 2 and multiplies by h
# says: too small by h
def numerical_grad(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        gradient[place] = (f(x + step) - f(x - step)) / 2 * h
    return gradient

# %% wrong numerical_grad: moves all entries at once
# says: moved at once
def numerical_grad(f, x, h=1e-5):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))

# %% wrong numerical_grad: does not put x back
# says: not put back|changed its argument
def numerical_grad(f, x, h=1e-5):
    x = x.astype(float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        up = f(x)
        x[place] -= 2 * h
        gradient[place] = (up - f(x)) / (2 * h)
    return gradient

# %% wrong numerical_grad: two axes only
# says: any number of axes|np.ndindex
def numerical_grad(f, x, h=1e-5):
    x = x.astype(float)
    gradient = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1] if x.ndim > 1 else 1):
            place = (i, j) if x.ndim > 1 else (i,)
            step = np.zeros(x.shape)
            step[place] = h
            gradient[place] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% wrong numerical_grad: steps cut off in whole numbers
# says: whole numbers
def numerical_grad(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] = x[place] + h
        down[place] = x[place] - h
        gradient[place] = (f(up) - f(down)) / (2 * h)
    return gradient

# %% wrong numerical_grad: a step of its own
# says: h is ignored
def numerical_grad(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = 1e-6
        gradient[place] = (f(x + step) - f(x - step)) / 2e-6
    return gradient

# %% wrong numerical_grad: changes the caller's array
# says: changed its argument x|not put back
def numerical_grad(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        up = f(x)
        x[place] -= 2 * h
        gradient[place] = (up - f(x)) / (2 * h)
    return gradient

# %% wrong numerical_grad: a list
# says: expected an array
def numerical_grad(f, x, h=1e-5):
    x = x.astype(float)
    out = []
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        out.append((f(x + step) - f(x - step)) / (2 * h))
    return out

# %% right numerical_grad: in place on a copy, and put back
def numerical_grad(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        old = x[place]
        x[place] = old + h
        up = f(x)
        x[place] = old - h
        down = f(x)
        x[place] = old
        gradient[place] = (up - down) / (2 * h)
    return gradient

# %% right numerical_grad: rows of the identity as steps
def numerical_grad(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + step) - f(x - step)) / (h + h) for step in steps]).reshape(x.shape)

# %% wrong grad_check: the distance itself
# says: divide it by the largest magnitude
def grad_check(f, x, gradient, h=1e-5):
    return float(np.abs(gradient - numerical_grad(f, x, h)).max())

# %% wrong grad_check: the mean
# says: take the largest
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    return float(np.abs(gradient - n).mean() / max(np.abs(gradient).max(), np.abs(n).max(), 1e-300))

# %% wrong grad_check: no absolute value
# says: absolute values
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    return float((gradient - n).max() / max(np.abs(gradient).max(), np.abs(n).max(), 1e-300))

# %% wrong grad_check: entry by entry
# says: entry by entry
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    return float((np.abs(gradient - n) / np.maximum(np.maximum(np.abs(gradient), np.abs(n)), 1e-300)).max())

# %% wrong grad_check: divides by zero
# says: nothing to divide by
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    with np.errstate(invalid="ignore"):
        return float(np.abs(gradient - n).max() / max(np.abs(gradient).max(), np.abs(n).max()))

# %% wrong grad_check: divides by the numerical one
# says: larger one of both
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    return float(np.abs(gradient - n).max() / max(np.abs(n).max(), 1e-300))

# %% wrong grad_check: one error for each entry
# says: expected one number
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    return np.abs(gradient - n) / max(np.abs(gradient).max(), np.abs(n).max())

# %% wrong grad_check: forgets h
# says: h is ignored
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x)
    return float(np.abs(gradient - n).max() / max(np.abs(gradient).max(), np.abs(n).max(), 1e-300))

# %% right grad_check: a tiny number below
def grad_check(f, x, gradient, h=1e-5):
    n = numerical_grad(f, x, h)
    return np.max(np.abs(gradient - n)) / max(np.max(np.abs(gradient)), np.max(np.abs(n)), 1e-300)

# %% right grad_check: flat, with norms
def grad_check(f, x, gradient, h=1e-5):
    g, n = gradient.ravel(), numerical_grad(f, x, h).ravel()
    scale = np.linalg.norm(np.concatenate([g, n]), np.inf)
    return 0.0 if scale == 0 else float(np.linalg.norm(g - n, np.inf) / scale)

# %% wrong kernel_gradient: not answered
# says: not answered yet
kernel_gradient = None

# %% wrong kernel_gradient: multiplied by the weights
# says: also multiplied by the weights
kernel_gradient = [[54, 126], [270, 396]]

# %% wrong kernel_gradient: the mean
# says: mean over the nine outputs
kernel_gradient = [[6, 7], [10, 11]]

# %% wrong kernel_gradient: transposed
# says: rows and columns changed places
kernel_gradient = np.array([[54, 90], [63, 99]])

# %% wrong kernel_gradient: turned
# says: turned by half a turn
kernel_gradient = [[99, 90], [63, 54]]

# %% wrong kernel_gradient: the output
# says: output itself
kernel_gradient = [[44, 54, 64], [84, 94, 104], [124, 134, 144]]

# %% wrong kernel_gradient: one sum is off
# says: 1 of 4 cells is wrong: \[1, 1\] \(98\)
kernel_gradient = [[54, 63], [90, 98]]

# %% right kernel_gradient: an array
kernel_gradient = np.array([[54.0, 63.0], [90.0, 99.0]])

# %% right kernel_gradient: sums left to NumPy
grid = np.arange(1, 17).reshape(4, 4)
kernel_gradient = [[grid[a:a + 3, b:b + 3].sum() for b in (0, 1)] for a in (0, 1)]

# %% wrong input_gradient: cells missing
# says: input_gradient\[0, 3\] is not answered yet
input_gradient = [[1, 3, 3, None], [4, 10, 10, 6], [4, 10, 10, 6], [3, 7, 7, 4]]

# %% wrong input_gradient: the stamp turned
# says: stamp was turned by half a turn
input_gradient = [[4, 7, 7, 3], [6, 10, 10, 4], [6, 10, 10, 4], [2, 3, 3, 1]]

# %% wrong input_gradient: the stamp transposed
# says: stamp was transposed
input_gradient = [[1, 4, 4, 3], [3, 10, 10, 7], [3, 10, 10, 7], [2, 6, 6, 4]]

# %% wrong input_gradient: prints replace each other
# says: overlap, they add up
input_gradient = [[1, 1, 1, 2], [1, 1, 1, 2], [1, 1, 1, 2], [3, 3, 3, 4]]

# %% wrong input_gradient: counts
# says: counted in how many outputs
input_gradient = [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]

# %% wrong input_gradient: the kernel's gradient
# says: kernel's gradient
input_gradient = [[54, 63], [90, 99]]

# %% right input_gradient: an array
input_gradient = np.array([[1, 3, 3, 2], [4, 10, 10, 6], [4, 10, 10, 6], [3, 7, 7, 4]])

# %% right input_gradient: stamped by a loop
input_gradient = np.zeros((4, 4))
for i in range(3):
    for j in range(3):
        input_gradient[i:i + 2, j:j + 2] += [[1, 2], [3, 4]]

# %% wrong kernel_gradient_stride2: stride 1
# says: answer for stride 1
kernel_gradient_stride2 = [[54, 63], [90, 99]]

# %% wrong kernel_gradient_stride2: the mean
# says: mean over the four outputs
kernel_gradient_stride2 = [[6, 7], [10, 11]]

# %% wrong kernel_gradient_stride2: windows that overlap
# says: moved by one and not by two
kernel_gradient_stride2 = [[14, 18], [30, 34]]

# %% wrong kernel_gradient_stride2: the outputs
# says: four outputs
kernel_gradient_stride2 = [[44, 64], [124, 144]]

# %% wrong kernel_gradient_stride2: as one row
# says: a list of 4; expected 2 x 2
kernel_gradient_stride2 = [24, 28, 40, 44]

# %% wrong kernel_gradient_stride2: transposed
# says: rows and columns changed places
kernel_gradient_stride2 = [[24, 40], [28, 44]]

# %% right kernel_gradient_stride2: tuples
kernel_gradient_stride2 = ((24, 28), (40, 44))

# %% right kernel_gradient_stride2: sums written out
kernel_gradient_stride2 = [[1 + 3 + 9 + 11, 2 + 4 + 10 + 12], [5 + 7 + 13 + 15, 6 + 8 + 14 + 16]]

# %% wrong correlate2d_backward: not written
# says: correlate2d_backward is not written yet
def correlate2d_backward(dY, x, w):
    raise NotImplementedError

# %% wrong correlate2d_backward: only dX
# says: expected 2 arrays
def correlate2d_backward(dY, x, w):
    dX = np.zeros(x.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + w.shape[0], j:j + w.shape[1]] += dY[i, j] * w
    return dX

# %% wrong correlate2d_backward: no return
# says: return dX, dW
def correlate2d_backward(dY, x, w):
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)

# %% wrong correlate2d_backward: the other way round
# says: shape of|shape \(3, 4\)|has one number for each entry of x
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] += dY[i, j] * w
        dW += dY[i, j] * x[i:i + k_h, j:j + k_w]
    return dW, dX

# %% wrong correlate2d_backward: dX overwritten
# says: dX was overwritten
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] = dY[i, j] * w
        dW += dY[i, j] * x[i:i + k_h, j:j + k_w]
    return dX, dW

# %% wrong correlate2d_backward: dW overwritten
# says: dW was overwritten
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] += dY[i, j] * w
        dW = dY[i, j] * x[i:i + k_h, j:j + k_w]
    return dX, dW

# %% wrong correlate2d_backward: kernel turned for dX
# says: kernel is turned by half a turn
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] += dY[i, j] * w[::-1, ::-1]
        dW += dY[i, j] * x[i:i + k_h, j:j + k_w]
    return dX, dW

# %% wrong correlate2d_backward: dW turned
# says: dW is turned by half a turn
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] += dY[i, j] * w
        dW += dY[i, j] * x[i:i + k_h, j:j + k_w]
    return dX, dW[::-1, ::-1]

# %% wrong correlate2d_backward: forgets dY
# says: leaves out dY
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] += w
        dW += x[i:i + k_h, j:j + k_w]
    return dX, dW

# %% wrong correlate2d_backward: whole numbers taken over from w
# says: whole numbers|same kind|UFunc
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    dX, dW = np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(dY.shape):
        dX[i:i + k_h, j:j + k_w] += dY[i, j] * w
        dW += dY[i, j] * x[i:i + k_h, j:j + k_w]
    return dX, dW

# %% wrong correlate2d_backward: dX only as large as dY
# says: one number for each entry of x
def correlate2d_backward(dY, x, w):
    return ops.correlate2d(dY, w), ops.correlate2d(x, dY)

# %% wrong correlate2d_backward: a sliding window over the padded dY, but the kernel not turned
# says: kernel is turned by half a turn
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    padded = np.pad(dY.astype(float), ((k_h - 1,) * 2, (k_w - 1,) * 2))
    return ops.correlate2d(padded, w), ops.correlate2d(x.astype(float), dY)

# %% right correlate2d_backward: two convolutions
def correlate2d_backward(dY, x, w):
    k_h, k_w = w.shape
    padded = np.pad(dY.astype(float), ((k_h - 1,) * 2, (k_w - 1,) * 2))
    return ops.convolve2d(padded, w), ops.correlate2d(x.astype(float), dY)

# %% right correlate2d_backward: four loops
def correlate2d_backward(dY, x, w):
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for i in range(dY.shape[0]):
        for j in range(dY.shape[1]):
            for a in range(w.shape[0]):
                for b in range(w.shape[1]):
                    dX[i + a, j + b] += dY[i, j] * w[a, b]
                    dW[a, b] += dY[i, j] * x[i + a, j + b]
    return [dX, dW]

# %% right correlate2d_backward: a loop over the kernel
def correlate2d_backward(dY, x, w):
    h, v = dY.shape
    dX, dW = np.zeros(x.shape), np.zeros(w.shape)
    for a, b in np.ndindex(w.shape):
        dX[a:a + h, b:b + v] += w[a, b] * dY
        dW[a, b] = (x[a:a + h, b:b + v] * dY).sum()
    return dX, dW

# %% wrong conv2d_backward: not written
# says: conv2d_backward is not written yet
def conv2d_backward(dY, X, W, stride=1):
    raise NotImplementedError

# %% wrong conv2d_backward: forgets db
# says: 2 results, expected 3 arrays
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return dX, dW

# %% wrong conv2d_backward: ignores the stride
# says: stride
def conv2d_backward(dY, X, W, stride=1):
    k_h, k_w = W.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i, j in np.ndindex(*dY.shape[2:]):
        window = (..., slice(i, i + k_h), slice(j, j + k_w))
        dX[window] += np.einsum("no,ocab->ncab", dY[:, :, i, j], W)
        dW += np.einsum("no,ncab->ocab", dY[:, :, i, j], X[window])
    return dX, dW, dY.sum(axis=(0, 2, 3))

# %% wrong conv2d_backward: mean over the batch
# says: mean over the batch
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return dX, dW / len(X), db

# %% wrong conv2d_backward: the first picture only
# says: first picture of the batch only
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return dX, ops.conv2d_backward(dY[:1], X[:1], W, stride)[1], db

# %% wrong conv2d_backward: the last output channel only
# says: last output channel only
def conv2d_backward(dY, X, W, stride=1):
    k_h, k_w = W.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for o in range(len(W)):
        dX = np.zeros(X.shape)
        for i, j in np.ndindex(*dY.shape[2:]):
            window = (..., slice(i * stride, i * stride + k_h), slice(j * stride, j * stride + k_w))
            dX[window] += dY[:, o, i, j][:, None, None, None] * W[o]
            dW[o] += np.einsum("n,ncab->cab", dY[:, o, i, j], X[window])
    return dX, dW, dY.sum(axis=(0, 2, 3))

# %% wrong conv2d_backward: db over the batch only
# says: db of|one number for each entry of b
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return dX, dW, dY.sum(axis=0)

# %% wrong conv2d_backward: db is the mean
# says: db is the mean
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return dX, dW, dY.mean(axis=(0, 2, 3))

# %% wrong conv2d_backward: kernel turned in dX
# says: kernel is turned by half a turn
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return ops.conv2d_backward(dY, X, np.ascontiguousarray(W[:, :, ::-1, ::-1]), stride)[0], dW, db

# %% wrong conv2d_backward: dX added over the pictures
# says: adds up the pictures|own
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return np.repeat(dX.sum(axis=0, keepdims=True), len(X), axis=0), dW, db

# %% wrong conv2d_backward: square kernels only
# says: broadcast|shape|differs
def conv2d_backward(dY, X, W, stride=1):
    k = W.shape[2]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i, j in np.ndindex(*dY.shape[2:]):
        window = (..., slice(i * stride, i * stride + k), slice(j * stride, j * stride + k))
        dX[window] += np.einsum("no,ocab->ncab", dY[:, :, i, j], W)
        dW += np.einsum("no,ncab->ocab", dY[:, :, i, j], X[window])
    return dX, dW, dY.sum(axis=(0, 2, 3))

# %% wrong conv2d_backward: the sign of descent
# says: opposite sign
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = ops.conv2d_backward(dY, X, W, stride)
    return -dX, -dW, -db

# %% right conv2d_backward: einsum
def conv2d_backward(dY, X, W, stride=1):
    k_h, k_w = W.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i, j in np.ndindex(*dY.shape[2:]):
        window = (..., slice(i * stride, i * stride + k_h), slice(j * stride, j * stride + k_w))
        dX[window] += np.einsum("no,ocab->ncab", dY[:, :, i, j], W)
        dW += np.einsum("no,ncab->ocab", dY[:, :, i, j], X[window])
    return dX, dW, np.einsum("nohw->o", dY)

# %% right conv2d_backward: a loop over the kernel, strided slices
def conv2d_backward(dY, X, W, stride=1):
    h, w = dY.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for a, b in np.ndindex(*W.shape[2:]):
        cells = (..., slice(a, a + stride * h, stride), slice(b, b + stride * w, stride))
        dX[cells] += np.einsum("nohw,oc->nchw", dY, W[:, :, a, b])
        dW[:, :, a, b] = np.einsum("nohw,nchw->oc", dY, X[cells])
    return dX, dW, dY.sum((0, 2, 3))

# %% right conv2d_backward: seven loops
def conv2d_backward(dY, X, W, stride=1):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(len(W))
    for n, o, i, j in np.ndindex(dY.shape):
        db[o] += dY[n, o, i, j]
        for c, a, b in np.ndindex(W.shape[1:]):
            dX[n, c, i * stride + a, j * stride + b] += dY[n, o, i, j] * W[o, c, a, b]
            dW[o, c, a, b] += dY[n, o, i, j] * X[n, c, i * stride + a, j * stride + b]
    return dX, dW, db

# %% wrong learn_kernel: not written
# says: learn_kernel is not written yet
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    raise NotImplementedError

# %% wrong learn_kernel: uphill
# says: uphill
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        W += rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
    return W[0, 0]

# %% wrong learn_kernel: forgets the 2
# says: factor 2
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        W -= rate * ops.conv2d_backward((ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
    return W[0, 0]

# %% wrong learn_kernel: divides by the number of pictures
# says: divide by Y.size
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        W -= rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / len(Y), X, W)[1]
    return W[0, 0]

# %% wrong learn_kernel: a single step
# says: single step|off by one
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        W -= rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
        return W[0, 0]

# %% wrong learn_kernel: starts at ones
# says: does not start at zero
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.ones((1, 1, size, size))
    for _ in range(steps):
        W -= rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
    return W[0, 0]

# %% wrong learn_kernel: one step too many
# says: off by one
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps + 1):
        W -= rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
    return W[0, 0]

# %% wrong learn_kernel: returns the batch of kernels
# says: size, size
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        W -= rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
    return W

# %% wrong learn_kernel: the answer without learning
# says: learn_kernel
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    return np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])[:size, :size]

# %% wrong learn_kernel: never changes it
# says: still all zeros
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    W = np.zeros((1, 1, size, size))
    for _ in range(steps):
        W - rate * ops.conv2d_backward(2 * (ops.conv2d(X, W) - Y) / Y.size, X, W)[1]
    return W[0, 0]

# %% right learn_kernel: with windows and a matrix product
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    windows = np.lib.stride_tricks.sliding_window_view(X[:, 0], (size, size), axis=(1, 2)).reshape(-1, size * size)
    w, y = np.zeros(size * size), Y.reshape(-1)
    for _ in range(steps):
        w = w - rate * 2 * windows.T @ (windows @ w - y) / y.size
    return w.reshape(size, size)

# %% right learn_kernel: one picture after the other, then their mean
def learn_kernel(X, Y, size=3, rate=0.1, steps=100):
    w = np.zeros((size, size))
    for _ in range(steps):
        gradient = 0
        for x, y in zip(X[:, 0].astype(float), Y[:, 0]):
            gradient = gradient + ops.correlate2d(x, 2 * (ops.correlate2d(x, w) - y) / Y.size)
        w = w - rate * gradient
    return w

# %% wrong two_kernels: not answered
# says: not answered yet
two_kernels = (None, None, None)

# %% wrong two_kernels: a flat picture
# says: flat, which is too easy
two_kernels = (np.ones((3, 3)), np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]]))

# %% wrong two_kernels: the same kernel twice
# says: same kernel
two_kernels = (np.arange(9).reshape(3, 3), np.eye(2), np.eye(2))

# %% wrong two_kernels: feature maps that differ
# says: feature maps differ
two_kernels = (np.arange(9).reshape(3, 3) ** 2, np.array([[1, 0], [0, 0]]), np.array([[0, 1], [0, 0]]))

# %% wrong two_kernels: kernels of two sizes
# says: have the same shape
two_kernels = (np.array([[0, 1, 0], [0, 1, 0]]), np.array([[1, -1]]), np.array([[1, -1], [0, 0]]))

# %% wrong two_kernels: kernels larger than the picture
# says: do not fit
two_kernels = (np.array([[0, 1]]), np.eye(3), np.ones((3, 3)))

# %% wrong two_kernels: only two arrays
# says: of 2; expected \(x, w1, w2\)
two_kernels = (np.eye(3), np.eye(2))

# %% right two_kernels: columns that are all equal
two_kernels = [np.array([[1, 1, 1], [5, 5, 5]]), np.array([[2, -1]]), np.array([[0, 1]])]

# %% right two_kernels: a single window
two_kernels = ([[1, 2], [3, 4]], [[2, 0], [0, 0]], [[0, 1], [0, 0]])

# %% right two_kernels: a slope hides what a second difference sees
two_kernels = (np.add.outer(np.arange(4.0), 2 * np.arange(5.0)), np.zeros((1, 3)), np.array([[1, -2, 1]]))

# %% wrong im2col: not written
# says: im2col is not written yet
def im2col(X, k_h, k_w, stride=1):
    raise NotImplementedError

# %% wrong im2col: windows in rows
# says: lie in rows|transpose|one column
def im2col(X, k_h, k_w, stride=1):
    h, w = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    return np.stack([X[:, :, i * stride:i * stride + k_h, j * stride:j * stride + k_w].reshape(len(X), -1)
                     for i in range(h) for j in range(w)], axis=1)

# %% wrong im2col: rows reshaped into columns
# says: reshape mixes them up
def im2col(X, k_h, k_w, stride=1):
    h, w = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    rows = np.stack([X[:, :, i * stride:i * stride + k_h, j * stride:j * stride + k_w].reshape(len(X), -1)
                     for i in range(h) for j in range(w)], axis=1)
    return rows.reshape(len(X), X.shape[1] * k_h * k_w, h * w)

# %% wrong im2col: ignores the stride
# says: stride is ignored
def im2col(X, k_h, k_w, stride=1):
    h, w = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    return np.stack([X[:, :, i:i + k_h, j:j + k_w].reshape(len(X), -1)
                     for i in range(h) for j in range(w)], axis=2)

# %% wrong im2col: channels last
# says: channels come last
def im2col(X, k_h, k_w, stride=1):
    h, w = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    X = X.transpose(0, 2, 3, 1)
    return np.stack([X[:, i * stride:i * stride + k_h, j * stride:j * stride + k_w].reshape(len(X), -1)
                     for i in range(h) for j in range(w)], axis=2)

# %% wrong im2col: places column by column
# says: j runs fastest
def im2col(X, k_h, k_w, stride=1):
    h, w = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    return np.stack([X[:, :, i * stride:i * stride + k_h, j * stride:j * stride + k_w].reshape(len(X), -1)
                     for j in range(w) for i in range(h)], axis=2)

# %% wrong im2col: one picture only
# says: for each picture|shape
def im2col(X, k_h, k_w, stride=1):
    h, w = (X.shape[2] - k_h) // stride + 1, (X.shape[3] - k_w) // stride + 1
    return np.stack([X[0, :, i * stride:i * stride + k_h, j * stride:j * stride + k_w].ravel()
                     for i in range(h) for j in range(w)], axis=1)[None]

# %% right im2col: a view and a transpose
def im2col(X, k_h, k_w, stride=1):
    windows = np.lib.stride_tricks.sliding_window_view(X, (k_h, k_w), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(len(X), X.shape[1] * k_h * k_w, -1)

# %% right im2col: row by row of the columns
def im2col(X, k_h, k_w, stride=1):
    n, c, height, width = X.shape
    h, w = (height - k_h) // stride + 1, (width - k_w) // stride + 1
    out = np.empty((n, c, k_h, k_w, h, w))
    for a in range(k_h):
        for b in range(k_w):
            out[:, :, a, b] = X[:, :, a:a + stride * h:stride, b:b + stride * w:stride]
    return out.reshape(n, c * k_h * k_w, h * w)

# %% wrong max_pool_backward: not written
# says: max_pool_backward is not written yet
def max_pool_backward(dY, X, size=2):
    raise NotImplementedError

# %% wrong max_pool_backward: all that are equal
# says: first in reading order
def max_pool_backward(dY, X, size=2):
    dX = np.zeros(X.shape)
    for i, j in np.ndindex(*dY.shape[2:]):
        box = np.s_[:, :, i * size:(i + 1) * size, j * size:(j + 1) * size]
        top = X[box].max(axis=(2, 3), keepdims=True)
        dX[box] = (X[box] == top) * dY[:, :, i, j, None, None]
    return dX

# %% wrong max_pool_backward: average pooling
# says: average pooling
def max_pool_backward(dY, X, size=2):
    dX = np.zeros(X.shape)
    h, w = dY.shape[2] * size, dY.shape[3] * size
    dX[:, :, :h, :w] = dY.repeat(size, axis=2).repeat(size, axis=3) / size**2
    return dX

# %% wrong max_pool_backward: the whole gradient to every cell
# says: only the largest one does
def max_pool_backward(dY, X, size=2):
    dX = np.zeros(X.shape)
    h, w = dY.shape[2] * size, dY.shape[3] * size
    dX[:, :, :h, :w] = dY.repeat(size, axis=2).repeat(size, axis=3)
    return dX

# %% wrong max_pool_backward: a mask without dY
# says: dY is left out
def max_pool_backward(dY, X, size=2):
    return ops.max_pool2d_backward(np.ones(dY.shape), X.astype(float), size)

# %% wrong max_pool_backward: size 2 always
# says: size is ignored|broadcast|index
def max_pool_backward(dY, X, size=2):
    dX = np.zeros(X.shape)
    n, c = np.indices(X.shape[:2])
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            window = X[:, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2]
            winner = window.reshape(*X.shape[:2], -1).argmax(axis=2)
            dX[n, c, 2 * i + winner // 2, 2 * j + winner % 2] = dY[:, :, i, j]
    return dX

# %% wrong max_pool_backward: compares with 0, where all are negative
# says: max_pool_backward
def max_pool_backward(dY, X, size=2):
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(dY.shape):
        best, place = 0, (0, 0)
        for a, b in np.ndindex(size, size):
            if X[n, c, i * size + a, j * size + b] > best:
                best, place = X[n, c, i * size + a, j * size + b], (a, b)
        dX[n, c, i * size + place[0], j * size + place[1]] = dY[n, c, i, j]
    return dX

# %% wrong max_pool_backward: the last of equal ones
# says: last one got the gradient|first in reading order
def max_pool_backward(dY, X, size=2):
    turned = ops.max_pool2d_backward(dY[:, :, ::-1, ::-1].astype(float), X[:, :, :dY.shape[2] * size, :dY.shape[3] * size][:, :, ::-1, ::-1].astype(float), size)
    dX = np.zeros(X.shape)
    dX[:, :, :turned.shape[2], :turned.shape[3]] = turned[:, :, ::-1, ::-1]
    return dX

# %% right max_pool_backward: plain loops
def max_pool_backward(dY, X, size=2):
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(dY.shape):
        window = X[n, c, i * size:(i + 1) * size, j * size:(j + 1) * size]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dX[n, c, i * size + a, j * size + b] += dY[n, c, i, j]
    return dX

# %% right max_pool_backward: all windows at once
def max_pool_backward(dY, X, size=2):
    n, c, h, w = dY.shape
    windows = X[:, :, :h * size, :w * size].reshape(n, c, h, size, w, size).swapaxes(3, 4).reshape(n, c, h, w, -1)
    share = (np.arange(size * size) == windows.argmax(axis=-1)[..., None]) * dY[..., None]
    dX = np.zeros(X.shape)
    dX[:, :, :h * size, :w * size] = share.reshape(n, c, h, w, size, size).swapaxes(3, 4).reshape(n, c, h * size, w * size)
    return dX
