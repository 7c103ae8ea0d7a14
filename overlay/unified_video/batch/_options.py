"""How a batch is to be run, checked once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unified_video import _document
from unified_video._errors import ConfigurationError
from unified_video._settle import FORGOTTEN

if TYPE_CHECKING:
    from ._report import Progress

OnFile = Callable[[str, Path], object]


@dataclass(frozen=True, slots=True)
class Options:
    max_concurrent: int | None = None
    per_minute: int | None = None
    max_failures: int | None = None
    stop_on: str | Sequence[str] = ()
    retry_failed: Mapping[str, int] | str | Sequence[str] = ()
    timeout: float | None = None
    on_file: OnFile | None = None
    on_update: Callable[[Progress], object] | None = None
    stop: Callable[[], bool] | None = None

    def __post_init__(self) -> None:
        for name in ("max_concurrent", "per_minute", "max_failures"):
            number = getattr(self, name)
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
                raise ConfigurationError(f"{name} must be an integer from 1, not {number!r}")
        if self.timeout is not None and not 0 <= self.timeout < math.inf:
            raise ConfigurationError(f"timeout must be seconds from 0, and a batch ends: not {self.timeout!r}")

    @property
    def longest(self) -> float:
        """Seconds that a task may take: then it is not asked for any more, and the slot of an uncertain row is free."""
        return float(_document.polling()["timeout_seconds"]) if self.timeout is None else self.timeout

    def stops_on(self, error: str) -> bool:
        return any(names(reason, error) for reason in listed(self.stop_on))

    def retries(self, error: str) -> int:
        """How often a row that failed so is sent again. What a person gave up is not: it may have been paid for."""
        if error == FORGOTTEN:
            return 0
        return max((times for reason, times in self.retry_times.items() if names(reason, error)), default=0)

    @property
    def retry_times(self) -> dict[str, int]:
        wanted = self.retry_failed
        return dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(listed(wanted), 1)


def listed(reasons: str | Sequence[str]) -> list[str]:
    """One reason is a list of one, and not of its letters."""
    return [reasons] if isinstance(reasons, str) else list(reasons)


def names(reason: str, error: str) -> bool:
    """Whether a reason (`all`, the name of an error, or the service's own code) means this error of the ledger."""
    wanted = reason.strip().lower()
    kind, code = error.partition(":")[0], re.search(r"\[([^\]]+)\]", error)
    return wanted in {"all", kind.lower(), code.group(1).lower() if code else kind.lower()}
