# Answers to the exercises of notebook 12: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# -------------------------------------------------------------------------------------------- count_budget

# %% wrong count_budget: not written
# says: not written yet
def count_budget(model, limit=300_000):
    raise NotImplementedError("Write your code here")

# %% wrong count_budget: only what learns
# says: Frozen parameters are left out
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters() if w.requires_grad)
    return {"parameters": many, "trainable": many, "left": limit - many}

# %% wrong count_budget: frozen ones learn
# says: Frozen parameters are counted as trainable
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters())
    return {"parameters": many, "trainable": many, "left": limit - many}

# %% wrong count_budget: the state
# says: Running mean
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.state_dict().values())
    return {"parameters": many, "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad), "left": limit - many}

# %% wrong count_budget: layer by layer
# says: used twice is counted twice
def count_budget(model, limit=300_000):
    many = sum(w.numel() for layer in model for w in layer.parameters())
    return {"parameters": many, "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad), "left": limit - many}

# %% wrong count_budget: left by what learns
# says: counted from the trainable
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters())
    learn = sum(w.numel() for w in model.parameters() if w.requires_grad)
    return {"parameters": many, "trainable": learn, "left": limit - learn}

# %% wrong count_budget: left turned round
# says: wrong sign
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters())
    return {"parameters": many, "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad), "left": many - limit}

# %% wrong count_budget: never negative
# says: stops at 0
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters())
    return {"parameters": many, "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad), "left": max(0, limit - many)}

# %% wrong count_budget: its own limit
# says: not always 300,000
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters())
    return {"parameters": many, "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad), "left": 300_000 - many}

# %% wrong count_budget: weights only
# says: Biases and batch norms are left out
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters() if w.ndim > 1)
    return {"parameters": many, "trainable": sum(w.numel() for w in model.parameters() if w.requires_grad and w.ndim > 1), "left": limit - many}

# %% wrong count_budget: the number alone
# says: expected a dict
def count_budget(model, limit=300_000):
    return sum(w.numel() for w in model.parameters())

# %% wrong count_budget: another key
# says: has the keys
def count_budget(model, limit=300_000):
    many = sum(w.numel() for w in model.parameters())
    return {"parameters": many, "learning": many, "left": limit - many}

# %% wrong count_budget: tensors, not numbers
# says: parameters
def count_budget(model, limit=300_000):
    return {"parameters": len(list(model.parameters())), "trainable": 0, "left": 0}

# %% right count_budget: a loop
def count_budget(model, limit=300_000):
    every, learn = 0, 0
    for w in model.parameters():
        every += w.nelement()
        learn += w.nelement() * int(w.requires_grad)
    return dict(left=limit - every, parameters=every, trainable=learn)

# %% right count_budget: vectors
def count_budget(model, limit=300_000):
    sizes = np.array([[w.numel(), w.numel() * w.requires_grad] for w in model.parameters()]).sum(axis=0)
    return {"parameters": sizes[0].item(), "trainable": sizes[1].item(), "left": limit - sizes[0].item()}

# ---------------------------------------------------------------------------------------------- my_network

# %% wrong my_network: not written
# says: not written yet
def my_network(channels=1, classes=10):
    raise NotImplementedError("Write your code here")

# %% wrong my_network: nothing returned
# says: my_network
def my_network(channels=1, classes=10):
    net = nn.Sequential(nn.Flatten(), nn.Linear(1024 * channels, classes))

# %% wrong my_network: too large
# says: and may have 300,000
def my_network(channels=1, classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(1024 * channels, 400), nn.ReLU(), nn.Linear(400, classes))

# %% wrong my_network: grey only
# says: not always 1
def my_network(channels=1, classes=10):
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, classes))

# %% wrong my_network: ten classes only
# says: a logit for each class
def my_network(channels=1, classes=10):
    return nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 10))

# %% wrong my_network: maps left
# says: a logit for each class
def my_network(channels=1, classes=10):
    return nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, classes, 1), nn.AdaptiveAvgPool2d(1))

# %% wrong my_network: a wrong length
# says: another length
def my_network(channels=1, classes=10):
    return nn.Sequential(nn.Conv2d(channels, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 16 * 16, classes))

# %% wrong my_network: it does not look
# says: same logits
def my_network(channels=1, classes=10):
    net = nn.Sequential(nn.Flatten(), nn.Linear(1024 * channels, classes))
    nn.init.zeros_(net[1].weight)
    return net

# %% wrong my_network: averages over the batch
# says: other pictures of its batch
def my_network(channels=1, classes=10):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(1024 * channels, classes)

        def forward(self, X):
            X = X.flatten(1)
            return self.fc(X - X.mean(dim=0))
    return Mixed()

# %% wrong my_network: a list of layers
# says: my_network
def my_network(channels=1, classes=10):
    return [nn.Flatten(), nn.Linear(1024 * channels, classes)]

# %% wrong my_network: a class without brackets
# says: my_network
def my_network(channels=1, classes=10):
    class Net(nn.Module):
        pass
    return Net

# %% wrong my_network: hidden layers
# says: no parameters
def my_network(channels=1, classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Flatten(), nn.Linear(1024 * channels, classes)]

        def forward(self, X):
            for layer in self.layers:
                X = layer(X)
            return X
    return Net()

# %% right my_network: residual blocks
def my_network(channels=1, classes=10):
    def f(c):
        return capstone.Residual(nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c))
    return nn.Sequential(nn.Conv2d(channels, 16, 3, 2, padding=1), f(16), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, padding=1), f(32),
                         nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, classes))

# %% right my_network: a class of one's own
def my_network(channels=1, classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(channels, 16, 5, 2), nn.Conv2d(16, 32, 5, 2)
            self.head = nn.Linear(32, classes)

        def forward(self, X):
            return self.head(F.relu(self.b(F.relu(self.a(X)))).amax(dim=(2, 3)))
    return Net()

# ------------------------------------------------------------------------------------------------ classify

# %% wrong classify: not written
# says: not written yet
my_recipe = capstone.RECIPE
def classify(x):
    raise NotImplementedError("Write your code here")

# %% wrong classify: always one
# says: It says 1 of every picture
my_recipe = capstone.RECIPE
def classify(x):
    return np.ones(len(x), dtype=int)

# %% wrong classify: untrained
# says: classify gets .* unseen scenes right
my_recipe = capstone.RECIPE
def classify(x):
    torch.manual_seed(1)
    model = my_network().eval()
    with torch.no_grad():
        return model(capstone.pictures("training").normalised(torch.from_numpy(x))).argmax(1).numpy()

# %% wrong classify: guessing
# says: another label when it sees each alone|chance
my_recipe = capstone.RECIPE
def classify(x):
    return np.random.default_rng(len(x)).integers(10, size=len(x))

# %% wrong classify: too naive a network
# says: 82% are asked for
my_recipe = replace(capstone.RECIPE, epochs=1, lr=3e-3)
def naive():
    return nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.MaxPool2d(3), nn.Flatten(), nn.Linear(100, 10))
def classify(x):
    model = capstone.trained(naive, replace(my_recipe, epochs=3), show=False).model.eval()
    with torch.no_grad():
        return model(capstone.pictures("training").normalised(torch.from_numpy(x))).argmax(1).numpy()

# %% wrong classify: in training mode
# says: another label when it sees each alone
my_recipe = replace(capstone.RECIPE, epochs=0.1)
def classify(x):
    model = capstone.trained(my_network, my_recipe, show=False).model.train()
    with torch.no_grad():
        return model(capstone.pictures("training").normalised(torch.from_numpy(x))).argmax(1).numpy()

# %% wrong classify: a tensor
# says: must return an array of labels
my_recipe = capstone.RECIPE
def classify(x):
    return torch.zeros(len(x), dtype=torch.long)

# %% wrong classify: logits
# says: take their argmax
my_recipe = capstone.RECIPE
def classify(x):
    return np.zeros((len(x), 10))

# %% wrong classify: floats
# says: whole numbers
my_recipe = capstone.RECIPE
def classify(x):
    return np.zeros(len(x))

# %% wrong classify: channels last
# says: channels first
my_recipe = capstone.RECIPE
def classify(x):
    with torch.no_grad():
        return my_network()(torch.from_numpy(x).float()).argmax(1).numpy()

# %% wrong classify: of the first picture alone
# says: a label for each
my_recipe = capstone.RECIPE
def classify(x):
    return np.zeros(1, dtype=int)

# %% wrong classify: out of range
# says: they go from 0 to 9
my_recipe = capstone.RECIPE
def classify(x):
    return np.full(len(x), 10)

# %% right classify: by the library's Images
my_recipe = replace(capstone.RECIPE, crop=3)
def classify(x):
    shown = replace(capstone.pictures("training"), x=torch.tensor(x), y=torch.zeros(len(x), dtype=torch.long))
    return training.evaluate(capstone.trained(my_network, my_recipe, show=False).model, shown).predictions

# %% right classify: in batches, by probabilities
my_recipe = replace(capstone.RECIPE, crop=3)
def classify(x):
    net, told = capstone.trained(my_network, my_recipe, show=False).model.eval(), []
    for part in torch.from_numpy(x).split(64):
        with torch.inference_mode():
            told += net(capstone.pictures("training").normalised(part)).softmax(1).argmax(1).tolist()
    return np.array(told)

# ------------------------------------------------------------------------------------------- paired_effect

# %% wrong paired_effect: not written
# says: not written yet
def paired_effect(with_it, without, t):
    raise NotImplementedError("Write your code here")

# %% wrong paired_effect: turned round
# says: without minus with
def paired_effect(with_it, without, t):
    d = without - with_it
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half

# %% wrong paired_effect: not paired
# says: of all runs
def paired_effect(with_it, without, t):
    mean = with_it.mean() - without.mean()
    half = t * np.sqrt((with_it.var(ddof=1) + without.var(ddof=1)) / len(with_it))
    return mean, mean - half, mean + half

# %% wrong paired_effect: divided by n
# says: must be n - 1
def paired_effect(with_it, without, t):
    d = with_it - without
    half = t * d.std() / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half

# %% wrong paired_effect: no root
# says: not by the root of n
def paired_effect(with_it, without, t):
    d = with_it - without
    half = t * d.std(ddof=1) / len(d)
    return d.mean(), d.mean() - half, d.mean() + half

# %% wrong paired_effect: not divided at all
# says: The root of n is missing
def paired_effect(with_it, without, t):
    d = with_it - without
    half = t * d.std(ddof=1)
    return d.mean(), d.mean() - half, d.mean() + half

# %% wrong paired_effect: without t
# says: t is missing
def paired_effect(with_it, without, t):
    d = with_it - without
    half = d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half

# %% wrong paired_effect: the normal's factor
# says: 1.96 or 2
def paired_effect(with_it, without, t):
    d = with_it - without
    half = 1.96 * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half

# %% wrong paired_effect: the median
# says: take the mean
def paired_effect(with_it, without, t):
    d = with_it - without
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return np.median(d), np.median(d) - half, np.median(d) + half

# %% wrong paired_effect: the range
# says: smallest and the largest
def paired_effect(with_it, without, t):
    d = with_it - without
    return d.mean(), d.min(), d.max()

# %% wrong paired_effect: half widths
# says: not the ends
def paired_effect(with_it, without, t):
    d = with_it - without
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), half, half

# %% wrong paired_effect: high and low
# says: changed places
def paired_effect(with_it, without, t):
    d = with_it - without
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() + half, d.mean() - half

# %% wrong paired_effect: the mean alone
# says: mean, low, high
def paired_effect(with_it, without, t):
    return (with_it - without).mean()

# %% right paired_effect: by sums
def paired_effect(with_it, without, t):
    d = [float(a) - float(b) for a, b in zip(with_it, without)]
    n = len(d)
    mean = sum(d) / n
    half = t * (sum((x - mean) ** 2 for x in d) / (n - 1) / n) ** 0.5
    return [mean, mean - half, mean + half]

# %% right paired_effect: an array
def paired_effect(with_it, without, t):
    d = np.subtract(with_it, without)
    return d.mean() + np.array([0, -1, 1]) * t * np.std(d, ddof=1) / len(d) ** 0.5

# ------------------------------------------------------------------------------------------------- can_say

# %% wrong can_say: not answered
# says: is not answered yet
can_say = [None] * 5

# %% wrong can_say: by ranges
# says: C: its seeds differ much
can_say = [1, 0, 0, -1, 0]

# %% wrong can_say: three of three
# says: E: all three are better
can_say = [1, 0, 1, -1, 1]

# %% wrong can_say: by the mean
# says: B and E
can_say = [1, 1, 1, -1, 1]

# %% wrong can_say: B
# says: B: two of five
can_say = [1, 1, 1, -1, 0]

# %% wrong can_say: D
# says: D: half a point
can_say = [1, 0, 1, 0, 0]

# %% wrong can_say: D has a sign
# says: worse \*with\*
can_say = [1, 0, 1, 1, 0]

# %% wrong can_say: signs turned
# says: turned round
can_say = [-1, 0, -1, 1, 0]

# %% right can_say: a tuple
can_say = (1, 0, 1, -1, 0)

# %% right can_say: an array
can_say = np.array([1, 0, 1, -1, 0])

# ----------------------------------------------------------------------------------------- confusion_pairs

# %% wrong confusion_pairs: not written
# says: not written yet
def confusion_pairs(labels, predictions, k=5):
    raise NotImplementedError("Write your code here")

# %% wrong confusion_pairs: with the right ones
# says: What was right is among
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter(zip(labels.tolist(), predictions.tolist()))
    return sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (-p[2], p[0], p[1]))[:k]

# %% wrong confusion_pairs: turned round
# says: changed places
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return [(b, a, n) for a, b, n in sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (-p[2], p[0], p[1]))[:k]]

# %% wrong confusion_pairs: all of them
# says: only the k most frequent
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (-p[2], p[0], p[1]))

# %% wrong confusion_pairs: the rarest first
# says: least frequent come first
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (p[2], p[0], p[1]))[:k]

# %% wrong confusion_pairs: by class
# says: sorted by class
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return sorted((a, b, n) for (a, b), n in counts.items())[:k]

# %% wrong confusion_pairs: ties downwards
# says: equally frequent
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (p[2], p[0], p[1]), reverse=True)[:k] and \
        sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (-p[2], -p[0], -p[1]))[:k]

# %% wrong confusion_pairs: both ways one
# says: are two pairs, and yours are one
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((min(a, b), max(a, b)) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return sorted(((a, b, n) for (a, b), n in counts.items()), key=lambda p: (-p[2], p[0], p[1]))[:k]

# %% wrong confusion_pairs: shares
# says: counts are shares
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    counts = Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b)
    return sorted(((a, b, n / len(labels)) for (a, b), n in counts.items()), key=lambda p: (-p[2], p[0], p[1]))[:k]

# %% wrong confusion_pairs: zeros too
# says: Pairs that never happened
def confusion_pairs(labels, predictions, k=5):
    classes = range(max(labels.max(), predictions.max()) + 1)
    every = [(a, b, int(((labels == a) & (predictions == b)).sum())) for a in classes for b in classes if a != b]
    return sorted(every, key=lambda p: (-p[2], p[0], p[1]))[:k]

# %% wrong confusion_pairs: pairs without counts
# says: confusion_pairs
def confusion_pairs(labels, predictions, k=5):
    from collections import Counter
    return [pair for pair, _ in Counter((a, b) for a, b in zip(labels.tolist(), predictions.tolist()) if a != b).most_common(k)]

# %% right confusion_pairs: a matrix
def confusion_pairs(labels, predictions, k=5):
    size = int(max(labels.max(), predictions.max())) + 1
    matrix = np.zeros((size, size), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)
    np.fill_diagonal(matrix, 0)
    flat = np.argsort(-matrix.ravel(), kind="stable")[:k]
    return [(int(i // size), int(i % size), int(matrix.flat[i])) for i in flat if matrix.flat[i]]

# %% right confusion_pairs: a dictionary
def confusion_pairs(labels, predictions, k=5):
    counts = {}
    for a, b in zip(labels.tolist(), predictions.tolist()):
        if a != b:
            counts[a, b] = counts.get((a, b), 0) + 1
    return [[*pair, counts[pair]] for pair in sorted(counts, key=lambda pair: (-counts[pair], pair))[:k]]

# ------------------------------------------------------------------------------------------ worst_mistakes

# %% wrong worst_mistakes: not written
# says: not written yet
def worst_mistakes(probabilities, labels, k=8):
    raise NotImplementedError("Write your code here")

# %% wrong worst_mistakes: all pictures
# says: recognised are among them
def worst_mistakes(probabilities, labels, k=8):
    return np.argsort(-probabilities.max(axis=1), kind="stable")[:k]

# %% wrong worst_mistakes: the right ones
# says: Those were recognised
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) == labels)
    return w[np.argsort(-probabilities[w].max(1), kind="stable")[:k]]

# %% wrong worst_mistakes: the least sure
# says: least confident come first
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return w[np.argsort(probabilities[w].max(1), kind="stable")[:k]]

# %% wrong worst_mistakes: within the mistakes
# says: count within the mistakes
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return np.argsort(-probabilities[w].max(1), kind="stable")[:k]

# %% wrong worst_mistakes: all of them
# says: only the k most confident
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return w[np.argsort(-probabilities[w].max(1), kind="stable")]

# %% wrong worst_mistakes: by the loss
# says: which is the loss
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return w[np.argsort(probabilities[w, labels[w]], kind="stable")[:k]]

# %% wrong worst_mistakes: by the lead
# says: lead over the true class
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return w[np.argsort(-(probabilities[w].max(1) - probabilities[w, labels[w]]), kind="stable")[:k]]

# %% wrong worst_mistakes: in the set's order
# says: in the order of the set
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return np.sort(w[np.argsort(-probabilities[w].max(1), kind="stable")[:k]])

# %% wrong worst_mistakes: ties reversed
# says: equally confident
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return w[np.argsort(probabilities[w].max(1), kind="stable")[::-1][:k]]

# %% wrong worst_mistakes: first sorted, then cut, then thrown out
# says: worst_mistakes
def worst_mistakes(probabilities, labels, k=8):
    order = np.argsort(-probabilities.max(1), kind="stable")[:k]
    return order[probabilities[order].argmax(1) != labels[order]]

# %% wrong worst_mistakes: the probabilities
# says: return the places
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return np.sort(probabilities[w].max(1))[::-1][:k]

# %% wrong worst_mistakes: a list
# says: Turn it into one
def worst_mistakes(probabilities, labels, k=8):
    w = np.flatnonzero(probabilities.argmax(1) != labels)
    return w[np.argsort(-probabilities[w].max(1), kind="stable")[:k]].tolist()

# %% right worst_mistakes: sorted with a key
def worst_mistakes(probabilities, labels, k=8):
    sure, said = probabilities.max(axis=1), probabilities.argmax(axis=1)
    wrong = [i for i in range(len(labels)) if said[i] != labels[i]]
    return np.array(sorted(wrong, key=lambda i: -sure[i])[:k], dtype=int)

# %% right worst_mistakes: sort all, then keep
def worst_mistakes(probabilities, labels, k=8):
    order = np.argsort(-probabilities.max(1), kind="stable")
    return order[probabilities[order].argmax(1) != labels[order]][:k]

# -------------------------------------------------------------------------------------------------- report

# %% wrong report: not written
# says: not written yet
def report(parameters, training, accuracy, runs, pairs):
    raise NotImplementedError("Write your code here")

# %% wrong report: empty
# says: version is missing
def report(parameters, training, accuracy, runs, pairs):
    return {}

# %% wrong report: nothing
# says: must return a dict
def report(parameters, training, accuracy, runs, pairs):
    print("done")

# %% wrong report: arrays stay
# says: must be a list.*tolist
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", **runs, "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: no sentence about the ablation
# says: ablation.says is missing
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist()},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: one word is no sentence
# says: 20 at least
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist(), "says": "good"},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: a field misspelt
# says: did you mean 'author'
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "autor": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist(), "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: per cent
# says: divide percent by 100
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": {name: 100 * share for name, share in accuracy.items()}, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist(), "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: another data set
# says: must be one of 'scenes'
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "mnist", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist(), "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: numbers of one's own
# says: parameters is 80122, and the function was given
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": 80122, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist(), "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: with and without swapped
# says: ablation.with is .* was given
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["without"].tolist(), "without": runs["with"].tolist(), "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [list(p) for p in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: pairs as words
# says: errors.pairs\[0\]
def report(parameters, training, accuracy, runs, pairs):
    return {"version": 1, "author": "A", "title": "Some net", "data": "scenes", "parameters": parameters, "training": training,
            "accuracy": accuracy, "ablation": {"change": "crops", "with": runs["with"].tolist(), "without": runs["without"].tolist(), "says": "It helps more than the seeds differ."},
            "errors": {"pairs": [f"{a}->{b}" for a, b, n in pairs], "says": "They are covered by clutter, mostly."}}

# %% wrong report: text instead of an object
# says: must return a dict
def report(parameters, training, accuracy, runs, pairs):
    return "A good network."

# %% right report: by the library
def report(parameters, training, accuracy, runs, pairs):
    return capstone_report.report(
        author="Grace", title="Wide and flat", parameters=parameters, training=training, **accuracy,
        ablation={"change": "dropout", **runs, "says": "Dropout changes nothing that five seeds could show."},
        errors={"pairs": pairs, "says": "Small digits under large pieces of clutter."})

# %% right report: piece by piece
def report(parameters, training, accuracy, runs, pairs):
    told = dict(version=1, author="Kurt", title="A residual one", data="scenes", parameters=parameters)
    told["training"], told["accuracy"] = dict(training), dict(accuracy)
    told["ablation"] = {name: [float(v) for v in values] for name, values in runs.items()}
    told["ablation"] |= {"change": "the shortcuts", "says": "Without shortcuts it is as good, within the spread."}
    told["errors"] = {"pairs": [[int(v) for v in p] for p in pairs], "says": "Sevens with a stroke through the stem."}
    return told

# ------------------------------------------------------------------------------------------------- records

# %% wrong records: not written
# says: not written yet
def records(points):
    raise NotImplementedError("Write your code here")

# %% wrong records: level counts
# says: must be greater
def records(points):
    best, names = -1, []
    for _, name, top in sorted(points, key=lambda p: p[0]):
        if top >= best:
            best, names = top, names + [name]
    return names

# %% wrong records: unsorted
# says: order of their dates
def records(points):
    best, names = -1, []
    for _, name, top in points:
        if top > best:
            best, names = top, names + [name]
    return names

# %% wrong records: better than the one before
# says: beats \*all\* before
def records(points):
    last, names = -1, []
    for _, name, top in sorted(points, key=lambda p: p[0]):
        if top > last:
            names.append(name)
        last = top
    return names

# %% wrong records: without the first
# says: first point is missing
def records(points):
    best, names = None, []
    for _, name, top in sorted(points, key=lambda p: p[0]):
        if best is not None and top > best:
            names.append(name)
        best = top if best is None else max(best, top)
    return names

# %% wrong records: all names
# says: only those of records
def records(points):
    return [name for _, name, _ in sorted(points, key=lambda p: p[0])]

# %% wrong records: the accuracies
# says: return the names
def records(points):
    best, tops = -1, []
    for _, name, top in sorted(points, key=lambda p: p[0]):
        if top > best:
            best = top
            tops.append(top)
    return tops

# %% wrong records: latest first
# says: begin with the earliest
def records(points):
    best, names = -1, []
    for _, name, top in sorted(points, key=lambda p: p[0]):
        if top > best:
            best, names = top, [name] + names
    return names

# %% wrong records: by accuracy
# says: Go by date
def records(points):
    best, names = -1, []
    for _, name, top in sorted(points, key=lambda p: p[2]):
        if top > best:
            best, names = top, names + [name]
    return names

# %% wrong records: ties by name
# says: stands first in the list
def records(points):
    best, names = -1, []
    for _, name, top in sorted(points):
        if top > best:
            best, names = top, names + [name]
    return names

# %% wrong records: the last one
# says: all of them are asked for
def records(points):
    return [max(sorted(points, key=lambda p: p[0]), key=lambda p: p[2])[1]]

# %% right records: by comparing with all before
def records(points):
    ordered = sorted(points, key=lambda p: p[0])
    return [p[1] for i, p in enumerate(ordered) if all(p[2] > q[2] for q in ordered[:i])]

# %% right records: a running maximum
def records(points):
    ordered = sorted(points, key=lambda p: p[0])
    best = np.maximum.accumulate([p[2] for p in ordered])
    return [p[1] for i, p in enumerate(ordered) if i == 0 or best[i] > best[i - 1]]

# ------------------------------------------------------------------------------------------------ progress

# %% wrong progress: not answered
# says: is not answered yet
progress = [None] * 6

# %% wrong progress: points, not errors
# says: per cent of the \*errors\*
progress = [7.1, 1.0, 0.3, 21, 6, 1]

# %% wrong progress: of the accuracy
# says: divided by the accuracy
progress = [7.1, 1.0, 0.3, 36, 7, 1]

# %% wrong progress: what is left
# says: how much of the errors is left
progress = [7.1, 1.0, 0.3, 48, 70, 93]

# %% wrong progress: not by year
# says: divide by the years
progress = [21.3, 5.9, 0.7, 52, 30, 7]

# %% wrong progress: of the errors at the end
# says: those at the beginning
progress = [7.1, 1.0, 0.3, 110, 44, 7]

# %% wrong progress: fence posts
# says: three years, and not four
progress = [5.3, 0.8, 0.2, 52, 30, 7]

# %% wrong progress: half of it
# says: list of 6
progress = [7.1, 1.0, 0.3]

# %% right progress: worked out
progress = [(80.62 - 59.3) / 3, (86.5 - 80.62) / 6, 0.3, 52, 30, 7]

# %% right progress: an array
progress = np.array([7.1, 0.98, 0.325, 52, 30, 7])

# ----------------------------------------------------------------------------------------------- errata_44

# %% wrong errata_44: not answered
# says: is not answered yet
errata_44 = [None] * 7

# %% wrong errata_44: a ResNet
# says: size of EfficientNet
errata_44 = [1, 0, 0, 1, 1, 0, 0]

# %% wrong errata_44: augmentation
# says: ResNet-152x4
errata_44 = [0, 1, 1, 0, 1, 0, 0]

# %% wrong errata_44: the slide believed
# says: the slide's, and the wrong ones
errata_44 = [1, 0, 1, 0, 1, 0, 0]

# %% wrong errata_44: an exception above 87
# says: filter the points above 87
errata_44 = [0, 1, 0, 1, 0, 0, 0]

# %% wrong errata_44: transformers win
# says: NFNet-F6. What kind
errata_44 = [0, 1, 0, 1, 1, 1, 0]

# %% wrong errata_44: the same pictures
# says: test set of 2010
errata_44 = [0, 1, 0, 1, 1, 0, 1]

# %% right errata_44: a tuple
errata_44 = (0, 1, 0, 1, 1, 0, 0)

# %% right errata_44: an array
errata_44 = np.array([0, 1, 0, 1, 1, 0, 0])
