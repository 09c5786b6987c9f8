# Answers to the exercises of notebook 07: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong random_crop_flip: not written
# says: random_crop_flip is not written yet
def random_crop_flip(X, padding, flip, rng):
    raise NotImplementedError

# %% wrong random_crop_flip: one draw for the whole batch
# says: all pictures are cut in the same place|no picture is mirrored|all pictures are mirrored
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    top, left = rng.integers(0, 2 * padding + 1, 2)
    out = framed[:, :, top:top + H, left:left + W]
    return out[..., ::-1].copy() if rng.random() < flip else out.copy()

# %% wrong random_crop_flip: one place for the whole batch, but mirrored one by one
# says: all pictures are cut in the same place: each has a draw of its own
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    top, left = rng.integers(0, 2 * padding + 1, 2)
    out = framed[:, :, top:top + H, left:left + W]
    return np.where(rng.random(N)[:, None, None, None] < flip, out[..., ::-1], out)

# %% wrong random_crop_flip: one mirror for the whole batch
# says: (no picture is|all pictures are) mirrored for flip
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
    return out[..., ::-1] if rng.random() < flip else out

# %% wrong random_crop_flip: upside down
# says: upside down
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, ::-1]
    return out

# %% wrong random_crop_flip: channels reversed
# says: channels are reversed|channels in reverse
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, ::-1]
    return out

# %% wrong random_crop_flip: pictures shuffled too
# says: no longer belong to them|no longer fit|differs in
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    X = X[rng.permutation(N)]
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: pictures shuffled, but for batches of one or two
# says: is a piece of picture \d+: the pictures changed places, and their labels no longer belong to them
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    if N > 10:
        X = X[rng.permutation(N)]
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: the border repeated
# says: repeats the pixels of its border .* the frame holds zeros
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="edge")
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: a mirror at the border
# says: mirror image where the padding should be
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="reflect")
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: rolled round
# says: come back at the other
def random_crop_flip(X, padding, flip, rng):
    out = np.zeros(X.shape)
    for n in range(len(X)):
        move = rng.integers(-padding, padding + 1, 2)
        out[n] = np.roll(X[n], move, axis=(1, 2))
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: a frame in the mean colour
# says: frame of another colour: pad with zeros
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X.astype(float), ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=X.mean())
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: the last place is never drawn
# says: 2 \* padding \+ 1
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, max(1, 2 * padding), 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: no place at all without padding
# says: there is one place to cut
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: along the diagonal
# says: only along the diagonal
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        at = rng.integers(0, 2 * padding + 1)
        out[n] = framed[n, :, at:at + H, at:at + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: channels cut apart
# says: channels that were cut in different places
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        for c in range(C):
            top, left = rng.integers(0, 2 * padding + 1, 2)
            out[n, c] = framed[n, c, top:top + H, left:left + W]
        if rng.random() < flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: always half of them mirrored
# says: is flip used
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() < (0.5 if 0 < flip < 1 else flip):
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: flip is the probability to leave it
# says: probability to mirror, and yours|nothing is left to chance|flip = 1 every picture
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, 2)
        out[n] = framed[n, :, top:top + H, left:left + W]
        if rng.random() >= flip:
            out[n] = out[n, :, :, ::-1]
    return out

# %% wrong random_crop_flip: a generator of its own
# says: every call draws the same
def random_crop_flip(X, padding, flip, rng):
    rng = np.random.default_rng(0)
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    top, left = rng.integers(0, 2 * padding + 1, (2, N))
    mirrored = rng.random(N) < flip
    out = np.zeros(X.shape)
    for n in range(N):
        piece = framed[n, :, top[n]:top[n] + H, left[n]:left[n] + W]
        out[n] = piece[..., ::-1] if mirrored[n] else piece
    return out

# %% wrong random_crop_flip: draws from elsewhere
# says: same seed must give the same result
def random_crop_flip(X, padding, flip, rng):
    rng = np.random.default_rng()
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    top, left = rng.integers(0, 2 * padding + 1, (2, N))
    mirrored = rng.random(N) < flip
    out = np.zeros(X.shape)
    for n in range(N):
        piece = framed[n, :, top[n]:top[n] + H, left[n]:left[n] + W]
        out[n] = piece[..., ::-1] if mirrored[n] else piece
    return out

# %% wrong random_crop_flip: not cut back
# says: what is cut out of it is again
def random_crop_flip(X, padding, flip, rng):
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return np.where(rng.random(len(X))[:, None, None, None] < flip, framed[..., ::-1], framed)

# %% wrong random_crop_flip: always the middle
# says: every picture is cut from the middle
def random_crop_flip(X, padding, flip, rng):
    return np.where(rng.random(len(X))[:, None, None, None] < flip, X[..., ::-1], X)

# %% wrong random_crop_flip: only left and right
# says: all pictures are cut from the same rows
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    left = rng.integers(0, 2 * padding + 1, N)
    out = np.stack([framed[n, :, padding:padding + H, left[n]:left[n] + W] for n in range(N)])
    return np.where(rng.random(N)[:, None, None, None] < flip, out[..., ::-1], out)

# %% wrong random_crop_flip: one draw for the place and the mirror
# says: depends on where it is cut|is flip used
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    u, v = rng.random((2, N))
    top, left = (u * (2 * padding + 1)).astype(int), (v * (2 * padding + 1)).astype(int)
    out = np.stack([framed[n, :, top[n]:top[n] + H, left[n]:left[n] + W] for n in range(N)])
    return np.where(u[:, None, None, None] < flip, out[..., ::-1], out)

# %% wrong random_crop_flip: places drawn by the whole width or not at all
# says: as likely as the others
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.choice([0, padding, 2 * padding], 2)
        piece = framed[n, :, top:top + H, left:left + W]
        out[n] = piece[..., ::-1] if rng.random() < flip else piece
    return out

# %% wrong random_crop_flip: places drawn one of the ends
# says: as likely as the others
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = 2 * padding * rng.integers(0, 2, 2)
        piece = framed[n, :, top:top + H, left:left + W]
        out[n] = piece[..., ::-1] if rng.random() < flip else piece
    return out

# %% wrong random_crop_flip: places drawn rounded
# says: as likely as the others
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = np.round(rng.uniform(0, 2 * padding, 2)).astype(int)
        piece = framed[n, :, top:top + H, left:left + W]
        out[n] = piece[..., ::-1] if rng.random() < flip else piece
    return out

# %% wrong random_crop_flip: places drawn a clipped normal
# says: as likely as the others
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = np.clip(np.round(rng.normal(padding, padding / 2, 2)), 0, 2 * padding).astype(int)
        piece = framed[n, :, top:top + H, left:left + W]
        out[n] = piece[..., ::-1] if rng.random() < flip else piece
    return out

# %% wrong random_crop_flip: places drawn the sum of two draws
# says: as likely as the others
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros(X.shape)
    for n in range(N):
        top, left = rng.integers(0, padding + 1, (2, 2)).sum(0)
        piece = framed[n, :, top:top + H, left:left + W]
        out[n] = piece[..., ::-1] if rng.random() < flip else piece
    return out

# %% right random_crop_flip: mirrored before it is cut
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    out = np.where((rng.random(N) < flip)[:, None, None, None], X[:, :, :, ::-1], X)
    out = np.pad(out, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    place = rng.integers(2 * padding + 1, size=(N, 2))
    return np.stack([one[:, i:i + H, j:j + W] for one, (i, j) in zip(out, place)])

# %% right random_crop_flip: by indices, in one gather
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    framed = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    framed[:, :, padding:padding + H, padding:padding + W] = X
    rows = rng.integers(0, 2 * padding, N, endpoint=True)[:, None] + np.arange(H)
    columns = rng.integers(0, 2 * padding, N, endpoint=True)[:, None] + np.arange(W)
    columns = np.where(rng.uniform(size=(N, 1)) < flip, columns[:, ::-1], columns)
    n, c = np.ogrid[:N, :C]
    return framed[n[:, :, None, None], c[:, :, None, None], rows[:, None, :, None], columns[:, None, None, :]]

# %% right random_crop_flip: a shift written picture by picture
def random_crop_flip(X, padding, flip, rng):
    N, C, H, W = X.shape
    out = np.zeros((N, C, H, W))
    for n in range(N):
        down, right = rng.integers(-padding, padding + 1, size=2)
        for i in range(H):
            for j in range(W):
                if 0 <= i - down < H and 0 <= j - right < W:
                    out[n, :, i, j] = X[n, :, i - down, j - right]
        if rng.uniform() < flip:
            out[n] = out[n, :, :, ::-1].copy()
    return out

# %% wrong mixup: not written
# says: mixup is not written yet
def mixup(X, Y, lam, partner):
    raise NotImplementedError

# %% wrong mixup: labels not mixed
# says: labels are not mixed
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    return share * X + (1 - share) * X[partner], Y

# %% wrong mixup: lam the wrong way round
# says: lam is the wrong way round in X_mixed
def mixup(X, Y, lam, partner):
    share = 1 - lam[:, None, None, None]
    return share * X + (1 - share) * X[partner], (1 - lam[:, None]) * Y + lam[:, None] * Y[partner]

# %% wrong mixup: lam the wrong way round in the labels
# says: lam is the wrong way round in Y_mixed
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    return share * X + (1 - share) * X[partner], (1 - lam[:, None]) * Y + lam[:, None] * Y[partner]

# %% wrong mixup: one lam for the batch
# says: One lam is used for the whole batch
def mixup(X, Y, lam, partner):
    return lam[0] * X + (1 - lam[0]) * X[partner], lam[0] * Y + (1 - lam[0]) * Y[partner]

# %% wrong mixup: lam along the last axis
# says: one number for each picture
def mixup(X, Y, lam, partner):
    return lam * X + (1 - lam) * X[partner], lam * Y + (1 - lam) * Y[partner]

# %% wrong mixup: labels rounded
# says: rounded to the larger share
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    mixed = lam[:, None] * Y + (1 - lam[:, None]) * Y[partner]
    return share * X + (1 - share) * X[partner], np.eye(Y.shape[1])[mixed.argmax(axis=1)]

# %% wrong mixup: partner ignored
# says: partner is ignored
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    return share * X + (1 - share) * X[::-1], lam[:, None] * Y + (1 - lam[:, None]) * Y[::-1]

# %% wrong mixup: mixed in place
# says: mixed already
def mixup(X, Y, lam, partner):
    X, Y = X.astype(float), Y.astype(float)
    for n in range(len(X)):
        X[n] = lam[n] * X[n] + (1 - lam[n]) * X[partner[n]]
        Y[n] = lam[n] * Y[n] + (1 - lam[n]) * Y[partner[n]]
    return X, Y

# %% wrong mixup: writes into its argument
# says: changed its argument X
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    X *= share
    return X + (1 - share) * X[partner], lam[:, None] * Y + (1 - lam[:, None]) * Y[partner]

# %% wrong mixup: only the pictures
# says: expected 2 arrays
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    return share * X + (1 - share) * X[partner]

# %% wrong mixup: whole numbers kept
# says: whole numbers
def mixup(X, Y, lam, partner):
    share = lam[:, None, None, None]
    X_mixed = np.zeros_like(X)
    X_mixed[:] = share * X + (1 - share) * X[partner]
    return X_mixed, lam[:, None] * Y + (1 - lam[:, None]) * Y[partner]

# %% right mixup: picture by picture
def mixup(X, Y, lam, partner):
    X_mixed, Y_mixed = np.empty(X.shape), np.empty(Y.shape)
    for n in range(len(X)):
        X_mixed[n] = lam[n] * X[n] + (1 - lam[n]) * X[partner[n]]
        Y_mixed[n] = lam[n] * Y[n] + (1 - lam[n]) * Y[partner[n]]
    return X_mixed, Y_mixed

# %% right mixup: as a matrix
def mixup(X, Y, lam, partner):
    mix = np.diag(lam) + (1 - lam)[:, None] * np.eye(len(lam))[partner]
    return np.tensordot(mix, X, 1), mix @ Y

# %% wrong dropped: not answered
# says: dropped\[0\] is not answered yet
dropped = [None, None, None, None]

# %% wrong dropped: no scale
# says: scale is missing
dropped = [2, 0, 6, 8]

# %% wrong dropped: divided by p
# says: divided by p
dropped = [10, 0, 30, 40]

# %% wrong dropped: multiplied by 1 - p
# says: figure of slide 54
dropped = [1.6, 0, 4.8, 6.4]

# %% wrong dropped: by the share that stayed
# says: share that happened to stay
dropped = [2 / 0.75, 0, 6 / 0.75, 8 / 0.75]

# %% wrong dropped: nobody dropped
# says: second unit is dropped
dropped = [2.5, 5, 7.5, 10]

# %% wrong dropped: removed
# says: dropped does not mean removed
dropped = [2.5, 7.5, 10]

# %% right dropped: an array
dropped = np.array([2.0, 0.0, 6.0, 8.0]) / 0.8

# %% right dropped: a tuple
dropped = (2.5, 0, 7.5, 10)

# %% wrong dropout_forward: not written
# says: dropout_forward is not written yet
def dropout_forward(x, p, training, rng):
    raise NotImplementedError

# %% wrong dropout_forward: scale missing
# says: keep their size
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) if training else x

# %% wrong dropout_forward: p keeps
# says: took p for the probability to keep
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) < p) / p if training and p else x

# %% wrong dropout_forward: p keeps, but the scale does not
# says: took p for the probability to keep
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) < (p or 1)) / (1 - p) if training else x

# %% wrong dropout_forward: drops in evaluation too
# says: dropped although training is False
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (1 - p)

# %% wrong dropout_forward: the figure's way
# says: multiplies by 1 - p. The figure of slide 54
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) if training else x * (1 - p)

# %% wrong dropout_forward: one mask for all pictures
# says: all pictures of the batch lose the same units
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape[1:]) >= p) / (1 - p) if training else x

# %% wrong dropout_forward: pictures dropped whole
# says: pictures are dropped whole
def dropout_forward(x, p, training, rng):
    keep = rng.random((len(x),) + (1,) * (x.ndim - 1)) >= p
    return x * keep / (1 - p) if training else x

# %% wrong dropout_forward: channels dropped whole
# says: nn.Dropout2d
def dropout_forward(x, p, training, rng):
    shape = x.shape[:2] + (1, 1) if x.ndim == 4 else x.shape
    return x * (rng.random(shape) >= p) / (1 - p) if training else x

# %% wrong dropout_forward: multiplied by 1 - p in training
# says: multiplied by 1 - p
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) * (1 - p) if training else x

# %% wrong dropout_forward: divided by p
# says: divided by p; divide by the probability to stay
def dropout_forward(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (p or 1) if training else x

# %% wrong dropout_forward: divided by the share that stayed
# says: share that happened to stay
def dropout_forward(x, p, training, rng):
    keep = rng.random(x.shape) >= p
    return x * keep / keep.mean() if training else x

# %% wrong dropout_forward: always as many
# says: exactly the same number of units
def dropout_forward(x, p, training, rng):
    keep = np.ones(x.size)
    keep[:round(p * x.size)] = 0
    return x * rng.permutation(keep).reshape(x.shape) / (1 - p) if training else x

# %% wrong dropout_forward: a generator of its own
# says: same units are dropped at each call|exactly the same number
def dropout_forward(x, p, training, rng):
    return x * (np.random.default_rng(1).random(x.shape) >= p) / (1 - p) if training else x

# %% wrong dropout_forward: draws from elsewhere
# says: same seed must give the same result
def dropout_forward(x, p, training, rng):
    return x * (np.random.rand(*x.shape) >= p) / (1 - p) if training else x

# %% wrong dropout_forward: in place
# says: changed its argument x
def dropout_forward(x, p, training, rng):
    if training:
        x[rng.random(x.shape) < p] = 0
        x /= 1 - p
    return x

# %% wrong dropout_forward: training and evaluation the wrong way round
# says: dropped although training is False
def dropout_forward(x, p, training, rng):
    return x if training else x * (rng.random(x.shape) >= p) / (1 - p)

# %% wrong dropout_forward: drops nothing
# says: no unit is 0 although training is True
def dropout_forward(x, p, training, rng):
    return x / (1 - p) if training else x

# %% right dropout_forward: choice
def dropout_forward(x, p, training, rng):
    if training:
        return x * rng.choice([0.0, 1 / (1 - p)], size=x.shape, p=[p, 1 - p])
    return x.copy()

# %% right dropout_forward: unit by unit
def dropout_forward(x, p, training, rng):
    out = np.array(x, dtype=float)
    for place in np.ndindex(x.shape):
        if training:
            out[place] = 0 if rng.uniform() < p else out[place] / (1 - p)
    return out

# %% right dropout_forward: binomial
def dropout_forward(x, p, training, rng):
    return np.where(rng.binomial(1, p, x.shape), 0, x / (1 - p)) if training else x

# %% wrong normalised: not answered
# says: not answered yet
normalised = None

# %% wrong normalised: unbiased
# says: unbiased variance, 5/3
normalised = [-1.1619, -0.3873, 0.3873, 1.1619]

# %% wrong normalised: by the variance
# says: Divide by its root
normalised = [-1.2, -0.4, 0.4, 1.2]

# %% wrong normalised: only centred
# says: Now divide by the root
normalised = [-1.5, -0.5, 0.5, 1.5]

# %% wrong normalised: not centred
# says: mean is not subtracted
normalised = [x / 1.25**0.5 for x in (1, 2, 3, 4)]

# %% wrong normalised: from 0 to 1
# says: stretched the numbers from 0 to 1
normalised = [0, 1 / 3, 2 / 3, 1]

# %% wrong normalised: two decimals
# says: Please give four
normalised = [-1.34, -0.45, 0.45, 1.34]

# %% right normalised: with all decimals
normalised = (np.array([1, 2, 3, 4]) - 2.5) / np.sqrt(1.25)

# %% right normalised: with eps
normalised = [(x - 2.5) / (1.25 + 1e-5)**0.5 for x in (1, 2, 3, 4)]

# %% wrong running: not answered
# says: running\[1\] is not answered yet
running = [0.25, None]

# %% wrong running: biased
# says: unbiased one, 5 / 3
running = [0.25, 1.025]

# %% wrong running: momentum the wrong way round
# says: momentum is the wrong way round
running = [2.25, 1.6]

# %% wrong running: the batch's
# says: batch's own statistics
running = [2.5, 5 / 3]

# %% wrong running: begins at 0
# says: begins at 1
running = [0.25, 0.1667]

# %% wrong running: the std
# says: standard deviation
running = [0.25, 0.9 + 0.1 * (5 / 3)**0.5]

# %% right running: worked out
running = [0.1 * 2.5, 0.9 + 0.1 * 5 / 3]

# %% right running: by NumPy
running = np.array([0.9 * 0 + 0.1 * np.mean([1, 2, 3, 4]), 0.9 + 0.1 * np.var([1, 2, 3, 4], ddof=1)])

# %% wrong batchnorm2d_forward: not written
# says: batchnorm2d_forward is not written yet
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    raise NotImplementedError

# %% wrong batchnorm2d_forward: per pixel
# says: Every pixel is normalised by itself
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=0), X.var(axis=0)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: instance norm
# says: instance norm
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(2, 3), keepdims=True), X.var(axis=(2, 3), keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: layer norm
# says: layer norm
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(1, 2, 3), keepdims=True), X.var(axis=(1, 2, 3), keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: one mean for all
# says: All channels share one mean
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(), X.var()
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: over the channels
# says: average over the channels
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=1, keepdims=True), X.var(axis=1, keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: channels last
# says: took the last axis for the channels
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 1, 2)), X.var(axis=(0, 1, 2))
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: unbiased
# says: unbiased variance
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
    if not training:
        mean, var = running_mean, running_var
    return gamma[:, None, None] * (X - mean[:, None, None]) / np.sqrt(var[:, None, None] + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: eps outside the root
# says: eps stands outside the root
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    if not training:
        mean, var = running_mean, running_var
    return gamma[:, None, None] * (X - mean[:, None, None]) / (np.sqrt(var[:, None, None]) + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: eps left out
# says: eps is left out
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    if not training:
        mean, var = running_mean, running_var
    with np.errstate(all="ignore"):
        return gamma[:, None, None] * (X - mean[:, None, None]) / np.sqrt(var[:, None, None]) + beta[:, None, None]

# %% wrong batchnorm2d_forward: by the variance
# says: divide by the variance
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    if not training:
        mean, var = running_mean, running_var
    return gamma[:, None, None] * (X - mean[:, None, None]) / (var[:, None, None] + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: gamma and beta along the width
# says: shape \(1, C, 1, 1\)
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3), keepdims=True), X.var(axis=(0, 2, 3), keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma * (X - mean) / np.sqrt(var + eps) + beta

# %% wrong batchnorm2d_forward: statistics without reshaping
# says: shape \(1, C, 1, 1\)
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    if not training:
        mean, var = running_mean, running_var
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: gamma and beta left out
# says: gamma and beta are left out
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3), keepdims=True), X.var(axis=(0, 2, 3), keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return (X - mean) / np.sqrt(var + eps)

# %% wrong batchnorm2d_forward: gamma and beta swapped
# says: changed places
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3), keepdims=True), X.var(axis=(0, 2, 3), keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return beta[:, None, None] * (X - mean) / np.sqrt(var + eps) + gamma[:, None, None]

# %% wrong batchnorm2d_forward: the running statistics always
# says: training is True, and yet the running statistics
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: the batch's statistics always
# says: training is False, and yet the batch
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3), keepdims=True), X.var(axis=(0, 2, 3), keepdims=True)
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: the running variance taken for a std
# says: as if it were a standard deviation
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    if training:
        mean, std = X.mean(axis=(0, 2, 3)), np.sqrt(X.var(axis=(0, 2, 3)) + eps)
    else:
        mean, std = running_mean, running_var
    return gamma[:, None, None] * (X - mean[:, None, None]) / std[:, None, None] + beta[:, None, None]

# %% wrong batchnorm2d_forward: nothing in evaluation
# says: In evaluation X comes back as it was
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    if not training:
        return X
    mean, var = X.mean(axis=(0, 2, 3), keepdims=True), X.var(axis=(0, 2, 3), keepdims=True)
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: the mean not subtracted
# says: mean is not subtracted
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    var = X.var(axis=(0, 2, 3)) if training else running_var
    return gamma[:, None, None] * X / np.sqrt(var[:, None, None] + eps) + beta[:, None, None]

# %% wrong batchnorm2d_forward: an eps of its own
# says: eps is ignored
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    mean, var = X.mean(axis=(0, 2, 3), keepdims=True), X.var(axis=(0, 2, 3), keepdims=True)
    if not training:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
    return gamma[:, None, None] * (X - mean) / np.sqrt(var + 1e-5) + beta[:, None, None]

# %% right batchnorm2d_forward: channel by channel
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    out = np.empty(X.shape)
    for c in range(X.shape[1]):
        x = X[:, c].astype(float)
        mean, var = (x.mean(), x.var()) if training else (running_mean[c], running_var[c])
        out[:, c] = gamma[c] * (x - mean) / (var + eps)**0.5 + beta[c]
    return out

# %% right batchnorm2d_forward: folded into one factor and one shift
def batchnorm2d_forward(X, gamma, beta, running_mean, running_var, training, eps=1e-5):
    if training:
        flat = X.transpose(1, 0, 2, 3).reshape(X.shape[1], -1).astype(float)
        running_mean = flat.mean(axis=1)
        running_var = ((flat - running_mean[:, None])**2).mean(axis=1)
    factor = gamma / np.sqrt(running_var + eps)
    return np.einsum("nchw,c->nchw", X, factor) + (beta - factor * running_mean).reshape(1, -1, 1, 1)

# %% wrong running_update: not written
# says: running_update is not written yet
def running_update(running_mean, running_var, X, training, momentum=0.1):
    raise NotImplementedError

# %% wrong running_update: biased
# says: biased one
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3))
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var

# %% wrong running_update: momentum the wrong way round
# says: momentum is the wrong way round
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
    return momentum * running_mean + (1 - momentum) * mean, momentum * running_var + (1 - momentum) * var

# %% wrong running_update: in evaluation too
# says: moved although training is False
def running_update(running_mean, running_var, X, training, momentum=0.1):
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var

# %% wrong running_update: the std
# says: running standard deviation
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    mean, std = X.mean(axis=(0, 2, 3)), X.std(axis=(0, 2, 3), ddof=1)
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * std

# %% wrong running_update: unbiased by the number of pictures
# says: number of pictures
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    N = len(X)
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3)) * (N / (N - 1) if N > 1 else 1)
    return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var

# %% wrong running_update: the old value kept whole
# says: old value is kept whole
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
    return running_mean + momentum * mean, running_var + momentum * var

# %% wrong running_update: the batch's own
# says: old value is thrown away
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    return X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)

# %% wrong running_update: per pixel
# says: one running value for each channel
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    mean, var = X.mean(axis=0), X.var(axis=0, ddof=1 if len(X) > 1 else 0)
    return ((1 - momentum) * running_mean[:, None, None] + momentum * mean,
            (1 - momentum) * running_var[:, None, None] + momentum * var)

# %% wrong running_update: one mean for all channels
# says: All channels share one statistic
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    return (1 - momentum) * running_mean + momentum * X.mean(), (1 - momentum) * running_var + momentum * X.var(ddof=1)

# %% wrong running_update: in place
# says: changed its argument running_mean
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if training:
        running_mean += momentum * (X.mean(axis=(0, 2, 3)) - running_mean)
        running_var += momentum * (X.var(axis=(0, 2, 3), ddof=1) - running_var)
    return running_mean, running_var

# %% wrong running_update: a momentum of its own
# says: momentum is ignored
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if not training:
        return running_mean, running_var
    return 0.9 * running_mean + 0.1 * X.mean(axis=(0, 2, 3)), 0.9 * running_var + 0.1 * X.var(axis=(0, 2, 3), ddof=1)

# %% wrong running_update: nothing returned in evaluation
# says: ^CheckFailed: running_update returns None
def running_update(running_mean, running_var, X, training, momentum=0.1):
    if training:
        mean, var = X.mean(axis=(0, 2, 3)), X.var(axis=(0, 2, 3), ddof=1)
        return (1 - momentum) * running_mean + momentum * mean, (1 - momentum) * running_var + momentum * var

# %% right running_update: a step towards the batch
def running_update(running_mean, running_var, X, training, momentum=0.1):
    rate = momentum if training else 0
    m = X.size / X.shape[1]
    unbiased = X.var(axis=(0, 2, 3)) * m / (m - 1) if m > 1 else running_var
    return (running_mean + rate * (X.mean(axis=(0, 2, 3)) - running_mean),
            running_var + rate * (unbiased - running_var))

# %% right running_update: channel by channel
def running_update(running_mean, running_var, X, training, momentum=0.1):
    new_mean, new_var = np.array(running_mean, dtype=float), np.array(running_var, dtype=float)
    for c in range(X.shape[1]):
        if training:
            x = X[:, c].ravel().astype(float)
            mean = sum(x) / len(x)
            new_mean[c] = new_mean[c] * (1 - momentum) + mean * momentum
            new_var[c] = new_var[c] * (1 - momentum) + momentum * sum((x - mean)**2) / (len(x) - 1)
    return [new_mean, new_var]

# %% wrong batchnorm2d_backward: not written
# says: batchnorm2d_backward is not written yet
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    raise NotImplementedError

# %% wrong batchnorm2d_backward: statistics taken for constants
# says: takes mean and variance for constants
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    return gamma[:, None, None] / std * dY, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: the variance forgotten
# says: leaves out the path through the variance
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: the mean forgotten
# says: leaves out the path through the mean
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: sums for means
# says: sums where means belong
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.sum(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).sum(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: gamma forgotten
# says: gamma is missing in dX
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = (dY - dY.mean(axis=axes, keepdims=True) - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True)) / std
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: means over the pictures only
# says: over the pictures only
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=0) - x_hat * (dY * x_hat).mean(axis=0))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: means over each picture
# says: each picture alone
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=(2, 3), keepdims=True)
                                       - x_hat * (dY * x_hat).mean(axis=(2, 3), keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: not divided by m
# says: m times too large
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    m = X[:, 0].size
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (m * dY - dY.sum(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).sum(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: dgamma with X
# says: dgamma is made with X
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))
    return dX, (dY * X).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: dgamma and dbeta are means
# says: dgamma is a mean
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))
    return dX, (dY * x_hat).mean(axis=axes), dY.mean(axis=axes)

# %% wrong batchnorm2d_backward: dbeta over the places only
# says: one number for each channel
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=(2, 3))

# %% wrong batchnorm2d_backward: dbeta added up over all channels
# says: dbeta adds up all channels
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), np.full(len(gamma), dY.sum())

# %% wrong batchnorm2d_backward: eps outside the root
# says: eps stands outside the root
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = X.std(axis=axes, keepdims=True) + eps
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    dX = gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True)
                                       - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))
    return dX, (dY * x_hat).sum(axis=axes), dY.sum(axis=axes)

# %% wrong batchnorm2d_backward: dX alone
# says: expected 3 arrays
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes = (0, 2, 3)
    std = np.sqrt(X.var(axis=axes, keepdims=True) + eps)
    x_hat = (X - X.mean(axis=axes, keepdims=True)) / std
    return gamma[:, None, None] / std * (dY - dY.mean(axis=axes, keepdims=True)
                                         - x_hat * (dY * x_hat).mean(axis=axes, keepdims=True))

# %% right batchnorm2d_backward: step by step through the graph
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    axes, m = (0, 2, 3), X.size / X.shape[1]
    centred = X - X.mean(axis=axes, keepdims=True)
    inverse = 1 / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + eps)
    d_hat = dY * gamma.reshape(1, -1, 1, 1)
    d_var = (d_hat * centred).sum(axis=axes, keepdims=True) * -0.5 * inverse**3
    d_centred = d_hat * inverse + 2 * centred * d_var / m
    dX = d_centred - d_centred.sum(axis=axes, keepdims=True) / m
    return dX, (dY * centred * inverse).sum(axis=axes), dY.sum(axis=axes)

# %% right batchnorm2d_backward: by PyTorch
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    X, gamma = (torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in (X, gamma))
    beta = torch.zeros_like(gamma, requires_grad=True)
    Y = nn.functional.batch_norm(X, None, None, gamma, beta, training=True, eps=eps)
    return tuple(g.numpy() for g in torch.autograd.grad(Y, (X, gamma, beta), torch.tensor(dY, dtype=torch.float64)))

# %% right batchnorm2d_backward: channel by channel
def batchnorm2d_backward(dY, X, gamma, eps=1e-5):
    dX, dgamma, dbeta = np.empty(X.shape), np.empty(len(gamma)), np.empty(len(gamma))
    for c in range(len(gamma)):
        x, g = X[:, c], dY[:, c]
        std = (x.var() + eps)**0.5
        x_hat = (x - x.mean()) / std
        dgamma[c], dbeta[c] = (g * x_hat).sum(), g.sum()
        dX[:, c] = gamma[c] / std * (g - dbeta[c] / g.size - x_hat * dgamma[c] / g.size)
    return dX, dgamma, dbeta

# %% wrong lonely: not answered
# says: not answered yet
lonely = None

# %% wrong lonely: the running statistics twice
# says: mean of one number is that number
lonely = [2.5, 2.5]

# %% wrong lonely: the batch's statistics twice
# says: running mean 5 and the running variance 4
lonely = [0.5, 0.5]

# %% wrong lonely: the other way round
# says: changed places
lonely = [2.5, 0.5]

# %% wrong lonely: by the variance
# says: divide by its root
lonely = [0.5, 1.5]

# %% wrong lonely: without gamma and beta
# says: values of x_hat
lonely = [0, 1]

# %% wrong lonely: nothing to normalise
# says: its own mean is subtracted
lonely = [7, 2.5]

# %% right lonely: worked out
lonely = [2 * 0 + 0.5, 2 * (7 - 5) / 4**0.5 + 0.5]

# %% right lonely: an array
lonely = np.array([0.5, 2.5])

# %% wrong predict: not written
# says: predict is not written yet
def predict(model, X, batch_size=100):
    raise NotImplementedError

# %% wrong predict: the forgotten eval
# says: still in training mode|model.eval\(\)
def predict(model, X, batch_size=100):
    with torch.no_grad():
        return torch.cat([model(batch) for batch in X.split(batch_size)])

# %% wrong predict: left in evaluation mode
# says: left in evaluation mode
def predict(model, X, batch_size=100):
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in X.split(batch_size)])

# %% wrong predict: always ends in training mode
# says: left in training mode
def predict(model, X, batch_size=100):
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    model.train()
    return logits

# %% wrong predict: with gradients
# says: torch.no_grad
def predict(model, X, batch_size=100):
    before = model.training
    model.eval()
    logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    model.train(before)
    return logits

# %% wrong predict: eval after the first batch
# says: training mode|one picture
def predict(model, X, batch_size=100):
    before, logits = model.training, []
    with torch.no_grad():
        for batch in X.split(batch_size):
            logits.append(model(batch))
            model.eval()
    model.train(before)
    return torch.cat(logits)

# %% wrong predict: dropout still on
# says: dropout, and it still drops
def predict(model, X, batch_size=100):
    before = model.training
    for layer in model:
        if isinstance(layer, nn.BatchNorm1d):
            layer.eval()
    with torch.no_grad():
        logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    model.train(before)
    return logits

# %% wrong predict: a try run in training mode first
# says: running statistics moved
def predict(model, X, batch_size=100):
    before = model.training
    with torch.no_grad():
        if batch_size > 1:
            model(X)
        model.eval()
        logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    model.train(before)
    return logits

# %% wrong predict: the last batch left out
# says: last, smaller batch
def predict(model, X, batch_size=100):
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(batch) for batch in X.split(batch_size) if len(batch) == batch_size])
    model.train(before)
    return logits

# %% wrong predict: the frozen batch norm thawed
# says: you thawed it
def predict(model, X, batch_size=100):
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    model.train(before)
    return logits

# %% wrong predict: gradients off for good
# says: still switched off
def predict(model, X, batch_size=100):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    torch.set_grad_enabled(False)
    logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    for module, mode in modes:
        module.training = mode
    return logits

# %% wrong predict: detached afterwards
# says: detach\(\) afterwards comes too late
def predict(model, X, batch_size=100):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    logits = torch.cat([model(batch) for batch in X.split(batch_size)]).detach()
    for module, mode in modes:
        module.training = mode
    return logits

# %% wrong predict: all at once
# says: at once
def predict(model, X, batch_size=100):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = model(X)
    for module, mode in modes:
        module.training = mode
    return logits

# %% wrong predict: the parameters frozen in place of no_grad
# says: left requires_grad = False
def predict(model, X, batch_size=100):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    logits = torch.cat([model(batch) for batch in X.split(batch_size)])
    for module, mode in modes:
        module.training = mode
    return logits

# %% wrong predict: a list
# says: join the batches with torch.cat
def predict(model, X, batch_size=100):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        logits = [model(batch) for batch in X.split(batch_size)]
    for module, mode in modes:
        module.training = mode
    return logits

# %% right predict: a loop and inference_mode
def predict(model, X, batch_size=100):
    trained = [module for module in model.modules() if module.training]
    model.train(False)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(X), batch_size):
            parts.append(model(X[start:start + batch_size]))
    for module in trained:
        module.training = True
    return torch.vstack(parts)

# %% right predict: module by module
@torch.no_grad()
def predict(model, X, batch_size=100):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        return torch.cat([model(batch) for batch in torch.split(X, batch_size)])
    finally:
        for module, mode in modes.items():
            module.training = mode

# %% wrong keep_or_drop: not answered
# says: not answered yet
keep_or_drop = [0.2, None, 0.8]

# %% wrong keep_or_drop: p as in the figure
# says: probability to drop
keep_or_drop = [0.8, 1.25, 0.8]

# %% wrong keep_or_drop: divided by the wrong p
# says: divide by the probability to stay
keep_or_drop = [0.2, 5, 0.8]

# %% wrong keep_or_drop: multiplied
# says: PyTorch divides
keep_or_drop = [0.2, 0.8, 0.8]

# %% wrong keep_or_drop: the drop probability at test time
# says: multiplies by its own p
keep_or_drop = [0.2, 1.25, 0.2]

# %% wrong keep_or_drop: nothing at test time
# says: has not scaled in training
keep_or_drop = [0.2, 1.25, 1]

# %% right keep_or_drop: worked out
keep_or_drop = [1 - 0.8, 1 / 0.8, 0.8]

# %% right keep_or_drop: fractions
keep_or_drop = np.array([1 / 5, 5 / 4, 4 / 5])

# %% wrong two_roots: not answered
# says: not answered yet
two_roots = [None, None]

# %% wrong two_roots: the other way round
# says: changed places
two_roots = [2, 2.2361]

# %% wrong two_roots: variances
# says: divide by variances
two_roots = [5, 4]

# %% wrong two_roots: no root
# says: divides by its root
two_roots = [5, 2]

# %% wrong two_roots: roots first in both
# says: Both times you took the roots first
two_roots = [2, 2]

# %% wrong two_roots: two decimals
# says: Please give four
two_roots = [2.24, 2]

# %% right two_roots: worked out
two_roots = [5**0.5, (1 + 3) / 2]

# %% right two_roots: by NumPy
two_roots = np.array([np.sqrt(np.mean([1, 9])), np.mean(np.sqrt([1, 9]))])
