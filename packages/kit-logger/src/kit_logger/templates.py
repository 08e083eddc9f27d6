"""Message templates whose arguments are secrets by the word before their place."""

import functools
import re

from kit_core.redaction import REDACTED, is_secret_name

_CONVERSION = re.compile(r"%(?:\((?P<key>\w{1,80})\))?[-#0 +]{0,5}(?:\d{1,4}|\*)?(?:\.(?:\d{1,4}|\*))?[a-zA-Z%]")
# `token %s`, `api key is %s`, `password: '%s'`: the one or two words before it
_NAME = re.compile(
    r"(?:(?P<first>[\w.-]{1,40})[ ])?(?!(?:is|was|for|value)\b)(?P<last>[\w.-]{1,80})"
    r"(?:\s(?:is|was|for|value))?[\s\"'=:>(]{0,4}$",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=1024)
def redacted_template(template: str) -> str:
    """Return a template that shows nothing of the arguments that are secrets by name.

    `"token %s"` becomes `"token %.0s[redacted]"`: the argument is taken, and none of its characters is shown.
    """
    pieces, end = [], 0
    for found in _CONVERSION.finditer(template):
        if found[0].endswith("%"):
            continue
        key = found["key"]
        pieces.append(template[end : found.start()])
        if is_secret_name(key) if key else _names_a_secret(pieces[-1]):
            pieces.append(f"%({key}).0s{REDACTED}" if key else f"%.0s{REDACTED}")
        else:
            pieces.append(found[0])
        end = found.end()
    return "".join((*pieces, template[end:]))


def _names_a_secret(before: str) -> bool:
    found = _NAME.search(before[-128:])
    if found is None:
        return False
    first, last = found["first"], found["last"]
    return is_secret_name(last) or (first is not None and is_secret_name(f"{first}_{last}"))
