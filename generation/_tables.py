"""Tables of the document that name what its enums do not: x-models, x-frame-sizes, x-client-defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation._words import mapping, sequence, target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENUMS = {"resolutions": "Resolution", "ratios": "Ratio", "durations": "Duration"}


def inconsistencies(document: Mapping[str, object]) -> list[str]:
    """One sentence for each value that no enum lists."""
    schemas = mapping(mapping(document["components"])["schemas"])
    return [*_models(schemas), *_frame_sizes(schemas), *_defaults(schemas)]


def _enum(schemas: Mapping[str, object], name: str) -> list[object]:
    return sequence(mapping(schemas.get(name)).get("enum"))


def _plain(table: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Its rows, without extensions such as x-provenance."""
    return ((key, mapping(row)) for key, row in mapping(table).items() if not key.startswith("x-"))


def _models(schemas: Mapping[str, object]) -> Iterator[str]:
    for model, row in _plain(mapping(schemas.get("VideoModel")).get("x-models")):
        if model not in _enum(schemas, "VideoModel"):
            yield f"x-models lists {model!r}, which is no value of VideoModel"
        for column, enum in ENUMS.items():
            for value in sequence(row.get(column)):
                if value not in _enum(schemas, enum):
                    yield f"x-models.{model}.{column} lists {value!r}, which is no value of {enum}"


def _frame_sizes(schemas: Mapping[str, object]) -> Iterator[str]:
    for resolution, row in _plain(mapping(schemas.get("Resolution")).get("x-frame-sizes")):
        if resolution not in _enum(schemas, "Resolution"):
            yield f"x-frame-sizes lists {resolution!r}, which is no value of Resolution"
        for ratio in row:
            if ratio not in _enum(schemas, "Ratio"):
                yield f"x-frame-sizes.{resolution} lists {ratio!r}, which is no value of Ratio"


def _defaults(schemas: Mapping[str, object]) -> Iterator[str]:
    fields = {
        **mapping(mapping(schemas.get("VideoOptions")).get("properties")),
        **mapping(mapping(schemas.get("VideoGenerationRequest")).get("properties")),
    }
    for entry in map(mapping, sequence(mapping(schemas.get("VideoGenerationRequest")).get("x-client-defaults"))):
        field, value = str(entry.get("field")), entry.get("value")
        enum = _enum(schemas, target(mapping(fields.get(field))))
        if field not in fields:
            yield f"x-client-defaults fills in {field!r}, which the request does not have"
        elif enum and value not in enum:
            yield f"x-client-defaults gives {field} the value {value!r}, which its enum does not list"
