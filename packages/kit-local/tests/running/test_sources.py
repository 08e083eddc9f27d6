"""Queues that feed functions: events, batches, failures, order, filters."""

import asyncio
import json
from typing import Any

import pytest
from kit_local.errors import MappingError
from kit_local.runtime.api import Answer
from kit_local.sources import events
from kit_local.sources.filters import check, lets_in
from kit_local.sources.queue import failures
from kit_local.sources.sqs import Queue, QueueError
from kit_local.stack import QueueSource

pytestmark = pytest.mark.anyio


async def test_a_message_becomes_a_record_and_is_deleted(bench: Any) -> None:
    bench.poll(bench.queue())
    attributes = {
        "kind": {"DataType": "String", "StringValue": "loan"},
        "blob": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    bench.send("héllo", MessageAttributes=attributes)
    await bench.until(lambda: bench.events and not bench.left())
    [[record]] = [event["Records"] for event in bench.events]
    assert record["body"] == "héllo"
    assert record["messageId"]
    assert record["receiptHandle"]
    assert record["md5OfBody"] == "d803bdc3bae1f6e67fd4e4c0e66bdb59" or len(record["md5OfBody"]) == 32
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", bench.arn)
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= record["attributes"].keys()
    empty = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "kind": {"stringValue": "loan", "dataType": "String", **empty},
        "blob": {"binaryValue": "AAE=", "dataType": "Binary", **empty},
    }


async def test_batches_are_no_larger_than_asked(bench: Any) -> None:
    queue = bench.queue()
    bench.url = queue[0]
    bench.send(*"abcde")
    bench.poll(queue, batch_size=2, maximum_concurrency=2)
    await bench.until(lambda: not bench.left())
    assert sorted(map(len, bench.batches)) == [1, 2, 2]


async def test_a_batching_window_gathers(bench: Any) -> None:
    bench.poll(bench.queue(), batch_size=3, window=20.0)
    bench.send("a")
    bench.send("b")
    bench.send("c")
    await bench.until(lambda: bench.events)
    assert bench.batches == [["a", "b", "c"]]


async def test_a_batching_window_ends(bench: Any) -> None:
    bench.poll(bench.queue(), batch_size=10, window=0.3)
    bench.send("a")
    await bench.until(lambda: bench.batches == [["a"]])


async def test_only_the_named_failures_come_again(bench: Any) -> None:
    dead, dead_arn = bench.queue("dead")
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}
    queue = bench.queue(RedrivePolicy=redrive)
    bench.url = queue[0]
    bench.send("good", "bad", "fine")
    bench.poll(queue, report_failures=True, attempts=3, dead_letters="Dead")
    await bench.until(lambda: bench.left(dead) == 1 and bench.left() == 0)
    outcomes = [line.rpartition("  ")[2] for line in bench.lab.shown.splitlines()]
    assert outcomes == ["1 of 3 failed", "1 of 1 failed", "1 of 1 failed -> Dead"]
    assert sum(batch.count("bad") for batch in bench.batches) == 3
    assert sum(batch.count("good") + batch.count("fine") for batch in bench.batches) == 2


async def test_without_reporting_a_plain_answer_is_success(bench: Any) -> None:
    bench.poll(bench.queue())
    bench.send("good")
    await bench.until(lambda: bench.events and not bench.left())
    assert bench.batches == [["good"]]


async def test_failures_that_nobody_would_read_end_the_polling(bench: Any) -> None:
    queue = bench.queue()
    bench.url = queue[0]
    bench.send("bad", "good")
    bench.poll(queue, mapping="Work.Events.Orders")
    await bench.until(lambda: bench.faults)
    [error] = bench.faults
    assert isinstance(error, MappingError)
    assert (error.function, error.mapping) == ("work", "Work.Events.Orders")
    assert str(error) == (
        f"work answered that 1 of {error.count} messages failed, but Work.Events.Orders does not ask for that answer:"
        " AWS would have deleted them. Add this to its Properties:\n"
        "    FunctionResponseTypes: [ReportBatchItemFailures]"
    )
    assert f"1 of {error.count} failed" in bench.lab.shown
    assert bench.left() > 0  # nothing is lost
    bench.send("later")
    await asyncio.sleep(0)
    assert ["later"] not in bench.batches


async def test_a_batch_that_stumbles_does_not_stop_the_poller(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    queue = bench.queue(VisibilityTimeout="600")
    bench.poll(queue, batch_size=1, filters=({"body": {"kind": [{"numeric": ["<", "x"]}]}},))
    bench.send('{"kind": 1}', '{"other": 1}')
    await bench.until(lambda: bench.left() == 1)
    assert "could not be worked on" in caplog.text


async def test_an_error_fails_the_whole_batch(bench: Any) -> None:
    dead, dead_arn = bench.queue("dead")
    queue = bench.queue(RedrivePolicy={"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    bench.url = queue[0]
    bench.send("boom", "innocent")
    bench.poll(queue, report_failures=True, attempts=2, dead_letters="Dead")
    await bench.until(lambda: bench.left(dead) == 2)
    assert bench.left() == 0
    assert "  ValueError\n" in bench.lab.shown
    assert "  ValueError -> Dead\n" in bench.lab.shown


async def test_failed_messages_wait_for_the_retry_delay(bench: Any) -> None:
    bench.poll(bench.queue(), retry_delay=600, report_failures=True)
    bench.send("bad")
    bench.send("good")
    await bench.until(lambda: sum(map(len, bench.batches)) == 2)
    await bench.until(lambda: bench.left() == 1)
    assert bench.sqs.receive_message(QueueUrl=bench.url).get("Messages") is None


async def test_failed_messages_can_wait_for_the_queues_own_timeout(bench: Any) -> None:
    bench.poll(bench.queue(VisibilityTimeout="2"), retry_delay=None, report_failures=True)
    bench.send("bad")
    await bench.until(lambda: len(bench.batches) >= 2)


HIDES = """
import boto3, json, pathlib

def work(event, context):
    [record] = event["Records"]
    sqs = boto3.client("sqs")
    with pathlib.Path("batches").open("a") as file:
        file.write(json.dumps(event) + "\\n")
    handle, (url, seconds) = record["receiptHandle"], json.loads(record["body"])
    entry = {"ReceiptHandle": handle, "VisibilityTimeout": seconds}
    sqs.change_message_visibility_batch(QueueUrl=url, Entries=[{"Id": "1", **entry}])
    sqs.change_message_visibility(QueueUrl=url, **entry)
    raise ValueError("later")
"""


@pytest.mark.parametrize("retry_delay", [0, None])
async def test_a_function_that_hides_a_message_itself_has_its_way(bench: Any, retry_delay: int | None) -> None:
    bench.lab.cloud.update(bench.aws.environment())
    bench.lab.write(HIDES)
    queue = bench.queue()
    bench.poll(queue, batch_size=1, retry_delay=retry_delay)
    bench.send(json.dumps([queue[0], 600]))
    await bench.until(lambda: "ValueError" in bench.lab.shown)
    bench.send(json.dumps([queue[0], 0]))
    await bench.until(lambda: len(bench.events) >= 4)  # only the second comes again, and at once
    first, *others = [json.loads(body)[1] for [body] in bench.batches]
    assert first == 600
    assert set(others) == {0}


async def test_a_group_keeps_its_order(bench: Any) -> None:
    dead, dead_arn = bench.queue("dead.fifo", FifoQueue="true")
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}
    queue = bench.queue("orders.fifo", FifoQueue="true", ContentBasedDeduplication="true", RedrivePolicy=redrive)
    bench.url = queue[0]
    for body in ("boom", "second", "third"):
        bench.send(body, MessageGroupId="one")
    bench.send("other", MessageGroupId="two")
    bench.poll(queue, batch_size=1, fifo=True)
    await bench.until(lambda: bench.left() == 0 and bench.left(dead) == 1)
    group = [body for [body] in bench.batches if body != "other"]
    assert group == ["boom", "boom", "second", "third"]
    assert ["other"] in bench.batches


async def test_filtered_messages_are_deleted_unseen(bench: Any) -> None:
    bench.poll(bench.queue(), filters=({"body": {"kind": ["loan"]}},))
    bench.send('{"kind": "other"}', "no json", '{"kind": "loan"}')
    await bench.until(lambda: bench.events and not bench.left())
    assert bench.batches == [['{"kind": "loan"}']]


async def test_a_dead_endpoint_is_waited_for(bench: Any) -> None:
    queue = bench.queue()
    reader = Queue(bench.session, "http://127.0.0.1:9", queue[0], "us-east-1")
    with pytest.raises(QueueError):
        await reader.receive(1, wait=0)
    unknown = Queue(bench.session, bench.aws.url, f"{queue[0]}-unknown", "us-east-1")
    with pytest.raises(QueueError, match="ReceiveMessage"):
        await unknown.receive(1, wait=0)


async def test_a_bucket_calls_a_function(bench: Any) -> None:
    queue = bench.queue()
    s3 = bench.aws.client("s3")
    s3.create_bucket(Bucket="papers")
    configuration = {"QueueConfigurations": [{"QueueArn": queue[1], "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="papers", NotificationConfiguration=configuration)
    bench.poll(queue, origin="s3", origin_arn="arn:aws:s3:::papers", batch_size=1)
    s3.put_object(Bucket="papers", Key="a b+c.txt", Body=b"12345")
    await bench.until(lambda: bench.events and not bench.left())
    [event] = bench.events  # and no s3:TestEvent
    [record] = event["Records"]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["s3"]["bucket"]["name"] == "papers"
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("a+b%2Bc.txt", 5)
    assert record["s3"]["object"]["sequencer"]
    assert {"userIdentity", "requestParameters", "responseElements", "awsRegion", "eventTime"} <= record.keys()


async def test_a_topic_calls_a_function(bench: Any) -> None:
    queue = bench.queue()
    sns = bench.aws.client("sns")
    topic = sns.create_topic(Name="events")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue[1], ReturnSubscriptionArn=True)
    arn = subscription["SubscriptionArn"]
    bench.poll(queue, origin="sns", origin_arn=arn, batch_size=1)
    attributes = {"kind": {"DataType": "String", "StringValue": "loan"}}
    sns.publish(TopicArn=topic, Message="hello", Subject="news", MessageAttributes=attributes)
    await bench.until(lambda: bench.events)
    sns.publish(TopicArn=topic, Message="again")
    await bench.until(lambda: len(bench.events) == 2)
    [first], [second] = (event["Records"] for event in bench.events)
    assert (first["EventSource"], first["EventVersion"], first["EventSubscriptionArn"]) == ("aws:sns", "1.0", arn)
    sent = first["Sns"]
    assert (sent["Type"], sent["TopicArn"], sent["Subject"], sent["Message"]) == (
        "Notification",
        topic,
        "news",
        "hello",
    )
    assert sent["MessageAttributes"] == {"kind": {"Type": "String", "Value": "loan"}}
    assert {"MessageId", "Timestamp", "SigningCertUrl", "UnsubscribeUrl", "Signature"} <= sent.keys()
    assert (second["Sns"]["Subject"], second["Sns"]["MessageAttributes"]) == (None, {})


def test_a_test_event_of_a_bucket_is_no_event() -> None:
    source = QueueSource("work", "url", "arn", origin="s3")
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "papers"})
    assert events.event([{"body": body}], source) is None


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "stranger"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{"wrong": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": "a"}, {"a", "b"}),
        ("text", {"a", "b"}),
    ],
)
def test_what_a_partial_answer_means(answer: Any, failed: set[str]) -> None:
    assert failures(Answer(json.dumps(answer).encode()), {"a", "b"}) == failed


LOAN = {"body": json.dumps({"kind": "loan", "n": 5, "tags": ["a", "b"], "deep": {"x": None}}), "messageId": "1"}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"body": {"kind": ["loan"]}}, True),
        ({"body": {"kind": ["other"]}}, False),
        ({"body": {"kind": [{"prefix": "lo"}]}}, True),
        ({"body": {"kind": [{"suffix": "lo"}]}}, False),
        ({"body": {"kind": [{"equals-ignore-case": "LOAN"}]}}, True),
        ({"body": {"kind": [{"anything-but": ["loan", "x"]}]}}, False),
        ({"body": {"kind": [{"anything-but": {"prefix": "x"}}]}}, True),
        ({"body": {"n": [5]}}, True),
        ({"body": {"n": [5.0]}}, True),
        ({"body": {"n": ["5"]}}, False),
        ({"body": {"n": [{"numeric": [">", 4, "<=", 5]}]}}, True),
        ({"body": {"n": [{"numeric": ["=", 6]}]}}, False),
        ({"body": {"kind": [{"numeric": [">", 4]}]}}, False),
        ({"body": {"tags": ["b", "z"]}}, True),
        ({"body": {"tags": ["z"]}}, False),
        ({"body": {"deep": {"x": [None]}}}, True),
        ({"body": {"deep": {"y": [{"exists": False}]}}}, True),
        ({"body": {"absent": {"y": [{"exists": True}]}}}, False),
        ({"body": {"kind": [{"exists": True}], "n": [6]}}, False),
        ({"body": {"$or": [{"n": [6]}, {"kind": ["loan"]}]}}, True),
        ({"body": {"n": [True]}}, False),
        ({"messageId": ["1"]}, True),
        ({"body": [{"prefix": '{"kind"'}]}, True),
    ],
)
def test_filters(pattern: dict[str, Any], matches: bool) -> None:
    check(pattern)
    assert lets_in([pattern], LOAN) is matches
    assert lets_in([{"messageId": ["no"]}, pattern], LOAN) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        [],
        {"body": "loan"},
        {"body": {"kind": []}},
        {"body": {"kind": [{"wildcard": "l*"}]}},
        {"body": {"kind": [{"prefix": "a", "suffix": "b"}]}},
        {"body": {"kind": [["nested"]]}},
        {"$or": [{"body": "loan"}]},
        {"body": {"n": [{"numeric": [">"]}]}},
        {"body": {"n": [{"numeric": []}]}},
        {"body": {"n": [{"numeric": "> 4"}]}},
        {"body": {"n": [{"numeric": ["<", "x"]}]}},
        {"body": {"n": [{"numeric": ["<>", 4]}]}},
        {"body": {"n": [{"numeric": ["<", True]}]}},
        {"body": {"n": [{"exists": "true"}]}},
        {"body": {"kind": [{"prefix": 4}]}},
        {"body": {"kind": [{"prefix": ["a"]}]}},
        {"body": {"kind": [{"anything-but": {"exists": True}}]}},
        {"body": {"kind": [{"anything-but": {"prefix": 4}}]}},
        {"body": {"kind": [{"anything-but": [["a"]]}]}},
    ],
)
def test_a_filter_that_lambda_refuses(pattern: Any) -> None:
    with pytest.raises(ValueError, match="a filter's Pattern"):
        check(pattern)


def test_no_filter_lets_everything_in() -> None:
    assert lets_in([], {"body": "no json"})
    assert not lets_in([{"body": {"kind": [{"exists": False}]}}], {"body": "no json"})
