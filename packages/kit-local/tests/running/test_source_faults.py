"""Sources at an endpoint that fails: whatever it answers, what comes later is worked on."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from kit_local.sources import sqs
from kit_local.sources.bus import Bus
from kit_local.sources.schedules import Schedules
from kit_local.sources.sqs import Queue, QueueError
from kit_local.sources.timing import Rate
from kit_local.stack import Rule, Target
from kit_testing.servers.aws import Bridge, Call, Next, Reply

pytestmark = pytest.mark.anyio

ODD = [
    Reply(500, (), b""),
    Reply(503, (("Content-Type", "text/html"),), b"<html>\xff</html>"),
    Reply(400, (), b'{"__type": "QueueDoesNotExist", "message": "no such queue"}'),
    Reply(400, (), b'["no", "object"]'),
    Reply(400, (), b"3"),
    Reply(200, (), b""),
    Reply(200, (), b"null"),
    Reply(200, (), b"[]"),
    Reply(200, (), b'"text"'),
    Reply(200, (), b"{"),
    Reply(200, (), b"\xff\xfe"),
    Reply(200, (), b"[" * 100_000),
    Reply(200, (), b'{"Messages": 3}'),
    Reply(200, (), b'{"Messages": {"MessageId": "1"}}'),
    Reply(200, (), b'{"Messages": [null]}'),
    Reply(200, (), b'{"Messages": [{}]}'),
    Reply(200, (), b'{"Messages": [{"MessageId": "1", "Body": "one"}]}'),
    Reply(200, (("Content-Encoding", "gzip"),), b"no gzip"),
    Reply(302, (("Location", "http://127.0.0.1:1/"),), b""),
    ValueError("a bug"),
]


def failing(action: str, *faults: Reply | Exception) -> Bridge:
    """Return a bridge that answers the first calls of an action with the faults, one after another."""
    left = list(faults)

    def bridge(call: Call, call_next: Next) -> Reply:
        if call.action != action or not left:
            return call_next(call)
        fault = left.pop(0)
        if isinstance(fault, Exception):
            raise fault
        return fault

    return bridge


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sources try again without a pause."""
    monkeypatch.setattr("kit_local.sources.repeat.PAUSE", 0)


async def test_a_queue_is_polled_after_every_answer(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    fault = failing("ReceiveMessage", *ODD)
    bench.aws.bridges.insert(0, fault)
    try:
        bench.poll(bench.queue(), mapping="Work.Events.Orders")
        bench.send("one")
        await bench.until(lambda: bench.batches == [["one"]] and not bench.left())
    finally:
        bench.aws.bridges.remove(fault)
    warnings = [record.getMessage() for record in caplog.records if record.name == "kit.local"]
    assert all(text.startswith("Work.Events.Orders: ReceiveMessage ") for text in warnings)
    assert "status 400: no such queue" in " ".join(warnings)


@pytest.mark.parametrize("action", ["DeleteMessageBatch", "ChangeMessageVisibilityBatch"])
@pytest.mark.parametrize("fault", [ODD[0], ODD[7], Reply(200, (), b'{"Failed": [{"Id": "0"}]}')], ids=str)
async def test_later_messages_are_worked_on_whatever_a_call_answers(bench: Any, action: str, fault: Any) -> None:
    bridge = failing(action, fault)
    bench.aws.bridges.insert(0, bridge)
    try:
        bench.poll(bench.queue(VisibilityTimeout="1"), batch_size=1, report_failures=True)
        bench.send("bad" if action.startswith("Change") else "one")
        await bench.until(lambda: len(bench.batches) >= 2)  # it comes again after its visibility timeout
        bench.send("two")
        await bench.until(lambda: ["two"] in bench.batches)
    finally:
        bench.aws.bridges.remove(bridge)


async def test_a_failure_within_the_batching_window_keeps_what_was_received(bench: Any) -> None:
    calls: list[str] = []

    def fault(call: Call, call_next: Next) -> Reply:
        if call.action == "ReceiveMessage":
            calls.append("received" if b'"WaitTimeSeconds": 0' not in call.body else "in the window")
            if calls[-1] == "in the window":
                return Reply(500, (), b"")
        return call_next(call)

    bench.aws.bridges.insert(0, fault)
    try:
        bench.poll(bench.queue(VisibilityTimeout="43200"), window=60.0)
        bench.send("one")
        await bench.until(lambda: bench.batches == [["one"]])
    finally:
        bench.aws.bridges.remove(fault)
    assert "in the window" in calls


async def test_all_messages_are_deleted_but_the_one_that_cannot_be(bench: Any, aws: Any) -> None:
    url, _ = bench.queue()
    bench.url = url
    bench.send(*map(str, range(25)))
    queue = Queue(bench.session, aws.url, url, aws.region)
    messages: list[Any] = []
    while len(messages) < 25:
        messages += await queue.receive(10, wait=0)
    odd = [{"ReceiptHandle": "another"}, *messages]
    with pytest.raises(QueueError, match="DeleteMessageBatch"):
        await queue.delete(odd)
    assert bench.left() == 0


async def endpoint(behave: Callable[[web.BaseRequest], Any]) -> tuple[str, Callable[[], Any]]:
    """Start a server of HTTP that behaves in some way; return its URL and a callable that stops it."""
    server = await asyncio.get_running_loop().create_server(web.Server(behave), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()

    async def stop() -> None:
        server.close()

    return f"http://{host}:{port}", stop


async def test_an_endpoint_that_does_not_answer_is_an_error(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs, "_PATIENCE", 0.1)
    released = asyncio.Event()

    async def hang(request: web.BaseRequest) -> web.Response:
        await released.wait()
        return web.Response()

    async def hang_up(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    for behave in (hang, hang_up):
        url, stop = await endpoint(behave)
        with pytest.raises(QueueError, match="ReceiveMessage"):
            await Queue(http, url, f"{url}/1/q", "us-east-1").receive(10, wait=0)
        released.set()
        await stop()
    with pytest.raises(QueueError, match="ReceiveMessage"):  # nobody listens there any more
        await Queue(http, url, f"{url}/1/q", "us-east-1").receive(10, wait=0)


async def test_an_answer_that_is_no_json_is_a_success_of_the_batch(bench: Any) -> None:
    bench.lab.write("def work(event, context): return b'raw'")
    bench.poll(bench.queue())
    bench.send("one")
    await bench.until(lambda: "warm" in bench.lab.shown or "cold" in bench.lab.shown)
    await bench.until(lambda: not bench.left())


NOTE = "Note: {Type: AWS::Serverless::Function, Properties: {FunctionName: note, EVENTS}}\n"


async def test_an_error_is_told_once_as_long_as_it_stays(run_template: Any, caplog: pytest.LogCaptureFixture) -> None:
    events = "Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}}"
    queue = "Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}\n"
    fault = failing("ReceiveMessage", *[ODD[0]] * 5, *[ODD[2]] * 5)
    shop = await run_template(queue + NOTE.replace("EVENTS", events), bridges=[fault])
    url = (await shop.call("sqs", "get_queue_url", QueueName="orders"))["QueueUrl"]
    await shop.call("sqs", "send_message", QueueUrl=url, MessageBody="one")
    await shop.call("sqs", "send_message", QueueUrl=url, MessageBody="two")
    await shop.until(lambda: sum(len(note["Records"]) for note in shop.notes) == 2)
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Note.Events.Q: ")]
    assert len(told) == 2


STREAMS = {
    "dynamodb": (
        """
Items:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: items
    AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    KeySchema: [{AttributeName: id, KeyType: HASH}]
    BillingMode: PAY_PER_REQUEST
    StreamSpecification: {StreamViewType: KEYS_ONLY}
""",
        "Events: {S: {Type: DynamoDB, Properties: {Stream: !GetAtt Items.StreamArn, StartingPosition: TRIM_HORIZON}}}",
        ("DescribeStream", "GetShardIterator", "GetRecords"),
    ),
    "kinesis": (
        "Items: {Type: AWS::Kinesis::Stream, Properties: {Name: items, ShardCount: 1}}\n",
        "Events: {S: {Type: Kinesis, Properties: {Stream: !GetAtt Items.Arn, StartingPosition: TRIM_HORIZON}}}",
        ("ListShards", "GetShardIterator", "GetRecords"),
    ),
}


@pytest.mark.parametrize("kind", STREAMS)
async def test_a_stream_is_read_after_every_answer(run_template: Any, kind: str, aws: Any) -> None:
    resource, events, actions = STREAMS[kind]
    odd = [ODD[0], ODD[1], ODD[5], ODD[6], Reply(200, (), b"{}"), Reply(200, (), b'{"Records": [{}]}'), ODD[-1]]
    bridges = [failing(action, *odd) for action in actions]
    shop = await run_template(resource + NOTE.replace("EVENTS", events), bridges=bridges)
    if kind == "dynamodb":
        await shop.call("dynamodb", "put_item", TableName="items", Item={"id": {"S": "one"}})
    else:
        await shop.call("kinesis", "put_record", StreamName="items", PartitionKey="1", Data=b"one")
    [event] = await shop.until(lambda: shop.notes)
    assert len(event["Records"]) == 1


BUCKET = """
Files:
  Type: AWS::S3::Bucket
  Properties:
    BucketName: files
    NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}
"""


async def test_events_of_buckets_go_on_after_every_message(run_template: Any, caplog: pytest.LogCaptureFixture) -> None:
    events = "Events: {E: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.s3]}}}}"
    shop = await run_template(BUCKET + NOTE.replace("EVENTS", events), bridges=[failing("ReceiveMessage", *ODD)])
    [url] = (await shop.call("sqs", "list_queues", QueueNamePrefix="kit-local-bucket-events"))["QueueUrls"]
    record = {"eventName": "ObjectRestore:Post", "eventTime": "2030-01-01T00:00:00Z", "s3": {"object": {"key": "k"}}}
    for body in ("no json", "3", '{"Records": [{}]}', json.dumps({"Records": [record]})):
        await shop.call("sqs", "send_message", QueueUrl=url, MessageBody=body)
    await shop.call("s3", "put_object", Bucket="files", Key="one", Body=b"1")
    [event] = await shop.until(lambda: shop.notes)
    assert event["detail"]["object"]["key"] == "one"
    assert "a notification of a bucket has not reached the default bus" in caplog.text


class Broken(Bus):
    """A bus whose first delivery raises an error that nobody foresaw."""

    def __init__(self, cloud: Any, call: Any) -> None:
        super().__init__([], cloud, call)
        self.failed = False

    def _deliver(self, *arguments: Any) -> None:
        if not self.failed:
            self.failed = True
            raise LookupError("unforeseen")
        super()._deliver(*arguments)


async def test_a_schedule_is_due_again_after_an_error(aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    called, began = asyncio.Event(), datetime(2030, 1, 1, tzinfo=UTC)
    moments = (began + timedelta(minutes=number) for number in range(1000))
    loop = asyncio.get_running_loop()
    bus = Broken(aws, lambda *call: loop.call_soon_threadsafe(called.set))
    arn = "arn:aws:events:us-east-1:123456789012:rule/often"
    rule = Rule("Often", arn, timing=Rate(timedelta(minutes=1)), targets=(Target("arn", "lambda", "work"),))

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    schedules = Schedules([rule], bus, now=lambda: next(moments), sleep=sleep)
    async with asyncio.timeout(30):
        await called.wait()
    await schedules.stop()
    assert "has not got an event of schedule Often: unforeseen" in caplog.text


async def test_an_event_of_no_use_keeps_its_caller_and_the_bus(run_template: Any) -> None:
    events = "Events: {E: {Type: EventBridgeRule, Properties: {Pattern: {source: [shop]}}}}"
    shop = await run_template(NOTE.replace("EVENTS", events))
    body = {"Entries": [{"Source": "shop", "DetailType": "t", "Detail": "{}", "Time": "tomorrow"}]}
    async with aiohttp.ClientSession() as session:
        headers = {
            "X-Amz-Target": "AWSEvents.PutEvents",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=t/20300101/us-east-1/events/aws4_request",
        }
        async with session.post(shop.cloud.url, json=body, headers=headers) as answer:
            assert (answer.status, json.loads(await answer.read())["FailedEntryCount"]) == (200, 0)
    entry = {"Source": "shop", "DetailType": "t", "Detail": "{}"}
    await shop.call("events", "put_events", Entries=[entry])
    await shop.until(lambda: shop.notes)
