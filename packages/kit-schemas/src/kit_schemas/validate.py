"""The most used of marshmallow's validators, which load marshmallow only when a value is wrong.

Names, arguments and errors are those of `marshmallow.validate`, and its own validators do as well. Importing those
imports marshmallow, which is half of the cold start of a function that only reads valid data.

>>> from typing import Annotated
>>> class Line(BaseSchema):
...     sku: Annotated[str, Length(max=12)]
...     count: Annotated[int, Range(min=1)]
"""

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["Equal", "Length", "OneOf", "Range", "Regexp"]


class Check:
    """Is a validator that marshmallow has by the same name; `marshmallow()` returns that."""

    _made: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._arguments = arguments
        self._options = options

    def marshmallow(self) -> Any:
        """Return marshmallow's validator, which words the errors."""
        if self._made is None:
            from marshmallow import validate

            self._made = getattr(validate, type(self).__name__)(*self._arguments, **self._options)
        return self._made

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise marshmallow's ValidationError."""
        return self.marshmallow()(value)

    def __repr__(self) -> str:
        given = [*map(repr, self._arguments), *(f"{name}={value!r}" for name, value in self._options.items())]
        return f"{type(self).__name__}({', '.join(given)})"


class Length(Check):
    """Let values pass whose length is from `min` to `max`, or is `equal`; ValueError for both.

    >>> Length(max=12)("pen")
    'pen'
    """

    def __init__(
        self,
        min: int | None = None,  # noqa: A002  (as marshmallow's)
        max: int | None = None,  # noqa: A002
        *,
        equal: int | None = None,
        error: str | None = None,
    ) -> None:
        super().__init__(min, max, equal=equal, error=error)
        self.min, self.max, self.equal, self.error = min, max, equal, error
        if equal is not None and any([min, max]):
            self.marshmallow()  # which refuses it


class Range(Check):
    """Let values pass from `min` to `max`, these included unless told otherwise.

    >>> Range(min=1)(2)
    2
    """

    def __init__(
        self,
        min: Any = None,  # noqa: A002
        max: Any = None,  # noqa: A002
        *,
        min_inclusive: bool = True,
        max_inclusive: bool = True,
        error: str | None = None,
    ) -> None:
        super().__init__(min, max, min_inclusive=min_inclusive, max_inclusive=max_inclusive, error=error)
        self.min, self.max, self.error = min, max, error
        self.min_inclusive, self.max_inclusive = min_inclusive, max_inclusive


class OneOf(Check):
    """Let values pass that are among `choices`; `labels` name these for a form.

    >>> OneOf(["draft", "sent"])("sent")
    'sent'
    """

    def __init__(
        self, choices: Iterable[Any], labels: Iterable[str] | None = None, *, error: str | None = None
    ) -> None:
        self.choices = choices if isinstance(choices, (list, tuple, set, frozenset, dict, str)) else list(choices)
        super().__init__(self.choices, labels, error=error)
        self.labels, self.error = labels, error


class Equal(Check):
    """Let a value pass that equals `comparable`.

    >>> Equal(1)(1)
    1
    """

    def __init__(self, comparable: Any, *, error: str | None = None) -> None:
        super().__init__(comparable, error=error)
        self.comparable, self.error = comparable, error


class Regexp(Check):
    """Let texts pass whose beginning matches; `flags` are those of `re`.

    >>> Regexp("[a-z]+$")("pen")
    'pen'
    """

    def __init__(
        self, regex: str | bytes | re.Pattern[str] | re.Pattern[bytes], flags: int = 0, *, error: str | None = None
    ) -> None:
        self.regex: Any = re.compile(regex, flags) if isinstance(regex, (str, bytes)) else regex
        super().__init__(self.regex, error=error)
        self.error = error


class FunctionValidator:
    """A function that checks values; its False is an error: marshmallow 4 looks at no result, where 3 did.

    A function that returns the value itself, as a validator of marshmallow's does, may return the value False.
    """

    def __init__(self, function: Any) -> None:
        self.function = function

    def __repr__(self) -> str:
        return repr(self.function)

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise ValidationError."""
        if self.function(value) is False and value is not False:
            from marshmallow import ValidationError

            raise ValidationError("Invalid value.")
        return value


def is_function(validator: Any) -> bool:
    """Tell whether a validator is a function, method or partial: an object of a class of one's own may have more."""
    return type(validator).__module__ in ("builtins", "functools")
