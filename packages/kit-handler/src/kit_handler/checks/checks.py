"""The checks that an annotation's metadata asks for, made once, at decoration.

A check is a function of a value that has the annotated type; it raises `Wrong` for one that is out of bounds. A bound
that no value of the type can be compared with is an error at decoration, too.
"""

import operator
import re

from kit_handler.binding.annotations import NotUnderstoodError, Wrong, members_of, origin_of
from kit_handler.checks.metadata import (
    AWARE,
    BOUNDS,
    LENGTHS,
    NAIVE,
    offset_of,
    words_of,
)
from kit_handler.checks.samples import Samples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Loader = Callable[[Any], Any]
    Check = Callable[[Any], None]

_NOT_VALID = "is not valid"
_REFUSALS = (ValueError, ArithmeticError, AssertionError)
_FAULTS = (*_REFUSALS, TypeError, AttributeError)  # of comparisons and of code that is not the user's own
_BUILT_IN = ("builtin_function_or_method", "method_descriptor")


def checked(load: "Loader", kind: "Any", metadata: "Iterable[Any]") -> "Loader":
    """Return the loader of values of a kind with the checks of the metadata behind it.

    Raises NotUnderstoodError for something in the metadata that is not understood, or is nothing for that kind.
    """
    checks = checks_of(kind, metadata)
    if not checks:
        return load
    if len(checks) == 1:
        (only,) = checks

        def load_checked(value: "Any") -> "Any":
            value = load(value)
            only(value)
            return value

        return load_checked

    def load_and_check(value: "Any") -> "Any":
        value = load(value)
        for check in checks:
            check(value)
        return value

    return load_and_check


def checks_of(kind: "Any", metadata: "Iterable[Any]") -> "list[Check]":
    """Return the checks that the metadata of a kind asks for; NotUnderstoodError as above."""
    words = list(words_of(metadata))
    tried = Samples(kind, naive=offset_of(words, AWARE) == NAIVE)
    makers = {
        **dict.fromkeys(BOUNDS, _of_bound),
        **dict.fromkeys(LENGTHS, _of_length),
        "pattern": _of_pattern,
        "predicate": _of_predicate,
        "call": _of_callable,
    }
    checks = []
    for word, value in words:
        if word in makers:
            checks.append(makers[word](word, value, tried))
        else:
            _refuse_misplaced(word, value, kind)
    return checks


def _of_bound(word: str, limit: "Any", tried: "Samples") -> "Check":
    compare, phrase = _COMPARISONS[word]
    if limit != limit:
        raise NotUnderstoodError("has NaN in it as a bound, which no value keeps to")
    tried.refuse_unfit(lambda value: compare(value, limit), f"{word}={limit!r}")
    return _passing(compare, limit, f"must be {phrase} {limit}")


def _of_length(word: str, limit: "Any", tried: "Samples") -> "Check":
    least = word == "min_length"
    unit = {str: "character", bytes: "byte", dict: "member"}.get(origin_of(tried.kind), "item")
    compare = _is_as_long if least else _is_as_short
    tried.refuse_unfit(lambda value: compare(value, limit), f"{word}={limit!r}")
    message = f"must have {'at least' if least else 'at most'} {limit} {unit}{'' if limit == 1 else 's'}"
    return _passing(compare, limit, message)


def _of_pattern(word: str, pattern: "Any", tried: "Samples") -> "Check":
    try:
        search = re.compile(pattern).search
    except (re.error, TypeError) as error:
        raise NotUnderstoodError(f"has the pattern {pattern!r} in it: {error}") from error
    tried.refuse_unfit(search, f"{word}={pattern!r}")
    return _passing(lambda value, _: search(value) is not None, None, f"must match {re.compile(pattern).pattern}")


def _of_predicate(word: str, function: "Any", tried: "Samples") -> "Check":
    if type(function).__name__ in _BUILT_IN:
        tried.refuse_unfit(function, repr(function))
    return _passing(lambda value, _: function(value), None, _PREDICATES.get(function, _NOT_VALID))


def _of_callable(word: str, function: "Any", tried: "Samples") -> "Check":
    is_known = type(function).__name__ in _BUILT_IN or any(
        base.__module__ in ("marshmallow.validate", "kit_schemas.validate") for base in type(function).__mro__
    )
    if is_known:  # code that does nothing but check
        tried.refuse_unfit(function, repr(function))
    refusals = _FAULTS if is_known else _REFUSALS

    def check(value: "Any") -> None:
        try:
            if function(value) is not False or value is False:  # a validator may return the value
                return
        except Exception as error:
            from kit_handler.binding.validation import flat, is_validation_error

            if is_validation_error(error):
                raise Wrong(*flat(error)) from error
            if not isinstance(error, refusals):
                raise
        raise Wrong(("", _NOT_VALID))  # an error's own text is not for the client

    return check


def _passing(compare: "Callable[[Any, Any], object]", limit: "Any", message: str) -> "Check":
    def check(value: "Any") -> None:
        try:
            if compare(value, limit):
                return
        except _FAULTS:
            pass
        raise Wrong(("", message))

    return check


def _refuse_misplaced(word: str, value: "Any", kind: "Any") -> None:
    name = getattr(kind, "__name__", "")
    if word in ("tz", "assume_utc") and name not in ("datetime", "time"):
        raise NotUnderstoodError(f"has {word}={value!r} in it, which is for a datetime or a time")
    if word == "tz" and value not in (None, ..., True, False):
        raise NotUnderstoodError(f"has the zone {value!r} in it: a text has an offset, and no zone")
    if word == "field" and not members_of(kind):
        raise NotUnderstoodError(f"has field={value!r} in it, which is for a union of classes")


def _is_as_long(value: "Any", limit: int) -> bool:
    return len(value) >= limit


def _is_as_short(value: "Any", limit: int) -> bool:
    return len(value) <= limit


def _is_multiple(value: "Any", limit: "Any") -> bool:
    """Tell whether a number is a multiple of another by the digits that it is written with: 0.3 is one of 0.1."""
    if type(value) is int and type(limit) is int:
        return value % limit == 0
    if isinstance(value, str):
        raise TypeError(value)
    from fractions import Fraction

    return Fraction(str(value)) % Fraction(str(limit)) == 0


_COMPARISONS: "dict[str, tuple[Callable[[Any, Any], object], str]]" = {
    "gt": (operator.gt, "greater than"),
    "ge": (operator.ge, "at least"),
    "lt": (operator.lt, "less than"),
    "le": (operator.le, "at most"),
    "multiple_of": (_is_multiple, "a multiple of"),
}
_PREDICATES: "dict[Any, str]" = {
    str.islower: "must be in lower case",
    str.isupper: "must be in upper case",
    str.isdigit: "must be digits",
    str.isascii: "must be ASCII",
}
