"""The tools of node, one version each, in a folder of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from contract._places import NODE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ToolFailed(Exception):
    """A tool that is not ours ended with an error; the message is what it said."""


def install() -> None:
    """As the lock file says; nothing to do where that was done already."""
    stamp = NODE / "node_modules" / "filled"  # gone with what it speaks of
    wanted = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    # No scripts: a package that compiles or downloads at install time is not needed here.
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE)
    stamp.write_text(wanted, "utf-8")


def tool(name: str) -> str:
    return str(NODE / "node_modules" / ".bin" / name)


def run(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 600
) -> str:
    """What it wrote; raises ToolFailed."""
    try:
        done = subprocess.run(  # noqa: S603 - every word of the command is ours
            list(command),
            cwd=cwd,
            env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", **(env or {})},
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
