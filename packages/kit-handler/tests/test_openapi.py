"""OpenAPI: the document is valid, and says what the routes do."""

# ruff: noqa: A002  (parameters are named as in the paths)

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict
from uuid import UUID

import annotated_types as at
import pytest
from kit_handler import Body, Cookie, Header, Jwt, Query, Request, Response, Router, all_of, route
from kit_handler.openapi import openapi
from marshmallow import validate
from openapi_spec_validator import OpenAPIV31SpecValidator

JWT = Jwt(issuer="https://issuer.example", audience="a", jwks_url="https://issuer.example/jwks")


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Tag(TypedDict):
    name: str
    weight: NotRequired[int]


@dataclass
class Item:
    """What is sold."""

    name: str
    price: Decimal
    color: Color = Color.RED
    tags: list[Tag] | None = None
    parent: "Item | None" = None


class Described:
    @classmethod
    def load(cls, data: Any) -> Any:
        return cls()

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"line": {"$ref": "#/$defs/Line"}},
            "$defs": {"Line": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Line"}}}},
        }


class Undescribed:
    @classmethod
    def load(cls, data: Any) -> Any:
        return cls()


def document(app: Router, **options: Any) -> dict[str, Any]:
    made = openapi(app, **options)
    OpenAPIV31SpecValidator(made).validate()
    assert json.loads(json.dumps(made)) == made
    return made


def shop() -> Router:
    app = Router("/shop", cors=True)

    @app.get("/items/{id:int}", responses={200: Item, 410: "It was sold"}, tags=["items"])
    def get_item(id: int, version: UUID | None = None) -> Response:
        """Return an item.

        Also one that is
        no longer sold.
        """
        return Response.ok()

    @app.put("/items/{id}", role=["EDITOR", "ADMIN"], scope="items", deprecated=True)
    def put_item(id: UUID, item: Item) -> Response:
        return Response.ok()

    @app.get("/items")
    def list_items(
        color: Color = Color.RED,
        kind: Literal["a", "b"] = "a",
        ids: Annotated[list[int] | None, Query("id")] = None,
        since: date = date(2030, 1, 31),
        shop: Annotated[str, Header("X-Shop")] = "",
        session: Annotated[str, Cookie()] = "",
    ) -> Response:
        return Response.ok()

    @app.post("/items", token=True)
    def post_items(items: list[Item]) -> Response:
        return Response.created()

    @app.get("/files/{name+}")
    def get_file(request: Request) -> Response:
        return Response.ok()

    return app


def test_the_document_is_valid_and_says_what_there_is() -> None:
    made = document(shop(), title="Shop", version="2.1.0", description="All of it", servers=["https://api.example.com"])
    assert made["openapi"] == "3.1.0"
    assert made["info"] == {"title": "Shop", "version": "2.1.0", "description": "All of it"}
    assert made["servers"] == [{"url": "https://api.example.com"}]
    assert list(made["paths"]) == ["/shop/items/{id}", "/shop/items", "/shop/files/{name}"]


def test_an_operation_has_its_docstring_parameters_and_answers() -> None:
    operation = document(shop())["paths"]["/shop/items/{id}"]["get"]
    assert operation["operationId"] == "get_item"
    assert (operation["summary"], operation["description"]) == ("Return an item.", "Also one that is\nno longer sold.")
    assert operation["tags"] == ["items"]
    assert operation["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "version", "in": "query", "required": False, "schema": {"type": "string", "format": "uuid"}},
    ]
    assert list(operation["responses"]) == ["200", "400", "404", "410", "500"]
    data = operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]
    assert data == {"$ref": "#/components/schemas/Item"}
    errors = {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}
    assert operation["responses"]["410"] == {"description": "It was sold", "content": errors}
    assert operation["responses"]["404"] == {"description": "Not Found", "content": errors}


def test_every_kind_of_parameter() -> None:
    parameters = document(shop())["paths"]["/shop/items"]["get"]["parameters"]
    assert [(each["name"], each["in"], each["schema"]) for each in parameters] == [
        ("color", "query", {"type": "string", "enum": ["red", "blue"], "default": "red"}),
        ("kind", "query", {"type": "string", "enum": ["a", "b"], "default": "a"}),
        ("id", "query", {"type": "array", "items": {"type": "integer"}}),
        ("since", "query", {"type": "string", "format": "date", "default": "2030-01-31"}),
        ("X-Shop", "header", {"type": "string", "default": ""}),
        ("session", "cookie", {"type": "string", "default": ""}),
    ]


def test_bodies_are_components() -> None:
    made = document(shop())
    assert made["paths"]["/shop/items"]["post"]["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}},
    }
    item = made["components"]["schemas"]["Item"]
    assert (item["description"], item["required"]) == ("What is sold.", ["name", "price"])
    tags = {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}}
    assert item["properties"]["tags"] == {"anyOf": [tags, {"type": "null"}]}
    assert item["properties"]["parent"] == {"anyOf": [{"$ref": "#/components/schemas/Item"}, {"type": "null"}]}
    assert made["components"]["schemas"]["Tag"]["required"] == ["name"]


def test_who_may_call_is_the_security() -> None:
    made = document(shop())
    put = made["paths"]["/shop/items/{id}"]["put"]
    assert put["security"] == [{"authorizer": ["EDITOR", "items"]}, {"authorizer": ["ADMIN", "items"]}]
    assert {"401", "403"} <= set(put["responses"])
    assert put["deprecated"] is True
    assert made["paths"]["/shop/items"]["post"]["security"] == [{"token": []}]
    assert "security" not in made["paths"]["/shop/items"]["get"]
    assert set(made["components"]["securitySchemes"]) == {"authorizer", "token"}


def test_all_of_several_roles_a_jwt_and_an_enum() -> None:
    app = Router(role=[all_of("A", "B"), Color.RED])
    app.get("/a")(lambda: Response.ok())
    app.get("/b", role=None, token=JWT)(lambda: Response.ok())
    app.get("/c", role=None)(lambda: Response.ok())
    paths = document(app)["paths"]
    assert paths["/a"]["get"]["security"] == [{"authorizer": ["A", "B"]}, {"authorizer": ["red"]}]
    assert paths["/b"]["get"]["security"] == [{"authorizer": []}]
    assert "security" not in paths["/c"]["get"]


def test_a_class_may_describe_itself() -> None:
    app = Router()
    app.post("/a")(lambda body: Response.ok())  # takes the request

    @app.post("/b")
    def create(body: Described) -> Response:
        return Response.ok()

    @app.post("/c")
    def create_other(body: Undescribed) -> Response:
        return Response.ok()

    made = document(app)
    assert "requestBody" not in made["paths"]["/a"]["post"]
    line = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Line"}}}
    assert made["components"]["schemas"]["Line"] == line
    described = made["components"]["schemas"]["Described"]
    assert described == {"type": "object", "properties": {"line": {"$ref": "#/components/schemas/Line"}}}
    schema = made["paths"]["/c"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"type": "object"}


def test_bodies_by_member_and_as_they_come() -> None:
    app = Router(problem_json=True)

    @app.post("/a")
    def members(name: Annotated[str, Body("name")], count: Annotated[int, Body("n")] = 1) -> Response:
        return Response.ok()

    @app.post("/b")
    def raw(data: Annotated[bytes, Body()]) -> Response:
        return Response.ok()

    made = document(app)
    schema = made["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {
        "type": "object",
        "properties": {"name": {"type": "string"}, "n": {"type": "integer"}},
        "required": ["name"],
    }
    assert list(made["paths"]["/b"]["post"]["requestBody"]["content"]) == ["application/octet-stream"]
    assert list(made["paths"]["/a"]["post"]["responses"]["400"]["content"]) == ["application/problem+json"]


def test_names_are_unique_and_hidden_routes_left_out() -> None:
    def get_it(request: Request) -> Response:
        return Response.ok()

    app = Router()
    for path in ("/a", "/b/{id}"):
        app.get(path)(get_it)
    app.get("/c", hidden=True)(get_it)
    app.route("/d", methods=("GET", "PUT"))(lambda request: Response.ok())
    paths = document(app)["paths"]
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert names == ["get_it", "get_b_id", "lambda", "put_d"]


def test_a_handler_made_by_route_is_described_as_what_it_wraps() -> None:
    @route(role="A")
    def find(limit: int = 5) -> Response:
        """Find."""
        return Response.ok()

    app = Router()
    app.get("/")(find)
    operation = document(app)["paths"]["/"]["get"]
    assert (operation["summary"], operation["security"]) == ("Find.", [{"authorizer": ["A"]}])
    assert operation["parameters"][0]["schema"] == {"type": "integer", "default": 5}


def test_api_gateway_gets_its_own_spelling() -> None:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": "arn"}
    paths = openapi(shop(), integration=integration)["paths"]
    assert "/shop/files/{name+}" in paths
    operation = paths["/shop/files/{name+}"]["get"]
    assert operation["x-amazon-apigateway-integration"] == integration


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kit_handler", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def module(tmp_path: Path) -> Path:
    source = "from kit_handler import Response, Router\napp = Router()\n@app.get('/a')\ndef a(): return Response.ok()\n"
    (tmp_path / "shop_api.py").write_text(source)
    return tmp_path


def test_the_command_prints_and_writes(module: Path) -> None:
    printed = command("openapi", "shop_api:app", "--title", "Shop", "--version", "3", cwd=module)
    assert printed.returncode == 0, printed.stderr
    made = json.loads(printed.stdout)
    assert (made["info"], list(made["paths"])) == ({"title": "Shop", "version": "3"}, ["/a"])
    OpenAPIV31SpecValidator(made).validate()
    options = ("--output", "api.json", "--server", "https://a.example", "--integration", '{"type": "aws_proxy"}')
    assert command("openapi", "shop_api", *options, cwd=module).stdout == ""
    made = json.loads((module / "api.json").read_text())
    assert made["servers"] == [{"url": "https://a.example"}]
    assert made["paths"]["/a"]["get"]["x-amazon-apigateway-integration"] == {"type": "aws_proxy"}


@pytest.mark.parametrize("name", ["shop_api:nothing", "nothing:app", "shop_api:Response"])
def test_the_command_says_what_is_wrong(name: str, module: Path) -> None:
    failed = command("openapi", name, cwd=module)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert repr(name) in failed.stderr
    assert "Traceback" not in failed.stderr


def described(name: str, schema: dict[str, Any]) -> type:
    """Make a class with a schema of its own, as those of kit-schemas and pydantic have."""
    return type(
        name, (), {"load": classmethod(lambda cls, data: cls()), "json_schema": classmethod(lambda cls: schema)}
    )


def test_inner_classes_of_one_name_are_kept_apart_and_those_met_twice_are_one():
    def order(line: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}}},
            "$defs": {"Line": {"type": "object", "properties": {"unit": {"$ref": "#/$defs/Unit"}}}, "Unit": line},
        }

    first, again, other = order({"type": "string"}), order({"type": "string"}), order({"type": "integer"})
    app = Router()
    for number, schema in enumerate((first, again, other)):
        body = described(f"Order{number}", schema)

        def handle(order: Any) -> Response:
            return Response.ok()

        handle.__annotations__["order"] = body
        app.post(f"/{number}")(handle)
    schemas = document(app)["components"]["schemas"]
    place = "#/components/schemas/"

    def unit_of(name: str) -> Any:
        line = schemas[name]["properties"]["lines"]["items"]["$ref"].removeprefix(place)
        return schemas[schemas[line]["properties"]["unit"]["$ref"].removeprefix(place)]

    assert unit_of("Order0") == unit_of("Order1") == {"type": "string"}
    assert unit_of("Order2") == {"type": "integer"}
    assert {name for name in schemas if name.startswith(("Line", "Unit"))} == {"Line", "Line-2", "Unit", "Unit-2"}


def test_a_class_that_is_a_reference_to_itself_is_one_component():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    app = Router()

    @app.post("/nodes")
    def post_node(node: described("Node", {"$ref": "#/$defs/Node", "$defs": {"Node": node}})) -> Response:  # type: ignore[valid-type]
        return Response.ok()

    schemas = document(app)["components"]["schemas"]
    assert schemas["Node"] == {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    assert not any(name.startswith("Node-") for name in schemas)


def test_the_room_has_nothing_else() -> None:
    import kit_handler.openapi

    with pytest.raises(AttributeError, match="no attribute 'document_of'"):
        _ = kit_handler.openapi.document_of  # type: ignore[attr-defined]


def test_checks_are_shown() -> None:
    app = Router()

    @app.get("/{number:int}")
    def find(
        number: Annotated[int, at.Interval(ge=1, lt=100)],
        page: Annotated[int, validate.Range(min=1, max=100, max_inclusive=False), at.DocInfo("The page.")] = 1,
        step: Annotated[float, at.Gt(0), at.MultipleOf(0.5)] = 0.5,
        name: Annotated[str | None, validate.Length(min=1, max=9), validate.Regexp("[a-z]+$")] = None,
        code: Annotated[str, Header("X-Code"), validate.Length(equal=3), at.Predicate(str.isupper)] = "ABC",
        ids: Annotated[list[Annotated[int, at.Ge(1)]] | None, Query("id"), at.Len(1, 5)] = None,
        mail: Annotated[str, validate.Email()] = "",
        link: Annotated[str, validate.URL(relative=True)] = "/",
        sort: Annotated[str, validate.OneOf(["name", "price"]), validate.NoneOf(["id"])] = "name",
        color: Annotated[Color, validate.Equal(Color.RED)] = Color.RED,
        twice: Annotated[int, at.Ge(1), at.Ge(2), validate.And(validate.Range(max=9), validate.Range(max=8))] = 2,
        since: Annotated[date, at.Ge(date(2030, 1, 1)), at.Unit("day")] = date(2030, 1, 31),
        amount: Annotated[Decimal, at.Le(Decimal("9.50"))] = Decimal(1),
    ) -> Response:
        return Response.ok()

    parameters = document(app)["paths"]["/{number}"]["get"]["parameters"]
    assert {each["name"]: each["schema"] for each in parameters} == {
        "number": {"type": "integer", "minimum": 1, "exclusiveMaximum": 100},
        "page": {"type": "integer", "minimum": 1, "exclusiveMaximum": 100, "default": 1},
        "step": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5, "default": 0.5},
        "name": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^(?:[a-z]+$)"},
        "X-Code": {"type": "string", "minLength": 3, "maxLength": 3, "default": "ABC"},
        "id": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 5},
        "mail": {"type": "string", "format": "email"},  # its default is no address
        "link": {"type": "string", "format": "uri-reference", "default": "/"},
        "sort": {"type": "string", "enum": ["name", "price"], "not": {"enum": ["id"]}, "default": "name"},
        "color": {"type": "string", "enum": ["red", "blue"], "const": "red", "default": "red"},
        "twice": {
            "type": "integer",
            "minimum": 1,
            "maximum": 9,
            "allOf": [{"minimum": 2}, {"maximum": 8}],
            "default": 2,
        },
        "since": {"type": "string", "format": "date", "x-unit": "day", "default": "2030-01-31"},
        "amount": {"type": ["string", "number"], "format": "decimal", "maximum": 9.5, "default": "1"},
    }
    assert [each["description"] for each in parameters if "description" in each] == ["The page."]


@dataclass
class Shelf:
    books: Annotated[list[str], validate.ContainsOnly(["a", "b"])]
    sizes: Annotated[dict[Annotated[str, at.MaxLen(3)], Annotated[int, at.Ge(0)]], at.MinLen(1)]
    place: tuple[int, Annotated[str, at.MinLen(1)]] | None = None
    path: tuple[str, ...] = ()
    label: Annotated[str, at.DocInfo("On the shelf."), validate.Regexp("(?i)a")] = ""


def test_checks_of_fields_are_shown_in_components() -> None:
    app = Router()

    @app.post("/")
    def create(shelves: Annotated[list[Shelf], at.MaxLen(9)]) -> Response:
        return Response.ok()

    made = document(app)
    body = made["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"type": "array", "items": {"$ref": "#/components/schemas/Shelf"}, "maxItems": 9}
    pair = [{"type": "integer"}, {"type": "string", "minLength": 1}]
    assert made["components"]["schemas"]["Shelf"]["properties"] == {
        "books": {"type": "array", "items": {"type": "string"}, "allOf": [{"items": {"enum": ["a", "b"]}}]},
        "sizes": {
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 0},
            "propertyNames": {"type": "string", "maxLength": 3},
            "minProperties": 1,
        },
        "place": {
            "anyOf": [{"type": "array", "prefixItems": pair, "minItems": 2, "maxItems": 2}, {"type": "null"}],
        },
        "path": {"type": "array", "items": {"type": "string"}},
        "label": {"type": "string", "description": "On the shelf."},
    }


class Params:
    """A class for the whole query, of the shape that kit-schemas' BaseParams has."""

    __kit_options__ = SimpleNamespace(split=True)
    __kit_fields__: ClassVar[dict[str, Any]] = {"shop": None, "limit": None, "tags": None}

    @classmethod
    def load(cls, data: Any) -> Any:
        return data

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        tags = {"type": ["array", "null"], "items": {"type": "string"}, "deprecated": True}
        limit = {"type": "integer", "maximum": 9, "description": "How many."}
        return {"properties": {"shop": {"type": "string"}, "limit": limit, "tags": tags}, "required": ["shop", "limit"]}


def test_a_class_for_the_query_is_its_parameters() -> None:
    app = Router()

    @app.get("/{shop}/items")
    def find(params: Params, page: int = 1) -> Response:
        return Response.ok()

    operation = document(app)["paths"]["/{shop}/items"]["get"]
    assert operation["parameters"] == [
        {"name": "shop", "in": "path", "required": True, "schema": {"type": "string"}},
        {
            "name": "limit",
            "in": "query",
            "description": "How many.",
            "required": True,
            "schema": {"type": "integer", "maximum": 9},
        },
        {
            "name": "tags",
            "in": "query",
            "deprecated": True,
            "required": False,
            "schema": {"type": ["array", "null"], "items": {"type": "string"}},
            "style": "form",
            "explode": False,
        },
        {"name": "page", "in": "query", "required": False, "schema": {"type": "integer", "default": 1}},
    ]
    assert "requestBody" not in operation


def test_an_error_with_a_name_has_the_form_of_errors_nevertheless() -> None:
    app = Router()
    app.get("/{id}", responses={404: "No such item", 409: "Taken", 201: "Made"})(lambda request: Response.ok())
    app.get("/problem", problem_json=True, responses={409: "Taken"})(lambda: Response.ok())
    paths = document(app)["paths"]
    responses = paths["/{id}"]["get"]["responses"]
    errors = {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}
    assert responses["404"] == {"description": "No such item", "content": errors}
    assert responses["409"] == {"description": "Taken", "content": errors}
    assert responses["201"] == {"description": "Made"}
    assert list(paths["/problem"]["get"]["responses"]["409"]["content"]) == ["application/problem+json"]
