"""httpx for both clients: requests and answers turned to and from ours, faults named, proxies of the environment.

The transports are called directly: `httpx.Client` costs more than twice as much a call, and logs every URL.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx

from ._errors import ConfigurationError
from ._io import Answer, Broken, Fault, NotConnected, Request
from ._retry import is_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Transport = TypeVar("Transport")
Parts = dict[str, float | None]
"""The time limits of the steps of an exchange, in seconds, under httpx's names."""

# What httpx raises, and OSError from a transport of the user's own. Before the first byte of a request was sent:
_NOT_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    ConnectionRefusedError,
)
NO_LANE = "every connection was busy for the whole of the time limit"
ONE_CONNECTION = httpx.Limits(max_connections=1, keepalive_expiry=5.0)  # httpx's own expiry
FAULTS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ssl.SSLError, OSError)


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits of one exchange. `total` bounds the whole of it, so that a dripping answer ends too."""

    each: httpx.Timeout
    total: float | None

    def for_request(self, request: Request) -> float | None:
        # A large body may go up a slow line: 100 kB a second is allowed for.
        return None if self.total is None else self.total + len(request.content) / 100_000


def limits(timeout: float | httpx.Timeout | None) -> Limits:
    if timeout is None:
        timeout = httpx.Timeout(60.0, connect=10.0)
    if isinstance(timeout, httpx.Timeout):
        parts = (timeout.connect, timeout.write, timeout.read)
        return Limits(timeout, None if None in parts else sum(part for part in parts if part is not None))
    if not is_seconds(timeout) or not timeout:
        raise ConfigurationError(f"timeout must be seconds above 0, or an httpx.Timeout, not {timeout!r}")
    # A little more in all than for each step, so that a slow connection is told apart from a slow answer.
    return Limits(httpx.Timeout(timeout), timeout + 0.25)


@lru_cache(maxsize=1024)
def _url(url: str) -> httpx.URL:
    """A wait asks the same URL again and again, and to read it takes a quarter of what httpx's call does."""
    return httpx.URL(url)


def outgoing(request: Request, timeout: Parts) -> httpx.Request:
    return httpx.Request(
        request.method,
        _url(request.url),
        headers=dict(request.headers),
        content=request.content or None,
        extensions={"timeout": timeout},
    )


def head(response: httpx.Response) -> Answer:
    """Status and headers, the body still to come."""
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()})


def named(error: BaseException) -> Fault:
    """Whether anything can have been sent, and what happened, in words without a URL."""
    kind = NotConnected if isinstance(error, _NOT_CONNECTED) else Broken
    words = str(error)
    if "://" in words or not words:
        words = type(error).__name__
    return kind(words if words == type(error).__name__ else f"{type(error).__name__}: {words}")


def secure() -> ssl.SSLContext:
    """As httpx makes it for itself, SSL_CERT_FILE included, to be shared by all connections: it takes 15 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class faults:  # noqa: N801 - used as a function; @contextmanager takes four times as long, and every piece passes here
    """What is raised inside comes out as a `Fault`, where it is one."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, FAULTS):
            raise named(error) from error


def checked_url(url: str) -> None:
    """Raises ConfigurationError for a base URL that httpx cannot send to."""
    try:
        httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(f"the base URL cannot be used: {error}") from error


def proxy_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """The environment's proxy for this URL, such as HTTPS_PROXY, None for what NO_PROXY names."""
    parts = httpx.URL(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.decode("ascii")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


class Routes(Generic[Transport]):
    """The transport for a URL: the user's own for all, else one for each proxy of the environment, made when needed."""

    def __init__(self, own: Transport | None, make: Callable[[str | None], Transport]) -> None:
        self._own, self._make, self._lock = own, make, Lock()
        self._made: dict[str | None, Transport] = {}
        self._proxies = {} if own is not None else getproxies()

    def find(self, url: str) -> Transport:
        if self._own is not None:
            return self._own
        proxy = proxy_for(url, self._proxies) if self._proxies else None
        with self._lock:
            if proxy not in self._made:
                self._made[proxy] = self._reach(proxy)
            return self._made[proxy]

    def _reach(self, proxy: str | None) -> Transport:
        try:
            return self._make(proxy)
        except (ImportError, ValueError, httpx.InvalidURL, OSError) as error:
            # A scheme that nobody speaks, SOCKS without the package for it, certificates that are not there.
            why = f"no connection can be set up ({error}): check the environment, such as HTTPS_PROXY and SSL_CERT_FILE"
            raise ConfigurationError(why) from error

    def is_straight(self, transport: Transport) -> bool:
        """Whether it is ours, and through no proxy: then what its sockets bring is the answer, and nothing else."""
        return transport is self._made.get(None)

    def all(self) -> list[Transport]:
        return [*([] if self._own is None else [self._own]), *self._made.values()]
