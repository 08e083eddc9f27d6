"""Events as their own classes: what was published is what a consumer gets."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, ClassVar, Literal, NewType, TypedDict
from uuid import UUID, uuid4

import pytest
from kit_events import AggregateId, BaseEvent, EventBus, RecordShapeError, record_of
from kit_events.inbox import MemoryInbox, once
from kit_testing import RecordingBus
from kit_testing.events import carried, event_body, event_record

INVOICE = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


class Way(Enum):
    CARD = "card"
    PIX = "pix"


class Level(IntEnum):
    LOW = 1


class Address(TypedDict, total=False):
    city: str
    number: int


@dataclass(frozen=True)
class Line:
    text: str
    amount: Decimal
    parts: "tuple[Line, ...]" = ()


Cents = NewType("Cents", int)


@dataclass(frozen=True)
class InvoicePaid(BaseEvent):
    type: ClassVar[str] = "invoice.paid"

    invoice: AggregateId
    amount: Decimal = Decimal("1500.00")
    paid_at: datetime = datetime(2026, 3, 1, 12, 30, 45, 123456, tzinfo=UTC)
    day: date = date(2026, 3, 1)
    hour: time = time(12, 30)
    way: Way = Way.PIX
    level: Level = Level.LOW
    lines: Sequence[Line] = (Line("a", Decimal("1.10"), (Line("b", Decimal("0.10")),)),)
    tags: frozenset[str] = frozenset({"a", "b"})
    by_day: Mapping[date, Decimal] = field(default_factory=lambda: {date(2026, 3, 1): Decimal("2.50")})
    by_number: dict[int, list[bool]] = field(default_factory=lambda: {7: [True]})
    pair: tuple[str, int] = ("a", 1)
    note: str | None = None
    other: UUID | int = 7
    kind: Literal["full", "part"] = "full"
    cents: Annotated[Cents, "at least 0"] = Cents(5)
    rate: float = 0.5
    address: Address = field(default_factory=lambda: Address(city="São Paulo"))
    anything: Any = None
    ids: Set[UUID] = frozenset({INVOICE})


def received(kind: Any, raw: Any) -> Any:
    [event] = kind.from_record(raw)
    return event


def published(event: BaseEvent) -> dict[str, Any]:
    bus = RecordingBus()
    EventBus(bus).publish(event)
    [body] = bus.events
    return body


@pytest.mark.parametrize("carriers", [(), ("sqs",), ("sns", "sqs"), ("eventbridge",), ("gzip", "kinesis")])
def test_what_is_published_is_what_is_received(carriers: tuple[str, ...]) -> None:
    event = InvoicePaid(uuid4(), lines=[Line("a", Decimal("1.10"), (Line("b", Decimal("0.10")),))])
    body = published(event)
    got = received(InvoicePaid, carried(body, *carriers) if carriers else body)
    assert got == event
    assert type(got.lines[0].parts[0].amount) is Decimal


def test_the_record_around_it_is_kept() -> None:
    raw = event_record({"invoice": str(INVOICE)}, type="invoice.paid", aggregate_id=INVOICE, origin="billing")
    event = received(InvoicePaid, raw)
    record = record_of(event)
    assert (record.aggregate_id, record.origin, record.payload) == (INVOICE, "billing", {"invoice": str(INVOICE)})
    with pytest.raises(LookupError, match="this InvoicePaid is no event that was received"):
        record_of(InvoicePaid(INVOICE))


def test_members_that_the_class_does_not_know_are_ignored() -> None:
    raw = event_record({"invoice": str(INVOICE), "new": 1, "type": "x"}, type="invoice.paid")
    assert received(InvoicePaid, raw) == InvoicePaid(INVOICE)


@pytest.mark.parametrize(
    ("changes", "field_", "why"),
    [
        ({"type": "invoice.voided"}, "type", "has to be 'invoice.paid', not 'invoice.voided'"),
        ({"version": "2"}, "version", "has to be '1', not '2'"),
        ({"payload": {}}, "payload.invoice", "is missing"),
        ({"payload": {"invoice": "7"}}, "payload.invoice", "is not a UUID"),
    ],
)
def test_an_event_of_another_kind_is_refused(changes: Any, field_: str, why: str) -> None:
    body = event_body({"invoice": str(INVOICE)}, type="invoice.paid") | changes
    with pytest.raises(RecordShapeError) as caught:
        InvoicePaid.from_record(carried(body, "sqs"))
    assert (caught.value.record, caught.value.field, caught.value.reason) == ("InvoicePaid", field_, why)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("amount", "many", "amount"),
        ("amount", True, "amount"),
        ("amount", "NaN", "amount"),
        ("paid_at", "2026-03-01T12:30:45", "paid_at"),
        ("paid_at", 7, "paid_at"),
        ("day", "20260301", "day"),
        ("hour", "noon", "hour"),
        ("way", "cash", "way"),
        ("level", True, "level"),
        ("lines", {}, "lines"),
        ("lines", [{"text": "a", "amount": "1"}, {"text": "a"}], "lines.1.amount"),
        ("lines", [{"text": "a", "amount": "1", "parts": [{"text": 1, "amount": "1"}]}], "lines.0.parts.0.text"),
        ("lines", ["a"], "lines.0"),
        ("tags", "ab", "tags"),
        ("by_day", {"soon": "1"}, "by_day.soon"),
        ("by_day", {"2026-03-01": []}, "by_day.2026-03-01"),
        ("by_number", {"x": []}, "by_number.x"),
        ("pair", ["a"], "pair"),
        ("pair", ["a", "b"], "pair.1"),
        ("note", 1, "note"),
        ("other", "x", "other"),
        ("kind", "half", "kind"),
        ("cents", 1.5, "cents"),
        ("cents", False, "cents"),
        ("rate", "0.5", "rate"),
        ("rate", 10**400, "rate"),
        ("address", {"number": "7"}, "address.number"),
        ("address", [], "address"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_path(name: str, value: Any, path: str) -> None:
    raw = {**event_body(type="invoice.paid"), "payload": {"invoice": str(INVOICE), name: value}}
    with pytest.raises(RecordShapeError) as caught:
        InvoicePaid.from_record(raw)
    assert caught.value.field == f"payload.{path}"
    assert "cash" not in str(caught.value).replace("has to be one of", "")


@dataclass(slots=True)
class Slotted(BaseEvent):
    type: ClassVar[str] = "slotted"

    aggregate_id: UUID
    numbers: list[int] = field(default_factory=list)


class Plain(BaseEvent):
    type = Way.CARD

    def __init__(self, aggregate_id: UUID, *, amount: Decimal = Decimal(1), **more: Any) -> None:
        self.aggregate_id = aggregate_id
        self.amount = amount


class Computed(BaseEvent):
    def __init__(self, aggregate_id: UUID, size: int) -> None:
        self.aggregate_id = aggregate_id
        self.size = size

    def get_type(self) -> str:
        return "large" if self.size > 10 else "small"

    def get_version(self) -> str:
        return str(self.size)


class Own(BaseEvent):
    type = "own"

    def __init__(self, text: str) -> None:
        self.text = text

    def get_aggregate_id(self) -> UUID:
        return INVOICE

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Own":
        return cls(payload["text"].upper())


@pytest.mark.parametrize(
    "event", [Slotted(INVOICE, [1]), Plain(INVOICE, amount=Decimal("1.10")), Computed(INVOICE, 11), Own("A")]
)
def test_classes_of_every_form_are_received(event: Any) -> None:
    got = received(type(event), carried(published(event), "sqs"))
    members = lambda each: {name: getattr(each, name) for name in published(event)["payload"]}  # noqa: E731
    assert members(got) == members(event)


def test_a_type_that_an_object_computes_is_checked_by_the_object() -> None:
    body = event_body({"aggregate_id": str(INVOICE), "size": 3}, type="large", version="3")
    with pytest.raises(RecordShapeError, match="Computed: 'type' has to be 'small', not 'large'"):
        Computed.from_record(body)


class Unreadable(BaseEvent):
    type = "unreadable"

    def __init__(self, aggregate_id: UUID, data: bytes) -> None: ...


class Undefined(BaseEvent):
    type = "unreadable"

    def __init__(self, aggregate_id: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("kind", "why"),
    [(Unreadable, "no way from JSON to bytes; define from_payload"), (Undefined, "'Nowhere' is not defined")],
)
def test_a_class_that_json_has_no_form_of_says_so(kind: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        kind.from_record(event_body({"aggregate_id": str(INVOICE), "data": ""}, type="unreadable"))


def test_several_events_in_a_record_are_all_received() -> None:
    bodies = [event_body({"invoice": str(INVOICE)}, type="invoice.paid") for _ in range(2)]
    raw = carried(bodies, "sqs")
    assert InvoicePaid.from_record(raw) == [InvoicePaid(INVOICE)] * 2
    assert InvoicePaid.split_record(raw) == bodies


@dataclass
class Moved(BaseEvent):
    type: ClassVar[str] = "loan.moved"

    id: AggregateId  # of the loan, which has many events


def test_once_tells_events_apart_by_their_own_id() -> None:
    seen: list[Moved] = []

    @once(inbox=MemoryInbox(), name="on_moved")
    def on_moved(event: Moved) -> None:
        seen.append(event)

    one, other = (event_record({"id": str(INVOICE)}, type="loan.moved") for _ in range(2))
    for raw in (one, other, one):
        on_moved(received(Moved, raw))
    assert len(seen) == 2


def test_events_that_can_hold_no_id_need_a_key() -> None:
    def on_slotted(event: Slotted) -> None: ...

    with pytest.raises(TypeError, match="on_slotted takes Slotted, whose slots hold no id: say with key="):
        once(on_slotted)
    assert callable(once(key=lambda event: event.numbers)(on_slotted))
    with pytest.raises(LookupError):
        record_of(received(Slotted, published(Slotted(INVOICE))))
