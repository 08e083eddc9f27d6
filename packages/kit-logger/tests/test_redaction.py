import enum
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from kit_logger import is_sensitive, redact, redact_text


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Authorization",
        "PROXY-AUTHORIZATION",
        "authorizationToken",
        "cookie",
        "Set-Cookie",
        "cookies",
        "password",
        "PASSWORD",
        "db_password",
        "dbPassword",
        "user.password",
        "passwd",
        "pwd",
        "secret",
        "client_secret",
        "clientSecret",
        "SecretString",
        "token",
        "access_token",
        "accessToken",
        "id-token",
        "x-amz-security-token",
        "X-Amz-Signature",
        "api_key",
        "apiKey",
        "x-api-key",
        "X-API-Key",
        "credentials",
        "aws_secret_access_key",
        "private_key",
        "connection_string",
        "connectionString",
        "DATABASE_DSN",
        "jwt",
        "passphrase",
        "auth",
        "otp",
        "pin",
    ],
)
def test_names_of_secrets(name):
    assert is_sensitive(name)
    assert redact({name: "hidden"}) == {name: "***"}
    assert redact({"a": [{name: ["hidden"]}]}) == {"a": [{name: "***"}]}


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "authority",
        "authorizer",
        "token_count",
        "token_type",
        "secret_arn",
        "SECRET_NAME",
        "password_reset_at",
        "cookie_name",
        "keyboard",
        "pinned",
        "spin",
        "key",
        "monkey",
        "design",
        "primary_key",
        "connections",
        "user",
        "name",
        "loan_id",
        "api",
    ],
)
def test_names_of_other_things(name):
    assert not is_sensitive(name)
    assert redact({name: "shown"}) == {name: "shown"}


def test_nothing_and_flags_are_no_secrets():
    assert redact({"token": None, "secret": True, "password": ""}) == {"token": None, "secret": True, "password": "***"}


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Bearer abcdef123", "Bearer ***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("authorization=Basic dXNlcjpwYXNz, x", "authorization=***, x"),
        ("{'Authorization': 'Bearer abc def', 'x': 1}", "{'Authorization': '***', 'x': 1}"),
        ("password=hunter2 host=db", "password=*** host=db"),
        ("password='two words' host=db", "password='***' host=db"),
        ('{"password": "a\\"b", "x": 1}', '{"password": "***", "x": 1}'),
        ('{\\"api_key\\": \\"abc\\", \\"x\\": 1}', '{\\"api_key\\": \\"***\\", \\"x\\": 1}'),
        ("db_password => x", "db_password => ***"),
        ("User(name='a', password='b')", "User(name='a', password='***')"),
        ("?a=1&access_token=abc&b=2", "?a=1&access_token=***&b=2"),
        ("X-Amz-Signature=0123abcd", "X-Amz-Signature=***"),
        ("token: abc", "token: ***"),
        ('password: "never closed', 'password: "***"'),
        ("postgresql://user:p%40ss@host:5432/db", "postgresql://user:***@host:5432/db"),
        ("redis://:secret123@host/0", "redis://:***@host/0"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln here", "got *** here"),
        ("note=\"password=abc\"", 'note="password=***"'),
        ("otp=123456", "otp=***"),
    ],
)  # fmt: skip
def test_secrets_in_a_text(text, redacted):
    assert redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "the token has expired",
        "secret_arn=arn:aws:secretsmanager:eu-west-1:123456789012:secret:x",
        "http://host:8080/path",
        "token_count=3",
        "shipping: today",
        "a bearer of bad news",
        "Ünïcödé ✓",
    ],
)
def test_other_texts_stay(text):
    assert redact_text(text) == text


def test_a_pair_is_a_header():
    assert redact([("Authorization", "Bearer x"), ("Accept", "y")]) == [["Authorization", "***"], ["Accept", "y"]]


def test_every_kind_of_value_becomes_json():
    class Status(enum.Enum):
        OPEN = "open"

    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    class User:
        def __str__(self):
            return "User(password=abc)"

    value = {
        1: uuid.UUID(int=1),
        "bytes": b"\xff token=abc",
        "decimal": Decimal("1.10"),
        "at": datetime(2025, 1, 2, tzinfo=UTC),
        "set": {1},
        "enum": Status.OPEN,
        "error": ValueError("password=abc"),
        "broken": Broken(),
        "user": User(),
        "nan": float("nan"),
        "float": 1.5,
    }
    assert redact(value) == {
        "1": "00000000-0000-0000-0000-000000000001",
        "bytes": "\\xff token=***",
        "decimal": "1.10",
        "at": "2025-01-02T00:00:00+00:00",
        "set": [1],
        "enum": "open",
        "error": "ValueError: password=***",
        "broken": "<Broken>",
        "user": "User(password=***)",
        "nan": "nan",
        "float": 1.5,
    }


def test_circles_end():
    circle = {"password": "x"}
    circle["self"] = [circle]
    assert redact(circle) == {"password": "***", "self": ["…"]}
    deep = []
    for _ in range(1000):
        deep = [deep]
    assert "…" in str(redact(deep))


@pytest.mark.parametrize(
    "piece",
    ['auth="', "://", "-eyJ", "secret", 'password=\\"', "bearer ", "token=", "a", "api_key", "x:y@", "\\", "eyJa."],
)
def test_time_grows_with_the_length_alone(piece):
    def seconds(times):
        text = piece * times + "token"
        began = time.process_time()
        redact_text(text)
        return time.process_time() - began

    small = max(min(seconds(5_000) for _ in range(3)), 0.002)
    assert min(seconds(50_000) for _ in range(3)) < small * 40
