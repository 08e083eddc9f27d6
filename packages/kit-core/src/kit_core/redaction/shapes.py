"""Secrets in texts, found by their own form.

| form | example |
|---|---|
| password or token of a URL | `scheme://user:…@host`, `scheme://:…@host`, `https://0123456789abcdef@host` |
| address with a secret in it | `hooks.slack.com/services/…`, Discord's and Telegram's |
| JSON Web Token | `eyJ….eyJ….…` |
| id of an AWS key, AWS session token | `AKIA…`, `ASIA…`, `IQoJb3JpZ2lu…` |
| key with a known beginning | `ghp_`, `github_pat_`, `xoxb-`, `sk_live_`, `AIza`, `glpat-`, `npm_`, `pypi-`, `SG.`, … |
| private key | `-----BEGIN PRIVATE KEY-----` |
| hash of a password | `$2b$…`, `$argon2id$…` |
| card number | 15 or 16 digits of a card's form, whose check digit is right |
| scheme and credentials | `Bearer …`, `Basic …` |
| argument of a command | `curl -u user:…`, `mysql -p…`, `redis-cli -a …` |
| input of a failed validation | Pydantic's `input_value=…` under the name of a secret |
| values of an SQL statement | `INSERT INTO t (password) VALUES (…)`, `Key (token)=(…)` |
"""

# ruff: noqa: E501  (a form on a line)

import re
from collections.abc import Callable

from kit_core.redaction.harmless import is_harmless
from kit_core.redaction.named import REDACTED
from kit_core.redaction.names import is_secret_name
from kit_core.redaction.patterns import compiled

_PRIVATE_KEY = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]*+(?:-(?!----END)[^-]*+)*+(?:-----END [^-]{0,60}-----)?"
)
_CARD = r"(?<![\w.-])(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-]|\.\d)"
_ROW = r"\(([^()]*)\)"
_CELL = r"(\s*)('(?:[^'\\]|''|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"|[^,()]*)"
_USER = r"[^:/?#@]*"
_PORT = r":\d{1,5}(?:[/?#,]|$)"


def redact_shapes(text: str, lowered: str) -> str:
    """Return `text` without secrets of a known form; `lowered`: the text in small letters, as it was."""
    for hint, pattern, replacement in _SHAPES:
        if hint in lowered:
            text = compiled(pattern).sub(replacement, text)
    return text


def redact_private_keys(text: str) -> str:
    """Return `text` without private keys; they have lines, so that they come before everything that ends with one."""
    return compiled(_PRIVATE_KEY).sub(REDACTED, text)


def redact_cards(text: str) -> str:
    """Return `text` without card numbers."""
    return compiled(_CARD).sub(_without_card, text)


def _without_card(found: "re.Match[str]") -> str:
    digits = [int(each) for each in found[0] if each.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * each, 10)) for each in digits[-2::-2])
    issuer = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    issued = (
        digits[0] in (3, 4)
        or 5100 <= issuer < 5600
        or 2221 <= issuer <= 2720
        or issuer == 6011
        or 6200 <= issuer < 6600
    )
    return REDACTED if total % 10 == 0 and issued and len(set(digits)) > 1 else found[0]


def _without_credentials(found: "re.Match[str]") -> str:
    word = found[2].strip(".")
    plain = word.replace("-", "").replace("/", "").replace("_", "").isalpha()
    # A long text in base64 has small letters and capitals, a word has not.
    mixed = len(word) >= 8 and not (word.islower() or word.istitle() or word.isupper())
    return f"{found[1]}{REDACTED}" if mixed or not plain else found[0]


def _without_input(found: "re.Match[str]") -> str:
    harmless = not is_secret_name(found[1]) or found[3][:1] in "{[" or is_harmless(found[3].strip("'\""))
    return found[0] if harmless else f"{found[1]}{found[2]}{REDACTED}"


def _without_key(found: "re.Match[str]") -> str:
    names = found[1][1:-3].split(",")
    return f"{found[1]}{REDACTED}" if any(is_secret_name(name) for name in names) else found[0]


def _without_columns(found: "re.Match[str]") -> str:
    """Hide the values of an INSERT statement in the columns of secrets."""
    secret = {at for at, name in enumerate(found[2].split(",")) if is_secret_name(name)}

    def row(each: "re.Match[str]") -> str:
        cells: list[str] = []
        at = 0
        while at <= len(each[1]) and (cell := compiled(_CELL).match(each[1], at)) is not None:
            hidden = len(cells) in secret and not is_harmless(cell[2].strip("'\""))
            cells.append(f"{cell[1]}'{REDACTED}'" if hidden else cell[0])
            at = cell.end() + 1
        return f"({','.join(cells)})"

    return found[1] + compiled(_ROW).sub(row, found[3]) if secret else found[0]


def _without_password(found: "re.Match[str]") -> str:
    return "://".join(map(_authority, found[0].split("://"))) if "@" in found[0] else found[0]


def _authority(text: str) -> str:
    """Return the text behind `://` without its password, or without the token in place of the user."""
    at = text.find("@")
    user = compiled(_USER).match(text)
    if at < 0 or user is None or text[0] == "[":
        return text
    end = user.end()
    if end == at:
        token = end >= 16 and any(map(str.isdigit, text[:end])) and any(map(str.isalpha, text[:end]))
        return f"{REDACTED}{text[end:]}" if token else text
    if text[end] != ":" or compiled(_PORT).match(text, end):
        return text
    # A password may have an @ in it, so the last one counts; but not one of the query.
    query = compiled(r"[?#&]").search(text, end)
    last = text.rfind("@", end, query.start() if query else len(text))
    last = last if last >= 0 else at
    return text if is_harmless(text[end + 1 : last]) else f"{text[: end + 1]}{REDACTED}{text[last:]}"


_KEPT = rf"\g<1>{REDACTED}"
_KNOWN_KEYS = (
    ("gh", r"gh[pousr]_[A-Za-z0-9]{16,}"),
    ("_pat_", r"(?:github|dckr)_pat_[\w-]{16,}"),
    ("xox", r"xox[a-z]-[\w-]{8,}"),
    ("k_live_", r"[sr]k_live_\w{10,}"),
    ("k_test_", r"[sr]k_test_\w{10,}"),
    ("whsec_", r"whsec_[\w+/=-]{16,}"),
    ("sk-", r"sk-(?=[\w-]{0,40}\d)[\w-]{20,}"),
    ("aiza", r"AIza[\w-]{30,}"),
    ("glpat-", r"glpat-[\w.-]{16,}"),
    ("npm_", r"npm_[A-Za-z0-9]{30,}"),
    ("pypi-", r"pypi-[\w-]{16,}"),
    ("sg.", r"SG\.[\w-]{10,}\.[\w-]{10,}"),
    ("hvs.", r"hvs\.[\w-]{10,}"),
    ("shpat_", r"shpat_[0-9a-f]{16,}"),
    ("akia", r"AKIA[A-Z0-9]{12,}"),
    ("asia", r"ASIA[A-Z0-9]{12,}"),
    ("iqojb3jpz2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/=%]+"),
    ("gzxivyxdz", r"F[wQ]oGZXIvYXdz[A-Za-z0-9+/=%]+"),
)
_SHAPES: "tuple[tuple[str, str, str | Callable[[re.Match[str]], str]], ...]" = (
    ("input_value=", r"(?m)(?:^|(?<=\\n))([\w.]{1,200})((?:\n|\\{1,15}n) +[^\n]{0,500}?\[type=\w{1,60}, input_value=)(.{0,2000}?)(?=, input_type=|$)", _without_input),
    ("values", r"(?i)(\(([^()]{1,2000})\)\s{0,9}values\s{0,9})((?:\([^()]{0,4000}\)\s{0,9},?\s{0,9})+)", _without_columns),
    (")=(", r"(\([^()\n]{1,500}\)=\()[^()\n]{1,2000}(?=\))", _without_key),
    ("://", r"://[^\s\"'<>`]+", _without_password),
    ("%3a%2f%2f", r"(?i)(%3a%2f%2f[^\s%&/\"']{0,200}%3a)(?:(?!%40)[^\s&\"']){1,200}+(?=%40)", _KEPT),
    ("slack.com", r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/+-]+", _KEPT),
    ("discord", r"(discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{1,30}/)[\w-]+", _KEPT),
    ("telegram", r"(api\.telegram\.org/bot)[\w:-]+", _KEPT),
    ("webhook.office", r"(webhook\.office\.com/webhookb2/)[\w/@-]+", _KEPT),
    ("state=", r"(?<=[?&])(code=|state=[^&\s\"']{0,300}&code=)[^&\s\"']+", _KEPT),
    ("eyj", r"(?<![\w-])eyJ[\w-]{5,}+(?:\.[\w-]*+){1,4}+", REDACTED),
    ("bearer ", r"\b((?:[Bb]earer|BEARER) {1,3})([\w.~+/-]{6,}+(?:={1,2}(?![\w=]))?)", _without_credentials),
    ("basic ", r"\b((?:[Bb]asic|BASIC) {1,3})([\w.~+/-]{6,}+(?:={1,2}(?![\w=]))?)", _without_credentials),
    ("curl", r"((?:\s|[\"'])(?:-u|--user|--proxy-user)(?:[ =]|[\"'], ?[\"'])?)(?:\\{0,15}\"[^\":\n]{1,100}:[^\"\n]+\"|'[^':\n]{1,100}:[^'\n]+'|[^\s:\"'-][^\s:\"']{0,100}:[^\s\"']+)", _KEPT),
    ("http -", r"(\bhttp -(?:a|-auth)[ =][\"']?[^\s:\"']{1,100}:)[^\s\"']+", _KEPT),
    ("mysql", r"(\bmysql[\w-]{0,20} (?:[^\n|; ]{1,100} ){0,20}?-p)(?![\s\"'])[^\s\"']+", _KEPT),
    (" -p", r"(\b(?:login|sshpass) (?:[^\n|; ]{1,100} ){0,20}?-p ?)(?:\"[^\"\n]+\"|'[^'\n]+'|[^\s\"']+)", _KEPT),
    ("redis-cli", r"(\bredis-cli (?:[^\n|; ]{1,100} ){0,20}?-a ?)(?:\"[^\"\n]+\"|'[^'\n]+'|[^\s\"']+)", _KEPT),
    ("$2", r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{22,60}", REDACTED),
    ("$argon2", r"\$argon2(?:id?|d)\$[^\s\"';)]{20,300}", REDACTED),
    *((hint, rf"(?<![A-Za-z0-9]){pattern}", REDACTED) for hint, pattern in _KNOWN_KEYS),
)  # fmt: skip
