"""BatchNormHistogram in Python: state, arithmetic against torch's definition, static form, a sentence for bad input."""

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.widgets import BatchNormHistogram


def test_starts_with_the_numbers_of_the_by_hand_exercise():
    widget = BatchNormHistogram(preset="by hand")
    numbers = widget.numbers
    assert (numbers["mean"], numbers["variance"]) == (2.5, 1.25)
    assert numbers["unbiased"] == pytest.approx(5 / 3)
    np.testing.assert_allclose(widget.output[:, 0], [-1.3416, -0.4472, 0.4472, 1.3416], atol=5e-5)
    widget.next_batch()
    assert widget.running_mean == pytest.approx(0.25) and widget.running_var == pytest.approx(1.0667, abs=5e-5)
    assert (widget.updates, widget.batch) == (1, 0), "its only batch comes again"


def test_opens_on_numbers_that_no_exercise_asks_for():
    widget = BatchNormHistogram()
    assert widget.activations.shape == (48, 9) and sorted(set(widget.labels)) == ["A", "B", "C"]
    assert widget.batch_size == 16


def test_is_the_batch_norm_of_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(55)
    x = rng.normal(3, 2, (10, 1, 4, 3))
    widget = BatchNormHistogram(activations=x[:, 0], batch_size=4, gamma=1.7, beta=-0.4, momentum=0.3, eps=1e-3)
    layer = torch.nn.BatchNorm2d(1, eps=1e-3, momentum=0.3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.fill_(1.7)
        layer.bias.fill_(-0.4)
        for first in (0, 4, 8, 0):
            y = layer(torch.tensor(x[first : first + 4])).numpy()
            np.testing.assert_allclose(widget.output.ravel(), y.ravel(), rtol=1e-12)
            widget.next_batch()
        widget.mode, widget.batch = "eval", 2
        y = layer.eval()(torch.tensor(x[8:])).numpy()
    np.testing.assert_allclose(widget.output.ravel(), y.ravel(), rtol=1e-12)
    assert widget.running_mean == pytest.approx(layer.running_mean.item(), rel=1e-12)
    assert widget.running_var == pytest.approx(layer.running_var.item(), rel=1e-12)


def test_batches_fill_up_in_order_and_the_last_may_be_smaller():
    widget = BatchNormHistogram(activations=np.arange(5), labels=list("babab"), batch_size=2)
    assert widget.places == [0, 1]
    widget.batch = 2
    assert widget.places == [4]
    widget.order = "class by class"
    assert widget.places == [3]
    widget.batch, widget.batch_size = 0, 3
    assert widget.places == [0, 2, 4], "classes as they first appear"
    widget.batch_size = 64
    assert widget.places == [0, 2, 4, 1, 3]


def test_only_eval_leaves_a_picture_the_same_in_any_company():
    widget = BatchNormHistogram()
    widget.next_batch(60)
    kept = (widget.running_mean, widget.running_var)
    widget.mode, widget.batch = "eval", 0
    mixed = widget.output[0]
    widget.next_batch(3)
    widget.batch_size = 1
    np.testing.assert_array_equal(widget.output[0], mixed)
    assert (widget.running_mean, widget.running_var) == kept, "eval() learns nothing"
    widget.mode = "train"
    assert widget.output.mean() == pytest.approx(0, abs=1e-12), "alone, every picture becomes beta"
    company = widget.numbers["company"]
    assert company["alone"] == company["batch"] == pytest.approx(0, abs=1e-12)
    assert company["eval"] == pytest.approx(mixed.mean())


def test_one_value_is_refused_in_training_and_passes_in_eval():
    widget = BatchNormHistogram(activations=[5])
    with pytest.raises(CourseError, match="one value: its variance is 0"):
        print(widget.output)
    assert "one value" in widget.static_html()
    widget.next_batch()
    assert (widget.running_mean, widget.running_var, widget.updates) == (0, 1, 0)
    widget.mode = "eval"
    assert widget.output == pytest.approx(np.array([[5]]), rel=1e-4)


@pytest.mark.parametrize("state, sentence", [
    ({"activations": []}, r"not empty; got shape \(0,\)"),
    ({"activations": np.zeros((2, 3, 4, 4))}, r"got shape \(2, 3, 4, 4\).*activations\[:, channel\]"),
    ({"activations": "slide 55"}, "activations must hold numbers only"),
    ({"activations": [1, np.nan]}, "activations holds NaN"),
    ({"activations": np.zeros((65, 1))}, "has 65 pictures of 1 values, and this widget shows at most 64"),
    ({"activations": np.zeros((64, 28, 28))}, "at most 64 pictures and 4096 values. Take fewer"),
    ({"labels": ["a", "b"]}, "class of each of the 4 pictures; got 2"),
    ({"labels": "abcd"}, "labels must be a list"),
    ({"batch_size": 0}, "batch_size must be a whole number from 1 to 64; got 0"),
    ({"mode": "test"}, "'train', 'eval'; got 'test'"),
    ({"order": "sorted"}, "'shuffled', 'class by class'"),
    ({"momentum": 1.5}, "momentum must be a number from 0 to 1; got 1.5"),
    ({"gamma": "1"}, "gamma must be a number from -100 to 100; got '1'"),
    ({"beta": np.nan}, "beta must be a number"),
    ({"running_var": -1}, "running_var must be a number from 0"),
    ({"eps": 0}, "eps must be a number from 1e-12 to 1; got 0"),
    ({"preset": "slide 55"}, "There is no preset 'slide 55'; choose one of 'by hand', 'drawn'"),
    ({"x": [1]}, "has no setting 'x'; it has .*activations"),
])
def test_bad_input_gets_a_sentence(state, sentence):
    with pytest.raises(CourseError, match=sentence):
        BatchNormHistogram(**{"preset": "by hand", **state})


def test_labels_of_other_pictures_are_forgotten():
    widget = BatchNormHistogram(preset="by hand", labels=[7, 7, 1, 1])
    assert widget.labels == ["7", "7", "1", "1"]
    widget.activations = [4, 3, 2, 1]
    assert widget.labels, "as many pictures, so the labels may still be theirs"
    widget.activations = [1, 2]
    assert widget.labels == []
    with pytest.raises(ValueError, match="read-only"):
        widget.activations[0, 0] = 3


def test_static_form_and_text_need_no_script_and_stay_the_same():
    one, other = (BatchNormHistogram(preset="by hand")._repr_mimebundle_()[0] for _ in range(2))
    assert one["text/plain"] == "BatchNormHistogram(4 pictures of 1 value, batch_size=4, mode='train')"
    assert one["text/html"] == other["text/html"] and "<script" not in one["text/html"]
    assert "<td>2.5</td><td>1.25</td>" in one["text/html"] and "\u22121.342" in one["text/html"]
    many = BatchNormHistogram().static_html()
    assert "█" in many and "pictures of 9 values" in repr(BatchNormHistogram())
