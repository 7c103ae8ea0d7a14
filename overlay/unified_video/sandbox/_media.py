"""A file over HTTP: a single Range, If-Range, ETag and Last-Modified."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING

from ._message import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def served(content: bytes, kind: str, tag: str, modified: float, asked: Mapping[str, str]) -> Reply:
    """The whole file, the part that is asked for, or that there is no such part. `asked` are the request's headers."""
    etag, date = f'"{tag}"', formatdate(modified, usegmt=True)
    headers = (("Content-Type", kind), ("Accept-Ranges", "bytes"), ("ETag", etag), ("Last-Modified", date))
    if asked.get("if-range", etag) not in {etag, date}:
        return Reply(200, headers, content)
    part = wanted(asked.get("range", ""), len(content))
    if part is None:
        return Reply(200, headers, content)
    if not part:
        return Reply(416, (*headers, ("Content-Range", f"bytes */{len(content)}")))
    place = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Reply(206, (*headers, ("Content-Range", place)), content[part.start : part.stop])


def wanted(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for: empty where the file has none of them, None for the whole file.

    Several ranges, and what is no range, may be ignored (RFC 9110), and are.
    """
    found = _RANGE.match(header.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)
