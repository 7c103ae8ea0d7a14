"""What the pages of the documentation show runs, what they name is there, and every error has its section."""

from __future__ import annotations

import importlib.util
import inspect
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import unified_video
from unified_video import UnifiedVideo, UnifiedVideoError, UnifiedVideoWarning
from unified_video._cli.commands import commands
from unified_video._cli.show import Session
from unified_video.sandbox import Sandbox, stub
from website import cli_page, stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
CONFTEST = "from unified_video.testing import async_video_client, video_client, video_sandbox"


def blocks(page: str, language: str) -> list[tuple[str, str]]:
    """Title and code, but for what is taken from a file: tests/test_recipes.py runs those."""
    found = BLOCK.findall(PAGES[page])
    return [(title, code) for kind, title, code in found if kind == language and "--8<--" not in code]


def programs(page: str) -> list[str]:
    return [code for title, code in blocks(page, "python") if not title and installed(code)]


def installed(code: str) -> bool:
    """Whether all that it imports is here: Celery, for one, is not."""
    names = re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)
    return all(importlib.util.find_spec(name) for name in names)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A folder to work in, and a service that renders nothing and is never waited for."""
    defaults: Any = Sandbox.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "render", quick)
    monkeypatch.setattr("unified_video._io.SystemClock.sleep", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox, sandbox.serve() as url:
        monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", url)
        monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", "key-of-the-pages")
        monkeypatch.delenv("UNIFIED_VIDEO_LEDGER", raising=False)
        yield url


def quick(shot: Any, video: Path, last_frame: Path) -> None:
    """As the stub, with a last frame that is large enough to go on from."""
    stub(shot, video, last_frame)
    Image.new("RGB", (640, 480)).save(last_frame)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("page", [page for page in PAGES if programs(page)])
def test_the_programs_of_a_page_run_one_after_the_other(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import logging

    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    level = logging.getLogger("unified_video").level
    names: dict[str, Any] = {}
    for code in programs(page):
        exec(compile(code, page, "exec"), names)  # noqa: S102 - our own pages
    for left_open in [value for value in names.values() if isinstance(value, UnifiedVideo)]:
        left_open.close()
    logging.getLogger("unified_video").setLevel(level)


@pytest.mark.parametrize(
    ("page", "title", "code"),
    [
        pytest.param(page, title, code, id=title)
        for page in PAGES
        for title, code in blocks(page, "python")
        if title.startswith("test_")
    ],
)
def test_the_tests_of_a_page_pass(pytester: pytest.Pytester, page: str, title: str, code: str) -> None:
    assert page
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**{Path(title).stem: code})
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error")
    outcomes = done.parseoutcomes()
    assert outcomes.keys() == {"passed"}
    assert outcomes["passed"] >= code.count("def test_")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh")])
def test_the_commands_of_a_page_are_understood(page: str) -> None:
    for line in (line for _, code in blocks(page, "sh") for line in code.splitlines()):
        for command in re.findall(r"(?:^|\(|\| )(?:\.venv/bin/)?unified-video (.*)", line):
            assert understood(command), command


def understood(words: str) -> bool:
    given = shlex.split(words.rstrip(")"), comments=True)
    given = given[: given.index(">")] if ">" in given else given
    command: click.Command = commands()
    while isinstance(command, type(commands())):
        command = command.commands[given.pop(0)]
    with command.make_context(command.name, given, obj=Session()) as context:
        return bool(context)


def errors() -> dict[str, type[Exception]]:
    public = {name: getattr(unified_video, name) for name in unified_video.__all__}
    return {
        name: kind
        for name, kind in public.items()
        if inspect.isclass(kind) and issubclass(kind, UnifiedVideoError | UnifiedVideoWarning)
    }


def sections(page: str) -> dict[str, str]:
    parts = re.split(r"^#{1,3} (.*)$", PAGES[page], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", sorted(errors().keys() - {"UnifiedVideoError"}))
def test_every_error_has_its_section_that_names_what_it_holds(name: str) -> None:
    kind = errors()[name]
    text = sections("errors.md")[name]
    assert len(text.split()) > 8
    parent = kind.__bases__[0]
    own = vars(kind()).keys() - vars(parent()).keys() if "__init__" in vars(kind) else set()
    assert [attribute for attribute in own if f".{attribute}`" not in text] == []
    assert [base.__name__ for base in kind.__bases__[1:] if f"`{base.__name__}`" not in text] == []


def test_no_section_is_of_an_error_that_is_not_there() -> None:
    named = {title for title in sections("errors.md") if title[0].isupper() and " " not in title and title != "Files"}
    assert named - {"Warnings"} == errors().keys() - {"UnifiedVideoError"}


def test_the_page_of_the_command_line_has_every_command_and_option() -> None:
    text = cli_page.text()
    for name, command in commands().commands.items():
        assert f"## {name}" in text
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or parameter.opts[0] in text


def test_every_link_of_the_pages_leads_to_a_file(tmp_path: Path) -> None:
    settings = stage.stage(ROOT, tmp_path)
    laid = (tmp_path / "pages" / "how-to" / "many.md").read_text("utf-8")
    assert "(../project/examples/recipes/twenty.py)" in laid
    assert (tmp_path / "pages" / "project" / "examples" / "recipes" / "twenty.py").is_file()
    assert "cli.md" in settings.read_text("utf-8")


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("[gone](../gone.md)", "utf-8")
    with pytest.raises(stage.Missing, match=r"docs/index\.md links to \.\./gone\.md"):
        stage.stage(root, tmp_path / "laid")


def test_pages_that_are_not_there_are_left_out_and_new_ones_are_found(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("# Start", "utf-8")
    (root / "docs" / "new.md").write_text("# New", "utf-8")
    (root / "mkdocs.yml").write_text((ROOT / "mkdocs.yml").read_text("utf-8"), "utf-8")
    text = stage.stage(root, tmp_path / "laid").read_text("utf-8")
    assert "tutorial.md" not in text
    assert "- More:\n  - new.md" in text


def test_the_page_of_python_has_every_public_name() -> None:
    shown = set(re.findall(r"^::: [\w.]+\.(\w+)$", PAGES["api.md"], re.MULTILINE))
    assert set(unified_video.__all__) - shown == {"__version__"}
