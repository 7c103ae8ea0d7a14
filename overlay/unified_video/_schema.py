"""The words of JSON Schema that the document uses, evaluated: every breach, not the first.

Small on purpose. The generation refuses a document with a word that is not in `KNOWN_WORDS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._document import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._document import Json

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A value that breaks one word of a schema, or a rule of the document where `rule` is set."""

    path: Path
    word: str
    limit: object
    value: object
    rule: Json | None = None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    # 5.0 is an integer in JSON Schema, True is none.
    return _is_number(value) and (isinstance(value, int) or float(value).is_integer())  # type: ignore[arg-type]


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": lambda value: _is_number(value) and math.isfinite(value),  # type: ignore[arg-type]
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}


def _same(value: object, other: object) -> bool:
    return value == other and isinstance(value, bool) is isinstance(other, bool)


def _on(applies: Callable[[object], bool], holds: Callable[[Any, Any], bool]) -> Callable[[object, Any], bool]:
    """A word that speaks of one type only, and says nothing of others."""
    return lambda value, limit: not applies(value) or holds(value, limit)


_string, _array = _TYPES["string"], _TYPES["array"]

# In the order in which they are asked: the first that a plain value breaks is the one that is told.
_CHECKS: dict[str, Callable[[object, Any], bool]] = {
    "type": lambda value, names: any(_TYPES[name](value) for name in ([names] if isinstance(names, str) else names)),
    "enum": lambda value, listed: any(_same(value, other) for other in listed),
    "const": _same,
    "minimum": _on(_is_number, lambda value, limit: value >= limit),
    "maximum": _on(_is_number, lambda value, limit: value <= limit),
    "exclusiveMinimum": _on(_is_number, lambda value, limit: value > limit),
    "exclusiveMaximum": _on(_is_number, lambda value, limit: value < limit),
    "multipleOf": _on(_is_number, lambda value, limit: (value / limit).is_integer()),
    "minLength": _on(_string, lambda value, limit: len(value) >= limit),
    "maxLength": _on(_string, lambda value, limit: len(value) <= limit),
    "pattern": _on(_string, lambda value, pattern: re.search(pattern, value) is not None),
    "minItems": _on(_array, lambda value, limit: len(value) >= limit),
    "maxItems": _on(_array, lambda value, limit: len(value) <= limit),
    "not": lambda value, schema: not matches(value, schema),
}
_STRUCTURE = {"properties", "required", "items", "allOf", "if", "then", "additionalProperties", "$ref"}
_WORDS_FOR_READERS = {"title", "description", "default", "examples", "format", "deprecated", "$comment"}

KNOWN_WORDS = frozenset(_CHECKS) | _STRUCTURE | _WORDS_FOR_READERS
"""Every word that a schema of the document may hold, extensions (`x-`) aside."""


def matches(value: object, schema: Json) -> bool:
    return next(breaches(value, schema), None) is None


def breaches(value: object, schema: Json, path: Path = ()) -> Iterator[Breach]:
    """Every breach in `value`, depth first; of a plain value only the first, since one mistake is told once."""
    schema = resolve(schema)
    for word, holds in _CHECKS.items():
        if word in schema and not holds(value, schema[word]):
            yield Breach(path, word, schema[word], value)
            break
    if isinstance(value, Mapping):
        yield from _in_object(value, schema, path)
    if isinstance(value, list | tuple) and "items" in schema:
        for index, item in enumerate(value):
            yield from breaches(item, schema["items"], (*path, index))
    for part in schema.get("allOf", ()):
        yield from breaches(value, part, path)
    if "if" in schema and matches(value, schema["if"]):
        yield from _of_rule(breaches(value, schema["then"], path), schema)


def _in_object(value: Mapping[str, object], schema: Json, path: Path) -> Iterator[Breach]:
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
            yield Breach(breach.path, breach.word, breach.limit, breach.value, rule if "title" in rule else None)
