"""What the command line prints: results on stdout, messages on stderr, errors as lines and exit statuses."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import os
import re
import shlex
import sys
import warnings
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unified_video._errors import (
    ConfigurationError,
    InvalidRequest,
    SubmissionUncertain,
    TaskFailed,
    TaskNotFound,
    UnifiedVideoError,
    UnifiedVideoWarning,
    WaitTimeout,
)
from unified_video._models import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DONE, FAILED, WRONG, UNCERTAIN, LATE, INTERRUPTED = 0, 1, 2, 3, 4, 130

_STATUSES: tuple[tuple[type[BaseException], int], ...] = (
    (KeyboardInterrupt, INTERRUPTED),
    (click.UsageError, WRONG),
    (ConfigurationError, WRONG),
    (InvalidRequest, WRONG),
    (SubmissionUncertain, UNCERTAIN),
    (WaitTimeout, LATE),
)

_IN_THIS_LANGUAGE = (
    # What messages say of keywords in Python, said of options.
    (r"(?m)^(- row .*)extra=\{'([^']*)': …\}", r'\1the column extra: {"\2": JSON}'),
    (r"extra=\{'([^']*)': …\}", r"--extra '\1=JSON'"),
    (r",? or (pass )?api_key=…", ""),
    (r"\bbase_url=…", "--base-url"),
    (r"give another path, or mend that one", "give another --ledger PATH, or --no-ledger"),
    (r"\bno base_url\b", "no base URL"),
    (r"\bno api_key\b", "no key"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command came to: `text` for people and pipes, `data` for `--json`."""

    text: str
    data: object
    status: int = DONE


@dataclass(slots=True)
class Session:
    """One run of the command: what was asked for in general, and the task that it came to."""

    json: bool = False
    sandbox: bool = False
    base_url: str | None = None
    ledger: str | None = None
    no_ledger: bool = False
    strict: bool = False
    command: str = ""
    output: str | None = None
    task_id: str | None = None


def status_of(error: BaseException) -> int:
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), FAILED)


def message_of(error: BaseException) -> str:
    """One line, but for the list of violations."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = _words(error)
    for pattern, words in _IN_THIS_LANGUAGE:
        text = re.sub(pattern, words, text)
    return text or type(error).__name__


def _words(error: BaseException) -> str:
    if isinstance(error, click.UsageError):
        return error.format_message()
    if isinstance(error, OSError) and error.filename is not None and not isinstance(error, UnifiedVideoError):
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error)


def report(error: BaseException, session: Session) -> int:
    """Tells of an error on stderr, and for `--json` on stdout too; the exit status."""
    message = message_of(error)
    task_id = getattr(error, "task_id", None) or session.task_id
    say(message, "error" if status_of(error) != INTERRUPTED else "")
    for line in (*getattr(error, "__notes__", ()), *_hints(error, session), *_ways_on(error, session, task_id)):
        say(line)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        say(f"{error.ctx.get_usage()}\nsee `{error.ctx.command_path} --help`")
    if session.json:
        out(dump({"error": {"type": type(error).__name__, "message": message, "task_id": task_id}}))
    return status_of(error)


_MAKING = {"create", "generate"}


def _hints(error: BaseException, session: Session) -> list[str]:
    """What a newcomer most likely meant."""
    if isinstance(error, click.UsageError):
        command = error.ctx.info_name if error.ctx else None
        if command in _MAKING and "extra argument" in error.message:
            return ['a prompt of several words stands in quotes: "a cat dancing"']
    if session.sandbox and isinstance(error, TaskNotFound):
        return [
            "a private sandbox forgets its tasks when its command ends: `unified-video sandbox` serves one that stays"
        ]
    if isinstance(error, ConfigurationError) and session.command in _MAKING and "environment variable" in str(error):
        return ["to try it without a key, on this machine: add --sandbox"]
    return []


_FINAL = (TaskFailed, TaskNotFound, InvalidRequest, ConfigurationError, click.UsageError)


def _ways_on(error: BaseException, session: Session, task_id: str | None) -> list[str]:
    """What to type next. A private sandbox has gone with its tasks."""
    if session.sandbox:
        return []
    if isinstance(error, SubmissionUncertain):
        return [f"settle it once you know, see: {typed(session, 'tasks')}"] if keeps_ledger(session) else []
    if not task_id or isinstance(error, _FINAL):
        return []
    wait = typed(session, "wait", task_id)
    fetch = typed(session, "download", task_id, "-o", session.output or "FILE.mp4")
    again = typed(session, "resume")
    commands = [again] if session.command == "resume" else [wait, fetch]
    if session.command == "generate" and keeps_ledger(session):
        commands.append(again)
    return ["go on with:", *(f"  {command}" for command in commands)]


def keeps_ledger(session: Session) -> bool:
    return not (session.no_ledger or session.sandbox)


def typed(session: Session, *words: str) -> str:
    """A command as the user would type it, with the options that it needs, and without the password of a ledger."""
    from unified_video._ledger.postgres import without_password

    own = ["--base-url", session.base_url] if session.base_url and words[0] != "tasks" else []
    kept = ["--ledger", without_password(session.ledger, session.ledger)] if session.ledger else []
    return shlex.join(["unified-video", *words, *own, *kept])


def say(text: str, label: str = "") -> None:
    """A message for people, on stderr."""
    shown = f"{click.style(f'{label}:', fg=_COLOURS[label], bold=True)} " if label else ""
    with suppress(OSError):  # nobody reads them: no reason to end the work
        click.echo(shown + printable(text), err=True, color=None if colourful() else False)


_COLOURS = {"error": "red", "warning": "yellow"}


def colourful() -> bool:
    """Unless the user does not want colours; click leaves them out itself where there is no terminal."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def printable(text: str) -> str:
    """Without what would steer a terminal: the service's words are shown, not obeyed."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else ascii(character)[1:-1] for character in text
    )


def out(text: str) -> None:
    """A result, on stdout, at once. What its encoding lacks is escaped; a path of odd bytes goes out as it is."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        data = text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode(encoding, "backslashreplace")
    click.echo(data)
    sys.stdout.flush()


def show(result: Result, session: Session) -> int:
    text = dump(result.data) if session.json else result.text
    if text:
        out(text)
    return result.status


def dump(data: object) -> str:
    return json.dumps(plain(data), indent=2, allow_nan=False)


def plain(value: object) -> object:
    """As JSON has it: attributes by their names, times in ISO 8601."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _attributes(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def _attributes(value: object) -> dict[str, object]:
    fields = dataclasses.fields(value)  # type: ignore[arg-type] # asked before
    named = {field.name: plain(getattr(value, field.name)) for field in fields if not field.name.startswith("_")}
    return {**named, "done": value.done} if isinstance(value, Task) else named


@contextmanager
def plain_messages() -> Iterator[None]:
    """Warnings and log records of the library as one line each, for as long as a command runs."""
    logger, handler = logging.getLogger("unified_video"), _Lines(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("always", UnifiedVideoWarning)
        warnings.showwarning = _showing(warnings.showwarning)
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        say(f"{record.getMessage()}{f' ({error})' if error else ''}", "warning")


def _showing(otherwise: Callable[..., object]) -> Callable[..., None]:
    def showwarning(message: Warning | str, category: type[Warning], *where: Any) -> None:  # noqa: ANN401 - handed on
        if issubclass(category, UnifiedVideoWarning):
            say(str(message), "warning")
        else:
            otherwise(message, category, *where)

    return showwarning


def is_reported(error: BaseException) -> bool:
    """Whether an error is one that may happen, and not a fault of this program."""
    return isinstance(error, UnifiedVideoError | OSError | click.UsageError | KeyboardInterrupt)
