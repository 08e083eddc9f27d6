"""marshmallow's validators, for values that they were not written for."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from marshmallow import ValidationError, fields, validate

from kit_schemas.validate import Check, FunctionValidator, is_function

_CAUGHT = (TypeError, ValueError, AttributeError, ArithmeticError)


class ExactlyOneOf(validate.OneOf):
    """One of several values, and of its type: True and 1.0 are not 1."""

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise ValidationError."""
        if not any(type(value) is type(choice) and value == choice for choice in self.choices):
            raise ValidationError(self._format_error(value))
        return value


class _Guarded:
    """Raises ValidationError where the validator itself would fail, as Range does at a text or a time without a zone.

    Bad input is never a crash, and a field may take values of several types: Any, or datetimes of both kinds.
    """

    def __call__(self: Any, value: Any) -> Any:
        call: Any = super()
        try:
            return call.__call__(value)
        except _CAUGHT:
            pass
        raise ValidationError(self._said_of(value))

    def _said_of(self: Any, value: Any) -> str:
        try:
            if isinstance(self, (validate.Range, validate.Length)):
                text: str = self._format_error(value, _reason(self, value))
            else:
                text = self._format_error(value)
        except _CAUGHT:  # an int can be too long for a text
            return "Invalid value."
        return text


def _reason(validator: Any, value: Any) -> str:
    for limit in (getattr(validator, "min", None), getattr(validator, "max", None)):
        for kind, name in ((dt.datetime, "datetime"), (dt.time, "time")):
            if isinstance(limit, kind) and isinstance(value, kind):
                return f"Not a valid {'naive' if limit.utcoffset() is None else 'aware'} {name}."
    return "Invalid value."


_KINDS: tuple[Any, ...] = (
    validate.ContainsNoneOf,
    validate.ContainsOnly,
    validate.Email,
    validate.Equal,
    validate.Length,
    validate.NoneOf,
    validate.OneOf,
    validate.Predicate,
    validate.Range,
    validate.Regexp,
    validate.URL,
)
GUARDED: dict[type, type] = {
    kind: type(kind)(kind.__name__, (_Guarded, kind), {"__module__": __name__, "__doc__": kind.__doc__})
    for kind in _KINDS
}
"""The guarded class of each of marshmallow's validators; each is still one of its kind."""


def guard(field: fields.Field[Any]) -> None:
    """Let marshmallow's validators of a field, and of those in it, raise nothing but ValidationError.

    Classes of one's own are left alone; of a function, False is an error.
    """
    field.validators = [_guarded(each) for each in _flat(field.validators)]
    for inner in inner_fields(field):
        guard(inner)


def _flat(validators: Iterable[Any]) -> Iterator[Any]:
    for each in validators:
        if type(each) is validate.And:
            yield from _flat(each.validators)
        else:
            yield each.marshmallow() if isinstance(each, Check) else each


def _guarded(validator: Any) -> Any:
    kind = GUARDED.get(type(validator))
    if kind is None:
        return FunctionValidator(validator) if is_function(validator) else validator
    # A copy of another class: what the validator was constructed with is not known any more.
    made: Any = object.__new__(kind)
    vars(made).update(vars(validator))
    return made


def inner_fields(field: Any) -> Iterator[fields.Field[Any]]:
    """Yield the fields of a container's items, and that in a NullableKey."""
    inner = getattr(field, "inner", None)
    if isinstance(inner, fields.Field):
        yield inner
    elif isinstance(field, fields.Tuple):
        yield from field.tuple_fields
    elif isinstance(field, fields.Mapping):
        yield from (each for each in (field.key_field, field.value_field) if each)
