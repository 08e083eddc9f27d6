"""Schemas that are events."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pydantic
import pytest
from kit_events import AggregateId, BaseEvent, EventBus, RecordShapeError, record_of
from kit_handler import job
from kit_schemas import BaseSchema
from kit_testing import RecordingBus, deliver
from kit_testing.events import event_record


class SchemaFirst(BaseSchema, BaseEvent):
    type = "loan.paid"
    filter_attributes: ClassVar[tuple[str, ...]] = ("country",)
    loan: AggregateId
    country: str


class EventFirst(BaseEvent, BaseSchema):
    type = "loan.paid"
    filter_attributes: ClassVar[tuple[str, ...]] = ("country",)
    loan: AggregateId
    country: str


@pytest.mark.parametrize("kind", [SchemaFirst, EventFirst])
def test_a_schema_declares_its_aggregate_and_what_to_filter_by(kind: type[SchemaFirst] | type[EventFirst]) -> None:
    loan = uuid4()
    bus = RecordingBus()
    EventBus(bus).publish(kind(loan=loan, country="BR"))
    [event], [message] = bus.events, bus.messages
    assert (event["aggregate_id"], event["payload"]) == (str(loan), {"loan": str(loan), "country": "BR"})
    assert message.attributes["country"] == "BR"


@pytest.mark.parametrize("kind", [SchemaFirst, EventFirst])
def test_a_consumer_takes_the_schema(kind: type[SchemaFirst] | type[EventFirst]) -> None:
    seen: list[Any] = []

    def on_paid(event: Any) -> None:
        seen.append((event, record_of(event).type))

    on_paid.__annotations__["event"] = kind
    event, bus = kind(loan=uuid4(), country="BR"), RecordingBus()
    EventBus(bus).publish(event)
    assert deliver(bus.messages, to=job(on_paid)).failed == []
    assert seen == [(event, "loan.paid")]


@dataclass
class Paid(BaseEvent):
    type: ClassVar[str] = "loan.paid"

    loan: AggregateId
    lines: list[SchemaFirst]


class Strict(pydantic.BaseModel, BaseEvent):
    type: ClassVar[str] = "loan.paid"

    loan: AggregateId
    amount: Decimal

    def get_aggregate_id(self) -> UUID:
        return self.loan


def test_a_consumer_takes_a_model_of_pydantic() -> None:
    event = Strict(loan=uuid4(), amount=Decimal("1.10"))
    raw = event_record(event.model_dump(mode="json"), type="loan.paid")
    [got] = Strict.from_record(raw)
    assert (got, got.amount, record_of(got).type) == (event, Decimal("1.10"), "loan.paid")
    assert got.model_dump() == event.model_dump()


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        (SchemaFirst, {"loan": "hunter2", "country": "BR"}, "payload.loan"),
        (SchemaFirst, {"loan": str(UUID(int=1))}, "payload.country"),
        (Strict, {"loan": str(UUID(int=1)), "amount": "hunter2"}, "payload.amount"),
        (Paid, {"loan": str(UUID(int=1)), "lines": [{"loan": "hunter2", "country": "BR"}]}, "payload.lines.0.loan"),
    ],
)
def test_what_does_not_fit_is_named_and_not_shown(kind: Any, payload: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordShapeError) as caught:
        kind.from_record(event_record(payload, type="loan.paid"))
    assert caught.value.field == field
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
