"""Answers that can be checked but not read.

Two kinds of sealing, for two needs:

* A by-hand answer is kept as one salted, slow hash per cell. What a student typed is hashed the same way
  and compared, so a check is instant and names the wrong cells, and the right number stands nowhere in
  what students get. The classic wrong answers are kept as sentences encrypted with the wrong answer
  itself as key.
* A quiz option is kept with its verdict and explanation scrambled. The key (question and option text)
  lies in the same page, so this is obfuscation and no secret: it keeps the answer out of sight of whoever
  glances at the page source, and lets the quiz answer with no Python running. `quiz.js` holds the same
  few lines in JavaScript.

A determined student can try all small integers, or call `open_option`. The aim is that nobody reads an
answer by accident.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator
from numbers import Real

import numpy as np

from course_lib.errors import CourseError

# A few milliseconds a cell: a 3x3 answer is judged at once, a search through the integers is tedious.
ITERATIONS = 4000
TAG_BYTES = 8


def canonical(value: object) -> str:
    """Write one by-hand answer in the one form that is hashed.

    Whole numbers are written in full (150,528,000 is not 150,528,001) and other numbers to 6 significant
    digits, be they int, float or NumPy scalars; -0 is 0. Strings lose their white space and their case,
    so "2b + 1A" and "2b+1a" are one answer. A truth value is not a number. Raises CourseError for
    anything else, NaN included.
    """
    if getattr(value, "ndim", None) == 0:  # NumPy scalars, and arrays and tensors of one number
        value = value.item()
    if isinstance(value, bool):
        return f"truth:{value}"
    if isinstance(value, str):
        folded = unicodedata.normalize("NFKC", value).casefold().replace("\N{MINUS SIGN}", "-")
        return "text:" + "".join(folded.split())
    if isinstance(value, Real) and abs(value) < math.inf:  # NaN is not less than anything
        nearest = round(value)
        if abs(value - nearest) <= 1e-9 * max(1.0, abs(value)):
            return f"number:{nearest}"
        return f"number:{float(value):.6g}"
    raise CourseError(f"One answer is {value!r}; expected a finite number or a text: type one there.")


def digest(value: object, salt: str) -> str:
    """Return the slow salted hash of one by-hand answer: 32 hexadecimal digits of PBKDF2-HMAC-SHA256."""
    return _slow_key(canonical(value), salt).hex()[:32]


def seal_answer(right: object, salt: str, mistakes: Iterable[tuple[object, str]] = ()) -> dict:
    """Seal a by-hand answer, a scalar or nested lists, cell by cell, with its classic mistakes.

    `mistakes` are (wrong answer of any shape, sentence about it). The salt of a cell holds its position,
    so equal cells have different digests, and the same source always compiles to the same bytes. Returns
    what `matches` and `recognise` take: salt, shape, one digest per cell in row order, and the sealed
    sentences.
    """
    array = _cells(right)
    cells = [digest(value, cell_salt) for value, cell_salt in _with_salts(array, salt)]
    says = [_seal_sentence(sentence, _array_key(_cells(wrong), salt)) for wrong, sentence in mistakes]
    return {"salt": salt, "shape": list(array.shape), "cells": cells, "mistakes": says}


def matches(given: object, sealed: dict) -> np.ndarray:
    """Tell which cells of a by-hand answer are right.

    `given` is a scalar, nested lists or an array of the sealed shape; returns a Boolean array of that
    shape. A cell that is neither a finite number nor a text is wrong. Raises CourseError when the shape
    differs.
    """
    array = _cells(given)
    if list(array.shape) != sealed["shape"]:
        raise CourseError(f"Your answer has shape {array.shape}; expected shape {tuple(sealed['shape'])}: "
                          "type one entry for each cell.")
    cells = zip(_with_salts(array, sealed["salt"]), sealed["cells"], strict=True)
    right = [_is(value, expected, cell_salt) for (value, cell_salt), expected in cells]
    return np.array(right, dtype=bool).reshape(array.shape)


def recognise(given: object, sealed: dict) -> str | None:
    """Return the sentence about a classic wrong answer, any shape, or None when `given` is none of those."""
    try:
        key = _array_key(_cells(given), sealed["salt"])
    except CourseError:
        return None
    sentences = (_open_sentence(text, key) for text in sealed["mistakes"])
    return next((sentence for sentence in sentences if sentence), None)


def seal_options(options: Iterable[tuple[str, bool, str]], key: str) -> list[str]:
    """Scramble the verdicts and explanations of one question's options.

    `options` are (text, right, why); `key` names lesson and question. All are padded to the length of the
    longest, so that none stands out. `quiz.js` opens them in the same way as `open_option`.
    """
    texts, verdicts = zip(*((text, [int(right), why]) for text, right, why in options), strict=True)
    plain = [json.dumps(verdict, ensure_ascii=False).encode() for verdict in verdicts]
    longest = max(map(len, plain))
    return [base64.b64encode(_scramble(data.ljust(longest), f"{key}/{text}")).decode()
            for text, data in zip(texts, plain, strict=True)]


def open_option(sealed: str, key: str, text: str) -> tuple[bool, str]:
    """Return (right, why) of one sealed quiz option."""
    right, why = json.loads(_scramble(base64.b64decode(sealed), f"{key}/{text}"))
    return bool(right), why


def _slow_key(text: str, salt: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", text.encode(), f"cnn-by-hand/{salt}".encode(), ITERATIONS)


def _array_key(array: np.ndarray, salt: str) -> bytes:
    cells = ",".join(canonical(value) for value in array.flat)
    return _slow_key(f"{array.shape}:{cells}", f"{salt}/whole")


def _seal_sentence(sentence: str, key: bytes) -> str:
    message = sentence.encode()
    return base64.b64encode(_tag(message, key) + _stream_xor(message, key)).decode()


def _open_sentence(text: str, key: bytes) -> str | None:
    data = base64.b64decode(text)
    message = _stream_xor(data[TAG_BYTES:], key)
    return message.decode() if hmac.compare_digest(data[:TAG_BYTES], _tag(message, key)) else None


def _tag(message: bytes, key: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")[:TAG_BYTES]


def _stream_xor(data: bytes, key: bytes) -> bytes:
    stream = hashlib.shake_256(key).digest(len(data))
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def _cells(values: object) -> np.ndarray:
    try:
        return np.array(values, dtype=object)
    except ValueError:  # rows of unequal length: keep them as one row of rows, which fits no sealed shape
        rows = np.empty(len(values), dtype=object)
        rows[:] = [list(row) if isinstance(row, np.ndarray) else row for row in values]
        return rows


def _with_salts(array: np.ndarray, salt: str) -> Iterator[tuple[object, str]]:
    for position, value in np.ndenumerate(array):
        yield value, f"{salt}/{','.join(map(str, position))}"


def _is(value: object, expected: str, salt: str) -> bool:
    try:
        return hmac.compare_digest(digest(value, salt), expected)
    except CourseError:
        return False


def _scramble(data: bytes, key: str) -> bytes:
    """XOR with the mulberry32 stream seeded by the 32-bit FNV-1a hash of the key; its own inverse."""
    mask = 0xFFFFFFFF
    state = 0x811C9DC5
    for byte in key.encode():
        state = ((state ^ byte) * 0x01000193) & mask
    out = bytearray()
    for byte in data:
        state = (state + 0x6D2B79F5) & mask
        t = ((state ^ (state >> 15)) * (state | 1)) & mask
        t ^= (t + (t ^ (t >> 7)) * (t | 61)) & mask
        out.append((byte ^ t ^ (t >> 14)) & 0xFF)
    return bytes(out)
