"""One answer of the service in plain data, and the row of the document's `x-outcomes` that decides what it means."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from . import _document
from ._io import SUCCESSES, Answer, Broken, Fault
from ._links import without_queries
from ._retry import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._document import Json

_DEEPEST = 100
_NESTED = 4
"""JSON in a string of JSON: so often is it looked into for the key, once more than `plain` does."""
_MOST_DIGITS = 400
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_GARBLED = "\ufffd"
LONGEST_TASK_ID = 2048
"""Characters; a URL has room for no more."""


class Reading(NamedTuple):
    """What came back. Everything is optional: a fault has no status, an HTML page no payload."""

    fault: Literal["not_connected", "broken"] | None = None
    status: int | None = None
    payload: Json | None = None
    """The whole JSON object."""
    task: Json | None = None
    """The object that holds the task id: the payload, or the `data` in it."""
    is_error: bool = False
    code: str | None = None
    message: str = ""
    request_id: str | None = None
    retry_after: float | None = None
    location: str | None = None
    body: str = ""


def of_fault(fault: Fault) -> Reading:
    return Reading(fault="broken" if isinstance(fault, Broken) else "not_connected", message=str(fault))


def read(answer: Answer, redact: Callable[[str], str], now: float) -> Reading:
    """Never raises, whatever the body holds; `redact` takes the key out of every text."""
    sent = answer.body.decode("utf-8-sig", errors="replace")
    text = _redacted(sent, redact)
    found = _json(sent)
    if text != sent:  # not read from `text`: a key such as "1" stands for numbers too
        found = _mapped(found, lambda inner: _redacted(inner, redact))
    payload = found if isinstance(found, dict) else None
    code, message, is_error = _error(payload or {})
    task = _with_task_id(payload or {})
    if not message and (task is None or answer.status not in SUCCESSES):  # else nothing is wrong, and none is asked for
        message = _words(text, answer.broken)
    headers = answer.headers
    request_id = next((headers[name] for name in _document.request_id_headers() if headers.get(name)), None)
    return Reading(
        status=answer.status,
        payload=payload,
        task=task,
        is_error=is_error,
        code=code,
        message=without_queries(message),
        request_id=request_id and redact(request_id),
        retry_after=retry_after(headers, now),
        location=redact(headers["location"]) if "location" in headers else None,
        body=text[: 64 * 1024],
    )


def _redacted(text: str, redact: Callable[[str], str], levels: int = _NESTED) -> str:
    """The text without the key, also where JSON, and JSON in a string of it, hides the key behind escapes."""
    plainly = redact(text)
    if not levels or "\\" not in text:
        return plainly
    found = _json(text)
    clean = _mapped(found, lambda inner: _redacted(inner, redact, levels - 1))
    return plainly if clean == found else redact(json.dumps(clean, ensure_ascii=False))


def _json(text: str) -> object:
    """What the text holds, None where it is no JSON; what lies too deep to be worked with is None too."""
    try:
        found = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    too_deep = text.count("[") + text.count("{") > _DEEPEST
    return _mapped(found, _letters) if too_deep or ("\\u" in text and _SURROGATE.search(text)) else found


def _letters(text: str) -> str:
    """Halves of letters, which JSON can escape, as what they are: nothing that can be printed, stored or sent."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _no_number(_: str) -> None:
    """NaN is no JSON, and no reason to lose a task id that stands beside it."""


def _integer(digits: str) -> int | float:
    # Python refuses integers of more than 4300 digits: again no reason to lose a task id.
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_int=_integer)  # json.loads would make one each time


def _mapped(value: Any, text: Callable[[str], str], levels: int = _DEEPEST) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """The same JSON with every text as `text` makes it, cut where it is too deep."""
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, list | dict):
        return value
    if not levels:
        return None
    if isinstance(value, list):
        return [_mapped(item, text, levels - 1) for item in value]
    return {text(name): _mapped(item, text, levels - 1) for name, item in value.items()}


def _with_task_id(payload: Json) -> Json | None:
    for candidate in (payload, payload.get("data")):
        if isinstance(candidate, dict) and task_id_of(candidate):
            return candidate
    return None


def task_id_of(task: Json) -> str:
    """The id, "" where there is none that a path can hold."""
    found = task.get("task_id")
    text = str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""
    return text if fault_of_task_id(text) is None and _GARBLED not in text else ""


def fault_of_task_id(task_id: str) -> tuple[str, str, str] | None:
    """What keeps an id from being asked for: the rule, the words, and the id as it may be shown."""
    if not task_id.strip() or task_id in {".", ".."}:
        return "minLength", f"{task_id!r} is no task id: give the one that create returned", task_id
    if len(task_id) > LONGEST_TASK_ID:
        return "maxLength", f"has {len(task_id)} characters: give the task id that create returned", task_id[:80]
    try:
        task_id.encode()
    except UnicodeEncodeError:
        return "pattern", "is no text that a URL can hold: give the task id that create returned", ascii(task_id)
    return None


def _error(payload: Json) -> tuple[str | None, str, bool]:
    """Code and message, in shape A or B, and whether it is one of them."""
    inner = payload.get("error")
    if isinstance(inner, dict):
        code, said = _text(inner.get("code")), plain(_text(inner.get("message")) or _text(inner.get("type")) or "")
        return code, said, bool(code or said)
    if isinstance(inner, str) and inner:
        return _text(payload.get("code")), plain(inner), True
    code, message = _text(payload.get("code")), _text(payload.get("message"))
    is_error = code is not None and message is not None and code.lower() not in _document.success_codes()
    return code if is_error else None, plain(message or ""), is_error


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def plain(text: str) -> str:
    """The words in a message that may be the upstream's JSON as a string."""
    return plain_and_code(text)[0]


def plain_and_code(text: str, levels: int = 3) -> tuple[str, str | None]:
    """The same, and the code that stands beside the words."""
    inner = _inner_message(text) if levels and text.lstrip().startswith("{") else None
    if inner is None:
        return text, None
    words, code = plain_and_code(inner[0], levels - 1)
    return words, code or inner[1] or None  # an empty code is none


def _inner_message(text: str) -> tuple[str, str | None] | None:
    found = _json(text)
    if not isinstance(found, dict):
        return None
    inner = found.get("error")
    for candidate in (found, inner):
        if isinstance(candidate, dict) and isinstance(candidate.get("message"), str):
            return str(candidate["message"]), _text(candidate.get("code"))
    return (inner, _text(found.get("code"))) if isinstance(inner, str) else None


def _words(text: str, broken: str | None) -> str:
    """What a body without an error object says, in short: the title of an HTML page, or how it begins."""
    title = re.search(r"<title[^>]*>\s*([^<]{1,200})", text[:20_000], re.IGNORECASE)
    said = " ".join((title.group(1) if title else text[:200]).split())
    return "; ".join(part for part in (broken, said or "an empty answer") if part)


def outcome(operation_id: str, reading: Reading) -> Json:
    """The first row of the operation's `x-outcomes` that fits; a status that HTTP does not know is a broken answer."""
    rows: list[Json] = _document.operation(operation_id)["x-outcomes"]
    found = next((row for row in rows if _fits(row, reading)), None)
    return found or next(row for row in rows if row.get("fault") == "broken")


def _fits(row: Json, reading: Reading) -> bool:
    if reading.fault or "fault" in row:
        return bool(reading.fault == row.get("fault"))
    status, statuses = str(reading.status), row["statuses"]
    return (
        (status in statuses or f"{status[:1]}XX" in statuses)
        and {None: True, "task": reading.task is not None, "error": reading.is_error}[row.get("body")]
        and ("says" not in row or _says(row["says"], reading))
    )


def _says(says: Json, reading: Reading) -> bool:
    if (reading.code or "").lower() in says["codes"]:
        return True
    found = "message" in says and re.search(says["message"], reading.message[:2000], re.IGNORECASE | re.DOTALL)
    return bool(found)
