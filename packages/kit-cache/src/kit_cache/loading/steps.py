"""The steps of a flow. A flow is a generator that yields steps: threads do them one way, tasks another."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

from kit_cache.loading.flights import Flight

T = TypeVar("T")
Flow = Generator["Step", Any, T]
Loader = Callable[[], Any]


class LoaderStopped(Exception):  # noqa: N818
    """Carries a StopIteration of the loader through a flow, which would take it for its own end."""

    def __init__(self, error: StopIteration) -> None:
        super().__init__()
        self.error = error


class Step(ABC):
    """Is one thing to wait for."""

    __slots__ = ()

    @abstractmethod
    def run(self, loader: Loader) -> Any:
        """Do it in this thread."""

    @abstractmethod
    async def run_async(self, loader: Loader) -> Any:
        """Do it in this task, without blocking the loop."""


class Blocking(Step):
    """Ask a tier outside the process."""

    __slots__ = ("_args", "_function")

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._function = function
        self._args = args

    def run(self, loader: Loader) -> Any:
        return self._function(*self._args)

    async def run_async(self, loader: Loader) -> Any:
        from kit_core.loop import in_thread

        return await in_thread(self._function, *self._args)


class Load(Step):
    """Call the loader."""

    __slots__ = ()

    def run(self, loader: Loader) -> Any:
        try:
            return loader()
        except StopIteration as error:
            raise LoaderStopped(error) from None

    async def run_async(self, loader: Loader) -> Any:
        return await loader()


class Wait(Step):
    """Wait for another caller's load, for some seconds at most."""

    __slots__ = ("_flight", "_seconds")

    def __init__(self, flight: Flight, seconds: float) -> None:
        self._flight = flight
        self._seconds = seconds

    def run(self, loader: Loader) -> bool:
        return self._flight.wait(self._seconds)

    async def run_async(self, loader: Loader) -> bool:
        return await self._flight.wait_async(self._seconds)


class Sleep(Step):
    """Wait for some seconds."""

    __slots__ = ("_seconds",)

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def run(self, loader: Loader) -> None:
        import time

        time.sleep(self._seconds)

    async def run_async(self, loader: Loader) -> None:
        import asyncio

        await asyncio.sleep(self._seconds)


class Spawn(Step):
    """Start another flow with the same loader, and do not wait for it."""

    __slots__ = ("_flow",)

    def __init__(self, flow: "Flow[Any]") -> None:
        self._flow = flow

    def run(self, loader: Loader) -> None:
        import threading
        from contextvars import copy_context

        run = copy_context().run
        threading.Thread(target=run, args=(_quietly, self._flow, loader), name="kit-cache-load", daemon=True).start()

    async def run_async(self, loader: Loader) -> None:
        import asyncio

        task = asyncio.get_running_loop().create_task(_quietly_async(self._flow, loader))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


_tasks: set[Any] = set()  # a loop keeps no reference to a task that nobody awaits


def run(flow: "Flow[T]", loader: Loader) -> T:
    """Run a flow in this thread, and return its result."""
    try:
        step = next(flow)
        while True:
            try:
                found = step.run(loader)
            except BaseException as error:  # noqa: BLE001  (the flow decides)
                step = flow.throw(error)
            else:
                step = flow.send(found)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    except LoaderStopped as stopped:
        raise stopped.error from None


async def run_async(flow: "Flow[T]", loader: Callable[[], Awaitable[Any]]) -> T:
    """Run a flow in this task, and return its result."""
    try:
        step = next(flow)
        while True:
            try:
                found = await step.run_async(loader)
            except BaseException as error:  # noqa: BLE001
                step = flow.throw(error)
            else:
                step = flow.send(found)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def _quietly(flow: "Flow[Any]", loader: Loader) -> None:
    """Run a flow in the background; the flow keeps its error for waiting callers, and logs it."""
    try:
        run(flow, loader)
    except Exception:  # noqa: BLE001
        return


async def _quietly_async(flow: "Flow[Any]", loader: Callable[[], Awaitable[Any]]) -> None:
    try:
        await run_async(flow, loader)
    except Exception:  # noqa: BLE001
        return
