"""The result of sending to many connections."""

from typing import Any, TypeAlias

Cursor: TypeAlias = dict[str, Any]


class Delivery:
    """Say how many connections a message has reached, and where sending goes on.

    reached: how many connections took the message
    gone: the ids of connections that do not exist any more; they are removed from the table
    failures: AWS's error code, or the name of a connection error, by the id of each connection that failed otherwise
    cursor: the place to go on from, as JSON's own types, where the time was over first; None where all is done

    >>> Delivery(reached=2, gone=["c="]).reached
    2
    """

    __slots__ = ("cursor", "failures", "gone", "reached")

    def __init__(
        self,
        *,
        reached: int = 0,
        gone: "list[str] | None" = None,
        failures: "dict[str, str] | None" = None,
        cursor: Cursor | None = None,
    ) -> None:
        self.reached = reached
        self.gone = [] if gone is None else gone
        self.failures = {} if failures is None else failures
        self.cursor = cursor

    @property
    def done(self) -> bool:
        """Tell whether every connection was tried."""
        return self.cursor is None

    def dump(self) -> dict[str, Any]:
        """Return the numbers and the cursor as a dict, for a response or a log line."""
        return {"reached": self.reached, "gone": len(self.gone), "failed": len(self.failures), "cursor": self.cursor}

    def __repr__(self) -> str:
        """Show the numbers."""
        ending = "" if self.cursor is None else ", not done"
        return f"Delivery(reached={self.reached}, gone={len(self.gone)}, failed={len(self.failures)}{ending})"
