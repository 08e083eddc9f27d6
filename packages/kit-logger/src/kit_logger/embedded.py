"""The limits of CloudWatch's embedded metric format, which drops values beyond them silently.

Sources: "Specification: Embedded metric format" (CloudWatch user guide); "MetricDatum", "Dimension", "PutMetricData"
(CloudWatch API reference).
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

# "MetricDatum: Unit"
_SIZES = (
    *("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"),
    *("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"),
)
UNITS = frozenset(
    {"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None", *_SIZES}
    | {f"{size}/Second" for size in _SIZES}
)
_RESOLUTIONS = (1, 60)  # seconds; 60 is CloudWatch's default
_MOST_METRICS = 100
_MOST_VALUES = 100
_MOST_DIMENSIONS = 30
_LONGEST_NAME = 255
_LONGEST_VALUE = 1024
_LONGEST_AGO, _LONGEST_AHEAD = 14 * 86_400, 2 * 3600  # seconds; "MetricDatum: Timestamp"
_LARGEST = 2.0**360  # "Values must be in the range of -2^360 to 2^360"

Number: TypeAlias = float | list[float]
Value: TypeAlias = Number | tuple[Number, str] | tuple[Number, str, int]


def definitions(values: Mapping[str, Value]) -> tuple[list[dict[str, Any]], dict[str, Number]]:
    """Return the definitions of metrics, and their numbers by name; ValueError for values that CloudWatch refuses."""
    if len(values) > _MOST_METRICS:
        raise ValueError(f"{_MOST_METRICS} metrics are the most, not {len(values)}")
    defined, numbers = [], {}
    for name, value in values.items():
        _check_name(name, "metric")
        number, unit, resolution = _parts(name, value)
        definition: dict[str, Any] = {"Name": name, "Unit": unit}
        if resolution != _RESOLUTIONS[-1]:
            definition["StorageResolution"] = resolution
        if number != []:
            defined.append(definition)
            numbers[name] = number
    return defined, numbers


def check_namespace(namespace: str) -> None:
    """Raise ValueError for a namespace that CloudWatch refuses."""
    _check_name(namespace, "namespace")
    if namespace.startswith("AWS/"):
        raise ValueError(f"the namespaces of AWS/ are AWS's own, also {namespace!r}")


def check_dimensions(dimensions: Mapping[str, str]) -> None:
    """Raise ValueError for dimensions that CloudWatch refuses."""
    if len(dimensions) > _MOST_DIMENSIONS:
        raise ValueError(f"{_MOST_DIMENSIONS} dimensions are the most, not {len(dimensions)}")
    for name, value in dimensions.items():
        _check_name(name, "dimension")
        if not _is_printable(value) or value.startswith(":"):
            raise ValueError(f"the dimension {name!r} needs printable ASCII text for its value, not {value!r}")
        if len(value) > _LONGEST_VALUE:
            raise ValueError(f"the dimension {name!r} has {len(value)} characters; {_LONGEST_VALUE} are the most")


def check_time(at: "datetime", now: float) -> float:
    """Return the seconds since 1970 of a time; ValueError for one without an offset, or that CloudWatch refuses."""
    if at.utcoffset() is None:
        raise ValueError(f"the time of a metric needs an offset from UTC, not {at!r}")
    seconds = at.timestamp()
    if not now - _LONGEST_AGO <= seconds <= now + _LONGEST_AHEAD:
        raise ValueError(f"the time of a metric is at most two weeks ago and two hours ahead, not {at.isoformat()}")
    return seconds


def check_distinct(*groups: Iterable[str]) -> None:
    """Raise ValueError for a name that several groups of the line's members have: one of them would be lost."""
    seen = {"_aws", "level", "timestamp"}  # by level and time Lambda filters lines
    for names in map(set, groups):
        if twice := seen & names:
            raise ValueError(f"these names are used twice, or kept for the line itself: {', '.join(sorted(twice))}")
        seen |= names


def _parts(name: str, value: Value) -> tuple[Number, str, int]:
    parts: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"the metric {name!r} is a number, its unit and its resolution, not {value!r}")
    number: Any
    defaults: tuple[Any, ...] = ("Count", 60)
    number, unit, resolution = (*parts, *defaults[len(parts) - 1 :])
    unit, resolution = (
        getattr(unit, "value", unit),
        getattr(resolution, "value", resolution),
    )  # Powertools' enumerations
    if unit not in UNITS:
        raise ValueError(f"no unit of CloudWatch's: {unit!r}, of the metric {name!r}")
    if resolution not in _RESOLUTIONS:
        raise ValueError(f"the resolution of the metric {name!r} is 1 or 60 seconds, not {resolution!r}")
    if not isinstance(number, list):
        return _number(name, number), unit, resolution
    if len(number) > _MOST_VALUES:
        raise ValueError(f"the metric {name!r} has {len(number)} values; {_MOST_VALUES} are the most")
    return [_number(name, each) for each in number], unit, resolution


def _number(name: str, value: Any) -> float:
    if not hasattr(type(value), "__float__"):
        raise ValueError(f"the metric {name!r} needs a number, not {value!r}")
    number = float(value)
    if not isfinite(number) or abs(number) > _LARGEST:
        raise ValueError(f"the metric {name!r} needs a number from -2**360 to 2**360, not {value!r}")
    return number


def _check_name(name: Any, kind: str) -> None:
    if not _is_printable(name) or len(name) > _LONGEST_NAME or name.startswith(":"):
        raise ValueError(
            f"a {kind} is named by 1 to {_LONGEST_NAME} printable ASCII characters, the first no colon, not by {name!r}"
        )


def _is_printable(text: Any) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable() and not text.isspace() and text != ""
