"""The keywords of the decorators: in their signatures and in help(), each with its type and default."""

import inspect
import pydoc
from collections.abc import Callable
from typing import Any

import pytest
from kit_handler import (
    BaseInterceptor,
    ConfigurationError,
    Dispatcher,
    Response,
    Router,
    add_interceptor,
    aws_lambda_handler,
    job,
    route,
    trigger,
)
from kit_testing.clients import Client

OF_ROUTE = {
    "role": "Names",
    "scope": "Names",
    "token": "bool | Verifier | None",
    "rate_limit": "RateLimit | None",
    "cors": "Origins | Cors | None",
    "interceptors": "Iterable[Interceptor]",
    "exception_handlers": "Mapping[type[Exception], Callable[..., Any]] | None",
    "problem_json": bool,
    "etag": bool,
    "compress": bool,
    "security_headers": "bool | Mapping[str, str]",
}
OF_DOCUMENT = {"responses": "Mapping[int, Any] | None", "tags": "Iterable[str]", "deprecated": bool, "hidden": bool}
OF_JOB = {
    "margin": float,
    "partial": bool,
    "raise_if_all_failed": bool,
    "concurrency": int,
    "dead_letter": "DeadLetter | None",
    "permanent": "type[Exception] | Iterable[type[Exception]]",
    "max_receives": int | None,
    "backoff": "Backoff | Visibility | None",
}
VERBS = [Router.get, Router.post, Router.put, Router.patch, Router.delete, Router.head, Router.options]


def keywords(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the keyword-only parameters with their annotations."""
    parameters = inspect.signature(function).parameters.values()
    return {each.name: each.annotation for each in parameters if each.kind is each.KEYWORD_ONLY}


def test_each_keyword_is_in_the_signature() -> None:
    assert keywords(route) == OF_ROUTE
    assert keywords(Router).items() >= {**OF_ROUTE, "converters": "Mapping[str, Accepts] | None"}.items()
    assert keywords(Router.route) == {"methods": "Iterable[str]"} | OF_ROUTE | OF_DOCUMENT
    for verb in VERBS:
        assert keywords(verb) == OF_ROUTE | OF_DOCUMENT
    assert keywords(job) == keywords(Dispatcher.job) == OF_JOB
    assert list(keywords(aws_lambda_handler)) == ["receiver_timeout"]


def test_defaults_are_those_of_the_function_or_say_that_they_are_inherited() -> None:
    of_route, of_verb = inspect.signature(route).parameters, inspect.signature(Router.patch).parameters
    assert (of_route["role"].default, of_route["etag"].default, of_route["interceptors"].default) == (None, False, ())
    assert {of_verb[name].default for name in OF_ROUTE | OF_DOCUMENT} == {...}
    assert inspect.signature(job).parameters["margin"].default == 1.0
    assert inspect.signature(Dispatcher.job).parameters["margin"].default is ...


def test_help_shows_them() -> None:
    for function in (route, Router.route, *VERBS):
        assert "rate_limit: 'RateLimit | None'" in pydoc.render_doc(function, renderer=pydoc.plaintext)
    text = pydoc.render_doc(Router.delete, renderer=pydoc.plaintext)
    assert "delete(self,path:str,*,role:'Names'" in "".join(text.split())
    assert "Register a function for DELETE and a path" in text


@add_interceptor
class Tenant(BaseInterceptor):
    """A guard with a keyword of its own."""

    SETTINGS = {"param_name": "tenant_of_keywords"}  # noqa: RUF012

    def __call__(self, request: Any) -> Response | None:
        return None if request.headers.get("x-tenant") == self.param else Response.errors(403, [])


def test_registered_keywords_are_taken_beside_them() -> None:
    app = Router(tenant_of_keywords="a")
    app.get("/a")(lambda request: Response.ok())
    app.post("/a", tenant_of_keywords=None)(lambda request: Response.ok())
    app.route("/a", methods=["PUT"], tenant_of_keywords="b")(lambda request: Response.ok())
    client = Client(app)
    assert [client.request(method, "/a").status for method in ("GET", "POST", "PUT")] == [403, 200, 403]
    assert client.put("/a", headers={"X-Tenant": "b"}).status == 200
    assert Client(route(tenant_of_keywords="a")(lambda request: Response.ok())).get("/").status == 403


def test_none_and_false_lift_what_a_router_says() -> None:
    app = Router(role="A", etag=True)
    app.get("/a", role=None, etag=False)(lambda request: Response.ok())
    app.post("/a", role=None)(lambda request: Response.ok())
    app.put("/a")(lambda request: Response.ok())
    client = Client(app)
    assert (client.get("/a").status, "etag" in client.get("/a").headers) == (200, False)
    assert (client.post("/a").status, client.put("/a").status) == (200, 401)


@pytest.mark.parametrize("methods", [["GETT"], "GETT", ["GET", "ANY"], [], ["GET", ""], [None]])
def test_a_method_that_there_is_not_is_an_error_of_the_import(methods: Any) -> None:
    with pytest.raises(ConfigurationError, match="GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"):
        Router().route("/a", methods=methods)


def test_methods_are_taken_in_any_case() -> None:
    app = Router()
    app.route("/a", methods=["get", "Delete"])(lambda request: Response.ok(request.method))
    assert Client(app).delete("/a").json()["data"] == "DELETE"


@pytest.mark.parametrize(
    "call",
    [
        lambda: route(rol="A"),
        lambda: Router(tags=["a"]),
        lambda: Router().get("/a", rol="A"),
        lambda: Router().post("/a", methods=["GET"]),
        lambda: job(magin=1),
        lambda: trigger(magin=1),
        lambda: Dispatcher().job("queue", magin=1),
        lambda: Dispatcher().trigger("schedule", magin=1),
        lambda: aws_lambda_handler(use_tracebak=True),
    ],
)
def test_a_misspelt_keyword_is_an_error_of_the_import(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r"rol|tags|methods|magin|use_tracebak"):
        call()
