"""What is in a line, whatever is logged."""

import enum
import io
import json
import logging
import sys
import uuid
from datetime import date
from decimal import Decimal

import pytest
from kit_core import invocation
from kit_logger import RedactingFormatter, inject, logger

LIMIT = 256 * 1024


def test_extras_and_keywords_of_every_type(lines):
    class Status(enum.IntEnum):
        OPEN = 1

    circle = {"a": 1}
    circle["self"] = circle
    logger.info(
        "x",
        extra={"bytes": b"\xff\x00a", "id": uuid.UUID(int=7), "amount": Decimal("1.10"), "circle": circle},
        error=ValueError("y"),
        day=date(2026, 1, 2),
        status=Status.OPEN,
        flag=True,
        nothing=None,
        ratio=0.5,
        big=2**70,
        text='quote " \\ \n ✓',
    )
    (line,) = lines()
    assert line["bytes"] == "\\xff\x00a"
    assert line["id"] == str(uuid.UUID(int=7))
    assert line["amount"] == "1.10"
    assert line["circle"] == {"a": 1, "self": "…"}
    assert line["error"] == "ValueError: y"
    assert (line["day"], line["status"], line["flag"], line["ratio"], line["big"]) == (
        *("2026-01-02", 1, True, 0.5),
        2**70,
    )
    assert line["text"] == 'quote " \\ \n ✓'
    assert "nothing" not in line


@pytest.mark.parametrize("name", ["name", "args", "message", "asctime", "module", "lineno"])
def test_an_extra_with_a_name_of_loggings_own_is_no_error(lines, name):
    logger.info("x", extra={name: "mine"})
    logger.info("x", **{name: "mine"})
    assert [line[f"{name}_"] for line in lines()] == ["mine", "mine"]


@pytest.mark.parametrize("name", ["level", "location", "timestamp", "service", "order", "exception", "logger"])
def test_no_name_is_in_a_line_twice(capsys, name):
    @inject
    def handler(event, context):
        logger.append_keys(order=1)
        logger.info("x", extra={name: "mine"})

    handler({}, None)
    pairs = json.loads(capsys.readouterr().out, object_pairs_hook=list)
    assert len({key for key, _ in pairs}) == len(pairs)
    if name not in ("level", "location", "timestamp"):
        assert dict(pairs)[name] == "mine"


@pytest.mark.parametrize(
    ("message", "args", "expected"),
    [
        ("password is %s", ("s3cr3t",), "password is [redacted]"),
        ("token %s for %s", ("s3cr3t", "joe"), "token [redacted] for joe"),
        ("got token: %r", ("s3cr3t",), "got token: [redacted]"),
        ("%s has %d%%", ("a", 5), "a has 5%"),
        ("%(user)s, %(password)s", ({"user": "joe", "password": "s3cr3t"},), "joe, [redacted]"),
        ("header %s", ("Authorization: Bearer s3cr3t",), "header Authorization: [redacted]"),
        ("otp %d", (123456,), "otp [redacted]"),
        ("Secret %5.3s!", ("s3cr3t",), "Secret [redacted]!"),
        ("secret_arn %s", ("arn:x",), "secret_arn arn:x"),
    ],
)
def test_arguments_that_are_secrets_by_name_are_hidden(lines, message, args, expected):
    logger.info(message, *args)
    assert lines()[0]["message"] == expected


def test_arguments_that_dont_fit_show_nothing_of_themselves(run):
    found = run("""
        from kit_logger import logger
        logger.info("password of %s is %s", "s3cr3t")
        logger.info("none", "s3cr3t")
        logger.info("%d", "s3cr3t")
        logger.info("%*s token %*s", 3, "s3cr3t", 4, "s3cr3t")
    """)
    assert "s3cr3t" not in str(found.lines[:3]) + str(found.lines[3]["message"][4:]) + found.errors
    assert {line.get("format_error") for line in found.lines[:3]} == {"TypeError"}
    assert found.lines[1]["message"] == "none"


def test_messages_that_are_no_texts(lines):
    for message in ({"a": 1}, ["a"], None, 5, ValueError("token=x"), '{"a": 1}', "[1]", "{not json", "", "null", "5"):
        logger.info(message)
    assert [line["message"] for line in lines()] == [
        *({"a": 1}, ["a"], "None", 5, "ValueError: token=[redacted]", {"a": 1}, [1], "{not json", "", "null", "5"),
    ]


@pytest.mark.parametrize("where", ["message", "extra", "list", "deep", "many", "key", "exception", "appended", "wide"])
def test_a_line_that_is_too_long_is_cut_and_says_so(capsys, where):
    long = "é" * 1_000_000

    @inject
    def handler(event, context):
        if where == "message":
            logger.info(long)
        elif where == "exception":
            try:
                raise ValueError(long)
            except ValueError:
                logger.exception("failed")
        elif where == "appended":
            logger.append_keys(long=long)
            logger.info("x")
        elif where == "wide":
            logger.info("x", extra={f"k{n}": "v" * 100 for n in range(20_000)})
        else:
            values = {
                "extra": long,
                "list": ["a" * 100] * 15_000,
                "deep": {"a": {"b": [long]}},
                "many": {str(n): long[:1000] for n in range(10_000)},
                "key": {long: 1},
            }
            logger.info("x", extra={"order": "o-1", "value": values[where]})

    handler({"id": "e-1"}, None)
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert len(text.encode()) < LIMIT
    line = json.loads(text)
    assert line["truncated"] > LIMIT
    assert line["level"] in ("INFO", "ERROR")
    assert line["message"]
    assert line["timestamp"]
    if where != "wide":
        assert line["correlation_id"] == "e-1"


def test_a_line_that_just_fits_is_left_alone(capsys):
    logger.info("x" * 250_000)
    assert "truncated" not in json.loads(capsys.readouterr().out)


def test_a_secret_at_the_cut_is_still_hidden(capsys):
    for at in (65_530, 262_000, 299_990, 299_999):
        logger.info("x" * at + " password=s3cr3ts3cr3t and postgres://u:s3cr3ts3cr3t@h " + "y" * 300_000)
    assert "s3cr3t" not in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_that_cant_write_every_character_gets_the_line_all_the_same(monkeypatch, encoding):
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding=encoding))
    logger.info("é ✓ \ud800", extra={"a": '"'})
    assert json.loads(buffer.getvalue().decode(encoding))["message"] == "é ✓ \ud800"


def test_chained_exceptions_are_shown_once_each_without_secrets(lines):
    try:
        try:
            raise KeyError("token=s3cr3t")
        except KeyError as error:
            error.add_note("password: s3cr3t")
            raise ExceptionGroup("several", [ValueError("Bearer s3cr3t")]) from error
    except ExceptionGroup:
        logger.exception("failed with %s", "password=s3cr3t")
    (line,) = lines()
    assert "s3cr3t" not in str(line)
    assert "KeyError" in line["exception"]
    assert line["exception_name"] == "ExceptionGroup"
    assert line["stack_trace"]["type"] == "ExceptionGroup"
    assert line["stack_trace"]["frames"][0]["function"] == "test_chained_exceptions_are_shown_once_each_without_secrets"


def test_exceptions_of_every_kind_are_written(lines):
    class BrokenError(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def deep(n):
        return deep(n + 1)

    for fails in (lambda: (_ for _ in ()).throw(BrokenError()), lambda: deep(0), lambda: [][0]):
        try:
            fails()
        except (BrokenError, RecursionError, IndexError):
            logger.exception("failed")
    logger.exception("outside of any")
    logger.error("given", exc_info=ValueError("x"))
    found = lines()
    assert [line.get("exception_name") for line in found] == [
        *("BrokenError", "RecursionError", "IndexError", None, "ValueError"),
    ]
    assert all(len(str(line)) < 50_000 for line in found)


@pytest.mark.parametrize(
    "text", ["no such loan", 'password=hunter2 of "Ada"', "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "\ud800"]
)
@pytest.mark.parametrize("keys", [{}, {"exception": "mine"}, {"stack_trace": None}])
@pytest.mark.parametrize("notes", [(), ("see", "token=abc")])
def test_an_exceptions_line_is_the_same_whoever_writes_the_json(text, keys, notes):
    ours, custom = (
        RedactingFormatter(service="loans", utc=True, use_rfc3339=True, json_serializer=serializer)
        for serializer in (None, json.dumps)
    )
    try:
        raise ValueError(text)
    except ValueError as error:
        for note in notes:
            error.add_note(note)
        record = logging.LogRecord("loans", logging.ERROR, __file__, 1, "failed for %s", ("7",), sys.exc_info(), "f")
    record.stack_info, record.amount = f"Stack: {text}", 7
    for formatter in (ours, custom):
        formatter.append_keys(**keys)
    line, expected = json.loads(ours.format(record)), json.loads(custom.format(record))
    assert line == expected
    assert list(line) == list(expected)
    assert not any(secret in str(line) for secret in ("hunter2", "eyJ", "abc"))
    assert line["exception_name"] == "ValueError"


FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()\n'
DURING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{FRAMES}ValueError: token=abc\nmore: x", "ValueError"),
        (f"{FRAMES}KeyError: 1{DURING}{FRAMES}bank.errors.BankError", "BankError"),
        ("  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: x", None),
        ("no traceback at all", None),
    ],
)
def test_a_record_that_was_formatted_elsewhere_keeps_its_traceback(lines, text, name):
    record = logging.LogRecord("kit.db", logging.ERROR, __file__, 1, "failed", None, None)
    record.exc_text = text
    logger.registered_handler.handle(record)
    (line,) = lines()
    assert line["exception"] == text.replace("token=abc", "token=[redacted]")
    assert line.get("exception_name") == name
    assert "exc_text" not in line


def test_a_text_that_another_formatter_has_kept_changes_nothing(lines):
    try:
        raise ValueError("x")
    except ValueError:
        record = logging.LogRecord("kit.db", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    logging.Formatter().format(record)
    logger.registered_handler.handle(record)
    (line,) = lines()
    assert line["exception"] == record.exc_text
    assert line["stack_trace"]["type"] == "ValueError"


def test_the_stack_is_written_when_asked_for(lines):
    logger.info("x", stack_info=True)
    assert "test_lines.py" in lines()[0]["stack_info"]


def test_keys_that_have_a_record_attributes_name(lines):
    logger.append_keys(module="%(levelname)s!", process="100%", location=7)
    logger.info("x")
    logger.remove_keys(["module", "process", "location"])
    logger.append_keys(location="%(funcName)s:%(lineno)d")
    (line,) = lines()
    assert (line["module"], line["process"], line["location"]) == ("INFO!", "100%", 7)
    logger.info("y")
    assert lines()[0]["location"].startswith("test_keys_that")


def test_a_key_may_change_after_it_was_appended(lines):
    seen = []

    @inject
    def handler(event, context):
        logger.append_keys(seen=seen)
        logger.info("one")
        seen.append(1)
        logger.info("two")
        logger.append_keys(seen="x")
        logger.info("three")

    handler({}, None)
    assert [line["seen"] for line in lines()] == [[], [1], "x"]


def test_a_library_that_formats_before_adds_nothing(lines):
    import logging

    record = logging.LogRecord("kit.db", logging.INFO, __file__, 1, "x %s", ("y",), None)
    logging.Formatter("%(asctime)s %(message)s").format(record)
    record.taskName = "Task-1"
    logger.registered_handler.handle(record)
    (line,) = lines()
    assert not {"asctime", "taskName", "args", "msg"} & set(line)
    assert line["message"] == "x y"


def test_the_trace_of_the_invocation(lines, monkeypatch):
    handler = inject(lambda event, context: logger.info("x"))
    for root in ("1-a-b", "1-c-d"):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent=1;Sampled=1")
        handler({}, None)
        logger.info("outside")
    assert [line["xray_trace_id"] for line in lines()] == ["1-a-b", "1-a-b", "1-c-d", "1-c-d"]


def test_an_id_is_redacted_and_escaped_too(lines):
    with invocation.enter(correlation_id='token=s3cr3t"\n'):
        logger.info("x")
    assert lines()[0]["correlation_id"].startswith("token=[redacted]")


def test_an_extra_whose_name_is_no_text(lines):
    logger.info("x", extra={1: "token=s3cr3t"})
    assert lines()[0]["1"] == "token=[redacted]"
