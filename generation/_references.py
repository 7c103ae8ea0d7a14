"""`$ref`s that lead nowhere: one generator would fail without saying where, the other would write Any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def dangling(document: Mapping[str, object]) -> list[str]:
    """One sentence for each `$ref` that is not in the document."""
    missing = sorted(name for name in set(_references(document)) if not _leads(document, name))
    return [f"{name!r} is referred to, and is not in the document" for name in missing]


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (str(target) for word, target in value.items() if word == "$ref")
    for inner in _inner(value):
        yield from _references(inner)


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _leads(document: object, reference: str) -> bool:
    place = document
    for step in reference.removeprefix("#/").split("/"):
        if not isinstance(place, Mapping) or step not in place:
            return False
        place = place[step]
    return reference.startswith("#/")
