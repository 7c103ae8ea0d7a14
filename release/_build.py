"""Wheel and sdist, built twice and compared; and what their metadata must say."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from packaging.metadata import Metadata

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = "1580601600"
"""The time of every file: the backend's own choice, said here so that neither the day nor the commit counts."""


def build(project: Path, target: Path, seed: int) -> list[Path]:
    """The sdist, and the wheel from it; `seed` gives sets another order, which must not show."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(project)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _SECONDS, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - Python is ours
    if done.returncode:
        raise BuildFailed(f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return sorted(target.iterdir())


class BuildFailed(Exception):
    """With the last words of the build."""


def differences(first: list[Path], second: list[Path]) -> list[str]:
    """What two builds of the same sources do not share; empty where every byte is the same."""
    one, other = ({file.name: file.read_bytes() for file in files} for files in (first, second))
    return [f"{name}: two builds, other bytes" for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def metadata_problems(file: Path, wanted: str) -> list[str]:
    """What an index would refuse, or show wrong."""
    try:
        found = Metadata.from_email(_metadata(file), validate=True)
    except ExceptionGroup as group:
        return [f"{file.name}: {error}" for error in group.exceptions]
    claims = {
        f"its version is {found.version}, not {wanted}": str(found.version) == wanted,
        "it has no description as Markdown": found.description and found.description_content_type == "text/markdown",
        "it does not say which Python it needs": found.requires_python,
        "it names no licence": found.license_expression and found.license_files,
    }
    return [f"{file.name}: {words}" for words, holds in claims.items() if not holds]


def _metadata(file: Path) -> bytes:
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")))
    with tarfile.open(file) as sdist:
        member = sdist.extractfile(f"{file.name.removesuffix('.tar.gz')}/PKG-INFO")
        return member.read() if member else b""
