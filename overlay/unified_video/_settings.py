"""How a client is set up: base URL, key, retries, defaults, its ledger's place; from arguments and environment."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from ._document import endpoint
from ._errors import ConfigurationError
from ._retry import Retry
from ._validate import check_options

KEY_VARIABLE = "UNIFIED_VIDEO_API_KEY"
BASE_URL_VARIABLE = "UNIFIED_VIDEO_BASE_URL"
LEDGER_VARIABLE = "UNIFIED_VIDEO_LEDGER"

_REDACTED = "[key]"
_DISTINCT = 8
"""Characters from which on a key is no word of everyday texts."""

_EXAMPLE = "it should look like https://gateway.example or https://gateway.example/prefix"


@dataclass(frozen=True, slots=True)
class Settings:
    """What every request of a client needs. The key shows in no repr and no pickle."""

    base_url: str
    api_key: str = field(repr=False)
    retry: Retry = field(default_factory=Retry)
    defaults: Mapping[str, object] = field(default_factory=dict)
    strict: bool = False

    def __reduce__(self) -> NoReturn:
        raise TypeError("the settings of a client hold its key, and are not pickled")

    def redact(self, text: str) -> str:
        """The text without the key, should a service echo it."""
        if len(self.api_key) >= _DISTINCT:
            return text.replace(self.api_key, _REDACTED)
        # A key of a test, such as "k": not every k of a text is meant, and none in the host or path of a link.
        return re.sub(rf"(?<![\w./-]){re.escape(self.api_key)}(?![\w/-]|\.\w)", _REDACTED, text)


def settings(
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    retry: Retry | None = None,
    defaults: Mapping[str, object] | None = None,
    strict: bool = False,
) -> Settings:
    if retry is not None and not isinstance(retry, Retry):
        raise ConfigurationError(f"retry must be a Retry, not {type(retry).__name__}: Retry(attempts=1) is off")
    return Settings(
        base_url=_base_url(_given(base_url, "base_url", BASE_URL_VARIABLE)),
        api_key=_key(_given(api_key, "api_key", KEY_VARIABLE)),
        retry=retry or Retry(),
        defaults=_defaults(defaults),
        strict=bool(strict),
    )


def ledger_or_environment(ledger: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
    """Where creates are written down; None for nowhere."""
    found = os.environ.get(LEDGER_VARIABLE, "").strip() or None if ledger is None else ledger
    if found is not None and not isinstance(found, str | os.PathLike):
        raise ConfigurationError(f"ledger must be a path or a postgresql:// URL, not {type(found).__name__}")
    if found is not None and not os.fspath(found):
        raise ConfigurationError("ledger is empty: give a path, or None for no ledger")
    return found


def _given(value: object, name: str, variable: str) -> str:
    found = os.environ.get(variable) if value is None else value
    if not isinstance(found, str | None):
        raise ConfigurationError(f"{name} must be a str, not {type(found).__name__}")
    if not found or not found.strip():
        raise ConfigurationError(f"no {name}: set the environment variable {variable}, or pass {name}=…")
    return found.strip()


def _key(key: str) -> str:
    # The messages say what is wrong with the key, and never show it.
    if key[:7].lower() == "bearer ":
        raise ConfigurationError(f"the key begins with 'Bearer ': give the key alone, in {KEY_VARIABLE} or api_key=…")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigurationError(
            "the key has a space, a line break or a character that is not ASCII inside: it should be one line of ASCII,"
            f" in {KEY_VARIABLE} or api_key=…"
        )
    return key


def _base_url(url: str) -> str:
    parts = _parts(url)
    path = parts.path.rstrip("/")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        _refuse_url("it is no http or https URL with a host")
    if parts.username is not None:
        _refuse_url("it holds a user name or password")
    if "?" in url or "#" in url:
        _refuse_url("it holds a query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        _refuse_url("it is http://, which would show the key to everybody on the way; only a loopback host may use it")
    _, tail = endpoint("create_video_generation")
    if path.endswith(tail):
        _refuse_url(f"it ends in {tail}, which is added by itself: leave that out")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _parts(url: str) -> SplitResult:
    if " " in url or not url.isprintable():
        _refuse_url("it has white space or a control character inside")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        _refuse_url("its host or port is not valid")
    return parts


def _refuse_url(why: str) -> NoReturn:
    # The URL itself is not shown: people paste keys into it.
    raise ConfigurationError(f"the base URL cannot be used: {why}; {_EXAMPLE} ({BASE_URL_VARIABLE} or base_url=…)")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _defaults(defaults: Mapping[str, object] | None) -> Mapping[str, object]:
    if defaults is not None and not isinstance(defaults, Mapping):
        raise ConfigurationError(f"defaults must be a mapping of options to values, not {type(defaults).__name__}")
    found = dict(defaults or {})
    listed = "; ".join(f"{violation.field}: {violation.message}" for violation in check_options(found))
    if listed:
        raise ConfigurationError(f"defaults cannot be used: {listed}")
    return found
