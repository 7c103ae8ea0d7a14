"""httpx for both clients: requests and answers turned to and from ours, faults named, proxies of the environment.

The transports are called directly: `httpx.Client` costs more than twice as much a call, and logs every URL.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx

from unified_video._errors import ConfigurationError
from unified_video._retry import is_seconds

from . import Answer, Broken, Closed, Fault, NotConnected, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import httpcore

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
PIECE_BYTES = 64 * 1024
"""Of a large body, that is sent at once."""
KEPT_SECONDS = 5.0
"""How long a connection is used again after its last exchange: as long as by httpx."""
ONE_CONNECTION = httpx.Limits(max_connections=1, keepalive_expiry=KEPT_SECONDS)
# UnicodeError: a host in a link that is no name at all.
FAULTS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ssl.SSLError, OSError, UnicodeError)


class Limits(NamedTuple):
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
def url_and_host(url: str) -> tuple[httpx.URL, str]:
    """A wait asks the same URL again and again, and to read it takes a quarter of what httpx's call does."""
    read = httpx.URL(url)
    return read, read.netloc.decode("ascii")


def addressed(request: Request) -> tuple[httpx.URL, dict[str, str]]:
    """Where a request goes, and its headers as they are sent."""
    url, host = url_and_host(request.url)
    length = {"Content-Length": str(len(request.content))} if request.content else {}
    return url, {"Host": host, **request.headers, **length}


def outgoing(request: Request, timeout: Parts) -> httpx.Request:
    # As httpx makes it of `content`, in a third of the time: a fifteenth of a whole call.
    url, headers = addressed(request)
    body, limits = httpx.ByteStream(request.content), {"timeout": timeout}
    made = httpx.Request(request.method, url, headers=headers, stream=body, extensions=limits)
    made.read()
    return made


def head(response: httpx.Response) -> Answer:
    """Status and headers, the body still to come."""
    return Answer(response.status_code, joined(response.headers.raw))


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """As httpx gives them, in a third of the time: names in lower case, what comes twice as one."""
    found: dict[str, str] = {}
    for raw_name, value in headers:
        name, text = raw_name.decode("latin-1").lower(), _text(value)
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def named(error: BaseException) -> Fault:
    """Whether anything can have been sent, and what happened, in words without a URL."""
    kind = NotConnected if isinstance(error, _NOT_CONNECTED) else Broken
    words = _words(error)
    if "://" in words or not words:
        words = type(error).__name__
    return kind(words if words == type(error).__name__ else f"{type(error).__name__}: {words}")


def _words(error: BaseException) -> str:
    """Its own, else those of TLS below it: on trio nothing else says what is wrong with a certificate."""
    below: BaseException | None = error
    while below is not None and not isinstance(below, ssl.SSLError):
        below = below.__cause__ or below.__context__
    return str(error) or str(below or "")


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


class Way:
    """A request's way through a proxy: what ends it while the proxy is asked to open a tunnel was not sent further."""

    def __init__(self, request: httpx.Request) -> None:
        self._method: bytes | None = None
        request.extensions["trace"] = self._see

    def _see(self, event: str, details: Mapping[str, Any]) -> None:
        if event == "http11.send_request_headers.started":
            self._method = details["request"].method

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        told = isinstance(error, _NOT_CONNECTED)
        if self._method == b"CONNECT" and isinstance(error, httpx.TransportError) and not told:
            raise httpx.ProxyError(_words(error) or type(error).__name__) from error


class AsyncWay(Way):
    async def _see(self, event: str, details: Mapping[str, Any]) -> None:  # type: ignore[override]
        super()._see(event, details)


def came_unasked(connection: httpcore.ConnectionInterface | httpcore.AsyncConnectionInterface) -> bool:
    """Whether more came than the last answer; httpcore would take it for the next one, and a create another's task."""
    inner: Any = connection
    while (within := getattr(inner, "_connection", None)) is not None:  # a proxy's has the real one inside
        inner = within
    return hasattr(inner, "_h11_state") and (inner._h11_state.trailing_data[0] or _holds_more(inner._network_stream))  # noqa: SLF001


def _holds_more(stream: httpcore.NetworkStream | httpcore.AsyncNetworkStream) -> bool:
    """Whether there is more to decrypt, or the end, in what was read. A blocking one reads no more than it decrypts."""
    secure = stream.get_extra_info("ssl_object")
    if not isinstance(secure, ssl.SSLObject):
        return False
    try:
        secure.read(1)
    except ssl.SSLError as error:
        return not isinstance(error, ssl.SSLWantReadError)
    return True


def checked_url(url: str) -> None:
    """Raises ConfigurationError for a base URL that httpx cannot send to."""
    try:
        httpx.URL(url).raw_host.decode("ascii").encode("idna")  # as a connection does it, where labels are too long
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
    """What leads to a URL: the user's own for all, else one for each proxy of the environment, made when needed.

    They are made anew in a forked child, whose parent goes on with the connections, and on another event loop.
    """

    def __init__(
        self,
        own: Transport | None,
        make: Callable[[str | None], Transport],
        loop: Callable[[], object] = lambda: None,
    ) -> None:
        self._own, self._make, self._loop, self._is_closed = own, make, loop, False
        self._begin_at((os.getpid(), None))
        self._proxies = {} if own is not None else getproxies()

    def _begin_at(self, place: tuple[int, object]) -> None:
        """What was made elsewhere is left as it is, its lock too: at a fork another thread may hold it."""
        self._place, self._lock = place, Lock()
        self._made: dict[str | None, Transport] = {}

    def _here(self) -> None:
        place = (os.getpid(), self._loop())
        if place != self._place:
            self._begin_at(place)

    def find(self, url: str) -> Transport:
        """Raises Closed."""
        self.check_open()
        if self._own is not None:
            return self._own
        self._here()
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

    def is_straight(self, transport: object) -> bool:
        """Whether it is ours, and through no proxy: then what its sockets bring is the answer, and nothing else."""
        return transport is self._made.get(None)

    def check_open(self) -> None:
        if self._is_closed:
            raise Closed

    def close(self) -> list[Transport]:
        """What is to be closed; nothing is found any more."""
        self._is_closed = True
        self._here()
        return [*([] if self._own is None else [self._own]), *self._made.values()]
