"""Whatever an event or an error holds: its report has no secret, is JSON, and is short."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_core.redaction import redact, redact_text
from kit_handler import ErrorReport, aws_lambda_handler

CORPUS = Path(__file__).parents[2] / "kit-core" / "tests" / "redaction" / "secrets.json"
SECRET = "Hush123hush"
KEYS = [
    "password", "Authorization", "Cookie", "client_secret", "refreshToken", "X-Api-Key", "apiKey", "pin", "otp",
    "x-authorization-token", "SESSION_ID", "private_key", "card_number", "aws_secret_access_key", "db-password",
]  # fmt: skip

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=20) | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


def in_json(key: str) -> str:
    return json.dumps({"a": [{key: SECRET}]})


WAYS: list[Any] = [
    lambda key: {key: SECRET},
    lambda key: {key: [SECRET, {"a": SECRET}]},
    lambda key: in_json(key),
    lambda key: json.dumps({"Message": in_json(key)}),
    lambda key: base64.b64encode(in_json(key).encode()).decode(),
    lambda key: in_json(key).encode(),
    lambda key: f"{key}={SECRET}",
    lambda key: f"a=1&{key}={SECRET}&b=2",
    lambda key: {f"{key}={SECRET}": 1},
]


def report_of(error: Exception, event: Any) -> ErrorReport:
    """Return what the receiver is told of an error, raised by a handler of an HTTP event with `event` inside."""
    told: list[ErrorReport] = []

    @aws_lambda_handler(error_receiver=told.append, receiver_timeout=30)
    def fail(event: Any, context: Any) -> None:
        raise error

    fail({"httpMethod": "POST", "inside": event})
    return told[0]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KEYS), st.sampled_from(WAYS), st.lists(st.sampled_from("dl"), max_size=8), values)
def test_no_secret_gets_out_however_it_is_nested(key: str, way: Any, nesting: list[str], beside: Any) -> None:
    event = way(key)
    for step in nesting:
        event = {"inner": event, "beside": beside} if step == "d" else [beside, event]
    told = report_of(ValueError("no"), event)
    assert SECRET not in told
    assert SECRET not in json.dumps(told.to_dict())


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is part of the repository only")
def test_what_redaction_hides_gets_out_neither_as_message_nor_as_event() -> None:
    cases = json.loads(CORPUS.read_text()) if CORPUS.exists() else []
    leaked = []
    for case in cases:
        told = report_of(ValueError(case.get("text", "")), case.get("value", case.get("text")))
        shown = json.dumps([told, told.to_dict()], ensure_ascii=False)
        hidden = str(redact(case["value"])) if "value" in case else redact_text(case["text"])
        leaked += [case for secret in case["secrets"] if secret in shown and secret not in hidden]
    assert len(cases) > 180
    assert leaked == []


def test_a_secret_at_the_cut_of_a_long_traceback_does_not_get_out() -> None:
    for length in range(9_000, 9_400, 20):
        lines = ["x" * 50] * (length // 50)
        told = report_of(ValueError("\n".join([f"password={SECRET * 30}", *lines])), None)
        assert SECRET not in json.dumps(told.to_dict())


@settings(deadline=None)
@given(values, st.text())
def test_any_event_can_be_reported(event: Any, message: str) -> None:
    told = report_of(ValueError(message), event)
    json.dumps(told.to_dict())
    assert len(told) < 20_000


def test_a_large_event_is_cut_however_it_is_nested() -> None:
    for event in ([[[{"password": SECRET}] * 100] * 100] * 100, ["x" * 100_000] * 100, {"a": "x" * 6_000_000}):
        told = report_of(ValueError("x" * 6_000_000), event)
        assert SECRET not in told
        assert len(json.dumps(told.to_dict())) < 500_000
