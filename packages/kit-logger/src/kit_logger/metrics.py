"""Metrics as one line of JSON, which CloudWatch Logs turns into metrics (embedded metric format)."""

import os
import time
from collections.abc import Mapping
from math import isfinite
from typing import Any

from kit_logger.ids import context_keys, correlation_id_of, invocation_of
from kit_logger.lines import encode, fits, plain
from kit_logger.loggers import process_logger
from kit_logger.scopes import current

# "MetricDatum: Unit" (CloudWatch API reference)
_SIZES = (
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
)
UNITS = frozenset(
    {"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None", *_SIZES}
    | {f"{size}/Second" for size in _SIZES}
)
# "Specification: CloudWatch embedded metric format" (CloudWatch Logs user guide)
_MOST_METRICS = 100
_MOST_VALUES = 100
_MOST_DIMENSIONS = 30
_LONGEST_NAME = 255
_LONGEST_DIMENSION = 1024

Value = float | list[float] | tuple[float | list[float], str]


def emit_metrics(
    values: Mapping[str, Value],
    *,
    namespace: str | None = None,
    dimensions: Mapping[str, str] | None = None,
    properties: Mapping[str, Any] | None = None,
) -> None:
    """Write metrics as one line: `emit_metrics({"LoansRequested": 1, "Decided": (12.5, "Milliseconds")})`.

    values: a number, up to 100 numbers, or either with its unit (default: "Count"); one that isn't finite is left out
    namespace: default POWERTOOLS_METRICS_NAMESPACE, else the service
    dimensions: tell the metrics apart (default: the service, and the function's name); each different value is a
    metric that costs money, so no ids
    properties: further values on the line, without their secrets; the request's and correlation id are added

    Written at every level. Raises ValueError for values that CloudWatch would drop silently: an unknown unit, an empty
    or long name, more than 100 metrics or 30 dimensions, a name that is used twice.
    """
    logger = process_logger()
    function = context_keys(invocation_of(current())).get("function_name")
    if dimensions is None:
        dimensions = {"service": logger.service} | ({"function_name": str(function)} if function else {})
    namespace = namespace or os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or logger.service
    metrics, numbers = _checked(values)
    _check_names(namespace, dimensions, values)
    texts = {key: text[:_LONGEST_DIMENSION] for key, text in plain(dict(dimensions)).items()}
    if not metrics:
        return
    directive = {"Namespace": namespace, "Dimensions": [list(texts)], "Metrics": metrics}
    entry = {
        **plain(dict(properties or {})),
        **_ids(),
        **texts,
        **numbers,
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
    }
    line = encode(entry)
    if not fits(line):
        size = len(line.encode("utf-8", "surrogatepass"))
        line = encode(
            {key: value for key, value in entry.items() if key not in (properties or {})} | {"truncated": size}
        )
    try:
        logger._output.write(line)
    except (OSError, ValueError):  # standard output is closed: no reason to fail
        return


def of_invocation(*, duration: float, cold: bool, failed: bool, event: Any, answer: Any) -> dict[str, Value]:
    """Return the metrics of one invocation; of a batch also the numbers of its records and of the failed ones."""
    values: dict[str, Value] = {
        "Invocations": 1,
        "Errors": int(failed),
        "ColdStarts": int(cold),
        "Duration": (round(duration * 1000, 3), "Milliseconds"),
    }
    records = event.get("Records") if isinstance(event, Mapping) else None
    if isinstance(records, list):
        failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
        values["BatchRecords"] = len(records)
        values["BatchFailures"] = len(failures) if isinstance(failures, list) else len(records) if failed else 0
    return values


def _checked(values: Mapping[str, Value]) -> tuple[list[dict[str, str]], dict[str, Any]]:
    metrics, numbers = [], {}
    for name, value in values.items():
        number, unit = value if isinstance(value, tuple) else (value, "Count")
        if unit not in UNITS:
            raise ValueError(f"no unit of CloudWatch's: {unit!r}, of metric {name!r}")
        each = [float(item) for item in (number if isinstance(number, list) else [number])]
        finite = [item for item in each if isfinite(item)]
        if len(each) > _MOST_VALUES:
            raise ValueError(f"metric {name!r} has {len(each)} values; {_MOST_VALUES} are the most")
        if finite:
            metrics.append({"Name": name, "Unit": unit})
            numbers[name] = finite if isinstance(number, list) else finite[0]
    return metrics, numbers


def _check_names(namespace: str, dimensions: Mapping[str, str], values: Mapping[str, Value]) -> None:
    if len(values) > _MOST_METRICS or len(dimensions) > _MOST_DIMENSIONS:
        raise ValueError(f"{_MOST_METRICS} metrics and {_MOST_DIMENSIONS} dimensions are the most")
    for name in (namespace, *dimensions, *values):
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME or not name.isascii():
            raise ValueError(f"no name of a namespace, dimension or metric: {name!r}")
    twice = {"_aws", *dimensions} & values.keys()
    if twice or "_aws" in dimensions:
        raise ValueError(f"used twice: {', '.join(sorted(twice)) or '_aws'}")
    for name, value in dimensions.items():
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"the dimension {name!r} has no text for a value: {value!r}")


def _ids() -> dict[str, Any]:
    invocation = invocation_of(current())
    ids = {
        "function_request_id": context_keys(invocation).get("function_request_id"),
        "correlation_id": correlation_id_of(invocation),
    }
    return {key: plain(value) for key, value in ids.items() if value is not None}
