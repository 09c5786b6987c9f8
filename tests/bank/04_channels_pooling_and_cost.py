# Answers to the exercises of notebook 04: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong side: not answered
# says: not answered yet
side = None

# %% wrong side: forgets the + 1
# says: the first place counts too
side = 23

# %% wrong side: as with padding
# says: padding
side = 28

# %% wrong side: counts the cells
# says: number of cells, 24
side = 576

# %% wrong side: as text
# says: without quotes
side = "24"

# %% wrong side: as a shape
# says: one number is enough
side = (24, 24)

# %% right side: computed
side = 28 - 5 + 1

# %% right side: a NumPy number
side = np.convolve(np.ones(28), np.ones(5), "valid").sum() / 5

# %% wrong mixed: not answered
# says: mixed\[0, 0\] is not answered yet
mixed = [[None, None], [None, None]]

# %% wrong mixed: without the bias
# says: the bias is missing
mixed = [[1, 11], [3, 5]]

# %% wrong mixed: the bias once a channel
# says: bias once for each channel
mixed = [[3, 13], [5, 7]]

# %% wrong mixed: the channels kept apart
# says: 2 x 2.*They are added, cell by cell
mixed = [[[3, 8], [2, 1]], [[-2, 3], [1, 4]]]

# %% wrong mixed: the first channel only
# says: channel 0 alone
mixed = [[4, 9], [3, 2]]

# %% wrong mixed: the kernels flipped
# says: true convolution
mixed = [[3, 10], [6, 4]]

# %% wrong mixed: the kernels changed places
# says: kernels changed places
mixed = np.array([[4, 11], [3, 5]])

# %% wrong mixed: one sum is off
# says: 1 of 4 cells is wrong: \[1, 0\] \(5\)
mixed = [[2, 12], [5, 6]]

# %% right mixed: an array of floats
mixed = np.array([[2.0, 12.0], [4.0, 6.0]])

# %% right mixed: the sums left to Python
mixed = ((3 - 2 + 1, 8 + 3 + 1), (2 + 1 + 1, 1 + 4 + 1))

# %% wrong planes: one kernel a map
# says: how many maps
planes = [1, 2, 3, 4]

# %% wrong planes: the first number of each shape
# says: first number of each shape
planes = [3, 2, 3, 4]

# %% wrong planes: shared by all maps
# says: do not share
planes = [3, 3, 3, 3]

# %% wrong planes: counts weights
# says: asks for 2-D kernels
planes = [75, 150, 225, 300]

# %% wrong planes: adds instead of multiplying
# says: instead of adding
planes = [3, 5, 6, 7]

# %% wrong planes: one number
# says: expected a list of 4
planes = 12

# %% right planes: multiplied out
planes = [maps * 3 for maps in (1, 2, 3, 4)]

# %% right planes: an array
planes = 3 * np.arange(1, 5)

# %% wrong conv2d_multi: not written
# says: conv2d_multi is not written yet
def conv2d_multi(x, w, b=None):
    raise NotImplementedError

# %% wrong conv2d_multi: only the first channel
# says: only the first channel
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for o in range(C_out):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                y[o, i, j] = np.sum(x[0, i:i + k_h, j:j + k_w] * w[o, 0])
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: overwrites channel by channel
# says: only the last channel is left.*\+=
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for o in range(C_out):
        for c in range(C_in):
            for i in range(y.shape[1]):
                for j in range(y.shape[2]):
                    y[o, i, j] = np.sum(x[c, i:i + k_h, j:j + k_w] * w[o, c])
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: keeps the channels apart
# says: kept apart: they are summed
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, C_in, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            y[:, :, i, j] = (x[None, :, i:i + k_h, j:j + k_w] * w).sum(axis=(2, 3))
    return y

# %% wrong conv2d_multi: stacks the maps of the channels
# says: kept apart: they are summed
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    maps = []
    for o in range(C_out):
        for c in range(C_in):
            maps.append([[np.sum(x[c, i:i + k_h, j:j + k_w] * w[o, c]) for j in range(x.shape[2] - k_w + 1)]
                         for i in range(x.shape[1] - k_h + 1)])
    return np.array(maps)

# %% wrong conv2d_multi: one map only
# says: rows and columns of one map
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    return np.array([[np.sum(x[:, i:i + k_h, j:j + k_w] * w[0]) for j in range(x.shape[2] - k_w + 1)]
                     for i in range(x.shape[1] - k_h + 1)])

# %% wrong conv2d_multi: a squeezed output
# says: rows and columns of one map
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return np.squeeze(y if b is None else y + b[:, None, None])

# %% wrong conv2d_multi: forgets the bias
# says: the bias is ignored
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return y

# %% wrong conv2d_multi: the bias inside the channel loop
# says: once for each input channel
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for o in range(C_out):
        for c in range(C_in):
            for i in range(y.shape[1]):
                for j in range(y.shape[2]):
                    y[o, i, j] += np.sum(x[c, i:i + k_h, j:j + k_w] * w[o, c]) + (0 if b is None else b[o])
    return y

# %% wrong conv2d_multi: the bias along the columns
# says: bias was added along the columns
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return y if b is None else y + b

# %% wrong conv2d_multi: the practice notebook's layout
# says: IndexError.*w has shape
def conv2d_multi(x, w, b=None):
    C_in, C_out, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for o in range(C_out):
        for c in range(C_in):
            for i in range(y.shape[1]):
                for j in range(y.shape[2]):
                    y[o, i, j] += np.sum(x[c, i:i + k_h, j:j + k_w] * w[c, o])
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: a channel for each map (depthwise)
# says: only one channel, that of its own number
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for o in range(C_out):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                y[o, i, j] = np.sum(x[o % C_in, i:i + k_h, j:j + k_w] * w[o, o % C_in])
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: true convolution
# says: true convolution
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    w = w[:, :, ::-1, ::-1]
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: the mean over channels
# says: mean over the channels
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(2, 3)).mean(axis=1)
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: the mean of all products
# says: mean of the products
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).mean(axis=(1, 2, 3))
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: every map from the first kernels
# says: kernels of the first one, w\[0\]
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w[0]).sum()
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: forgets the + 1
# says: one row and one column are missing
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h, x.shape[2] - k_w))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return y

# %% wrong conv2d_multi: pads to keep the size
# says: were zeros padded
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, *x.shape[1:]))
    x = np.pad(x, ((0, 0), (0, k_h - 1), (0, k_w - 1)))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return y

# %% wrong conv2d_multi: channels last
# says: maps come first
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((x.shape[1] - k_h + 1, x.shape[2] - k_w + 1, C_out))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[:, i:i + k_h, j:j + k_w] * w).sum(axis=(1, 2, 3))
    return y

# %% wrong conv2d_multi: square kernels only
# says: There are 3 maps of|could not be broadcast.*w is \(C_out, C_in, k_h, k_w\)
def conv2d_multi(x, w, b=None):
    C_out, C_in, k = w.shape[:3]
    y = np.zeros((C_out, x.shape[1] - k + 1, x.shape[2] - k + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = (x[:, i:i + k, j:j + k] * w).sum(axis=(1, 2, 3))
    return y if b is None else y + b[:, None, None]

# %% wrong conv2d_multi: bytes wrap around
# says: uint8|whole numbers \(
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1), dtype=x.dtype)
    for o in range(C_out):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                y[o, i, j] = np.sum(x[:, i:i + k_h, j:j + k_w] * w[o]).astype(x.dtype)
    return y if b is None else (y + b[:, None, None]).astype(x.dtype)

# %% right conv2d_multi: einsum over windows
def conv2d_multi(x, w, b=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(1, 2))
    y = np.einsum("chwab,ocab->ohw", windows, w)
    return y if b is None else y + b.reshape(-1, 1, 1)

# %% right conv2d_multi: a loop over the kernel's places
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    rows, columns = x.shape[1] - k_h + 1, x.shape[2] - k_w + 1
    y = np.zeros((C_out, rows, columns))
    if b is not None:
        y += b[:, None, None]
    for i in range(k_h):
        for j in range(k_w):
            y += np.tensordot(w[:, :, i, j], x[:, i:i + rows, j:j + columns], 1)
    return y

# %% right conv2d_multi: six loops
def conv2d_multi(x, w, b=None):
    C_out, C_in, k_h, k_w = w.shape
    y = np.zeros((C_out, x.shape[1] - k_h + 1, x.shape[2] - k_w + 1))
    for o in range(C_out):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                total = 0.0 if b is None else float(b[o])
                for c in range(C_in):
                    for p in range(k_h):
                        for q in range(k_w):
                            total += float(x[c, i + p, j + q]) * float(w[o, c, p, q])
                y[o, i, j] = total
    return y

# %% wrong products: the slide's 3
# says: slide's 3 would give
products = [75, 75]

# %% wrong products: all weights of the layer
# says: how many weights each layer has
products = [300, 600]

# %% wrong products: counts the bias
# says: the bias is added, but it is no product
products = [76, 101]

# %% wrong products: by the maps that go out
# says: maps that go out
products = [100, 150]

# %% wrong products: not answered
# says: not answered yet
products = [75, None]

# %% right products: multiplied out
products = [3 * 5 * 5, 4 * 5 * 5]

# %% right products: a tuple of floats
products = (75.0, 1e2)

# %% wrong layouts: the readings changed places
# says: changed places
layouts = [[8, 3], [3, 8]]

# %% wrong layouts: both read alike
# says: first row is right
layouts = [[3, 8], [3, 8]]

# %% wrong layouts: both read as the notebook does
# says: second row is right
layouts = [[8, 3], [8, 3]]

# %% wrong layouts: columns for rows
# says: one number for what comes in
layouts = [[3, 3], [8, 8]]

# %% wrong layouts: one row
# says: expected 2 x 2
layouts = [3, 8, 8, 3]

# %% right layouts: an array
layouts = np.array([[3, 8], [8, 3]])

# %% right layouts: from the shape
layouts = [(8, 3, 5, 5)[1::-1], (8, 3, 5, 5)[:2]]

# %% wrong shapes: forgets the + 1
# says: the first place counts too
shapes = [[4, 23, 23], [6, 18, 18], [6, 9, 9], [8, 6, 6]]

# %% wrong shapes: multiplies the channels
# says: summed, not kept
shapes = [[12, 24, 24], [24, 20, 20], [24, 10, 10], [48, 8, 8]]

# %% wrong shapes: pools the channels
# says: leaves the channels alone
shapes = [[4, 24, 24], [6, 20, 20], [3, 10, 10], [8, 8, 8]]

# %% wrong shapes: pools with stride 1
# says: stride 2
shapes = [[4, 24, 24], [6, 20, 20], [6, 19, 19], [8, 17, 17]]

# %% wrong shapes: keeps the size
# says: would need padding
shapes = [[4, 28, 28], [6, 28, 28], [6, 14, 14], [8, 14, 14]]

# %% wrong shapes: channels last
# says: channels come first
shapes = [[24, 24, 4], [20, 20, 6], [10, 10, 6], [8, 8, 8]]

# %% wrong shapes: a 5x5 kernel in the last layer
# says: kernels are 3x3
shapes = [[4, 24, 24], [6, 20, 20], [6, 10, 10], [8, 6, 6]]

# %% right shapes: an array
shapes = np.array([[4, 24, 24], [6, 20, 20], [6, 10, 10], [8, 8, 8]])

# %% right shapes: tuples worked out step by step
shapes = [(4, 28 - 4, 28 - 4), (6, 24 - 4, 24 - 4), (6, 20 // 2, 20 // 2), (8, 10 - 2, 10 - 2)]

# %% wrong output_shape: not written
# says: output_shape is not written yet
def output_shape(layer, shape):
    raise NotImplementedError

# %% wrong output_shape: keeps the channels of the input
# says: not the channels of its input
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        return (shape[0], (shape[1] + 2 * n[3] - n[1]) // n[2] + 1, (shape[2] + 2 * n[3] - n[1]) // n[2] + 1)
    if kind == "pool":
        return (shape[0], shape[1] // n[0], shape[2] // n[0])
    return (n[0],)

# %% wrong output_shape: true division
# says: rounded down
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        return (n[0], (shape[1] + 2 * n[3] - n[1]) / n[2] + 1, (shape[2] + 2 * n[3] - n[1]) / n[2] + 1)
    if kind == "pool":
        return (shape[0], shape[1] / n[0], shape[2] / n[0])
    return (n[0],)

# %% wrong output_shape: padding counts once
# says: counts twice
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        return (n[0], (shape[1] + n[3] - n[1]) // n[2] + 1, (shape[2] + n[3] - n[1]) // n[2] + 1)
    if kind == "pool":
        return (shape[0], shape[1] // n[0], shape[2] // n[0])
    return (n[0],)

# %% wrong output_shape: ignores the stride
# says: stride of the convolution is ignored
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        return (n[0], shape[1] + 2 * n[3] - n[1] + 1, shape[2] + 2 * n[3] - n[1] + 1)
    if kind == "pool":
        return (shape[0], shape[1] // n[0], shape[2] // n[0])
    return (n[0],)

# %% wrong output_shape: a number for a dense layer
# says: with the comma
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        return (n[0], (shape[1] + 2 * n[3] - n[1]) // n[2] + 1, (shape[2] + 2 * n[3] - n[1]) // n[2] + 1)
    if kind == "pool":
        return (shape[0], shape[1] // n[0], shape[2] // n[0])
    return n[0]

# %% wrong output_shape: pictures are always square
# says: gives \(maps, H_out, W_out\)
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        side = (shape[1] + 2 * n[3] - n[1]) // n[2] + 1
        return (n[0], side, side)
    if kind == "pool":
        return (shape[0], shape[1] // n[0], shape[1] // n[0])
    return (n[0],)

# %% wrong output_shape: nothing for a pooling
# says: is None
def output_shape(layer, shape):
    kind, *n = layer
    if kind == "conv":
        return (n[0], (shape[1] + 2 * n[3] - n[1]) // n[2] + 1, (shape[2] + 2 * n[3] - n[1]) // n[2] + 1)
    if kind == "dense":
        return (n[0],)

# %% right output_shape: match, and a list
def output_shape(layer, shape):
    match list(layer):
        case ["conv", maps, k, stride, padding]:
            return [maps] + [(side + 2 * padding - k) // stride + 1 for side in shape[1:]]
        case ["pool", size]:
            return [shape[0]] + [side // size for side in shape[1:]]
        case ["dense", units]:
            return [units]

# %% right output_shape: by counting places
def output_shape(layer, shape):
    if layer[0] == "dense":
        return (layer[1],)
    if layer[0] == "pool":
        maps, k, stride, padding = shape[0], layer[1], layer[1], 0
    else:
        _, maps, k, stride, padding = layer
    height, width = shape[1:]
    return (maps, len(range(-padding, height + padding - k + 1, stride)),
            len(range(-padding, width + padding - k + 1, stride)))

# %% wrong averages: takes the largest
# says: largest numbers
averages = [[6, 8], [14, 16]]

# %% wrong averages: sums
# says: divide by 4
averages = [[14, 22], [46, 54]]

# %% wrong averages: stride 1
# says: 2 x 2.*move by one pixel
averages = [[3.5, 4.5, 5.5], [7.5, 8.5, 9.5], [11.5, 12.5, 13.5]]

# %% wrong averages: rounded down
# says: rounded down
averages = [[3, 5], [11, 13]]

# %% wrong averages: divided by 25
# says: divided by 25
averages = [[0.56, 0.88], [1.84, 2.16]]

# %% right averages: an array
averages = np.arange(1, 17).reshape(2, 2, 2, 2).mean(axis=(1, 3))

# %% right averages: fractions left to Python
averages = [[14 / 4, 22 / 4], [46 / 4, 54 / 4]]

# %% wrong maxima: means
# says: means of the windows
maxima = [[3.5, 5.5], [11.5, 13.5]]

# %% wrong maxima: the smallest
# says: smallest numbers
maxima = [[1, 3], [9, 11]]

# %% wrong maxima: stride 1
# says: move by one pixel
maxima = [[6, 7, 8], [10, 11, 12], [14, 15, 16]]

# %% wrong maxima: the largest of all
# says: each window has its own
maxima = [[16, 16], [16, 16]]

# %% wrong maxima: column by column
# says: column by column
maxima = [[6, 14], [8, 16]]

# %% right maxima: an array
maxima = np.arange(1, 17).reshape(4, 4)[1::2, 1::2]

# %% right maxima: floats
maxima = [[6.0, 8.0], [14.0, 16.0]]

# %% wrong max_pool2d: not written
# says: max_pool2d is not written yet
def max_pool2d(x, size=2, stride=None):
    raise NotImplementedError

# %% wrong max_pool2d: starts from 0
# says: starts from 0
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    y = np.zeros((C, (H - size) // stride + 1, (W - size) // stride + 1))
    for c in range(C):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                for a in range(size):
                    for b in range(size):
                        if x[c, i * stride + a, j * stride + b] > y[c, i, j]:
                            y[c, i, j] = x[c, i * stride + a, j * stride + b]
    return y

# %% wrong max_pool2d: the mean
# says: mean of each window; max pooling
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    return np.array([[[x[c, i:i + size, j:j + size].mean() for j in range(0, W - size + 1, stride)]
                      for i in range(0, H - size + 1, stride)] for c in range(C)])

# %% wrong max_pool2d: the smallest
# says: smallest number
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    return np.array([[[x[c, i:i + size, j:j + size].min() for j in range(0, W - size + 1, stride)]
                      for i in range(0, H - size + 1, stride)] for c in range(C)])

# %% wrong max_pool2d: ignores the stride
# says: stride is ignored
def max_pool2d(x, size=2, stride=None):
    C, H, W = x.shape
    return np.array([[[x[c, i:i + size, j:j + size].max() for j in range(0, W - size + 1, size)]
                      for i in range(0, H - size + 1, size)] for c in range(C)])

# %% wrong max_pool2d: steps of one without a stride
# says: side by side|steps of 2
def max_pool2d(x, size=2, stride=None):
    stride = stride or 1
    C, H, W = x.shape
    return np.array([[[x[c, i:i + size, j:j + size].max() for j in range(0, W - size + 1, stride)]
                      for i in range(0, H - size + 1, stride)] for c in range(C)])

# %% wrong max_pool2d: None is used as a number
# says: stride is None unless somebody gives it
def max_pool2d(x, size=2, stride=None):
    C, H, W = x.shape
    y = np.zeros((C, (H - size) // stride + 1, (W - size) // stride + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = x[:, i * stride:i * stride + size, j * stride:j * stride + size].max(axis=(1, 2))
    return y

# %% wrong max_pool2d: keeps windows that hang over
# says: \(floor\)|floor\(\(
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    return np.array([[[x[c, i:i + size, j:j + size].max() for j in range(0, W, stride)]
                      for i in range(0, H, stride)] for c in range(C)])

# %% wrong max_pool2d: windows one pixel further each
# says: only one pixel further
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    y = np.zeros((C, (H - size) // stride + 1, (W - size) // stride + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = x[:, i:i + size, j:j + size].max(axis=(1, 2))
    return y

# %% wrong max_pool2d: pools the channels together
# says: channels
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    y = np.zeros((C, (H - size) // stride + 1, (W - size) // stride + 1))
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = x[:, i * stride:i * stride + size, j * stride:j * stride + size].max()
    return y

# %% wrong max_pool2d: one channel only
# says: channels are gone
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    x = x[0]
    return np.array([[x[i:i + size, j:j + size].max() for j in range(0, len(x[0]) - size + 1, stride)]
                     for i in range(0, len(x) - size + 1, stride)])

# %% wrong max_pool2d: every second pixel
# says: first pixel of each window
def max_pool2d(x, size=2, stride=None):
    stride = stride or size
    return x[:, :x.shape[1] - size + 1:stride, :x.shape[2] - size + 1:stride]

# %% right max_pool2d: windows by stride tricks
def max_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].max(axis=(-2, -1))

# %% right max_pool2d: the largest of shifted pictures
def max_pool2d(x, size=2, stride=None):
    step = size if stride is None else stride
    rows, columns = x.shape[1] - size + 1, x.shape[2] - size + 1
    shifted = [x[:, a:a + rows:step, b:b + columns:step] for a in range(size) for b in range(size)]
    return np.stack(shifted).max(axis=0)

# %% wrong avg_pool2d: the largest
# says: largest number of each window; average
def avg_pool2d(x, size=2, stride=None):
    return max_pool2d(x, size, stride)

# %% wrong avg_pool2d: the sum
# says: sum of each window
def avg_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].sum(axis=(-2, -1))

# %% wrong avg_pool2d: divided by 25
# says: divided by 25.*practice notebook
def avg_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].sum(axis=(-2, -1)) / 25

# %% wrong avg_pool2d: divided by 4 whatever the size
# says: right for 2 x 2 only
def avg_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].sum(axis=(-2, -1)) / 4

# %% wrong avg_pool2d: divided by size
# says: divided by size; a window has
def avg_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].sum(axis=(-2, -1)) / size

# %% wrong avg_pool2d: whole numbers
# says: whole number
def avg_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].sum(axis=(-2, -1)) // size**2

# %% wrong avg_pool2d: the output takes over the whole numbers of x
# says: every fraction was cut off
def avg_pool2d(x, size=2, stride=None):
    stride = stride or size
    y = np.zeros_like(x[:, :(x.shape[1] - size) // stride + 1, :(x.shape[2] - size) // stride + 1])
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            y[:, i, j] = x[:, i * stride:i * stride + size, j * stride:j * stride + size].mean(axis=(1, 2))
    return y

# %% wrong avg_pool2d: keeps windows that hang over, padded by zeros
# says: \(floor\)|floor\(\(
def avg_pool2d(x, size=2, stride=None):
    stride = stride or size
    C, H, W = x.shape
    return np.array([[[x[c, i:i + size, j:j + size].sum() / size**2 for j in range(0, W, stride)]
                      for i in range(0, H, stride)] for c in range(C)])

# %% right avg_pool2d: windows by stride tricks
def avg_pool2d(x, size=2, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride or size, ::stride or size].mean(axis=(-2, -1))

# %% right avg_pool2d: as a convolution of each channel
def avg_pool2d(x, size=2, stride=None):
    step = size if stride is None else stride
    kernel = np.ones((1, 1, size, size)) / size**2
    return np.concatenate([conv2d_multi(channel[None], kernel)[:, ::step, ::step] for channel in x])

# %% wrong global_avg_pool: the largest
# says: largest number of each channel
def global_avg_pool(x):
    return x.max(axis=(1, 2))

# %% wrong global_avg_pool: one number for all
# says: one number for each
def global_avg_pool(x):
    return x.mean()

# %% wrong global_avg_pool: keeps the axes
# says: two axes of length 1 must go
def global_avg_pool(x):
    return x.mean(axis=(1, 2), keepdims=True)

# %% wrong global_avg_pool: over the channels
# says: mean over the channels
def global_avg_pool(x):
    return x.mean(axis=0)

# %% wrong global_avg_pool: over one axis
# says: over one axis
def global_avg_pool(x):
    return x.mean(axis=1)

# %% wrong global_avg_pool: the sum
# says: sum of each channel
def global_avg_pool(x):
    return x.sum(axis=(1, 2))

# %% right global_avg_pool: in two steps
def global_avg_pool(x):
    return x.mean(axis=2).mean(axis=1)

# %% right global_avg_pool: with a loop
def global_avg_pool(x):
    return np.array([channel.sum() / channel.size for channel in x])

# %% wrong step_edge: the picture itself
# says: just the picture
step_edge = [[0, 0, 1, 1], [0, 0, 1, 1]]

# %% wrong step_edge: max pooling leaves the step where it is
# says: window around pixel 2
step_edge = [[0, 0, 1, 1], [0, -1, 2, 1]]

# %% wrong step_edge: no overshoot
# says: takes 1 away for each bright neighbour
step_edge = [[0, 1, 1, 1], [0, 0, 1, 1]]

# %% wrong step_edge: a row instead of a picture
# says: neighbours above and below
step_edge = [[0, 1, 1, 1], [0, -1, 4, 3]]

# %% wrong step_edge: all six pixels
# says: 2 x 4.*leave out the first and the last
step_edge = [[0, 0, 1, 1, 1, 1], [0, 0, -1, 2, 1, 1]]

# %% wrong step_edge: rows changed places
# says: rows changed places
step_edge = [[0, -1, 2, 1], [0, 1, 1, 1]]

# %% right step_edge: an array
step_edge = np.array([[0, 1, 1, 1], [0, -1, 2, 1]])

# %% right step_edge: computed
row = np.array([0, 0, 0, 1, 1, 1])
step_edge = [np.maximum(np.maximum(row[:-2], row[1:-1]), row[2:]), 3 * row[1:-1] - row[:-2] - row[2:]]

# %% wrong edges_that_vanish: not answered
# says: not answered yet
edges_that_vanish = None

# %% wrong edges_that_vanish: a flat picture
# says: no edge that could vanish
edges_that_vanish = np.ones((4, 4))

# %% wrong edges_that_vanish: a step edge
# says: holds both 0 and 1
edges_that_vanish = np.array([[0, 0, 0, 0, 1, 1]] * 4)

# %% wrong edges_that_vanish: odd sides
# says: both sides must be even
edges_that_vanish = np.indices((3, 3)).sum(axis=0) % 2

# %% wrong edges_that_vanish: one window only
# says: at least two windows
edges_that_vanish = np.array([[0, 1], [1, 0]])

# %% wrong edges_that_vanish: too large to read
# says: at most 8
edges_that_vanish = np.indices((10, 10)).sum(axis=0) % 2

# %% wrong edges_that_vanish: a colour picture
# says: 2-D
edges_that_vanish = np.indices((3, 4, 4)).sum(axis=0) % 2

# %% wrong edges_that_vanish: text
# says: numbers
edges_that_vanish = "a checkerboard"

# %% right edges_that_vanish: a list, stripes
edges_that_vanish = [[0, 5, 0, 5], [0, 5, 0, 5]]

# %% right edges_that_vanish: one bright pixel in each window
edges_that_vanish = np.kron(np.ones((2, 3)), np.array([[-2.5, 7], [0, 1]]))

# %% wrong bugged: the right average
# says: weights are 1/25
bugged = [[3.5, 5.5], [11.5, 13.5]]

# %% wrong bugged: the sums
# says: now multiply by 1/25
bugged = [[14, 22], [46, 54]]

# %% wrong bugged: the averages by 25
# says: divided the averages
bugged = [[0.14, 0.22], [0.46, 0.54]]

# %% wrong bugged: rounded
# says: two digits
bugged = [[0.6, 0.9], [1.8, 2.2]]

# %% wrong bugged: stride 1
# says: with stride 2
bugged = [[0.56, 0.72, 0.88], [1.2, 1.36, 1.52], [1.84, 2, 2.16]]

# %% right bugged: fractions left to Python
bugged = [[14 / 25, 22 / 25], [46 / 25, 54 / 25]]

# %% right bugged: 0.16 of the averages
bugged = 0.16 * np.array([[3.5, 5.5], [11.5, 13.5]])

# %% wrong rescaled: the second by the difference of the first
# says: its own largest and smallest
rescaled = [[0, 0.2, 0.8, 1], [0, 0.032, 0.128, 0.16]]

# %% wrong rescaled: not divided
# says: now divide
rescaled = [[0, 2, 8, 10], [0, 0.32, 1.28, 1.6]]

# %% wrong rescaled: divided by the largest
# says: subtract the smallest first
rescaled = [[3.5 / 13.5, 5.5 / 13.5, 11.5 / 13.5, 1]] * 2

# %% wrong rescaled: divided by the largest, after the subtraction
# says: not by the largest
rescaled = [[0, 2 / 13.5, 8 / 13.5, 10 / 13.5]] * 2

# %% wrong rescaled: up to 255
# says: brightest cell becomes 1
rescaled = [[0, 51, 204, 255]] * 2

# %% wrong rescaled: one row
# says: expected 2 x 4
rescaled = [0, 0.2, 0.8, 1]

# %% right rescaled: computed
rescaled = [[(y - min(ys)) / (max(ys) - min(ys)) for y in ys] for ys in ([3.5, 5.5, 11.5, 13.5], [0.56, 0.88, 1.84, 2.16])]

# %% right rescaled: an array
rescaled = np.array([[0, 1 / 5, 4 / 5, 1], [0, 1 / 5, 4 / 5, 1]])

# %% wrong avg_pool_as_conv: not written
# says: avg_pool_as_conv is not written yet
def avg_pool_as_conv(channels, size=2):
    raise NotImplementedError

# %% wrong avg_pool_as_conv: the bug itself
# says: 1/25 is the weight of a 5 x 5 blur
def avg_pool_as_conv(channels, size=2):
    w = np.zeros((channels, channels, size, size))
    for c in range(channels):
        w[c, c] = 1 / 25
    return w

# %% wrong avg_pool_as_conv: 1/4 whatever the size
# says: right for 2 x 2 only
def avg_pool_as_conv(channels, size=2):
    w = np.zeros((channels, channels, size, size))
    for c in range(channels):
        w[c, c] = 1 / 4
    return w

# %% wrong avg_pool_as_conv: mixes the channels
# says: mix all channels
def avg_pool_as_conv(channels, size=2):
    return np.full((channels, channels, size, size), 1 / size**2)

# %% wrong avg_pool_as_conv: the mean of all channels
# says: mean of all channels
def avg_pool_as_conv(channels, size=2):
    return np.full((channels, channels, size, size), 1 / size**2 / channels)

# %% wrong avg_pool_as_conv: depthwise shape
# says: one kernel per channel.*groups
def avg_pool_as_conv(channels, size=2):
    return np.full((channels, 1, size, size), 1 / size**2)

# %% wrong avg_pool_as_conv: a single 2-D kernel
# says: one 2-D kernel
def avg_pool_as_conv(channels, size=2):
    return np.full((size, size), 1 / size**2)

# %% wrong avg_pool_as_conv: adds the window up
# says: adds the window up
def avg_pool_as_conv(channels, size=2):
    return np.einsum("oi,hw->oihw", np.eye(channels), np.ones((size, size)))

# %% wrong avg_pool_as_conv: every second pixel
# says: pick the first pixel
def avg_pool_as_conv(channels, size=2):
    w = np.zeros((channels, channels, size, size))
    w[range(channels), range(channels), 0, 0] = 1
    return w

# %% right avg_pool_as_conv: an outer product
def avg_pool_as_conv(channels, size=2):
    return np.einsum("oi,hw->oihw", np.eye(channels), np.full((size, size), size**-2))

# %% right avg_pool_as_conv: cell by cell, float32
def avg_pool_as_conv(channels, size=2):
    return np.array([[[[(o == i) / size / size] * size] * size for i in range(channels)] for o in range(channels)],
                    dtype=np.float32)

# %% wrong costs: forgets the biases
# says: biases are to be included
costs = [300, 172_800, 5_419_008]

# %% wrong costs: a bias for each 2-D kernel
# says: not one for each 2-D kernel
costs = [312, 172_800, 5_419_008]

# %% wrong costs: multiply-adds of one map
# says: that is one map
costs = [304, 43_200, 5_419_008]

# %% wrong costs: one window for each pixel
# says: not for each pixel
costs = [304, 235_200, 5_419_008]

# %% wrong costs: FLOPs
# says: count as one
costs = [304, 345_600, 5_419_008]

# %% wrong costs: dense to one map
# says: all four maps
costs = [304, 172_800, 1_354_752]

# %% wrong costs: dense with biases
# says: were to be left out
costs = [304, 172_800, 5_421_312]

# %% wrong costs: nearly right
# says: costs: 1 of 3 cells is wrong: \[2\]
costs = [304, 172_800, 5_419_009]

# %% right costs: multiplied out
costs = [4 * 3 * 25 + 4, 4 * 24 * 24 * 75, 3 * 28 * 28 * 4 * 24 * 24]

# %% right costs: an array
costs = np.array([304, 172_800, 5_419_008])

# %% wrong memory: numbers instead of bytes
# says: numbers and not bytes
memory = [304, 2_304, 147_456]

# %% wrong memory: the batch is forgotten
# says: each of the 64 pictures
memory = [1_216, 9_216, 9_216]

# %% wrong memory: the biases are forgotten
# says: include the biases
memory = [1_200, 9_216, 589_824]

# %% wrong memory: 8 bytes
# says: 8 bytes for each number
memory = [2_432, 18_432, 1_179_648]

# %% wrong memory: maps of 28x28
# says: 24 by 24
memory = [1_216, 12_544, 802_816]

# %% right memory: multiplied out
memory = [304 * 4, 4 * 24 * 24 * 4, 64 * 4 * 24 * 24 * 4]

# %% right memory: asked from NumPy
memory = [np.zeros(n, dtype=np.float32).nbytes for n in (304, (4, 24, 24), (64, 4, 24, 24))]

# %% wrong count_macs: not written
# says: count_macs is not written yet
def count_macs(layers, shape):
    raise NotImplementedError

# %% wrong count_macs: parameters
# says: these are the parameters
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        if layer[0] == "conv":
            total += layer[1] * (shape[0] * layer[2] ** 2 + 1)
        if layer[0] == "dense":
            total += layer[1] * (int(np.prod(shape)) + 1)
        shape = output_shape(layer, shape)
    return total

# %% wrong count_macs: forgets the input channels
# says: input channels are missing
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        after = output_shape(layer, shape)
        if layer[0] == "conv":
            total += int(np.prod(after)) * layer[2] ** 2
        if layer[0] == "dense":
            total += layer[1] * int(np.prod(shape))
        shape = after
    return total

# %% wrong count_macs: windows at every input pixel
# says: one window for each pixel of the input
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        if layer[0] == "conv":
            total += layer[1] * int(np.prod(shape)) * layer[2] ** 2
        if layer[0] == "dense":
            total += layer[1] * int(np.prod(shape))
        shape = output_shape(layer, shape)
    return total

# %% wrong count_macs: the shape is never updated
# says: shape of the picture|go on with its output
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        if layer[0] == "conv":
            total += int(np.prod(output_shape(layer, shape))) * shape[0] * layer[2] ** 2
        if layer[0] == "dense":
            total += layer[1] * int(np.prod(shape))
    return total

# %% wrong count_macs: pooling counted
# says: pooling multiplies nothing
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        after = output_shape(layer, shape)
        if layer[0] == "conv":
            total += int(np.prod(after)) * shape[0] * layer[2] ** 2
        elif layer[0] == "pool":
            total += int(np.prod(after)) * layer[1] ** 2
        else:
            total += layer[1] * int(np.prod(shape))
        shape = after
    return total

# %% wrong count_macs: returns inside the loop
# says: only the first layer is counted|Layer by layer
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        after = output_shape(layer, shape)
        if layer[0] == "conv":
            total += int(np.prod(after)) * shape[0] * layer[2] ** 2
        if layer[0] == "dense":
            total += layer[1] * int(np.prod(shape))
        return total

# %% wrong count_macs: FLOPs
# says: each multiply-add counts once
def count_macs(layers, shape):
    total = 0
    for layer in layers:
        after = output_shape(layer, shape)
        if layer[0] == "conv":
            total += 2 * int(np.prod(after)) * shape[0] * layer[2] ** 2
        if layer[0] == "dense":
            total += 2 * layer[1] * int(np.prod(shape))
        shape = after
    return total

# %% wrong count_macs: a list of the layers' counts
# says: is a list, expected one number
def count_macs(layers, shape):
    counts = []
    for layer in layers:
        after = output_shape(layer, shape)
        counts.append(int(np.prod(after)) * shape[0] * layer[2] ** 2 if layer[0] == "conv" else 0)
        shape = after
    return counts

# %% right count_macs: weights times cells
def count_macs(layers, shape):
    total = 0
    for kind, *numbers in layers:
        weights, places = 0, 1
        after = output_shape((kind, *numbers), shape)
        if kind == "conv":
            weights, places = numbers[0] * shape[0] * numbers[1] ** 2, after[1] * after[2]
        elif kind == "dense":
            weights = numbers[0] * np.prod(shape)
        total, shape = total + weights * places, after
    return total

# %% right count_macs: recursive
def count_macs(layers, shape):
    if not layers:
        return 0
    first, *rest = layers
    after = output_shape(first, shape)
    each = {"conv": lambda: shape[0] * first[2] ** 2, "pool": lambda: 0, "dense": lambda: int(np.prod(shape))}[first[0]]()
    return int(np.prod(after)) * each + count_macs(rest, after)

# %% right count_macs: takes the list apart while it counts
def count_macs(layers, shape):
    total = 0
    while layers:
        layer = layers.pop(0)
        after = output_shape(layer, shape)
        if layer[0] == "conv":
            total += int(np.prod(after)) * shape[0] * layer[2] ** 2
        if layer[0] == "dense":
            total += layer[1] * int(np.prod(shape))
        shape = after
    return total

# %% wrong activation_bytes: not written
# says: activation_bytes is not written yet
def activation_bytes(layers, shape, batch=1, training=True):
    raise NotImplementedError

# %% wrong activation_bytes: numbers instead of bytes
# says: a float32 takes 4 bytes
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return batch * (sum(sizes) if training else max(map(sum, zip(sizes, sizes[1:]))))

# %% wrong activation_bytes: ignores the batch
# says: batch is ignored
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return 4 * (sum(sizes) if training else max(map(sum, zip(sizes, sizes[1:]))))

# %% wrong activation_bytes: ignores training
# says: for inference you need one layer's input and output
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return 4 * batch * sum(sizes)

# %% wrong activation_bytes: the picture is missing
# says: picture itself is missing
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = []
    first = int(np.prod(shape))
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    pairs = zip([first, *sizes], sizes)
    return 4 * batch * (sum(sizes) if training else max(map(sum, pairs)))

# %% wrong activation_bytes: the largest output alone
# says: at the same time; you took the largest one alone
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return 4 * batch * (sum(sizes) if training else max(sizes))

# %% wrong activation_bytes: the two largest of all
# says: input and the output of one layer|largest pair of neighbours
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return 4 * batch * (sum(sizes) if training else sum(sorted(sizes)[-2:]))

# %% wrong activation_bytes: counts parameters
# says: you counted parameters
def activation_bytes(layers, shape, batch=1, training=True):
    total, sizes = 0, [int(np.prod(shape))]
    for layer in layers:
        if layer[0] == "conv":
            total += layer[1] * (shape[0] * layer[2] ** 2 + 1)
        if layer[0] == "dense":
            total += layer[1] * (int(np.prod(shape)) + 1)
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return 4 * batch * (total if training else max(map(sum, zip(sizes, sizes[1:]))))

# %% wrong activation_bytes: the wrong way round
# says: wrong way round
def activation_bytes(layers, shape, batch=1, training=True):
    sizes = [int(np.prod(shape))]
    for layer in layers:
        shape = output_shape(layer, shape)
        sizes.append(int(np.prod(shape)))
    return 4 * batch * (max(map(sum, zip(sizes, sizes[1:]))) if training else sum(sizes))

# %% right activation_bytes: a running largest pair
def activation_bytes(layers, shape, batch=1, training=True):
    before = total = int(np.prod(shape))
    worst = 0
    for layer in layers:
        shape = output_shape(layer, shape)
        after = int(np.prod(shape))
        total, worst, before = total + after, max(worst, before + after), after
    return (total if training else worst) * batch * 4

# %% right activation_bytes: arrays of sizes
def activation_bytes(layers, shape, batch=1, training=True):
    shapes = [shape]
    for layer in layers:
        shapes.append(output_shape(layer, shapes[-1]))
    sizes = np.array([np.prod(one) for one in shapes])
    most = sizes.sum() if training else (sizes[:-1] + sizes[1:]).max()
    return most * batch * np.dtype(np.float32).itemsize
