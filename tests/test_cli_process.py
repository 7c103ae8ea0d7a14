"""The command as a process: start, signals, pipes, and what it imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_service import Service, serving

from unified_video import __version__
from unified_video.__main__ import main
from unified_video._cli import commands as _cli
from unified_video._cli.help import HELP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "unified_video"]


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


@pytest.fixture
def environment(service: Service, tmp_path: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "overlay"), str(ROOT / "generated")]),
        "UNIFIED_VIDEO_BASE_URL": service.url,
        "UNIFIED_VIDEO_API_KEY": "key-of-a-test",
        "UNIFIED_VIDEO_LEDGER": str(tmp_path / "ledger"),
    }


def run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_generate_tells_the_task_and_how_to_go_on(
    service: Service, environment: Mapping[str, str], tmp_path: Path, number: int
) -> None:
    service.hangs.set()
    video = str(tmp_path / "cat.mp4")
    with subprocess.Popen(
        [*COMMAND, "generate", "a cat", "-o", video, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert service.asked.wait(30)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.startswith("task cgt-1\n")
    assert f"go on with:\n  unified-video wait cgt-1\n  unified-video download cgt-1 -o {video}\n" in err
    assert json.loads(out)["error"]["task_id"] == "cgt-1"
    assert "Traceback" not in err


def test_an_interrupted_create_says_that_it_may_have_been_accepted(
    service: Service, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    came = threading.Event()

    def hanging() -> tuple[int, object]:
        came.set()
        service.release.wait(20)
        return 200, {"task_id": "cgt-1"}

    monkeypatch.setattr(service, "create", hanging)
    with subprocess.Popen(
        [*COMMAND, "create", "a cat"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert came.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "may have been accepted" in err
    assert "uncertain" in run(environment, "tasks").stdout


def test_a_reader_that_has_gone_ends_it_quietly(environment: Mapping[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = [
            subprocess.run([*COMMAND, word], env=environment, stdout=writing, stderr=subprocess.PIPE, check=False)
            for word in ("spec", "--help")
        ]
    finally:
        os.close(writing)
    assert [(end.returncode, end.stderr) for end in ended] == [(1, b"")] * 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_stdout_is_told(environment: Mapping[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        end = subprocess.run(
            [*COMMAND, "models", "--json"], env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert end.returncode == 1
    assert end.stderr.count("\n") == 1
    assert "No space left" in end.stderr


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--version"], {"click", "httpx", "unified_video._document"}),
        (["--help"], {"click", "httpx", "unified_video._document"}),
        (["generate", "--help"], {"httpx", "attrs", "unified_video._client"}),
        (["models"], {"httpx", "unified_video._client"}),
    ],
)
def test_what_is_not_needed_is_not_imported(
    environment: Mapping[str, str], arguments: list[str], absent: set[str]
) -> None:
    code = "import sys; from unified_video.__main__ import main; main(); print('|', *sys.modules)"
    end = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not absent & set(end.stdout.rpartition("|")[2].split())


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["unified-video", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"unified-video {__version__}\n"


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_the_help_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setattr(sys, "argv", ["unified-video", word])
    assert main() == 0
    assert capsys.readouterr().out == HELP


def test_a_help_that_nobody_reads_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as unwritable:
        monkeypatch.setattr(sys, "stdout", unwritable)
        monkeypatch.setattr(sys, "argv", ["unified-video", "--help"])
        assert main() == 1


def test_as_a_module_it_exits_with_the_status(environment: Mapping[str, str]) -> None:
    assert run(environment, "models").returncode == 0
    assert run(environment, "models", "--none").returncode == 2


def test_without_click_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["unified-video", "models"])
    for name in [name for name in sys.modules if name.startswith("unified_video._cli.commands")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("unified_video._cli.commands")
    monkeypatch.setitem(sys.modules, "click", None)
    assert main() == 2
    assert capsys.readouterr().err == (
        "unified-video: the command line needs click: pip install 'unified-video[cli]'\n"
    )


def test_another_module_that_is_missing_is_a_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise ModuleNotFoundError("no", name="other")

    monkeypatch.setattr(sys, "argv", ["unified-video", "models"])
    monkeypatch.setattr(_cli, "main", broken)
    with pytest.raises(ModuleNotFoundError):
        main()


def test_an_interrupt_before_the_command_line_is_ready_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["unified-video", "models"])
    monkeypatch.setattr(_cli, "main", interrupted)
    assert main() == 130


def test_it_runs_in_another_thread_too(capsys: pytest.CaptureFixture[str]) -> None:
    thread = threading.Thread(target=_cli.main, args=(["models"],))
    thread.start()
    thread.join()
    assert "doubao" in capsys.readouterr().out


def test_a_shell_can_complete_commands_and_values(environment: Mapping[str, str]) -> None:
    completing = {**environment, "_UNIFIED_VIDEO_COMPLETE": "bash_complete"}
    commands = run({**completing, "COMP_WORDS": "unified-video gen", "COMP_CWORD": "1"})
    assert commands.stdout.split() == ["plain,generate"]
    values = run({**completing, "COMP_WORDS": "unified-video create --resolution 7", "COMP_CWORD": "3"})
    assert values.stdout.split() == ["plain,720p"]


def test_arguments_come_from_the_process_where_none_are_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["unified-video", "models", "--json"])
    assert _cli.main() == 0
    assert json.loads(capsys.readouterr().out)["models"]
