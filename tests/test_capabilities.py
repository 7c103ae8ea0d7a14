"""`models()` and `validate()` need no client, no key and no network."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from unified_video import ModelInfo, UnifiedVideo, models, validate
from unified_video._document import component

PICTURE = "https://pictures.invalid/cat.png"
LABELS = ["Latest models", "Text-to-Video", "Image-to-Video - first frame / start-end frames / reference image"]


def test_the_models_are_those_of_the_document_in_its_order() -> None:
    found = models()
    assert [model.id for model in found] == component("VideoModel")["enum"]
    assert all(isinstance(model, ModelInfo) for model in found)
    of_the_page = found[:3]
    assert [model.title for model in of_the_page] == LABELS
    assert {model.resolutions for model in of_the_page} == {("480p", "720p", "1080p")}
    assert {model.durations for model in of_the_page} == {(5, 10)}


def test_only_models_that_take_images_list_the_ratios_of_an_image() -> None:
    for model in models():
        assert ({"keep_ratio", "adaptive"} <= set(model.ratios)) is (model.modes != ("text",))


def test_validate_takes_what_create_takes_and_strict_and_defaults() -> None:
    of_create = inspect.signature(UnifiedVideo.create).parameters
    assert set(inspect.signature(validate).parameters) == {*of_create, "strict", "defaults"} - {"self"}


def test_validate_gives_every_violation_at_once() -> None:
    wrong: Any = {"seed": -1, "ratio": "adaptive", "colour": 1}
    assert {violation.field for violation in validate("", **wrong)} == {"prompt", "seed", "images", "colour"}


def test_validate_starts_from_defaults_and_is_strict_when_asked() -> None:
    found = validate("a", images=[PICTURE] * 3, defaults={"resolution": "1080p"})
    assert [(violation.field, violation.severity) for violation in found] == [("resolution", "warning")]
    found = validate("a", images=[PICTURE] * 3, defaults={"resolution": "1080p"}, strict=True)
    assert [violation.severity for violation in found] == ["error"]


def test_a_prompt_is_needed() -> None:
    with pytest.raises(TypeError):
        validate()  # type: ignore[call-arg]
