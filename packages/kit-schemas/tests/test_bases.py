import datetime as dt
from enum import IntEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from kit_schemas import BaseEntity, BaseParams, BaseSchema, EventSchema, ValidationError, field


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Loan(BaseEntity):
    amount: int


class LoanApproved(EventSchema):
    type: ClassVar[str] = "loan.approved"

    amount: int


class LoanQuery(BaseParams):
    limit: int = 20
    open_only: bool = False
    status: list[str] | None = None
    sizes: set[int] = frozenset()


def test_an_entity_has_an_id_and_its_times():
    """Row D8 of the seeds: entities; a store is made where it is needed, `LoanStore()`."""
    one, other = Loan(amount=1), Loan(amount=1)
    assert one.uid != other.uid
    assert one.created_at.tzinfo is dt.UTC
    assert one.updated_at - one.created_at < dt.timedelta(seconds=1)
    assert Loan.load(one.dump()) == one
    assert Loan.load({**one.dump(), "created_at": "2026-01-02T03:04:05"}).created_at.tzinfo is dt.UTC


def test_an_event_answers_what_a_bus_asks():
    event = LoanApproved(aggregate_id=uuid4(), amount=5)
    assert (event.get_type(), event.get_version(), event.get_aggregate_id()) == (
        "loan.approved",
        "1",
        event.aggregate_id,
    )
    assert LoanApproved.load(event.dump()) == event


def test_an_event_works_with_a_publishing_mixin():
    sent: list[Any] = []

    class Publishable:  # as kit_events.BaseEvent is
        type: ClassVar[str]
        version: ClassVar[str] = "1"
        __slots__ = ()

        def get_type(self) -> str:
            raise AssertionError("the schema's own answer comes first")

        def publish(self) -> None:
            sent.append((self.get_type(), self.dump()))

    class LoanRejected(EventSchema, Publishable):
        type: ClassVar[str] = "loan.rejected"

    LoanRejected(aggregate_id=UUID(int=1)).publish()
    assert sent == [("loan.rejected", {"aggregate_id": str(UUID(int=1))})]


def test_parameters_are_texts_and_lists_are_joined_by_commas():
    query = LoanQuery.load({"limit": "5", "open_only": "true", "status": "open,paid", "sizes": "1,2,2", "x": ""})
    assert query == LoanQuery(limit=5, open_only=True, status=["open", "paid"], sizes={1, 2})
    assert LoanQuery.load({"status": ["open"]}).status == ["open"]
    assert LoanQuery.load({"status": ""}).status == []
    assert query.dump()["status"] == ["open", "paid"]
    with pytest.raises(ValidationError) as caught:
        LoanQuery.load({"limit": "many", "sizes": "1,x"})
    assert caught.value.messages == {"limit": ["Not a valid integer."], "sizes": {1: ["Not a valid integer."]}}


def test_an_enum_of_numbers_comes_as_text_in_parameters():
    class Sized(BaseParams):
        size: Size
        sizes: list[Size] = field(default_factory=list)

    assert Sized.load({"size": "1", "sizes": "1,2"}) == Sized(size=Size.SMALL, sizes=[Size.SMALL, Size.LARGE])
    assert Sized.load({"size": 2}).dump() == {"size": 2, "sizes": []}
    with pytest.raises(ValidationError) as caught:
        Sized.load({"size": "3"})
    assert caught.value.messages == {"size": ["Must be one of: 1, 2."]}


def test_a_tuple_of_a_fixed_length_is_joined_by_commas_too():
    class Box(BaseParams):
        corner: tuple[int, int]
        named: tuple[str, int] | None = None
        sized: tuple[Size, float, bool] = (Size.SMALL, 1.0, True)
        all: tuple[int, ...] = ()

    box = Box.load({"corner": "1,2", "named": "a,5", "sized": "2,1.5,false", "all": "1,2,3"})
    assert box == Box(corner=(1, 2), named=("a", 5), sized=(Size.LARGE, 1.5, False), all=(1, 2, 3))
    assert Box.load({"corner": ["1", 2]}).corner == (1, 2)
    for wrong, messages in [
        ("1", ["Length must be 2."]),
        ("", ["Length must be 2."]),
        ("1,2,3", ["Length must be 2."]),
        ("1,x", {1: ["Not a valid integer."]}),
        (5, ["Not a valid tuple."]),
    ]:
        for load in (Box.load, Box.Schema().load):
            with pytest.raises(ValidationError) as caught:
                load({"corner": wrong})
            assert caught.value.messages == {"corner": messages}


def test_a_text_is_no_tuple_and_no_list_elsewhere():
    class Box(BaseSchema):
        corner: tuple[int, int]
        all: list[int]

    with pytest.raises(ValidationError) as caught:
        Box.load({"corner": "1,2", "all": "1,2"})
    assert caught.value.messages == {"corner": ["Not a valid tuple."], "all": ["Not a valid list."]}
