"""A token bucket, as API Gateway throttles an account's requests."""

import time
from collections.abc import Callable


class Throttle:
    """Let through `rate` requests a second, and up to `burst` at once.

    The burst is half the rate by default, as an account's on AWS (10,000 and 5,000). `clock` returns seconds. "Throttle
    requests to your APIs for better throughput": the token bucket algorithm.
    """

    def __init__(self, rate: float, burst: float = 0.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        if rate <= 0:
            raise ValueError(f"a rate is a number of requests a second, not {rate!r}")
        self.rate, self.burst = rate, burst or max(rate / 2, 1.0)
        self._clock = clock
        self._tokens, self._at = self.burst, clock()

    def take(self) -> bool:
        """Take a token; False if there is none, so that the request is refused."""
        now = self._clock()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
