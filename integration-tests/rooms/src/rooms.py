"""Rooms with a speaker each, who hears when a message has reached everybody. Some invocations die."""

import os
from pathlib import Path
from typing import Any

from kit_websocket import ConnectionManager, WebSocketResolver

connections = ConnectionManager()
resolver = WebSocketResolver()


@resolver.on_connect()
async def connect(connection_id: str) -> dict[str, Any]:
    return await connections.connect(connection_id)


@resolver.on_disconnect()
async def disconnect(connection_id: str) -> dict[str, Any]:
    return await connections.disconnect(connection_id)


@resolver.on_message("join")
async def join(body: dict[str, Any], connection_id: str) -> None:
    await connections.join(connection_id, body["room"])
    await connections.send(connection_id, {"type": "joined"})


@resolver.on_message("say")
async def say(body: dict[str, Any], connection_id: str) -> None:
    if crash := body.get("crash"):
        die_once(crash)
    message = {"type": "said", "n": body["n"]}
    delivery = await connections.broadcast(message, room=body["room"])
    reached, gone, again = delivery.reached, len(delivery.gone), 0
    while delivery.failures:  # throttled for longer than a broadcast tries
        again += len(delivery.failures)
        delivery = await connections.send_many(list(delivery.failures), message)
        reached, gone = reached + delivery.reached, gone + len(delivery.gone)
    await connections.send(connection_id, {"type": "done", "reached": reached, "gone": gone, "again": again})


def die_once(mark: str) -> None:
    """End the process in the middle of the invocation, the first time that a mark is seen."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return
    os._exit(1)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return resolver.resolve(event, context)
