"""Events from the class to the queue of a subscriber."""

import json
import logging
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_aws import AwsError, ResourceNotFoundError, clear_caches
from kit_core import invocation
from kit_core.errors import UnserialisableTypeError, UnserialisableValueError
from kit_events import BaseEvent, EventBus, EventBusNotSetError, EventRecord, EventShapeError, EventTooLargeError

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


class LoanRequested(BaseEvent):
    type: ClassVar[str] = "loan.requested"

    def __init__(self, amount: str = "1500.00") -> None:
        self.id = LOAN
        self.amount = Decimal(amount)
        self._note = "private"

    def get_aggregate_id(self) -> UUID:
        return self.id


class LoanApproved(LoanRequested):
    type: ClassVar[str] = "loan.approved"


@dataclass(frozen=True)
class LoanPaid(BaseEvent):
    type: ClassVar[str] = "loan.paid"
    version: ClassVar[str] = "2"

    aggregate_id: UUID
    paid_at: datetime


def read(raw: Any) -> EventRecord:
    [record] = EventRecord.from_record(raw)
    return record


@pytest.mark.parametrize("raw_delivery", [False, True])
def test_what_is_published_is_what_is_read(bus: Any, raw_delivery: bool) -> None:
    receive = bus.subscribe("underwriting", raw=raw_delivery)
    before = datetime.now(UTC)
    event_id = LoanRequested().publish()
    [raw] = receive()
    record = read(raw)
    assert (record.id, record.aggregate_id, record.type, record.version) == (event_id, LOAN, "loan.requested", "1")
    assert record.origin == "loans"
    assert record.payload == {"id": str(LOAN), "amount": "1500.00"}
    assert before <= record.at <= datetime.now(UTC)


def test_a_subscriber_gets_only_what_it_asked_for(bus: Any) -> None:
    requested = bus.subscribe("underwriting", types=["loan.requested"])
    decided = bus.subscribe("notifications", types=["loan.approved", "loan.rejected"])
    LoanRequested().publish()
    LoanApproved().publish()
    assert [read(raw).type for raw in requested()] == ["loan.requested"]
    assert [read(raw).type for raw in decided()] == ["loan.approved"]


def test_the_wire_is_what_existing_subscribers_read(bus: Any) -> None:
    receive = bus.subscribe("legacy")
    LoanRequested().publish()
    [raw] = receive()
    envelope = json.loads(raw["body"])
    message = json.loads(envelope["Message"])
    assert set(message) == {"id", "origin", "type", "at", "aggregate_id", "version", "payload"}
    assert message["at"].endswith("Z")
    assert {name: value["Value"] for name, value in envelope["MessageAttributes"].items()} == {
        "event_type": "loan.requested",
        "event_origin": "loans",
    }


def test_a_dataclass_is_an_event(bus: Any) -> None:
    receive = bus.subscribe("payments")
    LoanPaid(aggregate_id=LOAN, paid_at=datetime(2026, 3, 1, tzinfo=UTC)).publish()
    record = read(receive()[0])
    assert (record.aggregate_id, record.version) == (LOAN, "2")
    assert record.payload == {"aggregate_id": str(LOAN), "paid_at": "2026-03-01T00:00:00Z"}


def test_an_event_that_can_dump_decides_on_its_payload(bus: Any) -> None:
    class Dumped(LoanRequested):
        def dump(self) -> dict[str, Any]:
            return {"dumped": True}

    receive = bus.subscribe("underwriting")
    Dumped().publish()
    assert read(receive()[0]).payload == {"dumped": True}


def test_a_slotted_class_is_an_event(bus: Any) -> None:
    @dataclass(slots=True)
    class Slotted(BaseEvent):
        type: ClassVar[str] = "slotted"
        aggregate_id: UUID

    receive = bus.subscribe("underwriting")
    Slotted(LOAN).publish()
    assert read(receive()[0]).payload == {"aggregate_id": str(LOAN)}


def test_the_origin_has_the_prefix_of_the_environment(bus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = bus.subscribe("underwriting")
    for prefix, service, origin in (
        ("acme.", "loans", "acme.loans"),
        ("", "loans", "loans"),
        ("rispar.", "", "rispar.platform"),
    ):
        monkeypatch.setenv("KIT_EVENTS_ORIGIN_PREFIX", prefix)
        monkeypatch.setenv("SERVICE_NAME", service)
        LoanRequested().publish()
        assert read(receive()[0]).origin == origin


def test_the_origin_has_the_prefix_of_the_bus(bus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = bus.subscribe("underwriting")
    monkeypatch.setenv("KIT_EVENTS_ORIGIN_PREFIX", "acme.")
    EventBus(origin_prefix="rispar.").publish(LoanRequested())
    EventBus(origin_prefix="").publish_many([LoanRequested()])
    assert [read(raw).origin for raw in receive()] == ["rispar.loans", "loans"]


def test_the_account_is_asked_for_when_the_environment_does_not_say(bus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = bus.subscribe("underwriting")
    monkeypatch.delenv("AWS_ACCOUNT_ID")
    LoanRequested().publish()
    assert len(receive()) == 1


def test_a_fifo_topic_keeps_the_order_of_an_aggregate(fifo_bus: Any) -> None:
    receive = fifo_bus.subscribe("underwriting.fifo")
    ids = [LoanRequested().publish(), LoanApproved().publish()]
    records = receive()
    assert [read(raw).id for raw in records] == ids
    assert {raw["attributes"]["MessageGroupId"] for raw in records} == {str(LOAN)}


def test_the_correlation_id_goes_along(bus: Any) -> None:
    receive = bus.subscribe("underwriting", raw=True)
    with invocation.enter(correlation_id="abc"):
        LoanRequested().publish()
    LoanRequested().publish()
    found = [raw["messageAttributes"].get("correlation_id", {}).get("stringValue") for raw in receive()]
    assert sorted(found, key=str) == [None, "abc"]


def test_publishing_is_logged_without_the_payload(bus: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "kit.events"), invocation.enter(correlation_id="abc"):
        event_id = LoanRequested().publish()
    [line] = [record for record in caplog.records if record.name == "kit.events"]
    assert line.getMessage() == "EVENT_PUBLISHED"
    assert line.event_id == str(event_id)
    assert line.event_correlation_id == "abc"
    assert "1500.00" not in str(vars(line))


def test_one_connection_serves_all_events(bus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """E4: rispack makes a client for each event."""
    made = []
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: made.append(to) or connect(self, to))
    clear_caches()
    for _ in range(3):
        LoanRequested().publish()
    assert len(made) == 1


def test_no_bus_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENT_BUS", raising=False)
    with pytest.raises(EventBusNotSetError, match=r"EVENT_BUS has to be .*: it is not set$"):
        LoanRequested().publish()
    monkeypatch.setenv("EVENT_BUS", "https://example.com/")
    with pytest.raises(EventBusNotSetError, match=r"EVENT_BUS has to be .*: not 'https://example.com/'$"):
        LoanRequested().publish()


def test_a_topic_that_is_gone_is_an_error_of_aws_that_names_it(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS", "gone")
    with pytest.raises(ResourceNotFoundError) as caught:
        LoanRequested().publish()
    assert isinstance(caught.value, AwsError)
    assert caught.value.operation == "Publish"
    assert caught.value.resource == f"arn:aws:sns:{aws.region}:{aws.account}:gone"
    assert repr(caught.value.resource) in str(caught.value)


def test_an_event_over_the_limit_is_refused_before_it_is_sent(bus: Any) -> None:
    class Large(LoanRequested):
        def dump(self) -> dict[str, Any]:
            return {"text": "x" * 262144}

    with pytest.raises(EventTooLargeError) as caught:
        Large().publish()
    assert caught.value.limit == 262144
    assert caught.value.size > 262144


def test_a_topic_may_take_less_or_more(bus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_EVENTS_MAX_BYTES", "100")
    with pytest.raises(EventTooLargeError, match="at most 100"):
        LoanRequested().publish()


def test_an_event_without_a_type_is_refused() -> None:
    class Nameless(BaseEvent):
        def get_aggregate_id(self) -> UUID:
            return uuid4()

    with pytest.raises(EventShapeError, match="Nameless has no valid type"):
        Nameless().publish()


@pytest.mark.parametrize("aggregate_id", [None, "text"])
def test_an_event_about_nothing_is_refused(aggregate_id: Any) -> None:
    class Floating(BaseEvent):
        type: ClassVar[str] = "floating"

    event = Floating()
    if aggregate_id is not None:
        event.aggregate_id = aggregate_id
    with pytest.raises(EventShapeError) as caught:
        event.publish()
    assert caught.value.field == "aggregate_id"


class Kind(str, Enum):  # noqa: UP042  (str() of a StrEnum would be its value)
    REQUESTED = "loan.requested"


class Loose(BaseEvent):
    """Answers more loosely than it should, as classes written for rispack may."""

    def __init__(self, aggregate_id: Any = str(LOAN), version: Any = 2, payload: Any = None, kind: Any = None) -> None:
        self.answers = (kind or Kind.REQUESTED, version, aggregate_id, payload or {})

    def get_type(self) -> Any:
        return self.answers[0]

    def get_version(self) -> Any:
        return self.answers[1]

    def get_aggregate_id(self) -> Any:
        return self.answers[2]

    def dump(self) -> Any:
        return self.answers[3]


def test_what_can_be_read_in_one_way_only_is_published_in_its_strict_form(bus: Any) -> None:
    receive = bus.subscribe("underwriting", types=["loan.requested"])
    Loose().publish()
    record = read(receive()[0])
    assert (record.type, record.version, record.aggregate_id) == ("loan.requested", "2", LOAN)


def test_a_type_may_be_a_member_of_an_enum(bus: Any) -> None:
    class Typed(LoanRequested):
        type = Kind.REQUESTED

    assert Typed().get_type() == "loan.requested"
    assert type(Typed().get_type()) is str


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Loose(aggregate_id="loan-1"), "aggregate_id"),
        (Loose(aggregate_id=LOAN.int), "aggregate_id"),
        (Loose(version=""), "version"),
        (Loose(version=None), "version"),
        (Loose(payload=["a"]), "payload"),
        (Loose(payload="text"), "payload"),
    ],
)
def test_what_no_subscriber_could_read_is_not_published(bus: Any, event: BaseEvent, field: str) -> None:
    receive = bus.subscribe("underwriting")
    with pytest.raises(EventShapeError, match=f"Loose has no valid {field}") as caught:
        event.publish()
    assert caught.value.field == field
    assert receive() == []


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), Decimal("NaN")])
def test_a_number_that_json_has_not_is_refused_by_its_path(bus: Any, value: Any) -> None:
    receive = bus.subscribe("underwriting")
    with pytest.raises(EventShapeError, match=r"no valid payload\.rates\[1\]: .* no number in JSON") as caught:
        Rated([1.5, value]).publish()
    assert (caught.value.event, caught.value.field) == ("Rated", "payload.rates[1]")
    assert isinstance(caught.value.__cause__, UnserialisableValueError)
    with pytest.raises(EventShapeError):
        EventBus().publish_many([LoanRequested(), Rated([value])])
    assert receive() == []


def test_an_attribute_that_cannot_be_written_is_named(bus: Any) -> None:
    with pytest.raises(EventShapeError, match=r"Rated has no valid payload\.rates\[0\]: .* 'object'") as caught:
        Rated([object()]).publish()
    assert isinstance(caught.value.__cause__, UnserialisableTypeError)


def test_a_time_that_nobody_could_place_is_not_published(bus: Any) -> None:
    receive = bus.subscribe("payments")
    with pytest.raises(EventShapeError, match=r"LoanPaid has no valid payload\.paid_at: .* offset from UTC") as caught:
        LoanPaid(aggregate_id=LOAN, paid_at=datetime(2026, 3, 1, 12)).publish()  # noqa: DTZ001
    assert (caught.value.event, caught.value.field) == ("LoanPaid", "payload.paid_at")
    assert receive() == []


class Rated(LoanRequested):
    def __init__(self, rates: list[Any]) -> None:
        super().__init__()
        self.rates = rates

    def dump(self) -> dict[str, Any]:
        return {"rates": self.rates}


def test_a_class_that_hides_its_attributes_is_told_to_say_what_it_holds(bus: Any) -> None:
    class Slotted(BaseEvent):
        __slots__ = ("aggregate_id",)
        type = "loan.paid"

    event = Slotted()
    event.aggregate_id = uuid4()
    with pytest.raises(EventShapeError, match=r"Slotted has no valid payload: .* dump\(\)"):
        event.publish()
