"""Images: URLs, data URIs, paths and bytes, and what the vendor's limits say of them."""

from __future__ import annotations

import base64
import struct
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from unified_video import InvalidRequest, _images, validate
from unified_video._images import load
from unified_video._picture import is_png, kind, sides

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def png(width: int, height: int) -> bytes:
    return PNG + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\0\0\0" + b"\0" * 8


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(width: int, height: int, start_of_frame: int = 0xC0) -> bytes:
    frame = segment(start_of_frame, struct.pack(">BHHB", 8, height, width, 3))
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xC4, b"\0" * 20) + b"\xff" + frame + b"\xff\xd9"


FORMATS = {
    "png": png(640, 480),
    "jpeg": jpeg(640, 480),
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "bmp": b"BM\x10\0\0\0",
    "gif": b"GIF89a\x10\0",
    "tiff": b"II*\0\x08\0\0\0",
}


def told(images: object, severity: Any = "warning") -> list[tuple[str, str, str]]:
    return [(found.field, found.rule, found.severity) for found in load(images, severity).violations]


def data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    "link", ["https://a.invalid/b.png", "HTTP://a.invalid/b", "data:image/png;base64,AAAA", "Data:,"]
)
def test_a_link_and_a_data_uri_go_out_as_they_are(link: str) -> None:
    assert (load(link, "warning").wire, load([link, link], "warning").files) == ((link,), (None, None))
    assert told(link) == []


def test_a_picture_in_a_data_uri_has_the_limits_of_a_picture() -> None:
    small = data_uri("image/png", png(299, 400))
    assert load(small, "warning").wire == (small,)
    assert told(small, "error") == [("images[0]", "image_sides", "error")]
    assert told(data_uri("image/png", png(640, 480))) == []
    assert told("data:image/png;base64,\u00e9") == []


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_and_files_become_data_uris_of_their_true_type(name: str, tmp_path: Path) -> None:
    content = FORMATS[name]
    wanted = data_uri(f"image/{name}", content)
    file = tmp_path / "picture.txt"  # the name says nothing
    file.write_bytes(content)
    for image in (content, bytearray(content), memoryview(content), file, str(file)):
        assert (load(image, "warning").wire, told(image)) == ((wanted,), [])
    assert load([content, file], "warning").files == (None, file)


def test_other_forms_of_gif_and_tiff_are_known_and_other_content_is_none() -> None:
    assert [kind(start) for start in (b"GIF87a", b"MM\0*", b"<html>", b"", b"RIFF\0\0\0\0WAVE")] == [
        "gif",
        "tiff",
        None,
        None,
        None,
    ]
    assert (is_png(png(1, 1)), is_png(b"\x89PN")) == (True, False)


@pytest.mark.parametrize("severity", ["warning", "error"])
@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html>", "image_format"),
        (b"", "image_format"),
        (png(299, 400), "image_sides"),
        (png(400, 299), "image_sides"),
        (jpeg(6001, 5000), "image_sides"),
        (png(751, 300), "image_shape"),
        (jpeg(300, 751), "image_shape"),
    ],
)
def test_what_breaks_a_limit_of_the_vendor_is_told_with_the_severity_asked_for(
    content: bytes, rule: str, severity: str
) -> None:
    assert told([content], severity) == [("images[0]", rule, severity)]


@pytest.mark.parametrize("size", [(300, 300), (6000, 6000), (750, 300), (300, 750), (6000, 2400)])
def test_sides_and_shapes_at_the_limits_are_accepted(size: tuple[int, int]) -> None:
    assert told([png(*size), jpeg(*size)]) == []


def test_a_file_that_is_too_large_is_told() -> None:
    most = 30 * 1024 * 1024 - 1
    assert told(png(400, 400).ljust(most, b"\0")) == []
    assert told(png(400, 400).ljust(most + 1, b"\0")) == [("images[0]", "image_bytes", "warning")]


def test_every_limit_that_an_image_breaks_is_told() -> None:
    found = load([png(10, 1000).ljust(31457280, b"\0"), b"x"], "error").violations
    assert [(one.field, one.rule) for one in found] == [
        ("images[0]", "image_bytes"),
        ("images[0]", "image_sides"),
        ("images[0]", "image_shape"),
        ("images[1]", "image_format"),
    ]
    assert [one.value for one in found] == [*["31457280 bytes"] * 3, "1 bytes"]


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xCF])
def test_the_sides_of_a_jpeg_stand_in_its_frame(marker: int) -> None:
    assert sides(jpeg(640, 480, marker)) == (640, 480)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PNG,
        png(1, 1)[:23],
        PNG + b"\0\0\0\x0dIDAT" + b"\0" * 20,
        JPEG,
        jpeg(640, 480)[:40],
        b"\xff\xd8" + segment(0xE0, b"") + b"garbage and more",
        b"\xff\xd8\xff\x01\xff\xd0" + b"\xff" * 20,
        b"\xff\xd8" + b"\xff\xe0\0\0" * 20,
        FORMATS["gif"],
    ],
)
def test_sides_that_cannot_be_told_are_none(content: bytes) -> None:
    assert sides(content) is None


def test_a_jpeg_of_markers_without_a_length_is_read_through() -> None:
    frame = segment(0xC2, struct.pack(">BHHB", 8, 480, 640, 3))
    assert sides(b"\xff\xd8\xff\x01\xff\xd0" + frame + b"\0") == (640, 480)


def unreadable(tmp_path: Path) -> Iterator[tuple[object, str]]:
    yield tmp_path / "missing.png", "No such file"
    yield str(tmp_path / "missing.png"), "No such file"
    yield tmp_path, "Is a directory"
    yield "a\0b.png", "null byte"
    yield "x" * 5000, "File name too long"
    yield "", "is no path"
    yield BytesPath(), "is no path"


class BytesPath:
    def __fspath__(self) -> Any:
        return b"a.png"


def test_a_file_that_cannot_be_read_is_a_violation_of_its_place(tmp_path: Path) -> None:
    for image, why in unreadable(tmp_path):
        loaded = load(["https://a.invalid/b.png", image], "warning")
        (found,) = loaded.violations
        assert (found.field, found.rule, found.severity) == ("images[1]", "file", "error")
        assert why.lower() in found.message.lower()
        # The count stays, for the rules about the number of images.
        assert len(loaded.wire) == 2
        assert loaded.files == (None, None)


@pytest.mark.parametrize("content", [png(300, 300), jpeg(300, 300) * 100], ids=["short", "long"])
def test_raw_base64_is_not_taken_and_not_shown_and_the_message_says_what_to_do(content: bytes) -> None:
    raw = base64.b64encode(content).decode()
    found = validate("a cat", images=[raw])
    assert [(one.field, one.rule) for one in found] == [("images[0]", "file")]
    assert "raw base64" in found[0].message
    assert "pass the bytes" in found[0].message
    assert "data URI" in found[0].message
    told = repr(found) + str(InvalidRequest(found))
    assert raw not in told
    assert raw[:24] not in told


def test_a_path_is_named_in_its_message_and_a_very_long_one_is_cut() -> None:
    (found,) = load("no/such/picture.png", "warning").violations
    assert "'no/such/picture.png'" in found.message
    assert found.value == "no/such/picture.png"
    (found,) = load("x" * 5000, "warning").violations
    assert len(found.message) < 400


def test_a_link_without_its_slashes_is_a_path() -> None:
    assert told("https:/a.invalid/b.png") == [("images[0]", "file", "error")]


@pytest.mark.parametrize(
    "image", [5, None, 1.5, ["a"], {"a": 1}, object()], ids=["int", "None", "float", "list", "dict", "object"]
)
def test_an_image_of_another_type_is_a_violation(image: object) -> None:
    assert told(["https://a.invalid/b.png", image]) == [("images[1]", "type", "error")]


@pytest.mark.parametrize("images", [5, {"a": 1}, {"a"}, iter(["a"])], ids=["int", "dict", "set", "iterator"])
def test_what_is_no_list_of_images_is_one_violation(images: object) -> None:
    assert load(images, "warning").wire == ()
    assert told(images) == [("images", "type", "error")]


def test_a_single_image_is_a_list_of_one(tmp_path: Path) -> None:
    for image in ("a", b"a", bytearray(b"a"), memoryview(b"a"), tmp_path, PurePosixPath("a")):
        assert load(image, "warning") == load([image], "warning") == load((image,), "warning")
        assert len(load(image, "warning").wire) == 1
    assert load(None, "warning") == load([], "warning") == _images.LoadedImages((), (), ())


def test_a_relative_path_is_kept_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cat.png").write_bytes(png(400, 400))
    monkeypatch.chdir(tmp_path)
    assert load("cat.png", "warning").files == (tmp_path / "cat.png",)
