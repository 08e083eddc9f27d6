"""Rate limits: so many requests per caller and time, the rest is 429."""

from kit_handler.errors import ForbiddenError, ServiceUnavailableError, TooManyRequestsError, UnauthorizedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler.http.request import Request
    from kit_handler.http.types import Buckets, Guard

_MOST_BUCKETS = 10_000
_LONGEST_WAIT = 1e9
_CALLER = ("profile_id", "sub", "principalId", "userId", "userArn")


class RateLimit:
    """Let pass `limit` requests in `per` seconds for each caller, as `rate_limit=` of a route.

    A bucket holds `burst` requests (`limit` of them by default) and fills evenly. Routes that are given the same object
    share its buckets.

    key: "source_ip" (an IPv6 caller is its /64, the network of one customer); "authorizer", the caller that
    the authorizer names (its profile_id, sub, principalId, userId or userArn; 401 without one); or a callable
    `(request) -> str`, None from which lets the request pass
    buckets: the driver; by default the memory of this process, so that every execution environment counts for itself
    name: stands before the keys in a driver that several functions or routes share

    A driver that fails is 503: the limit fails closed.
    """

    def __init__(
        self,
        limit: int,
        *,
        per: float = 60.0,
        key: "str | Callable[[Request], str | None]" = "source_ip",
        burst: int | None = None,
        buckets: "Buckets | None" = None,
        name: str = "",
    ) -> None:
        burst = limit if burst is None else burst
        if not all(isinstance(each, (int, float)) and each > 0 for each in (limit, per)) or burst < 1:
            raise ValueError(f"limit= and per= are above 0 and burst= at least 1: {limit!r}, {per!r}, {burst!r}")
        if key not in _KEYS and not callable(key):
            raise TypeError(f"key= is 'source_ip', 'authorizer' or a callable: {key!r}")
        self.key = key
        self._key_of: Any = key if callable(key) else _KEYS[key]
        self._prefix = f"{name}:" if name else ""
        self._rate = limit / per
        self._burst = burst
        self._buckets = MemoryBuckets() if buckets is None else buckets

    def __call__(self, request: "Request") -> None:
        """Raise TooManyRequestsError for a request that is over the limit."""
        key = self._key_of(request)
        if key is None:
            return
        wait = self._wait(self._prefix + str(key), request)
        if wait > 0:
            raise TooManyRequestsError(retry_after=max(1, -int(-wait // 1)))

    def _wait(self, key: str, request: "Request") -> float:
        try:
            wait: Any = self._buckets.take(key, rate=self._rate, burst=self._burst)
            if hasattr(wait, "__await__"):
                from kit_handler._coroutines import run

                wait = run(wait, context=request.context)
            if not 0 <= wait <= _LONGEST_WAIT:
                raise ValueError(f"a driver returns the seconds to wait: {wait!r}")
            return float(wait)
        except Exception as error:
            from kit_handler import _log

            _log.error("the rate limit can't be checked", exc_info=error)
            raise ServiceUnavailableError from error


def rate_limit_guard(value: "Any") -> "Guard":
    """Return `value`, a RateLimit."""
    if not isinstance(value, RateLimit):
        raise TypeError(f"rate_limit= takes a RateLimit: {value!r}")
    return value


class MemoryBuckets:
    """Keep token buckets in memory: at most 10,000; the least recently used ones go first."""

    def __init__(self) -> None:
        from threading import Lock

        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # what was in it, and when

    def take(self, key: str, *, rate: float, burst: float) -> float:
        """Take one from the bucket of `key`; return 0, or the seconds until there will be one."""
        from time import monotonic

        with self._lock:
            now = monotonic()
            held, at = self._buckets.pop(key, (burst, now))
            held = min(burst, held + max(0.0, now - at) * rate)
            wait = 0.0 if held >= 1 else (1 - held) / rate
            self._buckets[key] = (held if wait else held - 1, now)
            if len(self._buckets) > _MOST_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            return wait


def _source_ip(request: "Request") -> str:
    address = request.source_ip or ""
    if ":" not in address:
        return address
    from ipaddress import IPv6Network

    try:
        return str(IPv6Network((address, 64), strict=False).network_address)
    except ValueError:
        return address


def _caller(request: "Request") -> str:
    if request.authorizer is None:
        raise UnauthorizedError
    for name in _CALLER:
        value = request.authorizer.get(name)
        if value:
            return f"{name}={value}"
    raise ForbiddenError("The caller has no name")


_KEYS: "dict[Any, Callable[[Request], str | None]]" = {"source_ip": _source_ip, "authorizer": _caller}
