"""Everything that calls functions without an API: started together, stopped together."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import aiohttp
from kit_testing.servers import Aws
from kit_testing.servers.aws import Bridge

from kit_local.bridges.functions import Describe
from kit_local.bridges.invoke import Invoke
from kit_local.bridges.put_events import PutEvents
from kit_local.bridges.visibility import Visibility
from kit_local.errors import LocalError
from kit_local.runtime.pool import Functions
from kit_local.sources.asynchronous import Asynchronous
from kit_local.sources.bucket_events import BucketEvents
from kit_local.sources.bus import Bus
from kit_local.sources.queue import Poller
from kit_local.sources.schedules import Schedules
from kit_local.sources.sqs import Queue
from kit_local.sources.stream import Stream
from kit_local.stack import Stack


class Sources:
    """The sources of a stack, at work from now until `stop`.

    `retry_delay` is the seconds until what failed is tried again, None for AWS's own; `fail` gets what ends
    the backend.
    """

    def __init__(
        self,
        stack: Stack,
        functions: Functions,
        cloud: Aws,
        *,
        fail: Callable[[LocalError], object],
        retry_delay: int | None,
    ) -> None:
        self._stack, self._functions, self._cloud = stack, functions, cloud
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._asynchronous = Asynchronous(functions, stack.functions, self._send, retry_delay=retry_delay)
        self._visibility = Visibility()
        loop = asyncio.get_running_loop()
        invoke = Invoke(functions, self._asynchronous, stack.functions, loop)

        def call(function: str, event: Any, source: str) -> None:
            loop.call_soon_threadsafe(lambda: self._asynchronous.submit(function, event, source=source))

        bus = Bus(stack.rules, cloud, call)
        put_events = PutEvents(bus, region=stack.region, account=stack.account)
        describe = Describe(stack.functions, own=cloud.environment())
        self._bridges: list[Bridge] = [invoke, describe, put_events, self._visibility]
        cloud.bridges.extend(self._bridges)
        options: dict[str, Any] = {"visibility": self._visibility, "fail": fail, "retry_delay": retry_delay}
        pollers = [
            Poller(source, self._queue(source.queue_url), functions, **options)
            for source in stack.queues
            if source.enabled
        ]
        self._stops: list[Callable[[], Coroutine[Any, Any, None]]] = [poller.stop for poller in pollers]
        others: dict[str, Any] = {"send": self._send, "fail": fail, "retry_delay": retry_delay}
        streams = [Stream(stream, cloud, functions, **others) for stream in stack.streams if stream.enabled]
        self._stops += [stream.stop for stream in streams]
        self._stops.append(Schedules(stack.rules, bus).stop)
        if stack.bucket_events:
            self._stops.append(BucketEvents(self._queue(stack.bucket_events), bus, account=stack.account).stop)

    async def stop(self) -> None:
        """Call no function any more."""
        for bridge in self._bridges:
            self._cloud.bridges.remove(bridge)
        for stop in (*self._stops, self._asynchronous.stop, self._session.close):
            await stop()

    def _queue(self, url: str) -> Queue:
        return Queue(self._session, self._cloud.url, url, self._stack.region)

    async def _send(self, arn: str, body: str, attributes: Mapping[str, Any]) -> None:
        """Put a message into the queue that has an ARN."""
        *_, account, name = arn.split(":")
        await self._queue(f"{self._cloud.url}/{account}/{name}").send(body, attributes)
