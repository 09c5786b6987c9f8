"""The leaderboard: claimed and measured, ties, broken reports with their reason, links refused."""

import csv
import io
import json

import nbformat
import pytest

from course_lib import capstone, capstone_report
from course_lib.errors import CourseError
from course_lib.instructor import leaderboard
from tests.test_capstone import SMALL, changed, network, sound


def hand_in(root, student: str, report: object = None, inner: str = "12_capstone"):
    folder = root / student / inner
    folder.mkdir(parents=True)
    if report is not None:
        (folder / capstone_report.FILE).write_text(report if isinstance(report, str) else json.dumps(report))
    return folder


def accuracy(value: float, **changes) -> dict:
    return changed("accuracy", {"validation": 0.9, "test": value}) | changes


@pytest.fixture
def few_scenes(monkeypatch):
    """A hundred scenes to measure on, for speed."""
    whole = capstone.pictures
    monkeypatch.setattr(capstone, "pictures", lambda split, seed=0: whole(split, 0)[:100])


@pytest.fixture
def trained(tmp_path):
    return capstone.trained(network, SMALL, file=tmp_path / "none", show=False)


def test_best_first_ties_share_a_rank_and_the_broken_come_last(tmp_path):
    hand_in(tmp_path, "carla", accuracy(0.91, parameters=200))
    hand_in(tmp_path, "anton", accuracy(0.95))
    hand_in(tmp_path, "berta", accuracy(0.91, parameters=100), inner="")
    hand_in(tmp_path, "dora", accuracy(0.5))
    hand_in(tmp_path, "emil", "{")
    hand_in(tmp_path, "frieda", accuracy(95.0))
    hand_in(tmp_path, "gustav")
    board = leaderboard.board(tmp_path)
    assert [(one.student, one.rank, one.accuracy, one.basis) for one in board] == [
        ("anton", 1, 0.95, "claimed"), ("berta", 2, 0.91, "claimed"), ("carla", 2, 0.91, "claimed"),
        ("dora", 4, 0.5, "claimed"), ("emil", None, None, ""), ("frieda", None, None, ""), ("gustav", None, None, "")]
    notes = {one.student: one.note for one in board}
    assert notes["anton"] == "no capstone_network.npz: the accuracy is a claim."
    assert "is no JSON" in notes["emil"] and notes["frieda"].startswith("accuracy.test is 95.0, and must be 1 at most")
    assert notes["gustav"] == "there is no report.json and no notebook."


def test_a_network_that_was_handed_in_is_measured(tmp_path, few_scenes, trained):
    capstone.save(trained, hand_in(tmp_path, "anton", accuracy(0.99)) / capstone.FILE)
    hand_in(tmp_path, "berta", accuracy(0.97))
    first, second = leaderboard.board(tmp_path)
    assert (first.student, first.basis, second.student, second.basis) == ("berta", "claimed", "anton", "measured")
    assert second.measured == capstone.accuracy(trained.model, capstone.pictures("test")) < 0.9
    assert second.counted == capstone.models.parameters(trained.model)
    assert "the report says 80,122 parameters" in second.note and "the report claims 99.0%" in second.note


def test_a_network_that_cannot_be_measured_leaves_the_claim(tmp_path, trained):
    (hand_in(tmp_path, "anton", accuracy(0.9)) / capstone.FILE).write_text("no zip")
    capstone.save(trained, hand_in(tmp_path, "berta", accuracy(0.8, data="cifar10")) / capstone.FILE)
    first, second = leaderboard.board(tmp_path)
    assert first.basis == second.basis == "claimed"
    assert "the network is not measured: capstone_network.npz is no network" in first.note
    assert "measured are scenes only, and this report is about cifar10" in second.note


def notebook(folder, *outputs: dict):
    cell = nbformat.v4.new_code_cell("publish", outputs=[nbformat.v4.new_output("execute_result", data=data)
                                                         for data in outputs])
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text"), cell]),
                   folder / "12_capstone (1).ipynb")


def test_a_report_is_taken_from_the_notebook_where_there_is_no_file(tmp_path):
    notebook(hand_in(tmp_path, "anton"), {capstone_report.MIME: accuracy(0.1)}, {capstone_report.MIME: accuracy(0.8)})
    notebook(hand_in(tmp_path, "berta"), {"text/plain": "no report"})
    (hand_in(tmp_path, "carla") / "12_capstone.ipynb").write_text('{"cells": [3, null, {"outputs": 7}]}')
    (hand_in(tmp_path, "dora") / "12_capstone.ipynb").write_text("x")
    notes = {one.student: one for one in leaderboard.board(tmp_path)}
    assert notes["anton"].accuracy == 0.8, "the last one that was shown"
    assert all("shows no report" in notes[name].note for name in ("berta", "carla"))
    assert "is no notebook" in notes["dora"].note


def test_links_are_refused(tmp_path):
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / capstone_report.FILE).write_text(json.dumps(accuracy(0.99)))
    root = tmp_path / "submitted"
    (hand_in(root, "anton") / capstone_report.FILE).symlink_to(outside / capstone_report.FILE)
    hand_in(root, "berta", accuracy(0.7))
    (root / "berta" / "more").symlink_to(outside)
    (root / "carla").symlink_to(outside)
    board = {one.student: one for one in leaderboard.board(root)}
    assert board["anton"].rank is None and "refused symbolic links: report.json" in board["anton"].note
    assert board["berta"].accuracy == 0.7 and "refused symbolic links: more" in board["berta"].note
    assert board["carla"].note == "the folder is a symbolic link, which is refused."


def test_both_files_hold_every_entry_and_no_text_leaves_its_cell(tmp_path, capsys):
    title = "=cmd|' /C calc'!A0 <b>[a](b)</b>"
    hand_in(tmp_path / "in", "anton", accuracy(0.9, title=title))
    hand_in(tmp_path / "in", "berta", "{")
    assert leaderboard.main([str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == "1 ranked, 0 of them measured, 1 without a sound report\n"
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "leaderboard.csv").read_text())))
    assert [row["student"] for row in rows] == ["anton", "berta"] and rows[0]["title"] == f"'{title}"
    assert rows[0]["accuracy"] == "90.00%" and rows[0]["basis"] == "claimed" and rows[0]["seconds"] == "7.5"
    page = (tmp_path / "out" / "leaderboard.md").read_text()
    line = next(line for line in page.splitlines() if "anton" in line)
    assert line.count("|") == len(leaderboard.COLUMNS) + 1 and "<b>" not in line and "[" not in line


def test_no_folder_is_told(tmp_path, capsys):
    assert leaderboard.main([str(tmp_path / "absent")]) == 1
    assert "is no folder; give the one" in capsys.readouterr().err
    with pytest.raises(CourseError, match="holds no folders"):
        leaderboard.board(tmp_path)


def test_the_report_of_the_notebook_is_what_the_board_reads(tmp_path):
    capstone_report.publish(sound(), hand_in(tmp_path, "anton") / capstone_report.FILE)
    (entry,) = leaderboard.board(tmp_path)
    assert (entry.rank, entry.author, entry.parameters, entry.device) == (1, "Ada", 80122, "cpu")
