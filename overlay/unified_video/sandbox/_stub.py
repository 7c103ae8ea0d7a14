"""A renderer for tests that need a file, not a film: boxes of an mp4 with no track, and a PNG of one pixel."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ._shot import Shot


def stub(shot: Shot, video: Path, last_frame: Path) -> None:
    """Takes no time and needs no extra. Other requests give other bytes."""
    seconds = shot.frames // shot.frames_per_second
    key = shot.key.encode("ascii")
    video.write_bytes(
        _box(b"ftyp", b"isom\0\0\2\0isomiso2mp41") + _box(b"moov", _movie_header(seconds)) + _box(b"mdat", key)
    )
    last_frame.write_bytes(_png(bytes.fromhex(shot.look[:6])))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _movie_header(seconds: int) -> bytes:
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    times = struct.pack(">IIII", 0, 0, 1000, seconds * 1000)
    return _box(
        b"mvhd", bytes(4) + times + struct.pack(">IH", 0x10000, 0x100) + bytes(10) + matrix + bytes(24) + b"\0\0\0\1"
    )


def _png(colour: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + colour)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))
