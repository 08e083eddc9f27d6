"""kit-testing's recording bus as the driver of an event bus, and its deliveries to a job."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import kit_events
import pytest
from kit_core import invocation
from kit_events import AggregateId, BaseEvent, EventBus, EventRecord, default_bus, set_default_bus
from kit_testing import RecordingBus, deliver


@dataclass
class Requested(BaseEvent):
    type: ClassVar[str] = "loan.requested"

    loan: AggregateId
    amount: int = 0


@dataclass
class Paid(Requested):
    type: ClassVar[str] = "loan.paid"


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingBus]:
    monkeypatch.delenv("EVENT_BUS", raising=False)
    recording = RecordingBus()
    set_default_bus(EventBus(recording))
    yield recording
    set_default_bus(None)


def test_published_events_are_recorded_without_an_environment(bus: RecordingBus) -> None:
    event_id = Requested(uuid4(), 5).publish()
    default_bus().publish_many([Paid(uuid4()), Paid(uuid4())])
    assert [message.type for message in bus.messages] == ["loan.requested", "loan.paid", "loan.paid"]
    assert (bus.events[0]["id"], bus.events[0]["payload"]["amount"]) == (str(event_id), 5)
    assert len(bus.of_type("loan.paid")) == 2


def test_a_fifo_bus_takes_many_of_one_aggregate() -> None:
    recording, loan = RecordingBus(ordered=True), uuid4()
    EventBus(recording).publish_many([Requested(loan, amount) for amount in range(15)])
    assert [event["payload"]["amount"] for event in recording.events] == list(range(15))


def test_the_limit_of_the_bus_holds(bus: RecordingBus) -> None:
    @dataclass
    class Large(Requested):
        text: str = "x" * 300_000

    with pytest.raises(kit_events.EventTooLargeError):
        Large(uuid4()).publish()
    assert bus.messages == []


class Job:
    """A Lambda handler that notes its records, and answers that those of some types failed."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.event: Any = None
        self.records: list[EventRecord] = []

    def __call__(self, event: Any, context: Any) -> Any:
        self.event = event
        failed = []
        for raw in event["Records"]:
            for record in EventRecord.from_record(raw):
                self.records.append(record)
                if record.type in self.failing:
                    failed.append({"itemIdentifier": raw["messageId"]})
        return {"batchItemFailures": failed}


def test_recorded_events_are_delivered_by_way_of_topic_and_queue(bus: RecordingBus) -> None:
    job, loan = Job(), uuid4()
    event_id = Requested(loan, 5).publish()
    assert deliver(bus.messages, to=job).failed == []
    [record] = job.records
    assert (record.id, record.type, record.aggregate_id) == (event_id, "loan.requested", loan)
    assert record.payload["amount"] == 5


def test_several_are_delivered_in_order_with_the_correlation_id(bus: RecordingBus) -> None:
    job = Job()
    with invocation.enter(correlation_id="abc"):
        default_bus().publish_many([Requested(UUID(int=1)), Paid(UUID(int=2))])
    deliver(bus.messages, to=job, queue="loans.fifo")
    assert [record.type for record in job.records] == ["loan.requested", "loan.paid"]
    groups = [raw["attributes"]["MessageGroupId"] for raw in job.event["Records"]]
    assert groups == [str(UUID(int=1)), str(UUID(int=2))]
    assert "abc" in job.event["Records"][0]["body"]


def test_a_failure_fails_the_test_and_names_the_event(bus: RecordingBus) -> None:
    default_bus().publish_many([Requested(uuid4()), Paid(uuid4())])
    with pytest.raises(AssertionError, match=r"failed for loan\.paid; its log says why"):
        deliver(bus.messages, to=Job("loan.paid"))
    assert len(deliver(bus.messages, to=Job("loan.paid"), check=False).failed) == 1
