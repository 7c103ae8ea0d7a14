"""What the rules of a request say that the overlay's evaluator would not hear: it would skip it without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

Place = tuple[str, Mapping[str, object]]
"""A schema, and a name for where it stands."""

# Where further schemas stand inside a schema: one, a list of them, or some by name.
_ONE = ("items", "not", "if", "then", "else", "additionalProperties")
_LISTED = ("allOf", "anyOf", "oneOf")
_NAMED = ("properties",)
# They check nothing, so they may stand beside a $ref, whose neighbours the evaluator does not read.
_ANNOTATIONS = {"title", "description", "default", "examples", "deprecated", "$comment", "$ref"}


def unheard(document: Mapping[str, object], *, root: str, known: AbstractSet[str]) -> list[str]:
    """One sentence for each such word, in all that the schema named `root` reaches."""
    return [
        f"{place} {reason}: teach it to the overlay's _schema, or say it otherwise"
        for place, schema in reachable(document, root)
        for reason in _reasons(schema, known)
    ]


def _reasons(schema: Mapping[str, object], known: AbstractSet[str]) -> Iterator[str]:
    words = {word for word in schema if not word.startswith("x-")}
    for word in sorted(words - known):
        yield f"uses the word {word!r}, which is not evaluated"
    if "$ref" in words and words - _ANNOTATIONS:
        yield f"has {sorted(words - _ANNOTATIONS)} beside $ref, which are not evaluated"
    if schema.get("additionalProperties", True) is not True:
        yield "restricts additionalProperties, which is not evaluated"
    if "if" in words and "then" not in words:
        yield "has an 'if' without a 'then'"
    if not _compiles(str(schema.get("pattern", ""))):
        yield f"has the pattern {schema['pattern']!r}, which Python cannot read"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def reachable(document: Mapping[str, object], root: str) -> Iterator[Place]:
    """Every schema below `root`, each component once, and those of its x-warnings and x-client-defaults."""
    schemas = mapping(mapping(document["components"])["schemas"])
    waiting: list[Place] = [(root, mapping(schemas[root])), *_of_extensions(root, mapping(schemas[root]))]
    seen = {root}
    while waiting:
        place, schema = waiting.pop(0)
        yield place, schema
        waiting += _inside(place, schema)
        name = target(schema)
        if name and name not in seen:
            seen.add(name)
            waiting.append((name, mapping(schemas[name])))


def target(schema: Mapping[str, object]) -> str:
    """The component that its $ref names, or ""."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _of_extensions(root: str, schema: Mapping[str, object]) -> Iterator[Place]:
    for number, warning in enumerate(map(mapping, sequence(schema.get("x-warnings")))):
        yield f"{root}.x-warnings[{number}]", {word: warning[word] for word in warning if word != "severity"}
    for number, default in enumerate(map(mapping, sequence(schema.get("x-client-defaults")))):
        yield f"{root}.x-client-defaults[{number}].if", mapping(default.get("if"))


def _inside(place: str, schema: Mapping[str, object]) -> list[Place]:
    found = [
        *((f"{place}.{word}", schema[word]) for word in _ONE if word in schema),
        *((f"{place}.{word}[{i}]", one) for word in _LISTED for i, one in enumerate(sequence(schema.get(word)))),
        *((f"{place}.{word}.{name}", one) for word in _NAMED for name, one in mapping(schema.get(word)).items()),
    ]
    return [(name, mapping(one)) for name, one in found]
