"""A manifest as rows: CSV, JSON Lines or JSON; what stands in it, not yet whether it may be sent."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unified_video import _document
from unified_video._errors import InvalidRequest
from unified_video._models import Violation

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SEPARATORS = ",;\t"  # a spreadsheet writes what its country is used to


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a manifest, or one request of a program."""

    number: int
    """From 1; a header does not count."""
    fields: Mapping[str, object]
    wrong: tuple[Violation, ...] = ()
    """What kept it from being read whole."""


def read(file: str | os.PathLike[str]) -> list[Row]:
    """Every row; image paths made absolute. Raises OSError, or InvalidRequest where it is no manifest at all."""
    path = Path(file)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_manifest(path, f"is not UTF-8 ({error.reason} at byte {error.start}): save it as UTF-8") from error
    rows = _reader(path, text)(path, text)
    return [Row(row.number, _resolved(row.fields, path.parent.absolute()), row.wrong) for row in rows]


def of_requests(requests: Iterable[object]) -> list[Row]:
    """What a program gives: mappings, or prompts alone."""
    return [_of_request(number, request) for number, request in enumerate(requests, 1)]


def _of_request(number: int, request: object) -> Row:
    return _of_value(number, {"prompt": request} if isinstance(request, str) else request)


def _of_value(number: int, value: object) -> Row:
    if isinstance(value, Mapping):
        return Row(number, {str(name): found for name, found in value.items()})
    wrong = Violation(
        "row", "type", f"must be an object with the fields of a request, not {type(value).__name__}", None
    )
    return Row(number, {}, (wrong,))


def _no_manifest(path: Path, why: str) -> InvalidRequest:
    return InvalidRequest((Violation("manifest", "format", f"{path} {why}", str(path)),))


def _reader(path: Path, text: str) -> Callable[[Path, str], Iterable[Row]]:
    """By the name, else by how it begins."""
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json}
    by_content = {"[": _json, "{": _json_lines}
    return readers.get(path.suffix.lower()) or by_content.get(text.lstrip()[:1], _csv)


def _json(path: Path, text: str) -> Iterator[Row]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _no_manifest(path, f"is no JSON ({error})") from error
    if not isinstance(found, list):
        raise _no_manifest(path, "must hold a list of objects")
    return (_of_value(number, value) for number, value in enumerate(found, 1))


def _json_lines(_: Path, text: str) -> Iterator[Row]:
    lines = [line for line in text.split("\n") if line.strip()]
    return (_of_line(number, line) for number, line in enumerate(lines, 1))


def _of_line(number: int, line: str) -> Row:
    try:
        return _of_value(number, json.loads(line))
    except ValueError as error:
        return Row(number, {}, (Violation("row", "format", f"is no JSON ({error})", line[:80]),))


def _csv(path: Path, text: str) -> Iterator[Row]:
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first.count), strict=True)
    try:
        header, *rows = [cells for cells in lines if any(cell.strip() for cell in cells)] or [[]]
    except csv.Error as error:
        raise _no_manifest(path, f"is no CSV (line {lines.line_num}: {error})") from error
    names = [name.strip() for name in header]
    if "prompt" not in names:
        raise _no_manifest(path, "has no column `prompt`: its first line must name the fields")
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise _no_manifest(path, f"has the column {twice[0]!r} twice")
    return (_of_cells(number, names, cells) for number, cells in enumerate(rows, 1))


def _of_cells(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    """An empty cell is a field that is not set."""
    fields = {name: _typed(name, cell) for name, cell in zip(names, cells, strict=False) if cell.strip()}
    if len(cells) <= len(names):
        return Row(number, fields)
    message = f"has {len(cells)} cells under {len(names)} columns: put text that holds the separator in quotes"
    return Row(number, fields, (Violation("row", "columns", message, None),))


def _typed(name: str, cell: str) -> object:
    """A cell as the document types its field; what does not fit stays text, and is told as a violation."""
    if name == "images":
        return cell.split()
    if name == "extra":
        return _extra(cell)
    kind = _document.fields().get(name, {}).get("type")
    word = cell.strip()
    if kind == "boolean":
        return _WORDS.get(word.lower(), cell)
    if kind in {"integer", "number"}:
        return _number(word)
    return cell if name == "prompt" else word


def _number(word: str) -> object:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _extra(cell: str) -> object:
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _resolved(fields: Mapping[str, object], folder: Path) -> Mapping[str, object]:
    images = fields.get("images")
    if isinstance(images, str):
        return {**fields, "images": _path(images, folder)}
    if isinstance(images, list):
        return {**fields, "images": [_path(image, folder) for image in images]}
    return fields


def _path(image: object, folder: Path) -> object:
    """A path is relative to its manifest; a link or data URI stays as it is."""
    if not isinstance(image, str) or not image or image[:8].lower().startswith(("http://", "https://", "data:")):
        return image
    return str(folder / image)
