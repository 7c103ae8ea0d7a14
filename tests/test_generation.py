"""The generation refuses what the overlay could not follow, and sees every difference."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import unified_video_types
from generation._check import name_problems, options, rule_problems
from generation._collisions import COMMAND_LINE, KEYWORDS, collisions, flags
from generation._compare import differences
from generation._make import GenerationError, as_json, read_document
from unified_video import AsyncUnifiedVideo, UnifiedVideo, validate
from unified_video._cli.commands import commands
from unified_video._schema import KNOWN_WORDS

TYPES = Path(unified_video_types.__file__).parent


@pytest.fixture
def document() -> Any:
    return json.loads((TYPES / "document.json").read_text("utf-8"))


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def with_option(document: Any, name: str, **words: Any) -> Any:
    schema(document, "VideoOptions")["properties"][name] = words
    return document


def test_the_document_has_no_problem(document: Any) -> None:
    assert name_problems(document) == []
    assert rule_problems(document, known=KNOWN_WORDS) == []


@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_an_option_named_like_a_keyword_of_ours_fails_by_name(name: str) -> None:
    assert any(f"{name!r}" in problem and "our own keyword" in problem for problem in collisions({name: False}))


@pytest.mark.parametrize("flag", sorted(COMMAND_LINE))
def test_an_option_named_like_a_command_line_option_fails_by_name(flag: str) -> None:
    name = flag.replace("-", "_")
    assert any(f"{name!r}" in problem and f"--{flag}" in problem for problem in collisions({name: False}))


def test_a_boolean_whose_negation_is_taken_fails_by_name() -> None:
    assert flags("return_last_frame", boolean=True) == {"return-last-frame", "no-return-last-frame"}
    found = collisions({"watermark": True, "no_watermark": False})
    assert [problem.partition(":")[0] for problem in found] == [
        "the option 'watermark' of VideoOptions collides with the option 'no_watermark'",
        "the option 'no_watermark' of VideoOptions collides with the option 'watermark'",
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("class", "a word of Python's own"),
        ("frame-rate", "not a public Python name"),
        ("_hidden", "not a public Python name"),
        ("2d", "not a public Python name"),
    ],
)
def test_an_option_that_python_cannot_name_fails_by_name(document: Any, name: str, reason: str) -> None:
    (problem,) = name_problems(with_option(document, name, type="string"))
    assert name in problem
    assert reason in problem


def test_a_new_option_has_no_problem(document: Any) -> None:
    changed = with_option(document, "frame_rate", type="integer", enum=[24, 30])
    assert name_problems(changed) == []
    assert options(changed)["frame_rate"] is False
    assert options(changed)["watermark"] is True


def parameters(function: Any) -> set[str]:
    found = inspect.signature(function).parameters.values()
    return {parameter.name for parameter in found if parameter.kind is not parameter.VAR_KEYWORD}


@pytest.mark.parametrize("client", [UnifiedVideo, AsyncUnifiedVideo])
def test_the_table_of_keywords_holds_every_parameter_of_the_clients(client: type) -> None:
    public = [member for name, member in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")]
    assert set().union(*map(parameters, [client.__init__, validate, *public])) <= KEYWORDS  # type: ignore[misc]


def test_the_table_of_command_line_options_holds_every_option_beside_those_of_the_document(document: Any) -> None:
    of_document = {f"--{flag}" for name, boolean in options(document).items() for flag in flags(name, boolean=boolean)}
    for name in ("generate", "create"):
        given = {flag for one in commands().commands[name].params for flag in (*one.opts, *one.secondary_opts)}
        assert of_document <= given
        names = {flag.lstrip("-").replace("_", "-") for flag in given}
        assert names - {flag.lstrip("-") for flag in of_document} <= COMMAND_LINE


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"uniqueItems": True}, "uses the word 'uniqueItems'"),
        ({"additionalProperties": False}, "restricts additionalProperties"),
        ({"$ref": "#/components/schemas/Seed", "minimum": 3}, "has ['minimum'] beside $ref"),
        ({"if": {}}, "has an 'if' without a 'then'"),
        ({"pattern": "(?<unnamed>"}, "has the pattern '(?<unnamed>', which Python cannot read"),
    ],
)
def test_a_rule_that_would_be_skipped_fails_by_name(document: Any, words: Any, reason: str) -> None:
    (problem,) = rule_problems(with_option(document, "colour", **words), known=KNOWN_WORDS)
    assert problem.startswith(f"VideoOptions.properties.colour {reason}")


@pytest.mark.parametrize(
    ("extension", "entry", "place"),
    [
        ("x-warnings", {"title": "t", "if": {"oneOf": []}, "then": {}}, "x-warnings[0].if uses the word 'oneOf'"),
        ("x-client-defaults", {"field": "seed", "if": {"else": {}}}, "x-client-defaults[0].if uses the word 'else'"),
        ("allOf", {"items": {"contains": {}}}, "allOf[0].items uses the word 'contains'"),
    ],
)
def test_unknown_words_are_found_in_every_place(document: Any, extension: str, entry: Any, place: str) -> None:
    schema(document, "VideoGenerationRequest")[extension] = [entry]
    (problem,) = rule_problems(document, known=KNOWN_WORDS)
    assert problem.startswith(f"VideoGenerationRequest.{place}")


def test_answers_may_use_any_word(document: Any) -> None:
    schema(document, "VideoTask")["unevaluatedProperties"] = False
    assert rule_problems(document, known=KNOWN_WORDS) == []


PRO = "doubao-seedance-1-0-pro-250528"


@pytest.mark.parametrize(
    ("component", "extension", "change", "problem"),
    [
        ("VideoModel", "x-models", {"newer": {}}, "x-models lists 'newer', which is no value of VideoModel"),
        (
            "VideoModel",
            "x-models",
            {PRO: {"ratios": ["2:1"]}},
            f"x-models.{PRO}.ratios lists '2:1', which is no value of Ratio",
        ),
        (
            "VideoModel",
            "x-models",
            {PRO: {"durations": [7]}},
            f"x-models.{PRO}.durations lists 7, which is no value of Duration",
        ),
        ("Resolution", "x-frame-sizes", {"4k": {}}, "x-frame-sizes lists '4k', which is no value of Resolution"),
        (
            "Resolution",
            "x-frame-sizes",
            {"480p": {"2:1": [2, 1]}},
            "x-frame-sizes.480p lists '2:1', which is no value of Ratio",
        ),
    ],
)
def test_a_table_that_names_what_no_enum_lists_fails(
    document: Any, component: str, extension: str, change: Any, problem: str
) -> None:
    schema(document, component)[extension] = change
    assert name_problems(document) == [problem]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"field": "colour", "value": 1}, "x-client-defaults fills in 'colour', which the request does not have"),
        ({"field": "model", "value": "x"}, "x-client-defaults gives model the value 'x', which its enum does not list"),
    ],
)
def test_a_client_default_that_no_request_may_hold_fails(document: Any, entry: Any, problem: str) -> None:
    schema(document, "VideoGenerationRequest")["x-client-defaults"] = [entry]
    assert name_problems(document) == [problem]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for side in ("present", "made"):
        (tmp_path / side / "inner").mkdir(parents=True)
        (tmp_path / side / "inner" / "a.py").write_text("one\ntwo\n")
    return tmp_path / "present", tmp_path / "made"


def test_equal_folders_have_no_difference(folders: tuple[Path, Path]) -> None:
    present, made = folders
    (present / "__pycache__").mkdir()
    (present / "__pycache__" / "a.pyc").write_bytes(b"\0")
    assert differences(present, made) == []


def test_a_changed_file_is_shown_as_a_diff(folders: tuple[Path, Path]) -> None:
    present, made = folders
    (present / "inner" / "a.py").write_text("one\nthree\n")
    assert differences(present, made) == [
        *("--- inner/a.py (there)", "+++ inner/a.py (made)", "@@ -1,2 +1,2 @@", " one", "-three", "+two")
    ]


def test_a_file_too_many_and_a_file_too_few_are_shown(folders: tuple[Path, Path]) -> None:
    present, made = folders
    (present / "extra.py").touch()
    (made / "py.typed").touch()
    assert differences(present, made) == [
        *("--- extra.py (there)", "+++ extra.py (missing)", "--- py.typed (missing)", "+++ py.typed (made)")
    ]


def test_other_line_ends_are_a_difference(folders: tuple[Path, Path]) -> None:
    present, made = folders
    (present / "inner" / "a.py").write_bytes(b"one\r\ntwo\r\n")
    assert differences(present, made)


def test_the_shipped_document_is_the_one_that_was_written_by_hand(document: Any) -> None:
    assert read_document(TYPES / "document.yaml") == document
    assert as_json(document) == (TYPES / "document.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"- 1\n", r"the\.yaml is not an OpenAPI document"),
        (b"a: [1\n", r"the\.yaml is not YAML"),
        (b"\xff", r"the\.yaml is not YAML"),
    ],
)
def test_a_file_that_is_no_document_fails_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "the.yaml"
    path.write_bytes(content)
    with pytest.raises(GenerationError, match=reason):
        read_document(path)


@pytest.mark.parametrize("reference", ["#/components/schemas/Sead", "#/info/title/x", "other.yaml#/Seed"])
def test_a_reference_that_leads_nowhere_fails_by_name(document: Any, reference: str) -> None:
    changed = with_option(document, "colour", **{"$ref": reference})
    assert name_problems(changed) == [f"{reference!r} is referred to, and is not in the document"]


def test_the_generated_types_know_which_keys_are_required() -> None:
    assert unified_video_types.VideoGenerationRequest.__required_keys__ == {"prompt", "model"}
    assert unified_video_types.VideoOptions.__required_keys__ == frozenset()
