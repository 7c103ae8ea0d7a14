"""What the pages say of the house is so: layers, walk, sessions, workflows, threats."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import layers
import lines
import pytest
import surface
import yaml

from unified_video import UnifiedVideo
from unified_video.sandbox import Sandbox, VirtualClock, stub

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

ROOT = Path(__file__).parents[1]
OVERLAY = ROOT / "overlay" / "unified_video"
PAGES = [*ROOT.glob("*.md"), ROOT / "docs" / "follow-one-call.md", ROOT / "docs" / "versioning.md"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WALK = (ROOT / "docs" / "follow-one-call.md").read_text("utf-8")
STEPS = re.findall(r"`([\w/]+\.py): ([\w.]+)`", WALK)


@cache
def definitions(file: Path) -> dict[str, type[ast.AST]]:
    """Functions, classes and methods of a file by their names."""
    found: dict[str, type[ast.AST]] = {}

    def look(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[prefix + node.name] = type(node)
                look(node.body, f"{prefix}{node.name}.")

    look(ast.parse(file.read_text("utf-8")).body, "")
    return found


def test_the_picture_of_the_layers_is_that_of_the_rows() -> None:
    page = layers.PAGE.read_text("utf-8")
    assert page == layers.with_picture(page), "`nox -s listings` makes the picture anew"


def test_the_picture_is_written_where_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(f"before\n{layers.BEGIN}another picture\n{layers.END}\nafter\n", "utf-8")
    monkeypatch.setattr(layers, "PAGE", copy)
    layers.write()
    assert copy.read_text("utf-8") == f"before\n{layers.BEGIN}{layers.picture()}{layers.END}\nafter\n"


def test_every_module_stands_in_the_picture_and_says_what_it_is() -> None:
    for package in ("", *layers.packages()):
        here = OVERLAY / package
        there = {path.stem for path in here.glob("*.py")} | {path.parent.name for path in here.glob("*/__init__.py")}
        told = [name for row in layers.rows(package) for name in row]
        assert sorted(told) == sorted(there - {"__init__"})
        assert [name for name in told if not layers.first_line(name, package)] == []


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_every_step_of_the_walk_is_there(file: str, name: str) -> None:
    assert name in definitions(OVERLAY / file)


def test_the_walk_is_in_the_order_of_the_calls(tmp_path: Path) -> None:
    """Each step is called first after the one before it: no detour, none left out."""
    calls = calls_of(lambda: one_call(tmp_path))
    # The names of classes are not called by their own code.
    steps = [step for step in dict.fromkeys(STEPS) if definitions(OVERLAY / step[0])[step[1]] is not ast.ClassDef]
    assert [step for step in steps if step not in calls] == []
    assert steps == sorted(steps, key=calls.index)


def one_call(folder: Path) -> None:
    with (
        Sandbox(seconds=3, render=stub, clock=VirtualClock()) as sandbox,
        UnifiedVideo(
            api_key="key",
            base_url="https://sandbox.invalid",
            transport=sandbox.transport,
            ledger=folder / "ledger.sqlite3",
        ) as client,
    ):
        client._use_clock(sandbox.clock)
        client.generate("a cat dancing", output=f"{folder / 'videos'}/")


def calls_of(function: Callable[[], None]) -> list[tuple[str, str]]:
    """What a function calls of the overlay itself, each at its first time."""
    found: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:  # pragma: no cover - nothing traces a profiler
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(OVERLAY):
            found.setdefault((file.relative_to(OVERLAY).as_posix(), frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return list(found)


def sessions() -> dict[str, str]:
    """The sessions of the noxfile, and what each says of itself."""
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    return {
        node.name: ast.get_docstring(node) or ""
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }


def named_sessions(text: str) -> set[str]:
    """What stands behind `nox -s`, without the version of Python behind its name."""
    called = re.findall(r"nox -s ((?:\"?[a-z_]+[\w.$-]*\"? ?)+)", text)
    return {re.sub(r"[-\"].*", "", name.strip('"')) for names in called for name in names.split() if name != "--"}


@pytest.mark.parametrize("file", [*PAGES, *WORKFLOWS], ids=lambda file: file.name)
def test_every_session_that_a_page_or_workflow_names_is_there(file: Path) -> None:
    assert named_sessions(file.read_text("utf-8")) - set(sessions()) == set()


def test_the_list_of_sessions_explains_itself() -> None:
    assert [name for name, words in sessions().items() if len(words.split()) < 4] == []


def test_the_page_for_contributors_names_every_long_session() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8") + (ROOT / "docs" / "versioning.md").read_text("utf-8")
    # The first line of `nox` names what runs by itself; these write what a page tells in its own place.
    ordinary = {"lint", "types", "imports", "tests", "drift", "package", "generate", "faults_page", "reference"}
    assert set(sessions()) - ordinary - named_sessions(page) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_a_workflow_may_do_no_more_than_it_must(workflow: Path) -> None:
    text = workflow.read_text("utf-8")
    found = yaml.safe_load(text)
    assert found["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in found["jobs"].values())
    actions = re.findall(r"uses: (.*)", text)
    assert actions
    assert [line for line in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", line)] == []


THREATS = re.findall(r"`tests/(\w+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text("utf-8"))


@pytest.mark.parametrize(("file", "test"), THREATS)
def test_every_test_that_the_threat_model_names_is_there(file: str, test: str) -> None:
    assert test in definitions(ROOT / "tests" / file)


def test_every_threat_has_a_test() -> None:
    table = (ROOT / "SECURITY.md").read_text("utf-8").partition("## The key")[2]
    rows = [
        line for line in table.splitlines() if line.startswith("|") and "---" not in line and "threat |" not in line
    ]
    assert rows
    assert [row for row in rows if "`tests/" not in row] == []


def test_no_option_of_the_command_line_takes_the_key() -> None:
    options = [line for line in surface.text().splitlines() if line.startswith("unified-video ")]
    assert options
    assert [line for line in options if re.search(r"--[\w-]*(key|token|secret|bearer)", line)] == []


def test_lines_of_code_are_counted_without_blanks_comments_and_docstrings() -> None:
    code = ["x = (  # one", "    1", ")", "def f():", '    return """a', 'b"""']
    text = ['"""Words.', "", 'More."""', "", "# comment", *code[:3], '"""Of x."""', "", *code[3:4], '    """Words."""']
    assert lines.code_lines("\n".join([*text, *code[4:]])) == len(code)


def test_the_table_of_lines_has_every_part() -> None:
    table = lines.table()
    assert re.search(r"\d  _core\.py\n", table)
    parts = (*lines.APART, *lines.PARTS, lines.CLIENT, "generated/unified_video_api", "tests")
    assert all(f"  {part}\n" in table for part in parts)


def test_the_client_itself_stays_thin() -> None:
    assert lines.in_parts(lines.of_client(), lines.PARTS, lines.CLIENT)[lines.CLIENT] < 1_500
