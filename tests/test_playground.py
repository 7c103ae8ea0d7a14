"""The playground's routes and files, without a browser; tests/browser/playground.py drives it with one."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from unified_video import _document
from unified_video.sandbox import Sandbox, _page, stub

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(_page.__file__).with_name("page")
VENDORED = FOLDER / "jsonschema"
OWN = sorted(path for path in FOLDER.iterdir() if path.is_file())
ADDRESS = re.compile(r"(?:https?:|[\"'(=])//[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(render=stub) as made:
        yield made


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url="https://sandbox.invalid", transport=sandbox.transport) as client:
        yield client


def test_the_page_reads_the_document_that_the_sandbox_obeys(http: httpx.Client) -> None:
    assert http.get("/sandbox/document").json() == _document.document()


def test_all_that_the_page_loads_is_served(http: httpx.Client) -> None:
    kinds = {}
    for url in re.findall(r'"(/sandbox/page/[^"]+)"', http.get("/").text):
        answer = http.get(url)
        kinds[url.rpartition(".")[2]] = answer.headers["content-type"]
        assert answer.content == (FOLDER / url.removeprefix("/sandbox/page/")).read_bytes()
    assert kinds == {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


def test_modules_import_only_what_is_there() -> None:
    for path in FOLDER.glob("*.js"):
        for name in re.findall(r'^import .* from "([^"]+)"', path.read_text("utf-8"), re.MULTILINE):
            assert (FOLDER / name).is_file(), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    # That one is a name for the schemas, and can be no address.
    assert set(ADDRESS.findall(path.read_text("utf-8"))) <= {"https://document.invalid"}


@pytest.mark.parametrize("path", ["/", "/sandbox/page/main.js", "/sandbox/page/jsonschema/LICENSE"])
def test_a_policy_forbids_all_that_is_not_of_the_sandbox(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["media-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["/sandbox/page/", "/sandbox/page/else.js", "/sandbox/page/../_page.py", "/sandbox/page/%2e%2e/_page.py"],
)
def test_no_other_file_is_served(sandbox: Sandbox, path: str) -> None:
    with sandbox.serve() as url, httpx.Client(trust_env=False) as http:
        request = http.build_request("GET", url)
        request.url = request.url.copy_with(raw_path=path.encode("ascii"))
        assert http.send(request).status_code == 404


def test_files_are_only_read(http: httpx.Client) -> None:
    assert http.head("/sandbox/page/main.js").content == b""
    assert http.post("/sandbox/page/main.js").status_code == 404


def test_looking_at_the_page_is_no_request_to_the_service(http: httpx.Client, sandbox: Sandbox) -> None:
    for path in ("/", "/sandbox/document", "/sandbox/page/main.js"):
        assert http.get(path).status_code == 200
    assert sandbox.requests == ()


def test_the_vendored_library_is_unmodified_and_has_its_licence() -> None:
    lines = (VENDORED / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    found = {path.name for path in VENDORED.iterdir()} - {"SHA256SUMS", "ORIGIN"}
    assert {name: hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() for name in found} == listed
    assert "MIT license" in (VENDORED / "LICENSE").read_text("utf-8")
    assert "jsonschema 1.5.0" in (VENDORED / "ORIGIN").read_text("utf-8")


def test_no_model_no_option_and_no_value_stands_in_the_page() -> None:
    words = {*_document.component("VideoModel")["enum"], *_document.component("Ratio")["enum"]}
    words |= {*_document.component("Resolution")["enum"], "camerafixed", "watermark", "generate_audio"}
    source = "".join(path.read_text("utf-8") for path in OWN)
    assert [word for word in sorted(words) if f'"{word}"' in source] == []
