"""Schemas that are events."""

from typing import ClassVar
from uuid import uuid4

import pytest
from kit_events import AggregateId, BaseEvent, EventBus
from kit_schemas import BaseSchema
from kit_testing import RecordingBus


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
