"""The sandbox over a real socket of this machine: curl, the generated client, raw bytes, and connections that break."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from http import HTTPStatus
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest

from unified_video import SubmissionUncertain, UnifiedVideo, _document
from unified_video._errors import ConfigurationError
from unified_video.sandbox import Fault, Sandbox, stub
from unified_video.sandbox._server import refusal
from unified_video_api import AuthenticatedClient
from unified_video_api.api.videos import create_video_generation, get_video_generation
from unified_video_api.models import VideoGenerationAccepted, VideoGenerationRequest, VideoTask
from unified_video_api.types import Unset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unified_video.sandbox._shot import Shot

CREATE = "/v2/videos/generations"
KEY = {"Authorization": "Bearer any-key"}
PRO = _document.component("VideoModel")["enum"][0]
BODY = {"prompt": "dance", "model": PRO}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(render=stub) as made:
        yield made


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    with sandbox.serve() as found:
        yield found


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=KEY, trust_env=False) as client:
        yield client


def exchange(url: str, content: bytes) -> bytes:
    """Raw bytes there, all bytes back."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(content)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_curl_makes_a_video(url: str, tmp_path: Path) -> None:
    def curl(*arguments: str) -> bytes:
        return subprocess.run(["curl", "-sSf", "--noproxy", "*", *arguments], capture_output=True, check=True).stdout  # noqa: S607 - the curl of the machine

    key = ("-H", "Authorization: Bearer any-key")
    created = curl(*key, "-H", "Content-Type: application/json", "-d", json.dumps(BODY), url + CREATE)
    task = json.loads(curl(*key, f"{url}{CREATE}/{json.loads(created)['task_id']}"))
    assert task["status"] == "SUCCESS"
    curl("-o", str(tmp_path / "a.mp4"), task["data"]["output"])
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_generated_client_alone_makes_a_video(url: str) -> None:
    with AuthenticatedClient(base_url=url, token="any-key") as client:  # noqa: S106 - the sandbox takes any
        request = VideoGenerationRequest.from_dict(BODY)
        accepted = create_video_generation.sync(client=client, body=request)
        assert isinstance(accepted, VideoGenerationAccepted)
        task = get_video_generation.sync(client=client, task_id=accepted.task_id)
        assert isinstance(task, VideoTask)
        assert task.status == "SUCCESS"
        assert task.data
        assert not isinstance(task.data, Unset)
        assert httpx.get(str(task.data.output), trust_env=False).content[4:8] == b"ftyp"


def test_our_client_makes_a_video_and_resumes(url: str, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.add(Fault("media", drop="answer"))
    with UnifiedVideo(api_key="any", base_url=url) as client:
        video = client.generate("dance", output=tmp_path / "dance.mp4")
    assert video.path is not None
    assert any("range" in one.headers for one in sandbox.requests)


def test_links_lead_to_the_name_that_was_called(url: str, sandbox: Sandbox) -> None:
    host = url.replace("http://127.0.0.1", "localhost")
    with httpx.Client(base_url=url, headers={**KEY, "Host": host}, trust_env=False) as http:
        http.post(CREATE, json=BODY)
        assert http.get(f"{CREATE}/{sandbox.tasks[0]}").json()["data"]["output"].startswith(f"http://{host}/media/")


def test_one_connection_serves_many_requests(http: httpx.Client, sandbox: Sandbox) -> None:
    answers = [http.post(CREATE, json=BODY) for _ in range(3)]
    assert len({id(answer.extensions["network_stream"]) for answer in answers}) == 1
    assert sandbox.accepted == 3


def test_head_leaves_the_connection_in_order(http: httpx.Client, sandbox: Sandbox) -> None:
    http.post(CREATE, json=BODY)
    link = http.get(f"{CREATE}/{sandbox.tasks[0]}").json()["data"]["output"]
    head, whole = http.head(link), http.get(link)
    assert head.headers["content-length"] == str(len(whole.content))


def test_a_body_in_chunks_is_read(http: httpx.Client, sandbox: Sandbox) -> None:
    content = json.dumps(BODY).encode()
    assert http.post(CREATE, content=iter([content[:5], content[5:]])).status_code == 200
    assert sandbox.requests[0].json == BODY


def head_of(body: bytes = b"", *headers: str) -> bytes:
    lines = [f"POST {CREATE} HTTP/1.1", "Host: localhost", "Authorization: Bearer k", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


CHUNKED = "Transfer-Encoding: chunked"


def test_trailers_and_chunk_extensions_are_passed_over(url: str, sandbox: Sandbox) -> None:
    content = json.dumps(BODY).encode()
    chunks = b"%x;a=b\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(content), content)
    assert exchange(url, head_of(chunks, CHUNKED)).startswith(b"HTTP/1.1 200")
    assert sandbox.accepted == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        head_of(b"", "Content-Length: 999999999999"),
        head_of(b"", "Content-Length: -1"),
        head_of(b"", "Content-Length: many"),
        head_of(b"ffffffffff\r\n", CHUNKED),
        head_of(b"-1\r\n", CHUNKED),
        head_of(b"zz\r\n", CHUNKED),
    ],
)
def test_a_body_without_measure_is_413(url: str, request_bytes: bytes) -> None:
    assert exchange(url, request_bytes).startswith(b"HTTP/1.1 413")


def test_a_client_that_waits_for_100_is_told_to_go_on(url: str) -> None:
    content = json.dumps(BODY).encode()
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head_of(b"", "Expect: 100-continue", f"Content-Length: {len(content)}"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(content)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("status", [HTTPStatus.TOO_MANY_REQUESTS, 520, 529])
def test_any_status_goes_over_the_wire(http: httpx.Client, sandbox: Sandbox, status: int) -> None:
    sandbox.add(Fault(status=status, body="html"))
    assert http.post(CREATE, json=BODY).status_code == status


def test_drops_break_the_connection(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.add(Fault(drop="connect"), Fault(drop="read"), Fault(drop="answer", accepted=True))
    errors = []
    for _ in range(3):
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)) as caught:
            http.post(CREATE, json=BODY)
        errors.append(caught.type)
    assert errors[1:] == [httpx.RemoteProtocolError] * 2
    assert sandbox.accepted == 1
    assert http.post(CREATE, json=BODY).status_code == 200


@pytest.mark.parametrize("drop", ["connect", "read", "answer"])
def test_a_dropped_create_is_uncertain(url: str, sandbox: Sandbox, drop: str) -> None:
    sandbox.add(Fault(drop=drop, accepted=True))  # type: ignore[arg-type] # each of the parameters is one
    with UnifiedVideo(api_key="any", base_url=url) as client, pytest.raises(SubmissionUncertain):
        client.create("dance")
    assert sandbox.accepted == len(sandbox.requests) == 1


def test_delays_and_drips_take_their_time(http: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.add(Fault(delay=0.02, drip=0.002))
    begun = time.monotonic()
    assert http.post(CREATE, json=BODY).status_code == 200
    assert time.monotonic() - begun >= 0.04


def test_the_end_does_not_wait_for_delays_or_open_connections(sandbox: Sandbox) -> None:
    sandbox.add(Fault(delay=600))
    failed = []

    def post(url: str) -> None:
        try:
            httpx.post(url + CREATE, json=BODY, headers=KEY, trust_env=False)
        except httpx.HTTPError as error:
            failed.append(error)

    with httpx.Client(trust_env=False) as idle, sandbox.serve() as url:
        idle.get(url)
        thread = Thread(target=post, args=(url,))
        thread.start()
        while not sandbox.requests:
            pass
    thread.join(10)
    assert len(failed) == 1


def test_a_port_can_be_chosen(sandbox: Sandbox) -> None:
    with sandbox.serve() as first:
        port = int(first.rpartition(":")[2])
    with sandbox.serve(port) as second:
        assert second == first


def failing(error: Exception) -> Sandbox:
    def render(_: Shot, __: Path, ___: Path) -> None:
        raise error

    return Sandbox(render=render)


@pytest.mark.parametrize(
    ("error", "words"), [(ConfigurationError("pip install x"), "pip install x"), (RuntimeError("odd"), "odd")]
)
def test_what_fails_inside_is_a_500_that_says_so(error: Exception, words: str) -> None:
    with failing(error) as sandbox, sandbox.serve() as url, httpx.Client(headers=KEY, trust_env=False) as http:
        http.post(url + CREATE, json=BODY)
        link = http.get(f"{url}{CREATE}/{sandbox.tasks[0]}").json()["data"]["output"]
        answer = http.get(link)
    assert (answer.status_code, words in answer.json()["error"]["message"]) == (500, True)


def test_a_stranger_is_refused_over_the_wire(http: httpx.Client, sandbox: Sandbox) -> None:
    answer = http.post(CREATE, json=BODY, headers={"Host": "rebound.example"})
    assert (answer.status_code, sandbox.requests) == (403, ())


HOST = "127.0.0.1:8080"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": "localhost"},
        {"host": "a.localhost:1"},
        {"host": "[::1]:8080"},
        {"host": HOST, "origin": f"http://{HOST}"},
        {"host": HOST, "sec-fetch-site": "none"},
        {"host": HOST, "sec-fetch-site": "same-origin"},
    ],
)
def test_its_own_page_and_programs_are_answered(headers: dict[str, str]) -> None:
    assert refusal(headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::1"},
        {"host": HOST, "origin": "null"},
        {"host": HOST, "origin": "http://evil.example"},
        {"host": HOST, "origin": "http://127.0.0.1:9090"},
        {"host": HOST, "sec-fetch-site": "cross-site"},
        {"host": HOST, "sec-fetch-site": "same-site"},
    ],
)
def test_other_names_and_other_pages_are_refused(headers: dict[str, str]) -> None:
    found = refusal(headers)
    assert found is not None
    assert found.status == 403
