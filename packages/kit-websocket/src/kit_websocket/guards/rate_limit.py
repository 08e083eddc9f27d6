"""So many messages in so much time."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from math import ceil
from time import monotonic
from typing import Any, Protocol

from kit_core import guards

from kit_websocket.errors import StatusError, TooManyMessagesError
from kit_websocket.routing.context import Context
from kit_websocket.routing.middleware import Middleware, NextHandler

_MOST_BUCKETS = 10_000
_USERS = ("user_id", "profile_id", "sub", "principalId", "userId")


class Buckets(Protocol):
    """Count messages: a token bucket for each key, in memory or in a store that functions share.

    `take` takes one of the at most `burst` tokens of a key's bucket, which `rate` new ones a second fill. It returns 0,
    or the seconds until there will be one. The drivers of kit-handler's rate limits fit.
    """

    def take(self, key: str, *, rate: float, burst: float) -> float | Awaitable[float]: ...


class RateLimit(Middleware):
    """Let `limit` messages in `per` seconds pass for each connection or user; the rest is answered with 429.

    key: "connection"; "user", which is the authorizer's `user_id`, `profile_id`, `sub`, `principalId` or `userId`, and
        the connection where there is none; or a callable of the `Context` that returns a text, None to let pass
    burst: messages that may come at once, by default `limit`
    buckets: by default the memory of this process. API Gateway spreads a connection's messages over all of a function's
        processes, so that a limit for a whole API needs buckets in Redis or DynamoDB
    name: stands before the keys of buckets that are shared

    Buckets that fail are 503: the limit fails closed. `$connect` and `$disconnect` are not counted.

    >>> from kit_websocket import WebSocketResolver
    >>> resolver = WebSocketResolver()
    >>> _ = resolver.middleware(RateLimit(20, per=10))
    """

    def __init__(
        self,
        limit: int,
        *,
        per: float = 60.0,
        key: str | Callable[[Context], str | None] = "connection",
        burst: int | None = None,
        buckets: Buckets | None = None,
        name: str = "",
    ) -> None:
        """Keep the settings."""
        burst = limit if burst is None else burst
        if limit <= 0 or per <= 0 or burst < 1:
            raise ValueError(f"limit= and per= are above 0 and burst= at least 1: {limit!r}, {per!r}, {burst!r}")
        if key not in ("connection", "user") and not callable(key):
            raise TypeError(f"key is 'connection', 'user' or a callable, not {key!r}")
        self._key_of = key if callable(key) else _user_of if key == "user" else _connection_of
        self._rate, self._burst = limit / per, burst
        self._buckets: Buckets = MemoryBuckets() if buckets is None else buckets
        self._prefix = f"{name}:" if name else ""

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Refuse, or go on."""
        if event["requestContext"]["routeKey"] not in ("$connect", "$disconnect"):
            key = self._key_of(Context(event, context))
            if key is not None:
                wait = await self._wait(f"{self._prefix}{key}")
                if wait > 0:
                    raise TooManyMessagesError(max(1, ceil(wait)))
        return await next_handler(event, context)

    async def _wait(self, key: str) -> float:
        try:
            wait: Any = self._buckets.take(key, rate=self._rate, burst=self._burst)
            return float(await wait if hasattr(wait, "__await__") else wait)
        except Exception as error:
            guards.log("kit.websocket", logging.ERROR, "the rate limit can't be checked", exc_info=error)
            raise StatusError(503, "Service unavailable") from error


class MemoryBuckets:
    """Keep token buckets in memory: at most 10,000; the least recently used go first."""

    def __init__(self) -> None:
        """Start without buckets."""
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, *, rate: float, burst: float) -> float:
        """Take a token, and return 0, or return the seconds until there will be one."""
        now = monotonic()
        tokens, at = self._buckets.pop(key, (float(burst), now))
        tokens = min(float(burst), tokens + (now - at) * rate)
        taken = tokens >= 1
        self._buckets[key] = (tokens - 1 if taken else tokens, now)
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / rate


def _connection_of(context: Context) -> str | None:
    return context.connection_id


def _user_of(context: Context) -> str | None:
    authorizer: Any = context.authorizer
    found = next((authorizer[name] for name in _USERS if authorizer.get(name)), None)
    return f"user {found}" if found is not None else context.connection_id
