"""Referees that nobody here wrote, against the sandbox over a socket: Schemathesis, Prism and a runner of Arazzo."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from contract import _node, _pip, _places
from contract._tool import NotHere, ToolFailed, run
from unified_video import UnifiedVideo, UnifiedVideoError, UnifiedVideoWarning, _document
from unified_video.sandbox import Fault, Sandbox, stub
from unified_video.sandbox._app import App, read_json
from unified_video.sandbox._message import Incoming, Reply, measured, shape_a, shape_b
from unified_video.sandbox._server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contract._places import Json

KEY = "sk-of-the-referees"
HOST = "127.0.0.1"
_SEEDS = ("1", "2", "3")


class Narrow:
    """The sandbox is as open as the service: it takes any key, and models and ratios newer than the document.

    A referee that tries what the document does not list would call that a hole: this one takes one key, and what
    is listed.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    def __call__(self, incoming: Incoming) -> Reply:
        refused = _refused_request(incoming) if incoming.path.startswith("/v2/") else None
        return self._app(incoming) if refused is None else measured(refused, incoming.method)


def _refused_request(incoming: Incoming) -> Reply | None:
    if incoming.headers.get("authorization") != f"Bearer {KEY}":
        return shape_a(401, "the key is not valid", kind="authentication_error")
    body = read_json(incoming.body)
    unlisted = isinstance(body, dict) and any(
        name in body and body[name] not in _document.fields()[name]["enum"] for name in ("model", "ratio")
    )
    return (
        shape_b(400, "model or ratio is none of those that the document lists", "invalid_request") if unlisted else None
    )


@contextmanager
def sandbox(*, seconds: float = 0.0, faults: tuple[Fault, ...] = ()) -> Iterator[str]:
    with Sandbox(seconds=seconds, faults=faults, render=stub) as box, serving(Narrow(box._app), 0) as url:  # type: ignore[arg-type] # noqa: SLF001
        yield url


def schemathesis() -> str:
    """Good and bad data, all checks, stateful: whether the sandbox keeps to the document."""
    _pip.install()
    cases = [_schemathesis(seed) for seed in _SEEDS]
    return f"{'; '.join(cases)}: no failure"


def _schemathesis(seed: str) -> str:
    config = str(_places.ROOT / "contract" / "schemathesis.toml")
    with sandbox() as url, tempfile.TemporaryDirectory() as folder:
        command = [
            _pip.tool("schemathesis"),
            "--config-file",
            config,
            "run",
            str(_places.DOCUMENT),
            "--url",
            url,
            "--header",
            f"Authorization: Bearer {KEY}",
        ]
        policy = ["--checks", "all", "--mode", "all", "--phases", "examples,coverage,fuzzing,stateful"]
        output = run([*command, *policy, "--seed", seed, "--max-examples", "60", "--no-color"], cwd=Path(folder))
    return next((line.strip() for line in output.splitlines() if "generated" in line), "no case was counted")


_BROKEN = '{"task_id": 5, "status": []}'


class Watching(httpx.BaseTransport):
    """Notes what Prism says of an answer: it passes it on, and tells in a header what is wrong with it."""

    def __init__(self) -> None:
        self._inner, self.exchanges = httpx.HTTPTransport(), 0
        self.violations: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        self.exchanges += 1
        # A request that breaks the document does not get through: Prism answers it, with a problem.
        said = response.headers.get("sl-violations") or response.headers.get("content-type", "")
        if "sl-violations" in response.headers or "problem+json" in said:
            self.violations.append(f"{request.method} {request.url.path}: {response.status_code} {said}")
        return response


def prism() -> str:
    """Our client through a proxy that holds each request and answer against the document."""
    _node.install()
    faults = (
        Fault("create", status=429, retry_after=0),
        Fault("query", status=500, body="B"),
        Fault("query", status=404, body="A"),
        Fault("query", task_status="PAUSED"),
    )
    seen = _through_prism(faults, _valid_requests())
    if seen.violations:
        raise ToolFailed("\n".join(["Prism saw violations:", *seen.violations]))
    # A referee that lets everything pass would prove nothing.
    if not _through_prism((Fault("query", text=_BROKEN),), _valid_requests()[:1]).violations:
        raise ToolFailed("Prism does not see an answer that breaks the document")
    return f"{seen.exchanges} exchanges through the proxy: no violation"


def _through_prism(faults: tuple[Fault, ...], requests: list[Json]) -> Watching:
    watching = Watching()
    with sandbox(faults=faults) as url, _proxy(url) as proxy:
        _use(proxy, watching, requests)
    return watching


@contextmanager
def _proxy(url: str) -> Iterator[str]:
    port = _free_port()
    command = [_node.tool("prism"), "proxy", str(_places.DOCUMENT), url, "--host", HOST, "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)  # noqa: S603 - every word of the command is ours
    try:
        _await_port(port, process)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise ToolFailed("prism did not start")


def _use(url: str, transport: Watching, requests: list[Json]) -> None:
    """Every kind of request and answer that our client makes and meets."""
    with UnifiedVideo(api_key=KEY, base_url=url, transport=transport) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", UnifiedVideoWarning)
        for given in requests:
            known = {name: given[name] for name in given if name in _document.fields()}
            task = client.create(**known, extra={name: given[name] for name in given if name not in known})
            client.wait(task, timeout=60)
        for missing in ("cgt-unknown", "a:b/c d?e#f"):
            _refused(client, missing)


def _valid_requests() -> list[Json]:
    found = _places.read_json(_places.CONFORMANCE / "requests.json")["cases"]
    return [case["given"] for case in found if case["valid"]]


def _refused(client: UnifiedVideo, task_id: str) -> None:
    try:
        client.retrieve(task_id)
    except UnifiedVideoError:
        return
    raise ToolFailed(f"the task {task_id} was found")


def arazzo() -> str:
    """The workflow, run as it stands: create, poll, download."""
    _node.install()
    with sandbox(seconds=1.0) as url, tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        server = f"unified_video={url}"
        run(
            [
                *(_node.tool("redocly"), "respect", os.path.relpath(_places.WORKFLOW, folder), "--server", server),
                *("--input", f"api_key={KEY}", "--json-output", str(report)),
            ],
            cwd=Path(folder),
        )
        totals = json.loads(report.read_text("utf-8"))
    return f"the workflow ran: {_steps(totals)}"


def _steps(report: dict[str, object]) -> str:
    files = report.get("files")
    total = next(iter(files.values()))["totalRequests"] if isinstance(files, dict) and files else "its"
    return f"{total} requests"


def _said(referee: Callable[[], str]) -> str:
    try:
        return f"{referee.__name__}: {referee()}"
    except NotHere as lacking:
        return f"{referee.__name__}: not here: {lacking}"


def reports() -> list[str]:
    """One line for each referee; raises ToolFailed with what it found."""
    return [_said(referee) for referee in (schemathesis, prism, arazzo)]
