"""Hand results on: `python -m course_lib.instructor.export 02_kernels_by_hand [--canvas FILE] [--moodle FILE]`.

Below `grades/ASSIGNMENT/`: `canvas.csv` and `moodle.csv` as these platforms import them, `marks.csv` with every
exercise, the class report (`report.html`, `exercises.csv`, `mistakes.csv`), `flags.csv` with submissions that a
human should look at; and below `feedback/` a page for each student, without hidden tests.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tqdm import tqdm

from course_lib.errors import CourseError
from course_lib.instructor import class_report
from course_lib.instructor.autograde import start_worker
from course_lib.instructor.feedback import make_feedback
from course_lib.instructor.flags import find_flags
from course_lib.instructor.results import Results, Student, read_results
from course_lib.instructor.tables import harmless, read_csv, write_csv

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "Points Possible"
MOODLE = ("Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Feedback comments")


def export(root: Path, assignment: str, to: Path | None = None, canvas: Path | None = None,
           moodle: Path | None = None) -> tuple[Results, list[str]]:
    """Write the tables and the class report; return the results, and what an instructor should know of them.

    `canvas` is the gradebook as Canvas exports it, `moodle` the grading worksheet: their rows, in their order, are
    filled in. Without them the rows are those of the students who were collected.
    """
    results = read_results(root, assignment)
    folder = (to or root / "grades") / assignment
    folder.mkdir(parents=True, exist_ok=True)
    # Marks never enter the repository.
    (folder.parent / ".gitignore").write_text("*\n")
    flags = find_flags(results)
    notes = [*_canvas(results, folder / "canvas.csv", canvas), *_moodle(results, folder / "moodle.csv", moodle)]
    names = {student.id: student.name for student in results.students}
    marks, exercises = [_marks(results, one) for one in results.students], class_report.exercise_rows(results)
    write_csv(folder / "marks.csv", marks, list(marks[0]))
    write_csv(folder / "exercises.csv", exercises, list(exercises[0]))
    write_csv(folder / "mistakes.csv", class_report.mistake_rows(results), ("exercise", "students", "classic", "what"))
    write_csv(folder / "flags.csv", [{"student": flag.student, "name": names[flag.student], "flagged_for": flag.kind,
                                  "reason": flag.reason, "compare_with": "; ".join(flag.others)} for flag in flags],
          ("student", "name", "flagged_for", "reason", "compare_with"))
    (folder / "report.html").write_text(class_report.page(results, flags), encoding="utf-8")
    if waiting := sum(bool(student.waits) for student in results.graded):
        notes.append(f"{waiting} submissions wait for a person's grade (formgrader): their points are not final.")
    if failed := sum(bool(student.reason) for student in results.students):
        notes.append(f"{failed} submissions could not be graded; they are in flags.csv, and have no grade here.")
    if flags:
        notes.append(f"{len({flag.student for flag in flags})} submissions are flagged for a human to look at.")
    return results, notes


def _marks(results: Results, student: Student) -> dict:
    row = {"student": student.id, "name": student.name, "points": _points(student), "of": results.points,
           "late_penalty": student.penalty, "handed_in": student.timestamp or "", "waits": "; ".join(student.waits)}
    return row | {one.name: _number(sum(student.scores.get(cell, 0) for cell in one.cells)) if student.scores else ""
                  for one in results.exercises}


# ------------------------------------------------------------------------------------------------------- platforms

def _canvas(results: Results, path: Path, roster: Path | None) -> list[str]:
    """Write the grades as Canvas imports them; return what did not fit together."""
    if roster is None:
        rows = [{"Student": student.name, "ID": student.row.get("platform_id", ""),
                 "SIS Login ID": student.row.get("login", ""), results.assignment: _points(student)}
                for student in results.graded]
        possible = {"Student": POSSIBLE, results.assignment: _number(results.points)}
        write_csv(path, [possible, *rows], (*CANVAS, results.assignment))
        return []
    rows, columns = _read(roster, ("Student", "ID"))
    column = next((one for one in columns if _plain(results.assignment) in _plain(one)), results.assignment)
    possible = next((row for row in rows if row["Student"].strip() == POSSIBLE), {})
    most = _float(possible.get(column), results.points)
    used = set()
    for row in rows:
        student = _match(results, row["ID"], row.get("SIS Login ID", ""), row["Student"])
        if student and row is not possible:
            used.add(student.id)
            row[column] = _points(student, most / results.points)
    if not possible:
        rows.insert(0, {"Student": POSSIBLE, column: _number(results.points)})
    kept = [one for one in CANVAS if one in columns]
    chosen = [{name: row.get(name, "") for name in (*kept, column)} for row in rows]
    write_csv(path, chosen, (*kept, column), checked=False)
    return [*_missing(results, used, roster), *_scaled(results, most, "Canvas")]


def _moodle(results: Results, path: Path, worksheet: Path | None) -> list[str]:
    """Write the grades as Moodle's grading worksheet, and the zip of feedback files that it takes."""
    if worksheet is None:
        rows = [{"Identifier": f"Participant {student.row.get('platform_id', '')}", "Full name": student.name,
                 "Email address": student.row.get("email", ""), "Grade": _points(student),
                 "Maximum Grade": _number(results.points), "Feedback comments": comment(results, student)}
                for student in results.graded if student.row.get("platform", "moodle") == "moodle"]
        write_csv(path, rows, MOODLE)
        return []
    rows, columns = _read(worksheet, ("Identifier", "Grade"))
    used, most = set(), results.points
    for row in rows:
        number = (re.findall(r"\d+", row["Identifier"]) or [""])[-1]
        student = _match(results, number, row.get("Email address", ""), row.get("Full name", ""))
        if student:
            used.add(student.id)
            most = _float(row.get("Maximum Grade"), results.points)
            row["Grade"] = _points(student, most / results.points)
            row["Feedback comments"] = harmless(comment(results, student))
    columns = columns if "Feedback comments" in columns else [*columns, "Feedback comments"]
    write_csv(path, rows, columns, checked=False)
    return [*_missing(results, used, worksheet), *_scaled(results, most, "Moodle")]


def comment(results: Results, student: Student) -> str:
    """Return a line for the student: points, and what went wrong where, in words that tell nothing of hidden tests."""
    lost = []
    for exercise in results.exercises:
        if sum(student.scores.get(cell, 0) for cell in exercise.cells) < exercise.points:
            first = next((failure for failure in student.failures if failure.cell in exercise.cells), None)
            why = first.mistake or (first.label if first.label.startswith(("not written", "stopped")) else "") \
                if first else ""
            lost.append(f"{exercise.name} ({why.rstrip('.')})" if why else exercise.name)
    text = f"{_points(student)} of {_number(results.points)} points."
    text += f" Late: {_number(student.penalty)} points less." if student.penalty else ""
    text += f" Points missing in {'; '.join(lost)}." if lost else ""
    return text + (" Some answers wait for a person's grade." if student.waits else "")


def feedback_archive(results: Results, path: Path) -> int:
    """Write the zip of feedback pages that Moodle takes, one folder a student; return how many are in it."""
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in results.graded:
            pages = sorted((results.root / "feedback" / student.id / results.assignment).glob("*.html"))
            if student.row.get("platform") == "moodle" and pages:
                place = f"{student.row['name']}_{student.row['platform_id']}_assignsubmission_file_"
                archive.write(pages[0], f"{place}/{pages[0].name}")
                count += 1
    return count


def _match(results: Results, number: str, login: str, name: str) -> Student | None:
    """Return the graded student whom a row of the platform means: by number, login or address, or else by name."""
    found = [student for student in results.graded
             if (number and student.row.get("platform_id") == number)
             or (login and login in (student.row.get("login"), student.row.get("email"), student.id))]
    if not found and _plain(name):
        found = [student for student in results.graded if not student.row.get("platform_id")
                 and sorted(_plain(student.name, " ").split()) == sorted(_plain(name, " ").split())]
    return found[0] if len(found) == 1 else None


def _missing(results: Results, used: set[str], path: Path) -> list[str]:
    missing = [student.id for student in results.graded if student.id not in used]
    return [f"{len(missing)} graded students are not in {path.name}: {', '.join(missing[:10])}."] if missing else []


def _scaled(results: Results, most: float, platform: str) -> list[str]:
    return [f"{platform} gives {_number(most)} points for this assignment, and the notebook {_number(results.points)}: "
            "the grades were scaled."] if most != results.points else []


def _read(path: Path, needed: tuple[str, ...]) -> tuple[list[dict], list[str]]:
    rows, columns = read_csv(path)
    if lacking := [one for one in needed if one not in columns]:
        raise CourseError(f"{path} has no column {', '.join(lacking)} but {', '.join(columns) or 'nothing'}: give the "
                          "platform's own export, in English.")
    return rows, columns


def _plain(text: str, between: str = "") -> str:
    return between.join(re.findall(r"\w+", text.casefold().replace("_", " ")))


def _float(text: str | None, otherwise: float) -> float:
    try:
        return float(text or "") or otherwise
    except ValueError:
        return otherwise


def _points(student: Student, scale: float = 1) -> str:
    return _number(student.total * scale) if student.scores and not student.reason else ""


def _number(value: float) -> str:
    return f"{round(value, 4):g}"


def main(arguments: list[str]) -> int:
    """Export, and say in a few lines what there is; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.instructor.export",
                                     description="Hand the results of an assignment on.")
    parser.add_argument("assignment", help="as 02_kernels_by_hand")
    parser.add_argument("--canvas", type=Path, help="the gradebook that Canvas exports, to be filled in")
    parser.add_argument("--moodle", type=Path, help="the grading worksheet of Moodle, to be filled in")
    parser.add_argument("--to", type=Path, help="folder for the tables (grades/)")
    parser.add_argument("--no-feedback", action="store_true", help="tables and report only")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one for each core)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of the course (here)")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    try:
        results, notes = export(root, options.assignment, options.to, options.canvas, options.moodle)
        folder = (options.to or root / "grades") / options.assignment
        students = [student.id for student in results.graded]
        if not options.no_feedback:
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(options.workers, mp_context=context, initializer=start_worker) as executor:
                failed = make_feedback(root, options.assignment, students, executor,
                                       lambda answers: tqdm(answers, total=len(students), unit="page"))
            notes += [f"No feedback for {student}: {reason}" for student, reason in failed.items()]
            if packed := feedback_archive(results, folder / "moodle_feedback.zip"):
                notes.append(f"{packed} feedback pages are in moodle_feedback.zip, as Moodle takes them.")
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(students)} students; tables and report in {folder}")
    for note in notes:
        print(f"  {note}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
