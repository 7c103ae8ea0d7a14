"""What the first bytes of a picture tell: its format, and the sides of a PNG or JPEG."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_PNG_SIDES = slice(16, 24)
_MARKER = 0xFF
_STARTS = {
    "png": (_PNG,),
    "jpeg": (_JPEG,),
    "gif": (b"GIF87a", b"GIF89a"),
    "bmp": (b"BM",),
    "tiff": (b"II*\0", b"MM\0*"),
}
# SOF0 to SOF15 hold the sides; DHT, JPG and DAC lie between them.
_START_OF_FRAME = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


def kind(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((name for name, starts in _STARTS.items() if content.startswith(starts)), None)


def is_png(content: bytes) -> bool:
    return content.startswith(_PNG)


def png_fault(file: IO[bytes]) -> str | None:
    """What is wrong with a file that should be a PNG."""
    file.seek(0)
    return None if is_png(file.read(8)) else "it is no PNG"


def sides(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where they cannot be told."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= _PNG_SIDES.stop:
        return struct.unpack(">II", content[_PNG_SIDES])
    return _jpeg_sides(content) if content.startswith(_JPEG) else None


def _jpeg_sides(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == _MARKER:
        marker = content[at + 1]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += _segment(content, at, marker)
    return None


def _segment(content: bytes, at: int, marker: int) -> int:
    if marker == _MARKER:  # a fill byte
        return 1
    if marker in _WITHOUT_LENGTH:
        return 2
    return 2 + max(2, int(struct.unpack(">H", content[at + 2 : at + 4])[0]))
