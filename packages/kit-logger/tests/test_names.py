"""A name stands once in a line, whoever has brought it."""

import json
import logging

import pytest
from kit_logger import RedactingFormatter, inject, logger

NAMES = [
    *("level", "location", "message", "timestamp", "service", "logger", "correlation_id", "xray_trace_id", "name"),
    *("exception", "exception_name", "stack_trace", "stack_info", "asctime", "cold_start", "function_name", "tenantId"),
    *("format_error", "truncated", "sampling_rate", "taskName", "module", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"),
]


def once(text):
    """Read a line; fail for a name that it has twice."""

    def unique(pairs):
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), names
        return dict(pairs)

    return [json.loads(line, object_pairs_hook=unique) for line in text.splitlines()]


@pytest.fixture
def write(capsys, context, monkeypatch):
    """Write lines in an invocation with a trace, a tenant and a failure; return them."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-a-b;Sampled=1")
    context.tenant_id = "t-1"

    def start(name, log):
        @inject
        def handler(event, context):
            try:
                raise ValueError("x")
            except ValueError:
                log(name)

        handler({"id": "e-1"}, context)
        return once(capsys.readouterr().out)

    return start


def extra(name):
    logger.info("text", extra={name: "mine"})
    logger.exception("text", **{name: "mine"})


def extra_of_another_logger(name):
    record = logging.makeLogRecord({"name": "kit.db", "msg": "text", "levelno": 20, "levelname": "INFO"})
    record.__dict__.setdefault(name, "mine")
    logger.registered_handler.handle(record)


def key(name):
    logger.append_keys(**{name: "mine"})
    logger.info("text", extra={"a": 1})
    logging.getLogger("kit.db").info("text")
    logger.exception("text")


def key_of_a_thread(name):
    logger.thread_safe_append_keys(**{name: "mine"})
    logger.info("text")
    logging.getLogger("kit.db").info("text", stack_info=True)


def key_and_extra(name):
    logger.append_keys(**{name: "key"})
    logger.info("text", extra={name: "mine", f"{name}_": "other"})


@pytest.mark.parametrize("log", [extra, extra_of_another_logger, key, key_of_a_thread, key_and_extra])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_in_a_line_once(write, name, log):
    for line in write(name, log):
        assert line["message"] == "text"


@pytest.mark.parametrize("name", ["correlation_id", "xray_trace_id", "service", "logger", "cold_start", "tenantId"])
def test_the_callers_extra_goes_before_the_loggers_own(write, name):
    assert [line[name] for line in write(name, extra)] == ["mine", "mine"]


@pytest.mark.parametrize("name", ["level", "location", "timestamp"])
def test_an_extra_with_a_name_that_every_line_has_is_kept_beside_it(write, name):
    for log in (extra, extra_of_another_logger):
        for line in write(name, log):
            assert line[f"{name}_"] == "mine"
            assert line[name] != "mine"


def test_the_id_of_the_lines_is_the_one_that_the_logger_returns(write):
    found = []

    def log(name):
        for append in (logger.append_keys, logger.thread_safe_append_keys):
            append(correlation_id="mine")
            found.append(logger.get_correlation_id())
            logger.info("text")
        logger.thread_safe_clear_keys()
        found.append(logger.get_correlation_id())
        logger.set_correlation_id("theirs")
        found.append(logger.get_correlation_id())

    assert [line["correlation_id"] for line in write("", log)] == ["mine", "mine"]
    assert found == ["mine", "mine", "mine", "theirs"]


def test_two_extras_that_are_secrets_by_their_names_are_in_a_line_once(write):
    def log(name):
        logger.info("text", extra={"eyJhbGciOiJIUzI1NiJ9.e30.c2ln": 1, "eyJhbGciOiJIUzI1NiJ9.e30.c2lu": 2})

    (line,) = write("", log)
    assert "eyJ" not in str(line)


def test_a_formatter_of_ones_own_writes_a_name_once_too(capsys):
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(service="loans", utc=True, use_rfc3339=True))
    record = logging.makeLogRecord(
        {"name": "kit.db", "msg": "text", "correlation_id": "a", "logger": "b", "level": "c"}
    )
    (line,) = once(handler.format(record))
    assert (line["correlation_id"], line["logger"], line["level_"]) == ("a", "b", "c")
