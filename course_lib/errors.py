"""The one exception that the course raises on bad input."""


class CourseError(ValueError):
    """Bad input, told in one sentence: what was given, what was expected, what to do next.

    IPython shows the sentence alone: a traceback through the library would send the student
    to read code that is not at fault.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]
