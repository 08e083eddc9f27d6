"""`route`: what a function's result and its exceptions become."""

import functools
import json
import logging
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import pytest
from kit_handler import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    HttpError,
    NotFoundError,
    Request,
    Response,
    Router,
    UnauthorizedError,
    UnhandledSourceError,
    job,
    route,
    trigger,
)
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event


def body(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


@pytest.fixture(params=["1.0", "2.0"])
def event(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    return lambda *args, **options: http_event(*args, version=request.param, **options)


class Role(StrEnum):
    VIEW = "PROFILE_VIEW"


@pytest.mark.parametrize("decorate", [route, route(), route(token=False, role=None), route(interceptors=[])])
def test_every_spelling_of_the_bare_decorator_is_the_same(decorate: Any, event: Any) -> None:
    @decorate
    def profile(request: Request) -> Response:
        return Response.ok({"id": request.params["id"]})

    answer = profile(event("GET", "/profiles/7", path_params={"id": "7"}), LambdaContext())
    assert (answer["statusCode"], body(answer)) == (200, {"data": {"id": "7"}})


def test_the_context_is_optional_and_reaches_the_request(event: Any) -> None:
    seen = []

    @route
    def profile(request: Request) -> Response:
        seen.append(request.context)
        return Response.no_content()

    context = LambdaContext()
    profile(event())
    profile(event(), context)
    assert seen == [None, context]


def test_an_unknown_option_is_a_type_error_that_names_the_known() -> None:
    with pytest.raises(TypeError, match=r"'tokn'.*role, scope, token, cors, interceptors"):
        route(tokn=True)
    with pytest.raises(TypeError, match="tokn"):
        route(lambda request: Response.ok(), tokn=True)
    with pytest.raises(TypeError, match="function"):
        route("profile")


def test_function_and_options_may_come_together() -> None:
    assert route(lambda request: Response.ok(), role="A")(Request()).status_code == 401


def test_the_handler_keeps_the_functions_names() -> None:
    @route(role="A")
    def profile(request: Request) -> Response:
        """Return a profile."""
        return Response.ok()

    assert (profile.__name__, profile.__doc__) == ("profile", "Return a profile.")
    assert profile.__wrapped__(Request()).status_code == 200


def test_a_handler_can_be_called_with_a_plain_request() -> None:
    @route(role="A")
    def profile(request: Request) -> Response:
        return Response.ok(request.body["name"])

    allowed = profile(Request(method="post", body={"name": "Ada"}, authorizer={"roles": "A"}))
    assert isinstance(allowed, Response)
    assert (allowed.status_code, allowed.body) == (200, {"data": "Ada"})
    assert profile(Request()).status_code == 401


async def _pause() -> None:
    import asyncio

    await asyncio.sleep(0)


def test_a_coroutine_function_is_run(event: Any) -> None:
    @route(role=Role.VIEW)
    async def profile(request: Request) -> Response:
        await _pause()
        return Response.created({"path": request.path})

    answer = profile(event("POST", "/profiles", authorizer={"roles": "PROFILE_VIEW"}))
    assert (answer["statusCode"], body(answer)["data"]["path"]) == (201, "/profiles")


@pytest.mark.parametrize("result", [None, {"statusCode": 200}, "text", 200])
def test_anything_but_a_response_is_a_500_with_a_log_line(
    result: Any, event: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @route
    def profile(request: Request) -> Response:
        return result

    answer = profile(event())
    assert (answer["statusCode"], body(answer)["errors"][0]["id"]) == (500, "internal_server_error")
    assert "must return a Response" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "entry"),
    [
        (BadRequestError(), 400, {"id": "bad_request", "message": "Bad Request"}),
        (BadRequestError("no", field="a.0.b"), 400, {"id": "invalid_a.0.b", "message": "no", "field": "a.0.b"}),
        (UnauthorizedError(), 401, {"id": "unauthorized", "message": "Authentication is required"}),
        (ForbiddenError(), 403, {"id": "forbidden", "message": "You shall not pass!"}),
        (NotFoundError(), 404, {"id": "not_found", "message": "Resource not found"}),
        (NotFoundError("No loan"), 404, {"id": "not_found", "message": "No loan"}),
        (ConflictError("Taken"), 409, {"id": "conflict", "message": "Taken"}),
        (HttpError(418, "Tea", id="teapot"), 418, {"id": "teapot", "message": "Tea"}),
        (HttpError(HTTPStatus.GONE, "Gone"), 410, {"id": "gone", "message": "Gone"}),
    ],
)
def test_http_errors_are_answered(error: HttpError, status: int, entry: dict[str, str], event: Any) -> None:
    @route
    def profile(request: Request) -> Response:
        raise error

    answer = profile(event())
    assert (answer["statusCode"], body(answer)) == (status, {"errors": [entry]})
    assert answer["headers"]["Content-Type"] == "application/json"


def test_an_error_class_and_its_headers_are_answered(event: Any) -> None:
    @route
    def limited(request: Request) -> Response:
        raise HttpError(429, "Slow down", headers={"Retry-After": "5"})

    @route
    def missing(request: Request) -> Response:
        raise NotFoundError

    assert limited(event())["headers"]["Retry-After"] == "5"
    assert missing(event())["statusCode"] == 404


def test_any_other_exception_is_logged_and_answered_without_its_text(
    event: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @route
    def profile(request: Request) -> Response:
        raise LookupError("SELECT password FROM users")

    answer = profile(event())
    assert answer["statusCode"] == 500
    assert "password" not in json.dumps(answer)
    assert body(answer)["errors"][0]["message"] == "An unexpected error has occurred."
    [record] = caplog.records
    assert (record.name, record.levelno) == ("kit.handler", logging.ERROR)
    assert "LookupError" in caplog.text


class ValidationError(ValueError):
    """Look like marshmallow's."""

    def __init__(self, messages: Any) -> None:
        super().__init__(messages)
        self.messages = messages

    def normalized_messages(self) -> Any:
        return self.messages if isinstance(self.messages, dict) else {"_schema": self.messages}


def test_validation_errors_are_one_entry_per_field(event: Any) -> None:
    @route
    def create(request: Request) -> Response:
        raise ValidationError(
            {
                "amount": ["Too small.", "Too odd."],
                "lines": {0: {"price": {"currency": ["Unknown."]}}, 2: {"_schema": ["Empty."]}},
                "_schema": ["Contradiction."],
            }
        )

    answer = create(event("POST"))
    assert answer["statusCode"] == 400
    assert body(answer)["errors"] == [
        {"id": "invalid_amount", "message": "Too small.", "field": "amount"},
        {"id": "invalid_lines.0.price.currency", "message": "Unknown.", "field": "lines.0.price.currency"},
        {"id": "invalid_lines.2", "message": "Empty.", "field": "lines.2"},
        {"id": "invalid_body", "message": "Contradiction."},
    ]


class OtherError(LookupError):
    """Carries messages as other libraries do, and has nothing else of marshmallow's."""

    def __init__(self, messages: Any) -> None:
        super().__init__("secret")
        self.messages = messages


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ({"after": ["is not a cursor"]}, [("after", "is not a cursor")]),
        ({"limit": "must be from 1 to 1000"}, [("limit", "must be from 1 to 1000")]),
        (["is not a cursor"], [(None, "is not a cursor")]),
        ("is not a cursor", [(None, "is not a cursor")]),
        ({"lines": {0: {"name": ("NUL",)}}}, [("lines.0.name", "NUL")]),
    ],
)
def test_an_error_with_messages_is_the_clients(messages: Any, told: Any, event: Any) -> None:
    @route
    def create(request: Request) -> Response:
        raise OtherError(messages)

    answer = create(event("POST"))
    assert (answer["statusCode"], "secret" in answer["body"]) == (400, False)
    assert [(each.get("field"), each["message"]) for each in body(answer)["errors"]] == told


@pytest.mark.parametrize(
    "messages", [None, [], {}, 7, [7], {"a": object()}, {"a": []}, [b"secret"], [Exception("secret")]]
)
def test_messages_that_are_no_texts_are_not_the_clients(messages: Any, event: Any) -> None:
    @route
    def create(request: Request) -> Response:
        raise OtherError(messages)

    answer = create(event("POST"))
    assert (answer["statusCode"], "secret" in answer["body"]) == (500, False)


def test_a_validation_error_about_everything_names_no_field(event: Any) -> None:
    @route
    def create(request: Request) -> Response:
        raise ValidationError(["Invalid input type."])

    assert body(create(event("POST"))) == {"errors": [{"id": "invalid_body", "message": "Invalid input type."}]}


def test_malformed_json_is_a_400(event: Any) -> None:
    @route
    def create(request: Request) -> Response:
        return Response.ok(request.body)

    answer = create(event("POST", body='{"a": ', headers={"content-type": "application/json; charset=utf-8"}))
    assert (answer["statusCode"], body(answer)["errors"][0]["id"]) == (400, "bad_request")


class BrokenSchema:
    def dump(self) -> Any:
        raise LookupError


@pytest.mark.parametrize("value", [object(), {"n": float("nan")}, [1, {"deep": object}], BrokenSchema()])
def test_a_body_that_is_not_json_is_a_500_with_a_clear_log_line(
    value: Any, event: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @route
    def profile(request: Request) -> Response:
        return Response.ok(value)

    answer = profile(event())
    assert (answer["statusCode"], body(answer)["errors"][0]["id"]) == (500, "internal_server_error")
    assert "profile can't be sent" in caplog.text


def test_a_circular_body_is_a_500(event: Any) -> None:
    circle: list[Any] = []
    circle.append(circle)

    @route
    def profile(request: Request) -> Response:
        return Response.ok(circle)

    assert profile(event())["statusCode"] == 500


def test_a_line_break_in_a_header_is_a_500_and_not_a_header(event: Any) -> None:
    @route
    def profile(request: Request) -> Response:
        return Response(headers={"Location": "/a\r\nSet-Cookie: x=1"})

    answer = profile(event())
    assert (answer["statusCode"], "Location" in answer["headers"]) == (500, False)


@pytest.mark.parametrize(("value", "status"), [("a\x00b", 500), ("a\x7fb", 500), ("a\tb", 200), ("à\xa0b", 200)])
def test_a_control_character_in_a_header_is_a_500(event: Any, value: str, status: int) -> None:
    assert route(lambda request: Response(headers={"X-A": value}))(event())["statusCode"] == status


@pytest.mark.parametrize("status", [0, 99, 600, -1])
def test_a_status_that_http_does_not_have_is_a_500(event: Any, status: int) -> None:
    assert route(lambda request: Response(status))(event())["statusCode"] == 500

    @route
    def failing(request: Request) -> Response:
        raise HttpError(status, "no")

    assert failing(event())["statusCode"] == 500


def test_head_has_the_fields_of_get_and_no_body(event: Any) -> None:
    @route(etag=True)
    def profile(request: Request) -> Response:
        return Response.ok({"id": 7})

    got, head = profile(event("GET")), profile(event("HEAD"))
    assert head == {**got, "body": ""}
    assert route(token=lambda token, request: False)(profile)(event("HEAD"))["body"] == ""


def test_an_answer_over_six_megabytes_is_a_500_with_a_log_line(event: Any, caplog: pytest.LogCaptureFixture) -> None:
    @route
    def dump(request: Request) -> Response:
        return Response(body=request.query["char"] * 3_200_000)

    assert dump(event(query={"char": "x"}))["statusCode"] == 200
    assert not caplog.records
    assert dump(event(query={"char": '"'}))["statusCode"] == 500  # every quote takes two bytes on its way out
    assert "and 6291556 are let through" in caplog.text


@pytest.mark.parametrize("version", ["alb", "alb-multi"])
def test_an_answer_over_a_load_balancers_megabyte_is_a_500(version: str, caplog: pytest.LogCaptureFixture) -> None:
    @route
    def dump(request: Request) -> Response:
        return Response(body="x" * int(request.query["size"]))

    assert dump(http_event(query={"size": "900000"}, version=version))["statusCode"] == 200
    assert dump(http_event(query={"size": "1000000"}, version=version))["statusCode"] == 500
    assert "and 1000000 are let through" in caplog.text


@pytest.mark.parametrize(
    "strange",
    [
        sqs_event(["x"]),
        {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
        {"raw_path": "/", "headers": {}, "body": ""},
        {"requestContext": {"connectionId": "c", "routeKey": "$default"}, "body": "{}"},
        {},
        None,
        ["x"],
    ],
)
def test_an_event_that_is_not_http_raises_and_is_not_answered(strange: Any) -> None:
    @route
    def profile(request: Request) -> Response:
        return Response.ok()

    with pytest.raises(UnhandledSourceError):
        profile(strange)


def test_nothing_of_a_request_is_left_for_the_next(event: Any) -> None:
    @route
    def profile(request: Request) -> Response:
        request.headers["x-user"] = "first"
        request.params["id"] = "first"
        return Response.ok({"fresh": not hasattr(request, "user")})

    first = event("GET", "/", query={"id": "0"})
    profile(first)
    seen: list[Any] = []

    @route
    def again(request: Request) -> Response:
        seen.append((request.headers.get("x-user"), request.params["id"]))
        return Response.ok()

    again(first)
    assert seen == [(None, "0")]


def test_the_event_with_its_secrets_is_never_logged(event: Any, caplog: pytest.LogCaptureFixture) -> None:
    @route
    def profile(request: Request) -> Response:
        raise RuntimeError

    with caplog.at_level(logging.DEBUG):
        profile(event(headers={"Authorization": "Bearer hush"}, body="hush"))
    assert "hush" not in caplog.text


@pytest.mark.parametrize("options", [{"role": "ADMIN"}, {"token": lambda token, request: True}, {"cors": True}])
def test_options_above_a_routers_decorator_would_be_lost_and_are_an_error(options: dict[str, Any]) -> None:
    app = Router()
    with pytest.raises(TypeError, match=rf"registered with a Router already.*{next(iter(options))}="):

        @route(**options)
        @app.get("/secret")
        def secret() -> Response:
            return Response.ok()


def test_options_above_a_registered_function_are_noticed_through_other_decorators() -> None:
    app = Router()

    def timed(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any) -> Any:
            return function(*args)

        return call

    with pytest.raises(TypeError, match="registered with a Router already"):

        @route(role="ADMIN")
        @timed
        @app.get("/secret")
        def secret() -> Response:
            return Response.ok()


def test_options_below_a_routers_decorator_hold() -> None:
    app = Router()

    @app.get("/b", role="OTHER")
    @app.get("/a")
    @route(role="ADMIN")
    def secret() -> Response:
        return Response.ok()

    statuses = [
        app(Request(path=path, authorizer={"roles": roles})).status_code
        for path in ("/a", "/b")
        for roles in ("ADMIN", "OTHER", "ADMIN,OTHER")
    ]
    assert statuses == [200, 403, 200, 403, 403, 200]


def test_the_same_without_decorators() -> None:
    app = Router()
    with pytest.raises(TypeError, match="registered with a Router already"):
        route(role="ADMIN")(app.get("/secret")(lambda: Response.ok()))


def test_a_registered_function_may_be_a_route_of_its_own() -> None:
    app = Router()

    class Loans:
        def list(self) -> Response:
            return Response.ok("all")

    @route
    @app.get("/greeting")
    def greeting() -> Response:
        return Response.ok("hello")

    @app.get("/secret")
    def secret() -> Response:
        return Response.ok()

    alone = route(role="ADMIN")(secret)
    assert (alone(Request()).status_code, app(Request(path="/secret")).status_code) == (401, 200)
    app.get("/loans")(Loans().list)
    assert greeting(Request()).body == app(Request(path="/greeting")).body == {"data": "hello"}
    assert app(Request(path="/loans")).body == {"data": "all"}


@pytest.mark.parametrize("decorate", [route, route(role="A"), Router().get("/")])
@pytest.mark.parametrize("inner", [job(lambda record: None), trigger(lambda event: None), Router()])
def test_a_handler_of_whole_events_is_no_function_of_a_route(decorate: Any, inner: Any) -> None:
    with pytest.raises(TypeError, match="takes whole events"):
        decorate(inner)
