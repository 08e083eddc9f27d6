"""Fields that marshmallow lacks."""

import decimal
from collections.abc import Callable
from typing import Any

from marshmallow import fields


class DecimalField(fields.Decimal):
    """A Decimal of at most 1000 places on either side of the point, dumped as a string.

    Without the bound the ten characters `1e99999999` would become a string of a hundred megabytes when dumped.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(as_string=True, **options)

    def _validated(self, value: Any) -> decimal.Decimal:
        number = super()._validated(value)
        exponent = number.as_tuple().exponent
        if not -1000 <= number.adjusted() <= 1000 or (isinstance(exponent, int) and exponent < -1000):
            raise self.make_error("too_large")
        return number


class TimeDeltaField(fields.TimeDelta):
    """A number of seconds; NaN, and one that no float can hold, are errors as any other."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **options)
        except (OverflowError, ValueError):  # the latter for NaN, from an older marshmallow
            raise self.make_error("invalid") from None


class CollectionField(fields.List[Any]):
    """A list that is loaded as another collection: a set, a frozenset or a tuple of any length.

    With `split`, a text is taken for a list as query strings have it: `a,b`.
    """

    def __init__(
        self, collection: Callable[[Any], Any], inner: fields.Field[Any], *, split: bool = False, **options: Any
    ) -> None:
        super().__init__(inner, **options)
        self.collection = collection
        self.split = split

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if self.split and isinstance(value, str):
            value = value.split(",") if value else []
        items = super()._deserialize(value, attr, data, **options)
        try:
            return self.collection(items)
        except TypeError:
            # A list or a dict can't be a member of a set.
            raise self.make_error("invalid") from None
