"""Leaving something alone for a while after it has failed."""

import threading
import time


class Breaker:
    """Opens for `seconds` when told of a failure; then lets one caller try, and the others when that has worked."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open_until: float | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self._open_until is not None

    def allows(self) -> bool:
        """Tell whether to try now; the first to ask after the pause gets the one attempt."""
        if self._open_until is None:
            return True
        with self._lock:
            now = time.monotonic()
            if now < (self._open_until or 0):
                return False
            self._open_until = now + self._seconds
            return True

    def failed(self) -> bool:
        """Open, or stay open; tell whether it was closed until now."""
        with self._lock:
            first = self._open_until is None
            self._open_until = time.monotonic() + self._seconds
            return first

    def succeeded(self) -> bool:
        """Close; tell whether it was open until now."""
        if self._open_until is None:
            return False
        self._open_until = None
        return True
