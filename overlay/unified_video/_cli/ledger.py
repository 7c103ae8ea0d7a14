"""`tasks` and `resume`: what the ledger holds, settled by hand and gone on with."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from unified_video._ledger import open_ledger, read_ledger

from .client import connected, ledger_there
from .progress import Progress, seconds, seen
from .show import DONE, FAILED, LATE, UNCERTAIN, WRONG, Result, Session, message_of, say, status_of, typed
from .tables import of_rows, prompt_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from unified_video._client import UnifiedVideo
    from unified_video._ledger.row import LedgerRow
    from unified_video._resume import Ended

_WORST_FIRST = (UNCERTAIN, FAILED, WRONG, LATE, DONE)


def tasks(
    session: Session, *, accept: Sequence[tuple[str, str]], forget: Sequence[str], resend: Sequence[str]
) -> Result:
    """List what the ledger holds. What is uncertain may have been charged: look in your account, then settle it."""
    where = ledger_there(session)
    if accept or forget or resend:
        _settle(where, accept, forget, resend)
    rows = () if where is None else read_ledger(where)
    if not rows:
        say("the ledger holds nothing")
    _explain(session, rows)
    _tell_of_new(session, rows)
    return Result(of_rows(rows), {"tasks": rows})


def _settle(
    where: str | Path | None, accept: Sequence[tuple[str, str]], forget: Sequence[str], resend: Sequence[str]
) -> None:
    from unified_video import _settle as settle
    from unified_video._errors import ConfigurationError

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


def _explain(session: Session, rows: Iterable[LedgerRow]) -> None:
    """Of what is uncertain: what is known, and what to do."""
    uncertain = [row for row in rows if row.state == "uncertain"]
    for row in uncertain:
        sent = (row.sent_at or row.created_at).astimezone()
        ways = f"{typed(session, 'tasks')} --accept {row.key} TASK_ID, --resend {row.key} or --forget {row.key}"
        say(f"{row.key} is uncertain: {row.error or 'no answer came'}")
        say(f"  sent {sent:%Y-%m-%d %H:%M:%S} to {row.base_url}: {prompt_of(row)!r}")
        say(f"  settle it: {ways}")
    if uncertain:
        say("what is uncertain may have been accepted and charged: look in your account for a task of that time.")
        say("--accept it where it is there, --resend it where it surely is not, --forget it to give it up")


def _tell_of_new(session: Session, rows: Iterable[LedgerRow]) -> None:
    new = sum(row.state == "new" for row in rows)
    if new:
        sends, gives_up = typed(session, "resume"), typed(session, "tasks", "--forget", "ROW")
        say(f"to be sent: {new}; go on with: {sends} (or give one up: {gives_up})")


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
    _explain(session, uncertain)
    statuses = {DONE, *(status_of(end.error) for end in ended if end.error), *(UNCERTAIN for _ in uncertain)}
    told = [
        _with_error(row, worked.get(row.key))
        for row in rows
        if row.key in worked or row.state not in {"done", "failed"}
    ]
    paths = [str(end.video.path or end.video.task_id) for end in ended if end.video]
    return Result("\n".join(paths), {"tasks": told}, next(status for status in _WORST_FIRST if status in statuses))


def _worked(client: UnifiedVideo, session: Session, timeout: float) -> list[Ended]:
    """What came of the rows that were not in other hands."""
    from unified_video._io import run
    from unified_video._ledger.record import RowTaken
    from unified_video._resume import Told, unfinished, workable
    from unified_video._resume import resume as resume_rows

    ledger = client._book.ledger  # type: ignore[union-attr] # noqa: SLF001 - the same package; made with a ledger
    rows = unfinished(ledger)
    base_url = client._settings.base_url  # noqa: SLF001
    for row in rows:
        if row.base_url != base_url:
            say(f"{row.key} ({row.state}) is of another service: go on with --base-url {row.base_url}")
    with Progress() as progress:
        told = Told(seen(session, progress), progress.bytes, partial(_tell_of_end, progress))
        core = client._core  # noqa: SLF001
        ended = run(resume_rows(core, ledger, workable(rows, base_url), seconds(timeout), told))
    return [end for end in ended if not isinstance(end.error, RowTaken)]


def _tell_of_end(progress: Progress, ended: Ended) -> None:
    from unified_video._ledger.record import RowTaken

    progress.over(well=ended.error is None)
    if isinstance(ended.error, RowTaken):
        say(f"{ended.row.key} is in the hands of another process")
    elif ended.error is not None:
        say(f"{ended.row.key}: {message_of(ended.error)}", "error")


def _with_error(row: LedgerRow, end: Ended | None) -> LedgerRow:
    return replace(row, error=str(end.error)) if end and end.error and not row.error else row
