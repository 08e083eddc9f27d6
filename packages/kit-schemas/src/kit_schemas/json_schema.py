"""JSON Schema (2020-12) and OpenAPI components of a class."""

import datetime as dt
import enum
import functools
import inspect
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import marshmallow
from marshmallow import fields, validate

from kit_schemas.forms import PLAIN_DECIMAL, RFC_3339
from kit_schemas.keys import ChoiceKey
from kit_schemas.schema import NestedField
from kit_schemas.strict import StrictDecimal, StrictTime
from kit_schemas.union import UnionField
from kit_schemas.views import StrictView, class_of

Document = dict[str, Any]

_DEFS = "#/$defs/"
_COMPONENTS = "#/components/schemas/"
_ANNOTATIONS = ("title", "description", "deprecated")
# Those that a field's metadata may say itself; what `required` and the like mean is the class's to say.
_WORDS = (
    *("type", "format", "pattern", "enum", "const", "minLength", "maxLength", "contentEncoding", "contentMediaType"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "items", "prefixItems", "contains"),
    *("minItems", "maxItems", "uniqueItems", "properties", "additionalProperties", "propertyNames"),
    *("minProperties", "maxProperties", "not", "anyOf", "oneOf"),
)
_KINDS: list[tuple[type, Document]] = [
    (fields.UUID, {"type": "string", "format": "uuid"}),
    (fields.String, {"type": "string"}),
    (fields.Integer, {"type": "integer"}),
    (StrictDecimal, {"type": ["string", "integer"], "format": "decimal", "pattern": f"^{PLAIN_DECIMAL.pattern}$"}),
    # As text it keeps its digits, and that is how it is dumped; a number is taken, too.
    (fields.Decimal, {"type": ["string", "number"], "format": "decimal"}),
    (fields.Float, {"type": "number"}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.TimeDelta, {"type": "number"}),
    (fields.IPv4, {"type": "string", "format": "ipv4"}),
    (fields.IPv6, {"type": "string", "format": "ipv6"}),
]
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
# What regular expressions of Python and of JSON Schema (ECMA-262) write differently.
_PYTHON_ONLY = re.compile(r"\(\?(?!:|=|!|<=|<!)|\\[AZ]|[*+?}]\+|\{,")
_UNSAYABLE = (TypeError, ValueError, AttributeError, ArithmeticError)


def json_schema(cls: Any) -> Document:
    """Return the schema of a class, with those of the classes nested in it (itself, too, if it is) in `$defs`."""
    collector = _Collector(_DEFS)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_listed(cls, collector.object_(cls))}
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
            name = self._names[cls] = self._free_name(cls)
            self.schemas[name] = {}  # a class may contain itself
            self.schemas[name] = self.object_(cls)
        return {"$ref": self.place + name}

    def _free_name(self, cls: Any) -> str:
        """Return a class's name; the second of that name has its module's too, and further ones are numbered.

        A class that is strict only where it is nested says so, if it is there by itself, too.
        """
        full = f"{cls.__module__}.{cls.__qualname__}"
        first = (cls.__name__, *([f"{cls.__name__}-strict"] if isinstance(cls, StrictView) else []), full)
        names = itertools.chain(first, (f"{full}-{number}" for number in itertools.count(2)))
        # What else a name may hold is neither allowed in OpenAPI nor plain in a reference.
        plain = (re.sub(r"[^\w.-]", "_", name, flags=re.A) for name in names)
        return next(name for name in plain if name not in self.schemas)

    def object_(self, cls: Any) -> Document:
        schema: Document = {"title": cls.__name__, "type": "object"}
        doc = vars(class_of(cls)).get("__doc__")
        if doc:
            schema["description"] = inspect.cleandoc(doc)
        properties: Document = {}
        required: list[str] = []
        example: Document = {}
        made = cls._shared_schema()
        for name, field in made.fields.items():
            key = name if field.data_key is None else field.data_key
            if field.dump_only and key in properties:
                continue  # one field may be loaded and another dumped by the same name
            properties[key] = self.field(field)
            may_miss = made.partial is True or name in (made.partial or ())
            if field.required and not field.dump_only and not may_miss:
                required.append(key)
            if properties[key].get("examples"):
                example[key] = properties[key]["examples"][0]
        schema["properties"] = properties
        if made.unknown == marshmallow.RAISE:
            schema["additionalProperties"] = False
        if required:
            schema["required"] = required
        if example and set(required) <= set(example):
            schema["examples"] = [example]
        return schema

    def field(self, field: Any) -> Document:
        schema = self._typed(field)
        schema.update(_said(field, _WORDS))
        for validator in field.validators:
            constraint = _constraint(schema, field, validator)
            if all(schema.get(word, value) == value for word, value in constraint.items()):
                schema.update(constraint)
            else:
                schema.setdefault("allOf", []).append(constraint)
        if field.allow_none and schema:
            if "type" in schema and schema.keys().isdisjoint(("enum", "const", "allOf")):
                kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
                schema["type"] = kinds if "null" in kinds else [*kinds, "null"]
            else:
                schema = {"anyOf": [schema, {"type": "null"}]}
        return {**schema, **_annotations(field)}

    def _typed(self, field: Any) -> Document:
        if isinstance(field, NestedField):
            return _listed(field.target, self.reference(field.target))
        if isinstance(field, UnionField):
            return self._union(field)
        if isinstance(field, fields.Enum):
            return _members(field)
        if isinstance(field, ChoiceKey):
            return _enumeration(list(field.choices))
        if isinstance(field, fields.DateTime | fields.Date | fields.Time):
            return _temporal(field)
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
        schema = next((dict(schema) for kind, schema in _KINDS if isinstance(field, kind)), {})
        annotated = vars(field).get("__kit_annotated__")
        if not schema and annotated is not None:
            return self._typed(annotated)
        if getattr(field, "as_string", False) and isinstance(schema["type"], str):
            schema["type"] = ["string", schema["type"]]  # dumped as text, and a number is taken as well
        return schema

    def _union(self, field: UnionField) -> Document:
        references = {value: self.reference(target) for value, target in field.members.items()}
        schema: Document = {"oneOf": list({each["$ref"]: each for each in references.values()}.values())}
        if any(field.key not in _required(target) for target in field.members.values()):
            schema["required"] = [field.key]  # to tell the members apart, even if each has a default for it
        if self.place == _COMPONENTS:
            mapping = {str(value): each["$ref"] for value, each in references.items()}
            schema["discriminator"] = {"propertyName": field.key, "mapping": mapping}
        return schema


def _listed(cls: Any, schema: Document) -> Document:
    """Return the schema of a list if the marshmallow Schema that a class wraps is one of several by itself."""
    return {"type": "array", "items": schema} if cls._shared_schema().many else schema


def _required(cls: Any) -> set[str]:
    return {field.data_key or name for name, field in cls._shared_schema().load_fields.items() if field.required}


def _members(field: Any) -> Document:
    if not field.by_value:
        return _enumeration(list(field.enum.__members__))
    if issubclass(field.enum, enum.Flag):
        return {"type": "integer"}  # any combination of them
    return _enumeration([field.field._serialize(member.value, None, None) for member in field.enum])


def _temporal(field: Any) -> Document:
    """Return the schema of a dumped date or time; one without a zone is of no format of JSON Schema."""
    form = field.format or field.DEFAULT_FORMAT
    if form.startswith("timestamp"):
        return {"type": "number"}
    if not form.startswith("iso"):
        return {"type": "string"}
    if isinstance(field, fields.Date):
        return {"type": "string", "format": "date"}
    if isinstance(field, fields.AwareDateTime):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, StrictTime):
        return {"type": "string", "pattern": f"^{RFC_3339['time'].pattern}$"}
    return {"type": "string"}


def _said(field: Any, words: Iterable[str]) -> Document:
    """Return some words of a field's metadata, as far as JSON can say them."""
    found: Document = {}
    for word in words:
        if word in field.metadata:
            found.update(_sayable(functools.partial(dict, [(word, field.metadata[word])])))
    return found


def _annotations(field: Any) -> Document:
    found = _said(field, _ANNOTATIONS)
    examples = [*field.metadata.get("examples", ())]
    if "example" in field.metadata:
        examples.insert(0, field.metadata["example"])
    if examples:
        found.update(_sayable(lambda: {"examples": [_example(field, each) for each in examples]}))
    if field.load_only:
        found["writeOnly"] = True
    if field.dump_only:
        found["readOnly"] = True
    default = field.load_default
    if default is not marshmallow.missing and not callable(default):
        found.update(_sayable(lambda: {"default": field._serialize(default, "", None)}))
    return found


def _example(field: Any, example: Any) -> Any:
    is_plain = example is None or isinstance(example, (str, int, float, list, dict))
    return example if is_plain else field._serialize(example, "", None)


def _enumeration(values: list[Any]) -> Document:
    kinds = {_TYPES.get(type(value)) for value in values}
    return {"type": kinds.pop(), "enum": values} if len(kinds) == 1 and None not in kinds else {"enum": values}


def _constraint(schema: Document, field: Any, validator: Any) -> Document:
    """Return the constraint of a validator, as far as JSON Schema has a word for it."""
    for kind, constrain in _CONSTRAINTS.items():
        if isinstance(validator, kind):
            return _sayable(lambda: constrain(schema, field, validator))  # noqa: B023  (called here)
    return {}


def _sayable(made: Callable[[], Document]) -> Document:
    """Return a function's result, as JSON has it; nothing if a limit or a default is not of the field's type."""
    try:
        document: Document = json.loads(json.dumps(made(), allow_nan=False))
    except _UNSAYABLE:
        return {}
    return document


def _length(schema: Document, field: Any, validator: validate.Length) -> Document:
    what = {"array": "Items", "object": "Properties"}.get(str(schema.get("type")), "Length")
    least = validator.min if validator.equal is None else validator.equal
    most = validator.max if validator.equal is None else validator.equal
    return {name: limit for name, limit in ((f"min{what}", least), (f"max{what}", most)) if limit is not None}


def _range(schema: Document, field: Any, validator: validate.Range) -> Document:
    least = "minimum" if validator.min_inclusive else "exclusiveMinimum"
    most = "maximum" if validator.max_inclusive else "exclusiveMaximum"
    limits = {least: _number(field, validator.min), most: _number(field, validator.max)}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _number(field: Any, limit: Any) -> Any:
    """Return a limit as a number, None if there is none: JSON Schema has no order of dates and texts."""
    if isinstance(limit, dt.timedelta):
        return field._serialize(limit, "", None)
    if isinstance(limit, (float, Decimal)):
        return None if not math.isfinite(limit) else int(limit) if limit == int(limit) else float(limit)
    return limit if isinstance(limit, int) else None


def _one_of(schema: Document, field: Any, validator: validate.OneOf) -> Document:
    choices = _enumeration([field._serialize(choice, "", None) for choice in validator.choices])
    return {"enum": choices["enum"]} if "type" in schema else choices


def _contains_only(schema: Document, field: Any, validator: validate.ContainsOnly) -> Document:
    return {"items": {"enum": [field.inner._serialize(each, "", None) for each in validator.choices]}}


def _contains_none_of(schema: Document, field: Any, validator: validate.ContainsNoneOf) -> Document:
    return {"items": {"not": {"enum": [field.inner._serialize(each, "", None) for each in validator.iterable]}}}


def _none_of(schema: Document, field: Any, validator: validate.NoneOf) -> Document:
    return {"not": {"enum": [field._serialize(each, "", None) for each in validator.iterable]}}


def _equal(schema: Document, field: Any, validator: validate.Equal) -> Document:
    return {"const": field._serialize(validator.comparable, "", None)}


def _regexp(schema: Document, field: Any, validator: validate.Regexp) -> Document:
    pattern = validator.regex.pattern
    if not isinstance(pattern, str) or validator.regex.flags != re.U or _PYTHON_ONLY.search(pattern):
        return {}
    # marshmallow looks at the beginning only.
    return {"pattern": pattern if pattern.startswith("^") and "|" not in pattern else f"^(?:{pattern})"}


def _format(word: str) -> Callable[[Document, Any, Any], Document]:
    def constrain(schema: Document, field: Any, validator: Any) -> Document:
        return {"format": f"{word}-reference" if getattr(validator, "relative", False) else word}

    return constrain


_CONSTRAINTS: dict[type, Callable[[Document, Any, Any], Document]] = {
    validate.Email: _format("email"),
    validate.URL: _format("uri"),
    validate.Length: _length,
    validate.Range: _range,
    validate.ContainsOnly: _contains_only,
    validate.OneOf: _one_of,
    validate.ContainsNoneOf: _contains_none_of,
    validate.NoneOf: _none_of,
    validate.Equal: _equal,
    validate.Regexp: _regexp,
}
