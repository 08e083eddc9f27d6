"""Values and texts without their secrets."""

from __future__ import annotations

from collections.abc import Mapping, Set

from kit_core.redaction.harmless import is_harmless
from kit_core.redaction.named import REDACTED
from kit_core.redaction.names import is_secret_name
from kit_core.redaction.patterns import compiled
from kit_core.redaction.texts import may_have_secrets, redact_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Default = Callable[[Any], Any] | None

_DEEPEST = 12
_LONGEST = 300_000
_MOST_ITEMS = 20_000
_LONGEST_KNOWN = 256
_MOST_KNOWN = 2048
_SHORTEST_BASE64 = 16
_NAMES = ("name", "Name", "key", "Key", "header", "field", "loc", "ParameterKey", "OptionName")
_VALUES = ("value", "Value", "values", "Values", "input", "rejectedValue", "ParameterValue", "OptionValue")
_DESCENDED = ("auth", "jwt")  # a mapping under these names is settings or claims
_SCHEMA_TYPES = ("string", "number", "integer", "array", "object", "boolean")
_DOCUMENT = r"[\[{](?:\s{0,20}[\[{]){0,3}\s{0,20}\""
_MOST_FAILED = 8  # beginnings that are no JSON after all
_BASE64 = r"[A-Za-z0-9+/]+={0,2}"
_UUID = 36  # characters; most texts that are new are ids
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF-")
_clean: set[str] = set()  # texts without secrets: messages mostly, which come again
_clean_names: set[str] = set()  # names of fields without secrets in the name itself


def redact_text(text: str) -> str:
    """Return `text` without its secrets, each as `[redacted]`.

    >>> redact_text("connect to postgresql://app:hunter2@db/loans, password: must have 8 characters")
    'connect to postgresql://app:[redacted]@db/loans, password: must have 8 characters'

    A text that is JSON stays JSON. The time grows with the length alone. The rules:

    - `kit_core.redaction.named`: values that go by the name of a secret
    - `kit_core.redaction.shapes`: texts that have the form of a secret
    - `kit_core.redaction.harmless`: values that stay although they stand beside the name of a secret
    - `kit_core.redaction.names`: names of secrets
    """
    if len(text) > _LONGEST_KNOWN and " " in text and not may_have_secrets(text):
        return text
    return _text(text, 0)


def redact(
    value: Any, *, default: Default = None, most_items: int = _MOST_ITEMS, most_characters: int = _LONGEST
) -> Any:
    """Return a copy of `value` as JSON's own types, without its secrets.

    >>> redact({"user": "ann", "headers": [("Authorization", "Token x")], "password": None})
    {'user': 'ann', 'headers': [['Authorization', '[redacted]']], 'password': None}

    default: returns a value that JSON knows for an object that it doesn't know; without it, an object becomes its text
    most_items: entries that are copied, of all mappings and sequences together; the others are an ellipsis
    most_characters: characters that are searched, of all texts together

    | value | result |
    |---|---|
    | under the name of a secret | `[redacted]`; None, a flag, nothing and a harmless text stay |
    | `{"name": "X", "value": …}`, `("X", …)` | the same, if X is the name of a secret |
    | text | searched as by `redact_text`; also if it is base64 of a text |
    | mapping, dataclass, named tuple | a dict; its keys are searched as well |
    | list, tuple, set | a list |
    | NaN, infinity | text |
    | bytes, other objects | their text; `<Type>` if that fails |
    | nested deeper than 12, or inside itself | an ellipsis |
    """
    return _Copy(default, most_items, most_characters).of(value, ())


def is_secret(name: Any, value: Any) -> bool:
    """Tell whether `value` is to be hidden because of its name.

    >>> is_secret("password", "hunter2"), is_secret("password", ["Missing data for required field."])
    (True, False)
    """
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return isinstance(name, str) and is_secret_name(name) and not _is_harmless(name, value, 0)


def _is_harmless(name: str, value: Any, depth: int) -> bool:
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is str:
        return is_harmless(value, name)
    if isinstance(value, (int, float)):
        return name.lower().endswith("tokens")
    if depth > _DEEPEST:
        return False
    try:
        if isinstance(value, Mapping):
            if not depth and (name.lower().endswith(_DESCENDED) or value.get("type") in _SCHEMA_TYPES):
                return True
            return all(_is_harmless(name, each, depth + 1) for each in value.values())
        if isinstance(value, (list, tuple, Set)):
            return len(value) < 100 and all(_is_harmless(name, each, depth + 1) for each in value)
        return isinstance(value, (bytes, bytearray)) and not value
    except Exception:  # noqa: BLE001  # a mapping or a sequence of somebody's own, that is broken
        return False


class _Copy:
    """Copies one value, and stops when it has seen enough, however the value is nested."""

    def __init__(self, default: Default, items: int, characters: int) -> None:
        self.default = default
        self.items = items
        self.characters = characters

    def of(self, value: Any, above: tuple[int, ...]) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value, len(above))
        if value is None or kind is bool or kind is int:
            return value
        if kind is float:
            return value if value - value == 0 else str(value)  # JSON knows neither NaN nor infinity
        walk = self._walk(value)
        if walk is not None:
            if id(value) in above or len(above) >= _DEEPEST:
                return "…"
            try:
                return walk(value, (*above, id(value)))
            except Exception:  # noqa: BLE001  # a mapping or a sequence of somebody's own, that is broken
                return f"<{kind.__name__}>"
        if hasattr(value, "value") and hasattr(kind, "__members__"):
            return self.of(value.value, above)
        if self.default is not None and len(above) < _DEEPEST:
            try:
                return self.of(self.default(value), (*above, id(value)))
            except Exception:  # noqa: BLE001  # the default's own code
                return f"<{kind.__name__}>"
        return self._text(_as_text(value), len(above))

    def _walk(self, value: Any) -> Callable[[Any, tuple[int, ...]], Any] | None:
        if isinstance(value, Mapping):
            return self._mapping
        if isinstance(value, (list, tuple, Set)):
            return self._fields if hasattr(value, "_fields") else self._list
        return self._fields if hasattr(type(value), "__dataclass_fields__") else None

    def _text(self, text: str, depth: int) -> str:
        if self.characters <= 0:
            return "…"
        if len(text) > self.characters:
            # The end of the part that is kept may be the beginning of a secret.
            text = text[: self.characters]
            self.characters = 0
            return _text(text, depth)[:-200] + "…"
        self.characters -= len(text)
        return _text(text, depth)

    def _mapping(self, value: Mapping[Any, Any], above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in value.items():
            self.items -= 1
            if self.items < 0:
                result["…"] = len(value) - len(result)
                break
            name = key if type(key) is str else _as_text(key)
            shown = name if name in _clean_names else _redacted_name(name)
            while shown in result and shown != name:
                shown += "*"
            result[shown] = REDACTED if is_secret(name, item) else self.of(item, above)
        if len(result) <= 8:
            self._hide_named_value(value, result)
        return result

    def _hide_named_value(self, value: Mapping[Any, Any], result: dict[str, Any]) -> None:
        """Hide the value in `{"name": "Authorization", "value": "…"}`, as lists of headers or parameters have it."""
        for name in _NAMES:
            named = value.get(name)
            named = named[-1] if name == "loc" and isinstance(named, (list, tuple)) and named else named
            if isinstance(named, str) and is_secret_name(named):
                for each in _VALUES:
                    if each in result and is_secret(named, value.get(each)):
                        result[each] = REDACTED

    def _fields(self, value: Any, above: tuple[int, ...]) -> dict[str, Any]:
        names = value._fields if hasattr(value, "_fields") else type(value).__dataclass_fields__
        return self._mapping({name: getattr(value, name, None) for name in names}, above)

    def _list(self, value: Any, above: tuple[int, ...]) -> list[Any]:
        items = list(value)
        if not isinstance(value, Set) and _is_pair(items, nested=isinstance(value, tuple)):
            return [_as_text(items[0]), REDACTED]
        result: list[Any] = []
        for item in items:
            self.items -= 1
            if self.items < 0:
                result.append("…")
                break
            pair = type(item) is list and _is_pair(item, nested=True)
            result.append([_as_text(item[0]), REDACTED] if pair else self.of(item, above))
        return result


def _is_pair(items: list[Any], *, nested: bool) -> bool:
    """Tell whether a list is a header field or the like: its name, and a secret. Names of fields alone are none."""
    if len(items) != 2 or not isinstance(items[0], (str, bytes)) or not is_secret(items[0], items[1]):
        return False
    names = isinstance(items[1], str) and compiled("[a-z_]{1,40}").fullmatch(items[1]) is not None
    return nested or not names or "-" in _as_text(items[0])


def _redacted_name(name: str) -> str:
    shown = redact_plain(name) if may_have_secrets(name) else name
    if shown == name and len(name) <= _LONGEST_KNOWN and len(_clean_names) < _MOST_KNOWN:
        _clean_names.add(name)
    return shown


def _text(text: str, depth: int) -> str:
    if text in _clean or (len(text) == _UUID and text[8] == text[13] == "-" and _HEXADECIMAL.issuperset(text)):
        return text
    result = None
    if text[:1] in ("{", "[", " ", "\n") and text.lstrip()[:1] in ("{", "["):
        result = _json(text, depth)
    elif len(text) >= _SHORTEST_BASE64 and len(text) % 4 == 0 and compiled(_BASE64).fullmatch(text):
        result = _base64(text, depth)
    if result is None:
        result = redact_plain(_embedded(text, depth)) if may_have_secrets(text) else text
    if depth < _DEEPEST and result == text and len(text) <= _LONGEST_KNOWN:
        if len(_clean) >= _MOST_KNOWN:
            _clean.clear()
        _clean.add(text)
    return result


def _json(text: str, depth: int) -> str | None:
    """Return the JSON text without its secrets; None when it isn't JSON, or has a name twice."""
    if depth >= _DEEPEST or len(text) > _LONGEST or not may_have_secrets(text):
        return None
    start = len(text) - len(text.lstrip())
    found = _json_at(text, start, depth)
    return None if found is None or text[found[1] :].strip() else text[:start] + found[0] + text[found[1] :]


def _embedded(text: str, depth: int) -> str:
    """Return a text without the secrets of the JSON in it."""
    if depth >= _DEEPEST or len(text) > _LONGEST or '"' not in text:
        return text
    pieces: list[str] = []
    done = at = failed = 0
    while failed < _MOST_FAILED and (begin := compiled(_DOCUMENT).search(text, at)) is not None:
        found = _json_at(text, begin.start(), depth)
        if found is None:
            failed += 1
            at = begin.end()
            continue
        pieces += (text[done : begin.start()], found[0])
        done = at = found[1]
    return "".join((*pieces, text[done:]))


def _json_at(text: str, start: int, depth: int) -> tuple[str, int] | None:
    """Return the JSON that begins at `start` without its secrets, and where it ends; None if it isn't JSON."""
    import json

    try:
        value, end = json.JSONDecoder(object_pairs_hook=_distinct).raw_decode(text, start)
        redacted = _Copy(None, _MOST_ITEMS, 2 * _LONGEST).of(value, (0,) * depth)
        written = text[start:end]
        if redacted != value:  # else as it was written
            separators = (",", ":") if '": ' not in written else None
            indent = 2 if "\n" in written else None
            written = json.dumps(redacted, ensure_ascii=False, indent=indent, separators=separators)
        return written, end
    except (ValueError, RecursionError):
        return None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result


def _base64(text: str, depth: int) -> str | None:
    """Return the text whose base64 `text` is, if that has a secret: bodies and the data of Kinesis come like that."""
    from binascii import Error, a2b_base64

    try:
        inside = a2b_base64(text).decode()
    except (Error, ValueError):
        return None
    if depth >= _DEEPEST or not inside.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return None
    clean = _text(inside, depth + 1)
    return text if clean == inside else clean


def _as_text(value: Any) -> str:
    try:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value[:_LONGEST]).decode("utf-8", "backslashreplace")
        if isinstance(value, BaseException):
            return f"{type(value).__name__}: {value}" if str(value) else type(value).__name__
        if hasattr(value, "isoformat"):
            return str(value.isoformat())
        return str(value)
    except Exception:  # noqa: BLE001  # the object's own code
        return f"<{type(value).__name__}>"
