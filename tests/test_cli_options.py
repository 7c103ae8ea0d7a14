"""From schemas to options, and from the texts of the command line to values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest

from unified_video import _document
from unified_video._cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Options of a document that is not there yet."""
    schemas: dict[str, Any] = {}
    monkeypatch.setattr(_document, "options", lambda: schemas)
    return schemas


def option(name: str) -> click.Option:
    found = next(found for found in options.video_options() if found.name == name)
    assert isinstance(found, click.Option)
    return found


def given(schema: Mapping[str, Any], *texts: str, document: dict[str, Any]) -> object:
    """What comes of texts for an option with this schema, by way of a command."""
    document["field"] = schema
    taken: dict[str, object] = {}
    command = click.Command("c", callback=taken.update, params=options.video_options())
    command.main([word for text in texts for word in ("--field", text)], standalone_mode=False)
    return options.given(taken).get("field")


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "7", 7),
        ({"type": "integer"}, "-7", -7),
        ({"type": "integer"}, "7.0", "7.0"),
        ({"type": "integer"}, "1_000", "1_000"),
        ({"type": "integer"}, "seven", "seven"),
        ({"type": "integer"}, "9" * 5000, "9" * 5000),
        ({"type": "number"}, "0.5", 0.5),
        ({"type": "number"}, "1e3", 1000.0),
        ({"type": "number"}, "nan", "nan"),
        ({"type": ["integer", "null"]}, "7", 7),
        ({"type": ["integer", "string"]}, "x", "x"),
        ({"type": ["boolean", "string"]}, "true", True),
        ({"type": ["boolean", "integer"]}, "yes", "yes"),
        ({"type": "string"}, "7", "7"),
        ({"enum": ["a", "b"]}, "a", "a"),
        ({}, "7", "7"),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": "object"}, "[1]", "[1]"),
        ({"type": "object"}, '{"a": NaN}', '{"a": NaN}'),
        ({"type": "object"}, "{" * 100_000, "{" * 100_000),
    ],
)
def test_a_text_becomes_what_its_schema_asks_for_or_stays_a_text(
    document: dict[str, Any], schema: Mapping[str, Any], text: str, value: object
) -> None:
    found = given(schema, text, document=document)
    assert found == value
    assert type(found) is type(value)


def test_an_array_is_an_option_that_may_be_repeated(document: dict[str, Any]) -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    assert given(schema, "1", "x", document=document) == [1, "x"]
    assert given(schema, document=document) is None


def test_unset_true_and_false_are_told_apart(document: dict[str, Any]) -> None:
    document["field"] = {"type": "boolean"}
    seen = []
    for words in ([], ["--field"], ["--no-field"]):
        taken: dict[str, object] = {}
        command = click.Command("c", callback=taken.update, params=options.video_options())
        command.main(words, standalone_mode=False)
        seen.append(options.given(taken))
    assert seen == [{}, {"field": True}, {"field": False}]


@pytest.mark.parametrize(
    ("schema", "metavar"),
    [
        ({"enum": [5, 10]}, "5|10"),
        ({"enum": ["a" * 40, "b" * 40]}, "NAME"),
        ({"type": "integer", "minimum": 1, "maximum": 10}, "1..10"),
        ({"type": "integer", "minimum": 1}, "N"),
        ({"type": "number"}, "NUMBER"),
        ({"type": "object"}, "JSON"),
        ({"type": "string"}, "TEXT"),
        ({}, "TEXT"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "a|b"),
    ],
)
def test_the_metavar_says_what_may_be_given(document: dict[str, Any], schema: Mapping[str, Any], metavar: str) -> None:
    document["field"] = schema
    assert option("field").metavar == metavar


def test_the_help_is_the_first_sentence_and_the_default(document: dict[str, Any]) -> None:
    document["a"] = {"type": "boolean", "default": False, "description": "Whether `x`\nis on. More."}
    document["b"] = {"type": "string"}
    assert option("a").help == "Whether x is on. [the service's default: false]"
    assert option("b").help == ""


def test_a_shell_is_offered_the_values() -> None:
    context = click.Context(click.Command("c"))
    resolution = option("resolution")
    assert [item.value for item in resolution.shell_complete(context, "7")] == ["720p"]
    assert option("seed").shell_complete(context, "") == []


def test_every_option_of_the_document_is_there() -> None:
    assert [found.name for found in options.video_options()] == list(_document.options())


def test_headings_without_options_are_left_out() -> None:
    command = options.Command("c", params=[options.Option("--x", section=options.RUN)])
    shown = command.get_help(click.Context(command))
    assert options.VIDEO not in shown
    assert shown.index(options.RUN) < shown.index(options.OTHER) < shown.index("--help")


def test_an_option_that_hides_itself_is_not_shown() -> None:
    command = options.Command("c", params=[options.Option("--x", section=options.RUN, hidden=True)])
    assert "--x" not in command.get_help(click.Context(command))
