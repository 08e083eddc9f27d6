"""CORS: which pages may read the answers, and what a preflight is told."""

from typing import Any

import pytest
from kit_handler import ConfigurationError, Cors, Request, Response, Router, route
from kit_testing.events import PAYLOADS, http_event


def cors_headers(answer: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in answer["headers"].items() if name.startswith("Access-Control")}


def test_there_is_no_cors_unless_asked_for() -> None:
    plain = route(lambda request: Response.ok())
    assert cors_headers(plain(http_event(headers={"Origin": "https://a.example"}))) == {}


@pytest.mark.parametrize("everybody", [True, "*", ["*"]])
def test_every_page_may_be_allowed_without_credentials(everybody: Any) -> None:
    profile = route(cors=everybody)(lambda request: Response.ok())
    assert cors_headers(profile(http_event())) == {"Access-Control-Allow-Origin": "*"}


def test_some_pages_may_be_allowed_with_credentials() -> None:
    profile = route(cors=["https://a.example", "https://b.example"])(lambda request: Response.ok())
    allowed = profile(http_event(headers={"Origin": "https://b.example"}))
    assert cors_headers(allowed) == {
        "Access-Control-Allow-Origin": "https://b.example",
        "Access-Control-Allow-Credentials": "true",
    }
    for headers in ({"Origin": "https://b.example.evil"}, {"Origin": "null"}, {}):
        refused = profile(http_event(headers=headers))
        assert (cors_headers(refused), refused["headers"]["Vary"]) == ({}, "Origin")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {"Vary": "Origin"}),
        ({"vary": "Accept"}, {"vary": "Accept, Origin"}),
        ({"Vary": "origin"}, {"Vary": "origin"}),
        ({"VARY": "*"}, {"VARY": "*"}),
    ],
)
def test_what_an_answer_varies_with_is_said_once(given: dict[str, str], sent: dict[str, str]) -> None:
    profile = route(cors=["https://a.example"])(lambda request: Response(200, headers=given))
    assert profile(Request()).headers == sent


def test_a_response_that_is_used_again_carries_nothing_from_one_caller_to_the_next() -> None:
    kept = Response.ok()
    profile = route(cors=["https://a.example"])(lambda request: kept)
    profile(http_event(headers={"Origin": "https://a.example"}))
    other = profile(http_event(headers={"Origin": "https://other.example"}))
    assert (cors_headers(other), other["headers"]["Vary"], kept.headers) == ({}, "Origin", {})


def test_the_origin_null_may_read_without_credentials_only() -> None:
    profile = route(cors=["null", "https://a.example"])(lambda request: Response.ok())
    assert cors_headers(profile(http_event(headers={"Origin": "null"}))) == {"Access-Control-Allow-Origin": "null"}


def test_errors_carry_cors_too() -> None:
    @route(cors=True, role="A")
    def profile(request: Request) -> Response:
        return Response.ok(object() if request.query else 1 / 0)

    unknown = http_event()
    broken = http_event(authorizer={"roles": "A"})
    unsendable = http_event(authorizer={"roles": "A"}, query={"a": "1"})
    answers = [profile(event) for event in (unknown, broken, unsendable)]
    assert [answer["statusCode"] for answer in answers] == [401, 500, 500]
    assert all(cors_headers(answer) for answer in answers)


def test_a_preflight_is_answered_before_the_guards() -> None:
    profile = route(cors="https://a.example", role="A")(lambda request: Response.ok())
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = profile(http_event("OPTIONS", headers=asked))
    assert answer["statusCode"] == 204
    assert cors_headers(answer) == {
        "Access-Control-Allow-Origin": "https://a.example",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "authorization",
    }
    assert profile(http_event("OPTIONS"))["statusCode"] == 401


@pytest.mark.parametrize("nonsense", [[], 7, [7]])
def test_cors_for_nobody_is_a_type_error(nonsense: Any) -> None:
    with pytest.raises(TypeError):
        route(cors=nonsense)(lambda request: Response.ok())


@pytest.mark.parametrize("name", ["access-control-allow-origin", "Access-Control-Allow-Origin"])
def test_a_field_of_the_routes_own_is_replaced_in_any_case(name: str) -> None:
    handler = route(cors="https://a.example")(lambda request: Response(200, "x", {name: "https://b.example"}))
    answer = handler(http_event(headers={"Origin": "https://a.example"}))
    found = {name.lower(): value for name, value in answer["headers"].items()}
    assert (answer["statusCode"], found["access-control-allow-origin"]) == (200, "https://a.example")


IMPOSSIBLE = [
    "",
    "app.example.com",
    "//app.example.com",
    "https://",
    "https:///",
    "https:app.example.com",
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?x=1",
    "https://app.example.com#x",
    "https://user@app.example.com",
    "https://user:pass@app.example.com",
    "https://App.example.com",
    "HTTPS://app.example.com",
    "https://app.example.com:443",
    "http://app.example.com:80",
    "https://app.example.com:",
    "https://app.example.com:https",
    "https://app.example.com:08443",
    "https://app.example.com:65536",
    "https://app..example.com",
    "https://.example.com",
    "https://exämple.com",
    "https://app.example.com ",
    " https://app.example.com",
    "https://app.example.com\n",
    "https://app.example.com,https://b.example.com",
    "https://app.example.com https://b.example.com",
    "https://[::1",
    "https://[::0001]",
    "https://[1:0:0:0:0:0:0:1]",
    "https://127.1",
    "https://127.0.0.01",
    "https://127.0.0.256",
    "https://2130706433",
    "https://%61pp.example.com",
    "file:///index.html",
    "file://",
    "data:text/html",
    "data://x",
    "about:blank",
    "NULL",
    "none",
    "https://*",
    "https://*.com",
    "https://*.*.example.com",
    "https://app.*.example.com",
    "https://*app.example.com",
    "https://app.example.com:*",
    "https://*.1.2.3",
    "*://app.example.com",
    "*.example.com",
    "chrome-extension://",
    "tauri://*.localhost",
    "Tauri://localhost",
]


@pytest.mark.parametrize("origin", IMPOSSIBLE)
def test_an_origin_that_no_page_has_is_refused_at_import(origin: str) -> None:
    for make in (
        lambda: Cors(origin),
        lambda: route(cors=[origin])(lambda: None),
        lambda: Router(cors=["null", origin]),
    ):
        with pytest.raises(ConfigurationError, match="which no page has"):
            make()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "http://localhost",
        "http://localhost:3000",
        "https://app.example.com:8443",
        "http://app.example.com:443",
        "https://127.0.0.1:5173",
        "http://[::1]:3000",
        "https://xn--exmple-cua.com",
        "https://a_b.example.com",
        "https://example.com.",
        "https://1a.example.com",
        "https://example.com:0",
        "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
        "moz-extension://6fbb1e2a-cf0a-4d0c-9c93-2b1b1c2d3e4f",
        "capacitor://localhost",
    ],
)
def test_an_origin_of_a_page_is_taken(origin: str) -> None:
    answer = route(cors=origin)(lambda request: Response.ok())(http_event(headers={"Origin": origin}))
    assert answer["headers"]["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        ("https://*.example.com", "https://app.example.com", True),
        ("https://*.example.com", "https://a.b-c.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://.example.com", False),
        ("https://*.example.com", "https://a..example.com", False),
        ("https://*.example.com", "http://app.example.com", False),
        ("https://*.example.com", "https://app.example.com:8443", False),
        ("https://*.example.com", "https://app.example.com.evil.example", False),
        ("https://*.example.com", "https://evilexample.com", False),
        ("https://*.example.com", "https://evil.example/.example.com", False),
        ("https://*.example.com", "https://evil.example:1@x.example.com", False),
        ("https://*.example.com", "https://evil.example\\.example.com", False),
        ("https://*.example.com", "https://APP.example.com", False),
        ("https://*.example.com", "null", False),
        ("https://*.example.com:8443", "https://app.example.com:8443", True),
        ("https://*.example.com:8443", "https://app.example.com", False),
        ("http://*.localhost", "http://app.localhost", True),
    ],
)
def test_a_pattern_is_for_every_subdomain(pattern: str, origin: str, allowed: bool) -> None:
    handler = route(cors=["https://other.example", pattern])(lambda request: Response.ok())
    answer = handler(http_event(headers={"Origin": origin}))
    assert answer["headers"]["Vary"] == "Origin"
    assert cors_headers(answer) == (
        {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"} if allowed else {}
    )


def test_every_page_stands_alone() -> None:
    with pytest.raises(ConfigurationError, match="no credentials"):
        Cors(["*", "https://app.example.com"])


ASKED = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}


def preflight(app: Any, path: str = "/", method: str = "GET", version: str = "2.0", **more: str) -> dict[str, Any]:
    headers = {**ASKED, "Access-Control-Request-Method": method, **more}
    answer: dict[str, Any] = app(http_event("OPTIONS", path, headers=headers, version=version))
    return answer


def test_settings_of_cors_go_out() -> None:
    settings = Cors(["https://a.example"], max_age=600, expose_headers=["ETag", "X-Total"])
    handler = route(cors=settings)(lambda request: Response.ok())
    assert cors_headers(preflight(handler))["Access-Control-Max-Age"] == "600"
    answer = handler(http_event(headers={"Origin": "https://a.example"}))
    assert answer["headers"]["Access-Control-Expose-Headers"] == "ETag, X-Total"
    assert "Access-Control-Max-Age" not in answer["headers"]
    assert (
        "Access-Control-Expose-Headers" not in handler(http_event(headers={"Origin": "https://b.example"}))["headers"]
    )
    everything = route(cors=Cors(True, max_age=0, expose_headers="*"))(lambda request: Response.ok())
    assert everything(http_event())["headers"]["Access-Control-Expose-Headers"] == "*"
    assert cors_headers(preflight(everything))["Access-Control-Max-Age"] == "0"


@pytest.mark.parametrize("options", [{"max_age": -1}, {"max_age": "60"}, {"max_age": True}, {"max_age": 1.5}])
def test_seconds_that_cannot_be_are_refused(options: Any) -> None:
    with pytest.raises(TypeError, match="max_age="):
        Cors(True, **options)


@pytest.mark.parametrize("names", [["X A"], [7], ["X-A\r\n"], [""], "ETag, X-Total"])
def test_names_of_fields_that_cannot_be_are_refused(names: Any) -> None:
    with pytest.raises(TypeError, match="expose_headers="):
        Cors(True, expose_headers=names)
    with pytest.raises(ConfigurationError, match="credentials"):
        Cors("https://a.example", expose_headers="*")


@pytest.mark.parametrize("version", PAYLOADS)
def test_a_preflight_names_the_methods_of_the_path(version: str) -> None:
    app = Router(cors=["https://a.example"])
    app.get("/loans/{id:int}")(lambda request: Response.ok())
    app.put("/loans/{id:int}")(lambda request: Response.ok())
    app.delete("/loans/{name}")(lambda name: Response.ok())
    app.post("/loans")(lambda request: Response.ok())

    def named(path: str, method: str) -> Any:
        answer = preflight(app, path, method, version)
        fields = answer.get("headers") or {name: each[0] for name, each in answer["multiValueHeaders"].items()}
        return answer["statusCode"], fields.get("Access-Control-Allow-Methods"), fields["Access-Control-Allow-Origin"]

    for method in ("GET", "PUT", "DELETE", "HEAD", "POST", "PURGE", "get"):
        assert named("/loans/7", method) == (204, "DELETE, GET, HEAD, PUT", "https://a.example")
    assert named("/loans/x", "DELETE") == (204, "DELETE", "https://a.example")
    assert named("/loans", "DELETE") == (204, "POST", "https://a.example")
    assert named("/nowhere", "GET") == (404, None, "https://a.example")


def test_a_preflight_names_no_method_with_another_cors() -> None:
    app = Router(cors=["https://a.example"])
    app.get("/loans")(lambda request: Response.ok())
    app.put("/loans", cors=["https://b.example"])(lambda request: Response.ok())
    app.delete("/loans", cors=False)(lambda request: Response.ok())
    app.patch("/loans", cors=Cors("https://a.example"))(lambda request: Response.ok())

    def methods(wanted: str, origin: str) -> Any:
        fields = preflight(app, "/loans", wanted, Origin=origin)["headers"]
        return fields.get("Access-Control-Allow-Methods"), fields.get("Access-Control-Allow-Origin")

    assert methods("GET", "https://a.example") == ("GET, HEAD, PATCH", "https://a.example")
    assert methods("PATCH", "https://a.example") == ("GET, HEAD, PATCH", "https://a.example")
    assert methods("POST", "https://a.example") == ("GET, HEAD, PATCH", "https://a.example")
    assert methods("PUT", "https://b.example") == ("PUT", "https://b.example")
    assert methods("PUT", "https://a.example") == ("PUT", None)
    assert methods("DELETE", "https://a.example")[0] is None


def test_a_path_whose_routes_have_no_cors_names_no_methods() -> None:
    app = Router(cors=["https://a.example"])
    app.put("/loans", cors=False)(lambda request: Response.ok())
    answer = preflight(app, "/loans", "POST")
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (204, "OPTIONS, PUT")
    assert "Access-Control-Allow-Methods" not in answer["headers"]


def test_a_preflight_of_a_path_with_a_route_for_options() -> None:
    seen: list[str] = []

    def options(request: Request) -> Response:
        seen.append(request.method)
        return Response(204, headers={"Allow": "GET"})

    app = Router(cors=["https://a.example"])
    app.get("/a")(lambda request: Response.ok())
    app.options("/a")(options)
    app.options("/b", cors=False)(options)
    assert cors_headers(preflight(app, "/a"))["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert seen == []
    assert preflight(app, "/b")["headers"] == {"Allow": "GET"}
    assert app(http_event("OPTIONS", "/a"))["statusCode"] == 204
    assert seen == ["OPTIONS", "OPTIONS"]


def test_cors_of_a_route_below_a_router_answers_preflights_too() -> None:
    @route(cors="https://b.example", role="A")
    def loans(request: Request) -> Response:
        return Response.ok()

    app = Router()
    app.put("/loans")(loans)
    outer = Router(cors="https://a.example")
    outer.include(app, "/v1")
    for called, path in ((app, "/loans"), (outer, "/v1/loans")):
        answer = preflight(called, path, "PUT", Origin="https://b.example")
        assert cors_headers(answer)["Access-Control-Allow-Methods"] == "PUT"
        assert cors_headers(answer)["Access-Control-Allow-Origin"] == "https://b.example"


@pytest.mark.parametrize("fields", ["authorization, x-a", "x-a"])
def test_a_preflight_allows_the_fields_that_are_asked_for(fields: str) -> None:
    handler = route(cors=True)(lambda request: Response.ok())
    answer = preflight(handler, **{"Access-Control-Request-Headers": fields})
    assert answer["headers"]["Access-Control-Allow-Headers"] == fields


@pytest.mark.parametrize("fields", ["x a", "x-a\r\nX-Evil: 1", "é", "\ud800", ","])
def test_fields_that_are_none_are_not_repeated(fields: str) -> None:
    handler = route(cors=True)(lambda request: Response.ok())
    answer = preflight(handler, **{"Access-Control-Request-Headers": fields})
    assert answer["statusCode"] == 204
    assert "Access-Control-Allow-Headers" not in answer["headers"]


@pytest.mark.parametrize("method", ["", "G T", "GET\r\nX-Evil: 1", "é"])
def test_a_method_that_is_none_is_not_repeated(method: str) -> None:
    handler = route(cors=True)(lambda request: Response.ok())
    assert "Access-Control-Allow-Methods" not in preflight(handler, method=method)["headers"]
