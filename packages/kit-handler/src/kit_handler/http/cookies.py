"""Set-Cookie values, safe by default (RFC 6265 and its successor draft, whose prefixes browsers hold to)."""

_SEPARATORS = frozenset('()<>@,;:\\"/[]?={} \t')
_NOT_IN_VALUES = frozenset('",;\\ \t')


def cookie(
    name: str,
    value: str,
    *,
    max_age: int | None,
    path: str,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: str | None,
) -> str:
    """Return a Set-Cookie value; ValueError for one that browsers would refuse or read differently."""
    if not name or not _is_visible(name) or _SEPARATORS.intersection(name):
        raise ValueError(f"{name!r} can't be the name of a cookie")
    if not _is_visible(value) or _NOT_IN_VALUES.intersection(value):
        raise ValueError(f"the value of the cookie {name!r} must be encoded first: it has a space, a comma or the like")
    if any(not _is_visible(each) or ";" in each for each in (path, domain or "")):
        raise ValueError(f"the path or domain of the cookie {name!r} has a character that it can't have")
    if samesite not in ("Lax", "Strict", "None", None):
        raise ValueError(f"samesite is 'Lax', 'Strict', 'None' or None, not {samesite!r}")
    if not secure and (samesite == "None" or name.startswith(("__Secure-", "__Host-"))):
        raise ValueError(
            f"the cookie {name!r} must be secure: SameSite=None and the prefixes __Secure-, __Host- ask so"
        )
    if name.startswith("__Host-") and (path != "/" or domain is not None):
        raise ValueError(f"the cookie {name!r} must have the path '/' and no domain: the prefix __Host- asks so")
    parts = [f"{name}={value}", f"Path={path}"]
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    if domain is not None:
        parts.append(f"Domain={domain}")
    parts += ["Secure"] * bool(secure) + ["HttpOnly"] * bool(httponly)
    if samesite is not None:
        parts.append(f"SameSite={samesite}")
    return "; ".join(parts)


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable()
