"""JSON Schema (2020-12) of annotations, with the named classes among them as components."""

import typing
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import NoneType
from uuid import UUID

from kit_handler.binding.annotations import (
    fields_of,
    has_load,
    is_alias,
    is_dataclass,
    is_typed_dict,
    members_of,
    origin_of,
    parts_of,
)
from kit_handler.binding.unions import members_by_tag, tags_of
from kit_handler.checks.metadata import ASSUMED, AWARE, EITHER, NAIVE, offset_of, words_of
from kit_handler.openapi.constraints import constrained, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler.binding.annotations import Parts

    Schema = dict[str, Any]

_HOOKS = ("json_schema", "model_json_schema")
_PLACE = "#/components/schemas/"
_INNER = "#/$defs/"
_SCALARS: "dict[Any, Schema]" = {
    str: {"type": "string"},
    bytes: {"type": "string", "format": "binary"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    # As text it keeps its digits, and that is how answers have it; a number is taken, too.
    Decimal: {"type": ["string", "number"], "format": "decimal"},
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    dict: {"type": "object"},
    list: {"type": "array", "items": {}},
    NoneType: {"type": "null"},
    None: {"type": "null"},
}
_TIME = r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$"
# The formats of the OpenAPI Initiative's registry. `time` demands an offset, which a time of day seldom has.
_TIMES: "dict[tuple[Any, str], Schema]" = {
    (datetime, AWARE): {"type": "string", "format": "date-time"},
    (datetime, ASSUMED): {"type": "string", "format": "date-time"},
    (datetime, NAIVE): {"type": "string", "format": "date-time-local"},
    (time, AWARE): {"type": "string", "format": "time"},
    (time, ASSUMED): {"type": "string", "format": "time"},
    (time, NAIVE): {"type": "string", "format": "time-local"},
    (time, EITHER): {
        "type": "string",
        "pattern": "^[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$",
    },
}
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


class Components:
    """Collect the schemas of classes by name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}
        self._inner: dict[str, str] = {}

    def of(self, annotation: "Any") -> "Schema":
        """Return the schema of an annotation; of a class that has fields, a reference to its component."""
        if is_alias(annotation):
            return self._named(annotation, lambda alias: self.of(alias.__value__))
        parts = parts_of(annotation)
        schema = constrained(self._of(parts), parts.metadata)
        return {"anyOf": [schema, {"type": "null"}]} if parts.may_be_none else schema

    def own(self, kind: "Any") -> "Schema":
        """Return the schema that a class has of itself, with the classes in it as components; {} if it has none."""
        hook = self._hook(kind)
        return self._hoisted(kind.__name__, hook()) if hook else {}

    def _of(self, parts: "Parts") -> "Schema":
        kind, inner = parts.kind, typing.get_args(parts.kind)
        hook = self._hook(kind)
        if hook is not None:
            return self._named(kind, lambda kind: self._hoisted(self._names[kind], hook()))
        if is_typed_dict(kind) or is_dataclass(kind):
            return self._named(kind, self._object)
        if members_of(kind):
            return self._union(parts)
        origin = origin_of(kind)
        if origin is list and inner:
            return {"type": "array", "items": self.of(inner[0])}
        if origin is tuple and inner:
            return self._tuple(inner)
        if origin is dict and inner:
            return self._mapping(*inner)
        if origin is typing.Literal:
            return _enumeration([json_of(each) for each in inner])
        if isinstance(kind, type) and issubclass(kind, Enum):
            return _enumeration([member.value for member in kind])
        if kind in (datetime, time):
            return dict(_TIMES[kind, offset_of(words_of(parts.metadata), AWARE if kind is datetime else EITHER)])
        return {"type": "object"} if has_load(kind) else dict(_SCALARS.get(kind, {}))

    def _tuple(self, items: "tuple[Any, ...]") -> "Schema":
        if items[1:] == (...,):
            return {"type": "array", "items": self.of(items[0])}
        schemas = [self.of(each) for each in items]
        return {"type": "array", "prefixItems": schemas, "minItems": len(schemas), "maxItems": len(schemas)}

    def _mapping(self, key: "Any", item: "Any") -> "Schema":
        names = self.of(key)
        names = {"propertyNames": names} if names != _SCALARS[str] else {}
        return {"type": "object", "additionalProperties": self.of(item), **names}

    def _union(self, parts: "Parts") -> "Schema":
        """Return the members with their discriminator; one whose own schema leaves the tag open has it narrowed."""
        tag, by_value = members_by_tag(members_of(parts.kind), parts.metadata)
        values: dict[Any, list[Any]] = {}
        for value, member in by_value.items():
            values.setdefault(member, []).append(value)
        schemas = []
        for member, own in values.items():
            schema = self.of(member)
            said = self.schemas[self._names[member]].get("properties", {}).get(tag, {}) if member in self._names else {}
            if said.get("enum") != own and said.get("const") not in own:
                schema = {"allOf": [schema, {"properties": {tag: _enumeration(own)}}]}
            schemas.append(schema)
        named = {value: self._names[member] for value, member in by_value.items() if member in self._names}
        mapping = {str(value): f"{_PLACE}{name}" for value, name in named.items()}
        return {"oneOf": schemas, "required": [tag], "discriminator": {"propertyName": tag, "mapping": mapping}}

    def _hook(self, annotation: "Any") -> "Any":
        if not isinstance(annotation, type):
            return None
        return next((found for name in _HOOKS if callable(found := getattr(annotation, name, None))), None)

    def _named(self, kind: "Any", describe: "Callable[[Any], Schema]") -> "Schema":
        """Return a reference to the component of a class or alias, which may contain itself."""
        name = self._names.get(kind)
        if name is None:
            name = kind.__name__ if kind.__name__ not in self.schemas else f"{kind.__module__}.{kind.__qualname__}"
            name = self._names[kind] = "".join(char if char.isalnum() or char in "._-" else "_" for char in name)
            self.schemas[name] = {}
            self.schemas[name] = describe(kind)
        return {"$ref": f"{_PLACE}{name}"}

    def _object(self, kind: "Any") -> "Schema":
        fields = fields_of(kind)
        properties = {name: self.of(hint) for name, (hint, _) in fields.items()}
        for name, values in tags_of(kind).items():
            properties.setdefault(name, _enumeration(values))  # of a field that the class sets itself
        schema: Schema = {"type": "object", "properties": properties}
        required = [name for name, (_, needed) in fields.items() if needed]
        if required:
            schema["required"] = required
        described = kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}(")  # a dataclass's own signature
        return {"description": kind.__doc__.strip(), **schema} if described else schema

    def _hoisted(self, own: str, schema: "Schema") -> "Schema":
        """Return a class's own schema with its `$defs` as components: references count from the document's root."""
        schema = {name: value for name, value in schema.items() if name != "$schema"}
        inner: dict[str, Schema] = schema.pop("$defs", {})
        if schema.keys() == {"$ref"}:
            schema = inner.get(schema["$ref"].removeprefix(_INNER), schema)
        # A class that contains itself is among them.
        names = {name: own if each == schema else self._inner_name(name, inner) for name, each in inner.items()}
        for name, each in inner.items():
            if not self.schemas.get(names[name]) and names[name] != own:
                self.schemas[names[name]] = _moved(each, names)
        moved: Schema = _moved(schema, names)
        return moved

    def _inner_name(self, name: str, inner: "dict[str, Schema]") -> str:
        """Return the name of one of the `$defs` here: two classes may have one name, one class may be met twice."""
        reached: dict[str, Schema] = {}
        _reach(name, inner, reached)
        meaning = repr((name, sorted(reached.items(), key=lambda each: each[0])))
        if meaning not in self._inner:
            free, number = name, 1
            while free in self.schemas:
                number += 1
                free = f"{name}-{number}"
            self._inner[meaning] = free
            self.schemas[free] = {}
        return self._inner[meaning]


def _reach(name: str, inner: "dict[str, Schema]", reached: "dict[str, Schema]") -> None:
    """Collect one of the `$defs` and all that it refers to."""
    if name not in inner or name in reached:
        return
    reached[name] = inner[name]
    for each in _references(inner[name]):
        _reach(each.removeprefix(_INNER), inner, reached)


def _references(value: "Any") -> "list[str]":
    if isinstance(value, dict):
        target = value.get("$ref")
        below = [each for inner in value.values() for each in _references(inner)]
        return [target, *below] if isinstance(target, str) else below
    return [each for inner in value for each in _references(inner)] if isinstance(value, list) else []


def _moved(value: "Any", names: "dict[str, str]") -> "Any":
    if isinstance(value, dict):
        return {
            name: _PLACE + names[each.removeprefix(_INNER)]
            if name == "$ref" and isinstance(each, str) and each.removeprefix(_INNER) in names
            else _moved(each, names)
            for name, each in value.items()
        }
    return [_moved(each, names) for each in value] if isinstance(value, list) else value


def _enumeration(values: "Any") -> "Schema":
    values = list(values)
    kinds = {_TYPES.get(type(value)) for value in values}
    return {"type": kinds.pop(), "enum": values} if len(kinds) == 1 and None not in kinds else {"enum": values}
