"""What a document must keep to, so that the overlay can follow it without a change by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation._collisions import collisions
from generation._references import dangling
from generation._tables import inconsistencies
from generation._words import mapping, target, unheard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet


def name_problems(document: Mapping[str, object]) -> list[str]:
    """Every problem with references, the names of options and the values in tables, one sentence each."""
    return dangling(document) or [*collisions(options(document)), *inconsistencies(document)]


def rule_problems(document: Mapping[str, object], *, known: AbstractSet[str]) -> list[str]:
    """What the rules of a request say and the overlay, which knows the words `known`, would skip; one sentence each."""
    return unheard(document, root="VideoGenerationRequest", known=known)


def options(document: Mapping[str, object]) -> dict[str, bool]:
    """The options of the document, and whether each is a boolean."""
    schemas = mapping(mapping(document["components"])["schemas"])
    fields = mapping(mapping(schemas["VideoOptions"])["properties"])
    return {name: _is_boolean(mapping(field), schemas) for name, field in fields.items()}


def _is_boolean(field: Mapping[str, object], schemas: Mapping[str, object]) -> bool:
    name = target(field)
    return (mapping(schemas[name]) if name else field).get("type") == "boolean"
