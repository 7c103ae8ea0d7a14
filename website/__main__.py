"""`python -m website`: lays the pages out, and builds them to site/.

`python -m website terminal` takes the picture of the command line, `notebook` that of the notebook.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from . import offline, stage

ROOT = Path(__file__).parents[1]


def build() -> None:
    target = ROOT / ".nox" / "site"
    settings = stage.stage(ROOT, target)
    zensical = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(settings)]
    subprocess.run(zensical, check=True)  # noqa: S603 - our own words
    offline.finish(target / "site")
    shutil.rmtree(ROOT / "site", ignore_errors=True)
    shutil.copytree(target / "site", ROOT / "site")
    print(ROOT / "site" / "index.html")  # noqa: T201 - the result of a command


def main(arguments: list[str]) -> None:
    if arguments == ["terminal"]:
        from . import terminal

        terminal.write(ROOT / "docs" / "terminal.svg")
    elif arguments == ["notebook"]:
        from . import notebook

        notebook.write(ROOT / "docs" / "notebook.png")
    else:
        build()


main(sys.argv[1:])
