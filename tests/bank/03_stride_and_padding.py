# Answers to the exercises of notebook 03: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong sums_stride_1: not answered
# says: not answered yet
sums_stride_1 = None

# %% wrong sums_stride_1: only the cells of the slides
# says: sums_stride_1\[0, 2\] is not answered yet
sums_stride_1 = [["1a+2b+5c+6d", "2a+3b+6c+7d", None], [None, None, None], [None, None, None]]

# %% wrong sums_stride_1: the kernel was turned
# says: true convolution: you turned the kernel
sums_stride_1 = [["6a+5b+2c+1d", "7a+6b+3c+2d", "8a+7b+4c+3d"],
                 ["10a+9b+6c+5d", "11a+10b+7c+6d", "12a+11b+8c+7d"],
                 ["14a+13b+10c+9d", "15a+14b+11c+10d", "16a+15b+12c+11d"]]

# %% wrong sums_stride_1: b and c changed places
# says: b and c changed places
sums_stride_1 = [[f"{n}a+{n + 4}b+{n + 1}c+{n + 5}d" for n in (row, row + 1, row + 2)] for row in (1, 5, 9)]

# %% wrong sums_stride_1: column by column
# says: column by column
sums_stride_1 = [[f"{n}a + {n + 1}b + {n + 4}c + {n + 5}d" for n in (row, row + 4, row + 8)] for row in (1, 2, 3)]

# %% wrong sums_stride_1: four numbers in a row
# says: four numbers in a row
sums_stride_1 = [[f"{n}a+{n + 1}b+{n + 2}c+{n + 3}d" for n in (row, row + 1, row + 2)] for row in (1, 5, 9)]

# %% wrong sums_stride_1: the windows of stride 2
# says: 2 x 2 .*expected 3 x 3.*windows of stride 2
sums_stride_1 = [["1a+2b+5c+6d", "3a+4b+7c+8d"], ["9a+10b+13c+14d", "11a+12b+15c+16d"]]

# %% wrong sums_stride_1: numbers instead of sums
# says: sums_stride_1\[0, 0\] is the number 44; expected a sum of a, b, c, d in quotes
sums_stride_1 = [[44, 54, 64], [84, 94, 104], [124, 134, 144]]

# %% wrong sums_stride_1: a letter is missing
# says: sums_stride_1\[2, 2\] is "11a\+12b\+15c\+16", which cannot be read as a sum
sums_stride_1 = [["1a+2b+5c+6d", "2a+3b+6c+7d", "3a+4b+7c+8d"],
                 ["5a+6b+9c+10d", "6a+7b+10c+11d", "7a+8b+11c+12d"],
                 ["9a+10b+13c+14d", "10a+11b+14c+15d", "11a+12b+15c+16"]]

# %% wrong sums_stride_1: one slip
# says: 1 of 9 cells is wrong: \[1, 1\] \('6a\+7b\+10c\+12d'\)
sums_stride_1 = [["1a+2b+5c+6d", "2a+3b+6c+7d", "3a+4b+7c+8d"],
                 ["5a+6b+9c+10d", "6a+7b+10c+12d", "7a+8b+11c+12d"],
                 ["9a+10b+13c+14d", "10a+11b+14c+15d", "11a+12b+15c+16d"]]

# %% right sums_stride_1: spaces, stars, capitals and another order
sums_stride_1 = [["6*D + 5*C + 2*B + 1*A", "2A+3B+6C+7D", "3a +4b +7c +8d"],
                 ["a*5 + b*6 + c*9 + d*10", "(6·a)+(7·b)+(10·c)+(11·d)", "7a+8b+11c+12d"],
                 ["9a+10b+13c+14d", "15d+14c+11b+10a", "11×a+12×b+15×c+16×d"]]

# %% right sums_stride_1: made by a loop
sums_stride_1 = np.array([[f"{n}a+{n + 1}b+{n + 4}c+{n + 5}d" for n in (row, row + 1, row + 2)] for row in (1, 5, 9)])

# %% right sums_stride_1: a term in two parts, and a factor of 1 left out
sums_stride_1 = (("a+2b+5c+6d", "2a+3b+6c+7d", "2a+a+4b+7c+8d"),
                 ("5a+6b+9c+10d", "6a+7b+10c+11d", "7a+8b+11c+12d"),
                 ("9a+10b+13c+14d", "10a+11b+14c+15d", "11a+12b+15c+16d"))

# %% wrong values_stride_1: not answered
# says: not answered yet
values_stride_1 = [[44, 54, 64], [84, 94, 104], [124, 134, None]]

# %% wrong values_stride_1: the kernel was turned
# says: true convolution
values_stride_1 = [[26, 36, 46], [66, 76, 86], [106, 116, 126]]

# %% wrong values_stride_1: the kernel was transposed
# says: transposed the kernel
values_stride_1 = [[41, 51, 61], [81, 91, 101], [121, 131, 141]]

# %% wrong values_stride_1: column by column
# says: column by column
values_stride_1 = np.array([[44, 54, 64], [84, 94, 104], [124, 134, 144]]).T

# %% wrong values_stride_1: not multiplied
# says: without multiplying
values_stride_1 = [[14, 18, 22], [30, 34, 38], [46, 50, 54]]

# %% wrong values_stride_1: the mean
# says: mean of the four products
values_stride_1 = np.array([[44, 54, 64], [84, 94, 104], [124, 134, 144]]) / 4

# %% wrong values_stride_1: one slip
# says: 1 of 9 cells is wrong: \[1, 2\] \(103\)
values_stride_1 = [[44, 54, 64], [84, 94, 103], [124, 134, 144]]

# %% right values_stride_1: an array
values_stride_1 = np.array([[44, 54, 64], [84, 94, 104], [124, 134, 144]], dtype=np.float32)

# %% right values_stride_1: from the first cell and two steps
values_stride_1 = 44 + 10 * np.arange(3) + 40 * np.arange(3)[:, None]

# %% wrong sums_stride_2: not answered
# says: sums_stride_2\[0, 0\] is not answered yet
sums_stride_2 = [[None, None], [None, None]]

# %% wrong sums_stride_2: steps of one
# says: moved by one pixel only
sums_stride_2 = [["1a+2b+5c+6d", "2a+3b+6c+7d"], ["5a+6b+9c+10d", "6a+7b+10c+11d"]]

# %% wrong sums_stride_2: dilated
# says: that is dilation 2
sums_stride_2 = [["a+3b+9c+11d", "2a+4b+10c+12d"], ["5a+7b+13c+15d", "6a+8b+14c+16d"]]

# %% wrong sums_stride_2: column by column
# says: column by column
sums_stride_2 = [["1a+2b+5c+6d", "9a+10b+13c+14d"], ["3a+4b+7c+8d", "11a+12b+15c+16d"]]

# %% wrong sums_stride_2: the rows move by one
# says: down by one only
sums_stride_2 = [["1a+2b+5c+6d", "3a+4b+7c+8d"], ["5a+6b+9c+10d", "7a+8b+11c+12d"]]

# %% wrong sums_stride_2: nine cells
# says: is 3 x 3 .*expected 2 x 2
sums_stride_2 = [["1a+2b+5c+6d", "2a+3b+6c+7d", "3a+4b+7c+8d"],
                 ["5a+6b+9c+10d", "6a+7b+10c+11d", "7a+8b+11c+12d"],
                 ["9a+10b+13c+14d", "10a+11b+14c+15d", "11a+12b+15c+16d"]]

# %% wrong sums_stride_2: an equation
# says: which cannot be read as a sum
sums_stride_2 = [["y = 1a+2b+5c+6d", "3a+4b+7c+8d"], ["9a+10b+13c+14d", "11a+12b+15c+16d"]]

# %% right sums_stride_2: another order
sums_stride_2 = [["6d+5c+2b+a", "8d+7c+4b+3a"], ["14d+13c+10b+9a", "16d+15c+12b+11a"]]

# %% right sums_stride_2: an array of texts
sums_stride_2 = np.array([["1a + 2b + 5c + 6d", "3a + 4b + 7c + 8d"], ["9a + 10b + 13c + 14d", "11a + 12b + 15c + 16d"]])

# %% wrong values_stride_2: not answered
# says: not answered yet
values_stride_2 = None

# %% wrong values_stride_2: steps of one
# says: moved by one pixel only
values_stride_2 = [[44, 54], [84, 94]]

# %% wrong values_stride_2: column by column
# says: column by column
values_stride_2 = [[44, 124], [64, 144]]

# %% wrong values_stride_2: the kernel was turned
# says: true convolution
values_stride_2 = [[26, 46], [106, 126]]

# %% wrong values_stride_2: the rows move by one
# says: down by one only
values_stride_2 = [[44, 64], [84, 104]]

# %% wrong values_stride_2: dilated
# says: that is dilation 2
values_stride_2 = [[78, 88], [118, 128]]

# %% wrong values_stride_2: not multiplied
# says: without multiplying
values_stride_2 = [[14, 22], [46, 54]]

# %% wrong values_stride_2: numbers in quotes
# says: text.*without quotes
values_stride_2 = [["44", "64"], ["124", "144"]]

# %% right values_stride_2: an array
values_stride_2 = np.array([[44.0, 64.0], [124.0, 144.0]])

# %% right values_stride_2: every second cell of stride 1
values_stride_2 = np.array(values_stride_1)[::2, ::2]

# %% wrong sums_padded: not answered
# says: not answered yet
sums_padded = [["1d", "2c+3d", "4c"], ["5b+9d", None, "8a+12c"], ["13b", "14a+15b", "16a"]]

# %% wrong sums_padded: stride 1
# says: stride 1 with padding 1
sums_padded = [["d", "c+2d", "2c+3d", "3c+4d", "4c"],
               ["b+5d", "a+2b+5c+6d", "2a+3b+6c+7d", "3a+4b+7c+8d", "4a+8c"],
               ["5b+9d", "5a+6b+9c+10d", "6a+7b+10c+11d", "7a+8b+11c+12d", "8a+12c"],
               ["9b+13d", "9a+10b+13c+14d", "10a+11b+14c+15d", "11a+12b+15c+16d", "12a+16c"],
               ["13b", "13a+14b", "14a+15b", "15a+16b", "16a"]]

# %% wrong sums_padded: without the frame
# says: without the frame
sums_padded = [["1a+2b+5c+6d", "3a+4b+7c+8d"], ["9a+10b+13c+14d", "11a+12b+15c+16d"]]

# %% wrong sums_padded: the heading believed
# says: heading of the slide, 2 by 2, is wrong
sums_padded = [["1d", "2c+3d"], ["5b+9d", "6a+7b+10c+11d"]]

# %% wrong sums_padded: the kernel was turned
# says: true convolution
sums_padded = [["1a", "3a+2b", "4b"], ["9a+5c", "11a+10b+7c+6d", "12b+8d"], ["13c", "15c+14d", "16d"]]

# %% wrong sums_padded: column by column
# says: column by column
sums_padded = [["d", "5b+9d", "13b"], ["2c+3d", "6a+7b+10c+11d", "14a+15b"], ["4c", "8a+12c", "16a"]]

# %% wrong sums_padded: a frame of ones
# says: frame holds zeros
sums_padded = [["a+b+c+d", "a+b+2c+3d", "a+b+4c+d"], ["a+5b+c+9d", "6a+7b+10c+11d", "8a+b+12c+d"],
               ["a+13b+c+d", "14a+15b+c+d", "16a+b+c+d"]]

# %% wrong sums_padded: the border repeated
# says: repeats the border
sums_padded = [["1a+1b+1c+1d", "2a+3b+2c+3d", "4a+4b+4c+4d"], ["5a+5b+9c+9d", "6a+7b+10c+11d", "8a+8b+12c+12d"],
               ["13a+13b+13c+13d", "14a+15b+14c+15d", "16a+16b+16c+16d"]]

# %% wrong sums_padded: two cells of the border swapped
# says: 2 of 9 cells are wrong
sums_padded = [["1d", "2c+3d", "4d"], ["5b+9d", "6a+7b+10c+11d", "8a+12c"], ["13c", "14a+15b", "16a"]]

# %% right sums_padded: every zero written
sums_padded = [["0a+0b+0c+1d", "0a+0b+2c+3d", "0a+0b+4c+0d"],
               ["0a+5b+0c+9d", "6a+7b+10c+11d", "8a+0b+12c+0d"],
               ["0a+13b+0c+0d", "14a+15b+0c+0d", "16a+0b+0c+0d"]]

# %% right sums_padded: bare zeros and a bare letter
sums_padded = [["0+0+0+d", "0 + 0 + 2c + 3d", "4C"], ["9d+5b", "6a+7b+10c+11d", "12c+8a"], ["13*b", "15b+14a", "a*16"]]

# %% wrong values_padded: not answered
# says: not answered yet
values_padded = None

# %% wrong values_padded: stride 1
# says: stride 1 with padding 1
values_padded = [[4, 11, 18, 25, 12], [22, 44, 54, 64, 28], [46, 84, 94, 104, 44], [70, 124, 134, 144, 60],
                 [26, 41, 44, 47, 16]]

# %% wrong values_padded: without the frame
# says: without the frame
values_padded = [[44, 64], [124, 144]]

# %% wrong values_padded: the heading believed
# says: heading of the slide, 2 by 2, is wrong
values_padded = [[4, 18], [46, 94]]

# %% wrong values_padded: the kernel was turned
# says: true convolution
values_padded = [[1, 7, 8], [24, 76, 56], [39, 101, 64]]

# %% wrong values_padded: not multiplied
# says: without multiplying
values_padded = [[1, 5, 4], [14, 34, 20], [13, 29, 16]]

# %% wrong values_padded: the border repeated
# says: repeats the border
values_padded = [[10, 26, 40], [78, 94, 108], [130, 146, 160]]

# %% right values_padded: an array
values_padded = np.array([[4, 18, 12], [46, 94, 44], [26, 44, 16]], dtype=np.int16)

# %% right values_padded: computed from the sums
values_padded = [[4 * 1, 2 * 3 + 3 * 4, 4 * 3], [5 * 2 + 9 * 4, 6 + 14 + 30 + 44, 8 + 36], [26, 14 + 30, 16.0]]

# %% wrong pad2d: not written
# says: pad2d is not written yet
def pad2d(x, padding, value=0.0):
    raise NotImplementedError("Write your code here")

# %% wrong pad2d: on two sides only
# says: each side grows by twice the padding
def pad2d(x, padding, value=0.0):
    y = np.full((x.shape[0] + padding, x.shape[1] + padding), float(value))
    y[padding:, padding:] = x
    return y

# %% wrong pad2d: below and to the right
# says: below and to the right only
def pad2d(x, padding, value=0.0):
    y = np.full((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), float(value))
    y[:x.shape[0], :x.shape[1]] = x
    return y

# %% wrong pad2d: rows only
# says: the columns of the frame are missing
def pad2d(x, padding, value=0.0):
    return np.pad(x.astype(float), ((padding, padding), (0, 0)), constant_values=value)

# %% wrong pad2d: ignores the value
# says: value is ignored
def pad2d(x, padding, value=0.0):
    return np.pad(x, padding)

# %% wrong pad2d: the type of the picture cuts the value
# says: whole numbers.*fraction
def pad2d(x, padding, value=0.0):
    return np.pad(x, padding, constant_values=value)

# %% wrong pad2d: the type of the value cuts the picture
# says: whole numbers.*fraction was cut off
def pad2d(x, padding, value=0):
    y = np.full((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), value)
    y[padding:padding + x.shape[0], padding:padding + x.shape[1]] = x
    return y

# %% wrong pad2d: repeats the border
# says: repeats the border
def pad2d(x, padding, value=0.0):
    return np.pad(x.astype(float), padding, mode="edge")

# %% wrong pad2d: minus zero
# says: slice \[0:-0\] is empty
def pad2d(x, padding, value=0.0):
    y = np.full((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), float(value))
    y[padding:-padding, padding:-padding] = x
    return y

# %% wrong pad2d: always one pixel
# says: pad2d\(x, 2\).*each side grows by twice the padding|one row and one column wide
def pad2d(x, padding, value=0.0):
    return np.pad(x.astype(float), 1, constant_values=value)

# %% wrong pad2d: the picture is lost
# says: picture itself is gone
def pad2d(x, padding, value=0.0):
    return np.full((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), float(value))

# %% right pad2d: np.pad on floats
def pad2d(x, padding, value=0.0):
    return np.pad(x.astype(float), padding, constant_values=value)

# %% right pad2d: one row and one column at a time
def pad2d(x, padding, value=0.0):
    y = np.array(x, dtype=float)
    for _ in range(padding):
        y = np.vstack([np.full((1, y.shape[1]), value), y, np.full((1, y.shape[1]), value)])
        y = np.hstack([np.full((y.shape[0], 1), value), y, np.full((y.shape[0], 1), value)])
    return y

# %% right pad2d: plain loops
def pad2d(x, padding, value=0.0):
    y = np.zeros((len(x) + 2 * padding, len(x[0]) + 2 * padding)) + value
    for i in range(len(x)):
        for j in range(len(x[0])):
            y[i + padding, j + padding] = x[i, j]
    return y

# %% wrong sides: not answered
# says: not answered yet
sides = [3, 2, None, None]

# %% wrong sides: the heading believed
# says: what the heading of slide 28 says
sides = [3, 2, 2, 5]

# %% wrong sides: the text believed
# says: what the slide claims. Put p = 1
sides = [3, 2, 4, 4]

# %% wrong sides: the text believed for stride 1
# says: last one stays 4 only if
sides = [3, 2, 3, 4]

# %% wrong sides: no + 1
# says: forgot the \+ 1
sides = [2, 1, 2, 4]

# %% wrong sides: padding once
# says: both sides, so it is 2p
sides = [3, 2, 2.5, 4]

# %% wrong sides: + 1 before the division
# says: comes after the division
sides = [3, 1.5, 2.5, 5]

# %% right sides: floats
sides = (3.0, 2.0, 3.0, 5.0)

# %% right sides: computed
sides = [(4 - 2 + 2 * p) / s + 1 for s, p in ((1, 0), (2, 0), (2, 1), (1, 1))]

# %% wrong padding_that_keeps: not answered
# says: not answered yet
padding_that_keeps = [0, None, 1, None, 2, None, 3]

# %% wrong padding_that_keeps: rounded up
# says: rounded .* up for even kernels
padding_that_keeps = [k // 2 for k in range(1, 8)]

# %% wrong padding_that_keeps: rounded down
# says: rounded .* down for even kernels
padding_that_keeps = [(k - 1) // 2 for k in range(1, 8)]

# %% wrong padding_that_keeps: halves
# says: no half a row
padding_that_keeps = [(k - 1) / 2 for k in range(1, 8)]

# %% wrong padding_that_keeps: twice as much
# says: twice what is needed
padding_that_keeps = [k - 1 for k in range(1, 8)]

# %% wrong padding_that_keeps: padding 1 keeps the size
# says: for one kernel only
padding_that_keeps = [1] * 7

# %% wrong padding_that_keeps: nothing for k = 1
# says: 0 is a whole number too
padding_that_keeps = ["no", "no", 1, "no", 2, "no", 3]

# %% right padding_that_keeps: capitals
padding_that_keeps = [0, "No", 1, "NO", 2, " no ", 3]

# %% right padding_that_keeps: computed
padding_that_keeps = [(k - 1) // 2 if k % 2 else "no" for k in range(1, 8)]

# %% wrong same_padding: not written
# says: same_padding is not written yet
def same_padding(k, dilation=1):
    raise NotImplementedError

# %% wrong same_padding: rounds down
# says: rounded down.*return None there
def same_padding(k, dilation=1):
    return dilation * (k - 1) // 2

# %% wrong same_padding: half of k
# says: right for odd kernels without dilation only
def same_padding(k, dilation=1):
    return k // 2

# %% wrong same_padding: fractions
# says: no half a row
def same_padding(k, dilation=1):
    return dilation * (k - 1) / 2

# %% wrong same_padding: both sides on each side
# says: half of what is lost is enough
def same_padding(k, dilation=1):
    return dilation * (k - 1)

# %% wrong same_padding: ignores the dilation
# says: dilation is ignored
def same_padding(k, dilation=1):
    return (k - 1) // 2 if k % 2 else None

# %% wrong same_padding: no even kernel ever
# says: even kernel with an even dilation
def same_padding(k, dilation=1):
    return dilation * (k - 1) // 2 if k % 2 else None

# %% wrong same_padding: the spread is dilation times k
# says: and not dilation \* k
def same_padding(k, dilation=1):
    spread = dilation * k
    return (spread - 1) // 2 if spread % 2 else None

# %% wrong same_padding: 0 taken for nothing
# says: 0 and not None
def same_padding(k, dilation=1):
    p = dilation * (k - 1) / 2
    if p == int(p):
        return int(p) or None

# %% wrong same_padding: False instead of None
# says: expected None
def same_padding(k, dilation=1):
    lost = dilation * (k - 1)
    return lost % 2 == 0 and lost // 2

# %% right same_padding: divmod
def same_padding(k, dilation=1):
    half, rest = divmod(dilation * (k - 1), 2)
    return None if rest else half

# %% right same_padding: searched
def same_padding(k, dilation=1):
    for p in range(dilation * k + 1):
        if 2 * p == dilation * (k - 1):
            return p

# %% wrong conventions: not answered
# says: not answered yet
conventions = [[2, 3, None], [3, 3, 3], [54, 55, "no"], [4, 5, "no"]]

# %% wrong conventions: not rounded
# says: formula of the slides
conventions = [[2.5, 2.5, "no"], [3, 3, 3], [54.25, 54.25, "no"], [4.5, 4.5, "no"]]

# %% wrong conventions: floor and ceil swapped
# says: changed places
conventions = [[3, 2, "no"], [3, 3, 3], [55, 54, "no"], [5, 4, "no"]]

# %% wrong conventions: no + 1
# says: forgot the \+ 1
conventions = [[1, 2, "no"], [2, 2, 2], [53, 54, "no"], [3, 4, "no"]]

# %% wrong conventions: ceil adds one to whole numbers
# says: whole number is not rounded
conventions = [[2, 3, "no"], [3, 4, 3], [54, 55, "no"], [4, 5, "no"]]

# %% wrong conventions: refuses what fits
# says: nothing is refused
conventions = [[2, 3, "no"], [3, 3, "no"], [54, 55, "no"], [4, 5, "no"]]

# %% wrong conventions: refuse rounds
# says: Refuse does not round
conventions = [[2, 3, 2], [3, 3, 3], [54, 55, 54], [4, 5, 4]]

# %% wrong conventions: padding once
# says: All but the last row
conventions = [[2, 3, "no"], [3, 3, 3], [54, 55, "no"], [4, 4, 4]]

# %% right conventions: capitals
conventions = [[2, 3, "No"], [3, 3, 3], [54, 55, "NO"], [4.0, 5.0, "no"]]

# %% right conventions: computed
import math
conventions = []
for w, k, s, p in ((5, 2, 2, 0), (7, 3, 2, 0), (224, 11, 4, 0), (8, 3, 2, 1)):
    exact = (w - k + 2 * p) / s + 1
    conventions.append((math.floor(exact), math.ceil(exact), exact if exact % 1 == 0 else "no"))

# %% wrong output_size: not written
# says: output_size is not written yet
def output_size(n, k, stride=1, padding=0, dilation=1):
    raise NotImplementedError

# %% wrong output_size: the formula of the slides
# says: formula of the slides, without its floor
def output_size(n, k, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (k - 1) - 1) / stride + 1

# %% wrong output_size: ceil
# says: rounded up.*ceil convention
def output_size(n, k, stride=1, padding=0, dilation=1):
    room = n + 2 * padding - dilation * (k - 1) - 1
    return -(-room // stride) + 1 if room >= 0 else 0

# %% wrong output_size: rounds to the nearest
# says: rounded to the nearest|rounded up
def output_size(n, k, stride=1, padding=0, dilation=1):
    return max(0, round((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1)

# %% wrong output_size: no + 1
# says: \+ 1 is missing
def output_size(n, k, stride=1, padding=0, dilation=1):
    return max(0, (n + 2 * padding - dilation * (k - 1) - 1) // stride)

# %% wrong output_size: + 1 before the division
# says: added the 1 before dividing
def output_size(n, k, stride=1, padding=0, dilation=1):
    return max(0, (n + 2 * padding - dilation * (k - 1)) // stride)

# %% wrong output_size: negative sizes
# says: return 0 and no number below
def output_size(n, k, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1

# %% wrong output_size: int cuts towards 0
# says: cuts off towards 0
def output_size(n, k, stride=1, padding=0, dilation=1):
    return max(0, int((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1)

# %% wrong output_size: at least 1
# says: there is no output: 0
def output_size(n, k, stride=1, padding=0, dilation=1):
    return max(1, (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1)

# %% wrong output_size: padding once
# says: both sides, so it counts twice
def output_size(n, k, stride=1, padding=0, dilation=1):
    room = n + padding - dilation * (k - 1) - 1
    return room // stride + 1 if room >= 0 else 0

# %% wrong output_size: ignores the dilation
# says: dilation is ignored
def output_size(n, k, stride=1, padding=0, dilation=1):
    room = n + 2 * padding - k
    return room // stride + 1 if room >= 0 else 0

# %% wrong output_size: the spread is dilation times k
# says: and not dilation \* k
def output_size(n, k, stride=1, padding=0, dilation=1):
    room = n + 2 * padding - dilation * k
    return room // stride + 1 if room >= 0 else 0

# %% wrong output_size: refuses
# says: refuse where the stride does not fit
def output_size(n, k, stride=1, padding=0, dilation=1):
    room = n + 2 * padding - dilation * (k - 1) - 1
    return 0 if room < 0 or room % stride else room // stride + 1

# %% wrong output_size: raises where it does not fit
# says: stopped with ValueError.*covers 6 pixels
def output_size(n, k, stride=1, padding=0, dilation=1):
    room = n + 2 * padding - dilation * (k - 1) - 1
    if room < 0:
        raise ValueError("the kernel does not fit")
    return room // stride + 1

# %% right output_size: counts the places
def output_size(n, k, stride=1, padding=0, dilation=1):
    return len(range(-padding, n + padding - dilation * (k - 1), stride))

# %% right output_size: math.floor
import math
def output_size(n, k, stride=1, padding=0, dilation=1):
    spread = dilation * (k - 1) + 1
    if spread > n + 2 * padding:
        return 0
    return math.floor((n - spread + 2 * padding) / stride) + 1

# %% right output_size: NumPy's floor division
def output_size(n, k, stride=1, padding=0, dilation=1):
    return max(0, np.floor_divide(n + 2 * padding - dilation * (k - 1) - 1 + stride, stride))

# %% wrong correlate2d_strided: not written
# says: correlate2d_strided is not written yet
def correlate2d_strided(x, w, stride=1, padding=0):
    raise NotImplementedError

# %% wrong correlate2d_strided: ignores the stride
# says: stride is ignored
def correlate2d_strided(x, w, stride=1, padding=0):
    x = pad2d(x, padding)
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return np.array([[(x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum() for j in range(columns)] for i in range(rows)])

# %% wrong correlate2d_strided: steps of one
# says: each window is only one pixel further
def correlate2d_strided(x, w, stride=1, padding=0):
    y = np.zeros((output_size(x.shape[0], w.shape[0], stride, padding), output_size(x.shape[1], w.shape[1], stride, padding)))
    x = pad2d(x, padding)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d_strided: ignores the padding
# says: padding is ignored
def correlate2d_strided(x, w, stride=1, padding=0):
    y = np.zeros((output_size(x.shape[0], w.shape[0], stride), output_size(x.shape[1], w.shape[1], stride)))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i * stride:i * stride + w.shape[0], j * stride:j * stride + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d_strided: dilates instead
# says: that is dilation
def correlate2d_strided(x, w, stride=1, padding=0):
    spread = np.zeros((stride * (w.shape[0] - 1) + 1, stride * (w.shape[1] - 1) + 1))
    spread[::stride, ::stride] = w
    x = pad2d(x, padding)
    rows, columns = x.shape[0] - spread.shape[0] + 1, x.shape[1] - spread.shape[1] + 1
    return np.array([[(x[i:i + spread.shape[0], j:j + spread.shape[1]] * spread).sum() for j in range(columns)]
                     for i in range(rows)])

# %% wrong correlate2d_strided: the stride for rows only
# says: stride holds for the rows only
def correlate2d_strided(x, w, stride=1, padding=0):
    y = np.zeros((output_size(x.shape[0], w.shape[0], stride, padding), output_size(x.shape[1], w.shape[1], 1, padding)))
    x = pad2d(x, padding)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i * stride:i * stride + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d_strided: rounds up
# says: hang over the edge
def correlate2d_strided(x, w, stride=1, padding=0):
    x = pad2d(x, padding)
    rows = -(-(x.shape[0] - w.shape[0]) // stride) + 1
    columns = -(-(x.shape[1] - w.shape[1]) // stride) + 1
    larger = np.zeros((x.shape[0] + stride, x.shape[1] + stride))
    larger[:x.shape[0], :x.shape[1]] = x
    return np.array([[(larger[i * stride:, j * stride:][:w.shape[0], :w.shape[1]] * w).sum() for j in range(columns)]
                     for i in range(rows)])

# %% wrong correlate2d_strided: zeros between the cells
# says: as large as for stride 1, with zeros between
def correlate2d_strided(x, w, stride=1, padding=0):
    x = pad2d(x, padding)
    y = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(0, y.shape[0], stride):
        for j in range(0, y.shape[1], stride):
            y[i, j] = (x[i:i + w.shape[0], j:j + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d_strided: flips the kernel
# says: kernel is flipped
def correlate2d_strided(x, w, stride=1, padding=0):
    y = np.zeros((output_size(x.shape[0], w.shape[0], stride, padding), output_size(x.shape[1], w.shape[1], stride, padding)))
    x, w = pad2d(x, padding), w[::-1, ::-1]
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i * stride:i * stride + w.shape[0], j * stride:j * stride + w.shape[1]] * w).sum()
    return y

# %% wrong correlate2d_strided: pads the output
# says: output was padded
def correlate2d_strided(x, w, stride=1, padding=0):
    y = np.zeros((output_size(x.shape[0], w.shape[0], stride), output_size(x.shape[1], w.shape[1], stride)))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i * stride:i * stride + w.shape[0], j * stride:j * stride + w.shape[1]] * w).sum()
    return np.pad(y, padding)

# %% wrong correlate2d_strided: one side for both
# says: height was taken for its width|broadcast|There are floor
def correlate2d_strided(x, w, stride=1, padding=0):
    k = w.shape[0]
    y = np.zeros((output_size(x.shape[0], k, stride, padding), output_size(x.shape[1], k, stride, padding)))
    x = pad2d(x, padding)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i * stride:i * stride + k, j * stride:j * stride + k] * w).sum()
    return y

# %% wrong correlate2d_strided: whole numbers only
# says: whole numbers.*fraction was cut off
def correlate2d_strided(x, w, stride=1, padding=0):
    y = np.zeros((output_size(x.shape[0], w.shape[0], stride, padding), output_size(x.shape[1], w.shape[1], stride, padding)), dtype=int)
    x = pad2d(x, padding)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i * stride:i * stride + w.shape[0], j * stride:j * stride + w.shape[1]] * w).sum()
    return y

# %% right correlate2d_strided: stride 1, then every second
def correlate2d_strided(x, w, stride=1, padding=0):
    x = np.pad(x.astype(float), padding)
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return (windows[::stride, ::stride] * w).sum(axis=(2, 3))

# %% right correlate2d_strided: four loops
def correlate2d_strided(x, w, stride=1, padding=0):
    (height, width), (k_h, k_w) = x.shape, w.shape
    y = np.zeros(((height + 2 * padding - k_h) // stride + 1, (width + 2 * padding - k_w) // stride + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for a in range(k_h):
                for b in range(k_w):
                    row, column = i * stride + a - padding, j * stride + b - padding
                    if 0 <= row < height and 0 <= column < width:
                        y[i, j] += x[row, column] * w[a, b]
    return y

# %% right correlate2d_strided: one shifted picture for each weight
def correlate2d_strided(x, w, stride=1, padding=0):
    rows = output_size(x.shape[0], w.shape[0], stride, padding)
    columns = output_size(x.shape[1], w.shape[1], stride, padding)
    x = pad2d(x, padding)
    return sum(w[a, b] * x[a:a + stride * rows:stride, b:b + stride * columns:stride][:rows, :columns]
               for a in range(w.shape[0]) for b in range(w.shape[1]))

# %% wrong unread_pixels: not written
# says: unread_pixels is not written yet
def unread_pixels(n, k, stride=1, padding=0):
    raise NotImplementedError

# %% wrong unread_pixels: the pixels that are read
# says: pixels that are read; the others are asked for
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride - padding + a for o in range(output_size(n, k, stride, padding)) for a in range(k)}
    return [pixel for pixel in range(n) if pixel in read]

# %% wrong unread_pixels: how many
# says: expected a list
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride - padding + a for o in range(output_size(n, k, stride, padding)) for a in range(k)}
    return sum(pixel not in read for pixel in range(n))

# %% wrong unread_pixels: no gaps
# says: gaps between the windows are missing
def unread_pixels(n, k, stride=1, padding=0):
    count = output_size(n, k, stride, padding)
    end = (count - 1) * stride + k - padding if count else 0
    return list(range(max(end, 0), n))

# %% wrong unread_pixels: only gaps
# says: pixels after the last window are missing
def unread_pixels(n, k, stride=1, padding=0):
    starts = [o * stride - padding for o in range(output_size(n, k, stride, padding))]
    if not starts:
        return list(range(n))
    return [pixel for pixel in range(min(n, starts[-1] + k)) if not any(s <= pixel < s + k for s in starts)]

# %% wrong unread_pixels: one window too many
# says: One window too many|windows start at
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride - padding + a for o in range(output_size(n, k, stride, padding) + 1) for a in range(k)}
    return [pixel for pixel in range(n) if pixel not in read]

# %% wrong unread_pixels: ignores the padding
# says: padding is ignored
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride + a for o in range(output_size(n, k, stride)) for a in range(k)}
    return [pixel for pixel in range(n) if pixel not in read]

# %% wrong unread_pixels: indices of the padded row
# says: indices of the padded row
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride + a for o in range(output_size(n, k, stride, padding)) for a in range(k)}
    return [pixel for pixel in range(padding, n + padding) if pixel not in read]

# %% wrong unread_pixels: counts the frame
# says: Zeros of the frame are no pixels
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride + a for o in range(output_size(n, k, stride, padding)) for a in range(k)}
    return [pixel for pixel in range(n + 2 * padding) if pixel not in read]

# %% wrong unread_pixels: windows start at 0
# says: first pixel must move to -padding
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride + a for o in range(output_size(n, k, stride, padding)) for a in range(k)}
    return [pixel for pixel in range(n) if pixel not in read]

# %% wrong unread_pixels: negative indices wrap around
# says: Negative indices of the frame
def unread_pixels(n, k, stride=1, padding=0):
    read = np.zeros(n, dtype=bool)
    for o in range(output_size(n, k, stride, padding)):
        for a in range(k):
            if o * stride - padding + a < n:
                read[o * stride - padding + a] = True
    return np.flatnonzero(~read)

# %% wrong unread_pixels: nothing fits, nothing unread
# says: no pixel is read: all of them are unread
def unread_pixels(n, k, stride=1, padding=0):
    count = output_size(n, k, stride, padding)
    if count == 0:
        return []
    read = {o * stride - padding + a for o in range(count) for a in range(k)}
    return sorted(set(range(n)) - read)

# %% wrong unread_pixels: a set
# says: is a set, expected a list
def unread_pixels(n, k, stride=1, padding=0):
    read = {o * stride - padding + a for o in range(output_size(n, k, stride, padding)) for a in range(k)}
    return set(range(n)) - read

# %% right unread_pixels: an array
def unread_pixels(n, k, stride=1, padding=0):
    read = np.zeros(n + 2 * padding, dtype=bool)
    for o in range(output_size(n, k, stride, padding)):
        read[o * stride:o * stride + k] = True
    return np.flatnonzero(~read[padding:padding + n])

# %% right unread_pixels: asks each pixel
def unread_pixels(n, k, stride=1, padding=0):
    def is_read(pixel):
        return any(0 <= pixel + padding - o * stride < k for o in range(output_size(n, k, stride, padding)))
    return [pixel for pixel in range(n) if not is_read(pixel)]

# %% right unread_pixels: sends a row of ones back
def unread_pixels(n, k, stride=1, padding=0):
    row = pad2d(np.eye(n), padding)[padding:n + padding]
    sums = [correlate2d_strided(row[i:i + 1], np.ones((1, k)), stride).sum() if k <= n + 2 * padding else 0 for i in range(n)]
    return [i for i in range(n) if sums[i] == 0]

# %% wrong fields: not answered
# says: not answered yet
fields = [5, 7, None, None]

# %% wrong fields: kernels added
# says: added the kernels
fields = [6, 9, 6, 14]

# %% wrong fields: kernels multiplied
# says: multiplied the kernels
fields = [9, 27, 9, 100]

# %% wrong fields: no strides
# says: strides are missing
fields = [5, 7, 5, 11]

# %% wrong fields: own stride
# says: own stride lengthens the steps of the layers above
fields = [5, 7, 9, 19]

# %% wrong fields: from 0
# says: started from 0
fields = [4, 6, 6, 15]

# %% wrong fields: squares
# says: whole square
fields = [25, 49, 49, 256]

# %% right fields: an array
fields = np.array([5, 7, 7, 16])

# %% right fields: from the top down
fields = [(3 - 1) * 1 + 3, (5 - 1) * 1 + 3, (3 - 1) * 2 + 3, ((((2 - 1) + 5) - 1) * 2 + 2 - 1) + 5]

# %% wrong receptive_field: not written
# says: receptive_field is not written yet
def receptive_field(layers):
    raise NotImplementedError

# %% wrong receptive_field: adds the kernels
# says: added the kernels
def receptive_field(layers):
    return sum(kernel for kernel, stride in layers)

# %% wrong receptive_field: multiplies the kernels
# says: multiplied the kernels
def receptive_field(layers):
    size = 1
    for kernel, stride in layers:
        size *= kernel
    return size

# %% wrong receptive_field: ignores the strides
# says: strides are ignored
def receptive_field(layers):
    return 1 + sum(kernel - 1 for kernel, stride in layers)

# %% wrong receptive_field: own stride first
# says: multiply the jump after its size is added
def receptive_field(layers):
    size, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        size += (kernel - 1) * jump
    return size

# %% wrong receptive_field: strides added
# says: strides were added up
def receptive_field(layers):
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump += stride - 1
    return size

# %% wrong receptive_field: only the stride just below
# says: stride of the layer just below
def receptive_field(layers):
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump = stride
    return size

# %% wrong receptive_field: from 0
# says: started from 0
def receptive_field(layers):
    size, jump = 0, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size

# %% wrong receptive_field: kernel steps instead of kernel - 1
# says: kernel - 1 steps and not kernel
def receptive_field(layers):
    size, jump = 1, 1
    for kernel, stride in layers:
        size += kernel * jump
        jump *= stride
    return size

# %% wrong receptive_field: the wrong order
# says: wrong order
def receptive_field(layers):
    size = 1
    for kernel, stride in layers:
        size = (size - 1) * stride + kernel
    return size

# %% wrong receptive_field: r times stride
# says: \(r - 1\) \* stride \+ kernel, and not
def receptive_field(layers):
    size = 1
    for kernel, stride in layers[::-1]:
        size = size * stride + kernel
    return size

# %% wrong receptive_field: the area
# says: whole square
def receptive_field(layers):
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size**2

# %% wrong receptive_field: the jump
# says: how far apart
def receptive_field(layers):
    jump = 1
    for kernel, stride in layers:
        jump *= stride
    return jump

# %% wrong receptive_field: stops on an empty stack
# says: receptive_field\(\[\]\) stopped with IndexError
def receptive_field(layers):
    size = layers[-1][0]
    for kernel, stride in layers[-2::-1]:
        size = (size - 1) * stride + kernel
    return size

# %% right receptive_field: from the top down
def receptive_field(layers):
    size = 1
    for kernel, stride in reversed(layers):
        size = (size - 1) * stride + kernel
    return size

# %% right receptive_field: by recursion
def receptive_field(layers):
    if len(layers) == 0:
        return 1
    kernel, stride = layers[0]
    return (receptive_field(layers[1:]) - 1) * stride + kernel

# %% right receptive_field: one sum
def receptive_field(layers):
    strides = [stride for _, stride in layers]
    return 1 + sum((kernel - 1) * int(np.prod(strides[:i], dtype=int)) for i, (kernel, _) in enumerate(layers))
