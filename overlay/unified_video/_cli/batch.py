"""`batch run`, `batch init` and `batch worker`: many videos, on one machine or on several."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from unified_video import _document

from . import options as _options
from .batch_live import Live
from .client import SANDBOX_KEY, SANDBOX_URL, sandbox
from .options import OTHER, RUN, Option
from .show import INTERRUPTED, Result, Session, say
from .tables import table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence

    from unified_video._client import AsyncUnifiedVideo
    from unified_video.batch import Figures, Report

    from .options import Command

    Making = Callable[..., Command]

T = TypeVar("T")

_COUNT = click.IntRange(min=1)

HTTP_SECONDS = 20.0
"""For one exchange of one of several workers: what a dead one sent is known to be uncertain soon after."""


def group(command: Making) -> click.Group:
    """The commands of `batch`; `command` makes one from its function, as for all others."""
    found = click.Group("batch", help="Many videos from a manifest, each paid for once.", no_args_is_help=False)
    found.add_command(command(run, _run_parameters(), _RUN_EXAMPLES))
    found.add_command(command(init, [_place(), _dry_run("Say what there is to do, and do nothing.")], _INIT_EXAMPLES))
    found.add_command(command(worker, [_on_file(), *_options.service(), _place()], _WORKER_EXAMPLES))
    return found


_INIT_EXAMPLES = """\
unified-video batch init --ledger postgresql://batch@db.example/videos --dry-run
unified-video batch init --ledger postgresql://batch@db.example/videos"""
_WORKER_EXAMPLES = "unified-video batch worker --ledger postgresql://batch@db.example/videos"
_RUN_EXAMPLES = """\
unified-video batch run jobs.csv --output videos/ --dry-run
unified-video batch run jobs.csv --output videos/
unified-video tasks --ledger videos/
unified-video batch run jobs.csv --output videos/ --retry-failed ServerError=2"""


def _place() -> Option:
    return Option(
        "--ledger", section=RUN, required=True, metavar="URL", help="postgresql://…, the ledger of all workers."
    )


def _dry_run(words: str) -> Option:
    return Option("--dry-run", section=RUN, is_flag=True, help=words)


def _on_file() -> Option:
    return Option(
        "--on-file", section=RUN, metavar="COMMAND",
        help="Called with each file, its row's key in ROW_KEY; the row is done once it ended well.",
    )  # fmt: skip


def _run_parameters() -> list[click.Parameter]:
    return [
        click.Argument(["manifest"]),
        Option("-o", "--output", section=RUN, required=True, metavar="DIR", help="Where videos, ledger and report go."),
        _dry_run("Check every row, say what they amount to, send nothing."),
        Option("--limit", section=RUN, type=_COUNT, metavar="N", help="Only the first N rows."),
        *_pace(),
        Option("--max-failures", section=RUN, type=_COUNT, metavar="N", help="N failed rows end all creates."),
        Option(
            "--stop-on", section=RUN, multiple=True, metavar="REASON",
            help="An error (BadRequest) or code of the service that ends all creates at once; may be repeated.",
        ),
        Option(
            "--retry-failed", section=RUN, multiple=True, metavar="REASON[=N]",
            help="Send again what failed for this reason (or `all`), at most N times [1]; may be repeated.",
        ),
        *_common(),
    ]  # fmt: skip


def _pace() -> list[click.Parameter]:
    return [
        Option("--max-concurrent", section=RUN, type=_COUNT, metavar="N", help="At most N tasks of a model at once."),
        Option("--per-minute", section=RUN, type=_COUNT, metavar="N", help="At most N creates of a model in a minute."),
    ]


def _common() -> list[click.Parameter]:
    return [
        _on_file(),
        _longest(),
        Option("--strict", section=RUN, is_flag=True, help="What only the vendor of the models rules is an error too."),
        *_options.service(),
        Option("--ledger", section=OTHER, metavar="PLACE", help="A file, or postgresql://… [in the output directory]."),
    ]  # fmt: skip


def _longest() -> Option:
    return Option(
        "--timeout", section=RUN, type=float, default=_document.polling()["timeout_seconds"], show_default=True,
        metavar="SECONDS", help="How long a task may take; then it is left for another run.",
    )  # fmt: skip


def run(session: Session, *, manifest: str, output: str, dry_run: bool, limit: int | None, **options: object) -> Result:
    """Take every row of a manifest (CSV, JSON Lines or JSON) to a file, and go on where an earlier run ended."""
    if dry_run:
        return _figures(manifest, limit, session)
    stop = _Stop()
    with Live() as live:
        found = stop.run(_worked(session, manifest, output, limit, {**options, "stop": stop, "on_update": live}))
    _tell(found, None if session.sandbox else session.ledger or output)
    status = INTERRUPTED if stop() else found.exit_status
    data = {"counts": found.counts, "stopped": found.stopped, "rows": found.rows}
    return Result(str(Path(output) / "report.csv"), data, status)


def _figures(manifest: str, limit: int | None, session: Session) -> Result:
    from unified_video.batch import check

    found = check(manifest, limit=limit, strict=session.strict)
    data = {"models": [asdict(figures) for figures in found], "total": asdict(_total(found))}
    rows = [_cells(figures) for figures in (*found, _total(found))]
    return Result(table([("MODEL", "VIDEOS", "SECONDS", "PIXELS", "OF UNKNOWN SIZE"), *rows]), data)


def _total(found: Sequence[Figures]) -> Figures:
    from unified_video.batch import Figures

    names = ("videos", "seconds", "pixels", "of_unknown_size")
    return Figures("total", *(sum(getattr(figures, name) for figures in found) for name in names))


def _cells(figures: Figures) -> tuple[str, ...]:
    return tuple(str(value) for value in asdict(figures).values())


async def _worked(
    session: Session, manifest: str, output: str, limit: int | None, options: Mapping[str, object]
) -> Report:
    from unified_video.batch import arun

    with _ledger_of(session) as ledger:
        async with connected(session, ledger) as client:
            return await arun(manifest, output=output, client=client, ledger=ledger, limit=limit, **checked(options))


@contextmanager
def _ledger_of(session: Session) -> Iterator[str | None]:
    """Tasks of the private sandbox stay out of the ledger: they are gone when the command is."""
    if not session.sandbox:
        yield session.ledger
        return
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def checked(options: Mapping[str, object]) -> dict[str, Any]:
    """Options of the command line as `arun` takes them; what click gives has no narrower type."""
    found: dict[str, Any] = {**options, "on_file": _handing_on(options.get("on_file"))}
    found["retry_failed"] = dict(map(_times, found["retry_failed"]))
    return found


def _times(text: str) -> tuple[str, int]:
    reason, equals, times = text.partition("=")
    if equals and not times.isdecimal():
        raise click.BadParameter(f"{text!r} is not REASON=N", param_hint="'--retry-failed'")
    return reason, int(times) if equals else 1


def _handing_on(command: object) -> Callable[[str, Path], None] | None:
    """A command that takes each file. What it fails with is told as an error of this disk would be."""
    if command is None:
        return None
    import subprocess

    words = _split(str(command))

    def hand_on(key: str, path: Path) -> None:
        ended = subprocess.run([*words, str(path)], env={**os.environ, "ROW_KEY": key}, check=False, stdout=2)  # noqa: S603 - the user's own command
        if ended.returncode:
            raise OSError(f"{words[0]} ended with {ended.returncode} for {path}")

    return hand_on


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise click.BadParameter(f"{command!r}: {error}", param_hint="'--on-file'") from error
    if not words:
        raise click.BadParameter("names no command", param_hint="'--on-file'")
    if shutil.which(words[0]) is None:  # found now, not when the first video is paid for
        raise click.BadParameter(f"there is no command {words[0]!r} here", param_hint="'--on-file'")
    return words


@asynccontextmanager
async def connected(session: Session, ledger: str | None) -> AsyncIterator[AsyncUnifiedVideo]:
    from unified_video._client import AsyncUnifiedVideo
    from unified_video._ledger import is_postgres

    if session.sandbox:
        with sandbox() as service:
            async with AsyncUnifiedVideo(
                api_key=SANDBOX_KEY,
                base_url=SANDBOX_URL,
                transport=service.transport,
                strict=session.strict,
            ) as client:
                yield client
        return
    limit = HTTP_SECONDS if ledger is not None and is_postgres(ledger) else None
    async with AsyncUnifiedVideo(base_url=session.base_url, strict=session.strict, timeout=limit) as client:
        yield client


def init(session: Session, *, dry_run: bool) -> Result:
    """Make the tables of a ledger in PostgreSQL, or bring them up to this version; twice does no harm."""
    from unified_video.batch import init as make

    steps = asyncio.run(make(str(session.ledger), dry_run=dry_run))
    if not steps:
        say("nothing to do: the ledger is of this version")
    return Result("\n".join(steps), {"steps": steps, "done": not dry_run})


def worker(session: Session, *, on_file: str | None) -> Result:
    """Work on a ledger in PostgreSQL until Ctrl-C or SIGTERM; as many of them as you like, anywhere."""
    if session.sandbox:
        raise click.UsageError("a private sandbox has no other workers: use `unified-video sandbox` and --base-url")
    stop = _Stop()
    stop.run(_working(session, on_file, stop))
    return Result("", {}, INTERRUPTED)


async def _working(session: Session, on_file: str | None, stop: Callable[[], bool]) -> None:
    from unified_video.batch import worker as work

    ledger = str(session.ledger)
    async with connected(session, ledger) as client:
        await work(ledger=ledger, client=client, on_file=_handing_on(on_file), stop=stop)


class _Stop:
    """The first Ctrl-C (or SIGTERM) asks a batch to come to its end, the second ends it now."""

    def __init__(self) -> None:
        self._asked = False
        self._end: Callable[[], object] | None = None

    def __call__(self) -> bool:
        return self._asked

    def run(self, work: Coroutine[object, object, T]) -> T:
        with self._listening():
            try:
                return asyncio.run(self._ending(work))
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None

    async def _ending(self, work: Coroutine[object, object, T]) -> T:
        # Cancelled, not interrupted: what is in hand can still be written down, and the threads of the loop end.
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self._end = lambda: task and loop.call_soon_threadsafe(task.cancel)
        return await work

    @contextmanager
    def _listening(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, _number: int, _frame: object) -> None:
        if self._asked and self._end is not None:
            self._end()
            return
        self._asked = True
        say("nothing new is sent; what is near its end is finished. Again: now. Both go on with the same command")


def _tell(found: Report, ledger: str | None) -> None:
    """`ledger`: where rows can be settled; None for that of a private sandbox, which is gone."""
    say(", ".join(f"{number} {state}" for state, number in found.counts.items()) or "no rows")
    if found.stopped:
        say(f"stopped: {found.stopped}")
    for row in found.rows:
        if row.status == "uncertain":
            say(f"{row.key} is uncertain: {row.reason}")
    if "uncertain" in found.counts and ledger is not None:
        from unified_video._ledger.postgres import without_password

        say(
            f"settle them: unified-video tasks --ledger {without_password(shlex.quote(ledger), ledger)} --resend ROW"
            " (or --accept ROW TASK_ID, or --forget ROW)"
        )
