"""Images as users give them (URL, data URI, path, bytes) and as the service takes them (URL, data URI)."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ._document import image_limits
from ._models import Violation
from ._picture import kind, sides
from ._sentences import shown

if TYPE_CHECKING:
    from ._document import Json

Severity = Literal["error", "warning"]

Image = str | os.PathLike[str] | bytes
"""In a str, `http(s)://` is a URL, `data:` a data URI, all else a path."""

_RAW_BASE64 = "raw base64 is not taken for an image: decode it and pass the bytes, or make a data URI of it"
_LONGEST_NAME = 200
_TYPES = "images are a URL, a data URI, a path or bytes"


class LoadedImages(NamedTuple):
    """`wire` is what is sent, `files` the absolute path of each that was a file, else None."""

    wire: tuple[str, ...]
    files: tuple[Path | None, ...]
    violations: tuple[Violation, ...]


class _Loaded(NamedTuple):
    wire: str
    file: Path | None = None
    violations: tuple[Violation, ...] = ()


_NONE = LoadedImages((), (), ())


def load(images: object, severity_of_limits: Severity) -> LoadedImages:
    """Reads the files. `severity_of_limits` is that of the vendor's limits, which the page does not know."""
    if images is None:
        return _NONE
    # A single image is a list of one.
    given = (images,) if isinstance(images, (str, bytes, bytearray, memoryview, os.PathLike)) else images
    if not isinstance(given, Sequence):
        wrong = f"must be a list of images, not {type(images).__name__}: {_TYPES}"
        return LoadedImages((), (), (Violation("images", "type", wrong, shown(images)),))
    loaded = [_load(image, f"images[{index}]", severity_of_limits) for index, image in enumerate(given)]
    return LoadedImages(
        tuple([image.wire for image in loaded]),
        tuple([image.file for image in loaded]),
        tuple([violation for image in loaded for violation in image.violations]),
    )


def _load(image: object, field: str, severity: Severity) -> _Loaded:
    if isinstance(image, str) and image[:8].lower().startswith(("http://", "https://")):
        return _Loaded(image)
    if isinstance(image, str) and image[:5].lower() == "data:":
        return _from_data_uri(image, field, severity)
    if isinstance(image, str | os.PathLike):
        return _from_file(os.fspath(image), field, severity)
    if isinstance(image, bytes | bytearray | memoryview):
        return _from_bytes(bytes(image), field, severity)
    wrong = f"must be a URL, a data URI, a path or bytes, not {type(image).__name__}"
    return _refused(field, "type", wrong, shown(image))


def _from_data_uri(uri: str, field: str, severity: Severity) -> _Loaded:
    """Sent as it is; what is surely a picture has a picture's limits."""
    try:
        content = base64.b64decode(uri.partition(",")[2])
    except ValueError:
        return _Loaded(uri)
    return _Loaded(uri, None, _limited(content, field, severity) if kind(content) else ())


def _from_file(name: str | bytes, field: str, severity: Severity) -> _Loaded:
    if isinstance(name, bytes) or not name:
        return _refused(field, "file", f"is no path; {_TYPES}", shown(name))
    try:
        content = Path(name).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        message = f"the file {_name(name)!r} cannot be read ({why}): check the path; {_RAW_BASE64}"
        return _refused(field, "file", message, _name(name))
    found = _from_bytes(content, field, severity, value=_name(name))
    return _Loaded(found.wire, Path(name).absolute(), found.violations)


def _name(name: str) -> str:
    """What may be shown of a path, which may be no path but base64, or a link without its scheme."""
    try:
        is_picture = kind(base64.b64decode(name[:32], validate=True)) is not None
    except ValueError:
        is_picture = False
    return f"{name[:16]}… ({len(name)} characters)" if is_picture or len(name) > _LONGEST_NAME else name


def _refused(field: str, rule: str, message: str, value: object) -> _Loaded:
    # The placeholder keeps the count, so that rules about the number of images still speak.
    return _Loaded("data:,", None, (Violation(field, rule, message, value),))


def _from_bytes(content: bytes, field: str, severity: Severity, value: object = None) -> _Loaded:
    found = kind(content)
    media_type = f"image/{found}" if found else "application/octet-stream"
    wire = f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
    return _Loaded(wire, None, _limited(content, field, severity, value))


def _limited(content: bytes, field: str, severity: Severity, value: object = None) -> tuple[Violation, ...]:
    shown_as = value or f"{len(content)} bytes"
    return tuple([Violation(field, rule, text, shown_as, severity) for rule, text in _breaches(content)])


def _breaches(content: bytes) -> Iterator[tuple[str, str]]:
    limits = image_limits()
    if kind(content) not in limits["formats"]:
        yield "image_format", f"is none of {', '.join(limits['formats'])}: convert it"
    if len(content) > limits["max_bytes"]:
        yield "image_bytes", f"has {len(content)} bytes, at most {limits['max_bytes']} are taken: make it smaller"
    size = sides(content)
    if size is not None:
        yield from _of_sides(*size, limits)


def _of_sides(width: int, height: int, limits: Json) -> Iterator[tuple[str, str]]:
    low, high = limits["min_side"], limits["max_side"]
    narrow, wide = limits["min_width_to_height"], limits["max_width_to_height"]
    if not (low <= width <= high and low <= height <= high):
        yield "image_sides", f"is {width}x{height}, sides of {low} to {high} pixels are taken: scale it"
    if not height * narrow <= width <= height * wide:
        yield "image_shape", f"is {width}x{height}, a width of {narrow} to {wide} times the height is taken: crop it"
