"""How much a notebook may compute: ``quick`` (two CPU cores, no network) or ``full`` (a GPU, or patience).

The environment variable COURSE_BUDGET decides, and quick is the default: set it before Jupyter starts
(``COURSE_BUDGET=full make lab``), or in a cell of its own above everything else.
"""

import os

from .errors import CourseError

VARIABLE = "COURSE_BUDGET"
BUDGETS = ("quick", "full")


def budget() -> str:
    """The budget asked for, "quick" or "full". CourseError where the variable holds anything else."""
    asked = os.environ.get(VARIABLE, "").strip().lower() or BUDGETS[0]
    if asked not in BUDGETS:
        raise CourseError(f"{VARIABLE} is {asked!r}; set it to {' or '.join(BUDGETS)}, or leave it unset for "
                          f"{BUDGETS[0]}.")
    return asked


def full(what: str) -> bool:
    """Whether the full budget is asked for; where it is not, one printed sentence says that ``what`` is left out."""
    if budget() == "full":
        return True
    print(f"Left out with the quick budget: {what}. Set {VARIABLE}=full before Jupyter starts to run it.")
    return False
