"""A clock that is moved by hand."""

import time
from typing import Self

from kit_cache import clock


class FakeClock:
    """Moves the time of kit-cache, in a `with` block; `time` itself goes on as it is.

    seconds: how far both clocks are put forward
    wall: how far the wall clock is put forward, or back, in addition: as when it is set, or the process was frozen

    >>> with FakeClock() as moved:
    ...     moved.seconds = 301  # the default ttl is over
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.wall = 0.0

    def __enter__(self) -> Self:
        clock.wall = lambda: time.time() + self.seconds + self.wall
        clock.mono = lambda: time.monotonic() + self.seconds
        return self

    def __exit__(self, *error: object) -> None:
        clock.restart()
