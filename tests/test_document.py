"""The document is valid, complete and honest about its sources; its tables agree with its rules and the contract."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from unified_video import _document, models
from unified_video._answer import Reading, outcome
from unified_video._document import component, document, endpoint, fields, operation, options, polling, request, resolve
from unified_video._models import TaskState
from unified_video._validate import check

CREATE, QUERY = "create_video_generation", "get_video_generation"
SCHEMAS = document()["components"]["schemas"]
OPERATIONS = [found for methods in document()["paths"].values() for found in methods.values()]
PRO, T2V, I2V = component("VideoModel")["enum"][:3]  # the page's own stand first
PICTURE = "https://pictures.invalid/cat.png"


def inside(value: Any, path: str = "") -> Any:
    """Every object of the document with its path."""
    if isinstance(value, dict):
        yield path, value
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from inside(inner, f"{path}/{name}")


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document()["components"]})


def test_the_document_is_valid_openapi() -> None:
    assert [*OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_the_text_is_the_document_as_it_was_written() -> None:
    assert yaml.safe_load(_document.text()) == document()


def test_every_example_fits_its_schema() -> None:
    wrong, count = [], 0
    for path, found in inside(document()):
        schema = found.get("schema", found)
        for example in [*listed(found.get("examples")), *([found["example"]] if "example" in found else [])]:
            count += 1
            wrong += [(path, error.message) for error in validator(schema).iter_errors(example)]
    assert wrong == []
    assert count > len(SCHEMAS)


def listed(examples: Any) -> list[Any]:
    """A schema has a list of examples; a body has them by name."""
    return [one["value"] for one in examples.values()] if isinstance(examples, dict) else examples or []


def test_every_schema_has_an_example_a_title_and_a_description() -> None:
    for name, schema in SCHEMAS.items():
        assert schema["title"] == name
        assert schema["examples"]
        assert schema["description"].strip()


def test_every_operation_parameter_answer_header_and_field_has_a_description() -> None:
    described = [(found["operationId"], found) for found in OPERATIONS]
    described += [(path, one) for path, found in inside(document()) for one in found.get("parameters", ())]
    for named in ("properties", "headers", "responses", "securitySchemes"):
        described += [
            (f"{path}/{name}", one)
            for path, found in inside(document())
            if not is_rule(path)
            for name, one in found.get(named, {}).items()
        ]
    assert [path for path, one in described if not resolve(one).get("description")] == []


def is_rule(path: str) -> bool:
    return any(f"/{word}/" in f"{path}/" for word in ("allOf", "x-warnings", "x-client-defaults"))


def test_every_rule_has_a_stable_title_of_its_own_and_a_description() -> None:
    rules = [*(part for part in request()["allOf"] if "if" in part), *request()["x-warnings"]]
    titles = [rule["title"] for rule in rules]
    assert len(set(titles)) == len(titles)
    assert all(title.isidentifier() and rule["description"] for title, rule in zip(titles, rules, strict=True))


@pytest.mark.parametrize(
    "found",
    [
        operation(QUERY),
        component("Images"),
        component("TaskStatus"),
        component("VideoTask"),
        component("ErrorAnswer"),
        document()["components"]["responses"]["Error"],
        polling(),
        _document.image_limits(),
        component("Resolution")["x-frame-sizes"],
        component("VideoTaskData")["properties"]["last_frame_url"],
        *component("VideoModel")["x-models"].values(),
        *request()["x-warnings"],
    ],
    ids=lambda found: found.get("title") or found.get("operationId") or "table",
)
def test_what_is_not_of_the_page_says_its_source(found: Any) -> None:
    assert found["x-provenance"]["source"]
    assert found["x-provenance"]["confidence"] in {"high", "medium", "low"}


def test_every_provenance_is_sure_to_a_known_degree() -> None:
    found = [one["x-provenance"] for _, one in inside(document()) if "x-provenance" in one]
    assert {one["confidence"] for one in found} == {"high", "medium", "low"}


# The contract: what the models can do, by the number of images.
MODES = {0: "text", 1: "first_frame", 2: "first_last_frame", 3: "reference_images", 4: "reference_images"}
CAN_DO = {
    PRO: ({"text", "first_frame", "first_last_frame"}, 600, 10),
    T2V: ({"text"}, 300, 5),
    I2V: ({"first_frame", "first_last_frame", "reference_images"}, 300, 5),
}


def body(model: str, count: int, **fields: object) -> dict[str, object]:
    images = {"images": [PICTURE] * count} if count else {}
    return {"prompt": "a cat", "model": model, **images, **fields}


def broken(value: dict[str, object]) -> set[tuple[str, str]]:
    return {(violation.rule, violation.severity) for violation in check(value)}


def test_every_model_has_its_row() -> None:
    assert list(component("VideoModel")["x-models"]) == component("VideoModel")["enum"]
    found = {m.id: (set(m.modes), m.requests_per_minute, m.max_concurrent) for m in models()}
    assert {model: found[model] for model in CAN_DO} == CAN_DO


@pytest.mark.parametrize("count", range(5))
@pytest.mark.parametrize("model", models(), ids=lambda model: model.id)
def test_a_number_of_images_is_accepted_where_the_mode_is_listed(model: Any, count: int) -> None:
    assert (not check(body(model.id, count))) is (MODES[count] in model.modes)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id)
def test_what_a_model_lists_is_accepted_and_what_it_does_not_list_is_refused_or_warned_of(model: Any) -> None:
    # 10 seconds are listed, and warned of for every model; a ratio from a picture needs one.
    assert_listed("resolution", model, model.resolutions)
    assert_listed("ratio", model, model.ratios)
    assert_listed("duration", model, model.durations, {("duration_may_be_ignored", "warning")})


def assert_listed(field: str, model: Any, values: Any, tolerated: Any = frozenset()) -> None:
    assert set(values) <= set(fields()[field]["enum"])
    for value in [*fields()[field]["enum"], "other"]:
        found = [broken(body(model.id, count, **{field: value})) - tolerated for count in range(5)]
        # Accepted with some number of images of the model's own modes.
        accepted = any(not one for count, one in enumerate(found) if MODES[count] in model.modes)
        assert accepted is (value in values), (model.id, field, value)


@pytest.mark.parametrize(("field", "value"), [("resolution", "1080p"), ("ratio", "adaptive"), ("camerafixed", True)])
@pytest.mark.parametrize("count", [3, 4])
def test_what_reference_images_cannot_have_is_warned_of(field: str, value: object, count: int) -> None:
    (violation,) = check(body(I2V, count, **{field: value}))
    assert (violation.field, violation.severity) == (field, "warning")
    assert check(body(I2V, 2, **{field: value})) == []


@pytest.mark.parametrize("model", [PRO, T2V, I2V])
def test_no_model_makes_audio(model: str) -> None:
    count = 0 if model == T2V else 1
    assert component("VideoModel")["x-models"][model]["audio"] is False
    assert broken(body(model, count, generate_audio=True)) == {("model_makes_no_audio", "warning")}
    assert broken(body(model, count, generate_audio=False)) == set()


FRAME_SIZES = """
16:9 4:3 1:1 3:4 9:16 21:9 9:21
480p 864x480 736x544 640x640 544x736 480x864 960x416 416x960
720p 1248x704 1120x832 960x960 832x1120 704x1248 1504x640 640x1504
1080p 1920x1088 1664x1248 1440x1440 1248x1664 1088x1920 2176x928 928x2176
"""


def test_the_frame_sizes_are_those_of_the_contract() -> None:
    ratios, *rows = [line.split() for line in FRAME_SIZES.strip().splitlines()]
    for model, (resolution, *sizes) in product(models(), rows):
        for ratio, size in zip(ratios, sizes, strict=True):
            is_made = resolution in model.resolutions and ratio in model.ratios
            assert model.frame_size(resolution, ratio) == (tuple(map(int, size.split("x"))) if is_made else None)
        assert model.frame_size(resolution, "adaptive") is None
    assert [row[0] for row in rows] == component("Resolution")["enum"][: len(rows)]


def test_a_model_that_no_table_lists_may_do_all_that_the_enums_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(component("VideoModel"), "enum", ["newer"])
    (model,) = models()
    assert (model.id, model.title, model.requests_per_minute, model.max_concurrent) == ("newer", "newer", None, None)
    assert model.ratios == tuple(component("Ratio")["enum"])
    assert model.frame_size("480p", "1:1") == (640, 640)


# The ruling on errors: statuses and what is read from the body (t: a task, e: an error, b: a balance code, m: says
# that the task does not exist) -> what it means to a create, and to a query. The first that fits decides.
MISSING, APART = "task_not_exist", "insufficient_quota"
ANSWERS: list[tuple[str, str, tuple[str, str | None], tuple[str, str | None]]] = [
    ("2xx", "t", ("accepted", None), ("answered", None)),
    ("2xx", "m", ("uncertain", "SubmissionUncertain"), ("refused", "TaskNotFound")),
    ("2xx", "e", ("uncertain", "SubmissionUncertain"), ("transient", "APIError")),
    ("2xx", "", ("uncertain", "SubmissionUncertain"), ("transient", "InvalidResponse")),
    ("3xx", "", ("refused", "APIError"), ("refused", "APIError")),
    ("4xx", "b", ("refused", "InsufficientBalance"), ("refused", "InsufficientBalance")),
    ("401", "", ("refused", "AuthenticationError"), ("refused", "AuthenticationError")),
    ("402", "", ("refused", "InsufficientBalance"), ("refused", "InsufficientBalance")),
    ("403", "", ("refused", "PermissionDenied"), ("refused", "PermissionDenied")),
    ("404", "", ("refused", "APIError"), ("refused", "TaskNotFound")),
    ("400", "m", ("refused", "BadRequest"), ("refused", "TaskNotFound")),
    ("408", "", ("uncertain", "SubmissionUncertain"), ("transient", "ServerError")),
    ("425 429", "", ("not_accepted", "RateLimited"), ("transient", "RateLimited")),
    ("4xx", "", ("refused", "BadRequest"), ("refused", "BadRequest")),
    ("503", "e", ("refused", "ServerError"), ("transient", "ServerError")),
    ("521 522 523", "", ("not_accepted", "NotSent"), ("transient", "NotSent")),
    ("5xx", "", ("uncertain", "SubmissionUncertain"), ("transient", "ServerError")),
    # No status of HTTP: garbage.
    ("*", "", ("uncertain", "SubmissionUncertain"), ("transient", "InvalidResponse")),
]
BODIES = {
    "": Reading(),
    "t": Reading(task={"task_id": "cgt-1"}),
    "te": Reading(task={"task_id": "cgt-1"}, is_error=True, code="x"),
    "e": Reading(is_error=True, code="x", message="no"),
    "eb": Reading(is_error=True, code="Insufficient_Quota", message="no"),
    "em": Reading(is_error=True, code=MISSING.upper(), message="no"),
}


def expected(status: int, body: str) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
    group = f"{status // 100}xx"
    return next(
        (create, query)
        for statuses, needed, create, query in ANSWERS
        if statuses == "*" or ({str(status), group} & set(statuses.split()) and needed in body)
    )


def meaning(operation_id: str, reading: Reading) -> tuple[str, str | None]:
    row = outcome(operation_id, reading)
    return row["outcome"], row.get("error")


@pytest.mark.parametrize("body", BODIES)
def test_every_status_means_what_the_table_of_api_md_says(body: str) -> None:
    for status in range(100, 1000):
        reading = BODIES[body]._replace(status=status)
        assert (meaning(CREATE, reading), meaning(QUERY, reading)) == expected(status, body), status


@pytest.mark.parametrize(
    ("fault", "create", "query"),
    [
        ("not_connected", ("not_accepted", "NotSent"), ("transient", "NotSent")),
        ("broken", ("uncertain", "SubmissionUncertain"), ("transient", "InvalidResponse")),
    ],
)
def test_both_faults_mean_what_the_table_of_api_md_says(fault: Any, create: object, query: object) -> None:
    assert (meaning(CREATE, Reading(fault=fault)), meaning(QUERY, Reading(fault=fault))) == (create, query)


@pytest.mark.parametrize("code", ["insufficient_quota", "INSUFFICIENT_USER_QUOTA", "Insufficient_Balance"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 429, 499])
@pytest.mark.parametrize("operation_id", [CREATE, QUERY])
def test_a_balance_code_is_told_with_any_4xx_in_any_case(operation_id: str, status: int, code: str) -> None:
    reading = Reading(status=status, is_error=True, code=code)
    assert meaning(operation_id, reading) == ("refused", "InsufficientBalance")


@pytest.mark.parametrize(
    "message", ["the Task cgt-1 does not exist", "task_id NOT FOUND", "任务不存在", "task\ncgt-1\nis not found"]
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_message_says_too_that_the_task_does_not_exist(status: int, message: str) -> None:
    reading = Reading(status=status, is_error=True, code="bad", message=message)
    assert meaning(QUERY, reading) == ("refused", "TaskNotFound")
    assert meaning(QUERY, Reading(status=400, is_error=True, message="no such model")) == ("refused", "BadRequest")


def test_only_not_found_is_asked_for_again_while_a_task_is_fresh() -> None:
    rows = [row for row in operation(QUERY)["x-outcomes"] if "while_fresh" in row]
    assert {(row["error"], row["while_fresh"]) for row in rows} == {("TaskNotFound", "transient")}
    assert polling()["fresh_seconds"] == 30


def test_every_row_of_the_outcomes_can_be_reached() -> None:
    for operation_id in (CREATE, QUERY):
        readings = [reading._replace(status=s) for reading in BODIES.values() for s in range(100, 600)]
        readings += [Reading(fault="not_connected"), Reading(fault="broken")]
        reached = [outcome(operation_id, reading) for reading in readings]
        assert all(any(row is one for one in reached) for row in operation(operation_id)["x-outcomes"])


def test_the_polling_is_that_of_the_contract() -> None:
    found = polling()
    assert (found["pauses_seconds"], found["timeout_seconds"], found["queries_for_missing_video"]) == (
        [2, 4, 8],
        1800,
        3,
    )
    assert _document.link_lifetime() == 24 * 3600


STATES = {
    "queued": "NOT_START SUBMITTED SUBMITTING QUEUED",
    "running": "IN_PROGRESS",
    "succeeded": "SUCCESS SUCCEEDED COMPLETED DONE",
    "failed": "FAILURE FAIL FAILED ERROR EXPIRED TIMEOUT",
    "cancelled": "CANCELED CANCELLED",
    "unknown": "UNKNOWN",
}


def test_the_states_are_those_of_the_contract() -> None:
    assert _document.states() == {status: state for state, names in STATES.items() for status in names.split()}
    assert {*STATES} == {state.value for state in TaskState}
    assert set(component("TaskStatus")["x-final-states"]) == {"succeeded", "failed", "cancelled"}


def test_the_limits_of_images_are_those_of_the_contract() -> None:
    limits = {name: value for name, value in _document.image_limits().items() if not name.startswith("x-")}
    assert limits == {
        "formats": ["jpeg", "png", "webp", "bmp", "tiff", "gif"],
        "max_bytes": 30 * 1024 * 1024 - 1,
        "min_side": 300,
        "max_side": 6000,
        "min_width_to_height": 0.4,
        "max_width_to_height": 2.5,
        "max_request_bytes": 64 * 1024 * 1024,
    }


def test_the_options_are_those_of_api_md_and_images_is_no_option() -> None:
    named = "duration resolution ratio watermark seed camerafixed return_last_frame generate_audio"
    assert list(options())[:8] == named.split()  # those that the document adds come after
    assert set(fields()) == {"prompt", "model", "images", *options()}


def test_an_operation_is_found_by_its_name() -> None:
    assert endpoint(CREATE) == ("POST", "/v2/videos/generations")
    assert endpoint(QUERY) == ("GET", "/v2/videos/generations/{task_id}")
    with pytest.raises(KeyError):
        operation("no_such_operation")
    operation.cache_clear()
    assert operation(QUERY)["operationId"] == QUERY
