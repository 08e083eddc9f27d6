"""Texts without their secrets, whatever their format.

Most texts have none: telling so decides how fast a log line is.
"""

from kit_core.redaction.named import redact_named
from kit_core.redaction.patterns import compiled
from kit_core.redaction.shapes import redact_cards, redact_private_keys, redact_shapes

_MARKS = b":\"'>])\\"
# Digits and hyphens become 0, marks after a name become =, capitals become small letters.
_FOLDED = bytes.maketrans(
    b"123456789-" + _MARKS + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"0000000000" + b"=" * len(_MARKS) + b"abcdefghijklmnopqrstuvwxyz",
)
# Parts of names and of forms, each from one of its rare letters on: few places of a text have to be looked at.
_HINTS = (
    r"p(?:ass|in ?=|wd|w ?=|at_|ypi0|m_|(?<=otp) ?=|(?<=http) 0)"  # password, pin, pwd, github_pat_, pypi-, npm_
    r"|k(?:ey|(?<=tok)en|(?<=ook)ie|(?<=sk)0|(?<=[sr]k)_|ia|\.com|s/|b0/)"  # token, cookie, sk-, AKIA, slack.com
    r"|c(?:re[dt]|odes? ?=|ard|v[vc]|url |_|li 0)"  # credential, secret, code, card, cvv, curl, whsec_, redis-cli
    r"|g(?:nature|(?<=sig) ?=|h[oprsu]_|lpat0|ram\.|in 0|zxiv)"  # signature, ghp_, glpat-, telegram.org, login -
    r"|j(?:wt|(?<=eyj)|(?<=iqoj))|xox|z(?<=aiz)a|q(?<=mysq)l|v(?<=hv)s\.|\$(?:0|argon)"
)


def redact_plain(text: str) -> str:
    """Return a text without its secrets, found by name and by form."""
    if "PRIVATE KEY" in text:
        text = redact_private_keys(text)
    lowered = text.lower()
    if len(lowered) != len(text):  # one letter, whose small form is two characters
        lowered = text.replace("İ", "i").lower()
    return redact_cards(redact_shapes(redact_named(text, lowered), lowered))


def may_have_secrets(text: str) -> bool:
    """Tell whether a text has a part of a name, or of a form, that secrets have."""
    folded = text.encode("ascii", "replace").translate(_FOLDED).decode("ascii")
    return (
        compiled(_HINTS).search(folded) is not None
        or "auth" in folded
        or "sess" in folded
        or "socket0protocol" in folded
        or "bearer " in folded
        or "basic " in folded
        or "000000000000000" in folded
        or "0000 0000" in folded
        or ("@" in text and "://" in text)
        or ("A" in text and "ASIA" in text)
        or ("G" in text and "SG." in text)
        or ("%" in text and ("%40" in text or "%3" in text))
        or ("'" in text and "identified by" in folded)
    )
