"""What other people's programs are written against changes only where somebody meant it to."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import surface

from unified_video import _document, models

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

POLICY = """\
The public surface is another one than tests/public_surface.txt says (above: - committed, + now).
Where it is meant: `nox -s listings` writes the file, and docs/versioning.md says what the change asks for:
a line that is new, a minor version; a line that is gone or differs, a warning for one minor version first (a major
version from 1.0 on); and CHANGELOG.md tells of both."""


def changes() -> list[str]:
    committed, now = surface.FILE.read_text("utf-8").splitlines(), surface.text().splitlines()
    return list(difflib.unified_diff(committed, now, "committed", "now", lineterm="", n=0))


def test_the_public_surface_is_the_committed_one() -> None:
    found = changes()
    assert not found, "\n".join([*found, POLICY])


def test_a_name_that_goes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unified_video.__all__", ["Task"])
    found = changes()
    assert "-class unified_video.UnifiedVideoError is Exception" in found
    assert "-class unified_video.Task frozen" not in found


def test_the_listing_is_written_where_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(surface, "FILE", tmp_path / "listing.txt")
    surface.write()
    assert not changes()


def test_what_the_document_decides_is_no_part_of_the_listing() -> None:
    text = surface.text()
    assert not [model.id for model in models() if model.id in text]
    assert not [name for name in _document.options() if f"--{name.replace('_', '-')}" in text]
