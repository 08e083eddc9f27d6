"""Records that fail: whether they come again, and when; and dead letters, which don't.

Two ports, which are plain callables, so that any package can fill them in:

- a dead letter hook `(raw, error)`: takes a record that will never succeed; if it raises, the record has
  failed and comes again;
- visibility `([(raw, seconds), …])`: lets messages of a queue come again in `seconds`, and not before.
"""

from kit_handler._shape import mapping
from kit_handler.errors import PermanentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.jobs.types import DeadLetter, Visibility

_LONGEST_VISIBILITY = 43_200  # seconds: 12 hours, "Amazon SQS visibility timeout"


class Backoff:
    """Let a message that has failed wait longer each time: `job(backoff=Backoff(visibility))`.

    After the n-th receive it waits between half of and all of `first * 2 ** (n - 1)` seconds, at most `most`: the
    half by chance keeps messages that have failed together from coming back together.
    """

    def __init__(self, visibility: "Visibility", *, first: float = 10.0, most: float = 900.0) -> None:
        if not callable(visibility):
            raise TypeError(f"visibility is a callable that takes [(raw, seconds), …], not {visibility!r}")
        if not 0 < first <= most <= _LONGEST_VISIBILITY:
            raise ValueError(f"0 < first <= most <= {_LONGEST_VISIBILITY} seconds, not {first!r} and {most!r}")
        self.visibility = visibility
        self.first = first
        self.most = most

    def delay(self, receives: int) -> int:
        """Return the seconds to wait after so many receives."""
        from kit_core import backoff

        return max(1, round(backoff.Backoff(self.first, self.most, least=0.5).delay(receives)))


class Policy:
    """Decide on failed records, as a job's options say."""

    def __init__(
        self,
        *,
        dead_letter: "DeadLetter | None" = None,
        permanent: "tuple[type[Exception], ...]" = (),
        max_receives: int | None = None,
        backoff: "Backoff | Visibility | None" = None,
    ) -> None:
        self.permanent = _types(permanent)
        if dead_letter is None and (permanent or max_receives is not None):
            raise TypeError("permanent= and max_receives= need a dead_letter= hook, or the records would be lost")
        if max_receives is not None and max_receives < 1:
            raise ValueError(f"max_receives is at least 1, not {max_receives!r}")
        self.dead_letter = dead_letter
        self.max_receives = max_receives
        self.backoff = backoff if backoff is None or isinstance(backoff, Backoff) else Backoff(backoff)

    def is_poison(self, raw: "Any", error: Exception) -> bool:
        """Tell whether a failed record shall not come again."""
        if self.dead_letter is None:
            return False
        if isinstance(error, self.permanent):
            return True
        return self.max_receives is not None and receives(raw) >= self.max_receives

    def delay(self, raw: "Any") -> int | None:
        """Return the seconds that a failed message waits, or None without `backoff` or outside of queues."""
        count = receives(raw)
        return self.backoff.delay(count) if self.backoff is not None and count else None


def receives(raw: "Any") -> int:
    """Return how often a message has been received, this time included; 0 for records of other sources."""
    count = mapping(raw, "attributes").get("ApproximateReceiveCount") if isinstance(raw, dict) else None
    try:
        return int(count)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0


def _types(permanent: "Any") -> "tuple[type[Exception], ...]":
    listed = (permanent,) if isinstance(permanent, type) else tuple(permanent)
    if not all(isinstance(each, type) and issubclass(each, Exception) for each in listed):
        raise TypeError(f"permanent lists types of exceptions, not {permanent!r}")
    return (PermanentError, *listed)
