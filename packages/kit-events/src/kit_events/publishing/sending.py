"""Sends messages in batches, and again those that failed."""

from collections import deque
from collections.abc import Iterator, Sequence
from uuid import UUID

from kit_core import guards
from kit_core.backoff import Backoff

from kit_events.errors import EventHeldBackError, EventRefusedError, EventsError, EventTooLargeError
from kit_events.publishing.drivers.driver import Driver
from kit_events.publishing.message import Message, log_keys

Failures = dict[UUID, Exception]

MOST = 10  # messages in a batch of SNS, SQS or EventBridge
ATTEMPTS = 3
_WAITS = Backoff(0.2, 0.4)  # seconds, between two attempts


def send(driver: Driver, messages: Sequence[Message], *, limit: int, bucket: str | None) -> Failures:
    """Send messages; return the errors by the message's id."""
    failed: Failures = {}
    ready = [within for each in messages if (within := _within(driver, each, limit, bucket, failed)) is not None]
    most_bytes = max(limit, driver.max_bytes)
    if driver.ordered:
        _in_order(driver, messages, {message.id: message for message in ready}, most_bytes, failed)
    else:
        _in_parallel(driver, list(_batches(ready, most_bytes)), failed)
    _tell(messages, failed)
    return {message.id: failed[message.id] for message in messages if message.id in failed}


def refusal_of(driver: Driver, message: Message) -> EventRefusedError | None:
    """Return the error of a message that the destination would never take, as far as the driver can tell."""
    ask = getattr(driver, "refusal", None)
    error: EventRefusedError | None = None if ask is None else ask(message)
    return error


def _within(driver: Driver, message: Message, limit: int, bucket: str | None, failed: Failures) -> Message | None:
    """Return a message that the destination takes: itself, or one with a claim to its payload."""
    if error := refusal_of(driver, message):
        failed[message.id] = error
        return None
    if message.size <= limit:
        return message
    from kit_aws import AwsError

    from kit_events.publishing import claim_check

    try:
        lighter, payload = lightened(message, limit, bucket)
        if bucket is not None and payload is not None:
            claim_check.store(message, bucket, payload)
        return lighter
    except (EventsError, AwsError) as failure:
        failed[message.id] = failure
        return None


def lightened(message: Message, limit: int, bucket: str | None) -> tuple[Message, bytes | None]:
    """Return a message that is no larger than the limit, and the payload that it claims, if that makes it fit.

    Nothing is stored yet. Raise `EventTooLargeError`.
    """
    lighter, payload = message, None
    if bucket is not None and message.size > limit:
        from kit_events.publishing import claim_check

        lighter, payload = claim_check.split(message, bucket)
    if lighter.size > limit:
        raise EventTooLargeError(message.type, lighter.size, limit)
    return lighter, payload


def _batches(messages: Sequence[Message], most_bytes: int) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == MOST or size + message.size > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch


def _in_parallel(driver: Driver, batches: list[list[Message]], failed: Failures) -> None:
    together = min(driver.in_flight, len(batches))
    if together < 2:
        for batch in batches:
            failed.update(_deliver(driver, batch))
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(together, "kit-events") as threads:
        for result in threads.map(lambda batch: _deliver(driver, batch), batches):
            failed.update(result)


def _in_order(
    driver: Driver, messages: Sequence[Message], ready: dict[UUID, Message], most_bytes: int, failed: Failures
) -> None:
    """Send each aggregate's messages one after the other; a batch holds at most one of each aggregate.

    A batch's entries fail one by one: were two of an aggregate in it, the second could be taken without the first.
    """
    waiting: dict[UUID, deque[Message]] = {}
    for message in messages:
        waiting.setdefault(message.aggregate_id, deque()).append(message)
    while waiting:
        heads = [ready[queue[0].id] for queue in waiting.values() if queue[0].id in ready]
        for batch in _batches(heads, most_bytes):
            failed.update(_deliver(driver, batch))
        for aggregate_id, queue in list(waiting.items()):
            error = failed.get(queue.popleft().id)
            if error is not None:
                failed.update({message.id: _held_back(message, error) for message in queue})
            if error is not None or not queue:
                del waiting[aggregate_id]


def _held_back(message: Message, cause: Exception) -> EventHeldBackError:
    error = EventHeldBackError(message.type, message.aggregate_id)
    error.__cause__ = cause
    return error


def _deliver(driver: Driver, batch: list[Message]) -> Failures:
    """Send a batch, and again the messages that the destination failed to take; return the remaining errors."""
    final: Failures = {}
    failures: Failures = {}
    for attempt in range(ATTEMPTS):
        if attempt:
            _wait(attempt)
        failures = _attempt(driver, batch, final)
        final |= {key: error for key, error in failures.items() if isinstance(error, EventRefusedError)}
        batch = [message for message in batch if message.id in failures and message.id not in final]
        if not batch:
            break
    return final | {message.id: failures[message.id] for message in batch}


def _attempt(driver: Driver, batch: list[Message], final: Failures) -> Failures:
    """Send a batch once; return the errors of its entries. A call that fails was repeated by the client already."""
    try:
        return driver.send(batch)
    except Exception as error:  # noqa: BLE001  (it is reported with each of its messages)
        if len(batch) == 1 or not _is_about_one(error):
            final |= {message.id: error for message in batch}
            return {}
    failures: Failures = {}
    for message in batch:
        failures |= _attempt(driver, [message], final)
    return failures


def _is_about_one(error: Exception) -> bool:
    """Say whether a call may have failed because of one of its messages: then each is sent by itself."""
    from kit_aws import AwsError, ParameterError

    if isinstance(error, ParameterError):
        return True
    return type(error) is AwsError and any(word in (error.code or "") for word in ("Invalid", "Validation", "TooLong"))


def _wait(attempt: int) -> None:
    from time import sleep

    sleep(_WAITS.delay(attempt))


def _tell(messages: Sequence[Message], failed: Failures) -> None:
    import logging

    if not logging.getLogger("kit.events").isEnabledFor(logging.INFO):
        return
    for message in messages:
        if message.id not in failed:
            guards.log("kit.events", logging.INFO, "EVENT_PUBLISHED", extra=log_keys(message))
