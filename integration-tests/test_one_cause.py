"""One correlation id and one deadline go through all packages, and the user's code carries neither."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import one_cause
import pytest
from kit_core import loop
from kit_db import Database, set_default_database
from kit_events import outbox
from kit_testing import LambdaContext
from kit_testing.events import http_event, websocket_event

CAUSE = "cause-7"


@pytest.fixture(autouse=True)
def database(postgres_url: str) -> Iterator[Database]:
    made = Database.from_url(postgres_url)
    made.execute(outbox.schema_sql())
    set_default_database(made)
    yield made
    set_default_database(None)
    made.close()


@pytest.fixture
def queue(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Subscribe a queue to the topic of all events; return a function that takes its messages as Lambda's records."""
    topic = aws.client("sns").create_topic(Name="loans")["TopicArn"]
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="loans")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:loans"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    monkeypatch.setenv("EVENT_BUS", topic)
    monkeypatch.setenv("SERVICE_NAME", "loans")

    def take() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [
            {"messageId": each["MessageId"], "body": each["Body"], "eventSource": "aws:sqs", "eventSourceARN": arn}
            | {"receiptHandle": each["ReceiptHandle"], "attributes": {}, "messageAttributes": {}}
            for each in messages
        ]

    return take


@pytest.fixture
def pushed(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The messages that an officer's open connection gets."""
    received: list[dict[str, Any]] = []

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("DYNAMODB_TABLE", "connections")
    monkeypatch.setenv("KIT_WEBSOCKET_ENDPOINT", f"http://127.0.0.1:{server.server_port}/live")
    loop.run(one_cause.connections.init_table())
    yield received
    server.shutdown()
    server.server_close()
    thread.join()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_one_id_goes_from_a_request_to_the_push(
    queue: Callable[[], list[dict[str, Any]]], pushed: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert one_cause.resolver.resolve(websocket_event("$connect"), LambdaContext())["statusCode"] == 200
    (connected,) = lines(capsys)
    assert connected["correlation_id"]
    assert connected["correlation_id"] != CAUSE

    answer = one_cause.request_loan(http_event("POST", "/loans", headers={"X-Correlation-Id": CAUSE}), LambdaContext())
    assert answer["statusCode"] == 201
    loan = json.loads(answer["body"])["data"]["id"]

    records = queue()
    assert len(records) == 1
    assert one_cause.decide({"Records": records}, LambdaContext()) == {"batchItemFailures": []}
    assert [(line["message"], line["correlation_id"]) for line in lines(capsys)] == [
        ("EVENT_PUBLISHED", CAUSE),
        ("deciding", CAUSE),
        ("EVENT_PUBLISHED", CAUSE),
    ]
    assert pushed == [{"decided": loan, "cause": CAUSE}]

    (following,) = queue()
    notice = json.loads(following["body"])
    assert json.loads(notice["Message"])["type"] == "loan.decided"
    assert notice["MessageAttributes"]["correlation_id"]["Value"] == CAUSE


def test_threads_of_a_job_see_the_id_of_their_own_record(
    queue: Callable[[], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    causes = {f"cause-{number}" for number in range(6)}
    for cause in causes:
        event = http_event("POST", "/loans", headers={"X-Correlation-Id": cause})
        assert one_cause.request_loan(event, LambdaContext())["statusCode"] == 201
    records = queue()
    assert len(records) == len(causes)
    assert one_cause.decide_together({"Records": records}, LambdaContext()) == {"batchItemFailures": []}
    assert {line["correlation_id"] for line in lines(capsys)} == causes


@pytest.mark.parametrize(("seconds", "least", "most"), [(5, 2_000, 4_500), (60, 40_000, 59_500)])
def test_a_statement_has_the_time_that_the_invocation_has_left(
    queue: Callable[[], list[dict[str, Any]]], seconds: float, least: int, most: int
) -> None:
    answer = one_cause.request_loan(http_event("POST", "/loans"), LambdaContext(timeout=seconds))
    assert least < int(json.loads(answer["body"])["data"]["statement_timeout"]) <= most
