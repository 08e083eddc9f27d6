"""JSON Schema of an annotation's metadata: bounds, lengths, patterns and descriptions, and marshmallow's validators.

A check without a word in JSON Schema (a function of one's own, a bound of a date) is enforced and not shown.
"""

import math
import re
from decimal import Decimal
from enum import Enum

from kit_core.json import plain

from kit_handler.binding.annotations import parts_of
from kit_handler.checks.checks import checks_of
from kit_handler.checks.metadata import DESCRIPTIONS, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Schema = dict[str, Any]

_HOMES = ("marshmallow.validate", "kit_schemas.validate")
_BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
# What regular expressions of Python and of JSON Schema (ECMA-262) write differently.
_PYTHON_ONLY = re.compile(r"\(\?(?!:|=|!|<=|<!)|\\[AZ]|[*+?}]\+|\{,")


def constrained(schema: "Schema", metadata: "Iterable[Any]") -> "Schema":
    """Return a schema with the constraints that the metadata adds; a second one of a kind goes into `allOf`."""
    for word, value in words_of(metadata):
        for constraint in _constraints(schema, word, value):
            clashes = (name for name in constraint if schema.get(name, constraint[name]) != constraint[name])
            if word not in DESCRIPTIONS and any(clashes):
                schema = {**schema, "allOf": [*schema.get("allOf", ()), constraint]}
            else:
                schema = {**schema, **constraint}
    return schema


def _constraints(schema: "Schema", word: str, value: "Any") -> "list[Schema]":
    found: list[Schema] = []
    if word in _BOUNDS:
        found = [_bound(_BOUNDS[word], value)]
    elif word in ("min_length", "max_length"):
        found = [{f"{word[:3]}{_sized(schema)}": value}]
    elif word == "pattern":
        found = [_pattern(value)]
    elif word in DESCRIPTIONS:
        found = [{_DESCRIPTIONS.get(word, word): value}]
    elif word == "call":
        found = _of_validator(schema, value)
    return [each for each in found if each]


def _bound(name: str, limit: "Any") -> "Schema":
    if isinstance(limit, (float, Decimal)) and math.isfinite(limit):
        limit = int(limit) if limit == int(limit) else float(limit)
    return {name: limit} if isinstance(limit, int) or (isinstance(limit, float) and math.isfinite(limit)) else {}


def _sized(schema: "Schema") -> str:
    return {"array": "Items", "object": "Properties"}.get(str(schema.get("type")), "Length")


def _pattern(pattern: "Any", prefix: str = "") -> "Schema":
    compiled = re.compile(pattern)
    text = compiled.pattern
    if not isinstance(text, str) or compiled.flags != re.compile("").flags or _PYTHON_ONLY.search(text):
        return {}
    return {"pattern": f"{prefix}(?:{text})" if prefix and ("|" in text or not text.startswith(prefix)) else text}


def _of_validator(schema: "Schema", validator: "Any") -> "list[Schema]":
    """Return the constraints of one of marshmallow's validators, told by name: it need not be installed."""
    for base in type(validator).__mro__:
        describe = _VALIDATORS.get(base.__name__) if base.__module__ in _HOMES else None
        if describe:
            return describe(schema, validator)
    return []


def _and(schema: "Schema", validator: "Any") -> "list[Schema]":
    return [each for inner in validator.validators for each in _of_validator(schema, inner)]


def _range(schema: "Schema", validator: "Any") -> "list[Schema]":
    least = "minimum" if validator.min_inclusive else "exclusiveMinimum"
    most = "maximum" if validator.max_inclusive else "exclusiveMaximum"
    return [{**_bound(least, validator.min), **_bound(most, validator.max)}]


def _length(schema: "Schema", validator: "Any") -> "list[Schema]":
    least, most = (validator.min, validator.max) if validator.equal is None else (validator.equal, validator.equal)
    limits = {f"min{_sized(schema)}": least, f"max{_sized(schema)}": most}
    return [{name: limit for name, limit in limits.items() if limit is not None}]


def _regexp(schema: "Schema", validator: "Any") -> "list[Schema]":
    return [_pattern(validator.regex, "^")]  # marshmallow looks at the beginning only


def _url(schema: "Schema", validator: "Any") -> "list[Schema]":
    return [{"format": "uri-reference" if validator.relative else "uri"}]


_DESCRIPTIONS = {"documentation": "description", "unit": "x-unit"}
_VALIDATORS: "dict[str, Callable[[Schema, Any], list[Schema]]]" = {
    "And": _and,
    "Range": _range,
    "Length": _length,
    "Regexp": _regexp,
    "Email": lambda schema, validator: [{"format": "email"}],
    "URL": _url,
    "OneOf": lambda schema, validator: [{"enum": _values(validator.choices)}],
    "NoneOf": lambda schema, validator: [{"not": {"enum": _values(validator.iterable)}}],
    "Equal": lambda schema, validator: [{"const": json_of(validator.comparable)}],
    "ContainsOnly": lambda schema, validator: [{"items": {"enum": _values(validator.choices)}}],
    "ContainsNoneOf": lambda schema, validator: [{"items": {"not": {"enum": _values(validator.iterable)}}}],
}


def is_allowed(value: "Any", annotation: "Any") -> bool:
    """Tell whether a parameter's default keeps to its checks, so that a client may send it, too."""
    parts = parts_of(annotation)
    try:
        for check in checks_of(parts.kind, parts.metadata):
            check(value)
    except Exception:  # noqa: BLE001  (a check of one's own may fail in another way)
        return False
    return True


def json_of(value: "Any") -> "Any":
    """Return a value of an annotated type as JSON has it."""
    if isinstance(value, Enum):
        return json_of(value.value)
    if isinstance(value, (list, tuple)):
        return [json_of(each) for each in value]
    return value if value is None or type(value) in (str, int, float, bool) else plain(value)


def _values(values: "Any") -> "list[Any]":
    return [json_of(each) for each in values]
