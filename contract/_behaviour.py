"""Two versions of the tables that say how to behave (`x-…`): what a client that follows them would do otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contract._changes import Change, Changes, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from contract._places import Json

_WORDING = {"description", "summary", "title", "x-provenance"}
# Rules may break a strict client's requests; what only warns breaks nothing.
_STRICT = "error_when_strict"


def extension_changes(old: Json, new: Json, place: str) -> Changes:
    for name in sorted(old.keys() | new.keys()):
        if not name.startswith("x-") or name == "x-provenance":
            continue
        before, after = plain(old.get(name)), plain(new.get(name))
        if before != after:
            yield from _COMPARERS.get(name, _any)(old.get(name), new.get(name), f"{place}.{name}")


def plain(value: object) -> object:
    """The table without what people read. A rule's title is its id, and stays."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key not in _WORDING - {"title"}}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _any(old: object, new: object, place: str) -> Changes:
    if old is None:
        yield Change("addition", place, "was added")
    elif new is None:
        yield Change("breaking", place, "was removed")
    else:
        yield Change("addition", place, "was changed")


def _whole(old: object, new: object, place: str) -> Changes:
    """A table that decides as a whole: any other row may decide otherwise."""
    if old is None:
        yield Change("addition", place, "was added")
    else:
        yield Change("breaking", place, "was removed" if new is None else "was changed")


def _rows(old: Json | None, new: Json | None, place: str) -> Changes:
    """Keys with what they mean: a new one adds, one that is gone or means something else breaks."""
    before, after = old or {}, new or {}
    for key in before.keys() - after.keys():
        yield Change("breaking", f"{place}.{key}", "was removed")
    for key in after.keys() - before.keys():
        yield Change("addition", f"{place}.{key}", "was added")
    for key in before.keys() & after.keys():
        if plain(before[key]) != plain(after[key]):
            yield Change("breaking", f"{place}.{key}", f"is {after[key]!r}, was {before[key]!r}")


def _names(old: Iterable[object] | None, new: Iterable[object] | None, place: str) -> Changes:
    """A list in which the order counts: names may only be added at the end."""
    before, after = list(old or ()), list(new or ())
    if after[: len(before)] == before:
        yield Change("addition", place, f"{after[len(before) :]} were added")
    else:
        yield Change("breaking", place, f"is {after}, was {before}")


def _links(old: Json | None, new: Json | None, place: str) -> Changes:
    for key in sorted((old or {}).keys() | (new or {}).keys()):
        before, after = (old or {}).get(key), (new or {}).get(key)
        if before != after:
            yield from _names(before, after, f"{place}.{key}")


def _models(old: Json | None, new: Json | None, place: str) -> Changes:
    before, after = old or {}, new or {}
    for model in before.keys() - after.keys():
        yield Change("breaking", f"{place}.{model}", "was removed")
    for model in after.keys() - before.keys():
        yield Change("addition", f"{place}.{model}", "was added")
    for model in before.keys() & after.keys():
        yield from _abilities(before[model], after[model], f"{place}.{model}")


def _abilities(old: Json, new: Json, place: str) -> Changes:
    for name in sorted((old.keys() | new.keys()) - _WORDING):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        lost = set(before) - set(after or ()) if isinstance(before, list) else set()
        level: Level = "breaking" if lost else "addition"
        yield Change(level, f"{place}.{name}", f"is {after}, was {before}")


def _limits(old: Json | None, new: Json | None, place: str) -> Changes:
    before, after = old or {}, new or {}
    for name in sorted((before.keys() | after.keys()) - _WORDING):
        if before.get(name) != after.get(name):
            level: Level = "breaking" if _tighter(name, before.get(name), after.get(name)) else "addition"
            yield Change(level, f"{place}.{name}", f"is {after.get(name)}, was {before.get(name)}")


def _tighter(name: str, before: Any, after: Any) -> bool:  # noqa: ANN401 - numbers or lists
    if after is None or before is None:
        return after is not None
    if isinstance(before, list):
        return bool(set(before) - set(after))
    return bool(after < before if name.startswith("max") else after > before)


def _warnings(old: list[Json] | None, new: list[Json] | None, place: str) -> Changes:
    before, after = ({row["title"]: row for row in rows or ()} for rows in (old, new))
    for title in before.keys() - after.keys():
        yield Change("addition", f"{place}.{title}", "was removed")
    for title in after:
        if plain(before.get(title)) != plain(after[title]):
            level: Level = "breaking" if after[title]["severity"] == _STRICT else "addition"
            yield Change(level, f"{place}.{title}", "was changed" if title in before else "was added")


def _policy(old: Json | None, new: Json | None, place: str) -> Changes:
    """Numbers of a policy may change; a part of it that is gone, clients may have read."""
    before, after = old or {}, new or {}
    for name in sorted((before.keys() | after.keys()) - _WORDING):
        if plain(before.get(name)) == plain(after.get(name)):
            continue
        decides = name == "outcomes"  # the rows of x-download
        level: Level = "breaking" if name in before and (name not in after or decides) else "addition"
        yield Change(level, f"{place}.{name}", "was removed" if name not in after else f"is {after[name]!r}")


def _client_defaults(old: list[Json] | None, new: list[Json] | None, place: str) -> Changes:
    before, after = [plain(row) for row in old or ()], [plain(row) for row in new or ()]
    gone = [row for row in before if row not in after]
    yield Change("breaking" if gone else "addition", place, "was changed" if gone else "has a new row")


def _tables(old: Json | None, new: Json | None, place: str) -> Changes:
    """A table of tables."""
    before, after = old or {}, new or {}
    for key in sorted((before.keys() | after.keys()) - _WORDING):
        if key not in before or key not in after:
            yield Change(
                "addition" if key in after else "breaking",
                f"{place}.{key}",
                "was added" if key in after else "was removed",
            )
        else:
            yield from _rows(before[key], after[key], f"{place}.{key}")


_COMPARERS: dict[str, Callable[[Any, Any, str], Changes]] = {
    "x-outcomes": _whole,
    "x-final-states": _whole,
    "x-states": _rows,
    "x-success-codes": _names,
    "x-request-id-headers": _names,
    "x-links": _links,
    "x-models": _models,
    "x-frame-sizes": _tables,
    "x-limits": _limits,
    "x-warnings": _warnings,
    "x-client-defaults": _client_defaults,
    "x-polling": _policy,
    "x-retry": _policy,
    "x-download": _policy,
}
