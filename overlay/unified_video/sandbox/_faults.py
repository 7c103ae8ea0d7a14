"""`Fault`: one thing that goes wrong, as data; and the script that says which request meets it."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Operation = Literal["create", "query", "media"]
Body = Literal["A", "B", "html", "empty", "garbage", "cut", "wrapped"]
Drop = Literal["connect", "read", "answer"]
Link = Literal[
    "output", "list", "object", "outputs", "video_url", "url", "download_url", "content", "fail_reason", "none"
]

_REDIRECT = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. Every field is optional; what is left out stays as it should be.

    Which requests meet it:

    - `operation`: `create`, `query`, or `media` (a download of the video or the last frame).
    - `times`: how many requests meet it, one after the other; None is every one.
    - `skip`: how many pass before the first that meets it.
    - `prompt`: only tasks whose prompt holds this text.

    What becomes of the answer:

    - `status`: the status code, three digits. Without it, that of the true answer.
    - `body`: by default `A` where `status` is an error, nothing where it is a redirect, else the true answer.
        - `A`: `{"error": {…}}`. `B`: `{"code", "message", "data"}`. `html`, `empty`.
        - `garbage`: bytes that are no JSON. `cut`: the true answer broken off, in a whole HTTP message.
        - `wrapped`: the true answer as the `data` of `{"code", "message", "data"}`.
    - `text`: the body itself, word for word, in place of `body`.
    - `code`, `message`: what the shapes A and B say; a message may be JSON in a string, as the upstream's often is.
    - `headers`: more headers, as a mapping or as pairs. `retry_after`: seconds, or the header's text.
      `location`: for a redirect.
    - `delay`: seconds before the status line. `drip`: the body comes in 16 pieces, so many seconds apart.
    - `drop`: the connection is cut.
        - `connect`: before anything is read. (Over a socket the request has been read by then, since it says which
          operation it is; the client sees a reset, and cannot know that nothing was done.)
        - `read`: after the request was read. `answer`: in the middle of the answer's body.

    What becomes of the work:

    - `accepted`: whether a create starts its task although the answer is a fault. By default it does, unless
      `status` or `drop` is set. `Sandbox.accepted` counts these.

    What becomes of the task. On `create` it holds for the whole task, on `query` for that answer alone:

    - `reason`: the task fails at its end, and says this.
    - `task_status`: the status word, listed or not, at once; one that means success only at the end.
    - `link`: where a success has its video: `output`, `list` and `object` (both in `output`), `outputs`, `video_url`,
      `url`, `download_url`, `content` (`content.video_url`), `fail_reason`, or `none` for a success without a video.
    - `expired`: on `media`, this link is dead from now on (`status`, by default 403); the next query gives a new one.
    """

    operation: Operation = "create"
    times: int | None = 1
    skip: int = 0
    prompt: str = ""
    status: int | None = None
    body: Body | None = None
    text: str | bytes | None = None
    code: str = "sandbox_fault"
    message: str = "the sandbox was told to answer so"
    headers: tuple[tuple[str, str], ...] | Mapping[str, str] = ()
    retry_after: float | str | None = None
    location: str | None = None
    delay: float = 0.0
    drip: float = 0.0
    drop: Drop | None = None
    accepted: bool | None = None
    reason: str | None = None
    task_status: str | None = None
    link: Link | None = None
    expired: bool = False

    def __post_init__(self) -> None:
        pairs = self.headers if isinstance(self.headers, tuple) else tuple(self.headers.items())
        object.__setattr__(self, "headers", pairs)
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"Fault.{name} is {getattr(self, name)!r}: choose one of {_listed(allowed)}")
        for name, holds, words in _CHECKS:
            if not holds(getattr(self, name)):
                raise ValueError(f"Fault.{name} is {getattr(self, name)!r}: give {words}")

    @property
    def is_accepted(self) -> bool:
        if self.accepted is None:
            return self.status is None and self.drop is None
        return self.accepted

    @property
    def hides_answer(self) -> bool:
        """Whether nothing of the true answer is seen, so that it needs not be made."""
        kept = self.body in {"cut", "wrapped"}
        replaced = self.text is not None or self.body is not None or (self.status or 0) >= _REDIRECT
        return self.drop in {"connect", "read"} or (replaced and not kept)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All headers that it adds."""
        found = dict(self.headers)
        if self.retry_after is not None:
            text = self.retry_after if isinstance(self.retry_after, str) else f"{self.retry_after:g}"
            found["Retry-After"] = text
        if self.location is not None:
            found["Location"] = self.location
        return tuple(found.items())


def _listed(allowed: Iterable[object]) -> str:
    return ", ".join(repr(value) for value in allowed)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_ALLOWED: dict[str, tuple[object, ...]] = {
    "operation": get_args(Operation),
    "body": (None, *get_args(Body)),
    "drop": (None, *get_args(Drop)),
    "link": (None, *get_args(Link)),
}
_CHECKS = (
    ("times", lambda value: value is None or _is_count(value), "a whole number, or None for always"),
    ("skip", _is_count, "a whole number"),
    ("prompt", _is_text, "a text"),
    (
        "status",
        lambda value: value is None or (_is_count(value) and 200 <= value <= 999),  # noqa: PLR2004 - three digits
        "a status code of three digits, from 200",
    ),
    ("text", lambda value: isinstance(value, str | bytes | None), "a text or bytes"),
    ("code", _is_text, "a text"),
    ("message", _is_text, "a text"),
    (
        "headers",
        lambda value: all(_is_text(name) and _is_text(text) and "\n" not in name + text for name, text in value),
        "names and values without line breaks",
    ),
    ("retry_after", lambda value: isinstance(value, str | None) or _is_seconds(value), "seconds, or a text"),
    ("location", lambda value: isinstance(value, str | None), "a URL"),
    ("delay", _is_seconds, "seconds"),
    ("drip", _is_seconds, "seconds"),
    ("accepted", lambda value: isinstance(value, bool | None), "True, False or None"),
    ("reason", lambda value: isinstance(value, str | None), "a text"),
    ("task_status", lambda value: isinstance(value, str | None), "a text"),
    ("expired", _is_flag, "True or False"),
)
_NAMES = [field.name for field in dataclasses.fields(Fault)]


def from_json(data: object) -> Fault:
    """A fault from a JSON object with the names of its fields; ValueError says what is wrong."""
    if not isinstance(data, dict):
        raise ValueError(f"a fault is an object, not {data!r}")  # noqa: TRY004 - one error for all that is wrong in it
    unknown = [name for name in data if name not in _NAMES]
    if unknown:
        raise ValueError(f"a fault has no {', '.join(unknown)}: it has {', '.join(_NAMES)}")
    try:
        return Fault(**data)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def to_json(fault: Fault) -> dict[str, object]:
    """Only what was set; `text` as a string."""
    found = {name: getattr(fault, name) for name in _NAMES if getattr(fault, name) != getattr(_PLAIN, name)}
    if isinstance(fault.text, bytes):
        found["text"] = fault.text.decode("utf-8", "replace")
    if fault.headers:
        found["headers"] = dict(fault.headers)
    return {"operation": fault.operation, **found}


_PLAIN = Fault()
_IN_PROMPT = re.compile(r"\[fault:([^\]]*)\]")


def in_prompt(prompt: str) -> tuple[Fault, ...]:
    """The faults that a prompt asks for, such as `a cat [fault:504 accepted=true]`; ValueError where it makes no sense.

    A bare number is the status, `name=value` any field; a value is JSON or plain text, in quotes where it has spaces.
    """
    return tuple(_of_words(words, prompt) for words in _IN_PROMPT.findall(prompt))


def _of_words(words: str, prompt: str) -> Fault:
    data: dict[str, object] = {}
    for word in shlex.split(words):
        name, equals, value = word.partition("=")
        data.update({name: _value(value)} if equals else {"status": _value(name)})
    return from_json({**data, "prompt": prompt})


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


@dataclass(slots=True)
class _Entry:
    fault: Fault
    skip: int
    left: float


class Script:
    """The faults that are still to come, in their order. Not safe to share: its owner holds a lock."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._entries: list[_Entry] = []
        self._prompts: set[str] = set()
        self.add(faults)

    def add(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            times = math.inf if fault.times is None else fault.times
            self._entries.append(_Entry(fault, fault.skip, times))

    def add_of_prompt(self, prompt: str) -> None:
        """Once for each prompt: the same prompt sent again meets what is left of its faults."""
        if prompt not in self._prompts and (found := in_prompt(prompt)):
            self.add(found)
            self._prompts.add(prompt)

    def clear(self) -> None:
        self._entries.clear()

    @property
    def left(self) -> tuple[Fault, ...]:
        return tuple(entry.fault for entry in self._entries if entry.left)

    def take(self, operation: str, prompt: str) -> Fault | None:
        """The fault that this request meets: the first that fits and is not used up."""
        for entry in self._entries:
            fits = entry.fault.operation == operation and entry.fault.prompt in prompt and entry.left
            if fits and entry.skip:
                entry.skip -= 1
            elif fits:
                entry.left -= 1
                return entry.fault
        return None
