"""Time limits, faults and proxies, the same for both clients."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any

import httpcore
import httpx
import pytest
import trustme

from unified_video._errors import ConfigurationError
from unified_video._io import Broken, NotConnected, Request
from unified_video._io import http as _http

POST = Request("POST", "https://gateway.example/v2", {}, b"x" * 1_000_000)
GET = Request("GET", "https://gateway.example/v2", {})


@pytest.mark.parametrize(
    ("timeout", "each", "total"),
    [
        (None, httpx.Timeout(60.0, connect=10.0), 130.0),
        (5, httpx.Timeout(5), 5.25),
        (0.3, httpx.Timeout(0.3), 0.55),
        (httpx.Timeout(2.0), httpx.Timeout(2.0), 6.0),
        (httpx.Timeout(2.0, read=None), httpx.Timeout(2.0, read=None), None),
    ],
)
def test_the_time_limits_of_an_exchange(timeout: Any, each: httpx.Timeout, total: float | None) -> None:
    found = _http.limits(timeout)
    assert (found.each, found.for_request(GET)) == (each, total)
    assert found.for_request(POST) == (None if total is None else total + 10)


@pytest.mark.parametrize("timeout", [0, -1, True, "5", float("nan"), float("inf"), []])
def test_what_is_no_time_limit_is_refused(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be seconds"):
        _http.limits(timeout)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (httpx.ConnectError("refused"), NotConnected, "ConnectError: refused"),
        (httpx.ConnectTimeout(""), NotConnected, "ConnectTimeout"),
        (httpx.PoolTimeout(""), NotConnected, "PoolTimeout"),
        (httpx.ProxyError("407"), NotConnected, "ProxyError: 407"),
        (ConnectionRefusedError("no"), NotConnected, "ConnectionRefusedError: no"),
        (httpx.ReadTimeout("slow"), Broken, "ReadTimeout: slow"),
        (httpx.WriteError(""), Broken, "WriteError"),
        (httpx.RemoteProtocolError("https://x/?signature=1"), Broken, "RemoteProtocolError"),
        (ConnectionResetError(104, "reset"), Broken, "ConnectionResetError: [Errno 104] reset"),
        (ssl.SSLError(1, "bad"), Broken, "SSLError: "),
    ],
)
def test_a_fault_says_whether_anything_can_have_been_sent(error: Exception, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught, _http.faults():
        raise error
    assert str(caught.value).startswith(words)
    assert caught.value.__cause__ is error


def test_a_fault_without_words_has_those_of_tls() -> None:
    error = httpx.ConnectError("")
    error.__context__ = ssl.SSLError(1, "certificate verify failed")  # as httpcore raises it on trio
    with pytest.raises(NotConnected, match="certificate verify failed"), _http.faults():
        raise error


class Secure(httpcore.MockStream):
    """A secure connection in memory, whose other end has said this, and perhaps the last word."""

    def __init__(self, said: bytes, *, is_last: bool = False) -> None:
        super().__init__([])
        authority, incoming, outgoing = trustme.CA(), ssl.MemoryBIO(), ssl.MemoryBIO()
        theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        authority.issue_cert("gateway.example").configure_cert(theirs)
        authority.configure_trust(ours)
        self.ours = ours.wrap_bio(incoming, outgoing, server_hostname="gateway.example")
        server = theirs.wrap_bio(outgoing, incoming, server_side=True)
        for step in (self.ours.do_handshake, server.do_handshake, self.ours.do_handshake, server.do_handshake):
            with suppress(ssl.SSLWantReadError):
                step()
        server.write(said)
        if is_last:
            with suppress(ssl.SSLWantReadError):
                server.unwrap()

    def get_extra_info(self, info: str) -> Any:
        return {"ssl_object": self.ours}[info]


@pytest.mark.parametrize(
    ("stream", "holds_more"),
    [
        (httpcore.MockStream([]), False),
        (Secure(b""), False),
        (Secure(b"unasked"), True),
        (Secure(b"", is_last=True), True),
    ],
    ids=["in the clear", "nothing", "something", "the end"],
)
def test_what_was_read_and_not_decrypted_is_seen(stream: httpcore.NetworkStream, *, holds_more: bool) -> None:
    assert _http._holds_more(stream) is holds_more


def test_other_exceptions_are_no_faults() -> None:
    with pytest.raises(KeyError), _http.faults():
        raise KeyError


@pytest.mark.parametrize(
    "url", ["https://gateway\u2028.example", "https://" + "a" * 70_000, f"https://{'a' * 64}.example"]
)
def test_a_base_url_that_httpx_cannot_send_to_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        _http.checked_url(url)
    _http.checked_url("https://gateway.example/prefix")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


PROXIES = {"https": "http://proxy.example:3128", "http": "plain.example:80", "no": "inside.example"}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://gateway.example/a", "http://proxy.example:3128"),
        ("http://media.example/a", "http://plain.example:80"),
        ("https://inside.example/a", None),
        ("https://a.inside.example:8443/a", None),
    ],
)
def test_the_proxy_for_a_url(environment: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    environment.setenv("no_proxy", "inside.example")
    assert _http.proxy_for(url, PROXIES) == proxy


def test_all_proxy_is_for_what_has_none_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("no_proxy", raising=False)
    assert _http.proxy_for("https://gateway.example/a", {"all": "http://all.example"}) == "http://all.example"
    assert _http.proxy_for("https://gateway.example/a", {"http": "http://plain.example"}) is None


def test_one_transport_for_each_proxy(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    environment.setenv("NO_PROXY", "inside.example")
    made: list[str | None] = []
    routes = _http.Routes[object](None, lambda proxy: made.append(proxy) or object())  # type: ignore[func-returns-value]
    urls = ["https://a.example", "https://b.example", "http://c.example", "https://inside.example"]
    found = [routes.find(url) for url in urls]
    assert made == ["http://proxy.example:3128", None]
    assert (found[0], found[2]) == (found[1], found[3])
    assert routes.close() == [found[0], found[2]]


def test_a_transport_of_the_users_own_is_for_all_and_no_proxy_is_asked(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    own = object()
    routes = _http.Routes[object](own, lambda _: object())
    assert routes.find("https://a.example") is own
    assert routes.close() == [own]


@pytest.mark.parametrize("proxy", ["socks5://proxy.example", "ftp://proxy.example"])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(environment: pytest.MonkeyPatch, proxy: str) -> None:
    environment.setenv("HTTPS_PROXY", proxy)
    routes = _http.Routes[httpx.BaseTransport](None, lambda found: httpx.HTTPTransport(proxy=found))
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        routes.find("https://a.example")


def test_certificates_that_are_not_there_are_a_configuration_error(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    routes = _http.Routes[httpx.BaseTransport](None, lambda found: httpx.HTTPTransport(proxy=found))
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        routes.find("https://a.example")
