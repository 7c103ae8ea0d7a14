"""The commands, one function each, and the boundary where whatever happens becomes lines and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from . import batch, ledger
from . import options as _options
from . import verbs as _verbs
from .client import known_tasks
from .help import HELP
from .options import RUN, Command, Option
from .show import FAILED, WRONG, Result, Session, is_reported, plain_messages, report, say, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


PROGRAM = "unified-video"


class _Group(click.Group):
    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        formatter.write(HELP)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status."""
    found = list(sys.argv[1:] if arguments is None else arguments)
    session = Session(json="--json" in (found[: found.index("--")] if "--" in found else found))
    try:
        return _reported(found, session)
    except OSError:  # who reads it has gone; the disk behind it was full, and is so again
        sys.stdout = None  # else Python complains of it at its end
        return FAILED


def _reported(arguments: list[str], session: Session) -> int:
    try:
        with plain_messages(), _terminable():
            return _run(arguments, session)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if not is_reported(error):
            raise
        return report(error, session)


def _run(arguments: list[str], session: Session) -> int:
    if not arguments and _COMPLETE not in os.environ:
        say("Missing command.", "error")
        say(HELP)  # not on stdout: nothing was asked for
        return WRONG
    group = commands()
    if _COMPLETE in os.environ:
        group.main(arguments, prog_name=PROGRAM)  # answers the shell, and exits
    try:
        with group.make_context(PROGRAM, arguments, obj=session) as context:
            status: int = group.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return status


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def commands() -> click.Group:
    """Every command, its options made from the document."""
    group = _Group(PROGRAM, no_args_is_help=False, context_settings=_SETTINGS)
    for command in (*_making(), *_following(), *_ledger(), *_telling()):
        group.add_command(command)
    group.add_command(batch.group(_command))
    return group


_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    # --return_last_frame is --return-last-frame.
    "token_normalize_func": lambda token: token.replace("_", "-"),
    "max_content_width": 110,
}


def _command(
    run: Callable[..., Result], parameters: Sequence[click.Parameter], examples: str = "", name: str | None = None
) -> Command:
    """A command from its function: the general options go into the session, all others to the function."""
    name = name or run.__name__

    def callback(**values: Any) -> int:  # noqa: ANN401 - click has no types for them
        session: Session = click.get_current_context().obj
        session.command = name
        for key in _GENERAL & values.keys():
            setattr(session, key, values.pop(key))
        return show(run(session, **values), session)

    return Command(
        name,
        callback=callback,
        params=[*parameters, *_options.general()],
        help=run.__doc__,
        epilog=examples,
        context_settings=_SETTINGS,
    )


_GENERAL = {"json", "sandbox", "base_url", "ledger", "no_ledger", "strict"}


def _making() -> list[Command]:
    place = _options.output(
        "Where the video goes: a file, or a directory that gets a file named for the task [required, but for"
        " --dry-run].",
        required=False,
    )
    return [
        _command(
            _verbs.generate,
            [place, _options.timeout(), *_options.request(), *_options.service(), *_options.ledger_options()],
            _GENERATE,
        ),
        _command(_verbs.create, [*_options.request(), *_options.service(), *_options.ledger_options()], _CREATE),
    ]


_COMPLETE = "_UNIFIED_VIDEO_COMPLETE"

_GENERATE = """\
unified-video generate "a cat dancing" -o cat.mp4
unified-video generate "it stands up" --image cat.png --resolution 720p -o cat.mp4
unified-video generate --prompt-file prompt.txt --seed 7 --return-last-frame -o videos/
unified-video generate "a cat dancing" --ratio 9:16 --dry-run
unified-video generate "a cat dancing" -o cat.mp4 --sandbox"""
_CREATE = """\
task=$(unified-video create "a cat dancing")
unified-video wait "$task"
unified-video download "$task" -o cat.mp4"""
_TASK = "cgt-20250831141439-sqmgf"
_STATUS = f"""\
unified-video status {_TASK}
unified-video status {_TASK} --json"""
_WAIT = f"""\
unified-video wait {_TASK} --timeout 600
unified-video wait {_TASK} --timeout inf --json"""
_DOWNLOAD = f"""\
unified-video download {_TASK} -o cat.mp4
unified-video download {_TASK} -o videos/"""


def _following() -> list[Command]:
    def task() -> click.Argument:
        return click.Argument(["task"], shell_complete=known_tasks)

    return [
        _command(_verbs.status, [task(), *_options.service(), *_options.ledger_options()], _STATUS),
        _command(_verbs.wait, [task(), _options.timeout(), *_options.service(), *_options.ledger_options()], _WAIT),
        _command(
            _verbs.download,
            [
                task(),
                _options.output("A file, or a directory that gets a file named for the task."),
                *_options.service(),
                *_options.ledger_options(),
            ],
            _DOWNLOAD,
        ),
    ]


_TASKS = f"""\
unified-video tasks
unified-video tasks --accept 0f3a9c5d71b2 {_TASK}
unified-video tasks --resend 0f3a9c5d71b2"""
_RESUME = """\
unified-video resume
unified-video resume --timeout 0 --json"""


def _ledger() -> list[Command]:
    def settling(flag: str, words: str, metavar: str, nargs: int = 1) -> Option:
        return Option(flag, section=RUN, multiple=True, nargs=nargs, metavar=metavar, help=words)

    return [
        _command(
            ledger.tasks,
            [
                settling("--accept", "The create was accepted, as this task.", "ROW TASK_ID", nargs=2),
                settling("--forget", "Give the row up.", "ROW"),
                settling("--resend", "Surely not accepted: `resume` may send it again.", "ROW"),
                _options.ledger_place(),
            ],
            _TASKS,
        ),
        _command(ledger.resume, [_options.timeout(), *_options.service(), _options.ledger_place()], _RESUME),
    ]


def _telling() -> list[Command]:
    port = Option(
        "--port",
        section=RUN,
        type=click.IntRange(0, 65535),
        default=0,
        metavar="N",
        help="The port; 0 takes a free one.",
    )
    return [
        _command(_verbs.models, [], "unified-video models\nunified-video models --json"),
        _command(_verbs.spec, [], "unified-video spec > unified_video.yaml\nunified-video spec --json"),
        _command(_verbs.serve_sandbox, [port], "unified-video sandbox --port 8080", name="sandbox"),
    ]
