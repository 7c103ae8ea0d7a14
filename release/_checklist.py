"""What keeps a version from being released, as sentences; and the two texts that a release changes."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, int, int]

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_ASSIGNED = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
UNRELEASED = "Unreleased"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the checkout."""

    changed: tuple[str, ...]
    """Files that differ from the commit, and files that no commit has."""
    tags: tuple[str, ...]
    """Of other commits: the tag of this one may be there already, where its release is made again."""
    changelog: str
    document_is_released: bool
    """Whether the document at hand is, to the byte, one of openapi/released/."""


def problems(wanted: str, facts: Facts) -> list[str]:
    """Why `wanted` cannot be released from here; empty where it can."""
    number = version(wanted)
    if number is None:
        return [f"{wanted!r} is no version: give three numbers, such as 1.2.0"]
    return [
        *_of_tree(facts.changed),
        *_of_tags(number, facts.tags),
        *_of_changelog(wanted, facts.changelog),
        *_of_document(facts.document_is_released),
    ]


def version(text: str) -> Version | None:
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _of_tree(changed: tuple[str, ...]) -> list[str]:
    return [f"the tree is not what the commit holds: {', '.join(changed)}"] if changed else []


def _of_tags(number: Version, tags: tuple[str, ...]) -> list[str]:
    released = [found for tag in tags if (found := version(tag.removeprefix("v")))]
    newest = max(released, default=None)
    if newest is None or number > newest:
        return []
    return [f"{_text(newest)} is released: a version must be greater, and {_text(number)} is not"]


def _text(number: Version) -> str:
    return ".".join(map(str, number))


def _of_changelog(wanted: str, changelog: str) -> list[str]:
    _, *parts = _HEADING.split(changelog)
    title, told = parts[:2] or ("", "")
    if title not in {wanted, UNRELEASED}:
        return [f"CHANGELOG.md: the first heading is {title!r}: it must be '## {wanted}' or '## {UNRELEASED}'"]
    if not re.search(r"^- \S", told, re.MULTILINE):
        return [f"CHANGELOG.md: nothing stands under '## {title}'"]
    return []


def _of_document(is_released: bool) -> list[str]:  # noqa: FBT001 - the one fact that it judges
    words = "the document is none of openapi/released/: `python -m contract release` puts it there, under its version"
    return [] if is_released else [words]


def version_of(module: str) -> str:
    """The version that the text of _version.py gives."""
    found = _ASSIGNED.search(module)
    if found is None:
        raise ValueError("_version.py has no line '__version__ = \"…\"'")
    return found[1]


def with_version(module: str, wanted: str) -> str:
    return _ASSIGNED.sub(f'__version__ = "{wanted}"', module)


def with_heading(changelog: str, wanted: str) -> str:
    return changelog.replace(f"## {UNRELEASED}\n", f"## {wanted}\n", 1)
