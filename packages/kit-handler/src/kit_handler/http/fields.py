"""Header fields as they go out: texts, in which nothing ends a field early (RFC 9110, 5.5)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

# Fields whose value is no list (RFC 9110 and the Fetch standard): several values in one would be another value.
_SINGLE = frozenset(
    (
        *("access-control-allow-credentials", "access-control-allow-origin", "access-control-max-age", "age"),
        *("content-disposition", "content-length", "content-location", "content-range", "content-type", "date", "etag"),
        *("expires", "last-modified", "location", "referrer-policy", "retry-after", "server"),
        *("strict-transport-security", "x-frame-options"),
    )
)
_MOST_KEYS = 512
_keys: dict[str, str] = {}
_SEPARATORS = frozenset('()<>@,;:\\"/[]?={} \t')


def as_fields(headers: "Mapping[str, Any]") -> "tuple[dict[str, str], dict[str, str], list[str]]":
    """Return header fields as texts, their names by lower-case name, and apart from these the values of Set-Cookie.

    Numbers become text, lists one value joined with ", ". A name that is there in several cases is one field. Raises
    TypeError for a value of another kind, ValueError for a line break or control character, and for several values
    of a field that has one.
    """
    fields: dict[str, str] = {}
    names: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in headers.items():
        key = _keys.get(name) or _key_of(name)
        if type(value) is str and value.isprintable() and key not in names and key != "set-cookie":
            fields[name] = value
            names[key] = name
            continue
        texts = _texts(name, value)
        if key == "set-cookie":
            cookies += texts
            continue
        if key in names:
            texts.insert(0, fields[names[key]])
        if len(texts) > 1 and key in _SINGLE:
            raise ValueError(f"the header field {name!r} has one value, not {len(texts)}")
        if texts:
            fields[names.setdefault(key, name)] = ", ".join(texts)
    return fields, names, cookies


def as_cookies(cookies: "Iterable[str]") -> list[str]:
    """Return values of Set-Cookie as they may be sent; raise as `as_fields` does."""
    return [_text("Set-Cookie", cookie) for cookie in cookies]


def check_field(name: str, value: str) -> None:
    """Raise ValueError for a header field that would end early and let its value write others, or the body.

    Also for one that UTF-8 cannot carry.
    """
    if _has_control(value) or _has_control(name):
        raise ValueError(f"a line break or control character in the header field {name!r}")
    if transportable(value) is not value or transportable(name) is not name:
        raise ValueError(f"a lone surrogate in the header field {name!r}")


def transportable(text: str) -> str:
    """Return `text` with the characters that UTF-8 cannot carry (lone surrogates) escaped, as JSON escapes them."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def as_reference(location: str) -> str:
    """Return a URL or path with all that cannot stand in one percent-encoded: spaces, controls, other letters."""
    if location.isascii() and location.isprintable() and " " not in location:
        return location
    from urllib.parse import quote

    return quote(location.encode(errors="surrogatepass"), safe="%!#$&'()*+,/:;=?@[]~")


def with_defaults(headers: "Mapping[str, Any]", defaults: "Mapping[str, Any]") -> "dict[str, Any]":
    """Return the defaults of fields that are not given, in any case, and the given ones."""
    if not headers or not defaults:
        return dict(headers or defaults)
    given = {name.lower() for name in headers}
    return {**{name: value for name, value in defaults.items() if name.lower() not in given}, **headers}


def vary_on(headers: "dict[str, Any]", name: str) -> None:
    """Say in Vary that the answer depends on the request's field `name` too."""
    for known, value in headers.items():
        if known.lower() == "vary":
            members = [each.strip() for text in _texts(known, value) for each in text.split(",")]
            if "*" not in members and name.lower() not in map(str.lower, members):
                headers[known] = ", ".join([*filter(None, members), name])
            return
    headers["Vary"] = name


def is_token(text: str) -> bool:
    """Tell whether a text is a token: the name of a header field, or of a method (RFC 9110, 5.6.2)."""
    return bool(text) and text.isascii() and text.isprintable() and _SEPARATORS.isdisjoint(text)


def _key_of(name: "Any") -> str:
    """Return a name in lower case, and remember it."""
    if not isinstance(name, str) or not is_token(name):
        raise ValueError(f"{name!r} can't be the name of a header field: it is empty, or has a space or the like")
    if len(_keys) >= _MOST_KEYS:
        _keys.clear()
    key = _keys[name] = name.lower()
    return key


def _texts(name: str, value: "Any") -> list[str]:
    if isinstance(value, (list, tuple)):
        return [_text(name, each) for each in value]
    return [_text(name, value)]


def _text(name: str, value: "Any") -> str:
    if isinstance(value, str):
        text = value if type(value) is str else str.__str__(value)  # of an Enum: its value
        if text.isprintable():
            return text
        text = transportable(text)
        check_field(name, text)
        return text
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    if isinstance(value, float) and value - value == 0:
        return float.__repr__(value)
    if type(value).__module__ == "decimal" and value.is_finite():
        return format(value, "f")
    raise TypeError(
        f"the header field {name!r} is of type {type(value).__qualname__!r}: "
        "give a text, a number or a list of these, or leave it out"
    )


def _has_control(text: str) -> bool:
    return not text.isprintable() and any((each < " " and each != "\t") or each == "\x7f" for each in text)
