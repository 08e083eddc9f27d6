"""One Redis as this process sees it: its client, whether it is left alone, and the deletions that it has missed."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from kit_core import guards
from kit_core.invocation import remaining_ms

from kit_cache.breaker import Breaker
from kit_cache.tiers.redis.client import Client, Command
from kit_cache.tiers.redis.wire import ReplyError

PAUSE = 0.6  # seconds for which a Redis that does not answer is left alone
SETTLE = 0.3  # seconds after its return during which it is not believed: others are making up for their deletions
_RETRY = 0.1
# Errors that say: this node is no primary, or not ready. Connections are opened anew, and find the new one.
_UNREADY = frozenset({"READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "TRYAGAIN"})


class NotAnsweredError(Exception):
    """Say that Redis does not answer, or may not be asked; never leaves the package."""


class Link:
    """Asks one Redis; `replay` jobs are done before anything else once it is back."""

    def __init__(self, client: Client, timeout: float) -> None:
        self.client = client
        self._timeout = timeout
        self.breaker = Breaker(PAUSE)
        self._trusted_from = 0.0
        self._replays: dict[object, tuple[int, Callable[[], None]]] = {}
        self._rounds = 0  # how often everything that was put off has been done
        self._asked = 0  # how often something was put off: an operation may be put off again while it is done
        self._lock = threading.Lock()
        self._replaying = threading.RLock()
        self._worker: threading.Thread | None = None
        self._refusals: set[str] = set()

    def ask(self, commands: Sequence[Command]) -> list[object]:
        """Return the replies; NotAnsweredError if there are none, or one of them says that the server is not ready."""
        self._check_time()
        try:
            if self._replays:
                self._replay_first()
            replies = self.client.execute(commands)
            for reply in replies:
                if type(reply) is ReplyError:
                    self._refused(reply)
        except OSError as error:
            self._failed(error)
            raise NotAnsweredError from None
        if self.breaker.succeeded():
            self._trusted_from = time.monotonic() + SETTLE
        return replies

    def trusts(self) -> bool:
        """Tell whether values read now are believed: not in the first moment after Redis was away."""
        return not self._trusted_from or time.monotonic() >= self._trusted_from

    def _check_time(self) -> None:
        remaining = remaining_ms()
        if remaining is not None and remaining < self._timeout * 1000:
            raise NotAnsweredError  # the invocation would end before the time-out does
        if not self.breaker.allows():
            raise NotAnsweredError

    def on_nodes(self, operation: Callable[[Callable[[Sequence[Command]], list[object]]], None]) -> None:
        """Call `operation` with a way to ask, for each primary."""

        self._check_time()
        try:
            for node in self.client.primaries():
                operation(partial(self.client.ask, node))
        except OSError as error:
            self._failed(error)
            raise NotAnsweredError from None

    def later(self, key: object, replay: Callable[[], None]) -> None:
        """Do something as soon as Redis is back: before anything else, and without waiting for another call."""
        with self._lock:
            self._asked += 1
            self._replays[key] = (self._asked, replay)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._keep_trying, name="kit-cache-redis", daemon=True)
                self._worker.start()

    def close(self) -> None:
        """Close the connections, and forget the pending deletions."""
        with self._lock:
            self._replays.clear()
        self.client.close()

    def _replay(self) -> None:
        with self._replaying:
            for key, asked in list(self._replays.items()):
                asked[1]()
                with self._lock:
                    if self._replays.get(key) == asked:
                        del self._replays[key]
            self._rounds += 1

    def _replay_first(self) -> None:
        """Do the pending deletions; where the thread is at it, wait for its attempt and not for a second time-out."""
        rounds = self._rounds
        if self._replaying.acquire(blocking=False):
            try:
                self._replay()
            finally:
                self._replaying.release()
            return
        if self._replaying.acquire(timeout=self._timeout):
            self._replaying.release()
        if self._rounds == rounds:
            raise TimeoutError("what was put off is not done yet")

    def _keep_trying(self) -> None:
        """Run in a thread while there is something to make up for; the breaker does not hold it back."""
        while self._replays:
            time.sleep(_RETRY)
            try:
                self._replay()
            except OSError:
                continue
            except Exception as error:  # noqa: BLE001  (a thread has nobody to tell)
                guards.log("kit.cache", logging.WARNING, "a deletion can't be made up for", exc_info=error)
                return

    def _refused(self, reply: ReplyError) -> None:
        if reply.code in _UNREADY:
            raise ConnectionResetError(f"Redis answers {reply.code}")
        if reply.code not in self._refusals:
            self._refusals.add(reply.code)
            guards.log("kit.cache", logging.WARNING, "Redis refuses a command", extra={"error": reply.code})

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ConnectionAbortedError):
            return  # closed by `reset`, while a thread was still at work
        self.client.drop_connections()
        if self.breaker.failed():
            message = "Redis doesn't answer, going on without it"
            guards.log("kit.cache", logging.WARNING, message, extra={"error": type(error).__name__})
