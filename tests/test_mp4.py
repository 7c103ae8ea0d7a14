"""An mp4 is whole or it is not: no half download and no HTML page passes."""

from __future__ import annotations

import io
import struct

import pytest

from unified_video._mp4 import fault


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def long_box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


START = box(b"ftyp", b"isom\0\0\0\0")
MOOV, MDAT = box(b"moov", b"x" * 40), box(b"mdat", b"y" * 100)


@pytest.mark.parametrize(
    "content",
    [
        START + MOOV + MDAT,
        START + MDAT + MOOV,
        START + long_box(b"mdat", b"y" * 100) + MOOV,
        START + MOOV + struct.pack(">I4s", 0, b"mdat") + b"y" * 100,
        START + MDAT + box(b"moov"),
        START + MOOV + long_box(b"mdat"),
    ],
    ids=["moov first", "moov last", "long box", "to the end", "empty box last", "empty long box last"],
)
def test_a_whole_mp4_has_no_fault(content: bytes) -> None:
    assert fault(io.BytesIO(content)) is None


WHOLE = START + MDAT + MOOV


@pytest.mark.parametrize("length", [1, 7, 8, len(START) - 1, len(START) + 4, len(START) + 20, len(WHOLE) - 1])
def test_a_half_mp4_has_a_fault(length: int) -> None:
    assert "no whole mp4 box" in (fault(io.BytesIO(WHOLE[:length])) or "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no moov box"),
        (START, "no moov box"),
        (START + MDAT, "no moov box"),
        (b"\0" * 100, "no moov box"),
        (b"<!DOCTYPE html><html></html>", "at byte 0 of 28"),
        (b'{"error": "no"}', "at byte 0"),
        (WHOLE + b"\n", f"at byte {len(WHOLE)}"),
        (WHOLE + struct.pack(">I4s", 7, b"free"), f"at byte {len(WHOLE)}"),
        (WHOLE + struct.pack(">I4sQ", 1, b"free", 15), f"at byte {len(WHOLE)}"),
        (WHOLE + struct.pack(">I4s", 1, b"free"), f"at byte {len(WHOLE)}"),
        (WHOLE + struct.pack(">I4sQ", 1, b"free", 2**63), f"at byte {len(WHOLE)}"),
    ],
)
def test_what_is_no_mp4_has_a_fault_that_says_where(content: bytes, words: str) -> None:
    assert words in (fault(io.BytesIO(content)) or "")
