"""The two clients: one set of verbs, in memory and over sockets, shared by threads and tasks."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from both import KINDS, SUCCESS, Client, Service, VirtualClock
from raw_server import dripping, hanging, request_of, response, serving
from scripted import KEY, LINK, MP4

from unified_video import (
    AsyncUnifiedVideo,
    ConfigurationError,
    InvalidRequest,
    NotSent,
    Retry,
    SubmissionUncertain,
    UnifiedVideo,
    UnifiedVideoWarning,
    WaitTimeout,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path
    from threading import Event

BOTH = pytest.mark.parametrize("kind", KINDS)
CLIENTS = pytest.mark.parametrize("client_type", [UnifiedVideo, AsyncUnifiedVideo])


def verbs(client: type) -> dict[str, tuple[str, str | None]]:
    return {
        name: (str(inspect.signature(member)), member.__doc__)
        for name, member in inspect.getmembers(client, inspect.isfunction)
        if not name.startswith("_") and name not in {"close", "aclose"}
    }


def test_both_clients_offer_the_same_verbs() -> None:
    assert verbs(UnifiedVideo) == verbs(AsyncUnifiedVideo)
    assert set(verbs(UnifiedVideo)) == {"create", "retrieve", "wait", "download", "generate", "validate"}
    assert UnifiedVideo.close.__doc__ == AsyncUnifiedVideo.aclose.__doc__
    ours, theirs = (str(inspect.signature(client)) for client in (UnifiedVideo, AsyncUnifiedVideo))
    assert ours == theirs.replace("httpx.AsyncBaseTransport", "httpx.BaseTransport")


def test_one_is_no_subclass_of_the_other() -> None:
    assert not issubclass(AsyncUnifiedVideo, UnifiedVideo)
    assert not inspect.iscoroutinefunction(AsyncUnifiedVideo.validate)


@BOTH
def test_one_call_makes_a_video_file(kind: str, tmp_path: Path) -> None:
    service = Service()
    with Client(kind, transport=service.transport) as client:
        video = client.generate("a cat dancing", output=tmp_path / "cat.mp4")
        again = client.download(video, tmp_path / "again.mp4")
    assert (video.task_id, video.path.read_bytes()) == ("cgt-1", MP4)
    assert again.read_bytes() == MP4
    assert [str(request.url) for request in service.requests] == [
        "https://gateway.example/v2/videos/generations",
        "https://gateway.example/v2/videos/generations/cgt-1",
        LINK,
        LINK,
    ]
    assert [KEY in str(request.headers.raw) for request in service.requests] == [True, True, False, False]


@BOTH
def test_the_verbs_one_by_one(kind: str, tmp_path: Path) -> None:
    with Client(kind, transport=Service().transport) as client:
        task = client.create("dance", seed=7)
        assert client.retrieve(task).done
        video = client.wait(task, timeout=0)
        assert client.download(task, str(tmp_path / "cat.mp4")).read_bytes() == MP4
    assert video.task.request == {"prompt": "dance", "seed": 7, "model": "doubao-seedance-1-0-pro-250528"}


@BOTH
def test_validate_sends_nothing_and_knows_the_clients_defaults(kind: str) -> None:
    service = Service()
    wrong: Any = {"sead": 1}
    with Client(kind, transport=service.transport, defaults={"duration": 10}, strict=True) as client:
        fields = [violation.field for violation in client.validate("dance", **wrong)]
        assert [violation.severity for violation in client.validate("dance")] == ["warning"]
    assert sorted(fields) == ["duration", "sead"]
    assert service.requests == []


@BOTH
def test_what_only_the_vendor_rules_is_refused_in_strict_mode_alone(kind: str) -> None:
    service = Service()
    with Client(kind, transport=service.transport, strict=True) as client, pytest.raises(InvalidRequest):
        client.create("dance", generate_audio=True)
    assert service.requests == []
    with Client(kind, transport=service.transport) as client, pytest.warns(UnifiedVideoWarning) as caught:
        client.create("dance", generate_audio=True)
    assert len(caught) == 1


def test_a_warning_points_at_the_callers_line() -> None:
    client = UnifiedVideo(api_key=KEY, base_url="https://gateway.example", transport=Service().transport)
    with pytest.warns(UnifiedVideoWarning) as caught:
        client.create("dance", duration=10)
    assert [warning.filename for warning in caught] == [__file__]


def test_a_warning_points_at_the_callers_line_under_a_loop_too() -> None:
    async def inside() -> None:
        async with AsyncUnifiedVideo(
            api_key=KEY, base_url="https://gateway.example", transport=Service().transport
        ) as client:
            await client.create("dance", duration=10)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(inside())
    assert [warning.filename for warning in caught] == [__file__]


@BOTH
@pytest.mark.parametrize(
    "arguments",
    [
        {"api_key": ""},
        {"base_url": "http://gateway.example"},
        {"base_url": "https://gateway\u2028.example"},
        {"timeout": 0},
        {"retry": 3},
        {"defaults": {"seed": -1}},
        {"defaults": 5},
        {"transport": httpx.Client()},
        {"ledger": 5},
        {"ledger": ""},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_a_client_that_cannot_work_is_not_made(kind: str, arguments: Any) -> None:
    with pytest.raises(ConfigurationError):
        Client(kind, **arguments)


def test_each_client_takes_its_own_kind_of_transport() -> None:
    for client, wrong in ((UnifiedVideo, httpx.AsyncHTTPTransport()), (AsyncUnifiedVideo, httpx.HTTPTransport())):
        with pytest.raises(ConfigurationError, match="transport must be an httpx"):
            client(api_key=KEY, base_url="https://gateway.example", transport=wrong)  # type: ignore[arg-type]


@BOTH
def test_the_environment_names_key_and_service(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", " https://gateway.example/prefix/ ")
    service = Service()
    with Client(kind, api_key=None, base_url=None, transport=service.transport) as client:
        client.create("dance")
    assert str(service.requests[0].url) == "https://gateway.example/prefix/v2/videos/generations"
    assert service.requests[0].headers["Authorization"] == f"Bearer {KEY}"


@CLIENTS
def test_a_client_shows_no_key_and_is_not_pickled(client_type: Callable[..., Any]) -> None:
    client = client_type(api_key=KEY, base_url="https://gateway.example")
    assert repr(client) == f"{client_type.__name__}(base_url='https://gateway.example')"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(client)


@BOTH
def test_pauses_are_the_clocks_and_the_documents(kind: str) -> None:
    clock, answers = VirtualClock(), iter(["QUEUED"] * 5)

    def handle(_: httpx.Request) -> httpx.Response:
        status = next(answers, "SUCCESS")
        return httpx.Response(200, json={**SUCCESS, "status": status})

    with Client(kind, clock, transport=httpx.MockTransport(handle)) as client:
        client.wait("cgt-1")
    assert [base <= pause <= base * 1.25 for base, pause in zip([2, 4, 8, 8, 8], clock.sleeps, strict=True)] == [
        True
    ] * 5


@BOTH
def test_retries_are_the_clients(kind: str) -> None:
    clock, sent = VirtualClock(), []

    def refuse(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        raise httpx.ConnectError("refused")

    retry = Retry(attempts=3, base=1.0)
    with Client(kind, clock, transport=httpx.MockTransport(refuse), retry=retry) as client, pytest.raises(NotSent):
        client.create("dance")
    assert len(sent) == 3
    assert [1 <= clock.sleeps[0] <= 1.25, 2 <= clock.sleeps[1] <= 2.5] == [True, True]


# Over sockets


@BOTH
@pytest.mark.parametrize(
    "handle",
    [
        hanging,
        dripping(b"HTTP/1.1 200 OK\r\nX-Long: "),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
    ],
    ids=["hangs", "drips headers", "drips its body"],
)
def test_a_wait_ends_within_a_second_of_its_deadline(kind: str, handle: Any) -> None:
    with serving(handle) as port, Client(kind, base_url=f"http://127.0.0.1:{port}") as client:
        begin = time.monotonic()
        with pytest.raises(WaitTimeout) as caught:
            client.wait("cgt-1", timeout=0.1)
        assert time.monotonic() - begin < 1.1
    assert caught.value.__cause__ is not None


@BOTH
def test_a_create_that_is_cut_by_the_clients_time_limit_is_uncertain(kind: str) -> None:
    with serving(hanging) as port, Client(kind, base_url=f"http://127.0.0.1:{port}", timeout=0.2) as client:
        begin = time.monotonic()
        with pytest.raises(SubmissionUncertain):
            client.create("dance")
        assert time.monotonic() - begin < 1.0


def tasks_forever(connection: socket.socket, _: Event) -> None:
    """A task for each request, its id the seed that was sent."""
    while (head := request_of(connection)).strip():
        length = next(
            (int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), 0
        )
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            body += connection.recv(65536)
        seed = body.rpartition(b'"seed":')[2].partition(b",")[0].strip(b"}")
        connection.sendall(response(b'{"task_id": "cgt-' + seed + b'"}'))


def test_the_blocking_client_is_shared_by_threads() -> None:
    with serving(tasks_forever) as port, UnifiedVideo(api_key=KEY, base_url=f"http://127.0.0.1:{port}") as client:

        def create(seed: int) -> str:
            return client.create("dance", seed=seed).task_id

        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(create, range(100)))
    assert found == [f"cgt-{seed}" for seed in range(100)]


def test_the_async_client_is_shared_by_tasks() -> None:
    async def inside(port: int) -> list[str]:
        async with AsyncUnifiedVideo(api_key=KEY, base_url=f"http://127.0.0.1:{port}") as client:
            made = await asyncio.gather(*[client.create("dance", seed=seed) for seed in range(100)])
        return [task.task_id for task in made]

    with serving(tasks_forever) as port:
        assert asyncio.run(inside(port)) == [f"cgt-{seed}" for seed in range(100)]


def test_the_blocking_client_works_inside_a_running_loop(tmp_path: Path) -> None:
    async def inside() -> Any:
        with Client("blocking", transport=Service().transport) as client:
            return client.generate("dance", output=tmp_path / "cat.mp4")

    assert asyncio.run(inside()).path.read_bytes() == MP4


@BOTH
def test_a_proxy_of_the_environment_is_used_and_no_proxy_is_obeyed(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heads: list[bytes] = []

    def proxy(connection: socket.socket, _: Event) -> None:
        heads.append(request_of(connection))
        connection.sendall(response(MP4))

    for name in ("HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    from unified_video import Video

    with serving(proxy) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        with Client(kind) as client:
            client.download(Video("cgt-1", "http://media.example/cat.mp4"), tmp_path / "cat.mp4")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with Client(kind) as client:
            client.download(Video("cgt-1", f"http://127.0.0.1:{port}/direct.mp4"), tmp_path / "direct.mp4")
    assert [head.split(b" ")[1] for head in heads] == [b"http://media.example/cat.mp4", b"/direct.mp4"]


@BOTH
def test_a_proxy_that_cannot_be_used_is_said_before_anything_is_sent(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("https_proxy", "ftp://proxy.example")
    from unified_video import read_ledger

    with Client(kind, ledger=tmp_path) as client, pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        client.create("dance")
    assert [row.state for row in read_ledger(tmp_path)] == ["failed"]


# Cancellation


class Stalled(httpx.AsyncBaseTransport):
    """Answers until it is told to hang, and says when it does."""

    def __init__(self, answers: int) -> None:
        self.left, self.reached = answers, asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - httpx calls it so
        if not self.left:
            self.reached.set()
            await asyncio.sleep(3600)
        self.left -= 1
        return httpx.Response(200, json={"task_id": "cgt-1"})


@pytest.mark.parametrize(("answers", "note"), [(0, "may have been accepted"), (1, "task cgt-1 goes on")])
def test_a_cancelled_task_carries_a_note(answers: int, note: str, tmp_path: Path) -> None:
    async def inside() -> list[str]:
        transport = Stalled(answers)
        async with AsyncUnifiedVideo(
            api_key=KEY, base_url="https://gateway.example", transport=transport, ledger=tmp_path
        ) as client:
            work = asyncio.create_task(client.generate("dance"))
            await transport.reached.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await work
        return caught.value.__notes__

    assert note in asyncio.run(inside())[0]
    from unified_video import read_ledger

    assert [row.state for row in read_ledger(tmp_path)] == ["running" if answers else "uncertain"]


def test_a_client_closes_what_it_was_given_and_can_be_closed_twice(tmp_path: Path) -> None:
    for kind in KINDS:
        closed: list[int] = []

        class Closing(httpx.MockTransport):
            def close(self, closed: list[int] = closed) -> None:
                closed.append(1)

            async def aclose(self, closed: list[int] = closed) -> None:
                closed.append(1)

        with Client(kind, transport=Closing(Service()), ledger=tmp_path) as client:
            client.create("dance")
            (client.close if kind == "blocking" else client.aclose)()
        assert closed == [1, 1]
