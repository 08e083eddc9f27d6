"""Waiting times between attempts."""

from collections.abc import Iterator

_MOST_DOUBLINGS = 60  # 2.0 ** 1100 is no float


class Backoff:
    """Double the waiting time with each attempt, up to a cap, and take a random part of it.

    Clients that failed together must not come back together: that is why the wait is random.

    base, cap: seconds after the first attempt, and at most
    least: the share of the time that is always waited, from 0 (nothing: "full jitter") to 1 (no jitter)

    >>> Backoff(0.1, 2.0).delay(3)  # doctest: +SKIP
    0.2718281828459045
    """

    __slots__ = ("base", "cap", "least")

    def __init__(self, base: float, cap: float, *, least: float = 0.0) -> None:
        if not 0 < base <= cap:
            raise ValueError(f"0 < base <= cap seconds, not {base!r} and {cap!r}")
        if not 0 <= least <= 1:
            raise ValueError(f"least is a share from 0 to 1, not {least!r}")
        self.base = base
        self.cap = cap
        self.least = least

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait after the given attempt, counted from 1."""
        from random import uniform

        whole = min(self.cap, self.base * 2.0 ** min(max(attempt, 1) - 1, _MOST_DOUBLINGS))
        return uniform(whole * self.least, whole)  # noqa: S311  (it only spreads the load)

    def delays(self, attempts: int) -> Iterator[float]:
        """Yield the seconds between so many attempts: one number fewer than there are attempts."""
        return map(self.delay, range(1, attempts))
