"""Values that come from the authorizer's claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kit_rest.errors import RestError


class Claim(NamedTuple):
    """A claim of the caller, from any kind of authorizer: Cognito, JWT, Lambda or IAM.

    Example:
        >>> row_filters = {"tenant_id": Claim("custom:tenant")}
    """

    name: str


def claim_value(claims: Mapping[str, Any] | None, claim: Claim) -> str:
    """Return a claim as text. Without an authorizer's context this is 401, without the claim 403: never no filter."""
    if claims is None:
        raise RestError(401, "PGRST302", "Anonymous access is disabled")
    value = claims.get(claim.name)
    if value is None or value == "" or isinstance(value, (dict, list)):
        raise RestError(403, "42501", "The caller lacks a claim that this resource needs")
    return str(value).lower() if isinstance(value, bool) else str(value)
