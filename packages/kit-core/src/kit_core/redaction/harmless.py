"""Values that are no secrets although they stand beside the name of one.

| value | example |
|---|---|
| nothing, a flag, stars | `None`, `true`, `********`, `[redacted]` |
| a placeholder or a reference | `%s`, `{token}`, `${TOKEN}`, `<token>`, `!Ref Password`, an ARN |
| the message of a validation | `must have at least 8 characters`, `Missing data for required field.` |
| a state or a type | `expired`, `required`, `str` |
| source code | `get_token(request)`, `self.token`, `os.environ["TOKEN"]`, `password=password)` |
"""

import re
from functools import cache

from kit_core.redaction.names import is_secret_name

LONGEST_MESSAGE = 300

_PLAIN = frozenset(
    """
    none null nil undefined nan true false yes no on off n/a
    absent changed created deleted denied disabled empty enabled expired failed filtered found hidden incorrect invalid
    masked mismatch missing ok optional present redacted refreshed rejected required revoked rotated unknown unset
    updated valid verified wrong
    any array bool boolean bytes dict int integer list number object secretstr str string text uuid
    """.split()
)
_OF_AUTH = frozenset(
    """
    aws_iam basic bearer cognito custom default digest header iam jwt ldap negotiate oauth oauth2 oidc password plain
    scram sigv4 token
    """.split()
)
_OF_TOKENS = frozenset("inherit read write include omit same-origin".split())
# A message begins with one of these, or is a sentence.
_FIRST = frozenset(
    """
    a access already an and are at authentication authorization can cannot can't contains could did do does doesn't
    each either ensure enter error expected expired failed field for from has have header in incorrect input invalid is
    isn't it its length longer may maximum minimum missing must needs no none not on only or password passwords please
    refresh rejected required shorter should signature signing some string that the there this to token too unable
    unexpected unknown use value value's verification was were when which with without wrong you your
    """.split()
)
# And it has one of these.
_STRONG = frozenset(
    """
    absent allowed already are be been blank can can't cannot character characters chars contain contains denied did
    differ digit digits does doesn't empty equal exceed exist expected expired failed field found had has have header
    incorrect invalid is isn't least length letter letters long match matches maximum minimum missing most must needs
    not null number numbers provided rejected required set short should supported unknown unsupported valid verify was
    were wrong
    """.split()
)
_KEYWORDS = "and|as|assert|async|await|break|continue|else|for|if|in|is|lambda|new|not|or|pass|raise|return|yield"
_ROOTS = (
    "app|args|body|cfg|client|cls|conf|config|context|creds|credentials|ctx|data|env|environ|event|form|headers|kwargs"
    "|options|opts|os|params|payload|process|req|request|resp|response|self|session|settings|this|user"
)


@cache
def _placeholder() -> "re.Pattern[str]":
    return re.compile(
        r"""(?ix)
        \[?(?:redacted|filtered|masked|hidden|removed|secret)\]?(?:\ \(\w+\))?   # taken out by somebody
        | <[^<>]{0,80}> | \{\{.{0,200}\}\} | \$\{.{0,200}\} | \$\(.{0,200}\) | \{[\w.!:()'"\[\]-]{0,80}\} | :[a-z_]+
        | \$(?:\d{1,2}|(?-i:[A-Z_][A-Z0-9_]*)) | %\(\w{1,80}\)s | %[sdr] | \?
        | !(?:Ref|Sub|GetAtt|ImportValue|FindInMap|secret|env|vault)\b.*
        | arn:aws[\w-]*:\S+ | alias/\S+ | process\.env\.\w+ | x{3,}
        """
    )


@cache
def _scheme() -> "re.Pattern[str]":
    return re.compile(r"(?i)(?:bearer|basic|digest|token|api-?key)(?:\s+|$)")


@cache
def _source() -> "re.Pattern[str]":
    return re.compile(
        rf"""(?x)
        (?:(?:await|not|new|yield)\ )? [a-z_]\w* (?:\??\.\w+)* [(\[]           # a call, a subscript
        | (?:{_KEYWORDS})\b(?=\s|:|$)
        | (?:{_ROOTS}) (?:\.[A-Za-z_]\w*)+ (?=[\s,;)\]}}:]|$)
        | (?:str|bytes|int|float|bool|dict|list|string|number|any|Any|SecretStr|Optional\[|Union\[|Annotated\[)
          (?=[\s,)=|;\[]|$|(?<=\[))
        """
    )


@cache
def _identifier() -> "re.Pattern[str]":
    return re.compile(
        r"[A-Za-z_]{1,60}(?:\.[A-Za-z_]{1,60}){0,4}(?P<after>[)\],;:}]|[ \t]*$|[ \t]*\n|[ \t](?:or|and|if|is)\b)"
    )


def is_source(text: str, at: int, *, spaced: bool) -> bool:
    """Tell whether an expression of source code begins at `at`; `spaced`: as in `name = value`."""
    if _source().match(text, at, at + 200) is not None:
        return True
    found = _identifier().match(text, at, at + 400)
    if found is None or not (spaced or found["after"][:1] in ")],;:}"):
        return False
    return is_secret_name(found[0][: found.start("after") - at])


def is_message(text: str) -> bool:
    """Tell whether a text is a message for people: plain words, and such that messages are made of.

    >>> [is_message(text) for text in ("must have at least 8 characters", "correct horse battery staple")]
    [True, False]
    """
    if len(text) > LONGEST_MESSAGE:
        return False
    words = text.split()
    if len(words) < 2 or not all(_is_word(word) for word in words):
        return False
    if len(words) > 2 and text[:1].isupper() and text.rstrip()[-1:] in ".!":
        return True
    lowered = [word.strip(".,;:!?()\"'").lower() for word in words]
    return lowered[0] in _FIRST and not _STRONG.isdisjoint(lowered)


def _is_word(word: str) -> bool:
    bare = word.strip(".,;:!?()\"'`")
    if bare.isdigit():
        return len(bare) <= 3
    return all(part.isalpha() for part in re.split("['’_/-]", bare) if part)


def is_harmless(value: str, name: str = "") -> bool:
    """Tell whether a text is no secret, although it goes by the name of one."""
    value = value.strip()
    if not any(map(str.isalnum, value[:200])):
        return len(value) <= 200 and (not value or len(set(value)) <= 2 or value == "?")
    plain = value.lower() if len(value) <= 20 else ""
    if plain in _PLAIN:
        return True
    lowered = name.lower()
    if plain in _OF_AUTH and lowered.endswith(("auth", "authorization")):
        return True
    if plain in _OF_TOKENS and lowered.endswith(("token", "secrets", "credentials")):
        return True
    scheme = _scheme().match(value)
    if scheme is not None and (scheme.end() == len(value) or _placeholder().fullmatch(value, scheme.end())):
        return True
    if len(value) <= LONGEST_MESSAGE and _placeholder().fullmatch(value):
        return True
    if lowered.endswith(("secret", "secrets")) and re.fullmatch(r"/?[a-z][a-z_-]*(?:/[a-z][a-z0-9_-]*)+", value[:200]):
        return True  # the name of a secret
    return is_message(value)
