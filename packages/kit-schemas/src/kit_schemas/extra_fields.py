"""Fields that marshmallow lacks."""

import datetime as dt
import decimal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import fields

from kit_schemas.errors import UndumpableValueError


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


class AwareField(fields.AwareDateTime):
    """A datetime with a zone, in a dump as in a load: one without is given the default, or is an error."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        if isinstance(value, dt.datetime) and value.utcoffset() is None:
            if self.default_timezone is None:
                raise UndumpableValueError("a datetime without a zone could not be loaded again")
            value = value.replace(tzinfo=self.default_timezone)
        return super()._serialize(value, attr, obj, **options)


class ListField(fields.List[Any]):
    """A list; a text or a mapping is none for a dump, either: it would be taken apart."""

    collection: Callable[[Any], Any] = list

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return super()._serialize(_items(value, self.collection), attr, obj, **options)


class CollectionField(ListField):
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
        items = super()._deserialize(_split(value) if self.split else value, attr, data, **options)
        try:
            return self.collection(items)
        except TypeError:
            # A list or a dict can't be a member of a set.
            raise self.make_error("invalid") from None


class TupleField(fields.Tuple):
    """A tuple of a fixed length; with `split`, a text is taken for one as query strings have it: `a,b`."""

    def __init__(self, tuple_fields: Iterable[fields.Field[Any]], *, split: bool = False, **options: Any) -> None:
        super().__init__(tuple_fields, **options)
        self.split = split

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return super()._serialize(_items(value, tuple), attr, obj, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return super()._deserialize(_split(value) if self.split else value, attr, data, **options)


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.split(",") if value else []


def _items(value: Any, collection: Callable[[Any], Any]) -> Any:
    if isinstance(value, (str, bytes, bytearray, Mapping)):
        raise UndumpableValueError(f"a {type(value).__qualname__} is no {collection.__name__}")
    return value
