"""References between the resources of a template as written."""

import re
from collections.abc import Iterator
from typing import Any

_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}")


def referred(value: Any) -> str | None:
    """Return the logical name of the resource that a value leads to: by Ref, by GetAtt, or by either in a Sub."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(function, argument)] = value.items()
    if function == "Ref":
        return str(argument).split(".")[0]  # SAM has !Ref Function.Alias
    if function == "Fn::GetAtt":
        return str(argument.split(".")[0] if isinstance(argument, str) else argument[0])
    substituted = _SUBSTITUTED.fullmatch(text(value) or "")
    return substituted[1] if substituted else None


def text(value: Any) -> str | None:
    """Return a text as it is in the template, also that of a Sub."""
    found = value.get("Fn::Sub") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def under(value: Any, keys: frozenset[str], *, found: bool = False) -> Iterator[Any]:
    """Yield the texts and references under any of the keys, anywhere in a template."""
    if found and (text(value) or referred(value)):
        yield value
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from under(inner, keys, found=found or key in keys)
