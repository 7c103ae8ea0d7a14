"""Our evaluator of JSON Schema says what the reference implementation says."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from unified_video import validate
from unified_video._document import component, document, fields, request
from unified_video._schema import KNOWN_WORDS, Breach, breaches, compiled
from unified_video._validate import Wish, prepare

MANY = settings(
    max_examples=int(os.environ.get("SCHEDULES", "1000")),  # `nox -s schedules` takes 10,000
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

MODELS = component("VideoModel")["enum"]
ANYTHING: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
# What the rules turn on comes often; what is wrong comes in every field, and whole numbers as floats.
LIKELY: dict[str, Any] = {
    **dict.fromkeys(fields(), st.booleans()),  # what is not named below
    "prompt": st.sampled_from(["a cat", "", " \n", "中" * 501, "w " * 1001]),
    "model": st.sampled_from([*MODELS, "newer"]),
    "images": st.lists(st.sampled_from(["https://a.invalid/b.png", "", 1]), max_size=5),
    "duration": st.sampled_from([5, 10, 5.0, 7, True]),
    "resolution": st.sampled_from(["480p", "720p", "1080p", "4k"]),
    "ratio": st.sampled_from([*component("Ratio")["enum"], "2:1"]),
    "watermark": st.sampled_from([True, False, 0, 1]),
    "seed": st.sampled_from([0, 2147483647, -1, 2147483648, 7.0, 7.5, False]),
    "camerafixed": st.booleans(),
    "return_last_frame": st.booleans(),
    "generate_audio": st.booleans(),
}
REQUESTS: Any = st.fixed_dictionaries(
    {}, optional={**{name: likely | ANYTHING for name, likely in LIKELY.items()}, "newer_field": ANYTHING}
)
RULES = [request(), *request()["x-warnings"], *(default["if"] for default in request()["x-client-defaults"])]
# The components go along, so that the reference implementation finds what a $ref means.
JUDGES = [
    (rule, compiled(rule), Draft202012Validator({**rule, "components": document()["components"]})) for rule in RULES
]


def of_jsonschema(errors: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Path and word of each error, in our form: a field that is missing is told at its own path."""
    found = []
    for error in errors:
        path = tuple(error.absolute_path)
        if error.validator == "required":
            found.append(((*path, error.message.split("'")[1]), "required"))
        else:
            found.append((path, error.validator))
    return found


@MANY
@given(REQUESTS)
def test_the_breaches_of_a_request_are_those_that_jsonschema_finds(value: Any) -> None:
    for rule, fits, reference in JUDGES:
        ours = {(breach.path, breach.word) for breach in breaches(value, rule)}
        theirs = set(of_jsonschema(reference.iter_errors(value)))
        # They tell every word that a value breaks, we the first of each place.
        assert ours <= theirs
        assert {path for path, _ in ours} == {path for path, _ in theirs}
        assert fits(value) is (not theirs)


IMAGES: Any = LIKELY["images"] | st.integers() | st.booleans()
"""No other texts: to `validate` they are paths of files, to a schema any text is an image."""


SOUND: Any = st.fixed_dictionaries(
    {"prompt": st.just("a cat")},
    optional={
        "model": st.sampled_from(MODELS),
        "duration": st.sampled_from([5, 10, 5.0]),
        "resolution": st.sampled_from(["480p", "720p", "1080p"]),
        "ratio": st.sampled_from(component("Ratio")["enum"]),
        "seed": st.sampled_from([0, 7.0]) | st.integers(0, 2147483647),
        **{name: st.booleans() for name in ("watermark", "camerafixed", "return_last_frame", "generate_audio")},
    },
)
# Some break no rule, some a rule between fields, some a field or two.
NEARLY_SOUND: Any = st.builds(
    lambda sound, wild, names: {**sound, **{name: wild[name] for name in names if name in wild}},
    SOUND,
    REQUESTS,
    st.sets(st.sampled_from(sorted(LIKELY)), max_size=2),
)


@MANY
@given(NEARLY_SOUND, IMAGES | st.none())
def test_validate_passes_what_the_schema_of_the_document_passes_and_nothing_else(value: Any, images: Any) -> None:
    known = {name: value[name] for name in LIKELY if value.get(name) is not None and name != "images"}
    given_images = {} if images is None else {"images": images}
    arguments: Any = {"prompt": None, **known, **given_images}
    filled_in = prepare(_wish(arguments)).body
    body = {**filled_in, **given_images}
    passed = not [found for found in validate(**arguments) if found.severity == "error"]
    assert passed is JUDGES[0][2].is_valid(body)


def _wish(arguments: dict[str, Any]) -> Wish:
    options = {name: value for name, value in arguments.items() if name not in {"prompt", "model", "images"}}
    return Wish(arguments["prompt"], arguments.get("model"), arguments.get("images"), options=options)


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_a_value_that_is_no_request_at_all_is_judged_as_jsonschema_judges_it(value: Any) -> None:
    for rule, fits, reference in JUDGES:
        assert fits(value) is reference.is_valid(value) is (not [*breaches(value, rule)])


WORDS: list[dict[str, Any]] = [
    {"type": "number"},
    {"type": "null"},
    {"type": "array"},
    {"type": "object"},
    {"type": ["string", "null"]},
    {"enum": [1, True, "a", None]},
    {"enum": [0, False]},
    {"const": 1},
    {"const": False},
    {"minimum": 2},
    {"maximum": 2.5},
    {"exclusiveMinimum": 0},
    {"exclusiveMaximum": 5},
    {"multipleOf": 3},
    {"multipleOf": 0.5},
    {"minLength": 2},
    {"maxLength": 2},
    {"pattern": "^a"},
    {"minItems": 1},
    {"maxItems": 1},
    {"items": {"type": "integer"}},
    {"required": ["a"]},
    {"properties": {"a": {"type": "string"}, "": {"minimum": 1}}},
    {"not": {"type": "string"}},
    {"allOf": [{"type": "integer"}, {"minimum": 1}]},
    {"allOf": []},
    {"if": {"type": "string"}, "then": {"minLength": 1}},
    {"additionalProperties": True},
    {"title": "t", "description": "d", "default": 1, "examples": [1], "format": "int64", "deprecated": True},
]
VALUES = ANYTHING | st.sampled_from(["a", "ab", "b", [1], ["a", 2], {"a": 1}, {"a": "x"}, 0, 1, 3, 2.5, True, False])


@pytest.mark.parametrize("schema", WORDS, ids=str)
@settings(max_examples=60, deadline=None)
@given(value=VALUES)
def test_each_word_is_evaluated_as_jsonschema_evaluates_it(schema: dict[str, Any], value: Any) -> None:
    valid = Draft202012Validator(schema).is_valid(value)
    assert compiled(schema)(value) is valid
    assert (not [*breaches(value, schema)]) is valid


def test_every_known_word_is_compared_with_jsonschema() -> None:
    compared = {word for schema in WORDS for word in schema}
    assert compared == KNOWN_WORDS - {"$ref", "$comment"}


def test_a_boolean_is_no_integer_and_a_whole_float_is_one() -> None:
    assert not compiled({"type": "integer"})(True)  # noqa: FBT003
    assert not compiled({"type": "boolean"})(1)
    assert compiled({"type": "integer"})(5.0)
    assert not compiled({"type": "integer"})(5.5)
    assert not any(compiled({"type": "integer"})(value) for value in (float("nan"), float("inf")))


def test_a_multiple_of_a_fraction_is_one_although_floats_are_not_exact() -> None:
    assert compiled({"multipleOf": 0.1})(0.5)
    assert not compiled({"multipleOf": 0.1})(0.55)
    assert compiled({"multipleOf": 10})(10**400)
    assert not compiled({"multipleOf": 10})(10**400 + 1)


def test_a_tuple_is_an_array() -> None:
    assert compiled({"type": "array", "items": {"type": "integer"}})((1, 2))
    assert [breach.path for breach in breaches((1, "x"), {"items": {"type": "integer"}}, ("seeds",))] == [("seeds", 1)]


def test_a_reference_is_followed() -> None:
    assert [*breaches(-1, {"$ref": "#/components/schemas/Seed"}, ("seed",))] == [Breach(("seed",), "minimum", 0, -1)]


def test_of_one_value_the_first_broken_word_is_told() -> None:
    assert [breach.word for breach in breaches("", component("Prompt"))] == ["minLength"]


def test_a_titled_rule_is_told_once_for_a_field_and_an_untitled_one_is_told_by_its_word() -> None:
    then = {"required": ["images"], "properties": {"images": {"minItems": 1, "items": {"minLength": 1}}}}
    rule: dict[str, Any] = {"title": "needs_images", "if": {}, "then": {"allOf": [then, then]}}
    assert [(b.path, b.rule) for b in breaches({"images": []}, rule)] == [(("images",), rule)]
    del rule["title"]
    assert [(b.path, b.word, b.rule) for b in breaches({}, rule)] == [(("images",), "required", None)]
