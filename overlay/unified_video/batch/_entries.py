"""From rows to what may be sent: every violation of every row at once, keys, and what it will amount to."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unified_video import _document
from unified_video._caller import stack_level
from unified_video._capabilities import models
from unified_video._errors import InvalidRequest, UnifiedVideoWarning
from unified_video._ledger.record import hash_of, request_of
from unified_video._models import Violation
from unified_video._validate import Prepared, Wish, prepare

if TYPE_CHECKING:
    from unified_video._settings import Settings

    from ._manifest import Row

_KEY_LENGTH = 16
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that may be sent. Images are read again when it is sent: thousands of them have no place in memory."""

    number: int
    key: str
    wish: Wish
    request: Mapping[str, object]
    """As the ledger keeps it."""

    @property
    def model(self) -> str:
        return model_of(self.request)


def model_of(request: Mapping[str, object]) -> str:
    return str(request.get("model", ""))


def checked(rows: Iterable[Row], settings: Settings) -> tuple[Entry, ...]:
    """Raises InvalidRequest with every violation of all rows, each field led by its row's number; warns once a rule."""
    entries, broken, told = dict[str, Entry](), list[Violation](), list[Violation]()
    for row in rows:
        entry, violations = _entry(row, settings)
        if entry.key in entries:
            violations = (*violations, _twice(entry, entries[entry.key].number, given="key" in row.fields))
        entries.setdefault(entry.key, entry)
        for violation in violations:
            found = replace(violation, field=f"row {row.number}, {violation.field}")
            (broken if violation.severity == "error" else told).append(found)
    if broken:
        raise InvalidRequest((*broken, *told))
    _warn(told)
    return tuple(entries.values())


def _entry(row: Row, settings: Settings) -> tuple[Entry, tuple[Violation, ...]]:
    wish = _wish(row.fields, settings)
    prepared = prepare(wish)
    key, of_key = _key(row, prepared)
    # A row that could not be read has no fields to speak of.
    found = row.wrong if row.wrong and not row.fields else (*row.wrong, *of_key, *prepared.violations)
    return Entry(row.number, key, wish, request_of(prepared)), found


def _wish(fields: Mapping[str, object], settings: Settings) -> Wish:
    own = {"key", "prompt", "model", "images", "extra"}
    return Wish(
        prompt=fields.get("prompt"),
        model=fields.get("model"),
        images=fields.get("images"),
        extra=fields.get("extra"),
        options={name: value for name, value in fields.items() if name not in own},
        defaults=settings.defaults,
        strict=settings.strict,
    )


def _key(row: Row, prepared: Prepared) -> tuple[str, tuple[Violation, ...]]:
    given = row.fields.get("key")
    if given is None or given == "":
        return _made(row, prepared), ()
    key = str(given)
    if not isinstance(given, str | int) or isinstance(given, bool):
        return key, (Violation("key", "type", "must be a text that names the row", key[:80]),)
    if len(key) > _LONGEST_KEY or not key.isprintable() or not key.strip():
        return key, (Violation("key", "pattern", f"must be a text of at most {_LONGEST_KEY} characters", key[:80]),)
    return key, ()


def _made(row: Row, prepared: Prepared) -> str:
    """From what was given, not from what was filled in: another default of a later version is no other row."""
    given = {name for name, value in row.fields.items() if value is not None}
    extra = row.fields.get("extra")
    given |= set(extra) if isinstance(extra, Mapping) else set()
    content = {name: _plain(value) for name, value in prepared.body.items() if name in given}
    # A row that breaks rules is not sent, and is told apart from others by its number.
    broken = row.number if row.wrong or prepared.errors else None
    text = json.dumps([content, broken], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def _plain(value: object) -> object:
    """The bytes of an image count, not its name or place."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return hash_of(value) if isinstance(value, str) and value[:5].lower() == "data:" else value


def _twice(entry: Entry, first: int, *, given: bool) -> Violation:
    same = f"is used by row {first} too" if given else f"row {first} asks for the same, and neither has a key"
    return Violation("key", "unique", f"{same}: give each row a key of its own", entry.key)


def _warn(told: Iterable[Violation]) -> None:
    """One warning a rule, however many rows it speaks of."""
    by_rule = defaultdict[str, list[Violation]](list)
    for violation in told:
        by_rule[violation.rule].append(violation)
    for first, *others in by_rule.values():
        more = f" (and {len(others)} more)" if others else ""
        warnings.warn(f"{first.field}{more}: {first.message}", UnifiedVideoWarning, stack_level())


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rows of one model amount to."""

    model: str
    videos: int = 0
    seconds: int = 0
    pixels: int = 0
    """Width times height times frames, of all videos whose size is known: what tokens are counted by."""
    of_unknown_size: int = 0
    """Videos whose image decides their shape; they are not in `pixels`."""


def figures(entries: Iterable[Entry]) -> tuple[Figures, ...]:
    """Per model, in the order of their first rows."""
    found = dict[str, Figures]()
    for entry in entries:
        before = found.get(entry.model, Figures(entry.model))
        seconds, pixels = _size(entry.request)
        found[entry.model] = Figures(
            entry.model,
            before.videos + 1,
            before.seconds + seconds,
            before.pixels + (pixels or 0),
            before.of_unknown_size + (pixels is None),
        )
    return tuple(found.values())


def _size(request: Mapping[str, object]) -> tuple[int, int | None]:
    """Seconds, and the pixels of all frames; None where the image or an unknown model decides."""
    wanted = {name: request.get(name, schema.get("default")) for name, schema in _document.options().items()}
    duration = wanted["duration"]
    seconds = int(duration) if isinstance(duration, int | float) else 0  # `extra` may hold anything
    model = next((known for known in models() if known.id == model_of(request)), None)
    size = None if model is None else model.frame_size(str(wanted["resolution"]), str(wanted["ratio"]))
    if model is None or size is None:
        return seconds, None
    return seconds, size[0] * size[1] * seconds * _frames_per_second(model.id)


def _frames_per_second(model: str) -> int:
    return int(_document.component("VideoModel")["x-models"][model]["frames_per_second"])


def changed(entry: Entry, before: Mapping[str, object]) -> Iterator[Violation]:
    """Where a row asks for something else than what its key stands for in the ledger."""
    differing = sorted(name for name in {*entry.request, *before} if entry.request.get(name) != before.get(name))
    if differing:
        message = (
            f"was used for another request (other {', '.join(differing)}):"
            " a changed row needs a key of its own, or the old content back"
        )
        yield Violation(f"row {entry.number}, key", "changed", message, entry.key)
