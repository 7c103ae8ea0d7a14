"""Programs that are not ours: run, and fetched from an index of packages."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
# What npm and pip say where nobody answered, or they may not ask. A wrong version or lock file reads otherwise.
_UNREACHED = re.compile(
    r"ENOTFOUND|ECONN\w+|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT|code E(40[13]|5\d\d)"
    r"|from versions: none|Connection(Error| refused| broken)|[Tt]imed out"
)


class ToolFailed(Exception):
    """A tool that is not ours ended with an error; the message is what it said."""


class NotHere(Exception):
    """A tool that this machine does not have, and cannot get now; the message names it, and says how to get it."""


def run(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 600
) -> str:
    """What it wrote; raises ToolFailed."""
    try:
        done = subprocess.run(  # noqa: S603 - every word of the command is ours
            list(command),
            cwd=cwd,
            env={**os.environ, **_QUIET, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise ToolFailed(f"{command[0]} is missing") from error
    if done.returncode:
        raise ToolFailed(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def fetch(what: str, command: Sequence[str], *, cwd: Path | None = None) -> None:
    """Installs packages. No answer from the index is no fault of the project: NotHere, which fails nothing."""
    try:
        run(command, cwd=cwd)
    except subprocess.TimeoutExpired as late:
        raise NotHere(f"{what}: the index of packages was too slow for {' '.join(command)}") from late
    except ToolFailed as failed:
        if not (said := _UNREACHED.search(str(failed))):
            raise
        raise NotHere(f"{what}: the index of packages was not reached ({said[0]}): {' '.join(command)}") from failed
