"""A new model is an addition to the document, its own rules too: nobody's request is refused that was taken before."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from contract import _places, _release
from contract._changes import highest
from contract._compare import changes
from contract._places import read_yaml

NEW = "a-new-model"
PAGE = (_places.ROOT / "docs" / "changing.md").read_text("utf-8")


def rule(condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "new_rule",
        "description": "No.",
        "if": condition,
        "then": {"properties": {"images": {"maxItems": 0}}},
    }


def of(required: list[str], **properties: object) -> dict[str, Any]:
    return {"required": required, "properties": properties}


@pytest.mark.parametrize(
    ("condition", "level"),
    [
        (of(["model"], model={"const": NEW}), "addition"),
        (of(["model", "seed"], seed={}, model={"enum": [NEW, "another-new-one"]}), "addition"),
        # These speak of requests that were taken before:
        (of([], model={"const": NEW}), "breaking"),  # where no model is given, too
        (of(["model"], model={"not": {"const": NEW}}), "breaking"),
        (of(["model"], model={"enum": [NEW, "doubao-seedance-1-0-pro-250528"]}), "breaking"),
        (of(["prompt"], prompt={"const": "dance"}), "breaking"),  # any prompt was taken
        (of(["model"]), "breaking"),
        ({}, "breaking"),
    ],
)
def test_only_a_rule_that_no_earlier_request_meets_is_an_addition(condition: dict[str, Any], level: str) -> None:
    before, after = document(), document()
    schemas = after["components"]["schemas"]
    schemas["VideoModel"]["enum"].append(NEW)
    schemas["VideoModel"]["x-models"][NEW] = {"title": "New"}
    schemas["VideoGenerationRequest"]["allOf"].append(rule(condition))
    assert highest(changes(before, after)) == level


def document() -> dict[str, Any]:
    """One that was released, so that it holds also when somebody has taken the steps; through JSON, for no anchors."""
    found: dict[str, Any] = json.loads(json.dumps(read_yaml(_release.path_of("1.1.0"))))
    return found


@pytest.fixture
def changed() -> dict[str, Any]:
    """The document after the steps of docs/changing.md."""
    enum, row, rules = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[:3])
    after = document()
    schemas = after["components"]["schemas"]
    schemas["VideoModel"]["enum"] = enum["VideoModel"]["enum"]
    schemas["VideoModel"]["x-models"].update(row)
    schemas["VideoGenerationRequest"]["allOf"] += rules
    return after


def test_the_steps_of_the_page_for_a_new_model_are_an_addition(changed: dict[str, Any]) -> None:
    assert highest(changes(document(), changed)) == "addition"


def test_the_vectors_of_the_page_for_a_new_model_are_right(changed: dict[str, Any]) -> None:
    (block,) = re.findall(r"```json\n(.*),\n```", PAGE, re.DOTALL)
    cases = json.loads(f"[{block}]")
    validator = jsonschema.Draft202012Validator({**changed, "$ref": "#/components/schemas/VideoGenerationRequest"})
    titles = {rule["title"] for rule in changed["components"]["schemas"]["VideoGenerationRequest"]["allOf"][-2:]}
    assert [case["valid"] for case in cases] == [validator.is_valid(case["sent"]) for case in cases]
    assert {error["rule"] for case in cases for error in case["errors"]} == titles
