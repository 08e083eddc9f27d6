from enum import Enum
from typing import Annotated, Literal

import marshmallow
import pytest
from kit_schemas import (
    RAISE,
    BaseSchema,
    Discriminator,
    SchemaDefinitionError,
    UndumpableValueError,
    UnionSelectionError,
    ValidationError,
    field,
)
from marshmallow.validate import Length


class Card(BaseSchema):
    kind: Literal["card", "debit"]
    number: Annotated[str, Length(equal=4)]
    note: str | None = None


class Bank(BaseSchema):
    kind: Literal["bank"]
    iban: str


class Payment(BaseSchema):
    by: Annotated[Card | Bank, Discriminator("kind")]
    others: list[Annotated[Card | Bank, Discriminator("kind")]] = field(default_factory=list)
    last: Annotated[Card | Bank, Discriminator("kind")] | None = None


DATA = {"by": {"kind": "debit", "number": "1234"}, "others": [{"kind": "bank", "iban": "DE1"}]}


def test_the_discriminator_chooses_the_class():
    payment = Payment.load(DATA)
    assert payment == Payment(by=Card(kind="debit", number="1234"), others=[Bank(kind="bank", iban="DE1")])
    assert payment.dump(skip_none=True) == DATA
    assert payment.Schema(skip_none=True).dump(payment) == DATA
    assert Payment.load(payment.dump()) == payment


@pytest.mark.parametrize(
    ("by", "messages"),
    [
        ({}, {"kind": ["Missing data for required field."]}),
        ({"kind": "cash"}, {"kind": ["Must be one of: card, debit, bank."]}),
        ({"kind": ["card"]}, {"kind": ["Must be one of: card, debit, bank."]}),
        ({"kind": "card", "number": "1"}, {"number": ["Length must be 4."]}),
        (5, {"_schema": ["Invalid input type."]}),
        (None, ["Field may not be null."]),
    ],
)
def test_errors_have_their_place(by, messages):
    with pytest.raises(ValidationError) as caught:
        Payment.load({"by": by})
    assert caught.value.messages == {"by": messages}


def test_unknown_reaches_the_members():
    with pytest.raises(ValidationError) as caught:
        Payment.load({"by": {"kind": "bank", "iban": "x", "more": 1}}, unknown=RAISE)
    assert caught.value.messages == {"by": {"more": ["Unknown field."]}}


def test_partial_is_not_about_the_members():
    assert Payment.load({"by": DATA["by"]}, partial=True).dump(skip_none=True) == {"by": DATA["by"]}
    with pytest.raises(ValidationError) as caught:
        Payment.load({"by": {"kind": "bank"}}, partial=True)
    assert caught.value.messages == {"by": {"iban": ["Missing data for required field."]}}


def test_numbers_may_tell_members_apart_and_true_is_no_number():
    class One(BaseSchema):
        kind: Literal[1]

    class Holder(BaseSchema):
        it: Annotated[One | Bank, Discriminator("kind")]

    assert Holder.load({"it": {"kind": 1}}).it == One(kind=1)
    for kind in (True, 1.0, "1"):
        with pytest.raises(ValidationError) as caught:
            Holder.load({"it": {"kind": kind}})
        assert caught.value.messages == {"it": {"kind": ["Must be one of: 1, bank."]}}


def test_a_value_of_another_class_is_no_member():
    for schema in (Payment(by=Payment), Payment(by={"kind": "card"})):
        with pytest.raises(UndumpableValueError, match="is none of Card, Bank"):
            schema.dump()


def test_an_instance_of_a_members_subclass_is_a_member():
    class Gold(Card):
        pass

    assert Payment(by=Gold(kind="card", number="1234")).dump(skip_none=True)["by"]["number"] == "1234"


def test_dotted_options_do_not_reach_in_silently():
    payment = Payment.load(DATA)
    for schema in (Payment.Schema(exclude=("by.number",)), Payment.Schema(exclude=("others.number",))):
        with pytest.raises(UnionSelectionError, match="can't reach into the union"):
            schema.dump(payment)


def test_a_plain_marshmallow_schema_can_nest_one():
    class Envelope(marshmallow.Schema):
        data = marshmallow.fields.Nested(Payment.Schema)

    assert Envelope().load({"data": DATA}) == {"data": Payment.load(DATA)}


def test_the_members_keep_what_the_discriminator_is_called_in_the_data():
    class Ping(BaseSchema):
        type_: Literal["ping"] = field(data_key="type", default="ping")

    class Pong(BaseSchema):
        type_: Literal["pong"] = field(data_key="type", default="pong")

    class Holder(BaseSchema):
        it: Annotated[Ping | Pong, Discriminator("type_")]

    assert Holder.load({"it": {"type": "pong"}}) == Holder(it=Pong())
    assert Holder(it=Pong()).dump() == {"it": {"type": "pong"}}


class Kind(Enum):
    A = "a"


class NoLiteral(BaseSchema):
    kind: str


class Renamed(BaseSchema):
    kind: Literal["renamed"] = field(data_key="Kind")


class Again(BaseSchema):
    kind: Literal["card"]


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (int | str, r"several types need .* Annotated\[…, SomeField\(\)\], or the type Any"),
        (Card | Bank, r"Annotated\[.*, Discriminator\('kind'\)\]"),
        (Annotated[Card | int, Discriminator("kind")], "is no schema"),
        (Annotated[Card | NoLiteral, Discriminator("kind")], "NoLiteral.kind tells .* no Literal"),
        (Annotated[Card | Bank, Discriminator("missing")], "Card.missing tells .* no Literal"),
        (Annotated[Card | Again, Discriminator("kind")], "'card' is the 'kind' of Card and Again"),
        (Annotated[Card | Renamed, Discriminator("kind")], "call 'kind' differently: kind, Kind"),
    ],
)
def test_what_can_not_be_told_apart_is_refused_with_a_remedy(hint, message):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}})
    with pytest.raises(SchemaDefinitionError, match=message):
        made.load({})


def test_a_given_field_may_say_what_the_discriminator_is_called():
    class Ping(BaseSchema):
        kind: Annotated[Literal["ping"], marshmallow.fields.String(data_key="type")]

    class Holder(BaseSchema):
        it: Annotated[Ping | Again, Discriminator("kind")]

    class Alone(BaseSchema):
        it: Annotated[Ping, Discriminator("kind")]

    with pytest.raises(SchemaDefinitionError, match="differently: type, kind"):
        Holder.load({})
    assert Alone.load({"it": {"type": "ping"}}) == Alone(it=Ping(kind="ping"))
