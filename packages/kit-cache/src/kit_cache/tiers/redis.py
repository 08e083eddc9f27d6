"""The shared tier, in Redis.

One answer is waited for during 100 ms (KIT_CACHE_REDIS_TIMEOUT_MS), once; then Redis is left alone for a moment. A
deletion that couldn't be done is kept, and done before the next thing that this process asks of Redis.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import redis
from kit_core import guards
from kit_core.invocation import remaining_ms
from redis.backoff import NoBackoff
from redis.retry import Retry

from kit_cache.breaker import Breaker
from kit_cache.errors import CacheConfigError
from kit_cache.settings import RedisSettings
from kit_cache.tiers.port import TOMBSTONE_SECONDS, Reading, State, new_version, reading, row, tombstone

_T = TypeVar("_T")
_PAUSE = 0.75
_MOST_PENDING = 1000
_TOMBSTONE_MS = TOMBSTONE_SECONDS * 1000

# Store a value if nothing has happened since its state was read: KEYS version, row; ARGV the version and the row's
# first bytes as they were, the row, its milliseconds, and the version to begin with where there is none.
_WRITE = """
local version = redis.call('GET', KEYS[1]) or ''
if version ~= ARGV[1] or redis.call('GETRANGE', KEYS[2], 0, 16) ~= ARGV[2] then return 0 end
if version == '' then redis.call('SET', KEYS[1], ARGV[5]) end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1
"""


class Server:
    """One Redis: its connection pool and whether it is being left alone."""

    def __init__(self, settings: RedisSettings) -> None:
        options: dict[str, Any] = {
            "socket_timeout": settings.timeout,
            "socket_connect_timeout": settings.timeout,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
        }
        if settings.url is not None:
            try:
                self.client = redis.Redis.from_url(settings.url, **options)
            except ValueError:
                # Not chained: the text quotes what it takes for the port: the end of a password with a "/" in it.
                raise CacheConfigError(
                    "KIT_CACHE_REDIS_URL is no Redis URL; '/' in a password is written %2F"
                ) from None
        else:
            self.client = redis.Redis(
                host=settings.host, port=settings.port, db=settings.db, password=settings.password, **options
            )
        self.breaker = Breaker(_PAUSE)

    def failed(self, error: Exception) -> None:
        """Leave it alone for a moment, and start with new connections after it."""
        self.client.connection_pool.disconnect(inuse_connections=False)
        if self.breaker.failed():
            message = "Redis doesn't answer, going on without it"
            guards.log("kit.cache", logging.WARNING, message, extra={"error": type(error).__name__})


_servers: dict[RedisSettings, Server] = {}
_lock = threading.Lock()


def _server(settings: RedisSettings) -> Server:
    with _lock:
        server = _servers.get(settings)
        if server is None:
            server = _servers[settings] = Server(settings)
        return server


class RedisTier:
    """The rows of one cache in Redis."""

    def __init__(self, settings: RedisSettings, prefix: str) -> None:
        self._settings = settings
        self._server = _server(settings)
        self._prefix = prefix
        self._version = prefix + "version"
        self._pending: set[str] = set()
        self._pending_clear = False
        self._pending_lock = threading.Lock()
        self._refusals: set[str] = set()

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state, or None if Redis doesn't answer."""
        found = self._ask(lambda client: client.mget(self._version, self._key(key)))
        if found is None:
            return None
        version, raw = cast("list[object]", found)
        return reading(raw, version)

    def write(self, key: str, body: bytes, expires: float, state: State) -> None:
        """Store a value unless it was deleted, cleared or written since `state` was read."""
        milliseconds = int((expires - time.time()) * 1000)
        if milliseconds <= 0:
            return
        version = state.version or new_version()
        arguments = (state.version, state.head, row(body, expires, version), milliseconds, version)
        self._ask(lambda client: client.eval(_WRITE, 2, self._version, self._key(key), *arguments))

    def delete(self, key: str) -> bool:
        """Put a tombstone in the row's place, now or as soon as Redis answers; tell whether it was now."""
        if self._ask(lambda client: self._bury(client, key)):
            return True
        with self._pending_lock:
            self._pending.add(key)
            if len(self._pending) > _MOST_PENDING:
                self._pending_clear = True
                self._pending.clear()
        return False

    def clear(self) -> bool:
        """Begin a new version: every row is of an older one, and goes when its time is over."""
        if self._ask(lambda client: client.set(self._version, new_version())):
            return True
        with self._pending_lock:
            self._pending_clear = True
            self._pending.clear()
        return False

    def available(self) -> bool:
        """Tell whether Redis answers."""
        return bool(self._ask(lambda client: client.ping()))

    def close(self) -> None:
        """Close the connections."""
        with _lock:
            _servers.pop(self._settings, None)
        self._server.client.close()

    def _key(self, key: str) -> str:
        return f"{self._prefix}row:{key}"

    def _bury(self, client: "redis.Redis", key: str) -> bool:
        try:
            return bool(client.set(self._key(key), tombstone(), px=_TOMBSTONE_MS))
        except redis.exceptions.OutOfMemoryError:
            # Nothing may be written, but deleting is allowed; only a load that is under way could bring it back.
            client.delete(self._key(key))
            return True

    def _ask(self, command: "Callable[[redis.Redis], _T]") -> _T | None:
        """Return the answer of Redis, or None: it is down, hung, left alone, refuses, or there is no time to wait."""
        server = self._server
        remaining = remaining_ms()
        if remaining is not None and remaining < self._settings.timeout * 1000:
            return None  # the invocation would end before the time-out does
        if not server.breaker.allows():
            return None
        try:
            if self._pending or self._pending_clear:
                self._catch_up(server.client)
            answer = command(server.client)
        except redis.exceptions.ReadOnlyError as error:  # a primary that has become a replica: find the new one
            server.failed(error)
            return None
        except redis.exceptions.ResponseError as error:
            server.breaker.succeeded()
            self._refused(error)
            return None
        except (redis.exceptions.RedisError, OSError) as error:
            server.failed(error)
            return None
        server.breaker.succeeded()
        return answer

    def _refused(self, error: Exception) -> None:
        kind = type(error).__name__
        if kind not in self._refusals:
            self._refusals.add(kind)
            guards.log("kit.cache", logging.WARNING, "Redis refuses a command", extra={"error": kind})

    def _catch_up(self, client: "redis.Redis") -> None:
        """Do the deletions that are still to be done; nobody reads before that."""
        with self._pending_lock:
            if self._pending_clear:
                client.set(self._version, new_version())
                self._pending_clear = False
            if not self._pending:
                return
            keys = list(self._pending)
            pipeline = client.pipeline(transaction=False)  # one round trip, however many there are
            for key in keys:
                pipeline.set(self._key(key), tombstone(), px=_TOMBSTONE_MS)
            for key, answer in zip(keys, pipeline.execute(raise_on_error=False), strict=True):
                if isinstance(answer, Exception):
                    self._bury(client, key)
                self._pending.discard(key)
