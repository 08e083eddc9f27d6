"""The errors of kit-events.

    EventsError
    ├── ClaimError              a payload that was left in S3 is not there as it was
    ├── EventBusNotSetError     EVENT_BUS does not say where to publish
    ├── EventHeldBackError      an event was not sent, since an earlier one of its aggregate failed
    ├── EventRefusedError       the bus refuses an event as it is
    ├── EventShapeError         an event lacks a part, or has it in another shape (also a ValueError)
    ├── EventTooLargeError      an event is larger than the bus takes
    ├── InboxKeyError           a record has nothing by which to tell its deliveries from others'
    ├── InboxNotSetError        KIT_EVENTS_INBOX does not say where to remember
    ├── InProgressError         another delivery of the record is being worked on: try again later
    ├── LeaseLostError          the work took longer than its lease, and somebody else has taken over
    ├── MissingExtraError       an extra of kit-events is not installed (also an ImportError)
    ├── OutboxTransactionError  publishing outside of a transaction, or relaying inside of one
    ├── PublishError            some of many events are not published
    ├── QueueNameError          a queue is given by neither URL nor ARN
    └── RecordShapeError        an incoming record is malformed, or another one (also a ValueError)

A failing call to AWS is a `kit_aws.AwsError`. Each keeps its arguments as attributes, and pickles.
"""

from uuid import UUID

_MOST_SHOWN = 5


class EventsError(Exception):
    """Say that an event cannot be published or read: the root of kit-events' errors."""


class ClaimError(EventsError):
    """Say that a payload left in S3 is gone or altered: `bucket` and `key` are its place, `reason` says which."""

    def __init__(self, bucket: str, key: str, reason: str) -> None:
        super().__init__(bucket, key, reason)
        self.bucket = bucket
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"The payload at s3://{self.bucket}/{self.key} {self.reason}"


class EventBusNotSetError(EventsError):
    """Say that the environment variable EVENT_BUS is not set, or names no bus: `bus` is its value, or None."""

    def __init__(self, bus: str | None) -> None:
        super().__init__(bus)
        self.bus = bus

    def __str__(self) -> str:
        is_now = "it is not set" if self.bus is None else f"not {self.bus!r}"
        return (
            "EVENT_BUS has to be the name or the ARN of a topic, the URL or the ARN of a queue, the ARN of an event "
            f"bus, or memory://…: {is_now}"
        )


class EventHeldBackError(EventsError):
    """Say that an event was not sent, lest it overtake an earlier one of `aggregate_id`, whose error is the cause."""

    def __init__(self, event: str, aggregate_id: UUID) -> None:
        super().__init__(event, aggregate_id)
        self.event = event
        self.aggregate_id = aggregate_id

    def __str__(self) -> str:
        return f"{self.event} waits for an earlier event of {self.aggregate_id} that was not published"


class EventRefusedError(EventsError):
    """Say that the bus refuses an event as it is; `code` and `reason` are AWS's."""

    def __init__(self, event: str, code: str, reason: str) -> None:
        super().__init__(event, code, reason)
        self.event = event
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.event} is refused: {self.code}: {self.reason}"


class EventShapeError(EventsError, ValueError):
    """Say that an event lacks a part of every event, or one of its shape.

    event: the name of the event's class
    field: the part, or the path of a value in it, as "payload.rates[0]"
    reason: the reason, or the remedy
    """

    def __init__(self, event: str, field: str, reason: str) -> None:
        super().__init__(event, field, reason)
        self.event = event
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.event} has no valid {self.field}: {self.reason}"


class EventTooLargeError(EventsError):
    """Say that an event of `size` bytes is over the bus's `limit`."""

    def __init__(self, event: str, size: int, limit: int) -> None:
        super().__init__(event, size, limit)
        self.event = event
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.event} takes {self.size} bytes, and the bus takes at most {self.limit}"


class PublishError(EventsError):
    """Name the events, out of many, that are not published; the first error is the cause.

    failures: the type and the error of each, by its id, in the order in which they were given
    published: the ids of the others
    """

    def __init__(self, failures: dict[UUID, tuple[str, Exception]], published: list[UUID]) -> None:
        super().__init__(failures, published)
        self.failures = failures
        self.published = published
        self.__cause__ = next(error for _, error in failures.values())

    def __str__(self) -> str:
        count = len(self.failures)
        shown = [f"{kind} {event_id}: {error}" for event_id, (kind, error) in list(self.failures.items())[:_MOST_SHOWN]]
        if count > _MOST_SHOWN:
            shown.append(f"and {count - _MOST_SHOWN} more")
        return f"{count} of {count + len(self.published)} events are not published: {'; '.join(shown)}"


class QueueNameError(EventsError, ValueError):
    """Say that `queue` is neither the URL nor the ARN of a queue."""

    def __init__(self, queue: str) -> None:
        super().__init__(queue)
        self.queue = queue

    def __str__(self) -> str:
        return f"{self.queue!r} is neither the URL nor the ARN of a queue"


class RecordShapeError(EventsError, ValueError):
    """Say that an incoming record is malformed.

    record: the name of the expected class
    field: the path of the wrong member, None if the record is altogether something else
    reason: the reason; the content of the record is not repeated, since it may be secret
    """

    def __init__(self, record: str, field: str | None, reason: str) -> None:
        super().__init__(record, field, reason)
        self.record = record
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"Not a valid {self.record}: {f'{self.field!r} ' if self.field else ''}{self.reason}"


class InboxKeyError(EventsError):
    """Say that a record of the class `record` has no id: `once(key=…)` has to tell it from others."""

    def __init__(self, record: str) -> None:
        super().__init__(record)
        self.record = record

    def __str__(self) -> str:
        return f"A {self.record} without an id: say with key= how to tell it from others"


class InboxNotSetError(EventsError):
    """Say that the environment variable KIT_EVENTS_INBOX, whose value is `inbox`, names no inbox."""

    def __init__(self, inbox: str | None) -> None:
        super().__init__(inbox)
        self.inbox = inbox

    def __str__(self) -> str:
        return (
            "KIT_EVENTS_INBOX has to be 'dynamodb:<table>', 'postgresql', 'postgresql:<table>' or 'memory', "
            f"and is {self.inbox!r}"
        )


class InProgressError(EventsError):
    """Say that another delivery of the same record is being worked on; it is temporary: let the message come back.

    key: the inbox's key
    seconds: the remaining time of the other delivery's lease, None where there is no lease
    """

    def __init__(self, key: str, seconds: float | None) -> None:
        super().__init__(key, seconds)
        self.key = key
        self.seconds = seconds

    def __str__(self) -> str:
        lasts = "" if self.seconds is None else f", for {self.seconds:.1f} s at most"
        return f"{self.key!r} is being worked on elsewhere{lasts}"


class LeaseLostError(EventsError):
    """Say that the work on `key` took longer than its lease and another delivery took over: it may be done twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"The work on {self.key!r} took longer than its lease, and somebody else has taken over"


class MissingExtraError(EventsError, ImportError):
    """Say that `module` is not installed, which comes with the extra `kit-events[extra]`."""

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(extra, module)
        self.extra = extra
        self.module = module

    def __str__(self) -> str:
        return f"{self.module} is not installed: install kit-events[{self.extra}]"


class OutboxTransactionError(EventsError):
    """Say that an outbox was used outside of a transaction, or a relay inside of one."""
