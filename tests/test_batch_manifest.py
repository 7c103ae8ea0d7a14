"""From a manifest to checked entries: every mistake of every row at once, and nothing sent."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from batch_service import IMAGE, PRO, TEXT, cats, keys, service

from unified_video import InvalidRequest, UnifiedVideoWarning
from unified_video._settings import Settings
from unified_video.batch import Figures, check
from unified_video.batch._entries import checked
from unified_video.batch._manifest import of_requests, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + (400).to_bytes(4, "big") * 2 + b"picture"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def writing(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        return file

    return writing


def entries(requests: Any, **settings: Any) -> Any:
    rows = read(requests) if hasattr(requests, "suffix") else of_requests(requests)
    return checked(rows, Settings("", "", **settings))


def refused(requests: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        entries(requests)
    return [(violation.field, violation.rule) for violation in caught.value.violations if violation.severity == "error"]


def test_a_cell_becomes_what_its_field_is_typed_as(write: Callable[[str, str], Path]) -> None:
    text = (
        "key,prompt,duration,watermark,seed,images,extra,resolution\n"
        'a,"a cat, dancing",5,yes,7,https://x.invalid/1.png  https://x.invalid/2.png,"{""style"": ""noir""}", 720p\n'
        "\n"
        "b,42,,FALSE,,,,\n"
    )
    first, second = entries(write("jobs.csv", text))
    assert dict(first.request) == {
        "prompt": "a cat, dancing",
        "duration": 5,
        "watermark": True,
        "seed": 7,
        "images": ["https://x.invalid/1.png", "https://x.invalid/2.png"],
        "resolution": "720p",
        "style": "noir",
        "model": PRO,
        "ratio": "adaptive",
    }
    assert dict(second.request) == {"prompt": "42", "watermark": False, "model": PRO}
    assert keys([first, second]) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("jobs.json", '[{"key": 1, "prompt": "a cat"}, {"key": "b", "prompt": "a dog", "seed": null}]'),
        ("jobs.jsonl", '\ufeff{"key": 1, "prompt": "a cat"}\n\n{"key": "b", "prompt": "a dog"}\n'),
        ("jobs.txt", ' [{"key": 1, "prompt": "a cat"}, {"key": "b", "prompt": "a dog"}]'),
        ("jobs", '{"key": "1", "prompt": "a cat"}\n{"key": "b", "prompt": "a dog"}'),
        ("jobs.csv", "key;prompt\n1;a cat\nb;a dog\n"),
        ("jobs.tsv", "key\tprompt\r\n1\ta cat\r\nb\ta dog\r\n"),
    ],
)
def test_csv_json_lines_and_json_say_the_same(write: Callable[[str, str], Path], name: str, text: str) -> None:
    found = entries(write(name, text))
    assert [(entry.number, entry.key, entry.request["prompt"]) for entry in found] == [
        (1, "1", "a cat"),
        (2, "b", "a dog"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("jobs.json", "{", "is no JSON"),
        ("jobs.json", '{"prompt": "a cat"}', "must hold a list"),
        ("jobs.csv", "", "has no column `prompt`"),
        ("jobs.csv", "key,promt\na,b\n", "has no column `prompt`"),
        ("jobs.csv", "prompt,prompt\na,b\n", "has the column 'prompt' twice"),
        ("jobs.csv", 'prompt\n"a cat\n', "is no CSV"),
    ],
)
def test_what_is_no_manifest_is_refused_whole(
    write: Callable[[str, str], Path], name: str, text: str, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        read(write(name, text))


def test_a_manifest_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_bytes("prompt\nKätzchen\n".encode("latin-1"))
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        read(tmp_path / "jobs.csv")


def test_every_mistake_of_every_row_is_told_with_its_number(write: Callable[[str, str], Path]) -> None:
    lines = [
        "key,prompt,seed,watermark,colour,images,extra",
        "a,,,,,,",
        "b,a cat,-1,maybe,red,,",
        "a,a dog,x,,,gone.png,no json",
        "c,a dog,1.5,,,,,too,many",
    ]
    assert refused(write("jobs.csv", "\n".join(lines))) == [
        ("row 1, prompt", "type"),
        ("row 2, colour", "unknown_field"),
        ("row 2, watermark", "type"),
        ("row 2, seed", "minimum"),
        ("row 3, extra", "type"),
        ("row 3, images[0]", "file"),
        ("row 3, seed", "type"),
        ("row 3, key", "unique"),
        ("row 4, row", "columns"),
        ("row 4, seed", "type"),
    ]


def test_a_line_that_is_no_json_and_one_that_is_no_object_are_told_and_no_more(
    write: Callable[[str, str], Path],
) -> None:
    found = refused(write("jobs.jsonl", '{"prompt": \n[]\n{"prompt": "a cat"}\n'))
    assert found == [("row 1, row", "format"), ("row 2, row", "type")]


def test_image_paths_are_relative_to_the_manifest(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    text = json.dumps(
        [
            {"key": "a", "prompt": "a", "images": "cat.png"},
            {"key": "b", "prompt": "b", "images": ["cat.png", "data:image/png;base64,eA=="]},
            {"key": "c", "prompt": "c", "images": 7},
        ]
    )
    with pytest.raises(InvalidRequest) as caught:
        entries(write("jobs.json", text))
    assert [violation.field for violation in caught.value.violations] == ["row 3, images"]
    first, second = entries(write("jobs.json", json.dumps(json.loads(text)[:2])))
    assert [image["file"] for image in first.request["images"]] == [str(tmp_path / "cat.png")]
    assert second.request["images"][0] == first.request["images"][0]
    assert set(second.request["images"][1]) == {"sha256"}


def test_a_key_is_made_from_the_content_where_none_is_given(tmp_path: Path) -> None:
    first, second, third = entries(
        ["a cat", {"prompt": "a cat", "seed": 5.0}, {"prompt": "a cat", "seed": 7, "key": ""}]
    )
    again = entries([{"seed": 5, "prompt": "a cat"}])[0]
    assert again.key == second.key
    assert len({first.key, second.key, third.key}) == 3
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(PNG)
    with_images = [entries([{"prompt": "a", "images": tmp_path / name}])[0].key for name in ("one.png", "two.png")]
    assert with_images[0] == with_images[1] == entries([{"prompt": "a", "images": [PNG]}])[0].key


def test_a_made_key_does_not_hang_on_what_is_filled_in() -> None:
    plain, extra = entries([{"prompt": "a cat"}])[0], entries([{"prompt": "a cat", "extra": {"style": "noir"}}])[0]
    assert plain.key == entries([{"prompt": "a cat"}], defaults={"resolution": "720p"})[0].key
    assert plain.key != extra.key


@pytest.mark.parametrize("key", ["\n", " ", "x" * 201, "a\tb"])
def test_a_key_must_be_a_short_text(key: str) -> None:
    assert refused([{"key": key, "prompt": "a cat"}]) == [("row 1, key", "pattern")]


@pytest.mark.parametrize("key", [True, 1.5, ["a"]])
def test_a_key_of_another_type_is_refused(key: object) -> None:
    assert refused([{"key": key, "prompt": "a cat"}]) == [("row 1, key", "type")]


def test_two_rows_that_ask_for_the_same_need_keys() -> None:
    assert refused(["a cat", "a cat"]) == [("row 2, key", "unique")]
    assert refused([{"key": "a", "prompt": "a cat"}, {"key": "a", "prompt": "a dog"}]) == [("row 2, key", "unique")]
    assert len(refused([{}, {}])) == 2


def test_a_rule_warns_once_however_many_rows_it_speaks_of() -> None:
    with pytest.warns(UnifiedVideoWarning) as told:
        entries(cats(3, duration=10))
    assert [str(warning.message).partition(":")[0] for warning in told] == ["row 1, duration (and 2 more)"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        entries(cats(3))


def test_figures_count_videos_seconds_and_pixels_of_each_model() -> None:
    rows: list[Any] = [
        *cats(2),
        {"key": "t", "prompt": "a dog", "model": TEXT, "duration": 5, "resolution": "720p", "ratio": "1:1"},
        {"key": "i", "prompt": "a dog", "model": IMAGE, "images": "https://x.invalid/a.png"},
        {"key": "x", "prompt": "a dog", "extra": {"model": "newer", "duration": "long"}},
    ]
    assert check(rows) == (
        Figures(PRO, 2, 10, 2 * 864 * 480 * 120),
        Figures(TEXT, 1, 5, 960 * 960 * 120),
        Figures(IMAGE, 1, 5, 0, 1),
        Figures("newer", 1, 0, 0, 1),
    )
    assert check(rows, limit=1) == (Figures(PRO, 1, 5, 864 * 480 * 120),)


def test_nothing_is_sent_or_written_where_a_row_is_wrong(tmp_path: Path) -> None:
    found = service(tmp_path)
    with pytest.raises(InvalidRequest):
        found.run([*cats(3), {"prompt": ""}])
    assert not found.sandbox.requests
    assert not found.output.exists()
