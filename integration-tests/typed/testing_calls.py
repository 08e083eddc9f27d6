"""kit-testing under strict type checkers: the documented calls, and the types that come out of them."""

from typing import Any, assert_type

from kit_testing import Client, JobClient, LambdaContext, RecordingBus, WebSocketClient, deliver, failed_ids
from kit_testing.events import (
    authorizer_event,
    carried,
    cognito_event,
    dynamodb_event,
    http_event,
    kafka_event,
    schedule_event,
    sqs_event,
)


def loans(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": event.get("body", "")}


def clients() -> None:
    """Call handlers as AWS does."""
    client = Client(loans, authorizer={"roles": "LOAN_VIEW"}, version="1.0")
    answer = client.post("/loans", {"amount": 5}, headers={"Accept": "application/json"})
    assert_type(answer.status, int)
    print(answer.json(), answer.headers["x-path"], client.cookies)
    job = JobClient(loans)
    batch = job.send(sqs_event([{"loan": 1}, "bad"], groups=["a", "b"]), context=LambdaContext(timeout=30))
    print(batch.failed, batch.failed_records[0]["body"], batch.error, failed_ids({"batchItemFailures": []}))
    socket = WebSocketClient(loans, authorizer={"profile_id": "7"}, routes=["ping"])
    assert_type(socket.connect(query={"room": "a"}).status, int)
    print(socket.send({"action": "ping"}).text)
    socket.disconnect()
    bus = RecordingBus()
    deliver(bus.messages, to=loans)


def events() -> None:
    """Make events."""
    assert_type(http_event("GET", "/x", query={"a": "b"}, headers={"A": "b"}, authorizer={}), dict[str, Any])
    assert_type(sqs_event(["a"], queue="orders", receives=3), dict[str, Any])
    print(kafka_event(["1"]), schedule_event("rule"), cognito_event(), authorizer_event("token", token="x"))
    print(dynamodb_event([({"id": "7"}, None)]), carried({"loan": 7}, "eventbridge", "sqs"))
