"""The playground in a real browser: `nox -s browser`. Not part of the suite, since it needs Chromium.

Environment: `AXE` is axe-core's axe.min.js, `TSC` the compiler of TypeScript; what needs one is skipped without it.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from unified_video import _document
from unified_video._validate import check
from unified_video.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PRO, TEXT, IMAGE = _document.component("VideoModel")["enum"]
AWKWARD = """it's "a cat" $HOME `date` \\n %s 中文 🐈"""
LONG_WAIT = 60_000  # milliseconds; a slow machine renders for seconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=0.5) as made:
        yield made


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    with sandbox.serve() as found:
        yield found


class Watched:
    """A page, all that it asked for, and all that its console said."""

    def __init__(self, browser: Any, url: str, **settings: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        self.page = self.context.new_page()
        self.url = url
        self.said: list[str] = []
        self.asked: list[str] = []
        self.answers: list[Any] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", lambda answer: self.answers.append(answer))  # noqa: PLW0108 - it wants a function

    def open(self) -> Any:
        self.page.goto(self.url)
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    @property
    def elsewhere(self) -> list[str]:
        return [url for url in self.asked if not url.startswith((f"{self.url}/", "data:", "blob:"))]


@pytest.fixture
def watched(browser: Any, url: str) -> Iterator[Watched]:
    made = Watched(browser, url)
    yield made
    made.context.close()
    # The browser itself logs each status of 400 and above; nothing else may be said.
    assert [line for line in made.said if not line.startswith("Failed to load resource")] == []
    assert made.elsewhere == []


@pytest.fixture
def page(watched: Watched) -> Any:
    return watched.open()


def choose(page: Any, field: str, label: str) -> None:
    page.locator(f"fieldset:has(> legend:text-is('{field}')) label:has(.value:text-is('{label}'))").click()


def problems(page: Any) -> list[str]:
    return [" ".join(text.split()) for text in page.locator("#problems li").all_inner_texts()]


def made(page: Any) -> Any:
    page.click("#send")
    page.wait_for_selector("#made video", timeout=LONG_WAIT)
    return page.locator("#made video")


def ended(page: Any) -> str:
    page.click("#send")
    page.wait_for_selector("#outcome:not([hidden])", timeout=LONG_WAIT)
    return str(page.inner_text("#outcome"))


def png(folder: Path, name: str, size: tuple[int, int] = (640, 480)) -> Path:
    from PIL import Image

    Image.new("RGB", size, "teal").save(folder / name)
    return folder / name


def test_from_a_prompt_to_a_playing_video_that_seeks(watched: Watched, sandbox: Sandbox) -> None:
    page = watched.open()
    page.fill("#prompt", "a paper boat")
    choose(page, "return_last_frame", "true")
    video = made(page)
    # In the page, since its policy forbids what wait_for_function does.
    video.evaluate("video => new Promise(done => { video.ontimeupdate = () => video.currentTime > 0.2 && done(); })")
    size = video.evaluate("video => [video.videoWidth, video.videoHeight, Math.round(video.duration)]")
    assert size == [864, 480, 5]
    video.evaluate(
        "video => { video.pause(); return new Promise(done => { video.onseeked = done; video.currentTime = 4; }) }"
    )
    assert video.evaluate("video => Math.abs(video.currentTime - 4) < 0.05 && !video.error")
    assert {answer.status for answer in watched.answers if answer.url.endswith("video.mp4")} == {206}
    frame = page.locator("#made figure img")
    assert frame.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [864, 480]
    assert "a paper boat" in page.inner_text("#earlier")
    assert watched.said == []
    assert sandbox.requests[0].json == {"prompt": "a paper boat", "model": PRO, "return_last_frame": True}


def test_the_wire_shows_each_request_and_answer(page: Any, sandbox: Sandbox) -> None:
    made(page)
    texts = page.locator("#wire details").evaluate_all("all => all.map(one => one.textContent)")
    assert [text.split("/")[0] for text in texts][-2:] == ["GET", "POST"]
    assert f'"task_id": "{sandbox.tasks[0]}"' in texts[-1]
    assert "Authorization: Bearer any" in texts[-1]
    assert "Authorization" not in texts[0]  # the host of the video gets no key
    assert "206 Partial Content" in texts[0]


def test_what_is_refused_is_said_at_once_and_apart_from_warnings(page: Any, sandbox: Sandbox) -> None:
    assert problems(page) == []
    page.fill("#seed", "-1")
    choose(page, "duration", "10")
    choose(page, "ratio", "adaptive")
    errors = page.locator("#problems li.error").all_inner_texts()
    warnings = page.locator("#problems li.warning").all_inner_texts()
    assert ["seed" in errors[0], "ratio_needs_an_image" in errors[1], len(errors)] == [True, True, 2]
    assert ["duration_may_be_ignored" in warnings[0], len(warnings)] == [True, 1]
    rule = next(rule for rule in _document.request()["allOf"] if rule.get("title") == "ratio_needs_an_image")
    assert " ".join(rule["description"].split()) in problems(page)[1]
    assert page.inner_text("#send") == "Send it all the same"
    assert sandbox.requests == ()
    assert ended(page).startswith("BadRequest")


def test_a_choice_that_would_be_refused_says_why_before_it_is_chosen(page: Any, tmp_path: Path) -> None:
    def marked() -> dict[str, str]:
        labels = page.locator("label.choice[data-mark]:not([data-mark=''])")
        pairs = labels.evaluate_all(
            "all => all.map(one => [one.querySelector('.value').textContent, one.dataset.mark])"
        )
        return dict(pairs)

    assert marked() == {
        IMAGE: "error",
        "keep_ratio": "error",
        "adaptive": "error",
        "10": "warning",
        "true": "warning",
    }
    page.set_input_files("#image-0", png(tmp_path, "cat.png"))
    page.wait_for_selector(".slot img")
    assert marked() == {TEXT: "error", "10": "warning", "true": "warning"}


def bodies() -> list[dict[str, Any]]:
    pictures = [None, [], ["data:,a"], ["data:,a"] * 3, ["data:,a"] * 5, [""], "data:,a"]
    others: list[dict[str, Any]] = [
        {},
        {"ratio": "adaptive", "camerafixed": True},
        {"ratio": "16x9", "duration": 10},
        {"resolution": "1080p", "seed": 2**31},
        {"seed": 0.5, "watermark": "yes"},
        {"seed": True, "generate_audio": True, "duration": "5"},
    ]
    prompts = ["dance", "  ", "中" * 501, "word " * 1001, "🐈"]
    return [
        {"prompt": prompt, "model": model, **({} if images is None else {"images": images}), **other}
        for prompt, model, images, other in itertools.product(prompts, [PRO, TEXT, IMAGE, "new"], pictures, others)
    ]


def test_the_page_finds_what_the_library_finds(page: Any) -> None:
    found = page.evaluate(
        """async (bodies) => {
            const { reading } = await import("/sandbox/page/rules.js");
            const rules = await reading(await (await fetch("/sandbox/document")).json());
            const short = one => `${one.severity} ${one.field} ${one.rule}`;
            return bodies.map(body => rules.violations(body).map(short).sort());
        }""",
        bodies(),
    )
    for body, inside in zip(bodies(), found, strict=True):
        wanted = sorted(f"{one.severity} {one.field} {one.rule}" for one in check(body))
        assert inside == wanted, {**body, "prompt": body["prompt"][:9]}


def test_frames_are_dropped_named_and_removed(page: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    content = list(png(tmp_path, "first.png").read_bytes())
    page.evaluate(
        """(content) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(content)], "first.png", {type: "image/png"}));
            const drop = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
            document.querySelector("#images fieldset").dispatchEvent(drop);
        }""",
        content,
    )
    page.wait_for_selector("img[alt='First frame: first.png']")
    page.set_input_files("#image-1", png(tmp_path, "last.png"))
    page.wait_for_selector("img[alt='Last frame: last.png']")
    page.click("[aria-label='Remove Last frame']")
    assert page.locator(".slot img").count() == 1
    made(page)
    sent = sandbox.requests[0].json
    assert isinstance(sent, dict)
    assert [image[:22] for image in sent["images"]] == ["data:image/png;base64,"]
    assert sent["ratio"] == "adaptive"  # the document's client default


def test_pictures_beyond_the_documents_limits_are_warned_of(page: Any, tmp_path: Path) -> None:
    page.set_input_files("#image-0", png(tmp_path, "thin.png", (100, 400)))
    page.wait_for_selector("#problems li")
    assert [text.rpartition(". ")[2] for text in problems(page)] == [
        "image_sides, an error in strict mode",
        "image_shape, an error in strict mode",
    ]


@pytest.fixture
def copied(page: Any, tmp_path: Path) -> Callable[[str], str]:
    """The call in a language, as it is copied, of an awkward request."""
    page.fill("#prompt", AWKWARD)
    page.set_input_files("#image-0", png(tmp_path, "a cat's.png"))
    page.wait_for_selector(".slot img")
    page.fill("#seed", "7")
    choose(page, "resolution", "720p")
    choose(page, "watermark", "false")

    def copy(language: str) -> str:
        page.click(f"[role=tab]:text-is('{language}')")
        page.click("#copy-call")
        page.wait_for_selector("#copy-call:text-is('Copied')")
        return str(page.evaluate("navigator.clipboard.readText()"))

    return copy


def sent_by(command: list[str], folder: Path, sandbox: Sandbox, standard_input: str | None = None) -> Any:
    variables = {**os.environ, "UNIFIED_VIDEO_LEDGER": str(folder / "ledger.sqlite3")}  # not the user's own
    found = subprocess.run(
        command, cwd=folder, env=variables, input=standard_input, text=True, capture_output=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return sandbox.requests[0].json


@pytest.mark.parametrize("language", ["curl", "Python", "TypeScript", "Command line"])
def test_each_call_that_is_copied_sends_what_the_page_sends(
    sandbox: Sandbox, copied: Callable[[str], str], language: str, tmp_path: Path
) -> None:
    text = copied(language)
    wanted = json.loads(copied("curl").partition("<<'JSON'\n")[2].removesuffix("\nJSON"))
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if language == "Python":
        sent = sent_by([sys.executable, "-c", text], tmp_path, sandbox)
    elif language == "TypeScript":
        compiler = os.environ.get("TSC") or pytest.skip("no TSC in the environment")
        (tmp_path / "call.mts").write_text(text, encoding="utf-8")
        types = Path(compiler).parents[2]
        options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--typeRoots"]
        subprocess.run(["node", compiler, *options, str(types / "@types"), "call.mts"], cwd=tmp_path, check=True)  # noqa: S607 - node of the machine
        sent = sent_by(["node", "call.mjs"], tmp_path, sandbox)
    else:
        sent = sent_by(["env", f"PATH={scripts}", "bash", "-s"], tmp_path, sandbox, f"export no_proxy='*'\n{text}\n")
    assert sent == wanted
    assert sent["prompt"] == AWKWARD


def test_a_429_is_waited_out_and_sent_again(page: Any, sandbox: Sandbox) -> None:
    page.click("#faults summary")
    page.click("label:text-is('429: too many requests')")
    page.wait_for_selector("#fault-list li")
    assert sandbox.faults[0].status == 429
    made(page)
    assert [request.method for request in sandbox.requests][:2] == ["POST", "POST"]
    assert sandbox.accepted == 1
    assert not page.is_checked("#fault-0")  # it was met


@pytest.mark.parametrize(
    ("fault", "words", "accepted"),
    [
        ("A lost answer", "SubmissionUncertain", 1),
        ("504 with a page of HTML", "SubmissionUncertain", 1),
        ("The task fails", "TaskFailed: [OutputVideoSensitiveContentDetected]", 1),
    ],
)
def test_a_fault_ends_in_the_documents_words(
    page: Any, sandbox: Sandbox, fault: str, words: str, accepted: int
) -> None:
    page.click("#faults summary")
    page.click(f"label:text-is('{fault}')")
    page.wait_for_selector("#fault-list li")
    assert ended(page).startswith(words)
    assert sandbox.accepted == accepted
    assert len([request for request in sandbox.requests if request.method == "POST"]) == 1


@pytest.mark.parametrize("fault", ["A success without a video", "An expired link"])
def test_a_fault_is_overcome(page: Any, sandbox: Sandbox, fault: str) -> None:
    page.click("#faults summary")
    page.click(f"label:text-is('{fault}')")
    page.wait_for_selector("#fault-list li")
    made(page)
    assert sandbox.faults == ()


def test_faults_are_switched_off_and_written_by_hand(page: Any, sandbox: Sandbox) -> None:
    page.click("#faults summary")
    for wanted in (1, 0):
        page.click("label:text-is('The task fails')")
        playwright.expect(page.locator("#fault-list li")).to_have_count(wanted)
        assert len(sandbox.faults) == wanted
    page.fill("#fault-json", '{"operation": "query", "stat": 5}')
    page.click("#fault-add")
    page.wait_for_selector("#fault-answer:has-text('a fault has no stat')")
    page.fill("#fault-json", '{"operation": "query", "status": 502}')
    page.press("#fault-json", "Enter")
    page.wait_for_selector("#fault-list li")
    assert sandbox.faults[0].status == 502
    page.click("#fault-clear")
    page.wait_for_selector("#fault-list:not(:has(li))", state="attached")


def test_a_new_model_value_and_field_show_with_no_change(watched: Watched) -> None:
    changed = json.loads(json.dumps(_document.document()))
    schemas = changed["components"]["schemas"]
    schemas["VideoModel"]["enum"].append("new-model-1")
    schemas["VideoModel"]["x-models"]["new-model-1"] = {"title": "Drill", "modes": ["text"]}
    schemas["Resolution"]["enum"].append("240p")
    schemas["VideoOptions"]["properties"]["motion_strength"] = {
        "type": "integer",
        "minimum": 0,
        "maximum": 10,
        "description": "How much moves.",
    }
    schemas["VideoGenerationRequest"]["allOf"].append(
        {
            "title": "new_model_is_wide",
            "description": "new-model-1 makes no square. Choose another ratio.",
            "if": {"required": ["model"], "properties": {"model": {"const": "new-model-1"}}},
            "then": {"properties": {"ratio": {"not": {"const": "1:1"}}}},
        }
    )
    watched.page.route("**/sandbox/document", lambda route: route.fulfill(json=changed))
    page = watched.open()
    choose(page, "Model", "new-model-1")
    choose(page, "resolution", "240p")
    choose(page, "ratio", "1:1")
    page.fill("#motion_strength", "11")
    assert [text.rpartition(". ")[2] for text in problems(page)] == ["maximum", "new_model_is_wide"]
    page.fill("#motion_strength", "7")
    page.click("[role=tab]:text-is('Command line')")
    call = page.inner_text("#call")
    assert "--model new-model-1" in call
    assert "--motion-strength 7" in call


def test_all_can_be_done_by_keyboard(page: Any, sandbox: Sandbox) -> None:
    page.focus("#prompt")
    page.keyboard.press("Control+A")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # from the client's choice to the first model
    assert page.evaluate("document.activeElement.name") == "model-choice"
    page.focus("[role=tab][aria-selected=true]")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("[role=tab][aria-selected=true]") == "Python"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("[role=tab][aria-selected=true]") == "Command line"
    page.focus("#prompt")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#made video", timeout=LONG_WAIT)
    assert sandbox.requests[0].json == {"prompt": "by keyboard", "model": PRO}


def test_a_prompt_is_text_wherever_it_shows(page: Any) -> None:
    page.fill("#prompt", "<img src=x onerror=console.log(1)></textarea><script>console.log(2)</script>")
    made(page)
    assert page.locator("img[src=x]").count() == 0


def test_the_wait_ends_after_the_documents_time(watched: Watched, sandbox: Sandbox) -> None:
    from unified_video.sandbox import Fault

    sandbox.add(Fault("query", task_status="IN_PROGRESS", times=None))
    watched.page.clock.install()
    page = watched.open()
    page.click("#send")
    page.wait_for_selector("#status:has-text('IN_PROGRESS')")
    page.clock.fast_forward("30:00")
    page.wait_for_selector("#outcome:not([hidden])", timeout=LONG_WAIT)
    assert page.inner_text("#outcome").startswith("WaitTimeout: the wait ended after 1800 s.")
    assert sandbox.accepted == 1


def test_asking_can_be_stopped(page: Any, sandbox: Sandbox) -> None:
    page.evaluate(
        """fetch("/sandbox/faults", {method: "POST", body: '{"operation": "query", "status": 502, "times": null}'})"""
    )
    page.click("#send")
    page.wait_for_selector("#wire li:nth-child(2)")
    page.click("#stop")
    page.wait_for_selector("#outcome:has-text('Stopped asking')")
    assert page.is_enabled("#send")
    assert sandbox.accepted == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_in_any_state(browser: Any, url: str, tmp_path: Path, scheme: str, width: int) -> None:
    source = os.environ.get("AXE") or pytest.skip("no AXE in the environment")
    watched = Watched(browser, url, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = watched.open()
    page.evaluate(f"{Path(source).read_text('utf-8')};0")

    def found() -> list[str]:
        violations = page.evaluate("axe.run()")["violations"]
        return [f"{one['id']} {[node['target'] for node in one['nodes']]}" for one in violations]

    assert found() == []
    page.set_input_files("#image-0", [png(tmp_path, "a.png"), png(tmp_path, "b.png", (100, 400))])
    page.wait_for_selector(".slot img")
    page.fill("#seed", "-1")
    choose(page, "Model", TEXT)
    page.click("#faults summary")
    page.click("label:text-is('An expired link')")
    page.wait_for_selector("#fault-list li")
    assert found() == []
    page.fill("#seed", "")
    choose(page, "Model", PRO)
    choose(page, "return_last_frame", "true")
    made(page)
    page.wait_for_selector("#earlier li")
    assert found() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    watched.context.close()
