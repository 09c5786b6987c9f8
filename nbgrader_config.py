"""How nbgrader releases and grades this course; read by every `nbgrader` command started in this directory.

nbgrader executes this file several times per run, so it only ever assigns.
"""

import os

c = get_config()  # noqa: F821  (nbgrader puts it there)

c.CourseDirectory.course_id = "cnn-by-hand"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
# All other files beside a source notebook are published: never the source itself, nor an editor's copy of it.
# A submission's own modules are left behind too, so that none shadows a module of the course.
c.CourseDirectory.ignore = ["*.py", "*.py[cod]", "*.toml", "__pycache__", ".*", "*~", "#*", "*.bak", "*.orig",
                            "*.rej", "*.swp", "*.tmp", "feedback"]

# An unwritten function raises when called; a by-hand answer keeps its `name = None`.
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Write your code here")'}
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "course_lib.instructor.nbgrader_extras.StubSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

c.Autograde.sanitize_preprocessors = [
    "course_lib.instructor.nbgrader_extras.RefuseLinks",
    "nbgrader.preprocessors.ClearOutput",
    "course_lib.instructor.nbgrader_extras.RestoreMetadata",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "course_lib.instructor.trusted.TrustedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "course_lib.instructor.disarm.DisarmOutputs",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# A deleted test cell comes back.
c.OverwriteCells.add_missing_cells = True
# A warning on stderr costs no points.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s).*"
# Seconds that one cell may take (COURSE_CELL_TIMEOUT changes it); the capstone trains for 60 of one processor. A
# loop without end is interrupted and costs the points of the cells that wait for it.
c.ExecutePreprocessor.timeout = int(os.environ.get("COURSE_CELL_TIMEOUT", "120"))
c.ExecutePreprocessor.interrupt_on_timeout = True

# What students wrote runs no script in the browser of an instructor: in formgrader, in feedback.
c.HTMLExporter.filters = {"markdown2html": "course_lib.instructor.disarm.markdown2html"}
# Feedback pages tell no hidden test.
c.GenerateFeedback.preprocessors = [
    "course_lib.instructor.feedback.HideHiddenTests",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
