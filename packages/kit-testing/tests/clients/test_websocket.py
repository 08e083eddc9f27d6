"""The client of WebSocket APIs."""

from typing import Any

import pytest
from kit_testing import InvalidAnswerError, WebSocketClient


class Handler:
    """Note every event, and answer with the route key."""

    def __init__(self, status: int = 200) -> None:
        self.events: list[Any] = []
        self.status = status

    def __call__(self, event: Any, context: Any) -> Any:
        assert context.get_remaining_time_in_millis() > 0
        self.events.append(event)
        return {"statusCode": self.status, "body": event["requestContext"]["routeKey"]}


def test_a_connection_from_connect_to_disconnect() -> None:
    handler = Handler()
    client = WebSocketClient(handler, authorizer={"profile_id": "7"})
    assert client.connect(query={"room": "a"}, headers={"Origin": "https://example.com"}).status == 200
    assert client.connected
    assert client.send({"action": "ping", "n": 1}).text == "ping"
    assert client.disconnect(1001).text == "$disconnect"
    assert not client.connected
    connect, message, disconnect = handler.events
    assert connect["queryStringParameters"] == {"room": "a"}
    assert connect["headers"]["Origin"] == "https://example.com"
    assert message["body"] == '{"action": "ping", "n": 1}'
    assert disconnect["requestContext"]["disconnectStatusCode"] == 1001
    contexts = [event["requestContext"] for event in handler.events]
    assert {context["connectionId"] for context in contexts} == {client.connection_id}
    assert {context["authorizer"]["profile_id"] for context in contexts} == {"7"}
    assert [context["eventType"] for context in contexts] == ["CONNECT", "MESSAGE", "DISCONNECT"]


def test_a_refused_connection_is_not_open() -> None:
    client = WebSocketClient(Handler(status=401))
    assert client.connect().status == 401
    with pytest.raises(RuntimeError, match="not open"):
        client.send("a")
    with pytest.raises(RuntimeError, match="not open"):
        client.disconnect()


def test_an_open_connection_is_not_opened_again() -> None:
    client = WebSocketClient(Handler())
    client.connect()
    with pytest.raises(RuntimeError, match="open already"):
        client.connect()


@pytest.mark.parametrize(
    ("body", "route"),
    [
        ({"action": "ping"}, "ping"),
        ('{"action": "ping"}', "ping"),
        ({"action": "pong"}, "$default"),
        ({"action": 1}, "$default"),
        ({"other": "ping"}, "$default"),
        ("ping", "$default"),
        ([], "$default"),
    ],
)
def test_the_route_selection_expression_chooses_the_route(body: Any, route: str) -> None:
    client = WebSocketClient(Handler(), routes=["ping"])
    client.connect()
    assert client.send(body).text == route


def test_another_expression_and_a_route_that_is_given() -> None:
    client = WebSocketClient(Handler(), route_selection="$request.body.head.kind")
    client.connect()
    assert client.send({"head": {"kind": "a"}}).text == "a"
    assert client.send({}, route_key="b").text == "b"
    with pytest.raises(ValueError, match=r"\$request\.body"):
        WebSocketClient(Handler(), route_selection="action")


def test_an_answer_without_a_status_is_refused() -> None:
    with pytest.raises(InvalidAnswerError, match="statusCode"):
        WebSocketClient(lambda event, context: "hello").connect()


def test_connections_have_ids_of_their_own() -> None:
    assert WebSocketClient(Handler()).connection_id != WebSocketClient(Handler()).connection_id
    assert WebSocketClient(Handler(), connection_id="a").connection_id == "a"
