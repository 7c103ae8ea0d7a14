"""The sandbox as a service, in memory: what it takes, what it answers, how a task goes on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from unified_video import AsyncUnifiedVideo, UnifiedVideo, _document
from unified_video.sandbox import Fault, Sandbox, VirtualClock, stub
from unified_video.sandbox._media import wanted

if TYPE_CHECKING:
    from pathlib import Path

    from unified_video.sandbox._shot import Shot

CREATE = "/v2/videos/generations"
BASE = "https://sandbox.invalid"
KEY = {"Authorization": "Bearer any-key"}
PRO, T2V, I2V = _document.component("VideoModel")["enum"][:3]
Service = Callable[..., httpx.Client]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=100, clock=VirtualClock(), render=stub) as made:
        yield made


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as client:
        yield client


def created(http: httpx.Client, **fields: object) -> str:
    answer = http.post(CREATE, json={"prompt": "dance", "model": PRO, **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["task_id"])


def asked(http: httpx.Client, task_id: str) -> Any:
    return http.get(f"{CREATE}/{task_id}").json()


def finished(http: httpx.Client, sandbox: Sandbox, **fields: object) -> Any:
    task_id = created(http, **fields)
    sandbox.clock.sleep(100)
    return asked(http, task_id)


def test_importing_the_sandbox_loads_nothing_heavy() -> None:
    code = "import sys, unified_video.sandbox; print([m for m in ('av', 'PIL', 'httpx', 'anyio') if m in sys.modules])"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_a_task_id_looks_like_the_services(http: httpx.Client) -> None:
    assert re.fullmatch(r"cgt-\d{14}-[a-z]{5}", created(http))


def test_two_tasks_of_one_second_have_two_ids(
    http: httpx.Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter(["aaaaa", "aaaaa", "bbbbb"])
    monkeypatch.setattr("random.choices", lambda *_, **__: next(letters))
    assert created(http)[-5:] + created(http)[-5:] == "aaaaabbbbb"
    assert sandbox.accepted == len(set(sandbox.tasks)) == 2
    assert repr(sandbox) == "Sandbox(accepted=2)"


def test_a_task_queues_runs_and_succeeds(http: httpx.Client, sandbox: Sandbox) -> None:
    task_id = created(http)
    seen = []
    for seconds in (0, 20, 30, 50):
        sandbox.clock.sleep(seconds)
        seen.append((asked(http, task_id)["status"], asked(http, task_id)["progress"]))
    assert seen == [("QUEUED", "0%"), ("IN_PROGRESS", "20%"), ("IN_PROGRESS", "50%"), ("SUCCESS", "100%")]


def test_an_answer_has_the_documented_fields(http: httpx.Client, sandbox: Sandbox) -> None:
    submitted = int(sandbox.clock.time())
    answer = finished(http, sandbox, return_last_frame=True)
    assert answer.keys() == _document.component("VideoTask")["properties"].keys()
    assert (answer["submit_time"], answer["start_time"]) == (submitted, submitted + 10)
    assert answer["finish_time"] == submitted + 100
    assert answer["data"]["usage"] == {"completion_tokens": 48600, "total_tokens": 48600}
    assert answer["data"]["output"].startswith(f"{BASE}/media/{answer['task_id']}/")
    assert answer["data"]["last_frame_url"].endswith(".png")


def test_what_is_not_reached_is_0(http: httpx.Client) -> None:
    answer = asked(http, created(http))
    assert (answer["start_time"], answer["finish_time"], answer["data"]) == (0, 0, {})


def test_no_last_frame_where_none_was_asked_for(http: httpx.Client, sandbox: Sandbox) -> None:
    answer = finished(http, sandbox)
    assert "last_frame_url" not in answer["data"]
    assert http.get(answer["data"]["output"].replace("video.mp4", "last-frame.png")).status_code == 404


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc"])
@pytest.mark.parametrize(("method", "path"), [("POST", CREATE), ("GET", f"{CREATE}/cgt-1")])
def test_without_a_bearer_token_it_is_401_in_shape_a(
    sandbox: Sandbox, header: str | None, method: str, path: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    with httpx.Client(base_url=BASE, headers=headers, transport=sandbox.transport) as http:
        answer = http.request(method, path)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_refusal_names_every_broken_rule(http: httpx.Client, sandbox: Sandbox) -> None:
    wrong = {"model": T2V, "prompt": "", "seed": -1, "duration": 7, "watermark": "yes", "images": ["data:,"]}
    answer = http.post(CREATE, json={**wrong, "resolution": "9000p"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    for field in ("prompt", "seed", "duration", "watermark", "images", "resolution"):
        assert f"{field}: " in answer.json()["message"]
    assert sandbox.accepted == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, content: bytes) -> None:
    answer = http.post(CREATE, content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_a_request_that_is_too_large_is_413(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_document, "image_limits", lambda: {"max_request_bytes": 100})
    assert http.post(CREATE, json={"prompt": "x" * 100, "model": PRO}).status_code == 413


def test_what_the_document_does_not_know_is_taken(http: httpx.Client, sandbox: Sandbox) -> None:
    created(http, model="a-newer-model", ratio="2:1", motion_strength=3)
    received = sandbox.requests[0].json
    assert isinstance(received, dict)
    assert (received["model"], received["ratio"], received["motion_strength"]) == ("a-newer-model", "2:1", 3)


@pytest.mark.parametrize("task_id", ["cgt-1", "a%2Fb", "a%3Ab", "%E4%B8%AD"])
def test_a_missing_task_is_a_400_that_says_so(http: httpx.Client, task_id: str) -> None:
    answer = http.get(f"{CREATE}/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_exist")


def test_a_path_prefix_is_passed_over(http: httpx.Client) -> None:
    answer = http.post(f"/some/prefix{CREATE}", json={"prompt": "dance", "model": PRO})
    assert http.get(f"/some/prefix{CREATE}/{answer.json()['task_id']}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CREATE, 405),
        ("POST", f"{CREATE}/cgt-1", 405),
        ("GET", f"{CREATE}/", 404),
        ("GET", f"{CREATE}/a/b", 404),
        ("GET", f"{CREATE}-else", 404),
        ("GET", "/v2/else", 404),
        ("GET", "/media/else", 404),
        ("GET", "/media/cgt-1/one/video.mp4", 404),
        ("GET", "/sandbox/else", 404),
    ],
)
def test_other_routes_are_refused(http: httpx.Client, method: str, path: str, status: int) -> None:
    assert http.request(method, path).status_code == status


def test_requests_are_kept_without_the_key(http: httpx.Client, sandbox: Sandbox) -> None:
    created(http, seed=7)
    http.get(f"{CREATE}/cgt-1?x=1", headers={"Cookie": "secret=1"})
    first, second = sandbox.requests
    assert (first.method, first.path, first.json) == ("POST", CREATE, {"prompt": "dance", "model": PRO, "seed": 7})
    assert first.time == sandbox.clock.time()
    assert first.headers["authorization"] == "Bearer [key]"
    assert (second.path, second.json, second.headers["cookie"]) == (f"{CREATE}/cgt-1?x=1", None, "[cookie]")


# Media


@pytest.fixture
def link(http: httpx.Client, sandbox: Sandbox) -> str:
    return str(finished(http, sandbox, return_last_frame=True)["data"]["output"])


@pytest.fixture
def media(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Without a key."""
    with httpx.Client(transport=sandbox.transport) as client:
        yield client


def test_a_file_comes_whole_with_its_length_and_validators(media: httpx.Client, link: str) -> None:
    answer = media.get(link)
    assert answer.content[4:8] == b"ftyp"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert {"etag", "last-modified", "accept-ranges"} <= answer.headers.keys()
    assert answer.headers["content-type"] == "video/mp4"
    assert media.get(link.replace("video.mp4", "last-frame.png")).content.startswith(b"\x89PNG")


def test_head_says_the_same_without_the_file(media: httpx.Client, link: str) -> None:
    whole, head = media.get(link), media.head(link)
    assert (head.content, dict(head.headers)) == (b"", dict(whole.headers))


def test_a_range_is_served(media: httpx.Client, link: str) -> None:
    whole = media.get(link).content
    part = media.get(link, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"


def test_a_range_beyond_the_end_is_416(media: httpx.Client, link: str) -> None:
    size = len(media.get(link).content)
    answer = media.get(link, headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(("validator", "status"), [("etag", 206), ("last-modified", 206), (None, 200)])
def test_if_range_gives_a_part_of_the_same_file_only(
    media: httpx.Client, link: str, validator: str | None, status: int
) -> None:
    value = media.get(link).headers[validator] if validator else '"another"'
    assert media.get(link, headers={"Range": "bytes=10-", "If-Range": value}).status_code == status


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ("bytes=0-0", range(1)),
        ("bytes=90-", range(90, 100)),
        ("bytes=90-500", range(90, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-500", range(100)),
        ("bytes=-0", range(100, 100)),
        ("bytes=100-", range(100, 100)),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
    ],
)
def test_a_range_header_is_read_like_rfc_9110(header: str, found: range | None) -> None:
    assert wanted(header, 100) == found


def test_there_is_no_file_before_the_end_of_the_task(http: httpx.Client, media: httpx.Client) -> None:
    assert media.get(f"{BASE}/media/{created(http)}/1/video.mp4").status_code == 404


def test_a_file_is_only_read(media: httpx.Client, link: str) -> None:
    assert media.post(link).status_code == 405


def test_a_link_dies_after_its_lifetime(media: httpx.Client, link: str, sandbox: Sandbox) -> None:
    sandbox.clock.sleep(_document.link_lifetime() + 1)
    assert media.get(link).status_code == 403


# Rendered files


class Counting:
    """A renderer that counts."""

    def __init__(self) -> None:
        self.shots: list[Shot] = []

    def __call__(self, shot: Shot, video: Path, last_frame: Path) -> None:
        self.shots.append(shot)
        stub(shot, video, last_frame)


def test_a_video_is_rendered_once_and_only_when_it_is_fetched() -> None:
    render = Counting()
    with (
        Sandbox(render=render) as sandbox,
        httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as http,
    ):
        links = [asked(http, created(http, seed=1))["data"]["output"] for _ in range(2)]
        assert not render.shots
        first, second = (http.get(link).content for link in links)
        assert (first == second, len(render.shots)) == (True, 1)


def test_an_absent_seed_is_drawn_and_kept() -> None:
    with (
        Sandbox(render=stub) as sandbox,
        httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as http,
    ):
        links = [asked(http, created(http))["data"]["output"] for _ in range(2)]
        first, again, other = (http.get(link).content for link in (links[0], links[0], links[1]))
        assert first == again != other


def test_old_files_are_forgotten_and_rendered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    render = Counting()
    with (
        Sandbox(render=render) as sandbox,
        httpx.Client(base_url=BASE, headers=KEY, transport=sandbox.transport) as http,
    ):
        monkeypatch.setattr(sandbox._store, "_most", 1)
        links = [asked(http, created(http, seed=seed))["data"]["output"] for seed in (1, 2)]
        held = sandbox._store._lock_of("held")
        with held:  # one that is read or rendered just now stays
            before = [http.get(link).content for link in (*links, links[0])]
        assert before[0] == before[2] != before[1]
        assert len(render.shots) == 3
        folder = sandbox._store._folder_made()
        assert len(list(folder.glob("*.mp4"))) == 1
        assert "held" in sandbox._store._locks
    assert not folder.exists()


# Both clients, and the routes of the sandbox's own


def test_the_client_generates_in_no_time(sandbox: Sandbox, tmp_path: Path) -> None:
    with UnifiedVideo(api_key="any", base_url=BASE, transport=sandbox.transport) as client:
        client._use_clock(sandbox.clock)
        video = client.generate("dance", output=tmp_path / "dance.mp4", return_last_frame=True)
    assert video.path is not None
    assert video.last_frame_path is not None
    assert video.path.read_bytes()[4:8] == b"ftyp"
    assert sandbox.clock.now() > 100
    assert all("authorization" not in one.headers for one in sandbox.requests if one.path.startswith("/media/"))


def test_the_async_client_does_too(sandbox: Sandbox, tmp_path: Path) -> None:
    async def main() -> Path | None:
        async with AsyncUnifiedVideo(api_key="any", base_url=BASE, transport=sandbox.transport) as client:
            client._use_clock(sandbox.clock)
            return (await client.generate("dance", output=tmp_path / "dance.mp4")).path

    assert anyio.run(main) == tmp_path / "dance.mp4"


def test_the_page_lists_tasks_and_escapes_prompts(http: httpx.Client, sandbox: Sandbox) -> None:
    finished(http, sandbox, prompt="<script>alert(1)</script>", return_last_frame=True)
    created(http, prompt="later")
    page = http.get("/").text
    assert "<script>" not in page
    assert page.count("<video") == page.count("last frame") == 1
    assert page.index("later") < page.index("alert(1)")


def test_control_routes_tell_what_happened(http: httpx.Client, sandbox: Sandbox) -> None:
    created(http, seed=5)
    assert http.get("/sandbox/requests").json()["requests"][0]["json"]["seed"] == 5
    found = http.get("/sandbox/tasks").json()
    assert (found["accepted"], found["tasks"][0]["task_id"]) == (1, sandbox.tasks[0])
    assert http.head("/sandbox/tasks").content == b""
    assert len(sandbox.requests) == 1


def test_faults_are_added_and_cleared_over_http(http: httpx.Client, sandbox: Sandbox) -> None:
    one = {"operation": "query", "status": 429, "retry_after": 2, "headers": {"X-A": "1"}}
    added = http.post("/sandbox/faults", content=json.dumps(one)).json()
    assert added == {"faults": [one]}
    assert sandbox.faults == (Fault("query", status=429, retry_after=2, headers={"X-A": "1"}),)
    assert len(http.post("/sandbox/faults", json=[{"status": 500}, {"status": 502}]).json()["faults"]) == 3
    assert http.delete("/sandbox/faults").json() == {"faults": []}


@pytest.mark.parametrize("content", [b"", b"7", b'{"stat": 1}', b'{"status": 1}', b'{"headers": 5}', b"[" * 100_000])
def test_a_fault_that_makes_no_sense_is_refused(http: httpx.Client, content: bytes) -> None:
    assert http.post("/sandbox/faults", content=content).json()["error"]["code"] == "invalid_fault"
