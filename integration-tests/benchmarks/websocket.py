"""What kit-websocket costs: importing it, a message, and a broadcast, next to least code and peers.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/websocket.py

Import: CPU time over what Lambda's runtime has loaded, of processes of their own, the least of several.
Dispatch: a message in, its answer out, CPU time; by hand is if/else with json, chalice has one handler for all.
Broadcast: one message to 1,000 and 10,000 connections, a tenth of them gone, over HTTP on loopback, to a server in a
process of its own that answers after 5 ms. boto3 sends from 50 threads with as many connections. All in turns. Ends
with exit code 1 when a limit is passed, which are ratios to what stands beside it in the same run.
"""

import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from _table import cpu_microseconds, print_table
from kit_core import loop
from kit_websocket import Middleware, WebSocketResolver

LATENCY = 0.005  # seconds
THREADS = 50
MESSAGE = b'{"action":"said","room":"general","text":"hello to everybody in here"}'
# The targets, in microseconds and milliseconds of an otherwise idle machine, as ratios to what is measured beside them.
SYNC_OVER, ASYNC_OVER = 2.0 / 3.5, 5.0 / 3.5  # of the time by hand
BROADCAST_CPU = 0.06 / 0.74  # of boto3's


IMPORTS = {
    "import kit_websocket": "import kit_websocket",
    "WebSocketResolver in use": (
        "from kit_websocket import WebSocketResolver\nWebSocketResolver().on_message('m')(lambda a: a)"
    ),
    "WebSocketResolver and ConnectionManager in use": (
        "from kit_websocket import ConnectionManager, WebSocketResolver\n"
        "WebSocketResolver(connections=ConnectionManager('t')).on_message('m')(lambda a: a)"
    ),
    "chalice": "import chalice",
    "boto3": "import boto3",
}
IMPORT_LIMIT = 8.0  # milliseconds
# What the runtime's own modules import (awslambdaric).
_MEASURE = """
import decimal, importlib, json, logging, os, socket, sys, time, traceback
before = time.process_time_ns()
{}
print((time.process_time_ns() - before) / 1e6, "boto3" in sys.modules)
"""


def imports() -> bool:
    """Print what imports cost, and tell whether that is within the limit."""
    least = dict.fromkeys(IMPORTS, float("inf"))
    loaded = dict.fromkeys(IMPORTS, "")
    for _ in range(11):
        for name, program in IMPORTS.items():
            command = [sys.executable, "-c", _MEASURE.format(program)]
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode == 0:
                took, loaded[name] = ran.stdout.split()
                least[name] = min(least[name], float(took))
    rows = [(name, f"{took:.2f}", loaded[name]) for name, took in least.items()]
    print_table("Import, over what the runtime has loaded", ["import", "CPU ms", "loads boto3"], rows)
    own = [name for name in IMPORTS if "WebSocket" in name or "kit" in name]
    return report(
        {
            f"import kit_websocket at most {IMPORT_LIMIT:.0f} ms": least["import kit_websocket"] <= IMPORT_LIMIT,
            "no boto3": all(loaded[name] == "False" for name in own),
        }
    )


def event(route: str) -> dict[str, Any]:
    """Return the event of a message."""
    context = {
        "routeKey": route,
        "eventType": "MESSAGE",
        "connectionId": "abc=",
        "connectedAt": 1_767_225_600_000,
        "domainName": "abc.execute-api.eu-west-1.amazonaws.com",
        "stage": "live",
        "requestId": "r",
        "apiId": "abc",
        "identity": {"sourceIp": "203.0.113.7"},
    }
    body = {"action": route, "room": "general", "text": "hello"}
    return {"requestContext": context, "body": json.dumps(body), "isBase64Encoded": False}


def by_hand(event: Any, context: Any) -> Any:
    """Answer as the handlers below do."""
    route = event["requestContext"]["routeKey"]
    if route == "say":
        body = json.loads(event["body"])
        return {"statusCode": 200, "body": json.dumps({"room": body["room"], "length": len(body["text"])})}
    if route in ("$connect", "$disconnect"):
        return {"statusCode": 200}
    return {"statusCode": 404}


def say(body: Any) -> Any:
    """Answer a message."""
    return {"room": body["room"], "length": len(body["text"])}


async def say_async(body: Any) -> Any:
    """Answer a message, as a coroutine."""
    return {"room": body["room"], "length": len(body["text"])}


async def say_awaiting(body: Any) -> Any:
    """Answer a message, as a coroutine that awaits."""
    return await say_async(body)


def say_fields(room: str, text: str) -> Any:
    """Answer a message whose members are parameters."""
    return {"room": room, "length": len(text)}


def resolver_with(handler: Callable[..., Any], *, routes: int = 1, middleware: bool = False) -> WebSocketResolver:
    """Return a resolver of so many routes, whose last one is `say`."""
    resolver = WebSocketResolver()
    for number in range(routes - 1):
        resolver.on_message(f"route{number}")(handler)
    resolver.on_message("say")(handler)
    if middleware:
        resolver.middleware(Middleware)
    return resolver


def chalice_app() -> Callable[[Any, Any], Any]:
    """Return chalice's handler of messages."""
    from chalice import Chalice

    app = Chalice(app_name="benchmark")
    app.experimental_feature_flags.add("WEBSOCKETS")
    session = {"client": lambda self, *args, **options: None, "region_name": "eu-west-1"}
    app.websocket_api.session = type("Session", (), session)()

    @app.on_ws_message()
    def message(event: Any) -> Any:
        return say(json.loads(event.body))

    return message  # type: ignore[no-any-return]


def dispatch() -> bool:
    """Print what a message costs, and tell whether that is within the limits."""
    message = event("say")
    handlers: dict[str, Callable[[Any, Any], Any]] = {
        "by hand": by_hand,
        "function": resolver_with(say),
        "function, 300 routes": resolver_with(say, routes=300),
        "function, members of the message": resolver_with(say_fields),
        "async def": resolver_with(say_async),
        "async def that awaits": resolver_with(say_awaiting),
        "async def, async middleware": resolver_with(say_async, middleware=True),
    }
    try:
        handlers["chalice, one handler for all"] = chalice_app()
    except ImportError:
        print("chalice is not installed: uv run --group benchmarks …")
    kept = asyncio.new_event_loop()

    async def nothing() -> None: ...

    calls: dict[str, Callable[[], object]] = {
        name: lambda handler=handler: handler(message, None)  # type: ignore[misc]
        for name, handler in handlers.items()
    }
    calls["asyncio alone: run_until_complete of nothing"] = lambda: kept.run_until_complete(nothing())
    took = cpu_microseconds(calls, number=5_000)
    kept.close()
    hand = took["by hand"]
    rows = [(name, f"{us:.2f}", f"{us - hand:.2f}", f"{us / hand:.2f}") for name, us in took.items()]
    print_table("One message, CPU time", ["handler", "µs", "over by hand", "times by hand"], rows)
    sync, asynchronous = took["function"] - hand, took["async def"] - hand
    flat = took["function, 300 routes"] / took["function"]
    checks = {
        f"function at most {SYNC_OVER:.2f} times by hand over it": sync <= SYNC_OVER * hand,
        f"async def at most {ASYNC_OVER:.2f} times by hand over it": asynchronous <= ASYNC_OVER * hand,
        "300 routes cost what one does (25 % of noise)": flat <= 1.25,
    }
    return report(checks)


def serve(ready: Any) -> None:
    """Answer `@connections` after a while: 410 for ids that end in 7."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                start = head.lower().index(b"content-length:") + 15
                await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
                await asyncio.sleep(LATENCY)
                if head.split(b" ", 2)[1].endswith(b"7"):
                    writer.write(b"HTTP/1.1 410 Gone\r\nx-amzn-ErrorType: GoneException\r\nContent-Length: 2\r\n\r\n{}")
                else:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=500)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def kit_sender(url: str) -> Callable[[list[str]], int]:
    """Return kit-websocket's broadcast to connections that are known."""
    from kit_websocket.sending.fanout import FanOut
    from kit_websocket.sending.pool import pool_of

    async def send(ids: list[str]) -> int:
        fan_out = FanOut(pool_of(url), MESSAGE)
        await fan_out.send(ids)
        return fan_out.delivery.reached

    return lambda ids: loop.run(send(ids))


def boto3_sender(url: str) -> Callable[[list[str]], int]:
    """Return boto3's, from threads."""
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=THREADS)
    client = boto3.client("apigatewaymanagementapi", endpoint_url=url, region_name="us-east-1", config=config)
    threads = ThreadPoolExecutor(THREADS)

    def post(connection_id: str) -> int:
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=MESSAGE)
        except client.exceptions.GoneException:
            return 0
        return 1

    return lambda ids: sum(threads.map(post, ids))


def broadcasts() -> bool:
    """Print what broadcasts cost, and tell whether that is within the limits."""
    ready: Any = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ready.get()}/live"
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y" * 40, "AWS_REGION": "us-east-1"}
    os.environ |= {"AWS_SESSION_TOKEN": "t" * 700}
    kit, boto3 = kit_sender(url), boto3_sender(url)
    least: dict[str, tuple[float, float]] = {}
    cases = [("kit-websocket", kit, 1_000), ("boto3, 50 threads", boto3, 1_000), ("kit-websocket", kit, 10_000)]
    memory = {}
    for number in range(5):
        for name, send, count in cases[: 3 if number < 3 else 2]:
            ids = [f"c{each}" for each in range(count)]
            wall, cpu = time.perf_counter(), time.process_time()
            assert send(ids) == count - count // 10
            figures = time.perf_counter() - wall, (time.process_time() - cpu) / count * 1e3
            key = f"{name}, {count:,} connections"
            least[key] = min(least.get(key, figures), figures, key=lambda each: each[1])
            memory[key] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    server.terminate()
    server.join()
    rows = [(name, f"{wall:.2f}", f"{cpu:.3f}", f"{memory[name]:.0f}") for name, (wall, cpu) in least.items()]
    print_table("A broadcast, 10 % gone, 5 ms latency", ["sender", "s", "CPU ms per message", "peak MB so far"], rows)
    thousand, many = least["kit-websocket, 1,000 connections"], least["kit-websocket, 10,000 connections"]
    peer = least["boto3, 50 threads, 1,000 connections"]
    checks = {
        f"at most {BROADCAST_CPU:.2f} of boto3's CPU time": thousand[1] <= BROADCAST_CPU * peer[1],
        "a message to 10,000 costs what one to 1,000 does (25 % of noise)": many[1] <= 1.25 * thousand[1],
    }
    return report(checks)


def report(checks: dict[str, bool]) -> bool:
    """Print whether limits hold."""
    print()
    for text, holds in checks.items():
        print(f"{text}: {'yes' if holds else 'NO'}")
    return all(checks.values())


if __name__ == "__main__":
    results = [imports(), dispatch(), broadcasts()]
    sys.exit(0 if all(results) else 1)
