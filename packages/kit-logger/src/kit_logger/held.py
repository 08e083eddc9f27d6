"""Lines under the level that are held back until an invocation logs an error or fails."""

import threading
from collections import deque


class HeldLines:
    """Hold the lines of one invocation; when there are too many, the oldest are dropped and counted."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._bytes = 0
        self._dropped = 0
        self._lock = threading.Lock()

    def add(self, line: str, most_bytes: int) -> None:
        """Hold a line, and drop the oldest until all of them take `most_bytes` or less."""
        with self._lock:
            self._lines.append(line)
            self._bytes += len(line)
            while self._bytes > most_bytes and self._lines:
                self._bytes -= len(self._lines.popleft())
                self._dropped += 1

    def take(self) -> tuple[list[str], int]:
        """Return the lines and the number of dropped lines, and hold neither of them any more."""
        with self._lock:
            taken = list(self._lines), self._dropped
            self._lines.clear()
            self._bytes = self._dropped = 0
            return taken
