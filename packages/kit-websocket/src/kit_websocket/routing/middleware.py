"""Middleware around every handler: `(event, context, next_handler) -> response`, the first registered outermost."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from kit_core.loop import in_thread

from kit_websocket.routing.response import Response, respond

Event: TypeAlias = Mapping[str, Any]
NextHandler: TypeAlias = Callable[[Any, Any], Awaitable[Response]]


class Middleware:
    """Serve as a base for middleware written as a class; as it stands it only passes on.

    Any class without constructor arguments, any instance and any function with the same parameters works as well.
    """

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Answer the event, usually by `await next_handler(event, context)`; not calling it keeps the handler out."""
        return await next_handler(event, context)

    def for_route(self, route_key: str) -> "Middleware":
        """Return what goes around the handler of a route: the middleware itself, or one that knows the route.

        The route of an event may be another one: a message whose route has no handler goes to that of `$default`.
        """
        return self


class Step(NamedTuple):
    """Hold a callable; with `is_async` its result is awaited."""

    call: Callable[..., Any]
    is_async: bool


def compose(handler: Step, middleware: Sequence[Step]) -> Step:
    """Return one step out of a handler and the middleware around it.

    A chain without a coroutine function runs without an event loop. In every other chain the parts that are not
    coroutine functions run in a worker thread, so that they may block without holding up the loop.
    """
    step = handler
    for outer in reversed(middleware):
        if outer.is_async:
            step = Step(_asynchronous(outer.call, step), is_async=True)
        elif step.is_async:
            step = Step(_threaded(outer.call, step), is_async=True)
        else:
            step = Step(_synchronous(outer.call, step), is_async=False)
    return step


def _asynchronous(outer: Callable[..., Any], inner: Step) -> Callable[..., Awaitable[Response]]:
    next_handler = inner.call if inner.is_async else partial(in_thread, inner.call)

    async def call(event: Event, context: Any) -> Response:
        return respond(await outer(event, context, next_handler))

    return call


def _threaded(outer: Callable[..., Any], inner: Step) -> Callable[..., Awaitable[Response]]:
    async def call(event: Event, context: Any) -> Response:
        import asyncio

        loop = asyncio.get_running_loop()

        def next_handler(event: Event, context: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(inner.call(event, context), loop).result()

        return respond(await in_thread(outer, event, context, next_handler))

    return call


def _synchronous(outer: Callable[..., Any], inner: Step) -> Callable[..., Response]:
    def call(event: Event, context: Any) -> Response:
        return respond(outer(event, context, inner.call))

    return call
