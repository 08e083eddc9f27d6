"""How long a statement may take: the remaining time of the invocation, and the limits that were set."""

from __future__ import annotations

from kit_core.invocation import remaining_ms

from kit_db.errors import StatementTimeoutError

MARGIN = 0.5
"""Seconds of the invocation that are left to the function, to answer that the database was too slow."""

GRACE = 0.25
"""Seconds that the server has to say that its time is up, before it is taken for dead; less than MARGIN."""

_ENDING = 1.0
_DAY = 86_400.0


def remaining_seconds() -> float | None:
    """Return the seconds that the database may use, None outside of an invocation; negative if there are none.

    A day at the most, which is more than any function has.
    """
    milliseconds = remaining_ms()
    return None if milliseconds is None else min(milliseconds / 1000 - MARGIN, _DAY)


def at_most(seconds: float) -> float:
    """Return a time to wait, or the remaining time if that is less; never less than 0."""
    remaining = remaining_seconds()
    return seconds if remaining is None else max(0.0, min(seconds, remaining))


class Limits:
    """The limits of one connection's statements, in seconds; `send` says whether the server is told."""

    __slots__ = ("lock", "send", "statement")

    def __init__(self, statement: float | None = None, lock: float | None = None, *, send: bool = True) -> None:
        self.statement = statement
        self.lock = lock
        self.send = send

    def seconds(self) -> float | None:
        """Return how long the next statement may take. StatementTimeoutError if there is no time left."""
        remaining = remaining_seconds()
        if remaining is None:
            return self.statement
        if remaining <= 0:
            raise StatementTimeoutError("there is no time left for a statement")
        return remaining if self.statement is None else min(remaining, self.statement)

    def ending(self) -> float | None:
        """Return how long COMMIT or ROLLBACK may take: a second at least, as they are sent in any case."""
        known = [each for each in (remaining_seconds(), self.statement) if each is not None]
        return max(_ENDING, min(known)) if known else None

    def settings(self, seconds: float | None) -> list[str]:
        """Return the statements that tell the server, for the transaction in which they are sent."""
        if not self.send or (seconds is None and self.lock is None):
            return []
        return [f"SET LOCAL {name} = {value}" for name, value in self._told(seconds)]

    def session(self, seconds: float | None, backend: int) -> str:
        """Return the statement that tells the server for the session.

        It does nothing behind a pooler, which lends its connections: there the process is not the one we logged in to.
        """
        told = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in self._told(seconds))
        return f"SELECT {told} WHERE pg_backend_pid() = {backend}"

    def _told(self, seconds: float | None) -> list[tuple[str, int]]:
        """Return the settings and their values in milliseconds."""
        known = (("statement_timeout", seconds), ("lock_timeout", self.lock))
        return [(name, max(1, int(value * 1000))) for name, value in known if value is not None]
