"""Whatever an event looks like: no secret gets out, nothing breaks, nothing takes long."""

import base64
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kit_handler.envelope.reports import report
from kit_handler.redaction import redact, redact_text

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
    lambda key: f'{key} : "{SECRET}"',
    lambda key: f"ValueError: bad {key}='{SECRET}' given",
    lambda key: {f"{key}={SECRET}": 1},
]


@settings(max_examples=300)
@given(st.sampled_from(KEYS), st.sampled_from(WAYS), st.lists(st.sampled_from("dl"), max_size=8), values)
def test_no_secret_gets_out_however_it_is_nested(key: str, way: Any, nesting: list[str], beside: Any) -> None:
    event = way(key)
    for step in nesting:
        event = {"inner": event, "beside": beside} if step == "d" else [beside, event]
    assert SECRET not in repr(redact(event))
    assert SECRET not in report(ValueError("no"), event, None)


@given(values)
def test_any_value_can_be_copied_and_the_copy_is_json(value: Any) -> None:
    json.dumps(redact(value))


@given(values, st.text())
def test_any_event_can_be_reported(event: Any, message: str) -> None:
    told = report(ValueError(message), event, None)
    json.dumps(told.to_dict())
    assert len(told) < 20_000


@given(st.text(alphabet="passwordtokenpin=\"'&;:<>{}[]\\ \n-eyJ.AKIA/@", max_size=300))
def test_any_text_can_be_searched_also_once_more(text: str) -> None:
    assert isinstance(redact_text(redact_text(text)), str)


@given(st.from_regex(r"[a-z]{1,10}", fullmatch=True), st.integers())
def test_what_is_no_secret_stays(name: str, number: int) -> None:
    event = {"field_" + name[:1]: number, "items": [number, {"shipping": name}]}
    assert redact(event) == event


def test_an_event_that_refers_to_itself_is_cut() -> None:
    event: dict[str, Any] = {"a": 1}
    event["self"] = event
    assert json.dumps(redact(event)).count('"a": 1') < 20


def test_a_large_event_is_cut_however_it_is_nested() -> None:
    event = [[[{"password": SECRET}] * 100] * 100] * 100
    copy = json.dumps(redact(event))
    assert SECRET not in copy
    assert len(copy) < 200_000
    assert len(json.dumps(redact(["x" * 100_000] * 100))) < 1_000_000
