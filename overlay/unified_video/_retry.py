"""How often a request is tried, and how long to pause between two tries. What may be sent again, the document says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ._errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_RETRY_AFTER = 60.0
"""Seconds. A service that asks for more is not waited for: the caller decides."""

LONGEST = 1e9
"""Seconds, 31 years; what Python cannot sleep for begins not far above."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Tries of one create, retrieve or download. `attempts` counts the first: 1 is off. `base` and `cap` are seconds.

    A create is tried again only where it was surely not accepted.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = 8.0

    def __post_init__(self) -> None:
        if not isinstance(self.attempts, int) or isinstance(self.attempts, bool) or self.attempts < 1:
            raise ConfigurationError(f"Retry: attempts must be an integer from 1, not {self.attempts!r}; 1 is off")
        for name, seconds in (("base", self.base), ("cap", self.cap)):
            if not is_seconds(seconds):
                raise ConfigurationError(f"Retry: {name} must be seconds, 0 or more, not {seconds!r}")


def is_seconds(value: object) -> bool:
    """Whether this is a length of time: a number, not negative, and not endless."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST


def delay(retry: Retry, attempt: int, jitter: float, retry_after: float | None = None) -> float:
    """Seconds to sleep before `attempt`, the first retry being 2; `jitter` is 0 to 1 and only adds.

    The longer of back-off and Retry-After: a shorter sleep earns another 429.
    """
    doublings = min(attempt - 2, 30)  # 2.0 ** 1024 is an OverflowError
    pause = min(retry.cap, retry.base * 2.0**doublings) * (1 + jitter / 4)
    return max(pause, retry_after or 0.0)


def poll_delay(pauses: Sequence[float], poll: int, jitter: float, retry_after: float | None = None) -> float:
    """Seconds to sleep after `poll`, the first being 1; `jitter` is 0 to 1 of the share that the document allows."""
    pause = pauses[min(poll, len(pauses)) - 1] * (1 + jitter)
    return max(pause, retry_after or 0.0)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The pause that the service asks for, in seconds; a date is held against the answer's own Date, else `now`."""
    value = headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdigit() and value.isascii():
        return min(float(value), LONGEST)
    until = _timestamp(value)
    return None if until is None else max(0.0, until - (_timestamp(headers.get("date", "")) or now))


def _timestamp(date: str) -> float | None:
    if not date:
        return None
    try:
        found = parsedate_to_datetime(date)
        # HTTP means UTC, also where a date does not say so.
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
