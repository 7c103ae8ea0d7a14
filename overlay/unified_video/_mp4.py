"""Whether a file is a whole mp4, by its top-level boxes: no half download and no HTML page passes."""

from __future__ import annotations

import os
import struct
from typing import IO

_HEADER, _LONG_HEADER = 8, 16


def fault(file: IO[bytes]) -> str | None:
    """What is wrong with the mp4, None if nothing: the boxes are whole, end with the file, and `moov` is among them."""
    end = file.seek(0, os.SEEK_END)
    at, kinds = 0, set[bytes]()
    while at < end:
        file.seek(at)
        size, kind = _box(file.read(_LONG_HEADER), end - at)
        if not 0 < size <= end - at:
            return f"no whole mp4 box at byte {at} of {end}"
        kinds.add(kind)
        at += size
    return None if b"moov" in kinds else "no moov box, so no player can open it"


def _box(header: bytes, left: int) -> tuple[int, bytes]:
    """Size in bytes, its header included, and kind; 0 as size for what is no box."""
    if len(header) < _HEADER:
        return 0, b""
    least, (size, kind) = _HEADER, struct.unpack(">I4s", header[:_HEADER])
    if size == 0:  # the last box, to the end of the file
        return left, kind
    if size == 1 and len(header) == _LONG_HEADER:
        least, size = _LONG_HEADER, struct.unpack(">Q", header[_HEADER:])[0]
    return (size if size >= least else 0), kind
