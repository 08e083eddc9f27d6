"""The texts of a client that nothing behind the route could keep: with a NUL character, or half of a surrogate pair."""


def fault_of(text: str) -> str | None:
    """Return the message about a text that PostgreSQL and UTF-8 refuse, None for any other.

    PostgreSQL has no NUL in a text ("Character Types"), UTF-8 no surrogates (RFC 3629, 3); JSON has escapes for both.
    """
    if "\0" in text:
        return "must not have a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "must not have half of a surrogate pair"
    return None
