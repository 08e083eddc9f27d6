"""How long a statement may take: what is left of the invocation, and what was set."""

from collections.abc import Callable

from kit_db.errors import StatementTimeoutError

MARGIN = 0.5
"""Seconds of the invocation that are left to the function, to answer that the database was too slow."""

GRACE = 0.25
"""Seconds that the server has to say that its time is up, before it is taken for dead; less than MARGIN."""

_ENDING = 1.0
_DAY = 86_400.0
_source: Callable[[], float | None] | None = None


def set_time_left(source: Callable[[], float | None] | None) -> None:
    """Say how to find out how many milliseconds the invocation has left, for all databases of the process.

    That is `context.get_remaining_time_in_millis`, or anything that returns such a number, or None while nothing is
    being handled. With None for `source` nothing is known any more.
    """
    global _source
    _source = source


def seconds_left() -> float | None:
    """Return how many seconds the database may use, or None if nobody knows; negative if there are none.

    A day at the most, which is more than any function has.
    """
    left = None if _source is None else _source()
    return None if left is None else min(left / 1000 - MARGIN, _DAY)


def at_most(seconds: float) -> float:
    """Return a time to wait, or what is left if that is less; never less than none."""
    left = seconds_left()
    return seconds if left is None else max(0.0, min(seconds, left))


class Limits:
    """What one connection's statements may take, in seconds; `send` says whether the server is told."""

    __slots__ = ("lock", "send", "statement")

    def __init__(self, statement: float | None = None, lock: float | None = None, *, send: bool = True) -> None:
        self.statement = statement
        self.lock = lock
        self.send = send

    def seconds(self) -> float | None:
        """Return how long the next statement may take. StatementTimeoutError if there is no time left."""
        if _source is None or (left := seconds_left()) is None:
            return self.statement
        if left <= 0:
            raise StatementTimeoutError("there is no time left for a statement")
        return left if self.statement is None else min(left, self.statement)

    def ending(self) -> float | None:
        """Return how long COMMIT or ROLLBACK may take: a second at least, as they are said whatever happened."""
        left = seconds_left()
        known = [each for each in (left, self.statement) if each is not None]
        return max(_ENDING, min(known)) if known else None

    def settings(self, seconds: float | None, verb: str = "SET LOCAL") -> list[str]:
        """Return the statements that tell the server, by default for the transaction in which they are sent."""
        told = []
        if self.send and seconds is not None:
            told.append(f"{verb} statement_timeout = {max(1, int(seconds * 1000))}")
        if self.send and self.lock is not None:
            told.append(f"{verb} lock_timeout = {max(1, int(self.lock * 1000))}")
        return told
