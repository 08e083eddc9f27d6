"""WebSocket APIs: routes, messages, and the management API (`@connections`) on the same port.

After "API Gateway WebSocket API mapping template reference" and "Working with routes for WebSocket APIs".
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web
from kit_testing.servers.connections import COMMANDS, MESSAGE_LIMIT

from kit_local.gateway.authorizers import Authorizers
from kit_local.gateway.connections import Connection, Connections
from kit_local.gateway.frames import FrameLimit
from kit_local.gateway.http import build, mapping, outcome
from kit_local.gateway.incoming import (
    GatewayError,
    Incoming,
    all_values,
    last_values,
    method_arn,
    read,
    short_id,
)
from kit_local.gateway.listener import Listener, Protocol
from kit_local.gateway.rules import WebSocketRules
from kit_local.logs import Outcome
from kit_local.runtime.api import Answer
from kit_local.runtime.pool import Functions, RefusedError, trace_id
from kit_local.stack import Api, Route, Stack

TIMEOUT = 29.0  # seconds that an integration may take
_SELECTION = re.compile(r"\$\{?request\.body\.([\w.-]+)\}?")
_SUBPROTOCOL = "Sec-WebSocket-Protocol"
_HANDSHAKE = ("Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
_REFUSALS = {"unauthorized": 401, "forbidden": 403, "denied": 403, "missing": 403, "too_large": 413}
_REFUSALS |= {"handshake": 400, "malformed": 400}
_CLOSE_SECONDS = 2.0  # that a client may take to say goodbye
_NO_CODE = 1005  # RFC 6455 7.4.1: none was sent
logger = logging.getLogger("kit.local")


class WebSocketGateway(Listener):
    """One WebSocket API."""

    def __init__(
        self,
        api: Api,
        stack: Stack,
        functions: Functions,
        *,
        rules: WebSocketRules | None = None,
    ) -> None:
        super().__init__(functions)
        self._rules = rules or WebSocketRules()
        self._api, self._stack = api, stack
        self._base = urlsplit(api.url).path.rstrip("/")
        self._routes = {route.key: route for route in api.routes}
        self._authorizers = Authorizers(api, functions)
        self.connections = Connections(self._rules)
        selection = _SELECTION.fullmatch(api.selection)
        self._selection = selection[1].split(".") if selection else []

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Take a connection, or a command about one."""
        try:
            incoming = await read(request, self._base, keep_hops=True)
            if incoming.inner.startswith(COMMANDS):
                return await self._command(incoming)
            if request.headers.get("Upgrade", "").lower() != "websocket" or incoming.inner != "/":
                raise GatewayError("missing")
            handshake = _handshake(request)
            if not web.WebSocketResponse().can_prepare(handshake):
                raise GatewayError("handshake")
            return await self._connect(handshake, Connection(incoming))
        except GatewayError as error:
            status = _REFUSALS.get(error.reason, 500)
            self._refused(request, error, status)
            message = HTTPStatus(status).phrase if status < 500 else "Internal server error"
            return web.json_response({"message": message}, status=status)
        except ConnectionError:
            return web.Response(status=400)  # for nobody: the client has gone
        except Exception:
            logger.exception("%s %s could not be answered", request.method, request.path)
            return web.json_response({"message": "Internal server error"}, status=500)

    async def stop(self) -> None:
        """Close every connection, then the port; `$disconnect` is not run any more."""
        self._routes.clear()
        sockets = [connection.socket for connection in self.connections if connection.socket]
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in sockets))
        await super().stop()

    # ---- One connection, from the handshake to its end

    async def _connect(self, handshake: web.BaseRequest, connection: Connection) -> web.StreamResponse:
        route, protocol = self._routes.get("$connect"), ""
        if route:
            event = self._event(connection, "$connect", "CONNECT")
            if route.authorizer:
                arn = method_arn(self._api, self._stack.region, self._stack.account, "$connect")
                caller = await self._authorizers.check(route.authorizer, connection.incoming, event, arn)
                connection.authorizer = event["requestContext"]["authorizer"] = caller.in_payload_1()
            answer = await self._invoke(route, event)
            value = answer.mapping if answer and not answer.failed else {}
            if "statusCode" not in value:
                return web.json_response({"message": "Internal server error"}, status=502)
            response = build(value, mapping(value, "headers").items(), "application/json")
            if not 200 <= response.status < 300:
                return response
            protocol = response.headers.get(_SUBPROTOCOL, "")
        # aiohttp takes messages that are smaller than that.
        socket = web.WebSocketResponse(max_msg_size=MESSAGE_LIMIT + 1, compress=False, timeout=_CLOSE_SECONDS)
        if protocol in connection.incoming.listed(_SUBPROTOCOL):
            socket.headers[_SUBPROTOCOL] = protocol
        assert isinstance(handshake.protocol, Protocol)
        handshake.protocol.frames = FrameLimit(connection.refuse)
        await socket.prepare(handshake)
        connection.socket, connection.transport = socket, handshake.transport
        connection.active_at = time.time()
        self.connections.add(connection)
        code, reason = int(WSCloseCode.ABNORMAL_CLOSURE), ""
        try:
            code, reason = await self._listen(connection, socket)
        finally:
            await self._disconnect(connection, code, reason)
        return socket

    async def _listen(self, connection: Connection, socket: web.WebSocketResponse) -> tuple[int, str]:
        """Take messages until the client leaves, sleeps too long or has had its two hours; return how it ended."""
        if connection.refused:
            await socket.close(code=connection.refused)
        end = connection.incoming.at + self._rules.longest_seconds
        while not socket.closed:
            wait = min(connection.active_at + self._rules.idle_seconds, end) - time.time()
            if wait <= 0:
                await socket.close(code=WSCloseCode.GOING_AWAY, message=b"Going away")
                return WSCloseCode.GOING_AWAY, "Going away"
            try:
                message = await socket.receive(timeout=wait)
            except TimeoutError:
                continue
            if message.type is WSMsgType.CLOSE:
                return message.data or _NO_CODE, message.extra or ""
            if message.type is WSMsgType.BINARY:  # "Binary media types for WebSocket APIs in API Gateway"
                connection.refuse(WSCloseCode.UNSUPPORTED_DATA)
            if message.type is not WSMsgType.TEXT:
                break
            connection.active_at = time.time()
            connection.start(self._message(connection, message.data))
        return connection.refused or socket.close_code or WSCloseCode.ABNORMAL_CLOSURE, ""

    async def _message(self, connection: Connection, body: str) -> None:
        """Run the message's route, and send what the client is to hear of that."""
        key = self._select(body)
        route = self._routes.get(key) if key not in ("$connect", "$disconnect") else None
        route = route or self._routes.get("$default")
        if route is None:
            self._functions.console.refused(f"websocket {key[:50]!r}", ("Forbidden: no route", "yellow"))
            await self._say(connection, "Forbidden", str(uuid4()))
            return
        event = self._event(connection, route.key, "MESSAGE", messageId=short_id())
        event |= {"body": body}
        request_id = event["requestContext"]["requestId"]
        answer = await self._invoke(route, event, _judge if route.replies else _judge_unsent)
        if answer is None or answer.failed:
            await self._say(connection, "Internal server error", request_id)
        elif route.replies:
            reply = answer.mapping
            if "statusCode" not in reply or not isinstance(reply.get("body", ""), str):
                await self._say(connection, "Internal server error", request_id)
            elif reply.get("body"):
                await connection.reply(reply["body"].encode(errors="replace"))

    async def _say(self, connection: Connection, message: str, request_id: str) -> None:
        told = {"message": message, "connectionId": connection.id, "requestId": request_id}
        await connection.reply(json.dumps(told).encode())

    def _select(self, body: str) -> str:
        """Return the route key that the selection expression finds in the message."""
        try:
            value = json.loads(body)
            for name in self._selection:
                value = value[name]
        except (KeyError, TypeError, ValueError, RecursionError):
            return "$default"
        return str(value) if isinstance(value, str | int) else "$default"

    async def _disconnect(self, connection: Connection, code: int, reason: str) -> None:
        self.connections.remove(connection)
        if not (route := self._routes.get("$disconnect")):
            return
        if self._rules.loses_disconnect():
            self._functions.console.refused("websocket $disconnect", ("lost, as asked", "yellow"))
            return
        context = {"disconnectStatusCode": int(code), "disconnectReason": reason}
        await self._invoke(route, self._event(connection, "$disconnect", "DISCONNECT", **context))

    async def _command(self, incoming: Incoming) -> web.Response:
        """Answer a call of the management API."""
        connection_id = unquote(incoming.inner.removeprefix(COMMANDS))
        reply = await self.connections.command(connection_id, incoming.method, incoming.body)
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))

    # ---- Events

    def _event(self, connection: Connection, key: str, kind: str, **context: Any) -> dict[str, Any]:
        """Make the event; headers and query are in that of `$connect` and `$disconnect` only."""
        incoming, now = connection.incoming, time.time()
        request_id, host = str(uuid4()), incoming.header("host")
        event: dict[str, Any] = {
            "requestContext": {
                "routeKey": key,
                **context,
                "eventType": kind,
                "extendedRequestId": request_id,
                "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
                "messageDirection": "IN",
                "stage": self._api.stage,
                "connectedAt": incoming.epoch,
                "requestTimeEpoch": int(now * 1000),
                "identity": {"sourceIp": incoming.source_ip, "userAgent": incoming.header("user-agent")},
                "requestId": request_id,
                "domainName": host,
                "connectionId": connection.id,
                "apiId": self._api.api_id,
            },
            "isBase64Encoded": False,
        }
        if self._api.stage_variables:
            event["stageVariables"] = dict(self._api.stage_variables)
        if connection.authorizer is not None:
            event["requestContext"]["authorizer"] = connection.authorizer
        if kind == "CONNECT":
            event |= {"headers": last_values(incoming.headers), "multiValueHeaders": all_values(incoming.headers)}
            if query := incoming.query:
                event |= {"queryStringParameters": last_values(query)}
                event |= {"multiValueQueryStringParameters": all_values(query)}
        return event

    async def _invoke(
        self, route: Route, event: dict[str, Any], judge: Callable[[Answer], Outcome] | None = None
    ) -> Answer | None:
        """Run the route's function; None where it could not be run in time."""
        try:
            call = self._functions.invoke(
                route.function, event, source=f"websocket {route.key}", trace=trace_id(), judge=judge or _judge
            )
            task = asyncio.ensure_future(call)
            done, _ = await asyncio.wait({task}, timeout=route.timeout or TIMEOUT)
            return task.result() if done else None
        except RefusedError:
            return None


def _handshake(request: web.BaseRequest) -> web.BaseRequest:
    """Return the request with the headers of the handshake alone.

    aiohttp logs the subprotocols of a client that gets none of them, and browsers send tokens as subprotocols.
    """
    wanted = ((name, request.headers.get(name, "")) for name in _HANDSHAKE)
    return request.clone(headers={name: value for name, value in wanted if value and value.isascii()})


def _judge_unsent(answer: Answer) -> Outcome:
    """Return what the terminal says of a message's answer that the client does not get."""
    said, colour = _judge(answer)
    if answer.failed or not answer.mapping.get("body"):
        return said, colour
    return f"{said}, body not sent: no route response", "yellow"


def _judge(answer: Answer) -> Outcome:
    """Return what the terminal says of an answer: its status, where it names one."""
    try:
        return answer.outcome if answer.failed else outcome(int(answer.mapping["statusCode"]))
    except (KeyError, OverflowError, TypeError, ValueError):
        return answer.outcome
