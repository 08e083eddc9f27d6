"""What each payload holds, and where; the answer in the shape that its source takes."""

import json
from typing import Any

import pytest
from kit_handler import ConfigurationError, Request, Response, Router, UnhandledSourceError, route
from kit_handler.http import payloads
from kit_handler.http.adapters import alb
from kit_handler.http.payloads import register_adapter, unregister_adapter
from kit_testing import Client
from kit_testing.events import (
    PAYLOADS,
    authorizer_event,
    cognito_event,
    custom_resource_event,
    dynamodb_event,
    eventbridge_event,
    http_event,
    kinesis_event,
    lex_event,
    s3_event,
    s3_test_event,
    schedule_event,
    sns_event,
    sqs_event,
    websocket_event,
)

MODULES = {
    "2.0": "apigateway_v2",
    "1.0": "apigateway_v1",
    "url": "function_url",
    "alb": "alb",
    "alb-multi": "alb_multi_value",
    "lattice": "vpc_lattice_v2",
    "lattice-v1": "vpc_lattice_v1",
}


def read(event: dict[str, Any]) -> Request:
    adapter = payloads.find(event)
    assert adapter is not None
    return Request.from_event(event, adapter=adapter)


@pytest.fixture(params=PAYLOADS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_payload_is_recognised_by_its_shape(version: str) -> None:
    found: Any = payloads.find(http_event(version=version))
    assert found.__name__ == f"kit_handler.http.adapters.{MODULES[version]}"


@pytest.mark.parametrize(
    "event",
    [
        sqs_event(["a"]),
        kinesis_event(["a"]),
        dynamodb_event([{"id": "1"}]),
        sns_event(["a"]),
        s3_event(["a"]),
        s3_test_event(),
        eventbridge_event({}),
        schedule_event(),
        cognito_event(),
        lex_event(),
        custom_resource_event(),
        websocket_event("$connect"),
        websocket_event("message", body="{}"),
        *(authorizer_event(kind) for kind in ("2.0", "1.0", "token", "websocket")),
        {"raw_path": "/", "headers": {}, "body": ""},
        {"messageVersion": "1.0", "agent": {"name": "a"}, "httpMethod": "GET", "apiPath": "/"},
    ],
)
def test_what_is_no_request_is_not_taken_for_one(event: dict[str, Any]) -> None:
    assert payloads.find(event) is None


def test_every_payload_holds_the_same_request(version: str) -> None:
    request = read(
        http_event(
            "POST",
            "/loans",
            headers={"X-Odd": "1"},
            query={"a b": "c&d", "ids": "1"},
            body={"amount": "10"},
            cookies=["a=1", "b=2"],
            source_ip="198.51.100.9",
            version=version,
        )
    )
    assert (request.method, request.path) == ("POST", "/loans")
    assert request.headers["x-odd"] == "1"
    assert request.query == {"a b": "c&d", "ids": "1"}
    assert request.body == {"amount": "10"}
    assert request.cookies == {"a": "1", "b": "2"}
    assert (request.source_ip, request.user_agent) == ("198.51.100.9", "test")
    assert request.authorizer is None


def test_several_values_of_one_name(version: str) -> None:
    request = read(http_event(query={"ids": ["1", "2,3"]}, version=version))
    assert request.query == {"ids": "2,3"}
    assert request.multi_query == {"ids": ["2,3"] if version in ("alb", "lattice-v1") else ["1", "2,3"]}


def test_a_binary_body_comes_out_of_base64(version: str) -> None:
    assert read(http_event("POST", body=b"\xff\xfe", version=version)).body == b"\xff\xfe"


def test_the_path_is_as_the_payload_holds_it(version: str) -> None:
    expected = "/a b" if version == "2.0" else "/a%20b"
    assert read(http_event(path="/a b", version=version)).path == expected


def test_who_has_called(version: str) -> None:
    request = read(http_event(authorizer={"roles": "A", "principal": "arn"}, version=version))
    if version.startswith("alb") or version == "lattice-v1":
        assert request.authorizer is None
    else:
        assert request.authorizer is not None
        assert (request.authorizer["roles"], request.authorizer["principal"]) == ("A", "arn")


def test_lattice_names_a_caller_only_when_aws_has_authenticated_one() -> None:
    event = http_event(version="lattice", authorizer={})
    assert read(event).identity["sourceVpcArn"].startswith("arn:aws:ec2")
    event["requestContext"]["identity"]["type"] = "NONE"
    assert read(event).authorizer is None


def test_a_function_url_knows_iam_alone() -> None:
    event = http_event(version="url")
    event["requestContext"]["authorizer"] = {"lambda": {"roles": "ADMIN"}, "jwt": {"claims": {"roles": "ADMIN"}}}
    event["pathParameters"] = {"id": "1"}
    assert read(event).authorizer is None
    assert read(event).path_params == {}


@pytest.mark.parametrize("version", ["alb", "alb-multi", "lattice", "lattice-v1"])
def test_an_address_that_the_client_has_written_itself_is_not_believed(version: str) -> None:
    event = http_event(headers={"X-Forwarded-For": "10.0.0.1, 10.0.0.2"}, source_ip="198.51.100.9", version=version)
    assert read(event).source_ip == "198.51.100.9"


def test_lattice_v1_is_read_as_its_document_shows_it() -> None:
    event = {
        "raw_path": "/loans/a%20b",
        "method": "POST",
        "headers": {"host": "svc.example.com", "x-forwarded-for": "10.0.0.1, 10.0.0.9", "cookie": "a=1; b=2"},
        "query_string_parameters": {"page": "2", "none": None},
        "body": "eyJhbW91bnQiOiAiMTAifQ==",
        "is_base64_encoded": True,
    }
    request = read(event)
    assert (request.method, request.path, request.query) == ("POST", "/loans/a%20b", {"page": "2"})
    assert (request.body, request.raw_body) == ({"amount": "10"}, b'{"amount": "10"}')
    assert (request.source_ip, request.cookies, request.authorizer) == ("10.0.0.9", {"a": "1", "b": "2"}, None)
    app = Router()
    app.post("/loans/{name}")(lambda name: Response.ok(name).set_cookie("c", "3"))
    answer = app(event)
    assert (answer["statusCode"], answer["body"]) == (200, '{"data":"a b"}')
    assert answer["headers"]["set-cookie"].startswith("c=3;")
    assert read({**event, "raw_path": "/loans?page=2"}).path == "/loans"
    guarded = route(role="A")(lambda request: Response.ok())
    assert guarded(event)["statusCode"] == 401


@pytest.mark.parametrize("null", [None, {}])
def test_null_is_the_same_as_nothing(version: str, null: Any) -> None:
    event = http_event(version=version)
    for name in list(event):
        if name not in ("requestContext", "version", "httpMethod"):
            event[name] = null
    request = read(event)
    assert (request.method, request.headers, request.params, request.cookies, request.body) == ("GET", {}, {}, {}, "")


def with_value(version: str, value: Any) -> dict[str, Any]:
    """Return a request whose path parameter and whose query have `value` as one of two values."""
    event = http_event(query={"a": "1", "b": "2"}, path_params={"id": "7", "part": "x"}, version=version)
    for name in ("pathParameters", "queryStringParameters", "query_string_parameters"):
        if isinstance(event.get(name), dict):
            event[name] |= {"id": value, "a": value}
    if "multiValueQueryStringParameters" in event:
        event["multiValueQueryStringParameters"]["a"] = [value]
    event.pop("rawQueryString", None)
    return event


def test_a_null_among_the_parameters_is_the_same_as_nothing(version: str) -> None:
    request = read(with_value(version, None))
    assert (request.query["b"], "a" in request.query, "a" in request.multi_query) == ("2", False, False)
    assert "id" not in request.path_params
    assert request.params.get("id") is None

    @route
    def bound(id: int, a: int, b: int = 0) -> Response:  # noqa: A002
        return Response.ok()

    @route
    def listed(a: list[int]) -> Response:
        return Response.ok()

    @route
    def defaulted(id: int = 1, a: int = 1, all: list[int] = []) -> Response:  # noqa: A002, B006
        return Response.ok([id, a])

    for handler, status in ((bound, 400), (listed, 400), (defaulted, 200)):
        assert handler(with_value(version, None))["statusCode"] == status


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (1.5, "1.5"), (True, "True")])
def test_a_number_in_an_event_made_by_hand_is_its_text(version: str, value: Any, text: str) -> None:
    request = read(with_value(version, value))
    assert request.query["a"] == text
    assert request.path_params.get("id", text) == text


def test_a_body_that_no_text_can_be_is_the_clients_error(version: str) -> None:
    @route
    def raw(request: Request) -> Response:
        return Response.ok(len(request.raw_body))

    event = http_event("POST", body="x", version=version)
    event["body"] = "\ud800"
    assert raw(event)["statusCode"] == 400


@route
def echo(request: Request) -> Response:
    """Answer with two cookies, and a body that is not text when asked."""
    body = b"\xff" if request.query.get("binary") else {"path": request.path}
    return Response(200, body, {"X-A": "1"}, cookies=["a=1; Path=/", "b=2; HttpOnly"])


def test_an_answer_is_one_that_its_source_takes(version: str) -> None:
    client = Client(echo, version=version)
    answer = client.get("/x")
    assert answer.status == 200
    assert answer.json() == {"path": "/x"}
    assert answer.headers["x-a"] == "1"
    assert answer.headers["content-type"] == "application/json"
    assert sorted(answer.set_cookies) == ["a=1; Path=/", "b=2; HttpOnly"]
    assert client.cookies == {"a": "1", "b": "2"}
    assert client.get("/x?binary=1").content == b"\xff"


def test_a_load_balancer_gets_many_cookies_under_one_name_in_many_cases() -> None:
    answer = alb.encode(Response(200, cookies=[str(number) for number in range(40)]))
    assert len(answer["headers"]) == 40
    assert {name.lower() for name in answer["headers"]} == {"set-cookie"}


def test_a_load_balancer_with_lists_gets_lists_alone() -> None:
    answer = echo(http_event(version="alb-multi"))
    assert "headers" not in answer
    assert answer["multiValueHeaders"]["Set-Cookie"] == ["a=1; Path=/", "b=2; HttpOnly"]


class Carrier:
    """A payload of somebody's own, which looks like payload 1.0."""

    def recognises(self, event: dict[str, Any]) -> bool:
        return "pigeon" in event

    def method(self, event: dict[str, Any]) -> str:
        return "GET"

    def path(self, event: dict[str, Any]) -> str:
        return str(event["pigeon"])

    def headers(self, event: dict[str, Any]) -> list[tuple[str, str]]:
        return []

    def multi_query(self, event: dict[str, Any]) -> dict[str, list[str]]:
        return {}

    def query(self, event: dict[str, Any]) -> dict[str, str]:
        return {}

    path_params = query

    def authorizer(self, event: dict[str, Any]) -> dict[str, Any] | None:
        return None

    identity = query

    def cookies(self, event: dict[str, Any]) -> list[str]:
        return []

    def body(self, event: dict[str, Any]) -> tuple[Any, bool]:
        return event.get("letter", ""), event.get("sealed", False)

    def encode(self, response: Response) -> dict[str, Any]:
        return {"kind": "letter", "body": response.encoded()[0]}


def test_an_adapter_of_ones_own_is_asked_first() -> None:
    event = {"pigeon": "/roof", "httpMethod": "GET"}
    assert echo(event)["statusCode"] == 200
    carrier = register_adapter(Carrier())
    try:
        assert json.loads(echo(event)["body"]) == {"path": "/roof"}
    finally:
        unregister_adapter(carrier)
    with pytest.raises(UnhandledSourceError):
        echo({"pigeon": "/roof"})


@pytest.mark.parametrize(
    ("seen", "address"),
    [("192.0.2.1:4711", "192.0.2.1"), ("[2001:db8::1]:4711", "2001:db8::1"), ("2001:db8::1", "2001:db8::1")],
)
def test_the_port_that_a_load_balancer_may_write_is_not_part_of_the_address(seen: str, address: str) -> None:
    assert read(http_event(source_ip=seen, version="alb")).source_ip == address


@pytest.mark.parametrize(("letter", "sealed"), [('{"a":1}', False), ("eyJhIjoxfQ==", True)])
def test_an_adapter_of_ones_own_says_where_the_body_is(letter: str, sealed: bool) -> None:
    request = Request.from_event({"pigeon": "/", "letter": letter, "sealed": sealed, "body": "x"}, adapter=Carrier())
    assert (request.body, request.raw_body) == ({"a": 1}, b'{"a":1}')


@pytest.mark.parametrize("app", [echo, Router()])
def test_an_adapter_that_cant_read_what_it_recognises_gives_a_500(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Lost(Carrier):
        def path(self, event: dict[str, Any]) -> str:
            raise LookupError("the pigeon is lost")

    carrier = register_adapter(Lost())
    try:
        answer = app({"pigeon": "/roof"})
    finally:
        unregister_adapter(carrier)
    assert json.loads(answer["body"])["errors"][0]["id"] == "internal_server_error"
    assert "Lost object" in caplog.text
    assert "the pigeon is lost" in caplog.text


def test_an_adapter_that_lacks_something_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="encode"):
        register_adapter(object())  # type: ignore[type-var]
