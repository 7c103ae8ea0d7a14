"""Places, names, permissions and part files on a real disk."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from scripted import names

from unified_video import _files, _lock
from unified_video._files import PartFile, Validator, file_name, last_frame_beside, place

STRONG = Validator('"v1"', None, 4)


def test_a_task_id_is_a_name_inside_its_directory() -> None:
    assert file_name("a/../b:c") == "a%2F..%2Fb%3Ac"
    assert "/" not in file_name("/" * 500)


def test_a_very_long_task_id_keeps_its_beginning_and_stays_itself(tmp_path: Path) -> None:
    long = {file_name("é" * 400 + end) for end in "ab"}
    assert len(long) == 2
    for name in long:
        assert len(name) <= 200
        (tmp_path / f"{name}.last-frame.png").write_text("fits")
        part = PartFile(tmp_path / f"{name}.mp4", "cgt-1")
        part.write(b"1234")
        part.finish()


def test_the_part_of_a_long_name_fits_the_platform_too(tmp_path: Path) -> None:
    part = PartFile(tmp_path / f"{'é' * 120}.mp4", "cgt-1")
    part.start(STRONG)
    part.write(b"1234")
    part.finish()
    assert names(tmp_path) == [f"{'é' * 120}.mp4"]


def test_the_last_frame_lies_beside_the_video() -> None:
    assert last_frame_beside(Path("a/cat.mp4")) == Path("a/cat.last-frame.png")
    assert last_frame_beside(Path("a/cat")) == Path("a/cat.last-frame.png")


def test_a_place_is_made_and_leaves_nothing_behind(tmp_path: Path) -> None:
    found = place(tmp_path / "a" / "b" / "cat.mp4")
    assert (found.is_directory, names(tmp_path / "a" / "b")) == (False, [])
    found = place(f"{tmp_path}/a/c/")
    assert (found.is_directory, found.file_for("cgt-1")) == (True, tmp_path / "a" / "c" / "cgt-1.mp4")
    assert place(tmp_path).is_directory


def test_a_place_where_nothing_can_be_written_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "read-only")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(PermissionError):
        place(tmp_path / "cat.mp4")


@pytest.mark.parametrize("below", ["cat.mp4", "videos/cat.mp4", "videos/"])
def test_a_parent_that_is_a_file_is_an_os_error_and_stays(tmp_path: Path, below: str) -> None:
    (tmp_path / "a file").write_text("x")
    with pytest.raises(OSError, match="a file"):
        place(f"{tmp_path}/a file/{below}")
    with pytest.raises(OSError, match="a file"):
        PartFile(tmp_path / "a file" / "cat.mp4", "cgt-1")
    assert (tmp_path / "a file").read_text() == "x"


def test_a_link_is_probed_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a file" / "cat.mp4")
    with pytest.raises(OSError, match="a file"):
        place(tmp_path / "link.mp4")
    (tmp_path / "good.mp4").symlink_to(tmp_path / "new" / "cat.mp4")
    place(tmp_path / "good.mp4")
    assert (tmp_path / "new").is_dir()


@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
def test_a_device_or_pipe_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cat.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null" if kind == "device" else path)
    with pytest.raises(OSError, match=r"regular file|symbolic links"):
        place(path)


def test_a_file_is_written_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "cat.mp4"
    link.symlink_to(tmp_path / "real" / "cat.mp4")
    part = PartFile(link, "cgt-1")
    part.write(b"1234")
    part.finish()
    assert link.is_symlink()
    assert (tmp_path / "real" / "cat.mp4").read_bytes() == b"1234"
    assert names(tmp_path / "real") == ["cat.mp4"]


def test_a_name_in_a_directory_that_is_taken_by_no_file_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "cgt-1.mp4").mkdir()
    with pytest.raises(OSError, match="not a regular file"):
        PartFile(place(tmp_path).file_for("cgt-1"), "cgt-1")
    assert names(tmp_path) == ["cgt-1.mp4"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
@pytest.mark.parametrize("taken", [False, True])
def test_a_file_has_the_permissions_of_any_new_file(tmp_path: Path, mask: int, mode: int, taken: bool) -> None:  # noqa: FBT001
    before = os.umask(mask)
    try:
        first = PartFile(tmp_path / "cat.mp4", "cgt-1") if taken else None
        part = PartFile(tmp_path / "cat.mp4", "cgt-1")
        part.write(b"1234")
        part.finish()
        if first:
            first.close(keep=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "cat.mp4").stat().st_mode) == mode
    assert names(tmp_path) == ["cat.mp4"]


@pytest.mark.parametrize(
    ("known", "size", "keep", "left"),
    [
        (STRONG, 4, True, [".cat.mp4.part", ".cat.mp4.part.json"]),
        (STRONG, 4, False, []),
        (STRONG, 0, True, []),
        (Validator('W/"v1"', None, 4), 4, True, []),
        (Validator('"v1"', None, None), 4, True, []),
        (Validator(None, None, 4), 4, True, []),
        (None, 4, True, []),
    ],
)
def test_only_a_part_that_can_be_resumed_is_kept(
    tmp_path: Path,
    known: Validator | None,
    size: int,
    keep: bool,  # noqa: FBT001 - a row of the table
    left: list[str],
) -> None:
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    if known:
        part.start(known)
    part.write(b"1234"[:size])
    part.close(keep=keep)
    assert names(tmp_path) == left


def test_no_validator_ever_stands_beside_bytes_of_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.start(STRONG)
    part.write(b"1234")
    part.fault(lambda _: None)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", killed)
    with pytest.raises(KeyboardInterrupt):
        part.start(Validator('"v2"', None, 4))
    assert (tmp_path / ".cat.mp4.part").read_bytes() == b""
    part.close(keep=False)


def test_a_part_that_was_renamed_before_it_was_locked_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = iter(["cat.mp4", None])
    lock = _lock.try_lock

    def late(file: Any) -> bool:
        name = next(renamed)
        if name:
            (tmp_path / ".cat.mp4.part").rename(tmp_path / name)
        return lock(file)

    monkeypatch.setattr(_files, "try_lock", late)
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.write(b"1234")
    assert (tmp_path / "cat.mp4").read_bytes() == b""
    part.finish()
    assert (tmp_path / "cat.mp4").read_bytes() == b"1234"


def test_a_part_that_is_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("old")
    (tmp_path / ".cat.mp4.part").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="part"):
        PartFile(tmp_path / "cat.mp4", "cgt-1")
    assert (tmp_path / "secret").read_text() == "old"


@pytest.mark.parametrize("where", [(PartFile, "_read_validator"), (_files, "_is_still"), (_files, "try_lock")])
def test_an_interrupt_while_a_part_file_is_opened_leaves_it_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str]
) -> None:
    begun = PartFile(tmp_path / "cat.mp4", "cgt-1")
    begun.start(STRONG)
    begun.write(b"12")
    begun.close(keep=True)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*where, interrupted)
        with pytest.raises(KeyboardInterrupt) as held:
            PartFile(tmp_path / "cat.mp4", "cgt-1")
    again = PartFile(tmp_path / "cat.mp4", "cgt-1")
    assert (held.type, again.size, again.validator) == (KeyboardInterrupt, 2, STRONG)
    again.close(keep=False)
    assert names(tmp_path) == []


MIB = 1024 * 1024


def test_the_disk_begins_with_what_was_written_and_a_later_sync_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int, int]] = []

    def advise(descriptor: int, *piece: int) -> None:
        assert os.path.samestat(os.fstat(descriptor), (tmp_path / ".cat.mp4.part").stat())
        told.append(piece)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "posix_fadvise", advise)
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.start(STRONG)
    for size in (8 * MIB - 1, 1, 5 * MIB, 5 * MIB, 1):
        part.write(bytes(size))
    part.resume(9 * MIB)
    for size in (7 * MIB, 2 * MIB):
        part.write(bytes(size))
    part.start(STRONG)
    part.write(bytes(9 * MIB))
    part.close(keep=True)
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.write(bytes(8 * MIB))
    part.close(keep=False)
    pieces = [(0, 8 * MIB), (8 * MIB, 10 * MIB), (9 * MIB, 9 * MIB), (0, 9 * MIB), (9 * MIB, 8 * MIB)]
    assert told == [(*piece, os.POSIX_FADV_DONTNEED) for piece in pieces]


def test_where_the_system_takes_no_advice_a_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "posix_fadvise")
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.write(bytes(9 * MIB))
    part.finish()
    assert (tmp_path / "cat.mp4").stat().st_size == 9 * MIB


@pytest.mark.parametrize("gone", [".cat.mp4.part", ".cat.mp4.part.json"])
def test_a_part_that_somebody_removed_ends_as_any_other(tmp_path: Path, gone: str) -> None:
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.start(STRONG)
    (tmp_path / gone).unlink()
    part.close(keep=False)
    assert names(tmp_path) == []


def test_a_part_that_cannot_be_removed_is_closed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "broken")

    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError, match="broken"):
        part.close(keep=False)
    assert part._file.closed


def test_on_windows_a_file_is_closed_before_it_is_renamed_and_no_directory_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(path: Path, target: Path) -> None:
        assert part._file.closed
        rename(path, target)

    opened: list[object] = []
    rename = Path.replace
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    part.write(b"1234")
    monkeypatch.setattr(_files, "_WINDOWS", True)
    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(os, "open", lambda *arguments: opened.append(arguments))
    part.finish()
    part.close(keep=True)
    assert opened == []
    assert (tmp_path / "cat.mp4").read_bytes() == b"1234"


def test_elsewhere_a_file_is_open_and_so_locked_until_its_names_are_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(path: Path, target: Path) -> None:
        assert not part._file.closed
        rename(path, target)

    rename = Path.replace
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    monkeypatch.setattr(Path, "replace", replace)
    part.finish()
    assert part._file.closed


def test_a_fresh_part_file_is_empty_and_knows_nothing(tmp_path: Path) -> None:
    shared, own = PartFile(tmp_path / "cat.mp4", "cgt-1"), PartFile(tmp_path / "cat.mp4", "cgt-1")
    for part in (shared, own):
        assert (part.size, part.validator) == (0, None)
        part.close(keep=True)
    assert names(tmp_path) == []


def test_a_part_file_of_which_nothing_is_known_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / ".cat.mp4.part").write_bytes(b"1234")
    part = PartFile(tmp_path / "cat.mp4", "cgt-1")
    assert (part.size, part.validator) == (0, None)
    part.close(keep=True)


def test_only_what_can_be_resumed_has_a_file_that_says_how(tmp_path: Path) -> None:
    shared, own = PartFile(tmp_path / "cat.mp4", "cgt-1"), PartFile(tmp_path / "cat.mp4", "cgt-1")
    own.start(STRONG)
    shared.start(Validator(None, None, 4))
    assert not [name for name in names(tmp_path) if name.endswith(".json")]
    shared.start(STRONG)
    assert [name for name in names(tmp_path) if name.endswith(".json")] == [".cat.mp4.part.json"]
    own.close(keep=True)
    shared.close(keep=True)
