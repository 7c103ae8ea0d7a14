"""The checkout: what git says of it, a copy of what it holds, and the two files that a release changes."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from release._checklist import Facts, version_of, with_heading, with_version

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "overlay/unified_video/_version.py"
CHANGELOG = "CHANGELOG.md"
DOCUMENT, RELEASED = "openapi/unified_video.yaml", "openapi/released/*.yaml"


def facts(root: Path) -> Facts:
    here = set(_git(root, "tag", "--points-at", "HEAD"))
    return Facts(
        changed=tuple(line[3:] for line in _git(root, "status", "--porcelain")),
        tags=tuple(tag for tag in _git(root, "tag") if tag not in here),
        changelog=(root / CHANGELOG).read_text("utf-8"),
        document_is_released=(root / DOCUMENT).read_bytes() in {file.read_bytes() for file in root.glob(RELEASED)},
    )


def current_version(root: Path) -> str:
    return version_of((root / VERSION).read_text("utf-8"))


def copy(root: Path, target: Path) -> None:
    """What git knows, as it lies on the disk: nothing else gets into what is built."""
    for name in _git(root, "ls-files"):
        source = root / name
        if source.exists():  # one that is deleted, and not yet committed so, is not
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)


def put_version(root: Path, wanted: str) -> None:
    for name, change in ((VERSION, with_version), (CHANGELOG, with_heading)):
        file = root / name
        file.write_text(change(file.read_text("utf-8"), wanted), "utf-8", newline="\n")


def _git(root: Path, *arguments: str) -> list[str]:
    command = ["git", "-c", "core.quotePath=off", *arguments]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - git is ours to find
    return done.stdout.splitlines()
