"""Transfer: the head that is found, what stays frozen, which rate goes where, and whose features are whose."""

import copy
import csv
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from course_lib import models, pretrained
from course_lib.errors import CourseError
from course_lib.training import Images, Recipe, evaluate, images, train
from course_lib.transfer import (
    as_seen_by,
    extract_features,
    fine_tune,
    freeze,
    freeze_norms,
    head_name,
    labelled_subset,
    labels_needed,
    param_groups,
    probe,
    replace_head,
    thaw,
)

ROOT = Path(__file__).resolve().parents[1]

# name of the network -> its head, and what goes into it
TORCHVISION = {"squeezenet1_0": ("classifier.1", 512), "resnet18": ("fc", 512), "vgg11": ("classifier.6", 4096),
               "densenet121": ("classifier", 1024), "mobilenet_v3_small": ("classifier.3", 1024),
               "vit_b_16": ("heads.head", 768), "convnext_tiny": ("classifier.2", 768)}
TIMM = {"resnet18": ("fc", 512), "mobilenetv3_small_050": ("classifier", 1024), "convnext_atto": ("head.fc", 320)}


@pytest.fixture(scope="module")
def timm():
    return pytest.importorskip("timm")


@pytest.fixture(scope="module")
def digits() -> Images:
    return images("digits")


def small(classes: int = 10) -> nn.Module:
    """A body with batch norm and dropout, and a head, for 8x8 images."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(8 * 16, classes))


def state(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def moved(model: nn.Module, before: dict) -> set[str]:
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


# The head

@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_heads_are_found_and_replaced(name):
    with torch.device("meta"):
        _replaced(torchvision.models.get_model(name, weights=None), *TORCHVISION[name])


@pytest.mark.parametrize("name", TIMM)
def test_timms_heads_are_found_and_replaced(timm, name):
    with torch.device("meta"):
        _replaced(timm.create_model(name), *TIMM[name])


def _replaced(model: nn.Module, name: str, width: int) -> None:
    assert head_name(model) == name
    before = {other: layer for other, layer in model.named_modules() if other != name}
    assert replace_head(model, 7) is model
    head = model.get_submodule(name)
    assert (head.weight.shape[:2], head.bias.shape, head.weight.device.type) == ((7, width), (7,), "meta")
    assert {other: layer for other, layer in model.named_modules() if other != name} == before
    with torch.device("meta"):
        assert model.eval()(torch.empty(2, 3, 224, 224)).shape == (2, 7)


def test_a_head_without_bias_gets_none():
    model = replace_head(models.build("fast"), 4)
    assert isinstance(model.head, nn.Linear) and model.head.weight.shape == (4, 176) and model.head.bias is None


def test_several_candidates_are_named_and_one_may_be_chosen():
    with torch.device("meta"):
        model = torchvision.models.get_model("googlenet", weights=None, init_weights=False, aux_logits=True)
        with pytest.raises(CourseError, match=r"3 layers .* 1000 outputs: .*aux2.fc2, fc\."):
            replace_head(model, 5)
        assert replace_head(model, 5, "fc").fc.weight.shape == (5, 1024) and head_name(model) == "fc"


@pytest.mark.parametrize("model, classes, name, said", [
    (nn.Sequential(nn.Conv2d(3, 4, 3)), 2, None, "no layer that looks like a head"),
    (nn.Linear(3, 4), 2, None, "no layer that looks like a head"),
    (small(), 0, None, "classes must be"), (small(), 2.0, None, "classes must be"),
    (small(), 2, "fc", "no layer 'fc'"), (small(), 2, "0.1", "0.1 is no head but BatchNorm2d"),
])
def test_what_cannot_be_replaced_is_said(model, classes, name, said):
    with pytest.raises(CourseError, match=said):
        replace_head(model, classes, name)


def test_timm_takes_weights_from_a_file_by_name(timm, tmp_path):
    """As the notebook on transfer has them loaded where there is no network."""
    torch.manual_seed(0)
    model = timm.create_model("test_resnet")
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    loaded = timm.create_model("test_resnet", pretrained=True,
                               pretrained_cfg_overlay={"file": str(tmp_path / "weights.pth")})
    assert not moved(loaded, state(model))
    assert replace_head(loaded, 2)(torch.zeros(1, 3, 64, 64)).shape == (1, 2)


# Freezing

def learn_a_step(model: nn.Module, digits: Images) -> None:
    model.train()
    optimizer = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.1)
    nn.functional.cross_entropy(model(digits.normalised(digits.x[:32])), digits.y[:32]).backward()
    optimizer.step()
    optimizer.zero_grad()


def test_frozen_means_nothing_moves_but_the_head(digits):
    model = freeze(small())
    before = state(model)
    learn_a_step(model, digits)
    assert moved(model, before) == {"2.weight", "2.bias"}
    assert model.training and not any(module.training for module in model[0].modules())


def test_without_freezing_the_statistics_would_have_moved(digits):
    model = small()
    for weight in model[0].parameters():
        weight.requires_grad_(False)
    before = state(model)
    learn_a_step(model, digits)
    assert {"0.1.running_mean", "0.1.running_var"} <= moved(model, before)


def test_it_stays_frozen_in_a_copy_and_through_training_and_evaluation(digits):
    model = copy.deepcopy(freeze(small()))
    before = state(model)
    evaluate(model, digits[:50])
    train(model, digits[:64], Recipe("", 2, 32, "sgd", 0.1, averaging=0.5), show=False)
    assert moved(model, before) == {"2.weight", "2.bias"}


def test_more_than_the_head_may_learn():
    model = freeze(models.build("fast"), "head", "groups.2")
    learning = {name.split(".")[0] + "." + name.split(".")[1] for name, weight in model.named_parameters()
                if weight.requires_grad}
    assert learning == {"head.weight", "groups.2"}
    model.train()
    assert model.groups[2][2].training and not model.groups[1][2].training


def test_thawed_is_as_before(digits):
    model = models.build("fast", channels=1)
    kinds = [type(module) for module in model.modules()]
    learning = [weight.requires_grad for weight in model.parameters()]
    assert not all(learning)  # some are fixed by the network's own design, and stay so
    thaw(freeze(freeze_norms(freeze(model)), "groups.1"))
    assert [type(module) for module in model.modules()] == kinds
    assert [weight.requires_grad for weight in model.parameters()] == learning
    assert all(module.training for module in model.train().modules())


def test_norms_alone_can_be_frozen(digits):
    model = freeze_norms(small())
    before = state(model)
    learn_a_step(model, digits)
    assert moved(model, before) == {"0.0.weight", "0.0.bias", "0.1.weight", "0.1.bias", "2.weight", "2.bias"}
    assert isinstance(model[0][1], nn.BatchNorm2d) and model[0][4].training  # dropout is no norm


def test_an_unknown_layer_is_not_frozen_around():
    with pytest.raises(CourseError, match="no layer 'tail'"):
        freeze(small(), "tail")


# Training

def test_every_weight_that_learns_is_in_one_group_ten_times_apart():
    model = models.build("fast")
    body, head = param_groups(model, lr=0.01)
    assert (body["lr"], head["lr"]) == (pytest.approx(0.001), 0.01)
    assert [id(weight) for weight in head["params"]] == [id(model.head.weight)]
    learning = {id(weight) for weight in model.parameters() if weight.requires_grad}
    assert {id(weight) for weight in body["params"]} == learning - {id(model.head.weight)}
    assert [group["lr"] for group in param_groups(freeze(model), lr=0.01)] == [0.01]
    torch.optim.AdamW(param_groups(thaw(model), lr=0.01))


def test_the_loop_takes_the_groups_rates(digits):
    """Steps of sign alone: after one step of Adam every weight has moved by its own learning rate."""
    model = small()
    before = state(model)
    train(model, digits[:32], Recipe("", 1, 32, "adamw", 0.01, schedule="constant", warmup=0.0), show=False,
          groups=param_groups(model, 0.01))
    assert (model[2].weight - before["2.weight"]).abs().max().item() == pytest.approx(0.01, rel=1e-2)
    assert (model[0][0].weight - before["0.0.weight"]).abs().max().item() == pytest.approx(0.001, rel=1e-2)
    with pytest.raises(CourseError, match="without groups"):
        train(model, digits[:32], Recipe("", 1, 32, "muon", 0.01), groups=param_groups(model, 0.01), show=False)


def test_fine_tuning_learns_and_takes_as_many_steps_as_it_is_told(digits):
    model = small()
    run = fine_tune(model, digits[:500], lr=0.01, steps=77, body_factor=1.0)
    assert run.history[-1]["step"] == 77 and evaluate(model, images("digits", "test")).accuracy > 0.75
    with pytest.raises(CourseError, match="an image and a step"):
        fine_tune(model, digits[:0], lr=0.01)


# Features

@pytest.mark.parametrize("name, size", [("resnet18", 64), ("squeezenet1_0", 64)])
def test_the_heads_input_with_the_head_gives_the_networks_answer(name, size):
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None).train()
    X = torch.randn(3, 3, size, size)
    features = torch.from_numpy(extract_features(model, X, batch_size=2))
    assert model.training and features.shape == (3, 512)
    head = model.get_submodule(head_name(model))
    with torch.no_grad():
        if isinstance(head, nn.Conv2d):  # SqueezeNet has a ReLU and a mean after its head
            maps = torch.from_numpy(extract_features(model, X, pool=None))
            torch.testing.assert_close(features, maps.mean((2, 3)))
            answer = head(maps).relu().mean((2, 3))
        else:
            answer = head(features)
        torch.testing.assert_close(answer, model.eval()(X))


def test_timms_features(timm):
    model = timm.create_model("vit_tiny_patch16_224", depth=1, img_size=32).eval()
    X = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        tokens = model.blocks(model.norm_pre(model._pos_embed(model.patch_embed(X))))
    np.testing.assert_allclose(extract_features(model, X, "blocks"), tokens.mean(1), atol=1e-5)


def test_layers_are_pooled_and_batches_make_no_difference(digits):
    model, X = small().eval(), digits.normalised(digits.x[:10])
    maps = extract_features(model, X, "0.2", pool=None)
    assert maps.shape == (10, 8, 8, 8)
    np.testing.assert_allclose(extract_features(model, digits[:10], "0.2", batch_size=3), maps.mean((2, 3)), atol=1e-6)
    np.testing.assert_allclose(extract_features(model, X, "0.2", pool="max"), maps.max((2, 3)), atol=1e-6)


def test_the_cache_is_read_and_never_for_another_network_layer_or_images(digits, tmp_path, monkeypatch):
    model, X = small(), digits.normalised(digits.x[:10])
    first = extract_features(model, X, cache=tmp_path)
    calls = []
    handle = model.register_forward_pre_hook(lambda *_: calls.append(1))
    np.testing.assert_array_equal(extract_features(model, X, cache=tmp_path), first)
    assert not calls
    for other in (lambda: extract_features(model, X + 1, cache=tmp_path),
                  lambda: extract_features(model, X, "0.2", cache=tmp_path),
                  lambda: extract_features(model, X, "0.2", pool="max", cache=tmp_path)):
        before = len(calls)
        other()
        assert len(calls) > before
    with torch.no_grad():
        model[0][1].running_mean += 1
    assert not np.array_equal(extract_features(model, X, cache=tmp_path), first)
    handle.remove()
    for file in tmp_path.iterdir():
        file.write_bytes(b"cut off")
    with torch.no_grad():
        model[0][1].running_mean -= 1
    np.testing.assert_array_equal(extract_features(model, X, cache=tmp_path), first)


def test_what_has_no_features_is_said(digits):
    model = small()
    for arguments, said in (((torch.empty(0, 1, 8, 8),), "N at least 1"), ((digits, "7"), "no layer '7'")):
        with pytest.raises(CourseError, match=said):
            extract_features(model, *arguments)
    with pytest.raises(CourseError, match="pool must be"):
        extract_features(model, digits, pool="median")
    model.spare = nn.Conv2d(1, 1, 1)
    model.forward = lambda X: model[2](model[1](model[0](X)))
    with pytest.raises(CourseError, match="'spare' is not used"):
        extract_features(model, digits[:2], "spare")


def test_a_probe_on_pixels_reads_digits(digits):
    test = images("digits", "test")
    fitted = probe(digits.x[:300].flatten(1).numpy(), digits.y[:300])
    assert fitted.score(test.x.flatten(1).numpy(), test.y.numpy()) > 0.85


@pytest.mark.parametrize("name", ["fast_cifar10", "fast_digits"])
def test_images_are_shown_as_the_network_knows_them(digits, name):
    trained = pretrained.load(name)
    shown = as_seen_by(trained, digits[:4])
    assert shown.x.shape == (4, 32, 32, 3) and shown.x.dtype == torch.uint8 and shown.white == 255
    assert (shown.x[..., 0] == shown.x[..., 2]).all() and shown.x.max() > 240
    torch.testing.assert_close(shown.normalised(), trained.normalised(shown.x))
    assert as_seen_by(trained, shown, side=24).x.shape == (4, 24, 24, 3)


# Labels

def test_budgets_are_balanced_drawn_by_the_seed_and_nested(digits):
    five, ten = (labelled_subset(digits.y, count, seed=3) for count in (5, 10))
    assert np.bincount(digits.y[five]).tolist() == [5] * 10 and len(set(ten)) == 100
    assert set(five) < set(ten) and set(five) != set(labelled_subset(digits.y, 5, seed=4))
    for wrong in (0, 10_000, True):
        with pytest.raises(CourseError, match="per_class must be from 1 to"):
            labelled_subset(digits.y, wrong)


def test_labels_are_read_off_between_two_budgets_on_a_logarithmic_axis():
    def rows(arm, *curve):
        return [{"arm": arm, "labels_per_class": str(labels), "test_accuracy": str(accuracy)}
                for labels, seeds in curve for accuracy in seeds]

    given = [*rows("from scratch", (100, [0.9]), (1, [0.3, 0.5, 0.1]), (10, [0.5])),  # neither sorted nor one seed
             *rows("probe", (1, [0.8]), (10, [0.9])), *rows("raw pixels", (1, [0.1]), (10, [0.2]))]
    needed = labels_needed(given, 0.7)
    assert needed == {"from scratch": pytest.approx(10 ** 1.5), "probe": 1.0, "raw pixels": None}


# The networks that are shipped

def test_the_network_of_digits_knows_digits_of_another_set():
    trained = pretrained.load("fast_digits")
    assert not trained.model.training and trained.model.whitened
    assert (pretrained.FOLDER / "fast_digits.pt").stat().st_size < 1.2e6
    assert evaluate(trained.model, as_seen_by(trained, images("digits", "test"))).accuracy > 0.9


def test_near_pays_and_far_does_not():
    """Five labels per class, three seeds: each source on the target that is near, and on the other's."""
    reached = {}
    for target in ("digits", "faces"):
        halves = images(target), images(target, "test")
        for source in ("fast_cifar10", "fast_digits"):
            trained = pretrained.load(source)
            known, unknown = (extract_features(trained.model, as_seen_by(trained, half)) for half in halves)
            scores = []
            for seed in range(3):
                chosen = labelled_subset(halves[0].y, 5, seed)
                scores.append(probe(known[chosen], halves[0].y[chosen]).score(unknown, halves[1].y.numpy()))
            reached[source, target] = scores
    assert min(reached["fast_digits", "digits"]) > max(reached["fast_cifar10", "digits"]) + 0.05
    assert min(reached["fast_cifar10", "faces"]) > max(reached["fast_digits", "faces"])


# What was measured: the notebook's text stands on these files

def measured(name: str, value: str = "test_accuracy", **wanted: str) -> list[float]:
    rows = csv.DictReader((ROOT / "data" / f"{name}.csv").open())
    return [float(row[value]) for row in rows if wanted.items() <= row.items()]


@pytest.mark.parametrize("labels", ["1", "2"])
def test_a_near_target_pays_against_a_tuned_network_from_scratch_and_a_far_one_hardly(labels):
    about = {"target": "digits", "labels_per_class": labels}
    scratch = measured("transfer_runs", arm="from scratch", **about)
    for arm in ("probe", "fine-tuned"):
        near = measured("transfer_runs", arm=arm, source="fast_digits", **about)
        assert len(near) == len(scratch) == 5 and min(near) - max(scratch) > 0.05
    far = measured("transfer_runs", arm="fine-tuned", source="fast_cifar10", **about)
    assert len(far) == 5 and abs(np.mean(far) - np.mean(scratch)) < 0.05


def test_crossed_each_source_is_better_on_its_own_target():
    for labels in ("2", "5"):
        for target, near, far in (("digits", "fast_digits", "fast_cifar10"), ("faces", "fast_cifar10", "fast_digits")):
            own, other = (measured("transfer_runs", arm="probe", source=source, target=target, labels_per_class=labels)
                          for source in (near, far))
            assert len(own) == len(other) == 5 and np.mean(own) > np.mean(other) + 0.03


def test_ants_and_bees_with_imagenets_weights():
    def of(arm, labels="all", **more):
        return measured("transfer_ants_bees", arm=arm, labels_per_class=labels, **more)

    whole, = of("probe")
    forgotten, = of("probe, tested from 0 to 1")
    assert whole >= 0.93 and whole - forgotten >= 0.15
    assert max(of("probe, random network")) < 0.72
    too_high = of("last block at ten times")
    assert len(too_high) == 3 and max(too_high) < 0.6 < 0.75 < min(of("last block as the head"))
