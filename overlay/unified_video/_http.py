"""httpx for both clients: requests and answers turned to and from ours, faults named, proxies of the environment.

The transports are called directly: `httpx.Client` costs more than twice as much a call, and logs every URL.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx

from ._errors import ConfigurationError
from ._io import Answer, Broken, Fault, NotConnected, Request
from ._retry import is_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Transport = TypeVar("Transport")

# What httpx raises, and OSError from a transport of the user's own. Before the first byte of a request was sent:
_NOT_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    ConnectionRefusedError,
)
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


def outgoing(request: Request, timeout: httpx.Timeout) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.content or None,
        extensions={"timeout": timeout.as_dict()},
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


@contextmanager
def faults() -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
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

    def all(self) -> list[Transport]:
        return [*([] if self._own is None else [self._own]), *self._made.values()]
