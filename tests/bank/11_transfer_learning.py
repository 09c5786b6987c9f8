# Answers to the exercises of notebook 11: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# %% wrong head_and_rates: not answered
# says: is not answered yet
head_and_rates = [None] * 4

# %% wrong head_and_rates: no biases
# says: biases are missing
head_and_rates = [1024, 4096, 0.001, 0.001]

# %% wrong head_and_rates: one output
# says: one output
head_and_rates = [513, 2049, 0.001, 0.001]

# %% wrong head_and_rates: one bias
# says: bias of its own
head_and_rates = [1025, 4097, 0.001, 0.001]

# %% wrong head_and_rates: body faster
# says: divide by ten
head_and_rates = [1026, 4098, 0.1, 0.001]

# %% wrong head_and_rates: head slower
# says: multiply by ten
head_and_rates = [1026, 4098, 0.001, 0.00001]

# %% right head_and_rates: worked out
head_and_rates = [512 * 2 + 2, 2048 * 2 + 2, 1e-2 / 10, 1e-4 * 10]

# %% right head_and_rates: a tuple
head_and_rates = (1026, 4098, 1e-3, 1e-3)

# %% wrong faults: not answered
# says: is not answered yet
faults = [None] * 6

# %% wrong faults: sentence 1
# says: Sentence 1
faults = [0, 0, 1, 1, 1, 0]

# %% wrong faults: sentence 2
# says: Sentence 2
faults = [1, 1, 1, 1, 1, 0]

# %% wrong faults: sentence 3
# says: Sentence 3
faults = [1, 0, 0, 1, 1, 0]

# %% wrong faults: sentence 4
# says: Sentence 4
faults = [1, 0, 1, 0, 1, 0]

# %% wrong faults: sentence 5
# says: Sentence 5
faults = [1, 0, 1, 1, 0, 0]

# %% wrong faults: sentence 6
# says: Sentence 6
faults = [1, 0, 1, 1, 1, 1]

# %% right faults: a tuple
faults = (1, 0, 1, 1, 1, 0)

# %% right faults: floats
faults = [1.0, 0.0, 1.0, 1.0, 1.0, 0.0]

# %% wrong runs_say: not answered
# says: is not answered yet
runs_say = [None] * 6

# %% wrong runs_say: sentence 1
# says: Sentence 1
runs_say = [0, 0, 0, 1, 0, 1]

# %% wrong runs_say: sentence 2
# says: Sentence 2
runs_say = [1, 1, 0, 1, 0, 1]

# %% wrong runs_say: sentence 3
# says: Sentence 3
runs_say = [1, 0, 1, 1, 0, 1]

# %% wrong runs_say: sentence 4
# says: Sentence 4
runs_say = [1, 0, 0, 0, 0, 1]

# %% wrong runs_say: sentence 5
# says: Sentence 5
runs_say = [1, 0, 0, 1, 1, 1]

# %% wrong runs_say: sentence 6
# says: Sentence 6
runs_say = [1, 0, 0, 1, 0, 0]

# %% right runs_say: a tuple
runs_say = (1, 0, 0, 1, 0, 1)

# %% right runs_say: floats
runs_say = [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]

# %% wrong near_will: not answered
# says: is not answered yet
near_will = None

# %% wrong near_will: a number
# says: it must be one of
near_will = 1

# %% wrong near_will: another word
# says: it must be one of
near_will = "perhaps"

# %% wrong near_will: a list
# says: it must be one of
near_will = ["win"]

# %% wrong near_will: True
# says: it must be one of
near_will = True

# %% right near_will: win
near_will = "win"

# %% right near_will: lose
near_will = "lose"

# %% wrong layer_will: not answered
# says: is not answered yet
layer_will = None

# %% wrong layer_will: a number
# says: it must be one of
layer_will = 1

# %% wrong layer_will: another word
# says: it must be one of
layer_will = "perhaps"

# %% wrong layer_will: a list
# says: it must be one of
layer_will = ["first"]

# %% wrong layer_will: True
# says: it must be one of
layer_will = True

# %% right layer_will: first
layer_will = "first"

# %% right layer_will: middle
layer_will = "middle"

# %% wrong norm_will: not answered
# says: is not answered yet
norm_will = None

# %% wrong norm_will: a number
# says: it must be one of
norm_will = 1

# %% wrong norm_will: another word
# says: it must be one of
norm_will = "perhaps"

# %% wrong norm_will: a list
# says: it must be one of
norm_will = ["test"]

# %% wrong norm_will: True
# says: it must be one of
norm_will = True

# %% right norm_will: test
norm_will = "test"

# %% right norm_will: the same
norm_will = "the same"

# %% wrong replace_head: not written
# says: is not written yet
def replace_head(model, classes):
    raise NotImplementedError

# %% wrong replace_head: nothing returned
# says: Something is None
def replace_head(model, classes):
    model.head = nn.Linear(model.head.in_features, classes, bias=model.head.bias is not None)

# %% wrong replace_head: always a bias
# says: always has a bias
def replace_head(model, classes):
    model.head = nn.Linear(model.head.in_features, classes)
    return model

# %% wrong replace_head: never a bias
# says: never has a bias
def replace_head(model, classes):
    model.head = nn.Linear(model.head.in_features, classes, bias=False)
    return model

# %% wrong replace_head: unchanged
# says: nothing was replaced
def replace_head(model, classes):
    return model

# %% wrong replace_head: only the number
# says: make a new nn.Linear
def replace_head(model, classes):
    model.head.out_features = classes
    return model

# %% wrong replace_head: old outputs
# says: as many outputs as the old
def replace_head(model, classes):
    model.head = nn.Linear(model.head.in_features, model.head.out_features, bias=model.head.bias is not None)
    return model

# %% right replace_head: by the library
def replace_head(model, classes):
    return transfer.replace_head(model, classes)

# %% right replace_head: setattr
def replace_head(model, classes):
    inputs, bias = model.head.weight.shape[1], model.head.bias is not None
    setattr(model, 'head', nn.Linear(inputs, classes, bias))
    return model

# %% wrong freeze: not written
# says: is not written yet
def freeze(model):
    raise NotImplementedError

# %% wrong freeze: thawed by train
# says: thaws the batch norm
def freeze(model):
    model.body.requires_grad_(False)
    model.body.eval()
    return model

# %% wrong freeze: all
# says: nothing can learn
def freeze(model):
    model.requires_grad_(False)
    return model

# %% wrong freeze: nothing
# says: Nothing is frozen
def freeze(model):
    return model

# %% wrong freeze: the head in its place
# says: other way round
def freeze(model):
    model.head.requires_grad_(False)
    return model

# %% wrong freeze: with gradients
# says: still have gradients
def freeze(model):
    model.body.eval()
    model.body.train = lambda mode=True: model.body
    return model

# %% wrong freeze: batch norm learns
# says: own two parameters
def freeze(model):
    model.body[0].requires_grad_(False)
    return model

# %% wrong freeze: the head stays in eval mode
# says: must follow train
def freeze(model):
    model.body.requires_grad_(False)
    model.eval()
    model.train = lambda mode=True: model
    return model

# %% right freeze: by the library
def freeze(model):
    return transfer.freeze(model, 'head')

# %% right freeze: module by module
def freeze(model):
    for module in model.body.modules():
        module.eval()
        module.train = lambda mode=True, module=module: module
    for weight in model.body.parameters():
        weight.requires_grad = False
    return model

# %% wrong param_groups: not written
# says: is not written yet
def param_groups(model, lr):
    raise NotImplementedError

# %% wrong param_groups: frozen too
# says: requires_grad is False
def param_groups(model, lr):
    body = [w for w in model.body.parameters()]
    head = list(model.head.parameters())
    return [{"params": body, "lr": lr / 10}, {"params": head, "lr": lr}]

# %% wrong param_groups: the same rate
# says: same rate
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": body, "lr": lr}, {"params": head, "lr": lr}]

# %% wrong param_groups: ten times
# says: ten times the head
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": body, "lr": lr * 10}, {"params": head, "lr": lr}]

# %% wrong param_groups: the head first
# says: First the body
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": head, "lr": lr}, {"params": body, "lr": lr / 10}]

# %% wrong param_groups: from the body's rate
# says: lr is the head
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": body, "lr": lr}, {"params": head, "lr": lr * 10}]

# %% wrong param_groups: swapped
# says: rates are swapped
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": body, "lr": lr}, {"params": head, "lr": lr / 10}]

# %% wrong param_groups: the head twice
# says: in both groups
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": body + head, "lr": lr / 10}, {"params": head, "lr": lr}]

# %% right param_groups: by the library
def param_groups(model, lr):
    return transfer.param_groups(model, lr, head='head')

# %% right param_groups: plainly
def param_groups(model, lr):
    body = [w for w in model.body.parameters() if w.requires_grad]
    head = list(model.head.parameters())
    return [{"params": body, "lr": 0.1 * lr}, {"params": head, "lr": lr}]

# %% wrong extract_features: not written
# says: is not written yet
def extract_features(model, X):
    raise NotImplementedError

# %% wrong extract_features: in training mode
# says: in training mode
def extract_features(model, X):
    kept, mode = [], model.training
    handle = model.head.register_forward_pre_hook(lambda m, inputs: kept.append(inputs[0]))
    with torch.no_grad():
        model(X)
    handle.remove()
    model.train(mode)
    return kept[0]

# %% wrong extract_features: left in eval mode
# says: remember model.training
def extract_features(model, X):
    kept, mode = [], model.training
    handle = model.head.register_forward_pre_hook(lambda m, inputs: kept.append(inputs[0]))
    model.eval()
    with torch.no_grad():
        model(X)
    handle.remove()
    return kept[0]

# %% wrong extract_features: always back to training
# says: came in eval mode
def extract_features(model, X):
    kept, mode = [], model.training
    handle = model.head.register_forward_pre_hook(lambda m, inputs: kept.append(inputs[0]))
    model.eval()
    with torch.no_grad():
        model(X)
    handle.remove()
    model.train()
    return kept[0]

# %% wrong extract_features: the hook stays
# says: hook is still there
def extract_features(model, X):
    kept, mode = [], model.training
    handle = model.head.register_forward_pre_hook(lambda m, inputs: kept.append(inputs[0]))
    model.eval()
    with torch.no_grad():
        model(X)
    model.train(mode)
    return kept[0]

# %% wrong extract_features: with gradients
# says: under torch.no_grad
def extract_features(model, X):
    kept, mode = [], model.training
    handle = model.head.register_forward_pre_hook(lambda m, inputs: kept.append(inputs[0]))
    model.eval()
    if True:
        model(X)
    handle.remove()
    model.train(mode)
    return kept[0]

# %% wrong extract_features: averaged
# says: maps are averaged
def extract_features(model, X):
    mode = model.training
    model.eval()
    with torch.no_grad():
        made = model.body(X).mean((2, 3))
    model.train(mode)
    return made

# %% wrong extract_features: the maps
# says: before the pooling
def extract_features(model, X):
    mode = model.training
    model.eval()
    with torch.no_grad():
        made = model.body(X)
    model.train(mode)
    return made

# %% right extract_features: by the library
def extract_features(model, X):
    return torch.from_numpy(transfer.extract_features(model, X)).to(X.dtype) if X.dtype == torch.float32 else _by_body(model, X)


def _by_body(model, X):
    mode = model.training
    model.eval()
    with torch.no_grad():
        made = model.body(X).amax((2, 3))
    model.train(mode)
    return made

# %% right extract_features: with a decorator
@torch.no_grad()
def extract_features(model, X):
    before, found = model.training, {}
    hook = model.head.register_forward_hook(lambda m, i, o: found.update(x=i[0]))
    model.eval()(X)
    model.train(before)
    hook.remove()
    return found['x']

# %% wrong labels_needed: not written
# says: is not written yet
def labels_needed(labels, accuracies, wanted):
    raise NotImplementedError

# %% wrong labels_needed: linear
# says: logarithmic
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(a + share * (b - a))
    return None

# %% wrong labels_needed: the next point
# says: reaches it earlier
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(b)
    return None

# %% wrong labels_needed: the point before
# says: reaches it later
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(a)
    return None

# %% wrong labels_needed: wrong end
# says: wrong end
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(b * (a / b) ** share)
    return None

# %% wrong labels_needed: np.interp
# says: may fall again
def labels_needed(labels, accuracies, wanted):
    if max(accuracies) < wanted:
        return None
    return float(np.exp(np.interp(wanted, accuracies, np.log(labels))))

# %% wrong labels_needed: zero
# says: needs None
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(a * (b / a) ** share)
    return 0.0

# %% wrong labels_needed: the last
# says: last number of labels
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(a * (b / a) ** share)
    return float(labels[-1])

# %% right labels_needed: logarithms
def labels_needed(labels, accuracies, wanted):
    if accuracies[0] >= wanted:
        return float(labels[0])
    for a, b, low, high in zip(labels, labels[1:], accuracies, accuracies[1:]):
        if high >= wanted:
            share = (wanted - low) / (high - low)
            return float(np.exp(np.log(a) + share * (np.log(b) - np.log(a))))
    return None

# %% right labels_needed: np.interp through the best so far
def labels_needed(labels, accuracies, wanted):
    if max(accuracies) < wanted:
        return None
    return float(np.exp(np.interp(wanted, np.maximum.accumulate(accuracies), np.log(labels))))
