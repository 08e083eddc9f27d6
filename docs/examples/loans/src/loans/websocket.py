"""The WebSocket API: who is connected, and a ping."""

from typing import Any

from kit_logger import inject
from kit_websocket import ConnectionManager, WebSocketResolver

connections = ConnectionManager()
resolver = WebSocketResolver()


@resolver.on_connect()
async def connect(event: dict[str, Any], connection_id: str) -> dict[str, Any]:
    """Remember the connection under the profile that the authorizer has named."""
    profile_id = event["requestContext"]["authorizer"]["profile_id"]
    return await connections.connect(connection_id, user_id=profile_id)


@resolver.on_disconnect()
async def disconnect(connection_id: str) -> dict[str, Any]:
    """Forget the connection."""
    return await connections.disconnect(connection_id)


@resolver.on_message("ping")
async def ping(connection_id: str) -> dict[str, Any]:
    """Answer, and note that the connection is alive."""
    await connections.update_last_seen(connection_id)
    return {"action": "pong"}


@inject
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point for every route of the WebSocket API."""
    return resolver.resolve(event, context)
