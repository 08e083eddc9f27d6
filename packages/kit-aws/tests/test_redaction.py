"""Texts and values without secrets."""

from typing import Any

import pytest
from kit_aws.redaction import redact, redact_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("password=hunter2&user=zoe", "password=[redacted]&user=zoe"),
        ("connect(password='hunter2', port=1)", "connect(password=[redacted], port=1)"),
        ('{"Client-Secret": "hun\\"ter2", "a": 1}', '{"Client-Secret": [redacted], "a": 1}'),
        ('{\\"token\\": \\"hunter2\\"}', '{\\"token\\": [redacted]}'),
        ("Authorization: Bearer abc.def", "Authorization: [redacted] [redacted]"),
        (f"got {JWT} from", "got [redacted] from"),
        ("postgresql://loans:hunter2@db/loans", "postgresql://[redacted]@db/loans"),
        ("key AKIAIOSFODNN7EXAMPLE", "key [redacted]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "[redacted]"),
        ("the shipping was late: 7 days", "the shipping was late: 7 days"),
        ("x-amz-security-token=abc%2F", "x-amz-security-token=[redacted]"),
    ],
)
def test_a_text_loses_what_looks_like_a_secret(text: str, clean: str) -> None:
    assert redact_text(text) == clean


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        (
            {"password": "a", "pin": 7, "shipping": "b"},
            {"password": "[redacted]", "pin": "[redacted]", "shipping": "b"},
        ),
        ({"token": None, "cookies": []}, {"token": None, "cookies": []}),
        ([{"deep": {"secret_key": {"a": 1}}}, "pwd: x"], [{"deep": {"secret_key": "[redacted]"}}, "pwd: [redacted]"]),
        ({"n": 1.5, "flag": True, "none": None}, {"n": 1.5, "flag": True, "none": None}),
    ],
)
def test_a_value_loses_what_is_kept_under_a_secrets_name(value: Any, clean: Any) -> None:
    assert redact(value) == clean


def test_what_is_too_deep_is_left_out() -> None:
    nested: Any = "password=x"
    for _ in range(50):
        nested = [nested]
    assert "x" not in str(redact(nested))
