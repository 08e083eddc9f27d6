"""What the redaction of texts and values promises beside the corpus."""

import dataclasses
import enum
import json
import subprocess
import sys
import uuid
from collections import UserDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_core.redaction import (
    REDACTED,
    is_secret,
    is_secret_name,
    redact,
    redact_text,
)

SECRET = "s3cr3tvalue"

slow_machine = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

SECRET_NAMES = [
    "password", "Password", "DB_PASSWORD", "dbPassword", "db-password", "user.password", "password2", "new_password",
    "passwordConfirmation", "password_hash", "PGPASSWORD", "MYSQL_PWD", "passwd", "passphrase", "passcode", "pwd",
    "secret", "client_secret", "clientSecret", "SecretString", "SECRET_KEY", "secret_key_base", "aws_secret_access_key",
    "token", "access_token", "accessToken", "id-token", "refreshToken", "x-amz-security-token", "authtoken", "tokens",
    "authorization", "Proxy-Authorization", "HTTP_AUTHORIZATION", "authorizationToken", "cookie", "Set-Cookie",
    "cookies", "api_key", "apiKey", "x-api-key", "APIKEY", "api_key_prod", "access_key", "private_key", "AccountKey",
    "signing_key", "SharedAccessKey", "Ocp-Apim-Subscription-Key", "X-Amz-Signature", "X-Amz-Credential", "credentials",
    "sessionid", "session_id", "JSESSIONID", "csrf_token", "jwt", "auth", "otp", "pin", "cvv", "card_number",
    "cardNumber", "mfa_code", "recovery_codes", "verificationCode", "security_code",
]  # fmt: skip
OTHER_NAMES = [
    "author", "authority", "authorizer", "authorizationType", "authType", "auth_time", "token_count", "token_type",
    "token_use", "tokenize", "tokenizer", "next_token", "NextToken", "nextPageToken", "ContinuationToken", "max_tokens",
    "prompt_tokens", "ClientRequestToken", "secret_arn", "SecretId", "SECRET_NAME", "secretary", "password_reset_at",
    "password_min_length", "has_password", "get_token", "cookie_name", "cookie_consent", "keyboard", "monkey", "key",
    "primary_key", "partition_key", "cache_key", "public_key", "idempotency_key", "apiKeyId", "apiKeySource", "pinned",
    "spin", "shipping", "opinion", "design", "signal", "connections", "user", "code", "error_code", "zip_code",
    "pass_rate", "session", "SignatureVersion", "Access-Control-Allow-Credentials", "",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_the_value_under_the_name_of_a_secret_is_hidden(name: str) -> None:
    assert is_secret_name(name)
    assert redact({name: SECRET, "a": [{name: [SECRET]}]}) == {name: REDACTED, "a": [{name: REDACTED}]}
    for text in (
        f"{name}={SECRET}",
        f"a=1&{name}={SECRET}&b=2",
        f"{{'{name}': '{SECRET}'}}",
        f'x {{"{name}": "{SECRET}"}}',
    ):
        assert SECRET not in redact_text(text), text


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_the_value_under_another_name_stays(name: str) -> None:
    assert not is_secret_name(name)
    assert redact({name: "shown"}) == {name: "shown"}
    assert redact_text(f"{name}=shown") == f"{name}=shown"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: ApiKey abc def", "Authorization: [redacted]"),
        ("{'Authorization': 'Bearer abc def', 'x': 1}", "{'Authorization': '[redacted]', 'x': 1}"),
        ("password=hunter2 host=db", "password=[redacted] host=db"),
        ("password='two words' host=db", "password='[redacted]' host=db"),
        ('{"password": "a\\"b", "x": 1}', '{"password": "[redacted]", "x": 1}'),
        ('say {"pin": 1234, "x": 1}', 'say {"pin": "[redacted]", "x": 1}'),
        ("?a=1&access_token=abc&b=2", "?a=1&access_token=[redacted]&b=2"),
        ("postgresql://user:p%40ss@host:5432/db", "postgresql://user:[redacted]@host:5432/db"),
        ("redis://:x@host/0", "redis://:[redacted]@host/0"),
        ("User(name='a', password='b')", "User(name='a', password='[redacted]')"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln here", "got [redacted] here"),
        ("paid with 4111 1111 1111 1111 today", "paid with [redacted] today"),
        ("ALTER USER app PASSWORD 'it''s'", "ALTER USER app PASSWORD '[redacted]'"),
        ("INSERT INTO u (a, pin) VALUES (1, 'x')", "INSERT INTO u (a, pin) VALUES (1, '[redacted]')"),
        ("curl -u ann:hunter2 https://example.org", "curl -u [redacted] https://example.org"),
    ],
)  # fmt: skip
def test_the_rest_of_a_text_stays(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize("depth", range(4))
def test_json_in_json_stays_json(depth: int) -> None:
    text = json.dumps({"user": "ann", "password": 'hun"ter\\2', "note": "password=hunter2\nnext"})
    for _ in range(depth):
        text = json.dumps({"body": text, "id": 1})
    for found in (redact_text(text), redact_text(f"event: {text}").removeprefix("event: ")):
        assert "hun" not in found
        value = json.loads(found)
        for _ in range(depth):
            assert value["id"] == 1
            value = json.loads(value["body"])
        assert value["user"] == "ann"


names = st.sampled_from(["password", "Authorization", "pin", "x", "name", "value", "token", "a.b", "auth", "cookies"])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=15)


@settings(max_examples=200, **slow_machine)
@given(st.dictionaries(names, documents), st.sampled_from([None, 1, 2]))
def test_a_json_text_stays_json(document: Any, indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    json.loads(redact_text(text))
    json.loads(redact_text(json.dumps(text)))


def test_a_json_text_without_secrets_stays_as_it_was_written() -> None:
    text = '{ "author":"x",\n "price": 1.10, "token": null, "n": 12345678901234567890.0 }'
    assert redact_text(text) == text


WAYS: list[Any] = [
    lambda key: {key: SECRET},
    lambda key: {key: [SECRET, {"a": SECRET}]},
    lambda key: [(key, SECRET), ("other", "x")],
    lambda key: [[key.encode(), SECRET.encode()]],
    lambda key: [{"name": key, "value": SECRET}],
    lambda key: [{"Value": SECRET, "Key": key}],
    lambda key: json.dumps({"a": [{key: SECRET}]}),
    lambda key: json.dumps({"Message": json.dumps({key: SECRET})}),
    lambda key: json.dumps({key: SECRET}).encode(),
    lambda key: f"ValueError: bad {key}='{SECRET}' given",
    lambda key: f"{key} : {SECRET}",
    lambda key: {f"{key}={SECRET}": 1},
    lambda key: ValueError(f"{key}={SECRET}"),
]
values = st.recursive(
    leaves | st.floats() | st.binary(max_size=20) | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=200, **slow_machine)
@given(
    st.sampled_from([name for name in SECRET_NAMES if name != "auth"]),
    st.sampled_from(WAYS),
    st.lists(st.sampled_from("dl"), max_size=8),
    values,
)
def test_no_secret_gets_out_however_it_is_nested(key: str, way: Any, nesting: list[str], beside: Any) -> None:
    event = way(key)
    for step in nesting:
        event = {"inner": event, "beside": beside} if step == "d" else [beside, event]
    result = redact(event)
    assert SECRET not in repr(result)
    json.dumps(result, allow_nan=False)


@settings(**slow_machine)
@given(st.text(alphabet="passwordtokenpin=\"'&;:<>{}[]()\\ \n-eyJ.AKIA/@%|,$", max_size=300))
def test_any_text_can_be_searched_also_once_more(text: str) -> None:
    once = redact_text(text)
    assert SECRET not in redact_text(f"password={SECRET} {text}")
    assert isinstance(redact_text(once), str)


@settings(**slow_machine)
@given(st.from_regex(r"[a-z]{1,10}", fullmatch=True), st.integers())
def test_values_under_other_names_stay(name: str, number: int) -> None:
    event = {"field_" + name[:1]: number, "items": [number, {"shipping": name}]}
    assert redact(event) == event


def test_nothing_flags_and_messages_are_no_secrets() -> None:
    event = {
        "token": None, "secret": True, "password": "", "cookies": [], "tokens": 5,
        "errors": {"password": ["Missing data for required field."], "api_key": {"0": ["Not a valid string."]}},
        "authorizer": {"jwt": {"claims": {"sub": "u-1", "email": "a@example.org", "roles": "admin"}}},
        "properties": {"password": {"type": "string", "minLength": 8}},
        "auth": "iam", "fields": ["password", "email"],
    }  # fmt: skip
    assert redact(event) == event
    assert is_secret("password", "hunter2")
    assert not is_secret("password", ["Missing data for required field."])
    assert is_secret(b"cookie", b"a=b")
    assert not is_secret(7, "hunter2")


def test_a_jwt_as_a_key_is_hidden() -> None:
    tokens = [f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2ln{end}" for end in "ab"]
    found = redact({"sessions": dict.fromkeys(tokens, 1)})
    assert len(found["sessions"]) == 2
    assert "eyJ" not in str(found)


def test_base64_of_a_text_is_searched_and_other_base64_stays() -> None:
    harmless = "eyJpZCI6IDcsICJzdGF0ZSI6ICJvcGVuIn0="
    assert redact({"data": harmless, "image": "iVBORw0KGgoAAAANSUhEUgAA"}) == {
        "data": harmless,
        "image": "iVBORw0KGgoAAAANSUhEUgAA",
    }
    assert redact({"data": "eyJwYXNzd29yZCI6ICJodW50ZXIyIn0="}) == {"data": '{"password": "[redacted]"}'}


class Status(enum.Enum):
    OPEN = "open"


@dataclasses.dataclass
class User:
    name: str
    password: str


class Point(NamedTuple):
    x: int
    token: str


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


class BrokenMapping(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("no items")


def test_every_kind_of_value_becomes_json() -> None:
    value = {
        1: uuid.UUID(int=1), "bytes": b"\xff token=abc", "decimal": Decimal("1.10"), "set": {1},
        "at": datetime(2025, 1, 2, tzinfo=UTC), "enum": Status.OPEN, "error": ValueError("password=abc"),
        "broken": Broken(), "odd": BrokenMapping(x=1), "user": User("a", SECRET), "point": Point(1, SECRET),
        "mapping": UserDict({"pin": "1"}), "nan": float("nan"), "float": 1.5, "tuple": (1, 2, 3),
    }  # fmt: skip
    assert redact(value) == {
        "1": "00000000-0000-0000-0000-000000000001", "bytes": "\\xff token=[redacted]", "decimal": "1.10", "set": [1],
        "at": "2025-01-02T00:00:00+00:00", "enum": "open", "error": "ValueError: password=[redacted]",
        "broken": "<Broken>", "odd": "<BrokenMapping>", "user": {"name": "a", "password": REDACTED},
        "point": {"x": 1, "token": REDACTED}, "mapping": {"pin": REDACTED}, "nan": "nan", "float": 1.5,
        "tuple": [1, 2, 3],
    }  # fmt: skip


def test_the_default_is_asked_for_objects_that_json_does_not_know() -> None:
    assert redact({"a": Decimal("1.5")}, default=float) == {"a": 1.5}
    assert redact({"a": object()}, default=lambda _: {"password": SECRET}) == {"a": {"password": REDACTED}}
    assert redact([Broken()], default=str) == ["<Broken>"]
    assert redact(Broken(), default=lambda value: value) == "<Broken>"


def test_the_value_itself_is_not_changed() -> None:
    event = {"password": SECRET, "list": [{"token": SECRET}]}
    redact(event)
    assert event == {"password": SECRET, "list": [{"token": SECRET}]}


def test_deep_circular_and_large_values_end() -> None:
    circle: dict[str, Any] = {"password": "x"}
    circle["self"] = [circle]
    assert redact(circle) == {"password": REDACTED, "self": ["…"]}
    deep: Any = "password=x"
    for _ in range(1000):
        deep = [deep]
    assert "…" in str(redact(deep))
    event = [[[{"password": SECRET}] * 100] * 100] * 100
    assert len(json.dumps(redact(event, most_items=4000))) < 200_000
    found = redact(["x" * 100_000] * 100, most_characters=400_000)
    assert len("".join(found)) <= 400_200
    assert SECRET not in str(redact("x" * 100 + f" postgresql://app:{SECRET}@db", most_characters=130))


def test_the_import_is_light() -> None:
    code = "import sys; before = set(sys.modules); import kit_core.redaction; print(*set(sys.modules) - before)"
    command = [sys.executable, "-c", "import re, functools; " + code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if not name.startswith("kit_core")} <= {"collections.abc", "__future__"}
