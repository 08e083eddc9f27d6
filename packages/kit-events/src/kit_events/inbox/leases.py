"""Inboxes that stand beside the work: a lease while it runs, a mark when it is done."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from kit_core import guards

from kit_events.errors import LeaseLostError
from kit_events.inbox.attempt import Attempt


class LeasedInbox(ABC):
    """Hold a key by a lease: its random token fences off a holder that comes back after the lease was taken over.

    `clock` returns seconds since the epoch; those of all functions on one inbox have to agree within the time by which
    a lease is longer than the work.
    """

    transactional = False

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    @contextmanager
    def attempt(self, key: str, *, lease: float, retention: float) -> Iterator[Attempt]:
        """Hold the key by a lease for a `with` block; see `Inbox.attempt`."""
        token, now = uuid4().hex, self._clock()
        stored = self._take(key, token, now=now, until=now + lease)
        if stored is not None:
            yield Attempt(stored)
            return
        attempt = Attempt()
        try:
            yield attempt
        except GeneratorExit:
            # Dropped without an end, as by a process that is going down: the holder of the lease may still be at work.
            raise
        except BaseException:
            self._free(key, token)
            raise
        self._mark(key, token, attempt.result, expires=self._clock() + retention)

    def _mark(self, key: str, token: str, result: str, *, expires: float) -> None:
        """Mark the key as done. Raise `LeaseLostError` alone: the work is done, and must not be done again."""
        try:
            self._finish(key, token, result, expires=expires)
        except LeaseLostError:
            raise
        except Exception:  # noqa: BLE001
            told = {"inbox_key": key}
            guards.log("kit.events", logging.ERROR, "INBOX_NOT_MARKED", exc_info=True, extra=told)

    def _free(self, key: str, token: str) -> None:
        try:
            self._release(key, token)
        except Exception:  # noqa: BLE001
            # The work's own exception is the one to be seen; the lease ends by itself.
            told = {"inbox_key": key}
            guards.log("kit.events", logging.WARNING, "INBOX_NOT_RELEASED", exc_info=True, extra=told)

    @abstractmethod
    def _take(self, key: str, token: str, *, now: float, until: float) -> str | None:
        """Take a key that nobody holds, or return the result if it is finished, or raise `InProgressError`."""

    @abstractmethod
    def _finish(self, key: str, token: str, result: str, *, expires: float) -> None:
        """Keep the result if the token still holds the key, else raise `LeaseLostError`."""

    @abstractmethod
    def _release(self, key: str, token: str) -> None:
        """Forget the key if the token still holds it."""
