import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType, Optional
from uuid import UUID

import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, ValidationError, field
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

ID = UUID("5b1f3c1e-6f0b-4f0e-9d0a-000000000001")
AccountId = NewType("AccountId", UUID)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1


class Inner(BaseSchema):
    size: int


ROUND_TRIPS = [
    (str, "a", "a"),
    (int, 3, 3),
    (float, 1.5, 1.5),
    (bool, True, True),
    (Decimal, Decimal("1.10"), "1.10"),
    (UUID, ID, str(ID)),
    (AccountId, ID, str(ID)),
    (dt.datetime, dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05+00:00"),
    (dt.date, dt.date(2026, 1, 2), "2026-01-02"),
    (dt.time, dt.time(3, 4), "03:04:00"),
    (dt.timedelta, dt.timedelta(seconds=90), 90.0),
    (Color, Color.RED, "red"),
    (Level, Level.LOW, 1),
    (Literal["a", "b"], "a", "a"),
    (Literal[1, "b"], "b", "b"),
    (Literal["a", None], None, None),
    (Optional[int], None, None),  # noqa: UP045
    (int | None, 3, 3),
    (Any, {"x": [1]}, {"x": [1]}),
    (Any, None, None),
    (list[int], [1, 2], [1, 2]),
    (list, [1, "b", None], [1, "b", None]),
    (Sequence[int], [1], [1]),
    (list[int | None], [1, None], [1, None]),
    (set[int], {1}, [1]),
    (frozenset[str], frozenset("a"), ["a"]),
    (tuple[int, str], (1, "b"), (1, "b")),
    (tuple[int, ...], (1, 2), [1, 2]),
    (dict[str, Decimal], {"a": Decimal("1.5")}, {"a": "1.5"}),
    (dict, {"a": 1}, {"a": 1}),
    (Mapping[str, Any], {"a": None}, {"a": None}),
    (Inner, Inner(size=1), {"size": 1}),
    (list[Inner], [Inner(size=1)], [{"size": 1}]),
    (dict[str, Inner], {"a": Inner(size=1)}, {"a": {"size": 1}}),
    (Annotated[list[Annotated[str, Length(max=2)]], Length(max=1)], ["ab"], ["ab"]),
]


@pytest.mark.parametrize(("hint", "value", "plain"), ROUND_TRIPS, ids=lambda part: str(part))
def test_values_round_trip(hint, value, plain):
    schema = type("Holder", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__})
    instance = schema(value=value)
    assert instance.dump() == {"value": plain}
    loaded = schema.load({"value": plain})
    assert loaded == instance
    assert type(loaded.value) is type(value)


@pytest.mark.parametrize(
    ("hint", "wrong", "message"),
    [
        (str, 1, "Not a valid string."),
        (int, "x", "Not a valid integer."),
        (int, True, "Not a valid integer."),
        (UUID, "x", "Not a valid UUID."),
        (Decimal, "NaN", "Special numeric values (nan or infinity) are not permitted."),
        (Decimal, "1e99999999", "Number too large."),
        (Decimal, "0." + "1" * 1001, "Number too large."),
        (Color, "green", "Must be one of: red, blue."),
        (Literal["a", "b"], "c", "Must be one of: a, b."),
        (int, None, "Field may not be null."),
        (Annotated[int, Range(min=1)], 0, "Must be greater than or equal to 1."),
        (Annotated[int | None, Range(min=1)], 0, "Must be greater than or equal to 1."),
        (tuple[int, str], [1], "Length must be 2."),
        (set[int], 5, "Not a valid list."),
        (set[Any], [[1]], "Not a valid list."),
        (set[Inner], [{"size": 1}], "Not a valid list."),
        (Color, [], "Must be one of: red, blue."),
        (Literal[1, "b"], {}, "Must be one of: 1, b."),
        (Literal[1, 2], True, "Not a valid integer."),
        (Inner, 5, "Invalid input type."),
    ],
)
def test_wrong_values_are_marshmallows_errors(hint, wrong, message):
    schema = type("Holder", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__})
    with pytest.raises(ValidationError) as caught:
        schema.load({"value": wrong})
    found = caught.value.messages["value"]
    assert message in (found if isinstance(found, list) else found["_schema"])


def test_errors_inside_containers_have_a_path():
    class Order(BaseSchema):
        lines: list[Inner]
        prices: dict[str, int]

    with pytest.raises(ValidationError) as caught:
        Order.load({"lines": [{"size": 1}, {"size": "x"}], "prices": {"a": "y"}})
    assert caught.value.messages == {
        "lines": {1: {"size": ["Not a valid integer."]}},
        "prices": {"a": {"value": ["Not a valid integer."]}},
    }


def test_options_reach_the_marshmallow_field():
    class User(BaseSchema):
        name: Annotated[str, Length(min=1)] = field(
            data_key="userName", validate=OneOf(["ann", "bob"]), metadata={"example": "ann"}
        )

    made = User.Schema().fields["name"]
    assert made.metadata == {"example": "ann"}
    assert User.load({"userName": "ann"}).dump() == {"userName": "ann"}
    with pytest.raises(ValidationError) as caught:
        User.load({"userName": ""})
    assert caught.value.messages == {"userName": ["Shorter than minimum length 1.", "Must be one of: ann, bob."]}


def test_load_only_and_dump_only():
    class User(BaseSchema):
        pin: str = field(load_only=True)
        id: int = field(default=0, dump_only=True)

    user = User.load({"pin": "1234", "id": 5})
    assert (user.pin, user.id) == ("1234", 0)
    assert User(pin="1", id=7).dump() == {"id": 7}


def test_a_marshmallow_field_can_be_given():
    class Contact(BaseSchema):
        mail: Annotated[str, fields.Email(), Length(max=20)]
        site: Annotated[str | None, fields.Url()] = None

    assert Contact.load({"mail": "a@example.com", "site": None}).site is None
    with pytest.raises(ValidationError) as caught:
        Contact.load({"mail": "a" * 30, "site": "x"})
    assert set(caught.value.messages) == {"mail", "site"}
    with pytest.raises(ValidationError, match="Missing data"):
        Contact.load({})


def test_metadata_of_annotated_that_is_no_validator_is_ignored():
    class Row(BaseSchema):
        name: Annotated[str, "a comment", str]

    assert Row.load({"name": "x"}).name == "x"


@pytest.mark.parametrize("hint", [int | str, bytes, type, list[int | str], complex])
def test_an_unsupported_type_is_an_error_that_names_the_field(hint):
    schema = type("Holder", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__})
    with pytest.raises(SchemaDefinitionError, match=r"Holder\.value"):
        schema.load({})


@pytest.mark.parametrize(
    ("options", "default", "message"),
    [
        ({"load_default": "x"}, ..., "give the default in the class"),
        ({"load_default": None}, ..., "give the default in the class"),
        ({"required": True}, "x", "required=True, and the class has a default"),
        ({"dump_only": True}, ..., "needs a default"),
        ({"attribute": "other"}, "x", "data_key="),
    ],
)
def test_what_a_given_field_says_and_the_class_can_not_know_is_refused(options, default, message):
    body = {"__annotations__": {"value": Annotated[str | None, fields.String(**options)]}}
    made = type("Made", (BaseSchema,), body if default is ... else {**body, "value": default})
    with pytest.raises(SchemaDefinitionError, match=rf"Made\.value: .*{message}"):
        made.load({})


def test_a_given_field_and_its_class_agree():
    class Made(BaseSchema):
        needed: Annotated[str, fields.String(required=True)]
        count: Annotated[int, fields.Integer(load_default=5)] = 6
        seen: Annotated[int, fields.Integer(dump_only=True)] = 1
        mail: Annotated[str, fields.Email(data_key="E-Mail")] = ""
        tags: list[Annotated[str, fields.String(load_default=None)]] = field(default_factory=list)

    loaded = Made.load({"needed": "a", "seen": 5, "tags": [None]})
    assert loaded == Made(needed="a", tags=[None]) == Made(needed="b").replace(needed="a", tags=[None])
    assert loaded.dump() == {"needed": "a", "count": 6, "seen": 1, "E-Mail": "", "tags": [None]}
    for use in (Made, lambda: Made.load({})):
        with pytest.raises((TypeError, ValidationError), match="needed"):
            use()


@pytest.mark.parametrize(
    ("found", "remedy"), [(Length, r"Length\(…\)"), (fields.Email, r"Email\(…\)"), (field(load_only=True), "field")]
)
def test_what_would_do_nothing_in_annotated_is_refused(found, remedy):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": Annotated[str, found]}})
    with pytest.raises(SchemaDefinitionError, match=rf"Made\.value: .*does nothing.*{remedy}"):
        made.load({"value": "a"})


@pytest.mark.parametrize("values", [(Color.RED, "x"), (b"a", 1)])
def test_a_literal_of_several_types_is_of_what_json_has(values):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": Literal[values]}})
    with pytest.raises(SchemaDefinitionError, match=r"Made\.value: a Literal of several types"):
        made.load({})


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("values", "plain", "wrong"),
    [
        ({"LOW": Decimal("0.1"), "HIGH": Decimal("0.50")}, "0.1", "0.2"),
        ({"ONE": UUID(int=1)}, str(UUID(int=1)), str(UUID(int=2))),
        ({"NEW_YEAR": dt.date(2026, 1, 1)}, "2026-01-01", "2026-01-02"),
        ({"SHORT": dt.timedelta(minutes=1)}, 60.0, 61.0),
    ],
)
def test_the_values_of_an_enum_are_as_those_of_a_field(values, plain, wrong, strict):
    members = Enum("Members", values)
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": members}}, strict=strict)
    first = next(iter(members))
    assert made.load({"value": plain}).value is made.load({"value": first}).value is first
    assert made(value=first).dump() == {"value": plain}
    assert made.json_schema()["properties"]["value"]["enum"][0] == plain
    for value in (wrong, "x", None, []):
        with pytest.raises(ValidationError):
            made.load({"value": value})
