"""The source of a class's dump."""

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from kit_schemas.compiler import conversions
from kit_schemas.compiler.plain import usual_kind_of
from kit_schemas.compiler.writer import Link, Writer
from kit_schemas.views import class_of

_MICROSECONDS = {"seconds": 1_000_000}


def write_dump(owner: Any, schema: Any, *, skip_none: bool, link: Link) -> Callable[[Any], Any]:
    """Return the function that makes a dict of an instance; `link` gives the name of a nested class's function."""
    return _DumpWriter(link).class_(owner, schema, skip_none)


class _DumpWriter:
    def __init__(self, link: Link) -> None:
        self.writer = Writer()
        self.link = link

    def class_(self, owner: Any, schema: Any, skip_none: bool) -> Callable[[Any], Any]:
        writer = self.writer
        pairs = []
        writer.line("values = instance.__dict__")
        for name, field in schema.dump_fields.items():
            key = name if field.data_key is None else field.data_key
            var = writer.name()
            writer.line(f"{var} = values[{field.attribute or name!r}]")  # without it a KeyError is the doubt
            self.value(field, var, f"{name!r}, instance")
            pairs.append((repr(key), var))
        if skip_none:
            writer.line("dumped = {}")
            for key, var in pairs:
                writer.line(f"if {var} is not None: dumped[{key}] = {var}")
            writer.line("return dumped")
        else:
            writer.line(f"return {{{', '.join(f'{key}: {var}' for key, var in pairs)}}}")
        return writer.function("dump(instance)", f"dump {owner.__qualname__}")

    def value(self, field: Any, var: str, arguments: str) -> None:
        """Write how the value in `var` is made plain; `arguments` are those of marshmallow's call of the field."""
        kind = usual_kind_of(field)
        write = _WRITERS.get(kind)
        if write is not None and (kind in _TEXTS or not getattr(field, "as_string", False)):
            write(self, field, var)
            return
        from marshmallow import missing

        writer = self.writer
        writer.line(f"{var} = {writer.bind(field._serialize, 'serialize')}({var}, {arguments})")
        writer.doubt(f"{var} is {writer.constant(missing, 'missing')}")

    def _checked(self, var: str, kind: str, result: str | None = None) -> None:
        """Write the conversion of values of one type; None stays, and others are left to marshmallow."""
        if result is None:
            self.writer.doubt(f"type({var}) is not {kind} and {var} is not None")
            return
        with self.writer.block(f"if type({var}) is {kind}:"):
            self.writer.line(f"{var} = {result}")
        self._none_or_doubt(var)

    def _none_or_doubt(self, var: str) -> None:
        with self.writer.block(f"elif {var} is not None:"):
            self.writer.line("raise Unusual")

    def string(self, field: Any, var: str) -> None:
        self._checked(var, "str")

    def integer(self, field: Any, var: str) -> None:
        self._checked(var, "int")

    def float_(self, field: Any, var: str) -> None:
        self._checked(var, "float")

    def unchanged(self, field: Any, var: str) -> None:
        """Booleans and raw values are dumped as they are."""

    def decimal(self, field: Any, var: str) -> None:
        writer = self.writer
        number = writer.name("number")
        with writer.block(f"if type({var}) is {writer.constant(Decimal, 'Decimal')}:"):
            writer.line(f"{number} = str({var})")
            # The same as format "f", which takes twice as long, unless there is an exponent.
            exponent = f"'E' in {number} or 'e' in {number}"
            writer.line(f"{var} = {var}.__format__('f') if {exponent} else {number}")
        self._none_or_doubt(var)

    def uuid(self, field: Any, var: str) -> None:
        pairs = self.writer.name("pairs")
        with self.writer.block(f"if type({var}) is {self.writer.constant(uuid.UUID, 'UUID')}:"):
            # 5b1f-3c1e-6f0b-4f0e-9d0a-0000-0000-0001, without the first and the last two hyphens.
            self.writer.line(f"{pairs} = {var}.int.to_bytes(16, 'big').hex('-', 2)")
            parts = "".join(f"{{{pairs}[{part}]}}" for part in (":4", "5:29", "30:34", "35:"))
            self.writer.line(f"{var} = f'{parts}'")
        self._none_or_doubt(var)

    def temporal(self, field: Any, var: str) -> None:
        kind = self.writer.constant(getattr(dt, field.OBJ_TYPE), field.OBJ_TYPE)
        self._checked(var, kind, self._iso(field, var))

    def _iso(self, field: Any, var: str) -> str:
        if field.OBJ_TYPE != "datetime":
            return f"{var}.isoformat()"
        return f"{self.writer.constant(conversions.datetime_text, 'datetime_text')}({var})"

    def aware(self, field: Any, var: str) -> None:
        writer = self.writer
        kind, utc = writer.constant(dt.datetime, "datetime"), writer.constant(dt.UTC, "UTC")
        with writer.block(f"if type({var}) is {kind}:"):
            writer.doubt(f"{var}.tzinfo is not {utc} and {var}.utcoffset() is None")
            writer.line(f"{var} = {self._iso(field, var)}")
        self._none_or_doubt(var)

    def timedelta(self, field: Any, var: str) -> None:
        kind = self.writer.constant(dt.timedelta, "timedelta")
        unit = getattr(field, "_unit_to_microseconds_mapping", _MICROSECONDS)[field.precision]
        microseconds = f"({var}.days * 86400 + {var}.seconds) * 1000000 + {var}.microseconds"
        self._checked(var, kind, f"({microseconds}) / {unit}")

    def enum(self, field: Any, var: str) -> None:
        self._checked(var, self.writer.constant(field.enum, "Enum"), f"{var}._value_")

    def nested(self, field: Any, var: str) -> None:
        kind = self.writer.constant(field.cls, "cls")
        with self.writer.block(f"if type({var}) is {kind} or isinstance({var}, {kind}):"):
            self.writer.line(f"{var} = {self.link(self.writer, field.target)}({var})")
        self._none_or_doubt(var)

    def union(self, field: Any, var: str) -> None:
        for number, target in enumerate(dict.fromkeys(field.members.values())):
            kind = self.writer.constant(class_of(target), "cls")
            with self.writer.block(f"{'el' if number else ''}if type({var}) is {kind}:"):
                self.writer.line(f"{var} = {self.link(self.writer, target)}({var})")
        self._none_or_doubt(var)

    def list_(self, field: Any, var: str) -> None:
        self._items(field.inner, var, "list")

    def collection(self, field: Any, var: str) -> None:
        self._items(field.inner, var, field.collection.__name__)

    def _items(self, inner: Any, var: str, kind: str) -> None:
        writer = self.writer
        items, each = writer.name("items"), writer.name("each")
        with writer.block(f"if type({var}) is {kind}:"):
            writer.line(f"{items} = []")
            with writer.block(f"for {each} in {var}:"):
                self.value(inner, each, "None, instance")
                writer.line(f"{items}.append({each})")
            writer.line(f"{var} = {items}")
        self._none_or_doubt(var)

    def tuple_(self, field: Any, var: str) -> None:
        writer = self.writer
        items = [writer.name("item") for _ in field.tuple_fields]
        with writer.block(f"if type({var}) is tuple and len({var}) == {len(items)}:"):
            if items:
                writer.line(f"{', '.join(items)}, = {var}")
            for inner, item in zip(field.tuple_fields, items, strict=True):
                self.value(inner, item, "None, instance")
            writer.line(f"{var} = ({', '.join(items)}{',' if items else ''})")
        self._none_or_doubt(var)

    def dict_(self, field: Any, var: str) -> None:
        writer = self.writer
        with writer.block(f"if type({var}) is dict:"):
            if not field.key_field and not field.value_field:
                writer.line(f"{var} = {var}.copy()")
            else:
                self._pairs(field, var)
        self._none_or_doubt(var)

    def _pairs(self, field: Any, var: str) -> None:
        writer = self.writer
        result, key, each = writer.name("items"), writer.name("key"), writer.name("each")
        writer.line(f"{result} = {{}}")
        with writer.block(f"for {key}, {each} in {var}.items():"):
            if field.key_field:
                self.value(field.key_field, key, "None, None")
            if field.value_field:
                self.value(field.value_field, each, "None, None")
            writer.line(f"{result}[{key}] = {each}")
        writer.line(f"{var} = {result}")


_TEXTS = ("decimal", "strict_decimal")  # they are dumped as texts always
_WRITERS: dict[str | None, Callable[[_DumpWriter, Any, str], None]] = {
    "string": _DumpWriter.string,
    "email": _DumpWriter.string,
    "url": _DumpWriter.string,
    "integer": _DumpWriter.integer,
    "float": _DumpWriter.float_,
    "boolean": _DumpWriter.unchanged,
    "raw": _DumpWriter.unchanged,
    "decimal": _DumpWriter.decimal,
    "uuid": _DumpWriter.uuid,
    "datetime": _DumpWriter.temporal,
    "naive": _DumpWriter.temporal,
    "date": _DumpWriter.temporal,
    "time": _DumpWriter.temporal,
    "timedelta": _DumpWriter.timedelta,
    "enum": _DumpWriter.enum,
    "list": _DumpWriter.list_,
    "tuple": _DumpWriter.tuple_,
    "split_tuple": _DumpWriter.tuple_,
    "dict": _DumpWriter.dict_,
    "collection": _DumpWriter.collection,
    "nested": _DumpWriter.nested,
    "union": _DumpWriter.union,
    "strict_string": _DumpWriter.string,
    "strict_float": _DumpWriter.float_,
    "strict_boolean": _DumpWriter.unchanged,
    "strict_decimal": _DumpWriter.decimal,
    "strict_uuid": _DumpWriter.uuid,
    "strict_date": _DumpWriter.temporal,
    "strict_datetime": _DumpWriter.aware,
    "strict_enum": _DumpWriter.enum,
    "strict_time": _DumpWriter.temporal,
    "strict_timedelta": _DumpWriter.timedelta,
    "aware": _DumpWriter.aware,
    "aware_datetime": _DumpWriter.temporal,
}
