"""`Router`: which function a request reaches, and what is answered when there is none."""

# ruff: noqa: A002  (parameters are named as in the paths)

import json
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_handler import ConfigurationError, NotFoundError, Request, Response, Router, UnhandledSourceError, route
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event


def body(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def reached(app: Router, method: str, path: str, **options: Any) -> Any:
    """Return what the route says, or the status of the router's own answer."""
    answer = app(http_event(method, path, **options), LambdaContext())
    return body(answer)["data"] if answer["statusCode"] == 200 else answer["statusCode"]


def says(app: Router, path: str, name: str | None = None, method: str = "get", **options: Any) -> None:
    @getattr(app, method)(path, **options)
    def handler(request: Request) -> Response:
        return Response.ok([name or path, request.path_params])


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_every_method_has_its_own_routes(method: str) -> None:
    app = Router()
    says(app, "/a", method, method)
    answer = app(http_event(method.upper(), "/a"), None)
    assert body(answer)["data"] == [method, {}] if method != "head" else answer["statusCode"] == 200
    assert reached(app, "PURGE", "/a") == 405


def test_registration_leaves_the_function_as_it_is() -> None:
    app = Router(role="A")

    def user(id: str) -> Response:
        return Response.ok(id)

    assert app.get("/users/{id}")(user) is user
    assert user("7").body == {"data": "7"}


def test_a_request_is_answered_with_a_response() -> None:
    app = Router()
    says(app, "/users/{id}")
    answer = app(Request(path="/users/a%20b"))
    assert isinstance(answer, Response)
    assert answer.body["data"][1] == {"id": "a b"}


def test_an_event_that_is_not_http_raises() -> None:
    with pytest.raises(UnhandledSourceError):
        Router()(sqs_event(["x"]), None)


def test_the_request_knows_its_route_and_params() -> None:
    app = Router()
    seen = []

    @app.get("/users/{id:int}/files/{name+}")
    def file(request: Request) -> Response:
        seen.append((request.route, request.params))
        return Response.no_content()

    app(http_event("GET", "/users/7/files/a/b.txt", query={"id": "8", "v": "1"}))
    assert seen == [("/users/{id:int}/files/{name+}", {"id": "7", "v": "1", "name": "a/b.txt"})]


MATCHES = [
    ("/", "/", {}),
    ("/users", "/users", {}),
    ("/users/me", "/users/me", {}),
    ("/users/7", "/users/{id:int}", {"id": "7"}),
    ("/users/-7", "/users/{id:int}", {"id": "-7"}),
    ("/users/7.5", "/users/{name}", {"name": "7.5"}),
    ("/users/2030-01-31", "/users/{day:date}", {"day": "2030-01-31"}),
    ("/users/2030-02-31", "/users/{name}", {"name": "2030-02-31"}),
    (
        "/users/9f9dd4b2-9d1e-4a52-8f0e-0f6f4bd6ce0c",
        "/users/{key:uuid}",
        {"key": "9f9dd4b2-9d1e-4a52-8f0e-0f6f4bd6ce0c"},
    ),
    ("/users/ada", "/users/{name}", {"name": "ada"}),
    ("/users/ada/files", "/users/{name}/files", {"name": "ada"}),
    ("/users/me/files", "/users/{name}/files", {"name": "me"}),  # /users/me leads nowhere
    ("/users/me/x/y", "/users/{rest+}", {"rest": "me/x/y"}),
    ("/files/a/b", "/files/{path+}", {"path": "a/b"}),
]


@pytest.mark.parametrize(("path", "route", "params"), MATCHES)
def test_the_most_particular_route_wins_whatever_the_order(path: str, route: str, params: dict[str, str]) -> None:
    routes = list(dict.fromkeys(route for _, route, _ in MATCHES))
    for order in (routes, routes[::-1]):
        app = Router()
        for each in order:
            says(app, each)
        assert reached(app, "GET", path) == [route, params]


@pytest.mark.parametrize("path", ["/nowhere", "/users//files", "/files", "/files/", "/users/7/x"])
def test_what_no_route_has_is_404(path: str) -> None:
    app = Router()
    for each in ("/users/{id}", "/users/{id}/files", "/files/{path+}", "/"):
        says(app, each)
    answer = app(http_event("GET", path))
    assert (answer["statusCode"], body(answer)["errors"][0]["id"]) == (404, "not_found")


def test_another_method_is_405_with_allow_and_options_tells_it_too() -> None:
    app = Router()
    says(app, "/users/{id}", "read")
    says(app, "/users/{id}", "write", "put")
    answer = app(http_event("DELETE", "/users/7"))
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET, HEAD, OPTIONS, PUT")
    assert body(answer) == {"errors": [{"id": "method_not_allowed", "message": "Method not allowed"}]}
    answer = app(http_event("OPTIONS", "/users/7"))
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (204, "GET, HEAD, OPTIONS, PUT")
    assert app(http_event("OPTIONS", "/nowhere"))["statusCode"] == 404


def test_a_method_is_found_behind_a_more_particular_path_without_it() -> None:
    app = Router()
    says(app, "/users/me", "me", "post")
    says(app, "/users/{id}", "any")
    assert reached(app, "GET", "/users/me") == ["any", {"id": "me"}]
    assert app(http_event("PUT", "/users/me"))["headers"]["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_head_is_get_without_the_body() -> None:
    app = Router()

    @app.get("/users")
    def users(request: Request) -> Response:
        return Response(200, {"method": request.method}, {"X-Count": "1"})

    answer = app(http_event("HEAD", "/users"))
    assert (answer["statusCode"], answer["body"]) == (200, "")
    assert answer["headers"] == {"X-Count": "1", "Content-Type": "application/json"}
    assert (app(http_event("HEAD", "/nowhere"))["statusCode"], app(http_event("HEAD", "/nowhere"))["body"]) == (404, "")


def test_head_of_what_cannot_be_sent_is_a_500() -> None:
    app = Router()
    app.get("/broken")(lambda request: Response.ok(object()))
    answer = app(http_event("HEAD", "/broken"))
    assert (answer["statusCode"], answer["body"]) == (500, "")


@pytest.mark.parametrize(
    ("policy", "route", "path", "expected"),
    [
        ("ignore", "/a", "/a/", ["/a", {}]),
        ("ignore", "/a/", "/a", ["/a/", {}]),
        ("ignore", "/a/{b}", "/a/b/", ["/a/{b}", {"b": "b"}]),
        ("strict", "/a", "/a/", 404),
        ("strict", "/a/", "/a", 404),
        ("strict", "/a/", "/a/", ["/a/", {}]),
        ("strict", "/", "/", ["/", {}]),
        ("redirect", "/a", "/a/", 308),
        ("redirect", "/a", "/b/", 404),
    ],
)
def test_the_slash_at_the_end_follows_the_policy(policy: Any, route: str, path: str, expected: Any) -> None:
    app = Router(trailing_slash=policy)
    says(app, route)
    assert reached(app, "GET", path) == expected


def test_a_preflight_is_not_redirected_but_every_other_method_is() -> None:
    app = Router(trailing_slash="redirect", cors=True)
    says(app, "/a")
    statuses = [app(http_event(method, "/a/"))["statusCode"] for method in ("GET", "HEAD", "PUT", "OPTIONS")]
    assert statuses == [308, 308, 308, 204]


def test_a_redirect_stays_on_the_host_and_keeps_the_query() -> None:
    app = Router(trailing_slash="redirect")
    says(app, "/users/{id}")
    answer = app(http_event("GET", "//users/a b/", query={"q": ["1", "2"]}))
    assert answer["statusCode"] == 404
    answer = app(http_event("GET", "/users/a b/", query={"q": ["1", "2"]}))
    assert answer["headers"]["Location"] == "../a%20b?q=1&q=2"


def test_a_converter_of_ones_own() -> None:
    def slug(text: str) -> str:
        if not text.islower():
            raise ValueError(text)
        return text

    app = Router(converters={"slug": slug})
    says(app, "/posts/{name:slug}")
    assert reached(app, "GET", "/posts/hello") == ["/posts/{name:slug}", {"name": "hello"}]
    assert reached(app, "GET", "/posts/Hello") == 404


def test_a_broken_converter_is_a_500() -> None:
    app = Router(converters={"odd": lambda text: 1 // 0})
    says(app, "/posts/{name:odd}")
    assert reached(app, "GET", "/posts/hello") == 500


@pytest.mark.parametrize(
    "path", ["users", "/a/{", "/a/{}", "/{a}/{a}", "/{a+}/b", "/{a:number}", "/x{a}", "/{a b}", "/{a:int+}"]
)
def test_a_path_that_cannot_be_is_an_error_of_the_import(path: str) -> None:
    with pytest.raises(ConfigurationError):
        says(Router(), path)


@pytest.mark.parametrize(("first", "second"), [("/a", "/a/"), ("/{a}", "/{b}"), ("/{a:int}", "/{b:int}")])
def test_the_same_path_twice_is_an_error_that_names_both(first: str, second: str) -> None:
    app = Router()
    says(app, first)
    with pytest.raises(ConfigurationError, match=r"GET .* is there twice: .*handler.*handler"):
        says(app, second)


def test_an_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"'rol'.*role, scope"):
        Router(rol="A")
    with pytest.raises(TypeError, match=r"'rol'.*tags"):
        Router().get("/", rol="A")
    with pytest.raises(TypeError, match="trailing_slash"):
        Router(trailing_slash="maybe")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Router().get("/", role="")(lambda request: Response.ok())
    with pytest.raises(TypeError, match="function"):
        Router().get("/")("no function")  # type: ignore[type-var]


def test_a_routes_own_options_win_over_the_routers() -> None:
    app = Router(role="USER")
    says(app, "/users")
    says(app, "/health", role=None)
    says(app, "/admin", role="ADMIN")
    user = {"roles": "USER"}
    statuses = [app(http_event("GET", path))["statusCode"] for path in ("/users", "/health", "/admin")]
    assert statuses == [401, 200, 401]
    statuses = [app(http_event("GET", path, authorizer=user))["statusCode"] for path in ("/users", "/health", "/admin")]
    assert statuses == [200, 200, 403]


def test_interceptors_add_up_the_routers_outermost_also_around_404() -> None:
    order = []

    def named(name: str) -> Any:
        def interceptor(request: Request, call_next: Any) -> Response:
            order.append(name)
            response: Response = call_next(request)
            return response

        return interceptor

    inner = Router(interceptors=[named("inner")])
    says(inner, "/a", interceptors=[named("own")])
    app = Router(interceptors=[named("outer")])
    app.include(inner)
    assert reached(app, "GET", "/a") == ["/a", {}]
    assert order == ["outer", "inner", "own"]
    assert reached(app, "GET", "/b") == 404
    assert order[3:] == ["outer"]


def test_routers_nest_with_prefixes_and_later_routes_are_seen() -> None:
    app, shops, items = Router("/v1"), Router("/shops"), Router(role="ITEM")
    shops.include(items, "/{shop}/items")
    app.include(shops)
    says(items, "/{item:int}")
    says(items, "", "all")
    says(shops, "/")
    caller = {"roles": "ITEM"}
    assert reached(app, "GET", "/v1/shops/7/items/8", authorizer=caller) == ["/{item:int}", {"shop": "7", "item": "8"}]
    assert reached(app, "GET", "/v1/shops/7/items", authorizer=caller) == ["all", {"shop": "7"}]
    assert reached(app, "GET", "/v1/shops/7/items") == 401
    assert reached(app, "GET", "/v1/shops") == ["/", {}]
    assert reached(shops, "GET", "/shops/7/items/8", authorizer=caller) == ["/{item:int}", {"shop": "7", "item": "8"}]
    assert [each.path for each in app.routes] == [
        "/v1/shops/{shop}/items/{item:int}",
        "/v1/shops/{shop}/items",
        "/v1/shops",
    ]


def test_a_circle_of_routers_is_an_error() -> None:
    a, b, c = Router("/a"), Router("/b"), Router("/c")
    a.include(b)
    b.include(c)
    for outer, inner in ((a, a), (b, a), (c, a)):
        with pytest.raises(ConfigurationError):
            outer.include(inner)


def test_cors_is_on_every_answer_and_preflights_come_before_guards() -> None:
    app = Router(cors="https://a.example", role="A")
    says(app, "/users")
    says(app, "/open", cors=True)
    origin = {"Origin": "https://a.example"}
    for method, path, status in (("GET", "/users", 401), ("GET", "/nowhere", 404), ("PUT", "/users", 405)):
        answer = app(http_event(method, path, headers=origin))
        assert answer["statusCode"] == status
        assert answer["headers"]["Access-Control-Allow-Origin"] == "https://a.example"
    asking = {"Origin": "https://b.example", "Access-Control-Request-Method": "GET"}
    answer = app(http_event("OPTIONS", "/open", headers=asking))
    assert (answer["statusCode"], answer["headers"]["Access-Control-Allow-Origin"]) == (204, "*")
    answer = app(http_event("OPTIONS", "/users", headers=asking))
    assert answer["statusCode"] == 204
    assert "Access-Control-Allow-Origin" not in answer["headers"]


def test_a_handler_made_by_route_keeps_its_guards() -> None:
    @route(role="A")
    def user(id: str) -> Response:
        return Response.ok(id)

    app = Router()
    app.get("/users/{id}")(user)
    assert reached(app, "GET", "/users/7") == 401
    assert reached(app, "GET", "/users/7", authorizer={"roles": "A"}) == "7"


def test_an_async_route_is_run() -> None:
    app = Router()

    @app.get("/users/{id}")
    async def user(id: int) -> Response:
        return Response.ok(id)

    assert reached(app, "GET", "/users/7") == 7


def test_exception_handlers_by_the_nearest_class() -> None:
    app = Router(
        exception_handlers={
            LookupError: lambda error, request: Response(410, request.path),
            NotFoundError: lambda error, request: Response.text("nobody", status_code=404),
        }
    )

    @app.get("/{key}")
    def look_up(key: str) -> Response:
        return Response.ok({"a": 1}[key])

    answer = app(http_event("GET", "/b"))
    assert (answer["statusCode"], answer["body"]) == (410, "/b")
    assert app(http_event("GET", "/"))["body"] == "nobody"


DEFAULT = "abc.execute-api.eu-central-1.amazonaws.com"


def http_api(path: str, *, key: str = "$default", stage: str = "$default", domain: str = DEFAULT, **params: str) -> Any:
    event = http_event("GET", path)
    event |= {"rawPath": path, "pathParameters": params}
    event["routeKey"] = event["requestContext"]["routeKey"] = key
    event["requestContext"] |= {"stage": stage, "domainName": domain}
    return event


def rest_api(path: str, *, resource: str, domain: str = DEFAULT, **params: str) -> Any:
    event = http_event("GET", path, version="1.0")
    event |= {"path": path, "resource": resource, "pathParameters": params}
    event["requestContext"]["domainName"] = domain
    return event


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (http_api("/users/7"), "7"),
        (http_api("/prod/users/7", stage="prod"), "7"),
        (http_api("/users/users", stage="users", domain="api.example.com", key="GET /users/{id}", id="users"), "users"),
        (http_api("/v1/users/7", domain="api.example.com", key="GET /users/{id}", id="7"), "7"),
        (http_api("/v1/users/7", domain="api.example.com", key="ANY /{proxy+}", proxy="users/7"), "7"),
        (http_api("/v1/users/7", domain="api.example.com", key="ANY /users/{proxy+}", proxy="7"), "7"),
        (http_api("/users/a b%20c"), "a b%20c"),
        (http_api("/users/a%20b", domain="abc.lambda-url.eu-central-1.on.aws"), "a b"),
        (rest_api("/users/a%2Fb", resource="/users/{id}"), "a/b"),
        (rest_api("/v1/users/7", resource="/users/{id}", domain="api.example.com"), "7"),
        (rest_api("/v1/users/7", resource="/{proxy+}", domain="api.example.com", proxy="users/7"), "7"),
    ],
)
def test_what_stands_before_the_apis_own_paths_is_left_out(event: Any, expected: str) -> None:
    app = Router()
    app.get("/users/{id}")(lambda request: Response.ok(request.path_params["id"]))
    answer = app(event, None)
    assert (answer["statusCode"], body(answer).get("data")) == (200, expected)


def test_the_root_behind_a_base_path() -> None:
    app = Router()
    says(app, "/")
    assert app(rest_api("/v1", resource="/", domain="api.example.com"))["statusCode"] == 200
    assert app(http_api("/prod", stage="prod"))["statusCode"] == 200
    assert app(http_api("/prod/", stage="prod"))["statusCode"] == 200


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"rawPath": st.text(alphabet="/ab%2F{}+.é", max_size=12) | st.none() | st.integers()},
        optional={
            "routeKey": st.sampled_from(["GET /{proxy+}", "$default", "ANY /a/{b}", 5, None]),
            "pathParameters": st.none()
            | st.dictionaries(st.sampled_from(["proxy", "b"]), st.text(max_size=3) | st.none()),
        },
    ),
    st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "?"]),
    st.sampled_from(["api.example.com", DEFAULT, None, 5, "x.lambda-url.y"]),
    st.sampled_from(["$default", "a", "", None, 5]),
)
def test_any_path_is_answered(event: dict[str, Any], method: str, domain: Any, stage: Any) -> None:
    app = Router(trailing_slash="redirect", etag=True)
    for path in ("/", "/a", "/a/{b}", "/a/{b:int}/c", "/{rest+}"):
        app.get(path)(lambda request: Response.ok(request.params))
    event["requestContext"] = {"http": {"method": method}, "domainName": domain, "stage": stage}
    logging.getLogger("kit.handler").setLevel(logging.CRITICAL)
    try:
        answer = app(event)
    finally:
        logging.getLogger("kit.handler").setLevel(logging.NOTSET)
    assert answer["statusCode"] in (200, 204, 308, 404, 405, 500)
    assert answer["statusCode"] != 500 or not isinstance(event["rawPath"], (str, type(None)))
    assert all(isinstance(value, str) for value in answer["headers"].values())


def test_interceptors_add_up_the_routers_outermost() -> None:
    seen: list[str] = []

    def named(name: str) -> Any:
        def interceptor(request: Request, call_next: Any) -> Response:
            seen.append(name)
            response: Response = call_next(request)
            return response

        return interceptor

    app = Router(interceptors=[named("router")])
    says(app, "/a", interceptors=[named("route")])
    assert reached(app, "GET", "/a") == ["/a", {}]
    assert seen == ["router", "route"]


def test_a_preflight_for_a_route_without_cors_is_the_routers_own_answer() -> None:
    app = Router()
    says(app, "/a")
    answer = app(http_event("OPTIONS", "/a", headers={"Access-Control-Request-Method": "GET", "Origin": "https://x"}))
    assert (answer["statusCode"], answer["headers"]) == (204, {"Allow": "GET, HEAD, OPTIONS"})


async def answer_later(request: Request) -> Response:
    return Response.ok("later")


def pass_on(request: Request, call_next: Any) -> Response:
    response: Response = call_next(request)
    return response


@pytest.mark.parametrize("options", [{}, {"interceptors": [pass_on]}])
def test_a_function_may_return_a_coroutine_without_being_one(options: dict[str, Any]) -> None:
    app = Router(**options)
    app.get("/")(lambda request: answer_later(request))
    assert reached(app, "GET", "/") == "later"
