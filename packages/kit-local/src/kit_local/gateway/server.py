"""The port of one HTTP or REST API: match, authorize, invoke, answer."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from kit_local.gateway import http, rest
from kit_local.gateway.authorizers import Authorizers, Caller
from kit_local.gateway.incoming import GatewayError, Incoming, method_arn, read
from kit_local.gateway.listener import Listener
from kit_local.gateway.routes import Routes
from kit_local.logs import Outcome
from kit_local.runtime.api import Answer
from kit_local.runtime.pool import EventTooLargeError, Functions, RefusedError
from kit_local.stack import Api, Route, Stack

logger = logging.getLogger("kit.local")


class HttpGateway(Listener):
    """One HTTP or REST API."""

    def __init__(self, api: Api, stack: Stack, functions: Functions) -> None:
        super().__init__(functions)
        self._api, self._stack = api, stack
        self._base = urlsplit(api.url).path.rstrip("/")
        self._routes = Routes(api.routes)
        self._authorizers = Authorizers(api, functions)
        of_rest = api.kind == "rest"
        self._preflight = rest.preflight if of_rest else http.preflight
        self._answers, self._timeout = (rest.ANSWERS, rest.TIMEOUT) if of_rest else (http.ANSWERS, http.TIMEOUT)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        incoming = None
        try:
            incoming = await read(request, self._base)
            if self._api.cors and (asked := self._preflight(self._api.cors, incoming)):
                return asked
            answer = await self._answer(incoming)
        except GatewayError as error:
            status, body = self._answers[error.reason]
            answer = web.json_response(body, status=status)
            self._refused(request, error, status)
        except ConnectionError:
            return web.Response(status=400)  # for nobody: the client has gone
        except Exception:
            logger.exception("%s %s could not be answered", request.method, request.path)
            answer = web.json_response({"message": "Internal Server Error"}, status=500)
        if incoming:
            answer.headers["apigw-requestid" if self._api.kind == "http" else "x-amzn-requestid"] = incoming.request_id
            if self._api.cors and self._api.kind == "http":
                http.share(self._api.cors, incoming, answer)
        return answer

    async def _answer(self, incoming: Incoming) -> web.Response:
        found = self._routes.match(incoming.method, incoming.inner)
        if found is None:
            raise GatewayError("missing")
        route, parameters = found
        old = self._api.kind == "rest" or route.payload == "1.0"
        event = self._event(incoming, route, parameters, old)
        if route.authorizer:
            caller = await self._authorize(route.authorizer, incoming, route, parameters)
            event["requestContext"]["authorizer"] = caller.in_payload_1() if old else caller.in_payload_2()
        made: list[web.Response] = []

        def judge(answer: Answer) -> Outcome:
            if answer.failed:
                return answer.outcome
            try:
                made.append(self._response(answer, old))
            except GatewayError as error:
                return f"{self._answers[error.reason][0]} not an HTTP response", "red"
            return http.outcome(made[0].status)

        await self._invoke(route, event, incoming, judge)
        if not made:
            raise GatewayError("failed")
        return made[0]

    def _response(self, answer: Answer, old: bool) -> web.Response:
        try:
            value = answer.value
        except ValueError as error:
            raise GatewayError("failed") from error
        return rest.response(value, strict=self._api.kind == "rest") if old else http.response(value)

    def _event(self, incoming: Incoming, route: Route, parameters: dict[str, str], old: bool) -> dict[str, Any]:
        make = rest.event if old else http.event
        return make(self._api, self._stack.account, incoming, route, parameters)

    async def _authorize(self, name: str, incoming: Incoming, route: Route, parameters: dict[str, str]) -> Caller:
        old = self._api.kind == "rest" or self._api.authorizers[name].payload == "1.0"
        event = self._event(incoming, route, parameters, old)
        tail = f"{incoming.method}{incoming.inner}"
        arn = method_arn(self._api, self._stack.region, self._stack.account, tail)
        return await self._authorizers.check(name, incoming, event, arn)

    async def _invoke(
        self, route: Route, event: dict[str, Any], incoming: Incoming, judge: Callable[[Answer], Outcome]
    ) -> None:
        source = f"{incoming.method} {incoming.path}"
        call = self._functions.invoke(route.function, event, source=source, trace=incoming.trace, judge=judge)
        # Like on Lambda, a function that is too slow for its caller runs on.
        task = asyncio.ensure_future(call)
        done, _ = await asyncio.wait({task}, timeout=route.timeout or self._timeout)
        if not done:
            raise GatewayError("timeout")
        try:
            task.result()
        except EventTooLargeError as error:
            raise GatewayError("event_too_large") from error
        except RefusedError as error:
            raise GatewayError("throttled") from error
