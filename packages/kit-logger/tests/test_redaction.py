import dataclasses
import enum
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

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


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        '{"credentials": {"user": "a", "word": "s3cr3t"}, "x": 1}',
        "credentials={'user': 'a', 'x': ['s3cr3t']}, x",
        "Config(credentials=Creds('a', 's3cr3t'), b=2)",
        '{"Message": "{\\"Message\\": \\"{\\\\\\"password\\\\\\": \\\\\\"s3cr3t\\\\\\"}\\"}"}',
        '{\\\\\\\\\\\\\\"password\\\\\\\\\\\\\\": \\\\\\\\\\\\\\"s3cr3t\\\\\\\\\\\\\\"}',
        '[["Authorization", "Bearer s3cr3t"], ["a", "b"]]',
        "[('Authorization', 'Basic s3cr3t')]",
        "[(b'authorization', b'Bearer s3cr3t')]",
        '[{"name": "Authorization", "value": "s3cr3t"}]',
        "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=s3cr3t%2Fx&X-Amz-Signature=s3cr3t",
        "postgres://user:p@s3cr3t@host/db",
        "postgres://user:p/s3cr3t@host/db",
        "https://s3cr3t0123456789abcd@github.com/x",
        "back=https%3A%2F%2Fx%3Ftoken%3Ds3cr3t",
        "%22password%22%3A%22s3cr3t%22",
        "-----BEGIN RSA PRIVATE KEY-----\ns3cr3t\n-----END RSA PRIVATE KEY-----",
        "Cookie: a=1; sid=s3cr3t\r\nAccept: x",
        'Authorization: Digest username="a", response="s3cr3t"',
        "password=b's3cr3t'",
        "<password>s3cr3t</password>",
        "user[password]=s3cr3t&x=1",
        "user%5Bpassword%5D=s3cr3t&x=1",
        "os.environ['PASSWORD'] = 's3cr3t'",
        "psql --db-password s3cr3t --host x",
        '{"password": "x\\\\", "token": "s3cr3t"}',
        '{"token": "a", "token": "s3cr3t"}',
        "AccountKey=s3cr3t;EndpointSuffix=x",
        "got Basic s3cr3tXNlcjpwYXNz",
    ],
)
def test_no_shape_lets_a_secret_through(text):
    assert SECRET in text
    assert SECRET not in redact_text(text)
    assert SECRET not in str(redact({"body": [text]}))


@pytest.mark.parametrize(
    "value",
    [
        {"headers": [["x-api-key", SECRET]]},
        {"headers": [(b"cookie", SECRET.encode())]},
        {"parameters": [{"Key": "db_password", "Value": SECRET}]},
        {"headers": {"authorization": [{"key": "Authorization", "value": SECRET}]}},
        {"body": '{"a": [{"clientSecret": "s3cr3t"}]}'},
        {"rawQueryString": "a=b&token=s3cr3t"},
        {"cookies": ["sid=s3cr3t"]},
        {"queryStringParameters": {"X-Amz-Signature": SECRET, "X-Amz-Security-Token": SECRET}},
        {"password": {"value": SECRET}},
        {b"password": SECRET},
        {"error": ValueError("password=s3cr3t")},
    ],
    ids=str,
)
def test_no_structure_lets_a_secret_through(value):
    assert SECRET in str(value)
    assert SECRET not in str(redact(value))


def test_what_is_base64_of_json_is_hidden():
    assert redact({"body": "cGFzc3dvcmQ9eA==", "isBase64Encoded": True})["body"] == "*** (base64)"
    assert redact({"kinesis": {"data": "eyJwYXNzd29yZCI6ICJ4In0="}}) == {"kinesis": {"data": "***"}}


def test_json_without_secrets_stays_as_it_was_written():
    text = '{ "author":"x",\n "price": 1.10, "token": null }'
    assert redact_text(text) == text


def test_a_number_of_tokens_is_shown():
    assert redact({"total_tokens": 5, "tokens": 1.5, "token": 5}) == {"total_tokens": 5, "tokens": 1.5, "token": "***"}


def test_dataclasses_and_named_tuples_are_gone_through_by_field():
    @dataclasses.dataclass
    class User:
        name: str
        password: str

    class Point(NamedTuple):
        x: int
        token: str

    assert redact([User("a", SECRET), Point(1, SECRET)]) == [
        {"name": "a", "password": "***"},
        {"x": 1, "token": "***"},
    ]


def test_what_is_broken_is_named():
    class Odd(dict):
        def items(self):
            raise RuntimeError("no items")

    assert redact({"a": Odd(x=1), "b": 1}) == {"a": "<Odd>", "b": 1}


def test_long_lists_and_texts_are_cut():
    found = redact({"list": list(range(50_000)), "text": "a" * 1_000_000, "map": {str(n): n for n in range(50_000)}})
    assert (len(found["list"]), found["list"][-1]) == (20_001, "…")
    assert len(found["text"]) < 400_000
    assert found["map"]["…"] == 30_000


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
    [
        *("--", " --", "--a", "://a:", "://a:a", "password=(", "password={'", "cookie: ", "basic ", "[pass]=", "pass>"),
        *("eyJaaaaaa ", "-----BEGIN PRIVATE KEY-----", '"token", ', "%22", "token%3D", "token=a(", "bearer bearer "),
        *('{"a":', '["token",', "AWS4-HMAC-SHA256 ", "a=\\\\\\"),
        *[
            'auth="',
            "://",
            "-eyJ",
            "secret",
            'password=\\"',
            "bearer ",
            "token=",
            "a",
            "api_key",
            "x:y@",
            "\\",
            "eyJa.",
        ],
    ],
)
def test_time_grows_with_the_length_alone(piece):
    def seconds(times):
        text = piece * times + "token"
        began = time.process_time()
        redact_text(text)
        return time.process_time() - began

    small = max(min(seconds(5_000) for _ in range(3)), 0.002)
    assert any(seconds(50_000) < small * 40 for _ in range(3))
