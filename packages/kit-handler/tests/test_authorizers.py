"""Lambda authorizers: who is let in, for which methods, and for how long API Gateway may believe that."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
from kit_handler import Allow, AppError, ForbiddenError, TriggerError, UnauthorizedError, trigger
from kit_testing.events import authorizer_event

POLICIES = ["1.0", "token", "websocket"]


def saying(answer: Any) -> Any:
    """Return a trigger that returns, or raises, `answer`."""

    @trigger
    def say(event: dict[str, Any]) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return say


def effect(answer: dict[str, Any], arn: str) -> str | None:
    """Return what a policy says of a method, as IAM reads it: None if it says nothing."""
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    resources = statement["Resource"]
    named = [resources] if isinstance(resources, str) else resources
    assert all(each.startswith("arn:aws:execute-api:") for each in named)
    return str(statement["Effect"]) if any(fnmatchcase(arn, each) for each in named) else None


@pytest.mark.parametrize("kind", POLICIES)
def test_a_policy_allows_or_denies_the_stage(kind: str) -> None:
    event = authorizer_event(kind, token="t", path="/loans")
    stage = event["methodArn"].split("/test/")[0] + "/test/"
    other_stage = stage.replace("/test/", "/prod/")
    for said, expected in [(True, "Allow"), (False, "Deny"), (None, "Deny"), (ForbiddenError(), "Deny")]:
        answer = saying(said)(event)
        for method in (event["methodArn"], f"{stage}POST/loans/7", f"{stage}DELETE/", f"{stage}$connect"):
            assert effect(answer, method) == expected
        assert effect(answer, f"{other_stage}GET/loans") is None
    answer = saying({"principalId": "p", "roles": ["A"], "n": 1, "none": None})(event)
    assert (effect(answer, event["methodArn"]), answer["principalId"]) == ("Allow", "p")
    assert answer["context"] == {"principalId": "p", "roles": '["A"]', "n": 1}


@pytest.mark.parametrize("kind", [*POLICIES, "2.0"])
@pytest.mark.parametrize("empty", [{}, {"principalId": None}, {"roles": None, "scopes": None}])
def test_an_empty_answer_is_a_denial(kind: str, empty: Any) -> None:
    event = authorizer_event(kind, token="nobody")
    answer = saying(empty)(event)
    if kind == "2.0":
        assert answer == {"isAuthorized": False, "context": {}}
    else:
        assert effect(answer, event["methodArn"]) == "Deny"
        assert (answer["principalId"], answer["context"]) == ("anonymous", {})


class Found:
    """A caller whose form in JSON is empty."""

    def dump(self) -> dict[str, Any]:
        return {}


def test_an_object_without_anything_in_it_is_empty_too() -> None:
    assert saying(Found())(authorizer_event("2.0"))["isAuthorized"] is False


def test_a_simple_answer_allows_or_denies() -> None:
    event = authorizer_event("2.0", token="t")
    assert saying(True)(event) == {"isAuthorized": True, "context": {}}
    assert saying({"roles": ["A"]})(event) == {"isAuthorized": True, "context": {"roles": ["A"]}}
    for said in (False, None, ForbiddenError(), UnauthorizedError()):
        assert saying(said)(event)["isAuthorized"] is False


@pytest.mark.parametrize("kind", POLICIES)
def test_allow_says_who_the_caller_is(kind: str) -> None:
    event = authorizer_event(kind, token="t")
    answer = saying(Allow())(event)
    assert (effect(answer, event["methodArn"]), answer["principalId"], answer["context"]) == ("Allow", "user", {})
    answer = saying(Allow({"roles": ["A"], "principalId": "p"}, principal_id="ada"))(event)
    assert (answer["principalId"], answer["context"]) == ("ada", {"roles": '["A"]', "principalId": "p"})


def test_allow_is_a_simple_answer_too() -> None:
    assert saying(Allow())(authorizer_event("2.0")) == {"isAuthorized": True, "context": {}}
    answer = saying(Allow({"roles": "A"}, principal_id="ada"))(authorizer_event("2.0"))
    assert answer == {"isAuthorized": True, "context": {"roles": "A"}}


@pytest.mark.parametrize("kind", ["1.0", "token"])
def test_the_scope_can_be_the_request(kind: str) -> None:
    event = authorizer_event(kind, token="t", path="/loans")
    stage = event["methodArn"].removesuffix("GET/loans")
    answer = saying(Allow(scope="request"))(event)
    assert effect(answer, event["methodArn"]) == "Allow"
    assert [effect(answer, stage + other) for other in ("POST/loans", "GET/loans/7", "GET/")] == [None] * 3


@pytest.mark.parametrize("path", ["/*", "/loans/*", "/loans/?", "/${*}"])
def test_a_wildcard_in_a_clients_path_is_no_wildcard_of_the_policy(path: str) -> None:
    event = authorizer_event("token", token="t", path=path)
    stage = event["methodArn"].removesuffix(f"GET{path}")
    assert effect(saying(Allow(scope="request"))(event), f"{stage}GET/loans/7") == "Deny"
    assert effect(saying(True)(event), f"{stage}GET/loans/7") == "Allow"


def test_the_scope_can_be_methods_and_paths() -> None:
    event = authorizer_event("token", token="t", path="/loans")
    stage = event["methodArn"].removesuffix("GET/loans")
    answer = saying(Allow(scope=["GET /loans", "PUT/loans/*", "* /public/*"]))(event)
    allowed = ["GET/loans", "PUT/loans/7", "POST/public/a/b"]
    assert [effect(answer, stage + each) for each in allowed] == ["Allow"] * 3
    assert [effect(answer, stage + each) for each in ("GET/loans/7", "POST/loans", "PUT/loans")] == [None] * 3


@pytest.mark.parametrize("scope", ["", "GET /loans", [], ["loans"], ["get /loans"], [""], ["G*T /loans"], "method"])
def test_a_scope_that_cannot_be_is_an_error(scope: Any) -> None:
    with pytest.raises(ValueError, match="scope="):
        Allow(scope=scope)


@pytest.mark.parametrize("scope", ["request", ["GET /loans"]])
def test_a_simple_answer_has_no_scope(scope: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TriggerError):
        saying(Allow(scope=scope))(authorizer_event("2.0"))
    assert "identity sources" in caplog.text


@pytest.mark.parametrize("whole", [{"isAuthorized": False}, {"principalId": "p", "policyDocument": {}}])
def test_a_whole_answer_is_not_touched(whole: dict[str, Any]) -> None:
    assert saying(whole)(authorizer_event()) == whole


def test_an_event_without_a_stage_is_answered_for_what_it_names() -> None:
    assert effect(saying(True)({"methodArn": "arn:aws:execute-api:test"}), "arn:aws:execute-api:test") == "Allow"


def test_an_authorizer_that_fails_lets_nobody_in() -> None:
    with pytest.raises(TriggerError, match=r"^Unauthorized$"):
        saying(UnauthorizedError("who?"))(authorizer_event("token"))
    for error in (ValueError("secret"), AppError("A", "secret")):
        with pytest.raises(TriggerError) as caught:
            saying(error)(authorizer_event())
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["2.0", "token"])
@pytest.mark.parametrize("answer", ["", [], 0, 1, "yes", Allow, Allow({"a": object()})])
def test_another_kind_of_answer_lets_nobody_in(kind: str, answer: Any) -> None:
    with pytest.raises(TriggerError):
        saying(answer)(authorizer_event(kind))
