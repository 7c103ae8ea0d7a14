"""Two versions of the document: every change, and what it asks of the version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract._behaviour import extension_changes
from contract._changes import Change, Changes, Side
from contract._schemas import Pair, schema_changes, without_wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract._places import Json

_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def changes(old: Json, new: Json) -> list[Change]:
    """What breaks first. Never empty where the documents differ in more than `info.version`."""
    found = [*_document(old, new)]
    if _without_version(old) != _without_version(new):
        found += _unseen(old, new, found)
    return sorted(set(found), key=lambda change: (change.level != "breaking", change.level != "addition", change.place))


def _without_version(document: Json) -> Json:
    return {**document, "info": {**document["info"], "version": None}}


def _unseen(old: Json, new: Json, found: list[Change]) -> Changes:
    """A difference that nothing here speaks of counts as the worst, so that nothing slips through."""
    if without_wording(_without_version(old)) == without_wording(_without_version(new)):
        yield Change("wording", "document", "texts or examples differ")
    elif not found:
        yield Change("breaking", "document", "differs in a way that this comparison does not know: teach it")


def _document(old: Json, new: Json) -> Changes:
    pair = Pair(old, new)
    yield from _operations(old, new, pair)
    yield from _components(old, new, pair)
    yield from _schemes(old, new)
    yield from _same(old, new, "servers", "document")
    yield from _same(old, new, "openapi", "document")
    yield from _same(old["info"], new["info"], "license", "info")


def _same(old: Json, new: Json, name: str, place: str) -> Changes:
    if without_wording(old.get(name)) != without_wording(new.get(name)):
        yield Change("breaking", f"{place}.{name}", "was changed")


def _all_operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for method in _METHODS & item.keys():
            yield f"{method.upper()} {path}", item[method]


def _operations(old: Json, new: Json, pair: Pair) -> Changes:
    before, after = dict(_all_operations(old)), dict(_all_operations(new))
    for name in before.keys() - after.keys():
        yield Change("breaking", name, "the endpoint was removed")
    for name in after.keys() - before.keys():
        yield Change("addition", name, "the endpoint was added")
    for name in before.keys() & after.keys():
        yield from _operation(before[name], after[name], name, pair)


def _operation(old: Json, new: Json, place: str, pair: Pair) -> Changes:
    yield from _same(old, new, "operationId", place)
    yield from _same(old, new, "security", place)
    yield from _parameters(old, new, place, pair)
    yield from _body(old.get("requestBody", {}), new.get("requestBody", {}), f"{place} request", "request", pair)
    yield from _answers(old["responses"], new["responses"], place, pair)
    yield from extension_changes(old, new, place)


def _parameters(old: Json, new: Json, place: str, pair: Pair) -> Changes:
    before, after = ({(one["in"], one["name"]): one for one in side.get("parameters", ())} for side in (old, new))
    for key in before.keys() - after.keys():
        yield Change("breaking", f"{place} {key[1]}", "the parameter was removed")
    for key in after.keys() - before.keys():
        level = "breaking" if after[key].get("required") else "addition"
        yield Change(level, f"{place} {key[1]}", "the parameter was added")  # type: ignore[arg-type]
    for key in before.keys() & after.keys():
        name = f"{place} {key[1]}"
        if after[key].get("required", False) != before[key].get("required", False):
            yield Change("breaking" if after[key].get("required") else "addition", name, "required was changed")
        yield from schema_changes(before[key]["schema"], after[key]["schema"], name, "request", pair)


def _body(old: Json, new: Json, place: str, side: Side, pair: Pair) -> Changes:
    if side == "request" and old.get("required", False) != new.get("required", False):
        yield Change("breaking" if new.get("required") else "addition", place, "required was changed")
    before, after = old.get("content", {}), new.get("content", {})
    for kind in before.keys() ^ after.keys():
        yield Change(
            "breaking" if kind in before else "addition",
            place,
            f"{kind} was {'removed' if kind in before else 'added'}",
        )
    for kind in before.keys() & after.keys():
        yield from schema_changes(before[kind].get("schema", {}), after[kind].get("schema", {}), place, side, pair)


def _answers(old: Json, new: Json, place: str, pair: Pair) -> Changes:
    for status in new.keys() - old.keys():
        yield Change("addition", f"{place} {status}", "the answer was added")
    for status in old:
        covering = _covering(new, status)
        if status not in new:
            yield Change("addition" if covering else "breaking", f"{place} {status}", "the answer was removed")
        if covering:
            before, after = pair.old_target(old[status]), pair.new_target(covering)
            yield from _answer(before, after, f"{place} {status}", pair)


def _covering(answers: Json, status: str) -> Json | None:
    """What a reader goes by: the status itself, its class, or the answer to all that is not named."""
    keys = (status, f"{status[0]}XX", "default")
    return next((answers[key] for key in keys if key in answers), None)


def _answer(old: Json, new: Json, place: str, pair: Pair) -> Changes:
    yield from _headers(old, new, place, pair)
    yield from _body(old, new, place, "answer", pair)
    yield from extension_changes(old, new, place)


def _headers(old: Json, new: Json, place: str, pair: Pair) -> Changes:
    before, after = old.get("headers", {}), new.get("headers", {})
    for name in before.keys() - after.keys():
        yield Change("breaking", f"{place} {name}", "the header was removed")
    for name in after.keys() - before.keys():
        yield Change("addition", f"{place} {name}", "the header was added")
    for name in before.keys() & after.keys():
        yield from schema_changes(
            before[name].get("schema", {}), after[name].get("schema", {}), f"{place} {name}", "answer", pair
        )


def _components(old: Json, new: Json, pair: Pair) -> Changes:
    """Their names are the names of generated types. Those that no operation reaches are compared too, as both sides."""
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    for name in before.keys() - after.keys():
        yield Change("breaking", name, "the component was removed")
    for name in after.keys() - before.keys():
        yield Change("addition", name, "the component was added")
    reached = {reference.rpartition("/")[2] for reference, _, _ in pair.seen}
    for name in (before.keys() & after.keys()) - reached:
        for side in ("request", "answer"):
            yield from schema_changes(before[name], after[name], name, side, pair)


def _schemes(old: Json, new: Json) -> Changes:
    yield from _same(old["components"], new["components"], "securitySchemes", "components")
