"""Fields that take less than marshmallow's own: `strict=True` in a class's head chooses them.

Each takes the JSON type that its annotation means, or a ready instance of it. Messages are those of
marshmallow's field, with two more: for NUL characters, and for floats as a Decimal.
"""

import datetime as dt
import enum
import uuid
from typing import Any

from marshmallow import fields

from kit_schemas.extra_fields import AwareField, DecimalField, TimeDeltaField
from kit_schemas.forms import CANONICAL_UUID, PLAIN_DECIMAL, RFC_3339


class StrictString(fields.String):
    """Text without NUL characters and lone surrogates, which neither PostgreSQL nor UTF-8 has; no bytes."""

    default_error_messages = {"nul": "Null characters are not allowed."}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise self.make_error("nul")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.make_error("invalid_utf8") from error
        return super()._deserialize(value, attr, data, **options)


class StrictFloat(fields.Float):
    """A number, no text."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, (str, bytes, bytearray)):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class StrictBoolean(fields.Boolean):
    """True or False; no word or number that means it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if value is not True and value is not False:
            raise self.make_error("invalid", input=value)
        return bool(value)


class StrictDecimal(DecimalField):
    """Text in plain decimal notation, an int or a Decimal; no float, which may have lost digits already."""

    default_error_messages = {"float": "Not an exact number: send it as text."}  # noqa: RUF012

    def _validated(self, value: Any) -> Any:
        if isinstance(value, float):
            raise self.make_error("float", input=value)
        if isinstance(value, str) and not PLAIN_DECIMAL.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class StrictUUID(fields.UUID):
    """The 36 characters of RFC 9562; no braces, prefixes, missing hyphens or bytes."""

    def _validated(self, value: Any) -> uuid.UUID:
        if not isinstance(value, uuid.UUID) and not (isinstance(value, str) and CANONICAL_UUID.fullmatch(value)):
            raise self.make_error("invalid_uuid")
        return super()._validated(value)


class StrictTimeDelta(TimeDeltaField):
    """A number of seconds; neither text nor True."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, (str, bytes, bytearray, bool)):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **options)


class StrictEnum(fields.Enum[enum.Enum]):
    """A member's value in its own type: True and 1.0 are not 1."""

    def __init__(self, members: type[enum.Enum], **options: Any) -> None:
        super().__init__(members, by_value=True, **options)
        self.types = tuple({type(member.value): None for member in members})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> enum.Enum:
        if not isinstance(value, self.enum) and type(value) not in self.types:
            raise self.make_error("unknown", choices=self.choices_text)
        return super()._deserialize(value, attr, data, **options)


class _Rfc3339:
    """A date or a time in the form of RFC 3339."""

    def _deserialize(self: Any, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, str) and self.format in (None, "iso", "iso8601"):
            if not RFC_3339[self.OBJ_TYPE].fullmatch(value):
                raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
            value = value.upper()  # z and t are letters of the form, and none of Python's
        parent: Any = super()
        return parent._deserialize(value, attr, data, **options)


class StrictDate(_Rfc3339, fields.Date):
    """`2026-01-31`; no datetime, whose time would be lost."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, dt.datetime):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **options)


class StrictTime(_Rfc3339, fields.Time):
    """`03:04:05`, with or without a fraction and a zone."""


class StrictDateTime(_Rfc3339, AwareField):
    """`2026-01-31T03:04:05Z`; without a zone only if there is a default."""
