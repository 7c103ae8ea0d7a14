"""The drill: a new model, field and resolution, and a changed range, need no line of Python changed by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NEW_MODEL = "doubao-seedance-9-9-drill-991231"

# Runs in the copy, against what was generated there.
PROGRAM = """
import json, warnings
warnings.simplefilter("error")
from unified_video import UnifiedVideo, models, validate
from unified_video.sandbox import Sandbox

model = "doubao-seedance-9-9-drill-991231"

def rules(**wish):
    return sorted((v.field, v.rule, v.severity) for v in validate("dance", **wish))

sandbox = Sandbox()
with UnifiedVideo(api_key="key-of-it", base_url="https://sandbox.invalid", transport=sandbox.transport) as client:
    wish = {"model": model, "resolution": "240p", "motion_strength": 7, "seed": 1000}
    video = client.generate("dance", output="drill.mp4", **wish)

import av
with av.open("drill.mp4") as container:
    stream = container.streams.video[0]
    frame = (stream.width, stream.height)

found = next(info for info in models() if info.id == model)
print(json.dumps({
    "sent": dict(video.task.request),
    "received": sandbox.requests[0].json,
    "frame": frame,
    "title": found.title,
    "modes": found.modes,
    "resolutions": found.resolutions,
    "frame_size": found.frame_size("240p", "16:9"),
    "requests_per_minute": found.requests_per_minute,
    "its own rule": rules(model=model, ratio="1:1"),
    "too strong": rules(motion_strength=11),
    "wrong type": rules(motion_strength="much"),
    "seed": rules(seed=1001),
    "old model, new resolution": rules(resolution="240p"),
}))
"""

TYPED = f"""
from unified_video import UnifiedVideo, VideoModel

model: VideoModel = "{NEW_MODEL}"
def make(client: UnifiedVideo) -> None:
    client.create("dance", model=model, motion_strength=3, resolution="240p")
    client.create("dance", motion_strength="much")
"""


def edit(document: dict[str, Any]) -> None:
    """What the person does who has read that there is a new model."""
    schemas = document["components"]["schemas"]
    model, resolution = schemas["VideoModel"], schemas["Resolution"]
    model["enum"].append(NEW_MODEL)
    model["x-models"][NEW_MODEL] = {
        "title": "Drill",
        "modes": ["text"],
        "resolutions": ["240p"],
        "ratios": ["16:9"],
        "durations": [5],
        "frames_per_second": 24,
        "audio": False,
        "requests_per_minute": 42,
        "max_concurrent": 2,
    }
    resolution["enum"].append("240p")
    resolution["x-frame-sizes"]["240p"] = {"16:9": [432, 240]}
    schemas["VideoOptions"]["properties"]["motion_strength"] = {
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "description": "How much moves.",
    }
    schemas["Seed"]["maximum"] = 1000
    schemas["VideoGenerationRequest"]["allOf"].append(
        {
            "title": "drill_is_wide",
            "description": "The drill model makes 16:9 only. Choose that.",
            "if": {"required": ["model"], "properties": {"model": {"const": NEW_MODEL}}},
            "then": {"properties": {"ratio": {"const": "16:9"}}},
        }
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drill")
    for name in ("overlay", "generation", "openapi"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    page = folder / "openapi" / "unified_video.yaml"
    document = yaml.safe_load(page.read_text("utf-8"))
    edit(document)
    page.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
    run(folder, "-m", "generation")
    return folder


def run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "overlay"), str(folder / "generated")])}
    # What covers the sources does not cover the copy of them.
    environment = {name: value for name, value in environment.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seen(copy: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(copy, "-c", PROGRAM))
    return found


def test_create_sends_the_new_model_field_and_resolution(seen: dict[str, Any]) -> None:
    wish = {"prompt": "dance", "model": NEW_MODEL, "resolution": "240p", "motion_strength": 7, "seed": 1000}
    assert seen["sent"] == seen["received"] == wish


def test_the_sandbox_renders_the_new_resolution(seen: dict[str, Any]) -> None:
    assert seen["frame"] == [432, 240]


def test_models_lists_the_new_model_with_what_it_can_do(seen: dict[str, Any]) -> None:
    assert seen["title"] == "Drill"
    assert (seen["modes"], seen["resolutions"], seen["frame_size"]) == (["text"], ["240p"], [432, 240])
    assert seen["requests_per_minute"] == 42


def test_validate_knows_the_new_rule_the_new_field_and_the_new_range(seen: dict[str, Any]) -> None:
    assert seen["its own rule"] == [["ratio", "drill_is_wide", "error"]]
    assert seen["too strong"] == [["motion_strength", "maximum", "error"]]
    assert seen["wrong type"] == [["motion_strength", "type", "error"]]
    assert seen["seed"] == [["seed", "maximum", "error"]]


def test_the_command_line_offers_the_new_field_and_values(copy: Path) -> None:
    text = run(copy, "-m", "unified_video", "generate", "--help")
    assert "--motion-strength" in text
    assert "240p" in text
    assert NEW_MODEL in text


def test_type_checkers_see_the_new_model_and_field(copy: Path) -> None:
    (copy / "typed.py").write_text(TYPED, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file=", "typed.py"]
    environment = {**os.environ, "MYPYPATH": f"{copy / 'overlay'}:{copy / 'generated'}"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert "typed.py:7" in done.stdout, done.stdout  # "much" is no integer
    assert "typed.py:6" not in done.stdout


def test_no_line_was_written_by_hand(copy: Path) -> None:
    for path in sorted((copy / "overlay").rglob("*.py")):
        assert path.read_bytes() == (ROOT / path.relative_to(copy)).read_bytes()
