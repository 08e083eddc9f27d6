"""The region, the endpoints and the switches that the environment names."""

import os
from typing import Any

_ON = frozenset({"1", "on", "true", "yes"})


class Environment:
    """Hold the `AWS_…` and `…_PROXY` variables of one moment: equal ones are one object, a quick part of a key.

    kept: what other modules have derived from it
    """

    __slots__ = ("kept", "variables")

    def __init__(self, variables: tuple[tuple[str, str], ...]) -> None:
        self.variables = variables
        self.kept: dict[Any, Any] = {}


_MOST_KEPT = 100
_known: dict[tuple[tuple[str, str], ...], Environment] = {}
_last: tuple[Any, Environment | None] = (None, None)


def fingerprint() -> Environment:
    """Return the variables that say where AWS is and who calls.

    They are the part of a cache's key that keeps accounts, endpoints and tests apart.
    """
    global _last
    # CPython's own dict behind os.environ: to compare it is a hundredth of the work of reading every variable.
    raw = getattr(os.environ, "_data", None)
    before, found = _last
    if found is not None and raw == before:
        return found
    copy = None if raw is None else dict(raw)
    found = _of(tuple((name, value) for name, value in os.environ.items() if _counts(name)))
    _last = (None, None) if raw is None or raw != copy else (copy, found)
    return found


def _counts(name: str) -> bool:
    return name.startswith("AWS_") or name.endswith(("_PROXY", "_proxy"))


def _of(variables: tuple[tuple[str, str], ...]) -> Environment:
    found = _known.get(variables)
    if found is None:
        while len(_known) >= _MOST_KEPT:
            _known.pop(next(iter(_known)), None)
        found = _known.setdefault(variables, Environment(variables))
    return found


def region() -> str | None:
    """Return the region that the environment names; boto3 itself reads only the second of the two."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def custom_endpoint(service: str) -> str | None:
    """Return the endpoint that the environment sets for a service, or None for AWS itself.

    service: its id as AWS_ENDPOINT_URL_… has it ("Service-specific endpoints", AWS SDKs and Tools Reference Guide)
    """
    if is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return None
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL") or None


def is_on(variable: str) -> bool:
    """Say whether a switch is on: `1`, `true`, `yes` and `on` are what they look like, though botocore knows `true`."""
    return os.environ.get(variable, "").strip().lower() in _ON
