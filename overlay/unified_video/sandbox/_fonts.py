"""Fonts of this machine: where they lie, and which characters each has."""

from __future__ import annotations

import mmap
import os
import struct
import sys
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PREFERRED = (
    # Latin and its neighbours first, in one style; then what has Chinese, Japanese and Korean; then all others by name.
    *("dejavusans", "notosans-regular", "segoeui", "arial", "helvetica", "liberationsans-regular", "arialuni"),
    *("notosanscjk-regular", "notosanssc", "sourcehansans", "pingfang", "hiragino", "stheiti", "msyh", "simhei"),
    *(
        "simsun",
        "wqy",
        "droidsansfallback",
        "uming",
        "ukai",
        "yugoth",
        "meiryo",
        "msgothic",
        "malgun",
        "nanum",
        "unifont",
    ),
)
_STYLED = ("bold", "italic", "oblique", "mono", "condensed", "serif", "light", "black", "thin")
_SUFFIXES = {".ttf", ".otf", ".ttc"}
_MOST = 2000
_OUTLINES = {b"glyf", b"CFF ", b"CFF2"}
_SURROGATES, _END_MARK = range(0xD800, 0xE000), 0xFFFF


@dataclass(frozen=True, slots=True)
class Face:
    """A font file and its characters, as sorted ranges. `path` is None for the font that Pillow brings along."""

    path: Path | None
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def has(self, character: str) -> bool:
        code = ord(character)
        at = bisect_right(self.starts, code) - 1
        return at >= 0 and code <= self.ends[at]


BUILT_IN = Face(None, (0x20,), (0x7E,))
"""It draws ASCII, and a box for all else."""


def folders() -> tuple[Path, ...]:
    """Where this kind of machine keeps fonts."""
    home = Path("~").expanduser()
    if sys.platform == "darwin":
        return tuple(Path(root) / "Library" / "Fonts" for root in ("/System", "/", home))
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
        return windows, Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft" / "Windows" / "Fonts"
    shared = os.environ.get("XDG_DATA_DIRS", "") or "/usr/local/share:/usr/share"
    own = (home / ".local" / "share", *map(Path, shared.split(":")))
    return (home / ".fonts", *(folder / "fonts" for folder in own))


@cache
def faces(places: tuple[Path, ...]) -> tuple[Face, ...]:
    """Every font below these folders that can be read, best first; the built-in one last."""
    files = {
        path.name: path for place in places for path in sorted(place.rglob("*")) if path.suffix.lower() in _SUFFIXES
    }
    found = (_face(path) for path in sorted(files.values(), key=_rank)[:_MOST])
    return (*(face for face in found if face is not None), BUILT_IN)


def _rank(path: Path) -> tuple[int, int, str]:
    name = path.stem.lower().replace(" ", "")
    place = next((at for at, start in enumerate(_PREFERRED) if name.startswith(start)), len(_PREFERRED))
    return place, sum(word in name for word in _STYLED), name


def _face(path: Path) -> Face | None:
    try:
        # Mapped, not read: fonts for Chinese have tens of megabytes, and their tables a few pages.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            ranges = characters(content)
    except (OSError, ValueError, struct.error):  # ValueError: an empty file
        return None
    return Face(path, tuple(start for start, _ in ranges), tuple(end for _, end in ranges)) if ranges else None


def characters(content: bytes | mmap.mmap) -> list[tuple[int, int]]:
    """The ranges of characters that a font has glyphs for; of a collection its first font, none of a bitmap font."""
    start = struct.unpack_from(">I", content, 12)[0] if content[:4] == b"ttcf" else 0
    count = struct.unpack_from(">H", content, start + 4)[0]
    tables = {
        content[at : at + 4]: struct.unpack_from(">I", content, at + 8)[0]
        for at in range(start + 12, start + 12 + 16 * count, 16)
    }
    if not _OUTLINES & tables.keys() or b"cmap" not in tables:
        return []
    return _merged(_of_cmap(content, tables[b"cmap"]))


def _of_cmap(content: bytes | mmap.mmap, start: int) -> list[tuple[int, int]]:
    """Of the richest map that Unicode is used in."""
    count = struct.unpack_from(">H", content, start + 2)[0]
    records = [struct.unpack_from(">HHI", content, start + 4 + 8 * at) for at in range(count)]
    places = [
        start + place for platform, encoding, place in records if (platform, encoding) != (3, 0) and platform != 1
    ]
    by_format = {struct.unpack_from(">H", content, place)[0]: place for place in places}
    if 12 in by_format:  # noqa: PLR2004 - the format's number
        return _format_12(content, by_format[12])
    return _format_4(content, by_format[4]) if 4 in by_format else []  # noqa: PLR2004


def _format_12(content: bytes | mmap.mmap, at: int) -> list[tuple[int, int]]:
    count = struct.unpack_from(">I", content, at + 12)[0]
    groups = struct.iter_unpack(">III", content[at + 16 : at + 16 + 12 * count])
    return [(first, last) for first, last, _ in groups]


def _format_4(content: bytes | mmap.mmap, at: int) -> list[tuple[int, int]]:
    count = struct.unpack_from(">H", content, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", content, at + 14)
    starts = struct.unpack_from(f">{count}H", content, at + 16 + 2 * count)
    pairs = zip(starts, ends, strict=True)
    return [(first, last) for first, last in pairs if first not in _SURROGATES and first < _END_MARK]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, neighbours joined."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
