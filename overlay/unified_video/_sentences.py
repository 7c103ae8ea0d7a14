"""Violations in words: what was given, what is allowed, what to do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ._links import without_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._schema import Breach

_LONG = 200
_DEEPEST = 4
_LARGEST_BITS = 1024
_PLAIN = (bool, int, float, type(None))


def shortened(value: object) -> object:
    """A value of a request that may be kept: data URIs without their data."""
    if isinstance(value, str):
        return _without_data(value)
    if isinstance(value, list | tuple):
        return [shortened(item) for item in value]
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    return value


def shown(value: object, levels: int = _DEEPEST) -> object:
    """A value that may be printed and pickled, whatever it was: no image data, no signed link, nothing foreign."""
    if isinstance(value, str):
        return without_queries(_without_data(value))
    if isinstance(value, list | tuple | dict) and not levels:
        return "…"
    if isinstance(value, list | tuple):
        return [shown(item, levels - 1) for item in value]
    if isinstance(value, dict):
        return {str(name): shown(item, levels - 1) for name, item in value.items()}
    return _single(value)


def _without_data(text: str) -> str:
    if text[:5].lower() != "data:":
        return text[:]  # of a StrEnum the text alone
    head, comma, data = text.partition(",")
    return f"{head[:100]}{comma}… ({len(data)} characters)" if data else text[:100]


def _single(value: object) -> object:
    if isinstance(value, int) and value.bit_length() > _LARGEST_BITS:  # Python prints none of more than 4300 digits
        return f"an integer of {value.bit_length()} bits"
    is_endless = isinstance(value, float) and not math.isfinite(value)  # no JSON, and NaN equals nothing
    if type(value) in _PLAIN and not is_endless:
        return value
    import reprlib  # cuts what is long, and stands a repr that raises

    return reprlib.repr(value)


def _given(value: object) -> str:
    plain = shown(value)
    words = plain if isinstance(plain, str) and not isinstance(value, str) else repr(plain)
    return words if len(words) <= _LONG else f"{words[:_LONG]}…"


def nearest(name: object, known: Iterable[object]) -> str:
    """`; did you mean 'x'?`, or nothing where nothing is near."""
    import difflib  # 4 ms, only after a mistake

    by_text = {str(value).lower(): value for value in known}
    found = difflib.get_close_matches(str(name)[:100].lower(), by_text, 1)
    return f"; did you mean {by_text[found[0]]!r}?" if found else ""


def of_unknown(name: object, known: Iterable[str], near: Iterable[str]) -> str:
    """`near`: the names that may have been meant."""
    meant = nearest(name, [other for other in near if other != name]) or "."
    return (
        f"is no option of the document{meant} Known: {', '.join(known)}."
        f" A field that the document does not know yet goes unchecked through extra={{{name!r}: …}}"
    )


def of_breach(breach: Breach) -> str:
    if breach.rule is None:
        return _SENTENCES.get(breach.word, _any_word)(breach)
    given = "" if breach.value is None else f" (given {_given(breach.value)})"
    return f"{' '.join(breach.rule['description'].split())}{given}"


def _type(breach: Breach) -> str:
    names = breach.limit if isinstance(breach.limit, str) else " or ".join(breach.limit)
    article = "an" if names[:1] in "aeiou" else "a"
    return f"must be {article} {names}, not {_given(breach.value)} ({type(breach.value).__name__})"


def _enum(breach: Breach) -> str:
    allowed = ", ".join(map(str, breach.limit))
    out = f" A newer value goes unchecked through extra={{{breach.path[0]!r}: …}}" if len(breach.path) == 1 else ""
    return f"{_given(breach.value)} is not one of {allowed}{nearest(breach.value, breach.limit) or '.'}{out}"


def _pattern(breach: Breach) -> str:
    if not str(breach.value).strip():
        return f"is blank ({_given(breach.value)}): write something"
    return f"{_given(breach.value)} does not match {breach.limit}"


def _bound(words: str) -> Callable[[Breach], str]:
    return lambda breach: f"must be {words} {breach.limit}, not {_given(breach.value)}"


def _count(words: str, verb: str) -> Callable[[Breach], str]:
    return lambda breach: f"has {len(breach.value)}{words} {breach.limit} {verb}"  # type: ignore[arg-type]


def _any_word(breach: Breach) -> str:
    return f"{_given(breach.value)} breaks {breach.word} {breach.limit!r}"


_SENTENCES: dict[str, Callable[[Breach], str]] = {
    "type": _type,
    "enum": _enum,
    "required": lambda _: "is missing, and required",
    "pattern": _pattern,
    "minLength": _count(" characters, at least", "needed: write something"),
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "maxLength": _count(", at most", "allowed"),
    "minItems": _count(", at least", "needed"),
    "maxItems": _count(", at most", "allowed"),
}
