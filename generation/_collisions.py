"""Options of the document whose name is already taken: by our own keywords, by the command line, or by Python."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Every parameter of a public method of the clients; tests/test_generation.py holds the signatures against it.
KEYWORDS = frozenset(
    {
        *("self", "cls", "prompt", "model", "images", "extra", "options"),
        *("output", "timeout", "on_update", "on_progress", "task", "video", "path"),
        *("api_key", "base_url", "retry", "transport", "defaults", "strict", "ledger"),
    }
)

# Every option of ours beside those of the document, without its dashes; the same test holds the commands against it.
COMMAND_LINE = frozenset(
    {
        *("output", "o", "model", "image", "timeout", "strict", "extra", "base-url", "ledger", "no-ledger"),
        *("json", "version", "help", "h", "sandbox", "prompt", "prompt-file", "dry-run", "images", "session"),
    }
)


def collisions(options: Mapping[str, bool]) -> list[str]:
    """One sentence for each collision. `options`: the name, and whether it is a boolean (`--x/--no-x`)."""
    return [
        f"the option {name!r} of VideoOptions {reason}: rename it, or leave it to extra="
        for name, boolean in options.items()
        for reason in (*_python_reasons(name), *_flag_reasons(name, boolean=boolean, others=options))
    ]


def flags(name: str, *, boolean: bool) -> set[str]:
    """What the command line makes of an option, without the dashes before it."""
    flag = name.replace("_", "-")
    return {flag, f"no-{flag}"} if boolean else {flag}


def _python_reasons(name: str) -> Iterator[str]:
    if not name.isidentifier() or name.startswith("_"):
        yield "is not a public Python name"
    if keyword.iskeyword(name):
        yield "is a word of Python's own"
    if name in KEYWORDS:
        yield f"collides with our own keyword {name!r}"


def _flag_reasons(name: str, *, boolean: bool, others: Mapping[str, bool]) -> Iterator[str]:
    mine = flags(name, boolean=boolean)
    for flag in sorted(mine & COMMAND_LINE):
        yield f"collides with our own command-line option --{flag}"
    for other, other_boolean in others.items():
        for flag in sorted(mine & flags(other, boolean=other_boolean)) if other != name else ():
            yield f"collides with the option {other!r}: both are --{flag} on the command line"
