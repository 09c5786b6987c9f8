"""What crosses between the grader and a student's process: exact copies of plain data, and nothing else."""

import collections
import enum
import itertools
import json
import socket
import threading

import numpy as np
import pytest
import torch

from course_lib import exchange
from course_lib.exchange import Opaque, Packer, Refused, Unpacker, dumps, loads, receive, send, serve


def across(value):
    packer = Packer()
    head = dumps({"value": packer.pack(value)})
    arrays = Unpacker(packer.body)
    got = arrays.unpack(loads(head)["value"])
    arrays.finished()
    return got


def alike(got, value):
    assert type(got) is type(value)
    if isinstance(value, np.ndarray):
        assert (got.dtype, got.shape) == (value.dtype, value.shape)
        assert got.tolist() == value.tolist() or got.tobytes() == value.tobytes()
    elif isinstance(value, torch.Tensor):
        assert got.dtype == value.dtype and torch.equal(got, value)
    elif isinstance(value, (list, tuple)):
        assert len(got) == len(value)
        for mine, theirs in zip(got, value, strict=True):
            alike(mine, theirs)
    elif isinstance(value, dict):
        assert list(got) == list(value)
        alike(list(got.values()), list(value.values()))
    else:
        assert repr(got) == repr(value)


PLAIN = [None, True, False, 0, -1, 2**100, -(2**5000), 0.1, -0.0, float("inf"), float("nan"), 5e-324, 1.5 - 2j, "",
         "ä\x00\ud800", [], [1, [2.0, (None,)]], (), (1,), {}, {"a": [1], 2: "b", (1, "x"): None, None: 3, 1.5: 4},
         np.float32(0.1), np.int8(-3), np.bool_(True), np.complex64(1j), np.array(3.0), np.zeros((0, 5)),
         np.arange(6).reshape(2, 3)[:, ::-1], np.asfortranarray(np.ones((2, 3), np.float16)), np.array([True]),
         np.array([1, 2], ">i4"), np.array([np.nan, np.inf]), np.array([1j]), np.array(["a", "bcd"]),
         np.array([1, "a", None, [2]], dtype=object), torch.ones(2, 3), torch.arange(3), torch.tensor(True)]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: repr(value)[:40])
def test_plain_data_arrives_as_it_was(value):
    alike(across(value), value)


def test_arrays_keep_their_order_among_other_values():
    value = {"x": np.ones(3), "y": [np.arange(4), 5, np.zeros((2, 2), np.float32)], "z": torch.full((2,), 7.0)}
    alike(across(value), value)


class Number(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Text(str):
    def __str__(self):
        return "another"


class Masked(np.ndarray):
    pass


Point = collections.namedtuple("Point", "x y")
Colour = enum.IntEnum("Colour", "RED")


@pytest.mark.parametrize(("value", "plain"), [
    (Number(3), 3), (Text("a"), "a"), (Colour.RED, 1), (Point(1, 2), (1, 2)), (collections.Counter("aa"), {"a": 2}),
    (collections.OrderedDict(a=1), {"a": 1}), (np.ones((2, 2)).view(Masked), np.ones((2, 2))),
    (np.ones((1, 2)).view(np.recarray), np.ones((1, 2))), (np.ma.array([1, 2], mask=[0, 1]), np.array([1, 2])),
    (np.str_("a"), "a"), (torch.ones(1, requires_grad=True), torch.ones(1)),
    (torch.nn.Parameter(torch.ones(1)), torch.ones(1)),
])
def test_a_subclass_arrives_as_its_plain_type(value, plain):
    alike(across(value), plain)


@pytest.mark.parametrize("value", [object(), {1, 2}, range(3), (x for x in ()), itertools.count(), print, int, b"ab",
                                   bytearray(2), memoryview(b"a"), np.datetime64("2020"), Ellipsis, NotImplemented,
                                   torch.ones(1).to_sparse(), torch.ones(1, dtype=torch.bfloat16)])
def test_anything_else_arrives_as_its_name(value):
    got = across([value])[0]
    assert isinstance(got, Opaque)
    assert type(got).__name__ == type(value).__name__
    assert not callable(got)


def test_records_and_dates_in_arrays_are_opaque():
    for array in (np.zeros(2, [("a", int)]), np.zeros(2, "M8[s]"), np.zeros(2, "V3")):
        assert isinstance(across(array), Opaque)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def cycle():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(("value", "says"), [
    (nested(50), "nested more than 40"), (cycle(), "nested more than 40"), ([0] * 400_000, "more than 300000 values"),
    (16**100_001, "whole number"), (np.zeros(300 << 20, np.uint8), "larger than 256 MB"),
    ({frozenset(): 1}, "no plain data"), ({float("nan"): 1, "x": "y" * (9 << 20)}, "more than 8 MB"),
], ids=range(7))
def test_what_is_too_much_is_refused_with_a_reason(value, says):
    with pytest.raises(Refused, match=says):
        across(value)


BAD = [
    None, 3, "int", [], ["int"], ["int", 3], ["int", "0x3"], ["int", "3_0"], ["int", "3" * 200_000], ["int", "3", "3"],
    ["float", "3" * 50], ["float", "zz"], ["float", 1.5], ["complex", "0x1p0"], ["str", 3], ["list", 3],
    ["list", [3]], ["dict", [["a"]]], ["dict", [[["list", []], ["none"]]]],
    ["dict", [[["int", "1"], ["none"]], [["true"], ["none"]]]], ["scalar", "<f8", "00"], ["scalar", "|O8", "00" * 8],
    ["scalar", "<f8", "zz" * 8], ["array", "|O8", [1]], ["array", "<f8", [3]], ["array", "<f8", [-1]],
    ["array", "<f8", ["1"]], ["array", "<f8", [2**31]], ["array", "<f8", [0] + [2**30] * 3],
    ["array", "<f8", [1] * 40], ["array", "f8", [1]], ["array", "<M8[s]", [1]], ["array", "<f8", [True]],
    ["objects", [2], [["none"]]], ["texts", [1], [["none"]]], ["tensor", ["int", "3"]], ["opaque", "a b"],
    ["opaque", 3], ["opaque", "__class__\n"], ["unpack", ["none"]], ["__init__", "x"], ["none", 1], [["none"]],
]


@pytest.mark.parametrize("node", BAD, ids=lambda node: repr(node)[:40])
def test_what_no_packer_writes_is_refused(node):
    with pytest.raises(Refused):
        Unpacker(bytes(8)).unpack(node)


def test_bytes_left_over_are_refused():
    arrays = Unpacker(bytes(9))
    arrays.unpack(["array", "<f8", [1]])
    with pytest.raises(Refused):
        arrays.finished()


@pytest.mark.parametrize("head", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"a": ' * 100_000, b"3" * 10_000])
def test_text_that_is_no_dict_is_refused(head):
    with pytest.raises(Refused):
        loads(head)


def test_a_frame_that_is_too_large_is_refused_before_it_is_read():
    here, there = socket.socketpair()
    there.sendall(exchange._LENGTHS.pack(bytes(16), 10, 1 << 60))
    with pytest.raises(Refused):
        receive(here)
    there.close()
    with pytest.raises(EOFError):
        receive(here)


@pytest.fixture
def ask():
    """Questions to a student's process with these names; here it is a thread."""
    here, there = socket.socketpair()
    names = {"data": [1, 2], "f": lambda x, y=1: x + y, "zero": lambda: 1 / 0, "cycle": cycle(), "exits": exit}

    def put(question, packer=None):
        send(here, bytes(range(16)), json.dumps(question).encode(), packer.body if packer else b"")
        number, head, body = receive(here)
        assert number == bytes(range(16))
        return loads(head), Unpacker(body)

    thread = threading.Thread(target=serve, args=[there.detach(), names], daemon=True)
    thread.start()
    yield put
    send(here, bytes(16), b'{"do": "end"}')
    thread.join(5)
    assert not thread.is_alive()
    here.close()


def test_the_students_end_answers(ask):
    found = ask({"do": "names", "names": ["data", "f", "cycle", "absent"]})[0]["found"]
    assert found == {"data": ["data", ["list", [["int", "1"], ["int", "2"]]]], "f": ["function", "function"],
                     "cycle": ["refused", "it is nested more than 40 deep"]}
    packer = Packer()
    given = [packer.pack(np.ones(2))]
    answer, arrays = ask({"do": "call", "who": "f", "given": given, "keywords": {"y": ["int", "2"]}}, packer)
    alike(arrays.unpack(answer["gave"]), np.full(2, 3.0))
    assert answer["changed"] == []
    ask({"do": "probe", "as": "probe 1", "name": "run", "text": "def run(x):\n    x[0] = 5\n    return f(x[0])"})
    answer, arrays = ask({"do": "call", "who": "probe 1", "given": given, "keywords": {}}, packer)
    assert arrays.unpack(answer["gave"]) == 6
    assert answer["changed"] == [0]


def test_an_exception_of_the_students_comes_as_text(ask):
    ask({"do": "names", "names": ["zero", "exits"]})
    raised = ask({"do": "call", "who": "zero", "given": [], "keywords": {}})[0]["raised"]
    assert raised["classes"][0] == "ZeroDivisionError"
    assert raised["message"] == "division by zero"
    assert "1 / 0" in raised["lines"][-1]
    assert "SystemExit" in ask({"do": "call", "who": "exits", "given": [], "keywords": {}})[0]["raised"]["classes"]
