"""An inbox in this process, for tests."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from kit_events.errors import InProgressError, LeaseLostError
from kit_events.inbox.leases import LeasedInbox


class _Entry(NamedTuple):
    token: str
    until: float
    result: str | None = None


class MemoryInbox(LeasedInbox):
    """Remember in this process: for tests, as a function has many processes, and forgets with each."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock=clock)
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def _take(self, key: str, token: str, *, now: float, until: float) -> str | None:
        with self._lock:
            found = self._entries.get(key)
            if found is None or found.until <= now:
                self._entries[key] = _Entry(token, until)
                return None
        if found.result is None:
            raise InProgressError(key, found.until - now)
        return found.result

    def _finish(self, key: str, token: str, result: str, *, expires: float) -> None:
        with self._lock:
            if not self._holds(key, token):
                raise LeaseLostError(key)
            self._entries[key] = _Entry(token, expires, result)

    def _release(self, key: str, token: str) -> None:
        with self._lock:
            if self._holds(key, token):
                del self._entries[key]

    def _holds(self, key: str, token: str) -> bool:
        found = self._entries.get(key)
        return found is not None and found.token == token
