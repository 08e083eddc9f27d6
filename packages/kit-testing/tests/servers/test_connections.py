"""The server of `@connections`: what an SDK reads of its answers."""

import os
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from kit_testing.errors import ServerError
from kit_testing.servers import ConnectionsServer, Throttle
from kit_testing.servers.connections import MESSAGE_LIMIT, Command

ID = "L0SM9cOFvHcCIhw="


@pytest.fixture
def api(connections_server: ConnectionsServer) -> Iterator[Any]:
    client = boto3.client("apigatewaymanagementapi", config=Config(retries={"total_max_attempts": 1}, read_timeout=0.5))
    yield client
    client.close()


def test_an_open_connection_gets_messages_in_order(connections_server: ConnectionsServer, api: Any) -> None:
    connections_server.open(ID)
    for message in (b"one", b"\xff\x00", b"x" * MESSAGE_LIMIT):
        api.post_to_connection(ConnectionId=ID, Data=message)
    assert [connections_server.receive(ID) for _ in range(2)] == [b"one", b"\xff\x00"]
    assert [len(message) for message in connections_server.messages(ID)] == [3, 2, MESSAGE_LIMIT]
    found = api.get_connection(ConnectionId=ID)
    assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "test"}
    assert found["ConnectedAt"] <= found["LastActiveAt"]
    assert connections_server.commands[0] == Command("POST", ID, 3, 200)


def test_a_connection_that_is_not_open_is_gone(connections_server: ConnectionsServer, api: Any) -> None:
    connections_server.open(ID)
    api.delete_connection(ConnectionId=ID)
    for call in (api.get_connection, api.delete_connection):
        with pytest.raises(api.exceptions.GoneException):
            call(ConnectionId=ID)
    connections_server.open("other")
    connections_server.close("other")
    for connection in ("other", "never"):
        with pytest.raises(api.exceptions.GoneException) as gone:
            api.post_to_connection(ConnectionId=connection, Data=b"x")
        assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410


def test_a_message_over_the_limit_is_too_large(connections_server: ConnectionsServer, api: Any) -> None:
    connections_server.open(ID)
    with pytest.raises(api.exceptions.PayloadTooLargeException):
        api.post_to_connection(ConnectionId=ID, Data=b"x" * (MESSAGE_LIMIT + 1))
    assert connections_server.messages(ID) == []


def test_commands_over_the_rate_are_throttled(connections_server: ConnectionsServer, api: Any) -> None:
    connections_server.open(ID)
    connections_server.throttle = Throttle(0.001, burst=2)
    for _ in range(2):
        api.post_to_connection(ConnectionId=ID, Data=b"x")
    with pytest.raises(api.exceptions.LimitExceededException):
        api.post_to_connection(ConnectionId=ID, Data=b"x")
    assert [command.status for command in connections_server.commands] == [200, 200, 429]
    assert connections_server.messages(ID) == [b"x", b"x"]


def test_a_failure_is_answered_as_often_as_asked(connections_server: ConnectionsServer, api: Any) -> None:
    for connection in ("a", "b"):
        connections_server.open(connection)
    connections_server.fail(500, connection_id="b")
    connections_server.fail(403)
    with pytest.raises(api.exceptions.ForbiddenException):
        api.post_to_connection(ConnectionId="a", Data=b"x")
    with pytest.raises(ClientError, match="InternalServerError"):
        api.post_to_connection(ConnectionId="b", Data=b"x")
    for connection in ("a", "b"):
        api.post_to_connection(ConnectionId=connection, Data=b"y")
        assert connections_server.messages(connection) == [b"y"]
    with pytest.raises(ValueError, match="200"):
        connections_server.fail(200)


def test_a_slow_answer_is_to_a_message_that_has_arrived(connections_server: ConnectionsServer, api: Any) -> None:
    connections_server.open(ID)
    connections_server.delay = 60
    with pytest.raises(ReadTimeoutError):
        api.post_to_connection(ConnectionId=ID, Data=b"x")
    assert connections_server.receive(ID) == b"x"


def test_a_command_without_a_signature_or_of_another_api_is_forbidden(
    connections_server: ConnectionsServer, api: Any
) -> None:
    connections_server.open(ID)
    with pytest.raises(HTTPError) as refusal:
        urllib.request.urlopen(f"{connections_server.url}/@connections/{ID}", data=b"x")
    refusal.value.close()
    assert refusal.value.code == 403
    elsewhere = connections_server.url.replace("/test", "/other")
    client = boto3.client("apigatewaymanagementapi", endpoint_url=elsewhere)
    with pytest.raises(client.exceptions.ForbiddenException):
        client.post_to_connection(ConnectionId=ID, Data=b"x")
    client.close()


def test_receiving_waits(connections_server: ConnectionsServer, api: Any) -> None:
    connections_server.open(ID)
    with pytest.raises(TimeoutError, match="no message"):
        connections_server.receive(ID, timeout=0.01)
    sender = threading.Thread(target=api.post_to_connection, kwargs={"ConnectionId": ID, "Data": b"late"})
    sender.start()
    assert connections_server.receive(ID, timeout=30) == b"late"
    sender.join()
    closer = threading.Thread(target=connections_server.close, args=(ID,))
    closer.start()
    with pytest.raises(ConnectionError, match="closed"):
        connections_server.receive(ID, timeout=30)
    closer.join()
    with pytest.raises(KeyError):
        connections_server.receive("never")


def test_the_server_stops_and_starts_on_its_port(api: Any, connections_server: ConnectionsServer) -> None:
    connections_server.open(ID)
    connections_server.stop()
    with pytest.raises(ServerError, match="not started"):
        _ = connections_server.url
    with pytest.raises(EndpointConnectionError):
        api.post_to_connection(ConnectionId=ID, Data=b"x")
    connections_server.start()
    connections_server.start()
    api.post_to_connection(ConnectionId=ID, Data=b"x")
    assert connections_server.messages(ID) == [b"x"]
    with pytest.raises(ServerError, match="cannot be had"):
        ConnectionsServer(int(connections_server.domain.partition(":")[2])).start()


def test_what_is_not_http_is_cut_off(connections_server: ConnectionsServer) -> None:
    host, port = connections_server.domain.split(":")
    for data in (b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"x" * 70_000):
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.sendall(data)
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""


def test_a_throttle_fills_with_time() -> None:
    now = 0.0
    throttle = Throttle(10, burst=3, clock=lambda: now)
    assert [throttle.take() for _ in range(4)] == [True, True, True, False]
    now += 0.1
    assert [throttle.take() for _ in range(2)] == [True, False]
    now += 60
    assert [throttle.take() for _ in range(4)] == [True, True, True, False]
    with pytest.raises(ValueError, match="rate"):
        Throttle(0)


def test_both_fixtures_lead_an_sdk(connections_server: ConnectionsServer, aws: Any) -> None:
    assert os.environ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"] == connections_server.url
    assert os.environ["AWS_ENDPOINT_URL"] == aws.url
