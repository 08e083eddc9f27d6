"""A small laboratory: functions in real workers, behind real ports, with a console to read from."""

import asyncio
import io
import json
import socket
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from kit_local.bridges.visibility import Visibility
from kit_local.errors import LocalError
from kit_local.gateway.server import HttpGateway
from kit_local.gateway.websocket import WebSocketGateway
from kit_local.logs import Console
from kit_local.run import Backend, Options
from kit_local.runtime.pool import Functions
from kit_local.sources.queue import Poller
from kit_local.sources.sqs import Queue
from kit_local.stack import Api, Authorizer, Function, QueueSource, Route, Stack
from kit_testing.servers.aws import Bridge

APP = """
import os, sys, time

def echo(event, context):
    return {"statusCode": 200, "body": __import__("json").dumps(event)}

def answer(event, context):
    return eval(event.get("body") or "None", {"event": event})

def pid(event, context):
    return os.getpid()

def fail(event, context):
    raise ValueError("the reason")

def sleep(event, context):
    time.sleep(60)

def leave(event, context):
    os._exit(3)
"""


class Laboratory:
    """Starts what a test names, and stops it all."""

    account, region = "123456789012", "us-east-1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.screen = io.StringIO()
        self.console = Console(self.screen)
        self.cloud: dict[str, str] = {}
        self._functions: dict[str, Function] = {}
        self._stops: list[Any] = []
        self.write(APP)

    @property
    def shown(self) -> str:
        """What the console has shown so far."""
        return self.screen.getvalue()

    def write(self, text: str, name: str = "app.py") -> None:
        """Write a module into the code folder."""
        (self.folder / name).write_text(textwrap.dedent(text))

    def functions(self, *names: str, plain: bool = False, reload: bool = False, **options: Any) -> Functions:
        """Return functions of the module `app`, by their own names."""
        for name in names:
            handler = name if "." in name else f"app.{name}"
            arn = f"arn:aws:lambda:{self.region}:{self.account}:function:shop-{name}"
            self._functions[name] = Function(name, f"shop-{name}", arn, handler, self.folder, **options)
        functions = Functions(self._functions, self.cloud, self.console, plain=plain, reload=reload)
        self._stops.append(functions.stop)
        return functions

    async def serve(
        self, functions: Functions, *routes: Route, kind: Any = "http", stage: str = "$default", **options: Any
    ) -> str:
        """Put an API on a free port; return its URL."""
        bound = socket.create_server(("127.0.0.1", 0))
        base = "" if stage == "$default" else f"/{stage}"
        url = f"{'ws' if kind == 'websocket' else 'http'}://127.0.0.1:{bound.getsockname()[1]}{base}"
        authorizers: dict[str, Authorizer] = options.pop("authorizers", {})
        own = {name: options.pop(name) for name in ("rules",) if name in options}
        api = Api("Api", "api123", kind, stage, url, routes, authorizers, **options)
        stack = Stack("shop", self.region, self.account, self.folder, self._functions, (api,))
        gateway = (WebSocketGateway if kind == "websocket" else HttpGateway)(api, stack, functions, **own)
        self._stops.append(gateway.stop)
        await gateway.start(bound)
        return url

    def later(self, stop: Any) -> None:
        """Await `stop()` at the end."""
        self._stops.append(stop)

    async def close(self) -> None:
        """Stop everything."""
        while self._stops:
            await self._stops.pop()()


NOTING = """
import json, pathlib

def note(event, context):
    with pathlib.Path("notes").open("a") as file:
        file.write(json.dumps(event) + "\\n")
"""
HEAD = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, CodeUri: src, Timeout: 20, Handler: app.note}
Resources:
"""


class Shop:
    """A template that runs: its functions are in `app.py`, where `note` notes every event."""

    def __init__(self, folder: Path, cloud: Any, screen: io.StringIO) -> None:
        self.folder, self.cloud, self.screen = folder, cloud, screen
        self.arn = f"arn:aws:{{}}:{cloud.region}:{cloud.account}:{{}}".format

    @property
    def urls(self) -> dict[str, Any]:
        """The content of the ready file."""
        found: dict[str, Any] = json.loads((self.folder.parent / "ready.json").read_text())
        return found

    @property
    def notes(self) -> list[Any]:
        """The events so far."""
        file = self.folder / "src" / "notes"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    async def call(self, service: str, operation: str, **options: Any) -> Any:
        """Call the local AWS."""
        return await asyncio.to_thread(getattr(self.cloud.client(service), operation), **options)

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something is true, and return it."""
        async with asyncio.timeout(30):
            while not (found := condition()):
                await asyncio.sleep(0.01)
        return found

    async def messages(self, queue: str, count: int) -> list[Any]:
        """Wait for as many messages in a queue, and return what boto3 has of them."""
        found: list[Any] = []
        async with asyncio.timeout(30):
            while len(found) < count:
                found += await self.received(queue)
        return found

    async def received(self, queue: str) -> list[Any]:
        """Take what comes into a queue within a second."""
        url = (await self.call("sqs", "get_queue_url", QueueName=queue))["QueueUrl"]
        wanted = {"QueueUrl": url, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        answer = await self.call("sqs", "receive_message", **wanted, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        found: list[Any] = answer.get("Messages", [])
        for message in found:
            await self.call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


# Notes every batch, and returns what the first message says as "answer".
BATCHES = """
import json, pathlib, time

def work(event, context):
    with pathlib.Path("batches").open("a") as file:
        file.write(json.dumps(event) + "\\n")
    bodies = [record.get("body", "") for record in event["Records"]]
    ids = {record.get("body"): record.get("messageId") for record in event["Records"]}
    if "boom" in bodies:
        raise ValueError("the reason")
    return {"batchItemFailures": [{"itemIdentifier": ids[body]} for body in bodies if body.startswith("bad")]}
"""


class Bench:
    """A queue, and what a poller made of it."""

    def __init__(self, lab: Any, aws: Any, session: aiohttp.ClientSession) -> None:
        lab.write(BATCHES)
        self.lab, self.aws, self.session, self.sqs = lab, aws, session, aws.client("sqs")
        self.url = self.arn = ""
        self.faults: list[LocalError] = []
        self.visibility = Visibility()
        aws.bridges.append(self.visibility)
        self.functions = lab.functions("work", timeout=10.0)

    def queue(self, name: str = "orders", **attributes: Any) -> tuple[str, str]:
        values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        url = self.sqs.create_queue(QueueName=name, Attributes=values)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def poll(self, queue: tuple[str, str], *, retry_delay: int | None = 0, **options: Any) -> None:
        self.url, self.arn = queue
        source = QueueSource("work", self.url, self.arn, **options)
        reader = Queue(self.session, self.aws.url, self.url, self.aws.region)
        others: dict[str, Any] = {"visibility": self.visibility, "fail": self.faults.append}
        poller = Poller(source, reader, self.functions, retry_delay=retry_delay, **others)
        self.lab.later(poller.stop)

    def send(self, *bodies: str, **options: Any) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **options)

    @property
    def batches(self) -> list[list[str]]:
        return [[record.get("body") for record in event["Records"]] for event in self.events]

    @property
    def events(self) -> list[dict[str, Any]]:
        file = self.lab.folder / "batches"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def left(self, url: str = "") -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(30):
            while not await asyncio.to_thread(condition):
                await asyncio.sleep(0.01)


@pytest.fixture
async def bench(lab: Any, aws: Any) -> AsyncIterator[Bench]:
    async with aiohttp.ClientSession() as session:
        made = Bench(lab, aws, session)
        yield made
        await lab.close()
        aws.bridges.remove(made.visibility)


RunTemplate = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def run_template(tmp_path: Path, aws: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunTemplate]:
    """Run a template, given as its resources, with an `app.py`."""
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    async with AsyncExitStack() as stack:

        async def run(resources: str, app: str = "", *, bridges: Sequence[Bridge] = (), **options: Any) -> Shop:
            (folder / "src" / "app.py").write_text(NOTING + textwrap.dedent(app))
            (folder / "template.yaml").write_text(HEAD + textwrap.indent(textwrap.dedent(resources).strip("\n"), "  "))
            screen = io.StringIO()
            given = {"retry_delay": 0, "reload": False, "ready_file": folder.parent / "ready.json", **options}
            wanted = Options(folder, port=0, ephemeral=True, **given)
            backend = Backend(wanted, Console(screen))
            backend.cloud.bridges.extend(bridges)
            await stack.enter_async_context(backend)
            return Shop(folder, backend.cloud, screen)

        yield run


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Laboratory]:
    folder = tmp_path / "src"
    folder.mkdir()
    laboratory = Laboratory(folder)
    yield laboratory
    await laboratory.close()


@pytest.fixture
async def http(lab: Any) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


@pytest.fixture(autouse=True)
def developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own credentials, which nothing here may see."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADEVELOPER")
    monkeypatch.setenv("AWS_PROFILE", "production")
