"""Links that may be shown: a signature lies in the query."""

from __future__ import annotations

import re


def without_query(url: str | None) -> str | None:
    if url is None:
        return None
    start, mark, _ = url.partition("?")
    return f"{start.partition('#')[0]}{'?…' if mark else ''}"


# JSON may write a slash as \/.
_LINK_WITH_QUERY = re.compile(r"""(https?:(?:\\?/){2}[^\s"'<>?#]*)[?#][^\s"'<>]*""", re.IGNORECASE)


def without_queries(text: str) -> str:
    """A text that may be shown, whatever links stand in it."""
    return _LINK_WITH_QUERY.sub(r"\1?…", text) if "://" in text or ":\\/" in text else text
