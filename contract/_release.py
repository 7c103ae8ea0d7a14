"""The released documents, and whether the one at hand may follow them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from contract import _places
from contract._changelog import changelog_problems, version, version_problems
from contract._compare import changes
from contract._places import Json, read_json, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

_STEM = "unified_video-"


def released(folder: Path = _places.RELEASED) -> list[str]:
    """Versions, the newest first."""
    found = [path.stem.removeprefix(_STEM) for path in folder.glob(f"{_STEM}*.yaml")]
    return sorted(found, key=version, reverse=True)


def path_of(number: str, suffix: str = ".yaml", folder: Path = _places.RELEASED) -> Path:
    return folder / f"{_STEM}{number}{suffix}"


def problems(document: Json, changelog: str, folder: Path = _places.RELEASED) -> list[str]:
    """Why the document cannot follow what was released; empty where it can."""
    numbers = released(folder)
    current = str(document["info"]["version"])
    found = changes(read_yaml(path_of(numbers[0], folder=folder)), document) if numbers else []
    return [
        *(version_problems(numbers[0], current, found) if numbers else ()),
        *changelog_problems(changelog, current, numbers, found),
        *_twins(numbers, folder),
    ]


def _twins(numbers: list[str], folder: Path) -> list[str]:
    """Each release is one document in two forms."""
    return [
        f"{path_of(number, folder=folder).name} and its JSON differ, or bear another version"
        for number in numbers
        if not _is_twin(number, folder)
    ]


def _is_twin(number: str, folder: Path) -> bool:
    as_json, document = path_of(number, ".json", folder), read_yaml(path_of(number, folder=folder))
    return as_json.exists() and read_json(as_json) == document and document["info"]["version"] == number


def release(folder: Path = _places.RELEASED) -> list[Path]:
    """Writes the document at hand as a release, in both forms; refused where one of its version differs."""
    document = read_yaml(_places.DOCUMENT)
    number = document["info"]["version"]
    target = path_of(number, folder=folder)
    if target.exists() and read_yaml(target) != document:
        raise FileExistsError(f"{target.name} is released and differs: give the document a new version")
    folder.mkdir(exist_ok=True)
    shutil.copyfile(_places.DOCUMENT, target)
    as_json = path_of(number, ".json", folder)
    as_json.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [target, as_json]
