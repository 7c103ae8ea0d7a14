"""What goes wrong when the sandbox is told so, in memory."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import anyio
import httpx
import pytest

from unified_video import (
    InsufficientBalance,
    RateLimited,
    ResultMissing,
    SubmissionUncertain,
    TaskFailed,
    UnifiedVideo,
    _document,
)
from unified_video.sandbox import Fault, Sandbox, VirtualClock, stub
from unified_video.sandbox._faults import from_json, in_prompt, to_json

CREATE = "/v2/videos/generations"
BASE = "https://sandbox.invalid"
KEY = {"Authorization": "Bearer any-key"}
PRO = _document.component("VideoModel")["enum"][0]
LIMIT = 60.0


class Service:
    """A sandbox and an HTTP client of it."""

    def __init__(self, *faults: Fault) -> None:
        self.clock = VirtualClock()
        self.sandbox = Sandbox(faults=faults, clock=self.clock, render=stub)
        self.http = httpx.Client(base_url=BASE, headers=KEY, transport=self.sandbox.transport, timeout=LIMIT)

    def create(self, prompt: str = "dance", **fields: object) -> httpx.Response:
        return self.http.post(CREATE, json={"prompt": prompt, "model": PRO, **fields})

    def query(self) -> httpx.Response:
        return self.http.get(f"{CREATE}/{self.sandbox.tasks[0]}")

    def client(self) -> UnifiedVideo:
        client = UnifiedVideo(api_key="any", base_url=BASE, transport=self.sandbox.transport)
        client._use_clock(self.clock)
        return client


def output(answer: Any) -> str:
    return str(answer.json()["data"]["output"])


STATUSES = [400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 425, 429, 500, 502, 503, 504, *range(520, 527), 529]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", [None, "A", "B", "html", "empty", "garbage"])
def test_every_status_comes_with_every_body(status: int, body: Any) -> None:
    service = Service(Fault(status=status, body=body, code="odd", message="so it is"))
    answer = service.create()
    assert answer.status_code == status
    expected = {None: '"error"', "A": '"error"', "B": '{"code": "odd"', "html": "<html>", "empty": "", "garbage": "NaN"}
    assert expected[body] in answer.text
    assert service.sandbox.accepted == 0
    assert service.create().status_code == 200


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault(status=504), 0),
        (Fault(status=504, accepted=True), 1),
        (Fault(drop="read"), 0),
        (Fault(drop="read", accepted=True), 1),
        (Fault(body="html"), 1),
        (Fault(body="html", accepted=False), 0),
        (Fault(delay=1), 1),
    ],
)
def test_a_fault_says_whether_the_work_was_taken(fault: Fault, accepted: int) -> None:
    service = Service(fault)
    with pytest.raises(httpx.RemoteProtocolError) if fault.drop else nullcontext():
        service.create()
    assert service.sandbox.accepted == accepted


def test_an_accepted_create_that_was_answered_504_is_uncertain_and_not_sent_again() -> None:
    service = Service(Fault(status=504, body="html", accepted=True))
    with service.client() as client, pytest.raises(SubmissionUncertain):
        client.create("dance")
    assert (service.sandbox.accepted, len(service.sandbox.requests)) == (1, 1)


def test_it_is_met_as_often_as_it_says_and_after_those_that_pass() -> None:
    service = Service(Fault(status=500, skip=1, times=2), Fault(status=502, times=None))
    assert [service.create().status_code for _ in range(5)] == [502, 500, 500, 502, 502]
    assert service.sandbox.faults == (Fault(status=502, times=None),)


def test_it_is_met_by_the_prompt_that_it_names() -> None:
    service = Service(Fault(status=500, prompt="cat"))
    assert [service.create(prompt).status_code for prompt in ("a dog", "a cat")] == [200, 500]


def test_faults_can_be_added_later() -> None:
    service = Service()
    service.sandbox.add(Fault(status=500))
    assert service.create().status_code == 500


def test_headers_are_added() -> None:
    fault = Fault(status=429, retry_after=2.5, headers={"X-Request-Id": "r-1", "Content-Type": "text/plain"})
    headers = Service(fault).create().headers
    assert [headers[name] for name in ("retry-after", "x-request-id", "content-type")] == ["2.5", "r-1", "text/plain"]
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    assert Service(Fault(status=429, retry_after=date)).create().headers["retry-after"] == date


def test_a_redirect_has_its_location() -> None:
    answer = Service(Fault(status=307, location="https://elsewhere.invalid/")).create()
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, "https://elsewhere.invalid/", b"")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(status: int) -> None:
    answer = Service(Fault(status=status, body="A")).create()
    assert (answer.content, "content-length" in answer.headers) == (b"", False)


@pytest.mark.parametrize("text", ["plain", b"plain"])
def test_a_body_can_be_given_word_for_word(text: str | bytes) -> None:
    assert Service(Fault(text=text)).create().content == b"plain"
    assert Service(Fault(status=500, text=text)).create().content == b"plain"


def test_an_answer_is_wrapped_or_cut() -> None:
    service = Service(Fault(body="wrapped"), Fault("query", body="wrapped"), Fault("query", body="cut"))
    assert service.create().json()["data"]["task_id"] == service.sandbox.tasks[0]
    assert service.query().json()["data"]["status"] == "SUCCESS"
    assert not service.query().text.endswith("}")


def test_a_200_may_hold_an_error_or_a_page() -> None:
    service = Service(Fault(status=200, body="A"), Fault(status=200, body="html"), Fault(status=200, accepted=True))
    assert "error" in service.create().json()
    assert service.create().text.startswith("<html>")
    assert "task_id" in service.create().json()


def test_a_drop_is_httpxs_own_exception() -> None:
    service = Service(Fault(drop="connect"), Fault(drop="read"), Fault(drop="answer", accepted=True))
    with pytest.raises(httpx.ConnectError):
        service.create()
    with pytest.raises(httpx.RemoteProtocolError):
        service.create()
    with service.http.stream("POST", CREATE, json={"prompt": "dance", "model": PRO}) as answer:
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()
        assert int(answer.headers["content-length"]) > 0


def test_a_delay_takes_virtual_time_and_no_more_than_the_time_limit() -> None:
    service = Service(Fault(delay=50), Fault(delay=LIMIT + 1))
    assert service.create().status_code == 200
    assert service.clock.now() == 50
    with pytest.raises(httpx.ReadTimeout):
        service.create()
    assert service.clock.now() == 50 + LIMIT


def test_a_delay_takes_no_time_on_a_clock_that_cannot_jump() -> None:
    sandbox = Sandbox(faults=[Fault(delay=LIMIT - 1)], render=stub)
    with httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport, timeout=LIMIT) as http:
        assert http.post(CREATE, json={"prompt": "dance", "model": PRO}).status_code == 200


def test_a_body_drips_in_16_pieces() -> None:
    service = Service(Fault(drip=2), Fault(drip=LIMIT + 1))
    assert "task_id" in service.create().json()
    pieces = service.clock.now() / 2 + 1
    assert 10 < pieces <= 16
    with pytest.raises(httpx.ReadTimeout):
        service.create()


def test_it_drips_for_async_clients_too() -> None:
    service = Service(Fault(drip=2))

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(base_url=BASE, headers=KEY, transport=service.sandbox.transport) as http:
            return await http.post(CREATE, json={"prompt": "dance", "model": PRO})

    assert "task_id" in anyio.run(main).json()
    assert service.clock.now() > 0


# The task


def test_a_task_fails_with_its_reason() -> None:
    service = Service(Fault(reason="[Sensitive] not that"))
    with service.client() as client, pytest.raises(TaskFailed, match="not that") as caught:
        client.generate("dance")
    assert caught.value.code == "Sensitive"
    answer = service.query().json()
    assert (answer["status"], answer["progress"], answer["data"]) == ("FAILURE", "100%", None)
    assert service.http.get(f"/media/{service.sandbox.tasks[0]}/1/video.mp4").status_code == 404


def test_a_reason_waits_for_the_end_of_the_task() -> None:
    sandbox = Sandbox(seconds=10, faults=[Fault(reason="no")], clock=VirtualClock(), render=stub)
    with httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as http:
        http.post(CREATE, json={"prompt": "dance", "model": PRO})
        assert http.get(f"{CREATE}/{sandbox.tasks[0]}").json()["status"] == "QUEUED"


def test_one_answer_has_another_status() -> None:
    service = Service(Fault("query", task_status="PONDERING"), Fault("query", task_status="cancelled", reason="by you"))
    service.create()
    answers = [service.query().json() for _ in range(3)]
    assert [answer["status"] for answer in answers] == ["PONDERING", "cancelled", "SUCCESS"]
    assert (answers[0]["data"], answers[1]["fail_reason"]) == (None, "by you")


def test_another_word_for_success_waits_for_it() -> None:
    sandbox = Sandbox(seconds=10, faults=[Fault(task_status="succeeded")], clock=VirtualClock(), render=stub)
    with httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as http:
        http.post(CREATE, json={"prompt": "dance", "model": PRO})
        first = http.get(f"{CREATE}/{sandbox.tasks[0]}").json()
        sandbox.clock.sleep(10)
        second = http.get(f"{CREATE}/{sandbox.tasks[0]}").json()
    assert (first["status"], second["status"]) == ("QUEUED", "succeeded")
    assert second["data"]["output"]


LINKS = ["output", "list", "object", "outputs", "video_url", "url", "download_url", "content", "fail_reason"]


@pytest.mark.parametrize("link", LINKS)
def test_a_client_finds_the_link_in_every_place(link: Any) -> None:
    service = Service(Fault(link=link))
    with service.client() as client:
        video = client.generate("dance", return_last_frame=True)
    assert video.url.endswith("video.mp4")
    assert str(video.last_frame_url).endswith("last-frame.png")


def test_a_success_may_come_without_a_video() -> None:
    service = Service(Fault(link="none"))
    with service.client() as client, pytest.raises(ResultMissing):
        client.generate("dance")
    assert "output" not in service.query().json()["data"]


def test_a_place_for_the_link_says_nothing_before_there_is_one() -> None:
    sandbox = Sandbox(seconds=10, faults=[Fault(link="url")], clock=VirtualClock(), render=stub)
    with httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as http:
        http.post(CREATE, json={"prompt": "dance", "model": PRO})
        assert http.get(f"{CREATE}/{sandbox.tasks[0]}").json()["data"] == {}


def test_a_fresh_task_may_not_be_found_yet() -> None:
    service = Service(Fault("query", times=2, status=404, body="B", code="task_not_exist"))
    with service.client() as client:
        assert client.generate("dance").url


def test_the_client_comes_through_what_is_transient() -> None:
    faults = [Fault("query", status=429, retry_after=3), Fault("query", status=504, body="html")]
    service = Service(*faults, Fault("query", drop="read"), Fault("query", body="garbage"))
    with service.client() as client:
        assert client.generate("dance").url
    assert len(service.sandbox.requests) == 6


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_link_is_dead_until_the_task_is_asked_again(status: int) -> None:
    service = Service(Fault("media", expired=True, status=status))
    service.create()
    link = output(service.query())
    assert [service.http.get(link).status_code for _ in range(2)] == [status, status]
    fresh = output(service.query())
    assert fresh != link
    assert [service.http.get(one).status_code for one in (fresh, link)] == [200, status]


def test_an_expired_link_is_403_by_default_and_of_no_task_nothing() -> None:
    service = Service(Fault("media", expired=True), Fault("media", expired=True))
    assert service.http.get("/media/cgt-1/1/video.mp4").status_code == 404
    service.create()
    assert service.http.get(output(service.query())).status_code == 403


@pytest.mark.parametrize("body", ["cut", "wrapped", "html", None])
def test_a_file_may_be_faulty_too(body: Any) -> None:
    service = Service(Fault("media", body=body, status=200))
    service.create()
    link = output(service.query())
    bad, good = service.http.get(link), service.http.get(link)
    assert bad.status_code == 200
    assert (bad.content == good.content) is (body in {"wrapped", None})  # a file has no envelope


def test_what_hides_a_file_does_not_render_it() -> None:
    service = Service(Fault("media", status=500), Fault("media", drop="read"))
    service.create()
    link = output(service.query())
    service.sandbox._store._render = None  # type: ignore[assignment] # whoever renders, fails
    assert service.http.get(link).status_code == 500
    with pytest.raises(httpx.RemoteProtocolError):
        service.http.get(link)


# By a word in the prompt


def test_a_prompt_asks_for_a_fault_of_its_own() -> None:
    service = Service()
    prompt = "a cat [fault:429 retry_after=1 times=2]"
    assert [service.create(text).status_code for text in (prompt, "else", prompt, prompt)] == [429, 200, 429, 200]


def test_a_prompt_may_ask_for_several_of_all_kinds() -> None:
    service = Service()
    service.create('a cat [fault:operation=query status=503][fault:reason="not that"]')
    assert [service.query().status_code for _ in range(2)] == [503, 200]
    assert service.query().json()["fail_reason"] == "not that"


@pytest.mark.parametrize("words", ["nonsense", "status=abc", "stat=1", "drop=never", 'reason="', "times=-1", "99"])
def test_a_prompt_that_asks_for_nonsense_is_refused(words: str) -> None:
    answer = Service().create(f"a cat [fault:{words}]")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_no_word_is_no_fault() -> None:
    assert in_prompt("a cat [fault] fault:504") == ()


# The type


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "delete"},
        {"body": "C"},
        {"drop": "late"},
        {"link": "nowhere"},
        {"times": 1.5},
        {"times": True},
        {"skip": -1},
        {"prompt": 5},
        {"status": 99},
        {"status": "500"},
        {"text": 5},
        {"code": None},
        {"message": None},
        {"headers": (("a", "b\n"),)},
        {"retry_after": -1},
        {"retry_after": float("nan")},
        {"location": 5},
        {"delay": "1"},
        {"drip": -1},
        {"accepted": 1},
        {"reason": 5},
        {"task_status": 5},
        {"expired": 1},
    ],
)
def test_a_fault_that_cannot_be_says_what_is_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"Fault\.{next(iter(wrong))} is "):
        Fault(**wrong)


def test_a_fault_is_plain_data() -> None:
    assert Fault(headers={"A": "b"}) == Fault(headers=(("A", "b"),))
    assert len({Fault(status=500), Fault(status=500)}) == 1


def test_a_fault_goes_through_json() -> None:
    fault = Fault("query", status=500, headers={"A": "b"}, text="x")
    assert from_json(to_json(fault)) == fault
    assert to_json(Fault(text=b"x")) == {"operation": "create", "text": "x"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault(status=402), InsufficientBalance), (Fault(status=429, times=None), RateLimited)],
)
def test_the_clients_errors_follow(fault: Fault, error: type[Exception]) -> None:
    with Service(fault).client() as client, pytest.raises(error):
        client.create("dance")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("time.sleep")
