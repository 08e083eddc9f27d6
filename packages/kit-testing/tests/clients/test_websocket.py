"""The client of WebSocket APIs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kit_testing import InvalidAnswerError, WebSocketClient
from kit_testing.servers import ConnectionsServer


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


class Talk:
    """Send what each message says, by boto3, to the connection that it names; note who leaves."""

    def __init__(self) -> None:
        import boto3

        self.api: Any = boto3.client("apigatewaymanagementapi")
        self.left: list[str] = []

    def __call__(self, event: Any, context: Any) -> Any:
        request = event["requestContext"]
        if request["eventType"] == "DISCONNECT":
            self.left.append(request["connectionId"])
        if request["eventType"] == "MESSAGE":
            asked = json.loads(event["body"])
            if asked["action"] == "close":
                self.api.delete_connection(ConnectionId=asked["to"])
            else:
                self.api.post_to_connection(ConnectionId=asked["to"], Data=asked["text"].encode())
        return {"statusCode": 200}


@pytest.fixture
def talk(connections_server: ConnectionsServer) -> Iterator[Talk]:
    handler = Talk()
    yield handler
    handler.api.close()


def test_clients_receive_what_is_sent_to_them(connections_server: ConnectionsServer, talk: Talk) -> None:
    ada, bob = (WebSocketClient(talk, connection_id=name, server=connections_server) for name in ("ada", "bob"))
    ada.connect()
    bob.connect()
    ada.send({"action": "say", "to": "bob", "text": "hello"})
    ada.send({"action": "say", "to": "bob", "text": '{"n": 1}'})
    ada.send({"action": "say", "to": "ada", "text": "grüß dich"})
    assert (bob.receive(), bob.receive_json(), ada.receive()) == ("hello", {"n": 1}, "grüß dich")
    talk.api.post_to_connection(ConnectionId="ada", Data=b"\xff")
    assert ada.receive() == b"\xff"
    with pytest.raises(TimeoutError):
        ada.receive(timeout=0.01)


def test_a_client_that_has_left_is_gone(connections_server: ConnectionsServer, talk: Talk) -> None:
    ada, bob = (WebSocketClient(talk, connection_id=name, server=connections_server) for name in ("ada", "bob"))
    ada.connect()
    bob.connect()
    ada.send({"action": "say", "to": "bob", "text": "last"})
    bob.vanish()
    with pytest.raises(talk.api.exceptions.GoneException):
        ada.send({"action": "say", "to": "bob", "text": "hello"})
    assert talk.left == []
    assert bob.receive() == "last"
    with pytest.raises(ConnectionError):
        bob.receive()
    ada.disconnect()
    assert talk.left == ["ada"]
    assert not connections_server.is_open("ada")


def test_closing_a_connection_calls_disconnect(connections_server: ConnectionsServer, talk: Talk) -> None:
    ada, bob = (WebSocketClient(talk, connection_id=name, server=connections_server) for name in ("ada", "bob"))
    ada.connect()
    bob.connect()
    ada.send({"action": "close", "to": "bob"})
    assert (bob.connected, talk.left) == (False, ["bob"])
    with pytest.raises(RuntimeError, match="not open"):
        bob.send("a")
    bob.connect()
    assert bob.connected


def test_a_connection_is_open_once_connect_has_let_it_in(connections_server: ConnectionsServer) -> None:
    seen = []

    def handler(event: Any, context: Any) -> Any:
        request = event["requestContext"]
        seen.append((connections_server.is_open("a"), f"http://{request['domainName']}/{request['stage']}"))
        return {"statusCode": 200}

    client = WebSocketClient(handler, connection_id="a", server=connections_server)
    client.connect()
    client.send("x")
    client.disconnect()
    assert [known for known, _ in seen] == [False, True, False]
    assert {url for _, url in seen} == {connections_server.url}


def test_a_client_without_a_server_receives_nothing() -> None:
    client = WebSocketClient(Handler())
    with pytest.raises(RuntimeError, match="give it a server"):
        client.receive()
    with pytest.raises(RuntimeError, match="not open"):
        WebSocketClient(Handler(), server=ConnectionsServer()).receive()
