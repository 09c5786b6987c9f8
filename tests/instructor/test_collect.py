"""Collecting what Moodle, Canvas and plain folders give: each repair, refusal and choice is made openly."""

import csv
import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_lib.errors import CourseError
from course_lib.instructor import collect
from course_lib.instructor.collect import read_students

NAME, OTHER = "90_sample", "91_other"
IDS = {NAME: ["double", "test_double"], OTHER: ["triple", "test_triple"]}


def notebook(name: str = NAME, remark: str = "", metadata: bool = True) -> str:
    """A student's notebook of the course; `remark` tells one from another."""
    cells = [nbformat.v4.new_code_cell(
        f"# {'test' if one.startswith('test') else 'exercise'}: {one}\n# {remark}",
        metadata={"nbgrader": {"grade_id": one, "grade": one.startswith("test"), "solution": one == "double",
                               "locked": False, "schema_version": 3}} if metadata else {}) for one in IDS[name]]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


@pytest.fixture
def root(tmp_path) -> Path:
    """A course with two released notebooks."""
    for name in IDS:
        place = tmp_path / "course" / "notebooks" / name / f"{name}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(notebook(name))
    return tmp_path / "course"


def packed(path: Path, files: dict[str, str | bytes]) -> Path:
    """A zip with these files, the later the newer."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for day, (name, content) in enumerate(files.items(), start=1):
            info = zipfile.ZipInfo(name, (2026, 11, day, 12, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def said(lines: list[collect.Line], what: str) -> dict[str, str]:
    """Details of the lines of one kind, by student and file."""
    return {f"{line.student} {line.file}".strip(): line.detail for line in lines if line.what == what}


def remark(root: Path, student: str) -> str:
    place = root / "submitted" / student / NAME / f"{NAME}.ipynb"
    return nbformat.read(place, as_version=4).cells[0].source.splitlines()[1].removeprefix("# ")


def test_moodle_with_its_list_of_times(root, tmp_path):
    source = packed(tmp_path / "moodle.zip", {
        f"José Ñuñez_11_assignsubmission_file_/{NAME}.ipynb": notebook(remark="first"),
        f"José Ñuñez_11_assignsubmission_file_/{NAME} (1).ipynb": notebook(remark="second"),
        "José Ñuñez_11_assignsubmission_file_/essay.pdf": b"%PDF",
        f"李小龙_12_assignsubmission_file_{NAME}.ipynb": notebook(remark="flat", metadata=False),
        "Ann Lee_13_assignsubmission_onlinetext_/onlinetext.html": "<p>sorry</p>",
        "__MACOSX/José Ñuñez_11_assignsubmission_file_/._x": b"",
    })
    times = tmp_path / "list.csv"
    times.write_text("\ufeffIdentifier,Full name,Email address,Last modified (submission)\n"
                     'Participant 11,José Ñuñez,jose@example.org,"Friday, 27 November 2026, 11:58 PM"\n'
                     "Participant 12,李小龙,li@example.org,-\nParticipant 14,Never Came,n@example.org,-\n")
    lines = collect.collect(root, NAME, source, times, "Europe/Paris")

    assert remark(root, "jose-nunez-11") == "second" and remark(root, "student-12") == "flat"
    folder = root / "submitted" / "jose-nunez-11" / NAME
    assert sorted(path.name for path in folder.iterdir()) == [f"{NAME}.ipynb", "timestamp.txt"]
    assert (folder / "timestamp.txt").read_text() == "2026-11-27 22:58:00 UTC\n"
    assert not (root / "submitted" / "student-12" / NAME / "timestamp.txt").exists()

    repairs = [line for line in lines if line.what == "repaired"]
    assert [(line.student, line.detail[:30]) for line in repairs] == [
        ("jose-nunez-11", f"renamed from {NAME} (1).ipynb"[:30]),
        ("student-12", "2 of 2 graded cells had lost their metadata"[:30])]
    assert "older than" in next(iter(said(lines, "duplicate").values()))
    assert {"no notebook", "left by an editor or a system"} >= set(said(lines, "ignored").values()) - {
        "it lies in no student's folder"}
    assert "'-' cannot be read" in said(lines, "time")["student-12"]
    assert "Never Came is in the list" in said(lines, "missing")[""]
    assert "nothing that can be collected" in said(lines, "missing")["ann-lee-13"]
    assert not (root / "submitted" / "ann-lee-13").exists()

    table = read_students(root)
    assert table["jose-nunez-11"] | {"late": ""} == {
        "id": "jose-nunez-11", "name": "José Ñuñez", "platform": "moodle", "platform_id": "11",
        "email": "jose@example.org", "login": "", "late": ""}
    with (root / "submitted" / f"collected_{NAME}.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(lines)


def test_canvas_names_versions_and_late_marks(root, tmp_path):
    source = packed(tmp_path / "canvas.zip", {
        f"leeann_501_9002_{NAME}-1.ipynb": notebook(remark="newer"),
        f"leeann_501_9001_{NAME}.ipynb": notebook(remark="older"),
        f"stonebob_LATE_502_9003_{NAME}.ipynb": notebook(remark="late"),
        "muellermax_503_9004_Untitled.ipynb": notebook(remark="by its cells"),
        "coxeva_504_9005_my-own.ipynb": nbformat.writes(nbformat.v4.new_notebook()),
        f"katzada_505_9006_{OTHER}.ipynb": notebook(OTHER),
        f"wongkim_506_9007_{NAME}.ipynb": notebook(OTHER),
    })
    lines = collect.collect(root, NAME, source)
    assert remark(root, "leeann-501") == "newer"
    assert remark(root, "stonebob-502") == "late" and read_students(root)["stonebob-502"]["late"] == "late"
    assert remark(root, "muellermax-503") == "by its cells"
    assert "none of the course's" in next(iter(said(lines, "ignored").values()))
    refused = said(lines, "refused")
    assert f"the notebook {OTHER}, and {NAME} is collected" in " ".join(refused.values())
    assert f"this notebook's name and the cells of {OTHER}" in " ".join(refused.values())
    assert {line.student for line in lines if line.what == "missing"} == {"coxeva-504", "katzada-505", "wongkim-506"}


def test_a_plain_folder_and_what_a_second_collection_changes(root, tmp_path):
    source = tmp_path / "plain"
    for student, text in {"ann": notebook(remark="ann"), "Ann": notebook(remark="Ann"), "x y/../é": "no json"}.items():
        place = source / student.replace("/", "_") / NAME / f"{NAME}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(text)
    (source / "notes.txt").write_text("mine")
    secret = tmp_path / "secret.ipynb"
    secret.write_text(notebook(remark="secret"))
    (source / "eve").mkdir()
    (source / "eve" / f"{NAME}.ipynb").symlink_to(secret)
    (source / "eve" / "folder").symlink_to(tmp_path)

    lines = collect.collect(root, NAME, source)
    table = read_students(root)
    ids = {row["name"]: student for student, row in table.items()}
    assert len({one.casefold() for one in ids.values()}) == len(ids) == 4
    assert {remark(root, ids["ann"]), remark(root, ids["Ann"])} == {"ann", "Ann"}
    assert all(one.isascii() and "/" not in one and " " not in one and ".." not in one for one in ids.values())
    assert sum("it is not followed" in detail for detail in said(lines, "refused").values()) == 2
    assert not (root / "submitted" / "eve").exists()
    assert "no student's folder" in said(lines, "ignored")["notes.txt"]

    again = collect.collect(root, NAME, source)
    assert {line.detail for line in again if line.what == "collected"} == {"as before"}
    assert read_students(root) == table
    (source / "ann" / NAME / f"{NAME}.ipynb").write_text(notebook(remark="changed"))
    third = collect.collect(root, NAME, source)
    assert remark(root, ids["ann"]) == "changed"
    assert "takes the place of what was collected earlier" in said(third, "duplicate").values()


def test_archives_that_mean_harm_have_nothing_to_act_on(root, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"work/{NAME}.ipynb", notebook(remark="in a zip"))
        archive.writestr("deeper.zip", b"PK")
    link = zipfile.ZipInfo(f"Eve_2_assignsubmission_file_/{NAME}.ipynb")
    link.external_attr = 0o120777 << 16
    source = tmp_path / "bad.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Ada_1_assignsubmission_file_/all.zip", inner.getvalue())
        archive.writestr(link, "/etc/passwd")
        for path in ("../../out.ipynb", "/tmp/out.ipynb", "Mal_3_assignsubmission_file_/../../out.ipynb",
                     "C:/out.ipynb"):
            archive.writestr(path, notebook())
        archive.writestr(f"Bo Mb_4_assignsubmission_file_/{NAME}.ipynb", b" " * (collect.NOTEBOOK + 1))
        archive.writestr(f"De Ep_5_assignsubmission_file_/{NAME}.ipynb", "[" * 100_000)
        archive.writestr("Bro Ken_6_assignsubmission_file_/all.zip", b"no zip")
    before = sorted(path for path in tmp_path.rglob("*") if "course" not in path.parts)
    lines = collect.collect(root, NAME, source)

    assert remark(root, "ada-1") == "in a zip"
    assert sorted(path.name for path in (root / "submitted").iterdir()) == [
        "ada-1", f"collected_{NAME}.csv", "students.csv"]
    assert sorted(path for path in tmp_path.rglob("*") if "course" not in path.parts) == before
    refused = said(lines, "refused")
    assert sum("leads out of the archive" in detail for detail in refused.values()) == 4
    assert "not followed" in refused[f"eve-2 Eve_2_assignsubmission_file_/{NAME}.ipynb"]
    assert "more than 64 MB" in refused[f"bo-mb-4 Bo Mb_4_assignsubmission_file_/{NAME}.ipynb"]
    assert "no notebook: RecursionError" in refused[f"de-ep-5 De Ep_5_assignsubmission_file_/{NAME}.ipynb"]
    assert "no archive" in refused["bro-ken-6 Bro Ken_6_assignsubmission_file_/all.zip"]


def test_a_damaged_archive_and_too_many_files_are_refused_whole(root, tmp_path, monkeypatch):
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(CourseError, match="neither a zip nor a folder"):
        collect.collect(root, NAME, tmp_path / "no.zip")
    with pytest.raises(CourseError, match=f"no notebook '92_none' .* but {NAME}, {OTHER}"):
        collect.collect(root, "92_none", tmp_path)
    monkeypatch.setattr(collect, "ENTRIES", 2)
    source = packed(tmp_path / "many.zip", {f"a_1_assignsubmission_file_/{n}.txt": "" for n in range(3)})
    with pytest.raises(CourseError, match="more than 2 files"):
        collect.collect(root, NAME, source)


def test_repairs_of_a_notebook(root, tmp_path, monkeypatch):
    heavy = json.loads(notebook(remark="heavy"))
    heavy["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 5000}]
    twice = json.loads(notebook(remark="twice"))
    twice["cells"] = [twice["cells"][0], {**twice["cells"][0], "id": "other"}]
    monkeypatch.setattr(collect, "HEAVY", 4000)
    source = packed(tmp_path / "odd.zip", {
        f"a/{NAME}.ipynb": json.dumps(heavy), f"b/{NAME}-Copy1.ipynb": notebook(remark="utf-16").encode("utf-16"),
        f"c/Copy of {NAME}.ipynb": json.dumps(twice)})
    repairs = [(line.student, line.detail) for line in collect.collect(root, NAME, source) if line.what == "repaired"]
    text = (root / "submitted" / "a" / NAME / f"{NAME}.ipynb").read_text()
    assert "xxx" not in text and ("a", "0 MB large, so its outputs were dropped") in repairs
    assert remark(root, "b") == "utf-16" and ("b", "written in utf-16, now in utf-8") in repairs
    assert ("c", "double there more than once; the last copy counts") in repairs
    assert ("c", "without test_double; grading puts missing test cells back") in repairs
    assert [student for student, detail in repairs if detail.startswith("renamed from")] == ["b", "c"]


def test_names_that_a_spreadsheet_would_run_come_back_as_they_were(root, tmp_path):
    collect.collect(root, NAME, packed(tmp_path / "one.zip", {
        f"=cmd|x_7_assignsubmission_file_/{NAME}.ipynb": notebook()}))
    assert "'=cmd|x" in (root / "submitted" / "students.csv").read_text()
    assert read_students(root)["cmd-x-7"]["name"] == "=cmd|x"


def test_a_list_without_times_says_what_was_expected(root, tmp_path):
    (tmp_path / "list.csv").write_text("Who,Grade\nAnn,1\n")
    source = packed(tmp_path / "one.zip", {f"a/{NAME}.ipynb": notebook()})
    with pytest.raises(CourseError, match="has the columns grade, who; expected one of identifier"):
        collect.collect(root, NAME, source, tmp_path / "list.csv")
    with pytest.raises(CourseError, match="no time zone 'Nowhere'"):
        collect.collect(root, NAME, source, tmp_path / "list.csv", "Nowhere")
