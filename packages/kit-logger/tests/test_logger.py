import logging

import pytest
from kit_logger import RedactingFormatter, inject, logger


def test_it_is_powertools_own():
    from aws_lambda_powertools import Logger

    assert isinstance(logger, Logger)


def test_the_environment_names_the_service_and_the_level(run):
    code = """
        import kit_logger, os
        os.environ.update(LATE)
        from kit_logger import logger
        logger.debug("one")
        logger.info("two")
    """

    def services(**env):
        return [(line["service"], line["message"]) for line in run(code.replace("LATE", repr(env))).lines]

    assert services() == [("service_undefined", "two")]
    assert services(SERVICE_NAME="loans") == [("loans", "two")]
    assert services(SERVICE_NAME="loans", POWERTOOLS_SERVICE_NAME="other") == [("other", "two")]
    assert services(LOG_LEVEL="DEBUG") == [("service_undefined", "one"), ("service_undefined", "two")]
    assert services(POWERTOOLS_LOG_LEVEL="warning") == []
    assert services(AWS_LAMBDA_LOG_LEVEL="ERROR") == []


def test_secrets_are_taken_out_of_everything(lines):
    secret = "s3cr3t"
    logger.append_keys(lasting={"x-api-key": secret})
    logger.info("password=%s", secret)
    logger.info({"token": secret, "note": f"Bearer {secret}"})
    logger.info(f'{{"password": "{secret}"}}')
    logger.info("x", extra={"headers": {"Cookie": [secret], "a": f"token={secret}"}, "password": secret})
    try:
        try:
            raise KeyError(f"Authorization: Bearer {secret}")
        except KeyError as error:
            raise ValueError(f"password='{secret}'") from error
    except ValueError:
        logger.exception("failed")
    logger.remove_keys(["lasting"])
    found = lines()
    assert len(found) == 5
    assert secret not in str(found)
    assert "Traceback" in found[4]["exception"]
    assert found[4]["exception"].count("[redacted]") >= 2
    assert found[4]["exception_name"] == "ValueError"


@pytest.mark.parametrize("name", ["kit", "kit.db", "kit.handler.routes"])
def test_kits_loggers_write_the_same_lines(lines, name):
    @inject
    def handler(event, context):
        logging.getLogger(name).warning("slow: %s", "x", extra={"password": "y", "rows": 3})
        logging.getLogger(name).debug("not at this level")

    handler({"id": "eb-1"}, None)
    (line,) = lines()
    assert line["logger"] == name
    assert (line["level"], line["message"], line["rows"], line["password"]) == ("WARNING", "slow: x", 3, "[redacted]")
    assert line["correlation_id"] == "eb-1"


LIKE_LAMBDA = """
    import logging, sys

    class RuntimeHandler(logging.Handler):
        def emit(self, record):
            print('{"by": "runtime", "name": "%s"}' % record.name)

    logging.root.addHandler(RuntimeHandler())
    logging.root.setLevel(logging.INFO)
"""


def test_every_line_is_written_once(run):
    found = run(
        LIKE_LAMBDA
        + """
    from kit_logger import inject, logger

    @inject
    def handler(event, context):
        logger.info("own")
        logging.getLogger("kit.db").info("kit")
        logging.getLogger("other").info("other")
        logging.getLogger("kitchen").info("other")

    logging.root.addHandler(RuntimeHandler())
    handler({}, None)
    """,
        SERVICE_NAME="loans",
    ).lines
    assert [line.get("message") or line["name"] for line in found if "by" not in line] == ["own", "kit"]
    assert [line["name"] for line in found if "by" in line and line["name"].startswith("kit.")] == []
    assert [line["name"] for line in found if "by" in line].count("other") == 2
    assert [line["name"] for line in found if "by" in line].count("kitchen") == 2


def test_the_level_may_change(run):
    found = run("""
        import logging
        from kit_logger import inject, logger

        @inject
        def handler(event, context):
            logging.getLogger("kit.db").debug("x")

        handler({}, None)
        logger.setLevel("DEBUG")
        handler({}, None)
    """).lines
    assert len(found) == 1


def test_sampling_switches_to_debug(run):
    code = """
        import logging
        from kit_logger import inject, logger
        handler = inject(lambda event, context: logging.getLogger("kit.db").debug("x"))
        handler({}, None)
        handler({}, None)
    """
    assert len(run(code, POWERTOOLS_LOGGER_SAMPLE_RATE="1").lines) == 2
    assert len(run(code).lines) == 0


def test_a_logger_that_was_there_before_is_redacted_too(run):
    found = run(
        """
        from aws_lambda_powertools import Logger
        before = Logger(service="loans", team="x")
        from kit_logger import logger
        after = Logger(service="loans")
        child = Logger(service="loans", child=True)
        for each in (before, logger, after, child):
            each.info("password=abc")
        logger.append_keys(order=1)
        before.info("x")
        """,
        SERVICE_NAME="loans",
    ).lines
    assert [line["message"] for line in found] == ["password=[redacted]"] * 4 + ["x"]
    assert found[4]["order"] == 1
    assert {line["team"] for line in found} == {"x"}


def test_another_logger_may_use_the_formatter(run):
    found = run("""
        from aws_lambda_powertools import Logger
        from kit_logger import RedactingFormatter
        Logger(service="audit", logger_formatter=RedactingFormatter()).info("password=abc")
    """).lines
    assert (found[0]["service"], found[0]["message"]) == ("audit", "password=[redacted]")
    assert RedactingFormatter().log_format["level"]


def test_a_record_that_cant_be_formatted_is_still_written(run):
    shown = run("""
        from kit_logger import logger
        logger.info("password=%s and %s", "abc")
        logger.append_keys(location=5)
        logger.info("reserved")
    """)
    first, second = shown.lines
    assert first["message"] == "password=%s and %s"
    assert first["format_error"] == "TypeError"
    assert second["message"] == "reserved"
    assert shown.errors == ""


@pytest.mark.parametrize("name", ["kit.db", "loans", "loans.http", "botocore"])
def test_no_line_raises_into_the_code_that_logs(run, name):
    """AWS's runtime client has a handler on the root logger that lets every error out."""
    found = run(
        LIKE_LAMBDA.replace("print(", "self.format(record); print(")
        + f"""
    from kit_logger import adopt, inject, logger
    adopt("botocore")

    class Odd:
        def __str__(self):
            raise RuntimeError("no text")

    @inject
    def handler(event, context):
        other = logging.getLogger({name!r})
        other.warning("%d of %d", "one")
        other.warning("%s", Odd())
        other.warning(Odd(), extra={{"odd": Odd()}})
        other.warning("half a pair: " + chr(0xD800))
        other.debug("%d", "one")
        return "done"

    assert handler({{}}, None) == "done"
    """,
        SERVICE_NAME="loans",
        PYTHONIOENCODING="ascii",
    )
    assert [line["message"] for line in found.lines] == ["%d of %d", "%s", "<Odd>", "half a pair: \ud800"]
    assert [line.get("format_error") for line in found.lines] == ["TypeError", "RuntimeError", None, None]
    assert found.errors == ""


def test_a_closed_output_shows_nothing_of_the_record(run):
    shown = run("""
        import sys
        from kit_logger import logger
        logger.info("first")
        sys.stdout.close()
        logger.info("password is %s", "abc", extra={"a": "abc"})
    """)
    assert len(shown.lines) == 1
    assert "a log line was lost" in shown.errors
    assert "abc" not in shown.errors


def test_any_value_can_be_logged(lines):
    circle = []
    circle.append(circle)
    logger.info("x", extra={"circle": circle, "bytes": b"\xff", "error": ValueError("x"), "nan": float("nan")})
    (line,) = lines()
    assert line["circle"] == ["…"]
    assert line["nan"] == "nan"


def test_threads_write_whole_lines(lines):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: logger.info("x" * 5000, extra={"n": n}), range(200)))
    assert sorted(line["n"] for line in lines()) == list(range(200))
