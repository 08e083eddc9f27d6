"""Many messages in few calls. Throttled messages are sent again, in the order of their groups."""

import time
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from kit_core.backoff import Backoff

from kit_aws.errors import AwsConnectionError, AwsError, BatchError, Failure
from kit_aws.message import MOST_BYTES
from kit_aws.queue import Queue

_MOST_AT_ONCE = 10
_MOST_TRIES = 5
_BACKOFF = Backoff(0.2, 2.0)  # seconds
_NOT_SENT = "NotSent"


class Entry:
    """Hold one message with its index, the group within which it keeps its place, and its bytes."""

    __slots__ = ("group", "index", "parameters", "size", "tries")

    def __init__(self, index: int, group: Hashable, parameters: dict[str, Any], size: int) -> None:
        self.index = index
        self.group = group
        self.parameters = parameters
        self.size = size
        self.tries = 0


def send(queue: Queue, entries: Iterable[Entry]) -> None:
    """Send all entries. Raise `BatchError` with the failed ones, or the call's own error if the first call failed."""
    groups: dict[Hashable, deque[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, deque()).append(entry)
    run = _Run(queue, groups.values())
    try:
        run.finish()
    except AwsError as error:
        if not run.has_sent:
            raise
        run.give_up(error)
        raise run.error() from error
    if run.failures:
        raise run.error()


class _Run:
    """Send the first message of each group until none is left."""

    def __init__(self, queue: Queue, groups: Iterable[deque[Entry]]) -> None:
        self._queue = queue
        self._groups = deque(groups)
        self._calling: Sequence[deque[Entry]] = ()
        self.failures: list[Failure] = []
        self.has_sent = False

    def finish(self) -> None:
        """Send until every message is sent or has failed."""
        while self._groups:
            self._calling = self._next()
            again = self._call([group[0] for group in self._calling])
            for group in reversed(self._calling):
                if group and group[0].index in again:
                    self._groups.appendleft(group)  # the longest waiting goes first
                elif group:
                    self._groups.append(group)
            self._calling = ()
            if again:
                time.sleep(_BACKOFF.delay(max(again.values())))

    def give_up(self, error: AwsError) -> None:
        """Mark all remaining messages as failed, since a call failed as a whole."""
        code, unknown = error.code or type(error).__name__, isinstance(error, AwsConnectionError)
        for group in self._calling:
            self._fail(group, code, str(error), unknown=unknown)
        for group in self._groups:
            self._drop(group, "a call before it failed")

    def error(self) -> BatchError:
        """Return the error that names the failed messages, in their order."""
        return BatchError("SendMessageBatch", sorted(self.failures), resource=self._queue.name)

    def _next(self) -> list[deque[Entry]]:
        """Take the groups whose first messages fit into one call."""
        taken: list[deque[Entry]] = []
        room = MOST_BYTES
        while self._groups and len(taken) < _MOST_AT_ONCE and self._groups[0][0].size <= room:
            room -= self._groups[0][0].size
            taken.append(self._groups.popleft())
        return taken

    def _call(self, entries: Sequence[Entry]) -> dict[int, int]:
        """Send one batch; return the indexes of those to be sent again, with how often they have been tried."""
        answer = self._queue.call(
            "SendMessageBatch",
            Entries=[{"Id": str(number), **entry.parameters} for number, entry in enumerate(entries)],
        )
        sent = {each["Id"] for each in answer.get("Successful", ())}
        failed = {each["Id"]: each for each in answer.get("Failed", ())}
        again: dict[int, int] = {}
        for number, group in enumerate(self._calling):
            entry = group[0]
            entry.tries += 1
            if str(number) in sent:
                group.popleft()
                self.has_sent = True
                continue
            why = failed.get(str(number), {})
            if why.get("SenderFault") or entry.tries >= _MOST_TRIES:
                self._fail(group, why.get("Code", "Unknown"), why.get("Message", "no message"))
            else:
                again[entry.index] = entry.tries
        return again

    def _fail(self, group: deque[Entry], code: str, message: str, *, unknown: bool = False) -> None:
        self.failures.append(Failure(group.popleft().index, code, message, unknown=unknown))
        self._drop(group, "a message of its group before it failed")

    def _drop(self, group: deque[Entry], why: str) -> None:
        self.failures += [Failure(entry.index, _NOT_SENT, why) for entry in group]
        group.clear()
