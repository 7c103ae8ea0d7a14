"""Where things lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = ROOT / "openapi"
DOCUMENT = OPENAPI / "unified_video.yaml"
WORKFLOW = OPENAPI / "unified_video.arazzo.yaml"
CHANGELOG = OPENAPI / "CHANGELOG.md"
RELEASED = OPENAPI / "released"
CONFORMANCE = OPENAPI / "conformance"
PAGE = ROOT / "docs" / "reference.html"
EXAMPLES = ROOT / "examples"
NODE = ROOT / "contract" / "node"

# What YAML and JSON hold has no narrower type; readers check what they take.
Json = dict[str, Any]


def read_yaml(path: Path) -> Json:
    found: Json = yaml.safe_load(path.read_text("utf-8"))
    return found


def read_json(path: Path) -> Json:
    found: Json = json.loads(path.read_text("utf-8"))
    return found
