"""As many workers for a function as are called for at once, and no more."""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from kit_local.errors import LocalError
from kit_local.logs import Console, Outcome
from kit_local.runtime.api import PAYLOAD_LIMIT, Answer
from kit_local.runtime.code import CodeFolder
from kit_local.runtime.scratch import Scratch
from kit_local.runtime.worker import Worker
from kit_local.stack import Function

CONCURRENCY = 10  # workers of a function that reserves none
IDLE_SECONDS = 30.0  # after which every idle worker but one is ended


class RefusedError(LocalError):
    """Lambda would not have run the function; `kind` and `status` are its API's own."""

    kind, status = "ServiceException", 500


class ThrottledError(RefusedError):
    """All of the function's reserved concurrency is in use."""

    kind, status = "TooManyRequestsException", 429


class EventTooLargeError(RefusedError):
    """The event is over the limit of a synchronous call."""

    kind, status = "RequestTooLargeException", 413


class Pool:
    """The workers of one function: started when needed, kept while warm, replaced when the code changes."""

    def __init__(
        self, function: Function, cloud: Mapping[str, str], console: Console, *, scratch: Path, plain: bool = False
    ) -> None:
        self.function = function
        self._cloud, self._console, self._scratch, self._plain = cloud, console, scratch, plain
        reserved = function.reserved_concurrency
        self._size = CONCURRENCY if reserved is None else reserved
        self._throttles = reserved is not None
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._waiting: deque[asyncio.Future[tuple[Worker, float | None]]] = deque()
        self._starting = 0
        self._retired: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def invoke(
        self,
        event: Mapping[str, Any],
        *,
        source: str,
        trace: str = "",
        wait: bool = False,
        judge: Callable[[Answer], Outcome] = lambda answer: answer.outcome,
        dim: bool = False,
    ) -> Answer:
        """Run the function with `event`; `source` is what the terminal shows as the caller.

        `judge` says there what came of it, `dim` sets it back where that is nothing bad.
        A function without a free worker makes the caller wait; one that reserves its concurrency raises
        ThrottledError instead, unless `wait`. EventTooLargeError over 6 MB.
        """
        payload = json.dumps(event, separators=(",", ":")).encode()
        entry = self._console.invocation(self.function.logical_id, source, dim=dim)
        began, cold, memory = time.perf_counter(), None, None
        answer = Answer.failure("Runtime.Unknown", "the invocation was given up")
        try:
            if len(payload) > PAYLOAD_LIMIT:
                raise EventTooLargeError(f"{len(payload)} bytes are too many for one event")
            worker, cold = await self._acquire(wait)
            began = time.perf_counter()
            try:
                answer = await worker.invoke(payload, trace=trace or trace_id(), line=entry.line)
                memory = worker.peak_memory()
            except asyncio.CancelledError:
                self._retired.add(worker)  # it is still busy with what nobody waits for
                raise
            finally:
                self._release(worker)
        except _InitError as error:
            answer, cold = error.answer, error.seconds
            for line in error.lines:
                entry.line(line)
        except RefusedError as error:
            answer, judge = Answer.failure(error.kind, str(error)), lambda answer: answer.outcome
            raise
        finally:
            seconds, limit = time.perf_counter() - began, self.function.memory
            entry.end(seconds=seconds, cold=cold, memory=memory, limit=limit, outcome=judge(answer))
        return answer

    async def _acquire(self, wait: bool) -> tuple[Worker, float | None]:
        """Return a free worker, and the seconds that starting it took if it was started for this."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker, None
            self._discard(worker)
        if self._size == 0 or (self._throttles and not wait and len(self._workers) >= self._size):
            raise ThrottledError(self.function.name)
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._start_workers()
        try:
            worker, cold = await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and not place.exception():
                self._release(place.result()[0])
            raise
        return worker, cold

    def _start_workers(self) -> None:
        """Start a worker for each caller that waits without one, as far as the limit allows."""
        while self._starting < len(self._waiting) and len(self._workers) < self._size:
            worker = Worker(self.function, self._cloud, scratch=self._scratch, plain=self._plain)
            self._workers.add(worker)
            self._starting += 1
            self._spawn(self._start(worker))

    async def _start(self, worker: Worker) -> None:
        began = time.perf_counter()
        try:
            error = await worker.start()
        except Exception as failure:  # noqa: BLE001 - too many processes or files, no such folder, a NUL in a variable
            error = Answer.failure("Runtime.InvalidEntrypoint", str(failure))
        finally:
            self._starting -= 1
        if error is None and not worker.alive:
            # It was loaded, and that is all: whoever waits is told, or another one would be started without end.
            error = await worker.failure("", 0)
        if error is None:
            self._release(worker, cold=time.perf_counter() - began)
            return
        lines: list[str] = []
        worker.connect(lines.append)
        await worker.stop()
        self._discard(worker)
        if place := self._next_place():
            # awslambdaric explains at length that Lambda's runtimes may be updated; here that is never the cause.
            told = [line for line in lines if "LAMBDA_WARNING: Unhandled exception" not in line]
            place.set_exception(_InitError(error, told, time.perf_counter() - began))
        self._start_workers()

    def _release(self, worker: Worker, cold: float | None = None) -> None:
        """Give the worker to the caller who waits longest, or keep it for the next one."""
        if worker in self._retired or not worker.alive:
            self._discard(worker)
            self._start_workers()
        elif place := self._next_place():
            place.set_result((worker, cold))
        else:
            worker.idle_since = time.monotonic()
            self._idle.append(worker)

    def _next_place(self) -> "asyncio.Future[tuple[Worker, float | None]] | None":
        while self._waiting:
            if not (place := self._waiting.popleft()).done():
                return place
        return None

    def _discard(self, worker: Worker) -> None:
        self._workers.discard(worker)
        self._retired.discard(worker)
        self._spawn(worker.stop())

    def replace(self) -> None:
        """Let what runs finish on the old code, and everything that comes next start with the new."""
        self._retired.update(self._workers)
        idle, self._idle = self._idle, []
        for worker in idle:
            self._discard(worker)

    def reap(self) -> None:
        """End the workers that a burst has left behind."""
        surplus = self._idle[:-1]
        for worker in surplus:
            if time.monotonic() - worker.idle_since > IDLE_SECONDS:
                self._idle.remove(worker)
                self._discard(worker)

    async def stop(self) -> None:
        """Kill every worker."""
        self._size = 0
        for place in self._waiting:
            place.cancel()
        ends = [worker.stop() for worker in list(self._workers)]
        await asyncio.gather(*ends, *self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _InitError(Exception):
    """The function's code could not be loaded."""

    def __init__(self, answer: Answer, lines: list[str], seconds: float) -> None:
        super().__init__(answer.error_type)
        self.answer = answer
        self.lines = lines
        self.seconds = seconds


class Functions:
    """Every function of a stack, by logical id; with `reload`, each event runs the code as it is then."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        cloud: Mapping[str, str],
        console: Console,
        *,
        plain: bool = False,
        reload: bool = False,
    ) -> None:
        codes = {function.code for function in functions.values()} if reload else set()
        self._codes = {code: CodeFolder(code) for code in codes}
        self.console = console
        self._scratch = Scratch()
        options: dict[str, Any] = {"scratch": self._scratch.folder, "plain": plain}
        self._pools = {name: Pool(function, cloud, console, **options) for name, function in functions.items()}
        self._reaper = asyncio.create_task(self._reap())

    async def invoke(self, function: str, event: Mapping[str, Any], **options: Any) -> Answer:
        """Run the function that the template calls `function`; options as of `Pool.invoke`."""
        pool = self._pools[function]
        if self._codes and self._codes[pool.function.code].changed():
            self._replace(pool.function.code)
        return await pool.invoke(event, **options)

    def replace(self, changed: set[Path]) -> None:
        """Replace the workers of every function whose code folder holds one of the changed files."""
        for folder, code in self._codes.items():
            if code.told(changed):
                self._replace(folder)

    def _replace(self, folder: Path) -> None:
        pools = {name: pool for name, pool in self._pools.items() if pool.function.code == folder}
        for pool in pools.values():
            pool.replace()
        told = f"{len(pools)} functions" if len(pools) > 1 else next(iter(pools))
        self.console.note(f"new code in {folder.name}/: {told}")

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(IDLE_SECONDS / 3)
            for pool in self._pools.values():
                pool.reap()

    async def stop(self) -> None:
        """Kill every worker of every function."""
        self._reaper.cancel()
        await asyncio.gather(*(pool.stop() for pool in self._pools.values()))
        self._scratch.close()


def trace_id() -> str:
    """Make an X-Ray trace header that isn't sampled."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
