"""Secrets in texts, found by their own form.

| form | example |
|---|---|
| password or token of a URL | `scheme://user:…@host`, `scheme://:…@host`, `https://0123456789abcdef@host` |
| address with a secret in it | `hooks.slack.com/services/…`, Discord's and Telegram's |
| JSON Web Token | `eyJ….eyJ….…` |
| id of an AWS key, AWS session token | `AKIA…`, `ASIA…`, `IQoJb3JpZ2lu…` |
| key with a known beginning | `ghp_…`, `github_pat_…`, `xoxb-…`, `sk_live_…`, `AIza…`, `glpat-…`, `npm_…`, `pypi-…`, `SG.…` |
| private key | `-----BEGIN PRIVATE KEY-----` |
| hash of a password | `$2b$…`, `$argon2id$…` |
| card number | 15 or 16 digits of a card's form, whose check digit is right |
| scheme and credentials | `Bearer …`, `Basic …` |
| argument of a command | `curl -u user:…`, `mysql -p…`, `redis-cli -a …` |
| input of a failed validation | Pydantic's `input_value=…` under the name of a secret |
| values of an SQL statement | `INSERT INTO t (password) VALUES (…)`, `Key (token)=(…)` |
"""

import re
from collections.abc import Callable
from functools import cache

from kit_core.redaction.harmless import is_harmless
from kit_core.redaction.named import REDACTED
from kit_core.redaction.names import is_secret_name

Replacement = Callable[["re.Match[str]"], str]

# What a text must hold, so that it is worth looking for the form.
BEGINNINGS = ("eyJ", "AKIA", "ASIA", "BEGIN", "://", "%3A%2F%2F", "$")


def redact_shapes(text: str, lowered: str) -> str:
    """Return `text` without what has the form of a secret; `lowered`: the text in small letters."""
    for hints, pattern, replacement in _shapes():
        if any(hint in lowered for hint in hints):
            text = pattern().sub(replacement, text)
    return text


def _lazy(pattern: str, flags: int = 0) -> "Callable[[], re.Pattern[str]]":
    return cache(lambda: re.compile(pattern, flags))


@cache
def _shapes() -> "tuple[tuple[tuple[str, ...], Callable[[], re.Pattern[str]], Replacement | str], ...]":
    kept = rf"\g<1>{REDACTED}"
    return (
        (
            ("begin ",),
            _lazy(
                r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[^-]|-)*?(?:-----END [^-]{0,60}-----|\Z)"
            ),
            REDACTED,
        ),
        (
            ("input_value=",),
            _lazy(
                r"(?m)^([\w.]{1,200})(\n +[^\n]{0,500}?\[type=\w{1,60}, input_value=)(.{0,2000}?)(?=, input_type=|$)"
            ),
            _input,
        ),
        (
            ("values",),
            _lazy(r"\(([^()]{1,2000})\)\s{0,9}values\s{0,9}((?:\([^()]{0,4000}\)\s{0,9},?\s{0,9})+)", re.I),
            _inserted,
        ),
        ((")=(",), _lazy(r"(\([^()\n]{1,500}\)=\()([^()\n]{1,2000})(?=\))"), _key),
        (("://",), _lazy(r"://[^\s\"'<>`]+"), _url),
        (("%3a%2f%2f",), _lazy(r"(%3a%2f%2f[^\s%&/\"']{0,200}%3a)(?:(?!%40)[^\s&\"']){1,200}+(?=%40)", re.I), kept),
        (
            ("slack.com", "discord", "telegram", "webhook"),
            _lazy(
                r"((?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{1,30}|webhook\.office\.com/webhookb2)/|api\.telegram\.org/bot)[\w/:@+-]+",
                re.I,
            ),
            kept,
        ),
        (
            ("code=",),
            _lazy(r"([?&]code=)[^&\s\"']+(?=&[^\s\"']{0,300}state=)|((?<=[?&])state=[^&\s\"']{0,300}&code=)[^&\s\"']+"),
            _code,
        ),
        (("eyj",), _lazy(r"(?<![\w-])eyJ[\w-]{5,}+(?:\.[\w-]*+){1,4}+"), REDACTED),
        (("bearer ", "basic "), _lazy(r"\b((?:[Bb]earer|[Bb]asic|BEARER|BASIC) {1,3})([\w.~+/-]{6,}={0,2})"), _scheme),
        (
            ("curl", "http ", "https ", "wget"),
            _lazy(
                r"((?:^|[\s\"'])(?:-u|--user|--proxy-user|-a|--auth)(?:[ =]|[\"'], [\"'])?[\"']?[^\s:\"'-][^\s:\"']{0,100}:)(?![\d/])(?:(?<=[\"'].)[^\"'\n]+|[^\s\"']+)"
            ),
            kept,
        ),
        (
            ("mysql", "mariadb"),
            _lazy(r"(\b(?:mysql|mariadb)[\w-]{0,20}[ ][^\n|;]{0,300}?(?<=\s)-p)(?![\s\"'])[^\s\"']+"),
            kept,
        ),
        (
            ("login", "sshpass", "redis-cli"),
            _lazy(
                r"(\b(?:login|sshpass|redis-cli)\b[^\n|;]{0,300}?[ ](?:-p|-a)[ ]?)(?:\"[^\"\n]+\"|'[^'\n]+'|[^\s\"']+)"
            ),
            kept,
        ),
        (
            ("$",),
            _lazy(
                r"\$(?:2[abxy]\$\d\d\$[./A-Za-z0-9]{22,60}|argon2(?:id?|d)\$[^\s\"',;)]{20,300}|[1567y]\$[^\s\"',;)$]{1,40}\$[./A-Za-z0-9]{20,200})"
            ),
            REDACTED,
        ),
        (("akia", "asia"), _lazy(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}"), REDACTED),
        (_PREFIXES, _known_keys, REDACTED),
        (
            tuple("0123456789"),
            _lazy(r"(?<![\w.-])(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-]|\.\d)"),
            _card,
        ),
    )


_PREFIXES = (
    *(
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "xox",
        "xapp-",
        "k_live_",
        "k_test_",
        "whsec_",
        "sk-",
        "aiza",
    ),
    *(
        "glpat-",
        "gldt-",
        "glrt-",
        "npm_",
        "pypi-",
        "sg.",
        "hvs.",
        "hvb.",
        "ya29.",
        "gocspx-",
        "hf_",
        "shpat_",
        "shpss_",
    ),
    *("dckr_pat_", "dop_v1_", "atatt3", "iqojb3jpz2lu", "fwogzxiv", "fqogzxiv", "age-secret-key-", "sq0", "tskey-"),
)


@cache
def _known_keys() -> "re.Pattern[str]":
    return re.compile(
        r"""(?x)(?<![A-Za-z0-9])(?:
        gh[pousr]_[A-Za-z0-9]{16,} | github_pat_\w{16,} | xox[a-z]-[\w-]{8,} | xapp-[\w-]{10,} | [sr]k_(?:live|test)_\w{10,}
        | whsec_[\w+/=-]{16,} | sk-(?=[\w-]*\d)[\w-]{20,} | AIza[\w-]{30,} | gl(?:pat|dt|rt)-[\w.-]{16,} | npm_[A-Za-z0-9]{30,}
        | pypi-[\w-]{16,} | SG\.[\w-]{10,}\.[\w-]{10,} | hv[sb]\.[\w-]{10,} | ya29\.[\w-]{10,} | GOCSPX-[\w-]{10,} | hf_[A-Za-z0-9]{30,}
        | shp(?:at|ss|ca|pa)_[0-9a-f]{16,} | dckr_pat_[\w-]{16,} | do[opr]_v1_[0-9a-f]{32,} | ATATT3[\w=-]{20,}
        | (?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=%]+ | AGE-SECRET-KEY-1[A-Z0-9]{20,} | sq0[a-z]{3}-[\w-]{20,}
        | tskey-[\w-]{10,}
        )"""
    )


def _card(found: "re.Match[str]") -> str:
    digits = [int(each) for each in found[0] if each.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * each, 10)) for each in digits[-2::-2])
    first = int("".join(map(str, digits[:4])))
    issued = (
        digits[0] in (3, 4) or 5100 <= first < 5600 or 2221 <= first <= 2720 or first == 6011 or 6200 <= first < 6600
    )
    return REDACTED if total % 10 == 0 and issued and len(set(digits)) > 1 else found[0]


def _scheme(found: "re.Match[str]") -> str:
    value = found[2]
    rest = value.strip(".")
    plain = rest.replace("-", "").replace("/", "").isalpha()
    mixed = not (rest.islower() or rest.istitle() or rest.isupper())
    # A long text in base64 has small and capital letters, a word has not.
    if plain and not (mixed and len(rest) >= 8):
        return found[0]
    return f"{found[1]}{REDACTED}"


def _code(found: "re.Match[str]") -> str:
    return f"{found[1] or found[2]}{REDACTED}"


def _input(found: "re.Match[str]") -> str:
    if not is_secret_name(found[1]) or found[3][:1] in "{[" or is_harmless(found[3].strip("'\"")):
        return found[0]
    return f"{found[1]}{found[2]}{REDACTED}"


def _key(found: "re.Match[str]") -> str:
    names = found[1][1:-3].split(",")
    return f"{found[1]}{REDACTED}" if any(is_secret_name(name.strip(' "')) for name in names) else found[0]


def _inserted(found: "re.Match[str]") -> str:
    """Hide what an INSERT statement has in the columns of secrets."""
    secret = {at for at, name in enumerate(found[1].split(",")) if is_secret_name(name.strip(' "`[]\n'))}
    if not secret:
        return found[0]
    value = re.compile(r"(\s*)('(?:[^'\\]|''|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"|[^,()]*)")

    def hidden(row: "re.Match[str]") -> str:
        parts, at = [], 0
        while (each := value.match(row[1], at)) is not None:
            hide = len(parts) in secret and not is_harmless(each[2].strip("'\""))
            parts.append(f"{each[1]}'{REDACTED}'" if hide else each[0])
            at = each.end() + 1
            if at > len(row[1]):
                break
        return f"({','.join(parts)})"

    rows = re.sub(r"\(([^()]*)\)", hidden, found[2])
    return found[0][: len(found[0]) - len(found[2])] + rows


def _url(found: "re.Match[str]") -> str:
    if "@" not in found[0]:
        return found[0]
    return "://".join(map(_authority, found[0].split("://")))


def _authority(text: str) -> str:
    """Return what follows `://` without its password, or without the token that stands for the user."""
    at = text.find("@")
    if at < 0 or text[:1] == "[":
        return text
    user = re.compile(r"[^:/?#@]*").match(text)
    end = user.end() if user else 0
    if text[end : end + 1] == "@":
        token = text[:end]
        hide = len(token) >= 16 and any(map(str.isdigit, token)) and any(map(str.isalpha, token))
        return f"{REDACTED}{text[end:]}" if hide else text
    if text[end : end + 1] != ":" or re.compile(r":\d{1,5}(?:[/?#,]|$)").match(text, end):
        return text
    stop = re.compile(r"[^?#&]*").match(text, end)
    last = text.rfind("@", end, stop.end() if stop else len(text))
    last = last if last >= 0 else at
    if is_harmless(text[end + 1 : last]):
        return text
    return f"{text[: end + 1]}{REDACTED}{text[last:]}"
