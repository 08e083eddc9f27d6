import logging

import pytest
from kit_logger import get_logger


def test_a_service_has_one_logger():
    from aws_lambda_powertools import Logger

    logger = get_logger("billing")
    assert logger is get_logger("billing")
    assert isinstance(logger, Logger)
    assert logger.service == "billing"
    assert get_logger() is get_logger()


def test_several_services_keep_their_keys_and_share_the_invocation(run):
    found = run("""
        from kit_logger import get_logger, inject
        from aws_lambda_powertools import Logger
        from kit_logger import RedactingFormatter
        loans, audit = get_logger("loans"), get_logger("audit", level="DEBUG")

        @inject
        def handler(event, context):
            loans.append_keys(order=1)
            audit.debug("a")
            loans.debug("not at this level")
            late = Logger(service="late", logger_formatter=RedactingFormatter())
            late.info("l")
            audit.clear_state()
            loans.info("b")

        handler({"id": "e-1"}, None)
        audit.info("after")
    """)
    assert [(line["service"], line["message"]) for line in found.lines] == [
        *(("audit", "a"), ("late", "l"), ("loans", "b"), ("audit", "after")),
    ]
    assert [line.get("order") for line in found.lines] == [None, None, 1, None]
    assert [line.get("correlation_id") for line in found.lines] == ["e-1", "e-1", "e-1", None]


def test_the_first_logger_is_the_process_logger(run):
    found = run("""
        import logging
        from kit_logger import get_logger
        get_logger("loans", level="ERROR")
        logging.getLogger("kit.db").error("x")
        logging.getLogger("kit.db").warning("not at this level")
        from kit_logger import logger
        logging.getLogger("kit.db").warning("y")
    """)
    assert [(line["service"], line["message"]) for line in found.lines] == [
        *(("loans", "x"), ("service_undefined", "y")),
    ]


def test_the_logger_of_another_service_alone_renames_nobody(run):
    found = run(
        """
        import logging
        from kit_logger import emit_metrics, get_logger
        audit = get_logger("audit", level="DEBUG", buffer_bytes=100)
        emit_metrics({"A": 1})
        logging.getLogger("kit.db").warning("slow")
        logging.getLogger("kit.db").debug("not at this level")
        audit.debug("audited")
        from kit_logger import logger
        logger.info("mine")
        emit_metrics({"A": 1})
        logging.getLogger("kit.db").warning("slow")
        """,
        POWERTOOLS_SERVICE_NAME="loans",
    ).lines
    assert [line["service"] for line in found] == ["loans", "loans", "audit", "loans", "loans", "loans"]
    assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in found if "_aws" in line} == {"loans"}


@pytest.mark.parametrize("before", ['get_logger("audit")', 'adopt("bank")', "emit_metrics({})", "handler({}, None)"])
@pytest.mark.parametrize("service", ["None", '"loans"'])
def test_options_count_though_the_process_needed_the_logger_before(run, before, service):
    found = run(
        f"""
        import logging
        from kit_logger import adopt, emit_metrics, get_logger, inject
        handler = inject(lambda event, context: logging.getLogger("kit.db").debug("in"))
        {before}
        logger = get_logger({service}, level="DEBUG", sampling_rate=0.5, buffer_bytes=7)
        logger.debug("mine")
        handler({{}}, None)
        assert get_logger() is logger and (logger.sampling_rate, logger.log_level) == (0.5, logging.DEBUG)
        get_logger({service}, level="ERROR").debug("the options of the first call stay")
        """,
        SERVICE_NAME="loans",
    ).lines
    assert [line["message"] for line in found] == ["mine", "in", "the options of the first call stay"]
    assert [line["sampling_rate"] for line in found] == [0.5] * 3


@pytest.mark.parametrize("service", ["kit", "kit.loans", "root", "a"])
def test_no_name_of_a_service_writes_lines_twice_or_keeps_others_away(run, service):
    found = run(
        """
        import logging

        class RuntimeHandler(logging.Handler):
            def emit(self, record):
                print('{"by": "runtime", "message": "%s"}' % record.msg)

        logging.root.addHandler(RuntimeHandler())
        from kit_logger import inject, logger
        logger.info("one")
        logging.getLogger("kit.db").info("two")
        logging.getLogger("kit").info("three")
        logging.getLogger("my.a.module").warning("other")
        """,
        SERVICE_NAME=service,
    )
    assert [line["message"] for line in found.lines] == ["one", "two", "three", "other"]
    assert ["by" in line for line in found.lines] == [False, False, False, service != "root"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LOG_LEVEL", "verbose"),
        ("POWERTOOLS_LOG_LEVEL", "10"),
        ("POWERTOOLS_LOGGER_SAMPLE_RATE", "often"),
        ("POWERTOOLS_LOGGER_SAMPLE_RATE", "7"),
        ("POWERTOOLS_LOGGER_SAMPLE_RATE", "nan"),
        ("KIT_LOGGER_BUFFER_BYTES", "much"),
        ("KIT_LOGGER_BUFFER_BYTES", "-1"),
    ],
)
@pytest.mark.parametrize("alc", ["", "INFO"])
def test_an_environment_that_makes_no_sense_fails_no_invocation(run, variable, value, alc):
    found = run(
        """
        from kit_logger import inject

        @inject
        def handler(event, context):
            from kit_logger import logger
            logger.info("x")

        handler({}, None)
        """,
        **{variable: value, "AWS_LAMBDA_LOG_LEVEL": alc},
    )
    warning, line = found.lines
    assert warning["variable"] == variable
    assert line["message"] == "x"
    assert "sampling_rate" not in line


@pytest.mark.parametrize(
    "options", [{"level": "verbose"}, {"sampling_rate": 2}, {"sampling_rate": -0.1}, {"buffer_bytes": -1}]
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match=str(next(iter(options.values())))):
        get_logger("refused", **options)


def test_unknown_options_are_refused():
    with pytest.raises(TypeError):
        get_logger("refused", rate=1)


def test_a_level_set_past_the_logger_counts_from_the_next_invocation(run):
    found = run("""
        import logging
        from kit_logger import get_logger, inject
        logger = get_logger("loans")
        handler = inject(lambda event, context: logger.debug("x"))
        logging.getLogger("loans").setLevel("DEBUG")
        handler({}, None)
        assert logger.log_level == logging.DEBUG
    """)
    assert len(found.lines) == 1


def test_the_documented_methods_of_powertools_work(run):
    found = run("""
        from kit_logger import get_logger
        logger = get_logger("loans", level="DEBUG")

        @logger.inject_lambda_context(correlation_id_path="id", clear_state=True, log_event=True)
        def handler(event, context):
            logger.append_keys(a=1)
            logger.thread_safe_append_keys(b=2)
            with logger.append_context_keys(c=3):
                logger.debug("one", d=4)
            logger.remove_keys(["a"])
            logger.thread_safe_remove_keys(["b"])
            assert logger.get_correlation_id() == "e-1"
            assert logger.get_current_keys()["service"] == "loans"
            assert logger.thread_safe_get_current_keys() == {}
            logger.warning("two")
            logger.critical("three", stacklevel=2)
            logger.structure_logs(append=True, z=1)
            logger.log(20, "four")

        from types import SimpleNamespace
        context = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
        handler({"id": "e-1"}, context)
        logger.clear_state()
        logger.info("five")
        assert logger.name == "loans" and logger.level == logger.log_level == 10
    """).lines
    event, one, *rest, five = found
    assert event["message"] == {"id": "e-1"}
    assert (one["a"], one["b"], one["c"], one["d"], one["correlation_id"]) == (1, 2, 3, 4, "e-1")
    assert (one["location"].split(":")[0], one["function_request_id"]) == ("handler", "r")
    assert not {"a", "b", "c", "d"} & set(rest[0])
    assert rest[2]["z"] == 1
    assert rest[2]["location"].startswith("handler:")
    assert set(five) == {"level", "location", "message", "timestamp", "service"}


def test_options_of_the_formatter_count(run):
    found = run("""
        import json, logging
        from aws_lambda_powertools import Logger
        from kit_logger import RedactingFormatter
        formatter = RedactingFormatter(
            log_record_order=["message", "level"], datefmt="%Y", json_serializer=lambda log: json.dumps(log),
            json_default=lambda value: "made", serialize_stacktrace=False, utc=True,
        )
        logger = Logger(service="own", logger_formatter=formatter, xray_trace_id=None)
        logger.info("token=s3cr3t", extra={"a": object(), "b": {"c": object()}, "n": 1})
        try:
            1 / 0
        except ZeroDivisionError:
            logger.exception("x")
    """).lines
    assert list(found[0])[:2] == ["message", "level"]
    assert (found[0]["message"], found[0]["a"], found[0]["b"]) == ("token=[redacted]", "made", {"c": "made"})
    assert len(found[0]["timestamp"]) == 4
    assert "stack_trace" not in found[1]
    assert found[1]["exception_name"] == "ZeroDivisionError"


def test_a_serializer_that_fails_loses_no_line(run):
    found = run("""
        from aws_lambda_powertools import Logger
        from kit_logger import RedactingFormatter

        def fails(log):
            raise RuntimeError("no")

        Logger(service="own", logger_formatter=RedactingFormatter(json_serializer=fails)).info("token=s3cr3t")
    """).lines
    assert (found[0]["message"], found[0]["format_error"]) == ("token=[redacted]", "RuntimeError")


def test_a_disabled_logger_writes_nothing(run):
    assert run("""
        import logging
        from kit_logger import logger
        logging.disable(logging.CRITICAL)
        logger.error("x")
        logging.disable(logging.NOTSET)
        logger.error("y")
    """).lines[0]["message"] == "y"  # fmt: skip
    assert logging.root.manager.disable == logging.NOTSET
