"""The widgets of the site: their state as JSON, their views, and what Python would have answered.

A view asks its model and nobody else. On the site the model is course_lib/widgets/model.js; where a view asks Python
for more (another photograph, the maps of another layer), it finds what Python answered when the site was built.
"""

import ast
import base64
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_lib import data, widgets
from course_lib.quiz import Quiz
from course_lib.widgets import _HOMES
from course_lib.widgets.base import CourseWidget

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Explorable:
    """One widget of the site."""

    name: str
    title: str
    says: str
    code: str
    questions: list[str]

    @property
    def slug(self) -> str:
        """Its name in addresses, that of the widget's files."""
        return _HOMES[self.name]

    def is_shown_in(self, source: str) -> bool:
        """Whether a notebook makes it, by its class or by the function that is called as its file is."""
        return re.search(rf"\b({self.name}|{self.slug})\(", source) is not None

    def make(self) -> CourseWidget:
        """The widget, as the last line of its code gives it."""
        *lines, last = ast.parse(self.code).body
        names = {self.name: getattr(widgets, self.name)}
        exec(compile(ast.Module(lines, []), self.slug, "exec"), names)
        return eval(compile(ast.Expression(last.value), self.slug, "eval"), names)


@dataclass(frozen=True)
class Ask:
    """A kind of message to Python: the state on which its answer depends, and the state that it sets."""

    depends: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)


ASKS = {
    "KernelPainter": {"photo": Ask(sets=["_photo"])},
    "ChannelMixer": {"photo": Ask(["side"], ["_photo"])},
    "ConfusionMatrix": {"cell": Ask()},
    "ActivationBrowser": {"layer": Ask(["_picture.name"]),
                          "photograph": Ask(sets=["_picture", "_maps", "_patches"])},
}
# State that Python answers to as it would to a message: the message's kind, and where its content stands.
AGAIN = {"ChannelMixer": {"side": ["photo", "_photo.name"]}}


def catalogue() -> list[Explorable]:
    """All widgets of the site, in the order of the course."""
    with open(HERE / "explorables.toml", "rb") as file:
        listed = tomllib.load(file)["explorable"]
    return [Explorable(one["name"], one["title"], one["says"], one["code"].strip(), one["try"]) for one in listed]


def views() -> dict[str, type[CourseWidget]]:
    """Every kind of widget of the course, by its name in addresses."""
    return {home: getattr(widgets, name) for name, home in _HOMES.items()} | {"quiz": Quiz}


def view_script(name: str, kind: type[CourseWidget]) -> str:
    """The script that brings a view: its module and its style sheet, as Jupyter gets them."""
    return script(f"views/{name}", {"esm": kind._esm, "css": kind._css})


def script(key: str, value) -> str:
    """A script that hands a value over to site.js."""
    return f"cnn.add({json.dumps(key)}, {json.dumps(value, ensure_ascii=False)});\n"


def plain(value):
    """State as JSON can hold it; site.js makes bytes of {"bytes64": ...} again."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes64": base64.b64encode(value).decode()}
    return value


def state_of(widget: CourseWidget) -> dict:
    """The course's own state of a widget, without what Jupyter adds to it."""
    own = [name for name, trait in widget.traits(sync=True).items() if "course_lib" in trait.this_class.__module__]
    return plain(widget.get_state(own))


def answers(widget: CourseWidget) -> Iterator[tuple[str, list, dict]]:
    """What Python answers: (kind of message, [message, state it depends on...], {"state", "messages"})."""
    for message in _messages(widget):
        (kind,) = message
        ask, before, sent = ASKS[type(widget).__name__][kind], state_of(widget), []
        widget.send = lambda content, buffers=None, sent=sent: sent.append(plain(content))
        try:
            widget._handle_custom_msg(message, [])
        finally:
            del widget.send
        after = state_of(widget)
        yield kind, [message, *(_at(before, path) for path in ask.depends)], {
            "state": {name: after[name] for name in ask.sets}, "messages": sent}


def _at(state: dict, path: str):
    for key in path.split("."):
        state = state[key]
    return state


def _messages(widget: CourseWidget) -> Iterator[dict]:
    """Every message that a visitor can make a view send, with the widget in the state in which it is sent."""
    if isinstance(widget, widgets.KernelPainter):
        yield from ({"photo": name} for name in data.photographs())
    elif isinstance(widget, widgets.ChannelMixer):
        for side in (28, 48, 64):
            widget.side = side
            yield from ({"photo": name} for name in widget._photographs)
    elif isinstance(widget, widgets.ConfusionMatrix):
        yield from ({"cell": [int(i), int(j)]} for i, j in np.argwhere(widget.counts))
    elif isinstance(widget, widgets.ActivationBrowser):
        layers = [layer["name"] for layer in widget._layers]
        for name in widget._photographs:
            yield {"photograph": name}
            yield from ({"layer": layer} for layer in layers)


def write(put: Callable[[str, str], None], explorable: Explorable) -> CourseWidget:
    """Write the state and the answers of one widget by `put(address, text)`, and return the widget."""
    widget = explorable.make()
    first, kinds = state_of(widget), ASKS.get(explorable.name, {})
    asks = {kind: {"depends": ask.depends, "answers": {}} for kind, ask in kinds.items()}
    for number, (kind, key, answer) in enumerate(answers(widget)):
        name = f"answers/{explorable.slug}-{number}"
        put(f"assets/{name}.js", script(name, json.dumps(answer)))
        # As JSON.stringify writes it in the browser.
        asks[kind]["answers"][json.dumps(key, separators=(",", ":"), ensure_ascii=False)] = name
    text = json.dumps({"state": first, "asks": asks, "again": AGAIN.get(explorable.name, {})})
    put(f"assets/explore/{explorable.slug}.js", script(f"explore/{explorable.slug}", text))
    return widget
