"""What every widget of the course shares.

A widget is a thin view in JavaScript over plain state. All arithmetic runs in the browser, so the
picture follows the hand; a Python twin gives the same numbers and feeds the static form. The state
is synchronised both ways: a student reads it from, and writes it from, an ordinary cell.
"""

import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from .. import look
from ..errors import CourseError
from ..ops import picture

HERE = Path(__file__).parent


def view(path: Path) -> str:
    """The JavaScript of a widget as one module: base.js and the widget's own file.

    anywidget loads a module from a string, where a relative import cannot resolve; the site and the
    tests import the same files as they are.
    """
    base = (HERE / "base.js").read_text()
    own = re.sub(r'^import \{[^}]*\} from "[^"]*base\.js";\n', "", path.read_text(), count=1, flags=re.MULTILINE)
    return re.sub(r"^export (?=function|const|class)", "", base, flags=re.MULTILINE) + "\n" + own


def style(path: Path) -> str:
    """The style sheet of a widget: base.css and the widget's own file.

    Every kind of widget on a page brings a copy of base.css. It holds for that kind alone, as it would otherwise
    win over the own rules of a kind that came before it; ``:where`` leaves every rule as strong as it was.
    """
    kind = f":where(.cnn-{path.stem.replace('_', '-')})"
    return re.sub(r"\.cnn(?![\w-])", rf".cnn{kind}", CourseWidget._css) + path.read_text()


class Matrix(traitlets.TraitType):
    """A trait that holds a 2-D array of finite numbers, read-only so that no change goes unseen."""

    def __init__(self, default, largest: tuple[int, int], hint: str = "", **metadata):
        super().__init__(default_value=np.array(default, dtype=float), **metadata)
        self.largest, self.hint = largest, hint
        self.tag(sync=True, to_json=lambda array, _: array.tolist(), from_json=lambda rows, _: rows)

    def validate(self, obj, value):
        array = np.array(picture(value, self.name), dtype=float)
        if array.shape[0] > self.largest[0] or array.shape[1] > self.largest[1]:
            raise CourseError(
                f"{self.name} has {array.shape[0]}x{array.shape[1]} cells, and this widget shows at most "
                f"{self.largest[0]}x{self.largest[1]}{self.hint}."
            )
        array.flags.writeable = False
        return array


class Whole(traitlets.TraitType):
    """A trait that holds a whole number between two bounds."""

    def __init__(self, default: int, least: int, most: int, **metadata):
        super().__init__(default_value=default, **metadata)
        self.least, self.most = least, most
        self.tag(sync=True)

    def validate(self, obj, value):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or not self.least <= value <= self.most:
            raise CourseError(f"{self.name} must be a whole number from {self.least} to {self.most}; got {value!r}.")
        return int(value)


class Real(traitlets.TraitType):
    """A trait that holds a finite number between two bounds."""

    def __init__(self, default: float, least: float, most: float, **metadata):
        super().__init__(default_value=default, **metadata)
        self.least, self.most = least, most
        self.tag(sync=True)

    def validate(self, obj, value):
        real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        if not real or not self.least <= value <= self.most:
            raise CourseError(f"{self.name} must be a number from {self.least:g} to {self.most:g}; got {value!r}.")
        return float(value)


class Choice(traitlets.TraitType):
    """A trait that holds one of a few words."""

    def __init__(self, *choices: str, **metadata):
        super().__init__(default_value=choices[0], **metadata)
        self.choices = choices
        self.tag(sync=True)

    def validate(self, obj, value):
        if not isinstance(value, str) or value not in self.choices:
            raise CourseError(f"{self.name} must be one of {', '.join(map(repr, self.choices))}; got {value!r}.")
        return value


class Switch(traitlets.TraitType):
    """A trait that is True or False."""

    def __init__(self, default: bool = False, **metadata):
        super().__init__(default_value=default, **metadata)
        self.tag(sync=True)

    def validate(self, obj, value):
        if not isinstance(value, (bool, np.bool_)):
            raise CourseError(f"{self.name} must be True or False; got {value!r}.")
        return bool(value)


class Pair(traitlets.TraitType):
    """A trait that holds two whole numbers; ``meaning`` says what they are, such as "(row, column)"."""

    def __init__(self, default: tuple[int, int], meaning: str, **metadata):
        super().__init__(default_value=default, **metadata)
        self.meaning = meaning
        self.tag(sync=True)

    def validate(self, obj, value):
        pair = list(value) if isinstance(value, (list, tuple, np.ndarray)) else []
        if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in pair):
            raise CourseError(f"{self.name} must be {self.meaning}; got {value!r:.60}.")
        return int(pair[0]), int(pair[1])


class CourseWidget(anywidget.AnyWidget):
    """Base of the course's widgets: one style sheet, a static form for readers without scripts, stable text.

    A subclass sets ``_esm = view(path of its .js)`` and ``_css = style(path of its .css)``, and overrides
    ``static_html`` and ``__repr__``.
    """

    _css = look.css() + (HERE / "base.css").read_text()

    def __init__(self, **state):
        unknown = [name for name in state if not self.has_trait(name) or name.startswith("_")]
        if unknown:
            public = ", ".join(sorted(self.state_names()))
            raise CourseError(f"{type(self).__name__} has no setting {unknown[0]!r}; it has {public}.")
        super().__init__(**state)

    @classmethod
    def state_names(cls) -> list[str]:
        """Names of the state that is shared with the browser, in order of definition."""
        inherited = anywidget.AnyWidget.class_trait_names()
        return [name for name in cls.class_trait_names(sync=True) if name not in inherited and name[0] != "_"]

    def static_html(self) -> str:
        """What a viewer without scripts shows: an HTML table or a PNG (inline SVG would be stripped)."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        # The default text holds a memory address, which would change the saved notebook on each run.
        return {**(data or {}), "text/plain": repr(self), "text/html": self.static_html()}, metadata
