"""Plain data between two processes, and the student's end of it: `serve` answers the grader's questions.

In grading the tests run in a process of their own and reach a student's names only through a socket. One frame
is a random number of 16 bytes, the lengths of its two parts, a JSON text and the raw bytes of its arrays. What
may cross: None, truth values, numbers, text, lists, tuples, dicts, NumPy scalars and arrays, tensors. A value is
copied as its plain type, whatever class it is of; anything else arrives as an `Opaque` that only knows the name
of its class. Nothing is ever unpickled or evaluated.

`unpack` believes nothing that it reads: it accepts exactly what `pack` can write, within the limits below, and
raises Refused for the rest. This module is part of what students get, so it holds no secret.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import socket
import struct
import sys
import traceback
from collections.abc import Callable

import numpy as np

HEAD, BODY = 8 << 20, 256 << 20  # the most bytes of a frame's two parts
DEPTH, NODES, DIGITS = 40, 300_000, 100_000  # of nested values, of values, of a whole number (hexadecimal)
KINDS = re.compile(r"[<>|=](b1|[iu][1248]|f(2|4|8|16)|c(8|16|32))")
CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
LINES = 40  # of a student's traceback

_LENGTHS = struct.Struct("<16sIQ")


class Refused(Exception):
    """A value that cannot cross, with the reason."""


class Opaque:
    """Stands for an object that is no plain data; its class has the name of the object's own."""


# ---- frames

def send(link: socket.socket, number: bytes, head: bytes, body: bytes = b"") -> None:
    """Write one frame."""
    link.sendall(_LENGTHS.pack(number, len(head), len(body)) + head)
    if body:
        link.sendall(body)


def receive(link: socket.socket, wait: Callable[[], None] = lambda: None) -> tuple[bytes, bytes, bytes]:
    """Read one frame: its number, its JSON, its bytes; `wait` is called before each part of it.

    Raises EOFError at the end, and Refused for a frame that is too large.
    """
    number, head, body = _LENGTHS.unpack(_exactly(link, _LENGTHS.size, wait))
    if head > HEAD or body > BODY:
        raise Refused(f"an answer is larger than {HEAD >> 20} MB of values or {BODY >> 20} MB of arrays")
    return number, _exactly(link, head, wait), _exactly(link, body, wait)


def _exactly(link: socket.socket, count: int, wait: Callable[[], None]) -> bytes:
    parts = []
    while count:
        wait()
        part = link.recv(min(count, 1 << 20))
        if not part:
            raise EOFError("the other process has gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


# ---- values

class Packer:
    """Turn values into JSON nodes; the bytes of arrays collect in `body`."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = self.count = 0

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    def pack(self, value: object, depth: int = 0) -> list:
        """Return the node of one value. Raises Refused where it is too deep, too long or too large."""
        self.count += 1
        if depth > DEPTH:
            raise Refused(f"it is nested more than {DEPTH} deep")
        if self.count > NODES:
            raise Refused(f"it holds more than {NODES} values; return an array")
        if value is None or value is True or value is False:
            return [{None: "none", True: "true", False: "false"}[value]]
        if isinstance(value, np.generic):
            return self._scalar(value)
        if isinstance(value, np.ndarray):
            return self._array(np.asarray(value), depth)
        if isinstance(value, int):
            digits = format(int(value), "x")
            if len(digits) > DIGITS:
                raise Refused("it holds a whole number of more than 100,000 digits")
            return ["int", digits]
        if isinstance(value, float):
            return ["float", float(value).hex()]
        if isinstance(value, complex):
            return ["complex", value.real.hex(), value.imag.hex()]
        if isinstance(value, str):
            return ["str", str.__str__(value)]
        if isinstance(value, (list, tuple)):
            return ["list" if isinstance(value, list) else "tuple", [self.pack(item, depth + 1) for item in value]]
        if isinstance(value, dict):
            return ["dict", [[self.pack(key, depth + 1), self.pack(item, depth + 1)] for key, item in value.items()]]
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            try:
                return ["tensor", self._array(value.detach().cpu().resolve_conj().numpy(), depth)]
            except (RuntimeError, TypeError):  # sparse, bfloat16, on no device
                pass
        name = type(value).__name__
        return ["opaque", name if CLASS.fullmatch(name) else "object"]

    def _scalar(self, value: np.generic) -> list:
        if isinstance(value, str):
            return ["str", str(value)]
        if not KINDS.fullmatch(value.dtype.str):
            return ["opaque", type(value).__name__]
        return ["scalar", value.dtype.str, value.tobytes().hex()]

    def _array(self, array: np.ndarray, depth: int) -> list:
        shape = list(array.shape)
        if array.dtype.kind in "OU" and array.dtype.names is None:
            items = [self.pack(item, depth + 1) for item in array.ravel().tolist()]
            return ["objects" if array.dtype.kind == "O" else "texts", shape, items]
        if not KINDS.fullmatch(array.dtype.str):
            return ["opaque", f"array_of_{array.dtype.kind}"]
        if self.size + array.nbytes > BODY:
            raise Refused(f"its arrays are larger than {BODY >> 20} MB")
        self.parts.append(array.tobytes())
        self.size += array.nbytes
        return ["array", array.dtype.str, shape]


class Unpacker:
    """Turn nodes back into values, whoever wrote them. Raises Refused for anything that `Packer` would not write."""

    def __init__(self, body: bytes) -> None:
        self.body, self.place, self.count = body, 0, 0

    def unpack(self, node: object, depth: int = 0) -> object:
        self.count += 1
        _claim(type(node) is list and node and type(node[0]) is str and depth <= DEPTH and self.count <= NODES)
        kind, rest = node[0], node[1:]
        if kind in _CONSTANTS:
            _claim(not rest)
            return _CONSTANTS[kind]
        read = getattr(self, f"_{kind}", None) if kind in _READERS else None
        _claim(read is not None and len(rest) == _READERS[kind])
        return read(*rest, *([depth + 1] if kind in _NESTED else []))

    def finished(self) -> None:
        """Raise Refused where bytes are left over."""
        _claim(self.place == len(self.body))

    def _int(self, digits: object) -> int:
        _claim(type(digits) is str and len(digits) <= DIGITS + 1 and re.fullmatch("-?[0-9a-f]+", digits))
        return int(digits, 16)

    def _float(self, digits: object) -> float:
        _claim(type(digits) is str and len(digits) <= 40)
        try:
            return float.fromhex(digits)
        except (ValueError, OverflowError):
            raise Refused(NOT_PLAIN) from None

    def _complex(self, real: object, imaginary: object) -> complex:
        return complex(self._float(real), self._float(imaginary))

    def _str(self, text: object) -> str:
        _claim(type(text) is str)
        return text

    def _list(self, items: object, depth: int) -> list:
        _claim(type(items) is list)
        return [self.unpack(item, depth) for item in items]

    def _tuple(self, items: object, depth: int) -> tuple:
        return tuple(self._list(items, depth))

    def _dict(self, pairs: object, depth: int) -> dict:
        _claim(type(pairs) is list and all(type(pair) is list and len(pair) == 2 for pair in pairs))
        made = {}
        for key, item in pairs:
            key = self.unpack(key, depth)
            _claim(_is_key(key) and key not in made)
            made[key] = self.unpack(item, depth)
        return made

    def _scalar(self, dtype: object, digits: object) -> np.generic:
        dtype = _dtype(dtype)
        _claim(type(digits) is str and re.fullmatch("[0-9a-f]{2,64}", digits))
        _claim(len(digits) == 2 * dtype.itemsize)
        return np.frombuffer(bytes.fromhex(digits), dtype)[0]

    def _array(self, dtype: object, shape: object) -> np.ndarray:
        dtype, shape = _dtype(dtype), _shape(shape)
        size = math.prod(shape) * dtype.itemsize
        _claim(self.place + size <= len(self.body))
        flat = np.frombuffer(self.body, dtype, math.prod(shape), self.place).copy()
        self.place += size
        return flat.reshape(shape)

    def _objects(self, shape: object, items: object, depth: int) -> np.ndarray:
        shape, items = _shape(shape), self._list(items, depth)
        _claim(len(items) == math.prod(shape))
        made = np.empty(len(items), dtype=object)
        for index, item in enumerate(items):
            made[index] = item
        return made.reshape(shape)

    def _texts(self, shape: object, items: object, depth: int) -> np.ndarray:
        made = self._objects(shape, items, depth)
        _claim(all(type(item) is str for item in made.ravel().tolist()))
        return made.astype(np.str_)

    def _tensor(self, node: object, depth: int) -> object:
        array = self.unpack(node, depth)
        _claim(type(array) is np.ndarray and array.dtype.kind in "biufc")
        torch = sys.modules.get("torch")
        try:
            return torch.from_numpy(array)
        except (AttributeError, TypeError):  # no torch in this process, or no such tensors
            return self._opaque("Tensor")

    def _opaque(self, name: object) -> Opaque:
        _claim(type(name) is str and CLASS.fullmatch(name))
        return type(name, (Opaque,), {})()


NOT_PLAIN = "it is no plain data"
_CONSTANTS = {"none": None, "true": True, "false": False}
_READERS = {"int": 1, "float": 1, "complex": 2, "str": 1, "list": 1, "tuple": 1, "dict": 1, "scalar": 2, "array": 2,
            "objects": 2, "texts": 2, "tensor": 1, "opaque": 1}
_NESTED = {"list", "tuple", "dict", "objects", "texts", "tensor"}


def _claim(holds: object) -> None:
    if not holds:
        raise Refused(NOT_PLAIN)


def _dtype(text: object) -> np.dtype:
    _claim(type(text) is str and KINDS.fullmatch(text))
    try:
        return np.dtype(text)
    except TypeError:  # this machine has none so wide
        raise Refused(NOT_PLAIN) from None


def _shape(shape: object) -> tuple[int, ...]:
    _claim(type(shape) is list and len(shape) <= 32 and all(type(side) is int and 0 <= side < 2**31 for side in shape))
    _claim(math.prod(side for side in shape if side) < 2**40)
    return tuple(shape)


def _is_key(key: object) -> bool:
    if type(key) is tuple:
        return all(_is_key(part) for part in key)
    return key is None or type(key) in (bool, int, float, complex, str) or isinstance(key, np.generic)


def loads(head: bytes) -> dict:
    """Read the JSON of a frame. Raises Refused where it is none, or no dict."""
    try:
        made = json.loads(head)
    except (ValueError, RecursionError):
        raise Refused(NOT_PLAIN) from None
    _claim(type(made) is dict)
    return made


def dumps(head: dict) -> bytes:
    """Write the JSON of a frame. Raises Refused where it is too long."""
    text = json.dumps(head).encode()
    if len(text) > HEAD:
        raise Refused(f"it holds more than {HEAD >> 20} MB of values; return an array")
    return text


# ---- the student's end

_functions: dict[str, Callable] = {}  # what the grader may call now, by name


def serve(fd: int, names: dict[str, object], session: str = "") -> None:
    """Answer the grader's questions about `names`, the student's own, until it has no more.

    `session` (hexadecimal) begins the numbers of its questions; what is left over from another is passed by.
    """
    with socket.socket(fileno=fd) as link:
        try:
            while True:
                number, head, body = receive(link)
                if not number.hex().startswith(session):
                    continue
                question = json.loads(head)
                if question["do"] == "end":
                    return
                send(link, number, *_answer(question, body, names))
        finally:
            link.detach()  # the next questions come the same way


def _answer(question: dict, body: bytes, names: dict[str, object]) -> tuple[bytes, bytes]:
    packer = Packer()
    try:
        answer = _DO[question["do"]](question, Unpacker(body), packer, names)
        answer = dumps(answer)
    except Refused as refusal:
        return dumps({"refused": str(refusal)}), b""
    except RecursionError:
        return dumps({"refused": "it is nested too deep"}), b""
    return answer, packer.body


def _look_up(question: dict, arrays: Unpacker, packer: Packer, names: dict[str, object]) -> dict:
    """The values of some names; of a function only that it is one."""
    _functions.clear()
    found = {}
    for name in question["names"]:
        if name in names:
            value = names[name]
            if callable(value):
                _functions[name] = value
            try:
                found[name] = ["function", type(value).__name__] if callable(value) else ["data", packer.pack(value)]
            except Refused as refusal:
                found[name] = ["refused", str(refusal)]
    return {"found": found}


def _make_probe(question: dict, arrays: Unpacker, packer: Packer, names: dict[str, object]) -> dict:
    """Define a function of the test cell among the student's names, without leaving it there."""
    made: dict[str, Callable] = {}
    exec(compile(question["text"], "<probe>", "exec"), names, made)
    _functions[question["as"]] = made[question["name"]]
    return {}


def _call(question: dict, arrays: Unpacker, packer: Packer, names: dict[str, object]) -> dict:
    """Call a function; the answer is its result or what it raised, and which arrays among its arguments changed."""
    given = [arrays.unpack(node) for node in question["given"]]
    keywords = {name: arrays.unpack(node) for name, node in question["keywords"].items()}
    before = [value.tobytes() if isinstance(value, np.ndarray) else None for value in given]
    try:
        got = _functions[question["who"]](*given, **keywords)
    except BaseException as error:  # whatever it raises, and exit() and an interrupt too
        return {"raised": _describe(error)}
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
    changed = [place for place, value in enumerate(given)
               if isinstance(value, np.ndarray) and value.tobytes() != before[place]]
    return {"gave": packer.pack(got), "changed": changed}


_DO = {"names": _look_up, "probe": _make_probe, "call": _call}


def _describe(error: BaseException) -> dict:
    """An exception as text: its classes, its message, and the student's own lines of its traceback."""
    from course_lib.checks.kit import _student_frame

    try:
        message = str(error)[:2000]
    except Exception:
        message = ""
    steps = traceback.extract_tb(error.__traceback__)
    steps = [step for step in steps if step.filename != __file__][-LINES:]
    lines = [f"{step.name}, line {step.lineno}: {step.line or ''}"[:300] for step in steps]
    frame = _student_frame(error.__traceback__)
    where = None
    if frame is not None:
        own = traceback.extract_tb(frame, limit=1)[0]
        where = [own.name, own.lineno, (own.line or "")[:300]]
    return {"classes": [one.__name__ for one in type(error).__mro__][:20], "message": message, "lines": lines,
            "where": where}
