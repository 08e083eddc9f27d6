"""JSON of what Lambda functions answer with."""

import json
from collections import UserDict
from dataclasses import InitVar, dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, ClassVar
from uuid import UUID

import pytest
from kit_handler.payload import dumps

ID = UUID("5b1f3c1e-6f0b-4f0e-9d0a-000000000001")


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Word(StrEnum):
    YES = "yes"


class Schema:
    def dump(self) -> dict[str, Any]:
        return {"id": ID}


class Model:
    def model_dump(self) -> dict[str, Any]:
        return {"at": date(2025, 1, 2)}


@dataclass
class Inner:
    price: Decimal


@dataclass
class Outer:
    inner: Inner
    names: frozenset[str]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ID, str(ID)),
        (datetime(2025, 1, 2, 3, 4, 5, 678, UTC), "2025-01-02T03:04:05.000678Z"),
        (datetime(2025, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-3))), "2025-01-02T03:04:00-03:00"),
        (datetime(2025, 1, 2, 3, 4), "2025-01-02T03:04:00Z"),  # noqa: DTZ001
        (date(2025, 1, 2), "2025-01-02"),
        (time(3, 4), "03:04:00"),
        (Decimal("1500.00"), "1500.00"),
        (Decimal("0.1") + Decimal("0.2"), "0.3"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        ({3, 1, 2}, [1, 2, 3]),
        (Schema(), {"id": str(ID)}),
        (Model(), {"at": "2025-01-02"}),
        (Outer(Inner(Decimal("1.10")), frozenset(["b", "a"])), {"inner": {"price": "1.10"}, "names": ["a", "b"]}),
        ([Schema(), [Schema()], (Schema(),)], [{"id": str(ID)}, [{"id": str(ID)}], [{"id": str(ID)}]]),
        (UserDict(a=ID), {"a": str(ID)}),
        ({ID: {Colour.RED: Schema()}, None: 1, 2: 3}, {str(ID): {"red": {"id": str(ID)}}, "null": 1, "2": 3}),
    ],
)
def test_known_types(value: Any, expected: Any) -> None:
    assert json.loads(dumps(value)) == expected


def test_text_is_not_escaped_unless_it_must_be() -> None:
    assert dumps({"a": "é💶"}) == '{"a":"é💶"}'
    assert dumps("é\ud800") == '"é\\ud800"'
    dumps("\udfff").encode()


@pytest.mark.parametrize("value", [object(), b"x", {"a": object()}, {b"k": 1}, Schema, 1j])
def test_other_types_are_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        dumps(value)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_what_is_no_json_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError):
        dumps(value)


def test_a_dataclass_is_its_fields_alone() -> None:
    @dataclass
    class Account:
        name: str
        key: InitVar[str] = "secret"
        table: ClassVar[str] = "internal"

    assert dumps(Account("Ada")) == '{"name":"Ada"}'
