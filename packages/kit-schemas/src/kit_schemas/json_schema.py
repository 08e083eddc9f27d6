"""JSON Schema (2020-12) and OpenAPI components of a class."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import marshmallow
from marshmallow import fields, validate

from kit_schemas.schema import NestedField
from kit_schemas.strict import StrictDecimal
from kit_schemas.union import UnionField

Document = dict[str, Any]

_DEFS = "#/$defs/"
_COMPONENTS = "#/components/schemas/"
_ANNOTATIONS = ("title", "description", "deprecated", "examples")
_KINDS: list[tuple[type, Document]] = [
    (fields.Email, {"type": "string", "format": "email"}),
    (fields.Url, {"type": "string", "format": "uri"}),
    (fields.UUID, {"type": "string", "format": "uuid"}),
    (fields.String, {"type": "string"}),
    (fields.Integer, {"type": "integer"}),
    (StrictDecimal, {"type": ["string", "integer"], "format": "decimal"}),
    # As text it keeps its digits, and that is how it is dumped; a number is taken, too.
    (fields.Decimal, {"type": ["string", "number"], "format": "decimal"}),
    (fields.Float, {"type": "number"}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.DateTime, {"type": "string", "format": "date-time"}),
    (fields.Date, {"type": "string", "format": "date"}),
    (fields.Time, {"type": "string", "format": "time"}),
    (fields.TimeDelta, {"type": "number"}),
    (fields.IPv4, {"type": "string", "format": "ipv4"}),
    (fields.IPv6, {"type": "string", "format": "ipv6"}),
]
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
# What regular expressions of Python and of JSON Schema (ECMA-262) write differently.
_PYTHON_ONLY = re.compile(r"\(\?(?!:|=|!|<=|<!)|\\[AZ]|[*+?}]\+")


def json_schema(cls: Any) -> Document:
    """Return the schema of a class, with those of the classes nested in it (itself, too, if it is) in `$defs`."""
    collector = _Collector(_DEFS)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **collector.object_(cls)}
    return {**schema, "$defs": collector.schemas} if collector.schemas else schema


def openapi_components(*classes: Any) -> Document:
    """Return the schemas of classes, and of those nested in them, by name: for `components.schemas` of OpenAPI 3.1."""
    collector = _Collector(_COMPONENTS)
    for cls in classes:
        collector.reference(cls)
    return collector.schemas


class _Collector:
    """Collects the schemas of classes by name."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.schemas: dict[str, Document] = {}
        self._names: dict[Any, str] = {}

    def reference(self, cls: Any) -> Document:
        name = self._names.get(cls)
        if name is None:
            full = re.sub(r"[^\w.-]", "_", f"{cls.__module__}.{cls.__qualname__}", flags=re.A)
            name = self._names[cls] = cls.__name__ if cls.__name__ not in self.schemas else full
            self.schemas[name] = {}  # a class may contain itself
            self.schemas[name] = self.object_(cls)
        return {"$ref": self.place + name}

    def object_(self, cls: Any) -> Document:
        schema: Document = {"title": cls.__name__, "type": "object"}
        if vars(cls).get("__doc__"):
            schema["description"] = cls.__doc__.strip()
        properties: Document = {}
        required: list[str] = []
        example: Document = {}
        for name, field in cls._shared_schema().fields.items():
            key = name if field.data_key is None else field.data_key
            properties[key] = self.field(field)
            if field.required and not field.dump_only:
                required.append(key)
            if properties[key].get("examples"):
                example[key] = properties[key]["examples"][0]
        schema["properties"] = properties
        if required:
            schema["required"] = required
        if example and set(required) <= set(example):
            schema["examples"] = [example]
        return schema

    def field(self, field: Any) -> Document:
        schema = self._typed(field)
        for validator in field.validators:
            _constrain(schema, field, validator)
        if field.allow_none and schema:
            if "type" in schema and schema.keys().isdisjoint(("enum", "const")):
                kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
                schema["type"] = [*kinds, "null"]
            else:
                schema = {"anyOf": [schema, {"type": "null"}]}
        return {**schema, **_annotations(field)}

    def _typed(self, field: Any) -> Document:
        if isinstance(field, NestedField):
            return self.reference(field.target)
        if isinstance(field, UnionField):
            return self._union(field)
        if isinstance(field, fields.Enum):
            plain = [member.value if field.by_value else member.name for member in field.enum]
            return _enumeration([field.field._serialize(value, None, None) for value in plain])
        if isinstance(field, fields.List):
            unique = {"uniqueItems": True} if getattr(field, "collection", None) in (set, frozenset) else {}
            return {"type": "array", "items": self.field(field.inner), **unique}
        if isinstance(field, fields.Tuple):
            items = [self.field(inner) for inner in field.tuple_fields]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        if isinstance(field, fields.Mapping):
            values = {"additionalProperties": self.field(field.value_field)} if field.value_field else {}
            names = self.field(field.key_field) if field.key_field else {}
            texts = names.get("type") == "string" and len(names) > 1  # any other key is text in JSON nevertheless
            return {"type": "object", **values, **({"propertyNames": names} if texts else {})}
        return next((dict(schema) for kind, schema in _KINDS if isinstance(field, kind)), {})

    def _union(self, field: UnionField) -> Document:
        references = {value: self.reference(target) for value, target in field.members.items()}
        schema: Document = {"oneOf": list({each["$ref"]: each for each in references.values()}.values())}
        if self.place == _COMPONENTS:
            mapping = {str(value): each["$ref"] for value, each in references.items()}
            schema["discriminator"] = {"propertyName": field.key, "mapping": mapping}
        return schema


def _annotations(field: Any) -> Document:
    found: Document = {name: field.metadata[name] for name in _ANNOTATIONS if name in field.metadata}
    if "example" in field.metadata:
        found["examples"] = [field.metadata["example"], *found.get("examples", [])]
    if field.load_only:
        found["writeOnly"] = True
    if field.dump_only:
        found["readOnly"] = True
    default = field.load_default
    if default is not marshmallow.missing and not callable(default):
        found["default"] = field._serialize(default, "", None)
    return found


def _enumeration(values: list[Any]) -> Document:
    kinds = {_TYPES.get(type(value)) for value in values}
    return {"type": kinds.pop(), "enum": values} if len(kinds) == 1 and None not in kinds else {"enum": values}


def _constrain(schema: Document, field: Any, validator: Any) -> None:
    """Add what a validator demands, as far as JSON Schema has a word for it."""
    for kind, constrain in _CONSTRAINTS.items():
        if isinstance(validator, kind):
            constrain(schema, field, validator)
            return


def _length(schema: Document, field: Any, validator: validate.Length) -> None:
    what = {"array": "Items", "object": "Properties"}.get(schema.get("type", ""), "Length")
    least = validator.min if validator.equal is None else validator.equal
    most = validator.max if validator.equal is None else validator.equal
    if least is not None:
        schema[f"min{what}"] = least
    if most is not None:
        schema[f"max{what}"] = most


def _range(schema: Document, field: Any, validator: validate.Range) -> None:
    least = "minimum" if validator.min_inclusive else "exclusiveMinimum"
    most = "maximum" if validator.max_inclusive else "exclusiveMaximum"
    for name, limit in ((least, validator.min), (most, validator.max)):
        if limit is not None and not isinstance(limit, (dt.date, dt.time)):  # JSON Schema has no order of dates
            schema[name] = _number(limit)


def _number(limit: Any) -> Any:
    if isinstance(limit, dt.timedelta):
        return limit.total_seconds()
    return limit if isinstance(limit, (int, float)) else int(limit) if limit == int(limit) else float(limit)


def _one_of(schema: Document, field: Any, validator: validate.OneOf) -> None:
    schema.update(_enumeration([field._serialize(choice, "", None) for choice in validator.choices]))


def _contains_only(schema: Document, field: Any, validator: validate.ContainsOnly) -> None:
    schema["items"] = {**schema.get("items", {}), **_enumeration(list(validator.choices))}


def _none_of(schema: Document, field: Any, validator: validate.NoneOf) -> None:
    schema["not"] = {"enum": [field._serialize(each, "", None) for each in validator.iterable]}


def _equal(schema: Document, field: Any, validator: validate.Equal) -> None:
    schema["const"] = field._serialize(validator.comparable, "", None)


def _regexp(schema: Document, field: Any, validator: validate.Regexp) -> None:
    pattern = validator.regex.pattern
    if isinstance(pattern, str) and validator.regex.flags == re.U and not _PYTHON_ONLY.search(pattern):
        # marshmallow looks at the beginning only.
        schema["pattern"] = pattern if pattern.startswith("^") and "|" not in pattern else f"^(?:{pattern})"


_CONSTRAINTS: dict[type, Callable[[Document, Any, Any], None]] = {
    validate.Length: _length,
    validate.Range: _range,
    validate.ContainsOnly: _contains_only,
    validate.OneOf: _one_of,
    validate.NoneOf: _none_of,
    validate.Equal: _equal,
    validate.Regexp: _regexp,
}
