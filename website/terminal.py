"""The picture of the command line: a real run in a terminal of its own, against the sandbox, drawn by rich."""

from __future__ import annotations

import os
import pty
import re
import shlex
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

_COLUMNS = 92
_COMMANDS = (
    'unified-video create "a cat dancing" --ratio 16x9 --seed -1 --sandbox',
    'unified-video generate "a cat dancing" --ratio 16:9 --seed 7 -o cat.mp4 --sandbox',
    "unified-video models | head -6",
)
_OVERWRITTEN = re.compile(r"[^\n]*\r\x1b\[K")
_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>unified-video in a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own format would fetch a font."""


def write(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shown = "\n\n".join(f"\x1b[1;32m$\x1b[0m {command}\n{_run(command, folder)}" for command in _COMMANDS)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=_COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(shown))
        svg = console.export_svg(title="unified-video", code_format=_FORMAT, unique_id="terminal")
    file.write_text(svg, "utf-8")


def _run(command: str, folder: str) -> str:
    """What a terminal shows of it at the end."""
    seen = bytearray()

    def read(source: int) -> bytes:
        data = os.read(source, 65536)
        seen.extend(data)
        return data

    run = command.replace("unified-video", f"{shlex.quote(sys.executable)} -m unified_video", 1)
    settings = f"cd {shlex.quote(folder)}; unset CI NO_COLOR; export TERM=xterm COLUMNS={_COLUMNS}"
    keep, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)  # pty.spawn shows what it reads
        pty.spawn(["sh", "-c", f"{settings}; {run}"], read)
    finally:
        os.dup2(keep, 1)
        os.close(keep)
        os.close(nowhere)
    return _OVERWRITTEN.sub("", seen.decode().replace("\r\n", "\n")).rstrip()
