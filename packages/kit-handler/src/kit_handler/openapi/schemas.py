"""JSON Schema (2020-12) of annotations, with the named classes among them as components."""

import typing
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import NoneType
from uuid import UUID

from kit_handler.binding.bodies import fields_of, has_load, is_typed_dict
from kit_handler.binding.conversion import bare, optional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    dict: {"type": "object"},
    list: {"type": "array", "items": {}},
    NoneType: {"type": "null"},
    None: {"type": "null"},
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
        annotation, may_be_none = optional(bare(annotation))
        schema = self._of(bare(annotation))
        return {"anyOf": [schema, {"type": "null"}]} if may_be_none else schema

    def _of(self, annotation: "Any") -> "Schema":
        hook = self._hook(annotation)
        if hook is not None or is_typed_dict(annotation) or _is_dataclass(annotation):
            return self._component(annotation, hook)
        origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is list:
            return {"type": "array", "items": self.of(inner[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        if origin is typing.Literal:
            return _enumeration(inner)
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            return _enumeration([member.value for member in annotation])
        return {"type": "object"} if has_load(annotation) else dict(_SCALARS.get(annotation, {}))

    def _hook(self, annotation: "Any") -> "Any":
        if not isinstance(annotation, type):
            return None
        return next((found for name in _HOOKS if callable(found := getattr(annotation, name, None))), None)

    def _component(self, kind: "Any", hook: "Any") -> "Schema":
        name = self._names.get(kind)
        if name is None:
            name = kind.__name__ if kind.__name__ not in self.schemas else f"{kind.__module__}.{kind.__qualname__}"
            name = self._names[kind] = "".join(char if char.isalnum() or char in "._-" else "_" for char in name)
            self.schemas[name] = {}  # a class may contain itself
            self.schemas[name] = self._hoisted(name, hook()) if hook else self._object(kind)
        return {"$ref": f"{_PLACE}{name}"}

    def _object(self, kind: "Any") -> "Schema":
        fields = fields_of(kind)
        schema: Schema = {"type": "object", "properties": {name: self.of(hint) for name, (hint, _) in fields.items()}}
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


def _is_dataclass(annotation: "Any") -> bool:
    return isinstance(annotation, type) and hasattr(annotation, "__dataclass_fields__")
