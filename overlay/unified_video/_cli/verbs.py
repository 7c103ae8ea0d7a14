"""What each command does: one function a command, from options to a Result."""

from __future__ import annotations

import errno
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import options as _options
from .client import connected, ledger_of, ledger_there, sandbox
from .progress import Progress, seconds, seen
from .show import Result, Session, dump, say, show

if TYPE_CHECKING:
    from unified_video._validate import Wish


def generate(
    session: Session,
    *,
    output: str | None,
    timeout: float,
    dry_run: bool,
    **request: Any,  # noqa: ANN401 - click's values
) -> Result:
    """Make a video from PROMPT (- is stdin): create, wait and download in one go. Prints where the file lies."""
    wish = _wish(session, request)
    if dry_run:
        return _rehearsed(wish)
    if output is None:
        raise click.UsageError("Missing option '-o' / '--output'.", click.get_current_context())
    from unified_video._io import run

    session.output = output
    with connected(session, ledger_of(session)) as client, Progress() as progress:
        video = run(
            client._core.generate(  # noqa: SLF001 - the public one tells of no bytes
                wish,
                output=output,
                timeout=seconds(timeout),
                on_update=seen(session, progress),
                on_progress=progress.bytes,
            )
        )
    return Result(str(video.path), video)


def create(session: Session, *, dry_run: bool, **request: Any) -> Result:  # noqa: ANN401 - click's values
    """Start a video from PROMPT (- is stdin) and print its task id; nothing is waited for."""
    wish = _wish(session, request)
    if dry_run:
        return _rehearsed(wish)
    from unified_video._io import run

    with connected(session, ledger_of(session)) as client:
        task = run(client._core.create(wish))  # noqa: SLF001 - options of the document, as they were typed
    return Result(task.task_id, task)


def _wish(session: Session, request: dict[str, Any]) -> Wish:
    from unified_video._validate import Wish

    return Wish(
        prompt=_prompt(request.pop("prompt"), request.pop("prompt_file")),
        model=request.pop("model"),
        images=request.pop("images") or None,
        extra=_options.unchecked(request.pop("extra")),
        options=_options.given(request),
        strict=session.strict,
    )


def _prompt(prompt: str | None, file: str | None) -> str:
    if (prompt is None) == (file is None):
        raise click.UsageError("give one of PROMPT and --prompt-file", click.get_current_context())
    if file is None and prompt != "-":
        return str(prompt)
    name = file or "-"
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise click.BadParameter(
            f"the prompt cannot be read from {name!r}: {error}", param_hint="'--prompt-file'"
        ) from error


def _rehearsed(wish: Wish) -> Result:
    """What would be sent, images shortened."""
    from unified_video._errors import InvalidRequest
    from unified_video._validate import prepare, shortened

    prepared = prepare(wish)
    if prepared.errors:
        raise InvalidRequest(prepared.violations)
    for violation in prepared.violations:
        say(f"{violation.field}: {violation.message}", "warning")
    body = shortened(prepared.body)
    return Result(dump(body), body)


def status(session: Session, *, task: str) -> Result:
    """Ask once how TASK is going and print its state: queued, running, succeeded, failed, cancelled or unknown."""
    session.task_id = task
    with connected(session, ledger_there(session)) as client:
        found = client.retrieve(task)
    if found.fail_reason:
        say(f"the service says: {found.fail_reason}")
    return Result(found.state.value, found)


def wait(session: Session, *, task: str, timeout: float) -> Result:
    """Wait for the end of TASK and print the link to its video, which expires."""
    session.task_id = task
    with connected(session, ledger_there(session)) as client, Progress() as progress:
        video = client.wait(task, timeout=seconds(timeout), on_update=seen(session, progress))
    return Result(video.url, video)


def download(session: Session, *, task: str, output: str) -> Result:
    """Fetch the video of TASK, which must have succeeded, and print where the file lies; an earlier try is resumed."""
    from unified_video._io import run

    session.task_id, session.output = task, output
    with connected(session, ledger_there(session)) as client, Progress() as progress:
        video = run(client._core._ask_once(task))  # noqa: SLF001 - as the public one does, and the video is kept for --json
        path = client.download(video, output, on_progress=progress.bytes)
    return Result(str(path), replace(video, path=path))


def models(session: Session) -> Result:  # noqa: ARG001 - as all commands
    """List the models and what they can do, by the document."""
    from unified_video._capabilities import models as listed

    from .tables import of_models

    found = listed()
    return Result(of_models(found), {"models": found})


def spec(session: Session) -> Result:  # noqa: ARG001 - as all commands
    """Print the OpenAPI document in YAML; with --json in JSON."""
    from unified_video import _document

    return Result(_document.text().rstrip("\n"), _document.document())


def serve_sandbox(session: Session, *, port: int) -> Result:
    """Serve the sandbox on this machine and print its address, for clients in any language. Ctrl-C ends it."""
    try:
        with sandbox() as made, made.serve(port=port) as url:
            show(Result(url, {"url": url}), session)
            say(f"set UNIFIED_VIDEO_BASE_URL={url} and any UNIFIED_VIDEO_API_KEY; Ctrl-C ends it")
            while True:
                time.sleep(3600)  # a wait without end cannot be interrupted on every platform
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.UsageError(f"port {port} is in use: choose another with --port") from error
        raise
