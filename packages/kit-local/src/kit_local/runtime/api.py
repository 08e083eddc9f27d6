"""Lambda's Runtime API for one worker, on a port of its own, so that a call needs no further name.

After AWS's "Using the Lambda runtime API for custom runtimes".
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import web

from kit_local.logs import Outcome

PAYLOAD_LIMIT = 6 * 1024 * 1024 + 100  # bytes, of a synchronous event or answer
_OF_BROWSERS = ("Origin", "Referer", "Sec-Fetch-Site")
_LONGEST = 3600.0  # seconds that a worker's connection may stay silent: more than any function may run


@dataclass(frozen=True)
class Answer:
    """What a function answered, as JSON; `failed` when that is an error, `reason` the terminal's word on it."""

    payload: bytes
    failed: bool = False
    reason: str = ""

    @classmethod
    def failure(cls, kind: str, message: str, *, reason: str = "") -> "Answer":
        """Make the answer that Lambda gives in a function's place."""
        payload = json.dumps({"errorType": kind, "errorMessage": message}).encode()
        return cls(payload, failed=True, reason=reason or message)

    @cached_property
    def value(self) -> Any:
        """The parsed payload; ValueError where it is not JSON, or nested too deeply."""
        try:
            return json.loads(self.payload)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def mapping(self) -> dict[str, Any]:
        """The parsed payload if it is an object, else an empty one."""
        try:
            return self.value if isinstance(self.value, dict) else {}
        except ValueError:
            return {}

    @property
    def error_type(self) -> str:
        """The error's type as the function reported it, empty when nothing failed."""
        if not self.failed:
            return ""
        try:
            return str(self.value["errorType"] or "Error")
        except (KeyError, TypeError, ValueError):
            return "Error"

    @property
    def outcome(self) -> Outcome:
        """What the terminal says of it."""
        if not self.failed:
            return "ok", "green"
        return ": ".join(filter(None, [self.error_type, self.reason])), "red"


@dataclass(frozen=True)
class Invocation:
    """One event on its way through a worker."""

    request_id: str
    event: bytes
    headers: Mapping[str, str]


class RuntimeApi:
    """Hand a worker its invocations and take its answers.

    `ready` is done at the worker's first call: None, or the Answer to give when its code could not be loaded.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[Answer | None] = loop.create_future()
        self.address = ""
        self._next: asyncio.Queue[Invocation | None] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._http = web.Server(self._serve, access_log=None, keepalive_timeout=_LONGEST)
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._listener = await asyncio.get_running_loop().create_server(self._http, "127.0.0.1", 0)
        host, port = self._listener.sockets[0].getsockname()
        self.address = f"{host}:{port}"

    async def stop(self) -> None:
        """Close the port and every connection, the one that waits for an event included."""
        if self._listener:
            self._listener.close()
        self._next.put_nowait(None)
        await self._http.shutdown(1)
        if not self.ready.done():
            self.ready.cancel()

    def hand(self, invocation: Invocation) -> asyncio.Future[Answer]:
        """Give the worker its next event; the future is done when it has answered."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[invocation.request_id] = answer
        self._next.put_nowait(invocation)
        return answer

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        of_browser = any(name in request.headers for name in _OF_BROWSERS)
        if of_browser or request.headers.get("Host") != self.address:
            return web.Response(status=403)  # a web page must not take events
        match request.path.split("/")[3:]:
            case ["invocation", "next"]:
                if not self.ready.done():
                    self.ready.set_result(None)
                invocation = await self._next.get()
                return self._event(invocation) if invocation else web.Response(status=410)
            case ["invocation", request_id, "response" | "error" as outcome]:
                body = await request.content.read()
                self._settle(request_id, Answer(body, failed=outcome == "error"))
            case ["init", "error"]:
                body = await request.content.read()
                if not self.ready.done():
                    self.ready.set_result(Answer(body, failed=True))
            case _:
                return web.Response(status=404)
        return web.json_response({"status": "OK"}, status=202)

    def _event(self, invocation: Invocation) -> web.Response:
        headers = {"Lambda-Runtime-Aws-Request-Id": invocation.request_id, **invocation.headers}
        return web.Response(body=invocation.event, headers=headers, content_type="application/json")

    def _settle(self, request_id: str, answer: Answer) -> None:
        future = self._answers.pop(request_id, None)
        if future is None or future.done():
            return
        if len(answer.payload) > PAYLOAD_LIMIT:
            text = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            answer = Answer.failure("Function.ResponseSizeTooLarge", text)
        future.set_result(answer)
