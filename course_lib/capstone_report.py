"""The report of a project: assembled, held against its schema, and written beside the notebook.

    faults({"version": 1, ...})   # a sentence for each, none where all is well

The schema is capstone_report.schema.json (JSON Schema, draft 2020-12). What a schema cannot say, for instance that two
lists have one length, is added here, and every fault is told as a sentence: the field, what is there, what is
expected, what to do.
"""

import difflib
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .errors import CourseError

SCHEMA = Path(__file__).with_name("capstone_report.schema.json")
FILE = "report.json"
MIME = "application/vnd.cnn-by-hand.report+json"  # of a cell's output that holds a report
LARGEST = 200_000  # bytes of a file; a report has about a thousand
KINDS = {"object": "an object with named fields", "array": "a list", "string": "a text", "number": "a number",
         "integer": "a whole number"}


@cache
def schema() -> dict:
    """The schema as Python's dicts and lists."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@cache
def _validator():
    from jsonschema import Draft202012Validator  # here, since only this notebook needs it

    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def faults(report: object) -> list[str]:
    """What is wrong with a report, a sentence for each fault, in the order of the schema's fields; [] if nothing is."""
    told = sorted(_validator().iter_errors(report), key=_order)
    found = [sentence for error in told for sentence in _sentences(error)]
    found += _strange(report, ())
    broken = {tuple(error.absolute_path)[:1] for error in told}
    if isinstance(report, dict) and not {(), ("ablation",)} & broken:
        found += _unequal(report)
    if isinstance(report, dict) and not {(), ("errors",)} & broken:
        found += _odd_pairs(report)
    return list(dict.fromkeys(found))


def _order(error) -> tuple:
    fields = list(schema()["properties"])
    first = next(iter(error.absolute_path), error.validator)
    return fields.index(first) if first in fields else -1, [str(part) for part in error.absolute_path]


def _sentences(error) -> list[str]:
    """One of jsonschema's errors in sentences: one, but for several unknown fields in one place."""
    if error.validator != "additionalProperties":
        return [_sentence(error)]
    known, told = list(error.schema["properties"]), []
    for extra in (name for name in error.instance if name not in known):
        close = difflib.get_close_matches(str(extra), known, 1)
        meant = f"did you mean {close[0]!r}?" if close else f"the fields are {', '.join(known)}. Take it out."
        told.append(f"{_place([*error.absolute_path, extra])} is no field of the report: {meant}")
    return told


def _sentence(error) -> str:
    """One of jsonschema's errors: the field, what is there, what is expected, what to do."""
    where, value, limit = _place(error.absolute_path), error.instance, error.validator_value
    given, do = _shown(value), _advice(error)
    match error.validator:
        case "required":
            missing = next(name for name in limit if name not in value and f"{name!r} is" in error.message)
            inside = error.schema.get("properties", {}).get(missing, {})
            return f"{_place([*error.absolute_path, missing])} is missing. {_described(inside)}".rstrip()
        case "type":
            return f"{where} is {given}, and must be {KINDS.get(limit, limit)}. {do}"
        case "enum":
            return f"{where} is {given}, and must be one of {', '.join(map(repr, limit))}. {do}"
        case "const":
            return f"{where} is {given}, and must be {limit!r}. {do}"
        case "minimum" | "exclusiveMinimum":
            return f"{where} is {given}, and must be {limit} or more. {do}" if error.validator == "minimum" else \
                f"{where} is {given}, and must be more than {limit}. {do}"
        case "maximum":
            return f"{where} is {given}, and must be {limit:,} at most. {do}"
        case "minLength" | "pattern":
            least = limit if error.validator == "minLength" else 1
            length = _many(len(value.strip()), "character")
            return f"{where} is {given}, of {length}, and must have {least} at least. {do}"
        case "maxLength":
            return f"{where} has {_many(len(value), 'character')}, and must have {limit} at most. {do}"
        case "minItems" | "maxItems":
            bound = "at least" if error.validator == "minItems" else "at most"
            return f"{where} has {_many(len(value), 'entry')}, and must have {limit} {bound}. {do}"
    return f"{where} is {given}: {error.message}. {do}"


def _place(path) -> str:
    """A field as it is written in Python: ablation.with[2]."""
    told = ""
    for part in path:
        told += f"[{part}]" if isinstance(part, int) else f".{part}" if told else str(part)
    return told or "the report"


def _shown(value: object) -> str:
    """What is there, in a few words."""
    if value is None:
        return "None"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value)
    kind = f"the text {text}" if isinstance(value, str) else text
    return kind if len(kind) <= 60 else kind[:57] + "..."


def _many(count: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"


def _advice(error) -> str:
    """The description of the field where the error is, which says what to do; in the whole schema where there is
    none beside the rule."""
    if "description" in error.schema:
        return error.schema["description"]
    node: object = schema()
    for part in error.absolute_path:
        node = _resolved(node)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return _described(node)


def _resolved(node: dict) -> dict:
    return schema()["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def _described(node: dict) -> str:
    return _resolved(node).get("description", "")


def _strange(value: object, path: tuple) -> Iterator[str]:
    """NaN and infinity, which are numbers to Python and no JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{_place(path)} is {value}, and must be a finite number. Was something divided by zero, or a run lost?"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strange(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strange(inner, (*path, index))


def _unequal(report: dict) -> Iterator[str]:
    there, gone = report["ablation"]["with"], report["ablation"]["without"]
    if len(there) != len(gone):
        yield (f"ablation.with has {_many(len(there), 'run')} and ablation.without {len(gone)}, and must have as many: "
               "number i of both belongs to one seed.")


def _odd_pairs(report: dict) -> Iterator[str]:
    counts = [pair[2] for pair in report["errors"]["pairs"]]
    for index, (true, predicted, count) in enumerate(report["errors"]["pairs"]):
        if true == predicted:
            yield (f"errors.pairs[{index}] says that class {true} was taken for itself, and that is no error. Leave "
                   "out what was right.")
        elif not count:
            yield f"errors.pairs[{index}] counts 0 pictures. Leave out what never happened."
    if counts != sorted(counts, reverse=True):
        yield f"errors.pairs has the counts {counts}, and the most frequent must come first. Sort them."


def report(*, author: str, title: str, parameters: int, training: dict, validation: float, test: float, ablation: dict,
           errors: dict, data: str = "scenes") -> dict:
    """A report as the schema wants it. CourseError with all faults, a line for each, where it is not so yet.

    ``training`` has device, seconds, epochs and seed; ``ablation`` change, with, without and says; ``errors`` pairs
    and says; the schema's descriptions tell more. NumPy's numbers and arrays may stand anywhere.
    """
    made = plain({"version": 1, "author": author, "title": title, "data": data, "parameters": parameters,
                  "training": training, "accuracy": {"validation": validation, "test": test}, "ablation": ablation,
                  "errors": errors})
    if found := faults(made):
        raise CourseError("\n".join([f"The report has {_many(len(found), 'fault')}:", *found]))
    return made


def plain(value: object) -> object:
    """NumPy's numbers and arrays and Python's tuples as what JSON knows; the rest as it is."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return plain(value.tolist()) if type(value).__module__ == "numpy" and hasattr(value, "tolist") else value


class Shown:
    """A report as a cell's output: text for people, and the report itself for the leaderboard."""

    def __init__(self, report: dict) -> None:
        self.report = report

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {MIME: self.report, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return json.dumps(self.report, indent=1, ensure_ascii=False)


def publish(report: dict, file: str | Path = FILE) -> Shown:
    """Write a report that has no faults to a file; what is returned shows it, if it is a cell's last line."""
    if found := faults(report):
        raise CourseError("\n".join([f"The report has {_many(len(found), 'fault')}, so nothing is written:", *found]))
    path = Path(file)
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
    return Shown(report)


def read(file: str | Path) -> dict:
    """The report of a file. CourseError with one sentence where it is too large, no JSON, or has faults."""
    path = Path(file)
    if path.stat().st_size > LARGEST:
        raise CourseError(f"{path.name} has {path.stat().st_size:,} bytes, and a report has {LARGEST:,} at most.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as fault:
        raise CourseError(f"{path.name} is no JSON: {fault}.") from None
    return checked(found)


def checked(report: object) -> dict:
    """The report itself, if it has no faults; else CourseError with the first and how many more there are."""
    if found := faults(report):
        more = f" (and {_many(len(found) - 1, 'fault')} more)" if len(found) > 1 else ""
        raise CourseError(found[0] + more)
    return report
