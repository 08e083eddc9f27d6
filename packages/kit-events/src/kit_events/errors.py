"""What can go wrong with events.

    EventsError
    ├── EventBusNotSetError     EVENT_BUS does not say where to publish
    ├── EventShapeError         an event lacks a part of every event, or has it in another shape
    ├── EventTooLargeError      an event is larger than the bus takes
    └── RecordShapeError        an incoming record is not what the function expects (also a ValueError)

A failing call to AWS is a `kit_aws.AwsError`.
"""


class EventsError(Exception):
    """Say that an event cannot be published or read."""


class EventBusNotSetError(EventsError):
    """Say that the environment variable EVENT_BUS is not set, or is no topic: `bus` is its value, or None."""

    def __init__(self, bus: str | None) -> None:
        super().__init__(f"EVENT_BUS has to be the name or the ARN of a topic, and is {bus!r}")
        self.bus = bus


class EventShapeError(EventsError):
    """Say that an event lacks a part of every event, or one of its shape: `event` is the class, `field` the part."""

    def __init__(self, event: str, field: str, remedy: str) -> None:
        super().__init__(f"{event} has no {field}: {remedy}")
        self.event = event
        self.field = field


class EventTooLargeError(EventsError):
    """Say that an event of `size` bytes is over the bus's `limit`."""

    def __init__(self, event: str, size: int, limit: int) -> None:
        super().__init__(f"{event} takes {size} bytes, and the bus takes at most {limit}")
        self.event = event
        self.size = size
        self.limit = limit


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
