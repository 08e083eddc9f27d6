"""kit-schemas' classes as parameters of kit-handler's routes: BaseParams for the query, unions as a body."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from kit_handler import Body, Query, Response, Router, route
from kit_handler.openapi import openapi
from kit_schemas import RAISE, BaseParams, BaseSchema, Discriminator, field
from kit_testing.clients import Client
from marshmallow.validate import Range
from openapi_spec_validator import OpenAPIV31SpecValidator


class Search(BaseParams):
    page_size: Annotated[int, Range(min=1, max=100)] = field(default=20, data_key="page-size")
    tags: list[str] | None = None
    since: datetime | None = None
    ratio: float = 1.0
    name: str = ""


class InShop(Search, unknown=RAISE):
    shop: int


def search() -> Router:
    app = Router()

    @app.get("/plain")
    def plain(search: Search, page: int = 1) -> Response:
        return Response.ok([search, page])

    @app.get("/marked")
    def marked(search: Annotated[Search, Query()]) -> Response:
        return Response.ok(search)

    @app.get("/shops/{shop}/{item:int}")
    def in_shop(search: InShop, item: int) -> Response:
        return Response.ok([search.shop, item, search.page_size])

    @app.post("/body")
    def of_body(search: Annotated[Search, Body()]) -> Response:
        return Response.ok(search)

    return app


def errors(answer: Any) -> dict[str, str]:
    assert answer.status == 400
    return {each["field"]: each["message"] for each in answer.json()["errors"]}


def test_a_params_class_is_made_of_the_query() -> None:
    client = Client(search())
    data = client.get("/plain", query={"page-size": "5", "tags": "a,b", "page": "2", "other": "x"}).json()["data"]
    assert (data[0]["page-size"], data[0]["tags"], data[1]) == (5, ["a", "b"], 2)
    assert client.get("/plain").json()["data"][0]["page-size"] == 20
    assert client.get("/marked", query={"page-size": "7"}).json()["data"]["page-size"] == 7
    answer = client.post("/body", body={"page-size": "7"}, query={"page-size": "8"})
    assert answer.json()["data"]["page-size"] == 7


def test_every_wrong_parameter_is_named() -> None:
    client = Client(search())
    for path in ("/plain", "/marked"):
        query = {"page-size": "0", "since": "x", "ratio": "inf"}
        assert set(errors(client.get(path, query=query))) == {"page-size", "since", "ratio"}
    assert errors(client.get("/plain", query={"page-size": "x", "page": "x"})) == {
        "page-size": "Not a valid integer.",
        "page": "must be an integer",
    }
    assert errors(client.get("/plain", query={"name": "\0"})) == {"name": "must not have a NUL character"}


def test_of_a_name_that_comes_twice_a_list_has_both_and_a_text_the_last() -> None:
    client = Client(search())
    query = {"tags": ["a,b", "c"], "name": ["first", "last"]}
    data = client.get("/plain", query=query).json()["data"][0]
    assert (data["tags"], data["name"]) == (["a,b", "c"], "last")


def test_the_paths_parameters_that_the_class_has_are_in_it() -> None:
    client = Client(search())
    assert client.get("/shops/7/3", query={"page-size": "2"}).json()["data"] == [7, 3, 2]
    assert client.get("/shops/7/3", query={"shop": "8"}).json()["data"] == [7, 3, 20]  # the path wins
    assert set(errors(client.get("/shops/x/3"))) == {"shop"}
    assert set(errors(client.get("/shops/7/3", query={"other": "1"}))) == {"other"}

    @route
    def alone(search: InShop) -> Response:
        return Response.ok(search.shop)

    assert Client(alone).get("/", path_params={"shop": "7"}).json()["data"] == 7


def test_openapi_has_each_parameter() -> None:
    made = openapi(search())
    OpenAPIV31SpecValidator(made).validate()
    found = {each["name"]: each for each in made["paths"]["/plain"]["get"]["parameters"]}
    assert list(found) == ["page-size", "tags", "since", "ratio", "name", "page"]
    assert found["page-size"] == {
        "name": "page-size",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    }
    assert (found["tags"]["style"], found["tags"]["explode"]) == ("form", False)
    places = [(each["name"], each["in"]) for each in made["paths"]["/shops/{shop}/{item}"]["get"]["parameters"]]
    assert places[:2] == [("shop", "path"), ("item", "path")]
    assert ("shop", "query") not in places


class Card(BaseSchema, strict=True):
    kind: Literal["card"] = field(data_key="type")
    number: str


class Bank(BaseSchema):
    kind: Literal["bank"] = field(data_key="type")
    at: datetime


def test_a_union_of_schemas_is_told_apart_by_its_discriminator() -> None:
    app = Router()

    @app.post("/")
    def pay(payment: Annotated[Card | Bank, Discriminator("kind")]) -> Response:
        return Response.ok([type(payment).__name__, payment])

    client = Client(app)
    assert client.post("/", body={"type": "card", "number": "1"}).json()["data"][0] == "Card"
    at = datetime(2030, 1, 1, tzinfo=UTC).isoformat()
    assert client.post("/", body={"type": "bank", "at": at}).json()["data"][0] == "Bank"
    assert errors(client.post("/", body={"type": "card", "number": 1})) == {"number": "Not a valid string."}
    assert errors(client.post("/", body={"type": "x"})) == {"type": "must be one of 'card', 'bank'"}
    made = openapi(app)
    OpenAPIV31SpecValidator(made).validate()
    schema = made["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["discriminator"]["propertyName"] == "type"


@pytest.mark.parametrize("text", ["1,a", ["1", "a"]])
def test_a_tuple_of_two_in_the_query(text: Any) -> None:
    class Pair(BaseParams):
        pair: tuple[int, str]

    @route
    def find(pair: Pair) -> Response:
        return Response.ok(pair.pair)

    assert Client(find).get("/", query={"pair": text}).json()["data"] == [1, "a"]
    assert set(errors(Client(find).get("/", query={"pair": "x,a"}))) == {"pair.0"}


class Area(BaseParams):
    corner: tuple[int, int]
    named: tuple[str, float] | None = None


def test_a_tuple_of_a_fixed_length_is_joined_by_commas_or_repeated() -> None:
    @route
    def area(area: Area) -> Response:
        return Response.ok(area)

    client = Client(area)
    assert client.get("/?corner=1,2&named=a,1.5").json()["data"] == {"corner": [1, 2], "named": ["a", 1.5]}
    assert client.get("/?corner=1&corner=2").json()["data"]["corner"] == [1, 2]
    assert errors(client.get("/?corner=1")) == {"corner": "Length must be 2."}
    assert errors(client.get("/?corner=1,x")) == {"corner.1": "Not a valid integer."}
