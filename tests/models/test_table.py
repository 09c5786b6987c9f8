"""The table of slide 42: our counts are the printed ones where the paper is right, and the notes tell no tales."""

import pytest
import torch
from torch import nn

from course_lib import models
from course_lib.models import __main__ as command, table


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return table.rows(measured=tmp_path_factory.mktemp("data"))


def test_what_the_paper_prints(rows):
    """Numbers per column, and their sums, so that one lost, changed or moved shows; then some rows whole."""
    columns = [[float(row.errors[key].strip("*")) for row in rows if row.errors[key] != "-"] for key in table.ERRORS]
    assert len(rows) == 21 and [len(column) for column in columns] == [14, 20, 12, 17, 12]
    assert [round(sum(column), 2) for column in columns] == [123.51, 108.46, 369.36, 410.03, 22.1]
    by = {(row.method, row.depth): row for row in rows}
    assert list(by["ResNet (pre-activation)", "164"].errors.values()) == ["11.26*", "5.46", "35.58*", "24.33", "-"]
    assert list(by["DenseNet-BC (k = 40)", "190"].errors.values()) == ["-", "3.46", "-", "17.18", "-"]
    printed = [row.params for row in rows]
    assert printed == ["-"] * 4 + ["38.6M"] * 2 + ["1.7M"] * 3 + ["10.2M", "11.0M", "36.5M", "2.7M", "1.7M", "10.2M",
                                                                "1.0M", "7.0M", "27.2M", "0.8M", "15.3M", "25.6M"]


def test_all_but_four_of_the_printed_counts_are_ours(rows):
    """FractalNet twice, stochastic depth at 1202 layers, pre-activation at 1001."""
    differing = [(row.name, row.params, row.rounded, row.note) for row in rows if row.verdict == "differs"]
    assert differing == [
        ("fractalnet", "38.6M", "33.7M", "fractal"), ("fractalnet", "38.6M", "33.7M", "fractal"),
        ("stochastic1202", "10.2M", "19.4M", "stochastic"), ("preactresnet1001", "10.2M", "10.3M", "preactivation")]
    assert [row.verdict for row in rows].count("same") == 13
    assert {row.note for row in rows} - {""} == table.NOTES.keys()


def test_the_note_on_stochastic_depth(rows):
    with torch.device("meta"):
        residual = models.parameters(models.build("resnet1202"))
    assert next(row.counted for row in rows if row.depth == "1202") == residual
    assert f"{residual / 1e6:.1f}M" == "19.4M" and "19.4M" in table.NOTES["stochastic"]
    assert [row.params for row in rows if row.depth in ("1202", "1001")] == ["10.2M", "10.2M"]


def test_the_note_on_preactivation():
    with torch.device("meta"):
        model = models.build("preactresnet1001")
    norms = sum(models.parameters(layer) for layer in model.modules() if isinstance(layer, nn.BatchNorm2d))
    shortcuts = sum(stage[0].shortcut.weight.numel() for stage in model.stages)
    count = models.parameters(model)
    wanted = [f"{number / 1e6:.{digits}f}M" for number, digits in
              ((count, 1), (count - shortcuts, 2), (count - shortcuts, 1), (count - norms, 2), (count - norms, 1))]
    assert wanted == ["10.3M", "10.29M", "10.3M", "10.18M", "10.2M"]
    assert all(number in table.NOTES["preactivation"] for number in wanted)
    # At 164 layers both ways of counting print the same, so that row cannot tell which was used.
    with torch.device("meta"):
        model = models.build("preactresnet164")
    norms = sum(models.parameters(layer) for layer in model.modules() if isinstance(layer, nn.BatchNorm2d))
    assert f"{models.parameters(model) / 1e6:.1f}" == f"{(models.parameters(model) - norms) / 1e6:.1f}" == "1.7"


def test_the_note_on_fractalnet(rows):
    """Seven 3x3 convolutions per block. By the generator, three of them read the narrower maps of the block before."""
    before, after = (3, 64, 128, 256, 512), (64, 128, 256, 512, 512)
    pairs = list(zip(before, after, strict=True))
    norms, head = sum(2 * 7 * b for b in after), 512 * 10 + 10
    published = sum(9 * (3 * a * b + 4 * b * b) for a, b in pairs) + norms + head
    assert published == next(row.counted for row in rows if row.name == "fractalnet")
    assert f"{published / 1e6:.1f}M" == "33.7M" and "33.7M" in table.NOTES["fractal"]
    widened = sum(9 * 7 * b * b + (a * b if a != b else 0) for a, b in pairs) + norms + head
    assert f"{widened / 1e6:.1f}M" == "38.6M"


def test_the_printed_table(rows):
    lines = table.text(rows).splitlines()
    assert max(map(len, lines)) <= 120
    body = lines[5:26]
    assert len(body) == 21 and lines[4] == "-" * len(lines[4])
    for line, row in zip(body, rows, strict=True):
        assert line.split()[-5:] == list(row.errors.values()) and f"{row.counted:,}" in line
    assert "10.2M   19.4M 19,421,274 (2)" in body[9] and "27.2M   27.2M 27,249,082 =" in body[17]
    assert [line[:4] for line in lines if line.startswith("(")] == ["(1) ", "(2) ", "(3) "]


def test_what_was_reached_is_read_from_data(tmp_path, rows):
    assert all(row.reached == [] for row in rows)
    (tmp_path / "other.csv").write_text("recipe,test_accuracy\nresnet110,0.99\n")
    (tmp_path / "runs.csv").write_text(
        "model,data,test_accuracy,seconds,device\nresnet110,cifar10,0.93,1800,H100\nresnet110,cifar10,0.935,1801,H100\n"
        "resnet110,digits,0.99,1,cpu\nwrn16_4,cifar10,0.95,900,H100\n")
    again = table.rows(measured=tmp_path)
    by = {row.method: row.reached for row in again if row.reached}
    assert by.keys() == {"ResNet", "ResNet (reported by [13])", "with Dropout"}
    assert by["ResNet"][1] == table.Reached(pytest.approx(6.5), 1801.0, "H100", "runs.csv")
    lines = table.text(again).splitlines()
    assert [line.split("-  ")[-1].strip() for line in lines if "best of" in line][0] == "6.50 (best of 2)"
    assert max(map(len, lines)) <= 120


def test_one_network_layer_by_layer(capsys):
    assert command.main(["alexnet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "alexnet: AlexNet for images 3 x 224 x 224, see alexnet.py"
    assert lines[-1].split() == ["together", "61,100,840", "714,188,480"] and len(lines) == 16
    assert lines[3].split() == ["features.0", "Conv", "11x11", "stride", "4", "64", "x", "55", "x", "55", "23,296",
                                "70,276,800"]
    assert command.main(["deeply_supervised"]) == 0
    assert capsys.readouterr().out.endswith("2,580,510 of the parameters are used while training only.\n")


def test_an_unknown_network_is_told_on_the_command_line(capsys):
    assert command.main(["resnet21"]) == 1
    assert capsys.readouterr() == ("", f"there is no network 'resnet21'; choose one of {', '.join(models.names())}.\n")
