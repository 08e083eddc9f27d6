"""How fast kit-local is there, what it weighs, and what it adds to a request.

    python integration-tests/benchmarks/local.py

The example is started with an empty cache, and again. The peers of a request are the floor, an aiohttp server that
calls the same handler in its own process, and the bare call of the handler. Memory is the proportional set size of
kit-local and all its children. Times are of one client that asks one thing after another.
"""

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil
from _table import print_table

LOANS = Path(__file__).parents[2] / "docs" / "examples" / "loans"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.hello
      CodeUri: src/
      Events:
        Get: {Type: HttpApi, Properties: {Method: GET, Path: /}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}
  Jobs:
    Type: AWS::SQS::Queue
"""
APP = """
import json, pathlib, time

def hello(event, context):
    for record in event.get("Records", ()):
        pathlib.Path(record["body"]).write_text(str(time.time()))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"hello": "you"})}
"""
FLOOR = """
import asyncio, sys
from aiohttp import web
sys.path.insert(0, sys.argv[1])
from app import hello

async def serve(request):
    answer = hello({"rawPath": request.path, "headers": dict(request.headers)}, None)
    return web.Response(status=answer["statusCode"], text=answer["body"], headers=answer["headers"])

async def main():
    server = await asyncio.get_running_loop().create_server(web.Server(serve), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


class Running:
    """A `kit-local run`, from its start to its end."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        ready = scratch / "ready.json"
        program = Path(sys.executable).with_name("kit-local")
        command = [program, "run", folder, "--port", "0", "--ready-file", ready]
        environment = {**os.environ, **dict.fromkeys(("KIT_LOCAL_HOME", "KIT_TESTING_HOME"), str(scratch / "home"))}
        began = time.perf_counter()
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"kit-local ended with {self.process.returncode}")
            time.sleep(0.005)
        self.seconds = time.perf_counter() - began
        self.urls = json.loads(ready.read_text())

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def family(self) -> list[psutil.Process]:
        """Return kit-local and everything below it."""
        owner = psutil.Process(self.process.pid)
        return [owner, *owner.children(recursive=True)]

    def megabytes(self) -> float:
        """Return the memory of all of it together."""
        return sum(process.memory_full_info().pss for process in self.family()) / 2**20


def median_ms(action: Callable[[], object], rounds: int = 500) -> float:
    """Return the median of the rounds after the first tenth of them."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[rounds // 10 :])


def asking(url: str, path: str = "/", headers: dict[str, str] | None = None) -> Callable[[], object]:
    """Return a call that makes one request on a connection that stays open."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def ask() -> None:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {body!r}")

    return ask


def the_example(scratch: Path) -> list[list[object]]:
    """Measure the starts, the memory and a request of docs/examples/loans."""
    with Running(LOANS, scratch) as running:
        first = running.seconds
    with Running(LOANS, scratch) as running:
        second, idle = running.seconds, running.megabytes()
        owner = psutil.Process(running.process.pid)
        time.sleep(2)  # until the pollers have settled
        before = owner.cpu_times()
        time.sleep(5)
        after = owner.cpu_times()
        share = (after.user + after.system - before.user - before.system) / 5
        token = {"Authorization": "Bearer demo-viewer"}
        warm = median_ms(asking(running.urls["http"], "/loans", token))
        used = running.megabytes()
    return [
        ["first start to ready", f"{first:.2f} s", ""],
        ["second start to ready", f"{second:.2f} s", "4 s"],
        ["memory after the start", f"{idle:.0f} MB", "500 MB"],
        ["memory with two functions warm", f"{used:.0f} MB", ""],
        ["CPU while nothing happens", f"{share:.1%}", ""],
        ["GET /loans, authorizer and database", f"{warm:.2f} ms", "4 ms"],
    ]


def the_request(scratch: Path) -> list[list[object]]:
    """Measure one handler behind the gateway, behind a bare server, and called."""
    folder = scratch / "tiny"
    (folder / "src").mkdir(parents=True)
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "src" / "app.py").write_text(textwrap.dedent(APP))
    with Running(folder, scratch) as running:
        began = time.perf_counter()
        asking(running.urls["http"])()
        cold = (time.perf_counter() - began) * 1000
        gateway = median_ms(asking(running.urls["http"]))
        wake = statistics.median(delivery_ms(running.urls["aws"], scratch) for _ in range(20))
    command = [sys.executable, "-c", FLOOR, str(folder / "src")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        floor = median_ms(asking(f"http://127.0.0.1:{server.stdout.readline().strip()}"))
        server.terminate()
    namespace: dict[str, Any] = {}
    exec(textwrap.dedent(APP), namespace)
    bare = median_ms(lambda: namespace["hello"]({"rawPath": "/", "headers": {}}, None))
    return [
        ["kit-local: gateway and worker process", f"{gateway:.3f}", f"{gateway / floor:.1f}"],
        ["floor: aiohttp, handler in its process", f"{floor:.3f}", "1.0"],
        ["the handler, called", f"{bare:.4f}", f"{bare / floor:.3f}"],
        ["kit-local: first request, process started", f"{cold:.0f}", f"{cold / floor:.0f}"],
        ["kit-local: SendMessage to handler", f"{wake:.1f}", f"{wake / floor:.0f}"],
    ]


def delivery_ms(aws: str, scratch: Path) -> float:
    """Return the time from before SendMessage to the handler's first line."""
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    sqs = boto3.client("sqs", endpoint_url=aws, **credentials)
    [queue] = sqs.list_queues()["QueueUrls"]
    seen = scratch / "seen"
    seen.unlink(missing_ok=True)
    began = time.time()
    sqs.send_message(QueueUrl=queue, MessageBody=str(seen))
    while not seen.exists() or not seen.read_text():
        time.sleep(0.001)
    return (float(seen.read_text()) - began) * 1000


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        print_table("docs/examples/loans", ["", "measured", "at most"], the_example(scratch))
        print_table("One request, milliseconds at the median", ["", "ms", "times the floor"], the_request(scratch))


if __name__ == "__main__":
    main()
