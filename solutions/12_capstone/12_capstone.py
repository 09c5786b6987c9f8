# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 12 · Capstone
#
# The lecture ends with a curve that goes up (slide 44), a warning (slide 49) and a coding session (slide 56). So does the
# course: a network of your own, under a budget that everybody has, with a report that says what it can do, what each
# part of it is worth, and where it fails. Then you read the curve of the state of the art with the eyes of somebody who
# has made such numbers.
#
# **By the end you can**
# - plan a network within a budget of parameters and time, and count it;
# - train it, choose by validation, and open the test set once;
# - say what one change is worth, and whether your runs let you say so;
# - find the pictures on which it is wrong and sure of it;
# - write a report that a machine can check and a person can read;
# - read a leaderboard: which point owes what to the network, and what to the data.
#
# It covers slides 44, 49 and 56 and takes about two hours, or as long as you like. A GPU is used if there is one, and
# not needed.

# %% tags=["setup"]
from dataclasses import replace

import course_lib  # before torch, so that it can say how torch's threads wait for each other
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import capstone, capstone_report, figures, models, timeline, training
from course_lib.budget import budget, full
from course_lib.checks import capstone as check, hint, probe, same
from course_lib.quiz import quiz, recall
from course_lib.widgets import ConfusionMatrix, CostCalculator

print(f"Budget: {budget()}. PyTorch {torch.__version__} computes on: {training.device()}.")

# %% [markdown]
# ## Play first
#
# A calculator from notebook 04. You will have **300,000 parameters**. Where do they go? Make the network larger until the
# budget is spent: once by more maps, once by more layers, once by a larger fully connected layer at the end. Which of the
# three is the dearest?

# %%
calculator = CostCalculator()
calculator

# %% [markdown]
# Three cards from earlier notebooks. Say the answer aloud, then open the card.

# %%
recall("12_capstone")

# %% [markdown]
# ## 1 · The task
#
# *Scenes*: a handwritten digit, turned, scaled and moved, among pieces of other digits. Which digit is it? There are
# 2,500 scenes to learn from, 500 to choose with, and 2,000 for the test, and no two of the three share a digit. It is a small
# relative of cluttered translated MNIST (Mnih and others 2014), which was made to ask whether a network can look past
# what does not matter.

# %%
learning, validation = capstone.pictures("training"), capstone.pictures("validation")
print(f"{len(learning):,} scenes to learn from, {len(validation)} to choose with; each of shape {tuple(learning.x.shape[1:])}")
figures.gallery({f"{i + 1}: a {learning.classes[learning.y[i]]}": np.kron(learning.x[i, ..., 0].cpu(), np.ones((3, 3)))
                 for i in range(12)}, "Twelve scenes with their labels. Which would you have got wrong?")

# %% [markdown]
# The budget is the same for everybody: **at most 300,000 parameters, and 60 CPU seconds of training**, or 300 seconds on a
# GPU. Here is what others got out of it, or did not, measured with five seeds each on the test scenes
# (`data/capstone.csv`; the time is that of one processor core):
#
# | network | parameters | CPU seconds | test accuracy, mean and range of the seeds |
# |---|---|---|---|
# | flat: two fully connected layers | 132,490 | 2 | 31.9 % [30.8, 33.1] |
# | naive: two convolutions, flatten, two fully connected | 18,346 | 3 | 50.2 % [47.6, 53.2] |
# | good: four convolutions with batch norm, global max pool | 80,122 | 7 | 89.1 % [87.7, 90.1] |
# | better: five of them, three times as long | 135,674 | 40 | 93.5 % [93.0, 93.8] |
#
# **The threshold of this notebook is 82 %**, between the naive and the good, further from both than their seeds
# spread. **Question, before you go on:** the flat network has seven times as many parameters as the naive one, and
# learns its training scenes nearly by heart. Why is it the worst?

# %% [markdown]
# ### Code: `count_budget`
# *Difficulty 2/5 · about 6 minutes · 3 points*
#
# All parameters count, frozen ones too, and a layer that is used twice counts once. Running statistics of a batch norm are
# no parameters.

# %% nbgrader={"grade": false, "grade_id": "count_budget", "locked": false, "schema_version": 3, "solution": true}
# exercise: count_budget
def count_budget(model, limit=300_000):
    """A dict of three whole numbers: "parameters", all of them; "trainable", those that learn; "left", what is left.

    model: an nn.Module. left is negative where the network is over the limit.
    """
    ### BEGIN SOLUTION
    parameters = sum(weight.numel() for weight in model.parameters())
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return {"parameters": parameters, "trainable": trainable, "left": limit - parameters}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_count_budget", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_count_budget (3 points)
# Networks of convolutions ("conv", in, out, side, bias), batch norms and linear layers; some frozen, some used twice.
def run(layers, frozen, twice, limit):
    made = []
    for i, (kind, *numbers) in enumerate(layers):
        if kind == "conv":
            layer = nn.Conv2d(*numbers[:3], bias=numbers[3])
        elif kind == "norm":
            layer = nn.BatchNorm2d(*numbers)
        else:
            layer = nn.Linear(*numbers)
        layer.requires_grad_(i not in frozen)
        made += [layer, layer] if i in twice else [layer]
    return count_budget(nn.Sequential(*made), limit)


check.count_budget(probe(run))
### BEGIN HIDDEN TESTS
check.count_budget(probe(run), seed=120)
same(probe(run)([("conv", 2, 5, 3, True), ("norm", 5)], [1], [], 100), {"parameters": 105, "trainable": 95, "left": -5},
     "a hidden network")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · A network of your own
#
# ### Code: `my_network`
# *Difficulty 3/5 · about 15 minutes, and as often as you like · 2 points*
#
# What you know: convolutions and pools (04), heads (06), batch norm and dropout (07), blocks and grouped convolutions (08),
# shortcuts and gates (09). Begin small. If you build with `nn.Sequential` and torch's own layers, and with `capstone.Residual(*layers)`
# ($x + f(x)$) and `capstone.Beside(*layers)` (maps joined), the trained network can be kept as a file of plain numbers, and
# measured again for the class's leaderboard. A class of your own is allowed too, but then the leaderboard has to
# believe you.

# %% nbgrader={"grade": false, "grade_id": "my_network", "locked": false, "schema_version": 3, "solution": true}
# exercise: my_network
def my_network(channels=1, classes=10):
    """A fresh network, an nn.Module: pictures (N, channels, 32, 32) -> logits (N, classes)."""
    ### BEGIN SOLUTION
    def convolution(before, after, side=3, stride=1):
        return [nn.Conv2d(before, after, side, stride, padding=side // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(*convolution(channels, 16, side=5, stride=2), *convolution(16, 32), nn.MaxPool2d(2),
                         *convolution(32, 64), nn.MaxPool2d(2), *convolution(64, 96), nn.AdaptiveMaxPool2d(1),
                         nn.Flatten(), nn.Linear(96, classes))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_my_network", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_my_network (2 points)
# The network before training: what goes in and out, how many numbers it has, and whether it looks at its pictures.
def run(x, channels, classes):
    torch.manual_seed(0)
    model = my_network(channels, classes).eval()
    X = torch.from_numpy(x).float()
    return ([list(weight.shape) for weight in model.parameters()], model(X).detach().numpy(),
            model(X[:1]).detach().numpy())


check.my_network(probe(run))
### BEGIN HIDDEN TESTS
check.my_network(probe(run), seed=121)
### END HIDDEN TESTS

# %% tags=["raises-exception"]
for name, value in count_budget(my_network()).items():
    print(f"{name:11}{value:>9,}")
for line in models.costs(my_network(), (1, 32, 32)):
    if line.parameters or line.macs:
        print(f"{type(line.layer).__name__:14}{str(line.shape):16}{line.parameters:>9,} parameters{line.macs:>12,} multiply-adds")

# %% [markdown]
# ### Code: `classify`
# *Difficulty 3/5 · about 20 minutes, training and choosing counted · 5 points*
#
# A recipe, and the function that the grader calls with pictures nobody has seen. `capstone.trained(my_network,
# my_recipe)` trains the first time it is asked, and afterwards gives the same network at once, as long as layers, recipe
# and seed are the same; so it may be called wherever you need the network, its `.model`. `capstone.RECIPE` is a start, `replace(...)`
# changes it; `course_lib/recipes.py` says what each field does. Watch the validation curve, and
# change one thing at a time.
#
# The pictures come as they lie in memory, bytes with the channel last. `capstone.pictures("training").normalised(x)`, for
# `x` a tensor, turns them into what the network was trained on: normalised by the *training* set's mean and deviation.
# A share of 500 scenes is uncertain by some points, so aim well above the threshold.

# %% nbgrader={"grade": false, "grade_id": "classify", "locked": false, "schema_version": 3, "solution": true}
# exercise: classify
my_recipe = capstone.RECIPE
### BEGIN SOLUTION
my_recipe = replace(my_recipe, crop=3)
### END SOLUTION


def classify(x):
    """The labels of pictures, by your trained network: array uint8 (N, 32, 32, 1) -> array of int (N,)."""
    ### BEGIN SOLUTION
    model = capstone.trained(my_network, my_recipe).model.eval()
    X = capstone.pictures("training").normalised(torch.from_numpy(x).to(training.device()))
    with torch.inference_mode():
        return model(X).argmax(dim=1).cpu().numpy()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_classify", "locked": true, "points": 5, "schema_version": 3, "solution": false} tags=["trains"]
# test: test_classify (5 points)
# Here on the validation digits in new scenes; in grading on test digits, in scenes that are drawn there.
check.classify(classify)
### BEGIN HIDDEN TESTS
check.classify(classify, seed=1212)
### END HIDDEN TESTS

# %% [markdown]
# Only now the test scenes, and only once: whoever looks again after every change chooses by the test, and then it
# says nothing any more (notebook 06, program E). The confusion matrix is that of the validation scenes, on which you
# may look as often as you like.

# %% tags=["raises-exception"]
mine = capstone.trained(my_network, my_recipe)
on_validation = training.evaluate(mine.model, validation)
print(f"{mine.seconds:.1f} {mine.device} seconds of {capstone.SECONDS[mine.device]};",
      f"validation {on_validation.accuracy:.1%}")
ConfusionMatrix(validation.y, on_validation.predictions, validation.x, validation.classes, on_validation.probabilities)

# %% [markdown]
# ## 3 · What is one change worth?
#
# Your network works, and has a dozen ingredients. Which of them does the work? An **ablation** takes one away, and leaves the
# rest. And since another seed gives another accuracy, it is done with several seeds, each *with* and *without*: the same
# first batches, the same order. What both runs of a seed share falls out when you subtract, which is what pairing is for.
#
# With $d_i$ the difference of seed $i$, of $n$, $\bar d$ their mean and $s$ their standard deviation (with $n-1$):
#
# $$\bar d \pm t\,\frac{s}{\sqrt n}$$
#
# is Student's interval, which holds the true difference in 95 of 100 such experiments. $t$ depends on $n$: 12.71 for two
# seeds, 4.303 for three, 3.182 for four, 2.776 for five. If 0 lies outside, you may say that the change makes a difference;
# if it lies inside, you may not, and not that there is none either.
#
# ### Code: `paired_effect`
# *Difficulty 2/5 · about 6 minutes · 3 points*

# %% nbgrader={"grade": false, "grade_id": "paired_effect", "locked": false, "schema_version": 3, "solution": true}
# exercise: paired_effect
def paired_effect(with_it, without, t):
    """What a change brings: (mean, low, high), the mean of the differences and the two ends of their interval.

    with_it, without: arrays (n,), number i of both from one seed. t: Student's factor for n.
    """
    ### BEGIN SOLUTION
    differences = with_it - without
    mean, half = differences.mean(), t * differences.std(ddof=1) / np.sqrt(len(differences))
    return float(mean), float(mean - half), float(mean + half)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_paired_effect", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_paired_effect (3 points)
check.paired_effect(paired_effect)
### BEGIN HIDDEN TESTS
check.paired_effect(paired_effect, seed=122)
same(paired_effect(np.array([3.0, 5.0, 4.0, 4.0]), np.array([1.0, 1.0, 1.0, 1.0]), 3.182), (3.0, 1.7009540, 4.2990460),
     "a hidden ablation")
### END HIDDEN TESTS

# %% [markdown]
# ### By hand: `can_say`
# *Difficulty 3/5 · about 6 minutes · 2 points*
#
# Five ablations, in per cent, a column for each seed. May one say that the change helps (1), that it hurts (−1), or
# neither (0)? Guess first; `paired_effect` may help.
#
# ```
# A  with  90.1 91.0 89.5 90.7 90.2     B  with  92.0 88.0 95.0 90.0 85.0     C  with  85.0 91.0 79.0 88.0 82.0
#    without 88.0 89.1 87.3 88.8 88.1      without 89.0 90.0 91.0 92.0 83.0      without 84.2 90.1 78.4 87.1 81.2
#
# D  with  90.5 90.9 91.2               E  with  91.5 90.3 93.4
#    without 91.0 91.3 91.9                without 90.0 90.0 91.0
# ```

# %% nbgrader={"grade": false, "grade_id": "can_say", "locked": false, "schema_version": 3, "solution": true}
# exercise: can_say
can_say = [None,  # A
           None,  # B
           None,  # C
           None,  # D
           None]  # E
### BEGIN SOLUTION
can_say = [1, 0, 1, -1, 0]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_can_say", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_can_say (2 points)
check.by_hand("can_say", can_say)
### BEGIN HIDDEN TESTS
same(can_say, [1, 0, 1, -1, 0], "can_say")
### END HIDDEN TESTS

# %% [markdown]
# C is why one pairs: its seeds differ by twelve points, and the change is worth less than one, every time. E is why three seeds
# are few: all three say *better*, and the interval still holds 0.
#
# ### Experiment: your own ablation
#
# Below, the crops are taken away: ten trainings, of which one is already done. (Where `my_recipe` has none, both rows are the
# same: then put `replace(my_recipe, crop=3)` under "with".) **Change it to the ingredient that you
# doubt most**: batch norm, the last pool, a shortcut, dropout (build the other network in a function of your own). And
# **predict first**: how many points?

# %% tags=["raises-exception"]
seeds, T = range(5), {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
arms = {"with": (my_network, my_recipe), "without": (my_network, replace(my_recipe, crop=0))}
runs = {name: np.array([capstone.accuracy(capstone.trained(build, recipe, seed=seed, show=False).model, validation)
                        for seed in seeds]) for name, (build, recipe) in arms.items()}
for name, shares in runs.items():
    print(f"{name:8}", *(f"{share:6.1%}" for share in shares))
mean, low, high = paired_effect(runs["with"], runs["without"], T[len(seeds)])
print(f"The change brings {100 * mean:+.1f} points, between {100 * low:+.1f} and {100 * high:+.1f}:",
      "one may say that it makes a difference." if low > 0 or high < 0 else "these runs do not let one say so.")

# %% [markdown]
# ## 4 · Where does it fail?
#
# An accuracy is one number, and a thousand different networks have it. Look at the mistakes.
#
# ### Code: `confusion_pairs`
# *Difficulty 2/5 · about 6 minutes · 3 points*

# %% nbgrader={"grade": false, "grade_id": "confusion_pairs", "locked": false, "schema_version": 3, "solution": true}
# exercise: confusion_pairs
def confusion_pairs(labels, predictions, k=5):
    """The k most frequent mistakes, a list of (true class, predicted class, how often), the most frequent first.

    labels, predictions: arrays of whole numbers (N,). Of equally frequent ones first that with the smaller true class,
    then that with the smaller predicted class. A list of fewer than k where there are fewer kinds of mistakes.
    """
    ### BEGIN SOLUTION
    wrong = labels != predictions
    kinds, counts = np.unique(np.stack([labels[wrong], predictions[wrong]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:k]
    return [(int(kinds[i, 0]), int(kinds[i, 1]), int(counts[i])) for i in order]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_confusion_pairs", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_confusion_pairs (3 points)
check.confusion_pairs(confusion_pairs)
### BEGIN HIDDEN TESTS
check.confusion_pairs(confusion_pairs, seed=123)
same(confusion_pairs(np.array([2, 2, 0, 5, 5, 5]), np.array([0, 0, 2, 5, 2, 0]), 3), [(2, 0, 2), (0, 2, 1), (5, 0, 1)],
     "three hidden pairs")
### END HIDDEN TESTS

# %% [markdown]
# ### Code: `worst_mistakes`
# *Difficulty 2/5 · about 6 minutes · 3 points*
#
# A mistake made with 51 % is a doubt. One made with 99 % is a conviction, and tells more about the network.

# %% nbgrader={"grade": false, "grade_id": "worst_mistakes", "locked": false, "schema_version": 3, "solution": true}
# exercise: worst_mistakes
def worst_mistakes(probabilities, labels, k=8):
    """The places of the k most confident mistakes, an array of int, the most confident first; fewer if there are fewer.

    probabilities: (N, classes), labels: (N,). Confident is who gives much to the class that he says; of equally confident
    ones, the first in the set comes first.
    """
    ### BEGIN SOLUTION
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")[:k]]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_worst_mistakes", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_worst_mistakes (3 points)
check.worst_mistakes(worst_mistakes)
### BEGIN HIDDEN TESTS
check.worst_mistakes(worst_mistakes, seed=124)
same(worst_mistakes(np.array([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6], [0.95, 0.05]]), np.array([0, 1, 1, 0]), 2),
     np.array([1, 0]), "two hidden mistakes")
### END HIDDEN TESTS

# %% tags=["raises-exception"]
truth = validation.y.cpu().numpy()
pairs = confusion_pairs(truth, on_validation.predictions)
for true, guess, count in pairs:
    print(f"{true} taken for {guess}: {count} times")
worst = worst_mistakes(on_validation.probabilities, truth)
figures.gallery({f"{i}: a {truth[i]}, said {on_validation.predictions[i]} with {on_validation.probabilities[i].max():.0%}":
                 np.kron(validation.x[i, ..., 0].cpu(), np.ones((5, 5))) for i in worst},
                "The most confident mistakes. Which would you have got right? What do they have in common?")

# %% [markdown]
# **Question:** sort them into three heaps: those that you get wrong too, those where a piece of clutter makes the digit another one,
# and those that no excuse helps. Which heap would more data shrink, which more parameters, and which neither?
#
# ## 5 · The report
#
# What you found goes into a report: a file of JSON, in a form that is written down in a **schema**, so that a machine
# can check it and collect it. The form is `course_lib/capstone_report.schema.json`:

# %%
for name, field in capstone_report.schema()["properties"].items():
    inner = ", ".join(field.get("properties", {}))
    print(f"{name:11}{f'({inner})':38}{field.get('description', '')}" if inner else
          f"{name:49}{field.get('description', '')}")

# %% [markdown]
# ### Code: `report`
# *Difficulty 2/5 · about 10 minutes · 3 points*
#
# Numbers come as arguments, the words are yours: author (a pen name will do), title, what you changed and what that
# says, and what the worst pictures have in common. `version` is 1 and `data` is "scenes". JSON knows no arrays:
# `.tolist()` turns one into a list, and the pairs must be lists too.
# `capstone_report.faults(...)` gives a sentence for each fault, or an empty list.

# %% nbgrader={"grade": false, "grade_id": "report", "locked": false, "schema_version": 3, "solution": true}
# exercise: report
def report(parameters, training, accuracy, runs, pairs):
    """The report of the project: a dict without faults (capstone_report.faults).

    parameters: int. training: a dict with device, seconds, epochs, seed. accuracy: a dict with validation, test.
    runs: a dict with the arrays "with" and "without", of the ablation. pairs: list of (true, predicted, count).
    """
    ### BEGIN SOLUTION
    return {
        "version": 1, "author": "A. Student", "title": "Four convolutions and one global pool", "data": "scenes",
        "parameters": parameters, "training": training, "accuracy": accuracy,
        "ablation": {
            "change": "crops by up to three pixels",
            "with": runs["with"].tolist(), "without": runs["without"].tolist(),
            "says": "Crops bring a few points with every seed, and the interval over five seeds does not hold 0.",
        },
        "errors": {"pairs": [list(pair) for pair in pairs],
                   "says": "In most of the worst pictures a piece of clutter touches the digit and closes or opens a loop."},
    }
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_report", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_report (3 points)
check.report(report)
### BEGIN HIDDEN TESTS
check.report(report, seed=125)
### END HIDDEN TESTS

# %% [markdown]
# Now with your own numbers, and with the one look at the test scenes. Beside this notebook it writes `report.json` and, if your
# network is made of known layers, `capstone_network.npz`: hand in both. From them the class's leaderboard is made, and with the second
# your accuracy is *measured* there, on scenes that nobody has seen; without it, it is a claim.

# %% tags=["raises-exception"]
took = {"device": mine.device, "seconds": round(mine.seconds, 2), "epochs": my_recipe.epochs, "seed": mine.seed}
shares = {"validation": on_validation.accuracy, "test": capstone.accuracy(mine.model, capstone.pictures("test"))}
my_report = report(count_budget(mine.model)["parameters"], took, shares, runs, pairs)
capstone.save(mine)
capstone_report.publish(my_report)

# %% [markdown]
# ### In words: `explanation`
# *Difficulty 3/5 · about 15 minutes · 4 points, given by a person*
#
# In the cell below, in about ten sentences: which part of your network does the work, and how do you know? What did you expect that
# did not happen? On which pictures would it fail that are in none of your sets, and how could you find out? A point each
# for: a claim that your own numbers carry (with the numbers); what those numbers do *not* let you say; an
# expectation that was wrong, and what you make of it; a failure outside of the data, with a way to test it.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explanation", "locked": false, "points": 4, "schema_version": 3, "solution": true}
# <!-- exercise: explanation -->
# ### BEGIN SOLUTION
# The last pool does the work: it takes the maximum over the whole map, so a digit is found wherever it lies. The naive network, which
# flattens instead, gets about 50 % of the test scenes right and mine more than 85 %, though nearly all that learns in the two is
# alike. But the naive one also lacks batch norm and two convolutions, so these numbers alone do not say that it is the
# pool: an ablation would have to change nothing else.
#
# I expected crops to bring nothing, since the digits lie anywhere as it is. They bring a few points, with each of five seeds: 2,500
# scenes do not show every digit at every place, and without crops the training loss falls lower while the validation does not.
#
# It will fail on scenes with two whole digits, which it has never seen: the maximum over the map mixes the evidence for both. To find
# out, I would paste two digits into one picture and see whether it names one of them, or a third.
# ### END SOLUTION

# %% [markdown]
# ## 6 · The state of the art
#
# Slide 44 shows top-1 accuracy on ImageNet against the year. The site that it was copied from no longer exists, so here
# it is rebuilt from the papers, with the place where each number stands, and some years longer. What could not be
# traced to its paper is left out, and so are the newest claims.

# %%
timeline.show()
print(timeline.table())

# %% [markdown]
# ### Code: `records`
# *Difficulty 2/5 · about 6 minutes · 3 points*
#
# Not every point is progress. Which were better than all before them?

# %% nbgrader={"grade": false, "grade_id": "records", "locked": false, "schema_version": 3, "solution": true}
# exercise: records
def records(points):
    """The names of those that were better than all before, a list, the earliest first.

    points: a list of (date, name, accuracy) in any order, dates such as "2015-12". Points of one date come in the
    order of the list.
    """
    ### BEGIN SOLUTION
    best, names = -1, []
    for _, name, accuracy in sorted(points, key=lambda point: point[0]):
        if accuracy > best:
            best, names = accuracy, [*names, name]
    return names
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_records", "locked": true, "points": 3, "schema_version": 3, "solution": false}
# test: test_records (3 points)
check.records(records)
### BEGIN HIDDEN TESTS
check.records(records, seed=126)
same(records([("2003-02", "c", 5.0), ("2001-01", "a", 4.0), ("2001-01", "b", 4.5), ("2009-09", "d", 5.0)]), ["a", "b", "c"],
     "three hidden records")
### END HIDDEN TESTS

# %% tags=["raises-exception"]
everything = timeline.points()
free = [point for point in everything if not point.extra_data]
for title, chosen in (("all", everything), ("without extra data", free)):
    print(f"records, {title}: {', '.join(records([(one.date, one.name, one.top1) for one in chosen]))}")

# %% [markdown]
# ### By hand: `progress`
# *Difficulty 2/5 · about 6 minutes · 2 points*
#
# Three stretches, from the table above: AlexNet (2012) to ResNet-152 (2015); ResNet-152 to NFNet-F6 (2021), both without extra
# data; ViT-G/14 (2021) to BASIC-L with Lion (2023). How many points a *year* did each bring, with calendar years, to one
# decimal? And how many per cent of the *errors* did each take away, to whole per cent?

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": false, "schema_version": 3, "solution": true}
# exercise: progress
progress = [None,  # points a year, AlexNet to ResNet-152
            None,  # ResNet-152 to NFNet-F6
            None,  # ViT-G/14 to BASIC-L with Lion
            None,  # per cent of the errors, AlexNet to ResNet-152
            None,  # ResNet-152 to NFNet-F6
            None]  # ViT-G/14 to BASIC-L with Lion
### BEGIN SOLUTION
progress = [7.1, 1.0, 0.3, 52, 30, 7]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_progress", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_progress (2 points)
check.by_hand("progress", progress)
### BEGIN HIDDEN TESTS
same(progress, [7.1, 1.0, 0.3, 52, 30, 7], "progress", 1e-3)
### END HIDDEN TESTS

# %% [markdown]
# ### Find the error in the lecture: `errata_44`
# *Difficulty 3/5 · about 8 minutes · 2 points*
#
# Slide 44 says, or lets one think: FixEfficientNet is a ResNet; BiT-L got its gain from augmentation; who is higher on the
# curve has the better *architecture*. Which of these sentences does the table bear out (1), and which not (0)?
#
# 1. FixEfficientNet-L2 is a ResNet.
# 2. FixEfficientNet-L2 is an EfficientNet; what is new is how it deals with the size of the pictures.
# 3. BiT-L has a new kind of layer that ResNet-152 lacks, or a new augmentation, and owes its gain to that.
# 4. BiT-L is a (wide) ResNet that was trained on JFT-300M before.
# 5. All points above 87 % have seen pictures beyond ImageNet.
# 6. The best one without extra data is a transformer.
# 7. The first point, SIFT + FV, was measured on the same pictures as the second, AlexNet.

# %% nbgrader={"grade": false, "grade_id": "errata_44", "locked": false, "schema_version": 3, "solution": true}
# exercise: errata_44
errata_44 = [None,  # 1
             None,  # 2
             None,  # 3
             None,  # 4
             None,  # 5
             None,  # 6
             None]  # 7
### BEGIN SOLUTION
errata_44 = [0, 1, 0, 1, 1, 0, 0]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_errata_44", "locked": true, "points": 2, "schema_version": 3, "solution": false}
# test: test_errata_44 (2 points)
check.by_hand("errata_44", errata_44)
### BEGIN HIDDEN TESTS
same(errata_44, [0, 1, 0, 1, 1, 0, 0], "errata_44")
### END HIDDEN TESTS

# %% [markdown]
# The slide's small print has it right: *most of the state-of-the-art papers now use external data*. A curve with two causes
# is no comparison of either; your ablation was one. (The newest convnet of the table, trained on as much data, is level
# with the transformers of its size of training: Smith and others 2023.)
#
# **Slide 49**, once more: transfer works the better, the closer the source. All these networks are transferred, from
# hundreds of millions of web pictures to ImageNet, whose pictures come from the web. **Question:** of the 91 %, what would you
# promise a hospital?

# %% [markdown]
# ## 7 · The full budget: the same network on photographs
#
# The same function builds it for CIFAR-10, three channels instead of one, and the same budget holds: 60 CPU seconds, or
# 300 on a GPU. Beside it, what a network of 560,832 parameters, which is over the budget, reaches in as many seconds is in
# `data/cifar10_budget.csv`: 81.6 %, the median of three seeds.

# %% tags=["raises-exception"]
if full("your network on CIFAR-10 for 60 CPU seconds, or 300 on a GPU; a download of 170 MB unless it is there"):
    import time

    photographs, held_out = training.images("cifar10").split(held_out=0.1, seed=0)
    on_gpu = training.device().type != "cpu"
    torch.manual_seed(0)
    run = training.train(my_network(channels=3), photographs, replace(my_recipe, flip=True, batch_size=256),
                         validation=held_out, seconds=capstone.SECONDS["gpu" if on_gpu else "cpu"],
                         clock=time.perf_counter if on_gpu else time.process_time)
    right = training.evaluate(run.model, training.images("cifar10", "test")).accuracy
    print(f"{count_budget(run.model)['parameters']:,} parameters, {run.seconds:.0f} seconds: {right:.1%} of the test")

# %% [markdown]
# ## Quiz
#
# Seven questions, an explanation after each. Nothing is sent anywhere.

# %%
questions = quiz("12_capstone")
questions

# %% [markdown]
# ## Stretch puzzle: half the parameters
#
# Replace the last three of your convolutions by ones that look at each channel by itself (`groups`), each followed by a $1\times1$ convolution
# that mixes them (notebook 08). The rule: the threshold still holds, and `count_budget` says less than half of what it
# said. How low can you go? No points, no hints, but a title for your report.

# %% tags=["raises-exception"]
def smaller(channels=1, classes=10):
    return my_network(channels, classes)  # change this


before, after = count_budget(my_network())["parameters"], count_budget(smaller())["parameters"]
if 2 * after < before:
    share = capstone.accuracy(capstone.trained(smaller, my_recipe, show=False).model, validation)
    print(f"{after:,} instead of {before:,} parameters: validation {share:.1%}",
          "solved!" if share >= check.THRESHOLD else "not yet")
else:
    print(f"not yet: {after:,} parameters, and less than half of {before:,} is asked for")

# %% [markdown]
# ## What you have shown
#
# | Claim | Where you showed it | Source |
# |---|---|---|
# | frozen parameters count, running statistics do not | `count_budget` | notebook 07 |
# | with a pool over the whole map 80,000 parameters do what 130,000 without cannot | `my_network`, `classify` | slides 33-34; `data/capstone.csv` |
# | what one change is worth, and whether so few seeds let one say so | `paired_effect`, `can_say`, section 3 | Student 1908, *The probable error of a mean* |
# | where it fails, and how sure it is | `confusion_pairs`, `worst_mistakes` | your own pictures |
# | a report that a machine can check | `report` | [JSON Schema](https://json-schema.org), draft 2020-12 |
# | seven points a year at first, a third of one lately | `records`, `progress` | slide 44, rebuilt; `course_lib/timeline.csv` |
# | FixEfficientNet is no ResNet, BiT-L's gain is its data | `errata_44` | slide 44, corrected; [arXiv:2003.08237](https://arxiv.org/abs/2003.08237), [arXiv:1912.11370](https://arxiv.org/abs/1912.11370) |
# | the nearer the source, the better the transfer | section 6, notebook 11 | slide 49 |
#
# **This is the end of the course.** Slide 56 says: *small break, then coding session*. You have had the coding session. Take the
# break.
