"""What can go wrong with events.

    EventsError
    ├── ClaimError              a payload that was left in S3 is not there as it was
    ├── EventBusNotSetError     EVENT_BUS does not say where to publish
    ├── EventHeldBackError      an event was not sent, since an earlier one of its aggregate failed
    ├── EventRefusedError       the bus refuses an event as it is
    ├── EventShapeError         an event lacks a part of every event, or has it in another shape
    ├── EventTooLargeError      an event is larger than the bus takes
    ├── InboxKeyError           a record has nothing by which to tell its deliveries from others'
    ├── InboxNotSetError        KIT_EVENTS_INBOX does not say where to remember
    ├── InProgressError         another delivery of the record is being worked on: try again later
    ├── LeaseLostError          the work took longer than its lease, and somebody else has taken over
    ├── OutboxTransactionError  publishing outside of a transaction, or relaying inside of one
    ├── PublishError            some of many events are not published
    ├── QueueNameError          a queue is given by neither URL nor ARN
    └── RecordShapeError        an incoming record is not what the function expects (also a ValueError)

A failing call to AWS is a `kit_aws.AwsError`.
"""

from uuid import UUID

_MOST_SHOWN = 5


class EventsError(Exception):
    """Say that an event cannot be published or read."""


class ClaimError(EventsError):
    """Say that a payload left in S3 is gone, or is not what was left: `bucket` and `key` are where, `reason` which."""

    def __init__(self, bucket: str, key: str, reason: str) -> None:
        super().__init__(f"The payload at s3://{bucket}/{key} {reason}")
        self.bucket = bucket
        self.key = key
        self.reason = reason


class EventBusNotSetError(EventsError):
    """Say that the environment variable EVENT_BUS is not set, or names no bus: `bus` is its value, or None."""

    def __init__(self, bus: str | None) -> None:
        super().__init__(
            "EVENT_BUS has to be the name or the ARN of a topic, the URL or the ARN of a queue, the ARN of an event "
            f"bus, or memory://…, and is {bus!r}"
        )
        self.bus = bus


class EventHeldBackError(EventsError):
    """Say that an event was not sent, lest it overtake an earlier one of `aggregate_id`, whose error is the cause."""

    def __init__(self, event: str, aggregate_id: UUID) -> None:
        super().__init__(f"{event} waits for an earlier event of {aggregate_id} that was not published")
        self.event = event
        self.aggregate_id = aggregate_id


class EventRefusedError(EventsError):
    """Say that the bus refuses an event as it is; `code` is AWS's."""

    def __init__(self, event: str, code: str, said: str) -> None:
        super().__init__(f"{event} is refused: {code}: {said}")
        self.event = event
        self.code = code


class EventShapeError(EventsError):
    """Say that an event lacks a part of every event, or one of its shape: `event` is the class, `field` the part."""

    def __init__(self, event: str, field: str, remedy: str) -> None:
        super().__init__(f"{event} has no valid {field}: {remedy}")
        self.event = event
        self.field = field


class EventTooLargeError(EventsError):
    """Say that an event of `size` bytes is over the bus's `limit`."""

    def __init__(self, event: str, size: int, limit: int) -> None:
        super().__init__(f"{event} takes {size} bytes, and the bus takes at most {limit}")
        self.event = event
        self.size = size
        self.limit = limit


class PublishError(EventsError):
    """Say which of many events are not published.

    `failures` maps the id of each to its type and its error, in the order in which they were given; `published` are the
    ids of the others. The first error is the cause.
    """

    def __init__(self, failures: dict[UUID, tuple[str, Exception]], published: list[UUID]) -> None:
        shown = [f"{kind} {event_id}: {error}" for event_id, (kind, error) in list(failures.items())[:_MOST_SHOWN]]
        if len(failures) > _MOST_SHOWN:
            shown.append(f"and {len(failures) - _MOST_SHOWN} more")
        told = f"{len(failures)} of {len(failures) + len(published)} events are not published"
        super().__init__(f"{told}: {'; '.join(shown)}")
        self.failures = failures
        self.published = published
        self.__cause__ = next(error for _, error in failures.values())


class QueueNameError(EventsError, ValueError):
    """Say that `queue` is neither the URL nor the ARN of a queue."""

    def __init__(self, queue: str) -> None:
        super().__init__(f"{queue!r} is neither the URL nor the ARN of a queue")
        self.queue = queue


class RecordShapeError(EventsError, ValueError):
    """Say what a record lacks.

    `record` is the expected class's name, `field` where it is wrong (None if it is altogether something else), `reason`
    what is wrong there. What the record holds is not repeated: it may be secret.
    """

    def __init__(self, record: str, field: str | None, reason: str) -> None:
        super().__init__(f"Not a valid {record}: {f'{field!r} ' if field else ''}{reason}")
        self.record = record
        self.field = field
        self.reason = reason


class InboxKeyError(EventsError):
    """Say that a record of the class `record` has no id: `once(key=…)` has to say what tells it from others."""

    def __init__(self, record: str) -> None:
        super().__init__(f"A {record} without an id: say with key= what tells it from others")
        self.record = record


class InboxNotSetError(EventsError):
    """Say that the environment variable KIT_EVENTS_INBOX, whose value is `inbox`, names no inbox."""

    def __init__(self, inbox: str | None) -> None:
        super().__init__(
            "KIT_EVENTS_INBOX has to be 'dynamodb:<table>', 'postgresql', 'postgresql:<table>' or 'memory', "
            f"and is {inbox!r}"
        )
        self.inbox = inbox


class InProgressError(EventsError):
    """Say that another delivery of the same record is being worked on.

    `key` is the inbox's key, `seconds` how long its lease still lasts, None where there is none. It is temporary: let
    the message come back later.
    """

    def __init__(self, key: str, seconds: float | None) -> None:
        lasts = "" if seconds is None else f", for {seconds:.1f} s at most"
        super().__init__(f"{key!r} is being worked on elsewhere{lasts}")
        self.key = key
        self.seconds = seconds


class LeaseLostError(EventsError):
    """Say that the work on `key` took longer than its lease and somebody else took over: it may be done twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The work on {key!r} took longer than its lease, and somebody else has taken over")
        self.key = key


class OutboxTransactionError(EventsError):
    """Say that an outbox was used outside of a transaction, or a relay inside of one."""
