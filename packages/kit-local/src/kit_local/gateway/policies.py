"""What an authorizer's IAM policy says about one method."""

import re
from typing import Any

# Without Condition, NotAction and NotResource; a statement with one of them can deny, but never allow.
_KNOWN = {"Sid", "Effect", "Action", "Resource"}


def allows(document: dict[str, Any], arn: str) -> bool | None:
    """Return True when the policy allows to invoke `arn`, False when it denies that, None when it is silent."""
    statements = document.get("Statement") or []
    allowed = None
    for statement in [statements] if isinstance(statements, dict) else statements:
        applies = _names(statement.get("Action", "*"), "execute-api:Invoke", ignore_case=True)
        applies = applies and _names(statement.get("Resource", "*"), arn)
        if applies and statement.get("Effect") == "Deny":
            return False
        if applies and statement.get("Effect") == "Allow" and {"Action", "Resource"} <= statement.keys() <= _KNOWN:
            allowed = True
    return allowed


def _names(patterns: str | list[str], value: str, *, ignore_case: bool = False) -> bool:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(expression, value, flags):
            return True
    return False
