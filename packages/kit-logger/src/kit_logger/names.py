"""Which names stand for secrets.

A name is looked at without its case and punctuation, and by how it ends: `x-api-key`, `ClientSecret` and `db_password`
are secrets, `secret_arn` and `token_count` are not.
"""

# How the name of a secret ends; `~` stands for what may be between two words.
ENDINGS = (
    *("password", "passwords", "passwd", "passwds", "password~hash", "passphrase", "pwd"),
    *("authorization", "cookie", "cookies", "credential", "credentials", "signature", "jwt", "bearer", "dsn"),
    *("connection~string", "conn~str"),
    *(f"{word}{end}" for word in ("secret", "token") for end in ("", "s", "~value", "~string", "~text", "~hash")),
    *(
        f"{word}~key{end}"
        for word in ("api", "access", "account", "encryption", "master", "private", "secret", "signing")
        for end in ("", "s")
    ),
)
# Names that are secrets as a whole: too short to be an ending.
WHOLE = ("auth", "otp", "pass", "pin", "sig")

_MOST_KNOWN = 4096  # names may come from outside
_endings = tuple(ending.replace("~", "") for ending in ENDINGS)
_known: dict[str, bool] = {}


def is_sensitive(name: str) -> bool:
    """Tell whether what goes by this name is a secret."""
    known = _known.get(name)
    if known is None:
        bare = "".join(filter(str.isalnum, name[-80:].lower()))
        known = bare.endswith(_endings) or bare in WHOLE
        if len(_known) < _MOST_KNOWN:
            _known[name] = known
    return known


def hides(name: str, value: object) -> bool:
    """Tell whether a value is a secret because of its name; nothing, a flag and a number of tokens are none."""
    if value is None or not is_sensitive(name) or type(value) is bool:
        return False
    return type(value) not in (int, float) or not name.lower().endswith("tokens")
