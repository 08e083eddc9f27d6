"""kit-handler under strict type checkers: the documented calls, and the types that come out of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Self, assert_type
from uuid import UUID

from kit_handler import (
    AppError,
    Backoff,
    BadRequestError,
    Body,
    Cookie,
    Cors,
    Dispatcher,
    ErrorReport,
    ForbiddenError,
    Header,
    HttpError,
    Jwt,
    NotFoundError,
    PermanentError,
    Query,
    RateLimit,
    Request,
    Response,
    Router,
    all_of,
    aws_lambda_handler,
    get_body,
    job,
    route,
    trigger,
)
from kit_handler.openapi import openapi


@dataclass
class Loan:
    id: UUID
    amount: Decimal


def timed(request: Request, call_next: Callable[[Request], Response]) -> Response:
    response = call_next(request)
    response.headers["Server-Timing"] = "app"
    return response


async def later(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


@route
def hello(request: Request) -> Response:
    return Response.ok({"hello": request.query.get("name", "world"), "id": request.params["id"]})


@route(role=["LOAN_CREATE", all_of("EDITOR", "REVIEWER")], scope="loans.write", cors=Cors("https://app.example.com"))
def create_loan(request: Request) -> Response:
    if not request.body:
        raise BadRequestError("must be positive", field="amount")
    return Response.created(Loan(UUID(int=1), Decimal(request.body["amount"])))


@route(interceptors=[timed], rate_limit=RateLimit(2, per=60), cors="https://app.example.com")
def guarded(request: Request) -> Response:
    return Response.no_content()


@route(interceptors=[later])
async def slow(request: Request) -> Response:
    await asyncio.sleep(0)
    return Response.text("done").set_cookie("last", "1")


signed_in = Jwt(issuer="https://login.example.com/", audience="loans", algorithms=["ES256"], keys={"keys": []})


@route(token=signed_in, scope="loans.read")
def list_loans(request: Request) -> Response:
    return Response.ok({"for": request.authorizer["sub"] if request.authorizer else None})


app = Router("/shop", role="SHOP_VIEW", cors="https://shop.example.com", etag=True, security_headers=True)
admin = Router("/admin", role="ADMIN")
app.include(admin)


@app.get("/items/{id:uuid}", responses={404: "No such item"}, tags=["items"])
def get_item(id: UUID, language: Annotated[str, Header("Accept-Language")] = "en") -> Response:  # noqa: A002
    """Return an item."""
    return Response.ok({"id": id, "language": language})


@app.post("/orders")
def create_order(
    order: Loan, dry_run: Annotated[bool, Query("dry-run")] = False, seen: Annotated[str | None, Cookie()] = None
) -> Response:
    return Response.created(order)


@admin.delete("/items/{id:uuid}", role=None)
def delete_item(id: UUID, reason: Annotated[str, Body("reason")] = "") -> Response:  # noqa: A002
    raise NotFoundError(f"No such item: {id} {reason}")


def routes(event: dict[str, Any], context: Any) -> None:
    """Call what was decorated, as Lambda does and as tests do."""
    assert_type(get_item(UUID(int=1), "de"), Response)
    assert_type(create_loan(Request(body={"amount": "1"})), Response)
    answer: Mapping[str, Any] = create_loan(event, context)
    answer = app(event, context)
    answered: Response = app(Request(path="/shop/health"))
    document: dict[str, Any] = openapi(app, title="Shop", version="1.0.0")
    print(
        answer,
        answered,
        document,
        hello(event, context),
        slow(event, context),
        guarded(event, None),
        list_loans(event, None),
    )


class Order:
    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def from_record(cls, raw: dict[str, Any]) -> Iterable[Self]:
        return [cls(int(raw["body"]))]


def keep(raw: dict[str, Any], error: Exception) -> None:
    print(raw["messageId"], error)


def postpone(failed: list[tuple[Any, int]]) -> None:
    for raw, seconds in failed:
        print(raw["messageId"], seconds)


@job
def ship(order: Order) -> None:
    if order.number < 0:
        raise PermanentError("no such order")


@job
def import_rows(records: list[dict[str, Any]], context: Any) -> None:
    print(records, context)


@job(concurrency=8)
async def fetch(record: dict[str, Any]) -> None:
    await asyncio.sleep(0)


@job(dead_letter=keep, permanent=(UnicodeError,), max_receives=5, backoff=Backoff(postpone, first=10, most=900))
def charge(record: dict[str, Any]) -> None:
    print(record)


@trigger
def sign_up(event: dict[str, Any]) -> dict[str, Any]:
    if not event:
        raise ForbiddenError("Only for example.com")
    return {"autoConfirmUser": True}


dispatcher = Dispatcher(http=app)


@dispatcher.job("orders", "returns", dead_letter=keep)
def receive(record: dict[str, Any]) -> None:
    print(record)


@dispatcher.trigger("schedule")
def nightly(event: dict[str, Any]) -> str:
    return "done"


@aws_lambda_handler()
def plain(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"data": get_body(event)}


def report(told: ErrorReport) -> None:
    print(told.function, told.details)


@aws_lambda_handler(error_receiver=report, ignore_app_errors=["B00404"])
def wrapped(event: dict[str, Any], context: Any) -> dict[str, Any]:
    raise AppError("B00001", "Missing request body", details={"account": 7})


def jobs(event: dict[str, Any], context: Any) -> Any:
    """Call jobs, triggers and the envelope."""
    try:
        print(ship(event, context), import_rows(event, context), fetch(event, context), charge(event, None))
        print(sign_up(event, context), plain(event, context), wrapped(event, context))
        return dispatcher(event, context)
    except HttpError as error:
        return error.status
