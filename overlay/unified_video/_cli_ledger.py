"""`tasks` and `resume`: what the ledger holds, settled by hand and gone on with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ._cli_client import connected, ledger_there
from ._cli_progress import Progress, seconds, seen
from ._cli_show import DONE, FAILED, LATE, UNCERTAIN, WRONG, Result, Session, message_of, say, status_of
from ._cli_tables import of_rows
from ._ledger import open_ledger, read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ._client import UnifiedVideo
    from ._ledger import LedgerRow
    from ._resume import Ended

_WORST_FIRST = (UNCERTAIN, FAILED, WRONG, LATE, DONE)


def tasks(
    session: Session, *, accept: Sequence[tuple[str, str]], forget: Sequence[str], resend: Sequence[str]
) -> Result:
    """List what the ledger holds. What is uncertain may have been charged: look in your account, then settle it."""
    where = ledger_there(session)
    if accept or forget or resend:
        _settle(where, accept, forget, resend)
    rows = () if where is None else read_ledger(where)
    _explain(row for row in rows if row.state == "uncertain")
    return Result(of_rows(rows), {"tasks": rows})


def _settle(
    where: str | Path | None, accept: Sequence[tuple[str, str]], forget: Sequence[str], resend: Sequence[str]
) -> None:
    from . import _settle as settle
    from ._errors import ConfigurationError

    if where is None:
        raise ConfigurationError("there is no ledger yet, so there is nothing to settle")
    ledger = open_ledger(where)
    try:
        for key, task_id in accept:
            settle.accept(ledger, key, task_id)
        for key in forget:
            settle.forget(ledger, key)
        for key in resend:
            settle.resend(ledger, key)
    finally:
        ledger.close()


def _explain(uncertain: Iterable[LedgerRow]) -> None:
    for row in uncertain:
        say(f"{row.key} is uncertain: {row.error or 'no answer came'}")
        say(f"  settle it: unified-video tasks --accept {row.key} TASK_ID, --forget {row.key} or --resend {row.key}")


def resume(session: Session, *, timeout: float) -> Result:
    """Go on with what the ledger holds unfinished: send what is new, wait for what runs, fetch what has succeeded."""
    where = ledger_there(session)
    if where is None:
        say("there is nothing to go on with")
        return Result("", {"tasks": []})
    with connected(session, where) as client:
        ended = _worked(client, session, timeout)
    rows = read_ledger(where)
    worked = {end.row.key: end for end in ended}
    uncertain = [row for row in rows if row.state == "uncertain"]
    _explain(uncertain)
    statuses = {DONE, *(status_of(end.error) for end in ended if end.error), *(UNCERTAIN for _ in uncertain)}
    told = [
        _with_error(row, worked.get(row.key))
        for row in rows
        if row.key in worked or row.state not in {"done", "failed"}
    ]
    paths = [str(end.video.path or end.video.task_id) for end in ended if end.video]
    return Result("\n".join(paths), {"tasks": told}, next(status for status in _WORST_FIRST if status in statuses))


def _worked(client: UnifiedVideo, session: Session, timeout: float) -> list[Ended]:
    from ._resume import unfinished, workable

    ledger = client._book.ledger  # type: ignore[union-attr] # noqa: SLF001 - the same package; made with a ledger
    rows = unfinished(ledger)
    base_url = client._settings.base_url  # noqa: SLF001
    for row in rows:
        if row.base_url != base_url:
            say(f"{row.key} ({row.state}) is of another service: go on with --base-url {row.base_url}")
    return [end for row in workable(rows, base_url) if (end := _one(client, session, row, timeout))]


def _one(client: UnifiedVideo, session: Session, row: LedgerRow, timeout: float) -> Ended | None:
    from ._io import run
    from ._resume import Told
    from ._resume import resume as resume_row

    session.task_id = row.task_id
    with Progress() as progress:
        told = Told(seen(session, progress), progress.bytes)
        ledger = client._book.ledger  # type: ignore[union-attr] # noqa: SLF001
        ended = run(resume_row(client._core, ledger, row, seconds(timeout), told))  # noqa: SLF001
    if ended is None:
        say(f"{row.key} is in the hands of another process")
    elif ended.error is not None:
        say(f"{row.key}: {message_of(ended.error)}", "error")
    return ended


def _with_error(row: LedgerRow, end: Ended | None) -> LedgerRow:
    return replace(row, error=str(end.error)) if end and end.error and not row.error else row
