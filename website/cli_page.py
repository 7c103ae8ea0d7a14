"""The page of the command line: what `--help` says, command by command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unified_video._cli.commands import PROGRAM, commands
from unified_video._cli.help import HELP

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 80  # as wide as a page shows it


def text() -> str:
    blocks = [f"# Command line\n\nAlso `python -m unified_video`.\n\n{_block(HELP)}"]
    blocks += [f"## {name}\n\n{_block(_help(name, command))}" for name, command in _each(commands(), "")]
    return "\n".join(blocks)


def _each(group: click.Group, before: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _each(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _help(name: str, command: click.Command) -> str:
    with command.make_context(
        f"{PROGRAM} {name}", [], resilient_parsing=True, terminal_width=_WIDTH, max_content_width=_WIDTH
    ) as context:
        return command.get_help(context)


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"
