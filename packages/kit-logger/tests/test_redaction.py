"""Lines without secrets, by the rules of kit_core.redaction, and values of every kind in them."""

import dataclasses
import enum
import json
import logging
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from kit_core.redaction import redact_text
from kit_logger import inject, logger

CORPUS = Path(__file__).parents[2] / "kit-core" / "tests" / "redaction"
SECRET = "hunter2hunter2"

corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is kit-core's")


def cases(name):
    return json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))


@corpus
@pytest.mark.parametrize("name", ["secrets", "harmless"])
def test_a_text_is_in_every_part_of_a_line_as_kit_core_redacts_it(lines, name):
    known = [case["text"] for case in cases(name) if "text" in case]
    assert len(known) >= 100
    for text in known:
        expected = redact_text(text)
        logger.info("x", extra={"body": text, "nested": [{"body": text}]})
        (line,) = lines()
        assert (line["body"], line["nested"]) == (expected, [{"body": expected}])
        if text[:1] not in ("{", "["):  # such a message is written as JSON
            logger.info(text)
            assert lines()[0]["message"] == expected


@corpus
def test_secrets_of_the_corpus_are_found_in_arguments_and_tracebacks(lines):
    """Behind another text a few are not recognised as the JSON or the first line of headers that they are."""
    left = []
    for case in cases("secrets"):
        if "text" in case:
            logger.info("got %s", case["text"])
            logging.getLogger("kit.db").error("x", exc_info=ValueError(case["text"]))
            message, failed = lines()
            written = f"{message['message']} {failed['exception']} {failed['stack_trace']['value']}"
            left += [case["text"] for secret in case["secrets"] if secret in written]
    assert len(left) <= 6, left


@pytest.mark.parametrize(
    "value",
    [
        {"headers": [["x-api-key", SECRET]]},
        {"headers": [(b"cookie", SECRET.encode())]},
        {"parameters": [{"Key": "db_password", "Value": SECRET}]},
        {"body": f'{{"a": [{{"clientSecret": "{SECRET}"}}]}}'},
        {"queryStringParameters": {"X-Amz-Security-Token": SECRET}},
        {"password": {"value": SECRET}},
        {b"password": SECRET},
        {"error": ValueError(f"password={SECRET}")},
    ],
    ids=str,
)
def test_no_structure_lets_a_secret_through(capsys, value):
    @inject(log_event=True)
    def handler(event, context):
        logger.append_keys(key=event)
        logger.info("x", extra={"value": event})
        logger.info(event)

    handler(value, None)
    written = capsys.readouterr().out
    assert written.count("\n") == 3
    assert SECRET not in written


def test_names_of_extras_and_keys_are_searched(lines):
    logger.info("x", extra={"password": SECRET, "token": None, "secret_arn": "arn:x", "retry_token": True, "n": 1})
    (line,) = lines()
    assert line["password"] == "[redacted]"
    assert "token" not in line
    assert (line["secret_arn"], line["retry_token"], line["n"]) == ("arn:x", True, 1)


def test_every_kind_of_value_becomes_json_by_the_payload_contract(lines):
    class Status(enum.Enum):
        OPEN = "open"

    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    class Everything:
        def __getattr__(self, name):
            return Everything

        def __str__(self):
            return "everything"

    class User:
        def __str__(self):
            return f"User(password={SECRET})"

    class Loan:
        def dump(self):
            return {"id": uuid.UUID(int=2), "password": SECRET}

    @dataclasses.dataclass
    class Person:
        name: str
        password: str

    class Point(NamedTuple):
        x: int
        token: str

    value = {
        1: uuid.UUID(int=1),
        "bytes": b"\xff a",
        "decimal": Decimal("1.10"),
        "no_number": Decimal("NaN"),
        "at": datetime(2025, 1, 2, tzinfo=UTC),
        "set": {1},
        "enum": Status.OPEN,
        "error": ValueError(f"password={SECRET}"),
        "broken": Broken(),
        "everything": Everything(),
        "user": User(),
        "loan": Loan(),
        "person": Person("ann", SECRET),
        "point": Point(1, SECRET),
        "class": Person,
        "nan": float("nan"),
        "float": 1.5,
    }
    logger.info("x", extra={"value": value})
    found = lines()[0]["value"]
    assert SECRET not in str(found)
    assert found.pop("class").startswith("<class ")
    assert found == {
        "1": "00000000-0000-0000-0000-000000000001",
        "bytes": "\\xff a",
        "decimal": "1.10",
        "no_number": "NaN",
        "at": "2025-01-02T00:00:00Z",
        "set": [1],
        "enum": "open",
        "error": "ValueError: password=[redacted]",
        "broken": "<Broken>",
        "everything": "everything",
        "user": "User(password=[redacted])",
        "loan": {"id": "00000000-0000-0000-0000-000000000002", "password": "[redacted]"},
        "person": {"name": "ann", "password": "[redacted]"},
        "point": {"x": 1, "token": "[redacted]"},
        "nan": "nan",
        "float": 1.5,
    }


def test_circles_end(lines):
    circle = {"password": SECRET}
    circle["self"] = [circle]
    logger.info("x", extra={"circle": circle})
    assert lines()[0]["circle"] == {"password": "[redacted]", "self": ["…"]}


def test_a_template_is_searched_for_the_names_of_arguments(lines):
    logger.info("api key is %s, password: '%s', page token %s", "a", "b", "c")
    logger.info("%(amount)5.1f of 100%%, %(api_key)s", {"amount": 1, "api_key": "a"})
    logger.info("loan %s: token count %d", "l-1", 7)
    assert [line["message"] for line in lines()] == [
        "api key is [redacted], password: '[redacted]', page token [redacted]",
        "  1.0 of 100%, [redacted]",
        "loan l-1: token count 7",
    ]
