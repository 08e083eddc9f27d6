"""One delivery's attempt at a message's work, and the port of the inboxes that remember its end."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from kit_core.json import dumps, loads


class Attempt:
    """Hold how the work on a message ended before, or take how it ends now.

    `finished` says that it was done before; `answer` returns the result of then.
    """

    __slots__ = ("finished", "result")

    def __init__(self, stored: str | None = None) -> None:
        self.finished = stored is not None
        self.result = "null" if stored is None else stored

    def finish(self, value: Any) -> None:
        """Keep the result of the work; raise as `kit_core.json.dumps` for a value that has no form in JSON."""
        if value is not None:
            self.result = dumps(value)

    def answer(self) -> Any:
        """Return the kept result as JSON reads it."""
        return loads(self.result)


class Inbox(Protocol):
    """Remember which messages were worked on.

    `transactional` says that the work is part of the inbox's own transaction, so that it has to run in the thread or
    task that entered the attempt.
    """

    transactional: bool

    def attempt(self, key: str, *, lease: float, retention: float) -> AbstractContextManager[Attempt]:
        """Hold the key for a `with` block: left normally it is finished, left by an exception it is free again.

        `lease` and `retention` are seconds: how long a holder that was killed keeps others out, and how long a
        finished key is remembered. Raise `InProgressError` if somebody else holds it, `LeaseLostError` at the end of
        the block if somebody else has taken it meanwhile. A mark that cannot be written is logged: the work is done.
        """
        ...
