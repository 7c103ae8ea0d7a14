"""The OpenAPI document as data: all that the overlay knows of the service is read here."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import unified_video_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    # What JSON holds has no narrower type; readers check what they take.
    Json = Mapping[str, Any]

_FOLDER = Path(unified_video_types.__file__).parent


@cache
def document() -> Json:
    return json.loads((_FOLDER / "document.json").read_bytes())  # type: ignore[no-any-return]


def text() -> str:
    """The document as it was written by hand, in YAML."""
    return (_FOLDER / "document.yaml").read_text("utf-8")


def component(name: str) -> Json:
    return document()["components"]["schemas"][name]  # type: ignore[no-any-return]


def resolve(schema: Json) -> Json:
    """The schema that a `$ref` points to, through any number of them."""
    while "$ref" in schema:
        found: Any = document()
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        schema = found
    return schema


def request() -> Json:
    """The schema of a request, with its rules, warnings and client defaults."""
    return component("VideoGenerationRequest")


@cache
def options() -> Json:
    """Each optional field with its schema: those that are keywords of `create` and options of the command line."""
    return {name: resolve(schema) for name, schema in component("VideoOptions")["properties"].items()}


@cache
def fields() -> Json:
    """Each field of a request with its schema."""
    own = {name: resolve(schema) for name, schema in request()["properties"].items()}
    return {**own, **options()}


@cache
def operation(operation_id: str) -> Json:
    method, path = endpoint(operation_id)
    found: Json = document()["paths"][path][method.lower()]
    return found


@cache
def endpoint(operation_id: str) -> tuple[str, str]:
    """Method and path of an operation; in the path, each parameter stands as `{name}`."""
    for path, methods in document()["paths"].items():
        for method, found in methods.items():
            if found["operationId"] == operation_id:
                return method.upper(), path
    raise KeyError(operation_id)


def wants_last_frame(asked: Mapping[str, object]) -> bool:
    """Whether a request asks for the last frame too."""
    return asked.get("return_last_frame") is True


def polling() -> Json:
    """Pauses, time limits and patience of a wait."""
    return operation("get_video_generation")["x-polling"]  # type: ignore[no-any-return]


def image_limits() -> Json:
    return component("Images")["x-limits"]  # type: ignore[no-any-return]


@cache
def states() -> Mapping[str, str]:
    """Each known status, in upper case, with the state that it means."""
    return {status.upper(): state for status, state in component("TaskStatus")["x-states"].items()}


@cache
def success_codes() -> frozenset[str]:
    """The codes, in lower case, with which an envelope holds a task and no error."""
    return frozenset(code.lower() for code in component("TaskError")["x-success-codes"])


@cache
def request_id_headers() -> tuple[str, ...]:
    """In lower case; the first that is there holds the request's id."""
    return tuple(name.lower() for name in document()["components"]["responses"]["Error"]["x-request-id-headers"])


def link_lifetime() -> float:
    """Seconds for which links live after the end of a task."""
    return float(component("VideoTask")["x-link-lifetime-seconds"])
