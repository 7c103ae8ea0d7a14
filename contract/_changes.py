"""What a change of the document means to those who use it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["wording", "addition", "breaking"]
Side = Literal["request", "answer"]

LEVELS: tuple[Level, ...] = ("wording", "addition", "breaking")
_BUMPS = {"wording": "patch", "addition": "minor", "breaking": "major"}


@dataclass(frozen=True, slots=True)
class Change:
    """`level` is what it asks of the version: wording a patch, an addition a minor, what breaks a major version."""

    level: Level
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.level} ({_BUMPS[self.level]} version): {self.place}: {self.what}"


Changes = Iterator[Change]


def narrower(place: str, what: str, side: Side) -> Change:
    """Fewer values are taken or given: what was sent may be refused now; what is read is still understood."""
    return Change("breaking" if side == "request" else "addition", place, what)


def wider(place: str, what: str, side: Side) -> Change:
    return Change("breaking" if side == "answer" else "addition", place, what)


def highest(changes: Sequence[Change]) -> Level | None:
    found = {change.level for change in changes}
    return next((level for level in reversed(LEVELS) if level in found), None)
