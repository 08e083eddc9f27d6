"""Metrics as one line of JSON, which CloudWatch Logs turns into metrics (embedded metric format)."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kit_logger.embedded import Value, check_dimensions, check_distinct, check_namespace, check_time, definitions
from kit_logger.ids import context_keys, correlation_id_of, invocation_of
from kit_logger.lines import encode, fits, plain
from kit_logger.loggers import process_logger
from kit_logger.scopes import current

if TYPE_CHECKING:
    from datetime import datetime

Dimensions = Mapping[str, str]

_default_dimensions: dict[str, str] = {}


def emit_metrics(
    values: Mapping[str, Value],
    *,
    namespace: str | None = None,
    dimensions: Dimensions | Sequence[Dimensions] | None = None,
    properties: Mapping[str, Any] | None = None,
    at: "datetime | None" = None,
) -> None:
    """Write metrics as one line, now.

    values: by name a number or up to 100 numbers, or a tuple with the unit (default: "Count") and the resolution, 1 or
    60 seconds (default: 60)
    namespace: default POWERTOOLS_METRICS_NAMESPACE, else the service
    dimensions: tell the metrics apart (default: the service, and the function's name); several mappings write the
    metrics once for each; those of `set_default_dimensions` are added. Each different value is a metric that costs
    money, so no ids
    properties: further values on the line, without their secrets; the request's, correlation and tenant id are added
    at: when it was measured, with an offset from UTC, at most two weeks ago and two hours ahead; by default now

    The line is written at every level, also under Lambda's filter of levels, unless POWERTOOLS_METRICS_DISABLED is
    true. Raises ValueError, with nothing written, for values that CloudWatch would drop silently: names and dimensions
    that are not printable ASCII text of its lengths, an unknown unit or resolution, NaN, infinities and numbers beyond
    2**360, more than 100 metrics or 30 dimensions, a time out of its range; and for a name that is used twice, and a
    dimension that is a secret.

    Example:
        >>> emit_metrics({"LoansRequested": 1, "Decided": (12.5, "Milliseconds")}, dimensions={"stage": "prod"})
    """
    logger = process_logger()
    namespace = namespace or os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or logger.service
    check_namespace(namespace)
    sets = [{**_default_dimensions, **each} for each in _given_dimensions(dimensions, logger.service)]
    members: dict[str, str] = {}
    for each in sets:
        _add_dimensions(members, each)
    defined, numbers = definitions(values)
    properties = properties or {}
    check_distinct(members, values, properties)
    now = time.time()
    measured = now if at is None else check_time(at, now)
    if not defined or _is_disabled():
        return
    directive = {"Namespace": namespace, "Dimensions": [list(each) for each in sets], "Metrics": defined}
    metadata = {"Timestamp": int(measured * 1000), "CloudWatchMetrics": [directive]}
    needed = {**_filtered_keys(now), **members, **numbers, "_aws": metadata}
    line = encode({**_ids(), **plain(dict(properties)), **needed})
    if not fits(line):
        size = len(line.encode("utf-8", "surrogatepass"))
        line = encode({**_ids(), **needed, "truncated": size})
        if not fits(line):
            raise ValueError(
                f"the line has {size} bytes, more than CloudWatch Logs takes: write fewer values at a time"
            )
    try:
        logger._output.write(line)
    except (OSError, ValueError):  # standard output is closed: no reason to fail
        return


def set_default_dimensions(**dimensions: str) -> None:
    """Add dimensions to every further line of metrics of this process.

    Raises ValueError for a name or value that CloudWatch refuses.

    Example:
        >>> set_default_dimensions(stage="prod")
    """
    both = {**_default_dimensions, **dimensions}
    _add_dimensions({}, both)
    _default_dimensions.update(both)


def _given_dimensions(dimensions: Dimensions | Sequence[Dimensions] | None, service: str) -> Sequence[Dimensions]:
    if dimensions is None:
        function = context_keys(invocation_of(current())).get("function_name")
        return [{"service": service, "function_name": str(function)} if function else {"service": service}]
    return [dimensions] if isinstance(dimensions, Mapping) else dimensions


def _add_dimensions(members: dict[str, str], dimensions: dict[str, str]) -> None:
    """Add a set of dimensions to the members of the line, after checking it."""
    check_dimensions(dimensions)
    for name, value in dimensions.items():
        if members.setdefault(name, value) != value:
            raise ValueError(f"the dimension {name!r} has two values, {members[name]!r} and {value!r}")
        if plain({name: value}) != {name: value}:
            raise ValueError(f"the dimension {name!r} holds a secret")


def _filtered_keys(now: float) -> dict[str, str]:
    """Return the level and time that keep a line from being dropped by Lambda's filter of levels.

    Under the log format JSON, a line without a level that Lambda knows and a time as in RFC 3339 has the level INFO
    ("Log-level filtering", Lambda Developer Guide).
    """
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    if level not in ("WARN", "ERROR", "FATAL"):
        return {}
    return {"level": level, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now))}


def _is_disabled() -> bool:
    return os.environ.get("POWERTOOLS_METRICS_DISABLED", "").lower() in ("1", "true", "yes", "on", "y", "t")


def _ids() -> dict[str, Any]:
    invocation = invocation_of(current())
    keys = context_keys(invocation)
    ids = {
        "function_request_id": keys.get("function_request_id"),
        "tenantId": keys.get("tenantId"),
        "correlation_id": correlation_id_of(invocation),
    }
    return {key: plain(value) for key, value in ids.items() if value is not None}
