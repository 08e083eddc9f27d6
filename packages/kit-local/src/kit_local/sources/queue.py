"""A queue that feeds a function: receive, invoke, delete what succeeded, and let the rest come again.

After "Using Lambda with Amazon SQS" and "Handling errors for an SQS event source in Lambda".
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from kit_local.bridges.visibility import Visibility
from kit_local.errors import LocalError, MappingError
from kit_local.logs import Outcome
from kit_local.runtime.api import Answer
from kit_local.runtime.pool import Functions, RefusedError
from kit_local.sources import events
from kit_local.sources.filters import lets_in
from kit_local.sources.repeat import repeat
from kit_local.sources.sqs import LONG_POLL, Queue, QueueError
from kit_local.stack import QueueSource

CONCURRENCY = 5  # batches at once, where the template says nothing; Lambda starts with five, too
_PAUSE = 0.1  # seconds between two polls that don't wait themselves
logger = logging.getLogger("kit.local")


class Poller:
    """One event source mapping.

    `retry_delay` is the seconds until a failed message comes again, None for the queue's own visibility timeout.
    `visibility` knows which messages the function has hidden itself, `fail` gets the error after which nothing is
    polled any more.
    """

    def __init__(
        self,
        source: QueueSource,
        queue: Queue,
        functions: Functions,
        *,
        visibility: Visibility,
        fail: Callable[[LocalError], object],
        retry_delay: int | None,
    ) -> None:
        self._source, self._queue, self._functions = source, queue, functions
        self._visibility, self._fail, self._retry_delay = visibility, fail, retry_delay
        self._limit = source.maximum_concurrency or CONCURRENCY
        self._batches: set[asyncio.Task[None]] = set()
        self._retry_until = 0.0
        self._task = asyncio.create_task(repeat(self._turn, name=source.mapping or source.queue_arn))

    async def stop(self) -> None:
        """Stop polling; what is being worked on becomes visible again when its time is over."""
        tasks = [self._task, *self._batches]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self) -> None:
        """Receive the next batch, and begin to work on it."""
        if messages := await self._receive():
            batch = asyncio.create_task(self._work(messages))
            self._batches.add(batch)
            batch.add_done_callback(self._batches.discard)
        if len(self._batches) >= self._limit:
            await asyncio.wait(self._batches, return_when=asyncio.FIRST_COMPLETED)

    async def _receive(self) -> list[dict[str, Any]]:
        """Return the messages of the next batch: as soon as there are any, or when the batching window is over."""
        size = self._source.batch_size
        # moto spins through a long poll while a group of a FIFO queue is locked, and doesn't see it being unlocked.
        locked = self._source.fifo and (self._batches or time.monotonic() < self._retry_until)
        messages = await self._queue.receive(size, wait=0 if locked else LONG_POLL)
        if not messages and locked:
            await asyncio.sleep(_PAUSE)
        window = time.monotonic() + self._source.window
        while messages and len(messages) < size and time.monotonic() < window:
            try:
                more = await self._queue.receive(size - len(messages), wait=0)
            except QueueError as error:
                logger.warning("%s", error)
                break  # with what there is: it would be hidden otherwise until its visibility timeout
            messages += more
            if not more:
                await asyncio.sleep(_PAUSE)
        return messages

    async def _work(self, messages: list[dict[str, Any]]) -> None:
        """Run one batch through the function; delete the messages that succeeded, and let the others come again."""
        failed = {message["MessageId"] for message in messages}
        changed: Mapping[str, int] = {}
        try:
            with self._visibility.watch(message["ReceiptHandle"] for message in messages) as changed:
                failed = await self._failures(messages)
        except MappingError as error:
            self._task.cancel()
            self._fail(error)
            return
        except Exception:
            logger.exception("a batch of %s could not be worked on", self._source.queue_arn)
        done = [message for message in messages if message["MessageId"] not in failed]
        left = [message for message in messages if message["MessageId"] in failed]
        try:
            await self._queue.delete(done)
        except QueueError as error:
            logger.warning("%s", error)
        try:
            await self._put_back(left, changed)
        except QueueError as error:
            logger.warning("%s", error)

    async def _put_back(self, messages: list[dict[str, Any]], changed: Mapping[str, int]) -> None:
        """Let messages come again: those in `changed` after as many seconds as the function itself has said."""
        if not messages:
            return
        unchanged = [message for message in messages if message["ReceiptHandle"] not in changed]
        delay = self._retry_delay
        if delay is None:
            delay = await self._queue.visibility_timeout()
        else:
            await self._queue.hide(unchanged, delay)
        delays = [changed.get(message["ReceiptHandle"], delay) for message in messages]
        self._retry_until = max(self._retry_until, time.monotonic() + max(delays) + 1)

    async def _failures(self, messages: list[dict[str, Any]]) -> set[str]:
        """Invoke the function; return the ids of the messages that have to come again."""
        records = [events.record(message, self._source) for message in messages]
        records = [entry for entry in records if lets_in(self._source.filters, entry)]
        if not records:
            return set()
        everything = {entry["messageId"] for entry in records}
        try:
            event = events.event(records, self._source)
        except (KeyError, TypeError, ValueError):
            logger.warning("a message in %s is no %s event", self._source.queue_arn, self._source.origin)
            return everything
        if event is None:
            return set()
        failed: set[str] = set()

        def judge(answer: Answer) -> Outcome:
            failed.update(self._failed(answer, everything))
            return self._outcome(answer, [entry for entry in records if entry["messageId"] in failed], len(records))

        title, function = self._title(records), self._source.function
        try:
            answer = await self._functions.invoke(function, event, source=title, wait=True, judge=judge)
        except RefusedError:
            return everything
        if failed and not answer.failed and not self._source.report_failures:
            where = self._source.mapping or "its event source mapping"
            raise MappingError(function, where, failed=len(failed), count=len(records))
        return failed

    def _failed(self, answer: Answer, everything: set[str]) -> set[str]:
        """Return the ids that have failed: also those that the function names, and nobody would read on AWS."""
        if answer.failed:
            return everything
        if self._source.origin != "sqs":
            return set()
        misses = answer.mapping.get("batchItemFailures")
        return failures(answer, everything) if self._source.report_failures or misses else set()

    def _outcome(self, answer: Answer, failed: list[dict[str, Any]], count: int) -> Outcome:
        """Return what the terminal says: of messages that had their last attempt, where they are now."""
        if not failed:
            return answer.outcome
        text = answer.outcome[0] if answer.failed else f"{len(failed)} of {count} failed"
        attempts = [int(entry["attributes"].get("ApproximateReceiveCount", 0)) for entry in failed]
        last = sum(attempt >= self._source.attempts for attempt in attempts) if self._source.attempts else 0
        if last:
            text += f"{f', {last}' if last < len(failed) else ''} -> {self._source.dead_letters}"
        return text, "red"

    def _title(self, records: list[dict[str, Any]]) -> str:
        name = (self._source.origin_arn or self._source.queue_arn).rpartition(":")[2]
        return f"{self._source.origin} {name}" + (f" ×{len(records)}" if len(records) > 1 else "")


def failures(answer: Answer, everything: set[str]) -> set[str]:
    """Return the message ids that a partial batch answer names; all of them where it makes no sense.

    Nothing at all, an empty object and an empty list are complete successes ("Implementing partial batch responses").
    """
    try:
        value = answer.value
        listed = (value or {}).get("batchItemFailures") or []
        failed = {item["itemIdentifier"] for item in listed}
    except (AttributeError, KeyError, TypeError, ValueError):
        return everything
    return failed if failed <= everything else everything
