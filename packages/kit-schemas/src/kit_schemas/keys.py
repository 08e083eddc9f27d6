"""Fields of a dict's keys, which JSON has as texts: `1.5` is `"1.5"` there, true is `"true"`, None is `"null"`.

Each takes the text, and the value itself, as a dump in Python has it.
"""

import copy
import datetime as dt
import enum
import json
import re
from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, fields

from kit_schemas import strict

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False}


class StrictIntegerKey(fields.Integer):
    """An int, or its digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return super(fields.Integer, self)._validated(value)  # which converts any text
        return super()._validated(value)


class StrictFloatKey(strict.StrictFloat):
    """A number, or its text as JSON writes it."""

    def _validated(self, value: Any) -> float:
        return super()._validated(_number(value))


class StrictBooleanKey(strict.StrictBoolean):
    """True or False, or JSON's words for them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        return super()._deserialize(
            _WORDS.get(value, value) if isinstance(value, str) else value, attr, data, **options
        )


class StrictTimeDeltaKey(strict.StrictTimeDelta):
    """A number of seconds, or its text as JSON writes it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return super()._deserialize(_number(value), attr, data, **options)


class ChoiceKey(fields.Field[Any]):
    """One of several values of different types, told by their texts: a Literal's, or the members of an Enum."""

    default_error_messages = {"unknown": "Must be one of: {choices}."}  # noqa: RUF012

    def __init__(self, choices: Iterable[Any], **options: Any) -> None:
        super().__init__(**options)
        self.choices: dict[str, Any] = {}
        for choice in choices:
            text = _text(_plain(choice))
            if text in self.choices:
                raise TypeError(f"{self.choices[text]!r} and {choice!r} are one text as keys in JSON, {text!r}")
            self.choices[text] = choice

    def deserialize(self, value: Any, *arguments: Any, **options: Any) -> Any:
        """Return the choice that a text or a value stands for; None may be one of them."""
        return super().deserialize("null" if value is None and "null" in self.choices else value, *arguments, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, str) and value in self.choices:
            return self.choices[value]
        for choice in self.choices.values():
            for own in (choice, _plain(choice)):
                if type(own) is type(value) and own == value:
                    return choice
        raise self.make_error("unknown", choices=", ".join(self.choices))

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _plain(value)


class NullableKey(fields.Field[Any]):
    """A value of another field, or None, which is the text `null` in JSON."""

    def __init__(self, inner: fields.Field[Any]) -> None:
        super().__init__(allow_none=True)
        self.inner = inner
        try:
            inner.deserialize("null")
        except ValidationError:
            return
        raise TypeError("None and 'null' are one text as keys in JSON: a key that is any text can't be None")

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.inner = copy.deepcopy(self.inner)
        self.inner._bind_to_schema(field_name, self)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return None if value == "null" else self.inner.deserialize(value, attr, data, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return None if value is None else self.inner._serialize(value, attr, obj, **options)


STRICT_KEYS: dict[Any, Any] = {
    int: StrictIntegerKey,
    float: StrictFloatKey,
    bool: StrictBooleanKey,
    dt.timedelta: StrictTimeDeltaKey,
}
"""The fields of a strict class's keys that differ from those of its values."""


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _plain(choice: Any) -> Any:
    return choice.value if isinstance(choice, enum.Enum) else choice


def _text(value: Any) -> str:
    if value is not None and type(value) not in (str, int, float, bool):
        raise TypeError(f"JSON has no key for {value!r}")
    text: str = next(iter(json.loads(json.dumps({value: None}))))
    return text
