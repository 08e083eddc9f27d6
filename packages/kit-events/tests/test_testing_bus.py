"""The bus and the deliveries that tests use."""

import logging
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_core import invocation
from kit_events import AggregateId, BaseEvent, EventBus, EventRecord, default_bus
from kit_events.testing import RecordingBus, deliver


@dataclass
class Requested(BaseEvent):
    type: ClassVar[str] = "loan.requested"

    loan: AggregateId
    amount: int = 0


@dataclass
class Paid(Requested):
    type: ClassVar[str] = "loan.paid"


def test_what_is_published_is_recorded() -> None:
    before = default_bus()
    with RecordingBus() as bus:
        event_id = Requested(uuid4(), 5).publish()
        default_bus().publish_many([Paid(uuid4()), Paid(uuid4())])
    assert default_bus() is before
    assert [message.type for message in bus.messages] == ["loan.requested", "loan.paid", "loan.paid"]
    assert (bus.events[0].id, bus.events[0].payload["amount"]) == (event_id, 5)
    assert isinstance(bus.events[0], EventRecord)
    assert len(bus.of_type("loan.paid")) == 2


def test_nothing_goes_out_and_no_environment_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENT_BUS", raising=False)
    with RecordingBus() as bus:
        Requested(uuid4()).publish()
    assert len(bus.messages) == 1


def test_one_within_another_records_its_own() -> None:
    with RecordingBus() as outer:
        with RecordingBus() as inner:
            Requested(uuid4()).publish()
        Paid(uuid4()).publish()
    assert [[message.type for message in bus.messages] for bus in (outer, inner)] == [["loan.paid"], ["loan.requested"]]


def test_it_is_a_bus_that_can_be_handed_on() -> None:
    bus: EventBus = RecordingBus(ordered=True)
    assert len(bus.publish_many([Requested(uuid4())] * 3)) == 3


def test_the_default_comes_back_when_the_test_fails() -> None:
    before = default_bus()
    with pytest.raises(ZeroDivisionError), RecordingBus():
        _ = 1 / 0
    assert default_bus() is before


class Job:
    """A Lambda handler that notes what it got, and answers as told."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.event: Any = None
        self.records: list[EventRecord] = []

    def __call__(self, event: Any, context: Any) -> Any:
        assert 29_000 < context.get_remaining_time_in_millis() <= 30_000
        assert context.aws_request_id
        self.event = event
        failed = []
        for raw in event["Records"]:
            for record in EventRecord.from_record(raw):
                self.records.append(record)
                if record.type in self.failing:
                    failed.append({"itemIdentifier": raw["messageId"]})
        return {"batchItemFailures": failed}


def test_an_event_is_delivered_as_by_topic_and_queue() -> None:
    job, loan = Job(), uuid4()
    assert deliver(Requested(loan, 5), to=job) == {"batchItemFailures": []}
    [record] = job.records
    assert (record.type, record.aggregate_id, record.payload["amount"]) == ("loan.requested", loan, 5)
    [raw] = job.event["Records"]
    assert raw["eventSource"] == "aws:sqs"
    assert raw["eventSourceARN"].endswith(":test")


def test_several_are_delivered_in_order_with_the_correlation_id() -> None:
    job = Job()
    with invocation.enter(correlation_id="abc"):
        deliver([Requested(UUID(int=1)), Paid(UUID(int=2))], to=job, queue="loans.fifo")
    assert [record.type for record in job.records] == ["loan.requested", "loan.paid"]
    assert [raw["attributes"]["MessageGroupId"] for raw in job.event["Records"]] == [
        str(UUID(int=1)),
        str(UUID(int=2)),
    ]
    assert "abc" in job.event["Records"][0]["body"]


def test_what_was_recorded_is_delivered_as_it_was_published() -> None:
    job = Job()
    with RecordingBus() as bus:
        event_id = Requested(uuid4()).publish()
    deliver(bus.messages, to=job)
    assert job.records[0].id == event_id


def test_a_failure_fails_the_test_and_names_the_event() -> None:
    with pytest.raises(AssertionError, match=r"failed for loan\.paid; its log says why"):
        deliver([Requested(uuid4()), Paid(uuid4())], to=Job("loan.paid"))


def test_the_cause_is_what_the_job_has_logged_of_the_message() -> None:
    log = logging.getLogger("kit.handler")

    def job(event: Any, context: Any) -> Any:  # as kit-handler's do
        first, second = (raw["messageId"] for raw in event["Records"])
        for problem, message in ((KeyError("taken by the dead letter hook"), first), (LookupError("no loan"), second)):
            log.error("%s failed for record %s", "job", message, exc_info=problem)
        return {"batchItemFailures": [{"itemIdentifier": second}]}

    with pytest.raises(AssertionError, match=r"failed for loan\.paid") as caught:
        deliver([Requested(uuid4()), Paid(uuid4())], to=job)
    assert repr(caught.value.__cause__) == "LookupError('no loan')"
    assert log.filters == []


def test_a_failure_can_be_asked_for() -> None:
    answer = deliver(Paid(uuid4()), to=Job("loan.paid"), check=False)
    assert len(answer["batchItemFailures"]) == 1


def test_what_the_handler_raises_is_raised() -> None:
    def broken(event: Any, context: Any) -> None:
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        deliver(Paid(uuid4()), to=broken)
