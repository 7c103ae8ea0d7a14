"""Fonts and text: which font draws which character, what fits on a line, what is shown where no font has it."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFont

from unified_video.sandbox._fonts import BUILT_IN, Face, characters, faces, folders
from unified_video.sandbox._text import Run, Typesetter

ROOMY = (2000, 2000)


def font(tables: dict[bytes, bytes], start: int = 0) -> bytes:
    """A font file with these tables; no glyph in it can be drawn."""
    at = start + 12 + 16 * len(tables)
    head, data = struct.pack(">IHHHH", 0x10000, len(tables), 0, 0, 0), b""
    for name, content in tables.items():
        head += struct.pack(">4sIII", name, 0, at + len(data), len(content))
        data += content
    return head + data


def cmap(*maps: tuple[int, int, bytes]) -> bytes:
    """A table of maps, each with its platform and encoding."""
    at = 4 + 8 * len(maps)
    head, data = struct.pack(">HH", 0, len(maps)), b""
    for platform, encoding, content in maps:
        head += struct.pack(">HHI", platform, encoding, at + len(data))
        data += content
    return head + data


def format_12(*ranges: tuple[int, int]) -> bytes:
    groups = b"".join(struct.pack(">III", first, last, 1) for first, last in ranges)
    return struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(ranges)) + groups


def format_4(*ranges: tuple[int, int]) -> bytes:
    count = len(ranges)
    ends = struct.pack(f">{count}H", *(last for _, last in ranges))
    starts = struct.pack(f">{count}H", *(first for first, _ in ranges))
    return struct.pack(">HHHHHHH", 4, 0, 0, 2 * count, 0, 0, 0) + ends + b"\0\0" + starts


def outlines(table: bytes) -> dict[bytes, bytes]:
    return {b"cmap": table, b"glyf": b""}


def test_the_ranges_of_a_font_are_sorted_and_joined() -> None:
    content = font(outlines(cmap((3, 10, format_12((0x4E00, 0x4E10), (0x20, 0x2F), (0x30, 0x7E), (0x25, 0x27))))))
    assert characters(content) == [(0x20, 0x7E), (0x4E00, 0x4E10)]


def test_the_older_map_is_read_without_its_end_mark() -> None:
    content = font(outlines(cmap((0, 3, format_4((0x41, 0x5A), (0xD800, 0xD900), (0xFFFF, 0xFFFF))))))
    assert characters(content) == [(0x41, 0x5A)]


def test_the_richer_map_wins() -> None:
    content = font(outlines(cmap((0, 3, format_4((0x41, 0x5A))), (3, 10, format_12((0x41, 0x7A))))))
    assert characters(content) == [(0x41, 0x7A)]


@pytest.mark.parametrize(
    "content",
    [
        font({b"cmap": cmap((3, 10, format_12((1, 2)))), b"CBDT": b""}),
        font({b"glyf": b""}),
        font(outlines(cmap((3, 0, format_4((1, 2)))))),
        font(outlines(cmap((1, 0, format_4((1, 2)))))),
        font(outlines(cmap((0, 3, struct.pack(">H", 6))))),
    ],
)
def test_a_font_of_bitmaps_or_symbols_has_no_characters(content: bytes) -> None:
    assert characters(content) == []


def test_a_collection_has_those_of_its_first_font() -> None:
    first = font(outlines(cmap((3, 10, format_12((0x41, 0x5A))))), start=16)
    assert characters(b"ttcf" + struct.pack(">III", 0x10000, 1, 16) + first) == [(0x41, 0x5A)]


def test_fonts_come_in_order_of_preference_and_broken_ones_not_at_all(tmp_path: Path) -> None:
    content = font(outlines(cmap((3, 10, format_12((0x41, 0x5A))))))
    deep = tmp_path / "deep"
    deep.mkdir()
    for name in ("Other.ttf", "Other-Bold.ttf", "DejaVuSans.ttf", "wqy-microhei.TTC"):
        (deep / name).write_bytes(content)
    (deep / "Broken.otf").write_bytes(b"no font")
    (deep / "Empty.otf").write_bytes(b"")
    (deep / "Glyphless.ttf").write_bytes(font({b"glyf": b""}))
    (deep / "read me.txt").write_bytes(b"")
    found = [face.path.name if face.path else None for face in faces((tmp_path, tmp_path / "absent"))]
    assert found == ["DejaVuSans.ttf", "wqy-microhei.TTC", "Other.ttf", "Other-Bold.ttf", None]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("linux", "/usr/share/fonts"), ("darwin", "/Library/Fonts"), ("win32", "C:/Windows/Fonts")],
)
def test_fonts_are_sought_where_the_system_keeps_them(
    monkeypatch: pytest.MonkeyPatch, platform: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_DATA_DIRS", "WINDIR", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert Path(expected) in folders()


@pytest.mark.parametrize(("character", "has"), [("A", True), ("~", True), ("\x1f", False), ("é", False)])
def test_a_face_knows_its_characters(character: str, has: bool) -> None:  # noqa: FBT001
    assert BUILT_IN.has(character) is has


@pytest.fixture
def chinese(tmp_path: Path) -> Face:
    """A font that claims Chinese: what it draws are Pillow's boxes."""
    path = tmp_path / "chinese.ttf"
    path.write_bytes(ImageFont.load_default(20).font_bytes)  # type: ignore[union-attr] # a size asks for the scalable one
    return Face(path, (0x4E00,), (0x9FFF,))


def test_each_character_has_the_first_font_that_has_it(chinese: Face) -> None:
    setter = Typesetter([BUILT_IN, chinese])
    assert setter.runs("a 猫e\u0301é") == [
        Run("a ", BUILT_IN),
        Run("猫", chinese),
        Run("e\u0301", BUILT_IN),
        Run("é", None),
    ]


def test_a_character_that_the_line_is_in_stays_in_its_font(chinese: Face) -> None:
    both = Face(chinese.path, (0x20, 0x4E00), (0x7E, 0x9FFF))
    assert Typesetter([BUILT_IN, both]).runs("猫a") == [Run("猫a", both)]


def test_what_no_font_has_is_named_once() -> None:
    assert Typesetter([BUILT_IN]).missing("a猫b猫é") == "猫é"


def test_what_no_font_has_is_shown_as_its_code_point() -> None:
    setter = Typesetter([BUILT_IN])
    cat, dog, smile = (setter.block(text, *ROOMY, 40) for text in "猫狗😀")
    assert all(block.getbbox() for block in (cat, dog, smile))
    assert ImageChops.difference(cat, dog).getbbox()


def test_a_font_of_a_file_is_drawn_with(chinese: Face) -> None:
    assert Typesetter([chinese]).block("猫", *ROOMY, 40).getbbox()


def test_lines_break_at_spaces_and_between_chinese_characters() -> None:
    setter = Typesetter([BUILT_IN])
    wide = int(setter.width("one two", 20)) + 1
    assert setter.lines("one two three", wide, 20) == ["one two", "three"]
    assert setter.lines("猫猫猫。猫", 60, 20) == ["猫猫", "猫。猫"]


def test_a_word_that_is_too_long_goes_on_in_the_next_line() -> None:
    setter = Typesetter([BUILT_IN])
    lines = setter.lines("a " + "x" * 50, 100, 20)
    assert "".join(lines).replace("a", "") == "x" * 50
    assert all(setter.width(line, 20) <= 100 for line in lines)


def test_no_line_is_too_narrow_for_one_character() -> None:
    assert Typesetter([BUILT_IN]).lines("ab", 1, 20) == ["a", "b"]


def test_a_long_text_is_set_smaller_and_then_cut() -> None:
    setter = Typesetter([BUILT_IN])
    short, long = setter.block("cat", 400, 100, 60), setter.block("cat " * 900, 100, 100, 60)
    assert short.height == 81
    assert long.height <= 100
    assert isinstance(long, Image.Image)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "\n\t"])
def test_nothing_to_show_is_an_empty_line(text: str) -> None:
    assert Typesetter([BUILT_IN]).block(text, *ROOMY, 20).getbbox() is None
