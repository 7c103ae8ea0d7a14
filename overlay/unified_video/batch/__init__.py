"""Many videos: from a manifest to files, through anything, and never paid for twice.

    from unified_video.batch import run

    requests = [{"key": "cat", "prompt": "a cat dancing"}, {"key": "dog", "prompt": "a dog singing"}]
    report = run(requests, output="videos/")

On several machines, with a ledger in PostgreSQL: `init` makes its tables, `arun(…, ledger="postgresql://…")` and
`worker` work on it; `enter` and `advance` are for an engine of your own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._entries import Figures
from ._report import Progress, Report, ReportRow
from ._run import arun, check, run

if TYPE_CHECKING:
    from ._advance import aadvance, advance
    from ._together import enter, init, worker

__all__ = [
    "Figures",
    "Progress",
    "Report",
    "ReportRow",
    "aadvance",
    "advance",
    "arun",
    "check",
    "enter",
    "init",
    "run",
    "worker",
]

_SHARED = {
    "aadvance": "_advance",
    "advance": "_advance",
    "enter": "_together",
    "init": "_together",
    "worker": "_together",
}


def __getattr__(name: str) -> object:
    """What needs the extra `batch` is loaded when it is asked for."""
    if name not in _SHARED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_SHARED[name]}"), name)
