"""Events that are declared: type, version, aggregate and attributes by the class."""

import sys
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_events import AggregateId, BaseEvent, EventShapeError
from kit_events.publishing.message import message_of

LOAN = UUID(int=7)


@dataclass
class Declared(BaseEvent):
    type: ClassVar[str] = "loan.requested"
    version: ClassVar[str] = "3"

    amount: int
    loan: AggregateId


class Plain(BaseEvent):
    type = "loan.requested"
    loan: AggregateId

    def __init__(self, loan: UUID) -> None:
        self.loan = loan


@dataclass
class Textual(BaseEvent):
    """As under `from __future__ import annotations`."""

    type: "ClassVar[str]" = "loan.requested"
    loan: "AggregateId" = LOAN


@dataclass
class Inherited(Declared):
    more: int = 1


@dataclass
class Named(BaseEvent):
    type: ClassVar[str] = "loan.requested"

    aggregate_id: UUID


@pytest.mark.parametrize("event", [Declared(1, LOAN), Plain(LOAN), Textual(), Inherited(1, LOAN), Named(LOAN)])
def test_the_aggregate_is_the_field_that_says_so(event: BaseEvent) -> None:
    assert event.get_aggregate_id() == LOAN
    assert message_of(event).aggregate_id == LOAN


@pytest.mark.skipif(sys.version_info < (3, 14), reason="before, such a class can't be defined")
def test_other_annotations_may_be_for_type_checkers_only() -> None:
    class Checked(BaseEvent):
        type: ClassVar[str] = "loan.requested"
        log: ClassVar[Logger]  # type: ignore[name-defined]  # noqa: F821
        loan: AggregateId = LOAN

    assert Checked().get_aggregate_id() == LOAN


def test_version_and_type_are_the_classs() -> None:
    assert (Declared(1, LOAN).get_type(), Declared(1, LOAN).get_version()) == ("loan.requested", "3")


def test_a_field_that_holds_no_id_is_an_error() -> None:
    with pytest.raises(EventShapeError, match="annotate a field with AggregateId"):
        Plain("loan").get_aggregate_id()  # type: ignore[arg-type]


class Country(Enum):
    BRAZIL = "BR"


class Filtered(BaseEvent):
    type = "loan.requested"

    def __init__(self, **values: Any) -> None:
        self.aggregate_id = uuid4()
        vars(self).update(values)


def attributes(names: Any, **values: Any) -> dict[str, str]:
    kind = type("Filtered", (Filtered,), {"filter_attributes": names})
    sent = message_of(kind(**values)).attributes
    return {name: value for name, value in sent.items() if name not in ("event_type", "event_origin")}


def test_attributes_to_filter_by_are_sent_as_text() -> None:
    names = ("country", "amount", "loan", "nothing", "empty")
    values = {"country": Country.BRAZIL, "amount": 5, "loan": LOAN, "nothing": None, "empty": ""}
    assert attributes(names, **values) == {"country": "BR", "amount": "5", "loan": str(LOAN)}


@pytest.mark.parametrize("names", [("event_type",), ("correlation_id",), "country", tuple("abcdefgh")])
def test_attributes_that_cannot_be_sent_are_refused(names: Any) -> None:
    """A message with more than ten is dropped by SNS on raw delivery."""
    with pytest.raises(EventShapeError) as caught:
        attributes(names, **dict.fromkeys("abcdefgh", "x"), country="BR")
    assert caught.value.field == "filter_attributes"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("country", b"BR", "filter by text, not by bytes"),
        ("country", "B\0R", "no control characters"),
        ("país", "BR", "letters, digits"),
        ("AWS.country", "BR", "letters, digits"),
    ],
)
def test_an_attribute_that_no_queue_would_take_is_named(name: str, value: Any, why: str) -> None:
    with pytest.raises(EventShapeError, match=why) as caught:
        attributes((name,), **{name: value})
    assert caught.value.field == name


def test_a_type_with_control_characters_is_refused() -> None:
    kind = type("Filtered", (Filtered,), {"type": "loan\x00paid"})
    with pytest.raises(EventShapeError, match="type: override get_type"):
        message_of(kind())


def test_an_attribute_that_the_event_has_not_is_named() -> None:
    with pytest.raises(EventShapeError, match="country"):
        attributes(("country",))
