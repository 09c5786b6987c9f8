# Answers to the exercises of notebook 01: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong dense_layer: not answered
# says: dense_layer\[0\] is not answered yet
dense_layer = [None, None]

# %% wrong dense_layer: the colours are forgotten
# says: three colours are missing
dense_layer = [224 * 224 * 1000, 224 * 224 * 1000 + 1000]

# %% wrong dense_layer: one class only
# says: one class only
dense_layer = [150528, 150529]

# %% wrong dense_layer: one bias for the layer
# says: not one bias for the whole layer
dense_layer = [150528000, 150528001]

# %% wrong dense_layer: biases of the inputs
# says: belong to the outputs
dense_layer = [150_528_000, 150_528_000 + 224 * 224 * 3]

# %% wrong dense_layer: the slide's round number
# says: round number of the slide
dense_layer = [150e6, 150e6]

# %% wrong dense_layer: only one of the two
# says: the number 150528000; expected a list of 2
dense_layer = 150528000

# %% wrong dense_layer: a slip in the last digits
# says: 1 of 2 cells is wrong: \[0\]
dense_layer = [150528001, 150529000]

# %% wrong dense_layer: 224 taken once
# says: multiplied in twice
dense_layer = [224 * 3 * 1000, 224 * 3 * 1000 + 1000]

# %% right dense_layer: worked out by Python
dense_layer = (224**2 * 3 * 1000, (224**2 * 3 + 1) * 1000)

# %% right dense_layer: an array of floats
dense_layer = np.array([1.50528e8, 1.50529e8])

# %% wrong linear_param_count: not written
# says: linear_param_count is not written yet
def linear_param_count(inputs, outputs, bias=True):
    raise NotImplementedError

# %% wrong linear_param_count: no return
# says: None.*`return` missing
def linear_param_count(inputs, outputs, bias=True):
    print(inputs * outputs)

# %% wrong linear_param_count: forgets the biases
# says: biases are missing
def linear_param_count(inputs, outputs, bias=True):
    return inputs * outputs

# %% wrong linear_param_count: ignores bias=False
# says: bias=False is ignored
def linear_param_count(inputs, outputs, bias=True):
    return (inputs + 1) * outputs

# %% wrong linear_param_count: one bias per input
# says: one bias for each output, and not one for each input
def linear_param_count(inputs, outputs, bias=True):
    return inputs * outputs + (inputs if bias else 0)

# %% wrong linear_param_count: one bias in all
# says: not one for the whole layer
def linear_param_count(inputs, outputs, bias=True):
    return inputs * outputs + bias

# %% wrong linear_param_count: adds
# says: multiply the two numbers
def linear_param_count(inputs, outputs, bias=True):
    return inputs + outputs + (outputs if bias else 0)

# %% wrong linear_param_count: the numbers of slide 3, always
# says: On the tiny case the result of linear_param_count\(4, 3\) is 150529000, expected 15
def linear_param_count(inputs, outputs, bias=True):
    return 150529000

# %% wrong linear_param_count: a text
# says: the text.*expected one number
def linear_param_count(inputs, outputs, bias=True):
    return f"{(inputs + bias) * outputs:,}"

# %% right linear_param_count: a row of ones is the bias
def linear_param_count(inputs, outputs, bias=True):
    return (inputs + bool(bias)) * outputs

# %% right linear_param_count: by the shapes of arrays
def linear_param_count(inputs, outputs, bias=True):
    shapes = [(inputs, outputs)] + [(outputs,)] * bias
    return sum(float(np.prod(shape, dtype=float)) for shape in shapes)

# %% wrong kernel_weights: not answered
# says: kernel_weights is not answered yet
kernel_weights = None

# %% wrong kernel_weights: one slice
# says: three slices
kernel_weights = [25, 100]

# %% wrong kernel_weights: with biases
# says: counted the biases too
kernel_weights = [76, 304]

# %% wrong kernel_weights: swapped
# says: wrong order
kernel_weights = [300, 75]

# %% wrong kernel_weights: multiplications
# says: multiplications of all 24.24 places
kernel_weights = [75 * 24 * 24, 300 * 24 * 24]

# %% wrong kernel_weights: the sides are added
# says: their product
kernel_weights = [3 + 5 + 5, 4 * (3 + 5 + 5)]

# %% wrong kernel_weights: the shapes
# says: expected a list of 2
kernel_weights = [[3, 5, 5], [4, 3, 5, 5]]

# %% right kernel_weights: a tuple
kernel_weights = 3 * 5 * 5, 4 * 3 * 5 * 5

# %% right kernel_weights: an array
kernel_weights = np.array([75.0, 300.0], dtype=np.float32)

# %% wrong conv_param_count: not written
# says: conv_param_count is not written yet
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    raise NotImplementedError

# %% wrong conv_param_count: forgets the biases
# says: biases are missing
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return channels_out * channels_in * k_h * k_w

# %% wrong conv_param_count: a bias for every slice
# says: each kernel, and not one for each of its slices
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return channels_out * channels_in * (k_h * k_w + bias)

# %% wrong conv_param_count: forgets the input channels
# says: input channels are missing
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return channels_out * (k_h * k_w + bias)

# %% wrong conv_param_count: square kernels only
# says: squared the height
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return channels_out * (channels_in * k_h**2 + bias)

# %% wrong conv_param_count: one kernel
# says: one kernel only
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return channels_in * k_h * k_w + bias

# %% wrong conv_param_count: ignores bias=False
# says: bias=False is ignored
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return channels_out * (channels_in * k_h * k_w + 1)

# %% wrong conv_param_count: a bias for each input channel
# says: not one for each input channel
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    weights = channels_out * channels_in * k_h * k_w
    return weights + channels_in if bias else weights

# %% wrong conv_param_count: only two parameters
# says: TypeError.*keep these parameters
def conv_param_count(channels, kernel):
    return channels * kernel**2

# %% right conv_param_count: as a linear layer on one window
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return linear_param_count(channels_in * k_h * k_w, channels_out, bias)

# %% right conv_param_count: counts an array
def conv_param_count(channels_in, channels_out, k_h, k_w, bias=True):
    return np.ones((channels_out, channels_in, k_h, k_w), dtype=bool).size + (channels_out if bias else 0)

# %% wrong numbers_in_and_out: not answered
# says: not answered yet
numbers_in_and_out = [2352, None, None]

# %% wrong numbers_in_and_out: single maps
# says: single maps
numbers_in_and_out = [28 * 28, 24 * 24, 24 * 24]

# %% wrong numbers_in_and_out: a map for each slice
# says: one map and not three
numbers_in_and_out = [2352, 2304 * 3, 36864 * 3]

# %% wrong numbers_in_and_out: the size is kept
# says: Without padding
numbers_in_and_out = [2352, 4 * 28 * 28, 64 * 28 * 28]

# %% wrong numbers_in_and_out: counts weights
# says: counted the weights
numbers_in_and_out = [2352, 300, 4800]

# %% wrong numbers_in_and_out: forgets the first place
# says: 28 - 5 \+ 1 = 24 places
numbers_in_and_out = [2352, 4 * 23 * 23, 64 * 23 * 23]

# %% wrong numbers_in_and_out: counts multiplications
# says: counted the multiplications
numbers_in_and_out = [2352, 172800, 2764800]

# %% wrong numbers_in_and_out: one is off
# says: 1 of 3 cells is wrong: \[2\] \(36846\)
numbers_in_and_out = [2352, 2304, 36846]

# %% right numbers_in_and_out: left to Python
numbers_in_and_out = [3 * 28**2, 4 * 24**2, 64 * 24**2]

# %% right numbers_in_and_out: an array
numbers_in_and_out = np.array([2352, 2304, 36864], dtype=np.uint16)

# %% wrong permute_pixels: not written
# says: permute_pixels is not written yet
def permute_pixels(images, permutation):
    raise NotImplementedError

# %% wrong permute_pixels: the inverse
# says: that is the inverse
def permute_pixels(images, permutation):
    rows = np.zeros((len(images), len(permutation)))
    rows[:, permutation] = images.reshape(len(images), -1)
    return rows.reshape(images.shape)

# %% wrong permute_pixels: left in rows
# says: give them their shape back|one long row
def permute_pixels(images, permutation):
    return images.reshape(len(images), -1)[:, permutation]

# %% wrong permute_pixels: column by column
# says: counted them column by column
def permute_pixels(images, permutation):
    n, height, width = images.shape
    result = np.zeros_like(images)
    for k, source in enumerate(permutation):
        result[:, k % height, k // height] = images[:, source % height, source // height]
    return result

# %% wrong permute_pixels: a new shuffle for each image
# says: Every image was shuffled in another way
def permute_pixels(images, permutation):
    order, result = permutation, []
    for image in images:
        result.append(image.ravel()[order].reshape(image.shape))
        order = order[permutation]
    return np.array(result)

# %% wrong permute_pixels: shuffles the images
# says: the images changed places
def permute_pixels(images, permutation):
    return images[permutation[permutation < len(images)]]

# %% wrong permute_pixels: shuffles rows
# says: only whole rows
def permute_pixels(images, permutation):
    return images[:, permutation[permutation < images.shape[1]]]

# %% wrong permute_pixels: ignores the permutation
# says: did not change at all
def permute_pixels(images, permutation):
    return images.copy()

# %% wrong permute_pixels: random
# says: permute_pixels.*(another result|differs)
def permute_pixels(images, permutation):
    order = np.random.permutation(len(permutation))
    return images.reshape(len(images), -1)[:, order].reshape(images.shape)

# %% wrong permute_pixels: works in the images themselves
# says: changed its argument images
def permute_pixels(images, permutation):
    rows = images.reshape(len(images), -1)
    rows[:] = rows[:, permutation]
    return images

# %% wrong permute_pixels: assumes square pictures
# says: stopped with IndexError.*runs past the edge
def permute_pixels(images, permutation):
    side = images.shape[1]
    return images.reshape(-1, side * side)[:, permutation].reshape(-1, side, side)

# %% wrong permute_pixels: a list
# says: is a list, expected an array
def permute_pixels(images, permutation):
    return [image.ravel()[permutation].reshape(image.shape) for image in images]

# %% right permute_pixels: image by image
def permute_pixels(images, permutation):
    return np.array([image.ravel()[permutation].reshape(image.shape) for image in images])

# %% right permute_pixels: pixel by pixel into floats
def permute_pixels(images, permutation):
    n, height, width = images.shape
    result = np.zeros(images.shape)
    for k in range(height * width):
        i, j = divmod(int(permutation[k]), width)
        result[:, k // width, k % width] = images[:, i, j]
    return result

# %% right permute_pixels: take
def permute_pixels(images, permutation):
    return np.take(images.reshape(images.shape[0], -1), permutation, axis=1).reshape(images.shape)

# %% right permute_pixels: a permutation matrix
def permute_pixels(images, permutation):
    return (images.reshape(len(images), -1) @ np.eye(len(permutation))[:, permutation]).reshape(images.shape)

# %% wrong error_rate: not written
# says: error_rate is not written yet
def error_rate(predicted, labels):
    raise NotImplementedError

# %% wrong error_rate: the accuracy
# says: that is the accuracy
def error_rate(predicted, labels):
    return (predicted == labels).mean()

# %% wrong error_rate: counts
# says: divide by the number of pictures
def error_rate(predicted, labels):
    return (predicted != labels).sum()

# %% wrong error_rate: per cent
# says: per cent
def error_rate(predicted, labels):
    return 100 * np.mean(predicted != labels)

# %% wrong error_rate: mean distance
# says: mean distance
def error_rate(predicted, labels):
    return np.abs(predicted - labels).mean()

# %% wrong error_rate: mean squared distance
# says: squared distance
def error_rate(predicted, labels):
    return ((predicted - labels) ** 2).mean()

# %% wrong error_rate: integer division
# says: rounded down
def error_rate(predicted, labels):
    return sum(predicted != labels) // len(labels)

# %% wrong error_rate: one for each picture
# says: expected one number
def error_rate(predicted, labels):
    return predicted != labels

# %% wrong error_rate: a list is needed by nobody
# says: ValueError
def error_rate(predicted, labels):
    return 1.0 if predicted != labels else 0.0

# %% right error_rate: a loop
def error_rate(predicted, labels):
    wrong = 0
    for mine, theirs in zip(predicted, labels):
        if mine != theirs:
            wrong += 1
    return wrong / len(labels)

# %% right error_rate: one minus the accuracy
def error_rate(predicted, labels):
    return 1 - (predicted == labels).mean()

# %% right error_rate: count_nonzero of the difference
def error_rate(predicted, labels):
    return np.count_nonzero(predicted.astype(int) - labels.astype(int)) / predicted.size

# %% wrong one_pixel: not answered
# says: not answered yet
one_pixel = [3, -4, 5, None]

# %% wrong one_pixel: upper minus lower
# says: rows run downwards
one_pixel = [3, 4, 5, 2]

# %% wrong one_pixel: left minus right
# says: g_x is right minus left
one_pixel = [-3, -4, 5, 2]

# %% wrong one_pixel: the square of the magnitude
# says: square root of that 25
one_pixel = [3, -4, 25, 6]

# %% wrong one_pixel: the angle instead of the bin
# says: last number is the bin
one_pixel = [3, -4, 5, 127]

# %% wrong one_pixel: a negative bin
# says: modulo 180 first
one_pixel = [3, -4, 5, -3]

# %% wrong one_pixel: counted from 1
# says: counted from 0
one_pixel = [3, -4, 5, 7]

# %% wrong one_pixel: lengths added
# says: 9 \+ 16
one_pixel = [3, -4, 7, 6]

# %% wrong one_pixel: x and y changed places
# says: changed places
one_pixel = [-4, 3, 5, 7]

# %% right one_pixel: worked out
g = np.array([4 - 1, 3 - 7])
one_pixel = [*g, np.hypot(*g), np.degrees(np.arctan2(g[1], g[0])) % 180 // 20]

# %% right one_pixel: a tuple of floats
one_pixel = (3.0, -4.0, 5.0, 6)

# %% wrong hog_cell: not written
# says: hog_cell is not written yet
def hog_cell(patch):
    raise NotImplementedError

# %% wrong hog_cell: every pixel one vote
# says: a vote weighs as much as the magnitude
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    angle = np.degrees(np.arctan2(g_y, g_x)) % 180
    return np.histogram(angle, bins=9, range=(0, 180))[0]

# %% wrong hog_cell: signed orientations
# says: orientation is unsigned
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    angle = np.degrees(np.arctan2(g_y, g_x)) % 360
    return np.histogram(angle, bins=9, range=(0, 360), weights=np.hypot(g_x, g_y))[0]

# %% wrong hog_cell: bytes wrap around
# says: bytes have no negative numbers
def hog_cell(patch):
    g_x, g_y = patch[1:-1, 2:] - patch[1:-1, :-2], patch[2:, 1:-1] - patch[:-2, 1:-1]
    g_x, g_y = g_x.astype(float), g_y.astype(float)
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: radians
# says: np.degrees
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    bins = (np.arctan2(g_y, g_x) % np.pi // 20).astype(int)
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: g_x and g_y changed places
# says: changed places
def hog_cell(patch):
    x = patch.astype(float)
    g_y, g_x = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: arctan of the quotient, where it can
# says: arctan2\(g_y, g_x\) knows
def hog_cell(patch):
    histogram = np.zeros(9)
    for i in range(1, patch.shape[0] - 1):
        for j in range(1, patch.shape[1] - 1):
            g_x = float(patch[i, j + 1]) - float(patch[i, j - 1])
            g_y = float(patch[i + 1, j]) - float(patch[i - 1, j])
            angle = np.degrees(np.arctan(g_y / g_x)) % 180 if g_x else 0
            histogram[int(angle // 20) % 9] += np.hypot(g_x, g_y)
    return histogram

# %% wrong hog_cell: shares the votes, as in the paper
# says: each vote goes to one bin whole
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    histogram = np.zeros(9)
    for angle, magnitude in zip((np.degrees(np.arctan2(g_y, g_x)) % 180).ravel(), np.hypot(g_x, g_y).ravel()):
        low, share = divmod(angle / 20 - 0.5, 1)
        histogram[int(low) % 9] += magnitude * (1 - share)
        histogram[int(low + 1) % 9] += magnitude * share
    return histogram

# %% wrong hog_cell: np.gradient of the whole patch
# says: the frame took part
def hog_cell(patch):
    g_y, g_x = np.gradient(patch.astype(float))
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: np.gradient halves
# says: not halved
def hog_cell(patch):
    g_y, g_x = (g[1:-1, 1:-1] for g in np.gradient(patch.astype(float)))
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: normalised
# says: stays as it is
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    histogram = np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)
    return histogram / (np.linalg.norm(histogram) + 1e-12)

# %% wrong hog_cell: as many bins as are needed
# says: a histogram has 9 numbers
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel())

# %% wrong hog_cell: the angle's sign is dropped
# says: sign of the angle was dropped
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    bins = (np.abs(np.degrees(np.arctan2(g_y, g_x))) // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: one difference the wrong way round
# says: wrong sign
def hog_cell(patch):
    x = patch.astype(float)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[:-2, 1:-1] - x[2:, 1:-1]
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.hypot(g_x, g_y).ravel(), 9)

# %% wrong hog_cell: 180 degrees has a bin of its own
# says: IndexError|stopped with|differs
def hog_cell(patch):
    x, histogram = patch.astype(float), np.zeros(9)
    for i in range(1, x.shape[0] - 1):
        for j in range(1, x.shape[1] - 1):
            g_x, g_y = x[i, j + 1] - x[i, j - 1], x[i + 1, j] - x[i - 1, j]
            angle = np.degrees(np.arctan2(g_y, g_x))
            angle = angle + 180 if angle < 0 else angle
            histogram[int(angle // 20)] += (g_x**2 + g_y**2) ** 0.5
    return histogram

# %% right hog_cell: pixel by pixel
def hog_cell(patch):
    histogram = np.zeros(9)
    height, width = patch.shape
    for i in range(1, height - 1):
        for j in range(1, width - 1):
            g_x = float(patch[i, j + 1]) - float(patch[i, j - 1])
            g_y = float(patch[i + 1, j]) - float(patch[i - 1, j])
            angle = np.degrees(np.arctan2(g_y, g_x)) % 180
            histogram[int(angle // 20) % 9] += (g_x**2 + g_y**2) ** 0.5
    return histogram

# %% right hog_cell: np.histogram
def hog_cell(patch):
    x = patch.astype(np.float64)
    g_x, g_y = x[1:-1, 2:] - x[1:-1, :-2], x[2:, 1:-1] - x[:-2, 1:-1]
    angle = np.degrees(np.arctan2(g_y, g_x)) % 180
    return np.histogram(angle, bins=9, range=(0, 180), weights=np.hypot(g_x, g_y))[0]

# %% right hog_cell: complex numbers, in float32
def hog_cell(patch):
    x = patch.astype(np.float32)
    g = (x[1:-1, 2:] - x[1:-1, :-2]) + 1j * (x[2:, 1:-1] - x[:-2, 1:-1])
    bins = (np.angle(g, deg=True) % 180 // 20).astype(int) % 9
    return np.array([np.abs(g)[bins == b].sum() for b in range(9)])

# %% right hog_cell: np.gradient, doubled and cut
def hog_cell(patch):
    g_y, g_x = (2 * g[1:-1, 1:-1] for g in np.gradient(patch.astype(float)))
    bins = (np.degrees(np.arctan2(g_y, g_x)) % 180 // 20).astype(int) % 9
    return np.bincount(bins.ravel(), np.sqrt(g_x**2 + g_y**2).ravel(), 9)
