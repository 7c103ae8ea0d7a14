"""From the words of a caller to a checked request: constraints and rules of the document -> every Violation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from . import _document, _images, _sentences
from ._models import Violation
from ._schema import Breach, breaches, compiled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from ._document import Json
    from ._images import Severity
    from ._schema import Test

_LONGEST_LETTER = 12
"""Bytes of a letter in JSON at most: two halves, each as `\\ud83d`."""
_ENCODE = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Prepared(NamedTuple):
    """A request, ready to send if no violation is an error."""

    body: dict[str, object]
    violations: tuple[Violation, ...]
    files: tuple[Path | None, ...] = ()
    """For each image the file that it came from, else None."""

    @property
    def errors(self) -> tuple[Violation, ...]:
        return tuple(violation for violation in self.violations if violation.severity == "error")

    def content(self) -> bytes:
        return _ENCODE(self.body).encode("ascii")


class Wish(NamedTuple):
    """What a caller asked for, unchecked: the arguments of `create`."""

    prompt: object
    model: object = None
    images: object = None
    extra: object = None
    options: Mapping[str, object] | None = None
    defaults: Mapping[str, object] | None = None
    strict: bool = False


def prepare(wish: Wish) -> Prepared:
    """Reads image files, fills in the document's client defaults, and finds every violation."""
    limits: Severity = "error" if wish.strict else "warning"
    images = _images.load(wish.images, limits)
    extra, of_extra = _extra(wish.extra)
    options, unknown = _known(_set({**(wish.defaults or {}), **(wish.options or {})}), _document.fields())
    given = {"prompt": wish.prompt, **_set({"model": wish.model, "images": list(images.wire) or None}), **options}
    if extra:
        given = {name: value for name, value in given.items() if name not in extra}
    checked = _whole(_defaults(given, extra))
    # Where the images are no list at all, nothing more is said of them.
    skipped = {*extra, *(violation.field for violation in images.violations)}
    found = [*unknown, *of_extra, *images.violations, *check(checked, strict=wish.strict, unchecked=skipped)]
    body = {**checked, **extra}
    if found or extra or not _is_surely_small(body):
        found.extend(_too_large(body, limits))
    found.sort(key=lambda violation: violation.severity)  # errors before warnings
    return Prepared(body, tuple(found), () if "images" in extra else images.files)  # extra goes over all others


@cache
def _fits() -> Test:
    return compiled(_document.request())


@cache
def _warnings() -> tuple[tuple[Json, Test], ...]:
    return tuple((warning, compiled(warning)) for warning in _document.request().get("x-warnings", ()))


@cache
def _client_defaults() -> tuple[tuple[str, object, Test], ...]:
    listed = _document.request().get("x-client-defaults", ())
    return tuple((default["field"], default["value"], compiled(default["if"])) for default in listed)


def check(body: dict[str, object], *, strict: bool = False, unchecked: Collection[str] = ()) -> list[Violation]:
    """Every violation of a request as it goes over the wire, but for the fields in `unchecked`."""
    plain = [] if _fits()(body) else _in(breaches(body, _document.request()), unchecked)
    wrong = {breach.path for breach in plain if breach.rule is None}
    violations = [_violation(breach, "error") for breach in plain if breach.rule is None or breach.path not in wrong]
    for warning, fits in _warnings():
        if fits(body):
            continue
        severity: Severity = "error" if strict and warning["severity"] == "error_when_strict" else "warning"
        found = _in(breaches(body, warning), unchecked)
        violations.extend(_violation(breach, severity) for breach in found if breach.path not in wrong)
    return violations


def _in(found: Iterable[Breach], unchecked: Collection[str]) -> list[Breach]:
    return [breach for breach in found if not breach.path or breach.path[0] not in unchecked]


def check_options(options: Mapping[str, object]) -> tuple[Violation, ...]:
    """Every violation in options that stand alone, such as a client's defaults: no rule between fields speaks."""
    known, unknown = _known(_set(options), _document.options())
    own = breaches(known, {"properties": _document.options()})
    return (*unknown, *[_violation(breach, "error") for breach in own])


def _violation(breach: Breach, severity: Severity) -> Violation:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in breach.path).removeprefix(".")
    rule = breach.word if breach.rule is None else breach.rule["title"]
    return Violation(field, rule, _sentences.of_breach(breach), _sentences.shown(breach.value), severity)


def _set(values: Mapping[str, object]) -> dict[str, object]:
    """None means not set."""
    return {name: value for name, value in values.items() if value is not None}


def _known(options: Mapping[str, object], near: Collection[str]) -> tuple[dict[str, object], list[Violation]]:
    """The options of the document, and a violation for every other; `near` are the names that may have been meant."""
    listed = _document.options()
    if options.keys() <= listed.keys():
        return dict(options), []
    known = {name: value for name, value in options.items() if name in listed}
    unknown = [
        Violation(str(name), "unknown_field", _sentences.of_unknown(name, listed, near), _sentences.shown(value))
        for name, value in options.items()
        if name not in listed
    ]
    return known, unknown


def _extra(extra: object) -> tuple[dict[str, object], list[Violation]]:
    """The fields that are sent as they are; they must be JSON all the same."""
    if extra is None:
        return {}, []
    if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
        wrong = f"must be a mapping of field names to values, not {type(extra).__name__}"
        return {}, [Violation("extra", "type", wrong, _sentences.shown(extra))]
    violations = [
        Violation(f"extra.{name}", "type", f"is no JSON value: {why}", _sentences.shown(value))
        for name, value in extra.items()
        if (why := _not_json(value))
    ]
    return dict(extra), violations


def _not_json(value: object) -> str:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return str(error) or type(error).__name__
    return ""


def _defaults(given: Mapping[str, object], extra: Mapping[str, object]) -> dict[str, object]:
    """With the document's defaults for what was not given, in its order: a later one may depend on an earlier one."""
    filled = dict(given)
    for name, value, wanted in _client_defaults():
        if name not in filled and name not in extra and wanted(filled):
            filled[name] = value
    return filled


def _whole(body: dict[str, object]) -> dict[str, object]:
    """5.0 is a valid integer in JSON Schema, and not to every server: send 5."""
    whole = dict(body)
    for name, value in body.items():
        if isinstance(value, float) and value.is_integer() and _document.fields()[name].get("type") == "integer":
            whole[name] = int(value)
    return whole


def _too_large(body: Mapping[str, object], severity: Severity) -> list[Violation]:
    try:
        size, most = len(_ENCODE(body)), _most_bytes()
    except (TypeError, ValueError, RecursionError):  # no JSON, which another violation tells
        return []
    if size <= most:
        return []
    field = "images" if "images" in body else "prompt"
    message = f"the whole request has {size} bytes, at most {most} are taken: give smaller images, or URLs"
    return [Violation(field, "request_bytes", message, f"{size} bytes", severity)]


@cache
def _most_bytes() -> int:
    return int(_document.image_limits()["max_request_bytes"])


def _is_surely_small(checked: Mapping[str, object]) -> bool:
    """Whether there is no need to count: that takes a tenth of the whole."""
    texts = [*checked.get("images", ()), *[value for value in checked.values() if isinstance(value, str)]]  # type: ignore[misc] # checked: a list
    return sum(map(len, texts)) * _LONGEST_LETTER < _most_bytes() // 2


def shortened(body: Json) -> dict[str, object]:
    """A request that may be kept and shown: data URIs without their data."""
    return {name: _sentences.shortened(value) for name, value in body.items()}
