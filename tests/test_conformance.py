"""Every conformance vector through the public API, and the vectors held against the document's tables."""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
import yaml

import unified_video
from unified_video import (
    Retry,
    Task,
    TaskFailed,
    UnifiedVideo,
    UnifiedVideoError,
    Violation,
    _answer,
    _document,
    _retry,
)
from unified_video._io import Answer, Broken, NotConnected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).parent.parent / "openapi" / "conformance"
KINDS = ("requests", "queries", "errors", "polling", "downloads")
FAULTS: dict[str, Exception] = {
    "not_connected": httpx.ConnectError("refused"),
    "broken": httpx.ReadTimeout("too late"),
}
CREATE, QUERY = "create_video_generation", "get_video_generation"
PROMPT = "dance"


def load(kind: str) -> Any:
    return json.loads((FOLDER / f"{kind}.json").read_text("utf-8"))


def cases(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in load(kind)["cases"]])


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.at, self.slept = 0.0, list[float]()

    def now(self) -> float:
        return self.at

    def time(self) -> float:
        return 1_756_620_879 + self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class Script:
    """What a service answers, in turn, the last one again and again; and what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers, self.asked = deque(answers), list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.popleft()
        return answer if isinstance(answer, httpx.Response) else response(answer)


def response(answer: Any) -> httpx.Response:
    if "fault" in answer:
        raise FAULTS[answer["fault"]]
    return httpx.Response(answer["status"], headers=answer["headers"], content=answer["body"].encode())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from unified_video._io.blocking import BlockingIO

    monkeypatch.setattr(BlockingIO, "jitter", staticmethod(lambda: 0.0))
    return Clock()


@pytest.fixture
def connect(clock: Clock) -> Iterator[Callable[..., UnifiedVideo]]:
    made: list[UnifiedVideo] = []

    def connect(handler: Callable[[httpx.Request], httpx.Response], **options: Any) -> UnifiedVideo:
        transport = httpx.MockTransport(handler)
        client = UnifiedVideo(
            api_key="sk-of-a-test", base_url="https://gateway.invalid", transport=transport, **options
        )
        client._use_clock(clock)
        made.append(client)
        return client

    yield connect
    for client in made:
        client.close()


@pytest.mark.parametrize("kind", KINDS)
def test_each_file_keeps_to_the_schema_of_the_format(kind: str) -> None:
    schema = load("schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(load(kind), schema)
    assert load(kind)["document"] == _document.document()["info"]["version"].partition(".")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_cases_of_a_file_have_one_name(kind: str) -> None:
    names = [case["name"] for case in load(kind)["cases"]]
    assert sorted(names) == sorted(set(names))


# Requests


def arguments(given: Any) -> dict[str, Any]:
    """What the document does not know goes through `extra`."""
    known = {name: value for name, value in given.items() if name in _document.fields()}
    return {**known, "extra": {name: value for name, value in given.items() if name not in known}}


def told(violations: tuple[Violation, ...], severity: str) -> list[tuple[str, str]]:
    return sorted((found.field, found.rule) for found in violations if found.severity == severity)


def expected(breaches: Any) -> list[tuple[str, str]]:
    return sorted((breach["field"], breach["rule"]) for breach in breaches)


@cases("requests")
def test_a_request_breaks_these_rules_and_no_others(case: Any) -> None:
    found = unified_video.validate(**arguments(case["given"]))
    assert told(found, "error") == expected(case["errors"])
    assert told(found, "warning") == expected(case["warnings"])
    assert case["valid"] == (not case["errors"])


@cases("requests")
def test_a_strict_client_takes_the_vendors_rules_for_errors(case: Any) -> None:
    found = unified_video.validate(**arguments(case["given"]), strict=True)
    strict = [breach for breach in case["warnings"] if breach["strict"]]
    lenient = [breach for breach in case["warnings"] if not breach["strict"]]
    assert told(found, "error") == expected([*case["errors"], *strict])
    assert told(found, "warning") == expected(lenient)


@cases("requests")
@pytest.mark.filterwarnings("ignore::unified_video.UnifiedVideoWarning")
def test_a_valid_request_is_sent_as_it_stands_and_no_other_is_sent(case: Any, connect: Any) -> None:
    service = Script(httpx.Response(200, json={"task_id": "cgt-1"}))
    client = connect(service)
    if not case["valid"]:
        with pytest.raises(unified_video.InvalidRequest):
            client.create(**arguments(case["given"]))
        assert service.asked == []
        return
    task = client.create(**arguments(case["given"]))
    (sent,) = service.asked
    assert sent.content == json.dumps(json.loads(sent.content), separators=(",", ":")).encode()
    assert {**json.loads(sent.content)} == case["sent"]
    assert not any(isinstance(value, float) for value in json.loads(sent.content).values())
    assert (sent.method, sent.url.path) == ("POST", "/v2/videos/generations")
    assert task.task_id == "cgt-1"


@cases("requests")
def test_any_validator_of_json_schema_says_the_same_of_what_is_sent(case: Any) -> None:
    schema = {"$ref": "#/components/schemas/VideoGenerationRequest", **_document.document()}
    assert jsonschema.Draft202012Validator(schema).is_valid(case["sent"]) == case["valid"]


# Queries


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def normalised(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "status": task.status,
        "state": task.state.value,
        "done": task.done,
        "progress": task.progress,
        "fail_reason": task.fail_reason,
        "submitted_at": seconds(task.submitted_at),
        "started_at": seconds(task.started_at),
        "finished_at": seconds(task.finished_at),
        "video_url": task.video_url,
        "last_frame_url": task.last_frame_url,
        "usage": task.usage,
    }


@cases("queries")
def test_an_answer_to_a_query_is_read_as_this_task(case: Any, connect: Any) -> None:
    client = connect(Script(httpx.Response(200, json=case["answer"])))
    wanted = dict(case["task"])
    code = wanted.pop("fail_code")
    task = client.retrieve(wanted["task_id"])
    assert normalised(task) == wanted
    if wanted["state"] == "failed":
        with pytest.raises(TaskFailed) as failed:
            client.wait(task)
        assert failed.value.code == code


# Errors


def operate(client: UnifiedVideo, case: Any, clock: Clock) -> Task:
    if case["operation"] == "create":
        return client.create(PROMPT)
    task_id = "cgt-1"
    return client.retrieve(
        Task(task_id, created_at=datetime.fromtimestamp(clock.time()).astimezone()) if case["fresh"] else task_id
    )


@cases("errors")
def test_an_answer_is_this_error_and_is_sent_again_or_not(case: Any, connect: Any, clock: Clock) -> None:
    service = Script(case["answer"])
    client = connect(service, retry=Retry(attempts=2))
    if case["error"] is None:
        assert operate(client, case, clock).task_id == case["task_id"]
        assert len(service.asked) == 1
        return
    with pytest.raises(UnifiedVideoError) as raised:
        operate(client, case, clock)
    error = raised.value
    assert type(error).__name__ == case["error"]
    assert len(service.asked) == (2 if case["send_again"] else 1)
    for name in ("code", "message", "request_id", "retry_after"):
        if case[name] is not None and hasattr(error, name):
            assert getattr(error, name) == case[name]


def reading(case: Any) -> _answer.Reading:
    answer = case["answer"]
    if "fault" in answer:
        return _answer.of_fault(NotConnected() if answer["fault"] == "not_connected" else Broken())
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return _answer.read(Answer(answer["status"], headers, answer["body"].encode()), lambda text: text, 0.0)


@cases("errors")
def test_the_row_that_decides_is_this_one(case: Any) -> None:
    row = _answer.outcome(CREATE if case["operation"] == "create" else QUERY, reading(case))
    outcome = row.get("while_fresh", row["outcome"]) if case["fresh"] else row["outcome"]
    assert (outcome, row.get("error")) == (case["outcome"], case["error"])
    assert reading(case).retry_after == case["retry_after"]
    assert reading(case).request_id == case["request_id"]
    assert reading(case).code == case["code"]
    assert case["message"] in {None, reading(case).message}


# Polling


def outcome_of(client: UnifiedVideo, case: Any, task: Task | str, seen: list[Task]) -> tuple[str, str | None]:
    try:
        client.wait(task, timeout=case["timeout_seconds"], on_update=seen.append)
    except UnifiedVideoError as error:
        kinds = {"TaskFailed": "failed", "ResultMissing": "failed", "WaitTimeout": "timeout"}
        name = type(error).__name__
        return kinds.get(name, "refused"), name
    return "succeeded", None


@cases("polling")
def test_a_wait_asks_at_these_times_and_ends_so(case: Any, connect: Any, clock: Clock) -> None:
    service, seen = Script(*case["answers"]), list[Task]()
    created_at = datetime.fromtimestamp(clock.time()).astimezone()
    task_id = load("polling")["task_id"]
    task = Task(task_id, created_at=created_at) if case["fresh"] else task_id
    assert outcome_of(connect(service), case, task, seen) == (case["outcome"], case["error"])
    assert clock.slept == case["delays"]
    assert len(service.asked) == case["queries"]
    answered = [task for task in seen if task.status]
    assert (answered[-1].state.value if answered else None) == case["state"]


@cases("polling")
def test_jitter_only_adds_and_never_more_than_its_share(
    case: Any, connect: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unified_video._io.blocking import BlockingIO

    monkeypatch.setattr(BlockingIO, "jitter", staticmethod(lambda: 1.0))
    outcome_of(connect(Script(*case["answers"])), case, "cgt-1", [])
    share = 1 + _document.polling()["jitter"]
    deadline = case["timeout_seconds"]
    pairs = zip(case["delays"], clock.slept, strict=False)
    assert all(plain <= longer <= plain * share or clock.at >= deadline for plain, longer in pairs)


# Downloads


class Media:
    """A media host that follows a script, and a gateway that knows one new link."""

    def __init__(self, case: Any, files: dict[str, bytes]) -> None:
        self.case, self.files = case, files
        self.steps, self.queries = deque(case["steps"]), 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "gateway.invalid":
            self.queries += 1
            return httpx.Response(
                200, json={"task_id": "cgt-1", "status": "SUCCESS", "data": {"output": self.case["new_link"]}}
            )
        step = self.steps.popleft()
        wanted = step["request"]
        assert str(request.url) == wanted["url"]
        assert (request.headers.get("range"), request.headers.get("if-range")) == (wanted["range"], wanted["if_range"])
        assert "authorization" not in request.headers
        return self._answer(step["answer"])

    def _answer(self, answer: Any) -> httpx.Response:
        if "fault" in answer:
            raise FAULTS[answer["fault"]]
        content = self.files[answer["file"]][answer["first"] : answer["stop"]]
        return httpx.Response(answer["status"], headers=answer["headers"], stream=Cut(content))


class Cut(httpx.SyncByteStream):
    """A body of any length, whatever was announced."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


@cases("downloads")
def test_a_download_makes_these_requests_and_ends_so(case: Any, connect: Any, clock: Clock, tmp_path: Path) -> None:
    files = {name: base64.b64decode(content) for name, content in load("downloads")["files"].items()}
    media = Media(case, files)
    client, target = connect(media), tmp_path / "video.mp4"
    task = Task("cgt-1", "SUCCESS", unified_video.TaskState.SUCCEEDED, video_url=case["url"])
    if case["outcome"] == "received":
        assert client.download(task, target).read_bytes() == files[case["content"]]
    else:
        with pytest.raises(unified_video.DownloadFailed) as failed:
            client.download(task, target)
        assert type(failed.value).__name__ == case["error"]
        assert not target.exists()
    assert clock.slept == case["delays"]
    assert (list(media.steps), media.queries) == ([], case["queries"])


# The vectors and the document's tables


def rows_met(operation: str) -> set[int]:
    rows = _document.operation(operation)["x-outcomes"]
    name = "create" if operation == CREATE else "query"
    met = {
        id(_answer.outcome(operation, reading(case))) for case in load("errors")["cases"] if case["operation"] == name
    }
    return {number for number, row in enumerate(rows) if id(row) in met}


@pytest.mark.parametrize("operation", [CREATE, QUERY])
def test_every_row_of_the_outcomes_decides_some_vector(operation: str) -> None:
    rows = _document.operation(operation)["x-outcomes"]
    answered = {number for number, row in enumerate(rows) if row["outcome"] == "answered"}
    assert rows_met(operation) | answered == set(range(len(rows)))


def test_every_rule_and_warning_breaks_in_some_vector_and_holds_in_another() -> None:
    request = _document.request()
    titles = {rule["title"] for rule in request["allOf"] if "if" in rule} | {
        rule["title"] for rule in request["x-warnings"]
    }
    broken = [{breach["rule"] for breach in (*case["errors"], *case["warnings"])} for case in load("requests")["cases"]]
    for title in titles:
        assert any(title in rules for rules in broken), title
        assert any(title not in rules for rules in broken), title


def test_every_field_and_every_listed_value_stands_in_some_valid_request() -> None:
    sent = [case["sent"] for case in load("requests")["cases"] if case["valid"]]
    for name, schema in _document.fields().items():
        values = [body[name] for body in sent if name in body]
        assert values, name
        assert all(value in values for value in schema.get("enum", ())), name


def test_every_field_is_refused_in_some_request() -> None:
    refused = {breach["field"].partition("[")[0] for case in load("requests")["cases"] for breach in case["errors"]}
    assert refused == set(_document.fields())


def test_every_client_default_is_filled_in_for_some_request() -> None:
    filled = {
        (name, value)
        for case in load("requests")["cases"]
        for name, value in case["sent"].items()
        if name not in case["given"]
    }
    assert filled == {(row["field"], row["value"]) for row in _document.request()["x-client-defaults"]}


def test_every_status_and_every_state_stands_in_some_answer() -> None:
    tasks = [case["task"] for case in load("queries")["cases"]]
    assert set(_document.states()) <= {task["status"].upper() for task in tasks}
    for status, state in _document.states().items():
        assert {task["state"] for task in tasks if task["status"].strip().upper() == status} == {state}
    final = set(_document.component("TaskStatus")["x-final-states"])
    assert {task["state"] for task in tasks if task["done"]} == final


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_every_place_of_a_link_is_looked_into_by_some_answer() -> None:
    links = _document.component("VideoTaskData")["x-links"]
    found = set().union(*(names_in(case["answer"]) for case in load("queries")["cases"]))
    assert set(links["video"]) | set(links["last_frame"]) <= found


def test_every_class_of_error_in_the_document_is_public() -> None:
    rows = [*(row for operation in (CREATE, QUERY) for row in _document.operation(operation)["x-outcomes"])]
    rows += _document.operation(QUERY)["x-download"]["outcomes"]
    assert {row["error"] for row in rows if "error" in row} <= set(unified_video.__all__)


# The numbers that Python has of its own, and the document's


@pytest.mark.parametrize("operation", [CREATE, QUERY])
def test_the_tries_of_a_request_are_the_documents(operation: str) -> None:
    policy = _document.operation(operation)["x-retry"]
    retry = Retry()
    assert (retry.attempts, retry.base, retry.cap) == (
        policy["attempts"],
        policy["base_seconds"],
        policy["cap_seconds"],
    )
    assert policy["longest_retry_after_seconds"] == _retry.LONGEST_RETRY_AFTER
    for attempt in range(2, 12):
        pause = min(policy["cap_seconds"], policy["base_seconds"] * policy["factor"] ** (attempt - 2))
        assert _retry.delay(retry, attempt, 0.0) == pause
        assert _retry.delay(retry, attempt, 1.0) == pause * (1 + policy["jitter"])


def test_the_time_limit_of_a_wait_is_the_documents() -> None:
    import inspect

    default = inspect.signature(UnifiedVideo.wait).parameters["timeout"].default
    assert default == _document.polling()["timeout_seconds"]


def test_the_media_hosts_answers_are_read_as_the_document_says() -> None:
    from unified_video import _download

    table = _document.operation(QUERY)["x-download"]
    by_outcome = {row["outcome"]: row.get("statuses", ()) for row in table["outcomes"] if "statuses" in row}
    assert table["most_redirects"] == _download._MOST_REDIRECTS
    assert {int(status) for status in by_outcome["link_expired"]} == _download._DEAD_LINK
    assert set(by_outcome["transient"]) == {*map(str, _download._TRANSIENT), "5XX"}


def test_a_success_of_an_envelope_is_the_documents() -> None:
    for code in _document.component("TaskError")["x-success-codes"]:
        for spelt in (code, code.upper()):
            body = json.dumps({"code": spelt, "message": "", "data": None}).encode()
            assert not _answer.read(Answer(200, {}, body), lambda text: text, 0.0).is_error


def test_the_request_id_is_read_from_the_documents_headers() -> None:
    names = _document.document()["components"]["responses"]["Error"]["x-request-id-headers"]
    for number, name in enumerate(names):
        headers = {other.lower(): other for other in names[number:]}
        assert _answer.read(Answer(400, headers, b""), lambda text: text, 0.0).request_id == name


# The document's own examples, and the workflow


OPERATIONS = [operation for item in _document.document()["paths"].values() for operation in item.values()]


def contents() -> Iterator[Any]:
    error = _document.document()["components"]["responses"]["Error"]
    for holder in (error, *(one["responses"]["200"] for one in OPERATIONS), OPERATIONS[0]["requestBody"]):
        yield holder["content"]["application/json"]


def valid(value: Any, schema: Any) -> bool:
    return jsonschema.Draft202012Validator({**schema, "components": _document.document()["components"]}).is_valid(value)


def test_every_example_of_the_document_keeps_to_its_schema() -> None:
    for content in contents():
        assert content["examples"]
        assert all(valid(one["value"], content["schema"]) for one in content["examples"].values())
    for schema in _document.document()["components"]["schemas"].values():
        assert schema["examples"]
        assert all(valid(one, schema) for one in schema["examples"])


def test_every_operation_parameter_answer_and_field_is_described_and_shown() -> None:
    for operation in OPERATIONS:
        assert operation["summary"]
        assert operation["description"]
        for parameter in operation.get("parameters", ()):
            assert parameter["description"]
            assert valid(parameter["example"], parameter["schema"])
        assert all("description" in _document.resolve(answer) for answer in operation["responses"].values())
    for schema in _document.document()["components"]["schemas"].values():
        fields = [_document.resolve(field) for field in schema.get("properties", {}).values()]
        assert all(one["description"] and one["examples"] for one in (schema, *fields))


def test_the_workflow_knows_the_documents_final_statuses() -> None:
    steps = yaml.safe_load((FOLDER.parent / "unified_video.arazzo.yaml").read_text("utf-8"))["workflows"][0]["steps"]
    poll = next(step for step in steps if step["stepId"] == "poll")
    ended = poll["onFailure"][0]["criteria"][0]["condition"]
    for condition, states in (
        (poll["successCriteria"][1]["condition"], {"succeeded"}),
        (ended, {"failed", "cancelled"}),
    ):
        found = {status for status in _document.states() if re.fullmatch(condition, status)}
        assert found == {status for status, state in _document.states().items() if state in states}


def test_the_examples_name_the_versions_that_they_are_tried_with() -> None:
    root = FOLDER.parent.parent
    example = json.loads((root / "examples" / "typescript" / "package.json").read_text("utf-8"))
    tried = json.loads((root / "contract" / "node" / "package.json").read_text("utf-8"))["dependencies"]
    assert {**example["dependencies"], **example["devDependencies"]}.items() <= tried.items()
    generator = re.search(r"openapi-generator-cli==[\d.]+", (root / "contract" / "_pip.py").read_text("utf-8"))
    assert generator is not None
    page = (root / "docs" / "other-languages.md").read_text("utf-8")
    assert set(re.findall(r"openapi-generator-cli==[\d.]+", page)) == {generator[0]}
