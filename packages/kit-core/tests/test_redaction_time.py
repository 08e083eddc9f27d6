"""The time of a search grows with the length of the text alone, whatever the text repeats."""

import json
import time
from typing import Any

import pytest
from kit_core.redaction import redact, redact_text

SHORT, LONG = 4_000, 32_000
# Eight times the text takes eight times as long; what grows with the square takes sixty-four times.
MOST = 24

PIECES = [
    "eyJ", "eyJa.", "-eyJ", "password=", "password=(", "password={'", "password='", 'password=\\"', "password: ",
    "password: my ", "password: The ", "password: must ", "password: a, ", "password is ", "password='''",
    "password=,", "password=a;b", "password={}", "password=[]", "password=${", "password={{", "password=<",
    "password=a.b", "password=self.", "password=|\n  ", "password: |\n a\n", "passwordpassword_", "PASSWORD '",
    "jwt={", "auth: {", "auth=(", "pass", "pin", "pin=", "://", "://a:", "://a:a", "://a:a@", "x:y@", "@", '"', "'",
    "''", "`", "\\", '\\\\\\"', "a=\\\\\\", " ", ":", "a:", "a: ", "token ", "token,", 'token"', "token_", "token=a(",
    "token => ", '"token", ', '["token",', '("token", "', "[('token', '", "next token ", "key ", "api key ",
    "card number ", "session id ", "code=", '{"a":', '[{"name": "password", "value": ', "[", '{"password":',
    '{"password": [', '"password": ["Missing a"], ', '"name": "password", "value": ', "Authorization: ",
    'Authorization: Digest x="', "cookie: a=b; ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----- -",
    "--password ", "--", "<password>", "<password ", 'name="password"\n\n', "4111 1111 1111 1111", "4", "4 ", "4-",
    "AKIA", "ghp_", "sk-", "sk-a", "SG.", "xoxb-", "$2b$10$", "$argon2id$", "curl -u ", "curl -u a", "mysql -p",
    "mysql a ", "login -p ", "(password) values (", "password values (", "('a',", "(token)=(", "%3a%2f%2f",
    "%3a%2f%2fa%3a", "password%3D", "%22password%22%3A%22", "?code=a&state=", "state=a&", "Bearer ", "bearer a.",
    "basic ", "password\n  x [type=a, input_value=", "arn:", "secret:", "\n", "\n  ", "\t", "İ", "token=İ", "(", "()",
    "{}", "$(", "https://a:b/", "&", "a.", "_", "-", "hooks.slack.com/services/", "token-", "é", "password=é",
]  # fmt: skip


def seconds(call: Any, value: Any) -> float:
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        call(value)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_length_alone(piece: str) -> None:
    def text(size: int) -> str:
        return (piece * (size // len(piece) + 1))[:size] + " token=x"

    least = max(seconds(redact_text, text(SHORT)), 0.0003)
    assert any(seconds(redact_text, text(LONG)) < least * MOST for _ in range(3))


@pytest.mark.parametrize(
    "nested",
    [
        lambda size: "[" * size + "]" * size,
        lambda size: json.dumps([{"password": "x", "note": "token=x"}] * (size // 30)),
        lambda size: json.dumps(json.dumps(json.dumps({"token": '"' * (size // 8)}))),
        lambda size: json.dumps({"a" * each: "password=x" for each in range(int(size**0.5))}),
    ],
    ids=["brackets", "entries", "quotes", "names"],
)
def test_time_of_nested_json_grows_with_the_length_alone(nested: Any) -> None:
    least = max(seconds(redact_text, nested(SHORT)), 0.0003)
    assert any(seconds(redact_text, nested(LONG)) < least * MOST for _ in range(3))


def test_time_of_values_grows_with_the_length_alone() -> None:
    def value(size: int) -> list[Any]:
        return [{"name": "password", "value": "x"}, ("token", "x"), "password=x"] * (size // 40)

    least = max(seconds(redact, value(SHORT)), 0.0003)
    assert any(seconds(redact, value(LONG)) < least * MOST for _ in range(3))
