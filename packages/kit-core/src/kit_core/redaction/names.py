"""Names of secrets.

A name is read as words: `x-api-key`, `ApiKey` and `API_KEY` are the same. Its last secret word decides, with the words
around it:

| name | |
|---|---|
| `password`, `db_password`, `dbPassword2`, `password_confirmation` | a secret |
| `password_min_length`, `token_count`, `secret_arn` | about a secret: further words say so |
| `next_token`, `max_tokens`, `clientRequestToken` | a token of another kind: words before say so |
| `has_password`, `get_token` | a flag, a function |
| `auth`, `pin`, `pass`, `cookie` and other short words | a secret only at the end |
"""

from kit_core.redaction.patterns import compiled

# `~`: nothing, or an underscore.
_LONG = (
    *("pass~words?(?:hash|confirm|confirmation|repeat|again|new|old)?", "pass~wds?", "pass~phrases?", "pass~codes?"),
    *("pwds?", "passwort", "secrets?(?:value|string|hash)?", "tokens?(?:value|string|hash)?", "authorization"),
    *("cookies?", "credentials?", "signature", "jwts?", "bearer", "dsn", "csrf", "xsrf", "mnemonic", "seed~phrase"),
    *("conn(?:ection)?~str(?:ing)?", "sess(?:ion)?~id", "code~verifier", "client~assertion", "saml~response"),
    *("card~(?:number|num|no)", "cc~(?:number|num)", "credit~card", "access~key~id"),
    "sec~web~socket~protocol",  # browsers can offer a token there, and in no other field of a WebSocket
    "(?:api|access|account|app|application|auth|consumer|deploy|encryption|hmac|jwt|license|master|private|rsa|secret"
    "|session|shared|shared~access|signing|ssh|subscription|webhook|openai|sendgrid|stripe|twilio)~keys?",
    "(?:auth|authorization|backup|mfa|one~time|otp|recovery|security|sms|totp|verification)~codes?",
)
_SHORT = "auth|cvc2?|cvv2?|otp|pass|pin|psw|pw|sig|totp"
_WORDS = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[./]"
_STEMS = rf"(?:{'|'.join(_LONG).replace('~', '_?')}|(?<![a-z])(?:{_SHORT}))(?![a-z])"
_SHORT_OR_COOKIE = rf"(?:{_SHORT}|cookies?)"

# Further words that make a name one about a secret.
_ABOUT_TEXT = """
    age alg algorithm algorithms arn arns at attempts audience authentication authorizer authorizers backend based bits
    bucket budget button bytes cache change changed characters chars claims class column config configuration count
    counter counts created date days denied describe description digits disabled does domain enabled encoder endpoint
    error errors event events exception exceptions exists exp expiration expire expired expires expiry factory failed
    failure failures field fields file filename filepath flow form format found free generator go grant handler hasher
    help hint hours html id identifier ids index info interval invalid issued issuer java job js json label last leeway
    left length less lifetime limit limits login manager match max md message metadata method middleware min minutes
    mismatch missing mode model module ms name names not of optional options owner page param parameter parser path per
    placeholder policies policy position prefix protected provider providers purpose py rate rb ref refresh region
    remaining required reset resolver role rotated rotation rule rules scheme scope scopes score screen seconds
    selection service size source stack state status storage store strength subject suffix tags template time timeout
    title ts ttl txt type types updated uri url usage use used user username valid validated validation validator
    validators validity verified version versions view worker yaml yml
"""
_ABOUT = frozenset(_ABOUT_TEXT.split())
# Further words that keep a short name a secret.
_SECRETIVE = frozenset(("code", "hash", "header", "key", "plain", "raw", "string", "text", "value", "values"))
# Words before `token`: of a page of a list, of an idempotent request, of a language model.
_OTHER_TOKENS_TEXT = """
    backward bos cancellation change cls continuation cursor delta eos fencing first forward idempotency mask next pad
    page paging pagination scroll sep sequence special start starting stop sync unexpected unk
"""
OTHER_TOKENS = frozenset(_OTHER_TOKENS_TEXT.split())
_AMOUNTS_TEXT = "cached completion input max maximum min minimum new num output prompt reasoning remaining total used"
_AMOUNTS = frozenset(_AMOUNTS_TEXT.split())
_VERBS_TEXT = """
    allow build check create decode describe disable enable encode fetch find generate get has ignore is issue list load
    make missing needs no not parse put require requires revoke rotate skip supports unexpected validate without
"""
_VERBS = frozenset(_VERBS_TEXT.split())
_LONGEST = 100
_MOST_KNOWN = 4096  # names may come from outside
_known: dict[str, bool] = {}


def is_secret_name(name: str) -> bool:
    """Tell whether the value that goes by this name is a secret.

    >>> [is_secret_name(name) for name in ("DB_PASSWORD", "X-Api-Key", "NextToken", "secret_arn", "shipping")]
    [True, True, False, False, False]
    """
    known = _known.get(name)
    if known is None:
        known = _is_secret(name[-_LONGEST:])
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        if len(name) <= _LONGEST:
            _known[name] = known
    return known


def _is_secret(name: str) -> bool:
    plain = "_".join(compiled(_WORDS).findall(name)).lower()
    found = None
    for each in compiled(_STEMS).finditer(plain):
        found = each
    if found is None:
        return False
    after = plain[found.end() :].replace(".", "").split("_")
    if compiled(_SHORT_OR_COOKIE).fullmatch(found[0]):
        if not all(not word or word.isdigit() or word in _SECRETIVE for word in after):
            return False
    elif not _ABOUT.isdisjoint(after):
        return False
    before = plain[: found.start()].replace("/", ".").rpartition(".")[2].strip("_").split("_")
    if not _VERBS.isdisjoint(before):
        return False
    if not found[0].startswith("token"):
        return True
    if before[-1] in OTHER_TOKENS or before[-2:] == ["client", "request"]:
        return False
    return not (found[0] == "tokens" and not _AMOUNTS.isdisjoint(before))
