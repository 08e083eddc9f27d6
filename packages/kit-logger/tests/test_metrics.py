import json
import logging

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
                "Never": float("nan"),
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
    emit_metrics({"A": float("inf")})
    assert lines() == []


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ({"A": (1, "Parsecs")}, {}),
        ({"": 1}, {}),
        ({"A" * 256: 1}, {}),
        ({"Ä": 1}, {}),
        ({"_aws": 1}, {}),
        ({"service": 1}, {}),
        ({"A": 1}, {"dimensions": {"A": "x"}}),
        ({"A": 1}, {"dimensions": {"b": ""}}),
        ({"A": 1}, {"dimensions": {f"d{n}": "x" for n in range(31)}}),
        ({"A": 1}, {"namespace": "x" * 256}),
        ({"A": [1] * 101}, {}),
        ({f"m{n}": 1 for n in range(101)}, {}),
    ],
)
def test_what_cloudwatch_would_drop_is_refused(values, options):
    with pytest.raises(ValueError):
        emit_metrics(values, **options)


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
