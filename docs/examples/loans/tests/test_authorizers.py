"""Who may call: the tokens of the secret, for both APIs."""

import json
from typing import Any

import pytest
from kit_testing.events import authorizer_event
from loans import authorizers

CALLER = {"profile_id": "5b1f3c1e-6f0b-4f0e-9d0a-000000000001", "roles": "LOAN_VIEW,LOAN_CREATE"}


@pytest.fixture(autouse=True)
def tokens(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"good": {"profile_id": CALLER["profile_id"], "roles": CALLER["roles"].split(",")}}
    aws.client("secretsmanager").create_secret(Name="tokens", SecretString=json.dumps(known))
    monkeypatch.setenv("TOKENS_SECRET", "tokens")


@pytest.mark.parametrize(("token", "allowed"), [("Bearer good", True), ("Basic good", False), ("Bearer bad", False)])
def test_a_bearer_token_is_a_caller_of_the_http_api(token: str, allowed: bool) -> None:
    answer = authorizers.http(authorizer_event("2.0", token=token), None)
    assert answer == {"isAuthorized": allowed, "context": CALLER if allowed else {}}


@pytest.mark.parametrize(("token", "effect"), [("good", "Allow"), ("bad", "Deny"), (None, "Deny")])
def test_the_token_of_a_websocket_is_in_its_query(token: str | None, effect: str) -> None:
    event = authorizer_event("websocket", query={"token": token} if token else None)
    answer = authorizers.websocket(event, None)
    assert answer["policyDocument"]["Statement"][0]["Effect"] == effect
    allowed = effect == "Allow"
    assert answer["principalId"] == (CALLER["profile_id"] if allowed else "anonymous")
    assert answer["context"] == (CALLER if allowed else {})
