"""The data of each lesson: hints, sealed by-hand answers, recall cards and quiz.

The JSON files beside this one are compiled from `solutions/NN_name/lesson.toml` by `make release`; edit
those.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from course_lib.errors import CourseError


@cache
def lesson(name: str) -> dict:
    """Return the compiled data of one lesson, for instance "02_kernels_by_hand".

    Keys: name, title, hints (exercise to its hints), answers and mistakes (see `course_lib.sealed`),
    recall, quiz. Raises CourseError with the names that exist when there is no such lesson.
    """
    known = sorted(entry.name.removesuffix(".json") for entry in resources.files(__name__).iterdir()
                   if entry.name.endswith(".json"))
    if name not in known:
        raise CourseError(f"There is no lesson {name!r}; choose one of: {', '.join(known)}.")
    return json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
