"""Values that are no secrets although they stand beside the name of one.

| value | example |
|---|---|
| nothing, a flag, stars | `None`, `true`, `********`, `[redacted]` |
| a placeholder or a reference | `%s`, `{token}`, `${TOKEN}`, `<token>`, `!Ref Password`, an ARN |
| the message of a validation | `must have at least 8 characters`, `Missing data for required field.` |
| a state or a type | `expired`, `required`, `str` |
| a number of several | `tokens: 1532`, `pass: 12` |
| source code | `get_token(request)`, `self.token`, `os.environ["TOKEN"]`, `password=password)` |
"""

from kit_core.redaction.names import is_secret_name
from kit_core.redaction.patterns import compiled

LONGEST_MESSAGE = 300

_STATES_TEXT = """
    none null nil undefined nan true false yes no on off n/a
    absent accepted active changed closed created deleted denied disabled empty enabled error expired fail failed
    filtered found hidden inactive incorrect invalid issued masked matched mismatch missing ok optional passed pending
    present redacted refreshed rejected removed required revoked rotated sent skipped succeeded success successful
    supported unavailable unknown unset unsupported updated used valid verified wrong
    any array bool boolean bytes dict int integer list number object secretstr str string text uuid
"""
_STATES = frozenset(_STATES_TEXT.split())
_OF_AUTH_TEXT = """
    aws_iam basic bearer cognito custom default digest header iam jwt ldap negotiate oauth oauth2 oidc password plain
    scram sigv4 token
"""
_OF_AUTH = frozenset(_OF_AUTH_TEXT.split())
_OF_TOKENS = frozenset(("inherit", "read", "write", "include", "omit", "same-origin"))
# A message begins with one of these, or it is a sentence.
_FIRST_TEXT = """
    a access already an and are at authentication authorization can cannot can't contains could did do does doesn't each
    either ensure enter error expected expired failed field for from has have header in incorrect input invalid is isn't
    it its length longer may maximum minimum missing must needs no none not on only or password passwords please refresh
    rejected required shorter should signature signing some string that the there this to token too unable unexpected
    unknown use value value's verification was were when which with without wrong you your
"""
_FIRST = frozenset(_FIRST_TEXT.split())
# And it has one of these.
_STRONG_TEXT = """
    absent allowed already are be been blank can can't cannot character characters chars contain contains denied did
    differ digit digits does doesn't empty equal exceed exist expected expired failed field found had has have header
    incorrect invalid is isn't least length letter letters long match matches maximum minimum missing most must needs
    not null number numbers provided rejected required set short should such supported unknown unsupported valid verify
    was were wrong
"""
_STRONG = frozenset(_STRONG_TEXT.split())
_MARKS = ".,;:!?()\"'`"

_PLACEHOLDER = r"""(?isx)
    \[?\*{0,3}(?:redacted|filtered|masked|hidden|removed)\*{0,3}\]?(?:[ ]\(\w{1,20}\))?
    | <[^<>]{1,80}> | \{\{.{0,200}?\}\} | \$\{(?:[^{}]|\{[^{}]{0,100}\}){0,200}\}?\} | \$\([^()]{0,200}\)
    | \{[\w.!:()'"\[\]-]{0,80}\} | :[a-z_]{1,60} | \$(?:\d{1,2}|(?-i:[A-Z_][A-Z0-9_]{0,60}))
    | %\(\w{1,80}\)s | %[sdr] | \?
    | !(?:Ref|Sub|GetAtt|ImportValue|FindInMap|secret|env|vault)\b[^\n]{0,200}
    | arn:aws[\w-]{0,20}:[^\s,;"')\]}]{1,300} | alias/[\w/-]{1,100} | process\.env\.\w{1,100} | x{3,} | \*{2,}
"""
_SCHEME = r"(?i)(?:bearer|basic|digest|token|api-?key)(?:\s+|$)"
_PATH = r"/?[a-z][a-z_-]{0,60}(?:/[a-z][a-z0-9_-]{0,60}){1,9}"
_ROOTS = (
    "app|args|body|cfg|client|cls|conf|config|context|creds|credentials|ctx|data|env|environ|event|form|headers|kwargs"
    "|options|opts|os|params|payload|process|req|request|resp|response|self|session|settings|this|user"
)
_SOURCE = rf"""(?x)
    (?:(?:await|not|new|yield)[ ])? [a-z_]\w{{0,80}} (?:\??\.\w{{1,80}}){{0,9}} [(\[]
    | [A-Z]\w{{0,80}} (?:\.\w{{1,80}}){{0,9}} \( [A-Za-z_.=, ]{{0,200}} \)
    | (?:and|as|assert|async|await|break|continue|else|for|if|in|is|lambda|new|not|or|pass|raise|return|yield)
      (?=[\s:]|$)
    | (?:{_ROOTS}) (?:\.[A-Za-z_]\w{{0,80}}){{1,9}} (?=[\s,;)\]}}:\\"']|$)
    | (?:str|bytes|int|float|bool|dict|list|string|number|any|Any|SecretStr|(?:Optional|Union|Annotated)(?=\[))
      (?=[\s,)=|;\[]|$)
"""
_IDENTIFIER = (
    r"(?P<name>[A-Za-z_]{1,60}(?:\.[A-Za-z_]{1,60}){0,4})"
    r"(?:(?P<closed>[)\],;:}])|[ \t]{0,40}(?:$|\n)|[ \t](?:or|and|if|is)\b)"
)


def placeholder_end(text: str, at: int) -> int:
    """Return where a placeholder ends that begins at `at` and is all of a value; `at` if there is none."""
    found = compiled(_PLACEHOLDER).match(text, at, at + 400)
    if found is None or (found.end() < len(text) and not compiled(r"[\s,;&\"'`)\]}@\\<:]").match(text, found.end())):
        return at
    return found.end()


def is_source(text: str, at: int, *, spaced: bool) -> bool:
    """Tell whether an expression of source code begins at `at`; `spaced`: as in `name = value`."""
    if compiled(_SOURCE).match(text, at, at + 400) is not None:
        return True
    found = compiled(_IDENTIFIER).match(text, at, at + 400)
    return found is not None and (spaced or found["closed"] is not None) and is_secret_name(found["name"])


def is_message(text: str) -> bool:
    """Tell whether a text is a message for people: plain words, such as messages of validations have.

    >>> [is_message(text) for text in ("must have at least 8 characters", "correct horse battery staple")]
    [True, False]
    """
    words = text.split() if len(text) <= LONGEST_MESSAGE else []
    if len(words) < 2 or not all(map(_is_word, words)):
        return False
    if len(words) > 2 and words[0][:1].isupper() and words[-1][-1] in ".!":
        return True
    lowered = [word.strip(_MARKS).lower() for word in words]
    return lowered[0] in _FIRST and not _STRONG.isdisjoint(lowered)


def _is_word(word: str) -> bool:
    bare = word.strip(_MARKS)
    if bare.isdigit():
        return len(bare) <= 3
    return all(part.isalpha() for part in compiled("['’_/-]").split(bare) if part)


def is_harmless(value: str, name: str = "") -> bool:
    """Tell whether a text is no secret, although it goes by the name of one."""
    value = value.strip()
    if len(value) <= 200 and not any(map(str.isalnum, value)):
        return len(set(value)) <= 2
    plain = value.lower() if len(value) <= 20 else ""
    lowered = name.lower()
    if plain in _STATES or (plain.isdigit() and _is_number(plain, lowered)):
        return True
    if plain in _OF_AUTH and lowered.endswith(("auth", "authorization")):
        return True
    if plain in _OF_TOKENS and lowered.endswith(("token", "secrets", "credentials")):
        return True
    scheme = compiled(_SCHEME).match(value)
    if scheme is not None and (scheme.end() == len(value) or compiled(_PLACEHOLDER).fullmatch(value, scheme.end())):
        return True
    if len(value) > LONGEST_MESSAGE:
        return False
    if compiled(_PLACEHOLDER).fullmatch(value):
        return True
    if lowered.endswith(("secret", "secrets")) and compiled(_PATH).fullmatch(value):
        return True  # the name of a secret
    return is_message(value)


def _is_number(digits: str, name: str) -> bool:
    return name.endswith(("tokens", "secrets", "passwords", "cookies", "credentials", "keys")) or (
        len(digits) <= 3 and name == "pass"
    )
