import copy

import pytest
import torch
from captum.attr import LayerAttribution, LayerGradCam, Occlusion
from torch import nn
from torch.nn import functional as F

from course_lib import explain, geometry, models, pretrained
from course_lib.errors import CourseError
from course_lib.geometry import Conv, Pool
from course_lib.tracing import trace

torch.manual_seed(0)


def small() -> nn.Sequential:
    """Sides that differ, a stride, batch norm with statistics of its own."""
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(3, 8, (3, 5), padding=(1, 2)), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, stride=(1, 2)), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(12, 4))
    model.train()(torch.randn(16, 3, 20, 26))
    return model.eval()


class Shared(nn.Module):
    """One ReLU and one convolution, used twice; and one that is never used."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.idle = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1)

    def forward(self, X):
        return self.relu(self.conv(self.relu(self.conv(X)))).mean((2, 3))


def hooks_of(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def state_of(model: nn.Module) -> dict:
    return {name: value.clone() for name, value in model.state_dict().items()}


# ------------------------------------------------------------------------------------------- feature maps

def test_feature_maps_are_what_each_layer_gives_even_before_a_relu_that_works_in_place():
    model, X = small(), torch.randn(2, 3, 20, 26)
    maps = explain.feature_maps(model, X)
    assert list(maps) == [str(number) for number in range(9)]
    for number in range(9):
        torch.testing.assert_close(maps[str(number)], model[:number + 1](X))
    assert maps["1"].min() < 0 <= maps["2"].min()


def test_layers_may_be_named_or_given_and_a_shared_one_is_told_apart():
    model, X = Shared(), torch.randn(2, 3, 6, 7)
    maps = explain.feature_maps(model, X)
    assert list(maps) == ["conv", "relu", "conv (2)", "relu (2)"]
    torch.testing.assert_close(maps["conv (2)"], model.conv(F.relu(model.conv(X))))
    assert list(explain.feature_maps(model, X, [model.relu])) == ["relu", "relu (2)"]
    assert list(explain.feature_maps(model, X, ["conv"])) == ["conv", "conv (2)"]


def test_a_layer_that_did_not_run_or_is_none_gets_a_sentence_and_hooks_are_gone_even_then():
    model = Shared()
    with pytest.raises(CourseError, match="'idle' did not run"):
        explain.feature_maps(model, torch.randn(1, 3, 6, 6), ["idle"])
    with pytest.raises(CourseError, match="no layer 'cnov'.*'conv'"):
        explain.feature_maps(model, torch.randn(1, 3, 6, 6), ["cnov"])
    with pytest.raises(CourseError, match="no layer ReLU"):
        explain.feature_maps(model, torch.randn(1, 3, 6, 6), [nn.ReLU()])
    with pytest.raises(RuntimeError):
        explain.feature_maps(model, torch.randn(1, 4, 6, 6))
    assert not hooks_of(model)


@pytest.mark.parametrize("look", [
    lambda model, X: explain.feature_maps(model, X),
    lambda model, X: explain.effective_receptive_field(model, "4", X),
    lambda model, X: explain.receptive_windows(model, "4", X.shape[1:]),
    lambda model, X: explain.strongest_patches(model, X, "4", 3),
    lambda model, X: explain.occlusion_map(model, X),
    lambda model, X: explain.grad_cam(model, X),
    lambda model, X: explain.activation_maximise(model, "4", [0, 3], steps=2),
])
def test_nothing_of_the_network_changes(look):
    model, X = small().train(), torch.randn(3, 3, 20, 26)
    model[1].eval()  # frozen
    before, modes = state_of(model), [module.training for module in model.modules()]
    look(model, X)
    with torch.no_grad():  # gradients are taken all the same
        look(model, X)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not hooks_of(model) and all(parameter.grad is None for parameter in model.parameters())


# ---------------------------------------------------------------------------------------- receptive fields

LAYERS = {
    "two 3x3": ([Conv(4, 3), Conv(4, 3)], (17, 19)),
    "three 3x3": ([Conv(4, 3)] * 3, (17, 19)),
    "dilated": ([Conv(4, 3, dilation=2), Conv(4, (2, 5), stride=(2, 1))], (23, 21)),
    "pools": ([Conv(6, 5, padding=2), Pool(2), Conv(6, 3, padding=1), Pool(3, 2), Conv(6, 3)], (60, 56)),
    # Narrow ones of AlexNet and VGG-16: width changes no window.
    "AlexNet": ([Conv(4, layer.kernel, layer.stride, layer.padding) if isinstance(layer, Conv) else layer
                 for layer in geometry.NETWORKS["AlexNet"].layers[:8]], (447, 447)),
    "VGG-16": ([Conv(3, layer.kernel, layer.stride, layer.padding) if isinstance(layer, Conv) else layer
                for layer in geometry.NETWORKS["VGG-16"].layers[:18]], (480, 480)),
}


def built(layers: list[geometry.Layer]) -> nn.Sequential:
    modules, channels = [], 2
    for layer in layers:
        if isinstance(layer, Conv):
            modules += [nn.Conv2d(channels, layer.out_channels, layer.kernel, layer.stride, layer.padding,
                                  layer.dilation), nn.ReLU()]
            channels = layer.out_channels
        else:
            modules.append(nn.MaxPool2d(layer.kernel, layer.stride, layer.padding))
    return nn.Sequential(*modules)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_find_the_window_of_the_formula(name):
    layers, sides = LAYERS[name]
    model = built(layers)
    down, right = (geometry.receptive_fields(layers, axis)[-1] for axis in (0, 1))
    shape = layers[0].output((2, *sides))
    for layer in layers[1:]:
        shape = layer.output(shape)
    place = (shape[1] // 2, shape[2] // 2)
    (window,) = explain.receptive_windows(model, model[len(model) - 1], (2, *sides), draws=1)
    assert (window.top, window.bottom) == down.window(place[0])
    assert (window.left, window.right) == right.window(place[1])
    assert (window.height, window.width) == (down.size, right.size)


def test_the_by_hand_numbers_of_notebook_10():
    def size(layers, last):
        return geometry.receptive_fields(layers[:last])[-1].size

    assert [size([Conv(1, 3)] * 3, last) for last in (2, 3)] == [5, 7]
    alexnet, vgg = geometry.NETWORKS["AlexNet"].layers, geometry.NETWORKS["VGG-16"].layers
    assert (size(alexnet, 8), size(vgg, 17), size(vgg, 18)) == (195, 196, 212)
    assert isinstance(alexnet[7], Pool) and isinstance(vgg[16], Conv) and isinstance(vgg[17], Pool)
    steps = trace(models.build("resnet20"), (3, 32, 32)).steps
    last = [step for step in steps if step.kind == "convolution"][-1]
    assert last.field == ((81, 81), (4, 4))


def test_a_corner_sees_what_the_border_leaves_and_all_places_come_at_once():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2, padding=1))
    corner, middle = explain.receptive_windows(model, "2", (1, 12, 14), [(0, 0), None])
    assert corner == (0, 2, 0, 2) and middle == (4, 8, 4, 8)
    with pytest.raises(CourseError, match=r"place \(6, 0\).*6 rows and 7 columns"):
        explain.receptive_windows(model, "2", (1, 12, 14), [(6, 0)])


def test_squeeze_and_excitation_sees_the_whole_picture():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.gate = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(4, 4)

        def forward(self, X):
            X = self.conv(X)
            return X * torch.sigmoid(self.gate(X.mean((2, 3))))[:, :, None, None]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gated = Gated()

        def forward(self, X):
            return self.gated(X)

    assert explain.receptive_windows(Net(), "gated", (1, 9, 11)) == [(0, 8, 0, 10)]


@pytest.mark.parametrize("pool", [nn.MaxPool2d(9), nn.AdaptiveMaxPool2d(1), nn.AdaptiveMaxPool2d((1, None))])
def test_a_maximum_may_have_come_from_any_of_its_pixels(pool):
    model = nn.Sequential(nn.Conv2d(1, 2, 1), pool)
    (window,) = explain.receptive_windows(model, "1", (1, 9, 9), [(0, 0)], draws=1)
    assert window == ((0, 8, 0, 0) if getattr(pool, "output_size", None) == (1, None) else (0, 8, 0, 8))


def test_the_effective_field_is_a_hill_within_the_window():
    torch.manual_seed(0)
    model = nn.Sequential(*[nn.Conv2d(3 if not number else 8, 8, 3, padding=1) for number in range(8)])
    field = explain.effective_receptive_field(model, "7", torch.randn(8, 3, 31, 31))
    (window,) = explain.receptive_windows(model, "7", (3, 31, 31))
    assert window == (7, 23, 7, 23)
    outside = field.clone()
    outside[window.top:window.bottom + 1, window.left:window.right + 1] = 0
    assert field.shape == (31, 31) and field.max() == 1 and not outside.any()
    # Luo et al.: a hill whose width grows as the root of the depth; the rim hardly counts.
    rim = torch.cat([field[7, 7:24], field[23, 7:24]])
    assert 0 < rim.max() < 0.05 < field[12:19, 12:19].min()


def test_strongest_patches_are_where_a_loop_finds_them():
    model, X = small(), torch.randn(7, 3, 20, 26)
    maps = model[:5](X).detach()
    patches = explain.strongest_patches(model, X, "4", 5, count=4)
    assert len(patches) == 4
    best = sorted(((float(maps[n, 5].max()), n) for n in range(7)), reverse=True)[:4]
    for patch, (answer, number) in zip(patches, best, strict=True):
        assert patch.picture == number and patch.answer == pytest.approx(answer, rel=1e-5)
        assert float(maps[number, 5][patch.place]) == pytest.approx(answer, rel=1e-5)
        covered = X[number:number + 1].clone()
        w = patch.window
        covered[:, :, w.top:w.bottom + 1, w.left:w.right + 1] = 0
        inside = X[number:number + 1] - covered
        torch.testing.assert_close(model[:5](inside)[0, 5][patch.place], maps[number, 5][patch.place])
    with pytest.raises(CourseError, match="unit 12 is not there.*0 to 11"):
        explain.strongest_patches(model, X, "4", 12)


# ------------------------------------------------------------------------------ against captum, on the same network

@pytest.mark.parametrize("size, stride, fill", [(5, 3, 0.0), (4, 4, 0.7), (7, 2, -1.0), (20, 5, 0.0)])
def test_occlusion_is_captums(size, stride, fill):
    model, X = small(), torch.randn(3, 3, 20, 26)
    target = torch.tensor([0, 3, 1])
    want = Occlusion(model).attribute(X, (3, size, size), (3, stride, stride), fill, target)
    got = explain.occlusion_map(model, X, target, size, stride, fill)
    torch.testing.assert_close(got, want[:, 0], atol=1e-5, rtol=1e-5)
    assert got.abs().max() > 0.001


@pytest.mark.parametrize("layer", ["0", "3", "4"])
def test_grad_cam_is_captums(layer):
    model, X = small(), torch.randn(3, 3, 20, 26)
    target = torch.tensor([0, 3, 1])
    want = LayerGradCam(model, model[int(layer)]).attribute(X, target, relu_attributions=True).detach()
    got = explain.grad_cam(model, X, target, layer, enlarge=False)
    torch.testing.assert_close(got, want[:, 0], atol=1e-6, rtol=1e-5)
    enlarged = LayerAttribution.interpolate(want, (20, 26), "bilinear")[:, 0]
    torch.testing.assert_close(explain.grad_cam(model, X, target, layer), enlarged, atol=1e-6, rtol=1e-5)
    assert got.max() > 0


def test_both_are_captums_on_the_network_that_the_course_ships():
    trained = pretrained.load("fast_cifar10")
    X = trained.normalised(torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8))
    want = Occlusion(trained.model).attribute(X, (3, 8, 8), (3, 8, 8), 0.0, 5)[:, 0]
    torch.testing.assert_close(explain.occlusion_map(trained.model, X, 5, 8, 8), want, atol=1e-5, rtol=1e-5)
    cam = LayerGradCam(trained.model, trained.model.groups[1]).attribute(X, 5, relu_attributions=True)[:, 0].detach()
    torch.testing.assert_close(explain.grad_cam(trained.model, X, 5, "groups.1", False), cam, atol=1e-6, rtol=1e-5)


def test_the_class_defaults_to_the_networks_own_and_the_layer_to_the_last_with_maps():
    model, X = small(), torch.randn(3, 3, 20, 26)
    said = model(X).argmax(1)
    assert torch.equal(explain.occlusion_map(model, X), explain.occlusion_map(model, X, said))
    assert torch.equal(explain.grad_cam(model, X), explain.grad_cam(model, X, said, "5"))
    with pytest.raises(CourseError, match="classes 0 to 3; got 4"):
        explain.grad_cam(model, X, 4)
    with pytest.raises(CourseError, match="'8' gives .* no maps"):
        explain.grad_cam(model, X, 0, "8")
    with pytest.raises(CourseError, match="at least 1 pixel"):
        explain.occlusion_map(model, X, 0, 0)


# ---------------------------------------------------------------------------------- activation maximisation

def test_the_picture_excites_its_unit_far_more_than_noise_does_and_is_the_same_again():
    model = pretrained.load("fast_cifar10")
    look = dict(mean=model.mean, std=model.std, steps=40, size=24)
    gallery = explain.activation_maximise(model.model, "groups.1.5", [3, 40], **look)
    assert gallery.shape == (2, 3, 24, 24) and 0 <= gallery.min() and gallery.max() <= 1
    alone = explain.activation_maximise(model.model, "groups.1.5", 40, **look)
    torch.testing.assert_close(alone, gallery[1], atol=1e-3, rtol=0)
    other = explain.activation_maximise(model.model, "groups.1.5", 40, **look, seed=1)
    assert (other - alone).abs().max() > 0.1

    def answers(pictures):
        X = (pictures - model.mean.view(-1, 1, 1)) / model.std.view(-1, 1, 1)
        return explain.feature_maps(model.model, X, ["groups.1.5"])["groups.1.5"][:, [3, 40], 2, 2]

    mine, noise = answers(gallery), answers(torch.rand(64, 3, 24, 24))
    assert mine[0, 0] > noise[:, 0].max() and mine[1, 1] > noise[:, 1].max()


def test_each_regulariser_does_what_it_says():
    model = pretrained.load("fast_cifar10")
    look = dict(mean=model.mean, std=model.std, steps=10, size=20)

    def variation(**settings):
        made = explain.activation_maximise(model.model, "groups.0.5", [1, 7], **look | settings)
        return float(explain.total_variation(made).mean())

    plain = variation()
    assert variation(calm=100.0) < plain / 2
    assert variation(smooth=0.0) > plain
    assert variation(jitter=0) != plain
    whole = explain.activation_maximise(model.model, "groups.0.5", [1], whole=True, **look)[0]
    middle = explain.activation_maximise(model.model, "groups.0.5", [1], **look)[0]
    # One unit of the middle sees 9 pixels, the mean of the map sees all.
    assert (whole[:, :3] - 0.5).abs().mean() > 1.5 * (middle[:, :3] - 0.5).abs().mean()


def test_grey_networks_and_unknown_units():
    model = nn.Sequential(nn.Conv2d(1, 4, 3))
    made = explain.activation_maximise(model, "0", 2, mean=[0.3], std=[0.3], size=9, steps=40, rate=0.3, jitter=0,
                                       smooth=0.0)
    # For one linear filter the best picture is its sign, in the window that the middle sees.
    want = (model[0].weight[2, 0] > 0).float()
    assert made.shape == (1, 9, 9) and (made[0, 3:6, 3:6].round() == want).all()
    with pytest.raises(CourseError, match="unit 4 is not there.*0 to 3"):
        explain.activation_maximise(model, "0", 4, mean=[0.3], std=[0.3], size=9)


def test_copies_are_told_apart_from_the_network():
    model = small()
    with pytest.raises(CourseError, match="no layer Conv2d"):
        explain.grad_cam(model, torch.randn(1, 3, 20, 26), 0, copy.deepcopy(model[4]))
