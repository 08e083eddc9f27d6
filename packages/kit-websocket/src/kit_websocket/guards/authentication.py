"""Who connects, by a token."""

import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Any

from kit_core import guards
from kit_core.loop import in_thread
from kit_core.parameters import is_async

from kit_websocket.errors import StatusError, UnauthorizedError
from kit_websocket.routing.context import Context
from kit_websocket.routing.middleware import Middleware, NextHandler

_BEARER = "bearer "
_PROTOCOL = "Sec-WebSocket-Protocol"
_SERVER_ERROR = 500


class Authentication(Middleware):
    """Let only clients connect whose token a verifier accepts.

    verify: called with the token and the `Context`. It returns True, or the caller as a mapping, which becomes the
        context's `authorizer`; anything else refuses, also an empty mapping. It may be a coroutine function, and
        kit-handler's `Jwt` and other verifiers fit. A text is one token that is compared in constant time
    query: the parameter of the query that holds the token, None for none. API Gateway's access logs and proxies may
        keep a query, so that such a token should be of use once, or for a minute
    header: the header field, with or without `Bearer`; browsers can't set one
    subprotocol: the name before the token in the client's subprotocols: `new WebSocket(url, ["bearer", token])`. The
        name is confirmed to the client, the token is not

    Without a token, or with one that is not accepted, the answer is 401. It is for `$connect` alone: later events are
    of a connection that was let in, and hold no caller, unless a middleware puts it there (the guide has one). Tokens
    are never logged.

    >>> from kit_websocket import WebSocketResolver
    >>> resolver = WebSocketResolver()
    >>> _ = resolver.middleware(Authentication(lambda token, context: {"sub": "u-1"} if token == "t" else None))
    """

    def __init__(
        self,
        verify: Callable[[str, Any], Any] | str,
        *,
        query: str | None = "token",
        header: str | None = "authorization",
        subprotocol: str | None = "bearer",
    ) -> None:
        """Keep the settings."""
        if isinstance(verify, str):
            if not verify:
                raise ValueError("an empty token would let everyone in")
            verify = _equal_to(verify)
        if not callable(verify):
            raise TypeError(f"verify is called with (token, context), {verify!r} can't be called")
        self._verify = verify
        self._is_async = is_async(verify)
        self._query, self._header, self._subprotocol = query, header, subprotocol

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Refuse, or go on with the caller in `requestContext.authorizer`."""
        if event["requestContext"]["routeKey"] != "$connect":
            return await next_handler(event, context)
        described = Context(event, context)
        token, confirmed = self._token(described)
        if not token:
            raise UnauthorizedError("The token is missing")
        caller = await self._caller(token, described)
        if caller is None:
            raise UnauthorizedError("The token is not valid")
        if caller:
            known = event["requestContext"].get("authorizer") or {}
            event = {**event, "requestContext": {**event["requestContext"], "authorizer": {**known, **caller}}}
        response = await next_handler(event, context)
        if confirmed and 200 <= response["statusCode"] < 300:
            headers = response.get("headers") or {}
            if not any(name.lower() == _PROTOCOL.lower() for name in headers):
                response = {**response, "headers": {**headers, _PROTOCOL: confirmed}}
        return response

    async def _caller(self, token: str, context: Context) -> Mapping[str, Any] | None:
        """Return the caller, empty where the verifier names none, or None for a token that is not accepted."""
        try:
            accepted = self._verify(token, context) if self._is_async else await in_thread(self._verify, token, context)
            if hasattr(accepted, "__await__"):
                accepted = await accepted
        except StatusError:
            raise
        except Exception as error:
            status = getattr(error, "status", None)
            if isinstance(status, int) and 400 <= status < _SERVER_ERROR:
                return None
            guards.log("kit.websocket", logging.ERROR, "a token could not be verified: %s", type(error).__name__)
            raise StatusError(503, "Service unavailable") from error
        if isinstance(accepted, Mapping):
            return accepted or None
        if accepted is not True:
            return None
        return context.authorizer if isinstance(context.authorizer, Mapping) else {}

    def _token(self, context: Context) -> tuple[str, str | None]:
        """Return the token, and the subprotocol that is to be confirmed."""
        offered = context.subprotocols
        if self._subprotocol is not None and self._subprotocol in offered[:-1]:
            return offered[offered.index(self._subprotocol) + 1], self._subprotocol
        if self._header is not None and (value := context.headers.get(self._header.lower())):
            return (value[len(_BEARER) :].strip() if value.lower().startswith(_BEARER) else value), None
        return (context.query.get(self._query, "") if self._query is not None else ""), None


def _equal_to(expected: str) -> Callable[[str, Any], bool]:
    def verify(token: str, context: Any) -> bool:
        return hmac.compare_digest(token.encode(), expected.encode())

    return verify
