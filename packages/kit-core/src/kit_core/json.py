"""JSON by the payload contract: one writer and one reader for answers, events, messages, frames and stored steps.

Beside JSON's own types `dumps` writes:

    .dump(), dataclasses, pydantic models, mappings    objects
    tuples, sets                                       arrays; sets are sorted, so that equal sets are equal texts
    UUID, Enum                                         text; the value of the enum
    datetime                                           RFC 3339, UTC as Z; UTC is assumed without an offset
    date, time                                         ISO 8601
    Decimal                                            its exact digits, as text

The keys of mappings may be of the scalar types above. NaN and infinities, which JSON does not know, are refused in both
directions.
"""

from json import JSONDecoder, JSONEncoder
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]

from kit_core.errors import InvalidJsonError, NaiveTimeError, UnserialisableTypeError, UnserialisableValueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from decimal import Decimal
    from typing import Any, NoReturn

_INFINITY = float("inf")


def dumps(value: "Any", *, aware: bool = False) -> str:
    """Return `value` as compact JSON.

    aware: refuse datetimes without an offset from UTC

    Unicode stays as it is, except for lone surrogates, U+FFFE and U+FFFF, which are escaped: UTF-8 cannot carry the
    first, SQS and SNS refuse the others ("SendMessage", Amazon SQS API Reference). Raises UnserialisableTypeError (a
    TypeError), UnserialisableValueError (a ValueError) or, with `aware`, NaiveTimeError; each names the place.

    Example:
        >>> dumps({"amount": Decimal("1.10"), "tags": {"b", "a"}})
        '{"amount":"1.10","tags":["a","b"]}'
    """
    try:
        text = "".join((_write_aware if aware else _write)(value, 0))
    except (TypeError, ValueError, RecursionError, AttributeError):
        # Keys of other types, for which the encoder has no hook, or an error: the slow way knows the path.
        try:
            text = "".join(_write(_tree(value, "$", aware=aware), 0))
        except RecursionError:
            raise UnserialisableValueError("$", "a circular structure, or one nested too deeply, is no JSON") from None
    return text if text.isascii() else _transportable(text)


def loads(text: str | bytes, *, parse_float: "Callable[[str], Any] | None" = None) -> "Any":
    """Return the value of a JSON text.

    parse_float: makes the numbers with a fraction or an exponent; `ExactFloat` where a Decimal may be wanted

    NaN, Infinity and numbers that a float holds only as infinity (1e999) are an InvalidJsonError (a ValueError), as is
    anything that is not JSON or is nested too deeply.

    Example:
        >>> loads('{"amount": 1.10}', parse_float=ExactFloat)["amount"].digits
        '1.10'
    """
    try:
        if not isinstance(text, str):
            text = text.decode()
        if parse_float is not None:
            return JSONDecoder(parse_float=parse_float, parse_constant=_refuse).decode(text)
        # A function for each float costs more than a look at the text, where there are many.
        return (_decode if text.count(".") < _MANY or _may_overflow(text) else _decode_finite)(text)
    except RecursionError:
        raise InvalidJsonError("the JSON is nested too deeply") from None
    except InvalidJsonError:
        raise
    except ValueError as error:
        raise InvalidJsonError(str(error)) from error


class ExactFloat(float):
    """Is a float that keeps the digits of its JSON text, and is that text as a string: `Decimal(str(x))` is exact.

    Example:
        >>> Decimal(str(loads("0.1234567890123456789", parse_float=ExactFloat)))
        Decimal('0.1234567890123456789')
    """

    digits: str

    def __new__(cls, digits: str) -> "ExactFloat":
        made = super().__new__(cls, digits)
        if made in (_INFINITY, -_INFINITY):
            raise InvalidJsonError(f"the number {_shortened(digits)} is beyond the range of a float")
        made.digits = digits
        return made

    def __str__(self) -> str:
        return self.digits

    def __reduce__(self) -> "tuple[type[ExactFloat], tuple[str]]":
        return type(self), (self.digits,)


def plain(value: "Any", path: str = "$", *, aware: bool = False) -> "Any":
    """Return one step from `value` towards JSON's own types; the values inside of it are left as they are."""
    if not isinstance(value, type):
        dump = getattr(value, "dump", None) or getattr(value, "model_dump", None)
        if callable(dump):
            return dump()
        if hasattr(value, "__dataclass_fields__"):
            fields = value.__dataclass_fields__.items()
            # `dataclasses.fields` leaves out ClassVar and InvitVar likewise; its import costs a cold start.
            return {name: getattr(value, name) for name, field in fields if field._field_type.name == "_FIELD"}
        if isinstance(value, (set, frozenset)):
            return _sorted(value)
        if hasattr(value, "keys") and hasattr(value, "__getitem__"):
            return {key: value[key] for key in value.keys()}  # noqa: SIM118  (a mapping that is no dict)
    return _scalar(value, path, aware=aware)


def _scalar(value: "Any", path: str, *, aware: bool, role: str = "a value") -> "Any":
    from datetime import date, datetime, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    if not _texts:
        _texts.update({UUID: str, date: date.isoformat, time: time.isoformat, Decimal: _decimal, datetime: _datetime})
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return _decimal(value, path)
    if isinstance(value, datetime):
        if aware and value.utcoffset() is None:
            raise NaiveTimeError(path)
        return _datetime(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, type):
        raise UnserialisableTypeError(
            path, f"the class {value.__qualname__!r} has no form in JSON, only an instance has"
        )
    raise UnserialisableTypeError(path, f"{role} of type {type(value).__qualname__!r} has no form in JSON")


def _decimal(value: "Decimal", path: str = "$") -> str:
    if not value.is_finite():
        raise UnserialisableValueError(path, f"the Decimal {value} is no number in JSON")
    return str(value)


def _datetime(value: "datetime") -> str:
    text = value.isoformat()
    if text.endswith("+00:00"):
        return f"{text[:-6]}Z"
    return f"{text}Z" if value.utcoffset() is None else text


def _sorted(values: "set[Any] | frozenset[Any]") -> "list[Any]":
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def _tree(value: "Any", path: str, *, aware: bool) -> "Any":
    """Return `value` in JSON's own types alone; an error has the path of the culprit."""
    if isinstance(value, dict):
        return {
            _key(key, path, aware=aware): _tree(each, path + _step(key), aware=aware) for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_tree(each, f"{path}[{place}]", aware=aware) for place, each in enumerate(value)]
    if isinstance(value, float) and not -_INFINITY < value < _INFINITY:
        raise UnserialisableValueError(path, f"the float {float(value)!r} is no number in JSON")
    if value is None or isinstance(value, (str, int, float)):
        return value
    return _tree(plain(value, path, aware=aware), path, aware=aware)


def _key(key: "Any", path: str, *, aware: bool) -> "Any":
    if isinstance(key, float) and not -_INFINITY < key < _INFINITY:
        raise UnserialisableValueError(path, f"a key that is the float {float(key)!r} has no form in JSON")
    while not (key is None or isinstance(key, (str, int, float))):
        key = _scalar(key, path, aware=aware, role="a key")
    return key


def _step(key: "Any") -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"


def _transportable(text: str) -> str:
    """Escape the characters that UTF-8 cannot carry, or that SQS and SNS refuse."""
    try:
        text.encode()
        if "\ufffe" not in text and "\uffff" not in text:
            return text
    except UnicodeEncodeError:
        pass
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" else c for c in text)


def _plain_fast(value: "Any") -> "Any":
    write = _texts.get(type(value))
    return plain(value) if write is None else write(value)


def _plain_aware(value: "Any") -> "Any":
    write = _texts.get(type(value))
    return plain(value, aware=True) if write is None or write is _datetime else write(value)


def _writer(default: "Callable[[Any], Any]") -> "Callable[[Any, int], Iterable[str]]":
    """Return what the standard library makes anew for every value: the function that yields the pieces of JSON."""
    try:
        # No table of the containers around a value: a circular structure ends as a RecursionError.
        return c_make_encoder(None, default, encode_basestring, None, ":", ",", False, False, False)  # type: ignore[no-any-return]
    except TypeError:  # no accelerator, or one with other parameters
        encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default).encode
        return lambda value, level: (encode(value),)


def _refuse(constant: str) -> "NoReturn":
    raise InvalidJsonError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in _BOUNDS:
        raise InvalidJsonError(f"the number {_shortened(digits)} is beyond the range of a float")
    return number


def _shortened(digits: str) -> str:
    return digits if len(digits) <= 40 else f"{digits[:40]}…"


def _may_overflow(text: str) -> bool:
    """Tell whether a text may hold a number beyond a float: it has 200 digits in a row, or three after an e."""
    shape = text.encode("utf-8", "surrogatepass").translate(_DIGITS_TO_ZERO)
    return b"0e000" in shape or b"0e+000" in shape or _LONG in shape


_BOUNDS = (_INFINITY, -_INFINITY)
_MANY = 16
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789E", b"000000000e")
_LONG = b"0" * 200
_texts: "dict[type, Callable[[Any], str]]" = {}  # by the exact class of a scalar; filled when the first one is met
_write = _writer(_plain_fast)
_write_aware = _writer(_plain_aware)
_decode = JSONDecoder(parse_float=_finite, parse_constant=_refuse).decode
_decode_finite = JSONDecoder(parse_constant=_refuse).decode
