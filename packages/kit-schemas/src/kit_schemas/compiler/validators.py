"""marshmallow's validators as conditions in generated code."""

from collections.abc import Callable
from typing import Any

from marshmallow import validate

from kit_schemas.compiler.writer import Writer
from kit_schemas.validators import GUARDED, FunctionValidator


def write_validators(writer: Writer, validators: list[Any], var: str) -> None:
    """Write the checks of a value that was converted; a validator that is not known here is called."""
    for validator in validators:
        write = _KNOWN.get(type(validator))
        if write is not None:
            write(writer, validator, var)
        else:
            writer.line(f"{writer.bind(validator, 'validator')}({var})")


def _function(writer: Writer, validator: FunctionValidator, var: str) -> None:
    writer.doubt(f"{writer.bind(validator.function, 'function')}({var}) is False and {var} is not False")


def _length(writer: Writer, validator: validate.Length, var: str) -> None:
    if validator.equal is not None:
        writer.doubt(f"len({var}) != {writer.constant(validator.equal)}")
        return
    if validator.min is not None:
        writer.doubt(f"len({var}) < {writer.constant(validator.min)}")
    if validator.max is not None:
        writer.doubt(f"len({var}) > {writer.constant(validator.max)}")


def _range(writer: Writer, validator: validate.Range, var: str) -> None:
    if validator.min is not None:
        below = "<" if validator.min_inclusive else "<="
        writer.doubt(f"{var} {below} {writer.constant(validator.min)}")
    if validator.max is not None:
        above = ">" if validator.max_inclusive else ">="
        writer.doubt(f"{var} {above} {writer.constant(validator.max)}")


def _one_of(writer: Writer, validator: validate.OneOf, var: str) -> None:
    choices: Any = validator.choices
    if type(choices) in (list, tuple) and all(type(choice) is str for choice in choices):
        choices = frozenset(choices)
    writer.doubt(f"{var} not in {writer.constant(choices)}")


def _equal(writer: Writer, validator: validate.Equal, var: str) -> None:
    writer.doubt(f"{var} != {writer.constant(validator.comparable)}")


def _regexp(writer: Writer, validator: validate.Regexp, var: str) -> None:
    writer.doubt(f"{writer.bind(validator.regex.match, 'match')}({var}) is None")


_KNOWN: dict[type, Callable[[Writer, Any, str], None]] = {
    FunctionValidator: _function,
    GUARDED[validate.Length]: _length,
    GUARDED[validate.Range]: _range,
    GUARDED[validate.OneOf]: _one_of,
    GUARDED[validate.Equal]: _equal,
    GUARDED[validate.Regexp]: _regexp,
}
