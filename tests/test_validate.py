"""Every violation at once, before anything is sent: constraints, rules between fields, warnings, defaults, extra."""

from __future__ import annotations

import copy
import json
import pickle
from enum import StrEnum
from typing import Any

import pytest

from unified_video import InvalidRequest, Violation, _validate, validate
from unified_video._document import component, fields, options, request
from unified_video._sentences import shown
from unified_video._validate import Prepared, Wish, check, check_options, prepare, shortened

PRO, T2V, I2V = component("VideoModel")["enum"][:3]
PICTURE = "https://pictures.invalid/cat.png"
NEWER: Any = "newer-model"
MOST = fields()["seed"]["maximum"]


def rules(found: Any) -> list[tuple[str, str, str]]:
    return [(violation.field, violation.rule, violation.severity) for violation in found]


def wish(prompt: object = "a cat", **words: Any) -> Wish:
    own = {name: words.pop(name) for name in ("model", "images", "extra", "defaults", "strict") if name in words}
    return Wish(prompt, options=words, **own)


def body(prompt: object = "a cat", **words: Any) -> dict[str, object]:
    return prepare(wish(prompt, **words)).body


def test_a_plain_request_has_no_violation_and_sends_what_was_set_and_the_model() -> None:
    assert validate("a cat dancing") == ()
    assert body("a cat dancing") == {"prompt": "a cat dancing", "model": PRO}
    assert prepare(wish("é", seed=7)).content() == f'{{"prompt":"\\u00e9","seed":7,"model":"{PRO}"}}'.encode()


def named(value: object) -> str:
    return value if isinstance(value, str) else "with"


ERRORS: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": ""}, "prompt", "minLength"),
    ({"prompt": " \n\t"}, "prompt", "pattern"),
    ({"prompt": 5}, "prompt", "type"),
    ({"prompt": None}, "prompt", "type"),
    ({"model": "no-such-model"}, "model", "enum"),
    ({"model": 5}, "model", "type"),
    ({"duration": 7}, "duration", "enum"),
    ({"duration": "5"}, "duration", "type"),
    ({"duration": 5.5}, "duration", "type"),
    ({"duration": True}, "duration", "type"),
    ({"resolution": "4k"}, "resolution", "enum"),
    ({"resolution": 720}, "resolution", "type"),
    ({"ratio": "2:1"}, "ratio", "enum"),
    ({"watermark": "yes"}, "watermark", "type"),
    ({"watermark": 1}, "watermark", "type"),
    ({"seed": -1}, "seed", "minimum"),
    ({"seed": MOST + 1}, "seed", "maximum"),
    ({"seed": "x"}, "seed", "type"),
    ({"seed": True}, "seed", "type"),
    ({"seed": float("nan")}, "seed", "type"),
    ({"seed": float("inf")}, "seed", "type"),
    ({"seed": 10**5000}, "seed", "maximum"),
    ({"seed": 1e300}, "seed", "maximum"),
    ({"camerafixed": 0}, "camerafixed", "type"),
    ({"return_last_frame": "true"}, "return_last_frame", "type"),
    ({"generate_audio": []}, "generate_audio", "type"),
    ({"model": T2V, "images": PICTURE}, "images", "text_to_video_takes_no_images"),
    ({"model": I2V}, "images", "image_to_video_needs_an_image"),
    ({"model": I2V, "images": []}, "images", "image_to_video_needs_an_image"),
    ({"ratio": "adaptive"}, "images", "ratio_needs_an_image"),
    ({"ratio": "keep_ratio"}, "images", "ratio_needs_an_image"),
    ({"images": [""]}, "images[0]", "file"),
    ({"images": 5}, "images", "type"),
    ({"images": 5, "model": I2V}, "images", "type"),
    ({"images": {"a": 1}}, "images", "type"),
    ({"images": [PICTURE, 5]}, "images[1]", "type"),
    ({"colour": "red"}, "colour", "unknown_field"),
    ({"extra": 5}, "extra", "type"),
    ({"extra": {5: 1}}, "extra", "type"),
    ({"extra": {"when": object()}}, "extra.when", "type"),
    ({"extra": {"n": float("nan")}}, "extra.n", "type"),
    ({"extra": {"n": 10**5000}}, "extra.n", "type"),
]


@pytest.mark.parametrize(("words", "field", "rule"), ERRORS, ids=named)
@pytest.mark.parametrize("strict", [False, True])
def test_what_the_page_rules_out_is_an_error_strict_or_not(
    words: dict[str, Any], field: str, rule: str, *, strict: bool
) -> None:
    words = {"prompt": "a cat", **words, "strict": strict}
    found = prepare(wish(**words)).violations
    assert rules(found) == [(field, rule, "error")]
    for violation in found:
        assert violation.message.strip()
        assert pickle.loads(pickle.dumps(violation)) == violation
        hash(violation)


WARNINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": "中" * 501}, "prompt", "prompt_is_long_in_chinese"),
    ({"prompt": "word " * 1001}, "prompt", "prompt_is_long_in_words"),
    ({"model": PRO, "images": [PICTURE] * 3, "ratio": "1:1"}, "images", "model_takes_no_reference_images"),
    ({"model": I2V, "images": [PICTURE] * 5}, "images", "too_many_images"),
    ({"images": [PICTURE] * 3, "resolution": "1080p"}, "resolution", "reference_images_are_not_made_in_1080p"),
    ({"images": [PICTURE] * 4, "ratio": "adaptive"}, "ratio", "reference_images_have_no_adaptive_ratio"),
    ({"images": [PICTURE] * 4, "camerafixed": True}, "camerafixed", "reference_images_have_no_fixed_camera"),
    ({"generate_audio": True}, "generate_audio", "model_makes_no_audio"),
]


@pytest.mark.parametrize(("words", "field", "rule"), WARNINGS, ids=named)
def test_what_only_the_vendor_rules_is_a_warning_and_an_error_when_strict(
    words: dict[str, Any], field: str, rule: str
) -> None:
    words = {"prompt": "a cat", **words}
    assert rules(prepare(wish(**words)).violations) == [(field, rule, "warning")]
    assert rules(prepare(wish(**words, strict=True)).violations) == [(field, rule, "error")]


@pytest.mark.parametrize("strict", [False, True])
def test_ten_seconds_are_a_warning_in_strict_mode_too(*, strict: bool) -> None:
    assert rules(validate("a cat", duration=10, strict=strict)) == [("duration", "duration_may_be_ignored", "warning")]


@pytest.mark.parametrize("prompt", ["中" * 500, "word " * 1000, " \n" * 50 + "word\n" * 1000])
def test_a_prompt_of_the_advised_length_is_not_warned_of(prompt: str) -> None:
    assert validate(prompt) == ()


def test_a_long_prompt_of_blanks_and_words_is_judged_in_no_time() -> None:
    # A pattern that is tried again at every blank would take minutes.
    for prompt in ("\n" * 200_000 + "w " * 1100, "a" + " " * 200_000 + "w " * 1100):
        assert [violation.rule for violation in validate(prompt)] == ["prompt_is_long_in_words"]


def test_every_violation_is_told_at_once_errors_first() -> None:
    found = validate(
        "",
        model=I2V,
        duration=10,
        seed=-1,
        resolution="4k",  # type: ignore[arg-type]
        ratio="adaptive",
        generate_audio=True,
        colour="red",  # type: ignore[call-arg]
        extra={"x": object()},
    )
    assert rules(found) == [
        ("colour", "unknown_field", "error"),
        ("extra.x", "type", "error"),
        ("prompt", "minLength", "error"),
        ("resolution", "enum", "error"),
        ("seed", "minimum", "error"),
        ("images", "image_to_video_needs_an_image", "error"),
        ("images", "ratio_needs_an_image", "error"),
        ("duration", "duration_may_be_ignored", "warning"),
        ("generate_audio", "model_makes_no_audio", "warning"),
    ]
    message = str(InvalidRequest(found))
    assert all(f"- {violation.field}: {violation.message}" in message for violation in found)


def test_of_a_wrong_value_no_rule_speaks_again() -> None:
    assert rules(check({"prompt": "a", "model": I2V, "images": 5})) == [("images", "type", "error")]
    assert rules(check({"prompt": "a", "model": PRO, "generate_audio": "yes"})) == [("generate_audio", "type", "error")]


def test_what_is_missing_is_required() -> None:
    assert rules(check({})) == [("prompt", "required", "error"), ("model", "required", "error")]
    assert check({})[0].message == "is missing, and required"
    assert check({}, unchecked={"prompt", "model"}) == []


def test_a_rule_about_the_whole_request_has_no_field(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {
        "title": "no_seed",
        "description": "d",
        "severity": "warning",
        "if": {},
        "then": {"not": {"required": ["seed"]}},
    }
    monkeypatch.setitem(request(), "x-warnings", [rule])
    _validate._warnings.cache_clear()
    try:
        assert rules(check({"prompt": "a", "model": PRO, "seed": 1})) == [("", "no_seed", "warning")]
    finally:
        _validate._warnings.cache_clear()


def test_the_empty_list_of_images_means_none_and_is_not_sent() -> None:
    assert body(images=[]) == body(images=None) == body()
    assert validate("a cat", model=T2V, images=[]) == ()


@pytest.mark.parametrize(
    ("count", "model", "ratio"),
    [(0, PRO, None), (1, PRO, "adaptive"), (2, PRO, "adaptive"), (3, I2V, None), (4, I2V, None)],
)
def test_model_and_ratio_are_filled_in_by_the_number_of_images(count: int, model: str, ratio: str | None) -> None:
    found = body(images=[PICTURE] * count)
    assert (found["model"], found.get("ratio")) == (model, ratio)
    assert validate("a cat", images=[PICTURE] * count) == ()


def test_what_was_given_stands_against_the_filled_in_values() -> None:
    assert body(images=PICTURE, model=I2V) == {
        "prompt": "a cat",
        "model": I2V,
        "images": [PICTURE],
        "ratio": "adaptive",
    }
    assert body(images=PICTURE, ratio="1:1")["ratio"] == "1:1"
    assert body(images=PICTURE, defaults={"ratio": "16:9"})["ratio"] == "16:9"


def test_the_defaults_of_a_client_count_as_given_and_none_takes_one_away() -> None:
    defaults = {"seed": 7, "ratio": "16:9", "duration": None}
    assert body(defaults=defaults) == {"prompt": "a cat", "model": PRO, "seed": 7, "ratio": "16:9"}
    assert body(defaults=defaults, seed=8)["seed"] == 8
    assert body(defaults=defaults, seed=None, ratio=None) == {"prompt": "a cat", "model": PRO}
    # Without the client's ratio, the picture decides again.
    assert body(defaults=defaults, ratio=None, images=PICTURE)["ratio"] == "adaptive"
    assert rules(validate("a cat", defaults={"seed": -1})) == [("seed", "minimum", "error")]


def test_none_means_not_set() -> None:
    assert body(model=None, images=None, extra=None, **dict.fromkeys(component("VideoOptions")["properties"])) == body()


def test_extra_is_sent_as_it_is_unchecked_and_over_all_others() -> None:
    extra = {"seed": -1, "ratio": "2:1", "newer": None, "prompt": "", "list": (1, 2)}
    assert body(extra=extra, seed=7, ratio="16:9") == {"model": PRO, **extra}
    assert prepare(wish(extra=extra)).violations == ()
    assert b'"list":[1,2]' in prepare(wish(extra=extra)).content()


def test_a_model_given_through_extra_has_no_rules_and_no_ratio() -> None:
    found = prepare(wish(images=[PICTURE], extra={"model": NEWER}, generate_audio=True))
    assert found.violations == ()
    assert found.body == {"prompt": "a cat", "images": [PICTURE], "generate_audio": True, "model": NEWER}
    assert prepare(wish(extra={"model": I2V})).violations == ()
    # The general rules stay.
    assert rules(prepare(wish(extra={"model": NEWER}, ratio="adaptive")).violations) == [
        ("images", "ratio_needs_an_image", "error")
    ]
    assert rules(prepare(wish("", extra={"model": NEWER})).violations) == [("prompt", "minLength", "error")]


def test_what_extra_gives_is_not_held_against_the_other_fields() -> None:
    assert prepare(wish(extra={"ratio": "adaptive"})).violations == ()
    assert prepare(wish(ratio="adaptive", extra={"images": [PICTURE]})).violations == ()
    assert body(images=PICTURE, extra={"ratio": "9:16"})["ratio"] == "9:16"


@pytest.mark.parametrize("value", [{"a": [{}] * 2}, "text", True, 1.5])
def test_extra_takes_all_that_is_json(value: object) -> None:
    assert prepare(wish(extra={"newer": value})).violations == ()


def test_extra_that_contains_itself_or_is_too_deep_is_no_json() -> None:
    circle: list[object] = []
    circle.append(circle)
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (circle, deep):
        assert rules(prepare(wish(extra={"x": value})).violations) == [("extra.x", "type", "error")]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("sed", "seed"),
        ("Resolution", "resolution"),
        ("image", "images"),
        ("modell", "model"),
        ("camera_fixed", "camerafixed"),
    ],
)
def test_an_unknown_option_names_the_nearest_and_the_way_out(name: str, near: str) -> None:
    (found,) = prepare(wish(**{name: 1})).violations
    assert f"did you mean {near!r}?" in found.message
    assert f"extra={{{name!r}: …}}" in found.message
    (far,) = prepare(wish(zzz=1)).violations
    assert "did you mean" not in far.message


def test_a_name_that_is_no_option_here_is_not_its_own_nearest() -> None:
    (found,) = check_options({"model": PRO})
    assert (found.field, found.rule) == ("model", "unknown_field")
    assert "did you mean" not in found.message
    (found,) = prepare(wish(defaults={"model": PRO})).violations
    assert "did you mean 'model'" not in found.message


def test_options_that_stand_alone_are_checked_without_rules_between_fields() -> None:
    assert check_options({"ratio": "adaptive", "duration": 5.0, "seed": None}) == ()
    assert rules(check_options({"seed": -1, "x": 1})) == [("x", "unknown_field", "error"), ("seed", "minimum", "error")]


@pytest.mark.parametrize(("given", "sent"), [({"duration": 5.0}, 5), ({"seed": 7.0}, 7), ({"seed": -0.0}, 0)])
def test_a_whole_float_is_sent_as_an_integer(given: dict[str, Any], sent: int) -> None:
    ((name, _),) = given.items()
    found = prepare(wish(**given))
    assert found.violations == ()
    assert type(found.body[name]) is int
    assert found.body[name] == sent


class Shape(StrEnum):
    WIDE = "16:9"


def test_an_enum_of_the_users_own_is_sent_as_its_text_and_kept_as_text() -> None:
    found = prepare(wish(ratio=Shape.WIDE))
    assert found.violations == ()
    assert json.loads(found.content())["ratio"] == "16:9"
    assert type(shortened(found.body)["ratio"]) is str


def test_a_request_of_more_than_64_mb_is_warned_of_and_an_error_when_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    large = "x" * (64 * 1024 * 1024)
    assert rules(prepare(wish(images=[f"data:,{large}"])).violations) == [("images", "request_bytes", "warning")]
    monkeypatch.setattr(_validate, "_most_bytes", lambda: 1000)
    assert rules(prepare(wish("x" * 1000, strict=True)).violations) == [("prompt", "request_bytes", "error")]
    found = prepare(wish("x" * 1000, seed=-1)).violations
    assert rules(found) == [("seed", "minimum", "error"), ("prompt", "request_bytes", "warning")]
    exact = 1000 - len(prepare(wish("x")).content())
    assert prepare(wish("x" * (exact + 1))).violations == ()
    assert len(prepare(wish("x" * (exact + 2))).violations) == 1


def test_a_kept_request_holds_no_image_data_and_keeps_its_links() -> None:
    link = f"{PICTURE}?signature=1"
    sent = {"images": ["data:image/png;base64,AAAA", link], "seed": 7, "newer": {"a": ("data:,B",)}, "model": PRO}
    assert shortened(sent) == {
        "images": ["data:image/png;base64,… (4 characters)", link],
        "seed": 7,
        "newer": {"a": ["data:,… (1 characters)"]},
        "model": PRO,
    }
    assert shortened({"images": ["data:x"]}) == {"images": ["data:x"]}


def test_no_violation_shows_image_data_or_a_signed_link() -> None:
    signed = f"{PICTURE}?X-Signature=secret"
    data = "data:image/png;base64," + "QUJD" * 100
    found = prepare(wish("a", model=T2V, images=[signed, data], seed=signed, resolution=data)).violations
    assert {violation.field for violation in found} == {"images", "seed", "resolution"}
    told = repr(found) + str(InvalidRequest(found))
    assert "secret" not in told
    assert "QUJDQUJD" not in told
    assert f"{PICTURE}?…" in told


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (1.5, 1.5),
        ((1, [2]), [1, [2]]),
        ({1: "a"}, {"1": "a"}),
        ([[[[[1]]]]], [[[["…"]]]]),
        (1 << 2000, "an integer of 2001 bits"),
        (len, "<built-in function len>"),
        (b"x" * 10**6, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_shown_of_a_value_is_plain(value: object, text: object) -> None:
    found = shown(value)
    assert found == text or (isinstance(value, bytes) and len(str(found)) < 100)
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_value_whose_repr_raises_is_told_all_the_same() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError

    (found,) = prepare(wish(Hostile())).violations
    assert "must be a string, not" in found.message
    assert "Hostile" in found.message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"seed": -1}, "must be at least 0, not -1"),
        ({"seed": MOST + 1}, f"must be at most {MOST}, not {MOST + 1}"),
        ({"seed": "7"}, "must be an integer, not '7' (str)"),
        ({"watermark": 1}, "must be a boolean, not 1 (int)"),
        ({"prompt": ""}, "has 0 characters, at least 1 needed: write something"),
        ({"prompt": " "}, "is blank (' '): write something"),
        ({"ratio": "16-9"}, "did you mean '16:9'?"),
        ({"duration": 7}, "7 is not one of 5, 10. A newer value goes unchecked through extra={'duration': …}"),
        ({"model": I2V}, "Give at least one image"),
        ({"model": T2V, "images": [PICTURE]}, f"(given ['{PICTURE}'])"),
        ({"generate_audio": True}, "(given True)"),
    ],
    ids=str,
)
def test_a_message_says_what_was_given_and_what_to_do(words: dict[str, Any], message: str) -> None:
    found = prepare(wish(**{"prompt": "a cat", **words})).violations
    assert any(message in violation.message for violation in found), found


def test_a_long_value_is_cut_in_a_message() -> None:
    (found,) = validate("a cat", ratio="x" * 5000)  # type: ignore[arg-type]
    assert len(found.message) < 600


# Words that the document does not use today, and that a change of it may bring.
@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"exclusiveMinimum": 0}, 0, "must be more than 0, not 0"),
        ({"exclusiveMaximum": 9}, 9, "must be less than 9, not 9"),
        ({"maxLength": 2}, "abc", "has 3, at most 2 allowed"),
        ({"minItems": 2}, [1], "has 1, at least 2 needed"),
        ({"maxItems": 1}, [1, 2], "has 2, at most 1 allowed"),
        ({"pattern": "^a"}, "b", "'b' does not match ^a"),
        ({"multipleOf": 3}, 4, "4 breaks multipleOf 3"),
        ({"type": ["string", "null"]}, 4, "must be a string or null, not 4 (int)"),
    ],
    ids=str,
)
def test_every_word_has_a_sentence(
    schema: dict[str, object], value: object, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fields(), "seed", schema)
    monkeypatch.setitem(options(), "seed", schema)
    (found,) = check_options({"seed": value})
    assert message in found.message


def test_the_errors_are_those_violations_that_forbid_sending() -> None:
    warning = Violation("a", "b", "c", 1, "warning")
    error = Violation("a", "b", "c", 1)
    assert Prepared({}, (error, warning)).errors == (error,)
    assert copy.deepcopy(Prepared({}, (error,))).violations == (error,)
