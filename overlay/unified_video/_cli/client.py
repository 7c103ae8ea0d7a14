"""The client behind a command: where its ledger lies, and the private sandbox in place of the service."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unified_video._errors import ConfigurationError
from unified_video._settings import LEDGER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem

    from unified_video._client import UnifiedVideo
    from unified_video.sandbox import Sandbox

    from .show import Session

SANDBOX_SECONDS = 1.0
"""How long a task takes in the sandbox: enough for progress to be seen."""

SANDBOX_KEY, SANDBOX_URL = "any-key-will-do", "http://localhost"  # never looked up: the sandbox is the transport


def ledger_of(session: Session) -> str | Path | None:
    """Where tasks are written down; None for nowhere."""
    if session.ledger and session.no_ledger:
        raise click.UsageError("--ledger and --no-ledger exclude each other")
    if session.no_ledger or session.sandbox:
        return None
    return session.ledger or os.environ.get(LEDGER_VARIABLE, "").strip() or _own_ledger()


def _own_ledger() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("unified-video")) / "ledger.sqlite3"


def ledger_there(session: Session) -> str | Path | None:
    """The ledger, if there is one to read; a missing one that was named by an option is an error."""
    from unified_video._ledger import file_of, is_postgres

    where = ledger_of(session)
    if where is None or is_postgres(where) or file_of(where).exists():
        return where
    if session.ledger:
        raise ConfigurationError(f"there is no ledger at {session.ledger}: check the path")
    return None


def known_tasks(context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem | str]:
    """What a shell offers for a task id: those of the ledger, the newest first."""
    from unified_video._errors import UnifiedVideoError
    from unified_video._ledger import read_ledger

    from .show import Session

    given = {name: context.params.get(name) or None for name in ("ledger", "no_ledger", "sandbox")}
    try:
        where = ledger_there(Session(**given))  # type: ignore[arg-type] # as the options gave them
        rows = () if where is None else read_ledger(where)
    except (UnifiedVideoError, OSError, click.UsageError):  # a shell wants no message
        return []
    return [row.task_id for row in reversed(rows) if row.task_id and row.task_id.startswith(start)]


@contextmanager
def connected(session: Session, ledger: str | Path | None) -> Iterator[UnifiedVideo]:
    """A client, closed at the end."""
    from unified_video._client import UnifiedVideo

    if session.sandbox:
        with (
            sandbox() as made,
            UnifiedVideo(
                api_key=SANDBOX_KEY, base_url=SANDBOX_URL, transport=made.transport, strict=session.strict
            ) as client,
        ):
            yield _without_ledger(client)
        return
    with UnifiedVideo(base_url=session.base_url, strict=session.strict, ledger=ledger) as client:
        yield _without_ledger(client) if ledger is None else client


def _without_ledger(client: UnifiedVideo) -> UnifiedVideo:
    """Not even where the environment names one."""
    from unified_video._io import SystemClock

    client._book = None  # noqa: SLF001 - the same package; None as an argument means the environment's
    client._use_clock(SystemClock())  # noqa: SLF001
    return client


def sandbox() -> Sandbox:
    """One of this command's own. Asks for what makes the video at once, not when the task is done."""
    missing = [name for name in ("av", "PIL") if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        raise ConfigurationError(f"the sandbox needs {needed}: pip install 'unified-video[sandbox]'")
    from unified_video.sandbox import Sandbox

    return Sandbox(seconds=SANDBOX_SECONDS)
