# Answers to the exercises of notebook 06: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# ---------------------------------------------------------------------------------------------- by hand

# %% wrong lenet_sides: not answered
# says: \[0\] is not answered yet
lenet_sides = [None, None, None, None, None]

# %% wrong lenet_sides: no padding
# says: left out the padding of the first
lenet_sides = [24, 12, 8, 4, 256]

# %% wrong lenet_sides: padding twice
# says: second convolution has no padding
lenet_sides = [28, 14, 14, 7, 784]

# %% wrong lenet_sides: padding on one side
# says: counts twice
lenet_sides = [26, 13, 9, 4, 256]

# %% wrong lenet_sides: one map flattened
# says: keeps all 16 maps
lenet_sides = [28, 14, 10, 5, 25]

# %% wrong lenet_sides: pool with stride 1
# says: moves by two
lenet_sides = [28, 27, 23, 22, 7744]

# %% wrong lenet_sides: four of five
# says: expected a list of 5
lenet_sides = [28, 14, 10, 5]

# %% right lenet_sides: a tuple
lenet_sides = (28, 14, 10, 5, 400)

# %% right lenet_sides: worked out
lenet_sides = np.array([28 + 4 - 4, 28 // 2, 14 - 4, 10 // 2, 16 * 5 * 5])

# %% wrong parameters: not answered
# says: is not answered yet
parameters = [None] * 6

# %% wrong parameters: without biases
# says: bias as well
parameters = [150, 2400, 48000, 10080, 840, 61470]

# %% wrong parameters: a kernel for each map only
# says: one|each pair
parameters = [156, 416, 48120, 10164, 850, 59706]

# %% wrong parameters: no padding in the first convolution
# says: 16 · 5 · 5 = 400
parameters = [156, 2416, 30840, 10164, 850, 44426]

# %% wrong parameters: one bias for a layer
# says: too few
parameters = [151, 2401, 48001, 10081, 841, 61475]

# %% wrong parameters: added up wrongly
# says: add them up once more
parameters = [156, 2416, 48120, 10164, 850, 61856]

# %% wrong parameters: one slip
# says: 1 of 6 cells is wrong: \[3\]
parameters = [156, 2416, 48120, 10165, 850, 61706]

# %% right parameters: worked out
parameters = [6 * 26, 16 * 151, 120 * 401, 84 * 121, 10 * 85, 61706]

# %% right parameters: floats
parameters = (156.0, 2416.0, 48120.0, 10164.0, 850.0, 61706.0)

# %% wrong first_losses: not answered
# says: is not answered yet
first_losses = [None, None, None]

# %% wrong first_losses: to the base 10
# says: base 10
first_losses = [1, 0.3, 3]

# %% wrong first_losses: to the base 2
# says: base 2
first_losses = [3.32, 1.0, 9.97]

# %% wrong first_losses: negative
# says: minus
first_losses = [-2.3, -0.69, -6.91]

# %% wrong first_losses: probabilities
# says: probabilities
first_losses = [0.1, 0.5, 0.001]

# %% wrong first_losses: text
# says: without quotes
first_losses = ["2.30", 0.69, 6.91]

# %% wrong first_losses: one decimal
# says: rounds to 6.91
first_losses = [2.3, 0.69, 6.9]

# %% right first_losses: not rounded
first_losses = [np.log(10), np.log(2), np.log(1000)]

# %% right first_losses: rounded by NumPy
first_losses = np.round(np.log([10, 2, 1000]), 2)

# %% right first_losses: rounded by Python
first_losses = [round(float(-np.log(1 / n)), 2) for n in (10, 2, 1000)]

# %% wrong bug_lines: not answered
# says: is not answered yet
bug_lines = [None, None, None, None, None]

# %% wrong bug_lines: the kernel
# says: what did line 2 average over
bug_lines = [3, 3, 8, 2, 3]

# %% wrong bug_lines: random_split
# says: random_split is right
bug_lines = [2, 2, 8, 2, 3]

# %% wrong bug_lines: body.eval
# says: body.eval\(\) is right
bug_lines = [2, 3, 3, 2, 3]

# %% wrong bug_lines: net.eval
# says: net.eval\(\) is right
bug_lines = [2, 3, 6, 2, 3]

# %% wrong bug_lines: no_grad
# says: nothing to do with the mode
bug_lines = [2, 3, 8, 3, 3]

# %% wrong bug_lines: the rates
# says: trying several rates is right
bug_lines = [2, 3, 8, 2, 1]

# %% wrong bug_lines: two slips
# says: 2 of 5 cells are wrong
bug_lines = [1, 3, 8, 2, 2]

# %% right bug_lines: a tuple
bug_lines = (2, 3, 8, 2, 3)

# %% right bug_lines: an array
bug_lines = np.array([2, 3, 8, 2, 3])

# %% wrong reported: not answered
# says: is not answered yet
reported = None

# %% wrong reported: afterwards
# says: after
reported = 85

# %% wrong reported: the last batch
# says: last batch
reported = 80

# %% wrong reported: five shares
# says: stopped adding
reported = 57

# %% wrong reported: the sum
# says: sum
reported = 200

# %% wrong reported: a fraction
# says: fraction
reported = 0.5

# %% wrong reported: the median
# says: median
reported = 55

# %% right reported: a mean
reported = np.mean([10, 40, 70, 80])

# %% right reported: a float
reported = 50.0

# %% wrong heads: not answered
# says: is not answered yet
heads = [None, None]

# %% wrong heads: without biases
# says: bias as well
heads = [102_760_448, 512_000]

# %% wrong heads: 7 by 7 in the second
# says: one number for each
heads = [102_764_544, 25_089_000]

# %% wrong heads: 7 in the first
# says: 49 cells
heads = [14_684_160, 513_000]

# %% wrong heads: pooled before the first
# says: Flatten keeps all
heads = [2_101_248, 513_000]

# %% wrong heads: the classes at once
# says: 4096 units
heads = [25_089_000, 513_000]

# %% wrong heads: one off
# says: 1 of 2 cells is wrong
heads = [102_764_545, 513_000]

# %% right heads: worked out
heads = [(512 * 7 * 7 + 1) * 4096, 513 * 1000]

# %% right heads: counted by torch
heads = [sum(p.numel() for p in nn.Linear(n, units, device="meta").parameters()) for n, units in ((25088, 4096), (512, 1000))]

# ---------------------------------------------------------------------------------------------- trace_shapes

# %% wrong trace_shapes: not written
# says: trace_shapes is not written yet
def trace_shapes(layers, shape):
    raise NotImplementedError

# %% wrong trace_shapes: nothing returned
# says: is None
def trace_shapes(layers, shape):
    shapes = []

# %% wrong trace_shapes: the input shape too
# says: no layer's output
def trace_shapes(layers, shape):
    shapes = [shape]
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: only the last shape
# says: one shape for each layer
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes[-1]

# %% wrong trace_shapes: relu left out
# says: its place in the list
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            continue
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: flatten gives the channels
# says: C \* H \* W
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (shape[0],)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: flatten keeps the channels apart
# says: merges the channels too
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (shape[0], int(np.prod(shape[1:])))
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: flatten without the comma
# says: a tuple, after each layer
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = int(np.prod(shape))
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and np.min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: global keeps two axes of 1
# says: one number for each channel
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0], 1, 1)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: the pool rounds up
# says: round down
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], -(-shape[1] // n[0]), -(-shape[2] // n[0]))
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: the pool always halves
# says: need not be 2
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // 2, shape[2] // 2)
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: no padding
# says: padding of a convolution is ignored
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + -k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: padding once
# says: both sides
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: no stride
# says: stride of a convolution is ignored
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // 1 + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: no plus one
# says: \+ 1 is missing
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: no floor
# says: Layer by layer|rounds down|whole
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) / s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: linear takes anything
# says: exactly as many numbers
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],)
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: linear flattens by itself
# says: does not flatten
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if np.prod(shape) == n[0] else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: linear gives what comes in
# says: gives its second number
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[0],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: conv takes any channels
# says: exactly as many channels
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides)
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: goes on after None
# says: nothing comes
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            return shapes + [None] * (len(layers) - len(shapes))
    return shapes

# %% wrong trace_shapes: None left out
# says: its place in the list holds None
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        if shape is None:
            break
        shapes.append(shape)
    return shapes

# %% wrong trace_shapes: a picture smaller than the window
# says: Layer by layer
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: texts
# says: trace_shapes
def trace_shapes(layers, shape):
    shapes = []
    for kind, *n in layers:
        if kind == "relu":
            pass
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (n[1],) if shape == (n[0],) else None
        elif len(shape) != 3:
            shape = None
        elif kind == "global":
            shape = (shape[0],)
        elif kind == "pool":
            shape = (shape[0], shape[1] // n[0], shape[2] // n[0])
        else:
            c, m, k, s, p = n
            sides = [(side + 2 * p - k) // s + 1 for side in shape[1:]]
            shape = (m, *sides) if shape[0] == c else None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return [str(shape) for shape in shapes]

# %% right trace_shapes: a function for one layer
def after(layer, shape):
    match layer:
        case ("relu",):
            return shape
        case ("flatten",):
            return (int(np.prod(shape)),)
        case ("linear", n, units):
            return (units,) if shape == (n,) else None
    if len(shape) < 3:
        return None
    channels, *sides = shape
    match layer:
        case ("global",):
            return (channels,)
        case ("pool", size):
            sides = [side // size for side in sides]
        case ("conv", expected, maps, k, stride, padding):
            if channels != expected:
                return None
            channels, sides = maps, [(side + 2 * padding - k) // stride + 1 for side in sides]
    return (channels, *sides) if min(sides) > 0 else None


def trace_shapes(layers, shape):
    shapes = []
    for layer in layers:
        shapes.append(after(layer, shapes[-1] if shapes else shape))
        if shapes[-1] is None:
            return shapes
    return shapes

# %% right trace_shapes: torch tries it
def trace_shapes(layers, shape):
    x = torch.zeros(1, *shape, device="meta")
    shapes = []
    for kind, *n in layers:
        try:
            if kind == "linear" and x.dim() != 2 or kind in ("conv", "pool", "global") and x.dim() != 4:
                raise RuntimeError
            x = {"conv": nn.Conv2d, "pool": nn.MaxPool2d, "relu": nn.ReLU, "flatten": nn.Flatten, "linear": nn.Linear,
                 "global": lambda: lambda x: x.mean((2, 3))}[kind](*n, **({"device": "meta"} if kind in ("conv", "linear") else {}))(x)
        except RuntimeError:
            return shapes + [None]
        shapes.append(tuple(x.shape[1:]))
    return shapes

# %% wrong trace_shapes: a kernel must fit without the padding
# says: Layer by layer: conv 2 x 1 x 2
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind == "global":
            shape = shape[:1] if len(shape) == 3 else None
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if len(shape) == 3 and shape[0] == channels and k <= min(shape[1:]):
                rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: int in place of the floor
# says: conv does not fit
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind == "global":
            shape = shape[:1] if len(shape) == 3 else None
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if len(shape) == 3 and shape[0] == channels:
                rows, columns = (int((side + 2 * padding - k) / stride) + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: only the rows are looked at
# says: does not fit
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind == "global":
            shape = shape[:1] if len(shape) == 3 else None
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if len(shape) == 3 and shape[0] == channels:
                rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and len(shape) > 1 and shape[1] < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: global on what is flat
# says: Layer by layer: flatten 8, global does not fit
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind == "global":
            shape = shape[:1]
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if len(shape) == 3 and shape[0] == channels:
                rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: linear looks at the last axis alone
# says: all numbers that come in, and not the last axis alone
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape[-1] == numbers[0] else None
        elif kind == "global":
            shape = shape[:1] if len(shape) == 3 else None
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if len(shape) == 3 and shape[0] == channels:
                rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: conv on what is flat
# says: conv does not fit|stopped with
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind == "global":
            shape = shape[:1] if len(shape) == 3 else None
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if shape[0] == channels:
                rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# %% wrong trace_shapes: flatten on three axes only
# says: flatten 24, flatten 24
def trace_shapes(layers, shape):
    shapes = []
    for kind, *numbers in layers:
        if kind == "flatten":
            shape = (int(np.prod(shape)),) if len(shape) == 3 else None
        elif kind == "linear":
            shape = (numbers[1],) if shape == (numbers[0],) else None
        elif kind == "global":
            shape = shape[:1] if len(shape) == 3 else None
        elif kind == "pool":
            shape = (shape[0], shape[1] // numbers[0], shape[2] // numbers[0]) if len(shape) == 3 else None
        elif kind == "conv":
            channels, maps, k, stride, padding = numbers
            if len(shape) == 3 and shape[0] == channels:
                rows, columns = ((side + 2 * padding - k) // stride + 1 for side in shape[1:])
                shape = (maps, rows, columns)
            else:
                shape = None
        if shape is not None and min(shape) < 1:
            shape = None
        shapes.append(shape)
        if shape is None:
            break
    return shapes

# ---------------------------------------------------------------------------------------------- lenet

# %% wrong lenet: not written
# says: not written yet
def lenet():
    raise NotImplementedError

# %% wrong lenet: a class in place of a network
# says: returns a class; make a network of it
def lenet():
    return nn.Sequential

# %% wrong lenet: no padding
# says: Without the padding of 2
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: padding in both
# says: second convolution has no padding
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: padding in the second only
# says: belongs to the first convolution
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(576, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: colour
# says: Digits are grey
def lenet():
    return nn.Sequential(nn.Conv2d(3, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: no biases
# says: has a bias
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2, bias=False), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5, bias=False), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: one linear layer too few
# says: two linear layers
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 10))

# %% wrong lenet: layers declared in another order
# says: in the order of model.parameters\(\), parameter 0.*order is not. It is that in which `__init__` makes the layers
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc3 = nn.Linear(84, 10)
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2 = nn.Linear(400, 120), nn.Linear(120, 84)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def lenet():
    return Net()

# %% wrong lenet: softmax at the end
# says: ends with a softmax
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10), nn.Softmax(dim=1))

# %% wrong lenet: log_softmax at the end
# says: ends with log_softmax
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10), nn.LogSoftmax(dim=1))

# %% wrong lenet: ReLU at the end
# says: no logit can be negative
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10), nn.ReLU())

# %% wrong lenet: no activation
# says: no activation at all
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10))

# %% wrong lenet: no ReLU between the linear layers
# says: no ReLU between them
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10))

# %% wrong lenet: no ReLU behind the convolutions
# says: convolutions have no ReLU
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: tanh
# says: tanh, as in 1998
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))

# %% wrong lenet: average pools
# says: average pools
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: the batch is flattened away
# says: batch flattened away
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten()
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def lenet():
    return Net()

# %% wrong lenet: flattened in another order
# says: look at what lies between them
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).permute(0, 2, 3, 1).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def lenet():
    return Net()

# %% right lenet: a class
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.view(-1, 16 * 5 * 5))))))


def lenet():
    return Net()

# %% right lenet: pool before ReLU, dropout in the head
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, (5, 5), padding="same"), nn.MaxPool2d(2), nn.ReLU(inplace=True), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2, 2), nn.ReLU(),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Dropout(0.1), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

# %% wrong lenet: the same network at each call
# says: same network at each call
MADE = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                     nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def lenet():
    return MADE

# %% wrong lenet: no forward
# says: no method `forward`
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

        def forward(self, x):
            return x


def lenet():
    return Net()

# %% wrong lenet: layers in a plain list
# says: has 0 parameters.*plain list
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                       nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                       nn.Linear(84, 10)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def lenet():
    return Net()

# ---------------------------------------------------------------------------------------------- practice_net

# %% wrong practice_net: not written
# says: not written yet
def practice_net():
    raise NotImplementedError

# %% wrong practice_net: no padding
# says: \(5 - 1\) / 2
def practice_net():
    return nn.Sequential(nn.Conv2d(3, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 1000), nn.ReLU(), nn.Linear(1000, 10))

# %% wrong practice_net: a pool forgotten
# says: a pool after each
def practice_net():
    return nn.Sequential(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(4096, 1000), nn.ReLU(), nn.Linear(1000, 10))

# %% wrong practice_net: grey
# says: three channels
def practice_net():
    return nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 1000), nn.ReLU(), nn.Linear(1000, 10))

# %% wrong practice_net: no hidden units
# says: 1000 units
def practice_net():
    return nn.Sequential(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 10))

# %% wrong practice_net: no ReLU in the head
# says: no ReLU between them
def practice_net():
    return nn.Sequential(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 1000), nn.Linear(1000, 10))

# %% wrong practice_net: a softmax
# says: ends with a softmax
def practice_net():
    return nn.Sequential(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 1000), nn.ReLU(), nn.Linear(1000, 10), nn.Softmax(1))

# %% wrong practice_net: batch norm too
# says: add no layer that was not asked for
def practice_net():
    return nn.Sequential(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 1000), nn.ReLU(), nn.Linear(1000, 10),
                         nn.BatchNorm1d(10))

# %% right practice_net: a class with a body and a head
class Practice(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.ModuleList([nn.Conv2d(3, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2), nn.Conv2d(64, 64, 5, padding=2)])
        self.hidden, self.logits = nn.Linear(1024, 1000), nn.Linear(1000, 10)

    def forward(self, x):
        for convolution in self.body:
            x = F.max_pool2d(convolution(x).relu(), 2)
        return self.logits(self.hidden(torch.flatten(x, 1)).relu())


def practice_net():
    return Practice()

# %% right practice_net: same padding by name
def practice_net():
    def block(channels, maps):
        return nn.Sequential(nn.Conv2d(channels, maps, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2))

    return nn.Sequential(block(3, 32), block(32, 64), block(64, 64), nn.Flatten(), nn.Linear(1024, 1000), nn.ReLU(), nn.Linear(1000, 10))

# ---------------------------------------------------------------------------------------------- evaluate

# %% wrong evaluate: not written
# says: evaluate is not written yet
def evaluate(model, batches):
    raise NotImplementedError

# %% wrong evaluate: as the practice notebook does, the loss divided by the batches
# says: mean of the batches' means
def evaluate(model, batches):
    model.eval()
    loss, right, count, number = 0, 0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item()
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
            number += 1
    model.train()
    return loss / number, right / count

# %% wrong evaluate: both are means of means
# says: Both numbers are means
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    rows = []
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            rows.append([F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).double().mean().item()])
    for m, mode in modes:
        m.training = mode
    loss, accuracy = np.mean(rows, axis=0)
    return float(loss), float(accuracy)

# %% wrong evaluate: accuracies averaged
# says: mean of the batches' accuracies
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, count, shares = 0.0, 0, []
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y, reduction="sum").item()
            count += len(x)
            shares.append((logits.argmax(1) == y).double().mean().item())
    for m, mode in modes:
        m.training = mode
    return loss / count, float(np.mean(shares))

# %% wrong evaluate: never in eval mode
# says: model.eval\(\) is missing
def evaluate(model, batches):
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    return loss / count, right / count

# %% wrong evaluate: eval mode after the first batch
# says: model.eval\(\)|eval mode
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            model.eval()
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: left in eval mode
# says: left in eval mode
def evaluate(model, batches):
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    return loss / count, right / count

# %% wrong evaluate: ends with model.train()
# says: every\* module into training mode
def evaluate(model, batches):
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    model.train()
    return loss / count, right / count

# %% wrong evaluate: the mode of the whole for every module
# says: the mode of the whole
def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    model.train(training)
    return loss / count, right / count

# %% wrong evaluate: only the direct parts
# says: model.modules\(\), which finds all
def evaluate(model, batches):
    training, parts = model.training, [(part, part.training) for part in model.children()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    model.training = training
    for part, mode in parts:
        part.train(mode)
    return loss / count, right / count

# %% wrong evaluate: gradients kept
# says: kept the graph
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    for x, y in batches:
        logits = model(x)
        loss += F.cross_entropy(logits, y).item() * len(x)
        right += (logits.argmax(1) == y).sum().item()
        count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: gradients off for good
# says: still switched off
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    torch.set_grad_enabled(False)
    loss, right, count = 0.0, 0, 0
    for x, y in batches:
        logits = model(x)
        loss += F.cross_entropy(logits, y).item() * len(x)
        right += (logits.argmax(1) == y).sum().item()
        count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: a tensor is returned
# says: both numbers must be plain
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    for x, y in batches:
        logits = model(x)
        loss += F.cross_entropy(logits, y) * len(x)
        right += (logits.argmax(1) == y).sum()
        count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: argmax along the batch
# says: argmax\(dim=1\)
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(0) == y).sum().item()
            count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: softmax twice
# says: softmax was taken twice
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            p = model(x).softmax(1)
            loss += F.cross_entropy(p, y).item() * len(x)
            right += (p.argmax(1) == y).sum().item()
            count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: percent
# says: in percent
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, 100 * right / count

# %% wrong evaluate: means added, divided by the pictures
# says: multiply it by the size of the batch first
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item()
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: the other way round
# says: changed places
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
            count += len(x)
    for m, mode in modes:
        m.training = mode
    return right / count, loss / count

# %% wrong evaluate: return inside the loop
# says: first batch alone
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            for m, mode in modes:
                m.training = mode
            return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).double().mean().item()

# %% wrong evaluate: the last batch
# says: last batch alone
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss, share = F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).double().mean().item()
    for m, mode in modes:
        m.training = mode
    return loss, share

# %% wrong evaluate: the accuracy only
# says: Return two numbers
def evaluate(model, batches):
    model.eval()
    right, count = 0, 0
    with torch.no_grad():
        for x, y in batches:
            right += (model(x).argmax(1) == y).sum().item()
            count += len(x)
    return right / count

# %% wrong evaluate: asks the batches for their number
# says: any iterable
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item()
            right += (logits.argmax(1) == y).sum().item()
    for m, mode in modes:
        m.training = mode
    return loss / len(batches), right / len(batches.dataset)

# %% wrong evaluate: the parameters frozen in place of no_grad
# says: left with requires_grad = False
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    loss, right, count = 0.0, 0, 0
    for x, y in batches:
        logits = model(x)
        loss += F.cross_entropy(logits, y).item() * len(x)
        right += (logits.argmax(1) == y).sum().item()
        count += len(x)
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% wrong evaluate: asks for the dataset behind the batches
# says: any iterable
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            loss += F.cross_entropy(logits, y).item() * len(x)
            right += (logits.argmax(1) == y).sum().item()
    for m, mode in modes:
        m.training = mode
    return loss / len(batches.dataset), right / len(batches.dataset)

# %% wrong evaluate: goes through the batches twice
# says: can be gone through once only
def evaluate(model, batches):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            loss += F.cross_entropy(model(x), y).item() * len(x)
            count += len(x)
        for x, y in batches:
            right += (model(x).argmax(1) == y).sum().item()
    for m, mode in modes:
        m.training = mode
    return loss / count, right / count

# %% right evaluate: all logits first
@torch.no_grad()
def evaluate(model, batches):
    modes = {module: module.training for module in model.modules()}
    try:
        model.eval()
        logits, labels = map(torch.cat, zip(*[(model(x), y) for x, y in batches]))
    finally:
        for module, mode in modes.items():
            module.training = mode
    return F.cross_entropy(logits, labels).item(), (logits.argmax(dim=-1) == labels).double().mean().item()

# %% right evaluate: inference mode and sums
def evaluate(model, batches):
    before = [module.training for module in model.modules()]
    model.train(False)
    total, hits, n = 0.0, 0, 0
    with torch.inference_mode():
        for x, y in batches:
            scores = model(x)
            total += float(F.cross_entropy(scores, y, reduction="sum"))
            hits += int((scores.max(1).indices == y).sum())
            n += y.numel()
    for module, mode in zip(model.modules(), before):
        module.training = mode
    return total / n, hits / n

# ---------------------------------------------------------------------------------------------- train_one_epoch

# %% wrong train_one_epoch: not written
# says: train_one_epoch is not written yet
def train_one_epoch(model, batches, optimizer):
    raise NotImplementedError

# %% wrong train_one_epoch: no zero_grad
# says: pile up
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: zero_grad once, before the loop
# says: pile up
def train_one_epoch(model, batches, optimizer):
    model.train()
    optimizer.zero_grad()
    total, count = 0.0, 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: zero_grad between backward and step
# says: Nothing was learned
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: no step
# says: Nothing was learned
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: step before backward
# says: gradients of the batch before
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: step before backward, cleared at the start
# says: Nothing was learned
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        optimizer.step()
        loss.backward()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: in the mode it came in
# says: call model.train\(\) before the loop
def train_one_epoch(model, batches, optimizer):
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: eval mode
# says: in eval mode
def train_one_epoch(model, batches, optimizer):
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: no gradients at all
# says: stopped with RuntimeError.*does not require grad
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    with torch.no_grad():
        for x, y in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
            count += len(x)
    return total / count

# %% wrong train_one_epoch: item before backward
# says: stopped with AttributeError.*backward
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y).item()
        loss.backward()
        optimizer.step()
        total += loss * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: the return inside the loop
# says: Only the first batch
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
        return total / count

# %% wrong train_one_epoch: one step for all batches
# says: one step for the whole epoch
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    optimizer.zero_grad()
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        total += loss.item() * len(x)
        count += len(x)
    optimizer.step()
    return total / count

# %% wrong train_one_epoch: softmax twice
# says: softmax was taken twice
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).softmax(dim=1), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: the sum over the batch
# says: and not the sum
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y, reduction="sum")
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(x)
    return total / count

# %% wrong train_one_epoch: an optimizer of its own
# says: the optimizer that is handed in
def train_one_epoch(model, batches, optimizer):
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: two epochs
# says: trained twice
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    batches = list(batches)
    for x, y in batches + batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: the last batch's loss
# says: loss of the last batch
def train_one_epoch(model, batches, optimizer):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()

# %% wrong train_one_epoch: the mean of the batches' means
# says: mean of the batches' means
def train_one_epoch(model, batches, optimizer):
    model.train()
    losses = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)

# %% wrong train_one_epoch: the sum of the losses
# says: sum of the batches' losses
def train_one_epoch(model, batches, optimizer):
    model.train()
    total = 0.0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total

# %% wrong train_one_epoch: means added, divided by the pictures
# says: multiply it by the size of the batch first
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(x)
    return total / count

# %% wrong train_one_epoch: a tensor is returned
# says: add up loss.item\(\)
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss * len(x)
        count += len(x)
    return total / count

# %% wrong train_one_epoch: the loss afterwards
# says: after\* the epoch
def train_one_epoch(model, batches, optimizer):
    model.train()
    batches = list(batches)
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    return sum(F.cross_entropy(model(x), y, reduction="sum").item() for x, y in batches) / sum(len(x) for x, y in batches)

# %% wrong train_one_epoch: nothing returned
# says: the loss of train_one_epoch.* is None
def train_one_epoch(model, batches, optimizer):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

# %% right train_one_epoch: cleared at the end of each step
def train_one_epoch(model, batches, optimizer):
    model.train(True)
    model.zero_grad()
    losses, sizes = [], []
    for x, y in batches:
        loss = nn.CrossEntropyLoss()(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        sizes.append(len(y))
    return float(np.average(losses, weights=sizes))

# %% right train_one_epoch: log_softmax and nll, summed without the graph
def train_one_epoch(model, batches, optimizer):
    model.train()
    total, count = 0, 0
    for x, y in batches:
        loss = F.nll_loss(model(x).log_softmax(dim=1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = total + loss.detach() * y.shape[0]
        count += y.shape[0]
    return float(total / count)

# ---------------------------------------------------------------------------------------------- to_grey

# %% wrong to_grey: not written
# says: to_grey is not written yet
def to_grey(batch):
    raise NotImplementedError

# %% wrong to_grey: the mean over the batch
# says: practice notebook's bug
def to_grey(batch):
    return batch.mean(dim=0, keepdims=True)

# %% wrong to_grey: the axis is gone
# says: channel axis is gone
def to_grey(batch):
    return batch.mean(dim=1)

# %% wrong to_grey: over the rows
# says: Axis 2 holds the rows
def to_grey(batch):
    return batch.mean(dim=2, keepdim=True)

# %% wrong to_grey: over the columns
# says: Axis 3 holds the columns
def to_grey(batch):
    return batch.mean(dim=-1, keepdim=True)

# %% wrong to_grey: one channel
# says: one of the three channels
def to_grey(batch):
    return batch[:, :1]

# %% wrong to_grey: the sum
# says: sum of the channels
def to_grey(batch):
    return batch.sum(dim=1, keepdim=True)

# %% wrong to_grey: television's grey
# says: television
def to_grey(batch):
    return (batch * torch.tensor([0.299, 0.587, 0.114], dtype=batch.dtype)[:, None, None]).sum(1, keepdim=True)

# %% right to_grey: an axis put back
def to_grey(batch):
    return batch.mean(1)[:, None]

# %% right to_grey: a 1 by 1 convolution
def to_grey(batch):
    channels = batch.shape[1]
    return F.conv2d(batch, torch.full((1, channels, 1, 1), 1 / channels, dtype=batch.dtype))

# ---------------------------------------------------------------------------------------- split_with_transforms

# %% wrong split_with_transforms: not written
# says: split_with_transforms is not written yet
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    raise NotImplementedError

# %% wrong split_with_transforms: as the practice notebook does
# says: a transform set on it is read by nobody
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    whole = make_dataset(training_transform)
    there = round(held_out * len(whole))
    training, validation = torch.utils.data.random_split(whole, [len(whole) - there, there], torch.Generator().manual_seed(seed))
    validation.transform = validation_transform
    return training, validation

# %% wrong split_with_transforms: the set behind both
# says: Both halves look into one dataset
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    whole = make_dataset(training_transform)
    there = round(held_out * len(whole))
    training, validation = torch.utils.data.random_split(whole, [len(whole) - there, there], torch.Generator().manual_seed(seed))
    validation.dataset.transform = validation_transform
    return training, validation

# %% wrong split_with_transforms: no transform at all
# says: get no transform
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    whole = make_dataset(None)
    there = round(held_out * len(whole))
    training, validation = torch.utils.data.random_split(whole, [len(whole) - there, there], torch.Generator().manual_seed(seed))
    training.transform, validation.transform = training_transform, validation_transform
    return training, validation

# %% wrong split_with_transforms: the transforms changed places
# says: changed places
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(validation_transform), make_dataset(training_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed)).tolist()
    there = round(held_out * len(a))
    return torch.utils.data.Subset(a, order[there:]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: two draws
# says: pictures are in both sets
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    generator, there = torch.Generator().manual_seed(seed), round(held_out * len(a))
    sizes = [len(a) - there, there]
    return torch.utils.data.random_split(a, sizes, generator)[0], torch.utils.data.random_split(b, sizes, generator)[1]

# %% wrong split_with_transforms: not shuffled
# says: in a row
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    there = round(held_out * len(a))
    return (torch.utils.data.Subset(a, range(len(a) - there)),
            torch.utils.data.Subset(b, range(len(a) - there, len(a))))

# %% wrong split_with_transforms: the halves changed places
# says: changed places: return training, validation
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed)).tolist()
    there = round(held_out * len(a))
    return torch.utils.data.Subset(b, order[:there]), torch.utils.data.Subset(a, order[there:])

# %% wrong split_with_transforms: held_out ignored
# says: are held out
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed)).tolist()
    there = len(a) // 5
    return torch.utils.data.Subset(a, order[there:]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: cut off in place of rounded
# says: round\(0.25 \* 51\) = 13
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed)).tolist()
    there = int(held_out * len(a))
    return torch.utils.data.Subset(a, order[there:]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: seed ignored
# says: same split for every seed
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(0)).tolist()
    there = round(held_out * len(a))
    return torch.utils.data.Subset(a, order[there:]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: another draw each time
# says: another split when it is called again
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a)).tolist()
    there = round(held_out * len(a))
    return torch.utils.data.Subset(a, order[there:]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: augmented once, for good
# says: drawn anew
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed)).tolist()
    there = round(held_out * len(a))
    return [a[i] for i in order[there:]], [b[i] for i in order[:there]]

# %% wrong split_with_transforms: drawn with repeats
# says: there twice|in neither|in both sets
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randint(len(a), (len(a),), generator=torch.Generator().manual_seed(seed)).tolist()
    there = round(held_out * len(a))
    return torch.utils.data.Subset(a, order[there:]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: cut from the end
# says: order\[-0:\] is the whole order
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed)).tolist()
    there = round(held_out * len(a))
    return torch.utils.data.Subset(a, order[:-there]), torch.utils.data.Subset(b, order[-there:])

# %% wrong split_with_transforms: halves that overlap, by tensors of indices
# says: pictures are in both sets
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    a, b = make_dataset(training_transform), make_dataset(validation_transform)
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(seed))
    there = round(held_out * len(a))
    return torch.utils.data.Subset(a, order[:len(a) - there]), torch.utils.data.Subset(b, order[:there])

# %% wrong split_with_transforms: only the training set
# says: stopped with
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    return make_dataset(training_transform)

# %% right split_with_transforms: NumPy draws
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    whole = make_dataset(validation_transform)
    held = round(held_out * len(whole))
    order = np.random.default_rng(seed).permutation(len(whole))
    validation = torch.utils.data.Subset(whole, order[:held])
    return torch.utils.data.Subset(make_dataset(training_transform), order[held:]), validation

# %% right split_with_transforms: random_split twice with the same seed
def split_with_transforms(make_dataset, training_transform, validation_transform, held_out=0.2, seed=0):
    halves = []
    for half, transform in enumerate((training_transform, validation_transform)):
        whole = make_dataset(transform)
        there = round(held_out * len(whole))
        halves.append(torch.utils.data.random_split(whole, [len(whole) - there, there], torch.Generator().manual_seed(seed))[half])
    return halves

# ---------------------------------------------------------------------------------------------- gap_head

# %% wrong gap_head: not written
# says: not written yet
def gap_head(channels, classes=10):
    raise NotImplementedError

# %% wrong gap_head: maximum
# says: global max pooling
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(channels, classes))

# %% wrong gap_head: flattened
# says: depend on their size|it has|parameter 0
def gap_head(channels, classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * 4, classes))

# %% wrong gap_head: always ten classes
# says: need not be 10
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))

# %% wrong gap_head: in and out changed places
# says: nn.Linear\(in, out\)
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(classes, channels))

# %% wrong gap_head: not flattened
# says: flatten \(N, C, 1, 1\) to \(N, C\)
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Linear(channels, classes))

# %% wrong gap_head: a window of a fixed size
# says: the head must take any size
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(channels, classes))

# %% wrong gap_head: softmax
# says: softmax follows
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes), nn.Softmax(dim=1))

# %% wrong gap_head: no bias
# says: weights and biases
def gap_head(channels, classes=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes, bias=False))

# %% wrong gap_head: the sum
# says: sum over each map
class Head(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        return self.linear(x.sum(dim=(2, 3)))


def gap_head(channels, classes=10):
    return Head(channels, classes)

# %% right gap_head: a class with a mean
class Head(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        return self.linear(x.mean(dim=(-2, -1)))


def gap_head(channels, classes=10):
    return Head(channels, classes)

# %% right gap_head: flattened first
class Head(nn.Linear):
    def forward(self, x):
        return super().forward(x.flatten(2).mean(2))


def gap_head(channels, classes=10):
    return Head(channels, classes)
