"""Templates of log messages whose arguments are secrets."""

from functools import lru_cache

from kit_core.redaction.named import REDACTED
from kit_core.redaction.names import is_secret_name
from kit_core.redaction.patterns import compiled
from kit_core.redaction.texts import may_have_secrets

_CONVERSION = r"%(?:\((?P<key>[^()]{1,80})\))?[-#0 +]{0,5}(?:\d{1,4}|\*)?(?:\.(?:\d{1,4}|\*))?(?P<kind>[a-zA-Z])|%%"
_BEFORE = r"(?:(?P<first>[A-Za-z]{1,40}) )?(?P<last>[\w.-]{1,60})(?: is| was| value)?(?:[\"'=> ]{1,4}|\()\Z"


@lru_cache(maxsize=1024)
def redact_template(template: str) -> str:
    """Return a message for `%`, such that arguments that are secrets by name are taken and not written.

    >>> redact_template("token %s of %s") % ("s3cr3t", "ann")
    'token [redacted] of ann'

    Behind a colon nothing is hidden: `"invalid token: %s"` may be followed by a reason as well as by the token, so
    that the whole message has to be given to `redact_text`.
    """
    if "%" not in template or not may_have_secrets(template):
        return template
    pieces, done = [], 0
    for found in compiled(_CONVERSION).finditer(template):
        if found["kind"] is None or not _is_secret(template, found.start(), found["key"], found["kind"]):
            continue
        key = f"({found['key']})" if found["key"] else ""
        pieces.append(f"{template[done : found.start()]}%{key}.0s{REDACTED}")
        done = found.end()
    return "".join(pieces) + template[done:]


def _is_secret(template: str, at: int, key: str | None, kind: str) -> bool:
    if key is not None:
        return is_secret_name(key)
    before = compiled(_BEFORE).search(template, max(0, at - 120), at)
    if before is None:
        return False
    last = before["last"]
    if kind in "dif" and last.lower().endswith("tokens"):
        return False
    first = before["first"] or ""
    if is_secret_name(last) and "token" not in last.lower():
        return True
    return is_secret_name(f"{first} {last}") and (is_secret_name(last) or not is_secret_name(first))
