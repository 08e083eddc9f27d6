"""Guards, registered classes, functions, CORS: what stands before a route."""

import json
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest
from kit_handler import (
    BaseInterceptor,
    InvalidInterceptorError,
    Request,
    Response,
    add_interceptor,
    all_of,
    route,
)
from kit_handler.http import options
from kit_testing.events import http_event


class Role(Enum):
    VIEW = "PROFILE_VIEW"
    EDIT = "PROFILE_EDIT"


def guarded(**options: Any) -> Callable[[Any], Response]:
    @route(**options)
    def profile(request: Request) -> Response:
        return Response.ok()

    return lambda authorizer: profile(Request(authorizer=authorizer))


ROLES = [
    ("PROFILE_VIEW", 200),
    ("OTHER,PROFILE_VIEW", 200),
    ("OTHER, PROFILE_VIEW ", 200),
    ("[OTHER PROFILE_VIEW]", 200),
    ('["OTHER", "PROFILE_VIEW"]', 200),
    (["OTHER", "PROFILE_VIEW"], 200),
    ("PROFILE_VIEW_ALL", 403),
    ("PROFILE", 403),
    ("profile_view", 403),
    ("[]", 403),
    ("", 403),
    ([], 403),
    (None, 403),
    (7, 403),
    ({"PROFILE_VIEW": False}, 403),
]


@pytest.mark.parametrize("required", ["PROFILE_VIEW", Role.VIEW, ["PROFILE_EDIT", "PROFILE_VIEW"], (Role.VIEW, "X")])
@pytest.mark.parametrize(("roles", "status"), ROLES)
def test_a_role_is_required(required: Any, roles: Any, status: int) -> None:
    assert guarded(role=required)({"roles": roles}).status_code == status


def test_the_refusal_names_what_is_missing() -> None:
    refused = guarded(role="A")({"roles": "B"})
    assert refused.body == {"errors": [{"id": "forbidden", "message": "The caller lacks the role 'A'"}]}
    assert guarded(role=["A", "C"])({}).body["errors"][0]["message"] == "The caller has none of 'A', 'C'"


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [
        ({"scopes": "a.b,c.d"}, 200),
        ({"scopes": ["a.b"]}, 200),
        ({"scope": "openid a.b"}, 200),
        ({"scopes": "c.d", "scope": "a.b"}, 200),
        ({"scope": "a.bc"}, 403),
        ({}, 403),
    ],
)
def test_a_scope_is_required(authorizer: Any, status: int) -> None:
    assert guarded(scope="a.b")(authorizer).status_code == status


@pytest.mark.parametrize(
    ("required", "held", "status"),
    [
        (all_of("A", "B"), "A,B", 200),
        (all_of("A", Role.VIEW), "B,A,PROFILE_VIEW", 200),
        (all_of("A", "B"), "A", 403),
        ([all_of("A", "B"), "ADMIN"], "ADMIN", 200),
        ([all_of("A", "B"), "ADMIN"], "B,A", 200),
        ([all_of("A", "B"), "ADMIN"], "B", 403),
    ],
)
@pytest.mark.parametrize("option", ["role", "scope"])
def test_all_of_several_may_be_required(option: str, required: Any, held: str, status: int) -> None:
    assert guarded(**{option: required})({f"{option}s": held}).status_code == status


def test_scopes_of_both_places_count_together() -> None:
    assert guarded(scope=all_of("a", "b"))({"scopes": "a", "scope": "b"}).status_code == 200


def test_the_refusal_names_the_ways_to_be_let_pass() -> None:
    assert guarded(role=all_of("A", "B"))({}).body["errors"][0]["message"] == "The caller lacks one of 'A' and 'B'"
    several = guarded(role=[all_of("A", "B"), "C"])({}).body["errors"][0]["message"]
    assert several == "The caller has none of 'A' and 'B', 'C'"


@pytest.mark.parametrize("nonsense", [(), ("",), ("A", None), (["A"],)])
def test_all_of_nothing_is_a_type_error(nonsense: Any) -> None:
    with pytest.raises(TypeError):
        all_of(*nonsense)


@pytest.mark.parametrize("options", [{"role": "A"}, {"scope": "a"}, {"role": "A", "scope": "a"}])
def test_without_an_authorizer_it_is_401(options: Any) -> None:
    assert guarded(**options)(None).status_code == 401


def test_every_guard_must_let_pass() -> None:
    call = guarded(role="A", scope="a")
    assert call({"roles": "A", "scopes": "a"}).status_code == 200
    assert call({"roles": "A"}).status_code == 403
    assert call({"scopes": "a"}).status_code == 403


@pytest.mark.parametrize("nonsense", ["", [], [""], 7, True, ["A", None], " "])
def test_a_role_that_guards_nothing_is_a_type_error(nonsense: Any) -> None:
    with pytest.raises(TypeError):
        guarded(role=nonsense)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(options, "_registered", {})
    return


@pytest.mark.usefixtures("registry")
def test_a_registered_class_becomes_a_keyword() -> None:
    @add_interceptor
    class Tenant(BaseInterceptor):
        SETTINGS = {"param_name": "tenant", "header": "X-Tenant"}  # noqa: RUF012

        def __call__(self, request: Request) -> Response | None:
            return None if request.headers.get("x-tenant") == self.param else Response.forbidden("Wrong tenant")

    @route(tenant="acme")
    def profile(request: Request) -> Response:
        return Response.ok()

    assert profile(http_event(headers={"X-Tenant": "acme"}))["statusCode"] == 200
    refused = profile(http_event())
    assert json.loads(refused["body"])["errors"] == [{"id": "forbidden", "message": "Wrong tenant"}]
    with pytest.raises(TypeError, match="tenant"):
        route(tennant="acme")


@pytest.mark.usefixtures("registry")
def test_guards_run_in_their_order_whatever_the_order_of_the_keywords() -> None:
    order: list[str] = []

    @add_interceptor
    class Noted(BaseInterceptor):
        SETTINGS = {"param_name": "noted"}  # noqa: RUF012

        def __call__(self, request: Request) -> None:
            order.append("registered")

    class Caller(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            order.append(key)
            return super().get(key, default)

    def check(token: str, request: Request) -> bool:
        order.append("token")
        return True

    profile = route(noted=1, token=check, scope="a", role="A")(lambda request: Response.ok())
    request = Request(headers={"Authorization": "Bearer t"})
    request.authorizer = Caller(roles="A", scopes="a")
    assert profile(request).status_code == 200
    assert order == ["roles", "scopes", "scope", "token", "registered"]


@pytest.mark.usefixtures("registry")
def test_a_deprecated_keyword_warns_when_it_is_used_and_not_per_request() -> None:
    @add_interceptor
    class Pin:
        SETTINGS = {"param_name": "pin", "deprecated": True}  # noqa: RUF012

        def __init__(self, param: Any) -> None:
            pass

        def __call__(self, request: Request) -> None:
            return None

    with pytest.warns(DeprecationWarning, match="'pin'"):
        profile = route(pin=True)(lambda request: Response.ok())
    assert profile(Request()).status_code == 200


class NoSettings:
    def __call__(self, request: Request) -> None: ...


class NoCall:
    SETTINGS = {"param_name": "x"}  # noqa: RUF012


class Reserved(NoSettings):
    SETTINGS = {"param_name": "role"}  # noqa: RUF012


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("wrong", [NoSettings, NoCall, Reserved, NoSettings(), "x"])
def test_a_class_that_can_not_intercept_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInterceptorError):
        add_interceptor(wrong)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("name", ["cors", "etag", "compress", "problem_json", "security_headers", "exception_handlers"])
def test_an_option_that_is_built_in_is_no_keyword_of_ones_own(name: str) -> None:
    with pytest.raises(InvalidInterceptorError, match="built in"):
        add_interceptor(type("Mine", (BaseInterceptor,), {"SETTINGS": {"param_name": name}}))


@pytest.mark.usefixtures("registry")
def test_a_keyword_belongs_to_one_class() -> None:
    first = type("First", (BaseInterceptor,), {"SETTINGS": {"param_name": "tenant"}})
    again = type("First", (BaseInterceptor,), {"SETTINGS": {"param_name": "tenant"}})
    other = type("Other", (BaseInterceptor,), {"SETTINGS": {"param_name": "tenant"}})
    add_interceptor(first)
    add_interceptor(again)  # its module was loaded anew
    with pytest.raises(InvalidInterceptorError, match="taken"):
        add_interceptor(other)


def test_functions_wrap_the_route_the_first_outermost() -> None:
    order = []

    def named(name: str) -> Any:
        def interceptor(request: Request, call_next: Any) -> Response:
            order.append(f"{name} in")
            response: Response = call_next(request)
            order.append(f"{name} out")
            return response

        return interceptor

    @route(role="A", interceptors=[named("outer"), named("inner")])
    def profile(request: Request) -> Response:
        order.append("route")
        return Response.ok()

    assert profile(Request(authorizer={"roles": "A"})).status_code == 200
    assert order == ["outer in", "inner in", "route", "inner out", "outer out"]
    order.clear()
    assert profile(Request(authorizer={"roles": "B"})).status_code == 403
    assert order == []


def test_a_function_may_answer_itself_and_sees_exceptions() -> None:
    seen = []

    def answer(request: Request, call_next: Any) -> Response:
        return Response.conflict() if request.query else call_next(request)

    def watch(request: Request, call_next: Any) -> Response:
        try:
            return call_next(request)
        except LookupError as error:
            seen.append(error)
            raise

    @route(interceptors=[answer, watch])
    async def profile(request: Request) -> Response:
        raise LookupError

    assert profile(Request(query={"a": "1"})).status_code == 409
    assert profile(Request()).status_code == 500
    assert len(seen) == 1


@pytest.mark.parametrize("wrong", ["name", BaseInterceptor, None])
def test_what_is_no_plain_function_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInterceptorError):
        route(interceptors=[wrong])(lambda request: Response.ok())


def test_an_interceptor_that_returns_nothing_is_a_500() -> None:
    profile = route(interceptors=[lambda request, call_next: None])(lambda request: Response.ok())
    assert profile(Request()).status_code == 500
