"""JSON by the payload contract."""

import json
import math
from collections import OrderedDict, UserDict
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_core.errors import InvalidJsonError, NaiveTimeError, UnserialisableTypeError, UnserialisableValueError
from kit_core.json import ExactFloat, dumps, loads, plain

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


class Colour(Enum):
    RED = "red"
    PRICE = Decimal("1.10")


class Level(IntEnum):
    HIGH = 3


class Word(StrEnum):
    YES = "yes"


class Schema:
    def dump(self) -> dict[str, Any]:
        return {"id": LOAN}


class Model:
    def model_dump(self) -> dict[str, Any]:
        return {"at": date(2026, 1, 2)}


@dataclass(frozen=True, slots=True)
class Point:
    unit: ClassVar[str] = "m"
    x: Decimal
    tags: frozenset[str] = field(default_factory=frozenset)


@dataclass
class Account:
    name: str
    key: InitVar[str] = "secret"
    table: ClassVar[str] = "internal"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (LOAN, f'"{LOAN}"'),
        (datetime(2026, 1, 2, 3, 4, 5, 678, UTC), '"2026-01-02T03:04:05.000678Z"'),
        (datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-3))), '"2026-01-02T03:04:00-03:00"'),
        (datetime(2026, 1, 2, 3, 4), '"2026-01-02T03:04:00Z"'),  # noqa: DTZ001
        (date(2026, 1, 2), '"2026-01-02"'),
        (time(3, 4), '"03:04:00"'),
        (Decimal("1500.00"), '"1500.00"'),
        (Decimal("1E+400"), '"1E+400"'),
        (Colour.RED, '"red"'),
        (Colour.PRICE, '"1.10"'),
        (Level.HIGH, "3"),
        (Word.YES, '"yes"'),
        ({3, 1, 2}, "[1,2,3]"),
        (frozenset({"b", "a"}), '["a","b"]'),
        ({1, "a"}, '["a",1]'),
        ({LOAN}, f'["{LOAN}"]'),
        (Schema(), f'{{"id":"{LOAN}"}}'),
        (Model(), '{"at":"2026-01-02"}'),
        (Point(Decimal(1), frozenset({"t"})), '{"x":"1","tags":["t"]}'),
        (Account("Ada"), '{"name":"Ada"}'),
        ([Schema(), (Schema(),)], f'[{{"id":"{LOAN}"}},[{{"id":"{LOAN}"}}]]'),
        (UserDict(a=LOAN), f'{{"a":"{LOAN}"}}'),
        (MappingProxyType({"a": (1, 2)}), '{"a":[1,2]}'),
        (OrderedDict(a=Schema()), f'{{"a":{{"id":"{LOAN}"}}}}'),
        ({LOAN: {Colour.RED: Schema()}, None: 1, 2: 3}, f'{{"{LOAN}":{{"red":{{"id":"{LOAN}"}}}},"null":1,"2":3}}'),
        ({date(2026, 1, 2): Decimal(1), Decimal("1.10"): True}, '{"2026-01-02":"1","1.10":true}'),
        ({True: 1, 1.5: 2}, '{"true":1,"1.5":2}'),
        ({"a": "é💶"}, '{"a":"é💶"}'),
        ("é\ud800", '"é\\ud800"'),
        ("a\uffff\ufffe", '"a\\uffff\\ufffe"'),
        (10**30, "1" + "0" * 30),
        (None, "null"),
    ],
)
def test_a_value_has_its_form(value: Any, text: str) -> None:
    assert dumps(value) == text
    json.loads(text)
    text.encode()


def test_scalars_look_the_same_the_first_time_and_later() -> None:
    values = [LOAN, date(2026, 1, 2), time(3, 4), Decimal("1.10"), datetime(2026, 1, 2, tzinfo=UTC)]
    assert [dumps(value) for value in values] == [dumps(value) for value in values]


class Opaque:
    def __repr__(self) -> str:
        return "secret"


@dataclass
class Loan:
    documents: list[Any]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Opaque(), "$: a value of type 'Opaque' has no form in JSON"),
        ({"x": Opaque()}, "$.x: a value of type 'Opaque' has no form in JSON"),
        (timedelta(1), "$: a value of type 'timedelta' has no form in JSON"),
        ([1, {"pay slip": b"secret"}], "$[1]['pay slip']: a value of type 'bytes' has no form in JSON"),
        ({LOAN: {Opaque()}}, f"$[{LOAN!r}][0]: a value of type 'Opaque' has no form in JSON"),
        ({"loan": Loan([{}, (Schema(), 1j)])}, "$.loan.documents[1][1]: a value of type 'complex' has no form in JSON"),
        ({"a": {Opaque(): 1}}, "$.a: a key of type 'Opaque' has no form in JSON"),
        ({"a": {(1, 2): 1}}, "$.a: a key of type 'tuple' has no form in JSON"),
        ({"point": Schema}, "$.point: the class 'Schema' has no form in JSON, only an instance has"),
        ({"point": Point}, "$.point: the class 'Point' has no form in JSON, only an instance has"),
    ],
)
def test_a_type_without_a_form_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(UnserialisableTypeError) as caught:
        dumps(value)
    assert str(caught.value) == message
    assert isinstance(caught.value, TypeError)
    assert "secret" not in message


@pytest.mark.parametrize("value", [math.nan, -math.inf, Decimal("NaN"), Decimal("-Infinity")])
def test_nan_and_infinities_are_refused_with_their_place(value: Any) -> None:
    for payload, path in (({"rates": [0.5, value]}, "$.rates[1]"), ({"r": {value: 1}}, "$.r"), (value, "$")):
        with pytest.raises(UnserialisableValueError) as caught:
            dumps(payload)
        assert (caught.value.path, isinstance(caught.value, ValueError)) == (path, True)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"loan": Loan([{}, datetime(2026, 3, 1, 12)])}, "$.loan.documents[1]"),  # noqa: DTZ001
        ({"at": {datetime(2026, 3, 1, 12): 1}}, "$.at"),  # noqa: DTZ001
    ],
)
def test_a_time_without_an_offset_is_refused_on_request(value: Any, path: str) -> None:
    dumps(value)
    with pytest.raises(NaiveTimeError, match="no offset from UTC") as caught:
        dumps(value, aware=True)
    assert caught.value.path == path
    assert dumps({"at": datetime(2026, 3, 1, 12, tzinfo=UTC)}, aware=True) == '{"at":"2026-03-01T12:00:00Z"}'
    assert dumps([LOAN, Decimal(1), Schema()], aware=True) == f'["{LOAN}","1",{{"id":"{LOAN}"}}]'


def test_a_circular_structure_is_refused() -> None:
    loan: dict[str, Any] = {}
    loan["parent"] = loan
    with pytest.raises(UnserialisableValueError, match="circular"):
        dumps(loan)


def test_the_error_of_a_dump_is_not_replaced() -> None:
    class Broken:
        def dump(self) -> dict[str, Any]:
            raise LookupError("no id yet")

    class Wrong:
        def dump(self) -> dict[str, Any]:
            raise TypeError("no type yet")

    with pytest.raises(LookupError, match="no id yet"):
        dumps({"loan": Broken()})
    with pytest.raises(TypeError, match="no type yet"):
        dumps({"loan": Wrong()})


def test_plain_goes_one_step() -> None:
    assert plain(Point(Decimal(1))) == {"x": Decimal(1), "tags": frozenset()}


MANY = ",".join(f"0.{number}" for number in range(40))  # so many floats that the reader looks at the text first


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1E+400", "1e0000309", f"{'9' * 310}.0", f"{'9' * 250}e99"],
)
@pytest.mark.parametrize("around", ["{}", '{{"amount": {}}}', f"[{MANY}, {{}}]"])
@pytest.mark.parametrize("parse_float", [None, ExactFloat])
def test_numbers_beyond_a_float_are_refused(number: str, around: str, parse_float: Any) -> None:
    with pytest.raises(InvalidJsonError):
        loads(around.format(number), parse_float=parse_float)


@pytest.mark.parametrize(
    "text", ["", "{", "{'a': 1}", '"\\x"', "[1,]", b"\xff", "[" * 100_000, "9" * 5000, '{"a": 1} x']
)
def test_text_that_is_no_json_is_refused(text: Any) -> None:
    with pytest.raises(InvalidJsonError) as caught:
        loads(text)
    assert isinstance(caught.value, ValueError)


def test_what_is_read_is_as_the_standard_library_reads_it() -> None:
    for text in ('{"a": [1, 1.5e3, -0.0, null, true, "é\\ud800"]}', f"[{MANY}, 1e300, 1.7976931348623157e308]", "7"):
        assert loads(text) == loads(text.encode()) == json.loads(text)
    assert type(loads("1.5")) is float


def test_an_exact_float_keeps_its_digits() -> None:
    found = loads('{"amount": 12345678901234567.89, "rate": 0.5, "n": 3}', parse_float=ExactFloat)
    assert Decimal(str(found["amount"])) == Decimal("12345678901234567.89")
    assert found["rate"] + 0.25 == 0.75
    assert (found["rate"].digits, type(found["n"])) == ("0.5", int)
    assert dumps(found["rate"]) == "0.5"


def test_any_function_may_make_the_floats() -> None:
    assert loads("[1.10, 1e999]", parse_float=Decimal) == [Decimal("1.10"), Decimal("1e999")]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@settings(deadline=None)
@given(values)
def test_json_of_its_own_types_is_read_back(value: Any) -> None:
    text = dumps(value)
    text.encode()
    assert loads(text) == value
    assert loads(text, parse_float=ExactFloat) == value


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=20))
def test_many_floats_are_read_back(value: list[float]) -> None:
    assert loads(dumps(value)) == value
