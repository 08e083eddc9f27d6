"""Errors of the guards around an Api: one object in both vocabularies, as all others."""

import pytest
from kit_handler import HttpError, RateLimit, Response, Router


def refuse(token, request):
    return False


def fail(request, call_next):
    raise RuntimeError("the text of an error is nobody's")


@pytest.mark.parametrize(
    ("headers", "status", "code"), [({}, 401, "PGRST302"), ({"Authorization": "Bearer x"}, 403, "42501")]
)
def test_a_token_that_is_refused(with_options, headers, status, code):
    answer = with_options(token=refuse)("GET", "/books", **headers)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.json["message"] == answer.json["title"] != ""
    assert answer.headers["proxy-status"] == f"PostgREST; error={code}"
    assert (answer.headers.get("www-authenticate") is not None) == (status == 401)


def test_a_rate_limit(with_options):
    client = with_options(rate_limit=RateLimit(1, per=3600))
    assert client("GET", "/books?limit=1").status == 200
    answer = client("GET", "/books?limit=1")
    assert (answer.status, answer.json["code"]) == (429, "KIT429")
    assert int(answer.headers["retry-after"]) > 0


def test_the_guards_of_a_router_around_it(with_options):
    outer = Router(token=refuse)
    client = with_options()
    outer.include(client.api.router, "/rest")
    client.api = outer
    answer = client("GET", "/rest/books")
    assert (answer.status, answer.json["code"]) == (401, "PGRST302")


def test_an_error_that_nobody_has_foreseen_is_500_without_its_text(with_options):
    answer = with_options(interceptors=[fail])("GET", "/books")
    assert (answer.status, answer.json["code"]) == (500, "KIT500")
    assert "nobody" not in answer.text


def test_handlers_of_the_own_go_before(with_options):
    def shown(error: HttpError, request):
        return Response(error.status, {"own": True})

    client = with_options(token=refuse, exception_handlers={HttpError: shown})
    assert client("GET", "/books").json == {"own": True}
