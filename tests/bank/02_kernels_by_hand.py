# Answers to the exercises of notebook 02: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong feature_map: not answered
# says: not answered yet
feature_map = None

# %% wrong feature_map: one cell missing
# says: feature_map\[1, 1\] is not answered yet
feature_map = [[12, 12, 17], [10, None, 19], [9, 6, 14]]

# %% wrong feature_map: the kernel was flipped
# says: true convolution.*half a turn
feature_map = [[18, 20, 19], [10, 9, 17], [11, 8, 14]]

# %% wrong feature_map: the kernel was transposed
# says: kernel was transposed
feature_map = np.array([[17, 15, 20], [11, 13, 19], [8, 6, 12]])

# %% wrong feature_map: two sums are off
# says: 2 of 9 cells are wrong: \[0, 1\] \(13\), \[2, 2\] \(15\)
feature_map = [[12, 13, 17], [10, 17, 19], [9, 6, 15]]

# %% wrong feature_map: written as one row
# says: a list of 9; expected 3 x 3
feature_map = [12, 12, 17, 10, 17, 19, 9, 6, 14]

# %% wrong feature_map: numbers in quotes
# says: text.*without quotes
feature_map = [["12", "12", "17"], ["10", "17", "19"], ["9", "6", "14"]]

# %% wrong feature_map: the kernel hangs over the edges
# says: hung over the edge
feature_map = [[6, 14, 17, 11, 3], [14, 12, 12, 17, 11], [8, 10, 17, 19, 13], [11, 9, 6, 14, 12], [6, 4, 4, 6, 4]]

# %% wrong feature_map: a row too short
# says: unequal length
feature_map = [[12, 12, 17], [10, 17], [9, 6, 14]]

# %% wrong feature_map: NaN for an unknown cell
# says: nan; expected a finite number
feature_map = np.array([[12, 12, 17], [10, np.nan, 19], [9, 6, 14]])

# %% right feature_map: an array of floats
feature_map = np.array([[12, 12, 17], [10, 17, 19], [9, 6, 14]], dtype=float)

# %% right feature_map: tuples, and sums left to Python
feature_map = ((12.0, 12, 17), (10, 9 + 8, 19), (9, 6, np.int64(14)))

# %% right feature_map: computed in float32
x = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]], dtype=np.float32)
w = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]], dtype=np.float32)
feature_map = np.array([[(x[i:i + 3, j:j + 3] * w).sum() for j in range(3)] for i in range(3)])

# %% wrong correlate2d: not written
# says: correlate2d is not written yet
def correlate2d(x, w):
    raise NotImplementedError

# %% wrong correlate2d: no return
# says: None.*`return` missing
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()

# %% wrong correlate2d: flips the kernel
# says: true convolution.*kernel is flipped
def correlate2d(x, w):
    k_h, k_w = w.shape
    y = np.zeros((x.shape[0] - k_h + 1, x.shape[1] - k_w + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(k_h):
                for b in range(k_w):
                    y[i, j] += x[i + a, j + b] * w[k_h - 1 - a, k_w - 1 - b]
    return y

# %% wrong correlate2d: flips the rows only
# says: upside down
def correlate2d(x, w):
    w = w[::-1]
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d: forgets the + 1
# says: one row and one column are missing
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0], x.shape[1] - w.shape[1]))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d: loops stop one early
# says: last row and the last column were never filled
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(x.shape[0] - w.shape[0]):
        for j in range(x.shape[1] - w.shape[1]):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d: pads to keep the size
# says: size of x.*padded
def correlate2d(x, w):
    top, left = (w.shape[0] - 1) // 2, (w.shape[1] - 1) // 2
    padded = np.pad(x, ((top, w.shape[0] - 1 - top), (left, w.shape[1] - 1 - left)))
    y = np.zeros(x.shape)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (padded[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d: mean instead of sum
# says: mean.*a cell is their sum
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.mean(x[i:i + w.shape[0], j:j + w.shape[1]] * w)
    return y

# %% wrong correlate2d: matrix product of window and kernel
# says: matrix product
def correlate2d(x, w):
    k = len(w)
    y = np.zeros((len(x) - k + 1, len(x[0]) - k + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i:i + k, j:j + k] @ w)
    return y

# %% wrong correlate2d: the sum is never set back
# says: never set back to 0
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    total = 0
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(w.shape[0]):
                for b in range(w.shape[1]):
                    total += x[i + a, j + b] * w[a, b]
            y[i, j] = total
    return y

# %% wrong correlate2d: = instead of +=
# says: only the last product.*\+=
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(w.shape[0]):
                for b in range(w.shape[1]):
                    y[i, j] = x[i + a, j + b] * w[a, b]
    return y

# %% wrong correlate2d: row and column changed places in the output
# says: output is transposed
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[j, i] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d: works for square kernels only
# says: kernel's height was taken for its width
def correlate2d(x, w):
    k = w.shape[0]
    y = np.zeros((x.shape[0] - k + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(k):
                for b in range(min(k, w.shape[1])):
                    y[i, j] += x[i + a, j + b] * w[a, b]
    return y

# %% wrong correlate2d: one side of the kernel for both sides of the output
# says: of shape \(2, 4\), expected shape \(2, 3\).*one side of the kernel
def correlate2d(x, w):
    k = w.shape[0]
    return np.array([[(x[i:i + k, j:j + w.shape[1]] * w[:, :x.shape[1] - j]).sum() for j in range(x.shape[1] - k + 1)]
                     for i in range(x.shape[0] - k + 1)])

# %% wrong correlate2d: the output takes over the whole numbers of x
# says: whole numbers.*fraction
def correlate2d(x, w):
    y = np.zeros_like(x[w.shape[0] - 1:, w.shape[1] - 1:])
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i:i + w.shape[0], j:j + w.shape[1]] * w)
    return y

# %% wrong correlate2d: loops run over the whole picture
# says: stop at the edge
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = np.sum(x[i:i + w.shape[0], j:j + w.shape[1]] * w)
    return y

# %% wrong correlate2d: an index past the edge
# says: IndexError.*past the edge
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(w.shape[0]):
                for b in range(w.shape[1]):
                    y[i, j] += x[i + a + 1, j + b + 1] * w[a, b]
    return y

# %% wrong correlate2d: a list instead of an array
# says: is a list, expected an array.*np\.array
def correlate2d(x, w):
    return [[float((x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()) for j in range(x.shape[1] - w.shape[1] + 1)]
            for i in range(x.shape[0] - w.shape[0] + 1)]

# %% wrong correlate2d: a result instead of a function
# says: must be a function.*without brackets
correlate2d = np.zeros((3, 3))

# %% wrong correlate2d: prints instead of returning
# says: `return` missing
def correlate2d(x, w):
    print([[float((x[i:i + 2, j:j + 2] * w[:2, :2]).sum()) for j in range(2)] for i in range(2)])

# %% wrong correlate2d: an empty array
# says: empty
def correlate2d(x, w):
    return np.array([[]])

# %% wrong correlate2d: an unfilled array of NaN
# says: nan in 9 of 9 cells
def correlate2d(x, w):
    return np.full((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1), np.nan)

# %% wrong correlate2d: the output is kept from call to call
# says: second time.*inside the function
kept = {}
def correlate2d(x, w):
    shape = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    y = kept.setdefault(shape, np.zeros(shape))
    for i in range(shape[0]):
        for j in range(shape[1]):
            y[i, j] += (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d: works in the picture itself
# says: changed its argument x
def correlate2d(x, w):
    for i in range(x.shape[0] - w.shape[0] + 1):
        for j in range(x.shape[1] - w.shape[1] + 1):
            x[i, j] = np.sum(x[i:i + w.shape[0], j:j + w.shape[1]] * w)
    return x[:i + 1, :j + 1]

# %% wrong correlate2d: negative results cut off, as for a picture
# says: negative results were set to 0
def correlate2d(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return np.maximum((windows * w).sum(axis=(2, 3)), 0)

# %% wrong correlate2d: windows side by side
# says: moves by one pixel
def correlate2d(x, w):
    k_h, k_w = w.shape
    return np.array([[(x[i:i + k_h, j:j + k_w] * w).sum() for j in range(0, x.shape[1] - k_w + 1, k_w)]
                     for i in range(0, x.shape[0] - k_h + 1, k_h)])

# %% wrong correlate2d: a misspelt name
# says: NameError.*misspelt
def correlate2d(x, w):
    return np.zeros((x.shape[0] - kh + 1, x.shape[1] - 1))

# %% right correlate2d: four loops in plain Python
def correlate2d(x, w):
    rows, columns = len(x) - len(w) + 1, len(x[0]) - len(w[0]) + 1
    y = [[0.0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            for a in range(len(w)):
                for b in range(len(w[0])):
                    y[i][j] += x[i + a][j + b] * w[a][b]
    return np.array(y)

# %% right correlate2d: einsum over windows
def correlate2d(x, w):
    return np.einsum("ijab,ab->ij", np.lib.stride_tricks.sliding_window_view(x, w.shape), w)

# %% right correlate2d: one addition per kernel number
def correlate2d(x, w):
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return sum(w[a, b] * x[a:a + rows, b:b + columns] for a in range(w.shape[0]) for b in range(w.shape[1]))

# %% right correlate2d: in float32
def correlate2d(x, w):
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1), dtype=np.float32)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]].astype(np.float32) * w.astype(np.float32)).sum()
    return y

# %% right correlate2d: as a matrix product of patches
def correlate2d(x, w):
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    patches = [x[i:i + w.shape[0], j:j + w.shape[1]].ravel() for i in range(rows) for j in range(columns)]
    return (np.array(patches, dtype=float) @ w.ravel()).reshape(rows, columns)

# %% right correlate2d: by Fourier transform
def correlate2d(x, w):
    shape = x.shape[0] + w.shape[0] - 1, x.shape[1] + w.shape[1] - 1
    full = np.fft.irfft2(np.fft.rfft2(x, shape) * np.fft.rfft2(w[::-1, ::-1], shape), shape)
    return full[w.shape[0] - 1:x.shape[0], w.shape[1] - 1:x.shape[1]]

# %% wrong true_convolution: the cross-correlation again
# says: cross-correlation again
true_convolution = [[12, 12, 17], [10, 17, 19], [9, 6, 14]]

# %% wrong true_convolution: the picture was transposed, as the footnote says
# says: transposed the picture.*footnote
true_convolution = [[17, 11, 8], [15, 13, 6], [20, 19, 12]]

# %% wrong true_convolution: the kernel was transposed
# says: transposed the kernel
true_convolution = np.array([[17.0, 15, 20], [11, 13, 19], [8, 6, 12]])

# %% wrong true_convolution: the output was turned
# says: turned the output
true_convolution = [[14, 6, 9], [19, 17, 10], [17, 12, 12]]

# %% wrong true_convolution: the picture was turned
# says: opposite order.*turned the picture
true_convolution = [[14, 8, 11], [17, 9, 10], [19, 20, 18]]

# %% wrong true_convolution: one sum is off
# says: 1 of 9 cells is wrong: \[0, 1\]
true_convolution = [[18, 21, 19], [10, 9, 17], [11, 8, 14]]

# %% wrong true_convolution: a text
# says: the text.*expected 3 x 3
true_convolution = "18 20 19 / 10 9 17 / 11 8 14"

# %% right true_convolution: floats in tuples
true_convolution = ((18.0, 20.0, 19.0), (10.0, 9.0, 17.0), (11.0, 8.0, 14.0))

# %% right true_convolution: an array of small integers
true_convolution = np.array([18, 20, 19, 10, 9, 17, 11, 8, 14], dtype=np.uint8).reshape(3, 3)

# %% wrong convolve2d: not written
# says: convolve2d is not written yet
def convolve2d(x, w):
    raise NotImplementedError

# %% wrong convolve2d: does not turn the kernel
# says: cross-correlation: the kernel was not turned
def convolve2d(x, w):
    return correlate2d(x, w)

# %% wrong convolve2d: transposes the picture, as the footnote says
# says: footnote is wrong|stopped
def convolve2d(x, w):
    return correlate2d(x.T, w)

# %% wrong convolve2d: transposes the kernel
# says: kernel was transposed
def convolve2d(x, w):
    return correlate2d(x, w.T)

# %% wrong convolve2d: mirrors left to right only
# says: only mirrored left to right
def convolve2d(x, w):
    return correlate2d(x, np.fliplr(w))

# %% wrong convolve2d: turns upside down only
# says: only turned upside down
def convolve2d(x, w):
    return correlate2d(x, w[::-1])

# %% wrong convolve2d: a quarter turn
# says: quarter turn
def convolve2d(x, w):
    return correlate2d(x, np.rot90(w))

# %% wrong convolve2d: turns the picture instead
# says: turned the picture
def convolve2d(x, w):
    return correlate2d(x[::-1, ::-1], w)

# %% wrong convolve2d: turns the output instead
# says: turned the output|turned the picture
def convolve2d(x, w):
    return correlate2d(x, w)[::-1, ::-1].copy()

# %% wrong convolve2d: turns the kernel twice
# says: the kernel was not turned
def convolve2d(x, w):
    return correlate2d(x, np.rot90(np.rot90(w[::-1, ::-1])))

# %% wrong convolve2d: turns the caller's kernel in place
# says: changed its argument w
def convolve2d(x, w):
    w[:] = w[::-1, ::-1].copy()
    return correlate2d(x, w)

# %% wrong convolve2d: full size, as scipy does by default
# says: hangs over the edges
def convolve2d(x, w):
    padded = np.pad(x, ((w.shape[0] - 1,) * 2, (w.shape[1] - 1,) * 2))
    return correlate2d(padded, w[::-1, ::-1])

# %% wrong convolve2d: no return
# says: `return` missing
def convolve2d(x, w):
    correlate2d(x, w[::-1, ::-1])

# %% right convolve2d: two quarter turns
def convolve2d(x, w):
    return correlate2d(x, np.rot90(w, 2))

# %% right convolve2d: loops with minus signs
def convolve2d(x, w):
    k_h, k_w = w.shape
    y = np.zeros((x.shape[0] - k_h + 1, x.shape[1] - k_w + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(k_h):
                for b in range(k_w):
                    y[i, j] += x[i + k_h - 1 - a, j + k_w - 1 - b] * w[a, b]
    return y

# %% right convolve2d: einsum in float32
def convolve2d(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float32), w.shape)
    return np.einsum("ijab,ab->ij", windows, np.flip(w).astype(np.float32))

# %% right convolve2d: the picture turned, and the output turned back
def convolve2d(x, w):
    return correlate2d(x[::-1, ::-1], w)[::-1, ::-1]

# %% wrong convolution_pairs: as on the slide
# says: printed on slide 6
convolution_pairs = [1, 2, 3, 4, 5, 6, 7, 8, 9]

# %% wrong convolution_pairs: a transpose
# says: transposed the kernel
convolution_pairs = [1, 4, 7, 2, 5, 8, 3, 6, 9]

# %% wrong convolution_pairs: mirrored left to right only
# says: mirrored the kernel left to right
convolution_pairs = [3, 2, 1, 6, 5, 4, 9, 8, 7]

# %% wrong convolution_pairs: upside down only
# says: mirrored the kernel top to bottom
convolution_pairs = np.array([7, 8, 9, 4, 5, 6, 1, 2, 3])

# %% wrong convolution_pairs: as a 3 x 3 array
# says: 3 x 3.*expected a list of 9
convolution_pairs = [[9, 8, 7], [6, 5, 4], [3, 2, 1]]

# %% wrong convolution_pairs: one missing
# says: a list of 8; expected a list of 9
convolution_pairs = [9, 8, 7, 6, 5, 4, 3, 2]

# %% wrong convolution_pairs: two changed places
# says: 2 of 9 cells are wrong: \[0\] \(8\), \[1\] \(9\)
convolution_pairs = [8, 9, 7, 6, 5, 4, 3, 2, 1]

# %% right convolution_pairs: a range
convolution_pairs = list(range(9, 0, -1))

# %% right convolution_pairs: an array of floats
convolution_pairs = np.arange(9, 0, -1, dtype=float)

# %% wrong transpose_counterexample: not answered
# says: not answered yet
transpose_counterexample = (None, None)

# %% wrong transpose_counterexample: a symmetric picture
# says: no counterexample.*its own transpose
transpose_counterexample = (np.array([[1, 2], [2, 5]]), np.array([[1]]))

# %% wrong transpose_counterexample: a flat picture
# says: no counterexample.*flat picture
transpose_counterexample = (np.ones((3, 3)), np.array([[1, 2], [3, 4]]))

# %% wrong transpose_counterexample: a kernel of zeros
# says: no counterexample.*kernel of zeros
transpose_counterexample = (np.array([[1, 2], [3, 4]]), np.array([[0]]))

# %% wrong transpose_counterexample: the kernel does not fit
# says: must fit into x
transpose_counterexample = (np.array([[1, 2], [3, 4]]), np.ones((3, 3)))

# %% wrong transpose_counterexample: fits into x but not into its transpose
# says: and into its transpose
transpose_counterexample = (np.arange(8).reshape(2, 4), np.ones((1, 3)))

# %% wrong transpose_counterexample: only the picture
# says: expected a pair
transpose_counterexample = np.array([1, 2, 3])

# %% wrong transpose_counterexample: not 2-D
# says: must be 2-D
transpose_counterexample = ([1, 2, 3], [1])

# %% wrong transpose_counterexample: a text
# says: expected a pair
transpose_counterexample = "x = [[1, 2], [3, 4]]"

# %% wrong transpose_counterexample: NaN
# says: NaN or infinity
transpose_counterexample = (np.array([[1, np.nan], [3, 4]]), np.array([[1]]))

# %% wrong transpose_counterexample: the two results instead of the pair
# says: no counterexample
transpose_counterexample = (np.array([[3]]), np.array([[4]]))

# %% right transpose_counterexample: nested lists
transpose_counterexample = [[[0, 1], [0, 0]], [[1]]]

# %% right transpose_counterexample: the lecture's own data
transpose_counterexample = (
    np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]),
    np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]]))

# %% right transpose_counterexample: symmetric picture, lopsided kernel
transpose_counterexample = np.array([[1, 2, 0], [2, 5, 1], [0, 1, 7]]), np.array([[1.5, 0], [0, 0]])

# %% right transpose_counterexample: not square
transpose_counterexample = (np.arange(6.0).reshape(2, 3), np.ones((2, 2)))

# %% wrong kernel_sums: the centres
# says: centres of the three kernels
kernel_sums = [1, 8, 5]

# %% wrong kernel_sums: without the minus signs
# says: without their minus signs
kernel_sums = [1, 16, 9]

# %% wrong kernel_sums: without the centres
# says: the centre itself counts
kernel_sums = [0, -8, -4]

# %% wrong kernel_sums: the means
# says: mean of the nine
kernel_sums = [0.111111, 0, 0.111111]

# %% wrong kernel_sums: all ones
# says: edge kernel once more
kernel_sums = [1, 1, 1]

# %% wrong kernel_sums: truth values
# says: kernel_sums\[0\] is True; expected a number
kernel_sums = [True, False, True]

# %% wrong kernel_sums: one number
# says: expected a list of 3
kernel_sums = 2

# %% right kernel_sums: floats
kernel_sums = (1.0, 0.0, 1.0)

# %% right kernel_sums: NumPy sums
kernel_sums = np.array([1, -8 + 8, -4 + 5])

# %% wrong flat_patch: the sums of the kernels
# says: sums of the kernels
flat_patch = [1, 0, 1]

# %% wrong flat_patch: nothing changes
# says: edge kernel does change a flat patch
flat_patch = [7, 7, 7]

# %% wrong flat_patch: nothing is left
# says: only the edge kernel forgets
flat_patch = [0, 0, 0]

# %% wrong flat_patch: only the centres
# says: centre of each kernel only
flat_patch = [7, 56, 35]

# %% wrong flat_patch: sharpen taken for an edge kernel
# says: adds up to 1 and not to 0
flat_patch = [7, 0, 0]

# %% wrong flat_patch: not a number
# says: is not answered yet
flat_patch = [7, ..., 7]

# %% right flat_patch: a tuple of floats
flat_patch = (7.0, -0.0, 7.0)

# %% right flat_patch: seven times the sums
flat_patch = 7 * np.array([1, 0, 1])

# %% wrong make_kernel: not written
# says: make_kernel is not written yet
def make_kernel(name, size=3):
    raise NotImplementedError

# %% wrong make_kernel: the identity matrix
# says: identity matrix.*single 1
def make_kernel(name, size=3):
    if name == "identity":
        return np.eye(size)
    if name == "box":
        return np.ones((size, size)) / size**2
    k, c = np.zeros((size, size)), size // 2
    if name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size - 1
    return k

# %% wrong make_kernel: a box of ones
# says: divide by the number of cells
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1
    elif name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size - 1
    return k

# %% wrong make_kernel: divides by 25, as the lecture's own notebook does
# says: divided by 25
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / 25
    elif name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size - 1
    return k

# %% wrong make_kernel: the centre of edge stays 8
# says: centre stays 8
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / size**2
    elif name == "edge":
        k[:] = -1
        k[c, c] = 8
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size - 1
    return k

# %% wrong make_kernel: the centre of sharpen stays 5
# says: centre stays 5
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / size**2
    elif name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 5
    return k

# %% wrong make_kernel: the numbers of slide 7 whatever the size
# says: size is ignored
def make_kernel(name, size=3):
    return {"identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), "box": np.ones((3, 3)) / 9,
            "edge": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
            "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])}[name]

# %% wrong make_kernel: whole numbers cut the box to zeros
# says: whole numbers.*fraction
def make_kernel(name, size=3):
    k, c = np.zeros((size, size), dtype=int), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / size**2
    elif name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size - 1
    return k

# %% wrong make_kernel: sharpen adds up to 0
# says: this kernel finds edges
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / size**2
    elif name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 0
        k[c, c] = -k.sum()
    return k

# %% wrong make_kernel: sharpen touches only the four neighbours
# says: only next to the centre
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "box":
        return k + 1 / size**2
    if name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
        return k
    k[c, c] = 1
    if name == "sharpen" and size > 1:
        k[c, c] = 5
        k[c - 1, c] = k[c + 1, c] = k[c, c - 1] = k[c, c + 1] = -1
    return k

# %% wrong make_kernel: edge with its signs reversed
# says: signs are reversed
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / size**2
    elif name == "edge":
        k[:] = 1
        k[c, c] = 1 - size**2
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size - 1
    return k

# %% wrong make_kernel: a name is missing
# says: None.*`return` missing
def make_kernel(name, size=3):
    k = np.zeros((size, size))
    if name == "identity":
        k[size // 2, size // 2] = 1
        return k
    if name == "box":
        return k + 1 / size**2

# %% wrong make_kernel: a sum nobody foresaw
# says: add up to 2; those of sharpen add up to 1
def make_kernel(name, size=3):
    k, c = np.zeros((size, size)), size // 2
    if name == "identity":
        k[c, c] = 1
    elif name == "box":
        k[:] = 1 / size**2
    elif name == "edge":
        k[:] = -1
        k[c, c] = size**2 - 1
    else:
        k[c], k[:, c] = -1, -1
        k[c, c] = 2 * size
    return k

# %% right make_kernel: the centre makes the sum
def make_kernel(name, size=3):
    k, middle = np.zeros((size, size), dtype=np.float32), (size // 2, size // 2)
    if name == "box":
        k += np.float32(1 / (size * size))
        return k
    if name == "edge":
        k -= 1
    elif name == "sharpen":
        k[middle[0], :] = -1
        k[:, middle[1]] = -1
    k[middle] = 0
    k[middle] = {"identity": 1, "edge": 0, "sharpen": 1}[name] - k.sum()
    return k

# %% right make_kernel: from distances to the centre, whole numbers where they will do
def make_kernel(name, size=3):
    i, j = np.indices((size, size)) - size // 2
    centre = (i == 0) & (j == 0)
    return {"identity": centre.astype(int), "box": np.full((size, size), size**-2.0),
            "edge": centre * size**2 - 1,
            "sharpen": 2 * size * centre - ((i == 0) | (j == 0))}[name]

# %% right make_kernel: loops
def make_kernel(name, size=3):
    rows = []
    for i in range(size):
        row = []
        for j in range(size):
            on_axis, centre = size // 2 in (i, j), i == j == size // 2
            if name == "identity":
                row.append(1.0 if centre else 0.0)
            elif name == "box":
                row.append(1 / size / size)
            elif name == "edge":
                row.append(float(size * size - 1) if centre else -1.0)
            else:
                row.append(2.0 * size - 1 if centre else -1.0 if on_axis else 0.0)
        rows.append(row)
    return np.array(rows)

# %% wrong shift: not written
# says: shift is not written yet
def shift(x, down, right, wrap=False):
    raise NotImplementedError

# %% wrong shift: always wraps
# says: come back at the other edge although wrap is False
def shift(x, down, right, wrap=False):
    return np.roll(x, (down, right), axis=(0, 1))

# %% wrong shift: never wraps
# says: wrap=True is ignored
def shift(x, down, right, wrap=False):
    y = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if 0 <= i - down < x.shape[0] and 0 <= j - right < x.shape[1]:
                y[i, j] = x[i - down, j - right]
    return y

# %% wrong shift: moves the wrong way
# says: moves the wrong way
def shift(x, down, right, wrap=False):
    y = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            a, b = i + down, j + right
            if wrap:
                y[i, j] = x[a % x.shape[0], b % x.shape[1]]
            elif 0 <= a < x.shape[0] and 0 <= b < x.shape[1]:
                y[i, j] = x[a, b]
    return y

# %% wrong shift: down and right changed places
# says: changed places
def shift(x, down, right, wrap=False):
    y = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            a, b = i - right, j - down
            if wrap:
                y[i, j] = x[a % x.shape[0], b % x.shape[1]]
            elif 0 <= a < x.shape[0] and 0 <= b < x.shape[1]:
                y[i, j] = x[a, b]
    return y

# %% wrong shift: positive moves only
# says: negative moves are ignored
def shift(x, down, right, wrap=False):
    down, right = max(down, 0), max(right, 0)
    y = np.roll(x, (down, right), (0, 1))
    if not wrap:
        y[:down] = 0
        y[:, :right] = 0
    return y

# %% wrong shift: negative moves still wrap
# says: differs in
def shift(x, down, right, wrap=False):
    y = np.roll(x, (down, right), (0, 1))
    if not wrap and down > 0:
        y[:down] = 0
    if not wrap and right > 0:
        y[:, :right] = 0
    return y

# %% wrong shift: the picture grows
# says: keeps the shape
def shift(x, down, right, wrap=False):
    if wrap:
        return np.roll(x, (down, right), (0, 1))
    return np.pad(x, ((max(down, 0), max(-down, 0)), (max(right, 0), max(-right, 0))))

# %% wrong shift: the edge is repeated
# says: edge's own pixels are repeated
def shift(x, down, right, wrap=False):
    if wrap:
        return np.roll(x, (down, right), (0, 1))
    rows = np.clip(np.arange(x.shape[0]) - down, 0, x.shape[0] - 1)
    columns = np.clip(np.arange(x.shape[1]) - right, 0, x.shape[1] - 1)
    return x[rows][:, columns]

# %% wrong shift: zeros at the top and bottom only
# says: top and bottom only
def shift(x, down, right, wrap=False):
    y = np.roll(x, (down, right), (0, 1))
    if not wrap and down > 0:
        y[:down] = 0
    if not wrap and down < 0:
        y[down:] = 0
    return y

# %% wrong shift: a move by 0 empties the picture
# says: \[:-0\]
def shift(x, down, right, wrap=False):
    if wrap:
        return np.roll(x, (down, right), (0, 1))
    if down < 0:
        return shift(x[::-1], -down, right)[::-1]
    if right < 0:
        return shift(x[:, ::-1], down, -right)[:, ::-1]
    y = np.zeros_like(x)
    y[down:, right:] = x[:-down, :-right]
    return y

# %% wrong shift: moves the caller's picture
# says: changed its argument x
def shift(x, down, right, wrap=False):
    x[:] = np.roll(x, (down, right), (0, 1))
    if not wrap:
        if down > 0: x[:down] = 0
        if down < 0: x[down:] = 0
        if right > 0: x[:, :right] = 0
        if right < 0: x[:, right:] = 0
    return x

# %% wrong shift: rolls the flattened picture
# says: differs in
def shift(x, down, right, wrap=False):
    return np.roll(x, down * x.shape[1] + right)

# %% right shift: roll, then clear what came back
def shift(x, down, right, wrap=False):
    y = np.roll(x, (down, right), axis=(0, 1))
    if not wrap:
        if down > 0:
            y[:down] = 0
        elif down < 0:
            y[down:] = 0
        if right > 0:
            y[:, :right] = 0
        elif right < 0:
            y[:, right:] = 0
    return y

# %% right shift: pixel by pixel into floats
def shift(x, down, right, wrap=False):
    height, width = x.shape
    y = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            if wrap:
                y[(i + down) % height, (j + right) % width] = x[i, j]
            elif 0 <= i + down < height and 0 <= j + right < width:
                y[i + down, j + right] = x[i, j]
    return y

# %% right shift: cut from a padded picture, in float32
def shift(x, down, right, wrap=False):
    height, width = x.shape
    if wrap:
        return x[(np.arange(height) - down) % height][:, (np.arange(width) - right) % width].astype(np.float32)
    room = max(abs(down), abs(right))
    padded = np.pad(x.astype(np.float32), room)
    return padded[room - down:room - down + height, room - right:room - right + width]

# %% wrong is_equivariant: not written
# says: is_equivariant is not written yet
def is_equivariant(f, x, down=1, right=2):
    raise NotImplementedError

# %% wrong is_equivariant: tests invariance
# says: that is invariance
def is_equivariant(f, x, down=1, right=2):
    moved = f(shift(x, down, right, wrap=True))
    return moved.shape == f(x).shape and bool(np.abs(moved - f(x)).max() <= 1e-9)

# %% wrong is_equivariant: without wrap
# says: wrap=True
def is_equivariant(f, x, down=1, right=2):
    first, last = f(shift(x, down, right)), shift(f(x), down, right)
    return first.shape == last.shape and bool(np.abs(first - last).max() <= 1e-9)

# %% wrong is_equivariant: one value for each cell
# says: is an array.*expected True or False.*one truth value
def is_equivariant(f, x, down=1, right=2):
    return np.abs(f(shift(x, down, right, wrap=True)) - shift(f(x), down, right, wrap=True)) <= 1e-9

# %% wrong is_equivariant: compares exactly
# says: rounding errors
def is_equivariant(f, x, down=1, right=2):
    return np.array_equal(f(shift(x, down, right, wrap=True)), shift(f(x), down, right, wrap=True))

# %% wrong is_equivariant: forgives as much as np.allclose does
# says: little, but more than the 1e-9
def is_equivariant(f, x, down=1, right=2):
    moved_first, moved_last = f(shift(x, down, right, wrap=True)), shift(f(x), down, right, wrap=True)
    return moved_first.shape == moved_last.shape and np.allclose(moved_first, moved_last)

# %% wrong is_equivariant: always True
# says: is True, expected False.*ramp
def is_equivariant(f, x, down=1, right=2):
    return True

# %% wrong is_equivariant: any cell instead of all
# says: only cells at the border differ
def is_equivariant(f, x, down=1, right=2):
    first, last = f(shift(x, down, right, wrap=True)), shift(f(x), down, right, wrap=True)
    return first.shape == last.shape and bool(np.any(np.abs(first - last) <= 1e-9))

# %% wrong is_equivariant: compares the sums
# says: cell by cell
def is_equivariant(f, x, down=1, right=2):
    first, last = f(shift(x, down, right, wrap=True)), shift(f(x), down, right, wrap=True)
    return bool(abs(first.sum() - last.sum()) < 1e-6 and np.abs(np.sort(first.ravel())[:1] - np.sort(last.ravel())[:1]) < 1e-6)

# %% wrong is_equivariant: ignores the move that it is given
# says: handed on to both shifts
def is_equivariant(f, x, down=1, right=2):
    first, last = f(shift(x, 1, 2, wrap=True)), shift(f(x), 1, 2, wrap=True)
    return first.shape == last.shape and bool(np.abs(first - last).max() <= 1e-9)

# %% wrong is_equivariant: moves down only
# says: ramp
def is_equivariant(f, x, down=1, right=2):
    first, last = f(shift(x, down, 0, wrap=True)), shift(f(x), down, 0, wrap=True)
    return first.shape == last.shape and bool(np.abs(first - last).max() <= 1e-9)

# %% wrong is_equivariant: trips over different shapes
# says: ValueError.*different shapes.*answer is False
def is_equivariant(f, x, down=1, right=2):
    difference = f(shift(x, down, right, wrap=True)) - shift(f(x), down, right, wrap=True)
    return bool(np.abs(difference).max() <= 1e-9)

# %% wrong is_equivariant: the difference instead of a verdict
# says: the number 0, expected True or False
def is_equivariant(f, x, down=1, right=2):
    return np.abs(f(shift(x, down, right, wrap=True)) - shift(f(x), down, right, wrap=True)).max()

# %% wrong is_equivariant: a word
# says: the text 'yes', expected True or False
def is_equivariant(f, x, down=1, right=2):
    return "yes" if np.allclose(f(shift(x, down, right, wrap=True)), shift(f(x), down, right, wrap=True)) else "no"

# %% right is_equivariant: allclose, shapes first
def is_equivariant(f, x, down=1, right=2):
    first, last = f(shift(x, down, right, wrap=True)), shift(f(x), down, right, wrap=True)
    if first.shape != last.shape:
        return False
    return np.allclose(first, last, rtol=0, atol=1e-9)

# %% right is_equivariant: a loop over cells
def is_equivariant(f, x, down=1, right=2):
    first = f(shift(x, down, right, wrap=True))
    last = shift(f(x), down, right, wrap=True)
    if np.shape(first) != np.shape(last):
        return False
    for mine, theirs in zip(np.ravel(first), np.ravel(last)):
        if abs(mine - theirs) > 1e-9:
            return False
    return True

# %% right is_equivariant: NumPy's own truth value
def is_equivariant(f, x, down=1, right=2):
    first = f(np.roll(x, (down, right), (0, 1)))
    last = np.roll(f(x), (down, right), (0, 1))
    return first.shape == last.shape and (np.abs(first - last) < 1e-9).all()
