"""The settings that travel in front of a statement: the forms of texts, and the caller for row-level security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kit_core.json import dumps


class RowSecurity(NamedTuple):
    """Row-level security: each transaction runs as `role` and has the claims in a setting, which policies read.

    role: the role to switch to; it must neither own the tables nor bypass row-level security. None keeps the login's
    setting: the name in `current_setting(…)` of policies; its value is the JSON of the claims

    The role of a caller may be a claim itself, by `role_claim`, among `roles`; `role` is for callers without the claim,
    who are refused if there is none.

    Example:
        >>> Api([Books], row_security=RowSecurity(role="library_reader"))
    """

    role: str | None = None
    setting: str = "request.jwt.claims"
    role_claim: str | None = None
    roles: tuple[str, ...] = ()


class Session:
    """Makes the prefix of a statement, and its parameters."""

    def __init__(self, security: RowSecurity | None) -> None:
        self._security = security

    def prefix(
        self,
        settings: Mapping[str, str],
        claims: Mapping[str, Any] | None,
        *,
        timezone: str | None,
        parameters: dict[str, Any],
        read_only: bool = False,
    ) -> str:
        """Return the statement in front of a statement, ending with a semicolon; empty if there is nothing to set."""
        if not settings and timezone is None and self._security is None and not read_only:
            return ""
        chosen = {**settings, "TimeZone": timezone} if timezone is not None else settings
        calls = []
        for at, (name, value) in enumerate(chosen.items()):
            parameters[f"s{at}"] = value
            calls.append(f"set_config('{name}', %(s{at})s, true)")
        if self._security is not None:
            calls += self._secured(self._security, claims, parameters)
        start = "SET LOCAL transaction_read_only = on; " if read_only else ""
        return f"{start}SELECT {', '.join(calls)}; " if calls else start

    def _secured(
        self, security: RowSecurity, claims: Mapping[str, Any] | None, parameters: dict[str, Any]
    ) -> list[str]:
        from kit_rest.errors import RestError

        parameters["claims_name"] = security.setting
        parameters["claims_json"] = dumps(dict(claims or {}))
        calls = ["set_config(%(claims_name)s, %(claims_json)s, true)"]
        role = security.role
        given = None if security.role_claim is None else (claims or {}).get(security.role_claim)
        if given is not None:
            role = str(given)
            if role not in security.roles:
                raise RestError(403, "42501", "permission denied to set role")
        elif role is None and (security.role_claim is not None or security.roles):
            # The login's own role may see everything.
            raise RestError(401 if claims is None else 403, "42501", "The caller's claims name no role")
        if role is not None:
            parameters["role_name"] = role
            calls.append("set_config('role', %(role_name)s, true)")
        return calls
