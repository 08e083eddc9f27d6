"""Lambda authorizers of all three kinds of API.

After "Control access to HTTP APIs with AWS Lambda authorizers" and "Use API Gateway Lambda authorizers".
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit_local.gateway.incoming import GatewayError, Incoming
from kit_local.gateway.policies import allows
from kit_local.runtime.pool import Functions, RefusedError
from kit_local.stack import Api, Authorizer

_SOURCE = re.compile(r"\$?(?:method\.|route\.)?(request\.header|request\.querystring|context|stageVariables)\.(.+)")


@dataclass(frozen=True)
class Caller:
    """Whom an authorizer has let in."""

    principal: str | None
    context: dict[str, Any] | None

    def in_payload_2(self) -> dict[str, Any]:
        """Return `requestContext.authorizer` of payload 2.0."""
        return {"lambda": self.context}

    def in_payload_1(self) -> dict[str, Any]:
        """Return `requestContext.authorizer` of payload 1.0 and of WebSocket events: strings, nothing nested."""
        context = {name: value for name, value in (self.context or {}).items() if value is not None}
        if any(isinstance(value, dict | list) for value in context.values()):
            raise GatewayError("authorizer")
        spelt = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in context.items()}
        principal = {} if self.principal is None else {"principalId": self.principal}
        return {**principal, **spelt, "integrationLatency": 0}


@dataclass(frozen=True)
class _Kept:
    """An authorizer's answer, good until `expires`."""

    answer: dict[str, Any]
    expires: float


class Authorizers:
    """The authorizers of one API, with what they have answered lately."""

    def __init__(self, api: Api, functions: Functions) -> None:
        self._api = api
        self._functions = functions
        self._kept: dict[tuple[str, ...], _Kept] = {}

    async def check(self, name: str, incoming: Incoming, event: Mapping[str, Any], arn: str) -> "Caller":
        """Ask the authorizer who is calling the method `arn`.

        `event` is the function's event in the authorizer's payload format.
        GatewayError("unauthorized" | "forbidden" | "denied" | "authorizer").
        """
        authorizer = self._api.authorizers[name]
        sources = authorizer.identity_sources
        if authorizer.kind == "TOKEN" and not sources:
            sources = ("method.request.header.Authorization",)
        values = [_value(source, incoming, event) for source in sources]
        if not all(values):
            raise GatewayError("unauthorized")
        answer = await self._answer(authorizer, values, incoming, event, arn)
        context = answer.get("context")
        if not isinstance(context, dict | None):
            raise GatewayError("authorizer")
        if authorizer.simple_responses:
            _check_simple(answer)
            return Caller(None, context)
        _check_policy(answer, arn)
        return Caller(answer["principalId"], context)

    async def _answer(
        self, authorizer: Authorizer, values: list[str], incoming: Incoming, event: Mapping[str, Any], arn: str
    ) -> dict[str, Any]:
        key = (authorizer.name, *values)
        kept = self._kept.get(key)
        if kept and kept.expires > time.monotonic():
            return kept.answer
        answer = await self._ask(authorizer, _request(authorizer, values, event, arn), incoming.trace)
        if authorizer.ttl and values:
            now = time.monotonic()
            self._kept = {known: entry for known, entry in self._kept.items() if entry.expires > now}
            self._kept[key] = _Kept(answer, now + authorizer.ttl)
        return answer

    async def _ask(self, authorizer: Authorizer, request: dict[str, Any], trace: str) -> dict[str, Any]:
        try:
            answer = await self._functions.invoke(
                authorizer.function, request, source=f"authorizer {authorizer.name}", trace=trace, dim=True
            )
            value = answer.value
        except (RefusedError, ValueError) as error:
            raise GatewayError("authorizer") from error
        if answer.failed and isinstance(value, dict) and value.get("errorMessage") == "Unauthorized":
            raise GatewayError("unauthorized")
        if answer.failed or not isinstance(value, dict):
            raise GatewayError("authorizer")
        return value


def _request(authorizer: Authorizer, values: list[str], event: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """Make the authorizer's own event of the function's one."""
    if authorizer.kind == "TOKEN":
        return {"type": "TOKEN", "methodArn": arn, "authorizationToken": values[0]}
    asked = {name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")}
    match event.get("version"):
        case "2.0":
            return {**asked, "type": "REQUEST", "routeArn": arn, "identitySource": values or None}
        case "1.0":
            asked |= dict.fromkeys(("identitySource", "authorizationToken"), ",".join(values))
    return {**asked, "type": "REQUEST", "methodArn": arn}


def _value(source: str, incoming: Incoming, event: Mapping[str, Any]) -> str:
    """Return what an identity source selects, empty when the request has none."""
    found = _SOURCE.fullmatch(source)
    match found.groups() if found else ():
        case ("request.header", name):
            return incoming.header(name)
        case ("request.querystring", name):
            return dict(incoming.query).get(name, "")
        case ("context", name):
            return str(event["requestContext"].get(name) or "")
        case ("stageVariables", name):
            return str((event.get("stageVariables") or {}).get(name, ""))
    return ""


def _check_simple(answer: dict[str, Any]) -> None:
    if not isinstance(answer.get("isAuthorized"), bool):
        raise GatewayError("authorizer")
    if not answer["isAuthorized"]:
        raise GatewayError("forbidden")


def _check_policy(answer: dict[str, Any], arn: str) -> None:
    document = answer.get("policyDocument")
    if not isinstance(document, dict) or not isinstance(answer.get("principalId"), str):
        raise GatewayError("authorizer")
    try:
        allowed = allows(document, arn)
    except (AttributeError, TypeError) as error:
        raise GatewayError("authorizer") from error
    if not allowed:
        raise GatewayError("forbidden" if allowed is None else "denied")
