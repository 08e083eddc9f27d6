"""Asynchronous invocations: three attempts, then the function's dead-letter queue, or nothing.

After "How Lambda handles errors and retries with asynchronous invocation" and "Adding a dead-letter queue".
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from kit_local.logs import Outcome
from kit_local.runtime.api import Answer
from kit_local.runtime.pool import Functions, RefusedError
from kit_local.stack import Function

ATTEMPTS = 3
_DELAYS = (60, 120)  # seconds before the second and the third attempt on AWS
# Puts a body with attributes into the queue that has an ARN.
Send = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]
logger = logging.getLogger("kit.local")


class Asynchronous:
    """Run functions for callers who don't wait; `retry_delay` is the seconds between attempts, None for AWS's own."""

    def __init__(
        self, functions: Functions, known: Mapping[str, Function], send: Send, *, retry_delay: int | None
    ) -> None:
        self._functions, self._known, self._send, self._retry_delay = functions, known, send, retry_delay
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, function: str, event: Any, *, source: str) -> None:
        """Run the function that the template calls `function`, soon; `source` is what the terminal shows."""
        task = asyncio.create_task(self._run(function, event, source))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up what is still to be run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, function: str, event: Any, source: str) -> None:
        dead = self._known[function].dead_letters
        then = dead.rpartition(":")[2] or "given up"
        for attempt in range(1, ATTEMPTS + 1):
            last = f" -> {then}" if attempt == ATTEMPTS else ""

            def judge(answer: Answer, last: str = last) -> Outcome:
                text, colour = answer.outcome
                return (text + last, colour) if answer.failed else (text, colour)

            try:
                answer = await self._functions.invoke(function, event, source=source, wait=True, judge=judge)
            except RefusedError as error:
                answer = Answer.failure(error.kind, str(error))
            except Exception as error:
                logger.exception("an event of %s could not be given to %s", source, function)
                answer = Answer.failure(type(error).__name__, str(error))
            if not answer.failed:
                return
            if attempt < ATTEMPTS:
                await asyncio.sleep(_DELAYS[attempt - 1] if self._retry_delay is None else self._retry_delay)
        if dead:
            await self._bury(dead, event, answer)

    async def _bury(self, queue: str, event: Any, answer: Answer) -> None:
        """Put the event, as it was, into the dead-letter queue."""
        reason = str(answer.mapping.get("errorMessage") or answer.error_type)
        texts = {"RequestID": str(uuid4()), "ErrorMessage": reason.encode()[:1024].decode(errors="ignore") or "Error"}
        attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
        attributes["ErrorCode"] = {"DataType": "Number", "StringValue": "200"}
        try:
            await self._send(queue, json.dumps(event), attributes)
        except Exception as error:  # noqa: BLE001 - it would end without a word
            logger.warning("%s has not got an event that failed: %s", queue, error)
