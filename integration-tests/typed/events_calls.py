"""kit-events under strict type checkers: the documented calls, and the types that come out of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, assert_type
from uuid import UUID

from kit_events import (
    AggregateId,
    BaseEvent,
    EventBus,
    EventRecord,
    EventsError,
    FileRecord,
    QueueRecord,
    SqsDeadLetter,
    SqsVisibility,
    default_bus,
    set_default_bus,
)
from kit_events.inbox import MemoryInbox, once
from kit_events.outbox import publish
from kit_events.publishing.message import Message
from kit_handler import Backoff, job
from kit_schemas import BaseSchema, EventSchema


@dataclass(frozen=True)
class LoanApproved(BaseEvent):
    type: ClassVar[str] = "loan.approved"
    version: ClassVar[str] = "2"
    filter_attributes: ClassVar[tuple[str, ...]] = ("country",)

    loan_id: AggregateId
    amount: Decimal
    country: str = "BR"


class LoanPaid(EventSchema):
    type: ClassVar[str] = "loan.paid"

    amount: Decimal


class LoanMoved(BaseSchema, BaseEvent):
    type: ClassVar[str] = "loan.moved"

    loan: AggregateId


class Printed:
    max_bytes = 1_000_000
    ordered = False
    in_flight = 1

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        return {}


@job(dead_letter=SqsDeadLetter(), backoff=Backoff(SqsVisibility(), first=10, most=900))
@once(inbox=MemoryInbox())
def underwrite(record: EventRecord) -> None:
    assert_type(record.aggregate_id, UUID)
    assert_type(record.at, datetime)
    print(record.type, record.payload["amount"])


def publishing(loan: UUID) -> None:
    """Publish events of both kinds, over each bus."""
    approved = LoanApproved(loan_id=loan, amount=Decimal(1))
    assert_type(approved.publish(), UUID)
    assert_type(LoanMoved(loan=loan).publish(), UUID)
    bus = EventBus("memory://audit", origin_prefix="rispar.")
    assert_type(bus.publish(LoanPaid(aggregate_id=loan, amount=Decimal(1))), UUID)
    assert_type(default_bus().publish_many([approved]), list[UUID])
    EventBus(Printed()).publish(approved)
    publish(approved)
    set_default_bus(bus)


def records(raw: dict[str, Any]) -> None:
    """Read records out of a carrier."""
    try:
        for record in EventRecord.from_record(raw):
            assert_type(record, EventRecord)
        for file in FileRecord.from_record(raw):
            assert_type(file.key, str)
        for message in QueueRecord.from_record(raw):
            print(message)
    except EventsError as error:
        print(error)
