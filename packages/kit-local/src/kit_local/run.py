"""Everything that runs for one folder: started together, stopped together."""

import asyncio
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from kit_testing.errors import MigrationError, TestingError
from kit_testing.servers import Aws

from kit_local.errors import LocalError
from kit_local.gateway.rules import WebSocketRules
from kit_local.logs import Console, LogHandler
from kit_local.paths import state_folder
from kit_local.running import Announcement

if TYPE_CHECKING:
    from kit_testing.servers import Postgres, Redis
    from kit_testing.servers.lock import FolderLock

    from kit_local.stack import Stack
    from kit_local.template import ApiStub, Template

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """What `kit-local run` was told."""

    folder: Path
    port: int = 3000
    ready_file: Path | None = None
    ephemeral: bool = False
    ignore_unsupported: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    retry_delay: int | None = 1  # seconds; None: the queues' own visibility timeouts
    reload: bool = True
    websocket: WebSocketRules = field(default_factory=WebSocketRules)


class PortError(LocalError):
    """The port that was asked for is taken."""


def bind(
    apis: "tuple[ApiStub, ...]", port: int, *, say: Callable[[str], object] = lambda text: None
) -> dict[str, socket.socket]:
    """Open a port for each API: `port` for the first HTTP or REST API, the following ones for the others.

    A taken `port` is a PortError; a following one that is taken becomes a free one, and `say` is told; so does 0.
    """
    bound: dict[str, socket.socket] = {}
    try:
        for offset, api in enumerate(sorted(apis, key=lambda api: api.kind == "websocket")):
            wanted = port + offset if port else 0
            try:
                bound[api.logical_id] = socket.create_server(("127.0.0.1", wanted))
            except OSError as error:
                if not offset:
                    reason = os.strerror(error.errno or 0)
                    raise PortError(f"port {wanted} cannot be had: {reason}; choose one by --port") from error
                bound[api.logical_id] = socket.create_server(("127.0.0.1", 0))
                say(f"port {wanted} is in use; {api.logical_id} is on {bound[api.logical_id].getsockname()[1]}")
    except PortError:
        for opened in bound.values():
            opened.close()
        raise
    return bound


class Backend:
    """A folder's backend. `stop` undoes `start`, however far that has come.

    `broken` is done when it goes on no longer by itself; `check` raises why. As an asynchronous context manager it is
    started, stopped and checked. moto runs in this process, and reads its AWS settings: `shield` takes them away.
    """

    def __init__(self, options: Options, console: Console) -> None:
        self.broken = asyncio.Event()
        self._fault: LocalError | None = None
        self._options, self._console = options, console
        self._sockets: dict[str, socket.socket] = {}
        self._stores: list[Postgres | Redis] = []
        self.cloud = Aws()
        self._threads: list[asyncio.Future[Any]] = []
        self._stops: list[Callable[[], Coroutine[Any, Any, None]]] = []  # in the order of starting
        self._watcher: asyncio.Task[None] | None = None
        self._lock: FolderLock | None = None
        self._announcement: Announcement | None = None

    async def start(self) -> dict[str, Any]:
        """Start everything, and return the URLs once it answers."""
        options = self._options
        if options.ready_file:
            if not options.ready_file.parent.is_dir():
                raise LocalError(f"there is no folder for {str(options.ready_file)!r}")
            options.ready_file.unlink(missing_ok=True)
        cloud = self.cloud
        cloud_started = self._thread(cloud.start)
        template = await self._thread(self._load)
        needs_state = not options.ephemeral and (template.needs_postgres or template.needs_redis)
        state = self._hold(state_folder(options.folder)) if needs_state else None
        self._sockets = bind(template.apis, options.port, say=self._console.note)
        postgres = self._store("Postgres", state) if template.needs_postgres else None
        redis = self._store("Redis", state) if template.needs_redis else None
        await asyncio.gather(cloud_started, *(self._thread(store.start) for store in self._stores))
        stack = await self._thread(lambda: self._provision(template, postgres, redis))
        if stack.postgres_url:
            await self._thread(lambda: self._migrate(stack.postgres_url or ""))
        for store in self._stores:
            store.supervise()
        await self._serve(stack, template.source.file)
        urls = _urls(stack, cloud.url)
        self._announcement = Announcement(options.folder, {name: urls[name] for name in ("aws", "functions")})
        if options.ready_file:
            write_ready_file(options.ready_file, urls)
        return urls

    async def stop(self) -> None:
        """Stop everything. What is still starting is stopped once it has."""
        if self._announcement:
            self._announcement.withdraw()
        if self._options.ready_file:
            with suppress(OSError):
                self._options.ready_file.unlink()
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        for stop in reversed(self._stops):
            await stop()
        for opened in self._sockets.values():
            opened.close()
        await asyncio.gather(*(asyncio.to_thread(store.stop) for store in self._stores))
        await asyncio.gather(*self._threads, return_exceptions=True)
        self.cloud.stop()
        await asyncio.gather(*(asyncio.to_thread(store.close) for store in self._stores))
        if self._lock:
            self._lock.release()

    def fail(self, error: LocalError) -> None:
        """Note what ends the backend, the first time; whoever runs it sees `broken` and stops it."""
        self._fault = self._fault or error
        self.broken.set()

    def check(self) -> None:
        """Raise the LocalError that has ended the backend, if one has."""
        if self._fault:
            raise self._fault

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            self.check()

    # ---- The parts, in threads of their own: they block, and take most of the start between them

    def _thread(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        future = asyncio.ensure_future(asyncio.to_thread(work))
        self._threads.append(future)
        return asyncio.shield(future)  # a thread can't be cancelled; whoever waits for it can

    def _load(self) -> "Template":
        from kit_local.template import load

        options, cloud = self._options, self.cloud
        if not options.folder.is_dir():
            raise LocalError(f"there is no folder {str(options.folder)!r}")
        return load(
            options.folder,
            parameters=options.parameters,
            ignore_unsupported=options.ignore_unsupported,
            region=cloud.region,
            account=cloud.account,
        )

    def _hold(self, state: Path) -> Path:
        """Keep a second kit-local away from the folder's data."""
        from kit_testing.errors import FolderTakenError
        from kit_testing.servers.lock import FolderLock

        try:
            self._lock = FolderLock(state)
        except FolderTakenError as error:
            text = f"{self._options.folder} is already running (process {error.holder}); stop it, or start this one"
            raise LocalError(f"{text} with --ephemeral") from error
        return state

    def _store(self, kind: str, state: Path | None) -> Any:
        from kit_testing import servers

        store = getattr(servers, kind)(state and state / kind.lower())
        self._stores.append(store)
        return store

    def _provision(self, template: "Template", postgres: "Postgres | None", redis: "Redis | None") -> "Stack":
        from kit_local.provision import provision

        ports = {name: opened.getsockname()[1] for name, opened in self._sockets.items()}
        origins = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        return provision(template, cloud=self.cloud, origins=origins, postgres=postgres, redis=redis)

    def _migrate(self, url: str) -> None:
        folder = self._options.folder / "migrations"
        if folder.is_dir():
            from kit_testing.servers import apply_migrations

            try:
                applied = apply_migrations(url, folder)
            except MigrationError:
                if not self._options.ephemeral:
                    kept = state_folder(self._options.folder)
                    self._console.note(f"to begin with an empty database, remove the folder {str(kept)!r}")
                raise
            for name in applied:
                self._console.note(f"applied migrations/{name}")

    def _advise(self, stack: "Stack") -> None:
        from kit_local.runtime.advice import missing, other_python

        for text in missing(stack.functions.values()):
            self._console.warn(text)
        if text := other_python(stack.functions.values()):
            self._console.note(text)

    async def _serve(self, stack: "Stack", template: Path) -> None:
        """Open the APIs and start polling; workers start with their first invocation."""
        from kit_local.bridges.management import Management
        from kit_local.gateway.connections import Connections
        from kit_local.gateway.server import HttpGateway
        from kit_local.gateway.websocket import WebSocketGateway
        from kit_local.runtime.pool import Functions
        from kit_local.sources.sources import Sources
        from kit_local.watch import watch

        self._advise(stack)
        functions = Functions(stack.functions, self._environment(stack), self._console, reload=self._options.reload)
        self._stops.append(functions.stop)
        sockets: list[Connections] = []
        for api in stack.apis:
            gateway: HttpGateway | WebSocketGateway
            if api.kind == "websocket":
                gateway = WebSocketGateway(api, stack, functions, rules=self._options.websocket)
                sockets.append(gateway.connections)
            else:
                gateway = HttpGateway(api, stack, functions)
            self._stops.append(gateway.stop)
            await gateway.start(self._sockets[api.logical_id])
        self.cloud.bridges.append(Management(sockets, asyncio.get_running_loop()))
        sources = Sources(stack, functions, self.cloud, fail=self.fail, retry_delay=self._options.retry_delay)
        self._stops.append(sources.stop)
        if self._options.reload:
            folders = {function.code for function in stack.functions.values()}
            self._watcher = asyncio.create_task(watch(folders, template, functions, self._console))

    def _environment(self, stack: "Stack") -> dict[str, str]:
        """Return the variables that lead a function's SDK to the local endpoints."""
        sockets = [api.url.replace("ws://", "http://", 1) for api in stack.apis if api.kind == "websocket"]
        management = sockets[0] if len(sockets) == 1 else self.cloud.url
        return {**self.cloud.environment(), "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": management}


def _urls(stack: "Stack", aws: str) -> dict[str, Any]:
    """Return what the ready file says."""
    ordered = sorted(stack.apis, key=lambda api: api.kind == "websocket")
    apis = {api.logical_id: api.url for api in ordered}
    first = {"websocket" if api.kind == "websocket" else "http": api.url for api in reversed(ordered)}
    named: dict[str, Any] = {"http": first.get("http"), "websocket": first.get("websocket"), "aws": aws}
    named |= {"postgres": stack.postgres_url, "redis": stack.redis_url, "apis": apis}
    return {**named, "functions": {logical_id: function.name for logical_id, function in stack.functions.items()}}


def write_ready_file(file: Path, urls: Mapping[str, Any]) -> None:
    """Write the ready file at once: whoever sees it sees all of it, and nobody else does: there are passwords in it."""
    from kit_testing.servers.folders import write_private

    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    write_private(scratch, json.dumps(urls))
    scratch.replace(file)


def _show(console: Console, urls: Mapping[str, Any], seconds: float) -> None:
    console.note(console.colour(f"ready after {seconds:.1f} s", "green"))
    named = {**urls["apis"], "AWS": urls["aws"], "PostgreSQL": urls["postgres"], "Redis": urls["redis"]}
    width = max(map(len, (*named, "Functions")))
    for name, url in named.items():
        if url:
            console.write(f"  {name:<{width}}  {console.colour(url, 'cyan')}")
    if urls["functions"]:
        console.write(f"  {'Functions':<{width}}  {', '.join(sorted(urls['functions']))}")


async def run(options: Options, console: Console) -> int:
    """Run the folder until SIGINT, SIGTERM or SIGHUP, or until it is broken; return the exit code.

    A second signal ends the process at once.
    """
    asked = asyncio.Event()

    def ask() -> None:
        if asked.is_set():
            # Workers and servers notice that by themselves.
            os._exit(130)
        asked.set()

    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # the last when the terminal is closed
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup
        numbers.remove(signal.SIGHUP)
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, ask)
    backend, began = Backend(options, console), time.perf_counter()
    starting, stopping = asyncio.create_task(backend.start()), asyncio.create_task(asked.wait())
    breaking = asyncio.create_task(backend.broken.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            _show(console, starting.result(), time.perf_counter() - began)
            await asyncio.wait({stopping, breaking}, return_when=asyncio.FIRST_COMPLETED)
            backend.check()
        return 0
    except (LocalError, TestingError, OSError) as error:  # a disk that is full, a file of somebody else's
        console.error(str(error))
        return 1
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        if asked.is_set():
            console.note("stopping")
        stopping.cancel()
        breaking.cancel()
        await backend.stop()


def shield() -> None:
    """Take the developer's own AWS settings out of this process: nothing in it is to use them, or to trip over them."""
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_REGION"]:
        del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def main(options: Options, console: Console) -> int:
    """Run the folder in a loop of its own; return the exit code."""
    shield()
    handler = LogHandler(console)
    for name in ("kit.local", "kit.testing"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return asyncio.run(run(options, console))
