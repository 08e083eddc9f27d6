"""FIFO queues and topics in templates: order, blocked groups, deduplication."""

import asyncio
import json
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

TEMPLATE = """
Orders:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: orders.fifo
    FifoQueue: true
    VisibilityTimeout: 60
    RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead.fifo, FifoQueue: true}}
Work:
  Type: AWS::Serverless::Function
  Properties:
    Handler: app.work
    Events:
      Orders:
        Type: SQS
        Properties: {Queue: !GetAtt Orders.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
"""
# Stops a group at its first failure, as @job does.
WORK = """
def work(event, context):
    stopped, failed = set(), []
    for record in event["Records"]:
        group, body = record["attributes"]["MessageGroupId"], record["body"]
        if group in stopped or body == "bad":
            stopped.add(group)
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            note([group, body], None)
    return {"batchItemFailures": failed}
"""


async def url(shop: Any, name: str) -> str:
    return str((await shop.call("sqs", "get_queue_url", QueueName=name))["QueueUrl"])


async def test_a_failure_blocks_its_group_and_no_other(run_template: Any) -> None:
    shop = await run_template(TEMPLATE, WORK)
    sent = [("a", "1"), ("a", "bad"), ("b", "1"), ("a", "2"), ("b", "2"), ("a", "3"), ("b", "3")]
    entries = [
        {"Id": str(at), "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": f"{group}-{body}"}
        for at, (group, body) in enumerate(sent)
    ]
    await shop.call("sqs", "send_message_batch", QueueUrl=await url(shop, "orders.fifo"), Entries=entries)
    # What waits behind a failure is received with it, and may become a dead letter with it. So it is on AWS.
    dead: list[Any] = []
    async with asyncio.timeout(30):
        while len(dead) + len(shop.notes) < len(sent):
            dead += await shop.received("dead.fifo")
    assert {message["Attributes"]["MessageGroupId"] for message in dead} == {"a"}
    first, *others = [message["Body"] for message in dead]
    assert first == "bad"
    worked = [body for group, body in shop.notes if group == "a"]
    assert worked[0] == "1"
    assert sorted(worked[1:] + others) == ["2", "3"]
    assert (sorted(worked), sorted(others)) == (worked, others)
    assert [body for group, body in shop.notes if group == "b"] == ["1", "2", "3"]


async def test_one_at_a_time_what_waits_behind_a_failure_comes_after_it(run_template: Any) -> None:
    shop = await run_template(TEMPLATE.replace("Orders.Arn, Func", "Orders.Arn, BatchSize: 1, Func"), WORK)
    to = {"QueueUrl": await url(shop, "orders.fifo")}
    for group, body in [("a", "bad"), ("a", "2"), ("b", "1"), ("a", "3")]:
        both = {"MessageGroupId": group, "MessageDeduplicationId": group + body}
        await shop.call("sqs", "send_message", **to, MessageBody=body, **both)
    await shop.until(lambda: len(shop.notes) == 3)
    assert [body for group, body in shop.notes if group == "a"] == ["2", "3"]
    assert [message["Body"] for message in await shop.messages("dead.fifo", 1)] == ["bad"]


async def test_an_id_counts_after_its_message_is_done(run_template: Any) -> None:
    shop = await run_template(TEMPLATE, WORK)
    to = {"QueueUrl": await url(shop, "orders.fifo"), "MessageGroupId": "a"}
    await shop.call("sqs", "send_message", **to, MessageBody="1", MessageDeduplicationId="x")
    await shop.until(lambda: shop.notes)
    await shop.call("sqs", "send_message", **to, MessageBody="again", MessageDeduplicationId="x")
    await shop.call("sqs", "send_message", **to, MessageBody="2", MessageDeduplicationId="y")
    await shop.until(lambda: len(shop.notes) >= 2)
    assert shop.notes == [["a", "1"], ["a", "2"]]


async def test_a_dead_letter_is_kept_although_its_like_was_there(run_template: Any) -> None:
    shop = await run_template(TEMPLATE, WORK)
    orders, dead = await url(shop, "orders.fifo"), await url(shop, "dead.fifo")
    one = {"MessageBody": "bad", "MessageDeduplicationId": "x", "MessageGroupId": "a"}
    await shop.call("sqs", "send_message", QueueUrl=dead, **one)
    await shop.messages("dead.fifo", 1)
    await shop.call("sqs", "send_message", QueueUrl=orders, **one)
    assert [message["Body"] for message in await shop.messages("dead.fifo", 1)] == ["bad"]


TOPIC = """
Topic:
  Type: AWS::SNS::Topic
  Properties: {TopicName: events.fifo, FifoTopic: true, ContentBasedDeduplication: true}
Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: wrapped.fifo, FifoQueue: true}}
Raw: {Type: AWS::SQS::Queue, Properties: {QueueName: raw.fifo, FifoQueue: true, ContentBasedDeduplication: true}}
Standard: {Type: AWS::SQS::Queue, Properties: {QueueName: standard}}
ToQueue:
  Type: AWS::SNS::Subscription
  Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn}
ToRaw:
  Type: AWS::SNS::Subscription
  Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Raw.Arn, RawMessageDelivery: true}
ToStandard:
  Type: AWS::SNS::Subscription
  Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Standard.Arn, RawMessageDelivery: true}
"""


async def test_a_topic_deduplicates_for_its_queues(run_template: Any) -> None:
    shop = await run_template(TOPIC)
    topic = "arn:aws:sns:us-east-1:123456789012:events.fifo"
    for body in ("1", "1", "2"):
        await shop.call("sns", "publish", TopicArn=topic, Message=body, MessageGroupId="a")
    entries = [
        {"Id": "1", "Message": "2", "MessageGroupId": "a"},
        {"Id": "2", "Message": "2", "MessageGroupId": "a", "MessageDeduplicationId": "other"},
        {"Id": "3", "Message": "3", "MessageGroupId": "b"},
    ]
    await shop.call("sns", "publish_batch", TopicArn=topic, PublishBatchRequestEntries=entries)
    wrapped = await shop.messages("wrapped.fifo", 4)
    assert [json.loads(message["Body"])["Message"] for message in wrapped] == ["1", "2", "2", "3"]
    raw = await shop.messages("raw.fifo", 4)
    assert [message["Body"] for message in raw] == ["1", "2", "2", "3"]
    assert [message["Attributes"]["MessageGroupId"] for message in raw] == ["a", "a", "a", "b"]


async def test_a_function_cannot_subscribe_to_a_fifo_topic(run_template: Any) -> None:
    from kit_local.errors import TemplateError

    work = """
    Work:
      Type: AWS::Serverless::Function
      Properties: {Events: {Topic: {Type: SNS, Properties: {Topic: !Ref Topic}}}}
    """
    with pytest.raises(TemplateError, match="WorkTopic: functions cannot subscribe to a FIFO topic"):
        await run_template(TOPIC + work.replace("\n    ", "\n"))
