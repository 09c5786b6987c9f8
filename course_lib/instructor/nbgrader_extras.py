"""nbgrader preprocessors of our own: each cures one thing that nbgrader 0.9 does to a course like this one.

They are switched on in `nbgrader_config.py`; taking a line out there gives plain nbgrader back.
"""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_client.manager import KernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbformat.validator import normalize
from nbgrader.api import Gradebook, Notebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import ClearSolutions, Execute, NbGraderPreprocessor
from nbgrader.utils import is_solution
from traitlets import Integer

from course_lib.errors import CourseError

FIRST_LINE = re.compile(r"(?:#|<!--)\s*(?:exercise|test):\s*([A-Za-z0-9_-]+)")


class StubSolutions(ClearSolutions):
    """nbgrader's ClearSolutions, but a region that is not indented leaves nothing instead of an exception.

    A function not written yet raises when it is called; a by-hand answer stays `name = None`. Run All gets
    past both.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        cell_index: int) -> tuple[NotebookNode, ResourcesDict]:
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        stub = self.code_stub[resources["language"]]
        if is_solution(cell) and cell.cell_type == "code":
            cell.source = "\n".join(line for line in cell.source.split("\n") if line != stub).rstrip()
        return cell, resources


class RefuseLinks(NbGraderPreprocessor):
    """Refuse a submission that holds symbolic links.

    nbgrader follows them: what they point to would be graded, shown to the student's code and handed back.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        coursedir, where = self.parent.parent.coursedir, resources["nbgrader"]  # of the converter
        folder = Path(coursedir.format_path(coursedir.submitted_directory, where["student"], where["assignment"]))
        links = [path for path in [folder, *folder.rglob("*")] if path.is_symlink()]
        if links:
            raise CourseError(f"The submission of {where['student']} holds a symbolic link, {links[0].name!r}: "
                              "take it out, or ask for a new submission.")
        return nb, resources


class RestoreMetadata(NbGraderPreprocessor):
    """Give every cell of a submission the nbgrader metadata that the gradebook holds for it, and no other.

    A cell is known by the grade_id in its metadata, or else by its first line (`# exercise: name`, `# test:
    name`, in Markdown `<!-- exercise: name -->`), so stripped metadata, an old or a future schema, wrong points
    and nonsense all end the same way: in the metadata of the release. Where a cell was copied, the last copy
    counts and the others become ordinary cells (nbgrader's own DeduplicateIds leaves an empty record behind,
    which stops the whole batch). Where a solution cell is gone, a comment takes its place, so that OverwriteCells
    can put back the tests that belong after it.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(where["notebook"], where["assignment"])
            records = _records(notebook)
            solutions = {cell.name for cell in notebook.solution_cells}

        place = {_claimed(cell): index for index, cell in enumerate(nb.cells)}
        named = {_named(cell): index for index, cell in enumerate(nb.cells)}
        place = {name: place.get(name, named.get(name)) for name in records}
        kept = list(nb.cells)
        for cell in kept:
            cell.metadata.pop("nbgrader", None)
        for name, index in place.items():
            if index is not None:
                kept[index].metadata["nbgrader"] = NotebookNode(records[name])
                kept[index].metadata.pop("tags", None)  # a cell tagged "skip-execution" would pass unrun

        following = None
        for name in reversed(records):  # from the end, so that a gap of several cells fills in order
            if place[name] is not None:
                following = kept[place[name]]
            elif name in solutions:
                self.log.warning("The solution cell %s is missing from the submission", name)
                at = next((i for i, cell in enumerate(nb.cells) if cell is following), len(nb.cells))
                following = _placeholder(records[name])
                nb.cells.insert(at, following)
        return _with_cell_ids(nb), resources


def _records(notebook: Notebook) -> dict[str, dict]:
    """Return the metadata of every nbgrader cell of a release, by grade_id, in the order of the notebook."""
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    graded = {cell.name for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    records = {}
    for cell in notebook.source_cells:
        name = cell.name
        records[name] = {"cell_type": cell.cell_type, "checksum": cell.checksum, "grade": name in graded,
                         "grade_id": name, "locked": cell.locked, "schema_version": SCHEMA_VERSION,
                         "solution": name in solutions, "task": name in tasks}
        if name in points:
            records[name]["points"] = points[name]
    return records


def _claimed(cell: NotebookNode) -> str | None:
    """Return the grade_id that a cell's metadata claim."""
    meta = cell.metadata.get("nbgrader")
    grade_id = meta.get("grade_id") if isinstance(meta, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _named(cell: NotebookNode) -> str | None:
    """Return the grade_id that a cell's first line names."""
    found = FIRST_LINE.match(cell.source)
    return found.group(1) if found else None


def _placeholder(record: dict) -> NotebookNode:
    """Return a cell for a missing solution: it defines nothing, so code moved elsewhere still counts."""
    new_cell = new_code_cell if record["cell_type"] == "code" else new_markdown_cell
    return new_cell(f"# The cell of exercise {record['grade_id']} was missing from the submission.",
                    metadata={"nbgrader": NotebookNode(record)})


def _with_cell_ids(nb: NotebookNode) -> NotebookNode:
    """Return a notebook in the format of the release, in which every cell has an id of its own."""
    nb.nbformat_minor = max(nb.nbformat_minor, 5)
    return normalize(nb)[1]


class RecoveringExecute(Execute):
    """nbgrader's Execute, but a kernel that died, or that no interrupt reaches, does not take the submission
    with it.

    The cell at fault gets an error, the kernel is started again and the cells before are run again, without
    those that never ended. After `max_restarts` the remaining cells fail unrun.
    """

    max_restarts = Integer(2, help="How often one notebook's kernel is started again").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict,
                   km: KernelManager | None = None) -> tuple[NotebookNode, ResourcesDict]:
        self._restarts = 0
        self._lost: set[int] = set()  # cells that must not run again
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        index: int) -> tuple[NotebookNode, ResourcesDict]:
        if self._restarts > self.max_restarts:
            if cell.cell_type == "code":
                cell.outputs = [failure("NotRun", "the kernel ended too often before this cell")]
            return cell, resources
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
        except (CellTimeoutError, DeadKernelError) as error:
            cell.outputs.append(failure(type(error).__name__, "this cell ended the kernel or never ended"))
            self._lost.add(index)
            self._start_again(resources, index)
        if any(output.get("ename") == "CellTimeoutError" for output in cell.get("outputs", [])):
            self._lost.add(index)
        return cell, resources

    def _start_again(self, resources: ResourcesDict, index: int) -> None:
        """Start the kernel anew and bring it to where it was before cell `index`; keep the outputs."""
        self._restarts += 1
        if self._restarts > self.max_restarts:
            return
        self.log.warning("Starting the kernel again after cell %d", index)
        self.kc.stop_channels()
        run_sync(self.km.restart_kernel)(now=True)
        self.start_new_kernel_client()  # the old one may still wait for messages of the dead kernel
        for earlier, cell in enumerate(self.nb.cells[:index]):
            if cell.cell_type == "code" and earlier not in self._lost:
                outputs = cell.outputs
                try:
                    self.execute_cell(cell, earlier, store_history=True)
                except (CellTimeoutError, DeadKernelError):
                    self._lost.add(earlier)
                    return self._start_again(resources, index)
                finally:
                    cell.outputs = outputs


def failure(name: str, why: str) -> NotebookNode:
    """Return an error output, which costs a test cell its points."""
    return new_output("error", ename=name, evalue=why, traceback=[f"{name}: {why}"])
