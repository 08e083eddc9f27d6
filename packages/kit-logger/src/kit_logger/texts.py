"""Secrets taken out of texts: by the name before them, and by their shape.

Most texts hold none. That is found out by looking for a few words, which costs a microsecond; the patterns are
compiled when a text first has such a word. Every repetition in them is bounded or can end in one way only, so that the
time grows with the length of the text alone.
"""

import functools
import re

from kit_logger.names import ENDINGS, WHOLE, is_sensitive

REDACTED = "***"

_OPENING = {"{": "}", "[": "]", "(": ")"}


class _Patterns:
    def __init__(self) -> None:
        # What comes before the name's ending doesn't matter, so nothing has to be tried there; but
        # `…:123456789012:secret:name` is an ARN. Longest first, since the first that fits is taken.
        endings = "|".join(ending.replace("~", "[-_ ]?") for ending in sorted(ENDINGS, key=len, reverse=True))
        names = rf"(?:{endings}|\b(?:{'|'.join(WHOLE)}))"
        quote = r"(?:\\{0,15}[\"']|%22|%27)"
        between = rf"{quote}?(?:\]|%5d)?\s{{0,3}}(?:=>|[=:]|%3[ad])\s{{0,3}}"
        # `name: value`, `name=value`, `name => value`, `[name]=value`, percent-encoded; `"name", "value"` as in a list
        # of headers; `<name>value`; the b of bytes
        self.named = re.compile(
            rf"(?<!\d{{12}}:)(?P<name>{names})(?:{between}|{quote}\s{{0,3}},\s{{0,3}}(?=b?{quote})|>)"
            rf"(?:[bur]{{1,2}}(?={quote}))?",
            re.IGNORECASE,
        )
        self.value = re.compile(
            rf"(?P<quote>{quote})(?:(?!(?P=quote))(?:\\.|.))*(?:(?P=quote))?"
            r"|(?:digest|aws4-hmac-sha256)\s[^\r\n]*"
            r"|(?:(?:bearer|basic|token)\s{1,3})?[^\s,;&\"'}\])\\<]+",
            re.IGNORECASE | re.DOTALL,
        )
        self.cookies = re.compile(r"[^\r\n\"'}\])\\<]+")
        self.shapes = (
            (re.compile(r"\b(bearer\s{1,3})[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1{REDACTED}"),
            (re.compile(r"\b((?i:basic)\s{1,3})(?=[a-z/+]{0,200}[A-Z0-9=])[A-Za-z0-9+/=]{8,}"), rf"\1{REDACTED}"),
            (re.compile(rf"((?<![\w-])--[\w-]{{0,60}}?{names}\s{{1,3}})(?!-)\S+", re.IGNORECASE), rf"\1{REDACTED}"),
            # a JWT, and what begins with `{"` in base64: a message of Kinesis, a body
            (re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_+/-]{5,}={0,2}(?:\.[A-Za-z0-9_-]*){0,4}"), REDACTED),
            (
                re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [^-]{0,60}-----|\Z)", re.DOTALL),
                REDACTED,
            ),
            # user:password@host; a password may hold an @, and even a slash, but `:8080/` is a port
            (re.compile(r"(://[^\s:/@\"']{0,200}:)[^\s/\"']{1,400}@"), rf"\1{REDACTED}@"),
            (re.compile(r"(://[^\s:/@\"']{0,200}:)(?!\d{1,5}[/?#])[^\s\"'@]{1,400}+@"), rf"\1{REDACTED}@"),
            (re.compile(r"(://)[^\s:/@\"'?#]{16,400}@"), rf"\1{REDACTED}@"),
        )
        self.argument = re.compile(
            rf"({names}(?:\s(?:is|was|for|value))?[\s\"'=:>(]{{0,4}})"
            r"%[-#0 +]{0,5}(?:\d{1,4}|\*)?(?:\.(?:\d{1,4}|\*))?[a-zA-Z]",
            re.IGNORECASE,
        )
        self.mapped = re.compile(r"%\((\w{1,80})\)[-#0 +]{0,5}\d{0,4}(?:\.\d{1,4})?[a-zA-Z]")


@functools.cache
def _patterns() -> _Patterns:
    return _Patterns()


def has_hint(text: str) -> bool:
    """Tell whether a text, in small letters, has a word that secrets go with."""
    return (
        "pass" in text
        or "secret" in text
        or "token" in text
        or "auth" in text
        or "cookie" in text
        or "credential" in text
        or "pwd" in text
        or "sig" in text
        or "bearer" in text
        or "eyj" in text
        or "jwt" in text
        or "dsn" in text
        or "otp" in text
        or "pin" in text
        or "basic" in text
        or "conn" in text
        or ("key" in text and _has_key(text))
        or ("://" in text and "@" in text)
    )


def _has_key(text: str) -> bool:
    return any(word in text for word in ("api", "access", "account", "encryption", "master", "private", "signing"))


def hide_in_text(text: str) -> str:
    """Return a text without its secrets, whatever it is; `redact_text` is for texts that may be JSON."""
    patterns = _patterns()
    pieces, end = [], 0
    found = patterns.named.search(text)
    while found is not None:
        pieces.append(text[end : found.end()])
        end = _value_end(text, found, pieces, patterns)
        found = patterns.named.search(text, end)
    pieces.append(text[end:])
    text = "".join(pieces)
    for shape, instead in patterns.shapes:
        text = shape.sub(instead, text)
    return text


def _value_end(text: str, name: "re.Match[str]", pieces: list[str], patterns: _Patterns) -> int:
    """Put what stands for the value into `pieces`, and return where the value ends."""
    start = name.end()
    if text[start : start + 1] in _OPENING:
        pieces.append(REDACTED)
        return _closed(text, start)
    value = patterns.value.match(text, start)
    if value is None:
        return start
    if value["quote"]:
        pieces.append(f"{value['quote']}{REDACTED}{value['quote']}")
        return value.end()
    pieces.append(REDACTED)
    if name["name"].lower().startswith("cookie"):
        several = patterns.cookies.match(text, start)
        return several.end() if several else value.end()
    # `credentials=Credentials('user', 'password')`: brackets that belong to the value
    inside = min((at for at in (text.find(each, start, value.end()) for each in _OPENING) if at >= 0), default=-1)
    return _closed(text, inside) if inside >= 0 else value.end()


def _closed(text: str, start: int) -> int:
    """Return where what is opened at `start` is closed again, quotes respected; else the text's end."""
    waiting: list[str] = []
    quote = ""
    for index in range(start, len(text)):
        character = text[index]
        if quote:
            if character == quote and text[index - 1] != "\\":
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in _OPENING:
            waiting.append(_OPENING[character])
        elif waiting and character == waiting[-1]:
            waiting.pop()
            if not waiting:
                return index + 1
    return len(text)


@functools.lru_cache(maxsize=1024)
def redacted_template(template: str) -> str:
    """Return a message that arguments will be put into, such that those that are secrets by name are not written.

    `"token %s"` becomes `"token %.0s***"`: the argument is taken, and nothing of it is shown.
    """
    if not has_hint(template.lower()):
        return template
    patterns = _patterns()
    return patterns.mapped.sub(_hidden_by_name, patterns.argument.sub(rf"\1%.0s{REDACTED}", template))


def _hidden_by_name(found: "re.Match[str]") -> str:
    return f"%({found[1]}).0s{REDACTED}" if is_sensitive(found[1]) else found[0]
