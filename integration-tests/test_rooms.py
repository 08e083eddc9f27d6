"""Rooms from end to end: real clients through kit-local, while clients die, functions crash and sending is throttled.

KIT_WEBSOCKET_CLIENTS is the number of clients: 100 by default, 500 for the figures in docs/benchmarks.md.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from backend_process import Backend

CLIENTS = int(os.environ.get("KIT_WEBSOCKET_CLIENTS", "100"))
PER_ROOM = 50
MESSAGES = 4  # that each room's speaker sends, before and again after clients have died
KILLED = 0.2  # of the clients that are no speakers
THROTTLED = 0.2  # of the commands to @connections
AT_ONCE = 40  # clients that connect at the same time
PATIENCE = 120.0  # seconds


@dataclass
class Client:
    """One client. It notes the messages of its room as they arrive."""

    socket: aiohttp.ClientWebSocketResponse
    room: str
    said: list[int] = field(default_factory=list)  # the numbers of the speaker's messages
    other: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    listening: "asyncio.Task[None] | None" = None

    async def listen(self) -> None:
        async for message in self.socket:
            content = json.loads(message.data)
            if content.get("type") == "said":
                self.said.append(content["n"])
            else:
                await self.other.put(content)

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message, and return what comes back to this client alone."""
        await self.socket.send_json(message)
        return await asyncio.wait_for(self.other.get(), PATIENCE)

    def kill(self) -> None:
        """Go away without a close frame, as a machine that loses power."""
        transport = self.socket._response.connection.transport  # type: ignore[union-attr]
        transport.abort()


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    options = (
        "--ephemeral",
        "--no-reload",
        "--websocket-throttled",
        str(THROTTLED),
        "--websocket-lost-disconnects",
        "0.5",
    )
    backend = Backend.start(Path(__file__).parent / "rooms", tmp_path_factory.mktemp("rooms"), *options)
    yield backend
    assert backend.stop() == 0, backend.log.read_text()


def test_every_live_member_gets_every_message_once_and_in_order(rooms: Backend, tmp_path: Path) -> None:
    figures = asyncio.run(asyncio.wait_for(drive(rooms, tmp_path), 300))
    print("", *(f"{name}: {figure}" for name, figure in figures.items()), sep="\n")


async def drive(backend: Backend, marks: Path) -> dict[str, str]:
    """Let clients join, hear, and die; return the figures."""
    figures: dict[str, str] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        watch = Watch(session, backend)
        began = time.perf_counter()
        clients = await joined(session, backend)
        figures["joined"] = f"{len(clients)} clients, {time.perf_counter() - began:.1f} s"
        speakers = list({client.room: client for client in clients}.values())

        figures["broadcasts"] = await spoken(speakers, 1, marks)
        dead = killed(clients, speakers)
        live = [client for client in clients if client not in dead]
        at = time.perf_counter()
        forgotten = asyncio.create_task(only(backend, len(live)))
        figures["broadcasts with dead members"] = await spoken(speakers, MESSAGES + 1, marks)
        assert members(backend) == len(live)  # the broadcasts have found the dead of whom no $disconnect tells
        figures["killed"] = f"{len(dead)} clients, all forgotten after {await forgotten - at:.1f} s"
        figures["throttled"] = f"{await watch.stop()} of {watch.asked} commands of an observer"
        assert watch.throttled

        everything = list(range(1, 2 * MESSAGES + 1))
        assert [client.said for client in live if client.said != everything] == []
        assert [client.said for client in dead if client.said != everything[: len(client.said)]] == []
        for client in live:
            await client.socket.close()
    return figures


async def joined(session: aiohttp.ClientSession, backend: Backend) -> list[Client]:
    """Connect every client, and let it join its room."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def join(number: int) -> Client:
        async with turns:
            socket = await session.ws_connect(backend.websocket)
            client = Client(socket, f"room {number // PER_ROOM}")
            client.listening = asyncio.create_task(client.listen())
            assert await client.ask(action="join", room=client.room) == {"type": "joined"}
            return client

    return await asyncio.gather(*map(join, range(CLIENTS)))


async def spoken(speakers: list[Client], first: int, marks: Path) -> str:
    """Let every room's speaker send its messages, each once the one before has reached everybody.

    The invocation of every third message dies; API Gateway says so, and the speaker sends it again.
    """
    began = time.perf_counter()

    async def speak(speaker: Client) -> list[dict[str, Any]]:
        return [await said(speaker, n) for n in range(first, first + MESSAGES)]

    async def said(speaker: Client, n: int) -> dict[str, Any]:
        message: dict[str, Any] = {"action": "say", "room": speaker.room, "n": n}
        if n % 3 == 0:
            message["crash"] = str(marks / f"{speaker.room}-{n}")
            assert (await speaker.ask(**message))["message"] == "Internal server error"
        return await speaker.ask(**message)

    deliveries = [each for room in await asyncio.gather(*map(speak, speakers)) for each in room]
    seconds = time.perf_counter() - began
    reached, gone, again = (sum(each[name] for each in deliveries) for name in ("reached", "gone", "again"))
    return f"{reached} messages, {seconds:.1f} s; {gone} to clients that were gone, {again} sent again by the function"


def killed(clients: list[Client], speakers: list[Client]) -> list[Client]:
    """Kill every few clients, but no speaker, and return them."""
    listeners = [client for client in clients if client not in speakers]
    dead = listeners[:: round(1 / KILLED)]
    for client in dead:
        client.kill()
    return dead


async def only(backend: Backend, count: int) -> float:
    """Wait until there are so many memberships, and return when that was."""
    while await asyncio.to_thread(members, backend) != count:
        await asyncio.sleep(0.2)
    return time.perf_counter()


def members(backend: Backend) -> int:
    """Return how many memberships there are; the number of a room's texts is an item beside them."""
    dynamodb = backend.client("dynamodb")
    [table] = [name for name in dynamodb.list_tables()["TableNames"] if "-Rooms-" in name]
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return sum("joined_at" in item for page in pages for item in page["Items"])


class Watch:
    """Ask for the state of a connection that does not exist, again and again: it may be throttled, too."""

    def __init__(self, session: aiohttp.ClientSession, backend: Backend) -> None:
        self.asked = self.throttled = 0
        self._url = f"{backend.websocket.replace('ws://', 'http://')}/@connections/nobody"
        self._session = session
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            async with self._session.get(self._url) as response:
                self.asked += 1
                self.throttled += response.status == 429
            await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """Stop, and return how many commands were throttled."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return self.throttled
