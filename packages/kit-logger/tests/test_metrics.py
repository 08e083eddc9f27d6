import json
import logging
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from kit_logger import emit_metrics, inject, logger


def metrics_of(line):
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: (line[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]}


def test_metrics_are_one_line_of_the_embedded_format(lines, context):
    @inject
    def handler(event, context):
        emit_metrics(
            {
                "LoansRequested": 1,
                "Decided": (12.5, "Milliseconds"),
                "Sizes": ([1, 2.5], "Bytes"),
            },
            namespace="Loans",
            properties={"loan_id": "l-1", "password": "x"},
        )

    handler({"id": "e-1"}, context)
    (line,) = lines()
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "Loans",
            "Dimensions": [["service", "function_name"]],
            "Metrics": [
                {"Name": "LoansRequested", "Unit": "Count"},
                {"Name": "Decided", "Unit": "Milliseconds"},
                {"Name": "Sizes", "Unit": "Bytes"},
            ],
        }
    ]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert (line["service"], line["function_name"]) == (logger.service, "loans-get")
    assert (line["LoansRequested"], line["Decided"], line["Sizes"]) == (1, 12.5, [1, 2.5])
    assert (line["loan_id"], line["password"], line["correlation_id"]) == ("l-1", "[redacted]", "e-1")
    assert line["function_request_id"] == context.aws_request_id


@pytest.mark.parametrize("back", [timedelta(days=13, hours=23), timedelta(), -timedelta(hours=1, minutes=59)])
def test_a_metric_may_be_of_another_time(lines, back):
    at = datetime.now(timezone(timedelta(hours=2))) - back
    emit_metrics({"A": 1}, at=at)
    (line,) = lines()
    assert line["_aws"]["Timestamp"] == int(at.timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime.now(UTC) - timedelta(days=14, hours=1), "at most two weeks ago"),
        (datetime.now(UTC) + timedelta(hours=3), "two hours ahead"),
        (datetime(2026, 1, 1), "needs an offset from UTC"),  # noqa: DTZ001
    ],
)
def test_a_time_that_cloudwatch_refuses_is_refused(lines, at, text):
    with pytest.raises(ValueError, match=text):
        emit_metrics({"A": 1}, at=at)
    assert lines() == []


def test_the_environment_names_the_namespace(lines, monkeypatch):
    emit_metrics({"A": 1})
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Loans")
    emit_metrics({"A": 1}, dimensions={"stage": "test"})
    first, second = (line["_aws"]["CloudWatchMetrics"][0] for line in lines())
    assert (first["Namespace"], second["Namespace"]) == (logger.service, "Loans")
    assert second["Dimensions"] == [["stage"]]


def test_metrics_are_written_whatever_the_level_is(lines):
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    emit_metrics({"A": 1})
    logger.setLevel(level)
    assert len(lines()) == 1


def test_no_metrics_no_line(lines):
    emit_metrics({})
    emit_metrics({"A": []})
    assert lines() == []


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ({"A": (1, "Parsecs")}, {}),
        ({"A": (1, "Count", 30)}, {}),
        ({"A": ()}, {}),
        ({"A": (1, "Count", 1, 1)}, {}),
        ({"A": "1"}, {}),
        ({"A": None}, {}),
        ({"A": float("nan")}, {}),
        ({"A": [1, float("-inf")]}, {}),
        ({"A": 2.0**361}, {}),
        ({"A": [1] * 101}, {}),
        ({f"m{n}": 1 for n in range(101)}, {}),
        ({"": 1}, {}),
        ({" ": 1}, {}),
        ({"A" * 256: 1}, {}),
        ({"Ä": 1}, {}),
        ({"a\nb": 1}, {}),
        ({":a": 1}, {}),
        ({"_aws": 1}, {}),
        ({"level": 1}, {}),
        ({"timestamp": 1}, {}),
        ({"service": 1}, {}),
        ({"A": 1}, {"properties": {"A": 2}}),
        ({"A": 1}, {"properties": {"_aws": 2}}),
        ({"A": 1}, {"properties": {"service": "x"}}),
        ({"A": 1}, {"dimensions": {"A": "x"}}),
        ({"A": 1}, {"dimensions": {"b": ""}}),
        ({"A": 1}, {"dimensions": {"b": " "}}),
        ({"A": 1}, {"dimensions": {"b": 5}}),
        ({"A": 1}, {"dimensions": {"b": "x" * 1025}}),
        ({"A": 1}, {"dimensions": {"city": "Zürich"}}),
        ({"A": 1}, {"dimensions": {"b": "a\tb"}}),
        ({"A": 1}, {"dimensions": {"b": ":x"}}),
        ({"A": 1}, {"dimensions": {":b": "x"}}),
        ({"A": 1}, {"dimensions": {"ß": "x"}}),
        ({"A": 1}, {"dimensions": {"a\x7fb": "x"}}),
        ({"A": 1}, {"dimensions": {"password": "hunter2"}}),
        ({"A": 1}, {"dimensions": [{"a": "x"}, {"a": "y"}]}),
        ({"A": 1}, {"dimensions": {f"d{n}": "x" for n in range(31)}}),
        ({"A": 1}, {"namespace": "x" * 256}),
        ({"A": 1}, {"namespace": " "}),
        ({"A": 1}, {"namespace": ":x"}),
        ({"A": 1}, {"namespace": "a\nb"}),
        ({"A": 1}, {"namespace": "Größe"}),
        ({"A": 1}, {"namespace": "AWS/Lambda"}),
        ({f"{n:0200}": [-2.2250738585072014e-308] * 100 for n in range(100)}, {}),  # more than a line may have
    ],
)
def test_what_cloudwatch_would_drop_is_refused_and_nothing_is_written(lines, values, options):
    with pytest.raises(ValueError):
        emit_metrics(values, **options)
    assert lines() == []


@pytest.mark.parametrize("namespace", [":x", "a\nb", "Zürich", " "])
def test_a_namespace_that_cloudwatch_refuses_is_refused_at_decoration(namespace):
    with pytest.raises(ValueError, match="namespace"):
        inject(metrics=namespace)


def test_values_at_the_limits_are_taken(lines):
    emit_metrics(
        {"A" * 255: 2.0**360, "b": [-(2.0**360)] * 100, "c": Decimal("1.5"), "d": Fraction(1, 2)},
        namespace="Loans: a/b #1",
        dimensions={"d" * 255: "x" * 1024, "auth": "iam", "e": "a:b"},
    )
    (line,) = lines()
    assert (line["A" * 255], line["c"], line["d"], line["auth"]) == (2.0**360, 1.5, 0.5, "iam")


def test_a_metric_of_high_resolution(lines):
    emit_metrics({"A": (1, "Count", 1), "B": ([1, 2], "Bytes", 60), "C": 1})
    (line,) = lines()
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "A", "Unit": "Count", "StorageResolution": 1},
        {"Name": "B", "Unit": "Bytes"},
        {"Name": "C", "Unit": "Count"},
    ]


def test_powertools_enumerations_are_taken(lines):
    from aws_lambda_powertools.metrics import MetricResolution, MetricUnit

    emit_metrics({"A": (1, MetricUnit.CountPerSecond, MetricResolution.High)})
    assert lines()[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "A", "Unit": "Count/Second", "StorageResolution": 1}
    ]


def test_several_sets_of_dimensions(lines):
    emit_metrics({"A": 1}, dimensions=[{"stage": "test"}, {"stage": "test", "bank": "b-1"}, {}])
    (line,) = lines()
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage"], ["stage", "bank"], []]
    assert (line["stage"], line["bank"]) == ("test", "b-1")


def test_default_dimensions_are_on_every_further_line(run):
    found = run("""
        from kit_logger import emit_metrics, inject, set_default_dimensions
        set_default_dimensions(stage="test", region="north")
        for wrong in ({"stage": ""}, {"city": "Z\u00fcrich"}, {"token": "abc"}):
            try:
                set_default_dimensions(**wrong)
            except ValueError:
                continue
            raise AssertionError(wrong)
        emit_metrics({"A": 1})
        emit_metrics({"A": 1}, dimensions={"stage": "other", "bank": "b-1"})
        inject(metrics=True)(lambda event, context: None)({}, None)
    """).lines
    assert [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for line in found] == [
        [["stage", "region", "service"]],
        [["stage", "region", "bank"]],
        [["stage", "region", "service"]],
    ]
    assert [(line["stage"], line["region"]) for line in found] == [
        *(("test", "north"), ("other", "north"), ("test", "north")),
    ]


def test_the_callers_properties_go_before_the_ids(lines, context):
    @inject
    def handler(event, context):
        emit_metrics({"A": 1}, properties={"correlation_id": "mine"})

    handler({"id": "e-1"}, context)
    (line,) = lines()
    assert (line["correlation_id"], line["function_request_id"]) == ("mine", context.aws_request_id)


def test_metrics_can_be_switched_off_as_in_powertools(lines, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    emit_metrics({"A": 1})
    with pytest.raises(ValueError):
        emit_metrics({"A": float("nan")})
    assert lines() == []


def delivered(line, level):
    """Tell whether Lambda's filter of levels lets a line pass ("Log-level filtering", Lambda Developer Guide)."""
    order = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    own = line.get("level")
    timed = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", str(line.get("timestamp")))
    return order.index(own if own in order and timed else "INFO") >= order.index(level)


@pytest.mark.parametrize("level", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"])
def test_lambdas_filter_of_levels_lets_metrics_pass(run, level):
    found = run(
        """
        from kit_logger import emit_metrics, inject
        emit_metrics({"A": 1}, properties={"long": "x" * 400_000})
        inject(metrics=True)(lambda event, context: None)({}, None)
        """,
        AWS_LAMBDA_LOG_FORMAT="JSON",
        AWS_LAMBDA_LOG_LEVEL=level,
    ).lines
    assert [delivered(line, level) for line in found] == [True, True]
    assert [metrics_of(line)["A" if "A" in line else "Invocations"] for line in found] == [(1, "Count")] * 2


def test_metrics_are_written_before_an_exception_ends_the_invocation(run):
    found = run("""
        from kit_logger import emit_metrics, inject

        @inject(metrics="Loans")
        def handler(event, context):
            emit_metrics({"A": 1})
            raise SystemExit

        try:
            handler({}, None)
        except SystemExit:
            pass
    """).lines
    assert [sorted(metrics_of(line)) for line in found] == [["A"], ["ColdStarts", "Duration", "Errors", "Invocations"]]
    assert found[1]["Errors"] == 1


def test_the_metrics_of_an_invocation(run):
    found = run("""
        from kit_logger import inject

        @inject(metrics="Loans")
        def handler(event, context):
            if event.get("fails"):
                raise ValueError
            return {"batchItemFailures": [{"itemIdentifier": "m-1"}]} if "Records" in event else None

        for event in ({}, {"Records": [{}, {}]}, {"fails": True}, {"fails": True, "Records": [{}, {}, {}]}):
            try:
                handler(event, None)
            except ValueError:
                pass
    """).lines
    metrics = [metrics_of(line) for line in found]
    durations = [each.pop("Duration") for each in metrics]
    assert all(0 <= duration < 5000 and unit == "Milliseconds" for duration, unit in durations)
    count = "Count"
    assert metrics == [
        {"Invocations": (1, count), "Errors": (0, count), "ColdStarts": (1, count)},
        {
            "Invocations": (1, count),
            "Errors": (0, count),
            "ColdStarts": (0, count),
            "BatchRecords": (2, count),
            "BatchFailures": (1, count),
        },
        {"Invocations": (1, count), "Errors": (1, count), "ColdStarts": (0, count)},
        {
            "Invocations": (1, count),
            "Errors": (1, count),
            "ColdStarts": (0, count),
            "BatchRecords": (3, count),
            "BatchFailures": (3, count),
        },
    ]
    assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in found} == {"Loans"}


def test_async_invocations_have_metrics_too(run):
    found = run("""
        import asyncio
        from kit_logger import inject

        @inject(metrics=True)
        async def handler(event, context):
            return {"batchItemFailures": []}

        assert asyncio.run(handler({"Records": [{}]}, None)) == {"batchItemFailures": []}
    """).lines
    assert metrics_of(found[0])["BatchFailures"] == (0, "Count")
    assert json.dumps(found[0])


def test_a_closed_output_fails_nothing(run):
    run("""
        import sys
        from kit_logger import emit_metrics, inject
        sys.stdout.close()
        emit_metrics({"A": 1})
        assert inject(metrics=True)(lambda event, context: 5)({}, None) == 5
    """)


def test_properties_that_are_too_long_dont_cost_the_metrics(capsys):
    emit_metrics({"A": 1}, properties={"long": "x" * 400_000})
    text = capsys.readouterr().out
    line = json.loads(text)
    assert len(text) < 256 * 1024
    assert line["truncated"] > 256 * 1024
    assert metrics_of(line) == {"A": (1, "Count")}
