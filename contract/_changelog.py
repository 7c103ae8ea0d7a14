"""The document's own changelog: a heading for each version, the newest first, and a section for what breaks."""

from __future__ import annotations

import re

from contract._changes import Change, Level, highest

_HEADING = re.compile(r"^## (\d+\.\d+\.\d+)$", re.MULTILINE)
Version = tuple[int, int, int]


def version(text: str) -> Version:
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


def sections(changelog: str) -> dict[str, str]:
    """Each version with what stands under it, in the order of the page."""
    _, *parts = _HEADING.split(changelog)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def least_version(released: str, level: Level | None) -> Version:
    """The lowest version that a document with changes of this level may have."""
    major, minor, patch = version(released)
    return {
        None: (major, minor, patch),
        "wording": (major, minor, patch + 1),
        "addition": (major, minor + 1, 0),
        "breaking": (major + 1, 0, 0),
    }[level]


def version_problems(released: str, current: str, found: list[Change]) -> list[str]:
    """Whether the version is high enough for what changed since the last release."""
    least = least_version(released, highest(found))
    if version(current) >= least:
        return []
    wanted = ".".join(map(str, least))
    return [
        *map(str, found),
        f"info.version is {current}, and these changes since {released} ask for {wanted} or higher",
    ]


def changelog_problems(changelog: str, current: str, released: list[str], found: list[Change]) -> list[str]:
    """Whether the changelog tells of every version, of this one first, and names what breaks."""
    told = sections(changelog)
    problems = [f"no heading '## {number}'" for number in dict.fromkeys([current, *released]) if number not in told]
    if list(told) != sorted(told, key=version, reverse=True):
        problems.append("the versions do not stand newest first")
    if told and next(iter(told)) != current:
        problems.append(f"the first version is {next(iter(told))}, and the document's is {current}")
    problems += [
        f"nothing stands under {number}" for number, text in told.items() if not re.search(r"^- \S", text, re.MULTILINE)
    ]
    if highest(found) == "breaking" and "### Breaking" not in told.get(current, ""):
        problems.append(f"{current} breaks what was released, and has no section '### Breaking'")
    return problems
