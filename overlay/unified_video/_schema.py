"""The words of JSON Schema that the document uses, evaluated: every breach, not the first.

Small on purpose. The generation refuses a document with a word that is not in `KNOWN_WORDS`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ._document import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ._document import Json

    Test = Callable[[Any], bool]

Path = tuple[str | int, ...]


class Breach(NamedTuple):
    """A value that breaks one word of a schema, or a rule of the document where `rule` is set."""

    path: Path
    word: str
    limit: Any
    """What the document says beside the word."""
    value: object
    rule: Json | None = None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    # 5.0 is an integer in JSON Schema, True is none.
    return _is_number(value) and (isinstance(value, int) or float(value).is_integer())  # type: ignore[arg-type]


def _is_array(value: object) -> bool:
    return isinstance(value, (list, tuple))


_TYPES: dict[str, Test] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": _is_number,
    "array": _is_array,
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _type(names: str | Sequence[str]) -> Test:
    if isinstance(names, str):
        return _TYPES[names]
    tests = [_TYPES[name] for name in names]
    return lambda value: any(test(value) for test in tests)


def _one_of(listed: Sequence[object]) -> Test:
    if all(isinstance(other, str) for other in listed):
        return list(listed).__contains__
    # True equals 1 in Python, and not in JSON.
    booleans = [other for other in listed if isinstance(other, bool)]
    others = [other for other in listed if not isinstance(other, bool)]
    return lambda value: value in (booleans if isinstance(value, bool) else others)


def _pattern(pattern: str) -> Test:
    search = re.compile(pattern).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _multiple_of(step: float) -> Test:
    if isinstance(step, int):
        return lambda value: not _is_number(value) or value % step == 0
    # 0.3 % 0.1 is nearly 0.1.
    return lambda value: not _is_number(value) or (value / step).is_integer()


def _not(schema: Json) -> Test:
    test = compiled(schema)
    return lambda value: not test(value)


# Each makes the test of one word. In the order in which they are asked: the first that a value breaks is the one told.
_WORDS: dict[str, Callable[[Any], Test]] = {
    "type": _type,
    "enum": _one_of,
    "const": lambda only: _one_of([only]),
    "minimum": lambda limit: lambda value: not _is_number(value) or value >= limit,
    "maximum": lambda limit: lambda value: not _is_number(value) or value <= limit,
    "exclusiveMinimum": lambda limit: lambda value: not _is_number(value) or value > limit,
    "exclusiveMaximum": lambda limit: lambda value: not _is_number(value) or value < limit,
    "multipleOf": _multiple_of,
    "minLength": lambda limit: lambda value: not isinstance(value, str) or len(value) >= limit,
    "maxLength": lambda limit: lambda value: not isinstance(value, str) or len(value) <= limit,
    "pattern": _pattern,
    "minItems": lambda limit: lambda value: not _is_array(value) or len(value) >= limit,
    "maxItems": lambda limit: lambda value: not _is_array(value) or len(value) <= limit,
    "not": _not,
}


def _fields(schema: Json) -> Test:
    """`required` and `properties` in one: most rules have both, and a call for each takes as long as all they do."""
    required, parts = schema.get("required", ()), schema.get("properties", {})
    fields = [
        (name, name in required, compiled(parts[name]) if name in parts else None)
        for name in dict.fromkeys([*required, *parts])
    ]

    def test(value: object) -> bool:
        if isinstance(value, dict):
            for name, needed, fits in fields:
                if name not in value:
                    if needed:
                        return False
                elif fits is not None and not fits(value[name]):
                    return False
        return True

    return test


def _items(schema: Json) -> Test:
    test = compiled(schema)
    return lambda value: not _is_array(value) or all(map(test, value))


def _all(tests: Sequence[Test]) -> Test:
    def test(value: object) -> bool:
        for fits in tests:  # noqa: SIM110 - half the time of all(…)
            if not fits(value):
                return False
        return True

    return tests[0] if len(tests) == 1 else test


_STRUCTURE = {"required", "properties", "items", "allOf", "if", "then", "additionalProperties", "$ref"}
_FOR_READERS = {"title", "description", "default", "examples", "format", "deprecated", "$comment"}

KNOWN_WORDS = frozenset(_WORDS) | _STRUCTURE | _FOR_READERS
"""Every word that a schema of the document may hold, extensions (`x-`) aside."""


def compiled(schema: Json) -> Test:
    """Whether a value has no breach, made ready once: what most requests need, at a tenth of the time of `breaches`."""
    schema = resolve(schema)
    tests = [make(schema[word]) for word, make in _WORDS.items() if word in schema]
    if "required" in schema or "properties" in schema:
        tests.append(_fields(schema))
    if "items" in schema:
        tests.append(_items(schema["items"]))
    tests.extend(map(compiled, schema.get("allOf", ())))
    if "if" in schema:
        tests.append(_rule(compiled(schema["if"]), compiled(schema["then"])))
    return _all(tests)


def _rule(condition: Test, consequence: Test) -> Test:
    return lambda value: not condition(value) or consequence(value)


def breaches(value: object, schema: Json, path: Path = ()) -> Iterator[Breach]:
    """Every breach in `value`, depth first; of one value only the first word, since one mistake is told once."""
    schema = resolve(schema)
    for word, make in _WORDS.items():
        if word in schema and not make(schema[word])(value):
            yield Breach(path, word, schema[word], value)
            break
    if isinstance(value, dict):
        yield from _in_object(value, schema, path)
    if isinstance(value, (list, tuple)) and "items" in schema:
        for index, item in enumerate(value):
            yield from breaches(item, schema["items"], (*path, index))
    for part in schema.get("allOf", ()):
        yield from breaches(value, part, path)
    if "if" in schema and compiled(schema["if"])(value):
        yield from _of_rule(breaches(value, schema["then"], path), schema)


def _in_object(value: dict[str, object], schema: Json, path: Path) -> Iterator[Breach]:
    for name in schema.get("required", ()):
        if name not in value:
            yield Breach((*path, name), "required", name, None)
    for name, part in schema.get("properties", {}).items():
        if name in value:
            yield from breaches(value[name], part, (*path, name))


def _of_rule(found: Iterator[Breach], rule: Json) -> Iterator[Breach]:
    """A titled rule is one sentence, however many words of it a field breaks."""
    seen = set()
    for breach in found:
        if breach.path not in seen:
            seen.add(breach.path)
            yield breach._replace(rule=rule if "title" in rule else None)
