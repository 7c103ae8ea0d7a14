"""Every recipe of examples/recipes/ does what its page says, against the sandbox."""

from __future__ import annotations

import asyncio
import json
import runpy
import ssl
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from tls_front import HOST, company

from unified_video import AsyncUnifiedVideo, NotSent, Retry, Task, TaskFailed, UnifiedVideo, Video, read_ledger
from unified_video.sandbox import Fault, Sandbox, VirtualClock, stub

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Visitor = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]

RECIPES = Path(__file__).parents[1] / "examples" / "recipes"


def recipe(name: str) -> dict[str, Any]:
    return runpy.run_path(str(RECIPES / name))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=VirtualClock(), seconds=30, render=stub) as made:
        yield made


@pytest.fixture
def visit(
    sandbox: Sandbox, tmp_path: Path
) -> Callable[[Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]], None]:
    """Runs a visit to the web service of the recipe."""

    def run(visitor: Visitor) -> None:
        async def main() -> None:
            client = AsyncUnifiedVideo(api_key="key", base_url=f"https://{HOST}", transport=sandbox.transport)
            client._use_clock(sandbox.clock)
            app = recipe("web.py")["make_app"](client, tmp_path / "videos")
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://web.example") as browser,
            ):
                await visitor(browser)

        asyncio.run(main())

    return run


def test_the_web_service_starts_a_video_and_serves_it_later(visit: Any, sandbox: Sandbox) -> None:
    async def visitor(browser: httpx.AsyncClient) -> None:
        started = await browser.post("/videos", json={"prompt": "a cat"})
        assert started.status_code == 202
        place = f"/videos/{started.json()['id']}"
        early = await browser.get(place)
        assert (early.status_code, early.json()["state"], early.headers["Retry-After"]) == (202, "queued", "5")
        sandbox.clock.sleep(30)
        served = await browser.get(place)
        assert (served.status_code, served.headers["Content-Type"]) == (200, "video/mp4")
        assert served.content[4:8] == b"ftyp"
        asked = len(sandbox.requests)
        assert (await browser.get(place)).content == served.content
        assert len(sandbox.requests) == asked  # fetched once

    visit(visitor)
    assert sandbox.accepted == 1


@pytest.mark.parametrize(
    ("fault", "status", "name"),
    [
        (Fault(status=504, accepted=True), 502, "SubmissionUncertain"),
        (Fault(status=401), 503, "AuthenticationError"),
    ],
    ids=["uncertain", "key"],
)
def test_the_web_service_says_what_went_wrong(
    visit: Any, sandbox: Sandbox, fault: Fault, status: int, name: str
) -> None:
    async def visitor(browser: httpx.AsyncClient) -> None:
        answer = await browser.post("/videos", json={"prompt": "a cat"})
        assert (answer.status_code, answer.json()["error"]) == (status, name)

    sandbox.add(fault)
    visit(visitor)


def test_the_web_service_tells_a_mistake_and_a_task_that_nobody_knows(visit: Any) -> None:
    async def visitor(browser: httpx.AsyncClient) -> None:
        assert (await browser.post("/videos", json={"prompt": ""})).status_code == 422
        assert (await browser.get("/videos/cgt-nobody")).status_code == 404

    visit(visitor)


def test_the_web_service_takes_its_settings_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", "key")
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", f"https://{HOST}")
    app = recipe("web.py")["from_environment"]()
    assert {"/videos", "/videos/{task_id}"} <= set(app.openapi()["paths"])


def test_twenty_are_made_at_once_and_one_that_fails_stops_no_other(sandbox: Sandbox, tmp_path: Path) -> None:
    twenty = recipe("twenty.py")
    sandbox.add(Fault(prompt="cat 7.", reason="not that"))
    prompts = [f"cat {number}." for number in range(20)]

    async def main() -> list[Any]:
        client = AsyncUnifiedVideo(api_key="key", base_url=f"https://{HOST}", transport=sandbox.transport)
        client._use_clock(sandbox.clock)
        async with client:
            made: list[Any] = await twenty["make"](client, prompts, tmp_path / "videos")
            return made

    made = asyncio.run(main())
    assert isinstance(made.pop(7), TaskFailed)
    assert all(isinstance(video, Video) for video in made)
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == 19
    assert sandbox.accepted == 20


def test_twenty_is_a_program_that_keeps_a_ledger(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a cat\na dog\n", "utf-8")
    with Sandbox(render=stub) as sandbox, sandbox.serve() as url:
        monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", "key")
        monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", url)
        monkeypatch.setattr(sys, "argv", ["twenty.py", str(prompts), str(tmp_path / "videos")])
        runpy.run_path(str(RECIPES / "twenty.py"), run_name="__main__")
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["a cat", "a dog"]
    assert [row.state for row in read_ledger(tmp_path / "videos")] == ["done", "done"]


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for the gateway, and the file of the authority that made it."""
    made = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert(HOST).configure_cert(context)
    file = tmp_path / "company-ca.pem"
    made.cert_pem.write_to_path(str(file))
    return context, file


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", "key")
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", f"https://{HOST}")


@pytest.mark.usefixtures("gateway")
def test_a_video_comes_through_a_proxy_under_an_own_authority(
    authority: tuple[ssl.SSLContext, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    context, file = authority
    path = tmp_path / "cat.mp4"
    with Sandbox(render=stub) as sandbox, company(sandbox, context) as (proxy, asked):
        monkeypatch.setattr(sys, "argv", ["proxy.py", proxy, str(file), "a cat", str(path)])
        runpy.run_path(str(RECIPES / "proxy.py"), run_name="__main__")
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_bytes()[4:8] == b"ftyp"
    assert set(asked) == {f"{HOST}:443"}


@pytest.mark.usefixtures("gateway")
def test_the_environment_alone_is_enough(
    authority: tuple[ssl.SSLContext, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, file = authority
    with Sandbox(render=stub) as sandbox, company(sandbox, context) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with UnifiedVideo() as client:
            client.generate("a cat", output=tmp_path / "cat.mp4")
    assert asked


@pytest.mark.usefixtures("gateway")
def test_an_authority_that_is_not_trusted_reaches_nothing(
    authority: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, _ = authority
    with Sandbox(render=stub) as sandbox, company(sandbox, context) as (proxy, _):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with UnifiedVideo(retry=Retry(attempts=1)) as client, pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            client.create("a cat")
    assert sandbox.requests == ()


def cells(kind: str) -> list[dict[str, Any]]:
    notebook = json.loads((RECIPES / "notebook.ipynb").read_text("utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


class Handle:
    """In place of IPython's, which is no dependency: `nox -s docs` runs the notebook in a real kernel."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def display(self, value: object) -> None:
        self.shown.append(value)

    update = display


def test_the_notebook_runs_and_shows_what_it_promises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(DisplayHandle=Handle))
    monkeypatch.setattr("unified_video._io.SystemClock.sleep", lambda *_: None)
    names: dict[str, Any] = {}
    for cell in cells("code"):
        source = "".join(cell["source"]).replace("Sandbox(seconds=3)", "Sandbox()")
        exec(source, names)  # noqa: S102 - our own cells
    assert isinstance(names["shown"].shown[-1], Task)
    assert "<video" in names["video"]._repr_html_()
    names["sandbox"].close()


def test_the_notebook_is_kept_without_outputs() -> None:
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells("code")] == [([], None)] * len(cells("code"))
    assert cells("markdown")


def test_every_recipe_is_tested() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [path.name for path in RECIPES.iterdir() if path.is_file() and f'"{path.name}"' not in text] == []
