"""The comparison of two documents finds every difference, and knows what breaks; the changelog is held to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from contract import _places, _release
from contract.__main__ import main
from contract._changelog import changelog_problems, least_version, version_problems
from contract._changes import Change, highest
from contract._compare import changes
from contract._places import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Path_ = tuple[str | int, ...]
CREATE = ("paths", "/v2/videos/generations", "post")
QUERY = ("paths", "/v2/videos/generations/{task_id}", "get")
SCHEMAS = ("components", "schemas")
RELEASE = "1.0.0"


@pytest.fixture(scope="module")
def written() -> Any:
    return read_yaml(_places.DOCUMENT)


@pytest.fixture
def document(written: Any) -> Any:
    return copy(written)


def copy(document: Any) -> Any:
    """Through JSON: what YAML's anchors share is shared no more."""
    return json.loads(json.dumps(document))


def at(document: Any, *path: str | int) -> Any:
    for step in path:
        document = document[step]
    return document


def level(document: Any, change: Callable[[Any], object]) -> str | None:
    changed = copy(document)
    change(changed)
    return highest(changes(document, changed))


def put(*path: str | int, value: object) -> Callable[[Any], object]:
    def change(document: Any) -> None:
        at(document, *path[:-1])[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Any], object]:
    return lambda document: at(document, *path[:-1]).pop(path[-1])


def add(*path: str | int, value: object) -> Callable[[Any], object]:
    return lambda document: at(document, *path).append(value)


RULES = (*SCHEMAS, "VideoGenerationRequest", "allOf")
WARNINGS = (*SCHEMAS, "VideoGenerationRequest", "x-warnings")
RULE = {"title": "new_rule", "if": {"required": ["seed"]}, "then": {"required": ["duration"]}}


@pytest.mark.parametrize(
    "change",
    [
        drop(*SCHEMAS, "Resolution", "enum", 0),
        drop("paths", "/v2/videos/generations/{task_id}"),
        drop(*CREATE),
        drop(*SCHEMAS, "VideoTask", "properties", "progress"),
        drop(*SCHEMAS, "VideoOptions", "properties", "seed"),
        drop(*SCHEMAS, "Usage", "properties", "total_tokens"),
        add(*SCHEMAS, "VideoGenerationRequest", "required", value="seed"),
        put(*SCHEMAS, "VideoTask", "required", value=["task_id"]),
        put(*SCHEMAS, "Seed", "minimum", value=1),
        put(*SCHEMAS, "Seed", "maximum", value=100),
        put(*SCHEMAS, "Prompt", "maxLength", value=1000),
        put(*SCHEMAS, "Prompt", "pattern", value="x"),
        put(*SCHEMAS, "Images", "maxItems", value=4),
        put(*SCHEMAS, "Seed", "type", value="string"),
        put(*SCHEMAS, "TaskStatus", "type", value=["string", "null"]),
        drop(*SCHEMAS, "TaskStatus", "type"),
        put(*SCHEMAS, "VideoModel", "const", value="doubao-seedance-1-0-pro-250528"),
        put(*SCHEMAS, "Ratio", "default", value="1:1"),
        put(*SCHEMAS, "VideoTask", "additionalProperties", value=False),
        drop(*SCHEMAS, "VideoTask", "additionalProperties"),
        add(*SCHEMAS, "ErrorAnswer", "anyOf", value={"type": "string"}),
        add(*RULES, value=RULE),
        put(*RULES, 1, "then", "properties", "images", "maxItems", value=1),
        put(*RULES, 1, "title", value="another_name"),
        put(*CREATE, "operationId", value="start_video"),
        drop(*CREATE, "security"),
        drop(*CREATE, "responses", "default"),
        drop(*CREATE, "responses", "200"),
        put(*CREATE, "responses", "404", value={"description": "nothing to read"}),
        drop(*CREATE, "responses", "200", "content", "application/json"),
        drop("components", "responses", "Error", "headers", "Retry-After"),
        drop(*QUERY, "parameters", 0),
        add(*QUERY, "parameters", value={"name": "x", "in": "query", "required": True, "schema": {}}),
        put("servers", value=[]),
        put("openapi", value="3.2.0"),
        put(*CREATE, "x-outcomes", 7, "outcome", value="not_accepted"),
        put(*QUERY, "x-polling", value=None),
        drop(*QUERY, "x-polling", "jitter"),
        put(*QUERY, "x-download", "outcomes", 0, "outcome", value="refused"),
        put(*SCHEMAS, "TaskStatus", "x-states", "DONE", value="failed"),
        drop(*SCHEMAS, "TaskStatus", "x-states", "DONE"),
        drop(*SCHEMAS, "TaskStatus", "x-final-states"),
        drop(*SCHEMAS, "TaskStatus", "x-final-states", 0),
        drop(*SCHEMAS, "VideoTaskData", "x-links", "video", 0),
        drop(*SCHEMAS, "VideoModel", "x-models", "doubao-seedance-1-0-pro-250528"),
        drop(*SCHEMAS, "VideoModel", "x-models", "doubao-seedance-1-0-pro-250528", "modes", 0),
        put(*SCHEMAS, "Resolution", "x-frame-sizes", "480p", "16:9", value=[1, 1]),
        drop(*SCHEMAS, "Resolution", "x-frame-sizes", "480p"),
        put(*SCHEMAS, "Images", "x-limits", "max_bytes", value=1),
        put(*SCHEMAS, "Images", "x-limits", "min_side", value=301),
        drop(*SCHEMAS, "Images", "x-limits", "formats", 0),
        put(*SCHEMAS, "Images", "x-limits", "min_bytes", value=1),
        put(*WARNINGS, 1, "then", "properties", "prompt", "pattern", value="x"),
        put(*WARNINGS, 0, "severity", value="error_when_strict"),
        drop(*SCHEMAS, "VideoGenerationRequest", "x-client-defaults", 0),
    ],
)
def test_what_takes_something_away_is_breaking(document: Any, change: Callable[[Any], object]) -> None:
    assert level(document, change) == "breaking"


@pytest.mark.parametrize(
    "change",
    [
        add(*SCHEMAS, "Resolution", "enum", value="4k"),
        drop(*SCHEMAS, "Resolution", "enum"),
        put(*SCHEMAS, "VideoOptions", "properties", "fps", value={"type": "integer"}),
        put(*SCHEMAS, "VideoTask", "properties", "eta", value={"type": "integer"}),
        add(*SCHEMAS, "VideoTask", "required", value="progress"),
        drop(*SCHEMAS, "VideoGenerationRequest", "required", 0),
        put(*SCHEMAS, "Seed", "maximum", value=2**40),
        drop(*SCHEMAS, "Seed", "minimum"),
        drop(*SCHEMAS, "Prompt", "pattern"),
        put(*SCHEMAS, "Seed", "default", value=1),
        put(*SCHEMAS, "TaskStatus", "enum", value=["SUCCESS"]),
        put(*SCHEMAS, "VideoTask", "properties", "progress", "format", value="percent"),
        put(*SCHEMAS, "Extra", value={"type": "string"}),
        put("paths", "/v2/videos", value={"get": {"responses": {}}}),
        drop(*RULES, 1),
        add(*WARNINGS, value={**RULE, "severity": "warning"}),
        drop(*WARNINGS, 0),
        put(*CREATE, "responses", "201", value={"description": "also accepted"}),
        put(*CREATE, "responses", "409", value={"$ref": "#/components/responses/Error"}),
        drop(*CREATE, "responses", "404"),  # the answer to all that is not named says the same
        put("components", "responses", "Error", "headers", "X-New", value={"schema": {"type": "string"}}),
        add(*QUERY, "parameters", value={"name": "x", "in": "query", "schema": {}}),
        put(*QUERY, "parameters", 0, "required", value=False),
        put(*CREATE, "requestBody", "required", value=False),
        put(*CREATE, "requestBody", "content", "multipart/form-data", value={}),
        put(*QUERY, "x-polling", "pauses_seconds", value=[1, 2]),
        put(*CREATE, "x-retry", "attempts", value=5),
        put(*CREATE, "x-new", value=1),
        put(*SCHEMAS, "VideoTask", "x-link-lifetime-seconds", value=10),
        put(*SCHEMAS, "TaskStatus", "x-states", "HELD", value="queued"),
        add(*SCHEMAS, "VideoTaskData", "x-links", "video", value="movie"),
        add(*SCHEMAS, "TaskError", "x-success-codes", value="fine"),
        put(*SCHEMAS, "VideoModel", "x-models", "new", value={"title": "new"}),
        put(*SCHEMAS, "VideoModel", "x-models", "doubao-seedance-1-0-pro-250528", "max_concurrent", value=20),
        put(*SCHEMAS, "Resolution", "x-frame-sizes", "4k", value={"16:9": [3840, 2160]}),
        put(*SCHEMAS, "Images", "x-limits", "max_bytes", value=2**40),
        drop(*SCHEMAS, "Images", "x-limits", "max_bytes"),
        add(*SCHEMAS, "VideoGenerationRequest", "x-client-defaults", value={"field": "seed", "value": 1, "if": {}}),
    ],
)
def test_what_only_adds_asks_for_a_minor_version(document: Any, change: Callable[[Any], object]) -> None:
    assert level(document, change) == "addition"


@pytest.mark.parametrize(
    "change",
    [
        put("info", "description", value="other words"),
        put(*SCHEMAS, "Seed", "examples", value=[8]),
        put(*RULES, 1, "description", value="other words"),
        drop(*RULES, 1, "type"),  # a request is an object all the same
        put(*CREATE, "x-outcomes", 0, "description", value="other words"),
        put(*QUERY, "x-polling", "description", value="other words"),
        drop(*SCHEMAS, "VideoTask", "x-provenance"),
    ],
)
def test_other_words_ask_for_a_patch(document: Any, change: Callable[[Any], object]) -> None:
    assert level(document, change) == "wording"


def test_an_option_named_like_a_word_of_schemas_is_no_wording(document: Any) -> None:
    change = put(*SCHEMAS, "VideoOptions", "properties", "title", value={"type": "string"})
    assert level(document, change) == "addition"


def test_a_component_that_no_operation_reaches_is_compared_too(document: Any) -> None:
    put(*SCHEMAS, "Spare", value={"type": "string"})(document)
    assert level(document, drop(*SCHEMAS, "Spare")) == "breaking"
    assert level(document, put(*SCHEMAS, "Spare", "maxLength", value=5)) == "breaking"


def test_the_version_alone_is_no_change(document: Any) -> None:
    assert level(document, put("info", "version", value="9.9.9")) is None


def test_limits_may_be_said_for_the_first_time_on_either_side(document: Any) -> None:
    assert level(document, put(*SCHEMAS, "VideoTask", "properties", "progress", "maxLength", value=5)) == "addition"
    bare = copy(document)
    drop(*SCHEMAS, "VideoTask", "additionalProperties")(bare)
    assert highest(changes(bare, document)) == "addition"
    closed = copy(document)
    put(*SCHEMAS, "VideoTask", "additionalProperties", value=False)(closed)
    assert highest(changes(closed, document)) == "breaking"  # old clients do not know how to read more


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value}~"


def is_seen(before: Any, document: Any, path: Path_) -> bool:
    value = at(document, *path)
    put(*path, value=other(value))(document)
    found = changes(before, document)
    put(*path, value=value)(document)
    return bool(found)


def test_no_change_of_any_one_value_goes_unseen(document: Any) -> None:
    before = copy(document)
    leaves = [path for path in places(document) if not isinstance(at(document, *path), dict | list)]
    changed = [path for path in leaves if "$ref" not in path and path != ("info", "version")]
    assert [path for path in changed if not is_seen(before, document, path)] == []


def test_a_difference_that_the_comparison_does_not_know_counts_as_the_worst(document: Any) -> None:
    (found,) = changes({**document, "unheard-of": 1}, document)
    assert (found.level, "teach it" in found.what) == ("breaking", True)
    assert str(found).startswith("breaking (major version): document: ")


@pytest.mark.parametrize(
    ("found", "least"),
    [(None, (1, 2, 3)), ("wording", (1, 2, 4)), ("addition", (1, 3, 0)), ("breaking", (2, 0, 0))],
)
def test_each_level_asks_for_its_version(found: Any, least: tuple[int, int, int]) -> None:
    assert least_version("1.2.3", found) == least


BREAKS = [Change("breaking", "Resolution", "value '480p' was removed")]


def test_a_breaking_change_without_a_major_version_is_refused_by_name() -> None:
    assert version_problems("1.0.0", "2.0.0", BREAKS) == []
    named, asked = version_problems("1.0.0", "1.1.0", BREAKS)
    assert "'480p' was removed" in named
    assert "ask for 2.0.0" in asked


def changelog(*versions: str, text: str = "- something") -> str:
    return "# Changes\n" + "".join(f"\n## {version}\n\n{text}\n" for version in versions)


@pytest.mark.parametrize(
    ("page", "found", "problem"),
    [
        (changelog("1.0.0"), [], "no heading '## 1.1.0'"),
        (changelog("1.1.0"), [], "no heading '## 1.0.0'"),
        (changelog("1.0.0", "1.1.0"), [], "newest first"),
        (changelog("2.0.0", "1.1.0", "1.0.0"), [], "the first version is 2.0.0"),
        (changelog("1.1.0", "1.0.0", text="words"), [], "nothing stands under 1.1.0"),
        (changelog("1.1.0", "1.0.0"), BREAKS, "no section '### Breaking'"),
    ],
)
def test_the_changelog_is_held_to_the_versions(page: str, found: list[Change], problem: str) -> None:
    assert any(problem in one for one in changelog_problems(page, "1.1.0", ["1.0.0"], found))


def test_a_good_changelog_has_no_problem() -> None:
    assert changelog_problems(changelog("1.1.0", "1.0.0"), "1.1.0", ["1.0.0"], []) == []


def test_this_document_may_follow_its_last_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["breaking"]) == 0, capsys.readouterr().err
    assert _release.released()[-1] == RELEASE


def test_a_release_that_was_touched_is_refused(tmp_path: Path, document: Any) -> None:
    for path in _release.release(tmp_path):
        assert path.exists()
    page = _places.CHANGELOG.read_text("utf-8")
    assert _release.problems(document, page, tmp_path) == []
    number = document["info"]["version"]
    twin = tmp_path / f"unified_video-{number}.json"
    twin.write_text("{}", "utf-8")
    assert any("its JSON differ" in problem for problem in _release.problems(document, page, tmp_path))
    twin.with_suffix(".yaml").write_text(f"info: {{version: {number}}}", "utf-8")
    with pytest.raises(FileExistsError, match="give the document a new version"):
        _release.release(tmp_path)


def test_a_first_release_follows_nothing(tmp_path: Path, document: Any) -> None:
    assert _release.problems(document, changelog(document["info"]["version"]), tmp_path) == []


def test_the_command_fails_where_the_document_may_not_follow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "CHANGELOG.md"
    page.write_text("# nothing\n", "utf-8")
    monkeypatch.setattr(_places, "CHANGELOG", page)
    assert main(["breaking"]) == 1
    assert "no heading" in capsys.readouterr().err
    assert main(["nonsense"]) == 2
    monkeypatch.setattr(_release, "release", lambda: [page])  # not into the checkout
    assert main(["release"]) == 0
