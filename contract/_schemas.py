"""Two versions of a schema: what is narrower now, and what wider."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contract._behaviour import extension_changes
from contract._changes import Change, Changes, Side, narrower, wider

if TYPE_CHECKING:
    from contract._places import Json

_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
# A change of these cannot be called narrower or wider: it counts as both.
_OPAQUE = ("pattern", "format", "multipleOf", "not", "uniqueItems")
# In a rule they say nothing: a request is an object, and further fields are never refused. Generators want to be told.
_HINTS = {"type": "object", "additionalProperties": True}
WORDING = {"title", "description", "summary", "example", "examples", "x-provenance", "$comment", "externalDocs", "tags"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both documents, and which pairs of components were compared already."""

    old: Json
    new: Json
    seen: set[tuple[str, str, Side]] = field(default_factory=set)

    def old_target(self, schema: Json) -> Json:
        return _target(schema, self.old)

    def new_target(self, schema: Json) -> Json:
        return _target(schema, self.new)

    def first_time(self, old: Json, new: Json, side: Side) -> bool:
        key = (old.get("$ref", ""), new.get("$ref", ""), side)
        if not (key[0] or key[1]):
            return True
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


def _target(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        found = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def without_wording(value: object) -> object:
    """What is left of a document when all that people read is taken out. A property may be named like such a word."""
    if isinstance(value, list):
        return [without_wording(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {key: without_wording(one) for key, one in inner.items()}
        if name == "properties"
        else without_wording(inner)
        for name, inner in value.items()
        if name not in WORDING
    }


def schema_changes(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    if not pair.first_time(old, new, side):
        return
    place = new.get("$ref", "").rpartition("/")[2] or place
    old, new = pair.old_target(old), pair.new_target(new)
    for compare in (_types, _values, _limits, _opaque, _required, _defaults, _extra_fields):
        yield from compare(old, new, place, side)
    yield from _properties(old, new, place, side, pair)
    yield from _items(old, new, place, side, pair)
    yield from _parts(old, new, place, side, pair)
    yield from _choices(old, new, place, side, pair)
    yield from extension_changes(old, new, place)


def _sets(old: set[object], new: set[object], place: str, side: Side, name: str) -> Changes:
    """`old` and `new` are all that is allowed."""
    for value in sorted(old - new, key=str):
        yield narrower(place, f"{name} {value!r} was removed", side)
    for value in sorted(new - old, key=str):
        yield wider(place, f"{name} {value!r} was added", side)


def _types(old: Json, new: Json, place: str, side: Side) -> Changes:
    before, after = _listed(old.get("type")), _listed(new.get("type"))
    if bool(before) != bool(after):
        yield (narrower if after else wider)(place, f"type is {new.get('type')!r}, was {old.get('type')!r}", side)
        return
    yield from _sets(before, after, place, side, "type")


def _listed(types: object) -> set[object]:
    names = {types} if isinstance(types, str) else set(types) if isinstance(types, Iterable) else set()
    return names | {"integer"} if "number" in names else names


def _values(old: Json, new: Json, place: str, side: Side) -> Changes:
    before, after = _allowed(old), _allowed(new)
    if before is None and after is None:
        return
    if before is None or after is None:
        what = (
            "any value was allowed, now only listed ones"
            if before is None
            else "only listed values were allowed, now any"
        )
        yield (narrower if before is None else wider)(place, what, side)
        return
    yield from _sets(before, after, place, side, "value")


def _allowed(schema: Json) -> set[object] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None


def _limits(old: Json, new: Json, place: str, side: Side) -> Changes:
    for words, sign in ((_UPPER, 1), (_LOWER, -1)):
        for word in words:
            before, after = old.get(word), new.get(word)
            if before == after:
                continue
            tighter = after is not None and (before is None or sign * after < sign * before)
            yield (narrower if tighter else wider)(place, f"{word} is {after}, was {before}", side)


def _opaque(old: Json, new: Json, place: str, side: Side) -> Changes:
    for word in _OPAQUE:
        before, after = without_wording(old.get(word)), without_wording(new.get(word))
        if before == after:
            continue
        what = f"{word} is {after!r}, was {before!r}"
        if before is not None and after is not None:
            yield Change("breaking", place, what)
        else:
            yield (wider if after is None else narrower)(place, what, side)


def _required(old: Json, new: Json, place: str, side: Side) -> Changes:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(after - before):
        yield narrower(f"{place}.{name}", "is required now", side)
    for name in sorted(before - after):
        yield wider(f"{place}.{name}", "is not required any more", side)


def _defaults(old: Json, new: Json, place: str, _side: Side) -> Changes:
    if old.get("default") != new.get("default"):
        level = "breaking" if "default" in old else "addition"
        yield Change(level, place, f"default is {new.get('default')!r}, was {old.get('default')!r}")  # type: ignore[arg-type]


def _extra_fields(old: Json, new: Json, place: str, side: Side) -> Changes:
    before, after = old.get("additionalProperties"), new.get("additionalProperties")
    if before == after:
        return
    if after is True or before is False:
        yield (
            wider(place, "takes further fields, which it did not", side)
            if before is False
            else Change("addition", place, "says now that it takes further fields")
        )
    else:
        # Absent means true, and many generators refuse a new field then, in answers too.
        yield Change("breaking", place, "takes no further fields, or not any, or does not say so any more")


def _properties(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield Change("breaking", f"{place}.{name}", "the field was removed")
    for name in after.keys() - before.keys():
        yield Change("addition", f"{place}.{name}", "the field was added")
    for name in before.keys() & after.keys():
        yield from schema_changes(before[name], after[name], f"{place}.{name}", side, pair)


def _items(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    yield from (
        schema_changes(old.get("items", {}), new.get("items", {}), f"{place}[]", side, pair)
        if ("items" in old or "items" in new)
        else ()
    )


def _parts(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    """Rules are matched by their titles, other parts by what they refer to, or by their order."""
    before, after = _named(old.get("allOf", ())), _named(new.get("allOf", ()))
    for name in before.keys() - after.keys():
        yield wider(place, f"the rule {name} was removed", side)
    for name in after.keys() - before.keys():
        what = f"the rule {name} was added"
        is_of_new = _is_of_new_values(after[name], old, pair)
        yield Change("addition", place, f"{what}, for new values") if is_of_new else narrower(place, what, side)
    for name in before.keys() & after.keys():
        yield from _part(before[name], after[name], f"{place}, rule {name}", side, pair)


def _is_of_new_values(rule: Json, old: Json, pair: Pair) -> bool:
    """Whether no earlier value meets it, such as a rule of a model that is new: it narrows nothing that there was."""
    condition, fields = rule.get("if", {}), old.get("properties", {})
    return any(
        _are_new(condition["properties"][name], pair.old_target(fields[name]))
        for name in condition.get("required", ())
        if name in condition.get("properties", {}) and name in fields
    )


def _are_new(asked: Json, old: Json) -> bool:
    """Whether a condition asks for values that an enum did not list."""
    values = [asked["const"]] if "const" in asked else asked.get("enum", [])
    return bool(values) and "enum" in old and not any(value in old["enum"] for value in values)


def _part(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    if "if" not in old and "if" not in new:
        yield from schema_changes(old, new, place, side, pair)
    elif without_wording(old) != without_wording(new):
        changed = _ruling(old) != _ruling(new)
        yield Change("breaking" if changed else "wording", place, "the rule was changed")


def _ruling(rule: Json) -> Json:
    return {
        key: without_wording(value) for key, value in rule.items() if key not in WORDING and _HINTS.get(key) != value
    }


def _named(parts: Iterable[Json]) -> dict[str, Json]:
    return {str(part.get("title") or part.get("$ref") or number): part for number, part in enumerate(parts)}


def _choices(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    for word in ("anyOf", "oneOf"):
        before, after = _named(old.get(word, ())), _named(new.get(word, ()))
        change: Callable[[str, str, Side], Change]
        for change, names, verb in (
            (narrower, before.keys() - after.keys(), "removed"),
            (wider, after.keys() - before.keys(), "added"),
        ):
            for name in names:
                yield change(place, f"the choice {name.rpartition('/')[2]} was {verb}", side)
        for name in before.keys() & after.keys():
            yield from schema_changes(before[name], after[name], f"{place}, {word} {name}", side, pair)
