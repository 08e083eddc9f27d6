"""What is taken out of reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit_handler.redaction import REDACTED, redact, redact_text


@pytest.mark.parametrize(
    "text",
    [
        "password=hush",
        "password = 'hu sh'; more",
        '{"access_token": "hu\\"sh"}',
        "{'client_secret': 'hush'}",
        'connect(password="hush", host="db")',
        "Authorization: Bearer hush.hush",
        "basic hush==",
        "postgresql://ada:hush@db/x",
        "?x=1&api_key=hush&y=2",
        "eyJhbGciOi.eyJzdWIi.hush",
        "id-eyJhbGciOi.eyJzdWIi.hush",
        "DB_PASSWORD=hush",
        "pin=hush",
        '"password": "hush with no end',
    ],
)
def test_secrets_are_taken_out_of_text(text: str) -> None:
    redacted = redact_text(text)
    assert "hush" not in redacted
    assert REDACTED in redacted


@pytest.mark.parametrize("text", ["shipping=express", "a spinning top: fast", "the password is wrong", "user=ada", ""])
def test_the_rest_stays(text: str) -> None:
    assert redact_text(text) == text


def test_keys_decide_wherever_they_are() -> None:
    event = {
        "headers": {"AUTHORIZATION": "x", "X-Amz-Security-Token": "x", "accept": "json"},
        "multiValueHeaders": {"Cookie": ["x"]},
        "cookies": ["x"],
        "body": '{"user": "ada", "nested": [{"newPassword": "x", "pin": 1, "spin": 2}]}',
        "records": ({"otp": "x"}, "token=x"),
        "password": None,
    }
    assert redact(event) == {
        "headers": {"AUTHORIZATION": REDACTED, "X-Amz-Security-Token": REDACTED, "accept": "json"},
        "multiValueHeaders": {"Cookie": REDACTED},
        "cookies": REDACTED,
        "body": f'{{"user":"ada","nested":[{{"newPassword":"{REDACTED}","pin":"{REDACTED}","spin":2}}]}}',
        "records": [{"otp": REDACTED}, f"token={REDACTED}"],
        "password": None,
    }
    assert event["cookies"] == ["x"]


def test_deep_and_circular_values_end() -> None:
    circle: dict[str, object] = {}
    circle["again"] = circle
    assert "…" in repr(redact(circle))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values, st.sampled_from(["password", "X-Api-Key", "Set-Cookie", "sessionId", "accessToken"]))
def test_no_shape_of_value_keeps_a_secret(value: object, key: str) -> None:
    assert "hush" not in repr(redact({"a": [value, {key: ["hush", value]}]}))
