# Answers to the exercises of notebook 10: wrong ones with what they must be told, and right ones written differently.
# The format is explained in tests/harness.py; each text below a heading replaces the exercise's solution cell.

# ruff: noqa

# ---------------------------------------------------------------------------------------------- by hand

# %% wrong sees: not answered
# says: is not answered yet
sees = [None] * 6

# %% wrong sees: three pixels for each kernel
# says: it adds 2 pixels
sees = [6, 9, 81, 195, 196, 212]

# %% wrong sees: no stride in ResNet-20
# says: ResNet-20: the strides are forgotten
sees = [5, 7, 39, 195, 196, 212]

# %% wrong sees: no strides
# says: each stride makes the jumps of all later layers longer
sees = [5, 7, 39, 27, 36, 37]

# %% wrong sees: the strided convolution with its own stride
# says: longer. The strided convolution
sees = [5, 7, 87, 195, 196, 212]

# %% wrong sees: no first convolution
# says: in front of the stages
sees = [5, 7, 79, 195, 196, 212]

# %% wrong sees: one convolution for each block
# says: each stage has six
sees = [5, 7, 45, 195, 196, 212]

# %% wrong sees: AlexNet without its last pool
# says: 163 is behind its last convolution
sees = [5, 7, 81, 163, 196, 212]

# %% wrong sees: AlexNet with four
# says: three convolutions 3×3 between
sees = [5, 7, 81, 227, 196, 212]

# %% wrong sees: VGG twice the pool
# says: one jump of 16 less
sees = [5, 7, 81, 195, 212, 212]

# %% wrong sees: the jump behind the pool
# says: not yet 32
sees = [5, 7, 81, 195, 196, 228]

# %% wrong sees: a pool sees nothing new
# says: makes the field larger
sees = [5, 7, 81, 195, 196, 196]

# %% wrong sees: cut off at the picture
# says: How large is the window itself
sees = [5, 7, 32, 195, 196, 212]

# %% wrong sees: areas
# says: those of one side
sees = [25, 49, 6561, 38025, 38416, 44944]

# %% wrong sees: one slip
# says: 1 of 6 cells is wrong: \[4\]
sees = [5, 7, 81, 195, 192, 212]

# %% right sees: a tuple
sees = (5, 7, 81, 195, 196, 212)

# %% right sees: by geometry
def size(layers):
    return geometry.receptive_fields(layers)[-1].size

C, P = lambda k, s=1: geometry.Conv(1, k, s), geometry.Pool
R = [C(3)] * 7 + [C(3, 2)] + [C(3)] * 5 + [C(3, 2)] + [C(3)] * 5
V = [x for n in (2, 2, 3, 3, 3) for x in [C(3)] * n + [P(2)]]
sees = [size([C(3)] * 2), size([C(3)] * 3), size(R), size([C(11, 4), P(3, 2), C(5), P(3, 2), *[C(3)] * 3, P(3, 2)]), size(V[:-1]), size(V)]

# %% wrong slide_31: not answered
# says: is not answered yet
slide_31 = [None] * 6

# %% wrong slide_31: places get finer
# says: 8 pixels apart
slide_31 = [1, 1, 1, 0, 1, 0]

# %% wrong slide_31: the title is right
# says: more units for the same picture
slide_31 = [1, 1, 1, 1, 1, 0]

# %% wrong slide_31: contradicts itself
# says: contradicts your answer
slide_31 = [1, 0, 1, 1, 1, 0]

# %% wrong slide_31: not to complex
# says: Which way does that go
slide_31 = [1, 0, 1, 0, 0, 0]

# %% wrong slide_31: sees all the same
# says: to see is not to use
slide_31 = [1, 0, 1, 0, 1, 1]

# %% wrong slide_31: nothing gets complex
# says: compare what the first row
slide_31 = [1, 0, 0, 0, 1, 0]

# %% wrong slide_31: windows stay
# says: column of what one unit sees
slide_31 = [0, 0, 1, 0, 1, 0]

# %% wrong slide_31: all as in the title
# says: You took the title's side
slide_31 = [1, 1, 1, 1, 0, 0]

# %% wrong slide_31: all
# says: 3 of 6 cells are wrong
slide_31 = [1, 1, 1, 1, 1, 1]

# %% right slide_31: an array
slide_31 = np.array([1, 0, 1, 0, 1, 0])

# %% right slide_31: truth values as numbers
slide_31 = [int(answer) for answer in (True, False, True, False, True, False)]

# %% wrong squares: not answered
# says: is not answered yet
squares = [None] * 4

# %% wrong squares: side by step
# says: the side divided by the step
squares = [64, 784, 1, 4]

# %% wrong squares: without the first
# says: One more along each side
squares = [36, 676, 1, 4]

# %% wrong squares: side by side
# says: so they overlap
squares = [16, 196, 1, 1]

# %% wrong squares: along one side
# says: there are rows and columns
squares = [7, 27, 1, 2]

# %% wrong squares: step 1
# says: and not by one
squares = [625, 43681, 1, 64]

# %% wrong squares: four at the corner
# says: no square begins before row 0
squares = [49, 729, 4, 4]

# %% wrong squares: rows only
# says: two rows of squares and in two columns
squares = [49, 729, 1, 2]

# %% wrong squares: one in the middle
# says: both cover row 15
squares = [49, 729, 1, 1]

# %% wrong squares: nine
# says: ends with row 11
squares = [49, 729, 1, 9]

# %% wrong squares: runs
# says: Those are the runs
squares = [50, 730, 1, 4]

# %% right squares: worked out
squares = [((32 - 8) // 4 + 1) ** 2, ((224 - 16) // 8 + 1) ** 2, 1, 2 * 2]

# %% right squares: counted
def starts(side, size, step):
    return [s for s in range(0, side, step) if s + size <= side]

over = lambda pixel: sum(s <= pixel < s + 8 for s in starts(32, 8, 4)) ** 2
squares = [len(starts(32, 8, 4)) ** 2, len(starts(224, 16, 8)) ** 2, over(0), over(15)]

# %% wrong cam: not answered
# says: is not answered yet
cam = [None] * 6

# %% wrong cam: sums without ReLU
# says: and the ReLU is missing
cam = [2, -1, -2, 4, -1, 5]

# %% wrong cam: sums
# says: divide by 4
cam = [2, -1, 0, 4, 0, 5]

# %% wrong cam: no ReLU
# says: what speaks against the class becomes 0
cam = [0.5, -0.25, -0.5, 1, -0.25, 1.25]

# %% wrong cam: absolute values
# says: does not turn their sign
cam = [0.5, -0.25, 0.5, 1, 0.25, 1.25]

# %% wrong cam: ReLU for each channel
# says: not for each channel alone
cam = [0.5, -0.25, 0.5, 1, 0, 1.5]

# %% wrong cam: a sign lost
# says: it speaks against the class
cam = [0.5, 0.25, 1.5, 1, 0.25, 1.75]

# %% wrong cam: pixel by pixel
# says: not pixel by pixel
cam = [0.5, -0.25, 0, 0, 0, 3]

# %% wrong cam: no negative weight
# says: A negative weight stays
cam = [0.5, 0, 0.5, 1, 0, 1.5]

# %% wrong cam: mean over the channels
# says: and not averaged
cam = [0.5, -0.25, 0, 0.5, 0, 0.625]

# %% wrong cam: means of the maps
# says: not of the maps
cam = [1.5, 1.5, 7.5, 3, 1.5, 6]

# %% right cam: a tuple
cam = (0.5, -0.25, 0.0, 1.0, 0.0, 1.25)

# %% right cam: by numpy
A = np.array([[[1, 2], [0, 3]], [[4, 0], [1, 1]]])
G = np.array([[[1, 0], [0, 1]], [[-1, 0], [0, 0]]])
w = G.mean((1, 2))
cam = [*w, *np.maximum(np.tensordot(w, A, 1), 0).ravel()]

# %% wrong maps_say: not answered
# says: is not answered yet
maps_say = [None] * 6

# %% wrong maps_say: agree for the ship
# says: Sentence 4: read the line of the ship
maps_say = [1, 1, 1, 1, 0, 0]

# %% wrong maps_say: random agrees
# says: one of the three above 0.5
maps_say = [1, 1, 1, 0, 1, 0]

# %% wrong maps_say: the clear one is right
# says: a pleasant one
maps_say = [1, 1, 1, 0, 0, 1]

# %% wrong maps_say: the other half
# says: How much is on the other
maps_say = [1, 0, 1, 0, 0, 0]

# %% wrong maps_say: not on the cat
# says: read the first line
maps_say = [0, 1, 1, 0, 0, 0]

# %% wrong maps_say: no agreement
# says: in the line of the cat
maps_say = [1, 1, 0, 0, 0, 0]

# %% wrong maps_say: both
# says: and the last one
maps_say = [1, 1, 1, 1, 1, 0]

# %% wrong maps_say: clear and agreeing
# says: nothing on your screen
maps_say = [1, 1, 1, 1, 0, 1]

# %% right maps_say: an array
maps_say = np.array([1, 1, 1, 0, 0, 0])

# %% right maps_say: floats
maps_say = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]

# ---------------------------------------------------------------------------------- rim_will

# %% wrong rim_will: not answered
# says: Only an empty answer costs
rim_will = None

# %% wrong rim_will: another word
# says: it must be one of
rim_will = 'equal'

# %% wrong rim_will: a number
# says: it must be one of
rim_will = 1

# %% wrong rim_will: a list
# says: it must be one of
rim_will = ['less']

# %% wrong rim_will: nothing in it
# says: it must be one of
rim_will = ''

# %% wrong rim_will: yes or no
# says: it must be one of
rim_will = True

# %% right rim_will: less
rim_will = 'less'

# %% right rim_will: as much
rim_will = 'as much'

# %% right rim_will: more
rim_will = 'more'

# %% right rim_will: with capitals and a space
rim_will = ' More'

# ---------------------------------------------------------------------------------- random_will

# %% wrong random_will: not answered
# says: Only an empty answer costs
random_will = None

# %% wrong random_will: another word
# says: it must be one of
random_will = 'yes'

# %% wrong random_will: a number
# says: it must be one of
random_will = 1

# %% wrong random_will: a list
# says: it must be one of
random_will = ['the same']

# %% wrong random_will: nothing in it
# says: it must be one of
random_will = ''

# %% wrong random_will: yes or no
# says: it must be one of
random_will = True

# %% right random_will: the same
random_will = 'the same'

# %% right random_will: others
random_will = 'others'

# %% right random_will: with capitals and a space
random_will = ' Others'

# ---------------------------------------------------------------------------------- feature_maps

# %% wrong feature_maps: not written
# says: is not written yet
def feature_maps(model, X):
    raise NotImplementedError

# %% wrong feature_maps: nothing returned
# says: has no attribute|Return a dict
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()

# %% wrong feature_maps: no copies
# says: keep a copy
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: copied too late
# says: keep a copy
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return {name: each.clone() for name, each in maps.items()}

# %% wrong feature_maps: what goes in
# says: what each module \*gets\*
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = inputs[0].detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: hooks stay
# says: leaves 7 hooks
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    return maps

# %% wrong feature_maps: hooks removed but one
# says: leaves 6 hooks
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    handles[0].remove()
    return maps

# %% wrong feature_maps: removed before the run
# says: is missing
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    for handle in handles:
        handle.remove()
    model(X)
    return maps

# %% wrong feature_maps: containers as well
# says: A container only calls what it holds
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: the first level only
# says: A container only calls
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_children()]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: modules as keys
# says: names, texts, and not the modules
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[module] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: kinds as keys
# says: two may be of one kind
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[type(module).__name__] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: a list
# says: Return a dict
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return list(maps.values())

# %% wrong feature_maps: a loop's variable
# says: the loop's variable
def feature_maps(model, X):
    maps, handles = {}, []
    for name, module in model.named_modules():
        if not list(module.children()):
            handles.append(module.register_forward_hook(lambda module, inputs, output: maps.update({name: output.detach().clone()})))
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: convolutions only
# says: is missing
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if isinstance(module, nn.Conv2d)]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: the first picture
# says: first picture only
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output[:1].detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: means of the maps
# says: averaged over its pixels
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone().mean((2, 3)) if output.ndim == 4 else output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: backwards
# says: in the order in which
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    model(X)
    for handle in handles:
        handle.remove()
    return dict(reversed(maps.items()))

# %% wrong feature_maps: the network never runs
# says: is missing
def feature_maps(model, X):
    maps = {}

    def listener(name):
        def note(module, inputs, output):
            maps[name] = output.detach().clone()
        return note

    handles = [module.register_forward_hook(listener(name)) for name, module in model.named_modules()
               if not list(module.children())]
    for handle in handles:
        handle.remove()
    return maps

# %% wrong feature_maps: all the last one
# says: Every layer has the output of the last
def feature_maps(model, X):
    kept, handles = {}, []

    def note(module, inputs, output):
        kept["output"] = output.detach().clone()

    names = [name for name, module in model.named_modules() if not list(module.children())]
    handles = [model.get_submodule(name).register_forward_hook(note) for name in names]
    model(X)
    for handle in handles:
        handle.remove()
    return {name: kept["output"] for name in names}

# %% right feature_maps: a lambda with a default
def feature_maps(model, X):
    maps, handles = {}, []
    for name, module in model.named_modules():
        if len(list(module.children())) == 0:
            handles.append(module.register_forward_hook(lambda m, i, o, name=name: maps.__setitem__(name, o.clone())))
    try:
        with torch.no_grad():
            model(X)
    finally:
        for handle in handles:
            handle.remove()
    return maps

# %% right feature_maps: by the library
def feature_maps(model, X):
    return explain.feature_maps(model, X)

# %% right feature_maps: one hook and a table of names
def feature_maps(model, X):
    names = {module: name for name, module in model.named_modules() if not any(True for _ in module.children())}
    maps = {}

    def note(module, inputs, output):
        maps[names[module]] = torch.clone(output.data)

    handles = [module.register_forward_hook(note) for module in names]
    model(X)
    [handle.remove() for handle in handles]
    return maps

# --------------------------------------------------------------------- effective_receptive_field

# %% wrong effective_receptive_field: not written
# says: is not written yet
def effective_receptive_field(model, X, layer, row, column):
    raise NotImplementedError

# %% wrong effective_receptive_field: no absolute value
# says: its? absolute value|absolute value first
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: absolute value last
# says: absolute value first, then the sum
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.sum(dim=1).mean(dim=0).abs()
    return strength / strength.max()

# %% wrong effective_receptive_field: absolute value after the mean
# says: before the mean
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.mean(dim=0).abs().sum(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: absolute value after the colours
# says: colours were added up with their signs
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.sum(dim=1).abs().mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: not scaled
# says: divide by the largest
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength

# %% wrong effective_receptive_field: scaled by the sum
# says: all values together make 1
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.sum()

# %% wrong effective_receptive_field: from the smallest to the largest
# says: and must stay 0
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return (strength - strength.min()) / (strength.max() - strength.min())

# %% wrong effective_receptive_field: row and column swapped
# says: swapped
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, column, row].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: the whole map
# says: all units of the map at once
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: the first channel
# says: first channel only
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, 0, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: the first picture
# says: first picture only
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1)[0]
    return strength / strength.max()

# %% wrong effective_receptive_field: the largest picture
# says: largest picture at each pixel
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).amax(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: the largest colour
# says: largest colour
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().amax(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: squares
# says: are squared
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.square().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: the length
# says: length of the gradient
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.norm(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: colours kept
# says: One number for each pixel
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: pictures kept
# says: One number for each pixel
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1)
    return strength / strength.max()

# %% wrong effective_receptive_field: no gradient asked for
# says: needs requires_grad_
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: asked for too late
# says: does not depend on|needs requires_grad_
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    model(X)
    X = X.detach().requires_grad_()
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: detached in the hook
# says: nothing on the way may be detached|No gradient can flow
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach()))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: without gradients
# says: No gradient can flow
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    with torch.no_grad():
        model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: the size of the map
# says: size of the layer's maps
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = kept[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    return strength / strength.max()

# %% wrong effective_receptive_field: nothing returned
# says: is None
def effective_receptive_field(model, X, layer, row, column):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, :, row, column].sum(), X)[0]
    strength = gradient.abs().sum(dim=1).mean(dim=0)
    strength / strength.max()

# %% right effective_receptive_field: with backward
def effective_receptive_field(model, X, layer, row, column):
    maps = []
    handle = layer.register_forward_hook(lambda m, i, o: maps.append(o))
    picture = X.clone().detach()
    picture.requires_grad = True
    try:
        model(picture)
    finally:
        handle.remove()
    maps[-1][..., row, column].sum().backward()
    field = picture.grad.abs().mean((0, 1))
    return field / field.amax()

# %% right effective_receptive_field: picture by picture
def effective_receptive_field(model, X, layer, row, column):
    total = 0
    for one in X.split(1):
        one = one.clone().requires_grad_(True)
        maps = {}
        handle = layer.register_forward_hook(lambda m, i, o: maps.update(it=o))
        model(one)
        handle.remove()
        total = total + torch.autograd.grad(maps["it"][0, :, row, column].sum(), one)[0][0].abs().sum(0)
    return (total / total.max()).detach()

# ---------------------------------------------------------------------- activation_maximise_step

# %% wrong activation_maximise_step: not written
# says: is not written yet
def activation_maximise_step(model, X, layer, unit, rate):
    raise NotImplementedError

# %% wrong activation_maximise_step: downhill
# says: goes downhill
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() - rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: not divided
# says: not divided by its root mean square
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient).clamp(0, 1)

# %% wrong activation_maximise_step: by its length
# says: divided by its length
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: one size for all
# says: All pictures share one
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean().sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: a size for each colour
# says: Each colour has
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: by the mean absolute value
# says: mean of its absolute values
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.abs().mean(dim=(1, 2, 3), keepdim=True)
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: by the largest
# says: divided by its largest
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.abs().amax(dim=(1, 2, 3), keepdim=True)
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: by the standard deviation
# says: standard deviation
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.std(dim=(1, 2, 3), keepdim=True)
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: no root
# says: the root is missing
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True)
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: signs
# says: Only the signs
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient.sign()).clamp(0, 1)

# %% wrong activation_maximise_step: no clamp
# says: not kept between 0 and 1
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8))

# %% wrong activation_maximise_step: half a clamp
# says: and not below 1
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(min=0)

# %% wrong activation_maximise_step: clamped at -1
# says: between -1 and 1
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(-1, 1)

# %% wrong activation_maximise_step: the strongest answer
# says: strongest answer of the map
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].amax(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: the middle
# says: in the middle of the map
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit, kept[0].shape[2] // 2, kept[0].shape[3] // 2].sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: all units
# says: all units of the layer
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0].mean(dim=(2, 3)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: unit and picture mixed up
# says: number `unit`|stopped with IndexError
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][unit].mean(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: unit 0
# says: always raises unit 0
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, 0].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: nothing moves
# says: Nothing has moved
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)
    return X

# %% wrong activation_maximise_step: in place
# says: changed in place|leaf variable
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    X += rate * gradient / (size + 1e-8)
    return X.clamp_(0, 1)

# %% wrong activation_maximise_step: no gradient asked for
# says: needs requires_grad_
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: detached in the hook
# says: No gradient can flow
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach()))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (X.detach() + rate * gradient / (size + 1e-8)).clamp(0, 1)

# %% wrong activation_maximise_step: stretched
# says: stretched to the range
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient = torch.autograd.grad(kept[0][:, unit].mean(dim=(1, 2)).sum(), X)[0]
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    X = X.detach() + rate * gradient / (size + 1e-8)
    return (X - X.min()) / (X.max() - X.min())

# %% right activation_maximise_step: with backward and no_grad
def activation_maximise_step(model, X, layer, unit, rate):
    found = {}
    handle = layer.register_forward_hook(lambda m, i, o: found.update(maps=o))
    X = X.clone().requires_grad_(True)
    model(X)
    handle.remove()
    (-found["maps"][:, unit]).mean((1, 2)).sum().backward()
    with torch.no_grad():
        step = X.grad / ((X.grad ** 2).flatten(1).mean(1) ** 0.5 + 1e-8)[:, None, None, None]
        return torch.clip(X - rate * step, 0.0, 1.0)

# %% right activation_maximise_step: the mean over all pictures
def activation_maximise_step(model, X, layer, unit, rate):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    model(X)
    handle.remove()
    gradient, = torch.autograd.grad(len(X) * kept[0][:, unit].mean(), X)
    size = gradient.pow(2).mean((1, 2, 3), keepdim=True).sqrt()
    return (X + rate * gradient / (size + 1e-8)).clamp(0, 1).detach()

# --------------------------------------------------------------------------------- occlusion_map

# %% wrong occlusion_map: not written
# says: is not written yet
def occlusion_map(model, X, target, size, stride, fill=0.0):
    raise NotImplementedError

# %% wrong occlusion_map: the sign
# says: The sign is wrong
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(model(covered)[:, target] - whole)
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: the squares stay
# says: The squares stay
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows, covered = [], X.clone()
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: X itself is covered
# says: The squares stay|changed its argument
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: logits, no difference
# says: by how much they fall
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: absolute
# says: lost its sign
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append((whole - model(covered)[:, target]).abs())
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: nothing negative
# says: was cut off
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append((whole - model(covered)[:, target]).clamp(min=0))
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: relative
# says: divided by the logit
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append((whole - model(covered)[:, target]) / whole)
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: probabilities
# says: It compares probabilities
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X).softmax(1)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered).softmax(1)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: log probabilities
# says: logarithms of probabilities
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X).log_softmax(1)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered).log_softmax(1)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: the largest logit
# says: largest logit
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X).amax(1)
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered).amax(1))
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: always 0
# says: `fill` is not used
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = 0
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: all around
# says: covers all around it
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = torch.full_like(X, fill)
                covered[:, :, top:top + size, left:left + size] = X[:, :, top:top + size, left:left + size]
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: one colour
# says: Only the first colour
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, 0, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: swapped
# says: Rows and columns of the map are swapped|rows of squares
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=2)

# %% wrong occlusion_map: side by side
# says: and not by `size`|rows of squares
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, size):
            row = []
            for left in range(0, width - size + 1, size):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: every pixel
# says: move by one pixel|rows of squares
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1):
            row = []
            for left in range(0, width - size + 1):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: over the edge
# says: hang over the edge|rows of squares
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height, stride):
            row = []
            for left in range(0, width, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: one too few
# says: The last square in each row|rows of squares
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size, stride):
            row = []
            for left in range(0, width - size, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: the square around its middle
# says: their middle
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, max(0, top - size // 2):max(0, top - size // 2) + size, max(0, left - size // 2):max(0, left - size // 2) + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)

# %% wrong occlusion_map: one map only
# says: One map for each picture
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)[0]

# %% wrong occlusion_map: a map for each pixel
# says: for each place of the square
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return F.interpolate(torch.stack(rows, dim=1)[:, None], (height, width))[:, 0]

# %% wrong occlusion_map: pictures last
# says: rows of squares|One map
def occlusion_map(model, X, target, size, stride, fill=0.0):
    height, width = X.shape[2:]
    rows = []
    with torch.no_grad():
        whole = model(X)[:, target]
        for top in range(0, height - size + 1, stride):
            row = []
            for left in range(0, width - size + 1, stride):
                covered = X.clone()
                covered[:, :, top:top + size, left:left + size] = fill
                row.append(whole - model(covered)[:, target])
            rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1).permute(1, 2, 0)

# %% right occlusion_map: one batch of squares
def occlusion_map(model, X, target, size, stride, fill=0.0):
    N, _, H, W = X.shape
    tops, lefts = range(0, H - size + 1, stride), range(0, W - size + 1, stride)
    many = X.repeat(len(tops) * len(lefts), 1, 1, 1, 1)
    for number, one in enumerate(many):
        top, left = tops[number // len(lefts)], lefts[number % len(lefts)]
        one[..., top:top + size, left:left + size] = fill
    logits = model(many.flatten(0, 1))[:, target].view(len(tops), len(lefts), N)
    return (model(X)[:, target] - logits).permute(2, 0, 1).detach()

# %% right occlusion_map: a mask
def occlusion_map(model, X, target, size, stride, fill=0.0):
    rows = (X.shape[2] - size) // stride + 1
    columns = (X.shape[3] - size) // stride + 1
    result = X.new_zeros(len(X), rows, columns)
    for r in range(rows):
        for c in range(columns):
            mask = torch.zeros(X.shape[2:], dtype=torch.bool)
            mask[r * stride:r * stride + size, c * stride:c * stride + size] = True
            result[:, r, c] = (model(X) - model(torch.where(mask, torch.as_tensor(fill, dtype=X.dtype), X)))[:, target].detach()
    return result

# -------------------------------------------------------------------------------------- grad_cam

# %% wrong grad_cam: not written
# says: is not written yet
def grad_cam(model, X, target, layer):
    raise NotImplementedError

# %% wrong grad_cam: no ReLU
# says: ReLU at the end is missing
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return ((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: absolute value
# says: where the ReLU belongs
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return torch.abs((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: pixel by pixel
# says: pixel by pixel
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: sums as weights
# says: take the means
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.sum(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: largest as weights
# says: largest gradients
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.amax(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: weights without sign
# says: weights lost their signs
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True).abs()
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: gradients without sign
# says: gradients lost their signs
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.abs().mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: positive weights only
# says: Negative weights were cut off
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = F.relu(gradient.mean(dim=(2, 3), keepdim=True))
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: positive gradients only
# says: Negative gradients were cut off
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = F.relu(gradient).mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: ReLU before the sum
# says: before the sum over the channels
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu(weights * kept[0]).sum(dim=1).detach()

# %% wrong grad_cam: mean over the channels
# says: mean over the channels; take the sum
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).mean(dim=1)).detach()

# %% wrong grad_cam: largest channel
# says: largest channel
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).amax(dim=1)).detach()

# %% wrong grad_cam: not weighted
# says: not weighted at all
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: gradient alone
# says: the gradient alone
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights.expand_as(kept[0])).sum(dim=1)).detach()

# %% wrong grad_cam: weights over all pictures
# says: weights of its own
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(0, 2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: probability
# says: of the probability
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits.softmax(1)[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: log softmax
# says: log softmax, or of the loss
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits.log_softmax(1)[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: the loss
# says: minus log softmax
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(F.cross_entropy(logits, torch.full((len(X),), target), reduction='sum'), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: all logits
# says: all logits together
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits.sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: largest logit
# says: largest logit
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits.amax(1).sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: mean over the pictures
# says: divided by N
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].mean(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: scaled to 1
# says: largest value is 1
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    heat = F.relu((weights * kept[0]).sum(dim=1)).detach()
    return heat / heat.amax((1, 2), keepdim=True).clamp_min(1e-12)

# %% wrong grad_cam: the sign
# says: speaks against the class
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(-logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: enlarged
# says: Not enlarged yet
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.interpolate(F.relu((weights * kept[0]).sum(dim=1, keepdim=True)), X.shape[2:]).detach()[:, 0]

# %% wrong grad_cam: channels kept
# says: Sum over the channels
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0])).detach()

# %% wrong grad_cam: detached in the hook
# says: does not depend on|No gradient can flow|has been detached
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.detach()))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: a copy in the hook
# says: no copy of it
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone()))
    logits = model(X.detach().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: no gradients
# says: No gradient can flow
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    with torch.no_grad():
        logits = model(X)
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% wrong grad_cam: the gradient of X
# says: must match the size|Not enlarged|size of
def grad_cam(model, X, target, layer):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    X = X.detach().requires_grad_()
    logits = model(X)
    handle.remove()
    gradient = torch.autograd.grad(logits[:, target].sum(), X)[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0]).sum(dim=1)).detach()

# %% right grad_cam: with a hook on the gradient
def grad_cam(model, X, target, layer):
    seen = {}

    def note(module, inputs, output):
        output.retain_grad()
        seen["maps"] = output

    handle = layer.register_forward_hook(note)
    model(X.clone().requires_grad_())[:, target].sum().backward()
    handle.remove()
    maps, grads = seen["maps"].detach(), seen["maps"].grad
    return torch.einsum("nc,nchw->nhw", grads.mean((-1, -2)), maps).clamp(min=0)

# %% right grad_cam: picture by picture
def grad_cam(model, X, target, layer):
    cams = []
    for one in X.split(1):
        kept = []
        handle = layer.register_forward_hook(lambda m, i, o: kept.append(o))
        logit = model(one)[0, target]
        handle.remove()
        gradient, = torch.autograd.grad(logit, kept)
        cams.append(torch.relu((gradient[0].mean((1, 2))[:, None, None] * kept[0][0]).sum(0)).detach())
    return torch.stack(cams)

# %% right grad_cam: by the library
def grad_cam(model, X, target, layer):
    return explain.grad_cam(model, X, target, layer, enlarge=False)
