"""Events of your own."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, TypeAlias
from uuid import UUID

from kit_events.errors import EventShapeError
from kit_events.publishing.bus import default_bus
from kit_events.publishing.parts import AGGREGATE_ID_MARK, aggregate_field, text_of

AggregateId: TypeAlias = Annotated[UUID, AGGREGATE_ID_MARK]


class BaseEvent:
    """Make a class publishable: mix it into a schema, a dataclass or a plain class.

    Set `type` (and `version`) as class variables, and annotate the field with the id of the event's subject with
    `AggregateId`, or call it `aggregate_id`. Or override `get_type`, `get_version`, `get_aggregate_id`. The payload is
    the mapping that `.dump()` returns, if the class has it, else the dataclass's fields, else the attributes without a
    leading underscore. Subscribers may filter by `filter_attributes`, beside type and origin.

    An event that no `EventRecord` could read is not published: a type or version that is empty, an aggregate's id that
    is no UUID, a payload that is no mapping or has no form in JSON. Nor is a datetime without its offset from UTC. All
    are `EventShapeError`s.

    A consumer can take the class, too: `from_record` reads events of its type and version from any carrier.

    Example:

        @dataclass(frozen=True)
        class LoanPaid(BaseEvent):
            type: ClassVar[str] = "loan.paid"
            loan_id: AggregateId

        LoanPaid(loan_id).publish()

        @job
        def on_paid(event: LoanPaid) -> None: ...
    """

    __slots__ = ()

    type: ClassVar[str]
    version: ClassVar[str] = "1"
    filter_attributes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> list[Self]:
        """Return the events in a raw record, out of any carrier, as objects of this class.

        `kit_events.record_of(event)` is the record around each. Raise `RecordShapeError` for what is no event of this
        type and version, or has a payload that does not fit.
        """
        from kit_events.typed.events import read_events

        return read_events(cls, raw)

    @classmethod
    def split_record(cls, raw: Mapping[str, Any]) -> list[Any]:
        """Return the events in a raw record, as they were sent."""
        from kit_events.records.event_record import EventRecord

        return EventRecord.split_record(raw)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Return the event with this payload; to be overridden where the constructor does not take its members.

        The class's own `load` (a schema's) or `model_validate` (pydantic's) makes it, else its constructor, with values
        converted as annotated: UUIDs, decimals, times, enums, collections, dataclasses. Members that it does not know
        are ignored. Raise `RecordShapeError` with the path of a value that does not fit.
        """
        from kit_events.typed.events import build

        return build(cls, payload)

    def get_type(self) -> str:
        """Return the event's type, which subscribers filter by. Raise `EventShapeError` if there is none."""
        found = getattr(self, "type", None)
        if not found:
            raise EventShapeError(type(self).__qualname__, "type", "set the class variable `type`")
        return text_of(self, "type", found)

    def get_version(self) -> str:
        """Return the version of the payload's shape."""
        return str(self.version)

    def get_aggregate_id(self) -> UUID:
        """Return the id of the event's subject. Raise `EventShapeError` if there is none."""
        kind: Any = type(self)
        found = getattr(self, aggregate_field(kind), None)
        if not isinstance(found, UUID):
            remedy = "annotate a field with AggregateId, or override get_aggregate_id to return a UUID"
            raise EventShapeError(kind.__qualname__, "aggregate_id", remedy)
        return found

    def get_message_group_id(self) -> str | None:
        """Return the event's tenant for SQS's fair queues: None for that of the current message, else the aggregate.

        It is the message group on a standard queue or topic, of 128 characters of ASCII at most, without a space. On a
        FIFO queue or topic, which keeps the order within a group, the group is the aggregate's id.
        """
        return None

    def publish(self) -> UUID:
        """Send the event to `default_bus()` (EVENT_BUS, unless set), and return the event's id.

        Raise `EventBusNotSetError`, `EventTooLargeError`, `EventShapeError` or a `kit_aws.AwsError`: the event is
        then not published, save that after a time-out (`AwsConnectionError`) it may have been.
        """
        return default_bus().publish(self)
