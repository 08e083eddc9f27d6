"""Unions of classes as a body: the tag says the class, and OpenAPI has a discriminator."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from kit_handler import AnnotationError, Body, Response, Router, route
from kit_handler.openapi import openapi
from kit_testing.clients import Client
from openapi_spec_validator import OpenAPIV31SpecValidator


class Kind(Enum):
    CARD = "card"
    BANK = "bank"
    CASH = "cash"


@dataclass
class Card:
    number: str
    kind: Literal["card"] = "card"


@dataclass
class Bank:
    iban: str
    kind: Literal["bank", "sepa"]


@dataclass
class OfEnum:
    kind: Literal[Kind.CARD]
    number: str


@dataclass
class WithDefault:
    iban: str
    kind: Kind = Kind.BANK


@dataclass(slots=True)
class SetByItself:
    kind: Kind = field(default=Kind.CASH, init=False)


class Square(TypedDict):
    shape: Literal[1]
    width: int


class Circle(TypedDict):
    shape: Literal[True]
    radius: int
    name: NotRequired[str]


class Discriminator:
    """As kit-schemas' has, the field's name."""

    def __init__(self, field: str) -> None:
        self.field = field


@dataclass
class Twice:
    kind: Literal["twice"]
    version: Literal[2]


@dataclass
class Thrice:
    kind: Literal["thrice"]
    version: Literal[3]


@dataclass
class Wallet:
    payments: list[Card | Bank]
    first: Card | Bank | None = None


def body(annotation: Any) -> Client:
    def create(value: Any) -> Response:
        return Response.ok([type(value).__name__, value])

    create.__annotations__["value"] = annotation
    return Client(route(create))


def errors(answer: Any) -> list[tuple[str | None, str]]:
    assert answer.status == 400
    return [(each.get("field"), each["message"]) for each in answer.json()["errors"]]


def test_the_tag_says_the_class() -> None:
    client = body(Card | Bank)
    card = client.post("/", body={"kind": "card", "number": "1"})
    assert card.json()["data"] == ["Card", {"kind": "card", "number": "1"}]
    for kind in ("bank", "sepa"):
        assert client.post("/", body={"kind": kind, "iban": "x"}).json()["data"][0] == "Bank"
    assert errors(client.post("/", body={"kind": "bank", "number": "1"})) == [("iban", "is required")]
    assert errors(client.post("/", body={"number": "1"})) == [("kind", "is required")]
    for wrong in ("cash", None, 1, True, [], {}, "Card"):
        answer = client.post("/", body={"kind": wrong, "number": "1"})
        assert errors(answer) == [("kind", "must be one of 'card', 'bank', 'sepa'")]
    for wrong in ([], "card", None):
        answer = client.post("/", body=wrong, headers={"Content-Type": "application/json"})
        assert answer.status == 400


def test_enums_tell_classes_apart() -> None:
    client = body(OfEnum | WithDefault | SetByItself)
    answer = client.post("/", body={"kind": "card", "number": "1"})
    assert answer.json()["data"] == ["OfEnum", {"kind": "card", "number": "1"}]
    answer = client.post("/", body={"kind": "bank", "iban": "x"})
    assert answer.json()["data"] == ["WithDefault", {"kind": "bank", "iban": "x"}]
    assert client.post("/", body={"kind": "cash"}).json()["data"] == ["SetByItself", {"kind": "cash"}]
    assert errors(client.post("/", body={"iban": "x"})) == [("kind", "is required")]


def test_inside_of_others() -> None:
    client = body(Wallet)
    payments = [{"kind": "card", "number": "1"}, {"kind": "bank", "iban": 5}, {"kind": "x"}]
    assert errors(client.post("/", body={"payments": payments})) == [
        ("payments.1.iban", "must be a string"),
        ("payments.2.kind", "must be one of 'card', 'bank', 'sepa'"),
    ]
    good = {"payments": payments[:1], "first": None}
    assert client.post("/", body=good).json()["data"] == ["Wallet", good]

    @route
    def member(payment: Annotated[Card | Bank, Body("payment")]) -> Response:
        return Response.ok(type(payment).__name__)

    assert Client(member).post("/", body={"payment": {"kind": "sepa", "iban": "x"}}).json()["data"] == "Bank"

    @route
    def maybe(payment: Card | Bank | None = None) -> Response:
        return Response.ok(type(payment).__name__)

    assert Client(maybe).post("/").json()["data"] == "NoneType"


def test_a_discriminator_names_the_field() -> None:
    client = body(Annotated[Twice | Thrice, Discriminator("version")])
    assert client.post("/", body={"kind": "thrice", "version": 3}).json()["data"][0] == "Thrice"
    assert errors(client.post("/", body={"kind": "twice"})) == [("version", "is required")]
    assert errors(body(Twice | Thrice).post("/", body={"version": 2})) == [("kind", "is required")]


@dataclass
class Untagged:
    number: str


@dataclass
class AlsoCard:
    kind: Literal["card"]


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        (Card | Untagged, "Card, Untagged"),
        (Card | AlsoCard, "Card, AlsoCard"),
        (Square | Circle, "Square, Circle"),  # 1 and True are one key
        (Annotated[Card | Bank, Discriminator("number")], "'number'"),
        (list[Card | AlsoCard], "Card, AlsoCard"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_an_error_of_the_import(annotation: Any, names: str) -> None:
    with pytest.raises(AnnotationError, match=names):
        body(annotation)
    with pytest.raises(AnnotationError):
        body(Card | int)


def document(annotation: Any) -> dict[str, Any]:
    app = Router()

    def create(value: Any) -> Response:
        return Response.ok()

    create.__annotations__["value"] = annotation
    app.post("/")(create)
    made = openapi(app)
    OpenAPIV31SpecValidator(made).validate()
    return made


def test_openapi_has_one_of_with_a_discriminator() -> None:
    made = document(Card | Bank)
    place = "#/components/schemas/"
    assert made["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"] == {
        "oneOf": [{"$ref": f"{place}Card"}, {"$ref": f"{place}Bank"}],
        "required": ["kind"],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"card": f"{place}Card", "bank": f"{place}Bank", "sepa": f"{place}Bank"},
        },
    }
    assert made["components"]["schemas"]["Bank"]["properties"]["kind"] == {"type": "string", "enum": ["bank", "sepa"]}


def test_openapi_narrows_a_tag_that_its_class_leaves_open() -> None:
    made = document(OfEnum | WithDefault | SetByItself)
    schema = made["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    place = "#/components/schemas/"
    bank = {"properties": {"kind": {"type": "string", "enum": ["bank"]}}}
    assert schema["oneOf"] == [
        {"$ref": f"{place}OfEnum"},
        {"allOf": [{"$ref": f"{place}WithDefault"}, bank]},
        {"$ref": f"{place}SetByItself"},
    ]
    assert made["components"]["schemas"]["SetByItself"]["properties"] == {"kind": {"type": "string", "enum": ["cash"]}}
    assert schema["discriminator"]["mapping"]["bank"] == f"{place}WithDefault"
