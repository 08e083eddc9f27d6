"""The chat in process: joining, talking, leaving."""

from collections.abc import Callable
from typing import Any

import pytest
from chat import socket
from kit_testing import LambdaContext, WebSocketClient
from kit_testing.servers import ConnectionsServer

Enter = Callable[..., WebSocketClient]


def names(message: dict[str, Any]) -> list[str]:
    return sorted(member["user_id"] for member in message["members"])


def test_who_joins_hears_who_is_there_and_the_others_hear_of_it(enter: Enter) -> None:
    ada = enter("Ada", "lobby")
    assert names(ada.receive_json()) == ["Ada"]
    bob = enter("Bob", "lobby")
    assert names(bob.receive_json()) == ["Ada", "Bob"]
    told = ada.receive_json()
    assert (told["type"], told["event"], told["room"], names(told)) == ("presence", "join", "lobby", ["Bob"])


def test_everyone_in_the_room_hears_what_is_said(enter: Enter) -> None:
    ada, bob, eve = enter("Ada", "lobby"), enter("Bob", "lobby"), enter("Eve", "cellar")
    for text in ("hello", "  is anybody there?"):
        ada.send({"action": "say", "room": "lobby", "text": text})
    for client in (ada, bob):
        said = [message for message in received(client) if message["type"] == "said"]
        assert [(each["seq"], each["name"], each["text"]) for each in said] == [
            (1, "Ada", "hello"),
            (2, "Ada", "is anybody there?"),
        ]
    assert [message["type"] for message in received(eve)] == ["joined"]


def test_only_members_talk(enter: Enter) -> None:
    ada, eve = enter("Ada", "lobby"), enter("Eve", "cellar")
    eve.send({"action": "say", "room": "lobby", "text": "boo"})
    assert "said" not in [message["type"] for message in received(ada)]
    assert [(message["type"], message.get("status")) for message in received(eve)] == [("joined", None), ("error", 403)]


@pytest.mark.parametrize("end", ["disconnect", "vanish"])
def test_the_others_hear_who_has_left(enter: Enter, end: str) -> None:
    ada, bob = enter("Ada", "lobby"), enter("Bob", "lobby")
    getattr(bob, end)()
    if end == "vanish":  # API Gateway does not always tell; the next text finds out
        ada.send({"action": "say", "room": "lobby", "text": "still there?"})
    left = [message for message in received(ada) if message.get("event") == "leave"]
    assert [(each["room"], names(each)) for each in left] == [("lobby", ["Bob"])]
    assert [member.user_id for member in socket.connections.sync.members("lobby")] == ["Ada"]


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 41])
def test_a_name_is_needed(tables: None, connections_server: ConnectionsServer, name: str | None) -> None:
    client = WebSocketClient(socket.handler, server=connections_server)
    assert client.connect(query={} if name is None else {"name": name}).status == 400


@pytest.mark.parametrize(
    "message",
    [
        {"action": "say", "room": "lobby"},
        {"action": "say", "room": "lobby", "text": "x" * 2001},
        {"action": "say", "room": 7, "text": "hello"},
        {"action": "join", "room": ""},
        {"action": "join", "room": "x" * 41},
    ],
)
def test_a_wrong_message_gets_an_error_and_reaches_nobody(enter: Enter, message: dict[str, Any]) -> None:
    ada, bob = enter("Ada", "lobby"), enter("Bob", "lobby")
    received(ada)
    received(bob)
    ada.send(message)
    assert [(told["type"], told["status"]) for told in received(ada)] == [("error", 400)]
    assert received(bob) == []


def test_a_connection_whose_row_expires_leaves_its_rooms(enter: Enter, aws: Any) -> None:
    ada, bob = enter("Ada", "lobby"), enter("Bob", "lobby")
    key = {"connection_id": {"S": bob.connection_id}}
    row = aws.client("dynamodb").delete_item(TableName="connections", Key=key, ReturnValues="ALL_OLD")["Attributes"]
    change = {"Keys": key, "OldImage": row, "SequenceNumber": "1", "StreamViewType": "OLD_IMAGE"}
    expired = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    event = {"Records": [{"eventName": "REMOVE", "userIdentity": expired, "dynamodb": change}]}
    received(ada)
    assert socket.expire(event, LambdaContext()) == {"batchItemFailures": []}
    assert [(each["event"], names(each)) for each in received(ada)] == [("leave", ["Bob"])]
    assert [member.user_id for member in socket.connections.sync.members("lobby")] == ["Ada"]


def received(client: WebSocketClient) -> list[dict[str, Any]]:
    """Return everything that has been sent to a client so far: sending is over once the handler has returned."""
    messages = []
    while True:
        try:
            messages.append(client.receive_json(timeout=0))
        except TimeoutError:
            return messages
