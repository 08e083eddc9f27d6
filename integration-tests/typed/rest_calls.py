"""kit-rest under strict type checkers: declarations, and the calls of an Api."""

from typing import Any, assert_type

from kit_handler import Request, Response, Router
from kit_rest import Api, Claim, Function, ManyToMany, Resource, RestError, RowSecurity, ToMany, ToOne
from kit_schemas import BaseSchema


class Book(BaseSchema):
    id: int
    title: str


class Books(Resource):
    entity = Book
    table = "library.books"
    key = ("id",)
    methods = ("GET", "POST")
    row_filters = {"tenant": Claim("tenant")}
    relations = {
        "author": ToOne("authors", {"author_id": "id"}, hint="fk"),
        "copies": ToMany("copies", {"id": "book_id"}),
        "tags": ManyToMany("tags", {"id": "book_id"}, through="book_tags", then={"tag_id": "id"}),
    }

    def before_create(self, rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        if not rows:
            raise RestError(400, "KIT400", "No rows", hint="Send one")
        return rows


def build() -> Api:
    function = Function("add", parameters={"a": "int"}, optional=["a"], returns="value", reads=True)
    return Api([Books], [function], row_security=RowSecurity(role="reader"), idempotency="answers", cors="*")


def call(api: Api, router: Router) -> None:
    router.include(api.router, "/rest")
    assert_type(api.openapi(), dict[str, Any])
    assert_type(api.idempotency_schema(), str)
    assert_type(RestError(400, "X", "m").fields, list[dict[str, str]])
    assert_type(Response(200).status_code, int)
