"""This package's version, and the name by which it calls itself to AWS."""

import os
import sys
from functools import cache

VERSION = "0.1.0"


@cache
def user_agent() -> str:
    """Return the User-Agent of this process: the version, the platform, and AWS_SDK_UA_APP_ID if there is one."""
    python = ".".join(map(str, sys.version_info[:3]))
    parts = [f"kit-aws/{VERSION}", f"os/{sys.platform}", f"lang/python#{python}"]
    if environment := os.environ.get("AWS_EXECUTION_ENV"):
        parts.append(f"exec-env/{_plain(environment)}")
    if app := os.environ.get("AWS_SDK_UA_APP_ID"):
        parts.append(f"app/{_plain(app)}")
    return " ".join(parts)


def _plain(text: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "!$%&'*+-.^_`|~#") else "-" for each in text)
