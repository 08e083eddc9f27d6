"""Lambda's Invoke for the functions of the template ("Invoke", AWS Lambda API reference)."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from kit_testing.servers.aws import Call, Next, Reply

from kit_local.bridges.names import Names
from kit_local.runtime.api import PAYLOAD_LIMIT
from kit_local.runtime.pool import Functions, RefusedError
from kit_local.sources.asynchronous import Asynchronous
from kit_local.stack import Function

EVENT_LIMIT = 1024 * 1024  # bytes of an asynchronous event
_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class Invoke:
    """A bridge that runs functions; what calls it waits in a thread, the functions are on `loop`."""

    def __init__(
        self,
        functions: Functions,
        asynchronous: Asynchronous,
        known: Mapping[str, Function],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._functions, self._asynchronous, self._loop = functions, asynchronous, loop
        self._names = Names(known)

    def __call__(self, call: Call, call_next: Next) -> Reply:
        """Answer an invocation, and pass on everything else."""
        found = _PATH.fullmatch(call.path) if call.method == "POST" else None
        if not found:
            return call_next(call)
        function = self._names.find(found[1])
        if function is None:
            return self._names.unknown(found[1])
        kind = call.headers.get("x-amz-invocation-type", "RequestResponse")
        limit = EVENT_LIMIT if kind == "Event" else PAYLOAD_LIMIT
        if len(call.body) > limit:
            text = f"Request must be smaller than {limit} bytes for the {kind} invocation type"
            return Reply.error(413, "RequestTooLargeException", text)
        try:
            event = json.loads(call.body or b"{}")
        except ValueError as error:
            text = f"Could not parse request body into json: {error}"
            return Reply.error(400, "InvalidRequestContentException", text)
        return self._invoke(function.logical_id, event, kind, call.headers.get("x-amzn-trace-id", ""))

    def _invoke(self, function: str, event: Any, kind: str, trace: str) -> Reply:
        headers = [("x-amzn-RequestId", str(uuid4())), ("X-Amz-Executed-Version", "$LATEST")]
        if kind == "DryRun":
            return Reply(204, headers, b"")
        if kind == "Event":
            self._loop.call_soon_threadsafe(lambda: self._asynchronous.submit(function, event, source="invoke"))
            return Reply(202, headers, b"")
        if kind != "RequestResponse":
            return Reply.error(400, "InvalidParameterValueException", f"Value {kind!r} at 'invocationType'")
        call = self._functions.invoke(function, event, source="invoke", trace=trace)
        try:
            answer = asyncio.run_coroutine_threadsafe(call, self._loop).result()
        except RefusedError as error:
            return Reply.error(error.status, error.kind, str(error))
        failed = [("X-Amz-Function-Error", "Unhandled")] if answer.failed else []
        return Reply(200, [("Content-Type", "application/json"), *headers, *failed], answer.payload)
