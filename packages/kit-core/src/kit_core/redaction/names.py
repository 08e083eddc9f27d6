"""Names of secrets.

A name is read as words: `x-api-key`, `ApiKey` and `API_KEY` are the same. Its last secret word decides, with the words
around it:

- `password`, `db_password`, `dbPassword2`, `password_confirmation`: a secret
- `password_min_length`, `token_count`, `secret_arn`: about a secret
- `next_token`, `max_tokens`: a token of another kind
- `is_password`, `get_token`: a flag, a function
- `auth`, `pin`, `pass` and other short words: only as a whole word at the end
"""

import re
from functools import cache

# `~`: nothing, or one of space, hyphen, underscore. Each stands at the end of a name or before a further word.
_KEYS = (
    "access~key~id",
    "(?:api|access|account|app|application|auth|consumer|deploy|encryption|hmac|jwt|license|master|private|rsa|secret"
    "|session|shared|shared~access|signing|ssh|subscription|webhook|openai|sendgrid|stripe|twilio)~keys?",
)
_CODES = (
    "(?:auth|authorization|backup|mfa|one~time|otp|recovery|security|sms|totp|verification)~codes?",
    "card~(?:number|num|no)",
    "cc~(?:number|num)",
    "credit~card",
)
LONG = (
    *("pass~words?(?:hash|confirm|confirmation|repeat|again|new|old)?", "pass~wds?", "pass~phrases?", "pass~codes?"),
    *("pwds?", "passwort", "kennwort", "secrets?(?:value|string|hash)?", "tokens?(?:value|string|hash)?"),
    *("authorization", "cookies?", "credentials?", "signature", "jwts?", "bearer", "dsn", "csrf", "xsrf"),
    *("conn(?:ection)?~str(?:ing)?", "sess(?:ion)?~id", "code~verifier", "client~assertion", "saml~response"),
    *("mnemonic", "seed~phrase", *_KEYS, *_CODES),
)
SHORT = ("auth", "cvc2?", "cvv2?", "otp", "pass", "pin", "psw", "pw", "sig", "totp")

_SHORT_OR_COOKIE = re.compile(rf"(?:{'|'.join(SHORT)}|cookies?)$")
_PLURAL = frozenset({"tokens"})
# Further words that keep a short name, or a cookie, a secret.
_SECRETIVE = frozenset("code hash header key plain raw string text value values".split())
# Further words that make a name one about a secret.
_ABOUT = frozenset(
    """
    age alg algorithm algorithms arn arns at attempts audience authentication authorizer authorizers backend based
    bits bucket budget button bytes cache change changed characters chars claims class column config configuration
    count counter counts created date days denied describe description digits disabled does domain enabled encoder
    endpoint error errors event events exception exceptions exists exp expiration expire expired expires expiry
    factory failed failure failures field fields file filename filepath flow form format found free generator go
    grant handler hasher help hint hours html id identifier ids index info interval invalid issued issuer java job js
    json label last leeway left length less lifetime limit limits login manager match max md message metadata method
    middleware min minutes mismatch missing mode model module ms name names not of optional options owner page param
    parameter parser path per placeholder policies policy position prefix protected provider providers purpose py
    rate rb ref refresh region remaining required reset resolver role rotated rotation rule rules santa scheme scope
    scopes score screen seconds selection service size source stack state status storage store strength subject
    suffix tags template time timeout title ts ttl txt type types updated uri url usage use used user username valid
    validated validation validator validators validity verified version versions view worker yaml yml
    """.split()
)
_PAGES = frozenset(
    """
    backward bos cancellation change cls continuation cursor delta eos fencing first forward idempotency mask next
    pad page paging pagination scroll sep sequence special start starting stop sync unexpected unk
    """.split()
)
_AMOUNTS = frozenset(
    "cached completion input max maximum min minimum n new num output prompt reasoning remaining special total used".split()
)
_VERBS = frozenset(
    """
    allow build check create decode describe disable enable encode fetch find generate get has ignore is issue list
    load make missing needs no not parse put require requires revoke rotate skip supports unexpected validate without
    """.split()
)
_LONGEST = 100
_MOST_KNOWN = 4096  # names may come from outside
_known: dict[str, bool] = {}


@cache
def _patterns() -> "tuple[re.Pattern[str], re.Pattern[str]]":
    words = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[./]")
    stems = "|".join(LONG).replace("~", "_?")
    return words, re.compile(rf"(?:{stems}|(?<![a-z])(?:{'|'.join(SHORT)}))(?![a-z])")


def is_secret_name(name: str) -> bool:
    """Tell whether the value that goes by this name is a secret.

    >>> [is_secret_name(name) for name in ("DB_PASSWORD", "X-Api-Key", "NextToken", "secret_arn", "shipping")]
    [True, True, False, False, False]
    """
    known = _known.get(name)
    if known is None:
        known = _is_secret_name(name[-_LONGEST:])
        if len(_known) < _MOST_KNOWN and len(name) <= _LONGEST:
            _known[name] = known
    return known


def _is_secret_name(name: str) -> bool:
    words, stems = _patterns()
    plain = "_".join(words.findall(name)).lower()
    found = None
    for each in stems.finditer(plain):
        found = each
    if found is None:
        return False
    after = plain[found.end() :].replace(".", "").split("_")
    if _SHORT_OR_COOKIE.search(found[0]):
        if not all(not word or word.isdigit() or word in _SECRETIVE for word in after):
            return False
    elif not _ABOUT.isdisjoint(after):
        return False
    before = re.split("[./]", plain[: found.start()])[-1].strip("_").split("_")
    if not _VERBS.isdisjoint(before):
        return False
    if found[0].startswith("token"):
        request = before[-2:] == ["client", "request"]
        return not (request or before[-1] in _PAGES or (found[0] in _PLURAL and not _AMOUNTS.isdisjoint(before)))
    return True
