"""Payloads as JSON."""

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

import pytest
from kit_aws import NaiveTimeError, to_json

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Point:
    unit: ClassVar[str] = "m"
    x: Decimal
    tags: frozenset[str] = field(default_factory=frozenset)


class Dumped:
    def dump(self) -> dict[str, Any]:
        return {"id": LOAN}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (LOAN, str(LOAN)),
        (Decimal("0.10"), "0.10"),
        (Decimal("1E+400"), "1E+400"),
        (datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC), "2026-03-01T12:00:00.000005Z"),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-3))), "2026-03-01T12:00:00-03:00"),
        (datetime(2026, 3, 1, 12), "2026-03-01T12:00:00Z"),  # noqa: DTZ001
        (date(2026, 3, 1), "2026-03-01"),
        (time(12, 30), "12:30:00"),
        (Color.RED, "red"),
        (Level.HIGH, 3),
        ({"b", "a"}, ["a", "b"]),
        ({LOAN}, [str(LOAN)]),
        ({1: {LOAN: Color.RED}, Color.RED: None}, {"1": {str(LOAN): "red"}, "red": None}),
        (MappingProxyType({"a": (1, 2)}), {"a": [1, 2]}),
        (OrderedDict(a=Dumped()), {"a": {"id": str(LOAN)}}),
        (Point(Decimal(1), frozenset({"t"})), {"x": "1", "tags": ["t"]}),
        ([None, True, 1.5, "ü\ud800"], [None, True, 1.5, "ü\ud800"]),
    ],
)
def test_a_value_has_its_form(value: Any, expected: Any) -> None:
    text = to_json(value)
    assert json.loads(text) == expected
    assert text.isascii()


def test_sets_that_cannot_be_compared_are_written_all_the_same() -> None:
    assert json.loads(to_json({1, "a"})) == ["a", 1]


class Opaque:
    def __repr__(self) -> str:
        return "secret"


@dataclass
class Loan:
    documents: list[Any]


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (Opaque(), "$: a value of type 'Opaque'"),
        ({"x": Opaque()}, "$.x: a value of type 'Opaque'"),
        ([1, {"pay slip": b"secret"}], "$[1]['pay slip']: a value of type 'bytes'"),
        ({LOAN: {Opaque()}}, f"$[{LOAN!r}][0]: a value of type 'Opaque'"),
        ({"loan": Loan([{}, (Dumped(), Opaque())])}, "$.loan.documents[1][1]: a value of type 'Opaque'"),
        ({"a": {Opaque(): 1}}, "$.a: a key of type 'Opaque'"),
    ],
)
def test_what_has_no_form_is_a_type_error_that_says_where_it_is(value: Any, where: str) -> None:
    with pytest.raises(TypeError) as caught:
        to_json(value)
    assert str(caught.value) == f"{where} cannot be written as JSON"


def test_a_class_in_the_place_of_an_instance_is_named() -> None:
    with pytest.raises(TypeError, match=r"^\$\.point: the class 'Dumped' cannot .* only an instance can$"):
        to_json({"point": Dumped})


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_what_is_not_json_is_a_value_error_that_says_where_it_is(value: float) -> None:
    with pytest.raises(ValueError, match=rf"^\$\.rates\[1\]: a float that is {value!r} cannot be written as JSON$"):
        to_json({"rates": [0.5, value]})


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"loan": Loan([{}, datetime(2026, 3, 1, 12)])}, "$.loan.documents[1]"),  # noqa: DTZ001
        ({"at": {datetime(2026, 3, 1, 12): 1}}, "$.at"),  # noqa: DTZ001
    ],
)
def test_a_time_without_a_zone_is_refused_where_it_has_to_have_one(value: Any, path: str) -> None:
    with pytest.raises(NaiveTimeError, match="without an offset from UTC") as caught:
        to_json(value, aware=True)
    assert caught.value.path == path
    assert isinstance(caught.value, ValueError)
    assert to_json({"at": datetime(2026, 3, 1, 12, tzinfo=UTC)}, aware=True) == '{"at":"2026-03-01T12:00:00Z"}'


def test_what_contains_itself_is_a_value_error() -> None:
    loan: dict[str, Any] = {}
    loan["parent"] = loan
    with pytest.raises(ValueError, match="contains itself"):
        to_json(loan)


def test_what_a_dump_raises_is_not_replaced() -> None:
    class Broken:
        def dump(self) -> dict[str, Any]:
            raise ValueError("no id yet")

    with pytest.raises(ValueError, match="no id yet"):
        to_json({"loan": Broken()})
