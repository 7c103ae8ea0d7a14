"""Models and rows of a ledger, laid out for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unified_video._ledger.row import LedgerRow
    from unified_video._models import ModelInfo

_LONGEST = 50
"""Characters of a prompt that are shown in one line."""


def of_models(models: Sequence[ModelInfo]) -> str:
    """A block for each model: their names are too long for columns."""
    return "\n\n".join(map(_block, models))


def _block(model: ModelInfo) -> str:
    facts = {
        "takes": ", ".join(mode.replace("_", " ") for mode in model.modes),
        "resolutions": ", ".join(model.resolutions),
        "ratios": ", ".join(model.ratios),
        "seconds": ", ".join(map(str, model.durations)),
        "limits": _limits(model),
    }
    lines = [f"  {name:<12} {value}" for name, value in facts.items() if value]
    return "\n".join([f"{model.id}  ({model.title})", *lines])


def _limits(model: ModelInfo) -> str:
    found = ((model.requests_per_minute, "requests a minute"), (model.max_concurrent, "tasks at once"))
    return ", ".join(f"{number} {words}" for number, words in found if number is not None)


def of_rows(rows: Sequence[LedgerRow]) -> str:
    cells = [
        (row.key, row.state, row.task_id or "-", f"{row.created_at.astimezone():%Y-%m-%d %H:%M}", _about(row))
        for row in rows
    ]
    return table([("ROW", "STATE", "TASK", "CREATED", "FILE, PROMPT, OR WHY IT FAILED"), *cells]) if cells else ""


def _about(row: LedgerRow) -> str:
    if row.state == "failed" and row.error:
        return _line(row.error, 2 * _LONGEST)
    return _line(row.path, len(row.path)) if row.path else prompt_of(row)


def prompt_of(row: LedgerRow) -> str:
    """Its beginning, as a line's rest."""
    return _line(str(row.request.get("prompt", "")), _LONGEST)


def _line(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
