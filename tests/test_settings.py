"""A client is checked once, when it is made, and never shows its key."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from unified_video import ConfigurationError, Retry
from unified_video._settings import Settings, ledger_or_environment, settings

KEY, URL = "sk-0123456789abcdef", "https://gateway.invalid"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UNIFIED_VIDEO_API_KEY", "UNIFIED_VIDEO_BASE_URL", "UNIFIED_VIDEO_LEDGER"):
        monkeypatch.delenv(name, raising=False)


def made(**words: Any) -> Settings:
    return settings(**{"api_key": KEY, "base_url": URL, **words})


def refused(**words: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        made(**words)
    return str(caught.value)


def test_what_is_not_given_is_the_default() -> None:
    assert made() == Settings(base_url=URL, api_key=KEY, retry=Retry(), defaults={}, strict=False)


def test_key_and_base_url_come_from_the_environment_and_an_argument_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_VIDEO_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("UNIFIED_VIDEO_BASE_URL", f"\t{URL} ")
    assert settings() == made()
    found = settings(api_key="other-key", base_url="https://other.invalid")
    assert (found.api_key, found.base_url) == ("other-key", "https://other.invalid")


@pytest.mark.parametrize("value", [None, "", " \n"])
@pytest.mark.parametrize(
    ("name", "variable"), [("api_key", "UNIFIED_VIDEO_API_KEY"), ("base_url", "UNIFIED_VIDEO_BASE_URL")]
)
def test_what_is_missing_is_named_with_its_variable(
    name: str, variable: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert variable in refused(**{name: value})
    assert f"{name}=…" in refused(**{name: value})
    monkeypatch.setenv(variable, " ")
    assert variable in refused(**{name: None})


@pytest.mark.parametrize("name", ["api_key", "base_url"])
def test_what_is_no_text_is_refused_by_type(name: str) -> None:
    assert f"{name} must be a str, not bytes" in refused(**{name: b"secret"})


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"Bearer {KEY}", "begins with 'Bearer '"),
        (f"bearer {KEY}", "give the key alone"),
        (f" BEARER {KEY}", "give the key alone"),
        ("sk-secret\nsk-secret", "one line of ASCII"),
        ("sk-secret\r\nX-Header: 1", "one line of ASCII"),
        ("sk-secret\x00", "one line of ASCII"),
        ("sk-sécret", "one line of ASCII"),
        ("sk-secret sk-secret", "one line of ASCII"),
        ("sk-secret…", "one line of ASCII"),
    ],
)
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(key: str, words: str) -> None:
    message = refused(api_key=key)
    assert words in message
    assert "UNIFIED_VIDEO_API_KEY" in message
    assert "secret" not in message
    assert KEY not in message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://gateway.invalid/", "https://gateway.invalid"),
        ("https://gateway.invalid/prefix/a/", "https://gateway.invalid/prefix/a"),
        ("https://gateway.invalid:8443", "https://gateway.invalid:8443"),
        ("HTTPS://gateway.invalid", "https://gateway.invalid"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://api.localhost", "http://api.localhost"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:8000/p", "http://[::1]:8000/p"),
        ("https://gateway.invalid/v2/videos", "https://gateway.invalid/v2/videos"),
    ],
)
def test_a_base_url_keeps_its_prefix_and_loopback_may_use_http(given: str, kept: str) -> None:
    assert made(base_url=given).base_url == kept
    assert made(base_url=f" {given}\n").base_url == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gateway.invalid", "no http or https URL"),
        ("//gateway.invalid", "no http or https URL"),
        ("ftp://gateway.invalid", "no http or https URL"),
        ("https://", "no http or https URL"),
        ("https:///path", "no http or https URL"),
        ("https:gateway.invalid", "no http or https URL"),
        (KEY, "no http or https URL"),
        ("http://gateway.invalid", "only a loopback host"),
        ("http://localhost.evil.invalid", "only a loopback host"),
        ("http://127.0.0.1.evil.invalid", "only a loopback host"),
        ("http://0.0.0.0", "only a loopback host"),
        ("http://192.168.0.1", "only a loopback host"),
        ("http://[::2]", "only a loopback host"),
        ("https://gateway.invalid/v2/videos/generations", "ends in /v2/videos/generations"),
        ("https://gateway.invalid/p/v2/videos/generations/", "leave that out"),
        ("http://localhost/v2/videos/generations", "leave that out"),
        ("https://user:sk-secret@gateway.invalid", "user name or password"),
        ("https://sk-secret@gateway.invalid", "user name or password"),
        ("https://gateway.invalid?key=sk-secret", "query or fragment"),
        ("https://gateway.invalid/?", "query or fragment"),
        ("https://gateway.invalid/#", "query or fragment"),
        ("https://gateway.invalid/#sk-secret", "query or fragment"),
        ("https://gateway.invalid:sk-secret", "host or port"),
        ("https://gateway.invalid:99999", "host or port"),
        ("https://[sk-secret", "host or port"),
        ("https://gateway .invalid", "white space"),
        ("https://gateway.invalid/a\nb", "white space"),
        ("https://gateway.invalid/\x07", "control character"),
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused_with_an_example_and_not_shown(url: str, words: str) -> None:
    message = refused(base_url=url)
    assert words in message
    assert "https://gateway.example" in message
    assert "UNIFIED_VIDEO_BASE_URL" in message
    assert "secret" not in message
    assert KEY not in message


@pytest.mark.parametrize("retry", [3, True, "4", {"attempts": 1}])
def test_a_retry_of_another_type_is_refused(retry: object) -> None:
    assert f"retry must be a Retry, not {type(retry).__name__}" in refused(retry=retry)


def test_defaults_are_checked_all_at_once() -> None:
    message = refused(defaults={"seed": -1, "ratio": "2:1", "sed": 1, "model": "m"})
    for words in ("seed: must be at least 0", "ratio: '2:1' is not one of", "sed: is no option", "model: is no option"):
        assert words in message


@pytest.mark.parametrize("defaults", [5, "seed", [("seed", 1)], {"seed"}])
def test_defaults_that_are_no_mapping_are_refused(defaults: object) -> None:
    assert f"defaults must be a mapping of options to values, not {type(defaults).__name__}" in refused(
        defaults=defaults
    )


def test_defaults_are_kept_as_they_are_apart_from_the_callers_mapping() -> None:
    given = {"ratio": "adaptive", "duration": 10, "seed": None}
    found = made(defaults=given)
    given["seed"] = -1
    assert found.defaults == {"ratio": "adaptive", "duration": 10, "seed": None}
    assert made(defaults={}).defaults == {}


def test_the_key_is_in_no_repr_and_in_no_pickle() -> None:
    found = made()
    assert KEY not in f"{found!r} {found}"
    for store in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="hold its key"):
            store(found)


@pytest.mark.parametrize(
    ("key", "text", "redacted"),
    [
        (KEY, f"a{KEY}b {KEY}", "a[key]b [key]"),
        (KEY, "nothing of it", "nothing of it"),
        ("k", "key k, k-k k.", "key [key], k-k [key]."),
        ("a+b", "a+b aa+b", "[key] aa+b"),
    ],
)
def test_the_key_is_redacted_and_a_short_one_only_as_a_word(key: str, text: str, redacted: str) -> None:
    assert made(api_key=key).redact(text) == redacted


def test_the_ledger_is_off_unless_it_is_given_or_stands_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ledger_or_environment(None) is None
    monkeypatch.setenv("UNIFIED_VIDEO_LEDGER", " ")
    assert ledger_or_environment(None) is None
    monkeypatch.setenv("UNIFIED_VIDEO_LEDGER", " a.sqlite3 ")
    assert ledger_or_environment(None) == "a.sqlite3"
    assert ledger_or_environment(Path("b")) == Path("b")


@pytest.mark.parametrize(("ledger", "words"), [(5, "not int"), (True, "not bool"), ("", "ledger is empty")])
def test_a_ledger_that_is_no_place_is_refused(ledger: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        ledger_or_environment(ledger)
