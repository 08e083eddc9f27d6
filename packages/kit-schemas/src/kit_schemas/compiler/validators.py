"""Validators as conditions in generated code: marshmallow's, and those of `kit_schemas.validate`."""

import sys
from collections.abc import Callable
from typing import Any

from kit_schemas import validate
from kit_schemas.compiler.writer import Writer
from kit_schemas.validate import FunctionValidator


def write_validators(writer: Writer, validators: list[Any], var: str) -> None:
    """Write the checks of a value that was converted; a validator that is not known here is called."""
    for validator in validators:
        write = _KNOWN.get(_kind_of(validator))
        if write is not None:
            write(writer, validator, var)
        else:
            writer.line(f"{writer.bind(validator, 'validator')}({var})")


def _function(writer: Writer, validator: FunctionValidator, var: str) -> None:
    writer.doubt(f"{writer.bind(validator.function, 'function')}({var}) is False and {var} is not False")


def _length(writer: Writer, validator: Any, var: str) -> None:
    if validator.equal is not None:
        writer.doubt(f"len({var}) != {writer.constant(validator.equal)}")
        return
    if validator.min is not None:
        writer.doubt(f"len({var}) < {writer.constant(validator.min)}")
    if validator.max is not None:
        writer.doubt(f"len({var}) > {writer.constant(validator.max)}")


def _range(writer: Writer, validator: Any, var: str) -> None:
    if validator.min is not None:
        below = "<" if validator.min_inclusive else "<="
        writer.doubt(f"{var} {below} {writer.constant(validator.min)}")
    if validator.max is not None:
        above = ">" if validator.max_inclusive else ">="
        writer.doubt(f"{var} {above} {writer.constant(validator.max)}")


def _one_of(writer: Writer, validator: Any, var: str) -> None:
    choices: Any = validator.choices
    if type(choices) in (list, tuple) and all(type(choice) is str for choice in choices):
        choices = frozenset(choices)
    writer.doubt(f"{var} not in {writer.constant(choices)}")


def _equal(writer: Writer, validator: Any, var: str) -> None:
    writer.doubt(f"{var} != {writer.constant(validator.comparable)}")


def _regexp(writer: Writer, validator: Any, var: str) -> None:
    writer.doubt(f"{writer.bind(validator.regex.match, 'match')}({var}) is None")


def _kind_of(validator: Any) -> type:
    """Return a validator's class, for a guarded one of marshmallow's that of the same name here."""
    kind = type(validator)
    module = sys.modules.get("kit_schemas.validators")  # without it no validator is guarded
    if module is not None and kind in module.GUARDED.values():
        ours: type = getattr(validate, kind.__name__, kind)
        return ours
    return kind


_KNOWN: dict[type, Callable[[Writer, Any, str], None]] = {
    FunctionValidator: _function,
    validate.Length: _length,
    validate.Range: _range,
    validate.OneOf: _one_of,
    validate.Equal: _equal,
    validate.Regexp: _regexp,
}
