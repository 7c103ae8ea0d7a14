"""How much a model may be asked for: tasks at once, and creates a minute, spread over the minute."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unified_video._capabilities import models

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW = 61.0
"""Seconds over which a minute's creates are spread: clocks and networks are not exact."""
LATE = 0.9
"""Seconds of delay that are made up for. With WINDOW, no 60 seconds ever hold more than a minute's share."""
_SLOWEST = 1 / 64
_GAIN = 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    """Of one model. Times are seconds on one clock."""

    slots: int
    per_minute: int
    pace: float = 1.0
    """Share of `per_minute` that the service bears: halved by a refusal, a little more with each create taken."""
    opens: float = 0.0
    """When the next create may be sent."""
    refused: int = 0
    """Pauses since a create was answered otherwise."""
    slowed_at: float = -math.inf

    def sent(self, now: float) -> Limit:
        return replace(self, opens=max(self.opens, now - LATE) + WINDOW / (self.per_minute * self.pace))

    def answered(self) -> Limit:
        """Additive increase."""
        return replace(self, pace=min(1.0, self.pace + _GAIN), refused=0)

    def slowed(self, now: float, sent_at: float, retry_after: float | None) -> Limit:
        """Multiplicative decrease, after 429 or where no connection was made; the longer of our pause and Retry-After.

        Several creates on their way at once are slowed down for once.
        """
        if sent_at < self.slowed_at:
            return replace(self, opens=max(self.opens, now + (retry_after or 0.0)))
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self.refused, 10))
        return replace(
            self,
            pace=max(_SLOWEST, self.pace / 2),
            opens=max(self.opens, now + max(pause, retry_after or 0.0)),
            refused=self.refused + 1,
            slowed_at=now,
        )


def limit_of(model: str, max_concurrent: int | None = None, per_minute: int | None = None) -> Limit:
    """The document's limits, or lower ones. For a model that the document does not know: its strictest."""
    known = models()
    meant = [found for found in known if found.id == model] or list(known)
    return Limit(
        slots=_lowest([*(found.max_concurrent for found in meant), max_concurrent], 1),
        per_minute=_lowest([*(found.requests_per_minute for found in meant), per_minute], 60),
    )


def _lowest(numbers: Iterable[int | None], unknown: int) -> int:
    return min((number for number in numbers if number is not None), default=unknown)
